//! Flags that several commands have.

use std::path::{Path, PathBuf};

use leafcrypt_formats::Format;

use crate::error::Error;
use crate::files;
use crate::flows::many::{self, Many};
use crate::flows::target::{Destination, Input, Output, Types};
use crate::manners::Manners;

/// What SOPS says of `-i` with `--output`.
pub(super) const TWO_PLACES: &str = "Error: cannot operate on both --output and --in-place";

/// Flags of every command, before or behind it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Global {
    /// The configuration file, instead of the `.sops.yaml` that is found [env: SOPS_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub config: Option<PathBuf>,
    /// Indent by so many blanks a level what is printed anew; otherwise YAML by 4, JSON by a tab
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true, help_heading = "Everywhere")]
    pub indent: Option<i64>,
    /// Say on standard error which rule and keys were used, in which order, and what was written
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub verbose: bool,
    #[command(flatten)]
    pub key_service: KeyService,
}

/// Who wraps and unwraps. Nobody but this process, yet.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct KeyService {
    /// Use the keys of this machine; false is not in this version yet [env: SOPS_ENABLE_LOCAL_KEYSERVICE]
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Everywhere")]
    pub enable_local_keyservice: Option<bool>,
    /// A key service; not in this version yet [env: SOPS_KEYSERVICE]
    #[arg(long, global = true, value_name = "URI", action = clap::ArgAction::Append, help_heading = "Everywhere")]
    pub keyservice: Vec<String>,
}

/// We never ask a network for versions: taken, and without effect.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Versions {
    /// Has no effect: versions are never looked up
    #[arg(long, global = true, hide = true)]
    disable_version_check: bool,
    /// Has no effect: versions are never looked up
    #[arg(long, global = true, hide = true)]
    check_for_updates: bool,
}

/// The file and its types.
#[derive(Debug, clap::Args)]
pub(super) struct File {
    /// The file; without one standard input is read
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub types: TypeFlags,
}

/// Files and folders, and their types.
#[derive(Debug, clap::Args)]
pub(super) struct Files {
    /// The file; with -i several, and folders, in which every sealed file counts
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub types: TypeFlags,
}

/// Types, and the name they go by.
#[derive(Debug, clap::Args)]
pub(super) struct TypeFlags {
    /// Type of the input, instead of the one its name tells
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    pub input_type: Option<String>,
    /// Type of the output
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    pub output_type: Option<String>,
    /// Types and rules go by this name; what is read and written does not change
    #[arg(long, value_name = "NAME")]
    pub filename_override: Option<PathBuf>,
}

impl File {
    pub(super) fn input(&self) -> Input {
        self.file.clone().map_or(Input::Stdin, Input::File)
    }
}

impl Files {
    /// The one file; standard input where none is named.
    pub(super) fn input(&self) -> Input {
        self.files.first().cloned().map_or(Input::Stdin, Input::File)
    }

    /// More than one, or a folder, which go back to where they are. None: it is one file.
    ///
    /// # Errors
    /// The result was to go elsewhere, or all were to have one name.
    pub(super) fn many(&self, command: &str, to: &To, manners: &Manners) -> Result<Option<Many>, Error> {
        let is_one = || self.files.len() < 2 && !(to.in_place && self.files.iter().any(|path| many::is_folder(path)));
        if manners.sops_messages || is_one() {
            return Ok(None);
        }
        if to.output.is_some() || self.types.filename_override.is_some() {
            return Err(Error::Usage("--output and --filename-override are for one file".to_owned()));
        }
        if !to.in_place {
            let of_one = match &self.files[..] {
                [_, path] if command == "decrypt" && matches!(files::facts(path), Ok(None)) => {
                    r#"; one value of a file: --extract '["db"]["password"]' FILE"#
                }
                _ => "",
            };
            return Err(Error::Usage(format!(
                "several files, and folders, are written in place: {command} -i; or one after the other{of_one}"
            )));
        }
        Ok(Some(many::files(&self.files, true)))
    }
}

impl TypeFlags {
    /// What they say.
    pub(super) fn read(&self, manners: &Manners) -> Result<Types, Error> {
        Ok(Types {
            input: format_of(self.input_type.as_deref(), manners)?,
            output: format_of(self.output_type.as_deref(), manners)?,
            name: self.filename_override.clone(),
        })
    }
}

/// What changes a sealed file keeps its type: another one under the old name could not be opened again.
pub(super) fn keeps_type(command: &str, types: &Types, input: &Input, manners: &Manners) -> Result<(), Error> {
    if types.output.is_none_or(|output| output == types.input_of(input, manners)) {
        return Ok(());
    }
    let what = format!("{command} keeps a file's type: leave --output-type out, or give it the same word as --input-type");
    Err(Error::Usage(what))
}

/// Where the result goes.
#[derive(Debug, clap::Args)]
pub(super) struct To {
    /// Write the result over the input
    #[arg(short, long)]
    pub in_place: bool,
    /// Write the result to this file, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub writing: Writing,
}

/// How files are written.
#[derive(Debug, clap::Args)]
pub(super) struct Writing {
    /// Where the file cannot be replaced (hard links, a mount point, a read-only folder, another user's in a sticky one), write into it; a crash
    /// meanwhile may tear it
    #[arg(long)]
    pub write_through: bool,
}

impl To {
    pub(super) fn output(&self, input: &Input) -> Result<Output, Error> {
        match (self.in_place, &self.output, input) {
            (true, Some(_), _) => Err(Error::Conflict(TWO_PLACES.to_owned())),
            (true, None, Input::Stdin) => Err(Error::InPlaceOfNothing),
            (true, None, Input::File(path)) => Ok(Output::InPlace(self.destination(path))),
            (false, Some(path), _) => Ok(Output::File(self.destination(path))),
            (false, None, _) => Ok(Output::Stdout),
        }
    }

    fn destination(&self, path: &Path) -> Destination {
        Destination { path: path.to_owned(), write_through: self.writing.write_through }
    }
}

/// As `sops`, unknown words are ignored, and there is no TOML.
pub(super) fn format_of(word: Option<&str>, manners: &Manners) -> Result<Option<Format>, Error> {
    let Some(word) = word else { return Ok(None) };
    let format = Format::of_word(word).filter(|f| manners.knows_toml || *f != Format::Toml);
    if format.is_none() && manners.strict_types {
        return Err(Error::Usage(format!("unknown type {word:?}; the types are yaml, json, dotenv, ini, toml and binary")));
    }
    Ok(format)
}
