//! Comments and layout that somebody has changed outside are warned of, and no command but `accept` makes them right (docs/sealed-file.md, section 3; P2).

use super::{SAMPLES, Sealed};
use crate::files::Runtime;
use crate::tools::{Place, Program, script};

/// What changes a sealed file.
const COMMANDS: [&str; 9] = ["set", "set as sops", "unset", "rotate", "updatekeys", "groups", "edit", "edit -s", "encrypt"];

struct Desk {
    place: Place,
    other: String,
    runtime: Runtime,
}

impl Desk {
    fn new() -> Self {
        let place = Place::project();
        let runtime = Runtime::new(&place);
        script(&place.path("editor.sh"), "#!/bin/sh\nsed -i s/alpha/gamma/ \"$1\"\n");
        // A group more is one that has to open, too.
        let other = String::from_utf8(place.ours(["keygen", "-o", "other.txt"]).stdout).unwrap().trim().to_owned();
        place.write("keys.txt", [place.read("keys.txt"), place.read("other.txt")].concat());
        Desk { place, other, runtime }
    }

    fn run(&self, program: Program, args: &[&str]) -> (Option<i32>, String) {
        let call = self.place.call(program, args).env("EDITOR", self.place.path("editor.sh")).env("XDG_RUNTIME_DIR", &self.runtime);
        let done = call.run();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    }

    fn text(&self, file: &str) -> String {
        String::from_utf8(self.place.read(file)).unwrap()
    }

    /// Changes the file by a command. False: it has nothing to do in this format.
    fn change(&self, command: &str, file: &str) -> bool {
        let before = self.text(file);
        let ini = file.ends_with(".ini");
        let name = if ini { "[\"main\"][\"name\"]" } else { "[\"name\"]" };
        let flag = if ini { "[\"main\"][\"flag\"]" } else { "[\"flag\"]" };
        let (program, args): (_, Vec<&str>) = match command {
            "set" => (Program::Ours, vec!["set", file, name, "\"beta\""]),
            "set as sops" if file.ends_with(".toml") => return false,
            "set as sops" => (Program::AsSops, vec!["set", file, name, "\"beta\""]),
            "unset" => (Program::Ours, vec!["unset", file, flag]),
            "rotate" => (Program::Ours, vec!["rotate", "-y", "-i", file]),
            "updatekeys" => {
                let both = format!("creation_rules:\n  - age: {},{}\n", self.place.recipient, self.other);
                self.place.write(".sops.yaml", both);
                (Program::Ours, vec!["updatekeys", "-y", file])
            }
            "groups" => (Program::Ours, vec!["groups", "add", "-y", "-i", "--file", file, "--age", &self.other]),
            "edit" => (Program::Ours, vec!["edit", file]),
            "edit -s" => (Program::Ours, vec!["edit", "-s", file]),
            "encrypt" => {
                let line = match file.rsplit('.').next().unwrap() {
                    "yaml" => "added: new\n",
                    "env" => "added=new\n",
                    "ini" => "added = new\n",
                    "toml" => "added = \"new\"\n",
                    _ => return false,
                };
                let at = if ini { before.find("name = ").unwrap() } else { 0 };
                self.place.write(file, format!("{}{line}{}", &before[..at], &before[at..]));
                (Program::Ours, vec!["encrypt", "-i", file])
            }
            other => panic!("{other}"),
        };
        let (code, said) = self.run(program, &args);
        assert_eq!(code, Some(0), "{file}: {command}: {said}");
        assert!(self.text(file) != before, "{file}: {command} changes nothing");
        true
    }
}

/// A file whose comments are others, after each command and after several.
#[test]
fn comments_stay_in_doubt_until_somebody_accepts_them() {
    for (ending, plain) in SAMPLES.into_iter().filter(|(ending, _)| !matches!(*ending, "json" | "bin")) {
        let file = &format!("f.{ending}");
        let mark = if ending == "ini" { ';' } else { '#' };
        for command in COMMANDS {
            let desk = Desk::new();
            let sealed = Sealed { text: desk.place.seal(file, plain) };
            let note = sealed.text.lines().find(|line| line.starts_with(&format!("{mark}ENC")) || line.starts_with(&format!("{mark} ENC")));
            desk.place.write(file, sealed.replace(note.unwrap(), &format!("{mark} the port is 1")).unwrap());
            if !desk.change(command, file) {
                continue;
            }
            desk.stays(file, command);
            // And whatever comes then.
            desk.change(if command == "unset" { "set" } else { "unset" }, file);
            desk.stays(file, command);
            desk.ends(file, command);
        }
    }
}

