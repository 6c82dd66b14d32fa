//! `--output-type` and `--extract` under the name `sops`, against the real sops on the same sealed files.

use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::tools::{Place, Program, corpus, sops};

const TYPES: [&str; 5] = ["yaml", "json", "dotenv", "ini", "binary"];
const FOLDERS: [(&str, &str); 4] = [("yaml", "yaml"), ("json", "json"), ("dotenv", "env"), ("ini", "ini")];

/// What may differ, by file and output type, with the reason; `docs/sops-compatibility.md` has the rows.
const KNOWN: &[(&str, &str, &str)] = &[
    ("ini-comment_empty.ini", "yaml", MORE),
    ("ini-comment_empty_first.ini", "yaml", MORE),
    ("ini-comment_header.ini", "yaml", MORE),
    ("ini-comment_only.ini", "yaml", MORE),
    ("ini-comment_only_section.ini", "yaml", MORE),
    ("ini-comment_runs.ini", "yaml", MORE),
    ("ini-comment_tail.ini", "yaml", MORE),
    ("ini-crlf.ini", "yaml", MORE),
    ("ini-repeated_keys_comments.ini", "yaml", MORE),
    ("ini-trailing_blanks.ini", "yaml", MORE),
];

const MORE: &str = "SOPS opens one comment of a key or header and loses those behind the last key: we print them all";

/// Runs both and says how they differ.
pub fn difference(place: &Place, args: &[&str]) -> Option<String> {
    let theirs = place.call(Program::Sops, args).run();
    let ours = place.call(Program::AsSops, args).run();
    // A clean error where SOPS shows its stack.
    let panicked = theirs.status.code() == Some(2) && theirs.stderr.starts_with(b"panic:");
    let same = ours.stdout == theirs.stdout && (ours.status.code() == theirs.status.code() || panicked && !ours.status.success());
    (!same).then(|| format!("{}\n--- theirs\n{}\n--- ours\n{}", args.join(" "), shown(&theirs, &ours), shown(&ours, &theirs)))
}

/// An outcome from the first line on that the other one has otherwise.
fn shown(done: &Output, other: &Output) -> String {
    let (text, other) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&other.stdout));
    let same = text.split('\n').zip(other.split('\n')).take_while(|(a, b)| a == b).count();
    let lines: Vec<&str> = text.split('\n').skip(same.saturating_sub(1)).take(4).collect();
    let error: String = String::from_utf8_lossy(&done.stderr).chars().take(200).collect();
    format!("exit {:?} line {} {:?} {}", done.status.code(), same + 1, lines.join("\n"), error.trim())
}

/// Does the work on as many threads as there are processors.
pub fn parallel<T: Sync>(jobs: &[T], work: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wrong = work(job);
                    found.lock().unwrap().extend(wrong);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    found
}

#[test]
fn every_file_in_every_type() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let jobs: Vec<_> =
        FOLDERS.iter().flat_map(|&(folder, ending)| corpus(folder, ending).into_iter().map(move |path| (folder, ending, path))).collect();
    let compared = AtomicUsize::new(0);
    let wrong = parallel(&jobs, |(folder, ending, path)| {
        let stem = path.file_stem().unwrap().to_string_lossy();
        let case = format!("{folder}-{stem}.{ending}");
        let plain = format!("plain-{case}");
        place.write(&plain, std::fs::read(path).unwrap());
        let sealed = place.ours(["encrypt", "--age", &place.recipient, &plain]);
        place.write(&case, &sealed.stdout);
        if !sealed.status.success() {
            return Vec::new();
        }
        let known = |to: &str| KNOWN.iter().any(|(file, known, _)| *file == case && *known == to);
        // No file of the corpus is of the binary kind: a few are enough.
        let apt = |to: &str| to != *folder && (to != "binary" || stem.starts_with('o')) && !known(to);
        let types = TYPES.iter().filter(|to| apt(to));
        let wrong: Vec<String> = types.filter_map(|to| difference(&place, &["decrypt", "--output-type", to, &case])).collect();
        let theirs = |args: &[&str]| place.call(Program::Sops, args).run().status.success();
        if !wrong.is_empty() && !theirs(&["decrypt", &case]) {
            return Vec::new();
        }
        compared.fetch_add(1, Ordering::Relaxed);
        wrong
    });
    let compared = compared.into_inner();
    assert!(wrong.is_empty(), "{} calls on {compared} files differ:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(compared > 200, "only {compared} files were compared");
}

