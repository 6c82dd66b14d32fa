//! One writer a folder at a time: `flock` on the folder itself, which leaves nothing behind; where the file system cannot, a lock file in the user's
//! state folder, which is removed again.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, fstat, open, openat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::folders::make_private_folders;
use super::write::WriteError;

/// So long we wait for another writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lock, until it is dropped.
pub(super) enum Lock {
    /// The folder itself, as long as its descriptor is open: nobody else, on any machine that shares it, writes there by our rules.
    Folder,
    /// A lock file of this user on this machine.
    File { _removed: LockFile },
}

/// A lock file, removed while it is still locked: who waits for it sees that it is gone, and makes another.
pub(super) struct LockFile {
    state: OwnedFd,
    name: String,
    _file: OwnedFd,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // An empty file that stays is found and used again.
        let _ = unlinkat(&self.state, &self.name, AtFlags::empty());
    }
}

/// Locks a folder. `state`: where lock files may be.
pub(super) fn lock(folder: &OwnedFd, state: Option<&Path>) -> Result<Lock, WriteError> {
    let until = Instant::now() + PATIENCE;
    match wait(folder, until) {
        Ok(()) => Ok(Lock::Folder),
        Err(Errno::WOULDBLOCK) => Err(WriteError::Locked),
        // Not supported (some network and user-space file systems), or the folder could only be opened for look-ups.
        Err(Errno::BADF | Errno::INVAL | Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP | Errno::ACCESS | Errno::IO) => {
            let state = state.ok_or(WriteError::NoLock)?;
            match lock_file(folder, state, until) {
                Ok(file) => Ok(Lock::File { _removed: file }),
                Err(Errno::WOULDBLOCK) => Err(WriteError::Locked),
                Err(_) => Err(WriteError::NoLock),
            }
        }
        Err(errno) => Err(WriteError::of(errno, Path::new(""))),
    }
}

/// Asks again and again: a wait inside the kernel has no end that a library could set.
fn wait(file: &OwnedFd, until: Instant) -> Result<(), Errno> {
    let mut pause = Duration::from_millis(1);
    loop {
        match retry_on_intr(|| flock(file, FlockOperation::NonBlockingLockExclusive)) {
            Err(Errno::WOULDBLOCK) if Instant::now() < until => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

/// Named by the folder's device and inode: the same for all paths that lead to it.
fn lock_file(folder: &OwnedFd, state: &Path, until: Instant) -> Result<LockFile, Errno> {
    let id = fstat(folder)?;
    make_private_folders(state).map_err(|_| Errno::ACCESS)?;
    let state = retry_on_intr(|| open(state, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()))?;
    // Whoever owns it could take the lock away.
    if fstat(&state)?.st_uid != geteuid().as_raw() {
        return Err(Errno::ACCESS);
    }
    let name = format!("folder-{:x}-{:x}.lock", id.st_dev, id.st_ino);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    loop {
        let file = retry_on_intr(|| openat(&state, &name, flags, Mode::RUSR | Mode::WUSR))?;
        wait(&file, until)?;
        // Its last holder may have removed it while we waited.
        let (mine, there) = (fstat(&file)?, statat(&state, &name, AtFlags::SYMLINK_NOFOLLOW));
        if there.is_ok_and(|there| (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)) {
            return Ok(LockFile { state, name, _file: file });
        }
    }
}
