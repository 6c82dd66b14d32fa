//! A world written down: what a backend may see, and a record of what it asked for.

// A test double offers all that the world has; not every test uses all of it.
#![allow(dead_code)]

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use leafcrypt_kms::{Asked, Command, Finished, Outside, Secret, Session};

/// Answers a program that is run; `None`: there is no such program.
type Program = Box<dyn Fn(&Command) -> Option<Finished> + Send + Sync>;

/// A scripted world. Empty at first: no variables, no files, no programs, no terminal.
#[derive(Default)]
pub struct Scripted {
    env: HashMap<String, OsString>,
    files: HashMap<PathBuf, Vec<u8>>,
    program: Option<Program>,
    answers: Mutex<Vec<Option<String>>>,
    terminal: bool,
    /// What happened, in order: `read PATH`, `run PROGRAM ARGS`, `ask PROMPT`.
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
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(Secret::new(bytes.clone())) }
    }

    fn run(&self, command: Command) -> io::Result<Finished> {
        let words: Vec<_> = command.args.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        self.note(format!("run {} {}", command.program.to_string_lossy(), words.join(" ")));
        self.program.as_ref().and_then(|program| program(&command)).ok_or(io::ErrorKind::NotFound.into())
    }

    fn ask(&self, prompt: &str) -> Asked {
        self.note(format!("ask {prompt}"));
        if !self.terminal {
            return Asked::NoTerminal;
        }
        match self.answers.lock().unwrap().pop().flatten() {
            Some(answer) => Asked::Answer(Secret::new(answer.into_bytes())),
            None => Asked::Cancelled,
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000)
    }

    fn passwd_home(&self) -> Option<PathBuf> {
        None
    }
}
