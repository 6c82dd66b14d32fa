//! Whatever is sealed opens to the same bytes, with MAC and witness: corpora, random and damaged documents of every format, through the whole of sealing
//! and opening (`trip.rs`).

use leafcrypt::formats::Format;

use crate::random::{Random, damaged, document};
use crate::trip::Tally;
use crate::whole::FORMATS;

/// Open-ended by hand: LEAFCRYPT_RANDOM=100000.
fn count(usual: u64) -> u64 {
    std::env::var("LEAFCRYPT_RANDOM").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

fn check(format: Format) {
    let (_, ending, folder) = FORMATS.into_iter().find(|f| f.0 == format).unwrap();
    let mut tally = Tally::default();
    let mut random = Random::new(3);
    let files = crate::tools::corpus(folder, ending);
    for (i, path) in files.iter().enumerate() {
        let (name, text) = (path.file_name().unwrap().to_string_lossy(), std::fs::read(path).unwrap());
        for variant in 0..4 {
            tally.check(format, &name, &text, variant + 4 * i as u64);
        }
        for n in 0..count(200) / 50 {
            tally.check(format, &format!("{name}, damaged {n}"), &damaged(&text, &mut random), n);
        }
    }
    for seed in 0..count(200) {
        let text = document(ending, &mut Random::new(seed + 100_000));
        tally.check(format, &format!("seed {seed}"), &text, seed);
        tally.check(format, &format!("seed {seed}, damaged"), &damaged(&text, &mut random), seed);
    }
    tally.close(ending, files.len() * 2);
}

#[test]
fn yaml() {
    check(Format::Yaml);
}

#[test]
fn json() {
    check(Format::Json);
}

#[test]
fn dotenv() {
    check(Format::Dotenv);
}

#[test]
fn ini() {
    check(Format::Ini);
}

#[test]
fn toml() {
    check(Format::Toml);
}
