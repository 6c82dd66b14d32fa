//! From text to nodes: one per map, list, scalar and comment, linked in the order of the walk.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::Token;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

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
    item: u32,
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

/// `toml_edit`'s own limit for the levels of one value and for the parts of one key. Its parser recurses.
const LEVELS: usize = 80;

/// So many tokens of the lexer (blanks, line ends, marks) may come on each value that the limits allow.
const TOKENS: usize = 8;

/// So many values and tables of a metadata block fit beside the leaves of a sealed text: 1,000 keys (R8) have fewer. The leaves themselves are counted
/// once the block is known.
const OF_BLOCK: usize = 16 << 10;

/// A table costs as much memory as two values or names. So many of all: a million values with a name each, and a small file's nesting.
const WEIGHT: (usize, usize) = (2, 16 << 10);

/// The text's tokens, if it is not too much. `toml_edit` takes some 500 bytes of memory for each value and table, and the lexer and
/// its parser some 60 for each token, however short: so both are counted before anything is kept.
fn measure(text: &str, mode: Mode, limits: &Limits) -> Result<Vec<Token>, SyntaxError> {
    let source = Source::new(text);
    let leaves = if mode == Mode::Sealed { limits.leaves.saturating_add(OF_BLOCK) } else { limits.leaves };
    let most = leaves.saturating_mul(TOKENS).saturating_add(TOKENS);
    if let Some(token) = source.lex().nth(most) {
        return Err(SyntaxError::at(text.as_bytes(), token.span().start(), SyntaxClass::Limit, "too many values, or too much around them"));
    }
    let tokens = source.lex().into_vec();
    let (mut values, mut names, mut containers, mut over) = (0usize, 0usize, 0usize, None);
    let weight = leaves.saturating_mul(WEIGHT.0).saturating_add(WEIGHT.1);
    let mut count = |event: Event| {
        match event.kind() {
            EventKind::Scalar => values += 1,
            EventKind::SimpleKey => names += 1,
            EventKind::ArrayOpen | EventKind::InlineTableOpen | EventKind::StdTableOpen | EventKind::ArrayTableOpen => containers += 1,
            _ => {}
        }
        if values > leaves || containers > leaves || values + names + WEIGHT.0 * containers > weight {
            over.get_or_insert(event.span().start());
        }
    };
    let mut guard = RecursionGuard::new(&mut count, limits.depth.min(LEVELS) as u32);
    parse_document(&tokens, &mut guard, &mut ());
    match over {
        Some(at) => Err(SyntaxError::at(text.as_bytes(), at, SyntaxClass::Limit, "too many values or tables")),
        None => Ok(tokens),
    }
}

/// Is it TOML? The parser's sentences quote the text, so we say it in ours.
fn judge(text: &str) -> Result<(), SyntaxError> {
    let Err(error) = toml_edit::Document::parse(text) else { return Ok(()) };
    let message = error.message();
    let says = |word: &str| message.starts_with(word);
    let (class, what) = if says("duplicate key") {
        (SyntaxClass::Syntax, "a key or table is there twice")
    } else if says("recursion limit") || says("cannot recurse") {
        (SyntaxClass::Limit, "nested deeper than 80 levels")
    } else if says("integer number overflowed") {
        (SyntaxClass::OutsideModel, "an integer that does not fit into 64 bits")
    } else if says("floating-point number overflowed") {
        (SyntaxClass::OutsideModel, "a float that does not fit into 64 bits")
    } else if says("unclosed") {
        (SyntaxClass::Syntax, "a bracket or brace is not closed")
    } else if says("carriage return") {
        (SyntaxClass::Syntax, "a carriage return without line feed")
    } else if says("string values must be quoted") {
        (SyntaxClass::Syntax, "a string without quotes")
    } else if says("invalid comment") {
        (SyntaxClass::Syntax, "a control character in a comment")
    } else if says("invalid basic string") || says("invalid literal string") || says("invalid multi-line") {
        (SyntaxClass::Syntax, "a string that is not closed, or with a control character")
    } else if says("missing escaped value") || says("too few unicode") {
        (SyntaxClass::Syntax, "an escape that TOML does not have")
    } else if says("invalid date") || says("invalid time") {
        (SyntaxClass::Syntax, "not a date")
    } else if says("missing comma") || says("extra comma") {
        (SyntaxClass::Syntax, "a comma is missing or too much")
    } else if says("key with no value") || says("missing value") {
        (SyntaxClass::Syntax, "a key without a value")
    } else if says("missing assignment") || says("extra") {
        (SyntaxClass::Syntax, "an equals sign is missing or too much")
    } else {
        (SyntaxClass::Syntax, "not TOML")
    };
    let at = error.span().map_or(0, |s| s.start);
    Err(SyntaxError::at(text.as_bytes(), at, class, what))
}

/// A value that is being read.
struct Frame {
    node: u32,
    /// The container its own entry stands in.
    home: u32,
}

struct Builder<'t> {
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
    fn new(text: &'t str, limits: &'t Limits) -> Self {
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

    fn event(&mut self, event: Event) {
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

    fn finish(mut self) -> Result<Scan, SyntaxError> {
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

/// Bytes of the one blank line before a header, which goes with it.
pub(super) fn blank_before(before: &[u8]) -> usize {
    let Some(rest) = before.strip_suffix(b"\n") else { return 0 };
    let (rest, n) = rest.strip_suffix(b"\r").map_or((rest, 1), |r| (r, 2));
    if rest.is_empty() || rest.ends_with(b"\n") { n } else { 0 }
}
