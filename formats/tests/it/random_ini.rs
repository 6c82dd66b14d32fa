//! INI: the corpora, random and damaged documents come back byte for byte, or are refused.

use leafcrypt_formats::{Document, Format, ScanOptions};

use crate::flat::{assert_round, files, seal};
use crate::random::{Random, damaged, document};

#[test]
fn the_corpus_comes_back_byte_for_byte() {
    let files = files("lossless/ini");
    assert!(files.len() >= 60);
    for (name, source) in &files {
        assert_round(Format::Ini, name, source, &|_| true);
        for part in 0..3 {
            if seal(Format::Ini, source, &|i| i % 3 != part).is_ok() {
                assert_round(Format::Ini, name, source, &|i| i % 3 != part);
            }
        }
    }
}

#[test]
fn broken_files_are_refused() {
    for (name, source) in files("broken/ini") {
        assert!(Document::parse(Format::Ini, &source, &ScanOptions::PLAIN).is_err(), "{name} is read");
    }
}

#[test]
fn random_documents_come_back() {
    let (mut random, mut read) = (Random::new(2), 0);
    for seed in 0..3000 {
        let text = document("ini", &mut Random::new(seed));
        for text in [damaged(&text, &mut random), text] {
            if Document::parse(Format::Ini, &text, &ScanOptions::PLAIN).is_ok() {
                read += 1;
                assert_round(Format::Ini, &format!("seed {seed}"), &text, &|_| true);
            }
        }
    }
    assert!(read > 2000, "only {read} are INI");
}
