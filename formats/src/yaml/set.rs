//! One leaf of a plain text set to another value, in the old style where it can hold it.

use super::detail::Scanned;
use super::open::respell;
use super::spell::{holds, spell, style_of, styled};
use crate::document::Document;
use crate::error::Unwritable;
use crate::leaf::LeafId;
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
        return Ok(splice.finish(text));
    }
    if site.tag.must_go()
        && let Some(props) = scanned.props(&site)
    {
        // The tag speaks of the old value.
        let blanks = text[props.tag.end as usize..].iter().take_while(|b| **b == b' ').count();
        splice.cut(crate::leaf::Span { start: props.tag.start, end: props.tag.end + blanks as u32 });
        site.tag = super::parse::Tag::None;
    }
    let mut bytes = Vec::new();
    if spell(&mut bytes, value, &site, header.as_ref()) {
        splice.replace(span, &bytes);
        return Ok(splice.finish(text));
    }
    let props = scanned.props(&site).expect("what does not fit has a header");
    let (first, rest, length) = respell(&mut bytes, value, &site, text, props.header, props.header_comment, span);
    splice.replace(first, &bytes[..length]);
    if let Some(rest) = rest {
        splice.cut(rest);
    }
    Ok(splice.finish(text))
}
