//! The regular files below a folder, in the order of their names, never through a link (docs/threat-model.md, P23). Git's own folder is none of ours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// All regular files below `folder`.
///
/// # Errors
/// A folder that cannot be read, with its path.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    // Folders that are still to be read, the next one last.
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| (folder.clone(), error);
        let mut entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut inner = Vec::new();
        for entry in entries {
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_file() {
                files.push(entry.path());
            } else if kind.is_dir() && entry.file_name() != ".git" {
                inner.push(entry.path());
            }
        }
        folders.extend(inner.into_iter().rev());
    }
    Ok(files)
}
