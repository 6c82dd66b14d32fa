//! Writing to what is no regular file: through, without lock or rename. Whoever shares a pipe or a terminal with us may have made it one that makes nobody wait
//! (O_NONBLOCK: node and ssh leave it so); then we wait ourselves.

use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, retry_on_intr};

use super::sync::put_all;
use super::write::WriteError;

/// One of our standard streams, to be written to.
#[derive(Clone, Copy, Debug)]
pub struct Stream(BorrowedFd<'static>);

impl Stream {
    /// Standard output.
    pub fn output() -> Self {
        Stream(rustix::stdio::stdout())
    }

    /// Standard error.
    pub fn errors() -> Self {
        Stream(rustix::stdio::stderr())
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match retry_on_intr(|| rustix::io::write(self.0, bytes)) {
                Err(Errno::AGAIN) => wait(self.0, PollFlags::OUT)?,
                // One that is not open for writing is nobody's, as everywhere in Rust.
                Err(Errno::BADF) => return Ok(bytes.len()),
                done => return Ok(done?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until a descriptor that makes nobody wait is ready.
pub(super) fn wait(descriptor: impl AsFd, what: PollFlags) -> Result<(), Errno> {
    retry_on_intr(|| poll(&mut [PollFd::new(&descriptor, what)], None)).map(drop)
}

/// Writes to a device, a pipe, or an open descriptor of ours.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    match descriptor(path) {
        // By the descriptor itself: opened anew, a file would be written from its start, over what is there.
        Some(1) => plainly(Stream::output(), bytes),
        Some(2) => plainly(Stream::errors(), bytes),
        _ => {
            // O_APPEND for the same reason, where a shell opened a file for us under another number; pipes and devices ignore it.
            let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::APPEND;
            let file: OwnedFd = retry_on_intr(|| open(path, flags, Mode::empty())).map_err(|errno| error(errno, path))?;
            put_all(&file, bytes, 0, false).map_err(|errno| error(errno, path))
        }
    }
}

fn plainly(mut stream: Stream, bytes: &[u8]) -> Result<(), WriteError> {
    stream.write_all(bytes).map_err(|e| error(Errno::from_io_error(&e).unwrap_or(Errno::IO), Path::new("")))
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
