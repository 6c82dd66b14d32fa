//! Strings: unescaping, and escaping in SOPS's way or in a style.

use std::borrow::Cow;

use crate::find;

/// How a string is escaped: 0 is what SOPS prints (Go's HTML escaping), each bit is one habit of another writer. These are the
/// styles of hints, frozen with payload version 1.
pub(super) type Style = u8;

/// `<` `>` `&` raw.
pub(super) const RAW_HTML: Style = 1;
/// U+2028 and U+2029 raw.
pub(super) const RAW_SEPARATORS: Style = 2;
/// All that is not ASCII as `\uXXXX`, in two halves where need be.
pub(super) const ASCII: Style = 4;
/// The digits of `\uXXXX` in capitals.
pub(super) const CAPITALS: Style = 8;
/// `/` as `\/`.
pub(super) const SLASH: Style = 16;
/// Backspace and form feed as `\u0008` and `\u000c`.
pub(super) const LONG_CONTROLS: Style = 32;
/// DEL as `\u007f`.
pub(super) const DELETE: Style = 64;
/// All bits that have a meaning.
pub(super) const ALL: Style = 127;

/// What stands between the quotes, unescaped. A lone half of a pair is U+FFFD, as in Go. `inner` has been scanned.
pub(super) fn decode(inner: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = find::byte(b'\\', inner) else { return Cow::Borrowed(inner) };
    let mut out = Vec::with_capacity(inner.len());
    out.extend_from_slice(&inner[..first]);
    let mut rest = &inner[first..];
    while let [b'\\', kind, tail @ ..] = rest {
        rest = tail;
        match kind {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let (c, used) = unicode(rest);
                rest = &rest[used..];
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(*other),
        }
        let plain = rest.iter().position(|&b| b == b'\\').unwrap_or(rest.len());
        out.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(out)
}

/// The character of four digits, or of two halves; and how many bytes it took.
fn unicode(text: &[u8]) -> (char, usize) {
    let high = digits(text);
    if let Some(c) = char::from_u32(high) {
        return (c, 4);
    }
    if high < 0xdc00 && text[4..].starts_with(b"\\u") {
        let low = digits(&text[6..]);
        if (0xdc00..0xe000).contains(&low) {
            let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return (char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
        }
    }
    (char::REPLACEMENT_CHARACTER, 4)
}

fn digits(text: &[u8]) -> u32 {
    text.iter().take(4).fold(0, |n, &b| n * 16 + char::from(b).to_digit(16).unwrap_or(0))
}

/// Appends `text` in quotes.
pub(super) fn encode(out: &mut Vec<u8>, text: &str, style: Style) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut at = 0;
    while at < bytes.len() {
        let b = bytes[at];
        if !may_change(b, style) {
            at += 1;
            continue;
        }
        let c = text[at..].chars().next().unwrap_or_default();
        let end = at + c.len_utf8();
        if changes(c, style) {
            out.extend_from_slice(&bytes[done..at]);
            escape(out, c, style);
            done = end;
        }
        at = end;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

/// Is a string with this between its quotes spelled as SOPS would? Quick, and right only where it says yes.
pub(super) fn plainly_canonical(inner: &[u8]) -> bool {
    let mut at = 0;
    while let Some(i) = inner[at..].iter().position(|&b| matches!(b, b'\\' | b'<' | b'>' | b'&' | 0xe2)) {
        at += i;
        if inner[at] != 0xe2 || separator(&inner[at..]) {
            return false;
        }
        at += 1;
    }
    true
}

/// The style that a string seems to be in: all habits that show.
pub(super) fn style_of(inner: &[u8]) -> Style {
    let mut style = 0;
    let mut at = 0;
    while at < inner.len() {
        match inner[at] {
            b'<' | b'>' | b'&' => style |= RAW_HTML,
            0xe2 if separator(&inner[at..]) => style |= RAW_SEPARATORS,
            b'\\' => {
                at += 1;
                match inner.get(at) {
                    Some(b'/') => style |= SLASH,
                    Some(b'u') => {
                        let four = &inner[at + 1..];
                        match digits(four) {
                            8 | 12 => style |= LONG_CONTROLS,
                            0x7f => style |= DELETE,
                            0..0x80 | 0x2028 | 0x2029 => {}
                            _ => style |= ASCII,
                        }
                        if four.iter().take(4).any(u8::is_ascii_uppercase) {
                            style |= CAPITALS;
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        at += 1;
    }
    style
}

fn separator(text: &[u8]) -> bool {
    matches!(text, [0xe2, 0x80, 0xa8 | 0xa9, ..])
}

fn may_change(b: u8, style: Style) -> bool {
    match b {
        b'"' | b'\\' | 0..0x20 | b'<' | b'>' | b'&' | 0xe2 => true,
        b'/' => style & SLASH != 0,
        0x7f => style & DELETE != 0,
        0x80.. => style & ASCII != 0,
        _ => false,
    }
}

fn changes(c: char, style: Style) -> bool {
    match c {
        '<' | '>' | '&' => style & RAW_HTML == 0,
        '\u{2028}' | '\u{2029}' => style & (RAW_SEPARATORS | ASCII) != RAW_SEPARATORS,
        '\u{80}'.. => style & ASCII != 0,
        _ => true,
    }
}

fn escape(out: &mut Vec<u8>, c: char, style: Style) {
    let short = match c {
        '"' | '\\' | '/' => c as u8,
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' if style & LONG_CONTROLS == 0 => b'b',
        '\u{c}' if style & LONG_CONTROLS == 0 => b'f',
        _ => {
            let digit = if style & CAPITALS != 0 { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(b"\\u");
                out.extend([12, 8, 4, 0].map(|shift| digit[(*unit >> shift) as usize & 15]));
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends `bytes` in quotes, each byte that is not UTF-8 as `\ufffd`, as Go prints it.
pub(super) fn encode_lossy(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        let start = out.len();
        encode(out, chunk.valid(), 0);
        out.pop();
        out.remove(start);
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}
