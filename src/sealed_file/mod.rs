//! A file's two states, and the doors between: [`SealedFile::open`] and [`OpenFile::seal`]. What a token, the MAC and the witness are is in [`crate::seal`], the
//! block in [`crate::metadata`], text and places in [`crate::formats`], the data key in [`crate::keys`]; how a file is read and written in [`crate::files`].
//!
//! Every command is: parse, open, change, seal. What `open` returns has passed its MAC; the ways round are
//! [`OpenHow::ignore_mac`], and [`OpenHow::accepting`] for what a person looks at. What `seal` returns has been opened again and compared.
//!
//! The order of things is here:
//!
//! | the step | is in |
//! | --- | --- |
//! | from a text to a sealed file, or why it is none | `parse.rs`; was it one? `damaged.rs` |
//! | from sealed to open: values, MAC, witness, layout | `open.rs`, with `walk.rs` for the leaves, `judge.rs` for MAC and text, `verdict.rs` for what the witness decides, `reading.rs` for what the text reads as, `planted.rs` for layout of others, `line_ends.rs` for what git makes of them |
//! | what is had then | `opened.rs` |
//! | back: tokens, MAC, witness, block | `seal.rs`, with `cover.rs` for the tokens, `record.rs` for the block, `reopen.rs` for the look at the finished bytes, `placed.rs` for comments that belong elsewhere there |
//! | the same for a whole file | `binary.rs` |
//! | changes of less than values, or more | `rewrap.rs` (recipients), `rotate.rs` (the data key), `clear.rs` (what was added in clear), `accept.rs` (what differs), `stray.rs` (tokens that would become texts), `shown.rs` (the block under the text) |
//! | where no token stands | `ends.rs` |
//! | many leaves on all cores | `crew.rs` |

mod accept;
mod binary;
mod clear;
mod comment_rules;
mod cover;
mod crew;
mod damaged;
mod ends;
mod error;
mod judge;
mod laid_bare;
mod line_ends;
mod open;
mod opened;
mod parse;
mod placed;
mod planted;
mod reading;
mod record;
mod reopen;
mod rewrap;
mod rotate;
mod seal;
mod shown;
mod stray;
mod verdict;
mod walk;

use leafcrypt_formats::{Dialect, Document, Envelope, Format, Hint, LeafId, Limits, Mode, Part, PlainText, ScanOptions, Tree, Value};

pub use accept::{Differences, MacState, Recipients, WitnessState};
pub use clear::Clear;
pub use damaged::{has_lost_block, is_damaged};
pub use error::{NotSealed, OpenError, SealError, SealedError, WitnessFault};
pub use reading::{OwnTag, without as tags_without};
pub use seal::{Finished, Wanted};
pub use stray::{Stray, Strays};
pub use verdict::Vouched;

use crate::keys::{DataKey, GroupReport, KeyGroups};
use crate::manners::Manners;
use crate::metadata::Metadata;
use crate::seal::extension::Descent;
use crate::seal::policy::Coverage;
use crate::seal::selection::Selection;

/// The newest SOPS version whose behaviour we match: what 3.13.2 changed is in, later ones are not looked at yet.
pub const SOPS_VERSION: &str = "3.13.2";

/// A sealed file, read but not opened.
pub struct SealedFile<'t> {
    text: &'t [u8],
    format: Format,
    body: Body<'t>,
    metadata: Metadata,
}

enum Body<'t> {
    Document(Box<Document<'t>>),
    Binary(Envelope),
}

/// How to open.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenHow<'a> {
    /// Do not check the MAC: `--ignore-mac`, and the witness neither.
    pub ignore_mac: bool,
    /// A witness whose comments differ is an error: `--strict`.
    pub strict: bool,
    /// Refuse files without witness or with recipients nobody vouches for: `--require-witness`.
    pub require_witness: bool,
    /// A text that was sealed just now, and is looked at before it is written: its hinted text comes back even if it is not the one that was sealed, and
    /// whatever becomes of its comments. Sealing itself wants to see that.
    pub(crate) just_sealed: bool,
    /// Covered values may stand in clear: they are left out of MAC and witness, and sealed next (docs/sealed-file.md, section 5).
    pub(crate) completing: bool,
    /// What differs from what was sealed is told, not refused: `accept`.
    pub(crate) accepting: bool,
    /// With the line ends that it has, whether or not others would do better.
    pub(crate) as_it_stands: bool,
    /// `--decryption-order`; empty: none given.
    pub order: &'a [String],
}

