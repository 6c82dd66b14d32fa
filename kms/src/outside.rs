//! All that a backend may want of the world; a real one in `outside/`, a scripted one in tests.

mod process;
mod quiet;
mod real;
mod terminal;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::secret::Secret;

pub use quiet::Quiet;
pub use real::{Around, Holding, Real};

/// A program to run. No shell, ever.
#[derive(Debug, Default)]
pub struct Command {
    /// Name (looked up in `PATH` without empty and relative entries), or a path, which the user spelled with a `/`.
    pub program: OsString,
    /// Arguments; never a secret.
    pub args: Vec<OsString>,
    /// Variables added to the environment the tool was started with.
    pub env: Vec<(OsString, OsString)>,
    /// Variables of that environment which it does not get.
    pub unset: &'static [&'static str],
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
    /// The first line of several that came at once, as a text does that is pasted.
    Lines(Secret),
    /// A line over the limit.
    TooLong,
    /// There is no terminal.
    NoTerminal,
    /// The person gave up.
    Cancelled,
}

/// Both ends of a talk with a program or an agent.
pub trait Conversation: io::Read + io::Write + Send {
    /// How long the other side may be silent, or not listen, before reading and writing fail with [`io::ErrorKind::TimedOut`]; none: for ever.
    fn set_patience(&mut self, limit: Option<Duration>);
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

    /// The path of a program: of a name through `PATH` without empty and relative entries, or of a path that the user spelled with a `/`.
    fn program(&self, name: &std::ffi::OsStr) -> Option<std::path::PathBuf> {
        let _ = name;
        None
    }

    /// The programs whose names begin so, by the folders of `PATH` that are no relative ones; of equal names the first.
    fn programs(&self, prefix: &str) -> Vec<std::path::PathBuf> {
        let _ = prefix;
        Vec::new()
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`]: there is no such program.
    fn run(&self, command: Command) -> io::Result<Finished>;

    /// Asks a person for a passphrase, without echo.
    fn ask(&self, prompt: &str) -> Asked;

    /// Runs a program to its end, and ends it when its time is over.
    ///
    /// # Errors
    /// As [`Outside::run`]; [`io::ErrorKind::TimedOut`] when its time is over.
    fn run_within(&self, command: Command, limit: Duration) -> io::Result<Finished> {
        let _ = limit;
        self.run(command)
    }

    /// Starts a program and talks with it: what is written goes to its standard input, what is read comes from its standard output.
    /// Its standard error is dropped. It is ended when the conversation is dropped. [`Command::stdin`] is not used.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`]: there is no such program.
    fn talk(&self, command: Command) -> io::Result<Box<dyn Conversation>> {
        let _ = command;
        Err(io::ErrorKind::NotFound.into())
    }

    /// Connects to a local socket (gpg-agent's).
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] or [`io::ErrorKind::ConnectionRefused`]: nobody listens.
    fn connect(&self, socket: &Path) -> io::Result<Box<dyn Conversation>> {
        let _ = socket;
        Err(io::ErrorKind::NotFound.into())
    }

    /// Asks a person something that is no secret, with echo.
    fn ask_line(&self, prompt: &str) -> Asked {
        self.ask(prompt)
    }

    /// Tells the person at the terminal something (touch your key), if there is one.
    fn tell(&self, message: &str) {
        let _ = message;
    }

    /// The clock.
    fn now(&self) -> SystemTime;

    /// The home folder of the user as the password file has it (for gpg-agent's socket), if it is known.
    fn passwd_home(&self) -> Option<std::path::PathBuf>;
}
