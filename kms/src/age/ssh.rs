//! SSH private keys as age identities.

use std::sync::OnceLock;

use age::ssh::{Identity, UnsupportedKey};
use age_core::format::Stanza;

use crate::error::UnwrapError;
use crate::secret::Secret;
use crate::session::Session;

use super::passphrase;
use super::pkcs8::{as_pkcs1, is_pkcs8};
use super::ssh_public::{NONE, Public, is_known};

/// The longest file of a key: the age crate reads it again for each of its lines.
const LIMIT: usize = 64 * 1024;

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
    /// What is wrong with it, in SOPS's words where it has some; never a part of the key.
    pub(super) fn read(text: &Secret, place: &str) -> Result<Self, String> {
        if text.len() > LIMIT {
            return Err("ssh: the key is too long".to_owned());
        }
        // As Go reads PEM: what stands around it is passed over.
        let text = &pem(text.expose()).ok_or(NONE)?;
        if let Some(why) = foreign(text.expose()) {
            return Err(why.to_owned());
        }
        let older = if is_pkcs8(text.expose()) { Some(as_pkcs1(text.expose()).ok_or(PKCS8)?) } else { None };
        let text = older.as_ref().unwrap_or(text).expose();
        let identity = Identity::from_buffer(text, Some(place.to_owned())).map_err(|_| NONE)?;
        if let Identity::Unsupported(kind) = &identity {
            return Err(unsupported(kind));
        }
        let public = Public::of_private(text).ok_or(NONE)?;
        let kind = public.kind().ok_or(NONE)?.to_owned();
        if !is_known(&kind) {
            return Err(unsupported(&UnsupportedKey::Type(kind)));
        }
        public.key()?;
        Ok(SshKey { place: place.to_owned(), public: public.text(), kind, tag: public.tag(), identity, opened: OnceLock::new() })
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

    /// Where it was found.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Its public key, without comment.
    pub(super) fn public(&self) -> &str {
        &self.public
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

/// The first PEM block of a text: from the line on that begins it to the one that ends it, without blanks at the ends of its lines, header lines
/// (`Comment: x`) and empty ones, which Go passes over; but in the old PEM those may say how it is encrypted.
fn pem(text: &[u8]) -> Option<Secret> {
    let lines = text.split(|&b| b == b'\n').skip_while(|line| !line.starts_with(b"-----BEGIN ")).collect::<Vec<_>>();
    let end = lines.iter().position(|line| line.starts_with(b"-----END ")).map_or(lines.len(), |at| at + 1);
    lines.first()?;
    let is_locked = lines[..end].iter().any(|line| line.starts_with(b"Proc-Type:") || line.starts_with(b"DEK-Info:"));
    // No longer than the text, so nothing grows and leaves a copy behind.
    let mut block = Vec::with_capacity(text.len() + 1);
    for line in &lines[..end] {
        if is_locked || !(line.contains(&b':') || line.trim_ascii().is_empty()) {
            block.extend_from_slice(line.trim_ascii_end());
            block.push(b'\n');
        }
    }
    Some(Secret::new(block))
}

/// SOPS's words for a file that holds no usable key.
pub(super) fn malformed_in(path: &str, why: &str) -> String {
    format!("malformed SSH identity in {path:?}: {why}")
}

/// SOPS's words for a command that printed no usable key.
pub(super) fn malformed_from(variable: &str, why: &str) -> String {
    format!("malformed SSH identity returned by running {variable}: {why:?}")
}

/// What SOPS, or we where it has no word, call a key that cannot be used.
fn unsupported(key: &UnsupportedKey) -> String {
    match key {
        UnsupportedKey::EncryptedPem => OLD_PEM.to_owned(),
        UnsupportedKey::EncryptedSsh(_) => "the cipher of its passphrase is not supported".to_owned(),
        UnsupportedKey::Type(kind) if kind.starts_with("ecdsa-") => ECDSA.to_owned(),
        UnsupportedKey::Type(kind) if kind == "ssh-dss" => DSA.to_owned(),
        UnsupportedKey::Hardware(_) => "unsupported SSH identity type: it lies on a security key".to_owned(),
        UnsupportedKey::Type(_) => "unsupported SSH identity type".to_owned(),
    }
}

const ECDSA: &str = "unsupported SSH identity type: *ecdsa.PrivateKey";
const DSA: &str = "unsupported SSH identity type: *dsa.PrivateKey";
const OLD_PEM: &str = "its old PEM encryption is not supported (`ssh-keygen -p -f FILE` writes it anew)";

const PKCS8: &str = "this kind of PKCS #8 key is not supported (`ssh-keygen -p -f FILE` writes it anew)";

/// Kinds of PEM that the age crate does not read at all.
fn foreign(text: &[u8]) -> Option<&'static str> {
    match text {
        _ if text.starts_with(b"-----BEGIN EC PRIVATE KEY-----") => Some(ECDSA),
        _ if text.starts_with(b"-----BEGIN DSA PRIVATE KEY-----") => Some(DSA),
        _ if text.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") => Some(PKCS8),
        _ => None,
    }
}
