//! `set` and `unset`: branches, new keys, removals; and the real sops beside ours under its name, on the same sealed files.

use crate::tools::{Place, Program, sops};

/// Seals a text, runs the commands, and compares the opened text. A command is split at blanks; `~` stands for one.
#[track_caller]
fn check(name: &str, text: &str, commands: &[&str], expected: &str) {
    let place = Place::new();
    place.write(name, text);
    let sealed = place.ours(["encrypt", "--age", &place.recipient, "-i", name]);
    assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
    for command in commands {
        let args: Vec<String> = command.split(' ').map(|word| word.replace('~', " ").replace("FILE", name)).collect();
        let done = place.ours(&args);
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let opened = place.ours(["decrypt", "--require-witness", name]);
    assert_eq!(String::from_utf8_lossy(&opened.stdout), expected, "{}", String::from_utf8_lossy(&opened.stderr));
    if name.ends_with(".toml") {
        return;
    }
    if let Some(theirs) = place.sops(["decrypt", name]) {
        assert!(theirs.status.success(), "sops does not open it: {}", String::from_utf8_lossy(&theirs.stderr));
    }
}

#[test]
fn branches_and_new_keys_in_every_format() {
    let yaml = "# head\ndb:\n  user: 'me' # who\n  hosts:\n  - a\n";
    check(
        "f.yaml",
        yaml,
        &[r#"set FILE ["db"]["hosts"][9] "b""#, r#"set FILE ["db"]["ports"] [1,2.0]"#, r#"unset FILE ["db"]["user"]"#],
        "# head\ndb:\n  hosts:\n  - a\n  - b\n  ports:\n  - 1\n  - 2.0\n",
    );
    check(
        "f.json",
        "{\"a\": {\"b\": 1}}",
        &[r#"set FILE ["a"]["c"]["d"] {"e":null}"#],
        "{\"a\": {\"b\": 1, \"c\": {\"d\": {\"e\": null}}}}",
    );
    check("f.env", "A=1\n\n# end\n", &[r#"set FILE ["B"] "x~y""#, r#"unset FILE ["A"]"#], "B=x y\n\n# end\n");
    check("f.env", "export A=1\nexport C=1\n", &[r#"set FILE ["B"] "x""#, r#"set FILE ["A"] 2"#], "export A=2\nexport C=1\nexport B=x\n");
    check("f.ini", "[s]\na=1\n", &[r#"set FILE ["s"]["b"] "x""#, r#"set FILE ["t"]["c"] true"#], "[s]\na=1\nb=x\n\n[t]\nc=true\n");
    check("f.toml", "a = 1\n\n[t]\nb = 2\n", &[r#"set FILE ["t"]["c"] ["x"]"#, r#"unset FILE ["a"]"#], "[t]\nb = 2\nc = [\"x\"]\n");
    check("f.txt", "text\n", &[r#"set FILE ["data"] "other""#], "other");
}

#[test]
fn the_last_key_goes_and_another_comes() {
    check("f.yaml", "a: x\n", &[r#"unset FILE ["a"]"#], "{}\n");
    check("f.yaml", "a: x\n", &[r#"unset FILE ["a"]"#, r#"set FILE ["b"]["c"] 1"#], "b:\n    c: 1\n");
    check("f.json", "{\"a\": \"x\"}\n", &[r#"unset FILE ["a"]"#], "{}\n");
    check("f.ini", "[s]\na=1\n", &[r#"unset FILE ["s"]["a"]"#], "[s]\n");
    check("f.yaml", "a: x\n", &[r#"unset FILE ["z"] --idempotent"#], "a: x\n");
}

fn sealed(place: &Place, name: &str, text: &str) -> Vec<u8> {
    place.write(name, text);
    let done = place.ours(["encrypt", "--age", &place.recipient, "-i", name]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    place.read(name)
}

#[test]
fn an_equal_value_writes_nothing_but_for_sops() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: x\nn: 2\n");
    let run = |as_sops: bool, args: &[&str]| {
        let done = if as_sops { place.as_sops(args) } else { place.ours(args) };
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        place.read("f.yaml") == before
    };
    assert!(run(false, &["set", "f.yaml", "[\"a\"]", "\"x\""]));
    assert!(run(false, &["set", "f.yaml", "[\"n\"]", "2"]));
    assert!(run(true, &["set", "--idempotent=true", "f.yaml", "[\"a\"]", "\"x\""]));
    assert!(run(true, &["unset", "--idempotent=true", "f.yaml", "[\"zz\"]"]));
    assert!(!run(true, &["set", "f.yaml", "[\"a\"]", "\"x\""]), "SOPS writes a new date and MAC");
    let after = String::from_utf8(place.read("f.yaml")).unwrap();
    assert!(String::from_utf8(before.clone()).unwrap().lines().take(2).eq(after.lines().take(2)), "the values keep their tokens");
}

#[test]
fn a_secret_that_nobody_sees() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: x\n");
    let done = place.ours(["set", "f.yaml", "[\"k\"]", "--random", "24:hex"]);
    assert!(done.status.success() && done.stdout.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    let opened = || String::from_utf8(place.ours(["decrypt", "--extract", "[\"k\"]", "f.yaml"]).stdout).unwrap();
    let first = opened();
    assert!(first.len() == 24 && first.bytes().all(|b| b.is_ascii_hexdigit()), "{first}");
    assert!(place.ours(["set", "f.yaml", "[\"k\"]", "--random", "24:hex", "--idempotent"]).status.success());
    assert_eq!(opened(), first, "what is there stays");
    assert!(place.ours(["set", "f.yaml", "[\"k\"]", "--random", "24:hex"]).status.success());
    assert_ne!(opened(), first);
    for wrong in [
        &["--random", "0"][..],
        &["--random", "8:a"],
        &["--random", "24:base32"],
        &["--random", "8", "--value-stdin"],
        &["1", "--random", "8"],
        &[],
    ] {
        let done = place.ours([&["set", "f.yaml", "[\"k\"]"], wrong].concat());
        assert_eq!(done.status.code(), Some(1), "{wrong:?}");
    }
}

/// Standard input or a file gives the value; what it is stays out of every message.
#[test]
fn values_from_elsewhere() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: x\nl: [1]\n");
    let canary = "canary-7f3a";
    place.write("good.json", format!("{{\"k\": [\"{canary}\", 5]}}\n\n"));
    place.write("bad.json", format!("{canary}\n"));
    place.write("two.json", format!("\"{canary}\" 2\n"));
    place.write("bytes.json", [b"\"", canary.as_bytes(), b"\xff\"\n"].concat());
    let run = |program: Program, args: &[&str], input: &str| {
        let bytes = if input.is_empty() { Vec::new() } else { place.read(input) };
        let done = place.call(program, [&["set"], args].concat()).stdin(bytes).run();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.stdout.is_empty() && !said.contains(canary), "{args:?}: {said}");
        (done.status.code(), said)
    };
    let at = "[\"a\"]";
    for (program, more) in [(Program::Ours, "--value-stdin"), (Program::AsSops, "--value-stdin=true")] {
        for (input, code) in [("bad.json", 7), ("two.json", 7), ("bytes.json", 7), ("", 7)] {
            assert_eq!(run(program, &[more, "f.yaml", at], input).0, Some(code), "{program:?} {input}");
            assert_eq!(place.read("f.yaml"), before);
        }
    }
    for (input, code) in [("bad.json", 7), ("two.json", 7), ("bytes.json", 7), ("none.json", 1)] {
        assert_eq!(run(Program::Ours, &["f.yaml", at, "--value-file", input], "").0, Some(code), "{input}");
        assert_eq!(run(Program::AsSops, &["--value-file=true", "f.yaml", at, input], "").0, Some(code), "{input}");
    }
    for twice in [&["--value-stdin", "--value-file", "good.json"][..], &["\"y\"", "--value-stdin"], &["\"y\"", "--value-file", "good.json"]]
    {
        assert_eq!(run(Program::Ours, &[&["f.yaml", at], twice].concat(), "good.json").0, Some(1), "{twice:?}");
    }
    assert_eq!(place.read("f.yaml"), before);
    let opened = |at: &str| String::from_utf8(place.ours(["decrypt", "--extract", at, "f.yaml"]).stdout).unwrap();
    for (args, input) in [(&["f.yaml", at, "--value-stdin"][..], "good.json"), (&["f.yaml", at, "--value-file", "good.json"], "")] {
        place.write("f.yaml", &before);
        assert_eq!(run(Program::Ours, args, input), (Some(0), String::new()));
        assert_eq!((opened("[\"a\"][\"k\"][0]").as_str(), opened("[\"a\"][\"k\"][1]").trim()), (canary, "5"));
        // Once more it is there already.
        let (after, idempotent) = (place.read("f.yaml"), [args, &["--idempotent"]].concat());
        assert_eq!(run(Program::Ours, &idempotent, input).0, Some(0));
        assert_eq!(place.read("f.yaml"), after);
    }
}

/// What `--idempotent` takes for the same value.
#[test]
fn idempotent_compares_values() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: x\nn: 2\nf: 1.5\nt: true\ne:\nm:\n  k: v\n  l: [1, two]\n");
    let same = |at: &str, value: &str| {
        place.write("f.yaml", &before);
        let done = place.ours(["set", "--idempotent", "f.yaml", at, value]);
        assert!(done.status.success(), "{at} {value}: {}", String::from_utf8_lossy(&done.stderr));
        place.read("f.yaml") == before
    };
    for (at, value) in [
        ("[\"a\"]", " \"x\" "),
        ("[\"n\"]", "2"),
        ("[\"f\"]", "1.50"),
        ("[\"t\"]", "true"),
        ("[\"e\"]", "null"),
        ("[\"m\"]", "{\"k\": \"v\", \"l\": [1, \"two\"]}"),
        ("[\"m\"][\"l\"]", "[1, \"two\"]"),
        ("[\"m\"][\"l\"][1]", "\"two\""),
    ] {
        assert!(same(at, value), "{at} {value}");
    }
    for (at, value) in
        [("[\"n\"]", "\"2\""), ("[\"t\"]", "\"true\""), ("[\"e\"]", "\"\""), ("[\"m\"][\"l\"]", "[1]"), ("[\"new\"]", "null")]
    {
        assert!(!same(at, value), "{at} {value}");
    }
    assert!(place.ours(["unset", "f.yaml", "[\"zz\"]"]).status.code() == Some(1));
    place.write("f.yaml", &before);
    assert!(place.ours(["unset", "--idempotent", "f.yaml", "[\"m\"][\"zz\"]"]).status.success());
    assert_eq!(place.read("f.yaml"), before);
}

/// In every format, at new places, over what is no text; and where `--random` finds something, `--idempotent` leaves it.
#[test]
fn random_secrets_in_every_format() {
    let place = Place::new();
    for (name, text, at) in [
        ("f.yaml", "a: x\n", "[\"n\"][\"deeper\"]"),
        ("f.json", "{\"a\": [1]}\n", "[\"a\"][0]"),
        ("f.env", "A=1\n", "[\"B\"]"),
        ("f.ini", "[s]\na=1\n", "[\"t\"][\"b\"]"),
        ("f.toml", "a = 1\n", "[\"a\"]"),
        ("f.txt", "text\n", "[\"data\"]"),
    ] {
        sealed(&place, name, text);
        let opened = || String::from_utf8(place.ours(["decrypt", "--extract", at, name]).stdout).unwrap();
        for (recipe, length, characters) in
            [("40", 40, None), ("16:digits", 16, Some("0123456789")), ("12:aé:", 12, Some("aé:")), ("9:base64url", 9, None)]
        {
            let done = place.ours(["set", name, at, "--random", recipe]);
            assert!(done.status.success() && done.stdout.is_empty(), "{name} {recipe}: {}", String::from_utf8_lossy(&done.stderr));
            let made = if name == "f.txt" { String::from_utf8(place.ours(["decrypt", name]).stdout).unwrap() } else { opened() };
            assert_eq!(made.chars().count(), length, "{name} {recipe}");
            assert!(
                made.chars().all(|c| characters.map_or(c.is_ascii_alphanumeric() || "-_".contains(c), |all| all.contains(c))),
                "{name} {recipe}"
            );
            assert!(!String::from_utf8_lossy(&done.stderr).contains(&made), "{name}");
            let before = place.read(name);
            assert!(place.ours(["set", name, at, "--random", "5", "--idempotent"]).status.success());
            assert!(name == "f.txt" || place.read(name) == before, "{name}");
        }
    }
    // Nothing is no value.
    sealed(&place, "n.yaml", "a: null\n");
    assert!(place.ours(["set", "n.yaml", "[\"a\"]", "--random", "5", "--idempotent"]).status.success());
    assert_eq!(place.ours(["decrypt", "n.yaml"]).stdout.len(), "a: 12345\n".len());
}

/// The diff of one `set` in a sealed file: lines that went, and lines that came, by what they begin with.
#[test]
fn one_set_touches_its_lines_and_the_metadata() {
    let place = Place::new();
    let check = |name: &str, text: &str, args: &[&str], gone: &[&str], came: &[&str]| {
        let before = String::from_utf8(sealed(&place, name, text)).unwrap();
        let done = place.ours([&[args[0], name][..], &args[1..]].concat());
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        let after = String::from_utf8(place.read(name)).unwrap();
        let fields = [
            "leafcrypt",
            "mac",
            "lastmodified",
            "\"leafcrypt",
            "\"mac",
            "\"lastmodified",
            "sops_leafcrypt",
            "sops_mac",
            "sops_lastmodified",
        ];
        let starts = |line: &str| line.trim().split([':', '=', ' ', 'E']).next().unwrap().to_owned();
        let only = |a: &str, b: &str| -> Vec<String> {
            let lines = a.lines().filter(|line| !b.lines().any(|other| other == *line)).map(starts);
            lines.filter(|start| !fields.contains(&start.trim_end_matches('"'))).collect()
        };
        assert_eq!(only(&before, &after), gone, "{name} {args:?}\n{after}");
        assert_eq!(only(&after, &before), came, "{name} {args:?}\n{after}");
    };
    let yaml = "a: x\nm:\n  k: v # c\n  l:\n    - one\n    - two\nz: y\n";
    check("f.yaml", yaml, &["set", "[\"m\"][\"k\"]", "\"w\""], &["k"], &["k"]);
    check("f.yaml", yaml, &["set", "[\"m\"][\"l\"][2]", "\"three\""], &[], &["-"]);
    check("f.yaml", yaml, &["set", "[\"q\"][\"o\"]", "1"], &[], &["q", "o"]);
    check("f.yaml", yaml, &["unset", "[\"m\"][\"l\"][0]"], &["-"], &[]);
    let json = "{\n  \"a\": \"x\",\n  \"b\": [\n    1,\n    2\n  ]\n}\n";
    check("f.json", json, &["set", "[\"a\"]", "\"y\""], &["\"a\""], &["\"a\""]);
    check("f.env", "A=1\nB=2\n", &["set", "[\"C\"]", "\"3\""], &[], &["C"]);
    check("f.ini", "[s]\na = 1\n[t]\nb = 2\n", &["set", "[\"s\"][\"c\"]", "\"3\""], &[], &["c"]);
    check("f.toml", "a = 1\n[t]\nb = 2\n", &["set", "[\"t\"][\"c\"]", "\"3\""], &[], &["c"]);
}

#[test]
fn sops_legacy_form() {
    let place = Place::new();
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    let before = sealed(&place, "f.yaml", "a: x\n");
    let done = place.as_sops(["--set", "[\"b\"][0] \"two words\"", "f.yaml"]);
    assert!(done.status.success() && done.stdout.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(place.ours(["decrypt", "f.yaml"]).stdout, b"a: x\nb:\n    - two words\n");
    place.write("f.yaml", &before);
    assert!(place.ours(["--set", "[\"a\"] \"z\"", "--output", "g.yaml", "f.yaml"]).status.success());
    assert_eq!((place.read("f.yaml"), place.ours(["decrypt", "g.yaml"]).stdout), (before, b"a: z\n".to_vec()));
    assert!(place.as_sops(["--set", "[\"a\"] \"y\"", "-i", "f.yaml"]).status.success());
    assert_eq!(place.ours(["decrypt", "f.yaml"]).stdout, b"a: \"y\"\n");
    let wrong = place.as_sops(["--set", "[\"a\"]\"y\"", "f.yaml"]);
    assert_eq!((wrong.status.code(), &wrong.stderr[..21]), (Some(7), &b"Invalid --set format\n"[..]));
}

const YAML: &str =
    "a: one\nn: 5\nb: true\nnil: null\nempty: {}\nnone: []\nm:\n    k: v\n    deep:\n        x: y\nl:\n    - p\n    - q\n    - r: s\n";
const JSON: &str = "{\n\t\"a\": \"one\",\n\t\"f\": 1.5,\n\t\"b\": true,\n\t\"nil\": null,\n\t\"m\": {\n\t\t\"k\": \"v\"\n\t},\n\t\"l\": [\n\t\t\"p\",\n\t\t{\n\t\t\t\"r\": \"s\"\n\t\t}\n\t]\n}\n";
const ENV: &str = "A=one\nB=two words\n#note\nC=\n";
const INI: &str = "[s]\na = one\nb = two\n\n[t]\nc = three\n";

/// File, arguments behind it; what differs on purpose has a word in front: `both:CODE` where sops panics or destroys the file.
const CALLS: &[(&str, &str, &[&str])] = &[
    ("yaml", "set", &["[\"a\"]", "\"new\""]),
    ("yaml", "set", &["[\"a\"]", "\"two\\nlines\\n\""]),
    ("yaml", "set", &["[\"a\"]", "\"\""]),
    ("yaml", "set", &["[\"a\"]", "true"]),
    ("yaml", "set", &["[\"a\"]", "1.5"]),
    ("yaml", "set", &["[\"a\"]", "7"]),
    ("yaml", "set", &["[\"a\"]", "-1e300"]),
    ("yaml", "set", &["[\"a\"]", "12345678901234567"]),
    ("yaml", "set", &["[\"a\"]", "null"]),
    ("yaml", "set", &["[\"a\"]", "{\"x\": \"y\", \"z\": [\"1\", null, {}]}"]),
    ("yaml", "set", &["[\"a\"]", "{}"]),
    ("yaml", "set", &["[\"a\"]", "[1]"]),
    ("yaml", "set", &["[\"a\"]", "text"]),
    ("yaml", "set", &["[\"a\"]", ""]),
    ("yaml", "set", &["[\"a\"][\"b\"]", "\"x\""]),
    ("yaml", "set", &["[\"a\"][0]", "\"x\""]),
    ("yaml", "set", &["[\"n\"][\"b\"]", "\"x\""]),
    ("yaml", "set", &["[\"nil\"]", "\"x\""]),
    ("yaml", "set", &["[\"nil\"][\"b\"][\"c\"]", "\"x\""]),
    ("yaml", "set", &["[\"empty\"][\"b\"]", "\"x\""]),
    ("yaml", "set", &["[\"none\"][0]", "\"x\""]),
    ("yaml", "set", &["[\"none\"][7]", "\"x\""]),
    ("yaml", "set", &["[\"new\"]", "\"x\""]),
    ("yaml", "set", &["[\"new\"][\"b\"][\"c\"]", "\"x\""]),
    ("yaml", "set", &["[\"new\"][5]", "\"x\""]),
    ("yaml", "set", &["[\"new\"][5][\"b\"]", "\"x\""]),
    ("yaml", "set", &["[\"m\"][\"k\"]", "\"x\""]),
    ("yaml", "set", &["[\"m\"][\"new\"]", "\"x\""]),
    ("yaml", "set", &["[\"m\"][\"deep\"]", "\"x\""]),
    ("yaml", "set", &["[\"m\"][\"deep\"][\"x\"][\"y\"]", "\"z\""]),
    ("yaml", "set", &["['m']['k']", "\"x\""]),
    ("yaml", "set", &["[\"m\"]", "{\"only\": \"this\"}"]),
    ("yaml", "set", &["[\"m\"][3]", "\"x\""]),
    ("yaml", "set", &["[7]", "\"x\""]),
    ("yaml", "set", &["[\"l\"][0]", "\"x\""]),
    ("yaml", "set", &["[\"l\"][1]", "{\"a\": \"b\", \"c\": \"d\"}"]),
    ("yaml", "set", &["[\"l\"][2][\"r\"]", "\"x\""]),
    ("yaml", "set", &["[\"l\"][2][\"t\"]", "\"x\""]),
    ("yaml", "set", &["[\"l\"][3]", "\"x\""]),
    ("yaml", "set", &["[\"l\"][99]", "{\"a\": \"b\"}"]),
    ("yaml", "set", &["[\"l\"][3][\"x\"]", "\"y\""]),
    ("yaml", "set", &["[\"l\"][9][\"x\"]", "\"y\""]),
    ("yaml", "set", &["[\"l\"]", "\"x\""]),
    ("yaml", "set", &["[\"l\"][\"x\"]", "\"y\"", "both:7"]),
    ("yaml", "set", &["[\"l\"][-1]", "\"y\"", "both:7"]),
    ("yaml", "set", &["[\"a: b\"]", "\"x: y\""]),
    ("yaml", "set", &["[\"a\"]]", "\"x\"", "both:7"]),
    ("yaml", "set", &["a", "\"x\""]),
    ("yaml", "set", &["[a]", "\"x\""]),
    ("yaml", "set", &["[\"a\"", "\"x\""]),
    ("yaml", "set", &["[\"a\"] ", "\"x\""]),
    ("yaml", "set", &["", "\"x\"", "both:7"]),
    ("yaml", "set", &["[]", "\"x\"", "both:7"]),
    ("yaml", "set", &["[\"sops\"]", "\"x\"", "both:203"]),
    ("yaml", "unset", &["[\"a\"]"]),
    ("yaml", "unset", &["[\"m\"]"]),
    ("yaml", "unset", &["[\"m\"][\"deep\"][\"x\"]"]),
    ("yaml", "unset", &["[\"l\"][0]"]),
    ("yaml", "unset", &["[\"l\"][2][\"r\"]"]),
    ("yaml", "unset", &["[\"nil\"]"]),
    ("yaml", "unset", &["[\"zz\"]"]),
    ("yaml", "unset", &["[\"zz\"]", "--idempotent=true"]),
    ("yaml", "unset", &["[\"l\"][9]"]),
    ("yaml", "unset", &["[\"l\"][9]", "--idempotent=true"]),
    ("yaml", "unset", &["[\"a\"][\"b\"]"]),
    ("yaml", "unset", &["[\"a\"][\"b\"]", "--idempotent=true"]),
    ("yaml", "unset", &["[\"nil\"][\"b\"]"]),
    ("yaml", "unset", &["[\"n\"][\"b\"]"]),
    ("yaml", "unset", &["[\"m\"][0]", "both:1"]),
    ("yaml", "unset", &["[\"l\"][\"x\"]", "both:7"]),
    ("yaml", "unset", &["a"]),
    ("yaml", "unset", &["", "both:7"]),
    ("json", "set", &["[\"a\"]", "\"new <&> é\""]),
    ("json", "set", &["[\"a\"]", "1e21"]),
    ("json", "set", &["[\"f\"]", "2.25"]),
    ("json", "set", &["[\"f\"]", "{\"x\": {\"y\": []}}"]),
    ("json", "set", &["[\"nil\"][0]", "\"x\""]),
    ("json", "set", &["[\"m\"][\"new\"][\"deeper\"]", "false"]),
    ("json", "set", &["[\"l\"][1][\"r\"]", "null"]),
    ("json", "set", &["[\"l\"][2]", "\"x\""]),
    ("json", "set", &["[\"l\"]", "[]"]),
    ("json", "set", &["[\"sops\"][\"mac\"]", "\"x\"", "both:203"]),
    ("json", "unset", &["[\"a\"]"]),
    ("json", "unset", &["[\"l\"][0]"]),
    ("json", "unset", &["[\"m\"][\"k\"]"]),
    ("json", "unset", &["[\"zz\"]"]),
    ("env", "set", &["[\"A\"]", "\"new value\""]),
    ("env", "set", &["[\"A\"]", "\"two\\nlines\""]),
    ("env", "set", &["[\"A\"]", "true"]),
    ("env", "set", &["[\"A\"]", "1.5"]),
    ("env", "set", &["[\"D\"]", "\"x\""]),
    ("env", "set", &["[\"C\"]", "\"x\""]),
    ("env", "set", &["[\"A\"]", "null", "both:4"]),
    ("env", "set", &["[\"A\"]", "{\"x\": \"y\"}"]),
    ("env", "set", &["[\"A\"][\"x\"]", "\"y\""]),
    ("env", "set", &["[\"sops_x\"]", "\"y\"", "both:203"]),
    ("env", "unset", &["[\"A\"]"]),
    ("env", "unset", &["[\"zz\"]"]),
    ("ini", "set", &["[\"s\"][\"a\"]", "\"new; value\""]),
    ("ini", "set", &["[\"s\"][\"new\"]", "\"x\""]),
    ("ini", "set", &["[\"s\"][\"new\"]", "false"]),
    ("ini", "set", &["[\"u\"][\"new\"]", "\"x\""]),
    ("ini", "set", &["[\"u\"]", "{\"x\": \"y\"}"]),
    ("ini", "set", &["[\"DEFAULT\"][\"x\"]", "\"y\""]),
    ("ini", "set", &["[\"u\"]", "\"x\""]),
    ("ini", "unset", &["[\"s\"][\"a\"]"]),
    ("ini", "unset", &["[\"s\"]"]),
    ("ini", "unset", &["[\"s\"][\"zz\"]"]),
    ("txt", "set", &["[\"data\"]", "\"new\""]),
    ("txt", "set", &["[\"data\"]", "5", "both:7"]),
];

#[test]
fn as_sops_the_same_codes_words_and_values() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    for (name, text) in [("f.yaml", YAML), ("f.json", JSON), ("f.env", ENV), ("f.ini", INI), ("f.txt", "text\n")] {
        place.write(name, text);
        let done = place.sops(["encrypt", "--age", &place.recipient, name]).unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        place.write(&format!("sealed.{}", &name[2..]), done.stdout);
    }
    let mut wrong = Vec::new();
    for (ending, command, words) in CALLS {
        let (both, words): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with("both:"));
        let sealed = place.read(&format!("sealed.{ending}"));
        let (ours, theirs) = (format!("ours.{ending}"), format!("theirs.{ending}"));
        place.write(&ours, &sealed);
        place.write(&theirs, &sealed);
        let done = place.as_sops([&[*command, ours.as_str()], &words[..]].concat());
        let code = done.status.code();
        let says = String::from_utf8_lossy(&done.stderr).into_owned();
        let case = format!("{command} {ending} {words:?}");
        if let Some(expected) = both.first() {
            if code != expected["both:".len()..].parse().ok() {
                wrong.push(format!("{case}: exit {code:?}: {says}"));
            }
            if place.read(&ours) != sealed {
                wrong.push(format!("{case}: refused, yet the file is another"));
            }
            continue;
        }
        let real = place.sops([&[*command, theirs.as_str()], &words[..]].concat()).unwrap();
        if code != real.status.code() {
            wrong.push(format!("{case}: exit {code:?}, sops {:?}: {says}{}", real.status.code(), String::from_utf8_lossy(&real.stderr)));
            continue;
        }
        let first = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        if code != Some(0) && code != Some(4) && first(&done.stderr) != first(&real.stderr) {
            wrong.push(format!("{case}: says {:?}, sops {:?}", first(&done.stderr), first(&real.stderr)));
        }
        let opened = |file: &str| place.sops(["decrypt", file]).unwrap();
        let (a, b) = (opened(&ours), opened(&theirs));
        if !a.status.success() || a.stdout != b.stdout {
            wrong.push(format!("{case}: {:?}\n--- sops:\n{}", String::from_utf8_lossy(&a.stdout), String::from_utf8_lossy(&b.stdout)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CALLS.len(), wrong.join("\n"));
}

/// A value that is no UTF-8 would be stored as another one.
#[test]
fn not_utf_8() {
    use std::os::unix::ffi::OsStringExt as _;
    let place = Place::project();
    let sealed = place.seal("a.yaml", "a: canary\n");
    for program in [Program::Ours, Program::AsSops] {
        let value = std::ffi::OsString::from_vec(b"\"\xff\"".to_vec());
        let words = ["set", "a.yaml", "[\"a\"]"].map(std::ffi::OsString::from).into_iter().chain([value]);
        let done = place.call(program, words).run();
        assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(place.read("a.yaml"), sealed.as_bytes());
    }
}

/// What is a command of ours only is a file to SOPS's scripts.
#[test]
fn names_of_commands() {
    let place = Place::project();
    for name in ["accept", "doctor", "init", "keygen", "man", "recipients", "tour"] {
        place.write(name, "hunter2");
        let done = place.call(Program::AsSops, ["-e", "-i", name]).run();
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(String::from_utf8(place.read(name)).unwrap().contains("ENC["), "{name}");
        assert_eq!(place.call(Program::AsSops, ["-d", name]).run().stdout, b"hunter2", "{name}");
        if let Some(theirs) = place.sops(["-d", name]) {
            assert_eq!(theirs.stdout, b"hunter2", "{name}");
        }
        let done = place.call(Program::AsSops, [name]).env("EDITOR", "true").run();
        assert_eq!(done.status.code(), Some(200), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        std::fs::remove_file(place.path(name)).unwrap();
    }
    assert!(place.call(Program::AsSops, ["recipients"]).run().status.success());
}

/// SOPS's `--value-file` is a switch, which stands anywhere among the words.
#[test]
fn value_file_as_in_sops() {
    let place = Place::new();
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    place.write("value.json", "\"new\"");
    for words in [
        ["--value-file", "s.yaml", "[\"a\"]", "value.json"],
        ["s.yaml", "--value-file", "[\"a\"]", "value.json"],
        ["s.yaml", "[\"a\"]", "--value-file", "value.json"],
        ["s.yaml", "[\"a\"]", "value.json", "--value-file"],
    ] {
        place.seal("s.yaml", "a: old\n");
        let done = place.ours(["set"].into_iter().chain(words));
        assert!(done.status.success() && done.stderr.is_empty(), "{words:?}: {done:?}");
        assert_eq!(place.ours(["decrypt", "s.yaml"]).stdout, b"a: new\n", "{words:?}");
    }
    let done = place.ours(["set", "s.yaml", "[\"a\"]", "--value-file"]);
    assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains("--value-file wants the name"), "{done:?}");
}

/// A secret that nobody is to see does not stand in clear for a name that is mistyped.
#[test]
fn a_secret_under_a_name_in_clear() {
    let place = Place::new();
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    encrypted_regex: ^(password|PASSWORD)$\n", place.recipient));
    for (file, plain, at, good) in [
        ("s.yaml", "db:\n  password: canary\n", "[\"db\"][\"pasword\"]", "[\"db\"][\"password\"]"),
        ("s.env", "PASSWORD=canary\nexport B=c\n", "[\"B\"]", "[\"PASSWORD\"]"),
    ] {
        place.seal(file, plain);
        let before = place.read(file);
        let done = place.ours(["set", file, at, "--random", "20"]);
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(1) && err.contains("would stand in clear, by encrypted_regex"), "{err}");
        assert_eq!(place.read(file), before);
        let done = place.ours(["set", file, good, "--random", "20"]);
        assert!(done.status.success(), "{done:?}");
        // What is given openly is as in SOPS.
        assert!(place.ours(["set", file, at, "\"x\""]).status.success());
    }
    // A name of SOPS's default says it.
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    place.seal("d.yaml", "a: b\n");
    assert!(place.ours(["set", "d.yaml", "[\"id_unencrypted\"]", "--random", "20"]).status.success());
}
