//! `rotate` and `updatekeys` change who can open a file. Groups of keys, and who is shown, are in files of their own.

use crate::tools::{Place, Program, without_field};

pub const FILES: [(&str, &str); 7] = [
    ("a.yaml", "# one\na: b   # two\nn: 0x1F\nl:\n- 'x'\n- {k: \"v\"}\n"),
    ("s.yaml", "a: b\r\n---\r\nc: |\r\n  d\r\n"),
    ("a.json", "{\"a\": 1.50, \"b\" : [\"c\"]}\n"),
    ("a.env", "# x\nA=b\nB=\"c d\"\n"),
    ("a.ini", "; x\n[s]\nk = \"v\"\n"),
    ("a.toml", "a = 'b'\n[t]\nn = 0x1F\n"),
    ("a.bin", "bytes"),
];

/// The two ages of testdata; the rule names the first.
pub fn project() -> (Place, String, String) {
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    rule(&place, &one);
    (place, one, two)
}

pub fn rule(place: &Place, keys: &str) {
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {keys}\n"));
}

pub fn groups(place: &Place, threshold: usize, keys: &[&str]) {
    let groups: Vec<String> = keys.iter().map(|key| format!("{{age: [{key}]}}")).collect();
    place.write(".sops.yaml", format!("creation_rules: [{{shamir_threshold: {threshold}, key_groups: [{}]}}]\n", groups.join(", ")));
}

pub fn ok(place: &Place, args: &[&str]) -> (String, String) {
    let done = place.ours(args);
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert!(done.status.success(), "{args:?}: {err}");
    (out, err)
}

pub fn fails(place: &Place, args: &[&str], code: i32, says: &str) {
    let done = place.ours(args);
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(code), "{args:?}: {err}");
    assert!(err.contains(says), "{args:?}: {err}");
    assert!(done.stdout.is_empty(), "{args:?}");
}

pub fn text(place: &Place, file: &str) -> String {
    String::from_utf8(place.read(file)).unwrap()
}

/// Every token but our own field's.
pub fn tokens(text: &str) -> Vec<&str> {
    let starts = text.match_indices("ENC[AES256_GCM,").map(|(i, _)| i);
    let ours = |i: usize| text[..i].ends_with("leafcrypt: ") || text[..i].ends_with("leafcrypt\": \"") || text[..i].ends_with("leafcrypt=");
    let ours = |i: usize| ours(i) || text[..i].lines().next_back().is_some_and(|l| l.trim_start().starts_with("leafcrypt "));
    starts.filter(|&i| !ours(i)).map(|i| &text[i..i + text[i..].find(']').unwrap()]).collect()
}

/// Both programs open it to `plain` (values, for sops, which prints anew).
pub fn opens(place: &Place, file: &str, plain: &str) {
    assert_eq!(ok(place, &["decrypt", file]).0, plain, "{file}");
    if !file.ends_with(".toml")
        && let Some(theirs) = place.sops(["decrypt", file])
    {
        assert!(theirs.status.success(), "{file}: sops: {}", String::from_utf8_lossy(&theirs.stderr));
    }
}

#[test]
fn rotate_makes_every_token_and_nonce_anew() {
    let (place, one, two) = project();
    for (file, plain) in FILES {
        let before = place.seal(file, plain);
        let (printed, _) = ok(&place, &["rotate", file]);
        assert_eq!(text(&place, file), before, "{file}: not in place");
        assert!(!printed.is_empty());
        ok(&place, &["rotate", "-i", "--add-age", &two, file]);
        let after = text(&place, file);
        for token in tokens(&before) {
            let nonce = token.split(",iv:").nth(1).unwrap().split(',').next().unwrap();
            assert!(!after.contains(nonce), "{file}: a nonce is used again");
        }
        assert_eq!(tokens(&before).len(), tokens(&after).len(), "{file}");
        opens(&place, file, plain);
        assert!(after.contains(&one) && after.contains(&two), "{file}");
        ok(&place, &["rotate", "-i", "--rm-age", &one, file]);
        assert!(!text(&place, file).contains(&one), "{file}");
        opens(&place, file, plain);
        ok(&place, &["decrypt", "--require-witness", file]);
    }
}

