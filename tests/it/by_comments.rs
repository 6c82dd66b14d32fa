//! Where comments decide what is covered, they do not bring a value to stand in clear without a word, whoever put, moved or took them (P10).

use std::process::Output;

use crate::edit::{Desk, code};
use crate::tools::{Place, Program, without_field};

const OPEN: &str = "unencrypted_comment_regex: public";
const SEALS: &str = "encrypted_comment_regex: secret";

/// A project whose creation rule is the files' own.
fn project(rule: &str) -> Desk {
    let desk = Desk::new();
    desk.place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    {rule}\n", desk.place.recipient));
    desk
}

/// The names under which a file is of its own type.
fn programs(file: &str) -> &'static [Program] {
    if file.ends_with(".toml") { &[Program::Ours] } else { &[Program::Ours, Program::AsSops] }
}

fn run(place: &Place, program: Program, args: &[&str]) -> Output {
    place.call(program, args).run()
}

/// Refused as leafcrypt, and the file as it was; as sops told.
#[track_caller]
fn told(place: &Place, file: &str, args: &[&str], says: &[&str]) {
    let before = place.read(file);
    for program in programs(file) {
        let (expected, label) = if *program == Program::Ours { (1, "error: ") } else { (0, "warning: ") };
        // As `sops` the line of the comment before the first item counts, too.
        let first = if *program == Program::Ours { "0" } else { "1" };
        let args: Vec<String> = args.iter().map(|arg| arg.replace("FIRST", first)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let done = run(place, *program, &args);
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(expected), "{program:?} {args:?}: {err}");
        let line = err
            .lines()
            .find(|line| line.contains("in clear: here comments decide"))
            .unwrap_or_else(|| panic!("{program:?} {args:?}: {err}"));
        assert!(says.iter().all(|what| line.contains(what)) && !err.contains("canary"), "{program:?} {args:?}: {err}");
        assert!(*program == Program::AsSops || line.starts_with(label), "{line}");
        assert_eq!(place.read(file) == before, *program == Program::Ours, "{program:?} {args:?}");
        assert!(*program == Program::AsSops || err.contains("hint: "), "{err}");
        place.write(file, &before);
    }
}

