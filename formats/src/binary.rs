//! The whole file as one leaf, carried in JSON. Never through [`crate::Document`] when it is big.

/// Where the parts of a binary file's envelope are.
pub struct Envelope {}
