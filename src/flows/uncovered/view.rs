//! A text as it is compared. Values, texts and places are compared by hashes under keys of the one comparison: there are no copies of values (P16, R1), and
//! a place costs the same however long its path is (P24).

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use leafcrypt_formats::{CommentId, Document, LeafId, PathId, Step};
use zeroize::Zeroizing;

use super::{Side, Weight, coverage};
use crate::seal::go_regex::BadRegex;
use crate::seal::plain_bytes;
use crate::seal::policy::Coverage;

/// A leaf, to be compared.
pub(super) struct Seen {
    /// Which document of a stream.
    pub document: usize,
    /// The same path in two documents is two places.
    pub place: u64,
    /// Below a list its place may be another one although nothing became of it.
    pub in_list: bool,
    pub has_value: bool,
    /// It is not the same by chance where it stands elsewhere.
    pub tells: bool,
    /// Type and value.
    pub value: u64,
    /// The same, and where, without positions in lists.
    pub at: u64,
}

/// A place that has no value yet.
pub(super) struct Empty {
    pub document: usize,
    pub path: PathId,
    pub place: u64,
    /// One would be covered there.
    covered: bool,
}

/// A side, looked at.
pub(super) struct View<'a> {
    document: &'a Document<'a>,
    pub covers: Coverage,
    pub leaves: Vec<Seen>,
    /// The texts of the comments.
    pub comments: Vec<u64>,
    /// Their lines: a run may grow or fall apart.
    pub comment_lines: Vec<Vec<u64>>,
    places: Places,
    /// Maps, lists, and what is empty.
    nodes: HashSet<u64>,
    empties: Vec<Empty>,
    /// The leaves by their places, in order.
    by_place: Vec<(u64, u32)>,
    /// Maps and lists with covered values in them.
    covers_below: HashSet<u64>,
}

impl<'a> View<'a> {
    pub fn new(side: &Side<'a>, marks: &RandomState) -> Result<Self, BadRegex> {
        let (document, covers) = (side.document, coverage(side.document, side.rule)?);
        let places = Places::new(document, marks);
        let (mut number, mut of_leaf) = (0, vec![0; document.leaves().len()]);
        let (mut nodes, mut empties) = (HashSet::new(), Vec::new());
        let mut is_first = true;
        for &step in document.steps() {
            match step {
                Step::Document => number += usize::from(!std::mem::take(&mut is_first)),
                Step::MapStart(path) | Step::ListStart(path) => _ = nodes.insert(places.of(number, path)),
                Step::EmptyMap(path) | Step::EmptyList(path) | Step::Null(path) => {
                    let place = places.of(number, path);
                    nodes.insert(place);
                    // In the order of the walk; none where names decide.
                    let covered = covers.empties.get(empties.len()).map(|(_, covered)| *covered);
                    empties.extend(covered.map(|covered| Empty { document: number, path, place, covered }));
                }
                Step::Leaf(id) => of_leaf[id.0 as usize] = number,
                _ => {}
            }
        }
        let leaves: Vec<Seen> = (0..document.leaves().len())
            .map(|i| {
                let path = document.leaves()[i].path;
                let value = document.value(LeafId(i as u32));
                let bytes = Zeroizing::new(plain_bytes::of(&value).into_owned());
                let mark = marks.hash_one((value.kind().name(), &*bytes));
                let Path { names, in_list, .. } = places.paths[path.0 as usize];
                Seen {
                    document: of_leaf[i],
                    place: places.of(of_leaf[i], path),
                    in_list,
                    has_value: !bytes.is_empty(),
                    tells: Weight::of(&value, &bytes) == Weight::Tells,
                    value: mark,
                    at: marks.hash_one((names, mark)),
                }
            })
            .collect();
        let text = |i: usize| marks.hash_one(&*Zeroizing::new(document.comment_text(CommentId(i as u32)).into_owned()));
        let mut by_place: Vec<(u64, u32)> = leaves.iter().zip(0..).map(|(leaf, i)| (leaf.place, i)).collect();
        by_place.sort_unstable();
        let comments = (0..document.comments().len()).map(text).collect();
        let line = |line: Range<usize>| marks.hash_one(&document.text()[line]);
        let comment_lines =
            (0..document.comments().len()).map(|i| document.comment_lines(CommentId(i as u32)).map(line).collect()).collect();
        let without_value = leaves.iter().enumerate().filter(|(_, leaf)| !leaf.has_value);
        empties.extend(without_value.map(|(i, leaf)| {
            let path = document.leaves()[i].path;
            Empty { document: leaf.document, path, place: leaf.place, covered: covers.leaves[i] }
        }));
        let mut view =
            View { document, covers, leaves, comments, comment_lines, places, nodes, empties, by_place, covers_below: HashSet::new() };
        view.covers_below = view.above(|i| view.covers.leaves[i] && view.leaves[i].has_value);
        Ok(view)
    }

