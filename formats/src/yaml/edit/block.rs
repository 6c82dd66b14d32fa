//! Changes where things stand on lines of their own.

use super::find::{Spot, Text};
use super::scalar::keeps_line_feeds;
use super::write::{Habit, ends_in_literal, last_in};
use super::{refuse, span, write};
use crate::draft::joined;
use crate::edit::broken;
use crate::error::Unwritable;
use crate::splice::Splice;
use crate::tree::Tree;
use crate::value::Value;
use crate::yaml::detail::{DocumentSite, Root};
use crate::yaml::parse::{Tag, What, Written};

/// A string?
fn is_text(tree: &Tree) -> bool {
    matches!(tree, Tree::Value(v) if v.kind() == crate::Kind::Str)
}

/// Where a value stands: on the line of its key or dash, and on lines below that.
pub(super) struct Lines {
    /// Behind anchor and tag.
    pub from: usize,
    pub inline: (usize, usize),
    pub below: (usize, usize),
}

impl Text<'_> {
    /// Puts a branch in place of another one.
    pub(super) fn replace(&self, splice: &mut Splice, spot: &Spot, tree: &Tree) -> Result<(), Unwritable> {
        let Some(home) = spot.home else { return Err(refuse(&[], "the root cannot be replaced")) };
        if self.fill_in_flow(splice, spot, tree)? {
            return Ok(());
        }
        if self.flow(home) {
            return self.replace_in_flow(splice, spot, tree);
        }
        if matches!(self.node(home).what, What::Map { .. }) && self.bytes.get(spot.after.wrapping_sub(1)) != Some(&b':') {
            return self.put_value(splice, spot, home, tree);
        }
        let lines = self.lines(spot, self.node(home).column as usize);
        self.replace_lines(splice, spot, home, tree, &lines)
    }

    /// A value for `? key`, below which no `:` stands yet.
    fn put_value(&self, splice: &mut Splice, spot: &Spot, home: u32, tree: &Tree) -> Result<(), Unwritable> {
        let column = self.node(home).column as usize;
        let key_line = self.line_start(spot.after) == spot.after && self.bytes[..spot.after].ends_with(b"\n");
        let at = if key_line { spot.after } else { self.next_line(spot.after) };
        let mut habit = self.habit(Some(home));
        habit.literals = self.with_inner_comments(at, column) == at;
        let lines = joined(&[&b" ".repeat(column), b":", &write::branch(tree, column, false, &habit)?]);
        self.put_lines(splice, (at, at), &lines, ends_in_literal(tree, &habit));
        Ok(())
    }

    pub(super) fn replace_lines(&self, splice: &mut Splice, spot: &Spot, home: u32, tree: &Tree, lines: &Lines) -> Result<(), Unwritable> {
        let column = self.node(home).column as usize;
        let mut habit = self.habit(Some(home));
        let item = matches!(self.node(home).what, What::List { .. });
        habit.literals = self.with_inner_comments(lines.below.1, column) == lines.below.1 && !self.takes_blank_lines(lines.below.1, tree);
        let mut spelled = write::branch(tree, column, item, &habit)?;
        let (start, end) = lines.inline;
        let tag = self.tag(spot.node).filter(|_| !is_text(tree) || self.node(spot.node).tag.must_go());
        let mut from = lines.from.min(start);
        let container = tree.entries().next().is_some() || tree.items().next().is_some();
        if item && container {
            if self.node(spot.node).anchored {
                // Behind the anchor it would be the first key's.
                spelled = joined(&[b"\n", &b" ".repeat(column + 1), &spelled]);
            } else if tag.is_none() && from == spot.after && start > from {
                splice.replace(span(from, start), b" ");
            }
        }
        let first = spelled.iter().position(|&b| b == b'\n').unwrap_or(spelled.len());
        let (inline, below) = (&spelled[..first], &spelled[(first + 1).min(spelled.len())..]);
        if let Some((tag, tag_end)) = tag {
            let blanks = self.bytes[tag_end..].iter().take_while(|&&b| b == b' ').count();
            if tag_end + blanks >= start && inline.is_empty() {
                from = self.bytes[..tag].trim_ascii_end().len();
            } else {
                let cut_end = (tag_end + blanks).min(start.max(tag_end));
                // The first key of an item stands one blank behind the dash, as the others are indented.
                let behind_dash = item && container && !self.node(spot.node).anchored;
                splice.cut(span(if behind_dash { spot.after + usize::from(start != end) } else { tag }, cut_end));
                from = from.max(cut_end).min(start);
            }
        }
        match (start == end, inline.is_empty()) {
            (_, true) => splice.cut(span(from, end)),
            (true, false) => splice.insert(start, &joined(&[b" ", inline.trim_ascii_start()])),
            (false, false) => splice.replace(span(start, end), inline.trim_ascii_start()),
        }
        self.put_lines(splice, lines.below, below, ends_in_literal(tree, &habit));
        Ok(())
    }

    /// Would a branch that ends here take the blank lines behind it into its last text?
    fn takes_blank_lines(&self, end: usize, tree: &Tree) -> bool {
        let keeps = matches!(last_in(tree), Tree::Value(Value::Str(text)) if keeps_line_feeds(text.as_slice()));
        keeps && end < self.bytes.len() && self.first_on_line(end).is_none()
    }

    /// The tag of a node.
    fn tag(&self, node: u32) -> Option<(usize, usize)> {
        let node = self.node(node);
        let props = self.parsed.props.get(node.props as usize).filter(|_| node.tag != Tag::None)?;
        (!props.tag.is_empty()).then_some((props.tag.start as usize, props.tag.end as usize))
    }

    /// Lines in place of lines. At the end of a text without a last line break there is none afterwards either, unless it is part of a value (`firm`).
    pub(super) fn put_lines(&self, splice: &mut Splice, (start, end): (usize, usize), lines: &[u8], firm: bool) {
        let mut bytes = broken(lines, self.crlf);
        let line_break: &[u8] = if self.crlf { b"\r\n" } else { b"\n" };
        let open = start > 0 && !matches!(self.bytes[start - 1], b'\n' | b'\r') && !self.bytes[..start].ends_with("\u{feff}".as_bytes());
        if !bytes.is_empty() && open {
            bytes = joined(&[line_break, &bytes]);
        }
        let unfinished = end == self.bytes.len() && end > 0 && !matches!(self.bytes[end - 1], b'\n' | b'\r');
        if unfinished && !firm && bytes.ends_with(line_break) {
            let length = bytes.len() - line_break.len();
            bytes.truncate(length);
        }
        splice.replace(span(start, end), &bytes);
    }

    /// Behind anchor and tag of a node, on the line of its indicator.
    pub(super) fn behind_props(&self, spot: &Spot) -> usize {
        let node = self.node(spot.node);
        let (mut at, mut anchor, mut tag) = (spot.after, node.anchored, node.tag != Tag::None);
        loop {
            let blanks = self.bytes[at..].iter().take_while(|&&b| b == b' ' || b == b'\t').count();
            match self.bytes.get(at + blanks) {
                Some(b'&') if anchor => anchor = false,
                Some(b'!') if tag => tag = false,
                _ => return at,
            }
            at += blanks;
            at += self.bytes[at..].iter().take_while(|b| !b" \t\r\n".contains(b)).count();
        }
    }

    fn lines(&self, spot: &Spot, column: usize) -> Lines {
        let node = self.node(spot.node);
        let from = self.behind_props(spot);
        let own = (node.span.start as usize, node.span.end as usize);
        let behind = |end: usize| (self.next_line(end), self.next_line(end));
        match node.what {
            What::Scalar(Written::Literal | Written::Folded) => {
                let header = self.parsed.props[node.props as usize].header;
                Lines { from, inline: (header.start as usize, header.end as usize), below: own }
            }
            What::Scalar(Written::Plain) if node.span.is_empty() => Lines { from, inline: (from, from), below: behind(from) },
            What::Scalar(_) | What::Alias(_) | What::Map { flow: true } | What::List { flow: true } => {
                Lines { from, inline: own, below: behind(own.1) }
            }
            What::Map { .. } | What::List { .. } => {
                // Comments that stand less far in than what goes are not its own.
                let inner = (node.column as usize).max(column + 1) - 1;
                let end = self.with_inner_comments(self.lines_end(spot.node), inner);
                let line = self.line_end(from);
                let blanks = self.bytes[from..line].iter().take_while(|&&b| b == b' ' || b == b'\t').count();
                let starts_here = !matches!(self.bytes.get(from + blanks), None | Some(b'\n' | b'\r' | b'#'));
                if !starts_here {
                    return Lines { from, inline: (from, from), below: (self.next_line(from), end) };
                }
                let one_line = self.line_end(own.1) == line && own.1 <= line;
                let inline_end = if one_line { own.1 } else { line };
                Lines { from, inline: (from + blanks, inline_end), below: (self.next_line(from), end.max(self.next_line(from))) }
            }
        }
    }

    /// One entry more in a container that has some.
    pub(super) fn add(&self, splice: &mut Splice, spot: &Spot, key: Option<&[u8]>, tree: &Tree) -> Result<(), Unwritable> {
        if self.flow(spot.node) {
            return self.add_in_flow(splice, spot, key, tree);
        }
        let column = self.node(spot.node).column as usize;
        let end = self.with_inner_comments(self.lines_end(spot.node), column);
        let habit = self.habit(Some(spot.node));
        let habit = Habit { literals: habit.literals && !self.takes_blank_lines(end, tree), ..habit };
        let bytes = match key {
            Some(key) => write::entry(key, tree, column, &habit)?,
            None => joined(&[&b" ".repeat(column), b"-", &write::branch(tree, column, true, &habit)?]),
        };
        self.finish_last_block(splice, spot.node, end);
        self.put_lines(splice, (end, end), &bytes, ends_in_literal(tree, &habit));
        Ok(())
    }

    /// A block scalar that ends with the text, without a line break, gets one now: its header must say that it is no part of the value.
    fn finish_last_block(&self, splice: &mut Splice, node: u32, end: usize) {
        let last = self.last_leaf(node);
        let block = matches!(last.what, What::Scalar(w) if w.is_block());
        if block && end == self.bytes.len() && !last.text.ends_with('\n') && !matches!(self.bytes.last(), Some(b'\n' | b'\r')) {
            let header = self.parsed.props[last.props as usize].header;
            let sign = self.bytes[header.range()].iter().position(|b| matches!(b, b'-' | b'+')).map(|n| header.start as usize + n);
            match sign {
                None => splice.insert(header.end as usize, b"-"),
                Some(at) if self.bytes[at] == b'+' => splice.replace(span(at, at + 1), b"-"),
                Some(_) => {}
            }
        }
    }

    /// Entries for a root that has none.
    pub(super) fn fill_root(&self, splice: &mut Splice, site: &DocumentSite, tree: &Tree) -> Result<(), Unwritable> {
        let root = self.parsed.parts[0].root;
        if self.fill_in_flow(splice, &Spot { node: root, home: None, after: 0, above: Vec::new() }, tree)? {
            return Ok(());
        }
        let node = self.node(root).span;
        let end = node.end as usize;
        let mut habit = self.habit(None);
        // A literal would take in what stands behind it.
        let rest = &self.bytes[end..self.line_end(end)];
        habit.literals = rest.trim_ascii().is_empty() && !self.takes_blank_lines(self.next_line(end), tree);
        let firm = ends_in_literal(tree, &habit);
        let entries = tree.entries().map(|(key, tree)| write::entry(key, tree, 0, &habit)).collect::<Result<Vec<_>, _>>()?;
        let bytes = joined(&entries.iter().map(|entry| &entry[..]).collect::<Vec<_>>());
        if matches!(site.root, Root::Null(span) if span.is_empty()) {
            let end = site.end as usize;
            self.put_lines(splice, (end, end), &bytes, firm);
            return Ok(());
        }
        let line_break = broken(b"\n", self.crlf);
        let mut bytes = broken(&bytes, self.crlf);
        let mut start = node.start as usize;
        if !firm || end < self.bytes.len() {
            // The line that goes has an end, or needs none.
            let length = bytes.len() - if bytes.ends_with(&line_break) { line_break.len() } else { 0 };
            bytes.truncate(length);
        }
        if self.line_start(start) != start && !self.bytes[..start].ends_with("\u{feff}".as_bytes()) {
            bytes = joined(&[&line_break, &bytes]);
            start = self.bytes[..start].trim_ascii_end().len();
        }
        splice.replace(span(start, end), &bytes);
        Ok(())
    }
}
