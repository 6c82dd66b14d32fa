//! Where the configuration file is (`docs/sops-config.md`, section 1).

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::ConfigError;
use super::distrust::{Distrust, distrust, judge};
use crate::files::Opened;

/// The one name.
const NAME: &str = ".sops.yaml";
/// What people write by mistake; SOPS warns of it.
const WRONG_NAME: &str = ".sops.yml";
/// So many folders SOPS looks into.
const MOST_FOLDERS: usize = 100;

/// What the search wants of the disk. Whoever owns the disk implements it.
pub trait Disk {
    /// What stands at a path, links followed. None: nothing, or a link to nothing.
    ///
    /// # Errors
    /// It cannot be known (no permission on the way).
    fn stat(&self, path: &Path) -> io::Result<Option<Stat>>;

    /// The same, opened: what is told of it holds for what is read from it.
    ///
    /// # Errors
    /// It cannot be known.
    fn open(&self, path: &Path) -> io::Result<Option<Seen>>;

    /// A folder without links in its path. None: it cannot be known.
    fn real(&self, folder: &Path) -> Option<Real>;

    /// The owner of the git work tree around a folder, if git itself accepts that tree. Asked only about files of strangers.
    fn work_tree_owner(&self, folder: &Path) -> Option<u32>;
}

/// What kind of thing stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Node {
    File,
    Pipe,
    Folder,
    Other,
}

/// What is known of a file before it is opened.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// Its kind.
    pub node: Node,
    /// User id of its owner.
    pub owner: u32,
    /// Its group's id.
    pub group: u32,
    /// Its permission bits.
    pub mode: u32,
}

/// A file that was opened to be judged, and read if it may be.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What it is.
    pub stat: Stat,
    /// The owners of the links that led to it.
    pub links: Vec<u32>,
    /// Its content; none: it is read by its name.
    pub file: Option<Arc<Opened>>,
}

/// Where a folder really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Real {
    /// Its path without links.
    pub folder: PathBuf,
    /// The owners of the links that stood in it.
    pub links: Vec<u32>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// The user's id.
    pub uid: u32,
    /// The user's primary group, if nobody else is in it.
    pub private_group: Option<u32>,
}

/// How to look.
#[derive(Clone, Copy, Debug)]
pub enum Search<'p> {
    /// As `leafcrypt`: from the file's folder up to the edge of its repository or of the home folder; first as its path is spelled, and if nothing is
    /// there, without the links in it.
    FromFile {
        /// Absolute and clean ([`absolute`]).
        folder: &'p Path,
        /// The same as it was given, for the kernel, to which `..` behind a link is another folder.
        given: &'p Path,
        /// The home folder, where there is one.
        home: Option<&'p Path>,
    },
    /// As `sops`: from the current folder, 100 folders up; a file that others can write is only warned of.
    FromCurrent {
        /// The current folder as `PWD` has it.
        current: &'p Path,
    },
    /// `--config` or `SOPS_CONFIG`.
    Named {
        /// As given.
        path: &'p Path,
        /// The current folder as `PWD` has it.
        current: &'p Path,
        /// Called as `sops`: only warn.
        lenient: bool,
    },
}

/// A file that was found and may be read.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// To open.
    pub path: PathBuf,
    /// For messages: relative, where SOPS's is.
    pub shown: PathBuf,
    /// The absolute folder it stands in, links not resolved.
    pub folder: PathBuf,
    /// What was judged, to be read; none: it is read by its name.
    pub file: Option<Arc<Opened>>,
    /// Found without the links in the path of the file's folder: that as it was spelled, and as it really is.
    pub by_links: Option<(PathBuf, PathBuf)>,
    /// As `sops`: others could have written it. Said where a rule of it is used.
    pub doubt: Option<String>,
}

/// What a search came to.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// None: there is no configuration, which is no error as such.
    pub found: Option<Found>,
    /// Of a wrong name on the way.
    pub warnings: Vec<String>,
}

/// Looks for the configuration file. Who asks is only found out where one is there.
///
/// # Errors
/// It is not a file, a named one does not exist, or others could have written it.
pub fn find(disk: &dyn Disk, search: Search<'_>, who: &dyn Fn() -> Who) -> Result<Findings, ConfigError> {
    match search {
        Search::FromFile { folder, given, home } => {
            let spelled = climb(disk, up_to_the_edge(disk, folder, home), who, &[], false)?;
            if spelled.found.is_some() {
                return Ok(spelled);
            }
            match disk.real(given).filter(|real| real.folder != folder) {
                Some(real) => without_links(disk, folder, home, who, &real).map(|found| found.unwrap_or(spelled)),
                None => Ok(spelled),
            }
        }
        Search::FromCurrent { current } => {
            let up = (0..MOST_FOLDERS).map(|n| -> PathBuf { std::iter::repeat_n("..", n).collect() });
            let mut findings = climb(disk, up.map(|up| (current.join(&up), up)), who, &[], true)?;
            if let Some(found) = &mut findings.found {
                found.folder = absolute(current, &parent(&found.shown));
            }
            Ok(findings)
        }
        Search::Named { path, current, lenient } => named(disk, path, current, lenient),
    }
}

