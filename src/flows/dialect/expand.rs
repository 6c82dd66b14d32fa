//! `$NAME` and `${NAME:-default}`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use zeroize::Zeroizing;

use super::{Lookup, Pairs, known};

/// Reads one expansion at the `$` that `text` begins with, as shells do: what it stands for, and how many bytes it takes. `None`: it is no expansion.
pub(super) fn shell(text: &[u8], pairs: &Pairs, lookup: Lookup<'_>) -> Option<(Vec<u8>, usize)> {
    let rest = text.strip_prefix(b"$")?;
    let named = |bytes: &[u8]| bytes.iter().take_while(|&&b| b.is_ascii_alphanumeric() || b == b'_').count();
    let is_name = |bytes: &[u8]| bytes.first().is_some_and(|b| !b.is_ascii_digit());
    if let Some(inner) = rest.strip_prefix(b"{") {
        let end = inner.iter().position(|&b| b == b'}')?;
        let (body, len) = (&inner[..end], end + 3);
        let name = &body[..named(body)];
        let value = known(pairs, name, lookup);
        let value = match &body[name.len()..] {
            _ if !is_name(name) => return None,
            [] => value.unwrap_or_default(),
            [b':', b'-', default @ ..] => value.filter(|v| !v.is_empty()).unwrap_or_else(|| default.to_vec()),
            [b'-', default @ ..] => value.unwrap_or_else(|| default.to_vec()),
            [b':', b'+', other @ ..] => value.filter(|v| !v.is_empty()).map(|_| other.to_vec()).unwrap_or_default(),
            [b'+', other @ ..] => value.map(|_| other.to_vec()).unwrap_or_default(),
            _ => return None,
        };
        return Some((value, len));
    }
    let name = &rest[..named(rest)];
    is_name(name).then(|| (known(pairs, name, lookup).unwrap_or_default(), name.len() + 1))
}

/// python-dotenv's: `${NAME}` and `${NAME:-default}`, wherever they stand. A name that stood alone has no value, and no default either.
pub(super) fn python(value: Vec<u8>, assigned: &[(Vec<u8>, Option<Vec<u8>>)], lookup: Lookup<'_>) -> Vec<u8> {
    let known = |name: &[u8]| match assigned.iter().rev().find(|(key, _)| key == name) {
        Some((_, value)) => Some(value.clone().unwrap_or_default()),
        None => lookup(std::str::from_utf8(name).ok()?).map(OsString::into_vec),
    };
    if !value.windows(2).any(|pair| pair == b"${") {
        return value;
    }
    let value = Zeroizing::new(value);
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_slice();
    while let Some((&first, tail)) = rest.split_first() {
        let found = rest.strip_prefix(b"${").and_then(|inner| {
            let end = inner.iter().position(|&b| b == b'}')?;
            let body = &inner[..end];
            let (name, default) = match body.iter().position(|&b| b == b':') {
                None => (body, &b""[..]),
                Some(at) => (&body[..at], body[at..].strip_prefix(b":-")?),
            };
            Some((known(name).unwrap_or_else(|| default.to_vec()), &inner[end + 1..]))
        });
        match found {
            Some((bytes, behind)) => {
                out.extend_from_slice(&bytes);
                rest = behind;
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}
