//! Commands as a person types them: exit codes, messages without values, files untouched on failure.

use crate::tools::{Place, Program, without_field};

const SECRET: &str = "hunter2-canary";

fn check(place: &Place, args: &[&str], code: i32, says: &str) {
    let done = place.ours(args);
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{args:?}: {text}");
    assert!(text.contains(says), "{args:?} says: {text}");
    assert!(!text.contains(SECRET), "{args:?} shows a value");
    if code != 0 {
        assert!(done.stdout.is_empty(), "{args:?} printed a result");
    }
}

#[test]
fn the_tour_runs() {
    let place = Place::new();
    let done = place.ours(["tour"]);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(text.contains("correct horse battery staple") && text.contains("ENC[AES256_GCM"), "{text}");
    // What it names has run: the words are git's own, and nothing is left over for us to remove.
    assert!(text.contains("$ git diff --no-index") && text.contains("$ shred -u"), "{text}");
    for name in ["password", "mac", "leafcrypt"] {
        let at = text.find(&format!("\"{name}\": \n   -\"ENC[")).unwrap_or_else(|| panic!("{name}: {text}"));
        assert!(text[at..].lines().nth(2).is_some_and(|line| line.starts_with("   +\"ENC[")), "{name}: {text}");
    }
    // Without them the same is shown.
    std::fs::create_dir(place.path("none")).unwrap();
    let done = place.call(Program::Ours, ["tour"]).env("PATH", place.path("none")).run();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!text.contains("$ git") && !text.contains("$ shred") && text.contains("- \"password\": \"ENC["), "{text}");
}

#[test]
fn bad_input_is_refused_and_stays() {
    let place = Place::new();
    let age = place.recipient.clone();
    let encrypt = |file: &str, code, says: &str, bytes: &[u8]| {
        place.write(file, bytes);
        check(&place, &["encrypt", "--age", &age, "-i", file], code, says);
        assert_eq!(place.read(file), bytes, "{file} was changed");
    };
    encrypt("bad.json", 2, "bad.json", format!("{{\"a\": \"{SECRET}\"").as_bytes());
    encrypt("bad.yaml", 2, "bad.yaml", format!("a: [{SECRET}\n").as_bytes());
    encrypt("list.yaml", 2, "list.yaml", b"- a\n");
    encrypt("empty.yaml", 92, "empty.yaml", b"");
    encrypt("bytes.json", 2, "bytes.json", b"{\"a\": \"\xff\"}");
    encrypt("deep.json", 2, "deep.json", "[".repeat(100_000).as_bytes());
    encrypt("deep.yaml", 2, "deep.yaml", format!("a: {}", "[".repeat(100_000)).as_bytes());
    check(&place, &["encrypt", "--age", &age, "missing.yaml"], 100, "missing.yaml");
    check(&place, &["decrypt", "missing.yaml"], 100, "missing.yaml");
    check(&place, &["decrypt", "home"], 2, "home");
    place.write("plain.yaml", format!("a: {SECRET}\n"));
    check(&place, &["decrypt", "plain.yaml"], 1, "sops metadata not found");
    check(&place, &["encrypt", "plain.yaml"], 1, "no keys provided");
    check(&place, &["encrypt", "--age", "nonsense", "plain.yaml"], 1, "unknown recipient type");
    check(&place, &["encrypt", "--age", &age, "--encrypted-regex", "(", "plain.yaml"], 1, "missing closing )");
    check(&place, &["encrypt", "--age", &age, "--encrypted-regex", "^nothing$", "plain.yaml"], 1, "covers no value");
    check(&place, &["encrypt", "-i", "--output", "x", "plain.yaml"], 8, "cannot operate on both");
    check(&place, &["encrypt", "--age", &age], 8, "--filename-override");
    check(&place, &["decrypt", "--extract", "[\"a", "plain.yaml"], 91, "doesn't end with ]");
}

