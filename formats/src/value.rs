//! One value, and how Go spells the ones whose spelling is part of SOPS's MAC.

use std::fmt;

use zeroize::Zeroizing;

use crate::wiped::Wiped;

/// Bytes that may be a secret: wiped on drop, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(Wiped);

impl Bytes {
    /// Takes over a buffer.
    pub fn new(bytes: Vec<u8>) -> Self {
        Bytes(bytes.into())
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for Bytes {
    fn from(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Bytes::new(std::mem::take(&mut bytes))
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes::new(bytes.to_vec())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} hidden)", self.0.len())
    }
}

/// A moment as Go's `time.RFC3339Nano` prints it: no trailing zeros in the fraction, `Z` for UTC. This is its MAC text.
#[derive(Clone, PartialEq, Eq)]
pub struct Time(Box<str>);

impl Time {
    /// Takes a text that is already in that form; whoever reads one (`yaml/scalar.rs`, the token reader) makes sure.
    pub fn from_normal(text: impl Into<Box<str>>) -> Self {
        Time(text.into())
    }

    /// The RFC 3339 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The types a token can name, and the ones a scanner gives a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Str,
    Int,
    Float,
    Bool,
    Time,
}

impl Kind {
    /// As tokens spell it: `type:str`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Str => "str",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "bool",
            Kind::Time => "time",
        }
    }
}

/// The plaintext of a leaf. Null and the empty containers are no values: they are never sealed.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Text, not necessarily UTF-8 (ENV, YAML's `!!binary`).
    Str(Bytes),
    /// An integer of the int64 range.
    Int(i64),
    /// A double. Infinities and NaN are possible in YAML and TOML.
    Float(f64),
    /// true or false.
    Bool(bool),
    /// A YAML timestamp.
    Time(Time),
}

impl Value {
    /// A string value.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Value::Str(Bytes::from(text.as_ref()))
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Str(_) => Kind::Str,
            Value::Int(_) => Kind::Int,
            Value::Float(_) => Kind::Float,
            Value::Bool(_) => Kind::Bool,
            Value::Time(_) => Kind::Time,
        }
    }

    /// The same type and the same value, bit for bit (NaN equals NaN, 0 differs from -0).
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            _ => self == other,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.kind().name())
    }
}

/// A float as Go's `strconv.FormatFloat(v, 'f', -1, 64)` prints it: the bytes in SOPS's tokens and MAC. Shortest digits that
/// read back, always positional; `+Inf`, `-Inf`, `NaN`, `-0`.
pub fn go_float_fixed(v: f64) -> String {
    let (negative, digits, exponent) = match shortest(v) {
        Ok(parts) => parts,
        Err(word) => return word.to_owned(),
    };
    let mut out = String::with_capacity(digits.len() + exponent.unsigned_abs() as usize + 3);
    if negative {
        out.push('-');
    }
    positional(&mut out, &digits, exponent);
    out
}

/// A float in Go's shortest form with an exponent where the number is small or large (`%g`): positional for 1e-4 <= abs < 1e6,
/// else an exponent with sign and at least two digits.
///
/// # Errors
/// Go's word for what has no digits.
pub(crate) fn go_float_exponent_yaml(v: f64) -> Result<String, &'static str> {
    let (negative, digits, exponent) = shortest(v)?;
    let mut out = String::from(if negative { "-" } else { "" });
    if (-3..=6).contains(&exponent) {
        positional(&mut out, &digits, exponent);
    } else {
        scientific(&mut out, &digits, exponent - 1, 2);
    }
    Ok(out)
}

/// A float as SOPS prints it in YAML.
pub(crate) fn yaml_float(v: f64) -> String {
    go_float_exponent_yaml(v).unwrap_or_else(|word| {
        match word {
            "NaN" => ".nan",
            "+Inf" => ".inf",
            _ => "-.inf",
        }
        .to_owned()
    })
}

