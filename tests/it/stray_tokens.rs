//! Tokens that have lost their places are never sealed as texts: the next data key would lose what is in them.

use std::process::Output;

use crate::tools::{Place, Program, sops};

/// Sealed by names that begin with `pass`.
fn project() -> Place {
    let mut place = Place::new();
    let [one, _] = place.known_ages();
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {one}\n    encrypted_regex: ^pass\n"));
    place
}

fn code(done: &Output, expected: i32) -> String {
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(expected), "{err}");
    assert!(!err.contains("hunter2"), "{err}");
    err
}

fn text(place: &Place, file: &str) -> String {
    String::from_utf8(place.read(file)).unwrap()
}

/// Refused, with what is said, and nothing is written.
fn refused(place: &Place, file: &str, args: &[&str], said: &str) {
    let before = text(place, file);
    let call = place.call(Program::Ours, args).env("EDITOR", "sed -i s/other/another/").stdin("");
    let err = code(&call.run(), 4);
    assert!(err.contains(said), "{args:?}: {err}");
    assert_eq!(text(place, file), before, "{args:?}");
}

/// As `sops` it is done, as SOPS does it, and told.
fn warned(place: &Place, file: &str, args: &[&str], said: &str) {
    let before = text(place, file);
    let err = code(&place.call(Program::AsSops, args).run(), 0);
    assert!(err.contains(said), "{args:?}: {err}");
    assert_ne!(text(place, file), before);
    place.write(file, before);
}

const FILES: [(&str, &str, &str, usize, &str); 5] = [
    ("a.yaml", "b: other\npassword: hunter2\npass2: x\n", "user", 2, "[\"b\"]"),
    ("a.json", "{\n\t\"b\": \"other\",\n\t\"password\": \"hunter2\",\n\t\"pass2\": \"x\"\n}\n", "user", 3, "[\"b\"]"),
    ("a.env", "b=other\npassword=hunter2\npass2=x\n", "user", 2, "[\"b\"]"),
    ("a.ini", "[s]\nb = other\npassword = hunter2\npass2 = x\n", "s.user", 3, "[\"s\"][\"b\"]"),
    ("a.toml", "b = 'other'\npassword = 'hunter2'\npass2 = 'x'\n", "user", 2, "[\"b\"]"),
];

/// A covered name becomes one that is not covered; nothing of the file is sealed anew as long as its token stands there.
#[test]
fn a_value_that_the_rule_does_not_cover_any_more() {
    let place = project();
    for (file, plain, path, line, other) in FILES {
        let sealed = place.seal(file, plain);
        place.write(file, sealed.replacen("password", "user", 1));
        code(&place.ours(["decrypt", file]), 51);
        let said = format!("{file}: {path} (line {line}): a sealed value that the rule does not cover any more");
        refused(&place, file, &["accept", "-y", file], &said);
        refused(&place, file, &["set", "--ignore-mac", file, other, "\"new\""], &said);
        refused(&place, file, &["unset", "--ignore-mac", file, other], &said);
        refused(&place, file, &["edit", "--ignore-mac", file], &said);
        refused(&place, file, &["rotate", "-i", "-y", "--ignore-mac", file], &said);
        if file != "a.toml" {
            let said = &said[file.len() + 2..];
            warned(&place, file, &["set", "--ignore-mac", file, other, "\"new\""], &format!("{said}; it stands there as a text now"));
            warned(&place, file, &["-r", "-i", "--ignore-mac", file], "as a text now, and the data key that opens it is gone");
        }
        // It is what is taken out, or set anew.
        let at = other.replace("\"b\"", "\"user\"");
        let changed = text(&place, file);
        code(&place.ours(["set", "--ignore-mac", file, &at, "\"new\""]), 0);
        place.write(file, &changed);
        code(&place.ours(["unset", "--ignore-mac", file, &at]), 0);
        code(&place.ours(["accept", "-y", file]), 0);
        // Put back it is what it was.
        place.write(file, changed.replacen("user", "password", 1));
        let opened = place.ours(["decrypt", "--strict", file]);
        assert_eq!(String::from_utf8_lossy(&opened.stdout), plain);
    }
}

