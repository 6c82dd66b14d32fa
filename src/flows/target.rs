//! Which file, of which format, and where the result goes: what `encrypt`, `decrypt` and their kind share.

use std::path::{Path, PathBuf};

use leafcrypt_formats::{Dialect, Document, Format, Mode, ScanOptions, Wiped, hidden};

use crate::error::Error;
use crate::files::{self, Claim, Kind, WriteHow};
use crate::manners::Manners;
use crate::sealed_file::scan_options;
use crate::world::World;

/// Where the input comes from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// What messages call it.
pub const STDIN: &str = "standard input";

/// A path as a word for the shell, and none that a program takes for a flag.
pub fn word(path: &str) -> String {
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    let plain = !path.is_empty() && path.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | ':' | ','));
    if plain {
        return path;
    }
    if !path.contains(hidden) {
        return format!("'{}'", path.replace('\'', "'\\''"));
    }
    // What bash, zsh and ksh read back.
    let spelled = |c: char| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if c.is_ascii() && hidden(c) => format!("\\x{:02x}", u32::from(c)),
        c if hidden(c) => format!("\\U{:08x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("$'{}'", path.chars().map(spelled).collect::<String>())
}

impl Input {
    /// For messages.
    pub fn name(&self) -> String {
        match self {
            Input::File(path) => path.display().to_string(),
            Input::Stdin => STDIN.to_owned(),
        }
    }

    /// All of it; wiped when it is dropped, for it may be plaintext.
    ///
    /// # Errors
    /// It cannot be read, or is over the limit for a file of that format.
    pub fn read(&self, format: Format) -> Result<Wiped, Error> {
        let read = match self {
            Input::File(path) if format == Format::Binary => files::read(path),
            Input::File(path) => files::read_text(path),
            Input::Stdin => files::read_stdin(),
        };
        read.map(Wiped::from).map_err(|source| Error::Read { path: self.name(), source })
    }
}

/// Where the result goes.
#[derive(Clone, Debug)]
pub enum Output {
    /// Standard output: the caller writes it.
    Stdout,
    /// In place of the input.
    InPlace(Destination),
    /// To another file.
    File(Destination),
}

/// A file that is written.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its name.
    pub path: PathBuf,
    /// `--write-through`: where it cannot be replaced, write into it.
    pub write_through: bool,
}

impl From<PathBuf> for Destination {
    fn from(path: PathBuf) -> Self {
        Destination { path, write_through: false }
    }
}

/// The types of a command: given, or told by a name.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// `--input-type`.
    pub input: Option<Format>,
    /// `--output-type`.
    pub output: Option<Format>,
    /// `--filename-override`.
    pub name: Option<PathBuf>,
}

impl Types {
    /// The name that types and rules go by.
    pub fn name_of(&self, input: &Input) -> Option<PathBuf> {
        match (&self.name, input) {
            (Some(name), _) => Some(name.clone()),
            (None, Input::File(path)) => Some(path.clone()),
            (None, Input::Stdin) => None,
        }
    }

    /// The format of the input.
    pub fn input_of(&self, input: &Input, manners: &Manners) -> Format {
        self.input.unwrap_or_else(|| self.by_name(input, manners))
    }

    /// The format of the output: SOPS takes the name's, not the input type's.
    pub fn output_of(&self, input: &Input, manners: &Manners) -> Format {
        self.output.unwrap_or_else(|| self.by_name(input, manners))
    }

    /// The format of a sealed file that is changed. As `sops` what is JSON, by its name as well, stays JSON though it is read as YAML (`--input-type yaml`
    /// reads both): SOPS writes a file by its name.
    pub fn of_changed(&self, input: &Input, manners: &Manners) -> Format {
        let format = self.input_of(input, manners);
        let Input::File(path) = input else { return format };
        let is_file = || matches!(files::facts(path), Ok(Some(facts)) if facts.kind == Kind::File);
        let is_json = || {
            let options = scan_options(Mode::Sealed, manners);
            input.read(Format::Json).is_ok_and(|text| Document::parse(Format::Json, &text, &options).is_ok())
        };
        let may_be = !manners.keeps_json && format == Format::Yaml && self.name.is_none() && self.output_of(input, manners) == Format::Json;
        if may_be && is_file() && is_json() { Format::Json } else { format }
    }

    fn by_name(&self, input: &Input, manners: &Manners) -> Format {
        let name = self.name_of(input);
        let name = name.as_deref().and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Format::of_name(&name, manners.knows_toml)
    }
}

/// A result, and where it goes.
pub struct Done {
    /// The bytes for standard output; none when a file was written.
    pub stdout: Option<Vec<u8>>,
    /// One line for a person at a terminal when nothing was to be done.
    pub note: Option<String>,
}

/// Is the result plaintext or sealed? Decides the mode of a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Mode 0600 from the first byte.
    Plain,
    /// 0666 less the umask.
    Sealed,
}

/// The last line of a text ended, where it has one: by a line feed alone, as SOPS ends it. (In ENV a carriage return before it is part of the value.) Where the line
/// feed would be part of a value, at the end of a text under `|`, the line stays as it is.
pub(super) fn with_last_line_ended(text: Vec<u8>, format: Format, manners: &Manners) -> Vec<u8> {
    if text.is_empty() || text.ends_with(b"\n") || text.ends_with(b"\r") {
        return text;
    }
    // The old room is wiped: growing would leave a copy of the plaintext behind (R1).
    let mut text = Wiped::from(text);
    let mut ended = Vec::with_capacity(text.len() + 1);
    ended.extend_from_slice(&text);
    ended.push(b'\n');
    // What only our own dialect reads ends as all else does.
    let options = ScanOptions { odd_merges: true, dialect: Dialect::Leafcrypt, ..scan_options(Mode::Plain, manners) };
    let is_same = |read: &Document<'_>, ended: &Document<'_>| read.reads_like(ended, |id| read.value(id).same(&ended.value(id)));
    if format == Format::Yaml
        && let (Ok(read), Ok(with_end)) = (Document::parse(format, &text, &options), Document::parse(format, &ended, &options))
        && !is_same(&read, &with_end)
    {
        std::mem::swap(&mut ended, &mut text);
    }
    ended
}

/// Delivers a result. `base` is what was read from the target, for changes in place: if the target is another text by now, nothing is written.
///
/// # Errors
/// The target cannot be written; it is as it was.
pub fn deliver(bytes: Vec<u8>, output: &Output, holds: Holds, base: Option<&[u8]>, world: &World<'_>) -> Result<Done, Error> {
    let (to, base) = match output {
        Output::Stdout => return Ok(Done { stdout: Some(bytes), note: None }),
        Output::InPlace(to) => (to, base),
        Output::File(to) => (to, None),
    };
    let state = world.state_folder();
    let how = how(holds, base, to.write_through, state.as_deref());
    let written = match output {
        // What it was read from is to hold it afterwards: a pipe cannot.
        Output::InPlace(_) => Claim::new(&to.path, &how).and_then(|claim| claim.write(&bytes, &how)),
        _ => files::write(&to.path, &bytes, &how),
    };
    written.map_err(|source| Error::Write { path: to.path.display().to_string(), source })?;
    world.dialog.detail(&format!("{}: written", to.path.display()));
    Ok(Done { stdout: None, note: None })
}

/// How a result is written.
pub(super) fn how<'a>(holds: Holds, base: Option<&'a [u8]>, write_through: bool, state: Option<&'a Path>) -> WriteHow<'a> {
    WriteHow { secret: holds == Holds::Plain, base, write_through, never_replace: false, state }
}
