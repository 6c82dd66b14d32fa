//! The metadata block: its style, its place, what is kept of an old one.

use super::{plain, sealed_document};
use leafcrypt_formats::{LeafId, Opened, Tokens, Tree, Value};

/// Sealed with `mac` as only field, all leaves covered by short tokens.
fn check_block(text: &str, expected: &str) {
    let document = plain(text.as_bytes());
    let mut tokens = Tokens::new(document.leaves().len(), 0);
    for i in 0..document.leaves().len() {
        tokens.leaf(LeafId(i as u32), |out| out.push(b'T'));
    }
    let fields = vec![("mac".to_owned(), Tree::text("M")), ("age".to_owned(), Tree::list([Tree::text("a"), Tree::text("b")]))];
    let sealed = document.seal(tokens).expect("sealed").with_block(&document, &fields, "", None, None).expect("spelled");
    assert_eq!(String::from_utf8(sealed).expect("UTF-8"), expected);
}

/// But for the blank behind a colon: programs look for `"mac": "ENC[`.
#[test]
fn the_block_keeps_to_the_style_of_the_file() {
    check_block(
        "{\n\t\"a\": 1\n}\n",
        "{\n\t\"a\": \"T\",\n\t\"sops\": {\n\t\t\"mac\": \"M\",\n\t\t\"age\": [\n\t\t\t\"a\",\n\t\t\t\"b\"\n\t\t]\n\t}\n}\n",
    );
    check_block(
        "{\n  \"a\":1\n}",
        "{\n  \"a\":\"T\",\n  \"sops\": {\n    \"mac\": \"M\",\n    \"age\": [\n      \"a\",\n      \"b\"\n    ]\n  }\n}",
    );
    check_block(
        "{\r\n \"a\": 1\r\n}",
        "{\r\n \"a\": \"T\",\r\n \"sops\": {\r\n  \"mac\": \"M\",\r\n  \"age\": [\r\n   \"a\",\r\n   \"b\"\r\n  ]\r\n }\r\n}",
    );
    check_block("{\"a\":1}\n", "{\"a\":\"T\",\"sops\": {\"mac\": \"M\",\"age\": [\"a\",\"b\"]}}\n");
    check_block("{\"a\": 1}", "{\"a\": \"T\", \"sops\": {\"mac\": \"M\", \"age\": [\"a\", \"b\"]}}");
    check_block("{\"a\": 1,\"b\": 2 }", "{\"a\": \"T\",\"b\": \"T\",\"sops\": {\"mac\": \"M\",\"age\": [\"a\",\"b\"]} }");
    check_block("{\n\"a\":1}", "{\n\"a\":\"T\",\n\"sops\": {\n\"mac\": \"M\",\n\"age\": [\n\"a\",\n\"b\"\n]\n}}");
    check_block("{ }\n", "{\n\t\"sops\": {\n\t\t\"mac\": \"M\",\n\t\t\"age\": [\n\t\t\t\"a\",\n\t\t\t\"b\"\n\t\t]\n\t}\n}\n");
}

#[test]
fn blocks_that_were_moved_are_read_and_cut() {
    let check = |text: &str, cut: &str| {
        let document = sealed_document(text.as_bytes());
        assert_eq!(document.blocks()[0].fields, Some(Tree::map([("m", Tree::text("x")), ("n", Tree::Value(Value::Int(1)))])));
        let shown: Vec<&[u8]> = document.blocks()[0].spans.iter().map(|s| &text.as_bytes()[s.range()]).collect();
        assert_eq!(shown.len(), 2);
        assert!(shown[0].starts_with(b"\"m\"") && shown[0].ends_with(b"\"x\"") && shown[1].ends_with(b"1"));
        let without = document.without_blocks();
        assert_eq!(String::from_utf8_lossy(&without.text), cut);
        let fields = [("m".to_owned(), Tree::text("x")), ("n".to_owned(), Tree::Value(Value::Int(1)))];
        let back = without.with_block(&document, &fields, "", None, Some(&document)).expect("spelled");
        assert_eq!(String::from_utf8_lossy(&back), text);
        let opened = document.open(&Opened { leaves: vec![None; document.leaves().len()], comments: Vec::new() }, &[]).expect("opens");
        assert_eq!(String::from_utf8_lossy(&opened), cut);
    };
    check("{ \"sops\": {\"m\":\"x\",\"n\":1} , \"a\": 1 }", "{ \"a\": 1 }");
    check("{ \"b\": 2 , \"sops\": {\"m\" :\"x\", \"n\":1} , \"a\": 1 }", "{ \"b\": 2 , \"a\": 1 }");
    check("{ \"b\": [{}] ,\n\"sops\":\n{\"m\" :\"x\", \"n\": 1 } }", "{ \"b\": [{}] }");
    check("{\n\"sops\": { \"m\":\"x\",\n\"n\":1}\n}\n", "{}\n");
    check("{\"\\u0073ops\":{\"m\":\"x\",\"n\":1}}", "{}");
}

