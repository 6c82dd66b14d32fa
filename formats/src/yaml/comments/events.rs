//! Go-yaml's parser: tokens to nodes, each with the comments that have come up when it is made. What takes none hands them on.

use super::groups::{BLANK, Place};
use super::nodes::{Found, Nodes};
use super::scan::{Kind, Scanner, Token};

#[derive(Clone, Copy)]
pub(super) enum State {
    FirstDocument,
    NextDocument,
    Content,
    DocumentEnd,
    /// A node in lines; as a value it may be a list at its key's column.
    Node {
        value: bool,
    },
    Entry {
        first: bool,
    },
    /// Of a list at its key's column.
    FlatEntry,
    Key {
        first: bool,
    },
    Value,
    FlowEntry {
        first: bool,
    },
    /// A pair in a flow list: `[a: b]`.
    PairKey,
    PairValue,
    PairEnd,
    FlowKey {
        first: bool,
    },
    FlowValue,
    NoFlowValue,
}

pub(super) struct Parser<'t> {
    scanner: Scanner<'t>,
    /// The first group that no token has taken.
    first: usize,
    pub(super) states: Vec<State>,
    waiting: Found,
    stem: Option<Vec<u32>>,
    pub(super) nodes: Nodes,
}

/// Goes through a text; were blank lines left out? None if go-yaml would not read it.
pub(super) fn run(scanner: Scanner<'_>, nodes: Nodes) -> Option<(Nodes, bool)> {
    let mut parser = Parser { scanner, first: 0, states: Vec::new(), waiting: Found::default(), stem: None, nodes };
    parser.peek()?;
    parser.skip();
    let mut state = Some(State::FirstDocument);
    while let Some(now) = state {
        state = parser.step(now)?;
    }
    Some((parser.nodes, parser.scanner.left_out))
}

