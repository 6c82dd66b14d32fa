//! Which values are compared with others of a text, and which are the same by chance.

use leafcrypt_formats::{Kind, Value};

/// How much a value tells of where it comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It stands everywhere, and its length has told it.
    Nothing,
    /// It may be the same by chance.
    Little,
    /// It is no chance.
    Tells,
}

impl Weight {
    /// That of a value, and its bytes.
    pub fn of(value: &Value, bytes: &[u8]) -> Self {
        const WORDS: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "null", "none", "nil", "enabled", "disabled", "default"];
        let is_word = || WORDS.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(bytes));
        let least = if value.kind() == Kind::Str && bytes.iter().any(|b| b.is_ascii_alphabetic() || !b.is_ascii()) { 4 } else { 8 };
        match value.kind() {
            Kind::Bool => Weight::Nothing,
            _ if is_word() => Weight::Nothing,
            _ if bytes.len() < least => Weight::Little,
            _ => Weight::Tells,
        }
    }
}
