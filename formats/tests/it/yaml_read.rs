//! YAML: how a text is read, and what is refused.

use leafcrypt_formats::{Dialect, Document, Format, LeafId, ScanOptions, SyntaxClass, Value};

use crate::yaml::{check, check_covering, check_ends};

#[test]
fn tags() {
    check("a: !!int \"5\"\nb: !!int 0x1F\nc: !!float 1\nd: !!bool true\ne: !!str 5\nf: !custom 5\ng: ! 5\n", 6);
    check("a: !!binary aGk=\nb: !!binary |\n  aGk=\nc: &a !!int 5\nd: !!int &b 5\ne: !!binary | # note\n  aGk=\n", 5);
    check("a: !!str\nb: !x\nc: !!null\n", 0);
}

#[test]
fn aliases() {
    check("a: &x secret\nb: *x\n", 1);
    check("a: &x\n  k: v\n  l: [1, {m: n}]\nb:\n  <<: *x\n  o: p\nc: *x\n", 3);
    check("a: &x null\nb: *x\nc: &y []\nd: *y\n", 0);
    check("a: &k key\nb:\n  *k : v\n", 1);
    check("a: &x {k: v}\nb: &y {l: m}\nc:\n  <<: [*x, *y]\n", 4);
}

/// A small file is no bomb, whatever its one anchor stands for.
#[test]
fn one_anchor_for_many_places() {
    let variables: String = (0..20).map(|i| format!("  VARIABLE_{i}: some value of it {i}\n")).collect();
    let services: String = (0..20).map(|i| format!("  s{i}:\n    <<: *env\n    image: i{i}\n")).collect();
    check_covering(format!("x: &env\n{variables}services:\n{services}").as_bytes(), |_| true, true, 0);
}

#[test]
fn documents() {
    check("a: b\n---\nc: d\n", 0);
    check("---\na: b\n...\n---\nc: d\n...\n", 0);
    check("--- # c\na: b\n... # d\n", 0);
    check("{\"a\": \"b\"}\n", 0);
    check("{\"a\": \"b\",}\n", 0);
    check("{ \"a\": \"b\" }\n---\n{\n  \"c\": \"d\" # e\n}\n", 0);
    check("{}\n", 0);
    check("{ }\n", 0);
    check_ends("---\n");
    check_ends("a: b\n---\n---\nc: d\n");
    check_ends("a: b");
    check_ends("null\n");
    check_ends("--- ~\n");
    check_ends("%YAML 1.2\n---\na: b\n");
    check("%YAML 1.1\n---\na: b\n", 0);
    let directive = b"a: b\n...\n%YAML 1.2\n---\nc: d\n";
    assert_eq!(check_covering(directive, |_| true, true, 0), 1);
    check_covering(directive, |i| i == 0, true, 32);
    check("\u{feff}a: b\n", 0);
    check_ends("a: |\n  text");
    check_ends("a: |-\n  text");
    check_ends("a: b # c");
}

