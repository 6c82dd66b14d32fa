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
#[derive(Default)]
pub struct Coverage {
    /// For each leaf.
    pub leaves: Vec<bool>,
    /// For each comment.
    pub comments: Vec<bool>,
    /// Where comments decide: nulls and empty maps and lists, and whether a value in their place would be covered.
    pub empties: Vec<(PathId, bool)>,
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
        self.kind.is_of_comments() && self.hit(text)
    }

    /// Which rule it is.
    pub fn kind(&self) -> RuleKind {
        self.kind
    }

    /// Walks a document once. In a sealed one a comment that is a token counts with its token's text, as in SOPS.
    pub fn coverage(&self, document: &Document<'_>) -> Coverage {
        let mut coverage = Coverage {
            leaves: vec![false; document.leaves().len()],
            comments: vec![false; document.comments().len()],
            ..Coverage::default()
        };
        match self.kind.is_of_comments() {
            true => self.by_comments(document, &mut coverage),
            false => self.by_names(document, &mut coverage),
        }
        // Empty strings and empty comments are never sealed: see `is_empty_leaf` at the caller for leaves.
        for (i, covered) in coverage.comments.iter_mut().enumerate() {
            *covered &= !document.comment(CommentId(i as u32)).empty;
        }
        coverage
    }

    /// Where names decide: is what stands in this map or list covered?
    pub fn covers_in(&self, document: &Document<'_>, container: PathId) -> bool {
        let paths = document.paths();
        let if_hit = matches!(self.kind, RuleKind::EncryptedSuffix | RuleKind::EncryptedRegex);
        paths.ancestors(container).any(|path| paths.name(path).is_some_and(|name| self.hit(name))) == if_hit
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
        let (if_hit, leaves) = (self.kind == RuleKind::EncryptedCommentRegex, document.leaves());
        walk_comments(document, self.hits(document), |step, in_force, hits| {
            let others = in_force.count > 0;
            match step {
                Step::Leaf(LeafId(i)) => {
                    let i = i as usize;
                    // What a later value of its key takes the place of (INI) is none to SOPS, and as secret as that one.
                    let is_superseded = i > 0 && !leaves[i].in_mac && leaves[i - 1].path == leaves[i].path;
                    coverage.leaves[i] = others == if_hit || is_superseded && coverage.leaves[i - 1];
                }
                Step::EmptyMap(path) | Step::EmptyList(path) | Step::Null(path) => coverage.empties.push((path, others == if_hit)),
                // A comment never counts for itself where a match seals, but does where a match leaves clear.
                Step::Comment(id) => coverage.comments[id.0 as usize] = if if_hit { others } else { !(others || hits) },
                _ => {}
            }
        });
    }

    /// Which comments, by number, does the rule look for that are in force at one of the leaves that are wanted? Each is looked at once, however many
    /// leaves there are.
    pub fn comments_in_force(&self, document: &Document<'_>, wanted: impl Fn(LeafId) -> bool) -> Vec<bool> {
        let mut found = vec![false; document.comments().len()];
        walk_comments(document, self.hits(document), |step, in_force, _| match step {
            Step::Leaf(id) if wanted(id) => in_force.each_new(|id| found[id.0 as usize] = true),
            _ => {}
        });
        found
    }

    fn hits<'s>(&'s self, document: &'s Document<'_>) -> impl Fn(CommentId) -> bool + 's {
        |id| self.hit(&document.comment_text(id))
    }
}

/// Those of the leaves that are wanted at which none of these comments, by number, is in force.
pub fn leaves_without(document: &Document<'_>, wanted: impl Fn(LeafId) -> bool, comments: &[bool]) -> Vec<LeafId> {
    let mut found = Vec::new();
    walk_comments(
        document,
        |id| comments[id.0 as usize],
        |step, in_force, _| match step {
            Step::Leaf(id) if wanted(id) && in_force.count == 0 => found.push(id),
            _ => {}
        },
    );
    found
}

/// Every entry and every comment, with what is in force there of the comments that hit, and for a comment whether it does so itself.
fn walk_comments(document: &Document<'_>, hits: impl Fn(CommentId) -> bool, mut judge: impl FnMut(Step, &mut InForce, bool)) {
    let mut in_force = InForce::default();
    for &step in document.steps() {
        match step {
            Step::Document => in_force = InForce::default(),
            Step::MapStart(_) | Step::ListStart(_) => in_force.lists.push(Comments::default()),
            Step::MapEnd | Step::ListEnd => {
                in_force.empty();
                in_force.lists.pop();
                in_force.empty();
            }
            Step::Key(_) => {}
            Step::EmptyMap(_) | Step::EmptyList(_) | Step::Null(_) | Step::Leaf(_) => {
                judge(step, &mut in_force, false);
                in_force.empty();
            }
            Step::Comment(id) => {
                let hits = hits(id);
                judge(step, &mut in_force, hits);
                if let Some(list) = in_force.lists.last_mut().filter(|_| hits) {
                    list.ids.push(id);
                    in_force.count += 1;
                }
            }
        }
    }
}

/// The comments that hit, in each open container's list.
#[derive(Default)]
struct InForce {
    lists: Vec<Comments>,
    count: usize,
}

/// Those of one container, and how many of them have been seen by [`InForce::each_new`].
#[derive(Default)]
struct Comments {
    ids: Vec<CommentId>,
    seen: usize,
}

impl InForce {
    /// An entry was judged, and empties its container's list.
    fn empty(&mut self) {
        if let Some(list) = self.lists.last_mut() {
            self.count -= list.ids.len();
            list.ids.clear();
            list.seen = 0;
        }
    }

    /// Those that were not seen so before.
    fn each_new(&mut self, mut see: impl FnMut(CommentId)) {
        for list in &mut self.lists {
            list.ids[list.seen..].iter().for_each(|id| see(*id));
            list.seen = list.ids.len();
        }
    }
}
