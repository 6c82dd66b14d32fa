//! `leafcrypt set`

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use leafcrypt_formats::Format;
use leafcrypt_kms::Asked;
use zeroize::Zeroizing;

use super::Context;
use super::decrypt::Opening;
use super::shared::{TWO_PLACES, format_of, keeps_type};
use crate::error::Error;
use crate::files::ReadError;
use crate::flows::random::Recipe;
use crate::flows::rules::Given;
use crate::flows::set::{self, NewValue, Set};
use crate::flows::target::{Destination, Done, Input, Output, Types};

/// Set a value or branch of a sealed file, in place; what is missing on the way is made
#[derive(clap::Args)]
#[command(after_help = super::examples::SET)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Where: '["a"]["b"][0]'
    #[arg(required_unless_present = "set")]
    path: Option<String>,
    /// The new value as JSON: '"text"', 5, '{"a": [1]}'. Other users can read arguments: left out, it is asked for, as plain text
    #[arg(allow_hyphen_values = true)]
    value: Option<String>,
    /// Read the value, as JSON, from this file; a raw text: jq -Rs . key.pem | leafcrypt set FILE PATH --value-stdin
    #[arg(long, value_name = "FILE", group = "source", num_args = 0..=1, default_missing_value = "")]
    value_file: Option<OsString>,
    /// Read the value, as JSON, from standard input
    #[arg(long, group = "source")]
    value_stdin: bool,
    /// Make a secret of N characters that nobody sees, of alnum, hex, base64, base64url, digits, or the characters themselves: 32, 32:hex, 6:=abc123
    #[arg(long, value_name = "N[:ALPHABET]", group = "source")]
    random: Option<String>,
    /// Write nothing if the value is there already; with --random, if any value is
    #[arg(long)]
    idempotent: bool,
    /// SOPS's older form: 'PATH VALUE'
    #[arg(long, value_name = "PATH VALUE", hide = true, conflicts_with_all = ["path", "source"])]
    set: Option<String>,
    /// With --set, which writes over the input anyway
    #[arg(short, long, hide = true, requires = "set")]
    in_place: bool,
    /// With --set: write the result to this file
    #[arg(long, value_name = "FILE", hide = true, requires = "set")]
    output: Option<PathBuf>,
    #[command(flatten)]
    types: TypeFlags,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    writing: super::shared::Writing,
}

/// What the file is.
#[derive(clap::Args)]
pub(super) struct TypeFlags {
    /// Type of the file, instead of the one its name tells
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    /// SOPS's flag: the type that the file is kept in, which is that of the input
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    output_type: Option<String>,
    /// Type and rule go by this name; what is changed does not
    #[arg(long, value_name = "NAME")]
    filename_override: Option<PathBuf>,
}

impl TypeFlags {
    pub(super) fn read(&self, command: &str, file: &Path, context: &Context<'_>) -> Result<Types, Error> {
        let manners = context.world.manners;
        let [input, output] = [&self.input_type, &self.output_type].map(|word| format_of(word.as_deref(), manners));
        let types = Types { input: input?, output: output?, name: self.filename_override.clone() };
        keeps_type(command, &types, &Input::File(file.to_owned()), manners)?;
        Ok(types)
    }
}

/// The words of a call, each in its place.
struct Words<'a> {
    file: &'a Path,
    path: Option<&'a str>,
    value: Option<&'a str>,
    value_file: Option<&'a Path>,
}

