//! Text to nodes. The parser's events stop here: the rest of the folder knows only these nodes.

use std::borrow::Cow;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span as Mark, StructureStyle};
use zeroize::Zeroizing;

use super::{count, dialect, gaps, untagged};
use crate::document::{Mode, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError};
use crate::find;
use crate::leaf::Span;
use crate::limits::Limits;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

impl Written {
    pub(super) fn is_block(self) -> bool {
        matches!(self, Written::Literal | Written::Folded)
    }

    pub(super) fn is_quoted(self) -> bool {
        matches!(self, Written::Single | Written::Double)
    }
}

/// The tags that go-yaml gives a meaning, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    None,
    /// `!`
    NonSpecific,
    Str,
    Int,
    Float,
    Bool,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// `!!map` and the like.
    Collection,
    Other,
}

impl Tag {
    /// Would go-yaml read nothing where a token has this tag (T2)?
    pub(super) fn must_go(self) -> bool {
        matches!(self, Tag::Int | Tag::Float | Tag::Bool | Tag::Null | Tag::Timestamp | Tag::Binary)
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Scalar(Written),
    Map {
        flow: bool,
    },
    List {
        flow: bool,
    },
    /// The number of the node it stands for.
    Alias(u32),
}

/// A node; those inside it follow it, up to `next`.
pub(super) struct Node<'t> {
    pub what: What,
    /// Scalars and aliases: their source bytes, of a block scalar its lines. Flow collections: with brackets.
    /// Block collections: from the first entry to the end of the last node.
    pub span: Span,
    /// Scalars: as read.
    pub text: Cow<'t, str>,
    /// The node behind this one's last descendant.
    pub next: u32,
    pub tag: Tag,
    /// Index in [`Parsed::props`] of what else is known of a tagged node or a block scalar.
    pub props: u32,
    /// Column of a block collection's entries.
    pub column: u32,
    pub anchored: bool,
}

/// What only a few nodes have.
#[derive(Clone, Copy)]
pub(super) struct Props {
    pub tag: Span,
    /// One that means nothing to SOPS where it stands; to other readers it may: `!include`, `!!python/object/apply`, `!!set`, `!!null` at a map.
    pub own: bool,
    /// The indicator of a block scalar and what belongs to it: `|2-`.
    pub header: Span,
    /// Column of a block scalar's content.
    pub indent: u32,
    /// A comment stands behind the header.
    pub header_comment: bool,
}

pub(super) const NONE: u32 = u32::MAX;

/// A document of the stream.
pub(super) struct Part {
    /// First node; the root.
    pub root: u32,
    /// Where it ends: at `...`, at the next `---` or its directives, or at the end of the text.
    pub end: u32,
}

/// A text as nodes and comments.
pub(super) struct Parsed<'t> {
    pub nodes: Vec<Node<'t>>,
    pub props: Vec<Props>,
    pub parts: Vec<Part>,
    /// The comments' bytes behind `#`, in text order.
    pub comments: Vec<Span>,
    /// `%YAML 1.2` lines.
    pub directives: Vec<Span>,
}

impl Drop for Parsed<'_> {
    /// What the parser has put together from escapes and lines is wiped here; what it let go of by itself is beyond us (R1).
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Cow::Owned(text) = &mut node.text {
                zeroize::Zeroize::zeroize(text);
            }
        }
    }
}

/// Reads a text. Iterative; whatever go-yaml would read otherwise is refused.
pub(super) fn parse<'t>(bytes: &'t [u8], options: &'t ScanOptions) -> Result<Parsed<'t>, SyntaxError> {
    let text = dialect::check_bytes(bytes)?;
    if let Some(at) = count::one_more_than(options.limits.leaves, bytes, options.mode) {
        return Err(too_many(bytes, at, options.limits.leaves));
    }
    let directives = dialect::directives(text)?;
    let mut reader = Reader {
        text,
        parsed: Parsed {
            // More than a usual text has: growing would copy it all. What stays unused is not touched.
            nodes: Vec::with_capacity((bytes.len() / 8).min(1 << 20)),
            props: Vec::new(),
            parts: Vec::new(),
            comments: Vec::new(),
            directives,
        },
        anchors: Vec::new(),
        open: Vec::new(),
        cursor: 0,
        depth: options.limits.depth,
        nodes: options.limits.leaves.saturating_mul(4),
        values: 0,
        most: if has_block(bytes) || options.mode == Mode::Sealed { usize::MAX } else { options.limits.leaves },
        limits: &options.limits,
    };
    for event in Parser::new_from_str_with_options(text, settings(options)) {
        match event {
            Ok((event, mark)) => reader.take(event, mark)?,
            // Go-yaml breaks lines there, our parser does not.
            Err(error) => {
                let odd = text.find(['\u{2028}', '\u{2029}']);
                return Err(odd.map_or_else(|| reader.refusal(&error), |at| dialect::unicode_break(bytes, at)));
            }
        }
    }
    let mut parsed = reader.parsed;
    parsed.comments.sort_unstable();
    gaps::check(bytes, &parsed)?;
    Ok(parsed)
}

