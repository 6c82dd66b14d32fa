//! Where a path leads: the real file behind links, held by its folder, or something that is no file.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::write::{WriteError, WriteHow};

/// So many links one after another, as in the kernel.
const MOST_LINKS: usize = 40;
/// `f_type` of procfs: its links to open files are no paths.
#[cfg(target_os = "linux")]
const PROCFS: u64 = 0x9fa0;

/// What a path leads to.
pub(super) enum Target {
    /// A regular file, or the place for one.
    File(Place),
    /// A device, a pipe, an open descriptor: to be written through by this path.
    Stream(PathBuf),
}

/// A name in an open folder.
pub(super) struct Place {
    /// The folder; perhaps only good for looking up names in it.
    pub folder: OwnedFd,
    /// For messages.
    pub folder_path: PathBuf,
    /// The name in it.
    pub name: OsString,
}

/// A regular file that is there.
pub(super) struct Old {
    pub file: OwnedFd,
    pub stat: Stat,
}

/// Follows a path to the real thing.
pub(super) fn resolve(path: &Path, how: &WriteHow<'_>) -> Result<Target, WriteError> {
    // The caller does not change a file that it read, so nobody looked at what the links lead to.
    let new = how.base.is_none();
    let mut at = path.to_owned();
    for links in 0..MOST_LINKS {
        let place = Place::of(&at)?;
        let found = match retry_on_intr(|| statat(&place.folder, &place.name, AtFlags::SYMLINK_NOFOLLOW)) {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(Target::File(place)),
            Err(errno) => return Err(WriteError::of(errno, &place.folder_path)),
        };
        // A link to nothing is something, too.
        if how.never_replace {
            return Err(WriteError::Exists);
        }
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => {
                if new && links > 0 && found.st_uid != geteuid().as_raw() {
                    return Err(WriteError::ForeignLink);
                }
                // Somebody else's file, laid ready for us in a folder for all (the kernel's fs.protected_regular).
                if new && is_planted(&place.folder, &found)? {
                    return Err(WriteError::Denied);
                }
                return Ok(Target::File(place));
            }
            FileType::Directory => return Err(WriteError::Directory),
            FileType::Symlink if is_procfs(&place.folder) => return Ok(Target::Stream(at)),
            FileType::Symlink => {
                // The kernel's fs.protected_symlinks, which only looks at links it follows itself.
                if is_planted(&place.folder, &found)? {
                    return Err(WriteError::ForeignLink);
                }
                let to = retry_on_intr(|| readlinkat(&place.folder, &place.name, Vec::new()))
                    .map_err(|e| WriteError::of(e, &place.folder_path))?;
                at = place.folder_path.join(OsString::from_vec(to.into_bytes()));
            }
            _ => return Ok(Target::Stream(at)),
        }
    }
    Err(WriteError::of(Errno::LOOP, path))
}

impl Place {
    fn of(path: &Path) -> Result<Self, WriteError> {
        let text = path.as_os_str().as_bytes();
        let name = path.file_name().filter(|_| !text.ends_with(b"/") && !text.ends_with(b"/."));
        let name = name.ok_or(WriteError::Directory)?.to_owned();
        let folder_path = match path.parent() {
            Some(parent) if parent != OsStr::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = retry_on_intr(|| openat(rustix::fs::CWD, &folder_path, flags | OFlags::RDONLY, Mode::empty()));
        // A folder that may be entered but not listed.
        #[cfg(target_os = "linux")]
        let folder = match folder {
            Err(Errno::ACCESS) => retry_on_intr(|| openat(rustix::fs::CWD, &folder_path, flags | OFlags::PATH, Mode::empty())),
            other => other,
        };
        match folder {
            Ok(folder) => Ok(Self { folder, folder_path, name }),
            Err(Errno::NOENT | Errno::NOTDIR) => Err(WriteError::NotFound { folder: folder_path }),
            Err(errno) => Err(WriteError::of(errno, &folder_path)),
        }
    }

    /// The file as it is now, to be called under the lock. It is no link, and nothing but a file, any more.
    pub(super) fn old(&self) -> Result<Option<Old>, WriteError> {
        // Without O_NONBLOCK a pipe that was put here meanwhile would make us wait for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let file = match retry_on_intr(|| openat(&self.folder, &self.name, flags, Mode::empty())) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(WriteError::Changed),
            Err(errno) => return Err(WriteError::of(errno, &self.folder_path)),
        };
        let stat = fstat(&file).map_err(|errno| WriteError::of(errno, &self.folder_path))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Some(Old { file, stat })),
            _ => Err(WriteError::Changed),
        }
    }
}

/// In a folder where everybody may put things, a thing that neither we nor the folder's owner put there.
fn is_planted(folder: &OwnedFd, thing: &Stat) -> Result<bool, WriteError> {
    let owner = thing.st_uid;
    if owner == geteuid().as_raw() {
        return Ok(false);
    }
    let folder = fstat(folder).map_err(|errno| WriteError::of(errno, Path::new("")))?;
    Ok(folder.st_mode & 0o1002 == 0o1002 && folder.st_uid != owner)
}

#[cfg(target_os = "linux")]
fn is_procfs(folder: &OwnedFd) -> bool {
    rustix::fs::fstatfs(folder).is_ok_and(|fs| fs.f_type as u64 == PROCFS)
}

#[cfg(not(target_os = "linux"))]
fn is_procfs(_: &OwnedFd) -> bool {
    false
}
