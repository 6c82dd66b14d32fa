//! The lines of an identity file.

use std::sync::OnceLock;

use age::x25519;

use super::recipient::{bech32, good_plugin_name};

/// Said of a key that stands in the wrong place.
const SSH: &str = "unknown identity type: a private key of SSH stands there; SOPS_AGE_SSH_PRIVATE_KEY_FILE names a file with one";

/// A native identity.
pub(super) struct Native {
    pub(super) identity: x25519::Identity,
    recipient: OnceLock<String>,
}

impl Native {
    /// Its recipient's text, by which the fitting one is tried first. Derived when somebody asks: that costs half of what a trial does.
    pub(super) fn recipient(&self) -> &str {
        self.recipient.get_or_init(|| self.identity.to_public().to_string())
    }
}

/// An identity that a program understands.
pub(super) struct PluginIdentity {
    /// `age-plugin-NAME` is started for it.
    pub(super) name: String,
    /// The line; for some plugins a secret.
    pub(super) line: crate::Secret,
}

/// What a source of identities held.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) natives: Vec<Native>,
    pub(super) plugins: Vec<PluginIdentity>,
    /// How many `AGE-SECRET-KEY-PQ-1…`, which cannot be used yet.
    pub(super) hybrid: usize,
    /// What was wrong with some lines, by their number; never their text.
    pub(super) faults: Vec<(usize, String)>,
}

impl Lines {
    /// Reads a text. A bad line is noted and does not spoil the others.
    /// Differs from SOPS: there one bad line fails the whole source, and so does a byte-order mark.
    pub(super) fn read(text: &[u8]) -> Self {
        let mut lines = Lines::default();
        // What editors of Windows put in front.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut texts = text.split(|&b| b == b'\n').enumerate();
        while let Some((i, line)) = texts.next() {
            // Blanks between keys of one line: `SOPS_AGE_KEY` as 3.13 reads it.
            let trimmed = line.trim_ascii();
            if trimmed.is_empty() || trimmed.starts_with(b"#") {
                continue;
            }
            if trimmed.starts_with(b"-----BEGIN ") && trimmed.ends_with(b"PRIVATE KEY-----") {
                lines.faults.push((i + 1, SSH.to_owned()));
                // One fault, not one a line.
                let mut behind = texts.clone();
                if behind.any(|(_, line)| line.starts_with(b"-----END ")) {
                    texts = behind;
                }
                continue;
            }
            for word in trimmed.split(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty()) {
                if word.starts_with(b"#") {
                    break;
                }
                if let Err(why) = lines.add(word) {
                    lines.faults.push((i + 1, why));
                }
            }
        }
        lines
    }

    /// How many keys.
    pub(super) fn len(&self) -> usize {
        self.natives.len() + self.plugins.len() + self.hybrid
    }

    fn add(&mut self, word: &[u8]) -> Result<(), String> {
        let word = std::str::from_utf8(word).map_err(|_| "unknown identity type")?;
        if word.starts_with("AGE-SECRET-KEY-PQ-1") {
            bech32(word).map_err(|why| format!("malformed secret key: {}", without_content(&why)))?;
            self.hybrid += 1;
        } else if word.starts_with("AGE-SECRET-KEY-1") {
            let identity: x25519::Identity = word.parse().map_err(|_| {
                let why = bech32(word).err().unwrap_or_else(|| "invalid X25519 secret key".to_owned());
                format!("malformed secret key: {}", without_content(&why))
            })?;
            self.natives.push(Native { identity, recipient: OnceLock::new() });
        } else if word.starts_with("AGE-PLUGIN-") {
            let prefix = bech32(word).map_err(|why| format!("invalid identity encoding: {}", without_content(&why)))?.to_ascii_uppercase();
            let name = prefix.strip_prefix("AGE-PLUGIN-").unwrap_or_default();
            let name = name.strip_suffix('-').unwrap_or(name).to_ascii_lowercase();
            if !good_plugin_name(&name) {
                return Err("invalid plugin name".to_owned());
            }
            self.plugins.push(PluginIdentity { name, line: crate::Secret::new(word.as_bytes().to_vec()) });
        } else {
            return Err("unknown identity type".to_owned());
        }
        Ok(())
    }
}

/// What is wrong with an identity, less the character that is: it may be part of a key (R7).
fn without_content(why: &str) -> &str {
    why.split_once(": s[").map_or(why, |(what, _)| what)
}
