//! What a format must do; one impl each in `yaml/`, `json/`, `dotenv/`, `ini/`, `toml/`. `tokens` are put into a text, and then a metadata `block`.

mod block;
mod tokens;

use std::borrow::Cow;

pub use self::block::{Block, Sealed, Slot};
pub use self::tokens::Tokens;
use crate::document::{Document, Outline, ScanOptions};
use crate::edit::{Floats, Graft};
use crate::error::{SyntaxError, Unwritable};
use crate::hint::Hint;
use crate::leaf::{CommentId, LeafId, Span};
use crate::path::Part;
use crate::print::{Printed, Printing};
use crate::splice::Splice;
use crate::tree::Tree;
use crate::value::{Bytes, Value};
use crate::wiped::Wiped;

/// A format: how its text is scanned, and how a tree is printed in it.
pub(crate) trait Syntax: Sync {
    /// Scans a text: outline (steps, leaves, comments, metadata blocks) and what the format wants to remember besides.
    fn scan(&self, text: &[u8], options: &ScanOptions) -> Result<(Outline, Box<dyn Detail>), SyntaxError>;

    /// Documents in SOPS's spelling (docs/lossless-documents.md, section 10).
    fn print(&self, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable>;
}

/// What a scanned text can do. One impl per format, holding what that format remembers of its sites
/// (styles, indentation, aliases), by number of leaf and comment.
pub(crate) trait Detail: Send + Sync {
    /// The value of a leaf as SOPS's reader has it. In a sealed text only asked for clear leaves.
    fn value(&self, document: &Document<'_>, leaf: LeafId) -> Value;

    /// The scalar's text after unquoting, in a sealed text: where a token stands.
    fn content<'a>(&self, document: &'a Document<'_>, leaf: LeafId) -> Cow<'a, [u8]>;

    /// The comment's text as SOPS's tree has it (YAML: the bytes behind `#`; INI: without the first mark), or its token.
    fn comment<'a>(&self, document: &'a Document<'_>, comment: CommentId) -> Cow<'a, [u8]>;

    /// Does the token of this leaf stand in a sealed text as SOPS writes it, so that its value's spelling is seen by nothing? Only YAML has another way.
    fn stands_bare(&self, _leaf: LeafId) -> bool {
        false
    }

    /// Does the token of this comment stand as an item of a list that has others?
    fn stands_as_item(&self, _comment: CommentId) -> bool {
        false
    }

    /// Puts tokens in place of values and comments and finds the hints that bring the source bytes back.
    fn seal(&self, document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable>;

    /// The reverse, on a sealed text: values in place of tokens, blocks cut. What is spelled so that it reads as something else goes to `otherwise`.
    fn open(
        &self,
        document: &Document<'_>,
        opened: &Opened,
        spelling: Spelling<'_>,
        otherwise: &mut Vec<(LeafId, Value)>,
    ) -> Result<Vec<u8>, Unwritable>;

    /// May an opened text read as other values by the way its parts stand together? Asked where no witness speaks of the text.
    fn may_read_otherwise(&self, _document: &Document<'_>, _opened: &Opened) -> bool {
        true
    }

    /// Does it end in a value of several lines, to which the last line end belongs?
    fn ends_in_lines(&self, _document: &Document<'_>, _opened: &Opened) -> bool {
        false
    }

    /// Where tags stand that mean nothing to SOPS, metadata blocks aside.
    fn own_tags(&self, _document: &Document<'_>) -> Vec<Span> {
        Vec::new()
    }

    /// A text without the tags that mean nothing to SOPS; none if it has no such tag.
    fn without_own_tags(&self, _document: &Document<'_>) -> Option<Vec<u8>> {
        None
    }

    /// A sealed text without its metadata blocks, and where they go: what [`Detail::seal`] returns, but from a text that
    /// is sealed already (new recipients, the same leaves).
    fn without_blocks(&self, document: &Document<'_>) -> Sealed;

    /// The metadata block for `slot`: fields spelled as SOPS 3.13 does (`docs/sops-format.md` 1.3), between the slot's `before` and
    /// `after`. With `old`, an existing block of the same format: fields whose tree is equal keep their bytes, order, indentation and line style; changed
    /// ones are spelled in place; new ones go behind the field that precedes them in `fields`; missing ones go.
    fn spell_block(
        &self,
        slot: &Slot,
        fields: &[(String, Tree)],
        indent: Option<usize>,
        old: Option<(&Document<'_>, &Block)>,
    ) -> Result<Vec<u8>, Unwritable>;

    /// A branch as this format would read it back: text only where there is nothing else. `at` is where it is to stand.
    fn held(&self, tree: &Tree, _at: &[Part]) -> Result<Tree, Unwritable> {
        Ok(tree.clone())
    }

    /// Another value for a leaf of a plain text, as [`Detail::graft`] spells it. False: not without a look at what is around it, and nothing was put.
    fn set(&self, document: &Document<'_>, leaf: LeafId, value: &Value, floats: Floats, splice: &mut Splice) -> bool;

    /// A plain text with a change, in the style of its neighbours. [`Document::edit`] checks the result.
    fn graft(&self, document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable>;
}

/// Plaintext for the tokens of a sealed document, by number; `None` is a leaf or comment that stands in clear.
#[derive(Default)]
pub struct Opened {
    /// For each leaf of the document.
    pub leaves: Vec<Option<Value>>,
    /// For each comment of the document: its text as SOPS has it.
    pub comments: Vec<Option<Bytes>>,
}

/// How tokens are spelled when a text is opened.
#[derive(Clone, Copy, Default)]
pub struct Spelling<'a> {
    /// Of the source bytes, where they are known.
    pub hints: &'a [Hint],
    /// Where the usual spelling reads as something else: these leaves on one line in quotes, and what stands behind a metadata block so that no value
    /// before it takes it in. In their order.
    pub plainly: Option<&'a [LeafId]>,
}

/// An opened text.
#[derive(Default)]
pub struct OpenedText {
    /// The text.
    pub text: Wiped,
    /// The leaves whose spelling reads as another value than their token holds, and that value: what SOPS's spelling loses (docs/lossless-documents.md,
    /// section 10), and no more. In order.
    pub otherwise: Vec<(LeafId, Value)>,
    /// Hints have replaced more than the spelling of single values: only a reader can tell whether the values are still those.
    pub replaced: bool,
}
