//! The hint of an error is a command that works when it is pasted, and what a newcomer meets in the first hour: `init` beside an identity that is
//! there, files whose names tell no type, files that a merge has left its marks in.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::tools::{Place, Program};

/// Without a key of its own, as on a new machine; `leafcrypt` is in the folder `bin`.
fn machine() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_leafcrypt"), place.path("bin/leafcrypt")).unwrap();
    place
}

/// A line for the shell, as a person pastes it.
fn paste(place: &Place, line: &str) -> Output {
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).current_dir(place.path("")).env_clear().env("PATH", path).env("HOME", place.path("home"));
    shell.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_AUTHOR_NAME", "a").env("GIT_AUTHOR_EMAIL", "a@b");
    shell.env("GIT_COMMITTER_NAME", "a").env("GIT_COMMITTER_EMAIL", "a@b").stdin(Stdio::null()).output().unwrap()
}

fn done(place: &Place, line: &str) -> String {
    let done = paste(place, line);
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What a failing line says, and its hint.
fn fails(place: &Place, line: &str, code: i32, says: &str) -> String {
    let done = paste(place, line);
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{line}: {text}");
    assert!(text.contains(says), "{line} does not say {says:?}: {text}");
    let hints: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
    assert_eq!(hints.len(), 1, "{line}: {text}");
    hints[0].to_owned()
}

/// The command in a hint: from `leafcrypt` or `git` on, up to what is said about it.
fn command(hint: &str) -> String {
    let at = ["leafcrypt ", "git ", "mkdir ", "ls "].iter().filter_map(|start| hint.find(start)).min().unwrap_or_else(|| panic!("{hint}"));
    let end = [" takes ", " writes ", " shows ", " adds ", ";"].iter().filter_map(|word| hint[at..].find(word)).min();
    hint[at..end.map_or(hint.len(), |end| at + end)].to_owned()
}

#[test]
fn the_way_from_nothing_to_a_sealed_file() {
    let place = machine();
    place.write("s.yaml", "a: b\n");
    let hint = fails(&place, "leafcrypt encrypt -i s.yaml", 1, "no keys provided");
    done(&place, &command(&hint));
    done(&place, "leafcrypt encrypt -i s.yaml");
    assert_eq!(done(&place, "leafcrypt decrypt s.yaml"), "a: b\n");
    let hint = fails(&place, "leafcrypt exec-env s.json env", 2, "no such file");
    done(&place, &command(&hint));
}

#[test]
fn the_next_project_takes_the_identity_that_is_there() {
    let place = machine();
    let own = done(&place, "leafcrypt keygen");
    done(&place, "mkdir p && leafcrypt init p");
    assert!(String::from_utf8(place.read("p/.sops.yaml")).unwrap().contains(own.trim()));
    fails(&place, "leafcrypt init p --age age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8", 1, "exists already");
    let hint = fails(&place, "leafcrypt keygen", 1, "exists already");
    done(&place, &command(&hint));
    let hint = fails(&place, "leafcrypt init", 1, "several identities");
    done(&place, &command(&hint));
    assert!(String::from_utf8(place.read(".sops.yaml")).unwrap().contains(own.trim()));
    fails(&place, "leafcrypt keygen -o keys.txt", 1, "exists already");
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let place = machine();
    done(&place, "mkfifo .sops.yaml .gitignore && mkdir q && mkfifo q/.gitignore");
    let age = &place.recipient;
    fails(&place, &format!("timeout 10 leafcrypt init --age {age}"), 3, "no regular file");
    fails(&place, &format!("timeout 10 leafcrypt init --age {age} q"), 3, "no regular file");
    assert!(!place.path("q/.sops.yaml").exists());
    done(&place, "mkdir -p home/.config/sops/age && mkfifo home/.config/sops/age/keys.txt");
    fails(&place, "timeout 10 leafcrypt keygen -y", 3, "no regular file");
}

#[test]
fn a_configuration_under_a_wrong_name_is_told_also_when_nothing_is_sealed() {
    let place = Place::new();
    place.write(".sops.yml", "creation_rules: []\n");
    place.write("s.yaml", "a: b\n");
    for program in [Program::Ours, Program::AsSops] {
        let done = place.call(program, ["encrypt", "s.yaml"]).run();
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(1) && text.contains("must be called") && text.contains("no keys provided"), "{text}");
    }
}

