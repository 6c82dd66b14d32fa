//! dotenv of Node.js: `NAME=value` or `NAME: value`, three kinds of quotes, a comment at any `#` outside them; no expansion.
//!
//! What it takes for an assignment hangs on how a pattern gives way when its first try does not fit (a quote that is never closed, a name on one line
//! and its `=` on the next), so a pattern it is.

use regex::bytes::Regex;

use super::Pairs;

/// Blanks as JavaScript has them: the byte-order mark is one.
const ASSIGNMENT: &str = concat!(
    r"(?m)^[\s\x{feff}]*(?:export[\s\x{feff}]+)?((?-u:[\w.-])+)(?:[\s\x{feff}]*=[\s\x{feff}]*?|:[\s\x{feff}]+?)",
    r#"([\s\x{feff}]*'(?:\\'|[^'])*'|[\s\x{feff}]*"(?:\\"|[^"])*"|[\s\x{feff}]*`(?:\\`|[^`])*`|[^#\r\n]+)?"#,
    r"[\s\x{feff}]*(?:#.*)?$",
);

pub(super) fn read(text: &[u8]) -> Pairs {
    let text = unix_lines(text);
    let pattern = Regex::new(ASSIGNMENT).expect("the pattern is one");
    let pair = |found: regex::bytes::Captures<'_>| {
        let value = found.get(2).map(|value| trim(value.as_bytes())).unwrap_or_default();
        (found[1].to_vec(), unquoted(value))
    };
    pattern.captures_iter(&text).map(pair).collect()
}

fn unix_lines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (i, &b) in text.iter().enumerate() {
        match b {
            b'\r' if text.get(i + 1) == Some(&b'\n') => {}
            b'\r' => out.push(b'\n'),
            _ => out.push(b),
        }
    }
    out
}

fn trim(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    let inner = match value {
        [quote @ (b'\'' | b'"' | b'`'), inner @ .., last] if quote == last => inner,
        _ => value,
    };
    if value.first() == Some(&b'"') { newlines(inner) } else { inner.to_vec() }
}

/// `\n` and `\r`, which are all the escapes it has.
fn newlines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let escape = (first == b'\\').then(|| tail.first()).flatten();
        match escape {
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            _ => {
                out.push(first);
                rest = tail;
                continue;
            }
        }
        rest = &tail[1..];
    }
    out
}
