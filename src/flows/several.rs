//! Several files, or none: what was written before one that cannot be is taken back.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::Error;
use crate::files::{self, Claim, Kind, ReadError, WriteError, WriteHow};
use crate::guard;
use crate::world::World;

/// One file that is about to be written.
pub struct Step {
    /// The file. Folders that are missing above it are made, for the owner only.
    pub path: PathBuf,
    /// What is there now.
    pub old: Option<Zeroizing<Vec<u8>>>,
    /// What will be there.
    pub new: Zeroizing<Vec<u8>>,
    /// A new file is for the owner only.
    pub secret: bool,
    /// Replaces something of the user's, so it needs a yes.
    pub asks: bool,
}

/// What stands where a step is to write. A pipe would be read for ever, and cannot be replaced.
///
/// # Errors
/// It cannot be read, or is no regular file.
pub fn what_is_there(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let shown = || path.display().to_string();
    if matches!(files::facts(path), Ok(Some(facts)) if !matches!(facts.kind, Kind::File | Kind::Folder)) {
        return Err(Error::Write { path: shown(), source: WriteError::NotRegular });
    }
    match files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ReadError::NotFound) => Ok(None),
        Err(source) => Err(Error::Read { path: shown(), source }),
    }
}

/// Writes them in order.
///
/// # Errors
/// One cannot be written, or is another by now. Then none of them is.
pub fn write(steps: &[&Step], world: &World<'_>) -> Result<(), Error> {
    // A signal waits for the last one.
    let _held = guard::hold_signals();
    let state = world.state_folder();
    let mut folders = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        if let Err(source) = put(step, &mut folders, state.as_deref()) {
            for step in steps[..i].iter().rev() {
                // It has just been written; if that fails now, the error that is told is the first one.
                let _ = take_back(step, state.as_deref());
            }
            files::remove_folders(&folders);
            return Err(Error::Write { path: step.path.display().to_string(), source });
        }
        world.dialog.detail(&format!("{}: written", step.path.display()));
    }
    Ok(())
}

fn put(step: &Step, folders: &mut Vec<PathBuf>, state: Option<&Path>) -> Result<(), WriteError> {
    if let Some(folder) = step.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        folders.extend(files::make_private_folders(folder)?);
    }
    let base = step.old.as_ref().map(|old| old.as_slice());
    let how = WriteHow { secret: step.secret, base, never_replace: base.is_none(), write_through: false, state };
    files::write(&step.path, &step.new, &how)
}

fn take_back(step: &Step, state: Option<&Path>) -> Result<(), WriteError> {
    let how = WriteHow { base: Some(&step.new), state, ..WriteHow::default() };
    match &step.old {
        Some(old) => files::write(&step.path, old, &how),
        None => Claim::new(&step.path, &how)?.remove(&how),
    }
}
