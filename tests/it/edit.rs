//! `edit`: a fake editor that obeys a script changes the plaintext; what the file, the exit code and the private folder are afterwards.

use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::files::Runtime;
use crate::tools::{Place, Program, soon};

/// A project, and a folder of its own in memory.
pub(crate) struct Desk {
    pub place: Place,
    pub runtime: Runtime,
}

impl Desk {
    pub fn new() -> Self {
        let place = Place::project();
        let runtime = Runtime::new(&place);
        Desk { place, runtime }
    }

    pub fn seal(&self, file: &str, plain: &str) -> String {
        self.place.seal(file, plain)
    }

    pub fn text(&self, file: &str) -> String {
        String::from_utf8(self.place.read(file)).unwrap()
    }

    /// An editor that runs this shell script with the file as `$1`.
    pub fn editor(&self, script: &str) -> PathBuf {
        let path = self.place.path("editor.sh");
        crate::tools::script(&path, format!("#!/bin/sh\n{script}\n"));
        path
    }

    pub fn run(&self, program: Program, args: &[&str], script: &str, stdin: &str) -> Output {
        let editor = self.editor(script);
        self.place.call(program, args).env("EDITOR", editor).env("XDG_RUNTIME_DIR", &self.runtime).stdin(stdin).run()
    }

    /// Edits, and looks that nothing is left.
    pub fn edit(&self, file: &str, script: &str, stdin: &str) -> Output {
        let done = self.run(Program::Ours, &["edit", file], script, stdin);
        self.is_clean();
        done
    }

    pub fn is_clean(&self) {
        // The helper goes after us.
        self.runtime.is_empty_soon();
    }

    pub fn decrypted(&self, file: &str) -> String {
        let done = self.place.ours(["decrypt", "--require-witness", file]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }
}

pub(crate) fn code(done: &Output, expected: i32) -> String {
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(expected), "{err}");
    assert!(!err.contains("canary"), "{err}");
    err
}

#[test]
fn one_change_touches_one_token() {
    let desk = Desk::new();
    let plain = "# one\na: b   # two\nc:\n- 'd'\n- 0x1F\n";
    let before = desk.seal("a.yaml", plain);
    let done = desk.edit("a.yaml", "sed -i s/b/canary/ \"$1\"", "");
    code(&done, 0);
    let after = desk.text("a.yaml");
    assert_eq!(desk.decrypted("a.yaml"), "# one\na: canary   # two\nc:\n- 'd'\n- 0x1F\n");
    let changed = before.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
    assert!((3..=4).contains(&changed), "a, leafcrypt, mac, and the date when a second has passed:\n{after}");
    assert_eq!(before.lines().count(), after.lines().count());
    // The editor's own temporary files go to the private folder.
    code(&desk.edit("a.yaml", "[ \"$TMPDIR\" = \"$(dirname \"$1\")\" ] && echo canary > \"$TMPDIR/x\" && echo 'f: g' >> \"$1\"", ""), 0);
    assert_eq!(desk.decrypted("a.yaml"), "# one\na: canary   # two\nc:\n- 'd'\n- 0x1F\nf: g\n");
}

/// As window editors do it: beside the old one, from another file system, twice, or by another process that the one we start waits for.
#[test]
fn a_new_file_in_place_of_the_old_one() {
    const WAYS: [&str; 4] = [
        "sed s/b/canary/ \"$1\" > \"$1.new\" && mv \"$1.new\" \"$1\"",
        "sed s/b/canary/ \"$1\" > \"$HOME/new\" && mv \"$HOME/new\" \"$1\"",
        "for to in x canary; do sed \"s/a: [a-z]*/a: $to/\" \"$1\" > \"$1.$to\" && mv \"$1.$to\" \"$1\"; done",
        "{ sleep 0.2; mv \"$1\" \"$1~\"; sed s/b/canary/ \"$1~\" > \"$1\"; } & wait",
    ];
    let desk = Desk::new();
    for (program, args) in
        [(Program::Ours, &["edit", "a.yaml"][..]), (Program::AsSops, &["edit", "a.yaml"]), (Program::AsSops, &["a.yaml"])]
    {
        for way in WAYS {
            let before = desk.seal("a.yaml", "# one\na: b   # two\nc:\n- 'd'\n");
            code(&desk.run(program, args, way, ""), 0);
            desk.is_clean();
            assert_eq!(desk.decrypted("a.yaml"), "# one\na: canary   # two\nc:\n- 'd'\n", "{program:?} {way}");
            let after = desk.text("a.yaml");
            let changed = before.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
            assert!((3..=4).contains(&changed) && before.lines().count() == after.lines().count(), "{program:?} {way}:\n{after}");
        }
    }
}

