//! A tree as text, in the canonical spelling: what SOPS's emitter prints (docs/lossless-documents.md, section 10).

use crate::error::{Unwritable, Warning};
use crate::format::Format;
use crate::tree::Tree;

/// How to print.
#[derive(Clone, Debug, Default)]
pub struct Printing {
    /// Blanks a level, as `stores.*.indent` or `--indent` say; none: 4 in YAML, a tab in JSON.
    pub indent: Option<usize>,
    /// Print what does not read back as SOPS prints it, with a warning, instead of refusing it.
    pub as_sops: bool,
}

/// A printed text.
#[derive(Debug)]
pub struct Printed {
    /// The text.
    pub text: Vec<u8>,
    /// What does not read back (only with [`Printing::as_sops`]).
    pub warnings: Vec<Warning>,
}

/// Prints the documents of a stream; all formats but YAML hold exactly one.
///
/// # Errors
/// What the format cannot hold so that it reads back.
pub fn print(format: Format, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
    let mut printed = format.syntax().print(documents, how)?;
    // In place. Whoever wipes the text wipes all of its room, and touches it for that.
    printed.text.shrink_to_fit();
    Ok(printed)
}
