//! `destination_rules`: where `publish` sends a file (`docs/sops-config.md`, section 6).

use super::file::DestinationRule;
use super::rule::{self, Rule};
use super::{Config, ConfigError};
use crate::seal::go_regex::GoRegex;

/// What the first destination rule that fits says.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Where to.
    pub target: Target,
    /// How the file is sealed anew before it goes; its groups are empty if only the bytes are sent.
    pub recreation: Option<Rule>,
    /// The last extension of the name is cut.
    pub omit_extensions: bool,
    /// What SOPS passes over in silence.
    pub warnings: Vec<String>,
}

/// A place that takes files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A bucket of S3.
    S3 {
        /// Its name.
        bucket: String,
        /// Glued before the file's name.
        prefix: String,
    },
    /// A bucket of Google Cloud Storage.
    Gcs {
        /// Its name.
        bucket: String,
        /// Glued before the file's name.
        prefix: String,
    },
    /// Vault's key-value store.
    Vault {
        /// Empty: `VAULT_ADDR` says.
        address: String,
        /// Empty: `secret/`.
        mount: String,
        /// The path in it.
        path: String,
        /// 1 or 2.
        version: u8,
    },
}

impl Config {
    /// The first destination rule that fits a path **as it was typed**.
    ///
    /// # Errors
    /// None fits, or it names no or several destinations, or its recreation rule is wrong.
    pub fn destination_for(&self, typed: &str) -> Result<Destination, ConfigError> {
        let mut warnings = Vec::new();
        for (number, rule) in self.file.destination_rules.iter().flatten().enumerate() {
            let Some(rule) = rule else { continue };
            let fits = match rule.value.fields.path_regex.as_deref() {
                None | Some("") => true,
                Some(pattern) => match GoRegex::new(pattern) {
                    Ok(regex) => regex.is_match(typed.as_bytes()),
                    Err(_) => {
                        let line = rule.referenced.line();
                        warnings.push(format!("{}, line {line}: a path_regex that is no regex, the rule is skipped", self.path.display()));
                        false
                    }
                },
            };
            if fits {
                return destination(&rule.value.fields, &format!("destination_rules[{number}].recreation_rule"), warnings);
            }
        }
        Err(ConfigError::NoMatchingDestination)
    }
}

fn destination(rule: &DestinationRule, place: &str, mut warnings: Vec<String>) -> Result<Destination, ConfigError> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let (s3, gcs, vault) = (text(&rule.s3_bucket), text(&rule.gcs_bucket), text(&rule.vault_path));
    let target = match (s3.is_empty(), gcs.is_empty(), vault.is_empty()) {
        (true, true, true) => return Err(ConfigError::NoDestination),
        (false, true, true) => Target::S3 { bucket: s3, prefix: text(&rule.s3_prefix) },
        (true, false, true) => Target::Gcs { bucket: gcs, prefix: text(&rule.gcs_prefix) },
        (true, true, false) => Target::Vault {
            address: text(&rule.vault_address),
            mount: text(&rule.vault_kv_mount_name),
            path: vault,
            version: if rule.vault_kv_version.is_some_and(|version| version.0 == 1) { 1 } else { 2 },
        },
        _ => return Err(ConfigError::TwoDestinations),
    };
    let mut recreation = rule.recreation_rule.as_ref().map(|rule| rule::build(&rule.fields, place)).transpose()?;
    if let Some(rule) = &mut recreation {
        warnings.append(&mut rule.warnings);
    }
    Ok(Destination { target, recreation, omit_extensions: rule.omit_extensions.unwrap_or_default().0, warnings })
}
