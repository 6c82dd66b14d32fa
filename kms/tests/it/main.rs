//! All tests of the crate in one binary.

mod conformance;
mod gpg;
mod gpg_failures;
mod gpg_home;
mod records;
