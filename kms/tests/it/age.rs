//! age keys: spelling, wrapping, and every place where an identity may lie.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use age_core::format::{FileKey, Stanza};
use leafcrypt_kms::{Beside, Field, Fields, Kind, MasterKey, Secret, Session, UnwrapError, WrapError, Wrapped, backend, generate};

use crate::scripted::Scripted;

pub const DATA_KEY: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

pub fn key(recipient: &str) -> Arc<dyn MasterKey> {
    let mut keys = backend(Kind::Age).from_list(recipient, &Beside::default()).unwrap();
    assert_eq!(keys.len(), 1);
    keys.pop().unwrap()
}

/// A new native key: the identity's line and the recipient.
pub fn native() -> (String, String) {
    let (line, recipient) = generate();
    (String::from_utf8(line.expose().to_vec()).unwrap(), recipient)
}

pub fn wrapped(recipient: &str) -> Wrapped {
    let (session, _) = Scripted::new().session();
    key(recipient).wrap(&data_key(), &session).unwrap()
}

pub fn data_key() -> Secret {
    Secret::new(DATA_KEY.to_vec())
}

#[track_caller]
pub fn opens(recipient: &str, wrapped: &Wrapped, session: &Session) {
    let secret = key(recipient).unwrap(wrapped, session).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(secret.expose(), DATA_KEY);
}

#[test]
fn an_identity_opens_from_each_silent_source() {
    let (line, recipient) = native();
    let wrapped = wrapped(&recipient);
    for world in [
        Scripted::new().env("SOPS_AGE_KEY", &line),
        Scripted::new().env("SOPS_AGE_KEY_FILE", "/keys").file("/keys", format!("# a comment\r\n\r\n{line}\r\n")),
        Scripted::new().env("HOME", "/home/u").file("/home/u/.config/sops/age/keys.txt", line.clone()),
        Scripted::new().env("HOME", "/home/u").env("XDG_CONFIG_HOME", "/c").file("/c/sops/age/keys.txt", line.clone()),
    ] {
        let (session, _) = world.session();
        opens(&recipient, &wrapped, &session);
    }
}

#[test]
fn armour_is_as_sops_has_it() {
    let (_, recipient) = native();
    let text = wrapped(&recipient).0;
    let lines: Vec<_> = text.split('\n').collect();
    assert_eq!(lines[0], "-----BEGIN AGE ENCRYPTED FILE-----");
    assert_eq!(lines[lines.len() - 2..], ["-----END AGE ENCRYPTED FILE-----", ""]);
    assert!(lines[1..lines.len() - 3].iter().all(|line| line.len() == 64), "{text}");
    assert!(!text.contains('\r'));
}

#[test]
fn armour_with_other_line_ends_opens() {
    let (line, recipient) = native();
    let text = wrapped(&recipient).0;
    for text in [text.replace('\n', "\r\n"), text.trim_end().to_owned(), format!("\n  {text}\n\n")] {
        let (session, _) = Scripted::new().env("SOPS_AGE_KEY", &line).session();
        opens(&recipient, &Wrapped(text), &session);
    }
}

#[test]
fn a_damaged_record_is_corrupt_and_opens_with_no_byte_changed() {
    let (line, recipient) = native();
    let text = wrapped(&recipient).0;
    let (session, _) = Scripted::new().env("SOPS_AGE_KEY", &line).session();
    let key = key(&recipient);
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = Wrapped(String::from_utf8(bytes).unwrap());
        let reason = key.unwrap(&changed, &session).expect_err("a changed byte");
        assert!(matches!(reason, UnwrapError::Corrupt | UnwrapError::NotHeld { .. }), "byte {at}: {reason:?}");
    }
    for bad in [
        "",
        "x",
        "-----BEGIN AGE ENCRYPTED FILE-----",
        &text[..text.len() / 2],
        &"A".repeat(100_000),
        &format!("{text}{}", "A".repeat(70_000)),
    ] {
        assert_eq!(key.unwrap(&Wrapped(bad.to_owned()), &session).unwrap_err(), UnwrapError::Corrupt);
    }
}

