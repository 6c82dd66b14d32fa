//! One kind of key: its names, how to read one.

use std::sync::Arc;

use crate::diagnose::Diagnose;
use crate::error::{BadKey, UnwrapError, WrapError};
use crate::fields::Fields;
use crate::master_key::{Kind, MasterKey, Wrapped};
use crate::secret::Secret;
use crate::session::Session;

/// Everything by which a kind of key is named.
#[derive(Debug)]
pub struct Names {
    /// The kind; its name is the metadata list's.
    pub kind: Kind,
    /// For people: "age", "AWS KMS".
    pub title: &'static str,
    /// The long flag without dashes, `gcp-kms`; `--add-` and `--rm-` go before it.
    pub flag: &'static str,
    /// The short flag, if there is one.
    pub short: Option<char>,
    /// The environment variable that counts as the flag.
    pub variable: &'static str,
    /// The field of a creation rule, `azure_keyvault`.
    pub rule_field: &'static str,
    /// The field of a key group's item in the configuration, `hc_vault`.
    pub group_field: &'static str,
    /// There a key is a map of fields; otherwise a text.
    pub group_map: bool,
    /// What SOPS calls it in errors about a rule, before the field's name: `invalid gcpkms key configuration: invalid gcp_kms key configuration: …`.
    pub rule_error: &'static str,
    /// Whether metadata records carry `created_at`.
    pub created_at: bool,
    /// Rank among the keys of a command line (kms gcp_kms hckms azure_kv pgp hc_vault age).
    pub rank_flags: u8,
    /// Rank among the keys of a rule's flat fields (age pgp kms gcp_kms hckms azure hc_vault).
    pub rank_rule: u8,
    /// Rank among the keys of a key group in the configuration (age pgp kms gcp_kms hckms azure vault).
    pub rank_group: u8,
    /// Rank in a file's metadata as SOPS reads it (`docs/sops-format.md`, section 3: kms gcp_kms hckms azure_kv hc_vault pgp age).
    pub rank_file: u8,
}

/// What stands beside a key's text in a command line or a creation rule.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// AWS's encryption context.
    pub context: Vec<(String, String)>,
    /// AWS's profile.
    pub profile: String,
}

/// A key as an item of a key group in the configuration: a string, or fields by their configuration names.
#[derive(Clone, Debug)]
pub enum ConfigKey {
    /// A string item.
    Text(String),
    /// A map item; names as in `.sops.yaml` (`vaultUrl`, `arn`).
    Map(Fields),
}

/// One kind of key.
// a backend is an object in a list, so its constructors need `self`
#[allow(clippy::wrong_self_convention)]
pub trait Backend: Diagnose + Sync {
    /// Its names.
    fn names(&self) -> &'static Names;

    /// Reads a list as a flag, a variable or a rule's string has it: split at commas, trimmed as SOPS does for this kind.
    ///
    /// # Errors
    /// SOPS's text for the misspelled item.
    fn from_list(&self, text: &str, beside: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey>;

    /// Reads an item of a key group of the configuration (an age item may be a comma list).
    ///
    /// # Errors
    /// SOPS's text for the misspelled item.
    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey>;

    /// Reads a metadata record's fields. Lenient: what is misspelled is kept as it is, and fails when it is used.
    /// `enc` and `created_at` are passed over; fields that the kind does not know come back from [`MasterKey::fields`], after its own.
    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey>;

    /// Wraps for several keys of this kind at once; kinds that gain by it (gpg) override it. Results in the order of `keys`.
    fn wrap_many(&self, keys: &[&dyn MasterKey], secret: &Secret, session: &Session) -> Vec<Result<Wrapped, WrapError>> {
        keys.iter().map(|key| key.wrap(secret, session)).collect()
    }

    /// Tries several records of this kind that all hide the same secret, and returns the first that opens with its position, or every reason.
    /// Kinds that gain by looking at all of them first override it: age tries silent identities on all before it asks anybody, gpg starts two processes at most.
    ///
    /// # Errors
    /// A reason for each record, in order.
    fn unwrap_any(&self, records: &[(&dyn MasterKey, &Wrapped)], session: &Session) -> Result<(usize, Secret), Vec<UnwrapError>> {
        let mut reasons = Vec::new();
        for (i, (key, wrapped)) in records.iter().enumerate() {
            match key.unwrap(wrapped, session) {
                Ok(secret) => return Ok((i, secret)),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(reasons)
    }

    /// For people, when nothing opened: what was looked at for a key in this session and what was wrong there, a line each. Starts nothing, asks nobody.
    fn trail(&self, key: &dyn MasterKey, session: &Session) -> Vec<String> {
        let _ = (key, session);
        Vec::new()
    }

    /// What would be asked, started or touched to open a record with a key that is at hand or may be; none: no such key, or it opens without. Itself it asks
    /// and touches nothing (it may list gpg's keys), so whether the key fits is sure only where the record tells.
    fn unasked(&self, key: &dyn MasterKey, wrapped: &Wrapped, session: &Session) -> Option<String> {
        let _ = (key, wrapped, session);
        None
    }

    /// Whether a key that is at hand opens what is wrapped for a key. None: to tell that something would have to be started, asked or touched; or nobody keeps
    /// keys of the kind here.
    fn opens(&self, key: &dyn MasterKey, session: &Session) -> Option<bool> {
        let _ = (key, session);
        None
    }

    /// Why a record did not open, in SOPS's words.
    fn in_sops_words(&self, key: &dyn MasterKey, why: &UnwrapError, session: &Session) -> String {
        let _ = (key, session);
        why.to_string()
    }
}
