//! Comments that were tokens and would stand in clear (docs/threat-model.md, P10) although nobody has typed them there: what is opened has comments in other
//! places than what was sealed, where another program has written the file anew, or a change has left one behind.

use std::collections::HashSet;

use leafcrypt_formats::{CommentId, Document, Format, ScanOptions, Wiped};

use super::placed::in_text_order;
use super::{Base, BaseBody, OpenFile};
use crate::seal::policy::Policy;

impl OpenFile<'_> {
    /// The line of the first of them, `is_clear` by number; none: there is none, or the text was typed by somebody, who sees where it stands.
    pub(super) fn laid_bare(&self, document: &Document<'_>, is_clear: impl Fn(CommentId) -> bool) -> Option<usize> {
        let Some(Base { body: BaseBody::Document { document: old, opened, .. }, .. }) = &self.base else { return None };
        let all = |document: &Document<'_>| (0..document.comments().len() as u32).map(CommentId);
        let mut clear = all(document).filter(|id| is_clear(*id) && !document.comment(*id).empty).peekable();
        if self.is_typed || clear.peek().is_none() {
            return None;
        }
        // As texts have them, by lines: a run of INI may have become another one.
        let was_sealed = |id: &CommentId| opened.comments[id.0 as usize].is_some();
        let sealed: HashSet<&[u8]> = opened.comments.iter().flatten().flat_map(|text| lines(text.as_slice())).collect();
        let in_clear: HashSet<&[u8]> =
            all(old).filter(|id| !was_sealed(id)).flat_map(|id| old.comment_lines(id)).map(|line| &old.text()[line]).collect();
        let is_bare = |line: &[u8]| sealed.contains(line) && !in_clear.contains(line);
        let bare = clear.find(|id| document.comment_lines(*id).any(|line| is_bare(&document.text()[line])))?;
        Some(document.position(document.comment(bare).span.start).0)
    }
}

impl OpenFile<'_> {
    /// The line of a comment below the last item of a list, as far left as its key, that SOPS seals with the list: in the sealed text the metadata stands below
    /// it, and the comment is of what is around the list (docs/lossless-documents.md, section 4, T5). None: there is none of which the rule leaves it in clear
    /// for that. Only what ends in a comment is read again, with a blank line more, by which the comment is the list's both ways.
    pub(super) fn foot_in_clear(
        &self,
        document: &Document<'_>,
        policy: &Policy,
        is_clear: impl Fn(CommentId) -> bool,
        options: &ScanOptions,
    ) -> Option<usize> {
        let any_clear = || (0..document.comments().len() as u32).map(CommentId).any(|id| is_clear(id) && !document.comment(id).empty);
        if document.format() != Format::Yaml || !any_clear() {
            return None;
        }
        let last = document.text().trim_ascii_end().rsplit(|&b| b == b'\n').next().unwrap_or_default();
        if !last.trim_ascii_start().starts_with(b"#") {
            return None;
        }
        let mut padded = Wiped::from(Vec::with_capacity(document.text().len() + 2));
        padded.extend_from_slice(document.text());
        padded.extend_from_slice(b"\n\n");
        let again = Document::parse(Format::Yaml, &padded, options).ok()?;
        let covers = policy.coverage(&again).comments;
        let (now, then) = (in_text_order(document), in_text_order(&again));
        let is_left = |(now, then): &(CommentId, CommentId)| is_clear(*now) && !document.comment(*now).empty && covers[then.0 as usize];
        let (left, _) = now.into_iter().zip(then).find(is_left).filter(|_| document.comments().len() == again.comments().len())?;
        Some(document.position(document.comment(left).span.start).0)
    }
}

/// The lines of a comment's text, as [`Document::comment_lines`] has them.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bare = |line: &'_ [u8]| -> usize { line.iter().take_while(|b| b" \t#;".contains(b)).count() };
    text.split(|b| b"\r\n".contains(b)).map(move |line| line[bare(line)..].trim_ascii_end()).filter(|line| !line.is_empty())
}
