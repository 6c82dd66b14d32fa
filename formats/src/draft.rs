//! Plaintext while it is written: with room for all of it from the start, and wiped when it goes (R1). A vector that grows by itself leaves what it
//! held where it was.

use zeroize::{Zeroize, Zeroizing};

use crate::find;
use crate::print::Printing;
use crate::tree::{Item, Member, Tree};
use crate::value::Value;

/// An empty text with room for all of it, however it is spelled: one that grows leaves copies of what it holds behind (P16).
pub(crate) fn room(documents: &[Tree], how: &Printing) -> Vec<u8> {
    // Wider than any that is printed, and no product of it with the limits overflows.
    let indent = how.indent.unwrap_or(4).min(1 << 16);
    let mut text = Vec::new();
    // The bound is generous: where there is no such room the text grows after all.
    let _ = text.try_reserve_exact(documents.iter().map(|document| most(document, 0, indent) + 8).sum());
    text
}

/// The same for one branch with its key, at a column or further in, by steps of `indent`; wiped when it goes.
pub(crate) fn draft(key: &[u8], tree: &Tree, column: usize, indent: usize) -> Zeroizing<Vec<u8>> {
    let mut text = Vec::new();
    let _ = text.try_reserve_exact(most_of_text(key, column) + most(tree, column, indent) + 64);
    Zeroizing::new(text)
}

/// What one value takes at most, however it is spelled, its lines at a column.
pub(crate) fn most_of_value(value: &Value, column: usize) -> usize {
    match value {
        Value::Str(bytes) => most_of_text(bytes.as_slice(), column + 8),
        // Positional: `0.000...`, of up to 323 zeros.
        Value::Float(_) => 400,
        _ => 64,
    }
}

/// Six bytes for each that may be escaped (`\u0000`); what is not UTF-8 as base64. Every line is indented.
pub(crate) fn most_of_text(bytes: &[u8], column: usize) -> usize {
    let plain = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-' | b'.' | b',' | b':' | b'=' | b'+' | b'@' | b'$');
    let odd = bytes.len() - bytes.iter().filter(plain).count();
    let binary = !bytes.is_ascii() && std::str::from_utf8(bytes).is_err();
    let lines = 1 + find::count(b'\n', bytes) + if binary { bytes.len() / 32 } else { 0 };
    bytes.len() + 5 * odd + if binary { bytes.len() / 2 } else { 0 } + lines * (column + 1) + 16
}

/// What a tree takes at most. Goes as deep as the document, whose depth the scan has bounded.
fn most(tree: &Tree, column: usize, indent: usize) -> usize {
    // In YAML by at least two.
    let text = |bytes: &[u8]| most_of_text(bytes, column + indent.max(2) + 8);
    let below = |tree: &Tree| most(tree, column + indent.max(2), indent);
    match tree {
        Tree::Null => column + 16,
        Tree::Value(Value::Str(value)) => text(value.as_slice()),
        Tree::Value(value) => column + most_of_value(value, column),
        Tree::Map(members) => members.iter().fold(column + 16, |sum, member| {
            sum + match member {
                Member::Entry(name, tree) => text(name) + below(tree),
                Member::Comment(note) => text(note.text.as_slice()),
            }
        }),
        Tree::List(items) => items.iter().fold(column + 16, |sum, item| {
            sum + match item {
                Item::Value(tree) => column + 16 + below(tree),
                Item::Comment(note) => text(note.text.as_slice()),
            }
        }),
    }
}

/// Room for more bytes in a buffer whose size nobody knows before: what it held is wiped where it was.
pub(crate) fn reserve(bytes: &mut Vec<u8>, more: usize) {
    let needed = bytes.len().saturating_add(more);
    if needed > bytes.capacity() {
        let mut wider = Vec::with_capacity(needed.max(bytes.capacity().saturating_mul(2)));
        wider.extend_from_slice(bytes);
        bytes.as_mut_slice().zeroize();
        *bytes = wider;
    }
}

/// The same of text.
pub(crate) fn reserve_text(text: &mut String, more: usize) {
    let needed = text.len().saturating_add(more);
    if needed > text.capacity() {
        let mut wider = String::with_capacity(needed.max(text.capacity().saturating_mul(2)));
        wider.push_str(text);
        std::mem::replace(text, wider).zeroize();
    }
}

/// Parts put together.
pub(crate) fn joined(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(parts.concat())
}

/// The same of text.
pub(crate) fn joined_text(parts: &[&str]) -> Zeroizing<String> {
    Zeroizing::new(parts.concat())
}
