//! Comments that go-yaml does not leave where they stand: those directly behind a mark (`---`, `...`), a directive, a dash, an anchor, a tag or a bracket
//! go to what it reads next, and if a blank line follows they stand behind that (docs/sops-config.md 4). It keeps them with a token, and hands them on until an event takes
//! them: a key, a value or an item does, the start of a list or map in lines does not, brackets lose them.

use super::parse::{Parsed, Props, What};
use crate::leaf::Span;

/// Where a comment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// Where it stands.
    Here,
    /// The same: below what stands above it, with a blank line behind.
    Own,
    /// Above the next key, value or item, however deep.
    Head,
    /// The same, and it stands behind the dash of the item.
    Inside,
    /// The same, but brackets lose it.
    Line,
    /// Behind the next entry, value or item; brackets lose it.
    Foot,
    /// To the document that ended above it.
    Before,
    /// Nowhere in particular: SOPS never sees it.
    Lost,
}

impl Bound {
    pub(super) fn is_head(self) -> bool {
        matches!(self, Bound::Head | Bound::Inside)
    }
}

/// What a comment stands behind, other comments aside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A text, an alias, or an indicator that keeps its comments.
    Other,
    /// `:`
    Value,
    /// `---` or `...`
    Mark,
    Directive,
    /// `-`
    Entry,
    /// `?`
    Key,
    /// An anchor or a tag.
    Property,
    Bracket,
}

/// Of each comment of a text.
pub(super) fn bounds(text: &[u8], parsed: &Parsed<'_>) -> Vec<Bound> {
    let comments = &parsed.comments;
    let mut bounds = vec![Bound::Here; comments.len()];
    let mut tokens = Tokens { text, parsed, node: 0, content: 0, header: 0, part: 0 };
    let mut at = 0;
    while at < comments.len() {
        let mark = comments[at].start as usize - 1;
        let (end, mut breaks) = gap(text, mark);
        let mut last = at;
        while comments.get(last + 1).is_some_and(|next| gap(text, next.start as usize - 1).0 <= comments[last].end as usize) {
            last += 1;
        }
        let token = if end == 0 { Token::Other } else { tokens.before(mark, end) };
        // Blank lines that a block scalar keeps are gone where a token stands in it.
        if token == Token::Other && tokens.content > end {
            let behind = text.get(tokens.content..mark).unwrap_or_default();
            breaks = 1 + behind.iter().filter(|&&b| b == b'\n').count();
        }
        let mut from = at;
        if breaks == 0 && !matches!(token, Token::Entry | Token::Mark) {
            bounds[at] = match token {
                Token::Property | Token::Key => Bound::Line,
                Token::Bracket | Token::Directive => Bound::Lost,
                _ => Bound::Here,
            };
            from += 1;
            breaks = comments.get(from).map_or(0, |next| gap(text, next.start as usize - 1).1);
        }
        if from <= last {
            let head = match token {
                Token::Property => Bound::Head,
                Token::Entry => Bound::Inside,
                _ => Bound::Here,
            };
            let foot = match token {
                Token::Mark if tokens.ends_document(end) => Bound::Before,
                Token::Bracket => Bound::Lost,
                Token::Other => Bound::Own,
                _ => Bound::Foot,
            };
            let in_first_line = || !text[..end].iter().any(|b| b"\r\n".contains(b));
            let is_below = breaks == 1 && token != Token::Value && (token == Token::Directive || !in_first_line());
            let indent = indent(text, end, token);
            let mut start = from;
            let mut first_empty = breaks <= 1;
            for i in from..=last {
                bounds[i] = head;
                let column = column(text, comments[i]);
                if i > start && column < indent && column != self::column(text, comments[start]) {
                    bounds[start..i].fill(foot);
                    start = i;
                }
                if blank_behind(text, comments[i]) {
                    if first_empty && (is_below && start == from || self::column(text, comments[start]) < indent) {
                        bounds[start..=i].fill(foot);
                        start = i + 1;
                    }
                    first_empty = false;
                }
            }
        }
        at = last + 1;
    }
    bounds
}

