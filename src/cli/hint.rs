//! One next command for an error, or one thing to do. Never a command that is not there, nor one of git that does nothing for the file.

use leafcrypt_formats::{Format, SyntaxClass};
use leafcrypt_kms::{Kind, WrapError};

use super::hint_files::{is_stream, is_toml, read_hint, write_hint};
use super::hint_git::{accept, configuration_above, is_emptied, lost_configuration, mend, restore, sides};
use super::hint_keys::no_key_hint;
use crate::config::{ConfigError, Distrust};
use crate::error::{Error, Missing, NotStarted};
use crate::flows::target::{STDIN, word};
use crate::seal::token::BadToken;
use crate::sealed_file::{NotSealed, OpenError, SealError, SealedError, WitnessFault};
use crate::world::World;

/// The hint of an error.
pub(super) fn of(error: &Error, world: &World<'_>) -> Option<String> {
    let name = world.manners.name;
    Some(match error {
        Error::NoKeys => match lost_configuration(None, world).or_else(|| configuration_above(world)) {
            Some(other) => other,
            None => "leafcrypt init writes a .sops.yaml for your key, and makes one where there is none".to_owned(),
        },
        Error::Status(source) => return of(source, world),
        Error::AlreadySealed { path } => format!("{name} decrypt {}", shell(path)),
        Error::Sealed { path, source: SealedError::NotSealed(NotSealed { stripped: true, .. }), .. } => restore(path, world),
        Error::Sealed { path, source: SealedError::NotSealed(NotSealed { odd, .. }), .. } => {
            // What is not of its own type can only be sealed whole; perhaps it is a slip, so nothing is written.
            match *odd {
                // Nothing of it is there any more: a shell that opens it for writing first.
                _ if path != STDIN && is_emptied(path, world) => restore(path, world),
                true => format!("{name} encrypt --input-type binary --output-type binary {}", shell(path)),
                false if path == STDIN || is_stream(path) => format!("{name} encrypt --filename-override secrets.yaml"),
                false => format!("{name} encrypt -i {}", shell(path)),
            }
        }
        Error::Sealed { path, source: SealedError::Syntax(source), .. } => sealed_syntax(path, source.class, world),
        Error::Sealed { path, .. } => restore(path, world),
        Error::Read { path, source } => return read_hint(path, source),
        Error::NothingToChange { .. } | Error::NoKeysToChange { .. } => "ls shows what is there".to_owned(),
        Error::NoFile => format!("name the file; {name} --help"),
        Error::PlainSyntax { source, .. } if matches!(source.class, SyntaxClass::NoDocument | SyntaxClass::NoContent) => {
            "write {} into it to seal an empty map".to_owned()
        }
        Error::PlainSyntax { path, source } if source.class == SyntaxClass::Conflict => sides(path, world),
        Error::PlainSyntax { path, source } if source.class == SyntaxClass::ByteOrderMark => {
            format!(r"take the mark away: sed -i '1s/^\xEF\xBB\xBF//' {}", shell(path))
        }
        Error::PlainSyntax { source, .. } if source.class == SyntaxClass::Syntax => format!("mend it at that line; {WHOLE}"),
        Error::PlainSyntax { .. } => WHOLE.to_owned(),
        Error::Open { path, source } => return open_hint(path, source, world),
        Error::Complete { path, source, .. } => match &**source {
            source @ OpenError::Witness(WitnessFault::Missing | WitnessFault::Unvouched) => return open_hint(path, source, world),
            // `accept` cannot open it either, and what was added would be gone with a restored file.
            OpenError::Leaf { .. } | OpenError::Leaves { .. } => mend(path, world),
            _ => format!("{name} accept {} shows what differs, asks, and seals it as it stands; or {}", shell(path), restore(path, world)),
        },
        Error::WouldBeClear { path, .. } => {
            let path = shell(path);
            format!("seal the file anew under that rule: {name} decrypt -i {path}, then {name} encrypt -i {path}")
        }
        Error::Moved { path, .. } => format!("a name that the rule covers keeps it sealed; in a terminal {name} edit {} asks", shell(path)),
        Error::SeenByAll { .. } => "a name that the rule covers keeps it sealed; what may be read is given as an argument".to_owned(),
        Error::CommentElsewhere { .. } => "put it where it stays beside what it is for, above a single value, or take it out".to_owned(),
        Error::ClearByComment { path, why: crate::error::ByComment::Covered, .. } => {
            format!("in a terminal {name} edit {} shows its comments, and asks", shell(path))
        }
        Error::ClearByComment { path, why: crate::error::ByComment::InDoubt, .. } => {
            let path = shell(path);
            format!("look at its comments ({name} decrypt {path}); if they are right: leafcrypt accept {path} vouches for them")
        }
        Error::Seal { source, .. } => return seal_hint(source, name),
        Error::Config(source) => return config_hint(source, name),
        Error::Threshold { groups, .. } => {
            format!("shamir_threshold says how many of the key groups must open a file: from 2 to {groups}; without it, all of them")
        }
        Error::Key { kind: Kind::Age, .. } => {
            "a recipient is a public key, age1...; leafcrypt keygen makes an identity and prints its own".to_owned()
        }
        Error::Key { kind: Kind::Pgp, .. } => "gpg --list-keys shows the fingerprints of the keys you have".to_owned(),
        Error::NotThere { path, .. } | Error::NotSet { path, missing: true, .. } => {
            format!("{name} decrypt {} shows what is there", shell(path))
        }
        Error::NotConfirmed { .. } | Error::Unanswered { .. } => "look at the list above, and say yes with -y".to_owned(),
        Error::NobodyLeft { path, group: Some(group) } => format!("{name} groups delete -i -f {} {group}", shell(path)),
        Error::NobodyLeft { .. } => "with --add-age RECIPIENT in the same call somebody else can open it".to_owned(),
        Error::TooFewGroups(_) => "--shamir-secret-sharing-threshold N says how many must open from then on".to_owned(),
        Error::NoConfig { path } => match lost_configuration(path.as_deref(), world) {
            Some(lost) => lost,
            None => "leafcrypt init writes a .sops.yaml".to_owned(),
        },
        Error::BadSetValue => {
            "a JSON text, so a string has quotes: '\"text\"'; jq -Rs . FILE makes one of a raw text, for --value-stdin".to_owned()
        }
        Error::BadExtractPath(_) | Error::BadSetPath { .. } => "a path looks like '[\"db\"][\"hosts\"][0]'".to_owned(),
        Error::SetList => "the name leafcrypt takes lists; here an editor does: sops edit".to_owned(),
        Error::NotHeld { .. } => "as a string it can be: in quotes, '\"1e400\"'".to_owned(),
        Error::SetRefused { path, .. } | Error::NotSet { path, .. } | Error::Unholdable { path, .. } => edit(path, world),
        Error::Reserved { .. } => "choose another name".to_owned(),
        Error::TooManyDigits { .. } => "in quotes its digits stay: '\"12345678901234567890\"'".to_owned(),
        Error::Nameless => {
            format!("{name} encrypt FILE; of what comes by standard input, --filename-override secrets.yaml names the type and the rule")
        }
        Error::InPlaceOfNothing => "name the file, or leave -i out: the result goes to standard output".to_owned(),
        Error::Conflict(_) => "give one of the two".to_owned(),
        Error::BadContext => "--encryption-context key:value,key:value".to_owned(),
        Error::DuplicateOrder { .. } => "--decryption-order age,pgp names each kind once".to_owned(),
        Error::NoData { path, sealed_as, sealing: true } => {
            let (path, format) = (shell(path), sealed_as.name());
            format!("{name} encrypt --input-type {format} --output-type {format} {path}; its name alone would have it sealed whole")
        }
        Error::NoData { path, sealed_as, sealing: false } => {
            format!("it holds {} values: {}", sealed_as.name(), as_type(path, *sealed_as, name))
        }
        Error::Print { .. } | Error::PrintAlone { .. } => "--output-type chooses another format".to_owned(),
        Error::Rescued { path, .. } => format!("{name} edit {} takes it up again", shell(path)),
        Error::LostBlock { path } => restore(path, world),
        Error::OwnIdentity { path, .. } => {
            let path = shell(path);
            format!("keep it as it is, and from git by a line in .gitignore; {name} encrypt {path} --output OTHER seals a copy of it")
        }
        Error::Unwell { .. } => "each has its fix beside it, above".to_owned(),
        Error::Later(Missing::Publish) => format!("{name} decrypt --output PLAIN FILE, and hand that over"),
        Error::Later(Missing::KeyService) => "SOPS_AGE_KEY_CMD can fetch an identity from elsewhere".to_owned(),
        Error::Later(Missing::KeyServices | Missing::OnlyKeyServices) => "leave it out: the keys of this machine are used".to_owned(),
        Error::Write { path, source } => return write_hint(path, source),
        Error::Exists { instead, .. } => instead.clone().into_owned(),
        Error::WhichIdentity { instead, .. } => instead.clone(),
        Error::NoIdentityFile { path, .. } => match path.with_file_name("more-keys.txt") {
            other if other.exists() => "leafcrypt keygen --output FILE, with a new name; then SOPS_AGE_KEY_FILE=FILE".to_owned(),
            other => {
                let other = shell(&other.display().to_string());
                format!("leafcrypt keygen --output {other} && export SOPS_AGE_KEY_FILE={other}")
            }
        },
        Error::Whole { path } => {
            let of_name = Format::of_name(path, world.manners.knows_toml);
            let (what, format) = if of_name == Format::Binary { ("lines", Format::Dotenv) } else { ("values", of_name) };
            let (path, format) = (shell(path), format.name());
            format!(
                "seal its {what} one by one: {name} decrypt -i {path}, then {name} encrypt -i --input-type {format} --output-type {format} {path}"
            )
        }
        Error::Dangerous { names, .. } => {
            let flags: Vec<String> = names.iter().map(|name| format!("--allow-env {}", shell(name))).collect();
            format!("if whoever can write the file may choose that, set them all the same: {}", flags.join(" "))
        }
        Error::NoDashes { command, file, program, .. } => {
            let (file, program) = (shell(file), shell(program));
            format!("a program and its arguments stand behind --: {name} {command} {file} -- {program} ...")
        }
        Error::NoMemory { pipe: true } => {
            "--on-disk FOLDER makes the pipe below a folder of yours; what goes through it stays in memory all the same".to_owned()
        }
        Error::NoMemory { pipe: false } => {
            "--on-disk FOLDER takes a folder of yours instead; the plaintext then reaches a disk, and deleting it does not erase it"
                .to_owned()
        }
        Error::Start { why: NotStarted::NotExecutable, program, .. } if program.contains('/') => {
            format!("ls -l {} shows who may run it", shell(program))
        }
        Error::Nested { path, format: leafcrypt_formats::Format::Ini, .. } => {
            format!("--flatten names them SECTION__NAME: {name} exec-env --flatten {} -- env", shell(path))
        }
        Error::Nested { path, .. } => {
            format!("--flatten makes variables of what is nested: {name} exec-env --flatten {} -- env", shell(path))
        }
        _ => return None,
    })
}

