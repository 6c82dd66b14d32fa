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

/// Texts that SOPS opens into quotes and lines, and comments that it has made items: their tokens stand bare in what it seals, as they stay.
#[test]
fn one_value_is_one_line() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    let yaml = "a: \"yes\"\nb: 'q: s'\nc: |\n  t\n  u\nd: |+\n  t\n\ne: \"\\t\"\nl:\n  # top\n  - x\n  # c\n  - \"1\"\n  - m: 'n: o'\n    # d\n  # end\nn: ''\np: []\n  # alone\nz: 1\n";
    let json = "{\"a\": \"yes\", \"l\": [\"<\", 1.0], \"z\": 1}\n";
    for (file, plain) in
        [("a.yaml", yaml), ("a.json", json), ("a.env", "a=\"yes\"\n#c\nb=two\\nlines\nz=1\n"), ("a.ini", "[s]\na = `;`\n; c\nz = 1\n")]
    {
        place.write(file, plain);
        assert!(place.sops(["encrypt", "-i", file]).unwrap().status.success());
        let sealed = place.read(file);
        let changed = |from: &[u8], but: &[&str]| {
            let (from, now) = (String::from_utf8(from.to_vec()).unwrap(), String::from_utf8(place.read(file)).unwrap());
            let stays = |line: &&str| !but.iter().any(|name| line.trim_start_matches(['\t', ' ', '"']).starts_with(name));
            let all = |text: &str| text.lines().filter(stays).map(str::to_owned).collect::<Vec<_>>();
            (all(&from), all(&now))
        };
        let at = if file == "a.ini" { r#"["s"]["z"]"# } else { r#"["z"]"# };
        let but = ["z", "mac", "lastmodified", "leafcrypt", "version", "sops_"];
        let set = |program: Program, to: &str| {
            let before = place.read(file);
            assert!(place.call(program, ["set", file, at, to]).run().status.success(), "{program:?} {file}");
            let (before, after) = changed(&before, &but);
            assert_eq!(before, after, "{program:?} {file}");
        };
        set(Program::Ours, "\"2\"");
        set(Program::Ours, "\"3\"");
        let opened = place.sops(["decrypt", file]).unwrap();
        assert!(opened.status.success());
        assert_eq!(place.ours(["decrypt", "--strict", file]).stdout, opened.stdout, "{file}");
        set(Program::AsSops, "\"4\"");
        place.write(file, &sealed);
        let edited = place.call(Program::Ours, ["edit", file]).env("EDITOR", "sed -i s/z:/zz:/").run();
        assert!(edited.status.success() || file != "a.yaml", "{}", String::from_utf8_lossy(&edited.stderr));
        let (before, after) = changed(&sealed, &but);
        assert_eq!(before, after, "edit {file}");
        // With new tokens the lines are others, but not how they stand.
        place.write(file, &sealed);
        assert!(place.ours(["rotate", "-i", file]).status.success());
        let shape = |lines: Vec<String>| lines.iter().map(|line| line.split("ENC[").next().unwrap().to_owned()).collect::<Vec<_>>();
        let but = [&but[..], &["enc", "recipient", "- recipient", "created_at", "-", "created"]].concat();
        let (before, after) = changed(&sealed, &but);
        if file == "a.yaml" {
            let block = |line: &String| line.starts_with("sops:");
            let shown = |lines: Vec<String>| shape(lines.into_iter().take_while(|line| !block(line)).collect());
            assert_eq!(shown(before), shown(after), "rotate {file}");
        }
    }
}

