//! An error as text: what failed, where we looked, which key by name, one suggested next command. As `sops`, SOPS's own strings.

use std::collections::HashSet;
use std::io::{IsTerminal as _, Write as _};

use leafcrypt_formats::Format;
use leafcrypt_kms::{Session, UnwrapError, backend};

use super::Context;
use super::exit::{self, Exit};
use crate::error::Error;
use crate::files::{ReadError, WriteError};
use crate::keys::NoKeyOpens;
use crate::manners::Manners;
use crate::sealed_file::{OpenError, SOPS_VERSION, SealError, SealedError};
use crate::world::World;

/// Prints an error and gives its exit code.
pub(super) fn error(error: &Error, context: &Context<'_>) -> u8 {
    if let Error::Several { errors, .. } = error {
        for one in errors {
            self::error(one, context);
        }
    }
    let sops = context.world.manners.sops_messages;
    if let Error::Child { ended } = error {
        if sops {
            say(&ended.to_string());
        }
        return exit::of_child(*ended, sops);
    }
    let code = exit::of(error);
    if context.world.manners.sops_messages {
        say(&as_sops(error, &context.world.session));
    } else {
        say(&format!("error: {}", ours(error, &context.world.session)));
    }
    if let Some(hint) = hint(error, context.world.manners)
        && !must_be_exact(error)
    {
        say(&format!("hint: {hint}"));
    }
    code as u8
}

/// A warning: something went well all the same.
pub(super) fn warning(line: &str, world: &World<'_>) {
    if world.manners.sops_messages {
        log("warning", line, world.now());
    } else {
        say(&format!("warning: {line}"));
    }
}

/// SOPS's logger, as it writes to what is no terminal.
pub(super) fn log(level: &str, line: &str, now: std::time::SystemTime) {
    let now = crate::metadata::rfc3339(now);
    say(&format!("[CMD]\t time=\"{now}\" level={level} msg={line:?}"));
}

/// A line for a person; nothing in a pipe.
pub(super) fn note(line: &str) {
    if std::io::stderr().is_terminal() {
        say(line);
    }
}

/// Standard output took not all. A pipe that nobody reads any more ends us silently, as it ends every program.
pub(super) fn unprinted(error: &std::io::Error) -> u8 {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        crate::guard::end_by_broken_pipe();
    }
    say(&format!("error: standard output: {error}"));
    Exit::Generic as u8
}

/// A line on standard error, which may be full or closed: then there is nobody to tell.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What clap has to say: help on standard output with 0, a usage error with SOPS's 1.
pub(super) fn usage(error: &clap::Error) -> u8 {
    let help = !error.use_stderr();
    // Nothing more can be done where even this cannot be printed.
    let _ = error.print();
    if help { 0 } else { Exit::Generic as u8 }
}

/// `--version`.
pub(super) fn version(manners: &Manners) -> String {
    if manners.sops_messages {
        format!("sops {SOPS_VERSION}\n")
    } else {
        format!("leafcrypt {}\nreads and writes the files of sops {SOPS_VERSION}\n", env!("CARGO_PKG_VERSION"))
    }
}

/// SOPS's functional tests compare this text whole.
fn must_be_exact(error: &Error) -> bool {
    matches!(error, Error::Seal { source, .. } if matches!(**source, SealError::Wrap(crate::keys::WrapFailed::EmptyGroup)))
        || matches!(error, Error::Sealed { source: SealedError::NotSealed(_), .. })
}

fn ours(error: &Error, session: &Session) -> String {
    match error {
        Error::Open { path, source } => match &**source {
            OpenError::NoKeyOpens(report) => format!("{path}: no key of ours opens the file\n{}", tried(report, session)),
            OpenError::MacMissing { .. } => format!("{path}: the file has no MAC: somebody removed it, and may have changed the rest"),
            OpenError::MacMismatch { .. } => {
                format!("{path}: MAC mismatch: values were changed, moved, added or removed since the file was sealed")
            }
            other => format!("{path}: {other}"),
        },
        Error::Sealed { path, source: SealedError::NotSealed(_), .. } => format!("{path}: sops metadata not found: the file is not sealed"),
        Error::Seal { path, source } => match &**source {
            SealError::Wrap(why) => format!("{path}: could not generate data key: {why}"),
            other => format!("{path}: {other}"),
        },
        other => other.to_string().trim_start_matches("Error: ").to_owned(),
    }
}

