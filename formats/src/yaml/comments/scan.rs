//! Go-yaml's tokens, and the comments that are found on the way to them. How far the scanner looks ahead decides what a token finds waiting, so that is followed, too.

use std::collections::VecDeque;

use super::blocks::SimpleKey;
use super::cursor::{Cursor, Mark};
use super::groups::Group;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    Directive,
    DocumentStart,
    DocumentEnd,
    ListStart,
    MapStart,
    BlockEnd,
    FlowStart { map: bool },
    FlowEnd { map: bool },
    FlowEntry,
    Entry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

#[derive(Clone, Copy)]
pub(super) struct Token {
    pub kind: Kind,
    /// Where it begins.
    pub start: usize,
}

pub(super) struct Scanner<'t> {
    pub(super) at: Cursor<'t>,
    pub tokens: VecDeque<Token>,
    /// How many have left the queue.
    pub parsed: usize,
    pub groups: Vec<Group>,
    pub flow: usize,
    pub indent: i64,
    pub(super) indents: Vec<i64>,
    pub(super) key_allowed: bool,
    pub(super) keys: Vec<SimpleKey>,
    /// Of tokens that may begin a key: number, and place in `keys`. Numbers rise.
    pub(super) starts: VecDeque<(usize, usize)>,
    /// Do blank lines that a text in lines keeps count? They are gone once it is a token.
    pub(super) kept: bool,
    /// Were there any that do not?
    pub left_out: bool,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t [u8], tail: &'t [u8], kept: bool) -> Self {
        let first = SimpleKey { possible: false, required: false, number: 0, mark: Mark::default() };
        Scanner {
            at: Cursor::new(text, tail),
            tokens: VecDeque::from([Token { kind: Kind::StreamStart, start: 0 }]),
            parsed: 0,
            groups: Vec::new(),
            flow: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![first],
            starts: VecDeque::new(),
            kept,
            left_out: false,
        }
    }

    /// The next token, with two behind it; more where it may be a key.
    pub(super) fn front(&mut self) -> Option<Token> {
        loop {
            if self.tokens.len() > 2 {
                while self.starts.front().is_some_and(|&(number, _)| number < self.parsed) {
                    self.starts.pop_front();
                }
                let key = self.starts.front().filter(|start| start.0 == self.parsed).map(|start| start.1);
                let is_open = key.map_or(Some(false), |key| self.key_holds(key))?;
                if !is_open {
                    return self.tokens.front().copied();
                }
            }
            self.fetch()?;
        }
    }

    pub(super) fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push_back(Token { kind, start });
    }

    pub(super) fn last(&self, back: usize) -> Option<Token> {
        self.tokens.len().checked_sub(back + 1).map(|i| self.tokens[i])
    }

    fn fetch(&mut self) -> Option<()> {
        let scan = self.at.mark;
        self.skip_to_next(scan);
        self.unroll(self.at.mark.column as i64, scan);
        let start = self.at.mark.index;
        if self.at.is_end(0) {
            if self.at.mark.column != 0 {
                self.at.mark.column = 0;
                self.at.mark.line += 1;
            }
            return self.outermost(Kind::StreamEnd);
        }
        if self.at.mark.column == 0 && self.at.peek(0) == b'%' {
            self.outermost(Kind::Directive)?;
            self.at.skip_rest();
            if self.at.is_break(0) {
                self.at.skip_line();
            }
            return Some(());
        }
        for (byte, kind) in [(b'-', Kind::DocumentStart), (b'.', Kind::DocumentEnd)] {
            if self.at.is_document_mark(byte) {
                self.outermost(kind)?;
                (0..3).for_each(|_| self.at.skip());
                return Some(());
            }
        }
        let byte = self.at.peek(0);
        let behind = byte == if self.flow == 0 { b':' } else { b',' };
        let token = self.last(0).filter(|_| behind).map_or(start, |last| last.start);
        self.content(byte)?;
        if self.last(0).is_none_or(|last| last.kind != Kind::Entry) {
            self.line_comment(token);
        }
        Some(())
    }

    /// What ends all containers.
    fn outermost(&mut self, kind: Kind) -> Option<()> {
        self.unroll(-1, self.at.mark);
        self.remove_key()?;
        self.key_allowed = false;
        self.push(kind, self.at.mark.index);
        Some(())
    }

    fn content(&mut self, byte: u8) -> Option<()> {
        let mark = self.at.mark;
        let in_flow = self.flow > 0;
        let ends = self.at.is_blank_or_end(1);
        match byte {
            b'[' | b'{' => {
                self.save_key()?;
                let number = self.parsed + self.tokens.len();
                self.keys.push(SimpleKey { possible: false, required: false, number, mark });
                self.flow += 1;
                self.key_allowed = true;
                self.indicator(Kind::FlowStart { map: byte == b'{' });
            }
            b']' | b'}' => {
                self.remove_key()?;
                if in_flow {
                    self.flow -= 1;
                    let key = self.keys.pop()?;
                    self.forget(key.number);
                }
                self.key_allowed = false;
                self.indicator(Kind::FlowEnd { map: byte == b'}' });
            }
            b',' if in_flow => {
                self.remove_key()?;
                self.key_allowed = true;
                self.indicator(Kind::FlowEntry);
            }
            b'-' if ends => {
                if !in_flow {
                    self.key_allowed.then_some(())?;
                    self.roll(mark, None, Kind::ListStart);
                }
                self.remove_key()?;
                self.key_allowed = true;
                self.indicator(Kind::Entry);
            }
            b'?' if in_flow || ends => {
                if !in_flow {
                    self.key_allowed.then_some(())?;
                    self.roll(mark, None, Kind::MapStart);
                }
                self.remove_key()?;
                self.key_allowed = !in_flow;
                self.indicator(Kind::Key);
            }
            b':' if in_flow || ends => self.value(mark)?,
            b'*' | b'&' => {
                self.property(if byte == b'*' { Kind::Alias } else { Kind::Anchor })?;
                self.at.skip();
                while matches!(self.at.peek(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-') {
                    self.at.skip();
                }
            }
            b'!' => {
                self.property(Kind::Tag)?;
                while !self.at.is_blank_or_end(0) {
                    self.at.skip();
                }
            }
            b'|' | b'>' if !in_flow => {
                self.remove_key()?;
                self.key_allowed = true;
                self.in_lines();
                self.push(Kind::Scalar, mark.index);
            }
            b'\'' | b'"' => {
                self.property(Kind::Scalar)?;
                self.quoted(byte)?;
            }
            b'#' | b'%' | b'@' | b'`' | b'|' | b'>' | b',' | b'\t' => return None,
            _ => {
                self.property(Kind::Scalar)?;
                self.plain();
            }
        }
        Some(())
    }

    pub(super) fn indicator(&mut self, kind: Kind) {
        self.push(kind, self.at.mark.index);
        self.at.skip();
    }

    /// What may begin a key, and no key stands directly behind.
    pub(super) fn property(&mut self, kind: Kind) -> Option<()> {
        self.save_key()?;
        self.key_allowed = false;
        self.push(kind, self.at.mark.index);
        Some(())
    }

    fn value(&mut self, mark: Mark) -> Option<()> {
        let last = self.keys.len() - 1;
        if self.key_holds(last)? {
            let SimpleKey { number, mark, .. } = self.keys[last];
            self.insert(number, Token { kind: Kind::Key, start: mark.index });
            self.roll(mark, Some(number), Kind::MapStart);
            self.keys[last].possible = false;
            self.forget(number);
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                self.key_allowed.then_some(())?;
                self.roll(mark, None, Kind::MapStart);
            }
            self.key_allowed = self.flow == 0;
        }
        self.indicator(Kind::Value);
        Some(())
    }

    /// To the next thing that is no comment.
    fn skip_to_next(&mut self, scan: Mark) {
        loop {
            while self.at.peek(0) == b' ' || self.at.peek(0) == b'\t' && (self.flow > 0 || !self.key_allowed) {
                self.at.skip();
            }
            self.behind_first_dash();
            if self.at.peek(0) == b'#' {
                self.comments(scan);
            }
            if !self.at.is_break(0) {
                return;
            }
            self.at.skip_line();
            self.key_allowed |= self.flow == 0;
        }
    }
}
