//! A file's two states, and the doors between: [`SealedFile::open`] and [`OpenFile::seal`]. What a token, the MAC and the witness are is in [`crate::seal`], the
//! block in [`crate::metadata`], text and places in [`crate::formats`], the data key in [`crate::keys`]; how a file is read and written in [`crate::files`].
//!
//! Every command is: parse, open, change, seal. What `open` returns has passed its MAC; the ways round are
//! [`OpenHow::ignore_mac`], and [`OpenHow::accepting`] for what a person looks at. What `seal` returns has been opened again and compared.
//!
//! The order of things is here: `open.rs` and `walk.rs` from sealed to open, `reading.rs` what the opened text reads as, `verdict.rs` what the witness decides, `seal.rs` back, `binary.rs` the same for whole
//! files; `rewrap.rs`, `rotate.rs`, `clear.rs`, `accept.rs` for the commands that change less or more than values.

mod accept;
mod binary;
mod clear;
mod cover;
mod crew;
mod damaged;
mod error;
mod open;
mod planted;
mod reading;
mod rewrap;
mod rotate;
mod seal;
mod shown;
mod verdict;
mod walk;

use leafcrypt_formats::{
    Bytes, CommentId, Dialect, Document, Envelope, Format, Hint, LeafId, Limits, Mode, Part, PathId, PlainText, ScanOptions, SyntaxClass,
    SyntaxError, Tree, Value,
};

pub use accept::{Differences, MacState, Recipients, WitnessState};
pub use clear::Clear;
pub use damaged::{has_lost_block, is_damaged};
pub use error::{NotSealed, OpenError, SealError, SealedError, WitnessFault};
pub use reading::{OwnTag, without as tags_without};
pub use seal::{Finished, Wanted};
pub use verdict::Vouched;

use crate::keys::{DataKey, GroupReport, KeyGroups};
use crate::manners::Manners;
use crate::metadata::{EXTENSION, Metadata};
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
    /// Give the hinted text back even if it is not the one that was sealed: only sealing itself wants to see that.
    pub(crate) keep_layout: bool,
    /// Covered values may stand in clear: they are left out of MAC and witness, and sealed next (docs/sealed-file.md, section 5).
    pub(crate) completing: bool,
    /// What differs from what was sealed is told, not refused: `accept`.
    pub(crate) accepting: bool,
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
    /// A value that was set, and its path: the text there reads as another one.
    held: Option<(Vec<Part>, Value)>,
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

impl<'t> SealedFile<'t> {
    /// Reads a sealed text: its structure and its metadata. Nothing is decrypted.
    ///
    /// # Errors
    /// Not of its format, not sealed, or damaged metadata.
    pub fn parse(format: Format, text: &'t [u8], manners: &Manners) -> Result<Self, SealedError> {
        Self::parse_as(format, text, manners, &scan_options(Mode::Sealed, manners)).map_err(|error| match error {
            SealedError::Syntax(source) if manners.knows_plain && never_sealed(text, &source) => {
                // Any bytes are a binary file.
                let odd = format != Format::Binary && Document::parse(format, text, &scan_options(Mode::Plain, manners)).is_err();
                NotSealed { odd, stripped: false }.into()
            }
            // Under a name of another type.
            SealedError::Syntax(source) if manners.knows_sealed && !matches!(source.class, SyntaxClass::Conflict | SyntaxClass::Limit) => {
                SealedError::Syntax(match sealed_as(text, manners) {
                    Some(format) => SyntaxError { class: SyntaxClass::SealedAs(format), ..source },
                    None => source,
                })
            }
            error => error,
        })
    }

    /// What was sealed just now: its plain text has told what there is to warn of.
    fn parse_own(format: Format, text: &'t [u8], manners: &Manners) -> Result<Self, SealedError> {
        Self::parse_as(format, text, manners, &ScanOptions { warns: false, ..scan_options(Mode::Sealed, manners) })
    }

