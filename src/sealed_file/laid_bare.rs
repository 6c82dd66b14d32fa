//! Comments that were tokens and would stand in clear (docs/threat-model.md, P10) although nobody has typed them there: what is opened has comments in other
//! places than what was sealed, where another program has written the file anew, or a change has left one behind.

use std::collections::HashSet;

use leafcrypt_formats::{CommentId, Document};

use super::{Base, BaseBody, OpenFile};

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

/// The lines of a comment's text, as [`Document::comment_lines`] has them.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bare = |line: &'_ [u8]| -> usize { line.iter().take_while(|b| b" \t#;".contains(b)).count() };
    text.split(|b| b"\r\n".contains(b)).map(move |line| line[bare(line)..].trim_ascii_end()).filter(|line| !line.is_empty())
}
