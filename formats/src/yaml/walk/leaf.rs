//! Leaves: a scalar's kind, and what is remembered of how it stands.

use super::{Anchored, Walk};
use crate::document::Dialect;
use crate::draft::reserve;
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::{Leaf, LeafId, Span, Step};
use crate::ours::{Ours, TOO_BIG};
use crate::path::PathId;
use crate::value::Kind;
use crate::yaml::detail::Site;
use crate::yaml::parse::{NONE, Node, Written, too_many};
use crate::yaml::scalar::{self, Read};

impl Walk<'_> {
    pub(super) fn count(&mut self, node: &Node<'_>) -> Result<(), SyntaxError> {
        self.values += 1;
        if self.values > self.options.limits.leaves {
            return Err(too_many(self.text, node.span.start as usize, self.options.limits.leaves));
        }
        Ok(())
    }

    pub(super) fn scalar(&mut self, number: u32, written: Written, path: PathId, alias: Option<Span>) -> Result<(), SyntaxError> {
        let node = self.node(number);
        self.count(node)?;
        let span = alias.unwrap_or(node.span);
        let kind = match scalar::kind(&node.text, written, node.tag) {
            Some(kind) => kind,
            None => match self.read(node, written, span, path)? {
                Some(kind) => kind,
                None => {
                    self.outline.steps.push(Step::Null(path));
                    return Ok(());
                }
            },
        };
        let id = LeafId(self.outline.leaves.len() as u32);
        let frame = self.stack.last().expect("a scalar stands in a collection");
        let site = Site {
            written,
            tag: node.tag,
            flow: frame.flow,
            list_item: !frame.map,
            alias: alias.is_some(),
            parent: frame.column,
            props: node.props,
            text: (NONE, NONE),
        };
        let as_written = match written {
            _ if alias.is_some() || written.is_block() => false,
            Written::Plain => node.text.as_bytes() == &self.text[span.range()],
            _ => node.text.as_bytes() == &self.text[span.start as usize + 1..span.end as usize - 1],
        };
        let text = if as_written { (NONE, NONE) } else { self.keep(&node.text) };
        self.scanned.sites.push(Site { text, ..site });
        self.outline.leaves.push(Leaf { path, span, kind, document: self.document, in_mac: true });
        self.outline.steps.push(Step::Leaf(id));
        if node.anchored && alias.is_none() {
            self.anchors.insert(number, Anchored { leaves: id.0..id.0 + 1, comments: 0..0 });
        }
        Ok(())
    }

    fn keep(&mut self, text: &str) -> (u32, u32) {
        let start = self.scanned.texts.len() as u32;
        reserve(&mut self.scanned.texts, text.len());
        self.scanned.texts.extend_from_slice(text.as_bytes());
        (start, self.scanned.texts.len() as u32)
    }

    fn read(&mut self, node: &Node<'_>, written: Written, span: Span, path: PathId) -> Result<Option<Kind>, SyntaxError> {
        match scalar::read(&node.text, written, node.tag) {
            Read::Null => Ok(None),
            Read::Value(value) => Ok(Some(value.kind())),
            Read::Bad(what) => Err(self.outside(span.start, what)),
            Read::Unsigned(_) if self.options.dialect == Dialect::Sops => Err(self.error(span.start, SyntaxClass::NotWalked, TOO_BIG)),
            Read::Unsigned(_) => {
                let path = self.outline.paths.display(path);
                self.warn(span.start, format!("{path} is an integer of 2^63 or more: SOPS reads it as a float and loses digits"));
                self.outline.ours.push(Ours::Value(LeafId(self.outline.leaves.len() as u32)));
                Ok(Some(Kind::Float))
            }
        }
    }
}
