//! RFC 8259 to the letter, as events with byte spans. Iterative: nesting costs a bool a level, and is limited.

use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::Span;

/// What the scanner met. Spans of strings include the quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// `{` of an object that has members.
    ObjectStart(Span),
    /// Its `}`.
    ObjectEnd(Span),
    /// `[` of a list that has items.
    ListStart(Span),
    /// Its `]`.
    ListEnd(Span),
    /// `{}`, blanks between them included.
    EmptyObject(Span),
    /// `[]`, blanks between them included.
    EmptyList(Span),
    /// The name of a member, still escaped.
    Key(Span),
    /// A string, still escaped.
    Text(Span),
    /// A number.
    Number(Span),
    /// `true` or `false`
    Bool(Span),
    /// `null`
    Null(Span),
    /// The text is over.
    End,
}

impl Event {
    /// The bytes it stands on.
    pub(super) fn span(self) -> Span {
        match self {
            Event::ObjectStart(s) | Event::ObjectEnd(s) | Event::ListStart(s) | Event::ListEnd(s) | Event::EmptyObject(s) => s,
            Event::EmptyList(s) | Event::Key(s) | Event::Text(s) | Event::Number(s) | Event::Bool(s) | Event::Null(s) => s,
            Event::End => Span { start: 0, end: 0 },
        }
    }
}

enum Next {
    Value,
    Key,
    Behind,
}

/// Reads a text that is known to be UTF-8 (see [`utf8`]).
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    next: Next,
    /// The open containers: is it an object?
    open: Vec<bool>,
    depth: usize,
}

/// Is all of it UTF-8? Go would read U+FFFD in place of what is not.
///
/// # Errors
/// Where it is not.
pub(super) fn utf8(text: &[u8]) -> Result<(), SyntaxError> {
    std::str::from_utf8(text).map(|_| ()).map_err(|e| SyntaxError::at(text, e.valid_up_to(), SyntaxClass::Syntax, "the text is not UTF-8"))
}

impl<'t> Scanner<'t> {
    /// From the beginning; containers may be nested `depth` deep.
    pub(super) fn new(text: &'t [u8], depth: usize) -> Self {
        Scanner { text, at: 0, next: Next::Value, open: Vec::new(), depth }
    }

    /// The next event; [`Event::End`] once the value is complete and nothing stands behind it.
    ///
    /// # Errors
    /// Not JSON, or nested too deep.
    pub(super) fn next(&mut self) -> Result<Event, SyntaxError> {
        loop {
            self.blanks();
            match self.next {
                Next::Value => return self.value(),
                Next::Key => return self.key(),
                Next::Behind => {
                    let start = self.at;
                    let Some(&object) = self.open.last() else {
                        return if start == self.text.len() { Ok(Event::End) } else { Err(self.error("something stands behind the end")) };
                    };
                    match (self.peek(), object) {
                        (Some(b','), _) => {
                            self.at += 1;
                            self.next = if object { Next::Key } else { Next::Value };
                        }
                        (Some(b'}'), true) => return Ok(Event::ObjectEnd(self.close())),
                        (Some(b']'), false) => return Ok(Event::ListEnd(self.close())),
                        (_, true) => return Err(self.error("expected a comma or the end of the object")),
                        (_, false) => return Err(self.error("expected a comma or the end of the list")),
                    }
                }
            }
        }
    }

