//! One value: read from its source, and spelled.
//!
//! The canonical spelling is frozen with payload version 1 of the hints (docs/sealed-file.md, section 4):
//!
//! - a string keeps the delimiter that stands around its token, where that can hold it: `'` falls back to `"` for a `'` or
//!   a control character but tab, `'''` to `"""` for a run of three `'` or a control character but tab and line ends. In `"`: `\b \t \n \f \r \" \\`,
//!   other control characters `\u00XX`, all else raw. In `"""` tabs, LF and CR LF are raw too, and of three `"` in a row the third is escaped. A multi-line string
//!   that has a line end begins with one (of the kind of its first).
//! - integers decimal; `true`, `false`; floats with shortest digits, positional with at least one digit behind the point for 0.0001 <= abs < 1e16, else
//!   `1e16`, `1.5e-7`; `inf`, `-inf`, `nan`, `-0.0`; times bare.
//!
//! Other spellings have a number, or are kept as they are:
//!
//! | style | meaning |
//! | --- | --- |
//! | 1 | a multi-line string whose first line end is the other way round: there without need, or not there |
//! | 2, 3 | integer `0x` with small, with capital digits |
//! | 4, 5 | integer `0o`, `0b` |
//! | 6 | decimal integer, `_` between groups of three digits |
//! | 7 | number with `+` |
//! | 8, 9, 10 | float with exponent `1e3`, `1e+3`, `1E3` |
//! | 11 | a string bare: dates and times |

use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::{Event, EventKind, parse_value};
use toml_parser::{ParseError, Source};
use zeroize::Zeroizing;

use crate::draft::{joined_text, most_of_text};
use crate::value::{Bytes, Kind, Value, positional, shortest};

/// What a string stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quote {
    Basic,
    Literal,
    MlBasic,
    MlLiteral,
}

impl Quote {
    /// As seen in the source; none for what is bare.
    pub fn of(source: &[u8]) -> Option<Quote> {
        Some(match source {
            [b'"', b'"', b'"', ..] => Quote::MlBasic,
            [b'\'', b'\'', b'\'', ..] => Quote::MlLiteral,
            [b'"', ..] => Quote::Basic,
            [b'\'', ..] => Quote::Literal,
            _ => return None,
        })
    }

    /// The delimiter.
    pub fn mark(self) -> &'static str {
        match self {
            Quote::Basic => "\"",
            Quote::Literal => "'",
            Quote::MlBasic => "\"\"\"",
            Quote::MlLiteral => "'''",
        }
    }
}

/// The type of a source that is a scalar.
pub(super) fn kind(source: &[u8]) -> Kind {
    match Quote::of(source) {
        Some(_) => Kind::Str,
        None => read(source).map_or(Kind::Str, |v| v.kind()),
    }
}

/// The value of a source, if it is exactly one scalar.
pub(super) fn read(source: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(source).ok()?;
    // Not beginning with what would nest: the parser counts on a guard there.
    if matches!(source.first(), None | Some(b'[' | b'{')) || text.starts_with('\u{feff}') {
        return None;
    }
    let from = Source::new(text);
    let mut events: Vec<Event> = Vec::new();
    let mut trouble = None::<ParseError>;
    parse_value(&from.lex().into_vec(), &mut events, &mut trouble);
    let [event] = events[..] else { return None };
    if event.kind() != EventKind::Scalar || event.span().start() != 0 || event.span().end() != text.len() {
        return None;
    }
    let mut decoded = Zeroizing::new(String::with_capacity(text.len()));
    let kind = from.get(event)?.decode_scalar(&mut *decoded, &mut trouble);
    if trouble.is_some() {
        return None;
    }
    Some(match kind {
        ScalarKind::String => match event.encoding() {
            None => return None,
            Some(Encoding::BasicString | Encoding::LiteralString | Encoding::MlBasicString | Encoding::MlLiteralString) => {
                Value::Str(Bytes::new(std::mem::take(&mut *decoded).into_bytes()))
            }
        },
        ScalarKind::Boolean(b) => Value::Bool(b),
        ScalarKind::Integer(radix) => Value::Int(i64::from_str_radix(&decoded, radix.value()).ok()?),
        ScalarKind::Float => {
            let v: f64 = decoded.parse().ok()?;
            if v.is_infinite() && !text.ends_with("inf") {
                return None;
            }
            Value::Float(v)
        }
        ScalarKind::DateTime => {
            text.parse::<toml_edit::Datetime>().ok()?;
            Value::text(text)
        }
    })
}

/// A value in the canonical spelling; `quote` is what a string stands in. None: not UTF-8.
pub(super) fn spell(value: &Value, quote: Quote) -> Option<Zeroizing<String>> {
    Some(match value {
        Value::Str(bytes) => string(std::str::from_utf8(bytes.as_slice()).ok()?, quote, false),
        Value::Int(v) => Zeroizing::new(v.to_string()),
        Value::Float(v) => Zeroizing::new(float(*v)),
        Value::Bool(v) => Zeroizing::new(v.to_string()),
        Value::Time(t) => joined_text(&[t.as_str()]),
    })
}

