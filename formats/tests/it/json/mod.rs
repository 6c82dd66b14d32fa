//! JSON: scanning, sealing, opening, the metadata block.

mod block;
mod corpus;
mod generate;
mod print;

use leafcrypt_formats::{Document, Format, Hint, Kind, LeafId, Opened, ScanOptions, Spelled, Step, SyntaxClass, Tokens, Tree, Value};

fn plain(text: &[u8]) -> Document<'_> {
    Document::parse(Format::Json, text, &ScanOptions::PLAIN).expect("JSON")
}

fn sealed_document(text: &[u8]) -> Document<'_> {
    Document::parse(Format::Json, text, &ScanOptions::SEALED).expect("sealed JSON")
}

fn token(i: usize) -> String {
    format!("ENC[AES256_GCM,data:{i},iv:aaaa,tag:bbbb,type:str]")
}

/// A small metadata block.
pub fn fields() -> Vec<(String, Tree)> {
    let age = Tree::list([Tree::map([("enc", Tree::text("-----BEGIN\n<&>\n")), ("recipient", Tree::text("age1"))])]);
    vec![
        ("age".to_owned(), age),
        ("lastmodified".to_owned(), Tree::text("2026-11-24T01:55:23Z")),
        ("leafcrypt".to_owned(), Tree::text("ENC[x]")),
        ("mac".to_owned(), Tree::text("ENC[y]")),
        ("version".to_owned(), Tree::text("3.13.2")),
    ]
}

/// Seals what `covered` says, adds a block, opens again, and returns the sealed text and the hints. What comes back must be
/// the source, but for what is repaired at start and end; that is returned too.
pub fn round_trip(text: &[u8], covered: impl Fn(usize) -> bool) -> (Vec<u8>, Vec<Hint>) {
    let document = plain(text);
    let mut tokens = Tokens::new(document.leaves().len(), 0);
    let mut values = Vec::new();
    for i in 0..document.leaves().len() {
        let value = document.value(LeafId(i as u32));
        assert_eq!(value.kind(), document.leaves()[i].kind);
        let empty = matches!(&value, Value::Str(s) if s.as_slice().is_empty());
        let takes = covered(i) && !empty;
        if takes {
            tokens.leaf(LeafId(i as u32), |out| out.extend_from_slice(token(i).as_bytes()));
        }
        values.push(takes.then_some(value));
    }
    let sealed = document.seal(tokens).expect("it can be sealed");
    let full = sealed.with_block(&document, &fields(), "leafcrypt", None, None).expect("the block can be spelled");

    let again = sealed_document(&full);
    assert_eq!(again.steps(), document.steps(), "the structure stays");
    assert_eq!(again.blocks()[0].fields, Some(Tree::map(fields())), "the block reads back");
    let mut bare = sealed.text.clone();
    bare.drain(sealed.slots[0].at..sealed.slots[0].at + sealed.slots[0].replaces);
    assert_eq!(again.without_blocks().text, bare, "cutting undoes inserting, save for the blanks of an empty root");
    for (i, value) in values.iter().enumerate() {
        if value.is_some() {
            assert_eq!(*again.content(LeafId(i as u32)), *token(i).as_bytes());
        }
    }
    let rewrapped = again.without_blocks().with_block(&again, &fields(), "leafcrypt", None, Some(&again)).expect("spelled");
    assert_eq!(rewrapped, full, "the same fields give the same bytes");

    let opened = Opened { leaves: values, comments: Vec::new() };
    let mut hints = sealed.hints;
    let back = again.open(&opened, &hints).expect("it opens");
    hints.extend(repair(&back, text));
    assert_eq!(again.open(&opened, &hints).expect("it opens"), text);
    (full, hints)
}

/// What the root crate does: common beginning and end stay.
fn repair(opened: &[u8], source: &[u8]) -> Option<Hint> {
    if opened == source {
        return None;
    }
    let common = opened.iter().zip(source).take_while(|(a, b)| a == b).count();
    Some(Hint::End { drop: (opened.len() - common) as u32, bytes: source[common..].to_vec() })
}

fn says_nothing(tree: &Tree) -> bool {
    [Tree::Null, Tree::text(""), Tree::list([]), Tree::map::<&str>([])].contains(tree)
}

