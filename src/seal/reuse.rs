//! An unchanged value keeps its token, when a file is sealed again (`sealed_file/seal.rs`); a new one comes from [`super::cipher`].
//!
//! Old tokens are paired with new leaves by additional data, type and value, in order, each used once; what is left over gets a new nonce.
//! Matching by value alone would give two equal list items equal tokens, and an onlooker would see it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use zeroize::Zeroize;

use super::token::Holds;

/// The tokens of a file as it was, by what they hold. All are in one list; those of one hash are chained in file order.
#[derive(Default)]
pub struct Reuse<'t> {
    hasher: RandomState,
    chains: HashMap<u64, Chain>,
    all: Vec<Old<'t>>,
    /// The additional data of all.
    paths: Vec<u8>,
    left: usize,
}

/// First and last of those that are not taken.
struct Chain {
    first: u32,
    last: u32,
}

struct Old<'t> {
    path: Range<u32>,
    holds: Holds,
    plain: Cow<'t, [u8]>,
    token: Cow<'t, [u8]>,
    next: u32,
}

/// The end of a chain.
const END: u32 = u32::MAX;

impl<'t> Reuse<'t> {
    /// None to reuse.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an old token, in file order.
    pub fn add(&mut self, aad: &[u8], holds: Holds, plain: Cow<'t, [u8]>, token: Cow<'t, [u8]>) {
        let hash = self.hash(aad, holds, &plain);
        let start = self.paths.len() as u32;
        self.paths.extend_from_slice(aad);
        let number = self.all.len() as u32;
        self.all.push(Old { path: start..self.paths.len() as u32, holds, plain, token, next: END });
        self.left += 1;
        match self.chains.get_mut(&hash) {
            Some(chain) => {
                self.all[chain.last as usize].next = number;
                chain.last = number;
            }
            None => {
                self.chains.insert(hash, Chain { first: number, last: number });
            }
        }
    }

    /// Takes the first unused token that holds the same at the same place.
    pub fn take(&mut self, aad: &[u8], holds: Holds, plain: &[u8]) -> Option<Cow<'t, [u8]>> {
        if self.left == 0 {
            return None;
        }
        let hash = self.hash(aad, holds, plain);
        let chain = self.chains.get_mut(&hash)?;
        let (mut before, mut at) = (END, chain.first);
        // Longer than one step only where hashes of different things meet.
        loop {
            let old = self.all.get(at as usize)?;
            let path = &self.paths[old.path.start as usize..old.path.end as usize];
            if path == aad && old.holds == holds && *old.plain == *plain {
                break;
            }
            (before, at) = (at, old.next);
        }
        let next = self.all[at as usize].next;
        let token = std::mem::take(&mut self.all[at as usize].token);
        match self.all.get_mut(before as usize) {
            Some(before) => before.next = next,
            None => chain.first = next,
        }
        if next == END {
            chain.last = before;
        }
        if chain.first == END {
            self.chains.remove(&hash);
        }
        self.left -= 1;
        Some(token)
    }

    /// Nothing left that was not taken?
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    fn hash(&self, aad: &[u8], holds: Holds, plain: &[u8]) -> u64 {
        self.hasher.hash_one((aad, holds.name(), plain))
    }
}

impl Drop for Reuse<'_> {
    fn drop(&mut self) {
        for old in &mut self.all {
            if let Cow::Owned(plain) = &mut old.plain {
                plain.zeroize();
            }
        }
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
        reuse.add(b"a:", text, Cow::Borrowed(b"v"), b"first".into());
        reuse.add(b"a:", text, Cow::Owned(b"v".to_vec()), b"second".into());
        assert_eq!(reuse.take(b"b:", text, b"v"), None);
        assert_eq!(reuse.take(b"a:", Holds::Comment, b"v"), None);
        assert_eq!(reuse.take(b"a:", text, b"w"), None);
        assert_eq!(reuse.take(b"a:", text, b"v").as_deref(), Some(&b"first"[..]));
        assert!(!reuse.is_empty());
        assert_eq!(reuse.take(b"a:", text, b"v").as_deref(), Some(&b"second"[..]));
        assert_eq!(reuse.take(b"a:", text, b"v"), None);
        assert!(reuse.is_empty());
    }
}
