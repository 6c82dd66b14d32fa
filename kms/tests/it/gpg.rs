//! OpenPGP with the real gpg, and with the real sops on the other side.

use std::path::Path;
use std::sync::Arc;

use leafcrypt_kms::{Beside, Kind, MasterKey, Secret, Session, UnwrapError, WrapError, Wrapped, backend};

use crate::gpg_home::{Home, missing};

fn pgp(text: &str) -> Arc<dyn MasterKey> {
    backend(Kind::Pgp).from_list(text, &Beside::default()).expect("every text is a key").remove(0)
}

fn secret(len: u8) -> Secret {
    Secret::new((0..len).collect())
}

fn unwrap_any(records: &[(Arc<dyn MasterKey>, Wrapped)], session: &Session) -> Result<(usize, Secret), Vec<UnwrapError>> {
    let records: Vec<(&dyn MasterKey, &Wrapped)> = records.iter().map(|(key, wrapped)| (&**key, wrapped)).collect();
    backend(Kind::Pgp).unwrap_any(&records, session)
}

#[test]
fn every_form_of_a_key_wraps_and_unwraps() {
    let Some(home) = Home::new() else { return };
    let primary = home.key("a@x.y", "");
    home.gpg(&["--passphrase", "", "--quick-add-key", &primary, "cv25519", "encr", "never"], b"");
    let keys = home.fingerprints("a@x.y");
    let [_, first, second] = &keys[..] else { panic!("a primary and two sub-keys") };
    let world = home.world();
    let session = world.session();

    let spaced: String = primary.chars().enumerate().flat_map(|(i, c)| (i % 4 == 0).then_some(' ').into_iter().chain([c])).collect();
    for (form, sub_key) in [
        (primary.clone(), None),
        (primary.to_lowercase(), None),
        (spaced, None),
        (format!("0x{primary}"), None),
        (primary[24..].to_owned(), None),
        (first.clone(), None),
        (format!("{first}!"), Some(first)),
        (format!("{second}!"), Some(second)),
        (format!("{}!", &second[24..]), Some(second)),
    ] {
        let key = pgp(&form);
        for len in [32, 33] {
            let wrapped = key.wrap(&secret(len), &session).expect(&form);
            assert!(wrapped.0.starts_with("-----BEGIN PGP MESSAGE-----\n\n"), "no header lines: {}", wrapped.0);
            assert!(wrapped.0.ends_with("\n-----END PGP MESSAGE-----"), "no line feed at the end: {}", wrapped.0);
            assert!(key.unwrap(&wrapped, &session).expect(&form).equals(&secret(len)));
            if let Some(sub_key) = sub_key {
                let packets = String::from_utf8_lossy(&home.gpg(&["--list-packets"], wrapped.0.as_bytes())).into_owned();
                assert!(packets.contains(&format!("keyid {}", &sub_key[24..])), "{form}: {packets}");
            }
        }
    }
}

/// A few bytes that unpack to more than any data key has: the message is what is wrong, not gpg, nor the keys that are there.
#[test]
fn a_message_that_unpacks_to_too_much() {
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("a@x.y", "");
    let packed = home.gpg(&["-a", "-e", "--compress-algo", "bzip2", "-r", &fingerprint], &vec![0; 20 << 20]);
    let wrapped = Wrapped(String::from_utf8(packed).unwrap().trim().to_owned());
    let world = home.world();
    assert!(matches!(pgp(&fingerprint).unwrap(&wrapped, &world.session()), Err(UnwrapError::Corrupt)));
    let reasons = unwrap_any(&[(pgp(&fingerprint), wrapped)], &world.session()).expect_err("it is no data key");
    assert!(matches!(reasons[..], [UnwrapError::Corrupt]), "{reasons:?}");
}

