//! `doctor`: what is there, what is broken, and the one thing that mends it; nothing is changed, nothing is shown that is secret.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::tools::{Call, Place, Program};

const CANARY: &str = "canary-55d0";

/// What `doctor` says.
struct Said(Vec<(String, String, String, String)>);

impl Said {
    fn of(call: Call, expected: i32) -> Said {
        let done = call.run();
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(expected), "{out}{err}");
        assert!(!out.contains(CANARY) && !err.contains(CANARY) && !out.contains("AGE-SECRET-KEY"), "{out}{err}");
        let json: Value = serde_json::from_str(&out).unwrap();
        let field = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
        let all = json.as_array().unwrap().iter();
        Said(all.map(|check| (field(check, "name"), field(check, "state"), field(check, "found"), field(check, "fix"))).collect())
    }

    /// There is a check of that name and state, which found and advises so.
    #[track_caller]
    fn has(&self, name: &str, state: &str, found: &str, fix: &str) {
        let fits = |check: &&(String, String, String, String)| {
            check.0 == name && check.1 == state && check.2.contains(found) && check.3.contains(fix) && check.3.is_empty() == fix.is_empty()
        };
        assert!(self.0.iter().any(|check| fits(&check)), "no {state} {name}: {found}; fix {fix:?} in {:#?}", self.0);
    }

    #[track_caller]
    fn has_not(&self, text: &str) {
        assert!(!self.0.iter().any(|check| check.2.contains(text) || check.0.contains(text)), "{text} in {:#?}", self.0);
    }
}

fn doctor(place: &Place, paths: &[&str], expected: i32) -> Said {
    Said::of(place.call(Program::Ours, [&["doctor", "--json"], paths].concat()), expected)
}

fn project() -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path(".git")).unwrap();
    place.write(".sops.yaml", format!("creation_rules:\n  - path_regex: secret\n    age: {}  # alice\n", place.recipient));
    place
}

const PLAIN: &str = "a: canary-55d0\nb: two\n";

#[test]
fn all_is_well() {
    let place = project();
    place.seal("secret.yaml", PLAIN);
    let before = place.read("secret.yaml");
    let said = doctor(&place, &["."], 0);
    let keys = format!("age: SOPS_AGE_KEY_FILE={}", place.path("keys.txt").display());
    said.has(&keys, "ok", &place.recipient, "");
    said.has("AWS KMS", "ok", "this build reads and keeps records of AWS KMS keys", "");
    said.has("configuration", "ok", ".sops.yaml: 1 creation rule", "");
    said.has("./secret.yaml", "ok", &format!("opens, by age {}", place.recipient), "");
    said.has_not("no file is sealed for");
    assert_eq!(place.read("secret.yaml"), before);
    // For people the same, a line each.
    let done = place.ours(["doctor", "secret.yaml"]);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success() && text.contains(&format!("ok    secret.yaml: opens, by age {}\n", place.recipient)), "{text}");
    let sops = place.as_sops(["doctor", "secret.yaml"]);
    assert!(sops.status.success(), "{}", String::from_utf8_lossy(&sops.stderr));
}

