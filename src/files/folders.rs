//! Folders, and who we are.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fsync, open};
use rustix::io::{Errno, retry_on_intr};

use super::WriteError;

/// The current folder: as `PWD` has it where that is the same folder, so that links on the way stay as the user typed them.
pub fn current_folder(pwd: Option<PathBuf>) -> PathBuf {
    let real = std::env::current_dir().unwrap_or_default();
    match pwd {
        Some(pwd) if pwd.is_absolute() && std::fs::canonicalize(&pwd).is_ok_and(|p| p == real) => pwd,
        _ => real,
    }
}

/// User and primary group id of this process.
pub fn user() -> (u32, u32) {
    (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw())
}

/// Makes a folder and those above it that are missing, mode 0700, on the disk before this returns. The ones that were made, topmost first.
///
/// # Errors
/// One cannot be made; then none stays.
pub fn make_private_folders(path: &Path) -> Result<Vec<PathBuf>, WriteError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    let mut made = Vec::new();
    for folder in missing.into_iter().rev() {
        match make(folder) {
            Ok(true) => made.push(folder.to_owned()),
            // Somebody else made it meanwhile: then it is theirs.
            Ok(false) => {}
            Err(error) => {
                remove_folders(&made);
                return Err(error);
            }
        }
    }
    Ok(made)
}

/// Takes back what [`make_private_folders`] made, as far as it is empty.
pub fn remove_folders(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        // One that is in use by now stays.
        let _ = std::fs::remove_dir(folder);
    }
}

fn make(folder: &Path) -> Result<bool, WriteError> {
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => return Ok(false),
        Err(error) => {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
            return Err(WriteError::of(errno, folder.parent().unwrap_or(folder)));
        }
    }
    // A file in it would be lost with it in a power cut.
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = retry_on_intr(|| open(above, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())).and_then(|above| {
        match retry_on_intr(|| fsync(&above)) {
            Err(Errno::INVAL | Errno::ROFS) => Ok(()),
            done => done,
        }
    });
    match synced {
        // A folder that may be written but not listed cannot be synced by us.
        Ok(()) | Err(Errno::ACCESS) => Ok(true),
        Err(errno) => {
            let _ = std::fs::remove_dir(folder);
            Err(WriteError::of(errno, above))
        }
    }
}
