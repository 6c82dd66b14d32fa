//! An unchanged value keeps its token.
//!
//! Old tokens are paired with new leaves by additional data, type and value, in order, each used once; what is left over gets a new nonce.
//! Matching by value alone would give two equal list items equal tokens, and an onlooker would see it.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use super::token::Holds;

/// The tokens of a file as it was, by what they hold.
pub struct Reuse<'t> {
    hasher: RandomState,
    by_hash: HashMap<u64, VecDeque<Old<'t>>>,
}

struct Old<'t> {
    aad: Box<[u8]>,
    holds: Holds,
    plain: leafcrypt_formats::Bytes,
    token: &'t [u8],
}

impl<'t> Reuse<'t> {
    /// None to reuse.
    pub fn new() -> Self {
        Reuse { hasher: RandomState::new(), by_hash: HashMap::new() }
    }

    /// Adds an old token, in file order.
    pub fn add(&mut self, aad: &[u8], holds: Holds, plain: &[u8], token: &'t [u8]) {
        let hash = self.hash(aad, holds, plain);
        let old = Old { aad: aad.into(), holds, plain: plain.into(), token };
        self.by_hash.entry(hash).or_default().push_back(old);
    }

    /// Takes the first unused token that holds the same at the same place.
    pub fn take(&mut self, aad: &[u8], holds: Holds, plain: &[u8]) -> Option<&'t [u8]> {
        if self.by_hash.is_empty() {
            return None;
        }
        let hash = self.hash(aad, holds, plain);
        let queue = self.by_hash.get_mut(&hash)?;
        let at = queue.iter().position(|old| *old.aad == *aad && old.holds == holds && old.plain.as_slice() == plain)?;
        let token = queue.remove(at)?.token;
        if queue.is_empty() {
            self.by_hash.remove(&hash);
        }
        Some(token)
    }

    /// Nothing left that was not taken?
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    fn hash(&self, aad: &[u8], holds: Holds, plain: &[u8]) -> u64 {
        self.hasher.hash_one((aad, holds.name(), plain))
    }
}

impl Default for Reuse<'_> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leafcrypt_formats::Kind;

    #[test]
    fn each_once_in_order_and_only_in_its_place() {
        let text = Holds::Value(Kind::Str);
        let mut reuse = Reuse::new();
        reuse.add(b"a:", text, b"v", b"first");
        reuse.add(b"a:", text, b"v", b"second");
        assert_eq!(reuse.take(b"b:", text, b"v"), None);
        assert_eq!(reuse.take(b"a:", Holds::Comment, b"v"), None);
        assert_eq!(reuse.take(b"a:", text, b"w"), None);
        assert_eq!(reuse.take(b"a:", text, b"v"), Some(&b"first"[..]));
        assert!(!reuse.is_empty());
        assert_eq!(reuse.take(b"a:", text, b"v"), Some(&b"second"[..]));
        assert_eq!(reuse.take(b"a:", text, b"v"), None);
        assert!(reuse.is_empty());
    }
}
