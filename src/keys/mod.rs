//! Data keys, and the groups of master keys that hide them.

mod data_key;
pub mod diff;
pub mod group;
pub mod shamir;

pub use data_key::DataKey;
pub use diff::{GroupDiff, KeyDiff};
pub use group::{Group, GroupReport, KeyGroups, NoKeyOpens, Record, Unwrapped, WrapFailed};