/// Numbers of the styles, see the table above.
pub(super) const STYLES: std::ops::RangeInclusive<u8> = 1..=11;

/// A value in the style of that number; none if the style is for other values, or nobody's.
pub(super) fn styled(value: &Value, quote: Quote, style: u8) -> Option<Zeroizing<String>> {
    let number = match (style, value) {
        (1, Value::Str(bytes)) => return Some(string(std::str::from_utf8(bytes.as_slice()).ok()?, quote, true)),
        (11, Value::Str(bytes)) => return Some(joined_text(&[std::str::from_utf8(bytes.as_slice()).ok()?])),
        (2, Value::Int(v @ 0..)) => format!("{v:#x}"),
        (3, Value::Int(v @ 0..)) => format!("0x{v:X}"),
        (4, Value::Int(v @ 0..)) => format!("{v:#o}"),
        (5, Value::Int(v @ 0..)) => format!("{v:#b}"),
        (6, Value::Int(v)) => grouped(*v),
        (7, Value::Int(_) | Value::Float(_)) => return Some(joined_text(&["+", &spell(value, quote)?])),
        (8, Value::Float(v)) => exponent(*v, "e")?,
        (9, Value::Float(v)) => exponent(*v, "e+")?,
        (10, Value::Float(v)) => exponent(*v, "E")?,
        _ => return None,
    };
    Some(Zeroizing::new(number))
}

/// A string where nothing says how: over several lines if it has some. CR is escaped, so that git cannot change it.
pub(super) fn free(text: &str) -> Zeroizing<String> {
    string(text, if text.contains('\n') && !text.contains('\r') { Quote::MlBasic } else { Quote::Basic }, false)
}

fn string(text: &str, quote: Quote, flip: bool) -> Zeroizing<String> {
    let bytes = text.as_bytes();
    let control = |keep: &[u8]| bytes.iter().any(|b| (*b < 0x20 || *b == 0x7f) && !keep.contains(b));
    let lone_cr = || bytes.iter().enumerate().any(|(i, &b)| b == b'\r' && bytes.get(i + 1) != Some(&b'\n'));
    match quote {
        Quote::Literal if !text.contains('\'') && !control(b"\t") => joined_text(&["'", text, "'"]),
        Quote::Basic | Quote::Literal => escaped("\"", "", text, false),
        Quote::MlLiteral if !text.contains("'''") && !control(b"\t\r\n") && !lone_cr() => {
            joined_text(&["'''", first_line_end(text, flip), text, "'''"])
        }
        Quote::MlBasic | Quote::MlLiteral => escaped("\"\"\"", first_line_end(text, flip), text, true),
    }
}

/// `first`: what stands behind the opening quotes.
fn escaped(quotes: &str, first: &str, text: &str, lines: bool) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(most_of_text(text.as_bytes(), 0)));
    out.push_str(quotes);
    out.push_str(first);
    escape(&mut out, text, lines);
    out.push_str(quotes);
    out
}

fn first_line_end(text: &str, flip: bool) -> &'static str {
    match text.find('\n') {
        Some(_) if flip => "",
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        None if !flip => "",
        _ => "\n",
    }
}

fn escape(out: &mut String, text: &str, lines: bool) {
    let mut quotes = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let run = if c == '"' { quotes + 1 } else { 0 };
        quotes = run % 3;
        match c {
            '"' if lines && run < 3 => out.push('"'),
            '\n' | '\t' if lines => out.push(c),
            '\r' if lines && rest.peek() == Some(&'\n') => out.push('\r'),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
}

fn grouped(v: i64) -> String {
    let digits = v.unsigned_abs().to_string();
    let mut out = String::from(if v < 0 { "-" } else { "" });
    for (i, c) in digits.char_indices() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(c);
    }
    out
}

fn float(v: f64) -> String {
    let (negative, digits, point) = match shortest(v) {
        Ok(parts) => parts,
        Err("NaN") => return "nan".to_owned(),
        Err(_) => return if v > 0.0 { "inf" } else { "-inf" }.to_owned(),
    };
    // 0.digits * 10^point
    if !(-3..=16).contains(&point) {
        return exponent(v, "e").expect("it is finite");
    }
    let mut out = String::from(if negative { "-" } else { "" });
    positional(&mut out, &digits, point);
    if !out.contains('.') {
        out.push_str(".0");
    }
    out
}

fn exponent(v: f64, mark: &str) -> Option<String> {
    let (negative, digits, point) = shortest(v).ok()?;
    let mut out = String::from(if negative { "-" } else { "" });
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    let power = point - 1;
    out.push_str(if power < 0 { mark.trim_end_matches('+') } else { mark });
    out.push_str(&power.to_string());
    Some(out)
}
