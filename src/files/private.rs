//! Folders and files for plaintext that must have a name for a while (R3, R4): owner-only, in memory where there is such a place, removed by us.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fstat, mkdirat, open};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::write::put_all;

/// `f_type` of tmpfs and ramfs.
#[cfg(target_os = "linux")]
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// A folder of mode 0700 with a random name, removed with all that is in it when dropped.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
    in_memory: bool,
    removed: bool,
}

impl PrivateDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It is in memory: nothing in it reaches a disk, except by way of swap.
    pub fn in_memory(&self) -> bool {
        self.in_memory
    }

    /// Removes it now. Dropping it does the same, but cannot tell.
    ///
    /// # Errors
    /// Something could not be removed: the user must know (P14).
    pub fn remove(mut self) -> io::Result<()> {
        self.take_away()
    }

    fn take_away(&mut self) -> io::Result<()> {
        self.removed = true;
        if !self.in_memory {
            shred_all(&self.path);
        }
        fs::remove_dir_all(&self.path)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        if !self.removed {
            let _ = self.take_away();
        }
    }
}

/// Makes an owner-only folder in memory: under the user's runtime folder (`XDG_RUNTIME_DIR`), or `/dev/shm`, whichever first is on tmpfs or ramfs by
/// its own word. Otherwise under `on_disk`, if the user named such a place; otherwise None.
///
/// # Errors
/// The system gives no randomness, or the named place takes no folder.
pub fn make_private_dir(runtime: Option<&Path>, on_disk: Option<&Path>) -> io::Result<Option<PrivateDir>> {
    for parent in runtime.into_iter().chain([Path::new("/dev/shm")]) {
        if let Ok(Some(path)) = make(parent, true) {
            return Ok(Some(PrivateDir { path, in_memory: true, removed: false }));
        }
    }
    let Some(parent) = on_disk else { return Ok(None) };
    let path = make(parent, false)?;
    Ok(path.map(|path| PrivateDir { path, in_memory: false, removed: false }))
}

/// Overwrites a file once and removes its name. Overwriting is not erasing: journals, snapshots and flash keep copies (threat-model.md, section 6).
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

fn make(parent: &Path, in_memory: bool) -> io::Result<Option<PathBuf>> {
    // The place may be reached by links (macOS); what we make in it is made by its descriptor.
    let folder = retry_on_intr(|| open(parent, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()))?;
    if in_memory && !is_in_memory(&folder) {
        return Ok(None);
    }
    // Where others may remove or rename what is ours, the folder would not be ours for long.
    let now = fstat(&folder)?;
    let trusted = now.st_uid == geteuid().as_raw() || now.st_uid == 0;
    if !trusted || now.st_mode & 0o022 != 0 && now.st_mode & 0o1000 == 0 {
        return if in_memory { Ok(None) } else { Err(io::ErrorKind::PermissionDenied.into()) };
    }
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|_| Errno::IO)?;
    let name = format!("leafcrypt-{:032x}", u128::from_ne_bytes(random));
    mkdirat(&folder, &name, Mode::RWXU)?;
    Ok(Some(fs::canonicalize(parent)?.join(name)))
}

#[cfg(target_os = "linux")]
fn is_in_memory(folder: &std::os::fd::OwnedFd) -> bool {
    rustix::fs::fstatfs(folder).is_ok_and(|fs| IN_MEMORY.contains(&(fs.f_type as u64 & 0xffff_ffff)))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_: &std::os::fd::OwnedFd) -> bool {
    false
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
