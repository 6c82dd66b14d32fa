//! OpenPGP by running `gpg`, as SOPS does, but not for every record: which key fits is read off the messages (`packets.rs`) and the list of secret
//! keys (`held.rs`), so that a file for thirty people costs two processes. What a failure means is in `advice.rs`.
//!
//! Differs from SOPS: the keyrings of gpg 1 are not read by us (gpg does that when it first meets one; later they have to be imported), and the reason of a failure is told in our words.

mod advice;
mod diagnose;
mod held;
mod packets;
mod run;

use std::sync::Arc;

use self::held::{Listing, Where};
use self::packets::Message;
use self::run::{NotStarted, Report, gpg};
use crate::backend::{Backend, Beside, ConfigKey, Names};
use crate::diagnose::{Diagnose, Diagnosis};
use crate::error::{BadKey, UnwrapError, WrapError};
use crate::fields::{Field, Fields};
use crate::master_key::{Cost, Kind, MasterKey, Wrapped};
use crate::record;
use crate::secret::Secret;
use crate::session::Session;

/// The kind `pgp`.
pub(crate) struct Pgp;

static NAMES: Names = Names {
    kind: Kind::Pgp,
    title: "OpenPGP",
    flag: "pgp",
    short: Some('p'),
    variable: "SOPS_PGP_FP",
    rule_field: "pgp",
    group_field: "pgp",
    group_map: false,
    rule_error: "pgp",
    created_at: true,
    rank_flags: 4,
    rank_rule: 1,
    rank_group: 1,
    rank_file: 5,
};

/// A key by whatever `gpg` takes for one; that text, without its blanks, is also its string form.
#[derive(Debug)]
struct PgpKey {
    fingerprint: String,
    rest: Vec<(String, Field)>,
}

impl PgpKey {
    fn shared(text: &str) -> Arc<dyn MasterKey> {
        Arc::new(PgpKey { fingerprint: text.replace(' ', ""), rest: Vec::new() })
    }
}

impl Diagnose for Pgp {
    fn diagnose(&self, session: &Session) -> Diagnosis {
        diagnose::diagnose(session)
    }
}

impl Backend for Pgp {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, _: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        Ok(if text.is_empty() { Vec::new() } else { text.split(',').map(PgpKey::shared).collect() })
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        match item {
            ConfigKey::Text(text) => Ok(vec![PgpKey::shared(text)]),
            ConfigKey::Map(_) => Err(BadKey("a pgp item of a key group is a string".to_owned())),
        }
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        Arc::new(PgpKey { fingerprint: fields.text("fp").to_owned(), rest: record::rest(fields, &["fp"]) })
    }

    fn trail(&self, _: &dyn MasterKey, session: &Session) -> Vec<String> {
        advice::not_read_without_gpg(session).map(|ring| format!("failed: {ring}")).into_iter().collect()
    }

    fn in_sops_words(&self, _: &dyn MasterKey, why: &UnwrapError, session: &Session) -> String {
        std::iter::once(why.to_string()).chain(advice::not_read_without_gpg(session)).collect::<Vec<_>>().join("; ")
    }

    fn unasked(&self, _: &dyn MasterKey, wrapped: &Wrapped, session: &Session) -> Option<String> {
        let message = Message::read(&wrapped.0)?;
        // gpg would make its folder, and look for keys that cannot be there.
        let listing = diagnose::home_is_there(session).then(|| held::listing(session).ok()).flatten()?;
        Some(match message.recipients.iter().filter_map(|id| listing.keys.get(id)).min() {
            Some(Where::Here) => "starts gpg, which has its secret key".to_owned(),
            Some(Where::Card) => "starts gpg, and needs the smartcard".to_owned(),
            _ if message.recipients.contains(&0) && !listing.keys.is_empty() => "starts gpg, which may have its key".to_owned(),
            _ => return None,
        })
    }

    fn unwrap_any(&self, records: &[(&dyn MasterKey, &Wrapped)], session: &Session) -> Result<(usize, Secret), Vec<UnwrapError>> {
        let messages: Vec<Option<Message>> = records.iter().map(|(_, wrapped)| Message::read(&wrapped.0)).collect();
        // a single message is just tried: one process instead of two
        let single = messages.iter().flatten().count() == 1;
        let listing = match held::known(session) {
            Some(listing) => Some(listing),
            None if single || messages.iter().all(Option::is_none) => None,
            None => Some(held::listing(session).map_err(|why| failed_all(&why, &messages))?),
        };

        let mut reasons: Vec<Option<UnwrapError>> =
            messages.iter().map(|message| message.is_none().then_some(UnwrapError::Corrupt)).collect();
        for at in order(&messages, listing.as_deref()) {
            let message = messages[at].as_ref().expect("only readable messages are ordered");
            match decrypt(message, records[at].1, session) {
                Ok(secret) => return Ok((at, secret)),
                Err(UnwrapError::Cancelled) => {
                    // whoever gave up once is not asked again for the next key
                    return Err(reasons.into_iter().map(|reason| reason.unwrap_or(UnwrapError::Cancelled)).collect());
                }
                Err(reason) => reasons[at] = Some(reason),
            }
        }
        Err(messages.iter().zip(reasons).map(|(message, reason)| explained(message.as_ref(), reason, session)).collect())
    }
}

/// The messages worth a process, likely ones first: for a key that is here, on a card, that nobody named; after a listing that may not be all
/// (or none) also the others, since a `gpg` that cannot list may still decrypt.
fn order(messages: &[Option<Message>], listing: Option<&Listing>) -> Vec<usize> {
    let rank = |message: &Message| {
        let Some(listing) = listing else { return Some(0) };
        let best = message.recipients.iter().filter_map(|id| listing.keys.get(id)).min();
        match best {
            Some(Where::Here) => Some(0),
            Some(Where::Card) => Some(1),
            _ if message.recipients.contains(&0) && !listing.keys.is_empty() => Some(2),
            _ if !listing.complete => Some(3),
            _ => None,
        }
    };
    let mut order: Vec<(u8, usize)> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        order.extend(message.as_ref().and_then(rank).map(|rank| (rank, at)));
    }
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

