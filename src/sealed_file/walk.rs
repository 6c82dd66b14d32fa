//! Opening the leaves of a document: tokens to values, and the MAC over them.

use std::borrow::Cow;
use std::ops::Range;

use leafcrypt_formats::{Bytes, CommentId, Document, Format, Kind, LeafId, Opened, PathId, Step, Value};
use zeroize::Zeroizing;

use super::clear::is_clear;
use super::error::{ClosedLeaf, OpenError};
use super::{OpenHow, crew};
use crate::seal::cipher::Cipher;
use crate::seal::mac::Mac;
use crate::seal::policy::{Coverage, Policy};
use crate::seal::token::{self, BadToken, Holds};
use crate::seal::{aad, plain_bytes};

/// What came out of a document's tokens.
pub(super) struct Walked {
    pub opened: Opened,
    pub coverage: Coverage,
    /// A comment that should be a token stands in clear, or its token does not open.
    pub clear_comments: bool,
    /// Covered leaves in clear, where those are let through; they are not in the MAC.
    pub added: Option<Vec<bool>>,
    /// The MAC as the values give it.
    pub mac: Zeroizing<String>,
    /// The same as SOPS before 3.13.2 has it, where that is another one: `-0` in clear in JSON is a float to it, and an integer to us.
    pub older_mac: Option<Zeroizing<String>>,
    /// So many comments are tokens that do not open.
    pub closed_comments: usize,
    /// So many trials of them have failed that no more were made.
    pub tried_out: bool,
    /// A comment was found by a place that is none of those where it could stand.
    pub moved_comments: bool,
}

impl Walked {
    /// The type of a covered leaf: its token's.
    pub fn kind(&self, leaf: usize) -> Kind {
        self.opened.leaves[leaf].as_ref().map_or(Kind::Str, Value::kind)
    }
}

/// So many trials of comments may fail in a document. Then only the nearest container of each is tried: comments that were put there to fail would cost
/// their number times their depth. Those that somebody has sealed fail a few times, if at all.
const MOST_TRIALS: usize = 300_000;
/// A trial with a path of so many bytes counts as another one.
const LONG_PATH: usize = 4096;
/// So many leaves that do not open are named.
const NAMED: usize = 20;

/// Opens every covered leaf and comment, in order. Where the file is to be completed, covered leaves may stand in clear; where somebody may accept it as it
/// stands, all leaves that do not open are told, else the first.
pub(super) fn open(
    document: &Document<'_>,
    policy: &Policy,
    mac_only_encrypted: bool,
    cipher: &Cipher,
    how: &OpenHow<'_>,
) -> Result<Walked, OpenError> {
    let mut added = how.completing.then(|| vec![false; document.leaves().len()]);
    let mut coverage = policy.coverage(document);
    let mut mac = Mac::new(mac_only_encrypted);
    let mut older_mac: Option<Mac> = None;
    let mut leaves = Vec::with_capacity(document.leaves().len());
    let covers = &coverage.leaves;
    let part = |range: Range<usize>, found: &mut Vec<Result<Found, BadToken>>| {
        let (mut path, mut path_of) = (Vec::new(), None);
        let open = |i| if covers[i] { open_leaf(document, i, &mut path, &mut path_of, cipher, how.completing) } else { Ok(Found::Clear) };
        found.extend(range.map(open));
    };
    let (mut closed, mut count) = (Vec::new(), 0);
    crew::in_parts(covers.len(), covers.len(), part, |found| -> Result<(), OpenError> {
        for found in found.drain(..) {
            let i = leaves.len();
            let in_mac = document.leaves()[i].in_mac;
            leaves.push(match found {
                Err(why) if !how.accepting => return Err(closed_leaf(document, i, why).into()),
                Err(why) => {
                    count += 1;
                    if count <= NAMED {
                        closed.push(closed_leaf(document, i, why));
                    }
                    None
                }
                Ok(Found::Opened(value)) => {
                    if in_mac {
                        let plain = plain_bytes::of(&value);
                        older_mac.iter_mut().for_each(|older| older.leaf(&plain, true));
                        mac.leaf(&plain, true);
                    }
                    Some(value)
                }
                Ok(Found::Clear) => {
                    if in_mac && !mac_only_encrypted {
                        let plain = document.value(LeafId(i as u32));
                        let plain = plain_bytes::of(&plain);
                        let negative = is_negative_zero(document, i);
                        if negative && older_mac.is_none() {
                            older_mac = Some(mac.clone());
                        }
                        older_mac.iter_mut().for_each(|older| older.leaf(if negative { b"-0" } else { &plain }, false));
                        mac.leaf(&plain, false);
                    }
                    None
                }
                Ok(Found::Added) => {
                    if let Some(added) = &mut added {
                        added[i] = true;
                    }
                    None
                }
            });
        }
        Ok(())
    })?;
    for (covers, value) in coverage.leaves.iter_mut().zip(&leaves) {
        *covers &= value.is_some();
    }
    let Comments { opened: comments, clear: clear_comments, closed: closed_comments, tried_out, moved: moved_comments } =
        open_comments(document, &mut coverage, cipher, how.accepting);
    match closed.pop() {
        None => {}
        Some(one) if closed.is_empty() => return Err(one.into()),
        Some(last) => {
            closed.push(last);
            return Err(OpenError::Leaves { count, first: closed });
        }
    }
    // There it is an item of a list, and would be one value more.
    if let Some(at) = comments.iter().position(Option::is_none).filter(|_| document.format() == Format::Json) {
        let comment = document.comment(CommentId(at as u32));
        let (path, line) = (document.paths().display(comment.container), document.position(comment.span.start).0);
        return Err(OpenError::Leaf { path, line, why: BadToken::Forged });
    }
    let older_mac = older_mac.map(Mac::finish);
    let (opened, mac) = (Opened { leaves, comments }, mac.finish());
    Ok(Walked { opened, coverage, clear_comments, closed_comments, tried_out, added, mac, older_mac, moved_comments })
}

