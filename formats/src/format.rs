//! The formats: names, file endings, shape of the metadata block.

use crate::syntax::Syntax;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Format {
    Yaml,
    Json,
    Dotenv,
    Ini,
    Toml,
    /// The whole file as one leaf, carried in JSON. Never a [`crate::Document`].
    Binary,
}

/// How the metadata block is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A map `sops` at the root.
    Nested,
    /// Flat names in a section `[sops]`.
    FlatSection,
    /// Flat names with the prefix `sops_`.
    FlatPrefix,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 6] = [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Toml, Format::Binary];

    /// By the end of the file's name, exact case, as SOPS does; `.toml` is ours (`toml` = false: SOPS, where it is binary).
    pub fn of_name(name: &str, toml: bool) -> Format {
        let has = |ending: &str| name.ends_with(ending);
        if has(".yaml") || has(".yml") {
            Format::Yaml
        } else if has(".json") {
            Format::Json
        } else if has(".env") {
            Format::Dotenv
        } else if has(".ini") {
            Format::Ini
        } else if toml && has(".toml") {
            Format::Toml
        } else {
            Format::Binary
        }
    }

    /// By the word of `--input-type`.
    pub fn of_word(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|f| f.name() == word)
    }

    /// SOPS's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Yaml => "yaml",
            Format::Json => "json",
            Format::Dotenv => "dotenv",
            Format::Ini => "ini",
            Format::Toml => "toml",
            Format::Binary => "binary",
        }
    }

    /// How its metadata block is laid out.
    pub fn shape(self) -> Shape {
        match self {
            Format::Ini => Shape::FlatSection,
            Format::Dotenv => Shape::FlatPrefix,
            Format::Yaml | Format::Json | Format::Toml | Format::Binary => Shape::Nested,
        }
    }

    /// The one list of implementations. Binary files go through [`crate::Envelope`]; as a document, their text is JSON.
    pub(crate) fn syntax(self) -> &'static dyn Syntax {
        match self {
            Format::Yaml => &crate::yaml::Yaml,
            Format::Json | Format::Binary => &crate::json::Json,
            Format::Dotenv => &crate::dotenv::Dotenv,
            Format::Ini => &crate::ini::Ini,
            Format::Toml => &crate::toml::Toml,
        }
    }
}
