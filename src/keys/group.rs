//! Key groups: who can open a file.

use std::sync::Arc;

use leafcrypt_formats::Tree;
use leafcrypt_kms::{MasterKey, Wrapped};

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

/// The groups of a file. With one, each key hides the whole data key; with more, the keys of group i hide share i.
#[derive(Clone, Debug, Default)]
pub struct KeyGroups {
    /// The groups, in file order.
    pub groups: Vec<Vec<Record>>,
    /// How many groups must open; 0: not said (then: all of them).
    pub threshold: i64,
}
