//! What comes to stand in clear? One answer for all who write values (docs/threat-model.md, P10): `set` and `unset` refuse it (`trust`), `edit` asks
//! (`edit/rule`).
//!
//! Where names decide, only another rule uncovers a value. Where comments decide, every change of the text may; and so may whoever can write the file,
//! by a comment at a place that is empty, for nothing but the witness covers it. A comment that a change leaves where it stands may come to belong to
//! another entry, whatever decides (`remarks`).

mod remarks;
mod view;
mod weight;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use leafcrypt_formats::{CommentId, Document, Format, LeafId, PathId};

use crate::seal::go_regex::BadRegex;
use crate::seal::policy::{Coverage, Policy, leaves_without};
use crate::seal::selection::{RuleKind, Selection};

pub use remarks::{uncovered_lines, without_uncovered};
use view::View;
pub use weight::Weight;

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

/// Places: the first of them as paths for people. A path may be long, and there may be many (R8).
#[derive(Default)]
pub struct Named {
    first: Vec<String>,
    count: usize,
}

/// What comes to stand in clear by a change.
#[derive(Default)]
pub struct Uncovered {
    /// Where something was covered.
    pub covered: Named,
    /// How many comments were.
    pub comments: usize,
    /// The creation rule seals something of these.
    pub by_creation: bool,
    /// New values that the creation rule seals.
    pub created: Named,
    /// New values at places that whoever can write the file has perhaps uncovered.
    pub doubtful: Named,
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
                || by_comments && before.iter().any(|view| view.covered_at(leaf.place, leaf.in_list.then_some(&covered_now)))
                || by_value.moved(leaf.value)
        };
        let (covered, new): (Vec<usize>, Vec<usize>) = news.iter().partition(|i| was_covered(**i));
        let created: Vec<usize> = news.iter().copied().filter(|&i| wanted.as_ref().is_some_and(|wanted| wanted.leaves[i])).collect();

        let clear_lines = here.lines_of_comments(false);
        let covered_lines: HashSet<u64> = before.iter().flat_map(|view| view.lines_of_comments(true)).collect();
        let is_uncovered = |i: &usize| {
            let would = would.iter().any(|would| would.comments[*i]);
            let is_news = |line: &u64| !clear_lines.contains(line) && (would || covered_lines.contains(line));
            !now.covers.comments[*i] && now.comment_lines[*i].iter().any(is_news)
        };
        let comments: Vec<usize> = (0..now.comments.len()).filter(is_uncovered).collect();

        let doubtful = if self.in_doubt && by_comments { self.doubtful(&here, &now, new, &marks)? } else { Vec::new() };
        let names = |leaves: &[usize]| Named::default().and(leaves.iter().map(|&i| (now.leaves[i].document, now.path(i))), &now);
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
            let were: HashSet<u64> = before.iter().flat_map(|view| view.empty_at(true)).map(|empty| empty.place).collect();
            let are = now.empty_at(false).filter(|empty| were.contains(&empty.place));
            uncovered.covered = uncovered.covered.and(are.map(|empty| (empty.document, empty.path)), &now);
        }
        Ok(uncovered)
    }

    /// Those of the new values in clear at whose places whoever can write the file may have had a hand. Not those below a comment that was typed with them.
    fn doubtful(&self, here: &View<'_>, now: &View<'_>, new: Vec<usize>, marks: &RandomState) -> Result<Vec<usize>, BadRegex> {
        let document = self.after.document;
        if document.format() == Format::Json {
            return Ok(Vec::new());
        }
        let fresh: Vec<usize> = new.into_iter().filter(|&i| !here.has_value_at(now.leaves[i].place)).collect();
        if self.after.rule.kind == RuleKind::EncryptedCommentRegex {
            // Without a comment values are in clear there, and a new name has none. But a comment that stood at an empty place may be gone.
            let held = here.held();
            let is_empty = |i: &usize| now.up_from(*i).find(|place| here.is_there(*place)).is_some_and(|place| !held.contains(&place));
            return Ok(fresh.into_iter().filter(is_empty).collect());
        }
        let wanted: HashSet<usize> = fresh.iter().copied().collect();
        let wanted = |id: LeafId| wanted.contains(&(id.0 as usize));
        let in_force = Policy::new(self.after.rule)?.comments_in_force(document, wanted);
        // By container and text: so many more than there were are the writer's own.
        let keys = |view: &View<'_>| -> Vec<u64> {
            view.comments.iter().enumerate().map(|(i, text)| marks.hash_one((view.container(CommentId(i as u32)), text))).collect()
        };
        let counts = |keys: &mut dyn Iterator<Item = u64>| {
            let mut counts: HashMap<u64, usize> = HashMap::new();
            keys.for_each(|key| *counts.entry(key).or_default() += 1);
            move |key: u64| counts.get(&key).copied().unwrap_or_default()
        };
        let now_keys = keys(now);
        let (were, are) = (counts(&mut keys(here).into_iter()), counts(&mut now_keys.iter().copied()));
        let used = counts(&mut now_keys.iter().zip(&in_force).filter(|(_, is)| **is).map(|(key, _)| *key));
        let own: Vec<bool> = now_keys.iter().zip(&in_force).map(|(&key, &is)| is && are(key) >= were(key) + used(key)).collect();
        Ok(leaves_without(document, wanted, &own).into_iter().map(|id| id.0 as usize).collect())
    }
}

impl Named {
    /// More of them, by document and path.
    fn and(mut self, places: impl Iterator<Item = (usize, PathId)>, of: &View<'_>) -> Self {
        for (document, path) in places {
            self.count += 1;
            if self.first.len() < MOST_SHOWN {
                self.first.push(of.shown(document, path));
            }
        }
        self
    }

    /// The first; none: there are none.
    pub fn first(&self) -> Option<&str> {
        self.first.first().map(String::as_str)
    }

    /// In one line; none: there are none.
    fn line(&self, more: Option<String>) -> Option<String> {
        let others = (self.count > self.first.len()).then(|| format!("{} more values", self.count - self.first.len()));
        let all: Vec<String> = self.first.iter().cloned().chain(others).chain(more).collect();
        (!all.is_empty()).then(|| all.join(", "))
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
        self.covered.line(comments)
    }

    /// Where nobody vouches for the comments that leave a new value in clear; none: nowhere.
    pub fn in_doubt(&self) -> Option<String> {
        self.doubtful.line(None)
    }
}

fn coverage(document: &Document<'_>, rule: &Selection) -> Result<Coverage, BadRegex> {
    Ok(Policy::new(rule)?.coverage(document))
}

/// How often a value is covered and in clear: one that moved is covered less often than before, and is in clear more often. Not what is the same by chance.
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
            for (leaf, covers) in view.leaves.iter().zip(&view.covers.leaves).filter(|(leaf, _)| leaf.tells) {
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
