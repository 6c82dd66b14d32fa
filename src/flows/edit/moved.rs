//! What comes to stand in clear under another name, where names decide (docs/threat-model.md, P10): a name that is mistyped, or that the rule does not know.
//!
//! The rule is the same before and after, so it shows by the value alone: one that was sealed, is so less often than before, and was nowhere in clear. What may be
//! the same by chance (`true`, `5432`) counts only where it stands in its old place, with another name; a boolean, or a word for one, not even there. And a value that
//! was taken out of use with its line: no name seals a comment that belongs to what is in clear.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use leafcrypt_formats::{CommentId, Document, Kind, LeafId, PathId, Value};
use zeroize::Zeroizing;

use crate::flows::uncovered::{Change, Side};
use crate::seal::go_regex::BadRegex;
use crate::seal::plain_bytes;
use crate::seal::policy::Policy;
use crate::seal::selection::Selection;

/// So many paths are named.
const MOST_SHOWN: usize = 20;
/// A shorter word may be in the middle of another value by chance.
const LONG: usize = 6;

/// What an edit has moved out of the rule's reach.
#[derive(Default)]
pub(super) struct Moved {
    /// Where it stands now; none: nothing was moved.
    pub at: Option<String>,
    /// Something was sealed, nothing is any more, and something new stands in clear.
    pub nothing_is_sealed: bool,
}

/// Looks for it. Hashes under keys of the one comparison stand for values, texts and places: there are no copies (P16, R1).
///
/// # Errors
/// A rule does not compile.
pub(super) fn find(change: &Change<'_>) -> Result<Moved, BadRegex> {
    if change.is_new || change.after.rule.kind.is_of_comments() {
        return Ok(Moved::default());
    }
    let marks = RandomState::new();
    let (here, now) = (Names::new(&change.file, &marks)?, Names::new(&change.after, &marks)?);
    let seen = change.seen.iter().map(|side| Names::new(side, &marks)).collect::<Result<Vec<_>, _>>()?;
    let before: Vec<&Names<'_>> = seen.iter().chain([&here]).collect();

    let (clear_here, clear_names) = (here.of(false, |leaf| leaf.value), here.of(false, |leaf| leaf.name));
    let sealed_names: HashSet<u64> = before.iter().flat_map(|side| side.of(true, |leaf| leaf.name)).collect();
    let names_now: HashSet<u64> = now.leaves.iter().map(|leaf| leaf.name).collect();
    let renamed: HashSet<(u64, u64)> = before
        .iter()
        .flat_map(|side| side.leaves.iter())
        .filter(|leaf| leaf.covered && !names_now.contains(&leaf.name))
        .map(|leaf| (leaf.slot, leaf.value))
        .collect();
    let values =
        |side: &Names<'_>| count(side.leaves.iter().filter(|leaf| leaf.covered && leaf.weight == Weight::Tells).map(|leaf| leaf.value));
    let gone = gone(before.iter().map(|side| values(side)), &values(&now), &clear_here);
    let says_it = |path: PathId| now.is_told_by_its_name(path, change.after.rule, &here);
    let is_moved = |leaf: &&Leaf| {
        let is_news = !leaf.covered && !clear_here.contains(&leaf.value) && !sealed_names.contains(&leaf.name);
        let is_renamed =
            || leaf.weight != Weight::Nothing && !here.names.contains(&leaf.name) && renamed.contains(&(leaf.slot, leaf.value));
        is_news && (gone.contains(&leaf.value) || is_renamed()) && !says_it(leaf.path)
    };
    let leaves: Vec<&Leaf> = now.leaves.iter().filter(is_moved).collect();

    let texts = |side: &Names<'_>| count(side.comments.iter().filter(|comment| comment.covered).map(|comment| comment.text));
    let clear_texts = here.comments.iter().filter(|comment| !comment.covered).map(|comment| comment.text).collect();
    let gone_texts = self::gone(before.iter().map(|side| texts(side)), &texts(&now), &clear_texts);
    let is_moved = |comment: &&Comment| !comment.covered && gone_texts.contains(&comment.text) && !says_it(comment.container);
    // Where a rule is compared with another one they are looked for there.
    let is_asked = change.has_other_rule() || change.creation.is_some_and(|rule| rule != change.after.rule);
    let mut lines: BTreeSet<usize> = BTreeSet::new();
    lines.extend(now.comments.iter().filter(|comment| !is_asked && is_moved(comment)).map(|comment| comment.line.start));

    // What tells one of the values in the middle of another text.
    let known: HashSet<u64> = before.iter().flat_map(|side| side.comments.iter().map(|comment| comment.text)).collect();
    let is_new = |comment: &&Comment| !comment.covered && !known.contains(&comment.text) && !says_it(comment.container);
    let new_lines: Vec<&Comment> = now.comments.iter().filter(is_new).collect();
    let is_new = |leaf: &&Leaf| !leaf.covered && !clear_here.contains(&leaf.value) && !gone.contains(&leaf.value) && !says_it(leaf.path);
    let new_leaves: Vec<&Leaf> = now.leaves.iter().filter(is_new).collect();
    let mut paths: BTreeSet<u32> = leaves.iter().map(|leaf| leaf.path.0).collect();
    if !(new_lines.is_empty() && new_leaves.is_empty()) {
        for value in before.iter().flat_map(|side| side.with(&gone)) {
            let told = new_lines.iter().filter(|comment| tells(&now.document.text()[comment.line.clone()], &value));
            lines.extend(told.map(|comment| comment.line.start));
            let told = new_leaves.iter().filter(|leaf| value.len() >= LONG && tells(&now.bytes(leaf), &value));
            paths.extend(told.map(|leaf| leaf.path.0));
        }
    }

    let mut at: Vec<String> = paths.iter().take(MOST_SHOWN).map(|path| now.document.paths().display(PathId(*path))).collect();
    if paths.len() > MOST_SHOWN {
        at.push(format!("{} more values", paths.len() - MOST_SHOWN));
    }
    let mut numbers = now.document.lines();
    at.extend(lines.iter().take(MOST_SHOWN).map(|line| format!("a comment (line {})", numbers(*line as u32))));
    if lines.len() > MOST_SHOWN {
        at.push(format!("{} more comments", lines.len() - MOST_SHOWN));
    }
    let nothing_is_sealed = *change.after.rule != Selection::default_rule()
        && here.leaves.iter().any(|leaf| leaf.covered)
        && !now.leaves.iter().any(|leaf| leaf.covered)
        && now.leaves.iter().any(|leaf| !clear_names.contains(&leaf.name));
    Ok(Moved { at: (!at.is_empty()).then(|| at.join(", ")), nothing_is_sealed })
}