/// A file with an empty place, what somebody without a key makes of it, and the path of the place.
struct Case {
    rule: &'static str,
    file: &'static str,
    plain: &'static str,
    change: [&'static str; 2],
    path: &'static str,
}

const CASES: [Case; 9] = [
    Case { rule: OPEN, file: "a.yaml", plain: "password: b\napi: \"\"\n", change: ["api:", "# public\napi:"], path: "[\"api\"]" },
    Case { rule: OPEN, file: "b.yaml", plain: "password: b\napi:\n", change: ["api:", "# public\napi:"], path: "[\"api\"]" },
    Case { rule: OPEN, file: "c.yaml", plain: "password: b\napi: {}\n", change: ["api:", "# public\napi:"], path: "[\"api\"][\"token\"]" },
    Case { rule: OPEN, file: "a.env", plain: "PASSWORD=b\nAPI=\n", change: ["API=", "# public\nAPI="], path: "[\"API\"]" },
    Case {
        rule: OPEN,
        file: "a.ini",
        plain: "[s]\npassword = b\napi = \n",
        change: ["password =", "; public\npassword ="],
        path: "[\"s\"][\"api\"]",
    },
    Case { rule: OPEN, file: "a.toml", plain: "password = \"b\"\napi = \"\"\n", change: ["api =", "# public\napi ="], path: "[\"api\"]" },
    Case {
        rule: SEALS,
        file: "e.yaml",
        plain: "# secret\npassword: b\nport: 1\n# secret\napi: \"\"\n",
        change: ["port: 1\n# secret\n", "port: 1\n"],
        path: "[\"api\"]",
    },
    Case {
        rule: SEALS,
        file: "f.yaml",
        plain: "# secret\npassword: b\nport: 1\n# secret\ndb: {user: \"\"}\n",
        change: ["port: 1\n# secret\n", "port: 1\n"],
        path: "[\"db\"][\"token\"]",
    },
    Case {
        rule: SEALS,
        file: "b.env",
        plain: "# secret\nPASSWORD=b\nPORT=1\n# secret\nAPI=\n",
        change: ["PORT=1\n# secret\n", "PORT=1\n"],
        path: "[\"API\"]",
    },
];

#[test]
fn a_comment_at_an_empty_place_that_somebody_without_a_key_changed() {
    for Case { rule, file, plain, change, path } in CASES {
        let desk = project(rule);
        let place = &desk.place;
        let sealed = place.seal(file, plain);
        let changed = sealed.replacen(change[0], change[1], 1);
        assert_ne!(changed, sealed, "{file}");
        // The witness tells: as where values differ.
        place.write(file, &changed);
        for program in programs(file) {
            for args in [&["decrypt", file][..], &["set", file, path, "\"canary\""], &["rotate", "-i", file], &["unset", file, path]] {
                let err = code(&run(place, *program, args), 51);
                assert!(err.contains("comments differ") && err.contains("hint: ") && err.contains("accept"), "{file} {args:?}: {err}");
            }
        }
        assert_eq!(place.read(file), changed.as_bytes(), "{file}");
        // Without it nothing tells, but the value is not written in silence.
        place.write(file, without_field(&changed));
        code(&run(place, Program::Ours, &["decrypt", file]), 0);
        told(place, file, &["set", file, path, "\"canary\""], &["would stand in clear", "nobody vouches"]);
        // Nor after a command that gives the file a witness again.
        for args in [
            &["rotate", "-y", "-i", file][..],
            &["set", file, if file.ends_with("ini") { "[\"s\"][\"other\"]" } else { "[\"other\"]" }, "\"x\""],
        ] {
            place.write(file, without_field(&changed));
            code(&run(place, Program::Ours, args), 0);
            told(place, file, &["set", file, path, "\"canary\""], &["would stand in clear", "nobody vouches"]);
        }
        // Until somebody who has seen it says that it is meant so.
        code(&run(place, Program::Ours, &["accept", "-y", file]), 0);
        assert_eq!(code(&run(place, Program::Ours, &["decrypt", "--strict", "--require-witness", file]), 0), "", "{file}");
        code(&run(place, Program::Ours, &["set", file, path, "\"canary\""]), 0);
        assert!(desk.text(file).contains("canary"), "{file}");
        assert_eq!(code(&run(place, Program::Ours, &["decrypt", "--strict", "--require-witness", file]), 0), "", "{file}");
    }
}

/// What an alias stands for has its comments for SOPS, and not in the sealed text: what they seal does not stand there in clear.
#[test]
fn a_comment_in_what_an_alias_stands_for() {
    let texts = [
        "base: &base\n  host: h\n  # secret\n  password: canary\nprod: *base\n",
        "base: &base\n  host: h\n  # secret\n  password: canary\nprod:\n  <<: *base\n  x: 1\n",
        "base: &base\n  - h\n  # secret\n  - canary\nprod: [*base]\n",
        "base: &base\n  host: h\n  password: canary # secret\n  in: &in {pw: canary}\nprod: *base\n",
        "a: &a\n  # secret\n  pw: canary\nb: &b {a: *a}\nc: *b\n",
    ];
    for text in texts {
        let desk = project(SEALS);
        desk.place.write("a.yaml", text);
        for program in [Program::Ours, Program::AsSops] {
            let err = code(&run(&desk.place, program, &["encrypt", "-i", "a.yaml"]), 23);
            assert!(err.contains("this alias stands for") && err.contains("hint: write out"), "{err}");
            assert!(!err.contains("canary") && desk.text("a.yaml") == text, "{err}");
        }
    }
    // Where no copy would stand in clear there is nothing to refuse.
    for text in [
        "b: &b\n  # secret\n  h: x\n# secret\nq: *b\n",
        "# secret\nq:\n  - &a\n    x: 1\n    # secret\n    y: 2\n  - *a\nz: 1\n",
        "b: &b\n  h: 1\n  # secret\nq: *b\n# secret\nz: 1\n",
        "b: &b\n  # secret\n  h: []\nq: *b\n# secret\nz: 1\n",
    ] {
        let desk = project(SEALS);
        // Comments that stand in the copies are SOPS's alone.
        let values = |sealed: &str| sealed.matches("ENC[").count() - sealed.matches("type:comment]").count();
        desk.place.write("a.yaml", text);
        let theirs = String::from_utf8(run(&desk.place, Program::Sops, &["encrypt", "a.yaml"]).stdout).unwrap();
        let ours = desk.place.seal("a.yaml", text);
        assert_eq!(values(&without_field(&ours)), values(&theirs), "{ours}");
        for program in [Program::Sops, Program::Ours] {
            assert!(run(&desk.place, program, &["decrypt", "a.yaml"]).status.success(), "{program:?} {ours}");
        }
    }
    // Of other aliases, and of comments that say nothing, SOPS seals what we seal.
    let text = "# secret\nbase: &base\n  host: h\n  # other\n  password: canary\nprod: *base\n# secret\npw: &pw x\nlast: *pw\n";
    let desk = project(SEALS);
    let sealed = desk.place.seal("a.yaml", text);
    let back = run(&desk.place, Program::Sops, &["decrypt", "--output-type", "json", "a.yaml"]);
    assert!(back.status.success() && sealed.matches("ENC[").count() > 3, "{sealed}");
    let ours = run(&desk.place, Program::Ours, &["decrypt", "--output-type", "json", "a.yaml"]);
    assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&back.stdout));
}

