//! Values in place of tokens.

use zeroize::Zeroizing;

use super::detail::{Scanned, Site};
use super::parse::Written;
use super::print::{self, Style};
use super::spell::{holds, room, spell, styled};
use crate::document::Document;
use crate::draft::most_of_text;
use crate::error::Unwritable;
use crate::hint::{Hint, Spelled};
use crate::leaf::{CommentId, LeafId, Span, Step};
use crate::path::PathId;
use crate::splice::Splice;
use crate::syntax::{Block, Opened};
use crate::value::{Bytes, Value};

/// A token of the sealed text.
#[derive(Clone, Copy)]
struct Token {
    span: Span,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Leaf(LeafId),
    Comment(CommentId),
}

/// See [`crate::syntax::Detail::open`].
pub(super) fn open(scanned: &Scanned, document: &Document<'_>, opened: &Opened, hints: &[Hint]) -> Result<Vec<u8>, Unwritable> {
    let tokens = tokens(document, opened);
    let last_end = document.leaves().iter().map(|l| l.span.end).max().unwrap_or(0);
    let mut opener = Opener { scanned, document, opened, splice: Splice::opening(document.text(), tokens.len() + 1), last_end, firm: 0 };
    let cuts: Vec<Span> = document.blocks().iter().flat_map(|block| &block.cuts).copied().collect();
    let empty = empty_documents(document);
    for block in document.blocks() {
        let bare = starts_line(document, block) && empty.binary_search(&block.document).is_ok();
        for cut in &block.cuts {
            // A document that held nothing else is an empty map: SOPS prints it so.
            opener.splice.replace(*cut, if bare { b"{}\n" } else { b"" });
        }
    }
    let mut done = 0;
    let mut written = 0;
    for hint in hints {
        let Hint::Site { kind, first, last, before, after, with } = hint else { continue };
        let (first, last) = (*first as usize, *last as usize);
        if first < done || last < first || last >= tokens.len() {
            continue;
        }
        for token in &tokens[done..first] {
            written = opener.canonical(token, written)?;
        }
        done = first;
        let (site, end) = (tokens[first].span.start, tokens[last].span.end);
        let Some(start) = site.checked_sub(*before).filter(|&s| s >= written) else { continue };
        let Some(end) = end.checked_add(*after).filter(|&e| e as usize <= document.text().len()) else { continue };
        if tokens.get(last + 1).is_some_and(|next| next.span.start < end) {
            continue;
        }
        // Where tokens were added or removed outside, the numbers are those of others, and a region may reach into what is cut.
        let cut = cuts.get(cuts.partition_point(|cut| cut.end <= start));
        if cut.is_some_and(|cut| cut.start < end) {
            continue;
        }
        if opener.hinted(&tokens[first..=last], *kind, with, Span { start, end }) {
            written = end;
            opener.firm = end;
            done = last + 1;
        }
    }
    for token in &tokens[done..] {
        written = opener.canonical(token, written)?;
    }
    Ok(opener.splice.finish(document.text()))
}

/// Does the block begin its line? In flow style it does not, and the braces stay.
fn starts_line(document: &Document<'_>, block: &Block) -> bool {
    let start = block.span.start as usize;
    start == 0 || document.text()[start - 1] == b'\n'
}

/// The documents that hold nothing, or nothing but their block. In order.
fn empty_documents(document: &Document<'_>) -> Vec<u32> {
    let mut number = 0;
    let mut empty = Vec::new();
    for step in document.steps() {
        match step {
            Step::Document => number += 1,
            Step::EmptyMap(PathId::ROOT) | Step::Null(PathId::ROOT) => empty.push(number - 1),
            _ => {}
        }
    }
    empty
}

fn tokens(document: &Document<'_>, opened: &Opened) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(opened.leaves.len() + opened.comments.len());
    for (i, leaf) in document.leaves().iter().enumerate() {
        if opened.leaves.get(i).is_some_and(Option::is_some) {
            tokens.push(Token { span: leaf.span, what: What::Leaf(LeafId(i as u32)) });
        }
    }
    let leaves = tokens.len();
    for (i, comment) in document.comments().iter().enumerate() {
        if opened.comments.get(i).is_some_and(Option::is_some) {
            tokens.push(Token { span: comment.span, what: What::Comment(CommentId(i as u32)) });
        }
    }
    if tokens.len() > leaves || !tokens.is_sorted_by_key(|t| t.span.start) {
        tokens.sort_by_key(|t| t.span.start);
    }
    tokens
}

struct Opener<'a> {
    scanned: &'a Scanned,
    document: &'a Document<'a>,
    opened: &'a Opened,
    splice: Splice,
    last_end: u32,
    /// How far the text is written, not counting comments behind it: a comment may stand between a header and its lines.
    firm: u32,
}

