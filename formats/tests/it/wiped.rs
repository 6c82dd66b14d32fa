//! Nothing of a value stays in memory behind an edit (R1): this process looks for it in all that it could write to.
//!
//! A vector that grows leaves what it held where it was, and so does a text that is put together from parts; both are freed, and still there.
#![cfg(target_os = "linux")]

use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::Command;

use leafcrypt_formats::{Change, Document, Floats, Format, ScanOptions, Tree, parse_path};
use zeroize::{Zeroize as _, Zeroizing};

/// What a secret begins with, never written down: this text is in memory, too.
fn mark(i: usize) -> u8 {
    b'A' + ((i * 7 + 11) ^ (i / 3)) as u8 % 26
}

/// More than what registers hold: what copied the value last leaves its end in them, and so on the stack, which the program wipes by itself.
const MARK: usize = 160;

/// A value that no small buffer takes, with the number of its case in it at both ends. `between` comes again and again.
fn secret(case: usize, between: &str) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(10_000));
    let one = |text: &mut Vec<u8>| {
        text.extend((0..MARK).map(mark));
        text.extend_from_slice(format!("{case:03}").as_bytes());
    };
    // A freed block begins with the allocator's own notes.
    text.extend_from_slice(&[b'x'; 64]);
    one(&mut text);
    for _ in 0..200 {
        text.extend_from_slice(b"some more words");
        text.extend_from_slice(between.as_bytes());
    }
    one(&mut text);
    text
}

/// How often the secret of each case is still there.
fn left_behind() -> Vec<usize> {
    let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut part = vec![0; 1 << 16];
    let mut found = vec![0; 256];
    for line in std::fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.contains('w') {
            continue;
        }
        let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
        let (mut at, end) = range.split_once('-').map(|(from, to)| (number(from), number(to))).unwrap();
        // The allocator's own book of all memory there could be.
        while at < end && end - at < 1 << 34 {
            part.zeroize();
            part.resize(((end - at) as usize).min(1 << 16), 0);
            // Other tests run meanwhile, and what was mapped may be gone.
            if memory.seek(SeekFrom::Start(at)).is_err() || memory.read_exact(&mut part).is_err() {
                break;
            }
            for i in memchr::memchr_iter(mark(0), &part) {
                if i + MARK + 3 <= part.len() && (1..MARK).all(|n| part[i + n] == mark(n)) {
                    let case = std::str::from_utf8(&part[i + MARK..i + MARK + 3]).ok().and_then(|case| case.parse().ok());
                    found[case.unwrap_or(0_usize).min(255)] += 1;
                }
            }
            at += part.len().saturating_sub(MARK + 2).max(1) as u64;
            if part.len() < 1 << 16 {
                break;
            }
        }
    }
    part.zeroize();
    found
}

