//! One value of an INI file: where it ends, what it means, how it can be spelled (docs/lossless-documents.md, section 7, step 4).

use zeroize::Zeroizing;

use crate::draft::joined;
use crate::find;

/// How a value's bytes become its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As they are.
    Plain,
    /// Without the one pair of `'` or `"`.
    Stripped,
    /// Behind `quote` bytes of quotes, that many bytes; the rest is dropped.
    Quoted { quote: u8, len: u32 },
    /// Lines that end in `\`, joined.
    Continued,
}

/// A value as it was read. Offsets into the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    /// Its first byte.
    pub start: usize,
    /// One past its last, what stands dropped behind a closing quote included.
    pub end: usize,
    /// How to read it.
    pub shape: Shape,
    /// The mark of a comment behind it, and the comment's end.
    pub comment: Option<(usize, usize)>,
    /// Where the next line starts.
    pub next: usize,
    /// Something is dropped behind a closing quote.
    pub drops: bool,
}

/// Reads the value from `at`, behind the delimiter. None: its quote never closes.
pub(super) fn read(text: &[u8], at: usize) -> Option<Read> {
    let next = next_line(text, at);
    let start = at + leading_space(&text[at..next]);
    let line = &text[start..next];
    if line.is_empty() {
        // The empty value stands right behind the delimiter and its blanks, before the end of the line.
        let start = at + blanks(&text[at..next]);
        return Some(Read { start, end: start, shape: Shape::Plain, comment: None, next, drops: false });
    }
    if line.len() > 3 && line.starts_with(b"\"\"\"") {
        return read_quoted(text, start, next, b"\"\"\"");
    }
    if line[0] == b'`' {
        return read_quoted(text, start, next, b"`");
    }
    let trimmed = trim_end(line);
    if trimmed.ends_with(b"\\") {
        return Some(read_continued(text, start, next));
    }
    let mark = find::either(b'#', b';', trimmed);
    let content = trim_end(&trimmed[..mark.unwrap_or(trimmed.len())]);
    let shape = if surrounded(content) { Shape::Stripped } else { Shape::Plain };
    let comment = mark.map(|mark| (start + mark, start + trimmed.len()));
    Some(Read { start, end: start + content.len(), shape, comment, next, drops: false })
}

/// The text that a value's bytes mean.
pub(super) fn decode(bytes: &[u8], shape: Shape) -> Zeroizing<Vec<u8>> {
    match shape {
        Shape::Plain => joined(&[bytes]),
        Shape::Stripped => joined(&[&bytes[1..bytes.len() - 1]]),
        Shape::Quoted { quote, len } => joined(&[&bytes[quote as usize..quote as usize + len as usize]]),
        Shape::Continued => join(bytes),
    }
}

/// Do these bytes, alone on their line, mean this text? `last`: only blank follows, at most the end of the file; then a backslash
/// at the end joins nothing, and three quotes without a line feed are a value.
pub(super) fn means(bytes: &[u8], plain: &[u8], last: bool) -> bool {
    let reads = |text: &[u8]| {
        read(text, 0).is_some_and(|r| {
            let whole = r.start == 0 && r.end == bytes.len() && r.comment.is_none() && r.next == text.len();
            let closed = r.shape != Shape::Continued || last || !bytes.ends_with(b"\\");
            whole && closed && *decode(&text[..r.end], r.shape) == *plain
        })
    };
    reads(&joined(&[bytes, b"\n"])) || (last && reads(bytes))
}

/// Do these bytes mean this text, with a comment behind them on their line? A backslash at their end then joins nothing.
pub(super) fn means_before(bytes: &[u8], behind: &[u8], plain: &[u8]) -> bool {
    let line = joined(&[bytes, behind]);
    read(&line, 0).is_some_and(|r| {
        let whole = r.start == 0 && r.end == bytes.len() && r.comment.is_some() && r.next == line.len();
        whole && r.shape != Shape::Continued && *decode(bytes, r.shape) == *plain
    })
}

/// Styles of payload version 1, besides the canonical spelling: as it is, in `"`, in `'`, in backticks, in `"""`.
const STYLES: [&[u8]; 5] = [b"", b"\"", b"'", b"`", b"\"\"\""];

/// A value in style 1 to 5.
pub(super) fn styled(style: u8, plain: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let quote = STYLES.get(usize::from(style).checked_sub(1)?)?;
    Some(joined(&[quote, plain, quote]))
}

/// The style in which a value is spelled so, if there is one.
pub(super) fn style_of(bytes: &[u8], plain: &[u8]) -> Option<u8> {
    (1..=STYLES.len() as u8).find(|&style| {
        let quote = STYLES[usize::from(style) - 1];
        bytes.len() == plain.len() + 2 * quote.len() && styled(style, plain).is_some_and(|s| *s == *bytes)
    })
}

/// What SOPS's emitter writes for a value, whether it reads back or not.
pub(super) fn as_sops(plain: &[u8]) -> Zeroizing<Vec<u8>> {
    let has = |set: &[u8]| plain.iter().any(|b| set.contains(b));
    let quote: &[u8] = if has(b"\n`") {
        b"\"\"\""
    } else if has(b"#;") {
        b"`"
    } else if trim(plain).len() != plain.len() {
        b"\""
    } else {
        b""
    };
    joined(&[quote, plain, quote])
}

