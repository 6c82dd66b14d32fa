//! Values with structure: the metadata block, `set`, `--extract`, conversion.

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
    /// Stands behind the value of the entry **before** it, on its line. Means nothing before the first entry.
    pub inline: bool,
}

/// The fields of a block with all that is the same in the old one as it stands there. `flat`: names are flat, and what is a line feed in the old
/// block may be the two characters `\n` in the new fields.
pub(crate) fn kept(fields: &[(String, Tree)], old: Option<&Tree>, flat: bool) -> Vec<(String, Tree)> {
    let Some(old @ Tree::Map(_)) = old else { return fields.to_vec() };
    let mut out: Vec<(String, Tree)> = Vec::with_capacity(fields.len());
    let folded = |tree: &Tree| tree.as_str().map(|text| text.replace('\n', "\\n"));
    for (name, tree) in fields {
        let kept = match old.get(name) {
            Some(old) if flat && folded(old).is_some_and(|text| tree.as_str() == Some(&text)) => old.clone(),
            Some(old) => tree.kept(old),
            None => tree.clone(),
        };
        out.push((name.clone(), kept));
    }
    // What old writers left empty stays, in its place among the names.
    for (name, tree) in old.entries().filter(|(_, tree)| tree.says_nothing()) {
        let Ok(name) = std::str::from_utf8(name) else { continue };
        if fields.iter().all(|(field, _)| field != name) {
            let at = out.iter().position(|(field, _)| field.as_str() > name).unwrap_or(out.len());
            out.insert(at, (name.to_owned(), tree.clone()));
        }
    }
    out
}

impl Tree {
    /// This tree with every map in the order of another's, which says the same of what did not change, empty things and comments included. Goes as
    /// deep as the other one, whose depth the scan has bounded.
    fn kept(&self, old: &Tree) -> Tree {
        match (self, old) {
            (new, Tree::Null) if new.says_nothing() => Tree::Null,
            (Tree::Map(_), Tree::Map(members)) => {
                let mut new: Vec<(&[u8], &Tree)> = self.entries().collect();
                let (mut out, mut same) = (Vec::with_capacity(new.len()), true);
                for member in members {
                    let Member::Entry(name, old) = member else { continue };
                    match new.iter().position(|(field, _)| field == name) {
                        Some(at) => {
                            let tree = new.remove(at).1.kept(old);
                            same &= tree == *old;
                            out.push(Member::Entry(name.clone(), tree));
                        }
                        None if old.says_nothing() => out.push(member.clone()),
                        None => same = false,
                    }
                }
                if same && new.is_empty() {
                    return old.clone();
                }
                out.extend(new.into_iter().map(|(name, tree)| Member::Entry(name.to_vec(), tree.clone())));
                Tree::Map(out)
            }
            (Tree::List(_), Tree::List(_)) => {
                let mut theirs = old.items();
                let out: Vec<Tree> = self.items().map(|item| theirs.next().map_or_else(|| item.clone(), |old| item.kept(old))).collect();
                if out.iter().eq(old.items()) { old.clone() } else { Tree::list(out) }
            }
            _ => self.clone(),
        }
    }

    /// Null, an empty text, an empty map or list: in a block all the same as not there.
    fn says_nothing(&self) -> bool {
        match self {
            Tree::Null => true,
            Tree::Value(Value::Str(text)) => text.as_slice().is_empty(),
            Tree::Value(_) => false,
            Tree::Map(_) => self.entries().next().is_none(),
            Tree::List(_) => self.items().next().is_none(),
        }
    }

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

/// The members of a map with each comment that stands behind an entry above it: for formats without such comments.
pub(crate) fn comments_above(members: &[Member]) -> impl Iterator<Item = &Member> {
    let behind = |at: usize| matches!(members.get(at), Some(Member::Comment(note)) if note.inline);
    let is_entry = |at: usize| matches!(members.get(at), Some(Member::Entry(..)));
    (0..members.len()).map(move |at| match at {
        _ if is_entry(at) && behind(at + 1) => &members[at + 1],
        1.. if behind(at) && is_entry(at - 1) => &members[at - 1],
        _ => &members[at],
    })
}
