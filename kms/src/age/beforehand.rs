//! What is known of a recipient before anything is tried: what that would cost, what it would ask for, whether what is at hand opens it at all. Nothing here
//! starts a program or asks anybody.

use crate::master_key::{Cost, Wrapped};
use crate::session::Session;

use super::identities::{Held, Keyring, Source};
use super::search::Record;

/// What trying a recipient costs at most, as far as its text and the sources tell. Starts nothing and asks nobody.
pub(super) fn cost(recipient: &str, session: &Session) -> Cost {
    let ring = session.memo::<Keyring>();
    let commands = ring.commands();
    let sources = || ring.at_hand(session).chain(commands.iter().map(|source| &**source));
    if sources().filter_map(|source| source.lines()).any(|lines| lines.natives.iter().any(|native| native.recipient() == recipient)) {
        return Cost::Silent;
    }
    if recipient.starts_with("ssh-")
        && let Some(key) = ring.ssh(session).find(|key| key.is_of(recipient))
    {
        return if key.locked() { Cost::Prompt } else { Cost::Silent };
    }
    let set = |name| session.outside().env(name).is_some();
    if sources().any(|source| source.locked().is_some_and(|file| file.lines().is_none())) {
        Cost::Prompt
    } else if set("SOPS_AGE_KEY_CMD")
        || set("SOPS_AGE_SSH_PRIVATE_KEY_CMD")
        || sources().filter_map(|source| source.lines()).any(|lines| !lines.plugins.is_empty())
    {
        Cost::Process
    } else {
        Cost::Silent
    }
}

/// What opening a record would ask for, by the keys at hand. Starts nothing and asks nobody.
pub(super) fn unasked(recipient: &str, wrapped: &Wrapped, session: &Session) -> Option<String> {
    let ring = session.memo::<Keyring>();
    let record = Record::new(recipient, wrapped);
    record.file.as_ref().ok()?;
    if let Some(key) = ring.ssh(session).find(|key| key.locked() && record.fits(key)) {
        return Some(format!("asks for the passphrase of {}", key.place()));
    }
    let plugins = || ring.at_hand(session).filter_map(|source| source.lines()).flat_map(|lines| &lines.plugins);
    if let Some(plugin) = plugins().find(|plugin| recipient.starts_with(&format!("age1{}1", plugin.name))) {
        return Some(format!("starts age-plugin-{}", plugin.name));
    }
    if let Some(source) = ring.at_hand(session).find(|source| source.locked().is_some_and(|file| file.lines().is_none())) {
        return Some(format!("asks for the passphrase of {}, and may have its key", source.place));
    }
    let command = if record.has_stanza("ssh-") { "SOPS_AGE_SSH_PRIVATE_KEY_CMD" } else { "SOPS_AGE_KEY_CMD" };
    session.outside().env(command).map(|_| format!("runs {command}, which may have its key"))
}

/// Whether a key that is at hand opens what is wrapped for a recipient. None: that cannot be told, for a program, a person or what is broken may have its key;
/// or nobody keeps native identities here.
pub(super) fn opens(recipient: &str, session: &Session) -> Option<bool> {
    let ring = session.memo::<Keyring>();
    let set = |name| session.outside().env(name).is_some();
    let natives = || ring.at_hand(session).filter_map(Source::lines).flat_map(|lines| &lines.natives);
    natives().next()?;
    if natives().any(|native| native.recipient() == recipient) {
        return Some(true);
    }
    let is_open = |source: &Source| match &source.held {
        Held::Nothing => true,
        Held::Lines(lines) => lines.plugins.is_empty() && lines.hybrid == 0 && lines.faults.is_empty(),
        _ => false,
    };
    if set("SOPS_AGE_KEY_CMD") || !ring.at_hand(session).all(is_open) {
        return None;
    }
    if !recipient.starts_with("ssh-") {
        return Some(false);
    }
    if ring.ssh(session).any(|key| key.is_of(recipient)) {
        return Some(true);
    }
    let is_open = |source: &Source| matches!(source.held, Held::Nothing | Held::Ssh(_));
    (!set("SOPS_AGE_SSH_PRIVATE_KEY_CMD") && ring.ssh_files(session).iter().all(is_open)).then_some(false)
}
