//! No message, and no `Debug` output, shows a value or a piece of one (docs/threat-model.md, R7, P15; 4.5).

use leafcrypt::formats::{Dialect, Document, Format, Mode, ScanOptions, Tree, Value, parse_path};
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::sealed_file::{OpenError, SealedFile};

use crate::bad_input::{CANARY, shows};
use crate::tools::{Place, Program, corpus_in};

const FORMATS: [(&str, Format, &str); 5] = [
    ("yaml", Format::Yaml, "yaml"),
    ("json", Format::Json, "json"),
    ("dotenv", Format::Dotenv, "env"),
    ("ini", Format::Ini, "ini"),
    ("toml", Format::Toml, "toml"),
];

/// The canary at every place of every broken file, and of small sound ones: what the parsers say of it.
#[test]
fn parsers() {
    let mut tried = 0;
    for (folder, format, ending) in FORMATS {
        let broken = corpus_in("broken", folder, ending);
        assert!(!broken.is_empty(), "{folder}");
        for path in broken {
            let text = std::fs::read(&path).unwrap();
            if text.len() > 400 {
                continue;
            }
            for at in 0..=text.len() {
                let text = [&text[..at], CANARY.as_bytes(), &text[at..]].concat();
                for mode in [Mode::Plain, Mode::Sealed] {
                    for dialect in [Dialect::Leafcrypt, Dialect::Sops] {
                        let options = ScanOptions { mode, dialect, ..ScanOptions::PLAIN };
                        if let Err(why) = Document::parse(format, &text, &options) {
                            assert!(!shows(&format!("{why} {why:?}")), "{} at {at}: {why} {why:?}", path.display());
                        }
                        tried += 1;
                    }
                }
                if let Err(why) = SealedFile::parse(format, &text, &LEAFCRYPT) {
                    assert!(!shows(&format!("{why} {why:?}")), "{} at {at}: {why}", path.display());
                }
            }
        }
    }
    assert!(tried > 5000, "only {tried} texts were tried");
}

/// `Debug` of everything that holds plaintext.
#[test]
fn debug_output() {
    let bytes = CANARY.as_bytes();
    let values = [Value::text(CANARY), Value::Int(7_654_321), Value::Bool(true)];
    let tree = Tree::map([("k", Tree::text(CANARY)), ("l", Tree::list([Tree::text(CANARY)]))]);
    let hints = [
        leafcrypt::formats::Hint::Start { drop: 0, bytes: bytes.to_vec() },
        leafcrypt::formats::Hint::End { drop: 0, bytes: bytes.to_vec() },
        leafcrypt::formats::Hint::Site {
            kind: 0,
            first: 0,
            last: 0,
            before: 0,
            after: 0,
            with: leafcrypt::formats::Spelled::Bytes(bytes.to_vec()),
        },
    ];
    let secret = leafcrypt::kms::Secret::new(bytes.to_vec());
    let key = leafcrypt::keys::DataKey::from_bytes([bytes, bytes].concat()).unwrap();
    let as_list = format!("{bytes:?}");
    let piece = &as_list[1..20];
    for shown in [format!("{values:?}"), format!("{tree:?}"), format!("{hints:?}"), format!("{secret:?}"), format!("{key:?}")] {
        assert!(!shows(&shown) && !shown.contains(piece) && !shown.contains("7654321"), "{shown}");
    }
}

