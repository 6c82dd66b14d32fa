//! The metadata block: the member `sops` of the root.

use super::layout::{Layout, Place};
use super::print::{Style, write, write_key};
use crate::document::Document;
use crate::edit::Floats;
use crate::error::Unwritable;
use crate::leaf::Span;
use crate::splice::Splice;
use crate::syntax::{Block, Sealed, Slot};
use crate::tree::Tree;

/// [`Slot::note`]: the root is empty, so the block comes with line breaks of its own.
const ALONE: u32 = 1;

/// Where in the text the block stands or goes: behind the last member.
pub(super) fn place(layout: &Layout) -> u32 {
    match layout.cut() {
        Some(cut) => cut.start,
        None => layout.last_end.unwrap_or(layout.inside.start),
    }
}

/// The slot for a block, at that offset of a text without one. If this text has one, then just as it stands there.
pub(super) fn slot(layout: &Layout, text: &[u8], at: usize) -> Slot {
    if let (Some(Place { key, value, .. }), Some(cut)) = (&layout.block, layout.cut()) {
        let before = text[cut.start as usize..key.start as usize].to_vec();
        return Slot { at, before, after: text[value.end as usize..cut.end as usize].to_vec(), ..Slot::default() };
    }
    let Some(style) = &layout.style else {
        return Slot { at, replaces: layout.inside.len(), note: ALONE, ..Slot::default() };
    };
    let flow = style.newline.is_empty();
    let mut before = if flow { style.comma } else { "," }.as_bytes().to_vec();
    before.extend_from_slice(style.newline.as_bytes());
    before.extend_from_slice(&style.unit);
    Slot { at, before, flow, ..Slot::default() }
}

/// See [`crate::syntax::Detail::without_blocks`].
pub(super) fn without(layout: &Layout, text: &[u8]) -> Sealed {
    let mut splice = Splice::default();
    if let Some(cut) = layout.cut() {
        splice.cut(cut);
    }
    let slot = slot(layout, text, place(layout) as usize);
    Sealed { text: splice.finish(text), hints: Vec::new(), slots: vec![slot] }
}

/// See [`crate::syntax::Detail::spell_block`].
///
/// # Errors
/// A field that is not UTF-8, or an infinite float.
pub(super) fn spell(
    layout: &Layout,
    slot: &Slot,
    fields: &[(String, Tree)],
    indent: Option<usize>,
    old: Option<(&Document<'_>, &Block)>,
) -> Result<Vec<u8>, Unwritable> {
    let style = layout.style.clone().unwrap_or_else(|| Style::sops(indent));
    if let Some(old) = old.and_then(|(document, block)| Old::find(document.text(), block)) {
        return old.spell(fields, &style);
    }
    // Flux and others know a sealed file by the bytes `"mac": "ENC[`, and pass on what does not have them as it is.
    let style = Style { colon: ": ", ..style };
    let mut out = Vec::new();
    if slot.note == ALONE {
        out.extend_from_slice(style.newline.as_bytes());
        out.extend_from_slice(&style.unit);
    }
    let sops = Tree::map(fields.iter().map(|(name, tree)| (name, tree.clone())));
    write_key(&mut out, b"sops", &style)?;
    write(&mut out, &sops, &style, &style.unit, Floats::AsSops)?;
    if slot.note == ALONE {
        out.extend_from_slice(style.newline.as_bytes());
    }
    Ok(out)
}

/// A block that is there, with at least one field.
pub(super) struct Old<'a> {
    text: &'a [u8],
    /// Where its name starts, and where its value ends.
    whole: Span,
    spans: &'a [Span],
    fields: Vec<(&'a [u8], &'a Tree)>,
}

impl<'a> Old<'a> {
    /// In the text that it was read from. `None`: nothing there whose spelling could be kept.
    pub(super) fn find(text: &'a [u8], block: &'a Block) -> Option<Self> {
        let fields: Vec<_> = block.fields.as_ref()?.entries().collect();
        let first = block.spans.first()?;
        // Name and braces stand around the fields, whatever of the surroundings the cut takes with it.
        let start = block.span.start as usize;
        let start = start + text[start..first.start as usize].iter().position(|&b| b == b'"')?;
        let last = block.spans.last()?.end as usize;
        let end = last + text[last..].iter().position(|&b| b == b'}')? + 1;
        (fields.len() == block.spans.len()).then_some(Old { text, whole: Span::new(start, end), spans: &block.spans, fields })
    }

