//! An error as text: what failed, where we looked, which key by name, one suggested next command. As `sops`, SOPS's own strings.

use std::collections::HashSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use leafcrypt_formats::{Format, lines, one_line};
use leafcrypt_kms::{Session, UnwrapError, WrapError, backend, without_private_keys};

use clap::builder::styling::{AnsiColor, Style};
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Context;
use super::exit::{self, Exit};
use super::hint;
use super::screen::{self, Mark};
use crate::config::Config;
use crate::error::Error;
use crate::files::{ReadError, Stream};
use crate::flows::rules;
use crate::flows::target::STDIN;
use crate::keys::{NoKeyOpens, WrapFailed};
use crate::manners::Manners;
use crate::sealed_file::{OpenError, SOPS_VERSION, SealError, SealedError};
use crate::world::World;

/// Prints an error and gives its exit code.
pub(super) fn error(error: &Error, context: &Context<'_>) -> u8 {
    let sops = context.world.manners.sops_messages;
    if let Error::Several { errors, .. } = error {
        for one in errors {
            match sops {
                true => log("error", &as_sops(one, context), context.world.now()),
                false => drop(self::error(one, context)),
            }
        }
    }
    if let Error::Child { ended } = error {
        if sops {
            say(&ended.to_string());
        }
        return exit::of_child(*ended, sops);
    }
    let code = exit::of(error);
    if sops {
        let text = as_sops(error, context);
        match context.telling.logged {
            // SOPS says that a file is missing without its logger, except of `filestatus`.
            Some(start) if !start.is_empty() && matches!(error, Error::Config(_)) => say(&text),
            Some(start) if !start.is_empty() || code != Exit::CouldNotReadInput => {
                log("fatal", &format!("{start}{text}"), context.world.now())
            }
            // What it shows is spelled before it gets its colours.
            _ if matches!(error, Error::Open { source, .. } if matches!(**source, OpenError::NoKeyOpens(_))) => {
                write(&screen::sops_report(&lines(&without_private_keys(&text))))
            }
            _ => say(&text),
        }
    } else {
        marked(Mark::Error, &ours(error, context));
    }
    let of_command = || format!("name the file; {} {} --help", context.world.manners.name, context.command);
    let hint = if matches!(error, Error::NoFile) { Some(of_command()) } else { hint::of(error, &context.world) };
    if let Some(hint) = hint
        && !(sops && must_be_exact(error))
    {
        marked(Mark::Hint, &hint);
    }
    code as u8
}

/// The same where no command was read.
pub(super) fn plainly(error: &Error) -> u8 {
    marked(Mark::Error, &error.to_string());
    exit::of(error) as u8
}

/// SOPS's logger (`docs/sops-cli.md`, section 3): one line for programs; on a terminal another one, in colours.
pub(super) fn log(level: &str, line: &str, now: std::time::SystemTime) {
    log_of("CMD", level, line, now);
}

