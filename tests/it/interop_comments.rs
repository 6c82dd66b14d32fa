//! Which comment governs what under the comment selectors, case by case as the real sops has it (and what a name selector does to comments).

use crate::interop_pair::check;
use crate::tools::{Place, sops};

const SELECTORS: [&str; 3] = ["encrypted_comment_regex: sec", "unencrypted_comment_regex: sec", "encrypted_regex: '^(b|map|l|t)$'"];

const YAML: &[&str] = &[
    // The table of rules: a head, an inline comment, one above a scalar, inside a map, above a map, inside lists.
    "# head\na_sec: v\nplain: v # inline sec\n# sec above\nb: v\nc: v\n",
    "map_sec:\n    # inner\n    k1: v\nmap:\n    x_sec:\n        - l1\n        - l2\n    # sec map\n    sub:\n        d1: v\n        d2: v\n",
    "list:\n    - i1\n    # sec\n    - i2\n    - i3\n",
    "list:\n    - m1: v\n      m2_sec: v\n",
    // Placement.
    "w: [1, 2] # sec\nx: y\n",
    "map: # sec\n  a: 1\n  b: 2\nx: y\n",
    "l: # sec\n  - a\n  - b\nx: y\n",
    "a: 1\n# sec\n\nb: 2\nc: 3\n",
    "a:\n  b: 1\n  # sec\nc: 2\nd: 3\n",
    "a:\n  b: 1\n\n# sec\nc: 2\nd: 3\n",
    "l:\n  # sec\n  - a: 1\n    b: 2\n  - a: 3\n",
    "l:\n  - - 1\n    - 2\n  # sec\n  - - 3\n    - 4\n  - 5\n",
    "l:\n  - a # sec\n  - b\n",
    "a: {b: 1, c: 2} # sec\nd: 1\n",
    "a:\n  b: 1\n    # sec\n  c: 2\n",
    "a:\n  b: 1\n# sec\n  c: 2\nd: 3\n",
    "a: # sec\n  1\nb: 2\n",
    "a: >- # sec\n  t\nb: 2\n",
    "a: |\n  text\n  more\n# sec\nb: 1\n",
    "a: &x 1 # sec\nb: *x\n",
    "a: 1\n# sec\n",
    "# sec\n\na: 1\nb: 2\n",
    // Who empties the list.
    "# sec\na: null\nb: 1\n",
    "# sec\na: {}\nb: 1\n",
    "# sec\na: []\nb: 1\n",
    "# sec\na: \"\"\nb: 1\n",
    "# sec\n# other\na: 1\nb: 2\n",
    "# other\n# sec\na: 1\nb: 2\n",
    "# sec\na:\n  b: 1\n  c:\n    - 1\n    - x: 2\nd: 1\n",
    "a:\n  # sec\n  b:\n    c: 1\n  d: 2\n",
    "a:\n  b:\n    c: 1\n    # sec\n    d: 2\n  e: 3\n",
    // Streams: each document begins anew.
    "---\n# sec\na: 1\n---\nb: 1\n",
    "a: 1\n# sec\n---\nb: 1\n",
];

const INI: &[&str] = &[
    "; sec\n[s]\na = 1\nb = 2\n",
    "[s]\n; sec\na = 1\nb = 2\n\n[t]\nc = 3\n",
    "[s]\na = 1\n; sec\nb = 2\nc = 3\n",
    "; sec\na = 1\nb = 2\n\n[s]\nc = 3\n",
    "[s]\na = 1\n\n; sec\n[t]\nb = 2\nc = 3\n",
    "[s]\na = 1\n# sec\n# more\nb = 2\nc = 3\n",
    "[s]\n; other\na = 1\n; sec\nb = 2\nc = 3\n",
    "[s]\na = 1 ; sec\nb = 2\n",
    "[s]\na = \n; sec\nb = 2\nc = 3\n",
];

