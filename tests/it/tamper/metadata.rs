//! The metadata block: MAC, date, rule, threshold, recipients, unknown fields, and our own field (docs/threat-model.md, 4.2, 4.3, 4.11;
//! docs/sealed-file.md, 1 and 2).

use leafcrypt::formats::Format;
use leafcrypt::seal::cipher::{Cipher, Nonces};
use leafcrypt::seal::token::Holds;
use leafcrypt::world::SystemRandom;

use super::lab::{self, Lab};
use super::{Bench, SAMPLES, Sealed, YAML};
use crate::tools::Place;

/// What each format spells differently.
fn field(ending: &str, name: &str, value: &str) -> String {
    match ending {
        "yaml" => format!("    {name}: {value}\n"),
        "json" => format!("    \"{name}\": {value},\n"),
        "bin" => format!("\t\t\"{name}\": {value},\n"),
        "env" => format!("sops_{name}={}\n", value.trim_matches('"')),
        "ini" => format!("{name} = {}\n", value.trim_matches('"')),
        _ => format!("{name} = {value}\n"),
    }
}

#[test]
fn the_mac_and_its_date() {
    for (ending, plain) in SAMPLES {
        let mut bench = Bench::new(ending, plain);
        let other = Bench::new(ending, plain);
        let foreign = other.field.token("mac").expect("a MAC").to_owned();
        bench.row("the MAC removed", &|s| s.without("mac"), "51");
        bench.row("the MAC emptied", &|s| s.retoken("mac", |_| String::new()), "51");
        bench.row("the MAC no token", &|s| s.retoken("mac", |_| "x".to_owned()), "51");
        bench.row("the MAC in clear", &|s| s.retoken("mac", |_| "CF83E135".repeat(16)), "51");
        bench.row("the MAC of another file", &|s| s.retoken("mac", |_| foreign.clone()), "51");
        bench.row("the MAC of another type", &|s| s.retoken("mac", |t| t.replace("type:str", "type:int")), "51");
        bench.row("bytes behind the MAC", &|s| s.retoken("mac", |t| format!("{t}x")), "51");
        bench.row(
            "a value's token as the MAC",
            &|s| {
                let token = s.token(if ending == "bin" { "data" } else { "name" })?.to_owned();
                s.retoken("mac", |_| token)
            },
            "51",
        );
        let date = |s: &Sealed, change: &dyn Fn(&str) -> String| {
            s.reline("lastmodified", |line| {
                let at = line.find("20").expect("a date");
                let date = &line[at..at + 20];
                line.replace(date, &change(date))
            })
        };
        bench.row("the date changed", &|s| date(s, &|d| d.replacen("20", "19", 1)), "51");
        bench.row("the date in another zone", &|s| date(s, &|d| d.replace('Z', "+01:00")), "51");
        bench.row("the date with a fraction", &|s| date(s, &|d| d.replace('Z', ".5Z")), "same");
        bench.row("the date in the zone zero", &|s| date(s, &|d| d.replace('Z', "+00:00")), "same");
        bench.row("no date", &|s| date(s, &|_| "yesterday".to_owned()), "1");
        bench.row("the date removed", &|s| s.without("lastmodified"), "1");
        bench.row(
            "mac_only_encrypted switched on",
            &|s| {
                let line = s.line("mac")?.to_owned();
                s.replace(&line, &format!("{line}{}", field(ending, "mac_only_encrypted", "true")))
            },
            "51",
        );
        bench.finish();
    }
}

