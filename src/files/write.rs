//! The one function that writes files (R5): lock, compare, a temporary file beside, everything kept, synced, renamed, synced.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, Mode, OFlags, RenameFlags, accessat, fchmod, fsync, ftruncate, openat, renameat, renameat_with};
use rustix::io::{Errno, retry_on_intr};
use thiserror::Error;
use zeroize::Zeroizing;

use super::keep::keep;
use super::lock::{Lock, lock};
use super::read;
use super::stream;
use super::target::{Old, Place, Target, resolve};
use super::temp::{Temp, sweep};
use crate::guard;

/// Why a file was not written. It is as it was.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WriteError {
    /// The target is another text than the base by now.
    #[error("the file was changed by somebody else meanwhile")]
    Changed,
    /// Another writer holds the folder.
    #[error("another program has been writing in this folder for 10 seconds")]
    Locked,
    /// No new file can be made beside the target.
    #[error("no file can be made in the folder {}", folder.display())]
    ReadOnlyFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The target itself is a mount point, as single files in containers are: it can be overwritten, but not replaced.
    #[error("the file is a mount point and cannot be replaced")]
    MountPoint,
    /// The other names would keep the old text.
    #[error("the file has {count} names (hard links)")]
    HardLinks {
        /// So many.
        count: u64,
    },
    /// A link that leads to somebody else's file, or that somebody else put into a folder for all.
    #[error("this is a link to a file of another user, or made by another user")]
    ForeignLink,
    /// There is something at the target already, and nothing may be replaced.
    #[error("the file exists already")]
    Exists,
    /// The disk or the quota is full.
    #[error("no space is left")]
    NoSpace,
    /// No permission.
    #[error("permission denied")]
    Denied,
    /// The folder does not exist.
    #[error("there is no folder {}", folder.display())]
    NotFound {
        /// The folder.
        folder: PathBuf,
    },
    /// The target is a folder.
    #[error("this is a folder, not a file")]
    Directory,
    /// Anything else.
    #[error("cannot be written: {0}")]
    Other(io::ErrorKind),
}

/// How a file is to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteHow<'a> {
    /// A new file has mode 0600; otherwise 0666 less the umask that we were started with. An old one keeps its own.
    pub secret: bool,
    /// What was read from the target: if that is not what it holds now, nothing is written.
    pub base: Option<&'a [u8]>,
    /// Where the target cannot be replaced (hard links, mount points, read-only folders), write into it: a crash then may tear it.
    pub write_through: bool,
    /// There must be nothing at the target.
    pub never_replace: bool,
    /// A folder of the user's for lock files, where folders themselves cannot be locked; None is one in `/tmp`.
    pub state: Option<&'a Path>,
}

/// Writes a file whole or not at all. On success it is on the disk. What is no regular file (`/dev/stdout`, a pipe) is simply written to.
///
/// # Errors
/// [`WriteError`]: the target is as it was. (Save an I/O error in the very last step, the sync of the folder: then it is the new text, which a
/// power cut may undo.)
pub fn write(path: &Path, bytes: &[u8], how: &WriteHow<'_>) -> Result<(), WriteError> {
    match resolve(path, how.base.is_none())? {
        Target::Stream(path) => stream::write(&path, bytes),
        Target::File(place) => replace(&place, bytes, how),
    }
}

fn replace(place: &Place, bytes: &[u8], how: &WriteHow<'_>) -> Result<(), WriteError> {
    let lock = lock(&place.folder, how.state)?;
    let old = place.old()?;
    check(place, old.as_ref(), how)?;
    if how.base == Some(bytes) {
        return Ok(());
    }
    let _held = guard::hold_signals();
    if matches!(lock, Lock::Folder) {
        sweep(&place.folder);
    }
    let linked = old.as_ref().filter(|old| old.stat.st_nlink > 1);
    if let Some(old) = linked {
        return overwrite(place, old, bytes);
    }
    match (put(place, old.as_ref(), bytes, how), &old) {
        (Err(WriteError::ReadOnlyFolder { .. } | WriteError::MountPoint), Some(old)) if how.write_through => overwrite(place, old, bytes),
        (done, _) => done,
    }
}

fn check(place: &Place, old: Option<&Old>, how: &WriteHow<'_>) -> Result<(), WriteError> {
    let error = |errno| WriteError::of(errno, &place.folder_path);
    let Some(old) = old else {
        return if how.base.is_some() { Err(WriteError::Changed) } else { Ok(()) };
    };
    if how.never_replace {
        return Err(WriteError::Exists);
    }
    if let Some(base) = how.base
        && !read::holds(&old.file, &old.stat, base).map_err(error)?
    {
        return Err(WriteError::Changed);
    }
    // A rename asks only for rights on the folder; a file that its owner made read-only stays what it is.
    match retry_on_intr(|| accessat(&place.folder, &place.name, Access::WRITE_OK, AtFlags::EACCESS)) {
        Ok(()) | Err(Errno::ROFS) => {}
        Err(errno) => return Err(error(errno)),
    }
    if old.stat.st_nlink > 1 && !how.write_through {
        return Err(WriteError::HardLinks { count: old.stat.st_nlink as u64 });
    }
    Ok(())
}

