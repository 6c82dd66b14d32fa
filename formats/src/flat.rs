//! What ENV and INI have in common: tokens in text order, flat metadata fields, scalars as text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use foldhash::quality::RandomState;
use zeroize::Zeroizing;

use crate::document::Document;
use crate::error::{Unwritable, Warning};
use crate::find;
use crate::hint::Hint;
use crate::leaf::{CommentId, LeafId, Span};
use crate::print::Printing;
use crate::tree::{Member, Tree};
use crate::value::{Value, flat_float};

/// What stands at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A value.
    Leaf(LeafId),
    /// A comment.
    Comment(CommentId),
}

/// A place of the text that holds a token, or is to hold one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// Where.
    pub span: Span,
    /// What.
    pub at: At,
}

/// The covered sites in text order: a site's place in this list is the number of its token.
pub(crate) fn sites(document: &Document<'_>, leaf: impl Fn(LeafId) -> bool, comment: impl Fn(CommentId) -> bool) -> Vec<Site> {
    let leaves = document.leaves().iter().enumerate().map(|(i, l)| Site { span: l.span, at: At::Leaf(LeafId(i as u32)) });
    let comments = document.comments().iter().enumerate().map(|(i, c)| Site { span: c.span, at: At::Comment(CommentId(i as u32)) });
    let mut sites = Vec::with_capacity(document.leaves().len() + document.comments().len());
    sites.extend(leaves.chain(comments).filter(|site| match site.at {
        At::Leaf(id) => leaf(id),
        At::Comment(id) => comment(id),
    }));
    sites.sort_by_key(|site| (site.span.start, site.span.end));
    sites
}

/// For each of `count` tokens the hint that hangs on it alone, if there is one. Hints for runs of tokens do not occur in flat formats.
pub(crate) fn hints_by_token(hints: &[Hint], count: usize) -> Vec<Option<&Hint>> {
    let mut by_token = vec![None; count];
    for hint in hints {
        if let Hint::Site { first, last, .. } = hint
            && first == last
            && let Some(place) = by_token.get_mut(*first as usize)
        {
            *place = Some(hint);
        }
    }
    by_token
}

/// LF as the two characters `\n`, as flat metadata and ENV values have it.
pub(crate) fn fold_newlines(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() + text.iter().filter(|&&b| b == b'\n').count()));
    fold_newlines_into(&mut out, text);
    out
}

