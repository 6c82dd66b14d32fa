//! A file that is opened once, by links whose owners are known: what is asked of it and what is read from it are of one and the same (P22). By its name
//! alone somebody else could put another one in its place between two looks.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, lstat, open, readlinkat};
use rustix::io::{Errno, retry_on_intr};

use super::read::{Facts, ReadError, all_within, facts_of, read_error};

/// So many links lead from one to the next, as in the kernel.
const MOST_LINKS: usize = 40;

/// What stands at a path.
#[derive(Debug)]
pub struct Opened {
    /// What is known of the file itself.
    pub facts: Facts,
    /// The owners of the links that led to it, one after another.
    pub links: Vec<u32>,
    /// Open for reading, or why not. Folders, pipes and devices are not opened.
    file: Result<(OwnedFd, Stat), ReadError>,
}

impl Opened {
    /// The content.
    ///
    /// # Errors
    /// It is more than `limit` bytes, or cannot be read.
    pub fn read(&self, limit: usize) -> Result<Vec<u8>, ReadError> {
        let (file, now) = self.file.as_ref().map_err(Clone::clone)?;
        all_within(file, now, limit)
    }
}

/// Opens what stands at a path. None: nothing, or a link to nothing.
///
/// # Errors
/// It cannot be known: no permission on the way, too many links, or the disk fails.
pub fn open_once(path: &Path) -> io::Result<Option<Opened>> {
    let (mut path, mut links) = (path.to_owned(), Vec::new());
    // A link that takes the place of a file, or a file that of a link, between two calls is met in the next turn.
    for _ in 0..2 * MOST_LINKS {
        let found = match retry_on_intr(|| lstat(&path)) {
            Ok(found) => found,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Symlink => {
                if let Some((owner, target)) = link(&path)? {
                    links.push(owner);
                    path = path.parent().unwrap_or(Path::new("")).join(target);
                }
            }
            FileType::RegularFile => {
                // Should it be a pipe by now, that must not wait for a writer.
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
                match retry_on_intr(|| open(&path, flags, Mode::empty())) {
                    Ok(file) => {
                        let now = fstat(&file)?;
                        let regular = FileType::from_raw_mode(now.st_mode) == FileType::RegularFile;
                        let file = if regular { Ok((file, now)) } else { Err(ReadError::Special) };
                        return Ok(Some(Opened { facts: facts_of(&now), links, file }));
                    }
                    Err(Errno::LOOP | Errno::NOENT) => {}
                    Err(errno) => return Ok(Some(Opened { facts: facts_of(&found), links, file: Err(read_error(errno)) })),
                }
            }
            FileType::Directory => return Ok(Some(Opened { facts: facts_of(&found), links, file: Err(ReadError::Directory) })),
            _ => return Ok(Some(Opened { facts: facts_of(&found), links, file: Err(ReadError::Special) })),
        }
    }
    Err(Errno::LOOP.into())
}

/// A whole path without the links in it, and their owners.
///
/// # Errors
/// It cannot be known: nothing is there, no permission on the way, or too many links.
pub fn real_folder(path: &Path) -> io::Result<(PathBuf, Vec<u32>)> {
    let (mut real, mut links) = (PathBuf::from("/"), Vec::new());
    // What is still to be gone, the next part last.
    let parts = |path: &Path| path.components().rev().map(|part| part.as_os_str().to_owned()).collect::<Vec<_>>();
    let mut ahead = parts(path);
    while let Some(part) = ahead.pop() {
        match Path::new(&part).components().next() {
            Some(Component::ParentDir) => drop(real.pop()),
            Some(Component::RootDir) => real = PathBuf::from("/"),
            Some(Component::Normal(name)) => {
                let next = real.join(name);
                let is_link = FileType::from_raw_mode(retry_on_intr(|| lstat(&next))?.st_mode) == FileType::Symlink;
                match if is_link { link(&next)? } else { None } {
                    Some(_) if links.len() == MOST_LINKS => return Err(Errno::LOOP.into()),
                    Some((owner, target)) => {
                        links.push(owner);
                        ahead.extend(parts(&target));
                    }
                    None => real = next,
                }
            }
            _ => {}
        }
    }
    Ok((real, links))
}

/// A link's owner and where it leads, of one and the same link. None: it is gone, or no link any more.
fn link(path: &Path) -> io::Result<Option<(u32, PathBuf)>> {
    let held = match retry_on_intr(|| open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())) {
        Ok(held) => held,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let found = fstat(&held)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::Symlink {
        return Ok(None);
    }
    let target = readlinkat(&held, "", Vec::new())?;
    Ok(Some((found.st_uid, std::ffi::OsString::from_vec(target.into_bytes()).into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    #[test]
    fn what_was_judged_is_what_is_read() {
        let folder = std::env::temp_dir().join(format!("leafcrypt-opened-{}", std::process::id()));
        // Of a run that was killed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let path = |name: &str| folder.join(name);
        std::fs::write(path("file"), "first").unwrap();
        symlink("file", path("link")).unwrap();
        symlink(path("link"), path("second")).unwrap();
        symlink("round", path("round")).unwrap();
        symlink("none", path("to-none")).unwrap();
        let me = std::fs::metadata(path("file")).unwrap().uid();
        for (name, links) in [("file", 0), ("link", 1), ("second", 2)] {
            let opened = open_once(&path(name)).unwrap().unwrap();
            assert_eq!((opened.links.clone(), opened.facts.owner), (vec![me; links], me), "{name}");
            assert_eq!(opened.read(5).unwrap(), b"first");
            // Somebody puts another one there.
            std::fs::write(path("other"), "other").unwrap();
            std::fs::rename(path("other"), path("file")).unwrap();
            let opened = open_once(&path(name)).unwrap().unwrap();
            std::fs::remove_file(path("file")).unwrap();
            std::fs::write(path("file"), "first").unwrap();
            assert_eq!(opened.read(5).unwrap(), b"other", "{name}");
        }
        assert_eq!(open_once(&path("file")).unwrap().unwrap().read(4), Err(ReadError::TooLarge { limit: 4 }));
        assert!(open_once(&path("none")).unwrap().is_none() && open_once(&path("to-none")).unwrap().is_none());
        assert!(open_once(&path("round")).is_err());
        assert_eq!(open_once(&folder).unwrap().unwrap().read(1), Err(ReadError::Directory));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn where_a_folder_really_is() {
        let folder = std::env::temp_dir().join(format!("leafcrypt-real-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("a/b")).unwrap();
        let folder = folder.canonicalize().unwrap();
        symlink("a/b", folder.join("l")).unwrap();
        symlink("../../l/..", folder.join("a/b/up")).unwrap();
        symlink(folder.join("l"), folder.join("whole")).unwrap();
        symlink("round", folder.join("round")).unwrap();
        let me = std::fs::metadata(&folder).unwrap().uid();
        for (path, links) in [("", 0), ("a/b", 0), ("l", 1), ("l/", 1), ("whole", 2), ("l/..", 1), ("whole/up/b/", 4), ("a/./b/../b", 0)] {
            let (real, owners) = real_folder(&folder.join(path)).unwrap();
            assert_eq!((&real, owners), (&folder.join(path).canonicalize().unwrap(), vec![me; links]), "{path}");
        }
        assert!(real_folder(&folder.join("round")).is_err() && real_folder(&folder.join("none/a")).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
