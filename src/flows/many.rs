//! Many files: what a list of paths names, folders walked in order, never through a link (docs/threat-model.md, P23).

use std::path::{Path, PathBuf};

use leafcrypt_formats::{Format, Wiped};

use super::target::{Input, Types};
use crate::error::Error;
use crate::files::{self, Kind, ReadError};
use crate::sealed_file::{SealedFile, is_damaged};
use crate::world::World;

/// One of these stands in every sealed file, also in one that is damaged.
const TRACES: [&[u8]; 2] = [b"sops", b"ENC[AES256_GCM"];

/// One of many files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where.
    pub path: PathBuf,
    /// Found in a folder; otherwise named by the user, who then wants to hear of what is wrong with it.
    pub found: bool,
}

/// What paths name.
#[derive(Debug, Default)]
pub struct Many {
    /// The files.
    pub files: Vec<Named>,
    /// Folders that cannot be read: what is in the others counts all the same.
    pub unread: Vec<(String, Error)>,
}

/// The files that `paths` name, those of folders in the order of their names. With `folders` false they stand for themselves, as in SOPS.
pub fn files(paths: &[PathBuf], folders: bool) -> Many {
    let mut all = Many::default();
    for path in paths {
        if !folders || !is_folder(path) {
            all.files.push(Named { path: path.clone(), found: false });
        } else {
            let below = files::files_below(path);
            all.files.extend(below.files.into_iter().map(|path| Named { path, found: true }));
            all.unread.extend(below.unread.into_iter().map(|(path, error)| unread(&path, &error)));
        }
    }
    all
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

/// Does the same to each of them; one that fails does not stop the rest. What is found in a folder and is no sealed file is passed over.
///
/// # Errors
/// Those that failed; `doing` is said of them where there are several.
pub fn each(
    many: Many,
    types: &Types,
    doing: &str,
    world: &World<'_>,
    one: &mut dyn FnMut(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let Many { files, unread } = many;
    let (mut failed, mut met, mut found) = (Vec::new(), 0, false);
    for file in in_turn(&files, world) {
        match file.is_meant(types, world).and_then(|meant| if meant { one(&file.path).map(|()| true) } else { Ok(false) }) {
            Ok(meant) => met += usize::from(meant),
            Err(error) => {
                found |= file.found;
                failed.push(error);
            }
        }
    }
    failed.extend(unread.into_iter().map(|(_, error)| error));
    // What was passed over is none of them.
    let total = met + failed.len();
    match failed.len() {
        0 => {
            if met == 0 {
                world.dialog.log("no sealed file is there");
            }
            Ok(())
        }
        // Not that of a folder: its number would be another one as soon as a second file is there.
        1 if total == 1 && !found => Err(failed.remove(0)),
        n => Err(Error::Several { what: format!("failed {doing} {n} of {total} files"), errors: failed }),
    }
}

fn unread(folder: &Path, error: &std::io::Error) -> (String, Error) {
    let source = match error.kind() {
        std::io::ErrorKind::PermissionDenied => ReadError::Denied,
        _ => ReadError::Os(error.raw_os_error().unwrap_or_default()),
    };
    let path = folder.display().to_string();
    (path.clone(), Error::Read { path, source })
}

impl Named {
    /// Is it one that a command over folders is for? Whoever named it wants it in any case; one that is damaged is to be told.
    ///
    /// # Errors
    /// As [`Named::read`].
    fn is_meant(&self, types: &Types, world: &World<'_>) -> Result<bool, Error> {
        let format = types.input_of(&Input::File(self.path.clone()), world.manners);
        if !self.found {
            return Ok(true);
        }
        let Some(text) = self.read(format)? else { return Ok(false) };
        let parsed = SealedFile::parse(format, &text, world.manners);
        Ok(parsed.map_or_else(|error| is_damaged(format, &text, &error), |_| true))
    }

    /// Its text. None: it was found, and nothing in it tells of a sealed file, whatever it is; or a killed writer has left it, which is nobody's file: written
    /// anew it would stay for ever, and the first write beside it removes it.
    ///
    /// # Errors
    /// It cannot be read, or is over the limit of its format.
    pub fn read(&self, format: Format) -> Result<Option<Wiped>, Error> {
        let path = || self.path.display().to_string();
        if self.found && files::is_left_over(&self.path) {
            return Ok(None);
        }
        if self.found && !files::may_hold(&self.path, &TRACES).map_err(|source| Error::Read { path: path(), source })? {
            return Ok(None);
        }
        Input::File(self.path.clone()).read(format).map(Some)
    }
}
