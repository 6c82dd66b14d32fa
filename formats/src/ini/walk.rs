//! Sections to the walk: steps, leaves and comments in SOPS's order.

use super::scan::Scan;
use super::section::{Raw, Value};
use super::value::trim;
use super::{Keys, Place};
use crate::document::Outline;
use crate::leaf::{Comment, CommentId, Leaf, LeafId, Span, Step};
use crate::path::PathId;
use crate::value::Kind;

/// The walk in SOPS's order: the unnamed section first, also when it is empty; a section's comments, then its keys, each
/// followed by its comments. What SOPS does not have comes where it disturbs nothing.
pub(super) fn emit(scan: Scan<'_>) -> (Outline, Keys) {
    let text = scan.text;
    let mut out = Emit { outline: Outline::default(), keys: Keys::default() };
    out.outline.steps.extend([Step::Document, Step::MapStart(PathId::ROOT)]);
    out.outline.reserve(scan.leaves, text.len() / 8);
    out.keys.shapes.reserve(scan.leaves);
    for mut section in scan.sections {
        let path = out.outline.paths.key(PathId::ROOT, section.name);
        out.outline.steps.push(Step::Key(path));
        if section.entries.is_empty() && section.comments.is_empty() && section.lost.is_empty() {
            out.outline.steps.push(Step::EmptyMap(path));
            continue;
        }
        out.outline.steps.push(Step::MapStart(path));
        out.comments(text, path, section.comments, true);
        section.superseded.sort_by_key(|(of, _)| *of);
        let mut superseded = section.superseded.into_iter().peekable();
        for (number, entry) in section.entries.into_iter().enumerate() {
            let key = out.outline.paths.key(path, entry.name);
            out.leaf(key, &entry.value, true);
            while let Some((_, value)) = superseded.next_if(|(of, _)| *of == number) {
                out.leaf(key, &value, false);
            }
            out.comments(text, path, entry.comments, false);
        }
        out.comments(text, path, section.lost, false);
        out.outline.steps.push(Step::MapEnd);
    }
    out.outline.steps.push(Step::MapEnd);
    out.outline.blocks.extend(scan.block);
    out.outline.warnings = scan.warnings;
    out.keys.dropped = scan.dropped;
    (out.outline, out.keys)
}

struct Emit {
    outline: Outline,
    keys: Keys,
}

impl Emit {
    fn leaf(&mut self, path: PathId, value: &Value, in_mac: bool) {
        let outline = &mut self.outline;
        outline.steps.extend([Step::Key(path), Step::Leaf(LeafId(outline.leaves.len() as u32))]);
        outline.leaves.push(Leaf { path, span: value.span, kind: Kind::Str, document: 0, in_mac });
        self.keys.shapes.push(value.shape);
    }

    fn comments(&mut self, text: &[u8], container: PathId, group: Vec<Raw>, header: bool) {
        // A group that SOPS joins must not begin with an empty line: SOPS could not print what it decrypts. Such a run keeps its mark.
        let joined = group.len() > 1;
        for raw in group {
            let first_empty = raw.empty() || text[raw.start..raw.end].split(|&b| b == b'\n').next().is_some_and(|l| trim(l).is_empty());
            let with_mark = first_empty && (raw.lines > 1 || (joined && !raw.inline));
            let outline = &mut self.outline;
            outline.steps.push(Step::Comment(CommentId(outline.comments.len() as u32)));
            outline.comments.push(Comment {
                container,
                span: Span::new(raw.start, raw.end),
                document: 0,
                inline: raw.inline && !header,
                empty: raw.empty() && !with_mark,
            });
            self.keys.places.push(Place { mark: raw.mark as u32, with_mark, header });
        }
    }
}