    fn parse_as(format: Format, text: &'t [u8], manners: &Manners, options: &ScanOptions) -> Result<Self, SealedError> {
        let enveloped = (format != Format::Binary && manners.knows_envelopes).then(|| Envelope::find(text)).flatten();
        if let Some(envelope) = enveloped {
            return Self::from_envelope(text, envelope);
        }
        if format == Format::Binary {
            return match Envelope::read(text) {
                Ok(envelope) if binary::is_one(&envelope, text) => Self::from_envelope(text, envelope),
                read => Self::tree_of_binary(text, read.err(), manners, options),
            };
        }
        let document = match Document::parse(format, text, options) {
            Err(error) if matches!(error.class, SyntaxClass::NoDocument | SyntaxClass::NoContent) => {
                return Err(NotSealed::default().into());
            }
            parsed => parsed?,
        };
        let block = document.blocks().iter().find(|b| b.document == 0);
        let block = block.ok_or_else(|| NotSealed { stripped: damaged::has_tokens(&document), ..NotSealed::default() })?;
        let fields = block.fields.as_ref().ok_or(NotSealed::default())?;
        let mut metadata = Metadata::read(fields, format.shape())?;
        if document.blocks().iter().any(|other| other.document > 0 && !is_copy(fields, other.fields.as_ref())) {
            metadata.warnings.push("the copies of the metadata block in later documents differ from the first, which counts".to_owned());
        }
        Ok(SealedFile { text, format, body: Body::Document(Box::new(document)), metadata })
    }

    /// SOPS keeps a binary file as JSON with one key, and reads any sealed JSON as such a file: a tree that was sealed under a name without a type
    /// (`--input-type dotenv` alone), or was renamed (`secrets.json.enc`). What is no JSON of a map gets the error of the envelope.
    fn tree_of_binary(text: &'t [u8], error: Option<SyntaxError>, manners: &Manners, options: &ScanOptions) -> Result<Self, SealedError> {
        match (Self::parse_as(Format::Json, text, manners, options), error) {
            (Err(SealedError::Syntax(_)), Some(error)) => match sealed_as(text, manners) {
                Some(format) => match Self::parse_as(format, text, manners, options) {
                    Ok(file) if manners.knows_sealed && !file.is_like_binary() => Ok(file),
                    _ => Err(SealedError::Syntax(SyntaxError { class: SyntaxClass::SealedAs(format), ..error })),
                },
                None => Err(SealedError::Syntax(error)),
            },
            (parsed, _) => parsed,
        }
    }

    /// Holds it nothing but what a binary file does? Then it may be one that somebody has spelled anew, and as another type it would be other bytes.
    fn is_like_binary(&self) -> bool {
        let Body::Document(document) = &self.body else { return true };
        let paths = document.paths();
        let is_data = |path| paths.parent(path) == PathId::ROOT && paths.name(path) == Some(b"data");
        let holds = |i: usize| !document.content(LeafId(i as u32)).is_empty();
        let (data, others): (Vec<_>, Vec<_>) = document.leaves().iter().enumerate().partition(|(_, leaf)| is_data(leaf.path));
        !data.is_empty() && !others.into_iter().any(|(i, _)| holds(i))
    }

    fn from_envelope(text: &'t [u8], envelope: Envelope) -> Result<Self, SealedError> {
        let metadata = Metadata::read(envelope.fields().ok_or(NotSealed::default())?, Format::Binary.shape())?;
        Ok(SealedFile { text, format: Format::Binary, body: Body::Binary(envelope), metadata })
    }

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
    /// The plain text.
    pub fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// The plain text, and nothing else of the file.
    pub fn into_plain(self) -> Vec<u8> {
        self.plain.into_bytes()
    }

