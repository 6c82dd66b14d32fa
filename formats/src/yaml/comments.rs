//! Where comments belong in SOPS's tree (docs/lossless-documents.md T5): go-yaml's own way is gone after, for whoever judges otherwise covers other values than SOPS does,
//! or binds a comment to another path. `cursor` and `scan` (with `blocks`, `texts`) find its tokens, `groups` the comments between; `events` (with `flow`) and `nodes` hand these to
//! the nodes; the walk asks for them in the order in which SOPS's store goes through the nodes. A plain text is looked at as if its metadata stood in it already.

mod above;
mod blocks;
mod cursor;
mod events;
mod flow;
mod groups;
mod nodes;
mod scan;
mod texts;

use std::ops::Range;

use zeroize::Zeroizing;

use self::groups::BLANK;
use self::nodes::{Found, Kept, Nodes, added_key};
use self::scan::Scanner;
use super::block;
use super::detail::DocumentSite;
use super::parse::Parsed;
use crate::document::Mode;
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::Span;

/// Which of a node's comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Head,
    Line,
    Foot,
    /// Those in it that SOPS never sees.
    Lost,
}

/// The comments of a text, by the nodes that have them.
pub(super) struct Comments<'t> {
    spans: &'t [Span],
    nodes: Option<Nodes>,
    /// Of each node of our own parser: are there any? Most have none, and are asked five times.
    has: Vec<bool>,
    taken: Vec<bool>,
    /// All before this one are taken.
    first: usize,
    /// Does a text in lines keep blank lines, which were not counted?
    pub left_out: bool,
}

/// A node of our own parser, what was put in for the metadata, or a document.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    Node(u32),
    AddedKey(u32),
    AddedValue(u32),
    Document(u32),
}

impl<'t> Comments<'t> {
    /// `kept`: blank lines that a text in lines keeps count. They are gone once it is a token.
    pub(super) fn new(
        text: &[u8],
        parsed: &'t Parsed<'_>,
        sites: &[Option<DocumentSite>],
        mode: Mode,
        kept: bool,
    ) -> Result<Self, SyntaxError> {
        let spans = &*parsed.comments;
        let taken = vec![false; spans.len()];
        let none = Comments { spans, nodes: None, has: Vec::new(), taken, first: 0, left_out: false };
        let Some(first) = spans.first() else { return Ok(none) };
        let found = || find(text, parsed, additions(text, sites, mode), kept);
        let (nodes, left_out) = if let Some(keys) = above::keys(text, parsed) {
            debug_assert!(found().is_none_or(|(nodes, _)| nodes.are_above(&keys)), "comments stand elsewhere than above keys");
            (Nodes::above(&keys), false)
        } else if let Some(found) = found() {
            found
        } else if mode == Mode::Sealed {
            return Ok(none);
        } else {
            let what = "a comment whose place in the text could not be found out; put it on a line of its own above a key";
            return Err(SyntaxError::at(text, first.start as usize - 1, SyntaxClass::OutsideModel, what));
        };
        let mut has = vec![false; parsed.nodes.len()];
        for &node in nodes.of.keys() {
            if let Some(has) = has.get_mut(node as usize) {
                *has = true;
            }
        }
        Ok(Comments { nodes: Some(nodes), has, left_out, ..none })
    }

    /// Is any left?
    pub(super) fn any(&self) -> bool {
        self.first < self.spans.len()
    }

    /// Takes those of a node.
    pub(super) fn take(&mut self, whose: Whose, of: Of) -> Vec<Span> {
        if !self.any() {
            return Vec::new();
        }
        let Some(nodes) = &mut self.nodes else { return Vec::new() };
        let kept = match whose {
            Whose::Node(node) if self.has.get(node as usize) != Some(&true) => None,
            Whose::Node(node) => nodes.of.get_mut(&node),
            Whose::AddedKey(document) => nodes.of.get_mut(&added_key(document as usize)),
            Whose::AddedValue(document) => nodes.of.get_mut(&(added_key(document as usize) + 1)),
            Whose::Document(document) => nodes.documents.get_mut(document as usize),
        };
        let Some(kept) = kept else { return Vec::new() };
        let lines = std::mem::take(match of {
            Of::Head => &mut kept.found.head,
            Of::Line => &mut kept.found.line,
            Of::Foot => &mut kept.found.foot,
            Of::Lost => &mut kept.lost,
        });
        lines.into_iter().filter_map(|comment| self.take_one(comment as usize)).collect()
    }

