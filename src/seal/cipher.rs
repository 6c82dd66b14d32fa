//! One value, AES-256-GCM with nonces of 32 bytes: the one place where anything is encrypted or decrypted. What it encrypts is spelled by
//! [`super::plain_bytes`], bound by [`super::aad`] and written by [`super::token`]; the key comes from [`crate::keys`].
//!
//! Nonces are random from the operating system. 32 bytes go through GHASH into a 128-bit counter start, so at 2^32 tokens under one
//! data key the risk of a collision stays below 2^-45 (docs/threat-model.md, section 3).

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce, Tag};
use leafcrypt_formats::{Kind, Value};
use zeroize::Zeroize;

use super::gcm::{Gcm, Pieces, SHORT};
use crate::keys::DataKey;
use crate::seal::plain_bytes;
use crate::seal::token::{self, BadToken, Frame, Holds, NONCE, Token};
use crate::world::{NoRandomness, Random};

/// Bytes that are opened at once where they are only compared: what the nearest caches hold, in whole blocks and whole groups of base64.
const PIECE: usize = 48 << 8;

/// A data key, scheduled once per file.
pub struct Cipher {
    /// For what is long.
    gcm: AesGcm<Aes256, U32>,
    /// For what is short: nearly all of a document.
    short: Gcm,
}

impl Cipher {
    /// Schedules a key.
    pub fn new(key: &DataKey) -> Self {
        let bytes: &[u8; 32] = key.expose().try_into().expect("a data key has 32 bytes");
        let aes = Aes256::new(bytes.into());
        Cipher { gcm: AesGcm::from(aes.clone()), short: Gcm::new(aes) }
    }

    /// Appends the token of bytes.
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(&self, out: &mut Vec<u8>, aad: &[u8], plain: &[u8], holds: Holds, nonces: &mut Nonces<'_>) -> Result<(), NoRandomness> {
        let nonce = nonces.fresh()?;
        let data = token::begin(out, plain);
        let room = out[data.clone()].as_mut();
        let tag = if Gcm::fits(aad, room) {
            self.short.encrypt(&nonce, aad, room)
        } else {
            self.gcm.encrypt_inout_detached(&Nonce::from(nonce), aad, room.into()).expect("a value is below GCM's limit of 64 GiB").into()
        };
        token::finish(out, data, &nonce, &tag, holds);
        Ok(())
    }

    /// Opens a token: its plaintext bytes.
    ///
    /// # Errors
    /// It was changed, or belongs to another place or key.
    pub fn open(&self, aad: &[u8], token: Token) -> Result<Vec<u8>, BadToken> {
        let Token { mut data, nonce, tag, .. } = token;
        let right = if Gcm::fits(aad, &data) {
            self.short.decrypt(&nonce, aad, &mut data, &tag)
        } else {
            self.gcm.decrypt_inout_detached(&Nonce::from(nonce), aad, data.as_mut_slice().into(), &Tag::from(tag)).is_ok()
        };
        if right {
            return Ok(data);
        }
        data.zeroize();
        Err(BadToken::Forged)
    }

    /// Opens the token of a value.
    ///
    /// # Errors
    /// No token, one that does not open, or one whose type does not fit.
    pub fn open_value(&self, aad: &[u8], text: &[u8]) -> Result<Value, BadToken> {
        let token = Token::parse(text)?;
        let Holds::Value(kind) = token.holds else { return Err(BadToken::Type) };
        plain_bytes::read(kind, self.open(aad, token)?).ok_or(BadToken::Content)
    }

    /// Opens the token of a text that is no leaf: MAC, comment, our own field.
    ///
    /// # Errors
    /// No token, one that does not open, or one of another type.
    pub fn open_text(&self, aad: &[u8], text: &[u8], holds: Holds) -> Result<Vec<u8>, BadToken> {
        let token = Token::parse(text)?;
        if token.holds != holds {
            return Err(BadToken::Type);
        }
        self.open(aad, token)
    }

    /// Does the token of a value open to just this one?
    ///
    /// # Errors
    /// It does not.
    pub fn open_same(&self, aad: &[u8], text: &[u8], value: &Value) -> Result<(), BadToken> {
        let (plain, kind) = (plain_bytes::of(value), value.kind());
        self.open_equal(aad, text, Holds::Value(kind), &plain)?;
        // Any text is a text; the others are spelled in one way only.
        let reads = kind == Kind::Str || plain_bytes::read(kind, plain.into_owned()).is_some_and(|read| read.same(value));
        if reads { Ok(()) } else { Err(BadToken::Content) }
    }

    /// Does a token open to just these bytes? Piece by piece: neither ciphertext nor plaintext stands in memory once more.
    ///
    /// # Errors
    /// It does not.
    pub fn open_equal(&self, aad: &[u8], text: &[u8], holds: Holds, expected: &[u8]) -> Result<(), BadToken> {
        let token = Frame::parse(text)?;
        if token.holds != holds {
            return Err(BadToken::Type);
        }
        if Gcm::fits(aad, expected) {
            let mut room = [0; SHORT];
            let data = token.decode(&mut room[..expected.len()])?;
            let right = self.short.decrypt(&token.nonce, aad, data, &token.tag);
            let same = data == expected;
            data.zeroize();
            return if !right {
                Err(BadToken::Forged)
            } else if same {
                Ok(())
            } else {
                Err(BadToken::Content)
            };
        }
        let mut pieces = Pieces::new(&self.short, &token.nonce, aad);
        let mut rest = expected;
        token.pieces(PIECE, |piece| {
            pieces.decrypt(piece);
            rest = rest.strip_prefix(&*piece).ok_or(BadToken::Content)?;
            Ok(())
        })?;
        if pieces.finish(&token.tag) && rest.is_empty() { Ok(()) } else { Err(BadToken::Forged) }
    }
}

