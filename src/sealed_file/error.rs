//! Why a file could not be read, opened or sealed. Paths, lines and kinds; never a value.

use leafcrypt_formats::{SyntaxError, Unwritable};
use thiserror::Error;

use super::stray::Strays;
use crate::keys::{NoKeyOpens, WrapFailed};
use crate::metadata::{BadDate, MetadataError};
use crate::seal::go_regex::BadRegex;
use crate::seal::token::BadToken;
use crate::world::NoRandomness;

/// The text has no metadata block.
#[derive(Clone, Copy, Debug, Default, Error, PartialEq, Eq)]
#[error("sops metadata not found")]
pub struct NotSealed {
    /// It is not of its type either, neither as a sealed file nor as plain text.
    pub odd: bool,
    /// There is no block, and values in it are tokens: it was sealed, and has lost the block.
    pub stripped: bool,
}

/// Why a text could not be read as a sealed file.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum SealedError {
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// What a wrong witness is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WitnessFault {
    /// The field does not open under this data key and MAC.
    Field,
    /// Structure, types, clear values, rule, threshold or version.
    Body,
    /// Comments.
    Comments,
    /// Comments, by which the file's rule goes.
    Deciding,
    /// There is no field, and it was required.
    Missing,
    /// Nobody vouches for the recipients, and it was required.
    Unvouched,
}

/// Why a file could not be opened. No digest of the values is in it: they are unsalted, so whoever reads one in a log finds a short value by trying.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum OpenError {
    #[error(transparent)]
    NoKeyOpens(#[from] NoKeyOpens),
    #[error(transparent)]
    Regex(#[from] BadRegex),
    #[error("{path} (line {line}): {why}")]
    Leaf { path: String, line: usize, why: BadToken },
    /// Several of them, told to who accepts a file as it stands.
    #[error("{}", all_text(*.count, .first))]
    Leaves { count: usize, first: Vec<ClosedLeaf> },
    #[error("the file has no MAC: somebody removed it, and may have changed the rest")]
    MacMissing,
    /// Tags that were put into the file, and cannot be left out.
    #[error("tags that nobody has vouched for stand before its values, and it does not read the same without them")]
    OwnTags,
    /// No spelling of ours keeps what others have put between the values out of them.
    #[error("its text would read as other values than those that were sealed: what stands around them was changed")]
    Unreadable,
    #[error("MAC mismatch: values were changed, moved, added or removed since the file was sealed")]
    MacMismatch,
    #[error("Cannot decrypt MAC: {0}")]
    MacUnreadable(BadToken),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Date(#[from] BadDate),
    #[error("changed outside leafcrypt since it was sealed: {}", fault_text(*.0))]
    Witness(WitnessFault),
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

/// A leaf whose token does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedLeaf {
    /// Where, for people.
    pub path: String,
    /// Its line.
    pub line: usize,
    /// Why.
    pub why: BadToken,
}

impl From<ClosedLeaf> for OpenError {
    fn from(ClosedLeaf { path, line, why }: ClosedLeaf) -> Self {
        OpenError::Leaf { path, line, why }
    }
}

fn all_text(count: usize, first: &[ClosedLeaf]) -> String {
    let mut lines = vec![format!("{count} values do not open")];
    lines.extend(first.iter().map(|ClosedLeaf { path, line, why }| format!("  {path} (line {line}): {why}")));
    if count > first.len() {
        lines.push(format!("  and {} more", count - first.len()));
    }
    lines.join("\n")
}

fn fault_text(fault: WitnessFault) -> &'static str {
    match fault {
        WitnessFault::Field => "the field that bears witness belongs to other content",
        WitnessFault::Body => "order, names, types, clear values, the selection rule, the threshold or the version differ",
        WitnessFault::Comments => "comments differ",
        WitnessFault::Deciding => "comments differ, and the file's selection rule goes by them",
        WitnessFault::Missing => "it has no witness, and one is required",
        WitnessFault::Unvouched => "nobody has vouched for its recipients, and that is required",
    }
}

/// Why a file could not be sealed.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum SealError {
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It has a metadata block, or a key of that name.
    #[error("the file is sealed already, or has a top-level entry called 'sops'")]
    AlreadySealed,
    #[error(transparent)]
    Regex(#[from] BadRegex),
    /// P10.
    #[error("the rule {rule} covers no value of this file: everything would stay in clear")]
    NothingCovered { rule: String },
    #[error("{path}: a sealed comment would match {rule} and so count as clear when it is opened")]
    CommentMatches { path: String, rule: String },
    #[error(
        "line {line}: what this comment stands at depends on blank lines that the text above it keeps, which are gone once that is sealed"
    )]
    DoubtfulComment { line: usize },
    /// The copies cannot have the comment.
    #[error(
        "line {alias}: by the comment of line {comment} SOPS seals values also where this alias stands for them, and a value in the alias's place has no comment"
    )]
    RepeatedComment { alias: usize, comment: usize },
    /// In the alias's place brackets come to stand.
    #[error("line {line}: what this comment at an alias for a map or list means is another thing once that is sealed")]
    AtAlias { line: usize },
    /// In the sealed text the metadata stands below it.
    #[error("line {line}: a comment below a list would stand in clear, where SOPS seals it with the list")]
    FootInClear { line: usize },
    /// Nobody has typed it there.
    #[error("line {line}: a comment that is sealed would come to stand in clear")]
    LaidBare { line: usize },
    /// Tokens that would be texts from then on.
    #[error("{0}")]
    Strays(Strays),
    /// A key of the metadata block that names nobody.
    #[error("{kind}: the metadata has a key without its recipient, so nobody can tell whose it is")]
    NoRecipient { kind: &'static str },
    /// Brackets cannot have the comment.
    #[error(
        "line {comment}: to SOPS this comment stands at the alias of line {alias}; in the sealed text brackets stand in the alias's place, and have no such comment"
    )]
    CommentOfAlias { comment: usize, alias: usize },
    /// Key groups that nobody could open.
    #[error("{why}: nobody could open the file")]
    Unusable { why: String },
    #[error(transparent)]
    Wrap(#[from] WrapFailed),
    #[error(transparent)]
    Random(#[from] NoRandomness),
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    #[error(transparent)]
    Date(#[from] BadDate),
    /// What was sealed, opened again, is not what went in: a defect of ours or a construct we do not carry; nothing was written.
    #[error("what was sealed does not open to the same bytes (from line {line}); nothing was written")]
    NotFaithful { line: usize },
    /// A comment would have another place once the text around it is sealed, and could not be opened there.
    #[error("a comment would belong elsewhere once the values around it are sealed, and could not be opened there; nothing was written")]
    Astray,
    #[error("the sealed text would have {bytes} bytes, more than the limit of {limit}")]
    TooLarge { bytes: usize, limit: usize },
}