/// The rule itself becomes another, or a line comes between a comment that decides and its value.
#[test]
fn a_rule_that_does_not_cover_it_any_more() {
    let place = project();
    let sealed = place.seal("a.yaml", "password: hunter2\npass2: x\n");
    place.write("a.yaml", sealed.replacen("encrypted_regex: ^pass", "encrypted_regex: ^pass2", 1));
    refused(&place, "a.yaml", &["accept", "-y", "a.yaml"], "a.yaml: password (line 1): a sealed value");
    let plain = "# keep\na: hunter2\nb: 1\n# keep\nc: hunter2\n";
    let config = text(&place, ".sops.yaml");
    place.write(".sops.yaml", config.replacen("encrypted_regex: ^pass", "encrypted_comment_regex: keep", 1));
    let changed = place.seal("b.yaml", plain).replacen("a: ", "new: v\na: ", 1);
    place.write("b.yaml", &changed);
    refused(&place, "b.yaml", &["accept", "-y", "b.yaml"], "b.yaml: a (line 3): a sealed value");
    place.write("b.yaml", changed.replacen("c: ", "d: v\nc: ", 1));
    let all = "2 sealed values and comments have lost their places\n  a (line 3): a sealed value";
    refused(&place, "b.yaml", &["accept", "-y", "b.yaml"], all);
}

/// What SOPS has sealed so is a text: it opens and is changed as before, and only a new data key would lose what is in it.
#[test]
fn a_token_that_is_a_text_already() {
    let place = project();
    let sealed = place.seal("a.yaml", "password: hunter2\nb: other\n");
    place.write("a.yaml", sealed.replacen("password", "user", 1));
    code(&place.call(Program::AsSops, ["set", "--ignore-mac", "a.yaml", "[\"b\"]", "\"new\""]).run(), 0);
    let opened = place.ours(["decrypt", "a.yaml"]);
    assert!(String::from_utf8_lossy(&opened.stdout).starts_with("user: ENC["), "{opened:?}");
    code(&place.ours(["set", "a.yaml", "[\"b\"]", "\"newer\""]), 0);
    let said = code(&place.ours(["rotate", "-i", "-y", "a.yaml"]), 0);
    assert!(said.contains("user (line 1): a sealed value") && said.contains("the data key that opens it is gone"), "{said}");
    code(&place.ours(["unset", "a.yaml", "[\"user\"]"]), 0);
    assert_eq!(code(&place.ours(["rotate", "-i", "-y", "a.yaml"]), 0), "");
    // A new one is not taken either.
    let token = sealed.lines().find_map(|line| line.strip_prefix("password: ")).unwrap();
    refused(&place, "a.yaml", &["set", "a.yaml", "[\"c\"]", &format!("\"{token}\"")], "c (line 2): a sealed value");
    // Words about tokens are none.
    code(&place.ours(["set", "a.yaml", "[\"c\"]", "\"ENC[AES256_GCM,data:...,type:str] is one\""]), 0);
    code(&place.ours(["rotate", "-i", "-y", "a.yaml"]), 0);
}

