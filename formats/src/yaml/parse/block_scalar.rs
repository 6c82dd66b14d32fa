//! Where a block scalar's header is, and where its lines begin and end: the parser has only its text.

use std::borrow::Cow;

use granit_parser::Span as Mark;

use super::node::{Tag, What, Written};
use super::reader::Reader;
use super::{behind_break, find};
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::Span;

impl<'t> Reader<'t> {
    pub(super) fn block_scalar(
        &mut self,
        text: Cow<'t, str>,
        style: Written,
        tag: Tag,
        mark: &Mark,
        range: std::ops::Range<usize>,
    ) -> Result<(), SyntaxError> {
        let from = mark.tag_span().and_then(|t| t.byte_range()).map_or(self.cursor, |t| t.end.max(self.cursor));
        let bytes = self.text.as_bytes();
        let Some(header) = header(bytes, from) else {
            return Err(self.error(range.start, SyntaxClass::Dialect, "a block scalar whose header cannot be found"));
        };
        let line_end = header.end as usize
            + bytes[header.end as usize..].iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(bytes.len() - header.end as usize);
        let header_comment = bytes[header.end as usize..line_end].contains(&b'#');
        let start = behind_break(bytes, line_end);
        let keep = bytes[header.range()].contains(&b'+');
        let parent = self.open.last().map_or(0, |&(n, _)| self.parsed.nodes[n as usize].column as usize);
        let digit = bytes[header.range()].iter().find(|b| b.is_ascii_digit()).map(|b| usize::from(b - b'0'));
        let end = last_line_end(bytes, start, range.end.max(start));
        let indent = digit.map_or_else(|| first_indent(&bytes[start..end]).unwrap_or(parent + 2), |d| parent + d);
        let end = if keep { end } else { without_blank_lines(bytes, start, end, indent) };
        let props = self.props(mark, header, indent as u32, header_comment);
        let text = self.with_unicode_breaks(text, start..end, style, (indent, keep))?;
        self.leaf(What::Scalar(style), Span::new(start, end), text, tag, props)
    }
}

/// The header of a block scalar.
fn header(bytes: &[u8], from: usize) -> Option<Span> {
    let at = find(bytes, from, b"|>")?;
    let length = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-')).count();
    Some(Span::new(at, at + 1 + length))
}

/// The end of the last line of `start..end`, without the blanks that the next thing stands behind.
fn last_line_end(bytes: &[u8], start: usize, end: usize) -> usize {
    let line = bytes[start..end].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(start, |i| start + i + 1);
    let blank = bytes[line..end].iter().all(|&b| b == b' ' || b == b'\t');
    if blank { line } else { end }
}

/// The blanks before the first line that is not empty.
pub(super) fn first_indent(body: &[u8]) -> Option<usize> {
    let content = body.iter().position(|b| !b" \n\r".contains(b))?;
    Some(body[..content].iter().rev().take_while(|&&b| b == b' ').count())
}

fn without_blank_lines(bytes: &[u8], start: usize, mut end: usize, indent: usize) -> usize {
    while end > start {
        let before = line_start(bytes, start, end);
        let line = &bytes[before..end];
        let content = line.iter().filter(|b| !b"\r\n".contains(b)).count();
        let blank = line.iter().all(|b| b" \r\n".contains(b)) && content <= indent;
        if !blank {
            break;
        }
        end = before;
    }
    end
}

/// The start of the line whose last byte (its break included) is before `end`.
fn line_start(bytes: &[u8], start: usize, end: usize) -> usize {
    let mut at = end;
    if bytes[start..at].ends_with(b"\r\n") {
        at -= 2;
    } else if bytes[start..at].ends_with(b"\n") || bytes[start..at].ends_with(b"\r") {
        at -= 1;
    }
    bytes[start..at].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(start, |i| start + i + 1)
}
