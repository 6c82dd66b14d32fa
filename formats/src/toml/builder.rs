//! The parser's events become nodes: where each key, header and comment belongs, and what of the text is the metadata block.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind};

use super::scan::{NONE, Node, Piece, ROOT, Scan, What, blank_before};
use crate::error::{SyntaxClass, SyntaxError};
use crate::limits::Limits;

/// A value that is being read.
struct Frame {
    node: u32,
    /// The container its own entry stands in.
    home: u32,
}

/// The nodes so far, and what of the text is not yet placed.
pub(super) struct Builder<'t> {
    text: &'t str,
    limits: &'t Limits,
    scan: Scan,
    index: HashMap<(u32, Box<str>), u32>,
    /// The table of the last header.
    base: u32,
    frames: Vec<Frame>,
    keys: Vec<(Range<usize>, usize)>,
    header: Option<bool>,
    /// Own-line comments directly above what comes next.
    pending: Vec<(Range<usize>, usize)>,
    line_start: usize,
    line_empty: bool,
    /// Container of the value that ended on this line.
    after: Option<u32>,
    /// A table of the block is open since there.
    section: Option<usize>,
    /// A root line of the block began there.
    line_of_block: Option<usize>,
    error: Option<(usize, SyntaxClass, &'static str)>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str, limits: &'t Limits) -> Self {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut builder = Builder {
            text,
            limits,
            scan: Scan::default(),
            index: HashMap::new(),
            base: ROOT,
            frames: Vec::new(),
            keys: Vec::new(),
            header: None,
            pending: Vec::new(),
            line_start: start,
            line_empty: true,
            after: None,
            section: None,
            line_of_block: None,
            error: None,
        };
        builder.scan.nodes.push(Node { what: What::Map, name: 0..0, span: 0..0, first: NONE, last: NONE, next: NONE, item: NONE });
        builder
    }

    pub(super) fn event(&mut self, event: Event) {
        let span = event.span().start()..event.span().end();
        match event.kind() {
            EventKind::Whitespace | EventKind::KeySep | EventKind::KeyValSep | EventKind::ValueSep | EventKind::Error => return,
            EventKind::Newline => return self.newline(span),
            EventKind::Comment => self.comment(span),
            EventKind::StdTableOpen => self.header = Some(false),
            EventKind::ArrayTableOpen => self.header = Some(true),
            EventKind::StdTableClose | EventKind::ArrayTableClose => self.table(span),
            EventKind::SimpleKey => self.key(event, span),
            EventKind::Scalar => {
                let end = span.end;
                let (node, home) = self.place(What::Scalar, span);
                self.done(node, home, end);
            }
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                let what = if event.kind() == EventKind::ArrayOpen { What::List } else { What::Map };
                let (node, home) = self.place(what, span);
                self.frames.push(Frame { node, home });
                self.after = None;
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                self.flush();
                if let Some(frame) = self.frames.pop() {
                    self.done(frame.node, frame.home, span.end);
                }
            }
        }
        self.line_empty = false;
    }

    fn key(&mut self, event: Event, span: Range<usize>) {
        let start = self.scan.names.len();
        let source = Source::new(self.text);
        let Some(raw) = source.get(event) else { return };
        let mut name = std::borrow::Cow::Borrowed("");
        raw.decode_key(&mut name, &mut ());
        if name.len() > self.limits.key {
            self.error.get_or_insert((span.start, SyntaxClass::Limit, "a key is too long"));
        }
        self.scan.names.push_str(&name);
        self.keys.push((start..self.scan.names.len(), span.start));
    }

    fn newline(&mut self, span: Range<usize>) {
        if self.line_empty {
            self.flush();
        }
        if self.frames.is_empty()
            && let Some(start) = self.line_of_block.take()
        {
            self.cut(start..span.end);
        }
        self.line_empty = true;
        self.after = None;
        self.line_start = span.end;
    }

    fn comment(&mut self, span: Range<usize>) {
        let behind = span.start + 1..span.end;
        let open = self.frames.last().map_or(self.base, |f| f.node);
        let list = self.scan.nodes[open as usize].what == What::List;
        match self.after {
            Some(container) => self.note(container, behind, true),
            None if self.line_empty && !list => self.pending.push((behind, self.line_start)),
            None => self.note(open, behind, false),
        }
    }

    fn note(&mut self, container: u32, span: Range<usize>, inline: bool) {
        self.append(container, What::Comment { inline }, 0..0, span);
    }

    /// Comments that turned out to stand above nothing.
    fn flush(&mut self) {
        let open = self.frames.last().map_or(self.base, |f| f.node);
        self.flush_to(open);
    }

    fn flush_to(&mut self, container: u32) {
        for (span, _) in std::mem::take(&mut self.pending) {
            self.note(container, span, false);
        }
    }

    fn append(&mut self, parent: u32, what: What, name: Range<usize>, span: Range<usize>) -> u32 {
        let id = self.scan.nodes.len() as u32;
        self.scan.nodes.push(Node { what, name, span, first: NONE, last: NONE, next: NONE, item: NONE });
        let last = self.scan.nodes[parent as usize].last;
        match last {
            NONE => self.scan.nodes[parent as usize].first = id,
            last => self.scan.nodes[last as usize].next = id,
        }
        let parent = &mut self.scan.nodes[parent as usize];
        parent.last = id;
        if !matches!(what, What::Comment { .. }) {
            parent.item = id;
        }
        id
    }

    fn lookup(&self, parent: u32, name: &Range<usize>) -> Option<u32> {
        self.index.get(&(parent, self.scan.names[name.clone()].into())).copied()
    }

    fn entry(&mut self, parent: u32, name: &Range<usize>, what: What, span: Range<usize>) -> u32 {
        let id = self.append(parent, what, name.clone(), span);
        let name = &self.scan.names[name.clone()];
        if parent == ROOT && name == "sops" {
            self.scan.sops = Some(id);
        }
        self.index.insert((parent, name.into()), id);
        id
    }

    /// Down the path of a key or header, maps made where none are; a list of tables stands for its last one.
    fn descend(&mut self, mut at: u32, keys: &[(Range<usize>, usize)]) -> u32 {
        for (name, start) in keys {
            at = match self.lookup(at, name) {
                Some(found) => self.within(found),
                None => self.entry(at, name, What::Map, *start..*start),
            };
        }
        at
    }

    fn within(&self, node: u32) -> u32 {
        let n = &self.scan.nodes[node as usize];
        if n.what == What::List && n.item != NONE { n.item } else { node }
    }

    /// Puts a value where its key, or its place in an array, says. Gives the node and its container.
    fn place(&mut self, what: What, span: Range<usize>) -> (u32, u32) {
        let open = self.frames.last().map_or(self.base, |f| f.node);
        if self.scan.nodes[open as usize].what == What::List {
            return (self.append(open, what, 0..0, span), open);
        }
        let keys = std::mem::take(&mut self.keys);
        let Some(((name, start), above)) = keys.split_last() else { return (open, open) };
        let of_block = open == ROOT && self.scan.names[keys[0].0.clone()] == *"sops";
        if of_block {
            self.flush();
            self.line_of_block = Some(self.line_start);
        }
        let home = self.descend(open, above);
        self.flush_to(home);
        let node = self.entry(home, name, what, span);
        let first = keys[0].1;
        if Some(open) == self.scan.sops {
            let field = if above.is_empty() { node } else { self.lookup(open, &keys[0].0).unwrap_or(node) };
            self.scan.pieces.push(Piece { field, span: first..*start, table: false });
        }
        (node, home)
    }

    /// A value has ended.
    fn done(&mut self, _node: u32, home: u32, end: usize) {
        self.after = Some(home);
        if self.frames.is_empty()
            && self.section.is_some()
            && Some(self.base) == self.scan.sops
            && let Some(piece) = self.scan.pieces.last_mut()
        {
            piece.span.end = end;
        }
    }

    /// A header has ended.
    fn table(&mut self, _: Range<usize>) {
        let keys = std::mem::take(&mut self.keys);
        let list = self.header.take().unwrap_or_default();
        let Some(((name, start), above)) = keys.split_last() else { return };
        let of_block = self.scan.names[keys[0].0.clone()] == *"sops";
        self.end_section(of_block);
        if of_block {
            self.flush();
        }
        let home = self.descend(ROOT, above);
        let found = self.lookup(home, name);
        let here = *start..*start;
        self.base = match (found, list) {
            (None, false) => {
                self.flush_to(home);
                self.entry(home, name, What::Map, here)
            }
            (Some(node), false) => {
                self.flush_to(node);
                node
            }
            (found, true) => {
                self.flush_to(found.unwrap_or(home));
                let node = found.unwrap_or_else(|| self.entry(home, name, What::List, here.clone()));
                self.append(node, What::Map, 0..0, here)
            }
        };
        if of_block {
            self.section = Some(self.line_start);
            let field = match (keys.get(1), self.scan.sops) {
                (Some((name, _)), Some(sops)) => self.lookup(sops, name).unwrap_or(NONE),
                _ => NONE,
            };
            self.scan.pieces.push(Piece { field, span: self.line_start..self.line_start, table: true });
        }
    }

    /// The table of the block that was open ends here: before the comments above the next header, unless that is the block's too.
    fn end_section(&mut self, of_block: bool) {
        let Some(start) = self.section.take() else { return };
        let end = match self.pending.first() {
            Some((_, line)) if !of_block => *line,
            _ => self.line_start,
        };
        self.cut_section(start, end);
    }

    fn cut_section(&mut self, start: usize, end: usize) {
        if let Some(piece) = self.scan.pieces.iter_mut().rev().find(|p| p.table) {
            piece.span.end = end;
        }
        let start = start - blank_before(&self.text.as_bytes()[..start]);
        self.scan.block.get_or_insert(start);
        self.cut(start..end);
    }

    fn cut(&mut self, span: Range<usize>) {
        match self.scan.cuts.last_mut() {
            Some(last) if last.end >= span.start => last.end = span.end,
            _ => self.scan.cuts.push(span),
        }
    }

    pub(super) fn finish(mut self) -> Result<Scan, SyntaxError> {
        let end = self.text.len();
        self.scan.crlf = self.text.find('\n').is_some_and(|i| self.text[..i].ends_with('\r'));
        self.flush();
        if let Some(start) = self.section.take() {
            self.cut_section(start, end);
        }
        if let Some(start) = self.line_of_block.take() {
            self.cut(start..end);
        }
        match self.error {
            Some((at, class, what)) => Err(SyntaxError::at(self.text.as_bytes(), at, class, what)),
            None => Ok(self.scan),
        }
    }
}
