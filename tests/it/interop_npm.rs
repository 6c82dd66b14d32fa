//! npm's `sops-age`, an implementation of the format that owes nothing to SOPS's: it opens what we seal of the corpora to the same values.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::tools::{Place, corpus, sops};

/// What it cannot open, or opens otherwise, for a reason of its own; by the beginning of the name.
const KNOWN: &[(&[&str], &str)] = &[
    (&["stream", "kubernetes.yaml", "real_kubernetes"], "it reads one document"),
    (&["plain-times", "tags.yaml", "real_ansible"], "it knows no tokens of type time"),
    (&["integers.json", "big-integers.json", "large-integers.yaml"], "its numbers are doubles"),
    (&["anchors.yaml", "merge-lists"], "it opens an alias under another path than the value's own"),
    (&["lone-surrogates.json", "escaped-keys.json"], "a lone surrogate is U+FFFD after its JSON reader, and itself in our text"),
    (
        &[
            "blanks_round_equals",
            "bom.env",
            "clear_suffix",
            "empty_name",
            "export.env",
            "lone_cr",
            "names_odd",
            "real_django",
            "sops_like_names",
            "unicode.env",
            "zero-byte.env",
        ],
        "it reads ENV files as the dotenv package does: export, quotes, blanks and odd names",
    ),
    (
        &["not_utf8.env", "tag-binary", "plain-floats", "deep."],
        "JSON, in which both print for the comparison, cannot hold it, or not so deep",
    ),
];

/// The library, where `tests/run` puts it.
fn library() -> Option<PathBuf> {
    sops()?;
    let tools =
        std::env::var_os("LEAFCRYPT_TOOLS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools"), PathBuf::from);
    let path = tools.join("npm/node_modules/sops-age/dist/index.js");
    assert!(path.exists() || std::env::var_os("CI").is_none(), "no sops-age among the tools: run tests/run");
    path.exists().then_some(path)
}

/// Numbers as doubles, and -0 as 0: JavaScript has no others, and writes no other into JSON.
fn doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map(|n| n + 0.0).and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number),
        Value::Array(items) => Value::Array(items.iter().map(doubles).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(name, value)| (name.clone(), doubles(value))).collect()),
        other => other.clone(),
    }
}

#[test]
fn opens_ours() {
    let Some(library) = library() else { return };
    let place = Place::new();
    std::fs::create_dir_all(place.path("sealed")).unwrap();
    let mut expected = Vec::new();
    for (folder, ending) in [("yaml", "yaml"), ("json", "json"), ("dotenv", "env")] {
        for path in corpus(folder, ending) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            place.write(&format!("f.{ending}"), std::fs::read(&path).unwrap());
            let sealed = place.ours(["encrypt", "--age", &place.recipient, &format!("f.{ending}")]);
            if !sealed.status.success() {
                continue;
            }
            let file = format!("sealed/{name}");
            place.write(&file, &sealed.stdout);
            let values = place.ours(["decrypt", "--output-type", "json", &file]);
            expected.push((name, serde_json::from_slice::<Value>(&values.stdout).ok()));
        }
    }
    let keys = String::from_utf8(place.read("keys.txt")).unwrap();
    let secret = keys.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm/open.mjs");
    let done = Command::new("node").arg(script).arg(library).arg(place.path("sealed")).arg(secret).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let results: Value = serde_json::from_slice(&done.stdout).unwrap();
    let (mut equal, mut wrong) = (0, Vec::new());
    for (name, values) in &expected {
        let theirs = results[name]["text"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if values.as_ref().zip(theirs.as_ref()).is_some_and(|(ours, theirs)| doubles(ours) == doubles(theirs)) {
            equal += 1;
        } else if !KNOWN.iter().any(|(names, _)| names.iter().any(|known| name.starts_with(known))) {
            wrong.push(format!("{name}: {}", results[name]["error"]));
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
    assert!(equal >= 150, "only {equal} files were equal");
}
