//! Do two streams hold the same values?

use std::collections::HashMap;

use crate::format::Format;
use crate::tree::Tree;
use crate::value::Value;

/// Comments aside. TOML's order is not the tree's: a table's values stand before the tables in it. A whole float may read as an integer,
/// where it was spelled as SOPS does it.
pub(super) fn documents(format: Format, expected: &[Tree], found: &[Tree]) -> bool {
    expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| tree(format, e, f))
}

fn tree(format: Format, expected: &Tree, found: &Tree) -> bool {
    match (expected, found) {
        (Tree::Null, Tree::Null) => true,
        (Tree::Value(a), Tree::Value(b)) => value(a, b),
        (Tree::List(_), Tree::List(_)) => {
            let count = expected.items().count() == found.items().count();
            count && expected.items().zip(found.items()).all(|(e, f)| tree(format, e, f))
        }
        (Tree::Map(_), Tree::Map(_)) if format == Format::Toml => {
            let found: HashMap<&[u8], &Tree> = found.entries().collect();
            let same = |(name, e): (&[u8], &Tree)| found.get(name).is_some_and(|f| tree(format, e, f));
            expected.entries().count() == found.len() && expected.entries().all(same)
        }
        (Tree::Map(_), Tree::Map(_)) => {
            // INI's unnamed section is always there.
            let counts = |(name, t): &(&[u8], &Tree)| format != Format::Ini || *name != b"DEFAULT" || t.entries().next().is_some();
            let (mut e, mut f) = (expected.entries().filter(counts), found.entries().filter(counts));
            loop {
                match (e.next(), f.next()) {
                    (None, None) => return true,
                    (Some((a, e)), Some((b, f))) if a == b && tree(format, e, f) => {}
                    _ => return false,
                }
            }
        }
        _ => false,
    }
}

pub(super) fn value(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Float(a), Value::Int(b)) => a.fract() == 0.0 && a.abs() < 9.0e18 && *a as i64 == *b && !(*a == 0.0 && a.is_sign_negative()),
        _ => expected.same(found),
    }
}
