//! `set` and `unset` at random places of the corpora, by ours under the name `sops` and by the real one on the same sealed files: the same exit code and,
//! as sops opens them, the same data. `LEAFCRYPT_RANDOM` says how many files.

use std::process::Output;

use leafcrypt::formats::{Document, Format, Item, Member, ScanOptions, Tree};

use crate::convert::parallel;
use crate::random_tree::{Random, count};
use crate::tools::{Place, Program, corpus, sops};

const FOLDERS: [(&str, &str); 4] = [("yaml", "yaml"), ("json", "json"), ("dotenv", "env"), ("ini", "ini")];
/// Values, as JSON.
const VALUES: [&str; 14] = [
    "\"new\"",
    "\"\"",
    "\"two\\nlines\\n\"",
    "\" blank: # first\"",
    "\"é, \\\"quotes\\\" and ]\"",
    "\"5\"",
    "true",
    "7",
    "-1.5",
    "null",
    "{}",
    "{\"k\": \"v\", \"l\": {\"m\": false}}",
    "[\"x\"]",
    "no JSON",
];

/// Every place of a tree, as `set` takes it: what is there, one more in each map and list, and one below each leaf.
fn places(tree: &Tree, at: &str, out: &mut Vec<String>) {
    if !at.is_empty() {
        out.push(at.to_owned());
    }
    match tree {
        Tree::Map(members) => {
            for member in members {
                if let Member::Entry(key, below) = member {
                    places(below, &format!("{at}[\"{}\"]", String::from_utf8_lossy(key)), out);
                }
            }
            out.push(format!("{at}[\"a new one\"]"));
            out.push(format!("{at}[\"new\"][\"deeper\"]"));
            out.push(format!("{at}[0]"));
        }
        Tree::List(items) => {
            let items: Vec<&Tree> =
                items.iter().filter_map(|item| if let Item::Value(below) = item { Some(below) } else { None }).collect();
            for (i, below) in items.iter().enumerate() {
                places(below, &format!("{at}[{i}]"), out);
            }
            out.push(format!("{at}[{}]", items.len() + 3));
            out.push(format!("{at}[\"no number\"]"));
        }
        Tree::Null | Tree::Value(_) => {
            out.push(format!("{at}[\"below\"]"));
            out.push(format!("{at}[2]"));
        }
    }
}

