//! `accept`: what somebody changed by hand in a sealed file is shown, values masked, and sealed as it stands.

use std::process::Output;

use crate::files::git;
use crate::tools::{Place, Program, without_field};

const CANARY: &str = "canary-7f3a";

const FILES: [(&str, &str); 7] = [
    ("a.yaml", "# one\na: canary-7f3a   # two\nn: 0x1F\nl:\n- 'x'\n- {k: \"v\"}\n"),
    ("s.yaml", "a: canary-7f3a\r\n---\r\nc: |\r\n  d\r\n"),
    ("a.json", "{\"a\": \"canary-7f3a\", \"b\" : [\"c\"]}\n"),
    ("a.env", "# x\nA=canary-7f3a\nB=\"c d\"\n"),
    ("a.ini", "; x\n[s]\nk = \"canary-7f3a\"\n"),
    ("a.toml", "a = 'canary-7f3a'\n[t]\nn = 0x1F\n"),
    ("a.bin", "canary-7f3a"),
];

/// The rule names the first of the two ages of testdata.
fn project() -> (Place, String, String) {
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {one}  # alice\n"));
    (place, one, two)
}

fn code(done: &Output, expected: i32) -> String {
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr).into_owned());
    assert_eq!(done.status.code(), Some(expected), "{err}");
    assert!(!err.contains(CANARY) && !out.contains(CANARY), "a value is shown: {out}{err}");
    assert!(out.is_empty(), "{out}");
    err
}

fn text(place: &Place, file: &str) -> String {
    String::from_utf8(place.read(file)).unwrap()
}

/// Changes a sealed text by hand: refused before (exit `refused`), accepted with `-y`, each of `says` said; then it opens to `plain`.
fn check(place: &Place, file: &str, changed: &str, refused: i32, says: &[&str], plain: &str) {
    place.write(file, changed);
    code(&place.call(Program::Ours, ["decrypt", "--require-witness", "--strict", file]).run(), refused);
    let asked = code(&place.ours(["accept", file]), 1);
    assert!(asked.contains("not confirmed"), "{asked}");
    assert_eq!(text(place, file), changed, "{file}: written unasked");
    let shown = code(&place.ours(["accept", "-y", file]), 0);
    for said in says {
        assert!(shown.contains(said) && asked.contains(said), "{file} says not {said:?}:\n{shown}");
    }
    let opened = place.ours(["decrypt", "--require-witness", "--strict", file]);
    assert!(opened.status.success(), "{file}: {}", String::from_utf8_lossy(&opened.stderr));
    assert_eq!(String::from_utf8_lossy(&opened.stdout), plain, "{file}");
    assert!(opened.stderr.is_empty(), "{file}: {}", String::from_utf8_lossy(&opened.stderr));
    if !file.ends_with(".toml")
        && let Some(theirs) = place.sops(["decrypt", file])
    {
        assert!(theirs.status.success(), "{file}: sops: {}", String::from_utf8_lossy(&theirs.stderr));
    }
    let again = text(place, file);
    code(&place.ours(["accept", file]), 0);
    assert_eq!(text(place, file), again, "{file}: nothing was left to accept");
}

/// The text of a sealed file with another line in place of the one that holds `at`; `None` takes it out.
fn line(sealed: &str, at: &str, other: Option<&str>) -> String {
    assert!(sealed.contains(at), "{at}");
    let lines =
        sealed.split_inclusive('\n').filter_map(|line| if line.contains(at) { other.map(str::to_owned) } else { Some(line.to_owned()) });
    lines.collect()
}

#[test]
fn nothing_differs_writes_nothing() {
    let (place, ..) = project();
    for (file, plain) in FILES {
        let sealed = place.seal(file, plain);
        for args in [vec!["accept", file], vec!["accept", "-y", file]] {
            code(&place.ours(args), 0);
            assert_eq!(text(&place, file), sealed, "{file}");
        }
    }
}

/// A file of SOPS has no witness; that is told, and it gets one.
#[test]
fn without_our_field() {
    let (place, one, _) = project();
    for (file, plain) in FILES {
        let sealed = place.seal(file, plain);
        let bare = without_field(&sealed);
        place.write(file, &bare);
        let plain = String::from_utf8(place.ours(["decrypt", file]).stdout).unwrap();
        check(
            &place,
            file,
            &bare,
            51,
            &["witness: there is none", &one, "(alice)", "as the creation rule has it"][..if file == "a.bin" { 3 } else { 4 }],
            &plain,
        );
    }
}

