//! How a value is spelled at the site of a token. Sealing and opening both ask here, so a hint is left out exactly where opening
//! finds the bytes by itself. These rules belong to version 1 of the hint payload.

use zeroize::Zeroizing;

use super::detail::{Scanned, Site};
use super::parse::{Props, Tag, Written, scalar_of};
use super::print::{self, Style};
use super::scalar::{self, Read};
use crate::draft::{joined_text, most_of_value};
use crate::value::Value;

/// Writes a value in the style that is visible at a site. False: it does not fit under the block header that stands there.
/// `last`: nothing but the metadata follows, so a text without its last line feed may stand under `|`.
pub(super) fn spell(out: &mut Vec<u8>, value: &Value, site: &Site, header: Option<&Header<'_>>) -> bool {
    match header {
        Some(header) => body(out, value, site, header),
        None => {
            print::scalar(out, value, site.style(), &site.place());
            true
        }
    }
}

/// What [`spell`] writes at most, or a block scalar in its place.
pub(super) fn room(value: &Value, site: &Site, header: Option<&Header<'_>>) -> usize {
    most_of_value(value, site.place().column.max(header.map_or(0, |header| header.indent)))
}

/// Would [`spell`] give these source bytes? Quick, and right only where it says yes.
pub(super) fn plainly_canonical(source: &[u8], site: &Site) -> bool {
    match (site.written, source) {
        (Written::Plain, _) => site.tag == Tag::None && print::simply(source, Style::Plain).is_some(),
        (Written::Single, [b'\'', inner @ .., b'\'']) => print::simply(inner, Style::Single).is_some(),
        (Written::Double, [b'"', inner @ .., b'"']) => print::simply(inner, Style::Double).is_some(),
        _ => false,
    }
}

/// The header of a block scalar, as far as the lines below it depend on it.
pub(super) struct Header<'t> {
    pub text: &'t [u8],
    pub indent: usize,
    pub crlf: bool,
}

impl Scanned {
    pub(super) fn header<'t>(&self, text: &'t [u8], site: &Site) -> Option<Header<'t>> {
        let props: &Props = if site.written.is_block() && !site.alias { self.props(site)? } else { return None };
        let rest = &text[props.header.end as usize..];
        let line_end = rest.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
        Some(Header { text: &text[props.header.range()], indent: props.indent as usize, crlf: rest[line_end..].starts_with(b"\r\n") })
    }
}

/// The lines below a literal's header.
fn body(out: &mut Vec<u8>, value: &Value, site: &Site, header: &Header<'_>) -> bool {
    let Value::Str(bytes) = value else { return false };
    let Ok(text) = std::str::from_utf8(bytes.as_slice()) else { return false };
    let Some(first) = text.bytes().find(|&b| b != b'\n') else { return false };
    let digit = header.text.iter().any(u8::is_ascii_digit);
    let odd = |c: char| {
        (c < ' ' && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    if site.written != Written::Literal || (!digit && (first == b' ' || first == b'\t')) || text.contains(odd) {
        return false;
    }
    let ends = text.len() - text.trim_end_matches('\n').len();
    let (strip, keep) = (header.text.contains(&b'-'), header.text.contains(&b'+'));
    let fits = match ends {
        _ if keep => ends > 0,
        0 => strip,
        1 => !strip,
        _ => false,
    };
    if !fits {
        return false;
    }
    let line_break: &[u8] = if header.crlf { b"\r\n" } else { b"\n" };
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.resize(out.len() + header.indent, b' ');
            out.extend_from_slice(line.as_bytes());
        }
        out.extend_from_slice(line_break);
    }
    true
}

/// The style of a text without quotes.
pub(super) const AS_IT_IS: u8 = 0;

/// How many styles a hint can name that stand at the token's own place.
const STYLES: u8 = 7;

/// A literal whose header keeps one line feed, or all of them, where `-` stands while it is sealed (`as_sealed`).
pub(super) const CLIPS: u8 = 7;
pub(super) const KEEPS: u8 = 8;

/// The header of a block scalar while a token stands below it: so that the token is all that is read there, by whoever looks for one, no line feed belongs to it.
pub(super) fn as_sealed(header: &[u8]) -> Vec<u8> {
    let keeps = header.contains(&b'+');
    let mut sealed: Vec<u8> = header.iter().map(|&b| if b == b'+' { b'-' } else { b }).collect();
    if !keeps && !header.contains(&b'-') {
        sealed.push(b'-');
    }
    sealed
}

/// The header that a style stands for where this one is seen.
pub(super) fn as_written(sealed: &[u8], style: u8) -> Option<Vec<u8>> {
    sealed.contains(&b'-').then_some(())?;
    match style {
        CLIPS => Some(sealed.iter().copied().filter(|&b| b != b'-').collect()),
        KEEPS => Some(sealed.iter().map(|&b| if b == b'-' { b'+' } else { b }).collect()),
        _ => None,
    }
}

