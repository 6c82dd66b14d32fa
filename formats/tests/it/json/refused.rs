//! What is no JSON, what is too much of it, and keys that stand twice.

use leafcrypt_formats::{Document, Format, ScanOptions, SyntaxClass};

use super::{plain, round_trip};

fn check_refused(text: impl AsRef<[u8]>, class: SyntaxClass, line: usize, column: usize, what: &str) {
    let error = Document::parse(Format::Json, text.as_ref(), &ScanOptions::PLAIN).err().expect("it is refused");
    assert_eq!((error.class, error.line, error.column, error.what.as_str()), (class, line, column, what));
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
