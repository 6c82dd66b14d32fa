//! Sealed values under a name that tells no type (`s.enc`, `.env.prod`, `secrets.json.enc`): JSON, which sops's store for binary files reads as it
//! reads every sealed JSON. By both names, on files of ours and of the real sops; what the calls of sops do with such a file: `interop/calls.txt`.

use crate::tools::{Place, Program, sops};

/// `--input-type dotenv` alone: the values of an ENV file, in JSON.
fn sealed_by(place: &Place, program: Program, name: &str, plain: &str, kind: &str) {
    place.write(name, plain);
    let done = place.call(program, ["encrypt", "-i", "--age", &place.recipient, "--input-type", kind, name]).run();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn sealers() -> Vec<Program> {
    [Program::AsSops, Program::Sops].into_iter().filter(|program| *program != Program::Sops || sops().is_some()).collect()
}

#[test]
fn every_command_reads_it() {
    for sealer in sealers() {
        for program in [Program::Ours, Program::AsSops] {
            let place = Place::new();
            let run = |args: &[&str], code: i32| {
                let done = place.call(program, args).run();
                let told = String::from_utf8_lossy(&done.stderr).into_owned();
                assert_eq!(done.status.code(), Some(code), "{sealer:?} {program:?} {args:?}: {told}");
                (String::from_utf8(done.stdout).unwrap(), told)
            };
            let ask = |args: &[&str]| run(args, 0).0;
            for name in ["s.enc", ".env.prod", "x.conf"] {
                sealed_by(&place, sealer, name, "A=1\nB=x\n", "dotenv");
                assert_eq!(ask(&["decrypt", "--output-type", "dotenv", name]), "A=1\nB=x\n");
                assert_eq!(ask(&["decrypt", "--extract", "[\"A\"]", name]), "1");
                assert_eq!(ask(&["exec-env", name, "echo $A"]), "1\n");
                assert_eq!(ask(&["filestatus", name]), "{\"encrypted\":true}\n");
                let (nothing, told) = run(&["decrypt", name], 4);
                assert!(nothing.is_empty() && told.contains("no binary data found in tree"), "{told}");
                assert!(run(&["edit", name], 4).1.contains("no binary data found in tree"));
                ask(&["set", name, "[\"A\"]", "\"2\""]);
                ask(&["unset", name, "[\"B\"]"]);
                // For nobody vouches for what sops has sealed.
                let rotate: &[&str] = if program == Program::Ours { &["rotate", "-y", "-i", name] } else { &["rotate", "-i", name] };
                ask(rotate);
                let with_json = ask(&["exec-file", "--no-fifo", "--output-type", "json", name, "cat {}"]);
                assert_eq!(with_json.split_whitespace().collect::<String>(), "{\"A\":\"2\"}");
                if let Some(theirs) = place.sops(["decrypt", "--output-type", "dotenv", name]) {
                    assert_eq!(theirs.stdout, b"A=2\n", "{}", String::from_utf8_lossy(&theirs.stderr));
                }
            }
        }
    }
}

/// A tree with the one key `data` looks as a binary file does. What it was sealed as tells its witness; to sops it is both.
#[test]
fn a_tree_like_a_binary_file() {
    for sealer in sealers() {
        for (plain, kind, data) in
            [("{\"data\": \"x\"}\n", "json", Some("x")), ("data: x\n", "yaml", Some("x")), ("data: 1\n", "yaml", None)]
        {
            let place = Place::new();
            sealed_by(&place, sealer, "s.enc", plain, kind);
            for program in [Program::Ours, Program::AsSops] {
                let decrypt = |args: &[&str]| place.call(program, [&["decrypt", "s.enc"], args].concat()).run();
                let (whole, tree) = (decrypt(&[]), decrypt(&["--output-type", "yaml"]));
                let told = String::from_utf8_lossy(&whole.stderr);
                assert_eq!(whole.status.code(), Some(if data.is_some() { 0 } else { 4 }), "{sealer:?} {program:?} {plain}: {told}");
                assert_eq!(whole.stdout, data.unwrap_or_default().as_bytes());
                assert_eq!(String::from_utf8_lossy(&tree.stdout), plain.replace(['{', '}', '"'], ""), "{sealer:?} {program:?}");
            }
            let done = place.as_sops(["set", "s.enc", "[\"data\"]", "\"y\""]);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            if let Some(theirs) = place.sops(["decrypt", "s.enc"]) {
                assert_eq!(theirs.stdout, b"y");
            }
        }
    }
}

/// A binary file whose JSON is a little broken is none that opens as another type: its bytes would be others, and a hand, an editor or a merge has broken it.
#[test]
fn a_binary_file_that_is_broken() {
    for sealer in sealers() {
        let place = Place::new();
        sealed_by(&place, sealer, "good.bin", "hunter2\n", "binary");
        let mut json: serde_json::Value = serde_json::from_slice(&place.read("good.bin")).unwrap();
        json["sops"].as_object_mut().unwrap().remove("leafcrypt");
        let good = format!("{json:#}");
        let token = good.split('"').find(|part| part.starts_with("ENC[")).unwrap();
        let block = good.split_once("\"sops\": ").unwrap().1.trim_end().strip_suffix('}').unwrap().trim_end();
        let cases = [
            ("a byte-order mark", format!("\u{feff}{good}")),
            ("a comma too many", format!("{},\n}}\n", good.trim_end().strip_suffix('}').unwrap().trim_end())),
            ("a comment behind it", format!("{good}\n# merged\n")),
            ("a comment before it", format!("# merged\n---\n{good}\n")),
            ("YAML", format!("data: {token}\nsops: {block}\n")),
            ("YAML and an empty value", format!("data: {token}\na: ''\nsops: {block}\n")),
        ];
        for (what, text) in cases {
            place.write("s.bin", &text);
            for program in [Program::Ours, Program::AsSops, Program::Sops] {
                if program == Program::Sops && sops().is_none() {
                    continue;
                }
                for args in
                    [&["decrypt", "s.bin"][..], &["decrypt", "-i", "s.bin"], &["exec-file", "s.bin", "cat {}"], &["rotate", "-i", "s.bin"]]
                {
                    let done = place.call(program, args).run();
                    let told = String::from_utf8_lossy(&done.stderr);
                    assert!(!done.status.success() && done.stdout.is_empty(), "{sealer:?} {program:?} {what} {args:?}: {told}");
                    assert_eq!(place.read("s.bin"), text.as_bytes(), "{what}");
                }
            }
        }
        // What is YAML is opened so when it is said.
        let done = place.ours(["decrypt", "--input-type", "yaml", "s.bin"]);
        assert_eq!(String::from_utf8_lossy(&done.stdout), "data: |\n    hunter2\na: ''\n", "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Which type is printed where only that of the input is given.
#[test]
fn what_is_printed() {
    let place = Place::project();
    for (name, plain) in [("x.yaml", "a: b\n"), ("y.bin", "raw")] {
        place.seal(name, plain);
    }
    std::fs::copy(place.path("y.bin"), place.path("y.json")).unwrap();
    let programs = [Program::Ours, Program::AsSops, Program::Sops];
    for program in programs.into_iter().filter(|program| *program != Program::Sops || sops().is_some()) {
        let decrypt = |args: &[&str], input: &str| {
            let call = place.call(program, [&["decrypt"], args].concat());
            let done = if input.is_empty() { call.run() } else { call.stdin(place.read(input)).run() };
            (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap())
        };
        let ours = program == Program::Ours;
        let yaml = if ours { (0, "a: b\n".to_owned()) } else { (4, String::new()) };
        assert_eq!(decrypt(&["--input-type", "yaml"], "x.yaml"), yaml, "{program:?}");
        assert_eq!(decrypt(&["--input-type", "yaml", "--output-type", "yaml"], "x.yaml"), (0, "a: b\n".to_owned()), "{program:?}");
        let by_name = if ours { "raw" } else { "{\n\t\"data\": \"raw\"\n}\n" };
        assert_eq!(decrypt(&["--input-type", "binary", "y.json"], ""), (0, by_name.to_owned()), "{program:?}");
        // Under our own name the envelope is known by what it holds.
        assert_eq!(decrypt(&["--input-type", "json"], "y.bin"), (0, "raw".to_owned()), "{program:?}");
        assert_eq!(decrypt(&[], "y.bin"), (0, "raw".to_owned()), "{program:?}");
        let whole = if ours { "raw" } else { by_name };
        assert_eq!(decrypt(&["y.json"], ""), (0, whole.to_owned()), "{program:?}");
    }
}

/// SOPS would make JSON of it.
#[test]
fn a_change_keeps_the_type() {
    for program in [Program::Ours, Program::AsSops] {
        let place = Place::project();
        place.seal("prod.env", "A=1\n");
        std::fs::rename(place.path("prod.env"), place.path(".env.prod")).unwrap();
        for change in [
            &["set", "--input-type", "dotenv", ".env.prod", "[\"B\"]", "\"2\""][..],
            &["unset", "--input-type", "dotenv", ".env.prod", "[\"A\"]"],
        ] {
            let done = place.call(program, change).run();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        assert_eq!(place.ours(["decrypt", "--input-type", "dotenv", "--output-type", "dotenv", ".env.prod"]).stdout, b"B=2\n");
        if place.sops(["set", "--input-type", "dotenv", ".env.prod", "[\"B\"]", "\"2\""]).is_some() {
            assert!(place.read(".env.prod").starts_with(b"{"));
        }
    }
}

/// `encrypt` of such a file under our own name completes it, as it does every sealed file; sops seals it once more, whole.
#[test]
fn encrypting_it_again() {
    let place = Place::project();
    sealed_by(&place, Program::AsSops, "s.enc", "A=1\n", "dotenv");
    let sealed = place.read("s.enc");
    assert_eq!(place.ours(["encrypt", "s.enc"]).stdout, sealed);
    assert!(place.as_sops(["encrypt", "s.enc"]).stdout.starts_with(b"{\n\t\"data\": \"ENC["));
}

/// What was sealed whole stays what it is to its witness: a member more is a change.
#[test]
fn a_binary_file_does_not_become_a_tree() {
    let place = Place::project();
    place.seal("b.bin", "x\n");
    let sealed = String::from_utf8(place.read("b.bin")).unwrap();
    place.write("b.bin", sealed.replacen("{\n", "{\n\t\"more\": \"\",\n", 1));
    for program in [Program::Ours, Program::AsSops] {
        let done = place.call(program, ["decrypt", "b.bin"]).run();
        assert_eq!(done.status.code(), Some(51), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// A text that is read as one value is sealed whole, whatever the selector and the type that it is written in. It stood in clear where the rule fitted the name `data`.
#[test]
fn what_is_read_as_binary_has_nothing_to_select() {
    const RULES: [&[&str]; 6] = [
        &["--unencrypted-regex", "^d"],
        &["--unencrypted-suffix", "ta"],
        &["--encrypted-regex", "^password"],
        &["--encrypted-suffix", "x"],
        &["--unencrypted-comment-regex", "x"],
        &["--encrypted-comment-regex", "x", "--mac-only-encrypted"],
    ];
    let place = Place::project();
    place.write("a.json", "{\"key\": \"hunter2\"}\n");
    for program in [Program::Ours, Program::AsSops] {
        // Of comments only the configuration can say so to SOPS.
        for rule in &RULES[..if program == Program::Ours { 6 } else { 4 }] {
            for kind in ["json", "yaml", "dotenv", "binary"] {
                let call = [&["encrypt", "--input-type", "binary", "--output-type", kind], *rule, &["a.json"]].concat();
                let done = place.call(program, &call).run();
                let (sealed, told) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
                assert!(done.status.success() && told.contains("ignored"), "{program:?} {call:?}: {told}");
                assert!(!sealed.contains("hunter2") && !sealed.contains("_only_encrypted"), "{program:?} {call:?}: {sealed}");
                let name = format!("s.{}", if kind == "dotenv" { "env" } else { kind });
                place.write(&name, &*sealed);
                for reader in [Program::Ours, Program::AsSops] {
                    let done = place.call(reader, ["decrypt", "--extract", "[\"data\"]", &name]).run();
                    let told = String::from_utf8_lossy(&done.stderr);
                    assert!(done.stdout.starts_with(b"{\"key\": \"hunter2\"}"), "{program:?} {call:?} {reader:?}: {told}");
                }
            }
        }
    }
}

/// SOPS writes no rule into the JSON that it makes of a binary file (`--output-type json`). What is changed in it as `sops` is a tree, and gets SOPS's default
/// rule as by SOPS: both names go on to read it, under whatever name of its own.
#[test]
fn what_sops_has_read_as_binary_and_called_json() {
    if sops().is_none() {
        return;
    }
    const CHANGES: [(&[&str], &str); 4] = [
        (&["rotate", "-i"], "a\n"),
        (&["set", "FILE", "[\"data\"]", "\"b\\n\""], "b\n"),
        (&["edit"], "c\n"),
        (&["updatekeys", "-y"], "a\n"),
    ];
    for name in ["s.json", "s.bin"] {
        for changer in [Program::Ours, Program::AsSops, Program::Sops] {
            for (change, data) in CHANGES {
                let (place, other) = (Place::new(), Place::new());
                place.write("p.txt", "a\n");
                let encrypt = ["encrypt", "--age", &place.recipient, "--input-type", "binary", "--output-type", "json", "p.txt"];
                place.write(name, place.sops(encrypt).unwrap().stdout);
                place.write(".sops.yaml", format!("creation_rules:\n  - age: {},{}\n", place.recipient, other.recipient));
                let editor = place.path("editor.sh");
                crate::tools::script(&editor, "#!/bin/sh\nsed -i 's/a\\(\\\\n\\|$\\)/c\\1/' \"$1\"\n");
                let mut args: Vec<&str> = change.iter().map(|arg| if *arg == "FILE" { name } else { *arg }).collect();
                if !args.contains(&name) {
                    args.push(name);
                }
                if changer == Program::Ours && change[0] == "rotate" {
                    args.push("-y");
                }
                let case = format!("{changer:?} {args:?}");
                let done = place.call(changer, &args).env("EDITOR", &editor).run();
                assert!(done.status.success(), "{case}: {}", String::from_utf8_lossy(&done.stderr));
                let ask = |reader, args: &[&str]| {
                    let done = place.call(reader, [args, &[name]].concat()).run();
                    assert!(done.status.success(), "{case}, {reader:?} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
                    String::from_utf8(done.stdout).unwrap()
                };
                for reader in [Program::Ours, Program::AsSops, Program::Sops] {
                    let whole = ask(reader, &["decrypt"]);
                    let is_tree = whole.trim_start().starts_with("{");
                    let read = if is_tree {
                        serde_json::from_str::<serde_json::Value>(&whole).unwrap()["data"].as_str().unwrap().to_owned()
                    } else {
                        whole
                    };
                    assert_eq!(read, data, "{case}, {reader:?}");
                    assert!(reader == Program::Ours || is_tree == (name == "s.json"), "{case}, {reader:?}: {read}");
                    assert_eq!(ask(reader, &["decrypt", "--output-type", "binary"]), data, "{case}, {reader:?}");
                    assert_eq!(ask(reader, &["filestatus"]), "{\"encrypted\":true}\n");
                }
                ask(Program::Ours, &["recipients"]);
                assert_eq!(ask(Program::Ours, &["decrypt", "--ignore-mac"]), ask(Program::Ours, &["decrypt"]), "{case}");
            }
        }
    }
}
