//! One key.

use std::fmt::Debug;
use std::sync::Arc;

use crate::error::{UnwrapError, WrapError};
use crate::fields::Fields;
use crate::secret::Secret;
use crate::session::Session;

/// The kinds of key SOPS knows. The names are those of the lists in its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    Kms,
    GcpKms,
    Hckms,
    AzureKv,
    HcVault,
    Pgp,
    Age,
}

impl Kind {
    /// All of them, in the order in which SOPS reads the lists of a group from a file.
    pub const ALL: [Kind; 7] = [Kind::Kms, Kind::GcpKms, Kind::Hckms, Kind::AzureKv, Kind::HcVault, Kind::Pgp, Kind::Age];

    /// SOPS's type id, which is also the list's name in the metadata.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Kms => "kms",
            Kind::GcpKms => "gcp_kms",
            Kind::Hckms => "hckms",
            Kind::AzureKv => "azure_kv",
            Kind::HcVault => "hc_vault",
            Kind::Pgp => "pgp",
            Kind::Age => "age",
        }
    }
}

/// What it costs to try a key; cheap ones are tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// Nothing that anybody notices.
    Silent,
    /// Starts a process.
    Process,
    /// May ask a person.
    Prompt,
    /// Goes over the network.
    Network,
}

/// A wrapped secret, as the text of the record's `enc`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wrapped(pub String);

/// One key under which a secret can be hidden.
pub trait MasterKey: Debug + Send + Sync {
    /// Its kind.
    fn kind(&self) -> Kind;

    /// SOPS's string form: in messages, diffs and `--rm-*` (`docs/sops-keys.md`, section 1).
    fn id(&self) -> &str;

    /// The fields of its metadata record, in SOPS's order up to 3.12, without `enc` and `created_at`.
    fn fields(&self) -> Fields;

    /// Why nothing can be hidden under it, as it is written: what is known without starting a program. Nothing: only trying would tell.
    fn misspelled(&self) -> Option<String> {
        None
    }

    /// What trying it costs. Depends on what the session has found, so it may look for identities.
    fn cost(&self, session: &Session) -> Cost;

    /// A key that can only be stored after asking its service (an Azure key without version): that key. Called for the rule that was chosen only.
    ///
    /// # Errors
    /// The service does not answer, or knows no such key.
    fn resolve(&self, session: &Session) -> Result<Option<Arc<dyn MasterKey>>, WrapError> {
        let _ = session;
        Ok(None)
    }

    /// Hides a secret under this key.
    ///
    /// # Errors
    /// Why not; the key's name is added by the caller.
    fn wrap(&self, secret: &Secret, session: &Session) -> Result<Wrapped, WrapError>;

    /// Finds it again.
    ///
    /// # Errors
    /// Why not; the caller tries the next key and keeps every reason.
    fn unwrap(&self, wrapped: &Wrapped, session: &Session) -> Result<Secret, UnwrapError>;
}
