//! What no path leads to, and yet must not be lost, nor come back: comments, values that a later line of the same name has superseded (INI), and what
//! stands behind the quote that closes a value (INI), which people take for a comment.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::{Clash, Conflict};
use crate::document::Document;
use crate::format::Format;
use crate::leaf::{CommentId, LeafId};
use crate::path::Part;

/// What one side has kept or added, and that is not in a text that was merged by paths; or has taken away, and that is there.
pub(super) fn by_paths(three: &[Document<'_>; 3], merged: &Document<'_>) -> Vec<Conflict> {
    let mut lost = missing(with(three, merged).map(comments), Clash::Comment);
    lost.extend(missing(with(three, merged).map(tails), Clash::Comment));
    lost.extend(by_lines(three, merged));
    lost.sort_by(|a, b| a.at.cmp(&b.at));
    lost
}

/// The same for a text that was merged by lines. Its comments are all there, though those of both sides may have become one.
pub(super) fn by_lines(three: &[Document<'_>; 3], merged: &Document<'_>) -> Vec<Conflict> {
    missing(with(three, merged).map(superseded), Clash::Both)
}

fn with<'a, 'd>([base, mine, theirs]: &'a [Document<'d>; 3], merged: &'a Document<'d>) -> [&'a Document<'d>; 4] {
    [base, mine, theirs, merged]
}

/// How often a thing is there, and where it is told of.
type Counts<K> = HashMap<K, (usize, Vec<Part>)>;

fn missing<K: Eq + Hash>([base, mine, theirs, merged]: [Counts<K>; 4], what: Clash) -> Vec<Conflict> {
    let (mut lost, mut told) = (Vec::new(), HashSet::new());
    for (thing, (_, at)) in mine.iter().chain(&theirs).chain(&base) {
        let of = |counts: &Counts<K>| counts.get(thing).map_or(0, |(count, _)| *count);
        let (b, m, t) = (of(&base), of(&mine), of(&theirs));
        let wanted = if m == t || b == m { t } else { (m + t).saturating_sub(b) };
        let came_back = of(&merged) > wanted && wanted < b;
        if (of(&merged) < wanted || came_back) && told.insert(at) {
            lost.push(Conflict::new(at, what));
        }
    }
    lost
}

fn comments<'d>(document: &'d Document<'_>) -> Counts<Cow<'d, [u8]>> {
    let mut counts = HashMap::new();
    for i in 0..document.comments().len() {
        let id = CommentId(i as u32);
        let container = document.paths().parts(document.comment(id).container);
        counts.entry(document.comment_text(id)).or_insert((0, container)).0 += 1;
    }
    counts
}

/// No value has them in it, and no comment.
fn tails<'d>(document: &'d Document<'_>) -> Counts<&'d [u8]> {
    let mut counts = HashMap::new();
    let ini = document.leaves().iter().enumerate().filter(|_| document.format() == Format::Ini);
    for (i, leaf) in ini {
        let value = &document.text()[leaf.span.range()];
        let quote = if value.starts_with(b"`") { 1 } else { 3 };
        let is_quoted = quote == 1 || value.len() > 3 && value.starts_with(b"\"\"\"");
        let behind = is_quoted.then(|| value.get(2 * quote + document.content(LeafId(i as u32)).len()..)).flatten();
        if let Some(tail) = behind.map(<[u8]>::trim_ascii_start).filter(|tail| !tail.is_empty()) {
            counts.entry(tail).or_insert_with(|| (0, document.paths().parts(leaf.path))).0 += 1;
        }
    }
    counts
}

/// They are in no tree, but somebody wrote them. By name and value: a header that came above them may have taken them along.
fn superseded<'d>(document: &'d Document<'_>) -> Counts<(Vec<u8>, Cow<'d, [u8]>)> {
    let mut counts = HashMap::new();
    for (i, leaf) in document.leaves().iter().enumerate().filter(|(_, leaf)| !leaf.in_mac) {
        let name = document.paths().name(leaf.path).unwrap_or_default().to_vec();
        let at = || (0, document.paths().parts(leaf.path));
        counts.entry((name, document.content(LeafId(i as u32)))).or_insert_with(at).0 += 1;
    }
    counts
}
