//! What the search for `.sops.yaml` wants to know of the disk: owners, modes, and whether git accepts a work tree (docs/threat-model.md, P22).

use std::io;
use std::path::Path;
use std::sync::Arc;

use leafcrypt_kms::Outside;

use super::repository;
use crate::config::{Disk, Node, Real, Seen, Stat, Who};
use crate::files::{self, Facts, Kind};

/// The disk as a command sees it.
pub struct OnDisk<'w> {
    /// To ask git, and only about files of strangers.
    pub outside: &'w dyn Outside,
}

impl Disk for OnDisk<'_> {
    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        Ok(files::facts(path)?.map(stat_of))
    }

    fn open(&self, path: &Path) -> io::Result<Option<Seen>> {
        let opened = files::open_once(path)?;
        Ok(opened.map(|opened| Seen { stat: stat_of(opened.facts), links: opened.links.clone(), file: Some(Arc::new(opened)) }))
    }

    fn real(&self, folder: &Path) -> Option<Real> {
        files::real_folder(folder).ok().map(|(folder, links)| Real { folder, links })
    }

    fn work_tree_owner(&self, folder: &Path) -> Option<u32> {
        // git refuses trees of other owners unless safe.directory or SUDO_UID say otherwise: its word is what counts.
        let command = repository::command(folder.as_os_str().to_owned(), ["rev-parse".into(), "--show-toplevel".into()]);
        let finished = self.outside.run(command).ok()?;
        if finished.status != Some(0) {
            return None;
        }
        let top = std::str::from_utf8(finished.stdout.expose()).ok()?.trim_end_matches('\n').to_owned();
        Some(files::facts(Path::new(&top)).ok()??.owner)
    }
}

fn stat_of(Facts { kind, owner, group, mode, len: _ }: Facts) -> Stat {
    let node = match kind {
        Kind::File => Node::File,
        Kind::Pipe => Node::Pipe,
        Kind::Folder => Node::Folder,
        Kind::Other => Node::Other,
    };
    Stat { node, owner, group, mode }
}

/// The user, and the user's primary group if nobody else is in it.
pub fn who(outside: &dyn Outside) -> Who {
    let (uid, gid) = files::user();
    let lines = |path: &str| -> Vec<Vec<String>> {
        let read = outside.read(Path::new(path), 4 << 20).ok();
        let text = read.map(|secret| String::from_utf8_lossy(secret.expose()).into_owned()).unwrap_or_default();
        text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
    };
    let number = |fields: &[String], at: usize| fields.get(at).and_then(|f| f.parse::<u32>().ok());
    let accounts = lines("/etc/passwd");
    let name = accounts.iter().find(|a| number(a, 2) == Some(uid)).and_then(|a| a.first().cloned());
    let others = accounts.iter().any(|a| number(a, 3) == Some(gid) && number(a, 2) != Some(uid));
    let group = lines("/etc/group").into_iter().find(|g| number(g, 2) == Some(gid));
    let members = group.as_ref().and_then(|g| g.get(3)).map(String::as_str).unwrap_or_default();
    let alone = members.split(',').filter(|m| !m.is_empty()).all(|m| Some(m) == name.as_deref());
    Who { uid, private_group: (group.is_some() && alone && !others).then_some(gid) }
}
