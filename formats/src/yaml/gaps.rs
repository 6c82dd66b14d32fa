//! What go-yaml's scanner refuses and our parser lets through (docs/lossless-documents.md 4.4, G7), as far as it shows between the values: tabs
//! where a block could begin, and keys in brackets that go on over a line. SOPS could not read the sealed text either.

use super::dialect;
use super::parse::{Node, Parsed, Props, What, Written, behind_break};
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::Span;

/// Looks at all that is not inside a value.
pub(super) fn check(text: &[u8], parsed: &Parsed<'_>) -> Result<(), SyntaxError> {
    flow_keys(text, parsed)?;
    byte_order_marks(text, parsed)?;
    unicode_breaks(text, parsed)?;
    if text.contains(&b'\t') { Walk { text, at: 0, allowed: true }.nodes(parsed) } else { Ok(()) }
}

fn refuse(text: &[u8], at: usize, what: &str) -> SyntaxError {
    SyntaxError::at(text, at, SyntaxClass::Dialect, what)
}

/// Go-yaml passes over the mark at the very start only; anywhere else between values it begins a name or a text. Our parser passes over it at each line.
fn byte_order_marks(text: &[u8], parsed: &Parsed<'_>) -> Result<(), SyntaxError> {
    let mark = "\u{feff}".as_bytes();
    let mut from = 1;
    let mut scalars = parsed.nodes.iter().filter(|node| matches!(node.what, What::Scalar(_))).map(|node| node.span).peekable();
    let mut comments = parsed.comments.iter().copied().peekable();
    while let Some(found) = text.get(from..).and_then(|rest| rest.windows(mark.len()).position(|bytes| bytes == mark)) {
        let at = from + found;
        let is_before = |span: &Span| span.is_empty() || span.end as usize <= at;
        while scalars.next_if(is_before).is_some() {}
        while comments.next_if(is_before).is_some() {}
        let within = |span: Option<&Span>| span.is_some_and(|span| span.range().contains(&at));
        if !within(scalars.peek()) && !within(comments.peek()) {
            return Err(refuse(text, at, "a byte-order mark that is not at the start of the text, which YAML versions read differently"));
        }
        from = at + mark.len();
    }
    Ok(())
}

/// U+2028 and U+2029 break lines for go-yaml; the parser's reader has followed it in single quotes and literals, and there only.
fn unicode_breaks(text: &[u8], parsed: &Parsed<'_>) -> Result<(), SyntaxError> {
    let mut from = 0;
    let holds = |node: &&Node<'_>| matches!(node.what, What::Scalar(Written::Single | Written::Literal));
    let mut scalars = parsed.nodes.iter().filter(holds).map(|node| node.span).peekable();
    while let Some(found) = text[from..].windows(3).position(|bytes| matches!(bytes, [0xe2, 0x80, 0xa8 | 0xa9])) {
        let at = from + found;
        while scalars.next_if(|span| span.is_empty() || span.end as usize <= at).is_some() {}
        if !scalars.peek().is_some_and(|span| span.range().contains(&at)) {
            return Err(dialect::unicode_break(text, at));
        }
        from = at + 3;
    }
    Ok(())
}

const TAB: &str = "a tab in the indentation";

struct Walk<'t> {
    text: &'t [u8],
    at: usize,
    /// Could a key begin here? Then go-yaml takes no tab (its `simple_key_allowed`).
    allowed: bool,
}

