//! A plain text with one place of its tree changed: a branch set, created or removed, in the style of its neighbours.
//!
//! `plan` follows the path through the tree, as SOPS does it, and says what must happen to the text; each format's `edit` does it, with
//! `brackets` for what stands in those and `lines` for what stands in lines.
//! Whatever a format does, the new text is scanned again and must have exactly the tree that the change makes of the old one. So an edit that a
//! format gets wrong, or that would change another place as well (an anchor with aliases), is an error and never another text.

mod alone;
mod brackets;
mod leaves;
mod lines;
mod plan;
mod remarks;
mod same;

pub(crate) use self::brackets::Brackets;
pub(crate) use self::lines::{broken, set_apart};
pub(crate) use self::plan::Plan;

use thiserror::Error;

use crate::document::{Document, ScanOptions};
use crate::error::Unwritable;
use crate::path::{Part, display_parts};
use crate::plain::PlainText;
use crate::tree::Tree;
use crate::value::Value;

/// What is to happen at a path of the first document.
#[derive(Clone, Copy)]
pub enum Change<'a> {
    /// The branch becomes this one. What is missing on the way is created: maps for names, a list for a position. A leaf or null in the way is
    /// replaced. A position behind the end of a list appends.
    Set(&'a Tree),
    /// The entry or item goes, with the comment on its line. Comment lines directly above it go too if no other entry stands directly below:
    /// then they are its own, and not the heading of a group. All other comments stay, and stay where they are.
    Remove,
}

/// How numbers are spelled that are whole but no integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floats {
    /// So that they read back as floats: `5.0`.
    Stay,
    /// As SOPS prints them: `5`, an integer from then on.
    AsSops,
}

/// Why a text was not changed.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum EditError {
    /// The path does not fit the tree.
    #[error("{at} is a list: it has positions, no names")]
    NameInList { at: String },
    #[error("{at} is a map: it has names, no positions")]
    PositionInMap { at: String },
    #[error("the path is empty")]
    NoPath,
    /// [`Change::Remove`]: nothing there. `depth` parts of the path exist.
    #[error("there is nothing at {at}")]
    NotThere { at: String, depth: usize },
    /// [`Change::Remove`]: a leaf or null stands at the part number `depth`'s place.
    #[error("{at} is neither a map nor a list")]
    Leaf { at: String, depth: usize, kind: &'static str },
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

/// What a format is to do to its text.
pub(crate) struct Graft<'a> {
    pub plan: Plan<'a>,
    /// The first document as it is to be; none where a leaf that stands alone gets another value.
    pub expected: Option<&'a Tree>,
    pub floats: Floats,
}

impl Document<'_> {
    /// This plain text with a change, scanned already. `options` are those of its scan.
    ///
    /// # Errors
    /// The path does not fit the tree, the format cannot hold the branch so that it reads back, or the change would reach further than its path.
    pub fn edit(&self, at: &[Part], change: Change<'_>, floats: Floats, options: &ScanOptions) -> Result<PlainText, EditError> {
        if at.len() > options.limits.depth {
            let what = format!("a path of more than {} parts", options.limits.depth);
            return Err(EditError::Unwritable(Unwritable { path: display_parts(&at[..1]), what }));
        }
        let held = match change {
            Change::Set(tree) => Some(self.detail.held(tree, at)?),
            Change::Remove => None,
        };
        // As SOPS prints it (`-0`) every format would read the integer 0, and SOPS keeps the sign.
        let floats = if held.as_ref().is_some_and(has_negative_zero) { Floats::Stay } else { floats };
        if let Some(done) = self.edit_leaf(at, held.as_ref(), floats, options) {
            return done;
        }
        let mut trees = self.trees();
        let first = trees.first_mut().ok_or(EditError::NoPath)?;
        if *first == Tree::Null {
            *first = Tree::Map(Vec::new());
        }
        let Some(plan) = Plan::new(self.format, first, at, held.as_ref())? else { return Ok(self.text.to_vec().into()) };
        plan.apply(first);
        let graft = Graft { plan, expected: Some(first), floats };
        // A printer only knows the way from where it began.
        let placed = |e: Unwritable| if e.path == display_parts(&[]) { Unwritable { path: display_parts(at), ..e } } else { e };
        let new = self.detail.graft(self, &graft).map_err(placed)?.into();
        let refuse = |what: &str| EditError::Unwritable(Unwritable { path: display_parts(at), what: what.to_owned() });
        let no_place = |_| refuse("the text around it leaves no place for this change");
        let new = PlainText::scanned(self.format, new, options).map_err(no_place)?;
        let read = new.document(self.format, options).map_err(no_place)?;
        let faithful = read.blocks().len() == self.blocks().len() && same::documents(self.format, &trees, &read.trees());
        if !faithful {
            return Err(refuse("this change would not read back, or would change other places as well"));
        }
        drop(read);
        Ok(new)
    }
}

fn has_negative_zero(tree: &Tree) -> bool {
    match tree {
        Tree::Value(Value::Float(number)) => *number == 0.0 && number.is_sign_negative(),
        Tree::Map(_) => tree.entries().any(|(_, below)| has_negative_zero(below)),
        Tree::List(_) => tree.items().any(has_negative_zero),
        _ => false,
    }
}
