//! age plugins, spoken with over the protocol of C2SP (https://c2sp.org/age-plugin): what we say, what we answer, and what we make of all that can go wrong.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use leafcrypt_kms::{Beside, Command, Cost, Kind, UnwrapError, WrapError, Wrapped, backend};

use crate::age::{bech32, data_key, key, native, opens, wrapped, wrapped_as};
use crate::scripted::Scripted;

/// What a plugin says and hears, a stanza at a time.
struct Peer {
    hear: BufReader<UnixStream>,
    say: UnixStream,
}

/// Tag and arguments, and the body.
type Stanza = (String, Vec<u8>);

impl Peer {
    fn new(stream: UnixStream) -> Self {
        Peer { hear: BufReader::new(stream.try_clone().unwrap()), say: stream }
    }

    /// What was heard; nothing at all at the end.
    fn stanza(&mut self) -> Stanza {
        let mut head = String::new();
        if self.hear.read_line(&mut head).unwrap_or(0) == 0 {
            return Stanza::default();
        }
        let mut body = String::new();
        loop {
            let at = body.len();
            self.hear.read_line(&mut body).unwrap();
            body.truncate(body.trim_end().len());
            if body.len() - at < 64 {
                break;
            }
        }
        (head.trim_end().strip_prefix("-> ").unwrap_or_default().to_owned(), BASE64.decode(body).unwrap())
    }

    /// All up to `done`.
    fn phase_one(&mut self) -> Vec<Stanza> {
        std::iter::repeat_with(|| self.stanza()).take_while(|(head, _)| head != "done").collect()
    }

    fn tell(&mut self, head: &str, body: &[u8]) {
        let text = BASE64.encode(body);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let short = if text.len().is_multiple_of(64) { "\n" } else { "" };
        let lines = if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" };
        self.say.write_all(format!("-> {head}\n{lines}{short}").as_bytes()).unwrap();
    }

    /// Says something and hears the answer.
    fn ask(&mut self, head: &str, body: &[u8]) -> Stanza {
        self.tell(head, body);
        self.stanza()
    }

    /// Ends well.
    fn done(&mut self) {
        self.tell("done", b"");
        let _ = self.hear.read_line(&mut String::new());
    }
}

fn recipient() -> String {
    bech32("age1plain", b"somebody")
}

pub fn identity() -> String {
    bech32("age-plugin-plain-", b"somebody").to_uppercase()
}

/// A plugin that hides nothing: a stanza's body is the file key.
fn plain(stream: UnixStream, command: &Command) {
    let mut peer = Peer::new(stream);
    let told = peer.phase_one();
    if command.args == ["--age-plugin=recipient-v1"] {
        let key = told.iter().find(|(head, _)| head == "wrap-file-key").unwrap().1.clone();
        assert_eq!(peer.ask("recipient-stanza 0 plain does nothing", &key), ("ok".to_owned(), vec![]));
    } else {
        for (head, body) in &told {
            let words: Vec<_> = head.split(' ').collect();
            if words[0] == "recipient-stanza" && words[2] == "plain" {
                assert_eq!(peer.ask(&format!("file-key {}", words[1]), body), ("ok".to_owned(), vec![]));
            }
        }
    }
    peer.done();
}

/// A world with that plugin under our name, and our identity.
fn world(peer: impl Fn(UnixStream, &Command) + Send + Sync + 'static) -> Scripted {
    Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY", identity()).peer("age-plugin-plain", peer)
}

fn sealed() -> Wrapped {
    let (session, _) = world(plain).session();
    key(&recipient()).wrap(&data_key(), &session).unwrap()
}

#[test]
fn a_plugin_wraps_and_unwraps() {
    let (session, seen) = world(plain).session();
    assert_eq!(key(&recipient()).cost(&session), Cost::Process);
    opens(&recipient(), &sealed(), &session);
    assert_eq!(seen.happened(&["talk", "ask"]), ["talk age-plugin-plain --age-plugin=identity-v1"]);
}

