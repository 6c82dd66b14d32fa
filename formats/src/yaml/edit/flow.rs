//! Changes inside brackets.

use super::find::{Spot, Text};
use super::{refuse, span, write};
use crate::draft::joined;
use crate::error::Unwritable;
use crate::path::Part;
use crate::splice::Splice;
use crate::tree::Tree;
use crate::yaml::parse::Tag;

impl Text<'_> {
    pub(super) fn replace_in_flow(&self, splice: &mut Splice, spot: &Spot, tree: &Tree) -> Result<(), Unwritable> {
        let bytes = write::flow(None, tree, &self.habit(spot.home))?;
        let node = self.node(spot.node);
        let props = self.parsed.props.get(node.props as usize).filter(|_| node.tag != Tag::None);
        let keep_tag = matches!(tree, Tree::Value(v) if v.kind() == crate::Kind::Str);
        if let Some(props) = props.filter(|p| !p.tag.is_empty() && !keep_tag) {
            let end = props.tag.end as usize;
            let blanks = self.bytes[end..].iter().take_while(|&&b| b == b' ').count();
            splice.cut(span(props.tag.start as usize, (end + blanks).min((node.span.start as usize).max(end))));
        }
        if !node.span.is_empty() {
            splice.replace(node.span, &bytes);
            return Ok(());
        }
        let colon = self.past(spot.after, b":");
        match self.bytes.get(colon.wrapping_sub(1)) {
            Some(b':') if colon > spot.after => {
                let blanks = self.bytes[colon..].iter().take_while(|&&b| b == b' ').count();
                let before_comma = self.bytes.get(colon + blanks) == Some(&b',') && node.span.end as usize <= colon + blanks;
                let at = (node.span.end as usize).max(colon);
                let place = if before_comma { span(colon, colon + blanks) } else { span(at, at) };
                splice.replace(place, &joined(&[b" ", &bytes[..]]));
            }
            _ => splice.insert((node.span.end as usize).max(spot.after), &joined(&[b": ", &bytes[..]])),
        }
        Ok(())
    }

    /// Does a flow map stand in braces? A single pair in a list need not.
    fn braces(&self, node: u32) -> bool {
        matches!(self.bytes.get(self.node(node).span.start as usize), Some(b'{' | b'['))
    }

    /// Where the entries of a flow collection begin, and where their values end.
    fn extents(&self, spot: &Spot) -> Vec<(usize, usize)> {
        let mut out: Vec<(usize, usize)> = Vec::new();
        let mut from = self.node(spot.node).span.start as usize + usize::from(self.braces(spot.node));
        for entry in self.entries(spot) {
            let start = self.past(from, b"");
            let value = self.node(entry.value).span;
            let key_end = entry.key.map_or(0, |k| self.node(k).span.end as usize);
            let colon = if entry.key.is_some() { self.past(key_end, b":") } else { 0 };
            let colon = if colon > 0 && self.bytes[colon - 1] == b':' { colon } else { key_end };
            let end = (value.end as usize).max(if value.is_empty() { colon } else { 0 });
            out.push((start, end));
            from = self.past(end, b",");
        }
        out
    }

    /// Behind blanks, line breaks and comments, and behind one of these marks if it comes next.
    fn past(&self, mut at: usize, mark: &[u8]) -> usize {
        loop {
            match self.bytes.get(at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
                Some(b'#') => at = self.line_end(at),
                Some(b) if mark.contains(b) => return at + 1,
                _ => return at,
            }
        }
    }

    pub(super) fn add_in_flow(&self, splice: &mut Splice, spot: &Spot, key: Option<&[u8]>, tree: &Tree) -> Result<(), Unwritable> {
        let habit = self.habit(Some(spot.node));
        let bytes = write::flow(key, tree, &habit)?;
        let extents = self.extents(spot);
        let Some((&(start, end), before)) = extents.split_last() else { return Err(refuse(&[], "it has no entries in the text")) };
        let open = self.node(spot.node).span.start as usize + 1;
        let line = self.line_start(start);
        let gap: &[u8] = match before.last() {
            // On a line of its own: so is the new one.
            _ if line >= open && self.bytes[line..start].iter().all(|b| b" \t".contains(b)) => {
                let line_break: &[u8] = if self.crlf { b"\r\n" } else { b"\n" };
                &[line_break, &self.bytes[line..start]].concat()
            }
            Some(&(_, end)) => {
                let comma = self.past(end, b",");
                if self.bytes[comma..start].iter().all(|b| *b == b' ') { &self.bytes[comma..start] } else { b" " }
            }
            None => b" ",
        };
        if !self.braces(spot.node) {
            splice.insert(start, b"{");
            splice.insert(end, &joined(&[b", ", &bytes[..], b"}"]));
            return Ok(());
        }
        let behind = self.past(end, b"");
        if self.bytes.get(behind) == Some(&b',') {
            splice.insert(behind + 1, &joined(&[gap, &bytes, b","]));
        } else {
            // `k:,` would be another key.
            let comma: &[u8] = if self.bytes[end - 1] == b':' { b" ," } else { b"," };
            splice.insert(end, &joined(&[comma, gap, &bytes]));
        }
        Ok(())
    }

    pub(super) fn remove_in_flow(&self, splice: &mut Splice, spot: &Spot, part: &Part) -> Result<(), Unwritable> {
        let entries = self.entries(spot);
        let wanted = self.entry(spot, part).ok_or_else(|| refuse(std::slice::from_ref(part), "it cannot be found in the text"))?;
        let place = entries.iter().position(|e| e.value == wanted.value).unwrap_or_default();
        let extents = self.extents(spot);
        let (start, end) = extents[place];
        let node = self.node(spot.node).span;
        if !self.braces(spot.node) {
            splice.replace(span(start, end), b"{}");
            return Ok(());
        }
        splice.cut(match (place.checked_sub(1), extents.get(place + 1)) {
            (_, Some(&(next, _))) => span(start, next),
            (Some(before), None) => span(extents[before].1, end),
            (None, None) => span(node.start as usize + 1, node.end as usize - 1),
        });
        Ok(())
    }
}
