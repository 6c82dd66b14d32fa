//! Most comments stand right above a key, in its column. Nothing else in the text can then take them, so where all of a text's comments do, these few bytes say
//! what the way through all of its tokens says; builds with assertions go that way, too, and compare.

use super::super::parse::{Node, Parsed, Tag, What, Written};
use crate::leaf::Span;

/// Go-yaml looks for a comment within 512 bytes, and for the colon behind a key within 1024.
const NEAR: usize = 400;

/// The key that each comment stands above, by its node's number. None if there is one that stands anywhere else.
pub(super) fn keys(text: &[u8], parsed: &Parsed<'_>) -> Option<Vec<u32>> {
    (parsed.parts.len() == 1 && parsed.directives.is_empty()).then_some(())?;
    let mut keys = Vec::with_capacity(parsed.comments.len());
    let mut from = 0;
    while let Some(first) = parsed.comments.get(from) {
        let mark = first.start as usize - 1;
        let line = text[..mark].iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        (line == 0 || text[line - 1] == b'\n').then_some(())?;
        is_free(text, line)?;
        let column = mark - line;
        let (group, key) = below(text, &parsed.comments[from..], column)?;
        let key = key_at(text, &parsed.nodes, key)?;
        keys.resize(keys.len() + group, key);
        from += group;
    }
    Some(keys)
}

/// Is what comes before a line's comment done, and near? A dash or a bracket is not, nor is a document's mark.
fn is_free(text: &[u8], line: usize) -> Option<()> {
    let before = text[..line].trim_ascii_end();
    let is_open = before.last().is_some_and(|byte| matches!(byte, b'-' | b'?' | b',' | b'{' | b'[' | 0x80..));
    (!is_open && line - before.len() < NEAR).then_some(())
}

/// How many comments stand below each other in a column, and where in the same column the next line begins.
fn below(text: &[u8], comments: &[Span], column: usize) -> Option<(usize, usize)> {
    (column < NEAR).then_some(())?;
    let mut count = 0;
    loop {
        let comment = comments[count].range();
        let is_line = text.get(comment.end) == Some(&b'\n') && !text[comment.clone()].iter().any(|byte| matches!(byte, b'\r' | 0xe2));
        is_line.then_some(())?;
        count += 1;
        let next = comment.end + 1 + column;
        text.get(comment.end + 1..next)?.iter().all(|&byte| byte == b' ').then_some(())?;
        match comments.get(count) {
            Some(comment) if comment.start as usize == next + 1 => {}
            _ => return Some((count, next)),
        }
    }
}

/// The key of a map in lines that begins here; nothing stands before it, and the map has no anchor or tag.
fn key_at(text: &[u8], nodes: &[Node<'_>], at: usize) -> Option<u32> {
    let first = nodes.partition_point(|node| (node.span.start as usize) < at);
    let here = nodes[first..].iter().take_while(|node| node.span.start as usize == at);
    let mut last = None;
    for (node, number) in here.zip(first..) {
        (node.tag == Tag::None && !node.anchored).then_some(())?;
        last = Some((node, number as u32));
    }
    let (node, number) = last?;
    let is_text = matches!(node.what, What::Scalar(Written::Plain | Written::Single | Written::Double));
    let end = node.span.end as usize;
    let is_key = text.get(end) == Some(&b':') && matches!(text.get(end + 1), Some(b' ' | b'\n'));
    (is_text && is_key && (1..NEAR).contains(&(end - at))).then_some(number)
}
