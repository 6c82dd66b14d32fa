//! What stands in brackets and braces.

use std::ops::Range;

use crate::draft::joined_text;
use crate::leaf::Span;
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

/// One entry or item more, laid out as the last one is.
pub(super) fn add(splice: &mut Splice, text: &str, home: &Node, bytes: &str, crlf: bool) {
    let Some(last) = home.children.len().checked_sub(1) else {
        splice.insert(home.span.start + 1, bytes.as_bytes());
        return;
    };
    let (start, end) = (home.start(last), home.children[last].1.span.end);
    let line = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let own_line = line > home.span.start && text[line..start].trim().is_empty();
    let gap = if own_line { format!("{}{}", if crlf { "\r\n" } else { "\n" }, &text[line..start]) } else { " ".to_owned() };
    let comma = past(text, end);
    if text[comma..].starts_with(',') {
        splice.insert(comma + 1, joined_text(&[&gap, bytes, ","]).as_bytes());
    } else {
        splice.insert(end, joined_text(&[",", &gap, bytes]).as_bytes());
    }
}

/// An entry or item goes, with its comma.
pub(super) fn remove(splice: &mut Splice, home: &Node, part: &Part) -> Option<()> {
    let place = home.place(part)?;
    let span = if place + 1 < home.children.len() {
        home.start(place)..home.start(place + 1)
    } else if place > 0 {
        home.children[place - 1].1.span.end..home.children[place].1.span.end
    } else {
        home.span.start + 1..home.span.end - 1
    };
    splice.cut(Span::new(span.start, span.end));
    Some(())
}

/// Behind blanks, line ends and comments.
fn past(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at = text[at..].find('\n').map_or(text.len(), |i| at + i);
    }
}