fn count(marks: impl Iterator<Item = u64>) -> HashMap<u64, usize> {
    let mut counts = HashMap::new();
    marks.for_each(|mark| *counts.entry(mark).or_default() += 1);
    counts
}

/// What is sealed less often than before, and was not in clear.
fn gone(before: impl Iterator<Item = HashMap<u64, usize>>, now: &HashMap<u64, usize>, clear: &HashSet<u64>) -> HashSet<u64> {
    let is_gone = |(mark, n): &(u64, usize)| now.get(mark).copied().unwrap_or_default() < *n && !clear.contains(mark);
    before.flatten().filter(is_gone).map(|(mark, _)| mark).collect()
}

/// Has a text this value in it, as a word of its own? An entry that was taken out of use (`# password: hunter2`), a line that slipped below another value.
fn tells(text: &[u8], value: &[u8]) -> bool {
    let is_apart = |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
    memchr::memmem::find_iter(text, value).any(|at| is_apart(text[..at].last()) && is_apart(text.get(at + value.len())))
}

/// How much a value tells of where it comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// It stands everywhere, and its length has told it.
    Nothing,
    /// It may be the same by chance.
    Little,
    Tells,
}

impl Weight {
    fn of(value: &Value, bytes: &[u8]) -> Self {
        const WORDS: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "null", "none", "nil", "enabled", "disabled", "default"];
        let is_word = || WORDS.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(bytes));
        let least = if value.kind() == Kind::Str && bytes.iter().any(|b| b.is_ascii_alphabetic() || !b.is_ascii()) { 4 } else { 8 };
        match value.kind() {
            Kind::Bool => Weight::Nothing,
            _ if is_word() => Weight::Nothing,
            _ if bytes.len() < least => Weight::Little,
            _ => Weight::Tells,
        }
    }
}

/// A value that is not empty.
struct Leaf {
    id: LeafId,
    path: PathId,
    /// Its path without positions in lists: by that it is covered.
    name: u64,
    /// Where it stands among the values beside it, and how many these are.
    slot: u64,
    value: u64,
    weight: Weight,
    covered: bool,
}

