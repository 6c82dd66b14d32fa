//! Aliases: what they stand for is walked at their place, within a budget (go-yaml walks without one).

use super::{Anchored, Walk};
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::{CommentId, Span};
use crate::path::PathId;
use crate::yaml::detail::AliasSite;
use crate::yaml::parse::NONE;

impl Walk<'_> {
    pub(super) fn alias(&mut self, number: u32, target: u32, path: PathId, outer: Option<Span>, behind: u32) -> Result<(), SyntaxError> {
        let node = self.node(number);
        let aim = self.node(target);
        self.expand((aim.next - target) as usize, aim.span.len(), node.span.start)?;
        let span = outer.unwrap_or(node.span);
        if outer.is_some() {
            return self.value(target, path, outer, true, NONE);
        }
        let leaves = self.outline.leaves.len() as u32;
        let steps = self.outline.steps.len() as u32;
        let Anchored { leaves: known, comments } = self.anchors.get(&target).cloned().unwrap_or_default();
        let flow = self.stack.last().is_some_and(|f| f.flow);
        self.scanned.aliases.push(AliasSite { span, flow, leaves: leaves..leaves, steps: steps..steps, target: known, key: None });
        let site = self.scanned.aliases.len() - 1;
        if !comments.is_empty() {
            self.repeating.push((site, comments));
        }
        let depth = self.stack.len();
        self.value(target, path, Some(span), true, behind)?;
        if self.stack.len() > depth {
            self.stack[depth].closes = Some(site);
            // In the sealed text braces stand in the place of the alias.
            let first = self.outline.comments.len() as u32;
            self.put_above(number, path);
            let last = self.outline.comments.len() as u32;
            self.at_aliases.extend((first..last).map(|comment| (site, CommentId(comment))));
        } else {
            let (leaves, steps) = (self.outline.leaves.len() as u32, self.outline.steps.len() as u32);
            let alias = &mut self.scanned.aliases[site];
            alias.leaves.end = leaves;
            alias.steps.end = steps;
        }
        Ok(())
    }

    /// An alias stands for so much.
    pub(super) fn expand(&mut self, nodes: usize, bytes: usize, at: u32) -> Result<(), SyntaxError> {
        self.expanded_nodes += nodes;
        self.expanded_bytes += bytes;
        let limits = &self.options.limits;
        let most = self.text.len().saturating_mul(limits.expansion).max(limits.expanded);
        if self.expanded_nodes > limits.alias_nodes || self.expanded_bytes > most {
            return Err(self.error(at, SyntaxClass::Limit, "the aliases stand for more than the limit allows"));
        }
        Ok(())
    }
}
