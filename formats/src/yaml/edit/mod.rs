//! A branch of a plain text set, added or removed, in the style of its neighbours.
//!
//! `find` goes to the place, `habit` looks at how things are written there, `block`, `flow` and `remove` do it, `write` spells a branch, `scalar` is the common case of one value for
//! another.
//!
//! An alias on the way is written out where it stands, so that only this place changes. A change below an anchor that aliases stand for is
//! refused: it would change those places, too.

mod block;
mod find;
mod flow;
mod habit;
mod remove;
mod scalar;
mod write;

use self::find::{Found, Spot, Text};
use super::detail::Scanned;
use super::parse::{self, What};
use super::scalar as value;
use crate::document::{Document, ScanOptions};
use crate::edit::{Graft, Plan};
use crate::error::Unwritable;
use crate::leaf::{LeafId, Span};
use crate::path::{Part, display_parts};
use crate::splice::Splice;
use crate::tree::Tree;
use crate::value::Value;

/// See [`crate::syntax::Detail::graft`].
pub(super) fn graft(scanned: &Scanned, document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
    let bytes = document.text();
    if let Plan::Replace { at, tree: Tree::Value(value) } = &graft.plan
        && let Some(leaf) = only_leaf(scanned, document, at)
        && scalar::fits(scanned.site(leaf), document.leaf(leaf).span, value)
    {
        return scalar::set(scanned, document, leaf, value, graft.floats);
    }
    let again = |_| refuse(&[], "it cannot be read again");
    let parsed = parse::parse(bytes, &ScanOptions::PLAIN).map_err(again)?;
    let text = Text { bytes, parsed: &parsed, crlf: scanned.crlf, floats: graft.floats };
    let mut splice = Splice::default();
    let (at, container, whole) = match &graft.plan {
        Plan::Replace { at, .. } => (*at, false, *at),
        Plan::Insert { at, .. } | Plan::Append { at, .. } => (*at, true, *at),
        Plan::Remove { at, .. } => (&at[..at.len() - 1], true, *at),
    };
    for (i, _) in whole.iter().enumerate().filter(|(_, part)| **part == Part::Key(b"<<".to_vec())) {
        let merges = |tree: &Tree| match tree {
            Tree::Map(_) => true,
            Tree::List(_) => tree.items().all(|item| matches!(item, Tree::Map(_))),
            Tree::Null | Tree::Value(_) => false,
        };
        if graft.expected.is_some_and(|all| all.at(&whole[..=i]).is_ok_and(|tree| !merges(tree))) {
            return Err(refuse(whole, "what is merged by `<<` is a map, or a list of maps"));
        }
    }
    let spot = match text.find(at, container)? {
        Found::Here(spot) => spot,
        Found::Alias(spot, depth) => {
            text.unshared(&spot, whole)?;
            let tree = graft.expected.and_then(|all| all.at(&at[..depth]).ok());
            let tree = tree.ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
            text.replace(&mut splice, &spot, tree)?;
            return Ok(splice.finish(bytes));
        }
    };
    text.unshared(&spot, whole)?;
    match &graft.plan {
        Plan::Replace { at: [], tree } => text.fill_root(&mut splice, &scanned.documents[0], tree)?,
        Plan::Replace { tree, .. } => {
            if let (Tree::Value(value), Some(leaf)) = (tree, same_leaf(scanned, document, &text, &spot))
                && scalar::fits(scanned.site(leaf), document.leaf(leaf).span, value)
            {
                return scalar::set(scanned, document, leaf, value, graft.floats);
            }
            text.replace(&mut splice, &spot, tree)?;
        }
        Plan::Insert { key, tree, .. } => text.add(&mut splice, &spot, Some(key), tree)?,
        Plan::Append { tree, .. } => text.add(&mut splice, &spot, None, tree)?,
        Plan::Remove { at, last } => {
            if let Found::Here(inner) = text.find(at, false)? {
                text.unshared(&inner, whole)?;
            }
            let part = at.last().expect("a plan has a path");
            match (text.flow(spot.node), last) {
                (true, _) => text.remove_in_flow(&mut splice, &spot, part)?,
                (false, true) => text.remove_last_in_block(&mut splice, &spot, part)?,
                (false, false) => text.remove_in_block(&mut splice, &spot, part)?,
            }
        }
    }
    Ok(splice.finish(bytes))
}

fn refuse(at: &[Part], what: &str) -> Unwritable {
    Unwritable { path: display_parts(at), what: what.to_owned() }
}

/// The leaf at a path, where no node is needed to find it, which takes one more parse: no alias can make two places one, and no other document or
/// doubled name has the path, too.
fn only_leaf(scanned: &Scanned, document: &Document<'_>, at: &[Part]) -> Option<LeafId> {
    let merged = |part: &Part| *part == Part::Key(b"<<".to_vec());
    if !scanned.aliases.is_empty() || scanned.documents.len() != 1 || at.iter().any(merged) {
        return None;
    }
    let mut there = (0..).zip(document.leaves()).filter(|(_, leaf)| document.paths().is(leaf.path, at));
    let (i, _) = there.next()?;
    there.next().is_none().then_some(LeafId(i))
}

/// The leaf that stands at a spot by itself, not for an alias.
fn same_leaf(scanned: &Scanned, document: &Document<'_>, text: &Text<'_>, spot: &Spot) -> Option<LeafId> {
    let node = text.node(spot.node);
    // A null is none, and a collection may have the span of its only one.
    let What::Scalar(written) = node.what else { return None };
    if matches!(value::read(&node.text, written, node.tag), value::Read::Null) {
        return None;
    }
    let fits = |(i, leaf): (usize, &crate::Leaf)| (leaf.span == node.span && !scanned.sites[i].alias).then_some(LeafId(i as u32));
    document.leaves().iter().enumerate().find_map(fits)
}

/// Values with which a plain float would turn into an integer get a point.
fn keep_float(out: &mut Vec<u8>, start: usize, value: &Value) {
    let integer = out[start..].iter().enumerate().all(|(i, b)| b.is_ascii_digit() || (i == 0 && *b == b'-'));
    if value.kind() == crate::Kind::Float && integer {
        out.extend_from_slice(b".0");
    }
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start, end.max(start))
}
