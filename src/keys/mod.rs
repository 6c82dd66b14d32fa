//! Data keys, and the groups of master keys that hide them.

pub mod group;

pub use group::{KeyGroups, Record};
