//! Secrets in Git: seals the leaf values of YAML, JSON, ENV, INI and TOML files, losslessly, in the format of SOPS.
//!
//! # In ten lines
//!
//! ```no_run
//! use leafcrypt::formats::Format;
//! use leafcrypt::sealed_file::{OpenHow, SealedFile};
//! use leafcrypt::world::World;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::quiet();
//! let text = leafcrypt::files::read("secrets.yaml".as_ref())?;
//! let sealed = SealedFile::parse(Format::Yaml, &text, world.manners)?;
//! let mut file = sealed.open(&world, &OpenHow::default())?; // has passed its MAC and its witness
//! let plain = file.plain().to_vec(); // the bytes that were sealed, comments and all
//! file.replace(plain);
//! assert_eq!(file.seal(&world)?.text, text); // nothing changed: the same bytes
//! # Ok(()) }
//! ```
//!
//! # The words
//!
//! A *document* is a text plus where its values are. A *policy* says which values are covered. A *data key* turns each covered value into a
//! *token*, `ENC[...]`. *Key groups* hide the data key under *master keys*. *Metadata* records it all inside the file. A file or a value is
//! *sealed* and *opened*, a key is *wrapped* and *unwrapped*. Every command is: parse, open, change, seal.
//!
//! # Where to read
//!
//! | to learn | read |
//! | --- | --- |
//! | how a file goes from sealed to open and back | [`sealed_file`] |
//! | which values are covered, and what a token is | [`seal`]: [`policy`](seal::policy), [`aad`](seal::aad), [`plain_bytes`](seal::plain_bytes), [`token`](seal::token), [`cipher`](seal::cipher), [`mac`](seal::mac) |
//! | what leafcrypt adds to a file of SOPS | [`seal::extension`], [`seal::layout`], [`seal::witness`] |
//! | what stands in the metadata block | [`metadata`] |
//! | how a data key is found, and split | [`keys`] |
//! | one kind of key | [`kms`] |
//! | one format | [`formats`] |
//! | what `.sops.yaml` says | [`config`] |
//! | how a file is written | [`files`] |
//! | what the name `sops` changes | [`manners`] |
//! | what a command does | [`flows`] |
//!
//! The bytes themselves, with test vectors, are in `docs/wire-format.md`; every known difference from SOPS is in `docs/sops-compatibility.md`. Rooms that are not
//! public (a folder for each format and each kind of key, the command line) are shown by `cargo doc --workspace --no-deps --document-private-items`.

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

/// What a process does before its first secret: see [`guard::harden`]. For programs; a library must leave its host alone.
pub fn start() {
    guard::harden();
}
