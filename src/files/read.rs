//! Input, whole: regular files and pipes only, never more than the largest sealed file.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use leafcrypt_formats::Limits;
use rustix::buffer::spare_capacity;
use rustix::event::PollFlags;
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, lstat, open, stat};
use rustix::io::{Errno, retry_on_intr};
use thiserror::Error;
use zeroize::Zeroize;

use super::stream;

/// What is read at once of a big file that is perhaps none of ours.
const PIECE: usize = 1 << 20;

/// Why a file cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReadError {
    /// Nothing has this name.
    #[error("no such file")]
    NotFound,
    /// A folder.
    #[error("this is a folder, not a file")]
    Directory,
    /// A device or a socket: it might never end, or reading might change something.
    #[error("this is a device or a socket, not a file or pipe")]
    Special,
    /// More than anything we would open.
    #[error("the file is over the limit of {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// No permission.
    #[error("permission denied")]
    Denied,
    /// Anything else, by its number.
    #[error("cannot be read: {}", super::in_words(&io::Error::from_raw_os_error(*.0)))]
    Os(i32),
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    File,
    Pipe,
    Folder,
    Other,
}

/// What is known of a file without opening it: whether a configuration file may be trusted hangs on it (P22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its kind.
    pub kind: Kind,
    /// User id of its owner.
    pub owner: u32,
    /// Group id.
    pub group: u32,
    /// Permission bits.
    pub mode: u32,
    /// Bytes, of a file.
    pub len: u64,
}

/// Reads a file or a pipe.
///
/// # Errors
/// [`ReadError`]; never with a part of the content.
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    read_within(path, Limits::BINARY_SEALED)
}

/// The same of a file that has a limit of its own: one over it is not read at all.
///
/// # Errors
/// As [`read`].
pub fn read_within(path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    if is_stdin(path) {
        return read_stdin();
    }
    let (file, now) = enter(path)?;
    all_within(&file, &now, limit)
}

/// The same of a text whose format is told. What a binary file is sealed as is JSON, and may stand under any name.
///
/// # Errors
/// As [`read`].
pub fn read_text(path: &Path) -> Result<Vec<u8>, ReadError> {
    if is_stdin(path) {
        return read_stdin();
    }
    let (file, now) = enter(path)?;
    let mut limit = Limits::SEALED.text;
    if now.st_size as u64 > limit as u64 {
        let mut start = [0; 512];
        let count = retry_on_intr(|| rustix::io::pread(&file, &mut start, 0)).map_err(read_error)?;
        if start[..count].trim_ascii_start().starts_with(b"{") {
            limit = Limits::BINARY_SEALED;
        }
    }
    all_within(&file, &now, limit)
}

/// May one of these stand in a file? Asked of what was found in a folder and is none of ours, as most is: of a big file only a piece at a time is read, and
/// none behind one that no text could be.
///
/// # Errors
/// As [`read`].
pub fn may_hold(path: &Path, words: &[&[u8]]) -> Result<bool, ReadError> {
    let (file, now) = enter(path)?;
    if now.st_size < PIECE as i64 || FileType::from_raw_mode(now.st_mode) != FileType::RegularFile {
        return Ok(true);
    }
    let overlap = words.iter().map(|word| word.len()).max().unwrap_or(1) - 1;
    let finders: Vec<_> = words.iter().map(memchr::memmem::Finder::new).collect();
    let mut piece = zeroize::Zeroizing::new(vec![0; PIECE]);
    let mut at = 0;
    loop {
        let count = retry_on_intr(|| rustix::io::pread(&file, piece.as_mut_slice(), at)).map_err(read_error)?;
        let read = piece.get(..count).unwrap_or_default();
        if finders.iter().any(|finder| finder.find(read).is_some()) {
            return Ok(true);
        }
        if count <= overlap || memchr::memchr(0, read).is_some() {
            return Ok(false);
        }
        at += (count - overlap) as u64;
    }
}

