//! Hints on how a file is as it was: git is asked first what it has, and no command of it is named that does nothing for the file.

use std::path::Path;

use super::hint::shell;
use crate::files;
use crate::flows::repository::{self, Better, Sides};
use crate::flows::target::STDIN;
use crate::world::World;

/// Is a file empty that git has otherwise?
pub(super) fn is_emptied(path: &str, world: &World<'_>) -> bool {
    let is_empty = files::facts(Path::new(path)).is_ok_and(|facts| facts.is_some_and(|facts| facts.len == 0));
    is_empty && matches!(repository::better(Path::new(path), world), Better::Staged)
}

/// How a broken file is whole again; a command of git only where git does it.
pub(super) fn restore(path: &str, world: &World<'_>) -> String {
    if path == STDIN {
        return "restore what it was read from".to_owned();
    }
    match repository::better(Path::new(path), world) {
        Better::Either(_) => sides(path, world),
        Better::Staged => format!("restore the file: git restore {}", shell(path)),
        Better::Older => format!("git has it so, too; git log --oneline -- {} shows older versions", shell(path)),
        Better::Nothing => "restore the file from a copy: git does not have it".to_owned(),
    }
}

/// For what somebody may have written by hand, which a restored file would not have any more.
pub(super) fn mend(path: &str, world: &World<'_>) -> String {
    match repository::better(Path::new(path), world) {
        Better::Staged => format!("mend it at that line; or, without what was changed since: git restore {}", shell(path)),
        _ => format!("mend it at that line; or {}", restore(path, world)),
    }
}

pub(super) fn accept(path: &str, world: &World<'_>) -> String {
    let (restore, name) = (restore(path, world), world.manners.name);
    format!("{restore}; if it was you who changed it: {name} accept {} shows what differs, and asks", shell(path))
}

/// The two sides of a merge. In a rebase git calls what somebody has changed "theirs"; where nothing is unmerged it gives none of the two.
pub(super) fn sides(path: &str, world: &World<'_>) -> String {
    let file = shell(path);
    let then = "then set what the other side has";
    match repository::better(Path::new(path), world) {
        Better::Either(Sides::Merge) => format!("git checkout --ours {file} takes your side; {then}"),
        Better::Either(Sides::Rebase) => format!("git checkout --theirs {file} takes your side, which has that name in a rebase; {then}"),
        Better::Either(Sides::Other) => format!("git checkout --ours {file} takes the side of HEAD, --theirs the other one; {then}"),
        Better::Staged => format!("git restore {file} takes it as git has it; or take out the marks and the lines of one side"),
        Better::Older => {
            format!("take out the marks and the lines of one side; git log --oneline -- {file} shows older versions")
        }
        Better::Nothing => "take out the marks and the lines of one side".to_owned(),
    }
}
