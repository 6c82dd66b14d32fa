//! The public half of an SSH key: what stands behind `ssh-rsa ` in base64, and in front of the private half (RFC 4253, 6.6).
//!
//! The age crate reads it, too, but of RSA keys only those of up to 4096 bits; it seals for longer ones and opens with them all the same.

use age::ssh::Recipient;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use rsa::pkcs1::RsaPrivateKey;
use rsa::{BigUint, RsaPublicKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The longest modulus: ssh-keygen makes none that is longer, and opening with this one takes a second (R8). SOPS has no limit.
const LARGEST: usize = 16384;
/// The shortest one, in bytes as Go counts.
const SMALLEST: usize = 256;
/// The longest public exponent that Go's SSH takes.
const EXPONENT: usize = 24;

const RSA: &str = "ssh-rsa";
const ED25519: &str = "ssh-ed25519";
/// Its kind and its 32 bytes, with their lengths.
const ED25519_BYTES: usize = 4 + ED25519.len() + 4 + 32;

/// What is wrong with a key, in Go's words where it has some.
pub(super) const NONE: &str = "ssh: no key found";
const TOO_LARGE: &str = "RSA key size is too large: up to 16384 bits can be used; ssh-keygen -t ed25519 makes a key that can";
const TOO_SMALL: &str = "RSA key size is too small";

/// Whether it is a kind of key that age seals for.
pub(super) fn is_known(kind: &str) -> bool {
    matches!(kind, RSA | ED25519)
}

/// A public key as bytes: its kind, then its numbers.
pub(super) struct Public(Vec<u8>);

impl Public {
    /// The second word of `ssh-ed25519 AAAA… comment`.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        BASE64_STANDARD.decode(word).ok().map(Public)
    }

    /// That of a private key in PEM, which may have a passphrase: in OpenSSH's form the public half stands outside of it.
    pub(super) fn of_private(pem: &[u8]) -> Option<Self> {
        let mut lines = pem.trim_ascii().split(|&b| b == b'\n');
        let begin = lines.next()?;
        let mut body = Zeroizing::new(Vec::with_capacity(pem.len()));
        for line in lines.take_while(|line| !line.starts_with(b"-----END ")) {
            body.extend_from_slice(line.trim_ascii());
        }
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(&*body).ok()?);
        if begin.starts_with(b"-----BEGIN RSA ") {
            let key = RsaPrivateKey::try_from(&bytes[..]).ok()?;
            return Some(Public::of_numbers(key.public_exponent.as_bytes(), key.modulus.as_bytes()));
        }
        let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
        // Cipher, derivation and its options; then how many keys there are.
        for _ in 0..3 {
            string(&mut rest)?;
        }
        rest = rest.strip_prefix(&[0, 0, 0, 1])?;
        Some(Public(string(&mut rest)?.to_vec()))
    }

    fn of_numbers(exponent: &[u8], modulus: &[u8]) -> Self {
        let mut bytes = Vec::new();
        let mut push = |sign: &[u8], text: &[u8]| {
            bytes.extend_from_slice(&u32::try_from(sign.len() + text.len()).expect("keys are short").to_be_bytes());
            bytes.extend_from_slice(sign);
            bytes.extend_from_slice(text);
        };
        push(&[], RSA.as_bytes());
        for number in [exponent, modulus] {
            // The first bit is the sign.
            push(if number.first().is_some_and(|first| first >> 7 == 1) { &[0] } else { &[] }, number);
        }
        Public(bytes)
    }

    /// `ssh-ed25519` and its like, whatever the word before the key says; none: it is no key.
    pub(super) fn kind(&self) -> Option<&str> {
        std::str::from_utf8(string(&mut &self.0[..])?).ok()
    }

    /// Four bytes of its digest, as a stanza has them.
    pub(super) fn tag(&self) -> String {
        BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(&self.0)[..4])
    }

    /// `ssh-ed25519 AAAA…`, without a comment.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.kind().unwrap_or_default(), BASE64_STANDARD.encode(&self.0))
    }

    /// The key as one that can be opened with: of RSA also a short one, for which nobody seals.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn key(&self) -> Result<Recipient, &'static str> {
        match self.kind() {
            Some(RSA) => self.rsa().map(|key| Recipient::SshRsa(self.0.clone(), key)),
            // The age crate passes over what stands behind it.
            Some(ED25519) if self.0.len() == ED25519_BYTES => self.text().parse().map_err(|_| NONE),
            _ => Err(NONE),
        }
    }

    /// The key as one to seal for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn recipient(&self) -> Result<Recipient, &'static str> {
        use rsa::traits::PublicKeyParts;
        match self.key()? {
            Recipient::SshRsa(_, key) if key.size() < SMALLEST => Err(TOO_SMALL),
            key => Ok(key),
        }
    }

    fn rsa(&self) -> Result<RsaPublicKey, &'static str> {
        let mut rest = &self.0[..];
        let numbers = [string(&mut rest), number(&mut rest), number(&mut rest)];
        let ([_, Some(exponent), Some(modulus)], []) = (numbers, rest) else { return Err(NONE) };
        if modulus.len() > LARGEST / 8 {
            return Err(TOO_LARGE);
        }
        let exponent = BigUint::from_bytes_be(exponent);
        if exponent.bits() > EXPONENT {
            return Err(NONE);
        }
        RsaPublicKey::new_with_max_size(BigUint::from_bytes_be(modulus), exponent, LARGEST).map_err(|_| NONE)
    }
}

/// The next text of a key: its length in four bytes, and so many.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (text, behind) = behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = behind;
    Some(text)
}

/// The next number, which is above zero and has no zeros in front but one for its sign.
fn number<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    match string(rest)? {
        [0, digits @ ..] if digits.first().is_some_and(|first| first >> 7 == 1) => Some(digits),
        digits if digits.first().is_some_and(|first| (1..0x80).contains(first)) => Some(digits),
        _ => None,
    }
}
