//! Folders and files for plaintext that must have a name for a while (R3, R4): owner-only, in memory where there is such a place, removed by us.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, flock, fstat, fstatvfs, mkdirat, open, openat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::named_pipe::NamedPipe;
use super::own::{open_own, open_own_folder, regain, take_away};
use super::sync::put_all;

/// `f_type` of tmpfs and ramfs.
#[cfg(target_os = "linux")]
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
/// Names of our folders: this, and so many digits of randomness. Short, for an editor shows them; the folder's mode keeps others out, and its name only
/// has to be free.
const START: &str = "leafcrypt-";
const LEN: usize = 8;
/// Four bits each. No word and no date that somebody calls a folder of his own by is made of these: what is called so and abandoned is removed.
const DIGITS: &[u8; 16] = b"bcdfghjkmnpqrtvw";
/// Names that older versions gave: so many hexadecimal digits.
const OLD_LEN: usize = 32;
/// So often a folder may be taken for an abandoned one before we have locked it.
const TRIES: usize = 16;

/// The folder that is handed out, in the one with the random name. That one is locked as long as we live, so that whoever finds one without a lock may
/// remove it; a writer must be able to lock the one it writes in.
const INNER: &str = "files";

/// A folder of mode 0700 with a random name, removed with all that is in it when dropped.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
    outer: PathBuf,
    in_memory: bool,
    removed: bool,
    lock: OwnedFd,
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

    /// What is removed in the end: the folder around it, which is locked.
    pub fn outer(&self) -> &Path {
        &self.outer
    }

    /// Puts a new file of mode 0600 into it.
    ///
    /// # Errors
    /// There is one of that name, or no room.
    pub fn write(&self, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
        let folder = self.open()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = retry_on_intr(|| openat(&folder, name, flags, Mode::RUSR | Mode::WUSR))?;
        put_all(&file, bytes, 0, true)?;
        Ok(())
    }

    /// What a file in it holds by now: editors put a new one in the old one's place. Only a regular file of our own counts.
    ///
    /// # Errors
    /// It is gone, or something else.
    pub fn read(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        read_in(&self.open()?, name)
    }

    /// Makes a pipe with a name in it, mode 0600.
    ///
    /// # Errors
    /// There is one of that name.
    pub fn make_pipe(&self, name: &OsStr) -> io::Result<NamedPipe> {
        NamedPipe::make(self.open()?, name)
    }

    /// Gives a file in it to another user, who can reach it by its path and sees nothing else.
    ///
    /// # Errors
    /// We may not.
    pub fn give_to(&self, name: &OsStr, (user, group): (u32, u32)) -> io::Result<()> {
        let (user, group) = (Some(rustix::fs::Uid::from_raw(user)), Some(rustix::fs::Gid::from_raw(group)));
        let folder = self.open()?;
        rustix::fs::chownat(&folder, name, user, group, AtFlags::SYMLINK_NOFOLLOW)?;
        rustix::fs::fchown(&folder, user, group)?;
        // Through the outer one, whose other entries cannot be listed.
        rustix::fs::fchmod(&self.lock, Mode::from_raw_mode(0o711))?;
        Ok(())
    }

    fn open(&self) -> io::Result<OwnedFd> {
        Ok(open_own(&self.lock, OsStr::new(INNER), OFlags::RDONLY | OFlags::DIRECTORY)?)
    }

    /// The lock once more, for a process that is to hold it as long as it lives, too.
    ///
    /// # Errors
    /// Too many descriptors.
    pub fn shared_lock(&self) -> io::Result<OwnedFd> {
        self.lock.try_clone()
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
        take_away(&self.outer, self.in_memory)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        if !self.removed {
            let _ = self.take_away();
        }
    }
}

/// Reads a file of a private folder by the folder's path, for the helper that did not make it.
///
/// # Errors
/// As [`PrivateDir::read`].
pub fn read_private(folder: &Path, name: &OsStr) -> io::Result<Vec<u8>> {
    read_in(&open_own_folder(folder)?, name)
}

