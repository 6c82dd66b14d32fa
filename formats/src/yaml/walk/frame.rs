//! A list or map of which the walk is in the middle: where it goes on, and what happens at its two ends.

use super::keys::Names;
use super::{Anchored, Walk};
use crate::error::SyntaxError;
use crate::leaf::{Span, Step};
use crate::path::PathId;
use crate::yaml::comments::{Of, Whose};
use crate::yaml::parse::What;

/// A list or map that is open.
pub(super) struct Frame<'p> {
    pub node: u32,
    /// The next child, and the end of all children.
    pub at: u32,
    pub end: u32,
    pub path: PathId,
    pub map: bool,
    pub flow: bool,
    pub column: u32,
    pub index: usize,
    pub names: Names<'p>,
    /// Stands in for an alias with this span.
    pub alias: Option<Span>,
    /// This very frame is what alias number n stands for.
    pub closes: Option<usize>,
    pub first_leaf: u32,
    pub first_comment: u32,
    /// Comments of its own stand in it, not around it.
    pub inside: bool,
    /// The node whose comments stand behind it.
    pub behind: u32,
    /// Comments in it that SOPS never sees.
    pub lost: Vec<Span>,
}

impl<'p> Walk<'p> {
    pub(super) fn push(&mut self, number: u32, path: PathId, alias: Option<Span>, inside: bool, behind: u32) {
        let node = self.node(number);
        let (map, flow) = match node.what {
            What::Map { flow } => (true, flow),
            What::List { flow } => (false, flow),
            What::Scalar(_) | What::Alias(_) => (false, true),
        };
        self.stack.push(Frame {
            node: number,
            at: number + 1,
            end: node.next,
            path,
            map,
            flow: flow || alias.is_some(),
            column: node.column,
            index: 0,
            names: Names::default(),
            alias,
            closes: None,
            first_leaf: self.outline.leaves.len() as u32,
            first_comment: self.outline.comments.len() as u32,
            inside,
            behind,
            lost: Vec::new(),
        });
        if inside && alias.is_none() {
            for of in [Of::Head, Of::Line] {
                for span in self.comments.take(Whose::Node(number), of) {
                    self.comment(span, path, false);
                }
            }
        }
    }

    pub(super) fn run(&mut self) -> Result<(), SyntaxError> {
        while let Some(frame) = self.stack.last() {
            if frame.at == frame.end {
                self.close();
            } else if frame.map {
                self.entry()?;
            } else {
                self.item()?;
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        let frame = self.stack.pop().expect("only called with an open frame");
        let is_root = self.stack.is_empty();
        if frame.alias.is_none() && !is_root {
            if frame.inside {
                self.put(Whose::Node(frame.node), Of::Foot, frame.path);
            }
            self.put(Whose::Node(frame.node), Of::Lost, frame.path);
            self.put_lost(frame.lost, frame.path);
        } else {
            self.lost.extend(frame.lost);
        }
        let leaves = self.outline.leaves.len() as u32;
        if self.node(frame.node).anchored && frame.alias.is_none() {
            let comments = frame.first_comment..self.outline.comments.len() as u32;
            self.anchors.insert(frame.node, Anchored { leaves: frame.first_leaf..leaves, comments });
        }
        if !is_root {
            self.outline.steps.push(if frame.map { Step::MapEnd } else { Step::ListEnd });
        }
        if !frame.map && !frame.flow && frame.index == 0 && frame.alias.is_none() {
            self.bare_list(frame.path);
        }
        if let Some(alias) = frame.closes {
            let steps = self.outline.steps.len() as u32;
            let alias = &mut self.scanned.aliases[alias];
            alias.leaves.end = leaves;
            alias.steps.end = steps;
        }
        if let Some(outer) = self.stack.last() {
            self.put_below(frame.behind, outer.path);
        }
    }

    /// The list that was just closed holds comments only.
    fn bare_list(&mut self, path: PathId) {
        let Some(outer) = self.stack.last().filter(|frame| !frame.flow) else { return };
        let own = |number: &usize| self.outline.comments[*number].container == path;
        // What stands below an item is no item.
        let mut items = (0..self.outline.comments.len()).rev().take_while(own).filter(|&number| self.scanned.items[number].is_some());
        let Some(last) = items.next() else { return };
        let first = items.last().unwrap_or(last);
        self.scanned.bare_lists.push((first as u32..last as u32 + 1, outer.column));
    }
}