/// A float to SOPS 3.11, and so in its MAC; in YAML SOPS itself does not open what it has sealed so.
#[test]
fn zero_with_a_sign_in_clear() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.write("a.json", "{\"a\": -0.0, \"b\": {\"c_unencrypted\": -0, \"d\": \"x\"}, \"e_unencrypted\": [-0, 0, -0.0]}\n");
    assert!(place.sops(["encrypt", "-i", "a.json"]).unwrap().status.success());
    let theirs = place.sops(["decrypt", "a.json"]).unwrap();
    for program in [Program::Ours, Program::AsSops] {
        let done = place.call(program, ["decrypt", "a.json"]).run();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.stdout, theirs.stdout);
    }
    // Changed in clear it is still told.
    let sealed = String::from_utf8(place.read("a.json")).unwrap();
    place.write("a.json", sealed.replacen("-0", "-1", 1));
    assert_eq!(place.ours(["decrypt", "a.json"]).status.code(), Some(51));
    place.write("a.json", &sealed);
    // Who sealed it opens it also after us.
    for args in [&["set", "a.json", "[\"b\"][\"d\"]", "\"y\""][..], &["rotate", "-i", "a.json"], &["unset", "a.json", "[\"a\"]"]] {
        assert!(place.ours(args).status.success());
        assert!(place.ours(["decrypt", "--strict", "a.json"]).status.success());
        let theirs = place.sops(["decrypt", "a.json"]).unwrap();
        assert!(theirs.status.success(), "{args:?}: {}", String::from_utf8_lossy(&theirs.stderr));
    }
}

/// A float that is zero keeps the sign that it was set with, in its token, and so for SOPS.
#[test]
fn zero_with_a_sign_is_set() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    for (file, plain) in [("z.yaml", "a: b\n"), ("z.json", "{\"a\": \"b\"}\n")] {
        let sealed = place.seal(file, plain);
        for value in ["-0.0", "-0e0", "-1e-400", "{\"a\":-0.0}", "{\"a\":[5.0,-0.0]}"] {
            for (at, reader) in [("z", Program::Sops), ("a", Program::AsSops)] {
                let at = format!("[\"{at}\"]");
                let opened = [Program::Sops, Program::AsSops].map(|program| {
                    place.write(file, &sealed);
                    let set = place.call(program, ["set", file, &at, value]).run();
                    assert!(set.status.success(), "{program:?} {file} {value}: {}", String::from_utf8_lossy(&set.stderr));
                    let opened = place.call(reader, ["decrypt", "--extract", &at, file]).run();
                    assert!(opened.status.success(), "{program:?} {file} {value}");
                    String::from_utf8(opened.stdout).unwrap()
                });
                assert!(opened[0] == opened[1] && opened[0].contains("-0"), "{file} {value}: {opened:?}");
            }
        }
    }
}

/// For SOPS such a comment is in the list, for us below it.
#[test]
fn a_list_of_comments_alone_changes_once() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.write("a.yaml", "o: [] # lone\nz: 1\n");
    assert!(place.sops(["encrypt", "-i", "a.yaml"]).unwrap().status.success());
    let start = |text: Vec<u8>| String::from_utf8(text).unwrap().split("ENC[").next().unwrap().to_owned();
    assert_eq!(start(place.read("a.yaml")), "o:\n    - ");
    assert!(place.ours(["set", "a.yaml", "[\"z\"]", "2"]).status.success());
    assert_eq!(start(place.read("a.yaml")), "o: []\n#");
}

/// A comment that was an item, and has come to stand where there is no list: then all lines stand as their values do.
#[test]
fn an_item_that_is_none_any_more() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.write("a.yaml", "a: \"yes\"\nl:\n  - x\n  # c\n  - y\nz: 1\n");
    assert!(place.sops(["encrypt", "-i", "a.yaml"]).unwrap().status.success());
    let moved = "a: \"yes\"\nl:\n      # c\n    - x\n    - y\nz: 1\n";
    place.write("moved", moved);
    let edited = place.call(Program::Ours, ["edit", "a.yaml"]).env("EDITOR", format!("cp {}", place.path("moved").display())).run();
    assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    let opened = place.ours(["decrypt", "--strict", "a.yaml"]);
    assert_eq!(String::from_utf8_lossy(&opened.stdout), moved);
    assert!(place.sops(["decrypt", "a.yaml"]).unwrap().status.success());
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