#[test]
fn what_only_the_witness_covers() {
    for (ending, plain) in SAMPLES {
        let mut bench = Bench::new(ending, plain);
        let add = |s: &Sealed, name: &str, value: &str| {
            let line = s.line("mac")?.to_owned();
            s.replace(&line, &format!("{line}{}", field(ending, name, value)))
        };
        bench.row("an unknown field added", &|s| add(s, "zzz", "\"x\""), "51 51 51 same");
        bench.row("the reason why a file is sealed whole", &|s| add(s, "leafcrypt_whole", "\"x\""), "51 51 51 same");
        bench.row("a threshold added", &|s| add(s, "shamir_threshold", "2"), "51 51 51 same");
        bench.row("a threshold of 0, which is none", &|s| add(s, "shamir_threshold", "0"), "same");
        bench.row("the version changed", &|s| s.reline("version", |l| l.replace("3.1", "9.1")), "51 51 51 same");
        if ending != "bin" {
            let rule = |s: &Sealed, name: &str, value: &str| s.reline("unencrypted_suffix", |_| field(ending, name, value));
            bench.row("the rule narrowed for what comes later", &|s| rule(s, "unencrypted_suffix", "\"ncrypted\""), "51 51 51 same");
            bench.row("another rule for the same leaves", &|s| rule(s, "unencrypted_regex", "\"_unencrypted$\""), "51 51 51 same");
            bench.row(
                "a rule that spares a secret to come",
                &|s| rule(s, "unencrypted_regex", "\"_unencrypted$|^api_token$\""),
                "51 51 51 same",
            );
            bench.row("the rule removed", &|s| s.without("unencrypted_suffix"), "51 51 51 same");
            bench.row("a rule that uncovers a sealed leaf", &|s| rule(s, "unencrypted_regex", "\"_unencrypted$|^name$\""), "51");
            bench.row("a rule that covers a clear leaf", &|s| rule(s, "unencrypted_suffix", "\"_nothing\""), "25");
            bench.row("a rule that is no regex", &|s| rule(s, "unencrypted_regex", "\"(\""), "1");
            bench.row("two rules", &|s| add(s, "encrypted_regex", "\"x\""), "1");
        }
        bench.finish();
    }
}

/// The comment rules of SOPS's last two rule fields.
#[test]
fn a_comment_rule_is_part_of_the_witness() {
    let mut bench = Bench::with("yaml", "# seal this\na: hunter2-canary\nb: 1\n", &[], &["--encrypted-comment-regex", "seal"]);
    bench.row("the rule widened", &|s| s.replace("encrypted_comment_regex: seal", "encrypted_comment_regex: sea"), "51 51 51 same");
    bench.row("its comment removed", &|s| s.replace("# seal this\n", ""), "51");
    bench.row("its comment copied", &|s| s.replace("b: ", "# seal this\nb: "), "25");
    bench.finish();
}

#[test]
fn recipients() {
    let other = Place::new().recipient.clone();
    for (ending, plain) in SAMPLES {
        let mut bench = Bench::with(ending, plain, &[&other], &[]);
        let mine = bench.place.recipient.clone();
        bench.row("one renamed", &|s| s.replace(&other, &other.replace("age1", "age2")), "told told 51 same");
        bench.row("mine renamed", &|s| s.replace(&mine, &other), "told told 51 same");
        bench.row_of_ours("the wrapped key of mine damaged", &|s| damaged_key(s, &mine), "128");
        bench.row_of_ours("the wrapped key of the other damaged", &|s| damaged_key(s, &other), "told told 51 same");
        bench.finish();
    }
    let mut bench = Bench::with("yaml", YAML, &[&other], &[]);
    bench.row_of_ours(
        "one added without a wrapped key",
        &|s| s.replace("    age:\n", "    age:\n        - recipient: age1evil\n"),
        "told told 51 same",
    );
    bench.row_of_ours(
        "one added that the attacker could not wrap for",
        &|s| s.replace("    age:\n", "    age:\n        - recipient: age1evil\n          enc: x\n"),
        "told told 51 same",
    );
    bench.row_of_ours(
        "one of another kind added",
        &|s| {
            s.replace(
                "    age:\n",
                "    pgp:\n        - created_at: \"2026-01-01T00:00:00Z\"\n          enc: x\n          fp: X\n    age:\n",
            )
        },
        "told told 51 same",
    );
    bench.row_of_ours(
        "one removed",
        &|s| {
            let start = s.text.rfind("        - enc: |\n")?;
            let end = start + s.text[start..].find("    lastmodified")?;
            Some(format!("{}{}", &s.text[..start], &s.text[end..]))
        },
        "told told 51 same",
    );
    bench.row_of_ours(
        "all removed",
        &|s| {
            let (start, end) = (s.text.find("    age:\n")?, s.text.find("    lastmodified")?);
            Some(format!("{}{}", &s.text[..start], &s.text[end..]))
        },
        "1",
    );
    bench.row_of_ours(
        "an unknown field in a record",
        &|s| s.replace("          recipient: ", "          zzz: x\n          recipient: "),
        "told told 51 same",
    );
    bench.row_of_ours(
        "groups beside the list, which do not count",
        &|s| s.replace("    lastmodified", "    key_groups:\n        - age: []\n    lastmodified"),
        "told told told told",
    );
    bench.finish();
}

