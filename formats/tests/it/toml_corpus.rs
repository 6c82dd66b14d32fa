//! All files of `testdata/lossless/toml` and `testdata/broken/toml`, and texts made at random.

use std::path::PathBuf;

use leafcrypt_formats::{Document, Format, LeafId, ScanOptions, Value};

use crate::random::{Random, damaged, document};
use crate::toml_support::{plain, round_trip};

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(folder).join("toml");
    let mut files: Vec<_> = std::fs::read_dir(path)
        .expect("the folder is there")
        .map(|f| f.expect("it can be listed").path())
        .map(|p| (p.file_name().expect("a file").to_string_lossy().into_owned(), std::fs::read(&p).expect("it can be read")))
        .collect();
    files.sort();
    files
}

#[test]
fn awkward_files_come_back() {
    let files = files("lossless");
    assert!(files.len() >= 40, "{}", files.len());
    for (name, text) in files {
        println!("{name}");
        round_trip(&text, |_| true);
        round_trip(&text, |i| i % 2 == 0);
        round_trip(&text, |i| i % 3 == 1);
        round_trip(&text, |_| false);
    }
}

#[test]
fn broken_files_are_refused_without_a_piece_of_them() {
    let files = files("broken");
    assert!(files.len() >= 30, "{}", files.len());
    for (name, text) in files {
        let Err(error) = Document::parse(Format::Toml, &text, &ScanOptions::PLAIN) else { panic!("{name} was read") };
        assert!(error.line >= 1 && error.column >= 1, "{name}");
        assert!(!error.to_string().contains("hunter2"), "{name}: {error}");
        assert!(
            toml::from_str::<toml::Table>(&String::from_utf8_lossy(&text)).is_err() || name == "not-utf8.toml",
            "{name}: the judge reads it"
        );
    }
}

#[test]
fn what_is_printed_reads_back() {
    for (name, text) in files("lossless") {
        let trees = plain(&text).trees();
        let printed = leafcrypt_formats::print(Format::Toml, &trees, &Default::default()).expect("TOML holds TOML").text;
        let shown = String::from_utf8_lossy(&printed).into_owned();
        let (a, b) = (toml::from_str::<toml::Table>(std::str::from_utf8(&text).expect("UTF-8")), toml::from_str::<toml::Table>(&shown));
        let (a, b) = (a.expect("the judge reads it"), b.unwrap_or_else(|e| panic!("{name}: {e}\n{shown}")));
        // Debug, for NaN; sorted, for tables move behind scalars.
        assert_eq!(sorted(&toml::Value::Table(a)), sorted(&toml::Value::Table(b)), "{name}\n{shown}");
        let again = leafcrypt_formats::print(Format::Toml, &plain(&printed).trees(), &Default::default()).expect("it was printed").text;
        assert_eq!(shown, String::from_utf8_lossy(&again), "{name}: a fixed point");
        let notes = |t: &[u8]| plain(t).comments().len();
        assert_eq!(notes(&text), notes(&printed), "{name}: comments\n{shown}");
    }
}

fn sorted(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(t) => {
            let mut all: Vec<String> = t.iter().map(|(k, v)| format!("{k:?}={}", sorted(v))).collect();
            all.sort();
            format!("{{{}}}", all.join(","))
        }
        toml::Value::Array(a) => format!("[{}]", a.iter().map(sorted).collect::<Vec<_>>().join(",")),
        toml::Value::Float(f) if f.is_nan() => "nan".to_owned(),
        // Named difference: dates are strings in a tree, so they are printed in quotes.
        toml::Value::String(s) if s.parse::<toml::value::Datetime>().is_ok() => {
            format!("{:?}", toml::Value::Datetime(s.parse().expect("just parsed")))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn random_texts_come_back() {
    let mut random = Random::new(1);
    let mut read = 0;
    for _ in 0..1500 {
        let text = document("toml", &mut random);
        if Document::parse(Format::Toml, &text, &ScanOptions::PLAIN).is_err() {
            continue;
        }
        read += 1;
        round_trip(&text, |_| true);
        let odd = random.below(2);
        round_trip(&text, |i| i % 2 == odd);
    }
    assert!(read > 700, "only {read} were TOML");
}

#[test]
fn a_random_leaf_can_be_set() {
    let mut random = Random::new(2);
    for (name, text) in files("lossless") {
        let document = plain(&text);
        for i in 0..document.leaves().len() {
            let new =
                [Value::text("new 'x' \"\"\" \\ é\n\u{1}'''"), Value::Int(-5), Value::Float(1e300), Value::Bool(true), Value::text("")];
            let new = &new[random.below(5)];
            let changed = crate::edits::set(&document, LeafId(i as u32), new).expect("TOML can hold it");
            let changed = plain(&changed);
            assert_eq!(changed.leaves().len(), document.leaves().len(), "{name}");
            for j in 0..document.leaves().len() {
                let expected = if i == j { new.clone() } else { document.value(LeafId(j as u32)) };
                assert!(changed.value(LeafId(j as u32)).same(&expected), "{name}: {i} {j}");
            }
        }
    }
}

#[test]
fn damaged_files_come_back_or_are_refused() {
    let mut random = Random::new(3);
    let mut read = 0;
    for (_, text) in files("lossless").into_iter().chain(files("broken")) {
        for _ in 0..60 {
            let text = damaged(&text, &mut random);
            // One that has come to hold a key `sops` counts as sealed, and is refused.
            if Document::parse(Format::Toml, &text, &ScanOptions::PLAIN).is_ok_and(|document| document.blocks().is_empty()) {
                read += 1;
                round_trip(&text, |i| i % 2 == 0);
            }
        }
    }
    assert!(read > 500, "only {read} were TOML");
}
