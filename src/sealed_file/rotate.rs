//! A new data key, and the proof that it descends from the old one (docs/sealed-file.md, section 1).
//!
//! s(k) = HKDF-SHA256(k, info "leafcrypt successor"), 32 bytes. A step of descent is the pair `s(old)`, HMAC-SHA256(s(old), SHA-256(s(next))): only
//! who held the old data key can have made it.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use leafcrypt_formats::Format;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::error::SealError;
use super::verdict::Doubts;
use super::{OpenFile, Renews, Settings};
use crate::keys::DataKey;
use crate::world::World;

/// So many steps are kept.
const STEPS: usize = 8;

impl OpenFile<'_> {
    /// Takes a new data key: every token gets a new nonce, every recipient a new wrap.
    ///
    /// # Errors
    /// No randomness.
    pub fn renew_key(&mut self, world: &World<'_>) -> Result<(), SealError> {
        let next = DataKey::generate(world.random)?;
        let old = successor(&self.data_key);
        let step = proof(&old, &successor(&next));
        let descent = &mut self.settings.descent;
        descent.push((old.to_vec(), step.to_vec()));
        descent.drain(..descent.len().saturating_sub(STEPS));
        self.settings.groups.records_mut().for_each(|record| record.wrapped = None);
        self.data_key = next;
        self.renews = Renews::Key;
        Ok(())
    }
}

impl OpenFile<'_> {
    /// A text sealed whole, under the same data key and for the same recipients: for what need not parse.
    pub fn whole(self, text: Vec<u8>) -> OpenFile<'static> {
        let settings = Settings { selection: None, mac_only_encrypted: false, ..self.settings };
        OpenFile {
            plain: text.into(),
            format: Format::Binary,
            data_key: self.data_key,
            settings,
            base: None,
            renews: Renews::Key,
            must_cover: false,
            doubts: Doubts::default(),
            warnings: Vec::new(),
            differences: None,
            unwrapped: Vec::new(),
            held: Vec::new(),
            own_dialect: false,
            is_typed: false,
            checkout: None,
        }
    }
}

/// What a user remembers of a data key: nobody gets back from it.
fn successor(key: &DataKey) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, key.expose()).expand(b"leafcrypt successor", out.as_mut_slice()).expect("32 bytes are within HKDF's reach");
    out
}

fn proof(old: &[u8; 32], next: &[u8; 32]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(old).expect("HMAC takes a key of any length");
    mac.update(&Sha256::digest(next));
    mac.finalize().into_bytes().into()
}
