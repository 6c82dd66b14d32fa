//! Folders, and who we are.

use std::io;
use std::path::{Path, PathBuf};

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

/// Makes a folder and those above it that are missing, mode 0700.
///
/// # Errors
/// One cannot be made.
pub fn make_private_folders(path: &Path) -> Result<(), WriteError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e: io::Error| match e.kind() {
        io::ErrorKind::PermissionDenied => WriteError::Denied,
        kind => WriteError::Other(kind),
    })
}