#[test]
fn what_was_changed_by_hand() {
    let (place, one, two) = project();
    let plain = "a: canary-7f3a\nb: two\nc_unencrypted: clear\ne: ''\n";
    let sealed = place.seal("a.yaml", plain);
    let yaml = |changed: &str, refused, says: &[&str], plain: &str| check(&place, "a.yaml", changed, refused, says, plain);
    yaml(
        &sealed.replacen("c_unencrypted: clear", "c_unencrypted: other", 1),
        51,
        &["MAC: differs", "clear values"],
        &plain.replace("clear\n", "other\n"),
    );
    yaml(&sealed.replacen("c_unencrypted", "d_unencrypted", 1), 51, &["names"], &plain.replace("c_", "d_"));
    yaml(&line(&sealed, "b: ENC", None), 51, &["MAC: differs"], &plain.replace("b: two\n", ""));
    yaml(&line(&sealed, "    mac: ", None), 51, &["MAC: there is none", "belongs to other content"], plain);
    yaml(&line(&sealed, "lastmodified: ", Some("    lastmodified: \"2020-01-01T00:00:00Z\"\n")), 51, &["MAC: does not open"], plain);
    // In clear: path and line, never the value; the rest is as it was sealed.
    let clear = sealed.replacen("b: ENC", "x: canary-7f3a-new\nb: ENC", 1);
    yaml(&clear, 25, &["in clear, to be sealed: x (line 2)"], &plain.replacen("b: two", "x: canary-7f3a-new\nb: two", 1));
    assert!(!text(&place, "a.yaml").contains(CANARY));
    // Tokens that were not touched stay.
    let token = sealed.lines().find(|l| l.starts_with("a: ENC")).unwrap();
    assert!(text(&place, "a.yaml").contains(token));
    // A stranger's record without a right wrapped key.
    let stranger =
        sealed.replacen("    age:\n", &format!("    age:\n        - recipient: {two}\n          enc: |\n            nonsense\n"), 1);
    let says = ["recipients: changed since somebody vouched", "recipients: not those of the creation rule", "only in the file", &two, &one];
    yaml(&stranger, 51, &says, plain);
    // A narrower rule than the creation rule's.
    let narrow = sealed.replacen("unencrypted_suffix: _unencrypted", "unencrypted_suffix: ted", 1);
    yaml(&narrow, 51, &["the creation rule has unencrypted_suffix"], plain);
}

/// Layout alone is not an attack: it opens with a warning, which `accept` ends.
#[test]
fn layout_alone() {
    let (place, ..) = project();
    let sealed = place.seal("a.yaml", "a: canary-7f3a\nb: two\n");
    place.write("a.yaml", sealed.replacen("b: ENC", "\n\nb: ENC", 1));
    assert!(String::from_utf8_lossy(&place.ours(["decrypt", "a.yaml"]).stderr).contains("layout"));
    let shown = code(&place.ours(["accept", "-y", "a.yaml"]), 0);
    assert!(shown.contains("layout: blanks"), "{shown}");
    let opened = place.ours(["decrypt", "a.yaml"]);
    assert_eq!((opened.stdout.as_slice(), opened.stderr.as_slice()), (&b"a: canary-7f3a\n\n\nb: two\n"[..], &b""[..]));
}

#[test]
fn a_token_that_does_not_open_is_refused() {
    let (place, ..) = project();
    let sealed = place.seal("a.yaml", "a: canary-7f3a\nb: two\n");
    let swapped = sealed.replacen("a: ENC", "q: ENC", 1);
    place.write("a.yaml", &swapped);
    let err = code(&place.ours(["accept", "-y", "a.yaml"]), 25);
    assert!(err.contains("q (line 1)"), "{err}");
    assert_eq!(text(&place, "a.yaml"), swapped);
    place.write("keys.txt", "");
    code(&place.ours(["accept", "-y", "a.yaml"]), 128);
    code(&place.ours(["accept", "missing.yaml"]), 100);
}

