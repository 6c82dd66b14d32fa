//! SOPS's metadata block: what it says, whatever its shape (`docs/sops-format.md`, sections 1 to 5). How a block is spelled and where it stands is each
//! format's affair ([`crate::formats`]); what key records hold is [`crate::kms`]'s, what the selection rules mean [`crate::seal::policy`]'s.
//!
//! [`Metadata::read`] takes the fields of a block as a format has scanned them, [`Metadata::fields`] gives them back for printing.
//!
//! Names, order and omissions of fields are in `read.rs` (`known.rs`: one field) and `write.rs`, the flat names of ENV and INI in `flatten.rs` and
//! `unflatten.rs`, what the MAC is bound to in `date.rs`,
//! which program wrote a file in `version.rs`.

mod date;
mod flatten;
mod known;
mod read;
mod unflatten;
mod version;
mod write;

use leafcrypt_formats::Tree;
use thiserror::Error;

use crate::keys::KeyGroups;
use crate::seal::selection::Selection;

pub use date::{BadDate, mac_aad, rfc3339};
pub use unflatten::FlatError;
pub use version::{BadVersion, Version};

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

/// The field of our own.
pub const EXTENSION: &str = "leafcrypt";

/// Why a metadata block cannot be used. Names fields, never what stands in them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MetadataError {
    /// The flat names of an ENV or INI file do not make a block.
    #[error(transparent)]
    Flat(#[from] FlatError),
    /// A field is of the wrong type.
    #[error("metadata field {field}: expected {expected}")]
    Type {
        /// The field, with its place in a list.
        field: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// More than one selection rule.
    #[error(
        "Cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex in the same file"
    )]
    TwoRules,
    /// No record in any list.
    #[error("No keys found in file")]
    NoKeys,
    /// Over a limit of R8.
    #[error("the metadata holds more than {most} {what}")]
    Limit {
        /// Of what there are too many.
        what: &'static str,
        /// How many are allowed.
        most: usize,
    },
}