/// It looks for its server below `TMPDIR`; one that it starts itself lives on when our folder is gone.
#[test]
fn an_editor_that_has_a_server_keeps_the_users_tmpdir() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\n");
    let script = desk.editor("echo \"$TMPDIR\" > \"$HOME/told\"");
    for name in ["emacsclient", "emacsclient.emacs-gtk", "kak"] {
        std::os::unix::fs::symlink(&script, desk.place.path(name)).unwrap();
    }
    for (line, is_theirs) in
        [("./emacsclient -t", true), ("env A=b ./emacsclient.emacs-gtk -a ''", true), ("./kak -c it", true), ("./kak", false)]
    {
        for program in [Program::Ours, Program::AsSops] {
            let call = desk.place.call(program, ["edit", "a.yaml"]).env("EDITOR", line).env("TMPDIR", "/tmp/of-the-user");
            code(&call.env("XDG_RUNTIME_DIR", &desk.runtime).run(), 200);
            assert_eq!(desk.text("home/told") == "/tmp/of-the-user\n", is_theirs, "{line}");
        }
    }
}

#[test]
fn the_plaintext_is_the_owners_alone_and_named_as_the_file() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\n");
    let script = "stat -c '%a' \"$1\" \"$(dirname \"$1\")\" > \"$HOME/modes\"; basename \"$1\" >> \"$HOME/modes\"; stat -f -c %T \"$1\" >> \"$HOME/modes\"";
    code(&desk.edit("a.yaml", script, ""), 200);
    assert_eq!(desk.text("home/modes"), "600\n700\na.yaml\ntmpfs\n");
}

#[test]
fn nothing_changed_and_failing_editors() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: b\n");
    assert!(code(&desk.edit("a.yaml", "true", ""), 200).contains("File has not changed, exiting."));
    assert!(code(&desk.edit("a.yaml", "exit 3", ""), 201).contains("Could not run editor"));
    code(&desk.edit("a.yaml", "rm \"$1\"", ""), 2);
    code(&desk.edit("a.yaml", "rm \"$1\"; ln -s /etc/passwd \"$1\"", ""), 2);
    // What the link leads to is nobody's edit.
    assert!(!desk.place.path("home/.local/state/leafcrypt/rescue").exists());
    let missing = desk.place.call(Program::Ours, ["edit", "a.yaml"]).env("EDITOR", "no-such-editor --wait").run();
    assert!(code(&missing, 201).contains("no-such-editor"));
    let quote = desk.place.call(Program::Ours, ["edit", "a.yaml"]).env("EDITOR", "vi 'x").run();
    code(&quote, 201);
    let order = desk
        .place
        .call(Program::Ours, ["edit", "a.yaml"])
        .env("EDITOR", "false")
        .env("SOPS_EDITOR", "true")
        .env("XDG_RUNTIME_DIR", &desk.runtime);
    code(&order.run(), 200);
    assert_eq!(desk.text("a.yaml"), before);
    // As `sops`, its sentences.
    let none = "no editor available: sops attempts to use the editor defined in the SOPS_EDITOR or EDITOR environment variables, and if that's not set \
                defaults to any of vim, nano, vi, but none of them could be found";
    for (name, line, path, says) in [
        ("EDITOR", "no-such-editor -w", "/usr/bin", "exec: \"no-such-editor\": executable file not found in $PATH"),
        ("SOPS_EDITOR", "vi 'x", "/usr/bin", "invalid $SOPS_EDITOR: vi 'x"),
        ("EDITOR", "/usr/bin/false", "/usr/bin", "exit status 1"),
        ("EDITOR", "/bin/sh -c 'kill -9 $$'", "/usr/bin", "signal: killed"),
        ("UNUSED", "", "/nowhere", none),
    ] {
        for program in [Program::AsSops, Program::Sops] {
            if program == Program::Sops && crate::tools::sops().is_none() {
                continue;
            }
            let done =
                desk.place.call(program, ["edit", "a.yaml"]).env(name, line).env("PATH", path).env("XDG_RUNTIME_DIR", &desk.runtime).run();
            assert_eq!(code(&done, 201).trim_end(), format!("Could not run editor: {says}"), "{program:?} {name}={line}");
        }
    }
    code(&desk.edit("missing/a.yaml", "echo 'a: canary' > \"$1\"", ""), 3);
}

