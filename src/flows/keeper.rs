//! The helper process that outlives us (docs/threat-model.md, R4 and P14): it holds the other end of a pipe, and the lock of a private folder. When we die,
//! however that happens, the pipe closes, and it removes the folder. It is in a session of its own, deaf to signals, and has none of the variables by which
//! CI cleaners hunt. Before it removes an edit that was under way it seals the text (docs/sealed-file.md, section 7).

use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::message::{self, Message, Parts};
use super::rescue::Rescue;
use crate::error::Error;
use crate::files::{self, PrivateDir};
use crate::guard;
use crate::world::World;

/// The first argument of the helper. No command of anybody.
pub const ARGUMENT: &str = "__keeper";

/// What a folder with a file in it takes beside the text.
pub const BESIDE: usize = 16 << 10;
/// Said when the folder was removed by its owner.
const DONE: u8 = b'.';
/// Said when its owner could not remove it, and there is nothing to be kept.
const REMOVE: u8 = b'-';
/// So often the helper tries then, with a pause before each.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// Said by the helper when it is ready to outlive us.
const READY: u8 = b'!';

/// Our end of the pipe.
#[derive(Debug)]
pub struct Keeper {
    child: Child,
    pipe: ChildStdin,
}

impl Keeper {
    /// Starts the helper for a folder. Only when this returns may plaintext go there.
    ///
    /// # Errors
    /// The helper cannot be started.
    pub fn start(folder: &PrivateDir, rescue: Option<&Rescue<'_>>) -> io::Result<Self> {
        let mut child = guard::as_started(|| {
            #[allow(clippy::disallowed_methods, reason = "the helper outlives us: `Outside::run` waits")]
            let mut command = Command::new(own_program());
            command.arg(ARGUMENT).env_clear().current_dir("/");
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(folder.shared_lock()?).spawn()
        })?;
        let (Some(mut pipe), Some(mut ready)) = (child.stdin.take(), child.stdout.take()) else { unreachable!("both were asked for") };
        let tell = |put: &mut dyn FnMut(&[u8])| {
            put(folder.outer().as_os_str().as_bytes());
            put(folder.path().as_os_str().as_bytes());
            put(&[u8::from(folder.in_memory())]);
            if let Some(rescue) = rescue {
                rescue.write(put);
            }
        };
        let mut answer = [0];
        match Message::of(tell).send(&mut pipe).and_then(|()| ready.read_exact(&mut answer)) {
            Ok(()) if answer == [READY] => Ok(Keeper { child, pipe }),
            failed => {
                let _ = child.kill();
                let _ = child.wait();
                Err(failed.err().unwrap_or_else(|| io::ErrorKind::InvalidData.into()))
            }
        }
    }

    /// Removes the folder once what was to be done with it is done, and lets the helper go. A folder that stays is never passed over in silence (P14): it is
    /// the error, or told beside the one that there is; and the helper tries on.
    ///
    /// # Errors
    /// What was done has failed, or the folder stays.
    pub fn end<T>(mut self, folder: PrivateDir, done: Result<T, Error>, world: &World<'_>) -> Result<T, Error> {
        let path = folder.outer().to_owned();
        let Err(why) = folder.remove() else {
            // One that is gone already has done its work or has none.
            let _ = self.pipe.write_all(&[DONE]);
            drop(self.pipe);
            let _ = self.child.wait();
            return done;
        };
        let _ = self.pipe.write_all(&[REMOVE]);
        let why = why.raw_os_error().map_or(why, io::Error::from_raw_os_error);
        let left = Error::NoPlace { what: format!("the plaintext in {} could not be removed: {why}", path.display()) };
        match done {
            Err(error) if !matches!(error, Error::NotModified) => {
                world.warn([left.to_string()]);
                Err(error)
            }
            _ => {
                if guard::is_interrupted() {
                    // It ends us before anybody has told the error.
                    world.warn([left.to_string()]);
                }
                Err(left)
            }
        }
    }
}

/// A private folder for so much plaintext: in memory, or where the user said that it may go.
///
/// # Errors
/// There is no such place, or no room in any.
pub fn place(runtime: Option<&Path>, on_disk: Option<&Path>, room: usize) -> Result<Option<PrivateDir>, Error> {
    files::make_private_dir(runtime, on_disk, room).map_err(|error| match (error.kind(), on_disk) {
        (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, None) => no_room(),
        (_, None) => {
            let ways = "XDG_RUNTIME_DIR can name another in memory, --on-disk FOLDER one on a disk";
            Error::NoPlace { what: format!("the private folder: {}; {ways}", files::in_words(&error)) }
        }
        _ => Error::NoPlace { what: format!("the private folder: {}", files::in_words(&error)) },
    })
}

/// The helper does not start, and without it there is no plaintext.
pub fn not_started(error: &io::Error) -> Error {
    Error::NoPlace { what: format!("the helper that removes the plaintext if we die: {}", why_not_started(error)) }
}

/// Why a process of ours does not start. It is found, and pipes are reached, by /proc.
pub(super) fn why_not_started(error: &io::Error) -> String {
    if Path::new("/proc/self").exists() { files::in_words(error) } else { "/proc is not mounted here".to_owned() }
}

/// Nothing was written that could be read by anybody.
pub fn no_room() -> Error {
    let what = "the plaintext: no room for it in memory; XDG_RUNTIME_DIR can name another folder there, --on-disk FOLDER one on a disk";
    Error::NoPlace { what: what.to_owned() }
}

/// Ourselves, also where the file was replaced meanwhile.
pub(super) fn own_program() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { own } else { std::env::current_exe().unwrap_or(own) }
}

/// The same for what needs /proc for nothing else: without it by the name that we were called by.
pub(super) fn own_program_by_name(world: &World<'_>) -> PathBuf {
    let own = own_program();
    let called = || std::env::args_os().next().and_then(|name| world.session.outside().program(&name));
    if own.exists() { own } else { called().unwrap_or(own) }
}

/// The helper's life: its exit status.
pub fn keep() -> u8 {
    // Already alone if whoever started us made it so.
    let _ = rustix::process::setsid();
    let _deaf = guard::hold_signals();
    let Ok(mut pipe) = message::input() else { return 1 };
    let Ok(message) = message::read(&mut pipe) else { return 1 };
    let mut parts = Parts(&message);
    let (Some(outer), Some(inner), Some([in_memory])) = (parts.next(), parts.next(), parts.next()) else { return 1 };
    let [outer, inner] = [outer, inner].map(|path| PathBuf::from(std::ffi::OsString::from_vec(path.to_vec())));
    let rescue = Rescue::read(&mut || parts.next());
    if io::stdout().write_all(&[READY]).and_then(|()| io::stdout().flush()).is_err() {
        return 1;
    }
    let mut said = [0];
    let remove = || files::remove_private_dir(&outer, *in_memory != 0).is_ok();
    match pipe.read(&mut said) {
        Ok(1) if said == [DONE] => return 0,
        Ok(1) if said == [REMOVE] => {}
        // The end of the pipe: whoever held it is dead.
        _ => {
            if let Some(rescue) = &rescue {
                // What cannot be saved is removed all the same: no plaintext stays.
                let _ = rescue.save(&inner, &World::quiet());
            }
            if remove() {
                return 0;
            }
        }
    }
    let again = (0..TRIES).any(|_| {
        thread::sleep(PAUSE);
        remove()
    });
    u8::from(!again)
}