/// May it hold a metadata block?
fn has_block(text: &[u8]) -> bool {
    find::has(b"sops", text)
}

/// More values than the limit grants.
pub(super) fn too_many(text: &[u8], at: usize, most: usize) -> SyntaxError {
    SyntaxError::at(text, at, SyntaxClass::Limit, format!("more than {most} values"))
}

fn settings(options: &ScanOptions) -> Options {
    granit_parser::options! {
        emit_anchor_events: true,
        block_scalar_eof_without_line_feed: true,
        max_buffered_comment_events: options.limits.comments_held,
        flow_nesting_limit: options.limits.depth + 1,
        block_nesting_limit: options.limits.depth + 1,
    }
}

/// Reads one scalar that stands in a context of its own; none if the text is anything else. For checking hints.
pub(super) fn scalar_of(snippet: &str) -> Option<(Zeroizing<String>, Written, Tag)> {
    let settings = settings(&ScanOptions::PLAIN);
    let mut found = None;
    let mut seen = 0;
    for event in Parser::new_from_str_with_options(snippet, settings) {
        match event.ok()? {
            (Event::Scalar(text, style, _, tag), mark) => {
                seen += 1;
                if seen == 2 {
                    let empty = style == ScalarStyle::Plain && mark.byte_range()?.is_empty();
                    let mut text = if empty { Zeroizing::default() } else { Zeroizing::new(text.into_owned()) };
                    let source = &snippet[mark.byte_range()?];
                    if source.contains(['\u{2028}', '\u{2029}']) {
                        text = Zeroizing::new(dialect::with_unicode_breaks(
                            &text,
                            source,
                            written(style),
                            (first_indent(source.as_bytes())?, false),
                        )?);
                    }
                    found = Some((text, written(style), tag_of(tag.as_deref())));
                }
            }
            (Event::Alias(_) | Event::SequenceStart(..), _) => return None,
            _ => {}
        }
    }
    if seen == 2 { found } else { None }
}

struct Reader<'t> {
    text: &'t str,
    parsed: Parsed<'t>,
    /// By the parser's number, less one.
    anchors: Vec<u32>,
    /// Open collections. Of a map: is a key next?
    open: Vec<(u32, bool)>,
    /// End of the last thing seen, to find headers from.
    cursor: usize,
    depth: usize,
    nodes: usize,
    /// Scalars that are no keys, and how many of them there may be: none is counted twice by the walk, but a block's are not counted there at all.
    values: usize,
    most: usize,
    limits: &'t Limits,
}

impl<'t> Reader<'t> {
    fn error(&self, at: usize, class: SyntaxClass, what: &str) -> SyntaxError {
        SyntaxError::at(self.text.as_bytes(), at, class, what)
    }

