//! Random trees: what is printed reads back to the same tree, or was refused.

use leafcrypt_formats::{Document, Format, Item, Member, Printing, ScanOptions, Tree, Value, print};

use crate::random_tree::{Kinds, Random, count, flat, map};

const ALL: Kinds = Kinds { comments: true, trailing: true, bytes: true, infinite: true, typed: true, odd: true, lines: true };

/// Is this what a reader makes of that? A float without a fraction is an integer to it; JSON has no times.
fn same(printed: &Tree, read: &Tree, format: Format) -> bool {
    let text = |tree: &Tree, value: &Value| matches!(tree, Tree::Value(Value::Str(b)) if b.as_slice() == shown(value, format).as_slice());
    match (printed, read) {
        (Tree::Map(_), Tree::Map(_)) => {
            let (a, b): (Vec<_>, Vec<_>) = (printed.entries().collect(), read.entries().collect());
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1, format))
        }
        (Tree::List(_), Tree::List(_)) => {
            let (a, b): (Vec<_>, Vec<_>) = (printed.items().collect(), read.items().collect());
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b, format))
        }
        (Tree::Null, Tree::Null) => true,
        (Tree::Null, Tree::Value(Value::Str(b))) => b.as_slice() == b"<nil>",
        (Tree::Value(Value::Float(a)), Tree::Value(Value::Int(b))) => *a == *b as f64,
        (Tree::Value(Value::Int(a)), Tree::Value(Value::Float(b))) => format == Format::Json && *a as f64 == *b,
        (Tree::Value(a), Tree::Value(b)) => a.same(b) || text(read, a),
        _ => false,
    }
}

fn shown(value: &Value, format: Format) -> Vec<u8> {
    match value {
        Value::Time(time) if format == Format::Json => time.as_str().into(),
        Value::Str(bytes) => bytes.as_slice().to_vec(),
        other => {
            let printed = print(Format::Dotenv, &[Tree::map([("x", Tree::Value(other.clone()))])], &Printing::default()).unwrap();
            printed.text[2..printed.text.len() - 1].to_vec()
        }
    }
}

/// All comments, sorted: one behind a key may have come from above it.
fn comments(trees: &[Tree]) -> Vec<String> {
    let mut out = Vec::new();
    let mut stack: Vec<&Tree> = trees.iter().collect();
    while let Some(tree) = stack.pop() {
        let notes: Vec<_> = match tree {
            Tree::Map(members) => members.iter().filter_map(|m| if let Member::Comment(note) = m { Some(note) } else { None }).collect(),
            Tree::List(items) => items.iter().filter_map(|i| if let Item::Comment(note) = i { Some(note) } else { None }).collect(),
            Tree::Null | Tree::Value(_) => Vec::new(),
        };
        out.extend(notes.into_iter().map(|note| String::from_utf8_lossy(note.text.as_slice()).into_owned()));
        stack.extend(tree.entries().map(|(_, tree)| tree).chain(tree.items()));
    }
    out.sort();
    out
}

/// Prints and reads; true if it was printed.
fn check(seed: u64, format: Format, trees: &[Tree], how: &Printing) -> bool {
    let Ok(printed) = print(format, trees, how) else { return false };
    let shown = String::from_utf8_lossy(&printed.text).into_owned();
    let read = Document::parse(format, &printed.text, &ScanOptions::PLAIN);
    let read = read.unwrap_or_else(|e| panic!("{seed}: {e}\n{shown}")).trees();
    let mut read: &[Tree] = &read;
    // The section without a name is always there to a reader of INI.
    let rest;
    if format == Format::Ini && trees[0].entries().next().is_none_or(|(name, _)| name != b"DEFAULT") {
        rest = [Tree::Map(match &read[0] {
            Tree::Map(members) => members[1..].to_vec(),
            _ => Vec::new(),
        })];
        read = &rest;
    }
    assert_eq!(trees.len(), read.len(), "{seed}: documents\n{shown}");
    for (a, b) in trees.iter().zip(read) {
        assert!(same(a, b, format) || !printed.warnings.is_empty(), "{seed}: reads back otherwise\n{shown}\n{a:?}\n{b:?}");
    }
    if format == Format::Yaml {
        assert_eq!(comments(trees), comments(read), "{seed}: comments\n{shown}");
    }
    true
}

#[test]
fn yaml_reads_back() {
    let count = count(4000);
    let mut printed = 0;
    for seed in 0..count {
        let random = &mut Random::new(seed);
        let documents: Vec<Tree> = (0..1 + random.below(2)).map(|_| map(random, ALL, 3)).collect();
        let how = Printing { indent: Some(random.below(11)), as_sops: false };
        printed += u64::from(check(seed, Format::Yaml, &documents, &how));
    }
    assert!(printed > count * 9 / 10, "only {printed} of {count} were printed");
}

#[test]
fn json_reads_back() {
    let count = count(2000);
    for seed in 0..count {
        let random = &mut Random::new(seed);
        let tree = map(random, Kinds { bytes: false, infinite: false, ..ALL }, 3);
        assert!(check(seed, Format::Json, &[tree], &Printing::default()), "{seed}: refused");
    }
}

#[test]
fn env_reads_back() {
    let count = count(4000);
    let mut printed = 0;
    for seed in 0..count {
        let tree = flat(&mut Random::new(seed), ALL);
        printed += u64::from(check(seed, Format::Dotenv, &[tree], &Printing::default()));
    }
    assert!(printed > count / 4, "only {printed} of {count} were printed");
}

#[test]
fn ini_reads_back() {
    let count = count(8000);
    let mut printed = 0;
    for seed in 0..count {
        let random = &mut Random::new(seed);
        let kinds = Kinds { comments: seed % 4 == 0, ..ALL };
        let sections = ["a", "DEFAULT", "[b", "c # d", "e;f"];
        let tree = Tree::map((0..1 + random.below(3)).map(|i| (sections[(i + seed as usize) % 5], flat(random, kinds))));
        printed += u64::from(check(seed, Format::Ini, &[tree], &Printing::default()));
    }
    assert!(printed > count / 5, "only {printed} of {count} were printed");
}
