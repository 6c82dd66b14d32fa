//! Go's regular expressions on Rust's engine: the pattern is read by Go's grammar and spelled anew (`docs/sops-config.md`, section 4). For the selection
//! rules ([`super::policy`]) and for `path_regex` ([`crate::config`]).
//!
//! `\d \w \s \b` are ASCII in Go; `{` that is no repetition is itself; `\Q..\E` and octal escapes exist; classes know no set operations; what Go
//! refuses is refused, in Go's words. The grammar is in `reader.rs`, what stands behind a backslash and in brackets in `classes.rs`.

mod classes;
mod reader;

use std::borrow::Cow;

use thiserror::Error;

use reader::Reader;

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
impl GoRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Go would refuse it, it is too long, or its program is too big.
    pub fn new(pattern: &str) -> Result<Self, BadRegex> {
        if pattern.len() > LONGEST {
            return Err(BadRegex(format!("expression of {} bytes, more than {LONGEST}: `{}`", pattern.len(), shown(pattern))));
        }
        let spelled = Reader::new(pattern).read()?;
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

    /// Go repeats the piece before flags for the rest, which may be repeated already.
    #[test]
    fn repetitions_behind_flags() {
        hits(r"^ab(?i)*$", "abb", true);
        hits(r"^ab(?i)*$", "aB", false);
        hits(r"^ab(?i)(?s)+C$", "abbc", true);
        hits(r"^b(?i)*(?s)+$", "bbb", true);
        hits(r"^b+(?i)?$", "", true);
        hits(r"^b+(?i)??c$", "bbC", true);
        hits(r"^b{2}(?i){2}$", "bbbb", true);
        hits(r"^b{2}(?i){2}$", "bbb", false);
        hits(r"^b*(?i)*$", "bb", true);
        hits(r"^a(b|c)(?)*$", "abc", true);
        hits(r"^b+\Q\E?$", "", true);
        hits(r"^b(?i)\Q\E*c$", "bbC", true);
        refused("(?i)*", "missing argument to repetition operator: `*`");
        refused("a|(?i)*", "missing argument to repetition operator: `*`");
        refused("((?i)*)", "missing argument to repetition operator: `*`");
        refused("b(?i)**", "invalid nested repetition operator: `**`");
        refused("b{500}(?i){3}", "invalid repeat count: `{3}`");
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
