//! Bad input: a clear message that names the file (with line and path where there is one), one hint, the right exit code under both names,
//! nothing on standard output, the file untouched, and never a value (docs/threat-model.md, R7 to R9; P4, P10, P15).

use crate::tools::{Place, Program, error_of};

/// Sits in every input below. None of its pieces stands in any message of ours by accident.
pub const CANARY: &str = "Zq7XwK9vJ3pL5tQ8";

/// Does a text show a piece of the canary?
pub fn shows(text: &str) -> bool {
    CANARY.as_bytes().windows(4).any(|piece| text.as_bytes().windows(4).any(|window| window.eq_ignore_ascii_case(piece)))
}

/// One call under both names that must be refused with this code, saying this.
fn refused(place: &Place, args: &[&str], stdin: Option<&[u8]>, code: i32, says: &[&str]) {
    refused_as(&[Program::Ours, Program::AsSops], place, args, stdin, code, says);
}

/// One call as `leafcrypt`: SOPS has its own words for a usage error, and prints its help.
fn mistyped(place: &Place, args: &[&str], code: i32, says: &[&str]) {
    refused_as(&[Program::Ours], place, args, None, code, says);
}

fn refused_as(programs: &[Program], place: &Place, args: &[&str], stdin: Option<&[u8]>, code: i32, says: &[&str]) {
    let files = |place: &Place| -> Vec<_> {
        let entries = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap());
        let mut found: Vec<_> =
            entries.map(|e| (e.path(), e.metadata().unwrap().modified().unwrap(), std::fs::read(e.path()).ok())).collect();
        found.sort();
        found
    };
    let before = files(place);
    for &program in programs {
        let mut call = place.call(program, args);
        if let Some(stdin) = stdin {
            call = call.stdin(stdin);
        }
        let done = call.run();
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{program:?} {args:?}: {text}");
        assert!(done.stdout.is_empty(), "{program:?} {args:?} printed something");
        assert!(!shows(&text), "{program:?} {args:?} shows a value: {text}");
        let hints = text.lines().filter(|line| line.starts_with("hint: ")).count();
        if program == Program::Ours {
            assert!(error_of(&text).starts_with("error: "), "{args:?}: {text}");
            assert_eq!(hints, 1, "{args:?}: one hint: {text}");
            for says in says {
                assert!(text.contains(says), "{args:?} does not say {says:?}: {text}");
            }
        }
        assert!(hints <= 1, "{text}");
    }
    assert!(files(place) == before, "{args:?} changed a file");
}

/// Encrypts a file in place, which must be refused.
fn sealing(file: &str, bytes: impl AsRef<[u8]>, code: i32, says: &[&str]) {
    let place = Place::new();
    place.write(file, bytes);
    refused(&place, &["encrypt", "--age", &place.recipient, "-i", file], None, code, &[&[file], says].concat());
}

/// Decrypts a file, which must be refused.
fn opening(file: &str, bytes: impl AsRef<[u8]>, code: i32, says: &[&str]) {
    let place = Place::new();
    place.write(file, bytes);
    refused(&place, &["decrypt", file], None, code, &[&[file], says].concat());
    refused(&place, &["decrypt", "-i", file], None, code, &[&[file], says].concat());
}