/// In an alias's place stand brackets, which have no comment behind an anchor. On a line of its own they have it.
#[test]
fn a_comment_at_an_alias_in_a_list() {
    for rule in [SEALS, OPEN] {
        let keep = if rule == SEALS { "secret" } else { "public" };
        for (text, at) in [
            (format!("p: &a\n  - canary\nt: &d # {keep}\n  - *a\n  - z\n"), "line 3: to SOPS this comment stands at the alias of line 4"),
            (format!("p: &a\n  k: canary\nt: !!seq # {keep}\n\n  # other\n  - *a\n"), "line 3: "),
        ] {
            let desk = project(rule);
            desk.place.write("a.yaml", &text);
            for program in [Program::Ours, Program::AsSops] {
                let err = code(&run(&desk.place, program, &["encrypt", "-i", "a.yaml"]), 23);
                assert!(err.contains(at) && err.contains("hint: put the comment on a line of its own"), "{err}");
                assert!(!err.contains("canary") && desk.text("a.yaml") == text, "{err}");
            }
            let mended = text.replacen(&format!(" # {keep}\n"), "\n", 1).replacen("  - *a", &format!("  # {keep}\n  - *a"), 1);
            let sealed = desk.place.seal("a.yaml", &mended);
            let back = run(&desk.place, Program::Sops, &["decrypt", "--output-type", "json", "a.yaml"]);
            let ours = run(&desk.place, Program::Ours, &["decrypt", "--output-type", "json", "a.yaml"]);
            assert!(back.status.success() && sealed.contains("ENC["), "{sealed}");
            assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&back.stdout));
        }
    }
}

/// One that was moved past values: its text and the order are those of before.
#[test]
fn a_comment_that_was_moved() {
    for (file, plain, change, path) in [
        ("a.yaml", "pw: b\n# public\nport:\napi:\n", ["# public\nport:\napi:", "port:\n# public\napi:"], "[\"api\"]"),
        ("a.env", "PW=b\n# public\nPORT=\nAPI=\n", ["# public\nPORT=\nAPI=", "PORT=\n# public\nAPI="], "[\"API\"]"),
        (
            "a.toml",
            "pw = \"b\"\n# public\nport = \"\"\napi = \"\"\n",
            ["# public\nport = \"\"\napi", "port = \"\"\n# public\napi"],
            "[\"api\"]",
        ),
    ] {
        let desk = project(OPEN);
        let sealed = desk.seal(file, plain);
        let changed = sealed.replacen(change[0], change[1], 1);
        assert_ne!(changed, sealed, "{file}");
        desk.place.write(file, changed);
        let err = code(&run(&desk.place, Program::Ours, &["decrypt", file]), 0);
        assert!(err.contains("nobody vouches for where the comments"), "{file}: {err}");
        told(&desk.place, file, &["set", file, path, "\"canary\""], &["nobody vouches"]);
        code(&run(&desk.place, Program::Ours, &["accept", "-y", file]), 0);
        assert_eq!(code(&run(&desk.place, Program::Ours, &["decrypt", "--strict", file]), 0), "");
    }
}

/// A comment that stays behind counts for what comes next.
#[test]
fn a_comment_that_stays_when_its_entry_goes() {
    for (file, plain, path, at) in [
        ("a.yaml", "# public\na: 1\nb: canary\n", "[\"a\"]", " b is"),
        ("b.yaml", "# public\nm: {x: 1}\nb: canary\n", "[\"m\"]", " b is"),
        ("c.yaml", "l:\n  # public\n  - a\n  - canary\n", "[\"l\"][FIRST]", " l[0] is"),
        ("d.yaml", "# public\na: 1\nb: {x: [canary, 1]}\n", "[\"a\"]", " b.x[0], b.x[1] are"),
        ("e.yaml", "# public\na: 1\nb:\nc: d\n", "[\"a\"]", " b is"),
        ("f.yaml", "# public\na: 1\n# canary note\nb: \"\"\nc: d\n", "[\"a\"]", " b, a comment are"),
        ("g.yaml", "# public\na: 1\n# canary note\n# canary more\nb: \"\"\nc: d\n", "[\"a\"]", " b, 2 comments are"),
        ("a.env", "# public\nA=1\nB=canary\n", "[\"A\"]", " B is"),
        ("a.ini", "; public\n[s]\na = 1\n[t]\nb = canary\n", "[\"s\"]", " t.b is"),
        // SOPS has the comment above a key behind it.
        ("b.ini", "[s]\n; public\na = 1\nb = 2\nc = canary\n", "[\"s\"][\"b\"]", " s.c is"),
        ("a.toml", "# public\na = 1\nb = \"canary\"\n", "[\"a\"]", " b is"),
    ] {
        let desk = project(OPEN);
        let sealed = desk.seal(file, plain);
        for text in [without_field(&sealed), sealed] {
            desk.place.write(file, &text);
            told(&desk.place, file, &["unset", file, path], &[at, " covered, and would come to stand in clear"]);
        }
    }
}

#[test]
fn a_branch_without_the_comments_of_the_old_one() {
    let desk = project("encrypted_comment_regex: enc");
    desk.seal("a.yaml", "x:\n  # enc\n  a: canary\n  b: c\n");
    told(&desk.place, "a.yaml", &["set", "a.yaml", "[\"x\"]", "{\"a\":\"canary2\",\"b\":\"s2\"}"], &["x.a is covered"]);
    told(&desk.place, "a.yaml", &["set", "a.yaml", "[\"x\"]", "\"canary3\""], &[" x is covered"]);
}

