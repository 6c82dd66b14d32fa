//! AWS KMS: the record is read, printed, compared and kept; wrapping waits for the network layer.

mod arn;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backend::{Backend, Beside, ConfigKey, Names};
use crate::diagnose::{self, Diagnose, Diagnosis};
use crate::error::{BadKey, UnwrapError, WrapError};
use crate::fields::{Field, Fields};
use crate::master_key::{Cost, Kind, MasterKey, Wrapped};
use crate::record;
use crate::secret::Secret;
use crate::session::Session;

/// The kind `kms`.
pub(crate) struct Kms;

static NAMES: Names = Names {
    kind: Kind::Kms,
    title: "AWS KMS",
    flag: "kms",
    short: Some('k'),
    variable: "SOPS_KMS_ARN",
    rule_field: "kms",
    group_field: "kms",
    group_map: true,
    rule_error: "kms",
    created_at: true,
    rank_flags: 0,
    rank_rule: 2,
    rank_group: 2,
    rank_file: 0,
};

/// A key of AWS KMS, perhaps reached through a role.
#[derive(Debug)]
struct KmsKey {
    arn: String,
    role: String,
    context: BTreeMap<String, String>,
    profile: String,
    rest: Vec<(String, Field)>,
    id: String,
}

impl KmsKey {
    fn new(arn: String, role: String, context: BTreeMap<String, String>, profile: String) -> Self {
        let id = arn::string_form(&arn, &role, &context, &profile);
        KmsKey { arn, role, context, profile, rest: Vec::new(), id }
    }

    /// SOPS looks at the ARN only when it is used.
    fn problem(&self) -> Option<String> {
        (!arn::is_valid(&self.arn)).then(|| format!("no valid ARN found in '{}'", self.arn.escape_debug()))
    }
}

impl Diagnose for Kms {
    fn diagnose(&self, session: &Session) -> Diagnosis {
        diagnose::not_built(&NAMES, session)
    }
}

impl Backend for Kms {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, beside: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let context: BTreeMap<String, String> = beside.context.iter().cloned().collect();
        let key = |item: &str| {
            let (arn, role) = arn::split_role(item);
            Arc::new(KmsKey::new(arn, role, context.clone(), beside.profile.clone())) as Arc<dyn MasterKey>
        };
        Ok(text.split(',').map(key).collect())
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        let ConfigKey::Map(fields) = item else {
            return Err(BadKey("a kms item of a key group is a map with the field 'arn'".to_owned()));
        };
        let text = |name: &str| fields.text(name).to_owned();
        // no blanks deleted and no `+ROLE` split off here, as in SOPS
        Ok(vec![Arc::new(KmsKey::new(text("arn"), text("role"), context(fields), text("aws_profile")))])
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        let text = |name: &str| fields.text(name).to_owned();
        let mut key = KmsKey::new(text("arn"), text("role"), context(fields), text("aws_profile"));
        key.rest = record::rest(fields, &["arn", "role", "aws_profile"]);
        key.rest.retain(|(name, field)| !(name == "context" && matches!(field, Field::Map(_))));
        Arc::new(key)
    }
}

fn context(fields: &Fields) -> BTreeMap<String, String> {
    match fields.get("context") {
        Some(Field::Map(pairs)) => pairs.iter().cloned().collect(),
        _ => BTreeMap::new(),
    }
}

impl MasterKey for KmsKey {
    fn kind(&self) -> Kind {
        Kind::Kms
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        record::push(&mut fields, &self.rest, "arn", &self.arn);
        if !self.role.is_empty() {
            record::push(&mut fields, &self.rest, "role", &self.role);
        }
        if !self.context.is_empty() {
            let pairs = self.context.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            fields.0.push(("context".to_owned(), Field::Map(pairs)));
        }
        record::push(&mut fields, &self.rest, "aws_profile", &self.profile);
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