#[test]
fn arguments_are_those_of_sops() {
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("a@x.y", "");
    let world = home.world();
    let wrapped = pgp(&fingerprint).wrap(&secret(32), &world.session()).expect("a fresh key");
    pgp(&fingerprint).unwrap(&wrapped, &world.session()).expect("our own key");
    let wrap =
        ["--no-default-recipient", "--yes", "--encrypt", "-a", "-r", &fingerprint, "--trusted-key", &fingerprint[24..], "--no-encrypt-to"];
    let runs = world.runs();
    assert_eq!(runs.len(), 2, "one to wrap, and one to unwrap a single record: {runs:?}");
    // Ours behind SOPS's: a wrapper may look at the first ones.
    assert_eq!(runs[0], [&wrap[..], &["--status-fd", "2"]].concat());
    assert_eq!(runs[1], ["-d", "--status-fd", "2"]);
}

#[test]
fn a_key_nobody_vouched_for_is_taken_as_sops_takes_it() {
    let (Some(ours), Some(theirs)) = (Home::new(), Home::new()) else { return };
    let fingerprint = theirs.key("them@x.y", "");
    ours.learn(&theirs, "them@x.y");
    let wrapped = pgp(&fingerprint).wrap(&secret(32), &ours.world().session()).expect("trusted by being named");
    assert!(pgp(&fingerprint).unwrap(&wrapped, &theirs.world().session()).expect("their key").equals(&secret(32)));
}

#[test]
#[cfg(unix)]
fn thirty_recipients_cost_two_processes() {
    let (Some(ours), Some(theirs)) = (Home::new(), Home::new()) else { return };
    let foreign = [theirs.key("b@x.y", ""), theirs.key("c@x.y", "")];
    let own = ours.key("a@x.y", "");
    for name in ["b@x.y", "c@x.y"] {
        ours.learn(&theirs, name);
    }
    let keys: Vec<_> = (0..30).map(|i| pgp(if i == 23 { &own } else { &foreign[i % 2] })).collect();
    let session = ours.world().session();
    let references: Vec<&dyn MasterKey> = keys.iter().map(|key| &**key).collect();
    let wrapped = backend(Kind::Pgp).wrap_many(&references, &secret(33), &session);
    let wrapped: Vec<Wrapped> = wrapped.into_iter().collect::<Result<_, _>>().expect("all are known");
    let records: Vec<_> = keys.into_iter().zip(wrapped).collect();

    let log = ours.folder.join("log");
    let wrapper = ours.script("gpg-counted", &format!("echo \"$*\" >> {}\nexec gpg \"$@\"", log.display()));
    let world = ours.world();
    world.set("SOPS_GPG_EXEC", wrapper);
    let session = world.session();
    let lines = || std::fs::read_to_string(&log).unwrap_or_default().lines().count();
    let (at, opened) = unwrap_any(&records, &session).expect("one is ours");
    assert_eq!(at, 23);
    assert!(opened.equals(&secret(33)));
    assert_eq!(lines(), 2, "one lists, one decrypts");
    unwrap_any(&records, &session).expect("one is ours");
    assert_eq!(lines(), 3, "the list is made once a session");

    // none of them ours: one process, and a reason for each
    let world = ours.world();
    let others: Vec<_> = records.into_iter().filter(|(key, _)| key.id() != own).collect();
    let reasons = unwrap_any(&others, &world.session()).expect_err("none is ours");
    assert_eq!(world.runs().len(), 1);
    assert_eq!(reasons.len(), 29);
    let place = format!("the secret keys of gpg in {} (GNUPGHOME)", ours.gpg_home().display());
    assert!(reasons.iter().all(|reason| *reason == UnwrapError::NotHeld { looked_in: vec![place.clone()], notes: vec![] }), "{reasons:?}");
}

#[test]
fn a_hidden_recipient_is_tried() {
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("a@x.y", "");
    home.key("b@x.y", "");
    let message = home.gpg(&["-e", "-a", "-R", &fingerprint, "--trust-model", "always"], secret(32).expose());
    let message = Wrapped(String::from_utf8(message).expect("armour is ASCII"));
    let other = Wrapped(message.0.clone());
    let records = [(pgp(&fingerprint), message), (pgp("b"), other)];
    let (_, opened) = unwrap_any(&records, &home.world().session()).expect("one of our keys fits");
    assert!(opened.equals(&secret(32)));
}