const WHOLE: &str = "to seal the file whole all the same, add --input-type binary --output-type binary";

fn sealed_syntax(path: &str, class: SyntaxClass, world: &World<'_>) -> String {
    let name = world.manners.name;
    match class {
        SyntaxClass::Conflict => sides(path, world),
        SyntaxClass::SealedAs(format) => format!("it is sealed as {}: {}", format.name(), as_type(path, format, name)),
        _ if is_toml(path, world) => format!("it is sealed as toml, which sops does not know: leafcrypt decrypt {}", shell(path)),
        _ if path == STDIN => format!("--input-type says what it is: {name} decrypt --input-type yaml --output-type yaml"),
        _ => mend(path, world),
    }
}

/// The call that opens what was sealed under a name without a type.
fn as_type(path: &str, format: Format, name: &str) -> String {
    let file = if path == STDIN { String::new() } else { format!(" {}", shell(path)) };
    let format = format.name();
    format!("{name} decrypt --input-type {format} --output-type {format}{file}")
}

/// A path as a word for the shell.
pub(super) fn shell(path: &str) -> String {
    if path == STDIN { "FILE".to_owned() } else { word(path) }
}

fn open_hint(path: &str, error: &OpenError, world: &World<'_>) -> Option<String> {
    let name = world.manners.name;
    Some(match error {
        OpenError::NoKeyOpens(report) => no_key_hint(path, report, world),
        OpenError::MacMissing | OpenError::MacMismatch | OpenError::MacUnreadable(_) | OpenError::OwnTags => accept(path, world),
        OpenError::Witness(WitnessFault::Missing) => {
            "SOPS drops the witness when it writes a file; without --require-witness it opens".to_owned()
        }
        OpenError::Witness(WitnessFault::Unvouched) => {
            format!("leafcrypt accept {} lists the recipients, and vouches for them when you say yes", shell(path))
        }
        OpenError::Witness(_) => accept(path, world),
        // Its own name, also where we are called otherwise: SOPS does not complete files.
        OpenError::Leaf { why: BadToken::NoToken, .. } => {
            let path = shell(path);
            format!("leafcrypt encrypt -i {path} seals what was added in clear; what was typed over a value: leafcrypt accept {path}")
        }
        OpenError::Leaf { .. }
        | OpenError::Leaves { .. }
        | OpenError::Unreadable
        | OpenError::Regex(_)
        | OpenError::Metadata(_)
        | OpenError::Date(_) => restore(path, world),
        OpenError::Unwritable(_) => format!("{name} decrypt --output-type json {}", shell(path)),
    })
}

