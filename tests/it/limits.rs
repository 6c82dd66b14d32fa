//! Limits and hostile input (docs/threat-model.md, R8, P1, P24): refused within a second and little memory; asserted with room, since tests run
//! without optimization and beside others. The bound is on CPU time, and on address space.

use std::process::{Command, Output};

use leafcrypt::formats::{Document, Format, Limits, ScanOptions, SyntaxClass};

use crate::tools::{Place, without_field};

/// Runs leafcrypt with so many seconds of CPU and so many MiB of memory.
pub fn within(place: &Place, seconds: u32, mib: u32, args: &[&str]) -> Output {
    let limits = format!("ulimit -t {seconds}; ulimit -v {}; exec \"$0\" \"$@\"", mib * 1024);
    Command::new("sh")
        .args(["-c", &limits, env!("CARGO_BIN_EXE_leafcrypt")])
        .args(args)
        .current_dir(place.path(""))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", place.path("home"))
        .env("SOPS_AGE_KEY_FILE", place.path("keys.txt"))
        // Each thread has an arena otherwise, of 64 MiB of address space: more on a machine with many cores.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap()
}

fn refused(done: &Output, case: &str, code: i32, says: &str) {
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let start = text.chars().take(400).collect::<String>();
    assert_eq!(done.status.code(), Some(code), "{case}: {:?} {start}", done.status);
    assert!(text.contains(says), "{case} does not say {says:?}: {start}");
    assert!(text.len() < 2000, "{case}: a message of {} bytes", text.len());
    assert!(done.stdout.is_empty(), "{case}");
}

/// Seals a text, which must be refused quickly.
fn sealing(file: &str, text: &[u8], says: &str) {
    let place = Place::new();
    place.write(file, text);
    let done = within(&place, 4, 1024, &["encrypt", "--age", &place.recipient, "-i", file]);
    refused(&done, file, 2, says);
    assert!(place.read(file) == text, "{file} was changed");
}

/// Opens a text, which must be refused quickly.
fn opening(file: &str, text: &[u8], says: &str) {
    let place = Place::new();
    place.write(file, text);
    let done = within(&place, 4, 1024, &["decrypt", file]);
    refused(&done, file, 1, says);
}

#[test]
fn depth() {
    for levels in [513, 100_000] {
        let many = |piece: &str| piece.repeat(levels);
        sealing("list.json", format!("{{\"a\": {}1{}}}", many("["), many("]")).as_bytes(), "512 levels");
        sealing("map.json", format!("{{\"a\": {}1{}}}", many("{\"a\":"), many("}")).as_bytes(), "512 levels");
        sealing("open.json", format!("{{\"a\": {}", many("[")).as_bytes(), "512 levels");
        sealing("list.yaml", format!("a: {}1{}\n", many("["), many("]")).as_bytes(), "512 levels");
        sealing("map.yaml", format!("a: {}1{}\n", many("{a: "), many("}")).as_bytes(), "512 levels");
        sealing("open.yaml", format!("a: {}", many("[")).as_bytes(), "line 1");
        sealing("dashes.yaml", format!("a:\n  {}1\n", many("- ")).as_bytes(), "512 levels");
        sealing("list.toml", format!("a = {}1{}\n", many("["), many("]")).as_bytes(), "80 levels");
        sealing("map.toml", format!("a = {}1{}\n", many("{a="), many("}")).as_bytes(), "80 levels");
        sealing("dotted.toml", format!("a{} = 1\n", many(".a")).as_bytes(), "80 levels");
        sealing("header.toml", format!("[a{}]\nb = 1\n", many(".a")).as_bytes(), "80 levels");
        opening("block.json", format!("{{\"sops\": {}1{}}}", many("["), many("]")).as_bytes(), "512 levels");
        opening("block.yaml", format!("sops: {}1{}\n", many("["), many("]")).as_bytes(), "levels");
        opening("names.env", format!("a=1\nsops_a{}=1\n", many("__map_a")).as_bytes(), "too many steps");
        opening("names.ini", format!("[sops]\na{} = 1\n", many("__map_a")).as_bytes(), "too many steps");
    }
}