#[test]
fn a_bad_text_is_shown_again_and_kept_when_nobody_mends_it() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: b\n");
    // The first time it does not parse, the second time it has a key `sops`, the third time it is right.
    let script = "n=$(cat \"$HOME/n\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$HOME/n\"\n\
                  case $n in 0) echo 'a: [canary' > \"$1\";; 1) printf 'a: canary\\nsops: x\\n' > \"$1\";; *) echo 'a: canary' > \"$1\";; esac";
    let err = code(&desk.edit("a.yaml", script, "\n\n"), 0);
    assert_eq!(err.matches("Press Enter").count(), 2, "{err}");
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\n");
    // Nobody there: not a loop for ever, and not a word lost.
    let kept = desk.text("a.yaml");
    let err = code(&desk.edit("a.yaml", "echo 'a: [canary2' > \"$1\"", ""), 2);
    assert!(err.contains("sealed and kept"), "{err}");
    assert_eq!(desk.text("a.yaml"), kept);
    assert_ne!(kept, before);
    let rescued = desk.place.path("home/.local/state/leafcrypt/rescue");
    let files: Vec<_> = std::fs::read_dir(&rescued).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    let opened = desk.place.ours(["decrypt".as_ref(), "--input-type".as_ref(), "binary".as_ref(), files[0].as_os_str()]);
    assert_eq!(String::from_utf8_lossy(&opened.stdout), "a: [canary2\n");
    // The next edit says so, also where nobody can answer.
    let err = code(&desk.edit("a.yaml", "true", ""), 200);
    assert!(err.contains("not saved"), "{err}");
}

#[test]
fn a_new_file_is_made_from_an_example() {
    let desk = Desk::new();
    for file in ["n.yaml", "n.json", "n.env", "n.ini", "n.toml", "n.txt"] {
        code(&desk.edit(file, "true", ""), 200);
        assert!(!desk.place.path(file).exists(), "{file}");
        code(&desk.edit(file, "sed -i 's/Welcome to/canary to/' \"$1\"", ""), 0);
        assert!(desk.decrypted(file).contains("canary to "), "{file}");
        assert!(!desk.text(file).contains("canary"), "{file}");
    }
    desk.place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    encrypted_regex: ^data$\n", desk.place.recipient));
    code(&desk.edit("r.yaml", "echo 'data: canary' > \"$1\"", ""), 0);
    assert!(code(&desk.edit("s.yaml", "echo 'date: x' > \"$1\"", ""), 1).contains("covers no value"));
    assert!(!desk.place.path("s.yaml").exists());
    std::fs::remove_file(desk.place.path(".sops.yaml")).unwrap();
    code(&desk.edit("t.yaml", "true", ""), 1);
}

#[test]
fn as_sops_by_its_bare_form() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\n");
    let done = desk.run(Program::AsSops, &["a.yaml"], "echo 'a: canary' > \"$1\"", "");
    code(&done, 0);
    assert!(done.stderr.is_empty() && done.stdout.is_empty());
    let done = desk.run(Program::AsSops, &["--ignore-mac", "a.yaml"], "true", "");
    assert_eq!(code(&done, 200), "File has not changed, exiting.\n");
    desk.is_clean();
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\n");
}

/// Type and rule go by another name: of a new file, of one that is there, and of a value that is set.
#[test]
fn by_another_name() {
    let desk = Desk::new();
    let other = Place::new().recipient.clone();
    let rules = format!("creation_rules:\n  - path_regex: prod\n    age: {}\n  - age: {other}\n", desk.place.recipient);
    desk.place.write(".sops.yaml", rules);
    for (file, program, words) in [("new", Program::AsSops, &[][..]), ("newer", Program::Ours, &["edit"])] {
        let args = [words, &["--filename-override", "prod.yaml", file]].concat();
        code(&desk.run(program, &args, "echo 'a: canary' > \"$1\"", ""), 0);
        let sealed = desk.text(file);
        assert!(sealed.starts_with("a: ENC[") && sealed.contains(&desk.place.recipient) && !sealed.contains(&other), "{sealed}");
    }
    code(&desk.run(Program::AsSops, &["--filename-override", "prod.yaml", "--set", "[\"b\"] \"v\"", "new"], "true", ""), 0);
    code(&desk.run(Program::AsSops, &["--filename-override", "prod.yaml", "new"], "sed -i s/canary/c/ \"$1\"", ""), 0);
    code(&desk.run(Program::Ours, &["unset", "--filename-override", "prod.yaml", "new", "[\"b\"]"], "true", ""), 0);
    let plain = desk.place.ours(["decrypt", "--input-type", "yaml", "--output-type", "yaml", "new"]);
    assert_eq!(String::from_utf8_lossy(&plain.stdout), "a: c\n");
    // SOPS's commands do not have it.
    assert!(code(&desk.run(Program::AsSops, &["edit", "--filename-override", "prod.yaml", "new"], "true", ""), 1).contains("not defined"));
}

