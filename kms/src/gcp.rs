//! GCP KMS: the record is read, printed, compared and kept; wrapping waits for the network layer.

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

/// The kind `gcp_kms`.
pub(crate) struct GcpKms;

static NAMES: Names = Names {
    kind: Kind::GcpKms,
    title: "GCP KMS",
    flag: "gcp-kms",
    short: None,
    variable: "SOPS_GCP_KMS_IDS",
    rule_field: "gcp_kms",
    group_field: "gcp_kms",
    group_map: true,
    rule_error: "gcpkms",
    created_at: true,
    rank_flags: 1,
    rank_rule: 3,
    rank_group: 3,
    rank_file: 1,
};

/// A key of GCP KMS by its resource id; its string form is the id.
#[derive(Debug)]
struct GcpKey {
    resource_id: String,
    rest: Vec<(String, Field)>,
}

impl GcpKey {
    fn shared(resource_id: &str) -> Arc<dyn MasterKey> {
        Arc::new(GcpKey { resource_id: resource_id.replace(' ', ""), rest: Vec::new() })
    }

    /// SOPS looks at the id only when it is used: exactly `projects/*/locations/*/keyRings/*/cryptoKeys/*`.
    fn problem(&self) -> Option<String> {
        let parts: Vec<&str> = self.resource_id.split('/').collect();
        let fits = matches!(parts[..], ["projects", a, "locations", b, "keyRings", c, "cryptoKeys", d]
            if [a, b, c, d].iter().all(|name| !name.is_empty()));
        (!fits).then(|| format!("cannot create GCP KMS service: no valid resource ID found in {}", quoted(&self.resource_id)))
    }
}

impl Diagnose for GcpKms {
    fn diagnose(&self, session: &Session) -> Diagnosis {
        diagnose::not_built(&NAMES, session)
    }
}

impl Backend for GcpKms {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, _: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        Ok(if text.is_empty() { Vec::new() } else { text.split(',').map(GcpKey::shared).collect() })
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        let ConfigKey::Map(fields) = item else {
            return Err(BadKey("a gcp_kms item of a key group is a map with the field 'resource_id'".to_owned()));
        };
        Ok(vec![GcpKey::shared(fields.text("resource_id"))])
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        Arc::new(GcpKey { resource_id: fields.text("resource_id").to_owned(), rest: record::rest(fields, &["resource_id"]) })
    }
}

impl MasterKey for GcpKey {
    fn kind(&self) -> Kind {
        Kind::GcpKms
    }

    fn id(&self) -> &str {
        &self.resource_id
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        record::push(&mut fields, &self.rest, "resource_id", &self.resource_id);
        fields.0.extend(self.rest.iter().cloned());
        fields
    }

    fn cost(&self, _: &Session) -> Cost {
        Cost::Network
    }

    fn wrap(&self, _: &Secret, _: &Session) -> Result<Wrapped, WrapError> {
        match self.problem() {
            Some(problem) => Err(WrapError::BadKey(problem)),
            None => Err(WrapError::NotBuilt { feature: NAMES.title }),
        }
    }

    fn unwrap(&self, _: &Wrapped, _: &Session) -> Result<Secret, UnwrapError> {
        match self.problem() {
            Some(why) => Err(UnwrapError::Denied { why }),
            None => Err(UnwrapError::NotBuilt { feature: NAMES.title }),
        }
    }
}