    fn refusal(&self, error: &granit_parser::ScanError) -> SyntaxError {
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

    fn take(&mut self, event: Event<'t>, mark: Mark) -> Result<(), SyntaxError> {
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

    fn block_scalar(
        &mut self,
        text: Cow<'t, str>,
        style: Written,
        tag: Tag,
        mark: &Mark,
        range: std::ops::Range<usize>,
    ) -> Result<(), SyntaxError> {
        let from = mark.tag_span().and_then(|t| t.byte_range()).map_or(self.cursor, |t| t.end.max(self.cursor));
        let bytes = self.text.as_bytes();
        let Some(header) = header(bytes, from) else {
            return Err(self.error(range.start, SyntaxClass::Dialect, "a block scalar whose header cannot be found"));
        };
        let line_end = header.end as usize
            + bytes[header.end as usize..].iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(bytes.len() - header.end as usize);
        let header_comment = bytes[header.end as usize..line_end].contains(&b'#');
        let start = behind_break(bytes, line_end);
        let keep = bytes[header.range()].contains(&b'+');
        let parent = self.open.last().map_or(0, |&(n, _)| self.parsed.nodes[n as usize].column as usize);
        let digit = bytes[header.range()].iter().find(|b| b.is_ascii_digit()).map(|b| usize::from(b - b'0'));
        let end = last_line_end(bytes, start, range.end.max(start));
        let indent = digit.map_or_else(|| first_indent(&bytes[start..end]).unwrap_or(parent + 2), |d| parent + d);
        let end = if keep { end } else { without_blank_lines(bytes, start, end, indent) };
        let props = self.props(mark, header, indent as u32, header_comment);
        let text = self.with_unicode_breaks(text, start..end, style, (indent, keep))?;
        self.leaf(What::Scalar(style), Span::new(start, end), text, tag, props)
    }

    /// A scalar's text as go-yaml has it, where line breaks of Unicode stand in it themselves, and not as escapes.
    fn with_unicode_breaks(
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

    fn props(&mut self, mark: &Mark, header: Span, indent: u32, header_comment: bool) -> u32 {
        let tag = mark.tag_span().and_then(|t| t.byte_range());
        if tag.is_none() && header.is_empty() {
            return NONE;
        }
        let tag = tag.map_or(Span::new(0, 0), |t| Span::new(t.start, t.end));
        self.parsed.props.push(Props { tag, own: false, header, indent, header_comment });
        self.parsed.props.len() as u32 - 1
    }

    fn leaf(&mut self, what: What, span: Span, text: Cow<'t, str>, tag: Tag, props: u32) -> Result<(), SyntaxError> {
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

fn written(style: ScalarStyle) -> Written {
    match style {
        ScalarStyle::Plain => Written::Plain,
        ScalarStyle::SingleQuoted => Written::Single,
        ScalarStyle::DoubleQuoted => Written::Double,
        ScalarStyle::Literal => Written::Literal,
        ScalarStyle::Folded => Written::Folded,
    }
}

fn tag_of(tag: Option<&granit_parser::Tag>) -> Tag {
    let Some(tag) = tag else { return Tag::None };
    if tag.original() == "!" {
        return Tag::NonSpecific;
    }
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        Some("str") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        Some("map" | "seq" | "set" | "omap" | "pairs") => Tag::Collection,
        _ => Tag::Other,
    }
}

/// The header of a block scalar.
fn header(bytes: &[u8], from: usize) -> Option<Span> {
    let at = find(bytes, from, b"|>")?;
    let length = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-')).count();
    Some(Span::new(at, at + 1 + length))
}

/// The first of these indicators from `at` on, behind other indicators, comments, anchors and tags.
pub(super) fn find(bytes: &[u8], mut at: usize, indicators: &[u8]) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b if indicators.contains(b) => return Some(at),
            b' ' | b'\t' | b'\n' | b'\r' | b'-' | b'?' | b':' => at += 1,
            b'#' => at += bytes[at..].iter().position(|&b| b == b'\n' || b == b'\r')?,
            b'&' | b'!' => at += bytes[at..].iter().position(|b| b" \t\r\n".contains(b))?,
            _ => return None,
        }
    }
}

/// Behind the line break at `at`, if there is one.
pub(super) fn behind_break(bytes: &[u8], at: usize) -> usize {
    match &bytes[at..] {
        [b'\r', b'\n', ..] => at + 2,
        [b'\r' | b'\n', ..] => at + 1,
        _ => at,
    }
}

/// The end of the last line of `start..end`, without the blanks that the next thing stands behind.
fn last_line_end(bytes: &[u8], start: usize, end: usize) -> usize {
    let line = bytes[start..end].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(start, |i| start + i + 1);
    let blank = bytes[line..end].iter().all(|&b| b == b' ' || b == b'\t');
    if blank { line } else { end }
}

fn first_indent(body: &[u8]) -> Option<usize> {
    let content = body.iter().position(|b| !b" \n\r".contains(b))?;
    Some(body[..content].iter().rev().take_while(|&&b| b == b' ').count())
}

fn without_blank_lines(bytes: &[u8], start: usize, mut end: usize, indent: usize) -> usize {
    while end > start {
        let before = line_start(bytes, start, end);
        let line = &bytes[before..end];
        let content = line.iter().filter(|b| !b"\r\n".contains(b)).count();
        let blank = line.iter().all(|b| b" \r\n".contains(b)) && content <= indent;
        if !blank {
            break;
        }
        end = before;
    }
    end
}

/// The start of the line whose last byte (its break included) is before `end`.
fn line_start(bytes: &[u8], start: usize, end: usize) -> usize {
    let mut at = end;
    if bytes[start..at].ends_with(b"\r\n") {
        at -= 2;
    } else if bytes[start..at].ends_with(b"\n") || bytes[start..at].ends_with(b"\r") {
        at -= 1;
    }
    bytes[start..at].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(start, |i| start + i + 1)
}
