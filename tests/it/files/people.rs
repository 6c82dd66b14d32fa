//! Tests as a user who is not root, for whom modes count.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::{PROGRAM, command, said};
use crate::tools::Place;

/// A user and a group without rights.
pub const NOBODY: u32 = 65534;

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// May this test do what only root may? It must in CI, where root runs all of them.
#[track_caller]
pub fn as_root() -> bool {
    assert!(is_root() || std::env::var_os("CI").is_none(), "this test needs root");
    is_root()
}

/// The same command, run by a user who is not root: ourselves, or nobody.
pub fn ordinary(command: Command) -> Command {
    if !is_root() {
        return command;
    }
    let others_may = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o1 != 0;
    assert!(Path::new(PROGRAM).ancestors().all(others_may), "{PROGRAM} lies where only root may start it");
    let mut same = Command::new(command.get_program());
    same.args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        same.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        same.current_dir(folder);
    }
    same.uid(NOBODY).gid(NOBODY);
    same
}

/// A place that belongs to that user, its key too.
pub fn place() -> Place {
    let place = Place::new();
    if is_root() {
        for name in ["", "home", "keys.txt"] {
            std::os::unix::fs::chown(place.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    std::fs::set_permissions(place.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    place
}

/// Prepares files, gives them to that user, and runs leafcrypt as that user, which must succeed.
pub fn must(place: &Place, args: &[&str], prepare: impl FnOnce()) {
    prepare();
    if is_root() {
        for entry in std::fs::read_dir(place.path("")).unwrap() {
            std::os::unix::fs::chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let mut ours = command(place, PROGRAM);
    ours.args(args);
    let output = ordinary(ours).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", said(&output));
}