    /// Takes what is left before an offset.
    pub(super) fn take_rest(&mut self, before: u32) -> Vec<Span> {
        let end = self.spans.partition_point(|span| span.start < before);
        (self.first..end).filter_map(|at| self.take_one(at)).collect()
    }

    /// Those inside a metadata block are nobody's.
    pub(super) fn skip(&mut self, block: Span) {
        let at = self.spans.partition_point(|s| s.start < block.start);
        let end = self.spans.partition_point(|s| s.start < block.end);
        (at..end).for_each(|at| _ = self.take_one(at));
    }

    fn take_one(&mut self, at: usize) -> Option<Span> {
        let was_taken = std::mem::replace(&mut self.taken[at], true);
        while self.taken.get(self.first) == Some(&true) {
            self.first += 1;
        }
        (!was_taken).then(|| self.spans[at])
    }
}

/// What is put into a text, and where.
struct Addition {
    document: usize,
    at: usize,
    text: Vec<u8>,
}

fn additions(text: &[u8], sites: &[Option<DocumentSite>], mode: Mode) -> Vec<Addition> {
    match mode {
        Mode::Sealed => Vec::new(),
        _ => sites.iter().enumerate().filter_map(|(document, site)| addition(text, site.as_ref()?, document)).collect(),
    }
}

/// Stands for the metadata of a document. A root that holds nothing has no other place for comments anyway.
fn addition(text: &[u8], site: &DocumentSite, document: usize) -> Option<Addition> {
    let slot = block::slot(text, site, false);
    if slot.replaces > 0 {
        return None;
    }
    let mut added = slot.before;
    added.resize(added.len() + slot.indent, b' ');
    added.extend_from_slice(b"sops: x");
    if !slot.flow {
        added.push(b'\n');
    }
    added.extend_from_slice(&slot.after);
    Some(Addition { document, at: slot.at, text: added })
}

fn find(text: &[u8], parsed: &Parsed<'_>, added: Vec<Addition>, kept: bool) -> Option<(Nodes, bool)> {
    let bom = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    let mut places: Vec<(Range<usize>, usize)> = Vec::with_capacity(added.len());
    // How much has been put in up to the end of each.
    let mut sums = Vec::with_capacity(added.len());
    let mut sum = 0;
    for Addition { document, at, text } in &added {
        let start = at + sum - bom;
        places.push((start..start + text.len(), *document));
        sum += text.len();
        sums.push(sum);
    }
    let mut whole = Zeroizing::new(Vec::new());
    let (read, tail) = match &*added {
        [] => (text, &[][..]),
        [one] if one.at == text.len() => (text, &*one.text),
        _ => {
            whole.reserve_exact(text.len() + sum);
            let mut from = 0;
            for addition in &added {
                whole.extend_from_slice(&text[from..addition.at]);
                whole.extend_from_slice(&addition.text);
                from = addition.at;
            }
            whole.extend_from_slice(&text[from..]);
            (&**whole, &[][..])
        }
    };
    let (mut nodes, left_out) = events::run(Scanner::new(read, tail, kept), Nodes::new(places.clone()))?;
    if nodes.count() as usize != parsed.nodes.len() {
        return None;
    }
    let number = |line: u32| {
        let offset = line as usize;
        let before = places.partition_point(|(place, _)| place.end <= offset);
        let put_in = before.checked_sub(1).map_or(0, |last| sums[last]);
        parsed.comments.binary_search_by_key(&((offset + bom + 1 - put_in) as u32), |span| span.start).ok()
    };
    let mut missing = vec![true; parsed.comments.len()];
    let all = nodes.of.values_mut().chain(&mut nodes.documents);
    for Kept { found: Found { head, line, foot }, lost } in all {
        for lines in [head, line, foot, lost] {
            lines.retain(|&line| line != BLANK);
            for line in lines {
                let comment = number(*line)?;
                missing[comment] = false;
                *line = comment as u32;
            }
        }
    }
    // What no node has been given stands in the container of what is before it; behind all of a document, where the metadata goes, with what is left.
    for comment in (0..missing.len()).filter(|&comment| missing[comment]) {
        let start = parsed.comments[comment].start;
        let part = parsed.parts.partition_point(|part| part.end <= start);
        let before = parsed.nodes.partition_point(|node| node.span.start < start);
        if let Some(last) = before.checked_sub(1).filter(|last| parsed.parts.get(part).is_some_and(|part| *last >= part.root as usize)) {
            nodes.lose(last as u32, comment as u32);
        }
    }
    Some((nodes, left_out))
}
