//! Another user for a child: groups, HOME, USER and LOGNAME right, as SOPS has it since 3.13.2.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use super::keeper;
use crate::error::{Error, NotStarted};
use crate::files;
use crate::guard;
use crate::world::World;

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
    pub fn become_it(&self) -> Result<(), Error> {
        // Groups first: afterwards we may not any more.
        match nix::unistd::initgroups(&self.name, self.gid) {
            // Only root may set groups. Who is that user already, as in a container that has no other, has them as it was given them.
            Err(_) if self.is_us() => Ok(()),
            done => done.and_then(|()| nix::unistd::setgid(self.gid)).and_then(|()| nix::unistd::setuid(self.uid)),
        }
        .map_err(|errno| self.refused(&errno.into()))
    }

    /// The system does not let us act as that user.
    pub(super) fn refused(&self, why: &io::Error) -> Error {
        Error::Usage(format!("you may not become the user {}: {}", self.name.to_string_lossy(), files::in_words(why)))
    }

    fn is_us(&self) -> bool {
        use rustix::process::{getegid, geteuid, getgid, getuid};
        let (uid, gid) = self.ids();
        [getuid(), geteuid()].iter().all(|own| own.as_raw() == uid) && [getgid(), getegid()].iter().all(|own| own.as_raw() == gid)
    }

    /// The same command as that user, by way of ourselves: the process that waits for it keeps its rights. `called`: what the program is told that it was
    /// called, which a command does not tell; nor does it tell its streams, which are to be set on the new one.
    ///
    /// # Errors
    /// We cannot be started once more.
    pub(super) fn command_as(
        user: Option<&User>,
        command: Command,
        called: &OsStr,
        pristine: bool,
        world: &World<'_>,
    ) -> Result<Command, Error> {
        let Some(user) = user else { return Ok(command) };
        let own = keeper::own_program_by_name(world);
        if !own.exists() {
            let what = keeper::why_not_started(&io::ErrorKind::NotFound.into());
            return Err(Error::Usage(format!("another user's program is started by way of our own, which is not found: {what}")));
        }
        #[allow(clippy::disallowed_methods, reason = "the user's program again, behind ourselves: the caller says when it starts")]
        let mut through = Command::new(own);
        through
            .arg(ARGUMENT)
            .arg(OsStr::new(&*user.name.to_string_lossy()))
            .arg(called)
            .arg(command.get_program())
            .args(command.get_args());
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
        Ok(through)
    }
}

/// Ourselves on the way: becomes the user, then the program. Returns only where that fails.
pub fn through(args: &[OsString]) -> Error {
    let [user, called, program, args @ ..] = args else { return Error::Usage("there is no command to run".to_owned()) };
    let user = match User::find(&user.to_string_lossy()).and_then(|user| user.become_it().map(|()| user)) {
        Ok(user) => user,
        Err(error) => return error,
    };
    #[allow(clippy::disallowed_methods, reason = "a process that becomes another program: `Outside::run` starts a new one and waits")]
    let mut command = Command::new(program);
    let failed = guard::as_started(|| command.arg0(called).args(args).exec());
    let why = if failed.kind() == io::ErrorKind::NotFound { NotStarted::Missing } else { NotStarted::NotExecutable };
    let what = format!("it cannot be started by the user {}: {}", user.name.to_string_lossy(), files::in_words(&failed));
    Error::Start { program: called.to_string_lossy().into_owned(), what, why }
}
