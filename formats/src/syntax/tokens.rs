//! The tokens of a document, on their way into its text.

use crate::leaf::{CommentId, LeafId, Span};

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
