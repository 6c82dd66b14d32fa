//! Identity files with a passphrase: who is asked, how often, and what else goes wrong.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use age::scrypt;
use age_core::secrecy::SecretString;
use leafcrypt_kms::{Command, Cost, Kind, UnwrapError, backend};

use crate::age::{armoured, key, native, opens, wrapped};
use crate::scripted::{Scripted, printed};

/// An armoured identity file; little work to open.
pub fn locked(content: &str, passphrase: &str) -> Vec<u8> {
    locked_with(content, passphrase, 2)
}

fn locked_with(content: &str, passphrase: &str, work: u8) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(work);
    armoured(&recipient, content.as_bytes())
}

fn binary(armoured: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut age::armor::ArmoredReader::new(armoured), &mut bytes).unwrap();
    bytes
}

const SOCKET: &str = "/run/agent";

/// An agent that has or gets these passphrases, in hexadecimal or `ERR …`; nothing more: it has nobody to ask. What it was told goes to the other end.
fn agent(answers: &'static [&'static str]) -> (impl Fn(UnixStream, &Command) + Send + Sync + 'static, std::sync::mpsc::Receiver<String>) {
    let (told, heard) = std::sync::mpsc::channel();
    let answers = std::sync::Mutex::new(answers.iter());
    let peer = move |stream: UnixStream, _: &Command| {
        let mut out = stream.try_clone().unwrap();
        writeln!(out, "OK Pleased to meet you").unwrap();
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let answer = match line.split(' ').next() {
                Some("GET_PASSPHRASE") => answers.lock().unwrap().next().unwrap_or(&"ERR 83886254 No pinentry <GPG Agent>"),
                _ => "OK",
            };
            told.send(line).unwrap();
            writeln!(out, "S PROGRESS tick\n{answer}").unwrap();
        }
    };
    (peer, heard)
}

