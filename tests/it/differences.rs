//! `docs/sops-compatibility.md`: every row has its reason and a test that is there; and the differences that no other file shows.

use std::path::Path;

use crate::files::Runtime;
use crate::tools::{Place, Program, soon};

/// The page.
pub fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sops-compatibility.md")).unwrap()
}

/// What a call says on standard error, and its code.
fn said(place: &Place, program: Program, args: &[&str]) -> (Option<i32>, String) {
    let done = place.call(program, args).run();
    (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
}

/// What is wrong with a row; `None` for a good one.
fn fault(row: &str) -> Option<String> {
    let cells: Vec<&str> = row.trim().trim_start_matches('|').trim_end_matches('|').split(" | ").map(str::trim).collect();
    let [what, why, tests] = cells[..] else { return Some("not three cells".to_owned()) };
    if what.is_empty() || why.is_empty() {
        return Some("no reason".to_owned());
    }
    let (mut named, mut folder) = (0, String::new());
    for name in tests.split('`').skip(1).step_by(2) {
        let is_path = name.contains('/') || name.ends_with(".rs");
        if !is_path {
            continue;
        }
        // A second file of the same folder goes without it.
        let name = if name.contains('/') { name.to_owned() } else { format!("{folder}/{name}") };
        folder = name.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned());
        if !["tests/", "formats/tests/", "kms/tests/", "testdata/"].iter().any(|root| name.starts_with(root)) {
            return Some(format!("{name} is no test"));
        }
        let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
        if !there.exists() {
            return Some(format!("{name} is not there"));
        }
        named += 1;
    }
    (named == 0).then(|| "no test".to_owned())
}

