//! What was sealed as JSON, or as a binary file, and is called `.yaml` by now (`sops -e /dev/stdin > secrets.yaml`): as `sops` it is YAML, as SOPS has it,
//! whoever sealed it.

use crate::tools::{Place, Program, sops};

/// Sealed under the first name; and what YAML of it is.
const FILES: [(&str, &str, &str); 3] = [
    (
        "p.json",
        "{\"a\": \"one\", \"b\": {\"c\": 2, \"d\": [\"x\"]}, \"n\": null}\n",
        "a: one\nb:\n    c: 2\n    d:\n        - x\n\"n\": null\n",
    ),
    ("p.bin", "a: one\nb: \"two\"\n", "data: |\n    a: one\n    b: \"two\"\n"),
    ("q.json", "{\"data\": \"one\"}\n", "data: one\n"),
];

/// Sealed, and called otherwise.
fn seal(place: &Place, sealer: Program, name: &str, plain: &str) {
    place.write(name, plain);
    let done = place.call(sealer, ["encrypt", name]).run();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    place.write("x.yaml", done.stdout);
}

fn sealers() -> impl Iterator<Item = Program> {
    sops().map(|_| Program::Sops).into_iter().chain([Program::AsSops, Program::Ours])
}

#[test]
fn printed_as_yaml() {
    for sealer in sealers() {
        for (name, plain, yaml) in FILES {
            let place = Place::project();
            seal(&place, sealer, name, plain);
            let readers = sops().map(|_| Program::Sops).into_iter().chain([Program::AsSops]);
            for reader in readers {
                let case = format!("{sealer:?} {name} {reader:?}");
                let run = |args: &[&str]| {
                    let done = place.call(reader, args).env("EDITOR", "cat").run();
                    (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
                };
                assert_eq!(run(&["-d", "x.yaml"]), (Some(0), yaml.to_owned()), "{case}");
                assert_eq!(run(&["exec-file", "x.yaml", "cat {}"]), (Some(0), yaml.to_owned()), "{case}");
                assert_eq!(run(&["edit", "x.yaml"]), (Some(200), yaml.to_owned()), "{case}");
                assert!(run(&["decrypt", "--output-type", "json", "x.yaml"]).1.starts_with("{\n\t\""), "{case}");
                assert_eq!(run(&["decrypt", "--ignore-mac", "x.yaml"]), (Some(0), yaml.to_owned()), "{case}");
                assert_eq!(run(&["edit", "--ignore-mac", "x.yaml"]), (Some(200), yaml.to_owned()), "{case}");
            }
            let indented = place.as_sops(["--indent", "2", "-d", "x.yaml"]);
            assert_eq!(String::from_utf8_lossy(&indented.stdout), yaml.replace("    ", "  "), "{sealer:?} {name}");
        }
    }
}

/// Whatever changes it leaves YAML, which both read alike; what is not touched stays as it is.
#[test]
fn changed_to_yaml() {
    for sealer in sealers() {
        for call in [
            &["set", "x.yaml", "[\"data\"]", "\"new\""][..],
            &["unset", "x.yaml", "[\"a\"]"],
            &["rotate", "-i", "x.yaml"],
            &["updatekeys", "-y", "x.yaml"],
            &["edit", "x.yaml"],
        ] {
            let (name, plain, _) = FILES[0];
            let place = Place::project();
            seal(&place, sealer, name, plain);
            let before = place.read("x.yaml");
            if call[0] == "updatekeys" {
                let other = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";
                place.write(".sops.yaml", format!("creation_rules:\n  - age: {},{other}\n", place.recipient));
            }
            let run = |program: Program| {
                place.write("x.yaml", &before);
                let done = place.call(program, call).env("EDITOR", "sed -i s/one/two/").run();
                assert!(done.status.success(), "{sealer:?} {program:?} {call:?}: {}", String::from_utf8_lossy(&done.stderr));
                let sealed = String::from_utf8(place.read("x.yaml")).unwrap();
                assert!(sealed.contains("\nsops:\n") && !sealed.starts_with('{'), "{sealer:?} {program:?} {call:?}: {sealed}");
                [Some(Program::AsSops), sops().map(|_| Program::Sops)]
                    .into_iter()
                    .flatten()
                    .map(|reader| place.call(reader, ["-d", "x.yaml"]).run().stdout)
                    .collect::<Vec<_>>()
            };
            let ours = run(Program::AsSops);
            assert!(!ours[0].is_empty() && ours.iter().all(|read| *read == ours[0]), "{sealer:?} {call:?}");
            if sops().is_some() {
                assert_eq!(run(Program::Sops), ours, "{sealer:?} {call:?}");
            }
        }
    }
}

/// What is JSON by its name, too, stays it, though a script reads all its files as YAML: by that name it is opened the next time.
#[test]
fn json_that_is_read_as_yaml() {
    for sealer in sealers() {
        for call in [
            &["set", "--input-type", "yaml", "s.json", "[\"data\"]", "\"new\""][..],
            &["unset", "--input-type", "yaml", "s.json", "[\"a\"]"],
            &["rotate", "-i", "--input-type", "yaml", "s.json"],
            &["-r", "-i", "--input-type", "yaml", "s.json"],
            &["edit", "--input-type", "yaml", "s.json"],
            &["--input-type", "yaml", "s.json"],
        ] {
            let (name, plain, _) = FILES[0];
            let place = Place::project();
            seal(&place, sealer, name, plain);
            let before = place.read("x.yaml");
            let run = |program: Program| {
                place.write("s.json", &before);
                let done = place.call(program, call).env("EDITOR", "sed -i s/one/two/").run();
                assert!(done.status.success(), "{sealer:?} {program:?} {call:?}: {}", String::from_utf8_lossy(&done.stderr));
                let readers = sops().map(|_| Program::Sops).into_iter().chain([Program::AsSops]);
                let opened = readers.map(|reader| place.call(reader, ["-d", "--output-type", "yaml", "s.json"]).run().stdout);
                opened.map(|text| String::from_utf8(text).unwrap()).collect::<Vec<_>>()
            };
            let ours = run(Program::AsSops);
            assert!(place.read("s.json").starts_with(b"{"), "{sealer:?} {call:?}");
            assert!(!ours[0].is_empty() && ours.iter().all(|read| *read == ours[0]), "{sealer:?} {call:?}: {ours:?}");
            if sops().is_some() {
                assert_eq!(run(Program::Sops), ours, "{sealer:?} {call:?}");
            }
        }
    }
}

/// Under our own name what was sealed as JSON stays JSON where it is changed, and a binary file a binary file.
#[test]
fn under_our_own_name() {
    for (name, plain, yaml) in FILES {
        let place = Place::project();
        seal(&place, Program::Ours, name, plain);
        let shown = if name == "p.bin" { plain } else { yaml };
        assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "x.yaml"]).stdout), shown, "{name}");
        let done = place.ours(["set", "x.yaml", "[\"data\"]", "\"new\""]);
        assert!(done.status.success() && place.read("x.yaml").starts_with(b"{"), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Layout that somebody has chosen stays: ours, and that of YAML in braces.
#[test]
fn layout_that_was_chosen() {
    let place = Place::project();
    for text in ["{\"a\": \"b\"}\n", "{a: b, c: [1, 2]}\n"] {
        place.seal("x.yaml", text);
        assert_eq!(String::from_utf8_lossy(&place.as_sops(["-d", "x.yaml"]).stdout), text);
        // Nobody asks the field for hints then.
        assert!(place.as_sops(["decrypt", "--ignore-mac", "x.yaml"]).stdout.starts_with(b"{"));
    }
}

/// Somebody without a key has changed what the witness covers: no other name of the file hides it.
#[test]
fn what_was_changed_is_told() {
    let place = Place::project();
    let sealed = place.seal("p.json", "{\"a\": \"one\", \"b_unencrypted\": \"x\"}\n");
    place.write("x.yaml", sealed.replace("\"b_unencrypted\": \"x\"", "\"c_unencrypted\": \"x\""));
    for program in [Program::Ours, Program::AsSops] {
        assert_eq!(place.call(program, ["decrypt", "x.yaml"]).run().status.code(), Some(51), "{program:?}");
    }
}
