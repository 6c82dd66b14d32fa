//! One age recipient: how it is spelled, and what SOPS says of a misspelled one.

use std::borrow::Cow;

use crate::error::BadKey;

use super::ssh_public::{NONE, Public, is_known};

/// A recipient that was read. What is not built yet is a kind too, so that its records are kept.
#[derive(Clone)]
pub(super) enum Recipient {
    X25519(age::x25519::Recipient),
    Ssh(Box<age::ssh::Recipient>),
    /// A program `age-plugin-NAME` wraps for it.
    Plugin {
        name: String,
    },
    /// `age1pq1…`, which only age's own plugin for them knows.
    Hybrid,
}

/// What is not built here, in messages.
pub(super) const HYBRID: &str = "hybrid post-quantum age (age1pq1…)";
/// The plugin that age brings along for clients without hybrid keys.
pub(super) const HYBRID_PLUGIN: &str = "pq";

impl Recipient {
    /// Reads a trimmed recipient, by its beginning as SOPS does (`docs/sops-keys.md`, 2.1).
    ///
    /// # Errors
    /// SOPS's text (`docs/sops-keys.md`, "Errors of spelling").
    pub(super) fn read(text: &str) -> Result<Self, BadKey> {
        // Given in place of its public key, it must not be shown.
        let upper = text.to_ascii_uppercase();
        if upper.contains("SECRET-KEY") || upper.starts_with("AGE-PLUGIN-") || text.contains("PRIVATE KEY") {
            return Err(BadKey("failed to parse input: this is an identity, a secret; a recipient is its public key".to_owned()));
        }
        if text.starts_with("age1pq1") {
            return match bech32(text) {
                Ok(_) => Ok(Recipient::Hybrid),
                Err(why) => {
                    Err(BadKey(format!("failed to parse input as Bech32-encoded age public key: malformed recipient {text:?}: {why}")))
                }
            };
        }
        if let Some(rest) = text.strip_prefix("age1") {
            return if rest.contains('1') { plugin(text) } else { x25519(text) };
        }
        if text.starts_with("ssh-") {
            return ssh(text);
        }
        Err(BadKey(format!("failed to parse input, unknown recipient type: {text:?}")))
    }
}

/// A recipient without what is no part of the key: of an SSH key the comment.
pub(crate) fn bare_recipient(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with("ssh-") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// Whether a program may be started under a name that a file or a key gave (R6).
pub(super) fn good_plugin_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn x25519(text: &str) -> Result<Recipient, BadKey> {
    text.parse().map(Recipient::X25519).map_err(|_| {
        let why = bech32(text).err().unwrap_or_else(|| "invalid X25519 public key".to_owned());
        BadKey(format!("failed to parse input as Bech32-encoded age public key: malformed recipient {text:?}: {why}"))
    })
}

fn plugin(text: &str) -> Result<Recipient, BadKey> {
    let bad = |why: &str| BadKey(format!("failed to parse input as age key from age plugin: {why}"));
    let prefix = bech32(text).map_err(|why| bad(&format!("invalid recipient encoding: {why}")))?;
    let name = prefix.strip_prefix("age1").unwrap_or_default();
    if !good_plugin_name(name) {
        return Err(bad(&format!("invalid plugin name: {name:?}")));
    }
    Ok(Recipient::Plugin { name: name.to_owned() })
}

fn ssh(text: &str) -> Result<Recipient, BadKey> {
    let mut words = text.split_ascii_whitespace();
    let (kind, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // What the key itself says counts, as in Go; but another kind in front of it is no key to SOPS.
    let public = Some(key).filter(|_| is_known(kind)).and_then(Public::of_word).ok_or(NONE);
    match public.and_then(|public| public.recipient()) {
        Ok(recipient) => Ok(Recipient::Ssh(Box::new(recipient))),
        Err(why) => Err(BadKey(format!("failed to parse input as age-ssh public key: malformed SSH recipient: {text:?}: {why}"))),
    }
}

/// The part before the last `1` of a Bech32 text, or what is wrong with it in the words of Go's age.
pub(crate) fn bech32(text: &str) -> Result<String, String> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) && text.bytes().any(|b| b.is_ascii_lowercase()) {
        return Err("mixed case".to_owned());
    }
    let at = text.rfind('1').unwrap_or_default();
    if at < 1 || at + 7 > text.len() {
        return Err(format!("separator '1' at invalid position: pos={at}, len={}", text.len()));
    }
    const ALPHABET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    for (i, b) in text.bytes().enumerate() {
        if i < at && !(33..=126).contains(&b) {
            return Err(format!("invalid character human-readable part: s[{i}]={b}"));
        }
        if i > at && !ALPHABET.as_bytes().contains(&b.to_ascii_lowercase()) {
            return Err(format!("invalid character data part: s[{}]={b}", i - at - 1));
        }
    }
    age_core::primitives::bech32_decode(text, |_| "invalid checksum".to_owned(), |_| Ok(()), |prefix, _| Ok(prefix.to_string()))
}
