//! Data keys, and the groups of master keys that hide them: who can open a file, how many groups it takes ([`group`]), in which order they are tried (`turns.rs`), how a data key is split over several of
//! them ([`shamir`]), what changes when recipients do ([`diff`]). One kind of master key is in [`crate::kms`]; the records in the file are
//! [`crate::metadata`]'s.

mod data_key;
pub mod diff;
pub mod group;
pub mod shamir;
mod turns;

pub use data_key::DataKey;
pub use diff::{GroupDiff, KeyDiff};
pub use group::{Group, GroupReport, KeyGroups, NoKeyOpens, Record, Unwrapped, WrapFailed};
