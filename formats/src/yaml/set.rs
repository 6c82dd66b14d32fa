//! One leaf of a plain text set to another value, in the old style where it can hold it.

use super::detail::Scanned;
use super::open::respell;
use super::spell::{holds, spell, style_of, styled};
use crate::document::{Document, ScanOptions};
use crate::error::Unwritable;
use crate::leaf::{LeafId, Span};
use crate::splice::Splice;
use crate::value::Value;

/// See [`crate::syntax::Detail::set`].
pub(super) fn set(scanned: &Scanned, document: &Document<'_>, leaf: LeafId, value: &Value) -> Result<Vec<u8>, Unwritable> {
    let text = document.text();
    let span = document.leaf(leaf).span;
    let mut site = *scanned.site(leaf);
    let mut splice = Splice::default();
    if site.alias {
        let path = document.paths().display(document.leaf(leaf).path);
        return Err(Unwritable { path, what: "it stands for an anchor elsewhere; set that one".to_owned() });
    }
    let old = scanned.value_of(text, leaf, span);
    let header = scanned.header(text, &site);
    // The old spelling's own style (unquoted text in a flow, say) if it holds the new value.
    let same_style = style_of(&old, &text[span.range()], &site).and_then(|n| styled(value, n, &site));
    if let Some(bytes) = same_style.filter(|b| header.is_none() && holds(b, value, &site, None, false)) {
        splice.replace(span, &bytes);
        return checked(document, splice, leaf, value);
    }
    if site.tag.must_go()
        && let Some(props) = scanned.props(&site)
    {
        // The tag speaks of the old value.
        let blanks = text[props.tag.end as usize..].iter().take_while(|b| **b == b' ').count();
        splice.cut(Span { start: props.tag.start, end: props.tag.end + blanks as u32 });
        site.tag = super::parse::Tag::None;
    }
    let mut bytes = Vec::new();
    if spell(&mut bytes, value, &site, header.as_ref()) {
        end_line(&mut bytes, text, span);
        splice.replace(span, &bytes);
        return checked(document, splice, leaf, value);
    }
    let props = scanned.props(&site).expect("what does not fit has a header");
    let (first, rest, length) = respell(&mut bytes, value, &site, text, props.header, props.header_comment, span);
    bytes.truncate(length);
    if rest.is_none() {
        end_line(&mut bytes, text, span);
    }
    splice.replace(first, &bytes);
    if let Some(rest) = rest {
        splice.cut(rest);
    }
    checked(document, splice, leaf, value)
}

/// A block scalar without lines ends where the next thing begins: its first line needs an end.
fn end_line(bytes: &mut Vec<u8>, text: &[u8], span: Span) {
    let at_line_start = span.start > 0 && matches!(text[span.start as usize - 1], b'\n' | b'\r');
    if span.is_empty() && at_line_start && (span.end as usize) < text.len() && !bytes.ends_with(b"\n") {
        bytes.extend_from_slice(if text[..span.start as usize].ends_with(b"\r\n") { b"\r\n" } else { b"\n" });
    }
}

/// The new text, if it reads as the old one with that value.
fn checked(document: &Document<'_>, splice: Splice, leaf: LeafId, value: &Value) -> Result<Vec<u8>, Unwritable> {
    let new = splice.finish(document.text());
    let reads = Document::parse(document.format(), &new, &ScanOptions::PLAIN)
        .is_ok_and(|changed| changed.leaves().len() == document.leaves().len() && changed.value(leaf).same(value));
    if reads {
        return Ok(new);
    }
    let path = document.paths().display(document.leaf(leaf).path);
    Err(Unwritable { path, what: "no spelling at this place reads back as this value".to_owned() })
}
