//! Tags that mean nothing to SOPS: the author's come back with the text, anybody else's do not (P2). To another reader `!include` and
//! `!!python/object/apply` are calls.

use leafcrypt::formats::{Document, Format, ScanOptions};

use crate::tools::{Place, Program};

const PLAIN: &str = "cmd_unencrypted:\n    - id\npw: x # c\nmap_unencrypted: {a: b}\nempty_unencrypted: ''\nflow_unencrypted: [a, b]\n";

/// What `decrypt` says of a tampered file.
fn opened(place: &Place, file: &str) -> String {
    for args in [&["decrypt"][..], &["decrypt", "--strict", "--require-witness"], &["decrypt", "--ignore-mac"]] {
        let done = place.call(Program::Ours, args.iter().copied().chain([file])).run();
        let (out, err) = (String::from_utf8_lossy(&done.stdout).into_owned(), String::from_utf8_lossy(&done.stderr).into_owned());
        assert!(done.status.success(), "{args:?}: {err}");
        let tagged = |line: &&str| !line.starts_with('%') && line.replace("!!str", "").contains(['!', '<']);
        assert_eq!(out.lines().find(tagged), None, "{args:?}: {out}");
        assert!(err.contains("tags that nobody has vouched for"), "{args:?}: {err}");
    }
    let done = place.call(Program::Ours, ["decrypt", file]).run();
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_tag_that_was_put_in() {
    let place = Place::project();
    for (from, to) in [
        ("cmd_unencrypted:", "cmd_unencrypted: !!python/object/apply:os.system"),
        ("pw: ", "pw: !include "),
        ("pw: ", "!evil pw: "),
        ("map_unencrypted: ", "map_unencrypted: !evil "),
        ("empty_unencrypted: ''", "empty_unencrypted: !evil"),
        ("empty_unencrypted: ''", "empty_unencrypted: !evil  "),
        ("[a, b]", "[!evil a, !e b]"),
        ("[a, b]", "[!evil a, !<tag:yaml.org,2002:python/name:os.system> b]"),
        ("cmd_unencrypted:", "%TAG !e! tag:yaml.org,2002:python/\n---\ncmd_unencrypted: !e!x"),
    ] {
        let sealed = place.seal("a.yaml", PLAIN);
        let tampered = sealed.replacen(from, to, 1);
        assert_ne!(tampered, sealed);
        place.write("a.yaml", &tampered);
        let text = opened(&place, "a.yaml");
        let read = |text: &'static [u8]| Document::parse(Format::Yaml, text, &ScanOptions::PLAIN).unwrap();
        let (now, before) = (read(text.clone().into_bytes().leak()), read(PLAIN.as_bytes()));
        assert!(now.reads_like(&before, |id| now.value(id).same(&before.value(id))), "{to}: {text}");
        // What changes the file takes them out of it.
        for change in [&["set", "a.yaml", "[\"new\"]", "\"y\""][..], &["rotate", "-i", "a.yaml"], &["updatekeys", "-y", "a.yaml"]] {
            place.write("a.yaml", &tampered);
            let done = place.call(Program::Ours, change).run();
            assert!(done.status.success(), "{change:?}: {}", String::from_utf8_lossy(&done.stderr));
            let after = String::from_utf8(place.read("a.yaml")).unwrap();
            let is_same = after == tampered;
            assert!(is_same && change[0] == "updatekeys" || !after.split("sops:").next().unwrap().contains("evil"), "{change:?}: {after}");
        }
    }
}

/// YAML's own tags where they do not belong: to other readers they make numbers of texts, or take a map apart.
#[test]
fn a_tag_of_yaml_in_another_place() {
    let place = Place::project();
    let plain = "pin: \"9042\"\nadmin: \"false\"\nnumber: 5\ndb:\n    user: u1\n    pass: hunter2\nlist:\n    - a\nz: 1\n";
    for (from, to) in [
        ("pin: ", "pin: ! "),
        ("admin: ", "admin: !<!> "),
        ("number: ", "number: ! "),
        ("pin: ", "pin: !!seq "),
        ("pin: ", "pin: !!merge "),
        ("pin: ", "!!binary pin: "),
        ("pin: ", "!!null pin: "),
        ("db:", "!!merge db:"),
        ("db:", "db: !!set"),
        ("db:", "db: !!omap"),
        ("db:", "db: !!null"),
        ("list:", "list: !!str"),
        ("list:", "list: !!pairs"),
    ] {
        let sealed = place.seal("a.yaml", plain);
        let tampered = sealed.replacen(from, to, 1);
        assert_ne!(tampered, sealed);
        place.write("a.yaml", &tampered);
        for args in [&["decrypt"][..], &["decrypt", "--strict", "--require-witness"]] {
            let done = place.call(Program::Ours, args.iter().copied().chain(["a.yaml"])).run();
            let err = String::from_utf8_lossy(&done.stderr);
            let refused = done.stdout.is_empty() && !done.status.success();
            assert!(refused || done.stdout == plain.as_bytes(), "{to}: {}{err}", String::from_utf8_lossy(&done.stdout));
            assert!(refused || err.contains("tags that nobody has vouched for"), "{to}: {err}");
        }
    }
    // The author's.
    let plain = "a: ! x\nb: !!set\n    c:\n!!str 5: !!str 6\nd: !!seq\n    - e\n";
    place.seal("b.yaml", plain);
    let done = place.call(Program::Ours, ["decrypt", "b.yaml"]).run();
    assert_eq!(String::from_utf8_lossy(&done.stdout), plain);
    assert!(done.stderr.is_empty());
}

#[test]
fn the_author_s_own_tags_come_back() {
    let place = Place::project();
    let plain = "a: !vault x\nb: !include\n    - c\nn: !x\n";
    place.seal("b.yaml", plain);
    let done = place.call(Program::Ours, ["decrypt", "b.yaml"]).run();
    assert_eq!(String::from_utf8_lossy(&done.stdout), plain);
    assert!(done.stderr.is_empty());
    // One more value in clear, by hand, and sealed: the author is at work.
    let sealed = String::from_utf8(place.read("b.yaml")).unwrap();
    place.write("b.yaml", sealed.replacen("n: ", "added: y\nn: ", 1));
    assert!(place.call(Program::Ours, ["encrypt", "-i", "b.yaml"]).run().status.success());
    let done = place.call(Program::Ours, ["decrypt", "b.yaml"]).run();
    assert_eq!(String::from_utf8_lossy(&done.stdout), plain.replacen("n: ", "added: y\nn: ", 1));
}
