//! The five kinds whose records are read, printed, compared and kept, but which this build cannot use yet.

/// Stand-in until its file lands.
pub(crate) struct Kms;

impl crate::backend::Backend for Kms {
    fn names(&self) -> &'static crate::backend::Names {
        &crate::backend::Names {
            kind: crate::Kind::Kms,
            title: "AWS KMS",
            flag: "kms",
            short: Some('k'),
            variable: "SOPS_KMS_ARN",
            rule_field: "kms",
            group_field: "kms",
            rule_error: "kms",
            created_at: true,
            rank_flags: 0,
            rank_rule: 2,
            rank_group: 2,
            rank_file: 0,
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

/// Stand-in until its file lands.
pub(crate) struct GcpKms;

impl crate::backend::Backend for GcpKms {
    fn names(&self) -> &'static crate::backend::Names {
        &crate::backend::Names {
            kind: crate::Kind::GcpKms,
            title: "GCP KMS",
            flag: "gcp-kms",
            short: None,
            variable: "SOPS_GCP_KMS_IDS",
            rule_field: "gcp_kms",
            group_field: "gcp_kms",
            rule_error: "gcp_kms",
            created_at: true,
            rank_flags: 1,
            rank_rule: 3,
            rank_group: 3,
            rank_file: 1,
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

/// Stand-in until its file lands.
pub(crate) struct Hckms;

impl crate::backend::Backend for Hckms {
    fn names(&self) -> &'static crate::backend::Names {
        &crate::backend::Names {
            kind: crate::Kind::Hckms,
            title: "HuaweiCloud KMS",
            flag: "hckms",
            short: None,
            variable: "SOPS_HUAWEICLOUD_KMS_IDS",
            rule_field: "hckms",
            group_field: "hckms",
            rule_error: "hckms",
            created_at: true,
            rank_flags: 2,
            rank_rule: 4,
            rank_group: 4,
            rank_file: 2,
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

/// Stand-in until its file lands.
pub(crate) struct AzureKv;

impl crate::backend::Backend for AzureKv {
    fn names(&self) -> &'static crate::backend::Names {
        &crate::backend::Names {
            kind: crate::Kind::AzureKv,
            title: "Azure Key Vault",
            flag: "azure-kv",
            short: None,
            variable: "SOPS_AZURE_KEYVAULT_URLS",
            rule_field: "azure_keyvault",
            group_field: "azure_keyvault",
            rule_error: "azure_keyvault",
            created_at: true,
            rank_flags: 3,
            rank_rule: 5,
            rank_group: 5,
            rank_file: 3,
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

/// Stand-in until its file lands.
pub(crate) struct HcVault;

impl crate::backend::Backend for HcVault {
    fn names(&self) -> &'static crate::backend::Names {
        &crate::backend::Names {
            kind: crate::Kind::HcVault,
            title: "Vault",
            flag: "hc-vault-transit",
            short: None,
            variable: "SOPS_VAULT_URIS",
            rule_field: "hc_vault_transit_uri",
            group_field: "hc_vault",
            rule_error: "hc_vault_transit_uri",
            created_at: true,
            rank_flags: 5,
            rank_rule: 6,
            rank_group: 6,
            rank_file: 4,
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
