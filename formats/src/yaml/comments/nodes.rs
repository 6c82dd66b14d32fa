//! Go-yaml's nodes: which keep the comments they were made with, which give them to their key, and which lose them.

use std::collections::HashMap;
use std::ops::Range;

/// Comments above, behind and below something.
#[derive(Default, PartialEq)]
pub(super) struct Found {
    pub head: Vec<u32>,
    pub line: Vec<u32>,
    pub foot: Vec<u32>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.head.is_empty() && self.line.is_empty() && self.foot.is_empty()
    }
}

/// Of one node, and what stood in it that no node has kept.
#[derive(Default, PartialEq)]
pub(super) struct Kept {
    pub found: Found,
    pub lost: Vec<u32>,
}

struct Open {
    node: u32,
    map: bool,
    block: bool,
    /// The key that waits for its value, and the one before it.
    key: Option<u32>,
    before: Option<u32>,
}

/// Nodes have the numbers that our own parser gives them, those of what was put in for the metadata others.
pub(super) struct Nodes {
    pub of: HashMap<u32, Kept, foldhash::fast::FixedState>,
    /// Of each document: above it and below it, and what was lost there.
    pub documents: Vec<Kept>,
    open: Vec<Open>,
    count: u32,
    /// Has any a foot?
    feet: bool,
    /// Where something was put in, and for which document; how many nodes that has made.
    added: Vec<(Range<usize>, usize)>,
    added_count: u32,
}

/// The key that was put in for a document's metadata; its value is the next one.
pub(super) fn added_key(document: usize) -> u32 {
    (1 << 31) + 2 * document as u32
}

impl Nodes {
    pub(super) fn new(added: Vec<(Range<usize>, usize)>) -> Self {
        Nodes { of: HashMap::default(), documents: Vec::new(), open: Vec::new(), count: 0, feet: false, added, added_count: 0 }
    }

    /// Each comment stands above the key that is named for it.
    pub(super) fn above(keys: &[u32]) -> Self {
        let mut nodes = Nodes::new(Vec::new());
        for (key, comment) in keys.iter().zip(0..) {
            nodes.kept(*key).found.head.push(comment);
        }
        nodes
    }

    /// Is that what was found?
    pub(super) fn are_above(&self, keys: &[u32]) -> bool {
        let none = Kept::default();
        let above = Nodes::above(keys);
        let same = |of: &Nodes, other: &Nodes| of.of.iter().all(|(node, kept)| other.of.get(node).unwrap_or(&none) == kept);
        same(self, &above) && same(&above, self) && self.documents.iter().all(|kept| *kept == none)
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    fn number(&mut self, at: usize) -> u32 {
        if let Some((_, document)) = self.added.get(self.added_count as usize / 2).filter(|(range, _)| range.contains(&at)) {
            self.added_count += 1;
            return added_key(*document) + (self.added_count - 1) % 2;
        }
        self.count += 1;
        self.count - 1
    }

    fn kept(&mut self, node: u32) -> &mut Kept {
        self.of.entry(node).or_default()
    }

    pub(super) fn lose(&mut self, node: u32, comment: u32) {
        self.kept(node).lost.push(comment);
    }

    fn has_foot(&self, node: u32) -> bool {
        self.feet && self.of.get(&node).is_some_and(|kept| !kept.found.foot.is_empty())
    }

    pub(super) fn document(&mut self, head: Vec<u32>) {
        self.documents.push(Kept { found: Found { head, ..Found::default() }, lost: Vec::new() });
    }

    pub(super) fn document_end(&mut self, mut found: Found) {
        let Some(document) = self.documents.last_mut() else { return };
        if found.foot.is_empty() {
            found.foot = std::mem::take(&mut found.head);
        }
        document.lost.append(&mut found.head);
        document.lost.append(&mut found.line);
        document.found.foot = found.foot;
    }

    /// A scalar or an alias.
    pub(super) fn leaf(&mut self, at: usize, found: Found) {
        let node = self.number(at);
        if !found.is_empty() {
            self.feet |= !found.foot.is_empty();
            self.kept(node).found = found;
        }
        self.done(node);
    }

    pub(super) fn start(&mut self, at: usize, map: bool, block: bool, found: Found) {
        let node = self.number(at);
        if !found.is_empty() {
            // The end's are put in the place of these.
            let kept = self.kept(node);
            kept.found.head = found.head;
            kept.lost = found.line;
            kept.lost.extend(found.foot);
        }
        self.open.push(Open { node, map, block, key: None, before: None });
    }

    pub(super) fn end(&mut self, mut found: Found) {
        let Some(Open { node, map, block, before, .. }) = self.open.pop() else { return };
        if !found.is_empty() {
            self.feet |= !found.foot.is_empty();
            if let Some(last) = before.filter(|_| map && block && !found.foot.is_empty()) {
                let foot = std::mem::take(&mut found.foot);
                let old = std::mem::replace(&mut self.kept(last).found.foot, foot);
                self.kept(node).lost.extend(old);
            }
            let kept = self.kept(node);
            kept.lost.extend(found.head);
            kept.found.line = found.line;
            kept.found.foot = found.foot;
        }
        self.done(node);
    }

    /// A node is whole: what stands below a key is that of the entry before it, what stands below a value is its key's.
    fn done(&mut self, node: u32) {
        let Some(&mut Open { node: map_node, map: true, block, ref mut key, ref mut before }) = self.open.last_mut() else { return };
        let (is_key, this, last) = (key.is_none(), *key, *before);
        if is_key {
            *key = Some(node);
        } else {
            *before = key.take();
        }
        let (from, to) = match (is_key, this, last) {
            (true, _, Some(last)) if block && self.has_foot(node) => (node, last),
            (false, Some(this), _) if !self.has_foot(this) && self.has_foot(node) => (node, this),
            _ => return,
        };
        let foot = std::mem::take(&mut self.kept(from).found.foot);
        let old = std::mem::replace(&mut self.kept(to).found.foot, foot);
        self.kept(map_node).lost.extend(old);
    }
}