fn as_sops(error: &Error, session: &Session) -> String {
    match error {
        Error::NoFile => "Error: no file specified".to_owned(),
        Error::Read { path, source: ReadError::NotFound } => format!("Error: cannot operate on non-existent file \"{path}\""),
        Error::Read { path, source } => format!("Error reading file: {path}: {source}"),
        Error::PlainSyntax { path, source } if source.class == leafcrypt_formats::SyntaxClass::NoDocument => {
            let _ = path;
            "File cannot be completely empty, it must contain at least one document".to_owned()
        }
        Error::PlainSyntax { path, source } => format!("Error unmarshalling file: {path}: {source}"),
        Error::Sealed { source: SealedError::NotSealed(_), .. } => "sops metadata not found".to_owned(),
        // SOPS's own words, exactly, where the metadata and not the text are at fault.
        Error::Sealed { source: SealedError::Metadata(source), .. } => source.to_string(),
        Error::Sealed { path, format, source: SealedError::Syntax(source) } => {
            let name = if *format == Format::Binary { Format::Json.name() } else { format.name() };
            format!("Error unmarshalling input {name}: {path}: {source}")
        }
        Error::Write { path, source } => format!("Could not open output file for writing: {path}: {source}"),
        Error::Print { path, source } => format!("Error dumping file: {path}: {source}"),
        Error::AlreadySealed { .. } => ALREADY.to_owned(),
        Error::Seal { source, .. } => match &**source {
            SealError::Wrap(why) => format!("Could not generate data key: [{why}]"),
            other => other.to_string(),
        },
        Error::Open { source, .. } => match &**source {
            OpenError::NoKeyOpens(report) => sops_report(report, session),
            OpenError::Leaf { path, why, .. } => {
                format!("Error decrypting tree: Error walking tree: Could not decrypt value: {path}: {why}")
            }
            other => other.to_string(),
        },
        Error::NotThere { component, .. } => format!("error truncating tree: {component}"),
        Error::Variable { what, .. } => what.clone(),
        other => other.to_string(),
    }
}

/// `sops-cli.md`, section 7: 203, 75 columns.
const ALREADY: &str = "The file you have provided contains a top-level entry called 'sops', or for\n\
flat file formats top-level entries starting with 'sops_'. This is\n\
generally due to the file already being encrypted. SOPS uses a top-level\n\
entry called 'sops' to store the metadata required to decrypt the file. For\n\
this reason, SOPS can not encrypt files that already contain such an entry.\n\
\n\
If this is an unencrypted file, rename the 'sops' entry.\n\
\n\
If this is an encrypted file and you want to edit it, use the editor mode,\n\
for example: `sops edit my_file.yaml`";

fn hint(error: &Error, manners: &Manners) -> Option<String> {
    let name = manners.name;
    Some(match error {
        Error::NoKeys => format!("{name} encrypt --age RECIPIENT FILE, or leafcrypt init for a .sops.yaml"),
        Error::AlreadySealed { path } => format!("{name} decrypt {path}, or {name} set {path} '[\"key\"]' '\"value\"'"),
        Error::Sealed { path, source: SealedError::NotSealed(_), .. } => format!("{name} encrypt {path}"),
        Error::Read { source: ReadError::NotFound, .. } | Error::NoFile => format!("{name} --help"),
        Error::PlainSyntax { path, .. } => {
            format!("to seal it whole all the same: {name} encrypt --input-type binary --output-type binary {path}")
        }
        Error::Open { path, source } => match &**source {
            OpenError::NoKeyOpens(report) => next_key(report),
            OpenError::MacMissing { .. }
            | OpenError::MacMismatch { .. }
            | OpenError::MacUnreadable(_)
            | OpenError::Witness(_)
            | OpenError::Leaf { .. } => {
                format!("restore the file: git restore {path}; to look at what is left: {name} decrypt --ignore-mac {path}")
            }
            _ => return None,
        },
        Error::Complete { path, .. } => format!("restore it: git restore {path}; then {name} set {path} '[\"key\"]' '\"value\"'"),
        Error::WouldBeClear { path, .. } => {
            format!("seal the file anew under that rule: {name} decrypt -i {path}, then {name} encrypt -i {path}")
        }
        Error::Seal { source, .. } => match &**source {
            SealError::NothingCovered { .. } => "correct the rule in .sops.yaml or the flag".to_owned(),
            SealError::NotFaithful { .. } => format!("{name} encrypt --input-type binary --output-type binary seals it whole"),
            _ => return None,
        },
        Error::NotThere { path, .. } => format!("{name} decrypt {path} shows what is there"),
        Error::NotConfirmed { .. } => "look at the list above, and say yes with -y".to_owned(),
        Error::NoConfig => "leafcrypt init writes a .sops.yaml".to_owned(),
        Error::BadSetValue => "a JSON text, so a string has quotes: '\"text\"'".to_owned(),
        Error::Write { source, .. } => return write_hint(source),
        Error::Exists { .. } => "choose another name with --output, or confirm with -y".to_owned(),
        _ => return None,
    })
}

