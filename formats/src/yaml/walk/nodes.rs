//! What the walk asks of nodes: is there anything in one, and what is the root of a document?

use crate::yaml::detail::{DocumentSite, Root};
use crate::yaml::parse::{Node, Parsed, What};
use crate::yaml::scalar::{self, Read};

/// A scalar, or an empty collection: nothing that could hold an entry.
pub(super) fn is_scalar(parsed: &Parsed<'_>, node: &Node<'_>) -> bool {
    match node.what {
        What::Scalar(_) => true,
        What::Alias(target) => is_scalar(parsed, &parsed.nodes[target as usize]),
        What::Map { .. } | What::List { .. } => is_empty(parsed, node),
    }
}

/// A collection without entries, that stands here itself.
pub(super) fn is_empty(parsed: &Parsed<'_>, node: &Node<'_>) -> bool {
    let last = || parsed.nodes.get(node.next as usize - 1).is_some_and(|last| std::ptr::eq(last, node));
    matches!(node.what, What::Map { .. } | What::List { .. }) && last()
}

pub(super) fn is_comment_token(node: &Node<'_>) -> bool {
    matches!(node.what, What::Scalar(_)) && crate::leaf::is_comment_token(node.text.as_bytes())
}

/// The root of a document, and where it ends; none if it is no map.
pub(super) fn site(parsed: &Parsed<'_>, number: usize) -> Option<DocumentSite> {
    let part = &parsed.parts[number];
    let node = &parsed.nodes[part.root as usize];
    let root = match node.what {
        What::Map { flow: true } => Root::Flow { close: node.span.end - 1, filled: root_entries(parsed, part.root) },
        What::Map { flow: false } => Root::Block { column: node.column },
        What::Scalar(written) if matches!(scalar::read(&node.text, written, node.tag), Read::Null) => Root::Null(node.span),
        _ => return None,
    };
    Some(DocumentSite { root, end: part.end })
}

/// Has this root map an entry besides the metadata?
pub(super) fn root_entries(parsed: &Parsed<'_>, root: u32) -> bool {
    let end = parsed.nodes[root as usize].next;
    let mut at = root + 1;
    while at < end {
        let node = &parsed.nodes[at as usize];
        if node.text != "sops" || !matches!(node.what, What::Scalar(_)) {
            return true;
        }
        at = parsed.nodes[node.next as usize].next;
    }
    false
}
