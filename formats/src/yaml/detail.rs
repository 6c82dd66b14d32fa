//! What a scanned YAML text remembers besides the outline.

use std::ops::Range;

use zeroize::Zeroizing;

use super::parse::{NONE, Props, Tag, Written};
use super::print::{Place, Style};
use super::scalar::{self, Read};
use crate::leaf::{LeafId, Span};
use crate::value::Value;

/// How a leaf stands in the text.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub written: Written,
    pub tag: Tag,
    pub flow: bool,
    pub list_item: bool,
    /// Is what an alias stands for.
    pub alias: bool,
    /// Column of the collection it stands in.
    pub parent: u32,
    /// Index in [`Scanned::props`].
    pub props: u32,
    /// Where in [`Scanned::texts`] its text is, if the source bytes are not it.
    pub text: (u32, u32),
}

/// Where an item of type comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommentItem {
    /// Behind a dash.
    Dash,
    /// In brackets; is it the first one that is no comment, or before it?
    Brackets { first: bool },
}

/// An alias.
pub(super) struct AliasSite {
    pub span: Span,
    pub flow: bool,
    /// What it stands for in the walk: leaves and steps.
    pub leaves: Range<u32>,
    pub steps: Range<u32>,
    /// The leaves of the anchor itself.
    pub target: Range<u32>,
    /// An alias that stands for this key.
    pub key: Option<String>,
}

/// The root of a document.
#[derive(Clone, Copy)]
pub(super) enum Root {
    /// Nothing, or null in some spelling.
    Null(Span),
    Block {
        column: u32,
    },
    /// Offset of the closing brace; whether an entry is in it, besides the metadata.
    Flow {
        close: u32,
        filled: bool,
    },
}

/// A document, as far as its metadata block is concerned.
#[derive(Clone, Copy)]
pub(super) struct DocumentSite {
    pub root: Root,
    /// Where a block can be added.
    pub end: u32,
}

/// See [`crate::syntax::Detail`].
pub(super) struct Scanned {
    pub sites: Vec<Site>,
    /// Texts that differ from their source bytes.
    pub texts: Zeroizing<Vec<u8>>,
    pub props: Vec<Props>,
    pub aliases: Vec<AliasSite>,
    pub documents: Vec<DocumentSite>,
    pub directives: Vec<Span>,
    /// For each comment: is it a list item of type comment?
    pub items: Vec<Option<CommentItem>>,
    /// Lists that hold nothing but items of type comment, in order: the first of these and the one behind the last, and the column of the map or list that they
    /// are in. SOPS writes `a: [] # b` and `- [] # b` so.
    pub bare_lists: Vec<(std::ops::Range<u32>, u32)>,
    pub crlf: bool,
}

impl Scanned {
    pub(super) fn site(&self, leaf: LeafId) -> &Site {
        &self.sites[leaf.0 as usize]
    }

    pub(super) fn props(&self, site: &Site) -> Option<&Props> {
        (site.props != NONE).then(|| &self.props[site.props as usize])
    }

    /// A whole number over the range of int64, which is a float to us only?
    pub(super) fn is_unsigned(&self, source: &[u8], leaf: LeafId, span: Span) -> bool {
        let site = self.site(leaf);
        matches!(scalar::read(self.text(source, leaf, span), site.written, site.tag), scalar::Read::Unsigned(_))
    }

    /// A scalar's text after unquoting.
    pub(super) fn text<'a>(&'a self, source: &'a [u8], leaf: LeafId, span: Span) -> &'a str {
        let site = self.site(leaf);
        let bytes = match site.text {
            (NONE, _) if site.written.is_quoted() => &source[span.start as usize + 1..span.end as usize - 1],
            (NONE, _) => &source[span.range()],
            (start, end) => &self.texts[start as usize..end as usize],
        };
        std::str::from_utf8(bytes).expect("the scan read it as UTF-8")
    }

    pub(super) fn value_of(&self, source: &[u8], leaf: LeafId, span: Span) -> Value {
        let site = self.site(leaf);
        match scalar::read(self.text(source, leaf, span), site.written, site.tag) {
            Read::Value(value) => value,
            Read::Unsigned(v) => Value::Float(v),
            Read::Null | Read::Bad(_) => Value::text(""),
        }
    }

    /// The same, if it stands in the source as it is.
    pub(super) fn borrowed<'a>(&self, source: &'a [u8], leaf: LeafId, span: Span) -> Option<&'a [u8]> {
        let site = self.site(leaf);
        match site.text {
            (NONE, _) if site.written.is_quoted() => Some(&source[span.start as usize + 1..span.end as usize - 1]),
            (NONE, _) => Some(&source[span.range()]),
            _ => None,
        }
    }
}

impl Site {
    pub(super) fn place(&self) -> Place {
        let parent = self.parent as usize;
        let column = if self.list_item { parent + 2 } else { (parent / 4 + 1) * 4 };
        Place { column, parent, flow: self.flow, key: false }
    }

    pub(super) fn style(&self) -> Style {
        match self.written {
            Written::Plain => Style::Plain,
            Written::Single => Style::Single,
            Written::Double => Style::Double,
            Written::Literal => Style::Literal,
            Written::Folded => Style::Folded,
        }
    }
}
