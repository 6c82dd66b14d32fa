//! Key groups: who can open a file. Hides the data key for all, and finds it by any. In which order keys are tried is in `turns.rs`, splitting
//! [`super::shamir`]'s, one key's own work [`crate::kms`]'s.

use std::sync::Arc;

use leafcrypt_formats::{Tree, one_line};
use leafcrypt_kms::{Kind, MasterKey, Secret, Session, UnwrapError, WrapError, Wrapped, backend, bare_key, same_key};
use thiserror::Error;

use super::data_key::DataKey;
use super::shamir::{self, ShamirError};
use super::turns::{cheapest, unwrap_group};
use crate::world::Random;

/// One key of a file, as its record in the metadata has it.
#[derive(Clone, Debug)]
pub struct Record {
    /// The key.
    pub key: Arc<dyn MasterKey>,
    /// The data key, or a share of it, under that key. None: not wrapped yet (a key of a rule).
    pub wrapped: Option<Wrapped>,
    /// When the key was added, RFC 3339; kinds without it (age) have none.
    pub created_at: Option<String>,
    /// Fields of the record that nobody knows, kept.
    pub unknown: Vec<(String, Tree)>,
}

/// A group of keys, any of which opens it.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its keys, in the order in which SOPS reads them.
    pub records: Vec<Record>,
    /// Fields of the group's item that nobody knows, kept. Flat lists have no item, so there are none.
    pub unknown: Vec<(String, Tree)>,
}

impl Group {
    /// A group of these keys.
    pub fn new(records: Vec<Record>) -> Self {
        Group { records, unknown: Vec::new() }
    }
}

/// The groups of a file. With one, each key hides the whole data key; with more, the keys of group i hide share i.
#[derive(Clone, Debug, Default)]
pub struct KeyGroups {
    /// The groups, in file order.
    pub groups: Vec<Group>,
    /// How many groups must open, as the file or the rule says; less than 2, of several: not said, and all are asked ([`KeyGroups::needed`]).
    pub threshold: i64,
}

/// Why a data key could not be hidden. Every key is tried, nothing is written.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum WrapFailed {
    #[error("no key groups provided")]
    NoGroups,
    #[error("empty key group provided")]
    EmptyGroup,
    #[error("could not split data key into parts for Shamir: {0}")]
    Shamir(#[from] ShamirError),
    #[error("{}", .0.iter().map(|(key, why)| unwrapped(key, why)).collect::<Vec<_>>().join(" "))]
    Keys(Vec<(String, WrapError)>),
}

fn unwrapped(key: &str, why: &WrapError) -> String {
    one_line(&format!("failed to encrypt new data key with master key \"{key}\": {why}")).into_owned()
}

/// How one group fared.
#[derive(Debug)]
pub struct GroupReport {
    /// The key that gave its part, if one did.
    pub by: Option<Arc<dyn MasterKey>>,
    /// The keys that were asked, in this order; a kind may look at several of its own at once.
    pub asked: Vec<Arc<dyn MasterKey>>,
    /// Every key that was tried and why it failed, in the order of the trial.
    pub tried: Vec<(Arc<dyn MasterKey>, UnwrapError)>,
}

impl GroupReport {
    /// It gave its part.
    pub fn opened(&self) -> bool {
        self.by.is_some()
    }
}

/// A data key, and how it was found.
pub struct Unwrapped {
    /// The data key.
    pub data_key: DataKey,
    /// The groups that were asked, in file order.
    pub groups: Vec<GroupReport>,
}

/// No key opens: every key tried, and why each failed.
#[derive(Debug, Error)]
#[error("no key of ours opens the file")]
pub struct NoKeyOpens {
    /// Each group, in file order.
    pub groups: Vec<GroupReport>,
    /// The threshold as the file has it.
    pub threshold: i64,
    /// What was wrong when enough groups opened all the same.
    pub combining: Option<String>,
}

impl KeyGroups {
    /// Hides a data key under every key of `self`, in place.
    ///
    /// # Errors
    /// A group without keys, a threshold that does not fit, or keys that cannot wrap.
    pub fn wrap(&mut self, data_key: &DataKey, random: &dyn Random, session: &Session) -> Result<(), WrapFailed> {
        if self.groups.is_empty() {
            return Err(WrapFailed::NoGroups);
        }
        if self.groups.iter().any(|group| group.records.is_empty()) {
            return Err(WrapFailed::EmptyGroup);
        }
        let shares = match self.groups.len() {
            1 => None,
            n => {
                if self.threshold == 0 {
                    self.threshold = n as i64;
                }
                let threshold = usize::try_from(self.threshold).map_err(|_| ShamirError::ThresholdTooSmall)?;
                Some(shamir::split(data_key.as_secret(), n, threshold, random)?)
            }
        };
        let mut failed = Vec::new();
        for (i, group) in self.groups.iter_mut().enumerate() {
            let secret = shares.as_ref().map_or(data_key.as_secret(), |shares| &shares[i]);
            wrap_group(&mut group.records, secret, session, &mut failed);
        }
        if failed.is_empty() { Ok(()) } else { Err(WrapFailed::Keys(failed)) }
    }

