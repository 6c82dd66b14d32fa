//! What comes to stand in clear? One answer for all who write values (docs/threat-model.md, P10): `set` and `unset` refuse it (`trust`), `edit` asks
//! (`edit/rule`).
//!
//! Where names decide, only another rule uncovers anything. Where comments decide, every change of the text may; and so may whoever can write the file,
//! by a comment at a place that is empty, for nothing but the witness covers it.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use leafcrypt_formats::{CommentId, Document, Format, LeafId, PathId, Step};
use zeroize::Zeroizing;

use crate::seal::aad;
use crate::seal::go_regex::BadRegex;
use crate::seal::plain_bytes;
use crate::seal::policy::{Coverage, Policy};
use crate::seal::selection::{RuleKind, Selection};

/// So many paths are named.
const MOST_SHOWN: usize = 20;

/// A plain text, and the rule that says what of it is covered.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The text.
    pub document: &'a Document<'a>,
    /// The rule in force.
    pub rule: &'a Selection,
}

/// What is about to be written, and all that it comes from.
pub struct Change<'a> {
    /// The file as it stands: what is in clear there is no news.
    pub file: Side<'a>,
    /// Other texts in which the values may have been covered: what an editor showed at first, and what was typed there.
    pub seen: &'a [Side<'a>],
    /// What is written.
    pub after: Side<'a>,
    /// What the creation rule says.
    pub creation: Option<&'a Selection>,
    /// Nobody vouches for the comments of the file, or for where they stand.
    pub in_doubt: bool,
    /// Nobody has written the file yet: what stands in it is an example.
    pub is_new: bool,
    /// Places count, too, that have no value yet, or an empty one: the next value there would be in clear.
    pub with_empties: bool,
}

/// What comes to stand in clear by a change.
#[derive(Default)]
pub struct Uncovered {
    /// Where something was covered: paths for people.
    pub covered: Vec<String>,
    /// How many comments were.
    pub comments: usize,
    /// The creation rule seals something of these.
    pub by_creation: bool,
    /// New values that the creation rule seals.
    pub created: Vec<String>,
    /// New values at places that whoever can write the file has perhaps uncovered.
    pub doubtful: Vec<String>,
}

