//! HuaweiCloud KMS: the record is read, printed, compared and kept; wrapping waits for the network layer.

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

/// The kind `hckms`.
pub(crate) struct Hckms;

static NAMES: Names = Names {
    kind: Kind::Hckms,
    title: "HuaweiCloud KMS",
    flag: "hckms",
    short: None,
    variable: "SOPS_HUAWEICLOUD_KMS_IDS",
    rule_field: "hckms",
    group_field: "hckms",
    group_map: true,
    rule_error: "hckms",
    created_at: true,
    rank_flags: 2,
    rank_rule: 4,
    rank_group: 4,
    rank_file: 2,
};

/// A key of HuaweiCloud as `REGION:UUID`, which is also its string form.
#[derive(Debug)]
struct HckmsKey {
    key_id: String,
    rest: Vec<(String, Field)>,
}

impl HckmsKey {
    fn shared(key_id: &str) -> Result<Arc<dyn MasterKey>, BadKey> {
        check(key_id)?;
        Ok(Arc::new(HckmsKey { key_id: key_id.to_owned(), rest: Vec::new() }))
    }
}

/// The first colon splits; neither side is empty.
fn check(key_id: &str) -> Result<(), BadKey> {
    match key_id.split_once(':') {
        None => Err(BadKey(format!("invalid key ID format: expected 'region:key-uuid', got {}", quoted(key_id)))),
        Some(("", _)) => Err(BadKey(format!("region cannot be empty in key ID: {}", quoted(key_id)))),
        Some((_, "")) => Err(BadKey(format!("key UUID cannot be empty in key ID: {}", quoted(key_id)))),
        Some(_) => Ok(()),
    }
}

impl Diagnose for Hckms {
    fn diagnose(&self, session: &Session) -> Diagnosis {
        diagnose::not_built(&NAMES, session)
    }
}

impl Backend for Hckms {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, _: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(HckmsKey::shared).collect()
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        let ConfigKey::Map(fields) = item else {
            return Err(BadKey("an hckms item of a key group is a map with the field 'key_id'".to_owned()));
        };
        Ok(vec![HckmsKey::shared(fields.text("key_id"))?])
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        Arc::new(HckmsKey { key_id: fields.text("key_id").to_owned(), rest: record::rest(fields, &["key_id"]) })
    }
}

impl MasterKey for HckmsKey {
    fn kind(&self) -> Kind {
        Kind::Hckms
    }

    fn id(&self) -> &str {
        &self.key_id
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        record::push(&mut fields, &self.rest, "key_id", &self.key_id);
        fields.0.extend(self.rest.iter().cloned());
        fields
    }

    fn cost(&self, _: &Session) -> Cost {
        Cost::Network
    }

    fn wrap(&self, _: &Secret, _: &Session) -> Result<Wrapped, WrapError> {
        check(&self.key_id).map_err(|BadKey(problem)| WrapError::BadKey(problem))?;
        Err(WrapError::NotBuilt { feature: NAMES.title })
    }

    fn unwrap(&self, _: &Wrapped, _: &Session) -> Result<Secret, UnwrapError> {
        check(&self.key_id).map_err(|BadKey(why)| UnwrapError::Denied { why })?;
        Err(UnwrapError::NotBuilt { feature: NAMES.title })
    }
}
