//! A key as an item of a key group has it.

use std::collections::HashMap;
use std::fmt;

use leafcrypt_kms::{ConfigKey, Field, Fields as KeyFields};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use super::scalar::{Fields, Text, read_fields};

/// A key of a key group: a text, or a map of texts.
pub(super) struct GroupItem {
    pub key: ConfigKey,
    /// SOPS panics on it, where the rule is used.
    pub null_in_context: bool,
}

impl<'de> Deserialize<'de> for GroupItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = GroupItem;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E>(self, text: &str) -> Result<GroupItem, E> {
                Ok(GroupItem { key: ConfigKey::Text(text.to_owned()), null_in_context: false })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GroupItem, A::Error> {
                let read = read_fields::<ItemFields, A>(map)?.fields;
                Ok(GroupItem { key: ConfigKey::Map(KeyFields(read.fields)), null_in_context: read.null_in_context })
            }
        }
        deserializer.deserialize_any(Reader).map_err(|_| D::Error::custom("expected a key"))
    }
}

#[derive(Default)]
struct ItemFields {
    fields: Vec<(String, Field)>,
    null_in_context: bool,
}

impl Fields for ItemFields {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let field = match name {
            "arn" | "role" | "aws_profile" | "resource_id" | "key_id" | "vaultUrl" | "key" | "version" => {
                map.next_value::<Text>()?.map(Field::Text)
            }
            "context" => {
                let pairs = map.next_value::<Option<HashMap<String, Text>>>()?;
                self.null_in_context |= pairs.iter().flat_map(HashMap::values).any(Option::is_none);
                pairs.map(|pairs| {
                    let mut pairs: Vec<_> = pairs.into_iter().map(|(name, text)| (name, text.unwrap_or_default())).collect();
                    pairs.sort();
                    Field::Map(pairs)
                })
            }
            _ => return Ok(false),
        };
        self.fields.extend(field.map(|field| (name.to_owned(), field)));
        Ok(true)
    }
}
