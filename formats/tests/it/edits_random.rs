//! Random changes at random places of random texts (`edits_model.rs`).

use leafcrypt_formats::Format;

use crate::edits_model::{Tally, check};
use crate::random::{Random, damaged, document};
use crate::random_tree as trees;

/// `usual`: so many texts, unless `LEAFCRYPT_RANDOM` says how many. `odd`, of a thousand: refused without a reason that the format has. What came and went
/// again leaves the text as it was; the model tells what it is that cannot (`is_respelled`, `to_and_fro`).
fn random(format: Format, ending: &str, usual: u64, odd: usize) {
    let mut tally = Tally::default();
    for seed in 0..trees::count(usual) {
        let mut random = Random::new(seed ^ 0xed17);
        let mut text = document(ending, &mut random);
        // Three quotes are a string's, and in a comment nobody's.
        if format == Format::Toml && seed % 2 == 1 {
            let odd = [
                ("# behind", "# see \"\"\""),
                ("# note", "# a ''' b"),
                ("# x\n", "# \"\"\"\n"),
                ("# in", "# '''"),
                ("# own", "# \"\"\" '''"),
            ];
            let plain = String::from_utf8(text).expect("it is made of texts");
            text = odd.iter().fold(plain, |text, (from, to)| text.replace(from, to)).into_bytes();
        }
        if random.one_in(4) {
            text = damaged(&text, &mut random);
        }
        if random.one_in(6) {
            text = String::from_utf8_lossy(&text).replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        }
        if random.one_in(6) && text.ends_with(b"\n") {
            text.pop();
        }
        let makers = (0..4).map(|round| trees::Random::new(seed * 4 + round));
        check(format, &format!("{ending} seed {seed}"), &text, &mut random, makers, &mut tally);
    }
    let unknown: Vec<_> =
        tally.refused.iter().filter(|(what, _)| !crate::edits_everywhere::REASONS.iter().any(|r| what.starts_with(r))).collect();
    let count: usize = unknown.iter().map(|(_, n)| **n).sum();
    let shown = format!("{} done, {} again, {} with other bytes, refused: {unknown:?}", tally.done, tally.again, tally.other_bytes);
    eprintln!("{ending}: {shown}");
    assert!(count * 1000 <= odd * tally.done, "{shown}");
    assert_eq!(tally.other_bytes, 0, "{shown}");
    assert!(tally.done as u64 > usual, "{shown}");
}

#[test]
fn yaml() {
    random(Format::Yaml, "yaml", 600, 1);
}

#[test]
fn json() {
    random(Format::Json, "json", 400, 0);
}

#[test]
fn env() {
    random(Format::Dotenv, "env", 400, 2);
}

#[test]
fn ini() {
    random(Format::Ini, "ini", 400, 1);
}

#[test]
fn toml() {
    random(Format::Toml, "toml", 400, 0);
}
