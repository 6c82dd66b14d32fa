//! Passphrases: identity files that have one, and whom they are asked of. Each is asked once a run.

use std::sync::OnceLock;

use age::DecryptError;
use age::scrypt;
use age_core::secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::error::UnwrapError;
use crate::outside::Asked;
use crate::session::Session;

use super::agent::{Agent, FromAgent, cache_id};
use super::envelope::{Envelope, unarmoured};
use super::lines::Lines;

/// The hardest work factor that a file may ask of us (R8).
const WORK: u8 = 18;

/// An identity file that is an age file with a passphrase.
pub(super) struct Locked {
    /// SOPS's name of the source.
    place: String,
    envelope: Envelope,
    /// Digest of the contents, for the agent's cache.
    digest: [u8; 32],
    opened: OnceLock<Result<Lines, UnwrapError>>,
}

/// Whether a source holds an age file instead of lines.
pub(super) fn is_age_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/") || bytes.trim_ascii_start().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

impl Locked {
    /// Reads an age file, binary or armoured, of at most `limit` bytes; asks nothing yet.
    ///
    /// # Errors
    /// Why it cannot be opened by a passphrase.
    pub(super) fn read(bytes: &[u8], limit: usize, place: &str) -> Result<Self, String> {
        let fault = |why: &str| format!("failed to read '{place}': {why}");
        let binary = match bytes.first() {
            Some(b'a') => bytes.to_vec(),
            _ => unarmoured(bytes.trim_ascii(), limit).ok_or_else(|| fault("its armour is damaged"))?,
        };
        let digest = Sha256::digest(&binary).into();
        let envelope = Envelope::from_binary(binary).map_err(|_| fault("its header is damaged"))?;
        let [stanza] = &envelope.stanzas[..] else { return Err(fault("it has no passphrase")) };
        if stanza.tag != "scrypt" {
            return Err(fault("it has no passphrase"));
        }
        if stanza.args.get(1).and_then(|work| work.parse().ok()).is_none_or(|work: u8| work > WORK) {
            return Err(fault(&format!("its scrypt work factor is over {WORK}")));
        }
        Ok(Locked { place: place.to_owned(), envelope, digest, opened: OnceLock::new() })
    }

    /// Whether it is the same file as another, reached by another way.
    pub(super) fn same(&self, other: &Locked) -> bool {
        self.digest == other.digest
    }

    /// Its keys; asks for the passphrase, once a run.
    ///
    /// # Errors
    /// The question failed, or the passphrase is wrong.
    pub(super) fn open(&self, session: &Session) -> Result<&Lines, UnwrapError> {
        self.opened.get_or_init(|| self.ask(session)).as_ref().map_err(Clone::clone)
    }

    /// Its keys, if it is open already.
    pub(super) fn lines(&self) -> Option<&Lines> {
        self.opened.get()?.as_ref().ok()
    }

    fn ask(&self, session: &Session) -> Result<Lines, UnwrapError> {
        let prompt = format!("Enter passphrase for identity '{}':", self.place);
        let mut agent = Agent::connect(session);
        let cache = cache_id(&self.digest);
        let passphrase = match agent.as_mut().map_or(FromAgent::Unable, |agent| agent.ask(&cache, &prompt)) {
            FromAgent::Answer(answer) => answer,
            FromAgent::Cancelled => return Err(UnwrapError::Cancelled),
            FromAgent::Unable => from_terminal(&prompt, &self.place, session)?,
        };
        let mut identity = scrypt::Identity::new(passphrase);
        identity.set_max_work_factor(WORK);
        match age::Identity::unwrap_stanzas(&identity, &self.envelope.stanzas) {
            Some(Ok(key)) => Ok(Lines::read(self.envelope.open(key)?.expose())),
            Some(Err(DecryptError::InvalidHeader)) => Err(UnwrapError::Corrupt),
            _ => {
                if let Some(agent) = &mut agent {
                    agent.forget(&cache);
                }
                Err(incorrect(&self.place))
            }
        }
    }
}

/// Asks on the terminal.
///
/// # Errors
/// There is none, or the person gave up.
pub(super) fn from_terminal(prompt: &str, what: &str, session: &Session) -> Result<SecretString, UnwrapError> {
    match session.outside().ask(prompt) {
        Asked::Answer(answer) | Asked::Lines(answer) => secret_string(answer.expose()).ok_or_else(|| incorrect(what)),
        Asked::TooLong => Err(incorrect(what)),
        Asked::NoTerminal => Err(UnwrapError::NoTerminal { what: what.to_owned() }),
        Asked::Cancelled => Err(UnwrapError::Cancelled),
    }
}

/// The passphrase of that key is wrong.
pub(super) fn incorrect(what: &str) -> UnwrapError {
    UnwrapError::WrongPassphrase { what: what.to_owned() }
}

/// A passphrase as the age crate takes it.
pub(super) fn secret_string(bytes: &[u8]) -> Option<SecretString> {
    Some(SecretString::from(std::str::from_utf8(bytes).ok()?.to_owned()))
}
