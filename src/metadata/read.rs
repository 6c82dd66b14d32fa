//! Fields of a block to [`Metadata`]: everything that any SOPS from 3.8 to 3.13 wrote or reads (`docs/sops-format.md`, 1.4 and 1.6).

use std::collections::HashMap;

use leafcrypt_formats::{Shape, Tree};
use leafcrypt_kms::{Field, Fields, Kind, Wrapped, backend};

use super::known::{Known, TWICE, scalar, warn_once};
use super::{EXTENSION, Metadata, MetadataError, Version, date, unflatten};
use crate::keys::{Group, Record};
use crate::seal::selection::{RuleKind, Selection};

/// R8 of the threat model.
const MOST_RECORDS: usize = 1000;
const MOST_GROUPS: usize = 255;
const MOST_WRAPPED: usize = 64 << 10;
/// The fields that a record of AWS has only when they are not empty; an empty key shows all others.
const KMS_OPTIONAL: [&str; 2] = ["role", "context"];

impl Metadata {
    /// Reads the fields of a block as a format gives them ([`leafcrypt_formats::Block::fields`]), flat names included.
    ///
    /// Names count in any case, lists may be null, and a record that cannot be used is kept, with a warning.
    /// Differs from SOPS: there, one bad `created_at` or `key_id` refuses the whole file.
    ///
    /// # Errors
    /// A field of a wrong type, two selection rules, no keys at all, flat names that contradict each other.
    pub fn read(fields: &Tree, shape: Shape) -> Result<Self, MetadataError> {
        match shape {
            Shape::Nested => read(fields),
            Shape::FlatSection | Shape::FlatPrefix => read(&unflatten::unflatten(fields)?),
        }
    }
}

fn read(fields: &Tree) -> Result<Metadata, MetadataError> {
    let mut metadata = Metadata::default();
    let known = Known::of(fields, &is_known, &mut metadata.warnings);
    let mut unknown: HashMap<&str, usize> = HashMap::new();
    for (name, tree) in fields.entries() {
        let Ok(name) = std::str::from_utf8(name) else {
            warn_once(&mut metadata.warnings, "a metadata field whose name is not UTF-8 is passed over");
            continue;
        };
        if name == EXTENSION {
            // What is no text is a damaged field, not a missing one: an empty token, which does not open.
            if metadata.extension.replace(tree.as_str().unwrap_or_default().to_owned()).is_some() {
                warn_once(&mut metadata.warnings, TWICE);
            }
        } else if !is_known(&name.to_ascii_lowercase()) {
            // The last one counts, and is all that is written: SOPS's YAML reader refuses a name that stands twice.
            match unknown.get(name) {
                Some(&at) => {
                    warn_once(&mut metadata.warnings, TWICE);
                    metadata.unknown[at].1 = tree.clone();
                }
                None => {
                    unknown.insert(name, metadata.unknown.len());
                    metadata.unknown.push((name.to_owned(), tree.clone()));
                }
            }
        }
    }
    metadata.mac = known.text("mac")?;
    metadata.last_modified = known.text("lastmodified")?;
    metadata.version = known.text("version")?;
    // SOPS opens no such file; nothing hangs on it here.
    if let Err(why) = Version::parse(&metadata.version) {
        metadata.warnings.push(format!("metadata field version cannot be read ({why}); SOPS refuses such a file"));
    }
    metadata.mac_only_encrypted = known.flag("mac_only_encrypted")?;
    metadata.selection = selection(&known)?;
    metadata.groups.threshold = known.number("shamir_threshold")?;
    metadata.groups.groups = groups(&known, &mut metadata.warnings)?;
    Ok(metadata)
}

fn is_known(lower: &str) -> bool {
    matches!(lower, "shamir_threshold" | "key_groups" | "lastmodified" | "mac" | "version" | "mac_only_encrypted")
        || is_list(lower)
        || RuleKind::ALL.iter().any(|rule| rule.name() == lower)
}

fn is_list(lower: &str) -> bool {
    Kind::ALL.iter().any(|kind| kind.name() == lower)
}

fn selection(known: &Known<'_>) -> Result<Option<Selection>, MetadataError> {
    let mut found = None;
    for kind in RuleKind::ALL {
        let text = known.text(kind.name())?;
        if text.is_empty() {
            continue;
        }
        if found.replace(Selection { kind, text }).is_some() {
            return Err(MetadataError::TwoRules);
        }
    }
    Ok(found)
}

