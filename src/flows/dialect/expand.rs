//! What `$NAME` stands for: the variables of a text so far and those outside, and how much may be put in of them. python-dotenv's expansions.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use leafcrypt_formats::wipe;
use zeroize::Zeroizing;

use super::{Lookup, Pairs};

/// What is wrong with an expansion, without its text.
pub(super) type What = &'static str;

/// A line such as `A=${A}${A}` doubles a value, and thirty of them would take all memory: what is put in may be so many times the text
/// (docs/threat-model.md, R8), and some more for short texts with long variables from outside. No program could be started with that much.
const TIMES: usize = 10;
const SOME_MORE: usize = 1 << 20;
const TOO_MUCH: What = "the expansions up to here put in more than 1 MiB and ten times the text";

/// So deep may expansions stand in each other.
pub(super) const DEEPEST: usize = 32;

/// What stands behind a name in braces: `-`, `+` or `?`, and a colon before it where an empty value is to count as none.
#[derive(Clone, Copy)]
pub(super) struct Operator {
    sign: u8,
    colon: bool,
}

/// What is put in for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Puts {
    /// The value; nothing, where there is none.
    Value,
    /// The text behind the operator.
    Text,
    /// Nothing: a value is asked for.
    Refuses,
}

impl Operator {
    /// The one that a text begins with, and its length.
    pub(super) fn of(text: &[u8]) -> Option<(Self, usize)> {
        let colon = text.first() == Some(&b':');
        let sign = text.get(usize::from(colon)).copied().filter(|b| matches!(b, b'-' | b'+' | b'?'))?;
        Some((Operator { sign, colon }, 1 + usize::from(colon)))
    }

    /// Is it `?`?
    pub(super) fn asks(self) -> bool {
        self.sign == b'?'
    }

    pub(super) fn puts(self, value: Option<&[u8]>) -> Puts {
        let is_set = value.is_some_and(|value| !(self.colon && value.is_empty()));
        match self.sign {
            b'?' if !is_set => Puts::Refuses,
            b'-' | b'+' if is_set == (self.sign == b'+') => Puts::Text,
            _ => Puts::Value,
        }
    }
}

/// The variables that a text has assigned so far.
pub(super) struct Scope<'a> {
    assigned: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    last: HashMap<Vec<u8>, usize>,
    lookup: Lookup<'a>,
    left: Cell<usize>,
}

impl<'a> Scope<'a> {
    /// For a text of this length.
    pub(super) fn new(len: usize, lookup: Lookup<'a>) -> Self {
        let left = Cell::new(len.saturating_mul(TIMES).saturating_add(SOME_MORE));
        Scope { assigned: Vec::new(), last: HashMap::new(), lookup, left }
    }

    /// A name without a value hides those before it and outside.
    pub(super) fn assign(&mut self, name: &[u8], value: Option<Vec<u8>>) {
        self.last.insert(name.to_vec(), self.assigned.len());
        self.assigned.push((name.to_vec(), value));
    }

    /// All that has a value, in order.
    pub(super) fn into_pairs(self) -> Pairs {
        self.assigned.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Of each name the last, if it has a value.
    pub(super) fn into_last(self) -> Pairs {
        let mut pairs = Pairs::new();
        for (at, (name, value)) in self.assigned.into_iter().enumerate() {
            let is_last = self.last.get(&name) == Some(&at);
            match value {
                Some(value) if is_last => pairs.push((name, value)),
                Some(mut value) => wipe(&mut value),
                None => {}
            }
        }
        pairs
    }

    /// A value that stands earlier in the text, or else one from outside. It counts as put in.
    ///
    /// # Errors
    /// It is too much.
    pub(super) fn get(&self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, What> {
        match self.assigned(name) {
            Some(found) => self.counted(found),
            None => self.counted(self.outside(name)),
        }
    }

    /// One from outside, or else one that stands earlier in the text.
    ///
    /// # Errors
    /// It is too much.
    pub(super) fn get_outside_first(&self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, What> {
        self.counted(self.outside(name).or_else(|| self.assigned(name).flatten()))
    }

    /// One from outside.
    ///
    /// # Errors
    /// It is too much.
    pub(super) fn get_outside(&self, name: &[u8]) -> Result<Option<Cow<'_, [u8]>>, What> {
        self.counted(self.outside(name))
    }

    fn assigned(&self, name: &[u8]) -> Option<Option<Cow<'_, [u8]>>> {
        let at = *self.last.get(name)?;
        Some(self.assigned[at].1.as_deref().map(Cow::Borrowed))
    }

    fn outside(&self, name: &[u8]) -> Option<Cow<'_, [u8]>> {
        (self.lookup)(std::str::from_utf8(name).ok()?).map(|value| Cow::Owned(OsString::into_vec(value)))
    }

    fn counted<'v>(&self, value: Option<Cow<'v, [u8]>>) -> Result<Option<Cow<'v, [u8]>>, What> {
        let len = value.as_ref().map_or(0, |value| value.len());
        self.left.set(self.left.get().checked_sub(len).ok_or(TOO_MUCH)?);
        Ok(value)
    }

    /// A value with python-dotenv's expansions: `${NAME}` and `${NAME:-default}`, wherever they stand. A name that stood alone has no value, and no
    /// default either.
    pub(super) fn python(&self, value: Vec<u8>) -> Result<Vec<u8>, What> {
        if !value.windows(2).any(|pair| pair == b"${") {
            return Ok(value);
        }
        let value = Zeroizing::new(value);
        let (mut end, mut name_end) = (Next::of(&value, b"}"), Next::of(&value, b":}"));
        let mut out = Vec::with_capacity(value.len());
        let mut at = 0;
        while let Some(&b) = value.get(at) {
            let found = value[at..].starts_with(b"${").then(|| braces(&value, at + 2, &mut name_end, &mut end)).flatten();
            match found {
                Some((name, default, behind)) => {
                    let known = match self.assigned(name) {
                        Some(known) => Some(known.unwrap_or_default()),
                        None => self.outside(name),
                    };
                    out.extend_from_slice(self.counted(known)?.as_deref().unwrap_or(default));
                    at = behind;
                }
                None => {
                    out.push(b);
                    at += 1;
                }
            }
        }
        Ok(out)
    }
}

/// Name, default and end of what stands behind `${`.
fn braces<'v>(value: &'v [u8], start: usize, name_end: &mut Next<'v>, end: &mut Next<'v>) -> Option<(&'v [u8], &'v [u8], usize)> {
    let stop = name_end.from(start)?;
    if value[stop] == b'}' {
        return Some((&value[start..stop], b"", stop + 1));
    }
    let end = end.from(stop)?;
    value[stop..end].strip_prefix(b":-").map(|default| (&value[start..stop], default, end + 1))
}

/// The next of some bytes, asked for at places further and further on: each byte is looked at once, and where none is left that is known.
struct Next<'v> {
    text: &'v [u8],
    of: &'static [u8],
    found: usize,
}

impl<'v> Next<'v> {
    fn of(text: &'v [u8], of: &'static [u8]) -> Self {
        let first = text.iter().position(|b| of.contains(b)).unwrap_or(text.len());
        Next { text, of, found: first }
    }

    fn from(&mut self, at: usize) -> Option<usize> {
        if self.found < at {
            self.found = self.text[at..].iter().position(|b| self.of.contains(b)).map_or(self.text.len(), |len| at + len);
        }
        (self.found < self.text.len()).then_some(self.found)
    }
}
