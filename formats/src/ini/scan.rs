//! Lines to sections, keys, comments, as gopkg.in/ini.v1 reads them the way SOPS sets it up (docs/lossless-documents.md, section 7).

use std::collections::hash_map::Entry as Slot;

use memchr::{memchr_iter, memchr2, memmem};

use crate::document::{Mode, Outline, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError, Warning};
use crate::flat::{Seen, ends_early, unfold_newlines};
use crate::leaf::Span;
use crate::path::Part;
use crate::syntax::Block;
use crate::tree::{Member, Tree};

use super::key::{end_of_quoted, read_key};
use super::section::{Entry, Raw, Section, Value};
use super::value::{Read, decode, leading_space, next_line, read, trim, trim_end};
use super::walk::emit;
use super::{DEFAULT, Dropped, Keys, METADATA, comment};

/// Scans a whole text.
pub(super) fn scan(text: &[u8], options: &ScanOptions) -> Result<(Outline, Keys), SyntaxError> {
    if let Some(at) = one_more_than(options.limits.leaves, text) {
        return Err(SyntaxError::at(text, at, SyntaxClass::Limit, format!("more than {} values", options.limits.leaves)));
    }
    let mut scan = Scan {
        text,
        options,
        sections: vec![Section::new(DEFAULT)],
        pending: Vec::new(),
        block: None,
        in_block: false,
        names: Seen::default(),
        leaves: 0,
        comments: 0,
        warnings: Vec::new(),
        dropped: None,
        counted: (0, 1),
    };
    let mut at = byte_order_mark(text);
    while at < text.len() {
        at = scan.line(at)?;
    }
    scan.finish_block_and_tail();
    Ok(emit(scan))
}

/// Where the value stands that is one more than `most`, if every line of the text stands by itself: then it is refused before anything is made of them (P24).
fn one_more_than(most: usize, text: &[u8]) -> Option<usize> {
    if text.len() <= 2 * most || memchr_iter(b'\n', text).count() < most {
        return None;
    }
    // Values over several lines, and the metadata, whose fields are none.
    if memchr2(b'`', b'\\', text).is_some() || [&b"\"\"\""[..], METADATA].iter().any(|one| memmem::find(text, one).is_some()) {
        return None;
    }
    let (mut at, mut values) = (byte_order_mark(text), 0);
    while at < text.len() {
        let next = next_line(text, at);
        let start = at + leading_space(&text[at..next]);
        values += usize::from(!matches!(text[start..next].first(), None | Some(b'#' | b';' | b'[')));
        if values > most {
            return Some(start);
        }
        at = next;
    }
    None
}

/// What is read so far.
pub(super) struct Scan<'t> {
    pub text: &'t [u8],
    options: &'t ScanOptions,
    pub sections: Vec<Section<'t>>,
    /// Comments that belong to what comes next.
    pending: Vec<Raw>,
    pub block: Option<Block>,
    in_block: bool,
    names: Seen<'t>,
    pub leaves: usize,
    comments: usize,
    pub warnings: Vec<Warning>,
    /// The first of them.
    pub dropped: Option<Dropped>,
    /// An offset, and the number of its line.
    counted: (usize, usize),
}

impl<'t> Scan<'t> {
    /// Reads what begins on the line at `at`; gives the start of the next line.
    fn line(&mut self, at: usize) -> Result<usize, SyntaxError> {
        let next = next_line(self.text, at);
        let start = at + leading_space(&self.text[at..next]);
        match self.text[start..next].first() {
            None => Ok(next),
            Some(b'#' | b';') => {
                let end = start + trim_end(&self.text[start..next]).len();
                self.remark(start, end, false)?;
                Ok(next)
            }
            Some(b'[') => self.header(at, start, next),
            Some(_) => self.entry(start, next),
        }
    }

