//! YAML: what is sealed opens to the same bytes.

#![allow(clippy::unwrap_used)]

use leafcrypt_formats::{
    Bytes, CommentId, Dialect, Document, Format, Hint, LeafId, Opened, ScanOptions, Step, SyntaxClass, Tokens, Tree, Value,
};

fn fields() -> Vec<(String, Tree)> {
    vec![
        (
            "age".to_owned(),
            Tree::list([Tree::map([("recipient", Tree::text("age1x")), ("enc", Tree::text("-----BEGIN-----\nabc\n-----END-----\n"))])]),
        ),
        ("lastmodified".to_owned(), Tree::text("2026-11-24T01:55:23Z")),
        ("leafcrypt".to_owned(), Tree::text("ENC[AES256_GCM,data:xx]")),
        ("mac".to_owned(), Tree::text("ENC[AES256_GCM,data:yy]")),
        ("version".to_owned(), Tree::text("3.13.2")),
    ]
}

/// A sealed text and what its tokens stand for.
pub(crate) struct Case {
    pub sealed: Vec<u8>,
    pub hints: Vec<Hint>,
    values: Vec<Value>,
    comments: Vec<Vec<u8>>,
}

fn token(out: &mut Vec<u8>, n: usize, kind: &str) {
    out.extend_from_slice(format!("ENC[AES256_GCM,data:{n},iv:x,tag:y,type:{kind}]").as_bytes());
}

/// Seals the leaves that `covers` says, and all comments if `comments`.
pub(crate) fn seal(text: &[u8], covers: impl Fn(usize) -> bool, comments: bool) -> Case {
    try_seal(text, covers, comments).expect("what was read can be sealed")
}

/// The same; none for what may not stay in clear.
pub(crate) fn try_seal(text: &[u8], covers: impl Fn(usize) -> bool, comments: bool) -> Option<Case> {
    let document =
        Document::parse(Format::Yaml, text, &ScanOptions::PLAIN).unwrap_or_else(|e| panic!("{e}\n{}", String::from_utf8_lossy(text)));
    let mut tokens = Tokens::new(document.leaves().len(), document.comments().len());
    let (mut values, mut notes) = (Vec::new(), Vec::new());
    for i in 0..document.leaves().len() {
        let id = LeafId(i as u32);
        let value = document.value(id);
        assert_eq!(value.kind(), document.leaf(id).kind);
        let empty = matches!(&value, Value::Str(s) if s.as_slice().is_empty());
        if covers(i) && !empty {
            tokens.leaf(id, |out| token(out, values.len(), value.kind().name()));
            values.push(value);
        }
    }
    for i in 0..document.comments().len() {
        let id = CommentId(i as u32);
        if comments && !document.comment(id).empty {
            tokens.comment(id, |out| token(out, notes.len(), "comment"));
            notes.push(document.comment_text(id).into_owned());
        }
    }
    let sealed = document.seal(tokens).ok()?;
    let bytes = sealed.with_block(&document, &fields(), "leafcrypt", None, None).unwrap();
    Some(Case { sealed: bytes, hints: sealed.hints, values, comments: notes })
}

/// Opens it again; only `hints` are used.
pub(crate) fn open(case: &Case, hints: &[Hint]) -> Vec<u8> {
    let shown = String::from_utf8_lossy(&case.sealed);
    let document = Document::parse(Format::Yaml, &case.sealed, &ScanOptions::SEALED).unwrap_or_else(|e| panic!("sealed: {e}\n{shown}"));
    let number = |text: &[u8]| -> Option<usize> {
        let text = std::str::from_utf8(text).unwrap().strip_prefix("ENC[AES256_GCM,data:")?;
        text.split(',').next()?.parse().ok()
    };
    let mut found = 0;
    let leaves = (0..document.leaves().len()).map(|i| {
        let n = number(&document.content(LeafId(i as u32)))?;
        found += 1;
        Some(case.values[n].clone())
    });
    let leaves: Vec<_> = leaves.collect();
    assert_eq!(found, case.values.len(), "all tokens are found\n{shown}");
    let comments = (0..document.comments().len()).map(|i| {
        let n = number(&document.comment_text(CommentId(i as u32)))?;
        Some(Bytes::new(case.comments[n].clone()))
    });
    let comments: Vec<_> = comments.collect();
    assert_eq!(comments.iter().flatten().count(), case.comments.len(), "all comment tokens are found\n{shown}");
    assert!(document.blocks().iter().all(|b| b.fields.is_some()), "{shown}");
    document.open(&Opened { leaves, comments }, hints).unwrap_or_else(|e| panic!("{e}\n{shown}"))
}

