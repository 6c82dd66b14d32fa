//! Fields of a block to [`Metadata`]: everything that any SOPS from 3.8 to 3.13 wrote or reads (`docs/sops-format.md`, 1.4 and 1.6).

use std::collections::HashMap;

use leafcrypt_formats::{Shape, Tree, Value, go_float_fixed};
use leafcrypt_kms::{Field, Fields, Kind, Wrapped, backend};

use super::{EXTENSION, Metadata, MetadataError, Version, date, flatten};
use crate::keys::{Group, Record};
use crate::seal::selection::{RuleKind, Selection};

/// R8 of the threat model.
const MOST_RECORDS: usize = 1000;
const MOST_GROUPS: usize = 255;
const MOST_WRAPPED: usize = 64 << 10;
const TWICE: &str = "a metadata field stands twice; one of them counts";
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
            Shape::FlatSection | Shape::FlatPrefix => read(&flatten::unflatten(fields)?),
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

/// A million faults of one sort make one warning.
fn warn_once(warnings: &mut Vec<String>, text: &str) {
    if warnings.iter().all(|warning| warning != text) {
        warnings.push(text.to_owned());
    }
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

/// A leaf as the text that SOPS would take it for.
fn scalar(tree: &Tree) -> Option<String> {
    let Tree::Value(value) = tree else { return None };
    match value {
        Value::Str(text) => std::str::from_utf8(text.as_slice()).ok().map(str::to_owned),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(go_float_fixed(*number)),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Time(time) => Some(time.as_str().to_owned()),
    }
}

/// The entries of a map by their names in lower case. An exact name beats one in another case, and then the last one counts.
struct Known<'t> {
    by_name: HashMap<String, (&'t Tree, bool)>,
}

impl<'t> Known<'t> {
    fn of(map: &'t Tree, known: &dyn Fn(&str) -> bool, warnings: &mut Vec<String>) -> Self {
        let mut by_name: HashMap<String, (&Tree, bool)> = HashMap::new();
        for (name, tree) in map.entries() {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            let lower = name.to_ascii_lowercase();
            if !known(&lower) {
                continue;
            }
            let exact = lower == name;
            match by_name.get_mut(&lower) {
                Some(slot) => {
                    warn_once(warnings, TWICE);
                    if exact || !slot.1 {
                        *slot = (tree, exact);
                    }
                }
                None => {
                    by_name.insert(lower, (tree, exact));
                }
            }
        }
        Known { by_name }
    }

    fn get(&self, name: &str) -> &'t Tree {
        self.by_name.get(name).map_or(&Tree::Null, |(tree, _)| tree)
    }

    /// Each name once, in the order of `map`, the map this was made of.
    fn in_order(&self, map: &'t Tree) -> Vec<(String, &'t Tree)> {
        let chosen = |name: &str, tree: &Tree| self.by_name.get(name).is_some_and(|(chosen, _)| std::ptr::eq(*chosen, tree));
        let names = map.entries().filter_map(|(name, tree)| Some((std::str::from_utf8(name).ok()?.to_ascii_lowercase(), tree)));
        names.filter(|(name, tree)| chosen(name, tree)).collect()
    }

    /// A text; missing and null are empty.
    fn text(&self, name: &str) -> Result<String, MetadataError> {
        let tree = self.get(name);
        if let Tree::Null = tree {
            return Ok(String::new());
        }
        scalar(tree).ok_or_else(|| MetadataError::Type { field: name.to_owned(), expected: "text" })
    }

    /// A whole number: an integer, a float (cut), or a text as ENV and INI have it (`2`, `0x2`, `2.000000`; empty is 0).
    fn number(&self, name: &str) -> Result<i64, MetadataError> {
        let found = match self.get(name) {
            Tree::Null => Some(0),
            Tree::Value(Value::Int(number)) => Some(*number),
            Tree::Value(Value::Float(number)) if number.abs() < 9e15 => Some(*number as i64),
            Tree::Value(Value::Str(text)) => std::str::from_utf8(text.as_slice()).ok().and_then(go_number),
            _ => None,
        };
        found.ok_or_else(|| MetadataError::Type { field: name.to_owned(), expected: "a whole number" })
    }

    /// A boolean, or one of Go's words for it; missing and empty are false.
    fn flag(&self, name: &str) -> Result<bool, MetadataError> {
        let found = match self.get(name) {
            Tree::Null => Some(false),
            Tree::Value(Value::Bool(yes)) => Some(*yes),
            Tree::Value(Value::Int(number)) => Some(*number != 0),
            Tree::Value(Value::Str(text)) => match text.as_slice() {
                b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True" => Some(true),
                b"" | b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False" => Some(false),
                _ => None,
            },
            _ => None,
        };
        found.ok_or_else(|| MetadataError::Type { field: name.to_owned(), expected: "true or false" })
    }

    /// The items of a list. Null, an empty map and an empty text are no items; a lone map is a list of one.
    fn list(&self, name: &str) -> Result<Vec<&'t Tree>, MetadataError> {
        let tree = self.get(name);
        match tree {
            Tree::List(_) => Ok(tree.items().collect()),
            Tree::Null => Ok(Vec::new()),
            Tree::Map(_) => Ok(tree.entries().next().map(|_| tree).into_iter().collect()),
            Tree::Value(Value::Str(text)) if text.as_slice().is_empty() => Ok(Vec::new()),
            Tree::Value(_) => Err(MetadataError::Type { field: name.to_owned(), expected: "a list" }),
        }
    }
}

impl MetadataError {
    fn within(self, place: &str) -> Self {
        match self {
            MetadataError::Type { field, expected } => MetadataError::Type { field: format!("{place}{field}"), expected },
            other => other,
        }
    }
}

/// A number as Go reads one with base 0, or a decimal with a fraction of zeros, as SOPS up to 3.10 wrote it into INI files.
fn go_number(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, radix) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0o") => (&lower[2..], 8),
        Some("0b") => (&lower[2..], 2),
        _ if lower.len() > 1 && lower.starts_with('0') && !lower.contains('.') => (&lower[1..], 8),
        _ => (lower.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|b| b == b'0')).map_or(lower.as_str(), |(whole, _)| whole), 10),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_reads_them() {
        let check = |text: &str, number: Option<i64>| assert_eq!(go_number(text), number, "{text}");
        check("", Some(0));
        check("2", Some(2));
        check("-1", Some(-1));
        check("+3", Some(3));
        check("0x10", Some(16));
        check("0b11", Some(3));
        check("010", Some(8));
        check("0o10", Some(8));
        check("0", Some(0));
        check("2.000000", Some(2));
        check("0.0", Some(0));
        check("2.5", None);
        check("--2", None);
        check("x", None);
        check("-", None);
        check(".0", None);
        check("99999999999999999999", None);
    }
}
