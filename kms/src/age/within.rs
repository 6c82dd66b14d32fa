//! Identities that stand in a text, for who is about to seal it: one that opens it, sealed in it, opens nothing any more.

use std::path::PathBuf;

use crate::master_key::{Kind, MasterKey};
use crate::secret::Secret;
use crate::session::Session;

use super::identities::{Keyring, Source, default_identity_file};
use super::lines::Lines;
use super::ssh::SshKey;

/// How a native identity begins.
const NATIVE: &[u8] = b"AGE-SECRET-KEY-1";
/// What stands in a private key's first line.
const PEM: &[u8] = b"PRIVATE KEY-----";
/// So many characters it has (Bech32: a checksum of 6, and 52 for 32 bytes).
const LEN: usize = NATIVE.len() + 58;
/// So many of a text are looked at.
const MOST: usize = 1000;

/// An identity in a text: whose it is, and not itself.
pub struct Identity(Of);

enum Of {
    Native(String),
    Ssh(Box<SshKey>),
}

impl Identity {
    /// Whether this is the key that it opens.
    pub fn is_of(&self, key: &dyn MasterKey) -> bool {
        key.kind() == Kind::Age
            && match &self.0 {
                Of::Native(recipient) => recipient == key.id(),
                Of::Ssh(own) => own.is_of(key.id()),
            }
    }

    /// Whether it is one of those that this machine opens files with. Starts nothing and asks nobody.
    pub fn is_in_use(&self, session: &Session) -> bool {
        let ring = session.memo::<Keyring>();
        match &self.0 {
            Of::Native(recipient) => {
                let mut lines = ring.at_hand(session).filter_map(Source::lines);
                lines.any(|lines| lines.natives.iter().any(|native| native.recipient() == recipient))
            }
            Of::Ssh(own) => ring.ssh(session).any(|key| key.is_of(own.public())),
        }
    }
}

/// Native identities anywhere in a text, and an SSH key that is all of it.
pub fn identities_in(text: &[u8]) -> Vec<Identity> {
    let mut found: Vec<Identity> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(NATIVE.len()).position(|part| part == NATIVE) {
        rest = &rest[at..];
        let lines = Lines::read(&rest[..rest.len().min(LEN)]);
        found.extend(lines.natives.iter().map(|native| Identity(Of::Native(native.recipient().to_owned()))));
        if found.len() >= MOST {
            return found;
        }
        rest = &rest[NATIVE.len()..];
    }
    if text.windows(PEM.len()).any(|part| part == PEM)
        && let Ok(key) = SshKey::read(&Secret::new(text.to_vec()), "")
    {
        found.push(Identity(Of::Ssh(Box::new(key))));
    }
    found
}

/// The files that identities would be read from, whether they are there or not. None of them is opened.
pub fn identity_files(session: &Session) -> Vec<PathBuf> {
    let path = |name| session.outside().env(name).map(PathBuf::from);
    let named = ["SOPS_AGE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_FILE"].into_iter().filter_map(path);
    let ssh = path("HOME").into_iter().flat_map(|home| ["id_ed25519", "id_rsa"].map(|name| home.join(".ssh").join(name)));
    named.chain(default_identity_file(session)).chain(ssh).collect()
}
