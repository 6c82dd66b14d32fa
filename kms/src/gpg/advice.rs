//! What a failed run of `gpg` means, in our words, and what to do about it (R7: never its own text).

use super::diagnose;
use super::held::{Listing, Where};
use super::packets::Message;
use super::run::{ErrorCode, NotStarted, Report, gpg, shown};
use crate::error::{UnwrapError, WrapError};
use crate::secret::Secret;
use crate::session::Session;

impl From<NotStarted> for WrapError {
    fn from(why: NotStarted) -> Self {
        match why {
            NotStarted::Missing { name } => WrapError::ProgramMissing { name },
            NotStarted::Failed { why } => WrapError::Unreachable { why },
            NotStarted::TooMuch { name } => WrapError::Unreachable { why: too_much(&name) },
        }
    }
}

impl From<NotStarted> for UnwrapError {
    fn from(why: NotStarted) -> Self {
        match why {
            NotStarted::Missing { name } => UnwrapError::ProgramMissing { name },
            NotStarted::Failed { why } => UnwrapError::Unreachable { why },
            NotStarted::TooMuch { name } => UnwrapError::Unreachable { why: too_much(&name) },
        }
    }
}

fn too_much(name: &str) -> String {
    format!("{name} printed more than is read")
}

/// Why a message was not decrypted.
pub(super) fn not_decrypted(report: &Report, message: &Message, session: &Session) -> UnwrapError {
    let key = message.recipients.iter().map(|id| format!("{id:016X}")).collect::<Vec<_>>().join(", ");
    if let Some(error) = report.error("ERROR", "pkdecrypt_failed") {
        return refused_by_key(error, &key);
    }
    let opened = ["DECRYPTION_KEY", "BADMDC", "DECRYPTION_OKAY"].iter().any(|name| report.has(name));
    if report.has("NO_SECKEY") && !opened {
        return not_held(session, Vec::new());
    }
    if opened || report.exit == Some(0) || !message.whole || report.has("NODATA") || report.has("BADARMOR") {
        return UnwrapError::Corrupt;
    }
    if report.has("NEED_PASSPHRASE") || report.has("MISSING_PASSPHRASE") {
        return no_terminal(&key);
    }
    UnwrapError::Denied { why: no_reason(report) }
}

/// The secret key was there, but did not do it.
fn refused_by_key(error: ErrorCode, key: &str) -> UnwrapError {
    let denied = |why: String| UnwrapError::Denied { why };
    match error.code {
        // checksum, wrong secret key used, bad session key, invalid data or session key, bad data, decryption failed
        10 | 18 | 19 | 79 | 82 | 89 | 152 => UnwrapError::Corrupt,
        11 | 31 => UnwrapError::WrongPassphrase { what: format!("the OpenPGP key {key}") },
        17 => denied(format!("gpg-agent does not have the OpenPGP key {key} that gpg thinks it has; try: gpgconf --kill gpg-agent")),
        62 => denied(format!("nobody gave the passphrase of the OpenPGP key {key} in time")),
        77 | 78 => UnwrapError::Unreachable { why: AGENT.to_owned() },
        85 | 86 => UnwrapError::NoTerminal {
            what: format!(
                "the OpenPGP key {key}, since gpg-agent has no pinentry program: install one, or set pinentry-program in gpg-agent.conf"
            ),
        },
        87 | 130 => denied(format!("wrong or blocked PIN of the smartcard with the OpenPGP key {key}; see: gpg --card-status")),
        99 | 198 => UnwrapError::Cancelled,
        91 | 108..=112 | 119 | 120 | 123 => denied(card(key)),
        177 => no_terminal(key),
        // pinentry asks on a terminal, and could not: "inappropriate ioctl", "no such file", "no such device"
        code if error.source == ErrorCode::PINENTRY && code & ErrorCode::SYSTEM != 0 => no_terminal(key),
        _ if error.source == ErrorCode::SCDAEMON => denied(card(key)),
        code => denied(format!("gpg could not use the OpenPGP key {key} (error {code} of libgpg-error)")),
    }
}

fn card(key: &str) -> String {
    format!("the smartcard with the OpenPGP key {key} is not there or does not answer; insert it, and see: gpg --card-status")
}

fn no_terminal(key: &str) -> UnwrapError {
    let what = "run `export GPG_TTY=$(tty)` in a terminal; without one, have gpg-agent know the passphrase before (gpg-preset-passphrase)";
    UnwrapError::NoTerminal { what: format!("the OpenPGP key {key}: {what}") }
}

const AGENT: &str = "gpg-agent cannot be started or does not answer; try: gpgconf --kill gpg-agent; gpgconf --launch gpg-agent";

/// No secret key of ours fits; `notes` say what is wrong with some.
pub(super) fn not_held(session: &Session, notes: Vec<String>) -> UnwrapError {
    let place = match session.outside().env("GNUPGHOME") {
        Some(home) => format!("the secret keys of gpg in {} (GNUPGHOME)", shown(&home)),
        None => "the secret keys of gpg in ~/.gnupg".to_owned(),
    };
    UnwrapError::NotHeld { looked_in: vec![place], notes }
}