impl Change<'_> {
    /// Has one of the texts another rule than what is written?
    pub fn has_other_rule(&self) -> bool {
        self.seen.iter().chain([&self.file]).any(|side| side.rule != self.after.rule)
    }

    /// What it uncovers.
    ///
    /// # Errors
    /// A rule does not compile.
    pub fn uncovers(&self) -> Result<Uncovered, BadRegex> {
        let creation = self.creation.filter(|rule| *rule != self.after.rule);
        let by_comments = self.after.rule.kind.is_of_comments();
        if !by_comments && creation.is_none() && !self.has_other_rule() {
            return Ok(Uncovered::default());
        }
        let marks = RandomState::new();
        let (here, now) = (View::new(&self.file, &marks)?, View::new(&self.after, &marks)?);
        let seen = self.seen.iter().map(|side| View::new(side, &marks)).collect::<Result<Vec<_>, _>>()?;
        let before: Vec<&View<'_>> = seen.iter().chain((!self.is_new).then_some(&here)).collect();
        let others = self.seen.iter().chain([&self.file]).filter(|side| side.rule != self.after.rule);
        let would = others.map(|side| coverage(self.after.document, side.rule)).collect::<Result<Vec<_>, _>>()?;
        let wanted = creation.map(|rule| coverage(self.after.document, rule)).transpose()?;

        let clear_here = here.values_at(false);
        let is_news = |i: &usize| !now.covers.leaves[*i] && now.leaves[*i].has_value && !clear_here.contains(&now.leaves[*i].at);
        let news: Vec<usize> = (0..now.leaves.len()).filter(is_news).collect();
        let covered_now = now.values_at(true);
        let by_value = Counts::new(&now, &here, &before, by_comments && !news.is_empty());
        let was_covered = |i: usize| {
            let leaf = &now.leaves[i];
            would.iter().any(|would| would.leaves[i])
                || before.iter().any(|view| view.covered_at(&leaf.place, leaf.in_list.then_some(&covered_now)))
                || by_value.moved(leaf.value)
        };
        let (covered, new): (Vec<usize>, Vec<usize>) = news.iter().partition(|i| was_covered(**i));
        let created: Vec<usize> = news.iter().copied().filter(|&i| wanted.as_ref().is_some_and(|wanted| wanted.leaves[i])).collect();

        let clear_comments = here.comments(false);
        let covered_comments: HashSet<u64> = before.iter().flat_map(|view| view.comments(true)).collect();
        let is_uncovered = |i: &usize| {
            let text = now.comments[*i];
            let was = would.iter().any(|would| would.comments[*i]) || covered_comments.contains(&text);
            !now.covers.comments[*i] && !self.after.document.comment(CommentId(*i as u32)).empty && !clear_comments.contains(&text) && was
        };
        let comments: Vec<usize> = (0..now.comments.len()).filter(is_uncovered).collect();

        let doubtful = if self.in_doubt && by_comments { self.doubtful(&here, &now, new, &marks)? } else { Vec::new() };
        let names = |leaves: &[usize]| leaves.iter().map(|&i| now.leaves[i].place.clone()).collect::<Vec<_>>();
        let mut uncovered = Uncovered {
            covered: names(&covered),
            comments: comments.len(),
            by_creation: wanted
                .as_ref()
                .is_some_and(|wanted| covered.iter().any(|&i| wanted.leaves[i]) || comments.iter().any(|&i| wanted.comments[i])),
            created: names(&created),
            doubtful: names(&doubtful),
        };
        if self.with_empties {
            let were: HashSet<&str> = before.iter().flat_map(|view| view.empty_at(true)).collect();
            let are = now.empty_at(false).filter(|place| were.contains(place));
            uncovered.covered.extend(are.map(str::to_owned));
        }
        Ok(uncovered)
    }

    /// Those of the new values in clear at whose places whoever can write the file may have had a hand. Not those below a comment that was typed with them.
    fn doubtful(&self, here: &View<'_>, now: &View<'_>, new: Vec<usize>, marks: &RandomState) -> Result<Vec<usize>, BadRegex> {
        let document = self.after.document;
        if document.format() == Format::Json {
            return Ok(Vec::new());
        }
        let fresh: Vec<usize> = new.into_iter().filter(|&i| !here.has_value_at(&now.leaves[i].place)).collect();
        if self.after.rule.kind == RuleKind::EncryptedCommentRegex {
            // Without a comment values are in clear there, and a new name has none. But a comment that stood at an empty place may be gone.
            let held = here.held();
            let is_empty = |i: &usize| {
                let leaf = &now.leaves[*i];
                let path = document.leaf(LeafId(*i as u32)).path;
                let up = std::iter::once(path).chain(document.paths().ancestors(document.paths().parent(path)));
                let nearest = up.map(|path| place(document, leaf.document, path)).find(|place| here.is_there(place));
                nearest.is_some_and(|place| !held.contains(&place))
            };
            return Ok(fresh.into_iter().filter(is_empty).collect());
        }
        let wanted: HashSet<usize> = fresh.iter().copied().collect();
        let in_force = Policy::new(self.after.rule)?.comments_in_force(document, |id| wanted.contains(&(id.0 as usize)));
        // By container and text: so many more than there were are the writer's own.
        let key = |document: &Document<'_>, id: CommentId| {
            let container = document.paths().display(document.comment(id).container);
            marks.hash_one((container, &*Zeroizing::new(document.comment_text(id).into_owned())))
        };
        let count = |document: &Document<'_>| {
            let mut counts: HashMap<u64, usize> = HashMap::new();
            (0..document.comments().len()).for_each(|i| *counts.entry(key(document, CommentId(i as u32))).or_default() += 1);
            counts
        };
        let (were, are) = (count(self.file.document), count(document));
        let mut used: HashMap<u64, HashSet<u32>> = HashMap::new();
        for id in in_force.iter().flat_map(|(_, ids)| ids) {
            used.entry(key(document, *id)).or_default().insert(id.0);
        }
        let own = |id: &CommentId| {
            let key = key(document, *id);
            let of = |counts: &HashMap<u64, usize>| counts.get(&key).copied().unwrap_or_default();
            of(&are) >= of(&were) + used.get(&key).map_or(0, HashSet::len)
        };
        Ok(in_force.iter().filter(|(_, ids)| !ids.iter().any(own)).map(|(id, _)| id.0 as usize).collect())
    }
}