impl Desk {
    fn stays(&self, file: &str, command: &str) {
        let (code, said) = self.run(Program::Ours, &["decrypt", file]);
        assert!(code == Some(0) && said.contains("warning: ") && said.contains("comments were changed"), "{file}: {command}: {said}");
        let (code, said) = self.run(Program::Ours, &["decrypt", "--strict", file]);
        assert!(code == Some(51) && said.contains("hint: "), "{file}: {command}: {said}");
    }

    /// Accepted, it is right; and then it is not in doubt again.
    fn ends(&self, file: &str, command: &str) {
        let (code, said) = self.run(Program::Ours, &["accept", "-y", file]);
        assert_eq!(code, Some(0), "{file}: {command}: {said}");
        for _ in 0..2 {
            assert_eq!(self.run(Program::Ours, &["decrypt", "--strict", "--require-witness", file]), (Some(0), String::new()), "{command}");
            let name = if file.ends_with(".ini") { "[\"main\"][\"name\"]" } else { "[\"name\"]" };
            assert_eq!(self.run(Program::Ours, &["set", file, name, "\"delta\""]).0, Some(0), "{file}: {command}");
        }
    }
}

/// The same of blanks between values: no attack, and so never refused, but told until it is accepted. A change of one value is one of one token all the same.
#[test]
fn a_layout_stays_in_doubt_until_somebody_accepts_it() {
    let warns = |desk: &Desk, command: &str, expected: bool| {
        let (code, said) = desk.run(Program::Ours, &["decrypt", "--strict", "f.yaml"]);
        assert_eq!((code, said.contains("warning: ") && said.contains("layout")), (Some(0), expected), "{command}: {said}");
    };
    // Whoever completes a file is expected to have changed its text.
    for command in COMMANDS.into_iter().filter(|command| *command != "encrypt") {
        let desk = Desk::new();
        let sealed = Sealed { text: desk.place.seal("f.yaml", SAMPLES[0].1) };
        let tampered = sealed.replace("\nlist:\n", "\n\n\nlist:\n").unwrap();
        desk.place.write("f.yaml", &tampered);
        warns(&desk, command, true);
        desk.change(command, "f.yaml");
        warns(&desk, command, true);
        let before = desk.text("f.yaml");
        desk.change(if command == "unset" { "set" } else { "unset" }, "f.yaml");
        warns(&desk, command, true);
        let changed = before.lines().filter(|line| !desk.text("f.yaml").lines().any(|now| now == *line)).count();
        assert!(changed <= 4, "{command}: {changed} lines");
        // What is there already is not written.
        let now = desk.text("f.yaml");
        let (code, said) = desk.run(Program::Ours, &["set", "f.yaml", "[\"port\"]", "5432"]);
        assert_eq!((code, desk.text("f.yaml") == now), (Some(0), true), "{command}: {said}");
        // Accepted by somebody who sees that it is only this.
        let (code, said) = desk.run(Program::Ours, &["accept", "-y", "f.yaml"]);
        assert!(code == Some(0) && said.contains("layout: "), "{command}: {said}");
        warns(&desk, command, false);
        assert!(desk.text("f.yaml").contains("\n\n\nlist:\n"), "{command}");
    }
}

/// With `mac_only_encrypted` others may add values in clear: nothing to accept.
#[test]
fn another_text_that_is_expected_is_not_in_doubt() {
    let desk = Desk::new();
    desk.place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    mac_only_encrypted: true\n", desk.place.recipient));
    let sealed = desk.place.seal("f.yaml", SAMPLES[0].1);
    desk.place.write("f.yaml", sealed.replacen("map_unencrypted:", "more_unencrypted: 1\nmap_unencrypted:", 1));
    desk.change("set", "f.yaml");
    assert_eq!(desk.run(Program::Ours, &["decrypt", "--strict", "f.yaml"]), (Some(0), String::new()));
    let desk = Desk::new();
    desk.place.seal("f.yaml", SAMPLES[0].1);
    desk.change("encrypt", "f.yaml");
    assert_eq!(desk.run(Program::Ours, &["decrypt", "--strict", "--require-witness", "f.yaml"]), (Some(0), String::new()));
}
