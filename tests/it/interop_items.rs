//! What SOPS writes into JSON from files of other types: comments of YAML lists as items, and bytes of binary files.

use crate::tools::{Place, Program, sops};

const YAML: &str = "other:\n  - 1\n  # enc\n  - z: 2\n  # a\n  # b\n  -\n    # c\n    - x\nonly:\n  # d\n  - y\n  # e\nlast: 1\n";

/// Sealed by sops as JSON, from YAML.
fn theirs(place: &Place) -> Vec<u8> {
    place.write("a.yaml", YAML);
    let sealed = place.sops(["encrypt", "--output-type", "json", "a.yaml"]).unwrap().stdout;
    assert!(sealed.windows(14).any(|window| window == b",type:comment]"));
    place.write("a.json", &sealed);
    sealed
}

#[test]
fn comments_among_the_items() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    let sealed = theirs(&place);
    let plain = place.sops(["decrypt", "a.json"]).unwrap().stdout;
    let check = |plain: &[u8], what: &str| {
        for program in [Program::Ours, Program::AsSops] {
            let done = place.call(program, ["decrypt", "a.json"]).run();
            assert!(done.status.success() && done.stdout == plain, "{what}: {}", String::from_utf8_lossy(&done.stderr));
        }
        let done = place.ours(["decrypt", "--strict", "a.json"]);
        assert_eq!((done.stdout.as_slice(), done.stderr.as_slice()), (plain, b"".as_slice()), "{what}");
        let done = place.sops(["decrypt", "a.json"]).unwrap();
        assert!(done.status.success() && done.stdout == plain, "{what}: {}", String::from_utf8_lossy(&done.stderr));
    };
    check(&plain, "as sops has sealed it");
    assert_eq!(place.ours(["decrypt", "--extract", "[\"other\"][1][\"z\"]", "a.json"]).stdout, b"2");
    assert!(place.ours(["updatekeys", "-y", "a.json"]).status.success());
    assert!(place.ours(["rotate", "-i", "a.json"]).status.success());
    check(&plain, "rotated");
    place.write("a.json", &sealed);
    assert!(place.ours(["set", "a.json", "[\"other\"][0]", "7"]).status.success());
    check(&String::from_utf8(plain.clone()).unwrap().replacen('1', "7", 1).into_bytes(), "set");
    place.write("a.json", &sealed);
    let edited = place.call(Program::Ours, ["edit", "a.json"]).env("EDITOR", "sed -i s/2/3/").run();
    assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    assert!(String::from_utf8_lossy(&edited.stderr).contains("comments among the items"), "who loses something is told");
    check(&String::from_utf8(plain.clone()).unwrap().replacen('2', "3", 1).into_bytes(), "edited");
    // On one line, and lists of nothing else.
    let compact: String = String::from_utf8(sealed).unwrap().split(['\n', '\t']).collect();
    place.write("a.json", &compact);
    let flat: String = String::from_utf8(plain).unwrap().split(['\n', '\t']).collect();
    assert_eq!(place.ours(["decrypt", "a.json"]).stdout, format!("{flat}\n").as_bytes());
    place.write("b.yaml", "a:\n  - # x\n    []\nb: 1\nc: [] # y\n");
    place.write("b.json", place.sops(["encrypt", "--output-type", "json", "b.yaml"]).unwrap().stdout);
    assert_eq!(place.ours(["decrypt", "b.json"]).stdout, place.sops(["decrypt", "b.json"]).unwrap().stdout);
}

