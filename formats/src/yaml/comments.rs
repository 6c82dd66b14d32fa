//! Where comments belong (docs/lossless-documents.md T5, docs/sops-config.md 4): the ones above an entry to the entry's container, those behind a
//! value to the container of its key.

use crate::leaf::Span;

/// The comments of a text that the walk has not placed yet.
pub(super) struct Comments<'t> {
    text: &'t [u8],
    spans: &'t [Span],
    taken: Vec<bool>,
    /// All before this one are placed.
    first: usize,
}

/// A comment that waits for its place.
pub(super) struct Pending {
    pub span: Span,
    /// Something stands before it on its line.
    pub inline: bool,
}

impl<'t> Comments<'t> {
    pub(super) fn new(text: &'t [u8], spans: &'t [Span]) -> Self {
        Comments { text, spans, taken: vec![false; spans.len()], first: 0 }
    }

    /// Is any left?
    pub(super) fn any(&self) -> bool {
        self.first < self.spans.len()
    }

    /// The next one before an offset. `columns`: of a container that ends and of the entry behind it; a comment further left than
    /// the container, or not further right than that entry, is not the container's.
    /// `from` is where the caller's search stands; 0 at its start.
    pub(super) fn next_pending(&mut self, from: &mut usize, before: u32, columns: Option<(u32, u32)>) -> Option<Pending> {
        *from = (*from).max(self.first);
        while let Some(&span) = self.spans.get(*from).filter(|s| s.start <= before) {
            let at = *from;
            *from += 1;
            if !self.taken[at] {
                let (column, inline) = self.place(span);
                if columns.is_none_or(|(own, next)| column >= own && column > next) {
                    self.take(at);
                    return Some(Pending { span, inline });
                }
            }
        }
        None
    }

    /// The comments below the last entry of a container that ends, if they belong to that entry for go-yaml: those on the next lines at one column, wherever
    /// that is, as long as it is further right than the entry that comes (at `before`) and no blank line stands between them and what comes.
    pub(super) fn foot(&mut self, before: u32, next_column: u32) -> Vec<Span> {
        let Some(first) = (self.first..self.spans.len()).find(|&at| !self.taken[at]) else { return Vec::new() };
        let place = |at: usize| self.spans.get(at).filter(|s| s.start <= before).map(|&span| self.place(span));
        let Some((column, false)) = place(first).filter(|(column, _)| *column > next_column) else { return Vec::new() };
        let blank_behind = |at: usize| {
            let end = self.spans[at].end as usize;
            let next = self.spans.get(at + 1).map_or(before, |s| s.start.min(before)) as usize;
            let lines: Vec<_> = self.text.get(end..next).unwrap_or_default().split(|&b| b == b'\n').collect();
            // What is on the last line at the end of the text is a line of its own as soon as something is written below.
            let ended = next == self.text.len() && lines.last().is_some_and(|line| !line.is_empty());
            lines.len() + usize::from(ended && lines.len() > 1) > 2
        };
        let mut last = first;
        while !blank_behind(last) && place(last + 1) == Some((column, false)) && !self.taken[last + 1] {
            last += 1;
        }
        if blank_behind(last) {
            return Vec::new();
        }
        (first..=last).for_each(|at| self.take(at));
        self.spans[first..=last].to_vec()
    }

    /// The comment behind an offset, on its line.
    pub(super) fn on_line(&mut self, offset: u32) -> Option<Span> {
        self.on_line_before(offset, u32::MAX)
    }

    /// The same, if it stands before `limit`.
    pub(super) fn on_line_before(&mut self, offset: u32, limit: u32) -> Option<Span> {
        if !self.any() {
            return None;
        }
        let at = self.first + self.spans[self.first..].partition_point(|s| s.start <= offset);
        let span = *self.spans.get(at).filter(|s| s.start < limit)?;
        let between = &self.text[offset as usize..span.start as usize];
        if self.taken[at] || between.len() > 1 << 16 || between.iter().any(|&b| b == b'\n' || b == b'\r') {
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