/// A value of each kind, in each format.
const SAMPLES: &[(&str, &str)] = &[
    (
        "yaml",
        "s: text\nlines: |\n    a\n    b\nint: 7\nfloat: 1.50\nwhole: 2.0\nbig: 1e300\nbool: true\nnothing: null\ntime: 2001-12-14t21:59:43.10-05:00\n\
         empty: ''\nquoted: '- a'\nlist:\n    # above\n    - 1\n    - two # behind\n    - [3, {four: 5}]\n    - six: |\n        x\n      seven: 8\n\
         map:\n    # above\n    a: 1 # behind\n    b: {c: [x, y]}\n    # below\nmap2: {}\nitems: [1, two, [3, [4]], {six: 7}]\nlist2: []\nlist3: [1]\nlist4: [' a', \"x\\ny\", {k: \" l\\nm\"}]\n\
         deep: {x: {y: {z: {'u v': w}}}}\n---\nlater: 1\n",
    ),
    (
        "json",
        "{\"s\": \"te<xt\", \"lines\": \"a\\nb\", \"int\": 7, \"float\": 1.5, \"whole\": 2.0, \"big\": 1e300, \"bool\": false, \"nothing\": null, \"empty\": \"\",\n\
         \"list\": [1, \"two\", [3, {\"four\": 5}], {\"six\": 7}], \"map\": {\"a\": 1, \"b\": {\"c\": [\"x\"]}}, \"map2\": {}, \"items\": [1, \"two\", [3, [4]], {\"six\": 7}], \"list2\": [], \"list3\": [\"x\"],\n\
         \"deep\": {\"x\": {\"y\": {\"z\": {\"u v\": \"w\"}}}}}",
    ),
    ("ini", "s = text\n[map]\n; above\na = 1\nb = x # behind\nempty =\n[list]\n0 = 1\n"),
    ("env", "s=text\nint=7\n# note\nlines=a\\nb\nempty=\n"),
];

const PATHS: &[&str] = &[
    "[\"s\"]",
    "['s']",
    "[\"lines\"]",
    "[\"int\"]",
    "[\"float\"]",
    "[\"whole\"]",
    "[\"big\"]",
    "[\"bool\"]",
    "[\"nothing\"]",
    "[\"time\"]",
    "[\"empty\"]",
    "[\"quoted\"]",
    "[\"list\"]",
    "[\"items\"]",
    "[\"items\"][1]",
    "[\"items\"][2]",
    "[\"items\"][3]",
    "[\"items\"][99]",
    "[\"map\"]",
    "[\"map\"][\"a\"]",
    "[\"map\"][\"b\"]",
    "[\"map\"][\"zz\"]",
    "[\"map2\"]",
    "[\"list2\"]",
    "[\"list3\"]",
    "[\"list3\"][0]",
    "[\"list4\"]",
    "[\"deep\"][\"x\"][\"y\"]",
    "[\"DEFAULT\"]",
    "[\"DEFAULT\"][\"s\"]",
    "[\"zz\"]",
    "[\"s\"][\"below\"]",
    "[\"s\"][0]",
    "[\"map\"][0]",
    "[\"s",
    "[0]",
    "[-1]",
    "[]",
];

/// Where SOPS shows its own structures: a map's entry by number, a list with comments or maps in INI.
fn shows_internals(path: &str, to: &str, file: &str) -> bool {
    let lists = ["[\"list\"]", "[\"items\"]", "[\"list2\"]", "[\"list4\"]", "[\"items\"][3]"];
    path == "[0]" || path == "[\"map\"][0]" || to == "ini" && file != "f.ini" && lists.contains(&path)
}

