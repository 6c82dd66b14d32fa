//! python-dotenv 1.2: its grammar as its documentation and behaviour have it. A statement that it cannot read is passed over, as it does: what of it was
//! read already is gone, and so is the rest of the line where that stopped.

use std::borrow::Cow;

use super::expand::Scope;
use super::{Bad, Lines, Lookup, Reading, Unread};

pub(super) fn read(text: &[u8], lookup: Lookup<'_>) -> Result<Reading, Bad> {
    let (mut scope, mut unread) = (Scope::new(text.len(), lookup), Vec::new());
    let (mut at, mut lines) = (Reader { text, at: 0 }, Lines::new(text));
    loop {
        at.skip(|_| true);
        if at.peek().is_none() {
            break;
        }
        let start = at.at;
        match at.binding() {
            Ok(Some((key, value))) => {
                let value = value.map(|value| scope.python(value)).transpose();
                scope.assign(&key, value.map_err(|what| Bad { line: lines.of(start), what })?);
            }
            // A comment has no name.
            Ok(None) => {}
            Err(Unreadable) => {
                at.until_end();
                unread.push(Unread { line: lines.of(start), span: start..at.at });
            }
        }
    }
    // A name alone has no value, and takes one away that it had.
    Ok(Reading { pairs: scope.into_last(), unread })
}

/// Is all of it one value in quotes?
pub(super) fn is_quoted(text: &[u8]) -> bool {
    let mut at = Reader { text, at: 0 };
    matches!(at.peek(), Some(quote @ (b'\'' | b'"')) if at.quoted(quote).is_ok()) && at.peek().is_none()
}

struct Unreadable;

/// Reads forward only. What fails takes nothing.
struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

fn is_end(b: u8) -> bool {
    b == b'\n' || b == b'\r'
}

/// How many bytes the blank takes that a text begins with; none if it begins with something else. Blanks are what Python calls so.
fn blank(text: &[u8]) -> usize {
    match text {
        [b' ' | b'\t'..=b'\r' | 0x1c..=0x1f, ..] => 1,
        [0xc2, 0x85 | 0xa0, ..] => 2,
        [0xe1, 0x9a, 0x80, ..] | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf, ..] | [0xe2, 0x81, 0x9f, ..] | [0xe3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// Without the blanks at its end.
fn trim_end(text: &[u8]) -> &[u8] {
    let ends_in = |text: &[u8]| (1..=3).find(|&n| text.len() >= n && blank(&text[text.len() - n..]) == n);
    let mut text = text;
    while let Some(n) = ends_in(text) {
        text = &text[..text.len() - n];
    }
    text
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t [u8] {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Passes blanks; of line ends those that are wanted.
    fn skip(&mut self, ends: impl Fn(u8) -> bool) {
        loop {
            let len = blank(self.rest());
            if len == 0 || self.peek().is_some_and(|b| is_end(b) && !ends(b)) {
                return;
            }
            self.at += len;
        }
    }

    fn blanks(&mut self) {
        self.skip(|_| false);
    }

    /// The rest of the line.
    fn until_end(&mut self) -> &'t [u8] {
        let rest = self.rest();
        let len = rest.iter().position(|&b| is_end(b)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// A name, and its value if it has one; none: a comment.
    #[allow(clippy::type_complexity)]
    fn binding(&mut self) -> Result<Option<(Vec<u8>, Option<Vec<u8>>)>, Unreadable> {
        if self.rest().strip_prefix(b"export").is_some_and(|rest| blank(rest) > 0 && !is_end(rest[0])) {
            self.at += "export".len();
            self.blanks();
        }
        let key = self.key()?;
        self.blanks();
        let value = if self.peek() == Some(b'=') {
            self.at += 1;
            self.blanks();
            Some(self.value()?)
        } else {
            None
        };
        self.blanks();
        if self.peek() == Some(b'#') {
            self.until_end();
        }
        if self.peek().is_some_and(|b| !is_end(b)) {
            return Err(Unreadable);
        }
        Ok(key.map(|key| (key.into_owned(), value)))
    }

    fn key(&mut self) -> Result<Option<Cow<'t, [u8]>>, Unreadable> {
        let rest = self.rest();
        let (key, len) = match rest.first() {
            Some(b'#') => return Ok(None),
            Some(b'\'') => {
                let len = rest[1..].iter().position(|&b| b == b'\'').ok_or(Unreadable)?;
                (unix_lines(&rest[1..=len]), len + 2)
            }
            _ => {
                let ends = |&at: &usize| matches!(rest[at], b'=' | b'#') || blank(&rest[at..]) > 0;
                let len = (0..rest.len()).find(ends).unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..len]), len)
            }
        };
        if key.is_empty() {
            return Err(Unreadable);
        }
        self.at += len;
        Ok(Some(key))
    }

    fn value(&mut self) -> Result<Vec<u8>, Unreadable> {
        match self.peek() {
            Some(quote @ b'\'') => Ok(unescape(&unix_lines(self.quoted(quote)?), b"\\'")),
            Some(quote @ b'"') => Ok(unescape(&unix_lines(self.quoted(quote)?), b"\\'\"abfnrtv")),
            _ => {
                let line = self.until_end();
                let comment = (1..line.len()).find(|&at| line[at] == b'#' && trim_end(&line[..at]).len() < at);
                Ok(trim_end(&line[..comment.unwrap_or(line.len())]).to_vec())
            }
        }
    }

    /// Up to the closing quote. One behind a backslash does not close, unless no other does: then the last of them.
    fn quoted(&mut self, quote: u8) -> Result<&'t [u8], Unreadable> {
        let inner = &self.rest()[1..];
        let (mut at, mut escaped) = (0, None);
        let end = loop {
            match inner.get(at) {
                None => break escaped.ok_or(Unreadable)?,
                Some(b'\\') if inner.get(at + 1) == Some(&quote) => {
                    escaped = Some(at + 1);
                    at += 2;
                }
                Some(&b) if b == quote => break at,
                Some(_) => at += 1,
            }
        };
        self.at += end + 2;
        Ok(&inner[..end])
    }
}

/// Python opens a file as text, in which CR LF and CR are line feeds. Outside of quotes they end what is read.
fn unix_lines(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\r') {
        return Cow::Borrowed(text);
    }
    let is_end = |(at, &b): (usize, &u8)| match b {
        b'\r' if text.get(at + 1) == Some(&b'\n') => None,
        b'\r' => Some(b'\n'),
        b => Some(b),
    };
    Cow::Owned(text.iter().enumerate().filter_map(is_end).collect())
}

fn unescape(text: &[u8], known: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        match tail.first() {
            Some(next) if first == b'\\' && known.contains(next) => {
                out.push(match next {
                    b'a' => 0x07,
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 0x0b,
                    other => *other,
                });
                rest = &tail[1..];
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}
