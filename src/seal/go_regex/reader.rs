//! Go's grammar: what stands one behind the other, repetitions, groups and their flags.

use std::iter::Peekable;
use std::str::CharIndices;

use super::{BadRegex, shown};

/// Go's limit for one repetition, and for nested ones multiplied.
const MOST_REPEATS: u32 = 1000;

/// A pattern, read from left to right.
pub(super) struct Reader<'p> {
    pub(super) pattern: &'p str,
    pub(super) chars: Peekable<CharIndices<'p>>,
    pub(super) out: String,
    /// Where in `out` the piece ends that was read last, as often as it is repeated.
    piece_end: usize,
    /// How often, nested repetitions multiplied, the piece is repeated that was read last.
    last_repeats: u32,
    /// The most of that in each open group, and in the whole.
    repeats: Vec<u32>,
}

/// What may be repeated.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Last {
    Nothing,
    Piece,
    Repeat(usize),
    /// A piece, repeated or not, behind which stands what is none: flags for the rest, or quotes around nothing.
    Before,
}

impl Last {
    /// What was read last, once such a thing has been read. Go then repeats what stands before it.
    pub(super) fn passed_over(self) -> Self {
        if self == Last::Nothing { Last::Nothing } else { Last::Before }
    }
}

impl<'p> Reader<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Reader { pattern, chars: pattern.char_indices().peekable(), out: String::new(), piece_end: 0, last_repeats: 1, repeats: vec![1] }
    }

    /// The same for Rust's engine.
    pub(super) fn read(mut self) -> Result<String, BadRegex> {
        let mut depth = 0usize;
        let mut last = Last::Nothing;
        while let Some((at, c)) = self.chars.next() {
            last = match c {
                '(' if self.open(at)? => last.passed_over(),
                '(' => {
                    depth += 1;
                    self.repeats.push(1);
                    Last::Nothing
                }
                ')' if depth == 0 => return Err(self.bad("unexpected )", self.pattern)),
                ')' => {
                    depth -= 1;
                    self.out.push(')');
                    self.last_repeats = self.repeats.pop().unwrap_or(1);
                    self.note_repeats();
                    Last::Piece
                }
                '|' => {
                    self.out.push('|');
                    Last::Nothing
                }
                '^' | '$' | '.' => {
                    self.out.push(c);
                    Last::Piece
                }
                '[' => {
                    self.class(at)?;
                    Last::Piece
                }
                '\\' => self.escape(at, last)?,
                '*' | '+' | '?' => self.repeat(at, last, c.to_string(), 1)?,
                '{' => match self.braces(at)? {
                    Some((text, times)) => self.repeat(at, last, text, times)?,
                    None => self.literal(c),
                },
                c => self.literal(c),
            };
            if last == Last::Piece {
                self.piece_end = self.out.len();
                if c != ')' {
                    self.last_repeats = 1;
                }
            }
        }
        if depth > 0 {
            return Err(self.bad("missing closing )", self.pattern));
        }
        Ok(self.out)
    }

    pub(super) fn bad(&self, what: &str, part: &str) -> BadRegex {
        BadRegex(format!("{what}: `{}`", shown(part)))
    }

    pub(super) fn literal(&mut self, c: char) -> Last {
        self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        Last::Piece
    }

    pub(super) fn here(&mut self) -> usize {
        self.chars.peek().map_or(self.pattern.len(), |(at, _)| *at)
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        self.chars.next_if(|(_, next)| *next == c).is_some()
    }

    /// What was read last counts in the group it stands in.
    fn note_repeats(&mut self) {
        if let Some(most) = self.repeats.last_mut() {
            *most = (*most).max(self.last_repeats);
        }
    }

    fn repeat(&mut self, at: usize, last: Last, text: String, times: u32) -> Result<Last, BadRegex> {
        // Directly behind a repetition `?` says how greedy that is.
        let mut text = if last == Last::Before && text == "?" { "{0,1}".to_owned() } else { text };
        if self.eat('?') {
            text.push('?');
        }
        self.out.insert_str(self.piece_end, &text);
        self.piece_end += text.len();
        let end = self.here();
        match last {
            Last::Nothing => Err(self.bad("missing argument to repetition operator", &self.pattern[at..end])),
            Last::Repeat(from) => Err(self.bad("invalid nested repetition operator", &self.pattern[from..end])),
            Last::Piece | Last::Before => {
                self.last_repeats = self.last_repeats.saturating_mul(times);
                if times > 1 && self.last_repeats > MOST_REPEATS {
                    return Err(self.bad("invalid repeat count", &self.pattern[at..end]));
                }
                self.note_repeats();
                Ok(Last::Repeat(at))
            }
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`, with the bigger of the numbers; anything else is a brace.
    fn braces(&mut self, at: usize) -> Result<Option<(String, u32)>, BadRegex> {
        let rest = &self.pattern[at..];
        let Some(close) = rest.find('}') else { return Ok(None) };
        let inner = &rest[1..close];
        let (low, high) = inner.split_once(',').map_or((inner, None), |(low, high)| (low, Some(high)));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        if !digits(low) || high.is_some_and(|high| !high.is_empty() && !digits(high)) {
            return Ok(None);
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let most = high.filter(|high| !high.is_empty()).map_or(number(low), number);
        if number(low) > MOST_REPEATS || most > MOST_REPEATS || most < number(low) {
            return Err(self.bad("invalid repeat count", &rest[..=close]));
        }
        while self.here() <= at + close {
            self.chars.next();
            if self.chars.peek().is_none() {
                break;
            }
        }
        // What is repeated no times at all multiplies nothing.
        Ok(Some((rest[..=close].to_owned(), most.max(1))))
    }

    /// What follows an opening bracket. True: flags for the rest, `(?i)`, which need no closing bracket of their own any more.
    fn open(&mut self, at: usize) -> Result<bool, BadRegex> {
        if !self.eat('?') {
            self.out.push_str("(?:");
            return Ok(false);
        }
        let rest = &self.pattern[at..];
        if rest.starts_with("(?P<") || rest.starts_with("(?<") {
            let Some(close) = rest.find('>') else { return Err(self.bad("invalid named capture", rest)) };
            let name = &rest[rest.find('<').map_or(0, |i| i + 1)..close];
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(self.bad("invalid named capture", &rest[..=close]));
            }
            while self.chars.next().is_some_and(|(_, c)| c != '>') {}
            // Names serve nobody here, and Rust refuses doubled ones.
            self.out.push_str("(?:");
            return Ok(false);
        }
        let mut flags = String::from("(?");
        while let Some((i, c)) = self.chars.next() {
            match c {
                'i' | 'm' | 's' | 'U' => flags.push(c),
                '-' if !flags.contains('-') => flags.push(c),
                ':' | ')' if !flags.ends_with('-') => {
                    // `(?)` means nothing to Rust.
                    if flags.len() == 2 && c == ')' {
                        return Ok(true);
                    }
                    flags.push(c);
                    self.out.push_str(&flags);
                    return Ok(c == ')');
                }
                _ => return Err(self.bad("invalid or unsupported Perl syntax", &self.pattern[at..i + c.len_utf8()])),
            }
        }
        Err(self.bad("invalid or unsupported Perl syntax", rest))
    }
}
