//! The hint of an error is a command that works when it is pasted, and what a newcomer meets in the first hour: files whose names tell no type, files
//! that a merge has left its marks in.

use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};

use crate::tools::{Place, Program, script};

/// Without a key of its own, as on a new machine; `leafcrypt` is in the folder `bin`.
pub fn machine() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_leafcrypt"), place.path("bin/leafcrypt")).unwrap();
    place
}

/// A line for the shell, as a person pastes it.
pub fn paste(place: &Place, line: &str) -> Output {
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).current_dir(place.path("")).env_clear().env("PATH", path).env("HOME", place.path("home"));
    shell.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_AUTHOR_NAME", "a").env("GIT_AUTHOR_EMAIL", "a@b");
    shell.env("GIT_COMMITTER_NAME", "a").env("GIT_COMMITTER_EMAIL", "a@b").stdin(Stdio::null()).output().unwrap()
}

pub fn done(place: &Place, line: &str) -> String {
    let done = paste(place, line);
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What a failing line says, and its hint.
pub fn fails(place: &Place, line: &str, code: i32, says: &str) -> String {
    let done = paste(place, line);
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{line}: {text}");
    assert!(text.contains(says), "{line} does not say {says:?}: {text}");
    let hints: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
    assert_eq!(hints.len(), 1, "{line}: {text}");
    hints[0].to_owned()
}

/// The command in a hint: from `leafcrypt` or `git` on, up to what is said about it.
pub fn command(hint: &str) -> String {
    let at = ["leafcrypt ", "git ", "mkdir ", "ls "].iter().filter_map(|start| hint.find(start)).min().unwrap_or_else(|| panic!("{hint}"));
    let end = [" takes ", " writes ", " shows ", " adds ", " replaces ", ";"].iter().filter_map(|word| hint[at..].find(word)).min();
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

/// A variable that is not set is no recipient.
#[test]
fn an_empty_recipient() {
    let place = machine();
    for empty in ["''", "' '", ",", "\"$TEAM_KEY\""] {
        let failed = paste(&place, &format!("leafcrypt init --age {empty} p"));
        let text = String::from_utf8_lossy(&failed.stderr).into_owned();
        let says = if empty.contains([' ', ',']) { "unknown recipient type: \"\"" } else { "--age is empty" };
        assert!(failed.status.code() == Some(1) && text.contains(says), "{empty}: {text}");
        assert!(!place.path("p").exists(), "{empty}");
    }
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
    done(&place, "leafcrypt init && ln -s leafcrypt bin/sops");
    for (ending, plain) in
        [("yaml", "a: b\n"), ("json", "{\"a\": \"b\"}"), ("env", "A=b\n"), ("ini", "[s]\na = b\n"), ("toml", "a = \"b\"\n")]
    {
        place.write(&format!("s.{ending}"), plain);
        done(&place, &format!("leafcrypt encrypt --output 'the file' s.{ending} && cp 'the file' file"));
        for (line, piped) in [("leafcrypt decrypt file", ""), ("leafcrypt decrypt 'the file'", ""), ("leafcrypt decrypt < file", " < file")]
        {
            let theirs = line.replace("leafcrypt", "sops");
            let hint = match ending {
                // Sealed JSON is opened, as sops does, and has nothing to print as a binary file.
                "json" => command(&fails(&place, line, 4, "no binary data found")),
                ending => {
                    assert_eq!(done(&place, line), plain, "{line}");
                    let hint = fails(&place, &theirs, 1, "line 1");
                    // SOPS knows no TOML.
                    if ending == "toml" { line.to_owned() } else { hint.split_once(": ").unwrap().1.to_owned() + piped }
                }
            };
            assert_eq!(done(&place, &if ending == "json" { format!("{hint}{piped}") } else { hint.clone() }), plain, "{hint}");
        }
    }
    place.write("other", "just text");
    // Without a trace of a sealed file it is none.
    let hint = fails(&place, "leafcrypt decrypt other", 1, "the file is not sealed");
    done(&place, &hint);
    // Nothing can be sealed in a pipe.
    for line in ["cat words | leafcrypt decrypt /dev/stdin", "leafcrypt decrypt /dev/stdin < /dev/null"] {
        place.write("words", "a: b\n");
        let hint = fails(&place, line, 1, "the file is not sealed");
        done(&place, &format!("cat words | {hint}"));
    }
    assert!(place.read("other").windows(4).any(|part| part == b"ENC["), "{hint}");
    place.write("other", "just text, with a torn ENC[AES256_GCM,data:");
    done(&place, "git init -q . && git add other && git commit -q -m x && printf ' ' >> other");
    assert!(fails(&place, "leafcrypt decrypt other", 1, "line 1").contains("git restore other"));
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
    place.write("plain.env", "<<<<<<< HEAD\nA=1\n=======\nA=2\n>>>>>>> other\n");
    for as_what in ["", "--output-type yaml "] {
        let line = format!("leafcrypt encrypt {as_what}plain.env");
        fails(&place, &line, 2, "plain.env: a merge has left its marks here (line 1, column 1)");
    }
}

/// What was never sealed is told so, and its hint seals it; a file that was is not thrown away.
#[test]
fn files_that_were_never_sealed() {
    let place = machine();
    done(&place, "leafcrypt init && ln -s leafcrypt bin/sops");
    place.write("plain.txt", "just text\n");
    place.write(".env", "K=-----BEGIN X-----\nabc\n-----END X-----\n");
    place.write("pip.conf", "[global]\nx = 1\n");
    place.write("settings.json", "{\n  // a comment\n  \"a\": 1\n}\n");
    place.write("bad.yaml", "a: [\n");
    place.write("empty.bin", "");
    for file in ["plain.txt", ".env", "pip.conf", "settings.json", "bad.yaml", "empty.bin"] {
        assert_eq!(done(&place, &format!("leafcrypt filestatus {file}")), "{\"encrypted\":false}\n");
        assert_eq!(paste(&place, &format!("sops filestatus {file}")).status.code(), Some(1), "{file}");
        let hint =
            fails(&place, &format!("leafcrypt decrypt {file}"), 1, &format!("{file}: sops metadata not found: the file is not sealed"));
        assert!(!fails(&place, &format!("EDITOR=true leafcrypt edit {file}"), 1, "not sealed").contains("git"), "{file}");
        let printed = done(&place, &hint);
        match hint.contains(" -i ") {
            true => assert_eq!(done(&place, &format!("leafcrypt filestatus {file}")), "{\"encrypted\":true}\n", "{hint}"),
            false => assert!(printed.contains("\"sops\"") || file == ".env", "{hint}"),
        }
    }
    // Its name, and a token, are in whatever was sealed once.
    for torn in ["{\"sops\": {\"mac\": \"", "\"data\": \"ENC[AES256_GCM,data:x"] {
        place.write("torn.txt", "as it was\n");
        done(&place, "git init -q . && git add torn.txt");
        place.write("torn.txt", torn);
        fails(&place, "leafcrypt filestatus torn.txt", 1, "line 1");
        assert!(fails(&place, "leafcrypt decrypt torn.txt", 1, "line 1").contains("git restore torn.txt"));
    }
}

/// A secret that somebody has just written into a sealed file is sealed by the hint, not thrown away.
#[test]
fn what_was_added_in_clear_is_not_thrown_away() {
    let place = machine();
    done(&place, "leafcrypt init");
    for (file, plain, from, to) in [("s.yaml", "a: b\n", "sops:", "new: c\nsops:"), ("s.env", "A=b\n", "sops_", "NEW=c\nsops_")] {
        for line in
            ["decrypt FILE", "set FILE '[\"x\"]' '\"y\"'", "unset FILE '[\"a\"]'", "rotate -i FILE", "edit FILE", "exec-env FILE true"]
        {
            place.write(file, plain);
            done(&place, &format!("leafcrypt encrypt -i {file}"));
            place.write(file, String::from_utf8(place.read(file)).unwrap().replacen(from, to, 1));
            let line = format!("EDITOR=true leafcrypt {}", line.replace("FILE", file));
            let hint = fails(&place, &line, 25, "not a sealed value");
            done(&place, hint.split_once(" seals what was added in clear").unwrap().0);
            assert!(done(&place, &format!("leafcrypt decrypt {file}")).to_lowercase().contains("new"), "{line}");
        }
    }
    // A line that is broken by hand may hold such a secret, too.
    place.write("s.yaml", "a: b\n");
    done(&place, "leafcrypt encrypt -i s.yaml && git init -q . && git add s.yaml");
    place.write("s.yaml", [b"new: \"c\n", &place.read("s.yaml")[..]].concat());
    assert!(
        fails(&place, "leafcrypt decrypt s.yaml", 1, "line 1").starts_with("mend it at that line; or, without what was changed since:")
    );
}

/// Hints name the file that was given, as a word for the shell, and go with the command that failed.
#[test]
fn hints_are_for_the_command_that_failed() {
    let place = machine();
    done(&place, "leafcrypt init && mkdir d");
    place.write("-x y.yaml", "a: b\n");
    let hint = fails(&place, "leafcrypt decrypt -- '-x y.yaml'", 1, "not sealed");
    done(&place, &hint);
    assert!(place.read("-x y.yaml").windows(4).any(|part| part == b"ENC["), "{hint}");
    let hint = fails(&place, "leafcrypt set -- '-x y.yaml' '[\"a\"][\"b\"][0]' 1 && leafcrypt set -- '-x y.yaml' '[0]' 1", 7, "x y.yaml: ");
    done(&place, &format!("EDITOR='touch' {}; test $? = 200", hint.strip_suffix(" changes the text itself").unwrap()));
    for line in ["leafcrypt encrypt d", "leafcrypt filestatus d", "leafcrypt decrypt d"] {
        let hint = fails(&place, line, if line.contains("filestatus") { 1 } else { 2 }, "this is a folder");
        assert!(!hint.contains("decrypt"), "{hint}");
        done(&place, &command(&hint));
    }
    let hint = fails(&place, "leafcrypt set -- '-x y.yaml' '[\"n\"]' 1e400", 7, "range of a double");
    assert!(hint.contains("'\"1e400\"'"), "{hint}");
    // A key as it is read from its file is no JSON.
    place.write("key.pem", "-----BEGIN X-----\n\"a\"\n");
    let hint = fails(&place, "leafcrypt set --value-file key.pem -- '-x y.yaml' '[\"k\"]'", 7, "not valid JSON");
    assert!(hint.contains("jq -Rs . FILE") && hint.contains("--value-stdin"), "{hint}");
    done(&place, "mv home/.config/sops/age/keys.txt k.txt");
    for line in ["decrypt", "set", "groups delete -y -f"] {
        let end = match line {
            "set" => " '[\"a\"]' 1",
            "decrypt" => "",
            _ => " 0",
        };
        let line = format!("leafcrypt {line} './-x y.yaml'{end}");
        let hint = fails(&place, &line, if line.contains("groups") { 1 } else { 128 }, "no key of ours opens");
        assert!(hint.contains("try again with SOPS_AGE_KEY_FILE") && !hint.contains("decrypt"), "{hint}");
    }
    assert!(done(&place, "SOPS_AGE_KEY_FILE=k.txt leafcrypt decrypt './-x y.yaml'").starts_with("a:"));
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
    script(&place.path("ed.sh"), "#!/bin/sh\nsed -i s/one/two/ \"$1\"\n");
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
    // One of the two flags is half the answer.
    let hint = fails(&place, "leafcrypt encrypt --input-type dotenv .env.prod", 4, "no binary data found");
    assert!(done(&place, &command(&hint)).starts_with("A=ENC["), "{hint}");
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
