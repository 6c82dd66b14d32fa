//! One event of the parser after the other becomes a node, and says where it stands.

use std::borrow::Cow;

use granit_parser::{Event, ScalarStyle, Span as Mark, StructureStyle};

use super::node::{NONE, Node, Parsed, Part, Props, Tag, What, Written};
use super::{find, tag_of, too_many, written};
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::Span;
use crate::limits::Limits;
use crate::yaml::{dialect, untagged};

/// What is read so far.
pub(super) struct Reader<'t> {
    pub text: &'t str,
    pub parsed: Parsed<'t>,
    /// By the parser's number, less one.
    pub anchors: Vec<u32>,
    /// Open collections. Of a map: is a key next?
    pub open: Vec<(u32, bool)>,
    /// End of the last thing seen, to find headers from.
    pub cursor: usize,
    pub depth: usize,
    pub nodes: usize,
    /// Scalars that are no keys, and how many of them there may be: none is counted twice by the walk, but a block's are not counted there at all.
    pub values: usize,
    pub most: usize,
    pub limits: &'t Limits,
}

impl<'t> Reader<'t> {
    pub(super) fn error(&self, at: usize, class: SyntaxClass, what: &str) -> SyntaxError {
        SyntaxError::at(self.text.as_bytes(), at, class, what)
    }

    pub(super) fn refusal(&self, error: &granit_parser::ScanError) -> SyntaxError {
        let at = error.marker().byte_offset().unwrap_or(0);
        let kind = format!("{:?}", error.kind());
        let name = kind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if name.contains("Nesting") || name.contains("Recursion") || name.contains("Depth") {
            return self.error(at, SyntaxClass::Limit, &format!("nested deeper than {} levels", self.depth));
        }
        if name == "TooManyComments" {
            return self.error(at, SyntaxClass::Limit, &format!("more than {} comments in a row", self.limits.comments_held));
        }
        // The parser's own words may quote the text; the name of its error does not.
        let words: String = name.chars().flat_map(|c| c.is_uppercase().then_some(' ').into_iter().chain(c.to_lowercase())).collect();
        self.error(at, SyntaxClass::Syntax, &format!("not YAML:{words}"))
    }

    pub(super) fn take(&mut self, event: Event<'t>, mark: Mark) -> Result<(), SyntaxError> {
        let range = mark.byte_range().unwrap_or(0..0);
        match event {
            Event::DocumentStart(explicit, _) => {
                let ended = !self.parsed.parts.is_empty() || self.text[..range.start].lines().any(|line| line.starts_with("..."));
                if !explicit && ended {
                    return Err(self.error(range.start, SyntaxClass::Dialect, "a document behind `...` without `---` before it"));
                }
                let root = self.parsed.nodes.len() as u32;
                if let Some(last) = self.parsed.parts.last_mut() {
                    let from = last.end as usize;
                    // Directives and comments before a `---` come behind the `...` that ended the last document.
                    if !self.text[from..].starts_with("...") {
                        last.end = range.start as u32;
                    }
                }
                let end = self.text.len() as u32;
                self.parsed.parts.push(Part { root, end });
                self.cursor = range.end;
            }
            Event::DocumentEnd => {
                let part = self.parsed.parts.last_mut().expect("a document ends after it began");
                let explicit = self.text[range.clone()].starts_with("...");
                part.end = if explicit { range.start as u32 } else { self.text.len() as u32 };
                self.cursor = range.end.max(self.cursor);
            }
            Event::Comment(..) if self.parsed.comments.len() >= self.limits.comments => {
                return Err(self.error(range.start, SyntaxClass::Limit, &format!("more than {} comments", self.limits.comments)));
            }
            Event::Comment(..) => self.parsed.comments.push(Span::new(range.start + 1, range.end)),
            Event::Anchor(_, name) => {
                dialect::check_name(self.text, range.start, &name)?;
                let node = self.parsed.nodes.len() as u32 - 1;
                self.parsed.nodes[node as usize].anchored = true;
                self.anchors.push(node);
                self.cursor = self.cursor.max(range.end);
            }
            Event::Alias(id) => {
                dialect::check_name(self.text, range.start, &self.text[range.start + 1..range.end])?;
                let target = self.anchors[id - 1];
                if self.open.iter().any(|(open, _)| *open == target) {
                    return Err(self.error(range.start, SyntaxClass::OutsideModel, "an anchor's value contains itself"));
                }
                self.leaf(What::Alias(target), Span::new(range.start, range.end), Cow::Borrowed(""), Tag::None, NONE)?;
            }
            Event::Scalar(text, style, _, tag) => self.scalar(text, style, tag_of(tag.as_deref()), &mark, range)?,
            Event::MappingStart(style, _, tag) => self.start(style, true, tag_of(tag.as_deref()), &mark, range)?,
            Event::SequenceStart(style, _, tag) => self.start(style, false, tag_of(tag.as_deref()), &mark, range)?,
            Event::MappingEnd | Event::SequenceEnd => self.end(range),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, style: StructureStyle, map: bool, tag: Tag, mark: &Mark, range: std::ops::Range<usize>) -> Result<(), SyntaxError> {
        self.check_tag(mark)?;
        if self.open.len() >= self.depth {
            let what = format!("nested deeper than {} levels", self.depth);
            return Err(self.error(range.start, SyntaxClass::Limit, &what));
        }
        let flow = style == StructureStyle::Flow;
        let node = self.parsed.nodes.len() as u32;
        let from = self.cursor;
        let what = if map { What::Map { flow } } else { What::List { flow } };
        let props = self.props(mark, Span::new(0, 0), 0, false);
        self.leaf(what, Span::new(range.start, range.end), Cow::Borrowed(""), tag, props)?;
        // A list that stands no further in than its key begins behind its first dash, for the parser: at the dash of a list in it, if that is its first item.
        let bytes = self.text.as_bytes();
        let value =
            !map && !flow && self.open.last().is_some_and(|&(n, _)| self.parsed.nodes[n as usize].what == What::Map { flow: false });
        let dash = if value { find(bytes, from, b"-").filter(|&at| at < range.start) } else { None };
        let column = dash.map_or(mark.start.col(), |at| bytes[..at].iter().rev().take_while(|b| !b"\r\n".contains(b)).count());
        self.parsed.nodes[node as usize].column = column as u32;
        if flow {
            self.cursor = range.end;
        }
        self.open.push((node, map));
        Ok(())
    }

    fn end(&mut self, range: std::ops::Range<usize>) {
        let (node, _) = self.open.pop().expect("the parser's events are balanced");
        let next = self.parsed.nodes.len() as u32;
        let node = &mut self.parsed.nodes[node as usize];
        node.next = next;
        let flow = matches!(node.what, What::Map { flow: true } | What::List { flow: true });
        if flow {
            self.cursor = range.end;
        }
        node.span.end = self.cursor as u32;
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        tag: Tag,
        mark: &Mark,
        range: std::ops::Range<usize>,
    ) -> Result<(), SyntaxError> {
        self.check_tag(mark)?;
        let style = written(style);
        let in_flow = self
            .open
            .last()
            .is_some_and(|&(n, _)| matches!(self.parsed.nodes[n as usize].what, What::Map { flow: true } | What::List { flow: true }));
        if style.is_block() {
            return self.block_scalar(text, style, tag, mark, range);
        }
        let text = if style == Written::Plain && range.is_empty() { Cow::Borrowed("") } else { text };
        let text = self.with_unicode_breaks(text, range.clone(), style, (0, false))?;
        dialect::check_scalar(self.text, &range, style, in_flow)?;
        let props = self.props(mark, Span::new(0, 0), 0, false);
        self.leaf(What::Scalar(style), Span::new(range.start, range.end), text, tag, props)
    }

    /// A scalar's text as go-yaml has it, where line breaks of Unicode stand in it themselves, and not as escapes.
    pub(super) fn with_unicode_breaks(
        &self,
        text: Cow<'t, str>,
        range: std::ops::Range<usize>,
        style: Written,
        lines: (usize, bool),
    ) -> Result<Cow<'t, str>, SyntaxError> {
        // Both are E2 80 A8 or A9, and few texts have an E2.
        let source = &self.text[range.clone()];
        let Some(at) = find::byte(0xe2, source.as_bytes()).and_then(|_| source.find(['\u{2028}', '\u{2029}'])) else { return Ok(text) };
        let read = dialect::with_unicode_breaks(&text, source, style, lines);
        read.map(Cow::Owned).ok_or_else(|| dialect::unicode_break(self.text.as_bytes(), range.start + at))
    }

