//! Changes inside brackets.

use super::find::{Spot, Text};
use super::{refuse, span, write};
use crate::draft::joined;
use crate::edit::Brackets;
use crate::error::Unwritable;
use crate::path::Part;
use crate::splice::Splice;
use crate::tree::Tree;
use crate::yaml::parse::{Tag, What};

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

    /// A flow collection, and where its entries begin and their values end.
    fn brackets(&self, spot: &Spot) -> Brackets<'_> {
        let (node, braces) = (self.node(spot.node).span, usize::from(self.braces(spot.node)));
        let inside = node.start as usize + braces..node.end as usize - braces;
        let mut items = Vec::new();
        let mut from = inside.start;
        for entry in self.entries(spot) {
            let start = self.past(from, b"");
            let value = self.node(entry.value).span;
            let key_end = entry.key.map_or(0, |k| self.node(k).span.end as usize);
            let colon = if entry.key.is_some() { self.past(key_end, b":") } else { 0 };
            let colon = if colon > 0 && self.bytes[colon - 1] == b':' { colon } else { key_end };
            let end = (value.end as usize).max(if value.is_empty() { colon } else { 0 });
            items.push(start..end);
            from = self.past(end, b",");
        }
        Brackets { text: self.bytes, inside, items, crlf: self.crlf }
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
        let all = self.brackets(spot);
        let Some(last) = all.items.last() else { return Err(refuse(&[], "it has no entries in the text")) };
        if !self.braces(spot.node) {
            splice.insert(last.start, b"{");
            splice.insert(last.end, &joined(&[b", ", &bytes[..], b"}"]));
            return Ok(());
        }
        // `k:,` would be another key.
        all.add(splice, &bytes, if self.bytes[last.end - 1] == b':' { b" ," } else { b"," });
        Ok(())
    }

    /// The first entries or items, where only comments stand in the brackets. Whether that is so.
    pub(super) fn fill_in_flow(&self, splice: &mut Splice, spot: &Spot, tree: &Tree) -> Result<bool, Unwritable> {
        let habit = self.habit(Some(spot.node));
        let ones: Vec<_> = match (tree, self.node(spot.node).what) {
            (Tree::Map(_), What::Map { flow: true }) => {
                tree.entries().map(|(key, tree)| write::flow(Some(key), tree, &habit)).collect::<Result<_, _>>()?
            }
            (Tree::List(_), What::List { flow: true }) => {
                tree.items().map(|tree| write::flow(None, tree, &habit)).collect::<Result<_, _>>()?
            }
            _ => return Ok(false),
        };
        let all = self.brackets(spot);
        if ones.is_empty() || !all.only_comments() {
            return Ok(false);
        }
        all.fill(splice, &ones.iter().map(|one| &one[..]).collect::<Vec<_>>());
        Ok(true)
    }

    pub(super) fn remove_in_flow(&self, splice: &mut Splice, spot: &Spot, part: &Part) -> Result<(), Unwritable> {
        let entries = self.entries(spot);
        let wanted = self.entry(spot, part).ok_or_else(|| refuse(std::slice::from_ref(part), "it cannot be found in the text"))?;
        let place = entries.iter().position(|e| e.value == wanted.value).unwrap_or_default();
        let all = self.brackets(spot);
        if self.braces(spot.node) {
            all.remove(splice, place);
        } else {
            splice.replace(span(all.items[place].start, all.items[place].end), b"{}");
        }
        Ok(())
    }
}
