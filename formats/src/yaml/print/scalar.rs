//! One scalar as go-yaml's emitter writes it (docs/lossless-documents.md, section 10, "YAML strings").
//!
//! These rules are part of the hint payload's version: a hint is left out where they give the source bytes. Another rule is another version.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::facts::{Facts, is_break, is_separator, is_special};
use super::plain::stays_string;
use crate::value::{Value, yaml_float};

/// The style a scalar is asked for in. Where it cannot hold the text, another one is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Single,
    Double,
    Literal,
    /// Never written: literal in its place.
    Folded,
}

/// Where a scalar stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Column at which the content of a block scalar starts.
    pub column: usize,
    /// The parent's column: a block header's digit is `column - parent`.
    pub parent: usize,
    /// Inside `[]` or `{}`.
    pub flow: bool,
    /// A key on one line.
    pub key: bool,
}

/// What [`write()`] needs besides.
#[derive(Clone, Copy, Default)]
pub(super) struct Extra<'a> {
    /// Exactly as SOPS prints it, even if it does not read back: the emitter's indentation.
    pub sops: Option<usize>,
    /// A comment that belongs behind a block scalar's header (`#` included), else behind the value.
    pub comment: &'a [u8],
}

/// Writes a value in the style asked for, or the one that go-yaml falls back to. Only strings have styles. No line feed at the
/// end, save the ones that belong to a block scalar's text.
pub(crate) fn scalar(out: &mut Vec<u8>, value: &Value, wanted: Style, place: &Place) {
    write(out, value, wanted, place, Extra::default());
}

/// See [`scalar`]; says why the text does not read back (only as SOPS prints it). The comment is written too.
pub(super) fn write(out: &mut Vec<u8>, value: &Value, wanted: Style, place: &Place, extra: Extra<'_>) -> Option<&'static str> {
    let plain = match value {
        Value::Str(bytes) => return string(out, bytes.as_slice(), wanted, place, extra),
        Value::Int(n) => n.to_string(),
        Value::Float(v) => yaml_float(*v),
        Value::Bool(b) => b.to_string(),
        Value::Time(time) => time.as_str().to_owned(),
    };
    out.extend_from_slice(plain.as_bytes());
    behind(out, extra.comment);
    None
}

/// A string value or a key.
pub(super) fn string(out: &mut Vec<u8>, bytes: &[u8], wanted: Style, place: &Place, extra: Extra<'_>) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        binary(out, bytes, place, extra);
        return None;
    };
    if let Some(quote) = simply(bytes, wanted) {
        out.extend_from_slice(quote);
        out.extend_from_slice(bytes);
        out.extend_from_slice(quote);
        behind(out, extra.comment);
        return None;
    }
    let facts = Facts::of(text);
    if extra.sops.is_some() && facts.lost(text) {
        out.extend_from_slice(b"null");
        behind(out, extra.comment);
        return Some("SOPS loses a text with a line feed that starts with a tab: it prints null");
    }
    let raw = extra.sops.is_some() && facts.separator;
    match style(text, &facts, wanted, place, raw) {
        Style::Plain => {
            if text == "<<" {
                out.extend_from_slice(b"!!merge ");
            }
            out.extend_from_slice(bytes);
        }
        Style::Single if raw => single_with_separators(out, text, place.column),
        Style::Single => single(out, text),
        Style::Double => double(out, text),
        Style::Literal | Style::Folded => return literal(out, text, place, extra),
    }
    behind(out, extra.comment);
    raw.then_some(SEPARATORS)
}

const SEPARATORS: &str = "SOPS prints U+2028 and U+2029 as they are, and its reader takes them for line breaks";

/// Does SOPS lose this text? Its own reader stumbles over the tab at the start of the block.
pub(super) fn is_lost(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\t") && std::str::from_utf8(bytes).is_ok_and(|text| Facts::of(text).lost(text))
}

/// The quotes for a text whose spelling needs no thought in that style: most of them. What the rules below give, sooner.
pub(crate) fn simply(text: &[u8], wanted: Style) -> Option<&'static [u8]> {
    match wanted {
        // Longer than any word that means something else than itself, and none of its characters does.
        Style::Plain if text.len() > 5 && text[0].is_ascii_alphabetic() => {
            let harmless = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'+');
            text.iter().all(harmless).then_some(b"")
        }
        Style::Single | Style::Double => {
            let harmless = |b: u8| (0x20..0x7f).contains(&b) & (b != b'\'') & (b != b'"') & (b != b'\\');
            let quote: &[u8] = if wanted == Style::Single { b"'" } else { b"\"" };
            text.iter().fold(true, |all, &b| all & harmless(b)).then_some(quote)
        }
        _ => None,
    }
}

pub(super) fn behind(out: &mut Vec<u8>, comment: &[u8]) {
    if !comment.is_empty() {
        out.push(b' ');
        out.extend_from_slice(comment);
    }
}

