//! The world of one command: clock, randomness, the session of the key backends, manners, questions, SOPS's audit points. Every flow is given one; how a
//! question looks on a terminal is the command line's affair, what backends see of the machine that of [`crate::kms::Outside`].

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use leafcrypt_kms::Session;

use crate::manners::Manners;

/// Randomness. Tests build a fixed one; nobody else.
pub trait Random: Sync {
    /// Fills a buffer.
    ///
    /// # Errors
    /// The operating system gives none: fatal.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system's random generator failed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the operating system gives no randomness")]
pub struct NoRandomness;

/// The operating system's randomness.
#[derive(Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}

/// Questions and warnings to the person.
pub trait Dialog: Sync {
    /// One line on standard error: something the user should know, whatever becomes of the command. The same line is told once.
    fn warn(&self, line: &str);

    /// A yes-or-no question. `None`: there is nobody to ask.
    fn confirm(&self, question: &str) -> Option<bool>;

    /// A question of SOPS's own, asked as it asks: on standard output, and of standard input whatever that is.
    ///
    /// # Errors
    /// What came is no answer, in Go's words.
    fn confirm_as_sops(&self, question: &str) -> Result<bool, &'static str> {
        self.confirm(question).ok_or("EOF")
    }

    /// A person sits at standard input.
    fn at_terminal(&self) -> bool {
        false
    }

    /// Text that a question is about, before it is asked. As `sops` on standard output.
    fn show(&self, text: &str);

    /// A message, and a wait until somebody has read it. False: there is nobody.
    fn pause(&self, text: &str) -> bool;

    /// One line on standard error on how a command over many files gets on.
    fn log(&self, line: &str);

    /// Which of many files is next, for a person who has to wait.
    fn progress(&self, number: usize, of: usize, file: &Path) {
        let _ = (number, of, file);
    }

    /// One line on what was chosen, tried and written, for who asks for it with `--verbose`. Paths, kinds, keys' names; never a value (R7).
    fn detail(&self, line: &str) {
        let _ = line;
    }

    /// A line that SOPS's logger of that name writes with `--verbose`, for scripts that wait for it. As `leafcrypt` nothing.
    fn logged(&self, logger: &str, line: &str) {
        let _ = (logger, line);
    }
}

/// What happened, at the points where SOPS writes its audit log (`docs/sops-keys.md`, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Event {
    Encrypt,
    Decrypt,
    Rotate,
}

/// The audit log.
pub trait Journal: Sync {
    /// Records an event for a file, before its result is given out.
    ///
    /// # Errors
    /// It could not be recorded: the command must fail.
    fn record(&self, event: Event, file: &str) -> Result<(), String>;
}

/// No audit log.
#[derive(Debug)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn record(&self, _: Event, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// The world.
pub struct World<'w> {
    /// Randomness.
    pub random: &'w dyn Random,
    /// The world as key backends see it; the clock is there, too.
    pub session: Session,
    /// How the program was called.
    pub manners: &'static Manners,
    /// Questions and warnings.
    pub dialog: &'w dyn Dialog,
    /// SOPS's audit points.
    pub journal: &'w dyn Journal,
}

/// Asks nobody and tells nobody: for programs that embed the library.
#[derive(Debug)]
pub struct NoDialog;

impl Dialog for NoDialog {
    fn warn(&self, _: &str) {}

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn show(&self, _: &str) {}

    fn pause(&self, _: &str) -> bool {
        false
    }

    fn log(&self, _: &str) {}
}

impl World<'static> {
    /// The real world of a program that embeds the library: the system's randomness and clock, the user's keys, nobody to ask, no audit log.
    pub fn quiet() -> Self {
        let session = Session::new(std::sync::Arc::new(leafcrypt_kms::Real::default()));
        World { random: &SystemRandom, session, manners: &crate::manners::LEAFCRYPT, dialog: &NoDialog, journal: &NoJournal }
    }
}

impl World<'_> {
    /// Now.
    pub fn now(&self) -> SystemTime {
        self.session.outside().now()
    }

    /// Our folder below the user's state folder, which need not exist: `XDG_STATE_HOME`, or `.local/state` of the home folder.
    pub fn state_folder(&self) -> Option<PathBuf> {
        let outside = self.session.outside();
        let absolute = |name| outside.env(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || absolute("HOME").or_else(|| outside.passwd_home()).map(|home| home.join(".local/state"));
        absolute("XDG_STATE_HOME").or_else(home).map(|state| state.join("leafcrypt"))
    }

    /// What the user should know, a line each, as soon as it is known: a command that fails later has told it.
    pub fn warn<S: AsRef<str>>(&self, lines: impl IntoIterator<Item = S>) {
        lines.into_iter().for_each(|line| self.dialog.warn(line.as_ref()));
    }

    /// What the user should know of a file. As `sops` without its name.
    pub fn warn_of<S: AsRef<str>>(&self, name: &str, lines: impl IntoIterator<Item = S>) {
        match self.manners.sops_messages {
            true => self.warn(lines),
            false => self.warn(lines.into_iter().map(|line| format!("{name}: {}", line.as_ref()))),
        }
    }

    /// A variable of the environment; empty means unset.
    pub fn env(&self, name: &str) -> Option<String> {
        self.session.outside().env(name).and_then(|v| v.into_string().ok())
    }
}