#[test]
fn a_passphrase_without_a_terminal_gives_advice() {
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("p@x.y", "sesame");
    home.kill();
    let wrapped = pgp(&fingerprint).wrap(&secret(32), &home.world().session()).expect("needs no passphrase");
    let error = pgp(&fingerprint).unwrap(&wrapped, &home.world().session()).expect_err("nobody can be asked");
    assert!(matches!(error, UnwrapError::NoTerminal { .. }), "{error:?}");
    let sub_key = &home.fingerprints("p@x.y")[1][24..];
    assert!(error.to_string().starts_with(&format!("no terminal to ask for the passphrase of the OpenPGP key {sub_key}")), "{error}");
}

#[test]
#[cfg(unix)]
fn passphrases_right_wrong_and_refused() {
    let Some(home) = Home::new() else { return };
    let records: Vec<_> = ["p@x.y", "q@x.y"].map(|name| home.key(name, "sesame")).map(|fingerprint| pgp(&fingerprint)).into();
    let session = home.world().session();
    let wrapped = records.iter().map(|key| key.wrap(&secret(32), &session).expect("needs no passphrase"));
    let records: Vec<_> = records.iter().cloned().zip(wrapped).collect();

    home.pinentry("sesame");
    assert!(unwrap_any(&records, &home.world().session()).expect("the right one").1.equals(&secret(32)));

    home.pinentry("wrong");
    let reasons = unwrap_any(&records, &home.world().session()).expect_err("the wrong one");
    for reason in reasons {
        assert!(matches!(&reason, UnwrapError::WrongPassphrase { what } if what.starts_with("the OpenPGP key ")), "{reason:?}");
    }

    home.pinentry("cancel");
    let world = home.world();
    let reasons = unwrap_any(&records, &world.session()).expect_err("given up");
    assert_eq!(reasons, [UnwrapError::Cancelled, UnwrapError::Cancelled]);
    assert_eq!(world.runs().len(), 2, "one list, one question: who gave up is not asked for the next key");
}

#[test]
fn what_cannot_wrap_says_why() {
    let Some(home) = Home::new() else { return };
    let session = home.world().session();
    let refused = |text: &str, part: &str| match pgp(text).wrap(&secret(32), &session) {
        Err(WrapError::Refused { why }) => assert!(why.contains(part), "{text}: {why}"),
        other => panic!("{text}: {other:?}"),
    };
    let old = [
        "--faked-system-time",
        "20200101T000000",
        "--passphrase",
        "",
        "--quick-gen-key",
        "e@x.y",
        "future-default",
        "default",
        "20200601T000000",
    ];
    home.gpg(&old, b"");
    refused(&home.fingerprints("e@x.y")[0], "expired");

    home.gpg(&["--passphrase", "", "--quick-gen-key", "s@x.y", "ed25519", "sign", "never"], b"");
    refused(&home.fingerprints("s@x.y")[0], "can only sign");

    let revoked = home.key("r@x.y", "");
    let certificate = home.gpg_home().join(format!("openpgp-revocs.d/{revoked}.rev"));
    let certificate = std::fs::read_to_string(certificate).expect("gpg makes one with the key").replace("\n:---", "\n---");
    home.gpg(&["--import"], certificate.as_bytes());
    refused(&revoked, "revoked");

    refused("0000000000000000000000000000000000000001", "does not know the public key");

    for text in ["AFF8BFAF", "e@x.y", " ", "-", "--version"] {
        let error = pgp(text).wrap(&secret(32), &session).expect_err(text);
        assert!(matches!(&error, WrapError::BadKey(why) if why.contains("fingerprint")), "{text}: {error:?}");
    }
}

#[test]
fn a_revoked_key_still_opens_old_files() {
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("r@x.y", "");
    let wrapped = pgp(&fingerprint).wrap(&secret(32), &home.world().session()).expect("not yet revoked");
    let certificate = home.gpg_home().join(format!("openpgp-revocs.d/{fingerprint}.rev"));
    let certificate = std::fs::read_to_string(certificate).expect("gpg makes one with the key").replace("\n:---", "\n---");
    home.gpg(&["--import"], certificate.as_bytes());
    assert!(pgp(&fingerprint).unwrap(&wrapped, &home.world().session()).expect("decrypting is allowed").equals(&secret(32)));
}

