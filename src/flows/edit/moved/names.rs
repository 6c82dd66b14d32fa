//! A text as an edit's before and after are compared. Hashes under keys of the one comparison stand for values, texts and places: there are no copies (P16, R1).

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use leafcrypt_formats::{CommentId, Document, LeafId, PathId, Value};
use zeroize::Zeroizing;

use super::pieces::is_letter;
use super::{LONG, count};
use crate::flows::uncovered::{Side, Weight};
use crate::seal::go_regex::BadRegex;
use crate::seal::plain_bytes;
use crate::seal::policy::Policy;
use crate::seal::selection::Selection;

/// So many levels above a value are looked at for one that has another name.
const LEVELS: usize = 8;

/// A value that is not empty.
pub(super) struct Leaf {
    pub id: LeafId,
    pub path: PathId,
    /// Its path without positions in lists: by that it is covered.
    pub name: u64,
    /// Where it stands among the values beside it, and how many these are; and in which map or list.
    pub slot: u64,
    /// The same without the map or list.
    place: (usize, usize),
    pub value: u64,
    pub weight: Weight,
    pub covered: bool,
}

/// Whatever stands around it: a style of YAML's takes line ends or leaves them.
fn bytes_of(value: &Value) -> Zeroizing<Vec<u8>> {
    let whole = Zeroizing::new(plain_bytes::of(value).into_owned());
    Zeroizing::new(whole.trim_ascii().to_vec())
}

/// A line of a comment: a run of them may grow or fall apart.
pub(super) struct Comment {
    pub container: PathId,
    pub line: Range<usize>,
    pub text: u64,
    pub covered: bool,
}

/// A line up to its first value or comment: a name, and what parts it from its value.
pub(super) struct Head {
    pub span: Range<usize>,
    pub text: u64,
}

/// Those in which a name can be.
fn heads(document: &Document<'_>, marks: &RandomState) -> Vec<Head> {
    let text = document.text();
    let spans = document.leaves().iter().map(|leaf| leaf.span).chain(document.comments().iter().map(|comment| comment.span));
    let mut taken: Vec<Range<usize>> = spans.map(|span| span.range()).collect();
    taken.sort_unstable_by_key(|span| (span.start, span.end));
    let (mut taken, mut heads, mut at) = (taken.into_iter().peekable(), Vec::new(), 0);
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n);
        // Where the last value ends that begins before this line.
        let mut inside = at;
        while let Some(span) = taken.next_if(|span| span.start < at) {
            inside = inside.max(span.end);
        }
        if inside > at {
            at = (memchr::memchr(b'\n', &text[inside..]).map_or(text.len(), |n| inside + n)) + 1;
            continue;
        }
        let head = at..taken.peek().map_or(end, |span| span.start.min(end));
        let blanks = text[head.clone()].len() - text[head.clone()].trim_ascii_start().len();
        let span = head.start + blanks..head.start + text[head.clone()].trim_ascii_end().len().max(blanks);
        if text[span.clone()].iter().filter(|b| is_letter(**b)).count() >= LONG {
            heads.push(Head { text: marks.hash_one(&text[span.clone()]), span });
        }
        at = end + 1;
    }
    heads
}

/// A side, as it is compared.
pub(super) struct Names<'a> {
    pub document: &'a Document<'a>,
    pub leaves: Vec<Leaf>,
    pub comments: Vec<Comment>,
    by_path: Vec<u64>,
    /// All names, of maps and lists as well.
    pub names: HashSet<u64>,
    /// What stands in clear at the beginning of a line.
    pub heads: Vec<Head>,
}

