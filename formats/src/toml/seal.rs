//! Tokens in place of values, and back.

use zeroize::Zeroizing;

use super::comment_text;
use super::scalar::{Quote, STYLES, read, spell, styled};
use super::scan::blank_before;
use crate::document::Document;
use crate::draft::joined;
use crate::error::Unwritable;
use crate::hint::{Hint, Spelled};
use crate::leaf::{CommentId, LeafId, Span};
use crate::splice::Splice;
use crate::syntax::{Opened, Sealed, Slot, Tokens};
use crate::value::Value;

/// What stands at a place of the text.
#[derive(Clone, Copy)]
enum Site {
    Leaf(LeafId),
    Comment(CommentId),
}

/// The sites that `leaf` and `comment` pick, in the order of the text: tokens are numbered so.
fn sites(document: &Document<'_>, leaf: impl Fn(LeafId) -> bool, comment: impl Fn(CommentId) -> bool) -> Vec<(Span, Site)> {
    let leaves = (0..document.leaves().len() as u32).map(LeafId).filter(|&l| leaf(l));
    let comments = (0..document.comments().len() as u32).map(CommentId).filter(|&c| comment(c));
    let mut sites: Vec<_> = leaves.map(|l| (document.leaf(l).span, Site::Leaf(l))).collect();
    sites.extend(comments.map(|c| (document.comment(c).span, Site::Comment(c))));
    sites.sort_by_key(|s| s.0.start);
    sites
}

/// See [`crate::syntax::Detail::seal`].
pub(super) fn seal(document: &Document<'_>, tokens: &Tokens, crlf: bool) -> Result<Sealed, Unwritable> {
    let mut splice = Splice::default();
    let mut hints = Vec::new();
    let covered = sites(document, |l| tokens.of_leaf(l).is_some(), |c| tokens.of_comment(c).is_some());
    for (number, (span, site)) in covered.into_iter().enumerate() {
        match site {
            Site::Comment(c) => splice.replace(span, tokens.of_comment(c).unwrap_or_default()),
            Site::Leaf(l) => {
                let source = &document.text[span.range()];
                let value = document.value(l);
                let quote = match (Quote::of(source), &value) {
                    (Some(quote), Value::Str(_)) => quote,
                    _ => Quote::Basic,
                };
                let mut site = quote.mark().as_bytes().to_vec();
                site.extend_from_slice(tokens.of_leaf(l).unwrap_or_default());
                site.extend_from_slice(quote.mark().as_bytes());
                splice.replace(span, &site);
                if let Some(with) = hint(source, &value, quote) {
                    let first = number as u32;
                    hints.push(Hint::Site { kind: 0, first, last: first, before: 0, after: 0, with });
                }
            }
        }
    }
    let text = splice.finish(document.text);
    let slot = Slot { at: text.len(), before: line_break_before(&text, crlf), crlf, ..Slot::default() };
    Ok(Sealed { text, hints, slots: vec![slot] })
}

/// What must be remembered of a source, if anything.
fn hint(source: &[u8], value: &Value, quote: Quote) -> Option<Spelled> {
    let is = |text: Option<Zeroizing<String>>| text.is_some_and(|t| t.as_bytes() == source);
    if is(spell(value, quote)) {
        return None;
    }
    let style = STYLES.into_iter().find(|&n| is(styled(value, quote, n)));
    Some(style.map_or_else(|| Spelled::Bytes(source.to_vec()), Spelled::Style))
}

/// The missing last line end, and a blank line.
fn line_break_before(text: &[u8], crlf: bool) -> Vec<u8> {
    let line: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    match text {
        [] | [0xef, 0xbb, 0xbf] => Vec::new(),
        _ if text.ends_with(b"\n") => line.to_vec(),
        _ => line.repeat(2),
    }
}

/// See [`crate::syntax::Detail::open`].
pub(super) fn open(
    document: &Document<'_>,
    opened: &Opened,
    hints: &[Hint],
    otherwise: &mut Vec<(LeafId, Value)>,
) -> Result<Vec<u8>, Unwritable> {
    let leaf = |l: LeafId| opened.leaves.get(l.0 as usize).and_then(Option::as_ref);
    let comment = |c: CommentId| opened.comments.get(c.0 as usize).and_then(Option::as_ref);
    let covered = sites(document, |l| leaf(l).is_some(), |c| comment(c).is_some());
    let mut known: Vec<Option<&Spelled>> = vec![None; covered.len()];
    for hint in hints {
        if let Hint::Site { kind: 0, first, last, before: 0, after: 0, with } = hint
            && first == last
            && let Some(place) = known.get_mut(*first as usize)
        {
            *place = Some(with);
        }
    }
    let mut splice = Splice::opening(document.text, covered.len());
    for ((span, site), with) in covered.into_iter().zip(known) {
        match site {
            Site::Comment(c) => {
                let text = comment(c).and_then(comment_text);
                let text = text.ok_or_else(|| unwritable(document, document.comment(c).container, "a comment over several lines"))?;
                splice.replace(span, text.as_bytes());
            }
            Site::Leaf(l) => {
                let Some(value) = leaf(l) else { continue };
                let quote = Quote::of(&document.text[span.range()]).unwrap_or(Quote::Basic);
                let hinted = with.and_then(|with| match with {
                    Spelled::Bytes(bytes) => Some(joined(&[bytes])),
                    Spelled::Style(n) => styled(value, quote, *n).map(|text| joined(&[text.as_bytes()])),
                });
                // A hint of a value that has changed since is stale.
                match hinted.filter(|bytes| read(bytes).is_some_and(|v| v.same(value))) {
                    Some(bytes) => splice.replace(span, &bytes),
                    None => {
                        let spelled = written(document, l, value, quote)?;
                        // Dates are text here.
                        if matches!(value, Value::Time(_))
                            && let Some(read) = read(spelled.as_bytes())
                        {
                            otherwise.push((l, read));
                        }
                        splice.replace(span, spelled.as_bytes());
                    }
                }
            }
        }
    }
    for block in document.blocks() {
        for &cut in &block.cuts {
            splice.cut(cut);
        }
    }
    Ok(splice.finish(document.text))
}

fn written(document: &Document<'_>, leaf: LeafId, value: &Value, quote: Quote) -> Result<Zeroizing<String>, Unwritable> {
    spell(value, quote).ok_or_else(|| unwritable(document, document.leaf(leaf).path, "TOML holds UTF-8 only"))
}

fn unwritable(document: &Document<'_>, path: crate::PathId, what: &str) -> Unwritable {
    Unwritable { path: document.paths().display(path), what: what.to_owned() }
}

/// See [`crate::syntax::Detail::without_blocks`].
pub(super) fn without_blocks(document: &Document<'_>, block: Option<usize>, crlf: bool) -> Sealed {
    let mut splice = Splice::default();
    let mut gone = 0;
    for cut in document.blocks().iter().flat_map(|b| &b.cuts) {
        splice.cut(*cut);
        if block.is_some_and(|at| (cut.start as usize) < at) {
            gone += cut.len();
        }
    }
    let text = splice.finish(document.text);
    let slot = match block {
        Some(at) => {
            let rest = &document.text[at..];
            let blank = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
            let goes_with = blank > 0 && blank_before(&document.text[..at + blank]) == blank;
            let before = if goes_with { rest[..blank].to_vec() } else { Vec::new() };
            Slot { at: at - gone, before, crlf, ..Slot::default() }
        }
        None => Slot { at: text.len(), before: line_break_before(&text, crlf), crlf, ..Slot::default() },
    };
    Sealed { text, hints: Vec::new(), slots: vec![slot] }
}
