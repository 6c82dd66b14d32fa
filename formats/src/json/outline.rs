//! From events to the outline: steps, leaves, paths, the metadata block, and the layout that sealing keeps to.

use std::collections::HashSet;

use super::layout::{Layout, Place};
use super::scalar;
use super::scan::{Event, Scanner, utf8};
use super::string;
use super::tree::{self, count, inner};
use crate::document::{Mode, Outline, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError, Warning};
use crate::leaf::{self, Comment, CommentId, Leaf, LeafId, Span, Step};
use crate::path::PathId;
use crate::syntax::Block;
use crate::tree::Tree;
use crate::value::Kind;

/// At most so many doubled keys are named one by one.
const NAMED: usize = 20;

/// Scans a text.
///
/// # Errors
/// Not JSON, no object at its root, `sops` twice, a number out of range, or over a limit.
pub(super) fn scan(text: &[u8], options: &ScanOptions) -> Result<(Outline, Layout), SyntaxError> {
    utf8(text)?;
    let mut scanner = Scanner::new(text, options.limits.depth);
    let mut builder = Builder {
        text,
        outline: Outline::default(),
        open: Vec::new(),
        keys: Vec::new(),
        doubled: Vec::new(),
        budget: options.limits.leaves,
        of_block: options.limits.leaves,
        longest_key: options.limits.key,
        plain: options.mode == Mode::Plain,
        layout: Layout::new(),
    };
    builder.outline.steps.push(Step::Document);
    match scanner.next()? {
        event @ (Event::ObjectStart(_) | Event::EmptyObject(_)) => builder.event(event, &mut scanner)?,
        other => {
            let what = "the root must be an object";
            return Err(SyntaxError::at(text, other.span().start as usize, SyntaxClass::OutsideModel, what));
        }
    }
    loop {
        match scanner.next()? {
            Event::End => return Ok(builder.finish()),
            event => builder.event(event, &mut scanner)?,
        }
    }
}

/// Go's JSON reader matches names without regard to case, U+017F included: such a key next to `sops` makes a sealed file that SOPS
/// up to 3.12 cannot read.
fn folds_to_sops(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| name.replace('\u{17f}', "s").eq_ignore_ascii_case("sops"))
}

struct Open {
    path: PathId,
    /// Of a list: the index of its next item.
    index: Option<usize>,
    items: Items,
    /// Where its keys start in `keys`.
    keys: usize,
}

/// What of a list's items is known by now.
struct Items {
    /// Behind the bracket.
    start: u32,
    /// Where the last one ends.
    end: u32,
    /// Where comments begin that have no value before them.
    comments: Option<u32>,
}

struct Builder<'t> {
    text: &'t [u8],
    outline: Outline,
    open: Vec<Open>,
    /// The keys of all open objects.
    keys: Vec<(PathId, u32)>,
    /// Keys that were there before, with their offset.
    doubled: Vec<(PathId, u32)>,
    budget: usize,
    /// The metadata block has one of its own: as many leaves as a plain text may have fit beside it.
    of_block: usize,
    longest_key: usize,
    plain: bool,
    layout: Layout,
}