impl<'a> Names<'a> {
    pub(super) fn new(side: &Side<'a>, marks: &RandomState) -> Result<Self, BadRegex> {
        let document = side.document;
        let covers = Policy::new(side.rule)?.coverage(document);
        let paths = document.paths();
        let mut by_path = vec![0; paths.len()];
        // A parent is always made before its children.
        for i in 1..by_path.len() {
            let path = PathId(i as u32);
            let above = by_path[paths.parent(path).0 as usize];
            by_path[i] = paths.name(path).map_or(above, |name| marks.hash_one((above, name)));
        }
        let beside = count(document.leaves().iter().map(|leaf| u64::from(paths.parent(leaf.path).0)));
        let mut before: HashMap<u64, usize> = HashMap::new();
        let mut leaves = Vec::with_capacity(document.leaves().len());
        for (i, leaf) in document.leaves().iter().enumerate() {
            let parent = paths.parent(leaf.path);
            let number = before.entry(u64::from(parent.0)).or_default();
            *number += 1;
            let value = document.value(LeafId(i as u32));
            let bytes = bytes_of(&value);
            if bytes.is_empty() {
                continue;
            }
            let place = (*number, beside[&u64::from(parent.0)]);
            leaves.push(Leaf {
                id: LeafId(i as u32),
                path: leaf.path,
                name: by_path[leaf.path.0 as usize],
                slot: marks.hash_one((by_path[parent.0 as usize], place)),
                place,
                value: marks.hash_one(&**bytes),
                weight: Weight::of(&value, &bytes),
                covered: covers.leaves[i],
            });
        }
        let mut comments = Vec::new();
        for (i, comment) in document.comments().iter().enumerate() {
            for line in document.comment_lines(CommentId(i as u32)) {
                let text = &document.text()[line.clone()];
                if text.iter().filter(|b| is_letter(**b)).count() >= 4 {
                    let text = marks.hash_one(text);
                    comments.push(Comment { container: comment.container, line, text, covered: covers.comments[i] });
                }
            }
        }
        let names = by_path.iter().copied().collect();
        Ok(Names { document, leaves, comments, by_path, names, heads: heads(document, marks) })
    }

    /// Something of all that is covered, or is not.
    pub(super) fn of(&self, covered: bool, what: impl Fn(&Leaf) -> u64) -> HashSet<u64> {
        self.leaves.iter().filter(|leaf| leaf.covered == covered).map(what).collect()
    }

    /// The values among these that are covered, each once.
    pub(super) fn with<'s>(&'s self, values: &'s HashSet<u64>) -> impl Iterator<Item = Zeroizing<Vec<u8>>> + 's {
        let mut seen = HashSet::new();
        let wanted = self.leaves.iter().filter(move |leaf| leaf.covered && values.contains(&leaf.value) && seen.insert(leaf.value));
        wanted.map(|leaf| self.bytes(leaf))
    }

    /// What a value would be called if one of the maps above it had another name, or were not there: those names by their hashes.
    pub(super) fn with_others_above(&self, leaf: &Leaf, marks: &RandomState) -> (Vec<u64>, Vec<u64>) {
        let paths = self.document.paths();
        let mut named: Vec<PathId> = paths.ancestors(leaf.path).filter(|path| paths.name(*path).is_some()).take(LEVELS + 1).collect();
        named.reverse();
        let is_item = paths.name(leaf.path).is_none();
        let below =
            |from: u64, rest: &[PathId]| rest.iter().fold(from, |above, path| marks.hash_one((above, paths.name(*path).expect("named"))));
        let (mut renamed, mut without) = (Vec::new(), Vec::new());
        // The last one is its own, but for the items of a list. Some are enough: else a deep text would cost the square of its depth.
        for (i, path) in named.iter().enumerate().take(named.len() - usize::from(!is_item)).rev().take(LEVELS) {
            let (above, rest) = (self.by_path[paths.parent(*path).0 as usize], &named[i + 1..]);
            let name = below(marks.hash_one((above, "another")), rest);
            renamed.push(if is_item { marks.hash_one((name, leaf.place)) } else { name });
            without.push(below(above, rest));
        }
        (renamed, without)
    }

    /// All names, with the first path that has each in its place.
    pub(super) fn names(&self) -> impl Iterator<Item = (PathId, &[u8])> {
        let paths = self.document.paths();
        (0..paths.len()).map(|i| PathId(i as u32)).filter_map(|path| Some((path, paths.name(path)?)))
    }

    pub(super) fn bytes(&self, leaf: &Leaf) -> Zeroizing<Vec<u8>> {
        bytes_of(&self.document.value(leaf.id))
    }

    /// By SOPS's default what stands in clear has a name that ends in `_unencrypted`, or stands below one. Whoever types that says it, but not who moves something below
    /// one that was there.
    pub(super) fn is_told_by_its_name(&self, path: PathId, rule: &Selection, before: &Names<'_>) -> bool {
        let paths = self.document.paths();
        let tells = |path: PathId| {
            let is_marked = paths.name(path).is_some_and(|name| name.ends_with(rule.text.as_bytes()));
            is_marked && !before.names.contains(&self.by_path[path.0 as usize])
        };
        *rule == Selection::default_rule() && paths.ancestors(path).any(tells)
    }
}
