//! Git's conversion of line ends (`core.autocrlf`): a file that was sealed with LF and is checked out with CR LF, and the other way round. Nothing else has
//! changed, and nothing is lost: not a comment, not a token, and no value comes to stand in clear.

use crate::edit::{Desk, code};
use crate::recipients::tokens;
use crate::tools::{Place, Program};

const MANY: &str =
    "# one\na:\n  b:\n    c: secret\n  # two\n# three\n\nl:\n  - x\n  # four\n  - \"y\"\nt: |\n  lines\n  of text\n# five\n\nz: 1\n";

/// A file, what is sealed, the rule.
const CASES: [(&str, &str, &[&str]); 16] = [
    ("a.yaml", "a:\n  b:\n    c: 1\n  # n\n# m\n", &[]),
    ("a.yaml", "a:\n  b:\n    c: 1\n  # n\n# m\n", &["--unencrypted-comment-regex", "zzz"]),
    ("a.yaml", "a:\n  b:\n    c: 1\n  # n\n# m\nd: 2\n", &["--encrypted-comment-regex", "m"]),
    ("a.yaml", "a:\n  b: 1\n  # note\n\nc: 2\n", &[]),
    ("a.yaml", "a:\n  b: 1\n  # note\n\nc: 2\n", &["--unencrypted-comment-regex", "zzz"]),
    ("a.yaml", MANY, &[]),
    ("a.yaml", MANY, &["--encrypted-comment-regex", "two|four"]),
    ("a.yaml", "a: 1\nb: [x, y]\n", &[]),
    ("a.env", "# note\nA=\nB=x\nC_unencrypted=y\n", &[]),
    ("a.env", "# note\nA=\nB=x\n# not\nC=y\n", &["--unencrypted-comment-regex", "not"]),
    ("a.ini", "; note\n[s]\na = x\nb =\n; not\nc_unencrypted = y\n", &[]),
    ("a.ini", "[s]\na = x\nc_unencrypted = `l\nm`\n; n\nb = y\n", &[]),
    ("a.ini", "; note\n[s]\na = x\n; not\nb =\nc = y\nd = z\n", &["--unencrypted-comment-regex", "not"]),
    ("a.json", "{\n  \"a\": \"x\",\n  \"b\": \"\",\n  \"l\": [1, 2]\n}\n", &[]),
    ("a.toml", "# n\na = \"x\"\nb = \"\"\"\nl\"\"\"\n[t] # not this\nd = 1\n", &["--unencrypted-comment-regex", "not this"]),
    ("a.toml", "# n\na = \"x\"\nb = \"\"\nc_unencrypted = \"\"\"\nl\nm\"\"\"\n[t]\n# m\nd = 1\n", &[]),
];

