//! A tree as text, in the canonical spelling: what SOPS's emitter prints (docs/lossless-documents.md, section 10).

use crate::error::{Unwritable, Warning};
use crate::format::Format;
use crate::tree::{Item, Member, Tree};
use crate::value::Value;

/// How to print.
#[derive(Clone, Debug, Default)]
pub struct Printing {
    /// Blanks a level, as `stores.*.indent` or `--indent` say; none: 4 in YAML, a tab in JSON.
    pub indent: Option<usize>,
    /// Print what does not read back as SOPS prints it, with a warning, instead of refusing it.
    pub as_sops: bool,
}

/// A printed text.
#[derive(Debug)]
pub struct Printed {
    /// The text.
    pub text: Vec<u8>,
    /// What does not read back (only with [`Printing::as_sops`]).
    pub warnings: Vec<Warning>,
}

/// Prints the documents of a stream; all formats but YAML hold exactly one.
///
/// # Errors
/// What the format cannot hold so that it reads back.
pub fn print(format: Format, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
    let mut printed = format.syntax().print(documents, how)?;
    // In place. Whoever wipes the text wipes all of its room, and touches it for that.
    printed.text.shrink_to_fit();
    Ok(printed)
}

/// An empty text with room for all of it, however it is spelled: one that grows leaves copies of what it holds behind (P16).
pub(crate) fn room(documents: &[Tree], how: &Printing) -> Vec<u8> {
    // Wider than any that is printed, and no product of it with the limits overflows.
    let indent = how.indent.unwrap_or(4).min(1 << 16);
    let mut text = Vec::new();
    // The bound is generous: where there is no such room the text grows after all.
    let _ = text.try_reserve_exact(documents.iter().map(|document| most(document, 0, indent) + 8).sum());
    text
}

/// What a tree takes at most. Goes as deep as the document, whose depth the scan has bounded.
fn most(tree: &Tree, column: usize, indent: usize) -> usize {
    // Six bytes for one: `\u0000`. Every line is indented, in YAML by at least two.
    let text = |bytes: &[u8]| 6 * bytes.len() + (1 + memchr::memchr_iter(b'\n', bytes).count()) * (column + indent.max(2) + 8);
    let below = |tree: &Tree| most(tree, column + indent.max(2), indent);
    match tree {
        Tree::Null => column + 16,
        Tree::Value(Value::Str(value)) => text(value.as_slice()),
        Tree::Value(_) => column + 64,
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