    /// Finds the data key. Silent keys come first, then the order that was asked for, or else what costs less and then SOPS's order; of groups, where not all
    /// are needed, those with such keys.
    ///
    /// # Errors
    /// Every key tried, and why it failed.
    pub fn unwrap(&self, order: &[String], session: &Session) -> Result<Unwrapped, NoKeyOpens> {
        let several = self.groups.len() > 1;
        let needed = self.needed();
        let mut turns: Vec<usize> = (0..self.groups.len()).collect();
        if needed < turns.len() {
            turns.sort_by_cached_key(|&at| cheapest(&self.groups[at].records, order, session));
        }
        let mut reports: Vec<(usize, GroupReport)> = Vec::new();
        let mut parts = Vec::new();
        for at in turns {
            if parts.len() >= needed {
                break;
            }
            let mut report = GroupReport { by: None, asked: Vec::new(), tried: Vec::new() };
            let secret = unwrap_group(&self.groups[at].records, order, session, &mut report);
            reports.push((at, report));
            parts.extend(secret);
        }
        reports.sort_by_key(|(at, _)| *at);
        let reports = reports.into_iter().map(|(_, report)| report).collect();
        // Where no threshold is said, so many shares as open are put together, as SOPS does.
        let needed = if several && self.threshold < 2 { parts.len().max(2) } else { needed };
        let failed = |combining: Option<String>, groups| NoKeyOpens { groups, threshold: self.threshold, combining };
        let apart = |why: ShamirError| Some(format!("could not get data key from shamir parts: {why}"));
        if parts.len() < needed {
            // Where the file's own threshold is met all the same, SOPS has got as far as combining.
            let met = several && self.threshold <= parts.len() as i64;
            return Err(failed(met.then_some(ShamirError::LessThanTwo).and_then(apart), reports));
        }
        let secret = if several {
            match shamir::combine(&parts, needed) {
                Ok(secret) => secret,
                Err(why) => return Err(failed(apart(why), reports)),
            }
        } else {
            parts.pop().expect("one part is needed and there")
        };
        let len = secret.len();
        match DataKey::from_secret(secret) {
            Some(data_key) => Ok(Unwrapped { data_key, groups: reports }),
            None => Err(failed(Some(format!("the data key has {len} bytes instead of 32")), reports)),
        }
    }

    /// How many groups must open. No file that was split has a threshold below 2: it was lost, and then all are asked.
    pub fn needed(&self) -> usize {
        match self.threshold {
            _ if self.groups.len() < 2 => 1,
            t if t >= 2 => usize::try_from(t).unwrap_or(usize::MAX),
            _ => self.groups.len(),
        }
    }

    /// Is it sure that the keys at hand here do not open it, as far as can be told without starting anything or asking anybody?
    pub fn stays_closed(&self, session: &Session) -> bool {
        let may_open = |record: &Record| backend(record.key.kind()).opens(&*record.key, session) != Some(false);
        self.groups.iter().filter(|group| group.records.iter().any(may_open)).count() < self.needed()
    }

    /// All records of all groups.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.groups.iter().flat_map(|group| &group.records)
    }

    /// Takes over the fields that nobody knows: of records from those of the same keys, of groups from those with the same number.
    pub fn keep_unknown(&mut self, old: &KeyGroups) {
        for (group, old) in self.groups.iter_mut().zip(&old.groups) {
            group.unknown.clone_from(&old.unknown);
        }
        for record in self.records_mut() {
            let (kind, id) = (record.key.kind(), record.key.id());
            if let Some(old) = old.records().find(|old| old.key.kind() == kind && same_key(kind, old.key.id(), id)) {
                record.unknown.clone_from(&old.unknown);
            }
        }
    }

    /// All records of all groups, to be changed.
    pub fn records_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        self.groups.iter_mut().flat_map(|group| &mut group.records)
    }

    /// Can the same people open it in the same way: the same recipients in the same groups, and as many of these needed?
    pub fn same_readers(&self, other: &KeyGroups) -> bool {
        self.needed() == other.needed() && self.same_recipients(other)
    }

    /// The same recipients in the same groups, whatever the order of the groups, and of the keys in each? An SSH key's comment is no part of it.
    pub fn same_recipients(&self, other: &KeyGroups) -> bool {
        let names = |groups: &KeyGroups| -> Vec<Vec<(Kind, String)>> {
            let of = |group: &Group| {
                let name = |record: &Record| (record.key.kind(), bare_key(record.key.kind(), record.key.id()).into_owned());
                let mut names: Vec<_> = group.records.iter().map(name).collect();
                names.sort();
                names.dedup();
                names
            };
            let mut all: Vec<_> = groups.groups.iter().map(of).collect();
            all.sort();
            all
        };
        names(self) == names(other)
    }
}

/// Wraps a group's secret for all its keys, one call per kind so that kinds that gain by it can join their work.
fn wrap_group(group: &mut [Record], secret: &Secret, session: &Session, failed: &mut Vec<(String, WrapError)>) {
    for kind in Kind::ALL {
        let which: Vec<usize> = (0..group.len()).filter(|&i| group[i].key.kind() == kind).collect();
        if which.is_empty() {
            continue;
        }
        let keys: Vec<Arc<dyn MasterKey>> = which.iter().map(|&i| Arc::clone(&group[i].key)).collect();
        let keys: Vec<&dyn MasterKey> = keys.iter().map(|k| &**k).collect();
        let results = backend(kind).wrap_many(&keys, secret, session);
        for (&i, result) in which.iter().zip(results) {
            match result {
                Ok(wrapped) => group[i].wrapped = Some(wrapped),
                Err(why) => failed.push((group[i].key.id().to_owned(), why)),
            }
        }
    }
}