#[test]
fn a_passphrase_opens_a_file_from_each_source_and_is_asked_once_a_run() {
    let (line, recipient) = native();
    let file = locked(&format!("# made by us\n{line}\n"), "pass word");
    let text = String::from_utf8(file.clone()).unwrap();
    let for_command = text.clone();
    for (world, place) in [
        (Scripted::new().env("SOPS_AGE_KEY", text.clone()), "SOPS_AGE_KEY"),
        (Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", file.clone()), "SOPS_AGE_KEY_FILE"),
        (Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", binary(&file)), "SOPS_AGE_KEY_FILE"),
        (Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", text.replace('\n', "\r\n")), "SOPS_AGE_KEY_FILE"),
        (Scripted::new().env("SOPS_AGE_KEY_CMD", "k").program(move |_| printed(&for_command)), "SOPS_AGE_KEY_CMD"),
        (Scripted::new().env("XDG_CONFIG_HOME", "/c").file("/c/sops/age/keys.txt", file.clone()), "/c/sops/age/keys.txt"),
    ] {
        let (session, world) = world.answers(&["pass word"]).session();
        assert_ne!(key(&recipient).cost(&session), Cost::Silent);
        for _ in 0..3 {
            opens(&recipient, &wrapped(&recipient), &session);
        }
        assert_eq!(world.happened(&["ask"]), [format!("ask Enter passphrase for identity '{place}':")]);
        assert_eq!(key(&recipient).cost(&session), Cost::Silent, "{place} is open now");
    }
}

#[test]
fn a_key_at_hand_goes_before_a_question() {
    let ((line, recipient), (other, _)) = (native(), native());
    let file = locked(&other, "x");
    let commanded = line.clone();
    for world in [
        Scripted::new().env("XDG_CONFIG_HOME", "/c").file("/c/sops/age/keys.txt", line),
        Scripted::new().env("SOPS_AGE_KEY_CMD", "k").program(move |_| printed(&commanded)),
    ] {
        let (session, world) = world.env("SOPS_AGE_KEY_FILE", "/k").file("/k", file.clone()).answers(&["x"]).session();
        opens(&recipient, &wrapped(&recipient), &session);
        assert_eq!(world.happened(&["ask", "connect"]), [""; 0]);
    }
}

#[test]
fn wrong_absent_and_cancelled() {
    let (line, recipient) = native();
    let file = locked(&line, "right");
    let check = |world: Scripted, expected: UnwrapError| {
        let (session, world) = world.env("SOPS_AGE_KEY_FILE", "/k").file("/k", file.clone()).session();
        for _ in 0..2 {
            assert_eq!(key(&recipient).unwrap(&wrapped(&recipient), &session).unwrap_err(), expected);
        }
        assert_eq!(world.count("ask"), 1, "asked once a run");
    };
    let what = "SOPS_AGE_KEY_FILE".to_owned();
    check(Scripted::new().answers(&["wrong", "right"]), UnwrapError::WrongPassphrase { what: what.to_owned() });
    check(Scripted::new().answers(&[""]), UnwrapError::WrongPassphrase { what: what.to_owned() });
    check(Scripted::new(), UnwrapError::NoTerminal { what });
    check(Scripted::new().answers(&[]), UnwrapError::Cancelled);
}

#[test]
fn a_failing_file_hides_no_other_and_one_file_is_asked_for_once() {
    let ((line, recipient), (other, _)) = (native(), native());
    let (fits, not) = (locked(&line, "right"), locked(&other, "other"));
    let world = || Scripted::new().env("XDG_CONFIG_HOME", "/c").file("/c/sops/age/keys.txt", fits.clone());

    let (session, asked) = world().env("SOPS_AGE_KEY_FILE", "/k").file("/k", not.clone()).answers(&["wrong", "right"]).session();
    opens(&recipient, &wrapped(&recipient), &session);
    assert_eq!(asked.count("ask"), 2);

    // The same file by two ways; only the wrapping differs.
    let twice = world().env("SOPS_AGE_KEY_FILE", "/k").file("/k", binary(&fits)).answers(&["wrong", "right"]);
    let (session, asked) = twice.session();
    assert!(key(&recipient).unwrap(&wrapped(&recipient), &session).is_err());
    assert_eq!(asked.count("ask"), 1);

    // Who gives up is not asked for the next one.
    let (session, asked) = world().env("SOPS_AGE_KEY_FILE", "/k").file("/k", not).answers(&[]).session();
    assert_eq!(key(&recipient).unwrap(&wrapped(&recipient), &session).unwrap_err(), UnwrapError::Cancelled);
    assert_eq!(asked.count("ask"), 1);
}

#[test]
fn files_that_no_passphrase_opens_say_why_and_ask_nothing() {
    let ((line, recipient), (_, stranger)) = (native(), native());
    let check = |file: Vec<u8>, why: &str| {
        let world = Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY_FILE", "/k").file("/k", file).answers(&["x"]);
        let (session, world) = world.session();
        assert!(matches!(key(&recipient).unwrap(&wrapped(&recipient), &session), Err(UnwrapError::NotHeld { .. })));
        let trail = backend(Kind::Age).trail(&*key(&recipient), &session);
        assert_eq!(trail[0], format!("failed: failed to read 'SOPS_AGE_KEY_FILE': {why}"));
        assert_eq!(world.count("ask"), 0);
    };
    let file = locked(&line, "x");
    let text = String::from_utf8(file.clone()).unwrap();
    check(locked_with(&line, "x", 2).into_iter().take(60).collect(), "its armour is damaged");
    check(text.replace("AGE ENCRYPTED FILE-----\n", "AGE ENCRYPTED FILE-----\n*").into_bytes(), "its armour is damaged");
    check(b"age-encryption.org/v1\n-> scrypt\n".to_vec(), "its header is damaged");
    check(binary(&locked("", "x")).into_iter().filter(|&b| b != b'>').collect(), "its header is damaged");
    check(wrapped(&stranger).0.into_bytes(), "it has no passphrase");
    // The work that a file may ask of us ends at 18: only the header matters, so nobody has to do it.
    let heavy = String::from_utf8_lossy(&binary(&file)).replacen(" 2\n", " 19\n", 1);
    let heavy: Vec<u8> =
        [heavy.split_once("---").unwrap().0.as_bytes(), &binary(&file)[binary(&file).windows(3).position(|w| w == b"---").unwrap()..]]
            .concat();
    check(heavy, "its scrypt work factor is over 18");
}

#[test]
fn a_changed_file_is_damaged_not_a_wrong_passphrase() {
    let (line, recipient) = native();
    let mut file = binary(&locked(&line, "x"));
    *file.last_mut().unwrap() ^= 1;
    let (session, _) = Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", file).answers(&["x"]).session();
    assert_eq!(key(&recipient).unwrap(&wrapped(&recipient), &session).unwrap_err(), UnwrapError::Corrupt);
}

#[test]
fn bad_lines_behind_a_passphrase_are_told_too() {
    let (_, recipient) = native();
    let file = locked("\nhunter2\n", "x");
    let (session, _) = Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY_FILE", "/k").file("/k", file).answers(&["x"]).session();
    assert!(key(&recipient).unwrap(&wrapped(&recipient), &session).is_err());
    let trail = backend(Kind::Age).trail(&*key(&recipient), &session);
    assert_eq!(trail[0], "failed: failed to parse 'SOPS_AGE_KEY_FILE=/k' age identities: unknown identity type (line 2)");
    assert!(trail.contains(&"looked in SOPS_AGE_KEY_FILE=/k (no key in it)".to_owned()));
}

#[test]
fn the_agent_is_asked_first_by_a_name_of_the_contents() {
    let (line, recipient) = native();
    let file = locked(&line, "päss");
    let (peer, heard) = agent(&["OK 70C3A47373"]);
    let world = Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", file).peer(SOCKET, peer).answers(&[]);
    let (session, world) = world.env("GPG_AGENT_INFO", format!("{SOCKET}:1:1")).env("GPG_TTY", "/dev/pts/7").session();
    opens(&recipient, &wrapped(&recipient), &session);
    assert_eq!(world.happened(&["ask", "connect"]), [format!("connect {SOCKET}")]);
    let told: Vec<_> = heard.try_iter().collect();
    assert_eq!(told[0], "OPTION ttyname=/dev/pts/7");
    let words: Vec<_> = told[1].split(' ').collect();
    assert!(words[1].starts_with("SopsAge") && words[1].len() == 47, "{told:?}");
    assert_eq!(
        [&words[..1], &words[2..]].concat(),
        ["GET_PASSPHRASE", "X", "Passphrase", "Enter+passphrase+for+identity+'SOPS_AGE_KEY_FILE':"]
    );
}

#[test]
fn what_the_agent_answers() {
    let (line, recipient) = native();
    let check = |answers: &'static [&'static str], terminal: &[&str], expected: Result<(), UnwrapError>, asked: usize, forgotten: bool| {
        let (peer, heard) = agent(answers);
        let world = Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", locked(&line, "right")).peer(SOCKET, peer);
        let (session, world) = world.env("GPG_AGENT_INFO", SOCKET).answers(terminal).session();
        assert_eq!(key(&recipient).unwrap(&wrapped(&recipient), &session).map(drop), expected, "{answers:?}");
        assert_eq!(world.count("ask"), asked, "{answers:?}");
        drop((session, world));
        assert_eq!(heard.iter().any(|line| line.starts_with("CLEAR_PASSPHRASE SopsAge")), forgotten, "{answers:?}");
    };
    let wrong = || Err(UnwrapError::WrongPassphrase { what: "SOPS_AGE_KEY_FILE".to_owned() });
    check(&["OK 7269676874"], &[], Ok(()), 0, false);
    check(&["OK 77726F6E67", "OK 7269676874"], &[], wrong(), 0, true);
    check(&["OK"], &[], wrong(), 0, true);
    check(&["ERR 83886179 Operation cancelled <Pinentry>"], &["right"], Err(UnwrapError::Cancelled), 0, false);
    // It has nobody to ask, or makes no sense: the terminal may do.
    check(&[], &["right"], Ok(()), 1, false);
    check(&["ERR 67108922 No data <GPG Agent>"], &["right"], Ok(()), 1, false);
    check(&["OK no hexadecimal"], &["right"], Ok(()), 1, false);
    check(&[], &["wrong"], wrong(), 1, true);
}

#[test]
fn an_agent_that_is_silent_or_none_is_passed_over() {
    let (line, recipient) = native();
    let peers: [fn(UnixStream, &Command); 4] = [
        |stream, _| {
            let _ = BufReader::new(stream).read_line(&mut String::new());
        },
        |_, _| {},
        |mut stream, _| writeln!(stream, "ERR 1 go away").unwrap(),
        |mut stream, _| {
            let _ = stream.write_all(&[b'x'; 100_000]);
        },
    ];
    for peer in peers {
        let world = Scripted::new().hurried().env("SOPS_AGE_KEY_FILE", "/k").file("/k", locked(&line, "right")).peer(SOCKET, peer);
        let (session, world) = world.env("GPG_AGENT_INFO", SOCKET).answers(&["right"]).session();
        opens(&recipient, &wrapped(&recipient), &session);
        assert_eq!(world.count("ask"), 1);
    }
}

#[test]
fn which_agent_is_asked() {
    let (line, recipient) = native();
    let check = |world: Scripted, sockets: &[&str]| {
        let world = world.env("SOPS_AGE_KEY_FILE", "/k").file("/k", locked(&line, "x")).answers(&["x"]);
        let (session, world) = world.passwd_home("/home/u").session();
        opens(&recipient, &wrapped(&recipient), &session);
        assert_eq!(world.happened(&["connect"]), sockets.iter().map(|socket| format!("connect {socket}")).collect::<Vec<_>>());
    };
    let users = &["/home/u/.gnupg/S.gpg-agent", "/run/u/gnupg/S.gpg-agent"][..];
    check(Scripted::new().env("HOME", "/home/u").env("XDG_RUNTIME_DIR", "/run/u"), users);
    check(Scripted::new().env("XDG_RUNTIME_DIR", "/run/u"), users);
    check(Scripted::new().env("HOME", "/home/u/"), &users[..1]);
    check(Scripted::new().env("HOME", "/home/u").env("GNUPGHOME", "/elsewhere"), &users[..1]);
    check(Scripted::new().env("HOME", "/home/u").env("GPG_AGENT_INFO", "/a:1:1"), &["/a"]);
    // Another home is another world: the user's own agent is not asked there.
    check(Scripted::new().env("HOME", "/tmp/test").env("XDG_RUNTIME_DIR", "/run/u"), &["/tmp/test/.gnupg/S.gpg-agent"]);
}