/// The walk as text, to compare a plain document with its sealed one.
fn shape(document: &Document<'_>) -> Vec<String> {
    let paths = document.paths();
    let step = |step: &Step| match *step {
        Step::Leaf(id) => format!("leaf {} {}", paths.display(document.leaf(id).path), document.leaf(id).document),
        Step::Comment(id) => {
            let comment = document.comment(id);
            format!("comment in {} {} {}", paths.display(comment.container), comment.inline, comment.empty)
        }
        Step::Null(path) => format!("null {}", paths.display(path)),
        Step::Key(path) => format!("key {}", paths.display(path)),
        Step::MapStart(path) => format!("map {}", paths.display(path)),
        Step::ListStart(path) => format!("list {}", paths.display(path)),
        Step::EmptyMap(path) => format!("no map {}", paths.display(path)),
        Step::EmptyList(path) => format!("no list {}", paths.display(path)),
        Step::MapEnd | Step::ListEnd | Step::Document => format!("{step:?}"),
    };
    document.steps().iter().map(step).collect()
}

/// Seals and opens. Differences of up to `allowed` bytes in one place are what the caller repairs by hints on start and end. Says how many hints it took.
#[track_caller]
pub(crate) fn check_covering(text: &[u8], covers: impl Fn(usize) -> bool, comments: bool, allowed: usize) -> usize {
    let case = seal(text, covers, comments);
    let walk = |text: &[u8], options| shape(&Document::parse(Format::Yaml, text, options).unwrap());
    let (plain, sealed) = (walk(text, &ScanOptions::PLAIN), walk(&case.sealed, &ScanOptions::SEALED));
    let first = plain.iter().zip(&sealed).position(|(a, b)| a != b).unwrap_or(0);
    assert!(
        plain == sealed,
        "another walk: {:?} {:?}\n{}\n{}",
        &plain[first..plain.len().min(first + 3)],
        &sealed[first..sealed.len().min(first + 3)],
        String::from_utf8_lossy(text),
        String::from_utf8_lossy(&case.sealed)
    );
    let opened = open(&case, &case.hints);
    if opened != text {
        let prefix = opened.iter().zip(text).take_while(|(a, b)| a == b).count();
        let suffix = opened[prefix..].iter().rev().zip(text[prefix..].iter().rev()).take_while(|(a, b)| a == b).count();
        let rest = (opened.len() - prefix - suffix).max(text.len() - prefix - suffix);
        let near = &text[prefix.saturating_sub(60)..text.len().min(prefix + rest.min(60))];
        let got = &opened[prefix.saturating_sub(60)..opened.len().min(prefix + rest.min(60))];
        let (near, got) = (String::from_utf8_lossy(near), String::from_utf8_lossy(got));
        assert!(
            rest <= allowed,
            "at {near:?}\ngot {got:?}\nsource:\n{}\nsealed:\n{}\nopened:\n{}\n{:?}",
            String::from_utf8_lossy(text),
            String::from_utf8_lossy(&case.sealed),
            String::from_utf8_lossy(&opened),
            case.hints
        );
    }
    case.hints.len()
}

#[track_caller]
fn check(text: &str, hints: usize) {
    assert_eq!(check_covering(text.as_bytes(), |_| true, true, 0), hints, "hints for {text:?}");
    for n in 0..3 {
        check_covering(text.as_bytes(), |i| i % 3 == n, n == 0, 0);
    }
    let crlf = text.replace('\n', "\r\n");
    check_covering(crlf.as_bytes(), |_| true, true, 0);
}

/// Needs what the caller restores at the start or the end.
#[track_caller]
fn check_ends(text: &str) {
    check_covering(text.as_bytes(), |_| true, true, 32);
    check_covering(text.as_bytes(), |i| i % 2 == 0, true, 32);
}

#[test]
fn simple_texts_need_no_hints() {
    check("a: b\n", 0);
    check("a: 1\nb: true\nc: 1.5\nd: null\ne: ''\nf: \"x\"\ng: 'x'\n", 0);
    check("a:\n  b:\n    - c\n    - d: 1\n      e: 2\n\n# comment\nf: g  # inline\n", 0);
    check("l: |-\n  x\nn: o\n", 0);
    check("k: |2-\n    x\n   y\nl: 1\n", 0);
    check("f: [\"a\", 'b', 1]\ng: {\"a\": \"b\"}\n", 0);
}