#[test]
fn a_changed_file_is_refused() {
    let place = Place::new();
    let age = place.recipient.clone();
    place.write("f.yaml", format!("# note\na: {SECRET}\nport: 5432\nlist:\n  - one\n  - two\nclear_unencrypted: x\nnothing: ''\n"));
    check(&place, &["encrypt", "--age", &age, "-i", "f.yaml"], 0, "");
    let sealed = place.read("f.yaml");
    check(&place, &["encrypt", "--age", &age, "-i", "f.yaml"], 0, "");
    assert_eq!(place.read("f.yaml"), sealed, "there was nothing to complete");
    check(&place, &["decrypt", "--require-witness", "f.yaml"], 0, "");
    let sealed = String::from_utf8(place.read("f.yaml")).unwrap();
    let tampered = |from: &str, to: &str, code: i32, says: &str| {
        let text = sealed.replacen(from, to, 1);
        assert_ne!(text, sealed, "the case changes nothing: {from}");
        place.write("f.yaml", text);
        check(&place, &["decrypt", "f.yaml"], code, says);
        place.write("f.yaml", &sealed);
    };
    tampered("type:int", "type:str", 51, "types");
    tampered("type:str", "type:int", 25, "type");
    tampered("type:str", "type:bytes", 25, "type");
    tampered("type:str]", "type:str] x", 25, "behind");
    tampered("clear_unencrypted: x", "clear_unencrypted: y", 51, "MAC");
    tampered("clear_unencrypted: x", "other_unencrypted: x", 51, "names");
    tampered("nothing: ''", "nothing: ''\nPATH: ''", 51, "names");
    tampered("nothing: ''", "nothing: null", 51, "names");
    tampered("unencrypted_suffix: _unencrypted", "unencrypted_suffix: ncrypted", 51, "selection rule");
    tampered("    mac: ", "    max: ", 51, "MAC");
    tampered("    version: 3", "    shamir_threshold: 2\n    version: 3", 51, "threshold");
    place.write("f.yaml", without_field(&sealed));
    check(&place, &["decrypt", "f.yaml"], 0, "");
    check(&place, &["decrypt", "--require-witness", "f.yaml"], 51, "no witness");
}

#[test]
fn one_changed_value_changes_one_leaf() {
    let place = Place::new();
    let age = place.recipient.clone();
    place.write("f.yaml", "a: 1 # one\nb: two\nc:\n  - 3\n  - 3\n");
    check(&place, &["encrypt", "--age", &age, "-i", "f.yaml"], 0, "");
    let before = String::from_utf8(place.read("f.yaml")).unwrap();
    check(&place, &["set", "f.yaml", "[\"b\"]", "\"two\""], 0, "");
    assert_eq!(String::from_utf8(place.read("f.yaml")).unwrap(), before, "an equal value writes nothing");
    check(&place, &["set", "f.yaml", "[\"c\"][1]", "4"], 0, "");
    let after = String::from_utf8(place.read("f.yaml")).unwrap();
    let changed: Vec<&str> =
        before.lines().zip(after.lines()).filter(|(a, b)| a != b).map(|(a, _)| a.trim().split(':').next().unwrap()).collect();
    assert_eq!(before.lines().count(), after.lines().count());
    assert!(changed[0].starts_with("- ENC["), "{changed:?}");
    let fields: Vec<&str> = changed[1..].iter().copied().filter(|f| *f != "lastmodified").collect();
    assert_eq!(fields, ["leafcrypt", "mac"]);
    assert_eq!(place.ours(["decrypt", "f.yaml"]).stdout, b"a: 1 # one\nb: two\nc:\n  - 3\n  - 4\n");
    assert_eq!(place.ours(["decrypt", "--extract", "[\"c\"][0]", "f.yaml"]).stdout, b"3\n");
    check(&place, &["unset", "f.yaml", "[\"zz\"]"], 1, "zz");
    check(&place, &["set", "f.yaml", "[\"b\"]", "two"], 7, "JSON");
}

#[test]
fn without_a_key_every_trial_is_told() {
    let (place, other) = (Place::new(), Place::new());
    place.write("f.json", format!("{{\"a\": \"{SECRET}\"}}"));
    check(&place, &["encrypt", "--age", &other.recipient, "-i", "f.json"], 0, "");
    check(&place, &["decrypt", "f.json"], 128, &other.recipient);
    check(&place, &["decrypt", "f.json"], 128, "hint:");
}

