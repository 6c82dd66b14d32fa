//! Another user for a child: groups, HOME, USER and LOGNAME right, as SOPS has it since 3.13.2.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::guard;

/// The first argument of ourselves on the way to a program as another user. No command of anybody.
pub const ARGUMENT: &str = "__as-user";

/// A user of this machine.
#[derive(Debug)]
pub struct User {
    name: CString,
    uid: nix::unistd::Uid,
    gid: nix::unistd::Gid,
    home: PathBuf,
}

impl User {
    /// By name.
    ///
    /// # Errors
    /// There is no such user.
    pub fn find(name: &str) -> Result<Self, Error> {
        let unknown = || Error::Usage(format!("there is no user {name:?}"));
        let found = nix::unistd::User::from_name(name).ok().flatten().ok_or_else(unknown)?;
        let name = CString::new(found.name).map_err(|_| unknown())?;
        Ok(User { name, uid: found.uid, gid: found.gid, home: found.dir })
    }

    /// What programs look for their user by.
    pub fn variables(&self) -> [(&'static str, OsString); 3] {
        let name = self.name.to_string_lossy().into_owned();
        [("HOME", self.home.clone().into_os_string()), ("USER", name.clone().into()), ("LOGNAME", name.into())]
    }

    /// Owner of what the child is to read.
    pub fn ids(&self) -> (u32, u32) {
        (self.uid.as_raw(), self.gid.as_raw())
    }

    /// Turns this process into the user's. There is no way back.
    ///
    /// # Errors
    /// We may not.
    pub fn become_it(&self) -> io::Result<()> {
        // Groups first: afterwards we may not any more.
        nix::unistd::initgroups(&self.name, self.gid)?;
        nix::unistd::setgid(self.gid)?;
        nix::unistd::setuid(self.uid)?;
        Ok(())
    }

    /// That we may not.
    pub fn refused(&self, error: &io::Error) -> Error {
        Error::Usage(format!("--user {}: {}; only root runs programs as somebody else", self.name.to_string_lossy(), error.kind()))
    }

    /// The same command as that user, by way of ourselves: the process that waits for it keeps its rights.
    pub(super) fn command_as(user: Option<&User>, command: Command, pristine: bool) -> Command {
        let Some(user) = user else { return command };
        #[allow(clippy::disallowed_methods, reason = "the user's program again, behind ourselves: the caller says when it starts")]
        let mut through = Command::new(super::keeper::own_program());
        through.arg(ARGUMENT).arg(OsStr::new(&*user.name.to_string_lossy())).arg(command.get_program()).args(command.get_args());
        // A command does not tell whether it keeps our environment.
        if pristine {
            through.env_clear();
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => through.env(name, value),
                None => through.env_remove(name),
            };
        }
        through
    }
}

/// Ourselves on the way: becomes the user, then the program. Returns only where that fails: the exit status, and what there is to say.
pub fn through(args: &[OsString]) -> (u8, Option<Error>) {
    let [user, program, args @ ..] = args else { return (1, None) };
    let user = match User::find(&user.to_string_lossy()) {
        Ok(user) => user,
        Err(error) => return (1, Some(error)),
    };
    if let Err(error) = user.become_it() {
        return (1, Some(user.refused(&error)));
    }
    #[allow(clippy::disallowed_methods, reason = "a process that becomes another program: `Outside::run` starts a new one and waits")]
    let mut command = Command::new(program);
    let failed = guard::as_started(|| command.args(args).exec());
    (if failed.kind() == io::ErrorKind::NotFound { 127 } else { 126 }, None)
}
