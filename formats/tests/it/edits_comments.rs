//! Comments beside a change: what is said of a place goes with it, what is said of another stays where it is.

use leafcrypt_formats::{CommentId, Document, Format, ScanOptions};

use crate::edits::edited;

#[track_caller]
fn yaml(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Yaml, text, path, to), expected);
}

#[track_caller]
fn toml(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Toml, text, path, to), expected);
}

#[track_caller]
fn ini(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Ini, text, path, to), expected);
}

/// The same in YAML's brackets and in an array of TOML; `[` and `]` are put around it.
#[track_caller]
fn both(inside: &str, path: &str, to: &str, expected: &str) {
    yaml(&format!("i: [{inside}]\n"), path, to, &format!("i: [{expected}]\n"));
    toml(&format!("i = [{inside}]\n"), path, to, &format!("i = [{expected}]\n"));
}

#[test]
fn a_new_last_item_stands_below_the_comment_of_the_one_before() {
    let new = r#"["i"][9]"#;
    both("\n  1, # first\n  2, # second\n", new, "3", "\n  1, # first\n  2, # second\n  3,\n");
    both("\n  1, # first\n  2 # second\n", new, "3", "\n  1, # first\n  2, # second\n  3\n");
    both("1, # first\n  2 # second\n", new, "3", "1, # first\n  2, # second\n  3\n");
    both("\n  1, 2, # both\n", new, "3", "\n  1, 2, # both\n  3,\n");
    both("\n  1, # first\n  2\n  # tail\n", new, "3", "\n  1, # first\n  2,\n  3\n  # tail\n");
    both("\n  1\n  , # first\n", new, "3", "\n  1\n  , # first\n  3,\n");
    yaml("i: [1, # first\n]\n", new, "3", "i: [1, # first\n    3,\n]\n");
    both("\r\n  1 # first\r\n", new, "3", "\r\n  1, # first\r\n  3\r\n");
    yaml("{\n  a: 1, # ca\n  b: 2 # cb\n}\n", r#"["c"]"#, "3", "{\n  a: 1, # ca\n  b: 2, # cb\n  c: 3\n}\n");
    yaml("i: {a: 1, b: # cb\n  }\n", r#"["i"]["c"]"#, "3", "i: {a: 1, b: , # cb\n    c: 3\n  }\n");
    toml("i = {\n  a = 1, # ca\n  b = 2 # cb\n}\n", r#"["i"]["c"]"#, "3", "i = {\n  a = 1, # ca\n  b = 2, # cb\n  c = 3\n}\n");
}

#[test]
fn an_item_goes_with_its_own_comments() {
    both("\n  1, # first\n  2, # second\n  3 # third\n", r#"["i"][2]"#, "", "\n  1, # first\n  2 # second\n");
    both("\n  1, # first\n  2, # second\n  3, # third\n", r#"["i"][2]"#, "", "\n  1, # first\n  2, # second\n");
    both("\n  1, # first\n  2, # second\n  3 # third\n", r#"["i"][1]"#, "", "\n  1, # first\n  3 # third\n");
    both("\n  1, # first\n  2, # second\n  3 # third\n", r#"["i"][0]"#, "", "\n  2, # second\n  3 # third\n");
    both(" # open\n  1, # first\n  2, # second\n", r#"["i"][0]"#, "", " # open\n  2, # second\n");
    both("1, # first\n  2", r#"["i"][1]"#, "", "1 # first\n  ");
    both("1, # first\n  2", r#"["i"][0]"#, "", "2");
    both("1, # first\n  # above 2\n  2", r#"["i"][0]"#, "", "\n  # above 2\n  2");
    both("\n  1, # first\n  [\n    2,\n  ], # second\n  3,\n", r#"["i"][1]"#, "", "\n  1, # first\n  3,\n");
    both("\n  1 # first\n  , 2 # second\n  , 3\n", r#"["i"][1]"#, "", "\n  1 # first\n  , 3\n");
    both("\r\n  1, # first\r\n  2 # second\r\n", r#"["i"][1]"#, "", "\r\n  1 # first\r\n");
    yaml("{\n  a: 1, # ca\n  b: 2 # cb\n}\n", r#"["b"]"#, "", "{\n  a: 1 # ca\n}\n");
    toml("i = {\n  a = 1, # ca\n  b = 2 # cb\n}\n", r#"["i"]["b"]"#, "", "i = {\n  a = 1 # ca\n}\n");
}

/// As between lines: of several items on a line the comment is not one's own, and above another item it may be a heading.
#[test]
fn what_may_be_said_of_others_stays() {
    both("\n  1, 2, # both\n  3,\n", r#"["i"][1]"#, "", "\n  1, # both\n  3,\n");
    both("\n  1, 2, # both\n  3,\n", r#"["i"][0]"#, "", "\n  2, # both\n  3,\n");
    both("\n  1, 2 # both\n", r#"["i"][1]"#, "", "\n  1 # both\n");
    both("\n  1,\n  # above 2\n  2,\n", r#"["i"][0]"#, "", "\n  # above 2\n  2,\n");
    both("\n  1,\n  # above 2\n  # still\n  2,\n", r#"["i"][1]"#, "", "\n  1,\n");
    both("\n  1,\n  # group\n  2,\n  3,\n", r#"["i"][1]"#, "", "\n  1,\n  # group\n  3,\n");
    both("\n  1,\n  # group\n\n  2,\n", r#"["i"][1]"#, "", "\n  1,\n  # group\n\n");
    both("\n  1,\n  2,\n  # tail\n", r#"["i"][1]"#, "", "\n  1,\n  # tail\n");
    both("\n  1 # first\n  # tail\n", r#"["i"][0]"#, "", "\n  # tail\n");
    both("\n  # on 1\n  1 # first\n", r#"["i"][0]"#, "", "");
}

#[test]
fn the_first_item_among_comments() {
    let first = r#"["i"][0]"#;
    both("\n  # only\n", first, "1", "\n  # only\n  1\n");
    both(" # open\n", first, "1", " # open\n  1\n");
    both("\r\n    # only\r\n  \r\n", first, "[1]", "\r\n    # only\r\n    [1]\r\n  \r\n");
    both("\n  # only\n", r#"["i"]"#, "[1, 2]", "\n  # only\n  1,\n  2\n");
    both(" ", r#"["i"]"#, "[]", " ");
    yaml("# top\n{\n  # only\n}\n", r#"["a"]"#, "1", "# top\n{\n  # only\n  a: 1\n}\n");
    yaml("m: { # open\n  }\n", r#"["m"]["a"]["b"]"#, "1", "m: { # open\n  a: {b: 1}\n  }\n");
    yaml("l:\n  - - [ # open\n      ]\n", r#"["l"][0][0][0]"#, "1", "l:\n  - - [ # open\n        1\n      ]\n");
    toml("m = { # open\n}\n", r#"["m"]["a"]["b"]"#, "1", "m = { # open\n  a = { b = 1 }\n}\n");
}

#[test]
fn the_last_entry_of_a_block_leaves_the_comments_below_it() {
    yaml(
        "a: 1\nb:\n  c: 2\n  # after c\n\n  # after blank\nd: 3\n",
        r#"["b"]["c"]"#,
        "",
        "a: 1\nb: {}\n  # after c\n\n  # after blank\nd: 3\n",
    );
    yaml("l:\n- a\n# tail\n\n# tail2\n", r#"["l"][0]"#, "", "l: []\n# tail\n\n# tail2\n");
    yaml("l:\n  - a # own\n  # tail\nm: 1\n", r#"["l"][0]"#, "", "l: []\n  # tail\nm: 1\n");
    yaml(
        "b: # note\n  # heading\n\n  # own\n  c: 2 # own\n    # below\n  # after\n",
        r#"["b"]["c"]"#,
        "",
        "b: {} # note\n  # heading\n\n    # below\n  # after\n",
    );
    yaml("l:\n  - a: 1 # own\n    # tail\n  - b\n", r#"["l"][0]["a"]"#, "", "l:\n  - {}\n    # tail\n  - b\n");
    yaml("l:\n  - &x\n    # on a\n    a: |+\n      x\n\n    # tail\n  - b\n", r#"["l"][0]["a"]"#, "", "l:\n  - &x {}\n    # tail\n  - b\n");
    yaml("b:\r\n  c:\r\n    d: 1\r\n  # tail", r#"["b"]["c"]"#, "", "b: {}\r\n  # tail");
    yaml("l:\n# on a\n- a\nm: 1\n", r#"["l"][0]"#, "", "l: []\nm: 1\n");
    // A value has nothing in it, so what stands further in below it is not its own, and stays.
    yaml("b: {}\n  # after c\nd: 3\n", r#"["b"]"#, "", "  # after c\nd: 3\n");
    yaml("b:\n  c: 1\n  # after c\nd: 3\n", r#"["b"]"#, "", "d: 3\n");
    yaml("a: |\n  x\nb: 1\n    # text of a, if it stayed\nd: 3\n", r#"["b"]"#, "", "a: |\n  x\nd: 3\n");
    yaml("  a: 1\n  # tail\n", r#"["a"]"#, "", "{}\n  # tail\n");
}

#[test]
fn what_is_said_of_a_table_goes_where_it_goes() {
    let text = "# about t\n[t] # on t\nx = 1\n\n# about u\n[u]\n";
    toml(text, r#"["t"]"#, "5", "# about t\nt = 5 # on t\n\n# about u\n[u]\n");
    toml(&format!("a = 1\n\n{text}"), r#"["t"]"#, "5", "a = 1\n# about t\nt = 5 # on t\n\n# about u\n[u]\n");
    toml(
        &format!("a = 1\n\n{text}").replace('\n', "\r\n"),
        r#"["t"]"#,
        "5",
        "a = 1\r\n# about t\r\nt = 5 # on t\r\n\r\n# about u\r\n[u]\r\n",
    );
    toml("[a]\nx = 1\n# about t\n[a.t]\ny = 1\n", r#"["a"]["t"]"#, "5", "[a]\nx = 1\n# about t\nt = 5\n");
    toml("# about t\n[a.t]\ny = 1\n\n[b]\n", r#"["a"]["t"]"#, "5", "# about t\n[a]\nt = 5\n\n[b]\n");
    toml("# about t\n[[t]] # on t\ny = 1\n", r#"["t"]"#, "[1]", "# about t\nt = [1] # on t\n");
    // What is said of a table within it goes with that: it may be sealed, and the new name not.
    toml("# about t\n[t.u] # on u\ny = 1\n", r#"["t"]"#, "1", "# about t\nt = 1\n");
}

/// Where something goes that stood apart on one side only, what stays keeps apart.
#[test]
fn blank_lines_beside_what_goes() {
    toml("[a]\nx = 1\n[b]\ny = 1\n\n# about c\n[c]\n", r#"["b"]"#, "", "[a]\nx = 1\n\n# about c\n[c]\n");
    toml("k = 1\n[[a]]\nx = 1\n\n# about c\n[c]\n", r#"["a"][0]"#, "", "k = 1\na = []\n\n# about c\n[c]\n");
    toml("[a]\nx = 1\n\n[b]\ny = 1\n\n# about c\n[c]\n", r#"["b"]"#, "", "[a]\nx = 1\n\n# about c\n[c]\n");
    ini("[a]\nx=1\n[b]\ny=1\n\n; about c\n[c]\n", r#"["b"]"#, "", "[a]\nx=1\n\n; about c\n[c]\n");
    ini("[a]\r\nx=1\r\n[b]\r\ny=1\r\n\r\n; about c\r\n[c]\r\n", r#"["b"]"#, "", "[a]\r\nx=1\r\n\r\n; about c\r\n[c]\r\n");
    ini("[a]\nx=1\n\n[b]\ny=1\n\n; about c\n[c]\n", r#"["b"]"#, "", "[a]\nx=1\n\n; about c\n[c]\n");
    ini("[b]\ny=1\n\n; about c\n[c]\n", r#"["b"]"#, "", "; about c\n[c]\n");
}

/// Where commas begin lines, comments stand between an item and its comma.
#[test]
fn commas_that_begin_lines() {
    both("\n  1\n  , 2 # second\n  # free\n\n  # above 3\n  , 3\n", r#"["i"][1]"#, "", "\n  1\n  # free\n\n  # above 3\n  , 3\n");
    both(" 1\n  # above 2\n  , 2\n", r#"["i"][0]"#, "", "\n  # above 2\n  2\n");
    both(" 1 # first\n  # above 2\n  , 2\n", r#"["i"][0]"#, "", "\n  # above 2\n  2\n");
    both(" 1 # first\n  , 2\n", r#"["i"][0]"#, "", " 2\n");
    both("\n  1\n  # above 2\n  , 2 # second\n\n  , 3\n", r#"["i"][1]"#, "", "\n  1\n\n  , 3\n");
    both("\n  1\n  # group\n  , 2\n  , 3\n", r#"["i"][1]"#, "", "\n  1\n  # group\n  , 3\n");
    both("\n  1, 2 # both\n  , 3\n", r#"["i"][1]"#, "", "\n  1 # both\n  , 3\n");
    both("\r\n  1\r\n  , 2\r\n  # free\r\n  , 3\r\n", r#"["i"][1]"#, "", "\r\n  1\r\n  # free\r\n  , 3\r\n");
    yaml("{a: 1\n  # above b\n  , b: 2\n}\n", r#"["a"]"#, "", "{\n  # above b\n  b: 2\n}\n");
}

/// What a blank line parts from a table or section speaks of something else: one that is commented out, or the end of the file.
#[test]
fn comments_apart_from_a_section_that_goes() {
    ini("[q]\nx=1\n[a]\nx = 1\n\n; [b]\n; y = 1\n\n[c]\nz=1\n", r#"["a"]"#, "", "[q]\nx=1\n\n; [b]\n; y = 1\n\n[c]\nz=1\n");
    ini("[q]\nx=1\n\n[a]\nx = 1\n; own\n\n; foot\n", r#"["a"]"#, "", "[q]\nx=1\n\n; foot\n");
    ini("[a]\n; own\nx = 1\n\n\n; foot\n", r#"["a"]"#, "", "; foot\n");
    ini("[q]\r\nx=1\r\n[a]\r\nx = 1\r\n\r\n# foot", r#"["a"]"#, "", "[q]\r\nx=1\r\n\r\n# foot");
    ini("[q]\nx=1\n[a]\nx = 1\n\n; in\n\ny = 1\n", r#"["a"]"#, "", "[q]\nx=1\n");
    toml("[q]\nx=1\n[a]\nx = 1\n\n# [b]\n# y = 1\n\n[c]\nz=1\n", r#"["a"]"#, "", "[q]\nx=1\n\n# [b]\n# y = 1\n\n[c]\nz=1\n");
    toml("[q]\nx=1\n\n[a]\nx = 1\n# own\n\n# foot\n", r#"["a"]"#, "", "[q]\nx=1\n\n# foot\n");
    toml("[q]\nx=1\n[a]\nx = 1\n\n# foot\n", r#"["a"]"#, "5", "a = 5\n\n[q]\nx=1\n\n# foot\n".replace("a = 5\n\n", "a = 5\n").as_str());
    toml("[a]\nx = 1\n\n# in\n\n[a.b]\ny = 1\n\n# foot\n", r#"["a"]"#, "", "# foot\n");
    toml("[[l]]\nx = 1\n\n# foot\n\n[[l]]\nx = 2\n", r#"["l"][0]"#, "", "# foot\n\n[[l]]\nx = 2\n");
}

/// It would become its own, and go with it.
#[test]
fn a_new_section_stands_apart_from_the_comment_above_it() {
    ini("[a]\nx=1\n[b]\ny=1\n; foot\n", r#"["c"]"#, r#"{"z": "1"}"#, "[a]\nx=1\n[b]\ny=1\n; foot\n\n[c]\nz=1\n");
    toml("[a]\nx = 1\n[b]\ny = 1\n# foot\n", r#"["c"]"#, r#"{"z": 1}"#, "[a]\nx = 1\n[b]\ny = 1\n# foot\n\n[c]\nz = 1\n");
    toml("[a]\nx = 1\n[b]\ny = 1\n# foot", r#"["c"]"#, r#"{"z": 1}"#, "[a]\nx = 1\n[b]\ny = 1\n# foot\n\n[c]\nz = 1");
    toml("[a]\nx = 1\n\n[b]\ny = 1\n\n\n# foot\n", r#"["b"]"#, "", "[a]\nx = 1\n\n# foot\n");
    toml("[a]\nx = 1\n[b]\ny = 1\n\n\n# foot\n", r#"["b"]"#, "", "[a]\nx = 1\n\n\n# foot\n");
}

#[test]
fn what_is_said_of_a_table_of_dots_goes_where_it_goes() {
    toml("a = 1\n# about t\nt.x = 1\n", r#"["t"]"#, "5", "a = 1\n# about t\nt = 5\n");
    toml("a = 1\n# about t\nt.x = 1\nb = 2\n", r#"["t"]"#, "5", "a = 1\n# about t\nb = 2\nt = 5\n");
}

/// A key that was put in and taken out again leaves what was there: the causes that random texts had shown, one each.
#[test]
fn what_came_goes_again() {
    let back = |format, text: &str, path: &str, to: &str| {
        let new = edited(format, text, path, to);
        assert_eq!(edited(format, &new, path, ""), text, "{path} in {text:?}, by {new:?}");
    };
    let toml = |text: &str, path: &str, to: &str| back(Format::Toml, text, path, to);
    // No blank line where none was: which of them was there before, nothing tells afterwards.
    toml("k = 1\n[t.s]\nx = 1\n\n[u]\n", r#"["t"]["n"]"#, "1");
    toml("[l]\nk = 1\n[m]\nx = 1\n\n[u]\n", r#"["l"]["n"]"#, r#"{"a": 1}"#);
    toml("[t.s]\nx = 1\n\n\n[u]\n", r#"["t"]["n"]"#, r#"{"a": 1}"#);
    // A comment directly above a header is about that, also below a key that goes.
    toml("# top\n[t.s]\nx = 1\n[u]\n", r#"["t"]["n"]"#, "1");
    toml("k = 1\n# on s\n[t.s]\nx = 1\n\n[u]\n", r#"["t"]["n"]"#, "1");
    // One directly below a table is its own, and stays above what comes.
    toml("[[l]]\nk = 7\n# own\n", r#"["l"][0]["n"]"#, r#"{"a": 1}"#);
    toml("[l]\nk = 7\n# own\n\n[m]\n", r#"["l"]["n"]"#, r#"{"a": 1}"#);
    // Lines of two kinds: as the one above.
    toml("a = 1\r\np = {\n  x = 1 # c\n}\n", r#"["p"]["y"]"#, "1");
    toml("a = 1\np = {\r\n  x = 1 # c\r\n}\n", r#"["p"]["y"]"#, "1");
    toml("a = 1\r\np = { x = [1,\r\n  2] # c\n}\n", r#"["p"]["y"]"#, "1");
}

/// The text of a comment may end in any character, and the mark at the start of a file is none.
#[test]
fn comments_of_toml_at_both_ends_of_a_text() {
    toml("x = 1\n# \u{e9}", r#"["t"]"#, r#"{"z": 1}"#, "x = 1\n# \u{e9}\n\n[t]\nz = 1");
    toml("\u{feff}# top\nk = 1\n\nm = 2\n", r#"["k"]"#, "", "\u{feff}# top\n\nm = 2\n");
}

/// For ini.v1 what stands behind a quote is dropped, but people have written it.
#[test]
fn a_comment_behind_quotes_of_ini_stays() {
    ini("[s]\nk = `a;b` ; note\n", r#"["s"]["k"]"#, r#""c;d""#, "[s]\nk = `c;d` ; note\n");
    ini("[s]\nk = `a;b` ; note\n", r#"["s"]["k"]"#, r#""c`d""#, "[s]\nk = `c`d` ; note\n");
    ini("[s]\nk = `a;b` ; no`te\n", r#"["s"]["k"]"#, r#""c;d""#, "[s]\nk = `c;d`\n");
    ini("[s]\nk = `a;b` rest\n", r#"["s"]["k"]"#, r#""c;d""#, "[s]\nk = `c;d`\n");
}

/// INI: a comment behind a quote that is opened and closed on its line would be none.
#[test]
fn a_comment_of_ini_stays_one() {
    let x = r#"["a"]["x"]"#;
    ini("[a]\nx = `\nq` ; note\n", x, r#""N""#, "[a]\nx = N ; note\n");
    ini("[a]\n  x = \"\"\"1\n2\"\"\" # note\n", x, r#"" N""#, "[a]\n  x = \" N\" # note\n");
    ini("[a]\n  x = \"\"\"1\n2\"\"\" # note\n", x, r##""N#`""##, "[a]\n  # note\n  x = \"\"\"N#`\"\"\"\n");
    ini("[a]\r\nx = one ; note\r\ny=1\r\n", x, r#""a;b""#, "[a]\r\n; note\r\nx = `a;b`\r\ny=1\r\n");
    ini("[a]\nx = one ; note", x, r#""a;b""#, "[a]\n; note\nx = `a;b`");
}

/// Lines of comments can go, unless the text reads otherwise without them.
#[test]
fn without_lines() {
    let check = |format, text: &str, expected: Option<&str>| {
        let document = Document::parse(format, text.as_bytes(), &ScanOptions::PLAIN).expect("it is well-formed");
        let lines: Vec<_> = (0..document.comments().len()).flat_map(|i| document.comment_lines(CommentId(i as u32))).collect();
        let gone: Vec<_> = lines.into_iter().filter(|line| text[line.clone()].starts_with("gone")).collect();
        let new = document.without_comment_lines(&gone, &ScanOptions::PLAIN).ok();
        assert_eq!(new.map(|new| String::from_utf8_lossy(&new).into_owned()).as_deref(), expected, "{text:?}");
    };
    check(Format::Yaml, "# gone\na: 1 # gone too\n  #  gone\r\n# stays\nb: # gone\n  c: x#y # gone", Some("a: 1\n# stays\nb:\n  c: x#y"));
    check(Format::Yaml, "a: |+\n  x\n\n# gone\n\nb: 1\n", None);
    check(Format::Yaml, "a: [1, # gone\n  2 # stays\n  ] # gone\n", Some("a: [1,\n  2 # stays\n  ]\n"));
    check(Format::Ini, "; stays\n;; gone\n# gone\n[s] ; gone\na = 1 ; gone\n", Some("; stays\n[s]\na = 1\n"));
    check(Format::Toml, "# gone\n[t] # gone\na = [ # gone\n  1, # gone\n]#stays\n# gone", Some("[t]\na = [\n  1,\n]#stays\n"));
    check(Format::Dotenv, "# gone\nA=1\n#gone\n", Some("A=1\n"));
}