#[test]
fn what_a_plugin_is_told() {
    let (told, heard) = std::sync::mpsc::channel();
    let listen = move |stream: UnixStream, _: &Command| {
        let mut peer = Peer::new(stream);
        told.send(peer.phase_one()).unwrap();
        peer.done();
    };
    let (session, _) = world(listen).session();
    assert!(key(&recipient()).wrap(&data_key(), &session).is_err(), "it wrapped nothing");
    let first = heard.recv().unwrap();
    let heads: Vec<_> = first.iter().map(|(head, _)| head.clone()).collect();
    assert_eq!(heads, [&format!("add-recipient {}", recipient()), "wrap-file-key", "extension-labels"]);
    assert_eq!(first[1].1.len(), 16);

    let (wrapped, other) = (sealed(), wrapped_as("other", &["a", "b"]));
    let key = key(&recipient());
    let reasons = backend(Kind::Age).unwrap_any(&[(&*key, &wrapped), (&*key, &other)], &session).unwrap_err();
    assert!(reasons.iter().all(|why| matches!(why, UnwrapError::NotHeld { .. })), "{reasons:?}");
    // The age crate adds a stanza that means nothing to each file it makes.
    let heads: Vec<_> = heard.recv().unwrap().into_iter().map(|(head, _)| head).filter(|head| !greased(head)).collect();
    assert_eq!(
        heads,
        [&format!("add-identity {}", identity()), "recipient-stanza 0 plain does nothing", "recipient-stanza 1 other a b"],
        "one talk for all records"
    );
}

/// Whether a record's stanza is one of those that mean nothing.
fn greased(head: &str) -> bool {
    head.split(' ').nth(2).is_some_and(|tag| tag.ends_with("-grease"))
}

/// Opens our file with this plugin, and a person who answers so; what came of it, and what the person saw.
fn meet(plugin: impl Fn(&mut Peer, &[Stanza]) + Send + Sync + 'static, answers: Option<&[&str]>) -> (Result<(), UnwrapError>, Vec<String>) {
    let world = world(move |stream, _| {
        let mut peer = Peer::new(stream);
        let told = peer.phase_one();
        plugin(&mut peer, &told);
    });
    let world = if let Some(answers) = answers { world.answers(answers) } else { world };
    opened_in(world)
}

fn opened_in(world: Scripted) -> (Result<(), UnwrapError>, Vec<String>) {
    let (session, seen) = world.session();
    let opened = key(&recipient()).unwrap(&sealed(), &session).map(drop);
    (opened, seen.happened(&["ask", "line", "tell"]))
}

/// Gives the file key of the first record.
fn open(peer: &mut Peer, told: &[Stanza]) {
    let (_, body) = told.iter().find(|(head, _)| head.starts_with("recipient-stanza")).unwrap();
    peer.ask("file-key 0", body);
    peer.done();
}

#[test]
fn a_plugin_may_tell_and_ask() {
    /// What the plugin says, what it must hear, and what the person sees.
    #[track_caller]
    fn check(says: (&'static str, &'static str), answers: Option<&[&str]>, hears: (&'static str, &'static str), shown: &[&str]) {
        let (heard, listener) = std::sync::mpsc::channel();
        let ask = move |peer: &mut Peer, told: &[Stanza]| {
            heard.send(peer.ask(says.0, says.1.as_bytes())).unwrap();
            open(peer, told);
        };
        assert_eq!(meet(ask, answers), (Ok(()), shown.iter().map(|&line| line.to_owned()).collect()));
        assert_eq!(listener.recv().unwrap(), (hears.0.to_owned(), hears.1.as_bytes().to_vec()));
    }
    check(("msg", "touch it"), None, ("ok", ""), &["tell age-plugin-plain: touch it"]);
    check(("request-secret", "PIN?"), Some(&["1234"]), ("ok", "1234"), &["ask age-plugin-plain: PIN?"]);
    check(("request-public", "Name?"), Some(&["me"]), ("ok", "me"), &["line age-plugin-plain: Name?"]);
    // A body of 64 columns, which wants an empty line behind it.
    let full = "123456789012345678901234567890123456789012345678";
    check(("request-secret", full), Some(&[full]), ("ok", full), &[&format!("ask age-plugin-plain: {full}")]);
    // `WWVz` and `Tm8` are Yes and No.
    let (both, one) = ("line age-plugin-plain: Sure? [1: Yes, 2: No]", "line age-plugin-plain: Sure? [1: Yes]");
    check(("confirm WWVz Tm8", "Sure?"), Some(&["1"]), ("ok yes", ""), &[both]);
    check(("confirm WWVz Tm8", "Sure?"), Some(&["2"]), ("ok no", ""), &[both]);
    check(("confirm WWVz", "Sure?"), Some(&["1"]), ("ok yes", ""), &[one]);
    check(("confirm WWVz", "Sure?"), Some(&["2"]), ("fail", ""), &[one]);
    check(("confirm", "Sure?"), Some(&["1"]), ("fail", ""), &[]);
    // Nobody there.
    check(("confirm WWVz Tm8", "Sure?"), None, ("fail", ""), &[both]);
    check(("request-secret", "PIN?"), None, ("fail", ""), &["ask age-plugin-plain: PIN?"]);
    check(("request-public", "Name?"), None, ("fail", ""), &["line age-plugin-plain: Name?"]);
    // Grease, or what came after us.
    check(("something-new with args", "body"), None, ("unsupported", ""), &[]);
    check(("file-key 7", "0123456789012345"), None, ("ok", ""), &[]);
}