/// Is its canonical spelling the text itself? Quick, and right only where it says yes.
pub(super) fn stands_bare(plain: &[u8]) -> bool {
    !plain.is_empty() && plain.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'+'))
}

/// The canonical spelling: SOPS's where it reads back, else in backticks; none where these do not do it either.
pub(super) fn canonical(plain: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if stands_bare(plain) {
        return Some(joined(&[plain]));
    }
    let first = as_sops(plain);
    if means(&first, plain, false) {
        return Some(first);
    }
    let second = joined(&[b"`", plain, b"`"]);
    means(&second, plain, false).then_some(second)
}

fn read_quoted(text: &[u8], start: usize, next: usize, quote: &[u8]) -> Option<Read> {
    let inner = start + quote.len();
    let shape = |close: usize| Shape::Quoted { quote: quote.len() as u8, len: (close - inner) as u32 };
    if let Some(close) = last_of(&text[inner..next], quote) {
        let close = inner + close;
        let end = start + trim_end(&text[start..next]).len();
        let end = end.max(close + quote.len());
        return Some(Read { start, end, shape: shape(close), comment: None, next, drops: end > close + quote.len() });
    }
    let mut line = next;
    while line < text.len() {
        let next = next_line(text, line);
        let trimmed = line + trim_end(&text[line..next]).len();
        // For ini.v1 a line that ends in a backslash goes on, whatever stands before that.
        if let Some(close) = last_of(&text[line..next], quote).filter(|_| !text[line..trimmed].ends_with(b"\\")) {
            let close = line + close;
            let behind = close + quote.len();
            let mark = text[behind..next].iter().position(|b| matches!(b, b'#' | b';')).map(|i| behind + i);
            let end = behind + trim_end(&text[behind..mark.unwrap_or(next)]).len();
            let comment = mark.map(|mark| (mark, trimmed));
            return Some(Read { start, end, shape: shape(close), comment, next, drops: end > behind });
        }
        line = next;
    }
    None
}

fn read_continued(text: &[u8], start: usize, next: usize) -> Read {
    let mut end = start + trim_end(&text[start..next]).len();
    let mut line = next;
    while line < text.len() {
        let next = next_line(text, line);
        let trimmed = trim_end(&text[line..next]);
        let empty = leading_space(trimmed) == trimmed.len();
        if !empty {
            end = line + trimmed.len();
        }
        let more = !empty && trimmed.ends_with(b"\\");
        line = next;
        if !more {
            break;
        }
    }
    Read { start, end, shape: Shape::Continued, comment: None, next: line, drops: false }
}

fn join(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for line in bytes.split(|&b| b == b'\n') {
        // Blanks at the start of the first line are outside of the value.
        let line = trim(line);
        out.extend_from_slice(line.strip_suffix(b"\\").unwrap_or(line));
    }
    // Only the end of the whole may keep its backslash away; a last line without one is whole anyway.
    out
}

/// One pair of the same quotes around it, and that quote nowhere else.
fn surrounded(content: &[u8]) -> bool {
    match content {
        [first @ (b'"' | b'\''), inner @ .., last] => first == last && !inner.contains(first),
        _ => false,
    }
}

/// The start of the line behind the one of `at`.
pub(super) fn next_line(text: &[u8], at: usize) -> usize {
    find::byte(b'\n', &text[at..]).map_or(text.len(), |i| at + i + 1)
}

fn blanks(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

fn last_of(line: &[u8], quote: &[u8]) -> Option<usize> {
    line.windows(quote.len()).rposition(|w| w == quote)
}

/// Bytes of white space (Unicode's) at the start.
pub(super) fn leading_space(text: &[u8]) -> usize {
    if text.first().is_none_or(u8::is_ascii_graphic) {
        return 0;
    }
    let mut at = 0;
    while let Some(n) = SPACES.iter().find(|s| text[at..].starts_with(s)).map(|s| s.len()) {
        at += n;
    }
    at
}

/// Without white space at the end.
pub(super) fn trim_end(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let Some(last) = text.last()
        && !last.is_ascii_graphic()
        && let Some(space) = SPACES.iter().find(|s| text.ends_with(s))
    {
        text = &text[..text.len() - space.len()];
    }
    text
}

/// Without white space at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let text = trim_end(text);
    &text[leading_space(text)..]
}

/// White space as Go's `unicode.IsSpace` has it, in UTF-8.
const SPACES: [&[u8]; 25] = [
    b" ",
    b"\n",
    b"\r",
    b"\t",
    b"\x0b",
    b"\x0c",
    b"\xc2\x85",
    b"\xc2\xa0",
    b"\xe1\x9a\x80",
    b"\xe2\x80\x80",
    b"\xe2\x80\x81",
    b"\xe2\x80\x82",
    b"\xe2\x80\x83",
    b"\xe2\x80\x84",
    b"\xe2\x80\x85",
    b"\xe2\x80\x86",
    b"\xe2\x80\x87",
    b"\xe2\x80\x88",
    b"\xe2\x80\x89",
    b"\xe2\x80\x8a",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xa9",
    b"\xe2\x80\xaf",
    b"\xe2\x81\x9f",
    b"\xe3\x80\x80",
];