fn decrypt(message: &Message, wrapped: &Wrapped, session: &Session) -> Result<Secret, UnwrapError> {
    let report = match gpg(session, &["-d"], Some(Secret::new(wrapped.0.as_bytes().to_vec()))) {
        // No data key is so long, whatever the few bytes of the message have unpacked to.
        Err(NotStarted::TooMuch { .. }) => return Err(UnwrapError::Corrupt),
        report => report?,
    };
    // with hidden recipients gpg fails over the keys that did not fit, although one did
    let sound = report.exit == Some(0) || (report.has("DECRYPTION_OKAY") && !report.has("DECRYPTION_FAILED"));
    if sound && !report.output.is_empty() { Ok(report.output) } else { Err(advice::not_decrypted(&report, message, session)) }
}

/// The reason for a record that was not tried, or whose secret key was not found.
fn explained(message: Option<&Message>, reason: Option<UnwrapError>, session: &Session) -> UnwrapError {
    match (message, reason) {
        (Some(message), None | Some(UnwrapError::NotHeld { .. })) => match held::listing(session) {
            Ok(listing) => advice::not_held(session, advice::notes(message, &listing, session)),
            Err(why) => why.into(),
        },
        (_, Some(reason)) => reason,
        (None, None) => UnwrapError::Corrupt,
    }
}

fn failed_all(why: &NotStarted, messages: &[Option<Message>]) -> Vec<UnwrapError> {
    messages.iter().map(|message| if message.is_some() { why.clone().into() } else { UnwrapError::Corrupt }).collect()
}

impl MasterKey for PgpKey {
    fn kind(&self) -> Kind {
        Kind::Pgp
    }

    fn id(&self) -> &str {
        &self.fingerprint
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        record::push(&mut fields, &self.rest, "fp", &self.fingerprint);
        fields.0.extend(self.rest.iter().cloned());
        fields
    }

    fn misspelled(&self) -> Option<String> {
        let id = last_16(&self.fingerprint).trim_end_matches('!');
        let is_id = id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
        (!is_id).then(|| advice::FORMS.to_owned())
    }

    fn cost(&self, _: &Session) -> Cost {
        Cost::Process
    }

    fn wrap(&self, secret: &Secret, session: &Session) -> Result<Wrapped, WrapError> {
        let short = last_16(&self.fingerprint);
        let to = ["-r", &self.fingerprint, "--trusted-key", short];
        let args = [&["--no-default-recipient", "--yes", "--encrypt", "-a"][..], &to, &["--no-encrypt-to"]].concat();
        let report = gpg(session, &args, Some(Secret::new(secret.expose().to_vec()))).map_err(|why| advice::not_started(why, session))?;
        match armour(&report) {
            Some(text) => Ok(Wrapped(text)),
            None => Err(advice::not_encrypted(&report, &self.fingerprint, session)),
        }
    }

    fn unwrap(&self, wrapped: &Wrapped, session: &Session) -> Result<Secret, UnwrapError> {
        match Pgp.unwrap_any(&[(self, wrapped)], session) {
            Ok((_, secret)) => Ok(secret),
            Err(mut reasons) => Err(reasons.pop().expect("there is a reason for each record")),
        }
    }
}

/// What `--trusted-key` takes of a fingerprint: its last 16 characters, and the `!` after them.
fn last_16(fingerprint: &str) -> &str {
    let keep = if fingerprint.ends_with('!') { 17 } else { 16 };
    let start = fingerprint.char_indices().rev().nth(keep - 1).map_or(0, |(at, _)| at);
    &fingerprint[start..]
}

/// The message a run printed, without the line feed at its end.
fn armour(report: &Report) -> Option<String> {
    let text = std::str::from_utf8(report.output.expose()).ok().map(str::trim).filter(|_| report.exit == Some(0))?;
    text.starts_with("-----BEGIN PGP MESSAGE-----").then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_to_trust() {
        for (fingerprint, short) in [
            ("600A549B2B3BB9E984A28616176ED874365C15D8", "176ED874365C15D8"),
            ("600A549B2B3BB9E984A28616176ED874365C15D8!", "176ED874365C15D8!"),
            ("0x176ED874365C15D8", "176ED874365C15D8"),
            ("176ED874365C15D8", "176ED874365C15D8"),
            ("AFF8BFAF", "AFF8BFAF"),
            ("éééééééééééééééééé", "éééééééééééééééé"),
            ("", ""),
        ] {
            assert_eq!(last_16(fingerprint), short);
        }
    }

    #[test]
    fn what_is_tried_and_in_which_order() {
        let message = |recipients: &[u64]| Some(Message { recipients: recipients.to_vec(), whole: true });
        let messages = [None, message(&[9]), message(&[0]), message(&[3]), message(&[2]), message(&[9, 1]), message(&[1])];
        let keys = [(1, Where::Here), (2, Where::Card), (3, Where::Elsewhere)].into();
        let mut listing = Listing { keys, complete: true };
        assert_eq!(order(&messages, Some(&listing)), [5, 6, 4, 2]);
        listing.complete = false;
        assert_eq!(order(&messages, Some(&listing)), [5, 6, 4, 2, 1, 3]);
        assert_eq!(order(&messages, Some(&Listing { keys: Default::default(), complete: true })), []);
        assert_eq!(order(&messages, None), [1, 2, 3, 4, 5, 6]);
    }
}
