//! From a text to a sealed file that is not opened yet: what it is, whatever its name says, and what its block holds.

use leafcrypt_formats::{Document, Envelope, Format, LeafId, Mode, PathId, ScanOptions, SyntaxClass, SyntaxError, Tree};

use super::{Body, NotSealed, SealedError, SealedFile, binary, damaged, scan_options};
use crate::manners::Manners;
use crate::metadata::{EXTENSION, Metadata};

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
    pub(super) fn parse_own(format: Format, text: &'t [u8], manners: &Manners) -> Result<Self, SealedError> {
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
        Self::tree(format, text, options)
    }

    /// The same, where it is known to be no binary file.
    pub(super) fn tree(format: Format, text: &'t [u8], options: &ScanOptions) -> Result<Self, SealedError> {
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

    pub(super) fn from_envelope(text: &'t [u8], envelope: Envelope) -> Result<Self, SealedError> {
        let metadata = Metadata::read(envelope.fields().ok_or(NotSealed::default())?, Format::Binary.shape())?;
        Ok(SealedFile { text, format: Format::Binary, body: Body::Binary(envelope), metadata })
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
