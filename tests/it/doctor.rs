//! `doctor`: what is there, what is broken, and the one thing that mends it; nothing is changed, nothing is shown that is secret.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::files::git;
use crate::tools::{Call, Place, Program, script, without_field};

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
    // In a container nobody has a home folder, and a variable holds the key.
    let said = with("HOME", "", 0);
    said.has("age: keys.txt", "warn", "neither $XDG_CONFIG_HOME nor $HOME", "export HOME=FOLDER");
    with("XDG_CONFIG_HOME", "rel", 1).has("age: keys.txt", "fail", "$XDG_CONFIG_HOME is relative", "correct or unset XDG_CONFIG_HOME");
    std::fs::rename(place.path("keys.txt"), place.path("moved.txt")).unwrap();
    with("HOME", "", 1).has("keys", "fail", "no private key of any kind", "leafcrypt keygen");
    std::fs::rename(place.path("moved.txt"), place.path("keys.txt")).unwrap();
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
    doctor(&place, &[], 1).has("configuration", "fail", "anybody can write to it", "chmod o-w ");
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
    said.has("./secret-merge.yaml", "fail", "line", "mend it at that line");
    said.has("./secret-plain.env", "fail", "not sealed, though", "leafcrypt encrypt -i ./secret-plain.env");
    said.has("./d/secret-foreign.yaml", "ok", "opens, by age", "");
    said.has("./foreign.json", "fail", "no key of ours opens", "SOPS_AGE_KEY_FILE");
    said.has_not("other.txt");
    said.has_not("no file is sealed for");
    // Recipients for whom nothing is sealed, once all was looked at.
    std::fs::remove_file(place.path("foreign.json")).unwrap();
    let lost = format!("no file is sealed for age {}", other.recipient);
    doctor(&place, &["."], 1).has("configuration", "warn", &lost, "none, until a file is sealed under that rule");
    // A file that was sealed before the rule named that key: there updatekeys has something to do.
    place.write("early.yaml", PLAIN);
    let early = ["encrypt", "-i", "--age", &place.recipient, "early.yaml"];
    assert!(place.ours(early).status.success());
    place.write(
        ".sops.yaml",
        format!("creation_rules:\n  - path_regex: secret\n    age: {0}\n  - age: {0},{1}\n", place.recipient, other.recipient),
    );
    doctor(&place, &["."], 1).has("configuration", "warn", &lost, "leafcrypt updatekeys ");
    assert!(place.ours(["updatekeys", "-y", "early.yaml"]).status.success());
    doctor(&place, &["."], 1).has_not("no file is sealed for");
    doctor(&place, &["d"], 0).has_not("no file is sealed for");
    // A file that was named is told of in any case.
    let by_all = "not sealed; encrypt would go by the creation rule in line 4, which fits every file";
    doctor(&place, &["other.txt"], 0).has("other.txt", "ok", by_all, "");
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
    // Also where everybody may write, as the kernel says, and nothing can be made.
    let said = Said::of(place.call(Program::Ours, ["doctor", "--json"]).env("XDG_STATE_HOME", "/proc/nope"), 0);
    said.has("state folder", "warn", "/proc/nope/leafcrypt", "XDG_STATE_HOME");
    let in_a_file = Said::of(place.call(Program::Ours, ["doctor", "--json"]).env("XDG_STATE_HOME", place.path("keys.txt/x")), 0);
    in_a_file.has("state folder", "warn", "keys.txt", "XDG_STATE_HOME");
}

