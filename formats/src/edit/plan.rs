//! A path and a tree: what must happen, and where. SOPS's rules (`docs/sops-cli.md`, section 5).

use super::EditError;
use crate::format::Format;
use crate::path::{Part, display_parts};
use crate::tree::{Item, Member, Tree};

/// What must happen. Paths are of things that exist; of doubled names the last one counts, as for most readers.
pub(crate) enum Plan<'a> {
    /// What stands at a path (maybe the root) becomes this.
    Replace { at: &'a [Part], tree: Tree },
    /// The map at a path, which has entries, gets one more.
    Insert { at: &'a [Part], key: &'a [u8], tree: Tree },
    /// The list at a path, which has items, gets one more.
    Append { at: &'a [Part], tree: Tree },
    /// What stands at a path goes. `last`: nothing is left in its container.
    Remove { at: &'a [Part], last: bool },
}

impl<'a> Plan<'a> {
    /// None: the tree has this already.
    pub(super) fn new(format: Format, root: &Tree, at: &'a [Part], tree: Option<&Tree>) -> Result<Option<Self>, EditError> {
        if at.is_empty() {
            return Err(EditError::NoPath);
        }
        match tree {
            Some(tree) => Plan::set(format, root, at, tree),
            None => Plan::remove(root, at).map(Some),
        }
    }

    fn set(format: Format, root: &Tree, at: &'a [Part], tree: &Tree) -> Result<Option<Self>, EditError> {
        let mut here = root;
        for (i, part) in at.iter().enumerate() {
            let (before, rest) = (&at[..i], &at[i + 1..]);
            let shown = || display_parts(before);
            match (here, part) {
                (Tree::Map(_), Part::Key(key)) => match entry(here, key) {
                    Some(found) => here = found,
                    None if here.entries().next().is_none() => {
                        return Ok(Some(Plan::Replace { at: before, tree: wrapped(&at[i..], tree) }));
                    }
                    None => return Ok(Some(Plan::Insert { at: before, key, tree: wrapped(rest, tree) })),
                },
                (Tree::List(_), Part::Index(n)) => match here.items().nth(*n) {
                    Some(found) => here = found,
                    None => {
                        if here.items().next().is_none() {
                            return Ok(Some(Plan::Replace { at: before, tree: wrapped(&at[i..], tree) }));
                        }
                        return Ok(Some(Plan::Append { at: before, tree: wrapped(rest, tree) }));
                    }
                },
                (Tree::Map(_), Part::Index(_)) => return Err(EditError::PositionInMap { at: shown() }),
                (Tree::List(_), Part::Key(_)) => return Err(EditError::NameInList { at: shown() }),
                (Tree::Null | Tree::Value(_), _) => return Ok(Some(Plan::Replace { at: before, tree: wrapped(&at[i..], tree) })),
            }
        }
        let (new, old) = (std::slice::from_ref(tree), std::slice::from_ref(here));
        // TOML has its own order. Both ways, for a float is no integer here.
        let reordered = || format == Format::Toml && super::same::documents(format, new, old) && super::same::documents(format, old, new);
        if equal(here, tree) || reordered() {
            return Ok(None);
        }
        Ok(Some(Plan::Replace { at, tree: tree.clone() }))
    }

    fn remove(root: &Tree, at: &'a [Part]) -> Result<Self, EditError> {
        let mut here = root;
        let mut last = false;
        for (depth, part) in at.iter().enumerate() {
            let missing = || EditError::NotThere { at: display_parts(&at[..=depth]), depth };
            let shown = || display_parts(&at[..depth]);
            let found = match (here, part) {
                (Tree::Map(_), Part::Key(key)) => entry(here, key).ok_or_else(missing)?,
                (Tree::List(_), Part::Index(n)) => here.items().nth(*n).ok_or_else(missing)?,
                (Tree::Map(_), Part::Index(_)) => return Err(missing()),
                (Tree::List(_), Part::Key(_)) => return Err(EditError::NameInList { at: shown() }),
                (Tree::Null, _) => return Err(EditError::Leaf { at: shown(), depth, kind: "null" }),
                (Tree::Value(v), _) => return Err(EditError::Leaf { at: shown(), depth, kind: v.kind().name() }),
            };
            last = here.entries().count() + here.items().count() == 1;
            here = found;
        }
        Ok(Plan::Remove { at, last })
    }

    /// The same to a tree.
    pub(super) fn apply(&self, root: &mut Tree) {
        match self {
            Plan::Replace { at, tree } => {
                if let Some(place) = place(root, at) {
                    *place = tree.clone();
                }
            }
            Plan::Insert { at, key, tree } => {
                if let Some(Tree::Map(members)) = place(root, at) {
                    members.push(Member::Entry(key.to_vec(), tree.clone()));
                }
            }
            Plan::Append { at, tree } => {
                if let Some(Tree::List(items)) = place(root, at) {
                    items.push(Item::Value(tree.clone()));
                }
            }
            Plan::Remove { at, .. } => {
                let Some((part, above)) = at.split_last() else { return };
                match (place(root, above), part) {
                    (Some(Tree::Map(members)), Part::Key(key)) => {
                        if let Some(i) = members.iter().rposition(|m| matches!(m, Member::Entry(name, _) if name == key)) {
                            members.remove(i);
                        }
                    }
                    (Some(Tree::List(items)), Part::Index(n)) => {
                        let mut values = items.iter().enumerate().filter(|(_, i)| matches!(i, Item::Value(_)));
                        if let Some((i, _)) = values.nth(*n) {
                            items.remove(i);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The last entry of that name.
fn entry<'t>(tree: &'t Tree, key: &[u8]) -> Option<&'t Tree> {
    tree.entries().filter(|(name, _)| *name == key).last().map(|(_, tree)| tree)
}

/// The tree at a path that exists, to be changed.
fn place<'t>(mut tree: &'t mut Tree, at: &[Part]) -> Option<&'t mut Tree> {
    for part in at {
        tree = match (tree, part) {
            (Tree::Map(members), Part::Key(key)) => members.iter_mut().rev().find_map(|m| match m {
                Member::Entry(name, tree) if name == key => Some(tree),
                _ => None,
            })?,
            (Tree::List(items), Part::Index(n)) => items
                .iter_mut()
                .filter_map(|i| match i {
                    Item::Value(tree) => Some(tree),
                    Item::Comment(_) => None,
                })
                .nth(*n)?,
            _ => return None,
        };
    }
    Some(tree)
}

/// A tree below names and positions that are not there yet: a position makes a list of one item, whatever its number.
fn wrapped(rest: &[Part], tree: &Tree) -> Tree {
    rest.iter().rev().fold(tree.clone(), |inner, part| match part {
        Part::Key(name) => Tree::map([(name, inner)]),
        Part::Index(_) => Tree::list([inner]),
    })
}

fn equal(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Null, Tree::Null) => true,
        (Tree::Value(a), Tree::Value(b)) => a.same(b),
        (Tree::Map(_), Tree::Map(_)) => {
            a.entries().count() == b.entries().count() && a.entries().zip(b.entries()).all(|(a, b)| a.0 == b.0 && equal(a.1, b.1))
        }
        (Tree::List(_), Tree::List(_)) => a.items().count() == b.items().count() && a.items().zip(b.items()).all(|(a, b)| equal(a, b)),
        _ => false,
    }
}