/// What is as it should be says nothing.
#[test]
fn what_uncovers_nothing() {
    for (rule, file, plain, args) in [
        (OPEN, "a.yaml", "# public\na: 1\nb: canary\n", &["set", "a.yaml", "[\"a\"]", "2"][..]),
        (OPEN, "a.yaml", "# public\na: 1\nb: canary\n", &["set", "a.yaml", "[\"b\"]", "\"canary2\""]),
        (OPEN, "a.yaml", "# public\na: 1\nb: canary\n", &["set", "a.yaml", "[\"c\"]", "\"canary2\""]),
        (OPEN, "a.yaml", "# public\na: 1\nb: canary\nc: d\n", &["unset", "a.yaml", "[\"b\"]"]),
        // One that belongs to the entry alone goes with it.
        (OPEN, "a.yaml", "x: canary\n\n# public\na: 1\n\nb: canary\nc: d\n", &["unset", "a.yaml", "[\"a\"]"]),
        (OPEN, "a.yaml", "# public\nl: [a, b]\nc: d\n", &["unset", "a.yaml", "[\"l\"][0]"]),
        (SEALS, "a.yaml", "# secret\na: canary\nb: c\n", &["set", "a.yaml", "[\"b\"]", "\"d\""]),
        (SEALS, "a.yaml", "# secret\na: canary\nb: c\n", &["set", "a.yaml", "[\"new\"]", "\"d\""]),
        (SEALS, "a.yaml", "# secret\na: canary\nm: {b: c}\n", &["set", "a.yaml", "[\"m\"][\"new\"]", "\"d\""]),
        (OPEN, "a.env", "# public\nA=1\nB=canary\n", &["set", "a.env", "[\"C\"]", "\"canary2\""]),
    ] {
        let desk = project(rule);
        let sealed = desk.seal(file, plain);
        for text in [without_field(&sealed), sealed] {
            for program in [Program::Ours, Program::AsSops] {
                desk.place.write(file, &text);
                let err = code(&run(&desk.place, program, args), 0);
                let quiet = |line: &&str| !line.contains("comments") && !line.contains("in clear");
                assert!(err.lines().all(|line| quiet(&line)), "{program:?} {args:?}: {err}");
                assert!(!desk.text(file).contains("canary"), "{program:?} {args:?}: {}", desk.text(file));
            }
        }
    }
}

/// An editor that takes an entry and leaves its comment.
#[test]
fn an_edit_that_uncovers_what_was_covered() {
    for (file, plain, script, at) in [
        ("a.yaml", "# public\na: 1\nb: canary\n", "/^a: /d", " b is covered"),
        ("b.yaml", "# public\na: 1\nb: canary\n", "/^a: /d; s/^b:/c:/", " c is covered"),
        ("c.yaml", "# public\na: 1\n# canary note\nb: c\n", "/^a: /d", " b, a comment are covered"),
        ("a.env", "# public\nA=1\nB=canary\n", "/^A=/d", " B is covered"),
        ("a.ini", "[s]\n; public\na = 1\nb = 2\nc = canary\n", "/^b = /d", " s.c is covered"),
        ("a.toml", "# public\na = 1\nb = \"canary\"\n", "/^a = /d", " b is covered"),
    ] {
        let desk = project(OPEN);
        let sealed = desk.seal(file, plain);
        let script = format!("sed -i '{script}' \"$1\"");
        for text in [without_field(&sealed), sealed] {
            desk.place.write(file, &text);
            for program in programs(file) {
                let err = code(&desk.run(*program, &["edit", file], &script, ""), 1);
                assert!(err.contains(at), "{program:?} {file}: {err}");
                assert_eq!(desk.text(file), text, "{program:?} {file}");
                let _ = std::fs::remove_dir_all(desk.place.path("home/.local"));
            }
        }
        if programs(file).len() == 2 {
            // What stands in a pipe is the editor's: somebody has to type it.
            code(&desk.run(Program::AsSops, &["edit", file], &script, "y\n"), 1);
            let _ = std::fs::remove_dir_all(desk.place.path("home/.local"));
            let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), &format!("edit {file}"), &script);
            terminal.answer("Write that in clear? [y/N]", "y\n");
            assert_eq!(terminal.end(), Some(0), "{file}: {}", terminal.seen);
            assert!(desk.text(file).contains("canary"), "{file}");
        }
    }
}

/// A value that is typed below a comment of somebody else's, and below one's own.
#[test]
fn an_edit_of_a_file_for_whose_comments_nobody_vouches() {
    let desk = project(OPEN);
    let sealed = desk.seal("a.yaml", "pw: b\napi:\nlist: []\n");
    let changed = without_field(&sealed.replacen("api:", "# public\napi:", 1));
    let typed = "sed -i 's/^api:/api: canary/' \"$1\"";
    desk.place.write("a.yaml", &changed);
    let err = code(&desk.edit("a.yaml", typed, ""), 1);
    assert!(err.contains(" api would stand in clear") && err.contains("nobody vouches"), "{err}");
    assert_eq!(desk.text("a.yaml"), changed);
    let _ = std::fs::remove_dir_all(desk.place.path("home/.local"));
    let err = code(&desk.run(Program::AsSops, &["edit", "a.yaml"], typed, ""), 0);
    assert!(err.contains(" api would stand in clear") && err.contains("nobody vouches"), "{err}");
    // One's own says what one wants; the other's does not.
    desk.place.write("a.yaml", without_field(&sealed));
    assert_eq!(code(&desk.edit("a.yaml", "sed -i 's/^api:/# public\\napi: open/' \"$1\"", ""), 0), "");
    assert!(desk.text("a.yaml").contains("api: open"));
    desk.place.write("a.yaml", without_field(&sealed));
    assert_eq!(code(&desk.edit("a.yaml", "sed -i 's/^api:/# public\\nm: {x: open, y: [open]}\\napi:/' \"$1\"", ""), 0), "");
    desk.place.write("a.yaml", &changed);
    let err = code(&desk.edit("a.yaml", "sed -i 's/^api:/api: canary\\n# public\\nnew: open/' \"$1\"", ""), 1);
    assert!(err.contains("api") && err.contains("nobody vouches"), "{err}");
}