/// Programs that write YAML put lists in brackets, and comments that are items with them.
#[test]
fn comments_among_items_in_brackets() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    for (plain, left) in [
        ("l:\n  # a\n  - x\nz: 1\n", "l: ['x']\nz: 1\n"),
        ("l:\n  # a\n  # b\n  - x\n  # c\n  - y\n  # d\n  # e\nz: 1\n", "l: ['x', 'y']\nz: 1\n"),
        ("l:\n  - x\n  # a\n  - y\n  # b\n  # c\n  - w\nz: 1\n", "l: ['x', 'y', 'w']\nz: 1\n"),
    ] {
        place.write("a.yaml", plain);
        let sealed = String::from_utf8(place.sops(["encrypt", "a.yaml"]).unwrap().stdout).unwrap();
        // The list on one line.
        let (list, rest) = sealed.split_once("\nz: ").unwrap();
        let (name, items) = list.split_once('\n').unwrap();
        let items: Vec<String> = items.lines().filter_map(|line| line.trim().strip_prefix("- ")).map(|item| format!("'{item}'")).collect();
        assert!(items[..].iter().any(|item| item.contains("type:comment")), "{sealed}");
        let text = format!("{name} [{}]\nz: {rest}", items.join(", "));
        place.write("b.yaml", &text);
        let theirs = place.sops(["decrypt", "--output-type", "json", "b.yaml"]).unwrap();
        assert!(theirs.status.success(), "{text}\n{}", String::from_utf8_lossy(&theirs.stderr));
        for program in [Program::Ours, Program::AsSops] {
            let done = place.call(program, ["decrypt", "b.yaml"]).run();
            assert_eq!(String::from_utf8_lossy(&done.stdout), left, "{text}\n{}", String::from_utf8_lossy(&done.stderr));
            let json = place.call(program, ["decrypt", "--output-type", "json", "b.yaml"]).run();
            assert_eq!(json.stdout, theirs.stdout, "{text}");
        }
        let rotated = place.ours(["rotate", "-i", "b.yaml"]);
        assert!(
            rotated.status.success() && String::from_utf8_lossy(&rotated.stderr).contains("in brackets"),
            "who loses something is told"
        );
        assert!(place.ours(["set", "b.yaml", "[\"z\"]", "2"]).status.success());
        assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "--strict", "b.yaml"]).stdout), left.replace("z: 1", "z: 2"));
        assert!(place.sops(["decrypt", "b.yaml"]).unwrap().status.success());
    }
}

/// What SOPS has left of a map whose last entry went: a comment in braces, which it does not read again.
#[test]
fn a_comment_in_empty_braces() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.write("a.yaml", "a:\n  # canary\n  b: 1\nl:\n  - c: 1\nz: 1\n");
    assert!(place.sops(["encrypt", "-i", "a.yaml"]).unwrap().status.success());
    assert!(place.sops(["unset", "a.yaml", "[\"a\"][\"b\"]"]).unwrap().status.success());
    let braces = String::from_utf8(place.read("a.yaml")).unwrap();
    assert!(braces.starts_with("a: {\n    #ENC["), "{braces}");
    let expected = "a: {\n    # canary\n}\nl:\n    - c: 1\nz: 1\n";
    for program in [Program::Ours, Program::AsSops] {
        let done = place.call(program, ["decrypt", "a.yaml"]).run();
        assert_eq!((String::from_utf8_lossy(&done.stdout).as_ref(), String::from_utf8_lossy(&done.stderr).as_ref()), (expected, ""));
    }
    assert!(place.ours(["set", "a.yaml", "[\"z\"]", "2"]).status.success());
    assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "--strict", "a.yaml"]).stdout), expected.replace("z: 1", "z: 2"));
    assert!(place.sops(["decrypt", "a.yaml"]).unwrap().status.success());
}

