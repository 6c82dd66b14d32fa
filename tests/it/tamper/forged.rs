//! One ciphertext, two data keys (docs/threat-model.md, section 3): AES-GCM does not commit to its key. The MAC does.
//!
//! The attacker hands a different data key to each of two recipients and finds a ciphertext whose tag is right under both. The tag is
//! linear in each block of ciphertext, so one free block is enough.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, KeyInit};
use leafcrypt::formats::Format;
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::seal::cipher::{Cipher, Nonces};
use leafcrypt::seal::mac::Mac;
use leafcrypt::seal::token::{self, Holds};
use leafcrypt::sealed_file::{OpenError, OpenHow, SealedFile};
use leafcrypt::world::SystemRandom;

use super::Sealed;
use super::lab::{Lab, data_key};

/// Multiplication in GCM's field; bit 0 of a block is its most significant one.
fn multiply(x: u128, y: u128) -> u128 {
    let (mut product, mut v) = (0, x);
    for bit in (0..128).rev() {
        if y >> bit & 1 == 1 {
            product ^= v;
        }
        v = if v & 1 == 1 { v >> 1 ^ 0xe1 << 120 } else { v >> 1 };
    }
    product
}

/// x to the power of 2^128 - 2.
fn inverse(x: u128) -> u128 {
    let (mut result, mut square) = (1 << 127, x);
    for _ in 1..128 {
        square = multiply(square, square);
        result = multiply(result, square);
    }
    result
}

struct Gcm {
    block: Aes256,
    h: u128,
}

impl Gcm {
    fn new(key: &[u8]) -> Self {
        let block = Aes256::new_from_slice(key).unwrap();
        let mut gcm = Gcm { block, h: 0 };
        gcm.h = gcm.encrypt(0);
        gcm
    }

    fn encrypt(&self, block: u128) -> u128 {
        let mut bytes = block.to_be_bytes().into();
        self.block.encrypt_block(&mut bytes);
        u128::from_be_bytes(bytes.into())
    }

    fn hash(&self, blocks: impl Iterator<Item = u128>) -> u128 {
        blocks.fold(0, |sum, block| multiply(sum ^ block, self.h))
    }

    /// Where the counter starts, for a nonce of 32 bytes.
    fn start(&self, nonce: &[u8; 32]) -> u128 {
        self.hash(blocks(nonce).into_iter().chain([256]))
    }

    fn keystream(&self, nonce: &[u8; 32], block: usize) -> u128 {
        let start = self.start(nonce);
        let counter = (start as u32).wrapping_add(1 + block as u32);
        self.encrypt(start & !0xffff_ffff | u128::from(counter))
    }

    fn tag(&self, nonce: &[u8; 32], aad: &[u8], ciphertext: &[u128]) -> u128 {
        let lengths = (aad.len() as u128 * 8) << 64 | (ciphertext.len() as u128 * 128);
        let all = blocks(aad).into_iter().chain(ciphertext.iter().copied()).chain([lengths]);
        self.hash(all) ^ self.encrypt(self.start(nonce))
    }
}

fn blocks(bytes: &[u8]) -> Vec<u128> {
    let block = |chunk: &[u8]| {
        let mut block = [0; 16];
        block[..chunk.len()].copy_from_slice(chunk);
        u128::from_be_bytes(block)
    };
    bytes.chunks(16).map(block).collect()
}