/// Whatever stands around it: a style of YAML's takes line ends or leaves them.
fn bytes_of(value: &Value) -> Zeroizing<Vec<u8>> {
    let whole = Zeroizing::new(plain_bytes::of(value).into_owned());
    Zeroizing::new(whole.trim_ascii().to_vec())
}

/// A line of a comment: a run of them may grow or fall apart.
struct Comment {
    container: PathId,
    line: Range<usize>,
    text: u64,
    covered: bool,
}

/// A side, as it is compared.
struct Names<'a> {
    document: &'a Document<'a>,
    leaves: Vec<Leaf>,
    comments: Vec<Comment>,
    by_path: Vec<u64>,
    /// All names, of maps and lists as well.
    names: HashSet<u64>,
}

impl<'a> Names<'a> {
    fn new(side: &Side<'a>, marks: &RandomState) -> Result<Self, BadRegex> {
        let document = side.document;
        let covers = Policy::new(side.rule)?.coverage(document);
        let paths = document.paths();
        let mut by_path = vec![0; paths.len()];
        // A parent is always made before its children.
        for i in 1..by_path.len() {
            let path = PathId(i as u32);
            let above = by_path[paths.parent(path).0 as usize];
            by_path[i] = paths.name(path).map_or(above, |name| marks.hash_one((above, name)));
        }
        let beside = count(document.leaves().iter().map(|leaf| u64::from(paths.parent(leaf.path).0)));
        let mut before: HashMap<u64, usize> = HashMap::new();
        let mut leaves = Vec::with_capacity(document.leaves().len());
        for (i, leaf) in document.leaves().iter().enumerate() {
            let parent = paths.parent(leaf.path);
            let number = before.entry(u64::from(parent.0)).or_default();
            *number += 1;
            let value = document.value(LeafId(i as u32));
            let bytes = bytes_of(&value);
            if bytes.is_empty() {
                continue;
            }
            leaves.push(Leaf {
                id: LeafId(i as u32),
                path: leaf.path,
                name: by_path[leaf.path.0 as usize],
                slot: marks.hash_one((by_path[parent.0 as usize], *number, beside[&u64::from(parent.0)])),
                value: marks.hash_one(&**bytes),
                weight: Weight::of(&value, &bytes),
                covered: covers.leaves[i],
            });
        }
        let mut comments = Vec::new();
        for (i, comment) in document.comments().iter().enumerate() {
            for line in document.comment_lines(CommentId(i as u32)) {
                let text = &document.text()[line.clone()];
                if text.iter().filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii()).count() >= 4 {
                    let text = marks.hash_one(text);
                    comments.push(Comment { container: comment.container, line, text, covered: covers.comments[i] });
                }
            }
        }
        let names = by_path.iter().copied().collect();
        Ok(Names { document, leaves, comments, by_path, names })
    }

    /// Something of all that is covered, or is not.
    fn of(&self, covered: bool, what: impl Fn(&Leaf) -> u64) -> HashSet<u64> {
        self.leaves.iter().filter(|leaf| leaf.covered == covered).map(what).collect()
    }

    /// The values among these that are covered, each once.
    fn with<'s>(&'s self, values: &'s HashSet<u64>) -> impl Iterator<Item = Zeroizing<Vec<u8>>> + 's {
        let mut seen = HashSet::new();
        let wanted = self.leaves.iter().filter(move |leaf| leaf.covered && values.contains(&leaf.value) && seen.insert(leaf.value));
        wanted.map(|leaf| self.bytes(leaf))
    }

    fn bytes(&self, leaf: &Leaf) -> Zeroizing<Vec<u8>> {
        bytes_of(&self.document.value(leaf.id))
    }

    /// By SOPS's default what stands in clear has a name that ends in `_unencrypted`, or stands below one. Whoever types that says it, but not who moves something below
    /// one that was there.
    fn is_told_by_its_name(&self, path: PathId, rule: &Selection, before: &Names<'_>) -> bool {
        let paths = self.document.paths();
        let tells = |path: PathId| {
            let is_marked = paths.name(path).is_some_and(|name| name.ends_with(rule.text.as_bytes()));
            is_marked && !before.names.contains(&self.by_path[path.0 as usize])
        };
        *rule == Selection::default_rule() && paths.ancestors(path).any(tells)
    }
}
