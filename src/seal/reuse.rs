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

/// The tokens of a file as it was, by what they hold. Most values are where they were: the next one is looked at first, and only when many others are
/// asked for are all hashed.
#[derive(Default)]
pub struct Reuse<'t> {
    all: Vec<Old<'t>>,
    /// The additional data of all.
    paths: Vec<u8>,
    /// Behind the one that was taken last.
    next: usize,
    /// Those before it are taken.
    first: usize,
    left: usize,
    /// How often the next one was another.
    searched: usize,
    index: Option<Index>,
}

struct Old<'t> {
    path: Range<u32>,
    holds: Holds,
    plain: Cow<'t, [u8]>,
    token: Option<Cow<'t, [u8]>>,
    bare: bool,
}

/// A token that stays.
pub struct Kept<'t> {
    /// The token.
    pub token: Cow<'t, [u8]>,
    /// It stood as SOPS writes it, whatever its value is spelled like.
    pub bare: bool,
}

/// So often all are looked through; then they are hashed.
const SEARCHES: usize = 8;

/// Where things of one hash stand, in file order; some may be taken.
#[derive(Default)]
struct Index {
    hasher: RandomState,
    first: HashMap<u64, u32>,
    /// For each one the next of its hash.
    next: Vec<u32>,
}

/// No next one.
const END: u32 = u32::MAX;

impl<'t> Reuse<'t> {
    /// None to reuse.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an old token, in file order. All are added before the first is taken.
    pub fn add(&mut self, aad: &[u8], holds: Holds, plain: Cow<'t, [u8]>, token: Cow<'t, [u8]>, bare: bool) {
        let start = self.paths.len() as u32;
        self.paths.extend_from_slice(aad);
        self.all.push(Old { path: start..self.paths.len() as u32, holds, plain, token: Some(token), bare });
        self.left += 1;
    }

    /// Takes an unused token that holds the same at the same place: the one behind the last that was taken, or the first.
    pub fn take(&mut self, aad: &[u8], holds: Holds, plain: &[u8]) -> Option<Kept<'t>> {
        if self.left == 0 {
            return None;
        }
        let number = if self.is(self.next, aad, holds, plain) { self.next } else { self.find(aad, holds, plain)? };
        let bare = self.all[number].bare;
        let token = self.all[number].token.take();
        self.left -= 1;
        self.next = number + 1;
        while self.all.get(self.first).is_some_and(|old| old.token.is_none()) {
            self.first += 1;
        }
        token.map(|token| Kept { token, bare })
    }

    /// Nothing left that was not taken?
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Is that one unused, and holds the same at the same place?
    fn is(&self, number: usize, aad: &[u8], holds: Holds, plain: &[u8]) -> bool {
        let same = |old: &Old<'_>| {
            let path = &self.paths[old.path.start as usize..old.path.end as usize];
            old.token.is_some() && old.holds == holds && path == aad && *old.plain == *plain
        };
        self.all.get(number).is_some_and(same)
    }

    fn find(&mut self, aad: &[u8], holds: Holds, plain: &[u8]) -> Option<usize> {
        if self.searched < SEARCHES {
            self.searched += 1;
            return (self.first..self.all.len()).find(|&number| self.is(number, aad, holds, plain));
        }
        let mut index = self.index.take().unwrap_or_else(|| self.index());
        let found = index.first.get_mut(&hash(&index.hasher, aad, holds, plain)).and_then(|first| {
            // Those that are taken meanwhile are not looked at again.
            while self.all.get(*first as usize).is_some_and(|old| old.token.is_none()) {
                *first = index.next[*first as usize];
            }
            // More than one step only where hashes of different things meet.
            let chain = std::iter::successors(Some(*first), |&number| index.next.get(number as usize).copied());
            chain.take_while(|&number| number != END).map(|number| number as usize).find(|&number| self.is(number, aad, holds, plain))
        });
        self.index = Some(index);
        found
    }

    fn index(&self) -> Index {
        let mut index = Index { next: vec![END; self.all.len()], ..Index::default() };
        for (number, old) in self.all.iter().enumerate().rev().filter(|(_, old)| old.token.is_some()) {
            let path = &self.paths[old.path.start as usize..old.path.end as usize];
            let behind = index.first.insert(hash(&index.hasher, path, old.holds, &old.plain), number as u32);
            index.next[number] = behind.unwrap_or(END);
        }
        index
    }
}