/// Does it look like a path in a file?
fn is_path(word: &Path) -> bool {
    word.as_os_str().as_encoded_bytes().starts_with(b"[")
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let words = self.words();
        let destination = |path: &Path| Destination { path: path.to_owned(), write_through: self.writing.write_through };
        // Which of several faults is told is SOPS's choice, in each of the two forms.
        let (order, path, value, output) = match &self.set {
            Some(both) => {
                let order = self.opening.order(context)?;
                let (path, value) = legacy(both)?;
                // SOPS writes over the file, whatever --output says.
                let output = match (self.in_place, &self.output) {
                    (true, Some(_)) => return Err(Error::Conflict(TWO_PLACES.to_owned())),
                    (false, Some(path)) if !context.world.manners.sops_messages => Output::File(destination(path)),
                    _ => Output::InPlace(destination(words.file)),
                };
                (order, path, value, output)
            }
            None => {
                let path = words.path.unwrap_or_default().to_owned();
                set::path_of(&path, set::BAD_INDEX)?;
                let value = self.value(&words, context)?;
                let order = self.opening.order(context).map_err(|error| match &value {
                    NewValue::Json(json) => set::read_json(json, context.world.manners.typed_set).err().unwrap_or(error),
                    _ => error,
                })?;
                (order, path, value, Output::InPlace(destination(words.file)))
            }
        };
        let set = Set {
            input: Input::File(words.file.to_owned()),
            output,
            types: self.types.read("set", words.file, context)?,
            path,
            value,
            idempotent: self.idempotent,
            legacy: self.set.is_some(),
            given: Given { config: context.config(), ..Given::default() },
            how: self.opening.how(&order, context),
        };
        // SOPS's scripts give values as arguments; under its name they need no lesson (docs/threat-model.md, R11).
        if (words.value.is_some() || self.set.is_some()) && !context.world.manners.sops_messages {
            context
                .world
                .warn(["other users of this machine can read arguments: --value-stdin and --value-file keep the value out of them"]);
        }
        set.run(&context.world)
    }

    /// SOPS's `--value-file` is a switch, which says that the third word is a file, and stands anywhere among the words: it may have taken one of them.
    fn words(&self) -> Words<'_> {
        let as_given = Words {
            file: &self.file,
            path: self.path.as_deref(),
            value: self.value.as_deref(),
            value_file: self.value_file.as_deref().map(Path::new),
        };
        match (as_given.value_file, &self.path, &self.value) {
            (Some(none), Some(_), Some(value)) if none.as_os_str().is_empty() => {
                Words { value: None, value_file: Some(Path::new(value)), ..as_given }
            }
            (Some(taken), Some(last), None) if !is_path(Path::new(last)) => match (self.file.to_str(), taken.to_str()) {
                (Some(path), _) if is_path(&self.file) => {
                    Words { file: taken, path: Some(path), value: None, value_file: Some(Path::new(last)) }
                }
                (_, Some(path)) if is_path(taken) => Words { path: Some(path), value_file: Some(Path::new(last)), ..as_given },
                _ => as_given,
            },
            _ => as_given,
        }
    }

    fn value(&self, words: &Words<'_>, context: &Context<'_>) -> Result<NewValue, Error> {
        let twice = || Error::Usage("give the value once: as an argument, or with one of --value-file, --value-stdin, --random".to_owned());
        if let Some(value) = words.value {
            let other = words.value_file.is_some() || self.value_stdin || self.random.is_some();
            return if other { Err(twice()) } else { Ok(NewValue::Json(Zeroizing::new(value.to_owned()))) };
        }
        if let Some(recipe) = &self.random {
            return Recipe::parse(recipe).map(NewValue::Random);
        }
        let bytes = match words.value_file {
            Some(none) if none.as_os_str().is_empty() => {
                return Err(Error::Usage("--value-file wants the name of a file with the value".to_owned()));
            }
            // Exit 1, as SOPS; the codes of a file that cannot be read are for the one that is to be changed.
            Some(path) => Input::File(path.to_owned()).read(Format::Json).map_err(|error| match error {
                Error::Read { path, source: ReadError::NotFound } => Error::Usage(format!("open {path}: no such file or directory")),
                Error::Read { path, source } => Error::Usage(format!("{path}: {source}")),
                other => other,
            })?,
            None if self.value_stdin => Input::Stdin.read(Format::Json)?,
            None => {
                set::ready(&Input::File(words.file.to_owned()), &self.types.read("set", words.file, context)?, &context.world)?;
                return ask(context);
            }
        };
        let mut bytes = bytes;
        let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|e| {
            drop(Zeroizing::new(e.into_bytes()));
            Error::BadSetValue
        });
        text.map(Zeroizing::new).map(NewValue::Json)
    }
}

/// How a text goes in that is not typed.
const PIPED: &str = "from a file: jq -Rs . TEXT | leafcrypt set FILE PATH --value-stdin";

/// A person types the text itself, without quotes, and does not see it. An Enter too many is no value.
fn ask(context: &Context<'_>) -> Result<NewValue, Error> {
    let outside = context.world.session.outside();
    loop {
        match outside.ask("New value (not shown): ") {
            Asked::Answer(secret) if secret.expose().is_empty() => {
                outside.tell("nothing was typed: type the value, or Ctrl-C to stop; an empty text is given as the argument '\"\"'");
            }
            Asked::Answer(secret) if secret.expose().iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') => {
                outside.tell(&format!(
                    "a key that is no character was in it (an arrow, Esc): type the value again; such a value comes {PIPED}"
                ));
            }
            Asked::Answer(secret) => {
                let text = String::from_utf8(secret.expose().to_vec()).map(Zeroizing::new);
                return text.map(NewValue::Text).map_err(|_| Error::Usage("what was typed is not UTF-8".to_owned()));
            }
            // Half a key would be a wrong value that nobody sees.
            Asked::Lines(_) => return Err(Error::Usage(format!("several lines came at once, and what is asked for is one; {PIPED}"))),
            Asked::TooLong => return Err(Error::Usage(format!("what was typed is too long to be asked for; {PIPED}"))),
            Asked::NoTerminal => {
                let why = "no value is given, and there is no terminal to ask at: --value-stdin reads it from a pipe";
                return Err(Error::Usage(why.to_owned()));
            }
            Asked::Cancelled => return Err(Error::Usage("no value was typed".to_owned())),
        }
    }
}

/// `PATH VALUE`: the path ends at the first `] `.
fn legacy(both: &str) -> Result<(String, NewValue), Error> {
    let bad = || Error::BadSetPath { format: "Invalid --set format".to_owned(), why: "no `] ` stands between path and value".to_owned() };
    let at = both.find("] ").ok_or_else(bad)?;
    Ok((both[..=at].to_owned(), NewValue::Json(Zeroizing::new(both[at + 2..].to_owned()))))
}