#[test]
fn keys_given_twice_add_up_but_for_sops() {
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    place.write("a.yaml", "a: b\n");
    let args = ["encrypt", "--age", &one, "--age", &two, "a.yaml"];
    let text = String::from_utf8(place.ours(args).stdout).unwrap();
    assert!(text.contains(&one) && text.contains(&two), "{text}");
    let ours = String::from_utf8(place.call(crate::tools::Program::AsSops, args).run().stdout).unwrap();
    assert!(!ours.contains(&one) && ours.contains(&two), "{ours}");
    if let Some(theirs) = place.sops(args) {
        let theirs = String::from_utf8(theirs.stdout).unwrap();
        assert!(!theirs.contains(&one) && theirs.contains(&two), "{theirs}");
    }
}

/// A file of identities that others can read is not said to be safe.
#[test]
fn keygen_says_the_mode_that_the_file_has() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let keys = "home/.config/sops/age/keys.txt";
    assert!(place.ours(["keygen"]).status.success());
    for (mode, warns) in [(0o644, true), (0o620, true), (0o600, false)] {
        std::fs::set_permissions(place.path(keys), PermissionsExt::from_mode(mode)).unwrap();
        let done = place.ours(["keygen", "-y"]);
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{err}");
        assert_eq!(err.contains("others may read or change") && err.contains("chmod 600 "), warns, "{mode:o}: {err}");
        assert_eq!(std::fs::metadata(place.path(keys)).unwrap().permissions().mode() & 0o777, mode);
    }
}

/// A configuration that somebody has sealed is named as such, and is not sealed by another name.
#[test]
fn a_sealed_configuration() {
    let place = Place::project();
    place.seal("a.yaml", "a: canary\n");
    place.write("b.yaml", "a: canary\n");
    std::os::unix::fs::symlink(".sops.yaml", place.path("conf.yaml")).unwrap();
    let done = place.ours(["encrypt", "-i", "conf.yaml"]);
    assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains("this is the configuration"), "{done:?}");
    let clear = place.read(".sops.yaml");
    let done = place.as_sops(["encrypt", "-i", ".sops.yaml"]);
    assert!(done.status.success(), "{done:?}");
    assert_ne!(place.read(".sops.yaml"), clear);
    for args in [&["encrypt", "b.yaml"][..], &["updatekeys", "-y", "a.yaml"], &["recipients", "a.yaml"]] {
        let done = place.ours(args);
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && err.contains(".sops.yaml: it is sealed, but read in clear: leafcrypt decrypt -i "), "{err}");
    }
    assert!(place.ours(["decrypt", "a.yaml"]).status.success());
    let done = place.ours(["decrypt", "-i", ".sops.yaml"]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(place.read(".sops.yaml"), clear);
    assert!(place.ours(["encrypt", "b.yaml"]).status.success());
}

/// Sealing takes a secret from nobody who has it by git already.
#[test]
fn what_git_has_in_clear_is_told_when_it_is_sealed() {
    let place = Place::project();
    let git = |args: &[&str]| crate::files::git(&place, args);
    let seal = |file: &str| {
        let done = place.ours(["encrypt", "-i", file]);
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{err}");
        err
    };
    let says = "git has it in clear: git add a.yaml; and if it was ever committed, change the secrets that are in it";
    for file in ["a.yaml", "b.yaml", "c.yaml"] {
        place.write(file, "a: canary\n");
    }
    assert_eq!(seal("c.yaml"), "");
    git(&["init", "-q"]);
    git(&["add", "a.yaml"]);
    let err = seal("a.yaml");
    assert!(err.contains(says) && !err.contains("canary"), "{err}");
    // Never added.
    assert_eq!(seal("b.yaml"), "");
    git(&["add", "a.yaml"]);
    place.write("a.yaml", "a: canary2\n");
    assert_eq!(seal("a.yaml"), "");
}