/// A variable that makes every command fail does not leave all well, and does not end `doctor`.
#[test]
fn variables_that_stop_commands() {
    let place = project();
    place.seal("secret.yaml", PLAIN);
    let said =
        |name: &str, value: &str, code| Said::of(place.call(Program::Ours, ["doctor", "--json", "secret.yaml"]).env(name, value), code);
    said("SOPS_KEYSERVICE", "tcp://127.0.0.1:9", 1).has("key services", "fail", "key services", "leave it out");
    said("SOPS_ENABLE_LOCAL_KEYSERVICE", "false", 1).has("key services", "fail", "not in this version", "leave it out");
    said("SOPS_DECRYPTION_ORDER", "age,age", 1).has("SOPS_DECRYPTION_ORDER", "fail", "Duplicate", "age,pgp");
    said("LEAFCRYPT_REQUIRE_WITNESS", "maybe", 1).has("LEAFCRYPT_REQUIRE_WITNESS", "fail", "none of 1, true", "unset LEAFCRYPT_");
    let bytes = std::ffi::OsStr::from_bytes(b"\xff");
    let raw = Said::of(place.call(Program::Ours, ["doctor", "--json", "secret.yaml"]).env("SOPS_KEYSERVICE", bytes), 1);
    raw.has("SOPS_KEYSERVICE", "fail", "not UTF-8", "unset SOPS_KEYSERVICE");
    said("SOPS_PGP_FP", "xx", 1).has("SOPS_PGP_FP", "fail", "xx: gpg takes the whole fingerprint", "correct SOPS_PGP_FP");
    for fits in ["0123456789abcdef", "0123 0123456789ABCDEF!", crate::tools::PGP] {
        said("SOPS_PGP_FP", fits, 0).has_not("SOPS_PGP_FP");
    }
    said("SOPS_AGE_RECIPIENTS", "bad", 1).has("SOPS_AGE_RECIPIENTS", "fail", "bad", "public key");
    said("SOPS_AGE_RECIPIENTS", &place.recipient, 0).has_not("SOPS_AGE_RECIPIENTS");
    // A flag is wrong for this call alone.
    assert_eq!(place.ours(["doctor", "--decryption-order", "age,age"]).status.code(), Some(112));
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
    script(&place.path("gpg"), "#!/bin/sh\ncase \"$*\" in *--list-secret-keys*) exec gpg \"$@\";; esac\ntouch ran\nexit 2\n");
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
    let git = |args: &[&str]| git(&place, args);
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

/// What the rules of a folder say is told before any file of it is sealed.
#[test]
fn the_configuration_of_a_folder() {
    let place = Place::project();
    doctor(&place, &["."], 0).has("configuration", "ok", "1 creation rule", "");
    let said = doctor(&place, &["."], 0);
    said.has_not("no file is sealed for");
    place.write("s.yaml", PLAIN);
    for (wrong, says, fix) in [
        ("creation_rules:\n  - age: notakey\n", "(line 2)", "public key"),
        ("creation_rules: [\n", "Could not unmarshal", "correct .sops.yaml"),
    ] {
        place.write(".sops.yaml", wrong);
        for paths in [&[][..], &["."], &[".sops.yaml"], &["s.yaml"]] {
            doctor(&place, paths, 1).has("configuration", "fail", says, fix);
        }
    }
    // One that stands below, too, and once.
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    std::fs::create_dir_all(place.path("d/e")).unwrap();
    place.write("d/.sops.yaml", "creation_rules: [\n");
    place.write("d/e/secrets.yaml", PLAIN);
    let said = doctor(&place, &["."], 1);
    assert_eq!(said.0.iter().filter(|check| check.0 == "configuration" && check.1 == "fail").count(), 1, "{:#?}", said.0);
    said.has("configuration", "ok", "1 creation rule", "");
}

/// The rule that `init` writes fits every file: among those it does not name, what is called like a secret should be sealed.
#[test]
fn what_is_called_like_a_secret_under_a_rule_for_every_file() {
    let place = Place::project();
    std::fs::create_dir_all(place.path("src")).unwrap();
    for file in [".env", "prod.env", "secrets.yaml", "src/db.secret.json", ".env.example", "src/main.rs", "src/secrets.rs", "values.yaml"] {
        place.write(file, format!("PW={CANARY}\n"));
    }
    let said = doctor(&place, &["."], 1);
    for file in ["./.env", "./prod.env", "./secrets.yaml", "./src/db.secret.json"] {
        said.has(file, "fail", "its name says that it holds secrets", &format!("leafcrypt encrypt -i {file}"));
    }
    for file in [".env.example", "main.rs", "secrets.rs", "values.yaml"] {
        said.has_not(file);
    }
    doctor(&place, &[".env"], 1).has(".env", "fail", "its name says that it holds secrets", "leafcrypt encrypt -i .env");
    doctor(&place, &["values.yaml"], 0).has("values.yaml", "ok", "the creation rule in line 2, which fits every file", "");
    // No rule, no advice.
    std::fs::write(place.path(".sops.yaml"), format!("creation_rules:\n  - path_regex: x$\n    age: {}\n", place.recipient)).unwrap();
    doctor(&place, &[".env"], 0).has(".env", "ok", "not sealed, and no creation rule fits it", "");
}

/// The fix for a file with values in clear is one that works.
#[test]
fn fixes_of_files_with_values_in_clear() {
    let place = Place::project();
    let sealed = place.seal("./-f g.yaml.yaml", "a: 1\nb: 2\n");
    let token = |name: &str| sealed.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let file = "./-f g.yaml.yaml";
    place.write(file, sealed.replacen(&token("b: "), &format!("c: {CANARY}\n{}", token("b: ")), 1));
    let fix = format!("leafcrypt encrypt -i '{file}'");
    doctor(&place, &["--", "-f g.yaml.yaml"], 1).has("-f g.yaml.yaml", "fail", "stands in clear: c (line 2)", &fix);
    let done = std::process::Command::new("/bin/sh")
        .args(["-c", &fix.replacen("leafcrypt", env!("CARGO_BIN_EXE_leafcrypt"), 1)])
        .current_dir(place.path(""))
        .env_clear()
        .env("SOPS_AGE_KEY_FILE", place.path("keys.txt"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    doctor(&place, &["--", "-f g.yaml.yaml"], 0).has("-f g.yaml.yaml", "ok", "opens, by", "");
    // A token that was written over: encrypt -i refuses it, so it is not the fix.
    place.write(file, sealed.replacen(&token("a: "), &format!("a: {CANARY}"), 1));
    let said = doctor(&place, &["--", "-f g.yaml.yaml"], 1);
    said.has("-f g.yaml.yaml", "fail", "values stand in clear (a (line 1)), but the rest is not as it was sealed", "leafcrypt accept");
    // Without a key the fix is the same, and that there is none is told beside it.
    place.write(file, sealed.replacen("b: ", &format!("c: {CANARY}\nb: "), 1));
    std::fs::remove_file(place.path("keys.txt")).unwrap();
    let said = doctor(&place, &["--", "-f g.yaml.yaml"], 1);
    said.has("-f g.yaml.yaml", "fail", "stands in clear", &fix);
    said.has("-f g.yaml.yaml", "fail", "no key of ours opens", "SOPS_AGE_KEY_FILE");
}

/// `init` has git ignore `.env`: sealed, it is wanted in the repository.
#[test]
fn sealed_files_that_git_ignores() {
    let place = Place::project();
    let git = |args: &[&str]| git(&place, args);
    git(&["init", "-q"]);
    place.write(".gitignore", ".env\n");
    place.seal(".env", format!("A={CANARY}\n"));
    doctor(&place, &["."], 0).has("./.env", "warn", "git ignores it", "git add -f ./.env");
    git(&["add", "-f", "./.env"]);
    doctor(&place, &["."], 0).has_not("git ignores it");
}

/// A file of something else has as many bad lines as lines.
#[test]
fn a_source_of_keys_that_is_something_else() {
    let place = Place::project();
    place.seal("a.yaml", PLAIN);
    place.write("keys.txt", format!("{CANARY}\n").repeat(5000));
    for args in [&["decrypt", "a.yaml"][..], &["doctor", "a.yaml"]] {
        let done = place.ours(args);
        let text = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        assert!(!done.status.success() && text.lines().count() < 80, "{args:?}: {} lines", text.lines().count());
        assert!(text.contains("(line 1)") && text.contains("(line 3)") && !text.contains("(line 4)"), "{text}");
        assert!(text.contains("4997 more lines") && !text.contains(CANARY), "{text}");
    }
}

/// As a command that opens would refuse it.
#[test]
fn doctor_requires_what_commands_require() {
    let place = Place::project();
    let sealed = place.seal("a.yaml", PLAIN);
    place.write("a.yaml", without_field(&sealed));
    let call = || place.call(Program::Ours, ["doctor", "--json", "a.yaml"]);
    Said::of(call().env("LEAFCRYPT_REQUIRE_WITNESS", "on"), 1).has("a.yaml", "fail", "it has no witness", "--require-witness");
    Said::of(call().env("LEAFCRYPT_REQUIRE_WITNESS", "off"), 0).has("a.yaml", "ok", "opens, by", "");
}

/// One in the current folder is none for a repository below it.
#[test]
fn where_a_configuration_is_missing() {
    let place = Place::project();
    std::fs::create_dir_all(place.path("sub/.git")).unwrap();
    std::fs::create_dir(place.path("sub/deep")).unwrap();
    place.write("sub/deep/a.yaml", PLAIN);
    let check = |fix: &str| {
        let said = doctor(&place, &["sub/deep/a.yaml"], 0);
        said.has("configuration", "warn", "no .sops.yaml for ", fix);
        assert!(said.0.iter().any(|check| check.3 == fix), "{fix}: {:#?}", said.0);
    };
    check("leafcrypt init sub");
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    check("leafcrypt init sub");
    std::fs::remove_dir(place.path("sub/.git")).unwrap();
    check("leafcrypt init");
}

/// A folder that was reached by a link has one configuration, by whichever name.
#[test]
fn in_a_linked_folder() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("repo/.git")).unwrap();
    place.write("repo/.sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    std::os::unix::fs::symlink(place.path("repo"), place.path("link")).unwrap();
    let call = place.call(Program::Ours, ["doctor", "--json"]).dir("link").env("PWD", place.path("link"));
    Said::of(call, 0).has_not("goes by");
}
