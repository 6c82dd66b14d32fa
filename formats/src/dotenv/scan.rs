//! Lines to leaves. SOPS's rule is a split at LF and at the first `=`; ours adds quoted values over several lines.

use crate::document::{Dialect, Mode, Outline, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError, Warning};
use crate::find;
use crate::flat::{ends_early, unfold_newlines};
use crate::leaf::{Comment, CommentId, Leaf, LeafId, Span, Step};
use crate::ours::{NO_EQUALS, Ours};
use crate::path::{Part, PathId};
use crate::syntax::Block;
use crate::tree::{Member, Tree};
use crate::value::Kind;

use super::names::Names;
use super::{PREFIX, with_cr};

/// Scans a whole text.
pub(super) fn scan(text: &[u8], options: &ScanOptions) -> Result<Outline, SyntaxError> {
    // A line that holds a value has a name and a `=`.
    let lines = (count_lines(text) + 1).min(text.len() / 2).min(options.limits.leaves);
    let mut scan = Scan {
        text,
        options,
        outline: Outline::default(),
        names: Names::with_room(if options.warns { lines } else { 0 }),
        block: None,
        line: 1,
        bare: 0,
    };
    scan.outline.reserve(lines, text.len() / 8);
    scan.outline.steps.push(Step::Document);
    let mut at = 0;
    while at < text.len() {
        let start = at;
        let end = line_end(text, start);
        at = scan.line(start, end)?.min(text.len());
        scan.line += if at <= end + 1 { 1 } else { count_lines(&text[start..at]) };
    }
    Ok(scan.finish())
}

/// How the text behind `=` may go on over several lines.
pub(super) enum Quoted {
    /// It does not, or ends on its own line.
    No,
    /// All lines up to the closing quote can be read alone, so they are. With the offset of the first that is a key, if one is.
    Lines(Option<usize>),
    /// A line up to the closing quote cannot be read alone: one value, up to this end of a line.
    Value(usize),
}

/// Judges what opens at `start`, behind a `=`. A scan for a closing quote never covers a byte twice: where it fails, no
/// unescaped quote of that kind is left at all, and where it ends, the next value of that quote begins later.
pub(super) fn quoted(text: &[u8], start: usize) -> Quoted {
    let Some(&quote @ (b'"' | b'\'')) = text.get(start) else { return Quoted::No };
    let Some(close) = closing(text, start + 1, quote) else { return Quoted::No };
    let first_end = line_end(text, start);
    if close < first_end {
        return Quoted::No;
    }
    let last_end = line_end(text, close);
    let mut key = None;
    let mut at = first_end + 1;
    while at < last_end {
        let end = line_end(text, at);
        match classify(&text[at..end]) {
            Line::Bare => return Quoted::Value(last_end),
            Line::Key(_) => key = key.or(Some(at)),
            Line::Blank | Line::Comment => {}
        }
        at = end + 1;
    }
    Quoted::Lines(key)
}

/// What SOPS makes of one line.
pub(super) enum Line {
    /// Nothing on it.
    Blank,
    /// `#` is its first byte.
    Comment,
    /// A name of that length, then `=`.
    Key(usize),
    /// None of these: SOPS refuses it.
    Bare,
}

/// What SOPS makes of a line, given without its LF.
pub(super) fn classify(line: &[u8]) -> Line {
    match line.first() {
        None => Line::Blank,
        Some(b'#') => Line::Comment,
        Some(_) => find::byte(b'=', line).map_or(Line::Bare, Line::Key),
    }
}

struct Scan<'t> {
    text: &'t [u8],
    options: &'t ScanOptions,
    outline: Outline,
    names: Names,
    block: Option<Block>,
    line: usize,
    /// Lines without `=` so far.
    bare: usize,
}

/// So many lines without `=` are told one by one: a log or a key may stand under such a name.
const MOST_TOLD: usize = 20;
const IN_COMMENT: &str = "a carriage return inside a comment, behind which other programs read something else";

impl<'t> Scan<'t> {
    /// Reads the line `start..end`, or the lines that belong to it; gives the start of the next.
    fn line(&mut self, start: usize, end: usize) -> Result<usize, SyntaxError> {
        let line = &self.text[start..end];
        match classify(line) {
            Line::Blank => {}
            Line::Comment => self.comment(start + 1, end)?,
            Line::Bare => self.bare(start, end)?,
            Line::Key(len) if line.starts_with(PREFIX) => self.field(start, start + len, end),
            Line::Key(len) => return self.leaf(start, start + len, end),
        }
        Ok(end + 1)
    }

    fn comment(&mut self, start: usize, end: usize) -> Result<(), SyntaxError> {
        let outline = &mut self.outline;
        if outline.comments.len() >= self.options.limits.leaves {
            return Err(SyntaxError::at(self.text, start, SyntaxClass::Limit, "more comments than the limit of values"));
        }
        let span = Span::new(start, without_cr(self.text, start, end));
        if self.options.mode == Mode::Sealed && ends_early(&self.text[span.range()]) {
            return Err(SyntaxError::at(self.text, start, SyntaxClass::Dialect, IN_COMMENT));
        }
        outline.steps.push(Step::Comment(CommentId(outline.comments.len() as u32)));
        outline.comments.push(Comment { container: PathId::ROOT, span, document: 0, inline: false, empty: start == end });
        Ok(())
    }

