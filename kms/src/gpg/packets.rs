//! For whom an OpenPGP message is: the key ids of its first packets, without decrypting anything.
//!
//! As much of RFC 9580 (and 4880) as that needs: armour, packet headers of both formats, and the packet with the encrypted session key.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};

/// R8: a wrapped key is at most this long.
const LIMIT: usize = 64 * 1024;

/// What can be told of a message from outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The ids of the keys it is for, in order; 0 for a recipient that is kept secret.
    pub recipients: Vec<u64>,
    /// Whether the armour is whole: it has an end, all of it is base64, and the checksum, if there is one, fits.
    /// Only to explain a failure: what `gpg` makes of a damaged armour is its own business.
    pub whole: bool,
}

impl Message {
    /// Reads an armoured message; nothing if it names no recipient that could be looked for.
    pub(super) fn read(armoured: &str) -> Option<Message> {
        if armoured.len() > LIMIT {
            return None;
        }
        let (bytes, whole) = dearmour(armoured)?;
        let recipients = recipients(&bytes);
        (!recipients.is_empty()).then_some(Message { recipients, whole })
    }
}

/// The bytes of an armoured message, as far as they can be read, and whether that was all of them.
fn dearmour(text: &str) -> Option<(Vec<u8>, bool)> {
    let mut lines = text.lines().map(str::trim_end);
    lines.find(|line| *line == "-----BEGIN PGP MESSAGE-----")?;
    // headers of the armour, up to an empty line; some writers leave that out when there are none
    let mut body = lines.skip_while(|line| line.contains(':')).peekable();
    body.next_if(|line| line.is_empty());

    let mut base64 = String::new();
    let (mut checksum, mut ended) = (None, false);
    for line in body {
        if line.starts_with("-----END PGP MESSAGE") {
            ended = true;
            break;
        }
        match line.strip_prefix('=') {
            Some(sum) if sum.len() == 4 => checksum = Some(sum.to_owned()),
            _ => base64.push_str(line.trim_start()),
        }
    }
    let lenient = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
    );
    let good = base64.bytes().position(|b| !(b.is_ascii_alphanumeric() || b"+/".contains(&b))).unwrap_or(base64.len());
    let (data, after) = base64.split_at(good);
    let all = lenient.decode(data).ok();
    let whole =
        ended && after.bytes().all(|b| b == b'=') && all.as_ref().is_some_and(|bytes| checksum.is_none_or(|sum| sum == crc24(bytes)));
    let bytes = all.or_else(|| lenient.decode(&data[..good / 4 * 4]).ok())?;
    Some((bytes, whole))
}

/// The checksum of an armour, as it is written after the `=`.
fn crc24(bytes: &[u8]) -> String {
    let mut crc: u32 = 0x00b7_04ce;
    for &byte in bytes {
        crc ^= u32::from(byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4cfb;
            }
        }
    }
    base64::engine::general_purpose::STANDARD.encode(&crc.to_be_bytes()[1..])
}

/// The key ids of the session-key packets, which stand before the encrypted data.
fn recipients(mut bytes: &[u8]) -> Vec<u64> {
    const SESSION_KEY: u8 = 1;
    const SESSION_KEY_BY_PASSPHRASE: u8 = 3;
    const MARKER: u8 = 10;
    const PADDING: u8 = 21;
    let mut ids = Vec::new();
    while let Some((tag, body, rest)) = packet(bytes) {
        match tag {
            SESSION_KEY => ids.extend(key_id(body)),
            SESSION_KEY_BY_PASSPHRASE | MARKER | PADDING => {}
            _ => break,
        }
        bytes = rest;
    }
    ids
}

/// Splits off the first packet: its tag, its body, what follows; of a cut one what there is. Only packets of known length: session keys have no
/// other, and after the first packet of another kind nobody looks any further.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&head, rest) = bytes.split_first()?;
    let number = |bytes: &[u8]| bytes.iter().fold(0usize, |n, &b| n << 8 | usize::from(b));
    let (tag, length, rest) = match head {
        0x80..0xc0 => {
            let size = match head & 3 {
                0 => 1,
                1 => 2,
                2 => 4,
                _ => return None,
            };
            let (length, rest) = rest.split_at_checked(size)?;
            (head >> 2 & 15, number(length), rest)
        }
        0xc0.. => {
            let (&first, rest) = rest.split_first()?;
            let (length, rest) = match first {
                0..192 => (usize::from(first), rest),
                192..224 => {
                    let (&second, rest) = rest.split_first()?;
                    (((usize::from(first) - 192) << 8) + usize::from(second) + 192, rest)
                }
                255 => {
                    let (length, rest) = rest.split_at_checked(4)?;
                    (number(length), rest)
                }
                _ => return None,
            };
            (head & 63, length, rest)
        }
        _ => return None,
    };
    let (body, rest) = rest.split_at(length.min(rest.len()));
    Some((tag, body, rest))
}

