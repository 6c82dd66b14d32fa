//! What comes to stand in clear although the rule stays (docs/threat-model.md, P10): under a name that is mistyped, or that the rule does not know; in a comment, for a
//! line that was taken out of use; as a name, where a value over several lines has lost its first one.
//!
//! The rule is the same before and after, so it shows by the value alone: one that was sealed, is so less often than before, and was nowhere in clear. What may be
//! the same by chance (`true`, `5432`) counts only where it stands in its old place, with another name; a boolean, or a word for one, not even there. Where comments
//! decide, whole values and comments are looked at by `uncovered`, and here what is a part of another text.

mod names;
mod pieces;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::RandomState;

use leafcrypt_formats::{Document, PathId};

use self::names::{Comment, Leaf, Names};
use self::pieces::{COMMENT, LINE, Pieces, TOKEN, WHOLE, is_token};
use crate::flows::uncovered::{Change, Weight};
use crate::seal::go_regex::BadRegex;
use crate::seal::selection::Selection;

/// So many paths are named.
const MOST_SHOWN: usize = 20;
/// A shorter word may be in the middle of another text by chance.
const LONG: usize = 6;

/// What an edit has moved out of the rule's reach.
#[derive(Default)]
pub(super) struct Moved {
    /// Where it stands now; none: nothing was moved.
    pub at: Option<String>,
    /// Something was sealed, nothing is any more, and something new stands in clear.
    pub nothing_is_sealed: bool,
}

/// Looks for it. Hashes under keys of the one comparison stand for values, texts and places: there are no copies (P16, R1).
///
/// # Errors
/// A rule does not compile.
pub(super) fn find(change: &Change<'_>) -> Result<Moved, BadRegex> {
    if change.is_new {
        return Ok(Moved::default());
    }
    let marks = RandomState::new();
    let (here, now) = (Names::new(&change.file, &marks)?, Names::new(&change.after, &marks)?);
    let seen = change.seen.iter().map(|side| Names::new(side, &marks)).collect::<Result<Vec<_>, _>>()?;
    let before: Vec<&Names<'_>> = seen.iter().chain([&here]).collect();
    let news = News::new(change, &before, &here, &now);
    let by_comments = change.after.rule.kind.is_of_comments();
    // Where comments decide, or a rule is compared with another one, comments are looked for there.
    let with_comments = !by_comments && !change.has_other_rule() && change.creation.is_none_or(|rule| rule == change.after.rule);
    let mut found = Found::default();
    if !by_comments {
        news.values(&marks, &mut found);
    }
    if with_comments {
        news.comments(&mut found);
    }
    news.pieces(with_comments, &marks, &mut found);
    news.lines_as_names(&mut found);
    Ok(Moved { at: found.told(now.document), nothing_is_sealed: !by_comments && news.seal_nothing() })
}

/// Where something comes to stand in clear.
#[derive(Default)]
struct Found {
    values: BTreeSet<u32>,
    comments: BTreeSet<usize>,
    /// Where the line of a name is; none: it has no value.
    names: BTreeSet<Option<usize>>,
    /// Values below a name that is a sealed value, too.
    unnamed: BTreeSet<Option<usize>>,
}

impl Found {
    /// For people. No name that is a sealed value is shown.
    fn told(&self, document: &Document<'_>) -> Option<String> {
        let mut at: Vec<String> = self.values.iter().take(MOST_SHOWN).map(|path| document.paths().display(PathId(*path))).collect();
        if self.values.len() > MOST_SHOWN {
            at.push(format!("{} more values", self.values.len() - MOST_SHOWN));
        }
        let comments = self.comments.iter().map(|at| Some(*at)).collect();
        for (what, places) in [("value", &self.unnamed), ("name", &self.names), ("comment", &comments)] {
            let mut numbers = document.lines();
            at.extend(places.iter().take(MOST_SHOWN).map(|place| match place {
                Some(place) => format!("a {what} (line {})", numbers(*place as u32)),
                None => format!("a {what}"),
            }));
            if places.len() > MOST_SHOWN {
                at.push(format!("{} more {what}s", places.len() - MOST_SHOWN));
            }
        }
        (!at.is_empty()).then(|| at.join(", "))
    }
}

/// What an edit has made of a text.
struct News<'a, 'd> {
    change: &'a Change<'a>,
    here: &'a Names<'d>,
    /// All that it comes from, the file as it stands last.
    before: &'a [&'a Names<'d>],
    now: &'a Names<'d>,
    /// Values that are in clear in the file.
    clear_here: HashSet<u64>,
    /// Those that are sealed less often than before, and are none of these.
    gone: HashSet<u64>,
}

