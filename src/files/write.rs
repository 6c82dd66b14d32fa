//! The one function that writes files (R5): lock, compare, a temporary file beside, everything kept, synced, renamed, synced.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, Mode, OFlags, accessat, fchmod, fstat, fsync, openat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use thiserror::Error;
use zeroize::Zeroizing;

use super::keep::keep;
use super::lock::{Lock, lock};
use super::read::{self, ReadError};
use super::stream;
use super::sync::{into, put_all, reserve, sync, sync_folder};
use super::target::{Old, Place, Target, resolve};
use super::temp::{Over, Temp, sweep};
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
    /// Nothing can be written there, by nobody and in no way.
    #[error("the file system is read-only")]
    ReadOnlySystem {
        /// The folder.
        folder: PathBuf,
    },
    /// The target itself is a mount point, as single files in containers are: it can be overwritten, but not replaced.
    #[error("the file is a mount point and cannot be replaced")]
    MountPoint,
    /// A sticky folder (`/tmp`) lets only its owner replace it; others may write into it.
    #[error("the file belongs to another user, and its folder lets nobody else replace it")]
    Sticky,
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
    /// A device or a pipe, which can be written to, but not changed.
    #[error("this is no regular file and cannot be changed in place")]
    NotRegular,
    /// Neither the folder nor a file in the user's state folder can be locked.
    #[error("the folder cannot be locked, and no folder for a lock file can be used")]
    NoLock,
    /// The one error after which the target is the new text.
    #[error("the new text is there, but the disk did not confirm it: after a power cut it may be the old one")]
    NotSynced,
    /// Anything else, by its number.
    #[error("cannot be written: {}", super::in_words(&io::Error::from_raw_os_error(*.0)))]
    Os(i32),
}

/// How a file is to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteHow<'a> {
    /// A new file has mode 0600; otherwise 0666 less the umask that we were started with. An old one keeps its own.
    pub secret: bool,
    /// What was read from the target: if that is not what it holds now, nothing is written.
    pub base: Option<&'a [u8]>,
    /// Where the target cannot be replaced (hard links, mount points, read-only and sticky folders), write into it: a crash then may tear it.
    pub write_through: bool,
    /// There must be nothing at the target.
    pub never_replace: bool,
    /// The user's state folder, for a lock file where the folder itself cannot be locked.
    pub state: Option<&'a Path>,
}

/// Writes a file whole or not at all. On success it is on the disk. What is no regular file (`/dev/stdout`, a pipe) is simply written to.
///
/// # Errors
/// [`WriteError`]: the target is as it was, save for [`WriteError::NotSynced`].
pub fn write(path: &Path, bytes: &[u8], how: &WriteHow<'_>) -> Result<(), WriteError> {
    match resolve(path, how)? {
        Target::Stream(path) => stream::write(&path, bytes),
        Target::File(place) => Claim::of(place, how.state)?.write(bytes, how),
    }
}

/// Could a file be written? To be asked before somebody types a text for it.
///
/// # Errors
/// As [`write()`], as far as it can be known before.
pub fn can_write(path: &Path, how: &WriteHow<'_>) -> Result<(), WriteError> {
    let Target::File(place) = resolve(path, how)? else { return Err(WriteError::NotRegular) };
    check(&place, place.old()?.as_ref(), how)?;
    let may = rustix::fs::accessat(&place.folder, ".", rustix::fs::Access::WRITE_OK, AtFlags::EACCESS);
    match may.map_err(|errno| no_file(&place, errno)) {
        Err(WriteError::ReadOnlyFolder { .. }) if how.write_through => Ok(()),
        may => may,
    }
}

/// Removes a file of ours that is not needed any more.
///
/// # Errors
/// It is not there, or cannot be removed.
pub fn remove(path: &Path) -> std::io::Result<()> {
    std::fs::remove_file(path)
}

/// A file that nobody else who keeps to our lock changes: to read it again, and write what was made of that.
pub struct Claim {
    place: Place,
    lock: Lock,
}

impl Claim {
    /// Waits for its folder, at most 10 seconds.
    ///
    /// # Errors
    /// It is no regular file, or cannot be locked.
    pub fn new(path: &Path, how: &WriteHow<'_>) -> Result<Self, WriteError> {
        match resolve(path, how)? {
            Target::Stream(_) => Err(WriteError::NotRegular),
            Target::File(place) => Self::of(place, how.state),
        }
    }

    fn of(place: Place, state: Option<&Path>) -> Result<Self, WriteError> {
        let lock = lock(&place.folder, state)?;
        Ok(Self { place, lock })
    }

