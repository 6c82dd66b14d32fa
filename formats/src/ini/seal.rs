//! Tokens into lines, and values back into them.
//!
//! A token stands bare: quotes, continuations and what is dropped behind a closing quote go with the value and come back by hint.
//! Styles of payload version 1 are those of [`value::styled`]. A comment's mark stays; a run of lines becomes one token on the
//! first of them.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::document::Document;
use crate::draft::joined;
use crate::error::Unwritable;
use crate::flat::{At, Site, field_text, fold_newlines, hints_by_token, merge_fields, scalar_bytes, sites};
use crate::hint::{Hint, Spelled};
use crate::leaf::{CommentId, LeafId, Span};
use crate::splice::Splice;
use crate::syntax::{Block, Opened, Sealed, Slot, Tokens};
use crate::tree::Tree;
use crate::value::{Kind, Value};

use super::value::{self, Shape};
use super::{Dropped, Keys, Place, comment, key, print, scan};

/// See [`crate::Document::seal`].
pub(super) fn seal(keys: &Keys, document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable> {
    check_clear(keys, document, &tokens)?;
    let text = document.text;
    let covered = sites(document, |id| tokens.of_leaf(id).is_some(), |id| tokens.of_comment(id).is_some());
    let mut splice = Splice::with_room(covered.len());
    let mut hints = Vec::new();
    for (number, site) in covered.iter().enumerate() {
        if let At::Comment(id) = site.at
            && let Some(header) = header_before(text, keys.places[id.0 as usize])
        {
            let (bytes, hint) =
                above_header(text, &header, site.span.end as usize, tokens.of_comment(id).unwrap_or_default(), number as u32);
            splice.replace(Span::new(header.start, site.span.end as usize), &bytes);
            hints.push(hint);
            continue;
        }
        let source = &text[site.span.range()];
        let (kind, with, token) = match site.at {
            At::Leaf(id) if value::stands_bare(source) => (0, None, tokens.span_of_leaf(id)),
            At::Leaf(id) => (0, value_hint(source, &keys.text(document, id)), tokens.span_of_leaf(id)),
            At::Comment(id) => (5, comment_hint(keys, document, id), tokens.span_of_comment(id)),
        };
        if let Some(with) = with {
            hints.push(Hint::Site { kind, first: number as u32, last: number as u32, before: 0, after: 0, with });
        }
        splice.put(site.span, token.expect("the site is covered"));
    }
    Ok(Sealed { hints, ..cut(document, splice, Some(tokens)) })
}

/// The header that a comment stands behind, with its indentation, if it does.
fn header_before(text: &[u8], place: Place) -> Option<Range<usize>> {
    let mark = place.mark as usize;
    let line = text[..mark].iter().rposition(|&b| b == b'\n').map_or_else(|| scan::byte_order_mark(text), |i| i + 1);
    let end = line + value::trim_end(&text[line..mark]).len();
    (place.header && end > line).then_some(line..end)
}

/// A token behind a header would belong to the section's name, which goes up to the last `]` of its line: it stands above, where SOPS has it too.
fn above_header(text: &[u8], header: &Range<usize>, end: usize, token: &[u8], number: u32) -> (Vec<u8>, Hint) {
    let line_end = line_end(text[..value::next_line(text, end)].ends_with(b"\r\n"));
    let bytes = [b"; ", token, line_end, &text[header.clone()]].concat();
    let after = (line_end.len() + header.len()) as u32;
    let with = Spelled::Bytes(text[header.start..end].to_vec());
    (bytes, Hint::Site { kind: 5, first: number, last: number, before: 2, after, with })
}

/// What is opened to a header and the comment behind it, and where that goes, if the hint means this comment here.
fn hinted_header<'h>(text: &[u8], site: Span, hint: Option<&'h Hint>, plain: &[u8]) -> Option<(Span, &'h [u8])> {
    let Hint::Site { kind: 5, before: 2, after, with: Spelled::Bytes(bytes), .. } = hint? else { return None };
    let (start, end) = ((site.start as usize).checked_sub(2)?, (site.end as usize).checked_add(*after as usize)?);
    let below = text.get(site.end as usize..end)?;
    let header = below.strip_prefix(b"\r\n").or_else(|| below.strip_prefix(b"\n"))?;
    let remark = bytes.strip_prefix(header)?;
    let close = header.iter().rposition(|&b| b == b']')?;
    let is_header = header[value::leading_space(header)..].starts_with(b"[") && !header[close..].iter().any(|b| matches!(b, b'#' | b';'));
    let fits = is_header && !remark.contains(&b']') && !remark.contains(&b'\n') && text[start..site.start as usize] == *b"; ";
    (fits && comment::means(&remark[value::leading_space(remark)..], plain)).then_some((Span::new(start, end), bytes))
}

fn value_hint(source: &[u8], plain: &[u8]) -> Option<Spelled> {
    if value::canonical(plain).is_some_and(|c| *c == *source) {
        return None;
    }
    Some(value::style_of(source, plain).map_or_else(|| Spelled::Bytes(source.to_vec()), Spelled::Style))
}

