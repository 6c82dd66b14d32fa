//! Programs that we start, and places where things are kept.

use std::path::{Path, PathBuf};

use super::{Check, State};
use crate::error::Error;
use crate::files::{self, WriteHow};
use crate::flows::editor;
use crate::flows::target::word;
use crate::guard;
use crate::world::World;

/// git and the editor.
pub(super) fn programs(world: &World<'_>, hint: &dyn Fn(&Error) -> Option<String>) -> Vec<Check> {
    let git = match world.session.outside().program("git".as_ref()) {
        Some(path) => Check::new(State::Ok, "git", path.display().to_string()),
        None => Check::new(State::Warn, "git", "not to be found: nothing can be compared with HEAD").fix("install git"),
    };
    let editor = match editor::find(world) {
        Ok(editor) => Check::new(State::Ok, "editor", editor.program.display().to_string()),
        Err(error) => {
            Check::new(State::Warn, "editor", error.to_string()).fix(hint(&error).unwrap_or_else(|| "export EDITOR=nano".to_owned()))
        }
    };
    vec![git, editor]
}

/// Identity files that others can read.
pub(super) fn identity_files(world: &World<'_>) -> Vec<Check> {
    let variables =
        ["SOPS_AGE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_FILE"].into_iter().filter_map(|name| world.env(name)).map(PathBuf::from);
    let open = |path: &PathBuf| matches!(files::facts(path), Ok(Some(facts)) if facts.kind == files::Kind::File && facts.mode & 0o077 != 0);
    let found = |path: PathBuf| {
        let shown = path.display();
        Check::new(State::Warn, "identities", format!("{shown}: not for its owner alone"))
            .fix(format!("chmod 600 {}", word(&path.display().to_string())))
    };
    variables.chain(leafcrypt_kms::default_identity_file(&world.session)).filter(open).map(found).collect()
}

/// Memory for plaintext with a name, the state folder, core files and swap.
pub(super) fn places(runtime: Option<&Path>, world: &World<'_>) -> Vec<Check> {
    [memory(runtime), Some(state(world)), Some(core()), swap(world)].into_iter().flatten().collect()
}

/// Makes a folder and removes it: nothing less tells whether that can be done.
fn memory(runtime: Option<&Path>) -> Option<Check> {
    let name = "plaintext in memory";
    let fix = "export XDG_RUNTIME_DIR=FOLDER, with a folder of yours on tmpfs";
    Some(match files::make_private_dir(runtime, None, 0) {
        Ok(Some(folder)) => {
            let place = folder.outer().parent().unwrap_or(Path::new("/")).display().to_string();
            match folder.remove() {
                Ok(()) => Check::new(State::Ok, name, place),
                Err(why) => {
                    Check::new(State::Fail, name, format!("{place}: a folder of ours could not be removed: {}", files::in_words(&why)))
                        .fix(fix)
                }
            }
        }
        Ok(None) => Check::new(State::Warn, name, "no folder is in memory: edit and exec-file need --on-disk").fix(fix),
        Err(why) => Check::new(State::Warn, name, format!("no folder can be made: {}", files::in_words(&why))).fix(fix),
    })
}

fn state(world: &World<'_>) -> Check {
    let name = "state folder";
    let Some(folder) = world.state_folder() else {
        return Check::new(State::Warn, name, "neither HOME nor XDG_STATE_HOME names one: an edit that fails cannot be kept")
            .fix("export XDG_STATE_HOME=FOLDER");
    };
    // It need not exist: then it is made and removed, for nothing less tells whether that can be done.
    let usable = files::make_private_folders(&folder).and_then(|made| {
        let can = files::can_write(&folder.join("leafcrypt-doctor"), &WriteHow { secret: true, ..WriteHow::default() });
        files::remove_folders(&made);
        can
    });
    match usable {
        Ok(()) => Check::new(State::Ok, name, folder.display().to_string()),
        Err(why) => Check::new(State::Warn, name, format!("{}: {why}", folder.display())).fix("export XDG_STATE_HOME=FOLDER"),
    }
}

/// Ours is 0; that of programs which are given secrets is the one we were started with.
fn core() -> Check {
    let name = "core files";
    match guard::started().core {
        Some(0) => Check::new(State::Ok, name, "none are written"),
        _ => Check::new(State::Warn, name, "none of ours; a program that crashes with secrets in it may leave one").fix("ulimit -c 0"),
    }
}

/// What is in memory may be swapped. None: the system does not tell.
fn swap(world: &World<'_>) -> Option<Check> {
    let text = world.session.outside().read(Path::new("/proc/swaps"), 1 << 20).ok()?;
    let text = String::from_utf8_lossy(text.expose()).into_owned();
    let on_disk: Vec<&str> =
        text.lines().skip(1).filter_map(|line| line.split_whitespace().next()).filter(|swap| !swap.starts_with("/dev/zram")).collect();
    Some(match on_disk[..] {
        [] => Check::new(State::Ok, "swap", "none on a disk"),
        _ => Check::new(
            State::Warn,
            "swap",
            format!("{}: what is in memory may reach it, in clear if it is not encrypted", on_disk.join(", ")),
        )
        .fix("swapoff -a, or encrypt it"),
    })
}
