//! The text of `.sops.yaml`, into typed fields (`docs/sops-config.md`, sections 2, 3, 5 and 6).

use std::collections::HashMap;

use leafcrypt_kms::{BACKENDS, ConfigKey, Kind};
use serde::de::{Deserialize, IgnoredAny, MapAccess};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Spanned};

use super::group_item::GroupItem;
use super::scalar::{Fields, Flag, Keys, Map, Text, Texts, Whole};
use crate::seal::selection::RuleKind;

/// Bytes of a configuration file (R8).
pub const MOST_BYTES: usize = 1 << 20;

/// Nodes of it, with those that aliases repeat (R8).
const MOST_NODES: usize = 1_000_000;

/// So many times its text (R8), and so many nodes in any case, aliases may make of it.
const EXPANDS: usize = 10;
const FEW_NODES: usize = 10_000;

/// A place that is longer is cut: the line tells it.
const MOST_NAMED: usize = 80;

/// A list of maps, each with its line; null items are none.
pub(super) type Maps<T> = Option<Vec<Option<Spanned<Map<T>>>>>;

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub creation_rules: Maps<CreationRule>,
    pub destination_rules: Maps<DestinationRule>,
    pub stores: Option<Map<Stores>>,
}

/// An item of `creation_rules`, or a `recreation_rule`.
#[derive(Clone, Debug, Default)]
pub(super) struct CreationRule {
    pub path_regex: Text,
    /// By kind.
    pub keys: HashMap<Kind, Keys>,
    pub aws_profile: Text,
    pub key_groups: Option<Vec<Option<Map<KeyGroup>>>>,
    pub shamir_threshold: Option<Whole>,
    /// In SOPS's order; not empty.
    pub selectors: Vec<(RuleKind, String)>,
    pub mac_only_encrypted: Option<Flag>,
}

/// An item of `key_groups`, or of `merge`.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyGroup {
    pub merge: Option<Vec<Option<Map<KeyGroup>>>>,
    /// SOPS panics on a null in a context, where the rule is used.
    pub null_in_context: bool,
    /// By kind.
    pub keys: HashMap<Kind, Vec<ConfigKey>>,
}

/// An item of `destination_rules`.
#[derive(Debug, Default)]
pub(super) struct DestinationRule {
    pub path_regex: Text,
    pub s3_bucket: Text,
    pub s3_prefix: Text,
    pub gcs_bucket: Text,
    pub gcs_prefix: Text,
    pub vault_path: Text,
    pub vault_address: Text,
    pub vault_kv_mount_name: Text,
    pub vault_kv_version: Option<Whole>,
    pub recreation_rule: Option<Map<CreationRule>>,
    pub omit_extensions: Option<Flag>,
}

/// `stores`.
#[derive(Debug, Default)]
pub(super) struct Stores {
    pub yaml: Option<Map<Store>>,
    pub json: Option<Map<Store>>,
    pub json_binary: Option<Map<Store>>,
}

/// One of them.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub indent: Option<Whole>,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// 0: nowhere in particular.
    pub line: u64,
    /// The field, empty if there is none.
    pub field: String,
    pub what: String,
}

/// Reads the first document of a text.
pub(super) fn parse(text: &[u8]) -> Result<Map<File>, Fault> {
    if text.len() > MOST_BYTES {
        return Err(Fault { what: "the file is larger than 1 MiB".to_owned(), ..Fault::default() });
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(Fault { what: "the file is not UTF-8".to_owned(), ..Fault::default() });
    };
    // Of a small file aliases make no million: that takes seconds.
    let most = (EXPANDS * text.len()).clamp(FEW_NODES, MOST_NODES);
    // Fields that nobody knows may hold a name twice; those we read are watched by `read_fields`.
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        legacy_octal_numbers: true,
        // As to go-yaml, `yes` is a text but where a boolean is wanted.
        strict_booleans: true,
        // R8; what aliases expand to is counted by the nodes, too. Depth stays at the parser's 64: each level costs stack.
        budget: serde_saphyr::budget! {
            max_aliases: most,
            max_nodes: most,
            max_events: 4 * most,
            max_merge_keys: most,
            enforce_alias_anchor_ratio: false,
        },
    };
    let mut first = None;
    let mut track = serde_path_to_error::Track::new();
    let result = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
        first = Some(Option::<Map<File>>::deserialize(tracked)?);
        Ok(())
    });
    match (result, first) {
        // Only the first document counts, and it was read: as in SOPS, what follows may be anything.
        (_, Some(map)) => Ok(map.unwrap_or_default()),
        (Err(error), None) => Err(fault(&error, &track.path().to_string())),
        (Ok(()), None) => Ok(Map::default()),
    }
}

