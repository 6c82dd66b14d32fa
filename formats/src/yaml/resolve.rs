//! Which type a plain, untagged scalar has for go-yaml v3, which SOPS reads with (docs/lossless-documents.md 4.1).
//!
//! Neither YAML 1.1 nor 1.2: the order of the attempts below is go-yaml's, and so are its accidents.

use super::timestamp::timestamp;

/// What a plain scalar is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// 2^63 and above: SOPS cannot store it.
    Uint(u64),
    Float(f64),
    /// As RFC 3339 with no trailing zeros in the fraction. SOPS fails on an offset of 24:00, see [`super::timestamp::offset_is_a_day`].
    Time(String),
    Str,
    /// `<<`: as a value a string, as a key a merge.
    Merge,
}

/// The type of a plain, untagged scalar. Quoted and block scalars are always strings.
pub(crate) fn resolve(text: &[u8]) -> Resolved {
    if let Some(word) = word(text) {
        return word;
    }
    match text[0] {
        b'.' => go_float(text).map_or(Resolved::Str, Resolved::Float),
        b'0'..=b'9' | b'+' | b'-' => match timestamp(text) {
            Some(time) => Resolved::Time(time),
            None => number(text),
        },
        _ => Resolved::Str,
    }
}

fn word(text: &[u8]) -> Option<Resolved> {
    Some(match text {
        b"" | b"~" | b"null" | b"Null" | b"NULL" => Resolved::Null,
        b"true" | b"True" | b"TRUE" => Resolved::Bool(true),
        b"false" | b"False" | b"FALSE" => Resolved::Bool(false),
        b".nan" | b".NaN" | b".NAN" => Resolved::Float(f64::NAN),
        b".inf" | b".Inf" | b".INF" | b"+.inf" | b"+.Inf" | b"+.INF" => Resolved::Float(f64::INFINITY),
        b"-.inf" | b"-.Inf" | b"-.INF" => Resolved::Float(f64::NEG_INFINITY),
        b"<<" => Resolved::Merge,
        _ => return None,
    })
}

/// A scalar that starts with a digit or a sign and is no time.
fn number(text: &[u8]) -> Resolved {
    let plain: Vec<u8> = text.iter().copied().filter(|&b| b != b'_').collect();
    if let Some(n) = parse_int(&plain, 0) {
        return Resolved::Int(n);
    }
    if let Some(n) = parse_uint(&plain, 0) {
        return Resolved::Uint(n);
    }
    if is_yaml_float(&plain)
        && let Some(v) = finite(&plain)
    {
        return Resolved::Float(v);
    }
    // Go has tried these prefixes already, but only without a sign behind them.
    for (prefix, base) in [(b"0b", 2), (b"0o", 8)] {
        let signed = match plain.strip_prefix(b"-") {
            Some(rest) => rest.strip_prefix(prefix).map(|digits| [b"-", digits].concat()),
            None => plain.strip_prefix(prefix).map(<[u8]>::to_vec),
        };
        if let Some(n) = signed.and_then(|s| parse_int(&s, base)) {
            return Resolved::Int(n);
        }
    }
    Resolved::Str
}

/// Go's `strconv.ParseInt`, without underscores.
fn parse_int(text: &[u8], base: u32) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let n = parse_uint(digits, base)?;
    if negative { 0i64.checked_sub_unsigned(n) } else { i64::try_from(n).ok() }
}

/// Go's `strconv.ParseUint`, without underscores; base 0 goes by the prefix.
fn parse_uint(text: &[u8], base: u32) -> Option<u64> {
    let (digits, base) = match (base, text) {
        (0, [b'0', b'x' | b'X', _, ..]) => (&text[2..], 16),
        (0, [b'0', b'o' | b'O', _, ..]) => (&text[2..], 8),
        (0, [b'0', b'b' | b'B', _, ..]) => (&text[2..], 2),
        (0, b"0") => return Some(0),
        (0, [b'0', ..]) => (&text[1..], 8),
        (0, _) => (text, 10),
        (base, _) => (text, base),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |n, &b| {
        let digit = char::from(b).to_digit(base)?;
        n.checked_mul(u64::from(base))?.checked_add(u64::from(digit))
    })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_yaml_float(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (whole, rest) = digits(rest);
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => digits(rest),
        None => (&rest[..0], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return false;
    }
    exponent_ends(rest)
}

fn exponent_ends(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] => {
            let (exponent, rest) = digits(rest);
            !exponent.is_empty() && rest.is_empty()
        }
        _ => false,
    }
}