impl Builder<'_> {
    fn event(&mut self, event: Event, scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        let steps = &mut self.outline.steps;
        match event {
            Event::Key(span) => return self.key(span, scanner),
            Event::ObjectEnd(_) => {
                let ended = self.open.pop().expect("the scanner's events are balanced");
                self.find_doubled(ended.keys);
                self.outline.steps.push(Step::MapEnd);
            }
            Event::ListEnd(end) => {
                let ended = self.open.pop().expect("the scanner's events are balanced");
                if ended.items.comments.is_some() {
                    self.layout.comments.push(Span { start: ended.items.start, end: end.start });
                }
                steps.push(Step::ListEnd);
            }
            Event::ObjectStart(_) | Event::ListStart(_) => {
                let path = self.value_path(event.span());
                let list = matches!(event, Event::ListStart(_));
                self.outline.steps.push(if list { Step::ListStart(path) } else { Step::MapStart(path) });
                let behind = event.span().end;
                let items = Items { start: behind, end: behind, comments: None };
                self.open.push(Open { path, index: list.then_some(0), items, keys: self.keys.len() });
                if self.open.len() == 1 {
                    self.layout.inside.start = event.span().end;
                }
                return Ok(());
            }
            Event::EmptyObject(span) => {
                let path = self.value_path(span);
                self.outline.steps.push(Step::EmptyMap(path));
                if self.open.is_empty() {
                    self.layout.inside = Span { start: span.start + 1, end: span.end - 1 };
                }
            }
            Event::EmptyList(span) => {
                let path = self.value_path(span);
                self.outline.steps.push(Step::EmptyList(path));
            }
            Event::Null(span) => {
                count(self.text, span, &mut self.budget)?;
                let path = self.value_path(span);
                self.outline.steps.push(Step::Null(path));
            }
            Event::Text(span) if self.is_comment(span) => self.comment(span)?,
            Event::Text(span) => self.leaf(span, Kind::Str)?,
            Event::Bool(span) => self.leaf(span, Kind::Bool)?,
            Event::Number(span) => {
                tree::number(self.text, span)?;
                self.leaf(span, scalar::number_kind(&self.text[span.range()]))?;
            }
            Event::End => {}
        }
        if let Some(Open { index: Some(_), items, .. }) = self.open.last_mut() {
            items.end = event.span().end;
        }
        match self.open.len() {
            0 if matches!(event, Event::ObjectEnd(_)) => self.layout.inside.end = event.span().start,
            1 => self.layout.member_ends(event.span().end),
            _ => {}
        }
        Ok(())
    }

    fn key(&mut self, span: Span, scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        let name = string::decode(inner(self.text, span));
        if name.len() > self.longest_key {
            let what = format!("a key of {} bytes, more than the limit of {}", name.len(), self.longest_key);
            return Err(SyntaxError::at(self.text, span.start as usize, SyntaxClass::Limit, what));
        }
        if self.open.len() == 1 {
            self.layout.member_starts(span);
            if &*name == b"sops" {
                return self.block(span, scanner);
            }
            if self.plain && folds_to_sops(&name) {
                let what = "a root key that SOPS takes for its metadata, for it differs from sops only in case";
                return Err(SyntaxError::at(self.text, span.start as usize, SyntaxClass::OutsideModel, what));
            }
        }
        let parent = self.open.last().expect("a key stands in an object").path;
        let path = self.outline.paths.key(parent, &name);
        self.keys.push((path, span.start));
        self.outline.steps.push(Step::Key(path));
        Ok(())
    }

    fn block(&mut self, key: Span, scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        if self.layout.block.is_some() {
            let what = "found duplicate sops entry";
            return Err(SyntaxError::at(self.text, key.start as usize, SyntaxClass::OutsideModel, what));
        }
        let whole = tree::read(scanner, self.text, &mut self.of_block)?;
        self.layout.block = Some(Place { key, value: whole.span, before: self.layout.last_end, behind: None });
        let is_map = matches!(whole.tree, Tree::Map(_));
        self.outline.blocks.push(Block {
            span: key,
            cuts: Vec::new(),
            document: 0,
            fields: is_map.then_some(whole.tree),
            spans: if is_map { whole.members } else { Vec::new() },
        });
        Ok(())
    }

    /// The path of the value that comes now.
    fn value_path(&mut self, value: Span) -> PathId {
        match self.open.last_mut() {
            None => PathId::ROOT,
            Some(Open { path, index: Some(index), items, .. }) => {
                if let Some(start) = items.comments.take() {
                    self.layout.comments.push(Span { start, end: value.start });
                }
                *index += 1;
                self.outline.paths.index(*path, *index - 1)
            }
            Some(_) => self.keys.last().expect("a value in an object stands behind its key").0,
        }
    }

    fn leaf(&mut self, span: Span, kind: Kind) -> Result<(), SyntaxError> {
        count(self.text, span, &mut self.budget)?;
        let path = self.value_path(span);
        self.outline.steps.push(Step::Leaf(LeafId(self.outline.leaves.len() as u32)));
        self.outline.leaves.push(Leaf { path, span, kind, document: 0, in_mac: true });
        Ok(())
    }

    /// SOPS makes an item of a comment in a YAML list, in JSON too, and leaves it out when it opens the file.
    fn is_comment(&self, span: Span) -> bool {
        !self.plain && self.open.last().is_some_and(|open| open.index.is_some()) && leaf::is_comment_token(inner(self.text, span))
    }

    fn comment(&mut self, span: Span) -> Result<(), SyntaxError> {
        count(self.text, span, &mut self.budget)?;
        let Some(Open { path, index: Some(index), items, .. }) = self.open.last_mut() else { return Ok(()) };
        match index {
            0 => _ = items.comments.get_or_insert(span.start),
            _ => self.layout.comments.push(Span { start: items.end, end: span.end }),
        }
        let token = Span { start: span.start + 1, end: span.end - 1 };
        self.outline.without_place = true;
        self.outline.steps.push(Step::Comment(CommentId(self.outline.comments.len() as u32)));
        self.outline.comments.push(Comment { container: *path, span: token, document: 0, inline: false, empty: false });
        Ok(())
    }

    /// An object ends: which of its keys were there before? SOPS keeps them all, and so do we; but most readers see one only.
    fn find_doubled(&mut self, from: usize) {
        let keys = &self.keys[from..];
        let paths = &self.outline.paths;
        if keys.len() <= 8 {
            let doubled = |i: &usize| keys[..*i].iter().any(|k| paths.name(k.0) == paths.name(keys[*i].0));
            self.doubled.extend((1..keys.len()).filter(doubled).map(|i| keys[i]));
        } else {
            let mut seen = HashSet::with_capacity_and_hasher(keys.len(), foldhash::quality::RandomState::default());
            self.doubled.extend(keys.iter().filter(|k| !seen.insert(paths.name(k.0))));
        }
        self.keys.truncate(from);
    }

    fn finish(mut self) -> (Outline, Layout) {
        self.warn();
        self.layout.style = self.layout.find_style(self.text);
        // A root with nothing but the block is as empty as `{}`.
        if self.outline.steps.len() == 3 && self.layout.block.is_some() {
            self.outline.steps.truncate(1);
            self.outline.steps.push(Step::EmptyMap(PathId::ROOT));
        }
        if let (Some(block), Some(cut)) = (self.outline.blocks.first_mut(), self.layout.cut()) {
            block.span = cut;
            block.cuts = vec![cut];
        }
        (self.outline, self.layout)
    }

    fn warn(&mut self) {
        self.doubled.sort_by_key(|d| d.1);
        let (mut line, mut at) = (1, 0);
        for &(path, offset) in self.doubled.iter().take(NAMED) {
            line += self.text[at..offset as usize].iter().filter(|&&b| b == b'\n').count();
            at = offset as usize;
            let what = format!("the key {} stands twice in one object; most readers see one of the two", self.outline.paths.display(path));
            self.outline.warnings.push(Warning { line, what });
        }
        if let Some(more) = self.doubled.len().checked_sub(NAMED + 1) {
            self.outline.warnings.push(Warning { line: 0, what: format!("{} more doubled keys", more + 1) });
        }
    }
}
