//! One scalar: its type, its value, its canonical spelling, and the styles that differ from it.
//!
//! Styles, frozen with payload version 1. For strings: the bits of [`string::Style`]. For floats:
//!
//! | style | 10.0 | 1e21 |
//! | --- | --- | --- |
//! | 1 | `10.0` | positional, with `.0` if it is whole |
//! | 2 to 5 | `1e1` | `1e21`, `1E21`, `1e+21`, `1E+21` |
//! | 6, 7 | `1.0e1` | `1.0e21`, `1.0E21` |
//! | 8, 9 | `1e+01` | `1e+21`, `1E+21`: at least two digits |

use zeroize::{Zeroize, Zeroizing};

use super::scan::{Event, Scanner, utf8};
use super::string;
use crate::draft::most_of_value;
use crate::edit::Floats;
use crate::hint::Spelled;
use crate::value::{self, Bytes, Kind, Value};

/// The type of a number: integers are those of int64, in decimal.
pub(super) fn number_kind(source: &[u8]) -> Kind {
    if integer(source).is_some() { Kind::Int } else { Kind::Float }
}

fn integer(source: &[u8]) -> Option<i64> {
    std::str::from_utf8(source).ok()?.parse().ok()
}

/// A number as a double, correctly rounded; infinite if it is out of range.
pub(super) fn float(source: &[u8]) -> f64 {
    std::str::from_utf8(source).ok().and_then(|s| s.parse().ok()).unwrap_or(f64::INFINITY)
}

/// The value of a scalar that was scanned.
pub(super) fn read(source: &[u8]) -> Value {
    match source {
        [b'"', inner @ .., b'"'] => Value::Str(Bytes::new(string::decode(inner).into_owned())),
        b"true" => Value::Bool(true),
        b"false" => Value::Bool(false),
        number => integer(number).map_or_else(|| Value::Float(float(number)), Value::Int),
    }
}

/// What a hint's bytes mean; `None` if they are no scalar.
fn reads_as(source: &[u8]) -> Option<Value> {
    utf8(source).ok()?;
    let mut scanner = Scanner::new(source, 0);
    let event = scanner.next().ok()?;
    if !matches!(event, Event::Text(_) | Event::Number(_) | Event::Bool(_)) || event.span().len() != source.len() {
        return None;
    }
    matches!(scanner.next(), Ok(Event::End)).then(|| read(source))
}

/// Appends a value in the canonical spelling.
///
/// # Errors
/// Why JSON cannot hold it.
pub(super) fn spell(out: &mut Vec<u8>, value: &Value) -> Result<(), &'static str> {
    spell_in(out, value, 0)
}

fn spell_in(out: &mut Vec<u8>, value: &Value, style: string::Style) -> Result<(), &'static str> {
    match value {
        Value::Str(bytes) => {
            let text = std::str::from_utf8(bytes.as_slice()).map_err(|_| "not UTF-8, which JSON cannot hold")?;
            string::encode(out, text, style);
        }
        Value::Int(i) => out.extend_from_slice(i.to_string().as_bytes()),
        Value::Float(v) if !v.is_finite() => return Err("infinite or not a number, which JSON cannot hold"),
        Value::Float(v) => out.extend_from_slice(json_float(*v).as_bytes()),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Time(time) => string::encode(out, time.as_str(), style),
    }
    Ok(())
}

/// The hint for a source, if its canonical spelling is another.
pub(super) fn hint(source: &[u8]) -> Option<Spelled> {
    if let [b'"', inner @ .., b'"'] = source
        && string::plainly_canonical(inner)
    {
        return None;
    }
    let value = read(source);
    let guess = if let [b'"', inner @ .., b'"'] = source { string::style_of(inner) } else { 0 };
    let mut spelled = Zeroizing::new(Vec::with_capacity(most_of_value(&value, 0)));
    let mut in_style = |style: u8| {
        spelled.clear();
        styled(&mut spelled, &value, style) && *spelled == source
    };
    if in_style(0) {
        return None;
    }
    let found = match value {
        Value::Float(_) => (1..=FLOAT_STYLES).find(|&style| in_style(style)),
        Value::Str(_) => in_style(guess).then_some(guess),
        _ => None,
    };
    Some(found.map_or_else(|| Spelled::Bytes(source.to_vec()), Spelled::Style))
}

