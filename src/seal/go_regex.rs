//! Go's regular expressions on Rust's engine.

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

impl GoRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Go would refuse it, or its program is too big.
    pub fn new(pattern: &str) -> Result<Self, BadRegex> {
        match regex::bytes::RegexBuilder::new(pattern).size_limit(1 << 20).build() {
            Ok(regex) => Ok(GoRegex { regex }),
            Err(_) => Err(BadRegex(format!("invalid pattern: `{pattern}`"))),
        }
    }

    /// Is there a match anywhere?
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}
