//! The metadata block: found at the root key `sops`, cut, spelled.

mod old;

use self::old::Old;
use super::detail::{DocumentSite, Root};
use super::parse::{Node, Parsed, What, behind_break};
use super::print;
use super::scalar::{self, Read};
use crate::document::Document;
use crate::error::{SyntaxClass, SyntaxError, Unwritable};
use crate::leaf::Span;
use crate::limits::Limits;
use crate::syntax::{Block, Slot};
use crate::tree::Tree;
use crate::value::Value;

/// Reads the block whose key and value these nodes are.
pub(super) fn read(
    text: &[u8],
    parsed: &Parsed<'_>,
    key: u32,
    value: u32,
    flow: bool,
    document: u32,
    limits: &Limits,
) -> Result<Block, SyntaxError> {
    let bytes = text.len().saturating_mul(limits.expansion);
    let mut reader = Reader { text, nodes: &parsed.nodes, left: limits.alias_nodes, bytes, depth: limits.depth };
    let (key_node, value_node) = (&parsed.nodes[key as usize], &parsed.nodes[value as usize]);
    let end = value_node.span.end.max(key_node.span.end) as usize;
    let start = key_node.span.start as usize;
    let span = if flow { cut_in_flow(text, start, end) } else { lines(text, start, end) };
    let map = matches!(value_node.what, What::Map { .. });
    let fields = if map { Some(reader.tree(value, 0)?) } else { None };
    let mut spans = Vec::new();
    if map {
        let mut at = value + 1;
        while at < value_node.next {
            let field = parsed.nodes[at as usize].next;
            let field_node = &parsed.nodes[field as usize];
            let (from, to) = (parsed.nodes[at as usize].span.start as usize, field_node.span.end as usize);
            let to = to.max(parsed.nodes[at as usize].span.end as usize);
            let own_lines = !flow && !matches!(value_node.what, What::Map { flow: true });
            spans.push(if own_lines { lines(text, from, to) } else { Span::new(from, to) });
            at = field_node.next;
        }
    }
    Ok(Block { span, cuts: vec![span], document, fields, spans })
}

/// The whole lines of `start..end`, with what stands before and behind on them.
fn lines(text: &[u8], start: usize, end: usize) -> Span {
    let start = text[..start].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(0, |i| i + 1);
    let start = if text[start..].starts_with("\u{feff}".as_bytes()) { start + 3 } else { start };
    if matches!(text.get(end.wrapping_sub(1)), Some(b'\n' | b'\r')) {
        return Span::new(start, end);
    }
    let line_end = text[end..].iter().position(|&b| b == b'\n' || b == b'\r').map_or(text.len(), |n| end + n);
    Span::new(start, behind_break(text, line_end))
}

/// An entry of a flow map with the comma that belongs to it: the one behind it, else the one before.
fn cut_in_flow(text: &[u8], start: usize, end: usize) -> Span {
    let blank = |b: &u8| b" \t\r\n".contains(b);
    let behind = end + text[end..].iter().take_while(|b| blank(b)).count();
    if text.get(behind) == Some(&b',') {
        let blanks = text[behind + 1..].iter().take_while(|b| **b == b' ').count();
        let last = text[behind + 1 + blanks..].iter().find(|b| !blank(b)) == Some(&b'}');
        return Span::new(start, if last { behind + 1 } else { behind + 1 + blanks });
    }
    let before = text[..start].iter().rposition(|b| !blank(b));
    match before {
        Some(at) if text[at] == b',' => Span::new(at, end),
        _ => Span::new(start, end),
    }
}

struct Reader<'t> {
    text: &'t [u8],
    nodes: &'t [Node<'t>],
    left: usize,
    /// Of names and values, those that aliases stand for included.
    bytes: usize,
    depth: usize,
}

impl Reader<'_> {
    fn error(&self, node: &Node<'_>, class: SyntaxClass, what: &str) -> SyntaxError {
        SyntaxError::at(self.text, node.span.start as usize, class, what)
    }

    fn tree(&mut self, number: u32, depth: usize) -> Result<Tree, SyntaxError> {
        let nodes = self.nodes;
        let node = &nodes[number as usize];
        let fits = self.bytes.checked_sub(node.text.len()).filter(|_| depth <= self.depth && self.left > 0);
        let Some(bytes) = fits else {
            return Err(self.error(node, SyntaxClass::Limit, "the metadata block is too deep or too large"));
        };
        self.bytes = bytes;
        self.left -= 1;
        match node.what {
            What::Alias(target) => self.tree(target, depth + 1),
            What::Scalar(written) => Ok(match scalar::read(&node.text, written, node.tag) {
                Read::Null => Tree::Null,
                Read::Value(value) => Tree::Value(value),
                Read::Unsigned(v) => Tree::Value(Value::Float(v)),
                Read::Bad(what) => return Err(self.error(node, SyntaxClass::OutsideModel, what)),
            }),
            What::Map { .. } => {
                let mut entries = Vec::new();
                let mut at = number + 1;
                while at < node.next {
                    let key = &nodes[at as usize];
                    entries.push((key.text.to_string(), self.tree(key.next, depth + 1)?));
                    at = nodes[key.next as usize].next;
                }
                Ok(Tree::map(entries))
            }
            What::List { .. } => {
                let mut items = Vec::new();
                let mut at = number + 1;
                while at < node.next {
                    items.push(self.tree(at, depth + 1)?);
                    at = nodes[at as usize].next;
                }
                Ok(Tree::list(items))
            }
        }
    }
}

