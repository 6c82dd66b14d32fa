//! OpenPGP by running `gpg`, as SOPS does.

use std::sync::Arc;

use crate::backend::{Backend, Beside, ConfigKey, Names};
use crate::error::{BadKey, UnwrapError, WrapError};
use crate::fields::{Field, Fields};
use crate::master_key::{Cost, Kind, MasterKey, Wrapped};
use crate::record;
use crate::secret::Secret;
use crate::session::Session;

/// The kind `pgp`.
pub(crate) struct Pgp;

static NAMES: Names = Names {
    kind: Kind::Pgp,
    title: "OpenPGP",
    flag: "pgp",
    short: Some('p'),
    variable: "SOPS_PGP_FP",
    rule_field: "pgp",
    group_field: "pgp",
    rule_error: "pgp",
    created_at: true,
    rank_flags: 4,
    rank_rule: 1,
    rank_group: 1,
    rank_file: 5,
};

/// A key by whatever `gpg` takes for one; that text, without its blanks, is also its string form.
#[derive(Debug)]
struct PgpKey {
    fingerprint: String,
    rest: Vec<(String, Field)>,
}

impl PgpKey {
    fn shared(text: &str) -> Arc<dyn MasterKey> {
        Arc::new(PgpKey { fingerprint: text.replace(' ', ""), rest: Vec::new() })
    }
}

impl Backend for Pgp {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, _: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        Ok(if text.is_empty() { Vec::new() } else { text.split(',').map(PgpKey::shared).collect() })
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        match item {
            ConfigKey::Text(text) => Ok(vec![PgpKey::shared(text)]),
            ConfigKey::Map(_) => Err(BadKey("a pgp item of a key group is a string".to_owned())),
        }
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        Arc::new(PgpKey { fingerprint: fields.text("fp").to_owned(), rest: record::rest(fields, &["fp"]) })
    }
}

impl MasterKey for PgpKey {
    fn kind(&self) -> Kind {
        Kind::Pgp
    }

    fn id(&self) -> &str {
        &self.fingerprint
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        record::push(&mut fields, &self.rest, "fp", &self.fingerprint);
        fields.0.extend(self.rest.iter().cloned());
        fields
    }

    fn cost(&self, _: &Session) -> Cost {
        Cost::Process
    }

    fn wrap(&self, _: &Secret, _: &Session) -> Result<Wrapped, WrapError> {
        Err(WrapError::NotBuilt { feature: NAMES.title })
    }

    fn unwrap(&self, _: &Wrapped, _: &Session) -> Result<Secret, UnwrapError> {
        Err(UnwrapError::NotBuilt { feature: NAMES.title })
    }
}