#[test]
fn keys_that_are_missing_or_broken() {
    let place = project();
    let file = format!("age: SOPS_AGE_KEY_FILE={}", place.path("keys.txt").display());
    let keys = place.read("keys.txt");
    std::fs::remove_file(place.path("keys.txt")).unwrap();
    let said = doctor(&place, &[], 1);
    said.has(&file, "fail", "no such file", "SOPS_AGE_KEY_FILE");
    said.has("keys", "fail", "no private key of any kind", "leafcrypt keygen");
    // A bad line beside a good one, in a file that others can read.
    place.write("keys.txt", [&keys[..], format!("AGE-SECRET-KEY-1{}\n", CANARY.to_uppercase()).as_bytes()].concat());
    std::fs::set_permissions(place.path("keys.txt"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = doctor(&place, &[], 0);
    said.has(&file, "ok", &place.recipient, "");
    said.has(&file, "warn", "malformed secret key", "correct that line");
    said.has("identities", "warn", "keys.txt: not for its owner alone", "chmod 600 ");
    let with = |name: &str, value: &str, expected| Said::of(place.call(Program::Ours, ["doctor", "--json"]).env(name, value), expected);
    with("SOPS_KMS_ARN", "arn:aws:kms:eu-west-1:1:key/k", 1).has("AWS KMS", "fail", "has no client", "unset SOPS_KMS_ARN");
    with("SOPS_GPG_EXEC", "no-such-gpg", 1).has("OpenPGP", "fail", "no-such-gpg", "unset SOPS_GPG_EXEC");
    with("SOPS_AGE_KEY_CMD", "touch ran", 0).has("age: SOPS_AGE_KEY_CMD", "ok", "not here", "");
    assert!(!place.path("ran").exists(), "a command was run");
    assert!(!place.path("home/.gnupg").exists(), "gpg was run and made a folder");
}

#[test]
fn openpgp_keys_are_listed() {
    let place = project().with_pgp();
    doctor(&place, &[], 0).has("OpenPGP", "ok", &crate::tools::PGP[24..], "");
}

#[test]
fn configurations_with_faults() {
    let place = project();
    let with = |text: &str, expected| {
        place.write(".sops.yaml", text);
        doctor(&place, &[], expected)
    };
    let age = place.recipient.clone();
    with(&format!("creation_rules:\n  - path_regex: (\n    age: {age}\n"), 1).has(
        "configuration",
        "fail",
        "can not compile regexp",
        "regex",
    );
    with(&format!("creation_rules:\n  - encrypted_regex: (\n    age: {age}\n"), 1).has("configuration", "fail", "(line 2)", "regex");
    with("creation_rules:\n  - age: age1nonsense\n", 1).has("configuration", "fail", "(line 2)", "public key");
    with("creation_rules:\n  - path_regex: x\n", 1).has("configuration", "fail", "names no key", "add a key");
    with(&format!("creation_rules:\n  - age: {age}\n  - path_regex: x\n    age: {age}\n"), 0).has(
        "configuration",
        "warn",
        "line 3",
        "to the end",
    );
    with(&format!("creation_rules:\n  - age: {age}\n    agee: {age}\n"), 0).has("configuration", "warn", "agee is not known", "correct");
    with("creation_rules:\n  - kms: arn:aws:kms:eu-west-1:1:key/k\n", 0).has("configuration", "warn", "AWS KMS", "sops");
    with("creation_rules: [\n", 1).has("configuration", "fail", "Could not unmarshal", "correct .sops.yaml");
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {age}\n"));
    std::fs::set_permissions(place.path(".sops.yaml"), std::fs::Permissions::from_mode(0o666)).unwrap();
    doctor(&place, &[], 1).has("configuration", "fail", "anybody can write to it", "--config");
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    doctor(&place, &[], 0).has("configuration", "warn", "no .sops.yaml", "leafcrypt init");
}

#[test]
fn files_that_do_not_open_or_should_be_sealed() {
    let place = project();
    std::fs::create_dir_all(place.path("d")).unwrap();
    for file in ["secret-moved.yaml", "secret-clear.yaml", "secret-merge.yaml", "d/secret-foreign.yaml"] {
        place.seal(file, PLAIN);
    }
    let change = |file: &str, from: &str, to: &str| {
        let text = String::from_utf8(place.read(file)).unwrap();
        assert!(text.contains(from));
        place.write(file, text.replacen(from, to, 1));
    };
    change("secret-moved.yaml", "b: ENC", "e: ''\nb: ENC");
    change("secret-clear.yaml", "b: ENC", &format!("c: {CANARY}\nb: ENC"));
    change("secret-merge.yaml", "b: ENC", "<<<<<<< ours\nb: ENC");
    place.write("secret-plain.env", format!("A={CANARY}\n"));
    place.write("other.txt", CANARY);
    let other = Place::new();
    place.write("foreign.json", format!("{{\"a\": \"{CANARY}\"}}"));
    place.write(
        ".sops.yaml",
        format!("creation_rules:\n  - path_regex: secret\n    age: {}\n  - age: {}\n", place.recipient, other.recipient),
    );
    assert!(place.ours(["encrypt", "-i", "foreign.json"]).status.success());
    let said = doctor(&place, &["."], 1);
    said.has("./secret-moved.yaml", "fail", "changed outside leafcrypt", "leafcrypt accept ./secret-moved.yaml");
    said.has("./secret-clear.yaml", "fail", "stands in clear: c (line 2)", "leafcrypt encrypt -i ./secret-clear.yaml");
    said.has("./secret-merge.yaml", "fail", "line", "git restore");
    said.has("./secret-plain.env", "fail", "not sealed, though", "leafcrypt encrypt -i ./secret-plain.env");
    said.has("./d/secret-foreign.yaml", "ok", "opens, by age", "");
    said.has("./foreign.json", "fail", "no key of ours opens", "SOPS_AGE_KEY_FILE");
    said.has_not("other.txt");
    said.has_not("no file is sealed for");
    // Recipients for whom nothing is sealed, once all was looked at.
    std::fs::remove_file(place.path("foreign.json")).unwrap();
    let lost = format!("no file is sealed for age {}", other.recipient);
    doctor(&place, &["."], 1).has("configuration", "warn", &lost, "leafcrypt updatekeys");
    doctor(&place, &["d"], 0).has_not("no file is sealed for");
    // A file that was named is told of in any case.
    doctor(&place, &["other.txt"], 0).has("other.txt", "ok", "not sealed, and no creation rule names it", "");
    doctor(&place, &["missing"], 1).has("missing", "fail", "no such file", "ls");
}

#[test]
fn places() {
    let place = project();
    let said = Said::of(place.call(Program::Ours, ["doctor", "--json"]).env("EDITOR", "no-such-editor"), 0);
    said.has("editor", "warn", "no-such-editor", "EDITOR");
    said.has("git", "ok", "/git", "");
    said.has("state folder", "ok", "home/.local/state/leafcrypt", "");
    assert!(!place.path("home/.local").exists(), "a folder was made");
    let in_a_file = Said::of(place.call(Program::Ours, ["doctor", "--json"]).env("XDG_STATE_HOME", place.path("keys.txt/x")), 0);
    in_a_file.has("state folder", "warn", "keys.txt", "XDG_STATE_HOME");
}

/// What opens without a question is opened; for the rest it is said what would be asked or started, and nothing is.
#[test]
fn files_whose_keys_would_ask() {
    let place = project().with_pgp();
    place.write(
        ".sops.yaml",
        format!("creation_rules:\n  - path_regex: both\n    pgp: {0}\n    age: {1}\n  - pgp: {0}\n", crate::tools::PGP, place.recipient),
    );
    place.seal("both.yaml", PLAIN);
    place.seal("pgp.yaml", PLAIN);
    // Only lists keys from now on.
    place.write("gpg", "#!/bin/sh\ncase \"$*\" in *--list-secret-keys*) exec gpg \"$@\";; esac\ntouch ran\nexit 2\n");
    std::fs::set_permissions(place.path("gpg"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let with_gpg = |files: &[&str]| {
        Said::of(place.call(Program::Ours, [&["doctor", "--json"], files].concat()).env("SOPS_GPG_EXEC", place.path("gpg")), 0)
    };
    let said = with_gpg(&["both.yaml", "pgp.yaml"]);
    said.has("both.yaml", "ok", &format!("opens, by age {}", place.recipient), "");
    said.has("pgp.yaml", "ok", &format!("not opened here, for it takes more than a look: pgp {} starts gpg", crate::tools::PGP), "");
    assert!(!place.path("ran").exists(), "gpg was started to open a file");
    // A command that prints keys is not run.
    std::fs::rename(place.path("keys.txt"), place.path("away.txt")).unwrap();
    place.write("empty.txt", "");
    let call = place.call(Program::Ours, ["doctor", "--json", "both.yaml"]).env("SOPS_AGE_KEY_FILE", place.path("empty.txt"));
    let said = Said::of(call.env("SOPS_AGE_KEY_CMD", "touch ran").env("SOPS_GPG_EXEC", "no-such-gpg"), 1);
    said.has("both.yaml", "ok", &format!("age {} runs SOPS_AGE_KEY_CMD, which may have its key", place.recipient), "");
    assert!(!place.path("ran").exists(), "a command was run");
    // No key at all, and none that could be asked.
    let call = place.call(Program::Ours, ["doctor", "--json", "both.yaml"]).env("SOPS_AGE_KEY_FILE", place.path("empty.txt"));
    Said::of(call.env("GNUPGHOME", place.path("none")), 1).has("both.yaml", "fail", "no key of ours opens", "SOPS_AGE_KEY_FILE");
    assert!(!place.path("none").exists(), "gpg has made a folder");
}

#[test]
fn plain_files_and_git() {
    let place = project();
    std::fs::remove_dir(place.path(".git")).unwrap();
    let git = |args: &[&str]| {
        let done =
            std::process::Command::new("git").args(args).current_dir(place.path("")).env("HOME", place.path("home")).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q"]);
    // Whoever writes the repository's configuration does not have his programs run.
    git(&["config", "core.fsmonitor", "touch ran; false"]);
    place.write(".gitignore", "*-kept.env\n");
    for file in ["secret-tracked.env", "secret-kept.env", "secret-new.env", "secret[1].env"] {
        place.write(file, format!("A={CANARY}\n"));
    }
    git(&["-c", "core.fsmonitor=false", "add", "secret-tracked.env"]);
    let said = doctor(&place, &["."], 1);
    let not_sealed = |git: &str| format!("not sealed, though a creation rule is for it; git {git}");
    said.has("./secret-tracked.env", "fail", &not_sealed("tracks it"), "leafcrypt encrypt -i ./secret-tracked.env");
    said.has("./secret-kept.env", "warn", &not_sealed("ignores it"), "leafcrypt encrypt -i");
    said.has("./secret-new.env", "fail", &not_sealed("does not ignore it"), "leafcrypt encrypt -i");
    said.has("./secret[1].env", "fail", &not_sealed("does not ignore it"), "leafcrypt encrypt -i");
    assert!(!place.path("ran").exists(), "a program of the repository's choice was run");
}
