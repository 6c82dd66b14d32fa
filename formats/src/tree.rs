//! Values with structure: the metadata block, `set`, `--extract`, conversion.

use crate::document::Document;
use crate::leaf::{CommentId, LeafId, Step};
use crate::path::Part;
use crate::value::Value;

/// A value with structure.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// null
    Null,
    /// A leaf.
    Value(Value),
    /// A map; order and doubled keys are kept.
    Map(Vec<Member>),
    /// A list.
    List(Vec<Item>),
}

/// What stands in a map.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    /// A key and its value.
    Entry(Vec<u8>, Tree),
    /// A comment between the entries.
    Comment(Note),
}

/// What stands in a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An item.
    Value(Tree),
    /// A comment between the items.
    Comment(Note),
}

/// A comment of a tree: its text behind the mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The text, without `#`.
    pub text: crate::Bytes,
    /// Stands behind the value of the entry **before** it, on its line.
    pub inline: bool,
}

impl Tree {
    /// A string leaf.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Tree::Value(Value::text(text))
    }

    /// A map without comments.
    pub fn map<K: AsRef<[u8]>>(entries: impl IntoIterator<Item = (K, Tree)>) -> Self {
        Tree::Map(entries.into_iter().map(|(k, v)| Member::Entry(k.as_ref().to_vec(), v)).collect())
    }

    /// A list without comments.
    pub fn list(items: impl IntoIterator<Item = Tree>) -> Self {
        Tree::List(items.into_iter().map(Item::Value).collect())
    }

    /// The entries of a map without its comments; nothing for other trees.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &Tree)> {
        let members = if let Tree::Map(members) = self { members.as_slice() } else { &[] };
        members.iter().filter_map(|m| match m {
            Member::Entry(k, v) => Some((k.as_slice(), v)),
            Member::Comment(_) => None,
        })
    }

    /// The items of a list without its comments; nothing for other trees.
    pub fn items(&self) -> impl Iterator<Item = &Tree> {
        let items = if let Tree::List(items) = self { items.as_slice() } else { &[] };
        items.iter().filter_map(|i| match i {
            Item::Value(v) => Some(v),
            Item::Comment(_) => None,
        })
    }

    /// The first entry of that name.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries().find(|(k, _)| *k == key.as_bytes()).map(|(_, v)| v)
    }

    /// The text of a string leaf that is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Tree::Value(Value::Str(bytes)) => std::str::from_utf8(bytes.as_slice()).ok(),
            _ => None,
        }
    }

    /// The tree at a path.
    ///
    /// # Errors
    /// The index of the part that is not there.
    pub fn at(&self, path: &[Part]) -> Result<&Tree, usize> {
        let mut tree = self;
        for (i, part) in path.iter().enumerate() {
            tree = match part {
                Part::Key(name) => tree.entries().find(|(k, _)| k == name).map(|(_, v)| v),
                Part::Index(n) => tree.items().nth(*n),
            }
            .ok_or(i)?;
        }
        Ok(tree)
    }
}

enum Frame {
    Map(Vec<Member>),
    List(Vec<Item>),
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
    let mut documents = Vec::new();
    let mut stack: Vec<(Frame, Vec<u8>)> = Vec::new();
    let mut key: Vec<u8> = Vec::new();
    fn put(stack: &mut [(Frame, Vec<u8>)], documents: &mut Vec<Tree>, key: &mut Vec<u8>, tree: Tree) {
        match stack.last_mut() {
            Some((Frame::Map(members), _)) => members.push(Member::Entry(std::mem::take(key), tree)),
            Some((Frame::List(items), _)) => items.push(Item::Value(tree)),
            None => match documents.last_mut() {
                Some(last) => *last = tree,
                None => documents.push(tree),
            },
        }
    }
    for &step in document.steps() {
        match step {
            Step::Document => documents.push(Tree::Null),
            Step::MapStart(_) => stack.push((Frame::Map(Vec::new()), std::mem::take(&mut key))),
            Step::ListStart(_) => stack.push((Frame::List(Vec::new()), std::mem::take(&mut key))),
            Step::MapEnd | Step::ListEnd => {
                let (frame, outer) = stack.pop().expect("the walk is balanced");
                key = outer;
                let tree = match frame {
                    Frame::Map(members) => Tree::Map(members),
                    Frame::List(items) => Tree::List(items),
                };
                put(&mut stack, &mut documents, &mut key, tree);
            }
            Step::Key(path) => key = document.paths().name(path).unwrap_or_default().to_vec(),
            Step::EmptyMap(_) => put(&mut stack, &mut documents, &mut key, Tree::Map(Vec::new())),
            Step::EmptyList(_) => put(&mut stack, &mut documents, &mut key, Tree::List(Vec::new())),
            Step::Null(_) => put(&mut stack, &mut documents, &mut key, Tree::Null),
            Step::Leaf(id) => {
                if document.leaf(id).in_mac {
                    put(&mut stack, &mut documents, &mut key, Tree::Value(value(id)?));
                }
            }
            Step::Comment(id) => {
                let note = Note { text: comment(id), inline: document.comment(id).inline };
                match stack.last_mut() {
                    Some((Frame::Map(members), _)) => members.push(Member::Comment(note)),
                    Some((Frame::List(items), _)) => items.push(Item::Comment(note)),
                    // A comment outside every container (a document without entries) has no place in a tree.
                    None => {}
                }
            }
        }
    }
    Ok(documents)
}
