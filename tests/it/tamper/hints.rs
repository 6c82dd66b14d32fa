//! Hints that say something else than their tokens. Whoever makes a whole file for us knows its data key, and can put any hints and the digest of any text into
//! our field (docs/threat-model.md, 4.1): what is printed is what the MAC was checked for all the same, and no number of hints takes long.

use leafcrypt::formats::{Document, Format, Hint, ScanOptions, Spelled};
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::seal::cipher::{Cipher, Nonces};
use leafcrypt::seal::extension::{self, Found};
use leafcrypt::seal::witness;
use leafcrypt::sealed_file::{OpenError, OpenFile, OpenHow, SealedFile, WitnessFault};
use leafcrypt::world::SystemRandom;

use super::SAMPLES;
use super::lab::{Lab, data_key};

/// The same file with these hints in its field, and a digest of `text`.
fn forged(format: Format, sealed: &[u8], key: &[u8], hints: Vec<Hint>, text: &[u8]) -> String {
    let cipher = Cipher::new(&data_key(key));
    let file = SealedFile::parse(format, sealed, &LEAFCRYPT).unwrap();
    let metadata = file.metadata();
    let field = metadata.extension.as_deref().unwrap();
    let Found::Payload(mut payload) = extension::open(&cipher, Some(field), &metadata.mac) else { panic!("it opens") };
    payload.hints = hints;
    payload.text = witness::text(text);
    let mut nonces = Nonces::new(&SystemRandom);
    let new = extension::seal(&cipher, &payload, &metadata.mac, None, &mut nonces).unwrap();
    String::from_utf8(sealed.to_vec()).unwrap().replacen(field, &new, 1)
}

fn open<'t>(format: Format, text: &'t str, key: &[u8]) -> Result<OpenFile<'t>, OpenError> {
    SealedFile::parse(format, text.as_bytes(), &LEAFCRYPT).unwrap().open_with(data_key(key), &LEAFCRYPT, &OpenHow::default())
}

fn format_of(ending: &str) -> Format {
    match ending {
        "yaml" => Format::Yaml,
        "json" => Format::Json,
        "env" => Format::Dotenv,
        "ini" => Format::Ini,
        _ => Format::Toml,
    }
}

/// A text of other values, which the digest is right for.
fn evil(format: Format) -> &'static str {
    match format {
        Format::Yaml => "a: !!python/object/apply:os.system [id]\nb: evil\n",
        Format::Json => "{\"a\":\"evil\"}\n",
        Format::Ini => "[m]\na=evil\n",
        Format::Toml => "a = \"evil\"\n",
        _ => "a=evil\n",
    }
}

#[test]
fn a_second_face() {
    let lab = Lab::new();
    for (ending, plain) in SAMPLES.into_iter().filter(|(ending, _)| *ending != "bin") {
        let format = format_of(ending);
        let (sealed, key) = lab.seal(format, plain);
        let evil = evil(format);
        let bytes = || evil.as_bytes().to_vec();
        for hints in [
            vec![Hint::Start { drop: u32::MAX, bytes: bytes() }],
            vec![Hint::Start { drop: plain.len() as u32, bytes: bytes() }],
            vec![Hint::End { drop: u32::MAX, bytes: bytes() }],
            vec![Hint::Start { drop: 0, bytes: Vec::new() }, Hint::End { drop: plain.len() as u32, bytes: bytes() }],
            vec![Hint::Start { drop: u32::MAX, bytes: b"a".to_vec() }, Hint::End { drop: 1, bytes: bytes() }],
        ] {
            let text = forged(format, &sealed, &key, hints, evil.as_bytes());
            let file = open(format, &text, &key).unwrap();
            check(format, &file, plain);
        }
    }
}

/// The values, and a warning.
fn check(format: Format, file: &OpenFile<'_>, plain: &str) {
    let shown = String::from_utf8_lossy(file.plain()).into_owned();
    let now = Document::parse(format, file.plain(), &ScanOptions::PLAIN).unwrap();
    let before = Document::parse(format, plain.as_bytes(), &ScanOptions::PLAIN).unwrap();
    assert!(now.reads_like(&before, |id| now.value(id).same(&before.value(id))), "{format:?}: {shown}");
    assert!(!shown.contains("evil") && !shown.contains("python"), "{shown}");
    assert!(file.warnings().iter().any(|line| line.contains("the layout could not be brought back")), "{:?}", file.warnings());
}

#[test]
fn hints_of_yaml_reach_no_further_than_their_tokens() {
    let lab = Lab::new();
    let plain = "a: one\nc_unencrypted: clear\nb: two\n";
    let (sealed, key) = lab.seal(Format::Yaml, plain);
    let site = |kind, first, last, before, after, bytes: &str| Hint::Site {
        kind,
        first,
        last,
        before,
        after,
        with: Spelled::Bytes(bytes.as_bytes().to_vec()),
    };
    for (hint, text) in [
        (site(1, 0, 1, 3, 0, "a: evil\nc_unencrypted: evil\nb: evil"), "a: evil\nc_unencrypted: evil\nb: evil\n"),
        (site(1, 0, 0, 0, 0, "evil"), "a: evil\nc_unencrypted: clear\nb: two\n"),
        (site(2, 1, 1, 3, 0, "two"), "a: one\nc_unencrypted: clear\ntwo\n"),
        (site(0, 0, 0, 0, 0, "!!python/name:evil one"), "a: !!python/name:evil one\nc_unencrypted: clear\nb: two\n"),
        (site(1, 0, 0, 0, 0, "!!python/name:evil one"), "a: !!python/name:evil one\nc_unencrypted: clear\nb: two\n"),
    ] {
        let forged = forged(Format::Yaml, &sealed, &key, vec![hint], text.as_bytes());
        let file = open(Format::Yaml, &forged, &key).unwrap();
        let shown = String::from_utf8_lossy(file.plain());
        assert_eq!(shown, plain, "{text}");
        assert!(file.warnings().iter().any(|line| line.contains("the layout")), "{text}: {:?}", file.warnings());
    }
}

#[test]
fn hints_stand_in_order_each_once() {
    let lab = Lab::new();
    let plain = "{\"a\": \"one\", \"b\": \"two\", \"c\": \"three\"}\n";
    let (sealed, key) = lab.seal(Format::Json, plain);
    let site = |first: u32, last: u32| Hint::Site { kind: 0, first, last, before: 0, after: 0, with: Spelled::Style(25) };
    let start = || Hint::Start { drop: 0, bytes: b" ".to_vec() };
    let end = || Hint::End { drop: 0, bytes: b" ".to_vec() };
    for (hints, fits) in [
        (vec![site(0, 0), site(1, 1), start(), end()], true),
        (vec![site(0, 1), site(2, 2)], true),
        (vec![site(0, 0), site(0, 0)], false),
        (vec![site(1, 1), site(0, 0)], false),
        (vec![site(0, 1), site(1, 1)], false),
        (vec![site(1, 0)], false),
        (vec![start(), start()], false),
        (vec![end(), end()], false),
        (vec![end(), start()], false),
        (vec![start(), site(0, 0)], false),
    ] {
        let text = forged(Format::Json, &sealed, &key, hints, plain.as_bytes());
        let opened = open(Format::Json, &text, &key);
        match opened {
            Ok(_) => assert!(fits),
            Err(OpenError::Witness(WitnessFault::Field)) => assert!(!fits),
            Err(other) => panic!("{other}"),
        }
    }
}
