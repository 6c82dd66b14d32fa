//! What stands in brackets and braces.

use std::ops::Range;

use crate::edit::Brackets;
use crate::path::Part;
use crate::splice::Splice;

/// The keys before a `=`, and where each stands.
pub(super) type Keys = Vec<(String, Range<usize>)>;

/// A value and those in it, with their keys (none in an array).
pub(super) struct Node {
    pub span: Range<usize>,
    pub children: Vec<(Keys, Node)>,
    table: bool,
}

impl Node {
    pub(super) fn scalar(span: Range<usize>) -> Self {
        Node { span, children: Vec::new(), table: false }
    }

    pub(super) fn container(span: Range<usize>, table: bool) -> Self {
        Node { span, children: Vec::new(), table }
    }

    /// Where a part of a path stands among the children.
    fn place(&self, part: &Part) -> Option<usize> {
        match part {
            Part::Index(n) => (!self.table && *n < self.children.len()).then_some(*n),
            Part::Key(name) => self.children.iter().position(|(keys, _)| matches!(&keys[..], [(key, _)] if key.as_bytes() == name)),
        }
    }

    /// The value at a path below; none for a map that dots make.
    pub(super) fn find(&self, at: &[Part]) -> Option<&Node> {
        let Some(part) = at.first() else { return Some(self) };
        if let Part::Index(_) = part {
            return self.children[self.place(part)?].1.find(&at[1..]);
        }
        let leads = |keys: &[(String, Range<usize>)]| {
            let same = |(part, key): (&Part, &(String, Range<usize>))| matches!(part, Part::Key(name) if *name == key.0.as_bytes());
            self.table && keys.len() <= at.len() && at.iter().zip(keys).all(same)
        };
        let (keys, node) = self.children.iter().find(|(keys, _)| leads(keys))?;
        node.find(&at[keys.len()..])
    }

    fn start(&self, child: usize) -> usize {
        let (keys, node) = &self.children[child];
        keys.first().map_or(node.span.start, |k| k.1.start)
    }
}

/// What stands in an array or inline table.
pub(super) fn brackets<'t>(text: &'t str, home: &Node, crlf: bool) -> Brackets<'t> {
    let items = (0..home.children.len()).map(|i| home.start(i)..home.children[i].1.span.end).collect();
    Brackets { text: text.as_bytes(), inside: home.span.start + 1..home.span.end - 1, items, crlf }
}

/// An entry or item goes, with its comma.
pub(super) fn remove(splice: &mut Splice, text: &str, home: &Node, part: &Part) -> Option<()> {
    // It only takes away: no line end is written.
    brackets(text, home, false).remove(splice, home.place(part)?);
    Some(())
}
