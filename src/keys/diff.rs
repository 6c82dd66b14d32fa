//! What a file's recipients are and what they are to be: added, removed, kept, group by group, as SOPS compares them. [`super::group`] has the groups; what
//! is asked before anything changes is in [`crate::flows::consent`].

use std::sync::Arc;

use leafcrypt_kms::{Kind, MasterKey, same_key};

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

    /// Who is no recipient of any group any more; an SSH key with another comment is the same one.
    pub fn lost(&self) -> Keys {
        let left: Keys = self.groups.iter().flat_map(|g| g.kept.iter().chain(&g.added)).cloned().collect();
        let mut lost = Keys::new();
        for key in self.groups.iter().flat_map(|g| &g.removed) {
            if !left.iter().chain(&lost).any(|other| is_same(other, key)) {
                lost.push(Arc::clone(key));
            }
        }
        lost
    }

    /// Who is taken from a group, had keys of as many groups as must open, and has not any more, though still a recipient.
    pub fn not_alone(&self) -> Keys {
        let in_groups = |key: &Arc<dyn MasterKey>, keys: fn(&GroupDiff) -> [&Keys; 2]| {
            self.groups.iter().filter(|group| keys(group).into_iter().flatten().any(|other| is_same(other, key))).count()
        };
        let (lost, mut not_alone) = (self.lost(), Keys::new());
        for key in self.groups.iter().flat_map(|g| &g.removed) {
            let (before, after) = (in_groups(key, |g| [&g.kept, &g.removed]), in_groups(key, |g| [&g.kept, &g.added]));
            let not_any_more = before >= self.needed.0 && after < self.needed.1;
            if not_any_more && !lost.iter().chain(&not_alone).any(|other| is_same(other, key)) {
                not_alone.push(Arc::clone(key));
            }
        }
        not_alone
    }
}

impl KeyGroups {
    /// Compares with what is wanted, as SOPS does: by position, and keys by their string forms.
    pub fn diff(&self, wanted: &KeyGroups) -> KeyDiff {
        self.diff_by(wanted, is)
    }

    fn diff_by(&self, wanted: &KeyGroups, is: fn(&Arc<dyn MasterKey>, &Arc<dyn MasterKey>) -> bool) -> KeyDiff {
        let (none, count) = (Group::default(), self.groups.len().max(wanted.groups.len()));
        let groups = (0..count).map(|i| {
            let (has, wants) = (&self.groups.get(i).unwrap_or(&none).records, &wanted.groups.get(i).unwrap_or(&none).records);
            let (kept, added) = unique(wants).into_iter().partition(|key| has.iter().any(|r| is(&r.key, key)));
            let removed = unique(has).into_iter().filter(|key| !wants.iter().any(|r| is(&r.key, key))).collect();
            GroupDiff { kept, added, removed }
        });
        KeyDiff { groups: groups.collect(), threshold: (self.threshold, wanted.threshold), needed: (self.needed(), wanted.needed()) }
    }

    /// The same, each group beside the one that it is most like: one that goes, comes or changes its place takes no key from its neighbours. The groups stand as
    /// they do here, and new ones behind them. An SSH key with another comment is the same key.
    pub fn diff_by_content(&self, wanted: &KeyGroups) -> KeyDiff {
        let shared = |i: usize, j: usize| {
            let wants = &wanted.groups[j].records;
            unique(&self.groups[i].records).iter().filter(|key| wants.iter().any(|r| is_same(&r.key, key))).count()
        };
        let keys = |groups: &KeyGroups, at: usize| unique(&groups.groups[at].records).len();
        let mut beside: Vec<Option<usize>> = vec![None; self.groups.len()];
        let mut free: Vec<usize> = (0..wanted.groups.len()).collect();
        for exact in [true, false] {
            for (i, at) in beside.iter_mut().enumerate().filter(|(_, at)| at.is_none()) {
                let fits = |j: &usize| match (shared(i, *j), exact) {
                    (shared, true) => shared == keys(self, i) && shared == keys(wanted, *j),
                    (shared, false) => shared > 0,
                };
                // Of several the first.
                *at = free.iter().rev().copied().filter(fits).max_by_key(|j| shared(i, *j));
                free.retain(|j| Some(*j) != *at);
            }
        }
        let mut rest = free.into_iter();
        let mut groups: Vec<Group> =
            beside.iter().map(|at| at.or_else(|| rest.next()).map(|j| wanted.groups[j].clone()).unwrap_or_default()).collect();
        groups.extend(rest.map(|j| wanted.groups[j].clone()));
        let diff = self.diff_by(&KeyGroups { groups, threshold: wanted.threshold }, is_same);
        KeyDiff { needed: (self.needed(), wanted.needed()), ..diff }
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

    /// Takes every record of a key out of all groups: `exact` by its string form, as SOPS does, else also if that differs only in a comment. True if there was one.
    pub fn remove(&mut self, kind: Kind, id: &str, exact: bool) -> bool {
        let before = self.records().count();
        let goes = |key: &dyn MasterKey| key.kind() == kind && (key.id() == id || !exact && same_key(kind, key.id(), id));
        self.groups.iter_mut().for_each(|group| group.records.retain(|r| !goes(&*r.key)));
        self.records().count() < before
    }

    /// A record of this key at the end of the first group, unless there is one and it shall not be doubled.
    pub fn add(&mut self, key: Arc<dyn MasterKey>, created_at: Option<String>, doubled: bool) -> bool {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let first = &mut self.groups[0].records;
        let new = doubled || !first.iter().any(|r| r.key.kind() == key.kind() && same_key(key.kind(), r.key.id(), key.id()));
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

/// The same key, whatever its comment.
fn is_same(a: &Arc<dyn MasterKey>, b: &Arc<dyn MasterKey>) -> bool {
    a.kind() == b.kind() && same_key(a.kind(), a.id(), b.id())
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
