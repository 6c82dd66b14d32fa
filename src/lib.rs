//! Secrets in Git: seals the leaf values of YAML, JSON, ENV, INI and TOML files, losslessly, in the format of SOPS.

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod error;
pub mod files;
pub mod flows;
pub mod guard;
pub mod keys;
pub mod manners;
pub mod metadata;
pub mod seal;
pub mod sealed_file;
pub mod world;

pub use leafcrypt_formats as formats;
pub use leafcrypt_kms as kms;

/// What a process does before its first secret: see [`guard::harden`].
pub fn start() {
    guard::harden();
}