/// The same for a text that was sealed just now: `values` are those of the covered leaves, `mac` is the MAC of all, `plain` is what was sealed. Whatever the
/// text holds that did not go in is an error; so nothing is opened into memory of its own, and no MAC computed twice.
pub(super) fn open_known(
    document: &Document<'_>,
    plain: &Document<'_>,
    policy: &Policy,
    values: Vec<Option<Value>>,
    mac: Zeroizing<String>,
    cipher: &Cipher,
) -> Result<Walked, OpenError> {
    let mut coverage = policy.coverage(document);
    let is_same = |i: usize, path: &mut Vec<u8>, path_of: &mut Option<PathId>| {
        let id = LeafId(i as u32);
        let (leaf, before) = (document.leaf(id), plain.leaves().get(i).ok_or(BadToken::Content)?);
        let content = document.content(id);
        match &values[i] {
            _ if leaf.in_mac != before.in_mac => Err(BadToken::Content),
            Some(value) if coverage.leaves[i] => {
                bind(path, path_of, document, leaf.path);
                cipher.open_same(path, &content, value)
            }
            // Empty strings are never sealed, whatever the rule says.
            None if (!coverage.leaves[i] || content.is_empty()) && document.value(id).same(&plain.value(id)) => Ok(()),
            _ => Err(BadToken::Content),
        }
    };
    let part = |range: Range<usize>, failed: &mut Option<(usize, BadToken)>| {
        let (mut path, mut path_of) = (Vec::new(), None);
        *failed = range.into_iter().find_map(|i| is_same(i, &mut path, &mut path_of).err().map(|why| (i, why)));
    };
    let failed = |i: usize, why| OpenError::from(closed_leaf(document, i, why));
    if values.len() != document.leaves().len() || plain.leaves().len() != values.len() {
        return Err(OpenError::Leaf { path: String::new(), line: 0, why: BadToken::Content });
    }
    crew::in_parts(values.len(), values.len(), part, |found| found.take().map_or(Ok(()), |(i, why)| Err(failed(i, why))))?;
    for (covers, value) in coverage.leaves.iter_mut().zip(&values) {
        *covers &= value.is_some();
    }
    let Comments { opened: comments, clear: clear_comments, closed: closed_comments, tried_out, moved: moved_comments } =
        open_comments(document, &mut coverage, cipher, false);
    let opened = Opened { leaves: values, comments };
    Ok(Walked { opened, coverage, clear_comments, closed_comments, tried_out, added: None, mac, older_mac: None, moved_comments })
}

/// What the comments of a document hold.
struct Comments {
    opened: Vec<Option<Bytes>>,
    /// One that should be a token stands in clear, or does not open.
    clear: bool,
    /// How many tokens do not open.
    closed: usize,
    tried_out: bool,
    moved: bool,
}

/// `accepting`: one that somebody has moved with its lines is looked for in all containers, or its text would be lost.
fn open_comments(document: &Document<'_>, coverage: &mut Coverage, cipher: &Cipher, accepting: bool) -> Comments {
    let (mut clear, mut closed, mut moved) = (false, 0, false);
    let mut budget = MOST_TRIALS;
    let all = if accepting { containers(document) } else { Vec::new() };
    let opened = (0..document.comments().len())
        .map(|i| {
            let id = CommentId(i as u32);
            let mut opened = coverage.comments[i].then(|| open_comment(document, id, cipher, &mut budget)).flatten();
            if coverage.comments[i] && opened.is_none() {
                opened = open_in(document, id, all.iter().copied(), cipher, &mut budget);
                moved |= opened.is_some();
            }
            clear |= coverage.comments[i] && opened.is_none();
            closed += usize::from(opened.is_none() && written_token(document, id).is_some());
            coverage.comments[i] = opened.is_some();
            opened
        })
        .collect();
    Comments { opened, clear, closed, tried_out: budget == 0, moved }
}

