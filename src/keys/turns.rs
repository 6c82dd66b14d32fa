//! In which order keys are tried.

use std::sync::Arc;

use leafcrypt_kms::{Cost, MasterKey, Secret, Session, Wrapped, backend};

use super::group::{GroupReport, Record};

/// What trying a key comes to: those of a lower rank are tried first.
pub(super) type Rank = (Cost, usize);

/// Silent keys first; then, where an order is given, by that, else by cost and SOPS's own order (`docs/sops-keys.md`, section 3): a gpg that is not needed may
/// bring up a passphrase dialog.
fn rank(record: &Record, order: &[String], session: &Session) -> Rank {
    let (cost, kind) = (record.key.cost(session), record.key.kind().name());
    match (cost, order) {
        (Cost::Silent, _) => (cost, 0),
        (_, []) => (cost, OWN_ORDER.iter().position(|name| *name == kind).unwrap_or(OWN_ORDER.len())),
        (_, order) => (Cost::Process, order.iter().position(|name| name == kind).unwrap_or(order.len())),
    }
}

const OWN_ORDER: [&str; 2] = ["age", "pgp"];

/// What a group can be had for.
pub(super) fn cheapest(group: &[Record], order: &[String], session: &Session) -> Option<Rank> {
    group.iter().filter(|record| record.wrapped.is_some()).map(|record| rank(record, order, session)).min()
}

/// Tries a group's records by their ranks; records of one kind and rank go to their backend together.
pub(super) fn unwrap_group(group: &[Record], order: &[String], session: &Session, report: &mut GroupReport) -> Option<Secret> {
    let alone = group.len() == 1;
    // What would be asked of the sources only to be compared with nothing.
    let rank = |record: &Record| if alone { (Cost::Silent, 0) } else { rank(record, order, session) };
    let mut ranked: Vec<(Rank, &Record)> = group.iter().map(|r| (rank(r), r)).collect();
    ranked.sort_by_key(|a| a.0);
    let mut rest = ranked.as_slice();
    while let Some((first, record)) = rest.first() {
        let kind = record.key.kind();
        let together = rest.iter().take_while(|(r, x)| r == first && x.key.kind() == kind).count();
        let (now, later) = rest.split_at(together);
        rest = later;
        let records: Vec<(&Record, &Wrapped)> = now.iter().filter_map(|(_, r)| Some((*r, r.wrapped.as_ref()?))).collect();
        let pairs: Vec<(&dyn MasterKey, &Wrapped)> = records.iter().map(|(r, w)| (&*r.key, *w)).collect();
        report.asked.extend(records.iter().map(|(r, _)| Arc::clone(&r.key)));
        match backend(kind).unwrap_any(&pairs, session) {
            Ok((at, secret)) => {
                report.by = Some(Arc::clone(&records[at].0.key));
                return Some(secret);
            }
            Err(reasons) => report.tried.extend(records.iter().zip(reasons).map(|((r, _), why)| (Arc::clone(&r.key), why))),
        }
    }
    None
}