    /// In brackets go-yaml takes what directly follows a tag as part of it, and it knows fewer characters of tags.
    fn check_tag(&mut self, mark: &Mark) -> Result<(), SyntaxError> {
        let Some(tag) = mark.tag_span().and_then(|t| t.byte_range()) else { return Ok(()) };
        let bytes = self.text.as_bytes();
        let known = |b: &u8| b.is_ascii_alphanumeric() || b"-_;/?:@&=+$,.%!~*'()[]<>".contains(b);
        if !bytes[tag.clone()].iter().all(known) || bytes[tag.clone()] == *b"!!" {
            return Err(self.error(tag.start, SyntaxClass::Dialect, "a tag with characters that YAML versions read differently"));
        }
        match bytes.get(tag.end) {
            Some(b',' | b']' | b'}') => Err(self.error(tag.end, SyntaxClass::Dialect, "a tag directly before ',', ']' or '}'")),
            _ => Ok(()),
        }
    }

    pub(super) fn props(&mut self, mark: &Mark, header: Span, indent: u32, header_comment: bool) -> u32 {
        let tag = mark.tag_span().and_then(|t| t.byte_range());
        if tag.is_none() && header.is_empty() {
            return NONE;
        }
        let tag = tag.map_or(Span::new(0, 0), |t| Span::new(t.start, t.end));
        self.parsed.props.push(Props { tag, own: false, header, indent, header_comment });
        self.parsed.props.len() as u32 - 1
    }

    pub(super) fn leaf(&mut self, what: What, span: Span, text: Cow<'t, str>, tag: Tag, props: u32) -> Result<(), SyntaxError> {
        let nodes = &mut self.parsed.nodes;
        if nodes.len() >= self.nodes {
            return Err(self.error(span.start as usize, SyntaxClass::Limit, "too many values"));
        }
        let is_key = match self.open.last_mut() {
            Some((parent, is_key)) if matches!(nodes[*parent as usize].what, What::Map { .. }) => {
                *is_key = !*is_key;
                !*is_key
            }
            Some(_) | None => false,
        };
        let is_scalar = matches!(what, What::Scalar(_));
        if let Some(props) = self.parsed.props.get_mut(props as usize) {
            props.own = !props.tag.is_empty() && untagged::is_own(tag, is_scalar, is_key, &text);
        }
        // The root is nothing, if it is a scalar.
        if is_scalar && !is_key && !self.open.is_empty() {
            self.values += 1;
            if self.values > self.most {
                return Err(too_many(self.text.as_bytes(), span.start as usize, self.limits.leaves));
            }
        }
        let next = nodes.len() as u32 + 1;
        nodes.push(Node { what, span, text, next, tag, props, column: 0, anchored: false });
        self.cursor = self.cursor.max(span.end as usize);
        Ok(())
    }
}
