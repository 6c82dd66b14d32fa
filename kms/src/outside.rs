//! All that a backend may want of the world; a real one here, a scripted one in tests.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::secret::Secret;

/// A program to run. No shell, ever.
#[derive(Debug, Default)]
pub struct Command {
    /// Name (looked up in `PATH` without empty and relative entries) or absolute path.
    pub program: OsString,
    /// Arguments; never a secret.
    pub args: Vec<OsString>,
    /// Variables added to the environment the tool was started with.
    pub env: Vec<(OsString, OsString)>,
    /// What goes to its standard input.
    pub stdin: Option<Secret>,
}

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status; none: killed by a signal.
    pub status: Option<i32>,
    /// Standard output: may be a secret.
    pub stdout: Secret,
    /// Standard error, to be looked at, not shown (R7).
    pub stderr: Vec<u8>,
}

/// The answer to a question.
#[derive(Debug)]
pub enum Asked {
    /// What was typed.
    Answer(Secret),
    /// There is no terminal.
    NoTerminal,
    /// The person gave up.
    Cancelled,
}

/// The world as backends see it.
pub trait Outside: Send + Sync {
    /// A variable of the environment; an empty one is unset.
    fn env(&self, name: &str) -> Option<OsString>;

    /// A whole file, regular or a pipe, of at most `limit` bytes.
    ///
    /// # Errors
    /// As the file system says; [`io::ErrorKind::FileTooLarge`] over the limit, [`io::ErrorKind::IsADirectory`] for a folder.
    fn read(&self, path: &Path, limit: usize) -> io::Result<Secret>;

    /// Runs a program to its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`]: there is no such program.
    fn run(&self, command: Command) -> io::Result<Finished>;

    /// Asks a person for a passphrase, without echo.
    fn ask(&self, prompt: &str) -> Asked;

    /// The clock.
    fn now(&self) -> SystemTime;

    /// The home folder of the user as the password file has it (for gpg-agent's socket), if it is known.
    fn passwd_home(&self) -> Option<std::path::PathBuf>;
}

/// The real world.
#[derive(Debug, Default)]
pub struct Real;

impl Outside for Real {
    fn env(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|v| !v.is_empty())
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Secret> {
        let _ = limit;
        std::fs::read(path).map(Secret::new)
    }

    fn run(&self, _command: Command) -> io::Result<Finished> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn ask(&self, _prompt: &str) -> Asked {
        Asked::NoTerminal
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn passwd_home(&self) -> Option<std::path::PathBuf> {
        None
    }
}
