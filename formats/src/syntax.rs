//! What a format must do; one impl each in `yaml/`, `json/`, `dotenv/`, `ini/`, `toml/`.

use std::borrow::Cow;

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

/// Tokens for the covered leaves and comments of a document, by number. One arena, so that 100,000 cost few allocations, with room before them
/// in which the text between them can be put.
pub struct Tokens {
    leaves: Vec<Span>,
    comments: Vec<Span>,
    bytes: Vec<u8>,
    /// In order: those that are to stand as SOPS writes them (YAML), leaves without quotes and comments as items of lists.
    bare: Vec<LeafId>,
    items: Vec<CommentId>,
}

impl Tokens {
    /// For a document of that many leaves and comments; all of them clear.
    pub fn new(leaves: usize, comments: usize) -> Self {
        Tokens {
            leaves: vec![Span::new(0, 0); leaves],
            comments: vec![Span::new(0, 0); comments],
            bytes: Vec::new(),
            bare: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Room for so many bytes of tokens (what grows is copied), and for the text around them, so that sealing needs no second buffer.
    #[must_use]
    pub fn with_room(mut self, text: usize, tokens: usize) -> Self {
        // Zeros from the system, none of which is touched.
        self.bytes = vec![0; text + tokens];
        self.bytes.truncate(text);
        self
    }

    /// Covers a leaf; `write` appends its token.
    pub fn leaf(&mut self, leaf: LeafId, write: impl FnOnce(&mut Vec<u8>)) {
        self.leaves[leaf.0 as usize] = self.append(write);
    }

    /// Covers leaves in a row, with tokens one after another; one of no length leaves its leaf as it is.
    pub fn leaves(&mut self, first: LeafId, tokens: &[u8], lengths: &[u32]) {
        let mut start = self.bytes.len();
        self.bytes.extend_from_slice(tokens);
        for (leaf, &length) in self.leaves[first.0 as usize..].iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
            *leaf = Span::new(start, start + length as usize);
            start += length as usize;
        }
    }

    /// Covers a comment.
    pub fn comment(&mut self, comment: CommentId, write: impl FnOnce(&mut Vec<u8>)) {
        self.comments[comment.0 as usize] = self.append(write);
    }

    /// The token of a leaf is to stand without the quotes or the header of its value, where nothing is lost by it. Asked for in order.
    pub fn leaf_stays_bare(&mut self, leaf: LeafId) {
        self.bare.push(leaf);
    }

    /// The same for a comment among the items of a list, which SOPS makes an item of it.
    pub fn comment_stays_item(&mut self, comment: CommentId) {
        self.items.push(comment);
    }

    /// Is anything to stand so?
    pub fn has_bare_ones(&self) -> bool {
        !self.bare.is_empty() || !self.items.is_empty()
    }

    pub(crate) fn is_bare(&self, leaf: LeafId) -> bool {
        self.bare.binary_search(&leaf).is_ok()
    }

    pub(crate) fn is_item(&self, comment: CommentId) -> bool {
        self.items.binary_search(&comment).is_ok()
    }

    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.bytes.len();
        write(&mut self.bytes);
        Span::new(start, self.bytes.len())
    }

    /// The token of a leaf, if it is covered.
    pub fn of_leaf(&self, leaf: LeafId) -> Option<&[u8]> {
        self.span_of_leaf(leaf).map(|span| &self.bytes[span.range()])
    }

    /// The token of a comment, if it is covered.
    pub fn of_comment(&self, comment: CommentId) -> Option<&[u8]> {
        self.span_of_comment(comment).map(|span| &self.bytes[span.range()])
    }

    /// Where in [`Tokens::into_bytes`] the token of a leaf stands.
    pub(crate) fn span_of_leaf(&self, leaf: LeafId) -> Option<Span> {
        Some(self.leaves[leaf.0 as usize]).filter(|span| !span.is_empty())
    }

    /// The same for a comment.
    pub(crate) fn span_of_comment(&self, comment: CommentId) -> Option<Span> {
        Some(self.comments[comment.0 as usize]).filter(|span| !span.is_empty())
    }

    /// What those places are in.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All of them, and the room before.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
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

/// A sealed text that has no metadata block yet.
pub struct Sealed {
    /// The text.
    pub text: Vec<u8>,
    /// How the plaintext was spelled where that cannot be derived. In the order of their tokens.
    pub hints: Vec<Hint>,
    /// Where the metadata blocks go, one for each document of the stream, in order.
    pub slots: Vec<Slot>,
}

/// A place for a metadata block.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// Offset in [`Sealed::text`].
    pub at: usize,
    /// Bytes of `text` from `at` on that the block takes the place of (a root `null`, an empty flow map's blanks).
    pub replaces: usize,
    /// What is written before the block (a missing last newline, a comma).
    pub before: Vec<u8>,
    /// What is written behind it.
    pub after: Vec<u8>,
    /// Stands inside braces on one line (YAML's flow root), or JSON.
    pub flow: bool,
    /// Column of the root map's keys (YAML), or levels of the text's own indentation where the format needs it.
    pub indent: usize,
    /// Lines end in CR LF in this text.
    pub crlf: bool,
    /// Anything else the format must know to spell the block here, in its own terms.
    pub note: u32,
}

