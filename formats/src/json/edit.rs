//! A branch of a plain text set, added or removed, laid out as its neighbours are.

use zeroize::Zeroizing;

use super::layout::Layout;
use super::print::{self, Style};
use super::scalar;
use super::scan::{Event, Scanner};
use crate::document::Document;
use crate::draft::{draft, joined, most_of_value};
use crate::edit::{Floats, Graft, Plan};
use crate::error::Unwritable;
use crate::leaf::{LeafId, Span};
use crate::limits::Limits;
use crate::path::{Part, display_parts};
use crate::splice::Splice;
use crate::tree::Tree;
use crate::value::Value;

/// See [`crate::syntax::Detail::graft`].
pub(super) fn graft(document: &Document<'_>, layout: &Layout, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
    let text = document.text();
    let nodes = nodes(text);
    let editor = Editor { text, nodes, layout, graft };
    let mut splice = Splice::default();
    match &graft.plan {
        Plan::Replace { at, tree } => {
            let node = editor.find(at)?;
            let bytes = editor.value_in_place(node, tree)?;
            splice.replace(editor.nodes[node].span, &bytes);
        }
        Plan::Insert { at, key, tree } => editor.add(&mut splice, editor.find(at)?, Some(key), tree)?,
        Plan::Append { at, tree } => editor.add(&mut splice, editor.find(at)?, None, tree)?,
        Plan::Remove { at, .. } => editor.remove(&mut splice, at)?,
    }
    Ok(splice.finish(text))
}

/// See [`crate::syntax::Detail::set`].
pub(super) fn set(document: &Document<'_>, leaf: LeafId, value: &Value, floats: Floats, splice: &mut Splice) -> bool {
    let span = document.leaf(leaf).span;
    spelled_like(value, &document.text()[span.range()], floats).map(|bytes| splice.replace(span, &bytes)).is_ok()
}

/// One value for another, in the old one's escapes.
fn spelled_like(value: &Value, old: &[u8], floats: Floats) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut out = Zeroizing::new(Vec::with_capacity(most_of_value(value, 0)));
    scalar::spell_like(&mut out, value, old, floats).map(|()| out)
}

/// A value, with its name if it has one.
struct Node {
    /// With the quotes.
    key: Option<Span>,
    span: Span,
    children: Vec<usize>,
}

impl Node {
    fn start(&self) -> u32 {
        self.key.unwrap_or(self.span).start
    }
}

/// All values of a text that has been scanned; the root is the first.
fn nodes(text: &[u8]) -> Vec<Node> {
    let mut scanner = Scanner::new(text, Limits::PLAIN.depth + 1);
    let (mut nodes, mut open, mut key): (Vec<Node>, Vec<usize>, Option<Span>) = (Vec::new(), Vec::new(), None);
    while let Ok(event) = scanner.next() {
        let span = event.span();
        match event {
            Event::End => break,
            Event::Key(span) => {
                key = Some(span);
                continue;
            }
            Event::ObjectEnd(end) | Event::ListEnd(end) => {
                if let Some(node) = open.pop() {
                    nodes[node].span.end = end.end;
                }
                continue;
            }
            _ => {}
        }
        let number = nodes.len();
        nodes.push(Node { key: key.take(), span, children: Vec::new() });
        if let Some(&parent) = open.last() {
            nodes[parent].children.push(number);
        }
        if matches!(event, Event::ObjectStart(_) | Event::ListStart(_)) {
            open.push(number);
        }
    }
    nodes
}

struct Editor<'a> {
    text: &'a [u8],
    nodes: Vec<Node>,
    layout: &'a Layout,
    graft: &'a Graft<'a>,
}

