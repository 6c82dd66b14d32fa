//! How an ENV file is read when it is given to a program, and only then: sealing keeps every byte, quotes included (`docs/lossless-documents.md`, section 6).
//!
//! A dialect is a reader that programs in the field use; each file here names it and was compared with it (`tests/it/dialects.rs`).

mod compose;
mod expand;
mod node;
mod python;
mod shell;
mod systemd;

use std::ffi::OsString;

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SOPS's raw rule: everything behind the first `=`, quotes included.
    Sops,
    /// python-dotenv.
    Dotenv,
    /// What a POSIX shell assigns when it sources the file. What would run a command is refused.
    Posix,
    /// The dotenv of Node.js.
    Node,
    /// Docker Compose.
    Compose,
    /// `EnvironmentFile=` of systemd.
    Systemd,
}

impl Dialect {
    /// All, as `--dialect` takes them.
    pub const ALL: [(&'static str, Dialect); 6] = [
        ("sops", Dialect::Sops),
        ("dotenv", Dialect::Dotenv),
        ("posix", Dialect::Posix),
        ("node", Dialect::Node),
        ("compose", Dialect::Compose),
        ("systemd", Dialect::Systemd),
    ];

    /// Whose rules these are, for messages.
    pub fn reader(self) -> &'static str {
        match self {
            Dialect::Sops => "sops",
            Dialect::Dotenv => "python-dotenv",
            Dialect::Posix => "a shell",
            Dialect::Node => "dotenv of Node.js",
            Dialect::Compose => "Docker Compose",
            Dialect::Systemd => "systemd",
        }
    }

    /// By its word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, dialect)| *dialect)
    }
}

/// A text that the dialect cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there, without the text.
    pub what: &'static str,
}

/// A statement that the dialect's own reader passes over, because it cannot read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Line of its beginning, from 1.
    pub line: usize,
    /// Where it stands in the text.
    pub span: std::ops::Range<usize>,
}

/// What was read of a text. No `Debug`, for it holds plaintext.
pub struct Reading {
    /// What is assigned.
    pub pairs: Pairs,
    /// What is not, though it was perhaps meant.
    pub unread: Vec<Unread>,
}

/// Names and values, in the order of the text.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A variable of earlier files or of the environment, for expansions.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Reads a text.
///
/// # Errors
/// What the dialect's own reader refuses, or would run; expansions that put in too much.
pub fn read(text: &[u8], dialect: Dialect, lookup: Lookup<'_>) -> Result<Reading, Bad> {
    let pairs = match dialect {
        Dialect::Dotenv => return python::read(text, lookup),
        Dialect::Systemd => return systemd::read(text),
        Dialect::Sops => raw(text),
        Dialect::Node => node::read(text),
        Dialect::Posix => shell::posix(text, lookup)?,
        Dialect::Compose => compose::read(text, lookup)?,
    };
    Ok(Reading { pairs, unread: Vec::new() })
}

/// Is this python-dotenv's spelling of a value in quotes, all of it?
pub fn is_quoted(text: &[u8]) -> bool {
    python::is_quoted(text)
}

/// Everything behind the first `=` of a line, with `\n` as a line feed.
fn raw(text: &[u8]) -> Pairs {
    let pair = |line: &[u8]| {
        let at = line.iter().position(|&b| b == b'=').filter(|_| !line.starts_with(b"#"))?;
        let mut rest = &line[at + 1..];
        // With room from the start: a value that grows leaves pieces of itself behind (R1).
        let mut value = Vec::with_capacity(rest.len());
        while let Some((&first, tail)) = rest.split_first() {
            let behind = tail.strip_prefix(b"n").filter(|_| first == b'\\');
            value.push(if behind.is_some() { b'\n' } else { first });
            rest = behind.unwrap_or(tail);
        }
        Some((line[..at].to_vec(), value))
    };
    text.split(|&b| b == b'\n').filter_map(pair).collect()
}

/// The line, from 1, of an offset.
fn line_of(text: &[u8], at: usize) -> usize {
    text[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

/// The length of what stands before the next line feed.
fn line(text: &[u8]) -> usize {
    text.iter().position(|&b| b == b'\n').unwrap_or(text.len())
}

/// Lines of one offset after the other, counted once.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t [u8]) -> Self {
        Lines { text, at: 0, line: 1 }
    }

    /// The line, from 1, of an offset no earlier than the one before.
    fn of(&mut self, at: usize) -> usize {
        self.line += line_of(&self.text[self.at..], at - self.at) - 1;
        self.at = at;
        self.line
    }
}

/// The name of a variable that a text begins with; empty: none.
fn variable(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|&&b| b.is_ascii_alphanumeric() || b == b'_').count();
    if text.first().is_some_and(u8::is_ascii_digit) { b"" } else { &text[..len] }
}