/// (format, text, path, what stands between the words)
const EDITS: &[(Format, &str, &str, &str)] = &[
    (Format::Json, "{\"a\": \"x\"}\n", "[\"a\"]", " "),
    (Format::Json, "{\"a\": \"x\"}\n", "[\"a\"]", "\"\n"),
    (Format::Json, "{\"a\": \"x\"}\n", "[\"b\"]", "\u{1}"),
    (Format::Json, "{\"a\": {\"b\": 1}}\n", "[\"a\"][\"n\"][\"new\"]", "/"),
    (Format::Json, "{\"a\": [1]}\n", "[\"a\"][1]", " "),
    (Format::Dotenv, "A=x\n", "[\"A\"]", " "),
    (Format::Dotenv, "A=x\r\n", "[\"A\"]", " "),
    (Format::Dotenv, "A=x\n", "[\"B\"]", "\n"),
    (Format::Dotenv, "", "[\"B\"]", "\n"),
    (Format::Ini, "[s]\na = x\n", "[\"s\"][\"a\"]", " "),
    (Format::Ini, "[s]\na = x\n", "[\"s\"][\"a\"]", "#;"),
    (Format::Ini, "[s]\na = \"x\"\n", "[\"s\"][\"b\"]", "\n"),
    (Format::Ini, "[s]\na = x", "[\"s\"][\"b\"]", "`"),
    (Format::Ini, "[s]\na = x\n", "[\"new\"][\"b\"]", " "),
    (Format::Ini, "[s]\na = x\n", "[\"DEFAULT\"][\"b\"]", " "),
    (Format::Yaml, "a: x\n", "[\"a\"]", " "),
    (Format::Yaml, "a: \"x\"\n", "[\"a\"]", "\"\n"),
    (Format::Yaml, "a: x\n", "[\"b\"]", "\n"),
    (Format::Yaml, "a: {b: x}\n", "[\"a\"][\"n\"][\"new\"]", ": "),
    (Format::Yaml, "a:\n- x\n", "[\"a\"][1]", " "),
    (Format::Toml, "a = \"x\"\n", "[\"a\"]", " "),
    (Format::Toml, "a = \"x\"\r\n", "[\"b\"]", "\n"),
    (Format::Toml, "a = 'x'\n", "[\"b\"]", " "),
    (Format::Toml, "a = {b = \"x\"}\n", "[\"a\"][\"n\"]", "\u{1}"),
    (Format::Toml, "[a]\nb = \"x\"\n", "[\"n\"][\"new\"]", " "),
];

/// Set in the process that looks.
const ALONE: &str = "LEAFCRYPT_TEST_WIPED";

/// By itself, and with an allocator that gives nothing out twice: else the next buffer is likely to be written over what the last one left.
#[test]
fn an_edit_leaves_no_copy() {
    if std::env::var_os(ALONE).is_none() {
        let keeper = Command::new("cc").arg("-print-file-name=libasan.so").output().expect("cc, which links Rust programs");
        let keeper = String::from_utf8(keeper.stdout).unwrap().trim().to_owned();
        if !keeper.starts_with('/') {
            assert!(std::env::var_os("CI").is_none(), "this test needs gcc's libasan");
            return;
        }
        let mut alone = Command::new(std::env::current_exe().unwrap());
        alone.args(["--exact", "wiped::an_edit_leaves_no_copy", "--nocapture"]).env(ALONE, "1").env("LD_PRELOAD", keeper);
        let output = alone.env("ASAN_OPTIONS", "quarantine_size_mb=512:detect_leaks=0").output().unwrap();
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        return;
    }
    let edited = |case: usize, number: usize| {
        let (format, text, at, between) = &EDITS[case];
        let tree = Tree::text(&*secret(number, between));
        let document = Document::parse(*format, text.as_bytes(), &ScanOptions::PLAIN).unwrap();
        let new = document.edit(&parse_path(at).unwrap(), Change::Set(&tree), Floats::Stay, &ScanOptions::PLAIN);
        new.unwrap_or_else(|e| panic!("case {case}: {e}"))
    };
    for (case, (format, ..)) in EDITS.iter().enumerate() {
        drop(edited(case, case));
        let once = edited(case, 100 + case);
        drop(Document::parse(*format, &once, &ScanOptions::PLAIN).unwrap());
    }
    let kept = secret(200, "");
    let left = left_behind();
    drop(kept);
    assert_eq!(left[200], 2, "it is still held, so it must be found, at both its ends");
    // The parsers of YAML and TOML take texts apart in buffers of their own, which nobody can wipe. An edit reads its own result once, and a YAML
    // scalar that goes into old quotes once before.
    let wrong = |&case: &usize| {
        let by_reading = left[100 + case] - left[case];
        let twice = EDITS[case].0 == Format::Yaml && left[case] == 2 * by_reading;
        let by_parser = by_reading == 0 || matches!(EDITS[case].0, Format::Yaml | Format::Toml);
        !by_parser || left[case] != by_reading && !twice
    };
    let wrong: Vec<usize> = (0..EDITS.len()).filter(wrong).collect();
    assert_eq!(wrong, Vec::<usize>::new(), "by their place in the list");
}
