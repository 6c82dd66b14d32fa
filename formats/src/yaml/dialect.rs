//! Where go-yaml (libyaml, YAML 1.1) and our parser (1.2) differ: found and refused (docs/lossless-documents.md 4.4, classes G1 to G8).

use std::ops::Range;

use super::parse::Written;
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::Span;

fn refuse(text: &[u8], at: usize, what: &str) -> SyntaxError {
    SyntaxError::at(text, at, SyntaxClass::Dialect, what)
}

/// G1.
pub(super) fn unicode_break(text: &[u8], at: usize) -> SyntaxError {
    let what = "a line break of Unicode (U+0085, U+2028 or U+2029) that YAML versions read differently; write it as an escape";
    refuse(text, at, what)
}

/// What go-yaml reads in single quotes or a literal that hold U+2028 or U+2029, as SOPS writes them there: breaks of lines that stay, without the blanks
/// round them, or (a literal) without the indentation behind them. `source` is what stands in the quotes, or the lines, whose column and whether
/// all line feeds stay are known. None: it may be read otherwise.
pub(super) fn with_unicode_breaks(text: &str, source: &str, style: Written, (indent, keeps): (usize, bool)) -> Option<String> {
    let is_break = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    match style {
        Written::Single => {
            // Beside other breaks it depends on which comes first.
            let beside = |part: &str| {
                part.trim_matches([' ', '\t']).starts_with(['\n', '\r']) || part.trim_matches([' ', '\t']).ends_with(['\n', '\r'])
            };
            if source.split(is_break).any(beside) {
                return None;
            }
            while let Some((before, behind)) = rest.split_once(is_break) {
                out.push_str(before.trim_end_matches([' ', '\t']));
                out.extend(rest[before.len()..].chars().next());
                rest = behind.trim_start_matches([' ', '\t']);
            }
        }
        // The last break of a literal may be this one, and another than the line feed goes.
        Written::Literal if !keeps && text.trim_end_matches('\n').ends_with(is_break) => return None,
        Written::Literal => {
            while let Some((before, behind)) = rest.split_once(is_break) {
                out.push_str(before);
                out.extend(rest[before.len()..].chars().next());
                let spaces = behind.len() - behind.trim_start_matches(' ').len();
                if spaces < indent && !behind[spaces..].starts_with(|c| c == '\n' || is_break(c)) {
                    return None;
                }
                rest = &behind[spaces.min(indent)..];
            }
        }
        Written::Plain | Written::Double | Written::Folded => return None,
    }
    out.push_str(rest);
    Some(out)
}

/// UTF-8 without the characters that go-yaml refuses (G7) or reads as line feeds (G1).
pub(super) fn check_bytes(bytes: &[u8]) -> Result<&str, SyntaxError> {
    let text =
        std::str::from_utf8(bytes).map_err(|e| SyntaxError::at(bytes, e.valid_up_to(), SyntaxClass::Syntax, "the text is not UTF-8"))?;
    if text.starts_with("\u{feff}\u{feff}") {
        return Err(refuse(bytes, 3, "a second byte-order mark"));
    }
    let mut at = 0;
    while let Some(found) = first_odd(&bytes[at..]) {
        at += found;
        match &bytes[at..] {
            // Where these may stand is seen once it is known what stands where.
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => at += 3,
            [0xc2, 0x85, ..] => return Err(unicode_break(bytes, at)),
            [0xc2, 0x80..=0x9f, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => {
                return Err(refuse(bytes, at, "a control character that YAML does not allow; write it as an escape"));
            }
            [0xc2 | 0xe2 | 0xef, ..] => at += 1,
            _ => return Err(refuse(bytes, at, "a control character that YAML does not allow; write it as an escape")),
        }
    }
    Ok(text)
}

/// The first byte that may begin what go-yaml refuses. Blocks are judged whole, without a branch a byte: nearly all are harmless.
fn first_odd(bytes: &[u8]) -> Option<usize> {
    let odd = |b: u8| (b < 0x20) & (b != b'\n') & (b != b'\r') & (b != b'\t') | (b == 0x7f) | (b == 0xc2) | (b == 0xe2) | (b == 0xef);
    let mut at = 0;
    for block in bytes.chunks(64) {
        if block.iter().fold(false, |any, &b| any | odd(b)) {
            return block.iter().position(|&b| odd(b)).map(|i| at + i);
        }
        at += block.len();
    }
    None
}

/// The `%YAML 1.2` lines, which must not be seen in a sealed text (G8). Go-yaml knows no other directives but `%TAG`.
pub(super) fn directives(text: &str) -> Result<Vec<Span>, SyntaxError> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    if !text.contains('%') {
        return Ok(found);
    }
    let mut at = 0;
    // Can a directive stand here: only blank lines, comments and directives up to the start or a `...`?
    let mut place = true;
    while at < text.len() {
        let end = text[at..].find(['\n', '\r']).map_or(text.len(), |n| at + n);
        let start = if at == 0 && text.starts_with('\u{feff}') { 3 } else { at };
        let line = &text[start..end];
        at = super::parse::behind_break(bytes, end);
        if place && line.starts_with('%') {
            let (name, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            let version = rest.split('#').next().unwrap_or_default().trim();
            match name {
                // The parser takes `%TAG !e!tag:x` for a handle and its prefix.
                "%TAG" if !ends_at_a_blank(rest.trim_start()) => {
                    return Err(refuse(bytes, start, "a %TAG without a blank behind its handle"));
                }
                "%TAG" => {}
                "%YAML" if version == "1.1" => {}
                "%YAML" => found.push(Span::new(start, at)),
                _ => return Err(refuse(bytes, start, "a directive that is neither %YAML nor %TAG")),
            }
        } else {
            let empty = line.trim().is_empty() || line.trim_start().starts_with('#');
            place = line.starts_with("...") || place && empty;
        }
    }
    Ok(found)
}

/// Does the handle, `!` or `!name!`, end before a blank? What is no handle at all is the parser's to refuse.
fn ends_at_a_blank(rest: &str) -> bool {
    let handle = rest.split([' ', '\t']).next().unwrap_or_default();
    handle.strip_prefix('!').is_none_or(|name| name.find('!').is_none_or(|end| end + 1 == name.len()))
}

/// G4: names of anchors.
pub(super) fn check_name(text: &str, at: usize, name: &str) -> Result<(), SyntaxError> {
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Ok(());
    }
    Err(refuse(text.as_bytes(), at, "the name of an anchor may only hold letters, digits, '_' and '-'"))
}

