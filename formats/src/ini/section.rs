//! What the lines of an INI file come to: sections of values, each with its comments.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::value::Shape;
use crate::leaf::Span;

/// A section of the text; one that stands there again is another.
pub(super) struct Section<'t> {
    pub name: &'t [u8],
    pub entries: Vec<Entry<'t>>,
    pub by_name: HashMap<&'t [u8], usize, RandomState>,
    /// Values that a later one of the same name takes the place of, with the entry's number. Rare, and an entry is better small.
    pub superseded: Vec<(usize, Value)>,
    /// Those of the header.
    pub comments: Vec<Raw>,
    /// Those that SOPS loses: before a superseded key, behind the last one.
    pub lost: Vec<Raw>,
}

impl<'t> Section<'t> {
    pub(super) fn new(name: &'t [u8]) -> Self {
        Section { name, entries: Vec::new(), by_name: HashMap::default(), superseded: Vec::new(), comments: Vec::new(), lost: Vec::new() }
    }
}

/// A key with the value that counts.
pub(super) struct Entry<'t> {
    pub name: &'t [u8],
    pub value: Value,
    pub comments: Vec<Raw>,
}

/// What is kept of a value that was read.
pub(super) struct Value {
    pub span: Span,
    pub shape: Shape,
}

/// A comment: of one line, or a run of them.
pub(super) struct Raw {
    /// Of the first line.
    pub mark: usize,
    /// Behind the marks and blanks that SOPS strips.
    pub start: usize,
    pub end: usize,
    pub inline: bool,
    /// Lines in it. More than one and an empty first one: its text starts with the mark.
    pub lines: usize,
}

impl Raw {
    pub(super) fn empty(&self) -> bool {
        self.start == self.end
    }
}
