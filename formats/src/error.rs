//! What can be wrong with a text. Never holds a value or a piece of the text (R7).

use thiserror::Error;

/// The text is not of its format, or outside what we can carry. Line and column count from 1; the column counts bytes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what}{}", place(*.line, *.column))]
pub struct SyntaxError {
    /// Line, from 1; 0 where it is about the whole text.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// What is wrong, in words of our own.
    pub what: String,
    /// `Limit` and the like, for exit codes.
    pub class: SyntaxClass,
}

fn place(line: usize, column: usize) -> String {
    if line == 0 { String::new() } else { format!(" (line {line}, column {column})") }
}

/// What kind of trouble a [`SyntaxError`] is; the caller picks an exit code and a hint by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxClass {
    /// Not well-formed.
    Syntax,
    /// Well-formed, but SOPS's tree cannot carry it (a list at the root, a key twice).
    OutsideModel,
    /// A construct on which our parser and SOPS's would differ (`docs/lossless-documents.md` 4.4).
    Dialect,
    /// Over a limit of R8.
    Limit,
    /// An empty YAML file: SOPS's exit 92.
    NoDocument,
    /// A YAML file of blanks and comments: SOPS's exit 2.
    NoContent,
    /// A key that is no string, or an integer of 2^63 and more: SOPS reads it, but cannot walk it, which is its exit 23.
    NotWalked,
    /// It begins with a byte-order mark, which its format does not allow.
    ByteOrderMark,
    /// A merge left its marks in it.
    Conflict,
    /// Not of its format, but sealed as a file of this one.
    SealedAs(crate::Format),
}

impl SyntaxError {
    /// An error at a byte offset of `text`.
    pub fn at(text: &[u8], offset: usize, class: SyntaxClass, what: impl Into<String>) -> Self {
        let offset = offset.min(text.len());
        let line_start = text[..offset].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let line = text[..offset].iter().filter(|&&b| b == b'\n').count() + 1;
        SyntaxError { line, column: offset - line_start + 1, what: what.into(), class }
    }
}

/// A value or tree that a format cannot hold so that it reads back.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{path}: {what}")]
pub struct Unwritable {
    /// Where, for people.
    pub path: String,
    /// Why, without the value.
    pub what: String,
}

/// Something the user should know about a text that is accepted all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Line, from 1; 0 if it belongs to no line.
    pub line: usize,
    /// The sentence, without a value.
    pub what: String,
}
