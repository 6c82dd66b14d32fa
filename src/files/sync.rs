//! Bytes into a file that is open, and onto the disk.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{fsync, ftruncate};
use rustix::io::{Errno, retry_on_intr};

/// What a file holds becomes this, in place.
pub(super) fn into(file: &OwnedFd, bytes: &[u8]) -> Result<(), Errno> {
    put_all(file, bytes, 0, true)?;
    ftruncate(file, bytes.len() as u64)?;
    sync(file)
}

/// Room on the disk for the new text before the old one is touched.
#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &OwnedFd, len: usize) -> Result<(), Errno> {
    if len == 0 {
        return Ok(());
    }
    match retry_on_intr(|| rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, len as u64)) {
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        done => done,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_: &OwnedFd, _: usize) -> Result<(), Errno> {
    Ok(())
}

/// All bytes, however few a call takes; at a place in the file, or where its descriptor stands.
pub(super) fn put_all(file: impl AsFd, mut bytes: &[u8], mut at: u64, placed: bool) -> Result<(), Errno> {
    while !bytes.is_empty() {
        let count =
            retry_on_intr(|| if placed { rustix::io::pwrite(file.as_fd(), bytes, at) } else { rustix::io::write(file.as_fd(), bytes) })?;
        if count == 0 {
            return Err(Errno::IO);
        }
        bytes = bytes.get(count..).unwrap_or_default();
        at += count as u64;
    }
    Ok(())
}

/// What was written lasts.
pub(super) fn sync(file: &OwnedFd) -> Result<(), Errno> {
    #[cfg(target_vendor = "apple")]
    if rustix::fs::fcntl_fullfsync(file).is_ok() {
        return Ok(());
    }
    match retry_on_intr(|| fsync(file)) {
        // Not on a disk at all.
        Err(Errno::INVAL | Errno::ROFS) => Ok(()),
        done => done,
    }
}

/// Makes the rename last. A folder that we could not open for reading cannot be synced: then the whole file system is.
pub(super) fn sync_folder(folder: &OwnedFd, file: &OwnedFd) -> Result<(), Errno> {
    match retry_on_intr(|| fsync(folder)) {
        #[cfg(target_os = "linux")]
        Err(Errno::BADF | Errno::INVAL) => retry_on_intr(|| rustix::fs::syncfs(file)),
        #[cfg(not(target_os = "linux"))]
        Err(Errno::BADF | Errno::INVAL) => sync(file),
        done => done,
    }
}
