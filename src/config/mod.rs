//! `.sops.yaml`: where it is ([`find()`]), what it says ([`Config::load`]), and which rule fits a file ([`Config::rule_for`]).
//! Fields and types are in `file.rs`, `group_item.rs` and `scalar.rs` (`unknown.rs`: what nobody knows), the search in `find.rs`, whom to trust in
//! `distrust.rs`, `path_regex` and key order in `rule.rs`, names of recipients in `names.rs`, indentation in `stores.rs`, `publish` in `destination.rs`.
//! What flags add to it is said by [`crate::flows::rules`]; what a selection rule covers by [`crate::seal::policy`].
//!
//! The texts of errors keep SOPS's phrases (`docs/sops-cli.md`, section 7); places and fields are named in our own words, values never.

mod destination;
mod distrust;
mod file;
mod find;
mod group_item;
mod names;
mod rule;
mod scalar;
mod stores;
mod unknown;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use leafcrypt_formats::{left_by_merge, one_line};
use thiserror::Error;

use crate::seal::go_regex::BadRegex;

pub use destination::{Destination, Target};
pub use distrust::Distrust;
pub use file::MOST_BYTES;
pub use find::{Disk, Findings, Found, Node, Real, Search, Seen, Stat, Who, absolute, find};
pub use rule::{Rule, flag_keys};
pub use stores::Stores;

/// A configuration file that was read.
#[derive(Debug)]
pub struct Config {
    /// Its path, for messages.
    path: PathBuf,
    /// The absolute folder it stands in; paths are matched relative to it.
    folder: PathBuf,
    /// [`Found::by_links`].
    by_links: Option<(PathBuf, PathBuf)>,
    /// Its text, in whose comments recipients have names.
    text: String,
    names: OnceLock<names::Names>,
    file: file::File,
    /// How formats are indented.
    pub stores: Stores,
    /// What SOPS passes over in silence: fields that nobody knows.
    pub warnings: Vec<String>,
    /// As `sops`: others could have written it.
    pub doubt: Option<String>,
}

