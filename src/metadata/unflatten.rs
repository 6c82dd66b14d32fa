//! Flat names of ENV and INI back to a block.

use std::collections::{BTreeMap, HashMap};

use leafcrypt_formats::{Tree, Value};
use thiserror::Error;

use super::flatten::{LIST, MAP};

/// SOPS's own names are five steps deep at most.
const DEPTH: usize = 32;
/// A step takes some 300 bytes of memory, and a recipient has ten.
const NODES: usize = 200_000;

/// Why flat names do not make a block. The texts begin with those of SOPS 3.13, which refuses the same.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FlatError {
    /// One name is a value here and a map or list there.
    #[error("Type mismatch in the metadata: {0} is used in two ways")]
    Mismatch(String),
    /// A list lacks an index.
    #[error("Incomplete list in the metadata: {0}")]
    Incomplete(String),
    /// An index below zero or beyond any list.
    #[error("the index in the metadata name {0} is out of range")]
    Index(String),
    /// More steps than a name can mean anything with.
    #[error("the metadata name {0} has too many steps")]
    Deep(String),
    /// More names and steps of them than 1,000 recipients have (R8).
    #[error("the metadata has too many names")]
    Many,
    /// A name or value that is not UTF-8.
    #[error("the metadata has a name that is not UTF-8")]
    NotText,
}

/// Nested fields from flat names. Of a name that stands twice the last value counts. Every pair `\n` becomes a line feed; real ones stay.
///
/// # Errors
/// Names that contradict each other, lists with gaps.
pub(super) fn unflatten(fields: &Tree) -> Result<Tree, FlatError> {
    let mut nodes = Nodes(vec![Node::default()]);
    for (name, tree) in fields.entries() {
        let name = std::str::from_utf8(name).map_err(|_| FlatError::NotText)?;
        let mut at = 0;
        let mut steps = Steps { rest: Some(name), separator: MAP };
        let mut depth = 0;
        while let Some(step) = steps.next(name)? {
            depth += 1;
            if depth > DEPTH {
                return Err(FlatError::Deep(shown(name)));
            }
            at = nodes.child(at, step).ok_or_else(|| FlatError::Mismatch(shown(name)))?;
        }
        if nodes.0.len() > NODES {
            return Err(FlatError::Many);
        }
        nodes.put(at, unescaped(tree)).ok_or_else(|| FlatError::Mismatch(shown(name)))?;
    }
    nodes.tree(0, "")
}

/// Names come from the file, so what is shown of them is bounded.
fn shown(name: &str) -> String {
    let mut end = name.len().min(100);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

fn unescaped(tree: &Tree) -> Tree {
    let Tree::Value(Value::Str(text)) = tree else { return tree.clone() };
    let mut out = Vec::with_capacity(text.as_slice().len());
    let mut rest = text.as_slice();
    while let Some(&byte) = rest.first() {
        if rest.starts_with(b"\\n") {
            out.push(b'\n');
            rest = &rest[2..];
        } else {
            out.push(byte);
            rest = &rest[1..];
        }
    }
    Tree::text(out)
}

enum Step<'n> {
    Key(&'n str),
    Index(usize),
}

/// Cuts a name at every separator.
struct Steps<'n> {
    rest: Option<&'n str>,
    separator: &'static str,
}

impl<'n> Steps<'n> {
    fn next(&mut self, name: &str) -> Result<Option<Step<'n>>, FlatError> {
        let Some(rest) = self.rest else { return Ok(None) };
        let is_index = self.separator == LIST;
        let next = [MAP, LIST].into_iter().filter_map(|s| rest.find(s).map(|at| (at, s))).min();
        let part = match next {
            Some((at, separator)) => {
                self.separator = separator;
                self.rest = Some(&rest[at + separator.len()..]);
                &rest[..at]
            }
            None => {
                self.rest = None;
                rest
            }
        };
        if !is_index {
            return Ok(Some(Step::Key(part)));
        }
        let digits = part.strip_prefix('-').unwrap_or(part);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            return part.parse().map(|i| Some(Step::Index(i))).map_err(|_| FlatError::Index(shown(name)));
        }
        // As in SOPS, what is no number counts as 0.
        Ok(Some(Step::Index(0)))
    }
}

#[derive(Default)]
enum Node {
    #[default]
    Fresh,
    Leaf(Tree),
    Map {
        order: Vec<(String, usize)>,
        by_name: HashMap<String, usize>,
    },
    /// Sorted, and as big as the names that were seen, however big the indexes are.
    List(BTreeMap<usize, usize>),
}

struct Nodes(Vec<Node>);