    fn bare(&mut self, start: usize, end: usize) -> Result<(), SyntaxError> {
        let sealed = self.options.mode == Mode::Sealed;
        // git may have given a sealed text CR LF line ends: then this was an empty line.
        if sealed && &self.text[start..end] == b"\r" {
            return Ok(());
        }
        if sealed || self.options.dialect == Dialect::Sops {
            return Err(SyntaxError::at(self.text, start, SyntaxClass::Syntax, NO_EQUALS));
        }
        let line = self.text[start..end].trim_ascii();
        if self.options.warns && !matches!(line.first(), None | Some(b'#' | b';')) {
            self.bare += 1;
            if self.bare <= MOST_TOLD {
                self.warn(format!("line {} has no `=`: it is kept like a comment, and few programs get anything of it", self.line));
            }
        }
        self.outline.ours.push(Ours::Line(CommentId(self.outline.comments.len() as u32)));
        self.comment(start, end)
    }

    fn field(&mut self, start: usize, equals: usize, end: usize) {
        let next = (end + 1).min(self.text.len());
        let block = self.block.get_or_insert_with(|| Block {
            span: Span::new(start, next),
            cuts: Vec::new(),
            document: 0,
            fields: Some(Tree::Map(Vec::new())),
            spans: Vec::new(),
        });
        // SOPS cannot read a field that ends in a CR; such a file has been through git's conversion.
        let end = without_cr(self.text, equals + 1, end);
        let value = unfold_newlines(&self.text[equals + 1..end]);
        match block.cuts.last_mut() {
            Some(last) if last.end as usize == start => last.end = next as u32,
            _ => block.cuts.push(Span::new(start, next)),
        }
        block.spans.push(Span::new(start, end));
        if let Some(Tree::Map(members)) = &mut block.fields {
            let name = self.text[start + PREFIX.len()..equals].to_vec();
            members.push(Member::Entry(name, Tree::text(value)));
        }
    }

    fn leaf(&mut self, start: usize, equals: usize, line_end: usize) -> Result<usize, SyntaxError> {
        let limits = &self.options.limits;
        let name = &self.text[start..equals];
        if name.len() > limits.key {
            return Err(SyntaxError::at(self.text, start, SyntaxClass::Limit, format!("a name of more than {} bytes", limits.key)));
        }
        if self.outline.leaves.len() >= limits.leaves {
            return Err(SyntaxError::at(self.text, start, SyntaxClass::Limit, format!("more than {} values", limits.leaves)));
        }
        if self.options.warns && !self.names.first(self.text, start..equals) {
            self.warn(format!("{} stands here again; the last one counts for most readers", shown(name)));
        }
        let end = self.value_end(equals + 1, line_end);
        let outline = &mut self.outline;
        let path = outline.paths.key(PathId::ROOT, name);
        let span = Span::new(equals + 1, without_cr(self.text, equals + 1, end));
        outline.steps.push(Step::Key(path));
        outline.steps.push(Step::Leaf(LeafId(outline.leaves.len() as u32)));
        outline.leaves.push(Leaf { path, span, kind: Kind::Str, document: 0, in_mac: true });
        Ok(end + 1)
    }

    /// The end of the value that starts behind `=` on a line with this end.
    fn value_end(&mut self, start: usize, line_end: usize) -> usize {
        if self.options.mode == Mode::Sealed {
            return line_end;
        }
        match quoted(self.text, start) {
            Quoted::No | Quoted::Lines(None) => line_end,
            Quoted::Value(end) if self.options.dialect == Dialect::Leafcrypt => {
                self.outline.ours.push(Ours::Value(LeafId(self.outline.leaves.len() as u32)));
                end
            }
            Quoted::Value(_) => line_end,
            Quoted::Lines(Some(key)) => {
                let other = self.line + count_lines(&self.text[start..key]);
                self.warn(format!(
                    "a quote opens here and closes later, but line {other} inside is read as a name of its own, which stays readable"
                ));
                line_end
            }
        }
    }

    fn warn(&mut self, what: String) {
        self.outline.warnings.push(Warning { line: self.line, what });
    }

    fn finish(mut self) -> Outline {
        match self.bare.saturating_sub(MOST_TOLD) {
            0 => {}
            1 => self.warn("1 more line has no `=`".to_owned()),
            more => self.warn(format!("{more} more lines have no `=`")),
        }
        let steps = &mut self.outline.steps;
        if steps.len() == 1 {
            steps.push(Step::EmptyMap(PathId::ROOT));
        } else {
            steps.insert(1, Step::MapStart(PathId::ROOT));
            steps.push(Step::MapEnd);
        }
        self.outline.blocks.extend(self.block);
        self.outline
    }
}

/// Where the first line without `=` begins in a value over several lines.
pub(crate) fn first_bare(text: &[u8], value: Span) -> usize {
    let mut at = value.start as usize;
    loop {
        at = line_end(text, at) + 1;
        if at >= value.end as usize {
            return value.start as usize;
        }
        if matches!(classify(&text[at..line_end(text, at)]), Line::Bare) {
            return at;
        }
    }
}

/// The first quote that is not escaped. Only double quotes know escapes.
fn closing(text: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        match text[at] {
            b if b == quote => return Some(at),
            b'\\' if quote == b'"' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// The offset of the LF that ends the line of `from`, or the end of the text.
fn line_end(text: &[u8], from: usize) -> usize {
    find::byte(b'\n', &text[from..]).map_or(text.len(), |i| from + i)
}

/// The end of `start..end` without the CR of the line's end.
fn without_cr(text: &[u8], start: usize, end: usize) -> usize {
    let bare = end - usize::from(end > start && text[end - 1] == b'\r');
    debug_assert_eq!(with_cr(text, Span::new(start, bare)).end as usize, end);
    bare
}

fn count_lines(text: &[u8]) -> usize {
    find::count(b'\n', text)
}

fn shown(name: &[u8]) -> String {
    crate::display_parts(&[Part::Key(name.to_vec())])
}
