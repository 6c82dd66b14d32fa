//! Keys: their text, the doubled ones, and the one that merges.

use std::collections::HashSet;

use foldhash::quality::RandomState;

use super::Walk;
use crate::document::Mode;
use crate::error::{SyntaxClass, SyntaxError};
use crate::value::Kind;
use crate::yaml::detail::AliasSite;
use crate::yaml::parse::{Node, Tag, What, Written};
use crate::yaml::scalar::{self, Read};

impl<'p> Walk<'p> {
    /// A key's text. `here`: it stands in the text itself, not in what an alias stands for.
    pub(super) fn key_name(&mut self, key: &'p Node<'p>, here: bool, flow: bool) -> Result<&'p str, SyntaxError> {
        let node = match key.what {
            What::Alias(target) => {
                let node = self.node(target);
                self.expand(1, node.text.len(), key.span.start)?;
                if here {
                    let target = self.anchors.get(&target).map_or(0..0, |known| known.leaves.clone());
                    let alias = AliasSite { span: key.span, flow, leaves: 0..0, steps: 0..0, target, key: Some(node.text.to_string()) };
                    self.scanned.aliases.push(alias);
                }
                node
            }
            _ => key,
        };
        let What::Scalar(written) = node.what else {
            return Err(self.outside(key.span.start, "a key that is a map or a list"));
        };
        if node.text.len() > self.options.limits.key {
            return Err(self.error(key.span.start, SyntaxClass::Limit, format!("a key of more than {} bytes", self.options.limits.key)));
        }
        let is_text = scalar::kind(&node.text, written, node.tag) == Some(Kind::Str)
            || matches!(scalar::read(&node.text, written, node.tag), Read::Value(value) if value.kind() == Kind::Str && node.tag != Tag::Binary);
        if is_text {
            Ok(&node.text)
        } else {
            Err(self.error(key.span.start, SyntaxClass::NotWalked, "a key that is no string; put it in quotes"))
        }
    }

    pub(super) fn doubled(&mut self, name: &'p str, at: u32) -> Result<(), SyntaxError> {
        if self.stack.last_mut().expect("a key stands in a map").names.insert(name) {
            return Ok(());
        }
        if self.document == 0 {
            return Err(self.outside(at, "a key that stands twice in its map"));
        }
        let shown = crate::path::display_parts(&[crate::Part::Key(name.as_bytes().to_vec())]);
        self.warn(at, format!("the key {shown} stands twice in its map"));
        Ok(())
    }

    /// Go-yaml fails on a merge of anything but a map or maps, in the first document, which SOPS reads twice.
    pub(super) fn check_merge(&self, key: &Node<'_>, value: u32) -> Result<(), SyntaxError> {
        let merges = match (key.what, key.tag) {
            (What::Scalar(Written::Plain), Tag::None | Tag::NonSpecific) | (What::Scalar(_), Tag::Merge) => &*key.text == "<<",
            _ => false,
        };
        // What sops has sealed it opens again, so only a plain text is judged.
        if !merges || self.document > 0 || self.options.mode == Mode::Sealed || self.options.odd_merges {
            return Ok(());
        }
        let node = self.node(value);
        let is_map = |node: &Node<'_>| match node.what {
            What::Map { .. } => true,
            What::Alias(target) => matches!(self.node(target).what, What::Map { .. }),
            _ => false,
        };
        let mut maps = matches!(node.what, What::List { .. });
        let mut at = value + 1;
        while maps && at < node.next {
            maps = is_map(self.node(at));
            at = self.node(at).next;
        }
        if is_map(node) || maps {
            return Ok(());
        }
        Err(self.outside(key.span.start, "a merge (`<<`) of something that is neither a map nor a list of maps; put the key in quotes"))
    }
}

/// The names of one map, to find doubled ones; most maps are small.
#[derive(Default)]
pub(super) struct Names<'p> {
    few: Vec<&'p str>,
    many: HashSet<&'p str, RandomState>,
}

impl<'p> Names<'p> {
    /// False if it was there.
    fn insert(&mut self, name: &'p str) -> bool {
        if self.many.is_empty() && self.few.len() < 8 {
            let new = !self.few.contains(&name);
            self.few.push(name);
            return new;
        }
        if self.many.is_empty() {
            // Most maps that have nine entries have many.
            self.many.reserve(64);
            self.many.extend(self.few.drain(..));
        }
        self.many.insert(name)
    }
}
