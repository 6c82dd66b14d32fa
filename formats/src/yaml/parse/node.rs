//! What a text of YAML is once it is read: nodes in its order, its documents, its comments.

use std::borrow::Cow;

use crate::leaf::Span;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

impl Written {
    pub(crate) fn is_block(self) -> bool {
        matches!(self, Written::Literal | Written::Folded)
    }

    pub(crate) fn is_quoted(self) -> bool {
        matches!(self, Written::Single | Written::Double)
    }
}

/// The tags that go-yaml gives a meaning, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    None,
    /// `!`
    NonSpecific,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// `!!map` and the like.
    Collection,
    Other,
}

impl Tag {
    /// Would go-yaml read nothing where a token has this tag (T2)?
    pub(crate) fn must_go(self) -> bool {
        matches!(self, Tag::Int | Tag::Float | Tag::Bool | Tag::Null | Tag::Timestamp | Tag::Binary)
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Scalar(Written),
    Map {
        flow: bool,
    },
    List {
        flow: bool,
    },
    /// The number of the node it stands for.
    Alias(u32),
}

/// A node; those inside it follow it, up to `next`.
pub(crate) struct Node<'t> {
    pub what: What,
    /// Scalars and aliases: their source bytes, of a block scalar its lines. Flow collections: with brackets.
    /// Block collections: from the first entry to the end of the last node.
    pub span: Span,
    /// Scalars: as read.
    pub text: Cow<'t, str>,
    /// The node behind this one's last descendant.
    pub next: u32,
    pub tag: Tag,
    /// Index in [`Parsed::props`] of what else is known of a tagged node or a block scalar.
    pub props: u32,
    /// Column of a block collection's entries.
    pub column: u32,
    pub anchored: bool,
}

/// What only a few nodes have.
#[derive(Clone, Copy)]
pub(crate) struct Props {
    pub tag: Span,
    /// One that means nothing to SOPS where it stands; to other readers it may: `!include`, `!!python/object/apply`, `!!set`, `!!null` at a map.
    pub own: bool,
    /// The indicator of a block scalar and what belongs to it: `|2-`.
    pub header: Span,
    /// Column of a block scalar's content.
    pub indent: u32,
    /// A comment stands behind the header.
    pub header_comment: bool,
}

pub(crate) const NONE: u32 = u32::MAX;

/// A document of the stream.
pub(crate) struct Part {
    /// First node; the root.
    pub root: u32,
    /// Where it ends: at `...`, at the next `---` or its directives, or at the end of the text.
    pub end: u32,
}

/// A text as nodes and comments.
pub(crate) struct Parsed<'t> {
    pub nodes: Vec<Node<'t>>,
    pub props: Vec<Props>,
    pub parts: Vec<Part>,
    /// The comments' bytes behind `#`, in text order.
    pub comments: Vec<Span>,
    /// `%YAML 1.2` lines.
    pub directives: Vec<Span>,
}

impl Drop for Parsed<'_> {
    /// What the parser has put together from escapes and lines is wiped here; what it let go of by itself is beyond us (R1).
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Cow::Owned(text) = &mut node.text {
                zeroize::Zeroize::zeroize(text);
            }
        }
    }
}
