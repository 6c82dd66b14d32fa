//! Comments between tokens: which of them go together, which token they wait for, and whether they stand above, behind or below it.

use super::cursor::Mark;
use super::scan::{Kind, Scanner};

/// Where a comment stands to its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Head,
    Line,
    Foot,
    /// Handed on.
    Gone,
}

/// A blank line among a comment's lines.
pub(super) const BLANK: u32 = u32::MAX;

/// Lines of comment that go together.
pub(super) struct Group {
    pub place: Place,
    /// The first token from here on takes it.
    pub token: usize,
    /// Where the search for it began, where it starts, and where it ends.
    pub scan: usize,
    pub start: Mark,
    pub end: usize,
    /// Offsets of the marks.
    pub lines: Vec<u32>,
}

impl Group {
    /// What is left when a token has taken it.
    pub(super) fn take(&mut self) -> Group {
        let gone = Group { place: Place::Gone, token: 0, scan: 0, start: Mark::default(), end: 0, lines: Vec::new() };
        std::mem::replace(self, gone)
    }
}

/// So far go-yaml looks for the next thing, in bytes.
const FAR: usize = 512;

impl Scanner<'_> {
    /// What stands behind the first dash of a list stands above what comes.
    pub(super) fn behind_first_dash(&mut self) {
        let is_dash = self.last(0).is_some_and(|last| last.kind == Kind::Entry);
        if !is_dash || self.last(1).is_none_or(|last| last.kind != Kind::ListStart) || self.at.is_break(0) {
            return;
        }
        let mark = self.at.mark;
        if let Some(group) = self.groups.last_mut().filter(|group| group.place == Place::Line) {
            group.place = Place::Head;
            if group.start.line + 1 == mark.line {
                group.token = mark.index;
            }
        }
    }

    pub(super) fn line_comment(&mut self, token: usize) {
        if self.at.newlines > 0 {
            return;
        }
        let blanks = (0..FAR).take_while(|&i| self.at.is_blank(i)).count();
        if blanks == FAR || self.at.peek(blanks) != b'#' {
            return;
        }
        (0..blanks).for_each(|_| self.at.skip());
        let start = self.at.mark;
        self.at.skip_rest();
        self.groups.push(Group { place: Place::Line, token, scan: 0, start, end: 0, lines: vec![start.index as u32] });
    }

    /// The comments that begin here. They go together until a blank line follows the first ones, if these stand directly below what is before them or further out, or
    /// until one stands further out than what they are in, in another column: what is before that is a foot. What is left is a head of what comes.
    pub(super) fn comments(&mut self, scan: Mark) {
        let Some(mut before) = self.last(0) else { return };
        if before.kind == Kind::FlowEntry {
            before = self.last(1).unwrap_or(before);
        }
        let indent = self.indent.max(0);
        let out = |column: usize| (column as i64) - 1 < indent;
        let foot_line = (scan.line > 0).then(|| {
            let beside = self.at.newlines == 0 && self.at.mark.column > 1;
            self.at.mark.line + 1 + usize::from(beside) - self.at.newlines
        });
        let (mut scan, mut token) = (scan.index, before.start);
        let (mut lines, mut start) = (Vec::new(), Mark::default());
        let (mut is_first, mut is_behind_blank) = (self.at.newlines <= 1, false);
        let (mut line, mut column) = (self.at.mark.line, self.at.mark.column);
        let mut peek = 0;
        while peek < FAR {
            let at = self.at.mark.index + peek;
            column += 1;
            if self.at.is_blank(peek) {
                peek += 1;
                continue;
            }
            let byte = self.at.peek(peek);
            let closes = self.flow > 0 && matches!(byte, b']' | b'}');
            let mut foot = false;
            if closes || self.at.is_break_or_end(peek) {
                let below = foot_line == Some(start.line) && before.kind != Kind::Value;
                if closes || !is_behind_blank && is_first && (below || out(start.column)) {
                    foot = !lines.is_empty();
                    if foot && out(start.column) {
                        token = start.index;
                    }
                } else if !is_behind_blank && !lines.is_empty() && byte != 0 {
                    lines.push(BLANK);
                }
                if foot {
                    self.groups.push(Group { place: Place::Foot, token, scan, start, end: at, lines: std::mem::take(&mut lines) });
                    (scan, token) = (at, at);
                }
                if !self.at.is_break(peek) {
                    break;
                }
                (is_first, is_behind_blank) = (false, true);
                column = 0;
                line += 1;
                peek += 1;
                continue;
            }
            if !lines.is_empty() && out(column) && column != start.column {
                self.groups.push(Group { place: Place::Foot, token, scan, start, end: at, lines: std::mem::take(&mut lines) });
                (scan, token) = (at, at);
            }
            if byte != b'#' {
                break;
            }
            if lines.is_empty() {
                start = Mark { index: at, line, column };
            }
            is_behind_blank = false;
            while self.at.mark.index < at {
                if self.at.is_break(0) { self.at.skip_line() } else { self.at.skip() }
            }
            lines.push(at as u32);
            self.at.skip_rest();
            // The line break itself is passed over; of CR LF that is the first half.
            peek = 1;
            column = 0;
            line = self.at.mark.line;
        }
        if !lines.is_empty() {
            let end = self.at.mark.index + peek - 1;
            self.groups.push(Group { place: Place::Head, token: start.index, scan, start, end, lines });
        }
    }
}
