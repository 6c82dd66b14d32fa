//! The one list of kinds of key.

use std::borrow::Cow;

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
    bare_key(kind, a) == bare_key(kind, b)
}

/// The string form of a key without what is no part of it: the comment of an SSH key.
pub fn bare_key(kind: Kind, id: &str) -> Cow<'_, str> {
    if kind == Kind::Age { crate::age::bare_recipient(id) } else { Cow::Borrowed(id) }
}