/// What one yes would give up for good is shown before it: tags, the MAC of clear values, the threshold, the rule, fields nobody knows.
#[test]
fn what_would_be_given_up() {
    let plain = "pw: canary-7f3a\nargs_unencrypted:\n    - id\nown: !vault x\n";
    for with_rule in [true, false] {
        let (place, ..) = project();
        let sealed = place.seal("a.yaml", plain);
        git(&place, &["init", "-q"]);
        git(&place, &["add", "a.yaml"]);
        git(&place, &["commit", "-q", "-m", "x"]);
        if !with_rule {
            std::fs::remove_file(place.path(".sops.yaml")).unwrap();
        }
        let evil = "args_unencrypted: !!python/object/apply:os.system";
        let last = |field: &str| format!("{sealed}    {field}\n");
        let rows: [(String, &[&str]); 6] = [
            (
                sealed.replacen("args_unencrypted:", evil, 1),
                &["  tag: !!python/object/apply:os.system (line 2), on which other programs may act\n"],
            ),
            (
                last("mac_only_encrypted: true"),
                &["  ~ the MAC covers sealed values only, and covered all values\n", "the MAC covers sealed values only"],
            ),
            (last("shamir_threshold: 3"), &["  ~ groups that must open: 3, was all\n"]),
            (last("zzz: x"), &["  + metadata field zzz\n", "metadata fields that nobody knows: zzz"]),
            (line(&sealed, "    version: ", Some("    version: 3.9.0\n")), &["  ~ version: 3.9.0, was 3.13.2\n"]),
            (
                line(&sealed, "    unencrypted_suffix: ", Some("    unencrypted_regex: ^a\n")),
                &["  ~ selection rule: unencrypted_regex \"^a\", was unencrypted_suffix \"_unencrypted\"\n"],
            ),
        ];
        for (changed, says) in rows {
            for changed in [changed.clone(), without_field(&changed)] {
                assert_ne!(changed, sealed);
                place.write("a.yaml", &changed);
                let shown = code(&place.ours(["accept", "a.yaml"]), 1);
                for said in says {
                    assert!(shown.contains(said), "not {said:?}:\n{shown}");
                }
                assert!(!shown.contains("blanks, quotes or line breaks") && !shown.contains("!vault"), "{shown}");
            }
        }
    }
}

/// Two people's changes, merged as text: values of both, the MAC of one.
#[test]
fn a_merge_of_texts_beside_head() {
    let (place, ..) = project();
    let git = |args: &[&str]| git(&place, args);
    let plain = "a: canary-7f3a-1\nb: canary-7f3a-2\n# note\nl:\n    - x\n";
    let sealed = place.seal("a.yaml", plain);
    git(&["init", "-q"]);
    git(&["add", "a.yaml"]);
    git(&["commit", "-q", "-m", "x"]);
    let changed = |path: &str, value: &str| {
        place.write("a.yaml", &sealed);
        code(&place.ours(["set", "a.yaml", path, value]), 0);
        text(&place, "a.yaml")
    };
    let one = changed("[\"a\"]", "\"canary-7f3a-3\"");
    let two = changed("[\"b\"]", "\"canary-7f3a-4 canary-7f3a-5\"");
    let b = two.lines().find(|l| l.starts_with("b: ")).unwrap();
    let merged = line(&one, "b: ENC", Some(&format!("{b}\n"))).replacen("l:\n", "k: 5\nl:\n", 1);
    let says = [
        "MAC: differs",
        "in clear, to be sealed: k (line 4)",
        "compared with the version in HEAD",
        "  ~ a: a string of up to 16 bytes\n",
        "  ~ b: a string of up to 64 bytes, was a string of up to 16 bytes",
        "  + k: a number\n",
    ];
    check(&place, "a.yaml", &merged, 25, &says, "a: canary-7f3a-3\nb: canary-7f3a-4 canary-7f3a-5\n# note\nk: 5\nl:\n    - x\n");
    // What HEAD has and cannot be opened is said, and no reason to stop.
    place.write("a.yaml", "not: sealed\n");
    git(&["commit", "-q", "-a", "-m", "y"]);
    check(&place, "a.yaml", &without_field(&sealed), 51, &["not compared with the version in HEAD"], plain);
}

/// The hint of what differs names the command.
#[test]
fn hints_name_it() {
    let (place, ..) = project();
    let sealed = place.seal("a.yaml", "a: canary-7f3a\nc_unencrypted: clear\n");
    for (changed, args) in [
        (sealed.replacen("clear", "other", 1), vec!["decrypt", "a.yaml"]),
        (sealed.replacen("c_", "d_", 1), vec!["decrypt", "a.yaml"]),
        (sealed.replacen("a: ENC", "x: canary-7f3a\nd: {}\na: ENC", 1), vec!["encrypt", "-i", "a.yaml"]),
    ] {
        place.write("a.yaml", changed);
        let err = code(&place.ours(args), 51);
        assert!(err.contains("leafcrypt accept a.yaml"), "{err}");
    }
}