#[test]
fn a_stub_and_no_key_at_all() {
    let (Some(home), Some(empty)) = (Home::new(), Home::new()) else { return };
    let fingerprint = home.key("a@x.y", "");
    let wrapped = pgp(&fingerprint).wrap(&secret(32), &home.world().session()).expect("a fresh key");
    let sub_key = home.fingerprints("a@x.y").remove(1);

    let listing = String::from_utf8(home.gpg(&["--list-secret-keys", "--with-colons", "--with-keygrip"], b"")).expect("it is ASCII");
    let grip = listing.lines().filter_map(|line| line.strip_prefix("grp:")).nth(1).expect("one of the sub-key").trim_matches(':');
    std::fs::remove_file(home.gpg_home().join(format!("private-keys-v1.d/{grip}.key"))).expect("the agent keeps it there");
    let notes = |home: &Home| match pgp(&fingerprint).unwrap(&wrapped, &home.world().session()) {
        Err(UnwrapError::NotHeld { notes, .. }) => notes,
        other => panic!("{other:?}"),
    };
    let stub = notes(&home);
    assert!(stub.len() == 1 && stub[0].contains(&sub_key[24..]) && stub[0].contains("stub"), "{stub:?}");

    assert_eq!(notes(&empty), ["gpg has no secret key at all"]);

    // What SOPS reads itself, and gpg only once.
    std::fs::write(empty.gpg_home().join("secring.gpg"), "x").expect("it is ours");
    let ring = notes(&empty);
    assert!(ring.len() == 2 && ring[1].contains("old keyring") && ring[1].contains("gpg --import"), "{ring:?}");
    let world = empty.world();
    world.set("GNUPGHOME", "/nonexistent/home");
    let gone = match pgp(&fingerprint).unwrap(&wrapped, &world.session()) {
        Err(UnwrapError::NotHeld { notes, .. }) => notes,
        other => panic!("{other:?}"),
    };
    assert_eq!(gone, ["the folder /nonexistent/home, which GNUPGHOME names, is not there"]);

    std::fs::write(home.gpg_home().join("gpg.conf"), "agent-program /nonexistent\n").expect("it is ours");
    home.kill();
    let agent = notes(&home);
    assert!(agent.len() == 1 && agent[0].contains("gpg-agent"), "{agent:?}");
}

#[test]
fn no_gpg_at_all() {
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("a@x.y", "");
    let world = home.world();
    let wrapped = pgp(&fingerprint).wrap(&secret(32), &world.session()).expect("a fresh key");
    world.set("SOPS_GPG_EXEC", "/nonexistent/gpg2");
    let name = "/nonexistent/gpg2".to_owned();
    assert_eq!(pgp(&fingerprint).wrap(&secret(32), &world.session()), Err(WrapError::ProgramMissing { name: name.clone() }));
    let missing = UnwrapError::ProgramMissing { name };
    assert_eq!(pgp(&fingerprint).unwrap(&wrapped, &world.session()).expect_err("no program"), missing);
    let twice = [(pgp(&fingerprint), wrapped.clone()), (pgp(&fingerprint), Wrapped("junk".to_owned())), (pgp(&fingerprint), wrapped)];
    let reasons = unwrap_any(&twice, &world.session()).expect_err("no program");
    assert_eq!(reasons, [missing.clone(), UnwrapError::Corrupt, missing.clone()]);

    // With the keyrings of gpg 1 SOPS wants no program.
    let told = || {
        let session = world.session();
        let pgp = pgp(&fingerprint);
        let backend = backend(Kind::Pgp);
        (backend.trail(&*pgp, &session).join("\n"), backend.in_sops_words(&*pgp, &missing, &session))
    };
    assert_eq!(told(), (String::new(), missing.to_string()));
    let home = home.gpg_home();
    let rings = ["secring.gpg", "pubring.gpg"].map(|name| home.join(name));
    rings.iter().for_each(|ring| std::fs::write(ring, "x").expect("it is ours"));
    let [secret_ring, public_ring] =
        rings.map(|ring| format!("the keys of the old keyring {0} are read only once they are imported: gpg --import {0}", ring.display()));
    assert_eq!(told(), (format!("failed: {secret_ring}"), format!("{missing}; {secret_ring}")));
    let why = format!("the program /nonexistent/gpg2 was not found; {public_ring}");
    assert_eq!(pgp(&fingerprint).wrap(&secret(32), &world.session()), Err(WrapError::Unreachable { why }));
}

