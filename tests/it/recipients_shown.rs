//! Who can read what, as `recipients` and `filestatus` say it, and `updatekeys` to programs.

use crate::recipients::{fails, ok, project, rule, text};
use crate::tools::{Program, without_field};

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