/// The key id in a session-key packet of version 3, or the one that belongs to the fingerprint in version 6.
fn key_id(body: &[u8]) -> Option<u64> {
    let id = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes);
    match body {
        [3, rest @ ..] => id(rest.get(..8)?),
        [6, 0, ..] => Some(0),
        [6, length, 4, rest @ ..] if *length == 21 => id(rest.get(12..20)?),
        [6, length, _, rest @ ..] if *length == 33 => id(rest.get(..8)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by gpg 2.2 for a key made for this test and thrown away.
    const REAL: &str = "\
-----BEGIN PGP MESSAGE-----

hF4D0aeFq0/VzfsSAQdAzUah3tuKvvQ2MUd3X/7RmuX0/8+9aTcEIXDMHawJ3HMw
Gz8LL3pZXRciekA/evo2F0VIgIH4xpPVrgcZKH+3UzRPKeuyCD3cgz+WBfU5cjee
0kABmKYkGnw4edryWcRFrW5VmKv7BfGRLBeBe/AxQb/elCjcM43bxHK3T94KwD+r
4E7YlWXzBm0golw6nbBelMna
=LgDS
-----END PGP MESSAGE-----";
    const REAL_ID: u64 = 0xd1a7_85ab_4fd5_cdfb;

    fn armoured(bytes: &[u8]) -> String {
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!("-----BEGIN PGP MESSAGE-----\n\n{base64}\n={}\n-----END PGP MESSAGE-----", crc24(bytes))
    }

    fn for_key(id: u64) -> Vec<u8> {
        [&[0x85, 0, 12, 3][..], &id.to_be_bytes(), &[1, 0, 0]].concat()
    }

    #[test]
    fn a_real_message() {
        assert_eq!(Message::read(REAL), Some(Message { recipients: vec![REAL_ID], whole: true }));
    }

    #[test]
    fn awkward_armours() {
        let expected = Some(Message { recipients: vec![REAL_ID], whole: true });
        let without_sum: String =
            REAL.lines().filter(|line| !(line.starts_with('=') && line.len() == 5)).fold(String::new(), |t, l| t + l + "\n");
        for text in [
            REAL.replace('\n', "\r\n"),
            REAL.replace('\n', "  \n"),
            format!("Some words before\n\n{REAL}\nand after"),
            REAL.replacen("\n\n", "\nVersion: GnuPG v2\nComment: a: b\n\n", 1),
            REAL.replacen("\n\n", "\n", 1),
            without_sum,
        ] {
            assert_eq!(Message::read(&text), expected, "{text}");
        }
    }

    #[test]
    fn damaged_armours_still_tell_the_recipient() {
        let lines: Vec<&str> = REAL.lines().collect();
        let mut other = lines.clone();
        let wrong = other[3].replacen(other[3].chars().next().expect("a full line"), "!", 1);
        other[3] = &wrong;
        for text in [other.join("\n"), lines[..lines.len() - 1].join("\n"), lines[..5].join("\n"), REAL.replacen("\n=", "\n=A", 1)] {
            assert_eq!(Message::read(&text), Some(Message { recipients: vec![REAL_ID], whole: false }), "{text}");
        }
    }

    #[test]
    fn several_hidden_and_new() {
        let six = |fingerprint: &[u8], version: u8| {
            let length = u8::try_from(fingerprint.len() + 1).expect("short");
            [&[0xc1, length + 3, 6, length, version][..], fingerprint, &[1]].concat()
        };
        let v4: Vec<u8> = (1..=20).collect();
        let v6: Vec<u8> = (1..=32).collect();
        let bytes = [
            for_key(0),
            for_key(0x0102_0304_0506_0708),
            vec![0xca, 3, b'P', b'G', b'P'],
            six(&v4, 4),
            six(&v6, 6),
            vec![0xc1, 3, 6, 0, 1],
            vec![0xc1, 2, 9, 9],
            [&[0xc1, 0xff, 0, 0, 0, 9, 3][..], &7u64.to_be_bytes()].concat(),
            [&[0xc1, 192, 8, 3][..], &8u64.to_be_bytes(), &[0; 191]].concat(),
            vec![0xd2, 0xe9, 1, 2, 3],
            for_key(99),
        ]
        .concat();
        let expected = vec![0, 0x0102_0304_0506_0708, 0x0d0e_0f10_1112_1314, 0x0102_0304_0506_0708, 0, 7, 8];
        assert_eq!(Message::read(&armoured(&bytes)).expect("has recipients").recipients, expected);
    }

    #[test]
    fn no_recipient_and_no_panic() {
        for text in [
            "",
            "junk",
            "-----BEGIN PGP MESSAGE-----",
            "-----BEGIN PGP MESSAGE-----\n\n====\n",
            "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----",
        ] {
            assert_eq!(Message::read(text), None, "{text}");
        }
        let whole = for_key(5);
        for end in 0..whole.len() {
            let found = Message::read(&armoured(&whole[..end])).map(|message| message.recipients);
            assert_eq!(found, (end >= 12).then(|| vec![5]), "a session key cut after {end} bytes");
        }
        for first in 0..=255 {
            for second in 0..=255 {
                let _ = Message::read(&armoured(&[first, second, 3, 3, 3]));
            }
        }
        assert_eq!(Message::read(&armoured(&for_key(5).repeat(10_000))), None, "longer than a wrapped key may be");
    }
}