/// Sealed text under a name that tells no type: the command that opens it.
#[test]
fn names_that_tell_no_type() {
    let place = machine();
    done(&place, "leafcrypt init");
    for (ending, plain) in
        [("yaml", "a: b\n"), ("json", "{\"a\": \"b\"}"), ("env", "A=b\n"), ("ini", "[s]\na = b\n"), ("toml", "a = \"b\"\n")]
    {
        place.write(&format!("s.{ending}"), plain);
        done(&place, &format!("leafcrypt encrypt --output 'the file' s.{ending} && cp 'the file' file"));
        for (line, piped) in [("leafcrypt decrypt file", ""), ("leafcrypt decrypt 'the file'", ""), ("leafcrypt decrypt < file", " < file")]
        {
            // Sealed JSON is opened, as sops does, and has nothing to print as a binary file.
            let (code, says) = if ending == "json" { (4, "no binary data found") } else { (1, "line 1") };
            let hint = fails(&place, line, code, says);
            assert_eq!(done(&place, &format!("{}{piped}", command(&hint))), plain, "{hint}");
        }
        let (code, says) = if ending == "json" { (4, "no binary data found") } else { (1, "line 1") };
        fails(&place, "leafcrypt edit file", code, says);
    }
    place.write("other", "just text");
    assert_eq!(fails(&place, "leafcrypt decrypt other", 1, "line 1"), "restore the file: git restore other");
}

#[test]
fn marks_of_a_merge() {
    let place = machine();
    done(&place, "leafcrypt init && git init -q . && git checkout -q -b main");
    let files = [
        ("m.yaml", "a: 1\nb: x\n", "[\"a\"]", "a: 2\nb: x\n"),
        ("m.json", "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n", "[\"a\"]", "{\n  \"a\": 2,\n  \"b\": \"x\"\n}\n"),
        ("m.env", "a=1\nb=x\n", "[\"a\"]", "a=2\nb=x\n"),
        ("m.ini", "[s]\na = 1\nb = x\n", "[\"s\"][\"a\"]", "[s]\na = 2\nb = x\n"),
        ("m.toml", "a = 1\nb = \"x\"\n", "[\"a\"]", "a = 2\nb = \"x\"\n"),
    ];
    for (file, plain, ..) in files {
        place.write(file, plain);
        done(&place, &format!("leafcrypt encrypt -i {file} && git add {file}"));
    }
    let set = |value: i64| {
        for (file, _, path, _) in files {
            let value = if file.ends_with(".env") || file.ends_with(".ini") { format!("\"{value}\"") } else { value.to_string() };
            done(&place, &format!("leafcrypt set {file} '{path}' '{value}'"));
        }
    };
    done(&place, "git commit -q -m base && git checkout -q -b other");
    set(3);
    done(&place, "git commit -q -a -m other && git checkout -q main");
    set(2);
    done(&place, "git commit -q -a -m ours; git merge -q other || true");
    for (file, _, path, ours) in files {
        for line in
            [format!("leafcrypt decrypt {file}"), format!("leafcrypt set {file} '{path}' '\"2\"'"), format!("leafcrypt edit {file}")]
        {
            fails(&place, &line, 1, "a merge has left its marks here (line ");
        }
        let hint = fails(&place, &format!("leafcrypt decrypt -i {file}"), 1, file);
        done(&place, &command(&hint));
        assert_eq!(done(&place, &format!("leafcrypt decrypt {file}")), ours);
    }
    place.write("plain.yaml", "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n");
    fails(&place, "leafcrypt encrypt plain.yaml", 2, "plain.yaml: a merge has left its marks here (line 1, column 1)");
}

#[test]
fn help_starts_with_what_the_program_is_for() {
    let place = machine();
    for line in ["leafcrypt --help", "leafcrypt help"] {
        assert!(done(&place, line).starts_with("Secrets in Git: "), "{line}");
    }
}

#[test]
fn usage_errors_name_the_help_of_their_command() {
    let place = machine();
    for (line, says, help) in [
        ("leafcrypt groups add", "missing: --file", "leafcrypt groups add --help"),
        ("leafcrypt set", "missing: <FILE>", "leafcrypt set --help"),
        ("leafcrypt decrypt a b", "one argument too many", "leafcrypt decrypt --help"),
        ("leafcrypt encrypt --agee x y", "did you mean --age?", "leafcrypt encrypt --help"),
        ("leafcrypt decript", "did you mean decrypt?", "leafcrypt --help"),
        ("leafcrypt completion tcsh", "must be one of", "leafcrypt --help"),
    ] {
        assert_eq!(fails(&place, line, 1, says), help, "{line}");
        assert!(done(&place, help).contains("Usage: leafcrypt"), "{help}");
    }
    for line in ["leafcrypt exec-env", "leafcrypt exec-file x.yaml"] {
        let text = String::from_utf8(paste(&place, line).stderr).unwrap();
        assert!(text.starts_with("error: name a file and what to run"), "{text}");
    }
}

