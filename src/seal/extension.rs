//! The metadata field `leafcrypt`: one token under the data key, bound to the file's MAC token (docs/sealed-file.md, section 1; to the byte: docs/wire-format.md). What it holds is made by
//! [`super::witness`] (digests) and [`super::layout`] (hints); what a wrong one means is decided in `sealed_file/verdict.rs`.

use leafcrypt_formats::{Hint, Kind};
use minicbor::decode::{Decoder, Error};
use minicbor::encode::Encoder;
use zeroize::Zeroizing;

use super::cipher::{Cipher, Nonces};
use super::layout;
use super::token::{BadToken, Holds};
use super::witness::Sum;
use crate::world::NoRandomness;

/// The field's name in a nested block; `sops_leafcrypt` in ENV.
pub const FIELD: &str = "leafcrypt";

const VERSION: u64 = 1;

/// A pair of the proof of descent that `rotate` writes: `s(old)` and an HMAC (docs/sealed-file.md, section 1). Kept by every command.
pub type Descent = Vec<(Vec<u8>, Vec<u8>)>;

/// What the field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Digest of structure, types, clear values, rule, threshold, version.
    pub body: Sum,
    /// Digest of the comments, or zero bytes: they were changed outside, and nobody has accepted that.
    pub comments: Sum,
    /// Digest of the recipients, or zero bytes: nobody vouches.
    pub keys: Sum,
    /// Digest of the opened text, or zero bytes, likewise.
    pub text: Sum,
    /// How the text was spelled.
    pub hints: Vec<Hint>,
    /// At most eight pairs.
    pub descent: Descent,
}

/// What a file's field turned out to be.
#[derive(Debug)]
pub enum Found {
    /// The field is not there: a file that SOPS wrote.
    Nothing,
    /// Made by a later version: as if it were not there, with one line on standard error.
    Later,
    /// Opened.
    Payload(Box<Payload>),
    /// There, but does not open: changed outside leafcrypt.
    Broken,
}

/// The additional data: `leafcrypt/1 ` and the exact text of the MAC token. It ends in `]`, so it equals neither a leaf's (ends in `:`) nor a date.
fn aad(mac_token: &str) -> Vec<u8> {
    format!("leafcrypt/1 {mac_token}").into_bytes()
}

/// Opens the field.
pub fn open(cipher: &Cipher, field: Option<&str>, mac_token: &str) -> Found {
    let Some(field) = field else { return Found::Nothing };
    let plain = match open_plain(cipher, field, mac_token) {
        Ok(plain) => plain,
        Err(_) => return Found::Broken,
    };
    match decode(&plain) {
        Ok(Some(payload)) => Found::Payload(Box::new(payload)),
        Ok(None) => Found::Later,
        Err(_) => Found::Broken,
    }
}

fn open_plain(cipher: &Cipher, field: &str, mac_token: &str) -> Result<Zeroizing<Vec<u8>>, BadToken> {
    cipher.open_text(&aad(mac_token), field.as_bytes(), Holds::Value(Kind::Str)).map(Zeroizing::new)
}

/// Makes the field. `old` is the field as it stands with its MAC token: kept while payload and MAC token are unchanged.
///
/// # Errors
/// No randomness.
pub fn seal(
    cipher: &Cipher,
    payload: &Payload,
    mac_token: &str,
    old: Option<(&str, &str)>,
    nonces: &mut Nonces<'_>,
) -> Result<String, NoRandomness> {
    let plain = encode(payload);
    if let Some((field, old_mac)) = old
        && old_mac == mac_token
        && open_plain(cipher, field, old_mac).is_ok_and(|same| *same == *plain)
    {
        return Ok(field.to_owned());
    }
    let mut token = Vec::new();
    cipher.seal(&mut token, &aad(mac_token), &plain, Holds::Value(Kind::Str), nonces)?;
    Ok(String::from_utf8(token).expect("a token is ASCII"))
}

