//! The new file before it has its name.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, openat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

const START: &str = ".leafcrypt-";
const END: &str = ".tmp";
/// Hexadecimal digits of randomness between the two.
const DIGITS: usize = 32;

/// A file of mode 0600 with a random name, removed when dropped.
pub(super) struct Temp<'a> {
    folder: &'a OwnedFd,
    pub name: String,
    pub file: OwnedFd,
    keep: bool,
}

impl<'a> Temp<'a> {
    pub(super) fn new(folder: &'a OwnedFd) -> Result<Self, Errno> {
        let name = name()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = retry_on_intr(|| openat(folder, &name, flags, Mode::RUSR | Mode::WUSR))?;
        Ok(Self { folder, name, file, keep: false })
    }

    /// It has its real name by now: it stays.
    pub(super) fn renamed(&mut self) -> &OwnedFd {
        self.keep = true;
        &self.file
    }
}

impl Drop for Temp<'_> {
    fn drop(&mut self) {
        if !self.keep {
            // There is nothing more to be done about a failure: the file is the owner's alone, and the next write here tries again.
            let _ = unlinkat(self.folder, &self.name, AtFlags::empty());
        }
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

fn name() -> Result<String, Errno> {
    let mut random = [0_u8; DIGITS / 2];
    getrandom::fill(&mut random).map_err(|_| Errno::IO)?;
    Ok(format!("{START}{:032x}{END}", u128::from_ne_bytes(random)))
}

fn is_name(name: &[u8]) -> bool {
    let middle = name.strip_prefix(START.as_bytes()).and_then(|rest| rest.strip_suffix(END.as_bytes()));
    middle.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}
