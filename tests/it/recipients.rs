//! Commands that change who can open a file: `rotate`, `updatekeys`, `groups`; and those that say who can: `recipients`, `filestatus`.

use crate::tools::{Place, Program, without_field};

const FILES: [(&str, &str); 7] = [
    ("a.yaml", "# one\na: b   # two\nn: 0x1F\nl:\n- 'x'\n- {k: \"v\"}\n"),
    ("s.yaml", "a: b\r\n---\r\nc: |\r\n  d\r\n"),
    ("a.json", "{\"a\": 1.50, \"b\" : [\"c\"]}\n"),
    ("a.env", "# x\nA=b\nB=\"c d\"\n"),
    ("a.ini", "; x\n[s]\nk = \"v\"\n"),
    ("a.toml", "a = 'b'\n[t]\nn = 0x1F\n"),
    ("a.bin", "bytes"),
];

/// The two ages of testdata; the rule names the first.
fn project() -> (Place, String, String) {
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    rule(&place, &one);
    (place, one, two)
}

fn rule(place: &Place, keys: &str) {
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {keys}\n"));
}

fn ok(place: &Place, args: &[&str]) -> (String, String) {
    let done = place.ours(args);
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert!(done.status.success(), "{args:?}: {err}");
    (out, err)
}

fn fails(place: &Place, args: &[&str], code: i32, says: &str) {
    let done = place.ours(args);
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(code), "{args:?}: {err}");
    assert!(err.contains(says), "{args:?}: {err}");
    assert!(done.stdout.is_empty(), "{args:?}");
}

fn text(place: &Place, file: &str) -> String {
    String::from_utf8(place.read(file)).unwrap()
}

/// Every token but our own field's.
fn tokens(text: &str) -> Vec<&str> {
    let starts = text.match_indices("ENC[AES256_GCM,").map(|(i, _)| i);
    let ours = |i: usize| text[..i].ends_with("leafcrypt: ") || text[..i].ends_with("leafcrypt\": \"") || text[..i].ends_with("leafcrypt=");
    let ours = |i: usize| ours(i) || text[..i].lines().next_back().is_some_and(|l| l.trim_start().starts_with("leafcrypt "));
    starts.filter(|&i| !ours(i)).map(|i| &text[i..i + text[i..].find(']').unwrap()]).collect()
}