/// Takes the block of a sealed text out and puts it back: nothing may change. False if its fields are no usable map.
pub fn repair_free_blocks(text: &[u8]) -> bool {
    let document = sealed_document(text);
    let without = document.without_blocks();
    assert!(Document::parse(Format::Json, &without.text, &ScanOptions::SEALED).is_ok_and(|d| d.blocks().is_empty()));
    let Some(fields) = &document.blocks()[0].fields else { return false };
    let fields: Vec<(String, Tree)> = fields.entries().map(|(k, v)| (String::from_utf8(k.to_vec()).expect("UTF-8"), v.clone())).collect();
    let mut names: Vec<_> = fields.iter().map(|f| &f.0).collect();
    names.sort();
    names.dedup();
    if names.len() < fields.len() || fields.is_empty() {
        return false;
    }
    let back = without.with_block(&document, &fields, "", None, Some(&document)).expect("spelled");
    assert_eq!(String::from_utf8_lossy(&back), String::from_utf8_lossy(text));
    // With one more in front, one changed and one gone, it must read as what was asked for.
    let mut other = fields;
    other.insert(0, ("new field".to_owned(), Tree::list([Tree::Null, Tree::map([("x", Tree::text("y"))])])));
    other.last_mut().expect("not empty").1 = Tree::text("changed");
    let gone = (other.len() > 3).then(|| other.remove(1));
    let new = without.with_block(&document, &other, "", None, Some(&document)).expect("spelled");
    let read = sealed_document(&new);
    let Some(read) = &read.blocks()[0].fields else { panic!("a map") };
    let mut got: Vec<_> = read.entries().map(|(k, v)| (String::from_utf8_lossy(k).into_owned(), v.clone())).collect();
    // What is empty says the same as what is not there, and stays where it stands.
    other.extend(gone.filter(|(_, tree)| says_nothing(tree)));
    let by_name = |a: &(String, Tree), b: &(String, Tree)| a.0.cmp(&b.0);
    got.sort_by(by_name);
    other.sort_by(by_name);
    assert!(got == other, "{}", String::from_utf8_lossy(&new));
    true
}

fn check_refused(text: impl AsRef<[u8]>, class: SyntaxClass, line: usize, column: usize, what: &str) {
    let error = Document::parse(Format::Json, text.as_ref(), &ScanOptions::PLAIN).err().expect("it is refused");
    assert_eq!((error.class, error.line, error.column, error.what.as_str()), (class, line, column, what));
}

