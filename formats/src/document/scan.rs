//! What a scan is asked for, and what it yields.

use std::ops::Range;

use crate::error::Warning;
use crate::leaf::{Comment, CommentId, Leaf, Step};
use crate::limits::Limits;
use crate::ours::Ours;
use crate::path::Paths;
use crate::syntax::Block;

/// Is the text plain or sealed? In a plain text nothing that looks like a token is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As a person writes it.
    Plain,
    /// With tokens: a YAML list item of type `comment` is a comment, a CR behind an ENV token is not part of it.
    Sealed,
}

/// Whose rules where the two program names differ (docs/sops-compatibility.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Our own: integers of 2^63 and more as floats with a warning, quoted ENV values over several lines.
    Leafcrypt,
    /// SOPS's: such things are errors.
    Sops,
}

/// How to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    /// Plain or sealed.
    pub mode: Mode,
    /// Whose rules.
    pub dialect: Dialect,
    /// What is too much.
    pub limits: Limits,
    /// Look also for what is only worth a warning, where that takes work of its own (ENV: doubled names).
    pub warns: bool,
    /// A plain YAML text may have a key `<<` that merges nothing: so sops prints one that it has sealed.
    pub odd_merges: bool,
}

impl ScanOptions {
    /// For plaintext, our own rules.
    pub const PLAIN: ScanOptions =
        ScanOptions { mode: Mode::Plain, dialect: Dialect::Leafcrypt, limits: Limits::PLAIN, warns: true, odd_merges: false };
    /// For sealed text, our own rules.
    pub const SEALED: ScanOptions = ScanOptions { mode: Mode::Sealed, limits: Limits::SEALED, ..ScanOptions::PLAIN };
}

/// What every scan yields, whatever the format.
#[derive(Default)]
pub(crate) struct Outline {
    pub steps: Vec<Step>,
    pub leaves: Vec<Leaf>,
    pub comments: Vec<Comment>,
    pub paths: Paths,
    pub blocks: Vec<Block>,
    pub warnings: Vec<Warning>,
    /// Comments of which it depends on what is covered where they belong.
    pub doubtful: Vec<CommentId>,
    /// Some comments are items, where an opened text has no place for them.
    pub without_place: bool,
    /// Comments that count again where an alias stands.
    pub repeated: Vec<Repeated>,
    /// Comments at aliases for maps and lists.
    pub at_aliases: Vec<AtAlias>,
    /// What SOPS's dialect refuses.
    pub ours: Vec<Ours>,
}

/// Comments in what an alias stands for: SOPS writes them out there once more, and goes by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Their numbers.
    pub comments: Range<u32>,
    /// Where the alias stands, a byte offset.
    pub alias: u32,
    /// The leaves that it stands for, by number, and in the same order those in its place.
    pub leaves: [Range<u32>; 2],
}

/// A comment that stands at an alias for a map or list: for SOPS in the map around it, but in the brackets that stand there once that is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtAlias {
    /// Which.
    pub comment: CommentId,
    /// As in [`Repeated`].
    pub leaves: [Range<u32>; 2],
}

impl Outline {
    /// Room for so many leaves of a flat format, whose steps are a key and a value each. Room that stays empty costs nothing.
    pub(crate) fn reserve(&mut self, leaves: usize, names: usize) {
        self.steps.reserve(2 * leaves);
        self.leaves.reserve(leaves);
        self.paths.reserve(leaves, names);
    }
}
