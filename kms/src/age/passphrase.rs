//! Passphrases: identity files that have one, and whom they are asked of. Each is asked once a run.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::sync::OnceLock;

use age::DecryptError;
use age::scrypt;
use age_core::secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::UnwrapError;
use crate::outside::{Asked, Conversation};
use crate::secret::Secret;
use crate::session::Session;

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
        let fault = |why: &str| format!("failed to decrypt identity file '{place}': {why}");
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
        Asked::Answer(answer) => secret_string(answer.expose()).ok_or_else(|| incorrect(what)),
        Asked::NoTerminal => Err(UnwrapError::NoTerminal { what: what.to_owned() }),
        Asked::Cancelled => Err(UnwrapError::Cancelled),
    }
}

/// The passphrase of that key is wrong.
pub(super) fn incorrect(what: &str) -> UnwrapError {
    UnwrapError::Denied { why: format!("incorrect passphrase for {what}") }
}

/// The name under which 3.13's SOPS caches a file's passphrase: of its contents, so that two files behind one variable do not meet.
fn cache_id(digest: &[u8; 32]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut id = "SopsAge".to_owned();
    for five in digest[..25].chunks_exact(5) {
        let bits = five.iter().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
        id.extend((0..8).rev().map(|i| char::from(ALPHABET[(bits >> (5 * i) & 31) as usize])));
    }
    id
}

fn secret_string(bytes: &[u8]) -> Option<SecretString> {
    Some(SecretString::from(std::str::from_utf8(bytes).ok()?.to_owned()))
}

enum FromAgent {
    Answer(SecretString),
    Cancelled,
    /// No pinentry, no display: the terminal may do.
    Unable,
}

/// gpg-agent, which asks and remembers for us as it does for SOPS.
struct Agent(BufReader<Box<dyn Conversation>>);

impl Agent {
    /// Connects to the agent where SOPS looks for it (not in `GNUPGHOME`), if there is one.
    fn connect(session: &Session) -> Option<Self> {
        let world = session.outside();
        let socket = match world.env("GPG_AGENT_INFO") {
            Some(info) => {
                let info = info.into_string().ok()?;
                world.connect(info.split(':').next()?.as_ref())
            }
            None => {
                let home = world.passwd_home().map(|home| home.join(".gnupg/S.gpg-agent"));
                let runtime = world.env("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join("gnupg/S.gpg-agent"));
                let socket = [home, runtime].into_iter().flatten().find_map(|path| world.connect(&path).ok());
                socket.ok_or_else(|| std::io::ErrorKind::NotFound.into())
            }
        };
        let mut agent = Agent(BufReader::new(socket.ok()?));
        agent.answer()?.ok()?;
        for (name, variable) in [("ttyname", "GPG_TTY"), ("ttytype", "TERM"), ("display", "DISPLAY")] {
            if let Some(value) =
                world.env(variable).and_then(|value| value.into_string().ok()).filter(|value| !value.contains(char::is_control))
            {
                // What it does not know it refuses, which is no harm.
                let _ = agent.say(&format!("OPTION {name}={value}"))?;
            }
        }
        Some(agent)
    }

    fn ask(&mut self, cache: &str, prompt: &str) -> FromAgent {
        const CANCELED: &str = "83886179";
        match self.say(&format!("GET_PASSPHRASE {cache} X Passphrase {}", plus(prompt))) {
            Some(Ok(hex)) => match unhex(hex.as_bytes()).and_then(|bytes| secret_string(bytes.expose())) {
                Some(answer) => FromAgent::Answer(answer),
                None => FromAgent::Unable,
            },
            Some(Err(code)) if code == CANCELED => FromAgent::Cancelled,
            _ => FromAgent::Unable,
        }
    }

    fn forget(&mut self, cache: &str) {
        let _ = self.say(&format!("CLEAR_PASSPHRASE {cache}"));
    }

    fn say(&mut self, line: &str) -> Option<Result<Zeroizing<String>, String>> {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).ok()?;
        self.answer()
    }

    /// What stands after `OK`, or the number after `ERR`; none if the talk is over.
    fn answer(&mut self) -> Option<Result<Zeroizing<String>, String>> {
        // Status lines and comments may come before; not without end.
        for _ in 0..100 {
            let mut line = Zeroizing::new(String::with_capacity(2048));
            std::io::Read::take(&mut self.0, 2000).read_line(&mut line).ok().filter(|&read| read > 0)?;
            if let Some(rest) = line.strip_prefix("OK") {
                return Some(Ok(Zeroizing::new(rest.trim().to_owned())));
            }
            if let Some(rest) = line.strip_prefix("ERR ") {
                return Some(Err(rest.split_whitespace().next().unwrap_or_default().to_owned()));
            }
        }
        None
    }
}

/// Text as the agent's protocol has it: a plus for a blank, a percent sign for what would end the word.
fn plus(text: &str) -> String {
    let mut coded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' ' => coded.push('+'),
            '+' | '%' => coded.push_str(&format!("%{:02X}", c as u32)),
            c if c.is_control() => coded.push('+'),
            c => coded.push(c),
        }
    }
    coded
}

fn unhex(hex: &[u8]) -> Option<Secret> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    if hex.is_empty() || !hex.len().is_multiple_of(2) {
        return None;
    }
    Secret::filled(hex.len() / 2, |bytes| {
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0]).ok_or(())? << 4 | digit(pair[1]).ok_or(())?;
        }
        Ok::<_, ()>(())
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::{cache_id, plus, unhex};

    #[test]
    fn cache_ids_are_base32_of_the_digest() {
        // `head -c 25 /dev/zero | base32`
        assert_eq!(cache_id(&[0; 32]), format!("SopsAge{}", "A".repeat(40)));
        let digest: [u8; 32] = std::array::from_fn(|i| i as u8);
        assert_eq!(cache_id(&digest), "SopsAgeAAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYY");
    }

    #[test]
    fn the_agents_coding() {
        assert_eq!(plus("a b+c%\n"), "a+b%2Bc%25+");
        assert_eq!(unhex(b"61C3bc").map(|s| s.expose().to_vec()), Some("aü".as_bytes().to_vec()));
        for bad in ["", "6", "6x"] {
            assert!(unhex(bad.as_bytes()).is_none());
        }
    }
}