/// A token's type is not authenticated: `type:int` over a secret must not bring it into a message.
#[test]
fn types_over_secrets() {
    for (file, plain) in [
        ("a.yaml", format!("# {CANARY}\na: {CANARY}\n")),
        ("a.json", format!("{{\"a\": \"{CANARY}\"}}")),
        ("a.env", format!("# {CANARY}\na={CANARY}\n")),
        ("a.ini", format!("; {CANARY}\n[s]\na = {CANARY}\n")),
        ("a.toml", format!("# {CANARY}\na = \"{CANARY}\"\n")),
        ("a.bin", CANARY.to_owned()),
    ] {
        let place = Place::new();
        place.write(file, plain);
        let done = place.ours(["encrypt", "--age", &place.recipient, "-i", file]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let sealed = String::from_utf8(place.read(file)).unwrap();
        for word in ["int", "float", "bool", "time", "bytes", "comment", ""] {
            for (from, to) in [("type:str]", format!("type:{word}]")), ("type:comment]", format!("type:{word}]"))] {
                place.write(file, sealed.replacen(from, &to, 1));
                for flags in [&[][..], &["--ignore-mac"]] {
                    for program in [Program::Ours, Program::AsSops] {
                        let done = place.call(program, [&["decrypt"], flags, &[file]].concat()).run();
                        let text = String::from_utf8_lossy(&done.stderr).into_owned();
                        assert!(!shows(&text), "{file} {word} {flags:?}: {text}");
                    }
                }
            }
        }
    }
}

/// The MAC is an unsalted digest of the values: of a file with one short secret whoever reads the log finds it by trying; and who can write
/// the file takes the other tokens out. Nobody is told it, also not who calls the program `sops`.
#[test]
fn digests_of_values() {
    let place = Place::project();
    let sealed = place.seal("p.yaml", "pin: 1234\nb: x\n");
    let b = sealed.lines().find(|line| line.starts_with("b: ")).unwrap();
    let shows = |text: &str| text.as_bytes().windows(40).any(|part| part.iter().all(u8::is_ascii_hexdigit));
    let of = |text: &str, with: &str| {
        place.write("p.yaml", text);
        for args in [
            &["encrypt", "-i", "p.yaml"][..],
            &["doctor", "p.yaml"],
            &["doctor", "--json", "p.yaml"],
            &["decrypt", "p.yaml"],
            &["set", "p.yaml", "[\"b\"]", "5"],
            &["rotate", "-i", "p.yaml"],
            &["edit", "p.yaml"],
            &["updatekeys", "-y", "--json", "p.yaml"],
            &["groups", "delete", "-y", "-f", "p.yaml", "0"],
            &["accept", "p.yaml"],
            &["exec-env", "p.yaml", "--", "true"],
        ] {
            let done = place.call(Program::Ours, args).env("EDITOR", "true").run();
            let said = [done.stdout, done.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(!shows(&said), "{with}: {args:?}: {said}");
        }
        for args in [&["decrypt", "p.yaml"][..], &["-d", "p.yaml"], &["set", "p.yaml", "[\"b\"]", "\"5\""], &["exec-env", "p.yaml", "true"]]
        {
            let done = place.as_sops(args);
            let said = [done.stdout, done.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(!shows(&said), "{with}: sops {args:?}: {said}");
            assert!(said.contains("MAC mismatch. ") == (with != "in clear"), "{with}: sops {args:?}: {said}");
        }
    };
    of(&sealed.replacen(b, "b: y", 1), "in clear");
    of(&sealed.replacen(b, "c: ''", 1), "mismatch");
    let mac = sealed.lines().find(|line| line.trim_start().starts_with("mac: ")).unwrap();
    of(&sealed.replacen(mac, "    mac: ''", 1), "missing");
    // As `sops` an error is what it is to `Debug`, and holds none.
    let closed = [format!("{:?}", OpenError::MacMissing), format!("{:?}", OpenError::MacMismatch)];
    assert_eq!(closed, ["MacMissing", "MacMismatch"]);
}

/// Names come from files and arguments. What would move the cursor or turn the direction of writing is escaped.
#[test]
fn names_are_escaped() {
    let place = Place::new();
    let odd = "\u{1b}[31mred\u{202e}x";
    let name = format!("{odd}.yaml");
    place.write(&name, "a: [\n");
    place.write("key.json", "{\"\\u001b[31mred\\u202e\": 1, \"\\u001b[31mred\\u202e\": 2}");
    place.write("block.yaml", "a: 1\nsops:\n  \"\\e[31mred\": 1\n  age:\n    - recipient: \"\\e[31mred\"\n      enc: \"x\"\n  mac: x\n");
    let calls: [&[&str]; 6] = [
        &["encrypt", "--age", &place.recipient, &name],
        &["decrypt", &name],
        &["encrypt", "--age", &place.recipient, "key.json"],
        &["decrypt", "block.yaml"],
        &["decrypt", "--extract", "[\"\u{1b}[31mred\"]", "key.json"],
        &["encrypt", "--age", odd, "key.json"],
    ];
    for args in calls {
        for program in [Program::Ours, Program::AsSops] {
            let done = place.call(program, args).run();
            let text = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(!text.is_empty() && !text.contains(['\u{1b}', '\u{202e}']), "{args:?}: {text:?}");
        }
    }
}

/// Every command that opens or seals, on files and arguments full of values, with `--verbose`.
#[test]
fn commands() {
    let place = Place::new();
    let age = place.recipient.clone();
    place.write("plain.yaml", format!("# {CANARY}\na: {CANARY}\nb:\n  - {CANARY}\nbig: 18446744073709551615\n"));
    place.write("quoted.env", format!("A=\"{CANARY}\nB={CANARY}\"\n#{CANARY}\nA={CANARY}\n"));
    place.write("doubled.json", format!("{{\"a\": \"{CANARY}\", \"a\": \"{CANARY}\"}}"));
    place.write("twice.ini", format!("[s]\na = {CANARY}\na = {CANARY}\n[s]\nb = \"\"\"{CANARY}\"\"\" {CANARY}\n"));
    place.write("stream.yaml", format!("a: {CANARY}\n---\nb: {CANARY}\nb: {CANARY}\n"));
    place.write("bytes.yaml", format!("a: !!binary /w==\nb: {CANARY}\n"));
    place.write("value.json", format!("\"{CANARY}"));
    let (mut calls, mut done_well) = (0, 0);
    let mut quiet = |args: &[&str]| {
        for program in [Program::Ours, Program::AsSops] {
            let done = place.call(program, args).run();
            calls += 1;
            done_well += usize::from(done.status.success());
            let text = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(!shows(&text), "{program:?} {args:?}: {text}");
            assert!(!text.contains("panicked") && !text.contains("internal error"), "{program:?} {args:?}: {text}");
        }
    };
    for file in ["plain.yaml", "quoted.env", "doubled.json", "twice.ini", "stream.yaml", "bytes.yaml"] {
        for types in ["yaml", "json", "dotenv", "ini", "toml", "binary"] {
            quiet(&["encrypt", "--verbose", "--age", &age, "--output-type", types, file]);
            quiet(&["encrypt", "--verbose", "--age", &age, "--input-type", types, "--output-type", types, file]);
        }
        let sealed = place.ours(["encrypt", "--age", &age, file]);
        assert!(sealed.status.success(), "{file}: {}", String::from_utf8_lossy(&sealed.stderr));
        let name = format!("sealed-{file}");
        place.write(&name, &sealed.stdout);
        for types in ["yaml", "json", "dotenv", "ini", "toml", "binary"] {
            quiet(&["decrypt", "--verbose", "--output-type", types, &name]);
            quiet(&["decrypt", "--input-type", types, &name]);
        }
        quiet(&["encrypt", &name]);
        quiet(&["set", &name, "[\"a\"]", &format!("{{\"x\": \"{CANARY}\"}}")]);
        quiet(&["set", &name, "[\"s\"][\"a\"][0]", &format!("\"{CANARY}\"")]);
        quiet(&["set", &name, &format!("[\"{CANARY}"), "1"]);
        quiet(&["set", &name, "[\"a\"]", "--value-file", "value.json"]);
        quiet(&["decrypt", "--extract", "[\"a\"][0][\"x\"]", &name]);
        quiet(&["rotate", &name]);
        quiet(&["updatekeys", "-y", &name]);
        quiet(&["filestatus", &name]);
        quiet(&["recipients", &name]);
    }
    // Were they all refused for how they are written, this would prove nothing.
    assert!(done_well > calls / 4, "only {done_well} of {calls} calls did what they say");
    let bad = parse_path(&format!("[\"a\"][{CANARY}]")).expect_err("no path");
    assert!(!shows(&bad.to_string()), "{bad}");
}

/// A private key in place of the name of its file, or of its public key, is the slip of every day: nothing shows it (P15).
#[test]
fn private_keys_in_place_of_names() {
    let place = Place::project();
    place.seal("f.yaml", "a: 1\n");
    place.write("p.yaml", "a: 1\n");
    let other = Place::new();
    let identity = String::from_utf8(other.read("keys.txt")).unwrap();
    let identity = identity.lines().find(|line| line.starts_with("AGE-SECRET")).unwrap();
    // Cut short, so that it is no key: nothing of it is shown either.
    let cut = &identity[..40];
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n";
    let plugin = "AGE-PLUGIN-FAKE-1QQPQZRFR7ZZZZ34567890QWERTY";
    let check = |secret: &str, variable: &str, args: &[&str]| {
        let part = secret.trim_start_matches("-----BEGIN OPENSSH PRIVATE KEY-----\n");
        for program in [Program::Ours, Program::AsSops] {
            let call = place.call(program, args);
            let done = if variable.is_empty() { call } else { call.env(variable, secret) }.run();
            let said = [done.stdout, done.stderr].concat();
            let said = String::from_utf8(said).unwrap();
            assert!(!said.contains(&part[..30]), "{variable} {args:?} shows it: {said}");
        }
    };
    let whole = format!("# created: 2026\n{identity}\n");
    for secret in [identity, cut, &identity.to_ascii_lowercase(), &whole, ssh] {
        let part = secret.trim_start_matches("# created: 2026\n");
        for variable in
            ["SOPS_AGE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_FILE", "GNUPGHOME", "SOPS_GPG_EXEC", "SOPS_CONFIG", "SOPS_DECRYPTION_ORDER"]
        {
            check(part, variable, &["decrypt", "f.yaml"]);
            check(part, variable, &["doctor"]);
            check(part, variable, &["encrypt", "--pgp", crate::tools::PGP, "p.yaml"]);
            check(part, variable, &["init", "-y"]);
        }
    }
    for secret in [identity, cut, plugin, ssh] {
        for flag in ["--age", "--pgp", "--kms", "--gcp-kms", "--azure-kv", "--hc-vault-transit"] {
            check(secret, "", &["encrypt", flag, secret, "p.yaml"]);
        }
        for variable in ["SOPS_AGE_RECIPIENTS", "SOPS_PGP_FP"] {
            check(secret, variable, &["encrypt", "p.yaml"]);
        }
        check(secret, "", &["decrypt", "--config", secret, "f.yaml"]);
        check(secret, "", &["decrypt", secret]);
        if secret == ssh {
            continue;
        }
        for rule in
            [format!("age: {secret}"), format!("pgp: {secret}"), format!("key_groups: [{{pgp: [{secret}]}}]"), format!("{secret}: x")]
        {
            place.write(".sops.yaml", format!("creation_rules:\n  - {rule}\n"));
            check(secret, "", &["encrypt", "p.yaml"]);
            check(secret, "", &["doctor"]);
        }
        place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    }
    // In a sealed file, and as a name in the configuration.
    let slip = String::from_utf8(place.read("f.yaml"))
        .unwrap()
        .replace(&format!("recipient: {}", place.recipient), &format!("recipient: {identity}"));
    assert!(slip.contains(identity));
    place.write(".sops.yaml", format!("creation_rules:\n  - age:\n    - {} # {identity}\n", place.recipient));
    for args in [
        &["recipients", "f.yaml", "p.yaml"][..],
        &["recipients", "--json", "f.yaml"],
        &["updatekeys", "--json", "--dry-run", "f.yaml"],
        &["updatekeys", "--dry-run", "f.yaml"],
        &["updatekeys", "-y", "f.yaml"],
        &["updatekeys", "f.yaml"],
    ] {
        place.write("f.yaml", &slip);
        check(identity, "", args);
    }
    place.write("f.yaml", slip.replace(identity, &place.recipient));
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    // And it says what to do.
    let done = place.call(Program::Ours, ["decrypt", "f.yaml"]).env("SOPS_AGE_KEY_FILE", identity).run();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("SOPS_AGE_KEY_FILE holds a private key instead of the name of a file; put it into SOPS_AGE_KEY"), "{said}");
}