/// The new file, beside the old one until it is complete and on the disk.
fn put(place: &Place, old: Option<&Old>, bytes: &[u8], how: &WriteHow<'_>) -> Result<(), WriteError> {
    let error = |errno| WriteError::of(errno, &place.folder_path);
    let mut temp = Temp::new(&place.folder).map_err(|errno| match errno {
        Errno::ACCESS | Errno::PERM | Errno::ROFS => WriteError::ReadOnlyFolder { folder: place.folder_path.clone() },
        errno => error(errno),
    })?;
    put_all(&temp.file, bytes, 0, false).map_err(error)?;
    match old {
        Some(old) => keep(old, &temp.file).map_err(error)?,
        None if how.secret => {}
        None => fchmod(&temp.file, Mode::from_raw_mode((0o666 & !guard::started_umask()) as _)).map_err(error)?,
    }
    sync(&temp.file).map_err(error)?;
    let renamed = match how.never_replace {
        true => rename_beside(place, &temp.name),
        false => renameat(&place.folder, &temp.name, &place.folder, &place.name),
    };
    renamed.map_err(|errno| match errno {
        Errno::BUSY | Errno::XDEV => WriteError::MountPoint,
        Errno::EXIST => WriteError::Exists,
        errno => error(errno),
    })?;
    sync_folder(&place.folder, temp.renamed()).map_err(error)
}

/// Renames, but never over anything.
fn rename_beside(place: &Place, temp: &str) -> Result<(), Errno> {
    match renameat_with(&place.folder, temp, &place.folder, &place.name, RenameFlags::NOREPLACE) {
        // Not every file system can. A second name, and the first taken away, is the same in two steps.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            rustix::fs::linkat(&place.folder, temp, &place.folder, &place.name, AtFlags::empty())?;
            rustix::fs::unlinkat(&place.folder, temp, AtFlags::empty())
        }
        done => done,
    }
}

/// Writes into the file itself. What can go wrong is tried before the first byte; if it goes wrong all the same, the old text is put back.
fn overwrite(place: &Place, old: &Old, bytes: &[u8]) -> Result<(), WriteError> {
    let error = |errno| WriteError::of(errno, &place.folder_path);
    let before = Zeroizing::new(read::all(&old.file, &old.stat).map_err(|_| WriteError::Other(io::ErrorKind::Other))?);
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = retry_on_intr(|| openat(&place.folder, &place.name, flags, Mode::empty())).map_err(error)?;
    let done = reserve(&file, bytes.len()).and_then(|()| into(&file, bytes));
    if done.is_err() {
        // The old text has its room already; a disk that fails twice cannot be helped.
        let _ = into(&file, &before);
    }
    done.map_err(error)
}

fn into(file: &OwnedFd, bytes: &[u8]) -> Result<(), Errno> {
    put_all(file, bytes, 0, true)?;
    ftruncate(file, bytes.len() as u64)?;
    sync(file)
}

/// Room on the disk for the new text before the old one is touched.
#[cfg(target_os = "linux")]
fn reserve(file: &OwnedFd, len: usize) -> Result<(), Errno> {
    if len == 0 {
        return Ok(());
    }
    match retry_on_intr(|| rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, len as u64)) {
        Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        done => done,
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &OwnedFd, _: usize) -> Result<(), Errno> {
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

fn sync(file: &OwnedFd) -> Result<(), Errno> {
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
fn sync_folder(folder: &OwnedFd, file: &OwnedFd) -> Result<(), Errno> {
    match retry_on_intr(|| fsync(folder)) {
        #[cfg(target_os = "linux")]
        Err(Errno::BADF | Errno::INVAL) => retry_on_intr(|| rustix::fs::syncfs(file)),
        #[cfg(not(target_os = "linux"))]
        Err(Errno::BADF | Errno::INVAL) => sync(file),
        done => done,
    }
}

impl WriteError {
    /// What a failed call means for the user.
    pub(super) fn of(errno: Errno, folder: &Path) -> Self {
        match errno {
            Errno::NOSPC | Errno::DQUOT => WriteError::NoSpace,
            Errno::ACCESS | Errno::PERM => WriteError::Denied,
            Errno::ROFS => WriteError::ReadOnlyFolder { folder: folder.to_owned() },
            Errno::NOENT | Errno::NOTDIR => WriteError::NotFound { folder: folder.to_owned() },
            Errno::ISDIR => WriteError::Directory,
            errno => WriteError::Other(io::Error::from(errno).kind()),
        }
    }
}