impl<'a, 'd> News<'a, 'd> {
    fn new(change: &'a Change<'a>, before: &'a [&'a Names<'d>], here: &'a Names<'d>, now: &'a Names<'d>) -> Self {
        let is_counted = |leaf: &&Leaf| leaf.covered && leaf.weight == Weight::Tells;
        let values = |side: &Names<'_>| count(side.leaves.iter().filter(is_counted).map(|leaf| leaf.value));
        let clear_here = here.of(false, |leaf| leaf.value);
        let gone = gone(before.iter().map(|side| values(side)), &values(now), &clear_here);
        News { change, here, before, now, clear_here, gone }
    }

    /// Whoever types a name that says it knows.
    fn says_it(&self, path: PathId) -> bool {
        self.now.is_told_by_its_name(path, self.change.after.rule, self.here)
    }

    /// Whole values under other names.
    fn values(&self, marks: &RandomState, found: &mut Found) {
        let (here, now) = (self.here, self.now);
        let sides = || self.before.iter().flat_map(|side| side.leaves.iter());
        let sealed_names: HashSet<u64> = sides().filter(|leaf| leaf.covered).map(|leaf| leaf.name).collect();
        let names_now: HashSet<u64> = now.leaves.iter().map(|leaf| leaf.name).collect();
        let is_away = |leaf: &&Leaf| leaf.covered && leaf.weight != Weight::Nothing && !names_now.contains(&leaf.name);
        let renamed: HashSet<(u64, u64)> = sides().filter(is_away).map(|leaf| (leaf.slot, leaf.value)).collect();
        // A map above it that is mistyped takes along what is the same by chance elsewhere.
        let (mut above, mut up, mut away) = (HashSet::new(), HashSet::new(), HashSet::new());
        for side in self.before {
            for leaf in side.leaves.iter().filter(is_away).filter(|leaf| leaf.weight == Weight::Little) {
                let (renamed, without) = side.with_others_above(leaf, marks);
                above.extend(renamed.into_iter().map(|name| (name, leaf.value)));
                up.extend(without.into_iter().map(|name| (name, leaf.value)));
                away.insert((leaf.name, leaf.value));
            }
        }
        let is_renamed_above = |leaf: &Leaf| {
            let (renamed, without) = now.with_others_above(leaf, marks);
            renamed.iter().any(|name| above.contains(&(*name, leaf.value)))
                || up.contains(&(leaf.name, leaf.value))
                || without.iter().any(|name| away.contains(&(*name, leaf.value)))
        };
        let is_moved = |leaf: &&Leaf| {
            let is_news = !leaf.covered && !self.clear_here.contains(&leaf.value) && !sealed_names.contains(&leaf.name);
            let is_renamed = || {
                leaf.weight != Weight::Nothing
                    && !here.names.contains(&leaf.name)
                    && (renamed.contains(&(leaf.slot, leaf.value)) || leaf.weight == Weight::Little && is_renamed_above(leaf))
            };
            is_news && (self.gone.contains(&leaf.value) || is_renamed()) && !self.says_it(leaf.path)
        };
        found.values.extend(now.leaves.iter().filter(is_moved).map(|leaf| leaf.path.0));
    }

    /// Whole lines of comments.
    fn comments(&self, found: &mut Found) {
        let texts = |side: &Names<'_>| count(side.comments.iter().filter(|comment| comment.covered).map(|comment| comment.text));
        let clear = self.here.comments.iter().filter(|comment| !comment.covered).map(|comment| comment.text).collect();
        let gone = gone(self.before.iter().map(|side| texts(side)), &texts(self.now), &clear);
        let is_moved = |comment: &&Comment| !comment.covered && gone.contains(&comment.text) && !self.says_it(comment.container);
        found.comments.extend(self.now.comments.iter().filter(is_moved).map(|comment| comment.line.start));
    }

