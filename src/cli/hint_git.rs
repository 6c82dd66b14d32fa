//! Hints on how a file is as it was: git is asked first what it has, and no command of it is named that does nothing for the file.

use std::path::Path;

use leafcrypt_formats::Format;

use super::hint::shell;
use super::hint_files::is_empty;
use crate::config;
use crate::files;
use crate::flows::repository::{self, Better, Sides};
use crate::flows::rules;
use crate::flows::target::{STDIN, word};
use crate::world::World;

/// Is a file empty that once was not? Of the types that hold values nobody seals an empty one; any other is a file like others, unless git has more of it.
pub(super) fn is_emptied(path: &str, world: &World<'_>) -> bool {
    let has_values = Format::of_name(path, world.manners.knows_toml) != Format::Binary;
    is_empty(path) && (has_values || matches!(repository::better(Path::new(path), world), Better::Staged))
}

/// How a broken file is whole again; a command of git only where git does it.
pub(super) fn restore(path: &str, world: &World<'_>) -> String {
    if path == STDIN {
        return "restore what it was read from".to_owned();
    }
    match repository::better(Path::new(path), world) {
        Better::Either(_) => sides(path, world),
        Better::Staged => format!("restore the file: {}", git("restore", path, world)),
        Better::Older => format!("git has it so, too; {} shows older versions", git(LOG, path, world)),
        Better::Nothing => "restore the file from a copy: git does not have it".to_owned(),
    }
}

/// For what somebody may have written by hand, which a restored file would not have any more.
pub(super) fn mend(path: &str, world: &World<'_>) -> String {
    match repository::better(Path::new(path), world) {
        Better::Staged => format!("mend it at that line; or, without what was changed since: {}", git("restore", path, world)),
        _ => format!("mend it at that line; or {}", restore(path, world)),
    }
}

pub(super) fn accept(path: &str, world: &World<'_>) -> String {
    let (restore, name) = (restore(path, world), world.manners.name);
    format!("{restore}; if it was you who changed it: {name} accept {} shows what differs, and asks", shell(path))
}

/// The two sides of a merge. In a rebase git calls what somebody has changed "theirs"; where nothing is unmerged it gives none of the two.
pub(super) fn sides(path: &str, world: &World<'_>) -> String {
    let then = "then set what the other side has (updatekeys, where it has other recipients)";
    let [ours, theirs] = ["checkout --ours", "checkout --theirs"].map(|command| git(command, path, world));
    match repository::better(Path::new(path), world) {
        Better::Either(Sides::Merge) => format!("{ours} takes your side; {then}"),
        Better::Either(Sides::Rebase) => format!("{theirs} takes your side, which has that name in a rebase; {then}"),
        Better::Either(Sides::Other) => format!("{ours} takes the side of HEAD, --theirs the other one; {then}"),
        Better::Staged => {
            format!("{} takes it as git has it; or take out the marks and the lines of one side", git("restore", path, world))
        }
        Better::Older => {
            format!("take out the marks and the lines of one side; {} shows older versions", git(LOG, path, world))
        }
        Better::Nothing => "take out the marks and the lines of one side".to_owned(),
    }
}

/// A `.sops.yaml` that git has, and that is gone: one of `init` would have its caller alone for a reader.
pub(super) fn lost_configuration(file: Option<&str>, world: &World<'_>) -> Option<String> {
    let current = rules::current(world);
    let file = file.map(Path::new).filter(|file| !files::is_descriptor(file));
    let folder = config::absolute(&current, file.and_then(Path::parent).unwrap_or(Path::new("")));
    let root = root(&folder)?;
    let found =
        folder.ancestors().take_while(|folder| folder.starts_with(root)).map(|folder| folder.join(".sops.yaml")).find(|path| {
            matches!(files::facts(path), Ok(None)) && repository::staged(path, world).is_some_and(|staged| !staged.is_empty())
        })?;
    let shown = found.strip_prefix(&current).unwrap_or(&found).display().to_string();
    Some(format!("git has a .sops.yaml that is gone here: {}", git("restore", &shown, world)))
}

/// A configuration above the edge of the repository, where none is looked for: that of a repository around a submodule, or around another clone.
pub(super) fn configuration_above(world: &World<'_>) -> Option<String> {
    let current = rules::current(world);
    // As `sops` there is no such edge.
    let above = root(&current).filter(|_| world.manners.config_near_file)?.parent()?;
    let found = above.ancestors().map(|folder| folder.join(".sops.yaml")).find(|path| matches!(files::facts(path), Ok(Some(_))))?;
    let path = word(&found.display().to_string());
    Some(format!("{path} stands above this repository, where none is looked for: --config {path} goes by it"))
}

const LOG: &str = "log --oneline --";

/// The folder of the repository around a folder.
fn root(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| matches!(files::facts(&folder.join(".git")), Ok(Some(_))))
}

/// A command of git for a file, where it works: git looks for a repository around the current folder, and takes a name for a pattern.
fn git(command: &str, path: &str, world: &World<'_>) -> String {
    let (current, file) = (rules::current(world), Path::new(path));
    let absolute = config::absolute(&current, file);
    let is_pattern = |name: &str| name.starts_with(':') || name.contains(['*', '?', '[', '\\']);
    let literal = |name: &str| if is_pattern(name) { "--literal-pathspecs " } else { "" };
    match (absolute.parent(), file.parent(), file.file_name().and_then(|name| name.to_str())) {
        (Some(folder), Some(typed), Some(name)) if root(folder) != root(&current) => {
            format!("git -C {} {}{command} {}", shell(&typed.display().to_string()), literal(name), shell(name))
        }
        _ => format!("git {}{command} {}", literal(path), shell(path)),
    }
}