impl Uncovered {
    /// Where something comes to stand in clear that was covered; none: nowhere.
    pub fn was_covered(&self) -> Option<String> {
        let comments = match self.comments {
            0 => None,
            1 => Some("a comment".to_owned()),
            n => Some(format!("{n} comments")),
        };
        named(&self.covered, comments)
    }

    /// Where nobody vouches for the comments that leave a new value in clear; none: nowhere.
    pub fn in_doubt(&self) -> Option<String> {
        named(&self.doubtful, None)
    }
}

/// Some paths, in one line.
fn named(paths: &[String], more: Option<String>) -> Option<String> {
    let mut all: Vec<String> = paths.iter().take(MOST_SHOWN).cloned().collect();
    if paths.len() > MOST_SHOWN {
        all.push(format!("{} more values", paths.len() - MOST_SHOWN));
    }
    all.extend(more);
    (!all.is_empty()).then(|| all.join(", "))
}

fn coverage(document: &Document<'_>, rule: &Selection) -> Result<Coverage, BadRegex> {
    Ok(Policy::new(rule)?.coverage(document))
}

/// A path for people. The same one in two documents of a stream is two places.
fn place(document: &Document<'_>, number: usize, path: PathId) -> String {
    let shown = document.paths().display(path);
    if number == 0 { shown } else { format!("{shown} (document {})", number + 1) }
}

/// A leaf, to be compared. Values are compared by hashes under keys of this one comparison, so that there are no copies of them (P16, R1).
struct Seen {
    document: usize,
    place: String,
    /// Below a list its place may be another one although nothing became of it.
    in_list: bool,
    has_value: bool,
    /// Type and value.
    value: u64,
    /// The same, and where, without positions in lists.
    at: u64,
}

/// A side, looked at.
struct View<'a> {
    document: &'a Document<'a>,
    covers: Coverage,
    leaves: Vec<Seen>,
    comments: Vec<u64>,
    /// Maps, lists, and what is empty.
    nodes: HashSet<String>,
    /// What has no value yet, and whether one would be covered there.
    empties: Vec<(String, bool)>,
    /// The leaves of each place.
    by_place: HashMap<String, Vec<usize>>,
    /// Maps and lists with covered values in them.
    covers_below: HashSet<String>,
}

impl<'a> View<'a> {
    fn new(side: &Side<'a>, marks: &RandomState) -> Result<Self, BadRegex> {
        let (document, covers) = (side.document, coverage(side.document, side.rule)?);
        let (mut number, mut of_leaf) = (0, vec![0; document.leaves().len()]);
        let (mut nodes, mut empties) = (HashSet::new(), Vec::new());
        let mut is_first = true;
        for &step in document.steps() {
            match step {
                Step::Document => number += usize::from(!std::mem::take(&mut is_first)),
                Step::MapStart(path) | Step::ListStart(path) => _ = nodes.insert(place(document, number, path)),
                Step::EmptyMap(path) | Step::EmptyList(path) | Step::Null(path) => {
                    let place = place(document, number, path);
                    nodes.insert(place.clone());
                    // In the order of the walk; none where names decide.
                    empties.extend(covers.empties.get(empties.len()).map(|(_, covered)| (place, *covered)));
                }
                Step::Leaf(id) => of_leaf[id.0 as usize] = number,
                _ => {}
            }
        }
        let mut bound = Vec::new();
        let leaves: Vec<Seen> = (0..document.leaves().len())
            .map(|i| {
                let path = document.leaves()[i].path;
                let value = document.value(LeafId(i as u32));
                let bytes = Zeroizing::new(plain_bytes::of(&value).into_owned());
                let mark = marks.hash_one((value.kind().name(), &*bytes));
                aad::write(&mut bound, document.paths(), path);
                Seen {
                    document: of_leaf[i],
                    place: place(document, of_leaf[i], path),
                    in_list: document.paths().ancestors(path).any(|path| document.paths().position(path).is_some()),
                    has_value: !bytes.is_empty(),
                    value: mark,
                    at: marks.hash_one((&bound, mark)),
                }
            })
            .collect();
        let text = |i: usize| marks.hash_one(&*Zeroizing::new(document.comment_text(CommentId(i as u32)).into_owned()));
        let mut by_place: HashMap<String, Vec<usize>> = HashMap::new();
        leaves.iter().enumerate().for_each(|(i, leaf)| by_place.entry(leaf.place.clone()).or_default().push(i));
        let comments = (0..document.comments().len()).map(text).collect();
        let without_value = leaves.iter().zip(&covers.leaves).filter(|(leaf, _)| !leaf.has_value);
        empties.extend(without_value.map(|(leaf, covered)| (leaf.place.clone(), *covered)));
        let covers_below = above(document, &leaves, |i| covers.leaves[i] && leaves[i].has_value);
        Ok(View { document, covers, leaves, comments, nodes, empties, by_place, covers_below })
    }

