//! [`Metadata`] to the fields of a block, in the order and with the omissions of SOPS 3.13 (`docs/sops-format.md`, 1.1 and 1.2).

use leafcrypt_formats::{Shape, Tree, Value};
use leafcrypt_kms::{Field, Kind, backend};

use super::{EXTENSION, Metadata, flatten};
use crate::keys::{Group, Record};

impl Metadata {
    /// The fields for a block: sorted by name at every level, unknown ones among them; flat names without prefix where the shape wants them.
    pub fn fields(&self, shape: Shape) -> Vec<(String, Tree)> {
        let nested = self.nested();
        match shape {
            Shape::Nested => nested,
            Shape::FlatSection | Shape::FlatPrefix => flatten::flatten(&nested),
        }
    }

    fn nested(&self) -> Vec<(String, Tree)> {
        let mut fields = self.unknown.clone();
        let mut put = |name: &str, tree: Tree| fields.push((name.to_owned(), tree));
        put("lastmodified", Tree::text(&self.last_modified));
        put("mac", Tree::text(&self.mac));
        put("version", Tree::text(&self.version));
        if let Some(token) = &self.extension {
            put(EXTENSION, Tree::text(token));
        }
        if let Some(selection) = &self.selection {
            put(selection.kind.name(), Tree::text(&selection.text));
        }
        if self.mac_only_encrypted {
            put("mac_only_encrypted", Tree::Value(Value::Bool(true)));
        }
        if self.groups.threshold != 0 {
            put("shamir_threshold", Tree::Value(Value::Int(self.groups.threshold)));
        }
        match self.groups.groups.as_slice() {
            [one] if one.unknown.is_empty() => fields.extend(lists(&one.records, false)),
            groups => put("key_groups", Tree::list(groups.iter().map(item))),
        }
        sorted(fields)
    }
}

/// A group with its unknown fields.
fn item(group: &Group) -> Tree {
    let mut fields = group.unknown.clone();
    fields.extend(lists(&group.records, true));
    Tree::map(sorted(fields))
}

/// The lists of a group that are not empty; in a group's item, SOPS writes those of age and Vault always.
fn lists(group: &[Record], item: bool) -> Vec<(String, Tree)> {
    let mut lists = Vec::new();
    for kind in Kind::ALL {
        let records: Vec<Tree> = group.iter().filter(|record| record.key.kind() == kind).map(fields).collect();
        if !records.is_empty() || (item && matches!(kind, Kind::HcVault | Kind::Age)) {
            lists.push((kind.name().to_owned(), Tree::list(records)));
        }
    }
    lists
}

fn fields(record: &Record) -> Tree {
    let mut fields = record.unknown.clone();
    for (name, field) in record.key.fields().0 {
        // A field of our own whose shape nobody could read stays as it is.
        if record.unknown.iter().any(|(unknown, _)| *unknown == name) {
            continue;
        }
        let tree = match field {
            Field::Text(text) => Tree::text(text),
            Field::Map(pairs) => Tree::map(pairs.into_iter().map(|(key, text)| (key, Tree::text(text)))),
        };
        fields.push((name, tree));
    }
    fields.push(("enc".to_owned(), Tree::text(record.wrapped.as_ref().map_or("", |wrapped| wrapped.0.as_str()))));
    if let (true, Some(date)) = (backend(record.key.kind()).names().created_at, &record.created_at) {
        fields.push(("created_at".to_owned(), Tree::text(date)));
    }
    Tree::map(sorted(fields))
}

fn sorted(mut fields: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    fields
}