const ENV: &[&str] =
    &["# sec\na=1\nb=2\n", "a=1\n# sec\nb=2\n", "# sec\n# other\na=1\nb=2\n", "a=1\n# sec\n", "# sec\na=\nb=1\n", "#sec\n\na=1\nb=2\n"];

fn all(ending: &str, texts: &[&str]) {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let name = format!("f.{ending}");
    let mut wrong = Vec::new();
    for selector in SELECTORS {
        place.write(".sops.yaml", format!("creation_rules: [{{age: {}, {selector}}}]\n", place.recipient));
        for text in texts {
            place.write(&name, text);
            wrong.extend(check(&place, ending, text, &["encrypt", &name], &format!("{text:?}, {selector}")).err());
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn yaml() {
    all("yaml", YAML);
}

#[test]
fn ini() {
    all("ini", INI);
}

#[test]
fn dotenv() {
    all("env", ENV);
}

/// Files that sops seals so that it cannot open them itself: ours open in both.
#[test]
fn what_sops_cannot_open_again() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    place.write(".sops.yaml", format!("creation_rules: [{{age: {}, encrypted_comment_regex: sec}}]\n", place.recipient));
    for (text, code) in [
        ("l:\n  # sec\n  # more\n  - a\n  - b\n", 51),
        ("l:\n  - a: 1 # sec\n    b: 2\n  - b: 2\n", 2),
        // It prints the comment above the dash, where it counts for the whole item.
        ("l:\n  - # sec\n    a: 1\n    c: d\n  - b: 2\n", 25),
    ] {
        place.write("f.yaml", text);
        place.write("theirs.yaml", place.sops(["encrypt", "f.yaml"]).unwrap().stdout);
        assert_eq!(place.sops(["decrypt", "theirs.yaml"]).unwrap().status.code(), Some(code), "sops has learnt it: {text:?}");
        place.write("ours.yaml", place.ours(["encrypt", "f.yaml"]).stdout);
        assert_eq!(place.ours(["decrypt", "ours.yaml"]).stdout, text.as_bytes());
        let opened = place.sops(["decrypt", "--output-type", "json", "ours.yaml"]).unwrap();
        let plain = place.ours(["decrypt", "--output-type", "json", "ours.yaml"]);
        assert_eq!(opened.stdout, plain.stdout, "{}", String::from_utf8_lossy(&opened.stderr));
    }
}

/// A comment below the last entry of a map or list, further right than what comes, belongs to that entry for go-yaml, wherever it stands. Sops opens ours.
/// So do others, as `yaml_parser_scan_comments` has it.
#[test]
fn comments_below_the_last_entry() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let base = "m:\n  a:\n    b:\n      c: 1\n";
    let below = [
        "  # x\n",
        "    # x\n",
        "      # x\n",
        "   # x\n",
        "      # x\n      # y\n  # z\n",
        "  # x\n\n",
        "\n  # x\n",
        "      # x\n\n    # y\n",
    ];
    let texts = below.iter().flat_map(|below| ["z: 1\n", "---\nz: 1\n"].map(|then| format!("{base}{below}{then}")));
    let others = ["l:\n  - a:\n      b: 1\n    # x\nc: 1\n", "m:\n  l:\n  - b: 1\n  # x\nc: 1\n", "l:\n  - a:\n      b: 1\n  # x\n  - d\n"];
    // By blank lines and columns: a list at its key's column, what an editor has commented out at the margin, the end of the file.
    let more = [
        "l:\n- a\n- b\n# x\n\nc: 1\n",
        "l:\n- a\n# x\n\n",
        "m:\n  a:\n    b: 1\n    c: 2\n# x\n  d: 1\n",
        "m:\n  a:\n    b: 1\n\n# x\n\n  d: 1\n",
        "m:\n  a:\n    b: 1\n\n  # x\n\n",
        "m:\n  a:\n    - 1\n\n  # x\n\n",
        "m:\n  a:\n  - 1\n  # x\n\n  d: 1\n",
        "m:\n  a:\n  - 1\n\n  # x\n\n  d: 1\n",
        "m:\n- 1\n\n# x\n",
        "m:\n- a: 1\n# x\n\nb: 1\n",
        "m:\n  a: 1\n# x\n  d: 1\n",
        "m:\n  a: |\n    t\n# x\n# y\n\n  d: 1\n",
    ];
    let others = others.iter().chain(&more).map(|text| (*text).to_owned());
    for text in texts.chain(others) {
        place.write("f.yaml", &text);
        place.write("ours.yaml", place.ours(["encrypt", "--age", &place.recipient, "f.yaml"]).stdout);
        assert_eq!(place.ours(["decrypt", "ours.yaml"]).stdout, text.as_bytes());
        let opened = place.sops(["decrypt", "ours.yaml"]).unwrap();
        let shown = String::from_utf8_lossy(&opened.stdout);
        assert!(opened.status.success() && !shown.contains("ENC[") && shown.contains("# x"), "{text}\n{shown}");
    }
}

/// A comment that sops reads in its own print below another container than it sealed it for: there its token stays. We open it.
#[test]
fn comments_that_sops_does_not_find_again() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    for text in [
        "l:\n  - a: {b: 1}\n    # x\nc: 1\n",
        "\r\nk: !!map\r\n     # x\r\n   &c l:\r\n       m: 1\r\n",
        "l:\n  - a:\n      b: 1\n    # x\n",
    ] {
        place.write("f.yaml", text);
        place.write("theirs.yaml", place.sops(["encrypt", "--age", &place.recipient, "f.yaml"]).unwrap().stdout);
        let printed = place.sops(["decrypt", "theirs.yaml"]).unwrap();
        let ours = place.ours(["decrypt", "theirs.yaml"]);
        let (printed, opened) = (String::from_utf8_lossy(&printed.stdout), String::from_utf8_lossy(&ours.stdout));
        assert!(printed.contains("#ENC[AES256_GCM,"), "sops has learnt it: {text}");
        assert!(opened.contains("# x\n") && !opened.contains("ENC["), "{text}\n{opened}");
    }
}

