//! A text as go-yaml's reader goes through it: where it stands, and how many lines have ended since the last thing that is no blank.

use memchr::{memchr, memchr3};

/// Bytes of a text for which it is worth asking what kind of text it is (`find.rs`).
const LONG: usize = 4096;

/// A place: byte, line, and column in characters.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    pub index: usize,
    pub line: usize,
    pub column: usize,
}

pub(super) struct Cursor<'t> {
    text: &'t [u8],
    /// Stands behind it.
    tail: &'t [u8],
    /// All is ASCII, and lines end in line feeds: then the end of a run is found without looking at each byte.
    usual: bool,
    pub mark: Mark,
    pub newlines: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t [u8], tail: &'t [u8]) -> Self {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let usual = text.len() > LONG && text.is_ascii() && memchr3(b'\t', b'\r', 0, text).is_none();
        Cursor { text, tail, usual, mark: Mark::default(), newlines: 0 }
    }

    /// The byte at an offset from here; 0 behind the end.
    pub(super) fn peek(&self, offset: usize) -> u8 {
        let at = self.mark.index + offset;
        match self.text.get(at) {
            Some(byte) => *byte,
            None => self.tail.get(at - self.text.len()).copied().unwrap_or(0),
        }
    }

    pub(super) fn is_blank(&self, offset: usize) -> bool {
        matches!(self.peek(offset), b' ' | b'\t')
    }

    pub(super) fn is_break(&self, offset: usize) -> bool {
        match self.peek(offset) {
            b'\n' | b'\r' => true,
            0xe2 => self.peek(offset + 1) == 0x80 && matches!(self.peek(offset + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub(super) fn is_end(&self, offset: usize) -> bool {
        self.peek(offset) == 0
    }

    /// A line ends here, or all.
    pub(super) fn is_break_or_end(&self, offset: usize) -> bool {
        self.is_break(offset) || self.is_end(offset)
    }

    pub(super) fn is_blank_or_end(&self, offset: usize) -> bool {
        self.is_blank(offset) || self.is_break_or_end(offset)
    }

    /// `---` or `...`, alone or with something behind it.
    pub(super) fn is_document_mark(&self, byte: u8) -> bool {
        self.mark.column == 0 && (0..3).all(|i| self.peek(i) == byte) && self.is_blank_or_end(3)
    }

    /// Over a character, not a line break.
    pub(super) fn skip(&mut self) {
        if !self.is_blank(0) {
            self.newlines = 0;
        }
        self.mark.column += 1;
        self.mark.index += 1;
        while self.peek(0) & 0xc0 == 0x80 {
            self.mark.index += 1;
        }
    }

    /// Over a line break; CR LF is one.
    pub(super) fn skip_line(&mut self) {
        self.mark.index += match (self.peek(0), self.peek(1)) {
            (b'\r', b'\n') => 2,
            (b'\r' | b'\n', _) => 1,
            _ => 3,
        };
        self.mark.column = 0;
        self.mark.line += 1;
        self.newlines += 1;
    }

    /// Over blanks and line breaks; was there a break?
    pub(super) fn skip_blank(&mut self) -> bool {
        let line = self.mark.line;
        loop {
            if self.is_blank(0) {
                self.skip();
            } else if self.is_break(0) {
                self.skip_line();
            } else {
                return self.mark.line > line;
            }
        }
    }

    /// To the end of the line.
    pub(super) fn skip_rest(&mut self) {
        let mut is_blank = true;
        loop {
            let run = match self.usual {
                true => self.run_to(|rest| memchr(b'\n', rest)),
                false => self.run(|byte| matches!(byte, b'\n' | b'\r' | 0 | 0xe2)),
            };
            is_blank &= run.iter().all(|&byte| byte == b' ' || byte == b'\t');
            match self.peek(0) {
                b'\n' | b'\r' | 0 => break,
                0xe2 if self.is_break(0) => break,
                byte => {
                    is_blank &= byte == b' ' || byte == b'\t';
                    self.step(byte);
                }
            }
        }
        if !is_blank {
            self.newlines = 0;
        }
    }

    /// To the end of a word of text without quotes; was there any?
    pub(super) fn skip_word(&mut self, in_flow: bool) -> bool {
        let start = self.mark.index;
        loop {
            match self.usual && !in_flow {
                true => self.run_to(|rest| memchr3(b' ', b'\n', b':', rest)),
                false => {
                    self.run(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0 | 0xe2 | b':' | b',' | b'?' | b'[' | b']' | b'{' | b'}'))
                }
            };
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0 => break,
                0xe2 if self.is_break(0) => break,
                b':' if self.is_blank_or_end(1) => break,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                byte => self.step(byte),
            }
        }
        if self.mark.index > start {
            self.newlines = 0;
        }
        self.mark.index > start
    }

    /// In quotes, to the next character that may mean something.
    pub(super) fn skip_quoted(&mut self, quote: u8) {
        let run = match self.usual {
            true => self.run_to(|rest| memchr3(quote, b'\\', b'\n', rest)),
            false => self.run(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0 | 0xe2 | b'\'' | b'"' | b'\\')),
        };
        if run.iter().any(|&byte| byte != b' ') {
            self.newlines = 0;
        }
    }

    /// Over all bytes before one that ends it: most of a text is looked at so, and a sealed one is long.
    fn run(&mut self, ends: impl Fn(u8) -> bool) -> &'t [u8] {
        self.run_to(|rest| rest.iter().position(|&byte| ends(byte)))
    }

    fn run_to(&mut self, end: impl Fn(&[u8]) -> Option<usize>) -> &'t [u8] {
        let rest = self.text.get(self.mark.index..).unwrap_or_default();
        let run = &rest[..end(rest).unwrap_or(rest.len())];
        self.mark.index += run.len();
        self.mark.column += if self.usual { run.len() } else { run.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() };
        run
    }

    fn step(&mut self, byte: u8) {
        self.mark.index += 1;
        self.mark.column += usize::from(byte & 0xc0 != 0x80);
    }
}