/// Somebody else's comment comes in while the editor is open: without a key, and with one.
#[test]
fn a_comment_that_comes_meanwhile() {
    for (rule, plain, change) in [
        (OPEN, "pw: b\nx: y\napi:\n", "s/^api:/# public\\napi:/"),
        (SEALS, "# secret\npw: b\nx: y\n# secret\napi:\n", "/^x: /,/^api/{/# secret/d}"),
    ] {
        for program in [Program::Ours, Program::AsSops] {
            // Without a key.
            let desk = project(rule);
            desk.seal("a.yaml", plain);
            let path = desk.place.path("a.yaml").display().to_string();
            let typed = "sed -i 's/^api:/api: canary/' \"$1\"";
            let done = desk.run(program, &["edit", "a.yaml"], &format!("{typed}\nsed -i '/leafcrypt:/d; {change}' {path}"), "");
            let err = code(&done, 1);
            assert!(err.contains("api") && err.contains("would come to stand in clear"), "{program:?} {rule}: {err}");
            assert!(!desk.text("a.yaml").contains("canary"), "{program:?} {rule}");
            // With the witness left in it is no file any more that opens.
            let desk = project(rule);
            desk.seal("a.yaml", plain);
            let path = desk.place.path("a.yaml").display().to_string();
            code(&desk.run(program, &["edit", "a.yaml"], &format!("{typed}\nsed -i '{change}' {path}"), ""), 51);
            assert!(!desk.text("a.yaml").contains("canary"), "{program:?} {rule}");
            // With a key.
            let desk = project(rule);
            desk.seal("a.yaml", plain);
            let place = desk.place.path("");
            let ours = env!("CARGO_BIN_EXE_leafcrypt");
            let theirs = format!(
                "cd {} && {ours} decrypt -i a.yaml && sed -i '{change}' a.yaml && {ours} encrypt -i a.yaml || exit 9",
                place.display()
            );
            let done = desk.run(program, &["edit", "a.yaml"], &format!("{typed}\n({theirs}) >/dev/null 2>&1 || exit 9"), "");
            let err = code(&done, 1);
            assert!(err.contains("api") && err.contains("would come to stand in clear"), "{program:?} {rule}: {err}");
            assert!(!desk.text("a.yaml").contains("canary"), "{program:?} {rule}");
        }
    }
}

/// For go-yaml comments directly behind a later document's mark belong to the one before, if a blank line stands below them: they cover nothing.
#[test]
fn comments_behind_the_mark_of_a_later_document() {
    let place = Place::new();
    for (rule, is_sealed) in [("encrypted", false), ("unencrypted", true)] {
        let flag = format!("--{rule}-comment-regex=sec ret");
        // Does the comment cover `c`?
        for (head, covers) in [
            ("# sec ret\n\n", false),
            ("# sec ret\n# more\n \n", false),
            (" # sec ret\n\n# more\n", false),
            ("# sec ret\n", true),
            ("\n# sec ret\n\n", true),
            ("# more\n\n# sec ret\n", true),
        ] {
            for first in ["a: 1\n", "# sec ret\na: 1\nb:\n  x: 2\n", "a: 1\n\n# tail\n\n", "b:\n- x: |\n    text\n"] {
                let plain = format!("{first}---\n{head}c: 1\n# sec ret\nd: 2\n");
                place.write("plain.yaml", &plain);
                let done = place.call(Program::Ours, ["encrypt", "--age", &place.recipient, &flag, "plain.yaml"]).run();
                let sealed = String::from_utf8(done.stdout).unwrap();
                assert_eq!(sealed.contains("\nc: ENC["), covers != is_sealed, "{rule} {plain}");
                assert_eq!(sealed.contains("\nd: ENC["), !is_sealed, "{rule} {plain}");
                place.write("sealed.yaml", &sealed);
                let done = place.call(Program::Ours, ["decrypt", "sealed.yaml"]).run();
                assert_eq!(String::from_utf8(done.stdout).unwrap(), plain);
                if let Some(done) = place.sops(["decrypt", "sealed.yaml"]) {
                    assert!(done.status.success(), "{rule} {plain}: {}", String::from_utf8_lossy(&done.stderr));
                }
            }
        }
    }
}

