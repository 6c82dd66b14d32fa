//! JSON: agreement with `serde_json`, on the corpus and on generated documents.
//!
//! Where the two differ, each with its reason:
//! - doubled keys: serde_json keeps the last value at the first one's place, we keep all as SOPS does;
//! - lone halves of surrogate pairs: serde_json refuses, we read U+FFFD as Go does;
//! - depth: serde_json refuses more than 127 levels, we more than 512;
//! - numbers out of range: serde_json keeps their digits, we refuse as SOPS does;
//! - a root that is no object, root keys like `Sops`: only we refuse.

use leafcrypt_formats::{Document, Format, Kind, ScanOptions, Tree, Value};

use super::corpus::files;
use super::generate::Random;

fn ours(text: &[u8]) -> Result<Tree, leafcrypt_formats::SyntaxError> {
    let document = Document::parse(Format::Json, text, &ScanOptions::PLAIN)?;
    Ok(document.trees().remove(0))
}

/// The same tree? Our doubled keys count as serde_json has them.
fn same(ours: &Tree, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Tree::Null, serde_json::Value::Null) => true,
        (Tree::Value(Value::Bool(a)), serde_json::Value::Bool(b)) => a == b,
        (Tree::Value(Value::Str(a)), serde_json::Value::String(b)) => a.as_slice() == b.as_bytes(),
        (Tree::Value(Value::Int(a)), serde_json::Value::Number(b)) => b.as_i64() == Some(*a) || (*a == 0 && b.as_str() == "-0"),
        (Tree::Value(Value::Float(a)), serde_json::Value::Number(b)) => {
            b.as_i64().is_none() && b.as_str().parse::<f64>().is_ok_and(|b| a.to_bits() == b.to_bits())
        }
        (Tree::List(_), serde_json::Value::Array(b)) => {
            let a: Vec<_> = ours.items().collect();
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Tree::Map(_), serde_json::Value::Object(b)) => {
            let mut a: Vec<(&[u8], &Tree)> = Vec::new();
            for (key, value) in ours.entries() {
                match a.iter_mut().find(|(k, _)| *k == key) {
                    Some(entry) => entry.1 = value,
                    None => a.push((key, value)),
                }
            }
            a.len() == b.len() && a.iter().zip(b).all(|((k, v), (name, value))| *k == name.as_bytes() && same(v, value))
        }
        _ => false,
    }
}

#[test]
fn agrees_on_the_corpus() {
    let only_ours = ["deep.json", "escaped-keys.json", "lone-surrogates.json"];
    for (name, text) in files("lossless") {
        let tree = ours(&text).expect("accepted");
        match serde_json::from_slice(&text) {
            Ok(theirs) => assert!(same(&tree, &theirs) && !only_ours.contains(&&*name), "{name}"),
            Err(_) => assert!(only_ours.contains(&&*name), "{name}"),
        }
    }
    for (name, text) in files("broken") {
        let only_theirs = name.starts_with("root-") || name.starts_with("number-too-") || name.starts_with("sops-");
        let accepted = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
        assert_eq!(accepted, only_theirs && name != "sops-broken.json", "{name}");
    }
}

#[test]
fn agrees_on_generated_documents() {
    let mut random = Random::new(1);
    let mut bytes = 0;
    for _ in 0..2000 {
        let text = random.document();
        bytes += text.len();
        let tree = ours(&text).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&text)));
        let theirs = serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&text)));
        assert!(same(&tree, &theirs), "{}", String::from_utf8_lossy(&text));
    }
    assert!(bytes > 200_000, "the generator makes something: {bytes}");
}

#[test]
fn agrees_on_damaged_documents() {
    let mut random = Random::new(2);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let text = random.damaged();
        let theirs = serde_json::from_slice::<serde_json::Value>(&text);
        match (ours(&text), theirs) {
            (Ok(tree), Ok(theirs)) => {
                accepted += 1;
                assert!(same(&tree, &theirs), "{}", String::from_utf8_lossy(&text));
            }
            (Ok(_), Err(e)) => assert!(e.to_string().contains("surrogate") || e.to_string().contains("hex escape"), "{e}"),
            (Err(_), Err(_)) => refused += 1,
            (Err(e), Ok(_)) => {
                let known = ["the root must be", "a number out of", "found duplicate sops", "a root key that SOPS"];
                assert!(known.iter().any(|k| e.what.starts_with(k)), "{e}: {}", String::from_utf8_lossy(&text));
            }
        }
    }
    assert!(accepted > 1000 && refused > 1000, "{accepted} accepted, {refused} refused");
}

#[test]
fn numbers_have_the_type_of_their_text() {
    let mut random = Random::new(3);
    for _ in 0..5000 {
        let number = random.number();
        let text = format!("{{\"a\":{number}}}");
        let document = Document::parse(Format::Json, text.as_bytes(), &ScanOptions::PLAIN).expect("a number");
        let kind = if number.parse::<i64>().is_ok() { Kind::Int } else { Kind::Float };
        assert_eq!(document.leaves()[0].kind, kind, "{number}");
    }
}