/// A comment that was moved to another map, or damaged.
#[test]
fn a_comment_that_does_not_open() {
    let place = Place::project();
    let rows = [
        ("a.yaml", "a:\n  # hunter2\n  x: 1\nb:\n  y: 2\n", "a:\n", "b:\n", 4),
        ("a.ini", "[a]\n; hunter2\nx = 1\n[b]\ny = 2\n", "[a]\n", "[b]\n", 4),
    ];
    for (file, plain, above, below, line) in rows {
        let sealed = place.seal(file, plain);
        let token = sealed.split_inclusive('\n').find(|line| line.contains("type:comment]")).unwrap();
        let moved = sealed.replacen(token, "", 1).replacen(below, &format!("{below}{token}"), 1);
        let damaged = sealed.replacen(token, &token.replacen("data:", "data:AAAA", 1), 1);
        for (changed, line) in [(moved, line), (damaged, 2)] {
            place.write(file, &changed);
            let said = format!("{file}: line {line}: a sealed comment that does not open there");
            // `accept` looks for the one that was moved in all places of the file (tests/it/accept.rs).
            if !changed.contains(token) {
                refused(&place, file, &["accept", "-y", file], &said);
            }
            refused(&place, file, &["rotate", "-i", "-y", file], &said);
            warned(&place, file, &["rotate", "-i", file], "and the data key that opens it is gone");
            // Other commands keep the data key, and the warning.
            code(&place.ours(["set", file, "[\"b\"][\"y\"]", "\"3\""]), 0);
            refused(&place, file, &["rotate", "-i", "-y", file], &said);
            code(&place.ours(["decrypt", "--strict", file]), 51);
            // The token stays what it is: put back it opens.
            if changed.contains(token) {
                let back = text(&place, file).replacen(token, "", 1).replacen(above, &format!("{above}{token}"), 1);
                place.write(file, back);
                let opened = place.ours(["decrypt", file]);
                assert!(String::from_utf8_lossy(&opened.stdout).contains("hunter2"), "{opened:?}");
            }
        }
        place.write(file, &sealed);
        code(&place.ours(["rotate", "-i", "-y", file]), 0);
        // Taken out, or written anew, it is accepted.
        let sealed = text(&place, file);
        let token = sealed.split_inclusive('\n').find(|line| line.contains("type:comment]")).unwrap();
        place.write(file, sealed.replacen(token, "", 1));
        code(&place.ours(["accept", "-y", file]), 0);
    }
}

/// What is left of a comment's token is none of its text.
#[test]
fn a_comment_that_is_no_token_any_more() {
    let place = Place::project();
    let rows = [
        ("a.yaml", "# hunter2\nx: 1\n"),
        ("a.ini", "[a]\n; hunter2\nx = 1\n"),
        ("a.env", "# hunter2\nx=1\n"),
        ("a.toml", "# hunter2\nx = 1\n"),
    ];
    for (file, plain) in rows {
        let sealed = place.seal(file, plain);
        for (from, to) in [(",type:comment]", ",type:comment"), ("ENC[", "ENC"), ("ENC[", ""), ("data:", "data:_"), (",iv:", ",iv")] {
            let line = sealed.split_inclusive('\n').find(|line| line.contains("type:comment]")).unwrap();
            let damaged = line.replacen(from, to, 1);
            place.write(file, sealed.replacen(line, &damaged, 1));
            let said = "a sealed comment that does not open there";
            refused(&place, file, &["accept", "-y", file], said);
            refused(&place, file, &["rotate", "-i", "-y", file], said);
            let path = if file == "a.ini" { "[\"a\"][\"x\"]" } else { "[\"x\"]" };
            code(&place.ours(["set", file, path, "\"3\""]), 0);
            assert!(text(&place, file).contains(damaged.trim_end()), "{file}: {}", text(&place, file));
        }
    }
}

/// An entry that was taken out of use, with its value's token, is none of a comment; and what is left of one is so among other lines.
#[test]
fn lines_beside_tokens() {
    let place = project();
    let sealed = place.seal("a.env", "FOO=hunter2\npass=x\n".replace("FOO", "passFOO"));
    let line = sealed.lines().find(|line| line.starts_with("passFOO")).unwrap();
    let text_of = format!("#{line}\npass=b\nX=y\n");
    place.seal("b.env", text_of);
    code(&place.ours(["rotate", "-y", "-i", "b.env"]), 0);

    let place = Place::project();
    let sealed = place.seal("a.ini", "[s]\n; hunter2\na = x\n");
    let token = sealed.lines().find(|line| line.contains("type:comment]")).unwrap();
    for beside in [format!("; hello\n{token}"), format!("{token}\n; hello")] {
        place.write("a.ini", sealed.replacen(token, &beside.replace(",type:comment]", ",type:comment"), 1));
        refused(&place, "a.ini", &["rotate", "-i", "-y", "a.ini"], "a sealed comment that does not open there");
    }
}

