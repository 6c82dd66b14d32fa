//! One binary for all tests of the crate, one module per feature.
#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]
mod binary;
mod canonical;
mod canonical_random;
mod cpu;
mod json;
mod judges;
mod random;
mod random_ini;
mod random_tree;

mod dotenv;
mod edits;
mod edits_comments;
mod edits_everywhere;
mod edits_model;
mod edits_notes;
mod edits_random;
mod edits_texts;
mod flat;
mod merges;
mod most_leaves;

mod toml_cases;
mod toml_corpus;
mod toml_support;
mod wiped;
mod yaml;
mod yaml_block;
mod yaml_corpus;
mod yaml_random;
mod yaml_read;