#[test]
fn a_sops_entry_that_is_no_map() {
    for text in ["{\"a\":1,\"sops\":5}", "{\"sops\":[1,{\"a\":2}],\"a\":1}", "{\"a\":1,\"sops\":null}"] {
        let document = sealed_document(text.as_bytes());
        assert_eq!(document.blocks()[0].fields, None);
        assert_eq!(document.without_blocks().text, b"{\"a\":1}");
    }
    assert!(plain(b"{\"a\":{\"sops\":{}}}").blocks().is_empty());
}

#[test]
fn an_old_block_keeps_its_spelling() {
    let check = |old: &str, fields: &[(&str, Tree)], expected: &str| {
        let document = sealed_document(old.as_bytes());
        let fields: Vec<_> = fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        let new = document.without_blocks().with_block(&document, &fields, "", None, Some(&document)).expect("spelled");
        assert_eq!(String::from_utf8_lossy(&new), expected);
    };
    let (a, b, c) = (("a", Tree::text("/")), ("b", Tree::text("y")), ("c", Tree::list([Tree::text("z")])));
    let old = "{\"k\":1,\n  \"sops\" : {\n\t \"a\" :\"\\/\",\n\n\t \"b\":\"x\"\n  }}";
    check(old, &[a.clone(), b.clone()], "{\"k\":1,\n  \"sops\" : {\n\t \"a\" :\"\\/\",\n\n\t \"b\":\"y\"\n  }}");
    check(old, std::slice::from_ref(&b), "{\"k\":1,\n  \"sops\" : {\n\t \"b\":\"y\"\n  }}");
    check(old, std::slice::from_ref(&a), "{\"k\":1,\n  \"sops\" : {\n\t \"a\" :\"\\/\"\n  }}");
    let old = "{\n \"sops\": {\n  \"b\": \"x\",\n  \"a\": \"\\/\"\n }\n}";
    check(
        old,
        &[c.clone(), a.clone(), ("d", Tree::Null), b.clone()],
        "{\n \"sops\": {\n  \"c\": [\n   \"z\"\n  ],\n  \"b\": \"y\",\n  \"a\": \"\\/\",\n  \"d\": null\n }\n}",
    );
    check(
        "{\"sops\": {\"a\": \"\\/\", \"b\": 1}}",
        &[a.clone(), c.clone(), b.clone()],
        "{\"sops\": {\"a\": \"\\/\", \"c\": [\"z\"], \"b\": \"y\"}}",
    );
    check("{\"sops\":{\"a\":\"\\/\",\"b\":1}}", &[c.clone(), a.clone(), b.clone()], "{\"sops\":{\"c\":[\"z\"],\"a\":\"\\/\",\"b\":\"y\"}}");
    check("{\"k\":1,\"sops\":{}}", std::slice::from_ref(&b), "{\"k\":1,\"sops\": {\"b\": \"y\"}}");
    check("{\"k\":1,\"sops\":7}", std::slice::from_ref(&b), "{\"k\":1,\"sops\": {\"b\": \"y\"}}");
    check("{\"sops\":{\"b\":1,\"a\":\"\\/\",\"b\":2}}", &[a, b], "{\"sops\":{\"a\":\"\\/\",\"b\":\"y\"}}");
}
