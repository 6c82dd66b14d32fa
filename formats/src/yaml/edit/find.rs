//! From a path to a place in the text.

use super::refuse;
use crate::edit::Floats;
use crate::error::Unwritable;
use crate::path::Part;
use crate::yaml::parse::{Node, Parsed, What, behind_break, find};

/// A text and what stands in it.
pub(super) struct Text<'t> {
    pub bytes: &'t [u8],
    pub parsed: &'t Parsed<'t>,
    pub crlf: bool,
    pub floats: Floats,
}

/// A node, and where it hangs.
pub(super) struct Spot {
    pub node: u32,
    /// The container of this node; none for the root.
    pub home: Option<u32>,
    /// Behind the `:` or `-` that it belongs to (0 for the root); in a flow behind its key.
    pub after: usize,
    /// The nodes from the root down, without this one.
    pub above: Vec<u32>,
}

pub(super) enum Found {
    Here(Spot),
    /// So many parts of the path lead to an alias; the rest would go through it.
    Alias(Spot, usize),
}

/// An entry of a block map or an item of a block list.
pub(super) struct Entry {
    /// None for an item.
    pub key: Option<u32>,
    pub value: u32,
    /// Of the key, or the dash.
    pub start: usize,
    pub after: usize,
}

impl<'t> Text<'t> {
    pub(super) fn node(&self, number: u32) -> &'t Node<'t> {
        &self.parsed.nodes[number as usize]
    }

    /// Does this stand in brackets?
    pub(super) fn flow(&self, number: u32) -> bool {
        matches!(self.node(number).what, What::Map { flow: true } | What::List { flow: true })
    }

    /// The place of a path in the first document. `into`: its container is asked for, so an alias there is to be written out.
    pub(super) fn find(&self, at: &[Part], into: bool) -> Result<Found, Unwritable> {
        let mut spot = Spot { node: self.parsed.parts[0].root, home: None, after: 0, above: Vec::new() };
        for (depth, part) in at.iter().enumerate() {
            if matches!(self.node(spot.node).what, What::Alias(_)) {
                return Ok(Found::Alias(spot, depth));
            }
            let entry = self.entry(&spot, part).ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
            spot.above.push(spot.node);
            spot = Spot { node: entry.value, home: Some(spot.node), after: entry.after, above: spot.above };
        }
        if into && matches!(self.node(spot.node).what, What::Alias(_)) {
            return Ok(Found::Alias(spot, at.len()));
        }
        Ok(Found::Here(spot))
    }

    pub(super) fn entry(&self, spot: &Spot, part: &Part) -> Option<Entry> {
        let entries = self.entries(spot);
        match part {
            Part::Index(n) => entries.into_iter().nth(*n),
            Part::Key(name) => entries.into_iter().rev().find(|e| e.key.is_some_and(|k| self.name(k) == name.as_slice())),
        }
    }

    /// What stands in a container; only keys, values and, in blocks, offsets.
    pub(super) fn entries(&self, spot: &Spot) -> Vec<Entry> {
        let node = self.node(spot.node);
        let flow = self.flow(spot.node);
        let mut out: Vec<Entry> = Vec::new();
        let (mut at, mut cursor) = (spot.node + 1, spot.after);
        while at < node.next {
            let first = self.node(at);
            if matches!(node.what, What::Map { .. }) {
                let end = first.span.end as usize;
                let colon = find(self.bytes, end, b":");
                let after = colon.filter(|_| !flow).map_or(end, |c| c + 1);
                out.push(Entry { key: Some(at), value: first.next, start: first.span.start as usize, after });
                at = self.node(first.next).next;
            } else {
                let dash = if flow { None } else { find(self.bytes, cursor, b"-") };
                let start = dash.unwrap_or(first.span.start as usize);
                out.push(Entry { key: None, value: at, start, after: start + 1 });
                cursor = (first.span.end as usize).max(start + 1);
                at = first.next;
            }
        }
        out
    }

    fn name(&self, key: u32) -> &'t [u8] {
        match self.node(key).what {
            What::Alias(target) => self.node(target).text.as_bytes(),
            _ => self.node(key).text.as_bytes(),
        }
    }

    /// Refuses a place whose change would show elsewhere: an anchor on the way to it, or in it, that an alias outside stands for.
    pub(super) fn unshared(&self, spot: &Spot, at: &[Part]) -> Result<(), Unwritable> {
        let inside = |number: u32| number >= spot.node && number < self.node(spot.node).next;
        let shared = self.parsed.nodes.iter().enumerate().any(|(i, n)| match n.what {
            What::Alias(target) => (inside(target) && !inside(i as u32)) || spot.above.contains(&target),
            _ => false,
        });
        if shared {
            return Err(refuse(
                at,
                "an anchor here has aliases that stand for it elsewhere; they would change as well. Edit the file as text",
            ));
        }
        Ok(())
    }

    /// The start of the line of an offset.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.bytes[..at].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(0, |i| i + 1)
    }

    /// The end of the line of an offset, without its break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        self.bytes[at..].iter().position(|&b| b == b'\n' || b == b'\r').map_or(self.bytes.len(), |n| at + n)
    }

    /// The start of the next line.
    pub(super) fn next_line(&self, at: usize) -> usize {
        behind_break(self.bytes, self.line_end(at))
    }

    /// Behind the last line of a node.
    pub(super) fn lines_end(&self, node: u32) -> usize {
        let end = self.node(node).span.end as usize;
        let block = self.last_leaf(node);
        if matches!(block.what, What::Scalar(w) if w.is_block()) && end > 0 && matches!(self.bytes[end - 1], b'\n' | b'\r') {
            return end;
        }
        self.next_line(end)
    }

    /// The last node in a node.
    pub(super) fn last_leaf(&self, node: u32) -> &'t Node<'t> {
        self.node(self.node(node).next - 1)
    }

    /// Column of the first thing on the line at `at`, and what it is; none on a blank line.
    pub(super) fn first_on_line(&self, at: usize) -> Option<(usize, u8)> {
        let line = &self.bytes[at..self.line_end(at)];
        let blanks = line.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        line.get(blanks).map(|&b| (blanks, b))
    }

    /// From the end of something's lines on over the comment lines that stand further in than `column`, which belong to it.
    pub(super) fn with_inner_comments(&self, end: usize, column: usize) -> usize {
        let (mut at, mut taken) = (end, end);
        while at < self.bytes.len() {
            match self.first_on_line(at) {
                None => {}
                Some((indent, b'#')) if indent > column => taken = self.next_line(at),
                Some(_) => break,
            }
            at = self.next_line(at);
        }
        taken
    }
}
