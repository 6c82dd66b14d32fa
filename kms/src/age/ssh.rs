//! SSH private keys as age identities.

use std::sync::OnceLock;

use age::ssh::{Identity, UnsupportedKey};
use age_core::format::Stanza;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use crate::error::UnwrapError;
use crate::secret::Secret;
use crate::session::Session;

use super::passphrase;

/// A private key, with or without a passphrase.
pub(super) struct SshKey {
    /// Where it comes from, for the question.
    place: String,
    /// `ssh-ed25519 AAAA…`, without comment.
    public: String,
    /// What a stanza for it begins with: the kind, and four bytes of the public key's digest.
    kind: String,
    tag: String,
    identity: Identity,
    /// The key without its passphrase, or why it stays closed; asked once.
    opened: OnceLock<Result<Identity, UnwrapError>>,
}

impl SshKey {
    /// Reads a private key.
    ///
    /// # Errors
    /// SOPS's text for what is none; never a part of the key.
    pub(super) fn read(text: &Secret, place: &str) -> Result<Self, String> {
        let fault = |why: &str| format!("malformed SSH identity in {place:?}: {why}");
        let identity = Identity::from_buffer(text.expose(), Some(place.to_owned())).map_err(|_| fault("ssh: no key found"))?;
        if let Identity::Unsupported(kind) = &identity {
            return Err(fault(&unsupported(kind)));
        }
        let public = age::ssh::Recipient::try_from(identity.clone()).map_err(|_| fault("unsupported SSH identity type"))?.to_string();
        let (kind, blob) = public.split_once(' ').ok_or_else(|| fault("ssh: no key found"))?;
        let digest = Sha256::digest(BASE64_STANDARD.decode(blob).map_err(|_| fault("ssh: no key found"))?);
        let (kind, tag) = (kind.to_owned(), BASE64_STANDARD_NO_PAD.encode(&digest[..4]));
        Ok(SshKey { place: place.to_owned(), public, kind, tag, identity, opened: OnceLock::new() })
    }

    /// Whether a stanza is for this key; known without the passphrase.
    pub(super) fn fits(&self, stanza: &Stanza) -> bool {
        stanza.tag == self.kind && stanza.args.first() == Some(&self.tag)
    }

    /// Whether a recipient's text, comment or not, is this key's.
    pub(super) fn is_of(&self, recipient: &str) -> bool {
        let mut words = recipient.split_ascii_whitespace();
        self.public.split(' ').all(|word| words.next() == Some(word))
    }

    /// Whether it has a passphrase.
    pub(super) fn locked(&self) -> bool {
        matches!(self.identity, Identity::Encrypted(_))
    }

    /// The identity; asks for the passphrase if there is one, once a run.
    ///
    /// # Errors
    /// The question failed, or the passphrase is wrong.
    pub(super) fn open(&self, session: &Session) -> Result<&Identity, UnwrapError> {
        let Identity::Encrypted(key) = &self.identity else { return Ok(&self.identity) };
        let opened = self.opened.get_or_init(|| {
            let passphrase = passphrase::from_terminal(&format!("Enter passphrase for {:?}:", self.place), &self.place, session)?;
            key.decrypt(passphrase).map(Identity::Unencrypted).map_err(|_| passphrase::incorrect(&self.place))
        });
        opened.as_ref().map_err(Clone::clone)
    }
}

/// What SOPS, or we where it has no word, call a key that cannot be used.
fn unsupported(key: &UnsupportedKey) -> String {
    match key {
        UnsupportedKey::EncryptedPem => "its old PEM encryption is not supported; `ssh-keygen -p` writes it anew".to_owned(),
        UnsupportedKey::EncryptedSsh(_) => "its cipher is not supported".to_owned(),
        UnsupportedKey::Type(kind) if kind.starts_with("ecdsa-") => "unsupported SSH identity type: *ecdsa.PrivateKey".to_owned(),
        UnsupportedKey::Hardware(_) => "unsupported SSH identity type: it lies on a security key".to_owned(),
        UnsupportedKey::Type(_) => "unsupported SSH identity type".to_owned(),
    }
}