impl Opener<'_> {
    fn value(&self, leaf: LeafId) -> &Value {
        self.opened.leaves[leaf.0 as usize].as_ref().expect("only opened leaves are tokens")
    }

    fn text_of(&self, comment: CommentId) -> &Bytes {
        self.opened.comments[comment.0 as usize].as_ref().expect("only opened comments are tokens")
    }

    /// Applies a hint, if it says nothing else than the tokens.
    fn hinted(&mut self, tokens: &[Token], kind: u8, with: &Spelled, region: Span) -> bool {
        let one = match tokens {
            [Token { what: What::Leaf(id), span }] if kind != 1 => Some((*id, *span)),
            _ => None,
        };
        let Some((id, span)) = one else {
            let Spelled::Bytes(bytes) = with else { return false };
            self.splice.replace(region, bytes);
            return true;
        };
        let site = self.scanned.site(id);
        let value = self.value(id);
        let styled = match with {
            Spelled::Style(style) => match styled(value, *style, site) {
                Some(bytes) => Some(bytes),
                None => return false,
            },
            Spelled::Bytes(_) => None,
        };
        let bytes = match (&styled, with) {
            (Some(bytes), _) => bytes.as_slice(),
            (None, Spelled::Bytes(bytes)) => bytes,
            (None, Spelled::Style(_)) => return false,
        };
        let header = if region == span { self.scanned.header(self.document.text(), site) } else { None };
        if !holds(bytes, value, site, header.as_ref(), span.end == self.last_end) {
            return false;
        }
        self.splice.replace(region, bytes);
        true
    }

    /// The canonical spelling; returns how far the text is written.
    fn canonical(&mut self, token: &Token, written: u32) -> Result<u32, Unwritable> {
        match token.what {
            What::Leaf(id) => self.leaf(id, token.span, written),
            What::Comment(id) => self.comment(id, token.span),
        }
    }

    fn leaf(&mut self, id: LeafId, span: Span, written: u32) -> Result<u32, Unwritable> {
        let text = self.document.text();
        let firm = std::mem::replace(&mut self.firm, span.end);
        let site = self.scanned.site(id);
        let header = self.scanned.header(text, site);
        let refuse = |what: &str| Unwritable { path: self.document.paths().display(self.document.leaf(id).path), what: what.to_owned() };
        if site.alias {
            return Err(refuse("an alias cannot stand for a token"));
        }
        let value = self.opened.leaves[id.0 as usize].as_ref().expect("only opened leaves are tokens");
        let room = room(value, site, header.as_ref());
        if self.splice.write(span, room, |out| spell(out, value, site, header.as_ref())) {
            return Ok(span.end);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // The header does not fit: it goes, and the value is written in its place.
        let Some(props) = self.scanned.props(site).filter(|p| p.header.start >= if p.header_comment { firm } else { written }) else {
            return Err(refuse("the value does not fit under its block header"));
        };
        let region = respell(&mut bytes, value, site, text, props.header, props.header_comment, span);
        self.splice.replace(region.0, &bytes[..region.2]);
        if let Some(rest) = region.1 {
            self.splice.replace(rest, &bytes[region.2..]);
        }
        Ok(span.end)
    }

    fn comment(&mut self, id: CommentId, span: Span) -> Result<u32, Unwritable> {
        let text = self.document.text();
        let comment = self.document.comment(id);
        let refuse = |what: &str| Unwritable { path: self.document.paths().display(comment.container), what: what.to_owned() };
        let opened = self.text_of(id).as_slice();
        let Ok(opened) = std::str::from_utf8(opened) else { return Err(refuse("a comment that is not UTF-8")) };
        if opened.contains(|c: char| (c.is_control() && c != '\t' && c != '\n') || matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(refuse("a comment with a control character"));
        }
        let start = span.start as usize;
        // `- ENC[..]` as SOPS writes it: the dash goes as well.
        let dashed = self.scanned.items[id.0 as usize].is_some();
        let from = if dashed { text[..start].iter().rposition(|&b| b == b'-').unwrap_or(start) } else { start };
        let region = Span { start: from as u32, end: span.end };
        let line = text[..from].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let column = text[line..].iter().take_while(|&&b| b == b' ').count();
        let behind = comment.inline || text.get(line + column).is_some_and(|b| !b"#-?:".contains(b));
        let mut bytes = Zeroizing::new(Vec::with_capacity(most_of_text(opened.as_bytes(), column + 4)));
        bytes.extend_from_slice(if dashed { b"#" } else { b"" });
        for (i, part) in opened.split('\n').enumerate() {
            if i > 0 {
                if behind {
                    return Err(refuse("a comment of several lines behind a value"));
                }
                bytes.extend_from_slice(if self.scanned.crlf { b"\r\n" } else { b"\n" });
                bytes.extend(std::iter::repeat_n(b' ', column));
                bytes.extend_from_slice(if part.starts_with('#') { b"" } else { b"# " });
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        self.splice.replace(region, &bytes);
        Ok(span.end)
    }
}

/// A value in place of a block scalar, header included. A comment behind the header stays: then the value stands before it, on one
/// line, and the lines below go. Returns the first region, a second one, and how many of the bytes belong to the first.
pub(super) fn respell(
    bytes: &mut Vec<u8>,
    value: &Value,
    site: &Site,
    text: &[u8],
    header: Span,
    comment: bool,
    body: Span,
) -> (Span, Option<Span>, usize) {
    let style = if comment { Style::Double } else { site.style() };
    print::scalar(bytes, value, style, &Site { written: Written::Plain, ..*site }.place());
    let first = bytes.len();
    if comment {
        return (header, Some(body), first);
    }
    // A literal is printed without the end of its last line, and blank lines that it keeps end in line feeds of their own.
    let own_end = bytes.starts_with(b"|") && matches!(value, Value::Str(text) if text.as_slice().ends_with(b"\n"));
    if own_end || text[body.range()].ends_with(b"\n") {
        bytes.push(b'\n');
    }
    (Span { start: header.start, end: body.end }, None, bytes.len())
}
