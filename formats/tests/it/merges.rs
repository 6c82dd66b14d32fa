//! Two changes of one text: what comes out of both, or the paths that do not go together.

use leafcrypt_formats::{Change, Clash, Document, Floats, Format, Part, Prefer, ScanOptions, Tree, Unmerged, Value, merge};

use crate::random::{Random, document};

fn merged(format: Format, [base, mine, theirs]: [&str; 3], prefer: Prefer) -> String {
    match merge(format, base.as_bytes(), mine.as_bytes(), theirs.as_bytes(), prefer, &ScanOptions::PLAIN) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(Unmerged::Conflicts(conflicts)) => {
            let shown: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
            format!("conflict: {}", shown.join(", "))
        }
        Err(Unmerged::Syntax(error)) => format!("error: {error}"),
    }
}

#[track_caller]
fn check(format: Format, base: &str, mine: &str, theirs: &str, expected: &str) {
    assert_eq!(merged(format, [base, mine, theirs], Prefer::Neither), expected);
}

#[track_caller]
fn yaml(base: &str, mine: &str, theirs: &str, expected: &str) {
    check(Format::Yaml, base, mine, theirs, expected);
}

#[track_caller]
fn json(base: &str, mine: &str, theirs: &str, expected: &str) {
    check(Format::Json, base, mine, theirs, expected);
}

#[test]
fn different_paths_go_together() {
    yaml("a: 1\nb: 2\nc: 3\n", "a: x\nb: 2\nc: 3\n", "a: 1\nb: 2\nc: y\n", "a: x\nb: 2\nc: y\n");
    // Neighbours, which git would not merge.
    yaml("a: 1\nb: 2\n", "a: x\nb: 2\n", "a: 1\nb: y\n", "a: x\nb: y\n");
    // On one line.
    yaml("m: {a: 1, b: 2}\n", "m: {a: x, b: 2}\n", "m: {a: 1, b: y}\n", "m: {a: x, b: y}\n");
    json("{\"a\":1,\"b\":2}", "{\"a\":\"x\",\"b\":2}", "{\"a\":1,\"b\":[3]}", "{\"a\":\"x\",\"b\":[3]}");
    json(
        "{\n\t\"a\": 1\n}\n",
        "{\n\t\"a\": 1,\n\t\"b\": 2\n}\n",
        "{\n\t\"a\": 1,\n\t\"c\": 3\n}\n",
        "{\n\t\"a\": 1,\n\t\"c\": 3,\n\t\"b\": 2\n}\n",
    );
    check(Format::Dotenv, "A=1\nB=2\n", "A=x\nB=2\nC=3\n", "A=1\nB=y\nD=4\n", "A=x\nB=y\nD=4\nC=3\n");
    check(Format::Ini, "[s]\na = 1\nb = 2\n", "[s]\na = x\nb = 2\n", "[s]\na = 1\n[t]\nc = 3\n", "[s]\na = x\n[t]\nc = 3\n");
    check(
        Format::Toml,
        "a = 1\n[t]\nb = {c = 1, d = 2}\n",
        "a = 1\n[t]\nb = {c = \"x\", d = 2}\n",
        "a = 2\n[t]\nb = {c = 1, d = \"y\"}\n",
        "a = 2\n[t]\nb = {c = \"x\", d = \"y\"}\n",
    );
    // Deep in one map, that one has laid out anew.
    yaml("m:\n  a: 1\n  b: 2\n", "m:\n  a: x\n  b: 2\n", "m:\n    a: 1\n    b: y\n", "m:\n    a: x\n    b: y\n");
    // One removes, the other changes something else.
    yaml("a: 1\nb: 2\nc: 3\n", "b: 2\nc: 3\n", "a: 1\nb: y\nc: 3\n", "b: y\nc: 3\n");
    json("{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":2,\"c\":3}", "{\"a\":1,\"b\":2}", "{\"b\":2}");
    // Both add a map, with different names in it.
    json("{\"z\":0}", "{\"z\":0,\"m\":{\"a\":1}}", "{\"z\":0,\"m\":{\"b\":2}}", "{\"z\":0,\"m\":{\"b\":2,\"a\":1}}");
    // The second document of a stream, by its lines.
    yaml("a: 1\n---\nb: 2\nc: 3\n", "a: 1\n---\nb: x\nc: 3\n", "a: y\n---\nb: 2\nc: 3\n", "a: y\n---\nb: x\nc: 3\n");
}

