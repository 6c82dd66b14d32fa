//! One binary for all tests of the crate, one module per feature.
mod yaml;
mod yaml_corpus;
mod yaml_random;
