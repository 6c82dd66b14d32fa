//! Entries that go from where things stand on lines of their own, and the comments that go with them.

use super::block::Lines;
use super::find::{Entry, Spot, Text};
use super::{refuse, span};
use crate::error::Unwritable;
use crate::path::Part;
use crate::splice::Splice;
use crate::tree::Tree;
use crate::yaml::parse::{Node, What};

impl Text<'_> {
    pub(super) fn remove_in_block(&self, splice: &mut Splice, spot: &Spot, part: &Part) -> Result<(), Unwritable> {
        let entries = self.entries(spot);
        let wanted = self.entry(spot, part).ok_or_else(|| refuse(std::slice::from_ref(part), "it cannot be found in the text"))?;
        let place = entries.iter().position(|e| e.value == wanted.value).unwrap_or_default();
        let column = self.node(spot.node).column as usize;
        let mut end = self.entry_end(&wanted, column);
        // The first entry of a container that begins behind a dash: the next one moves up to it.
        let same_line = spot.home.is_some() && self.line_start(spot.after) == self.line_start(wanted.start);
        if place == 0 && same_line {
            let from = self.behind_props(spot);
            let blanks = self.bytes[from..].iter().take_while(|&&b| b == b' ').count();
            let next = self.bytes[end..].iter().position(|b| !b" \t\r\n".contains(b)).map_or(self.bytes.len(), |n| end + n);
            splice.cut(span(from + blanks, next));
            return Ok(());
        }
        let before = place.checked_sub(1).map(|i| self.last_leaf(entries[i].value));
        let further_in = self.with_inner_comments(end, column);
        let tab = self.bytes[end..further_in]
            .split(|&b| b == b'\n')
            .any(|line| line[..line.len() - line.trim_ascii_start().len()].contains(&b'\t'));
        if tab || before.is_some_and(|leaf| matches!(leaf.what, What::Scalar(w) if w.is_block())) {
            // Comments further in would become part of the text before, and those that a tab indents stand behind few things.
            end = further_in;
        }
        if before.is_some_and(|leaf| self.keeps_blank_lines(leaf)) {
            // The blank lines behind this entry would become part of the text before it, and so would those above its comment.
            while end < self.bytes.len() && self.first_on_line(end).is_none() {
                end = self.next_line(end);
            }
            splice.cut(span(self.line_start(wanted.start), end));
            return Ok(());
        }
        splice.cut(span(self.own_comments(&wanted, end, column), end));
        Ok(())
    }

    /// Behind the lines of an entry, and behind comments below them that stand in it.
    fn entry_end(&self, entry: &Entry, column: usize) -> usize {
        let end = self.lines_end(entry.value);
        match self.node(entry.value).what {
            What::Map { flow: false } | What::List { flow: false } => self.with_inner_comments(end, column),
            _ => end,
        }
    }

    /// `|+`
    fn keeps_blank_lines(&self, node: &Node<'_>) -> bool {
        let block = matches!(node.what, What::Scalar(w) if w.is_block());
        block && self.bytes[self.parsed.props[node.props as usize].header.range()].contains(&b'+')
    }

    /// The only entry of a container goes, with its own comments. Those below it, and above it behind a blank line, stay where they are.
    pub(super) fn remove_last_in_block(&self, splice: &mut Splice, spot: &Spot, part: &Part) -> Result<(), Unwritable> {
        let wanted = self.entry(spot, part).ok_or_else(|| refuse(std::slice::from_ref(part), "it cannot be found in the text"))?;
        let column = self.node(spot.node).column as usize;
        let end = self.entry_end(&wanted, column);
        let Some(home) = spot.home else {
            let start = self.line_start(wanted.start);
            let start = start + if self.bytes[start..].starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
            self.put_lines(splice, (start, end), b"{}\n", false);
            return Ok(());
        };
        let from = self.behind_props(spot);
        let lines = if self.line_start(from) == self.line_start(wanted.start) {
            let next = self.next_line(from);
            Lines { from, inline: (wanted.start, self.line_end(from)), below: (next, end.max(next)) }
        } else {
            Lines { from, inline: (from, from), below: (self.comments_above(&wanted, column), end) }
        };
        let empty = if matches!(part, Part::Key(_)) { Tree::Map(Vec::new()) } else { Tree::List(Vec::new()) };
        self.replace_lines(splice, spot, home, &empty, &lines)
    }

    /// The start of an entry's lines with the comment lines directly above that are its own: no other entry stands directly below, and the top of the
    /// document is not reached.
    fn own_comments(&self, entry: &Entry, end: usize, column: usize) -> usize {
        let line = self.line_start(entry.start);
        let alone = match (end < self.bytes.len()).then(|| self.first_on_line(end)).flatten() {
            None | Some((_, b'#')) => true,
            Some((indent, _)) => indent < column,
        };
        let start = if alone { self.comments_above(entry, column) } else { line };
        let before = self.bytes[..start].trim_ascii_end();
        if start < line && (before.is_empty() || before.ends_with(b"---")) { line } else { start }
    }

    /// The start of an entry's lines with the comment lines directly above.
    fn comments_above(&self, entry: &Entry, column: usize) -> usize {
        let mut start = self.line_start(entry.start);
        while start > 0 {
            let above = self.line_start(start - 1 - usize::from(start > 1 && self.bytes[..start].ends_with(b"\r\n")));
            match self.first_on_line(above) {
                Some((indent, b'#')) if indent == column => start = above,
                _ => break,
            }
        }
        start
    }
}
