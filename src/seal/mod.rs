//! Values become tokens: coverage, additional data, cipher, MAC, reuse, and the field of our own.

pub mod aad;
pub mod cipher;
pub mod extension;
mod gcm;
pub mod go_regex;
pub mod layout;
pub mod mac;
pub mod plain_bytes;
pub mod policy;
pub mod reuse;
pub mod selection;
pub mod token;
pub mod witness;
