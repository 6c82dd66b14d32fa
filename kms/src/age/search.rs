//! Which identity is tried on which record first: what costs nothing on all records, before anything dearer on any.

use crate::error::UnwrapError;
use crate::master_key::{Cost, Wrapped};
use crate::secret::Secret;
use crate::session::Session;

use super::envelope::Envelope;
use super::identities::Keyring;

/// Opens the first record that opens; `records` are recipients' texts and what was wrapped for them.
///
/// # Errors
/// A reason for each record, in order.
pub(super) fn unwrap(records: &[(&str, &Wrapped)], session: &Session) -> Result<(usize, Secret), Vec<UnwrapError>> {
    let mut tries: Vec<Result<Envelope, UnwrapError>> = records.iter().map(|(_, wrapped)| Envelope::read(&wrapped.0)).collect();
    let ring = session.memo::<Keyring>();
    for (i, (recipient, _)) in records.iter().enumerate() {
        let Ok(envelope) = &tries[i] else { continue };
        // The recipient's text may be wrong, so it only says whom to try first.
        let (fitting, others): (Vec<_>, Vec<_>) = ring.natives(session).partition(|native| native.recipient == *recipient);
        match fitting.iter().chain(&others).find_map(|native| envelope.try_identity(&native.identity)) {
            Some(Ok(secret)) => return Ok((i, secret)),
            Some(Err(why)) => tries[i] = Err(why),
            None => {}
        }
    }
    let (looked_in, notes) = ring.report(session);
    Err(tries
        .into_iter()
        .map(|tried| tried.err().unwrap_or_else(|| UnwrapError::NotHeld { looked_in: looked_in.clone(), notes: notes.clone() }))
        .collect())
}

/// What trying a recipient costs, as far as its text tells.
pub(super) fn cost(recipient: &str, session: &Session) -> Cost {
    let _ = (recipient, session);
    Cost::Silent
}