impl Nodes {
    /// The child at a step, made if it is not there. None: the node is something else.
    fn child(&mut self, at: usize, step: Step<'_>) -> Option<usize> {
        let fresh = self.0.len();
        let node = &mut self.0[at];
        if let Node::Fresh = node {
            *node = match step {
                Step::Key(_) => Node::Map { order: Vec::new(), by_name: HashMap::new() },
                Step::Index(_) => Node::List(BTreeMap::new()),
            };
        }
        let found = match (node, step) {
            (Node::Map { order, by_name }, Step::Key(name)) => *by_name.entry(name.to_owned()).or_insert_with(|| {
                order.push((name.to_owned(), fresh));
                fresh
            }),
            (Node::List(items), Step::Index(index)) => *items.entry(index).or_insert(fresh),
            _ => return None,
        };
        if found == fresh {
            self.0.push(Node::Fresh);
        }
        Some(found)
    }

    fn put(&mut self, at: usize, tree: Tree) -> Option<()> {
        match &mut self.0[at] {
            node @ (Node::Fresh | Node::Leaf(_)) => *node = Node::Leaf(tree),
            Node::Map { .. } | Node::List(_) => return None,
        }
        Some(())
    }

    /// Goes no deeper than [`DEPTH`], since no name does.
    fn tree(&mut self, at: usize, name: &str) -> Result<Tree, FlatError> {
        match std::mem::take(&mut self.0[at]) {
            Node::Fresh => Ok(Tree::Map(Vec::new())),
            Node::Leaf(tree) => Ok(tree),
            Node::Map { order, .. } => {
                let entries = order.into_iter().map(|(key, child)| {
                    let tree = self.tree(child, if name.is_empty() { &key } else { name })?;
                    Ok((key, tree))
                });
                Ok(Tree::map(entries.collect::<Result<Vec<_>, FlatError>>()?))
            }
            Node::List(items) => {
                if items.keys().enumerate().any(|(i, &index)| i != index) {
                    return Err(FlatError::Incomplete(shown(name)));
                }
                let items = items.into_values().map(|child| self.tree(child, name));
                Ok(Tree::list(items.collect::<Result<Vec<_>, _>>()?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(names: &[(&str, &str)]) -> Tree {
        Tree::map(names.iter().map(|(name, text)| (*name, Tree::text(text))))
    }

    fn error(names: &[&str]) -> FlatError {
        let names: Vec<_> = names.iter().map(|name| (*name, "x")).collect();
        unflatten(&flat(&names)).expect_err("the names are wrong")
    }

    #[test]
    fn any_order_of_lines() {
        let tree = unflatten(&flat(&[("a__list_1__map_x", "2"), ("b", "3"), ("a__list_0__map_x", "1")])).expect("complete");
        let texts: Vec<_> = tree.get("a").map(|a| a.items().map(|i| i.get("x").and_then(Tree::as_str)).collect()).unwrap_or_default();
        assert_eq!(texts, [Some("1"), Some("2")]);
    }

    #[test]
    fn the_last_of_two_counts() {
        let tree = unflatten(&flat(&[("a__map_b", "1"), ("a__map_b", "2")])).expect("accepted as in SOPS up to 3.12");
        assert_eq!(tree.get("a").and_then(|a| a.get("b")).and_then(Tree::as_str), Some("2"));
    }

    #[test]
    fn newlines_of_both_kinds() {
        let tree = unflatten(&flat(&[("a", "x\\ny\nz\\\\n\\")])).expect("one name");
        assert_eq!(tree.get("a").and_then(Tree::as_str), Some("x\ny\nz\\\n\\"));
    }

    #[test]
    fn clashes_gaps_and_huge_indexes() {
        assert_eq!(error(&["a", "a__map_b"]), FlatError::Mismatch("a__map_b".into()));
        assert_eq!(error(&["a__map_b", "a"]), FlatError::Mismatch("a".into()));
        assert_eq!(error(&["a__list_0", "a__map_b"]), FlatError::Mismatch("a__map_b".into()));
        assert_eq!(error(&["age__list_1__map_enc"]), FlatError::Incomplete("age".into()));
        assert_eq!(error(&["age__list_0", "age__list_4294967295"]), FlatError::Incomplete("age".into()));
        assert_eq!(error(&["age__list_99999999999999999999999"]), FlatError::Index("age__list_99999999999999999999999".into()));
        assert_eq!(error(&["age__list_-1__map_enc"]), FlatError::Index("age__list_-1__map_enc".into()));
        let deep = format!("a{}", "__map_b".repeat(100_000));
        assert!(matches!(error(&[deep.as_str()]), FlatError::Deep(_)));
    }

    #[test]
    fn too_many_names() {
        let names = |count: usize| Tree::map((0..count).map(|i| (format!("z{i}__map_a__map_b"), Tree::text(""))));
        assert!(unflatten(&names(60_000)).is_ok());
        assert_eq!(unflatten(&names(70_000)), Err(FlatError::Many));
    }

    #[test]
    fn an_index_that_is_no_number_is_zero() {
        let tree = unflatten(&flat(&[("a__list_x", "1")])).expect("as in SOPS");
        assert_eq!(tree.get("a"), Some(&Tree::list([Tree::text("1")])));
    }
}