#[test]
fn a_person_who_gives_up_ends_the_talk() {
    for ask in ["request-secret", "request-public", "confirm WWVz Tm8"] {
        let plugin = move |peer: &mut Peer, _: &[Stanza]| peer.tell(ask, b"?");
        assert_eq!(meet(plugin, Some(&[])).0, Err(UnwrapError::Cancelled), "{ask}");
    }
}

#[test]
fn a_plugin_that_fails_is_named_and_its_words_go_to_the_terminal_only() {
    let check = |plugin: fn(&mut Peer), expected: UnwrapError, shown: &[&str]| {
        assert_eq!(meet(move |peer, _| plugin(peer), None), (Err(expected), shown.iter().map(|&line| line.to_owned()).collect()));
    };
    let denied = |why: &str| UnwrapError::Denied { why: format!("age-plugin-plain {why}") };
    for what in ["error identity 0", "error stanza 0 0", "error internal"] {
        let plugin = move |peer: &mut Peer, _: &[Stanza]| {
            peer.ask(what, b"hunter2");
            peer.done();
        };
        let told = vec!["tell age-plugin-plain: error: hunter2".to_owned()];
        assert_eq!(meet(plugin, None), (Err(denied("could not use its identity")), told), "{what}");
    }
    check(|_| {}, denied("broke off"), &[]);
    check(|peer| peer.say.write_all(b"hunter2\n").unwrap(), denied("broke off"), &[]);
    check(|peer| peer.say.write_all(b"-> file-key 0\n!\n").unwrap(), denied("broke off"), &[]);
    check(|peer| peer.say.write_all(&[b'x'; 1 << 17]).unwrap_or(()), denied("broke off"), &[]);
    let endless: fn(&mut Peer) = |peer| while peer.say.write_all(b"-> msg\n\n").is_ok() && peer.stanza().0 == "ok" {};
    check(endless, denied("broke off"), &["tell age-plugin-plain: "; 10_000]);
    let silent = UnwrapError::Unreachable { why: "age-plugin-plain gave no answer within 120 s".to_owned() };
    assert_eq!(opened_in(world(hang).hurried()), (Err(silent), vec![]));
}

/// It listens, and never answers.
fn hang(stream: UnixStream, _: &Command) {
    let _ = std::io::Read::read_to_end(&mut &stream, &mut Vec::new());
}

