//! A world written down: what a backend may see, and a record of what it asked for.

// A test double offers all that the world has; not every test uses all of it.
#![allow(dead_code)]

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use leafcrypt_kms::{Asked, Command, Conversation, Finished, Outside, Secret, Session};

/// Answers a program that is run; `None`: there is no such program.
type Program = Box<dyn Fn(&Command) -> Option<Finished> + Send + Sync>;

/// The other side of a talk, in a thread of its own: a plugin by its name, an agent by its socket.
type Peer = Arc<dyn Fn(UnixStream, &Command) + Send + Sync>;

/// A scripted world. Empty at first: no variables, no files, no programs, no terminal.
#[derive(Default)]
pub struct Scripted {
    env: HashMap<String, OsString>,
    files: HashMap<PathBuf, Vec<u8>>,
    folders: Vec<PathBuf>,
    program: Option<Program>,
    peers: HashMap<String, Peer>,
    passwd_home: Option<PathBuf>,
    hurried: bool,
    answers: Mutex<Vec<Option<String>>>,
    terminal: bool,
    /// What happened, in order: `read PATH`, `run PROGRAM ARGS`, `talk PROGRAM ARGS`, `connect SOCKET`, `ask PROMPT`, `line PROMPT`, `tell TEXT`.
    pub log: Mutex<Vec<String>>,
}

impl Scripted {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(PathBuf::from(path), content.into());
        self
    }

    pub fn folder(mut self, path: &str) -> Self {
        self.folders.push(PathBuf::from(path));
        self
    }

    /// The home of the password file.
    pub fn passwd_home(mut self, path: &str) -> Self {
        self.passwd_home = Some(PathBuf::from(path));
        self
    }

    /// Somebody to talk with: a program by its name, or one who listens on a socket.
    pub fn peer(mut self, name: &str, peer: impl Fn(UnixStream, &Command) + Send + Sync + 'static) -> Self {
        self.peers.insert(name.to_owned(), Arc::new(peer));
        self
    }

    /// Patience ends almost at once here: for peers that never answer.
    pub fn hurried(mut self) -> Self {
        self.hurried = true;
        self
    }

    pub fn program(mut self, program: impl Fn(&Command) -> Option<Finished> + Send + Sync + 'static) -> Self {
        self.program = Some(Box::new(program));
        self
    }

    /// There is a terminal, and somebody answers so; no more answers: gives up.
    pub fn answers(mut self, answers: &[&str]) -> Self {
        self.terminal = true;
        self.answers = Mutex::new(answers.iter().rev().map(|a| Some((*a).to_owned())).collect());
        self
    }

    pub fn session(self) -> (Session, Arc<Scripted>) {
        let world = Arc::new(self);
        (Session::new(world.clone()), world)
    }

    /// How often something of that kind happened.
    pub fn count(&self, beginning: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.starts_with(beginning)).count()
    }

    /// All that happened of some kinds, by their beginnings.
    pub fn happened(&self, beginnings: &[&str]) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|line| beginnings.iter().any(|beginning| line.starts_with(beginning))).cloned().collect()
    }

    fn answer(&self) -> Asked {
        if !self.terminal {
            return Asked::NoTerminal;
        }
        match self.answers.lock().unwrap().pop().flatten() {
            Some(answer) => Asked::Answer(Secret::new(answer.into_bytes())),
            None => Asked::Cancelled,
        }
    }

    fn meet(&self, name: &str, command: Command) -> io::Result<Box<dyn Conversation>> {
        let peer = Arc::clone(self.peers.get(name).ok_or(io::ErrorKind::NotFound)?);
        let (ours, theirs) = UnixStream::pair()?;
        std::thread::spawn(move || peer(theirs, &command));
        Ok(Box::new(Line { stream: ours, hurried: self.hurried }))
    }

    fn note(&self, line: String) {
        self.log.lock().unwrap().push(line);
    }
}

/// A program that ended well and printed this.
pub fn printed(text: &str) -> Option<Finished> {
    Some(Finished { status: Some(0), stdout: Secret::new(text.as_bytes().to_vec()), stderr: Vec::new() })
}

impl Outside for Scripted {
    fn env(&self, name: &str) -> Option<OsString> {
        self.env.get(name).filter(|v| !v.is_empty()).cloned()
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Secret> {
        self.note(format!("read {}", path.display()));
        if self.folders.iter().any(|folder| folder == path) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(Secret::new(bytes.clone())) }
    }

    fn run(&self, command: Command) -> io::Result<Finished> {
        let words: Vec<_> = command.args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        self.note(format!("run {} {}", command.program.to_string_lossy(), words.join(" ")));
        self.program.as_ref().and_then(|program| program(&command)).ok_or(io::ErrorKind::NotFound.into())
    }

    /// A program whose status is none and who printed nothing is one that never ends.
    fn run_within(&self, command: Command, _: Duration) -> io::Result<Finished> {
        let finished = self.run(command)?;
        if finished.status.is_none() && finished.stdout.is_empty() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(finished) }
    }

    fn talk(&self, command: Command) -> io::Result<Box<dyn Conversation>> {
        let name = command.program.to_string_lossy().into_owned();
        let words: Vec<_> = command.args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        self.note(format!("talk {name} {}", words.join(" ")));
        self.meet(&name, command)
    }

    fn connect(&self, socket: &Path) -> io::Result<Box<dyn Conversation>> {
        self.note(format!("connect {}", socket.display()));
        self.meet(&socket.display().to_string(), Command::default())
    }

    fn ask(&self, prompt: &str) -> Asked {
        self.note(format!("ask {prompt}"));
        self.answer()
    }

    fn ask_line(&self, prompt: &str) -> Asked {
        self.note(format!("line {prompt}"));
        self.answer()
    }

    fn tell(&self, message: &str) {
        self.note(format!("tell {message}"));
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000)
    }

    fn passwd_home(&self) -> Option<PathBuf> {
        self.passwd_home.clone()
    }
}

fn silent(why: io::Error) -> io::Error {
    if why.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { why }
}

/// A line to a peer.
struct Line {
    stream: UnixStream,
    hurried: bool,
}

impl Conversation for Line {
    fn set_patience(&mut self, limit: Option<Duration>) {
        let limit = if self.hurried { limit.map(|_| Duration::from_millis(50)) } else { limit };
        self.stream.set_read_timeout(limit).unwrap();
        self.stream.set_write_timeout(limit).unwrap();
    }
}

impl io::Read for Line {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into).map_err(silent)
    }
}

impl io::Write for Line {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.stream.write(from).map_err(silent)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
