//! Values in place of tokens.

mod comment;
mod otherwise;

use zeroize::Zeroizing;

use self::otherwise::read_otherwise;
pub(super) use self::otherwise::{ends_in_lines, may_read_otherwise};
use super::detail::{CommentItem, Scanned, Site};
use super::parse::Written;
use super::print::{self, Style};
use super::spell::{CLIPS, Header, KEEPS, as_written, holds, room, spell, styled};
use crate::document::Document;
use crate::error::Unwritable;
use crate::find;
use crate::hint::{Hint, Spelled};
use crate::leaf::{CommentId, LeafId, Span, Step};
use crate::path::PathId;
use crate::splice::Splice;
use crate::syntax::{Block, Opened, Spelling};
use crate::value::Value;

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
pub(super) fn open(
    scanned: &Scanned,
    document: &Document<'_>,
    opened: &Opened,
    spelling: Spelling<'_>,
    otherwise: &mut Vec<(LeafId, Value)>,
) -> Result<Vec<u8>, Unwritable> {
    for (i, item) in scanned.items.iter().enumerate() {
        // As it stands it would be one value more.
        if matches!(item, Some(CommentItem::Brackets { .. })) && opened.comments.get(i).is_none_or(Option::is_none) {
            let path = document.paths().display(document.comment(CommentId(i as u32)).container);
            return Err(Unwritable { path, what: "the token of a comment that does not open".to_owned() });
        }
    }
    let tokens = tokens(document, opened);
    let last_end = document.leaves().iter().map(|l| l.span.end).max().unwrap_or(0);
    let splice = Splice::opening(document.text(), tokens.len() + 1);
    let plainly = spelling.plainly.unwrap_or_default();
    let mut opener = Opener { scanned, document, opened, plainly, otherwise, splice, last_end, firm: 0 };
    let mut cuts: Vec<Span> = document.blocks().iter().flat_map(|block| &block.cuts).copied().collect();
    let empty = empty_documents(document);
    for block in document.blocks() {
        let bare = starts_line(document, block) && empty.binary_search(&block.document).is_ok();
        for cut in &block.cuts {
            // A document that held nothing else is an empty map: SOPS prints it so.
            opener.splice.replace(*cut, if bare { b"{}\n" } else { b"" });
        }
    }
    if spelling.plainly.is_some() {
        for blanks in document.blocks().iter().flat_map(|block| blanks_behind(document.text(), block.span.end)) {
            opener.splice.cut(blanks);
            cuts.push(blanks);
        }
        cuts.sort();
    }
    let mut done = 0;
    let mut written = 0;
    for hint in spelling.hints {
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

/// What stands behind a block so that a text of several lines before it would take it in: lines of blanks, and the blanks before comments.
fn blanks_behind(text: &[u8], from: u32) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = from as usize;
    if at > 0 && text[at - 1] != b'\n' {
        return found;
    }
    for line in text[at..].split_inclusive(|&b| b == b'\n') {
        let blanks = line.iter().take_while(|b| b" \t\r\n".contains(b)).count();
        if line.get(blanks).is_some_and(|b| *b != b'#') {
            break;
        }
        if blanks > 0 {
            found.push(Span::new(at, at + blanks));
        }
        at += line.len();
    }
    found
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
    /// Leaves that are to stand on one line, in quotes.
    plainly: &'a [LeafId],
    otherwise: &'a mut Vec<(LeafId, Value)>,
    splice: Splice,
    last_end: u32,
    /// How far the text is written, not counting comments behind it: a comment may stand between a header and its lines.
    firm: u32,
}

impl Opener<'_> {
    fn value(&self, leaf: LeafId) -> &Value {
        self.opened.leaves[leaf.0 as usize].as_ref().expect("only opened leaves are tokens")
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
        if self.plainly.binary_search(&id).is_ok() {
            return false;
        }
        let site = self.scanned.site(id);
        let value = self.value(id);
        if let Spelled::Style(style @ (CLIPS | KEEPS)) = with {
            return self.under_its_header(id, span, *style);
        }
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

    /// A literal whose header was another one, if the value may stand under that.
    fn under_its_header(&mut self, id: LeafId, span: Span, style: u8) -> bool {
        let site = self.scanned.site(id);
        let text = self.document.text();
        let Some((seen, props)) = self.scanned.header(text, site).zip(self.scanned.props(site)) else { return false };
        let Some(written) = as_written(seen.text, style).filter(|_| site.written == Written::Literal) else { return false };
        let header = Header { text: &written, ..seen };
        let value = self.opened.leaves[id.0 as usize].as_ref().expect("only opened leaves are tokens");
        let mut bytes = Zeroizing::new(Vec::with_capacity(room(value, site, Some(&header))));
        if !spell(&mut bytes, value, site, Some(&header)) {
            return false;
        }
        self.splice.replace(props.header, &written);
        self.splice.replace(span, &bytes);
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
        if let Some(read) = read_otherwise(value, site) {
            self.otherwise.push((id, read));
        }
        let room = room(value, site, header.as_ref());
        let plainly = self.plainly.binary_search(&id).is_ok();
        let mut bytes = Zeroizing::new(Vec::new());
        if header.is_none() && plainly {
            bytes.reserve_exact(room);
            print::scalar(&mut bytes, value, Style::Double, &site.place());
            self.splice.replace(span, &bytes);
            return Ok(span.end);
        }
        let behind = self.behind_on_line(span);
        if header.is_none() && !site.flow && !behind.is_empty() {
            // A text of several lines begins below what else stands on the line of its header.
            bytes.reserve_exact(room);
            spell(&mut bytes, value, site, None);
            let first = find::byte(b'\n', &bytes).unwrap_or(bytes.len());
            self.splice.replace(span, &bytes[..first]);
            self.splice.insert(behind.end as usize, &bytes[first..]);
            return Ok(behind.end);
        }
        if !plainly && self.splice.write(span, room, |out| spell(out, value, site, header.as_ref())) {
            return Ok(span.end);
        }
        bytes.reserve_exact(room);
        // The header does not fit: it goes, and the value is written in its place.
        let Some(props) = self.scanned.props(site).filter(|p| p.header.start >= if p.header_comment { firm } else { written }) else {
            return Err(refuse("the value does not fit under its block header"));
        };
        let region = match plainly {
            true => respell(&mut bytes, value, &Site { written: Written::Double, ..*site }, text, props.header, props.header_comment, span),
            false => respell(&mut bytes, value, site, text, props.header, props.header_comment, span),
        };
        self.splice.replace(region.0, &bytes[..region.2]);
        if let Some(rest) = region.1 {
            self.splice.replace(rest, &bytes[region.2..]);
        }
        Ok(span.end)
    }

    /// What else stands on the line of a plain token: blanks, or a comment.
    fn behind_on_line(&self, span: Span) -> Span {
        let rest = &self.document.text()[span.end as usize..];
        let length = find::either(b'\n', b'\r', rest).unwrap_or(rest.len());
        Span::new(span.end as usize, span.end as usize + length)
    }
}

/// A value in place of a block scalar, header included. A comment behind the header stays: then the value stands before it, on one
/// line, and the lines below go. Returns the first region, a second one, and how many of the bytes belong to the first.
fn respell(
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