/// What stands where a leaf is.
enum Found {
    /// A token, with this value in it.
    Opened(Value),
    /// A value in clear: the rule does not cover it, or it is an empty string, which is never sealed.
    Clear,
    /// A value in clear that the rule covers.
    Added,
}

fn open_leaf(
    document: &Document<'_>,
    number: usize,
    path: &mut Vec<u8>,
    path_of: &mut Option<PathId>,
    cipher: &Cipher,
    completing: bool,
) -> Result<Found, BadToken> {
    let leaf = &document.leaves()[number];
    let content = document.content(LeafId(number as u32));
    if content.is_empty() {
        return Ok(Found::Clear);
    }
    if completing && is_clear(&content) {
        return Ok(Found::Added);
    }
    bind(path, path_of, document, leaf.path);
    cipher.open_value(path, &content).map(Found::Opened)
}

/// Where a leaf that does not open stands. Counting lines takes a look at all that stands before it.
fn closed_leaf(document: &Document<'_>, number: usize, why: BadToken) -> ClosedLeaf {
    let leaf = &document.leaves()[number];
    ClosedLeaf { path: document.paths().display(leaf.path), line: document.position(leaf.span.start).0, why }
}

/// A clear comment in place of a sealed one is accepted, and one that does not open is left as it is (SOPS behaviour); the witness tells.
/// SOPS's placement and ours may differ by a container, so every enclosing path is tried, until the budget of the document is used up.
fn open_comment(document: &Document<'_>, id: CommentId, cipher: &Cipher, budget: &mut usize) -> Option<Bytes> {
    let around = |container: &PathId| (*container != PathId::ROOT).then(|| document.paths().parent(*container));
    open_in(document, id, std::iter::successors(Some(document.comment(id).container), around), cipher, budget)
}

/// The first of these containers in which it opens.
fn open_in(
    document: &Document<'_>,
    id: CommentId,
    containers: impl Iterator<Item = PathId>,
    cipher: &Cipher,
    budget: &mut usize,
) -> Option<Bytes> {
    let text = written_token(document, id)?;
    let mut bound = Vec::new();
    for container in containers {
        aad::write(&mut bound, document.paths(), container);
        if let Ok(plain) = cipher.open_text(&bound, &text, Holds::Comment) {
            return Some(Bytes::new(plain));
        }
        // What a trial costs grows with its path.
        *budget = budget.saturating_sub(1 + bound.len() / LONG_PATH);
        if *budget == 0 {
            break;
        }
    }
    None
}

/// All maps and lists.
fn containers(document: &Document<'_>) -> Vec<PathId> {
    let path = |step: &Step| match step {
        Step::MapStart(path) | Step::ListStart(path) | Step::EmptyMap(path) | Step::EmptyList(path) => Some(*path),
        _ => None,
    };
    document.steps().iter().filter_map(path).collect()
}

/// `-0` in JSON.
pub(super) fn is_negative_zero(document: &Document<'_>, number: usize) -> bool {
    let leaf = &document.leaves()[number];
    document.format() == Format::Json && leaf.kind == Kind::Int && document.text()[leaf.span.range()] == *b"-0"
}

/// Is this the token of a comment in the container with these additional data?
pub(super) fn opens_there(cipher: &Cipher, container: &[u8], token: &[u8]) -> bool {
    cipher.open_text(container, token, Holds::Comment).map(Bytes::new).is_ok()
}

/// The token of a comment that was opened.
pub(super) fn comment_token<'a>(document: &'a Document<'_>, opened: &Opened, id: CommentId) -> Option<Cow<'a, [u8]>> {
    opened.comments[id.0 as usize].is_some().then(|| written_token(document, id)).flatten()
}

/// A comment that is a token, but for blanks around it: formatters put one behind the mark.
pub(super) fn written_token<'a>(document: &'a Document<'_>, id: CommentId) -> Option<Cow<'a, [u8]>> {
    let text = document.comment_text(id);
    let trimmed = text.trim_ascii();
    if !token::looks_sealed(trimmed) {
        return None;
    }
    Some(if trimmed.len() == text.len() { text } else { Cow::Owned(trimmed.to_vec()) })
}

/// The additional data of a path, kept while the path stays the same.
pub(super) fn bind(out: &mut Vec<u8>, of: &mut Option<PathId>, document: &Document<'_>, path: PathId) {
    if *of != Some(path) {
        aad::write(out, document.paths(), path);
        *of = Some(path);
    }
}