#[test]
fn killed_while_the_editor_is_open() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: b\n");
    // The parent of the editor is us.
    for signal in ["KILL", "TERM", "HUP"] {
        let rescued = desk.place.path("home/.local/state/leafcrypt/rescue");
        let _ = std::fs::remove_dir_all(&rescued);
        let script = format!("echo 'a: canary' > \"$1\"; kill -{signal} $PPID; sleep 3");
        let started = Instant::now();
        let done = desk.run(Program::Ours, &["edit", "a.yaml"], &script, "");
        assert!(!done.status.success());
        desk.is_clean();
        assert!(started.elapsed() < Duration::from_secs(15), "{signal}");
        assert_eq!(desk.text("a.yaml"), before, "{signal}");
        soon(&format!("{signal}: the edit is kept"), || std::fs::read_dir(&rescued).is_ok_and(|kept| kept.count() > 0));
        let file = std::fs::read_dir(&rescued).unwrap().next().unwrap().unwrap().path();
        let opened = desk.place.ours(["decrypt".as_ref(), "--input-type".as_ref(), "binary".as_ref(), file.as_os_str()]);
        assert_eq!(String::from_utf8_lossy(&opened.stdout), "a: canary\n", "{signal}");
    }
}

/// Edits by `mine`, while somebody else runs these commands of ours on the file.
pub(crate) fn meanwhile(desk: &Desk, program: Program, file: &str, theirs: &str, mine: &str, stdin: &str) -> Output {
    let ours = env!("CARGO_BIN_EXE_leafcrypt");
    let done =
        desk.run(program, &["edit", file], &format!("theirs() {{ {ours} \"$@\" > /dev/null 2>&1 || exit 9; }}\n{theirs}\n{mine}"), stdin);
    desk.is_clean();
    done
}

#[test]
fn what_changed_meanwhile_is_merged() {
    for (file, plain, theirs, expected) in [
        ("a.yaml", "# one\na: b\nc: d   # two\n", "[\"c\"]", "# one\na: canary\nc: theirs   # two\n"),
        ("a.json", "{\"a\": \"b\", \"c\": \"d\"}\n", "[\"c\"]", "{\"a\": \"canary\", \"c\": \"theirs\"}\n"),
        ("a.env", "A=b\nC=d\n", "[\"C\"]", "A=canary\nC=theirs\n"),
        ("a.ini", "[s]\na = b\nc = d\n", "[\"s\"][\"c\"]", "[s]\na = canary\nc = theirs\n"),
        ("a.toml", "a = \"b\"\nc = \"d\"\n", "[\"c\"]", "a = \"canary\"\nc = \"theirs\"\n"),
    ] {
        let desk = Desk::new();
        desk.seal(file, plain);
        let theirs = format!("theirs set {} '{theirs}' '\"theirs\"'", desk.place.path(file).display());
        let err = code(&meanwhile(&desk, Program::Ours, file, &theirs, "sed -i s/b/canary/ \"$1\"", ""), 0);
        assert!(err.contains("it has both changes now"), "{file}: {err}");
        assert_eq!(desk.decrypted(file), expected, "{file}");
    }
}

#[test]
fn another_data_key_meanwhile_and_the_same_change() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\nc: d\n");
    let path = desk.place.path("a.yaml");
    let rotate = format!("theirs rotate -y -i {}", path.display());
    code(&meanwhile(&desk, Program::Ours, "a.yaml", &rotate, "sed -i s/b/canary/ \"$1\"", ""), 0);
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\nc: d\n");
    let same = format!("theirs set {} '[\"c\"]' '\"x\"'", path.display());
    let err = code(&meanwhile(&desk, Program::Ours, "a.yaml", &same, "sed -i s/d/x/ \"$1\"", ""), 0);
    assert!(err.contains("the same change"), "{err}");
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\nc: x\n");
}

