//! The regular files below a folder, in the order of their names, never through a link (docs/threat-model.md, P23). Git's own folder is none of ours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is below a folder.
#[derive(Debug, Default)]
pub struct Below {
    /// All regular files.
    pub files: Vec<PathBuf>,
    /// The folders that cannot be read, and why.
    pub unread: Vec<(PathBuf, io::Error)>,
}

/// All regular files below `folder`, as far as its folders can be read.
pub fn files_below(folder: &Path) -> Below {
    let mut below = Below::default();
    // Folders that are still to be read, the next one last.
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries = match fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => {
                below.unread.push((folder, error));
                continue;
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut inner = Vec::new();
        for entry in entries {
            match entry.file_type() {
                Ok(kind) if kind.is_file() => below.files.push(entry.path()),
                Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => inner.push(entry.path()),
                Ok(_) => {}
                Err(error) => below.unread.push((entry.path(), error)),
            }
        }
        folders.extend(inner.into_iter().rev());
    }
    below
}
