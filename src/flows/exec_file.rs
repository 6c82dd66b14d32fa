//! An opened file for a program that wants a file: a pipe by default, which is read once; a file in memory; or a file without a name.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::background;
use super::branch::must_exist;
use super::child::{self, Messages, PATIENCE};
use super::decrypt::Decrypt;
use super::exec_env::Program;
use super::feeding::Feeding;
use super::keeper::{self, Keeper};
use super::user::User;
use crate::error::{Ended, Error};
use crate::files::{self, NamedPipe, PrivateDir};
use crate::guard;
use crate::world::World;
use leafcrypt_formats::one_line;

/// What the program finds at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handing {
    /// A pipe: nothing is stored, and it can be read once.
    Pipe,
    /// A file in a private folder in memory.
    File,
    /// A file without a name: for the program itself and children that keep its descriptors.
    Memory,
}

/// An execution.
pub struct ExecFile<'a> {
    /// What is opened.
    pub decrypt: Decrypt<'a>,
    /// What is done with it.
    pub handed: Handed,
    /// Nobody waits for it.
    pub background: bool,
}

/// A program that is to get an opened file.
pub struct Handed {
    /// What is run; `{}` in it is the path.
    pub program: Program,
    /// What the program finds there.
    pub handing: Handing,
    /// The file's name; `tmp-file` if it is not given.
    pub filename: Option<OsString>,
    /// As another user.
    pub user: Option<String>,
    /// Plaintext may go to a disk, below this folder.
    pub on_disk: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`
    pub runtime: Option<PathBuf>,
}

impl ExecFile<'_> {
    /// Does it.
    ///
    /// # Errors
    /// The file does not open, there is no place for the plaintext, the program cannot be started; or [`Error::Child`]: how it ended.
    pub fn run(&self, world: &World<'_>) -> Result<(), Error> {
        self.handed.checked()?;
        if !self.handed.program.takes_path() && !world.manners.sops_messages {
            world.warn(["no {} stands in the command: the program is not told where the file is"]);
        }
        let done = self.decrypt.run(world).map_err(|error| must_exist(error, Path::new(&self.decrypt.input.name())))?;
        let plain = Zeroizing::new(done.stdout.unwrap_or_default());
        child::leave_no_secrets(world);
        if self.background {
            return background::start(&self.handed, &plain, world);
        }
        match self.handed.run(plain, world)? {
            Ended::Code(0) => Ok(()),
            ended => Err(Error::Child { ended }),
        }
    }
}

impl Handed {
    /// What can be known before anything is opened: the file's name, and the user.
    fn checked(&self) -> Result<(&OsStr, Option<User>), Error> {
        let name = self.filename.as_deref().unwrap_or(OsStr::new("tmp-file"));
        let not_local = || Error::Usage("The provided filename is not a local path.".to_owned());
        Ok((plain_name(name).ok_or_else(not_local)?, self.user.as_deref().map(User::find).transpose()?))
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    /// There is no place for the plaintext, or the program cannot be started.
    pub(super) fn run(&self, plain: Zeroizing<Vec<u8>>, world: &World<'_>) -> Result<Ended, Error> {
        let (name, user) = self.checked()?;
        let _held = guard::hold_signals();
        match self.handing {
            Handing::Memory => self.in_memory(name, plain, user.as_ref(), world),
            _ => self.in_folder(name, plain, user.as_ref(), world),
        }
    }

    fn in_folder(&self, name: &OsStr, plain: Zeroizing<Vec<u8>>, user: Option<&User>, world: &World<'_>) -> Result<Ended, Error> {
        let room = if self.handing == Handing::File { plain.len() + keeper::BESIDE } else { 0 };
        // What is below a user's own XDG_RUNTIME_DIR no other user can open.
        let shared = user.and_then(|_| keeper::place(None, None, room).ok().flatten());
        let own = || keeper::place(self.runtime.as_deref(), self.on_disk.as_deref(), room);
        let mut folder = shared.map_or_else(own, |folder| Ok(Some(folder)));
        // What goes through a pipe reaches no disk, wherever its name is.
        if self.handing == Handing::Pipe && self.on_disk.is_none() && !matches!(folder, Ok(Some(_))) {
            let named = world.session.outside().env("TMPDIR").map(PathBuf::from).filter(|path| path.is_absolute());
            let temporary = named.unwrap_or_else(|| PathBuf::from("/tmp"));
            folder = keeper::place(None, Some(&temporary), room).or(folder);
        }
        let folder = folder?;
        let folder = folder.ok_or_else(|| Error::NoMemory { pipe: self.handing == Handing::Pipe })?;
        let keeper = Keeper::start(&folder, None).map_err(|e| keeper::not_started(&e))?;
        let made = self.make(&folder, name, &plain);
        let pipe = made.as_ref().ok().cloned().flatten();
        let ended = made.and_then(|pipe| self.with_folder(&folder, name, pipe, plain, user, world));
        let ended = keeper.end(folder, ended, world);
        // Its name is gone by now, and nobody comes any more.
        if let Some(pipe) = pipe {
            pipe.let_go();
        }
        ended
    }

    /// What the program is to find in the folder: the file, or the pipe.
    fn make(&self, folder: &PrivateDir, name: &OsStr, plain: &[u8]) -> Result<Option<Arc<NamedPipe>>, Error> {
        let made = match self.handing {
            Handing::File => folder.write(name, plain).map(|()| None),
            _ => folder.make_pipe(name).map(|pipe| Some(Arc::new(pipe))),
        };
        made.map_err(|e| no_place(&e))
    }

    fn with_folder(
        &self,
        folder: &PrivateDir,
        name: &OsStr,
        pipe: Option<Arc<NamedPipe>>,
        plain: Zeroizing<Vec<u8>>,
        user: Option<&User>,
        world: &World<'_>,
    ) -> Result<Ended, Error> {
        let path = folder.path().join(name);
        if let Some(user) = user {
            folder.give_to(name, user.ids()).map_err(|e| match e.kind() {
                io::ErrorKind::PermissionDenied => user.refused(&e),
                _ => no_place(&e),
            })?;
        }
        let feeding = pipe.map(|pipe| Feeding::start(pipe, plain)).transpose().map_err(|e| no_place(&e))?;
        let ended = self.start(&path, user, world);
        let is_whole = feeding.is_none_or(Feeding::finish);
        match ended? {
            // Whatever else it ended by is told.
            Ended::Code(0) if !is_whole => {
                let cut = "the program has left behind a reader of {} that stopped reading: what it got is not the whole text";
                if world.manners.sops_messages {
                    world.warn([cut]);
                    return Ok(Ended::Code(0));
                }
                Err(Error::NoPlace { what: cut.to_owned() })
            }
            ended => Ok(ended),
        }
    }

    /// The kernel keeps it, sealed against changes, as long as somebody has its descriptor.
    fn in_memory(&self, name: &OsStr, plain: Zeroizing<Vec<u8>>, user: Option<&User>, world: &World<'_>) -> Result<Ended, Error> {
        let failed = |e: io::Error| Error::NoPlace { what: format!("memory for the plaintext: {}", files::in_words(&e)) };
        let file = memory(name, &plain).map_err(failed)?;
        drop(plain);
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        self.start(&path, user, world)
    }

    fn start(&self, path: &Path, user: Option<&User>, world: &World<'_>) -> Result<Ended, Error> {
        let program = self.program.with_path(path)?;
        let mut command = program.command(world)?;
        if let Some(user) = user {
            command.envs(user.variables());
        }
        let mut command = User::command_as(user, command, program.called(), false, world)?;
        child::run(&mut command, Messages::of(world.manners), Some(PATIENCE)).map_err(|error| program.failed(&error))
    }
}

fn no_place(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => keeper::no_room(),
        _ => Error::NoPlace { what: format!("the plaintext: {}", files::in_words(error)) },
    }
}

#[cfg(target_os = "linux")]
fn memory(name: &OsStr, plain: &[u8]) -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    // Not close-on-exec: the child is to have it.
    let mut file = File::from(memfd_create(name, MemfdFlags::ALLOW_SEALING)?);
    file.write_all(plain)?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(file.into())
}

#[cfg(not(target_os = "linux"))]
fn memory(_: &OsStr, _: &[u8]) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

/// One name, also where it is spelled `./name` or `name/`.
fn plain_name(name: &OsStr) -> Option<&OsStr> {
    let mut parts = Path::new(name).components().filter(|part| *part != Component::CurDir);
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) => Some(name),
        _ => None,
    }
}

impl Program {
    /// Does `{}` stand in it?
    fn takes_path(&self) -> bool {
        let has = |word: &OsString| word.as_bytes().windows(2).any(|pair| pair == b"{}");
        match self {
            Program::Shell(line) => has(line),
            Program::Direct(words) => words.iter().any(has),
        }
    }

    /// With the path in place of every `{}`.
    ///
    /// # Errors
    /// A shell would look at a character of it (R6): a name from a file must not run a program.
    fn with_path(&self, path: &Path) -> Result<Program, Error> {
        let path = path.as_os_str().as_bytes();
        let is_active = |b: &u8| b.is_ascii_control() || b"$`\\\"';&|<>(){}[]*?".contains(b);
        if matches!(self, Program::Shell(_)) && path.iter().any(is_active) {
            let shown = one_line(&String::from_utf8_lossy(path)).to_string();
            return Err(Error::Usage(format!(
                "the path {shown} has characters that a shell would act on; run the program without one: exec-file FILE -- COMMAND ARGS..."
            )));
        }
        let put = |word: &OsString| {
            let word = word.as_bytes();
            let mut out = Vec::with_capacity(word.len() + path.len());
            let mut rest = word;
            while let Some(at) = rest.windows(2).position(|pair| pair == b"{}") {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(path);
                rest = &rest[at + 2..];
            }
            out.extend_from_slice(rest);
            OsString::from_vec(out)
        };
        Ok(match self {
            Program::Shell(line) => Program::Shell(put(line)),
            Program::Direct(words) => Program::Direct(words.iter().map(put).collect()),
        })
    }
}