/// An opened file: its plain text, and what is needed to seal it again.
pub struct OpenFile<'t> {
    /// The text, byte for byte as it was before it was sealed.
    plain: PlainText,
    format: Format,
    data_key: DataKey,
    settings: Settings,
    base: Option<Base<'t>>,
    /// What of the sealed file is made anew.
    renews: Renews,
    /// A text of which nothing is covered is refused: a new file whose rule does nothing (P10).
    must_cover: bool,
    /// What nobody has accepted of what others have changed.
    doubts: verdict::Doubts,
    /// What the user should know; already in words.
    warnings: Vec<String>,
    /// What differs from what was sealed, where that was asked for.
    differences: Option<Box<Differences>>,
    /// How its data key was found; none if it was known.
    unwrapped: Vec<GroupReport>,
    /// Values that were set, and their paths: the text there may read as another one.
    held: Vec<(Vec<Part>, Value)>,
    /// Its text reads by our own dialect only, whatever the name.
    own_dialect: bool,
    /// Somebody has typed the text, and sees what stands where.
    is_typed: bool,
    /// Git has given it other line ends than it was sealed with. All the rest here is what it was with those.
    checkout: Option<line_ends::Checkout>,
}

/// What is sealed into the metadata besides MAC and date.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who can open the file.
    pub groups: KeyGroups,
    /// Which leaves are covered; none in a binary file.
    pub selection: Option<Selection>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// `version` as it stands, or [`SOPS_VERSION`].
    pub version: String,
    /// Metadata fields nobody knows.
    pub unknown: Vec<(String, Tree)>,
    /// Blanks a level in the metadata block, as `--indent` or `stores` say.
    pub indent: Option<usize>,
    /// Has somebody vouched for the recipients?
    pub vouched: Vouched,
    /// Proof of descent, kept.
    pub descent: Descent,
}

impl Settings {
    /// The selection rule in force.
    pub fn rule(&self) -> Selection {
        Selection::in_force(self.selection.as_ref())
    }
}

/// What of a sealed file is made anew when it is sealed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Renews {
    /// Nothing but what the metadata block says: the leaves stay as they stand.
    Block,
    /// The leaves: unchanged ones keep their tokens.
    Leaves,
    /// MAC and date too, even if no leaf is another.
    Mac,
    /// The data key, and with it every token.
    Key,
}

/// The sealed file that an [`OpenFile`] came from.
struct Base<'t> {
    text: &'t [u8],
    metadata: Metadata,
    body: BaseBody<'t>,
    /// The hints that brought the text back.
    hints: Vec<Hint>,
    /// The MAC's plaintext.
    mac: zeroize::Zeroizing<String>,
    /// It is right as SOPS before 3.13.2 takes it, for which `-0` in clear in JSON is a float; what is sealed from it is for the same SOPS.
    has_older_mac: bool,
    /// Opened without checking the MAC: what is sealed from it gets no field of ours.
    unchecked: bool,
}

enum BaseBody<'t> {
    /// `otherwise`: the leaves that the plain text gives another value than their tokens hold, with that value, in order.
    Document {
        document: Box<Document<'t>>,
        opened: leafcrypt_formats::Opened,
        otherwise: Vec<(LeafId, Value)>,
        coverage: Coverage,
    },
    Binary(Envelope),
}

impl OpenHow<'_> {
    /// The same, for a file that is to be completed.
    #[must_use]
    pub fn completing(self) -> Self {
        OpenHow { completing: true, ..self }
    }
}

impl SealedFile<'_> {
    /// Its metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its format; [`Format::Binary`] for an envelope under whatever name.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What the scan has to say: doubled keys and the like.
    pub fn warnings(&self) -> Vec<String> {
        let scan = match &self.body {
            Body::Document(document) => document.warnings().iter().map(|w| w.what.clone()).collect(),
            Body::Binary(_) => Vec::new(),
        };
        scan.into_iter().chain(self.metadata.warnings.iter().cloned()).collect()
    }
}

impl OpenFile<'_> {
    /// How its plain text is scanned, and what comes of it.
    pub fn scan_options(&self, manners: &Manners) -> ScanOptions {
        let options = scan_options(Mode::Plain, manners);
        if self.own_dialect { ScanOptions { dialect: Dialect::Leafcrypt, ..options } } else { options }
    }
}

/// How this program scans.
pub(crate) fn scan_options(mode: Mode, manners: &Manners) -> ScanOptions {
    let limits = match mode {
        Mode::Plain => Limits::PLAIN,
        Mode::Sealed => Limits::SEALED,
    };
    ScanOptions {
        mode,
        dialect: if manners.own_dialect { Dialect::Leafcrypt } else { Dialect::Sops },
        limits,
        warns: true,
        odd_merges: false,
    }
}