/// Appends a value as a hint says, if that means this very value.
pub(super) fn spell_hinted(out: &mut Vec<u8>, value: &Value, hint: &Spelled) -> bool {
    let start = out.len();
    match hint {
        Spelled::Bytes(bytes) => out.extend_from_slice(bytes),
        Spelled::Style(style) => {
            if !styled(out, value, *style) {
                out.truncate(start);
                return false;
            }
        }
    }
    let right = reads_as(&out[start..]).is_some_and(|v| v.same(value));
    if !right {
        out[start..].zeroize();
        out.truncate(start);
    }
    right
}

/// Appends a value in the style of an old source of the same type.
///
/// # Errors
/// Why JSON cannot hold it.
pub(super) fn spell_like(out: &mut Vec<u8>, value: &Value, old: &[u8], floats: Floats) -> Result<(), &'static str> {
    match old {
        [b'"', inner @ .., b'"'] if value.kind() == Kind::Str => spell_in(out, value, string::style_of(inner)),
        _ => spell_with(out, value, floats),
    }
}

/// Appends a value in the canonical spelling; a whole float with `.0`, if it is to stay one.
///
/// # Errors
/// Why JSON cannot hold it.
pub(super) fn spell_with(out: &mut Vec<u8>, value: &Value, floats: Floats) -> Result<(), &'static str> {
    let start = out.len();
    spell(out, value)?;
    if floats == Floats::Stay && value.kind() == Kind::Float && number_kind(&out[start..]) == Kind::Int {
        out.extend_from_slice(b".0");
    }
    Ok(())
}

/// Appends a value in a style; false if there is no such style for it.
fn styled(out: &mut Vec<u8>, value: &Value, style: u8) -> bool {
    match value {
        Value::Float(v) if style != 0 => match float_in(*v, style) {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => return false,
        },
        Value::Str(_) => return style <= string::ALL && spell_in(out, value, style).is_ok(),
        _ => return style == 0 && spell(out, value).is_ok(),
    }
    true
}

const FLOAT_STYLES: u8 = 9;

fn float_in(v: f64, style: u8) -> Option<String> {
    let (negative, digits, exponent) = value::shortest(v).ok()?;
    if style == 1 {
        let mut text = value::go_float_fixed(v);
        if !text.contains('.') {
            text.push_str(".0");
        }
        return Some(text);
    }
    let (e, plus, whole, width) = match style {
        2 => ('e', false, false, 1),
        3 => ('E', false, false, 1),
        4 => ('e', true, false, 1),
        5 => ('E', true, false, 1),
        6 => ('e', false, true, 1),
        7 => ('E', false, true, 1),
        8 => ('e', true, false, 2),
        9 => ('E', true, false, 2),
        _ => return None,
    };
    let mut text = String::from(if negative { "-" } else { "" });
    mantissa(&mut text, &digits);
    if whole && digits.len() == 1 {
        text.push_str(".0");
    }
    let power = if v == 0.0 { 0 } else { exponent - 1 };
    text.push(e);
    text.push_str(if power < 0 {
        "-"
    } else if plus {
        "+"
    } else {
        ""
    });
    text.push_str(&format!("{:0width$}", power.unsigned_abs()));
    Some(text)
}

fn mantissa(out: &mut String, digits: &str) {
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
}

/// A finite float as Go's `encoding/json` prints it: positional for 1e-6 <= abs < 1e21, else with an exponent of no leading zero.
pub fn json_float(v: f64) -> String {
    if v == 0.0 || (1e-6..1e21).contains(&v.abs()) {
        return value::go_float_fixed(v);
    }
    float_in(v, if v.abs() < 1.0 { 2 } else { 4 }).unwrap_or_default()
}
