//! Splitting a data key over groups, as SOPS does it (`docs/sops-format.md`, section 3). Which share goes to whom is said by [`super::group`].
//!
//! Per byte a random polynomial over GF(2^8), modulus 0x11B, of degree threshold - 1, whose constant term is the secret byte. A share is
//! the y bytes followed by one x byte; x is the group's number from 1. Multiplication uses no table and no branch on a secret.

use leafcrypt_kms::Secret;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::world::{NoRandomness, Random};

/// Why shares could not be made or put together.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ShamirError {
    #[error("threshold must be at least 2")]
    ThresholdTooSmall,
    #[error("parts cannot be less than threshold")]
    TooFewParts,
    #[error("parts cannot exceed 255")]
    TooManyParts,
    #[error("less than two parts cannot be used to reconstruct the secret")]
    LessThanTwo,
    #[error("duplicate part detected")]
    Duplicate,
    #[error("all parts must be the same length")]
    Lengths,
    #[error("the parts do not belong together")]
    NotOnePolynomial,
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Splits a secret into `parts` shares, any `threshold` of which recover it.
///
/// # Errors
/// Numbers that do not fit, or no randomness.
pub fn split(secret: &Secret, parts: usize, threshold: usize, random: &dyn Random) -> Result<Vec<Secret>, ShamirError> {
    if parts < threshold {
        return Err(ShamirError::TooFewParts);
    }
    if parts > 255 {
        return Err(ShamirError::TooManyParts);
    }
    if threshold < 2 {
        return Err(ShamirError::ThresholdTooSmall);
    }
    let degree = threshold - 1;
    let mut coefficients = Zeroizing::new(vec![0u8; degree * secret.len()]);
    random.fill(&mut coefficients)?;
    (1..=parts as u8)
        .map(|x| {
            Secret::filled(secret.len() + 1, |share| {
                for (i, &byte) in secret.expose().iter().enumerate() {
                    let polynomial = &coefficients[i * degree..(i + 1) * degree];
                    // Horner, from the highest power down to the secret byte.
                    let high = polynomial.iter().rev().fold(0, |y, &c| mul(y, x) ^ c);
                    share[i] = mul(high, x) ^ byte;
                }
                share[secret.len()] = x;
                Ok(())
            })
        })
        .collect()
}

/// Recovers a secret from shares. All of them must lie on one polynomial of degree `threshold` - 1 (0: not known; then all are trusted, as SOPS does).
///
/// # Errors
/// Fewer than two, of different lengths, with the same x, or not of one secret.
pub fn combine(shares: &[Secret], threshold: usize) -> Result<Secret, ShamirError> {
    if shares.len() < 2 {
        return Err(ShamirError::LessThanTwo);
    }
    let len = shares[0].len();
    if len < 2 || shares.iter().any(|s| s.len() != len) {
        return Err(ShamirError::Lengths);
    }
    let xs: Vec<u8> = shares.iter().map(|s| s.expose()[len - 1]).collect();
    if xs.iter().enumerate().any(|(i, x)| xs[..i].contains(x)) {
        return Err(ShamirError::Duplicate);
    }
    let enough = if threshold >= 2 { threshold.min(shares.len()) } else { shares.len() };
    for extra in enough..shares.len() {
        let expected = Zeroizing::new(interpolate(&shares[..enough], &xs[..enough], xs[extra]));
        if Secret::new(expected.to_vec()).equals(&Secret::new(shares[extra].expose()[..len - 1].to_vec())) {
            continue;
        }
        return Err(ShamirError::NotOnePolynomial);
    }
    let mut recovered = interpolate(&shares[..enough], &xs[..enough], 0);
    Secret::filled(len - 1, |out| {
        out.copy_from_slice(&recovered);
        recovered.zeroize();
        Ok(())
    })
}

