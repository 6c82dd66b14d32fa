//! The real world.

use std::any::Any;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::event::PollFlags;
use zeroize::Zeroize;

use crate::secret::Secret;

use super::{Asked, Command, Conversation, Finished, Outside, process, terminal};

/// Does something around the start of a program: gives it the limits that we were started with.
pub type Around = fn(&mut dyn FnMut());

/// How the signals that would end this process wait while the terminal is not as it was: [`Real::holding`].
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    /// They wait until what it gives is dropped; then one that has come ends us.
    pub hold: fn() -> Box<dyn Any>,
    /// Has one come?
    pub came: fn() -> bool,
}

/// The real world.
#[derive(Debug)]
pub struct Real {
    around: Around,
    before_telling: fn(),
    hides: fn(char) -> bool,
    holding: Option<Holding>,
}

impl Real {
    /// One whose programs are started within `around`.
    pub fn starting(around: Around) -> Self {
        Real { around, before_telling: || {}, hides: char::is_control, holding: None }
    }

    /// Does something before a person is asked or told something at the terminal, by us or by an agent.
    #[must_use]
    pub fn telling(self, before: fn()) -> Self {
        Real { before_telling: before, ..self }
    }

    /// Characters that no prompt or message shows, beside what moves the cursor: whoever has a list of them knows it.
    #[must_use]
    pub fn hiding(self, hides: fn(char) -> bool) -> Self {
        Real { hides, ..self }
    }

    /// Ctrl-C and Ctrl-\ at a question are signals, as everywhere else, and every signal lets us put the terminal right before it ends us; Ctrl-Z stops us, with
    /// the terminal as it was, and it is asked again afterwards. While a signal waits, no program and no agent is waited for. Without this, as in a
    /// program that embeds us and whose signals are its own, the first two keys only cancel the question.
    #[must_use]
    pub fn holding(self, holding: Holding) -> Self {
        Real { holding: Some(holding), ..self }
    }

    fn came(&self) -> process::Came {
        self.holding.map_or(|| false, |holding| holding.came)
    }
}

impl Default for Real {
    fn default() -> Self {
        Real::starting(|start| start())
    }
}

impl Outside for Real {
    fn env(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|v| !v.is_empty())
    }

    fn program(&self, name: &std::ffi::OsStr) -> Option<std::path::PathBuf> {
        super::process::find(name, std::env::var_os("PATH"))
    }

    fn programs(&self, prefix: &str) -> Vec<PathBuf> {
        process::beginning_with(prefix, std::env::var_os("PATH"))
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Secret> {
        // Looked at before it is opened, since opening a device may do something, and once more after it.
        readable(&fs::metadata(path)?)?;
        let mut file = File::open(path)?;
        readable(&file.metadata()?)?;
        read_all(&mut file, limit)
    }

    fn run(&self, command: Command) -> io::Result<Finished> {
        process::run(command, None, self.around, self.came())
    }

    fn run_within(&self, command: Command, limit: Duration) -> io::Result<Finished> {
        process::run(command, Some(limit), self.around, self.came())
    }

    fn talk(&self, command: Command) -> io::Result<Box<dyn Conversation>> {
        process::talk(command, self.around, self.came())
    }

    fn connect(&self, socket: &Path) -> io::Result<Box<dyn Conversation>> {
        (self.before_telling)();
        Ok(Box::new(Socket { stream: UnixStream::connect(socket)?, patience: None, came: self.came() }))
    }

    fn ask(&self, prompt: &str) -> Asked {
        (self.before_telling)();
        terminal::ask(prompt, false, self.hides, self.holding)
    }

    fn ask_line(&self, prompt: &str) -> Asked {
        (self.before_telling)();
        terminal::ask(prompt, true, self.hides, self.holding)
    }

    fn tell(&self, message: &str) {
        (self.before_telling)();
        terminal::tell(message, self.hides);
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn passwd_home(&self) -> Option<PathBuf> {
        home_in(&fs::read_to_string("/etc/passwd").ok()?, rustix::process::getuid().as_raw())
    }
}

/// A talk over a socket.
struct Socket {
    stream: UnixStream,
    patience: Option<Duration>,
    came: process::Came,
}

impl Conversation for Socket {
    fn set_patience(&mut self, limit: Option<Duration>) {
        self.patience = limit;
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        process::ready(&self.stream, PollFlags::IN, self.patience, self.came)?;
        self.stream.read(into)
    }
}

impl Write for Socket {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        process::ready(&self.stream, PollFlags::OUT, self.patience, self.came)?;
        self.stream.write(&from[..from.len().min(process::MORSEL)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Reads to the end into buffers that are wiped when they grow.
pub(super) fn read_all(from: &mut dyn Read, limit: usize) -> io::Result<Secret> {
    let mut buffer = vec![0; 8192.min(limit.saturating_add(1))];
    let mut len = 0;
    let read = loop {
        if len > limit {
            break Err(io::ErrorKind::FileTooLarge.into());
        }
        if len == buffer.len() {
            let mut bigger = vec![0; len.saturating_mul(2).min(limit.saturating_add(1))];
            bigger[..len].copy_from_slice(&buffer);
            buffer.zeroize();
            buffer = bigger;
        }
        match from.read(&mut buffer[len..]) {
            Ok(0) => break Ok(()),
            Ok(more) => len += more,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => break Err(why),
        }
    };
    let secret = Secret::filled(len, |bytes| {
        bytes.copy_from_slice(&buffer[..len]);
        read
    });
    buffer.zeroize();
    secret
}

/// Regular files and pipes only (R8).
fn readable(metadata: &fs::Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    match () {
        () if kind.is_file() || kind.is_fifo() => Ok(()),
        () if kind.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        () => Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a pipe")),
    }
}

/// The sixth field of the line of the password file whose third is the user's number.
fn home_in(passwd: &str, uid: u32) -> Option<PathBuf> {
    let uid = uid.to_string();
    let line = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|line| line.get(2) == Some(&uid.as_str()))?;
    line.get(5).filter(|home| !home.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::home_in;

    #[test]
    fn the_password_file_names_the_home() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000:U,,,:/home/u:/bin/sh\nbroken\nn:x:7:7:::\n";
        assert_eq!(home_in(passwd, 1000).as_deref(), Some("/home/u".as_ref()));
        assert_eq!(home_in(passwd, 1), None);
        assert_eq!(home_in(passwd, 7), None);
    }
}