    /// A path for people.
    pub fn shown(&self, number: usize, path: PathId) -> String {
        let shown = self.document.paths().display(path);
        if number == 0 { shown } else { format!("{shown} (document {})", number + 1) }
    }

    /// That of a leaf.
    pub fn path(&self, leaf: usize) -> PathId {
        self.document.leaves()[leaf].path
    }

    /// The places from a leaf's own up to the first below the root.
    pub fn up_from(&self, leaf: usize) -> impl Iterator<Item = u64> + '_ {
        self.document.paths().ancestors(self.path(leaf)).map(move |path| self.places.of(self.leaves[leaf].document, path))
    }

    /// Where a comment stands, whichever document that is in.
    pub fn container(&self, comment: CommentId) -> u64 {
        self.places.of(0, self.document.comment(comment).container)
    }

    fn at(&self, place: u64) -> impl Iterator<Item = usize> + '_ {
        let first = self.by_place.partition_point(|(other, _)| *other < place);
        self.by_place[first..].iter().take_while(move |(other, _)| *other == place).map(|(_, i)| *i as usize)
    }

    /// Where values are covered, or are not, and which.
    pub fn values_at(&self, covered: bool) -> HashSet<u64> {
        self.leaves.iter().zip(&self.covers.leaves).filter(|(_, covers)| **covers == covered).map(|(leaf, _)| leaf.at).collect()
    }

    /// The lines of the comments that are covered, or are not.
    pub fn lines_of_comments(&self, covered: bool) -> HashSet<u64> {
        let wanted = self.comment_lines.iter().zip(&self.covers.comments).filter(|(_, covers)| **covers == covered);
        wanted.flat_map(|(lines, _)| lines).copied().collect()
    }

    /// Was there a covered value at this place, or one below it? Not one that is covered still (`now`), at another position of its list.
    pub fn covered_at(&self, place: u64, now: Option<&HashSet<u64>>) -> bool {
        let stays = |i: usize| now.is_some_and(|now| now.contains(&self.leaves[i].at));
        self.covers_below.contains(&place) || self.at(place).any(|i| self.covers.leaves[i] && self.leaves[i].has_value && !stays(i))
    }

    pub fn has_value_at(&self, place: u64) -> bool {
        self.at(place).any(|i| self.leaves[i].has_value)
    }

    /// The places without a value at which one would be covered, or would not.
    pub fn empty_at(&self, covered: bool) -> impl Iterator<Item = &Empty> {
        self.empties.iter().filter(move |empty| empty.covered == covered)
    }

    pub fn is_there(&self, place: u64) -> bool {
        self.nodes.contains(&place) || self.at(place).next().is_some()
    }

    /// The maps and lists that hold a value: whether a comment covers these is in the MAC.
    pub fn held(&self) -> HashSet<u64> {
        self.above(|i| self.leaves[i].has_value)
    }

    /// The maps and lists above some leaves.
    fn above(&self, wanted: impl Fn(usize) -> bool) -> HashSet<u64> {
        let mut found = HashSet::new();
        for i in (0..self.leaves.len()).filter(|&i| wanted(i)) {
            // Above what was found once all is.
            let _ = self.up_from(i).skip(1).all(|place| found.insert(place));
        }
        found
    }
}

/// All paths of a text, hashed: each once, from its parent's.
struct Places {
    marks: RandomState,
    paths: Vec<Path>,
}

#[derive(Clone, Copy)]
struct Path {
    whole: u64,
    /// Without positions in lists.
    names: u64,
    in_list: bool,
}

impl Places {
    fn new(document: &Document<'_>, marks: &RandomState) -> Self {
        let paths = document.paths();
        let mut all = vec![Path { whole: 0, names: 0, in_list: false }; paths.len()];
        // A parent is always made before its children.
        for i in 1..all.len() {
            let path = PathId(i as u32);
            let above = all[paths.parent(path).0 as usize];
            all[i] = match paths.name(path) {
                Some(name) => {
                    Path { whole: marks.hash_one((above.whole, name)), names: marks.hash_one((above.names, name)), in_list: above.in_list }
                }
                None => Path { whole: marks.hash_one((above.whole, paths.position(path))), names: above.names, in_list: true },
            };
        }
        Places { marks: marks.clone(), paths: all }
    }

    fn of(&self, number: usize, path: PathId) -> u64 {
        self.marks.hash_one((number, self.paths[path.0 as usize].whole))
    }
}
