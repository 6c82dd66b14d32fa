//! TOML 1.1; ours alone, SOPS has none (docs/lossless-documents.md, section 8).
//!
//! `toml_edit` judges whether a text is TOML. Where things stand comes from the events of its own lower half,
//! `toml_parser`, which reports comments and the order of the text besides: `judge` asks, `scan` and `builder` make nodes of the events, `walk` the outline of
//! those; `scalar` is one value, `seal` goes to the sealed text and back, `block` is the metadata, `edit` changes a branch, `print` writes trees.
//!
//! **The walk** is the tree, not the text: a map is opened once, where its first key is mentioned, and its entries come in
//! the order in which the text first mentions each of them. So `[a]`, `[b]`, `[a.c]` walks `a` with `c`, then `b`; dotted keys
//! that interleave are gathered in the same way; `[[x]]` makes items of the list `x`. For a file without such jumps, that
//! is the order of the text. Tokens do not change it, so plain and sealed text walk alike. A map or list that holds comments
//! only is walked as one that is not empty.
//!
//! **Comments.** Own lines directly above a key or a header belong to the map that holds this entry, and come before it. An inline
//! comment belongs to the container of the value before it. All others (a blank line follows, end of a table or of the text, behind a header
//! or a bracket) belong to the table, array or inline table that is open there.

mod block;
mod builder;
mod edit;
mod judge;
mod print;
mod scalar;
mod scan;
mod seal;
mod walk;

use std::borrow::Cow;

use crate::document::{Document, Outline, ScanOptions};
use crate::edit::{Floats, Graft};
use crate::error::{SyntaxClass, SyntaxError, Unwritable};
use crate::leaf::{CommentId, LeafId};
use crate::print::{Printed, Printing};
use crate::splice::Splice;
use crate::syntax::{Block, Detail, Opened, Sealed, Slot, Spelling, Syntax, Tokens};
use crate::tree::Tree;
use crate::value::{Bytes, Value};

/// The format.
pub(crate) struct Toml;

impl Syntax for Toml {
    fn scan(&self, text: &[u8], options: &ScanOptions) -> Result<(Outline, Box<dyn Detail>), SyntaxError> {
        let scan = scan::scan(text, options.mode, &options.limits)?;
        let (outline, block) = walk::outline(&scan, text, &options.limits)?;
        let most = options.limits.leaves;
        if let Some(leaf) = outline.leaves.get(most) {
            let what = format!("more than {most} values");
            return Err(SyntaxError::at(text, leaf.span.start as usize, SyntaxClass::Limit, what));
        }
        Ok((outline, Box::new(Toml1 { crlf: scan.crlf, block })))
    }

    fn print(&self, documents: &[Tree], _: &Printing) -> Result<Printed, Unwritable> {
        Ok(Printed { text: print::document(documents)?, warnings: Vec::new() })
    }
}

/// What a scanned text needs besides its outline; styles are seen in the text itself.
struct Toml1 {
    /// The first line ends in CR LF.
    crlf: bool,
    /// Where the block's text may be written again: the place of its first table.
    block: Option<usize>,
}

impl Detail for Toml1 {
    fn value(&self, document: &Document<'_>, leaf: LeafId) -> Value {
        let leaf = document.leaf(leaf);
        scalar::read(&document.text[leaf.span.range()]).expect("the scan has read it")
    }

    fn content<'a>(&self, document: &'a Document<'_>, leaf: LeafId) -> Cow<'a, [u8]> {
        match self.value(document, leaf) {
            Value::Str(bytes) => Cow::Owned(bytes.as_slice().to_vec()),
            _ => Cow::Borrowed(&document.text[document.leaf(leaf).span.range()]),
        }
    }

    fn comment<'a>(&self, document: &'a Document<'_>, comment: CommentId) -> Cow<'a, [u8]> {
        Cow::Borrowed(&document.text[document.comment(comment).span.range()])
    }

    fn seal(&self, document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable> {
        seal::seal(document, &tokens, self.crlf)
    }

    fn open(
        &self,
        document: &Document<'_>,
        opened: &Opened,
        spelling: Spelling<'_>,
        otherwise: &mut Vec<(LeafId, Value)>,
    ) -> Result<Vec<u8>, Unwritable> {
        seal::open(document, opened, spelling.hints, otherwise)
    }

    fn without_blocks(&self, document: &Document<'_>) -> Sealed {
        seal::without_blocks(document, self.block, self.crlf)
    }

    fn spell_block(
        &self,
        slot: &Slot,
        fields: &[(String, Tree)],
        _: Option<usize>,
        old: Option<(&Document<'_>, &Block)>,
    ) -> Result<Vec<u8>, Unwritable> {
        block::spell(slot, fields, old)
    }

    fn set(&self, document: &Document<'_>, leaf: LeafId, value: &Value, _: Floats, splice: &mut Splice) -> bool {
        edit::set(document, self.crlf, leaf, value, splice)
    }

    fn graft(&self, document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
        edit::graft(document, self.crlf, graft)
    }
}

/// A comment's text can stand behind `#`: UTF-8, no control character but tab.
fn comment_text(text: &Bytes) -> Option<&str> {
    let text = std::str::from_utf8(text.as_slice()).ok()?;
    (!text.bytes().any(|b| (b < 0x20 && b != b'\t') || b == 0x7f)).then_some(text)
}
