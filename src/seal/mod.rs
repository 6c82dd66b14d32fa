//! Values become tokens: coverage, additional data, cipher, MAC, reuse, and the field of our own.

pub mod go_regex;
pub mod selection;