fn check(place: &Place, seed: u64, files: &[(&str, &str, std::path::PathBuf)]) -> Vec<String> {
    let random = &mut Random::new(seed);
    let (folder, ending, path) = &files[random.below(files.len())];
    let case = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
    let format = Format::of_name(&format!("f.{ending}"), true);
    let name = |what: &str| format!("{seed}-{what}.{ending}");
    place.write(&name("plain"), std::fs::read(path).unwrap());
    let by = if random.below(2) == 0 { Program::Sops } else { Program::AsSops };
    let sealed = place.call(by, ["encrypt", "--age", &place.recipient, &name("plain")]).run();
    place.write(&name("sealed"), &sealed.stdout);
    let opened = place.call(Program::Sops, ["decrypt", &name("sealed")]).run();
    if !sealed.status.success() || !opened.status.success() {
        return Vec::new();
    }
    let Ok(document) = Document::parse(format, &opened.stdout, &ScanOptions::PLAIN) else { return Vec::new() };
    let mut all = Vec::new();
    places(&document.trees()[0], "", &mut all);
    // No argument can hold it.
    all.retain(|at| !at.contains('\0'));
    // As JSON there are no comments, which each places in its own way; ENV and INI have one type only, and keep it.
    let typed = matches!(format, Format::Yaml | Format::Json);
    let infinite = [".inf", ".nan"].iter().any(|word| String::from_utf8_lossy(&opened.stdout).contains(word));
    let to: &[&str] = if typed && !infinite { &["--output-type", "json"] } else { &[] };
    let mut wrong = Vec::new();
    for _ in 0..3 {
        let at = &all[random.below(all.len())];
        let value = VALUES[random.below(VALUES.len())];
        let mut args = vec![if random.below(4) == 0 { "unset" } else { "set" }];
        args.extend((random.below(4) == 0).then_some("--idempotent=true"));
        let run = |program: Program, file: &str| {
            place.write(file, &sealed.stdout);
            let mut args: Vec<&str> = args.clone();
            args.extend([file, at]);
            args.extend((args[0] == "set").then_some(value));
            let done = place.call(program, &args).run();
            (done, place.call(Program::Sops, [&["decrypt", file][..], to].concat()).run())
        };
        let (theirs, their_data) = run(Program::Sops, &name("theirs"));
        let (ours, our_data) = run(Program::AsSops, &name("ours"));
        let same_data = (their_data.status.code(), unsigned(&their_data.stdout)) == (our_data.status.code(), unsigned(&our_data.stdout));
        if theirs.status.code() == ours.status.code() && same_data || known(format, &case, &ours, &theirs, &their_data) {
            continue;
        }
        let shown = |done: &Output| {
            let text =
                format!("exit {:?} {}{}", done.status.code(), String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            text.chars().take(500).collect::<String>()
        };
        let outcomes = [&ours, &theirs, &our_data, &their_data].map(shown);
        wrong.push(format!("{seed} {case}, sealed by {by:?}: {} {at} {value}\n{}", args.join(" "), outcomes.join("\n---\n")));
    }
    wrong
}

/// Zero without its sign: a whole float of SOPS's is an integer from our first change on, and those have none.
fn unsigned(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = |line: &str| match line.trim_end_matches(',').strip_suffix(": -0") {
        Some(start) => format!("{start}: 0\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Differences with a row in `docs/sops-compatibility.md`.
fn known(format: Format, case: &str, ours: &Output, theirs: &Output, their_data: &Output) -> bool {
    let says = |words: &str| String::from_utf8_lossy(&ours.stderr).contains(words);
    match (theirs.status.code(), ours.status.code()) {
        // "paths that make SOPS panic"
        (Some(2), Some(1 | 7)) => theirs.stderr.starts_with(b"panic:"),
        // "what ENV and INI cannot hold": SOPS's file never opens again.
        (Some(0), Some(4)) if matches!(format, Format::Dotenv | Format::Ini) => !their_data.status.success(),
        // "a change below a YAML anchor that has aliases"
        (Some(0), Some(4)) => says("alias"),
        // "one that a comment has"
        (Some(0 | 1), Some(7)) => says("is a comment, which SOPS counts as an item"),
        // "of a doubled key mean the last one"
        (Some(0), Some(0)) => ["doubled", "repeated"].iter().any(|word| case.contains(word)),
        _ => false,
    }
}

#[test]
fn at_random_places() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let files: Vec<_> =
        FOLDERS.iter().flat_map(|&(folder, ending)| corpus(folder, ending).into_iter().map(move |path| (folder, ending, path))).collect();
    let seeds: Vec<u64> = (0..count(40)).collect();
    let wrong = parallel(&seeds, |seed| check(&place, *seed, &files));
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// A position among comments means the item that it means to SOPS, which counts each line of them: else a script would read, or write over, another secret. As
/// `leafcrypt` items alone count.
#[test]
fn positions_among_comments() {
    let plain = "l:\n    # one\n    - name: a # behind\n      pw: first\n    # two\n    # lines\n    - name: b\n      pw: second\n    - third # here\n    # below\n";
    let place = Place::new();
    place.write("p.yaml", plain);
    let sealers = sops().map(|_| Program::Sops).into_iter().chain([Program::AsSops, Program::Ours]);
    let sealed: Vec<_> = sealers.map(|sealer| place.call(sealer, ["encrypt", "--age", &place.recipient, "p.yaml"]).run().stdout).collect();
    let mut met = [0, 0];
    for sealed in &sealed {
        for n in 0..10 {
            let at = format!("[\"l\"][{n}]");
            let below = format!("{at}[\"pw\"]");
            for call in [
                &["decrypt", "--extract", &at, "f.yaml"][..],
                &["decrypt", "--extract", &below, "f.yaml"],
                &["set", "f.yaml", &at, "\"new\""],
                &["set", "f.yaml", &below, "\"new\""],
                &["unset", "f.yaml", &at],
                &["unset", "f.yaml", &below],
            ] {
                let run = |program: Program| {
                    place.write("f.yaml", sealed);
                    let done = place.call(program, call).run();
                    let data = place.as_sops(["decrypt", "--output-type", "json", "f.yaml"]).stdout;
                    (done.status.code(), String::from_utf8(done.stdout).unwrap(), String::from_utf8(data).unwrap(), done.stderr)
                };
                let ours = run(Program::AsSops);
                if String::from_utf8_lossy(&ours.3).contains("is a comment") {
                    met[0] += 1;
                    assert_eq!(ours.0, Some(if call[0] == "decrypt" { 1 } else { 7 }), "{call:?}");
                    continue;
                }
                met[1] += 1;
                if sops().is_some() {
                    let theirs = run(Program::Sops);
                    // Of a name below a text it panics.
                    assert!(ours.0 == theirs.0 || theirs.3.starts_with(b"panic:"), "{call:?}: {ours:?} {theirs:?}");
                    assert!((&ours.1, &ours.2) == (&theirs.1, &theirs.2), "{call:?}: {ours:?} {theirs:?}");
                }
            }
        }
    }
    assert!(met[0] > 30 && met[1] > 40, "{met:?}");
    place.write("f.yaml", sealed.last().unwrap());
    let extracted =
        |program: Program, n: usize| place.call(program, ["decrypt", "--extract", &format!("[\"l\"][{n}][\"pw\"]"), "f.yaml"]).run().stdout;
    assert_eq!(extracted(Program::Ours, 1), b"second");
    assert_eq!((extracted(Program::AsSops, 1), extracted(Program::AsSops, 4)), (b"first".to_vec(), b"second".to_vec()));
}

/// A number or boolean set in INI has SOPS's type in its token: a script sets a port and extracts it. It stays so when something else changes, and goes when a
/// text is set.
#[test]
fn numbers_of_ini() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.write("p.ini", "[s]\nport = one\nother = x\n");
    for sealer in [Program::Sops, Program::AsSops] {
        let sealed = place.call(sealer, ["encrypt", "p.ini"]).run().stdout;
        for value in ["5432", "5432.0", "1e21", "-0.5", "true", "12345678901234567", "\"5432\""] {
            let run = |program: Program, args: &[&str]| {
                let done = place.call(program, args).env("EDITOR", "sed -i s/two/three/").run();
                assert!(done.status.success(), "{program:?} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
                String::from_utf8(done.stdout).unwrap()
            };
            let extracted = |file: &str| {
                let [theirs, ours] =
                    [Program::Sops, Program::AsSops].map(|reader| run(reader, &["decrypt", "--extract", "[\"s\"][\"port\"]", file]));
                assert_eq!(theirs, ours, "{sealer:?} {value}");
                ours
            };
            let [theirs, mine] = [(Program::Sops, "theirs.ini"), (Program::AsSops, "ours.ini")].map(|(program, file)| {
                place.write(file, &sealed);
                // The text that it has anyway: its type is another all the same.
                run(program, &["set", file, "[\"s\"][\"port\"]", "\"5432.0\""]);
                run(program, &["set", file, "[\"s\"][\"port\"]", value]);
                (extracted(file), run(Program::Sops, &["decrypt", "--output-type", "json", file]))
            });
            assert_eq!(theirs, mine, "{sealer:?} {value}");
            for args in [
                &["set", "--idempotent", "ours.ini", "[\"s\"][\"port\"]", value][..],
                &["set", "ours.ini", "[\"s\"][\"other\"]", "\"two\""],
                &["edit", "ours.ini"],
                &["rotate", "-i", "ours.ini"],
            ] {
                run(Program::AsSops, args);
                assert_eq!(extracted("ours.ini"), mine.0, "{sealer:?} {value} {args:?}");
            }
            run(Program::AsSops, &["set", "ours.ini", "[\"s\"][\"port\"]", "\"7\""]);
            assert_eq!(extracted("ours.ini"), "7");
        }
    }
}