impl Walk<'_> {
    fn nodes(mut self, parsed: &Parsed<'_>) -> Result<(), SyntaxError> {
        // Open block collections: the node behind each, and its column.
        let mut open: Vec<(u32, usize)> = Vec::new();
        let mut number = 0u32;
        while let Some(node) = parsed.nodes.get(number as usize) {
            while open.last().is_some_and(|&(next, _)| next <= number) {
                open.pop();
            }
            let mut next = number + 1;
            let (start, end) = (node.span.start as usize, node.span.end as usize);
            match node.what {
                What::Map { flow: false } | What::List { flow: false } => open.push((node.next, node.column as usize)),
                What::Map { flow: true } | What::List { flow: true } => {
                    self.gap(start)?;
                    self.pass(end, false);
                    next = node.next;
                }
                What::Alias(_) => {
                    self.gap(start)?;
                    self.pass(end, false);
                }
                What::Scalar(style) if style.is_block() => {
                    let header = parsed.props.get(node.props as usize).map_or(start, |p| p.header.start as usize);
                    self.gap(header)?;
                    self.pass(end, true);
                }
                What::Scalar(Written::Plain) if start == end => {}
                What::Scalar(style) => {
                    self.gap(start)?;
                    self.pass(end, false);
                    if style == Written::Plain {
                        self.behind_plain(open.last().map_or(0, |&(_, column)| column + 1))?;
                    }
                }
            }
            number = next;
        }
        self.gap(self.text.len())
    }

    fn pass(&mut self, end: usize, allowed: bool) {
        self.at = self.at.max(end);
        self.allowed = allowed;
    }

    /// What stands between two values: indicators, anchors, tags, comments, blanks.
    fn gap(&mut self, end: usize) -> Result<(), SyntaxError> {
        while self.at < end {
            let rest = &self.text[self.at..end];
            let line_start = self.at == 0 || matches!(self.text[self.at - 1], b'\n' | b'\r');
            let to = |stops: &[u8]| rest.iter().position(|b| stops.contains(b)).unwrap_or(rest.len());
            let (length, allowed) = match rest[0] {
                b'\t' if self.allowed => return Err(refuse(self.text, self.at, TAB)),
                b'\t' | b' ' => (1, self.allowed),
                b'\n' | b'\r' => (1, true),
                b'#' => (to(b"\r\n"), self.allowed),
                b'%' if line_start => (to(b"\r\n"), false),
                b'&' | b'!' => (to(b" \t\r\n"), false),
                b'-' | b'.' if line_start && (rest.starts_with(b"---") || rest.starts_with(b"...")) => (3, false),
                b'-' | b'?' => (1, true),
                b':' => {
                    let line = self.text[..self.at].iter().rev().take_while(|b| !b"\r\n".contains(b));
                    (1, line.into_iter().all(|&b| b == b' '))
                }
                // A byte-order mark: nothing has been seen yet.
                0xef | 0xbb | 0xbf => (1, self.allowed),
                _ => (1, false),
            };
            self.at += length.max(1);
            self.allowed = allowed;
        }
        Ok(())
    }

    /// A plain scalar takes the blanks and lines behind it along, and minds tabs only left of its indentation.
    fn behind_plain(&mut self, indent: usize) -> Result<(), SyntaxError> {
        let mut column = None;
        while let Some(b @ (b' ' | b'\t' | b'\n' | b'\r')) = self.text.get(self.at) {
            column = match (b, column) {
                (b'\n' | b'\r', _) => Some(0),
                (b'\t', Some(column)) if column < indent => return Err(refuse(self.text, self.at, TAB)),
                (_, column) => column.map(|c: usize| c + 1),
            };
            self.at += 1;
        }
        self.allowed = column.is_some();
        Ok(())
    }
}

/// A key in brackets that is not asked for by `?` must end, with its colon, on the line where it begins, and hold no `?` out of quotes.
fn flow_keys(text: &[u8], parsed: &Parsed<'_>) -> Result<(), SyntaxError> {
    for (number, map) in parsed.nodes.iter().enumerate() {
        if map.what != (What::Map { flow: true }) {
            continue;
        }
        let mut at = number as u32 + 1;
        while at < map.next {
            let key = &parsed.nodes[at as usize];
            let (start, end) = (key.span.start as usize, key.span.end as usize);
            let blanks = text[end..].iter().take_while(|b| b" \t\r\n".contains(b)).count();
            let colon = text.get(end + blanks) == Some(&b':');
            let several = text[start..end + blanks].iter().any(|b| matches!(b, b'\n' | b'\r'));
            if key.what == What::Scalar(Written::Plain) && text[start..end].contains(&b'?') {
                return Err(refuse(text, start, "a key in brackets with a '?'; put it in quotes"));
            }
            if start < end && colon && several && !asked(text, start) {
                return Err(refuse(text, start, "a key in brackets over several lines"));
            }
            at = parsed.nodes[key.next as usize].next;
        }
    }
    Ok(())
}

/// Does a `?` stand before the key?
fn asked(text: &[u8], start: usize) -> bool {
    text[..start].iter().rev().find(|b| !b" \t\r\n".contains(b)) == Some(&b'?')
}

/// Has a block scalar a tab where go-yaml looks for its indentation? Then it can be read only while a token stands there.
pub(super) fn tab_in_block(text: &[u8], node_span: std::ops::Range<usize>, props: &Props) -> bool {
    let header = &text[props.header.range()];
    let mut known = header.iter().any(u8::is_ascii_digit);
    let line_end = text[props.header.end as usize..].iter().position(|b| b"\r\n".contains(b));
    let mut at = line_end.map_or(text.len(), |n| behind_break(text, props.header.end as usize + n));
    while at < node_span.end {
        let spaces = text[at..node_span.end].iter().take_while(|&&b| b == b' ').count();
        match text.get(at + spaces) {
            Some(b'\t') if !known || spaces < props.indent as usize => return true,
            Some(b'\n' | b'\r') | None => {}
            Some(_) => known = true,
        }
        let rest = text[at..node_span.end].iter().position(|b| b"\r\n".contains(b));
        at = rest.map_or(node_span.end, |n| behind_break(text, at + n));
    }
    false
}