/// A token that opens under both keys: to a text that begins with `texts.0` under the first, with `texts.1` under the second.
fn token_for_both(keys: (&Gcm, &Gcm), aad: &[u8], texts: (&[u8; 16], &[u8; 16])) -> Vec<u8> {
    let nonce = [9; 32];
    // Block 0 reads as the first text under the first key, block 1 as the second text under the second, block 2 is free.
    let mut ciphertext =
        [u128::from_be_bytes(*texts.0) ^ keys.0.keystream(&nonce, 0), u128::from_be_bytes(*texts.1) ^ keys.1.keystream(&nonce, 1), 0];
    let difference = keys.0.tag(&nonce, aad, &ciphertext) ^ keys.1.tag(&nonce, aad, &ciphertext);
    // The last block is multiplied by H twice on its way into the tag.
    let factor = multiply(keys.0.h, keys.0.h) ^ multiply(keys.1.h, keys.1.h);
    ciphertext[2] = multiply(difference, inverse(factor));
    let tag = keys.0.tag(&nonce, aad, &ciphertext);
    assert_eq!(tag, keys.1.tag(&nonce, aad, &ciphertext), "the forgery is right");
    let data: Vec<u8> = ciphertext.iter().flat_map(|block| block.to_be_bytes()).collect();
    let mut out = Vec::new();
    let place = token::begin(&mut out, &data);
    token::finish(&mut out, place, &nonce, &tag.to_be_bytes(), Holds::Value(leafcrypt::formats::Kind::Str));
    out
}

#[test]
fn the_mac_commits_to_the_data_key() {
    let (text, one) = Lab::new().seal(Format::Dotenv, "a=placeholder\n");
    let two = vec![2; 32];
    let keys = (Gcm::new(&one), Gcm::new(&two));
    let leaf = token_for_both((&keys.0, &keys.1), b"a:", (b"what Alice reads", b"what Bob reads.."));
    let ciphers = [Cipher::new(&data_key(&one)), Cipher::new(&data_key(&two))];
    let texts =
        ciphers.each_ref().map(|cipher| cipher.open_text(b"a:", &leaf, Holds::Value(leafcrypt::formats::Kind::Str)).expect("under both"));
    assert!(texts[0].starts_with(b"what Alice reads") && texts[1][16..].starts_with(b"what Bob reads.."), "two texts of one ciphertext");

    let sealed = Sealed { text: String::from_utf8(text).unwrap() };
    let sealed = Sealed { text: sealed.stripped().expect("a field") };
    let sealed = Sealed { text: sealed.retoken("a", |_| String::from_utf8(leaf.clone()).unwrap()).expect("a token") };
    let date_at = sealed.text.find("sops_lastmodified=").expect("a date") + 18;
    let date = &sealed.text[date_at..date_at + 20];
    // The attacker can make the MAC right for one of them, or a token that opens for both; it is right for one at most.
    let mac_for = |which: usize| {
        let mut mac = Mac::new(false);
        mac.leaf(&texts[which], true);
        let mut out = Vec::new();
        let holds = Holds::Value(leafcrypt::formats::Kind::Str);
        ciphers[which].seal(&mut out, date.as_bytes(), mac.finish().as_bytes(), holds, &mut Nonces::new(&SystemRandom)).unwrap();
        String::from_utf8(out).unwrap()
    };
    let for_both = token_for_both((&keys.0, &keys.1), date.as_bytes(), (b"0123456789ABCDEF", b"0123456789ABCDEF"));
    let open = |mac: &str, key: &[u8], ignore_mac: bool| {
        let text = sealed.retoken("mac", |_| mac.to_owned()).expect("a MAC");
        let file = SealedFile::parse(Format::Dotenv, text.as_bytes(), &LEAFCRYPT).expect("it is well-formed");
        let mut how = OpenHow::default();
        how.ignore_mac = ignore_mac;
        file.open_with(data_key(key), &LEAFCRYPT, &how).map(|open| open.plain().to_vec())
    };
    assert!(open(&mac_for(0), &one, false).is_ok());
    assert!(matches!(open(&mac_for(0), &two, false), Err(OpenError::MacUnreadable(_))));
    assert!(matches!(open(&mac_for(1), &one, false), Err(OpenError::MacUnreadable(_))));
    let for_both = String::from_utf8(for_both).unwrap();
    for key in [&one, &two] {
        assert!(matches!(open(&for_both, key, false), Err(OpenError::MacMismatch)));
        assert!(open(&for_both, key, true).is_ok(), "with --ignore-mac each reads his own text");
    }
    assert_ne!(open(&for_both, &one, true).unwrap(), open(&for_both, &two, true).unwrap());
}
