//! One run of `gpg`, and what it said in its status lines.
//!
//! Those are the only part of its talk that no language changes. They come with the rest of standard error (`--status-fd 2`), since a child gets
//! no other descriptors; nothing of either is ever shown (R7). The terminal stays gpg's own, as in SOPS: no `--batch`, no pinentry mode.

use std::ffi::OsStr;
use std::io;

use super::diagnose;
use crate::misplaced::without_private_keys;
use crate::outside::Command;
use crate::secret::Secret;
use crate::session::Session;

/// What a run left behind.
#[derive(Debug)]
pub(super) struct Report {
    /// Exit status; none: ended by a signal.
    pub exit: Option<i32>,
    /// Standard output: a secret, perhaps.
    pub output: Secret,
    lines: Vec<Vec<String>>,
    said: String,
}

/// Why it could not be started.
#[derive(Clone, Debug)]
pub(super) enum NotStarted {
    Missing {
        name: String,
    },
    Failed {
        why: String,
    },
    /// It could, but printed more than any answer has.
    TooMuch {
        name: String,
    },
}

/// Runs `gpg` (or `$SOPS_GPG_EXEC`) to its end.
pub(super) fn gpg(session: &Session, args: &[&str], input: Option<Secret>) -> Result<Report, NotStarted> {
    let program = diagnose::name(session);
    let name = shown(&program);
    // Behind what SOPS gives, since a wrapper (`SOPS_GPG_EXEC`) may look at its first arguments.
    let options = args.iter().position(|arg| *arg == "--").unwrap_or(args.len());
    let args = args[..options].iter().chain(&["--status-fd", "2"]).chain(&args[options..]).map(Into::into).collect();
    match session.outside().run(Command { program, args, stdin: input, ..Command::default() }) {
        Ok(finished) => {
            let said = String::from_utf8_lossy(&finished.stderr).into_owned();
            let lines = said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] "));
            let lines = lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect();
            Ok(Report { exit: finished.status, output: finished.stdout, lines, said })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(NotStarted::Missing { name }),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(NotStarted::TooMuch { name }),
        Err(error) => Err(NotStarted::Failed { why: format!("{name} could not be started: {}", error.kind()) }),
    }
}

/// What a variable named, for people. It may hold anything.
pub(super) fn shown(text: &OsStr) -> String {
    without_private_keys(&text.to_string_lossy()).escape_debug().to_string()
}

impl Report {
    /// Whether a status line of that name came.
    pub(super) fn has(&self, name: &str) -> bool {
        self.arguments(name).next().is_some()
    }

    /// The arguments of all status lines of that name.
    pub(super) fn arguments<'r>(&'r self, name: &str) -> impl Iterator<Item = &'r [String]> {
        self.lines.iter().filter(move |line| line[0] == name).map(|line| &line[1..])
    }

    /// The error number of a status line that ends in one, such as `ERROR pkdecrypt_failed 67108875`.
    pub(super) fn error(&self, name: &str, place: &str) -> Option<ErrorCode> {
        self.arguments(name).filter(|args| args.first().is_some_and(|arg| arg == place)).find_map(|args| ErrorCode::read(args.get(1)?))
    }

    /// Whether standard error holds a text, for the rare thing that has no status line.
    pub(super) fn says(&self, text: &str) -> bool {
        self.said.contains(text)
    }
}

/// An error number of libgpg-error: which program, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ErrorCode {
    /// 4 is gpg-agent, 5 pinentry, 6 scdaemon.
    pub source: u32,
    /// What; [`ErrorCode::SYSTEM`] is set in errors of the operating system.
    pub code: u32,
}

impl ErrorCode {
    pub(super) const SYSTEM: u32 = 0x8000;
    pub(super) const PINENTRY: u32 = 5;
    pub(super) const SCDAEMON: u32 = 6;

    fn read(text: &str) -> Option<ErrorCode> {
        let number: u32 = text.parse().ok()?;
        Some(ErrorCode { source: number >> 24 & 0x7f, code: number & 0xffff })
    }
}