#[test]
fn spelling_errors_are_those_of_sops() {
    for (text, message) in [
        ("xyz", r#"failed to parse input, unknown recipient type: "xyz""#),
        ("a,", r#"failed to parse input, unknown recipient type: "a""#),
        (
            "age1abc",
            r#"failed to parse input as Bech32-encoded age public key: malformed recipient "age1abc": separator '1' at invalid position: pos=3, len=7"#,
        ),
        ("age1Qq", r#"failed to parse input as Bech32-encoded age public key: malformed recipient "age1Qq": mixed case"#),
        (
            "age1bbbbbbbbbbbb",
            r#"failed to parse input as Bech32-encoded age public key: malformed recipient "age1bbbbbbbbbbbb": invalid character data part: s[0]=98"#,
        ),
        (
            "age1qqqqqqqqqqqq",
            r#"failed to parse input as Bech32-encoded age public key: malformed recipient "age1qqqqqqqqqqqq": invalid checksum"#,
        ),
        (
            "age1qqqqqqqqf34z55",
            r#"failed to parse input as Bech32-encoded age public key: malformed recipient "age1qqqqqqqqf34z55": invalid X25519 public key"#,
        ),
        ("age1foo1qqqqqqqqqqqq", "failed to parse input as age key from age plugin: invalid recipient encoding: invalid checksum"),
        ("age1../x1qqqqqqqqtxvg35", r#"failed to parse input as age key from age plugin: invalid plugin name: "../x""#),
        ("AGE1QYQSZQGP", r#"failed to parse input, unknown recipient type: "AGE1QYQSZQGP""#),
        ("ssh-rsa", r#"failed to parse input as age-ssh public key: malformed SSH recipient: "ssh-rsa": ssh: no key found"#),
        ("ecdsa-sha2-nistp256 AAAA", r#"failed to parse input, unknown recipient type: "ecdsa-sha2-nistp256 AAAA""#),
    ] {
        let error = backend(Kind::Age).from_list(text, &Beside::default()).unwrap_err();
        assert_eq!(error.0, message);
    }
    let (_, good) = native();
    assert_eq!(
        backend(Kind::Age).from_list(&format!("{good},"), &Beside::default()).unwrap_err().0,
        r#"failed to parse input, unknown recipient type: """#
    );
    assert!(backend(Kind::Age).from_list("", &Beside::default()).unwrap().is_empty());
}

#[test]
fn a_list_keeps_order_and_duplicates_and_is_trimmed() {
    let ((_, a), (_, b)) = (native(), native());
    let keys = backend(Kind::Age).from_list(&format!(" {a} ,{b},{a}\n"), &Beside::default()).unwrap();
    assert_eq!(keys.iter().map(|key| key.id()).collect::<Vec<_>>(), [&a, &b, &a]);
    assert_eq!(keys[0].fields().0, [("recipient".to_owned(), Field::Text(a))]);
}

#[test]
fn a_misspelled_record_is_kept_and_fails_when_used() {
    let (line, recipient) = native();
    let (session, _) = Scripted::new().env("SOPS_AGE_KEY", &line).session();
    let key = backend(Kind::Age).from_metadata(&Fields::default().with("recipient", "nonsense"));
    assert_eq!(key.id(), "nonsense");
    assert!(matches!(key.wrap(&data_key(), &session), Err(WrapError::BadKey(_))));
    // Opening never needs the recipient's text.
    assert_eq!(key.unwrap(&wrapped(&recipient), &session).unwrap().expose(), DATA_KEY);
}

#[test]
fn another_key_does_not_open() {
    let ((_, recipient), (line, _)) = (native(), native());
    let (session, _) = Scripted::new().env("SOPS_AGE_KEY", &line).session();
    assert!(matches!(key(&recipient).unwrap(&wrapped(&recipient), &session), Err(UnwrapError::NotHeld { .. })));
}

/// The data key in an age file whose header has one stanza, of a kind that nobody here opens.
pub fn wrapped_as(tag: &str, args: &[&str]) -> Wrapped {
    struct Stranger(Stanza);
    impl age::Recipient for Stranger {
        fn wrap_file_key(&self, _: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
            Ok((vec![Stanza { tag: self.0.tag.clone(), args: self.0.args.clone(), body: self.0.body.clone() }], HashSet::new()))
        }
    }
    let stranger = Stranger(Stanza { tag: tag.to_owned(), args: args.iter().map(|&a| a.to_owned()).collect(), body: vec![1; 32] });
    Wrapped(String::from_utf8(armoured(&stranger, DATA_KEY)).unwrap())
}

/// An armoured age file.
pub fn armoured(recipient: &dyn age::Recipient, content: &[u8]) -> Vec<u8> {
    let file = age::Encryptor::with_recipients(std::iter::once(recipient)).unwrap();
    let armour = age::armor::ArmoredWriter::wrap_output(Vec::new(), age::armor::Format::AsciiArmor).unwrap();
    let mut writer = file.wrap_output(armour).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().finish().unwrap()
}

/// Bech32 as age has it, without a limit of length.
pub fn bech32(prefix: &str, data: &[u8]) -> String {
    fn checksum(values: impl Iterator<Item = u8>) -> u32 {
        const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        values.fold(1, |sum, value| {
            let generators = GENERATORS.iter().enumerate().filter(|(i, _)| sum >> (25 + i) & 1 == 1).map(|(_, g)| g);
            generators.fold((sum & 0x1ff_ffff) << 5 ^ u32::from(value), |sum, g| sum ^ g)
        })
    }
    let bits: Vec<u8> = data.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1)).collect();
    let fives: Vec<u8> = bits.chunks(5).map(|five| (0..5).fold(0, |all, i| all << 1 | five.get(i).copied().unwrap_or(0))).collect();
    let expanded = || prefix.bytes().map(|b| b >> 5).chain([0]).chain(prefix.bytes().map(|b| b & 31));
    let sum = checksum(expanded().chain(fives.iter().copied()).chain([0; 6])) ^ 1;
    let words = fives.iter().copied().chain((0..6).rev().map(|i| (sum >> (5 * i) & 31) as u8));
    format!("{prefix}1{}", words.map(|w| char::from(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[usize::from(w)])).collect::<String>())
}