/// Flat lists beat `key_groups`, even broken ones.
fn groups(known: &Known<'_>, warnings: &mut Vec<String>) -> Result<Vec<Group>, MetadataError> {
    let mut count = 0;
    let flat = group(known, "", &mut count, warnings)?;
    let items = known.list("key_groups");
    if !flat.is_empty() {
        if items.map_or(true, |items| !items.is_empty()) {
            warnings.push("metadata field key_groups is ignored beside the flat lists of keys".to_owned());
        }
        return Ok(vec![Group::new(flat)]);
    }
    let items = items?;
    if items.is_empty() {
        return Err(MetadataError::NoKeys);
    }
    if items.len() > MOST_GROUPS {
        return Err(MetadataError::Limit { what: "key groups", most: MOST_GROUPS });
    }
    let mut groups = Vec::with_capacity(items.len());
    for (i, item) in items.into_iter().enumerate() {
        let place = format!("key_groups[{i}]");
        if !matches!(item, Tree::Map(_) | Tree::Null) {
            return Err(MetadataError::Type { field: place, expected: "a map" });
        }
        let lists = Known::of(item, &is_list, warnings);
        let records = group(&lists, &format!("{place}."), &mut count, warnings)?;
        let names = item.entries().filter_map(|(name, tree)| Some((std::str::from_utf8(name).ok()?, tree)));
        let unknown = names.filter(|(name, _)| !is_list(&name.to_ascii_lowercase()));
        groups.push(Group { records, unknown: unknown.map(|(name, tree)| (name.to_owned(), tree.clone())).collect() });
    }
    Ok(groups)
}

fn group(lists: &Known<'_>, place: &str, count: &mut usize, warnings: &mut Vec<String>) -> Result<Vec<Record>, MetadataError> {
    let mut records = Vec::new();
    for kind in Kind::ALL {
        let items = lists.list(kind.name()).map_err(|error| error.within(place))?;
        for (i, item) in items.into_iter().enumerate() {
            let place = format!("{place}{}[{i}]", kind.name());
            *count += 1;
            if *count > MOST_RECORDS {
                return Err(MetadataError::Limit { what: "keys", most: MOST_RECORDS });
            }
            match item {
                Tree::Map(_) => records.push(record(kind, item, &place, warnings)?),
                Tree::Null => warnings.push(format!("{place} is null and is passed over")),
                _ => return Err(MetadataError::Type { field: place, expected: "a map" }),
            }
        }
    }
    Ok(records)
}

fn record(kind: Kind, item: &Tree, place: &str, warnings: &mut Vec<String>) -> Result<Record, MetadataError> {
    let backend = backend(kind);
    let dated = backend.names().created_at;
    let here = Known::of(item, &|_| true, warnings);
    let enc = here.text("enc").map_err(|error| error.within(&format!("{place}.")))?;
    if enc.len() > MOST_WRAPPED {
        return Err(MetadataError::Limit { what: "bytes in a wrapped key", most: MOST_WRAPPED });
    }
    let created_at = if dated { date_of(&here, place, warnings) } else { None };
    let blank = backend.from_metadata(&Fields::default()).fields();
    let is_own = |lower: &str| blank.get(lower).is_some() || (kind == Kind::Kms && KMS_OPTIONAL.contains(&lower));
    let own = here.in_order(item).into_iter().filter(|(name, _)| is_own(name));
    let fields = Fields(own.filter_map(|(name, tree)| Some((name, field(tree)?))).collect());
    if kind == Kind::Hckms && !fields.text("key_id").contains(':') {
        warnings.push(format!("{place}.key_id has no region, so this key cannot be used"));
    }
    let key = backend.from_metadata(&fields);
    let mut unknown = Vec::new();
    for (name, tree) in item.entries() {
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let lower = name.to_ascii_lowercase();
        let read = lower == "enc" || (dated && lower == "created_at") || (is_own(&lower) && (*tree == Tree::Null || field(tree).is_some()));
        if !read {
            unknown.push((name.to_owned(), tree.clone()));
        }
    }
    Ok(Record { key, wrapped: Some(Wrapped(enc)), created_at, unknown })
}

fn date_of(record: &Known<'_>, place: &str, warnings: &mut Vec<String>) -> Option<String> {
    let text = record.text("created_at").unwrap_or_default();
    if date::mac_aad(&text).is_err() {
        warnings.push(format!("{place}.created_at is missing or no date; SOPS refuses such a file"));
    }
    (!text.is_empty()).then_some(text)
}

fn field(tree: &Tree) -> Option<Field> {
    if let Tree::Map(_) = tree {
        let mut pairs = Vec::new();
        for (key, value) in tree.entries() {
            let value = if let Tree::Null = value { String::new() } else { scalar(value)? };
            pairs.push((String::from_utf8(key.to_vec()).ok()?, value));
        }
        pairs.sort();
        return Some(Field::Map(pairs));
    }
    scalar(tree).map(Field::Text)
}

impl MetadataError {
    /// The same, of a field in a list.
    fn within(self, place: &str) -> Self {
        match self {
            MetadataError::Type { field, expected } => MetadataError::Type { field: format!("{place}{field}"), expected },
            other => other,
        }
    }
}
