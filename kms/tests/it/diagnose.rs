//! What each kind of key says for `doctor`: public parts and places, never a secret; nothing is started that nobody needs.

use leafcrypt_kms::{BACKENDS, Health, Kind, Session, backend};

use crate::scripted::Scripted;

/// What a kind says, as lines, and what was run for it.
fn check(world: Scripted, kind: Kind, keys: usize, expected: &[(Health, &str)]) {
    let (session, world) = world.session();
    let diagnosis = backend(kind).diagnose(&session);
    let said: Vec<_> = diagnosis.findings.iter().map(|f| (f.health, format!("{}: {}", f.name, f.found))).collect();
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for ((health, text), (wanted, part)) in said.iter().zip(expected) {
        assert!(health == wanted && text.contains(part) && !text.contains("SECRET-KEY"), "{said:?}");
    }
    assert!(diagnosis.findings.iter().all(|f| (f.health == Health::Ok) == f.fix.is_none()), "{diagnosis:?}");
    assert_eq!(diagnosis.keys, keys);
    let log = world.log.lock().unwrap();
    assert!(!log.iter().any(|line| line.starts_with("ask") || line.starts_with("run") || line.starts_with("talk")), "{log:?}");
}

#[test]
fn every_kind_says_something() {
    for names in BACKENDS.iter().map(|backend| backend.names()) {
        let found = backend(names.kind).diagnose(&Session::new(std::sync::Arc::new(Scripted::new())));
        assert!(!found.findings.is_empty() && found.keys == 0, "{:?}", names.kind);
    }
    let chosen = Scripted::new().env("SOPS_VAULT_URIS", "https://v/v1/transit/keys/k");
    check(chosen, Kind::HcVault, 0, &[(Health::Fail, "SOPS_VAULT_URIS asks for them")]);
}

#[test]
fn identities_and_the_plugins_they_need() {
    let (secret, recipient) = leafcrypt_kms::generate();
    let native = String::from_utf8(secret.expose().to_vec()).unwrap();
    let plugin = crate::age_plugin::identity();
    let world = || Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY_CMD", "never-run");
    check(
        world().env("SOPS_AGE_KEY", format!("{native}\n{plugin}\n")),
        Kind::Age,
        2,
        &[(Health::Ok, &recipient), (Health::Ok, "SOPS_AGE_KEY_CMD"), (Health::Fail, "age-plugin-")],
    );
    check(
        world().env("SOPS_AGE_KEY_FILE", "/missing"),
        Kind::Age,
        0,
        &[(Health::Fail, "no such file"), (Health::Ok, "a command, run when a file asks")],
    );
    check(Scripted::new().env("HOME", "/h"), Kind::Age, 0, &[(Health::Warn, "no identity in")]);
}

#[test]
fn a_keyring_that_only_gpg_could_import() {
    let ring = Scripted::new().env("HOME", "/h").file("/h/.gnupg/secring.gpg", "x");
    check(ring, Kind::Pgp, 0, &[(Health::Warn, "there is no gpg to read the keys of the old keyring /h/.gnupg/secring.gpg")]);
}