fn check_hints(text: &str, expected: &[(u32, &str)]) {
    let (_, hints) = round_trip(text.as_bytes(), |_| true);
    let shown: Vec<(u32, String)> = hints
        .iter()
        .map(|hint| match hint {
            Hint::Site { kind: 0, first, with: Spelled::Bytes(bytes), .. } => (*first, String::from_utf8_lossy(bytes).into_owned()),
            Hint::Site { kind: 0, first, with: Spelled::Style(style), .. } => (*first, format!("style {style}")),
            other => panic!("no such hint expected: {other:?}"),
        })
        .collect();
    let expected: Vec<(u32, String)> = expected.iter().map(|(n, s)| (*n, (*s).to_owned())).collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn the_walk() {
    let text = br#"{"a":1,"b":{"c":[true,"x",{}],"d":null},"e":[],"sops":{"mac":"m"}}"#;
    let document = plain(text);
    let shown: Vec<String> = document
        .steps()
        .iter()
        .map(|step| match step {
            Step::Document => "document".to_owned(),
            Step::MapStart(p) => format!("map {}", document.paths().display(*p)),
            Step::MapEnd => "map end".to_owned(),
            Step::ListStart(p) => format!("list {}", document.paths().display(*p)),
            Step::ListEnd => "list end".to_owned(),
            Step::Key(p) => format!("key {}", document.paths().display(*p)),
            Step::EmptyMap(p) => format!("empty map {}", document.paths().display(*p)),
            Step::EmptyList(p) => format!("empty list {}", document.paths().display(*p)),
            Step::Null(p) => format!("null {}", document.paths().display(*p)),
            Step::Leaf(id) => format!("{} {}", document.leaf(*id).kind.name(), document.paths().display(document.leaf(*id).path)),
            Step::Comment(_) => "comment".to_owned(),
        })
        .collect();
    let expected = [
        "document",
        "map the root",
        "key a",
        "int a",
        "key b",
        "map b",
        "key b.c",
        "list b.c",
        "bool b.c[0]",
        "str b.c[1]",
        "empty map b.c[2]",
        "list end",
        "key b.d",
        "null b.d",
        "map end",
        "key e",
        "empty list e",
        "map end",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn types_and_values() {
    let check = |source: &str, expected: Value| {
        let text = format!("{{\"a\": {source}}}");
        let document = plain(text.as_bytes());
        assert_eq!(document.leaves()[0].kind, expected.kind(), "{source}");
        assert!(document.value(LeafId(0)).same(&expected), "{source}");
        let (_, hints) = round_trip(text.as_bytes(), |_| true);
        assert!(hints.len() <= 1);
    };
    check("0", Value::Int(0));
    check("-0", Value::Int(0));
    check("-12", Value::Int(-12));
    check("9007199254740993", Value::Int(9007199254740993));
    check("9223372036854775807", Value::Int(i64::MAX));
    check("-9223372036854775808", Value::Int(i64::MIN));
    check("9223372036854775808", Value::Float(9223372036854775808.0));
    check("123456789012345678901234567890", Value::Float(1.2345678901234568e29));
    check("1.0", Value::Float(1.0));
    check("-0.0", Value::Float(-0.0));
    check("1e-400", Value::Float(0.0));
    check("1E5", Value::Float(1e5));
    check("true", Value::Bool(true));
    check("false", Value::Bool(false));
    check(r#""""#, Value::text(""));
    check(r#""\"\\\/\b\f\n\r\t""#, Value::text("\"\\/\u{8}\u{c}\n\r\t"));
    check(r#""\u00e9\u00E9é""#, Value::text("ééé"));
    check(r#""\ud83d\ude00""#, Value::text("😀"));
    check(r#""\ud800""#, Value::text("\u{fffd}"));
    check(r#""\udc00\ud800""#, Value::text("\u{fffd}\u{fffd}"));
    check(r#""\ud800\ud83d\ude00""#, Value::text("\u{fffd}😀"));
    check(r#""\ud83dx\ude00""#, Value::text("\u{fffd}x\u{fffd}"));
    check(r#""\u0000\u001f""#, Value::text("\0\u{1f}"));
}

#[test]
fn hints_only_where_sops_spells_it_otherwise() {
    let check = |source: &str, expected: &[(u32, &str)]| check_hints(&format!("{{\"a\": {source}}}"), expected);
    for canonical in
        ["1", "-5", "1.5", "1e-7", "1e+21", "0.000001", "18446744073709552000", "true", r#""é😀\n/""#, r#""\u003c\u2028\u0001""#]
    {
        check(canonical, &[]);
    }
    check("-0", &[(0, "-0")]);
    check("-0.0", &[(0, "style 1")]);
    check("1.0", &[(0, "style 1")]);
    check("100000.0", &[(0, "style 1")]);
    check("1e5", &[(0, "style 2")]);
    check("1E5", &[(0, "style 3")]);
    check("1.5e+10", &[(0, "style 4")]);
    check("1E+10", &[(0, "style 5")]);
    check("1.0e10", &[(0, "style 6")]);
    check("1.0E-10", &[(0, "style 7")]);
    check("1e-07", &[(0, "style 8")]);
    check("1E+07", &[(0, "style 9")]);
    check("1e21", &[(0, "style 2")]);
    check("1.50", &[(0, "1.50")]);
    check("1e005", &[(0, "1e005")]);
    check("0e0", &[(0, "style 2")]);
    check("123456789012345678901234567890", &[(0, "123456789012345678901234567890")]);
    check(r#""a<b>&""#, &[(0, "style 1")]);
    check("\"\u{2028}\"", &[(0, "style 2")]);
    check("\"\u{2028}&\"", &[(0, "style 3")]);
    check(r#""\u00e9""#, &[(0, "style 4")]);
    check(r#""\u00E9""#, &[(0, "style 12")]);
    check(r#""\ud83d\ude00 <\/b>""#, &[(0, "style 21")]);
    check(r#""\u0008\u007f""#, &[(0, "style 96")]);
    check(r#""\u003C""#, &[(0, "style 8")]);
    check(r#""\u00e9é""#, &[(0, r#""\u00e9é""#)]);
    check(r#""\u0041""#, &[(0, r#""\u0041""#)]);
    check(r#""\ud800""#, &[(0, r#""\ud800""#)]);
    check_hints(r#"{"a":"<","b":null,"c":"","d":1.0,"e":[],"f":1,"g":2.0}"#, &[(0, "style 1"), (1, "style 1"), (3, "style 1")]);
}

#[test]
fn stale_hints_are_not_believed() {
    let text = br#"{"a":"ENC[x]","sops":{"mac":"m"}}"#;
    let document = sealed_document(text);
    let check = |value: Value, with: Spelled, expected: &str| {
        let hints = [Hint::Site { kind: 0, first: 0, last: 0, before: 0, after: 0, with }];
        let opened = Opened { leaves: vec![Some(value)], comments: Vec::new() };
        let opened = document.open(&opened, &hints).expect("it opens");
        assert_eq!(String::from_utf8_lossy(&opened), format!("{{\"a\":{expected}}}"));
    };
    let bytes = |s: &str| Spelled::Bytes(s.as_bytes().to_vec());
    check(Value::Int(5), bytes("5.0"), "5");
    check(Value::Float(5.0), bytes("5.00"), "5.00");
    check(Value::Float(5.0), bytes("5.00 "), "5");
    check(Value::Float(5.0), bytes("5.01"), "5");
    check(Value::Float(5.0), bytes("5.0,\"b\":1"), "5");
    check(Value::text("x"), bytes("\"y\""), "\"x\"");
    check(Value::text("x"), bytes("\"\\u0078\""), "\"\\u0078\"");
    check(Value::text("x"), bytes("x"), "\"x\"");
    check(Value::text("x"), bytes(""), "\"x\"");
    check(Value::text("x"), Spelled::Bytes(vec![b'"', 0xff, b'"']), "\"x\"");
    check(Value::text("<"), Spelled::Style(128), "\"\\u003c\"");
    check(Value::text("<"), Spelled::Style(1), "\"<\"");
    check(Value::Int(5), Spelled::Style(1), "5");
    check(Value::Float(5.0), Spelled::Style(200), "5");
    check(Value::Bool(true), Spelled::Style(0), "true");
}

#[test]
fn values_of_other_writers_open() {
    let text = br#"{"a":"ENC[x]","sops":{}}"#;
    let document = sealed_document(text);
    let open = |value| document.open(&Opened { leaves: vec![Some(value)], comments: Vec::new() }, &[]);
    let time = Value::Time(leafcrypt_formats::Time::from_normal("2001-12-14T00:00:00Z"));
    assert_eq!(open(time).expect("it opens"), br#"{"a":"2001-12-14T00:00:00Z"}"#);
    for bad in [Value::text([0xff]), Value::Float(f64::INFINITY), Value::Float(f64::NAN)] {
        assert_eq!(open(bad).expect_err("refused").path, "a");
    }
}

#[test]
fn refused() {
    use SyntaxClass::{Limit, OutsideModel, Syntax};
    check_refused("", Syntax, 1, 1, "the text ends too early");
    check_refused("{\"a\":1", Syntax, 1, 7, "the text ends too early");
    check_refused("\u{feff}{}", SyntaxClass::ByteOrderMark, 1, 1, "the text starts with a byte-order mark, which JSON does not allow");
    check_refused("{} x", Syntax, 1, 4, "something stands behind the end");
    check_refused("{\n// x\n}", Syntax, 2, 1, "JSON has no comments");
    check_refused("{\"a\": \"x\ty\"}", Syntax, 1, 9, "a control character in a string; it must be escaped");
    check_refused(b"{\"a\": \"\xff\"}", Syntax, 1, 8, "the text is not UTF-8");
    check_refused("[1]", OutsideModel, 1, 1, "the root must be an object");
    check_refused("5", OutsideModel, 1, 1, "the root must be an object");
    check_refused("{\"a\":1e400}", OutsideModel, 1, 6, "a number out of the range of a double");
    check_refused(format!("{{\"a\":{}}}", "9".repeat(310)), OutsideModel, 1, 6, "a number out of the range of a double");
    check_refused("{\"sops\":{},\n\"s\\u006fps\":1}", OutsideModel, 2, 1, "found duplicate sops entry");
    check_refused(format!("{{\"a\":{}", "[".repeat(100_000)), Limit, 1, 517, "nested more than 512 levels deep");
    check_refused(format!("{{\"{}\":1}}", "k".repeat(65537)), Limit, 1, 2, "a key of 65537 bytes, more than the limit of 65536");
}

#[test]
fn limits() {
    let mut options = ScanOptions::PLAIN;
    options.limits.leaves = 3;
    let refused = |text: &str| Document::parse(Format::Json, text.as_bytes(), &options).is_err_and(|e| e.class == SyntaxClass::Limit);
    assert!(!refused(r#"{"a":[1,null,"x",[],{}]}"#));
    assert!(refused(r#"{"a":[1,null,"x",null]}"#));
    assert!(refused(r#"{"a":1,"sops":{"b":[1,2,3]}}"#));
    let deep = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    assert!(!refused(&deep(512)));
    assert!(refused(&deep(513)));
    round_trip(deep(512).as_bytes(), |_| true);
}

#[test]
fn doubled_keys_are_kept_and_named() {
    let text = b"{\"a\":1,\n\"b\":{\"x\":1,\"x\":2},\n\"\\u0061\":3,\n\"c\\td\":[{\"a\":1},{\"a\":1}]}";
    let document = plain(text);
    let shown: Vec<(usize, &str)> = document.warnings().iter().map(|w| (w.line, w.what.as_str())).collect();
    assert_eq!(
        shown,
        [
            (2, "the key b.x stands twice in one object; most readers see one of the two"),
            (3, "the key a stands twice in one object; most readers see one of the two"),
        ]
    );
    assert_eq!(document.leaves().len(), 6);
    round_trip(text, |_| true);
    let many: String = (0..100).map(|i| format!("\"k{}\":{i},", i % 50)).collect();
    let text = format!("{{{many}\"z\":0}}");
    let document = plain(text.as_bytes());
    assert_eq!(document.warnings().len(), 21);
    assert_eq!(document.warnings()[20].what, "30 more doubled keys");
}

#[test]
fn coverage_in_part() {
    let text = b"{\"a\": 1.0, \"b\": [\"<\", 2.0, true, {\"c\": \"\\u0041\"}], \"d\": -0 }\n";
    for mask in 0..64 {
        round_trip(text, |i| mask >> i & 1 == 1);
    }
}

#[test]
fn set() {
    let check = |text: &str, value: Value, expected: &str| {
        let document = plain(text.as_bytes());
        let new = crate::edits::set(&document, LeafId(0), &value).expect("it can be set");
        assert_eq!(String::from_utf8_lossy(&new), expected);
    };
    check("{\"a\": 1.0 }", Value::Float(1.0), "{\"a\": 1.0 }");
    check("{\"a\": 1.0 }", Value::Int(1), "{\"a\": 1 }");
    check("{\"a\": 1.0 }", Value::text("<"), "{\"a\": \"\\u003c\" }");
    check("{\"a\": \"&\" }", Value::text("<é>"), "{\"a\": \"<é>\" }");
    check("{\"a\": \"\\u00e9\" }", Value::text("ü"), "{\"a\": \"\\u00fc\" }");
    check("{\"a\": \"x\" }", Value::Bool(true), "{\"a\": true }");
    let document = plain(b"{\"a\":1}");
    assert!(crate::edits::set(&document, LeafId(0), &Value::text([0xff])).is_err());
}

#[test]
fn content_borrows_where_nothing_is_escaped() {
    let document = plain(br#"{"a":"plain","b":"\u0045NC","c":12}"#);
    assert!(matches!(document.content(LeafId(0)), std::borrow::Cow::Borrowed(b"plain")));
    assert_eq!(*document.content(LeafId(1)), *b"ENC");
    assert_eq!(*document.content(LeafId(2)), *b"12");
    assert_eq!(document.leaves()[2].kind, Kind::Int);
}

#[test]
fn time_grows_with_size_only() {
    let document = |n: usize| (0..n).map(|i| format!("\"k{i}\":{{\"a\":[\"<\",1.0]}},")).collect::<String>();
    let many_leaves = |n| format!("{{{}\"z\":0}}", document(n));
    let doubled_keys = |n| format!("{{{}\"z\":0}}", "\"a\":1,\n".repeat(n));
    let long_string = |n| format!("{{\"a\":\"{}\"}}", "\\u00e9<\\ud800".repeat(n));
    let once = |text: &str| {
        let start = crate::cpu::spent();
        round_trip(text.as_bytes(), |_| true);
        (crate::cpu::spent() - start).as_secs_f64()
    };
    // Caches are others', too.
    let time = |text: String| (0..3).map(|_| once(&text)).fold(f64::INFINITY, f64::min);
    // Ten times the size takes ten times as long; a hundred times if anything were quadratic.
    let check = |small: String, large: String| {
        let (small, large) = (time(small), time(large));
        assert!(large < 40.0 * small + 0.2, "{small} s, then {large} s");
    };
    check(many_leaves(1000), many_leaves(10_000));
    check(doubled_keys(2000), doubled_keys(20_000));
    check(long_string(2000), long_string(20_000));
}
