//! Covered values that stand in clear in a sealed file: somebody has added them by hand. `encrypt` completes such a file (docs/sealed-file.md, section 5):
//! they are left out, MAC and witness are checked over the rest, and only then are they sealed.

use leafcrypt_formats::{CommentId, Document, LeafId, Step};

use super::error::OpenError;
use super::open::policy;
use super::walk::written_token;
use super::{Body, SealedFile};
use crate::seal::selection::Selection;
use crate::seal::token;

/// What is covered and stands in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clear {
    /// The values' paths, for people, with their lines.
    pub values: Vec<(String, usize)>,
    /// How many comments.
    pub comments: usize,
}

impl Clear {
    /// Nothing does.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.comments == 0
    }
}

impl SealedFile<'_> {
    /// What is covered and stands in clear. Needs no key.
    ///
    /// # Errors
    /// The file's rule does not compile.
    pub fn in_clear(&self) -> Result<Clear, OpenError> {
        let Body::Document(document) = &self.body else { return Ok(Clear::default()) };
        let coverage = policy(self.metadata.selection.as_ref())?.coverage(document);
        let mut clear = Clear::default();
        for (i, leaf) in document.leaves().iter().enumerate() {
            if coverage.leaves[i] && is_clear(&document.content(LeafId(i as u32))) {
                clear.values.push((document.paths().display(leaf.path), document.position(leaf.span.start).0));
            }
        }
        let covered = (0..coverage.comments.len()).filter(|&i| coverage.comments[i]);
        clear.comments = covered.filter(|&i| written_token(document, CommentId(i as u32)).is_none()).count();
        Ok(clear)
    }

    /// The first value in clear that `wanted` covers although the file's own rule does not. Needs no key.
    ///
    /// # Errors
    /// One of the two rules does not compile.
    pub fn left_clear(&self, wanted: &Selection) -> Result<Option<String>, OpenError> {
        let Body::Document(document) = &self.body else { return Ok(None) };
        let own = policy(self.metadata.selection.as_ref())?.coverage(document).leaves;
        let wanted = policy(Some(wanted))?.coverage(document).leaves;
        let is_left = |&i: &usize| wanted[i] && !own[i] && is_clear(&document.content(LeafId(i as u32)));
        let found = (0..own.len()).find(is_left);
        Ok(found.map(|i| document.paths().display(document.leaves()[i].path)))
    }
}

/// Is this, in place of a token, a value in clear? An empty string is none: it is never sealed.
pub(super) fn is_clear(content: &[u8]) -> bool {
    !content.is_empty() && !token::looks_sealed(content)
}

/// The walk without the leaves in `added`, as it was before they came: a map or list that holds nothing else has come with them,
/// or it was there and empty (`was_empty`).
pub(super) fn without(document: &Document<'_>, added: &[bool], was_empty: bool) -> Vec<Step> {
    struct Open {
        at: usize,
        kept: bool,
        added: bool,
    }
    let mut steps: Vec<Step> = Vec::with_capacity(document.steps().len());
    let mut open: Vec<Open> = Vec::new();
    for &step in document.steps() {
        match step {
            Step::Comment(_) => continue,
            Step::Leaf(id) if added[id.0 as usize] => {
                drop_key(&mut steps);
                if let Some(container) = open.last_mut() {
                    container.added = true;
                }
                continue;
            }
            Step::MapStart(_) | Step::ListStart(_) => {
                open.push(Open { at: steps.len(), kept: false, added: false });
                steps.push(step);
                continue;
            }
            Step::MapEnd | Step::ListEnd => {
                let Some(Open { at, kept, added }) = open.pop() else { continue };
                // The root was there before, with or without something in it.
                if added && !kept && (was_empty || !open.is_empty()) {
                    let start = steps[at];
                    steps.truncate(at);
                    if !was_empty {
                        drop_key(&mut steps);
                        if let Some(container) = open.last_mut() {
                            container.added = true;
                        }
                        continue;
                    }
                    steps.push(match start {
                        Step::ListStart(path) => Step::EmptyList(path),
                        Step::MapStart(path) => Step::EmptyMap(path),
                        other => other,
                    });
                } else {
                    steps.push(step);
                }
            }
            Step::Key(_) => {
                steps.push(step);
                continue;
            }
            _ => steps.push(step),
        }
        if let Some(container) = open.last_mut() {
            container.kept = true;
        }
    }
    steps
}

fn drop_key(steps: &mut Vec<Step>) {
    if matches!(steps.last(), Some(Step::Key(_))) {
        steps.pop();
    }
}
