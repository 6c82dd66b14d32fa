//! SSH keys as ssh-keygen makes them, with and without a passphrase.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use leafcrypt_kms::{Beside, Cost, Kind, UnwrapError, Wrapped, backend};

use crate::age::{key, native, opens, wrapped};
use crate::gpg_home::missing;
use crate::scripted::{Scripted, printed};

/// A key pair.
struct Pair {
    private: String,
    /// With its comment.
    public: String,
}

/// What ssh-keygen makes of these arguments; none if it is not there (an error in CI).
fn made(args: &[&str], passphrase: &str) -> Option<Pair> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = std::env::temp_dir().join(format!("leafcrypt-ssh-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    std::fs::create_dir(&folder).unwrap();
    let path: PathBuf = folder.join("key");
    // One round of its key stretching: the tests of it are ssh's.
    let started = Command::new("ssh-keygen").args(["-q", "-a", "1", "-C", "u@h", "-N", passphrase, "-f"]).arg(&path).args(args).status();
    let pair = match started {
        Err(_) => {
            missing("ssh-keygen");
            None
        }
        Ok(status) => {
            assert!(status.success(), "ssh-keygen {args:?}");
            let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
            Some(Pair { private: read(path.clone()), public: read(path.with_extension("pub")).trim().to_owned() })
        }
    };
    std::fs::remove_dir_all(folder).unwrap();
    pair
}

const KINDS: [&[&str]; 4] = [
    &["-t", "ed25519"],
    &["-t", "rsa", "-b", "2048"],
    &["-t", "rsa", "-b", "2048", "-m", "PEM"],
    &["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
];

#[test]
fn a_key_of_each_kind_opens_from_each_place() {
    for kind in KINDS {
        let Some(pair) = made(kind, "") else { return };
        let wrapped = wrapped(&pair.public);
        let private = pair.private.clone();
        for world in [
            Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k").file("/k", pair.private.clone()),
            Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "print").program(move |_| printed(&private)),
            Scripted::new().env("HOME", "/h").file("/h/.ssh/id_ed25519", pair.private.clone()),
            Scripted::new().env("HOME", "/h").file("/h/.ssh/id_rsa", pair.private.replace('\n', "\r\n")),
            // As it was pasted.
            Scripted::new().env("HOME", "/h").file("/h/.ssh/id_rsa", pair.private.replace('\n', "  \n")),
            Scripted::new()
                .env("HOME", "/h")
                .file("/h/.ssh/id_rsa", pair.private.replace("OPENSSH PRIVATE KEY-----\nb3", "OPENSSH PRIVATE KEY-----\nComment: x\n\nb3")),
            // The same in front of the other forms, and a blank line alone.
            Scripted::new().env("HOME", "/h").file("/h/.ssh/id_rsa", pair.private.replacen("KEY-----\n", "KEY-----\nComment: x\n\n", 1)),
            Scripted::new().env("HOME", "/h").file("/h/.ssh/id_rsa", pair.private.replacen("KEY-----\n", "KEY-----\n\n", 1)),
        ] {
            let (session, world) = world.session();
            opens(&pair.public, &wrapped, &session);
            assert_eq!(world.count("ask"), 0);
        }
    }
}

#[test]
fn a_comment_belongs_to_the_key_and_not_to_what_opens_it() {
    let Some(pair) = made(KINDS[0], "") else { return };
    let keys = backend(Kind::Age).from_list(&format!(" {} ,{}", pair.public, pair.public), &Beside::default()).unwrap();
    assert!(keys.iter().all(|key| key.id() == pair.public && key.id().ends_with(" u@h")));
    let bare = pair.public.strip_suffix(" u@h").unwrap();
    let (session, _) = Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k").file("/k", pair.private).session();
    opens(bare, &wrapped(&pair.public), &session);
    opens(&pair.public, &wrapped(bare), &session);
}

#[test]
fn a_passphrase_is_asked_only_for_a_key_that_fits_and_once_a_run() {
    let (Some(mine), Some(other)) = (made(KINDS[0], "pass word"), made(KINDS[1], "other")) else { return };
    let world = Scripted::new().env("HOME", "/h").file("/h/.ssh/id_ed25519", mine.private).file("/h/.ssh/id_rsa", other.private);
    let (session, world) = world.answers(&["pass word"]).session();
    assert_eq!((key(&mine.public).cost(&session), key(&other.public).cost(&session)), (Cost::Prompt, Cost::Prompt));
    for _ in 0..3 {
        opens(&mine.public, &wrapped(&mine.public), &session);
    }
    let (_, stranger) = native();
    assert!(matches!(key(&stranger).unwrap(&wrapped(&stranger), &session), Err(UnwrapError::NotHeld { .. })));
    assert_eq!(world.happened(&["ask", "connect"]), [r#"ask Enter passphrase for "/h/.ssh/id_ed25519":"#]);
}

#[test]
fn an_open_key_goes_before_a_question() {
    let (Some(open), Some(closed)) = (made(KINDS[0], ""), made(KINDS[0], "x")) else { return };
    let (line, recipient) = native();
    let world = || Scripted::new().env("HOME", "/h").file("/h/.ssh/id_ed25519", closed.private.clone()).answers(&["x"]);
    let all = [&closed.public, &open.public, &recipient].map(|text| (key(text), wrapped(text)));
    for world in [world().file("/h/.ssh/id_rsa", open.private.clone()), world().env("SOPS_AGE_KEY", line)] {
        let (session, world) = world.session();
        let records: Vec<_> = all.iter().map(|(key, wrapped)| (&**key, wrapped)).collect();
        backend(Kind::Age).unwrap_any(&records, &session).unwrap_or_else(|why| panic!("{why:?}"));
        assert_eq!(world.count("ask"), 0);
    }
}

#[test]
fn a_wrong_passphrase_and_no_terminal() {
    let Some(pair) = made(KINDS[0], "right") else { return };
    let world = || Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k").file("/k", pair.private.clone());
    let check = |world: Scripted, expected: UnwrapError| {
        let (session, world) = world.session();
        for _ in 0..2 {
            assert_eq!(key(&pair.public).unwrap(&wrapped(&pair.public), &session).unwrap_err(), expected);
        }
        assert_eq!(world.count("ask"), 1, "asked once a run");
    };
    check(world().answers(&["wrong", "right"]), UnwrapError::WrongPassphrase { what: "/k".to_owned() });
    check(world().answers(&["", "right"]), UnwrapError::WrongPassphrase { what: "/k".to_owned() });
    check(world(), UnwrapError::NoTerminal { what: "/k".to_owned() });
    check(world().answers(&[]), UnwrapError::Cancelled);
}

#[test]
fn a_failure_hides_no_later_key() {
    let (Some(pair), Some(other)) = (made(KINDS[0], "right"), made(KINDS[1], "right")) else { return };
    let world = Scripted::new().env("HOME", "/h").file("/h/.ssh/id_ed25519", pair.private).file("/h/.ssh/id_rsa", other.private);
    let (session, world) = world.answers(&["wrong", "right"]).session();
    let records = [&pair.public, &other.public].map(|text| (key(text), wrapped(text)));
    let records: Vec<_> = records.iter().map(|(key, wrapped)| (&**key, wrapped)).collect();
    assert_eq!(backend(Kind::Age).unwrap_any(&records, &session).map(|(i, _)| i).unwrap_or_else(|why| panic!("{why:?}")), 1);
    assert_eq!(world.count("ask"), 2);
}

#[test]
fn a_command_is_told_the_recipient_and_run_once_for_each() {
    let (Some(a), Some(b)) = (made(KINDS[0], ""), made(KINDS[1], "")) else { return };
    let keys = [(a.public.clone(), a.private), (b.public.clone(), b.private)];
    let world = Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "print").program(move |command| {
        let wanted = command.env.iter().find(|(name, _)| name == "SOPS_AGE_RECIPIENT")?.1.to_str()?;
        printed(&keys.iter().find(|(public, _)| public == wanted)?.1)
    });
    let (session, world) = world.session();
    for _ in 0..2 {
        opens(&a.public, &wrapped(&a.public), &session);
        opens(&b.public, &wrapped(&b.public), &session);
    }
    let (_, native) = native();
    assert!(key(&native).unwrap(&wrapped(&native), &session).is_err());
    assert_eq!(world.count("run"), 2, "and not at all for what no SSH key opens");
}

#[test]
fn keys_that_cannot_be_used_say_why() {
    let trail = |world: Scripted, public: &str| -> Vec<String> {
        let (session, _) = world.answers(&["x"]).session();
        let wrapped = wrapped(public);
        key(public).unwrap(&wrapped, &session).expect_err("it cannot be used");
        backend(Kind::Age).trail(&*key(public), &session).into_iter().filter(|line| line.starts_with("failed")).collect()
    };
    let Some(pair) = made(KINDS[0], "") else { return };
    let check = |text: &str, why: &str| {
        let world = Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k").file("/k", text).env("HOME", "/h");
        assert_eq!(trail(world, &pair.public), [format!(r#"failed: malformed SSH identity in "/k": {why}"#)]);
    };
    let unusable = |args: &[&str], passphrase: &str| made(args, passphrase).unwrap().private;
    check(&unusable(&["-t", "ecdsa"], ""), "unsupported SSH identity type: *ecdsa.PrivateKey");
    check(&unusable(&["-t", "ecdsa"], "x"), "unsupported SSH identity type: *ecdsa.PrivateKey");
    check(&unusable(&["-t", "ecdsa", "-m", "PEM"], ""), "unsupported SSH identity type: *ecdsa.PrivateKey");
    let pkcs8 = "this kind of PKCS #8 key is not supported (`ssh-keygen -p -f FILE` writes it anew)";
    check(&unusable(&["-t", "rsa", "-b", "2048", "-m", "PKCS8"], "long enough"), pkcs8);
    check(&unusable(&["-t", "ecdsa", "-m", "PKCS8"], ""), pkcs8);
    check("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n", pkcs8);
    check(
        &unusable(&["-t", "rsa", "-b", "2048", "-m", "PEM"], "long enough"),
        "its old PEM encryption is not supported (`ssh-keygen -p -f FILE` writes it anew)",
    );
    check(&unusable(&["-t", "ed25519", "-Z", "chacha20-poly1305@openssh.com"], "x"), "the cipher of its passphrase is not supported");
    for none in ["", "hunter2", &pair.public, &pair.private[..pair.private.len() / 2]] {
        check(none, "ssh: no key found");
    }
    check(&"x".repeat(70_000), "ssh: the key is too long");
    let closed = unusable(KINDS[0], "x");
    let world = |text: String| Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "p").env("HOME", "/h").program(move |_| printed(&text));
    assert_eq!(
        trail(world(closed), &pair.public),
        ["failed: the SSH key returned by running SOPS_AGE_SSH_PRIVATE_KEY_CMD is password protected, which is unsupported"]
    );
    assert_eq!(
        trail(world("hunter2".to_owned()), &pair.public),
        [r#"failed: malformed SSH identity returned by running SOPS_AGE_SSH_PRIVATE_KEY_CMD: "ssh: no key found""#]
    );
}

#[test]
fn a_recipient_too_small_too_large_or_of_another_kind_is_refused() {
    let (Some(small), Some(ecdsa)) = (made(&["-t", "rsa", "-b", "1024"], ""), made(&["-t", "ecdsa"], "")) else { return };
    let refused = |text: &str| backend(Kind::Age).from_list(text, &Beside::default()).unwrap_err().0;
    assert_eq!(
        refused(&small.public),
        format!("failed to parse input as age-ssh public key: malformed SSH recipient: {:?}: RSA key size is too small", small.public)
    );
    assert_eq!(refused(&ecdsa.public), format!("failed to parse input, unknown recipient type: {:?}", ecdsa.public));
    // A limit of the age crate, which SOPS does not have: so we say what to do.
    let Some(large) = made(&["-t", "rsa", "-b", "4104"], "") else { return };
    let advice = "RSA key size is too large: up to 4096 bits can be used; ssh-keygen -t ed25519 makes a key that can";
    assert!(refused(&large.public).ends_with(advice), "{}", refused(&large.public));
    let (session, _) = Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k").file("/k", large.private).session();
    let (_, native) = native();
    key(&native).unwrap(&wrapped(&native), &session).expect_err("no key of ours");
    let trail = backend(Kind::Age).trail(&*key(&native), &session).join("\n");
    assert!(trail.contains(advice), "{trail}");
}

#[test]
fn a_changed_record_opens_with_no_byte_changed() {
    let Some(pair) = made(KINDS[0], "") else { return };
    let (session, _) = Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k").file("/k", pair.private).session();
    let text = wrapped(&pair.public).0;
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let reason = key(&pair.public).unwrap(&Wrapped(String::from_utf8(bytes).unwrap()), &session).expect_err("a changed byte");
        assert!(matches!(reason, UnwrapError::Corrupt | UnwrapError::NotHeld { .. }), "byte {at}: {reason:?}");
    }
}