/// A metadata block as it was read.
pub struct Block {
    /// Everything that goes when the block is cut: key and value, or all `sops_` lines' first; see [`Block::cuts`].
    pub span: Span,
    /// All spans that are cut (flat ENV lines may stand anywhere).
    pub cuts: Vec<Span>,
    /// Number of the document it stands in.
    pub document: u32,
    /// The fields: nested for YAML, JSON, TOML; one map of flat names (prefix `sops_` removed, the two characters `\n` read as LF) for ENV and INI.
    /// `None`: the root key is there, but its value is no map.
    pub fields: Option<Tree>,
    /// Spans of the top-level fields, names and values, in the order of `fields`' entries.
    pub spans: Vec<Span>,
}

impl Sealed {
    /// The whole sealed file. The first block gets all `fields`; the copies in later documents lack the field named `only_first`.
    ///
    /// `like` is the sealed file that this one replaces: its block's spelling is kept (see `Detail::spell_block`).
    ///
    /// # Errors
    /// A field that the format cannot hold.
    pub fn with_block(
        &self,
        scanned: &Document<'_>,
        fields: &[(String, Tree)],
        only_first: &str,
        indent: Option<usize>,
        like: Option<&Document<'_>>,
    ) -> Result<Vec<u8>, Unwritable> {
        let mut splice = crate::splice::Splice::default();
        for (slot, bytes) in self.slots.iter().zip(self.blocks(scanned, fields, only_first, indent, like)?) {
            splice.replace(Span::new(slot.at, slot.at + slot.replaces), &bytes);
        }
        Ok(splice.finish(&self.text))
    }

    /// The same in place, where that is possible: a large text is not copied for its block. Done once more, the new block takes the place of the last.
    ///
    /// # Errors
    /// A field that the format cannot hold.
    pub fn put_block(
        &mut self,
        scanned: &Document<'_>,
        fields: &[(String, Tree)],
        only_first: &str,
        indent: Option<usize>,
        like: Option<&Document<'_>>,
    ) -> Result<(), Unwritable> {
        let mut blocks = self.blocks(scanned, fields, only_first, indent, like)?;
        if let ([slot], [bytes]) = (self.slots.as_mut_slice(), blocks.as_mut_slice()) {
            let length = bytes.len();
            // Not twice the room: whoever wipes the text wipes all of it.
            self.text.reserve_exact(length);
            self.text.splice(slot.at..slot.at + slot.replaces, bytes.drain(..));
            slot.replaces = length;
            return Ok(());
        }
        self.text = self.with_block(scanned, fields, only_first, indent, like)?;
        let mut grown = 0i64;
        for (slot, bytes) in self.slots.iter_mut().zip(blocks) {
            slot.at = (slot.at as i64 + grown) as usize;
            grown += bytes.len() as i64 - slot.replaces as i64;
            slot.replaces = bytes.len();
        }
        Ok(())
    }

    /// What goes into each slot.
    fn blocks(
        &self,
        scanned: &Document<'_>,
        fields: &[(String, Tree)],
        only_first: &str,
        indent: Option<usize>,
        like: Option<&Document<'_>>,
    ) -> Result<Vec<Vec<u8>>, Unwritable> {
        let mut copy: Option<Vec<(String, Tree)>> = None;
        let block = |(i, slot): (usize, &Slot)| {
            let fields = if i == 0 {
                fields
            } else {
                copy.get_or_insert_with(|| fields.iter().filter(|(name, _)| name != only_first).cloned().collect())
            };
            let old = like.and_then(|d| {
                let at = d.blocks().binary_search_by_key(&(i as u32), |b| b.document).ok()?;
                Some((d, &d.blocks()[at]))
            });
            let mut bytes = slot.before.clone();
            let fields =
                crate::tree::kept(fields, old.and_then(|(_, block)| block.fields.as_ref()), scanned.format.shape() != crate::Shape::Nested);
            bytes.extend(scanned.detail.spell_block(slot, &fields, indent, old)?);
            bytes.extend_from_slice(&slot.after);
            Ok(bytes)
        };
        self.slots.iter().enumerate().map(block).collect()
    }
}
