//! Three trees by their paths: what comes out, and what must be done to theirs for it.

use std::collections::{HashMap, HashSet};

use super::sequence::{Hunk, diff};
use super::{Conflict, Prefer, same};
use crate::path::Part;
use crate::tree::{Item, Member, Tree};

/// A place in three versions of a document; none: nothing is there.
#[derive(Clone, Copy)]
pub(super) struct Three<'t> {
    pub base: Option<&'t Tree>,
    pub mine: Option<&'t Tree>,
    pub theirs: Option<&'t Tree>,
}

/// A change of theirs.
pub(super) struct Todo {
    pub at: Vec<Part>,
    /// None: it goes.
    pub tree: Option<Tree>,
    /// One of several entries of that name: no path leads there.
    pub doubled: bool,
}

/// A walk through three trees.
pub(super) struct Walk {
    pub prefer: Prefer,
    at: Vec<Part>,
    /// In this order each path is that of its time: a list is changed from its end on.
    pub todo: Vec<Todo>,
    pub conflicts: Vec<Conflict>,
}

impl Walk {
    pub fn new(prefer: Prefer) -> Self {
        Walk { prefer, at: Vec::new(), todo: Vec::new(), conflicts: Vec::new() }
    }

    /// What is to be at this place. Goes as deep as the trees, whose depth the scan has bounded.
    pub fn node(&mut self, three: Three<'_>) -> Option<Tree> {
        let Three { base, mine, theirs } = three;
        if same::option(mine, theirs) || same::option(base, mine) {
            return theirs.map(bare);
        }
        let none = Tree::Map(Vec::new());
        match (base, mine, theirs) {
            (Some(base @ Tree::Map(_)), Some(mine @ Tree::Map(_)), Some(theirs @ Tree::Map(_))) => Some(self.map(base, mine, theirs)),
            // Both have added it.
            (None, Some(mine @ Tree::Map(_)), Some(theirs @ Tree::Map(_))) => Some(self.map(&none, mine, theirs)),
            (Some(base @ Tree::List(_)), Some(mine @ Tree::List(_)), Some(theirs @ Tree::List(_))) => Some(self.list(base, mine, theirs)),
            _ if same::option(base, theirs) => self.take_mine(mine),
            _ => {
                let what = if mine.is_none() || theirs.is_none() { Clash::Removed } else { Clash::Both };
                self.clash(what, mine, theirs)
            }
        }
    }

    fn take_mine(&mut self, mine: Option<&Tree>) -> Option<Tree> {
        self.todo.push(Todo { at: self.at.clone(), tree: mine.cloned(), doubled: false });
        mine.map(bare)
    }

    fn clash(&mut self, what: Clash, mine: Option<&Tree>, theirs: Option<&Tree>) -> Option<Tree> {
        if self.prefer == Prefer::Mine {
            return self.take_mine(mine);
        }
        self.conflicts.push(Conflict::new(&self.at, what));
        theirs.map(bare)
    }

    fn below<T>(&mut self, part: Part, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(part);
        let done = walk(self);
        self.at.pop();
        done
    }

    fn map(&mut self, base: &Tree, mine: &Tree, theirs: &Tree) -> Tree {
        let mut members = Vec::new();
        let names: [HashMap<&[u8], Vec<&Tree>>; 3] = [base, mine, theirs].map(same::by_name);
        let mut seen = HashSet::new();
        for (name, _) in theirs.entries().chain(mine.entries()).chain(base.entries()) {
            if !seen.insert(name) {
                continue;
            }
            let [base, mine, theirs] = names.each_ref().map(|map| map.get(name).map_or(&[][..], Vec::as_slice));
            let merged = self.below(Part::Key(name.to_vec()), |walk| walk.entries(base, mine, theirs));
            members.extend(merged.into_iter().map(|tree| Member::Entry(name.to_vec(), tree)));
        }
        Tree::Map(members)
    }

    /// All entries of one name.
    fn entries(&mut self, base: &[&Tree], mine: &[&Tree], theirs: &[&Tree]) -> Vec<Tree> {
        let all = |trees: &[&Tree]| trees.iter().map(|tree| bare(tree)).collect();
        if [base, mine, theirs].iter().all(|trees| trees.len() <= 1) {
            let [base, mine, theirs] = [base, mine, theirs].map(|trees| trees.first().copied());
            return self.node(Three { base, mine, theirs }).into_iter().collect();
        }
        if same::all(mine, theirs) || same::all(base, mine) {
            return all(theirs);
        }
        if same::all(base, theirs) {
            self.todo.push(Todo { at: self.at.clone(), tree: None, doubled: true });
            return all(mine);
        }
        self.conflicts.push(Conflict::new(&self.at, Clash::Both));
        all(theirs)
    }

