//! A branch set, added, removed: the text around it stays, and the new text looks like its neighbours.

use leafcrypt_formats::{Change, Document, EditError, Floats, Format, LeafId, Part, PlainText, ScanOptions, Tree, Value, parse_path};

/// One leaf set to another value.
pub fn set(document: &Document<'_>, leaf: LeafId, value: &Value) -> Result<Vec<u8>, EditError> {
    let at = document.paths().parts(document.leaf(leaf).path);
    document.edit(&at, Change::Set(&Tree::Value(value.clone())), Floats::AsSops, &ScanOptions::PLAIN).map(PlainText::into_bytes)
}

/// A tree as JSON writes it.
pub fn json(text: &str) -> Tree {
    let text = format!("{{\"x\": {text}}}");
    let document = Document::parse(Format::Json, text.as_bytes(), &ScanOptions::PLAIN).expect("JSON");
    document.trees()[0].at(&[Part::Key(b"x".to_vec())]).expect("it is there").clone()
}

/// What becomes of a text. `to` is JSON, or empty to remove.
pub fn edited(format: Format, text: &str, path: &str, to: &str) -> String {
    let document = Document::parse(format, text.as_bytes(), &ScanOptions::PLAIN).expect("it is well-formed");
    let at = parse_path(path).expect("a path");
    let tree = (!to.is_empty()).then(|| json(to));
    let change = tree.as_ref().map_or(Change::Remove, Change::Set);
    match document.edit(&at, change, Floats::Stay, &ScanOptions::PLAIN) {
        Ok(new) => String::from_utf8_lossy(&new).into_owned(),
        Err(error) => format!("error: {error}"),
    }
}

#[track_caller]
fn yaml(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Yaml, text, path, to), expected);
}