/// A float as SOPS prints it in ENV and INI.
pub(crate) fn flat_float(v: f64) -> String {
    match go_float_exponent_yaml(v) {
        Ok(text) if text.contains(['.', 'e']) => text.replace('e', "E"),
        Ok(text) => text + ".0",
        Err(word) => word.to_owned(),
    }
}

/// Writes `d.dddd * 10^exponent` with a signed exponent of at least `width` digits.
fn scientific(out: &mut String, digits: &str, exponent: i32, width: usize) {
    let (first, rest) = digits.split_at(1);
    out.push_str(first);
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("e{sign}{:0width$}", exponent.unsigned_abs()));
}

/// Digits `d1 d2 ... dn` and the decimal exponent e of `0.d1d2...dn * 10^e`.
///
/// # Errors
/// The word for what has no digits.
pub(crate) fn shortest(v: f64) -> Result<(bool, String, i32), &'static str> {
    if v.is_nan() {
        return Err("NaN");
    }
    if v.is_infinite() {
        return Err(if v > 0.0 { "+Inf" } else { "-Inf" });
    }
    if v == 0.0 {
        return Ok((v.is_sign_negative(), "0".to_owned(), 1));
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(v.abs());
    let (mantissa, exp) = text.split_once('e').map_or((text, 0), |(m, e)| (m, e.parse::<i32>().expect("ryu prints an exponent")));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    let mut exponent = whole.len() as i32 + exp;
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    digits.drain(..zeros);
    exponent -= zeros as i32;
    digits.truncate(digits.trim_end_matches('0').len());
    Ok((v < 0.0, digits, exponent))
}

/// Writes `0.digits * 10^exponent` without an exponent.
pub(crate) fn positional(out: &mut String, digits: &str, exponent: i32) {
    if exponent <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', -exponent as usize));
        out.push_str(digits);
    } else if digits.len() <= exponent as usize {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', exponent as usize - digits.len()));
    } else {
        out.push_str(&digits[..exponent as usize]);
        out.push('.');
        out.push_str(&digits[exponent as usize..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_prints_them() {
        let check = |v: f64, expected: &str| assert_eq!(go_float_fixed(v), expected);
        check(0.0, "0");
        check(-0.0, "-0");
        check(1.0, "1");
        check(1.5, "1.5");
        check(-12.25, "-12.25");
        check(1e21, "1000000000000000000000");
        check(1e-7, "0.0000001");
        check(123456.789, "123456.789");
        check(5e-324, &format!("0.{}5", "0".repeat(323)));
        check(f64::INFINITY, "+Inf");
        check(f64::NEG_INFINITY, "-Inf");
        check(f64::NAN, "NaN");
    }

    #[test]
    fn floats_in_yaml() {
        let check = |v: f64, expected: &str| assert_eq!(yaml_float(v), expected);
        check(1.0, "1");
        check(100000.0, "100000");
        check(100000.5, "100000.5");
        check(999999.5, "999999.5");
        check(1e6, "1e+06");
        check(1234567.5, "1.2345675e+06");
        check(123456789.125, "1.23456789125e+08");
        check(0.0001, "0.0001");
        check(1e-5, "1e-05");
        check(5e-324, "5e-324");
        check(18446744073709551616.0, "1.8446744073709552e+19");
        check(0.0, "0");
        check(-0.0, "-0");
        check(-2.5e-7, "-2.5e-07");
        check(f64::INFINITY, ".inf");
        check(f64::NEG_INFINITY, "-.inf");
        check(f64::NAN, ".nan");
    }

    #[test]
    fn floats_in_env_and_ini() {
        let check = |v: f64, expected: &str| assert_eq!(flat_float(v), expected);
        check(1.0, "1.0");
        check(1.5, "1.5");
        check(1e6, "1E+06");
        check(1.5e6, "1.5E+06");
        check(1e-5, "1E-05");
        check(-0.0, "-0.0");
        check(0.0, "0.0");
        check(f64::INFINITY, "+Inf");
        check(f64::NEG_INFINITY, "-Inf");
        check(f64::NAN, "NaN");
    }
}
