//! Values as SOPS spells them inside tokens ([`super::cipher`]) and in its MAC ([`super::mac`]), and back. How they are spelled in a text is each format's
//! affair ([`crate::formats`]).
//!
//! Text as it is; integers decimal; floats as Go's `FormatFloat(v, 'f', -1, 64)`; `True`, `False`; times as RFC 3339 with nanoseconds
//! less trailing zeros (SOPS behaviour, `docs/lossless-documents.md` 3).

use std::borrow::Cow;

use leafcrypt_formats::{Bytes, Kind, Time, Value, go_float_fixed};

/// The bytes of a value.
pub fn of(value: &Value) -> Cow<'_, [u8]> {
    match value {
        Value::Str(bytes) => Cow::Borrowed(bytes.as_slice()),
        Value::Int(n) => Cow::Owned(n.to_string().into_bytes()),
        Value::Float(v) => Cow::Owned(go_float_fixed(*v).into_bytes()),
        Value::Bool(true) => Cow::Borrowed(b"True"),
        Value::Bool(false) => Cow::Borrowed(b"False"),
        Value::Time(time) => Cow::Borrowed(time.as_str().as_bytes()),
    }
}

/// The value of opened bytes. `None`: the text does not parse as that type, or is not in the canonical spelling, which no writer produces
/// (docs/threat-model.md, P3). A token's type is not authenticated, so the caller must not show the bytes.
pub fn read(kind: Kind, bytes: Vec<u8>) -> Option<Value> {
    if kind == Kind::Str {
        return Some(Value::Str(Bytes::new(bytes)));
    }
    let bytes = Bytes::new(bytes);
    let text = std::str::from_utf8(bytes.as_slice()).ok()?;
    let value = match kind {
        Kind::Str => return None,
        Kind::Int => Value::Int(text.parse().ok()?),
        Kind::Float => Value::Float(match text {
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            "NaN" => f64::NAN,
            // Rust's parser takes words that Go's printer never writes; the comparison below refuses them.
            _ => text.parse().ok()?,
        }),
        Kind::Bool => Value::Bool(match text {
            "True" => true,
            "False" => false,
            _ => return None,
        }),
        Kind::Time => Value::Time(is_normal_time(text).then(|| Time::from_normal(text))?),
    };
    (*of(&value) == *bytes.as_slice()).then_some(value)
}

/// `2001-12-14T21:59:43.1-05:00`: what Go prints for a time.
fn is_normal_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = |pattern: &[u8], at: usize| {
        bytes.len() >= at + pattern.len()
            && pattern.iter().zip(&bytes[at..]).all(|(p, b)| if *p == b'0' { b.is_ascii_digit() } else { p == b })
    };
    if !shape(b"0000-00-00T00:00:00", 0) {
        return false;
    }
    let number = |at: usize| (bytes[at] - b'0') * 10 + (bytes[at + 1] - b'0');
    let ranges = (1..=12).contains(&number(5)) && (1..=31).contains(&number(8)) && number(11) < 24 && number(14) < 60 && number(17) < 60;
    let mut rest = &bytes[19..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 9 || fraction[digits - 1] == b'0' {
            return false;
        }
        rest = &fraction[digits..];
    }
    let zone = match rest {
        b"Z" => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|b| b.is_ascii_digit()) && rest[1..] != *b"00:00" && *c < b'6',
        _ => false,
    };
    ranges && zone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, accepted: bool) {
        let read = read(kind, text.as_bytes().to_vec());
        assert_eq!(read.is_some(), accepted, "{} {text}", kind.name());
        if let Some(value) = read {
            assert_eq!(&*of(&value), text.as_bytes());
        }
    }

    #[test]
    fn only_canonical_text_is_read() {
        check(Kind::Int, "5432", true);
        check(Kind::Int, "-9223372036854775808", true);
        check(Kind::Int, "05432", false);
        check(Kind::Int, "+1", false);
        check(Kind::Int, "9223372036854775808", false);
        check(Kind::Int, "secret", false);
        check(Kind::Float, "1.5", true);
        check(Kind::Float, "-0", true);
        check(Kind::Float, "+Inf", true);
        check(Kind::Float, "NaN", true);
        check(Kind::Float, "inf", false);
        check(Kind::Float, "1.50", false);
        check(Kind::Float, "1e3", false);
        check(Kind::Bool, "True", true);
        check(Kind::Bool, "true", false);
        check(Kind::Str, "", true);
        check(Kind::Time, "2001-12-14T00:00:00Z", true);
        check(Kind::Time, "2001-12-14T21:59:43.1-05:00", true);
        check(Kind::Time, "2001-12-14T21:59:43.10-05:00", false);
        check(Kind::Time, "2001-12-14T21:59:43+00:00", false);
        check(Kind::Time, "2001-13-14T21:59:43Z", false);
        check(Kind::Time, "2001-12-14", false);
    }
}