/// A map that is given to a section of INI has SOPS's types, entry by entry, and a text in place of a number that is spelled so is a text. Integers in a map
/// stay integers, as in SOPS from 3.13.2 on; to 3.11 they are floats, which JSON and `--extract` print alike.
#[test]
fn types_of_ini() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.write("p.ini", "[s]\nport = one\nother = x\n");
    let sealed = place.sops(["encrypt", "p.ini"]).unwrap().stdout;
    let (section, port, map) =
        ("[\"s\"]", "[\"s\"][\"port\"]", "{\"port\": 5.5, \"big\": 1e30, \"is\": true, \"text\": \"5\", \"n\": 5432}");
    let cases: [&[[&str; 2]]; 8] = [
        &[[section, map]],
        &[["[\"new\"]", map], [section, map]],
        &[["[\"DEFAULT\"]", map]],
        &[[section, map], [section, "{\"port\": \"5.5\", \"is\": \"true\", \"text\": 0.5}"]],
        &[[section, map], ["[\"s\"][\"other\"]", "\"z\""]],
        &[[port, "5.5"], [port, "\"5.5\""]],
        &[[port, "5432"], [port, "\"5432.0\""]],
        &[[port, "true"], [port, "\"true\""], [port, "true"]],
    ];
    for case in cases {
        let seen = [(Program::Sops, "theirs.ini"), (Program::AsSops, "ours.ini")].map(|(program, file)| {
            let run = |program: Program, args: &[&str]| {
                let done = place.call(program, args).run();
                assert!(done.status.success(), "{program:?} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
                String::from_utf8(done.stdout).unwrap()
            };
            place.write(file, &sealed);
            for [at, value] in case {
                run(program, &["set", file, at, value]);
            }
            let json = [Program::Sops, Program::AsSops].map(|reader| run(reader, &["decrypt", "--output-type", "json", file]));
            assert_eq!(json[0], json[1], "{program:?} {case:?}");
            let before = place.read(file);
            let [at, value] = case.last().unwrap();
            run(program, &["set", "--idempotent", file, at, value]);
            // Once more it is nothing new; of whole numbers in a map that is our own view.
            assert!(program == Program::Sops || before == place.read(file), "{case:?}");
            run(program, &["unset", file, at]);
            (json, run(Program::Sops, &["decrypt", "--output-type", "json", file]))
        });
        assert_eq!(seen[0], seen[1], "{case:?}");
    }
}

/// SOPS makes items of the comments when it seals YAML as JSON, and counts them there, too.
#[test]
fn positions_among_comments_in_json() {
    let place = Place::new();
    place.write("p.yaml", "l:\n    # one\n    - name: a\n      pw: first\n    # two\n    - name: b\n      pw: second\n");
    let Some(sealed) = place.sops(["encrypt", "--age", &place.recipient, "--output-type", "json", "p.yaml"]) else { return };
    let run = |program: Program, call: &[&str]| {
        place.write("f.json", &sealed.stdout);
        let done = place.call(program, call).run();
        (done.status.code(), done.stdout, place.call(Program::Sops, ["decrypt", "f.json"]).run().stdout)
    };
    for at in ["[\"l\"][1][\"pw\"]", "[\"l\"][3][\"pw\"]", "[\"l\"][3]", "[\"l\"][4]"] {
        for call in [&["decrypt", "--extract", at, "f.json"][..], &["set", "f.json", at, "\"new\""], &["unset", "f.json", at]] {
            assert!(run(Program::AsSops, call) == run(Program::Sops, call), "{call:?}");
        }
    }
    assert_eq!(run(Program::AsSops, &["set", "f.json", "[\"l\"][2]", "\"new\""]).0, Some(7));
    assert_eq!(run(Program::Ours, &["decrypt", "--extract", "[\"l\"][1][\"pw\"]", "f.json"]).1, b"second");
}
