//! What a sealed value is, whatever the file: the rules of SOPS's format for coverage, additional data, spelling, cipher and MAC, and the field of our own.
//! Which value comes when is said by [`crate::sealed_file`], where a value stands in a text by [`crate::formats`], whose key it is by [`crate::keys`], what
//! the metadata block says of all this by [`crate::metadata`].
//!
//! | the rule | is in |
//! | --- | --- |
//! | which values are covered: the six rules, and what they mean | [`selection`], [`policy`]; for regexes [`go_regex`] |
//! | what a token is bound to: its path | [`aad`] |
//! | how a number, a date, a boolean is spelled before it is encrypted | [`plain_bytes`] |
//! | how a token is written and read | [`token`] |
//! | how it is encrypted | [`cipher`] |
//! | what the MAC is taken over | [`mac`] |
//! | when a token stays as it is | [`reuse`] |
//! | what the field `leafcrypt` holds | [`extension`]: the digests of [`witness`], the hints of [`layout`] |

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
