//! Where age identities lie: every source, what each failure says, and that none hides another.

use leafcrypt_kms::{Command, Fields, Finished, Kind, Secret, UnwrapError, Wrapped, backend};

use crate::age::{bech32, data_key, key, native, opens, wrapped, wrapped_as};
use crate::scripted::{Scripted, printed};

/// What is told when nothing opens.
fn trail(world: Scripted) -> Vec<String> {
    let (_, recipient) = native();
    trail_of(world, &recipient, &wrapped(&recipient))
}

fn trail_of(world: Scripted, recipient: &str, wrapped: &Wrapped) -> Vec<String> {
    let (session, _) = world.session();
    key(recipient).unwrap(wrapped, &session).expect_err("no key fits");
    backend(Kind::Age).trail(&*key(recipient), &session)
}

/// A program that ended like this.
fn ended(status: Option<i32>) -> Option<Finished> {
    Some(Finished { status, stdout: Secret::new(Vec::new()), stderr: b"secret on stderr".to_vec() })
}

fn variable<'c>(command: &'c Command, name: &str) -> &'c str {
    command.env.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.to_str().unwrap())
}

#[test]
fn every_place_is_told_with_what_it_came_to() {
    let (line, _) = native();
    let world = || Scripted::new().env("HOME", "/h");
    let check = |world: Scripted, expected: &str| assert!(trail(world).contains(&expected.to_owned()), "{expected}");
    assert_eq!(
        trail(world()),
        [
            "looked in SOPS_AGE_SSH_PRIVATE_KEY_FILE (not set)",
            "looked in SOPS_AGE_SSH_PRIVATE_KEY_CMD (not set)",
            "looked in /h/.ssh/id_ed25519 (not there)",
            "looked in /h/.ssh/id_rsa (not there)",
            "looked in SOPS_AGE_KEY (not set)",
            "looked in SOPS_AGE_KEY_FILE (not set)",
            "looked in SOPS_AGE_KEY_CMD (not set)",
            "looked in /h/.config/sops/age/keys.txt (not there)",
        ]
    );
    check(world().env("SOPS_AGE_KEY", &line), "looked in SOPS_AGE_KEY (1 key)");
    check(world().env("SOPS_AGE_KEY", format!("{line} {line}")), "looked in SOPS_AGE_KEY (2 keys)");
    check(world().env("SOPS_AGE_KEY", "# none"), "looked in SOPS_AGE_KEY (no key in it)");
    check(world().env("SOPS_AGE_KEY_FILE", "/k").file("/k", line.clone()), "looked in SOPS_AGE_KEY_FILE=/k (1 key)");
    check(world().env("SOPS_AGE_KEY_FILE", "/k").folder("/k"), "looked in SOPS_AGE_KEY_FILE=/k (a folder)");
    check(world().env("SOPS_AGE_KEY_FILE", "/k"), "looked in SOPS_AGE_KEY_FILE=/k (unusable)");
    check(world().env("SOPS_AGE_KEY_CMD", "k").program(|_| printed("")), "looked in SOPS_AGE_KEY_CMD (no key in it)");
    check(world().env("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "k"), "looked in SOPS_AGE_SSH_PRIVATE_KEY_CMD (not asked)");
    check(world().env("SOPS_AGE_KEY_FILE", "/dev/null"), "looked in SOPS_AGE_KEY_FILE=/dev/null (no key in it)");
    check(world().env("XDG_CONFIG_HOME", "relative"), "looked in keys.txt (unusable)");
    assert_eq!(trail(Scripted::new()).len(), 7, "without a home there are no standard SSH keys");
}

#[test]
fn what_is_wrong_with_a_source_is_told_and_nothing_of_its_content() {
    let (line, _) = native();
    let check = |world: Scripted, expected: &[&str]| {
        let told: Vec<_> =
            trail(world.env("HOME", "/h")).into_iter().filter_map(|l| l.strip_prefix("failed: ").map(str::to_owned)).collect();
        assert_eq!(told, expected);
    };
    let in_file = |text: &str| Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", text);
    check(Scripted::new().env("SOPS_AGE_KEY_FILE", "/k"), &["failed to open SOPS_AGE_KEY_FILE file: open /k: no such file or directory"]);
    check(Scripted::new().env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/k"), &["failed to open file: open /k: no such file or directory"]);
    check(
        Scripted::new().env("SOPS_AGE_KEY", "hunter2"),
        &["failed to parse 'SOPS_AGE_KEY' age identities: unknown identity type (line 1)"],
    );
    check(
        in_file(&format!("# c\n\n{line}\nhunter2\nalso bad\n")),
        &[
            "failed to parse 'SOPS_AGE_KEY_FILE=/k' age identities: unknown identity type (line 4)",
            "failed to parse 'SOPS_AGE_KEY_FILE=/k' age identities: unknown identity type (line 5)",
            "failed to parse 'SOPS_AGE_KEY_FILE=/k' age identities: unknown identity type (line 5)",
        ],
    );
    let one = |why: &str| format!("failed to parse 'SOPS_AGE_KEY_FILE=/k' age identities: {why} (line 1)");
    for (text, why) in [
        ("AGE-SECRET-KEY-1QQQ".to_owned(), "malformed secret key: separator '1' at invalid position: pos=15, len=19"),
        (line.replace(&line[70..], "B234"), "malformed secret key: invalid character data part"),
        (line[..line.len() - 1].to_owned() + if line.ends_with('Q') { "P" } else { "Q" }, "malformed secret key: invalid checksum"),
        (line.to_lowercase(), "unknown identity type"),
        ("AGE-SECRET-KEY-PQ-1QQQQQQQ".to_owned(), "malformed secret key: invalid checksum"),
        ("AGE-PLUGIN-FOO-1QQQQQQ".to_owned(), "invalid identity encoding: invalid checksum"),
        ("ssh-ed25519 AAAA".to_owned().replace(' ', ""), "unknown identity type"),
        ("\u{fffd}é".to_owned(), "unknown identity type"),
    ] {
        check(in_file(&text), &[&one(why)]);
    }
    // A key of SSH has a place of its own.
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n";
    let why = "unknown identity type: a private key of SSH stands there; SOPS_AGE_SSH_PRIVATE_KEY_FILE names a file with one";
    check(in_file(ssh), &[&one(why)]);
    let no_place = "user config directory could not be determined: path in $XDG_CONFIG_HOME is relative";
    check(Scripted::new().env("XDG_CONFIG_HOME", "relative"), &[no_place]);
    let huge = format!("#{}", "x".repeat(16 << 20));
    check(in_file(&huge), &["failed to read '/k': file too long"]);
}

#[test]
fn good_keys_beside_a_bad_line_are_used() {
    let (line, recipient) = native();
    let wrapped = wrapped(&recipient);
    for text in [
        format!("nonsense\n{line}"),
        format!("{line} # whose\nAGE-SECRET-KEY-1X"),
        format!("  {line}\t\r\n"),
        format!("\u{feff}{line}\r\n"),
        format!("-----BEGIN RSA PRIVATE KEY-----\nAA\n-----END RSA PRIVATE KEY-----\n{line}\n"),
        format!("-----BEGIN RSA PRIVATE KEY-----\n{line}\n"),
    ] {
        let (session, _) = Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", text).session();
        opens(&recipient, &wrapped, &session);
    }
}

#[test]
fn no_source_hides_another() {
    let (line, recipient) = native();
    let (other, _) = native();
    let wrapped = wrapped(&recipient);
    let all_but = |fits: usize| {
        let at = |i: usize| if i == fits { line.clone() } else { other.clone() };
        let by_command = at(2);
        Scripted::new()
            .env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/missing")
            .env("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "missing")
            .env("SOPS_AGE_KEY", at(0))
            .env("SOPS_AGE_KEY_FILE", "/k")
            .file("/k", at(1))
            .env("SOPS_AGE_KEY_CMD", "print")
            .program(move |_| printed(&by_command))
            .env("XDG_CONFIG_HOME", "/c")
            .file("/c/sops/age/keys.txt", at(3))
    };
    for fits in 0..4 {
        let (session, _) = all_but(fits).session();
        opens(&recipient, &wrapped, &session);
    }
}

#[test]
fn a_key_at_hand_starts_nothing() {
    let (line, recipient) = native();
    let world = Scripted::new().env("SOPS_AGE_KEY_CMD", "print").env("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "print").env("SOPS_AGE_KEY", line);
    let (session, world) = world.program(|_| printed("")).session();
    opens(&recipient, &wrapped(&recipient), &session);
    assert_eq!(world.happened(&["run", "ask", "talk", "connect"]), [""; 0]);
}

#[test]
fn a_command_is_run_once_for_each_recipient_and_told_which() {
    let keys: Vec<_> = (0..3).map(|_| native()).collect();
    let lines = keys.clone();
    let (session, world) = Scripted::new()
        .env("SOPS_AGE_KEY_CMD", "'my keys' --for \"a b\"")
        .program(move |command| {
            let wanted = variable(command, "SOPS_AGE_RECIPIENT");
            printed(lines.iter().find(|(_, recipient)| recipient == wanted).map_or("", |(line, _)| line))
        })
        .session();
    for _ in 0..2 {
        for (_, recipient) in &keys {
            opens(recipient, &wrapped(recipient), &session);
        }
    }
    assert_eq!(world.happened(&["run"]), ["run my keys --for a b"; 3]);
}

#[test]
fn what_a_command_printed_serves_other_recipients() {
    let ((a_line, a), (b_line, b)) = (native(), native());
    let (session, world) =
        Scripted::new().env("SOPS_AGE_KEY_CMD", "k").program(move |_| printed(&format!("{a_line}\n{b_line}\n"))).session();
    opens(&a, &wrapped(&a), &session);
    opens(&b, &wrapped(&b), &session);
    assert_eq!(world.count("run"), 1);
}

#[test]
fn a_command_that_fails_says_how_and_not_what_it_was() {
    let check = |command: &str, program: fn(&Command) -> Option<Finished>, expected: &str| {
        let told = trail(Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY_CMD", command).program(program));
        assert_eq!(told[0], format!("failed: {expected}"));
        assert!(told.iter().all(|line| !line.contains("hunter2") && !line.contains("stderr")), "{told:?}");
    };
    check("get hunter2", |_| ended(Some(1)), "failed to execute command from SOPS_AGE_KEY_CMD: exit status 1");
    check("get hunter2", |_| None, "failed to execute command from SOPS_AGE_KEY_CMD: executable file not found in $PATH");
    check("get hunter2", |_| ended(None), "failed to execute command from SOPS_AGE_KEY_CMD: no answer within 120 s");
    check("get 'hunter2", |_| None, "failed to parse command from SOPS_AGE_KEY_CMD: EOF found when expecting closing quote");
    for empty in [" ", "#all of it", "''"] {
        check(empty, |_| None, "failed to execute command from SOPS_AGE_KEY_CMD: it is empty");
    }
    let killed = |_: &Command| Some(Finished { status: None, stdout: Secret::new(b"x".to_vec()), stderr: Vec::new() });
    check("k", killed, "failed to execute command from SOPS_AGE_KEY_CMD: ended by a signal");
    check("k", |_| printed("hunter2"), "failed to parse 'SOPS_AGE_KEY_CMD' age identities: unknown identity type (line 1)");
}

#[test]
fn an_empty_command_variable_is_not_set() {
    assert!(trail(Scripted::new().env("SOPS_AGE_KEY_CMD", "")).contains(&"looked in SOPS_AGE_KEY_CMD (not set)".to_owned()));
}

#[test]
fn a_broken_command_hides_no_other_source() {
    let (line, recipient) = native();
    let world = Scripted::new().env("SOPS_AGE_KEY_CMD", "false").program(|_| ended(Some(1)));
    let (session, _) = world.env("XDG_CONFIG_HOME", "/c").file("/c/sops/age/keys.txt", line).session();
    opens(&recipient, &wrapped(&recipient), &session);
}

#[test]
fn hybrid_recipients_are_kept_and_say_what_they_need() {
    let recipient = bech32("age1pq", &[7; 1216]);
    let (session, world) = Scripted::new().session();
    let hybrid = key(&recipient);
    assert_eq!(hybrid.fields(), Fields::default().with("recipient", &recipient));
    assert_eq!(hybrid.wrap(&data_key(), &session).unwrap_err().to_string(), "this build has no hybrid post-quantum age (age1pq1…) keys");
    assert_eq!(world.happened(&["talk"]), ["talk age-plugin-pq --age-plugin=recipient-v1"]);
    let why = hybrid.unwrap(&wrapped_as("mlkem768x25519", &["AAAA"]), &session).unwrap_err();
    assert_eq!(why, UnwrapError::NotBuilt { feature: "hybrid post-quantum age (age1pq1…)" });
}

/// Told before something is sealed, so only where it is sure; nobody is asked, and nothing is started.
#[test]
fn whether_what_is_at_hand_opens_it() {
    let ((line, mine), (other_line, other)) = (native(), native());
    let opens = |world: Scripted, recipient: &str| {
        let (session, world) = world.program(|_| None).session();
        let opens = backend(Kind::Age).opens(&*key(recipient), &session);
        assert!(
            !world.log.lock().unwrap().iter().any(|line| line.starts_with("run") || line.starts_with("ask") || line.starts_with("talk"))
        );
        opens
    };
    let world = || Scripted::new().env("HOME", "/h").file("/h/.config/sops/age/keys.txt", format!("{line}\n"));
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKvs+FpAYk2baNJCx9fH0H2G4pVeIMPukXG/2p3AYX5W";
    assert_eq!(opens(world(), &mine), Some(true));
    for recipient in [&other, ssh, "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"] {
        assert_eq!(opens(world(), recipient), Some(false), "{recipient}");
        // Nobody keeps one here; or nobody can tell.
        assert_eq!(opens(Scripted::new().env("HOME", "/h"), recipient), None);
        for (name, value) in [("SOPS_AGE_KEY_CMD", "x"), ("SOPS_AGE_KEY_FILE", "/none"), ("SOPS_AGE_KEY", "nonsense")] {
            assert_eq!(opens(world().env(name, value), recipient), None, "{recipient} {name}");
        }
        assert_eq!(opens(world().env("SOPS_AGE_KEY", crate::age_plugin::identity()), recipient), None, "{recipient}");
    }
    assert_eq!(opens(world().env("SOPS_AGE_KEY", other_line), &other), Some(true));
    for (name, value) in [("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "x"), ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "/none")] {
        assert_eq!(opens(world().env(name, value), ssh), None, "{name}");
        assert_eq!(opens(world().env(name, value), &other), Some(false), "{name}");
    }
}
