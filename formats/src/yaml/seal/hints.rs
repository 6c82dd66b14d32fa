//! From what opening would not find by itself to hints, which name tokens by number.

use crate::hint::{Hint, Spelled};
use crate::leaf::Span;
use crate::yaml::patch::Moved;

/// A token in the old text's terms.
pub(super) struct TokenSite {
    /// What it replaced, alone or with others.
    pub old: Span,
    /// The bytes of the replacement that are its site.
    pub from: u32,
    pub to: u32,
}

/// A token's site in the sealed text.
pub(super) struct Placed {
    pub old: Span,
    pub start: u32,
    pub end: u32,
}

impl TokenSite {
    pub(super) fn place(self, moved: &Moved) -> Placed {
        let at = moved.edits.partition_point(|e| e.old.start < self.old.start);
        let new = moved.edits.get(at).map_or(0, |e| e.new);
        Placed { old: self.old, start: new + self.from, end: new + self.to }
    }
}

/// Bytes of the source that opening would not find by itself.
pub(super) struct Repair {
    pub old: Span,
    pub kind: u8,
    /// None: the source bytes themselves.
    pub style: Option<u8>,
}

/// Repairs to hints. Those that hold no token are widened to the next one, and what then overlaps becomes one. Where the metadata
/// block (at `slots`) would come between, or no token is there, the caller must find the difference at the start or end of the text.
pub(super) fn hints(text: &[u8], sites: &[Placed], repairs: Vec<Repair>, moved: &Moved, slots: &[u32]) -> Vec<Hint> {
    let part = |at: u32| slots.partition_point(|&s| s <= at);
    let mut merged: Vec<Repair> = Vec::with_capacity(repairs.len());
    for mut repair in repairs {
        let next = sites.partition_point(|s| s.old.start < repair.old.start);
        let holds_one = sites.get(next).is_some_and(|s| s.old.end <= repair.old.end);
        if !holds_one {
            let near = |s: &&Placed| part(s.old.start) == part(repair.old.start);
            let before = next.checked_sub(1).and_then(|i| sites.get(i));
            let Some(anchor) = sites.get(next).filter(near).or(before.filter(near)).map(|s| s.old) else { continue };
            repair.old = Span { start: repair.old.start.min(anchor.start), end: repair.old.end.max(anchor.end) };
            repair.kind = 1;
        }
        while let Some(last) = merged.last().filter(|l| l.old.end > repair.old.start) {
            repair.old = Span { start: repair.old.start.min(last.old.start), end: repair.old.end.max(last.old.end) };
            repair = Repair { kind: 1, style: None, old: repair.old };
            merged.pop();
        }
        merged.push(repair);
    }
    merged.into_iter().map(|r| hint(text, sites, &r, moved)).collect()
}

fn hint(text: &[u8], sites: &[Placed], repair: &Repair, moved: &Moved) -> Hint {
    let first = sites.partition_point(|s| s.old.start < repair.old.start);
    let last = sites.partition_point(|s| s.old.start < repair.old.end) - 1;
    let (start, end) = (moved.place(repair.old.start), moved.place(repair.old.end));
    let with = match repair.style {
        Some(style) => Spelled::Style(style),
        None => Spelled::Bytes(text[repair.old.range()].to_vec()),
    };
    let one = first == last && (repair.kind != 1);
    let kind = if repair.kind == 1 || one { repair.kind } else { 1 };
    Hint::Site { kind, first: first as u32, last: last as u32, before: sites[first].start - start, after: end - sites[last].end, with }
}
