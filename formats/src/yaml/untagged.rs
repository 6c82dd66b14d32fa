//! A text without the tags that mean nothing to SOPS where they stand. It drops them when it seals; here they are the author's layout, and come back with
//! it. In a text whose layout nobody has vouched for they may be anybody's, and to another reader they are calls, or make something else of what is there.

use std::collections::HashSet;

use super::detail::Scanned;
use super::parse::Tag;
use super::scalar::{self, Read};
use crate::document::Document;
use crate::leaf::{Leaf, LeafId, Span};
use crate::splice::Splice;
use crate::value::Value;

fn starts_its_line(before: &[u8]) -> bool {
    before.iter().rev().find(|b| !matches!(b, b' ' | b'\t')).is_none_or(|b| b"\r\n".contains(b))
}

/// Is it one of them? All are but those of YAML's scalars at a value that is one, `!!str` at a key, and `!!merge` at `<<`, as go-yaml writes both.
pub(super) fn is_own(tag: Tag, is_scalar: bool, is_key: bool, text: &str) -> bool {
    match tag {
        Tag::Str => !is_scalar,
        Tag::Merge => text != "<<",
        Tag::None | Tag::NonSpecific | Tag::Collection | Tag::Other => true,
        Tag::Int | Tag::Float | Tag::Bool | Tag::Null | Tag::Timestamp | Tag::Binary => is_key || !is_scalar,
    }
}

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
    // Behind such a tag, but for `!`, everything is text; without it some texts would be numbers, or null.
    let is_text = |id: LeafId| !scanned.site(id).alias && scanned.site(id).tag != Tag::NonSpecific;
    let leaves = (0u32..).map(LeafId).zip(document.leaves()).filter(|(id, _)| is_text(*id));
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
        let is_blank = |b: &&u8| matches!(b, b' ' | b'\t');
        let (start, end) = (props.tag.start as usize, props.tag.end as usize);
        let end = end + text[end..].iter().take_while(is_blank).count();
        // Where nothing else stands on its line, its line ends where the key's text does.
        let ends_line = text.get(end).is_none_or(|b| b"\r\n".contains(b)) && !starts_its_line(&text[..start]);
        let start = if ends_line { start - text[..start].iter().rev().take_while(is_blank).count() } else { start };
        splice.cut(Span::new(start, end));
    }
    Some(splice.finish(text))
}
