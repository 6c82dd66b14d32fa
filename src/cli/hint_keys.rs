//! The hint where no key opens a file.

use leafcrypt_kms::{Kind, UnwrapError};

use super::hint_git::restore;
use crate::keys::NoKeyOpens;
use crate::world::World;

/// A new identity would not open the file, so none is offered.
pub(super) fn no_key_hint(path: &str, report: &NoKeyOpens, world: &World<'_>) -> String {
    let tried = || report.groups.iter().flat_map(|group| &group.tried);
    if report.combining.is_some() || tried().any(|(_, why)| *why == UnwrapError::Corrupt) {
        return restore(path, world);
    }
    let by_reason = tried().find_map(|(_, why)| match why {
        UnwrapError::ProgramMissing { name } => Some(format!("install {name} in a folder of PATH")),
        UnwrapError::NoTerminal { .. } => Some("run it in a terminal, where it can ask for the passphrase".to_owned()),
        UnwrapError::WrongPassphrase { .. } => Some("try again with the right passphrase".to_owned()),
        _ => None,
    });
    let has = |kind| tried().any(|(key, _)| key.kind() == kind);
    by_reason.unwrap_or_else(|| match () {
        // All that is there is broken: quotes around a key, a file that may not be read.
        () if tried().any(|(_, why)| matches!(why, UnwrapError::NotHeld { looked_in, notes } if !notes.is_empty() && !looked_in.iter().any(|place| holds_keys(place)))) => {
            let other = match has(Kind::Age) {
                true => "try again with SOPS_AGE_KEY_FILE=FILE, the file that holds a fitting identity",
                false => "gpg --import FILE, with one of these secret keys",
            };
            format!("mend the source of keys that failed above; or {other}")
        }
        () if has(Kind::Age) && tried().all(|(_, why)| matches!(why, UnwrapError::NotHeld { looked_in, notes } if notes.is_empty() && !looked_in.iter().any(|place| holds_keys(place)))) => {
            "try again with SOPS_AGE_KEY_FILE=FILE, the file that holds a fitting identity; who has none asks somebody who can open the file to add the recipient of a new one (leafcrypt keygen) and to run updatekeys".to_owned()
        }
        () if has(Kind::Age) => {
            "try again with SOPS_AGE_KEY_FILE=FILE, the file that holds a fitting identity; or somebody who can open the file adds your recipient to .sops.yaml and runs updatekeys".to_owned()
        }
        () if has(Kind::Pgp) => "gpg --import FILE, with one of these secret keys".to_owned(),
        () => "somebody who can open the file can add your key to .sops.yaml and run updatekeys".to_owned(),
    })
}

/// A place that was looked in has at least one.
fn holds_keys(place: &str) -> bool {
    place.ends_with("key)") || place.ends_with("keys)")
}
