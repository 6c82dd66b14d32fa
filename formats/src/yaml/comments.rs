//! Where comments belong (docs/lossless-documents.md T5, docs/sops-config.md 4): the ones above an entry to the entry's container, those behind a
//! value to the container of its key, and those below a last entry where go-yaml's scanner has them, which judges by blank lines and columns.

use super::bound::{Bound, bounds};
use super::parse::Parsed;
use crate::leaf::Span;

/// The comments of a text that the walk has not placed yet.
pub(super) struct Comments<'t> {
    text: &'t [u8],
    spans: &'t [Span],
    taken: Vec<bool>,
    bounds: Vec<Bound>,
    /// Those that the search has passed, and that what comes takes.
    held: Vec<(usize, Bound)>,
    /// All before this one are placed.
    first: usize,
    /// Those below a last entry that belong to a container further out, if one that ends here begins at this column.
    later: Vec<(usize, u32)>,
}

/// A comment that waits for its place.
pub(super) struct Pending {
    pub span: Span,
    /// Something stands before it on its line.
    pub inline: bool,
}

impl<'t> Comments<'t> {
    pub(super) fn new(text: &'t [u8], parsed: &'t Parsed<'_>) -> Self {
        let spans = &*parsed.comments;
        let (taken, bounds) = (vec![false; spans.len()], bounds(text, parsed));
        Comments { text, spans, taken, bounds, held: Vec::new(), first: 0, later: Vec::new() }
    }

    /// Is any left?
    pub(super) fn any(&self) -> bool {
        self.first < self.spans.len() || !self.held.is_empty()
    }

    /// The next one before an offset that belongs where it stands. `from` is where the caller's search stands; 0 at its start.
    pub(super) fn next_pending(&mut self, from: &mut usize, before: u32) -> Option<Pending> {
        *from = (*from).max(self.first);
        while let Some(&span) = self.spans.get(*from).filter(|s| s.start <= before) {
            let at = *from;
            *from += 1;
            if self.taken[at] {
                continue;
            }
            self.take(at);
            match self.bounds[at] {
                Bound::Here | Bound::Own => return Some(self.pending(span)),
                bound => self.held.push((at, bound)),
            }
        }
        None
    }

    fn pending(&self, span: Span) -> Pending {
        let (_, inline) = self.place(span);
        Pending { span, inline }
    }

