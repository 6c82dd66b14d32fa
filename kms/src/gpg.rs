//! OpenPGP through `gpg`.

/// Stand-in until its file lands.
pub(crate) struct Pgp;

impl crate::backend::Backend for Pgp {
    fn names(&self) -> &'static crate::backend::Names {
        &crate::backend::Names {
            kind: crate::Kind::Pgp,
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
