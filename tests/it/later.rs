//! Names that SOPS has and this version answers with one clear error, flags that are taken, and `--verbose`.

use crate::tools::{Place, Program};

const CANARY: &str = "canary-91b2";

fn project() -> Place {
    let place = Place::new();
    place.write(".sops.yaml", format!("# rules\ncreation_rules:\n  - path_regex: nothing\n  - age: {}\n", place.recipient));
    place.write("a.yaml", format!("a: {CANARY}\n"));
    assert!(place.ours(["encrypt", "-i", "a.yaml"]).status.success());
    place
}

/// Under both names: exit code, and what standard error holds ("": nothing at all).
fn check(place: &Place, args: &[&str], code: i32, says: &str) {
    for program in [Program::Ours, Program::AsSops] {
        let done = place.call(program, args).run();
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{program:?} {args:?}: {err}");
        assert!(err.contains(says) && err.is_empty() == says.is_empty(), "{program:?} {args:?}: {err}");
        assert!(!err.contains(CANARY));
    }
}

#[test]
fn commands_that_come_later() {
    let place = project();
    check(&place, &["publish", "a.yaml"], 1, "not in this version yet: publish");
    check(&place, &["publish", "--yes", "--recursive", "--omit-extensions", "."], 1, "not in this version yet: publish");
    check(&place, &["keyservice"], 1, "not in this version yet: keyservice");
    check(&place, &["keyservice", "--net", "unix", "--addr", "/tmp/x", "--prompt", "--verbose"], 1, "not in this version yet: keyservice");
}

#[test]
fn key_services() {
    let place = project();
    for on in ["--enable-local-keyservice", "--enable-local-keyservice=true"] {
        check(&place, &["decrypt", on, "a.yaml"], 0, "");
        check(&place, &["-d", on, "a.yaml"], 0, "");
    }
    let later = "not in this version yet: key services (--keyservice, SOPS_KEYSERVICE)";
    check(&place, &["decrypt", "--keyservice", "tcp://127.0.0.1:1", "a.yaml"], 1, later);
    check(&place, &["-d", "--keyservice=unix:///x", "a.yaml"], 1, later);
    check(&place, &["updatekeys", "-y", "--keyservice", "unix:///x", "a.yaml"], 1, later);
    check(&place, &["decrypt", "--enable-local-keyservice=false", "a.yaml"], 1, "--enable-local-keyservice=false");
    let with = |name: &str, value: &str, args: &[&str]| {
        let done = place.call(Program::Ours, args).env(name, value).run();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    assert!(with("SOPS_KEYSERVICE", "tcp://127.0.0.1:1", &["decrypt", "a.yaml"]).1.contains(later));
    assert!(with("SOPS_ENABLE_LOCAL_KEYSERVICE", "false", &["decrypt", "a.yaml"]).1.contains("not in this version yet"));
    assert!(with("SOPS_ENABLE_LOCAL_KEYSERVICE", "maybe", &["decrypt", "a.yaml"]).1.contains("neither true nor false"));
    // What wraps and unwraps nothing has nothing to ask a service.
    assert_eq!(with("SOPS_KEYSERVICE", "tcp://127.0.0.1:1", &["filestatus", "a.yaml"]).0, Some(0));
}

/// Records of such keys are kept (`metadata.rs`), and nothing is wrapped for them.
#[test]
fn cloud_keys() {
    let place = project();
    for (flag, key, kind) in [
        ("--kms", "arn:aws:kms:eu-west-1:111122223333:key/x", "AWS KMS"),
        ("--gcp-kms", "projects/p/locations/l/keyRings/r/cryptoKeys/k", "GCP KMS"),
        ("--azure-kv", "https://v.vault.azure.net/keys/k/1", "Azure Key Vault"),
        ("--hc-vault-transit", "http://127.0.0.1:9/v1/transit/keys/k", "Vault"),
        ("--hckms", "eu-west-1:abc", "HuaweiCloud KMS"),
    ] {
        place.write("b.yaml", format!("a: {CANARY}\n"));
        check(&place, &["encrypt", flag, key, "b.yaml"], 1, &format!("this build has no {kind} keys"));
        check(&place, &["rotate", "-i", &format!("--add-{}", &flag[2..]), key, "a.yaml"], 1, &format!("this build has no {kind} keys"));
    }
}

#[test]
fn versions_are_never_looked_up() {
    let place = project();
    for args in [["--version", "--disable-version-check"], ["--disable-version-check", "--version"], ["--check-for-updates", "--version"]] {
        check(&place, &args, 0, "");
    }
    check(&place, &["--disable-version-check", "-d", "a.yaml"], 0, "");
    check(&place, &["--check-for-updates", "-d", "a.yaml"], 0, "");
}

#[test]
fn verbose_says_what_was_chosen_tried_and_written() {
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    place.write(".sops.yaml", format!("creation_rules:\n  - path_regex: nothing\n  - age: {two},{one}\n"));
    place.write("a.yaml", format!("a: {CANARY}\n"));
    let said = |args: &[&str]| {
        let done = place.ours(args);
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success() && !err.contains(CANARY), "{args:?}: {err}");
        err
    };
    let err = said(&["encrypt", "--verbose", "-i", "a.yaml"]);
    assert!(err.contains("configuration: ") && err.contains(".sops.yaml"), "{err}");
    assert!(err.contains("the one in line 3") && err.contains("verbose: a.yaml: written"), "{err}");
    let keys = String::from_utf8(place.read("keys.txt")).unwrap();
    // The first of the two records is not ours any more.
    let first: String = keys.lines().take_while(|line| !line.contains(&two)).map(|line| format!("{line}\n")).collect();
    place.write("keys.txt", first);
    let err = said(&["--verbose", "decrypt", "a.yaml"]);
    let (asked, opened) = (format!("asked, in this order: age {two}, age {one}"), format!("opened by age {one}"));
    assert!(err.contains(&asked) && err.contains(&opened), "{err}");
    assert_eq!(said(&["decrypt", "a.yaml"]), "");
    let err = said(&["set", "--verbose", "a.yaml", "[\"a\"]", &format!("\"{CANARY}-2\"")].map(|arg| arg));
    assert!(err.contains("verbose: a.yaml: written"), "{err}");
    assert_eq!(err.lines().filter(|line| line.starts_with("verbose: ") && line.contains("configuration")).count(), 1, "{err}");
    // As sops in the legacy form.
    let done = place.as_sops(["--verbose", "-d", "a.yaml"]);
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && err.contains(&opened), "{err}");
    // What helm-secrets and others wait for.
    for (logger, line) in [("AGE", "Decryption succeeded"), ("SOPS", "Data key recovered successfully")] {
        let stands = |said: &str| {
            said.lines().any(|l| l.starts_with(&format!("[{logger}]\t time=")) && l.ends_with(&format!("level=info msg={line:?}")))
        };
        assert!(stands(&err), "{err}");
        let theirs = place.sops(["--verbose", "-d", "a.yaml"]);
        assert!(theirs.is_none_or(|theirs| stands(&String::from_utf8_lossy(&theirs.stderr))), "{line}");
    }
}
