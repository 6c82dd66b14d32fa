//! What only our own dialect takes. A file of ours that holds such things is changed by our dialect under the name `sops`, too; what comes to it there is
//! judged as SOPS judges it.

use std::collections::HashSet;

use crate::document::{Document, MERGE_ENDS, MERGE_STARTS, conflict_at};
use crate::dotenv;
use crate::error::{SyntaxClass, SyntaxError};
use crate::format::Format;
use crate::leaf::{CommentId, LeafId};
use crate::path::Part;

/// What SOPS's dialect says of a line of ENV.
pub(crate) const NO_EQUALS: &str = "the line has no `=` and does not start with `#`";
/// And of an integer of YAML.
pub(crate) const TOO_BIG: &str = "an integer of 2^63 or more";

/// Something that SOPS's dialect refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    /// A line of ENV without `=`.
    Line(CommentId),
    /// A value of ENV with such a line in it; an integer of YAML of 2^63 or more.
    Value(LeafId),
}

impl Document<'_> {
    /// The first thing that only our own dialect takes and none of the known texts has, as SOPS's dialect refuses it. A line is known by what it says, and a
    /// value by where it is, whatever its position in a list: it may become another one of its kind.
    pub fn first_of_ours(&self, known: &[&Document<'_>]) -> Option<SyntaxError> {
        let all: HashSet<_> = known.iter().flat_map(|text| text.outline.ours.iter().map(|ours| text.mark(*ours))).collect();
        let first = self.outline.ours.iter().copied().find(|ours| !all.contains(&self.mark(*ours)))?;
        let (at, class, what) = match first {
            Ours::Line(id) => (self.comment(id).span.start as usize, SyntaxClass::Syntax, NO_EQUALS),
            Ours::Value(id) if self.format == Format::Dotenv => {
                (dotenv::first_bare(self.text, self.leaf(id).span), SyntaxClass::Syntax, NO_EQUALS)
            }
            Ours::Value(id) => (self.leaf(id).span.start as usize, SyntaxClass::NotWalked, TOO_BIG),
        };
        Some(SyntaxError::at(self.text, at, class, what))
    }

    /// Where a merge has left its marks, if our own dialect keeps them: lines of ENV. A file that was sealed with them is still opened and changed.
    pub fn merge_marks(&self) -> Option<SyntaxError> {
        let mut lines = self.outline.ours.iter().filter_map(|ours| match ours {
            Ours::Line(id) => Some(self.comment(*id).span),
            Ours::Value(_) => None,
        });
        let mut starts = |mark: &[u8]| lines.find(|span| self.text[span.range()].starts_with(mark));
        let first = starts(MERGE_STARTS)?;
        starts(MERGE_ENDS).map(|_| conflict_at(self.text, first.start as usize))
    }

    fn mark(&self, ours: Ours) -> Mark<'_> {
        match ours {
            Ours::Line(id) => Mark::Line(self.text[self.comment(id).span.range()].trim_ascii()),
            Ours::Value(id) => {
                let leaf = self.leaf(id);
                let names = self.paths().parts(leaf.path).into_iter().filter(|part| matches!(part, Part::Key(_)));
                Mark::Value(leaf.document, names.collect())
            }
        }
    }
}

/// What such a thing is known by.
#[derive(PartialEq, Eq, Hash)]
enum Mark<'t> {
    Line(&'t [u8]),
    Value(u32, Vec<Part>),
}
