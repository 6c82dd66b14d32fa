//! JSON. A leaf is a scalar with its quotes; a token always stands in quotes, and nothing else of the text changes.
//!
//! `scan` finds events and spans, `outline` the leaves and the block; `string` and `scalar` read and spell one value;
//! `seal` and `block` splice; `print` writes trees.

mod block;
mod edit;
pub(crate) mod envelope;
mod layout;
mod outline;
mod print;
mod scalar;
mod scan;
mod seal;
mod string;
mod tree;

pub use scalar::json_float;

use std::borrow::Cow;

use self::layout::Layout;
use crate::document::{Document, Outline, ScanOptions};
use crate::edit::{Floats, Graft};
use crate::error::{SyntaxError, Unwritable};
use crate::leaf::{self, CommentId, LeafId};
use crate::print::{Printed, Printing};
use crate::splice::Splice;
use crate::syntax::{Block, Detail, Opened, Sealed, Slot, Spelling, Syntax, Tokens};
use crate::tree::Tree;
use crate::value::Value;

/// The format.
pub(crate) struct Json;

impl Syntax for Json {
    fn scan(&self, text: &[u8], options: &ScanOptions) -> Result<(Outline, Box<dyn Detail>), SyntaxError> {
        let (outline, layout) = outline::scan(text, options)?;
        Ok((outline, Box::new(layout)))
    }

    fn print(&self, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
        print::print(documents, how)
    }
}

impl Detail for Layout {
    fn value(&self, document: &Document<'_>, leaf: LeafId) -> Value {
        scalar::read(&document.text()[document.leaf(leaf).span.range()])
    }

    fn content<'a>(&self, document: &'a Document<'_>, leaf: LeafId) -> Cow<'a, [u8]> {
        match &document.text()[document.leaf(leaf).span.range()] {
            [b'"', inner @ .., b'"'] => match string::decode(inner) {
                Cow::Borrowed(text) => Cow::Borrowed(leaf::bare_token(text)),
                Cow::Owned(text) => Cow::Owned(leaf::bare_token(&text).to_vec()),
            },
            bare => Cow::Borrowed(bare),
        }
    }

    fn comment<'a>(&self, document: &'a Document<'_>, comment: CommentId) -> Cow<'a, [u8]> {
        string::decode(&document.text()[document.comment(comment).span.range()])
    }

    fn seal(&self, document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable> {
        Ok(seal::seal(document, self, tokens))
    }

    fn open(
        &self,
        document: &Document<'_>,
        opened: &Opened,
        spelling: Spelling<'_>,
        otherwise: &mut Vec<(LeafId, Value)>,
    ) -> Result<Vec<u8>, Unwritable> {
        seal::open(document, self, opened, spelling.hints, otherwise)
    }

    fn may_read_otherwise(&self, _document: &Document<'_>, _opened: &Opened) -> bool {
        false
    }

    fn without_blocks(&self, document: &Document<'_>) -> Sealed {
        block::without(self, document.text())
    }

    fn spell_block(
        &self,
        slot: &Slot,
        fields: &[(String, Tree)],
        indent: Option<usize>,
        old: Option<(&Document<'_>, &Block)>,
    ) -> Result<Vec<u8>, Unwritable> {
        block::spell(self, slot, fields, indent, old)
    }

    fn set(&self, document: &Document<'_>, leaf: LeafId, value: &Value, floats: Floats, splice: &mut Splice) -> bool {
        edit::set(document, leaf, value, floats, splice)
    }

    fn graft(&self, document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
        edit::graft(document, self, graft)
    }
}
