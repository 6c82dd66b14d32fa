//! Hides a secret under somebody's key.
//!
//! A [`MasterKey`] wraps and unwraps the 32 bytes of a data key, or the 33 of a share of one. Each kind of key is a [`Backend`]: one folder
//! or file, one line in [`BACKENDS`]. All seven kinds of SOPS's records are read, printed and compared in every build;
//! what cannot be wrapped in this build says so ([`WrapError::NotBuilt`]), and no record is ever dropped.
//!
//! Backends see the world only through a [`Session`]: environment, files, programs and questions go through [`Outside`],
//! so that a test can script them, and what is dear (identities, passphrases, clients) is made once a command.
//!
//! # Where a rule of a kind is
//!
//! | kind | its key's text, its record's fields, how it is used |
//! | --- | --- |
//! | `age` | `age/`: `recipient.rs`, `envelope.rs`; where identities are looked for: `age/identities.rs`; which is tried first: `age/search.rs` |
//! | `pgp` | `gpg/`: `mod.rs`; what a message tells: `gpg/packets.rs`; what a failure means: `gpg/advice.rs` |
//! | `kms` | `aws/`; its ARN: `aws/arn.rs` |
//! | `gcp_kms`, `azure_kv`, `hckms` | `gcp.rs`, `azure.rs`, `hckms.rs` |
//! | `hc_vault` | `vault/`; its address: `vault/url.rs` |
//!
//! Names, flags, variables and ranks of every kind are its [`Names`]. Which key of a file is tried when, groups and shares are in `keys` of leafcrypt, the
//! metadata block around the records in `metadata`. Page: `docs/sops-keys.md`.

mod age;
mod aws;
mod azure;
mod backend;
mod diagnose;
mod error;
mod fields;
mod gcp;
mod go_text;
mod gpg;
mod hckms;
mod master_key;
mod misplaced;
#[allow(clippy::disallowed_methods, reason = "the one door")]
mod outside;
mod record;
mod registry;
mod secret;
mod session;
mod vault;

pub use age::{
    Identity, Own, default_identity_file, generate, identities_in, identity_files, no_identity_file, own_in_standard_file, own_in_variables,
};
pub use backend::{Backend, Beside, ConfigKey, Names};
pub use diagnose::{Diagnose, Diagnosis, Finding, Health};
pub use error::{BadKey, UnwrapError, WrapError};
pub use fields::{Field, Fields};
pub use master_key::{Cost, Kind, MasterKey, Wrapped};
pub use misplaced::{holds_private_key, without_private_keys};
pub use outside::{Around, Asked, Command, Conversation, Finished, Holding, Outside, Quiet, Real};
pub use registry::{BACKENDS, backend, bare_key, same_key};
pub use secret::Secret;
pub use session::Session;