/// On a terminal: the answer counts, and only for what was shown.
#[test]
fn the_question() {
    use crate::age_world::{Who, World};
    let Some(world) = World::new() else { return };
    let made = world.command("age-keygen").args(["-o", "keys.txt"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let recipient = world.text("keys.txt").lines().find_map(|line| line.strip_prefix("# public key: ").map(str::to_owned)).unwrap();
    world.seal(Who::Ours, &recipient);
    let sealed = world.text("sealed.yaml");
    let keys = [("SOPS_AGE_KEY_FILE", "keys.txt")];
    let bare = without_field(&sealed);
    for (answer, meanwhile, expected) in
        [("n\n", None, 1), ("\n", None, 1), ("y\n", Some(format!("new: typed\n{sealed}")), 3), ("y\n", None, 0)]
    {
        world.write("sealed.yaml", &bare);
        let mut terminal = world.terminal(&format!("{} accept sealed.yaml", world.program(Who::Ours).display()), &keys);
        if let Some(text) = &meanwhile {
            terminal.answer("Seal it anew as it stands? [y/N]", "");
            world.write("sealed.yaml", text);
        }
        terminal.answer(if meanwhile.is_some() { "" } else { "Seal it anew as it stands? [y/N]" }, answer);
        assert_eq!(terminal.end(), Some(expected), "{answer:?}: {}", terminal.seen);
        assert!(!terminal.seen.contains("hunter2"), "{}", terminal.seen);
        let now = world.text("sealed.yaml");
        assert_eq!(now == meanwhile.unwrap_or_else(|| bare.clone()), expected != 0, "{answer:?}");
    }
    let opened = world.run(Who::Ours, &["decrypt", "--require-witness", "sealed.yaml"], &keys);
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
}

/// What nobody can open is not accepted; all of it is named, so that one look into the file is enough.
#[test]
fn all_that_does_not_open_is_named() {
    let (place, ..) = project();
    let names: Vec<String> = (0..25).map(|n| format!("key{n:02}")).collect();
    let plain: String = names.iter().map(|name| format!("{name}: {CANARY}\n")).collect();
    let sealed = place.seal("a.yaml", &plain);
    git(&place, &["init", "-q", "."]);
    git(&place, &["add", "--", "a.yaml"]);
    let damaged = |which: &[usize]| -> String {
        let line = |(n, line): (usize, &str)| if which.contains(&n) { line.replacen("data:", "data:AAAA", 1) } else { line.to_owned() };
        sealed.split_inclusive('\n').enumerate().map(line).collect()
    };
    let accept = |which: &[usize]| {
        let text = damaged(which);
        place.write("a.yaml", &text);
        let said = code(&place.ours(["accept", "-y", "a.yaml"]), 25);
        assert_eq!(self::text(&place, "a.yaml"), text);
        said
    };
    let one = accept(&[3]);
    assert!(one.contains("a.yaml: key03 (line 4): ") && !one.contains("values"), "{one}");
    let two = accept(&[3, 20]);
    assert!(two.contains("2 values do not open\n  key03 (line 4): ") && two.contains("\n  key20 (line 21): "), "{two}");
    assert!(!two.contains("more") && two.contains("git restore a.yaml"), "{two}");
    let all = accept(&(0..25).collect::<Vec<_>>());
    assert!(all.contains("25 values do not open") && all.contains("key19 (line 20)") && !all.contains("key20"), "{all}");
    assert!(all.contains("\n  and 5 more"), "{all}");
    // Other commands stop at the first.
    let first = code(&place.ours(["decrypt", "a.yaml"]), 25);
    assert!(first.contains("key00 (line 1)") && !first.contains("key01"), "{first}");
}

/// Where git has no earlier version nothing can name the paths that differ: that is said, so that nobody takes the list for the whole.
/// As a text it would stand there until the data key goes, and be lost then.
#[test]
fn a_token_where_nothing_is_covered_is_no_text() {
    let rule = |rule: &str| {
        let (place, one, _) = project();
        place.write(".sops.yaml", format!("creation_rules:\n  - age: {one}\n    {rule}\n"));
        place
    };
    let by_comments = "# keep\na: canary-7f3a\nb: 1\n# keep\nc: 2\n";
    let by_names = "password: canary-7f3a\nb: 1\npass2: x\n";
    for (selection, file, plain, change, named) in [
        ("encrypted_comment_regex: keep", "a.yaml", by_comments, ["a: ", "newk: v\na: "], "a (line 3)"),
        ("encrypted_regex: ^pass", "a.yaml", by_names, ["password: ", "user: "], "user (line 1)"),
        ("encrypted_regex: ^pass", "a.yaml", by_names, ["    encrypted_regex: ^pass", "    encrypted_regex: ^pass2"], "password (line 1)"),
        ("unencrypted_suffix: _open", "a.env", "A=canary-7f3a\nB=1\n", ["A=", "A_open="], "A_open (line 1)"),
        ("unencrypted_suffix: _open", "a.json", "{\"a\": \"canary-7f3a\", \"b\": 1}", ["\"a\"", "\"a_open\""], "a_open (line 1)"),
    ] {
        let place = rule(selection);
        let sealed = place.seal(file, plain);
        let changed = sealed.replacen(change[0], change[1], 1);
        assert_ne!(changed, sealed, "{selection}");
        place.write(file, &changed);
        let said = code(&place.ours(["accept", "-y", file]), 4);
        assert!(said.contains(named) && said.contains("does not cover") && said.contains("put it back"), "{said}");
        assert_eq!(text(&place, file), changed, "{selection}");
    }
}

/// One that was moved with its lines is found wherever it was sealed; one that opens nowhere is not taken for a text.
#[test]
fn comments_that_were_moved_or_damaged() {
    let (place, ..) = project();
    let sealed = place.seal("a.yaml", "a:\n  # canary-7f3a\n  x: 1\nb:\n  y: 2\n");
    let line = sealed.lines().find(|line| line.contains("#ENC[")).unwrap();
    let moved = sealed.replacen(&format!("{line}\n"), "", 1).replacen("b:\n", &format!("b:\n{line}\n"), 1);
    let plain = "a:\n  x: 1\nb:\n  # canary-7f3a\n  y: 2\n";
    check(&place, "a.yaml", &moved, 51, &["comments differ"], plain);
    let damaged = sealed.replacen("#ENC[AES256_GCM,data:", "#ENC[AES256_GCM,data:AAAA", 1);
    place.write("a.yaml", &damaged);
    let said = code(&place.ours(["accept", "-y", "a.yaml"]), 4);
    assert!(said.contains("line 2") && said.contains("does not open there"), "{said}");
    assert_eq!(text(&place, "a.yaml"), damaged);
}

#[test]
fn a_file_that_git_does_not_know() {
    let place = Place::project();
    let sealed = place.seal("a.yaml", "a: b\nc: d\n");
    let line = sealed.lines().find(|line| line.starts_with("c: ")).unwrap();
    place.write("a.yaml", sealed.replacen(line, "e: ''", 1));
    let said = code(&place.ours(["accept", "a.yaml"]), 1);
    assert!(said.contains("a.yaml: git has no version of it in HEAD to compare with, so which paths differ cannot be told"), "{said}");
    assert!(code(&place.ours(["accept", "-y", "a.yaml"]), 0).contains("MAC: differs"));
}

/// A bare repository can be made of files that somebody commits beside the sealed one: its `HEAD` is theirs, and its settings are, too.
#[test]
fn a_repository_among_the_files_is_not_asked() {
    let place = Place::project();
    std::fs::create_dir(place.path("sub")).unwrap();
    let sealed = place.seal("sub/a.yaml", "a: b\nc: d\n");
    let git = |args: &[&str]| git(&place, &[&["-C", "sub"], args].concat());
    git(&["init", "-q"]);
    git(&["add", "a.yaml"]);
    git(&["commit", "-q", "-m", "x"]);
    let line = sealed.lines().find(|line| line.starts_with("c: ")).unwrap();
    place.write("sub/a.yaml", sealed.replacen(line, "e: ''", 1));
    assert!(code(&place.ours(["accept", "sub/a.yaml"]), 1).contains("compared with the version in HEAD"));
    // The same repository, its files lying open.
    for name in ["HEAD", "objects", "refs"] {
        std::fs::rename(place.path("sub/.git").join(name), place.path("sub").join(name)).unwrap();
    }
    std::fs::remove_dir_all(place.path("sub/.git")).unwrap();
    place.write("sub/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n");
    git(&["cat-file", "blob", "HEAD:./a.yaml"]);
    let said = code(&place.ours(["accept", "sub/a.yaml"]), 1);
    assert!(said.contains("git has no version of it in HEAD"), "{said}");
}