/// It has to be opened by a key once more, which is gone when it came from a pipe: that is said, and what was typed is kept.
#[test]
fn another_data_key_meanwhile_and_a_key_that_is_read_once() {
    for program in [Program::Ours, Program::AsSops] {
        let desk = Desk::new();
        desk.seal("a.yaml", "a: b\nc: d\n");
        let (ours, path, keys) = (env!("CARGO_BIN_EXE_leafcrypt"), desk.place.path("a.yaml"), desk.place.path("keys.txt"));
        let theirs = format!("SOPS_AGE_KEY_FILE={} {ours} rotate -y -i {} || exit 9", keys.display(), path.display());
        let editor = desk.editor(&format!("exec > /dev/null 2>&1; {theirs}; sed -i s/b/canary/ \"$1\""));
        let call = desk.place.call(program, ["edit", "a.yaml"]).env("EDITOR", editor).env("XDG_RUNTIME_DIR", &desk.runtime);
        let err = code(&call.env("SOPS_AGE_KEY_FILE", "/dev/stdin").stdin(desk.place.read("keys.txt")).run(), 128);
        desk.is_clean();
        assert!(err.contains("changed meanwhile (rotate, updatekeys)") && err.contains("cannot be read a second time"), "{err}");
        assert!(err.contains("sealed and kept"), "{err}");
    }
}

#[test]
fn a_conflict_is_told_by_its_path_and_the_edit_waits() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\nc: d\n");
    let theirs = format!("theirs set {} '[\"c\"]' '\"canary-theirs\"'", desk.place.path("a.yaml").display());
    let mine = "printf 'a: e\\nc: canary-mine\\n' > \"$1\"";
    let err = code(&meanwhile(&desk, Program::Ours, "a.yaml", &theirs, mine, ""), 3);
    assert!(err.contains("where you have changed it, too: c;") && err.contains("sealed and kept"), "{err}");
    assert!(err.contains("leafcrypt edit a.yaml"), "{err}");
    assert_eq!(desk.decrypted("a.yaml"), "a: b\nc: canary-theirs\n");
    // Taken up it is still an edit of what the file was then: nothing of theirs is overwritten without a word.
    let answered = |script: &str, answer: &str| {
        let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), "edit a.yaml", script);
        terminal.answer("Take it up? [y/N]", "y\n");
        terminal.answer("Write yours there? [y/N]", answer);
        (terminal.end(), terminal.seen)
    };
    let (ended, seen) = answered("true", "n\n");
    assert!(ended == Some(3) && seen.contains("too: c;"), "{ended:?}: {seen}");
    assert_eq!(desk.decrypted("a.yaml"), "a: b\nc: canary-theirs\n");
    let (ended, seen) = answered("sed -i s/a:.*/a:\\ f/ \"$1\"", "y\n");
    assert!(ended == Some(0) && seen.contains("it has yours where both have changed the same"), "{ended:?}: {seen}");
    assert_eq!(desk.decrypted("a.yaml"), "a: f\nc: canary-mine\n");
    // Nothing is offered after that.
    assert_eq!(code(&desk.edit("a.yaml", "true", ""), 200).matches("not saved").count(), 0);
    for folder in ["rescue", "rescued-from"] {
        let left = std::fs::read_dir(desk.place.path(&format!("home/.local/state/leafcrypt/{folder}"))).unwrap().count();
        assert_eq!(left, 0, "{folder}");
    }
}

