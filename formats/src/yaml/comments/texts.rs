//! Texts, as far as it takes to find their ends.

use super::scan::Scanner;

impl Scanner<'_> {
    pub(super) fn plain(&mut self) {
        let indent = self.indent + 1;
        let mut broken = false;
        loop {
            if self.at.is_document_mark(b'-') || self.at.is_document_mark(b'.') || self.at.peek(0) == b'#' {
                break;
            }
            broken &= !self.at.skip_word(self.flow > 0);
            if !(self.at.is_blank(0) || self.at.is_break(0)) {
                break;
            }
            broken |= self.at.skip_blank();
            if self.flow == 0 && (self.at.mark.column as i64) < indent {
                break;
            }
        }
        self.key_allowed |= broken;
    }

    pub(super) fn quoted(&mut self, quote: u8) -> Option<()> {
        self.at.skip();
        loop {
            self.at.skip_quoted(quote);
            match self.at.peek(0) {
                0 => return None,
                byte if byte == quote && !(quote == b'\'' && self.at.peek(1) == quote) => break,
                b'\'' if quote == b'\'' => {
                    self.at.skip();
                    self.at.skip();
                }
                b'\\' if quote == b'"' => {
                    self.at.skip();
                    if self.at.is_break(0) { self.at.skip_line() } else { self.at.skip() }
                }
                _ if self.at.is_break(0) => self.at.skip_line(),
                _ => self.at.skip(),
            }
        }
        self.at.skip();
        Some(())
    }

    /// A text in lines, `|` or `>`.
    pub(super) fn in_lines(&mut self) {
        let start = self.at.mark.index;
        let (mut more, mut keeps) = (0, false);
        self.at.skip();
        while let byte @ (b'+' | b'-' | b'0'..=b'9') = self.at.peek(0) {
            keeps |= byte == b'+';
            if byte.is_ascii_digit() {
                more = i64::from(byte - b'0');
            }
            self.at.skip();
        }
        while self.at.is_blank(0) {
            self.at.skip();
        }
        self.line_comment(start);
        self.at.skip_rest();
        if self.at.is_break(0) {
            self.at.skip_line();
        }
        let mut indent = if more > 0 { self.indent.max(0) + more } else { 0 };
        loop {
            let mut deepest = 0;
            loop {
                while (indent == 0 || (self.at.mark.column as i64) < indent) && self.at.peek(0) == b' ' {
                    self.at.skip();
                }
                deepest = deepest.max(self.at.mark.column as i64);
                if !self.at.is_break(0) {
                    break;
                }
                self.at.skip_line();
            }
            if indent == 0 {
                indent = deepest.max(self.indent + 1).max(1);
            }
            if self.at.mark.column as i64 != indent || self.at.is_end(0) {
                break;
            }
            self.at.skip_rest();
            if self.at.is_break(0) {
                self.at.skip_line();
            }
        }
        if keeps && !self.kept && self.at.newlines > 1 {
            self.at.newlines = 1;
            self.left_out = true;
        }
    }
}
