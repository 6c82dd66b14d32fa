//! One binary for all tests of the crate, one module per feature.

mod toml_cases;
mod toml_corpus;
mod toml_support;