pub(super) fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Go's `strconv.ParseFloat` for a text that starts with `.`: underscores may stand between digits.
fn go_float(text: &[u8]) -> Option<f64> {
    let between = |i: usize| text.get(i).is_some_and(u8::is_ascii_digit);
    for (i, _) in text.iter().enumerate().filter(|&(_, &b)| b == b'_') {
        let run_start = i == 0 || text[i - 1] == b'_';
        if run_start || !between(i - 1) || !between(i + 1) {
            return None;
        }
    }
    let plain: Vec<u8> = text.iter().copied().filter(|&b| b != b'_').collect();
    if is_yaml_float(&plain) { finite(&plain) } else { None }
}

/// The double, unless it is too large for one: Go calls that an error.
fn finite(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse::<f64>().ok().filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sources: &[&str], expected: &Resolved) {
        for source in sources {
            let found = resolve(source.as_bytes());
            let same = match (&found, expected) {
                (Resolved::Float(a), Resolved::Float(b)) => a.to_bits() == b.to_bits(),
                _ => found == *expected,
            };
            assert!(same, "{source}: {found:?} instead of {expected:?}");
        }
    }

    fn int(source: &str, n: i64) {
        check(&[source], &Resolved::Int(n));
    }

    fn float(source: &str, v: f64) {
        check(&[source], &Resolved::Float(v));
    }

    #[test]
    fn words() {
        check(&["", "~", "null", "Null", "NULL"], &Resolved::Null);
        check(&["true", "True", "TRUE"], &Resolved::Bool(true));
        check(&["false", "False", "FALSE"], &Resolved::Bool(false));
        check(&[".inf", ".Inf", ".INF", "+.inf", "+.INF"], &Resolved::Float(f64::INFINITY));
        check(&["-.inf", "-.Inf", "-.INF"], &Resolved::Float(f64::NEG_INFINITY));
        assert!(matches!(resolve(b".NaN"), Resolved::Float(v) if v.is_nan()));
        check(&["<<"], &Resolved::Merge);
        check(&["yes", "No", "ON", "off", "y", "n", "tRUE", "nULL", "inf", "nan", "Infinity", "=", ".iNF", "+.nan"], &Resolved::Str);
    }

    #[test]
    fn octals() {
        int("010", 8);
        int("0777", 511);
        int("-0777", -511);
        int("0_7", 7);
        float("08", 8.0);
        float("09", 9.0);
        float("0778", 778.0);
        float("08.5", 8.5);
        int("0o10", 8);
        int("0O10", 8);
        int("-0o7", -7);
        int("0o-7", -7);
        check(&["0o", "0o8", "0O-7", "-0o-7", "+0o-7"], &Resolved::Str);
    }

    #[test]
    fn binary_and_hex() {
        int("0b101", 5);
        int("0B101", 5);
        int("+0b1", 1);
        int("0b-1", -1);
        int("0b+11", 3);
        int("0x1F", 31);
        int("0X1F", 31);
        int("-0x1F", -31);
        int("0x_1F", 31);
        int("0x1F_", 31);
        check(&["0x", "0b", "0b2", "0x1G", "0xFFFFFFFFFFFFFFFFF", "0x1p3", "0B-1"], &Resolved::Str);
    }

    #[test]
    fn decimals() {
        int("1_000", 1000);
        int("1__000", 1000);
        int("1_", 1);
        int("+_1", 1);
        int("-0", 0);
        int("0", 0);
        int("+0", 0);
        int("9223372036854775807", i64::MAX);
        int("-9223372036854775808", i64::MIN);
        check(&["9223372036854775808", "0x8000000000000000"], &Resolved::Uint(1 << 63));
        check(&["18446744073709551615", "0xFFFFFFFFFFFFFFFF"], &Resolved::Uint(u64::MAX));
        float("18446744073709551616", 18446744073709551616.0);
        float("+9223372036854775808", 9223372036854775808.0);
        float("-9223372036854775809", -9223372036854775808.0);
        check(&["_1", "+", "-", "--1", "+-1", "1a", "12h", "190:20:30", "1:30", "1 2"], &Resolved::Str);
    }

    #[test]
    fn floats() {
        float("1_000.5", 1000.5);
        float("1_e3", 1000.0);
        float("0.1e1_0", 0.1e10);
        float(".5_0", 0.5);
        float("1.", 1.0);
        float(".5", 0.5);
        float("+.5", 0.5);
        float("1e3", 1000.0);
        float("1E3", 1000.0);
        float("1.e3", 1000.0);
        float("0e0", 0.0);
        float("1e-400", 0.0);
        float("-0.0", -0.0);
        float("-.5", -0.5);
        check(&["._5", ".5_", ".5__0", "1e400", "-1e400", ".1e400", ".", "..5", ".5.", ".e5", "1.5.2", "1e", "1e+"], &Resolved::Str);
        check(&[&"9".repeat(400)], &Resolved::Str);
    }
}