fn comment_hint(keys: &Keys, document: &Document<'_>, id: CommentId) -> Option<Spelled> {
    let (place, span) = (keys.places[id.0 as usize], document.comment(id).span);
    let (mark, start, end) = (place.mark as usize, span.start as usize, span.end as usize);
    let canonical = comment::canonical(&document.text[mark..start], &keys.remark(document, id), place.header);
    (*canonical != document.text[mark..end]).then(|| Spelled::Bytes(document.text[start..end].to_vec()))
}

/// What stays in clear must read in the sealed text as it does here.
fn check_clear(keys: &Keys, document: &Document<'_>, tokens: &Tokens) -> Result<(), Unwritable> {
    let text = document.text;
    if let Some(Dropped { span, place }) = keys.dropped {
        let line = text[..span.start as usize].iter().filter(|b| **b == b'\n').count() + 1;
        let hint = if text[span.range()].contains(&b'\r') { "; a carriage return alone ends no line" } else { "" };
        let what = format!("what stands {place} is part of nothing, and would stay in clear{hint}");
        return Err(Unwritable { path: format!("line {line}"), what });
    }
    let refuse = |id: LeafId, what: &str| Err(Unwritable { path: document.paths().display(document.leaf(id).path), what: what.to_owned() });
    for (i, shape) in keys.shapes.iter().enumerate() {
        let id = LeafId(i as u32);
        let span = document.leaf(id).span;
        if tokens.of_leaf(id).is_none() && *shape == Shape::Plain && span.end as usize == text.len() && text[span.range()] == *b"\"\"\"" {
            return refuse(id, "three quotes at the very end stay in clear, and would open a value of several lines in the sealed text");
        }
    }
    for (i, place) in keys.places.iter().enumerate() {
        let comment = document.comment(CommentId(i as u32));
        let lines = &text[place.mark as usize..comment.span.end as usize];
        if tokens.of_comment(CommentId(i as u32)).is_none() && comment::splits(lines) {
            let path = document.paths().display(comment.container);
            let what = "a comment that stays in clear has several lines, one of which looks like a token and would be read as one";
            return Err(Unwritable { path, what: what.to_owned() });
        }
    }
    // A comment in clear behind a value of several lines: behind a token, a backslash at its end would join the next line.
    let sites = sites(document, |_| true, |_| true);
    for pair in sites.windows(2) {
        if let (At::Leaf(leaf), At::Comment(comment)) = (pair[0].at, pair[1].at)
            && document.comment(comment).inline
            && tokens.of_leaf(leaf).is_some()
            && tokens.of_comment(comment).is_none()
            && (text[pair[1].span.range()].ends_with(b"\\"))
        {
            return refuse(
                leaf,
                "the comment behind it stays in clear and ends in a backslash, which would join the next line to the token",
            );
        }
    }
    Ok(())
}

/// See [`crate::Document::open`].
pub(super) fn open(
    keys: &Keys,
    document: &Document<'_>,
    opened: &Opened,
    hints: &[Hint],
    otherwise: &mut Vec<(LeafId, Value)>,
) -> Result<Vec<u8>, Unwritable> {
    let text = document.text;
    let value = |id: LeafId| opened.leaves.get(id.0 as usize).and_then(Option::as_ref);
    let remark = |id: CommentId| opened.comments.get(id.0 as usize).and_then(Option::as_ref);
    let tokens = sites(document, |id| value(id).is_some(), |id| remark(id).is_some());
    let hints = hints_by_token(hints, tokens.len());
    let mut splice = Splice::opening(text, tokens.len());
    for (site, hint) in tokens.iter().zip(hints) {
        match site.at {
            At::Leaf(id) => {
                let held = value(id).expect("the site is covered");
                let plain = scalar_bytes(held);
                // All is text here.
                if held.kind() != Kind::Str {
                    otherwise.push((id, Value::Str(plain[..].into())));
                }
                if hint.is_none() && value::stands_bare(&plain) {
                    splice.replace(site.span, &plain);
                    continue;
                }
                let bytes = hint.and_then(|h| hinted_value(text, site, h, &plain)).or_else(|| value::canonical(&plain));
                splice.replace(site.span, &bytes.ok_or_else(|| cannot_hold(document, id))?);
            }
            At::Comment(id) => {
                let plain = remark(id).expect("the site is covered").as_slice();
                let place = keys.places[id.0 as usize];
                let visible = &text[place.mark as usize..site.span.start as usize];
                match hint {
                    Some(Hint::Site { kind: 5, before: 0, after: 0, with: Spelled::Bytes(bytes), .. })
                        if comment::means(&joined(&[visible, bytes]), plain) =>
                    {
                        splice.replace(site.span, bytes);
                    }
                    _ if let Some((whole, bytes)) = hinted_header(text, site.span, hint, plain) => splice.replace(whole, bytes),
                    _ => {
                        let whole = Span::new(place.mark as usize, site.span.end as usize);
                        splice.replace(whole, &comment::canonical(visible, plain, place.header));
                    }
                }
            }
        }
    }
    Ok(cut(document, splice, None).text)
}

