//! Where values stand: spans, leaves, comments, and the steps of the walk.

use std::ops::Range;

use crate::path::PathId;
use crate::value::Kind;

/// A range of bytes of the text. Texts are below 4 GiB (see [`crate::Limits`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= u32::MAX as usize);
        Span { start: start as u32, end: end as u32 }
    }

    /// The same as a range of `usize`, for indexing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// How many bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Nothing in it?
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Number of a leaf in its document, in the order of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafId(pub u32);

/// Number of a comment in its document, in the order of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommentId(pub u32);

/// A scalar that is neither null nor a container. An empty string is a leaf too.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Where it hangs in the tree. Several leaves may have the same path (doubled keys, list items have
    /// an index of their own).
    pub path: PathId,
    /// The source bytes that a value replaces, quotes included. Several leaves may stand on one span:
    /// what an alias expands to.
    pub span: Span,
    /// The type SOPS's reader gives the value as it stands. In a sealed text a token is [`Kind::Str`].
    pub kind: Kind,
    /// Number of the document in a stream, from 0.
    pub document: u32,
    /// False for what SOPS's reader drops, though it holds plaintext (a superseded INI key): sealed, but neither in tree nor MAC.
    pub in_mac: bool,
}

/// A comment, or a run of them that SOPS takes as one.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The path of the map or list that contains it: its additional data, and what selectors judge.
    pub container: PathId,
    /// The source bytes that a token replaces: behind the mark (`#`), or from the first to the last line of a run.
    pub span: Span,
    /// Number of the document in a stream, from 0.
    pub document: u32,
    /// Stands behind a value, on its line.
    pub inline: bool,
    /// No text: never sealed (SOPS leaves empty comments alone).
    pub empty: bool,
}

/// One step of the walk. SOPS's order: what it puts into its MAC, its comment lists and its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A document of a stream begins (exactly one in all formats but YAML).
    Document,
    /// A non-empty map begins; the path is its own (the root's is [`PathId::ROOT`]).
    MapStart(PathId),
    /// It ends.
    MapEnd,
    /// A non-empty list begins.
    ListStart(PathId),
    /// It ends.
    ListEnd,
    /// The next value belongs to this key: last part of the path. Not for list items.
    Key(PathId),
    /// `{}`
    EmptyMap(PathId),
    /// `[]`
    EmptyList(PathId),
    /// null, in whatever spelling.
    Null(PathId),
    /// A leaf.
    Leaf(LeafId),
    /// A comment, where SOPS's tree has it.
    Comment(CommentId),
}

/// A token without the blanks and line feeds behind it, over which SOPS passes: programs that write a file anew keep those that a block scalar or an
/// editor has left there. Whatever else stands behind a token is the reader's to refuse.
pub(crate) fn bare_token(text: &[u8]) -> &[u8] {
    let token = text.trim_ascii_end();
    if text.starts_with(b"ENC[") && token.ends_with(b"]") { token } else { text }
}

/// Is this text of a list's item the token of a comment?
pub(crate) fn is_comment_token(text: &[u8]) -> bool {
    text.starts_with(b"ENC[AES256_GCM,") && text.trim_ascii_end().ends_with(b",type:comment]")
}