/// Where to look from a folder on.
fn up_to_the_edge<'p>(disk: &'p dyn Disk, folder: &'p Path, home: Option<&'p Path>) -> impl Iterator<Item = (PathBuf, PathBuf)> + 'p {
    let last = move |folder: &Path| Some(folder) == home || matches!(disk.stat(&folder.join(".git")), Ok(Some(_)));
    let mut over = false;
    let folders = folder.ancestors().take(MOST_FOLDERS).take_while(move |folder| {
        let wanted = !over;
        over = over || last(folder);
        wanted
    });
    folders.map(|folder| (folder.to_path_buf(), folder.to_path_buf()))
}

/// The way of the kernel, and of git: a link into a repository leads to its configuration. None: nothing is there either.
fn without_links(
    disk: &dyn Disk,
    spelled: &Path,
    home: Option<&Path>,
    who: &dyn Fn() -> Who,
    real: &Real,
) -> Result<Option<Findings>, ConfigError> {
    let home = home.and_then(|home| disk.real(home)).map(|home| home.folder);
    let mut findings = climb(disk, up_to_the_edge(disk, &real.folder, home.as_deref()), who, &real.links, false)?;
    let Some(found) = &mut findings.found else { return Ok(None) };
    found.by_links = Some((spelled.to_path_buf(), real.folder.clone()));
    Ok(Some(findings))
}

/// A path made absolute and clean by its text alone, as Go's `filepath.Abs` does: no links are resolved.
pub fn absolute(base: &Path, path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::CurDir => {}
            // Above the root there is the root.
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

/// Candidates are folders: where to look, and how that is shown. `way`: owners of the links that led there.
fn climb(
    disk: &dyn Disk,
    folders: impl Iterator<Item = (PathBuf, PathBuf)>,
    who: &dyn Fn() -> Who,
    way: &[u32],
    lenient: bool,
) -> Result<Findings, ConfigError> {
    let mut wrong: Option<PathBuf> = None;
    for (folder, shown) in folders {
        let (path, shown) = (folder.join(NAME), shown.join(NAME));
        let seen = match disk.open(&path) {
            Ok(seen) => seen,
            // As SOPS, which takes what it may not see for missing.
            Err(_) if lenient => None,
            Err(error) => return Err(unreadable(&shown, &error.kind().to_string())),
        };
        let Some(Seen { stat, links, file }) = seen else {
            if wrong.is_none() && matches!(disk.stat(&folder.join(WRONG_NAME)), Ok(Some(_))) {
                wrong = Some(shown.with_file_name(WRONG_NAME));
            }
            continue;
        };
        match stat.node {
            Node::File => {}
            Node::Folder => return Err(ConfigError::Unreadable(format!("read {}: is a directory", shown.display()))),
            Node::Pipe | Node::Other => return Err(unreadable(&shown, "not a regular file")),
        }
        let warnings = wrong.iter().map(|wrong| ignoring(wrong, Some(&shown))).collect();
        let doubt = distrust(disk, stat, [&links, way], &folder, who()).map(|why| judge(&shown, why, lenient)).transpose()?;
        return Ok(Findings { found: Some(Found { path, shown, folder, file, by_links: None, doubt }), warnings });
    }
    Ok(Findings { found: None, warnings: wrong.iter().map(|wrong| ignoring(wrong, None)).collect() })
}

fn named(disk: &dyn Disk, path: &Path, current: &Path, lenient: bool) -> Result<Findings, ConfigError> {
    let at = current.join(path);
    let stat = disk.stat(&at).map_err(|error| unreadable(path, &error.kind().to_string()))?;
    let Some(stat) = stat else {
        return Err(ConfigError::Unreadable(format!("open {}: no such file or directory", path.display())));
    };
    match stat.node {
        Node::File | Node::Pipe => {}
        Node::Folder => return Err(ConfigError::Unreadable(format!("read {}: is a directory", path.display()))),
        Node::Other => return Err(unreadable(path, "not a regular file")),
    }
    let open = stat.mode & 0o002 != 0 && stat.node == Node::File;
    let doubt = open.then(|| judge(path, Distrust::Anybody, lenient)).transpose()?;
    let folder = absolute(current, &parent(path));
    let found = Found { path: at, shown: path.to_path_buf(), folder, file: None, by_links: None, doubt };
    Ok(Findings { found: Some(found), warnings: Vec::new() })
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn unreadable(path: &Path, why: &str) -> ConfigError {
    ConfigError::Unreadable(format!("{}: {why}", path.display()))
}

fn ignoring(wrong: &Path, instead: Option<&Path>) -> String {
    let start =
        format!("ignoring {:?} when searching for config file; the config file must be called {NAME:?}", wrong.display().to_string());
    match instead {
        Some(path) => format!("{start}; using {:?} instead", path.display().to_string()),
        None => start,
    }
}