/// The polynomials' values at `at`, by Lagrange.
fn interpolate(shares: &[Secret], xs: &[u8], at: u8) -> Vec<u8> {
    let len = shares[0].len() - 1;
    let mut out = vec![0u8; len];
    for (i, share) in shares.iter().enumerate() {
        let mut basis = 1;
        for (j, &x) in xs.iter().enumerate() {
            if j != i {
                basis = mul(basis, mul(at ^ x, inverse(xs[i] ^ x)));
            }
        }
        for (o, &y) in out.iter_mut().zip(share.expose()) {
            *o ^= mul(y, basis);
        }
    }
    out
}

/// Product in GF(2^8), in constant time.
fn mul(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut product) = (a, b, 0u8);
    for _ in 0..8 {
        product ^= a & 0u8.wrapping_sub(b & 1);
        let carry = 0u8.wrapping_sub(a >> 7);
        a = (a << 1) ^ (0x1B & carry);
        b >>= 1;
    }
    product
}

/// a^254, the inverse.
fn inverse(a: u8) -> u8 {
    let mut result = 1;
    let mut power = a;
    for bit in 0..8 {
        if (254 >> bit) & 1 == 1 {
            result = mul(result, power);
        }
        power = mul(power, power);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::SystemRandom;

    fn hex(text: &str) -> Secret {
        Secret::new((0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect())
    }

    fn recorded() -> Vec<Secret> {
        vec![
            hex("77511fce9791ffe370be2f63591193af577d5195202b7a9b0883018a55ee0c6d01"),
            hex("bfddaa0f2cbca0349f2fc1fda342dd729ec0fa6229dcb8b1548c8ab52aa2dee302"),
            hex("0e5030b945a7957933a99b7ef573e739d9ab6ac62e780f5e6089f3a0f66f909903"),
        ]
    }

    #[test]
    fn a_file_of_sops() {
        let secret = hex("c6dc8578fe8acaaedc3875e00f20a9e41016c131278fcd743c86789f89234217");
        let shares = recorded();
        for keep in [[0, 1], [0, 2], [2, 1]] {
            let some: Vec<Secret> = keep.iter().map(|&i| Secret::new(shares[i].expose().to_vec())).collect();
            assert!(combine(&some, 2).unwrap().equals(&secret));
        }
        assert!(combine(&shares, 2).unwrap().equals(&secret));
        assert!(combine(&shares, 0).unwrap().equals(&secret));
    }

    #[test]
    fn any_threshold_of_them_and_no_fewer() {
        let secret = Secret::new((0..32).collect());
        for (n, k) in [(2, 2), (3, 2), (5, 3), (255, 4)] {
            let shares = split(&secret, n, k, &SystemRandom).unwrap();
            assert_eq!(shares.len(), n);
            assert_eq!(shares[1].expose()[32], 2);
            let last: Vec<Secret> = shares[n - k..].iter().map(|s| Secret::new(s.expose().to_vec())).collect();
            assert!(combine(&last, k).unwrap().equals(&secret));
            if k > 2 {
                assert!(!combine(&last[1..], 0).unwrap().equals(&secret));
            }
        }
    }

    #[test]
    fn refusals() {
        let secret = Secret::new(vec![1; 32]);
        let check = |n, k, expected| assert_eq!(split(&secret, n, k, &SystemRandom).err(), Some(expected));
        check(3, 1, ShamirError::ThresholdTooSmall);
        check(2, 3, ShamirError::TooFewParts);
        check(256, 3, ShamirError::TooManyParts);
        let mut shares = recorded();
        assert_eq!(combine(&shares[..1], 2).err(), Some(ShamirError::LessThanTwo));
        shares[2] = Secret::new(shares[1].expose().to_vec());
        assert_eq!(combine(&shares, 2).err(), Some(ShamirError::Duplicate));
        shares[2] = hex("0f5030b945a7957933a99b7ef573e739d9ab6ac62e780f5e6089f3a0f66f909903");
        assert_eq!(combine(&shares, 2).err(), Some(ShamirError::NotOnePolynomial));
        shares[2] = Secret::new(vec![3; 5]);
        assert_eq!(combine(&shares, 2).err(), Some(ShamirError::Lengths));
    }

    #[test]
    fn every_element_has_an_inverse() {
        for a in 1..=255 {
            assert_eq!(mul(a, inverse(a)), 1);
        }
    }
}