/// Where the block of a document goes in its text. `at` is still an offset of this text.
pub(super) fn slot(text: &[u8], site: &DocumentSite, crlf: bool) -> Slot {
    let line_break: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    let slot = Slot { crlf, ..Slot::default() };
    match site.root {
        // The seed of a new file: the block stands in its place, in lines, as hooks look for it, and opens to it.
        Root::Flow { close, filled: false } if is_seed(text, close as usize) => {
            let end = behind_break(text, close as usize + 1);
            Slot { at: close as usize - 1, replaces: end + 1 - close as usize, ..slot }
        }
        Root::Flow { close, filled } => {
            let close = close as usize;
            let trailing = last_token(text, close) == Some(b',');
            let (before, after): (&[u8], &[u8]) = match (filled, trailing) {
                (false, _) => (b"", b""),
                (true, false) => (b", ", b""),
                (true, true) => (b"", b","),
            };
            Slot { at: close, before: before.to_vec(), after: after.to_vec(), flow: true, ..slot }
        }
        Root::Block { column } => {
            let at = site.end as usize;
            let on_line = at > 0 && !matches!(text[at - 1], b'\n' | b'\r');
            let before = if on_line { line_break.to_vec() } else { Vec::new() };
            Slot { at, before, indent: column as usize, ..slot }
        }
        Root::Null(span) if span.is_empty() => {
            let at = site.end as usize;
            let on_line = at > 0 && !matches!(text[at - 1], b'\n' | b'\r');
            let before = if on_line { line_break.to_vec() } else { Vec::new() };
            Slot { at, before, ..slot }
        }
        Root::Null(span) => {
            // `null` goes; if something stands before it on its line (`--- null`), the block begins on the next one.
            let start = span.start as usize;
            let on_line = start > 0 && !matches!(text[start - 1], b'\n' | b'\r');
            let line_end =
                text[span.end as usize..].iter().position(|&b| b == b'\n' || b == b'\r').map_or(text.len(), |n| span.end as usize + n);
            let end = if text[span.end as usize..line_end].contains(&b'#') { span.end as usize } else { behind_break(text, line_end) };
            let before = if on_line { line_break.to_vec() } else { Vec::new() };
            Slot { at: start, replaces: end - start, before, ..slot }
        }
    }
}

/// `{}` on a line of its own.
fn is_seed(text: &[u8], close: usize) -> bool {
    let Some(open) = close.checked_sub(1).filter(|&at| text[at] == b'{') else { return false };
    (open == 0 || text[open - 1] == b'\n') && matches!(text.get(close + 1), None | Some(b'\n'))
}

/// The last byte before `at` that is neither blank nor in a comment. Comments are looked for line by line, from behind; a `#` in
/// quotes on the last line can only hide a comma that is text.
fn last_token(text: &[u8], at: usize) -> Option<u8> {
    let mut end = at;
    loop {
        let start = text[..end].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(0, |i| i + 1);
        let line = &text[start..end];
        let comment = (0..line.len()).find(|&i| line[i] == b'#' && (i == 0 || line[i - 1] == b' ' || line[i - 1] == b'\t'));
        let code = line[..comment.unwrap_or(line.len())].trim_ascii_end();
        if let Some(&last) = code.last() {
            return Some(last);
        }
        end = start.checked_sub(1)?;
    }
}

/// The bytes of a block: see [`crate::syntax::Detail::spell_block`].
pub(super) fn spell(
    slot: &Slot,
    fields: &[(String, Tree)],
    indent: Option<usize>,
    old: Option<(&Document<'_>, &Block)>,
) -> Result<Vec<u8>, Unwritable> {
    if slot.flow {
        return flow_block(fields);
    }
    let n = print::emitter_indent(indent);
    let mut out = Vec::new();
    let kept = old.and_then(|(document, block)| Old::of(document, block, slot));
    match kept {
        None => print::entry(&mut out, b"sops", &Tree::map(fields.iter().cloned()), slot.indent, n)?,
        Some(old) => old.spell(&mut out, fields, n)?,
    }
    let ends_crlf = |out: &[u8]| out.windows(2).any(|w| w == b"\r\n");
    if slot.crlf && !ends_crlf(&out) {
        let mut converted = Vec::with_capacity(out.len() + out.len() / 32);
        for &b in &out {
            if b == b'\n' {
                converted.push(b'\r');
            }
            converted.push(b);
        }
        out = converted;
    }
    Ok(out)
}

fn flow_block(fields: &[(String, Tree)]) -> Result<Vec<u8>, Unwritable> {
    let mut out = b"\"sops\": ".to_vec();
    json(&mut out, &Tree::map(fields.iter().cloned()), 0)?;
    Ok(out)
}

/// One line of JSON that YAML reads as well.
fn json(out: &mut Vec<u8>, tree: &Tree, depth: usize) -> Result<(), Unwritable> {
    if depth > Limits::PLAIN.depth {
        return Err(Unwritable { path: "sops".to_owned(), what: "nested too deep".to_owned() });
    }
    let place = print::Place { column: 0, parent: 0, flow: true, key: false };
    match tree {
        Tree::Null => out.extend_from_slice(b"null"),
        Tree::Value(value) => print::scalar(out, value, print::Style::Double, &place),
        Tree::Map(_) => {
            out.push(b'{');
            for (i, (key, value)) in tree.entries().enumerate() {
                out.extend_from_slice(if i > 0 { b", " } else { b"" });
                print::scalar(out, &Value::text(key), print::Style::Double, &place);
                out.extend_from_slice(b": ");
                json(out, value, depth + 1)?;
            }
            out.push(b'}');
        }
        Tree::List(_) => {
            out.push(b'[');
            for (i, item) in tree.items().enumerate() {
                out.extend_from_slice(if i > 0 { b", " } else { b"" });
                json(out, item, depth + 1)?;
            }
            out.push(b']');
        }
    }
    Ok(())
}
