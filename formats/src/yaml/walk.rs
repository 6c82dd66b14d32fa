//! Nodes to the walk: steps, leaves and comments in the order of SOPS's tree. `frame` is an open list or map, `entries` what
//! stands in it; `alias`, `keys`, `leaf` and `notes` are what is met there, `nodes` what the walk asks.

mod alias;
mod entries;
mod frame;
mod keys;
mod leaf;
mod nodes;
mod notes;

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

use self::frame::Frame;
use self::nodes::{is_scalar, root_entries, site};
use super::block;
use super::comments::{Comments, Of, Whose};
use super::detail::{AliasSite, DocumentSite, Root, Scanned};
use super::parse::{Node, Parsed, What};
use crate::document::{AtAlias, Mode, Outline, Repeated, ScanOptions};
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
        at_aliases: Vec::new(),
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
    let at_aliases = walk.at_aliases.into_iter().map(|(site, comment)| {
        let AliasSite { target, leaves, .. } = &aliases[site];
        AtAlias { comment, leaves: [target.clone(), leaves.clone()] }
    });
    walk.outline.at_aliases = at_aliases.collect();
    Ok((walk.outline, walk.scanned, left_out))
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
    /// Comments that stand at one.
    at_aliases: Vec<(usize, CommentId)>,
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
