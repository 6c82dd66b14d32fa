//! Comments that outlive what they were said of (docs/threat-model.md, P10): where names decide, no line of a sealed comment comes to stand in clear by
//! `set` or `unset`. `LEAFCRYPT_RANDOM` says how many random texts.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use leafcrypt::formats::{Document, Format, Part, PathId, ScanOptions};

use crate::convert::parallel;
use crate::edit::{Desk, meanwhile};
use crate::files::said;
use crate::random::{Random, document};
use crate::random_tree::count;
use crate::tools::{Place, Program};

/// Seals a text by a rule of names, runs one command on it, and looks at what the sealed file shows and what it opens to. That more of a comment went than
/// what is said of the branch is told.
#[track_caller]
fn check(name: &str, rule: [&str; 2], text: &str, command: &[&str], expected: &str) {
    looked_at(name, rule, text, command, expected, true);
}

#[track_caller]
fn quiet(name: &str, rule: [&str; 2], text: &str, command: &[&str], expected: &str) {
    looked_at(name, rule, text, command, expected, false);
}

#[track_caller]
fn looked_at(name: &str, rule: [&str; 2], text: &str, command: &[&str], expected: &str, told: bool) {
    for program in [Program::Ours, Program::AsSops] {
        if program == Program::AsSops && name.ends_with(".toml") {
            continue;
        }
        let place = Place::new();
        place.write(name, text);
        let sealed = place.ours(["encrypt", "--age", &place.recipient, rule[0], rule[1], "-i", name]);
        assert!(sealed.status.success(), "{}", said(&sealed));
        assert!(!shows(&place, name, "hunter"), "the comment was in clear from the start");
        let done = place.call(program, [command[0], name].iter().chain(&command[1..])).run();
        assert!(done.status.success(), "{}", said(&done));
        assert!(!shows(&place, name, "hunter"), "{}", String::from_utf8_lossy(&place.read(name)));
        let opened = place.ours(["decrypt", "--require-witness", name]);
        assert_eq!(String::from_utf8_lossy(&opened.stdout), expected, "{}", said(&opened));
        assert_eq!(said(&done).contains(TOLD), told, "{}", said(&done));
    }
}

fn shows(place: &Place, name: &str, what: &str) -> bool {
    String::from_utf8_lossy(&place.read(name)).contains(what)
}

const TOLD: &str = "sealed, and would have come to stand in clear";
const SEALS: &str = "--encrypted-regex";
const CLEARS: &str = "--unencrypted-regex";

