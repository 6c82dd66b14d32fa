//! From nodes to the walk, and to the tree of the metadata block.

use std::collections::HashMap;

use super::scalar;
use super::scan::{NONE, ROOT, Scan, What};
use crate::document::Outline;
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::{Comment, CommentId, Leaf, LeafId, Span, Step};
use crate::limits::Limits;
use crate::path::PathId;
use crate::syntax::Block;
use crate::tree::{Item, Member, Tree};

/// A container that is being walked: its path, what comes next in it, and how many items it has had.
struct Open {
    path: PathId,
    list: bool,
    next: u32,
    items: usize,
}

/// The walk. Besides: where the block may be written again.
pub(super) fn outline(scan: &Scan, text: &[u8], limits: &Limits) -> Result<(Outline, Option<usize>), SyntaxError> {
    let mut out = Outline::default();
    out.steps.push(Step::Document);
    let clear = scan.children(ROOT).any(|n| Some(n) != scan.sops);
    let mut stack = Vec::new();
    if clear {
        out.steps.push(Step::MapStart(PathId::ROOT));
        stack.push(Open { path: PathId::ROOT, list: false, next: scan.nodes[ROOT as usize].first, items: 0 });
    } else {
        out.steps.push(Step::EmptyMap(PathId::ROOT));
    }
    while let Some(open) = stack.last_mut() {
        let id = open.next;
        if id == NONE {
            out.steps.push(if open.list { Step::ListEnd } else { Step::MapEnd });
            stack.pop();
            continue;
        }
        let node = &scan.nodes[id as usize];
        open.next = node.next;
        if Some(id) == scan.sops {
            continue;
        }
        let span = Span::new(node.span.start, node.span.end);
        if let What::Comment { inline, opens } = node.what {
            if !opens {
                comment(&mut out, text, open.path, &node.span, inline);
            }
            continue;
        }
        // What stands behind a value is said of it, and what stands behind a header or bracket of all that comes in there.
        while let Some(note) = scan.nodes.get(open.next as usize)
            && note.what == (What::Comment { inline: true, opens: false })
        {
            comment(&mut out, text, open.path, &note.span, true);
            open.next = note.next;
        }
        let (list, parent) = (open.list, open.path);
        let path = if list {
            open.items += 1;
            out.paths.index(parent, open.items - 1)
        } else {
            out.paths.key(parent, scan.name(id).as_bytes())
        };
        for note in scan.children(id).map(|child| &scan.nodes[child as usize]) {
            if note.what == (What::Comment { inline: false, opens: true }) {
                comment(&mut out, text, path, &note.span, false);
            }
        }
        if !list {
            out.steps.push(Step::Key(path));
        }
        match node.what {
            What::Scalar => {
                let kind = scalar::kind(&text[node.span.clone()]);
                out.steps.push(Step::Leaf(LeafId(out.leaves.len() as u32)));
                out.leaves.push(Leaf { path, span, kind, document: 0, in_mac: true });
            }
            What::Map if node.first == NONE => out.steps.push(Step::EmptyMap(path)),
            What::List if node.first == NONE => out.steps.push(Step::EmptyList(path)),
            _ => {
                let list = node.what == What::List;
                out.steps.push(if list { Step::ListStart(path) } else { Step::MapStart(path) });
                stack.push(Open { path, list, next: node.first, items: 0 });
                if stack.len() > limits.depth {
                    return Err(SyntaxError::at(text, node.span.start, SyntaxClass::Limit, "nested too deep"));
                }
            }
        }
    }
    if let Some(sops) = scan.sops {
        out.blocks.push(block(scan, sops, text));
    }
    Ok((out, scan.block))
}

fn comment(out: &mut Outline, text: &[u8], container: PathId, at: &std::ops::Range<usize>, inline: bool) {
    let empty = text[at.clone()].iter().all(|b| matches!(b, b' ' | b'\t'));
    out.steps.push(Step::Comment(CommentId(out.comments.len() as u32)));
    out.comments.push(Comment { container, span: Span::new(at.start, at.end), document: 0, inline, empty });
}

fn block(scan: &Scan, sops: u32, text: &[u8]) -> Block {
    let cuts: Vec<Span> = scan.cuts.iter().map(|c| Span::new(c.start, c.end)).collect();
    let fields = (scan.nodes[sops as usize].what == What::Map).then(|| tree(scan, sops, text));
    let mut found: HashMap<u32, (usize, usize)> = HashMap::new();
    for piece in &scan.pieces {
        let (start, end) = found.entry(piece.field).or_insert((piece.span.start, piece.span.end));
        (*start, *end) = ((*start).min(piece.span.start), (*end).max(piece.span.end));
    }
    let spans = scan
        .children(sops)
        .filter(|&n| fields.is_some() && !matches!(scan.nodes[n as usize].what, What::Comment { .. }))
        .map(|n| {
            let node = &scan.nodes[n as usize].span;
            let (start, end) = found.get(&n).copied().unwrap_or((node.start, node.end));
            Span::new(start, end)
        })
        .collect();
    let all = Span { start: cuts.first().map_or(0, |c| c.start), end: cuts.last().map_or(0, |c| c.end) };
    Block { span: all, cuts, document: 0, fields, spans }
}

/// A node as a tree, without comments. The scan has seen to its depth: `toml_edit` allows 80 levels a key and 80 a value.
/// Line ends of multi-line strings are read as LF, as TOML lets a reader do: git may have changed them.
fn tree(scan: &Scan, node: u32, text: &[u8]) -> Tree {
    let n = &scan.nodes[node as usize];
    let children = || scan.children(node).filter(|&c| !matches!(scan.nodes[c as usize].what, What::Comment { .. }));
    match n.what {
        What::Map => Tree::Map(children().map(|c| Member::Entry(scan.name(c).as_bytes().to_vec(), tree(scan, c, text))).collect()),
        What::List => Tree::List(children().map(|c| Item::Value(tree(scan, c, text))).collect()),
        What::Scalar | What::Comment { .. } => {
            let source = &text[n.span.clone()];
            let unix = source.starts_with(b"\"\"\"") || source.starts_with(b"'''");
            let source = if unix { String::from_utf8_lossy(source).replace("\r\n", "\n").into_bytes() } else { source.to_vec() };
            scalar::read(&source).map_or(Tree::Null, Tree::Value)
        }
    }
}