/// G2, G3, G6, G7 and T3 of one flow scalar.
pub(super) fn check_scalar(text: &str, range: &Range<usize>, style: Written, in_flow: bool) -> Result<(), SyntaxError> {
    let bytes = text.as_bytes();
    let inner = &bytes[range.clone()];
    match style {
        Written::Plain if in_flow && !inner.is_empty() => {
            if matches!(inner[0], b'?' | b':') {
                return Err(refuse(bytes, range.start, "unquoted text in a flow collection that begins with '?' or ':'"));
            }
            if let [b':', b',' | b']' | b'}', ..] = bytes[range.end..] {
                return Err(refuse(bytes, range.end, "a ':' directly before ',', ']' or '}'"));
            }
        }
        Written::Double => {
            if let Some(at) = inner.iter().position(|&b| b == b'\\') {
                check_escapes(bytes, range.start + at, range.end)?;
            }
        }
        _ => {}
    }
    match style.is_quoted() {
        true if in_flow => Ok(()),
        true => check_tabs_behind(bytes, range.end),
        false if in_flow => check_tabs(bytes, range),
        false => Ok(()),
    }
}

fn check_escapes(bytes: &[u8], from: usize, end: usize) -> Result<(), SyntaxError> {
    let mut at = from;
    while at + 1 < end {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match &bytes[at + 1..end] {
            [b'/', ..] => return Err(refuse(bytes, at, "the escape '\\/', which only YAML 1.2 has")),
            [b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..] => {
                return Err(refuse(bytes, at, "an escape of half a character (a surrogate)"));
            }
            _ => at += 2,
        }
    }
    Ok(())
}

/// Tabs before a further line of text without quotes (G7). In quotes go-yaml reads them as blanks.
fn check_tabs(bytes: &[u8], range: &Range<usize>) -> Result<(), SyntaxError> {
    let mut rest = &bytes[range.clone()];
    let mut at = range.start;
    while let Some(line) = rest.iter().position(|&b| b == b'\n') {
        at += line + 1;
        rest = &rest[line + 1..];
        let blanks = rest.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        if rest[..blanks].contains(&b'\t') {
            return Err(refuse(bytes, at, "a tab in the indentation"));
        }
    }
    Ok(())
}

/// A tab on a blank line behind a quoted scalar (T3).
fn check_tabs_behind(bytes: &[u8], end: usize) -> Result<(), SyntaxError> {
    let mut at = end;
    loop {
        let line = bytes[at..].iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        let first = at == end;
        match bytes.get(at + line) {
            Some(b'\n' | b'\r') if !first && bytes[at..at + line].contains(&b'\t') => {
                return Err(refuse(bytes, at, "a tab on the blank line behind a quoted value"));
            }
            Some(b'\n' | b'\r') => at = super::parse::behind_break(bytes, at + line),
            _ => return Ok(()),
        }
    }
}
