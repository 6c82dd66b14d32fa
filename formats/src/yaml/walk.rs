//! Nodes to the walk: steps, leaves and comments in the order of SOPS's tree. `alias`, `keys`, `leaf` and `notes` are what it meets.

mod alias;
mod keys;
mod leaf;
mod notes;

use std::collections::HashMap;

use zeroize::Zeroizing;

use self::keys::Names;
use super::block;
use super::bound::Bound;
use super::comments::Comments;
use super::detail::{DocumentSite, Root, Scanned};
use super::parse::{Node, Parsed, What, Written, find};
use super::scalar::{self, Read};
use crate::document::{Mode, Outline, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError, Warning};
use crate::leaf::{Span, Step};
use crate::path::PathId;

/// The outline of a text, and what YAML remembers of it.
pub(super) fn walk(text: &[u8], parsed: &Parsed<'_>, options: &ScanOptions) -> Result<(Outline, Scanned), SyntaxError> {
    let mut walk = Walk {
        text,
        parsed,
        options,
        outline: Outline::default(),
        scanned: Scanned {
            sites: Vec::with_capacity(parsed.nodes.len() / 2),
            texts: Zeroizing::new(Vec::new()),
            props: parsed.props.clone(),
            aliases: Vec::new(),
            documents: Vec::new(),
            directives: parsed.directives.clone(),
            items: Vec::new(),
            bare_lists: Vec::new(),
            crlf: text.iter().position(|&b| b == b'\n').is_some_and(|at| at > 0 && text[at - 1] == b'\r'),
        },
        comments: Comments::new(text, parsed),
        document: 0,
        anchors: HashMap::new(),
        stack: Vec::new(),
        innermost: false,
        values: 0,
        expanded_nodes: 0,
        expanded_bytes: 0,
        counted: (0, 1),
    };
    walk.outline.steps.reserve(parsed.nodes.len() + parsed.nodes.len() / 2);
    walk.outline.leaves.reserve(parsed.nodes.len() / 2);
    for number in 0..parsed.parts.len() {
        walk.document(number)?;
    }
    Ok((walk.outline, walk.scanned))
}

struct Frame<'p> {
    node: u32,
    /// The next child, and the end of all children.
    at: u32,
    end: u32,
    path: PathId,
    map: bool,
    flow: bool,
    column: u32,
    index: usize,
    names: Names<'p>,
    /// Stands in for an alias with this span.
    alias: Option<Span>,
    /// This very frame is what alias number n stands for.
    closes: Option<usize>,
    first_leaf: u32,
    /// Comments that stand behind it, and those in it that SOPS never sees: they come last, where they are nobody's.
    behind: Vec<Span>,
    lost: Vec<Span>,
}

struct Walk<'p> {
    text: &'p [u8],
    parsed: &'p Parsed<'p>,
    options: &'p ScanOptions,
    outline: Outline,
    scanned: Scanned,
    comments: Comments<'p>,
    document: u32,
    /// The leaves of anchored nodes.
    anchors: HashMap<u32, (u32, u32)>,
    stack: Vec<Frame<'p>>,
    /// No container in lines has been closed since the last entry: the next one that is holds it.
    innermost: bool,
    values: usize,
    expanded_nodes: usize,
    expanded_bytes: usize,
    /// An offset, and the number of its line.
    counted: (usize, usize),
}

