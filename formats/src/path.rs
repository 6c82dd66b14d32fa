//! Paths: `["a"][0]` on the command line, `a.b[0]` for people, `a:b:` as additional data.

use std::fmt::Write as _;

use crate::shown::hidden;

/// A path of a document, an index into its [`Paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub u32);

impl PathId {
    /// The root of every document.
    pub const ROOT: PathId = PathId(0);
}

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A key of a map.
    Key(Vec<u8>),
    /// An item of a list, from 0.
    Index(usize),
}

#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    /// Start of the name in `names`, or the index of a list item.
    start: u32,
    /// Length of the name, or [`INDEX`].
    len: u32,
}

const INDEX: u32 = u32::MAX;

/// All paths of a document, shared: a leaf costs a few words, however deep it hangs.
pub struct Paths {
    nodes: Vec<Node>,
    names: Vec<u8>,
}

impl Default for Paths {
    fn default() -> Self {
        Paths { nodes: vec![Node { parent: 0, start: 0, len: 0 }], names: Vec::new() }
    }
}

impl Paths {
    /// A new path below `parent`, for a key. Doubled keys get a node each.
    pub fn key(&mut self, parent: PathId, name: &[u8]) -> PathId {
        let start = self.names.len() as u32;
        self.names.extend_from_slice(name);
        self.push(Node { parent: parent.0, start, len: name.len() as u32 })
    }

    /// A new path below `parent`, for item `index` of a list.
    pub fn index(&mut self, parent: PathId, index: usize) -> PathId {
        self.push(Node { parent: parent.0, start: index as u32, len: INDEX })
    }

    pub(crate) fn reserve(&mut self, nodes: usize, names: usize) {
        self.nodes.reserve(nodes);
        self.names.reserve(names);
    }

    fn push(&mut self, node: Node) -> PathId {
        self.nodes.push(node);
        PathId((self.nodes.len() - 1) as u32)
    }

    /// How many paths there are, the root included. A parent always has a smaller number than its children.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The last part's name; none for the root and list items.
    pub fn name(&self, path: PathId) -> Option<&[u8]> {
        let node = self.nodes[path.0 as usize];
        (path != PathId::ROOT && node.len != INDEX).then(|| &self.names[node.start as usize..(node.start + node.len) as usize])
    }

    /// The list index of the last part, if it is one.
    pub fn position(&self, path: PathId) -> Option<usize> {
        let node = self.nodes[path.0 as usize];
        (node.len == INDEX).then_some(node.start as usize)
    }

    /// One up. The root's parent is the root.
    pub fn parent(&self, path: PathId) -> PathId {
        PathId(self.nodes[path.0 as usize].parent)
    }

    /// From the path itself up to, not including, the root.
    pub fn ancestors(&self, path: PathId) -> impl Iterator<Item = PathId> + '_ {
        std::iter::successors(Some(path), |&p| Some(self.parent(p))).take_while(|&p| p != PathId::ROOT)
    }

    /// Which of these paths, in order, is the first with which all together have more than `limit` bytes, a separator for each name?
    pub(crate) fn first_over(&self, limit: usize, paths: impl Iterator<Item = PathId>) -> Option<usize> {
        let mut lengths = vec![0usize; self.nodes.len()];
        for i in 1..lengths.len() {
            let node = self.nodes[i];
            lengths[i] = lengths[node.parent as usize] + if node.len == INDEX { 0 } else { node.len as usize + 1 };
        }
        let mut total = 0usize;
        paths.map(|path| lengths[path.0 as usize]).position(|length| {
            total = total.saturating_add(length);
            total > limit
        })
    }

    /// All parts, from the root down.
    pub fn parts(&self, path: PathId) -> Vec<Part> {
        let mut parts: Vec<Part> = self
            .ancestors(path)
            .map(|p| match self.name(p) {
                Some(name) => Part::Key(name.to_vec()),
                None => Part::Index(self.position(p).unwrap_or_default()),
            })
            .collect();
        parts.reverse();
        parts
    }

    /// Is this path made of just these parts?
    pub(crate) fn is(&self, path: PathId, parts: &[Part]) -> bool {
        let mut rest = parts.iter().rev();
        let same = |p| match rest.next() {
            Some(Part::Key(name)) => self.name(p) == Some(name),
            Some(Part::Index(n)) => self.position(p) == Some(*n),
            None => false,
        };
        self.ancestors(path).all(same) && rest.next().is_none()
    }

    /// The path for people, `a.b[0]`, control and direction characters escaped (R7).
    pub fn display(&self, path: PathId) -> String {
        display_parts(&self.parts(path))
    }
}

/// See [`Paths::display`].
pub fn display_parts(parts: &[Part]) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Index(i) => write!(out, "[{i}]").expect("a string takes all"),
            Part::Key(name) => {
                let name = String::from_utf8_lossy(name);
                let plain =
                    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() && !hidden(c) || matches!(c, '_' | '-' | ' ' | '/' | '@'));
                if plain {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(&name);
                } else {
                    out.push_str("[\"");
                    for c in name.chars() {
                        if hidden(c) || c == '"' || c == '\\' {
                            out.extend(c.escape_default());
                        } else {
                            out.push(c);
                        }
                    }
                    out.push_str("\"]");
                }
            }
        }
    }
    if out.is_empty() {
        out.push_str("the root");
    }
    out
}

/// Why a text is no path: which component, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPath {
    /// The component as typed. May be a value in the wrong place: only for who typed a path that can be none.
    pub component: String,
    /// Which one, from 1.
    pub number: usize,
    /// What is wrong.
    pub what: &'static str,
}

impl std::fmt::Display for BadPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "component {} {}", self.number, self.what)
    }
}

/// Reads `["a"][0]` as SOPS does (`docs/sops-cli.md`, section 5): split at every `[`, each piece must end in `]`; quoted pieces lose
/// first and last byte, no escapes; others are decimal indexes. An empty text is the root.
///
/// # Errors
/// The offending component.
pub fn parse_path(text: &str) -> Result<Vec<Part>, BadPath> {
    let mut parts = Vec::new();
    for (i, piece) in text.split('[').filter(|p| !p.is_empty()).enumerate() {
        let bad = |what| BadPath { component: piece.to_owned(), number: i + 1, what };
        let Some(inner) = piece.strip_suffix(']') else {
            return Err(bad("doesn't end with ]"));
        };
        match inner.as_bytes().first() {
            Some(&q @ (b'"' | b'\'')) => {
                if inner.len() < 2 || inner.as_bytes().last() != Some(&q) {
                    return Err(bad("has an unbalanced quote"));
                }
                parts.push(Part::Key(inner.as_bytes()[1..inner.len() - 1].to_vec()));
            }
            // As Go's `int`, of which only the sign of zero is none.
            Some(_) => match inner.parse::<i64>().map(usize::try_from) {
                Ok(Ok(index)) => parts.push(Part::Index(index)),
                _ => return Err(bad("is neither a quoted key nor an index")),
            },
            None => return Err(bad("is empty")),
        }
    }
    Ok(parts)
}
