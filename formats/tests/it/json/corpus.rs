//! JSON: the files of `testdata/lossless/json` come back byte for byte, those of `testdata/broken/json` are refused as
//! `expected.tsv` says. The real sops (3.11) seals and opens each of the former, `doubled-keys` included.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use leafcrypt_formats::{Document, Format, ScanOptions};

use super::round_trip;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name.replace("lossless/", "lossless/json/"))
        .join(if name.contains("/") { "" } else { "json" })
}

/// The JSON files of a folder, by name.
pub fn files(name: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder(name))
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| (path.file_name().expect("a file").to_string_lossy().into_owned(), fs::read(&path).expect("readable")))
        .collect();
    files.sort();
    files
}

#[test]
fn awkward_files_come_back() {
    let files = files("lossless");
    assert!(files.len() >= 50);
    for (name, text) in &files {
        println!("{name}");
        round_trip(text, |_| true);
        round_trip(text, |_| false);
        round_trip(text, |i| i % 2 == 0);
        round_trip(text, |i| i % 3 == 1);
    }
}

#[test]
fn hints_are_the_exception() {
    // Plain files in any layout need none at all.
    for name in ["sops-layout", "two-blanks", "four-blanks", "one-line", "crlf", "blanks-everywhere", "comma-first", "raw-unicode", "deep"]
    {
        let text = fs::read(folder("lossless").join(format!("{name}.json"))).expect("readable");
        let (_, hints) = round_trip(&text, |i| name != "blanks-everywhere" || i > 9);
        assert!(hints.is_empty(), "{name}: {hints:?}");
    }
}

#[test]
fn broken_files_are_refused() {
    let table = fs::read_to_string(folder("broken").join("expected.tsv")).expect("readable");
    let mut named = BTreeSet::new();
    for row in table.lines() {
        let [name, class, place, what] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("a row of four: {row}") };
        let text = fs::read(folder("broken").join(name)).expect("readable");
        let error = Document::parse(Format::Json, &text, &ScanOptions::PLAIN).err().unwrap_or_else(|| panic!("{name} is accepted"));
        let shown = (format!("{:?}", error.class), format!("{}:{}", error.line, error.column), error.what);
        assert_eq!(shown, (class.to_owned(), place.to_owned(), what.to_owned()), "{name}");
        named.insert(name.to_owned());
    }
    let there: BTreeSet<String> = files("broken").into_iter().map(|f| f.0).collect();
    assert_eq!(named, there, "every file has its row");
    assert!(there.len() >= 30);
}
