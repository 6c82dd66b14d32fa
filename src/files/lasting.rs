//! A folder in memory that stays when we end: for what is sealed and finds no room on a disk. It goes when the machine stops, or its user's last session.

use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, statat};
use rustix::process::geteuid;

use super::private::trusted_memory;

/// Its name, before the number of its user. No name of a private folder, which would be swept.
const START: &str = "leafcrypt-kept-";

/// Where it would be, in the order in which private folders are made. Where somebody else has made one, which everybody can in `/dev/shm`, it is not ours.
pub fn lasting_in_memory(runtime: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let name = format!("{START}{}", geteuid().as_raw());
    trusted_memory(runtime).map(move |parent| parent.join(&name)).filter(|folder| match statat(CWD, folder, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => {
            FileType::from_raw_mode(found.st_mode) == FileType::Directory
                && found.st_uid == geteuid().as_raw()
                && found.st_mode & 0o077 == 0
        }
        Err(_) => true,
    })
}

/// Takes it away again when the last thing in it has gone, this one. Does nothing to other folders.
pub fn tidy_memory(gone: &Path) {
    let Some(folder) = gone.parent().and_then(Path::parent) else { return };
    if folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(START)) {
        let within = std::fs::read_dir(folder).into_iter().flatten().flatten();
        within.for_each(|entry| drop(std::fs::remove_dir(entry.path())));
        let _ = std::fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_others_could_look_into_is_not_ours() {
        let runtime = Path::new("/dev/shm").join(format!("leafcrypt-unit-{}", std::process::id()));
        // Of a run that was killed.
        let _ = fs::remove_dir_all(&runtime);
        fs::create_dir(&runtime).unwrap();
        let own = runtime.join(format!("{START}{}", geteuid().as_raw()));
        let first = || lasting_in_memory(Some(&runtime)).next();
        assert_eq!(first().as_ref(), Some(&own));
        fs::create_dir(&own).unwrap();
        for (mode, is_ours) in [(0o700, true), (0o777, false), (0o710, false)] {
            fs::set_permissions(&own, Permissions::from_mode(mode)).unwrap();
            assert_eq!(first().as_ref() == Some(&own), is_ours, "{mode:o}");
        }
        fs::remove_dir(&own).unwrap();
        std::os::unix::fs::symlink("/dev/shm", &own).unwrap();
        assert_ne!(first().as_ref(), Some(&own));
        fs::remove_dir_all(&runtime).unwrap();
    }
}