#[test]
fn the_same_change_is_one() {
    yaml("a: 1\nb: 2\n", "a: x\nb: 2\n", "a: x\nb: y\n", "a: x\nb: y\n");
    yaml("a: 1\nb: 2\n", "a: x\nb: 2\n", "a: 'x'\nb: 2\n", "a: 'x'\nb: 2\n");
    yaml("a: 1\nb: 2\n", "b: 2\n", "b: y\n", "b: y\n");
    json("{\"a\":[1]}", "{\"a\":[1,2],\"b\":1}", "{\"a\":[1,2]}", "{\"a\":[1,2],\"b\":1}");
    yaml("a: 1\n", "a: 1\nm:\n  x: 1\n  y: 2\n", "a: 1\nm:\n  y: 2\n  x: 1\n", "a: 1\nm:\n  y: 2\n  x: 1\n");
    check(Format::Binary, "a", "x", "x", "x");
}

#[test]
fn conflicts_are_told_by_their_paths() {
    yaml("a: 1\nb: 2\n", "a: x\nb: 2\n", "a: y\nb: 2\n", "conflict: a");
    yaml("a:\n  b: 1\nc: 2\n", "a:\n  b: x\nc: x\n", "a:\n  b: y\nc: y\n", "conflict: a.b, c");
    // A type is part of a value.
    yaml("a: 1\n", "a: '2'\n", "a: 2\n", "conflict: a");
    yaml("a: 1\nb: 2\n", "b: 2\n", "a: y\nb: 2\n", "conflict: a (removed by one)");
    yaml("m:\n  a: 1\nb: 2\n", "m:\n  a: x\nb: 2\n", "b: 2\n", "conflict: m (removed by one)");
    yaml("a: 1\n", "a: 1\nb: x\n", "a: 1\nb: y\n", "conflict: b");
    yaml("a: 1\n", "a: {b: 1}\n", "a: [1]\n", "conflict: a");
    check(Format::Dotenv, "A=1\n", "A=x\n", "A=y\n", "conflict: A");
    check(Format::Ini, "[s]\na = 1\n", "[s]\na = x\n", "[s]\na = y\n", "conflict: s.a");
    check(Format::Toml, "[s]\na = 1\n", "[s]\na = 2\n", "[s]\na = 3\n", "conflict: s.a");
    check(Format::Binary, "a", "x", "y", "conflict: the root");
    yaml("a: 1\n---\nb: 2\n", "a: 1\n---\nb: x\n", "a: 1\n---\nb: y\n", "conflict: b in document 2");
    yaml("a: 1\n", "a: 1\n---\nb: 1\n", "a: 2\n", "conflict: the documents of the stream (items came or went)");
    // No value is in what is said.
    let told = merged(Format::Yaml, ["a: 1\n", "a: hunter2\n", "a: swordfish\n"], Prefer::Neither);
    assert!(!told.contains("hunter2") && !told.contains("swordfish"), "{told}");
}

#[test]
fn somebody_was_asked_and_takes_mine() {
    let check = |format, base, mine, theirs, expected: &str| assert_eq!(merged(format, [base, mine, theirs], Prefer::Mine), expected);
    check(Format::Yaml, "a: 1\nb: 2\n", "a: x\nb: 2\n", "a: y\nb: z\n", "a: x\nb: z\n");
    check(Format::Yaml, "a: 1\nb: 2\n", "b: 2\n", "a: y\nb: z\n", "b: z\n");
    check(Format::Yaml, "a: 1\nb: 2\n", "a: x\nb: 2\n", "b: z\n", "b: z\na: x\n");
    check(Format::Json, "{\"l\":[1,2]}", "{\"l\":[2]}", "{\"l\":[3,2],\"a\":1}", "{\"l\":[2],\"a\":1}");
    check(Format::Binary, "a", "x", "y", "x");
}