fn hash(hasher: &RandomState, aad: &[u8], holds: Holds, plain: &[u8]) -> u64 {
    hasher.hash_one((aad, holds.name(), plain))
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

    /// Old values with their tokens in order, new ones, and what each of these gets; `-` is a new token. The first letter is the place.
    fn check(old: &str, new: &str, expected: &str) {
        let text = Holds::Value(Kind::Str);
        let mut reuse = Reuse::new();
        for (number, value) in old.split_whitespace().map(str::as_bytes).enumerate() {
            reuse.add(&value[..1], text, value.into(), number.to_string().into_bytes().into(), false);
        }
        let found = new.split_whitespace().map(str::as_bytes).map(|value| match reuse.take(&value[..1], text, value) {
            Some(kept) => String::from_utf8_lossy(&kept.token).into_owned(),
            None => "-".to_owned(),
        });
        assert_eq!(found.collect::<Vec<_>>().join(" "), expected, "{old} to {new}");
    }

    #[test]
    fn unchanged_values_keep_their_tokens() {
        check("a1 b2 c3", "a1 b2 c3", "0 1 2");
        check("a1 b2 c3", "a1 b9 c3", "0 - 2");
        check("a1 b2 c3", "a1 x5 b2 c3", "0 - 1 2");
        check("a1 b2 c3", "b2 c3", "1 2");
        check("a1 b2 c3", "c3 b2 a1", "2 1 0");
        check("a1 b2", "b1 a2", "- -");
        // Equal items of a list: each token once.
        check("l1 l1 l1", "l1 l1 l1 l1", "0 1 2 -");
        check("l1 l2 l1", "l2 l1", "1 2");
        check("l1 l2 l1", "l2 l1 l1", "1 2 0");
    }

    /// Whatever the order, and however many: as many tokens stay as there are values that stay, each once, and each with what it holds.
    #[test]
    fn as_many_as_can_be() {
        let text = Holds::Value(Kind::Str);
        let mut state = 1u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        for round in 0..200u64 {
            let (values, most) = (1 + round % 40, 1 + random(60));
            let old: Vec<u64> = (0..random(most + 1)).map(|_| random(values)).collect();
            let mut new = old.clone();
            for _ in 0..random(20) {
                match (random(3), new.len() as u64) {
                    (0, _) | (_, 0) => new.insert(random(new.len() as u64 + 1) as usize, random(values)),
                    (1, length) => drop(new.remove(random(length) as usize)),
                    (_, length) => new.swap(random(length) as usize, random(length) as usize),
                }
            }
            let mut reuse = Reuse::new();
            for (number, value) in old.iter().enumerate() {
                reuse.add(b"a:", text, value.to_le_bytes().to_vec().into(), number.to_le_bytes().to_vec().into(), false);
            }
            let mut left = old.clone();
            let mut taken = std::collections::HashSet::new();
            for value in new {
                let token = reuse.take(b"a:", text, &value.to_le_bytes()).map(|kept| kept.token);
                let stays = left.iter().position(|l| *l == value).map(|at| left.swap_remove(at)).is_some();
                assert_eq!(token.is_some(), stays, "round {round}");
                if let Some(token) = token {
                    let number = usize::from_le_bytes(token.as_ref().try_into().unwrap());
                    assert!(old[number] == value && taken.insert(number), "round {round}");
                }
            }
            assert_eq!(reuse.is_empty(), left.is_empty());
        }
    }

    #[test]
    fn each_once_in_order_and_only_in_its_place() {
        let text = Holds::Value(Kind::Str);
        let mut reuse = Reuse::new();
        reuse.add(b"a:", text, Cow::Borrowed(b"v"), b"first".into(), false);
        reuse.add(b"a:", text, Cow::Owned(b"v".to_vec()), b"second".into(), true);
        let mut take = |aad: &[u8], holds, plain: &[u8]| reuse.take(aad, holds, plain).map(|kept| (kept.token.into_owned(), kept.bare));
        assert_eq!(take(b"b:", text, b"v"), None);
        assert_eq!(take(b"a:", Holds::Comment, b"v"), None);
        assert_eq!(take(b"a:", text, b"w"), None);
        assert_eq!(take(b"a:", text, b"v"), Some((b"first".to_vec(), false)));
        assert_eq!(take(b"a:", text, b"v"), Some((b"second".to_vec(), true)));
        assert_eq!(take(b"a:", text, b"v"), None);
        assert!(reuse.is_empty());
    }
}