    /// What the file holds now.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(&self) -> Result<Vec<u8>, ReadError> {
        match self.place.old() {
            Ok(Some(old)) => read::all(&old.file, &old.stat),
            Ok(None) => Err(ReadError::NotFound),
            Err(WriteError::Denied) => Err(ReadError::Denied),
            Err(WriteError::Os(number)) => Err(ReadError::Os(number)),
            Err(_) => Err(ReadError::Special),
        }
    }

    /// Writes it, and lets others write.
    ///
    /// # Errors
    /// As [`write()`].
    pub fn write(self, bytes: &[u8], how: &WriteHow<'_>) -> Result<(), WriteError> {
        let Self { place, lock } = self;
        let old = place.old()?;
        check(&place, old.as_ref(), how)?;
        if how.base == Some(bytes) {
            return Ok(());
        }
        let held = guard::undisturbed();
        if matches!(lock, Lock::Folder) {
            sweep(&place.folder);
        }
        let linked = old.as_ref().filter(|old| old.stat.st_nlink > 1);
        let done = match linked {
            Some(old) => overwrite(&place, old, bytes),
            None => match (put(&place, old.as_ref(), bytes, how), &old) {
                (Err(WriteError::ReadOnlyFolder { .. } | WriteError::MountPoint | WriteError::Sticky), Some(old)) if how.write_through => {
                    overwrite(&place, old, bytes)
                }
                (done, _) => done,
            },
        };
        // Before a signal that waited ends us, or stops us: a lock file must go, and the folder, which is one, is free.
        drop((lock, place));
        drop(held);
        done
    }

    /// Removes the file, if it is still what [`WriteHow::base`] says, and lets others write: to take a write back.
    ///
    /// # Errors
    /// It is another, or cannot be removed.
    pub fn remove(self, how: &WriteHow<'_>) -> Result<(), WriteError> {
        let Self { place, lock } = self;
        let error = |errno| WriteError::of(errno, &place.folder_path);
        check(&place, place.old()?.as_ref(), how)?;
        unlinkat(&place.folder, &place.name, AtFlags::empty()).map_err(error)?;
        drop(lock);
        // Should a power cut bring it back, it is whole.
        let _ = fsync(&place.folder);
        Ok(())
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
        return Err(WriteError::HardLinks { count: old.stat.st_nlink });
    }
    Ok(())
}

/// The new file, beside the old one until it is complete and on the disk. Plaintext has no name until then, where that can be.
fn put(place: &Place, old: Option<&Old>, bytes: &[u8], how: &WriteHow<'_>) -> Result<(), WriteError> {
    let new = |made: Result<Option<Temp<'_>>, Errno>| -> Result<bool, WriteError> {
        match made.map_err(|errno| no_file(place, errno))? {
            Some(temp) => fill(place, temp, old, bytes, how),
            None => Ok(false),
        }
    };
    if how.secret && new(Temp::hidden(&place.folder))? {
        return Ok(());
    }
    new(Temp::named(&place.folder).map(Some)).map(drop)
}

fn no_file(place: &Place, errno: Errno) -> WriteError {
    // A file that is mounted by itself can be written to, where its folder cannot.
    let is_writable = || retry_on_intr(|| accessat(&place.folder, &place.name, Access::WRITE_OK, AtFlags::EACCESS)).is_ok();
    match errno {
        Errno::ROFS if !is_writable() => WriteError::of(errno, &place.folder_path),
        Errno::ACCESS | Errno::PERM | Errno::ROFS => WriteError::ReadOnlyFolder { folder: place.folder_path.clone() },
        errno => WriteError::of(errno, &place.folder_path),
    }
}

/// False: it has no name and cannot be given one.
fn fill(place: &Place, mut temp: Temp<'_>, old: Option<&Old>, bytes: &[u8], how: &WriteHow<'_>) -> Result<bool, WriteError> {
    let error = |errno| WriteError::of(errno, &place.folder_path);
    put_all(&temp.file, bytes, 0, false).map_err(error)?;
    match old {
        Some(old) => keep(old, &temp.file).map_err(error)?,
        None if how.secret => {}
        None => fchmod(&temp.file, Mode::from_raw_mode((0o666 & !guard::started_umask()) as _)).map_err(error)?,
    }
    sync(&temp.file).map_err(error)?;
    let over = match old {
        Some(_) => Over::Old,
        None if how.never_replace => Over::Nothing,
        None => Over::Missing,
    };
    let was_hidden = temp.is_hidden();
    match temp.become_target(&place.name, over) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Err(WriteError::Exists),
        Err(_) if temp.is_hidden() => return Ok(false),
        Err(Errno::BUSY | Errno::XDEV) => return Err(WriteError::MountPoint),
        // A new file could be made in the folder, and the old one could be written to.
        Err(Errno::PERM) if old.is_some() && is_sticky(&place.folder) => return Err(WriteError::Sticky),
        Err(errno) => return Err(error(errno)),
    }
    // Some file systems do not sync a file that has no name.
    let file = if was_hidden { sync(&temp.file) } else { Ok(()) };
    file.and_then(|()| sync_folder(&place.folder, &temp.file)).map_err(|_| WriteError::NotSynced)?;
    Ok(true)
}

fn is_sticky(folder: &OwnedFd) -> bool {
    fstat(folder).is_ok_and(|stat| stat.st_mode & 0o1000 != 0)
}

/// Writes into the file itself. What can go wrong is tried before the first byte; if it goes wrong all the same, the old text is put back.
fn overwrite(place: &Place, old: &Old, bytes: &[u8]) -> Result<(), WriteError> {
    let error = |errno| WriteError::of(errno, &place.folder_path);
    let before = Zeroizing::new(read::all(&old.file, &old.stat).map_err(|_| WriteError::Os(Errno::IO.raw_os_error()))?);
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = retry_on_intr(|| openat(&place.folder, &place.name, flags, Mode::empty())).map_err(error)?;
    let done = reserve(&file, bytes.len()).and_then(|()| into(&file, bytes));
    if done.is_err() {
        // The old text has its room already; a disk that fails twice cannot be helped.
        let _ = into(&file, &before);
    }
    done.map_err(error)
}

impl WriteError {
    /// What a failed call means for the user.
    pub(super) fn of(errno: Errno, folder: &Path) -> Self {
        match errno {
            Errno::NOSPC | Errno::DQUOT => WriteError::NoSpace,
            Errno::ACCESS | Errno::PERM => WriteError::Denied,
            Errno::ROFS => WriteError::ReadOnlySystem { folder: folder.to_owned() },
            Errno::NOENT | Errno::NOTDIR => WriteError::NotFound { folder: folder.to_owned() },
            Errno::ISDIR => WriteError::Directory,
            errno => WriteError::Os(errno.raw_os_error()),
        }
    }
}
