//! Whether a configuration may be somebody else's work (docs/threat-model.md, P22).

use std::path::Path;

use super::ConfigError;
use super::find::{Disk, Stat, Who};

/// P22: why a file that was found by searching may be another's work.
pub(super) fn distrust(disk: &dyn Disk, stat: Stat, [links, way]: [&[u32]; 2], folder: &Path, who: Who) -> Option<Distrust> {
    if stat.mode & 0o002 != 0 {
        return Some(Distrust::Anybody);
    }
    if stat.mode & 0o020 != 0 && who.private_group != Some(stat.group) {
        return Some(Distrust::Group);
    }
    let ours = |owner| owner == who.uid || owner == 0 || disk.work_tree_owner(folder) == Some(owner);
    if !ours(stat.owner) {
        return Some(Distrust::Owner);
    }
    // Whoever made a link has chosen the file, and our own may be any of ours.
    if !links.iter().copied().all(ours) {
        return Some(Distrust::Link);
    }
    (!way.iter().copied().all(ours)).then_some(Distrust::Way)
}

/// Why a configuration may be somebody else's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Distrust {
    #[error("anybody can write to it")]
    Anybody,
    #[error("its group can write to it; if you trust them, name it with --config")]
    Group,
    #[error("it belongs to another user; if you trust them, name it with --config")]
    Owner,
    #[error("it is a link that belongs to another user; if you trust them, name it with --config")]
    Link,
    #[error("it is found by a link that belongs to another user; if you trust them, name it with --config")]
    Way,
}

/// What is to be said of it as `sops`.
pub(super) fn judge(path: &Path, why: Distrust, lenient: bool) -> Result<String, ConfigError> {
    match lenient {
        true => Ok(format!("the config file {} is used although {why}", path.display())),
        false => Err(ConfigError::Untrusted { path: path.to_path_buf(), why }),
    }
}
