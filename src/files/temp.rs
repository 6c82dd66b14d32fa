//! The new file before it has its name.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, fstat, ftruncate, linkat, openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

const START: &str = ".leafcrypt-";
const END: &str = ".tmp";
/// Hexadecimal digits of randomness between the two.
const DIGITS: usize = 32;
/// Names of our open files.
const DESCRIPTORS: &str = "/proc/self/fd";

/// A file of mode 0600, without a name where the kernel can, else with a random one; removed when dropped.
pub(super) struct Temp<'a> {
    folder: &'a OwnedFd,
    /// None: it has no name, and goes with its descriptor, also after kill -9.
    name: Option<String>,
    pub file: OwnedFd,
    keep: bool,
}

/// How a new file gets the name of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// There is nothing, and nothing may be replaced.
    Nothing,
    /// There was nothing.
    Missing,
    /// The old file.
    Old,
}

impl<'a> Temp<'a> {
    /// A file with a name.
    pub(super) fn named(folder: &'a OwnedFd) -> Result<Self, Errno> {
        let name = name()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = retry_on_intr(|| openat(folder, &name, flags, Mode::RUSR | Mode::WUSR))?;
        Ok(Self { folder, name: Some(name), file, keep: false })
    }

    /// A file without a name, for plaintext: whenever we are killed before it is complete, nothing stays. None: not here.
    #[cfg(target_os = "linux")]
    pub(super) fn hidden(folder: &'a OwnedFd) -> Result<Option<Self>, Errno> {
        // Without procfs it could never be given a name.
        if rustix::fs::access(DESCRIPTORS, rustix::fs::Access::EXISTS).is_err() {
            return Ok(None);
        }
        match retry_on_intr(|| openat(folder, ".", OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)) {
            Ok(file) => Ok(Some(Self { folder, name: None, file, keep: false })),
            // By old kernels, and by file systems that cannot.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT | Errno::NOSYS) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn hidden(_: &'a OwnedFd) -> Result<Option<Self>, Errno> {
        Ok(None)
    }

    /// Has it no name yet?
    pub(super) fn is_hidden(&self) -> bool {
        self.name.is_none()
    }

    /// Gives it the target's name. From then on it stays.
    pub(super) fn become_target(&mut self, target: &OsStr, over: Over) -> Result<(), Errno> {
        if self.name.is_none() && over != Over::Old {
            match self.link(target) {
                Ok(()) => {
                    self.keep = true;
                    return Ok(());
                }
                // Somebody who keeps no lock made one meanwhile.
                Err(Errno::EXIST) if over == Over::Missing => {}
                Err(errno) => return Err(errno),
            }
        }
        let name = match &self.name {
            Some(name) => name,
            None => {
                let name = name()?;
                self.link(OsStr::new(&name))?;
                self.name.insert(name)
            }
        };
        match over {
            Over::Nothing => rename_beside(self.folder, name, target)?,
            Over::Missing | Over::Old => renameat(self.folder, name, self.folder, target)?,
        }
        self.keep = true;
        Ok(())
    }

    fn link(&self, to: &OsStr) -> Result<(), Errno> {
        let from = format!("{DESCRIPTORS}/{}", self.file.as_raw_fd());
        linkat(rustix::fs::CWD, from, self.folder, to, AtFlags::SYMLINK_FOLLOW)
    }
}

impl Drop for Temp<'_> {
    fn drop(&mut self) {
        let Some(name) = self.name.as_ref().filter(|_| !self.keep) else { return };
        if matches!(unlinkat(self.folder, name, AtFlags::empty()), Ok(()) | Err(Errno::NOENT)) {
            return;
        }
        // What cannot be removed is emptied, and the next write here tries again. Not if it has become the target after all: network file systems
        // may say that a rename failed which did not.
        let (mine, there) = (fstat(&self.file), statat(self.folder, name, AtFlags::SYMLINK_NOFOLLOW));
        if mine.is_ok_and(|mine| mine.st_nlink == 1 && there.is_ok_and(|there| (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)))
        {
            let _ = ftruncate(&self.file, 0);
        }
    }
}

/// Renames, but never over anything.
fn rename_beside(folder: &OwnedFd, temp: &str, target: &OsStr) -> Result<(), Errno> {
    match renameat_with(folder, temp, folder, target, RenameFlags::NOREPLACE) {
        // Not every file system can. A second name, and the first taken away, is the same in two steps.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            linkat(folder, temp, folder, target, AtFlags::empty())?;
            unlinkat(folder, temp, AtFlags::empty()).inspect_err(|_| {
                let _ = unlinkat(folder, target, AtFlags::empty());
            })
        }
        done => done,
    }
}

/// Removes what a killed writer left in a folder. The folder's lock must be held: then none of these is in use. Once a process and folder.
pub(super) fn sweep(folder: &OwnedFd) {
    static SWEPT: Mutex<Option<HashSet<(u64, u64)>>> = Mutex::new(None);
    let Ok(id) = fstat(folder) else { return };
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if !swept.get_or_insert_default().insert((id.st_dev, id.st_ino)) {
        return;
    }
    drop(swept);
    let Ok(entries) = Dir::read_from(folder) else { return };
    for entry in entries.flatten() {
        if !is_name(entry.file_name().to_bytes()) {
            continue;
        }
        let Ok(found) = statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) else { continue };
        if found.st_uid == geteuid().as_raw() && FileType::from_raw_mode(found.st_mode) == FileType::RegularFile {
            let _ = unlinkat(folder, entry.file_name(), AtFlags::empty());
        }
    }
}

/// Is this what a killed writer left? Of plaintext it may be.
pub fn is_left_over(path: &Path) -> bool {
    path.file_name().is_some_and(|name| is_name(name.as_bytes()))
}

fn name() -> Result<String, Errno> {
    let mut random = [0_u8; DIGITS / 2];
    getrandom::fill(&mut random).map_err(|_| Errno::IO)?;
    Ok(format!("{START}{:032x}{END}", u128::from_ne_bytes(random)))
}

fn is_name(name: &[u8]) -> bool {
    let middle = name.strip_prefix(START.as_bytes()).and_then(|rest| rest.strip_suffix(END.as_bytes()));
    middle.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}
