//! Names of files that are no UTF-8, as old repositories and archives have them: as SOPS, in rules, flags, and as an editor.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use crate::tools::{Place, Program, sops};

const OTHER: &str = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";

fn bytes(text: &[u8]) -> OsString {
    OsString::from_vec(text.to_vec())
}

/// The real one first, where it is there.
fn programs() -> Vec<Program> {
    sops().map(|_| Program::Sops).into_iter().chain([Program::AsSops, Program::Ours]).collect()
}

#[test]
fn a_rule_fits_them() {
    let place = Place::new();
    std::fs::create_dir(place.path("sub")).unwrap();
    for pattern in ["^sub/.*\\.yaml$", "^sub/[^/]+\\.yaml$", "^sub/..\\.yaml$"] {
        place.write(".sops.yaml", format!("creation_rules:\n  - path_regex: {pattern}\n    age: {}\n  - age: {OTHER}\n", place.recipient));
        let name = bytes(b"sub/\xe9\xff.yaml");
        std::fs::write(place.path("").join(&name), "a: b\n").unwrap();
        for program in programs() {
            let done = place.call(program, [OsStr::new("encrypt"), &name]).run();
            let text = String::from_utf8_lossy(&done.stdout);
            assert!(text.contains(&place.recipient) && !text.contains(OTHER), "{program:?} {pattern}: {text}");
        }
    }
}

#[test]
fn flags_name_them() {
    let place = Place::project();
    place.seal("a.env", "A=canary\n");
    place.write("plain", "a: canary\n");
    for program in programs() {
        let run = |args: &[&[u8]]| {
            let done = place.call(program, args.iter().map(|word| bytes(word))).run();
            assert!(done.status.success(), "{program:?} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        let out = place.path("").join(bytes(b"\xe9.txt"));
        for args in [
            &[&b"decrypt"[..], b"--output=\xe9.txt", b"a.env"][..],
            &[b"decrypt", b"--output", b"\xe9.txt", b"a.env"],
            &[b"--output=\xe9.txt", b"-d", b"a.env"],
        ] {
            run(args);
            assert_eq!(std::fs::read(&out).unwrap(), b"A=canary\n", "{program:?} {args:?}");
            std::fs::remove_file(&out).unwrap();
        }
        for args in [
            &[&b"encrypt"[..], b"--filename-override=x\xe9.yaml", b"plain"][..],
            &[b"encrypt", b"--filename-override", b"x\xe9.yaml", b"plain"],
        ] {
            assert!(run(args).starts_with("a: ENC["), "{program:?} {args:?}");
        }
        assert_eq!(run(&[b"exec-file", b"--filename", b"x\xe9", b"a.env", b"cat {}"]), "A=canary\n", "{program:?}");
        assert_eq!(run(&[b"exec-file", b"--no-fifo", b"--filename=x\xe9", b"a.env", b"basename {}"]), "x\u{fffd}\n", "{program:?}");
    }
    let named = place.call(Program::AsSops, [bytes(b"decrypt"), bytes(b"--outp\xe9=x"), bytes(b"a.env")]).run();
    assert_eq!(named.status.code(), Some(1));
}

/// A variable that cannot be read is no unset one: no other editor comes in its place.
#[test]
fn an_editor() {
    let place = Place::project();
    place.seal("a.yaml", "a: b\n");
    let editor = place.path("").join(bytes(b"ed\xff.sh"));
    crate::tools::script(&editor, "#!/bin/sh\necho 'a: c' > \"$1\"\n");
    for program in programs() {
        place.seal("a.yaml", "a: b\n");
        let edit = |editor: OsString| place.call(program, ["edit", "a.yaml"]).env("EDITOR", editor).run();
        assert_eq!(edit(bytes(b"./none\xff.sh")).status.code(), Some(201), "{program:?}");
        if program == Program::Sops {
            // It reads the line as text, and finds none of these.
            continue;
        }
        let done = edit(editor.clone().into_os_string());
        assert!(done.status.success(), "{program:?}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(place.ours(["decrypt", "a.yaml"]).stdout, b"a: c\n", "{program:?}");
    }
}