/// Called as sops, with all that its legacy form takes and its commands do not.
#[test]
fn comment_selectors_as_flags() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let text = "# head\na: v\nb: v # sec\nc: 1\n";
    place.write("f.yaml", text);
    let age = place.recipient.as_str();
    for selector in ["--encrypted-comment-regex=sec", "--unencrypted-comment-regex=sec", "--mac-only-encrypted", "--encrypted-suffix=b"] {
        check(&place, "yaml", text, &["-e", "--age", age, selector, "f.yaml"], selector).unwrap();
        check(&place, "yaml", text, &["--age", age, selector, "--encrypt", "f.yaml"], selector).unwrap();
    }
}

/// A comment above a key of INI and one behind its value: one token as sops seals them, two as we do. We open both to both comments; sops loses the
/// second of ours.
#[test]
fn behind_a_value_of_ini() {
    let place = Place::project();
    place.write("f.ini", "[s]\n; five\nb = 2 ; six\n");
    let text = |done: std::process::Output| String::from_utf8(done.stdout).unwrap();
    let sealed = text(place.as_sops(["encrypt", "f.ini"]));
    assert_eq!(sealed.matches("; ENC[").count(), 2, "{sealed}");
    place.write("ours.ini", &sealed);
    assert_eq!(text(place.ours(["decrypt", "ours.ini"])), "[s]\n; five\nb = 2 ; six\n");
    let Some(theirs) = place.sops(["encrypt", "--age", &place.recipient, "f.ini"]) else { return };
    place.write("theirs.ini", &theirs.stdout);
    assert_eq!(text(theirs).matches("; ENC[").count(), 1);
    assert_eq!(text(place.sops(["decrypt", "ours.ini"]).unwrap()), "[s]\n; five\nb = 2\n");
    for done in [place.ours(["decrypt", "theirs.ini"]), place.sops(["decrypt", "theirs.ini"]).unwrap()] {
        assert_eq!(text(done), "[s]\n; five\n; six\nb = 2\n");
    }
}
