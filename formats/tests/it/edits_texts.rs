//! Texts set where others stand: what every program reads as that text, in the style, the columns and the line ends of what was there.

use leafcrypt_formats::Format;

use crate::edits::edited;

#[track_caller]
fn yaml(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Yaml, text, path, to), expected);
}

#[track_caller]
fn toml(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Toml, text, path, to), expected);
}

/// PyYAML, Ruby and kubectl read YAML 1.1: there these words are no strings.
#[test]
fn a_plain_text_stays_plain_where_all_readers_take_it_for_one() {
    let words = "y Y yes Yes YES on On ON n N no No NO off Off OFF << 12:30:45 1:20 -1:20 +190:20:30.15";
    for word in words.split(' ') {
        yaml("a: maybe # c\n", r#"["a"]"#, &format!("{word:?}"), &format!("a: {word:?} # c\n"));
        yaml("a: [b, 'c']\n", r#"["a"][0]"#, &format!("{word:?}"), &format!("a: [{word:?}, 'c']\n"));
        yaml("a: 'b'\n", r#"["a"]"#, &format!("{word:?}"), &format!("a: '{word}'\n"));
        yaml("a: !!str b\n", r#"["a"]"#, &format!("{word:?}"), &format!("a: !!str {word}\n"));
        yaml("a: ! b\n", r#"["a"]"#, &format!("{word:?}"), &format!("a: ! {word:?}\n"));
    }
    for word in ["maybe", "yes sir", "a:b", "12:60", "http://x:80/?q=1#f", "\u{1f600} x", "x y", "~x", "12a"] {
        yaml("a: b # c\n", r#"["a"]"#, &format!("\"{word}\""), &format!("a: {word} # c\n"));
    }
    yaml("{u: b}\n", r#"["u"]"#, r#""http://x:80/""#, "{u: http://x:80/}\n");
    for (word, spelled) in [("a?b", "'a?b'"), (":x", "':x'"), ("a,b", "'a,b'"), ("12", "\"12\""), (" x", "' x'"), ("a #b", "'a #b'")] {
        yaml("{u: b}\n", r#"["u"]"#, &format!("{word:?}"), &format!("{{u: {spelled}}}\n"));
    }
    yaml("a: b\n", r#"["a"]"#, r#""a\tb""#, "a: \"a\\tb\"\n");
    yaml("a: yes\n", r#"["a"]"#, r#""yes""#, "a: yes\n");
}

#[test]
fn a_character_that_ends_lines_for_some_is_escaped() {
    yaml("a: b\n", r#"["a"]"#, r#""a\u0085b""#, "a: \"a\\Nb\"\n");
    yaml("a: [b]\n", r#"["a"][0]"#, r#""a\u0085b""#, "a: [\"a\\Nb\"]\n");
    yaml("a: b\n", r#"["a"]"#, r#""a\u2028b""#, "a: \"a\\Lb\"\n");
    yaml("a: b\n", r#"["a"]"#, r#""a\u007fb""#, "a: \"a\\x7Fb\"\n");
}

#[test]
fn another_header_for_a_text_in_lines() {
    yaml("k: |\r\n  a\r\n  b\r\nl: x\r\n", r#"["k"]"#, r#""x\ny""#, "k: |-\r\n  x\r\n  y\r\nl: x\r\n");
    yaml("k: >\r\n  a\r\n\r\nl: x\r\n", r#"["k"]"#, r#""x\n\ny\n""#, "k: |\r\n  x\r\n\r\n  y\r\n\r\nl: x\r\n");
    yaml("k: |\r\n  a\r\nl: x\r\n", r#"["k"]"#, r#""""#, "k: \"\"\r\nl: x\r\n");
    yaml("k: |\r\n  a\r\nl: x\r\n", r#"["k"]"#, "5", "k: 5\r\nl: x\r\n");
    yaml("k: |\n  a\nl: x\n", r#"["k"]"#, "5.0", "k: 5.0\nl: x\n");
    yaml("k: |\r\n  a\r\nl: x\r\n", r#"["k"]"#, "-0.0", "k: -0.0\r\nl: x\r\n");
    yaml("m:\n  k: |\n    a\n  l: x\n", r#"["m"]["k"]"#, r#""one""#, "m:\n  k: |-\n    one\n  l: x\n");
    yaml("m:\n  k: |\n    a\n  l: x\n", r#"["m"]["k"]"#, r#"" x\ny""#, "m:\n  k: |2-\n     x\n    y\n  l: x\n");
    yaml("l:\n- |\n a\n- b\n", r#"["l"][0]"#, r#"" x\ny""#, "l:\n- |1-\n  x\n y\n- b\n");
    yaml("l:\n- - |\n    a\n", r#"["l"][0][0]"#, r#""x\ny""#, "l:\n- - |-\n    x\n    y\n");
    yaml("k: |\n            a\n", r#"["k"]"#, r#"" x\ny\n""#, "k: |4\n     x\n    y\n");
    yaml("k: | # c\r\n  a\r\nl: x\r\n", r#"["k"]"#, r#""x\ny""#, "k: \"x\\ny\" # c\r\nl: x\r\n");
}

#[test]
fn a_last_line_feed_is_part_of_a_text_though_the_file_ends_without_one() {
    let pem = r#""-----BEGIN\nabc\n-----END\n""#;
    yaml("a: 1", r#"["key"]"#, pem, "a: 1\nkey: |\n    -----BEGIN\n    abc\n    -----END\n");
    yaml("a: 1\r\nb: 2", r#"["b"]"#, r#""x\ny\n""#, "a: 1\r\nb: |\r\n    x\r\n    y\r\n");
    yaml("l:\n  - a", r#"["l"][1]"#, r#""x\ny\n\n""#, "l:\n  - a\n  - |+\n    x\n    y\n\n");
    yaml("a: 1", r#"["b"]["q"]"#, r#""x\n""#, "a: 1\nb:\n    q: |\n        x\n");
    yaml("a: 1", r#"["b"]"#, r#"["x\n", "w"]"#, "a: 1\nb:\n    - |\n      x\n    - w");
    yaml("a: |\n  t", r#"["z"]"#, r#""x\n""#, "a: |-\n  t\nz: |\n    x\n");
    yaml("a: 1", r#"["b"]"#, r#""\tx\n""#, "a: 1\nb: \"\\tx\\n\"");
    yaml("a: 1", r#"["b"]"#, r#""x\ny""#, "a: 1\nb: |-\n    x\n    y");
    yaml("{}", r#"["b"]"#, r#""x\n\n""#, "b: |+\n    x\n\n");
    yaml("{}\n", r#"["b"]"#, r#""x\n""#, "b: |\n    x\n");
    yaml("{} # c\n", r#"["b"]"#, r#""x\n""#, "b: \"x\\n\" # c\n");
}

#[test]
fn what_comes_below_a_text_without_its_last_line_break() {
    for (header, other) in [("|", "|-"), (">", ">-"), ("|-", "|-"), ("|+", "|-"), (">+", ">-"), ("|2+", "|2-"), ("|+2", "|-2")] {
        yaml(&format!("a: 1\nb: {header}\n  text"), r#"["z"]"#, r#""w""#, &format!("a: 1\nb: {other}\n  text\nz: w"));
    }
}

/// A line feed in `"""` would be read as CR LF, or be the only one of a text: so such a text stands on one line.
#[test]
fn toml_with_cr_lf() {
    let text = "[t] # see \"\"\"\r\nx = 1\r\n\r\n# about b\r\n[b]\r\ny = 1\r\n";
    toml(text, r#"["t"]"#, "5", "t = 5 # see \"\"\"\r\n\r\n# about b\r\n[b]\r\ny = 1\r\n");
    toml("z = 1\r\n# head\r\n\r\n[t] # see \"\"\"\r\nx = 1\r\n", r#"["t"]"#, "5", "z = 1\r\nt = 5 # see \"\"\"\r\n# head\r\n");
    toml("a = 'x'\r\n", r#"["c"]"#, r#""x\"\"\"y""#, "a = 'x'\r\nc = 'x\"\"\"y'\r\n");
    toml("a = 'x\"\"\"'\r\n", r#"["c"]"#, r#""x\ny""#, "a = 'x\"\"\"'\r\nc = \"x\\ny\"\r\n");
    toml("a = 1\r\n", r#"["t"]"#, r#"{"c": "x\ny", "d": "\"\"\""}"#, "a = 1\r\n\r\n[t]\r\nc = \"x\\ny\"\r\nd = \"\\\"\\\"\\\"\"\r\n");
    toml("a = [1]\r\n", r#"["a"][0]"#, r#""x\ny""#, "a = [\"x\\ny\"]\r\n");
    toml("\r\n", r#"["a"]"#, r#""x\ny""#, "\r\na = \"x\\ny\"\r\n");
}

#[test]
fn json_with_cr_lf_and_no_member_yet() {
    let json = |text: &str, expected: &str| assert_eq!(edited(Format::Json, text, r#"["a"]"#, "1"), expected);
    json("{}\r\n", "{\r\n\t\"a\": 1\r\n}\r\n");
    json("{}\n", "{\n\t\"a\": 1\n}\n");
    json("{}", "{\n\t\"a\": 1\n}");
}