#[test]
fn yaml_entries_are_added_like_their_neighbours() {
    yaml("a: 1\n", r#"["b"]"#, "2", "a: 1\nb: 2\n");
    yaml("a: 1", r#"["b"]"#, "2", "a: 1\nb: 2");
    yaml("a: 1 # c\n\n# tail\n", r#"["b"]"#, r#""x""#, "a: 1 # c\nb: x\n\n# tail\n");
    yaml("a: 1\r\n", r#"["b"]["c"]"#, "2", "a: 1\r\nb:\r\n    c: 2\r\n");
    yaml("m:\n  a: 'x'\n  b: 'y'\nn: z\n", r#"["m"]["c"]"#, r#""w""#, "m:\n  a: 'x'\n  b: 'y'\n  c: 'w'\nn: z\n");
    yaml("m:\n  a: x\n", r#"["m"]["c"]["d"]["e"]"#, "true", "m:\n  a: x\n  c:\n    d:\n      e: true\n");
    yaml("\"a\": \"x\"\n", r#"["b"]"#, r#"{"c": "y"}"#, "\"a\": \"x\"\n\"b\":\n    \"c\": \"y\"\n");
    yaml("a:\n- 1\n- 2\nb: 3\n", r#"["c"]"#, "[1, [2]]", "a:\n- 1\n- 2\nb: 3\nc:\n- 1\n- - 2\n");
    yaml("a:\n  - 1\n", r#"["c"]"#, "[1]", "a:\n  - 1\nc:\n  - 1\n");
    yaml("a: |\n  x\n\n\nb: 1\n", r#"["c"]"#, r#""p\nq""#, "a: |\n  x\n\n\nb: 1\nc: |-\n    p\n    q\n");
    yaml("a: |\n  x", r#"["c"]"#, "1", "a: |-\n  x\nc: 1");
    yaml("a: |+\n  x\n\n", r#"["c"]"#, "1", "a: |+\n  x\n\nc: 1\n");
    yaml("a:\n    b: 1\n    # inner\n# outer\n", r#"["c"]"#, "1", "a:\n    b: 1\n    # inner\nc: 1\n# outer\n");
    yaml(
        "- &x a\n".replace("- &x a\n", "l:\n  - a: 1\n    b: 2\n  - a: 3\n").as_str(),
        r#"["l"][0]["c"]"#,
        "3",
        "l:\n  - a: 1\n    b: 2\n    c: 3\n  - a: 3\n",
    );
    yaml("a: 1\n---\nb: 2\n", r#"["c"]"#, "3", "a: 1\nc: 3\n---\nb: 2\n");
    yaml("a: 1\n...\n", r#"["c"]"#, "3", "a: 1\nc: 3\n...\n");
    yaml("a:\n", r#"["b"]"#, "null", "a:\nb: null\n");
    yaml("a: 1\n", r#"["b"]"#, "{}", "a: 1\nb: {}\n");
    yaml("a: 1\n", r#"["<<"]"#, "1", "a: 1\n\"<<\": 1\n");
    yaml("a: 1\n", r#"["b"]"#, "5.0", "a: 1\nb: 5.0\n");
    yaml("a: 1\n", r#"["b: c"]"#, r#""12""#, "a: 1\n'b: c': \"12\"\n");
}

#[test]
fn yaml_lists_grow() {
    yaml("l:\n  - a\n  - b # c\nm: 1\n", r#"["l"][2]"#, r#""x""#, "l:\n  - a\n  - b # c\n  - x\nm: 1\n");
    yaml("l:\n- a\n", r#"["l"][9]"#, r#"{"k": 1, "l": 2}"#, "l:\n- a\n- k: 1\n  l: 2\n");
    yaml("l: []\n", r#"["l"][0]"#, "1", "l:\n    - 1\n");
    yaml("l: [a, 'b']\n", r#"["l"][2]"#, r#""x y""#, "l: [a, 'b', x y]\n");
    yaml("l: [\n  a,\n  b,\n]\n", r#"["l"][2]"#, r#""x""#, "l: [\n  a,\n  b,\n  x,\n]\n");
    yaml("l:\n  -   - a\n      - b\n", r#"["l"][0][2]"#, "1", "l:\n  -   - a\n      - b\n      - 1\n");
    yaml("l:\n  - a\n", r#"["l"][5]["x"]"#, "1", "l:\n  - a\n  - x: 1\n");
    yaml("l:\n  - a\n", r#"["l"][1]["x"]"#, "1", "l:\n  - a\n  - x: 1\n");
}

#[test]
fn yaml_branches_are_replaced() {
    yaml("a:\n  b: 1\n  # inner\nc: 2\n", r#"["a"]"#, "5", "a: 5\nc: 2\n");
    yaml("a: # note\n  b: 1\nc: 2\n", r#"["a"]"#, "5", "a: 5 # note\nc: 2\n");
    yaml("a: 5 # note\nc: 2\n", r#"["a"]"#, r#"{"b": 1}"#, "a: # note\n    b: 1\nc: 2\n");
    yaml("a: 5\nc:\n  d: 1\n", r#"["a"]["b"]"#, "1", "a:\n  b: 1\nc:\n  d: 1\n");
    yaml("a:\nc: 2\n", r#"["a"]"#, "5", "a: 5\nc: 2\n");
    yaml("a:\nc: 2", r#"["c"]["d"]"#, "5", "a:\nc:\n    d: 5");
    yaml("a: ~\n", r#"["a"]["b"][0]"#, "5", "a:\n    b:\n        - 5\n");
    yaml("a: |\n  x\n  y\nb: 1\n", r#"["a"]"#, "[1]", "a:\n    - 1\nb: 1\n");
    yaml("a: {x: 1}\nb: 1\n", r#"["a"]"#, r#"{"w": 2}"#, "a:\n    w: 2\nb: 1\n");
    yaml("l:\n  - a: 1\n    b: 2 # c\n  - x\n", r#"["l"][0]"#, "5", "l:\n  - 5\n  - x\n");
    yaml("l:\n  - 5\n  - x\n", r#"["l"][0]"#, r#"{"a": 1, "b": 2}"#, "l:\n  - a: 1\n    b: 2\n  - x\n");
    yaml("a: !!int 5\n", r#"["a"]"#, "{\"b\": 1}", "a:\n    b: 1\n");
    yaml("l:\n- !t\n  b: 1\n", r#"["l"][0]"#, r#"{"x": 1, "z": 2}"#, "l:\n- x: 1\n  z: 2\n");
    yaml("l:\n-   !t {b: 1}\n", r#"["l"][0]"#, r#"{"x": 1, "z": 2}"#, "l:\n- x: 1\n  z: 2\n");
    yaml("a: &x 5\n", r#"["a"]"#, "null", "a: &x null\n");
    yaml("a: [1, {b: 2}]\n", r#"["a"][1]"#, "[3, null]", "a: [1, [3, null]]\n");
    yaml("a: {b: , c: 1}\n", r#"["a"]["b"]"#, "5", "a: {b: 5, c: 1}\n");
    yaml("a: {b}\n", r#"["a"]["b"]"#, "5", "a: {b: 5}\n");
    yaml("a: 1\n", r#"["a"]"#, "1", "a: 1\n");
    yaml("a:\n  - 1\n", r#"["a"]["b"]"#, "1", "error: a is a list: it has positions, no names");
    yaml("a:\n  b: 1\n", r#"["a"][0]"#, "1", "error: a is a map: it has names, no positions");
}

/// `? key` without a `:`.
#[test]
fn yaml_keys_without_a_colon() {
    yaml("? a\n: 1\n? b\n", r#"["b"]"#, r#""x""#, "? a\n: 1\n? b\n: x\n");
    yaml("m:\n  ? b # c\n  ? d\nn: 1\n", r#"["m"]["b"]"#, r#"{"x": 1}"#, "m:\n  ? b # c\n  :\n    x: 1\n  ? d\nn: 1\n");
    yaml("? b", r#"["b"]"#, "5", "? b\n: 5");
    yaml("? |\n  b\n? c\n", "[\"b\n\"]", r#""p\nq""#, "? |\n  b\n: |-\n    p\n    q\n? c\n");
}

#[test]
fn yaml_roots() {
    yaml("{}\n", r#"["a"]"#, "1", "a: 1\n");
    yaml("--- {}\n", r#"["a"]"#, "1", "---\na: 1\n");
    yaml("--- # c\n", r#"["a"]["b"]"#, "1", "--- # c\na:\n    b: 1\n");
    yaml("null\n", r#"["a"]"#, "1", "a: 1\n");
    yaml("{a: 1}\n", r#"["b"]"#, r#"["x"]"#, "{a: 1, b: [x]}\n");
    yaml("{\n  \"a\": 1\n}\n", r#"["b"]"#, r#""x""#, "{\n  \"a\": 1,\n  \"b\": x\n}\n");
    yaml("{a: 1}\n", r#"["a"]"#, "", "{}\n");
    yaml("# head\na: 1\n# tail\n", r#"["a"]"#, "", "# head\n{}\n# tail\n");
    yaml("a:\n  b: 1", r#"["a"]"#, "", "{}");
}

#[test]
fn yaml_entries_go() {
    yaml("a: 1\nb: 2 # x\nc: 3\n", r#"["b"]"#, "", "a: 1\nc: 3\n");
    yaml("a: 1\n\n# about b\nb: 2\n\nc: 3\n", r#"["b"]"#, "", "a: 1\n\n\nc: 3\n");
    yaml("a: 1\n\n# group\nb: 2\nc: 3\n", r#"["b"]"#, "", "a: 1\n\n# group\nc: 3\n");
    yaml("# file\na: 1\n\nb: 2\n", r#"["a"]"#, "", "# file\n\nb: 2\n");
    yaml("a:\n  b: 1\nc: 2\n", r#"["a"]["b"]"#, "", "a: {}\nc: 2\n");
    yaml("a:\n  - 1\n", r#"["a"][0]"#, "", "a: []\n");
    yaml("l:\n  - a: 1\n    # on b\n    b: 2\n", r#"["l"][0]["a"]"#, "", "l:\n  - # on b\n    b: 2\n");
    yaml("l:\n  - a: 1\n    b: 2\n", r#"["l"][0]["b"]"#, "", "l:\n  - a: 1\n");
    yaml("l:\n  - a: 1\n    b: 2\n  - 3\n", r#"["l"][0]"#, "", "l:\n  - 3\n");
    yaml("l:\n  - - a\n    - b\n", r#"["l"][0][0]"#, "", "l:\n  - - b\n");
    yaml("l: [1, 2, 3]\n", r#"["l"][1]"#, "", "l: [1, 3]\n");
    yaml("l: [1, 2, 3]\n", r#"["l"][2]"#, "", "l: [1, 2]\n");
    yaml("l: [ 1 ]\n", r#"["l"][0]"#, "", "l: []\n");
    yaml("a: |\n  x\nb: 1", r#"["b"]"#, "", "a: |\n  x\n");
    yaml("a: 1\n", r#"["b"]"#, "", "error: there is nothing at b");
    yaml("a:\n  - 1\n", r#"["a"][1]"#, "", "error: there is nothing at a[1]");
    yaml("a: 1\n", r#"["a"]["b"]"#, "", "error: a is neither a map nor a list");
}

#[test]
fn yaml_aliases_change_here_only_or_not_at_all() {
    let shared = "error: a.x: an anchor here has aliases that stand for it elsewhere; they would change as well. Edit the file as text";
    yaml("a: &n\n  x: 1\nb: *n\n", r#"["b"]["x"]"#, "2", "a: &n\n  x: 1\nb:\n  x: 2\n");
    yaml("a: &n\n  x: 1\nb: *n\n", r#"["b"]["w"]"#, "2", "a: &n\n  x: 1\nb:\n  x: 1\n  w: 2\n");
    yaml("a: &n\n  x: 1\nb: *n\n", r#"["b"]"#, "2", "a: &n\n  x: 1\nb: 2\n");
    yaml("a: &n\n  x: 1\nb: *n\n", r#"["b"]"#, "", "a: &n\n  x: 1\n");
    yaml("a: &n\n  x: 1\nb: *n\n", r#"["a"]["x"]"#, "2", shared);
    yaml("a: &n\n  x: 1\nb: *n\n", r#"["a"]["x"]"#, "", shared);
    yaml("a: &n 1\nb: *n\n", r#"["a"]"#, "2", &shared.replace("a.x", "a"));
    yaml("a: &n\n  x: 1\nb:\n  <<: *n\n  z: 1\n", r#"["b"]["x"]"#, "2", "a: &n\n  x: 1\nb:\n  <<: *n\n  z: 1\n  x: 2\n");
    yaml("a: &n\n  x: 1\nb:\n  <<: *n\n  z: 1\n", r#"["b"]["<<"]["x"]"#, "2", "a: &n\n  x: 1\nb:\n  <<:\n    x: 2\n  z: 1\n");
    yaml("a: &n 1\nl: [*n, 2]\n", r#"["l"][0]"#, "2", "a: &n 1\nl: [2, 2]\n");
}

#[track_caller]
fn in_json(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Json, text, path, to), expected);
}

#[test]
fn json_keeps_its_layout() {
    in_json("{\"a\": 1}", r#"["b"]"#, "[1, {}]", "{\"a\": 1, \"b\": [1, {}]}");
    in_json("{\"a\":1}\n", r#"["b"]["c"]"#, "2", "{\"a\":1,\"b\":{\"c\":2}}\n");
    in_json("{\n  \"a\": 1\n}\n", r#"["b"]["c"]"#, "2", "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 2\n  }\n}\n");
    in_json("{\r\n\t\"a\": {}\r\n}", r#"["a"]["c"]"#, "2", "{\r\n\t\"a\": {\r\n\t\t\"c\": 2\r\n\t}\r\n}");
    in_json(
        "{\n  \"a\": {\"x\": 1},\n  \"b\": {\"x\": 2}\n}\n",
        r#"["c"]"#,
        r#"{"x": 3}"#,
        "{\n  \"a\": {\"x\": 1},\n  \"b\": {\"x\": 2},\n  \"c\": {\"x\": 3}\n}\n",
    );
    in_json("{\n  \"a\": [1, 2]\n}\n", r#"["a"][7]"#, "3", "{\n  \"a\": [1, 2, 3]\n}\n");
    in_json("{\n  \"a\": [1, 2]\n}\n", r#"["a"]"#, "[3]", "{\n  \"a\": [3]\n}\n");
    in_json(
        "{\n  \"a\": [\n    1\n  ]\n}\n",
        r#"["a"][1]"#,
        r#"{"x": 1}"#,
        "{\n  \"a\": [\n    1,\n    {\n      \"x\": 1\n    }\n  ]\n}\n",
    );
    in_json("{\"a\" : 1, \"b\" : 2}", r#"["c"]"#, "null", "{\"a\" : 1, \"b\" : 2, \"c\" : null}");
    in_json("{}\n", r#"["a"]"#, "1", "{\n\t\"a\": 1\n}\n");
    in_json("{\"a\": {\"b\": 1}}", r#"["a"]"#, "\"x\"", "{\"a\": \"x\"}");
    in_json("{\"a\": null}", r#"["a"]["b"]"#, "1", "{\"a\": {\"b\": 1}}");
    in_json("{\"a\": 1, \"b\": 2, \"c\": 3}", r#"["a"]"#, "", "{\"b\": 2, \"c\": 3}");
    in_json("{\"a\": 1, \"b\": 2, \"c\": 3}", r#"["c"]"#, "", "{\"a\": 1, \"b\": 2}");
    in_json("{\n  \"a\": 1,\n  \"b\": [ 2 ]\n}", r#"["b"][0]"#, "", "{\n  \"a\": 1,\n  \"b\": []\n}");
    in_json("{\n  \"a\": 1\n}\n", r#"["a"]"#, "", "{}\n");
    in_json("{\"a\": 1}", r#"["b"]"#, "5.0", "{\"a\": 1, \"b\": 5.0}");
    in_json("{\"a\": 1, \"a\": 2}", r#"["a"]"#, "3", "{\"a\": 1, \"a\": 3}");
}

#[track_caller]
fn env(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Dotenv, text, path, to), expected);
}

#[test]
fn env_lines() {
    env("A=1\n", r#"["B"]"#, r#""x y""#, "A=1\nB=x y\n");
    env("A=1\n\n# tail\n", r#"["B"]"#, "2", "A=1\nB=2\n\n# tail\n");
    env("A=1", r#"["B"]"#, "true", "A=1\nB=true");
    // A CR is part of a value: the one that was given has none.
    env("A=1\r\nC=2\r\n", r#"["B"]"#, "2", "A=1\r\nC=2\r\nB=2\n");
    env("A=1\r\nC=2\r\n", r#"["A"]"#, "2", "A=2\nC=2\r\n");
    env("A=1\r\nC=2\r\n", r#"["A"]"#, r#""2\r""#, "A=2\r\nC=2\r\n");
    env("", r#"["B"]"#, "2", "B=2\n");
    env("# head\n", r#"["B"]"#, r#""a\nb""#, "# head\nB=a\\nb\n");
    env("A=1\n# on b\nB=2\n\nC=3\n", r#"["B"]"#, "", "A=1\n\nC=3\n");
    env("A=1\n# group\nB=2\nC=3\n", r#"["B"]"#, "", "A=1\n# group\nC=3\n");
    env("# file\nA=1\n", r#"["A"]"#, "", "# file\n");
    env("A=\"-----BEGIN\nabc\n-----END\"\nB=1\n", r#"["A"]"#, "", "B=1\n");
    env("A=1\n", r#"["A"]"#, "null", "error: A: ENV has no null: SOPS writes `<nil>` and cannot open the file again");
    env("A=1\n", r#"["A"]["b"]"#, "1", "error: A.b: ENV holds neither maps nor lists");
    env("A=1\n", r#"["B"]"#, "[1]", "error: B: ENV holds neither maps nor lists");
    env("A=1\n", r#"["sops_x"]"#, "1", "error: sops_x: names that start with `sops_` are read as metadata");
    env("A=1\n", r#"["a=b"]"#, "1", "error: [\"a=b\"]: the name holds `=` or a line break, another name would be read");
}

#[track_caller]
fn ini(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Ini, text, path, to), expected);
}

#[test]
fn ini_sections() {
    ini("[s]\na=1\n", r#"["s"]["b"]"#, r#""x""#, "[s]\na=1\nb=x\n");
    ini("[s]\nlong = 1\na    = 2\n\n[t]\nx = 1\n", r#"["s"]["bc"]"#, "3", "[s]\nlong = 1\na    = 2\nbc   = 3\n\n[t]\nx = 1\n");
    ini("[s]\n\ta: 'x'\n", r#"["s"]["b"]"#, r#""y""#, "[s]\n\ta: 'x'\n\tb: 'y'\n");
    ini("[s]\na = 1", r#"["t"]["b"]"#, "2", "[s]\na = 1\n\n[t]\nb = 2");
    ini("[s]\na=1\n[t]\na=1\n", r#"["u"]"#, r#"{"x": "y"}"#, "[s]\na=1\n[t]\na=1\n[u]\nx=y\n");
    // A backslash at the end of a value would join what comes below it.
    ini("[s]\n[t]\na = x\\\ny\\\n", r#"["u"]["b"]"#, "2", "[s]\n[t]\na = x\\\ny\\\n\n[u]\nb = 2\n");
    ini("[s]\na = x\\\n\n[t]\n", r#"["s"]["b"]"#, "2", "[s]\na = x\\\n\nb = 2\n[t]\n");
    ini("[s]\na=1\n", r#"["DEFAULT"]["x"]"#, r#""y""#, "x=y\n\n[s]\na=1\n");
    ini("k=1\r\n[s]\r\na=1\r\n", r#"["DEFAULT"]["x"]"#, r#""y""#, "k=1\r\nx=y\r\n[s]\r\na=1\r\n");
    ini("", r#"["s"]"#, r#"{"x": "y", "long": "z"}"#, "[s]\nx    = y\nlong = z\n");
    ini("[s]\n; on a\na=1\n\nb=2 ; x\n", r#"["s"]["b"]"#, "", "[s]\n; on a\na=1\n\n");
    ini("[s]\nz=0\n; on a\na=1\n\nb=2\n", r#"["s"]["a"]"#, "", "[s]\nz=0\n\nb=2\n");
    ini("[s]\na=1\n", r#"["s"]["a"]"#, "", "[s]\n");
    ini("[s]\na=1\na=2\n", r#"["s"]["a"]"#, "", "[s]\n");
    ini("[r]\nx=1\n\n; on s\n[s]\na=1\n\n[t]\nb=1\n", r#"["s"]"#, "", "[r]\nx=1\n\n[t]\nb=1\n");
    ini("[s]\na=\"x\" ; c\n", r#"["s"]["a"]"#, r#""y z""#, "[s]\na=\"y z\" ; c\n");
    ini("[s]\na=1\nb=2\n", r#"["s"]"#, r#"{"c": 1}"#, "[s]\nc=1\n");
    ini("[s]\na=1\n", r#"["x"]"#, "1", "error: x: INI holds sections, and values only in them");
    ini("[s]\na=1\n", r#"["s"]["a"]"#, "[1]", "error: s.a: a section of INI holds neither maps nor lists");
    ini("[s]\na=1\n", r#"["s"]["a"]"#, "null", "error: s.a: INI has no null: SOPS writes the text `<nil>`");
}

#[track_caller]
fn toml(text: &str, path: &str, to: &str, expected: &str) {
    assert_eq!(edited(Format::Toml, text, path, to), expected);
}

/// A line of a value is no comment of what stands below it.
#[test]
fn values_of_several_lines_that_look_like_comments() {
    let check = |format, text: &str, path: &str, expected: &str| assert_eq!(edited(format, text, path, ""), expected);
    check(Format::Dotenv, "A=1\nB=\"x\n[s]\n# y\"\nC=1\n", r#"["C"]"#, "A=1\nB=\"x\n[s]\n# y\"\n");
    check(Format::Ini, "[s]\na = 1\nb = `x\n# y`\n[t]\nc = 1\n", r#"["t"]"#, "[s]\na = 1\nb = `x\n# y`\n");
    check(Format::Toml, "a = 1\nb = \"\"\"x\n# y\"\"\"\n[t]\nc = 1\n", r#"["t"]"#, "a = 1\nb = \"\"\"x\n# y\"\"\"\n");
}

#[test]
fn yaml_lists_that_begin_with_a_list() {
    yaml("k:\n- - x\n- y\n", r#"["k"][2]"#, r#""z""#, "k:\n- - x\n- y\n- z\n");
    yaml("k:\n- - - x\n  - y\n- z\n", r#"["k"][0][2]"#, r#""w""#, "k:\n- - - x\n  - y\n  - w\n- z\n");
}

#[test]
fn yaml_texts_that_end_in_line_feeds_take_no_blank_lines() {
    yaml("a: 1\n\nb: 2\n", r#"["a"]"#, r#""p\n\n""#, "a: \"p\\n\\n\"\n\nb: 2\n");
    yaml("a: |\n  x\n\nb: 2\n", r#"["a"]"#, r#""p\n\n""#, "a: \"p\\n\\n\"\n\nb: 2\n");
    yaml("a:\n  - x\n\nb: 2\n", r#"["a"][1]"#, r#""\n""#, "a:\n  - x\n  - \"\\n\"\n\nb: 2\n");
    yaml("a: 1\n\n", r#"["n"]"#, r#"{"m": "x\n\n"}"#, "a: 1\n\"n\":\n    m: \"x\\n\\n\"\n\n");
    yaml("a: 1\nb: 2\n", r#"["a"]"#, r#""p\n\n""#, "a: |+\n    p\n\nb: 2\n");
}

#[test]
fn toml_escapes_a_carriage_return() {
    toml("k = '''\nl\n'''\n", r#"["k"]"#, r#""a\r\nb""#, "k = \"a\\r\\nb\"\n");
    toml("k = \"\"\"l\"\"\"\n", r#"["k"]"#, r#""a\r\nb""#, "k = \"a\\r\\nb\"\n");
}

#[test]
fn toml_entries_are_added_where_they_belong() {
    toml("a = 1\n\n[t]\nx = 1\n", r#"["b"]"#, "2", "a = 1\nb = 2\n\n[t]\nx = 1\n");
    toml("a = 1\n\n[t]\nx = 1\n", r#"["t"]["y"]"#, r#""z""#, "a = 1\n\n[t]\nx = 1\ny = \"z\"\n");
    toml("[t]\nx=1", r#"["t"]["y"]"#, "2", "[t]\nx=1\ny=2");
    toml("# head\n\n[t]\nx = 1\n", r#"["b"]"#, "2", "# head\n\nb = 2\n\n[t]\nx = 1\n");
    toml("[t]\nx = 1\n\n[u]\ny = 1\n", r#"["t"]["s"]"#, r#"{"k": "v"}"#, "[t]\nx = 1\n\n[t.s]\nk = \"v\"\n\n[u]\ny = 1\n");
    toml("[t]\nx = 1\n", r#"["u"]"#, r#"{"k": [1, 2]}"#, "[t]\nx = 1\n\n[u]\nk = [1, 2]\n");
    toml("[t]\nx = 1\n", r#"["u"]"#, r#"[{"k": 1}, {"k": 2}]"#, "[t]\nx = 1\n\n[[u]]\nk = 1\n\n[[u]]\nk = 2\n");
    toml("[a.b]\nx = 1\n", r#"["a"]["y"]"#, "2", "[a]\ny = 2\n\n[a.b]\nx = 1\n");
    toml("a.b = 1\nc = 2\n", r#"["a"]["d"]"#, "3", "a.b = 1\na.d = 3\nc = 2\n");
    toml("a.b = 1\nc = 2\n", r#"["a"]["d"]"#, r#"{"e": 3}"#, "a.b = 1\na.d = { e = 3 }\nc = 2\n");
    toml("p = { x = 1 }\n", r#"["p"]["y"]"#, "2", "p = { x = 1, y = 2 }\n");
    toml("p = {}\n", r#"["p"]["y"]"#, "2", "p = { y = 2 }\n");
    toml("l = [\r\n  1,\r\n  2,\r\n]\r\n", r#"["l"][5]"#, "3", "l = [\r\n  1,\r\n  2,\r\n  3,\r\n]\r\n");
    toml("[[x]]\na = 1\n\n[y]\nb = 1\n", r#"["x"][1]"#, r#"{"a": 2}"#, "[[x]]\na = 1\n\n[[x]]\na = 2\n\n[y]\nb = 1\n");
    toml("[[x]]\na = 1\n[[x]]\na = 2\n", r#"["x"][0]["b"]"#, "5", "[[x]]\na = 1\nb = 5\n[[x]]\na = 2\n");
    toml("[[x]]\na = 1\n", r#"["x"][1]"#, "5", "error: x: a list of tables holds tables only");
    toml("", r#"["a"]["b"]"#, "1", "[a]\nb = 1\n");
    toml("s = 'x'\n", r#"["t"]"#, r#""y""#, "s = 'x'\nt = 'y'\n");
    toml("s = 1\n", r#"["t"]"#, "null", "error: t: TOML has no null");
}

#[test]
fn toml_branches_are_replaced_and_go() {
    toml("a = 1 # c\nb = 2\n", r#"["a"]"#, "[1]", "a = [1] # c\nb = 2\n");
    toml("a = 1\n", r#"["a"]["b"]"#, "2", "a = { b = 2 }\n");
    toml("[t]\nx = 1\n\n[u]\ny = 1\n", r#"["t"]"#, r#"{"z": 2}"#, "[t]\nz = 2\n\n[u]\ny = 1\n");
    toml("a = 1\n\n[t]\nx = 1\n\n[u]\ny = 1\n", r#"["t"]"#, "5", "a = 1\nt = 5\n\n[u]\ny = 1\n");
    toml("a = 1\nb = 2 # x\nc = 3\n", r#"["b"]"#, "", "a = 1\nc = 3\n");
    toml("[t]\nx = 1\n", r#"["t"]["x"]"#, "", "[t]\n");
    toml("a.b = 1\n", r#"["a"]["b"]"#, "", "a = {}\n");
    toml("[t]\nx = 1\n\n# on u\n[u]\ny = 1\n[u.v]\nz = 1\n\n[w]\n", r#"["u"]"#, "", "[t]\nx = 1\n\n[w]\n");
    toml("[t]\nx = 1\n\n[u]\ny = 1\n", r#"["u"]"#, "", "[t]\nx = 1\n");
    toml("[a.b]\nx = 1\n", r#"["a"]["b"]"#, "", "[a]\n");
    toml("k = 1\n\n[[x]]\na = 1\n", r#"["x"][0]"#, "", "k = 1\nx = []\n");
    toml("[[x]]\na = 1\n\n[[x]]\na = 2\n", r#"["x"][0]"#, "", "[[x]]\na = 2\n");
    toml("p = { x = 1, y = 2 }\n", r#"["p"]["x"]"#, "", "p = { y = 2 }\n");
    // One of two blank lines goes along, and a header that says nothing any more.
    toml("a = 1\n\n[t]\nx = 1\n", r#"["a"]"#, "", "[t]\nx = 1\n");
    toml("a = 1\r\n\r\nb = 2\r\n\r\n[t]\r\n", r#"["b"]"#, "", "a = 1\r\n\r\n[t]\r\n");
    toml("a = 1\n\n[t]\ny = 1\n\n[t.s]\nx = 1\n", r#"["t"]["y"]"#, "", "a = 1\n\n[t.s]\nx = 1\n");
    toml("[t] # why\ny = 1\n\n[t.s]\nx = 1\n", r#"["t"]["y"]"#, "", "[t] # why\n\n[t.s]\nx = 1\n");
    toml("[t]\ny = 1\nz = 1\n\n[t.s]\nx = 1\n", r#"["t"]["y"]"#, "", "[t]\nz = 1\n\n[t.s]\nx = 1\n");
    toml("p = { x = 1 }\n", r#"["p"]["x"]"#, "", "p = {}\n");
}

#[test]
fn what_a_random_change_found() {
    // The comment above a table is no part of it, nor is the top of the text.
    toml("# top\n[t]\nx = 1\n", r#"["t"]"#, r#"{"y": 2}"#, "# top\n[t]\ny = 2\n");
    toml("a = 1\n\n# on t\n[t]\nx = 1\n", r#"["t"]"#, r#"{"y": 2}"#, "a = 1\n\n# on t\n[t]\ny = 2\n");
    toml("# top\n[t]\nx = 1\n\n[u]\ny = 1\n", r#"["t"]"#, "", "# top\n[u]\ny = 1\n");
    // The last line of a text with CR LF has no CR, and keeps having none.
    env("A=1\r\nB=2", r#"["B"]"#, r#""2""#, "A=1\r\nB=2");
    env("A=1\r\nB=2", r#"["B"]"#, r#""3""#, "A=1\r\nB=3");
    env("A=1\r\nB=2", r#"["A"]"#, r#""3""#, "A=3\nB=2");
    // What is said beside the header of an empty table, or less far in than a branch that goes, stays.
    toml("[t] # on t\n[u]\n", r#"["t"]["x"]"#, "1", "[t] # on t\nx = 1\n[u]\n");
    toml("[t] # on t\n", r#"["t"]"#, r#"{"m": {"y": 2}, "x": 1}"#, "[t] # on t\nx = 1\n\n[t.m]\ny = 2\n");
    yaml("a:\n  b: 1\n # c\nd: 2\n", r#"["a"]"#, "5", "a: 5\n # c\nd: 2\n");
    // A line feed of a value is none of the text's own line ends.
    toml("a = 1\r\n", r#"["b"]"#, r#""x\ny\n""#, "a = 1\r\nb = \"x\\ny\\n\"\r\n");
    // CR LF between lines is LF to many readers, and to git.
    toml("k = \"\"\"\nx\"\"\"\n", r#"["k"]"#, r#""a\r\nb""#, "k = \"a\\r\\nb\"\n");
    toml("k = '''\nx'''\n", r#"["k"]"#, r#""a\r\nb""#, "k = \"a\\r\\nb\"\n");
    toml("k = ['x']\n", r#"["k"][0]"#, r#""a\rb""#, "k = [\"a\\rb\"]\n");
    toml("k = '''\nx'''\n", r#"["k"]"#, r#""a\nb""#, "k = '''\na\nb'''\n");
    toml("[t]\nx = { a = 1 }\n", r#"["t"]["x"]"#, r#"{"a": 1.0}"#, "[t]\nx = { a = 1.0 }\n");
}

#[test]
fn a_path_of_many_thousand_parts_is_refused() {
    let path = r#"["a"]"#.to_owned() + &"[0]".repeat(40_000);
    for (format, text) in [(Format::Yaml, "a: 1\n"), (Format::Json, "{\"a\": 1}"), (Format::Toml, "a = 1\n"), (Format::Dotenv, "a=1\n")] {
        assert_eq!(edited(format, text, &path, "1"), "error: a: a path of more than 512 parts");
    }
}

/// One value for another is the common case and has a short way. Where a name is there twice, or the place is another document's, it must not be taken.
#[test]
fn one_value_for_another_where_others_look_the_same() {
    yaml("a: 1\n---\na: 1\n", r#"["a"]"#, "2", "a: 2\n---\na: 1\n");
    yaml("a: ~\n---\na: 1\n", r#"["a"]"#, "2", "a: 2\n---\na: 1\n");
    yaml("a: {b: 1}\n---\na: 1\n", r#"["a"]"#, "2", "a: 2\n---\na: 1\n");
    yaml("a:\n  - x\n  # c\n  - x\n", r#"["a"][1]"#, r#""y""#, "a:\n  - x\n  # c\n  - \"y\"\n");
    yaml("a: &x {k: 1}\nb: *x\nc: 1\n", r#"["c"]"#, "2", "a: &x {k: 1}\nb: *x\nc: 2\n");
    yaml("a: 5\n", r#"["a"]"#, "5", "a: 5\n");
    yaml("a: !!str 5\n", r#"["a"]"#, r#""6""#, "a: !!str 6\n");
    yaml("a: |\n  x\nb: 1\n", r#"["a"]"#, r#""y\nz\n""#, "a: |\n  y\n  z\nb: 1\n");
    let changed = |format, text: &str, path: &str, to: &str| edited(format, text, path, to);
    assert_eq!(changed(Format::Json, "{\"a\": {\"b\": 1}, \"b\": 1}\n", r#"["a"]["b"]"#, "2"), "{\"a\": {\"b\": 2}, \"b\": 1}\n");
    assert_eq!(changed(Format::Json, "{\"a\": 1, \"a\": 2}\n", r#"["a"]"#, "3"), "{\"a\": 1, \"a\": 3}\n");
    assert_eq!(
        changed(Format::Json, "{\"a\": {\"b\": 1}, \"a\": {\"b\": null}}\n", r#"["a"]["b"]"#, "3"),
        "{\"a\": {\"b\": 1}, \"a\": {\"b\": 3}}\n"
    );
    assert_eq!(changed(Format::Ini, "[a]\nk = 1\nk = 2\n[b]\nk = 1\n", r#"["b"]["k"]"#, r#""3""#), "[a]\nk = 1\nk = 2\n[b]\nk = 3\n");
    assert_eq!(changed(Format::Dotenv, "A=1\nB=1\n", r#"["B"]"#, r#""2""#), "A=1\nB=2\n");
    assert_eq!(changed(Format::Toml, "a.b = 1\n[c]\nb = 1\n", r#"["a"]["b"]"#, "2"), "a.b = 2\n[c]\nb = 1\n");
}
