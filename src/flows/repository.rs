//! What git says of a file, where there is a git and a work tree. Neither filters, hooks nor other programs of the repository's choice are run, nothing is
//! fetched, and nothing is written.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leafcrypt_kms::Command;

use super::rules::current;
use crate::config;
use crate::files;
use crate::world::World;

/// git answers from its own disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// What says that another repository is meant than the one around the folder: whoever runs a hook has them set. git's own list
/// (`git rev-parse --local-env-vars`), without the settings of `git -c`, which say nothing of the kind and may name a safe.directory.
const ELSEWHERE: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Where a file stands with git.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in the index.
    Tracked,
    /// `.gitignore` or the like names it.
    Ignored,
    /// Neither: `git add` would take it.
    Free,
}

/// What is going on where git has left two sides of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// `--ours` is the branch that somebody is on.
    Merge,
    /// `--theirs` is what somebody has changed, `--ours` what it is put on.
    Rebase,
    /// `--ours` is `HEAD`: a stash, a picked or reverted commit.
    Other,
}

/// What git can give of a file that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Both sides of a merge that is not settled.
    Either(Sides),
    /// The version of the index: the file is another one.
    Staged,
    /// Older versions only: the index has it as it is.
    Older,
    /// Nothing: git does not have it, or is not there.
    Nothing,
}

/// What git can give in its place. Asked of a file that is broken, before a command is named that would take it from git.
pub fn better(path: &Path, world: &World<'_>) -> Better {
    match standing(path, world) {
        Some(Standing::Tracked) => {}
        _ => return Better::Nothing,
    }
    if let Some(sides) = sides(path, world) {
        return Better::Either(sides);
    }
    match blob(":./", path, world) {
        // What was only announced (`git add -N`) stands there as an empty file, which would take the place of this one.
        Some(staged) if staged.is_empty() && committed(path, world).is_none() => Better::Nothing,
        Some(staged) if files::read(path).is_ok_and(|now| now == staged) => Better::Older,
        Some(_) => Better::Staged,
        None => Better::Nothing,
    }
}

/// None: git has one version of the file in its index, not two.
fn sides(path: &Path, world: &World<'_>) -> Option<Sides> {
    let name = path.file_name()?.to_owned();
    let (_, unmerged) = git(path, ["--literal-pathspecs".into(), "ls-files".into(), "-u".into(), "--".into(), name], world)?;
    if unmerged.is_empty() {
        return None;
    }
    let (_, folder) = git(path, ["rev-parse".into(), "--absolute-git-dir".into()], world)?;
    let folder = PathBuf::from(String::from_utf8(folder).ok()?.trim_end_matches('\n'));
    let has = |name: &str| matches!(files::facts(&folder.join(name)), Ok(Some(_)));
    Some(match () {
        () if has("rebase-merge") || has("rebase-apply") => Sides::Rebase,
        () if has("MERGE_HEAD") => Sides::Merge,
        () => Sides::Other,
    })
}

/// The contents of a file in `HEAD`.
pub fn committed(path: &Path, world: &World<'_>) -> Option<Vec<u8>> {
    blob("HEAD:./", path, world)
}

/// The contents of a file as the next commit would have it. Git is not even started where no folder above the file has a repository.
pub fn staged(path: &Path, world: &World<'_>) -> Option<Vec<u8>> {
    let absolute = config::absolute(&current(world), path);
    absolute.ancestors().skip(1).find(|folder| matches!(files::facts(&folder.join(".git")), Ok(Some(_))))?;
    blob(":./", path, world)
}

/// What git has of a file, in the index or a commit.
fn blob(of: &str, path: &Path, world: &World<'_>) -> Option<Vec<u8>> {
    let mut object = OsString::from(of);
    object.push(path.file_name()?);
    let (status, out) = git(path, ["cat-file".into(), "blob".into(), object], world)?;
    (status == 0).then_some(out)
}

/// None: there is no git, or no work tree.
pub fn standing(path: &Path, world: &World<'_>) -> Option<Standing> {
    let name = path.file_name()?.to_owned();
    // A name is no pattern.
    let tracked = git(path, ["--literal-pathspecs".into(), "ls-files".into(), "--error-unmatch".into(), "--".into(), name.clone()], world)?;
    if tracked.0 == 0 {
        return Some(Standing::Tracked);
    }
    match git(path, ["check-ignore".into(), "-q".into(), "--".into(), name], world)?.0 {
        0 => Some(Standing::Ignored),
        1 => Some(Standing::Free),
        _ => None,
    }
}

/// Runs git in the folder of a file: how it ended, and what it printed.
fn git<const N: usize>(path: &Path, args: [OsString; N], world: &World<'_>) -> Option<(i32, Vec<u8>)> {
    let absolute = config::absolute(&current(world), path);
    let folder = absolute.parent()?.as_os_str().to_owned();
    let finished = world.session.outside().run_within(command(folder, args), PATIENCE).ok()?;
    Some((finished.status?, finished.stdout.expose().to_vec()))
}

/// How git is called in a folder, whatever is asked. A monitor of the work tree is a program that the repository's own configuration may name; a bare
/// repository may be made of files that somebody committed beside the sealed one, and then has a `HEAD` of theirs (R6).
pub(super) fn command(folder: OsString, args: impl IntoIterator<Item = OsString>) -> Command {
    let settings = ["core.fsmonitor=false", "safe.bareRepository=explicit", "protocol.allow=never"];
    let settings = settings.into_iter().flat_map(|setting| ["-c".into(), setting.into()]);
    let args = ["-C".into(), folder].into_iter().chain(settings).chain(args).collect();
    let env = [("GIT_NO_LAZY_FETCH", "1"), ("GIT_OPTIONAL_LOCKS", "0")].map(|(name, value)| (name.into(), value.into()));
    Command { program: "git".into(), args, env: env.into(), unset: ELSEWHERE, ..Command::default() }
}
