//! Items in brackets or braces, maybe over several lines: one more, one less, the first. For YAML and TOML, which write comments alike.
//!
//! A comment behind an item or its comma is that item's if no other stands on the line; comment lines directly above it are its own unless another item
//! stands directly below, as for entries on lines of their own. No other comment goes, and none comes to stand behind another item.

use std::ops::Range;

use crate::draft::joined;
use crate::leaf::Span;
use crate::splice::Splice;

pub(crate) struct Brackets<'t> {
    pub text: &'t [u8],
    /// Between the brackets.
    pub inside: Range<usize>,
    /// Keys with their values.
    pub items: Vec<Range<usize>>,
    pub crlf: bool,
}

impl Brackets<'_> {
    /// One item more, at the end, laid out as the last one is. `comma`: as it is to stand behind that.
    pub(crate) fn add(&self, splice: &mut Splice, item: &[u8], comma: &[u8]) {
        let Some((last, before)) = self.items.split_last() else { return self.fill(splice, &[item]) };
        let there = self.comma(last.end);
        let behind = there.map_or(last.end, |comma| comma + 1);
        // Below a comment on its line, not before it: that one is about the last item.
        let comment = self.comment(behind);
        let line = self.line_start(last.start);
        let first_on_line = line >= self.inside.start && self.blank(line..last.start);
        let gap = match before.last() {
            _ if first_on_line || comment.is_some() => self.line_like(last),
            Some(before) => {
                let comma = self.comma(before.end).map_or(before.end, |comma| comma + 1);
                let between = &self.text[comma..last.start];
                if between.iter().all(|&b| b == b' ') { between.to_vec() } else { b" ".to_vec() }
            }
            None => b" ".to_vec(),
        };
        let at = comment.map_or(behind, |comment| comment.end);
        match there {
            Some(_) => splice.insert(at, &joined(&[&gap, item, b","])),
            None => {
                splice.insert(last.end, comma);
                splice.insert(at, &joined(&[&gap, item]));
            }
        }
    }

    /// The first items, where there may be comments: below those.
    pub(crate) fn fill(&self, splice: &mut Splice, items: &[&[u8]]) {
        let (mut at, mut gap, mut between) = (self.inside.start, Vec::new(), &b", "[..]);
        let last = self.text[self.inside.clone()].iter().rposition(|&b| b == b'\n' || b == b'\r');
        if let Some(last) = last.filter(|_| self.only_comments()) {
            let comment = self.text[..self.inside.start + last].trim_ascii_end().len();
            let line = self.line_start(comment);
            // Further in than what the brackets stand on, if the comment does not show it.
            let stands = self.text[line..].iter().take_while(|&&b| b" -".contains(&b)).count();
            let indent =
                if line >= self.inside.start { self.text[line..line + self.blanks(line)].to_vec() } else { b" ".repeat(stands + 2) };
            (at, gap, between) = (self.line_end(comment), self.broken(comment, &indent), b",");
        }
        let mut bytes: Vec<&[u8]> = Vec::new();
        for (i, item) in items.iter().enumerate() {
            bytes.extend([if i > 0 { between } else { b"" }, &gap, item]);
        }
        splice.insert(at, &joined(&bytes));
    }

    /// Are there comments, and nothing else?
    pub(crate) fn only_comments(&self) -> bool {
        self.items.is_empty() && self.comments(self.inside.clone())
    }

    /// An item goes, with a comma.
    pub(crate) fn remove(&self, splice: &mut Splice, place: usize) {
        let item = self.items[place].clone();
        let (before, next) = (place.checked_sub(1).map(|i| self.items[i].end), self.items.get(place + 1).map(|next| next.start));
        let around = before.unwrap_or(self.inside.start)..next.unwrap_or(self.inside.end);
        if !self.comments(around.start..item.start) && !self.comments(item.end..around.end) {
            return splice.cut(match (before, next) {
                (_, Some(next)) => Span::new(item.start, next),
                (Some(before), None) => Span::new(before, item.end),
                (None, None) => Span::new(self.inside.start, self.inside.end),
            });
        }
        let (commas, behind) = ((before.and_then(|end| self.comma(end)), self.comma(item.end)), self.own_comment(before, &item));
        let mut gone = Gone { from: around.start, bytes: vec![false; around.len()] };
        gone.mark(item.clone());
        // Where commas begin lines it is the one before that goes.
        let later = commas.1.is_none_or(|next| next > self.line_end(item.end));
        let leads = commas.0.filter(|&comma| later && comma >= self.line_start(item.start));
        match (leads, commas) {
            (Some(comma), _) => gone.mark(comma..item.start),
            (None, (_, Some(comma))) => gone.mark(comma..comma + 1 + self.blanks(comma + 1)),
            (None, (Some(comma), None)) => gone.mark(comma..comma + 1),
            (None, (None, None)) => {}
        }
        let mut end = item.end;
        let mut others = false;
        if let Some(comment) = behind {
            others = self.comments(item.end..comment.start);
            end = comment.end;
            gone.mark(comment);
        }
        others |= self.comments(end..around.end);
        let below = if leads.is_some() { end } else { end.max(commas.1.unwrap_or(end)) }..around.end;
        let breaks = self.text[below].iter().filter(|&&b| b == b'\n').count();
        let alone = next.is_none() || breaks > 1 || others;
        let mut line = self.line_start(item.start);
        let first_on_line = self.blank(line..leads.unwrap_or(item.start));
        if let Some(next) = next.filter(|_| !first_on_line && !others) {
            return splice.cut(Span::new(item.start, next));
        }
        while alone && first_on_line && line > around.start {
            let above = self.line_start(line - 1 - usize::from(self.text[..line].ends_with(b"\r\n")));
            if above <= around.start || self.text[above + self.blanks(above)] != b'#' {
                break;
            }
            gone.mark(above..self.line_end(above));
            line = above;
        }
        gone.lines(self);
        if before.is_none() && next.is_none() && around.clone().all(|i| gone.bytes[i - gone.from] || self.text[i].is_ascii_whitespace()) {
            return splice.cut(Span::new(around.start, around.end));
        }
        gone.cut(splice);
    }

    /// The comment behind an item, or its comma, if no other item stands on the line.
    fn own_comment(&self, before: Option<usize>, item: &Range<usize>) -> Option<Range<usize>> {
        let alone = before.is_none_or(|before| before < self.line_start(item.end));
        let behind = self.comma(item.end).map_or(item.end, |comma| comma + 1);
        self.comment(item.end).or_else(|| self.comment(behind)).filter(|_| alone)
    }

    /// A comment on this line, behind blanks; with them.
    fn comment(&self, at: usize) -> Option<Range<usize>> {
        let start = at + self.blanks(at);
        (start < self.inside.end && self.text[start] == b'#').then(|| at..self.line_end(start))
    }

    /// The comma behind an item, maybe on a later line.
    fn comma(&self, mut at: usize) -> Option<usize> {
        while at < self.inside.end {
            match self.text[at] {
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                b'#' => at = self.line_end(at),
                b',' => return Some(at),
                _ => return None,
            }
        }
        None
    }

    /// Is there a comment in this, which holds no item?
    fn comments(&self, span: Range<usize>) -> bool {
        self.text[span].contains(&b'#')
    }

    fn blank(&self, span: Range<usize>) -> bool {
        self.text[span].iter().all(|b| b" \t".contains(b))
    }

    fn blanks(&self, at: usize) -> usize {
        self.text[at..].iter().take_while(|b| b" \t".contains(b)).count()
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(0, |i| i + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].iter().position(|&b| b == b'\n' || b == b'\r').map_or(self.text.len(), |n| at + n)
    }

    /// A new line below the one at this place, which ends as that one does.
    fn broken(&self, at: usize, indent: &[u8]) -> Vec<u8> {
        let end = self.line_end(at);
        let crlf = if end < self.inside.end { self.text[end..].starts_with(b"\r\n") } else { self.crlf };
        [if crlf { &b"\r\n"[..] } else { b"\n" }, indent].concat()
    }

    /// A new line below an item that begins where the first one on its line does.
    fn line_like(&self, item: &Range<usize>) -> Vec<u8> {
        let line = self.line_start(item.start);
        let first = self.items.iter().map(|item| item.start).find(|&start| start >= line).unwrap_or(item.start);
        let head = String::from_utf8_lossy(&self.text[line..first]);
        let indent: String = if head.trim().is_empty() { head.into_owned() } else { head.chars().map(|_| ' ').collect() };
        self.broken(item.end, indent.as_bytes())
    }
}

