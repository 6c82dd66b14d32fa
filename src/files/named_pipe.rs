//! A pipe with a name, held so that whoever takes the name away takes nothing from us: its ends are opened by what we hold, where the system lets us.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{FileType, Mode, OFlags, mknodat, openat};
use rustix::io::retry_on_intr;

/// A pipe that has, or had, a name in a private folder.
#[derive(Debug)]
pub struct NamedPipe(Held);

#[cfg(target_os = "linux")]
type Held = OwnedFd;
/// By its name alone: it cannot be opened any more when that is gone.
#[cfg(not(target_os = "linux"))]
type Held = (OwnedFd, std::ffi::OsString);

impl NamedPipe {
    /// Makes it, mode 0600.
    pub(super) fn make(folder: OwnedFd, name: &OsStr) -> io::Result<Self> {
        mknodat(&folder, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        #[cfg(target_os = "linux")]
        let held = retry_on_intr(|| openat(&folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()))?;
        #[cfg(not(target_os = "linux"))]
        let held = (folder, name.to_owned());
        Ok(NamedPipe(held))
    }

    /// The writing end. Waits until somebody reads, or [`NamedPipe::reader`] is opened.
    ///
    /// # Errors
    /// It can not be reached any more.
    pub fn writer(&self) -> io::Result<OwnedFd> {
        self.end(OFlags::WRONLY)
    }

    /// One descriptor more, to be given up for an end where no other is left.
    ///
    /// # Errors
    /// None is left now.
    pub fn spare(&self) -> io::Result<OwnedFd> {
        #[cfg(target_os = "linux")]
        return self.0.try_clone();
        #[cfg(not(target_os = "linux"))]
        return self.0.0.try_clone();
    }

    /// A reading end, without waiting.
    ///
    /// # Errors
    /// It can not be reached any more.
    pub fn reader(&self) -> io::Result<OwnedFd> {
        self.end(OFlags::RDONLY | OFlags::NONBLOCK)
    }

    /// Who still waits for a writer, having come too late for the text, is let go: it reads the end.
    pub fn let_go(&self) {
        // Without a reader it cannot be opened so.
        drop(self.end(OFlags::WRONLY | OFlags::NONBLOCK));
    }

    #[cfg(target_os = "linux")]
    fn end(&self, how: OFlags) -> io::Result<OwnedFd> {
        use std::os::fd::AsRawFd as _;
        let path = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        Ok(retry_on_intr(|| openat(rustix::fs::CWD, path.as_str(), how | OFlags::CLOEXEC, Mode::empty()))?)
    }

    #[cfg(not(target_os = "linux"))]
    fn end(&self, how: OFlags) -> io::Result<OwnedFd> {
        let (folder, name) = &self.0;
        Ok(retry_on_intr(|| openat(folder, name, how | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()))?)
    }
}
