//! Tests of the kms crate, one binary.
#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod age;
mod age_passphrase;
mod age_plugin;
mod age_sources;
mod age_ssh;
mod conformance;
mod diagnose;
mod gpg;
mod gpg_failures;
mod gpg_home;
mod records;
mod scripted;