/// Comments that go-yaml hands on from what they stand behind to what comes: what they cover is what SOPS covers, and it opens the file.
#[test]
fn comments_directly_behind_marks_dashes_anchors_tags_and_brackets() {
    // The names whose values a comment covers.
    const CASES: [(&str, &str); 31] = [
        // Behind the first mark, if something stands before it.
        ("# x\n---\n# secret\n\nb: 1\nc: 2\n", "c"),
        ("\n---\n# secret\n# y\n\n# z\nb: 1\nc: 2\n", "c"),
        ("%YAML 1.1\n# secret\n\n---\nb: 1\nc: 2\n", "c"),
        ("# x\n---\n# secret\n\nb:\n  d: 1\n  e: 2\nc: 3\nf: 4\n", "c"),
        ("# x\n---\n# secret\nb: 1\nc: 2\n", "b"),
        ("---\n# secret\n\nb: 1\nc: 2\n", "b"),
        ("# secret\n\n---\nb: 1\nc: 2\n", "b"),
        // Behind `...`, and what comes after it.
        ("a: 0\n...\n---\n# secret\n\nb: 1\nc: 2\n", "c"),
        ("a: 0\n...\n...\n# secret\n\n---\nb: 1\nc: 2\n", "c"),
        ("a: 0\n...\n%YAML 1.1\n# secret\n\n---\nb: 1\nc: 2\n", "c"),
        ("a: 0\n...\n# secret\n\n---\nb: 1\n# secret\nc: 2\n", "c"),
        ("a: 0\n...\n# secret\n---\nb: 1\nc: 2\n", "b"),
        ("a: |\n  x\n...\n# secret\n\n---\n\n# secret\nb: 1\nc: 2\n", "b"),
        // Behind an anchor, a tag, a dash.
        ("a: 0\n--- &x\n# secret\n\nb: 1\nc: 2\n", "c"),
        ("z: 0\nm: &x\n  # secret\n\n  b: 1\n  c: 2\n", "c"),
        // In the first line go-yaml does not see that it stands directly below.
        ("m: &x\n  # secret\n\n  b: 1\n  c: 2\n", "b"),
        ("z: 0\nm: !!map\n  # secret\n\n  b: 1\n  c: 2\n", "c"),
        ("z: 0\nm: &x\n  # secret\n\n  1\nc: 2\n", "c"),
        ("z: 0\nm: &x # secret\n  b: 1\n  c: 2\n", "b"),
        ("z: 0\nm: &x # secret\n  - b: 1\n    c: 2\n", "b"),
        ("z: 0\nm:\n-\n  # secret\n\n  b: 1\n  c: 2\n", "c"),
        ("z: 0\nm:\n- # secret\n  b: 1\n  c: 2\n", "b"),
        ("z: 0\nm:\n# secret\n- &x\n  b: 1\n  c: 2\n", "b"),
        ("z: 0\nm:\n# secret\n- b: 1\n  c: 2\n", "bc"),
        ("z: 0\nm: &x\n  # y\n\n  # secret\n  - b: 1\n    c: 2\n  - d: 1\n", "bc"),
        ("z: 0\nm:\n- b: 1\n# secret\n\n- c: 1\n  d: 2\n", "d"),
        // Brackets lose it.
        ("z: 0\nm: {\n  # secret\n\n  b: 1, c: 2}\n# secret\nd: 3\n", "d"),
        ("z: 0\nm: { # secret\n  b: 1, c: 2}\n# secret\nd: 3\n", "d"),
        ("z: 0\nm: &x # secret\n  {b: 1, c: 2}\n# secret\nd: 3\n", "d"),
        ("# x\n---\n# secret\n\n{b: 1, c: 2,\n# secret\nd: 3}\n", "d"),
        ("z: 0\nm: {\n\n  # secret\n\n  b: 1, c: 2}\n", "b"),
    ];
    let place = Place::new();
    let is_sealed = |text: &str, name: &char| ["\n", " ", "{"].iter().any(|before| text.contains(&format!("{before}{name}: ENC[")));
    let sealed_names = |text: &str| {
        let text = format!("\n{}", text.replace(": \"ENC[", ": ENC["));
        "abcdef".chars().filter(|name| is_sealed(&text, name)).collect::<String>()
    };
    for (plain, covered) in CASES {
        let has_value = |name: &char| plain.split_once(&format!("{name}: ")).is_some_and(|(_, value)| !value.starts_with('|'));
        let names = || "abcdef".chars().filter(has_value);
        for plain in [plain.to_owned(), plain.replace('\n', "\r\n")] {
            // With CR LF each comment has a blank line below it, for go-yaml.
            if plain.contains('\r') && !plain.contains("# secret\r\n\r\n") {
                continue;
            }
            for rule in ["encrypted", "unencrypted"] {
                let flag = format!("--{rule}-comment-regex=secret");
                place.write("plain.yaml", &plain);
                let done = place.call(Program::Ours, ["encrypt", "--age", &place.recipient, &flag, "plain.yaml"]).run();
                let sealed = String::from_utf8(done.stdout).unwrap();
                let expected: String = match rule {
                    "encrypted" => covered.to_owned(),
                    _ => names().filter(|name| !covered.contains(*name)).collect(),
                };
                assert_eq!(sealed_names(&sealed), expected, "{rule} {plain}");
                place.write("sealed.yaml", &sealed);
                assert_eq!(String::from_utf8(place.call(Program::Ours, ["decrypt", "sealed.yaml"]).run().stdout).unwrap(), plain);
                if let Some(done) = place.sops(["decrypt", "sealed.yaml"]) {
                    assert!(done.status.success(), "{rule} {plain}: {}", String::from_utf8_lossy(&done.stderr));
                }
            }
        }
    }
}

