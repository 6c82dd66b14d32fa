//! All tests of the crate in one binary.

mod conformance;
mod gpg;
mod gpg_failures;
mod gpg_home;
mod records;
//! Tests of the kms crate, one binary.
#![allow(missing_docs, clippy::unwrap_used)]

mod age;
mod scripted;