#[test]
fn damage_is_told_from_a_missing_key() {
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("a@x.y", "");
    let session = home.world().session();
    let wrapped = pgp(&fingerprint).wrap(&secret(32), &session).expect("a fresh key");
    let base64 = wrapped.0.find("\n\n").expect("there is an empty line") + 2;
    for (at, kind) in [(20, "session key"), (100, "session key"), (140, "data"), (200, "data")] {
        let mut text = wrapped.0.clone().into_bytes();
        text[base64 + at] = if text[base64 + at] == b'A' { b'B' } else { b'A' };
        let text = Wrapped(String::from_utf8(text).expect("still ASCII"));
        assert_eq!(pgp(&fingerprint).unwrap(&text, &session).expect_err(kind), UnwrapError::Corrupt, "{kind}, at {at}");
    }
    let half = Wrapped(wrapped.0[..wrapped.0.len() / 2].to_owned());
    assert_eq!(pgp(&fingerprint).unwrap(&half, &session).expect_err("cut"), UnwrapError::Corrupt);

    // no recipient to look for: gpg is not even started, and asks nobody for the passphrase of such a message
    let world = home.world();
    let armoured = |args: &[&str]| String::from_utf8(home.gpg(args, secret(32).expose())).expect("armour is ASCII");
    for text in [armoured(&["-a", "--passphrase", "x", "--symmetric"]), armoured(&["-a", "--store"]), "junk".to_owned(), String::new()] {
        assert_eq!(pgp(&fingerprint).unwrap(&Wrapped(text), &world.session()).expect_err("nobody's"), UnwrapError::Corrupt);
    }
    assert!(world.runs().is_empty());
}

/// sops seals, we open; we wrap the same data key, sops opens.
#[test]
fn with_sops_both_ways() {
    let Some(sops) = std::env::var_os("LEAFCRYPT_TEST_SOPS") else { return missing("sops (LEAFCRYPT_TEST_SOPS)") };
    let Some(home) = Home::new() else { return };
    let fingerprint = home.key("a@x.y", "");
    let sub_key = format!("{}!", home.fingerprints("a@x.y")[1]);
    let sops = Path::new(&sops).to_str().expect("a plain path").to_owned();
    std::fs::write(home.folder.join("plain.json"), "{\"a\": \"b\"}\n").expect("it is ours");
    for key in [fingerprint, sub_key] {
        let sealed =
            home.command(&sops).args(["--disable-version-check", "encrypt", "--pgp", &key, "plain.json"]).output().expect("sops starts");
        assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
        let sealed = String::from_utf8(sealed.stdout).expect("sops writes UTF-8");
        let start = sealed.find("\"enc\": \"").expect("there is a record") + 8;
        let end = start + sealed[start..].find('"').expect("the text ends");
        let session = home.world().session();
        let data_key = pgp(&key).unwrap(&Wrapped(sealed[start..end].replace("\\n", "\n")), &session).expect("sops wrapped it for us");
        assert_eq!(data_key.len(), 32);

        let ours = pgp(&key).wrap(&data_key, &session).expect("a good key");
        let text = format!("{}{}{}", &sealed[..start], ours.0.replace('\n', "\\n"), &sealed[end..]);
        std::fs::write(home.folder.join("ours.json"), text).expect("it is ours");
        let opened = home.command(&sops).args(["--disable-version-check", "decrypt", "ours.json"]).output().expect("sops starts");
        assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
        assert_eq!(String::from_utf8_lossy(&opened.stdout), "{\n\t\"a\": \"b\"\n}\n");
    }
}
