//! Hints: how the text was spelled where that cannot be derived (docs/sealed-file.md, section 4; to the byte, with the tables of styles: docs/wire-format.md).
//!
//! A hint hangs on the number of a token, counted over all tokens of the sealed text (leaves and comments
//! together) in the order in which they stand there, from 0. Never on offsets in the file.

/// What a hint says.
#[derive(Clone, PartialEq, Eq)]
pub enum Hint {
    /// The sealed bytes from `before` bytes before the site of token `first` to `after` bytes behind the site of token `last`
    /// are opened as `with`, instead of the canonical spelling. A *site* is what a value replaces: the token with its quotes or header.
    Site {
        /// 0 the spelling of one value, 1 an alias or merge that stands for several tokens, 2 the spelling of a value with a tag that was cut before it,
        /// 5 a comment, or a line that is sealed as one. Which format has which: docs/wire-format.md.
        kind: u8,
        /// Number of the first token.
        first: u32,
        /// Number of the last token, usually `first`.
        last: u32,
        /// Bytes before the first site that belong to it.
        before: u32,
        /// Bytes behind the last site that belong to it.
        after: u32,
        /// What is written instead.
        with: Spelled,
    },
    /// Kind 3: the first `drop` bytes of the opened text are replaced.
    Start {
        /// How many bytes of the opened text go.
        drop: u32,
        /// What comes instead.
        bytes: Vec<u8>,
    },
    /// Kind 4: the last `drop` bytes of the opened text are replaced.
    End {
        /// How many bytes of the opened text go.
        drop: u32,
        /// What comes instead.
        bytes: Vec<u8>,
    },
}

/// How a site was spelled.
#[derive(Clone, PartialEq, Eq)]
pub enum Spelled {
    /// Exactly so.
    Bytes(Vec<u8>),
    /// By printing the value in the style of this number; each format has its own table of styles, frozen with payload version 1.
    Style(u8),
}

// Hints hold plaintext: what is shown of one is its kind.
impl std::fmt::Debug for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hint::Site { kind, first, last, .. } => write!(f, "Hint({kind}, tokens {first} to {last})"),
            Hint::Start { .. } => f.write_str("Hint(start)"),
            Hint::End { .. } => f.write_str("Hint(end)"),
        }
    }
}

impl std::fmt::Debug for Spelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Spelled::Bytes(b) => write!(f, "{} bytes", b.len()),
            Spelled::Style(n) => write!(f, "style {n}"),
        }
    }
}

impl Drop for Spelled {
    fn drop(&mut self) {
        if let Spelled::Bytes(bytes) = self {
            zeroize::Zeroize::zeroize(bytes);
        }
    }
}
