//! An age identity in its place: mode 0600, never overwritten.

use std::path::{Path, PathBuf};

use leafcrypt_kms::Secret;

use crate::error::Error;
use crate::files::{self, WriteHow};
use crate::metadata;
use crate::world::World;

/// What `keygen` is about to do, for the question.
pub struct Plan {
    /// Where the identity goes.
    pub path: PathBuf,
    /// What is there: nothing, or a file to which the identity is appended after a yes.
    pub existing: Option<zeroize::Zeroizing<Vec<u8>>>,
}

/// A new identity, and where it was put.
#[derive(Debug)]
pub struct Made {
    /// The file.
    pub path: PathBuf,
    /// The public part.
    pub recipient: String,
}

/// Looks where the identity would go. `output` is a file of the user's choice: it must not exist.
///
/// # Errors
/// No place is known, or `output` exists.
pub fn plan(output: Option<&Path>, world: &World<'_>) -> Result<Plan, Error> {
    if let Some(path) = output {
        return match files::read(path) {
            Err(files::ReadError::NotFound) => Ok(Plan { path: path.to_owned(), existing: None }),
            _ => Err(Error::Exists { path: path.to_owned() }),
        };
    }
    let path = leafcrypt_kms::default_identity_file(&world.session).ok_or_else(|| {
        Error::Usage("no place for an identity is known: neither XDG_CONFIG_HOME nor HOME is set; use --output FILE".to_owned())
    })?;
    let existing = match files::read(&path) {
        Ok(bytes) => Some(bytes.into()),
        Err(files::ReadError::NotFound) => None,
        Err(source) => return Err(Error::Read { path: path.display().to_string(), source }),
    };
    Ok(Plan { path, existing })
}

/// Makes the identity and puts it there.
///
/// # Errors
/// The file cannot be written, or is another by now.
pub fn apply(plan: &Plan, world: &World<'_>) -> Result<Made, Error> {
    let (identity, recipient) = leafcrypt_kms::generate();
    let mut text = zeroize::Zeroizing::new(Vec::with_capacity(plan.existing.as_ref().map_or(0, |e| e.len()) + 512));
    if let Some(existing) = &plan.existing {
        text.extend_from_slice(existing);
        if !existing.is_empty() && !existing.ends_with(b"\n") {
            text.push(b'\n');
        }
    }
    text.extend_from_slice(&lines(&identity, &recipient, &metadata::rfc3339(world.now())));
    if let Some(folder) = plan.path.parent().filter(|f| !f.as_os_str().is_empty()) {
        files::make_private_folders(folder).map_err(|source| Error::Write { path: folder.display().to_string(), source })?;
    }
    let how = WriteHow {
        secret: true,
        base: plan.existing.as_ref().map(|e| e.as_slice()),
        never_replace: plan.existing.is_none(),
        ..WriteHow::default()
    };
    files::write(&plan.path, &text, &how).map_err(|source| Error::Write { path: plan.path.display().to_string(), source })?;
    Ok(Made { path: plan.path.clone(), recipient })
}

/// As `age-keygen` writes them.
fn lines(identity: &Secret, recipient: &str, now: &str) -> zeroize::Zeroizing<Vec<u8>> {
    let mut text = zeroize::Zeroizing::new(Vec::with_capacity(256));
    text.extend_from_slice(format!("# created: {now}\n# public key: {recipient}\n").as_bytes());
    text.extend_from_slice(identity.expose());
    text.push(b'\n');
    text
}