#[test]
fn spellings_come_back_by_hints() {
    check("a: 0x1F\nb: 1_000\nc: True\nd: 2001-12-14\ne: 1.0\n", 5);
    check("a: [x, y]\nb: {k: v}\n", 3);
    check("a: \"\\u00e9\\x41\"\nb: 'a\n\n  b'\nc: one\n  two\n", 3);
    check("a: >\n  folded\n  text\n\nb: c\n", 1);
    check("k: |\n  line\n  line\n\nl: |-\n  x\nm: |+\n  y\n\n\nn: o\n", 2);
    check("k: |2+ # c\n    x\n   y\n\nl: >+2\n    x\n", 2);
    check("a: yes\nb: \"yes\"\nc: 'yes'\n", 1);
}

/// Files that were sealed before block headers changed with the token have theirs as it was, and no hint for it.
#[test]
fn texts_under_their_own_header_still_open() {
    for (header, value, lines) in
        [("|", "a\nb\n", "  a\n  b\n"), ("|+", "a\n\n", "  a\n\n"), ("|-", "a", "  a\n"), ("|2", " a\n", "   a\n")]
    {
        let mut sealed = format!("k: {header}\n  ").into_bytes();
        token(&mut sealed, 0, "str");
        sealed.extend_from_slice(if header == "|+" { b"\n\nsops:\n  mac: m\n" } else { b"\nsops:\n  mac: m\n" });
        let case = Case { sealed, hints: Vec::new(), values: vec![Value::text(value)], comments: Vec::new() };
        assert_eq!(String::from_utf8(open(&case, &[])).unwrap(), format!("k: {header}\n{lines}"), "{header}");
    }
}

/// What a token stands in leaves nothing behind it that SOPS would pass over.
#[test]
fn blanks_and_line_feeds_behind_a_token() {
    for (format, written) in [
        (Format::Yaml, "k: 'TOKEN\n\n  '\n"),
        (Format::Yaml, "k: \"TOKEN\\n\\t \"\n"),
        (Format::Yaml, "k: |+\n  TOKEN\n\n\n"),
        (Format::Json, "{\"k\": \"TOKEN \\n\\r\"}"),
    ] {
        let mut bare = Vec::new();
        token(&mut bare, 0, "str");
        let text = written.replace("TOKEN", std::str::from_utf8(&bare).unwrap());
        let document = Document::parse(format, text.as_bytes(), &ScanOptions::SEALED).unwrap();
        assert_eq!(document.content(LeafId(0)), bare, "{written}");
    }
}

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

