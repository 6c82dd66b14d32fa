//! An error as text: what failed, where we looked, which key by name, one suggested next command. As `sops`, SOPS's own strings.

use std::collections::HashSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use leafcrypt_formats::{lines, one_line};
use leafcrypt_kms::{Session, UnwrapError, WrapError, backend, without_private_keys};

use clap::builder::styling::{AnsiColor, Style};

use super::Context;
use super::exit::{self, Exit};
use super::hint;
use super::hint_files::is_empty;
use super::screen::{self, Mark};
use super::sops_words::as_sops;
use crate::config::Config;
use crate::error::Error;
use crate::files::Stream;
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
            // SOPS says what is wrong with its configuration without its logger, and that a file is missing, except of `filestatus`.
            Some(_) if matches!(error, Error::Config(_)) => say(&text),
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
    let hint = match error {
        Error::NoFile => Some(of_command()),
        Error::Seal { path, source } if hint::is_of_text(source) && !matches!(context.command, "encrypt" | "edit") => {
            Some(hint::edit(path, &context.world))
        }
        _ => hint::of(error, &context.world),
    };
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
            let found = match why.stripped {
                true => "its values are sealed, and the block `sops` is lost",
                false if path != STDIN && is_empty(path) => "the file is not sealed; it is empty",
                false => "the file is not sealed",
            };
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
        Error::Threshold { threshold, groups, path, line, source } => {
            let (path, source) = (one_line(&path.display().to_string()).into_owned(), ours(source, context));
            format!("{source}: shamir_threshold is {threshold}, key groups are {groups}; in {path} (line {line})")
        }
        other => other.to_string().trim_start_matches("Error: ").to_owned(),
    }
}

/// The whole path of a file, as SOPS shows it.
pub(super) fn absolute(path: &Path, world: &World<'_>) -> String {
    one_line(&crate::config::absolute(&rules::current(world), path).display().to_string()).into_owned()
}

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
