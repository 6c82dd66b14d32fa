//! Bytes of keys and identities (docs/threat-model.md, R1).

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Secret bytes: allocated once at full size, wiped on drop, read by [`Secret::expose`] only.
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes over bytes. The vector must not have spare capacity that held secret bytes before: what shrinking leaves behind cannot be wiped.
    pub fn new(bytes: Vec<u8>) -> Self {
        if bytes.len() == bytes.capacity() {
            return Secret(bytes.into_boxed_slice());
        }
        let mut bytes = bytes;
        let boxed: Box<[u8]> = bytes.as_slice().into();
        bytes.zeroize();
        Secret(boxed)
    }

    /// Makes `len` bytes and fills them in place.
    ///
    /// # Errors
    /// What `fill` says.
    pub fn filled<E>(len: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Secret(vec![0; len].into_boxed_slice());
        fill(&mut secret.0)?;
        Ok(secret)
    }

    /// The bytes. Every use of a secret is a call of this.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Equal, in constant time for equal lengths.
    pub fn equals(&self, other: &Secret) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}