#[test]
fn comments_stand_before_what_they_govern() {
    #[track_caller]
    fn check(text: &str, mode: &ScanOptions, expected: &str) {
        let document = Document::parse(Format::Yaml, text.as_bytes(), mode).unwrap();
        let shown: Vec<String> = document
            .steps()
            .iter()
            .map(|step| match *step {
                Step::Document => "document".to_owned(),
                Step::Key(path) => format!("{}:", String::from_utf8_lossy(document.paths().name(path).unwrap())),
                Step::MapStart(_) => "{".to_owned(),
                Step::ListStart(_) => "[".to_owned(),
                Step::MapEnd => "}".to_owned(),
                Step::ListEnd => "]".to_owned(),
                Step::Leaf(id) => String::from_utf8_lossy(&document.content(id)).into_owned(),
                Step::Comment(id) => format!("#{}", String::from_utf8_lossy(&document.comment_text(id)).trim()),
                ref other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(shown[2..shown.len() - 1].join(" "), expected, "{text}");
    }
    let plain = &ScanOptions::PLAIN;
    check("# head\n\na: v # in\nb: w\n", plain, "#head #in a: v b: w");
    check("m: # all\n  # inner\n  k: v\n", plain, "#all m: { #inner k: v }");
    check("m:\n  # above\n  s: {d: e}\n", plain, "m: { #above s: { d: e } }");
    check("w: [1, 2] # sec\nx: y\n", plain, "w: [ #sec 1 2 ] x: y");
    check("l:\n  - a\n  # c\n  - b # d\n  - e\n", plain, "l: [ a #c #d b e ]");
    check("l:\n# c\n- a: 1\n", plain, "l: [ #c { a: 1 } ]");
    check("m:\n  a: 1\n  # last\nn: 2\n", plain, "m: { a: 1 #last } n: 2");
    check("m:\n  a: 1\n# next\nn: 2\n", plain, "m: { a: 1 } #next n: 2");
    check("m:\n  a: 1\n  # foot\n\n# end\n", plain, "m: { a: 1 #foot } #end");
    check("a: | # head\n  x\nb: c\n", plain, "#head a: x\n b: c");
    // Below the last entry, further right than what comes: that entry's, for go-yaml, wherever it stands.
    check("m:\n  a:\n    b: 1\n  # x\nn: 2\n", plain, "m: { a: { b: 1 #x } } n: 2");
    check("l:\n  - a:\n      b: 1\n  # x\nn: 2\n", plain, "l: [ { a: { b: 1 #x } } ] n: 2");
    check("m:\n  a:\n    b: 1\n    # x\n    # y\n  # z\nn: 2\n", plain, "m: { a: { b: 1 #x #y } #z } n: 2");
    check("m:\n  a:\n    b: {c: 1}\n  # x\nn: 2\n", plain, "m: { a: { b: { c: 1 } #x } } n: 2");
    check("m:\n  a:\n    b: 1\n  # x\n", plain, "m: { a: { b: 1 #x } }");
    check("l:\n- a: 1\n- &x\n  # x\n\n  b: 1\n", plain, "l: [ { a: 1 } { b: 1 #x } ]");
    // Before a blank line it is its column that counts.
    check("m:\n  a:\n    b: 1\n  # x\n\nn: 2\n", plain, "m: { a: { b: 1 } #x } n: 2");
    check("m:\n  a:\n    b: 1\n  # x\n  c: 2\n", plain, "m: { a: { b: 1 } #x c: 2 }");
    check("m:\n  a: 1\n...\n  # x\n", plain, "m: { a: 1 } #x");
    // Behind a mark, a dash, an anchor, a tag or a bracket, what go-yaml reads next takes it.
    check("# x\n---\n# y\n\na: 1\nb: 2\n", plain, "#x a: 1 #y b: 2");
    check("# x\n---\n# y\n\na:\n  c: 1\nb: 2\n", plain, "#x a: { c: 1 } #y b: 2");
    check("---\n# y\n\na: 1\nb: 2\n", plain, "#y a: 1 b: 2");
    check("m: &x # y\n  - a: 1\n    b: 2\n", plain, "m: [ { #y a: 1 b: 2 } ]");
    check("l:\n- - a\n- # y\n  - b\n  - c\n", plain, "l: [ [ a ] [ #y b c ] ]");
    check("l:\n# y\n- !x\n  - b\n  - c\n", plain, "l: [ [ #y b c ] ]");
    check("l:\n- a: 1\n# y\n\n- b\n- c\n", plain, "l: [ { a: 1 } b #y c ]");
    check("m: { # y\n  a: 1, b: 2}\n", plain, "m: { a: 1 b: 2 #y }");
    let token = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:comment]";
    check(&format!("l:\n- {token}\n- a\n"), &ScanOptions::SEALED, &format!("l: [ #{token} a ]"));
    check(&format!("l:\n- {token}\n- a\n"), plain, &format!("l: [ {token} a ]"));
}

/// Below the last entry, in whatever columns: in the sealed text the metadata stands below them.
#[test]
fn the_last_comments_keep_their_order() {
    for text in ["a:\n#\n #9\n", "a: b\n\n# one\n # two\n", "a:\n  b: 1\n# one\n  # two\n # three\n", "a: b\n...\n # one\n# two\n"] {
        check(text, 0);
    }
    check_ends("a:\n  b: 1\n  # x\n  ");
}

/// In the sealed text the metadata stands below it, and its last line gets a break.
#[test]
fn a_clear_block_scalar_at_the_very_end_keeps_its_value() {
    for text in ["a: 1\nb: |\n  x", "a: 1\nb: |+ # c\n  x", "a: 1\nb: >2\n   x\n\n   y", "a: 1\nl:\n- |-\n  x", "a: 1\nb: |\n  x "] {
        let case = seal(text.as_bytes(), |i| i == 0, true);
        let read = |text: &[u8], how: &ScanOptions| Document::parse(Format::Yaml, text, how).unwrap().value(LeafId(1));
        assert_eq!(read(&case.sealed, &ScanOptions::SEALED), read(text.as_bytes(), &ScanOptions::PLAIN), "{text}");
    }
}

#[test]
fn comment_items_open_to_lines() {
    let text = "l:\n  - ENC[AES256_GCM,data:x,iv:y,tag:z,type:comment]\n  - a\nsops:\n    mac: m\n";
    let document = Document::parse(Format::Yaml, text.as_bytes(), &ScanOptions::SEALED).unwrap();
    assert_eq!((document.leaves().len(), document.comments().len()), (1, 1));
    assert_eq!(document.paths().display(document.leaves()[0].path), "l[0]");
    let opened = Opened { leaves: vec![None], comments: vec![Some(Bytes::from(&b" one\ntwo"[..]))] };
    assert_eq!(String::from_utf8(document.open(&opened, &[]).unwrap()).unwrap(), "l:\n  # one\n  # two\n  - a\n");
}

#[test]
fn stale_hints_are_not_used() {
    let case = seal(b"a: 0x1F\nb: \"\\x41\"\n", |_| true, true);
    assert_eq!(case.hints.len(), 2);
    let edited = Case { values: vec![Value::Int(32), Value::text("B")], ..case };
    assert_eq!(String::from_utf8(open(&edited, &edited.hints)).unwrap(), "a: 32\nb: \"B\"\n");
}

#[test]
fn without_hints_values_are_spelled_canonically() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let case = seal(text.as_bytes(), |_| true, true);
        assert_eq!(String::from_utf8(open(&case, &[])).unwrap(), expected);
    }
    check("a: 0x1F\nb: True\nc: 1.50\n", "a: 31\nb: true\nc: 1.5\n");
    check("a: [x, 1]\n", "a: [\"x\", 1]\n");
    check("a: >\n  one\n  two\n\nb: c\n", "a: |\n    one two\n\nb: c\n");
    check("a: &x s\nb: *x\n", "a: &x s\nb: s\n");
}