    fn error<T>(&self, at: usize, class: SyntaxClass, what: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError::at(self.text, at, class, what))
    }

    fn remark(&mut self, mark: usize, end: usize, inline: bool) -> Result<(), SyntaxError> {
        if self.in_block && inline {
            return Ok(());
        }
        let text = self.text;
        if self.options.mode == Mode::Sealed && ends_early(&text[mark..end]) {
            return self.error(
                mark,
                SyntaxClass::Dialect,
                "a carriage return inside a comment, behind which other programs read something else",
            );
        }
        let strip = |end: usize| mark + text[mark..end].iter().take_while(|&&b| b == text[mark] || b == b' ').count();
        let start = strip(end);
        let sealed = self.options.mode == Mode::Sealed;
        let token = |mark: usize, end: usize| sealed && comment::is_token(&text[mark..end]);
        match self.pending.last_mut() {
            // In a sealed text each token is a comment of its own.
            Some(run) if !inline && !run.inline && !token(mark, end) && !token(run.mark, run.end) => {
                run.end = end;
                run.lines += 1;
            }
            _ => {
                self.comments += 1;
                if self.comments > self.options.limits.leaves {
                    return self.error(mark, SyntaxClass::Limit, "more comments than the limit of values");
                }
                self.pending.push(Raw { mark, start, end, inline, lines: 1 });
            }
        }
        Ok(())
    }

    fn header(&mut self, line: usize, start: usize, next: usize) -> Result<usize, SyntaxError> {
        let text = self.text;
        let Some(close) = text[start..next].iter().rposition(|&b| b == b']').map(|i| start + i) else {
            return self.error(start, SyntaxClass::Syntax, "the `[` of a section has no `]`");
        };
        let name = &text[start + 1..close];
        if name.is_empty() {
            return self.error(start, SyntaxClass::Syntax, "a section without a name");
        }
        self.check_name(start, name)?;
        if name == METADATA {
            if self.block.is_some() {
                return self.error(start, SyntaxClass::OutsideModel, "a second section `sops`");
            }
            self.end_block_or_tail();
            self.in_block = true;
            let start = block_start(text, line);
            let fields = Some(Tree::Map(Vec::new()));
            self.block = Some(Block { span: Span::new(start, next), cuts: Vec::new(), document: 0, fields, spans: Vec::new() });
            return Ok(next);
        }
        self.in_block = false;
        let first_default = self.sections.len() == 1 && name == DEFAULT && self.sections[0].entries.is_empty();
        if !self.names.first(name) && !first_default {
            self.warn(start, format!("the section {} stands here again", shown(name)));
        }
        if self.sections.len() >= self.options.limits.leaves {
            return self.error(start, SyntaxClass::Limit, "more sections than the limit of values");
        }
        let mark = text[close..next].iter().position(|b| matches!(b, b'#' | b';')).map(|i| close + i);
        self.drops(close + 1, mark.unwrap_or(next), "behind the `]` of a section");
        let mut section = Section::new(name);
        if let Some(mark) = mark {
            let end = mark + trim_end(&text[mark..next]).len();
            self.remark(mark, end, true)?;
        }
        section.comments = self.group();
        self.sections.push(section);
        Ok(next)
    }

    fn entry(&mut self, start: usize, next: usize) -> Result<usize, SyntaxError> {
        let text = self.text;
        let (name, behind) = match read_key(&text[start..next]) {
            Ok(key) => key,
            Err(what) => return self.error(start, SyntaxClass::Syntax, what),
        };
        let Some(value) = read(text, start + behind) else {
            return self.error(start, SyntaxClass::Syntax, "the quote around the value never closes");
        };
        if self.in_block {
            self.field(start, name, &value);
            return Ok(value.next);
        }
        if let Some(close) = end_of_quoted(&text[start..next]) {
            self.drops(start + close, start + behind - 1, "between a name in quotes and its delimiter");
        }
        self.check_name(start, name)?;
        if name == b"-" {
            return self.error(start, SyntaxClass::OutsideModel, "the name `-` is a counter for sops, which cannot read it back");
        }
        self.leaves += 1;
        if self.leaves > self.options.limits.leaves {
            return self.error(start, SyntaxClass::Limit, format!("more than {} values", self.options.limits.leaves));
        }
        if value.drops {
            self.warn(start, format!("what stands behind the closing quote of {} is no part of its value", shown(name)));
        }
        if let Some((mark, end)) = value.comment {
            self.remark(mark, end, true)?;
        }
        let comments = self.group();
        let next = value.next;
        let value = Value { span: Span::new(value.start, value.end), shape: value.shape };
        let section = self.sections.last_mut().expect("there is one from the start");
        match section.by_name.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(section.entries.len());
                section.entries.push(Entry { name, value, comments });
                if self.sections.len() == 1 {
                    self.names.first(DEFAULT);
                }
            }
            Slot::Occupied(slot) => {
                let entry = &mut section.entries[*slot.get()];
                section.superseded.push((*slot.get(), std::mem::replace(&mut entry.value, value)));
                section.lost.extend(std::mem::replace(&mut entry.comments, comments));
                self.warn(start, format!("{} stands here again; this one counts", shown(name)));
            }
        }
        Ok(next)
    }

    fn field(&mut self, start: usize, name: &[u8], value: &Read) {
        self.pending.clear();
        let Some(block) = &mut self.block else { return };
        block.span.end = value.next as u32;
        block.spans.push(Span::new(start, value.end));
        if let Some(Tree::Map(members)) = &mut block.fields {
            let text = unfold_newlines(&decode(&self.text[value.start..value.end], value.shape));
            members.push(Member::Entry(name.to_vec(), Tree::text(text)));
        }
    }

    /// What ini.v1 reads over, and SOPS drops. Not refused here: a sealed text that has it must open, and be edited to have it no more.
    fn drops(&mut self, from: usize, to: usize, place: &'static str) {
        if self.dropped.is_none() && !trim(&self.text[from..to]).is_empty() {
            self.dropped = Some(Dropped { span: Span::new(from, to), place });
        }
    }

    fn check_name(&self, at: usize, name: &[u8]) -> Result<(), SyntaxError> {
        let limit = self.options.limits.key;
        if name.len() > limit {
            return self.error(at, SyntaxClass::Limit, format!("a name of more than {limit} bytes"));
        }
        Ok(())
    }

    /// The comments that belong to a key or header.
    fn group(&mut self) -> Vec<Raw> {
        std::mem::take(&mut self.pending)
    }

    /// Pending comments have no key of their own any more.
    fn end_block_or_tail(&mut self) {
        let tail = self.group();
        self.sections.last_mut().expect("there is one from the start").lost.extend(tail);
    }

    fn finish_block_and_tail(&mut self) {
        self.end_block_or_tail();
        if let Some(block) = &mut self.block {
            block.cuts = vec![block.span];
        }
    }

    fn warn(&mut self, at: usize, what: String) {
        let (from, line) = self.counted;
        let line = line + self.text[from..at].iter().filter(|&&b| b == b'\n').count();
        self.counted = (at, line);
        self.warnings.push(Warning { line, what });
    }
}

/// ini.v1 skips the marks of UTF-8 and of both UTF-16.
pub(super) fn byte_order_mark(text: &[u8]) -> usize {
    match text {
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => 2,
        [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    }
}

/// The block takes the one empty line before its header along, which was written with it.
fn block_start(text: &[u8], line: usize) -> usize {
    let before = &text[..line];
    for blank in [&b"\r\n"[..], b"\n"] {
        if let Some(head) = before.strip_suffix(blank)
            && (head.is_empty() || head.ends_with(b"\n"))
        {
            return head.len();
        }
    }
    line
}

fn shown(name: &[u8]) -> String {
    crate::display_parts(&[Part::Key(name.to_vec())])
}
