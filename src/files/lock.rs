//! One writer a folder at a time: `flock` on the folder itself, which leaves nothing behind; where the file system cannot, a lock file elsewhere.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, mkdir, open, stat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::write::WriteError;

/// So long we wait for another writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lock, until it is dropped, and the folder's descriptor with it.
pub(super) enum Lock {
    /// The folder itself: nobody else, on any machine that shares it, writes there by our rules.
    Folder,
    /// A lock file of this user on this machine.
    File { _file: OwnedFd },
}

/// Locks a folder.
pub(super) fn lock(folder: &OwnedFd, state: Option<&Path>) -> Result<Lock, WriteError> {
    let until = Instant::now() + PATIENCE;
    match wait(folder, until) {
        Ok(()) => Ok(Lock::Folder),
        Err(Errno::WOULDBLOCK) => Err(WriteError::Locked),
        // Not supported (some network and user-space file systems), or the folder could only be opened for look-ups.
        Err(Errno::BADF | Errno::INVAL | Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP | Errno::ACCESS | Errno::IO) => {
            let file = lock_file(folder, state).map_err(|errno| WriteError::of(errno, state.unwrap_or(Path::new(""))))?;
            match wait(&file, until) {
                Ok(()) => Ok(Lock::File { _file: file }),
                Err(Errno::WOULDBLOCK) => Err(WriteError::Locked),
                Err(errno) => Err(WriteError::of(errno, state.unwrap_or(Path::new("")))),
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
fn lock_file(folder: &OwnedFd, state: Option<&Path>) -> Result<OwnedFd, Errno> {
    let id = fstat(folder)?;
    let state = match state {
        Some(state) => state.to_owned(),
        None => PathBuf::from(format!("/tmp/.leafcrypt-locks-{}", geteuid().as_raw())),
    };
    match mkdir(&state, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(errno),
    }
    // The folder under /tmp could be somebody else's.
    if stat(&state)?.st_uid != geteuid().as_raw() {
        return Err(Errno::ACCESS);
    }
    let name = format!("folder-{:x}-{:x}.lock", id.st_dev, id.st_ino);
    open(state.join(name), OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)
}