#[test]
fn text_that_is_not_of_its_format() {
    sealing("a.json", format!("{{\"a\": \"{CANARY}\"\n"), 2, &["line 2"]);
    sealing("a.json", format!("{{\"a\": {CANARY}}}"), 2, &["line 1, column 7"]);
    sealing("a.json", format!("{{\"a\": \"{CANARY}\"}} {CANARY}"), 2, &["behind the end"]);
    sealing("a.json", format!("{{\"a\": \"\\{CANARY}\"}}"), 2, &["escape"]);
    sealing("a.json", format!("[\"{CANARY}\"]"), 2, &["object"]);
    sealing("a.json", CANARY, 2, &["line 1"]);
    sealing("a.yaml", format!("a: [{CANARY}\n"), 2, &["not YAML"]);
    sealing("a.yaml", format!("a: \"{CANARY}\n"), 2, &["not YAML"]);
    sealing("a.yaml", format!("a: b: {CANARY}\n"), 2, &["line 1"]);
    sealing("a.yaml", format!("a: *{CANARY}\n"), 2, &["line 1"]);
    sealing("a.yaml", format!("a: @{CANARY}\n"), 2, &["line 1"]);
    sealing("a.yaml", format!("a: %{CANARY}\n"), 2, &["line 1"]);
    sealing("a.yaml", format!("a: !!int {CANARY}\n"), 2, &["line 1"]);
    sealing("a.yaml", format!("a: !!binary {CANARY}=x\n"), 2, &["line 1"]);
    sealing("a.yaml", format!("a: 1\n{CANARY}\n"), 2, &["line"]);
    sealing("a.yaml", format!("- {CANARY}\n"), 2, &["map"]);
    sealing("a.yaml", CANARY, 2, &["map"]);
    sealing("a.yaml", format!("a: {CANARY}\na: 1\n"), 2, &["line 2", "twice"]);
    sealing("a.yaml", format!("1: {CANARY}\n"), 23, &["line 1", "string"]);
    sealing("a.yaml", format!("? [{CANARY}]\n: 1\n"), 2, &["line 1"]);
    sealing("a.yaml", format!("a: {CANARY}\n\tb: 1\n"), 2, &["line"]);
    sealing("a.ini", format!("[a]\n{CANARY}\n"), 2, &["line 2"]);
    sealing("a.ini", format!("[{CANARY}\n"), 2, &["line 1"]);
    sealing("a.ini", format!("[a]\n= {CANARY}\n"), 2, &["line 2"]);
    sealing("a.ini", format!("[a]\nb = `{CANARY}\n"), 2, &["line 2"]);
    let place = Place::new();
    place.write("a.toml", format!("a = {CANARY}\n"));
    for bad in [
        format!("a = {CANARY}\n"),
        format!("a = \"{CANARY}\n"),
        format!("a = '{CANARY}\n"),
        format!("a = \"\\{CANARY}\"\n"),
        format!("a = \"{CANARY}\" {CANARY}\n"),
        format!("{CANARY}\n"),
        format!("[{CANARY}\n"),
        format!("a = 1979-{CANARY}\n"),
        format!("a = \"{CANARY}\"\na = 1\n"),
    ] {
        let place = Place::new();
        place.write("a.toml", &bad);
        let done = place.ours(["encrypt", "--age", &place.recipient, "-i", "a.toml"]);
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{bad}: {text}");
        assert!(text.contains("a.toml") && text.contains("line ") && !shows(&text), "{bad}: {text}");
        assert_eq!(place.read("a.toml"), bad.as_bytes());
    }
    // As `sops` an ENV line without = is refused; ours keeps it as a comment.
    let place = Place::new();
    place.write("a.env", format!("A=1\n{CANARY}\n"));
    let done = place.as_sops(["encrypt", "--age", &place.recipient, "a.env"]);
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{text}");
    assert!(text.contains("line 2") && !shows(&text), "{text}");
}