#[test]
fn every_kind_extracted() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let mut jobs = Vec::new();
    for (ending, text) in SAMPLES {
        let (plain, sealed) = (format!("plain.{ending}"), format!("f.{ending}"));
        place.write(&plain, text);
        let done = place.ours(["encrypt", "--age", &place.recipient, &plain]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        place.write(&sealed, done.stdout);
        jobs.extend(PATHS.iter().map(|path| (sealed.clone(), *path)));
    }
    let wrong = parallel(&jobs, |(file, path)| {
        let types: &[&[&str]] = match file.as_str() {
            "f.yaml" => {
                &[&[], &["--output-type", "json"], &["--output-type", "ini"], &["--output-type", "dotenv"], &["--output-type", "binary"]]
            }
            "f.json" => &[&[], &["--output-type", "yaml"], &["--output-type", "ini"]],
            _ => &[&[], &["--output-type", "yaml"]],
        };
        let types = types.iter().filter(|to| !shows_internals(path, to.last().unwrap_or(&""), file));
        types.filter_map(|to| difference(&place, &[&["decrypt", "--extract", path], *to, &[file]].concat())).collect()
    });
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What is sealed in another type holds the same values, also those that sops prints so that they do not read back.
#[test]
fn encrypted_in_another_type() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let tricky = "{\"tab\": \"\\ta\\nb\", \"list\": [\" x\\ny\", \"\\n\", [\"\\u2028\"]], \"k\\nl\": {\"\\tm\\n\": \"n\"}, \"f\": 1e300}";
    let flat = "A=1\nB=x=y\\nz\n# note\nC=\nD='q'\n";
    let samples = SAMPLES.iter().copied().chain([("json", tricky), ("env", flat), ("yaml", "a: 1\nb: [x, {c: 2001-12-14}]\n# d\ne: f\n")]);
    let jobs = samples.enumerate().flat_map(|(i, sample)| ["yaml", "json", "dotenv", "ini"].map(|to| (i, sample, to)));
    // Of a stream sops seals the first document, under a MAC of them all.
    let jobs: Vec<_> = jobs.filter(|(i, _, to)| (*i, *to) != (0, "json")).collect();
    let wrong = parallel(&jobs, |(number, (ending, text), to)| {
        let stem = format!("{number}-{to}");
        let plain = format!("{stem}.{ending}");
        place.write(&plain, text);
        let encrypt = ["encrypt", "--age", &place.recipient, "--output-type", to, &plain];
        let (theirs, ours) = (place.call(Program::Sops, encrypt).run(), place.call(Program::AsSops, encrypt).run());
        if theirs.status.code() != ours.status.code() {
            let error = [theirs, ours].map(|done| format!("{:?} {}", done.status.code(), String::from_utf8_lossy(&done.stderr)));
            return vec![format!("{plain} to {to}: {error:?}")];
        }
        if !ours.status.success() {
            return Vec::new();
        }
        let open = |who: &str, done: Output| {
            let sealed = format!("{who}-{stem}");
            place.write(&sealed, done.stdout);
            place.call(Program::Sops, ["decrypt", "--input-type", to, "--output-type", "json", &sealed]).run()
        };
        let (theirs, ours) = (open("theirs", theirs), open("ours", ours));
        // A key that begins with a tab sops spells so that it cannot open its own file; ours opens.
        let same = if theirs.status.success() { theirs.stdout == ours.stdout && ours.status.success() } else { ours.status.success() };
        if same { Vec::new() } else { vec![format!("{plain} to {to}: {} {}", shown(&theirs, &ours), shown(&ours, &theirs))] }
    });
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// TOML has its tables behind its values: a comment behind the name of one goes with it.
#[test]
fn a_comment_behind_the_name_of_a_map() {
    let place = Place::new();
    place.write("p.yaml", "m: # of m\n  x: 1\n# of z\nz: 2 # behind z\nl: # of l\n  - a: 1\n");
    let sealed = place.ours(["encrypt", "--age", &place.recipient, "p.yaml"]);
    place.write("s.yaml", &sealed.stdout);
    let opened = place.ours(["decrypt", "--output-type", "toml", "s.yaml"]);
    let text = String::from_utf8_lossy(&opened.stdout).into_owned();
    assert_eq!(text, "# of z\nz = 2 # behind z\n\n# of m\n[m]\nx = 1\n\n# of l\n[[l]]\na = 1\n", "{opened:?}");
    // On one line those within stand above it, in their order.
    place.write("p.yaml", "m:\n  - 1\n  - a: 1\n    # c1\n    b: 2 # c2\n    # c3\n    c: 3 # c4\n");
    let sealed = place.ours(["encrypt", "--age", &place.recipient, "p.yaml"]);
    place.write("s.yaml", &sealed.stdout);
    let opened = place.ours(["decrypt", "--output-type", "toml", "s.yaml"]);
    let text = String::from_utf8_lossy(&opened.stdout).into_owned();
    assert_eq!(text, "m = [\n1,\n# c1\n# c2\n# c3\n# c4\n{ a = 1, b = 2, c = 3 },\n]\n", "{opened:?}");
}

/// A comment that is covered where it stands is not printed where it is in clear.
#[test]
fn a_comment_that_would_be_printed_in_clear() {
    let place = Place::new();
    for (text, line) in [("secret:\n  # note canary1\n  - a: x\nb: y\n", 2), ("m:\n  - 1\n  - secret:\n      # canary2\n      a: x\n", 4)] {
        place.write("p.yaml", text);
        let args = ["encrypt", "--age", &place.recipient, "--encrypted-regex", "^secret"];
        let sealed = place.ours(args.iter().copied().chain(["p.yaml"]));
        assert!(sealed.status.success() && !String::from_utf8_lossy(&sealed.stdout).contains("canary"), "{sealed:?}");
        let refused = place.ours(args.iter().copied().chain(["--output-type", "toml", "p.yaml"]));
        let err = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && refused.stdout.is_empty(), "{err}");
        assert!(err.contains(&format!("p.yaml: line {line}: this comment is covered")) && !err.contains("canary"), "{err}");
        // To JSON there are no comments, and nothing is in the way.
        let json = place.ours(args.iter().copied().chain(["--output-type", "json", "p.yaml"]));
        assert!(json.status.success() && !String::from_utf8_lossy(&json.stdout).contains("canary"), "{json:?}");
    }
}
