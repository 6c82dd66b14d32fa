//! Awkward documents, a file each: `testdata/lossless/yaml/`.

#![allow(clippy::unwrap_used)]

use leafcrypt_formats::{Document, Format, ScanOptions};

use crate::yaml::{check_covering, try_seal};

#[test]
fn every_file_of_the_corpus_comes_back() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/lossless/yaml");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    assert!(files.len() >= 70, "the corpus has only {} files", files.len());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        eprintln!("{name}");
        let text = std::fs::read(&file).unwrap();
        // What stands at the very start or end is the caller's to repair.
        let allowed = match name {
            "directive-1.2.yaml" | "null-root.yaml" | "mark-only.yaml" | "stream.yaml" => 32,
            n if n.starts_with("no-last-newline") => 1,
            _ => 0,
        };
        check_covering(&text, |_| true, true, allowed);
        check_covering(&text, |_| true, false, allowed);
        // A clear item that looks like a sealed comment is one to whoever opens the file: such a text is refused when it is sealed.
        if name == "tokens-in-the-plain.yaml" {
            continue;
        }
        for n in (0..3).filter(|&n| try_seal(&text, |i| i % 3 == n, true).is_some()) {
            check_covering(&text, |i| i % 3 == n, true, allowed);
        }
    }
}

/// `expected.tsv`: file, class, line:column, words.
#[test]
fn broken_files_are_refused_without_a_piece_of_them() {
    let mut files = crate::flat::files("broken/yaml");
    let (_, table) = files.remove(files.iter().position(|f| f.0 == "expected.tsv").expect("there is a table"));
    let mut rows = Vec::new();
    for (name, text) in &files {
        let error = Document::parse(Format::Yaml, text, &ScanOptions::PLAIN).err().unwrap_or_else(|| panic!("{name} is read"));
        assert!(!error.what.contains("hunter2"), "{name}: {error}");
        rows.push(format!("{name}\t{:?}\t{}:{}\t{}", error.class, error.line, error.column, error.what));
    }
    let table = String::from_utf8(table).unwrap();
    assert_eq!(rows.join("\n"), table.trim_end());
}
