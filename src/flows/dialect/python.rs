//! python-dotenv 1.2: its grammar as its documentation and behaviour have it. A line that it cannot read is passed over, as it does.

use super::{Lookup, Pairs, expand};

pub(super) fn read(text: &[u8], lookup: Lookup<'_>) -> Pairs {
    let mut pairs = Pairs::new();
    let mut at = Reader { text, at: 0 };
    loop {
        at.skip(|b| b.is_ascii_whitespace() || b == 0x0b);
        if at.peek().is_none() {
            return pairs;
        }
        let start = at.at;
        match at.binding() {
            Some(Some((key, value))) => {
                let value = expand::python(&value, &pairs, lookup);
                pairs.push((key, value));
            }
            // A name alone has no value, and a comment no name.
            Some(None) => {}
            None => {
                at.at = start;
                at.skip(|b| !is_end(b));
            }
        }
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

fn is_end(b: u8) -> bool {
    b == b'\n' || b == b'\r'
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | 0x0b | 0x0c)
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, while_: impl Fn(u8) -> bool) -> &'t [u8] {
        let start = self.at;
        while self.peek().is_some_and(&while_) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// `None`: cannot be read.
    #[allow(clippy::option_option)]
    fn binding(&mut self) -> Option<Option<(Vec<u8>, Vec<u8>)>> {
        if self.text[self.at..].starts_with(b"export") && self.text.get(self.at + 6).copied().is_some_and(is_blank) {
            self.at += 6;
            self.skip(is_blank);
        }
        let key = match self.peek() {
            Some(b'#') => None,
            Some(b'\'') => Some(self.quoted(b'\'').filter(|key| !key.is_empty())?.to_vec()),
            _ => Some(self.skip(|b| b != b'=' && b != b'#' && !b.is_ascii_whitespace() && b != 0x0b))
                .filter(|key| !key.is_empty())
                .map(<[u8]>::to_vec),
        };
        if key.is_none() && self.peek() != Some(b'#') {
            return None;
        }
        self.skip(is_blank);
        let value = if self.peek() == Some(b'=') {
            self.at += 1;
            self.skip(is_blank);
            Some(self.value()?)
        } else {
            None
        };
        self.skip(is_blank);
        if self.peek() == Some(b'#') {
            self.skip(|b| !is_end(b));
        }
        self.skip(is_blank);
        if self.peek().is_some_and(|b| !is_end(b)) {
            return None;
        }
        Some(key.zip(value))
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        match self.peek() {
            Some(quote @ b'\'') => Some(unescape(self.quoted(quote)?, b"\\'")),
            Some(quote @ b'"') => Some(unescape(self.quoted(quote)?, b"\\'\"abfnrtv")),
            _ => {
                let line = self.skip(|b| !is_end(b));
                let comment = line.windows(2).position(|pair| (is_blank(pair[0])) && pair[1] == b'#');
                let value = &line[..comment.unwrap_or(line.len())];
                Some(value.trim_ascii_end().to_vec())
            }
        }
    }

    /// Up to the closing quote; one behind a backslash does not close.
    fn quoted(&mut self, quote: u8) -> Option<&'t [u8]> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            match self.text.get(end)? {
                b'\\' if self.text.get(end + 1) == Some(&quote) && self.text[end + 2..].contains(&quote) => end += 2,
                b if *b == quote => break,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        Some(&self.text[start..end])
    }
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