/// The same by one of its other loggers.
pub(super) fn log_of(logger: &str, level: &str, line: &str, now: std::time::SystemTime) {
    let line = &*without_private_keys(line);
    if !std::io::stderr().is_terminal() {
        let now = crate::metadata::rfc3339(now);
        return say(&format!("[{logger}]\t time=\"{now}\" level={level} msg={line:?}"));
    }
    // What the name of the logger looks like goes by standard output.
    let bold = std::io::stdout().is_terminal() && screen::colours(&std::io::stdout());
    let (on, off) = if bold { ("\x1b[1m", "\x1b[22m") } else { ("", "") };
    let colour = match level {
        "info" => AnsiColor::Cyan,
        "warning" => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    let style = if screen::colours(&std::io::stderr()) { colour.on_default() } else { Style::new() };
    let level = &level.to_uppercase()[..4];
    write(&format!("{on}[{logger}]{off}\t {style}{level}{style:#}[{:04}] {:<44} ", screen::since_start().as_secs(), lines(line)));
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
    marked(Mark::Error, &format!("standard output: {error}"));
    Exit::Generic as u8
}

/// A line on standard error, which may be full or closed: then there is nobody to tell. Names come from files and arguments, so what would
/// move the cursor or turn the direction of writing is escaped (R7), and a private key that stands in place of a name is left out (P15).
pub(super) fn say(line: &str) {
    write(&lines(&without_private_keys(line)));
}

/// The same behind a word that stands out.
pub(super) fn marked(mark: Mark, line: &str) {
    let style = mark.style();
    write(&format!("{style}{}:{style:#} {}", mark.word(), lines(&without_private_keys(line))));
}

fn write(line: &str) {
    screen::erase();
    let _ = Stream::errors().write_all(format!("{line}\n").as_bytes());
}

/// What clap has to say: help on standard output with 0, a usage error with SOPS's 1.
pub(super) fn usage(error: &clap::Error, manners: &Manners) -> u8 {
    let lost = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if lost && manners.sops_messages {
        // `sops groups`.
        return super::print(error.render().to_string().as_bytes());
    }
    if !error.use_stderr() || lost {
        return match error.print() {
            Ok(()) => u8::from(error.use_stderr()),
            Err(error) => unprinted(&error),
        };
    }
    marked(Mark::Error, &mistyped(error));
    let command = command_of(error).unwrap_or_else(|| manners.name.to_owned());
    let hint = match error.kind() {
        ErrorKind::UnknownArgument if command.contains(" exec-") => {
            format!("a flag of the program stands behind --, with the program: {command} FILE -- PROGRAM ARGS; {command} --help")
        }
        _ => format!("{command} --help"),
    };
    marked(Mark::Hint, &hint);
    Exit::Generic as u8
}

/// The command that was mistyped, by its usage: the words before the first flag or argument.
fn command_of(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let usage = usage.to_string();
    let words = usage.split_whitespace().skip_while(|word| *word != "Usage:").skip(1);
    let words: Vec<&str> = words.take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A usage error in our own words: what was typed may be a value (`set FILE PATH VALUE` without its quotes), so of it only names of ours are shown.
fn mistyped(error: &clap::Error) -> String {
    let names = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(name)) => name.clone(),
        Some(ContextValue::Strings(names)) => names.join(" "),
        _ => String::new(),
    };
    let typed = names(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::UnknownArgument => match names(ContextKind::SuggestedArg) {
            known if near(&typed, &known) => format!("a flag that is not known{}; did you mean {known}?", as_flag(&typed)),
            _ if typed.starts_with('-') => format!("a flag that is not known{}", as_flag(&typed)),
            _ => "one argument too many; a value with blanks stands in quotes".to_owned(),
        },
        ErrorKind::InvalidSubcommand => {
            let typed = names(ContextKind::InvalidSubcommand);
            // The last one is the most alike.
            let known = match error.get(ContextKind::SuggestedSubcommand) {
                Some(ContextValue::Strings(known)) => known.iter().rfind(|known| near(&typed, known)),
                _ => None,
            };
            format!("{typed:?} is no command{}", known.map(|known| format!("; did you mean {known}?")).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {typed}"),
        ErrorKind::ArgumentConflict => match names(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == typed => format!("{typed} is given more than once"),
            prior => format!("{typed} and {prior} do not go together"),
        },
        ErrorKind::InvalidValue
        | ErrorKind::ValueValidation
        | ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues => match names(ContextKind::ValidValue) {
            valid if valid.is_empty() => format!("the value of {typed} does not fit"),
            valid => format!("the value of {typed} must be one of: {valid}"),
        },
        ErrorKind::NoEquals => format!("{typed} wants its value behind ="),
        kind => kind.as_str().unwrap_or("the arguments do not fit").to_owned(),
    }
}

/// An unknown flag by its name, if it looks like one: it may be a value that begins with a dash.
fn as_flag(typed: &str) -> String {
    let name = typed.split('=').next().unwrap_or_default();
    let word = name.strip_prefix("--").filter(|word| word.len() <= 40 && word.starts_with(|c: char| c.is_ascii_lowercase()));
    match word.is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-')) {
        true => format!(": {name}"),
        false => String::new(),
    }
}

/// Is it likely that a name of ours was meant? One slip for every three letters (two neighbours in the wrong order are one), or its beginning. What
/// clap finds alike shares some letters, as "bogus" and "groups" do.
fn near(typed: &str, known: &str) -> bool {
    let [typed, known] = [typed, known].map(|name| name.trim_start_matches('-'));
    let letters = typed.chars().count();
    letters > 2 && (known.starts_with(typed) || strsim::osa_distance(typed, known) <= letters.div_ceil(3).min(3))
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
        || matches!(error, Error::Sealed { source: SealedError::NotSealed(_), .. } | Error::NoData { .. })
}

fn ours(error: &Error, context: &Context<'_>) -> String {
    match error {
        Error::Open { path, source } => match &**source {
            OpenError::NoKeyOpens(report) => {
                let names = names(path, context);
                format!("{}: no key of ours opens the file\n{}", one_line(path), tried(report, names.as_ref(), &context.world.session))
            }
            other => format!("{}: {other}", one_line(path)),
        },
        Error::Sealed { path, source: SealedError::NotSealed(why), .. } => {
            let found = if why.stripped { "its values are sealed, and the block `sops` is lost" } else { "the file is not sealed" };
            format!("{}: sops metadata not found: {found}", one_line(path))
        }
        Error::Seal { path, source } => match &**source {
            SealError::Wrap(WrapFailed::Keys(keys)) => {
                let key = |(key, why): &(String, WrapError)| one_line(&format!("  {key}: {why}")).into_owned();
                let keys: Vec<String> = keys.iter().map(key).collect();
                format!("{}: could not generate data key: failed to encrypt it with\n{}", one_line(path), keys.join("\n"))
            }
            SealError::Wrap(why) => format!("{}: could not generate data key: {why}", one_line(path)),
            other => format!("{}: {other}", one_line(path)),
        },
        Error::Status(source) => ours(source, context),
        other => other.to_string().trim_start_matches("Error: ").to_owned(),
    }
}

/// The whole path of a file, as SOPS shows it.
pub(super) fn absolute(path: &Path, world: &World<'_>) -> String {
    one_line(&crate::config::absolute(&rules::current(world), path).display().to_string()).into_owned()
}

fn as_sops(error: &Error, context: &Context<'_>) -> String {
    let session = &context.world.session;
    let shown =
        |path: &String| if context.telling.as_typed { one_line(path).into_owned() } else { absolute(Path::new(path), &context.world) };
    match error {
        Error::NoFile => "Error: no file specified".to_owned(),
        Error::Status(source) => as_sops(source, context),
        Error::Read { path, source: ReadError::NotFound } => format!("Error: cannot operate on non-existent file \"{}\"", shown(path)),
        Error::Read { path, source } => format!("Error reading file: {}: {source}", one_line(path)),
        Error::PlainSyntax { path, source } if source.class == leafcrypt_formats::SyntaxClass::NoDocument => {
            let _ = path;
            "File cannot be completely empty, it must contain at least one document".to_owned()
        }
        Error::PlainSyntax { path, source } if source.class == leafcrypt_formats::SyntaxClass::NoContent => {
            format!("Error unmarshalling file: EOF: {}: {source}", one_line(path))
        }
        Error::PlainSyntax { path, source } if source.class == leafcrypt_formats::SyntaxClass::NotWalked => {
            format!("Error encrypting tree: Error walking tree: {}: {source}", one_line(path))
        }
        Error::PlainSyntax { path, source } => format!("Error unmarshalling file: {}: {source}", one_line(path)),
        Error::NoRoot { .. } => format!("Error unmarshalling file: {error}"),
        Error::Sealed { source: SealedError::NotSealed(_), .. } => "sops metadata not found".to_owned(),
        // SOPS's own words, exactly, where the metadata and not the text are at fault.
        Error::Sealed { source: SealedError::Metadata(source), .. } => source.to_string(),
        Error::Sealed { path, format, source: SealedError::Syntax(source) } => {
            match format {
                Format::Dotenv if source.class == leafcrypt_formats::SyntaxClass::Syntax => {
                    format!("invalid dotenv input line: {}: {source}", one_line(path))
                }
                // SOPS shows what its reader of INI says.
                Format::Ini => format!("{}: {source}", one_line(path)),
                Format::Binary => format!("Error unmarshalling input {}: {}: {source}", Format::Json.name(), one_line(path)),
                format => format!("Error unmarshalling input {}: {}: {source}", format.name(), one_line(path)),
            }
        }
        Error::Write { path, source } => format!("Could not open output file for writing: {}: {source}", one_line(path)),
        Error::Print { path, source } => format!("Error dumping file: {}: {source}", one_line(path)),
        Error::PrintAlone { path, source } => format!("Error dumping tree: {}: {source}", one_line(path)),
        Error::NoData { .. } => NO_DATA.to_owned(),
        Error::Unholdable { path, source } => format!("Could not marshal tree: {}: {source}", one_line(path)),
        Error::AlreadySealed { .. } | Error::Reserved { .. } => ALREADY.to_owned(),
        Error::NothingToChange { path } => format!("Error reading file: open {}: no such file or directory", shown(path)),
        Error::NoKeysToChange { path } => {
            let path = shown(path);
            format!("Error: cannot add or remove keys on non-existent file \"{path}\", use the `edit` subcommand instead.")
        }
        Error::BadSetPath { format, .. } => format.clone(),
        Error::BadSetValue | Error::NotHeld { .. } => "Value for --set is not valid JSON".to_owned(),
        Error::SetList => "Invalid --set value format".to_owned(),
        Error::NotSet { sops, .. } => sops.clone(),
        Error::Seal { source, .. } => match &**source {
            SealError::Wrap(why) => format!("Could not generate data key: [{why}]"),
            _ => error.to_string(),
        },
        Error::NewKey { source, .. } => format!("Error encrypting the data key with one or more master keys: [{source}]"),
        Error::Open { source, .. } => match &**source {
            // `groups` does not ask the report for its words.
            OpenError::NoKeyOpens(report) if context.telling.logged.is_some() && report.combining.is_none() => {
                let opened = report.groups.iter().filter(|group| group.opened()).count();
                format!("Error getting data key: {} successful groups required, got {opened}", report.threshold)
            }
            OpenError::NoKeyOpens(report) => sops_report(report, session),
            OpenError::Leaf { path, why, .. } => {
                format!("Error decrypting tree: Error walking tree: Could not decrypt value: {}: {why}", one_line(path))
            }
            OpenError::MacUnreadable(_) => source.to_string(),
            // SOPS shows both digests: who can write the file takes all tokens out but one, and reads that value's digest in a log.
            OpenError::MacMissing => "MAC mismatch. File has no MAC; the digest of its values is not shown".to_owned(),
            OpenError::MacMismatch => "MAC mismatch. Digests of values are not shown: a short value is found by trying".to_owned(),
            _ => error.to_string(),
        },
        Error::NotThere { component, .. } => format!("error truncating tree: {component}"),
        Error::Variable { what, .. } => what.clone(),
        Error::Nested { key, .. } => format!("cannot use complex value in environment; offending key {key}"),
        other => other.to_string(),
    }
}

/// `docs/sops-cli.md`, section 7: 203, 75 columns.
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

/// The same section, 4.
const NO_DATA: &str = "Error dumping file: error emitting binary store: no binary data found in tree\n\n\
This is likely not an encrypted binary file? If not, use --output-type to select the correct output type.";

/// Who the recipients of a file are, by the comments of its configuration.
fn names(path: &str, context: &Context<'_>) -> Option<Config> {
    let given = rules::Given { config: context.config(), ..rules::Given::default() };
    let file = (path != STDIN).then(|| Path::new(path));
    rules::load_silently(file, &given, &context.world, &mut Vec::new()).ok().flatten()
}

/// Every key that was tried, by group, and why it failed; then where was looked for keys, and what was wrong there.
fn tried(report: &NoKeyOpens, names: Option<&Config>, session: &Session) -> String {
    let mut lines = Vec::new();
    let mut trail: Vec<String> = Vec::new();
    let several = report.groups.len() > 1;
    let indent = if several { "    " } else { "  " };
    for (i, group) in report.groups.iter().enumerate() {
        if several {
            lines.push(format!("  group {i}: {}", if group.opened() { "opened" } else { "not opened" }));
        }
        for (key, why) in &group.tried {
            let looked = backend(key.kind()).trail(&**key, session);
            let why = match why {
                UnwrapError::NotHeld { .. } if !looked.is_empty() => "no identity of ours fits".to_owned(),
                why => why.to_string(),
            };
            let name = names.and_then(|names| names.name_of(key.id())).map(|name| format!(" ({name})")).unwrap_or_default();
            lines.push(one_line(&format!("{indent}{} {}{name}: {why}", key.kind().name(), key.id())).into_owned());
            // Most of it is the same for all keys of a kind.
            trail.extend(looked.into_iter().map(|line| format!("  {}", one_line(&line))));
        }
    }
    if several && report.combining.is_none() {
        let opened = report.groups.iter().filter(|group| group.opened()).count();
        lines.push(format!("  {opened} of {} groups opened, {} are needed", report.groups.len(), report.threshold));
    }
    let mut told = HashSet::new();
    trail.retain(|line| told.insert(line.clone()));
    lines.extend(trail);
    lines.extend(report.combining.iter().map(|why| format!("  {why}")));
    lines.join("\n")
}

/// `docs/sops-keys.md`, section 3, with its columns and trailing blanks.
fn sops_report(report: &NoKeyOpens, session: &Session) -> String {
    if let Some(why) = &report.combining {
        return why.clone();
    }
    let mut out = String::from("Failed to get the data key required to decrypt the SOPS file.\n");
    for (i, group) in report.groups.iter().enumerate() {
        out.push_str(&format!("\nGroup {i}: {}", if group.opened() { "SUCCESS" } else { "FAILED" }));
        for (n, (key, why)) in group.tried.iter().enumerate() {
            if n > 0 {
                out.push_str("\n  ");
            }
            out.push_str(&format!("\n  {}: FAILED", one_line(key.id())));
            let why = backend(key.kind()).in_sops_words(&**key, why, session);
            for (k, line) in wrap(&why, 60).iter().enumerate() {
                out.push_str(if k == 0 { "\n    - | " } else { "\n      | " });
                out.push_str(line);
            }
        }
        out.push('\n');
    }
    let opened = report.groups.iter().filter(|g| g.opened()).count();
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

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn names_that_were_meant() {
        for (typed, known) in [
            ("decript", "decrypt"),
            ("encyrpt", "encrypt"),
            ("updatekey", "updatekeys"),
            ("update", "updatekeys"),
            ("recipient", "recipients"),
            ("set-", "set"),
            ("exec_env", "exec-env"),
            ("dcotor", "doctor"),
            ("--jsn", "--json"),
            ("--output-tpye", "--output-type"),
        ] {
            assert!(near(typed, known), "{typed} {known}");
        }
        for (typed, known) in [
            ("bogus", "groups"),
            ("foo", "tour"),
            ("list", "set"),
            ("status", "filestatus"),
            ("ls", "set"),
            ("", "set"),
            ("--no-such-flag", "--no-mac"),
        ] {
            assert!(!near(typed, known), "{typed} {known}");
        }
    }
}
