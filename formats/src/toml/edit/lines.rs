//! A text as its assignments and headers.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

use super::value::{Keys, Node};
use crate::edit::set_apart;
use crate::path::Part;

/// What a line holds.
pub(super) enum Body {
    /// `[a]` or `[[a]]`
    Header,
    /// `key = value`
    Value(Node),
}

/// An assignment or a header.
pub(super) struct Line {
    /// Of the table, or of the value; lists of tables with the position.
    pub path: Vec<Part>,
    /// Of the table that an assignment stands in.
    pub base: Vec<Part>,
    /// The keys as they stand there.
    pub keys: Keys,
    /// Its first line's start, and that of the line behind its last.
    pub start: usize,
    pub end: usize,
    pub body: Body,
}

/// All of a text, in its order.
pub(super) struct Lines<'t> {
    pub text: &'t str,
    pub all: Vec<Line>,
}

/// What is said of a header: comment lines above it, and a comment behind it, with the blanks before that.
#[derive(Default)]
pub(super) struct Notes<'t> {
    pub above: &'t str,
    pub behind: &'t str,
}

/// Reads a text that has been scanned.
pub(super) fn read(text: &str) -> Lines<'_> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events = Vec::new();
    let mut collect = |event: Event| events.push(event);
    let mut guard = RecursionGuard::new(&mut collect, 80);
    parse_document(&tokens, &mut guard, &mut ());
    let mut reader = Reader { text, lines: Vec::new(), keys: Vec::new(), base: Vec::new(), tables: HashMap::new(), open: Vec::new() };
    let mut array = false;
    for event in events {
        let span = event.span().start()..event.span().end();
        match event.kind() {
            EventKind::SimpleKey => {
                let mut name = std::borrow::Cow::Borrowed("");
                if let Some(raw) = source.get(event) {
                    raw.decode_key(&mut name, &mut ());
                }
                reader.keys.push((name.into_owned(), span));
            }
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => array = event.kind() == EventKind::ArrayTableOpen,
            EventKind::StdTableClose | EventKind::ArrayTableClose => reader.header(array, span),
            EventKind::Scalar => reader.value(Node::scalar(span)),
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                let keys = std::mem::take(&mut reader.keys);
                reader.open.push((keys, Node::container(span, event.kind() == EventKind::InlineTableOpen)));
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                if let Some((keys, mut node)) = reader.open.pop() {
                    node.span.end = span.end;
                    reader.keys = keys;
                    reader.value(node);
                }
            }
            _ => {}
        }
    }
    Lines { text, all: reader.lines }
}

struct Reader<'t> {
    text: &'t str,
    lines: Vec<Line>,
    keys: Keys,
    base: Vec<Part>,
    /// How many tables a list of them has.
    tables: HashMap<Vec<String>, usize>,
    open: Vec<(Keys, Node)>,
}

impl Reader<'_> {
    fn header(&mut self, array: bool, close: Range<usize>) {
        let keys = std::mem::take(&mut self.keys);
        let mut path = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for (i, (name, _)) in keys.iter().enumerate() {
            names.push(name.clone());
            // The same list in another table of a list is another one: its number is in the name.
            let known = self.tables.get(&names).copied();
            path.push(Part::Key(name.clone().into_bytes()));
            let last = i + 1 == keys.len();
            let position = match (known, last && array) {
                (Some(n), true) => Some(n),
                (None, true) => Some(0),
                (Some(n), false) => n.checked_sub(1),
                (None, false) => None,
            };
            if let Some(position) = position {
                if last && array {
                    self.tables.insert(names.clone(), position + 1);
                }
                path.push(Part::Index(position));
                names.push(format!("[{position}]"));
            }
        }
        self.base = path.clone();
        let start = keys.first().map_or(close.start, |k| k.1.start);
        self.push(Line { path, base: Vec::new(), keys, start, end: close.end, body: Body::Header });
    }

    fn value(&mut self, node: Node) {
        let keys = std::mem::take(&mut self.keys);
        if let Some((_, parent)) = self.open.last_mut() {
            parent.children.push((keys, node));
            return;
        }
        let mut path = self.base.clone();
        path.extend(keys.iter().map(|(name, _)| Part::Key(name.clone().into_bytes())));
        let start = keys.first().map_or(node.span.start, |k| k.1.start);
        let end = node.span.end;
        self.push(Line { path, base: self.base.clone(), keys, start, end, body: Body::Value(node) });
    }

    /// From the start of its first line to the start of the one behind its last.
    fn push(&mut self, mut line: Line) {
        line.start = self.text[..line.start].rfind('\n').map_or(if self.text.starts_with('\u{feff}') { 3 } else { 0 }, |i| i + 1);
        line.end = self.text[line.end..].find('\n').map_or(self.text.len(), |i| line.end + i + 1);
        self.lines.push(line);
    }
}

