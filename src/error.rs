//! Everything that can go wrong in a flow, in one type: what failed, and where. Below it each floor has errors of its own. The terminal side
//! adds an exit code (`cli/exit.rs`), SOPS's words (`cli/sops_words.rs`) and one suggested next command (`cli/hint.rs`), each by the kind of the error.

use std::path::PathBuf;

use leafcrypt_formats::{Format, SyntaxError, Unwritable, one_line};
use leafcrypt_kms::{BadKey, Kind};
use thiserror::Error;

use crate::config::ConfigError;
use crate::files::{ReadError, WriteError};
use crate::keys::WrapFailed;
use crate::sealed_file::{OpenError, SealError, SealedError};

/// An error of a flow.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum Error {
    #[error("no file specified")]
    NoFile,
    #[error("{}: {source}", one_line(path))]
    Read { path: String, source: ReadError },
    /// A file that is to be changed is not there.
    #[error("{}: there is no such file", one_line(path))]
    NothingToChange { path: String },
    /// A file whose recipients are to change is not there.
    #[error("{}: there is no such file to add keys to or to remove keys from", one_line(path))]
    NoKeysToChange { path: String },
    #[error("{}: {source}", one_line(path))]
    Write { path: String, source: WriteError },
    /// The plain input does not parse.
    #[error("{}: {source}", one_line(path))]
    PlainSyntax { path: String, source: SyntaxError },
    /// A file that should be sealed cannot be read as one.
    #[error("{}: {source}", one_line(path))]
    Sealed { path: String, format: Format, source: SealedError },
    #[error("{}: {source}", one_line(path))]
    Open { path: String, source: Box<OpenError> },
    #[error("{}: {source}", one_line(path))]
    Seal { path: String, source: Box<SealError> },
    /// The data key of a file that `edit` is to make: SOPS has another number for it than where a text is sealed.
    #[error("{}: could not generate data key: {source}", one_line(path))]
    NewKey { path: String, source: WrapFailed },
    /// The same, because the creation rule has a threshold that its key groups do not fit.
    #[error("{source}")]
    Threshold { source: Box<Error>, threshold: i64, groups: usize, path: PathBuf, line: u64 },
    /// A sealed file has values in clear, and something else was changed as well.
    #[error("{}: values stand in clear ({clear}), but the rest is not as it was sealed either: {source}", one_line(path))]
    Complete { path: String, clear: String, source: Box<OpenError> },
    /// The file's own rule would leave a value clear that the creation rule covers (P10).
    #[error("{}: {at} would stand in clear: the file was sealed with {own}, its creation rule says {wanted} by now", one_line(path))]
    WouldBeClear { path: String, at: String, own: String, wanted: String },
    /// A rule that was changed in the metadata would leave clear what was sealed (P10).
    #[error("{}: the changed rule, {own}, would leave in clear what is sealed: {at}; {why}", one_line(path))]
    Uncovers { path: String, at: String, own: String, why: String },
    /// An edit would leave clear what was sealed, under another name or in a comment (P10).
    #[error("{}: what was sealed would stand in clear, by {own}: {at}", one_line(path))]
    Moved { path: String, at: String, own: String },
    /// A value that nobody was to see, under a name that the rule does not cover (P10).
    #[error("{}: {at} would stand in clear, by {own}", one_line(path))]
    SeenByAll { path: String, at: String, own: String },
    /// Comments decide, and by those that stand there something would come to stand in clear (P10).
    #[error("{}: {at} {}", one_line(path), by_comment(*.why, at, own))]
    ClearByComment { path: String, at: String, own: String, why: ByComment },
    /// In another type it is printed at another place (P10).
    #[error("{}: line {line}: this comment is covered, and printed as {to} it would stand in clear, by {own}", one_line(path))]
    CommentElsewhere { path: String, line: usize, to: &'static str, own: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{}: {source}", kind.name())]
    Key { kind: Kind, source: BadKey },
    /// No creation rule, no keys given.
    #[error("config file not found, or has no creation rules, and no keys provided through command line options")]
    NoKeys,
    #[error("{0}")]
    Conflict(String),
    #[error("Error: cannot use --in-place when reading from stdin")]
    InPlaceOfNothing,
    /// Nothing tells type and rule of what comes by standard input.
    #[error("Error: must specify --filename-override when reading from stdin")]
    Nameless,
    #[error("{}: there is nothing at {at}", one_line(path))]
    NotThere { path: String, at: String, component: String },
    #[error("{0}")]
    BadExtractPath(String),
    /// SOPS's sentence, and why.
    #[error("{format}: {why}")]
    BadSetPath { format: String, why: String },
    /// Nothing there, or a leaf in the way (`unset`); with SOPS's sentence.
    #[error("{}: {what}", one_line(path))]
    NotSet { path: String, what: String, sops: String, missing: bool },
    /// The format cannot hold what is set.
    #[error("{}: {source}", one_line(path))]
    Unholdable { path: String, source: Unwritable },
    #[error("{}: {key:?} is a name of the metadata block, and cannot be used for anything else", one_line(path))]
    Reserved { path: String, key: String },
    #[error("a list is no value that sops can set")]
    SetList,
    #[error("the number{} has more digits than a file can hold; give it as a string", if at.is_empty() { String::new() } else { format!(" at {at}") })]
    TooManyDigits { at: String },
    #[error(transparent)]
    Random(#[from] crate::world::NoRandomness),
    #[error("the value is not valid JSON")]
    BadSetValue,
    /// JSON, but no file holds it: a number that is no float.
    #[error("the value is JSON, but no file can hold it: {what}")]
    NotHeld { what: String },
    #[error("{}: {what}", one_line(path))]
    SetRefused { path: String, what: String },
    /// A value or a name that no variable can have.
    #[error("{}: {what}", one_line(path))]
    Variable { path: String, what: String },
    /// A file that was sealed whole: one value, and no variables.
    #[error("{}: it is sealed whole, as a binary file: there are no variables in it", one_line(path))]
    Whole { path: String },
    /// Names of variables that change how programs run, which nobody has allowed.
    #[error("{}", one_line(what))]
    Dangerous { what: String, names: Vec<String> },
    /// A map or a list where a variable is wanted.
    #[error("{}: {}", one_line(path), nested(key, *format))]
    Nested { path: String, key: String, format: Format },
    /// What was perhaps the program stands among the files.
    #[error("{source}")]
    NoDashes { source: Box<Error>, command: &'static str, file: String, program: String },
    /// A program could not be started.
    #[error("{}: {what}", one_line(program))]
    Start { program: String, what: String, why: NotStarted },
    /// A child of ours ended so; it has said why.
    #[error("{ended}")]
    Child { ended: Ended },
    /// There is no editor, or it failed.
    #[error("{what}")]
    Editor { what: String },
    /// The editor left a JSON file without anything in it.
    #[error("{}: there is nothing in it; in JSON the root must be an object, {{}} at the least", one_line(path))]
    NoRoot { path: String },
    /// The editor took the file away.
    #[error("the edited file cannot be read: {what}")]
    EditorLost { what: String },
    /// The editor left everything as it was.
    #[error("File has not changed, exiting.")]
    NotModified,
    /// No place for plaintext that needs a name.
    #[error("{what}")]
    NoPlace { what: String },
    /// No place for it in memory, and nobody has named one on a disk. A pipe needs the name only.
    #[error("there is no folder in memory (tmpfs) for {}", if *pipe { "the pipe" } else { "the plaintext" })]
    NoMemory { pipe: bool },
    /// What was typed and what somebody else has written meanwhile do not go together; the paths.
    #[error("{}: somebody else has changed it meanwhile where you have changed it, too: {at}; nothing was written", one_line(path))]
    Unmerged { path: String, at: String },
    /// What was typed is not in the file, but sealed and kept.
    #[error("{source}\nwhat you typed is sealed and kept{}; the next edit of {} offers it", if *in_memory { ", in memory only, so not for long" } else { "" }, one_line(path))]
    Rescued { path: String, in_memory: bool, source: Box<Error> },
    /// Somebody has to say yes, and did not, or is not there.
    #[error("{}: not confirmed", one_line(path))]
    NotConfirmed { path: String },
    /// The same, as `sops`: what it says where no answer came.
    #[error("{}: not confirmed", one_line(path))]
    Unanswered { path: String, sops: &'static str },
    /// The last one who can open a file, or a group of it, was to be removed.
    #[error("{}: empty key group provided: nobody could open {} any more", one_line(path), group.map_or("the file".to_owned(), |group| format!("its group {group}")))]
    NobodyLeft { path: String, group: Option<usize> },
    /// More groups would have to open than there are.
    #[error("{0}")]
    TooFewGroups(String),
    /// `updatekeys` has no rule to go by.
    #[error("{}config file not found", path.as_ref().map(|path| format!("{}: ", one_line(path))).unwrap_or_default())]
    NoConfig { path: Option<String> },
    /// Some of many files failed.
    #[error("{what}")]
    Several { what: String, errors: Vec<Error> },
    /// Nothing can be said of a file: SOPS has one number for every reason.
    #[error("{0}")]
    Status(Box<Error>),
    #[error("{}: {source}", one_line(path))]
    Print { path: String, source: Unwritable },
    /// The same for what `--extract` found, where it stands alone.
    #[error("{}: {source}", one_line(path))]
    PrintAlone { path: String, source: Unwritable },
    /// What is printed as a binary file, to be read or (`sealing`) to be sealed, has a tree of another type. `sealed_as`: that type.
    #[error("{}: no binary data found in tree: there is no text at 'data'", one_line(path))]
    NoData { path: String, sealed_as: Format, sealing: bool },
    /// With what to do instead.
    #[error("{} exists already", one_line(&path.display().to_string()))]
    Exists { path: PathBuf, instead: std::borrow::Cow<'static, str> },
    /// A line behind it would be lost, or spoil it.
    #[error("{}: {why}; nothing was added to it", one_line(&path.display().to_string()))]
    NoIdentityFile { path: PathBuf, why: String },
    /// `init` cannot know whose the project is; with what to do instead.
    #[error("{}: {why}", one_line(place))]
    WhichIdentity { place: String, why: String, instead: String },
    #[error("{}: {why}", one_line(key))]
    Resolve { key: String, why: leafcrypt_kms::WrapError },
    #[error("Invalid KMS encryption context format")]
    BadContext,
    #[error("Duplicate decryption key type: {kind}")]
    DuplicateOrder { kind: String },
    #[error("{}: the file is sealed already", one_line(path))]
    AlreadySealed { path: String },
    /// A merge or a copy has lost the block, and nobody would open the tokens that stand in it any more.
    #[error("{}: its values are sealed, and the block `sops` is lost: sealed again they would be lost, too", one_line(path))]
    LostBlock { path: String },
    /// Sealed over itself, a key would be lost, and with it all that it opens.
    #[error("{}: {why}: sealed over itself it would be lost, and with it all that it opens", one_line(path))]
    OwnIdentity { path: String, why: &'static str },
    /// `doctor` found something broken, and has said what.
    #[error("{failed} {} failed", if *failed == 1 { "check" } else { "checks" })]
    Unwell { failed: usize },
    /// A command or a flag that SOPS has.
    #[error("not in this version yet: {0}")]
    Later(Missing),
    #[error("{0}")]
    Audit(String),
    #[error("{}", one_line(_0))]
    Usage(String),
}

impl Error {
    /// Is it that no key of ours opens a file?
    pub fn is_no_key_opens(&self) -> bool {
        matches!(self, Error::Open { source, .. } if matches!(**source, OpenError::NoKeyOpens(_)))
    }
}

/// Why comments may not leave something in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByComment {
    /// It was covered, or a value in its place would have been.
    Covered,
    /// Nobody vouches for the comments.
    InDoubt,
}

fn by_comment(why: ByComment, at: &str, own: &str) -> String {
    match why {
        ByComment::Covered if at.contains(", ") || at.ends_with(" comments") => {
            format!("are covered, and would come to stand in clear: here comments decide, by {own}")
        }
        ByComment::Covered => format!("is covered, and would come to stand in clear: here comments decide, by {own}"),
        ByComment::InDoubt => format!("would stand in clear: here comments decide, by {own}, and nobody vouches for where they stand"),
    }
}

/// What SOPS has and this version has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The command.
    Publish,
    /// The command.
    KeyService,
    /// Key services of others, by flag or variable.
    KeyServices,
    /// To do without the keys of this machine.
    OnlyKeyServices,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Missing::Publish => "publish",
            Missing::KeyService => "keyservice",
            Missing::KeyServices => "key services (--keyservice, SOPS_KEYSERVICE)",
            Missing::OnlyKeyServices => "--enable-local-keyservice=false, which leaves all keys to key services",
        })
    }
}

/// Why a program could not be started, as far as shells tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// There is none.
    Missing,
    /// There is one, which cannot be run.
    NotExecutable,
    /// It was not looked for by the user's name.
    Other,
}

/// SOPS's words, but where the format and not the key is why.
fn nested(key: &str, format: Format) -> String {
    match format {
        Format::Ini => "an INI file keeps its values in sections (DEFAULT above the first header), and a variable is in none".to_owned(),
        _ => format!("cannot use complex value in environment; offending key {key}"),
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ended::Code(code) => write!(f, "exit status {code}"),
            Ended::Signal(signal) => write!(f, "signal: {}", signal_name(*signal)),
        }
    }
}

/// As Go names them.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        6 => "aborted",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}