#[test]
fn set_keeps_the_style() {
    #[track_caller]
    fn check(text: &str, value: Value, expected: &str) {
        let document = Document::parse(Format::Yaml, text.as_bytes(), &ScanOptions::PLAIN).unwrap();
        assert_eq!(String::from_utf8(crate::edits::set(&document, LeafId(0), &value).unwrap()).unwrap(), expected);
    }
    check("a: x # c\n", Value::text("w"), "a: w # c\n");
    check("a: x\n", Value::text("12"), "a: \"12\"\n");
    check("a: 'x'\n", Value::text("it's"), "a: 'it''s'\n");
    check("a: \"x\"\n", Value::Int(5), "a: 5\n");
    check("a: [x, y]\n", Value::text("z"), "a: [z, y]\n");
    check("a: [x, y]\n", Value::text("z, w"), "a: ['z, w', y]\n");
    check("a: |\n  x\n\nb: c\n", Value::text("y\nz\n"), "a: |\n  y\n  z\n\nb: c\n");
    check("a: |\n  x\nb: c\n", Value::text("y"), "a: |-\n  y\nb: c\n");
    check("a: !!int 5\n", Value::text("w"), "a: w\n");
    check("a: True\n", Value::Bool(false), "a: False\n");
    check("a: |\nb: c\n", Value::text("y"), "a: |-\n  y\nb: c\n");
    check("a: |2+\r\nb: c\r\n", Value::text("y"), "a: |-\r\n  y\r\nb: c\r\n");
    // Behind a tag of one's own all is text, so it goes with what it stood before.
    check("a: !t 5\n", Value::Int(6), "a: 6\n");
    check("a: !t 5\n", Value::text("x"), "a: !t x\n");
}

/// A byte-order mark at the start is passed over, in a value or a comment it is part of it.
#[test]
fn byte_order_marks_that_are_no_trouble() {
    let mark = "\u{feff}";
    for text in [
        format!("{mark}a: 1\n"),
        format!("a: 'x{mark}y'\n"),
        format!("a: x{mark}\nb: 1\n"),
        format!("a: # {mark}\n  - b # {mark}{mark}\n#{mark}\n"),
        format!("a:\n\nb: |\n  {mark}\n  x\nc: {{d: \"{mark}\", e: [x{mark}y, ]}}\n"),
    ] {
        assert!(Document::parse(Format::Yaml, text.as_bytes(), &ScanOptions::PLAIN).is_ok(), "{text:?}");
    }
}
