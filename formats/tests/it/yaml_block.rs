//! YAML: the metadata block, wherever it stands.

use leafcrypt_formats::{Document, Format, ScanOptions, Step, Tree};

/// Seals nothing, adds a block, changes it.
#[track_caller]
fn check_block(old: &str, fields: &[(&str, Tree)], expected: &str) {
    let fields: Vec<_> = fields.iter().map(|(n, t)| ((*n).to_owned(), t.clone())).collect();
    let document = Document::parse(Format::Yaml, old.as_bytes(), &ScanOptions::SEALED).unwrap();
    let changed = document.without_blocks().with_block(&document, &fields, "leafcrypt", None, Some(&document)).unwrap();
    assert_eq!(String::from_utf8(changed).unwrap(), expected);
}

#[test]
fn a_block_keeps_what_does_not_change() {
    let old = "sops:\n  version: '3.11.0'   # ours\n  lastmodified: x\n\n  age:\n  - recipient: r\n    enc: |\n      e\n# foot\na: b\n";
    let age = || Tree::list([Tree::map([("recipient", Tree::text("r")), ("enc", Tree::text("e\n"))])]);
    let whole = |block: &str| format!("{block}# foot\na: b\n");
    let same = "sops:\n  version: '3.11.0'   # ours\n  lastmodified: x\n\n  age:\n  - recipient: r\n    enc: |\n      e\n";
    check_block(old, &[("age", age()), ("lastmodified", Tree::text("x")), ("version", Tree::text("3.11.0"))], &whole(same));
    let changed = "sops:\n  version: '3.11.0'   # ours\n  lastmodified: z\n  mac: m\n\n  age:\n  - recipient: r\n    enc: |\n      e\n";
    check_block(
        old,
        &[("age", age()), ("lastmodified", Tree::text("z")), ("mac", Tree::text("m")), ("version", Tree::text("3.11.0"))],
        &whole(changed),
    );
    check_block(old, &[("version", Tree::text("3.11.0"))], &whole("sops:\n  version: '3.11.0'   # ours\n\n"));
}

#[test]
fn blocks_are_found_wherever_they_stand() {
    #[track_caller]
    fn check(text: &str, without: &str) {
        let document = Document::parse(Format::Yaml, text.as_bytes(), &ScanOptions::SEALED).unwrap();
        assert_eq!(document.blocks().len(), 1);
        assert_eq!(document.blocks()[0].fields.as_ref().and_then(|f| f.get("mac")).and_then(Tree::as_str), Some("m"), "{text}");
        assert_eq!(String::from_utf8(document.without_blocks().text).unwrap(), without);
        assert!(document.steps().iter().all(|s| !matches!(s, Step::Key(p) if document.paths().name(*p) == Some(b"mac"))));
    }
    check("sops:\n  mac: m\na: b\n", "a: b\n");
    check("a: b\nsops:\n  # c\n  mac: m\nc: d\n", "a: b\nc: d\n");
    check("a: b\n\"sops\": {mac: m}", "a: b\n");
    check("a: b\r\nsops:\r\n    mac: m\r\n...\r\n", "a: b\r\n...\r\n");
    check("{\"sops\": {\"mac\": \"m\"}, \"a\": \"b\"}\n", "{\"a\": \"b\"}\n");
    check("{\"a\": \"b\",\"sops\": {\"mac\": \"m\"}}\n", "{\"a\": \"b\"}\n");
    check("{\"a\": \"b\",\"sops\": {\"mac\": \"m\"},}\n", "{\"a\": \"b\",}\n");
    check("{\"sops\": {\"mac\": \"m\"}}\n", "{}\n");
    check("x: &m m\nsops: &s\n    mac: *m\n", "x: &m m\n");
    check("\u{feff}sops:\n  mac: m\na: b\n", "\u{feff}a: b\n");
    let null = Document::parse(Format::Yaml, b"a: b\nsops: null\n", &ScanOptions::SEALED).unwrap();
    assert!(null.blocks()[0].fields.is_none());
}
