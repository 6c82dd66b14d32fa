//! The helper process that outlives us (docs/threat-model.md, R4 and P14): it holds the other end of a pipe, and the lock of a private folder. When we die,
//! however that happens, the pipe closes, and it removes the folder. It is in a session of its own, deaf to signals, and has none of the variables by which
//! CI cleaners hunt. Before it removes an edit that was under way it seals the text (docs/sealed-file.md, section 7).

use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::message::{self, Message, Parts};
use super::rescue::Rescue;
use crate::files::{self, PrivateDir};
use crate::guard;
use crate::world::World;

/// The first argument of the helper. No command of anybody.
pub const ARGUMENT: &str = "__keeper";

/// Said when the folder was removed by its owner.
const DONE: u8 = b'.';
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
        let mut message = Message::default();
        message.put(folder.outer().as_os_str().as_bytes());
        message.put(folder.path().as_os_str().as_bytes());
        message.put(&[u8::from(folder.in_memory())]);
        if let Some(rescue) = rescue {
            rescue.write(&mut |part| message.put(part));
        }
        let mut answer = [0];
        match message.send(&mut pipe).and_then(|()| ready.read_exact(&mut answer)) {
            Ok(()) if answer == [READY] => Ok(Keeper { child, pipe }),
            failed => {
                let _ = child.kill();
                let _ = child.wait();
                Err(failed.err().unwrap_or_else(|| io::ErrorKind::InvalidData.into()))
            }
        }
    }

    /// The folder is gone: there is nothing to do for the helper.
    pub fn dismiss(mut self) {
        // One that is gone already has done its work or has none.
        let _ = self.pipe.write_all(&[DONE]);
        drop(self.pipe);
        let _ = self.child.wait();
    }
}

/// Ourselves, also where the file was replaced meanwhile.
pub(super) fn own_program() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { own } else { std::env::current_exe().unwrap_or(own) }
}

/// The helper's life: its exit status.
pub fn keep() -> u8 {
    // Already alone if whoever started us made it so.
    let _ = rustix::process::setsid();
    let _deaf = guard::hold_signals();
    let mut pipe = io::stdin().lock();
    let Ok(message) = message::read(&mut pipe) else { return 1 };
    let mut parts = Parts(&message);
    let (Some(outer), Some(inner), Some([in_memory])) = (parts.next(), parts.next(), parts.next()) else { return 1 };
    let [outer, inner] = [outer, inner].map(|path| PathBuf::from(std::ffi::OsString::from_vec(path.to_vec())));
    let rescue = Rescue::read(&mut || parts.next());
    if io::stdout().write_all(&[READY]).and_then(|()| io::stdout().flush()).is_err() {
        return 1;
    }
    let mut said = [0];
    // The end of the pipe: whoever held it is dead.
    if matches!(pipe.read(&mut said), Ok(1)) && said == [DONE] {
        return 0;
    }
    if let Some(rescue) = &rescue {
        // What cannot be saved is removed all the same: no plaintext stays.
        let _ = rescue.save(&inner, &World::quiet());
    }
    u8::from(files::remove_private_dir(&outer, *in_memory != 0).is_err())
}
