//! An assignment of a plain text set, added behind the last one, or removed.

use zeroize::Zeroizing;

use super::scan::{Line, classify};
use super::seal::is_one_value;
use super::with_cr;
use crate::document::Document;
use crate::draft::joined;
use crate::edit::{Graft, Plan};
use crate::error::Unwritable;
use crate::flat::{fold_newlines, scalar_bytes, unfold_newlines};
use crate::leaf::{Leaf, LeafId, Span};
use crate::path::{Part, display_parts};
use crate::splice::Splice;
use crate::tree::{Member, Tree};
use crate::value::{Bytes, Value};

/// A branch as ENV holds it: text. In a file with CR LF line ends the CR is part of every value for SOPS. One that is set is what was given all the same,
/// and its line ends in LF alone: whoever reads it back by SOPS's rule must get the same.
pub(super) fn held(tree: &Tree, at: &[Part]) -> Result<Tree, Unwritable> {
    let refuse = |at: &[Part], what: &str| Err(Unwritable { path: display_parts(at), what: what.to_owned() });
    match (at, tree) {
        ([], Tree::Map(members)) => {
            let mut all = Vec::new();
            for member in members {
                if let Member::Entry(name, tree) = member {
                    let part = [Part::Key(name.clone())];
                    all.push((name.clone(), held(tree, &part)?));
                }
            }
            Ok(Tree::map(all))
        }
        ([Part::Key(_)], Tree::Value(value)) => Ok(Tree::Value(Value::Str(Bytes::from(joined(&[&scalar_bytes(value)]))))),
        ([Part::Key(_)], Tree::Null) => refuse(at, "ENV has no null: SOPS writes `<nil>` and cannot open the file again"),
        _ => refuse(at, "ENV holds neither maps nor lists"),
    }
}

/// See [`crate::syntax::Detail::graft`].
pub(super) fn graft(document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
    let mut splice = Splice::default();
    match &graft.plan {
        Plan::Replace { at: [], tree } => {
            for (name, tree) in tree.entries() {
                insert(document, &mut splice, name, tree)?;
            }
        }
        Plan::Insert { key, tree, .. } => insert(document, &mut splice, key, tree)?,
        Plan::Replace { at, tree } => replace(document, &mut splice, find(document, at)?, at, tree)?,
        Plan::Append { at, .. } => return Err(Unwritable { path: display_parts(at), what: "ENV has no lists".to_owned() }),
        Plan::Remove { at, .. } => {
            let leaf = find(document, at)?;
            splice.cut(lines_of(document, leaf.span));
        }
    }
    Ok(splice.finish(document.text))
}

/// See [`crate::syntax::Detail::set`].
pub(super) fn set(document: &Document<'_>, leaf: LeafId, value: &Value, splice: &mut Splice) -> bool {
    replace(document, splice, document.leaf(leaf), &[], &Tree::Value(value.clone())).is_ok()
}

fn replace(document: &Document<'_>, splice: &mut Splice, leaf: &Leaf, at: &[Part], tree: &Tree) -> Result<(), Unwritable> {
    let old = &document.text[leaf.span.range()];
    let bytes = spelled(at, tree, old.contains(&b'\n'))?;
    splice.replace(with_cr(document.text, leaf.span), &bytes);
    Ok(())
}

fn find<'d>(document: &'d Document<'_>, at: &[Part]) -> Result<&'d Leaf, Unwritable> {
    let fits = |leaf: &&Leaf| matches!(at, [Part::Key(name)] if document.paths().name(leaf.path) == Some(name.as_slice()));
    let found = document.leaves().iter().rev().find(fits);
    found.ok_or_else(|| Unwritable { path: display_parts(at), what: "it cannot be found in the text".to_owned() })
}

/// A value as SOPS writes it; raw over several lines where the old one was.
fn spelled(at: &[Part], tree: &Tree, lines: bool) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    let refuse = |what: &str| Unwritable { path: display_parts(at), what: what.to_owned() };
    let Tree::Value(Value::Str(plain)) = tree else { return Err(refuse("ENV holds neither maps nor lists")) };
    let plain = plain.as_slice();
    let bytes = if lines && is_one_value(plain) { joined(&[plain]) } else { fold_newlines(plain) };
    if *unfold_newlines(&bytes) != *plain {
        return Err(refuse("ENV cannot hold the two characters `\\n`, they read back as a newline"));
    }
    Ok(bytes)
}

fn insert(document: &Document<'_>, splice: &mut Splice, name: &[u8], tree: &Tree) -> Result<(), Unwritable> {
    let text = document.text;
    let at = [Part::Key(name.to_vec())];
    super::print::check_new_name(name)?;
    let value = spelled(&at, tree, false)?;
    let last = document.leaves().iter().map(|l| with_cr(text, l.span).end as usize).max();
    let at = last.unwrap_or(text.len());
    let first = last.is_none() && (text.is_empty() || text.ends_with(b"\n"));
    let (before, behind): (&[u8], &[u8]) = if first { (b"", b"\n") } else { (b"\n", b"") };
    splice.insert(at, &joined(&[before, name, b"=", &value, behind]));
    Ok(())
}

/// The line of a value, or its lines, with the comment lines above it that are its own.
fn lines_of(document: &Document<'_>, value: Span) -> Span {
    let text = document.text;
    let line_start = |at: usize| text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let mut start = line_start(value.start as usize);
    let end = with_cr(text, value).end as usize;
    let end = (end + 1).min(text.len());
    let line = |at: usize| &text[at..text[at..].iter().position(|&b| b == b'\n').map_or(text.len(), |i| at + i)];
    let alone = end == text.len() || !matches!(classify(line(end).strip_suffix(b"\r").unwrap_or(line(end))), Line::Key(_));
    let first = start;
    // A value of several lines may look like comments.
    let ends = document.leaves().iter().map(|leaf| with_cr(text, leaf.span).end as usize + 1);
    let floor = ends.filter(|&end| end <= first).max().unwrap_or(0);
    while alone && start > floor && matches!(classify(line(line_start(start - 1))), Line::Comment) {
        start = line_start(start - 1);
    }
    // What stands at the top of the file speaks of the file.
    let own = if start == 0 { first } else { start };
    Span::new(own, end)
}