#[test]
fn values_within_values_as_an_environment() {
    let place = machine();
    done(&place, "leafcrypt init");
    place.write("s.yaml", "a:\n  b: c\n");
    done(&place, "leafcrypt encrypt -i s.yaml");
    let hint = fails(&place, "leafcrypt exec-env s.yaml env", 1, "offending key a");
    let at = hint.find("leafcrypt ").unwrap();
    assert!(done(&place, &hint[at..]).contains("a__b=c\n"));
}

#[test]
fn edit_takes_both_types_as_scripts_give_them() {
    let place = machine();
    done(&place, "leafcrypt init");
    place.write("prod.env", "A=one\n");
    done(&place, "leafcrypt encrypt --output .env.prod prod.env");
    place.write("ed.sh", "#!/bin/sh\nsed -i s/one/two/ \"$1\"\n");
    done(&place, "chmod +x ed.sh");
    for types in ["--input-type dotenv --output-type dotenv", "--input-type=dotenv --output-type=dotenv"] {
        for program in ["leafcrypt", "bin/sops"] {
            done(&place, "ln -sf leafcrypt bin/sops; leafcrypt encrypt --output .env.prod prod.env");
            done(&place, &format!("EDITOR=./ed.sh {program} edit {types} .env.prod"));
            assert_eq!(done(&place, "leafcrypt decrypt --input-type dotenv --output-type dotenv .env.prod"), "A=two\n");
        }
    }
    let text = paste(&place, "EDITOR=./ed.sh leafcrypt edit --input-type dotenv --output-type json .env.prod");
    assert!(String::from_utf8_lossy(&text.stderr).contains("edit keeps a file's type"));
    for (command, end) in [("set", " '[\"A\"]' '\"x\"'"), ("unset", " '[\"A\"]'"), ("rotate -i", "")] {
        let before = place.read(".env.prod");
        let text = paste(&place, &format!("leafcrypt {command} --input-type dotenv --output-type json .env.prod{end}"));
        assert!(String::from_utf8_lossy(&text.stderr).contains("keeps a file's type"), "{command}");
        assert_eq!(place.read(".env.prod"), before, "{command}");
    }
}

#[test]
fn help_that_cannot_be_printed_is_an_error() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: there is no /dev/full");
        return;
    }
    let place = machine();
    for line in ["leafcrypt --help", "leafcrypt set --help", "leafcrypt --version", "leafcrypt man", "leafcrypt completion fish"] {
        let text = paste(&place, &format!("{line} > /dev/full"));
        assert_eq!(text.status.code(), Some(1), "{line}");
        assert!(String::from_utf8_lossy(&text.stderr).contains("standard output"), "{line}");
    }
}

#[test]
fn a_name_that_hides_its_type_is_told_when_it_is_sealed_whole() {
    let place = machine();
    done(&place, "leafcrypt init");
    for (file, plain, kind) in [(".env.prod", "A=b\n", "dotenv"), ("s.yaml.enc", "a: b\n", "yaml"), ("a.json.bak.1", "{\"a\": 1}", "json")]
    {
        place.write(file, plain);
        let said = String::from_utf8(paste(&place, &format!("leafcrypt encrypt {file}")).stderr).unwrap();
        let flags = format!("--input-type {kind} --output-type {kind}");
        assert!(said.starts_with("warning: ") && said.contains(&flags), "{said}");
        let given = paste(&place, &format!("leafcrypt encrypt {flags} {file}"));
        assert!(given.status.success() && given.stderr.is_empty() && String::from_utf8_lossy(&given.stdout).contains("ENC["), "{file}");
    }
    for file in ["env", "photo.png", ".bashrc", "v1.2.tar"] {
        place.write(file, "x");
        assert!(paste(&place, &format!("leafcrypt encrypt {file}")).stderr.is_empty(), "{file}");
    }
}

#[test]
fn a_byte_order_mark_before_json() {
    let place = machine();
    done(&place, "leafcrypt init");
    place.write("a b.json", "\u{feff}{\"a\": 1}");
    let hint = fails(&place, "leafcrypt encrypt -i 'a b.json'", 2, "byte-order mark");
    done(&place, hint.strip_prefix("take the mark away: ").unwrap());
    done(&place, "leafcrypt encrypt -i 'a b.json'");
}

#[test]
fn every_command_has_a_page() {
    let place = machine();
    done(&place, "mkdir m && leafcrypt man m");
    let pages = done(&place, "ls m");
    for name in ["leafcrypt.1", "leafcrypt-set.1", "leafcrypt-groups.1", "leafcrypt-groups-add.1", "leafcrypt-groups-delete.1"] {
        assert!(pages.lines().any(|page| page == name), "{name}: {pages}");
    }
    assert!(!pages.contains("help"), "{pages}");
}
