//! Whose identity is at hand, for a new project: the first place in SOPS's order that holds one. And what a file holds that is to get one more.

use std::path::PathBuf;
use std::sync::Arc;

use crate::session::Session;

use super::identities::{Held, Keyring, Source, default_identity_file};
use super::lines::Lines;
use super::passphrase;
use super::report::shown;

/// A place with identities, or one that should have some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The variable, with the file that it names; or the standard file.
    pub place: String,
    /// The recipients of its native identities, each once.
    pub recipients: Vec<String>,
    /// Why there are none to be told.
    pub closed: Option<String>,
    /// The file that a variable names, where it is not there.
    pub missing: Option<PathBuf>,
}

/// What `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE` and `SOPS_AGE_KEY_CMD` give, the first that is set. The command is run only if the others are not set: it may ask.
pub fn own_in_variables(session: &Session) -> Option<Own> {
    let ring = session.memo::<Keyring>();
    let command = || -> Arc<Source> { ring.command("", session) };
    ring.files(session).iter().find_map(|source| of(source, session)).or_else(|| of(&command(), session))
}

/// What the standard file holds.
pub fn own_in_standard_file(session: &Session) -> Option<Own> {
    default_identity_file(session)?;
    of(session.memo::<Keyring>().default(session), session)
}

/// What a text is instead of an identity file to which a line can be added. None: it is one, or there is nothing in it.
pub fn no_identity_file(text: &[u8]) -> Option<String> {
    if passphrase::is_age_file(text) {
        return Some("it is encrypted by age, and a line behind that would spoil it".to_owned());
    }
    let faults = Lines::read(text).faults;
    faults.first().map(|(line, _)| format!("it is no file of identities (line {line})"))
}

fn of(source: &Source, session: &Session) -> Option<Own> {
    let closed = match &source.held {
        Held::Nothing | Held::Unasked => return None,
        Held::Lines(lines) if lines.len() == 0 && lines.faults.is_empty() => return None,
        Held::Lines(lines) if lines.natives.is_empty() && lines.len() > 0 => "its identities do not tell their recipients".to_owned(),
        Held::Lines(lines) if lines.natives.is_empty() => "no identity in it".to_owned(),
        Held::Lines(lines) => return Some(Own { recipients: recipients(lines), ..Own::closed(source, None) }),
        Held::Locked(_) => "closed by a passphrase, so whose it is cannot be told".to_owned(),
        Held::Folder => "a folder where a file of identities should be".to_owned(),
        Held::Unreadable(why) | Held::Spoilt(why) => why.clone(),
        Held::Ssh(_) => return None,
    };
    let gone = |path: &PathBuf| session.outside().read(path, 1).is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound);
    let missing = source.path.clone().filter(gone);
    Some(Own { missing, ..Own::closed(source, Some(closed)) })
}

impl Own {
    fn closed(source: &Source, closed: Option<String>) -> Self {
        Own { place: shown(source), recipients: Vec::new(), closed, missing: None }
    }
}

/// The recipients of native identities, each once.
fn recipients(lines: &Lines) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for native in &lines.natives {
        if !found.iter().any(|one| one == native.recipient()) {
            found.push(native.recipient().to_owned());
        }
    }
    found
}
