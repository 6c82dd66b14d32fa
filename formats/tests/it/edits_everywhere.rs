//! Every kind of change at every place of every awkward text: it is right, or refused for a reason that the format has.

use std::collections::BTreeMap;

use leafcrypt_formats::{Change, Document, EditError, Floats, Format, Part, ScanOptions, Tree, Value};

use crate::edits::json;
use crate::random::{Random, document};

/// All paths of a tree, containers too.
fn paths(tree: &Tree, at: &mut Vec<Part>, out: &mut Vec<Vec<Part>>) {
    if !at.is_empty() {
        out.push(at.clone());
    }
    let names: Vec<(Part, &Tree)> = match tree {
        Tree::Map(_) => tree.entries().map(|(name, t)| (Part::Key(name.to_vec()), t)).collect(),
        _ => tree.items().enumerate().map(|(i, t)| (Part::Index(i), t)).collect(),
    };
    for (part, tree) in names {
        at.push(part);
        paths(tree, at, out);
        at.pop();
    }
}

/// The leaves of a tree: path and value.
fn flat(tree: &Tree) -> Vec<(Vec<Part>, Option<Value>)> {
    let below = |part: Part, tree: &Tree| {
        let leaves = flat(tree).into_iter();
        leaves.map(|(at, value)| ([std::slice::from_ref(&part), &at[..]].concat(), value)).collect::<Vec<_>>()
    };
    match tree {
        Tree::Null => vec![(Vec::new(), None)],
        Tree::Value(v) => vec![(Vec::new(), Some(v.clone()))],
        Tree::Map(_) => tree.entries().flat_map(|(name, t)| below(Part::Key(name.to_vec()), t)).collect(),
        Tree::List(_) => tree.items().enumerate().flat_map(|(i, t)| below(Part::Index(i), t)).collect(),
    }
}

/// Tries changes at a place; counts what was refused, by reason. What no format has a reason for is an error.
fn try_all(format: Format, name: &str, text: &[u8], every: usize, refused: &mut BTreeMap<String, usize>) -> usize {
    let Ok(document) = Document::parse(format, text, &ScanOptions::PLAIN) else { return 0 };
    if !document.blocks().is_empty() {
        return 0;
    }
    let tree = document.trees().into_iter().next().unwrap_or(Tree::Null);
    let mut all = Vec::new();
    paths(&tree, &mut Vec::new(), &mut all);
    let values = [
        json(r#""new""#),
        json("7"),
        json(r#"{"k": "v", "l": {"m": [1, {"n": true}], "o": "a: b"}}"#),
        json(r#"["x", [], {"y": {}}]"#),
        json("\"two\\nlines\""),
    ];
    let mut done = 0;
    let mut places = all.clone();
    places.push(Vec::new());
    for (i, at) in places.iter().enumerate().filter(|(i, _)| i % every == 0) {
        let mut changes: Vec<(Vec<Part>, Option<&Tree>)> = Vec::new();
        let value = &values[i % values.len()];
        let below = |part: Part| [at.as_slice(), &[part]].concat();
        if !at.is_empty() {
            changes.extend([(at.clone(), Some(value)), (at.clone(), None), (at.clone(), Some(&values[0]))]);
        }
        match tree.at(at) {
            Ok(Tree::List(_)) => changes.push((below(Part::Index(usize::MAX)), Some(value))),
            _ => {
                changes.extend([(below(Part::Key(b"new key".to_vec())), Some(value)), (below(Part::Key(b"n".to_vec())), Some(&values[0]))])
            }
        }
        for (at, to) in changes {
            let change = to.map_or(Change::Remove, Change::Set);
            match document.edit(&at, change, Floats::Stay, &ScanOptions::PLAIN) {
                Ok(new) => {
                    done += 1;
                    if !doubled(&tree, &at) {
                        check(format, name, &tree, &new, &at, to);
                    }
                }
                Err(EditError::Unwritable(why)) => *refused.entry(why.what.clone()).or_default() += 1,
                Err(_) if doubled(&tree, &at) => {}
                Err(other) => panic!("{name}: {at:?}: {other}"),
            }
            if let Err(EditError::Unwritable(why)) = document.edit(&at, change, Floats::Stay, &ScanOptions::PLAIN)
                && (why.what.contains("read back, or") || why.what.contains("no place") || why.what.contains("cannot be found"))
                && std::env::var_os("LEAFCRYPT_SHOW").is_some()
            {
                eprintln!("{name}: {} to {to:?}: {why}\n{}", leafcrypt_formats::display_parts(&at), String::from_utf8_lossy(text));
            }
        }
    }
    done
}

/// Is a name on this way there twice?
fn doubled(tree: &Tree, at: &[Part]) -> bool {
    (0..at.len()).any(|i| match (tree.at(&at[..i]), &at[i]) {
        (Ok(tree), Part::Key(name)) => tree.entries().filter(|(n, _)| n == name).count() > 1,
        _ => false,
    })
}

/// Read without the crate's own guard: leaves that do not stand below the path are what they were.
fn check(format: Format, name: &str, before: &Tree, new: &[u8], at: &[Part], to: Option<&Tree>) {
    let document = Document::parse(format, new, &ScanOptions::PLAIN).expect("it was read before");
    let after = document.trees().into_iter().next().unwrap_or(Tree::Null);
    let shown = || format!("{name} at {}:\n{}", leafcrypt_formats::display_parts(at), String::from_utf8_lossy(new));
    let now: Vec<_> = flat(&after);
    // Doubled names and items that move up are left to the guard.
    let moved = to.is_none() && matches!(at.last(), Some(Part::Index(_)));
    for (path, value) in flat(before) {
        let touched = at.starts_with(&path) || path.starts_with(at);
        if !touched && !moved && !now.iter().any(|(p, v)| *p == path && same(v.as_ref(), value.as_ref())) {
            panic!("{} is lost: {}", leafcrypt_formats::display_parts(&path), shown());
        }
    }
    if let (Some(Tree::Value(Value::Str(wanted))), false) = (to, at.contains(&Part::Index(usize::MAX))) {
        let fits = |b: &[u8]| b.strip_suffix(b"\r").unwrap_or(b) == wanted.as_slice();
        let found = now.iter().any(|(p, v)| p == at && matches!(v, Some(Value::Str(b)) if fits(b.as_slice())));
        assert!(found, "the value is not there: {}", shown());
    }
}

fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.same(b),
        (None, None) => true,
        _ => false,
    }
}

/// Reasons that are no fault of ours.
pub const REASONS: &[&str] = &[
    "an anchor here has aliases",
    "what is merged by `<<`",
    "ENV holds neither",
    "names that start with `sops_`",
    "ENV cannot hold",
    "an empty name",
    "the name starts with",
    "the name holds",
    "INI holds sections",
    "a section of INI holds",
    "INI cannot hold",
    "no quoting of INI",
    "a list of tables holds tables only",
    "it is written with dots inside of braces",
    "TOML has no null",
];

fn corpus(format: Format, folder: &str, least: usize, odd: usize) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/lossless").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    let mut refused = BTreeMap::new();
    let mut done = 0;
    for file in files {
        let text = std::fs::read(&file).unwrap();
        if text.len() < 20_000 {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            done += try_all(format, &name, &text, 1, &mut refused);
        }
    }
    judge(done, least, odd, &refused);
}