/// Nonces in the first stock, enough for a small file, and in later ones at most. Making randomness takes as long as sealing.
const FIRST_STOCK: usize = 8;
const STOCK: usize = 128;

/// A stock of nonces: the operating system is asked for many at once, for more each time.
pub struct Nonces<'r> {
    random: &'r dyn Random,
    first: usize,
    stock: Vec<u8>,
    used: usize,
}

impl<'r> Nonces<'r> {
    /// An empty stock.
    pub fn new(random: &'r dyn Random) -> Self {
        Nonces { random, first: FIRST_STOCK, stock: Vec::new(), used: 0 }
    }

    /// An empty stock, to be filled for so many at first.
    pub fn for_many(random: &'r dyn Random, first: usize) -> Self {
        Nonces { first, ..Nonces::new(random) }
    }

    /// A nonce that was never handed out.
    ///
    /// # Errors
    /// No randomness.
    pub fn fresh(&mut self) -> Result<[u8; NONCE], NoRandomness> {
        if self.used == self.stock.len() {
            let more = if self.stock.is_empty() { self.first.max(1) * NONCE } else { (2 * self.stock.len()).min(STOCK * NONCE) };
            // Only what was filled is ever handed out.
            let mut stock = vec![0; more];
            self.random.fill(&mut stock)?;
            self.stock = stock;
            self.used = 0;
        }
        let nonce = self.stock[self.used..self.used + NONCE].try_into().expect("a slice of that length");
        self.used += NONCE;
        Ok(nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    struct Counting(AtomicU8);
    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            buffer.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
            Ok(())
        }
    }

    #[test]
    fn opens_only_in_its_place_under_its_key() {
        let random = Counting(AtomicU8::new(0));
        let mut nonces = Nonces::new(&random);
        let cipher = Cipher::new(&DataKey::from_bytes(vec![1; 32]).unwrap());
        let mut token = Vec::new();
        cipher.seal(&mut token, b"a:", b"42", Holds::Value(leafcrypt_formats::Kind::Int), &mut nonces).unwrap();
        assert!(cipher.open_value(b"a:", &token).unwrap().same(&Value::Int(42)));
        assert_eq!(cipher.open_value(b"b:", &token).err(), Some(BadToken::Forged));
        let other = Cipher::new(&DataKey::from_bytes(vec![2; 32]).unwrap());
        assert_eq!(other.open_value(b"a:", &token).err(), Some(BadToken::Forged));
        let text = String::from_utf8(token).unwrap();
        assert!(
            cipher.open_value(b"a:", text.replace("type:int", "type:str").as_bytes()).is_ok(),
            "types are not bound: the witness covers them"
        );
        assert_eq!(cipher.open_value(b"a:", text.replace("type:int", "type:bool").as_bytes()).err(), Some(BadToken::Content));
    }

    #[test]
    fn compares_piece_by_piece() {
        let random = Counting(AtomicU8::new(0));
        let mut nonces = Nonces::new(&random);
        let cipher = Cipher::new(&DataKey::from_bytes(vec![1; 32]).unwrap());
        let holds = Holds::Value(leafcrypt_formats::Kind::Str);
        for len in [0, 1, 16, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let plain: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let mut token = Vec::new();
            cipher.seal(&mut token, b"data:", &plain, holds, &mut nonces).unwrap();
            let check = |aad: &[u8], token: &[u8], plain: &[u8]| cipher.open_equal(aad, token, holds, plain);
            assert_eq!(check(b"data:", &token, &plain), Ok(()), "{len} bytes");
            assert_eq!(check(b"other:", &token, &plain), Err(BadToken::Forged));
            assert!(check(b"data:", &token, &[&plain[..], b"x"].concat()).is_err());
            assert_eq!(cipher.open_equal(b"data:", &token, Holds::Comment, &plain), Err(BadToken::Type));
            for at in (0..len).step_by(len / 5 + 1) {
                let mut other = plain.clone();
                other[at] ^= 1;
                assert_eq!(check(b"data:", &token, &other), Err(BadToken::Content));
                assert!(check(b"data:", &token, &plain[..at]).is_err());
            }
            let text = String::from_utf8(token).unwrap();
            assert!(check(b"data:", text.replacen(",iv:", "AAAA,iv:", 1).as_bytes(), &plain).is_err(), "longer by three bytes");
        }
    }

    #[test]
    fn nothing_is_handed_out_that_was_not_filled() {
        struct Failing(AtomicU8);
        impl Random for Failing {
            fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
                if self.0.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
                    return Err(NoRandomness);
                }
                buffer.fill(7);
                Ok(())
            }
        }
        let random = Failing(AtomicU8::new(0));
        let mut nonces = Nonces::new(&random);
        let all: Vec<_> = (0..1000).map(|_| nonces.fresh()).collect();
        assert!(all.iter().all(|nonce| matches!(nonce, Err(NoRandomness) | Ok([7, ..]))));
        assert!(all.contains(&Err(NoRandomness)));
    }

    #[test]
    fn nonces_do_not_repeat_within_a_stock() {
        struct Real;
        impl Random for Real {
            fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
                getrandom::fill(buffer).map_err(|_| NoRandomness)
            }
        }
        let mut nonces = Nonces::new(&Real);
        let all: std::collections::HashSet<[u8; 32]> = (0..1000).map(|_| nonces.fresh().unwrap()).collect();
        assert_eq!(all.len(), 1000);
    }
}