    /// Those of a kind that wait for what comes.
    pub(super) fn held(&mut self, is: impl Fn(Bound) -> bool) -> Vec<Pending> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let (due, held): (Vec<_>, Vec<_>) = std::mem::take(&mut self.held).into_iter().partition(|(_, bound)| is(*bound));
        self.held = held;
        due.into_iter().map(|(at, _)| self.pending(self.spans[at])).collect()
    }

    /// The next one of those below what stands above, which are its own.
    pub(super) fn next_own(&mut self, before: u32) -> Option<Pending> {
        let at = self.first;
        self.spans.get(at).filter(|span| span.start <= before && self.bounds[at] == Bound::Own)?;
        self.take(at);
        Some(self.pending(self.spans[at]))
    }

    /// What stands below the last entry of what has ended, further out, goes to the item that comes.
    pub(super) fn hand_on(&mut self) {
        for (at, _) in std::mem::take(&mut self.later) {
            let (_, inline) = self.place(self.spans[at]);
            if !self.taken[at] && !inline {
                self.bounds[at] = Bound::Foot;
            }
        }
    }

    /// The next one of those below a document's end that are its own.
    pub(super) fn next_before(&mut self) -> Option<Pending> {
        let at = self.first;
        self.bounds.get(at).filter(|bound| **bound == Bound::Before)?;
        self.take(at);
        Some(self.pending(self.spans[at]))
    }

    /// The comments below the last entry of the innermost container that ends, at the column `own`, as far as they belong to that entry. What comes stands at
    /// `before`, in the column `next`. So go-yaml judges (its `yaml_parser_scan_comments`): lines go together until a blank line follows the first ones
    /// directly below the entry, or one stands further out in another column. What goes before that is the entry's foot, or a foot of its own column
    /// where it began further out; the rest stands above what comes if it began in that column, and else it is the entry's foot as well.
    pub(super) fn below(&mut self, before: u32, own: u32, next: u32, map: bool) -> Vec<Span> {
        self.later.clear();
        let waiting: Vec<usize> = (self.first..self.spans.len()).take_while(|&at| self.spans[at].start <= before).collect();
        let stays =
            |at: usize| matches!(self.bounds[at], Bound::Here | Bound::Own) || map && matches!(self.bounds[at], Bound::Foot | Bound::Line);
        let waiting: Vec<usize> = waiting.into_iter().filter(|&at| !self.taken[at] && stays(at)).collect();
        let Some(&first) = waiting.first() else { return Vec::new() };
        let mut feet = Vec::new();
        let directly_below = self.breaks_before(first) < 2;
        let (mut group, mut column): (Vec<usize>, u32) = (Vec::new(), 0);
        // Is it still the first group; has a blank line been seen; is it the entry's, or that of nothing before it?
        let (mut is_first, mut no_blank, mut of_entry) = (true, directly_below, true);
        for (i, &at) in waiting.iter().enumerate() {
            let (here, inline) = self.place(self.spans[at]);
            if inline {
                if here >= own && here > next {
                    feet.push(at);
                } else {
                    self.later.push((at, here));
                }
                continue;
            }
            if !group.is_empty() && here < own && here != column {
                self.foot(&mut feet, &mut group, of_entry, column);
                (is_first, of_entry) = (false, false);
            }
            if group.is_empty() {
                column = here;
            }
            group.push(at);
            if self.blank_behind(at, waiting.get(i + 1).map_or(before, |&next| self.spans[next].start - 1)) {
                if no_blank && (is_first && directly_below || column < own) {
                    self.foot(&mut feet, &mut group, of_entry && column >= own, column);
                    (is_first, of_entry) = (false, false);
                }
                no_blank = false;
            }
        }
        if !group.is_empty() && next < own && next != column {
            self.foot(&mut feet, &mut group, of_entry, column);
        }
        feet.iter().for_each(|&at| self.take(at));
        feet.into_iter().map(|at| self.spans[at]).collect()
    }

    fn foot(&mut self, feet: &mut Vec<usize>, group: &mut Vec<usize>, of_entry: bool, column: u32) {
        match of_entry {
            true => feet.append(group),
            false => self.later.extend(group.drain(..).map(|at| (at, column))),
        }
    }

    /// Those of them that belong to a container further out that ends, too, and begins at this column.
    pub(super) fn below_at(&mut self, column: u32) -> Vec<Span> {
        let (due, later) = self.later.drain(..).partition(|&(at, own)| own == column && !self.taken[at]);
        self.later = later;
        let due: Vec<(usize, u32)> = due;
        due.iter().for_each(|&(at, _)| self.take(at));
        due.into_iter().map(|(at, _)| self.spans[at]).collect()
    }

    /// Line breaks between a comment and what stands before it.
    fn breaks_before(&self, at: usize) -> usize {
        let before = &self.text[..self.spans[at].start as usize - 1];
        before.iter().rev().take_while(|b| b" \t\r\n".contains(b)).filter(|&&b| b == b'\n').count()
    }

    /// Is the line behind a comment blank, before what comes? For go-yaml the line feed of CR LF is one.
    fn blank_behind(&self, at: usize, next: u32) -> bool {
        let between = self.text.get(self.spans[at].end as usize..next as usize).unwrap_or_default();
        let breaks = between.iter().filter(|&&b| b == b'\n').count();
        // What is on the last line at the end of the text is a line of its own as soon as something is written below.
        let ended = next as usize == self.text.len() && breaks > 0 && !between.ends_with(b"\n");
        breaks + usize::from(ended) > 1 || between.starts_with(b"\r\n")
    }

    /// The comment behind an offset, on its line: also one behind an anchor or a tag that nothing follows.
    pub(super) fn on_line(&mut self, offset: u32) -> Option<Span> {
        self.on_its_line(offset, u32::MAX, |bound| matches!(bound, Bound::Here | Bound::Line))
    }

    /// The one that stands before `limit`, where it stands.
    pub(super) fn on_line_before(&mut self, offset: u32, limit: u32) -> Option<Span> {
        self.on_its_line(offset, limit, |bound| bound == Bound::Here)
    }

    fn on_its_line(&mut self, offset: u32, limit: u32, is: impl Fn(Bound) -> bool) -> Option<Span> {
        if !self.any() {
            return None;
        }
        let at = self.first + self.spans[self.first..].partition_point(|s| s.start <= offset);
        let span = *self.spans.get(at).filter(|s| s.start < limit)?;
        let between = &self.text[offset as usize..span.start as usize];
        if self.taken[at] || !is(self.bounds[at]) || between.len() > 1 << 16 || between.iter().any(|&b| b == b'\n' || b == b'\r') {
            return None;
        }
        self.take(at);
        Some(span)
    }

    /// Those inside a metadata block are nobody's.
    pub(super) fn skip(&mut self, block: Span) {
        let at = self.spans.partition_point(|s| s.start < block.start);
        let end = self.spans.partition_point(|s| s.start < block.end);
        for i in at..end {
            self.take(i);
        }
    }

    fn take(&mut self, at: usize) {
        self.taken[at] = true;
        while self.taken.get(self.first) == Some(&true) {
            self.first += 1;
        }
    }

    /// Column of a comment, and whether a value or key stands before it on its line. Dashes do not count: the comment behind them stands above the item.
    fn place(&self, span: Span) -> (u32, bool) {
        let mark = span.start as usize - 1;
        let start = self.text[..mark].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(0, |i| i + 1);
        let before = &self.text[start..mark];
        let before = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
        let own = before.iter().all(|b| b" \t-?:".contains(b));
        let column = before.iter().position(|b| !b" \t".contains(b)).unwrap_or(before.len());
        (if own { column } else { before.len() } as u32, !own)
    }
}
