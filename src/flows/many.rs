//! Many files: what a list of paths names, folders walked in order, never through a link (docs/threat-model.md, P23).

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{self, Kind, ReadError};
use crate::world::World;

/// One of many files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where.
    pub path: PathBuf,
    /// Found in a folder; otherwise named by the user, who then wants to hear of what is wrong with it.
    pub found: bool,
}

/// The files that `paths` name, those of folders in the order of their names. With `folders` false a folder is an error, as in SOPS.
///
/// # Errors
/// A folder cannot be read.
pub fn files(paths: &[PathBuf], folders: bool) -> Result<Vec<Named>, Error> {
    let mut all = Vec::new();
    for path in paths {
        if !is_folder(path) {
            all.push(Named { path: path.clone(), found: false });
        } else if folders {
            all.extend(walk(path)?.into_iter().map(|path| Named { path, found: true }));
        } else {
            return Err(Error::Usage("can't operate on a directory".to_owned()));
        }
    }
    Ok(all)
}

/// Is a path a folder, and no link to one?
pub fn is_folder(path: &Path) -> bool {
    matches!(files::facts(path), Ok(Some(facts)) if facts.kind == Kind::Folder)
}

/// The files one after the other; a person who has to wait sees how far it is.
pub fn in_turn<'f>(files: &'f [Named], world: &World<'_>) -> impl Iterator<Item = &'f Named> {
    (1..).zip(files).map(|(number, file)| {
        world.dialog.progress(number, files.len(), &file.path);
        file
    })
}

fn walk(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    files::files_below(folder).map_err(|(path, error)| {
        let source = match error.kind() {
            std::io::ErrorKind::PermissionDenied => ReadError::Denied,
            _ => ReadError::Os(error.raw_os_error().unwrap_or_default()),
        };
        Error::Read { path: path.display().to_string(), source }
    })
}
