//! The world as it is, but nobody is asked, nothing is started and nobody is talked to: what opens here opens without a question.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::secret::Secret;

use super::{Asked, Command, Finished, Outside};

/// The world with nobody to ask and nothing to start: programs are refused as by their owner, there is no terminal, and a talk with a plugin or an agent finds
/// nobody.
pub struct Quiet(Arc<dyn Outside>);

impl Quiet {
    /// Over another world.
    pub fn new(world: Arc<dyn Outside>) -> Self {
        Quiet(world)
    }
}

impl Outside for Quiet {
    fn env(&self, name: &str) -> Option<OsString> {
        self.0.env(name)
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Secret> {
        self.0.read(path, limit)
    }

    fn program(&self, name: &OsStr) -> Option<PathBuf> {
        self.0.program(name)
    }

    fn programs(&self, prefix: &str) -> Vec<PathBuf> {
        self.0.programs(prefix)
    }

    fn run(&self, _: Command) -> io::Result<Finished> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn ask(&self, _: &str) -> Asked {
        Asked::NoTerminal
    }

    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn passwd_home(&self) -> Option<PathBuf> {
        self.0.passwd_home()
    }
}
