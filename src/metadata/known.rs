//! The fields of a map in a block by name, and what SOPS takes their values for.

use std::collections::HashMap;

use leafcrypt_formats::{Tree, Value, go_float_fixed};

use super::MetadataError;

/// Said once of a block.
pub(super) const TWICE: &str = "a metadata field stands twice; one of them counts";

/// The entries of a map by their names in lower case. An exact name beats one in another case, and then the last one counts.
pub(super) struct Known<'t> {
    by_name: HashMap<String, (&'t Tree, bool)>,
}

impl<'t> Known<'t> {
    pub(super) fn of(map: &'t Tree, known: &dyn Fn(&str) -> bool, warnings: &mut Vec<String>) -> Self {
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
    pub(super) fn in_order(&self, map: &'t Tree) -> Vec<(String, &'t Tree)> {
        let chosen = |name: &str, tree: &Tree| self.by_name.get(name).is_some_and(|(chosen, _)| std::ptr::eq(*chosen, tree));
        let names = map.entries().filter_map(|(name, tree)| Some((std::str::from_utf8(name).ok()?.to_ascii_lowercase(), tree)));
        names.filter(|(name, tree)| chosen(name, tree)).collect()
    }

    /// A text; missing and null are empty.
    pub(super) fn text(&self, name: &str) -> Result<String, MetadataError> {
        let tree = self.get(name);
        if let Tree::Null = tree {
            return Ok(String::new());
        }
        scalar(tree).ok_or_else(|| MetadataError::Type { field: name.to_owned(), expected: "text" })
    }

    /// A whole number: an integer, a float (cut), or a text as ENV and INI have it (`2`, `0x2`, `2.000000`; empty is 0).
    pub(super) fn number(&self, name: &str) -> Result<i64, MetadataError> {
        let found = match self.get(name) {
            Tree::Null => Some(0),
            Tree::Value(Value::Int(number)) => Some(*number),
            Tree::Value(Value::Float(number)) if number.abs() < 9e15 => Some(*number as i64),
            Tree::Value(Value::Str(text)) => std::str::from_utf8(text.as_slice()).ok().and_then(go_number),
            _ => None,
        };
        found.ok_or_else(|| MetadataError::Type { field: name.to_owned(), expected: "a whole number" })
    }

    /// A boolean, or one of Go's words for it, or of those that SOPS's YAML library takes for one where one is wanted; missing and empty are false.
    pub(super) fn flag(&self, name: &str) -> Result<bool, MetadataError> {
        let found = match self.get(name) {
            Tree::Null => Some(false),
            Tree::Value(Value::Bool(yes)) => Some(*yes),
            Tree::Value(Value::Int(number)) => Some(*number != 0),
            Tree::Value(Value::Str(text)) => match text.as_slice() {
                b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True" => Some(true),
                b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"on" | b"On" | b"ON" => Some(true),
                b"" | b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False" => Some(false),
                b"n" | b"N" | b"no" | b"No" | b"NO" | b"off" | b"Off" | b"OFF" => Some(false),
                _ => None,
            },
            _ => None,
        };
        found.ok_or_else(|| MetadataError::Type { field: name.to_owned(), expected: "true or false" })
    }

    /// The items of a list. Null, an empty map and an empty text are no items; a lone map is a list of one.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&'t Tree>, MetadataError> {
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

/// A leaf as the text that SOPS would take it for.
pub(super) fn scalar(tree: &Tree) -> Option<String> {
    let Tree::Value(value) = tree else { return None };
    match value {
        Value::Str(text) => std::str::from_utf8(text.as_slice()).ok().map(str::to_owned),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(go_float_fixed(*number)),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Time(time) => Some(time.as_str().to_owned()),
    }
}

/// A million faults of one sort make one warning.
pub(super) fn warn_once(warnings: &mut Vec<String>, text: &str) {
    if warnings.iter().all(|warning| warning != text) {
        warnings.push(text.to_owned());
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
