//! From text to nodes: one per map, list, scalar and comment, linked in the order of the walk.

use std::ops::Range;

use toml_parser::parser::{Event, RecursionGuard, parse_document};

use super::builder::Builder;
use super::judge::{LEVELS, judge, measure};
use crate::document::Mode;
use crate::error::{SyntaxClass, SyntaxError};
use crate::limits::Limits;

/// No node.
pub(super) const NONE: u32 = u32::MAX;
/// The root's number.
pub(super) const ROOT: u32 = 0;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Map,
    List,
    Scalar,
    Comment { inline: bool },
}

/// A node; children are a linked list, so that a hundred thousand of them cost no vector each.
pub(super) struct Node {
    pub what: What,
    /// In [`Scan::names`]; empty for items and comments.
    pub name: Range<usize>,
    /// Of a scalar its text, quotes included; of a comment what is behind `#`; of others where they are first mentioned.
    pub span: Range<usize>,
    pub first: u32,
    pub last: u32,
    pub next: u32,
    /// The last child that is no comment: where `[[x]]` stands now.
    pub item: u32,
}

/// A piece of the metadata block at the top level of its fields.
pub(super) struct Piece {
    /// Child of the node `sops`; [`NONE`] for its own header.
    pub field: u32,
    /// From the key to the end of the value, or from a header's line to the end of its table.
    pub span: Range<usize>,
    /// A header's table.
    pub table: bool,
}

/// A scanned text.
#[derive(Default)]
pub(super) struct Scan {
    pub nodes: Vec<Node>,
    pub names: String,
    pub crlf: bool,
    /// The node of the root key `sops`.
    pub sops: Option<u32>,
    /// All that goes when the block is cut, in order, apart from each other.
    pub cuts: Vec<Range<usize>>,
    /// Where the first of its tables stood.
    pub block: Option<usize>,
    pub pieces: Vec<Piece>,
}

impl Scan {
    /// A node's name.
    pub fn name(&self, node: u32) -> &str {
        &self.names[self.nodes[node as usize].name.clone()]
    }

    /// A node's children.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let some = |n: u32| (n != NONE).then_some(n);
        std::iter::successors(some(self.nodes[node as usize].first), move |&n| some(self.nodes[n as usize].next))
    }
}

/// Scans a text.
pub(super) fn scan(text: &[u8], mode: Mode, limits: &Limits) -> Result<Scan, SyntaxError> {
    let fail = |at: usize, class, what: &str| SyntaxError::at(text, at, class, what);
    let utf8 = std::str::from_utf8(text).map_err(|e| fail(e.valid_up_to(), SyntaxClass::Syntax, "not UTF-8"))?;
    let tokens = measure(utf8, mode, limits)?;
    judge(utf8)?;
    let mut builder = Builder::new(utf8, limits);
    let mut events = |event: Event| builder.event(event);
    let mut guard = RecursionGuard::new(&mut events, limits.depth.min(LEVELS) as u32);
    let mut trouble = None::<toml_parser::ParseError>;
    parse_document(&tokens, &mut guard, &mut trouble);
    if let Some(error) = trouble {
        // The text is TOML, so this is the guard.
        let at = error.unexpected().map_or(0, |s| s.start());
        return Err(fail(at, SyntaxClass::Limit, "nested too deep"));
    }
    builder.finish()
}

/// Bytes of the one blank line before a header, which goes with it.
pub(super) fn blank_before(before: &[u8]) -> usize {
    let Some(rest) = before.strip_suffix(b"\n") else { return 0 };
    let (rest, n) = rest.strip_suffix(b"\r").map_or((rest, 1), |r| (r, 2));
    if rest.is_empty() || rest.ends_with(b"\n") { n } else { 0 }
}