/// What the listing tells about a message that none of our keys opens.
pub(super) fn notes(message: &Message, listing: &Listing, session: &Session) -> Vec<String> {
    let stubs = message.recipients.iter().filter(|id| listing.keys.get(id) == Some(&Where::Elsewhere));
    let stub = |id: &u64| {
        format!(
            "of the OpenPGP key {id:016X} gpg has a stub only: its private part is offline, or on a smartcard not seen yet (gpg --card-status)"
        )
    };
    let mut notes: Vec<String> = stubs.map(stub).collect();
    if let Some(gone) = diagnose::missing_home(session) {
        notes.push(format!("the folder {gone}, which GNUPGHOME names, is not there"));
    } else if listing.keys.is_empty() {
        notes.push(if listing.complete {
            "gpg has no secret key at all".to_owned()
        } else {
            format!("gpg could not list its secret keys: perhaps {AGENT}")
        });
    }
    notes.extend(diagnose::old_ring(session, "secring.gpg").map(not_read));
    notes
}

/// SOPS reads such a ring itself, and gpg since 2.1 only once, when it first meets one.
fn not_read(ring: String) -> String {
    format!("the keys of the old keyring {ring} are read only once they are imported: {}", import(&ring))
}

/// What has them read.
pub(super) fn import(ring: &str) -> String {
    format!("gpg --import {ring}")
}

/// Of the keyring with which SOPS opens where there is no `gpg` at all.
pub(super) fn not_read_without_gpg(session: &Session) -> Option<String> {
    diagnose::program(session).is_none().then(|| diagnose::old_ring(session, "secring.gpg").map(not_read)).flatten()
}

/// Why nothing was encrypted: `gpg` could not be run. SOPS seals without it where there is an old keyring.
pub(super) fn not_started(why: NotStarted, session: &Session) -> WrapError {
    match (why, diagnose::old_ring(session, "pubring.gpg")) {
        (NotStarted::Missing { name }, Some(ring)) => {
            WrapError::Unreachable { why: format!("the program {name} was not found; {}", not_read(ring)) }
        }
        (why, _) => why.into(),
    }
}

/// Why nothing was encrypted. Asks gpg about the key when it did not say.
pub(super) fn not_encrypted(report: &Report, fingerprint: &str, session: &Session) -> WrapError {
    let refused = |why: &str| WrapError::Refused { why: why.to_owned() };
    if report.arguments("FAILURE").any(|args| args.first().is_some_and(|arg| arg == "option-parser")) {
        return WrapError::BadKey(FORMS.to_owned());
    }
    let reason = report.arguments("INV_RECP").next().and_then(|args| args.first()).map(String::as_str);
    match reason {
        Some("1") => {
            const UNKNOWN: &str =
                "gpg does not know the public key; import it (gpg --import FILE), or fetch it (gpg --recv-keys FINGERPRINT)";
            let ring = diagnose::old_ring(session, "pubring.gpg").filter(|_| diagnose::old_ring(session, "pubring.kbx").is_some());
            WrapError::Refused { why: std::iter::once(UNKNOWN.to_owned()).chain(ring.map(not_read)).collect::<Vec<_>>().join("; ") }
        }
        Some("10") => refused(TRUST),
        Some(_) => match about(fingerprint, session) {
            Some(why) => refused(why),
            None => refused("gpg finds no usable key for encryption in it; see: gpg --list-keys"),
        },
        None if report.says("There is no assurance this key belongs") => refused(TRUST),
        None if report.exit.is_none() => WrapError::Cancelled,
        None => WrapError::Refused { why: no_reason(report) },
    }
}

/// What `--trusted-key` takes.
pub(super) const FORMS: &str = "gpg takes the whole fingerprint, or the last 16 digits of it, not a short id, a name or a mail address; see: gpg --list-keys \
                                --with-subkey-fingerprints";

const TRUST: &str = "gpg is not told to trust that the key is its owner's; compare the fingerprint, then: gpg --lsign-key FINGERPRINT";

/// What is wrong with a public key, by its listing.
fn about(fingerprint: &str, session: &Session) -> Option<&'static str> {
    let report = gpg(session, &["--list-keys", "--with-colons", "--", fingerprint], None::<Secret>).ok()?;
    let text = String::from_utf8_lossy(report.output.expose());
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(':').collect()).filter(|row: &Vec<&str>| row.len() > 11).collect();
    let primary = rows.iter().find(|row| row[0] == "pub")?;
    match primary[1] {
        "r" => return Some("the key is revoked; ask its owner for the new one"),
        "e" => return Some("the key has expired; ask its owner to prolong it, then import it again"),
        _ if primary[11].contains('D') => return Some("the key is disabled; see: gpg --edit-key FINGERPRINT enable"),
        _ => {}
    }
    let mut states = rows.iter().filter(|row| matches!(row[0], "pub" | "sub") && row[11].contains('e')).map(|row| row[1]).peekable();
    if states.peek().is_none() {
        return Some("the key can only sign or certify; its owner must add a sub-key for encryption");
    }
    states
        .all(|state| matches!(state, "e" | "r"))
        .then_some("its sub-keys for encryption have expired or are revoked; ask its owner to renew them")
}

/// The program failed and said nothing in its status lines: no gpg, or one that crashed.
fn no_reason(report: &Report) -> String {
    match report.exit {
        Some(status) => format!("gpg ended with status {status} and gave no reason"),
        None => "gpg was ended by a signal".to_owned(),
    }
}
