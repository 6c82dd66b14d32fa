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
    fn from_list(&self, _: &str, _: &crate::Beside) -> Result<Vec<std::sync::Arc<dyn crate::MasterKey>>, crate::BadKey> {
        Err(crate::BadKey("not built yet".to_owned()))
    }
    fn from_config(&self, _: &crate::ConfigKey) -> Result<Vec<std::sync::Arc<dyn crate::MasterKey>>, crate::BadKey> {
        Err(crate::BadKey("not built yet".to_owned()))
    }
    fn from_metadata(&self, _: &crate::Fields) -> std::sync::Arc<dyn crate::MasterKey> {
        unreachable!("not built yet")
    }
}
