//! Whether there is a `gpg`, and which secret keys it has, for `doctor`.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use super::advice;
use super::held::{self, Where};
use super::run::shown;
use crate::diagnose::{Diagnosis, Health};
use crate::session::Session;

fn home(session: &Session) -> Option<PathBuf> {
    let world = session.outside();
    world.env("GNUPGHOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(world.env("HOME")?).join(".gnupg")))
}

/// Is there a folder of keys? gpg makes one, whatever it is asked.
pub(super) fn home_is_there(session: &Session) -> bool {
    home(session).is_some_and(|home| session.outside().read(&home, 0).is_err_and(|why| why.kind() == io::ErrorKind::IsADirectory))
}

/// The folder that `GNUPGHOME` names, where it is not there: gpg makes only the standard one.
pub(super) fn missing_home(session: &Session) -> Option<String> {
    let home = session.outside().env("GNUPGHOME")?;
    let gone = session.outside().read(&PathBuf::from(&home), 0).is_err_and(|why| why.kind() == io::ErrorKind::NotFound);
    gone.then(|| shown(&home))
}

/// A keyring of that name in gpg's folder.
pub(super) fn old_ring(session: &Session, name: &str) -> Option<String> {
    let ring = home(session)?.join(name);
    let there = match session.outside().read(&ring, 0) {
        Ok(_) => true,
        Err(why) => why.kind() == io::ErrorKind::FileTooLarge,
    };
    there.then(|| shown(ring.as_os_str()))
}

/// What is run as `gpg`.
pub(super) fn name(session: &Session) -> OsString {
    session.outside().env("SOPS_GPG_EXEC").unwrap_or_else(|| "gpg".into())
}

/// Where it is; none: there is no such program.
pub(super) fn program(session: &Session) -> Option<PathBuf> {
    session.outside().program(&name(session))
}

pub(super) fn diagnose(session: &Session) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let given = session.outside().env("SOPS_GPG_EXEC");
    let old = old_ring(session, "secring.gpg");
    let Some(path) = program(session) else {
        let name = shown(&name(session));
        match given {
            Some(_) => diagnosis.add(
                Health::Fail,
                "OpenPGP",
                format!("SOPS_GPG_EXEC names {name}, which is not to be found"),
                Some("unset SOPS_GPG_EXEC"),
            ),
            None => match old {
                Some(ring) => diagnosis.add(
                    Health::Warn,
                    "OpenPGP",
                    format!("there is no gpg to read the keys of the old keyring {ring}"),
                    Some(&format!("install gpg; {}", advice::import(&ring))),
                ),
                None => diagnosis.add(Health::Ok, "OpenPGP", "there is no gpg; only OpenPGP keys need it", None),
            },
        }
        return diagnosis;
    };
    let path = path.display();
    // gpg would make one.
    if !home_is_there(session) {
        let home = home(session).map_or_else(|| "~/.gnupg".to_owned(), |home| shown(home.as_os_str()));
        diagnosis.add(Health::Ok, "OpenPGP", format!("{path}; no keys: {home} is not there"), None);
        return diagnosis;
    }
    let listing = match held::listing(session) {
        Ok(listing) => listing,
        Err(_) => {
            diagnosis.add(Health::Fail, "OpenPGP", format!("{path} could not be started"), Some("install GnuPG anew"));
            return diagnosis;
        }
    };
    let mut keys: Vec<_> = listing.keys.iter().collect();
    keys.sort();
    diagnosis.keys = keys.iter().filter(|(_, place)| **place != Where::Elsewhere).count();
    let named = |(id, place): &(&u64, &Where)| match place {
        Where::Here => format!("{id:016X}"),
        Where::Card => format!("{id:016X} (on a smartcard)"),
        Where::Elsewhere => format!("{id:016X} (its private part is not here)"),
    };
    let found = match keys.len() {
        0 => format!("{path}; no secret key"),
        n => format!("{path}; {n} secret keys and sub-keys: {}", keys.iter().map(named).collect::<Vec<_>>().join(", ")),
    };
    if let Some(ring) = old.filter(|_| listing.complete && keys.is_empty()) {
        // gpg leaves it there when it has imported it.
        diagnosis.add(Health::Warn, "OpenPGP", format!("{found}; the old keyring {ring} is not read"), Some(&advice::import(&ring)));
    } else if listing.complete {
        diagnosis.add(Health::Ok, "OpenPGP", found, None);
    } else {
        diagnosis.add(Health::Warn, "OpenPGP", format!("{found}; gpg could not list them all"), Some("gpgconf --kill gpg-agent"));
    }
    diagnosis
}