/// Which bytes from somewhere on go.
struct Gone {
    from: usize,
    bytes: Vec<bool>,
}

impl Gone {
    fn mark(&mut self, span: Range<usize>) {
        let end = (span.end - self.from).min(self.bytes.len());
        self.bytes[span.start - self.from..end].fill(true);
    }

    /// Lines of which something goes, and nothing stays but blanks: they go as well, and else the blanks at their end.
    fn lines(&mut self, all: &Brackets<'_>) {
        let end = self.from + self.bytes.len();
        let mut at = self.from;
        while at < end {
            let line_end = all.line_end(at);
            let next = line_end + if all.text[line_end..].starts_with(b"\r\n") { 2 } else { 1 };
            if line_end >= end {
                break;
            }
            let stays = |i: &usize| !self.bytes[i - self.from] && !b" \t".contains(&all.text[*i]);
            let kept = (at..line_end).rev().find(stays);
            if self.bytes[at - self.from..line_end - self.from].contains(&true) {
                match kept {
                    None if at > self.from => self.mark(at..next),
                    None => self.mark(at..line_end),
                    Some(last) if self.bytes[last + 1 - self.from..line_end - self.from].contains(&true) => self.mark(last + 1..line_end),
                    Some(_) => {}
                }
            }
            at = next;
        }
    }

    fn cut(&self, splice: &mut Splice) {
        let mut at = 0;
        while let Some(start) = self.bytes[at..].iter().position(|&gone| gone).map(|n| at + n) {
            at = self.bytes[start..].iter().position(|&gone| !gone).map_or(self.bytes.len(), |n| start + n);
            splice.cut(Span::new(self.from + start, self.from + at));
        }
    }
}