/// Cannot this text be sealed as it stands, whoever the recipients are?
pub(super) fn is_of_text(error: &SealError) -> bool {
    use SealError::{Astray, NotFaithful, Syntax, TooLarge, Unwritable};
    matches!(error, NotFaithful { .. } | Astray | Unwritable(_) | TooLarge { .. } | Syntax(_))
}

/// What changes a sealed text where nothing else can.
pub(super) fn edit(path: &str, world: &World<'_>) -> String {
    format!("{} edit {} changes the text itself", world.manners.name, shell(path))
}

fn seal_hint(error: &SealError, name: &str) -> Option<String> {
    Some(match error {
        SealError::NothingCovered { .. } | SealError::Regex(_) => "correct the rule in .sops.yaml, or the flag".to_owned(),
        SealError::CommentMatches { .. } => "let the regex look for something that no base64 holds, such as a word with a blank".to_owned(),
        SealError::DoubtfulComment { .. } => "put the comment directly above the key that it is for, or write | in place of |+".to_owned(),
        SealError::RepeatedComment { .. } => {
            "write out what the alias stands for, or choose what is sealed by names (encrypted_regex)".to_owned()
        }
        SealError::LaidBare { .. } => format!("{name} edit shows it: put the comment where it is covered, or take it out"),
        SealError::FootInClear { .. } => {
            "put it above an item of the list, where it is sealed; with a blank line above it it is in clear for SOPS, too".to_owned()
        }
        SealError::AtAlias { .. } => "put the comment on a line of its own, above the key that has the alias".to_owned(),
        SealError::Strays(_) => {
            "put it back to its place as it was sealed (git diff shows what was changed); or take it out, if nobody needs it any more"
                .to_owned()
        }
        SealError::NoRecipient { .. } => {
            "put its recipient back beside its enc, as it was (git diff shows it), or take the whole key out of the block".to_owned()
        }
        SealError::CommentOfAlias { .. } => "put the comment on a line of its own, directly above what it is for".to_owned(),
        // As `is_of_text` has it.
        SealError::NotFaithful { .. }
        | SealError::Astray
        | SealError::Unwritable(_)
        | SealError::TooLarge { .. }
        | SealError::Syntax(_) => WHOLE.to_owned(),
        SealError::AlreadySealed => format!("{name} decrypt --help"),
        SealError::Wrap(crate::keys::WrapFailed::EmptyGroup) => {
            "somebody must be able to open it: name a key in the rule of .sops.yaml, or by a flag (--age RECIPIENT)".to_owned()
        }
        SealError::Wrap(crate::keys::WrapFailed::Shamir(_)) => {
            "--shamir-secret-sharing-threshold N is at least 2, and not more than there are key groups; a reader who is to open the file alone belongs in a group that is there: rotate -i --add-age RECIPIENT FILE".to_owned()
        }
        SealError::Wrap(crate::keys::WrapFailed::Keys(keys)) if keys.iter().any(|(_, why)| matches!(why, WrapError::NotBuilt { .. })) => {
            "sops itself seals files for those keys; this build reads and keeps them".to_owned()
        }
        SealError::Wrap(crate::keys::WrapFailed::NoGroups | crate::keys::WrapFailed::Keys(_))
        | SealError::Unusable { .. }
        | SealError::Random(_)
        | SealError::Date(_) => return None,
    })
}

