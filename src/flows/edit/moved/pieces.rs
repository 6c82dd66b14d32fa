//! What tells a value, or a comment, within another text: itself, a line of it, what a line assigns; as it reads and as it is spelled; a short one whose line was
//! taken out of use. Found by hashes of pieces, whose lengths are few, at the beginnings of words: the cost grows with the texts, not with both together, and there are no copies.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use super::LONG;
use super::names::{Leaf, Names};
use crate::flows::uncovered::Weight;

/// Where a piece is from, and so where it is looked for.
pub(super) type Origin = u8;
/// A whole value: looked for everywhere.
pub(super) const WHOLE: Origin = 1;
/// A line of a value. Texts of several lines have some in common: there only those with a token in them count.
pub(super) const LINE: Origin = 2;
/// Such a line.
pub(super) const TOKEN: Origin = 4;
/// A value with its name: a whole comment.
pub(super) const ENTRY: Origin = 8;
/// Of a comment.
pub(super) const COMMENT: Origin = 16;

/// Pieces that are to be found.
pub(super) struct Pieces {
    marks: RandomState,
    /// By the first bytes: the lengths that there are.
    lengths: HashMap<u64, Vec<u32>>,
    origins: HashMap<u64, Origin>,
}

impl Pieces {
    /// Those of what was covered more often than it is now. `comments`: of comments, too.
    pub(super) fn gone(before: &[&Names<'_>], now: &Names<'_>, comments: bool, marks: &RandomState) -> Pieces {
        let mut pieces = Pieces { marks: marks.clone(), lengths: HashMap::new(), origins: HashMap::new() };
        let counts_now: HashMap<u64, usize> = pieces.count(now, comments, |_, _, _| {});
        let mut starts: HashMap<u64, HashSet<u32>> = HashMap::new();
        for side in before {
            let mut all: HashMap<u64, (u64, u32, Origin)> = HashMap::new();
            let counts = pieces.count(side, comments, |mark, piece, origin| {
                let known = all.entry(mark).or_insert_with(|| (marks.hash_one(&piece[..LONG]), piece.len() as u32, 0));
                known.2 |= origin;
            });
            for (mark, (start, len, origin)) in all {
                let now = counts_now.get(&mark).copied().unwrap_or_default();
                // Several sealed texts may have a line.
                if now < counts[&mark] && (now == 0 || origin & WHOLE != 0) {
                    *pieces.origins.entry(mark).or_default() |= origin;
                    starts.entry(start).or_default().insert(len);
                }
            }
        }
        pieces.lengths = starts.into_iter().map(|(start, lengths)| (start, lengths.into_iter().collect())).collect();
        pieces
    }

    pub(super) fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// What this text tells is no news.
    pub(super) fn forget(&mut self, text: &[u8]) {
        let mut told = Vec::new();
        self.each(text, |mark| told.push(mark));
        told.iter().for_each(|mark| _ = self.origins.remove(mark));
    }

    /// Does a text tell one of them of such an origin?
    pub(super) fn are_told(&self, text: &[u8], of: Origin) -> bool {
        let mut is_told = false;
        self.each(text, |mark| is_told |= self.origins[&mark] & of != 0);
        is_told
    }

    /// Is this line what a value and its name were?
    pub(super) fn is_entry(&self, line: &[u8]) -> bool {
        self.origins.get(&self.marks.hash_one(trimmed(line))).is_some_and(|origin| origin & ENTRY != 0)
    }

    /// Those in a text, as words of their own.
    fn each(&self, text: &[u8], mut found: impl FnMut(u64)) {
        if self.is_empty() {
            return;
        }
        for at in (0..text.len()).filter(|&at| is_letter(text[at]) && (at == 0 || !is_letter(text[at - 1]))) {
            let Some(start) = text.get(at..at + LONG) else { return };
            for &len in self.lengths.get(&self.marks.hash_one(start)).into_iter().flatten() {
                let end = at + len as usize;
                if end <= text.len() && text.get(end).is_none_or(|byte| !is_letter(*byte)) {
                    let mark = self.marks.hash_one(&text[at..end]);
                    if self.origins.contains_key(&mark) {
                        found(mark);
                    }
                }
            }
        }
    }

    /// How often each piece of what is covered there is.
    fn count(&self, side: &Names<'_>, comments: bool, mut each: impl FnMut(u64, &[u8], Origin)) -> HashMap<u64, usize> {
        let (mut counts, mut own) = (HashMap::new(), HashSet::new());
        let text = side.document.text();
        for leaf in side.leaves.iter().filter(|leaf| leaf.covered) {
            own.clear();
            let mut add = |piece: &[u8], origin: Origin| self.add(piece, origin, &mut own, &mut counts, &mut each);
            let span = side.document.leaf(leaf.id).span.range();
            let entry = text_with_name(side, leaf, &span);
            match leaf.weight {
                Weight::Nothing => continue,
                Weight::Little => add(&text[entry], ENTRY),
                Weight::Tells => {
                    let value = side.bytes(leaf);
                    for whole in [&value[..], &text[span]] {
                        add(whole, WHOLE);
                        if memchr::memchr(b'\n', whole.trim_ascii()).is_some() {
                            let each = |piece: &[u8], add: &mut dyn FnMut(&[u8], Origin)| {
                                add(piece, if is_token(piece) { LINE | TOKEN } else { LINE })
                            };
                            whole.split(|&b| b == b'\n').for_each(|line| each_of_line(line, |piece| each(piece, &mut add)));
                        }
                    }
                    add(&text[entry], ENTRY);
                }
            }
        }
        for comment in side.comments.iter().filter(|comment| comments && comment.covered) {
            own.clear();
            each_of_line(&text[comment.line.clone()], |piece| self.add(piece, COMMENT, &mut own, &mut counts, &mut each));
        }
        counts
    }

    /// One piece, once for each thing that it is of.
    fn add(
        &self,
        piece: &[u8],
        origin: Origin,
        own: &mut HashSet<u64>,
        counts: &mut HashMap<u64, usize>,
        each: &mut impl FnMut(u64, &[u8], Origin),
    ) {
        let piece = trimmed(piece);
        if !tells(piece, origin) {
            return;
        }
        let mark = self.marks.hash_one(piece);
        each(mark, piece, origin);
        if own.insert(mark) {
            *counts.entry(mark).or_default() += 1;
        }
    }
}

/// A value with its name, where both stand in one line of a usual length.
fn text_with_name(side: &Names<'_>, leaf: &Leaf, span: &Range<usize>) -> Range<usize> {
    const USUAL: usize = 200;
    let text = side.document.text();
    let from = span.start.saturating_sub(USUAL);
    let line = memchr::memrchr(b'\n', &text[from..span.start]).map(|n| from + n + 1).or((from == 0).then_some(0));
    let is_short = span.len() <= USUAL && memchr::memchr(b'\n', &text[span.clone()]).is_none();
    match line {
        Some(line) if is_short && side.document.paths().name(leaf.path).is_some() => line..span.end,
        _ => span.clone(),
    }
}

/// A line, and what it assigns.
fn each_of_line(line: &[u8], mut each: impl FnMut(&[u8])) {
    each(line);
    let assigns = |at: &usize| line[*at] == b'=' || line.get(at + 1).is_some_and(u8::is_ascii_whitespace);
    if let Some(at) = memchr::memchr2_iter(b'=', b':', line).find(assigns) {
        each(&line[at + 1..]);
    }
}

/// Has it a word that nobody gives as a name or writes as one: 20 letters and more, or 8 with two digits among them?
pub(super) fn is_token(text: &[u8]) -> bool {
    text.split(|b| !b.is_ascii_alphanumeric()).any(|word| {
        let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
        word.len() >= 20 || word.len() >= 8 && (2..word.len()).contains(&digits)
    })
}

/// Does a piece tell enough where it stands in a text?
fn tells(piece: &[u8], origin: Origin) -> bool {
    let has_letters = piece.iter().any(|b| b.is_ascii_alphabetic() || !b.is_ascii());
    piece.len() >= if has_letters || origin == ENTRY { LONG } else { 8 }
}

pub(super) fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// From the first letter to the last one.
fn trimmed(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|b| is_letter(*b)) else { return &[] };
    let end = text.iter().rposition(|b| is_letter(*b)).map_or(start, |n| n + 1);
    &text[start..end]
}
