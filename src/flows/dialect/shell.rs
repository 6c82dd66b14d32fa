//! What a POSIX shell assigns when it sources a file, without running anything; and Docker Compose's reading, which is close to it.

use super::{Bad, Lookup, Pairs, expand, line_of};

/// As a shell. What it would run is refused, and so is what it could not read.
pub(super) fn posix(text: &[u8], lookup: Lookup<'_>) -> Result<Pairs, Bad> {
    let mut pairs = Pairs::new();
    let mut at = 0;
    while at < text.len() {
        at += blanks(&text[at..]);
        match text.get(at) {
            None => break,
            Some(b'\n' | b';') => {
                at += 1;
                continue;
            }
            Some(b'#') => {
                at += line(&text[at..]);
                continue;
            }
            Some(_) => {}
        }
        let bad = |at: usize, what| Err(Bad { line: line_of(text, at), what });
        if text[at..].starts_with(b"export") && blanks(&text[at + 6..]) > 0 {
            at += 6 + blanks(&text[at + 6..]);
        }
        let name = &text[at..at + text[at..].iter().take_while(|&&b| b.is_ascii_alphanumeric() || b == b'_').count()];
        if name.is_empty() || name[0].is_ascii_digit() || text.get(at + name.len()) != Some(&b'=') {
            return bad(at, "a shell would run this line as a command");
        }
        let (value, end) = word(text, at + name.len() + 1, &pairs, lookup)?;
        pairs.push((name.to_vec(), value));
        at = end + blanks(&text[end..]);
        match text.get(at) {
            None | Some(b'\n' | b';' | b'#') => {}
            Some(_) => return bad(at, "a shell would run what stands behind the value as a command; quote the value"),
        }
    }
    Ok(pairs)
}

/// One word of a shell, from its first byte: its value, and where it ends.
fn word(text: &[u8], start: usize, pairs: &Pairs, lookup: Lookup<'_>) -> Result<(Vec<u8>, usize), Bad> {
    let bad = |at: usize, what| Bad { line: line_of(text, at), what };
    let (mut out, mut at) = (Vec::new(), start);
    let mut quoted = false;
    loop {
        let Some(&b) = text.get(at) else { return if quoted { Err(bad(start, "a quote is not closed")) } else { Ok((out, at)) } };
        match b {
            b'\'' if !quoted => {
                let len = text[at + 1..].iter().position(|&b| b == b'\'').ok_or_else(|| bad(at, "a quote is not closed"))?;
                out.extend_from_slice(&text[at + 1..at + 1 + len]);
                at += len + 2;
            }
            b'"' => {
                quoted = !quoted;
                at += 1;
            }
            b'\\' => match text.get(at + 1) {
                Some(b'\n') => at += 2,
                Some(&next) if !quoted || matches!(next, b'\\' | b'"' | b'$' | b'`') => {
                    out.push(next);
                    at += 2;
                }
                _ => {
                    out.push(b);
                    at += 1;
                }
            },
            b'`' => return Err(bad(at, "this would run a command")),
            b'$' if text.get(at + 1) == Some(&b'(') => return Err(bad(at, "this would run a command")),
            b'$' => match expand::shell(&text[at..], pairs, lookup) {
                Some((value, len)) => {
                    out.extend_from_slice(&value);
                    at += len;
                }
                None if text.get(at + 1) == Some(&b'{') => return Err(bad(at, "an expansion that is not understood")),
                None => {
                    out.push(b);
                    at += 1;
                }
            },
            b' ' | b'\t' | b'\n' | b';' if !quoted => return Ok((out, at)),
            b'|' | b'&' | b'<' | b'>' | b'(' | b')' if !quoted => {
                return Err(bad(at, "a shell takes this for an operator; quote the value"));
            }
            _ => {
                out.push(b);
                at += 1;
            }
        }
    }
}

/// As Docker Compose: a value in quotes, or up to ` #`; `NAME: value` as well, and a name alone is taken from the environment.
pub(super) fn compose(text: &[u8], lookup: Lookup<'_>) -> Result<Pairs, Bad> {
    let mut pairs = Pairs::new();
    let mut at = 0;
    while at < text.len() {
        at += text[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        match text.get(at) {
            None => break,
            Some(b'#') => {
                at += line(&text[at..]);
                continue;
            }
            Some(_) => {}
        }
        let bad = |at: usize, what| Bad { line: line_of(text, at), what };
        if text[at..].starts_with(b"export") && blanks(&text[at + 6..]) > 0 {
            at += 6 + blanks(&text[at + 6..]);
        }
        let until = at + text[at..].iter().take_while(|b| !matches!(b, b'=' | b':' | b'\n')).count();
        let name = text[at..until].trim_ascii();
        if name.is_empty() || name.iter().any(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'[' | b']'))) {
            return Err(bad(at, "this is no name of a variable"));
        }
        if !matches!(text.get(until), Some(b'=' | b':')) {
            if let Some(value) = super::known(&pairs, name, lookup) {
                pairs.push((name.to_vec(), value));
            }
            at = until;
            continue;
        }
        let start = until + 1 + blanks(&text[until + 1..]);
        let (value, end) = match text.get(start) {
            Some(b'\'') => single(text, start).ok_or_else(|| bad(start, "a quote is not closed"))?,
            Some(b'"') => double(text, start, &pairs, lookup).ok_or_else(|| bad(start, "a quote is not closed"))?,
            _ => {
                let whole = &text[start..start + line(&text[start..])];
                let comment = whole.windows(2).position(|pair| matches!(pair[0], b' ' | b'\t') && pair[1] == b'#');
                let value = if whole.starts_with(b"#") { &b""[..] } else { whole[..comment.unwrap_or(whole.len())].trim_ascii_end() };
                (expanded(value, &pairs, lookup), start + whole.len())
            }
        };
        pairs.push((name.to_vec(), value));
        at = end + line(&text[end..]);
    }
    Ok(pairs)
}

fn single(text: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let (mut out, mut at) = (Vec::new(), start + 1);
    loop {
        match *text.get(at)? {
            b'\\' if text.get(at + 1) == Some(&b'\'') => {
                out.push(b'\'');
                at += 2;
            }
            b'\'' => return Some((out, at + 1)),
            b => {
                out.push(b);
                at += 1;
            }
        }
    }
}

fn double(text: &[u8], start: usize, pairs: &Pairs, lookup: Lookup<'_>) -> Option<(Vec<u8>, usize)> {
    let (mut out, mut at) = (Vec::new(), start + 1);
    loop {
        match *text.get(at)? {
            b'"' => return Some((out, at + 1)),
            b'\\' => {
                match *text.get(at + 1)? {
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    next @ (b'\\' | b'"' | b'$') => out.push(next),
                    next => out.extend_from_slice(&[b'\\', next]),
                }
                at += 2;
            }
            b'$' if let Some((value, len)) = expand::shell(&text[at..], pairs, lookup) => {
                out.extend_from_slice(&value);
                at += len;
            }
            b => {
                out.push(b);
                at += 1;
            }
        }
    }
}

fn expanded(value: &[u8], pairs: &Pairs, lookup: Lookup<'_>) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(&b) = value.get(at) {
        match expand::shell(&value[at..], pairs, lookup) {
            Some((bytes, len)) => {
                out.extend_from_slice(&bytes);
                at += len;
            }
            None => {
                out.push(b);
                at += 1;
            }
        }
    }
    out
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Up to the line feed.
fn line(text: &[u8]) -> usize {
    text.iter().take_while(|&&b| b != b'\n').count()
}