    fn at<'s>(&'s self, place: &str) -> impl Iterator<Item = usize> + 's {
        self.by_place.get(place).into_iter().flatten().copied()
    }

    /// Where values are covered, or are not, and which.
    fn values_at(&self, covered: bool) -> HashSet<u64> {
        self.leaves.iter().zip(&self.covers.leaves).filter(|(_, covers)| **covers == covered).map(|(leaf, _)| leaf.at).collect()
    }

    /// The texts of the comments that are covered, or are not.
    fn comments(&self, covered: bool) -> HashSet<u64> {
        self.comments.iter().zip(&self.covers.comments).filter(|(_, covers)| **covers == covered).map(|(text, _)| *text).collect()
    }

    /// Was there a covered value at this place, or one below it? Not one that is covered still (`now`), at another position of its list.
    fn covered_at(&self, place: &str, now: Option<&HashSet<u64>>) -> bool {
        let stays = |i: usize| now.is_some_and(|now| now.contains(&self.leaves[i].at));
        self.covers_below.contains(place) || self.at(place).any(|i| self.covers.leaves[i] && self.leaves[i].has_value && !stays(i))
    }

    fn has_value_at(&self, place: &str) -> bool {
        self.at(place).any(|i| self.leaves[i].has_value)
    }

    /// The places without a value at which one would be covered, or would not.
    fn empty_at(&self, covered: bool) -> impl Iterator<Item = &str> {
        self.empties.iter().filter(move |(_, is)| *is == covered).map(|(place, _)| place.as_str())
    }

    fn is_there(&self, place: &str) -> bool {
        self.nodes.contains(place) || self.by_place.contains_key(place)
    }

    /// The maps and lists that hold a value: whether a comment covers these is in the MAC.
    fn held(&self) -> HashSet<String> {
        above(self.document, &self.leaves, |i| self.leaves[i].has_value)
    }
}

/// The maps and lists above some leaves.
fn above(document: &Document<'_>, leaves: &[Seen], wanted: impl Fn(usize) -> bool) -> HashSet<String> {
    let mut found = HashSet::new();
    for i in (0..leaves.len()).filter(|&i| wanted(i)) {
        let parent = document.paths().parent(document.leaves()[i].path);
        for path in document.paths().ancestors(parent) {
            if !found.insert(place(document, leaves[i].document, path)) {
                break;
            }
        }
    }
    found
}

/// How often a value is covered and in clear: one that moved is covered less often than before, and is in clear more often.
#[derive(Default)]
struct Counts {
    moved: HashSet<u64>,
}

impl Counts {
    fn new(now: &View<'_>, here: &View<'_>, before: &[&View<'_>], counts: bool) -> Self {
        if !counts {
            return Counts::default();
        }
        let count = |view: &View<'_>, covered: bool| {
            let mut counts: HashMap<u64, usize> = HashMap::new();
            for (leaf, covers) in view.leaves.iter().zip(&view.covers.leaves).filter(|(leaf, _)| leaf.has_value) {
                *counts.entry(leaf.value).or_default() += usize::from(*covers == covered);
            }
            counts
        };
        let of = |counts: &HashMap<u64, usize>, value: u64| counts.get(&value).copied().unwrap_or_default();
        let (covered_now, clear_now, clear_here) = (count(now, true), count(now, false), count(here, false));
        let gone = before.iter().flat_map(|view| count(view, true)).filter(|(value, n)| of(&covered_now, *value) < *n);
        let moved = gone.map(|(value, _)| value).filter(|value| of(&clear_now, *value) > of(&clear_here, *value));
        Counts { moved: moved.collect() }
    }

    fn moved(&self, value: u64) -> bool {
        self.moved.contains(&value)
    }
}
