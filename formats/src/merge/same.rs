//! Do two trees say the same? Comments and the order of a map's names aside, both of which are layout to a merge.

use std::collections::HashMap;

use crate::tree::Tree;

pub(super) fn tree(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Null, Tree::Null) => true,
        (Tree::Value(a), Tree::Value(b)) => a.same(b),
        (Tree::List(_), Tree::List(_)) => a.items().count() == b.items().count() && a.items().zip(b.items()).all(|(a, b)| tree(a, b)),
        (Tree::Map(_), Tree::Map(_)) => {
            if a.entries().count() != b.entries().count() {
                return false;
            }
            // Mostly the order is the same, too. Then it is looked at once: twice in every map around it would be twice as often for each.
            if a.entries().zip(b.entries()).all(|(a, b)| a.0 == b.0) {
                return values(a, b);
            }
            let (a, b) = (by_name(a), by_name(b));
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| all(a, b)))
        }
        _ => false,
    }
}

fn values(a: &Tree, b: &Tree) -> bool {
    a.entries().zip(b.entries()).all(|(a, b)| tree(a.1, b.1))
}

pub(super) fn option(a: Option<&Tree>, b: Option<&Tree>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => tree(a, b),
        _ => false,
    }
}

pub(super) fn all(a: &[&Tree], b: &[&Tree]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| tree(a, b))
}

/// A map's entries by their names, of which some may be doubled.
pub(super) fn by_name(map: &Tree) -> HashMap<&[u8], Vec<&Tree>> {
    let mut names: HashMap<&[u8], Vec<&Tree>> = HashMap::new();
    for (name, tree) in map.entries() {
        names.entry(name).or_default().push(tree);
    }
    names
}
