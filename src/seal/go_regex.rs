//! Go's regular expressions on Rust's engine: the pattern is read by Go's grammar and spelled anew (`docs/sops-config.md`, section 4). For the selection
//! rules ([`super::policy`]) and for `path_regex` ([`crate::config`]).
//!
//! `\d \w \s \b` are ASCII in Go; `{` that is no repetition is itself; `\Q..\E` and octal escapes exist; classes know no set operations; what Go
//! refuses is refused, in Go's words.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::CharIndices;

use thiserror::Error;

/// A pattern as Go's `regexp` understands it.
#[derive(Clone, Debug)]
pub struct GoRegex {
    regex: regex::bytes::Regex,
}

/// Why Go refuses a pattern, in Go's words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("error parsing regexp: {0}")]
pub struct BadRegex(pub String);

/// A compiled program has at most so many bytes (docs/threat-model.md, R8).
const MOST_BYTES: usize = 1 << 20;
/// A pattern has at most so many bytes. Reading one costs up to a tenth of a millisecond a byte (`(?i)\\pL`) before its program is found to be too big.
const LONGEST: usize = 4096;
/// Go's limit for one repetition, and for nested ones multiplied.
const MOST_REPEATS: u32 = 1000;
/// The classes of the form `[:name:]`.
const POSIX: [&str; 14] =
    ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit"];

impl GoRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Go would refuse it, it is too long, or its program is too big.
    pub fn new(pattern: &str) -> Result<Self, BadRegex> {
        if pattern.len() > LONGEST {
            return Err(BadRegex(format!("expression of {} bytes, more than {LONGEST}: `{}`", pattern.len(), shown(pattern))));
        }
        let spelled =
            Reader { pattern, chars: pattern.char_indices().peekable(), out: String::new(), last_repeats: 1, repeats: vec![1] }.read()?;
        let built = regex::bytes::RegexBuilder::new(&spelled).size_limit(MOST_BYTES).nest_limit(500).build();
        // What is left for Rust to refuse is size and nesting.
        let regex = built.map_err(|why| match why {
            regex::Error::CompiledTooBig(_) => BadRegex(format!("expression too large: `{}`", shown(pattern))),
            _ => BadRegex(format!("expression nests too deeply: `{}`", shown(pattern))),
        })?;
        Ok(GoRegex { regex })
    }

    /// Is there a match anywhere?
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(&as_go_reads(text))
    }
}

/// To Go each byte that is no UTF-8 is U+FFFD, which `.` and `[^x]` match; to Rust's engine it is nothing that they do.
fn as_go_reads(text: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(text).is_ok() {
        return text.into();
    }
    let mut read = String::with_capacity(text.len() + 2);
    for chunk in text.utf8_chunks() {
        read.push_str(chunk.valid());
        read.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    read.into_bytes().into()
}

/// A pattern in a message: its beginning, if it is long.
fn shown(pattern: &str) -> Cow<'_, str> {
    match pattern.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &pattern[..end]).into(),
        None => pattern.into(),
    }
}

struct Reader<'p> {
    pattern: &'p str,
    chars: Peekable<CharIndices<'p>>,
    out: String,
    /// How often, nested repetitions multiplied, the piece is repeated that was read last.
    last_repeats: u32,
    /// The most of that in each open group, and in the whole.
    repeats: Vec<u32>,
}

/// What may be repeated.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Piece,
    Repeat(usize),
}