/// Rules 2 to 6 for a plain scalar, the emitter's fallbacks for the other styles. `raw`: separators are written as they are.
fn style(text: &str, facts: &Facts, wanted: Style, place: &Place, raw: bool) -> Style {
    if facts.separator && !raw {
        return Style::Double;
    }
    let outer_space = text.starts_with(' ') || text.ends_with(' ');
    let single_holds = !(facts.special || facts.tab || facts.space_break || facts.break_space || facts.lf);
    // Not what go-yaml does with a tab first: its own output does not read back.
    let literal_holds = !(text.is_empty()
        || text.ends_with(' ')
        || text.starts_with('\t')
        || facts.special
        || facts.space_break
        || place.flow
        || place.key);
    let wanted = match wanted {
        Style::Plain if facts.lf => Style::Literal,
        Style::Plain if !stays_string(text) => Style::Double,
        Style::Folded => Style::Literal,
        other => other,
    };
    match wanted {
        Style::Plain => {
            let indicator = if place.flow { facts.flow_indicator } else { facts.block_indicator };
            match (single_holds, outer_space || indicator || raw) {
                (false, _) => Style::Double,
                (true, true) => Style::Single,
                (true, false) => Style::Plain,
            }
        }
        Style::Single if single_holds => Style::Single,
        Style::Literal | Style::Folded if literal_holds => Style::Literal,
        _ => Style::Double,
    }
}

fn single(out: &mut Vec<u8>, text: &str) {
    out.push(b'\'');
    for b in text.bytes() {
        out.push(b);
        if b == b'\'' {
            out.push(b);
        }
    }
    out.push(b'\'');
}

/// What SOPS prints for U+2028 and U+2029: indentation behind each run, as if a line had begun.
fn single_with_separators(out: &mut Vec<u8>, text: &str, column: usize) {
    out.push(b'\'');
    let mut broken = false;
    for c in text.chars() {
        if is_break(c) {
            broken = true;
        } else if std::mem::take(&mut broken) {
            out.resize(out.len() + column, b' ');
        }
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        if c == '\'' {
            out.push(b'\'');
        }
    }
    out.push(b'\'');
}

fn double(out: &mut Vec<u8>, text: &str) {
    use std::io::Write as _;
    // go-yaml looks for the mark at the start of the text, whichever character it is at.
    let all = text.starts_with('\u{feff}');
    out.push(b'"');
    for c in text.chars() {
        if !all && c != '"' && c != '\\' && c != '\t' && !is_break(c) && !is_special(c) {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        out.push(b'\\');
        let short = match c {
            '\0' => b'0',
            '\u{7}' => b'a',
            '\u{8}' => b'b',
            '\t' => b't',
            '\n' => b'n',
            '\u{b}' => b'v',
            '\u{c}' => b'f',
            '\r' => b'r',
            '\u{1b}' => b'e',
            '"' => b'"',
            '\\' => b'\\',
            '\u{85}' => b'N',
            '\u{a0}' => b'_',
            '\u{2028}' => b'L',
            '\u{2029}' => b'P',
            _ => 0,
        };
        let n = u32::from(c);
        let written = match (short, n) {
            (0, 0..=0xff) => write!(out, "x{n:02X}"),
            (0, 0x100..=0xffff) => write!(out, "u{n:04X}"),
            (0, _) => write!(out, "U{n:08X}"),
            (short, _) => out.write_all(&[short]),
        };
        written.expect("a vector takes all");
    }
    out.push(b'"');
}

/// Header, comment, and the lines at their column; empty lines stay empty. A last line feed belongs to the text, so it is written.
fn literal(out: &mut Vec<u8>, text: &str, place: &Place, extra: Extra<'_>) -> Option<&'static str> {
    let mut wrong = None;
    out.push(b'|');
    if text.starts_with(|c| c == ' ' || is_break(c)) {
        let right = place.column - place.parent;
        let digit = extra.sops.unwrap_or(right);
        if digit != right {
            wrong = Some("SOPS writes the wrong indentation into the header of this block: it does not read back");
        }
        out.extend_from_slice(digit.to_string().as_bytes());
    }
    let mut last = text.chars().rev();
    match (last.next().is_some_and(is_break), last.next().is_none_or(is_break)) {
        (false, _) => out.push(b'-'),
        (true, true) => out.push(b'+'),
        (true, false) => {}
    }
    behind(out, extra.comment);
    out.push(b'\n');
    let mut starts = true;
    for c in text.strip_suffix('\n').unwrap_or(text).chars() {
        if is_break(c) {
            starts = true;
        } else if std::mem::take(&mut starts) {
            out.resize(out.len() + place.column, b' ');
        }
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    // Behind a separator the emitter writes all line feeds, and believes that a line has begun.
    if text.ends_with('\n') && text.trim_end_matches('\n').ends_with(is_separator) {
        out.push(b'\n');
    }
    wrong.or_else(|| text.contains(is_separator).then_some(SEPARATORS))
}

/// What is not UTF-8: base64, over 70 characters in lines of 70.
fn binary(out: &mut Vec<u8>, bytes: &[u8], place: &Place, extra: Extra<'_>) {
    const LINE: usize = 70;
    out.extend_from_slice(b"!!binary ");
    let code = STANDARD.encode(bytes);
    if code.len() <= LINE {
        out.extend_from_slice(code.as_bytes());
        return behind(out, extra.comment);
    }
    let mut lines = String::with_capacity(code.len() + code.len() / LINE + 1);
    for (i, c) in code.chars().enumerate() {
        if i > 0 && i % LINE == 0 {
            lines.push('\n');
        }
        lines.push(c);
    }
    lines.push('\n');
    if place.flow || place.key {
        double(out, &lines);
        behind(out, extra.comment);
    } else {
        literal(out, &lines, place, extra);
    }
}

/// Does a key of this text stand behind `? `? The emitter counts tag and text.
pub(super) fn is_complex_key(key: &[u8], sops: bool) -> bool {
    match std::str::from_utf8(key) {
        Ok(_) if sops && is_lost(key) => false,
        Ok(text) => key.len() > 128 || text.contains(is_break),
        Err(_) => key.len().div_ceil(3) * 4 > 70,
    }
}
