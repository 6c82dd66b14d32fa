//! Every variable we read, ours and each backend's, as one documented list. Empty means unset.

use std::path::PathBuf;

use leafcrypt_kms::{BACKENDS, Kind, Outside};

use super::later::go_bool;

/// Printed below `--help`.
pub(super) const HELP: &str = "\
Also: leafcrypt --version; -e and -d for encrypt and decrypt; leafcrypt FILE for edit FILE

Exit codes are those of SOPS: 0 done; 1 usage, rules and anything else; 2 a file that cannot be
read or parsed; 3 one that cannot be written; 4 what the format cannot hold; 7 a path or value of
set; 25 a value that does not open; 51 the file is not as it was sealed; 100 no such file; 128 no
key opens it, or none can be used; 200 the editor changed nothing; 201 it failed, or there is
none; 203 sealed already

Environment:
  SOPS_CONFIG                   configuration file, as --config
  SOPS_AGE_RECIPIENTS, SOPS_PGP_FP, SOPS_KMS_ARN, SOPS_GCP_KMS_IDS,
  SOPS_AZURE_KEYVAULT_URLS, SOPS_VAULT_URIS, SOPS_HUAWEICLOUD_KMS_IDS
                                recipients of new files, as the key flags
  SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD
                                age identities, besides sops/age/keys.txt in
                                XDG_CONFIG_HOME or ~/.config
  SOPS_AGE_SSH_PRIVATE_KEY_FILE, SOPS_AGE_SSH_PRIVATE_KEY_CMD
                                SSH identities, besides ~/.ssh
  SOPS_GPG_EXEC, GNUPGHOME      how gpg is run
  SOPS_DECRYPTION_ORDER         kinds of key in the order to try them
  SOPS_KEYSERVICE, SOPS_ENABLE_LOCAL_KEYSERVICE
                                key services: not in this version yet
  LEAFCRYPT_REQUIRE_WITNESS     1, true, yes or on: as --require-witness
  SOPS_EDITOR, EDITOR           the editor of edit
  XDG_RUNTIME_DIR               the folder in memory for plaintext that a program reads
                                or an editor has open; edits for which no disk has room, sealed
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
    /// What cannot be understood. Not to be passed over: a switch that is meant to protect would be off.
    pub wrong: Vec<(&'static str, &'static str)>,
}

impl Variables {
    /// Reads them.
    pub(super) fn read(outside: &dyn Outside) -> Self {
        let wrong = std::cell::RefCell::new(Vec::new());
        let text = |name: &'static str| {
            outside.env(name).and_then(|value| value.into_string().map_err(|_| wrong.borrow_mut().push((name, "not UTF-8"))).ok())
        };
        let require_witness = match text("LEAFCRYPT_REQUIRE_WITNESS").as_deref().map(switch) {
            None => false,
            Some(Some(on)) => on,
            Some(None) => {
                wrong.borrow_mut().push(("LEAFCRYPT_REQUIRE_WITNESS", "none of 1, true, yes, on, 0, false, no, off"));
                true
            }
        };
        let mut read = Variables {
            config: outside.env("SOPS_CONFIG").map(PathBuf::from),
            keys: BACKENDS.iter().map(|b| b.names()).filter_map(|n| Some((n.kind, text(n.variable)?))).collect(),
            order: text("SOPS_DECRYPTION_ORDER"),
            require_witness,
            key_services: text("SOPS_KEYSERVICE").map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default(),
            local_keys: text("SOPS_ENABLE_LOCAL_KEYSERVICE"),
            runtime: outside.env("XDG_RUNTIME_DIR").map(PathBuf::from),
            wrong: Vec::new(),
        };
        read.wrong = wrong.into_inner();
        read
    }
}

/// SOPS reads these before anything else, whatever was typed. What it says of one that is no boolean.
pub(super) fn wrong_switch(outside: &dyn Outside) -> Option<String> {
    let switches = [("SOPS_DISABLE_VERSION_CHECK", "disable-version-check"), ("SOPS_ENABLE_LOCAL_KEYSERVICE", "enable-local-keyservice")];
    switches.into_iter().find_map(|(name, flag)| {
        let text = outside.env(name)?.to_string_lossy().into_owned();
        let why = || format!("could not parse {text} as bool value for flag {flag}: strconv.ParseBool: parsing {text:?}: invalid syntax");
        go_bool(&text).is_none().then(why)
    })
}

/// A switch of our own. None: neither on nor off.
fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
