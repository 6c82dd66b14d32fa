//! Text in, values out, the same text back.
//!
//! A [`Document`] is text plus where its values are. It knows five formats and the one thing they
//! have in common: leaves that stand somewhere in a text. It knows no key, no policy, no file system.
//!
//! The flow, as `leafcrypt` drives it:
//!
//! 1. [`Document::parse`] scans the text once. [`Document::steps`] is the walk in SOPS's order, from which
//!    the caller computes MAC, coverage and digests.
//! 2. [`Document::seal`] puts tokens in place of values and says, as [`Hint`]s, what could not be derived
//!    back. [`Sealed::with_block`] adds the metadata block.
//! 3. [`Document::open`] does the reverse on a sealed text: values in place of tokens, hints applied, the
//!    metadata block gone.
//!
//! [`Document::edit`] changes one place of a plain text and leaves the rest as it is.
//!
//! [`merge()`] makes one text of two that were made of a third.
//!
//! [`print()`] writes a [`Tree`] the way SOPS's emitters would.
//!
//! ```
//! use leafcrypt_formats::{Document, Format, LeafId, Opened, ScanOptions, Tokens};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = b"pw: 'hunter2'   # mine\n";
//! let plain = Document::parse(Format::Yaml, text, &ScanOptions::PLAIN)?;
//! let mut tokens = Tokens::new(plain.leaves().len(), plain.comments().len());
//! tokens.leaf(LeafId(0), |out| out.extend_from_slice(b"ENC[...]")); // the comment stays in clear
//! let sealed = plain.seal(tokens)?;
//! assert_eq!(sealed.text, b"pw: 'ENC[...]'   # mine\n");
//!
//! let again = Document::parse(Format::Yaml, &sealed.text, &ScanOptions::SEALED)?;
//! let opened = Opened { leaves: vec![Some(plain.value(LeafId(0)))], comments: vec![None] };
//! assert_eq!(again.open(&opened, &sealed.hints)?, text);
//! # Ok(()) }
//! ```
//!
//! # Where a rule of a format is
//!
//! Each format is a folder: `yaml/`, `json/`, `dotenv/`, `ini/`, `toml/`, the same files in each as far as it has them; `binary.rs` is for whole files. What
//! they must do is in `syntax.rs`.
//!
//! | the rule | is in |
//! | --- | --- |
//! | what is a value, a key, a comment, and in which order SOPS walks them | `scan.rs`, `walk.rs` or `outline.rs`; YAML: `parse.rs`, `walk.rs`; TOML also: `builder.rs` |
//! | which type a value has | YAML: `resolve.rs`, `timestamp.rs` and `scalar.rs`; JSON, TOML: `scalar.rs`; ENV and INI have text only, which INI reads in `value.rs` |
//! | where a comment belongs | YAML: `comments.rs` and its folder; INI: `comment.rs`, `scan.rs`, `walk.rs`; TOML: `mod.rs`, `builder.rs` |
//! | what of YAML is refused, for SOPS reads it otherwise | `yaml/dialect.rs`, `yaml/gaps.rs` |
//! | how a value is spelled, and which hint it leaves | `seal.rs` and `open.rs`; the numbers of styles: `yaml/spell.rs`, `scalar.rs`, `ini/value.rs` |
//! | where the metadata block stands, and how it is spelled | `block.rs`; ENV, INI: `seal.rs` and `flat.rs` |
//! | what SOPS's emitter prints | `print.rs`; numbers: `value.rs` |
//! | what `set` and `unset` do to a text | `edit/plan.rs`, and `edit` of each format |
//! | what two people's changes of one text come to | `merge/` |
//! | how much is too much | [`Limits`] |
//!
//! What is sealed, and under which name, is no affair of this crate: see `seal` and `metadata` of leafcrypt. Pages: `docs/lossless-documents.md`
//! (rules and canonical spelling), `docs/wire-format.md` (hints and styles, to the byte), `docs/sops-format.md` (the block).

mod binary;
mod document;
mod dotenv;
mod draft;
mod edit;
mod ends;
mod error;
mod find;
mod flat;
mod format;
mod hint;
mod ini;
mod json;
mod leaf;
mod limits;
mod merge;
mod ours;
mod path;
mod plain;
mod print;
mod shown;
mod splice;
mod syntax;
mod toml;
mod tree;
mod trees;
mod value;
mod wiped;
mod yaml;

pub use binary::Envelope;
pub use document::{AtAlias, Dialect, Document, Mode, Repeated, ScanOptions, left_by_merge, utf16};
pub use edit::{Change, EditError, Floats};
pub use error::{SyntaxClass, SyntaxError, Unwritable, Warning};
pub use flat::{scalar_text, unfold_newlines};
pub use format::{Format, Shape};
pub use hint::{Hint, Spelled};
pub use json::json_float;
pub use leaf::{Comment, CommentId, Leaf, LeafId, Span, Step};
pub use limits::Limits;
pub use merge::{Clash, Conflict, Prefer, Unmerged, merge};
pub use path::{BadPath, Part, PathId, Paths, display_parts, parse_path};
pub use plain::PlainText;
pub use print::{Printed, Printing, print};
pub use shown::{hidden, json, lines, one_line};
pub use syntax::{Block, Opened, OpenedText, Sealed, Slot, Spelling, Tokens};
pub use tree::{Item, Member, Note, Tree};
pub use trees::trees;
pub use value::{Bytes, Kind, Time, Value, go_float_fixed};
pub use wiped::{Wiped, wipe};
