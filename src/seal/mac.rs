//! The running hash over leaves: SOPS's "MAC". How a leaf is spelled for it is in [`super::plain_bytes`], the walk in `sealed_file/walk.rs`; what it leaves out
//! [`super::witness`] takes in.
//!
//! SHA-512 over the plain bytes of all leaves in the order of the walk, as 128 upper-case hex digits. With `mac_only_encrypted` it starts with
//! SHA-256("sops") and takes covered leaves only (`docs/sops-format.md`, section 8).

use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

/// The running hash.
#[derive(Clone)]
pub struct Mac {
    hash: Sha512,
    only_covered: bool,
}

impl Mac {
    /// An empty one, in the file's mode.
    pub fn new(only_covered: bool) -> Self {
        let mut hash = Sha512::new();
        if only_covered {
            hash.update(Sha256::digest(b"sops"));
        }
        Mac { hash, only_covered }
    }

    /// Takes a leaf's plain bytes.
    pub fn leaf(&mut self, plain: &[u8], covered: bool) {
        if covered || !self.only_covered {
            self.hash.update(plain);
        }
    }

    /// The text that is sealed as `mac`.
    pub fn finish(self) -> Zeroizing<String> {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let digest = self.hash.finalize();
        let mut text = Zeroizing::new(String::with_capacity(128));
        for byte in digest {
            text.push(DIGITS[usize::from(byte >> 4)] as char);
            text.push(DIGITS[usize::from(byte & 15)] as char);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_modes() {
        assert!(Mac::new(false).finish().starts_with("CF83E135"));
        let mut all = Mac::new(false);
        all.leaf(b"a", true);
        all.leaf(b"b", false);
        let mut joined = Mac::new(false);
        joined.leaf(b"ab", true);
        assert_eq!(*all.finish(), *joined.finish());
        let mut covered = Mac::new(true);
        covered.leaf(b"clear", false);
        assert_eq!(*covered.finish(), *Mac::new(true).finish());
        assert_ne!(*Mac::new(true).finish(), *Mac::new(false).finish());
    }
}