/// A regular file of ours: whatever an editor has put there instead, a link above all, is none.
fn read_in(folder: &OwnedFd, name: &OsStr) -> io::Result<Vec<u8>> {
    let file = open_own(folder, name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
    let now = fstat(&file)?;
    if FileType::from_raw_mode(now.st_mode) != FileType::RegularFile || now.st_uid != geteuid().as_raw() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    super::read::all(&file, &now).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

/// Makes an owner-only folder in memory: under the user's runtime folder (`XDG_RUNTIME_DIR`), or `/dev/shm`, whichever first is on tmpfs or ramfs by
/// its own word and has room for so many bytes. Otherwise under `on_disk`, if the user named such a place; otherwise None. Removes abandoned ones on the
/// way.
///
/// # Errors
/// The system gives no randomness, there is a place and no room in it, or the named place takes no folder.
pub fn make_private_dir(runtime: Option<&Path>, on_disk: Option<&Path>, room: usize) -> io::Result<Option<PrivateDir>> {
    let mut failed = None;
    for parent in in_memory(runtime) {
        let Ok(Some(parent)) = Parent::open(parent, true) else { continue };
        match parent.make(room) {
            Ok(made) => return Ok(Some(made)),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let Some(parent) = on_disk else { return failed.map_or(Ok(None), Err) };
    match Parent::open(parent, false)? {
        Some(parent) => parent.make(room).map(Some),
        None => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// Removes what killed processes left in memory: our folders that nobody holds. Never by age or process id, which mean nothing to somebody in
/// another container on the same memory.
pub fn sweep_private_dirs(runtime: Option<&Path>) {
    for parent in in_memory(runtime) {
        if let Ok(Some(parent)) = Parent::open(parent, true) {
            parent.sweep();
        }
    }
}

fn in_memory(runtime: Option<&Path>) -> impl Iterator<Item = &Path> {
    runtime.into_iter().chain([Path::new("/dev/shm")])
}

/// Those of the places in memory where nobody else can remove or rename what is ours.
pub(super) fn trusted_memory(runtime: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    in_memory(runtime).filter_map(|parent| Some(Parent::open(parent, true).ok()??.path))
}

/// A place for folders of ours.
struct Parent {
    folder: OwnedFd,
    path: PathBuf,
    in_memory: bool,
}

impl Parent {
    /// None: it is not what it should be.
    fn open(path: &Path, in_memory: bool) -> io::Result<Option<Self>> {
        // The place may be reached by links (macOS); what we make in it is made by its descriptor.
        let folder = retry_on_intr(|| open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()))?;
        if in_memory && !is_in_memory(&folder) {
            return Ok(None);
        }
        // Where others may remove or rename what is ours, the folder would not be ours for long.
        let now = fstat(&folder)?;
        let trusted = now.st_uid == geteuid().as_raw() || now.st_uid == 0;
        if !trusted || now.st_mode & 0o022 != 0 && now.st_mode & 0o1000 == 0 {
            return Ok(None);
        }
        Ok(Some(Self { folder, path: fs::canonicalize(path)?, in_memory }))
    }

    fn make(&self, room: usize) -> io::Result<PrivateDir> {
        self.sweep();
        if !self.has_room(room) {
            return Err(Errno::NOSPC.into());
        }
        for _ in 0..TRIES {
            let name = name()?;
            match mkdirat(&self.folder, &name, Mode::RWXU) {
                Err(Errno::EXIST) => continue,
                done => done?,
            }
            // Until it is locked, another process may sweep it away.
            let lock = self.lock(&name).inspect_err(|_| {
                let _ = unlinkat(&self.folder, &name, AtFlags::REMOVEDIR);
            })?;
            if let Some(lock) = lock {
                let outer = self.path.join(name);
                let made = PrivateDir { path: outer.join(INNER), outer, in_memory: self.in_memory, removed: false, lock };
                mkdirat(&made.lock, INNER, Mode::RWXU)?;
                return Ok(made);
            }
        }
        Err(Errno::AGAIN.into())
    }

    /// As far as the file system tells; one that knows no bounds has no blocks.
    fn has_room(&self, bytes: usize) -> bool {
        fstatvfs(&self.folder).map_or(true, |room| room.f_blocks == 0 || room.f_bavail.saturating_mul(room.f_frsize) >= bytes as u64)
    }

    /// A folder of ours, locked; None: it is not there any more, or somebody else holds it.
    fn lock(&self, name: &str) -> Result<Option<OwnedFd>, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match retry_on_intr(|| openat(&self.folder, name, flags, Mode::empty())) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        match retry_on_intr(|| flock(&folder, FlockOperation::NonBlockingLockExclusive)) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(errno) => return Err(errno),
        }
        let (mine, there) = (fstat(&folder)?, statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW));
        Ok(there.is_ok_and(|there| (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)).then_some(folder))
    }

    fn sweep(&self) {
        let Ok(entries) = Dir::read_from(&self.folder) else { return };
        for entry in entries.flatten() {
            let Some(name) = entry.file_name().to_str().ok().filter(|name| is_name(name)) else { continue };
            let Ok(found) = statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if found.st_uid != geteuid().as_raw() || FileType::from_raw_mode(found.st_mode) != FileType::Directory {
                continue;
            }
            // What a program did to it while it lived.
            if found.st_mode & 0o700 != 0o700 && regain(&self.folder, OsStr::new(name)).is_err() {
                continue;
            }
            if let Ok(Some(_lock)) = self.lock(name) {
                // The next one tries again.
                let _ = take_away(&self.path.join(name), self.in_memory);
            }
        }
    }
}

fn name() -> io::Result<String> {
    let mut random = [0_u8; LEN];
    getrandom::fill(&mut random).map_err(|_| Errno::IO)?;
    let digits = random.map(|byte| char::from(DIGITS[usize::from(byte % 16)]));
    Ok(format!("{START}{}", digits.iter().collect::<String>()))
}

fn is_name(name: &str) -> bool {
    name.strip_prefix(START).is_some_and(|digits| match digits.len() {
        LEN => digits.bytes().all(|digit| DIGITS.contains(&digit)),
        OLD_LEN => digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        _ => false,
    })
}

/// Removes a folder of ours whose maker has died.
///
/// # Errors
/// Something could not be removed.
pub fn remove_private_dir(folder: &Path, in_memory: bool) -> io::Result<()> {
    take_away(folder, in_memory)
}

#[cfg(target_os = "linux")]
fn is_in_memory(folder: &OwnedFd) -> bool {
    rustix::fs::fstatfs(folder).is_ok_and(|fs| IN_MEMORY.contains(&(fs.f_type as u64 & 0xffff_ffff)))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_: &OwnedFd) -> bool {
    false
}