/// The same, appended.
pub(crate) fn fold_newlines_into(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = find::byte(b'\n', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\\n");
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// The two characters `\n` as LF, as ENV values and flat metadata are read. Nothing else is an escape, not even two backslashes.
pub fn unfold_newlines(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some(at) = find::byte(b'\\', rest) {
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        out.extend_from_slice(before);
        if behind.first() == Some(&b'n') {
            out.push(b'\n');
            rest = &behind[1..];
        } else {
            out.push(b'\\');
            rest = behind;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// The fields of a block as they are to be written: which field (an index into `fields`), and which of the old block's
/// fields keeps its bytes. Old fields keep their order; a new one goes behind the one that precedes it in `fields`.
pub(crate) fn merge_fields(fields: &[(String, Tree)], old: Option<&Tree>) -> Vec<(usize, Option<usize>)> {
    let Some(old) = old else { return (0..fields.len()).map(|i| (i, None)).collect() };
    let numbers: HashMap<&[u8], usize> = fields.iter().enumerate().map(|(i, (name, _))| (name.as_bytes(), i)).collect();
    // Of a doubled field the last one counts.
    let mut last: HashMap<usize, usize> = HashMap::new();
    for (i, (name, _)) in old.entries().enumerate() {
        if let Some(&number) = numbers.get(name) {
            last.insert(number, i);
        }
    }
    let mut out = Vec::with_capacity(fields.len());
    let followers = |out: &mut Vec<(usize, Option<usize>)>, from: usize| {
        out.extend((from..fields.len()).take_while(|i| !last.contains_key(i)).map(|i| (i, None)));
    };
    followers(&mut out, 0);
    for (i, (name, tree)) in old.entries().enumerate() {
        let Some(&number) = numbers.get(name).filter(|number| last[number] == i) else { continue };
        out.push((number, (*tree == fields[number].1).then_some(i)));
        followers(&mut out, number + 1);
    }
    out
}

/// A field's value as text.
pub(crate) fn field_text(name: &str, tree: &Tree) -> Result<Vec<u8>, Unwritable> {
    match tree {
        Tree::Value(value) => Ok(scalar_text(value)),
        _ => Err(Unwritable { path: format!("the metadata field {name}"), what: "only plain values fit into flat metadata".to_owned() }),
    }
}

/// A scalar as SOPS's ENV and INI emitters spell it (docs/lossless-documents.md, section 10), before any escaping or quoting.
pub fn scalar_text(value: &Value) -> Vec<u8> {
    scalar_bytes(value).into_owned()
}

/// The same, borrowed where that is possible.
pub(crate) fn scalar_bytes(value: &Value) -> Cow<'_, [u8]> {
    let other = match value {
        Value::Str(bytes) => return Cow::Borrowed(bytes.as_slice()),
        Value::Int(v) => v.to_string(),
        Value::Float(v) => flat_float(*v),
        Value::Bool(v) => v.to_string(),
        Value::Time(v) => whole_seconds(v.as_str()),
    };
    Cow::Owned(other.into_bytes())
}

fn whole_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((whole, rest)) => format!("{whole}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => time.to_owned(),
    }
}

/// Text that SOPS writes for null: it reads back as a string.
pub(crate) const NIL: &[u8] = b"<nil>";

/// Collects, while printing, what does not read back: an error, or a warning where SOPS's text is wanted all the same.
pub(crate) struct Faults<'a> {
    how: &'a Printing,
    pub warnings: Vec<Warning>,
}

impl<'a> Faults<'a> {
    /// None yet.
    pub fn new(how: &'a Printing) -> Self {
        Faults { how, warnings: Vec::new() }
    }

    /// Something that does not read back.
    pub fn refuse(&mut self, path: &[&[u8]], what: &str) -> Result<(), Unwritable> {
        if self.how.as_sops {
            self.warn(path, what);
            return Ok(());
        }
        Err(Unwritable { path: display(path), what: what.to_owned() })
    }

    /// Something that loses a little, and is printed under both names.
    pub fn warn(&mut self, path: &[&[u8]], what: &str) {
        self.warnings.push(Warning { line: 0, what: format!("{}: {what}", display(path)) });
    }
}

/// What no spelling of SOPS's exists for.
pub(crate) fn unwritable(path: &[&[u8]], what: &str) -> Unwritable {
    Unwritable { path: display(path), what: what.to_owned() }
}

fn display(path: &[&[u8]]) -> String {
    let parts: Vec<crate::Part> = path.iter().map(|name| crate::Part::Key(name.to_vec())).collect();
    crate::display_parts(&parts)
}

/// The one document that a flat format can hold; nothing for an empty one.
pub(crate) fn only_document<'t>(documents: &'t [Tree], faults: &mut Faults<'_>) -> Result<&'t [Member], Unwritable> {
    if documents.len() > 1 {
        faults.refuse(&[], "this format holds one document only")?;
    }
    match documents.first() {
        None | Some(Tree::Null) => Ok(&[]),
        Some(Tree::Map(members)) => Ok(members),
        Some(Tree::List(_) | Tree::Value(_)) => Err(unwritable(&[], "this format holds only names with values")),
    }
}

/// Names seen so far, for the warning about doubled ones. A quick hash with a seed of its own in every run: whoever writes the file does not know it.
#[derive(Default)]
pub(crate) struct Seen<'t>(HashSet<&'t [u8], RandomState>);

impl<'t> Seen<'t> {
    /// Is it new?
    pub fn first(&mut self, name: &'t [u8]) -> bool {
        self.0.insert(name)
    }
}
/// Does a carriage return stand inside a comment of ENV or INI, and not at the end of a line of it? Python's readers end the comment there: whoever can write
/// the file would put a variable behind it (P2).
pub(crate) fn ends_early(comment: &[u8]) -> bool {
    let comment = comment.trim_ascii_end();
    comment.iter().enumerate().any(|(i, &b)| b == b'\r' && comment.get(i + 1) != Some(&b'\n'))
}