/// Items that are lists of nothing, with comments: SOPS makes lists of comments of them.
#[test]
fn comments_of_items_that_are_empty_lists() {
    if sops().is_none() {
        return;
    }
    for plain in [
        "x: &e [] # canary\nl:\n  - *e\n",
        "x: &e [] # canary\nl:\n  - a\n  - *e\n  - b\nz:\n  - - *e\n",
        "x:\n  # one\n  y: &e [] # canary\nl:\n  - *e\n  - k: *e\n",
    ] {
        let place = Place::project();
        place.write("a.yaml", plain);
        assert!(place.sops(["encrypt", "-i", "a.yaml"]).unwrap().status.success());
        assert!(String::from_utf8(place.read("a.yaml")).unwrap().contains("- - ENC["), "{plain}");
        let json = place.sops(["decrypt", "--output-type", "json", "a.yaml"]).unwrap();
        for program in [Program::Ours, Program::AsSops] {
            let done = place.call(program, ["decrypt", "a.yaml"]).run();
            let text = String::from_utf8_lossy(&done.stdout);
            assert!(done.status.success() && text.contains("- [] # canary"), "{text}{}", String::from_utf8_lossy(&done.stderr));
            assert_eq!(place.call(program, ["decrypt", "--output-type", "json", "a.yaml"]).run().stdout, json.stdout, "{text}");
        }
        let before = place.ours(["decrypt", "a.yaml"]).stdout;
        assert!(place.ours(["set", "a.yaml", "[\"new\"]", "2"]).status.success());
        assert_eq!(
            String::from_utf8_lossy(&place.ours(["decrypt", "--strict", "a.yaml"]).stdout),
            String::from_utf8_lossy(&before).into_owned() + "new: 2\n"
        );
        assert!(place.sops(["decrypt", "a.yaml"]).unwrap().status.success());
    }
}

/// Such an item is outside the MAC. One that somebody else has put there is no value of the file.
#[test]
fn an_item_that_does_not_open() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    let sealed = String::from_utf8(theirs(&place)).unwrap();
    let at = sealed.find("\"y").unwrap_or_else(|| sealed.find("\"only\": [").unwrap() + 9);
    for planted in ["ENC[AES256_GCM,evil,type:comment]", "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:comment]"] {
        place.write("a.json", format!("{}\"{planted}\",{}", &sealed[..at], &sealed[at..]));
        for program in [Program::Ours, Program::AsSops, Program::Sops] {
            let done = place.call(program, ["decrypt", "a.json"]).run();
            assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(25), b"".as_slice()), "{program:?} {planted}");
        }
    }
}

/// A binary file in JSON: both open the other's.
#[test]
fn bytes_that_are_no_utf8() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    let bytes = b"\0\xff\x01\n";
    place.write("b.bin", bytes);
    let programs = [Program::Ours, Program::AsSops, Program::Sops];
    for by in programs {
        let sealed = place.call(by, ["encrypt", "--input-type", "binary", "--output-type", "json", "b.bin"]).run();
        assert!(sealed.status.success(), "{by:?}: {}", String::from_utf8_lossy(&sealed.stderr));
        for name in ["j", "j.json"] {
            place.write(name, &sealed.stdout);
            for program in programs {
                let opened = place.call(program, ["decrypt", "--input-type", "json", "--output-type", "binary", name]).run();
                assert_eq!((opened.status.code(), opened.stdout.as_slice()), (Some(0), bytes.as_slice()), "{by:?} {program:?} {name}");
            }
        }
    }
}

/// A text in clear that looks like such an item would be left out when the file is opened: refused.
#[test]
fn a_text_that_looks_like_one() {
    let place = Place::project();
    let item = "ENC[AES256_GCM,x,type:comment]";
    place.write("a.json", format!("{{\"a\": 1, \"b_unencrypted\": [\"{item}\"]}}"));
    place.write("a.yaml", format!("a: 1\nb_unencrypted:\n  - {item}\n"));
    for name in ["a.json", "a.yaml"] {
        let done = place.ours(["encrypt", name]);
        assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(4), b"".as_slice()), "{name}");
    }
    let covered = format!("{{\"a\": [\"{item}\"]}}");
    place.seal("b.json", &covered);
    assert_eq!(place.ours(["decrypt", "--strict", "b.json"]).stdout, covered.as_bytes());
}
