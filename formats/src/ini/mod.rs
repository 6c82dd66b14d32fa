//! INI as gopkg.in/ini.v1 reads it for SOPS (docs/lossless-documents.md, section 7). All values are text.
//!
//! The tree is SOPS's: a map of sections, the unnamed one first and called `DEFAULT`, always there, also when it has no keys.
//!
//! `scan` reads lines to sections (`section`; `key` is the name before a value), `walk` makes the outline of them; `value`
//! is where a value ends, what it means and how it is spelled, `comment` the same for a comment; `seal` goes to the sealed text and back, `edit` changes a branch, `print` writes trees.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::document::{Document, Outline, ScanOptions};
use crate::edit::{Floats, Graft};
use crate::error::{SyntaxError, Unwritable};
use crate::leaf::{CommentId, LeafId, Span, bare_token};
use crate::path::Part;
use crate::print::{Printed, Printing};
use crate::splice::Splice;
use crate::syntax::{Block, Detail, Opened, Sealed, Slot, Spelling, Syntax, Tokens};
use crate::tree::Tree;
use crate::value::{Bytes, Value};

mod comment;
mod edit;
mod key;
mod print;
mod scan;
mod seal;
mod section;
mod value;
mod walk;

/// The format.
pub(crate) struct Ini;

/// What SOPS calls the section of the keys before any header.
const DEFAULT: &[u8] = b"DEFAULT";

/// The section of the metadata.
const METADATA: &[u8] = b"sops";

impl Syntax for Ini {
    fn scan(&self, text: &[u8], options: &ScanOptions) -> Result<(Outline, Box<dyn Detail>), SyntaxError> {
        let (outline, keys) = scan::scan(text, options)?;
        Ok((outline, Box::new(keys)))
    }

    fn print(&self, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
        print::print(documents, how)
    }
}

/// What a scan remembers, by number of leaf and of comment.
#[derive(Default)]
struct Keys {
    shapes: Vec<value::Shape>,
    places: Vec<Place>,
    dropped: Option<Dropped>,
}

/// Text that is part of nothing.
#[derive(Clone, Copy)]
struct Dropped {
    span: Span,
    place: &'static str,
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Offset of its first mark.
    mark: u32,
    /// Its text begins with the mark: else its first line would be empty, which SOPS cannot print.
    with_mark: bool,
    /// It belongs to a section.
    header: bool,
}

impl Keys {
    fn text(&self, document: &Document<'_>, leaf: LeafId) -> Zeroizing<Vec<u8>> {
        value::decode(&document.text[document.leaf(leaf).span.range()], self.shapes[leaf.0 as usize])
    }

    fn remark<'a>(&self, document: &'a Document<'_>, id: CommentId) -> Cow<'a, [u8]> {
        let place = self.places[id.0 as usize];
        let span = document.comment(id).span;
        let start = if place.with_mark { place.mark as usize } else { span.start as usize };
        comment::join(&document.text[start..span.end as usize])
    }
}

impl Detail for Keys {
    fn value(&self, document: &Document<'_>, leaf: LeafId) -> Value {
        Value::Str(Bytes::from(self.text(document, leaf)))
    }

    fn content<'a>(&self, document: &'a Document<'_>, leaf: LeafId) -> Cow<'a, [u8]> {
        match self.shapes[leaf.0 as usize] {
            value::Shape::Plain => Cow::Borrowed(&document.text[document.leaf(leaf).span.range()]),
            _ => {
                let mut text = self.text(document, leaf);
                let len = bare_token(&text).len();
                text.truncate(len);
                Cow::Owned(std::mem::take(&mut *text))
            }
        }
    }

    fn comment<'a>(&self, document: &'a Document<'_>, comment: CommentId) -> Cow<'a, [u8]> {
        self.remark(document, comment)
    }

    fn seal(&self, document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable> {
        seal::seal(self, document, tokens)
    }

    fn open(
        &self,
        document: &Document<'_>,
        opened: &Opened,
        spelling: Spelling<'_>,
        otherwise: &mut Vec<(LeafId, Value)>,
    ) -> Result<Vec<u8>, Unwritable> {
        seal::open(self, document, opened, spelling.hints, otherwise)
    }

    fn without_blocks(&self, document: &Document<'_>) -> Sealed {
        seal::without_blocks(document)
    }

    fn spell_block(
        &self,
        slot: &Slot,
        fields: &[(String, Tree)],
        _: Option<usize>,
        old: Option<(&Document<'_>, &Block)>,
    ) -> Result<Vec<u8>, Unwritable> {
        seal::spell_block(slot, fields, old)
    }

    fn held(&self, tree: &Tree, at: &[Part]) -> Result<Tree, Unwritable> {
        edit::held(tree, at)
    }

    fn set(&self, document: &Document<'_>, leaf: LeafId, value: &Value, _: Floats, splice: &mut Splice) -> bool {
        edit::set(document, self.shapes[leaf.0 as usize], leaf, value, splice)
    }

    fn graft(&self, document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
        edit::graft(document, graft)
    }
}