/// Opens a file or a pipe. First the kind, then the door: opening a device may already do something.
fn enter(path: &Path) -> Result<(OwnedFd, Stat), ReadError> {
    check(&retry_on_intr(|| stat(path)).map_err(read_error)?)?;
    let file = retry_on_intr(|| open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty())).map_err(read_error)?;
    let now = fstat(&file).map_err(read_error)?;
    check(&now)?;
    Ok((file, now))
}

/// Reads standard input: a file, a pipe, a socket (some programs start us with one), a terminal, or nothing (`/dev/null`).
///
/// # Errors
/// [`ReadError`].
pub fn read_stdin() -> Result<Vec<u8>, ReadError> {
    let stdin = rustix::stdio::stdin();
    let now = fstat(stdin).map_err(read_error)?;
    match FileType::from_raw_mode(now.st_mode) {
        FileType::Directory => return Err(ReadError::Directory),
        FileType::BlockDevice => return Err(ReadError::Special),
        FileType::CharacterDevice if !rustix::termios::isatty(stdin) && !is_null(&now) => return Err(ReadError::Special),
        _ => {}
    }
    all(stdin, &now)
}

/// What stands at a path, links followed. None: nothing, or a link to nothing.
///
/// # Errors
/// It cannot be known: no permission on the way, or the disk fails.
pub fn facts(path: &Path) -> io::Result<Option<Facts>> {
    let found = match retry_on_intr(|| stat(path)) {
        Ok(found) => found,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    Ok(Some(facts_of(&found)))
}

#[allow(clippy::unnecessary_cast, reason = "a mode is narrower on other systems")]
pub(super) fn facts_of(found: &Stat) -> Facts {
    let kind = match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Fifo => Kind::Pipe,
        FileType::Directory => Kind::Folder,
        _ => Kind::Other,
    };
    Facts { kind, owner: found.st_uid, group: found.st_gid, mode: (found.st_mode & 0o7777) as u32, len: found.st_size as u64 }
}

/// Whether two paths lead to one file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    match (stat(one), stat(other)) {
        (Ok(one), Ok(other)) => (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino),
        _ => false,
    }
}

/// Whether a link stands at a path, wherever it leads.
pub fn is_link(path: &Path) -> bool {
    link_owner(path).is_ok_and(|owner| owner.is_some())
}