/// Both programs open it to `plain` (values, for sops, which prints anew).
fn opens(place: &Place, file: &str, plain: &str) {
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
fn updatekeys_for_programs() {
    let (place, one, two) = project();
    let before = place.seal("a.yaml", "a: b\n");
    place.seal("b.json", "{\"a\": \"b\"}\n");
    place.write("c.yaml", "a: b\n");
    place.write(".sops.yaml", format!("creation_rules:\n  - age:\n      - {two}  # bob\n"));
    let json = |args: &[&str], code: i32| {
        let done = place.ours([&["updatekeys", "--json"], args].concat());
        assert_eq!(done.status.code(), Some(code), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap()
    };
    let changes = |added: serde_json::Value, removed: serde_json::Value, kept: serde_json::Value| serde_json::json!({ "groups": [{ "kept": kept, "added": added, "removed": removed }], "threshold": { "before": 1, "now": 1 } });
    let age = |id: &str, name: Option<&str>| serde_json::json!([{ "kind": "age", "id": id, "name": name }]);
    let none = || serde_json::json!([]);
    let wanted = changes(age(&two, Some("bob")), age(&one, None), none());
    let shown = json(&["--dry-run", "."], 0);
    let file = |file: &str, outcome: &str| serde_json::json!({ "file": file, "outcome": outcome, "changes": &wanted, "error": null });
    assert_eq!(shown, serde_json::json!([file("./a.yaml", "would-change"), file("./b.json", "would-change")]));
    assert_eq!(text(&place, "a.yaml"), before);

    // Nobody there to ask, and a file that is not sealed: the error is told beside the rest, and the exit code stays.
    let failed = json(&["a.yaml"], 1);
    assert_eq!((&failed[0]["outcome"], &failed[0]["error"]), (&"failed".into(), &"a.yaml: not confirmed".into()));
    assert_eq!(failed[0]["changes"], wanted);
    let mixed = json(&["-y", "c.yaml", "a.yaml"], 1);
    assert_eq!((&mixed[0]["outcome"], &mixed[0]["changes"]), (&"failed".into(), &serde_json::Value::Null));
    assert!(mixed[0]["error"].as_str().unwrap().contains("c.yaml"), "{mixed}");
    assert_eq!(mixed[1], file("a.yaml", "updated"));
    let same = json(&["--dry-run", "a.yaml"], 0);
    assert_eq!((&same[0]["outcome"], &same[0]["changes"]), (&"up-to-date".into(), &changes(none(), none(), age(&two, Some("bob")))));
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

#[test]
fn groups_come_and_go() {
    let (place, one, two) = project();
    for (file, plain) in FILES {
        let before = place.seal(file, plain);
        ok(&place, &["groups", "add", "-f", file, "-i", "-y", "--age", &two]);
        let after = text(&place, file);
        assert_eq!(tokens(&before), tokens(&after), "{file}");
        assert!(after.contains(&two) && after.contains("shamir_threshold"), "{file}");
        opens(&place, file, plain);
        fails(&place, &["groups", "delete", "-f", file, "-i", "1"], 1, "impossible to satisfy");
        fails(&place, &["groups", "delete", "-f", file, "-i", "7"], 1, "there is no group 7");
        ok(&place, &["groups", "delete", "-y", "-f", file, "-i", "1", "--shamir-secret-sharing-threshold", "1"]);
        assert!(!text(&place, file).contains(&two), "{file}");
        opens(&place, file, plain);
        fails(&place, &["groups", "delete", "-f", file, "-i", "0"], 1, "the only key group");
        fails(&place, &["groups", "add", "-f", file, "-i"], 1, "at least one key");
        fails(
            &place,
            &["groups", "add", "-f", file, "-i", "--shamir-secret-sharing-threshold", "1", "--age", &one],
            1,
            "threshold must be at least 2",
        );
    }
}

/// The number that is shown is the one that is taken; who loses access is told by name, and only a yes removes somebody.
#[test]
fn the_group_that_is_shown_is_the_one_that_goes() {
    let (place, one, two) = project();
    let three = &Place::new().recipient;
    let rules = format!(
        "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age:\n          - {one}  # alice\n      - age:\n          - {two}  # bob\n      - age:\n          - {three}  # carol\n"
    );
    place.write(".sops.yaml", rules);
    let before = place.seal("a.yaml", "a: b\n");
    let (shown, _) = ok(&place, &["recipients", "a.yaml"]);
    let number = shown.lines().take_while(|line| !line.contains(&two)).filter_map(|line| line.strip_prefix("  group ")).last().unwrap();
    let delete = ["groups", "delete", "-i", "-f", "a.yaml", number];
    let done = place.ours(delete);
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("not confirmed") && said.contains("-y"), "{said}");
    let listed = format!(
        "  group 0\n    age {one}  (alice)\n  group 1\n  - age {two}  (bob)\n  group 2\n    age {three}  (carol)\n  loses access: age {two}  (bob)\n"
    );
    assert!(said.contains(&listed), "{said}\n{listed}");
    assert_eq!(text(&place, "a.yaml"), before);
    let done = place.ours([&delete[..], &["-y"]].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let now = text(&place, "a.yaml");
    assert!(now.contains(&one) && !now.contains(&two) && now.contains(three), "{now}");
    opens_without(&place, "a.yaml");
    // Under the name `sops` nobody is asked, and the number is SOPS's.
    place.write("a.yaml", &before);
    let done = place.as_sops(["groups", "delete", "-i", "-f", "a.yaml", "2"]);
    assert!(done.status.success() && !text(&place, "a.yaml").contains(three), "{}", String::from_utf8_lossy(&done.stderr));
    // A key of another group, too: nobody loses access.
    rule(&place, &one);
    place.seal("b.yaml", "a: b\n");
    ok(&place, &["groups", "add", "-f", "b.yaml", "-i", "-y", "--age", &one]);
    let done = place.ours(["groups", "delete", "-i", "-f", "b.yaml", "1", "--shamir-secret-sharing-threshold", "1"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.code() == Some(1) && said.contains("nobody loses access"), "{said}");
}

/// What no key opens: group by group, with the same numbers.
fn opens_without(place: &Place, file: &str) {
    place.write("none.txt", "");
    let done = place.call(Program::Ours, ["decrypt", file]).env("SOPS_AGE_KEY_FILE", place.path("none.txt")).run();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("  group 0: not opened") && said.contains("  group 1: not opened") && !said.contains("  group 2"), "{said}");
}

#[test]
fn who_can_read_what() {
    let (place, one, two) = project();
    place.seal("a.yaml", "a: b\n");
    place.write(".sops.yaml", format!("creation_rules:\n  - age:\n      - {one}  # alice\n      # bob\n      - {two}\n"));
    place.seal("b.json", "{\"a\": \"b\"}\n");
    ok(&place, &["groups", "add", "-f", "a.yaml", "-i", "-y", "--age", &two]);
    let keys = place.read("keys.txt");
    std::fs::remove_file(place.path("keys.txt")).unwrap();
    let (out, _) = ok(&place, &["recipients", "a.yaml", "b.json"]);
    let expected = format!(
        "a.yaml (any 2 of 2 groups) (its creation rule names others by now: updatekeys)\n  group 0\n  age {one}  (alice)\n  group 1\n  age {two}  (bob)\n\
         b.json\n  age {one}  (alice)\n  age {two}  (bob)\n"
    );
    assert_eq!(out, expected);
    let (out, _) = ok(&place, &["recipients", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json[1]["groups"][0][1]["name"], "bob");
    assert_eq!((&json[0]["threshold"], &json[0]["outdated"], &json[1]["outdated"]), (&2.into(), &true.into(), &false.into()));
    fails(&place, &["recipients", ".sops.yaml"], 1, "not sealed");
    assert_eq!(ok(&place, &["filestatus", "a.yaml"]).0, "{\"encrypted\":true}\n");
    assert_eq!(ok(&place, &["filestatus", ".sops.yaml"]).0, "{\"encrypted\":false}\n");
    place.write("keys.txt", keys);
}

/// What is sealed and cannot be read is told, and counted: after somebody is removed, a run that passes over it would look complete.
#[test]
fn a_folder_with_a_damaged_file() {
    let (place, one, two) = project();
    std::fs::create_dir_all(place.path("d")).unwrap();
    let whole = place.seal("d/a.yaml", "a: b\n");
    place.seal("d/z.yaml", "a: b\n");
    // Neither sealed nor readable, or without a rule: none of our business.
    place.write("d/plain.json", "{\"a\": 1,,}");
    place.write("d/manual.txt", format!("# How it looks\n\n```yaml\n{whole}```\n"));
    let json = place.seal("d/j.json", "{\"a\": \"b\"}").replacen("\"lastmodified\"", ",\"lastmodified\"", 1);
    let conflict = format!("<<<<<<< HEAD\n{whole}=======\n{whole}>>>>>>> theirs\n");
    let env = format!("no line of this type\n{}", place.seal("d/e.env", "A=b\n"));
    std::fs::remove_file(place.path("d/e.env")).unwrap();
    std::fs::remove_file(place.path("d/j.json")).unwrap();
    // Its name tells no type, its text does.
    place.write("d/n.enc", &whole);
    let block = whole.replacen("    lastmodified: ", "    lastmodified:\n        - ", 1);
    for (name, text) in [("d/s.yaml", &conflict), ("d/j.json", &json), ("d/e.env", &env), ("d/m.yaml", &block)] {
        place.write(name, text);
        rule(&place, &format!("{one},{two}"));
        for args in [&["updatekeys", "-y", "d"][..], &["updatekeys", "--dry-run", "d"], &["recipients", "d"]] {
            let named = place.ours([&args[..args.len() - 1], &[name]].concat());
            let done = place.ours(args);
            let said = String::from_utf8(done.stderr).unwrap();
            assert_eq!(done.status.code(), named.status.code(), "{args:?} {name}: {said}");
            assert!(done.status.code() != Some(0) && said.contains(&format!("error: {name}: ")), "{args:?}: {said}");
            // The others are done all the same.
            let others = if args[0] == "recipients" { String::from_utf8(done.stdout).unwrap() } else { said };
            assert!(others.contains("d/a.yaml") && others.contains("d/n.enc") && others.contains("d/z.yaml"), "{args:?}: {others}");
            assert!(!others.contains("plain.json") && !others.contains("manual"), "{others}");
        }
        let done = place.ours(["updatekeys", "-y", "--json", "d"]);
        let all: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let one = all.as_array().unwrap().iter().find(|file| file["file"] == name).unwrap();
        assert!(one["outcome"] == "failed" && one["error"].as_str().unwrap().contains(name), "{one}");
        let done = place.ours(["recipients", "--json", "d"]);
        let all: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let one = all.as_array().unwrap().iter().find(|file| file["file"] == name).unwrap();
        assert!(one["groups"].is_null() && one["error"].as_str().unwrap().contains(name) && all[0]["error"].is_null(), "{one}");
        assert_eq!(self::text(&place, name), *text);
        std::fs::remove_file(place.path(name)).unwrap();
    }
    ok(&place, &["updatekeys", "-y", "d"]);
    // Without a rule for it a file is passed over, damaged or not.
    place.write("d/s.yaml", conflict);
    place.write(".sops.yaml", format!("creation_rules:\n  - path_regex: z\\.yaml$\n    age: {one}\n"));
    ok(&place, &["updatekeys", "-y", "d"]);
    // One name for every file: which one it is about is said.
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    fails(&place, &["updatekeys", "-y", "d/a.yaml"], 1, "d/a.yaml: config file not found");
}

/// The first of three groups goes: the others keep their keys.
#[test]
fn the_first_group_goes() {
    let (place, one, two) = project();
    let three = &Place::new().recipient;
    let groups = |keys: &[&str]| {
        let items: String = keys.iter().map(|key| format!("      - age:\n          - {key}\n")).collect();
        place.write(".sops.yaml", format!("creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n{items}"));
    };
    groups(&[&one, &two, three]);
    let before = place.seal("a.yaml", "a: b\n");
    let done = place.ours(["groups", "delete", "-i", "-y", "-f", "a.yaml", "0"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && said.contains(&format!("- age {one}")), "{said}");
    assert!(!said.contains(&format!("- age {two}")) && !said.contains(&format!("- age {three}")), "{said}");
    // By the rule it is the same change.
    place.write("a.yaml", before);
    groups(&[&two, three]);
    let (_, shown) = ok(&place, &["updatekeys", "--dry-run", "a.yaml"]);
    let listed = format!("  group 0\n  - age {one}\n  group 1\n    age {two}\n  group 2\n    age {three}\n");
    assert!(shown.contains(&listed), "{shown}\n{listed}");
    groups(&[three, &one, &two]);
    let (_, shown) = ok(&place, &["updatekeys", "--dry-run", "a.yaml"]);
    assert!(!shown.contains("- age") && !shown.contains("+ age"), "{shown}");
}

/// The comment of an SSH key is no part of it.
#[test]
fn ssh_keys_by_their_key() {
    let (place, one, two) = project();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKvs+FpAYk2baNJCx9fH0H2G4pVeIMPukXG/2p3AYX5W";
    rule(&place, &format!("'{one},{key} me'"));
    place.seal("a.yaml", "a: b\n");
    assert!(text(&place, "a.yaml").contains(key));
    fails(&place, &["rotate", "-y", "-i", "--add-age", &format!("{key} you"), "a.yaml"], 1, "is a recipient already");
    let (_, said) = ok(&place, &["rotate", "-y", "-i", "--rm-age", key, "a.yaml"]);
    assert!(!said.contains("is no recipient") && !text(&place, "a.yaml").contains(key), "{said}");
    fails(&place, &["rotate", "-y", "-i", "--add-age", &format!("{two},{two}"), "a.yaml"], 1, &format!("{two} is given twice"));
    // The hint for the last one has a flag that is there.
    let done = place.ours(["rotate", "-y", "-i", "--rm-age", &one, "a.yaml"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("hint: ") && said.contains("--add-age RECIPIENT") && !said.contains(" --age "), "{said}");
    ok(&place, &["rotate", "-y", "-i", "--rm-age", &one, "--add-age", &two, "a.yaml"]);
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

fn groups(place: &Place, threshold: usize, keys: &[&str]) {
    let groups: Vec<String> = keys.iter().map(|key| format!("{{age: [{key}]}}")).collect();
    place.write(".sops.yaml", format!("creation_rules: [{{shamir_threshold: {threshold}, key_groups: [{}]}}]\n", groups.join(", ")));
}

/// How many groups must open is part of who can open a file: a creation rule with another number vouches for nobody, and the file is not up to date.
#[test]
fn a_threshold_is_vouched_for_too() {
    let (place, one, two) = project();
    let third = Place::new().recipient.clone();
    groups(&place, 2, &[&one, &two, &third]);
    place.seal("f.yaml", "a: b\n");
    let raised = without_field(&text(&place, "f.yaml")).replace("shamir_threshold: 2", "shamir_threshold: 3");
    place.write("g.yaml", &raised);
    let (listed, _) = ok(&place, &["recipients", "g.yaml"]);
    assert!(listed.contains("(any 3 of 3 groups) (its creation rule has 2 that must open by now: updatekeys)"), "{listed}");
    let (json, _) = ok(&place, &["recipients", "--json", "g.yaml"]);
    assert!(json.contains("\"outdated\": true"), "{json}");
    // Three groups, of which two are ours: what was raised does not open any more.
    groups(&place, 2, &[&one, &two]);
    place.seal("h.yaml", "a: b\n");
    groups(&place, 1, &[&one, &two]);
    let stripped = without_field(&text(&place, "h.yaml"));
    let more = Place::new().recipient.clone();
    groups(&place, 2, &[&one, &two, &more]);
    place.seal("i.yaml", "a: b\n");
    let two_of_three = without_field(&text(&place, "i.yaml"));
    groups(&place, 3, &[&one, &two, &more]);
    place.write("i.yaml", &two_of_three);
    fails(&place, &["rotate", "-i", "i.yaml"], 1, "groups that must open: 2");
    assert_eq!(text(&place, "i.yaml"), two_of_three);
    let warned = place.as_sops(["rotate", "-i", "i.yaml"]);
    let said = String::from_utf8(warned.stderr).unwrap();
    assert!(warned.status.success() && said.contains("another number of groups that must open"), "{said}");
    // One that says the same is silent.
    groups(&place, 2, &[&one, &two]);
    place.write("h.yaml", &stripped);
    assert_eq!(ok(&place, &["rotate", "-i", "h.yaml"]).1, "");
}

/// An SSH key with another comment is the same key.
#[test]
fn comments_of_ssh_keys_are_no_part_of_them() {
    let (place, one, _) = project();
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINPZ2UrGxTxJ9F1bUVzpYDl5IZ8J6O0x0cHj8vGfVq3K";
    rule(&place, &format!("[{one}, {ssh} joe@x]"));
    place.seal("f.yaml", "a: b\n");
    place.write("f.yaml", without_field(&text(&place, "f.yaml")));
    rule(&place, &format!("[{one}, {ssh}]"));
    let (listed, _) = ok(&place, &["recipients", "f.yaml"]);
    assert!(!listed.contains("names others"), "{listed}");
    let (_, said) = ok(&place, &["updatekeys", "--dry-run", "f.yaml"]);
    assert!(said.contains("already up to date"), "{said}");
    assert_eq!(ok(&place, &["rotate", "-i", "f.yaml"]).1, "");
    // To SOPS they are two.
    let theirs = place.call(Program::AsSops, ["updatekeys", "f.yaml"]).stdin("n\n").run();
    assert!(String::from_utf8(theirs.stdout).unwrap().contains(&format!("--- {ssh} joe@x")));
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
