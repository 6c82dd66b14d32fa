//! AES-256-GCM with nonces of 32 bytes for values of some bytes, of which a file has thousands, and piece by piece for one of many megabytes.
//!
//! The crate `aes-gcm` spreads the round keys once for the tag's mask and once for the data, and multiplies in GHASH block after block. Here all counter blocks
//! of a value are encrypted at once, and GHASH gets its blocks in fours, with blocks of zeros before the first, which change nothing: less than half
//! the time for a value of 24 bytes. AES and GHASH are those of the same crates; the tests hold this against `aes-gcm` (docs/decisions/0008-gcm.md).

use aes_gcm::aead::array::Array;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::aes::{Aes256, Block};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::token::{NONCE, TAG};

/// Bytes of the longest value that is encrypted in one step.
pub(super) const SHORT: usize = 240;
/// Bytes of the longest additional data for that.
pub(super) const SHORT_AAD: usize = 192;

const BLOCK: usize = 16;
/// Blocks of key stream: the tag's mask, then the value's.
const STREAM: usize = SHORT / BLOCK + 1;
/// Blocks of GHASH: zeros to make fours, additional data, value, lengths.
const HASHED: usize = 3 + (SHORT_AAD + SHORT) / BLOCK + 1;
/// Blocks of key stream that are made at once for a long value.
const LONG: usize = 256;

/// A scheduled key.
pub(super) struct Gcm {
    aes: Aes256,
    ghash: GHash,
}

impl Gcm {
    pub fn new(aes: Aes256) -> Self {
        let mut key = Block::default();
        aes.encrypt_block(&mut key);
        let ghash = GHash::new(&key);
        key.zeroize();
        Gcm { aes, ghash }
    }

    /// Are the two short enough for [`Gcm::encrypt`] and [`Gcm::decrypt`]?
    pub fn fits(aad: &[u8], data: &[u8]) -> bool {
        data.len() <= SHORT && aad.len() <= SHORT_AAD
    }

    /// Encrypts in place; gives the tag.
    pub fn encrypt(&self, nonce: &[u8; NONCE], aad: &[u8], data: &mut [u8]) -> [u8; TAG] {
        let mut stream = [Block::default(); STREAM];
        let stream = self.stream(nonce, data.len(), &mut stream);
        let (mask, rest) = stream.split_at_mut(BLOCK);
        xor(data, rest);
        let tag = self.tag(aad, data, mask);
        stream.zeroize();
        tag
    }

    /// Decrypts in place if the tag is right.
    pub fn decrypt(&self, nonce: &[u8; NONCE], aad: &[u8], data: &mut [u8], tag: &[u8; TAG]) -> bool {
        let mut stream = [Block::default(); STREAM];
        let stream = self.stream(nonce, data.len(), &mut stream);
        let (mask, rest) = stream.split_at_mut(BLOCK);
        let right = self.tag(aad, data, mask).ct_eq(tag).into();
        if right {
            xor(data, rest);
        }
        stream.zeroize();
        right
    }

    /// The first counter block: GHASH of the nonce and its length.
    fn start(&self, nonce: &[u8; NONCE]) -> Block {
        let mut blocks = [Block::default(); 4];
        blocks[1].copy_from_slice(&nonce[..BLOCK]);
        blocks[2].copy_from_slice(&nonce[BLOCK..]);
        blocks[3][8..].copy_from_slice(&(NONCE as u64 * 8).to_be_bytes());
        let mut hash = self.ghash.clone();
        hash.update(&blocks);
        hash.finalize()
    }

    /// Mask and key stream for that many bytes.
    fn stream<'b>(&self, nonce: &[u8; NONCE], bytes: usize, blocks: &'b mut [Block; STREAM]) -> &'b mut [u8] {
        let blocks = &mut blocks[..bytes.div_ceil(BLOCK) + 1];
        count(self.start(nonce), 0, blocks);
        self.aes.encrypt_blocks(blocks);
        Array::slice_as_flattened_mut(blocks)
    }

    fn tag(&self, aad: &[u8], data: &[u8], mask: &[u8]) -> [u8; TAG] {
        let (of_aad, of_data) = (aad.len().div_ceil(BLOCK), data.len().div_ceil(BLOCK));
        let zeros = (of_aad + of_data + 1).next_multiple_of(4) - (of_aad + of_data + 1);
        let mut blocks = [Block::default(); HASHED];
        let blocks = &mut blocks[..zeros + of_aad + of_data + 1];
        let flat = Array::slice_as_flattened_mut(blocks);
        let at = zeros * BLOCK;
        flat[at..at + aad.len()].copy_from_slice(aad);
        let at = at + of_aad * BLOCK;
        flat[at..at + data.len()].copy_from_slice(data);
        let at = at + of_data * BLOCK;
        flat[at..].copy_from_slice(&lengths(aad.len(), data.len()));
        let mut hash = self.ghash.clone();
        hash.update(blocks);
        masked(hash, mask)
    }
}

/// A long value that is decrypted piece by piece, and trusted when [`Pieces::finish`] has found the tag right.
pub(super) struct Pieces<'g> {
    gcm: &'g Gcm,
    hash: GHash,
    start: Block,
    /// The counter of the next block.
    next: u32,
    aad: usize,
    bytes: usize,
}

impl<'g> Pieces<'g> {
    pub fn new(gcm: &'g Gcm, nonce: &[u8; NONCE], aad: &[u8]) -> Self {
        let mut hash = gcm.ghash.clone();
        hash.update_padded(aad);
        Pieces { gcm, hash, start: gcm.start(nonce), next: 1, aad: aad.len(), bytes: 0 }
    }