#[test]
fn bytes_that_are_no_text() {
    let canary = CANARY.as_bytes();
    sealing("a.yaml", "", 92, &["document"]);
    sealing("a.json", "", 2, &["too early"]);
    sealing("a.json", [b"{\"a\": \"", canary, b"\xff\"}"].concat(), 2, &["UTF-8"]);
    sealing("a.yaml", [b"a: ", canary, b"\xff\n"].concat(), 2, &["UTF-8"]);
    sealing("a.json", [b"{\"a\": \"", canary, b"\0\"}"].concat(), 2, &["control"]);
    sealing("a.yaml", [b"a: ", canary, b"\0\n"].concat(), 2, &["line 1"]);
    sealing("a.json", [b"\xef\xbb\xbf{\"a\": \"", canary, b"\"}"].concat(), 2, &["byte-order mark"]);
    let utf16: Vec<u8> = format!("\u{feff}{{\"a\": \"{CANARY}\"}}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    sealing("a.json", &utf16, 2, &["UTF-8"]);
    sealing("a.yaml", &utf16, 2, &["UTF-8"]);
    sealing("a.env", format!("\u{feff}A={CANARY}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(), 2, &["UTF-16"]);
    let program: Vec<u8> = (0..=255).cycle().take(4000).chain(canary.iter().copied()).collect();
    sealing("program.json", &program, 2, &["UTF-8"]);
    sealing("program.yaml", &program, 2, &["UTF-8"]);
}

#[test]
fn files_that_are_none() {
    let place = Place::new();
    let age = place.recipient.clone();
    std::fs::create_dir(place.path("folder.yaml")).unwrap();
    refused(&place, &["encrypt", "--age", &age, "folder.yaml"], None, 2, &["folder.yaml", "folder"]);
    refused(&place, &["decrypt", "folder.yaml"], None, 2, &["folder.yaml", "folder"]);
    refused(&place, &["encrypt", "--age", &age, "/dev/zero"], None, 2, &["/dev/zero", "device"]);
    refused(&place, &["decrypt", "/dev/zero"], None, 2, &["/dev/zero", "device"]);
    refused(&place, &["encrypt", "--age", &age, "missing.yaml"], None, 100, &["missing.yaml"]);
    refused(&place, &["decrypt", "missing.yaml"], None, 100, &["missing.yaml"]);
    refused(&place, &["decrypt", "--input-type", "yaml", "--filename-override", "x.yaml"], Some(CANARY.as_bytes()), 1, &["standard input"]);
    refused(&place, &["encrypt", "--age", &age], Some(CANARY.as_bytes()), 8, &["--filename-override"]);
}

#[test]
fn files_that_are_not_sealed() {
    opening("a.yaml", format!("a: {CANARY}\n"), 1, &["sops metadata not found"]);
    opening("a.json", format!("{{\"a\": \"{CANARY}\"}}"), 1, &["sops metadata not found"]);
    opening("a.env", format!("a={CANARY}\n"), 1, &["sops metadata not found"]);
    opening("a.ini", format!("[a]\nb = {CANARY}\n"), 1, &["sops metadata not found"]);
    opening("a.bin", CANARY, 1, &["the file is not sealed"]);
    opening("a.yaml", "", 1, &["sops metadata not found"]);
    // Of a text that was never sealed that is said; of one that may have been, what is wrong in it.
    opening("a.yaml", format!("a: [{CANARY}\n"), 1, &["the file is not sealed"]);
    opening("a.json", format!("{{\"a\": {CANARY}"), 1, &["the file is not sealed"]);
    opening("a.bin", format!("{CANARY} sops"), 1, &["line 1"]);
    opening("a.yaml", format!("a: [{CANARY}\nsops:\n"), 1, &["not YAML"]);
    opening("a.json", format!("{{\"a\": {CANARY}, \"sops\": {{}}"), 1, &["line 1"]);
    opening("a.yaml", format!("a: {CANARY}\nsops: x\n"), 1, &["sops metadata not found"]);
    opening("a.yaml", format!("a: {CANARY}\nsops: {{}}\n"), 1, &["No keys found"]);
    opening("a.yaml", format!("a: {CANARY}\nsops:\n  age: {CANARY}\n"), 1, &["age", "list"]);
    opening("a.yaml", format!("a: {CANARY}\nsops:\n  age: [{CANARY}]\n"), 1, &["age[0]", "map"]);
    opening("a.yaml", format!("a: {CANARY}\nsops:\n  age: []\n  shamir_threshold: {CANARY}\n"), 1, &["shamir_threshold"]);
    opening("a.yaml", format!("a: {CANARY}\nsops:\n  age: []\n  mac_only_encrypted: {CANARY}\n"), 1, &["mac_only_encrypted"]);
    opening("a.env", format!("a={CANARY}\nsops_age__list_x__map_enc={CANARY}\nsops_age={CANARY}\n"), 1, &["metadata"]);
}

#[test]
fn no_key() {
    let (place, other) = (Place::new(), Place::new());
    place.write("a.yaml", format!("a: {CANARY}\n"));
    let sealed = place.ours(["encrypt", "--age", &other.recipient, "a.yaml"]).stdout;
    place.write("sealed.yaml", sealed);
    refused(&place, &["decrypt", "sealed.yaml"], None, 128, &["sealed.yaml", &other.recipient, "keys.txt"]);
    refused(&place, &["set", "sealed.yaml", "[\"a\"]", "\"x\""], None, 128, &["sealed.yaml", &other.recipient]);
    refused(&place, &["encrypt", "a.yaml"], None, 1, &["no keys"]);
    refused(&place, &["encrypt", "--age", "nonsense", "a.yaml"], None, 1, &["recipient"]);
    let identity = String::from_utf8(place.read("keys.txt")).unwrap();
    let identity = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned();
    for given in [identity.clone(), identity.to_lowercase()] {
        let done = place.ours(["encrypt", "--age", &given, "a.yaml"]);
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{text}");
        assert!(
            !text.to_uppercase().contains(&identity[15..30]) && text.contains("public"),
            "an identity given as a recipient is shown: {text}"
        );
    }
    place.write("keys.txt", format!("{CANARY}\nAGE-SECRET-KEY-{CANARY}\n"));
    refused(&place, &["decrypt", "sealed.yaml"], None, 128, &["sealed.yaml"]);
}

/// P10: never clear text in a file that should be sealed.
#[test]
fn rules_that_seal_nothing() {
    let place = Place::new();
    let age = place.recipient.clone();
    place.write("a.yaml", format!("a: {CANARY}\n"));
    let seal = |flags: &[&str], says: &[&str]| {
        refused(&place, &[&["encrypt", "--age", &age, "-i"], flags, &["a.yaml"]].concat(), None, 1, says);
    };
    for bad in ["(", "[", "a{2,1}", "*", "(?<", "\\"] {
        seal(&["--encrypted-regex", bad], &["regex"]);
        seal(&["--unencrypted-regex", bad], &["regex"]);
        // As `sops` these flags are there in the legacy form only.
        for flag in ["--encrypted-comment-regex", "--unencrypted-comment-regex"] {
            mistyped(&place, &["encrypt", "--age", &age, "-i", flag, bad, "a.yaml"], 1, &["regex"]);
        }
    }
    seal(&["--encrypted-regex", "^nothing$"], &["a.yaml", "covers no value", "encrypted_regex"]);
    seal(&["--encrypted-suffix", "_nothing"], &["covers no value", "encrypted_suffix"]);
    // As `sops` these two seal: `all_in_clear`.
    mistyped(
        &place,
        &["encrypt", "--age", &age, "-i", "--unencrypted-suffix", "a", "a.yaml"],
        1,
        &["covers no value", "unencrypted_suffix"],
    );
    mistyped(&place, &["encrypt", "--age", &age, "-i", "--unencrypted-regex", ".", "a.yaml"], 1, &["covers no value"]);
    mistyped(&place, &["encrypt", "--age", &age, "-i", "--encrypted-comment-regex", "nothing", "a.yaml"], 1, &["covers no value"]);
    refused(
        &place,
        &["encrypt", "--age", &age, "--encrypted-regex", "a", "--encrypted-suffix", "b", "a.yaml"],
        None,
        8,
        &["more than one"],
    );
}

/// P10 again: values that their own names leave in clear are no slip; a suffix of one's own or a regex may be one. Once sealed, a file may lose its last
/// covered value.
#[test]
fn all_in_clear() {
    let place = Place::project();
    let encrypt = |program: Program, flags: &[&str], name: &str, code: i32, says: &str| {
        let done = place.call(program, [&["encrypt"], flags, &[name]].concat()).run();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{program:?} {flags:?}: {told}");
        assert!(if says.is_empty() { told.is_empty() } else { told.contains(says) }, "{program:?} {flags:?}: {told}");
        done.stdout
    };
    place.write("u.yaml", "a_unencrypted: 1\nm_unencrypted:\n    b: x\n");
    place.write("c.yaml", "a_clear: x\n");
    for program in [Program::Ours, Program::AsSops] {
        let sealed = encrypt(program, &[], "u.yaml", 0, "");
        place.write("s.yaml", sealed);
        assert_eq!(place.ours(["decrypt", "--require-witness", "s.yaml"]).stdout, place.read("u.yaml"));
        for change in
            [&["set", "s.yaml", "[\"c_unencrypted\"]", "1"][..], &["rotate", "-i", "s.yaml"], &["unset", "s.yaml", "[\"c_unencrypted\"]"]]
        {
            let done = place.call(program, change).run();
            assert!(done.status.success(), "{change:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        for changed in [place.ours(["decrypt", "s.yaml"])].into_iter().chain(place.sops(["decrypt", "s.yaml"])) {
            assert_eq!(changed.stdout, place.read("u.yaml"));
        }
        let strict = program == Program::Ours;
        let code = i32::from(strict);
        encrypt(program, &["--unencrypted-suffix", "_clear"], "c.yaml", code, if strict { "covers no value" } else { "" });
        encrypt(
            program,
            &["--unencrypted-regex", "clear"],
            "c.yaml",
            code,
            if strict { "covers no value" } else { "every value of this file in clear" },
        );
        encrypt(program, &["--encrypted-suffix", "_sealed"], "c.yaml", 1, "covers no value");
        encrypt(program, &["--encrypted-regex", "sealed"], "c.yaml", 1, "covers no value");
    }
}

#[test]
fn configurations() {
    let place = Place::new();
    let age = place.recipient.clone();
    place.write("a.yaml", format!("a: {CANARY}\n"));
    let check = |config: String, code: i32, says: &[&str]| {
        place.write(".sops.yaml", config);
        refused(&place, &["encrypt", "a.yaml"], None, code, says);
    };
    check(format!("creation_rules:\n  - path_regex: \\.json$\n    age: {age}\n"), 1, &["no matching creation rules"]);
    check(format!("creation_rules:\n  - path_regex: (\n    age: {age}\n"), 1, &["regexp", ".sops.yaml", "line 2"]);
    check(format!("creation_rules:\n  - age: {age}\n    encrypted_regex: (\n"), 1, &["regex"]);
    check(format!("creation_rules:\n  - age: {age}\n    encrypted_regex: ^nothing$\n"), 1, &["covers no value"]);
    check(format!("creation_rules:\n  - age: {age}\n    encrypted_regex: a\n    encrypted_suffix: a\n"), 1, &["more than one"]);
    check(format!("creation_rules: [{CANARY}\n"), 1, &[".sops.yaml"]);
    check(format!("creation_rules: {CANARY}\n"), 1, &[".sops.yaml"]);
    check(format!("creation_rules:\n  - shamir_threshold: {CANARY}\n"), 1, &[".sops.yaml", "shamir_threshold"]);
    check(format!("creation_rules:\n  - mac_only_encrypted: {CANARY}\n    age: {age}\n"), 1, &[".sops.yaml", "mac_only_encrypted"]);
    check(format!("creation_rules:\n  - age:\n      {CANARY}: 1\n"), 1, &["age"]);
    check(format!("\"{CANARY}"), 1, &[".sops.yaml"]);
    place.write(".sops.yaml", [b"\xff", CANARY.as_bytes()].concat());
    refused(&place, &["encrypt", "a.yaml"], None, 1, &[".sops.yaml", "UTF-8"]);
    place.write(".sops.yaml", "# ".repeat((1 << 19) + 1));
    refused(&place, &["encrypt", "a.yaml"], None, 1, &[".sops.yaml", "1 MiB"]);
}

#[test]
fn paths_and_values() {
    let place = Place::new();
    place.write("plain.yaml", format!("a: {CANARY}\nl:\n  - {CANARY}\n"));
    let sealed = place.ours(["encrypt", "--age", &place.recipient, "plain.yaml"]).stdout;
    place.write("a.yaml", sealed);
    let extract = |path: &str, code: i32, says: &[&str]| refused(&place, &["decrypt", "--extract", path, "a.yaml"], None, code, says);
    extract("[\"a", 91, &["doesn't end with ]"]);
    extract("a", 91, &["doesn't end with ]"]);
    extract("[\"a]", 91, &["quote"]);
    extract("[x]", 91, &["neither"]);
    extract("[]", 91, &["empty"]);
    extract("[\"zz\"]", 1, &["a.yaml", "zz"]);
    extract("[\"l\"][9]", 1, &["a.yaml", "l[9]"]);
    extract("[\"l\"][-1]", 91, &["neither"]);
    extract("[\"a\"][\"b\"]", 1, &["a.yaml"]);
    let set = |path: &str, value: &str, code: i32, says: &[&str]| refused(&place, &["set", "a.yaml", path, value], None, code, says);
    set("[\"l\"][\"zz\"]", &format!("\"{CANARY}\""), 7, &["l is a list"]);
    // As sops this changes nothing.
    mistyped(&place, &["set", "a.yaml", "[3]", &format!("\"{CANARY}\"")], 7, &["the root is a map"]);
    set("", &format!("\"{CANARY}\""), 7, &["empty"]);
    // As sops it is a float.
    mistyped(&place, &["set", "a.yaml", "[\"zz\"]", "123456789012345678901"], 7, &["digits"]);
    set("[\"a\"]", CANARY, 7, &["JSON"]);
    set("[\"a\"]", &format!("\"{CANARY}"), 7, &["JSON"]);
    set("[\"a\"]", &format!("{{\"{CANARY}\": {CANARY}}}"), 7, &["JSON"]);
    // Path and value in the wrong order.
    set(&format!("\"{CANARY}\""), "[\"a\"]", 7, &["component 1"]);
    set(&format!("[{CANARY}]"), "1", 7, &["component 1"]);
    set("[\"sops\"]", "1", 203, &["sops"]);
    let unset = |path: &str, code: i32, says: &[&str]| refused(&place, &["unset", "a.yaml", path], None, code, says);
    unset("[\"zz\"]", 1, &["a.yaml", "zz"]);
    unset("[\"l\"][9]", 1, &["l[9]"]);
    unset("[\"a\"][\"b\"]", 1, &["a is neither"]);
    unset("[\"l\"][\"b\"]", 7, &["l is a list"]);
    unset("a", 7, &["component 1"]);
}

/// What was typed is not shown either where it may be a value.
#[test]
fn arguments() {
    let place = Place::new();
    place.write("a.yaml", "a: 1\n");
    mistyped(&place, &["set", "a.yaml", "[\"a\"]", "my", CANARY], 1, &["too many"]);
    mistyped(&place, &["set", "a.yaml", "[\"a\"]", &format!("--{CANARY}")], 7, &["JSON"]);
    mistyped(&place, &["set", "a.yaml", "[\"a\"]", &format!("-{CANARY}")], 7, &["JSON"]);
    mistyped(&place, &["encrypt", "a.yaml", CANARY], 1, &["too many"]);
    mistyped(&place, &["encrypt", "--ouput", CANARY, "a.yaml"], 1, &["--output"]);
    mistyped(&place, &["encrypt", "--indent", CANARY, "a.yaml"], 1, &["--indent"]);
    mistyped(&place, &["set", "a.yaml"], 1, &["PATH"]);
    refused(&place, &["encrypt", "-i", "--output", "x", "a.yaml"], None, 8, &["--output"]);
    refused(&place, &["decrypt", "--decryption-order", "age,age", "a.yaml"], None, 112, &["age"]);
}