/// Damages the wrapped key in the record of a recipient.
fn damaged_key(s: &Sealed, recipient: &str) -> Option<String> {
    let at = s.text.find(recipient)?;
    // The armour that stands closest to the name.
    let mark = "-----BEGIN AGE ENCRYPTED FILE-----";
    let starts: Vec<usize> = s.text.match_indices(mark).map(|(i, _)| i).collect();
    let end_of = |start: usize| start + s.text[start..].find("-----END").expect("armour ends");
    let start = *starts.iter().min_by_key(|&&start| if start > at { start - at } else { at - end_of(start) })?;
    // A digit of the stanza's body.
    let digit = start + mark.len() + 60;
    let new = if s.text.as_bytes()[digit] == b'A' { "B" } else { "A" };
    Some(format!("{}{new}{}", &s.text[..digit], &s.text[digit + 1..]))
}

#[test]
fn thresholds() {
    let place = Place::new();
    let age = &place.recipient;
    let group = format!("        - age:\n            - {age}\n");
    let seal = |threshold: usize| {
        place.write(".sops.yaml", format!("creation_rules:\n    - shamir_threshold: {threshold}\n      key_groups:\n{}", group.repeat(3)));
        place.write("f.yaml", YAML);
        let done = place.ours(["encrypt", "f.yaml"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let code = |text: String| {
        place.write("f.yaml", text);
        let done = place.ours(["decrypt", "f.yaml"]);
        assert!(done.status.success() || done.stdout.is_empty());
        done.status.code()
    };
    let (three, two) = (seal(3), seal(2));
    assert_eq!(code(three.clone()), Some(0));
    assert_eq!(code(two.clone()), Some(0));
    let set = |text: &str, from: usize, to: &str| {
        let changed = text.replacen(&format!("    shamir_threshold: {from}\n"), to, 1);
        assert_ne!(changed, text);
        changed
    };
    let bare = |text: &str| Sealed { text: text.to_owned() }.without("leafcrypt").expect("a field");
    // Two of three parts make another key, and nothing opens under it.
    assert_eq!(code(set(&three, 3, "    shamir_threshold: 2\n")), Some(25));
    assert_eq!(code(set(&bare(&three), 3, "    shamir_threshold: 2\n")), Some(25));
    // Not said at all, all parts are put together, as SOPS does: only the witness knows that it was said.
    assert_eq!(code(set(&three, 3, "")), Some(51));
    assert_eq!(code(set(&bare(&three), 3, "")), Some(0));
    assert_eq!(code(set(&three, 3, "    shamir_threshold: 4\n")), Some(128));
    // Raised, it opens to those who have all parts; only the witness knows.
    assert_eq!(code(set(&two, 2, "    shamir_threshold: 3\n")), Some(51));
    assert_eq!(code(set(&bare(&two), 2, "    shamir_threshold: 3\n")), Some(0));
}

/// Our own field.
#[test]
fn the_field_itself() {
    for (ending, plain) in SAMPLES {
        let mut bench = Bench::new(ending, plain);
        let foreign = Bench::new(ending, plain).field.token("leafcrypt").expect("a field").to_owned();
        bench.row("removed", &|s| s.without("leafcrypt"), "same same 51 -");
        bench.row("damaged", &|s| s.retoken("leafcrypt", |t| t.replacen("data:", "data:AAAA", 1)), "51 51 51 -");
        bench.row("emptied", &|s| s.retoken("leafcrypt", |_| String::new()), "51 51 51 -");
        bench.row("no token", &|s| s.retoken("leafcrypt", |_| "x".to_owned()), "51 51 51 -");
        bench.row("of another type", &|s| s.retoken("leafcrypt", |t| t.replace("type:str", "type:int")), "51 51 51 -");
        bench.row("of another file", &|s| s.retoken("leafcrypt", |_| foreign.clone()), "51 51 51 -");
        bench.row("the MAC's token", &|s| s.retoken("leafcrypt", |_| s.token("mac").unwrap().to_owned()), "51 51 51 -");
        bench.row(
            "under a name in another case",
            &|s| s.reline("leafcrypt", |l| l.replacen("leafcrypt", "Leafcrypt", 1)),
            "same same 51 -",
        );
        if matches!(ending, "yaml" | "json" | "toml" | "bin") {
            let value = |s: &Sealed, to: &str| s.reline("leafcrypt", |_| field(ending, "leafcrypt", to));
            bench.row("a number", &|s| value(s, "1"), "51 51 51 -");
            bench.row("a list", &|s| value(s, "[\"x\"]"), "51 51 51 -");
            if ending != "toml" {
                bench.row("null", &|s| value(s, "null"), "51 51 51 -");
            }
        }
        bench.finish();
    }
}

/// A field that another key holder, or a later version, made for this very MAC.
#[test]
fn payloads() {
    let lab = Lab::new();
    let (text, key) = lab.seal(Format::Json, super::JSON);
    let sealed = Sealed { text: String::from_utf8(text).unwrap() };
    let cipher = Cipher::new(&lab::data_key(&key));
    let aad = format!("leafcrypt/1 {}", sealed.token("mac").expect("a MAC"));
    let own = cipher.open_text(
        aad.as_bytes(),
        sealed.token("leafcrypt").expect("a field").as_bytes(),
        Holds::Value(leafcrypt::formats::Kind::Str),
    );
    let own = own.expect("our own field opens");
    let place = Place::new();
    std::fs::copy(format!("{}/testdata/keys/age-1.txt", env!("CARGO_MANIFEST_DIR")), place.path("keys.txt")).unwrap();
    let check = |name: &str, payload: Vec<u8>, code: i32, required: i32, says: &str| {
        let mut token = Vec::new();
        let holds = Holds::Value(leafcrypt::formats::Kind::Str);
        cipher.seal(&mut token, aad.as_bytes(), &payload, holds, &mut Nonces::new(&SystemRandom)).unwrap();
        place.write("f.json", sealed.retoken("leafcrypt", |_| String::from_utf8(token).unwrap()).expect("a field"));
        for (flags, code) in [(&["decrypt", "f.json"][..], code), (&["decrypt", "--require-witness", "f.json"], required)] {
            let done = place.ours(flags);
            let text = String::from_utf8_lossy(&done.stderr).into_owned();
            assert_eq!(done.status.code(), Some(code), "{name}: {text}");
            assert!(text.contains(says) || code == 51, "{name}: {text}");
            assert_eq!(done.stdout == super::JSON.as_bytes(), code == 0, "{name}");
        }
    };
    assert_eq!((own[0], own[1]), (0x86, 0x01), "an array of six, version 1");
    let at = |index: usize, byte: u8| {
        let mut payload = own.clone();
        payload[index] = byte;
        payload
    };
    check("its own", own.clone(), 0, 0, "");
    check("of a later version", at(1, 2), 0, 51, "later version");
    check("of a version before the first", at(1, 0), 51, 51, "");
    check("with an element more", [&[0x87], &own[1..], &[0x80]].concat(), 0, 0, "");
    check("with elements that nobody knows", [&[0x88], &own[1..], &[0x80, 0xf6]].concat(), 0, 0, "");
    check("another body", at(4, own[4] ^ 1), 51, 51, "");
    check("another keys", at(4 + 2 * 34, own[4 + 2 * 34] ^ 1), 0, 51, "recipients");
    check("keys of zeros: nobody vouches", [&own[..4 + 2 * 34], &[0; 32], &own[4 + 2 * 34 + 32..]].concat(), 0, 51, "");
    check("cut", own[..own.len() - 1].to_vec(), 51, 51, "");
    check("no CBOR", b"x".to_vec(), 51, 51, "");
    check("empty", Vec::new(), 51, 51, "");
}

/// A whole older version, or a whole other file of the same recipients, under this name: SOPS's format cannot know, and the witness cannot
/// either (docs/threat-model.md, 4.2). Parts of an older version are found out.
#[test]
fn older_versions() {
    let bench = Bench::new("yaml", YAML);
    let place = &bench.place;
    let old = bench.field.clone();
    place.write("f.yaml", &old.text);
    let done = place.ours(["set", "f.yaml", "[\"port\"]", "9042"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let new = Sealed { text: String::from_utf8(place.read("f.yaml")).unwrap() };
    let outcome = |text: String, flags: &[&str]| {
        place.write("f.yaml", text);
        place.ours([&["decrypt"], flags, &["f.yaml"]].concat()).status.code()
    };
    for flags in [&[][..], &["--strict"], &["--require-witness"]] {
        assert_eq!(outcome(old.text.clone(), flags), Some(0), "a whole older version opens");
        for part in ["port", "mac", "lastmodified", "leafcrypt"] {
            let mixed = new.reline(part, |_| old.line(part).unwrap().to_owned()).unwrap();
            // Both versions may have been sealed within one second.
            if mixed != new.text {
                assert_eq!(outcome(mixed, flags), Some(51), "{part} of the older version");
            }
        }
    }
    let bare = |s: &Sealed| s.without("leafcrypt").unwrap();
    let mixed = Sealed { text: bare(&new) }.reline("port", |_| old.line("port").unwrap().to_owned()).unwrap();
    assert_eq!(outcome(mixed, &[]), Some(51), "a token of the older version, without the witness");
    let mixed = Sealed { text: bare(&new) }.reline("mac", |_| old.line("mac").unwrap().to_owned()).unwrap();
    assert_eq!(outcome(mixed, &[]), Some(51), "the MAC of the older version, without the witness");
}

/// `mac_only_encrypted` gives clear values up on purpose (4.11): what is sealed stays in its place.
#[test]
fn clear_values_of_a_file_whose_mac_leaves_them_out() {
    let plain = "# note\nname: alpha\nlist:\n    - one\n    - two\ndb:\n    password: hunter2-canary\nempty: ''\nclear_unencrypted: one\n";
    let mut bench = Bench::with("yaml", plain, &[], &["--mac-only-encrypted"]);
    let mut row = |name: &str, from: &str, to: &str, expected: &str| bench.row_of_ours(name, &|s: &Sealed| s.replace(from, to), expected);
    row("switched off", "    mac_only_encrypted: true\n", "", "51");
    row("a clear value edited", "clear_unencrypted: one", "clear_unencrypted: ten", "other");
    row("a clear value added", "clear_unencrypted: one", "clear_unencrypted: one\nnew_unencrypted: x", "other");
    row("a clear key renamed", "clear_unencrypted", "PATH_unencrypted", "other");
    row("an empty key added", "empty: ''\n", "empty: ''\nPATH: ''\n", "other");
    row("the rule changed", "unencrypted_suffix: _unencrypted", "unencrypted_suffix: ncrypted", "51 51 51 same");
    row("a comment added", "empty: ''\n", "# evil\nempty: ''\n", "warn 51 warn warn");
    bench.row_of_ours("a type swapped", &|s| s.retoken("name", |t| t.replace("type:str", "type:int")), "25");
    bench.row_of_ours("a sealed key dropped", &|s| s.without("name"), "51");
    bench.row_of_ours(
        "two items exchanged",
        &|s| {
            let items = s.items();
            Some(s.text.replace(items[0], "\u{1}").replace(items[1], items[0]).replace('\u{1}', items[1]))
        },
        "51",
    );
    bench.row_of_ours("the MAC removed", &|s| s.without("mac"), "51");
    bench.row_of_ours("a sealed value moved to another key", &|s| s.retoken("name", |_| s.token("password").unwrap().to_owned()), "25");
    bench.finish();
}

/// Each document of a stream ends in a copy of the block. The first counts.
#[test]
fn later_documents() {
    let plain = "a: hunter2-canary\n---\nb: 2\n---\nc: 3\n";
    let mut bench = Bench::new("yaml", plain);
    // The armour of age has dashes of its own, so a document begins at its first key.
    let documents = |s: &Sealed| -> Option<[String; 3]> {
        let (two, three) = (s.text.find("---\nb: ")?, s.text.find("---\nc: ")?);
        Some([s.text[..two].to_owned(), s.text[two..three].to_owned(), s.text[three..].to_owned()])
    };
    bench.row("the last dropped", &|s| documents(s).map(|[a, b, _]| a + &b), "51");
    bench.row("two exchanged", &|s| documents(s).map(|[a, b, c]| a + &c + &b), "51");
    bench.row("an empty one added", &|s| documents(s).map(|[a, b, c]| a + "---\n{}\n" + &b + &c), "51 51 51 other");
    bench.row(
        "the first one last",
        &|s| documents(s).map(|[a, b, c]| b.trim_start_matches("---\n").to_owned() + "\n" + &c + "---\n" + &a),
        "51",
    );
    let block = |document: &str| document.find("sops:\n").map(|at| (document[..at].to_owned(), document[at..].to_owned()));
    bench.row("a later block removed", &|s| documents(s).and_then(|[a, b, c]| Some(a + &block(&b)?.0 + &c)), "same");
    bench.row("a later block emptied", &|s| documents(s).and_then(|[a, b, c]| Some(a + &block(&b)?.0 + "sops: {}\n" + &c)), "told");
    bench.row("a later block made text", &|s| documents(s).and_then(|[a, b, c]| Some(a + &block(&b)?.0 + "sops: x\n" + &c)), "told");
    bench.row(
        "a later block with another rule",
        &|s| documents(s).map(|[a, b, c]| a + &b.replace("unencrypted_suffix: _", "unencrypted_suffix: ") + &c),
        "told",
    );
    bench.row("the first block removed", &|s| documents(s).and_then(|[a, b, c]| Some(block(&a)?.0 + &b + &c)), "1");
    bench.row(
        "our field in a later block",
        &|s| {
            let field = s.line("leafcrypt")?.to_owned();
            documents(s).map(|[a, b, c]| a + &b.replacen("    mac:", &format!("{field}    mac:"), 1) + &c)
        },
        "told told told -",
    );
    bench.finish();
}

/// JSON with the one value `data` looks as a binary file does. The rule in its block tells it, and where there is none (older versions, on files of SOPS) its
/// witness: whoever can write the file chooses neither reading.
#[test]
fn a_tree_like_a_binary_file() {
    const TREE: &str = "{\n  \"data\": \"hunter2-canary\"\n}\n";
    let lab = Lab::new();
    let (tree, _) = lab.seal(Format::Json, TREE);
    // What an older version has made, as `sops`, of a binary file in JSON (`testdata/keys/age-1.txt`).
    let without_rule = std::fs::read(format!("{}/testdata/wire/tree-without-rule.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (binary, _) = lab.seal(Format::Binary, "hunter2-canary");
    let [tree, without_rule, binary] = [tree, without_rule, binary].map(|text| Sealed { text: String::from_utf8(text).unwrap() });
    assert!(tree.line("unencrypted_suffix").is_some() && without_rule.line("unencrypted_suffix").is_none());
    let place = Place::new();
    std::fs::copy(format!("{}/testdata/keys/age-1.txt", env!("CARGO_MANIFEST_DIR")), place.path("keys.txt")).unwrap();
    let check = |what: &str, text: Option<String>, code: i32, as_json: &str| {
        for (name, printed) in [("f.json", as_json), ("f.bin", "hunter2-canary")] {
            place.write(name, text.as_ref().expect("the change applies"));
            for flags in [&["decrypt"][..], &["decrypt", "--strict"], &["set", "--idempotent"], &["rotate", "-i", "-y"], &["accept"]] {
                let path: &[&str] = if flags[0] == "set" { &[name, "[\"data\"]", "\"hunter2-canary\""] } else { &[name] };
                let before = place.read(name);
                let done = place.ours([flags, path].concat());
                let told = String::from_utf8_lossy(&done.stderr).into_owned();
                assert!(!told.contains("canary") || flags[0] == "set", "{what}, {name} {flags:?}: {told}");
                // Whoever accepts is asked where something differs.
                let wanted = if flags[0] == "accept" { i32::from(code != 0) } else { code };
                assert_eq!(done.status.code(), Some(wanted), "{what}, {name} {flags:?}: {told}");
                let shown = if code == 0 && flags[0] == "decrypt" { printed } else { "" };
                assert!(flags[0] == "accept" || String::from_utf8_lossy(&done.stdout) == shown, "{what}, {name} {flags:?}");
                assert!(code == 0 || place.read(name) == before, "{what}, {name} {flags:?}");
            }
        }
    };
    let with_rule = |s: &Sealed| {
        s.replace(s.line("mac").unwrap(), &format!("{}{}", s.line("mac").unwrap(), field("json", "unencrypted_suffix", "\"_unencrypted\"")))
    };
    check("as it was sealed", Some(tree.text.clone()), 0, TREE);
    check("without a rule, as older versions sealed it", Some(without_rule.text.clone()), 0, "{\n\t\"data\": \"hunter2-canary\"\n}\n");
    check("a binary file", Some(binary.text.clone()), 0, "hunter2-canary");
    check("the rule taken out", tree.without("unencrypted_suffix"), 51, "");
    check("a rule put in", with_rule(&without_rule), 51, "");
    check("a rule put into a binary file", with_rule(&binary), 51, "");
    check("a member more", without_rule.replace("{\n", "{\n\"more\": \"\",\n"), 51, "");
    check("a member more in a binary file", binary.replace("{\n", "{\n\"more\": \"\",\n"), 51, "");
}
