//! What gpg's status lines mean, for failures that no test can bring about (cards, agents). The lines were recorded from gpg 2.2, or are those of
//! its source with another error number.

use std::sync::Mutex;

use leafcrypt_kms::{Beside, Finished, Kind, Secret, Session, UnwrapError, WrapError, Wrapped, backend};

use crate::scripted::Scripted;

/// What a run leaves behind: status, standard output, standard error.
type Answer = (Option<i32>, &'static str, String);

/// A session in which each run of gpg gets the next answer.
fn session(answers: Vec<Answer>) -> Session {
    let answers = Mutex::new(answers.into_iter());
    let gpg = move |command: &leafcrypt_kms::Command| {
        assert_eq!(command.program, "gpg");
        let next = answers.lock().expect("no test panics in here").next();
        let (status, stdout, stderr) = next.unwrap_or_else(|| panic!("one run more than expected: {:?}", command.args));
        Some(Finished { status, stdout: Secret::new(stdout.into()), stderr: stderr.into() })
    };
    Scripted::new().program(gpg).session().0
}

/// For the key 2E5BD7CD5B294B248E77177FD1A785AB4FD5CDFB; nothing after its session key.
const MESSAGE: &str = "-----BEGIN PGP MESSAGE-----\n\nhQAMA9GnhatP1c37EgAA\n-----END PGP MESSAGE-----";

fn unwrap(answers: Vec<Answer>) -> Result<Secret, UnwrapError> {
    let key = backend(Kind::Pgp).from_list("D1A785AB4FD5CDFB", &Beside::default()).expect("every text is a key").remove(0);
    key.unwrap(&Wrapped(MESSAGE.to_owned()), &session(answers))
}

fn wrap(answers: Vec<Answer>) -> Result<Wrapped, WrapError> {
    let key = backend(Kind::Pgp).from_list("D1A785AB4FD5CDFB", &Beside::default()).expect("every text is a key").remove(0);
    key.wrap(&Secret::new(vec![7; 32]), &session(answers))
}

#[test]
fn errors_of_the_secret_key() {
    const AGENT: u32 = 4 << 24;
    const PINENTRY: u32 = 5 << 24;
    const SCDAEMON: u32 = 6 << 24;
    for (number, kind, part) in [
        (1 << 24 | 10, "Corrupt", ""),
        (2 << 24 | 18, "Corrupt", ""),
        (AGENT | 11, "WrongPassphrase", "incorrect passphrase for the OpenPGP key D1A785AB4FD5CDFB"),
        (AGENT | 17, "Denied", "gpgconf --kill gpg-agent"),
        (PINENTRY | 62, "Denied", "in time"),
        (2 << 24 | 77, "Unreachable", "gpgconf --launch gpg-agent"),
        (AGENT | 85, "NoTerminal", "pinentry-program in gpg-agent.conf"),
        (SCDAEMON | 87, "Denied", "PIN"),
        (PINENTRY | 99, "Cancelled", ""),
        (PINENTRY | 198, "Cancelled", ""),
        (SCDAEMON | 112, "Denied", "gpg --card-status"),
        (AGENT | 119, "Denied", "gpg --card-status"),
        (SCDAEMON | 1, "Denied", "gpg --card-status"),
        (AGENT | 177, "NoTerminal", "GPG_TTY"),
        // inappropriate ioctl for device, no such file, no such device
        (83_918_950, "NoTerminal", "export GPG_TTY=$(tty)"),
        (83_918_929, "NoTerminal", "export GPG_TTY=$(tty)"),
        (AGENT | 0x8051, "Denied", "error 32849 of libgpg-error"),
    ] {
        let said = format!(
            "[GNUPG:] ENC_TO D1A785AB4FD5CDFB 18 0\ngpg: encrypted with 255-bit ECDH key, ID D1A785AB4FD5CDFB\n      \"raw@x.y\"\ngpg: public key decryption failed: RAW\n[GNUPG:] ERROR pkdecrypt_failed {number}\n[GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] DECRYPTION_FAILED\ngpg: decryption failed: No secret key\n[GNUPG:] END_DECRYPTION\n"
        );
        let error = unwrap(vec![(Some(2), "", said)]).expect_err("it failed");
        assert!(format!("{error:?}").starts_with(kind), "{number}: {error:?}");
        assert!(error.to_string().contains(part), "{number}: {error}");
        assert!(!error.to_string().contains("RAW") && !error.to_string().contains("raw@"), "gpg's own words: {error}");
    }
}

#[test]
fn other_ends_of_a_decryption() {
    let said = |text: &str| text.to_owned();
    // decrypted, but changed on the way; what was printed is not used
    let manipulated = "[GNUPG:] DECRYPTION_KEY 2E5B FB1D u\n[GNUPG:] BADMDC\n[GNUPG:] DECRYPTION_FAILED\n[GNUPG:] END_DECRYPTION\n";
    assert_eq!(unwrap(vec![(Some(2), "half", said(manipulated))]).expect_err("manipulated"), UnwrapError::Corrupt);
    // zero bytes returned
    assert_eq!(unwrap(vec![(Some(0), "", said(""))]).expect_err("nothing printed"), UnwrapError::Corrupt);
    // gpg fails over the agent's missing card daemon, after it has decrypted
    let opened = "[GNUPG:] CARDCTRL 6\n[GNUPG:] DECRYPTION_KEY 2E5B FB1D u\n[GNUPG:] DECRYPTION_OKAY\n[GNUPG:] END_DECRYPTION\n";
    assert_eq!(unwrap(vec![(Some(2), "plain", said(opened))]).expect("it did decrypt").expose(), b"plain");
    // a program that is no gpg
    let why = |status, said: &str| match unwrap(vec![(status, "", said.to_owned())]) {
        Err(UnwrapError::Denied { why }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(Some(1), "RAW words"), "gpg ended with status 1 and gave no reason");
    assert_eq!(why(None, "RAW words"), "gpg was ended by a signal");
    // loopback, and no terminal
    let loopback = "[GNUPG:] USERID_HINT 1E2941105C03B2EC p@x.y\n[GNUPG:] NEED_PASSPHRASE 1E2941105C03B2EC BA8AEB9F4028B547 18 0\n";
    assert!(matches!(unwrap(vec![(Some(2), "", said(loopback))]), Err(UnwrapError::NoTerminal { .. })));
}

#[test]
fn no_secret_key() {
    let missing = "[GNUPG:] ENC_TO D1A785AB4FD5CDFB 18 0\n[GNUPG:] NO_SECKEY D1A785AB4FD5CDFB\n[GNUPG:] DECRYPTION_FAILED\n";
    let notes = |status, listing| match unwrap(vec![(Some(2), "", missing.to_owned()), (Some(status), listing, String::new())]) {
        Err(UnwrapError::NotHeld { looked_in, notes }) => {
            assert_eq!(looked_in, ["the secret keys of gpg in ~/.gnupg"]);
            notes
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(notes(0, ""), ["gpg has no secret key at all"]);
    assert!(notes(2, "")[0].contains("gpgconf --launch gpg-agent"));
    assert!(notes(0, "sec:u:255:22:0000000000000001:1:::u:::sc:::+::ed25519:::0:\n").is_empty());
    let stub = "sec:u:255:22:0000000000000001:1:::u:::sc:::+::ed25519:::0:\nssb:u:255:18:D1A785AB4FD5CDFB:1::::::e:::#::cv25519::\n";
    assert!(notes(0, stub)[0].contains("of the OpenPGP key D1A785AB4FD5CDFB gpg has a stub only"));
}

#[test]
fn wraps_that_fail() {
    let said = |text: &str| text.to_owned();
    let refused = |answers| match wrap(answers) {
        Err(WrapError::Refused { why }) => why,
        other => panic!("{other:?}"),
    };
    let doubted = "gpg: D1A785AB4FD5CDFB: There is no assurance this key belongs to the named user\n";
    assert!(refused(vec![(Some(2), "", said(doubted))]).contains("--lsign-key"), "without --batch there is no status line");
    let doubted = format!("{doubted}[GNUPG:] INV_RECP 10 D1A7\n[GNUPG:] FAILURE encrypt 53\n");
    assert!(refused(vec![(Some(2), "", doubted)]).contains("--lsign-key"));
    assert!(refused(vec![(Some(2), "", said("[GNUPG:] INV_RECP 1 D1A7\n[GNUPG:] FAILURE encrypt 9\n"))]).contains("gpg --import"));

    let unusable = || (Some(2), "", said("[GNUPG:] INV_RECP 0 D1A7\n[GNUPG:] FAILURE encrypt 53\n"));
    for (listing, part) in [
        ("pub:-:255:22:CB37:1:::u:::scED:::::ed25519:::0:\nsub:-:255:18:0386:1::::::e:::::cv25519::\n", "disabled"),
        (
            "pub:u:255:22:CB37:1:::u:::scES:::::ed25519:::0:\nsub:e:255:18:0386:1:2:::::e:::::cv25519::\n",
            "sub-keys for encryption have expired",
        ),
        ("pub:u:255:22:CB37:1:::u:::scES:::::ed25519:::0:\nsub:u:255:18:0386:1:2:::::e:::::cv25519::\n", "no usable key"),
        ("junk\n\npub\n", "no usable key"),
    ] {
        let why = refused(vec![unusable(), (Some(0), listing, String::new())]);
        assert!(why.contains(part), "{why}");
    }
    assert_eq!(refused(vec![(Some(0), "", said(""))]), "gpg ended with status 0 and gave no reason", "nothing printed");
    assert_eq!(refused(vec![(Some(1), "", said("RAW"))]), "gpg ended with status 1 and gave no reason");
    assert_eq!(wrap(vec![(None, "", said(""))]), Err(WrapError::Cancelled));
}
