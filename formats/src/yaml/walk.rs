//! Nodes to the walk: steps, leaves and comments in the order of SOPS's tree.

use std::collections::{HashMap, HashSet};

use zeroize::Zeroizing;

use super::block;
use super::comments::Comments;
use super::detail::{AliasSite, DocumentSite, Root, Scanned, Site};
use super::parse::{NONE, Node, Parsed, Tag, What, Written};
use super::scalar::{self, Read};
use crate::document::{Dialect, Mode, Outline, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError, Warning};
use crate::leaf::{Comment, CommentId, Leaf, LeafId, Span, Step};
use crate::path::PathId;
use crate::value::Kind;

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
            crlf: text.iter().position(|&b| b == b'\n').is_some_and(|at| at > 0 && text[at - 1] == b'\r'),
        },
        comments: Comments::new(text, &parsed.comments),
        document: 0,
        anchors: HashMap::new(),
        stack: Vec::new(),
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
                self.run(comments_end, node.column)?;
                self.flush(comments_end.max(end), PathId::ROOT, None);
                self.outline.steps.push(if has_entries { Step::MapEnd } else { Step::EmptyMap(PathId::ROOT) });
                return Ok(());
            }
            What::Scalar(written) if matches!(scalar::read(&node.text, written, node.tag), Read::Null) => Root::Null(node.span),
            _ => return Err(self.outside(node.span.start, "the top of a document must be a map")),
        };
        self.scanned.documents.push(DocumentSite { root, end: part.end });
        self.flush(comments_end, PathId::ROOT, None);
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
        });
    }

    fn run(&mut self, end: u32, root_column: u32) -> Result<(), SyntaxError> {
        while let Some(frame) = self.stack.last() {
            if frame.at == frame.end {
                self.close(end, root_column);
            } else if frame.map {
                self.entry()?;
            } else {
                self.item()?;
            }
        }
        Ok(())
    }

    fn close(&mut self, end: u32, root_column: u32) {
        let next = self.stack.iter().rev().find(|f| f.alias.is_none() && f.at < f.end).map(|f| (self.node(f.at).span.start, f.column));
        let frame = self.stack.pop().expect("only called with an open frame");
        if frame.alias.is_none() && self.comments.any() {
            let (before, column) = next.unwrap_or((end, root_column));
            if frame.flow {
                self.flush(self.node(frame.node).span.end, frame.path, None);
            } else {
                self.flush(before, frame.path, Some((frame.column, column)));
            }
        }
        let leaves = self.outline.leaves.len() as u32;
        if self.node(frame.node).anchored && frame.alias.is_none() {
            self.anchors.insert(frame.node, (frame.first_leaf, leaves));
        }
        if !self.stack.is_empty() {
            self.outline.steps.push(if frame.map { Step::MapEnd } else { Step::ListEnd });
        }
        if let Some(alias) = frame.closes {
            let steps = self.outline.steps.len() as u32;
            let alias = &mut self.scanned.aliases[alias];
            alias.leaves.end = leaves;
            alias.steps.end = steps;
        }
    }

    /// Puts the pending comments before `before` into a container. With columns (the container's and the next entry's), only those
    /// that belong there rather than to an outer container.
    fn flush(&mut self, before: u32, container: PathId, columns: Option<(u32, u32)>) {
        let mut from = 0;
        while let Some(found) = self.comments.next_pending(&mut from, before, columns) {
            self.comment(found.span, container, found.inline);
        }
    }

    fn comment(&mut self, span: Span, container: PathId, inline: bool) {
        let id = CommentId(self.outline.comments.len() as u32);
        self.outline.comments.push(Comment { container, span, document: self.document, inline, empty: span.is_empty() });
        self.scanned.items.push(None);
        self.outline.steps.push(Step::Comment(id));
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
            self.flush(key_node.span.start, container, None);
            return self.block(key, value);
        }
        let path = self.outline.paths.key(container, name.as_bytes());
        if alias.is_none() {
            self.comments_of(key_node, value_node, container, path);
        }
        self.outline.steps.push(Step::Key(path));
        self.value(value, path, alias)
    }

    /// Go-yaml fails on a merge of anything but a map or maps, in the first document, which SOPS reads twice.
    fn check_merge(&self, key: &Node<'_>, value: u32) -> Result<(), SyntaxError> {
        let merges = match (key.what, key.tag) {
            (What::Scalar(Written::Plain), Tag::None | Tag::NonSpecific) | (What::Scalar(_), Tag::Merge) => &*key.text == "<<",
            _ => false,
        };
        // What sops has sealed it opens again, so only a plain text is judged.
        if !merges || self.document > 0 || self.options.mode == Mode::Sealed {
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

    /// What stands above and beside an entry; `path` is the value's.
    fn comments_of(&mut self, key: &Node<'_>, value: &Node<'_>, container: PathId, path: PathId) {
        if !self.comments.any() {
            return;
        }
        self.flush(key.span.start, container, None);
        let scalar = is_scalar(self.parsed, value);
        // SOPS has it inside the braces, even if nothing else is there.
        let empty = is_empty(self.parsed, value);
        let own = if empty { path } else { container };
        if (empty || !scalar)
            && let Some(span) = self.comments.on_line_before(self.behind_colon(key.span.end), value.span.start)
        {
            self.comment(span, container, true);
        }
        if scalar {
            self.flush(if empty { value.span.end } else { value.span.start }, own, None);
        }
        if scalar
            && !is_block(value)
            && let Some(span) = self.comments.on_line(value.span.end)
        {
            self.comment(span, own, true);
        }
    }

    /// A key with `? ` has its colon on a line of its own.
    fn behind_colon(&self, key_end: u32) -> u32 {
        let blanks = self.text[key_end as usize..].iter().take_while(|b| b" \t\r\n".contains(b)).count() as u32;
        if self.text.get((key_end + blanks) as usize) == Some(&b':') { key_end + blanks + 1 } else { key_end }
    }

    fn item(&mut self) -> Result<(), SyntaxError> {
        let frame = self.stack.last_mut().expect("only called with an open frame");
        let item = frame.at;
        frame.at = self.parsed.nodes[item as usize].next;
        let (alias, container, column, flow) = (frame.alias, frame.path, frame.column, frame.flow);
        let index = frame.index;
        let node = self.node(item);
        if alias.is_none() && self.comments.any() {
            self.flush(node.span.start, container, None);
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
            return Ok(());
        }
        self.stack.last_mut().expect("still open").index += 1;
        let path = self.outline.paths.index(container, index);
        self.value(item, path, alias)
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

    fn alias(&mut self, number: u32, target: u32, path: PathId, outer: Option<Span>) -> Result<(), SyntaxError> {
        let node = self.node(number);
        let aim = self.node(target);
        self.expand((aim.next - target) as usize, aim.span.len(), node.span.start)?;
        let span = outer.unwrap_or(node.span);
        if outer.is_some() {
            return self.value(target, path, outer);
        }
        let leaves = self.outline.leaves.len() as u32;
        let steps = self.outline.steps.len() as u32;
        let known = self.anchors.get(&target).copied().unwrap_or((0, 0));
        let flow = self.stack.last().is_some_and(|f| f.flow);
        self.scanned.aliases.push(AliasSite {
            span,
            flow,
            leaves: leaves..leaves,
            steps: steps..steps,
            target: known.0..known.1,
            key: None,
        });
        let site = self.scanned.aliases.len() - 1;
        let depth = self.stack.len();
        self.value(target, path, Some(span))?;
        if self.stack.len() > depth {
            self.stack[depth].closes = Some(site);
            // In the sealed text braces stand in the place of the alias.
            self.flush(span.start, path, None);
            if let Some(comment) = self.comments.on_line(span.end) {
                self.comment(comment, path, false);
            }
        } else {
            let (leaves, steps) = (self.outline.leaves.len() as u32, self.outline.steps.len() as u32);
            let alias = &mut self.scanned.aliases[site];
            alias.leaves.end = leaves;
            alias.steps.end = steps;
        }
        Ok(())
    }

    /// An alias stands for so much.
    fn expand(&mut self, nodes: usize, bytes: usize, at: u32) -> Result<(), SyntaxError> {
        self.expanded_nodes += nodes;
        self.expanded_bytes += bytes;
        let limits = &self.options.limits;
        if self.expanded_nodes > limits.alias_nodes || self.expanded_bytes > self.text.len().saturating_mul(limits.expansion) {
            return Err(self.error(at, SyntaxClass::Limit, "the aliases stand for more than the limit allows"));
        }
        Ok(())
    }

    fn count(&mut self, node: &Node<'_>) -> Result<(), SyntaxError> {
        self.values += 1;
        if self.values > self.options.limits.leaves {
            return Err(self.error(node.span.start, SyntaxClass::Limit, format!("more than {} values", self.options.limits.leaves)));
        }
        Ok(())
    }

    fn scalar(&mut self, number: u32, written: Written, path: PathId, alias: Option<Span>) -> Result<(), SyntaxError> {
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
            self.anchors.insert(number, (id.0, id.0 + 1));
        }
        Ok(())
    }

    fn keep(&mut self, text: &str) -> (u32, u32) {
        let start = self.scanned.texts.len() as u32;
        self.scanned.texts.extend_from_slice(text.as_bytes());
        (start, self.scanned.texts.len() as u32)
    }

    fn read(&mut self, node: &Node<'_>, written: Written, span: Span, path: PathId) -> Result<Option<Kind>, SyntaxError> {
        match scalar::read(&node.text, written, node.tag) {
            Read::Null => Ok(None),
            Read::Value(value) => Ok(Some(value.kind())),
            Read::Bad(what) => Err(self.outside(span.start, what)),
            Read::Unsigned(_) if self.options.dialect == Dialect::Sops => Err(self.outside(span.start, "an integer of 2^63 or more")),
            Read::Unsigned(_) => {
                let path = self.outline.paths.display(path);
                self.warn(span.start, format!("{path} is an integer of 2^63 or more: SOPS reads it as a float and loses digits"));
                Ok(Some(Kind::Float))
            }
        }
    }

    /// A key's text. `here`: it stands in the text itself, not in what an alias stands for.
    fn key_name(&mut self, key: &'p Node<'p>, here: bool, flow: bool) -> Result<&'p str, SyntaxError> {
        let node = match key.what {
            What::Alias(target) => {
                let node = self.node(target);
                self.expand(1, node.text.len(), key.span.start)?;
                if here {
                    let (start, end) = self.anchors.get(&target).copied().unwrap_or((0, 0));
                    let alias =
                        AliasSite { span: key.span, flow, leaves: 0..0, steps: 0..0, target: start..end, key: Some(node.text.to_string()) };
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
            Err(self.error(key.span.start, SyntaxClass::KeyNotText, "a key that is no string; put it in quotes"))
        }
    }

    fn doubled(&mut self, name: &'p str, at: u32) -> Result<(), SyntaxError> {
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
        self.comments.skip(block.span);
        self.outline.blocks.push(block);
        Ok(())
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

/// The names of one map, to find doubled ones; most maps are small.
#[derive(Default)]
struct Names<'p> {
    few: Vec<&'p str>,
    many: HashSet<&'p str>,
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
