//! A project's `.sops.yaml` and `.gitignore`: nothing is overwritten without asking.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{self, ReadError, WriteHow};

/// Names of plaintext that should not be committed.
const IGNORED: [&str; 4] = ["*.decrypted.*", "*.plain.*", ".env", "keys.txt"];

/// One file that `init` would write.
#[derive(Debug)]
pub struct Step {
    /// The file.
    pub path: PathBuf,
    /// What is there now.
    pub old: Option<Vec<u8>>,
    /// What would be there.
    pub new: Vec<u8>,
    /// Replaces something of the user's, so it needs a yes.
    pub asks: bool,
}

/// What `init` would do in a folder, for a recipient.
///
/// # Errors
/// A file that is there cannot be read.
pub fn plan(folder: &Path, recipient: &str) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let path = folder.join(".sops.yaml");
    let old = read(&path)?;
    let new = rules(recipient).into_bytes();
    if old.as_deref() != Some(&new) {
        steps.push(Step { asks: old.is_some(), path, old, new });
    }
    let path = folder.join(".gitignore");
    let old = read(&path)?;
    let new = ignore(old.as_deref().unwrap_or_default());
    if old.as_deref() != Some(&new) {
        // Lines are only added, so nothing of the user's is lost.
        steps.push(Step { asks: false, path, old, new });
    }
    Ok(steps)
}

/// Writes one step.
///
/// # Errors
/// The file cannot be written, or is another by now.
pub fn apply(step: &Step) -> Result<(), Error> {
    let how = WriteHow { base: step.old.as_deref(), never_replace: step.old.is_none(), ..WriteHow::default() };
    files::write(&step.path, &step.new, &how).map_err(|source| Error::Write { path: step.path.display().to_string(), source })
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ReadError::NotFound) => Ok(None),
        Err(source) => Err(Error::Read { path: path.display().to_string(), source }),
    }
}

fn rules(recipient: &str) -> String {
    format!(
        "# Who can read this project's secrets. The first rule that fits a file's path is used when it is sealed.\n\
         # After a change here: leafcrypt updatekeys FILE\n\
         creation_rules:\n  \
         - age: {recipient}\n"
    )
}

fn ignore(old: &[u8]) -> Vec<u8> {
    let has = |name: &str| old.split(|&b| b == b'\n').any(|line| line.trim_ascii() == name.as_bytes());
    let missing: Vec<&str> = IGNORED.into_iter().filter(|name| !has(name)).collect();
    let mut new = old.to_vec();
    if missing.is_empty() {
        return new;
    }
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.push(b'\n');
    }
    new.extend_from_slice(b"# plaintext that must not be committed (leafcrypt init)\n");
    for name in missing {
        new.extend_from_slice(name.as_bytes());
        new.push(b'\n');
    }
    new
}