    /// Old fields that are equal keep their bytes; changed ones get a new value; new ones come behind the field that precedes them.
    ///
    /// # Errors
    /// A field that is not UTF-8, or an infinite float.
    pub(super) fn spell(&self, fields: &[(String, Tree)], fallback: &Style) -> Result<Vec<u8>, Unwritable> {
        let head = self.slice(self.whole.start, self.spans[0].start);
        let tail = self.slice(self.spans[self.spans.len() - 1].end, self.whole.end);
        let gap = &head[head.iter().rposition(|&b| b == b'{').map_or(0, |i| i + 1)..];
        let (style, margin) = self.style(gap, tail, fallback);
        let mut out = head.to_vec();
        for (i, entry) in self.plan(fields).into_iter().enumerate() {
            if i > 0 {
                match entry.old {
                    Some(old) if old > 0 => out.extend_from_slice(self.slice(self.spans[old - 1].end, self.spans[old].start)),
                    _ => {
                        out.push(b',');
                        out.extend_from_slice(if gap.is_empty() && style.comma == ", " { b" " } else { gap });
                    }
                }
            }
            match (entry.old, entry.new) {
                (Some(old), None) => out.extend_from_slice(&self.text[self.spans[old].range()]),
                (_, None) => {}
                (_, Some((name, tree))) => {
                    write_key(&mut out, name.as_bytes(), &style)?;
                    write(&mut out, tree, &style, margin, Floats::AsSops)?;
                }
            }
        }
        out.extend_from_slice(tail);
        Ok(out)
    }

    fn plan<'f>(&self, fields: &'f [(String, Tree)]) -> Vec<Entry<'f>> {
        // Of a name that stands twice the last one counts, as for SOPS's JSON reader.
        let position = |name: &str| self.fields.iter().rposition(|(old, _)| *old == name.as_bytes());
        let mut kept: Vec<Option<Entry<'f>>> = self.fields.iter().map(|_| None).collect();
        // New fields, by the old one they stand behind; 0 is the front.
        let mut new: Vec<Vec<Entry<'f>>> = self.fields.iter().map(|_| Vec::new()).collect();
        new.push(Vec::new());
        let mut behind = 0;
        for (name, tree) in fields {
            match position(name) {
                Some(old) => {
                    let same = self.fields[old].1 == tree;
                    kept[old] = Some(Entry { old: Some(old), new: (!same).then_some((name, tree)) });
                    behind = old + 1;
                }
                None => new[behind].push(Entry { old: None, new: Some((name, tree)) }),
            }
        }
        let mut new = new.into_iter();
        let mut plan = new.next().unwrap_or_default();
        for (kept, new) in kept.into_iter().zip(new) {
            plan.extend(kept);
            plan.extend(new);
        }
        plan
    }

    /// The style of the block itself, and the indentation of its fields.
    fn style<'g>(&self, gap: &'g [u8], tail: &[u8], fallback: &Style) -> (Style, &'g [u8]) {
        let first = &self.text[self.spans[0].range()];
        let name = 2 + first[1..].iter().position(|&b| b == b'"').unwrap_or_default();
        let colon = first[name.min(first.len())..].iter().position(|&b| b == b':').unwrap_or_default();
        let blank = matches!(first.get(name + colon + 1), Some(b' ' | b'\t' | b'\n' | b'\r'));
        let mut style = Style { colon: if blank { ": " } else { ":" }, ..fallback.clone() };
        let Some(line_break) = gap.iter().rposition(|&b| b == b'\n') else {
            style.newline = "";
            let tight = match self.spans {
                [first, second, ..] => self.slice(first.end, second.start) == b",",
                _ => !blank,
            };
            style.comma = if tight { "," } else { ", " };
            return (style, b"");
        };
        style.newline = if line_break > 0 && gap[line_break - 1] == b'\r' { "\r\n" } else { "\n" };
        let margin = &gap[line_break + 1..];
        // The closing brace stands one level further out.
        let outer = tail.iter().rposition(|&b| b == b'\n').map(|i| &tail[i + 1..tail.len() - 1]);
        if let Some(unit) = outer.and_then(|outer| margin.strip_prefix(outer)).filter(|unit| !unit.is_empty()) {
            style.unit = unit.to_vec();
        }
        (style, margin)
    }

    fn slice(&self, start: u32, end: u32) -> &'a [u8] {
        &self.text[start as usize..end as usize]
    }
}

struct Entry<'f> {
    old: Option<usize>,
    new: Option<(&'f String, &'f Tree)>,
}