#[test]
fn lists_item_by_item() {
    let json = |base: &str, mine: &str, theirs: &str, expected: &str| {
        let [base, mine, theirs] = [base, mine, theirs].map(|list| format!("{{\"l\":{list}}}"));
        let told = expected.starts_with("conflict");
        let expected = if told { expected.to_owned() } else { format!("{{\"l\":{expected}}}") };
        check(Format::Json, &base, &mine, &theirs, &expected);
    };
    const MOVED: &str = "conflict: l (items came or went)";
    json("[1,2,3]", "[9,2,3]", "[1,2,8]", "[9,2,8]");
    json("[1,2,3]", "[9,2,3]", "[1,8,3]", "[9,8,3]");
    json("[1,2,3]", "[9,2,3]", "[8,2,3]", "conflict: l[0]");
    json("[1,2,3]", "[1,2,3,4]", "[9,2,3]", "[9,2,3,4]");
    json("[1,2,3]", "[2,3]", "[1,2,9]", "[2,9]");
    json("[1,2,3]", "[1,2,9]", "[2,3]", "[2,9]");
    json("[1,2,3,4]", "[1,3,4]", "[1,2,3]", "[1,3]");
    // Between two items.
    json("[1,2,3]", "[1,7,2,3]", "[1,2,9]", "[1,7,2,9]");
    // Which of two comes first?
    json("[1]", "[1,2]", "[1,3]", MOVED);
    json("[1]", "[1,2]", "[1,2]", "[1,2]");
    json("[1,2]", "[2]", "[9,2]", MOVED);
    json("[1,2,3]", "[2,3,1]", "[1,9,3]", "[9,3,1]");
    json("[1,2,3]", "[2,3,1]", "[9,2,3]", MOVED);
    // Of equal items it cannot be told which went.
    json("[5,5,6]", "[5,6]", "[9,5,6]", MOVED);
    json("[5,5,6]", "[5,6]", "[5,9,6]", MOVED);
    json("[5,5,6]", "[5,5,5,6]", "[9,5,6]", MOVED);
    json("[5,5,6]", "[5,6]", "[5,5,9]", "[5,9]");
    // Fields of one item; but not when items have moved, or it would be another's.
    json(r#"[{"n":1,"p":2}]"#, r#"[{"n":1,"p":9}]"#, r#"[{"n":8,"p":2}]"#, r#"[{"n":8,"p":9}]"#);
    json(r#"[{"n":1,"p":2},{"n":3,"p":2}]"#, r#"[{"n":1,"p":9},{"n":3,"p":2}]"#, r#"[{"n":3,"p":2},{"n":4,"p":2}]"#, MOVED);
    json(r#"[{"n":1,"p":[2]}]"#, r#"[{"n":1,"p":[3]}]"#, r#"[{"n":1,"p":[4]}]"#, "conflict: l[0].p[0]");
    yaml("l:\n- a\n- b\n", "l:\n- a\n- x\n", "l:\n- y\n- b\n", "l:\n- y\n- x\n");
    check(
        Format::Toml,
        "[[t]]\na = 1\n[[t]]\na = 2\n",
        "[[t]]\na = 9\n[[t]]\na = 2\n",
        "[[t]]\na = 1\n[[t]]\na = 8\n",
        "[[t]]\na = 9\n[[t]]\na = 8\n",
    );
}

#[test]
fn comments_and_layout_of_both() {
    yaml("# one\na: 1\nb: 2\n", "# one, mine\na: 1\nb: 2\n", "# one\na: 1\nb: y\n", "# one, mine\na: 1\nb: y\n");
    yaml("a: 1\nb: 2\n", "# new\na: 1\nb: 2 # why\n", "a: y\nb: 2\n", "# new\na: y\nb: 2 # why\n");
    yaml("a: 1\nb: 2\n", "a:    1\nb: 2\n", "a: 1\nb: y\n", "a:    1\nb: y\n");
    yaml("a: 1\n", "a: 1\n# mine\nb: 2\n", "a: 1\n# theirs\nc: 3\n", "a: 1\n# theirs\nc: 3\n# mine\nb: 2\n");
    check(Format::Dotenv, "# one\nA=1\n", "# one, mine\nA=1\n", "# one\nA=y\n", "# one, mine\nA=y\n");
    check(Format::Ini, "; one\n[s]\na = 1\n", "; one, mine\n[s]\na = 1\n", "; one\n[s]\na = y\n", "; one, mine\n[s]\na = y\n");
    check(Format::Toml, "# one\na = 1\n", "# one, mine\na = 1\n", "# one\na = 2\n", "# one, mine\na = 2\n");
    // Spacing of mine yields where both have laid out the same line.
    yaml("m: {a: 1, b: 2}\n", "m: { a: 1, b: 2 }\n", "m: {a: 1, b: y}\n", "m: {a: 1, b: y}\n");
    // A comment does not: then the text is mine.
    yaml("m: {a: 1, b: 2}\n", "m: {a: 1, b: 2} # mine\n", "m: {a: 1, b: z}\n", "m: {a: 1, b: z} # mine\n");
    yaml(
        "{\"a\": 1, \"c\": {\"d\": \"e\"}}\n",
        "# x\n{\"a\": 2, \"c\": {\"d\": \"e\"}}\n",
        "{\"a\": 1, \"c\": {\"d\": \"f\"}}\n",
        "# x\n{\"a\": 2, \"c\": {\"d\": \"f\"}}\n",
    );
    check(Format::Toml, "t = { a = 1, b = 2 }\n", "# x\nt = { a = 3, b = 2 }\n", "t = { a = 1, b = 4 }\n", "# x\nt = { a = 3, b = 4 }\n");
    // Both sides have one on such a line.
    yaml("m: {a: 1, b: 2}\n", "# x\nm: {a: 3, b: 2}\n", "m: {a: 1, b: z} # y\n", "conflict: the root (a comment)");
    yaml("a: 1 # one\nb: 2\n", "b: 2\n", "a: 1 # one, theirs\nb: y\n", "conflict: the root (a comment)");
    // One that both have changed in their own way: both stay.
    yaml("a: 1\nb: 2\n", "a: 1 # x\nb: 2\n", "a: 1 # y\nb: 2\n", "conflict: the root (a comment)");
}

/// INI: of a key that stands there twice the later line counts. The earlier one is in no tree, and yet a change of it is a change (P8).
#[test]
fn superseded_values_of_ini_are_not_lost() {
    let ini = |base: &str, mine: &str, theirs: &str, expected: &str| check(Format::Ini, base, mine, theirs, expected);
    // By their lines.
    ini("[s]\na = 1\na = 2\nb = 3\n", "[s]\na = x\na = 2\nb = 3\n", "[s]\na = 1\na = 2\nb = y\n", "[s]\na = x\na = 2\nb = y\n");
    // On one line.
    ini("[s]\na = 1\na = 2\n", "[s]\na = x\na = 2\n", "[s]\na = y\na = 2\n", "conflict: s.a");
    ini("[s]\na = 1\na = 2\n", "[s]\na = x\na = 2\n", "[s]\na = x\na = 2\n", "[s]\na = x\na = 2\n");
    // One that mine has come to supersede.
    ini("[s]\na = 1\n", "[s]\na = 1\na = 1\n", "[s]\na = y\n", "conflict: s.a");
    // Lines that would become another value: a backslash joins what comes to stand below it.
    ini("\nE=\\\n\nE=", "\n\nE=\\\n\nE=", "new: 1\n\nE=\\\nE=\\\n\nE=", "new: 1\n\nE=\\\nE=\\\n\nE=");
    // A header above them takes them along.
    ini("a = 1\n", "a = x\na = 1\n", "[s]\na = 1\n", "[s]\na = x\na = 1\n");
    // What both have taken away is not missed.
    ini("[s]\na = 1\na = 2\nb = 3\n", "[s]\na = 2\nb = x\n", "[s]\na = 2\nb = 3\nc = 4\n", "[s]\na = 2\nb = x\nc = 4\n");
    let text = merged(Format::Ini, ["[s]\na = 1\na = 2\n", "[s]\na = x\na = 2\n", "[s]\na = y\na = 2\n"], Prefer::Mine);
    assert_eq!(text, "conflict: s.a", "mine has no path either");
}

#[test]
fn what_paths_do_not_reach() {
    // Doubled names.
    check(Format::Dotenv, "A=1\nA=2\nB=3\n", "A=1\nA=2\nB=x\n", "A=1\nA=y\nB=3\n", "A=1\nA=y\nB=x\n");
    check(Format::Dotenv, "A=1\nA=2\n", "A=x\nA=2\n", "A=1\nA=y\n", "conflict: A");
    // An alias is not changed with its anchor.
    yaml("a: &x 1\nb: *x\nc: 3\n", "a: &x 1\nb: *x\nc: x\n", "a: &x 2\nb: *x\nc: 3\n", "a: &x 2\nb: *x\nc: x\n");
    yaml(
        "m: {a: &x 1, c: 3}\nb: *x\n",
        "m: {a: &x 2, c: 3}\nb: *x\n",
        "m: {a: &x 1, c: 4}\nb: *x\n",
        "conflict: m.a (the text leaves no place for it)",
    );
    yaml("a: 1\n", "a: 2\n", "a: [\n", "error: not YAML: unclosed flow collection (line 1, column 4)");
}

/// The leaves of a tree: path and value.
fn leaves(document: &Document<'_>) -> Vec<(Vec<Part>, Value)> {
    let ids = (0..document.leaves().len()).map(|i| leafcrypt_formats::LeafId(i as u32));
    ids.filter(|id| document.leaf(*id).in_mac).map(|id| (document.paths().parts(document.leaf(id).path), document.value(id))).collect()
}

/// Has some map a name twice?
fn has_doubled(tree: &Tree) -> bool {
    let mut names = std::collections::HashSet::new();
    tree.entries().any(|(name, tree)| !names.insert(name) || has_doubled(tree)) || tree.items().any(has_doubled)
}

/// Two leaves changed, one by each: both are what they were made, and no other has changed. The same one: a conflict that names it.
fn try_two(format: Format, text: &[u8], random: &mut Random) -> bool {
    let Ok(base) = Document::parse(format, text, &ScanOptions::PLAIN) else { return false };
    let before = leaves(&base);
    let trees = base.trees();
    if before.is_empty() || trees.len() != 1 || has_doubled(&trees[0]) || !base.blocks().is_empty() {
        return false;
    }
    let (p, q) = (random.below(before.len()), random.below(before.len()));
    let set = |at: &[Part], value: &str| base.edit(at, Change::Set(&Tree::text(value)), Floats::Stay, &ScanOptions::PLAIN);
    let (Ok(mine), Ok(theirs)) = (set(&before[p].0, "mine"), set(&before[q].0, "theirs")) else { return false };
    let merged = merge(format, text, &mine, &theirs, Prefer::Neither, &ScanOptions::PLAIN);
    if p == q {
        let Err(Unmerged::Conflicts(conflicts)) = merged else { panic!("no conflict") };
        assert_eq!(conflicts.len(), 1);
        assert_eq!((conflicts[0].at.as_str(), conflicts[0].what), (&*leafcrypt_formats::display_parts(&before[p].0), Clash::Both));
        return true;
    }
    let text = match merged {
        Ok(text) => text,
        // Items of a list that are equal by now.
        Err(Unmerged::Conflicts(conflicts)) if conflicts.iter().all(|c| c.what == Clash::Moved) => return false,
        other => panic!("{:?}\n{}", other.err(), String::from_utf8_lossy(text)),
    };
    let after = leaves(&Document::parse(format, &text, &ScanOptions::PLAIN).unwrap());
    assert_eq!(after.len(), before.len());
    for (i, (at, old)) in before.iter().enumerate() {
        let wanted = match i {
            _ if i == p => &Value::text("mine"),
            _ if i == q => &Value::text("theirs"),
            _ => old,
        };
        // An ENV file whose lines end in CR LF: the CR belongs to the value, for SOPS.
        let fits = |value: &Value| {
            value.same(wanted)
                || matches!((value, wanted), (Value::Str(v), Value::Str(w)) if v.as_slice().strip_suffix(b"\r") == Some(w.as_slice()))
        };
        assert!(after.iter().any(|(path, value)| path == at && fits(value)), "{}", leafcrypt_formats::display_parts(at));
    }
    true
}

#[test]
fn two_leaves_of_random_documents() {
    for (ending, format) in
        [("yaml", Format::Yaml), ("json", Format::Json), ("env", Format::Dotenv), ("ini", Format::Ini), ("toml", Format::Toml)]
    {
        let mut random = Random::new(7);
        let done = (0..300).filter(|_| try_two(format, &document(ending, &mut random), &mut random)).count();
        assert!(done > 60, "{ending}: only {done} of 300 were merged");
    }
}

/// CPU of this thread: other builds on the machine take the clock from it.
fn cpu<T>(what: impl FnOnce() -> T) -> (T, f64) {
    let now = || std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse::<f64>().unwrap();
    let started = now();
    let done = what();
    (done, (now() - started) / 1e9)
}

/// Many changes of each side where lines cannot tell them apart: the text is not read for each of them. What did took a minute here.
#[test]
fn many_changes_by_their_paths() {
    const KEYS: usize = 8_000;
    let value = |i: usize, mine: bool, theirs: bool| match i % 5 {
        1 if mine => format!("mine {i}"),
        3 if theirs => format!("theirs {i}"),
        _ => format!("value {i}"),
    };
    let text = |[first, line, between, last]: [&str; 4], mine: bool, theirs: bool| {
        let lines: Vec<String> = (0..KEYS).map(|i| line.replace('#', &i.to_string()).replace('@', &value(i, mine, theirs))).collect();
        [first, &lines.join(between), last].concat()
    };
    for (format, like) in [
        (Format::Json, ["{", "\"k#\": \"@\"", ", ", "}\n"]),
        (Format::Yaml, ["m: {", "k#: '@'", ", ", "}\n"]),
        (Format::Toml, ["m = {", "k# = \"@\"", ", ", "}\n"]),
    ] {
        let [base, mine, theirs, both] = [(false, false), (true, false), (false, true), (true, true)].map(|(m, t)| text(like, m, t));
        let (merged, seconds) = cpu(|| merged(format, [&base, &mine, &theirs], Prefer::Neither));
        assert!(merged == both, "{format:?}: {}", &merged[..merged.len().min(200)]);
        assert!(seconds < 5.0, "{format:?}: {seconds} s");
    }
}

/// More changed lines than are compared all at once.
#[test]
fn many_changes_by_their_lines() {
    let line = |i: usize, mine: bool, theirs: bool| match i % 8 {
        2 if mine => format!("k{i}: mine # of mine\n"),
        5 if theirs => format!("# of theirs {i}\nk{i}: 'theirs'\n"),
        7 if mine => String::new(),
        _ => format!("k{i}:   {i}\n\n"),
    };
    let text = |mine: bool, theirs: bool| (0..16_000).map(|i| line(i, mine, theirs)).collect::<String>();
    let (merged, seconds) = cpu(|| merged(Format::Yaml, [&text(false, false), &text(true, false), &text(false, true)], Prefer::Neither));
    assert!(merged == text(true, true), "{}", &merged[..merged.len().min(200)]);
    assert!(seconds < 10.0, "{seconds} s");
}

/// One that does not fit beside the others is done by itself, and they all the same.
#[test]
fn values_that_need_more_than_their_place() {
    // A float that was tagged, lines in place of a word, an anchor.
    yaml(
        "m: {a: 1, b: !!str 2, c: 3, d: 4, e: 5, f: 6}\n",
        "m: {a: x, b: !!str 2, c: \"two\\nlines\", d: 4, e: v, f: 6}\n",
        "m: {a: 1, b: !!str z, c: 3, d: w, e: 5, f: 6}\n",
        "m: {a: x, b: !!str z, c: \"two\\nlines\", d: w, e: v, f: 6}\n",
    );
    yaml(
        "m: {a: &x 1, b: 2, c: 3, d: 4}\nn: *x\n",
        "m: {a: &x 1, b: x, c: 3, d: z}\nn: *x\n",
        "m: {a: &x 1, b: 2, c: v, d: 4}\nn: *x\n",
        "m: {a: &x 1, b: x, c: v, d: z}\nn: *x\n",
    );
    // A name and an item that go, and values below them.
    json(
        r#"{"a":[1,2,3,4],"b":1,"c":{"d":1,"e":2}}"#,
        r#"{"a":[1,3,9],"c":{"d":8,"e":2}}"#,
        r#"{"a":[7,2,3,4],"b":1,"c":{"d":1,"e":6}}"#,
        r#"{"a":[7,3,9],"c":{"d":8,"e":6}}"#,
    );
}

/// Each map is compared as often as it is deep, and not twice as often for each map around it.
#[test]
fn maps_in_maps() {
    let text = |depth: usize, a: &str, b: &str| {
        let (open, close) = ("{\"m\":".repeat(depth), "}".repeat(depth));
        format!("{open}{{\"a\":\"{a}\",\"b\":\"{b}\"}}{close}")
    };
    for depth in [30, 300] {
        let [base, mine, theirs, both] = [("1", "1"), ("x", "1"), ("1", "y"), ("x", "y")].map(|(a, b)| text(depth, a, b));
        let (_, seconds) = cpu(|| json(&base, &mine, &theirs, &both));
        assert!(seconds < 3.0, "{depth}: {seconds} s");
        let conflict = format!("conflict: {}.a", vec!["m"; depth].join("."));
        json(&base, &mine, &text(depth, "z", "1"), &conflict);
    }
}

/// What one has taken away does not come back with the layout of the other, and what stands behind a quote in INI is not lost for being no comment.
#[test]
fn comments_that_went_and_what_is_none() {
    yaml("m: {a: 1, b: 2} # old\nz: 5\n", "m: {a: 1, b: 2}\nz: 5\n", "m: {a: 3, b: 2} # old\nz: 5\n", "m: {a: 3, b: 2}\nz: 5\n");
    yaml("m: {a: 1, b: 2} # old\n", "m: {a: 1, b: 3}\n", "m: {a: 3, b: 2} # old\n", "m: {a: 3, b: 3}\n");
    yaml("a: 1 # old\nb: 2\n", "a: 1\nb: 2\n", "a: 1 # old\nb: 3\n", "a: 1\nb: 3\n");
    let ini = |base: &str, mine: &str, theirs: &str, expected: &str| check(Format::Ini, base, mine, theirs, expected);
    ini("k = `a`\nz = b\n", "k = `a` ; new\nz = b\n", "k = `n`\nz = b\n", "k = `n` ; new\nz = b\n");
    ini("k = \"\"\"a\"\"\" ; old\n", "k = \"\"\"a\"\"\"\n", "k = \"\"\"n\"\"\" ; old\n", "k = \"\"\"n\"\"\"\n");
}