fn fault(error: &Error, path: &str) -> Fault {
    let outer = error.without_snippet();
    let mut error = outer;
    // What is wrong with what an alias repeats.
    while let Error::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    let mut field = path.replace(".value", "").trim_end_matches(['.', '?']).to_owned();
    if let Some((end, _)) = field.char_indices().nth(MOST_NAMED) {
        field.truncate(end);
        field.push_str("...");
    }
    let what = match error {
        Error::Message { msg, .. } if OUR_WORDS.iter().any(|words| msg.starts_with(words)) => msg.clone(),
        Error::Unexpected { expected, .. } if *expected == "mapping start" => "expected a map".to_owned(),
        Error::Unexpected { expected, .. } if *expected == "sequence start" => "expected a list".to_owned(),
        Error::Unexpected { .. } | Error::NullIntoString { .. } | Error::TaggedScalarCannotDeserializeIntoString { .. } => {
            "expected text".to_owned()
        }
        Error::UnknownAnchor { .. } => "an alias has no anchor".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => "too deep, or too much of it".to_owned(),
        _ => "no YAML that can be read".to_owned(),
    };
    Fault { line: outer.location().map_or(0, |location| location.line()), field, what }
}

/// What our own readers say begins with one of these; other texts of the parser may quote the file and are not shown.
const OUR_WORDS: [&str; 2] = ["expected ", "a field stands twice"];

impl Fields for File {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "creation_rules" => self.creation_rules = map.next_value()?,
            "destination_rules" => self.destination_rules = map.next_value()?,
            "stores" => self.stores = map.next_value()?,
            // Ours alone: SOPS ignores it. Nothing in it has a meaning yet.
            "leafcrypt" => drop(map.next_value::<IgnoredAny>()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Fields for CreationRule {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "path_regex" => self.path_regex = map.next_value()?,
            "aws_profile" => self.aws_profile = map.next_value()?,
            "key_groups" => self.key_groups = map.next_value()?,
            "shamir_threshold" => self.shamir_threshold = map.next_value()?,
            "mac_only_encrypted" => self.mac_only_encrypted = map.next_value()?,
            // The one kind that SOPS reads with a type.
            "hckms" => {
                if let Some(list) = map.next_value::<Texts>()? {
                    self.keys.insert(Kind::Hckms, Keys::List(list.into_iter().flatten().collect()));
                }
            }
            _ => {
                if let Some(kind) = RuleKind::ALL.into_iter().find(|kind| kind.name() == name) {
                    self.selectors.extend(map.next_value::<Text>()?.filter(|text| !text.is_empty()).map(|text| (kind, text)));
                } else if let Some(backend) = BACKENDS.iter().find(|backend| backend.names().rule_field == name) {
                    self.keys.extend(map.next_value::<Option<Keys>>()?.map(|keys| (backend.names().kind, keys)));
                } else {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

impl Fields for KeyGroup {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if name == "merge" {
            self.merge = map.next_value()?;
        } else if let Some(backend) = BACKENDS.iter().find(|backend| backend.names().group_field == name) {
            let items: Vec<ConfigKey> = if backend.names().group_map {
                let items = map.next_value::<Option<Vec<Option<GroupItem>>>>()?.unwrap_or_default();
                self.null_in_context |= items.iter().flatten().any(|item| item.null_in_context);
                items.into_iter().flatten().map(|item| item.key).collect()
            } else {
                // As it is spelled: `0x…` and `1E5` are ids of keys, not numbers.
                map.next_value::<Texts>()?.into_iter().flatten().flatten().map(ConfigKey::Text).collect()
            };
            self.keys.insert(backend.names().kind, items);
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

impl Fields for DestinationRule {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let text = match name {
            "path_regex" => &mut self.path_regex,
            "s3_bucket" => &mut self.s3_bucket,
            "s3_prefix" => &mut self.s3_prefix,
            "gcs_bucket" => &mut self.gcs_bucket,
            "gcs_prefix" => &mut self.gcs_prefix,
            "vault_path" => &mut self.vault_path,
            "vault_address" => &mut self.vault_address,
            "vault_kv_mount_name" => &mut self.vault_kv_mount_name,
            "vault_kv_version" => {
                self.vault_kv_version = map.next_value()?;
                return Ok(true);
            }
            "recreation_rule" => {
                self.recreation_rule = map.next_value()?;
                return Ok(true);
            }
            "omit_extensions" => {
                self.omit_extensions = map.next_value()?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        *text = map.next_value()?;
        Ok(true)
    }
}

impl Fields for Stores {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "yaml" => self.yaml = map.next_value()?,
            "json" => self.json = map.next_value()?,
            "json_binary" => self.json_binary = map.next_value()?,
            // They exist and have no fields.
            "dotenv" | "ini" => drop(map.next_value::<IgnoredAny>()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Fields for Store {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if name == "indent" {
            self.indent = map.next_value()?;
        }
        Ok(name == "indent")
    }
}