    fn list(&mut self, base: &Tree, mine: &Tree, theirs: &Tree) -> Tree {
        let [b, m, t] = [base, mine, theirs].map(|list| list.items().collect::<Vec<_>>());
        let hunks = |other: &[&Tree]| diff(b.len(), other.len(), |i, j| same::tree(b[i], other[j]));
        let (Some(ours), Some(others)) = (hunks(&m), hunks(&t)) else { return self.whole_list(mine, theirs) };
        let reach = |hunk: &Hunk, other: &[&Tree]| Reach::of(hunk, &b, other);
        for a in &ours {
            for c in &others {
                let equal = a.base == c.base && same::all(&m[a.other.clone()], &t[c.other.clone()]);
                if !equal && !is_one_item(a, c) && reach(a, &m).meets(&reach(c, &t)) {
                    return self.whole_list(mine, theirs);
                }
            }
        }
        let mut merged = Vec::new();
        // What is to be done for each stretch: from the last to the first.
        let mut todo: Vec<Vec<Todo>> = Vec::new();
        let mut fits = true;
        let before = std::mem::take(&mut self.todo);
        // Where we are in base and theirs.
        let (mut i, mut k) = (0, 0);
        let (mut ours, mut others) = (ours.into_iter().peekable(), others.into_iter().peekable());
        loop {
            let (a, c) = (ours.peek().cloned(), others.peek().cloned());
            let next = a.iter().chain(&c).map(|hunk| hunk.base.start).min().unwrap_or(b.len());
            merged.extend(t[k..k + (next - i)].iter().map(|tree| bare(tree)));
            (i, k) = (next, k + (next - i));
            match (a, c) {
                (None, None) => break,
                (Some(a), Some(c)) if a.base == c.base => {
                    if is_one_item(&a, &c) {
                        let three = Three { base: Some(b[i]), mine: Some(m[a.other.start]), theirs: Some(t[k]) };
                        merged.extend(self.below(Part::Index(k), |walk| walk.node(three)));
                    } else {
                        merged.extend(t[c.other.clone()].iter().map(|tree| bare(tree)));
                    }
                    (i, k) = (a.base.end, c.other.end);
                    ours.next();
                    others.next();
                }
                (Some(a), c) if c.as_ref().is_none_or(|c| (a.base.start, a.base.end) < (c.base.start, c.base.end)) => {
                    let (old, new) = (a.base.len(), &m[a.other.clone()]);
                    let at_end = k + old == t.len();
                    fits &= new.len() <= old || at_end;
                    // Further down first: what is added at the end, then what goes.
                    for (n, tree) in new.iter().enumerate().skip(old) {
                        self.below(Part::Index(k + n), |walk| walk.take_mine(Some(tree)));
                    }
                    for n in (new.len()..old).rev() {
                        self.below(Part::Index(k + n), |walk| walk.take_mine(None));
                    }
                    for (n, tree) in new.iter().enumerate().take(old) {
                        let three = Three { base: Some(b[i + n]), mine: Some(tree), theirs: Some(t[k + n]) };
                        self.below(Part::Index(k + n), |walk| walk.node(three));
                    }
                    merged.extend(new.iter().map(|tree| bare(tree)));
                    (i, k) = (a.base.end, k + old);
                    ours.next();
                }
                (_, Some(c)) => {
                    merged.extend(t[c.other.clone()].iter().map(|tree| bare(tree)));
                    (i, k) = (c.base.end, c.other.end);
                    others.next();
                }
                (Some(_), None) => unreachable!("the guard above takes it"),
            }
            todo.push(std::mem::take(&mut self.todo));
        }
        self.todo = before;
        if fits {
            self.todo.extend(todo.into_iter().rev().flatten());
        } else {
            // Nothing can be put into the middle of a list by its path.
            self.todo.push(Todo { at: self.at.clone(), tree: Some(Tree::list(merged.iter().cloned())), doubled: false });
        }
        Tree::List(merged.into_iter().map(Item::Value).collect())
    }

    fn whole_list(&mut self, mine: &Tree, theirs: &Tree) -> Tree {
        self.clash(Clash::Moved, Some(mine), Some(theirs)).expect("both are there")
    }
}

/// Why two changes do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Both changed it, not to the same.
    Both,
    /// One removed what the other changed.
    Removed,
    /// Items came or went, so that it cannot be told which is which.
    Moved,
    /// The text leaves no place for the change that was made there.
    Unplaceable,
    /// A comment would be lost.
    Comment,
}

/// Both put one item in place of the same one.
fn is_one_item(a: &Hunk, b: &Hunk) -> bool {
    a.base == b.base && [&a.base, &a.other, &b.other].iter().all(|range| range.len() == 1)
}

/// The items of a list that a change may have meant, of which some are equal: from where to where it could stand, and does it add something?
struct Reach {
    start: usize,
    end: usize,
    adds: bool,
}

impl Reach {
    fn of(hunk: &Hunk, base: &[&Tree], other: &[&Tree]) -> Self {
        let (mut up, mut down) = (0, 0);
        let adds = hunk.other.len() > hunk.base.len();
        // The items that came or went, among others like them.
        let (list, range) = if hunk.base.is_empty() {
            (other, &hunk.other)
        } else if hunk.other.is_empty() {
            (base, &hunk.base)
        } else {
            return Reach { start: hunk.base.start, end: hunk.base.end, adds };
        };
        while range.start > up && same::tree(list[range.start - up - 1], list[range.end - up - 1]) {
            up += 1;
        }
        while range.end + down < list.len() && same::tree(list[range.end + down], list[range.start + down]) {
            down += 1;
        }
        Reach { start: hunk.base.start - up, end: hunk.base.end + down, adds }
    }

    /// Could they be about the same items?
    fn meets(&self, other: &Reach) -> bool {
        let overlap = self.start < other.end && other.start < self.end;
        // Of two additions at one place none is the first.
        overlap || self.adds && other.adds && self.start <= other.end && other.start <= self.end
    }
}

/// Without comments.
fn bare(tree: &Tree) -> Tree {
    match tree {
        Tree::Map(_) => Tree::Map(tree.entries().map(|(name, tree)| Member::Entry(name.to_vec(), bare(tree))).collect()),
        Tree::List(_) => Tree::list(tree.items().map(bare)),
        other => other.clone(),
    }
}