/// `odd`: so many may be refused because the text's own oddities leave no way that we have; nothing is written then.
fn judge(done: usize, least: usize, odd: usize, refused: &BTreeMap<String, usize>) {
    let unknown: Vec<_> = refused.iter().filter(|(what, _)| !REASONS.iter().any(|r| what.starts_with(r))).collect();
    let count: usize = unknown.iter().map(|(_, n)| **n).sum();
    assert!(count <= odd, "{done} done, {count} refused without a reason of the format: {unknown:?}");
    assert!(done >= least, "only {done} changes were made: {refused:?}");
}

#[test]
fn yaml_files() {
    // A comment that a tab indents may stand below a text, but not below a block.
    corpus(Format::Yaml, "yaml", 2500, 3);
}

#[test]
fn json_files() {
    corpus(Format::Json, "json", 3000, 0);
}

#[test]
fn env_files() {
    corpus(Format::Dotenv, "dotenv", 400, 0);
}

#[test]
fn ini_files() {
    // A last line of three quotes without a line end is a value; with one it would open a text.
    corpus(Format::Ini, "ini", 500, 2);
}

#[test]
fn toml_files() {
    corpus(Format::Toml, "toml", 1000, 0);
}

/// Reasons that lie in odd texts (a pair of braces that a tag stands before, a line that ends in what joins lines): nothing is written then. They stay few.
fn random(format: Format, ending: &str, texts: u64, least: usize) {
    let (mut refused, mut done) = (BTreeMap::new(), 0);
    for seed in 0..texts {
        let text = document(ending, &mut Random::new(seed));
        if text.len() < 20_000 {
            done += try_all(format, &format!("{ending} seed {seed}"), &text, 3, &mut refused);
        }
    }
    judge(done, least, done / 200, &refused);
}

#[test]
fn random_yaml() {
    random(Format::Yaml, "yaml", 300, 1000);
}

#[test]
fn random_json() {
    random(Format::Json, "json", 150, 1000);
}

#[test]
fn random_env() {
    random(Format::Dotenv, "env", 150, 500);
}

#[test]
fn random_ini() {
    random(Format::Ini, "ini", 150, 500);
}

#[test]
fn random_toml() {
    random(Format::Toml, "toml", 150, 500);
}
