//! INI: the corpora, random and damaged documents come back byte for byte, or are refused.

use leafcrypt_formats::{Document, Format, LeafId, ScanOptions, Value};

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

/// Inside quotes a line that ends in a backslash goes on, also with the quote in it.
#[test]
fn a_backslash_behind_a_closing_quote() {
    let read = |text: &str| {
        let document = Document::parse(Format::Ini, text.as_bytes(), &ScanOptions::PLAIN).map_err(|e| e.to_string())?;
        Ok::<_, String>((0..document.leaves().len()).map(|i| document.value(LeafId(i as u32))).collect::<Vec<_>>())
    };
    let values = |all: &[&str]| Ok(all.iter().copied().map(Value::text).collect::<Vec<_>>());
    assert_eq!(read("k=`a\nb`=1\\\nc`\nz=1\n"), values(&["a\nb`=1\\\nc", "1"]));
    assert_eq!(read("k=`a\nb` ; x\\ \t\r\nc` # d\n"), values(&["a\nb` ; x\\ \t\r\nc"]));
    assert_eq!(read("k=\"\"\"a\nb\"\"\"\\\nc\"\"\"\n"), values(&["a\nb\"\"\"\\\nc"]));
    // Not on the first line, and not right before the quote.
    assert_eq!(read("k=`a` \\\nz=1\n"), values(&["a", "1"]));
    assert_eq!(read("k=`a\nb\\`\nz=1\n"), values(&["a\nb\\", "1"]));
    assert!(read("k2=`%(a)s\n`b9`=1\\\nk3=x\n").is_err());
}

/// SOPS drops such text. A file that has it must open all the same, and be edited.
#[test]
fn text_that_is_part_of_nothing_is_not_sealed() {
    for (text, line) in [
        ("[s] hunter2\na = x\n", 1),
        ("a = x\n[s] hunter2 ; c\n", 2),
        ("[s] # see [t], hunter2\na = x\n", 1),
        ("[s]\rhunter2 = hunter2\rb = hunter2\r", 1),
        ("[s]\n\"a\" hunter2 = x\n", 2),
        ("[s]\n\"a\" hunter2 \"b\" = x\n", 2),
        ("[s]\n`a` hunter2 = x\n", 2),
        ("[s]\n\"\"\"a\"\"\" hunter2 = x\n", 2),
    ] {
        let error = seal(Format::Ini, text.as_bytes(), &|_| true).map(|_| ()).unwrap_err();
        assert!(error.starts_with(&format!("line {line}: what stands")) && !error.contains("hunter2"), "{error}");
        assert!(error.contains("carriage return") == text.contains('\r'), "{error}");
        assert!(Document::parse(Format::Ini, text.as_bytes(), &ScanOptions::PLAIN).is_ok(), "{text}");
    }
}

/// A run of comment lines is one comment; in a sealed text each line that looks like a token would be one of its own.
#[test]
fn what_looks_like_a_token_in_a_run_of_clear_comments_is_refused() {
    const TOKEN: &str = "ENC[AES256_GCM,data:hunter2,iv:aa==,tag:aa==,type:comment]";
    let run = format!("; a\n; {TOKEN}\n; b\n[s]\n; c\n\n; ENC[\nk = v\n");
    let leaves = 1;
    assert_round(Format::Ini, "covered", run.as_bytes(), &|_| true);
    for text in [&run, "; c\n\n  ;; ENC[\nk = v\n", "# ENC[\n# d\nk = v\n"] {
        let error = seal(Format::Ini, text.as_bytes(), &|i| i < leaves).map(|_| ()).unwrap_err();
        assert!(error.contains("one of which looks like a token") && !error.contains("hunter2"), "{error}");
    }
    // Alone it is one comment, there as here.
    for text in [format!("; {TOKEN}\nk = v\n"), format!("; a\nk = v ; {TOKEN}\n")] {
        assert_round(Format::Ini, "alone", text.as_bytes(), &|i| i < leaves);
    }
}

#[test]
fn random_documents_come_back() {
    let (mut random, mut read) = (Random::new(2), 0);
    for seed in 0..3000 {
        let text = document("ini", &mut Random::new(seed));
        for text in [damaged(&text, &mut random), text] {
            let is_refused = || seal(Format::Ini, &text, &|_| true).is_err_and(|why| why.contains("is part of nothing"));
            if Document::parse(Format::Ini, &text, &ScanOptions::PLAIN).is_ok() && !is_refused() {
                read += 1;
                assert_round(Format::Ini, &format!("seed {seed}"), &text, &|_| true);
            }
        }
    }
    assert!(read > 2000, "only {read} are INI");
}
