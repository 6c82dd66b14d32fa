//! Which secret keys `gpg` has: listed once a session, on first need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::run::{NotStarted, gpg};
use crate::session::Session;

/// Where the private part of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Where {
    /// With gpg-agent.
    Here,
    /// On a smartcard.
    Card,
    /// Nowhere that gpg knows of: it keeps only a stub.
    Elsewhere,
}

/// What a listing told.
#[derive(Debug)]
pub(super) struct Listing {
    /// By key id, sub-keys too.
    pub keys: HashMap<u64, Where>,
    /// Whether gpg said that this is all; if not, it may hold others.
    pub complete: bool,
}

/// The listing in a session's memo.
#[derive(Debug, Default)]
struct Memo(Mutex<Option<Result<Arc<Listing>, NotStarted>>>);

/// The listing, made now if this session has none.
pub(super) fn listing(session: &Session) -> Result<Arc<Listing>, NotStarted> {
    let memo = session.memo::<Memo>();
    // kept locked while gpg runs, so that two that ask at once start it once
    let mut slot = memo.0.lock().expect("no holder of the listing panics");
    slot.get_or_insert_with(|| list(session).map(Arc::new)).clone()
}

/// The listing, if there is one already.
pub(super) fn known(session: &Session) -> Option<Arc<Listing>> {
    let memo = session.memo::<Memo>();
    let slot = memo.0.lock().expect("no holder of the listing panics");
    slot.as_ref()?.as_ref().ok().map(Arc::clone)
}

fn list(session: &Session) -> Result<Listing, NotStarted> {
    let report = gpg(session, &["--list-secret-keys", "--with-colons"], None)?;
    let text = String::from_utf8_lossy(report.output.expose());
    Ok(Listing { keys: text.lines().filter_map(key).collect(), complete: report.exit == Some(0) })
}

/// A line `sec:…` or `ssb:…`: the id is the fifth field, the fifteenth says where the private part is.
fn key(line: &str) -> Option<(u64, Where)> {
    let fields: Vec<&str> = line.split(':').collect();
    if !matches!(fields[0], "sec" | "ssb") {
        return None;
    }
    let id = u64::from_str_radix(fields.get(4)?, 16).ok()?;
    let place = match fields.get(14).copied().unwrap_or_default() {
        // nothing: gpg before 2.1
        "+" | "" => Where::Here,
        "#" => Where::Elsewhere,
        _ => Where::Card,
    };
    Some((id, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_listing() {
        let here = "sec:u:2048:1:AD8157CBD4978748:1795496459:::u:::scSC:::+:::23::0:";
        assert_eq!(key(here), Some((0xad81_57cb_d497_8748, Where::Here)));
        assert_eq!(key(&here.replace('+', "#")), Some((0xad81_57cb_d497_8748, Where::Elsewhere)));
        assert_eq!(
            key(&here.replace("sec", "ssb").replace('+', "D2760001240102000005000012345678")),
            Some((0xad81_57cb_d497_8748, Where::Card))
        );
        assert_eq!(key("ssb:u:255:18:176ED874365C15D8:1795496460"), Some((0x176e_d874_365c_15d8, Where::Here)));
        for other in ["", "pub:u:2048:1:AD8157CBD4978748:", "sec", "sec:::::", "fpr:::::::::61C7B1BCBF9BB03C05B4436AAD8157CBD4978748:"] {
            assert_eq!(key(other), None, "{other}");
        }
    }
}
