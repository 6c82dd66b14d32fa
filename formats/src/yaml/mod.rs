//! YAML: text and the places of its values, as go-yaml reads them.
//!
//! `parse` turns the parser's events into nodes and refuses what go-yaml would read otherwise (`dialect`, `gaps`), and before that what has too many
//! values (`count`); `walk` and `comments` make the outline in the order of SOPS's tree; `scalar`, `resolve` and `timestamp` say what a scalar is worth; `seal` and `open` go to the sealed text and
//! back, asking `spell` how a value is written; `block` handles the metadata; `edit` changes a branch; `print` writes trees.

mod block;
mod comments;
mod count;
mod detail;
mod dialect;
mod edit;
mod gaps;
mod open;
mod parse;
mod patch;
mod print;
mod resolve;
mod scalar;
mod seal;
mod spell;
mod timestamp;
mod untagged;
mod walk;

use std::borrow::Cow;

use self::detail::Scanned;
use crate::document::{Document, Outline, ScanOptions};
use crate::edit::{Floats, Graft};
use crate::error::{SyntaxClass, SyntaxError, Unwritable};
use crate::leaf::{self, CommentId, LeafId, Span};
use crate::print::{Printed, Printing};
use crate::splice::Splice;
use crate::syntax::{Block, Detail, Opened, Sealed, Slot, Spelling, Syntax, Tokens};
use crate::tree::Tree;
use crate::value::Value;

/// The format.
pub(crate) struct Yaml;

impl Syntax for Yaml {
    fn scan(&self, text: &[u8], options: &ScanOptions) -> Result<(Outline, Box<dyn Detail>), SyntaxError> {
        let parsed = parse::parse(text, options)?;
        if parsed.parts.is_empty() {
            let class = if text.is_empty() { SyntaxClass::NoDocument } else { SyntaxClass::NoContent };
            return Err(SyntaxError::at(text, 0, class, "there is no document in this YAML file"));
        }
        let (outline, scanned) = walk::walk(text, &parsed, options)?;
        Ok((outline, Box::new(scanned)))
    }

    fn print(&self, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
        print::print(documents, how)
    }
}

impl Detail for Scanned {
    fn value(&self, document: &Document<'_>, leaf: LeafId) -> Value {
        self.value_of(document.text(), leaf, document.leaf(leaf).span)
    }

    fn content<'a>(&self, document: &'a Document<'_>, leaf: LeafId) -> Cow<'a, [u8]> {
        let span = document.leaf(leaf).span;
        match self.borrowed(document.text(), leaf, span) {
            Some(bytes) => Cow::Borrowed(leaf::bare_token(bytes)),
            None => Cow::Owned(leaf::bare_token(self.text(document.text(), leaf, span).as_bytes()).to_vec()),
        }
    }

    fn comment<'a>(&self, document: &'a Document<'_>, comment: CommentId) -> Cow<'a, [u8]> {
        let bytes = &document.text()[document.comment(comment).span.range()];
        let item = self.items[comment.0 as usize].is_some();
        let unquoted = if item { bytes.trim_ascii().trim_matches_quotes() } else { bytes };
        Cow::Borrowed(leaf::bare_token(unquoted))
    }

    fn seal(&self, document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable> {
        seal::seal(self, document, &tokens)
    }

    fn open(
        &self,
        document: &Document<'_>,
        opened: &Opened,
        spelling: Spelling<'_>,
        otherwise: &mut Vec<(LeafId, Value)>,
    ) -> Result<Vec<u8>, Unwritable> {
        open::open(self, document, opened, spelling, otherwise)
    }

    fn may_read_otherwise(&self, document: &Document<'_>, opened: &Opened) -> bool {
        open::may_read_otherwise(self, document, opened)
    }

    fn ends_in_lines(&self, document: &Document<'_>, opened: &Opened) -> bool {
        open::ends_in_lines(self, document, opened)
    }

    fn own_tags(&self, document: &Document<'_>) -> Vec<Span> {
        untagged::own_tags(self, document)
    }

    fn without_own_tags(&self, document: &Document<'_>) -> Option<Vec<u8>> {
        untagged::without_own_tags(self, document)
    }

    fn without_blocks(&self, document: &Document<'_>) -> Sealed {
        seal::without_blocks(self, document)
    }

    fn spell_block(
        &self,
        slot: &Slot,
        fields: &[(String, Tree)],
        indent: Option<usize>,
        old: Option<(&Document<'_>, &Block)>,
    ) -> Result<Vec<u8>, Unwritable> {
        block::spell(slot, fields, indent, old)
    }

    fn set(&self, document: &Document<'_>, leaf: LeafId, value: &Value, floats: Floats, splice: &mut Splice) -> bool {
        edit::set(self, document, leaf, value, floats, splice)
    }

    fn graft(&self, document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
        edit::graft(self, document, graft)
    }
}

/// A comment token as a list item may stand in quotes.
trait Unquoted {
    fn trim_matches_quotes(&self) -> &[u8];
}

impl Unquoted for [u8] {
    fn trim_matches_quotes(&self) -> &[u8] {
        match self {
            [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
            _ => self,
        }
    }
}
