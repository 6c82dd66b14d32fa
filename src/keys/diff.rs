//! What a file's recipients are and what they are to be: added, removed, kept, group by group, as SOPS compares them. [`super::group`] has the groups; what
//! is asked before anything changes is in [`crate::flows::consent`].

use std::sync::Arc;

use leafcrypt_kms::{Kind, MasterKey};

use super::group::{Group, KeyGroups, Record};

/// Keys of a group.
pub type Keys = Vec<Arc<dyn MasterKey>>;

/// One group, compared as a set of keys; the order inside a group is no difference.
#[derive(Debug, Default)]
pub struct GroupDiff {
    /// In both, in the order wanted.
    pub kept: Keys,
    /// Wanted and not there, in the order wanted.
    pub added: Keys,
    /// There and not wanted, in the file's order.
    pub removed: Keys,
}

/// All groups, by position, as SOPS compares them.
#[derive(Debug)]
pub struct KeyDiff {
    /// Each.
    pub groups: Vec<GroupDiff>,
    /// The threshold as it is, and as it is to be: what the metadata say.
    pub threshold: (i64, i64),
    /// How many groups must open by that.
    pub needed: (usize, usize),
}

impl KeyDiff {
    /// Nothing differs.
    pub fn is_empty(&self) -> bool {
        self.threshold.0 == self.threshold.1 && self.groups.iter().all(|g| g.added.is_empty() && g.removed.is_empty())
    }

    /// Somebody who could open the file no longer is among its recipients.
    pub fn removes(&self) -> bool {
        self.groups.iter().any(|g| !g.removed.is_empty())
    }

    /// Who is no recipient of any group any more.
    pub fn lost(&self) -> Keys {
        let left: Keys = self.groups.iter().flat_map(|g| g.kept.iter().chain(&g.added)).cloned().collect();
        let mut lost = Keys::new();
        for key in self.groups.iter().flat_map(|g| &g.removed) {
            if !left.iter().chain(&lost).any(|other| is(other, key)) {
                lost.push(Arc::clone(key));
            }
        }
        lost
    }
}

impl KeyGroups {
    /// Compares with what is wanted.
    pub fn diff(&self, wanted: &KeyGroups) -> KeyDiff {
        let (none, count) = (Group::default(), self.groups.len().max(wanted.groups.len()));
        let groups = (0..count).map(|i| {
            let (has, wants) = (&self.groups.get(i).unwrap_or(&none).records, &wanted.groups.get(i).unwrap_or(&none).records);
            let (kept, added) = unique(wants).into_iter().partition(|key| has.iter().any(|r| is(&r.key, key)));
            let removed = unique(has).into_iter().filter(|key| !wants.iter().any(|r| is(&r.key, key))).collect();
            GroupDiff { kept, added, removed }
        });
        KeyDiff { groups: groups.collect(), threshold: (self.threshold, wanted.threshold), needed: (self.needed(), wanted.needed()) }
    }

    /// What becomes of these groups without the one of that number: the others move up, and are the same all the same. Compared by position, as SOPS compares
    /// groups, each of them would seem to have lost its keys to its neighbour.
    pub fn diff_without(&self, index: usize, after: &KeyGroups) -> KeyDiff {
        let groups = self.groups.iter().enumerate().map(|(i, group)| match unique(&group.records) {
            removed if i == index => GroupDiff { removed, ..GroupDiff::default() },
            kept => GroupDiff { kept, ..GroupDiff::default() },
        });
        KeyDiff { groups: groups.collect(), threshold: (self.threshold, after.threshold), needed: (self.needed(), after.needed()) }
    }

    /// Takes every record of a key out of all groups. True if there was one.
    pub fn remove(&mut self, kind: Kind, id: &str) -> bool {
        let before = self.records().count();
        self.groups.iter_mut().for_each(|group| group.records.retain(|r| r.key.kind() != kind || r.key.id() != id));
        self.records().count() < before
    }

    /// A record of this key at the end of the first group, unless there is one and it shall not be doubled.
    pub fn add(&mut self, key: Arc<dyn MasterKey>, created_at: Option<String>, doubled: bool) -> bool {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let first = &mut self.groups[0].records;
        let new = doubled || !first.iter().any(|r| is(&r.key, &key));
        if new {
            first.push(Record { key, wrapped: None, created_at, unknown: Vec::new() });
        }
        new
    }
}

/// The same key: of the same kind, with the same string form.
fn is(a: &Arc<dyn MasterKey>, b: &Arc<dyn MasterKey>) -> bool {
    a.kind() == b.kind() && a.id() == b.id()
}

fn unique(group: &[Record]) -> Keys {
    let mut keys: Keys = Vec::with_capacity(group.len());
    for record in group {
        if !keys.iter().any(|key| is(key, &record.key)) {
            keys.push(Arc::clone(&record.key));
        }
    }
    keys
}