/// TOML is ours alone: what stands behind a value is said of it, as in YAML, and what stands behind or above a header, or behind a bracket, of all in it.
#[test]
fn whom_a_comment_of_toml_speaks_of() {
    let plain = concat!(
        "marked = \"m1\" # secret\nopen = \"o1\"\n# secret\nabove = \"m2\"\nlist = [\"m3\", \"m4\"] # secret\nitems = [\"o2\", # note\n  \"m5\", # secret\n  \"o3\",\n]\n",
        "all = [ # secret\n  \"m6\",\n  \"m7\",\n]\nd.k = \"m8\" # secret\nd.l = \"o4\"\n",
        "\n[db] # secret\na = \"m9\"\nb = \"m10\"\n[db.deep]\nc = \"m11\"\n",
        "\n[x.y]\na = \"m12\"\n\n# secret\n[x]\nb = \"m13\"\nc = \"m14\"\n",
        "\n[[t]] # secret\na = \"m15\"\nb = \"m16\"\n[[t]]\na = \"o5\"\n\n[e] # secret\n[last]\na = \"o6\"\n",
    );
    let marked = |sealed: &str, is: char| {
        let all = plain.split('"').filter(|word| word.starts_with(is) && word[1..].parse::<u8>().is_ok());
        all.map(|word| (word.to_owned(), sealed.contains(&format!("\"{word}\"")))).collect::<Vec<_>>()
    };
    for (rule, sealed_ones) in [("encrypted_comment_regex: secret", 'm'), ("unencrypted_comment_regex: secret", 'o')] {
        let desk = project(rule);
        let sealed = desk.seal("a.toml", plain);
        for (is, count) in [('m', 16), ('o', 6)] {
            let found = marked(&sealed, is);
            assert_eq!(found.len(), count);
            let wrong: Vec<_> = found.iter().filter(|(_, clear)| *clear == (is == sealed_ones)).collect();
            assert!(wrong.is_empty(), "{rule}: {wrong:?}\n{sealed}");
        }
        let opened = desk.place.ours(["decrypt", "--strict", "a.toml"]);
        assert_eq!(String::from_utf8_lossy(&opened.stdout), plain, "{}", String::from_utf8_lossy(&opened.stderr));
        // Set beside it, and printed as another type, they stand where they stood.
        code(&run(&desk.place, Program::Ours, &["set", "a.toml", "[\"db\"][\"a\"]", "\"m99\""]), 0);
        assert_eq!(desk.text("a.toml").contains("m99"), sealed_ones == 'o', "{rule}");
        let yaml = code_out(&run(&desk.place, Program::Ours, &["decrypt", "--output-type", "yaml", "a.toml"]));
        assert!(yaml.starts_with("marked: m1 # secret\nopen: o1\n# secret\nabove: m2\n"), "{yaml}");
        assert!(yaml.contains("\ndb:\n    # secret\n    a: m99\n"), "{yaml}");
    }
}

fn code_out(done: &Output) -> String {
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Of a key of INI that stands twice SOPS has the last value only. The one before stays in our text, and is as secret.
#[test]
fn a_superseded_value_is_covered_with_the_last_one() {
    let place = Place::new();
    let plain = "[s]\n; secret\na = 1\npassword = canary1\npassword = canary2\npassword = canary3\nz = 1\n";
    place.write("a.ini", plain);
    let rule = "--encrypted-comment-regex=secret";
    let done = place.ours(["encrypt", "--age", &place.recipient, rule, "a.ini"]);
    let sealed = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success() && !sealed.contains("canary") && sealed.contains("\na = 1\n") && sealed.contains("\nz = 1\n"),
        "{sealed}"
    );
    place.write("a.ini", &sealed);
    let opened = place.ours(["decrypt", "--strict", "a.ini"]);
    assert_eq!((String::from_utf8_lossy(&opened.stdout).as_ref(), opened.status.code()), (plain, Some(0)));
    let Some(theirs) = place.sops(["decrypt", "a.ini"]) else { return };
    let theirs = String::from_utf8_lossy(&theirs.stdout);
    assert!(theirs.contains("= canary3") && !theirs.contains("canary2"), "{theirs}");
}

/// In another type a comment may be printed at another place, where it covers something else.
#[test]
fn types_that_have_comments_elsewhere() {
    let rows = [("p.toml", "yaml", "[u] # enc\ng = \"x\"\npw = \"hunter2\"\n")];
    let place = Place::new();
    for (name, to, text) in rows {
        place.write(name, text);
        let args = ["encrypt", "--age", &place.recipient, "--encrypted-comment-regex", "enc"];
        let sealed = place.ours(args.iter().copied().chain([name]));
        assert!(sealed.status.success() && !String::from_utf8_lossy(&sealed.stdout).contains("hunter2"), "{sealed:?}");
        let refused = place.ours(args.iter().copied().chain(["--output-type", to, name]));
        let err = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{err}");
        assert!(err.contains("pw is covered, and would come to stand in clear") && refused.stdout.is_empty(), "{err}");
    }
    // Where it stands at the same entry nothing is in the way.
    for plain in ["# enc\nz: hunter2\ny: x\n", "a1: # enc\n  pw: hunter2\ny: x\n", "l: # enc\n  - pw: hunter2\ny: x\n"] {
        place.write("p.yaml", plain);
        let args = ["encrypt", "--age", &place.recipient, "--encrypted-comment-regex", "enc", "--output-type", "toml", "p.yaml"];
        let sealed = place.ours(args);
        let text = String::from_utf8_lossy(&sealed.stdout).into_owned();
        assert!(sealed.status.success() && !text.contains("hunter2") && text.contains("y = \"x\""), "{sealed:?}");
    }
}