fn write_hint(error: &WriteError) -> Option<String> {
    let text = match error {
        WriteError::HardLinks { .. } => {
            "--write-through writes into the file, so that all its names have the new text; a crash meanwhile may tear it"
        }
        WriteError::MountPoint | WriteError::ReadOnlyFolder { .. } => {
            "--write-through writes into a file that is there, instead of replacing it; a crash meanwhile may tear it"
        }
        WriteError::Changed => "run the command again, on what the file is now",
        WriteError::Locked => "run the command again when the other one has ended",
        WriteError::NoLock => "let XDG_STATE_HOME name a folder of yours on a local disk",
        WriteError::ForeignLink => "name the file itself",
        WriteError::NotSynced => "look at the disk, and run the command again",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Every key that was tried, by group, and why it failed; then where was looked for keys, and what was wrong there.
fn tried(report: &NoKeyOpens, session: &Session) -> String {
    let mut lines = Vec::new();
    let mut trail: Vec<String> = Vec::new();
    let several = report.groups.len() > 1;
    let indent = if several { "    " } else { "  " };
    for (i, group) in report.groups.iter().enumerate() {
        if several {
            lines.push(format!("  group {}: {}", i + 1, if group.opened { "opened" } else { "not opened" }));
        }
        for (key, why) in &group.tried {
            let looked = backend(key.kind()).trail(&**key, session);
            let why = match why {
                UnwrapError::NotHeld { .. } if !looked.is_empty() => "no identity of ours fits".to_owned(),
                why => why.to_string(),
            };
            lines.push(format!("{indent}{} {}: {why}", key.kind().name(), key.id()));
            // Most of it is the same for all keys of a kind.
            trail.extend(looked.into_iter().map(|line| format!("  {line}")));
        }
    }
    if several && report.combining.is_none() {
        let opened = report.groups.iter().filter(|group| group.opened).count();
        lines.push(format!("  {opened} of {} groups opened, {} are needed", report.groups.len(), report.threshold));
    }
    let mut told = HashSet::new();
    trail.retain(|line| told.insert(line.clone()));
    lines.extend(trail);
    lines.extend(report.combining.iter().map(|why| format!("  {why}")));
    lines.join("\n")
}

/// One thing to do when no key opens.
fn next_key(report: &NoKeyOpens) -> String {
    let reasons = || report.groups.iter().flat_map(|group| group.tried.iter().map(|(_, why)| why));
    reasons()
        .find_map(|why| match why {
            UnwrapError::ProgramMissing { name } => Some(format!("install {name} in a folder of PATH")),
            UnwrapError::NoTerminal { .. } => Some("run it in a terminal, where it can ask for the passphrase".to_owned()),
            UnwrapError::Denied { why } if why.starts_with("incorrect passphrase") => {
                Some("try again with the right passphrase".to_owned())
            }
            _ => None,
        })
        .unwrap_or_else(|| {
            "put your age identity where it is looked for, or point SOPS_AGE_KEY_FILE at it; a new one: leafcrypt keygen".to_owned()
        })
}

/// `sops-keys.md`, section 3, with its columns and trailing blanks.
fn sops_report(report: &NoKeyOpens, session: &Session) -> String {
    if let Some(why) = &report.combining {
        return why.clone();
    }
    let mut out = String::from("Failed to get the data key required to decrypt the SOPS file.\n");
    for (i, group) in report.groups.iter().enumerate() {
        out.push_str(&format!("\nGroup {i}: {}", if group.opened { "SUCCESS" } else { "FAILED" }));
        for (n, (key, why)) in group.tried.iter().enumerate() {
            if n > 0 {
                out.push_str("\n  ");
            }
            out.push_str(&format!("\n  {}: FAILED", key.id()));
            let why = backend(key.kind()).in_sops_words(&**key, why, session);
            for (k, line) in wrap(&why, 60).iter().enumerate() {
                out.push_str(if k == 0 { "\n    - | " } else { "\n      | " });
                out.push_str(line);
            }
        }
        out.push('\n');
    }
    let opened = report.groups.iter().filter(|g| g.opened).count();
    let trailer = if report.threshold == 0 {
        "Recovery failed because no master key was able to decrypt the file. In order for SOPS to recover the file, at least one key has to be successful, but none were.".to_owned()
    } else {
        format!(
            "Recovery failed because the file was encrypted with a Shamir threshold of {}, but only {opened} part(s) were successfully recovered, one for each successful key group. In order for SOPS to recover the file, at least {} groups have to be successful. In order for a group to be successful, decryption has to succeed with any of the keys in that key group.",
            report.threshold, report.threshold
        )
    };
    out.push('\n');
    out.push_str(&wrap(&trailer, 75).join("\n"));
    out
}

/// Words in lines of at most `width` columns.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