/// The spelling that a hint asks for, if it means this value at this place.
fn hinted_value(text: &[u8], site: &Site, hint: &Hint, plain: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let Hint::Site { kind: 0, before: 0, after: 0, with, .. } = hint else { return None };
    let bytes = match with {
        Spelled::Style(style) => value::styled(*style, plain)?,
        Spelled::Bytes(bytes) => joined(&[bytes]),
    };
    let end = site.span.end as usize;
    let behind = &text[end..value::next_line(text, end)];
    let fits = value::means(&bytes, plain, blank_follows(text, end)) || value::means_before(&bytes, behind, plain);
    fits.then_some(bytes)
}

/// Is there nothing more on this line, and nothing on the next?
fn blank_follows(text: &[u8], at: usize) -> bool {
    let next = value::next_line(text, at);
    let after = value::next_line(text, next);
    value::trim(&text[at..after]).is_empty()
}

fn cannot_hold(document: &Document<'_>, leaf: LeafId) -> Unwritable {
    let path = document.paths().display(document.leaf(leaf).path);
    Unwritable { path, what: "no quoting of INI can hold this value so that it reads back".to_owned() }
}

/// Applies the edits, cuts the blocks, and finds the place of the new one: last, since before keys it would swallow them.
fn cut(document: &Document<'_>, mut splice: Splice, tokens: Option<Tokens>) -> Sealed {
    for cut in document.blocks().iter().flat_map(|b| &b.cuts) {
        splice.cut(*cut);
    }
    let text = match tokens {
        Some(tokens) => splice.finish_in(document.text, tokens),
        None => splice.finish(document.text),
    };
    // A CR at the very end belongs to the line break that comes.
    let line = text.iter().position(|&b| b == b'\n').unwrap_or(text.len());
    let crlf = text[..line].ends_with(b"\r");
    let end = line_end(crlf);
    let mut before = Vec::new();
    if !text.is_empty() {
        if !text.ends_with(b"\n") {
            before.extend_from_slice(end);
        }
        // An empty line, which also ends a last value that goes on with a backslash.
        before.extend_from_slice(end);
    }
    let slot = Slot { at: text.len(), before, crlf, ..Slot::default() };
    Sealed { text, hints: Vec::new(), slots: vec![slot] }
}

/// See [`crate::Document::without_blocks`].
pub(super) fn without_blocks(document: &Document<'_>) -> Sealed {
    cut(document, Splice::default(), None)
}

fn line_end(crlf: bool) -> &'static [u8] {
    if crlf { b"\r\n" } else { b"\n" }
}

/// See [`crate::syntax::Detail::spell_block`].
pub(super) fn spell_block(slot: &Slot, fields: &[(String, Tree)], old: Option<(&Document<'_>, &Block)>) -> Result<Vec<u8>, Unwritable> {
    let mut names = Vec::with_capacity(fields.len());
    for (name, _) in fields {
        let refuse = || Unwritable { path: "the metadata".to_owned(), what: "a field name that INI cannot hold".to_owned() };
        names.push(print::name(name.as_bytes()).ok_or_else(refuse)?);
    }
    let old = old.map(|(document, block)| OldBlock { text: document.text, block });
    let width = match &old {
        Some(old) => old.width(),
        None => names.iter().map(Vec::len).max().unwrap_or_default(),
    };
    let mut out = b"[sops]".to_vec();
    out.extend_from_slice(line_end(slot.crlf));
    for (number, kept) in merge_fields(fields, old.as_ref().and_then(|o| o.block.fields.as_ref())) {
        match (&old, kept) {
            (Some(old), Some(i)) => out.extend_from_slice(&old.text[old.block.spans[i].range()]),
            _ => {
                out.extend_from_slice(&names[number]);
                out.resize(out.len() + width.saturating_sub(names[number].len()), b' ');
                out.extend_from_slice(b" = ");
                let text = fold_newlines(&field_text(&fields[number].0, &fields[number].1)?);
                let what = || Unwritable {
                    path: format!("the metadata field {}", fields[number].0),
                    what: "INI cannot hold its value".to_owned(),
                };
                out.extend_from_slice(&value::canonical(&text).ok_or_else(what)?);
            }
        }
        out.extend_from_slice(line_end(slot.crlf));
    }
    Ok(out)
}

struct OldBlock<'a> {
    text: &'a [u8],
    block: &'a Block,
}

impl OldBlock<'_> {
    /// The column that names are padded to, as far as the first field shows it.
    fn width(&self) -> usize {
        let Some(first) = self.block.spans.first() else { return 0 };
        let line = &self.text[first.range()];
        key::read_key(line).map_or(0, |(_, behind)| behind.saturating_sub(2))
    }
}
