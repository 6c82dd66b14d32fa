//! A map or list with each comment at the entry that it goes with.

use crate::tree::{Item, Member, Note, Tree};

/// What stands in a container.
pub(super) struct Content<'t> {
    /// Above the first entry; all comments if there is none.
    pub leading: Vec<&'t Note>,
    pub entries: Vec<Entry<'t>>,
    /// Below the last one.
    pub trailing: Vec<&'t Note>,
}

/// An entry of a map, or an item of a list.
pub(super) struct Entry<'t> {
    /// Above it; nothing for the first one.
    pub head: Vec<&'t Note>,
    /// None in a list.
    pub key: Option<&'t [u8]>,
    pub tree: &'t Tree,
    /// Behind it, on its line.
    pub behind: Option<&'t Note>,
}

enum Part<'t> {
    Note(&'t Note),
    Entry(Option<&'t [u8]>, &'t Tree),
}

impl<'t> Content<'t> {
    /// Of a tree; empty for a scalar. `above`: comments behind an entry stand above it, as in SOPS before 3.13.
    pub(super) fn of(tree: &'t Tree, above: bool) -> Self {
        match tree {
            Tree::Map(members) => Self::collect(
                above,
                members.iter().map(|member| match member {
                    Member::Comment(note) => Part::Note(note),
                    Member::Entry(key, tree) => Part::Entry(Some(key), tree),
                }),
            ),
            Tree::List(items) => Self::collect(
                above,
                items.iter().map(|item| match item {
                    Item::Comment(note) => Part::Note(note),
                    Item::Value(tree) => Part::Entry(None, tree),
                }),
            ),
            Tree::Null | Tree::Value(_) => Self::collect(above, std::iter::empty()),
        }
    }

    fn collect(above: bool, parts: impl Iterator<Item = Part<'t>>) -> Self {
        let mut content = Content { leading: Vec::new(), entries: Vec::new(), trailing: Vec::new() };
        let mut waiting: Vec<&'t Note> = Vec::new();
        let mut parts = parts.peekable();
        while let Some(part) = parts.next() {
            let (key, tree) = match part {
                Part::Note(note) => {
                    waiting.push(note);
                    continue;
                }
                Part::Entry(key, tree) => (key, tree),
            };
            let behind = match parts.peek() {
                Some(Part::Note(note)) if note.inline && (above || !note.text.as_slice().contains(&b'\n')) => Some(*note),
                _ => None,
            };
            if behind.is_some() {
                parts.next();
            }
            waiting.extend(behind.filter(|_| above));
            let behind = behind.filter(|_| !above);
            let mut head = std::mem::take(&mut waiting);
            if content.entries.is_empty() {
                content.leading = std::mem::take(&mut head);
            }
            content.entries.push(Entry { head, key, tree, behind });
        }
        let rest = if content.entries.is_empty() { &mut content.leading } else { &mut content.trailing };
        *rest = waiting;
        content
    }
}
