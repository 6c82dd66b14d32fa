//! SOPS's metadata block.

use leafcrypt_formats::Tree;

use crate::keys::KeyGroups;
use crate::seal::selection::Selection;

/// The metadata of a sealed file.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// Who can open it.
    pub groups: KeyGroups,
    /// Which leaves are covered. None: no field (binary files); reads as the default rule.
    pub selection: Option<Selection>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// The MAC token as it stands; empty if there is none.
    pub mac: String,
    /// The date as it stands.
    pub last_modified: String,
    /// The version as it stands; empty if there is none.
    pub version: String,
    /// Our own field (`leafcrypt`), a token, as it stands.
    pub extension: Option<String>,
    /// Fields nobody knows (and `leafcrypt_whole`), kept, in file order.
    pub unknown: Vec<(String, Tree)>,
    /// What was wrong and passed over: a key record that cannot be used is kept and named here. Without values.
    pub warnings: Vec<String>,
}