/// The style that gives back a header that is sealed as another one.
pub(super) fn header_style(header: &[u8]) -> Option<u8> {
    let style = if header.contains(&b'+') { KEEPS } else { CLIPS };
    as_written(&as_sealed(header), style).is_some_and(|written| written == header).then_some(style)
}

/// A value in one of the styles that a hint can name by a number.
pub(super) fn styled(value: &Value, style: u8, site: &Site) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(room(value, site, None)));
    match (style, value) {
        (AS_IT_IS, Value::Str(bytes)) => out.extend_from_slice(bytes.as_slice()),
        (1, Value::Str(_)) => print::scalar(&mut out, value, Style::Single, &site.place()),
        (2, Value::Str(_)) => print::scalar(&mut out, value, Style::Double, &site.place()),
        (3, Value::Bool(b)) => out.extend_from_slice(if *b { b"True" } else { b"False" }),
        (4, Value::Bool(b)) => out.extend_from_slice(if *b { b"TRUE" } else { b"FALSE" }),
        (5, Value::Float(_)) => {
            print::scalar(&mut out, value, Style::Plain, &site.place());
            out.extend_from_slice(b".0");
        }
        (6, Value::Time(time)) => out.extend_from_slice(time.as_str().strip_suffix("T00:00:00Z")?.as_bytes()),
        _ => return None,
    }
    Some(out)
}

/// The number of the style that gives these bytes.
pub(super) fn style_of(value: &Value, source: &[u8], site: &Site) -> Option<u8> {
    if let Value::Str(bytes) = value
        && bytes.as_slice() == source
    {
        return Some(AS_IT_IS);
    }
    (1..STYLES).find(|&n| styled(value, n, site).is_some_and(|bytes| *bytes == source))
}

/// Do these bytes have this value where the token stood?
pub(super) fn holds(bytes: &[u8], value: &Value, site: &Site, header: Option<&Header<'_>>, last: bool) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (mut read, written, own_tag) = match simple(text, site, header) {
        Some((text, written)) => (joined_text(&[text]), written, Tag::None),
        None => match snippet(text, site, header).and_then(|snippet| scalar_of(&snippet)) {
            Some(found) => found,
            None => return false,
        },
    };
    if last && header.is_some_and(|h| !h.text.contains(&b'+')) && !text.ends_with('\n') {
        let length = read.trim_end_matches('\n').len();
        read.truncate(length);
    }
    // A tag of the author's stays in the sealed text; one that comes by a hint was put there by somebody else.
    if own_tag == Tag::Other && site.tag == Tag::None {
        return false;
    }
    let tag = if own_tag == Tag::None { site.tag } else { own_tag };
    match scalar::read(&read, written, tag) {
        Read::Value(found) => found.same(value),
        Read::Unsigned(found) => Value::Float(found).same(value),
        Read::Null | Read::Bad(_) => false,
    }
}

/// The common cases, without the parser: one word, or quotes without escapes.
fn simple<'t>(text: &'t str, site: &Site, header: Option<&Header<'_>>) -> Option<(&'t str, Written)> {
    if header.is_some() || site.tag != Tag::None {
        return None;
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-' | b'+');
    let first = *text.as_bytes().first()?;
    if (first.is_ascii_alphanumeric() || first == b'.' || first == b'/') && text.bytes().all(plain) && !text.starts_with("...") {
        return Some((text, Written::Plain));
    }
    let quoted = |quote: char| text.len() >= 2 && text.ends_with(quote);
    let inner = || &text[1..text.len() - 1];
    let written = match first {
        b'"' if quoted('"') => Written::Double,
        b'\'' if quoted('\'') => Written::Single,
        _ => return None,
    };
    let simple = inner().bytes().all(|b| b >= b' ' && !matches!(b, b'"' | b'\'' | b'\\' | 0x7f | 0xe2));
    simple.then(|| (inner(), written))
}

/// A small document with the bytes at a place like the token's.
fn snippet(text: &str, site: &Site, header: Option<&Header<'_>>) -> Option<Zeroizing<String>> {
    let tag = match site.tag {
        Tag::None => "",
        Tag::Str => "!!str ",
        Tag::NonSpecific => "! ",
        _ => "!x ",
    };
    let indent = " ".repeat(site.parent as usize);
    Some(match header {
        Some(header) => joined_text(&[&indent, "k: ", tag, std::str::from_utf8(header.text).ok()?, "\n", text]),
        None if site.flow => joined_text(&["{k: ", tag, text, " }\n"]),
        // A block scalar that brings its header along ends its last line itself, or the text ends there.
        None => joined_text(&[&indent, "k: ", tag, text, if text.starts_with(['|', '>']) { "" } else { "\n" }]),
    })
}
