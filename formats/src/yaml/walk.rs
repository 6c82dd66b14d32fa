//! Nodes to the walk: steps, leaves and comments in the order of SOPS's tree. `alias`, `keys`, `leaf` and `notes` are what it meets, `nodes` what it asks.

mod alias;
mod keys;
mod leaf;
mod nodes;
mod notes;

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

use self::keys::Names;
use self::nodes::{is_comment_token, is_empty, is_scalar, root_entries, site};
use super::block;
use super::comments::{Comments, Of, Whose};
use super::detail::{AliasSite, CommentItem, DocumentSite, Root, Scanned};
use super::parse::{NONE, Node, Parsed, What};
use crate::document::{Mode, Outline, Repeated, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError, Warning};
use crate::leaf::{CommentId, Span, Step};
use crate::path::PathId;

/// The outline of a text, and what YAML remembers of it.
pub(super) fn walk(text: &[u8], parsed: &Parsed<'_>, options: &ScanOptions) -> Result<(Outline, Scanned), SyntaxError> {
    let (mut outline, scanned, left_out) = walk_with(text, parsed, options, false)?;
    if left_out && options.mode != Mode::Sealed {
        let (kept, ..) = walk_with(text, parsed, options, true)?;
        outline.doubtful = difference(&outline, &kept);
    }
    Ok((outline, scanned))
}

/// The comments that stand elsewhere.
fn difference(this: &Outline, other: &Outline) -> Vec<CommentId> {
    let places = |outline: &Outline| {
        let mut places = vec![(Span::new(0, 0), PathId::ROOT, 0); outline.comments.len()];
        let mut before = 0;
        for step in &outline.steps {
            match *step {
                Step::Comment(id) => {
                    let comment = &outline.comments[id.0 as usize];
                    places[id.0 as usize] = (comment.span, comment.container, before);
                }
                _ => before += 1,
            }
        }
        places
    };
    let mut others = places(other);
    others.sort_unstable();
    let these = places(this).into_iter().zip(0..);
    these.filter(|(place, _)| others.binary_search(place).is_err()).map(|(_, number)| CommentId(number)).collect()
}

/// `kept`: see [`Comments::new`]; the last one says whether there is anything of that kind.
fn walk_with(text: &[u8], parsed: &Parsed<'_>, options: &ScanOptions, kept: bool) -> Result<(Outline, Scanned, bool), SyntaxError> {
    let sites = (0..parsed.parts.len()).map(|number| site(parsed, number)).collect::<Vec<_>>();
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
        comments: Comments::new(text, parsed, &sites, options.mode, kept)?,
        sites,
        lost: Vec::new(),
        document: 0,
        anchors: HashMap::new(),
        repeating: Vec::new(),
        stack: Vec::new(),
        values: 0,
        expanded_nodes: 0,
        expanded_bytes: 0,
        counted: (0, 1),
    };
    let left_out = walk.comments.left_out;
    walk.outline.steps.reserve(parsed.nodes.len() + parsed.nodes.len() / 2);
    walk.outline.leaves.reserve(parsed.nodes.len() / 2);
    for number in 0..parsed.parts.len() {
        walk.document(number)?;
    }
    let aliases = &walk.scanned.aliases;
    let repeated = walk.repeating.into_iter().map(|(site, comments)| {
        let AliasSite { span, target, leaves, .. } = &aliases[site];
        Repeated { comments, alias: span.start, leaves: [target.clone(), leaves.clone()] }
    });
    walk.outline.repeated = repeated.collect();
    Ok((walk.outline, walk.scanned, left_out))
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
    first_comment: u32,
    /// Comments of its own stand in it, not around it.
    inside: bool,
    /// The node whose comments stand behind it.
    behind: u32,
    /// Comments in it that SOPS never sees.
    lost: Vec<Span>,
}

/// What an anchored node holds.
#[derive(Clone, Default)]
struct Anchored {
    leaves: Range<u32>,
    comments: Range<u32>,
}

struct Walk<'p> {
    text: &'p [u8],
    parsed: &'p Parsed<'p>,
    options: &'p ScanOptions,
    outline: Outline,
    scanned: Scanned,
    comments: Comments<'p>,
    sites: Vec<Option<DocumentSite>>,
    /// Comments of the document that SOPS never sees.
    lost: Vec<Span>,
    document: u32,
    anchors: HashMap<u32, Anchored>,
    /// Aliases, and the comments in what they stand for.
    repeating: Vec<(usize, Range<u32>)>,
    stack: Vec<Frame<'p>>,
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
        let node = self.node(part.root);
        let Some(site) = self.sites[number] else {
            return Err(self.outside(node.span.start, "the top of a document must be a map"));
        };
        self.scanned.documents.push(site);
        let has_entries = match site.root {
            Root::Null(_) => false,
            Root::Block { .. } => root_entries(self.parsed, part.root),
            Root::Flow { filled, .. } => filled,
        };
        if has_entries {
            self.outline.steps.push(Step::MapStart(PathId::ROOT));
        }
        self.put(Whose::Document(self.document), Of::Head, PathId::ROOT);
        match site.root {
            Root::Null(_) => self.put_above(part.root, PathId::ROOT),
            _ => {
                self.push(part.root, PathId::ROOT, None, true, part.root);
                self.run()?;
            }
        }
        for whose in [Whose::AddedKey(self.document), Whose::AddedValue(self.document)] {
            self.put(whose, Of::Head, PathId::ROOT);
            self.put(whose, Of::Line, PathId::ROOT);
        }
        for whose in [Whose::AddedValue(self.document), Whose::AddedKey(self.document)] {
            self.put(whose, Of::Foot, PathId::ROOT);
        }
        self.put_below(part.root, PathId::ROOT);
        self.put(Whose::Document(self.document), Of::Foot, PathId::ROOT);
        let lost = std::mem::take(&mut self.lost);
        self.put_lost(lost, PathId::ROOT);
        self.put(Whose::Document(self.document), Of::Lost, PathId::ROOT);
        // What stands behind `...` is behind the metadata block, too.
        for span in self.comments.take_rest(if last { self.text.len() as u32 + 1 } else { part.end }) {
            self.comment(span, PathId::ROOT, false);
        }
        self.outline.steps.push(if has_entries { Step::MapEnd } else { Step::EmptyMap(PathId::ROOT) });
        Ok(())
    }

    fn push(&mut self, number: u32, path: PathId, alias: Option<Span>, inside: bool, behind: u32) {
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

    fn run(&mut self) -> Result<(), SyntaxError> {
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

    fn entry(&mut self) -> Result<(), SyntaxError> {
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

    fn item(&mut self) -> Result<(), SyntaxError> {
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
    fn value(&mut self, number: u32, path: PathId, alias: Option<Span>, inside: bool, behind: u32) -> Result<(), SyntaxError> {
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