impl Reader<'_> {
    fn read(mut self) -> Result<String, BadRegex> {
        let mut depth = 0usize;
        let mut last = Last::Nothing;
        while let Some((at, c)) = self.chars.next() {
            last = match c {
                '(' => {
                    depth += 1;
                    if self.open(at)? {
                        depth -= 1;
                    } else {
                        self.repeats.push(1);
                    }
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
            if last == Last::Piece && c != ')' {
                self.last_repeats = 1;
            }
        }
        if depth > 0 {
            return Err(self.bad("missing closing )", self.pattern));
        }
        Ok(self.out)
    }

    fn bad(&self, what: &str, part: &str) -> BadRegex {
        BadRegex(format!("{what}: `{}`", shown(part)))
    }

    fn literal(&mut self, c: char) -> Last {
        self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        Last::Piece
    }

    fn here(&mut self) -> usize {
        self.chars.peek().map_or(self.pattern.len(), |(at, _)| *at)
    }

    fn eat(&mut self, c: char) -> bool {
        self.chars.next_if(|(_, next)| *next == c).is_some()
    }

    /// What was read last counts in the group it stands in.
    fn note_repeats(&mut self) {
        if let Some(most) = self.repeats.last_mut() {
            *most = (*most).max(self.last_repeats);
        }
    }

    fn repeat(&mut self, at: usize, last: Last, text: String, times: u32) -> Result<Last, BadRegex> {
        self.out.push_str(&text);
        if self.eat('?') {
            self.out.push('?');
        }
        let end = self.here();
        match last {
            Last::Nothing => Err(self.bad("missing argument to repetition operator", &self.pattern[at..end])),
            Last::Repeat(from) => Err(self.bad("invalid nested repetition operator", &self.pattern[from..end])),
            Last::Piece => {
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

    fn escape(&mut self, at: usize, last: Last) -> Result<Last, BadRegex> {
        let Some(&(_, c)) = self.chars.peek() else { return Err(BadRegex("trailing backslash at end of expression: ``".to_owned())) };
        match c {
            'A' | 'z' => {
                self.chars.next();
                self.out.push('\\');
                self.out.push(c);
            }
            'b' | 'B' => {
                self.chars.next();
                self.out.push_str(if c == 'b' { r"(?-u:\b)" } else { r"(?-u:\B)" });
            }
            'Q' => {
                self.chars.next();
                let rest = &self.pattern[at + 2..];
                let text = rest.split("\\E").next().unwrap_or_default();
                let end = at + 2 + text.len() + if text.len() < rest.len() { 2 } else { 0 };
                while self.chars.next_if(|(i, _)| *i < end).is_some() {}
                if text.is_empty() {
                    return Ok(last);
                }
                for c in text.chars() {
                    self.literal(c);
                }
            }
            _ => {
                let one = self.one(at, false)?;
                self.out.push_str(&one);
            }
        }
        Ok(Last::Piece)
    }

    /// A class or a character behind a backslash, the same inside brackets and outside.
    fn one(&mut self, at: usize, in_class: bool) -> Result<String, BadRegex> {
        let Some((i, c)) = self.chars.next() else { return Err(BadRegex("trailing backslash at end of expression: ``".to_owned())) };
        let wrapped = |set: &str| if in_class { set.to_owned() } else { format!("[{set}]") };
        let negated = |set: &str| format!("[^{set}]");
        Ok(match c {
            'd' => wrapped("0-9"),
            'D' => negated("0-9"),
            'w' => wrapped("0-9A-Za-z_"),
            'W' => negated("0-9A-Za-z_"),
            's' => wrapped(r"\t\n\f\r "),
            'S' => negated(r"\t\n\f\r "),
            'p' | 'P' => self.unicode(at, c == 'P')?,
            'a' | 'f' | 't' | 'n' | 'r' | 'v' => format!("\\{c}"),
            'x' => self.hexadecimal(at)?,
            '0'..='7' => {
                let mut value = c.to_digit(8).unwrap_or_default();
                let mut more = 0;
                while more < 2 {
                    let Some(digit) = self.chars.peek().and_then(|(_, c)| c.to_digit(8)) else { break };
                    self.chars.next();
                    value = value * 8 + digit;
                    more += 1;
                }
                if c != '0' && more == 0 {
                    return Err(self.bad("invalid escape sequence", &self.pattern[at..i + 1]));
                }
                format!("\\x{{{value:x}}}")
            }
            c if c.is_ascii_punctuation() => format!("\\x{{{:x}}}", c as u32),
            c => return Err(self.bad("invalid escape sequence", &self.pattern[at..i + c.len_utf8()])),
        })
    }

    fn hexadecimal(&mut self, at: usize) -> Result<String, BadRegex> {
        let rest = &self.pattern[at + 2..];
        let (digits, len) = match rest.strip_prefix('{') {
            Some(braced) => braced.find('}').map_or(("", 0), |close| (&braced[..close], close + 2)),
            None => (rest.get(..2).unwrap_or_default(), 2),
        };
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(c) = value.and_then(char::from_u32) else {
            return Err(self.bad("invalid escape sequence", &self.pattern[at..at + 2 + read_of_hexadecimal(rest)]));
        };
        while self.chars.next_if(|(i, _)| *i < at + 2 + len).is_some() {}
        Ok(format!("\\x{{{:x}}}", c as u32))
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`: categories and scripts, nothing else.
    fn unicode(&mut self, at: usize, negated: bool) -> Result<String, BadRegex> {
        let rest = &self.pattern[at + 2..];
        let (name, len) = match rest.strip_prefix('{') {
            Some(braced) => braced.find('}').map_or(("", rest.len()), |close| (&braced[..close], close + 2)),
            None => rest.chars().next().map_or(("", 0), |c| (&rest[..c.len_utf8()], c.len_utf8())),
        };
        while self.chars.next_if(|(i, _)| *i < at + 2 + len).is_some() {}
        let (name, flipped) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
            return Err(self.bad("invalid character class range", &self.pattern[at..at + 2 + len]));
        }
        let letter = if negated != flipped { 'P' } else { 'p' };
        let kind = if name.len() <= 2 || name == "Any" { "" } else { "Script=" };
        let spelled = format!("\\{letter}{{{kind}{name}}}");
        if regex::Regex::new(&spelled).is_err() {
            return Err(self.bad("invalid character class range", &self.pattern[at..at + 2 + len]));
        }
        Ok(spelled)
    }

    fn class(&mut self, at: usize) -> Result<(), BadRegex> {
        self.out.push('[');
        if self.eat('^') {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let start = self.here();
            let Some((_, c)) = self.chars.next() else { return Err(self.bad("missing closing ]", &self.pattern[at..])) };
            if c == ']' && !first {
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if c == '[' && self.pattern[start..].starts_with("[:") {
                let rest = &self.pattern[start..];
                // Behind the colon that opens it: `[[:]` is a class of two characters.
                if let Some(close) = rest[2..].find(":]").map(|end| end + 2) {
                    let name = &rest[2..close];
                    if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
                        return Err(self.bad("invalid character class range", &rest[..close + 2]));
                    }
                    self.out.push_str(&rest[..close + 2]);
                    while self.chars.next_if(|(i, _)| *i < start + close + 2).is_some() {}
                    continue;
                }
            }
            let low = self.member(start, c)?;
            let range = self.pattern[self.here()..].starts_with('-') && !self.pattern[self.here()..].starts_with("-]");
            // A set such as \d begins no range: the hyphen behind it is itself.
            if !range || is_set(&low) {
                self.out.push_str(&low);
                continue;
            }
            self.eat('-');
            let next = self.here();
            let Some((_, c)) = self.chars.next() else { return Err(self.bad("missing closing ]", &self.pattern[at..])) };
            let high = self.member(next, c)?;
            if is_set(&high) {
                // To Go this is no class, but a character behind a backslash.
                return Err(self.bad("invalid escape sequence", &self.pattern[next..next + 2]));
            }
            let spelled = format!("{low}-{high}");
            let end = self.here();
            if regex::Regex::new(&format!("[{spelled}]")).is_err() {
                return Err(self.bad("invalid character class range", &self.pattern[start..end]));
            }
            self.out.push_str(&spelled);
        }
    }

    fn member(&mut self, at: usize, c: char) -> Result<String, BadRegex> {
        if c == '\\' {
            return self.one(at, true);
        }
        Ok(if c.is_ascii_punctuation() { format!("\\x{{{:x}}}", c as u32) } else { c.to_string() })
    }
}

/// How far Go reads a wrong hexadecimal escape: up to the character that makes it wrong.
fn read_of_hexadecimal(rest: &str) -> usize {
    let mut chars = rest.char_indices();
    let end = |found: Option<(usize, char)>| found.map_or(rest.len(), |(at, c)| at + c.len_utf8());
    if !rest.starts_with('{') {
        return end(chars.nth(1));
    }
    let mut value = 0u32;
    for (at, c) in chars.skip(1) {
        value = value.saturating_mul(16).saturating_add(c.to_digit(16).unwrap_or_default());
        if c == '}' || !c.is_ascii_hexdigit() || value > u32::from(char::MAX) {
            return at + c.len_utf8();
        }
    }
    rest.len()
}

/// More than one character: it can be no end of a range.
fn is_set(member: &str) -> bool {
    member.starts_with('[')
        || member.starts_with("\\p")
        || member.starts_with("\\P")
        || matches!(member, "0-9" | "0-9A-Za-z_" | r"\t\n\f\r ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(pattern: &str, text: &str, expected: bool) {
        let regex = GoRegex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        assert_eq!(regex.is_match(text.as_bytes()), expected, "{pattern} on {text}");
    }

    fn refused(pattern: &str, expected: &str) {
        assert_eq!(GoRegex::new(pattern).map(|_| ()).map_err(|e| e.0), Err(expected.to_owned()), "{pattern}");
    }

    #[test]
    fn as_long_as_anybody_needs() {
        hits(&"a?".repeat(2048), "b", true);
        let long = "a".repeat(4097);
        refused(&long, &format!("expression of 4097 bytes, more than 4096: `{}...`", &long[..200]));
    }

    #[test]
    fn classes_are_ascii() {
        hits(r"^\d$", "5", true);
        hits(r"^\d$", "٣", false);
        hits(r"^\w+$", "é", false);
        hits(r"^\W$", "é", true);
        hits(r"^[\d-z]+$", "5-z", true);
        hits(r"\bx\b", "éx", true);
        hits(r"(?i)É", "é", true);
        hits("^[一-龥]$", "中", true);
        hits("^[一-龥]$", "-", false);
        hits(r"^[\s-z]$", "a", false);
        hits(r"^[\s-z]$", "-", true);
    }

    #[test]
    fn bytes_that_are_no_utf_8() {
        let fits = |pattern: &str, text: &[u8]| GoRegex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}")).is_match(text);
        assert!(fits(r"^sub/.*\.yaml$", b"sub/\xe9.yaml"));
        assert!(fits("^[^/]{3}$", b"\xf0\x9f\x98"));
        assert!(fits("^\u{fffd}$", b"\xff") && !fits("^\u{e9}$", b"\xe9"));
    }

    #[test]
    fn what_go_accepts_and_rust_does_not() {
        hits(r"^\Qa.b\E$", "a.b", true);
        hits(r"^\Qa.b\E$", "axb", false);
        hits(r"{{x}}", "{{x}}", true);
        hits(r"^a{,3}$", "a{,3}", true);
        hits(r"^\101\0?$", "A", true);
        hits(r"^\p{^L}$", "1", true);
        hits(r"(?P<n>a)(?P<n>b)", "ab", true);
        hits(r"^a{2,3}$", "aaa", true);
        hits(r"^a{2}b$", "aab", true);
    }

    #[test]
    fn what_means_something_else() {
        hits(r"\<a\>", "<a>", true);
        hits(r"^[a&&b]+$", "a&b", true);
        hits(r"^[a~~b]$", "~", true);
        hits(r"^[[a]$", "[", true);
        hits(r"^[[a]b]$", "ab]", true);
        hits(r"a$", "a\n", false);
        hits(r"^[[:alpha:]]$", "x", true);
        hits(r"^[]a]+$", "]a", true);
        hits(r"^[^]a]$", "]", false);
    }

    #[test]
    fn refusals_in_the_words_of_go() {
        refused("(", "missing closing ): `(`");
        refused(")", "unexpected ): `)`");
        refused("[a", "missing closing ]: `[a`");
        refused("*a", "missing argument to repetition operator: `*`");
        refused("a**", "invalid nested repetition operator: `**`");
        refused("a{2}{3}", "invalid nested repetition operator: `{2}{3}`");
        refused("a{1001}", "invalid repeat count: `{1001}`");
        refused("[b-a]", "invalid character class range: `b-a`");
        refused("[a--c]", "invalid character class range: `a--`");
        refused(r"\u0041", r"invalid escape sequence: `\u`");
        refused("(?x)a", "invalid or unsupported Perl syntax: `(?x`");
        refused("(?=a)", "invalid or unsupported Perl syntax: `(?=`");
        refused("a\\", "trailing backslash at end of expression: ``");
    }
}