fn encode(payload: &Payload) -> Zeroizing<Vec<u8>> {
    let mut out = Encoder::new(Vec::new());
    let with_descent = !payload.descent.is_empty();
    (|| {
        out.array(if with_descent { 7 } else { 6 })?.u64(VERSION)?;
        out.bytes(&payload.body)?.bytes(&payload.comments)?.bytes(&payload.keys)?.bytes(&payload.text)?;
        layout::encode(&mut out, &payload.hints)?;
        if with_descent {
            out.array(payload.descent.len() as u64)?;
            for (old, proof) in &payload.descent {
                out.array(2)?.bytes(old)?.bytes(proof)?;
            }
        }
        Ok::<_, minicbor::encode::Error<std::convert::Infallible>>(())
    })()
    .expect("a vector takes all");
    Zeroizing::new(out.into_writer())
}

/// `None`: a higher version. Elements after those we know are ignored.
fn decode(bytes: &[u8]) -> Result<Option<Payload>, Error> {
    let mut input = Decoder::new(bytes);
    let len = layout::definite(&mut input)?;
    match input.u64()? {
        VERSION => {}
        later if later > VERSION => return Ok(None),
        _ => return Err(Error::message("a version that never was")),
    }
    if len < 6 {
        return Err(Error::message("too few elements"));
    }
    let sum = |input: &mut Decoder<'_>| -> Result<Sum, Error> { input.bytes()?.try_into().map_err(|_| Error::message("no digest")) };
    let (body, comments, keys, text) = (sum(&mut input)?, sum(&mut input)?, sum(&mut input)?, sum(&mut input)?);
    let hints = layout::decode(&mut input)?;
    let mut descent = Vec::new();
    if len > 6 {
        let pairs = layout::definite(&mut input)?;
        if pairs > 8 {
            return Err(Error::message("too many pairs of descent"));
        }
        for _ in 0..pairs {
            if layout::definite(&mut input)? != 2 {
                return Err(Error::message("no pair"));
            }
            descent.push((input.bytes()?.to_vec(), input.bytes()?.to_vec()));
        }
    }
    Ok(Some(Payload { body, comments, keys, text, hints, descent }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::DataKey;
    use crate::world::SystemRandom;
    use leafcrypt_formats::Spelled;

    fn payload() -> Payload {
        Payload {
            body: [1; 32],
            comments: [2; 32],
            keys: [3; 32],
            text: [4; 32],
            hints: vec![
                Hint::Site { kind: 0, first: 3, last: 3, before: 0, after: 0, with: Spelled::Style(2) },
                Hint::Site { kind: 1, first: 4, last: 9, before: 1, after: 2, with: Spelled::Bytes(b"*x".to_vec()) },
                Hint::Start { drop: 0, bytes: b"%YAML".to_vec() },
                Hint::End { drop: 1, bytes: vec![] },
            ],
            descent: vec![(vec![5; 32], vec![6; 32])],
        }
    }

    #[test]
    fn reads_what_it_writes_and_keeps_what_is_unchanged() {
        let cipher = Cipher::new(&DataKey::from_bytes(vec![1; 32]).unwrap());
        let mut nonces = Nonces::new(&SystemRandom);
        let field = seal(&cipher, &payload(), "ENC[mac]", None, &mut nonces).unwrap();
        let Found::Payload(read) = open(&cipher, Some(&field), "ENC[mac]") else { panic!("opens") };
        assert_eq!(*read, payload());
        assert!(matches!(open(&cipher, Some(&field), "ENC[other]"), Found::Broken));
        assert!(matches!(open(&cipher, None, "ENC[mac]"), Found::Nothing));
        assert_eq!(seal(&cipher, &payload(), "ENC[mac]", Some((&field, "ENC[mac]")), &mut nonces).unwrap(), field);
        assert_ne!(seal(&cipher, &payload(), "ENC[new]", Some((&field, "ENC[mac]")), &mut nonces).unwrap(), field);
    }

    #[test]
    fn later_versions_and_later_elements() {
        assert!(matches!(decode(&[0x82, 0x02, 0x00]), Ok(None)));
        let mut longer = encode(&payload()).to_vec();
        longer[0] = 0x88;
        longer.push(0xf6);
        assert_eq!(decode(&longer).ok().flatten(), Some(payload()));
        for end in 0..longer.len() - 1 {
            assert!(!matches!(decode(&longer[..end]), Ok(Some(_))), "cut at {end}");
        }
    }
}
