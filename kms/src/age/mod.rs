//! age.

/// Stand-in until its file lands.
pub(crate) struct Age;

impl crate::backend::Backend for Age {
    fn names(&self) -> &'static crate::backend::Names {
        &crate::backend::Names {
            kind: crate::Kind::Age,
            title: "age",
            flag: "age",
            short: Some('a'),
            variable: "SOPS_AGE_RECIPIENTS",
            rule_field: "age",
            group_field: "age",
            rule_error: "age",
            created_at: false,
            rank_flags: 6,
            rank_rule: 0,
            rank_group: 0,
            rank_file: 6,
        }
    }
    fn from_list(&self, t: &str, _: &crate::Beside) -> Result<Vec<std::sync::Arc<dyn crate::MasterKey>>, crate::BadKey> {
        t.split(',').map(|t| { let t = t.trim(); if t.starts_with("age1") { Ok(std::sync::Arc::new(Temp(t.to_owned())) as _) } else { Err(crate::BadKey(format!("failed to parse input, unknown recipient type: \"{t}\""))) } }).collect()
    }
    fn from_config(&self, t: &crate::ConfigKey) -> Result<Vec<std::sync::Arc<dyn crate::MasterKey>>, crate::BadKey> {
        match t { crate::ConfigKey::Text(t) => self.from_list(t, &Default::default()), _ => Err(crate::BadKey("map".to_owned())) }
    }
    fn from_metadata(&self, f: &crate::Fields) -> std::sync::Arc<dyn crate::MasterKey> {
        std::sync::Arc::new(Temp(f.text("recipient").to_owned()))
    }
}

#[derive(Debug)]
struct Temp(String);
impl crate::MasterKey for Temp {
    fn kind(&self) -> crate::Kind { crate::Kind::Age }
    fn id(&self) -> &str { &self.0 }
    fn fields(&self) -> crate::Fields { crate::Fields::default().with("recipient", &*self.0) }
    fn cost(&self, _: &crate::Session) -> crate::Cost { crate::Cost::Silent }
    fn wrap(&self, _: &crate::Secret, _: &crate::Session) -> Result<crate::Wrapped, crate::WrapError> { Err(crate::WrapError::Cancelled) }
    fn unwrap(&self, _: &crate::Wrapped, _: &crate::Session) -> Result<crate::Secret, crate::UnwrapError> { Err(crate::UnwrapError::Cancelled) }
}