/// What is wrong with a configuration, or with asking it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("could not read config file: {0}")]
    Unreadable(String),
    /// It belongs to, or can be written by, somebody else (P22).
    #[error("the config file {} is not used: {why}", one_line(&path.display().to_string()))]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Who could have written it.
        why: Distrust,
    },
    /// Not YAML, or not of the types of SOPS's fields.
    #[error("error loading config: Could not unmarshal config file: {}{}: {what}", one_line(&path.display().to_string()), place(*line, field))]
    Unmarshal {
        /// The file.
        path: PathBuf,
        /// From 1; 0 if it is about the whole file.
        line: u64,
        /// The field, empty if none is meant.
        field: String,
        /// In our words.
        what: String,
    },
    /// Both sides of a merge stand in it.
    #[error("error loading config: Could not unmarshal config file: {} (line {line}): a merge has left its marks here", one_line(&path.display().to_string()))]
    Merge {
        /// The file.
        path: PathBuf,
        /// Where the first side begins.
        line: usize,
    },
    /// A regex before the rule that would match.
    #[error("can not compile regexp: {source}; in {} (line {line})", one_line(&path.display().to_string()))]
    BadPathRegex {
        /// The file.
        path: PathBuf,
        /// Where the rule begins.
        line: u64,
        /// Go's words.
        source: BadRegex,
    },
    /// A fault in what a variable says, perhaps.
    #[error("{source}; {set}")]
    InVariable {
        /// That it is set; or that several are.
        set: String,
        /// What is wrong.
        source: Box<ConfigError>,
    },
    /// A fault in the rule that fits.
    #[error("{source}; in {} (line {line})", one_line(&path.display().to_string()))]
    InRule {
        /// The file.
        path: PathBuf,
        /// Where the rule begins.
        line: u64,
        /// What is wrong.
        source: Box<ConfigError>,
    },
    /// No rule fits.
    #[error("error loading config: no matching creation rules found")]
    NoMatchingRule,
    /// No destination rule fits.
    #[error("error loading config: no matching destination found in config")]
    NoMatchingDestination,
    /// A destination rule without a destination.
    #[error("no destination configured for this file")]
    NoDestination,
    /// A destination rule with two.
    #[error("error loading config: more than one destinations were found in a single destination rule, you can only use one per rule")]
    TwoDestinations,
    /// Two selectors in one rule.
    #[error(
        "error loading config: cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex for the same rule"
    )]
    TwoSelectors,
    /// A selector flag beside another selector (exit 8).
    #[error(
        "Error: cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex in the same file"
    )]
    FlagConflict,
    /// A selector that is no regex: SOPS would then seal nothing, or everything, in silence (P10).
    #[error("{field} is no regex: {source}")]
    BadSelector {
        /// Which selector.
        field: &'static str,
        /// Go's words.
        source: BadRegex,
    },
    /// A selector with the two characters `\n`, for a flat file: SOPS reads them back as a line feed.
    #[error("{field}: the two characters \\n cannot be stored in an ENV or INI file, where they stand for a line feed; write \\x0a")]
    NotStorable {
        /// Which selector.
        field: &'static str,
    },
    /// A key is misspelled; the text is SOPS's.
    #[error("{0}")]
    BadKey(String),
    /// The same where two stand in place of one.
    #[error("{0}")]
    NoComma(String),
    /// A key field of a wrong type.
    #[error("invalid {kind} key configuration: invalid {field} key configuration: expected {expected}, got {got}")]
    KeyType {
        /// SOPS's first name for it.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// What SOPS wants.
        expected: &'static str,
        /// Go's name for what stands there.
        got: &'static str,
    },
    /// Over a limit of R8.
    #[error("error loading config: the rule has more than {most} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        most: usize,
    },
    /// `stores.yaml.indent` below 0 (exit 4).
    #[error("Could not marshal tree: YAML Negative indentation not accepted")]
    YamlIndent,
    /// `stores.json.indent` below -1 (exit 4).
    #[error("Could not marshal tree: Error marshaling to json: JSON Indentation parameter smaller than -1 is not accepted")]
    JsonIndent,
    /// More blanks a level than make sense (exit 4).
    #[error("Could not marshal tree: the indentation is too wide")]
    WideIndent,
}

impl Config {
    /// Somebody has sealed it as a secret is: its values are tokens, behind which stands the block.
    pub fn is_sealed(&self) -> bool {
        let above = self.text.lines().take_while(|line| !line.starts_with("sops:")).any(|line| line.contains("ENC[AES256_GCM,data:"));
        above && self.text.lines().any(|line| line.starts_with("sops:"))
    }

    /// Reads the bytes of a file that [`find()`] found.
    ///
    /// # Errors
    /// Not YAML, not UTF-8, too big, a field twice, a field of a wrong type.
    pub fn load(found: &Found, text: &[u8]) -> Result<Self, ConfigError> {
        let path = found.shown.clone();
        let map = file::parse(text).map_err(|fault| match left_by_merge(text) {
            Some(marks) => ConfigError::Merge { path: path.clone(), line: marks.line },
            None => ConfigError::Unmarshal { path: path.clone(), line: fault.line, field: fault.field, what: fault.what },
        })?;
        let stores = Stores::of(map.fields.stores.as_ref());
        let warnings = unknown::unknown_fields(&map, &String::from_utf8_lossy(text));
        let text = String::from_utf8_lossy(text).into_owned();
        Ok(Config {
            path,
            folder: found.folder.clone(),
            by_links: found.by_links.clone(),
            text,
            names: OnceLock::new(),
            file: map.fields,
            stores,
            warnings,
            doubt: found.doubt.clone(),
        })
    }

    /// The file's path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn place(line: u64, field: &str) -> String {
    let line = if line == 0 { String::new() } else { format!(" (line {line})") };
    if field.is_empty() { line } else { format!("{line}: {field}") }
}