    /// The plain text as a document. Scanned now, unless whoever changed it has done so.
    ///
    /// # Errors
    /// It is not of its format.
    pub fn document(&self, manners: &Manners) -> Result<Document<'_>, SyntaxError> {
        self.plain.document(self.format, &scan_options(Mode::Plain, manners))
    }

    /// The sealed document, with the paths of the opened one; none of a binary file or a new one.
    pub fn sealed_document(&self) -> Option<&Document<'_>> {
        match &self.base.as_ref()?.body {
            BaseBody::Document { document, .. } => Some(document),
            BaseBody::Binary(_) => None,
        }
    }

    /// The format of the plain text.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What opening had to say. What reading had to say before it: [`SealedFile::warnings`].
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Does the sealed file have our own field?
    pub fn has_field(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.metadata.extension.is_some())
    }

    /// What will be sealed into the metadata.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Does nobody vouch for the comments, or for where they stand? A rule that goes by comments then covers what whoever can write the file wants.
    pub fn comments_in_doubt(&self) -> bool {
        self.doubts.comments || self.doubts.text || self.base.as_ref().is_some_and(|base| base.unchecked)
    }

    /// To be changed before sealing again.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Whether a text of which nothing is covered is refused: in a new file, not in one that is opened.
    #[must_use]
    pub fn must_cover(self, must: bool) -> Self {
        OpenFile { must_cover: must, ..self }
    }

    /// How its data key was found, group by group; none if it was known.
    pub fn unwrapped(&self) -> &[GroupReport] {
        &self.unwrapped
    }

    /// Its data key.
    pub fn data_key(&self) -> &DataKey {
        &self.data_key
    }

    /// Its data key, when nothing else of it is needed.
    pub fn into_data_key(self) -> DataKey {
        self.data_key
    }

    /// A copy of its data key, to open another state of the same file.
    pub fn copy_data_key(&self) -> DataKey {
        DataKey::from_bytes(self.data_key.expose().to_vec()).expect("a data key has the length of a data key")
    }

    /// Other text: what is sealed next. Tokens of unchanged values stay.
    pub fn replace(&mut self, plain: impl Into<PlainText>) {
        self.plain = plain.into();
        self.renews = self.renews.max(Renews::Leaves);
    }

    /// What is sealed at a path whose text, in ENV, reads as another value: the two characters `\n` as a line feed.
    pub fn holds(&mut self, at: &[Part], value: Value) {
        self.held = Some((at.to_vec(), value));
    }

    /// A new MAC and date, also if nothing else changes: `set` as SOPS does it.
    pub fn renew_mac(&mut self) {
        self.renews = self.renews.max(Renews::Mac);
    }

    /// The documents as trees, with the opened values: for `--extract` and `--output-type`.
    ///
    /// # Errors
    /// The plain text of a file that was not opened from a sealed one does not parse.
    pub fn trees(&self, manners: &Manners) -> Result<Vec<Tree>, SealedError> {
        match &self.base {
            Some(Base { body: BaseBody::Document { document, opened, .. }, .. }) => {
                let value = |id: LeafId| {
                    Ok::<_, std::convert::Infallible>(opened.leaves[id.0 as usize].clone().unwrap_or_else(|| document.value(id)))
                };
                let comment =
                    |id: CommentId| opened.comments[id.0 as usize].clone().unwrap_or_else(|| Bytes::from(&*document.comment_text(id)));
                match leafcrypt_formats::trees(document, value, comment) {
                    Ok(trees) => Ok(trees),
                }
            }
            _ if self.format == Format::Binary => Ok(vec![Tree::map([("data", Tree::text(&*self.plain))])]),
            _ => Ok(self.document(manners)?.trees()),
        }
    }
}

/// Above this nobody is told.
const MOST_TRIED: usize = 1 << 20;

/// Is a text that is not of its type certainly no sealed file? Every one names its block and has a token at least for the MAC, however it was torn, merged
/// or edited since.
fn never_sealed(text: &[u8], why: &SyntaxError) -> bool {
    let has = |mark: &[u8]| text.windows(mark.len()).any(|part| part == mark);
    !matches!(why.class, SyntaxClass::SealedAs(_) | SyntaxClass::Limit) && !has(b"ENC[AES256_GCM,") && !has(b"sops")
}

/// As which format is a text sealed whose name does not tell it (`prod.env.enc`)? Asked only when it is no binary file.
fn sealed_as(text: &[u8], manners: &Manners) -> Option<Format> {
    let options = scan_options(Mode::Sealed, manners);
    let fits = |format: &Format| {
        let document = Document::parse(*format, text, &options).ok();
        let blocks = document.iter().flat_map(|document| document.blocks());
        blocks
            .filter_map(|block| block.fields.as_ref())
            .any(|fields| Metadata::read(fields, format.shape()).is_ok_and(|m| !m.mac.is_empty()))
    };
    // What stands in braces is JSON at heart, which somebody has broken, such as a binary file: its own error is the answer.
    let braces = has_braces(text);
    let tried = [Format::Json, Format::Yaml, Format::Dotenv, Format::Toml, Format::Ini];
    let tried = tried.into_iter().filter(|format| !braces || *format == Format::Json);
    tried.filter(|format| manners.knows_toml || *format != Format::Toml).find(|format| text.len() <= MOST_TRIED && fits(format))
}

/// Does a text begin with a brace, behind a byte-order mark, blanks, comments and what begins a document of YAML?
fn has_braces(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        rest = match rest {
            [0xef, 0xbb, 0xbf, behind @ ..] | [b'-', b'-', b'-', behind @ ..] => behind,
            [b'#', ..] | [b'%', ..] | [b'/', b'/', ..] => &rest[rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len())..],
            _ => return rest.starts_with(b"{"),
        };
    }
}

/// Is a later block a copy of the first? Our own field stands in the first one only.
fn is_copy(first: &Tree, other: Option<&Tree>) -> bool {
    let shared =
        |tree: &Tree| Tree::map(tree.entries().filter(|(name, _)| *name != EXTENSION.as_bytes()).map(|(n, t)| (n.to_vec(), t.clone())));
    other.is_some_and(|other| shared(first) == shared(other))
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
