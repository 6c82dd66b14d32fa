//! The common edit, one value for another: told by steps and leaves, without a tree of the text before and one after, which cost more than all else.

use super::{EditError, Floats, Graft, Plan, same};
use crate::document::{Document, ScanOptions};
use crate::leaf::{LeafId, Step};
use crate::path::{Part, PathId};
use crate::plain::PlainText;
use crate::tree::Tree;

impl Document<'_> {
    /// This text with another value for a leaf. None: it is no such change, or it does not come out as it should, which the way by trees explains.
    pub(super) fn edit_leaf(
        &self,
        at: &[Part],
        held: Option<&Tree>,
        floats: Floats,
        options: &ScanOptions,
    ) -> Option<Result<PlainText, EditError>> {
        let Some(tree @ Tree::Value(value)) = held else { return None };
        let leaf = self.sole_leaf(at)?;
        if self.value(leaf).same(value) {
            return Some(Ok(self.text.to_vec().into()));
        }
        let graft = Graft { plan: Plan::Replace { at, tree: tree.clone() }, expected: None, floats };
        let new = PlainText::scanned(self.format, self.detail.graft(self, &graft).ok()?.into(), options).ok()?;
        let read = new.document(self.format, options).ok()?;
        let is_right = |id| if id == leaf { same::value(value, &read.value(id)) } else { self.value(id).same(&read.value(id)) };
        let faithful = read.blocks().len() == self.blocks().len() && self.reads_like(&read, is_right);
        drop(read);
        faithful.then_some(Ok(new))
    }

    /// The leaf at a path, where no doubled name and no other document makes it two.
    fn sole_leaf(&self, at: &[Part]) -> Option<LeafId> {
        let paths = self.paths();
        let below = |above: PathId, part: &Part| {
            let fits = |&path: &PathId| {
                paths.parent(path) == above
                    && match part {
                        Part::Key(name) => paths.name(path) == Some(name),
                        Part::Index(n) => paths.position(path) == Some(*n),
                    }
            };
            let mut there = (1..paths.len() as u32).map(PathId).filter(fits);
            there.next().filter(|_| there.next().is_none())
        };
        let path = at.iter().try_fold(PathId::ROOT, below).filter(|path| *path != PathId::ROOT)?;
        let one_document = self.steps().iter().filter(|step| **step == Step::Document).count() == 1;
        let leaf = self.leaves().iter().position(|leaf| leaf.path == path && leaf.in_mac)?;
        one_document.then_some(LeafId(leaf as u32))
    }
}
