//! ENV: lines `KEY=value`, comments, and nothing else (docs/lossless-documents.md, section 6).
//!
//! Everything is bytes: a value need not be UTF-8, and quotes, blanks and `export ` are part of value or key, as for SOPS. How programs read such a file is in
//! `flows/dialect/` of leafcrypt.
//!
//! `scan` reads lines to leaves (`names`: the doubled ones), `seal` goes to the sealed text and back, `edit` changes a line, `print` writes trees.

use std::borrow::Cow;

use crate::document::{Document, Mode, Outline, ScanOptions};
use crate::edit::{Floats, Graft};
use crate::error::{SyntaxError, Unwritable};
use crate::flat::unfold_newlines;
use crate::leaf::{CommentId, LeafId, Span, bare_token};
use crate::path::Part;
use crate::print::{Printed, Printing};
use crate::splice::Splice;
use crate::syntax::{Block, Detail, Opened, Sealed, Slot, Spelling, Syntax, Tokens};
use crate::tree::Tree;
use crate::value::{Bytes, Value};

mod edit;
mod names;
mod print;
mod scan;
mod seal;

pub(crate) use scan::first_bare;

/// The format.
pub(crate) struct Dotenv;

/// Names that start so are metadata, wherever they stand. `SOPS_X` and `sops` are data.
const PREFIX: &[u8] = b"sops_";

impl Syntax for Dotenv {
    fn scan(&self, text: &[u8], options: &ScanOptions) -> Result<(Outline, Box<dyn Detail>), SyntaxError> {
        Ok((scan::scan(text, options)?, Box::new(Lines { sealed: options.mode == Mode::Sealed })))
    }

    fn print(&self, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
        print::print(documents, how)
    }
}

/// Needs to remember little: what a site is can be seen from the bytes beside it.
struct Lines {
    sealed: bool,
}

impl Detail for Lines {
    fn value(&self, document: &Document<'_>, leaf: LeafId) -> Value {
        let span = with_cr(document.text, document.leaf(leaf).span);
        Value::Str(Bytes::from(unfold_newlines(&document.text[span.range()])))
    }

    fn content<'a>(&self, document: &'a Document<'_>, leaf: LeafId) -> Cow<'a, [u8]> {
        let text = &document.text[document.leaf(leaf).span.range()];
        Cow::Borrowed(if self.sealed { bare_token(text) } else { text })
    }

    fn comment<'a>(&self, document: &'a Document<'_>, comment: CommentId) -> Cow<'a, [u8]> {
        let span = document.comment(comment).span;
        let text = &document.text[span.range()];
        // In a sealed text a CR behind a token is no part of it.
        let is_token = text.starts_with(b"ENC[") && text.ends_with(b"]");
        let whole = if is_token && self.sealed { span } else { with_cr(document.text, span) };
        Cow::Borrowed(&document.text[whole.range()])
    }

    fn seal(&self, document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable> {
        seal::seal(document, tokens)
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
        seal::without_blocks(document)
    }

    fn spell_block(
        &self,
        _: &Slot,
        fields: &[(String, Tree)],
        _: Option<usize>,
        old: Option<(&Document<'_>, &Block)>,
    ) -> Result<Vec<u8>, Unwritable> {
        seal::spell_block(fields, old)
    }

    fn held(&self, tree: &Tree, at: &[Part]) -> Result<Tree, Unwritable> {
        edit::held(tree, at)
    }

    fn set(&self, document: &Document<'_>, leaf: LeafId, value: &Value, _: Floats, splice: &mut Splice) -> bool {
        edit::set(document, leaf, value, splice)
    }

    fn graft(&self, document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
        edit::graft(document, graft)
    }
}

/// A span with the CR of its line's end. Spans of values and comments leave it out, so that it stays where it is when a token
/// comes; for the value it counts.
fn with_cr(text: &[u8], span: Span) -> Span {
    let end = span.end as usize;
    let has = text.get(end) == Some(&b'\r') && matches!(text.get(end + 1), None | Some(b'\n'));
    Span::new(span.start as usize, end + usize::from(has))
}

/// A line that is neither comment nor assignment, and taken as a comment: its span starts at the line's beginning, not behind a `#`.
fn is_bare(text: &[u8], comment: Span) -> bool {
    comment.start == 0 || text[comment.start as usize - 1] != b'#'
}