/// Words that show what a token looks like, and tokens of another file, are texts: their file is changed and gets another data key as any other.
#[test]
fn texts_that_look_like_tokens() {
    let place = Place::project();
    let other = place.seal("other.yaml", "a: canary\n");
    let token = other.lines().next().unwrap().strip_prefix("a: ").unwrap().to_owned();
    let words = "# ENC[AES256_GCM,data:...,iv:...,tag:...,type:str]\n# ENC[AES256_GCM,data:x,iv:y,tag:z,type:comment] of b: c\n";
    let words = format!("{words}pass: hunter2\nz: 1\n");
    let pair = format!("pass: hunter2\nfixture: {token}\n");
    let theirs = sops().map(|_| [(Program::Sops, &words, false), (Program::Sops, &pair, true)]);
    for (sealer, plain, told) in theirs.into_iter().flatten().chain([(Program::Ours, &words, false)]) {
        place.write("a.yaml", plain);
        let done = place.call(sealer, ["encrypt", "-i", "--encrypted-regex", "^pass", "a.yaml"]).run();
        assert!(done.status.success(), "{sealer:?}: {}", String::from_utf8_lossy(&done.stderr));
        for args in
            [&["unset", "a.yaml", "[\"none\"]", "--idempotent"][..], &["rotate", "-i", "-y", "a.yaml"], &["decrypt", "--strict", "a.yaml"]]
        {
            let said = code(&place.ours(args), 0);
            assert_eq!(said.contains("fixture (line 2): a sealed value"), told && args[0] == "rotate", "{sealer:?} {args:?} {said}");
        }
    }
}

/// A merge by hand has dropped a line of INI's block.
#[test]
fn a_key_without_its_recipient() {
    let place = Place::project();
    let sealed = place.seal("a.ini", "[s]\na = hunter2\n");
    let changed: String = sealed.split_inclusive('\n').filter(|line| !line.contains("map_recipient")).collect();
    assert_ne!(changed, sealed);
    place.write("a.ini", &changed);
    let err = code(&place.ours(["accept", "-y", "a.ini"]), 1);
    assert!(err.contains("a.ini: age: the metadata has a key without its recipient"), "{err}");
    assert_eq!(text(&place, "a.ini"), changed);
    code(&place.ours(["updatekeys", "-y", "a.ini"]), 0);
    code(&place.ours(["decrypt", "--require-witness", "a.ini"]), 0);
}

/// SOPS passes over them in every format.
#[test]
fn blanks_behind_a_token() {
    let place = Place::project();
    for (file, plain, end) in [("a.env", "A=hunter2\n", "]"), ("a.ini", "[s]\nA = hunter2\n", "]")] {
        let sealed = place.seal(file, plain);
        let line = sealed.lines().find(|line| line.starts_with('A')).unwrap();
        let (name, token) = line.split_once("ENC").unwrap();
        let other = if file == "a.ini" { format!("{name}\"ENC{token} \t\"") } else { format!("{name}ENC{token} \t") };
        assert!(line.ends_with(end));
        place.write(file, sealed.replacen(line, &other, 1));
        let ours = place.ours(["decrypt", file]);
        code(&ours, 0);
        let theirs = place.sops(["decrypt", file]).unwrap();
        assert!(theirs.status.success(), "{theirs:?}");
        assert!(String::from_utf8_lossy(&ours.stdout).contains("hunter2") && ours.stdout == theirs.stdout, "{ours:?} {theirs:?}");
    }
}

/// The same token twice: each is named by its own line.
#[test]
fn two_of_one_token_are_named_by_their_lines() {
    let place = Place::project();
    let sealed = place.seal("a.yaml", "a:\n  # hunter2\n  x: 1\nb:\n  y: 2\nc:\n  z: 3\n");
    let token = sealed.lines().find(|line| line.starts_with("  #ENC[")).unwrap();
    let moved = sealed.replacen(&format!("{token}\n"), "", 1);
    let moved = moved.replacen("b:\n", &format!("b:\n{token}\n"), 1).replacen("c:\n", &format!("c:\n{}\n", token.replace('#', "# ")), 1);
    place.write("a.yaml", &moved);
    let err = code(&place.ours(["rotate", "-y", "-i", "a.yaml"]), 4);
    assert!(err.contains("line 4: a sealed comment") && err.contains("line 7: a sealed comment"), "{err}");
}
