//! A key that opens files, about to be sealed in its own place: sealed for itself, nothing opens it any more, nor what it opened.

use std::path::Path;

use super::target::{Input, Output};
use crate::config::Rule;
use crate::error::Error;
use crate::world::World;

/// Refuses to seal, over itself, the file that an identity is read from, a text with an identity that is in use here, and one of which all readers'
/// identities stand in it. As `sops` a warning.
///
/// # Errors
/// The file is one of these.
pub fn refuse(input: &Input, output: &Output, text: &[u8], rule: &Rule, world: &World<'_>) -> Result<(), Error> {
    let (Input::File(path), Output::InPlace(to) | Output::File(to)) = (input, output) else { return Ok(()) };
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let Some(own) = real(path).filter(|own| real(&to.path).as_ref() == Some(own)) else { return Ok(()) };
    let read_from = leafcrypt_kms::identity_files(&world.session).into_iter().any(|file| real(&file).is_some_and(|file| file == own));
    let why = if read_from {
        "an identity is read from this file"
    } else {
        let within = leafcrypt_kms::identities_in(text);
        let readers = || rule.groups.iter().flatten();
        if within.is_empty() {
            return Ok(());
        } else if within.iter().any(|identity| identity.is_in_use(&world.session)) {
            "an identity that opens files here stands in it"
        } else if readers().next().is_some() && readers().all(|key| within.iter().any(|identity| identity.is_of(&**key))) {
            "the identity of everybody who could open it stands in it"
        } else {
            return Ok(());
        }
    };
    if world.manners.sops_messages {
        world.warn([format!("{why}: sealed over itself, it is lost, and with it what it opens")]);
        return Ok(());
    }
    Err(Error::OwnIdentity { path: input.name(), why })
}
