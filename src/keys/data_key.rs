//! The data key of a file.

use leafcrypt_kms::Secret;

use crate::world::{NoRandomness, Random};

/// 32 bytes, one per file.
#[derive(Debug)]
pub struct DataKey(Secret);

impl DataKey {
    /// Bytes of a data key.
    pub const LEN: usize = 32;

    /// A new one.
    ///
    /// # Errors
    /// No randomness.
    pub fn generate(random: &dyn Random) -> Result<Self, NoRandomness> {
        Secret::filled(Self::LEN, |bytes| random.fill(bytes)).map(DataKey)
    }

    /// An unwrapped secret, if it has 32 bytes. SOPS does not look: 16 or 24 bytes would select a weaker cipher.
    pub fn from_secret(secret: Secret) -> Option<Self> {
        (secret.len() == Self::LEN).then_some(DataKey(secret))
    }

    /// The same from plain bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        Self::from_secret(Secret::new(bytes))
    }

    /// The same one more time, to open another state of a file.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::from_bytes(self.expose().to_vec()).expect("a data key has the length of a data key")
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// As what is wrapped for a single group.
    pub fn as_secret(&self) -> &Secret {
        &self.0
    }
}