    /// Decrypts the next piece in place. All but the last must have a multiple of 16 bytes.
    pub fn decrypt(&mut self, piece: &mut [u8]) {
        debug_assert_eq!(self.bytes % BLOCK, 0, "only the last piece may end within a block");
        self.hash.update_padded(piece);
        self.bytes += piece.len();
        let mut blocks = [Block::default(); LONG];
        for part in piece.chunks_mut(LONG * BLOCK) {
            let blocks = &mut blocks[..part.len().div_ceil(BLOCK)];
            count(self.start, self.next, blocks);
            self.next = self.next.wrapping_add(blocks.len() as u32);
            self.gcm.aes.encrypt_blocks(blocks);
            xor(part, Array::slice_as_flattened_mut(blocks));
        }
        Array::slice_as_flattened_mut(&mut blocks).zeroize();
    }

    /// Is the tag right?
    pub fn finish(mut self, tag: &[u8; TAG]) -> bool {
        self.hash.update(&[Block::from(lengths(self.aad, self.bytes))]);
        let mut mask = self.start;
        self.gcm.aes.encrypt_block(&mut mask);
        masked(self.hash, &mask).ct_eq(tag).into()
    }
}

/// Counter blocks from a number on; the counter is the last four bytes.
fn count(start: Block, from: u32, blocks: &mut [Block]) {
    let first = u32::from_be_bytes([start[12], start[13], start[14], start[15]]).wrapping_add(from);
    for (i, block) in blocks.iter_mut().enumerate() {
        *block = start;
        block[12..].copy_from_slice(&first.wrapping_add(i as u32).to_be_bytes());
    }
}

/// The last block of GHASH, in bits.
fn lengths(aad: usize, data: usize) -> [u8; BLOCK] {
    (((aad as u128 * 8) << 64) | (data as u128 * 8)).to_be_bytes()
}

fn masked(hash: GHash, mask: &[u8]) -> [u8; TAG] {
    let mut tag: [u8; TAG] = hash.finalize().into();
    xor(&mut tag, mask);
    tag
}

fn xor(data: &mut [u8], stream: &[u8]) {
    for (byte, with) in data.iter_mut().zip(stream) {
        *byte ^= with;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aes_gcm::aead::consts::U32;
    use aes_gcm::aead::{AeadInOut, KeyInit};
    use aes_gcm::{AesGcm, Nonce};

    /// Bytes that differ from one another and from those of another seed.
    fn bytes(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
        let next = |_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 56) as u8
        };
        (0..len).map(next).collect()
    }

    fn check(aad: usize, len: usize, seed: u64) {
        let key: [u8; 32] = bytes(32, seed).try_into().unwrap();
        let nonce: [u8; NONCE] = bytes(NONCE, seed + 1).try_into().unwrap();
        let (aad, plain) = (bytes(aad, seed + 2), bytes(len, seed + 3));
        let mut theirs = plain.clone();
        let judge = AesGcm::<Aes256, U32>::new(&key.into());
        let tag: [u8; TAG] = judge.encrypt_inout_detached(&Nonce::from(nonce), &aad, theirs.as_mut_slice().into()).unwrap().into();
        let gcm = Gcm::new(Aes256::new(&key.into()));
        let mut wrong = tag;
        wrong[seed as usize % TAG] ^= 1;
        if Gcm::fits(&aad, &plain) {
            let mut ours = plain.clone();
            assert_eq!(gcm.encrypt(&nonce, &aad, &mut ours), tag, "{} and {len} bytes", aad.len());
            assert_eq!(ours, theirs);
            assert!(!gcm.decrypt(&nonce, &aad, &mut ours, &wrong));
            assert_eq!(ours, theirs, "nothing is decrypted under a wrong tag");
            assert!(gcm.decrypt(&nonce, &aad, &mut ours, &tag));
            assert_eq!(ours, plain);
        }
        for piece in [16, 48, LONG * BLOCK + 16] {
            for (tag, right) in [(tag, true), (wrong, false)] {
                let mut ours = theirs.clone();
                let mut pieces = Pieces::new(&gcm, &nonce, &aad);
                ours.chunks_mut(piece).for_each(|part| pieces.decrypt(part));
                assert_eq!(pieces.finish(&tag), right, "{len} bytes in pieces of {piece}");
                assert_eq!(ours, plain);
            }
        }
    }

    #[test]
    fn the_same_as_the_crate() {
        for len in (0..=SHORT + 1).chain([4095, 4096, 4097, 10_000]) {
            check(len % (SHORT_AAD + 2), len, len as u64);
        }
        for aad in 0..=SHORT_AAD + 1 {
            check(aad, 24, aad as u64 + 1000);
        }
    }

    /// Over the end of the counter's four bytes, which wrap without a carry: a start that ends in 0xffff_fff0 or more comes once in 2^28 nonces.
    #[test]
    fn the_counter_wraps() {
        let mut start = Block::default();
        start[11..].copy_from_slice(&[7, 0xff, 0xff, 0xff, 0xfe]);
        let mut blocks = [Block::default(); 2];
        count(start, 1, &mut blocks);
        assert_eq!((&blocks[0][11..], &blocks[1][11..]), (&[7, 0xff, 0xff, 0xff, 0xff][..], &[7, 0, 0, 0, 0][..]));
    }
}
