//! A text without the tags that SOPS does not know. It drops them when it seals; here they are the author's layout, and come back with it. In a text
//! whose layout nobody has vouched for they may be anybody's, and to another reader they are calls.

use std::collections::HashSet;

use super::detail::Scanned;
use super::parse::Tag;
use super::scalar::{self, Read};
use crate::document::Document;
use crate::leaf::{Leaf, LeafId, Span};
use crate::splice::Splice;
use crate::value::Value;

/// See [`crate::syntax::Detail::own_tags`].
pub(super) fn own_tags(scanned: &Scanned, document: &Document<'_>) -> Vec<Span> {
    let blocks = document.blocks();
    let in_block = |tag: Span| blocks.get(blocks.partition_point(|b| b.span.end <= tag.start)).is_some_and(|b| b.span.start <= tag.start);
    let own = scanned.props.iter().filter(|props| props.own && !props.tag.is_empty());
    own.map(|props| props.tag).filter(|tag| !in_block(*tag)).collect()
}

/// See [`crate::syntax::Detail::without_own_tags`].
pub(super) fn without_own_tags(scanned: &Scanned, document: &Document<'_>) -> Option<Vec<u8>> {
    let own = || (0u32..).zip(&scanned.props).filter(|(_, props)| props.own && !props.tag.is_empty());
    own().next()?;
    let text = document.text();
    // Behind such a tag everything is text; without it some texts would be numbers, or null.
    let leaves = (0u32..).map(LeafId).zip(document.leaves()).filter(|(id, _)| !scanned.site(*id).alias);
    let is_other = |(id, leaf): &(LeafId, &Leaf)| {
        let read = scalar::read(scanned.text(text, *id, leaf.span), scanned.site(*id).written, Tag::None);
        !matches!(read, Read::Value(Value::Str(_)))
    };
    let texts: HashSet<u32> = leaves.filter(is_other).map(|(id, _)| scanned.site(id).props).collect();
    // A directive may have given the short form another meaning.
    let is_text: &[u8] =
        if text.starts_with(b"%TAG") || text.windows(5).any(|w| w == b"\n%TAG") { b"!<tag:yaml.org,2002:str>" } else { b"!!str" };
    let mut splice = Splice::default();
    for (number, props) in own() {
        if texts.contains(&number) {
            splice.replace(props.tag, is_text);
            continue;
        }
        let blanks = text[props.tag.end as usize..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        splice.cut(Span { start: props.tag.start, end: props.tag.end + blanks as u32 });
    }
    Some(splice.finish(text))
}
