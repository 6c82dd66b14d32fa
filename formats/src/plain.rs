//! A plain text of its own, with what its scan has found where that is known: who changes a text has to scan it to see that the change is right, and
//! who seals it next need not do so again.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::document::{Document, Outline, ScanOptions};
use crate::error::SyntaxError;
use crate::format::Format;
use crate::syntax::Detail;
use crate::wiped::Wiped;

/// A text that is wiped on drop. Made of bytes, or by [`Document::edit`].
#[derive(Default)]
pub struct PlainText {
    text: Wiped,
    scan: Option<Scan>,
}

/// What a scan has found: places, and no text. Only ever beside the text that was scanned.
struct Scan {
    format: Format,
    options: ScanOptions,
    outline: Arc<Outline>,
    detail: Arc<dyn Detail>,
}

impl PlainText {
    /// Scans a text and keeps what was found.
    pub(crate) fn scanned(format: Format, text: Wiped, options: &ScanOptions) -> Result<Self, SyntaxError> {
        let Document { outline, detail, .. } = Document::parse(format, &text, options)?;
        Ok(PlainText { text, scan: Some(Scan { format, options: options.clone(), outline, detail }) })
    }

    /// The text as a document. Scanned now, unless it has been by the same options.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn document(&self, format: Format, options: &ScanOptions) -> Result<Document<'_>, SyntaxError> {
        match &self.scan {
            Some(scan) if scan.format == format && scan.options == *options => {
                Ok(Document { format, text: &self.text, outline: scan.outline.clone(), detail: scan.detail.clone() })
            }
            _ => Document::parse(format, &self.text, options),
        }
    }

    /// The text alone.
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }
}

impl From<Vec<u8>> for PlainText {
    fn from(text: Vec<u8>) -> Self {
        PlainText { text: text.into(), scan: None }
    }
}

impl Deref for PlainText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.text
    }
}

/// Without the text.
impl fmt::Debug for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainText").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