#[test]
fn every_row_has_a_reason_and_a_test() {
    let page = page();
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what |") && !line.starts_with("| ---")).collect();
    assert!(rows.len() > 50, "{}", rows.len());
    let wrong: Vec<String> = rows.iter().filter_map(|row| fault(row).map(|why| format!("{why}: {row}"))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let good = "| a | b | `tests/it/exec.rs`, `edit.rs` |";
    assert_eq!(fault(good), None);
    for (bad, why) in [
        ("| a | b | `src/manners.rs` |", "src/manners.rs is no test"),
        ("| a | b | `tests/it/exec.rs`, `gone.rs` |", "tests/it/gone.rs is not there"),
        ("| a | b | `KNOWN` |", "no test"),
        ("| a |  | `tests/it/exec.rs` |", "no reason"),
        ("| a | `tests/it/exec.rs` |", "not three cells"),
    ] {
        assert_eq!(fault(bad).as_deref(), Some(why), "{bad}");
    }
}

#[test]
fn exec_file_in_the_background_keeps_the_file_until_the_program_ends() {
    let place = Place::project();
    place.seal("a.env", "A=b\n");
    let opened = |name: &str| {
        soon(name, || place.path(name).exists());
        String::from_utf8(place.read(name)).unwrap()
    };
    let line = |name: &str| format!("sleep 0.5; cat {{}} > {name}.part; mv {name}.part {name}");
    // SOPS takes its file away as soon as it gets to it.
    let later = "timeout 60 sh -c 'until [ ! -e {} ]; do sleep 0.05; done'; cat {} > theirs.part; mv theirs.part theirs";
    for (program, name) in [(Program::Ours, "ours"), (Program::AsSops, "as-sops")] {
        let started = place.call(program, ["exec-file", "--background", "--no-fifo", "a.env", &line(name)]).run();
        assert_eq!(started.status.code(), Some(0), "{}", String::from_utf8_lossy(&started.stderr));
        assert_eq!(opened(name), "A=b\n");
    }
    if place.sops(["exec-file", "--background", "--no-fifo", "a.env", later]).is_some() {
        assert_eq!(opened("theirs"), "");
    }
}

/// What a script can see of it: the folder, and of `--no-fifo` the name. `*/tmp-file*` fits both, and with `--filename` the names are the same.
#[test]
fn exec_file_puts_its_file_in_memory() {
    let place = Place::project();
    place.seal("a.yaml", "a: b\n");
    let (runtime, temporary) = (Runtime::new(&place), place.path("temporary"));
    std::fs::create_dir(&temporary).unwrap();
    let path = |program, args: &[&str]| {
        let args = [&["exec-file"], args, &["a.yaml", "echo {}"]].concat();
        let done = place.call(program, args).env("XDG_RUNTIME_DIR", &runtime.0).env("TMPDIR", &temporary).run();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let path = Path::new(String::from_utf8(done.stdout).unwrap().trim()).to_owned();
        let folder = if program == Program::Sops { &temporary } else { &runtime.0 };
        assert_eq!(path.ancestors().find(|above| above == folder), Some(folder.as_path()), "{path:?}");
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    for program in [Program::Ours, Program::AsSops, Program::Sops] {
        if program == Program::Sops && crate::tools::sops().is_none() {
            continue;
        }
        assert_eq!(path(program, &[]), "tmp-file");
        assert_eq!(path(program, &["--filename", "x.yaml"]), "x.yaml");
        assert_eq!(path(program, &["--no-fifo", "--filename", "x.yaml"]), "x.yaml");
        for same in ["./x.yaml", "x.yaml/", ".//x.yaml/."] {
            assert_eq!(path(program, &["--no-fifo", "--filename", same]), "x.yaml");
        }
        let name = path(program, &["--no-fifo"]);
        let digits = name.strip_prefix("tmp-file").unwrap();
        assert!(digits.bytes().all(|b| b.is_ascii_digit()) && digits.is_empty() == (program != Program::Sops), "{name}");
    }
}

#[test]
fn the_dates_of_updatekeys_are_in_utc() {
    let place = Place::project();
    place.seal("a.yaml", "a: b\n");
    let now = || {
        let clock = std::process::Command::new("date").args(["-u", "+%Y/%m/%d %H:"]).output().unwrap();
        String::from_utf8(clock.stdout).unwrap().trim().to_owned()
    };
    let before = now();
    let done = place.call(Program::AsSops, ["updatekeys", "-y", "a.yaml"]).env("TZ", "XXX-9").run();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && told.contains("Syncing keys for file"), "{told}");
    assert!([before, now()].iter().any(|hour| told.starts_with(hour.as_str())), "{told}");
}

#[test]
fn better_manners() {
    let place = Place::project();
    place.seal("a.yaml", "a: b\n");
    let (code, told) = said(&place, Program::Ours, &["decrypt", "--input-type", "yml", "a.yaml"]);
    assert!(code == Some(1) && told.contains("unknown type \"yml\""), "{told}");
    assert_eq!(said(&place, Program::AsSops, &["decrypt", "--input-type", "yml", "a.yaml"]).0, Some(0));

    place.write("t.toml", "a = 'b'\n");
    let toml = |program| String::from_utf8(place.call(program, ["encrypt", "t.toml"]).run().stdout).unwrap();
    assert!(toml(Program::Ours).starts_with("a = 'ENC[") || toml(Program::Ours).starts_with("a = \"ENC["), "{}", toml(Program::Ours));
    assert!(toml(Program::AsSops).starts_with("{\n\t\"data\": \"ENC["), "{}", toml(Program::AsSops));

    // The configuration beside the file counts, or the one above the current folder.
    for folder in ["project", "elsewhere"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    std::fs::rename(place.path(".sops.yaml"), place.path("project/.sops.yaml")).unwrap();
    place.write("project/p.yaml", "a: b\n");
    let from = |program| place.call(program, ["encrypt", "../project/p.yaml"]).dir("elsewhere").run();
    assert!(from(Program::Ours).status.success());
    let as_sops = from(Program::AsSops);
    assert_eq!(as_sops.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&as_sops.stderr).contains("config file not found"));
}

#[test]
fn yaml_integers_that_sops_cannot_read_do_not_stay_in_clear() {
    let place = Place::project();
    for (program, refused) in [(Program::Ours, 4), (Program::AsSops, 23)] {
        for (number, code) in [("9223372036854775807", Some(0)), ("9223372036854775808", Some(refused))] {
            place.write("n.yaml", format!("a: b\nn_unencrypted: {number}\n"));
            let (found, told) = said(&place, program, &["encrypt", "n.yaml"]);
            assert_eq!(found, code, "{program:?} {number}: {told}");
            assert!(code == Some(0) || told.contains("2^63 or more"), "{told}");
        }
    }
}

/// The value of the first nonce behind a name.
fn nonce(text: &str, name: &str) -> String {
    let token = text.split(&format!("{name}: ENC[")).nth(1).unwrap();
    token.split(",iv:").nth(1).unwrap().split(',').next().unwrap().to_owned()
}

#[test]
fn what_sops_does_when_it_writes() {
    let place = Place::project();
    place.seal("a.yaml", "a: b\nl:\n    - x\n    # note\n    - z\n");
    let sealed = String::from_utf8(place.read("a.yaml")).unwrap();
    if crate::tools::sops().is_none() {
        return;
    }
    // Our field is dropped; and the values keep their nonces when the data key goes.
    assert!(sealed.contains("\n    leafcrypt:"), "{sealed}");
    assert!(place.sops(["rotate", "-i", "a.yaml"]).unwrap().status.success());
    let rotated = String::from_utf8(place.read("a.yaml")).unwrap();
    assert!(!rotated.contains("leafcrypt:"), "{rotated}");
    assert_eq!(nonce(&rotated, "a"), nonce(&sealed, "a"));
    place.write("a.yaml", &sealed);
    assert!(place.as_sops(["rotate", "-i", "a.yaml"]).status.success());
    assert_ne!(nonce(&String::from_utf8(place.read("a.yaml")).unwrap(), "a"), nonce(&sealed, "a"));
    // A comment in a list is an item to SOPS, and one of ours to SOPS a comment.
    place.write("theirs.yaml", "l:\n    - x\n    # note\n    - z\n");
    let theirs = place.sops(["encrypt", "--age", &place.recipient, "theirs.yaml"]).unwrap();
    let items = |text: &str| text.lines().filter(|line| line.starts_with("    - ENC[")).count();
    assert_eq!((items(&String::from_utf8(theirs.stdout).unwrap()), items(&sealed)), (3, 2));
    assert!(sealed.contains("\n    #ENC["), "{sealed}");
    place.write("a.yaml", &sealed);
    assert_eq!(place.sops(["decrypt", "a.yaml"]).unwrap().stdout, b"a: b\nl:\n    - x\n    # note\n    - z\n");
}

#[test]
fn a_doubled_key_is_the_last_one() {
    let place = Place::project();
    place.seal("f.json", "{\"a\": 1, \"a\": 2, \"b\": \"x\"}\n");
    let sealed = place.read("f.json");
    let after = |program: Program, args: &[&str]| {
        place.write("f.json", &sealed);
        let done = place.call(program, args).run();
        assert!(done.status.success(), "{program:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(place.ours(["decrypt", "f.json"]).stdout).unwrap().split_whitespace().collect::<String>()
    };
    let (set, unset) = (&["set", "f.json", "[\"a\"]", "\"y\""][..], &["unset", "f.json", "[\"a\"]"][..]);
    for program in [Program::Ours, Program::AsSops] {
        assert_eq!(after(program, set), r#"{"a":1,"a":"y","b":"x"}"#);
        assert_eq!(after(program, unset), r#"{"a":1,"b":"x"}"#);
    }
    if crate::tools::sops().is_some() {
        assert_eq!(after(Program::Sops, set), r#"{"a":"y","a":2,"b":"x"}"#);
        assert_eq!(after(Program::Sops, unset), r#"{"a":2,"b":"x"}"#);
    }
}

/// A hand that doubles a key in clear, where the MAC does not look at it: the programs that read YAML take one of the two, or none.
#[test]
fn a_doubled_key_of_yaml_is_refused() {
    let place = Place::new();
    for (plain, line, sops_opens) in [("x: 1\ns_enc: a\n", "x: 1\n", false), ("m:\n  x: 1\ns_enc: a\n", "  x: 1\n", true)] {
        place.write("f.yaml", plain);
        let args = ["encrypt", "--age", &place.recipient, "--encrypted-suffix", "_enc", "--mac-only-encrypted", "-i", "f.yaml"];
        assert!(place.ours(args).status.success());
        let sealed = String::from_utf8(place.read("f.yaml")).unwrap();
        place.write("f.yaml", sealed.replacen(line, &format!("{line}{line}"), 1));
        for program in [Program::Ours, Program::AsSops] {
            let done = place.call(program, ["decrypt", "f.yaml"]).run();
            let err = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(done.status.code() == Some(1) && err.contains("a key that stands twice in its map"), "{program:?} {plain}: {err}");
        }
        if let Some(theirs) = place.sops(["decrypt", "f.yaml"]) {
            assert_eq!(theirs.status.success(), sops_opens, "{plain}");
        }
    }
}

#[test]
fn a_doubled_name_is_not_set_in_yaml() {
    let place = Place::project();
    let value = r#"{"x":1,"x":2}"#;
    for program in [Program::Ours, Program::AsSops, Program::Sops] {
        if program == Program::Sops && crate::tools::sops().is_none() {
            continue;
        }
        place.seal("f.yaml", "a: b\n");
        place.seal("f.json", "{\"a\": \"b\"}\n");
        let before = place.read("f.yaml");
        let yaml = place.call(program, ["set", "f.yaml", "[\"m\"]", value]).run();
        assert_eq!(yaml.status.code(), Some(if program == Program::Sops { 0 } else { 4 }), "{program:?}");
        assert_eq!(place.read("f.yaml") == before, program != Program::Sops, "{program:?}");
        let json = place.call(program, ["set", "f.json", "[\"m\"]", value]).run();
        let told = String::from_utf8_lossy(&json.stderr).contains("stands twice");
        assert!(json.status.success() && told == (program != Program::Sops), "{program:?}");
    }
}

#[test]
fn set_as_leafcrypt_takes_and_refuses() {
    let place = Place::project();
    place.seal("a.yaml", "a: b\n");
    for (at, value, code) in [
        ("[\"m\"]", "12345678901234567890123", 7),
        ("[\"m\"]", "{\"deep\": 0.1234567890123456789012}", 7),
        ("[0]", "\"x\"", 7),
        ("[\"m\"]", "[1, 2]", 0),
        ("[\"m\"]", "9007199254740993", 0),
    ] {
        let (found, told) = said(&place, Program::Ours, &["set", "a.yaml", at, value]);
        assert_eq!(found, Some(code), "{at} {value}: {told}");
    }
    assert_eq!(place.ours(["decrypt", "a.yaml"]).stdout, b"a: b\nm: 9007199254740993\n");
}

#[test]
fn updatekeys_takes_the_threshold_of_the_rule_but_for_sops() {
    let place = Place::new();
    let rule = |threshold: usize| {
        let group = format!("{{age: [{}]}}", place.recipient);
        let groups = vec![group; 3].join(", ");
        place.write(".sops.yaml", format!("creation_rules: [{{shamir_threshold: {threshold}, key_groups: [{groups}]}}]\n"));
    };
    rule(2);
    place.seal("a.yaml", "a: b\n");
    rule(3);
    for (program, threshold) in [(Program::Sops, 2), (Program::AsSops, 2), (Program::Ours, 3)] {
        if program == Program::Sops && crate::tools::sops().is_none() {
            continue;
        }
        let (code, told) = said(&place, program, &["updatekeys", "-y", "a.yaml"]);
        assert_eq!(code, Some(0), "{told}");
        let text = String::from_utf8(place.read("a.yaml")).unwrap();
        assert!(text.contains(&format!("shamir_threshold: {threshold}\n")), "{program:?}: {text}");
    }
}

#[test]
fn a_comment_that_is_not_utf8_ends_no_program_in_a_panic() {
    let place = Place::project();
    place.write("n.env", b"# \xff\nA=b\n");
    assert!(place.ours(["encrypt", "-i", "n.env"]).status.success());
    let args = ["decrypt", "--output-type", "yaml", "n.env"];
    for program in [Program::Ours, Program::AsSops] {
        let (code, told) = said(&place, program, &args);
        assert!(code == Some(4) && told.contains("a comment that is not UTF-8"), "{told}");
    }
    if let Some(theirs) = place.sops(args) {
        assert!(theirs.status.code() == Some(2) && theirs.stderr.starts_with(b"panic:"), "{}", String::from_utf8_lossy(&theirs.stderr));
    }
}
