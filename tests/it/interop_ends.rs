//! How a text ends that sops has sealed: a file without our field has no layout of ours to keep, and sops prints one line feed at the end, whatever the
//! sealed file has there. Versions up to 3.5 ended sealed JSON without a line feed (sops's own example.json), and INI with an empty line (example.ini).

use crate::tools::{Place, Program, sops};

const PLAIN: [(&str, &str); 4] = [
    ("json", "{\n\t\"a\": \"x\"\n}\n"),
    ("ini", "[s]\na = x\n"),
    ("yaml", "a: x\nb: \"\"\n"),
    // Blanks at the end of a value are its own.
    ("env", "A=x\nB=y  \n"),
];

/// The ends that a sealed text is given in place of its own.
fn ends(ending: &str) -> &'static [&'static str] {
    match ending {
        "json" => &["", "\n\n", "\n\n\n", " \n", "\r\n"],
        // A line of blanks is none in ENV.
        "env" => &["", "\n\n", "\n\n\n"],
        _ => &["", "\n\n", "\n\n\n", "\n  \n"],
    }
}

/// For each format and end: sealed by sops, with that end.
fn each(check: impl Fn(&Place, &str, &str)) {
    if sops().is_none() {
        return;
    }
    for (ending, plain) in PLAIN {
        let place = Place::new();
        let name = format!("f.{ending}");
        place.write(&name, plain);
        assert!(place.sops(["encrypt", "-i", "--age", &place.recipient, &name]).unwrap().status.success());
        let sealed = String::from_utf8(place.read(&name)).unwrap();
        for end in ends(ending) {
            place.write(&name, format!("{}{end}", sealed.trim_end()));
            check(&place, &name, plain);
        }
    }
}

fn text(done: std::process::Output) -> String {
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn they_are_opened_to_the_bytes_that_sops_prints() {
    each(|place, name, plain| {
        assert_eq!(text(place.sops(["decrypt", name]).unwrap()), plain, "{name}");
        for program in [Program::Ours, Program::AsSops] {
            assert_eq!(text(place.call(program, ["decrypt", name]).run()), plain, "{program:?} {name}");
            assert_eq!(text(place.call(program, ["decrypt", "--ignore-mac", name]).run()), plain, "{program:?} {name}");
        }
    });
}

/// New recipients leave every byte outside the block; a value, another data key and a completion write the text anew. All of them open to the same end.
#[test]
fn and_stay_so_once_they_are_ours() {
    each(|place, name, plain| {
        let theirs = place.read(name);
        let at = if name.ends_with("ini") { "[\"s\"][\"a\"]" } else { "[\"a\"]" };
        let at = if name.ends_with("env") { "[\"A\"]" } else { at };
        place.write(".sops.yaml", format!("creation_rules:\n  - key_groups:\n      - age: [{0}]\n      - age: [{0}]\n", place.recipient));
        for change in
            [&["updatekeys", "-y", name][..], &["rotate", "-i", "-y", name], &["set", "--value-stdin", name, at], &["encrypt", "-i", name]]
        {
            place.write(name, &theirs);
            text(place.call(Program::Ours, change).stdin("\"x\"").run());
            assert_eq!(text(place.ours(["decrypt", name])), plain, "{change:?}");
            assert_eq!(text(place.sops(["decrypt", name]).unwrap()), plain, "{change:?}");
        }
    });
}

/// Line feeds of a value stay: a block in clear that keeps its own.
#[test]
fn what_belongs_to_a_value_stays() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    place.write("f.yaml", "a: x\nb_unencrypted: |+\n    y\n\n\n");
    assert!(place.sops(["encrypt", "-i", "--age", &place.recipient, "f.yaml"]).unwrap().status.success());
    let sealed = String::from_utf8(place.read("f.yaml")).unwrap();
    let (top, block) = sealed.split_at(sealed.find("sops:\n").unwrap());
    // The block first, as an editor's hand may have put it: then the value ends the text.
    for text_of in [sealed.clone(), format!("{block}{top}")] {
        place.write("f.yaml", text_of);
        let theirs = text(place.sops(["decrypt", "f.yaml"]).unwrap());
        assert_eq!(text(place.ours(["decrypt", "f.yaml"])), theirs);
    }
}
