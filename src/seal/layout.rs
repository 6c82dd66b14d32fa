//! Hints as CBOR: the sixth element of the extension's payload (docs/sealed-file.md, section 4; docs/wire-format.md). What a hint means is said by each
//! format ([`crate::formats::Hint`]); the payload is [`super::extension`]'s.
//!
//! An array of hints. A hint is an array whose first element is its kind:
//! `[0 | 1 | 2 | 5, first, with]` for one token, `[kind, first, last, before, after, with]` in general; `with` is a byte string (the exact
//! source) or a number (a style). `[3 | 4, drop, bytes]` for the start and the end of the file.

use leafcrypt_formats::{Hint, Spelled};
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};
use minicbor::encode::{Encoder, Write};

const START: u8 = 3;
const END: u8 = 4;

/// Appends the hints.
pub(super) fn encode<W: Write>(out: &mut Encoder<W>, hints: &[Hint]) -> Result<(), minicbor::encode::Error<W::Error>> {
    out.array(hints.len() as u64)?;
    for hint in hints {
        match hint {
            Hint::Site { kind, first, last, before: 0, after: 0, with } if first == last => {
                out.array(3)?.u8(*kind)?.u32(*first)?;
                spelled(out, with)?;
            }
            Hint::Site { kind, first, last, before, after, with } => {
                out.array(6)?.u8(*kind)?.u32(*first)?.u32(*last)?.u32(*before)?.u32(*after)?;
                spelled(out, with)?;
            }
            Hint::Start { drop, bytes } => {
                out.array(3)?.u8(START)?.u32(*drop)?.bytes(bytes)?;
            }
            Hint::End { drop, bytes } => {
                out.array(3)?.u8(END)?.u32(*drop)?.bytes(bytes)?;
            }
        }
    }
    Ok(())
}

fn spelled<W: Write>(out: &mut Encoder<W>, with: &Spelled) -> Result<(), minicbor::encode::Error<W::Error>> {
    match with {
        Spelled::Bytes(bytes) => out.bytes(bytes)?,
        Spelled::Style(n) => out.u8(*n)?,
    };
    Ok(())
}

/// Reads them.
pub(super) fn decode(input: &mut Decoder<'_>) -> Result<Vec<Hint>, Error> {
    let count = definite(input)?;
    let mut hints = Vec::with_capacity(usize::try_from(count).unwrap_or_default().min(1 << 16));
    // As they are written: in the order of their tokens, which no two share, and one at each end. Whoever makes a file for us could else have us try a
    // million of them on one value, or move the whole text for each.
    let mut order = Order::default();
    for _ in 0..count {
        let len = definite(input)?;
        let kind = input.u8()?;
        hints.push(match (kind, len) {
            (START, 3) => Hint::Start { drop: input.u32()?, bytes: input.bytes()?.to_vec() },
            (END, 3) => Hint::End { drop: input.u32()?, bytes: input.bytes()?.to_vec() },
            (0 | 1 | 2 | 5, 3) => {
                let first = input.u32()?;
                Hint::Site { kind, first, last: first, before: 0, after: 0, with: read_spelled(input)? }
            }
            (0 | 1 | 2 | 5, 6) => Hint::Site {
                kind,
                first: input.u32()?,
                last: input.u32()?,
                before: input.u32()?,
                after: input.u32()?,
                with: read_spelled(input)?,
            },
            _ => return Err(Error::message("a hint of an unknown kind")),
        });
        if !hints.last().is_some_and(|hint| order.follows(hint)) {
            return Err(Error::message("hints out of order"));
        }
    }
    Ok(hints)
}

/// Where the hints read so far end.
#[derive(Default)]
struct Order {
    /// Behind the token of the last one.
    next: u32,
    start: bool,
    end: bool,
}

impl Order {
    /// May this one come next?
    fn follows(&mut self, hint: &Hint) -> bool {
        match hint {
            Hint::Site { first, last, .. } => {
                let follows = *first >= self.next && first <= last && !self.start && !self.end;
                self.next = last.saturating_add(1);
                follows
            }
            Hint::Start { .. } => !std::mem::replace(&mut self.start, true) && !self.end,
            Hint::End { .. } => !std::mem::replace(&mut self.end, true),
        }
    }
}

fn read_spelled(input: &mut Decoder<'_>) -> Result<Spelled, Error> {
    Ok(match input.datatype()? {
        Type::Bytes => Spelled::Bytes(input.bytes()?.to_vec()),
        _ => Spelled::Style(input.u8()?),
    })
}

pub(super) fn definite(input: &mut Decoder<'_>) -> Result<u64, Error> {
    input.array()?.ok_or_else(|| Error::message("an array of unknown length"))
}
