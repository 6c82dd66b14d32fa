//! An age identity in its place: mode 0600, never overwritten.

use std::path::{Path, PathBuf};

use leafcrypt_kms::Secret;
use zeroize::Zeroizing;

use super::several::{self, Step};
use crate::error::Error;
use crate::files;
use crate::metadata;
use crate::world::World;

/// What `keygen` is about to do, for the question.
pub struct Plan {
    /// Where the identity goes.
    pub path: PathBuf,
    /// What is there: nothing, or a file to which the identity is appended after a yes.
    pub existing: Option<Zeroizing<Vec<u8>>>,
}

/// A new identity, and where it was put.
#[derive(Debug)]
pub struct Made {
    /// The file.
    pub path: PathBuf,
    /// The public part.
    pub recipient: String,
    /// Permission bits of the file: one that was there keeps its own.
    pub mode: u32,
}

/// Looks where the identity would go. `output` is a file of the user's choice: it must not exist.
///
/// # Errors
/// No place is known, or `output` exists.
pub fn plan(output: Option<&Path>, world: &World<'_>) -> Result<Plan, Error> {
    if let Some(path) = output {
        // Looked at, not read: a pipe would be waited for.
        return match files::facts(path) {
            Ok(None) => Ok(Plan { path: path.to_owned(), existing: None }),
            _ => Err(Error::Exists { path: path.to_owned(), instead: "choose another name with --output".into() }),
        };
    }
    let path = leafcrypt_kms::default_identity_file(&world.session).ok_or_else(|| {
        Error::Usage("no place for an identity is known: neither XDG_CONFIG_HOME nor HOME names a folder; use --output FILE".to_owned())
    })?;
    let existing = several::what_is_there(&path)?.map(Zeroizing::new);
    if existing.is_none() && !path.is_absolute() {
        // It would lie below the current folder, perhaps in a repository, and be found from there only.
        return Err(Error::Usage("no place for an identity is known: HOME is no whole path; use --output FILE".to_owned()));
    }
    Ok(Plan { path, existing })
}

impl Plan {
    /// Whether a line may be added to what is there: behind what age has encrypted it would spoil the file, for every program.
    ///
    /// # Errors
    /// It is no file of identities.
    pub fn refuse_others(&self) -> Result<(), Error> {
        match self.existing.as_ref().and_then(|text| leafcrypt_kms::no_identity_file(text)) {
            Some(why) => Err(Error::NoIdentityFile { path: self.path.clone(), why }),
            None => Ok(()),
        }
    }

    /// The file with a new identity in it, and that identity's public part.
    pub(super) fn step(&self, world: &World<'_>) -> (Step, String) {
        let (identity, recipient) = leafcrypt_kms::generate();
        let old = self.existing.as_ref().map_or(&[][..], |existing| existing.as_slice());
        let mut new = Zeroizing::new(Vec::with_capacity(old.len() + 512));
        new.extend_from_slice(old);
        if !old.is_empty() && !old.ends_with(b"\n") {
            new.push(b'\n');
        }
        new.extend_from_slice(&lines(&identity, &recipient, &metadata::rfc3339(world.now())));
        let step = Step { path: self.path.clone(), old: self.existing.clone(), new, secret: true, asks: self.existing.is_some() };
        (step, recipient)
    }
}

/// Makes the identity and puts it there.
///
/// # Errors
/// The file cannot be written, is another by now, or is no file of identities.
pub fn apply(plan: &Plan, world: &World<'_>) -> Result<Made, Error> {
    plan.refuse_others()?;
    let (step, recipient) = plan.step(world);
    several::write(&[&step], world)?;
    let mode = files::facts(&step.path).ok().flatten().map_or(0o600, |facts| facts.mode);
    Ok(Made { path: step.path, recipient, mode })
}

/// As `age-keygen` writes them.
fn lines(identity: &Secret, recipient: &str, now: &str) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    text.extend_from_slice(format!("# created: {now}\n# public key: {recipient}\n").as_bytes());
    text.extend_from_slice(identity.expose());
    text.push(b'\n');
    text
}
