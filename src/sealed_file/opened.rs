//! What is had of an opened file, and what is changed in it before it is sealed again.

use leafcrypt_formats::{Bytes, CommentId, Document, Format, LeafId, Opened, Part, PlainText, SyntaxError, Tree, Value};
use zeroize::Zeroizing;

use super::{Base, BaseBody, OpenFile, Renews, SealedError, Settings};
use crate::keys::{DataKey, GroupReport};
use crate::manners::Manners;

impl OpenFile<'_> {
    /// The plain text, with the line ends that it was sealed with.
    pub fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// The plain text with the line ends of the file, and nothing else of it.
    pub fn into_plain(self) -> Vec<u8> {
        match &self.checkout {
            Some(checkout) => std::mem::take(&mut *checkout.outside(&self.plain)),
            None => self.plain.into_bytes(),
        }
    }

    /// A plain text as it is handed out: git may have given the file other line ends than it was sealed with.
    pub fn with_own_line_ends(&self, text: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
        match &self.checkout {
            Some(checkout) => Zeroizing::new(std::mem::take(&mut *checkout.outside(&text))),
            None => text,
        }
    }

    /// The reverse.
    pub fn with_sealed_line_ends(&self, text: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
        match &self.checkout {
            Some(checkout) => Zeroizing::new(std::mem::take(&mut *checkout.inside(&text))),
            None => text,
        }
    }

    /// The plain text as a document. Scanned now, unless whoever changed it has done so.
    ///
    /// # Errors
    /// It is not of its format.
    pub fn document(&self, manners: &Manners) -> Result<Document<'_>, SyntaxError> {
        self.plain.document(self.format, &self.scan_options(manners))
    }

    /// The sealed document, with the paths of the opened one; none of a binary file or a new one.
    pub fn sealed_document(&self) -> Option<&Document<'_>> {
        match &self.base.as_ref()?.body {
            BaseBody::Document { document, .. } => Some(document),
            BaseBody::Binary(_) => None,
        }
    }

    /// Does its text read by our own dialect only? Then what becomes of it is read so, too.
    pub fn is_of_own_dialect(&self) -> bool {
        self.own_dialect
    }

    /// What has come together with a text of our own dialect reads by it.
    pub fn read_by_own_dialect(&mut self, also: bool) {
        self.own_dialect |= also;
    }

    /// The format of the plain text.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What opening had to say. What reading had to say before it: [`super::SealedFile::warnings`].
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
        self.data_key.copy()
    }

    /// Other text: what is sealed next. Tokens of unchanged values stay.
    pub fn replace(&mut self, plain: impl Into<PlainText>) {
        self.plain = plain.into();
        self.renews = self.renews.max(Renews::Leaves);
    }

    /// Other text, that somebody has typed as a whole.
    pub fn replace_typed(&mut self, plain: Vec<u8>) {
        self.is_typed = true;
        self.replace(plain);
    }

    /// What is sealed at a path whose text reads as another value: in ENV the two characters `\n` as a line feed, in INI a number as a text.
    pub fn holds(&mut self, at: &[Part], value: Value) {
        self.held.push((at.to_vec(), value));
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
            Some(Base { text, body: BaseBody::Document { document, opened, .. }, .. }) => match &self.checkout {
                Some(checkout) => checkout.trees(text, document, opened, manners),
                None => Ok(trees_of(document, opened, |id| id)),
            },
            _ if self.format == Format::Binary => Ok(vec![Tree::map([("data", Tree::text(&*self.plain))])]),
            _ => Ok(self.document(manners)?.trees()),
        }
    }
}

/// The documents as trees. `number`: which of the opened comments one of the document's is.
pub(super) fn trees_of(document: &Document<'_>, opened: &Opened, number: impl Fn(CommentId) -> CommentId) -> Vec<Tree> {
    let value = |id: LeafId| {
        let opened = opened.leaves[id.0 as usize].clone();
        Ok::<_, std::convert::Infallible>(opened.unwrap_or_else(|| document.value(id)))
    };
    let comment =
        |id: CommentId| opened.comments[number(id).0 as usize].clone().unwrap_or_else(|| Bytes::from(&*document.comment_text(id)));
    match leafcrypt_formats::trees(document, value, comment) {
        Ok(trees) => trees,
    }
}