fn lf(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn crlf(text: &str) -> String {
    lf(text).replace('\n', "\r\n")
}

/// Runs leafcrypt, which must do it: both streams.
fn run(place: &Place, what: &str, args: &[&str]) -> (String, String) {
    let done = place.ours(args);
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert!(done.status.success(), "{what}: {args:?}: {err}");
    (out, err)
}

/// What is to be set in a file, and what then stands in its text.
fn new(file: &str) -> (&'static str, &'static str) {
    match file {
        "a.ini" => ("[\"s\"][\"new\"]", "new "),
        "a.env" => ("[\"new\"]", "new=v"),
        "a.json" => ("[\"new\"]", "\"new\": \"v\""),
        "a.toml" => ("[\"new\"]", "new = \"v\""),
        _ => ("[\"new\"]", "new: v"),
    }
}

/// One file in one direction. `back` is git's way back.
fn check(place: &Place, (file, sealed): (&str, &str), by_us: bool, turn: fn(&str) -> String, back: fn(&str) -> String, what: &str) {
    place.write(file, sealed);
    let values = || lf(&run(place, what, &["decrypt", "--output-type", "json", file]).0);
    let (plain, told) = run(place, what, &["decrypt", file]);
    let held = values();
    let turned = turn(sealed);
    place.write(file, &turned);
    assert_eq!(values(), held, "{what}: values");
    let flags: &[&str] = if by_us { &["--strict"] } else { &[] };
    let (out, err) = run(place, what, &[&["decrypt"], flags, &[file]].concat());
    assert_eq!(err, told, "{what}");
    // In a value in clear they are part of that: in ENV, and in texts of several lines in TOML and INI.
    let are_of_value = file == "a.env" || plain.contains("c_unencrypted = \"\"\"") || plain.contains("c_unencrypted = `");
    match by_us {
        true => assert_eq!(out, if are_of_value { plain.clone() } else { turn(&plain) }, "{what}"),
        // Where no witness speaks of the text, a text of several lines has line ends of its own.
        false => assert_eq!(lf(&out), lf(&plain), "{what}"),
    }
    let as_sops = place.call(Program::AsSops, ["decrypt", file]).run();
    assert!(file == "a.toml" || as_sops.status.success(), "{what}: {}", String::from_utf8_lossy(&as_sops.stderr));
    // The version in git opens, whoever reads it.
    let is_whole = |text: &str, with: &str| {
        let other = format!("b.{}", file.split_once('.').unwrap().1);
        place.write(&other, back(text));
        let (open, err) = run(place, what, &[&["decrypt"], flags, &[&other]].concat());
        assert!(open.contains(with) && !open.contains("type:comment]") && (err == told || !by_us), "{what}: {open}{err}");
        // SOPS reads no metadata of ENV with CR LF.
        if file != "a.toml"
            && (file != "a.env" || back("\r\n") == "\n")
            && let Some(theirs) = place.sops(["decrypt", &other])
        {
            let open = String::from_utf8_lossy(&theirs.stdout);
            let same = theirs.status.success() && !open.contains("type:comment]");
            assert!(same, "{what}: {open}{}", String::from_utf8_lossy(&theirs.stderr));
        }
    };
    let (at, with) = new(file);
    run(place, what, &["set", file, at, "\"v\""]);
    let changed = String::from_utf8(place.read(file)).unwrap();
    assert!(!by_us || changed == turn(&changed), "{what}: line ends");
    is_whole(&changed, with);
    let kept = tokens(&changed);
    let gone = tokens(&turned).into_iter().filter(|token| !kept.contains(token)).count();
    assert_eq!(gone, 1, "{what}: the MAC is another, and nothing else");
    run(place, what, &["unset", file, at]);
    let (out, _) = run(place, what, &["decrypt", file]);
    assert_eq!(lf(&out), lf(&plain), "{what}");
    run(place, what, &["rotate", "-y", "-i", file]);
    let rotated = String::from_utf8(place.read(file)).unwrap();
    assert!(!by_us || rotated == turn(&rotated), "{what}: line ends");
    is_whole(&rotated, "");
    place.write(file, &turned);
    run(place, what, &["accept", "-y", file]);
    is_whole(&String::from_utf8(place.read(file)).unwrap(), "");
    place.write(file, &turned);
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    run(place, what, &["updatekeys", "-y", file]);
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    is_whole(&String::from_utf8(place.read(file)).unwrap(), "");
}

#[test]
fn a_file_sealed_by_us_opens_with_other_line_ends() {
    let place = Place::new();
    for (file, plain, rule) in CASES {
        for (ends, turn, back) in [("lf", lf as fn(&str) -> String, crlf as fn(&str) -> String), ("crlf", crlf, lf)] {
            place.write(file, back(plain));
            let (sealed, _) = run(&place, file, &[&["encrypt", "--age", &place.recipient], rule, &[file]].concat());
            check(&place, (file, &back(&sealed)), true, turn, back, &format!("{file} {plain:?} {rule:?} to {ends}"));
        }
    }
}

#[test]
fn a_file_sealed_by_sops_opens_with_cr_lf() {
    let place = Place::new();
    for (file, plain, rule) in CASES.into_iter().filter(|case| case.0 != "a.toml") {
        place.write(file, plain);
        let args = [&["-e", "--age", &place.recipient], rule, &[file]].concat();
        let Some(done) = place.sops(&args) else { return };
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let sealed = String::from_utf8(done.stdout).unwrap();
        check(&place, (file, &sealed), false, crlf, lf, &format!("sops, {file} {plain:?} {rule:?}"));
    }
}

/// An editor sees the line ends of the file, and what it leaves is sealed with them.
#[test]
fn an_edit_keeps_line_ends_and_comments() {
    let desk = Desk::new();
    let sealed = crlf(&desk.place.seal("a.yaml", MANY));
    desk.place.write("a.yaml", &sealed);
    code(&desk.edit("a.yaml", "cp \"$1\" \"$HOME/seen\"; sed -i 's/secret/other/' \"$1\"", ""), 0);
    assert_eq!(String::from_utf8(desk.place.read("home/seen")).unwrap(), crlf(MANY));
    let edited = String::from_utf8(desk.place.read("a.yaml")).unwrap();
    assert_eq!(edited, crlf(&edited));
    let (out, err) = run(&desk.place, "edited", &["decrypt", "--strict", "a.yaml"]);
    assert_eq!((out, &*err), (crlf(&MANY.replace("secret", "other")), ""));
    desk.place.write("a.yaml", lf(&edited));
    let (out, err) = run(&desk.place, "edited", &["decrypt", "--strict", "a.yaml"]);
    assert_eq!((out, &*err), (MANY.replace("secret", "other"), ""));
}

/// Other changes are no line ends: with them the same is said as without.
#[test]
fn other_changes_are_told_all_the_same() {
    let place = Place::project();
    let sealed = crlf(&place.seal("a.yaml", MANY));
    let comments: Vec<&str> = sealed.lines().filter(|line| line.trim_start().starts_with("#ENC[")).collect();
    assert_eq!(comments.len(), 5);
    place.write("a.yaml", sealed.replacen(&format!("{}\r\n", comments[4]), "", 1));
    let (out, err) = run(&place, "one comment less", &["decrypt", "a.yaml"]);
    assert!(err.contains("comments were changed") && !out.contains("type:comment]") && !out.contains("five"), "{out}{err}");
    assert_eq!(place.ours(["decrypt", "--strict", "a.yaml"]).status.code(), Some(51));
    // Under a rule that goes by comments nothing opens that is not as it was sealed.
    place.write("b.yaml", MANY);
    let (sealed, _) =
        run(&place, "by comments", &["encrypt", "--age", &place.recipient, "--encrypted-comment-regex", "two|four", "b.yaml"]);
    let comments: Vec<&str> = sealed.lines().filter(|line| line.trim_start().starts_with('#')).collect();
    place.write("b.yaml", crlf(&sealed.replacen(&format!("{}\n", comments[1]), "", 1)));
    assert_ne!(place.ours(["decrypt", "b.yaml"]).status.code(), Some(0));
}

/// A CR LF that was put at the end, to be cut off again, is a line feed by now; the letter before it stays.
#[test]
fn the_end_of_a_text_without_a_line_end() {
    let place = Place::project();
    for (file, plain) in [("a.yaml", "k5: x\r\nk6: 4\r\n# hunterz"), ("a.toml", "k5 = \"x\"\r\nk6 = 4\r\n# hunterz")] {
        place.write(file, plain);
        let (sealed, _) = run(&place, file, &["encrypt", "--encrypted-regex", "[13579]$", "--mac-only-encrypted", file]);
        place.write(file, lf(&sealed));
        let (out, _) = run(&place, file, &["decrypt", file]);
        assert!(out.ends_with("# hunterz"), "{out}");
        assert_eq!(lf(&out), lf(plain));
    }
}

/// ENV with CR LF, and none at its end: the line of the last value ends in LF alone when it is sealed, which git takes for one line end among others.
#[test]
fn env_that_had_no_line_end() {
    let place = Place::new();
    let plain = "C_unencrypted=N\r\n# note\r\nA=x\r\nD_unencrypted=M";
    place.write("a.env", plain);
    let (sealed, _) = run(&place, "sealed", &["encrypt", "--age", &place.recipient, "a.env"]);
    assert!(sealed.contains("=N\r\n") && sealed.contains("=M\n"), "{sealed}");
    for turn in [lf as fn(&str) -> String, crlf] {
        let open =
            |expected: &str| assert_eq!(run(&place, expected, &["decrypt", "--strict", "a.env"]), (expected.to_owned(), String::new()));
        place.write("a.env", turn(&sealed));
        open(plain);
        let (json, _) = run(&place, "as JSON", &["decrypt", "--output-type", "json", "a.env"]);
        assert!(json.contains(r#""N\r""#) && json.contains(r#""M""#), "{json}");
        for args in [&["set", "a.env", "[\"A\"]", "\"v\""][..], &["rotate", "-y", "-i", "a.env"]] {
            run(&place, "changed", args);
            let changed = String::from_utf8(place.read("a.env")).unwrap();
            assert_eq!(changed, turn(&changed), "{args:?}");
            open(&plain.replace("A=x\r", "A=v"));
        }
        // Another value is no line end.
        place.write("a.env", turn(&sealed).replace("=M", "=MM"));
        assert_eq!(place.ours(["decrypt", "a.env"]).status.code(), Some(51));
    }
}

/// What is printed of a branch has the comments that it was sealed with.
#[test]
fn a_branch_keeps_its_comments() {
    let place = Place::project();
    let sealed = place.seal("a.yaml", "k:\n  a:\n    b: 1\n  # n\n# m\nz: 2\n");
    let branch = || run(&place, "branch", &["decrypt", "--extract", "[\"k\"]", "a.yaml"]).0;
    let expected = branch();
    assert_eq!(expected, "a:\n    b: 1\n    # n\n");
    place.write("a.yaml", crlf(&sealed));
    assert_eq!(branch(), expected);
}
