//! Tests of the kms crate, one binary.
#![allow(missing_docs, clippy::unwrap_used)]

mod age;
mod scripted;