/// What is just within the limit goes.
#[test]
fn depth_within_the_limit() {
    let place = Place::new();
    for (file, text) in [
        ("a.json", format!("{{\"a\": {}1{}}}", "[".repeat(500), "]".repeat(500))),
        ("a.yaml", format!("a: {}1{}\n", "[".repeat(500), "]".repeat(500))),
    ] {
        place.write(file, &text);
        let done = within(&place, 10, 1024, &["encrypt", "--age", &place.recipient, "-i", file]);
        assert!(done.status.success(), "{file}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(place.ours(["decrypt", file]).stdout, text.as_bytes());
    }
}

#[test]
fn names() {
    let name = "k".repeat((64 << 10) + 1);
    sealing("a.json", format!("{{\"{name}\": 1}}").as_bytes(), "limit");
    sealing("a.yaml", format!("? {name}\n: 1\n").as_bytes(), "65536");
    sealing("a.env", format!("{name}=1\n").as_bytes(), "65536");
    sealing("a.ini", format!("[a]\n{name} = 1\n").as_bytes(), "65536");
    sealing("b.ini", format!("[{name}]\na = 1\n").as_bytes(), "65536");
    sealing("a.toml", format!("{name} = 1\n").as_bytes(), "a key is too long");
    // Every value is bound to its path, so long paths cost for each value below them.
    let deep = "k".repeat(60_000);
    let chain = format!("{{\"{deep}\":").repeat(30);
    let values = "0,".repeat(2000);
    sealing("paths.json", format!("{{\"a\":{chain}[{values}0]{}}}", "}".repeat(30)).as_bytes(), "paths");
    // A comment is bound to the path of its container.
    let (key, indent) = ("k".repeat(1000), " ".repeat(400));
    let chain: String = (0..400).map(|level| format!("{}{key}:\n", &indent[..level])).collect();
    sealing("paths.yaml", format!("{chain}{}{indent}a: 1\n", format!("{indent}#x\n").repeat(3000)).as_bytes(), "paths");
}

/// Comments are no values, and cost memory all the same: below a key without a value the parser holds them back until it knows.
#[test]
fn comments() {
    let many = "#\n".repeat(1_500_000);
    let place = Place::new();
    for (file, text) in [("held.yaml", format!("x:\n{many}a: 1\n")), ("above.yaml", format!("{many}a: 1\n"))] {
        place.write(file, &text);
        let done = within(&place, 10, 512, &["encrypt", "--age", &place.recipient, file]);
        refused(&done, file, 2, "comments");
    }
}

#[test]
fn values() {
    let items = "0,".repeat(1_000_000);
    let place = Place::new();
    place.write("a.json", format!("{{\"a\": [{items}0]}}"));
    let done = within(&place, 10, 1024, &["encrypt", "--age", &place.recipient, "a.json"]);
    refused(&done, "a.json", 2, "values");
    let lines: String = (0..1_000_001).map(|i| format!("k{i}=\n")).collect();
    place.write("a.env", lines);
    let done = within(&place, 10, 1024, &["encrypt", "--age", &place.recipient, "a.env"]);
    refused(&done, "a.env", 2, "values");
}

#[test]
fn bytes() {
    let place = Place::new();
    // Sparse: nothing of it is on the disk.
    let sparse = |name: &str, len: u64| std::fs::File::create(place.path(name)).unwrap().set_len(len).unwrap();
    sparse("a.yaml", (128 << 20) + 1);
    refused(&within(&place, 10, 1024, &["encrypt", "--age", &place.recipient, "a.yaml"]), "a.yaml", 2, "134217728");
    // The same check for every format, with a limit that costs less to reach.
    let options = ScanOptions { limits: Limits { text: 3, ..Limits::PLAIN }, ..ScanOptions::PLAIN };
    for format in [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Toml] {
        let error = Document::parse(format, b"a=1\n", &options).err().expect("four bytes are too many");
        assert!(error.class == SyntaxClass::Limit && error.what.contains("limit of 3"), "{error}");
    }
    sparse("a.bin", (3 << 29) + 1);
    refused(&within(&place, 2, 512, &["encrypt", "--age", &place.recipient, "a.bin"]), "a.bin", 2, "limit");
    refused(&within(&place, 2, 512, &["decrypt", "a.bin"]), "a.bin", 2, "limit");
}

/// A text has a smaller limit than a binary file, and is not read to be refused.
#[test]
fn bytes_of_a_text() {
    let place = Place::new();
    for name in ["a.yaml", "a.json", "a.env", "a.ini", "a.toml"] {
        std::fs::File::create(place.path(name)).unwrap().set_len(1400 << 20).unwrap();
        for args in [&["decrypt", name][..], &["filestatus", name], &["encrypt", "--age", &place.recipient, name]] {
            refused(&within(&place, 2, 256, args), name, if args[0] == "filestatus" { 1 } else { 2 }, "over the limit of 201326592 bytes");
        }
    }
    // A configuration.
    std::fs::File::create(place.path(".sops.yaml")).unwrap().set_len(1400 << 20).unwrap();
    refused(&within(&place, 2, 256, &["encrypt", "keys.txt"]), ".sops.yaml", 1, "larger than 1 MiB");
}

/// Few bytes that stand for many.
#[test]
fn aliases() {
    let mut laughs = String::from("a: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        laughs += &format!("b{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "));
    }
    sealing("laughs.yaml", laughs.as_bytes(), "aliases");
    let long = "x".repeat(60_000);
    sealing("value.yaml", format!("a: &a {long}\nb: [{}]\n", "*a, ".repeat(20_000)).as_bytes(), "aliases");
    sealing("key.yaml", format!("a: &a {long}\nb:\n{}", "  - *a : 1\n".repeat(20_000)).as_bytes(), "aliases");
    sealing("self.yaml", b"a: &a [*a]\n", "itself");
    sealing("merge.yaml", format!("a: &a {{k: {long}}}\nb:\n{}", "  - <<: *a\n".repeat(20_000)).as_bytes(), "aliases");
    opening("block.yaml", format!("sops:\n  a: &a {long}\n  b: [{}]\n", "*a, ".repeat(20_000)).as_bytes(), "too large");
    opening("laughs-in-block.yaml", format!("sops:\n  {}", laughs.replace('\n', "\n  ")).as_bytes(), "too large");
}

/// Comments that look sealed and open nowhere, deep down: for each of them every container is tried, until so many trials have failed.
#[test]
fn comments_that_open_nowhere() {
    const LEVELS: usize = 300;
    let place = Place::project();
    let mut plain: String = (0..LEVELS).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let indent = " ".repeat(LEVELS);
    plain.push_str(&format!("{indent}# first\n{indent}b: 1\n{indent}# last\n{indent}c: 2\n"));
    let sealed = place.seal("a.yaml", &plain);
    assert!(place.ours(["decrypt", "a.yaml"]).stdout == plain.as_bytes());
    let comment = sealed.lines().find(|line| line.trim_start().starts_with("#ENC[")).unwrap();
    let tag = comment.split(",tag:").nth(1).unwrap().split(',').next().unwrap();
    let junk = comment.replacen(tag, "AAAAAAAAAAAAAAAAAAAAAA==", 1);
    place.write("a.yaml", sealed.replacen(comment, &format!("{}{comment}", format!("{junk}\n").repeat(10_000)), 1));
    let done = within(&place, 30, 1024, &["decrypt", "--ignore-mac", "a.yaml"]);
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{:?} {}", done.status, String::from_utf8_lossy(&done.stderr));
    // The budget is used up by then, and what stands where it was sealed opens all the same.
    assert!(out.contains("# first\n") && out.contains("# last\n") && out.matches("#ENC[").count() == 10_000);
}

#[test]
fn keys_and_rules() {
    let place = Place::new();
    place.write("a.yaml", "a: 1\n");
    let check = |case: &str, args: &[&str], code: i32, says: &str| {
        refused(&within(&place, 4, 1024, &[&["encrypt", "--age", &place.recipient], args, &["a.yaml"]].concat()), case, code, says);
    };
    check("a program that is too big", &["--encrypted-regex", "(a{1000}){1000}"], 1, "regex");
    check("a longer one", &["--encrypted-regex", "((a{100}){100}){100}"], 1, "regex");
    check("many classes", &["--encrypted-regex", &"\\p{L}{900}".repeat(50)], 1, "regex");
    check("a long one", &["--encrypted-regex", &"(?i)\\pL".repeat(10_000)], 1, "more than 4096");
    place.write(".sops.yaml", format!("creation_rules:\n  - path_regex: '{}'\n    age: {}\n", "(?i)\\pL".repeat(10_000), place.recipient));
    refused(&within(&place, 4, 1024, &["encrypt", "a.yaml"]), "a long path_regex", 1, "more than 4096");
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    check("nested groups", &["--encrypted-regex", &"(".repeat(10_000)], 1, "regex");
    let many = vec![place.recipient.as_str(); 1001].join(",");
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {many}\n"));
    refused(&within(&place, 4, 1024, &["encrypt", "a.yaml"]), "1001 recipients", 1, "1000 keys");
    let groups = format!("        - age: [{}]\n", place.recipient).repeat(256);
    place.write(".sops.yaml", format!("creation_rules:\n  - key_groups:\n{groups}"));
    refused(&within(&place, 4, 1024, &["encrypt", "a.yaml"]), "256 groups", 1, "255 key groups");
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    let block =
        |records: String| format!("a: 1\nsops:\n  age:\n{records}  lastmodified: \"2026-01-01T00:00:00Z\"\n  mac: x\n  version: 3.13.2\n");
    opening("records.yaml", block("    - {recipient: r, enc: e}\n".repeat(1001)).as_bytes(), "1000 keys");
    opening("wrapped.yaml", block(format!("    - {{recipient: r, enc: {}}}\n", "e".repeat((64 << 10) + 1))).as_bytes(), "65536 bytes");
    opening("index.env", b"a=1\nsops_age__list_4000000000__map_enc=x\n", "Incomplete list");
}

/// A place as deep as that is told by its beginning, and by its line.
#[test]
fn a_configuration_that_nests_too_deep() {
    let place = Place::new();
    place.write("a.yaml", "a: b\n");
    let (open, close) = ("{merge: [".repeat(40), "]}".repeat(40));
    place.write(".sops.yaml", format!("creation_rules: [{{key_groups: [{open}{{age: [{}]}}{close}]}}]\n", place.recipient));
    let done = place.ours(["encrypt", "a.yaml"]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.code() == Some(1) && said.contains("(line 1): ") && said.contains("...: too deep, or too much of it"), "{said}");
    assert!(said.lines().next().unwrap().len() < 250, "{said}");
}

/// Merge keys that double what they merge: as in SOPS it is the configuration that is refused, and soon.
#[test]
fn a_configuration_that_grows_by_aliases() {
    let place = Place::new();
    place.write("a.yaml", "a: b\n");
    let config = |levels: usize| {
        let doubled = |n: usize| format!("x{}: &x{}\n  <<: [*x{n}, *x{n}]\n", n + 1, n + 1);
        let all: String = (0..levels).map(doubled).collect();
        format!("x0: &x0\n  age: {}\n{all}creation_rules:\n  - <<: *x{levels}\n", place.recipient)
    };
    place.write(".sops.yaml", config(8));
    assert!(place.ours(["encrypt", "a.yaml"]).status.success());
    for levels in [14, 40] {
        place.write(".sops.yaml", config(levels));
        refused(&within(&place, 4, 1024, &["encrypt", "a.yaml"]), "merge keys that double", 1, "too deep, or too much of it");
    }
}

fn in_time(place: &Place, args: &[&str], code: i32) {
    let done = within(place, 20, 700, args);
    let said: String = String::from_utf8_lossy(&done.stderr).chars().take(400).collect();
    assert_eq!(done.status.code(), Some(code), "{args:?}: {:?} {said}", done.status);
}

/// A sealed text without our field, with more before its block: what whoever can write the file can make of it.
fn with_more(place: &Place, rule: &str, more: &str) {
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    {rule}\n", place.recipient));
    let sealed = place.seal("s.yaml", "pw: b\n");
    place.write("s.yaml", without_field(&sealed).replacen("sops:\n", &format!("{more}sops:\n"), 1));
}

/// Long paths with many empty values below, and many comments that decide over many values: none of them is in the MAC.
#[test]
fn what_may_come_to_stand_in_clear() {
    let mut deep: String = (0..60).map(|i| format!("{}{}:\n", " ".repeat(i), "k".repeat(1000))).collect();
    (0..1000).for_each(|i| deep.push_str(&format!("{}b{i}: \"\"\n", " ".repeat(60))));
    let place = Place::new();
    with_more(&place, "unencrypted_comment_regex: public", &deep);
    in_time(&place, &["set", "s.yaml", "[\"zz\"]", "1"], 0);
    // Another rule than the file's.
    with_more(&place, "encrypted_regex: ^p", &deep);
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    encrypted_regex: ^[pb]\n", place.recipient));
    in_time(&place, &["set", "s.yaml", "[\"zz\"]", "1"], 0);

    with_more(&place, "unencrypted_comment_regex: public", &format!("{}m:\n  a: \"\"\nz: \"\"\n", "# public\n".repeat(6000)));
    let values: Vec<String> = (0..3000).map(|i| format!("\"k{i}\": \"v{i}\"")).collect();
    in_time(&place, &["set", "s.yaml", "[\"m\"][\"b\"]", &format!("{{{}}}", values.join(", "))], 1);
}

/// Each has its line counted from the one before.
#[test]
fn many_values_in_clear() {
    let place = Place::project();
    let sealed = place.seal("s.yaml", "a: b\n");
    let added: String = (0..40_000).map(|i| format!("key_number_{i}: value {i}\n")).collect();
    place.write("s.yaml", added + &sealed);
    in_time(&place, &["doctor", "s.yaml"], 1);
}
