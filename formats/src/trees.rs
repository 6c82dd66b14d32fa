//! From the walk of a document to its trees.

use crate::document::Document;
use crate::format::Format;
use crate::leaf::{CommentId, LeafId, Span, Step};
use crate::path::PathId;
use crate::tree::{Item, Member, Note, Tree};
use crate::value::Value;

/// A container that is being filled.
struct Frame {
    path: PathId,
    parts: Parts,
    /// The key that the container belongs to.
    outer: Vec<u8>,
    /// Comments that belong behind the next entry: YAML's walk has them before it, where selectors look for them.
    behind: Vec<Note>,
}

enum Parts {
    Map(Vec<Member>),
    List(Vec<Item>),
}

impl Frame {
    fn note(&mut self, note: Note) {
        match &mut self.parts {
            Parts::Map(members) => members.push(Member::Comment(note)),
            Parts::List(items) => items.push(Item::Comment(note)),
        }
    }
}

/// Trees in the making.
#[derive(Default)]
struct Builder {
    documents: Vec<Tree>,
    stack: Vec<Frame>,
    key: Vec<u8>,
    /// Comments of a container that is empty otherwise; the walk has them before it.
    inside: Vec<(PathId, Note)>,
}

impl Builder {
    fn open(&mut self, path: PathId, parts: Parts) {
        self.stack.push(Frame { path, parts, outer: std::mem::take(&mut self.key), behind: Vec::new() });
    }

    fn close(&mut self) {
        let mut frame = self.stack.pop().expect("the walk is balanced");
        for note in std::mem::take(&mut frame.behind) {
            frame.note(note);
        }
        self.key = frame.outer;
        self.put(match frame.parts {
            Parts::Map(members) => Tree::Map(members),
            Parts::List(items) => Tree::List(items),
        });
    }

    fn put(&mut self, tree: Tree) {
        let Some(frame) = self.stack.last_mut() else {
            match self.documents.last_mut() {
                Some(last) => *last = tree,
                None => self.documents.push(tree),
            }
            return;
        };
        match &mut frame.parts {
            Parts::Map(members) => members.push(Member::Entry(std::mem::take(&mut self.key), tree)),
            Parts::List(items) => items.push(Item::Value(tree)),
        }
        for note in std::mem::take(&mut frame.behind) {
            frame.note(note);
        }
    }

    fn empty(&mut self, path: PathId, map: bool) {
        let notes = self.inside.extract_if(.., |(at, _)| *at == path).map(|(_, note)| note);
        let tree = if map { Tree::Map(notes.map(Member::Comment).collect()) } else { Tree::List(notes.map(Item::Comment).collect()) };
        self.put(tree);
    }

    /// SOPS has one comment for each key and header of an INI file: all lines, each with its mark but the first.
    fn ini_comment(&mut self, mut note: Note, mark: &[u8]) {
        let Some(frame) = self.stack.last_mut() else { return };
        let Parts::Map(members) = &mut frame.parts else { return };
        match members.last_mut() {
            Some(Member::Comment(first)) => {
                note.text = crate::Bytes::new([first.text.as_slice(), b"\n", mark, note.text.as_slice()].concat());
                *first = note;
            }
            _ => members.push(Member::Comment(note)),
        }
    }

    /// `container`: where the comment belongs.
    fn comment(&mut self, note: Note, container: PathId, behind_next: bool) {
        match self.stack.last_mut().filter(|frame| frame.path == container) {
            Some(frame) if behind_next && note.inline => frame.behind.push(note),
            Some(frame) => frame.note(note),
            None => self.inside.push((container, note)),
        }
    }
}

/// The documents of a stream as trees. `value` gives each leaf its value (an opened token, or the leaf's own), `comment` the
/// text of each comment. Leaves outside the MAC (what SOPS's reader drops) are left out.
///
/// # Errors
/// The first error of `value`.
pub fn trees<E>(
    document: &Document<'_>,
    mut value: impl FnMut(LeafId) -> Result<Value, E>,
    mut comment: impl FnMut(CommentId) -> crate::Bytes,
) -> Result<Vec<Tree>, E> {
    let mut builder = Builder::default();
    for &step in document.steps() {
        match step {
            Step::Document => builder.documents.push(Tree::Null),
            Step::MapStart(path) => builder.open(path, Parts::Map(Vec::new())),
            Step::ListStart(path) => builder.open(path, Parts::List(Vec::new())),
            Step::MapEnd | Step::ListEnd => builder.close(),
            Step::Key(path) => builder.key = document.paths().name(path).unwrap_or_default().to_vec(),
            Step::EmptyMap(path) => builder.empty(path, true),
            Step::EmptyList(path) => builder.empty(path, false),
            Step::Null(_) => builder.put(Tree::Null),
            Step::Leaf(id) => {
                if document.leaf(id).in_mac {
                    builder.put(Tree::Value(value(id)?));
                }
            }
            Step::Comment(id) => {
                let found = document.comment(id);
                // SOPS knows no comments behind a value in INI, and puts those above a key behind it too.
                let note = Note { text: comment(id), inline: found.inline && document.format() != Format::Ini };
                match document.format() {
                    Format::Ini => builder.ini_comment(note, mark_before(document.text(), found.span)),
                    format => builder.comment(note, found.container, format == Format::Yaml),
                }
            }
        }
    }
    Ok(builder.documents)
}

/// The mark and the blanks between it and a comment's text.
fn mark_before(text: &[u8], span: Span) -> &[u8] {
    let before = &text[..span.start as usize];
    let blank = |b: &u8| *b == b' ';
    let marks = before.iter().rev().take_while(|b| b"#; ".contains(b)).count();
    let blanks = before[before.len() - marks..].iter().take_while(|b| blank(b)).count();
    &before[before.len() - marks + blanks..]
}
