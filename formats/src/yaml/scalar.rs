//! What a scalar is worth: text, style and tag to a value, as SOPS's reader has it. Scanning, sealing and the check of hints all ask here.

use base64::Engine as _;

use super::parse::{Tag, Written};
use super::resolve::{Resolved, resolve};
use super::timestamp::offset_is_a_day;
use crate::value::{Kind, Time, Value};

/// What a scalar can be.
pub(super) enum Read {
    Null,
    Value(Value),
    /// An integer of 2^63 and more, as a double.
    Unsigned(f64),
    /// SOPS fails on it, for this reason.
    Bad(&'static str),
}

/// Reads a scalar.
pub(super) fn read(text: &str, written: Written, tag: Tag) -> Read {
    let resolved = match tag {
        Tag::Str | Tag::Other | Tag::Merge | Tag::Collection => return Read::Value(Value::text(text)),
        Tag::Binary => return binary(text),
        Tag::None | Tag::NonSpecific if written != Written::Plain => return Read::Value(Value::text(text)),
        _ => resolve(text.as_bytes()),
    };
    let number = |n: u64| Read::Unsigned(n as f64);
    match (tag, resolved) {
        (Tag::None | Tag::NonSpecific, Resolved::Str | Resolved::Merge) => Read::Value(Value::text(text)),
        (Tag::None | Tag::NonSpecific | Tag::Null, Resolved::Null) => Read::Null,
        (Tag::None | Tag::NonSpecific | Tag::Bool, Resolved::Bool(b)) => Read::Value(Value::Bool(b)),
        (Tag::None | Tag::NonSpecific | Tag::Int, Resolved::Int(n)) => Read::Value(Value::Int(n)),
        (Tag::None | Tag::NonSpecific | Tag::Int, Resolved::Uint(n)) => number(n),
        (Tag::None | Tag::NonSpecific | Tag::Float, Resolved::Float(v)) => Read::Value(Value::Float(v)),
        (Tag::Float, Resolved::Int(n)) => Read::Value(Value::Float(n as f64)),
        (Tag::None | Tag::NonSpecific | Tag::Timestamp, Resolved::Time(time)) => {
            if offset_is_a_day(&time) {
                return Read::Bad("a timestamp whose offset is a whole day");
            }
            Read::Value(Value::Time(Time::from_normal(time)))
        }
        _ => Read::Bad("a value that does not fit its tag"),
    }
}

/// The type alone: without a copy of the text.
pub(super) fn kind(text: &str, written: Written, tag: Tag) -> Option<Kind> {
    let plain = written == Written::Plain;
    let first = text.as_bytes().first().copied();
    match tag {
        Tag::Str | Tag::Other | Tag::Merge | Tag::Collection => Some(Kind::Str),
        Tag::None if !plain => Some(Kind::Str),
        // No word of the table and no number begins so.
        Tag::None if first.is_some_and(|b| b.is_ascii_alphabetic() && !b"nNtTfF".contains(&b)) => Some(Kind::Str),
        _ => None,
    }
}

fn binary(text: &str) -> Read {
    let packed: Vec<u8> = text.bytes().filter(|b| !b"\r\n".contains(b)).collect();
    match base64::engine::general_purpose::STANDARD.decode(packed) {
        Ok(bytes) => Read::Value(Value::Str(crate::Bytes::new(bytes))),
        Err(_) => Read::Bad("a '!!binary' that is not base64"),
    }
}
