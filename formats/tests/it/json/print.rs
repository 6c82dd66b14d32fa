//! JSON: trees in SOPS's spelling.

use leafcrypt_formats::{Bytes, Format, Item, Member, Note, Printing, Time, Tree, Value, print};

use super::corpus::files;

fn check(tree: Tree, expected: &str) {
    let printed = print(Format::Json, &[tree], &Printing::default()).expect("printable");
    assert_eq!(String::from_utf8_lossy(&printed.text), expected);
    assert!(printed.warnings.is_empty());
}

fn sample() -> Tree {
    Tree::map([("a", Tree::list([Tree::Value(Value::Int(1)), Tree::map([("b", Tree::Null)])])), ("c", Tree::Map(Vec::new()))])
}

#[test]
fn layout() {
    check(sample(), "{\n\t\"a\": [\n\t\t1,\n\t\t{\n\t\t\t\"b\": null\n\t\t}\n\t],\n\t\"c\": {}\n}\n");
    check(Tree::Map(Vec::new()), "{}\n");
    check(Tree::List(Vec::new()), "[]\n");
    let with = |n| {
        let how = Printing { indent: Some(n), as_sops: false };
        String::from_utf8(print(Format::Json, &[sample()], &how).expect("printable").text).expect("UTF-8")
    };
    assert_eq!(with(2), "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {}\n}\n");
    assert_eq!(with(0), "{\n\"a\": [\n1,\n{\n\"b\": null\n}\n],\n\"c\": {}\n}\n");
}

#[test]
fn scalars() {
    let float = |v: f64, expected: &str| check(Tree::Value(Value::Float(v)), &format!("{expected}\n"));
    float(1.0, "1");
    float(100000.0, "100000");
    float(18446744073709551616.0, "18446744073709552000");
    float(0.000001, "0.000001");
    float(0.00000099, "9.9e-7");
    float(1e-7, "1e-7");
    float(999999999999999900000.0, "999999999999999900000");
    float(1e21, "1e+21");
    float(-1.25e300, "-1.25e+300");
    float(5e-324, "5e-324");
    float(-0.0, "-0");
    check(Tree::Value(Value::Int(i64::MIN)), "-9223372036854775808\n");
    check(Tree::Value(Value::Bool(true)), "true\n");
    check(Tree::Value(Value::Time(Time::from_normal("2001-12-14T21:59:43.1-05:00"))), "\"2001-12-14T21:59:43.1-05:00\"\n");
    check(
        Tree::text("\"\\\u{8}\u{c}\n\r\t\0\u{1f}<>&\u{2028}\u{2029}/\u{7f}\u{80}\u{feff}😀"),
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\\u003c\\u003e\\u0026\\u2028\\u2029/\u{7f}\u{80}\u{feff}😀\"\n",
    );
}

#[test]
fn comments_vanish() {
    let note = || Note { text: Bytes::from(&b" x"[..]), inline: false };
    check(Tree::Map(vec![Member::Comment(note())]), "{}\n");
    check(Tree::List(vec![Item::Comment(note())]), "[]\n");
    let list = Tree::List(vec![Item::Comment(note()), Item::Value(Tree::Null), Item::Comment(note())]);
    check(
        Tree::Map(vec![Member::Comment(note()), Member::Entry(b"a".to_vec(), list), Member::Comment(note())]),
        "{\n\t\"a\": [\n\t\tnull\n\t]\n}\n",
    );
}

#[test]
fn what_json_cannot_hold() {
    let refuse = |tree: Tree, path: &str, what: &str| {
        let error = print(Format::Json, &[tree], &Printing::default()).expect_err("refused");
        assert_eq!((error.path.as_str(), error.what.as_str()), (path, what));
    };
    let at = |tree: Tree| Tree::map([("a", Tree::list([Tree::Null, tree]))]);
    for v in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        refuse(at(Tree::Value(Value::Float(v))), "a[1]", "infinite or not a number, which JSON cannot hold");
        assert!(print(Format::Json, &[at(Tree::Value(Value::Float(v)))], &Printing { indent: None, as_sops: true }).is_err());
    }
    refuse(at(Tree::text([b'x', 0xff])), "a[1]", "not UTF-8, which JSON cannot hold");
    refuse(Tree::map([([0xff], Tree::Null)]), "[\"\u{fffd}\"]", "a key that is not UTF-8");
    let error = print(Format::Json, &[sample(), sample()], &Printing::default()).expect_err("refused");
    assert_eq!(error.what, "JSON holds one document");
}

#[test]
fn as_sops_prints_what_is_no_text() {
    let how = Printing { indent: None, as_sops: true };
    let tree = Tree::map([("a", Tree::text([b'<', 0xff, 0xe2, 0x82, b'x']))]);
    let printed = print(Format::Json, &[tree, sample()], &how).expect("printable");
    assert_eq!(String::from_utf8_lossy(&printed.text), "{\n\t\"a\": \"\\u003c\\ufffd\\ufffd\\ufffdx\"\n}\n");
    let shown: Vec<_> = printed.warnings.iter().map(|w| w.what.as_str()).collect();
    assert_eq!(shown, ["JSON holds one document; the later ones are left out", "a: not UTF-8; printed with U+FFFD"]);
}

/// `printed/` is what sops 3.11 printed when it opened what it had sealed (`print.sh`); only `integers.json` is by hand, for since 3.13.2 integers
/// are no floats any more.
#[test]
fn the_corpus_printed() {
    let printed = files("lossless/printed");
    assert!(printed.len() > 50);
    for (name, text) in files("lossless") {
        let document = leafcrypt_formats::Document::parse(Format::Json, &text, &leafcrypt_formats::ScanOptions::PLAIN).expect("JSON");
        let ours = print(Format::Json, &document.trees(), &Printing::default()).expect("printable").text;
        let golden = &printed.iter().find(|p| p.0 == name).unwrap_or_else(|| panic!("{name} was printed")).1;
        assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(golden), "{name}");
    }
}
