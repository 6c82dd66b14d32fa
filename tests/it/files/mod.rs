//! Files are written whole or not at all, whatever stands at the target, whoever else writes, and keep what belongs to them (docs/threat-model.md, P6 to P8;
//! `docs/sealed-file.md`, section 6). Crashes, failing calls and signals are in `crash/`.

mod concurrent;
mod kept;
mod locks;
pub mod people;
mod targets;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tools::{Place, fresh, soon};

/// Our program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_leafcrypt");

/// A command in a place, to be changed before it is run.
pub fn command(place: &Place, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(place.path("")).env_clear();
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", place.path("home")).env("SOPS_AGE_KEY_FILE", place.path("keys.txt"));
    command
}

/// git, which must succeed: it sees no repository, no settings and no index but the place's own, also where a hook of somebody's repository runs the tests.
#[track_caller]
pub fn git(place: &Place, args: &[&str]) {
    let mut git = command(place, "git");
    git.args(["-c", "user.name=x", "-c", "user.email=x@y", "-c", "init.defaultBranch=main"]).args(args);
    let output = git.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", said(&output));
}

/// A folder in memory of a test's own, where ours puts plaintext: what is left in it is seen.
pub struct Runtime(pub PathBuf);

impl Runtime {
    /// A new one for a place.
    pub fn new(place: &Place) -> Self {
        let name = place.path("").file_name().unwrap().to_string_lossy().into_owned();
        let folder = fresh(Path::new("/dev/shm"), &format!("{name}-"));
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        Runtime(folder)
    }

    /// What is in it.
    pub fn entries(&self) -> Vec<PathBuf> {
        std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// What is removed by a helper may take a moment.
    #[track_caller]
    pub fn is_empty_soon(&self) {
        soon("no plaintext is left", || self.entries().is_empty());
    }
}

impl std::ops::Deref for Runtime {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<OsStr> for Runtime {
    fn as_ref(&self) -> &OsStr {
        self.0.as_os_str()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a program said, for messages of tests.
pub fn said(output: &Output) -> String {
    format!("{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr))
}

/// Runs leafcrypt, which must succeed.
pub fn must(place: &Place, args: &[&str]) -> Vec<u8> {
    let output = place.ours(args);
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    output.stdout
}

/// Puts a sealed file into a place.
pub fn sealed(place: &Place, name: &str, plain: &str) -> Vec<u8> {
    place.write(name, plain);
    must(place, &["encrypt", "-i", "--age", &place.recipient, name]);
    place.read(name)
}

/// One value of a sealed file.
pub fn value(place: &Place, name: &str, key: &str) -> String {
    String::from_utf8(must(place, &["decrypt", "--extract", &format!("[\"{key}\"]"), name])).unwrap()
}

/// What stands below a folder, folders left out: mode, owner, and the content or where a link leads.
pub fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (u32, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let now = path.symlink_metadata().unwrap();
            let content = match now.file_type() {
                kind if kind.is_dir() => {
                    folders.push(path);
                    continue;
                }
                kind if kind.is_symlink() => std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                kind if kind.is_file() => std::fs::read(&path).unwrap(),
                _ => Vec::new(),
            };
            found.insert(path, (now.permissions().mode() & 0o7777, now.uid(), content));
        }
    }
    found
}

/// Names that a writer leaves behind when it is killed.
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    snapshot(folder).into_keys().filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".leafcrypt-")).collect()
}