impl<'p> Walk<'p> {
    fn error(&self, at: u32, class: SyntaxClass, what: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, at as usize, class, what)
    }

    fn outside(&self, at: u32, what: &str) -> SyntaxError {
        self.error(at, SyntaxClass::OutsideModel, what)
    }

    fn node(&self, number: u32) -> &'p Node<'p> {
        &self.parsed.nodes[number as usize]
    }

    fn document(&mut self, number: usize) -> Result<(), SyntaxError> {
        let part = &self.parsed.parts[number];
        let last = number + 1 == self.parsed.parts.len();
        self.document = number as u32;
        self.outline.steps.push(Step::Document);
        let comments_end = if last { self.text.len() as u32 } else { part.end };
        let node = self.node(part.root);
        let root = match node.what {
            What::Map { flow } => {
                let has_entries = self.root_entries(part.root);
                let end = if flow { node.span.end } else { part.end };
                self.scanned.documents.push(DocumentSite {
                    root: if flow {
                        Root::Flow { close: node.span.end - 1, filled: has_entries }
                    } else {
                        Root::Block { column: node.column }
                    },
                    end: part.end,
                });
                if has_entries {
                    self.outline.steps.push(Step::MapStart(PathId::ROOT));
                }
                self.push(part.root, PathId::ROOT, None);
                // What stands behind `...` is behind the metadata block, too.
                self.run(part.end, node.column)?;
                self.flush_last(comments_end.max(end));
                self.outline.steps.push(if has_entries { Step::MapEnd } else { Step::EmptyMap(PathId::ROOT) });
                return Ok(());
            }
            What::Scalar(written) if matches!(scalar::read(&node.text, written, node.tag), Read::Null) => Root::Null(node.span),
            _ => return Err(self.outside(node.span.start, "the top of a document must be a map")),
        };
        self.scanned.documents.push(DocumentSite { root, end: part.end });
        self.flush_last(comments_end);
        self.outline.steps.push(Step::EmptyMap(PathId::ROOT));
        Ok(())
    }

    /// Has this root map an entry besides the metadata?
    fn root_entries(&self, root: u32) -> bool {
        let end = self.node(root).next;
        let mut at = root + 1;
        while at < end {
            if self.node(at).text != "sops" || !matches!(self.node(at).what, What::Scalar(_)) {
                return true;
            }
            at = self.node(self.node(at).next).next;
        }
        false
    }

    fn push(&mut self, number: u32, path: PathId, alias: Option<Span>) {
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
            behind: Vec::new(),
            lost: Vec::new(),
        });
        if flow && alias.is_none() && self.comments.any() {
            self.flush(node.span.start, path);
            self.bind(path, Bound::is_head);
            self.lose(|_| true);
        }
    }

    fn frame(&mut self) -> &mut Frame<'p> {
        self.stack.last_mut().expect("only called with an open frame")
    }

    fn run(&mut self, end: u32, root_column: u32) -> Result<(), SyntaxError> {
        while let Some(frame) = self.stack.last() {
            if frame.at == frame.end {
                self.close(end, root_column);
            } else {
                self.innermost = true;
                if frame.map { self.entry()? } else { self.item()? }
            }
        }
        Ok(())
    }

    fn close(&mut self, end: u32, root_column: u32) {
        let next = self.stack.iter().rev().find(|f| f.alias.is_none() && f.at < f.end);
        let next = next.map(|f| (self.node(f.at).span.start, f.column, !f.map && !f.flow));
        let frame = self.stack.pop().expect("only called with an open frame");
        // What is left for the root comes in the order of the text, as it does above the metadata block in the sealed one.
        if frame.alias.is_none() && self.comments.any() && (frame.flow || !self.stack.is_empty()) {
            let (start, column, item) = next.unwrap_or((end, root_column, false));
            // What stands behind the dash of the next item is that one's.
            let dash = || find(self.text, self.node(frame.node).span.end as usize, b"-").filter(|&at| at < start as usize);
            let before = if item { dash().map_or(start, |at| at as u32) } else { start };
            if frame.flow {
                self.flush(self.node(frame.node).span.end, frame.path);
                self.bind(frame.path, |_| true);
            } else {
                let mut own = if std::mem::take(&mut self.innermost) {
                    self.comments.below(before, frame.column, column, frame.map)
                } else {
                    Vec::new()
                };
                if frame.map {
                    own.extend(self.comments.below_at(frame.column));
                }
                for span in own {
                    self.comment(span, frame.path, false);
                }
                if item && self.stack.last().is_some_and(|outer| outer.at < outer.end) {
                    self.comments.hand_on();
                }
            }
        }
        for span in frame.lost {
            self.comment(span, frame.path, false);
        }
        let leaves = self.outline.leaves.len() as u32;
        if self.node(frame.node).anchored && frame.alias.is_none() {
            self.anchors.insert(frame.node, (frame.first_leaf, leaves));
        }
        if !self.stack.is_empty() {
            self.outline.steps.push(if frame.map { Step::MapEnd } else { Step::ListEnd });
        }
        if !frame.map && !frame.flow && frame.index == 0 && frame.alias.is_none() {
            self.bare_list(frame.path);
        }
        for span in frame.behind {
            let outer = self.stack.last().map_or(PathId::ROOT, |outer| outer.path);
            self.comment(span, outer, false);
        }
        if let Some(alias) = frame.closes {
            let steps = self.outline.steps.len() as u32;
            let alias = &mut self.scanned.aliases[alias];
            alias.leaves.end = leaves;
            alias.steps.end = steps;
        }
    }

    /// The list that was just closed holds comments only.
    fn bare_list(&mut self, path: PathId) {
        let Some(map) = self.stack.last().filter(|frame| frame.map && !frame.flow) else { return };
        let all = self.outline.comments.len();
        let own = |number: &usize| self.outline.comments[*number].container == path && self.scanned.items[*number].is_some();
        let count = (0..all).rev().take_while(own).count();
        self.scanned.bare_lists.push(((all - count) as u32..all as u32, map.column));
    }

    fn entry(&mut self) -> Result<(), SyntaxError> {
        let depth = self.stack.len();
        let frame = self.stack.last_mut().expect("only called with an open frame");
        let key = frame.at;
        let value = self.parsed.nodes[key as usize].next;
        frame.at = self.parsed.nodes[value as usize].next;
        let (alias, container, flow) = (frame.alias, frame.path, frame.flow);
        let first = frame.index == 0;
        frame.index += 1;
        let (key_node, value_node) = (self.node(key), self.node(value));
        let name = self.key_name(key_node, alias.is_none(), flow)?;
        if alias.is_none() {
            self.doubled(name, key_node.span.start)?;
            self.check_merge(key_node, value)?;
        }
        if depth == 1 && alias.is_none() && name == "sops" {
            self.flush(key_node.span.start, container);
            self.bind(container, |_| true);
            return self.block(key, value);
        }
        let path = self.outline.paths.key(container, name.as_bytes());
        let feet = if alias.is_none() { self.comments_of(key_node, value_node, container, path, first || flow) } else { Vec::new() };
        self.outline.steps.push(Step::Key(path));
        self.value(value, path, alias)?;
        self.behind(feet, depth, container);
        Ok(())
    }

    fn item(&mut self) -> Result<(), SyntaxError> {
        let frame = self.stack.last_mut().expect("only called with an open frame");
        let item = frame.at;
        frame.at = self.parsed.nodes[item as usize].next;
        let (alias, container, column, flow) = (frame.alias, frame.path, frame.column, frame.flow);
        let index = frame.index;
        let node = self.node(item);
        let depth = self.stack.len();
        let mut feet = Vec::new();
        if alias.is_none() && self.comments.any() {
            feet = self.comments_of_item(node, container);
            if is_scalar(self.parsed, node)
                && !is_block(node)
                && let Some(span) = self.comments.on_line(node.span.end)
            {
                self.comment(span, container, true);
            }
        }
        if self.options.mode == Mode::Sealed && alias.is_none() && !flow && is_comment_token(node) {
            self.comment(node.span, container, false);
            if let Some(last) = self.scanned.items.last_mut() {
                *last = Some(column);
            }
            self.behind(feet, depth, container);
            return Ok(());
        }
        self.stack.last_mut().expect("still open").index += 1;
        let path = self.outline.paths.index(container, index);
        self.value(item, path, alias)?;
        self.behind(feet, depth, container);
        Ok(())
    }

    fn value(&mut self, number: u32, path: PathId, alias: Option<Span>) -> Result<(), SyntaxError> {
        let node = self.node(number);
        match node.what {
            What::Scalar(written) => self.scalar(number, written, path, alias),
            What::Map { flow } | What::List { flow } => {
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
                self.push(number, path, alias);
                if flow
                    && alias.is_none()
                    && let Some(span) = self.comments.on_line(node.span.end)
                {
                    self.comment(span, path, false);
                }
                Ok(())
            }
            What::Alias(target) => self.alias(number, target, path, alias),
        }
    }

    /// The walk goes forward through the text, so its lines are counted once.
    fn warn(&mut self, at: u32, what: String) {
        let (from, line) = self.counted;
        let line = line + self.text[from..at as usize].iter().filter(|&&b| b == b'\n').count();
        self.counted = (at as usize, line);
        self.outline.warnings.push(Warning { line, what });
    }

    fn block(&mut self, key: u32, value: u32) -> Result<(), SyntaxError> {
        let flow = self.stack.last().is_some_and(|f| f.flow);
        let block = block::read(self.text, self.parsed, key, value, flow, self.document, &self.options.limits)?;
        if self.options.mode == Mode::Sealed {
            self.check_block(key, value)?;
        }
        self.comments.skip(block.span);
        self.outline.blocks.push(block);
        Ok(())
    }
}