    fn value(&mut self) -> Result<Event, SyntaxError> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.container(true),
            Some(b'[') => self.container(false),
            Some(b'"') => self.string().map(|s| self.behind(Event::Text(s))),
            Some(b'-' | b'0'..=b'9') => self.number().map(|s| self.behind(Event::Number(s))),
            Some(b't') => self.word(b"true").map(|s| self.behind(Event::Bool(s))),
            Some(b'f') => self.word(b"false").map(|s| self.behind(Event::Bool(s))),
            Some(b'n') => self.word(b"null").map(|s| self.behind(Event::Null(s))),
            Some(0xef) if start == 0 && self.text.starts_with(b"\xef\xbb\xbf") => {
                let error = self.error("the text starts with a byte-order mark, which JSON does not allow");
                Err(SyntaxError { class: SyntaxClass::ByteOrderMark, ..error })
            }
            Some(b'\'') => Err(self.error("expected a value; strings stand in double quotes")),
            Some(b']') if self.open.last() == Some(&false) => Err(self.error("a comma before the end of the list")),
            _ => Err(self.error("expected a value")),
        }
    }

    fn key(&mut self) -> Result<Event, SyntaxError> {
        match self.peek() {
            Some(b'"') => {}
            Some(b'}') => return Err(self.error("a comma before the end of the object")),
            _ => return Err(self.error("expected a name in double quotes")),
        }
        let span = self.string()?;
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.error("expected a colon behind the name"));
        }
        self.at += 1;
        self.next = Next::Value;
        Ok(Event::Key(span))
    }

    fn container(&mut self, object: bool) -> Result<Event, SyntaxError> {
        if self.open.len() >= self.depth {
            let what = format!("nested more than {} levels deep", self.depth);
            return Err(SyntaxError::at(self.text, self.at, SyntaxClass::Limit, what));
        }
        let start = self.at;
        self.at += 1;
        let opening = Span::new(start, self.at);
        self.blanks();
        let closes = self.peek() == Some(if object { b'}' } else { b']' });
        if closes {
            self.at += 1;
            let span = Span::new(start, self.at);
            return Ok(self.behind(if object { Event::EmptyObject(span) } else { Event::EmptyList(span) }));
        }
        self.open.push(object);
        if object {
            // An object's first member must be there now: "a comma before the end" is for the later ones.
            self.next = Next::Key;
            Ok(Event::ObjectStart(opening))
        } else {
            self.next = Next::Value;
            Ok(Event::ListStart(opening))
        }
    }

    fn close(&mut self) -> Span {
        self.open.pop();
        self.at += 1;
        self.next = Next::Behind;
        Span::new(self.at - 1, self.at)
    }

    fn behind(&mut self, event: Event) -> Event {
        self.next = Next::Behind;
        event
    }

    fn string(&mut self) -> Result<Span, SyntaxError> {
        let start = self.at;
        self.at += 1;
        loop {
            self.at += ordinary(&self.text[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Span::new(start, self.at));
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.error("a control character in a string; it must be escaped")),
                None => return Err(SyntaxError::at(self.text, start, SyntaxClass::Syntax, "a string without an end")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') if self.text.get(self.at + 2..self.at + 6).is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) => self.at += 6,
            Some(b'u') => return Err(self.error("an escape \\u needs four hexadecimal digits")),
            _ => return Err(self.error("an escape that JSON does not know")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Span, SyntaxError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|b| b.is_ascii_digit()) {
                return Err(self.error("a number with a leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Span::new(start, self.at))
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let many = self.text[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += many;
        if many == 0 { Err(self.error("a number that lacks a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<Span, SyntaxError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.error("expected a value"));
        }
        let start = self.at;
        self.at += word.len();
        Ok(Span::new(start, self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn error(&self, what: &'static str) -> SyntaxError {
        let what = match self.peek() {
            None => "the text ends too early",
            Some(b'/') if matches!(self.text.get(self.at + 1), Some(b'/' | b'*')) => "JSON has no comments",
            Some(_) => what,
        };
        SyntaxError::at(self.text, self.at, SyntaxClass::Syntax, what)
    }
}

/// How many bytes at the front are neither `"` nor `\` nor a control character. Eight at a time: long strings are the
/// bulk of a large file.
fn ordinary(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
    let mut at = 0;
    for chunk in text.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*chunk);
        // A byte below 0x20: the borrow reaches its high bit, and it had none itself.
        let found = zero(word ^ (ONES * u64::from(b'"')))
            | zero(word ^ (ONES * u64::from(b'\\')))
            | (word.wrapping_sub(ONES * 0x20) & !word & HIGH);
        if found != 0 {
            // The lowest hit is exact; borrows make false ones only above it.
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + text[at..].iter().take_while(|&&b| b != b'"' && b != b'\\' && b >= 0x20).count()
}