impl Editor<'_> {
    fn find(&self, at: &[Part]) -> Result<usize, Unwritable> {
        let mut here = 0;
        for part in at {
            let children = &self.nodes[here].children;
            let found = match part {
                Part::Index(n) => children.get(*n).copied(),
                Part::Key(name) => children.iter().rev().copied().find(|&c| self.name(c).as_deref() == Some(name)),
            };
            here = found.ok_or_else(|| self.refuse(at, "it cannot be found in the text"))?;
        }
        Ok(here)
    }

    fn name(&self, node: usize) -> Option<std::borrow::Cow<'_, [u8]>> {
        let span = self.nodes[node].key?;
        Some(super::string::decode(&self.text[span.start as usize + 1..span.end as usize - 1]))
    }

    fn refuse(&self, at: &[Part], what: &str) -> Unwritable {
        Unwritable { path: display_parts(at), what: what.to_owned() }
    }

    fn source(&self, start: u32, end: u32) -> &[u8] {
        &self.text[start as usize..end as usize]
    }

    /// What stands between the entries of a container: from the comma, or the bracket, to the last entry.
    fn gap(&self, node: usize) -> &[u8] {
        let node = &self.nodes[node];
        let Some((&last, before)) = node.children.split_last() else { return b"" };
        let start = self.nodes[last].start();
        match before.last() {
            Some(&one) => {
                let between = self.source(self.nodes[one].span.end, start);
                between.split(|&b| b == b',').nth(1).unwrap_or_default()
            }
            None => match self.source(node.span.start + 1, start) {
                lines if lines.contains(&b'\n') => lines,
                _ if self.style(false).comma == ", " => b" ",
                _ => b"",
            },
        }
    }

    /// How a container that stands at this offset is laid out, when its container is (`like`).
    fn style(&self, lines: bool) -> Style {
        let own = self.layout.find_style(self.text).unwrap_or_else(|| self.style_of_sops());
        if lines { own } else { Style { newline: "", ..own } }
    }

    /// SOPS's, with the text's own line break if it has one.
    fn style_of_sops(&self) -> Style {
        let first = self.text.iter().position(|&b| b == b'\n');
        let crlf = first.is_some_and(|at| self.text[..at].ends_with(b"\r"));
        let style = Style::sops(None);
        if crlf { Style { newline: "\r\n", ..style } } else { style }
    }

    /// Blanks before the first thing on the line of an offset.
    fn margin(&self, at: u32) -> &[u8] {
        let line = self.text[..at as usize].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let blanks = self.text[line..].iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        &self.text[line..line + blanks]
    }

    /// A new value where an old one stands: a scalar in the old one's escapes, a container on one line if the old one was, or its surroundings are.
    fn value_in_place(&self, node: usize, tree: &Tree) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let old = &self.nodes[node];
        let source = self.source(old.span.start, old.span.end);
        if let Tree::Value(value) = tree
            && old.children.is_empty()
        {
            return spelled_like(value, source, self.graft.floats).map_err(|what| self.refuse(&[], what));
        }
        let lines = if !old.children.is_empty() {
            source.contains(&b'\n')
        } else {
            let home = self.nodes.iter().rposition(|n| n.children.contains(&node));
            home.is_none_or(|home| self.gap(home).contains(&b'\n'))
        };
        self.written(tree, lines, self.margin(old.start()))
    }

    fn written(&self, tree: &Tree, lines: bool, margin: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let style = self.style(lines);
        let mut out = draft(b"", tree, margin.len(), style.unit.len());
        print::write(&mut out, tree, &style, margin, self.graft.floats)?;
        Ok(out)
    }

    /// One entry more in a container that has some.
    fn add(&self, splice: &mut Splice, node: usize, key: Option<&[u8]>, tree: &Tree) -> Result<(), Unwritable> {
        let gap = self.gap(node);
        let Some(&last) = self.nodes[node].children.last() else { return Err(self.refuse(&[], "it has no entries in the text")) };
        let last = &self.nodes[last];
        let mut out = vec![b','];
        out.extend_from_slice(gap);
        if let Some(key) = key {
            let colon = last.key.map_or(&b": "[..], |k| self.source(k.end, last.span.start));
            print::write_name(&mut out, key)?;
            out.extend_from_slice(if colon.contains(&b'\n') { b": " } else { colon });
        }
        let lines = gap.contains(&b'\n');
        let margin = gap.iter().rposition(|&b| b == b'\n').map_or(&b""[..], |i| &gap[i + 1..]);
        // Neighbours that stand on one line each have a new neighbour that does.
        let one_line = !last.children.is_empty() && !self.source(last.span.start, last.span.end).contains(&b'\n');
        splice.insert(last.span.end as usize, &joined(&[&out, &self.written(tree, lines && !one_line, margin)?]));
        Ok(())
    }

    fn remove(&self, splice: &mut Splice, at: &[Part]) -> Result<(), Unwritable> {
        let node = self.find(at)?;
        let home = self.find(&at[..at.len() - 1])?;
        let children = &self.nodes[home].children;
        let place = children.iter().position(|&c| c == node).unwrap_or_default();
        let (own, inside) = (&self.nodes[node], self.nodes[home].span);
        splice.cut(match (place.checked_sub(1), children.get(place + 1)) {
            (_, Some(&next)) => Span { start: own.start(), end: self.nodes[next].start() },
            (Some(before), None) => Span { start: self.nodes[children[before]].span.end, end: own.span.end },
            (None, None) => Span { start: inside.start + 1, end: inside.end - 1 },
        });
        Ok(())
    }
}