/// YAML: behind an alias a comment covers all that the alias stands for, to SOPS; in the brackets that come to stand there it would cover the first value.
#[test]
fn at_an_alias_for_a_map_or_list() {
    let place = Place::new();
    for text in [
        "# enc\na1: &an\n  g: x\n  pw: hunter2\nu1: *an # enc\nz: w\n",
        "a1: &an {g: x, pw: hunter2}\nu1:\n  # enc\n  *an\n",
        "a1: &an {g: x, pw: hunter2}\nu1:\n  b: c\n  <<: *an # enc\n",
        "a1: &an [x, hunter2]\nu1:\n- e: *an # enc\n",
    ] {
        place.write("p.yaml", text);
        for program in [Program::Ours, Program::AsSops] {
            let args = ["--age", &place.recipient, "--encrypted-comment-regex", "enc", "-e", "p.yaml"];
            let refused = place.call(program, args).run();
            let err = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert_eq!(refused.status.code(), Some(23), "{text}: {err}");
            assert!(err.contains("what this comment at an alias for a map or list means"), "{text}: {err}");
        }
    }
}

/// A token that holds by chance what the rule looks for would be no token to SOPS: another nonce makes another one. What stands in every token is refused.
#[test]
fn a_word_that_a_token_may_hold() {
    let place = Place::new();
    let text: String = (0..400).map(|n| format!("# note {n}\nk{n}: v\n")).collect();
    place.write("p.yaml", &text);
    let seal = |word| place.ours(["encrypt", "--age", &place.recipient, "--unencrypted-comment-regex", word, "p.yaml"]);
    let sealed = seal("Qz");
    assert!(sealed.status.success(), "{sealed:?}");
    let tokens = String::from_utf8_lossy(&sealed.stdout).into_owned();
    assert!(tokens.matches("#ENC[").count() == 400 && !tokens.lines().any(|line| line.starts_with('#') && line.contains("Qz")), "{tokens}");
    place.write("s.yaml", &sealed.stdout);
    for program in [Program::Ours, Program::Sops] {
        let opened = place.call(program, ["decrypt", "s.yaml"]).run();
        assert_eq!(String::from_utf8_lossy(&opened.stdout), text, "{program:?} {opened:?}");
    }
    let refused = seal("ENC");
    assert_eq!(refused.status.code(), Some(23), "{refused:?}");
}

/// What may be the same by chance is not taken for a value that moved.
#[test]
fn chance_is_no_news() {
    let place = Place::new();
    for (flag, word, text, at, value) in [
        ("--unencrypted-comment-regex", "CLEAR", "flag: true\npw: abcdefgh\n# CLEAR\nlevel: info\n", "flag", "false"),
        ("--encrypted-comment-regex", "ENC", "# ENC\nport: 5432\nz: 1\n", "port", "5433"),
    ] {
        place.write("p.yaml", text);
        let sealed = place.ours(["encrypt", "--age", &place.recipient, flag, word, "p.yaml"]);
        place.write("s.yaml", &sealed.stdout);
        let clear = if word == "ENC" { "replica: 5432" } else { "debug: true" };
        let script = format!("sed -i 's/^{at}: .*/{at}: {value}/; s/^level.*/{clear}/; $a {clear}' \"$1\"");
        let script = if word == "ENC" { script } else { script.replace("; $a debug: true", "") };
        place.write("editor.sh", format!("#!/bin/sh\n{script}\n"));
        let done =
            place.call(Program::Ours, ["edit", "s.yaml"]).env("SOPS_EDITOR", format!("sh {}", place.path("editor.sh").display())).run();
        assert!(done.status.success(), "{done:?}");
        let text = String::from_utf8(place.read("s.yaml")).unwrap();
        assert!(text.contains(clear), "{text}");
    }
}

/// Where names decide, and the creation rule is another one by now, nothing is said of comments: a map that becomes a value was none that was covered.
#[test]
fn names_are_no_comments() {
    let place = Place::new();
    place.write("s.yaml", "m:\n  secret: abcdefgh\nsecret_x: longvalue\n");
    let sealed = place.ours(["encrypt", "-i", "--age", &place.recipient, "--encrypted-regex", "^secret", "s.yaml"]);
    assert!(sealed.status.success(), "{sealed:?}");
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    encrypted_regex: ^(secret|token)\n", place.recipient));
    let done = place.ours(["set", "s.yaml", "[\"m\"]", "\"hello\""]);
    assert!(done.status.success(), "{done:?}");
}
