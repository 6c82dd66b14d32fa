//! Every variable we read, ours and each backend's, as one documented list. Empty means unset.

use std::path::PathBuf;

use leafcrypt_kms::{BACKENDS, Kind, Outside};

/// Printed below `--help`.
pub(super) const HELP: &str = "\
Environment:
  SOPS_CONFIG                   configuration file, as --config
  SOPS_AGE_RECIPIENTS, SOPS_PGP_FP, SOPS_KMS_ARN, SOPS_GCP_KMS_IDS,
  SOPS_AZURE_KEYVAULT_URLS, SOPS_VAULT_URIS, SOPS_HUAWEICLOUD_KMS_IDS
                                recipients of new files, as the key flags
  SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD
                                age identities, besides CONFIG/sops/age/keys.txt
  SOPS_AGE_SSH_PRIVATE_KEY_FILE, SOPS_AGE_SSH_PRIVATE_KEY_CMD
                                SSH identities, besides ~/.ssh
  SOPS_GPG_EXEC, GNUPGHOME      how gpg is run
  SOPS_DECRYPTION_ORDER         kinds of key in the order to try them
  SOPS_KEYSERVICE, SOPS_ENABLE_LOCAL_KEYSERVICE
                                key services: not in this version yet
  LEAFCRYPT_REQUIRE_WITNESS     1: as --require-witness
  SOPS_EDITOR, EDITOR           the editor of edit
  XDG_RUNTIME_DIR               the folder in memory for plaintext that a program reads
                                or an editor has open
  XDG_STATE_HOME                edits that could not be saved, sealed; lock files where
                                folders cannot be locked
  NO_COLOR                      no colours";

/// The variables that count as flags.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// `SOPS_CONFIG`
    pub config: Option<PathBuf>,
    /// The backends' variables.
    pub keys: Vec<(Kind, String)>,
    /// `SOPS_DECRYPTION_ORDER`
    pub order: Option<String>,
    /// `LEAFCRYPT_REQUIRE_WITNESS`
    pub require_witness: bool,
    /// `SOPS_KEYSERVICE`
    pub key_services: Vec<String>,
    /// `SOPS_ENABLE_LOCAL_KEYSERVICE`
    pub local_keys: Option<String>,
    /// `XDG_RUNTIME_DIR`
    pub runtime: Option<PathBuf>,
}

impl Variables {
    /// Reads them.
    pub(super) fn read(outside: &dyn Outside) -> Self {
        let text = |name: &str| outside.env(name).and_then(|v| v.into_string().ok());
        Variables {
            config: outside.env("SOPS_CONFIG").map(PathBuf::from),
            keys: BACKENDS.iter().map(|b| b.names()).filter_map(|n| Some((n.kind, text(n.variable)?))).collect(),
            order: text("SOPS_DECRYPTION_ORDER"),
            require_witness: text("LEAFCRYPT_REQUIRE_WITNESS").is_some_and(|v| v == "1" || v == "true"),
            key_services: text("SOPS_KEYSERVICE").map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default(),
            local_keys: text("SOPS_ENABLE_LOCAL_KEYSERVICE"),
            runtime: outside.env("XDG_RUNTIME_DIR").map(PathBuf::from),
        }
    }
}
