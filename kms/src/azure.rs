//! Azure Key Vault: the record is read, printed, compared and kept; wrapping waits for the network layer.

use std::sync::Arc;

use crate::backend::{Backend, Beside, ConfigKey, Names};
use crate::diagnose::{self, Diagnose, Diagnosis};
use crate::error::{BadKey, UnwrapError, WrapError};
use crate::fields::{Field, Fields};
use crate::go_text::quoted;
use crate::master_key::{Cost, Kind, MasterKey, Wrapped};
use crate::record;
use crate::secret::Secret;
use crate::session::Session;

/// The kind `azure_kv`.
pub(crate) struct AzureKv;

static NAMES: Names = Names {
    kind: Kind::AzureKv,
    title: "Azure Key Vault",
    flag: "azure-kv",
    short: None,
    variable: "SOPS_AZURE_KEYVAULT_URLS",
    rule_field: "azure_keyvault",
    group_field: "azure_keyvault",
    group_map: true,
    rule_error: "azure_keyvault",
    created_at: true,
    rank_flags: 3,
    rank_rule: 5,
    rank_group: 5,
    rank_file: 3,
};

/// A version of a key in a vault. Without a version it can only be stored after the service was asked for the newest ([`MasterKey::resolve`]).
#[derive(Debug)]
struct AzureKey {
    vault_url: String,
    name: String,
    version: String,
    rest: Vec<(String, Field)>,
    id: String,
}

impl AzureKey {
    fn shared(vault_url: &str, name: &str, version: &str, rest: Vec<(String, Field)>) -> Arc<dyn MasterKey> {
        let id = format!("{vault_url}/keys/{name}/{version}");
        Arc::new(AzureKey { vault_url: vault_url.to_owned(), name: name.to_owned(), version: version.to_owned(), rest, id })
    }

    /// `https://HOST/keys/NAME[/[VERSION]]`, nothing else.
    fn from_url(url: &str) -> Result<Arc<dyn MasterKey>, BadKey> {
        let bad = || BadKey(format!("could not parse {} into a valid Azure Key Vault MasterKey []", quoted(url)));
        let rest = url.strip_prefix("https://").ok_or_else(bad)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (host, name, version) = match parts[..] {
            [host, "keys", name] => (host, name, ""),
            [host, "keys", name, version] => (host, name, version),
            _ => return Err(bad()),
        };
        if host.is_empty() || name.is_empty() {
            return Err(bad());
        }
        Ok(AzureKey::shared(&format!("https://{host}"), name, version, Vec::new()))
    }
}

impl Diagnose for AzureKv {
    fn diagnose(&self, session: &Session) -> Diagnosis {
        diagnose::not_built(&NAMES, session)
    }
}

impl Backend for AzureKv {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, _: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        text.split(',').map(|item| AzureKey::from_url(item.trim())).collect()
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        let ConfigKey::Map(fields) = item else {
            return Err(BadKey("an azure_keyvault item of a key group is a map with the fields 'vaultUrl' and 'key'".to_owned()));
        };
        Ok(vec![AzureKey::shared(fields.text("vaultUrl"), fields.text("key"), fields.text("version"), Vec::new())])
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        let rest = record::rest(fields, &["vault_url", "name", "version"]);
        AzureKey::shared(fields.text("vault_url"), fields.text("name"), fields.text("version"), rest)
    }
}

impl MasterKey for AzureKey {
    fn kind(&self) -> Kind {
        Kind::AzureKv
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        for (name, text) in [("vault_url", &self.vault_url), ("name", &self.name), ("version", &self.version)] {
            record::push(&mut fields, &self.rest, name, text);
        }
        fields.0.extend(self.rest.iter().cloned());
        fields
    }

    fn cost(&self, _: &Session) -> Cost {
        Cost::Network
    }

    fn resolve(&self, _: &Session) -> Result<Option<Arc<dyn MasterKey>>, WrapError> {
        if self.version.is_empty() { Err(WrapError::NotBuilt { feature: NAMES.title }) } else { Ok(None) }
    }

    fn wrap(&self, _: &Secret, _: &Session) -> Result<Wrapped, WrapError> {
        Err(WrapError::NotBuilt { feature: NAMES.title })
    }

    fn unwrap(&self, _: &Wrapped, _: &Session) -> Result<Secret, UnwrapError> {
        Err(UnwrapError::NotBuilt { feature: NAMES.title })
    }
}
