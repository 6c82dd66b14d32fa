//! Comments in place of their tokens.

use zeroize::Zeroizing;

use super::Opener;
use crate::draft::most_of_text;
use crate::error::Unwritable;
use crate::leaf::{CommentId, Span};
use crate::yaml::detail::CommentItem;

impl Opener<'_> {
    /// The comments of a list that holds nothing else stand below it, as SOPS prints them (the first one behind it, where it is an item): where this
    /// one, whose dash and line are given, begins then, and its column. The first one writes the list.
    fn out_of_bare_list(&mut self, id: CommentId, line: usize, dash: usize) -> Option<(usize, usize)> {
        let lists = &self.scanned.bare_lists;
        let (comments, column) =
            lists.get(lists.partition_point(|(comments, _)| comments.end <= id.0)).filter(|(list, _)| list.contains(&id.0))?;
        let (text, column) = (self.document.text(), *column as usize);
        if comments.start == id.0 {
            let before = text[..dash].iter().rposition(|b| !b" \t\r\n".contains(b))? + 1;
            if before > line {
                // Behind the dash of an item.
                self.splice.insert(dash, b"[] ");
                return Some((dash, column));
            }
            self.splice.insert(before, b" []");
        }
        Some(((line + column).min(dash), column))
    }

    pub(super) fn comment(&mut self, id: CommentId, span: Span) -> Result<u32, Unwritable> {
        let text = self.document.text();
        let comment = self.document.comment(id);
        let refuse = |what: &str| Unwritable { path: self.document.paths().display(comment.container), what: what.to_owned() };
        let opened = self.opened.comments[id.0 as usize].as_ref().expect("only opened comments are tokens").as_slice();
        let Ok(opened) = std::str::from_utf8(opened) else { return Err(refuse("a comment that is not UTF-8")) };
        if opened.contains(|c: char| (c.is_control() && c != '\t' && c != '\n') || matches!(c, '\u{2028}' | '\u{2029}')) {
            return Err(refuse("a comment with a control character"));
        }
        let start = span.start as usize;
        if let Some(CommentItem::Brackets { first }) = self.scanned.items[id.0 as usize] {
            let cut = with_its_comma(text, span, first);
            self.splice.cut(Span { start: cut.start.max(self.firm), end: cut.end });
            return Ok(span.end);
        }
        // `- ENC[..]` as SOPS writes it: the dash goes as well.
        let dashed = self.scanned.items[id.0 as usize].is_some();
        let from = if dashed { text[..start].iter().rposition(|&b| b == b'-').unwrap_or(start) } else { start };
        let line = text[..from].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let column = text[line..].iter().take_while(|&&b| b == b' ').count();
        let (from, column) = self.out_of_bare_list(id, line, from).unwrap_or((from, column));
        let region = Span { start: from as u32, end: span.end };
        let behind = comment.inline || text.get(line + column).is_some_and(|b| !b"#-?:".contains(b));
        let mut bytes = Zeroizing::new(Vec::with_capacity(most_of_text(opened.as_bytes(), column + 4)));
        bytes.extend_from_slice(if dashed { b"#" } else { b"" });
        for (i, part) in opened.split('\n').enumerate() {
            if i > 0 {
                if behind {
                    return Err(refuse("a comment of several lines behind a value"));
                }
                bytes.extend_from_slice(if self.scanned.crlf { b"\r\n" } else { b"\n" });
                bytes.extend(std::iter::repeat_n(b' ', column));
                bytes.extend_from_slice(if part.starts_with('#') { b"" } else { b"# " });
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        self.splice.replace(region, &bytes);
        Ok(span.end)
    }
}

/// An item in brackets: the comma before it goes as well, or the one behind it where only such items are before it.
fn with_its_comma(text: &[u8], item: Span, first: bool) -> Span {
    let is_blank = |byte: &u8| b" \t\r\n".contains(byte);
    let (start, end) = (item.start as usize, item.end as usize);
    if !first {
        let comma = text[..start].iter().rposition(|byte| !is_blank(byte)).unwrap_or(start);
        return Span::new(if text[comma] == b',' { comma } else { start }, end);
    }
    let behind = |from: usize| from + text[from..].iter().take_while(|byte| is_blank(byte)).count();
    let next = behind(end);
    Span::new(start, if text.get(next) == Some(&b',') { behind(next + 1) } else { end })
}
