//! What stands in a list or map: an entry or item after the other, its comments around it, and its value.

use super::Walk;
use super::nodes::{is_comment_token, is_empty, is_scalar};
use crate::document::Mode;
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::{Span, Step};
use crate::path::PathId;
use crate::yaml::comments::{Of, Whose};
use crate::yaml::detail::CommentItem;
use crate::yaml::parse::{NONE, What};

impl Walk<'_> {
    pub(super) fn entry(&mut self) -> Result<(), SyntaxError> {
        let depth = self.stack.len();
        let frame = self.stack.last_mut().expect("only called with an open frame");
        let key = frame.at;
        let value = self.parsed.nodes[key as usize].next;
        frame.at = self.parsed.nodes[value as usize].next;
        let (alias, container, flow) = (frame.alias, frame.path, frame.flow);
        let (key_node, value_node) = (self.node(key), self.node(value));
        let name = self.key_name(key_node, alias.is_none(), flow)?;
        if alias.is_none() {
            self.doubled(name, key_node.span.start)?;
            self.check_merge(key_node, value)?;
        }
        if depth == 1 && alias.is_none() && name == "sops" {
            self.put_above(key, container);
            self.block(key, value)?;
            self.put_below(key, container);
            return Ok(());
        }
        let path = self.outline.paths.key(container, name.as_bytes());
        if alias.is_none() {
            self.put_above(key, container);
            // SOPS has it inside the braces, even if nothing else is there.
            if is_empty(self.parsed, value_node) {
                self.put_above(value, path);
                self.put(Whose::Node(value), Of::Foot, path);
                self.put(Whose::Node(value), Of::Lost, path);
            } else if is_scalar(self.parsed, value_node) {
                self.put_above(value, container);
            }
        }
        self.outline.steps.push(Step::Key(path));
        let behind = if alias.is_some() { NONE } else { key };
        self.value(value, path, alias, true, behind)?;
        if self.stack.len() == depth && alias.is_none() {
            self.put_below(value, container);
            self.put_below(key, container);
        }
        Ok(())
    }

    pub(super) fn item(&mut self) -> Result<(), SyntaxError> {
        let frame = self.stack.last_mut().expect("only called with an open frame");
        let item = frame.at;
        frame.at = self.parsed.nodes[item as usize].next;
        let (alias, container, flow) = (frame.alias, frame.path, frame.flow);
        let index = frame.index;
        let node = self.node(item);
        let depth = self.stack.len();
        if alias.is_none() {
            self.put_above(item, container);
        }
        if self.options.mode == Mode::Sealed && alias.is_none() && is_comment_token(node) {
            self.comment(node.span, container, false);
            self.outline.without_place |= flow;
            if let Some(last) = self.scanned.items.last_mut() {
                *last = Some(if flow { CommentItem::Brackets { first: index == 0 } } else { CommentItem::Dash });
            }
            self.put_below(item, container);
            return Ok(());
        }
        self.stack.last_mut().expect("still open").index += 1;
        let path = self.outline.paths.index(container, index);
        let behind = if alias.is_some() { NONE } else { item };
        self.value(item, path, alias, false, behind)?;
        if self.stack.len() == depth && alias.is_none() {
            self.put_below(item, container);
        }
        Ok(())
    }

    /// `behind` has the comments that stand behind it; those of a list or map itself stand `inside`.
    pub(super) fn value(&mut self, number: u32, path: PathId, alias: Option<Span>, inside: bool, behind: u32) -> Result<(), SyntaxError> {
        let node = self.node(number);
        match node.what {
            What::Scalar(written) => self.scalar(number, written, path, alias),
            What::Map { .. } | What::List { .. } => {
                let map = matches!(node.what, What::Map { .. });
                if node.next == number + 1 {
                    self.count(node)?;
                    self.outline.steps.push(if map { Step::EmptyMap(path) } else { Step::EmptyList(path) });
                    return Ok(());
                }
                self.outline.steps.push(if map { Step::MapStart(path) } else { Step::ListStart(path) });
                if self.stack.len() >= self.options.limits.depth {
                    let what = format!("nested deeper than {} levels", self.options.limits.depth);
                    return Err(self.error(alias.unwrap_or(node.span).start, SyntaxClass::Limit, what));
                }
                self.push(number, path, alias, inside, behind);
                Ok(())
            }
            What::Alias(target) => self.alias(number, target, path, alias, behind),
        }
    }
}