impl<'t> Lines<'t> {
    pub(super) fn notes(&self, header: &Line) -> Notes<'t> {
        let line = &self.text[header.keys.last().map_or(header.start, |key| key.1.end)..header.end];
        let behind = line.trim_start_matches([' ', '\t']).trim_start_matches(']').trim_end_matches(['\r', '\n']);
        let behind = if behind.trim_start().starts_with('#') { behind } else { "" };
        Notes { above: &self.text[self.comments_above(header.start)..header.start], behind }
    }

    /// The assignment in whose value a path ends, and the rest of the path in that.
    pub(super) fn holder<'p>(&self, at: &'p [Part]) -> Option<(&Line, &'p [Part])> {
        let line = self.all.iter().find(|l| matches!(l.body, Body::Value(_)) && at.starts_with(&l.path))?;
        Some((line, &at[line.path.len()..]))
    }

    /// All that stands below a path.
    pub(super) fn below(&self, at: &[Part]) -> impl Iterator<Item = &Line> {
        self.all.iter().filter(move |l| l.path.starts_with(at))
    }

    /// The end of the last of them, with comments directly below, unless they are about the line that comes next.
    pub(super) fn end_below(&self, at: &[Part]) -> usize {
        let Some(last) = self.below(at).last() else { return self.text.len() };
        let next = self.all.iter().find(|l| l.start >= last.end).map_or(self.text.len(), |l| self.comments_above(l.start));
        let comments = self.text[last.end..next].split_inclusive('\n').take_while(|line| line.trim_start().starts_with('#'));
        last.end + comments.map(str::len).sum::<usize>()
    }

    /// A table's header.
    pub(super) fn header(&self, at: &[Part]) -> Option<&Line> {
        self.all.iter().find(|l| matches!(l.body, Body::Header) && l.path == at)
    }

    /// Is this map made by dots in keys alone?
    pub(super) fn dotted(&self, at: &[Part]) -> bool {
        !at.is_empty() && self.below(at).all(|l| matches!(l.body, Body::Value(_)) && l.base.len() < at.len())
    }

    /// An assignment that shows how they are written: in this table, else anywhere.
    pub(super) fn model(&self, at: &[Part]) -> Option<&Line> {
        let values = || self.all.iter().rev().filter(|l| matches!(l.body, Body::Value(_)));
        values().find(|l| l.base == at).or_else(|| values().next())
    }

    pub(super) fn indent(&self, line: &Line) -> &str {
        let indent = &self.text[line.start..line.keys.first().map_or(line.start, |k| k.1.start)];
        if indent.trim().is_empty() { indent } else { "" }
    }

    /// What stands between a key and its value: one blank on each side, or none.
    pub(super) fn equals(&self, line: &Line) -> &'static str {
        let (Some(key), Body::Value(value)) = (line.keys.last(), &line.body) else { return " = " };
        let between = &self.text[key.1.end..value.span.start];
        match (between.starts_with('='), between.ends_with('=')) {
            (true, true) => "=",
            (true, false) => "= ",
            (false, true) => " =",
            (false, false) => " = ",
        }
    }

    /// Does every string of the assignments stand in `'`, and is there one?
    pub(super) fn all_literal(&self) -> bool {
        let mut strings = self.all.iter().filter_map(|l| match &l.body {
            Body::Value(node) if self.text[node.span.clone()].starts_with(['"', '\'']) => {
                Some(self.text[node.span.clone()].starts_with('\''))
            }
            _ => None,
        });
        strings.next() == Some(true) && strings.all(|literal| literal)
    }

    /// Do blank lines stand before headers? Yes, where nothing shows it.
    pub(super) fn apart(&self) -> bool {
        let mut headers = self.all.iter().skip(1).filter(|l| matches!(l.body, Body::Header)).peekable();
        headers.peek().is_none()
            || headers.any(|l| super::super::scan::blank_before(&self.text.as_bytes()[..self.comments_above(l.start)]) > 0)
    }

    /// The header above an assignment, if it says nothing once that is gone: the only one directly below it, no comments, and other headers make the table.
    pub(super) fn needless_header(&self, line: &Line) -> Option<&Line> {
        let header = self.header(&line.base).filter(|header| header.end == line.start && self.own_comments(line) == line.start)?;
        let inside = |l: &&Line| l.path.starts_with(&line.base) && !std::ptr::eq(*l, line) && !std::ptr::eq(*l, header);
        let mut others = self.all.iter().filter(inside).peekable();
        others.peek()?;
        let made = others.all(|l| matches!(l.body, Body::Header) || l.base != line.base);
        let bare = !self.text[header.start..header.end].contains('#') && self.comments_above(header.start) == header.start;
        let table = matches!(line.base.last(), Some(Part::Key(_)));
        let below = self.text[line.end..].lines().next().unwrap_or_default().trim_start();
        // Directly above the next header it is about that.
        let about_next = || self.all.iter().any(|l| l.start > line.start && self.comments_above(l.start) == line.end);
        (made && bare && table && (!below.starts_with('#') || about_next())).then_some(header)
    }

    /// The first comment that a blank line parts from the lines of the table to which a header belongs: it speaks of something else. None: `end`.
    pub(super) fn set_apart(&self, header: usize, end: usize) -> usize {
        let values = self.all[header + 1..].iter().take_while(|l| matches!(l.body, Body::Value(_)));
        let below = values.last().unwrap_or(&self.all[header]).end;
        set_apart(self.text.as_bytes(), below, end, |line| line.trim_ascii().is_empty())
    }

    /// Does nothing stand above this line, or a blank one?
    pub(super) fn stands_apart(&self, line: usize) -> bool {
        let above = self.text[..line].trim_start_matches('\u{feff}');
        matches!(above, "" | "\n" | "\r\n") || above.ends_with("\n\n") || above.ends_with("\n\r\n")
    }

    /// The length of a blank line below lines that go, if nothing or another one stands above them.
    pub(super) fn blank_between(&self, start: usize, end: usize) -> usize {
        let below = &self.text[end..];
        match self.stands_apart(start) {
            true if below.starts_with("\r\n") => 2,
            true if below.starts_with('\n') => 1,
            _ => 0,
        }
    }

    /// Where the text begins, behind a byte-order mark.
    pub(super) fn top(&self) -> usize {
        if self.text.starts_with('\u{feff}') { 3 } else { 0 }
    }

    /// The start of the comment lines directly above a line.
    pub(super) fn comments_above(&self, mut line: usize) -> usize {
        // A value of several lines may look like comments.
        let before = self.all.partition_point(|l| l.end <= line);
        let top = before.checked_sub(1).map_or(self.top(), |i| self.all[i].end);
        while line > top {
            // Not by characters: the last line may have no end.
            let above = self.text.as_bytes()[..line - 1].iter().rposition(|&b| b == b'\n').map_or(top, |i| i + 1);
            if !self.text[above..line].trim_start().starts_with('#') {
                break;
            }
            line = above;
        }
        line
    }

    /// The same, if what stands there belongs to this line alone: no other assignment directly below, and not the top of the text.
    pub(super) fn own_comments(&self, line: &Line) -> usize {
        let below = self.text[line.end..].lines().next().unwrap_or_default().trim_start();
        let above = self.comments_above(line.start);
        let alone = below.is_empty() || below.starts_with(['#', '[']);
        if alone && above > self.top() { above } else { line.start }
    }
}