#[test]
fn refusals() {
    #[track_caller]
    fn check(text: &str, class: SyntaxClass) {
        let error =
            Document::parse(Format::Yaml, text.as_bytes(), &ScanOptions::PLAIN).err().unwrap_or_else(|| panic!("accepted: {text:?}"));
        assert_eq!(error.class, class, "{error}");
    }
    check("", SyntaxClass::NoDocument);
    check("# only\n", SyntaxClass::NoContent);
    check(" \n", SyntaxClass::NoContent);
    check("- a\n", SyntaxClass::OutsideModel);
    check("text\n", SyntaxClass::OutsideModel);
    check("a: 1\na: 2\n", SyntaxClass::OutsideModel);
    check("a: {b: 1, b: 2}\n", SyntaxClass::OutsideModel);
    for key in ["[a]", "{a: b}"] {
        check(&format!("? {key}\n: v\n"), SyntaxClass::OutsideModel);
    }
    for key in ["1", "true", "~", "1.5", "2001-01-01", ""] {
        check(&format!("? {key}\n: v\n"), SyntaxClass::NotWalked);
    }
    for value in ["!!bool yes", "!!int 1.5", "!!int abc", "!!null x", "!!binary '*'", "2001-12-14T21:59:43+24:00"] {
        check(&format!("a: {value}\n"), SyntaxClass::OutsideModel);
    }
    check("a: &a [*a]\n", SyntaxClass::OutsideModel);
    check("a: x\u{85}y\n", SyntaxClass::Dialect);
    for odd in ["a: \"x\u{2028}y\"\n", "a: x\u{2028}y\n", "a: 1 # x\u{2028}y\n", "a: 'x\u{2028}\n  y'\n", "a: >\n  x\u{2028}\n  y\n"] {
        check(odd, SyntaxClass::Dialect);
    }
    check("\n\u{feff}a: 1\n", SyntaxClass::Dialect);
    check("\u{feff}# c\n\u{feff}a: 1\n", SyntaxClass::Dialect);
    check("a: 1\n\u{feff}# c\n", SyntaxClass::Syntax);
    check("a: {b:,}\n", SyntaxClass::Dialect);
    check("a: {?b: c}\n", SyntaxClass::Dialect);
    check("a: [:x]\n", SyntaxClass::Dialect);
    check("a: &an:chor v\n", SyntaxClass::Dialect);
    check("a: \"\\/\"\n", SyntaxClass::Dialect);
    check("a: \"\\ud83d\\ude00\"\n", SyntaxClass::Dialect);
    check("a: \"x\"\n \t\nb: c\n", SyntaxClass::Dialect);
    check("a: \u{1}\n", SyntaxClass::Dialect);
    check("a: [\n", SyntaxClass::Syntax);
    check("a: b: c\n", SyntaxClass::Syntax);
    check(&format!("a: {}{}\n", "[".repeat(600), "]".repeat(600)), SyntaxClass::Limit);
    check(&format!("a: {}", "[".repeat(100_000)), SyntaxClass::Limit);
    check(&format!("a:\n {}x\n", "- ".repeat(100_000)), SyntaxClass::Limit);
    let bomb: String = (0..30).map(|i| format!("k{}: &a{} [*a{i}, *a{i}]\n", i + 1, i + 1)).collect();
    check(&format!("k0: &a0 x\n{bomb}"), SyntaxClass::Limit);
}

/// U+2028 and U+2029 as SOPS prints them: its reader takes them for breaks that stay, and the blanks round them for layout.
#[test]
fn unicode_breaks_are_read_as_go_yaml_does() {
    for (text, value) in [
        ("a: 'x\u{2028}    y'\n", "x\u{2028}y"),
        ("a: '\u{2029}  x  '\n", "\u{2029}x  "),
        ("a: |-\n  x\u{2028}\n  y\n", "x\u{2028}\ny"),
        ("a: |-\n  x\u{2028}   y\n", "x\u{2028} y"),
    ] {
        let document = Document::parse(Format::Yaml, text.as_bytes(), &ScanOptions::PLAIN).unwrap_or_else(|e| panic!("{e}: {text:?}"));
        assert!(document.value(LeafId(0)).same(&Value::text(value)), "{text:?}");
    }
    check("a: 'x\u{2028}    y'\n", 1);
}

#[test]
fn whole_numbers_over_the_range() {
    let text = b"a: 9223372036854775808\n";
    let document = Document::parse(Format::Yaml, text, &ScanOptions::PLAIN).unwrap();
    assert_eq!(document.warnings().len(), 1);
    assert_eq!(document.warnings()[0].line, 1);
    let options = ScanOptions { dialect: Dialect::Sops, ..ScanOptions::PLAIN };
    assert_eq!(Document::parse(Format::Yaml, text, &options).err().unwrap().class, SyntaxClass::NotWalked);
    check_covering(text, |_| true, true, 0);
}

#[test]
fn types_are_those_that_sops_records() {
    let table = include_str!("../../../testdata/lossless/yaml/types.txt");
    for line in table.lines().filter(|l| !l.starts_with('#')) {
        let (kind, source) = line.split_once('\t').unwrap();
        let text = format!("k: {source}\n");
        let document = Document::parse(Format::Yaml, text.as_bytes(), &ScanOptions::PLAIN).unwrap_or_else(|e| panic!("{source}: {e}"));
        assert_eq!(document.leaves()[0].kind.name(), kind, "{source}");
        check_covering(text.as_bytes(), |_| true, true, 0);
    }
}
