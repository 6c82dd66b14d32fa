//! The lines of comments, and a text without some of them.

use std::ops::Range;

use crate::document::{Document, ScanOptions};
use crate::error::Unwritable;
use crate::leaf::{CommentId, Span};
use crate::plain::PlainText;
use crate::splice::Splice;

impl Document<'_> {
    /// Where the lines of a comment stand that have a text, without their marks and the blanks around. A run of comments may grow or fall apart where
    /// something goes beside it; its lines stay what they are.
    pub fn comment_lines(&self, comment: CommentId) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut at = self.comment(comment).span.start as usize;
        let run = &self.text[self.comment(comment).span.range()];
        run.split(|&b| is_break(b)).filter_map(move |line| {
            let start = at + line.iter().take_while(|&&b| is_mark(b) || is_blank(b)).count();
            let end = at + line.trim_ascii_end().len();
            at += line.len() + 1;
            (start < end).then_some(start..end)
        })
    }

    /// This plain text without lines of its comments, given as [`Document::comment_lines`] has them: what stands behind a value goes with its mark, and
    /// else the whole line.
    ///
    /// # Errors
    /// The text would not read the same without them.
    pub fn without_comment_lines(&self, lines: &[Range<usize>], options: &ScanOptions) -> Result<PlainText, Unwritable> {
        let mut splice = Splice::with_room(lines.len());
        lines.iter().for_each(|line| splice.cut(self.whole_line(line)));
        let refused = || {
            let what = "sealed ones would come to stand in clear, and the text does not read the same without them".to_owned();
            Unwritable { path: "comments".to_owned(), what }
        };
        let new = PlainText::scanned(self.format, splice.finish(self.text).into(), options).map_err(|_| refused())?;
        let read = new.document(self.format, options).map_err(|_| refused())?;
        let same = read.blocks().len() == self.blocks().len() && self.reads_like(&read, |id| self.value(id).same(&read.value(id)));
        drop(read);
        if same { Ok(new) } else { Err(refused()) }
    }

    /// What goes with a line of a comment.
    fn whole_line(&self, line: &Range<usize>) -> Span {
        let before = |end: usize, is: fn(u8) -> bool| end - self.text[..end].iter().rev().take_while(|&&b| is(b)).count();
        let start = before(before(before(line.start, is_blank), is_mark), is_blank);
        let end = line.end + self.text[line.end..].iter().take_while(|&&b| !is_break(b)).count();
        if start > 0 && !is_break(self.text[start - 1]) {
            return Span::new(start, end);
        }
        let broken = if self.text[end..].starts_with(b"\r\n") { 2 } else { usize::from(end < self.text.len()) };
        Span::new(start, end + broken)
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'#' | b';')
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