#[test]
fn rotate_refuses_what_nobody_could_open() {
    let (place, one, two) = project();
    let before = place.seal("a.yaml", "a: b\n");
    fails(&place, &["rotate", "-i", "--rm-age", &one, "a.yaml"], 1, "empty key group provided");
    fails(&place, &["rotate", "-i", "--add-age", &one, "a.yaml"], 1, "is a recipient already");
    fails(&place, &["rotate", "-i", "--add-kms", "arn:aws:kms:eu-west-1:1:key/k", "a.yaml"], 1, "arn:aws:kms:eu-west-1:1:key/k");
    fails(&place, &["rotate", "-i", "--add-age", "age1nonsense", "a.yaml"], 1, "age1nonsense");
    assert_eq!(text(&place, "a.yaml"), before);
    let (_, err) = ok(&place, &["rotate", "-i", "--rm-age", &two, "a.yaml"]);
    assert!(err.contains("is no recipient"), "{err}");
}

#[test]
fn a_strangers_recipient_is_not_wrapped_for_unseen() {
    let (place, one, two) = project();
    let sealed = place.seal("a.yaml", "a: b\n");
    // A repo writer strips our field and adds himself without a valid wrap.
    let added =
        sealed.replacen("    age:\n", &format!("    age:\n        - recipient: {two}\n          enc: |\n            nonsense\n"), 1);
    let forged = without_field(&added);
    place.write("a.yaml", &forged);
    fails(&place, &["rotate", "-i", "a.yaml"], 1, "nobody vouches");
    assert_eq!(text(&place, "a.yaml"), forged);
    // As sops it warns and goes on, and still vouches for nobody.
    let done = place.call(Program::AsSops, ["rotate", "-i", "a.yaml"]).run();
    assert!(done.status.success() && String::from_utf8_lossy(&done.stderr).contains("nobody vouches"));
    assert_eq!(place.ours(["decrypt", "--require-witness", "a.yaml"]).status.code(), Some(51));
    let (_, err) = ok(&place, &["rotate", "-i", "-y", "a.yaml"]);
    assert!(err.contains(&one) && err.contains(&two), "{err}");
    ok(&place, &["decrypt", "--require-witness", "a.yaml"]);
}

#[test]
fn updatekeys_touches_recipients_only() {
    let (place, one, two) = project();
    for (file, plain) in FILES {
        rule(&place, &one);
        let before = place.seal(file, plain);
        rule(&place, &format!("{one},{two}"));
        fails(&place, &["updatekeys", file], 1, "not confirmed");
        let (_, shown) = ok(&place, &["updatekeys", "--dry-run", file]);
        assert!(shown.contains(&format!("+ age {two}")) && shown.contains(&format!("  age {one}")), "{shown}");
        assert_eq!(text(&place, file), before, "{file}");
        ok(&place, &["updatekeys", "-y", file]);
        let after = text(&place, file);
        assert_eq!(tokens(&before), tokens(&after), "{file}: values, MAC and date stay");
        assert!(after.contains(&two));
        let body = |text: &str| text.split("sops").next().unwrap().to_owned();
        assert_eq!(body(&before), body(&after), "{file}");
        opens(&place, file, plain);
        ok(&place, &["decrypt", "--require-witness", file]);
        assert_eq!(ok(&place, &["updatekeys", file]).1, format!("{file}: already up to date\n"));
        rule(&place, &two);
        let (_, err) = ok(&place, &["updatekeys", "-y", file]);
        assert!(err.contains("keeps its data key") && err.contains("rotate -i"), "{err}");
        assert!(!text(&place, file).contains(&one), "{file}");
    }
}

#[test]
fn updatekeys_of_a_file_of_sops_keeps_its_bytes() {
    let (place, one, two) = project();
    if place.sops(["--version"]).is_none() {
        return;
    }
    for (file, plain) in FILES.iter().filter(|(file, _)| !file.ends_with(".toml")) {
        rule(&place, &one);
        place.write(file, plain);
        assert!(place.sops(["encrypt", "-i", file]).unwrap().status.success(), "{file}");
        let before = text(&place, file);
        let printed = place.ours(["decrypt", file]).stdout;
        rule(&place, &format!("{one},{two}"));
        ok(&place, &["updatekeys", "-y", file]);
        let after = text(&place, file);
        assert_eq!(tokens(&before), tokens(&after), "{file}");
        for line in before.lines().filter(|l| l.contains("ENC[AES256_GCM,")) {
            assert!(after.lines().any(|l| l == line), "{file}: {line}");
        }
        assert_eq!(place.ours(["decrypt", file]).stdout, printed, "{file}");
        assert!(place.sops(["decrypt", file]).unwrap().status.success());
    }
}

