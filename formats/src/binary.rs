//! The whole file as one leaf, carried in JSON: `{"data": "ENC[..]", "sops": {..}}`. Never through [`crate::Document`], for it may
//! be big: beside the text there is at most one more buffer of its size.

use std::borrow::Cow;

use crate::error::{SyntaxClass, SyntaxError, Unwritable};
use crate::json::envelope;
use crate::leaf::Span;
use crate::limits::Limits;
use crate::syntax::Block;
use crate::tree::Tree;

/// The rule fields. SOPS writes none of them into a binary file.
const RULES: [&str; 6] = [
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
];

/// Where the parts of a binary file's envelope are.
pub struct Envelope {
    data: Span,
    block: Block,
}

impl Envelope {
    /// Reads a text that must be an envelope: its name or the user says that it is a binary file.
    ///
    /// # Errors
    /// Over [`Limits::BINARY_SEALED`], not JSON, or without a string `data` and a member `sops`, or with more than those.
    pub fn read(text: &[u8]) -> Result<Envelope, SyntaxError> {
        if text.len() > Limits::BINARY_SEALED {
            let what = format!("the text has {} bytes, more than the limit of {}", text.len(), Limits::BINARY_SEALED);
            return Err(SyntaxError { line: 0, column: 0, what, class: SyntaxClass::Limit });
        }
        let envelope::Parts { data, block } = envelope::read(text)?;
        Ok(Envelope { data, block })
    }

    /// Recognises an envelope by its content, whatever the file's name (docs/lossless-documents.md, section 2): root keys exactly
    /// `data` and `sops`, and none of the six rule fields, which a JSON document with the one key `data` would have. A file that
    /// was sealed whole (`leafcrypt_whole`) may have one.
    pub fn find(text: &[u8]) -> Option<Envelope> {
        let found = Envelope::read(text).ok()?;
        let fields = found.fields()?;
        let ruled = fields.entries().any(|(name, value)| {
            let is_rule = RULES.iter().any(|rule| name.eq_ignore_ascii_case(rule.as_bytes()));
            is_rule && !matches!(value.as_str(), Some("")) && *value != Tree::Null
        });
        (!ruled || fields.get("leafcrypt_whole").is_some()).then_some(found)
    }

    /// Where the token stands, without its quotes. Empty for an empty file.
    pub fn data(&self) -> Span {
        self.data
    }

    /// The token. Borrowed unless somebody has escaped it.
    pub fn token<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        envelope::token(&text[self.data.range()])
    }

    /// The metadata block.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The metadata's fields; `None` if `sops` is no map.
    pub fn fields(&self) -> Option<&Tree> {
        self.block.fields.as_ref()
    }

    /// A new envelope, laid out as SOPS does it: a tab a level, or `indent` blanks. `fill` appends the token, and gives the fields, which may be known
    /// only then; `size` is how long the token will be, so that the buffer is allocated once.
    ///
    /// # Errors
    /// Those of `fill`, or a field that JSON cannot hold.
    pub fn write<E: From<Unwritable>>(
        size: usize,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<Vec<(String, Tree)>, E>,
        indent: Option<usize>,
    ) -> Result<Vec<u8>, E> {
        envelope::compose(size, fill, indent)
    }

    /// This envelope with other fields, the same data. Fields that are equal keep their bytes.
    ///
    /// # Errors
    /// A field that JSON cannot hold.
    pub fn with_fields(&self, text: &[u8], fields: &[(String, Tree)], indent: Option<usize>) -> Result<Vec<u8>, Unwritable> {
        self.with_data(text, self.data.len(), |out| out.extend_from_slice(&text[self.data.range()]), fields, indent)
    }

    /// This envelope with other data and other fields; all else of the text stays.
    ///
    /// # Errors
    /// A field that JSON cannot hold.
    pub fn with_data(
        &self,
        text: &[u8],
        size: usize,
        fill: impl FnOnce(&mut Vec<u8>),
        fields: &[(String, Tree)],
        indent: Option<usize>,
    ) -> Result<Vec<u8>, Unwritable> {
        let fields = crate::tree::kept(fields, self.block.fields.as_ref(), false);
        let block = envelope::respell(text, &self.block, &fields, indent)?;
        let (data, old) = (self.data.range(), self.block.span.range());
        let mut out = Vec::with_capacity(text.len() - data.len() - old.len() + size + block.len());
        if data.start < old.start {
            out.extend_from_slice(&text[..data.start]);
            fill(&mut out);
            out.extend_from_slice(&text[data.end..old.start]);
            out.extend_from_slice(&block);
            out.extend_from_slice(&text[old.end..]);
        } else {
            out.extend_from_slice(&text[..old.start]);
            out.extend_from_slice(&block);
            out.extend_from_slice(&text[old.end..data.start]);
            fill(&mut out);
            out.extend_from_slice(&text[data.end..]);
        }
        Ok(out)
    }
}