#[test]
fn a_wrong_file_key_opens_nothing_and_is_told() {
    let (_, told) = meet(
        |peer, _| {
            peer.ask("file-key 0", b"0123456789abcdef");
            peer.ask("file-key 0", b"too short");
            peer.done();
        },
        None,
    );
    assert_eq!(told, [""; 0]);
    let (session, _) = world(|stream, _| {
        let mut peer = Peer::new(stream);
        peer.phase_one();
        peer.ask("file-key 0", b"0123456789abcdef");
        peer.done();
    })
    .session();
    match key(&recipient()).unwrap(&sealed(), &session) {
        Err(UnwrapError::NotHeld { notes, .. }) => assert_eq!(notes, ["refused: age-plugin-plain gave a key that does not fit"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_plugin_opened_before_it_failed_is_open() {
    let plugin = |peer: &mut Peer, told: &[Stanza]| {
        let (_, body) = told.iter().find(|(head, _)| head.starts_with("recipient-stanza")).unwrap();
        peer.ask("file-key 0", body);
    };
    assert_eq!(meet(plugin, None).0, Ok(()));
}

#[test]
fn a_missing_plugin_is_named_and_hides_no_other_identity() {
    let wrapped = sealed();
    let missing = || Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY", identity());
    let (session, _) = missing().session();
    let name = "age-plugin-plain".to_owned();
    assert_eq!(key(&recipient()).unwrap(&wrapped, &session).unwrap_err(), UnwrapError::ProgramMissing { name: name.clone() });
    assert_eq!(key(&recipient()).wrap(&data_key(), &session).unwrap_err(), WrapError::ProgramMissing { name });

    // Another plugin, and a key behind a passphrase, each still get their turn.
    let (line, native) = native();
    let locked = crate::age_passphrase::locked(&line, "x");
    let (session, _) = missing().env("SOPS_AGE_KEY_FILE", "/k").file("/k", locked).answers(&["x"]).session();
    opens(&native, &crate::age::wrapped(&native), &session);
    let other = bech32("age-plugin-gone-", b"x").to_uppercase();
    let (session, _) = missing().env("SOPS_AGE_KEY", format!("{other}\n{}", identity())).peer("age-plugin-plain", plain).session();
    opens(&recipient(), &wrapped, &session);
}

#[test]
fn a_failing_plugin_is_a_note_where_another_key_was_wanted() {
    let (_, stranger) = native();
    let (session, _) = Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY", identity()).session();
    match key(&stranger).unwrap(&wrapped(&stranger), &session) {
        Err(UnwrapError::NotHeld { notes, .. }) => assert_eq!(notes, ["the program age-plugin-plain was not found"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_native_key_goes_before_a_plugin() {
    let (line, recipient) = native();
    let (session, seen) = world(plain).env("SOPS_AGE_KEY_FILE", "/k").file("/k", line).session();
    opens(&recipient, &wrapped(&recipient), &session);
    assert_eq!(seen.count("talk"), 0);
}

#[test]
fn a_plugin_behind_a_passphrase() {
    let file = crate::age_passphrase::locked(&identity(), "x");
    let world = Scripted::new().env("SOPS_AGE_KEY_FILE", "/k").file("/k", file).peer("age-plugin-plain", plain).answers(&["x"]);
    let (session, seen) = world.session();
    for _ in 0..2 {
        opens(&recipient(), &sealed(), &session);
    }
    assert_eq!(seen.count("ask"), 1);
}

#[test]
fn wrapping_that_fails() {
    let check = |plugin: fn(&mut Peer), answers: Option<&[&str]>, expected: WrapError| {
        let peer = move |stream: UnixStream, _: &Command| {
            let mut peer = Peer::new(stream);
            peer.phase_one();
            plugin(&mut peer);
        };
        let world = world(peer);
        let (session, _) = if let Some(answers) = answers { world.answers(answers) } else { world }.session();
        assert_eq!(key(&recipient()).wrap(&data_key(), &session).unwrap_err(), expected);
    };
    let refused = |why: &str| WrapError::Refused { why: format!("age-plugin-plain {why}") };
    check(|_| {}, None, refused("broke off"));
    check(|peer| peer.done(), None, refused("could not wrap for this recipient"));
    check(
        |peer| {
            peer.ask("error recipient 0", b"hunter2");
            peer.done();
        },
        None,
        refused("could not wrap for this recipient"),
    );
    check(|peer| peer.tell("request-secret", b"PIN?"), Some(&[]), WrapError::Cancelled);
    let (session, _) = world(hang).hurried().session();
    let silent = WrapError::Unreachable { why: "age-plugin-plain gave no answer within 120 s".to_owned() };
    assert_eq!(key(&recipient()).wrap(&data_key(), &session).unwrap_err(), silent);
}

#[test]
fn hybrid_recipients_go_to_the_plugin_that_age_brings_for_them() {
    let recipient = bech32("age1pq", &[7; 1216]);
    let identity = bech32("age-plugin-pq-", b"x").to_uppercase();
    let hybrid = |stream: UnixStream, command: &Command| {
        let mut peer = Peer::new(stream);
        let told = peer.phase_one();
        let find = |what: &str| told.iter().find(|(head, _)| head.starts_with(what)).unwrap().1.clone();
        if command.args == ["--age-plugin=recipient-v1"] {
            peer.ask("recipient-stanza 0 mlkem768x25519 AAAA", &find("wrap-file-key"));
            peer.ask("labels postquantum", b"");
        } else {
            peer.ask("file-key 0", &find("recipient-stanza"));
        }
        peer.done();
    };
    let (session, _) = Scripted::new().env("SOPS_AGE_KEY", identity).peer("age-plugin-pq", hybrid).session();
    let wrapped = key(&recipient).wrap(&data_key(), &session).unwrap();
    opens(&recipient, &wrapped, &session);
}

#[test]
fn no_name_that_is_not_plain_is_ever_run() {
    let refused = |text: &str| backend(Kind::Age).from_list(text, &Beside::default()).unwrap_err().0;
    for name in ["../x", "a/b", "a_b", "a.b", "~", "a$b"] {
        assert!(refused(&bech32(&format!("age1{name}"), b"x")).ends_with(&format!("invalid plugin name: {name:?}")), "{name}");
        let identity = bech32(&format!("age-plugin-{name}-"), b"x").to_uppercase();
        let (session, seen) = Scripted::new().env("HOME", "/h").env("SOPS_AGE_KEY", identity).session();
        match key(&recipient()).unwrap(&sealed(), &session) {
            Err(UnwrapError::NotHeld { notes, .. }) => {
                assert_eq!(notes, ["failed to parse 'SOPS_AGE_KEY' age identities: invalid plugin name (line 1)"], "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(seen.count("talk"), 0, "{name}");
    }
}
