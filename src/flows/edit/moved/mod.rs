//! What comes to stand in clear although the rule stays (docs/threat-model.md, P10): under a name that is mistyped, or that the rule does not know; in a comment, for a
//! line that was taken out of use; as a name, where a value over several lines has lost its first one.
//!
//! The rule is the same before and after, so it shows by the value alone: one that was sealed, is so less often than before, and was nowhere in clear. What may be
//! the same by chance (`true`, `5432`) counts only where it stands in its old place, with another name; a boolean, or a word for one, not even there. Where comments
//! decide, whole values and comments are looked at by `uncovered`, and here what is a part of another text.

mod names;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::RandomState;

use leafcrypt_formats::PathId;

use self::names::{Comment, Leaf, Names, Weight};
use crate::flows::uncovered::Change;
use crate::seal::go_regex::BadRegex;
use crate::seal::selection::Selection;

/// So many paths are named.
const MOST_SHOWN: usize = 20;
/// A shorter word may be in the middle of another value by chance.
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
    let by_comments = change.after.rule.kind.is_of_comments();
    let marks = RandomState::new();
    let (here, now) = (Names::new(&change.file, &marks)?, Names::new(&change.after, &marks)?);
    let seen = change.seen.iter().map(|side| Names::new(side, &marks)).collect::<Result<Vec<_>, _>>()?;
    let before: Vec<&Names<'_>> = seen.iter().chain([&here]).collect();

    let (clear_here, clear_names) = (here.of(false, |leaf| leaf.value), here.of(false, |leaf| leaf.name));
    let sealed_names: HashSet<u64> = before.iter().flat_map(|side| side.of(true, |leaf| leaf.name)).collect();
    let names_now: HashSet<u64> = now.leaves.iter().map(|leaf| leaf.name).collect();
    let renamed: HashSet<(u64, u64)> = before
        .iter()
        .flat_map(|side| side.leaves.iter())
        .filter(|leaf| leaf.covered && !names_now.contains(&leaf.name))
        .map(|leaf| (leaf.slot, leaf.value))
        .collect();
    let values =
        |side: &Names<'_>| count(side.leaves.iter().filter(|leaf| leaf.covered && leaf.weight == Weight::Tells).map(|leaf| leaf.value));
    let gone = gone(before.iter().map(|side| values(side)), &values(&now), &clear_here);
    let says_it = |path: PathId| now.is_told_by_its_name(path, change.after.rule, &here);
    let is_moved = |leaf: &&Leaf| {
        let is_news = !leaf.covered && !clear_here.contains(&leaf.value) && !sealed_names.contains(&leaf.name);
        let is_renamed =
            || leaf.weight != Weight::Nothing && !here.names.contains(&leaf.name) && renamed.contains(&(leaf.slot, leaf.value));
        is_news && (gone.contains(&leaf.value) || is_renamed()) && !says_it(leaf.path)
    };
    let leaves: Vec<&Leaf> = now.leaves.iter().filter(|leaf| !by_comments && is_moved(leaf)).collect();

    let texts = |side: &Names<'_>| count(side.comments.iter().filter(|comment| comment.covered).map(|comment| comment.text));
    let clear_texts = here.comments.iter().filter(|comment| !comment.covered).map(|comment| comment.text).collect();
    let gone_texts = self::gone(before.iter().map(|side| texts(side)), &texts(&now), &clear_texts);
    let is_moved = |comment: &&Comment| !comment.covered && gone_texts.contains(&comment.text) && !says_it(comment.container);
    // Where comments decide, or a rule is compared with another one, they are looked for there.
    let is_asked = by_comments || change.has_other_rule() || change.creation.is_some_and(|rule| rule != change.after.rule);
    let mut lines: BTreeSet<usize> = BTreeSet::new();
    lines.extend(now.comments.iter().filter(|comment| !is_asked && is_moved(comment)).map(|comment| comment.line.start));

    // What tells one of the values in the middle of another text.
    let known: HashSet<u64> = before.iter().flat_map(|side| side.comments.iter().map(|comment| comment.text)).collect();
    let is_new = |comment: &&Comment| !comment.covered && !known.contains(&comment.text) && !says_it(comment.container);
    let new_lines: Vec<&Comment> = now.comments.iter().filter(is_new).collect();
    let is_new = |leaf: &&Leaf| !leaf.covered && !clear_here.contains(&leaf.value) && !gone.contains(&leaf.value) && !says_it(leaf.path);
    let new_leaves: Vec<&Leaf> = now.leaves.iter().filter(is_new).collect();
    let known: HashSet<u64> = before.iter().flat_map(|side| side.heads.iter().map(|head| head.text)).collect();
    let new_heads = now.heads.iter().filter(|head| !known.contains(&head.text));
    let mut new_heads: Vec<(&[u8], usize)> = new_heads.map(|head| (&now.document.text()[head.span.clone()], head.span.start)).collect();
    new_heads.sort_unstable();
    let mut paths: BTreeSet<u32> = leaves.iter().map(|leaf| leaf.path.0).collect();
    let mut names: BTreeSet<usize> = BTreeSet::new();
    if !(new_lines.is_empty() && new_leaves.is_empty() && new_heads.is_empty()) {
        for value in before.iter().flat_map(|side| side.with(&gone)) {
            let told = new_lines.iter().filter(|comment| tells(&now.document.text()[comment.line.clone()], &value));
            lines.extend(told.map(|comment| comment.line.start));
            let told = new_leaves.iter().filter(|leaf| value.len() >= LONG && tells(&now.bytes(leaf), &value));
            paths.extend(told.map(|leaf| leaf.path.0));
            names.extend((0..value.len()).filter_map(|at| begins(&new_heads, &value, at)));
        }
    }

    let mut at: Vec<String> = paths.iter().take(MOST_SHOWN).map(|path| now.document.paths().display(PathId(*path))).collect();
    if paths.len() > MOST_SHOWN {
        at.push(format!("{} more values", paths.len() - MOST_SHOWN));
    }
    // A name that is a piece of a value is not shown.
    for (what, lines) in [("name", &names), ("comment", &lines)] {
        let mut numbers = now.document.lines();
        at.extend(lines.iter().take(MOST_SHOWN).map(|line| format!("a {what} (line {})", numbers(*line as u32))));
        if lines.len() > MOST_SHOWN {
            at.push(format!("{} more {what}s", lines.len() - MOST_SHOWN));
        }
    }
    let nothing_is_sealed = !by_comments
        && *change.after.rule != Selection::default_rule()
        && here.leaves.iter().any(|leaf| leaf.covered)
        && !now.leaves.iter().any(|leaf| leaf.covered)
        && now.leaves.iter().any(|leaf| !clear_names.contains(&leaf.name));
    Ok(Moved { at: (!at.is_empty()).then(|| at.join(", ")), nothing_is_sealed })
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

/// Has a text this value in it, as a word of its own? An entry that was taken out of use (`# password: hunter2`), a line that slipped below another value.
fn tells(text: &[u8], value: &[u8]) -> bool {
    memchr::memmem::find_iter(text, value).any(|at| is_apart(text[..at].last()) && is_apart(text.get(at + value.len())))
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
