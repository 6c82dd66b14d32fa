//! Writing to what is no regular file: through, without lock or rename.

use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, retry_on_intr};

use super::write::{WriteError, put_all};

/// Writes to a device, a pipe, or an open descriptor of ours.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    match descriptor(path) {
        // By the descriptor itself: opened anew, a file would be written from its start, over what is there.
        Some(1) => plainly(&mut io::stdout().lock(), bytes),
        Some(2) => plainly(&mut io::stderr().lock(), bytes),
        _ => {
            // O_APPEND for the same reason, where a shell opened a file for us under another number; pipes and devices ignore it.
            let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::APPEND;
            let file: OwnedFd = retry_on_intr(|| open(path, flags, Mode::empty())).map_err(|errno| error(errno, path))?;
            put_all(&file, bytes, 0, false).map_err(|errno| error(errno, path))
        }
    }
}

fn plainly(out: &mut impl Write, bytes: &[u8]) -> Result<(), WriteError> {
    let done = out.write_all(bytes).and_then(|()| out.flush());
    done.map_err(|e| error(Errno::from_io_error(&e).unwrap_or(Errno::IO), Path::new("")))
}

fn error(errno: Errno, path: &Path) -> WriteError {
    WriteError::of(errno, path.parent().unwrap_or(path))
}

/// The number of our own descriptor that a path in procfs names.
fn descriptor(path: &Path) -> Option<u32> {
    let number = path.file_name()?.to_str()?.parse().ok()?;
    let ours = PathBuf::from(format!("/proc/{}/fd", std::process::id()));
    let folder = fs::canonicalize(path.parent()?).ok()?;
    (folder == ours || folder == Path::new("/dev/fd")).then_some(number)
}
