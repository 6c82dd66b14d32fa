//! Lines, indentation and comments as go-yaml's emitter lays them out. It keeps one comment of each kind and writes it at the next place
//! that asks for that kind, which is not always the place it was meant for: SOPS's text depends on that.

/// What has been written, and the comments that wait.
pub(super) struct Emitter<'o> {
    out: &'o mut Vec<u8>,
    /// Where the current line starts.
    line_start: usize,
    /// The last thing written was a blank that separates.
    pub whitespace: bool,
    /// Only indentation and indicators stand on the line so far.
    pub indention: bool,
    /// Above the next entry.
    pub head: Vec<u8>,
    /// Behind the entries of a map.
    pub tail: Vec<u8>,
    /// Behind the value, on its line.
    pub line: Vec<u8>,
    /// Below a list's item.
    pub foot: Vec<u8>,
    /// The column of a comment that was written below something: a further line there is set apart.
    pub foot_column: Option<usize>,
}

impl<'o> Emitter<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        let line_start = out.len();
        Emitter {
            out,
            line_start,
            whitespace: true,
            indention: true,
            head: Vec::new(),
            tail: Vec::new(),
            line: Vec::new(),
            foot: Vec::new(),
            foot_column: None,
        }
    }

    /// To a column, on a new line unless only indentation stands on this one.
    pub(super) fn indent(&mut self, to: usize) {
        let column = self.column();
        if !self.indention || column > to || (column == to && !self.whitespace) {
            self.line_break();
        }
        if self.foot_column == Some(to) {
            self.line_break();
        }
        let missing = to.saturating_sub(self.column());
        self.out.resize(self.out.len() + missing, b' ');
        self.whitespace = true;
        self.foot_column = None;
    }

    /// `-`, `?`, `:` and the like. `block`: a block may begin behind it, on the same line.
    pub(super) fn indicator(&mut self, mark: &[u8], apart: bool, block: bool) {
        if apart && !self.whitespace {
            self.out.push(b' ');
        }
        self.out.extend_from_slice(mark);
        self.whitespace = matches!(mark, b"{" | b"[");
        self.indention &= block;
    }

    /// A scalar, without the line feed at its end.
    pub(super) fn scalar<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        if !self.whitespace {
            self.out.push(b' ');
        }
        let done = write(self.out);
        // A block that ends so has begun a line as far as SOPS is concerned.
        let feeds = self.out.iter().rev().take_while(|b| **b == b'\n').count();
        let text = &self.out[..self.out.len() - feeds];
        let begun = text.ends_with("\u{2028}".as_bytes()) || text.ends_with("\u{2029}".as_bytes());
        if begun {
            self.line_start = self.out.len();
        }
        self.whitespace = begun;
        self.indention = begun;
        done
    }

    /// The comments that stand above something.
    pub(super) fn write_head(&mut self, column: usize) {
        let tail = std::mem::take(&mut self.tail);
        if !tail.is_empty() {
            self.indent(column);
            self.comment(&tail, column);
            self.foot_column = Some(column);
        }
        let head = std::mem::take(&mut self.head);
        if !head.is_empty() {
            self.indent(column);
            self.comment(&head, column);
        }
    }

    /// The comment behind something.
    pub(super) fn write_line(&mut self, column: usize) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            if !self.whitespace {
                self.out.push(b' ');
            }
            self.comment(&line, column);
        }
    }

    /// The comment below something.
    pub(super) fn write_foot(&mut self, column: usize) {
        let foot = std::mem::take(&mut self.foot);
        if !foot.is_empty() {
            self.indent(column);
            self.comment(&foot, column);
            self.foot_column = Some(column);
        }
    }

    pub(super) fn at_line_start(&self) -> bool {
        self.column() == 0
    }

    fn comment(&mut self, text: &[u8], column: usize) {
        let (mut broken, mut marked) = (false, false);
        for c in String::from_utf8_lossy(text).chars() {
            if super::facts::is_break(c) {
                self.char_break(c);
                (broken, marked) = (true, false);
                continue;
            }
            if broken {
                self.indent(column);
            }
            if !std::mem::replace(&mut marked, true) && c != '#' {
                self.out.extend_from_slice(b"# ");
            }
            self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            self.indention = false;
            broken = false;
        }
        if !broken {
            self.line_break();
        }
        self.whitespace = true;
    }

    fn char_break(&mut self, c: char) {
        self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.line_start = self.out.len();
        self.indention = true;
    }

    fn line_break(&mut self) {
        self.char_break('\n');
    }

    fn column(&self) -> usize {
        self.out.len() - self.line_start
    }
}
