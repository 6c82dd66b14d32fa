//! Tokens in place of values, and values in place of tokens.

use super::layout::Layout;
use super::{block, scalar};
use crate::document::Document;
use crate::draft::most_of_value;
use crate::error::Unwritable;
use crate::hint::{Hint, Spelled};
use crate::leaf::{LeafId, Span};
use crate::splice::Splice;
use crate::syntax::{Opened, Sealed, Tokens};
use crate::value::{Kind, Value};

/// See [`crate::syntax::Detail::seal`]. What is no string becomes one.
pub(super) fn seal(document: &Document<'_>, layout: &Layout, tokens: Tokens) -> Sealed {
    let text = document.text();
    let mut splice = Splice::with_room(document.leaves().len() + 1);
    let mut hints = Vec::new();
    let mut number = 0;
    // How much longer the text has become before the place of the block.
    let (place, mut grown) = (block::place(layout), 0i64);
    let mut quoted = Vec::new();
    for (i, leaf) in document.leaves().iter().enumerate() {
        let Some(token) = tokens.span_of_leaf(LeafId(i as u32)) else { continue };
        let source = &text[leaf.span.range()];
        if leaf.kind == Kind::Str {
            splice.put(Span { start: leaf.span.start + 1, end: leaf.span.end - 1 }, token);
        } else {
            quoted.clear();
            quoted.push(b'"');
            quoted.extend_from_slice(tokens.of_leaf(LeafId(i as u32)).unwrap_or_default());
            quoted.push(b'"');
            splice.replace(leaf.span, &quoted);
        }
        if leaf.span.end <= place {
            grown += token.len() as i64 + 2 - leaf.span.len() as i64;
        }
        if let Some(with) = scalar::hint(source) {
            hints.push(Hint::Site { kind: 0, first: number, last: number, before: 0, after: 0, with });
        }
        number += 1;
    }
    if let Some(cut) = layout.cut() {
        splice.cut(cut);
    }
    let slot = block::slot(layout, text, (i64::from(place) + grown) as usize);
    Sealed { text: splice.finish_in(text, tokens), hints, slots: vec![slot] }
}

/// See [`crate::syntax::Detail::open`].
///
/// # Errors
/// Text that is not UTF-8, infinite floats.
pub(super) fn open(
    document: &Document<'_>,
    layout: &Layout,
    opened: &Opened,
    hints: &[Hint],
    otherwise: &mut Vec<(LeafId, Value)>,
) -> Result<Vec<u8>, Unwritable> {
    for (i, comment) in document.comments().iter().enumerate() {
        // As it stands it would be one value more.
        if opened.comments.get(i).is_none_or(Option::is_none) {
            return Err(unwritable(document, comment.container, "the token of a comment that does not open"));
        }
    }
    let spellings = spellings(hints);
    let mut spellings = spellings.iter().peekable();
    let mut splice = Splice::opening(document.text(), document.leaves().len() + 1);
    let mut number = 0;
    for (i, (leaf, value)) in document.leaves().iter().zip(&opened.leaves).enumerate() {
        let Some(value) = value else { continue };
        while spellings.next_if(|s| s.0 < number).is_some() {}
        let hint = spellings.next_if(|s| s.0 == number);
        number += 1;
        let hinted = hint.map_or(0, |(_, with)| if let Spelled::Bytes(bytes) = with { bytes.len() } else { 0 });
        let mut wrong = None;
        splice.write(leaf.span, most_of_value(value, 0).max(hinted), |out| {
            if hint.is_some_and(|(_, with)| scalar::spell_hinted(out, value, with)) {
                return true;
            }
            let start = out.len();
            let spelled = scalar::spell(out, value).map_err(|what| wrong = Some(what)).is_ok();
            // Whole floats are written as integers, dates as text.
            if spelled && matches!(value, Value::Float(_) | Value::Time(_)) {
                let read = scalar::read(&out[start..]);
                if !read.same(value) {
                    otherwise.push((LeafId(i as u32), read));
                }
            }
            spelled
        });
        if let Some(what) = wrong {
            return Err(unwritable(document, leaf.path, what));
        }
    }
    layout.comments.iter().for_each(|cut| splice.cut(*cut));
    if let Some(cut) = layout.cut() {
        splice.cut(cut);
    }
    Ok(splice.finish(document.text()))
}

/// The hints of single tokens, by number. Others are not of this format.
fn spellings(hints: &[Hint]) -> Vec<(u32, &Spelled)> {
    let mut found: Vec<(u32, &Spelled)> = hints
        .iter()
        .filter_map(|hint| match hint {
            Hint::Site { kind: 0, first, last, before: 0, after: 0, with } if first == last => Some((*first, with)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|f| f.0);
    found
}

fn unwritable(document: &Document<'_>, path: crate::path::PathId, what: &str) -> Unwritable {
    Unwritable { path: document.paths().display(path), what: what.to_owned() }
}
