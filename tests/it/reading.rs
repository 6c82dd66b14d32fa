//! Whatever text is handed out, or sealed next, has the values that came out of the tokens (P2): what others have put around them, without a key, does not
//! become part of a value, and a value whose text reads as another one stays what it is.

use crate::tools::{Place, Program, sops, without_field};

/// A sealed file as SOPS writes it: without our field, tokens in no quotes.
fn bare(sealed: &str) -> String {
    let unquoted = |line: &str| if line.contains("\"ENC[") { line.replace("\"ENC[", "ENC[").replace("]\"", "]") } else { line.to_owned() };
    without_field(sealed).split_inclusive('\n').map(unquoted).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn said(place: &Place, program: Program, args: &[&str]) -> (bool, String, String) {
    let done = place.call(program, args).run();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

/// What a value is: by its token, and by what a reader makes of the whole text.
fn both(place: &Place, program: Program, file: &str, at: &str) -> [String; 2] {
    let (_, by_token, _) = said(place, program, &["decrypt", "--extract", at, file]);
    let (ok, whole, err) = said(place, program, &["decrypt", file]);
    assert!(ok, "{err}");
    place.write("whole.yaml", &whole);
    let (ok, sealed, err) = said(place, Program::Ours, &["encrypt", "whole.yaml"]);
    assert!(ok, "{err}\n{whole}");
    place.write("again.yaml", sealed);
    let (_, by_text, _) = said(place, Program::Ours, &["decrypt", "--extract", at, "again.yaml"]);
    [by_token, by_text]
}

/// What stands behind a token, a value or the block must not come into a value, and what is sealed next holds the value of the token.
#[test]
fn blanks_and_comments_stay_out_of_values() {
    let place = Place::project();
    let literal = "a: x\nkey: |\n    l1\n    l2\n";
    let quoted = "a: x\nkey: \"l1\\nl2\\n\"\nz: y\n";
    let clear = "a: x\nkey_unencrypted: |\n    l1\n    l2\n";
    let kept = "a: x\nkey: |+\n    l1\n    l2\n\n";
    let behind_token = |tail: &'static str| {
        move |sealed: &str| {
            let at = sealed.find("\nkey: ").unwrap() + 1;
            let end = at + sealed[at..].find('\n').unwrap();
            format!("{}{tail}{}", &sealed[..end], &sealed[end..])
        }
    };
    let at_end = |tail: &'static str| move |sealed: &str| format!("{sealed}{tail}");
    type Change<'a> = &'a dyn Fn(&str) -> String;
    let rows: &[(&str, bool, &str, Change<'_>)] = &[
        ("a comment behind the block", false, literal, &at_end("    # evil\n")),
        ("blanks behind the block", false, literal, &at_end("        \n")),
        ("lines behind the block", false, kept, &at_end("\n\n\n")),
        ("both, without a witness", true, literal, &at_end("  \n        \n      # evil\n    # evil\n")),
        ("a comment behind the block, in clear", false, clear, &at_end("    #include \"evil.h\"\n")),
        ("blanks behind the block, in clear", true, clear, &at_end("        \n")),
        ("blanks below a token", true, quoted, &behind_token("\n        ")),
        ("a comment below a token", true, quoted, &behind_token("\n        # evil")),
        ("blanks behind a token", true, quoted, &behind_token("  ")),
        ("a tab behind a token", true, quoted, &behind_token("\t")),
        ("a comment behind a token", true, quoted, &behind_token(" # evil")),
    ];
    let next = [&["set", "s.yaml", "[\"a\"]", "\"z\""][..], &["rotate", "-i", "s.yaml"], &["accept", "-y", "s.yaml"]];
    for (row, (what, stripped, plain, change)) in rows.iter().enumerate() {
        let sealed = place.seal("s.yaml", plain);
        let tampered = change(&if *stripped { bare(&sealed) } else { sealed });
        let at = if plain.contains("_unencrypted") { "[\"key_unencrypted\"]" } else { "[\"key\"]" };
        let right = if *plain == kept { "l1\nl2\n\n" } else { "l1\nl2\n" };
        for (i, program) in [Program::Ours, Program::AsSops].into_iter().enumerate() {
            let next = next[(row + i) % next.len()];
            place.write("s.yaml", &tampered);
            assert_eq!(both(&place, program, "s.yaml", at), [right, right], "{what}");
            let (ok, _, err) = said(&place, program, next);
            assert!(ok, "{what}: {err}");
            assert_eq!(both(&place, Program::Ours, "s.yaml", at), [right, right], "{what}, after {next:?}");
            if sops().is_some() {
                let (ok, out, err) = said(&place, Program::Sops, &["decrypt", "--extract", at, "s.yaml"]);
                assert!(ok && out == right, "{what}, after {next:?}, by sops: {out:?} {err}");
            }
        }
    }
}

/// A comment on a token's line stays there, and the text of several lines begins below it.
#[test]
fn a_header_keeps_what_stands_on_its_line() {
    let place = Place::project();
    let sealed = bare(&place.seal("s.yaml", "a: \"l1\\nl2\\n\" # note\nb: \"l1\\nl2\" # other\nc: z\n"));
    place.write("s.yaml", sealed);
    let (ok, out, err) = said(&place, Program::Ours, &["decrypt", "s.yaml"]);
    assert!(ok, "{err}");
    assert_eq!(out, "a: | # note\n    l1\n    l2\nb: |- # other\n    l1\n    l2\nc: z\n");
}

/// The block is cut when the file is opened: an alias that stood for something in it would then stand for a secret.
#[test]
fn aliases_into_the_block_are_refused() {
    let place = Place::project();
    let sealed = place.seal("s.yaml", "name: alpha\npassword: hunter2-canary\n");
    let with = |text: &str, field: &str, last: &str| format!("{}    {field}\n{last}\n", text.replace("password: ENC", "password: &e ENC"));
    for (field, last) in [
        ("zzz: &e \"\"", "x_unencrypted: *e"),
        ("zzz: &e one two", "x_unencrypted: *e"),
        ("zzz: &e {}", "x_unencrypted: *e"),
        ("zzz: &e {}", "x_unencrypted: {<<: *e}"),
        ("zzz: &f \"\"", "x_unencrypted: [*f]"),
        ("zzz: &f \"\"", "*f : \"\""),
    ] {
        for base in [bare(&sealed), sealed.clone()] {
            for program in [Program::Ours, Program::AsSops] {
                let change = [&["set", "s.yaml", "[\"name\"]", "\"beta\""][..], &["rotate", "-i", "s.yaml"], &["accept", "-y", "s.yaml"]];
                for args in [&["decrypt", "s.yaml"][..], &["recipients", "s.yaml"]].into_iter().chain(change) {
                    let tampered = with(&base, field, last);
                    place.write("s.yaml", &tampered);
                    let (ok, out, err) = said(&place, program, args);
                    assert!(!ok && !out.contains("hunter2"), "{args:?}: {out}");
                    assert!(err.contains("an alias that stands for something in the metadata block"), "{args:?}: {err}");
                    assert_eq!(text(place.read("s.yaml")), tampered);
                }
            }
        }
    }
    // An alias that stands for something outside is as before, and so is one in the block.
    let sealed = place.seal("s.yaml", "a_unencrypted: &e one\nb_unencrypted: *e\nc: x\n");
    place.write("s.yaml", format!("{sealed}    zzz: &e two\n    yyy: *e\n"));
    let (_, out, err) = said(&place, Program::Ours, &["decrypt", "--ignore-mac", "s.yaml"]);
    assert_eq!(out, "a_unencrypted: &e one\nb_unencrypted: *e\nc: x\n", "{err}");
}

/// A changed leaf is one changed token: whatever type SOPS gave the others, and whatever their text reads as.
#[test]
fn untouched_leaves_keep_value_and_token() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    let rows = [
        ("n.json", "{\"a\": 1, \"l\": [5, 5, 7], \"s\": \"x\", \"z\": -0.0}", "[\"s\"]"),
        ("n.yaml", "a: 3.0\nb: 3e3\nc: 5\nd: 2001-12-14\nl: [1.0, 1.0]\ns: x\n", "[\"s\"]"),
        ("n.env", "A=1\nB=2\nS=x\n", "[\"S\"]"),
        ("n.ini", "[m]\na = 1\ns = x\n", "[\"m\"][\"s\"]"),
    ];
    for (file, plain, at) in rows {
        place.write(file, plain);
        let (ok, _, err) = said(&place, Program::Sops, &["encrypt", "-i", file]);
        assert!(ok, "{err}");
        if file == "n.env" {
            let (ok, _, err) = said(&place, Program::Sops, &["set", file, "[\"B\"]", "\"C:\\\\new\\\\dir\""]);
            assert!(ok, "{err}");
        }
        for program in [Program::Ours, Program::AsSops] {
            let before = text(place.read(file));
            let values = |program| said(&place, program, &["decrypt", "--output-type", "json", file]).1;
            // The second time it is a file of ours, with a witness.
            for value in ["\"y\"", "\"z\""] {
                let old = values(Program::Sops);
                let (ok, _, err) = said(&place, program, &["set", file, at, value]);
                assert!(ok, "{file}: {err}");
                let after = text(place.read(file));
                let sealed =
                    |text: &str| -> Vec<String> { text.lines().filter(|line| !line.contains("sops")).map(str::to_owned).collect() };
                let (old_lines, new_lines) = (sealed(&before), sealed(&after));
                let tokens = |lines: &[String]| lines.iter().filter(|line| line.contains("ENC[")).cloned().collect::<Vec<_>>();
                let changed = tokens(&old_lines).iter().zip(tokens(&new_lines).iter()).filter(|(old, new)| old != new).count();
                // The value, the MAC and the field.
                assert!(changed <= 3, "{file}: {changed} tokens changed\n{before}{after}");
                let now = values(Program::Sops);
                let rest = |text: &str| {
                    text.lines().filter(|line| !line.contains("\"s\"") && !line.contains("\"S\"")).map(str::to_owned).collect::<Vec<_>>()
                };
                assert_eq!(rest(&old), rest(&now), "{file}");
                assert_eq!(rest(&now), rest(&values(Program::Ours)), "{file}");
            }
            // Another data key: the values all the same.
            let old = values(Program::Sops);
            let (ok, _, err) = said(&place, program, &["rotate", "-i", file]);
            assert!(ok, "{file}: {err}");
            assert_eq!(values(Program::Sops), old, "{file}, rotated");
            assert!(said(&place, Program::Ours, &["decrypt", "--strict", "--require-witness", file]).0, "{file}");
        }
    }
    // What is set is what was given, also behind `export` and more than one blank.
    let (ok, _, err) = said(&place, Program::Ours, &["set", "n.env", "[\"B\"]", "\"C:\\new\""]);
    assert!(ok, "{err}");
    assert_eq!(said(&place, Program::Sops, &["decrypt", "--extract", "[\"B\"]", "n.env"]).1, "C:\new");
    place.write("e.env", "export  B=2\nC=3\n");
    for args in [&["encrypt", "-i", "e.env"][..], &["set", "e.env", "[\"export  B\"]", "\"C:\\\\new\""]] {
        let (ok, _, err) = said(&place, Program::Sops, args);
        assert!(ok, "{err}");
    }
    let (ok, _, err) = said(&place, Program::Ours, &["set", "e.env", "[\"B\"]", r#""C:\new""#]);
    assert!(ok, "{err}");
    assert_eq!(said(&place, Program::Sops, &["decrypt", "--extract", "[\"export  B\"]", "e.env"]).1, "C:\new");
}

/// A formatter puts a blank behind the mark of a comment; it is that comment all the same.
#[test]
fn a_token_with_blanks_is_the_comment() {
    let place = Place::project();
    for (file, plain) in [("c.yaml", "# one\na: x # two\nb: y\n"), ("c.env", "# one\nA=x\n"), ("c.toml", "# one\na = 'x' # two\n")] {
        let sealed = place.seal(file, plain);
        let formatted = sealed.replace("#ENC[", "# ENC[").replace("# ENC[", "#  ENC[");
        assert_ne!(formatted, sealed);
        place.write(file, &formatted);
        // TOML is none of SOPS's formats.
        for program in [Program::Ours, Program::AsSops].into_iter().take(if file == "c.toml" { 1 } else { 2 }) {
            let (ok, out, err) = said(&place, program, &["decrypt", "--strict", "--require-witness", file]);
            assert!(ok && out == plain && err.is_empty(), "{file}: {out}{err}");
        }
        let (ok, _, err) = said(&place, Program::Ours, &["accept", "-y", file]);
        assert!(ok, "{err}");
        assert_eq!(said(&place, Program::Ours, &["decrypt", file]).1, plain, "{file}");
    }
}

/// ENV: as `sops`, `set` stores the two characters `\n` as they are given, as SOPS does, and they stay; in clear they would be a line feed for every reader.
#[test]
fn a_backslash_and_an_n_as_they_were_given() {
    let place = Place::project();
    place.write("plain.env", "A=1\nB=2\nC_unencrypted=3\n");
    let (ok, sealed, err) = said(&place, Program::AsSops, &["encrypt", "plain.env"]);
    assert!(ok, "{err}");
    place.write("e.env", sealed);
    let value = r"C:\new\dir";
    let held = |program| said(&place, program, &["decrypt", "--extract", r#"["B"]"#, "e.env"]).1;
    let set = |at: &str, json: &str| said(&place, Program::AsSops, &["set", "e.env", at, json]);
    for (at, json) in
        [(r#"["B"]"#, r#""C:\\new\\dir""#), (r#"["A"]"#, "\"5\""), (r#"["B"]"#, r#""C:\\new\\dir""#), (r#"["NEW"]"#, r#""x\\ny\nz""#)]
    {
        let (ok, _, err) = set(at, json);
        assert!(ok, "{at} {json}: {err}");
        let programs = [Program::Ours, Program::AsSops].into_iter().chain(sops().map(|_| Program::Sops));
        programs.for_each(|program| assert_eq!(held(program), value, "{program:?} {at}"));
    }
    assert_eq!(said(&place, Program::AsSops, &["decrypt", "--extract", r#"["NEW"]"#, "e.env"]).1, "x\\ny\nz");
    let before = place.read("e.env");
    for (program, at) in [(Program::AsSops, r#"["C_unencrypted"]"#), (Program::Ours, r#"["A"]"#)] {
        let done = place.call(program, ["set", "e.env", at, r#""C:\\new""#]).run();
        assert_eq!(done.status.code(), Some(4), "{}", text(done.stderr));
        assert_eq!(place.read("e.env"), before);
    }
    let (ok, _, err) = said(&place, Program::Ours, &["rotate", "-i", "-y", "e.env"]);
    assert!(ok, "{err}");
    assert_eq!(held(Program::Ours), value);
}

/// What is sealed into ENV from another type never meets ENV's syntax: a text that is read as binary comes back byte for byte, whoever opens it. In clear the
/// two characters would be a line feed to every reader, and SOPS's own file does not open: that is told.
#[test]
fn a_backslash_and_an_n_from_another_type() {
    let programs = || [Program::Ours, Program::AsSops].into_iter().chain(sops().map(|_| Program::Sops));
    let place = Place::project();
    let raw = "K=a\\nb\nL=\"-----BEGIN\\nEND\\\\n\"\n";
    place.write("raw.env", raw);
    place.write("t.json", r#"{"W": "C:\\new", "B": "x\\ny\nz", "P": "p", "D": "1", "D": "2\\n"}"#);
    place.write("t.yaml", "W: C:\\new\nB: \"x\\\\ny\\nz\"\nP: p\n");
    for sealer in programs() {
        let seal = |args: &[&str], to: &str| {
            let (ok, sealed, err) = said(&place, sealer, args);
            assert!(ok, "{sealer:?} {args:?}: {err}");
            assert!(!err.contains("read back"), "{sealer:?} {args:?}: {err}");
            place.write(to, sealed);
        };
        seal(&["encrypt", "--input-type", "binary", "raw.env"], "b.env");
        seal(&["encrypt", "--output-type", "dotenv", "t.yaml"], "y.env");
        place.write("i.env", raw);
        assert!(said(&place, sealer, &["encrypt", "-i", "--input-type", "binary", "i.env"]).0);
        for reader in programs() {
            let case = format!("{sealer:?} {reader:?}");
            for file in ["b.env", "i.env"] {
                assert_eq!(said(&place, reader, &["decrypt", "--output-type", "binary", file]).1, raw, "{case} {file}");
                assert_eq!(said(&place, reader, &["decrypt", "--extract", "[\"data\"]", file]).1, raw, "{case} {file}");
            }
            let as_env = said(&place, reader, &["decrypt", "b.env"]).1;
            assert_eq!(as_env, format!("data={}\n", raw.replace('\n', "\\n")), "{case}");
            let json: serde_json::Value =
                serde_json::from_str(&said(&place, reader, &["decrypt", "--output-type", "json", "y.env"]).1).unwrap();
            assert_eq!(json, serde_json::json!({"W": "C:\\new", "B": "x\\ny\nz", "P": "p"}), "{case}");
        }
        // What is sealed next keeps them, too.
        if sealer != Program::Sops {
            for changer in [Program::Ours, Program::AsSops] {
                for change in [&["rotate", "-i", "b.env"][..], &["set", "y.env", "[\"P\"]", "\"q\""], &["rotate", "-i", "y.env"]] {
                    let (ok, _, err) = said(&place, changer, change);
                    assert!(ok, "{sealer:?} {changer:?} {change:?}: {err}");
                }
                for reader in programs() {
                    assert_eq!(said(&place, reader, &["decrypt", "--output-type", "binary", "b.env"]).1, raw, "{sealer:?} {changer:?}");
                    assert_eq!(said(&place, reader, &["decrypt", "--extract", "[\"W\"]", "y.env"]).1, "C:\\new", "{sealer:?} {changer:?}");
                }
            }
        }
    }
    for program in [Program::Ours, Program::AsSops] {
        // Of two values of one name no path tells which is meant.
        for args in [&["--encrypted-regex", "^P$"][..], &["--unencrypted-regex", "^(W|B|D)$"], &[]] {
            let (ok, sealed, err) = said(&place, program, &[&["encrypt", "--output-type", "dotenv"], args, &["t.json"]].concat());
            assert!(ok, "{err}");
            let err = err.replace("\\\\n", "\\n");
            for (name, warned) in [("W", !args.is_empty()), ("B", !args.is_empty()), ("D", true)] {
                assert_eq!(
                    err.contains(&format!("{name}: the two characters `\\n` read back as a newline")),
                    warned,
                    "{args:?} {name}: {err}"
                );
            }
            assert_eq!(sealed.contains("W=C:\\new\n"), !args.is_empty(), "{sealed}");
            place.write("c.env", sealed);
            assert!(said(&place, program, &["decrypt", "c.env"]).0);
        }
    }
}
