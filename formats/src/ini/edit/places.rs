//! Where the lines of a text stand: sections, keys, and the comments and blank lines that go with them.

use super::Editor;
use crate::edit::set_apart;
use crate::ini::DEFAULT;
use crate::ini::key::read_key;
use crate::ini::scan::byte_order_mark;
use crate::ini::value::{self, Read, Shape, leading_space, next_line};
use crate::leaf::Span;

/// A key and its value.
pub(super) struct Entry<'t> {
    pub name: &'t [u8],
    /// Where its line starts, and where its name does.
    pub line: usize,
    pub start: usize,
    /// Behind its delimiter.
    pub behind: usize,
    pub value: Read,
}

/// A header and what stands below it.
pub(super) struct Section<'t> {
    pub name: &'t [u8],
    /// Where the line of its header starts, and the first one below that.
    pub line: usize,
    pub body: usize,
    pub entries: Vec<Entry<'t>>,
}

/// The sections in the order of the text; keys before any header are those of `DEFAULT`. The text has been scanned.
pub(super) fn sections(text: &[u8]) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    let mut at = byte_order_mark(text);
    while at < text.len() {
        let next = next_line(text, at);
        let start = at + leading_space(&text[at..next]);
        let line = &text[start..next];
        match line.first() {
            None | Some(b'#' | b';') => at = next,
            Some(b'[') => {
                let close = line.iter().rposition(|&b| b == b']').unwrap_or(1);
                found.push(Section { name: &line[1..close], line: at, body: next, entries: Vec::new() });
                at = next;
            }
            Some(_) => {
                let (Ok((name, behind)), true) = (read_key(line), true) else { return found };
                let Some(value) = value::read(text, start + behind) else { return found };
                if found.is_empty() {
                    found.push(Section { name: DEFAULT, line: at, body: at, entries: Vec::new() });
                }
                let line = at;
                at = value.next;
                let entry = Entry { name, line, start, behind: start + behind, value };
                found.last_mut().expect("just made").entries.push(entry);
            }
        }
    }
    found
}

impl Editor<'_> {
    /// Does this value end in a backslash, which would join a line below it? Not if there is an empty one already.
    pub(super) fn goes_on(&self, entry: &Entry<'_>) -> bool {
        let lines = &self.text[..entry.value.next];
        let ended =
            lines.strip_suffix(b"\n").is_some_and(|l| l.rsplit(|&b| b == b'\n').next().is_some_and(|last| value::trim(last).is_empty()));
        self.text[..entry.value.end].ends_with(b"\\") && entry.value.shape == Shape::Continued && !ended
    }

    pub(super) fn blank_before(&self, at: usize) -> bool {
        let before = &self.text[..at];
        before.ends_with(b"\n\n") || before.ends_with(b"\n\r\n") || before == b"\n" || before == b"\r\n"
    }

    /// The start of the comment lines directly above a line.
    pub(super) fn comments_above(&self, mut line: usize) -> usize {
        // A value of several lines may look like comments. All stand in the order of the text.
        let before = self.sections.partition_point(|section| section.line < line);
        let floor = before.checked_sub(1).map_or(0, |i| {
            let section = &self.sections[i];
            let entries = section.entries.partition_point(|entry| entry.value.next <= line);
            entries.checked_sub(1).map_or(section.body, |i| section.entries[i].value.next)
        });
        while line > floor {
            let above = self.text[..line - 1].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
            let start = above + leading_space(&self.text[above..line]);
            if !matches!(self.text[start..line].first(), Some(b'#' | b';')) {
                break;
            }
            line = above;
        }
        line
    }

    /// The same, if what stands there belongs to this line alone: no other key directly below, and not the top of the file.
    pub(super) fn own_comments(&self, line: usize, next: usize) -> usize {
        let below = next + leading_space(&self.text[next..next_line(self.text, next)]);
        let alone = matches!(self.text[below..next_line(self.text, next).max(below)].first(), None | Some(b'#' | b';' | b'['));
        let above = self.comments_above(line);
        if alone && above > 0 { above } else { line }
    }

    /// A section with its header and the comments above that; up to what is not its own, and with a blank line of two.
    pub(super) fn whole(&self, section: &Section<'_>) -> Span {
        let next = self.sections.iter().find(|s| s.line > section.line).map_or(self.text.len(), |s| self.comments_above(s.line));
        let below = section.entries.last().map_or(section.body, |e| e.value.next);
        let next = set_apart(self.text, below, next, |line| value::trim(line).is_empty());
        let above = self.comments_above(section.line);
        let (start, mut end) = (if above > 0 { above } else { section.line }, next);
        while start > byte_order_mark(self.text)
            && end < self.text.len()
            && !self.blank_before(start)
            && self.blank_before(end)
            && end > section.body
        {
            let before = &self.text[..end - 1];
            end = before.len() - usize::from(before.ends_with(b"\r"));
        }
        Span::new(start, end)
    }
}