/// The owner of a symbolic link itself; none: no link stands there.
///
/// # Errors
/// It cannot be known.
fn link_owner(path: &Path) -> io::Result<Option<u32>> {
    match retry_on_intr(|| lstat(path)) {
        Ok(found) => Ok((FileType::from_raw_mode(found.st_mode) == FileType::Symlink).then_some(found.st_uid)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Everything that a descriptor gives, up to the limit.
pub(super) fn all(file: impl AsFd, now: &Stat) -> Result<Vec<u8>, ReadError> {
    all_within(file, now, Limits::BINARY_SEALED)
}

pub(super) fn all_within(file: impl AsFd, now: &Stat, limit: usize) -> Result<Vec<u8>, ReadError> {
    let too_large = ReadError::TooLarge { limit: limit as u64 };
    let told = usize::try_from(now.st_size).unwrap_or(0);
    if told > limit {
        return Err(too_large);
    }
    // One byte more than it should have, so that the end is seen without growing.
    let mut bytes = Vec::with_capacity(told.max(8191) + 1);
    loop {
        if bytes.len() == bytes.capacity() {
            grow(&mut bytes);
        }
        let count = match retry_on_intr(|| rustix::io::read(file.as_fd(), spare_capacity(&mut bytes))) {
            Err(Errno::AGAIN) => {
                stream::wait(&file, PollFlags::IN).map_err(read_error)?;
                continue;
            }
            read => read.map_err(read_error)?,
        };
        if count == 0 {
            return Ok(bytes);
        }
        if bytes.len() > limit {
            bytes.zeroize();
            return Err(too_large);
        }
    }
}

/// Doubles the room, and leaves nothing in the old one: this may be plaintext.
fn grow(bytes: &mut Vec<u8>) {
    let mut larger = Vec::with_capacity(bytes.capacity() * 2);
    larger.extend_from_slice(bytes);
    bytes.zeroize();
    *bytes = larger;
}

fn check(now: &Stat) -> Result<(), ReadError> {
    match FileType::from_raw_mode(now.st_mode) {
        FileType::RegularFile | FileType::Fifo => Ok(()),
        FileType::Directory => Err(ReadError::Directory),
        _ => Err(ReadError::Special),
    }
}

/// Names of our own standard input: a socket cannot be opened by them, but read.
fn is_stdin(path: &Path) -> bool {
    [&b"/dev/stdin"[..], b"/dev/fd/0", b"/proc/self/fd/0"].contains(&path.as_os_str().as_bytes())
}

/// Names of what is open already, by this process or whoever calls it (`<(...)`): they stand in no folder of a project.
pub fn is_descriptor(path: &Path) -> bool {
    let is_number = |name: &[u8]| !name.is_empty() && name.iter().all(u8::is_ascii_digit);
    let name = path.as_os_str().as_bytes();
    let of_ours = [&b"/dev/fd/"[..], b"/proc/self/fd/"].iter().find_map(|folder| name.strip_prefix(*folder));
    name == b"/dev/stdin" || of_ours.is_some_and(is_number)
}

fn is_null(now: &Stat) -> bool {
    stat("/dev/null").is_ok_and(|null| null.st_rdev == now.st_rdev)
}

pub(super) fn read_error(errno: Errno) -> ReadError {
    match errno {
        Errno::NOENT | Errno::NOTDIR => ReadError::NotFound,
        Errno::ISDIR => ReadError::Directory,
        Errno::NXIO | Errno::NODEV => ReadError::Special,
        Errno::ACCESS | Errno::PERM => ReadError::Denied,
        errno => ReadError::Os(errno.raw_os_error()),
    }
}

/// The bytes of an open regular file are exactly these.
pub(super) fn holds(file: &OwnedFd, now: &Stat, bytes: &[u8]) -> Result<bool, Errno> {
    if now.st_size as u64 != bytes.len() as u64 {
        return Ok(false);
    }
    let mut part = zeroize::Zeroizing::new(vec![0_u8; bytes.len().clamp(1, 64 << 10)]);
    let mut at = 0;
    loop {
        let count = retry_on_intr(|| rustix::io::pread(file, part.as_mut_slice(), at as u64))?;
        if count == 0 {
            return Ok(at == bytes.len());
        }
        if bytes.get(at..at + count) != part.get(..count) {
            return Ok(false);
        }
        at += count;
    }
}

/// Never more than the limit, also where the size is not told beforehand.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_over_the_limit_is_refused() {
        let (read_end, write_end) = rustix::pipe::pipe().expect("a pipe");
        let now = fstat(&read_end).expect("a pipe has facts");
        rustix::io::write(&write_end, &[b'x'; 4097]).expect("a pipe takes this much");
        drop(write_end);
        assert_eq!(all_within(&read_end, &now, 4096), Err(ReadError::TooLarge { limit: 4096 }));
    }

    #[test]
    fn a_text_has_a_smaller_limit_unless_it_may_be_a_sealed_binary_file() {
        let path = std::env::temp_dir().join(format!("leafcrypt-read-{}", std::process::id()));
        let file = std::fs::File::create(&path).expect("a file");
        let len = Limits::SEALED.text as u64 + 1;
        file.set_len(len).expect("it is sparse");
        assert_eq!(read_text(&path), Err(ReadError::TooLarge { limit: len - 1 }));
        rustix::io::pwrite(&file, b" \n{", 0).expect("it is written");
        assert_eq!(read_text(&path).map(|text| text.len() as u64), Ok(len));
        std::fs::remove_file(&path).expect("it is there");
    }
}
