//! What stands behind a backslash, and classes of characters in brackets.

use super::BadRegex;
use super::reader::{Last, Reader};

/// The classes of the form `[:name:]`.
const POSIX: [&str; 14] =
    ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit"];

impl Reader<'_> {
    pub(super) fn escape(&mut self, at: usize, last: Last) -> Result<Last, BadRegex> {
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
                    return Ok(last.passed_over());
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

    pub(super) fn class(&mut self, at: usize) -> Result<(), BadRegex> {
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
