//! Is this leaf covered? (`docs/sops-config.md`, section 4.) By one of the rules of [`super::selection`], whose regexes are read by [`super::go_regex`].
//! Which rule a new file gets is said by [`crate::config`], which one a sealed file has by [`crate::metadata`].
//!
//! Suffixes and regexes judge the names on a leaf's path, each by itself. Comment regexes judge the comments *in force*: one list per
//! open container, those of all open containers count; a comment joins its container's list before it is judged; any other entry is judged,
//! then empties that list.

use leafcrypt_formats::{CommentId, Document, LeafId, PathId, Step};

use super::go_regex::{BadRegex, GoRegex};
use super::selection::{RuleKind, Selection};

/// A compiled selection rule.
#[derive(Debug)]
pub struct Policy {
    kind: RuleKind,
    suffix: Vec<u8>,
    regex: Option<GoRegex>,
}

/// What a policy covers in one document.
pub struct Coverage {
    /// For each leaf.
    pub leaves: Vec<bool>,
    /// For each comment.
    pub comments: Vec<bool>,
}

impl Policy {
    /// Compiles a rule.
    ///
    /// # Errors
    /// The regex does not compile: the one silence of SOPS we never copy (P10).
    pub fn new(selection: &Selection) -> Result<Self, BadRegex> {
        let suffix = selection.text.clone().into_bytes();
        let regex = match selection.kind {
            RuleKind::UnencryptedSuffix | RuleKind::EncryptedSuffix => None,
            _ => Some(GoRegex::new(&selection.text)?),
        };
        Ok(Policy { kind: selection.kind, suffix, regex })
    }

    /// Everything, as in a binary file.
    pub fn everything() -> Self {
        Policy { kind: RuleKind::UnencryptedRegex, suffix: Vec::new(), regex: None }
    }

    /// Is this comment's text one that the rule looks for?
    pub fn matches_comment(&self, text: &[u8]) -> bool {
        matches!(self.kind, RuleKind::UnencryptedCommentRegex | RuleKind::EncryptedCommentRegex) && self.hit(text)
    }

    /// Which rule it is.
    pub fn kind(&self) -> RuleKind {
        self.kind
    }

    /// Walks a document once. In a sealed one a comment that is a token counts with its token's text, as in SOPS.
    pub fn coverage(&self, document: &Document<'_>) -> Coverage {
        let mut coverage = Coverage { leaves: vec![false; document.leaves().len()], comments: vec![false; document.comments().len()] };
        match self.kind {
            RuleKind::UnencryptedCommentRegex | RuleKind::EncryptedCommentRegex => self.by_comments(document, &mut coverage),
            _ => self.by_names(document, &mut coverage),
        }
        // Empty strings and empty comments are never sealed: see `is_empty_leaf` at the caller for leaves.
        for (i, covered) in coverage.comments.iter_mut().enumerate() {
            *covered &= !document.comment(CommentId(i as u32)).empty;
        }
        coverage
    }

    fn hit(&self, text: &[u8]) -> bool {
        match self.kind {
            RuleKind::UnencryptedSuffix | RuleKind::EncryptedSuffix => text.ends_with(&self.suffix),
            _ => self.regex.as_ref().is_some_and(|r| r.is_match(text)),
        }
    }

    fn by_names(&self, document: &Document<'_>, coverage: &mut Coverage) {
        let if_hit = matches!(self.kind, RuleKind::EncryptedSuffix | RuleKind::EncryptedRegex);
        let paths = document.paths();
        // A parent is always made before its children, so one pass over the nodes decides all paths.
        let mut hit = vec![false; paths.len()];
        for i in 1..hit.len() {
            let path = PathId(i as u32);
            hit[i] = hit[paths.parent(path).0 as usize] || paths.name(path).is_some_and(|name| self.hit(name));
        }
        for (covered, leaf) in coverage.leaves.iter_mut().zip(document.leaves()) {
            *covered = hit[leaf.path.0 as usize] == if_hit;
        }
        for (covered, comment) in coverage.comments.iter_mut().zip(document.comments()) {
            *covered = hit[comment.container.0 as usize] == if_hit;
        }
    }

    fn by_comments(&self, document: &Document<'_>, coverage: &mut Coverage) {
        let if_hit = self.kind == RuleKind::EncryptedCommentRegex;
        // How many of the comments in each open container's list match.
        let mut lists: Vec<usize> = Vec::new();
        let mut total = 0usize;
        for &step in document.steps() {
            match step {
                Step::Document => {
                    lists.clear();
                    total = 0;
                }
                Step::MapStart(_) | Step::ListStart(_) => lists.push(0),
                Step::MapEnd | Step::ListEnd => {
                    total -= lists.pop().unwrap_or_default();
                    empty(&mut lists, &mut total);
                }
                Step::EmptyMap(_) | Step::EmptyList(_) | Step::Null(_) => empty(&mut lists, &mut total),
                Step::Key(_) => {}
                Step::Leaf(LeafId(i)) => {
                    coverage.leaves[i as usize] = (total > 0) == if_hit;
                    empty(&mut lists, &mut total);
                }
                Step::Comment(id) => {
                    let own = usize::from(self.hit(&document.comment_text(id)));
                    // A comment never counts for itself where a match seals, but does where a match leaves clear.
                    let others = total > 0;
                    coverage.comments[id.0 as usize] = if if_hit { others } else { !(others || own > 0) };
                    if let Some(list) = lists.last_mut() {
                        *list += own;
                        total += own;
                    }
                }
            }
        }
    }
}

fn empty(lists: &mut [usize], total: &mut usize) {
    if let Some(list) = lists.last_mut() {
        *total -= std::mem::take(list);
    }
}