/// The program never opens the pipe, and the text is more than a pipe holds.
#[test]
fn term_ends_an_exec_file_whose_pipe_nobody_reads() {
    let desk = Desk::new();
    desk.seal("a.yaml", &format!("a: {}\n", "canary".repeat(50_000)));
    let started = desk.place.path("started");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_leafcrypt"))
        .args(["exec-file", "a.yaml", "echo > started; exec sleep 600 # {}"])
        .current_dir(desk.place.path(""))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", desk.place.path("home"))
        .env("SOPS_AGE_KEY_FILE", desk.place.path("keys.txt"))
        .env("XDG_RUNTIME_DIR", &desk.runtime)
        .spawn()
        .unwrap();
    soon("the program runs", || started.exists());
    assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let mut ended = None;
    soon("it ends", || {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    assert_eq!(ended.and_then(|ended| std::os::unix::process::ExitStatusExt::signal(&ended)), Some(15), "{ended:?}");
    desk.is_clean();
}

/// An edit that has typed nothing yet leaves nothing to take up, also where the text is more than its values spelled plainly.
#[test]
fn killed_before_anything_was_typed() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: 0x1F   # one\nb:   'c'\n");
    for flag in ["--verbose", "-s"] {
        let done = desk.run(Program::Ours, &["edit", flag, "a.yaml"], "kill -KILL $PPID; sleep 1", "");
        assert!(!done.status.success());
        desk.is_clean();
        let rescued = std::fs::read_dir(desk.place.path("home/.local/state/leafcrypt/rescue"));
        assert_eq!(rescued.map_or(0, Iterator::count), 0, "{flag}");
    }
}

/// The text of a new file is indented as the configuration has it.
#[test]
fn the_example_is_indented_as_the_configuration_says() {
    let desk = Desk::new();
    for indent in [None, Some(0), Some(1), Some(2), Some(3), Some(7)] {
        let stores = indent.map(|n| format!("stores:\n  yaml:\n    indent: {n}\n  json:\n    indent: {n}\n")).unwrap_or_default();
        desk.place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n{stores}", desk.place.recipient));
        for file in ["new.yaml", "new.json", "new.env", "new.ini"] {
            let [theirs, as_sops, ours] = [Program::Sops, Program::AsSops, Program::Ours].map(|program| {
                if program == Program::Sops && crate::tools::sops().is_none() {
                    return None;
                }
                let done = desk.run(program, &["edit", file], "cat \"$1\"", "");
                code(&done, 200);
                Some(String::from_utf8(done.stdout).unwrap())
            });
            assert_eq!(as_sops, ours);
            let same = |text: Option<String>| text.map(|text| text.trim_end().to_owned());
            assert!(theirs.is_none() || same(ours.clone()) == same(theirs.clone()), "{file} {indent:?}: {ours:?} {theirs:?}");
        }
    }
}

/// Whoever mends a damaged file types as people do: with `--ignore-mac` nothing keeps a spelling, so values and comments are what is compared.
#[test]
fn any_spelling_without_a_mac() {
    let desk = Desk::new();
    let sealed = desk.seal("a.yaml", "a: one\nb: two\n");
    let typed = "a: 'one' # x\nb: !!str 0x1F\nc: \"\\u00e9\"\nd: |+\n  t\n\n\n # y\n\ne: [1, 2]\nf: &x 1e3\ng: *x\nh: yes\n";
    let read = "{\"a\":\"one\",\"b\":\"0x1F\",\"c\":\"é\",\"d\":\"t\\n\\n\\n\",\"e\":[1,2],\"f\":1000,\"g\":1000,\"h\":\"yes\"}";
    for program in [Program::Ours, Program::AsSops] {
        // The values of two names are swapped.
        let (a, b) = (sealed.find("a: ").unwrap(), sealed.find("b: ").unwrap());
        let end = b + sealed[b..].find('\n').unwrap() + 1;
        desk.place.write("a.yaml", [&sealed[b..end], &sealed[a..b], &sealed[end..]].concat());
        assert_eq!(desk.place.ours(["decrypt", "a.yaml"]).status.code(), Some(51));
        desk.place.write("typed.yaml", typed);
        let done = desk.run(program, &["edit", "--ignore-mac", "a.yaml"], "cp typed.yaml \"$1\"", "");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = desk.text("a.yaml");
        assert!(!text.contains("leafcrypt:") && !text.contains(" y\n"), "{text}");
        let json = desk.place.ours(["decrypt", "--output-type", "json", "--indent", "0", "a.yaml"]).stdout;
        let flat: String = String::from_utf8(json).unwrap().split_whitespace().collect();
        assert_eq!(flat, read);
        let shown = String::from_utf8(desk.place.ours(["decrypt", "a.yaml"]).stdout).unwrap();
        assert!(shown.contains("# x\n") && shown.contains("# y\n"), "{shown}");
        if let Some(opened) = desk.place.sops(["decrypt", "a.yaml"]) {
            assert!(opened.status.success() && !String::from_utf8_lossy(&opened.stdout).contains("ENC["));
        }
        let set = desk.place.call(program, ["set", "--ignore-mac", "a.yaml", "[\"h\"]", "\"2024-01-01\""]).run();
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
        assert_eq!(desk.place.ours(["decrypt", "--extract", "[\"h\"]", "a.yaml"]).stdout, b"2024-01-01");
    }
}