#[test]
fn updatekeys_refuses_damage_and_walks_folders() {
    let (place, one, two) = project();
    std::fs::create_dir_all(place.path("d/e")).unwrap();
    for file in ["d/a.yaml", "d/e/b.json", "c.env"] {
        place.seal(
            file,
            if file.ends_with("json") {
                "{\"a\": \"b\"}"
            } else if file.ends_with("env") {
                "A=b\n"
            } else {
                "a: b\n"
            },
        );
    }
    place.write("d/plain.txt", "nothing sealed");
    place.write("d/.hidden.yaml", "a: not sealed\n");
    let damaged = text(&place, "c.env").replacen("data:", "data:AAAA", 1);
    place.write("c.env", &damaged);
    rule(&place, &format!("{one},{two}"));
    let done = place.ours(["updatekeys", "-y", "d", "c.env"]);
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{err}");
    assert!(err.contains("failed updating 1 key(s)") && err.contains("c.env"), "{err}");
    assert!(text(&place, "d/a.yaml").contains(&two) && text(&place, "d/e/b.json").contains(&two));
    assert_eq!(text(&place, "c.env"), damaged);
    fails(&place, &["updatekeys", "missing.yaml"], 1, "missing.yaml");
    // Nothing to do is said, so that nobody takes it for done.
    std::fs::create_dir_all(place.path("empty/plain")).unwrap();
    for folder in ["empty", "empty/plain"] {
        let (out, err) = ok(&place, &["updatekeys", "-y", folder]);
        assert!(out.is_empty() && err.contains("no sealed file") && err.contains(folder), "{err}");
        let (out, err) = ok(&place, &["recipients", folder]);
        assert!(out.is_empty() && err == format!("no sealed file in {folder}\n"), "{err}");
        place.write("empty/plain/p.yaml", "a: b\n");
    }
    assert_eq!(ok(&place, &["updatekeys", "--json", "empty"]).0, "[]\n");
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    fails(&place, &["updatekeys", "d/a.yaml"], 1, "config file not found");
}

/// `updatekeys` keeps what nobody knows in the records of those who stay, and says of nobody that he was removed who only changed his group.
#[test]
fn who_stays_keeps_his_record() {
    let (place, one, two) = project();
    for program in [Program::Ours, Program::AsSops] {
        rule(&place, &one);
        place.seal("f.yaml", "a: b\n");
        let sealed = text(&place, "f.yaml");
        let noted = sealed.replacen("        - recipient:", "        - note: keepme\n          recipient:", 1);
        let noted = if noted == sealed {
            sealed.replacen("          recipient:", "          note: keepme\n          recipient:", 1)
        } else {
            noted
        };
        assert_ne!(noted, sealed);
        place.write("f.yaml", noted);
        rule(&place, &format!("[{two}, {one}]"));
        let done = place.call(program, ["updatekeys", "-y", "f.yaml"]).run();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let after = text(&place, "f.yaml");
        assert!(after.contains("note: keepme") && after.contains(&two), "{program:?}: {after}");
    }
    let third = Place::new().recipient.clone();
    groups(&place, 2, &[&format!("{one}, {third}"), &two]);
    place.seal("g.yaml", "a: b\n");
    groups(&place, 2, &[&one, &format!("{two}, {third}")]);
    let (_, said) = ok(&place, &["updatekeys", "-y", "g.yaml"]);
    assert!(said.contains("synced with new keys") && !said.contains("keeps its data key"), "{said}");
}