#[test]
fn yaml() {
    check("s.yaml", [SEALS, "1"], "a1:\n  p: a\n  # hunter\ne: b\n", &["unset", r#"["a1"]["p"]"#], "a1: {}\ne: b\n");
    check("s.yaml", [SEALS, "1"], "a1:\n  f: x\n# hunter\n  d: y\nz: q\n", &["unset", r#"["a1"]["d"]"#], "a1:\n  f: x\nz: q\n");
    check("s.yaml", [CLEARS, "1"], "b1: # hunter\n  x: y\nz: q\n", &["set", r#"["b1"]"#, "{}"], "b1: {}\nz: q\n");
    let text = "d:\n  b: [x]\n  # hunter\nz: q\n";
    check("s.yaml", [CLEARS, "b"], text, &["set", r#"["d"]["b"]"#, r#"{"q":"r"}"#], "d:\n  b:\n    q: r\nz: q\n");
    // A comment that stays sealed stays, and one that says the same in clear elsewhere has nothing to hide.
    let text = "a1:\n  # hunter\n  p: a\n\n  q: b\ne: b\n";
    quiet("s.yaml", [SEALS, "1"], text, &["unset", r#"["a1"]["q"]"#], "a1:\n  # hunter\n  p: a\n\ne: b\n");
}

#[test]
fn ini() {
    let text = "; hunter\n[t1]\n; other\na = x\n[u]\nb = y\n";
    check("s.ini", [SEALS, "1"], text, &["unset", r#"["t1"]"#], "[u]\nb = y\n");
    check("s.ini", [CLEARS, "u"], "; hunter\na = x\n[u]\nb = y\n", &["unset", r#"["DEFAULT"]"#], "[u]\nb = y\n");
    // Nothing is left but the unnamed section, which is always there.
    check("s.ini", [SEALS, "^s$"], "[s]\na=1\n\n; hunter\n", &["unset", r#"["s"]"#], "");
    // Of a run that falls apart, and into one that grows.
    let text = "; clear\n\n[s]\nk = v\n; hunter\n; hunter two\n[t1]\na = x\n; of u\n[u]\nb = y\n";
    let without = "; clear\n\n[s]\nk = v\n; of u\n[u]\nb = y\n";
    quiet("s.ini", [SEALS, "1"], text, &["unset", r#"["t1"]"#], without);
    quiet("s.ini", [SEALS, "1"], &text.replace('\n', "\r\n"), &["unset", r#"["t1"]"#], &without.replace('\n', "\r\n"));
    let text = "; hunter\n; hunter two\n[t1]\na = x\n; of u\n[u]\nb = y\n";
    check("s.ini", [SEALS, "1"], text, &["unset", r#"["t1"]"#], "; of u\n[u]\nb = y\n");
    check("s.ini", [SEALS, "1"], &text.replace('\n', "\r\n"), &["unset", r#"["t1"]"#], "; of u\r\n[u]\r\nb = y\r\n");
    // Behind a quote that closes on its line it would be no comment any more, but text in clear.
    let text = "[k2]\nk = `\nz` ; hunter\nj = x\n";
    quiet("s.ini", [CLEARS, "^k$"], text, &["set", r#"["k2"]["k"]"#, r#""N""#], "[k2]\nk = N ; hunter\nj = x\n");
    let set = ["set", r##"["k2"]["k"]"##, r##""a`;b""##];
    quiet("s.ini", [CLEARS, "^k$"], text, &set, "[k2]\n; hunter\nk = `a`;b`\nj = x\n");
}

#[test]
fn toml() {
    let text = "[t1] # hunter\na = \"x\"\n[u]\nb = \"y\"\n";
    check("s.toml", [SEALS, "1"], text, &["set", r#"["t1"]"#, "7"], "t1 = 7\n[u]\nb = \"y\"\n");
    let text = "# hunter\n[v.w]\na = \"x\"\n[z]\nb = \"y\"\n[v.q]\nc = \"d\"\n";
    check("s.toml", [SEALS, "^v$"], text, &["unset", r#"["v"]["w"]"#], "[z]\nb = \"y\"\n[v.q]\nc = \"d\"\n");
    let text = "q = \"p\"\n[[a1]]\nc = \"x\"\n# hunter\n[[a1]]\nd = \"y\"\n";
    check("s.toml", [SEALS, "1"], text, &["unset", r#"["a1"][0]"#], "q = \"p\"\n[[a1]]\nd = \"y\"\n");
}

/// In the alias's place stand brackets, and what is behind them is of what is in them; SOPS has it with the key.
#[test]
fn behind_an_alias() {
    for name in [Program::Ours, Program::AsSops] {
        let place = Place::new();
        let encrypt = |text: &str, regex: &str| {
            place.write("p.yaml", text);
            place.call(name, ["encrypt", "--age", &place.recipient, CLEARS, regex, "p.yaml"]).run()
        };
        let text = "pw: &an\n  k: a\nu1: *an # hunter\n";
        let refused = encrypt(text, "1");
        assert_eq!(refused.status.code(), Some(23), "{}", said(&refused));
        assert!(said(&refused).contains("line 3: what this comment at an alias"), "{}", said(&refused));
        // The same above it, behind an alias for a value, and where the key is covered or nothing is.
        for (text, regex) in [("pw: &an\n  k: a\n# hunter\nu1: *an\n", "1"), ("pw: &an x\nu1: *an # hunter\n", "1"), (text, "2")] {
            let sealed = encrypt(text, regex);
            assert!(sealed.status.success(), "{}", said(&sealed));
            assert!(!String::from_utf8_lossy(&sealed.stdout).contains("hunter"), "{text}, {regex}");
        }
        // Nothing of it is covered, so that the alias stays.
        assert_eq!(encrypt(text, "^k$").status.code(), Some(23));
        let clear = encrypt("v1:\n  pw: &an\n    k: a\n  u: *an # clear\nw: x\n", "1");
        assert!(String::from_utf8_lossy(&clear.stdout).contains("# clear"), "{}", said(&clear));
    }
}

/// What is new takes nothing away.
#[test]
fn a_new_key_below_a_comment() {
    for (name, text, path) in [("s.yaml", "t1:\n- x\n# hunter\n\n", r#"["zz"]"#), ("s.ini", "[t1]\na = x\n; hunter\n", r#"["s"]["k"]"#)] {
        let place = Place::new();
        place.write(name, text);
        let sealed = place.ours(["encrypt", "--age", &place.recipient, SEALS, "1", "-i", name]);
        assert!(sealed.status.success() && !shows(&place, name, "hunter"), "{}", said(&sealed));
        let before = place.read(name);
        let refused = place.ours(["set", name, path, "\"v\""]);
        assert!(said(&refused).contains("comments: sealed ones would come to stand in clear"), "{}", said(&refused));
        assert_eq!((refused.status.code(), place.read(name)), (Some(4), before), "{}", said(&refused));
    }
}

/// The metadata stands below it in the sealed text, and SOPS would not read it as the list's.
#[test]
fn below_a_list_at_the_end() {
    let place = Place::new();
    let rows = [
        ("user: x\nsecrets:\n- hunter1\n# - hunter2\n", Some(4)),
        ("user: x\nsecrets:\n- hunter1\n# - in clear\n---\na: b\n", None),
        ("user: x\nsecrets:\n  - hunter1\n  # - hunter2\n", None),
        ("user: x\nsecrets:\n- hunter1\n# - hunter2\n- a\n", None),
        ("user: x\nsecrets:\n  a: hunter1\n# in clear\n", None),
        ("user: x\nsecrets:\n- hunter1\n\n# in clear\n", None),
    ];
    for (text, line) in rows {
        place.write("p.yaml", text);
        let done = place.ours(["encrypt", "--age", &place.recipient, SEALS, "^secrets$", "p.yaml"]);
        let sealed = String::from_utf8_lossy(&done.stdout).into_owned();
        match line {
            Some(line) => {
                assert_eq!(done.status.code(), Some(23), "{text}");
                assert!(said(&done).contains(&format!("line {line}: a comment below a list")), "{}", said(&done));
            }
            None => assert!(done.status.success() && !sealed.contains("hunter"), "{text}: {sealed}"),
        }
        let Some(theirs) = place.sops(["encrypt", "--age", &place.recipient, SEALS, "^secrets$", "p.yaml"]) else { continue };
        let theirs = String::from_utf8_lossy(&theirs.stdout).into_owned();
        assert_eq!(theirs.contains("in clear"), text.contains("in clear"), "{theirs}");
        assert!(!theirs.contains("hunter"), "{theirs}");
    }
}

/// Each of two writers had it sealed; where the merge would put it nobody has seen it.
#[test]
fn two_changes_at_once() {
    let rows = [
        ("a.ini", "[s1]\na = x\n[t]\nb = y\n", "/^a/d", "/^a/i;hunter"),
        // Of what is under another name there `edit` does not ask: it may be the same by chance.
        ("a.ini", "[s1]\na = x\n[t1]\nb = true\n[v1]\nc = z\n", "/^.t1/i;hunter", "s/t1/t/"),
        ("a.yaml", "v1: v\ns1:\n  a: true\n\n  c: false\nt: b\n", "s/a: true/a: true # hunter/", "s/s1/s/"),
        ("a.toml", "v1 = 'x'\n[s1]\na = true\n\nc = false\n[t]\nb = 'y'\n", "/^c/i#hunter", "s/s1/s/"),
    ];
    for (name, text, mine, theirs) in rows {
        let desk = Desk::new();
        desk.place.write(name, text);
        let rules = String::from_utf8(desk.place.read(".sops.yaml")).unwrap();
        desk.place.write(".sops.yaml", format!("{}\n    encrypted_suffix: '1'\n", rules.trim_end()));
        let sealed = desk.place.ours(["encrypt", "-i", name]);
        assert!(sealed.status.success(), "{}", said(&sealed));
        let theirs = format!("export EDITOR='sed -i {theirs}'; theirs edit {}", desk.place.path(name).display());
        let done = meanwhile(&desk, Program::Ours, name, &theirs, &format!("sed -i '{mine}' \"$1\""), "");
        assert_eq!(done.status.code(), Some(3), "{}", said(&done));
        assert!(said(&done).contains("a comment that is sealed would come to stand in clear"), "{}", said(&done));
        assert!(!shows(&desk.place, name, "hunter"));
    }
}

/// INI: the comment behind a header stands above it while it is sealed. Without our field it is one with the line above that, which is in clear.
#[test]
fn what_nobody_has_typed() {
    let place = Place::new();
    place.write("s.ini", "[s]\nd=x\n; enc\n[t] ; hunter\na=b\n");
    let rule = ["--encrypted-comment-regex", "enc"];
    let sealed = place.ours(["encrypt", "--age", &place.recipient, rule[0], rule[1], "-i", "s.ini"]);
    assert!(sealed.status.success(), "{}", said(&sealed));
    assert!(!shows(&place, "s.ini", "hunter"));
    let text = String::from_utf8(place.read("s.ini")).unwrap();
    place.write("s.ini", text.lines().filter(|line| !line.starts_with("leafcrypt")).map(|line| format!("{line}\n")).collect::<String>());
    for args in [["set", "s.ini", r#"["s"]["d"]"#, "\"r\""], ["rotate", "-y", "-i", "s.ini"]] {
        let refused = place.ours(args);
        assert_eq!(refused.status.code(), Some(23), "{}", said(&refused));
        assert!(said(&refused).contains("a comment that is sealed would come to stand in clear"), "{}", said(&refused));
        assert!(!shows(&place, "s.ini", "hunter"));
    }
}

/// A text with a few comments more, where they change no value.
fn with_comments(format: Format, text: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let mut text = text;
    for _ in 0..4 {
        let starts: Vec<usize> =
            [0].into_iter().chain(text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1)).collect();
        let at = starts[random.below(starts.len())];
        let indent = text[at..].iter().take_while(|b| **b == b' ').count();
        let line = format!("{}# more\n", " ".repeat(indent));
        let new = [&text[..at], line.as_bytes(), &text[at..]].concat();
        let same = {
            let [old, new] = [&text, &new].map(|text| Document::parse(format, text, &ScanOptions::PLAIN));
            let more = |old: &Document<'_>, new: &Document<'_>| new.comments().len() > old.comments().len() || format == Format::Ini;
            matches!((&old, &new), (Ok(old), Ok(new)) if more(old, new) && old.reads_like(new, |id| old.value(id).same(&new.value(id))))
        };
        if same {
            text = new;
        }
    }
    text
}

/// YAML with more comments than anything else.
fn yaml_text(random: &mut Random, column: usize, keys: &mut usize) -> String {
    let mut out = String::new();
    for _ in 0..=random.below(2) {
        while random.one_in(2) {
            let column = if random.one_in(3) { random.below(column + 3) } else { column };
            out += &format!("{:column$}# note\n", "");
        }
        *keys += 1;
        out += &format!("{:column$}k{keys}:", "");
        match random.below(5) {
            0 if column < 6 => out += &format!("{}\n{}", random.pick(&["", " # note"]), yaml_text(random, column + 2, keys)),
            1 if column < 6 => out += &format!("\n{:column$}  - x{}\n{:column$}  # note\n", "", random.pick(&["", " # note"]), ""),
            2 => out += random.pick(&[" [x]\n", " {q: x} # note\n", " |\n        x\n"]),
            _ => out += random.pick(&[" x\n", " x # note\n"]),
        }
    }
    if random.one_in(3) {
        out += &format!("{:column$}# note\n", "");
    }
    out
}

/// Each comment of a text with a mark of its own at its end.
fn marked(format: Format, text: &[u8]) -> Option<Vec<u8>> {
    let document = Document::parse(format, text, &ScanOptions::PLAIN).ok()?;
    let mut ends: Vec<usize> =
        document.comments().iter().filter(|comment| !comment.empty).map(|comment| comment.span.end as usize).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut out = text.to_vec();
    for (i, end) in ends.into_iter().enumerate().rev() {
        out.splice(end..end, format!(" _mark{i}_").into_bytes());
    }
    Some(out)
}

/// The marks that stand in clear.
fn marks(text: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(text);
    // No base64 has them.
    text.match_indices("_mark").map(|(at, _)| text[at + 1..].split('_').next().unwrap_or_default().to_owned()).collect()
}

/// A path for the command line, if it can be typed there.
fn typed(parts: &[Part]) -> Option<String> {
    let part = |part: &Part| match part {
        Part::Index(n) => Some(format!("[{n}]")),
        Part::Key(name) => {
            std::str::from_utf8(name).ok().filter(|name| !name.contains(['"', '\\', '[', ']'])).map(|name| format!("[\"{name}\"]"))
        }
    };
    parts.iter().map(part).collect()
}

fn random(format: Format, ending: &str, usual: u64) {
    let place = Place::new();
    let (done, told) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let seeds: Vec<u64> = (0..count(usual)).collect();
    let wrong = parallel(&seeds, |&seed| {
        let mut random = Random::new(seed ^ 0xc0);
        let mut wrong = Vec::new();
        let text = match format {
            Format::Yaml if seed % 4 > 0 => yaml_text(&mut random, 0, &mut 0).into_bytes(),
            _ => document(ending, &mut random),
        };
        let Some(text) = marked(format, &with_comments(format, text, &mut random)) else { return wrong };
        let Ok(scanned) = Document::parse(format, &text, &ScanOptions::PLAIN) else { return wrong };
        let paths = scanned.paths();
        if paths.len() < 2 || scanned.comments().is_empty() {
            return wrong;
        }
        let name = format!("{seed}.{ending}");
        place.write(&name, &text);
        let rule = random.pick(&[SEALS, CLEARS]);
        let regex = random.pick(&["[02468]", "[13579]", "[0-4]", "[5-9]", "^.$", "[aeiou]", "[a-h]"]);
        if !place.ours(["encrypt", "--age", &place.recipient, rule, regex, "-i", &name]).status.success() {
            return wrong;
        }
        let sealed = place.read(&name);
        let clear = marks(&sealed);
        for _ in 0..4 {
            let path = PathId(1 + random.below(paths.len() - 1) as u32);
            let Some(at) = typed(&paths.parts(path)) else { continue };
            let value = random.pick(&["\"N\"", "{}", "[]", "{\"a\":\"Q\"}", "[{\"r\":\"s\"}]"]);
            let args = if random.one_in(2) { vec!["unset", &*name, &*at] } else { vec!["set", &*name, &*at, value] };
            let changed = place.ours(&args);
            if changed.status.success() {
                done.fetch_add(1, Ordering::Relaxed);
                told.fetch_add(usize::from(said(&changed).contains(TOLD)), Ordering::Relaxed);
                let left: Vec<_> = marks(&place.read(&name)).difference(&clear).cloned().collect();
                if !left.is_empty() {
                    wrong.push(format!("seed {seed}, {rule} {regex}, {args:?}: {left:?} in clear"));
                }
                if !place.ours(["decrypt", "--require-witness", &name]).status.success() {
                    wrong.push(format!("seed {seed}, {rule} {regex}, {args:?}: does not open"));
                }
                place.write(&name, &sealed);
            }
        }
        wrong
    });
    let (done, told) = (done.into_inner(), told.into_inner());
    assert!(wrong.is_empty(), "{wrong:#?}");
    eprintln!("{ending}: {done} changes, {told} told");
    assert!(told > 0 && done as u64 > usual / 2, "{ending}: {done} changes, {told} told");
}

#[test]
fn random_yaml() {
    random(Format::Yaml, "yaml", 120);
}

#[test]
fn random_ini() {
    random(Format::Ini, "ini", 60);
}

#[test]
fn random_toml() {
    random(Format::Toml, "toml", 60);
}
