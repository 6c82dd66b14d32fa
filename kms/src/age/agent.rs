//! gpg-agent, which asks for the passphrase of an identity file and remembers it, as it does for SOPS.

use std::path::PathBuf;
use std::time::Duration;

use age_core::secrecy::SecretString;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::session::Session;

use super::passphrase::secret_string;
use super::talk::Talk;

/// How long an agent may be silent that has nobody to ask (P20).
const PATIENCE: Duration = Duration::from_secs(10);

/// What asking an agent came to.
pub(super) enum FromAgent {
    Answer(SecretString),
    Cancelled,
    /// No pinentry, no display: the terminal may do.
    Unable,
}

/// A connected agent.
pub(super) struct Agent(Talk);

impl Agent {
    /// Connects to the user's agent, if there is one that answers.
    pub(super) fn connect(session: &Session) -> Option<Self> {
        let world = session.outside();
        let socket = sockets(session).into_iter().find_map(|path| world.connect(&path).ok())?;
        let mut agent = Agent(Talk::new(socket));
        agent.0.set_patience(Some(PATIENCE));
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

    /// Asks for the passphrase that it has under that name, or that a person gives.
    pub(super) fn ask(&mut self, cache: &str, prompt: &str) -> FromAgent {
        const CANCELED: &str = "83886179";
        // A person's time is not counted.
        self.0.set_patience(None);
        let said = self.say(&format!("GET_PASSPHRASE {cache} X Passphrase {}", plus(prompt)));
        self.0.set_patience(Some(PATIENCE));
        match said {
            Some(Ok(hex)) => match unhex(hex.as_bytes()).and_then(|bytes| secret_string(bytes.expose())) {
                Some(answer) => FromAgent::Answer(answer),
                None => FromAgent::Unable,
            },
            Some(Err(code)) if code == CANCELED => FromAgent::Cancelled,
            _ => FromAgent::Unable,
        }
    }

    /// Makes it forget a passphrase that was wrong.
    pub(super) fn forget(&mut self, cache: &str) {
        let _ = self.say(&format!("CLEAR_PASSPHRASE {cache}"));
    }

    fn say(&mut self, line: &str) -> Option<Result<Zeroizing<String>, String>> {
        self.0.say(format!("{line}\n").as_bytes()).ok()?;
        self.answer()
    }

    /// What stands after `OK`, or the number after `ERR`; none if the talk is over.
    fn answer(&mut self) -> Option<Result<Zeroizing<String>, String>> {
        // Status lines and comments may come before; not without end.
        for _ in 0..100 {
            let line = self.0.line().ok()?;
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

/// Where SOPS looks for the agent (not in `GNUPGHOME`).
///
/// Differs from SOPS: a `HOME` that is not the user's own (a test's, a container's, another user's) has no part in the user's agent.
/// Who works there asks the agent of that folder, if there is one.
fn sockets(session: &Session) -> Vec<PathBuf> {
    let world = session.outside();
    if let Some(info) = world.env("GPG_AGENT_INFO") {
        let info = info.to_string_lossy();
        return info.split(':').take(1).map(PathBuf::from).collect();
    }
    let in_home = |home: PathBuf| home.join(".gnupg/S.gpg-agent");
    let users_own = world.passwd_home();
    match world.env("HOME").map(PathBuf::from) {
        Some(home) if Some(&home) != users_own.as_ref() => vec![in_home(home)],
        _ => {
            let runtime = world.env("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("gnupg/S.gpg-agent"));
            users_own.map(in_home).into_iter().chain(runtime).collect()
        }
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
    if !hex.len().is_multiple_of(2) {
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

/// The name under which 3.13's SOPS caches a file's passphrase: of its contents, so that two files behind one variable do not meet.
pub(super) fn cache_id(digest: &[u8; 32]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut id = "SopsAge".to_owned();
    for five in digest[..25].chunks_exact(5) {
        let bits = five.iter().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
        id.extend((0..8).rev().map(|i| char::from(ALPHABET[(bits >> (5 * i) & 31) as usize])));
    }
    id
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
        assert!(unhex(b"").is_some_and(|none| none.is_empty()));
        for bad in ["6", "6x"] {
            assert!(unhex(bad.as_bytes()).is_none());
        }
    }
}