/// Who can write a sealed file can write anything into its records, and name files as they like: the lists that people say yes to show it in its line, spelled.
#[test]
fn nothing_makes_a_line_of_its_own() {
    let place = Place::project().with_pgp();
    let two = place.recipient.clone();
    let sealed = place.seal("a.yaml", "a: b\n");
    let evil = "  pgp:\n        - fp: \"AA\\e[31m\\n  - age age1evil removed\\u061C\\u00AD\"\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: nonsense\n";
    let forged = without_field(&sealed.replacen("    age:\n", &format!("  {evil}    age:\n"), 1));
    assert!(forged.contains(&two));
    let name = "b\n  - age age1evil removed\u{1b}[31m\u{61c}.yaml";
    for file in ["a.yaml", name] {
        for args in [
            &["recipients", file][..],
            &["recipients"],
            &["accept", file],
            &["rotate", "-i", file],
            &["rotate", "-i", "-y", file],
            &["groups", "delete", "-f", file, "0"],
            &["updatekeys", file],
            &["updatekeys", "--dry-run", "."],
            &["updatekeys", "-y", file],
            &["decrypt", "--verbose", file],
            &["doctor", file],
            &["encrypt", file],
            &["exec-env", file, "true"],
        ] {
            for program in [Program::Ours, Program::AsSops] {
                place.write(file, &forged);
                let done = place.call(program, args).run();
                for (stream, bytes) in [("out", &done.stdout), ("err", &done.stderr)] {
                    let text = String::from_utf8_lossy(bytes);
                    // What is sealed may be printed with its block.
                    if text.contains("ENC[") {
                        continue;
                    }
                    let case = format!("{program:?} {args:?} {stream}: {text:?}");
                    assert!(!text.contains(['\u{1b}', '\u{61c}', '\u{ad}']), "{case}");
                    assert!(!text.lines().any(|line| line.starts_with("  - age age1evil")), "{case}");
                }
            }
        }
        std::fs::remove_file(place.path(file)).unwrap();
    }
    place.write("a.yaml", &forged);
    let spelled = "AA\\u{1b}[31m\\n  - age age1evil removed\\u{61c}\\u{ad}";
    let shows = |program: Program, args: &[&str]| {
        place.write("a.yaml", &forged);
        let done = place.call(program, args).run();
        let text = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        assert!(text.contains(spelled), "{program:?} {args:?}: {text}");
    };
    for program in [Program::Ours, Program::AsSops] {
        shows(program, &["recipients", "a.yaml"]);
        shows(program, &["updatekeys", "-y", "a.yaml"]);
        shows(program, &["accept", "a.yaml"]);
    }
    shows(Program::Ours, &["rotate", "-i", "a.yaml"]);
}

/// SOPS's sentence of `updatekeys`, which is another one than that of `encrypt`.
#[test]
fn a_key_that_cannot_wrap_has_the_words_of_the_command() {
    if crate::tools::sops().is_none() {
        return;
    }
    let (place, one, _) = project();
    place.write("p.yaml", "a: b\n");
    let sealed = place.sops(["encrypt", "p.yaml"]).unwrap().stdout;
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {one}\n    pgp: 68BBA9B935FF2D2BB13B6DAA689620316FE9D25D\n"));
    let said = [Program::Sops, Program::AsSops].map(|program| {
        place.write("f.yaml", &sealed);
        let done = place.call(program, ["updatekeys", "-y", "f.yaml"]).run();
        assert_eq!(done.status.code(), Some(1), "{program:?}");
        String::from_utf8(done.stderr).unwrap()
    });
    let start = "error updating one or more master keys: [failed to encrypt new data key with master key \"68BB";
    assert!(said.iter().all(|said| said.contains(start)), "{said:?}");
}

/// A file may be named after a private key, and what is printed is pasted into tickets (P15).
#[test]
fn a_file_that_is_named_after_a_private_key() {
    let place = Place::project();
    let key = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
    std::fs::create_dir(place.path("in")).unwrap();
    place.seal(&format!("in/{key}.yaml"), "a: b\n");
    for program in [Program::Ours, Program::AsSops] {
        for args in [&["recipients", "in"][..], &["recipients", "--json", "in"], &["updatekeys", "--dry-run", "--json", "in"]] {
            let done = place.call(program, args).run();
            let out = String::from_utf8_lossy(&done.stdout);
            if program == Program::Ours || args[0] == "recipients" {
                assert!(done.status.success() && out.contains("in/(a private key, not shown)"), "{program:?} {args:?}: {out}");
            }
            let err = String::from_utf8_lossy(&done.stderr);
            assert!(!out.contains(&key) && !err.contains(&key), "{program:?} {args:?}: {out}{err}");
        }
    }
}
