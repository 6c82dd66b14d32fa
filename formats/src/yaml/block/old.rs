//! A block that is spelled anew keeps what did not change: order, blank lines, comments, fields that say the same.

use std::collections::HashMap;

use crate::document::Document;
use crate::error::Unwritable;
use crate::leaf::Span;
use crate::syntax::{Block, Slot};
use crate::tree::Tree;
use crate::yaml::print;

/// A block whose spelling is kept.
pub(super) struct Old<'t> {
    text: &'t [u8],
    block: &'t Block,
    /// Names and trees of the fields, with their bytes.
    fields: Vec<(&'t [u8], &'t Tree, Span)>,
    /// Column of the fields.
    column: usize,
}

impl<'t> Old<'t> {
    /// None where it is not a block of whole lines at the slot's column.
    pub(super) fn of(document: &'t Document<'_>, block: &'t Block, slot: &Slot) -> Option<Self> {
        let tree = block.fields.as_ref()?;
        let fields: Vec<_> = tree.entries().zip(&block.spans).map(|((name, tree), &span)| (name, tree, span)).collect();
        let text = document.text();
        let first = fields.first()?.2;
        let blanks = |at: usize| text[at..].iter().take_while(|&&b| b == b' ').count();
        let whole_lines = first.start > block.span.start && fields.iter().all(|f| f.2.start == 0 || text[f.2.start as usize - 1] == b'\n');
        let column = blanks(first.start as usize);
        let same_place = blanks(block.span.start as usize) == slot.indent && column > slot.indent;
        (whole_lines && same_place).then_some(Old { text, block, fields, column })
    }

    pub(super) fn spell(&self, out: &mut Vec<u8>, fields: &[(String, Tree)], indent: usize) -> Result<(), Unwritable> {
        let crlf = self.text[self.block.span.range()].windows(2).any(|w| w == b"\r\n");
        let wanted = |name: &[u8]| fields.iter().find(|(n, _)| n.as_bytes() == name);
        let known = |name: &str| self.fields.iter().any(|f| f.0 == name.as_bytes());
        out.extend_from_slice(&self.text[self.block.span.start as usize..self.fields[0].2.start as usize]);
        // New fields go behind the one that precedes them in `fields`, or to the front.
        let followers = |name: Option<&str>| {
            let at = name.map_or(0, |n| fields.iter().position(|f| f.0 == n).map_or(fields.len(), |i| i + 1));
            fields[at..].iter().take_while(|f| !known(&f.0))
        };
        for (name, tree) in followers(None) {
            self.field(out, name, tree, indent, crlf)?;
        }
        // Of a name that stands twice one is left: with both SOPS refuses the file. Its last place is as good as any, for it is written as it counts.
        let last: HashMap<&[u8], usize> = self.fields.iter().enumerate().map(|(i, (name, ..))| (*name, i)).collect();
        for (i, (name, old, span)) in self.fields.iter().enumerate() {
            let is_last = last[name] == i;
            let between = self.fields.get(i + 1).map_or(self.block.span.end, |next| next.2.start);
            if let Some((name, tree)) = wanted(name).filter(|_| is_last) {
                if same(tree, old) {
                    out.extend_from_slice(&self.text[span.range()]);
                } else {
                    self.field(out, name, tree, indent, crlf)?;
                }
                self.end_line(out, crlf);
                for (name, tree) in followers(Some(name)) {
                    self.field(out, name, tree, indent, crlf)?;
                }
            }
            out.extend_from_slice(&self.text[span.end as usize..between.max(span.end) as usize]);
        }
        Ok(())
    }

    fn field(&self, out: &mut Vec<u8>, name: &str, tree: &Tree, indent: usize, crlf: bool) -> Result<(), Unwritable> {
        let mut bytes = Vec::new();
        print::entry(&mut bytes, name.as_bytes(), tree, self.column, indent)?;
        for b in bytes {
            if b == b'\n' && crlf {
                out.push(b'\r');
            }
            out.push(b);
        }
        Ok(())
    }

    fn end_line(&self, out: &mut Vec<u8>, crlf: bool) {
        if !out.ends_with(b"\n") {
            out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        }
    }
}

fn same(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Value(a), Tree::Value(b)) => a.same(b),
        _ => a == b,
    }
}