impl Walk<'_> {
    /// The block is cut when the file is opened: an alias behind it that stands for something in it would then stand for something else.
    fn check_block(&self, key: u32, value: u32) -> Result<(), SyntaxError> {
        let (block, end) = (key..self.node(value).next, self.node(self.parsed.parts[self.document as usize].root).next);
        match (block.end..end).find(|&n| matches!(self.node(n).what, What::Alias(target) if block.contains(&target))) {
            None => Ok(()),
            Some(alias) => Err(self.outside(self.node(alias).span.start, "an alias that stands for something in the metadata block")),
        }
    }
}

/// A scalar, or an empty collection: nothing that could hold an entry.
fn is_scalar(parsed: &Parsed<'_>, node: &Node<'_>) -> bool {
    match node.what {
        What::Scalar(_) => true,
        What::Alias(target) => is_scalar(parsed, &parsed.nodes[target as usize]),
        What::Map { .. } | What::List { .. } => is_empty(parsed, node),
    }
}

/// A null that is not written: no comment is its own.
fn is_nothing(node: &Node<'_>) -> bool {
    matches!(node.what, What::Scalar(Written::Plain)) && node.span.is_empty()
}

/// A collection without entries, that stands here itself.
fn is_empty(parsed: &Parsed<'_>, node: &Node<'_>) -> bool {
    let last = || parsed.nodes.get(node.next as usize - 1).is_some_and(|last| std::ptr::eq(last, node));
    matches!(node.what, What::Map { .. } | What::List { .. }) && last()
}

/// Its lines end with a line break: what follows stands on another line.
fn is_block(node: &Node<'_>) -> bool {
    matches!(node.what, What::Scalar(written) if written.is_block())
}

fn is_comment_token(node: &Node<'_>) -> bool {
    matches!(node.what, What::Scalar(_)) && node.text.starts_with("ENC[AES256_GCM,") && node.text.trim_end().ends_with(",type:comment]")
}