fn config_hint(error: &ConfigError, name: &str) -> Option<String> {
    Some(match error {
        ConfigError::InRule { source, .. } | ConfigError::InVariable { source, .. } => return config_hint(source, name),
        ConfigError::NoMatchingRule => {
            "add a rule to .sops.yaml whose path_regex is found in the file's path, or one without path_regex at the end".to_owned()
        }
        ConfigError::Untrusted { path, why } => {
            let path = shell(&path.display().to_string());
            match why {
                // Also where it is named: then, too, it may be anybody's.
                Distrust::Anybody => format!("chmod o-w {path}"),
                Distrust::Group => format!("chmod g-w {path}; or, if you trust the group: {name} --config {path} ..."),
                Distrust::Owner | Distrust::Link | Distrust::Way => format!("if you trust it: {name} --config {path} ..."),
            }
        }
        ConfigError::BadSelector { .. } | ConfigError::BadPathRegex { .. } => {
            "correct the regex; in YAML it stands best in single quotes".to_owned()
        }
        ConfigError::Unmarshal { .. } | ConfigError::TwoSelectors | ConfigError::KeyType { .. } | ConfigError::Limit { .. } => {
            "correct .sops.yaml; .sops.yaml.example shows every field".to_owned()
        }
        ConfigError::Merge { .. } => {
            "take out the marks, and keep the recipients of both sides; then leafcrypt updatekeys . brings them into the files".to_owned()
        }
        ConfigError::NoComma(_) => "a comma is missing: recipients are parted by commas, or stand each as an item of a list".to_owned(),
        ConfigError::BadKey(_) => "a recipient is a public key, age1... or a fingerprint; leafcrypt keygen makes one".to_owned(),
        ConfigError::Unreadable(_) => "--config FILE names another one".to_owned(),
        ConfigError::FlagConflict => "give one of these flags".to_owned(),
        ConfigError::YamlIndent | ConfigError::JsonIndent | ConfigError::WideIndent => "--indent 2".to_owned(),
        _ => return None,
    })
}
