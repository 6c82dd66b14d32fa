//! What is ours in a private folder, and how it goes: read and removed whatever a program has done to its permissions (P14).

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fchmod, fstat, open, openat, statat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::sync::put_all;

/// Opens what is in an open folder of ours. Where its mode, or the folder's, keeps us out, who own it, the mode is mended.
pub(super) fn open_own(folder: &OwnedFd, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let once = || retry_on_intr(|| openat(folder, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()));
    match once() {
        Err(Errno::ACCESS) => {
            let now = fstat(folder)?;
            if now.st_uid == geteuid().as_raw() {
                fchmod(folder, Mode::from_raw_mode(now.st_mode & 0o7777 | 0o700))?;
            }
            regain(folder, name)?;
            once()
        }
        done => done,
    }
}

/// The same for a folder by its path, and the one around it.
pub(super) fn open_own_folder(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let once = || retry_on_intr(|| open(path, flags, Mode::empty()));
    match once() {
        Err(Errno::ACCESS) => {
            path.parent().map_or(Ok(()), |outer| regain(CWD, outer.as_os_str()))?;
            regain(CWD, path.as_os_str())?;
            once()
        }
        done => done,
    }
}

/// Gives the owner, us, the right to read and change a file or a folder. Nothing else is touched, a link above all.
pub(super) fn regain(folder: impl AsFd, name: &OsStr) -> Result<(), Errno> {
    let found = retry_on_intr(|| statat(folder.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW))?;
    let needs = match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => 0o700,
        FileType::RegularFile => 0o600,
        _ => return Ok(()),
    };
    if found.st_uid != geteuid().as_raw() || found.st_mode & needs == needs {
        return Ok(());
    }
    change_mode(folder, name, Mode::from_raw_mode(found.st_mode & 0o7777 | needs))
}

/// By a descriptor that needs no right to the thing itself: `fchmodat` follows links.
#[cfg(target_os = "linux")]
fn change_mode(folder: impl AsFd, name: &OsStr, mode: Mode) -> Result<(), Errno> {
    use std::os::fd::AsRawFd as _;
    let thing = retry_on_intr(|| openat(folder.as_fd(), name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()))?;
    rustix::fs::chmodat(CWD, format!("/proc/self/fd/{}", thing.as_raw_fd()), mode, AtFlags::empty())
}

#[cfg(not(target_os = "linux"))]
fn change_mode(folder: impl AsFd, name: &OsStr, mode: Mode) -> Result<(), Errno> {
    rustix::fs::chmodat(folder, name, mode, AtFlags::SYMLINK_NOFOLLOW)
}

/// Removes a folder of ours with all that is in it; on a disk its files are overwritten first.
pub(super) fn take_away(folder: &Path, in_memory: bool) -> io::Result<()> {
    if !in_memory {
        regain_all(folder);
        shred_all(folder);
    }
    let mut done = fs::remove_dir_all(folder);
    if done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        regain_all(folder);
        done = fs::remove_dir_all(folder);
    }
    match done {
        // A program that was given it may have removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// All that is in a folder, and itself, may be changed by its owner again, as far as that can be.
fn regain_all(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let _ = regain(CWD, folder.as_os_str());
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => drop(regain(CWD, entry.path().as_os_str())),
                _ => {}
            }
        }
    }
}

/// Overwrites a file once and removes its name. Overwriting is not erasing: journals, snapshots and flash keep copies (docs/threat-model.md, section 6).
///
/// # Errors
/// It is no regular file of ours, or cannot be removed.
pub fn shred(path: &Path) -> io::Result<()> {
    // O_NONBLOCK: a pipe without a reader is an error and not a wait.
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = retry_on_intr(|| open(path, flags, Mode::empty()))?;
    let now = fstat(&file)?;
    if FileType::from_raw_mode(now.st_mode) != FileType::RegularFile {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let zeros = vec![0_u8; 64 << 10];
    let (mut at, len) = (0_u64, now.st_size as u64);
    // Through another name the text would be lost to somebody who still wants it.
    while at < len && now.st_nlink == 1 {
        let part = zeros.get(..(len - at).min(zeros.len() as u64) as usize).unwrap_or(&zeros);
        put_all(&file, part, at, true)?;
        at += part.len() as u64;
    }
    rustix::fs::fsync(&file)?;
    fs::remove_file(path)
}

/// Overwrites the files of a folder, and of those in it, as far as they can be.
fn shred_all(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => drop(shred(&entry.path())),
                _ => {}
            }
        }
    }
}