impl Parser<'_> {
    /// The next token; the comments up to it come up.
    pub(super) fn peek(&mut self) -> Option<Token> {
        let token = self.scanner.front()?;
        while let Some(group) = self.scanner.groups.get_mut(self.first).filter(|group| token.start >= group.token) {
            let lines = match group.place {
                // No heads on ends.
                Place::Head if token.kind == Kind::BlockEnd => break,
                Place::Head => &mut self.waiting.head,
                Place::Line => &mut self.waiting.line,
                Place::Foot => &mut self.waiting.foot,
                Place::Gone => return None,
            };
            lines.append(&mut group.take().lines);
            self.first += 1;
        }
        Some(token)
    }

    pub(super) fn skip(&mut self) {
        self.scanner.tokens.pop_front();
        self.scanner.parsed += 1;
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.skip();
        self.peek()
    }

    pub(super) fn take(&mut self) -> Found {
        self.stem = None;
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn pop(&mut self) -> Option<Option<State>> {
        self.states.pop().map(Some)
    }

    /// A scalar that is not written takes no comments.
    pub(super) fn nothing(&mut self, at: usize) {
        self.nodes.leaf(at, Found::default());
    }

    fn step(&mut self, state: State) -> Option<Option<State>> {
        match state {
            State::FirstDocument => self.document(true),
            State::NextDocument => self.document(false),
            State::Content => {
                let token = self.peek()?;
                let nothing = matches!(token.kind, Kind::Directive | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd);
                if nothing {
                    self.nothing(token.start);
                    return self.pop();
                }
                self.node(true, false)
            }
            State::DocumentEnd => {
                if self.peek()?.kind == Kind::DocumentEnd {
                    self.skip();
                }
                let found = self.take();
                self.nodes.document_end(found);
                Some(Some(State::NextDocument))
            }
            State::Node { value } => self.node(true, value),
            State::Entry { first } => self.entry(first),
            State::FlatEntry => self.flat_entry(),
            State::Key { first } => self.key(first),
            State::Value => self.value(),
            State::FlowEntry { first } => self.flow_entry(first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.flow_value(Kind::FlowEnd { map: false }, State::PairEnd),
            State::PairEnd => {
                self.peek()?;
                self.nodes.end(Found::default());
                Some(Some(State::FlowEntry { first: false }))
            }
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => self.flow_value(Kind::FlowEnd { map: true }, State::FlowKey { first: false }),
            State::NoFlowValue => {
                let token = self.peek()?;
                self.nothing(token.start);
                Some(Some(State::FlowKey { first: false }))
            }
        }
    }

    fn document(&mut self, first: bool) -> Option<Option<State>> {
        let mut token = self.peek()?;
        while !first && token.kind == Kind::DocumentEnd {
            token = self.next()?;
        }
        if token.kind == Kind::StreamEnd {
            return Some(None);
        }
        self.states.push(State::DocumentEnd);
        if first && !matches!(token.kind, Kind::Directive | Kind::DocumentStart) {
            // What stands above the last blank line is the document's.
            let head = &mut self.waiting.head;
            let own = match head.iter().rposition(|&line| line == BLANK) {
                Some(blank) if blank > 0 => {
                    let rest = head.split_off(blank + 1);
                    std::mem::replace(head, rest)
                }
                _ => Vec::new(),
            };
            self.nodes.document(own);
            return Some(Some(State::Node { value: false }));
        }
        while token.kind == Kind::Directive {
            token = self.next()?;
        }
        (token.kind == Kind::DocumentStart).then_some(())?;
        self.nodes.document(Vec::new());
        self.skip();
        Some(Some(State::Content))
    }

    pub(super) fn node(&mut self, block: bool, value: bool) -> Option<Option<State>> {
        let mut token = self.peek()?;
        let start = token.start;
        if token.kind == Kind::Alias {
            let found = self.take();
            self.nodes.leaf(start, found);
            self.skip();
            return self.pop();
        }
        let mut has_properties = false;
        for kinds in [[Kind::Anchor, Kind::Tag], [Kind::Tag, Kind::Anchor]] {
            if !has_properties && token.kind == kinds[0] {
                has_properties = true;
                token = self.next()?;
                if token.kind == kinds[1] {
                    token = self.next()?;
                }
            }
        }
        match token.kind {
            Kind::Entry if value => {
                self.nodes.start(start, false, true, Found::default());
                Some(Some(State::FlatEntry))
            }
            Kind::Scalar => {
                let found = self.take();
                self.nodes.leaf(start, found);
                self.skip();
                self.pop()
            }
            Kind::FlowStart { map } => {
                let found = self.take();
                self.nodes.start(start, map, false, found);
                Some(Some(if map { State::FlowKey { first: true } } else { State::FlowEntry { first: true } }))
            }
            Kind::ListStart | Kind::MapStart if block => {
                let map = token.kind == Kind::MapStart;
                let found = Found { head: self.stem.take().unwrap_or_default(), ..Found::default() };
                self.nodes.start(start, map, true, found);
                Some(Some(if map { State::Key { first: true } } else { State::Entry { first: true } }))
            }
            _ if has_properties => {
                self.nothing(start);
                self.pop()
            }
            _ => None,
        }
    }

    /// Behind a dash. What stood above it is that of the list or map that begins behind it.
    fn behind_dash(&mut self) -> Option<Token> {
        let above = self.waiting.head.len();
        self.skip();
        let token = self.peek()?;
        if above > 0 && matches!(token.kind, Kind::ListStart | Kind::MapStart) {
            let rest = self.waiting.head.split_off(above);
            self.stem = Some(std::mem::replace(&mut self.waiting.head, rest));
        }
        Some(token)
    }

    fn entry(&mut self, first: bool) -> Option<Option<State>> {
        let mut token = self.peek()?;
        if first {
            token = self.next()?;
        }
        match token.kind {
            Kind::Entry => {
                let next = self.behind_dash()?;
                if matches!(next.kind, Kind::Entry | Kind::BlockEnd) {
                    self.nothing(token.start);
                    return Some(Some(State::Entry { first: false }));
                }
                self.states.push(State::Entry { first: false });
                self.node(true, false)
            }
            Kind::BlockEnd => {
                self.nodes.end(Found::default());
                self.skip();
                self.pop()
            }
            _ => None,
        }
    }

    fn flat_entry(&mut self) -> Option<Option<State>> {
        let token = self.peek()?;
        if token.kind != Kind::Entry {
            self.nodes.end(Found::default());
            return self.pop();
        }
        let next = self.behind_dash()?;
        if matches!(next.kind, Kind::Entry | Kind::Key | Kind::Value | Kind::BlockEnd) {
            self.nothing(token.start);
            return Some(Some(State::FlatEntry));
        }
        self.states.push(State::FlatEntry);
        self.node(true, false)
    }

    fn key(&mut self, first: bool) -> Option<Option<State>> {
        let mut token = self.peek()?;
        if first {
            token = self.next()?;
        }
        match token.kind {
            Kind::Key => {
                let next = self.next()?;
                if matches!(next.kind, Kind::Key | Kind::Value | Kind::BlockEnd) {
                    self.nothing(token.start);
                    return Some(Some(State::Value));
                }
                self.states.push(State::Value);
                self.node(true, true)
            }
            Kind::BlockEnd => {
                let found = self.take();
                self.nodes.end(found);
                self.skip();
                self.pop()
            }
            _ => None,
        }
    }

    fn value(&mut self) -> Option<Option<State>> {
        let token = self.peek()?;
        if token.kind == Kind::Value {
            let next = self.next()?;
            if !matches!(next.kind, Kind::Key | Kind::Value | Kind::BlockEnd) {
                self.states.push(State::Key { first: false });
                return self.node(true, true);
            }
        }
        self.nothing(token.start);
        Some(Some(State::Key { first: false }))
    }
}
