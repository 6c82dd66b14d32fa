//! What stands in clear in a sealed file. Whole numbers that an older SOPS reads otherwise are told. Covered values: somebody has added them by hand. `encrypt` completes such a file (docs/sealed-file.md, section 5):
//! they are left out, MAC and witness are checked over the rest, and only then are they sealed.

use std::collections::HashSet;

use leafcrypt_formats::{CommentId, Document, Format, Kind, LeafId, Step, Value};

use super::error::OpenError;
use super::judge::policy;
use super::walk::written_token;
use super::{Base, BaseBody, Body, OpenFile, SealedFile};
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

/// Whole numbers in clear that SOPS before 3.13.2 reads as floats of another value, so that the MAC is wrong for it: names, and what stands there. JSON's.
fn odd_numbers(document: &Document<'_>, is_clear: impl Fn(usize) -> bool) -> HashSet<(String, i64)> {
    // Its MAC has the shortest digits that make the float, and zeros behind them: 2^55 is 36028797018963970.
    let is_odd = |number: i64, text: &[u8]| (number as f64).to_string() != number.to_string() || text == b"-0";
    let leaves = document.leaves().iter().enumerate().filter(|(i, leaf)| leaf.kind == Kind::Int && is_clear(*i));
    let odd = leaves.filter_map(|(i, leaf)| match document.value(LeafId(i as u32)) {
        Value::Int(number) if is_odd(number, &document.text()[leaf.span.range()]) => Some((document.paths().display(leaf.path), number)),
        _ => None,
    });
    odd.collect()
}

impl OpenFile<'_> {
    /// Warnings of such numbers, but of those that the file has had before.
    pub(super) fn warn_of_numbers(&self, document: &Document<'_>, covered: &[bool]) -> Vec<String> {
        if self.format != Format::Json || self.settings.mac_only_encrypted {
            return Vec::new();
        }
        let known = match &self.base {
            Some(Base { body: BaseBody::Document { document, opened, .. }, .. }) => odd_numbers(document, |i| opened.leaves[i].is_none()),
            _ => HashSet::new(),
        };
        let mut new: Vec<_> = odd_numbers(document, |i| !covered[i]).into_iter().filter(|odd| !known.contains(odd)).collect();
        new.sort();
        let warning = |(path, _)| {
            format!(
                "{path} is a whole number in clear that SOPS before 3.13.2 takes for another one: it would not open the file (MAC mismatch); put the number in quotes"
            )
        };
        new.into_iter().map(warning).collect()
    }
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
        // A file may have a million of them (P24).
        let mut line = document.lines();
        for (i, leaf) in document.leaves().iter().enumerate() {
            if coverage.leaves[i] && is_clear(&document.content(LeafId(i as u32))) {
                clear.values.push((document.paths().display(leaf.path), line(leaf.span.start)));
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

/// Is this, in place of a token, a value in clear? An empty string is none: it is never sealed; nor is a damaged token, whose letters would be the value.
pub(super) fn is_clear(content: &[u8]) -> bool {
    !content.is_empty() && !token::resembles(content)
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