    /// What tells one of them in the middle of another text.
    fn pieces(&self, with_comments: bool, marks: &RandomState, found: &mut Found) {
        let mut pieces = Pieces::gone(self.before, self.now, with_comments, marks);
        // What was typed is the first of several, and has been asked about by itself; but a copy of what was sealed then is news when that goes (P8).
        for side in &self.before[usize::from(self.before.len() > 1)..] {
            let text = side.document.text();
            side.leaves.iter().filter(|leaf| !leaf.covered).for_each(|leaf| pieces.forget(&side.bytes(leaf)));
            side.comments.iter().filter(|comment| !comment.covered).for_each(|comment| pieces.forget(&text[comment.line.clone()]));
            side.names().for_each(|(_, name)| pieces.forget(name));
        }
        if pieces.is_empty() {
            return;
        }
        let (now, text) = (self.now, self.now.document.text());
        let is_told = |comment: &&Comment| {
            let line = &text[comment.line.clone()];
            !comment.covered && (pieces.is_entry(line) || pieces.are_told(line, WHOLE | LINE | COMMENT)) && !self.says_it(comment.container)
        };
        found.comments.extend(now.comments.iter().filter(is_told).map(|comment| comment.line.start));
        let is_told = |leaf: &&Leaf| {
            let tells = |value: &[u8]| {
                let lines = if memchr::memchr(b'\n', value).is_some() { TOKEN } else { LINE };
                pieces.are_told(value, WHOLE | lines | COMMENT)
            };
            // Whole ones are looked for above, or by `uncovered`.
            !leaf.covered && !self.gone.contains(&leaf.value) && tells(&now.bytes(leaf)) && !self.says_it(leaf.path)
        };
        found.values.extend(now.leaves.iter().filter(is_told).map(|leaf| leaf.path.0));
        let told: HashSet<PathId> = now.names().filter(|(_, name)| pieces.are_told(name, WHOLE)).map(|(path, _)| path).collect();
        if told.is_empty() {
            return;
        }
        let mut first: HashMap<PathId, usize> = HashMap::new();
        for leaf in now.document.leaves() {
            now.document.paths().ancestors(leaf.path).for_each(|path| _ = first.entry(path).or_insert(leaf.span.range().start));
        }
        // A list that becomes a map by its names is usual, and its names are.
        let is_news = |path: &&PathId| now.document.paths().name(**path).is_some_and(is_token);
        found.names.extend(told.iter().filter(is_news).map(|path| first.get(path).copied()));
        let shows = |path: &u32| now.document.paths().ancestors(PathId(*path)).any(|above| told.contains(&above));
        let (hidden, shown): (BTreeSet<u32>, BTreeSet<u32>) = found.values.iter().partition(|path| shows(path));
        found.unnamed.extend(hidden.iter().map(|path| first.get(&PathId(*path)).copied()));
        found.values = shown;
    }

    /// A value over several lines that has lost its first one, or its quote.
    fn lines_as_names(&self, found: &mut Found) {
        let known: HashSet<u64> = self.before.iter().flat_map(|side| side.heads.iter().map(|head| head.text)).collect();
        let text = self.now.document.text();
        let new = self.now.heads.iter().filter(|head| !known.contains(&head.text) && is_token(&text[head.span.clone()]));
        let mut heads: Vec<(&[u8], usize)> = new.map(|head| (&text[head.span.clone()], head.span.start)).collect();
        heads.sort_unstable();
        if heads.is_empty() {
            return;
        }
        for value in self.before.iter().flat_map(|side| side.with(&self.gone)) {
            found.names.extend((0..value.len()).filter_map(|at| begins(&heads, &value, at)).map(Some));
        }
    }

    /// Something was sealed, nothing is any more, and something new stands in clear.
    fn seal_nothing(&self) -> bool {
        let clear_names = self.here.of(false, |leaf| leaf.name);
        *self.change.after.rule != Selection::default_rule()
            && self.here.leaves.iter().any(|leaf| leaf.covered)
            && !self.now.leaves.iter().any(|leaf| leaf.covered)
            && self.now.leaves.iter().any(|leaf| !clear_names.contains(&leaf.name))
    }
}

fn count(marks: impl Iterator<Item = u64>) -> HashMap<u64, usize> {
    let mut counts = HashMap::new();
    marks.for_each(|mark| *counts.entry(mark).or_default() += 1);
    counts
}

/// What is sealed less often than before, and was not in clear.
fn gone(before: impl Iterator<Item = HashMap<u64, usize>>, now: &HashMap<u64, usize>, clear: &HashSet<u64>) -> HashSet<u64> {
    let is_gone = |(mark, n): &(u64, usize)| now.get(mark).copied().unwrap_or_default() < *n && !clear.contains(mark);
    before.flatten().filter(is_gone).map(|(mark, _)| mark).collect()
}

fn is_apart(byte: Option<&u8>) -> bool {
    byte.is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
}

/// Which of these, in order, stands in the value at this place, where a line or a word begins? As many steps as it has letters at most, however many there are.
fn begins(heads: &[(&[u8], usize)], value: &[u8], at: usize) -> Option<usize> {
    if at > 0 && !value[at - 1].is_ascii_whitespace() {
        return None;
    }
    let mut rest = &value[at..];
    loop {
        let (head, place) = heads[heads.partition_point(|(head, _)| *head <= rest).checked_sub(1)?];
        let same = head.iter().zip(rest).take_while(|(a, b)| a == b).count();
        match same == head.len() {
            true if is_apart(value.get(at + same)) || head.last().is_some_and(|byte| !byte.is_ascii_alphanumeric()) => return Some(place),
            true => rest = &rest[..same - 1],
            false => rest = &rest[..same],
        }
    }
}