/// The end of what stands before an offset, and the line breaks between.
fn gap(text: &[u8], offset: usize) -> (usize, usize) {
    let blanks = text[..offset].iter().rev().take_while(|b| b" \t\r\n".contains(b)).count();
    let between = &text[offset - blanks..offset];
    let breaks = between.iter().enumerate().filter(|&(i, b)| *b == b'\n' || *b == b'\r' && between.get(i + 1) != Some(&b'\n')).count();
    (offset - blanks, breaks)
}

/// Go-yaml counts the line feed of CR LF as a blank line.
fn blank_behind(text: &[u8], comment: Span) -> bool {
    let rest = &text[comment.end as usize..];
    let Some((_, line)) = rest.split_first() else { return true };
    let blanks = line.iter().take_while(|b| b" \t".contains(b)).count();
    line.get(blanks).is_none_or(|b| b"\r\n".contains(b))
}

fn line_start(text: &[u8], at: usize) -> usize {
    text[..at].iter().rposition(|b| b"\r\n".contains(b)).map_or(0, |i| i + 1)
}

fn column(text: &[u8], comment: Span) -> usize {
    let mark = comment.start as usize - 1;
    mark - line_start(text, mark)
}

/// The column of the lines that a token stands in.
fn indent(text: &[u8], end: usize, token: Token) -> usize {
    let from = line_start(text, end);
    let line = &text[from..end];
    let mut dash = 0;
    let mut at = line.iter().take_while(|&&b| b == b' ').count();
    while line.get(at) == Some(&b'-') && line.get(at + 1).is_none_or(|b| b" \t".contains(b)) {
        dash = at;
        at += 1 + line[at + 1..].iter().take_while(|b| b" \t".contains(b)).count();
    }
    match token {
        Token::Property if matches!(line.get(at), Some(b'&' | b'!')) => dash,
        Token::Property | Token::Value if !line.starts_with(b"---") => at,
        Token::Entry => dash,
        _ => 0,
    }
}

/// Asked for offsets that rise.
struct Tokens<'p> {
    text: &'p [u8],
    parsed: &'p Parsed<'p>,
    /// The next node, and the end of the last text or alias before it.
    node: usize,
    content: usize,
    header: usize,
    part: usize,
}

impl Tokens<'_> {
    /// The token that ends at `end`, before the comment at `mark`.
    fn before(&mut self, mark: usize, end: usize) -> Token {
        while let Some(node) = self.parsed.nodes.get(self.node).filter(|node| (node.span.start as usize) < mark) {
            if matches!(node.what, What::Scalar(_) | What::Alias(_)) && !node.span.is_empty() {
                self.content = node.span.end as usize;
            }
            self.node += 1;
        }
        let ends = |props: &Props| if props.header.is_empty() { props.tag.end } else { props.header.end } as usize;
        while self.parsed.props.get(self.header).is_some_and(|props| ends(props) <= end) {
            self.header += 1;
        }
        let last = self.header.checked_sub(1).map(|last| &self.parsed.props[last]);
        let is_header = last.is_some_and(|props| !props.header.is_empty() && ends(props) == end);
        if self.content >= end || is_header {
            return Token::Other;
        }
        if self.parsed.properties.binary_search(&(end as u32)).is_ok() {
            return Token::Property;
        }
        let line = &self.text[line_start(self.text, end)..end];
        match self.text[end - 1] {
            _ if matches!(line, b"---" | b"..." | b"\xef\xbb\xbf---") => Token::Mark,
            _ if line.starts_with(b"%") => Token::Directive,
            b':' => Token::Value,
            b'-' => Token::Entry,
            b'?' => Token::Key,
            b'{' | b'[' => Token::Bracket,
            _ => Token::Other,
        }
    }

    /// Is the mark that ends here the one that ends a document?
    fn ends_document(&mut self, end: usize) -> bool {
        let parts = &self.parsed.parts;
        while parts.get(self.part).is_some_and(|part| (part.end as usize) + 3 < end) {
            self.part += 1;
        }
        parts.get(self.part).is_some_and(|part| part.end as usize + 3 == end)
    }
}
