//! The one list of kinds of key.

use crate::backend::Backend;
use crate::master_key::Kind;

/// Every kind, in the order in which SOPS reads their lists from a file.
pub static BACKENDS: [&dyn Backend; 7] = [
    &crate::aws::Kms,
    &crate::gcp::GcpKms,
    &crate::hckms::Hckms,
    &crate::azure::AzureKv,
    &crate::vault::HcVault,
    &crate::gpg::Pgp,
    &crate::age::Age,
];

/// The backend of a kind.
pub fn backend(kind: Kind) -> &'static dyn Backend {
    BACKENDS[Kind::ALL.iter().position(|&k| k == kind).expect("every kind is in the list")]
}

/// Whether two string forms of a kind are the same key, though perhaps with other comments.
pub fn same_key(kind: Kind, a: &str, b: &str) -> bool {
    a == b || kind == Kind::Age && crate::age::same_recipient(a, b)
}
