//! An edit that does not go through: what is said of the text, what is kept, and how it is got rid of.

use std::process::Command;

use crate::age_world::Terminal;
use crate::edit::{Desk, code};
use crate::tools::Program;

const OURS: &str = env!("CARGO_BIN_EXE_leafcrypt");

impl Desk {
    fn kept_files(&self) -> usize {
        let folders = ["rescue", "rescued-from"].map(|name| self.place.path(&format!("home/.local/state/leafcrypt/{name}")));
        folders.iter().map(|folder| std::fs::read_dir(folder).map_or(0, Iterator::count)).sum()
    }

    /// An edit in a terminal.
    fn edits_at_terminal(&self, script: &str) -> Terminal {
        let mut command = Command::new("setsid");
        command.args(["-w", "script"]).current_dir(self.place.path("")).env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "dumb");
        command.env("HOME", self.place.path("home")).env("SOPS_AGE_KEY_FILE", self.place.path("keys.txt"));
        command.env("XDG_RUNTIME_DIR", &self.runtime).env("EDITOR", self.editor(script));
        Terminal::start(command, &format!("{OURS} edit a.yaml"))
    }
}

/// A key with the name of the metadata block: no sealed file, and nothing to open.
#[test]
fn the_name_of_the_metadata() {
    for (file, plain, script) in [
        ("a.yaml", "a: canary\n", "printf 'sops: x\\n' >> \"$1\""),
        ("b.yaml", "a: canary\n", "printf 'sops:\\n    mac: x\\n    version: 3.9.0\\n' >> \"$1\""),
        ("a.json", "{\"a\": \"canary\"}", "sed -i 's/^{/{\"sops\": 5, /' \"$1\""),
        ("a.env", "A=canary\n", "printf 'sops_mac=x\\n' >> \"$1\""),
        ("a.ini", "[s]\na = canary\n", "printf '[sops]\\nmac = x\\n' >> \"$1\""),
        ("a.toml", "a = \"canary\"\n", "printf '[sops]\\nmac = \"x\"\\n' >> \"$1\""),
    ] {
        let desk = Desk::new();
        let before = desk.seal(file, plain);
        let err = code(&desk.edit(file, script, ""), 203);
        let name = if file == "a.env" { "sops_…" } else { "sops" };
        assert!(err.contains(&format!("{name:?} is a name of the metadata block")), "{file}: {err}");
        assert!(!err.contains("sealed already") && err.contains("Press Enter"), "{file}: {err}");
        assert_eq!(desk.text(file), before);
        // As `sops`, its own sentence.
        if file != "a.toml" {
            let done = desk.run(Program::AsSops, &["edit", file], script, "");
            assert!(code(&done, 203).contains("SOPS metadata is invalid."), "{file}");
        }
    }
}

/// Nothing at all is no JSON, and sealing it whole is no way out of an edit.
#[test]
fn json_without_an_object() {
    for text in ["", "\n", "[1]", "\"canary\"", "{"] {
        let desk = Desk::new();
        let before = desk.seal("a.json", "{\"a\": \"canary\"}");
        let script = format!("printf '%s' '{text}' > \"$1\"");
        let err = code(&desk.edit("a.json", &script, "\n"), 2);
        assert!(!err.contains("--input-type") && err.matches("Press Enter").count() == 2, "{text}: {err}");
        assert!(text == "{" || err.contains("the root must be an object"), "{text}: {err}");
        assert_eq!(desk.text("a.json"), before);
        // Somebody mends it.
        let script = format!("if [ -e \"$HOME/x\" ]; then echo '{{}}' > \"$1\"; else touch \"$HOME/x\"; printf '%s' '{text}' > \"$1\"; fi");
        let _ = std::fs::remove_dir_all(desk.place.path("home/.local"));
        code(&desk.edit("a.json", &script, "\n"), 0);
        assert_eq!(desk.decrypted("a.json"), "{}\n", "{text}");
    }
    // The same of an empty YAML file: not for `encrypt`, but for the person who sits at the editor.
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n");
    assert!(code(&desk.edit("a.yaml", ": > \"$1\"", ""), 92).contains("write {} into it"));
}

/// No room for the plaintext: no editor has opened, and nobody has typed anything.
#[test]
fn no_room_in_memory() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", &format!("a: {}\n", "canary ".repeat(20_000)));
    let editor = desk.editor("touch \"$HOME/opened\"");
    let script = format!("mount -t tmpfs -o size=64k,mode=1777 tmpfs /dev/shm; exec '{OURS}' edit a.yaml");
    let how: &[&str] = if crate::files::people::is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let mut unshare = Command::new("unshare");
    unshare.args(how).args(["--propagation", "private", "sh", "-euc", &script]).current_dir(desk.place.path("")).env_clear();
    unshare.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", desk.place.path("home")).env("EDITOR", editor);
    unshare.env("SOPS_AGE_KEY_FILE", desk.place.path("keys.txt")).env("XDG_RUNTIME_DIR", &desk.runtime);
    let done = unshare.output().unwrap();
    let err = code(&done, 1);
    assert!(err.contains("the plaintext:") && !err.contains("kept") && !err.contains("you typed"), "{err}");
    assert!(err.contains("XDG_RUNTIME_DIR"), "{err}");
    assert_eq!(desk.kept_files(), 0);
    assert!(!desk.place.path("home/opened").exists());
    assert_eq!(desk.text("a.yaml"), before);
}

/// A question names the file; a private key that stands in the name stays out of the terminal's memory (P15).
#[test]
fn a_question_shows_no_private_key() {
    let desk = Desk::new();
    let key = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
    let name = format!("{key}.yaml");
    desk.seal(&name, "a: canary\n");
    code(&desk.edit(&name, "echo 'a: [canary2' > \"$1\"", ""), 2);
    let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), &format!("edit {name}"), "true");
    terminal.answer("Take it up? [y/N]", "n\n");
    terminal.answer("Delete it? [y/N]", "\n");
    assert_eq!(terminal.end(), Some(200), "{}", terminal.seen);
    assert!(!terminal.seen.contains(&key), "{}", terminal.seen);
}

/// Who does not want a kept edit can be rid of it.
#[test]
fn a_kept_edit_that_nobody_wants() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n");
    code(&desk.edit("a.yaml", "echo 'a: [canary2' > \"$1\"", ""), 2);
    assert_eq!(desk.kept_files(), 2);
    // With nobody to ask: where it is, and how it goes.
    let err = code(&desk.edit("a.yaml", "true", ""), 200);
    let told = err.lines().find(|line| line.starts_with("warning: ")).unwrap_or_else(|| panic!("{err}"));
    assert!(told.contains("not saved") && told.contains("delete that file to be rid of it"), "{err}");
    // Asked: no and no. It is still there.
    let mut terminal = desk.edits_at_terminal("true");
    terminal.answer("Take it up? [y/N]", "n\n");
    terminal.answer("Delete it? [y/N]", "\n");
    assert_eq!(terminal.end(), Some(200), "{}", terminal.seen);
    assert!(terminal.seen.contains("delete that file to be rid of it"), "{}", terminal.seen);
    assert_eq!(desk.kept_files(), 2);
    // No and yes. It is gone, and nobody speaks of it any more.
    let mut terminal = desk.edits_at_terminal("true");
    terminal.answer("Take it up? [y/N]", "n\n");
    terminal.answer("Delete it? [y/N]", "y\n");
    assert_eq!(terminal.end(), Some(200), "{}", terminal.seen);
    assert_eq!(desk.kept_files(), 0);
    let mut terminal = desk.edits_at_terminal("true");
    assert_eq!(terminal.end(), Some(200), "{}", terminal.seen);
    assert!(!terminal.seen.contains("not saved"), "{}", terminal.seen);
    // By hand, as it is said.
    code(&desk.edit("a.yaml", "echo 'a: [canary2' > \"$1\"", ""), 2);
    let err = code(&desk.edit("a.yaml", "true", ""), 200);
    let file = err.split("kept in ").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_else(|| panic!("{err}"));
    std::fs::remove_file(file).unwrap();
    assert!(!code(&desk.edit("a.yaml", "true", ""), 200).contains("not saved"));
}

/// A name that is as long as names can be is cut.
#[test]
fn an_edit_of_a_long_name_is_kept() {
    let desk = Desk::new();
    let name = format!("{}\u{e9}.yaml", "n".repeat(246));
    desk.seal("a.yaml", "a: canary\n");
    std::fs::rename(desk.place.path("a.yaml"), desk.place.path(&name)).unwrap();
    let err = code(&desk.edit(&name, "echo 'a: canary2' > \"$1\"; exit 1", ""), 201);
    assert!(err.contains("what you typed is sealed and kept"), "{err}");
    assert_eq!(desk.kept_files(), 2);
    assert!(code(&desk.edit(&name, "true", ""), 200).contains("that was not saved is still kept"));
}

/// Where the disk takes nothing an edit is kept in memory: that is said before somebody types, and again when it is done.
#[test]
fn an_edit_is_kept_in_memory() {
    for state in ["/proc/nowhere", "/dev/null"] {
        let desk = Desk::new();
        desk.seal("a.yaml", "a: canary\n");
        let call = |program, script: &str| {
            let call = desk.place.call(program, ["edit", "a.yaml"]).env("EDITOR", desk.editor(script)).env("XDG_STATE_HOME", state);
            call.env("XDG_RUNTIME_DIR", &desk.runtime).stdin("y\n").run()
        };
        let err = code(&call(Program::Ours, "echo 'a: [canary2' > \"$1\""), 2);
        assert!(
            err.contains("warning: an edit that cannot be saved will be kept in memory only") && err.contains("XDG_STATE_HOME"),
            "{err}"
        );
        assert!(err.contains("what you typed is sealed and kept, in memory only"), "{err}");
        let kept = desk.runtime.join(format!("leafcrypt-kept-{}", rustix::process::geteuid().as_raw()));
        assert!(kept.join("rescue").read_dir().unwrap().count() == 1, "{err}");
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&kept.metadata().unwrap()) & 0o777, 0o700);
        // It is taken up, and nothing is left of it.
        let line = format!("env XDG_STATE_HOME={state} {OURS}");
        let mut terminal = desk.asks(&line, "edit a.yaml", "grep -q '^a: .canary2$' \"$1\" && echo 'a: canary2' > \"$1\"");
        terminal.answer("Take it up? [y/N]", "y\n");
        assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
        assert_eq!(desk.decrypted("a.yaml"), "a: canary2\n");
        desk.is_clean();
    }
}

/// A full disk is told when it is met, and then memory has the edit.
#[test]
fn a_full_disk() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: canary\n");
    let script = format!(
        "mkdir state; mount -t tmpfs -o size=16k tmpfs state; head -c 100k /dev/zero > state/full 2>/dev/null || :; exec '{OURS}' edit a.yaml"
    );
    let err = code(&alone(&desk, &script, "echo 'a: [canary2' > \"$1\"", &desk.runtime), 2);
    assert!(!err.contains("warning: an edit that cannot be saved") && err.contains("sealed and kept, in memory only"), "{err}");
    assert_eq!(desk.text("a.yaml"), before);
}

/// Where nothing can be kept it is said before somebody types, and nobody is told that it is.
#[test]
fn no_place_to_keep_an_edit() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: canary\n");
    let script = format!("mount -t tmpfs -o ro tmpfs /dev/shm; mkdir disk; touch state; exec '{OURS}' edit --on-disk disk a.yaml");
    let err = code(&alone(&desk, &script, "echo 'a: [canary2' > \"$1\"", &desk.place.path("disk")), 2);
    let told = err.find("warning: an edit that cannot be saved will be lost").unwrap_or_else(|| panic!("{err}"));
    assert!(told < err.find("could not be kept").unwrap_or(0) && err.contains("XDG_STATE_HOME"), "{err}");
    assert!(!err.contains("(os error"), "{err}");
    assert!(!err.contains("kept sealed") && !err.contains("sealed and kept"), "{err}");
    assert_eq!(desk.text("a.yaml"), before);
}

/// A line for a shell in a mount namespace of its own, with the folder `state` for what is kept.
fn alone(desk: &Desk, script: &str, editor: &str, runtime: &std::path::Path) -> std::process::Output {
    let how: &[&str] = if crate::files::people::is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let mut unshare = Command::new("unshare");
    unshare.args(how).args(["--propagation", "private", "bash", "-euc", script]).current_dir(desk.place.path("")).env_clear();
    unshare.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", desk.place.path("home")).env("EDITOR", desk.editor(editor));
    unshare.env("XDG_STATE_HOME", desk.place.path("state")).env("SOPS_AGE_KEY_FILE", desk.place.path("keys.txt"));
    unshare.env("XDG_RUNTIME_DIR", runtime).output().unwrap()
}

/// An edit that nobody took up is not written over by the next one that fails: both are offered.
#[test]
fn two_kept_edits() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n");
    code(&desk.edit("a.yaml", "echo 'a: [canary2' > \"$1\"", ""), 2);
    code(&desk.edit("a.yaml", "echo 'b: [canary3' > \"$1\"", ""), 2);
    assert_eq!(desk.kept_files(), 4);
    // The second one, which is mended. The first is still there.
    let mut terminal = desk.edits_at_terminal("grep -q '^b: .canary3$' \"$1\" && echo 'b: canary3' > \"$1\"");
    terminal.answer("Take it up? [y/N]", "n\n");
    terminal.answer("Delete it? [y/N]", "\n");
    terminal.answer("~2. Take it up? [y/N]", "y\n");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert_eq!(desk.decrypted("a.yaml"), "b: canary3\n");
    assert_eq!(desk.kept_files(), 2);
    // One that is taken up and fails again stays where it was.
    let mut terminal = desk.edits_at_terminal("grep -q '^a: .canary2$' \"$1\" && echo 'c: [canary4' > \"$1\"");
    terminal.answer("Take it up? [y/N]", "y\n");
    terminal.answer("Press Enter", "\u{4}");
    assert_eq!(terminal.end(), Some(2), "{}", terminal.seen);
    assert_eq!(desk.kept_files(), 2);
}

/// An editor that ends a text's last line: SOPS's text has it ended already, so that to SOPS nothing was changed.
#[test]
fn a_last_line_that_is_ended() {
    let ends = "[ -z \"$(tail -c 1 \"$1\")\" ] || echo >> \"$1\"";
    let Some(_) = crate::tools::sops() else { return };
    for (file, plain) in [
        ("a.yaml", "a: canary"),
        ("a.json", "{\"a\": \"canary\"}"),
        ("a.env", "A=canary"),
        ("a.ini", "[s]\na = canary"),
        ("a.bin", "canary"),
    ] {
        for sealer in [Program::Sops, Program::Ours] {
            let desk = Desk::new();
            desk.place.write(file, plain);
            code(&desk.place.call(sealer, ["encrypt", "-i", file]).run(), 0);
            let before = desk.text(file);
            let [theirs, as_sops] = [Program::Sops, Program::AsSops].map(|program| {
                let done = desk.run(program, &["edit", file], ends, "");
                let changed = desk.text(file) != before;
                desk.place.write(file, &before);
                (done.status.code(), changed)
            });
            assert_eq!(as_sops, theirs, "{file} sealed by {sealer:?}");
            // Under our own name layout is content.
            let shown = desk.decrypted_loosely(file);
            let expected = if shown.ends_with('\n') { 200 } else { 0 };
            code(&desk.edit(file, ends, ""), expected);
            assert!(desk.decrypted_loosely(file).ends_with('\n'), "{file}");
        }
    }
}

/// What SOPS prints ends its last line: scripts append to it, put it before another text, and read it by lines. A file that is written keeps its end.
#[test]
fn what_is_appended_is_a_line_of_its_own() {
    for (file, plain, line) in [
        ("a.yaml", "a: canary", "z: new"),
        ("a.env", "A=canary", "Z=new"),
        ("c.env", "B=1\r\nA=canary", "Z=new"),
        ("a.ini", "[s]\na = canary", "z = new"),
    ] {
        let desk = Desk::new();
        desk.place.write(file, plain);
        code(&desk.place.call(Program::Ours, ["encrypt", "-i", file]).run(), 0);
        let printed = |program, words: &[&str]| {
            let done = desk.place.call(program, [words, &[file]].concat()).run();
            code(&done, 0);
            String::from_utf8(done.stdout).unwrap()
        };
        assert_eq!(
            (printed(Program::AsSops, &["decrypt"]), printed(Program::Ours, &["decrypt"])),
            (format!("{plain}\n"), plain.to_owned())
        );
        printed(Program::AsSops, &["decrypt", "--output", "plain"]);
        assert_eq!(desk.text("plain"), plain);
        let to_program = desk.place.call(Program::AsSops, ["exec-file", file, "cat {}"]).run();
        assert_eq!(String::from_utf8_lossy(&to_program.stdout), format!("{plain}\n"), "{file}");
        code(&desk.run(Program::AsSops, &[file], &format!("echo '{line}' >> \"$1\""), ""), 0);
        assert_eq!(printed(Program::Ours, &["decrypt"]), format!("{plain}\n{line}\n"));
    }
    // Under `|` it would be the value's.
    for text in ["a: |\n  canary", "a: >\n  canary", "l:\n- |+\n  canary"] {
        let desk = Desk::new();
        desk.seal("a.yaml", text);
        assert_eq!(String::from_utf8_lossy(&desk.place.as_sops(["decrypt", "a.yaml"]).stdout), text);
    }
    // One value is what a shell takes it for.
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary");
    let done = desk.place.call(Program::AsSops, ["decrypt", "--extract", "[\"a\"]", "a.yaml"]).run();
    assert_eq!(done.stdout, b"canary");
}

impl Desk {
    fn decrypted_loosely(&self, file: &str) -> String {
        let done = self.place.ours(["decrypt", file]);
        code(&done, 0);
        String::from_utf8(done.stdout).unwrap()
    }
}

/// A file that cannot be written for a moment: who sits there is asked to make way for it, and what was typed is not lost meanwhile, also where it could
/// be kept nowhere.
#[test]
fn a_write_that_fails_is_tried_again() {
    for (program, code) in [("", 0), ("exec -a sops ", 0), ("", 3)] {
        let desk = Desk::new();
        desk.seal("a.yaml", "a: canary\n");
        std::fs::create_dir(desk.place.path("d")).unwrap();
        std::fs::rename(desk.place.path("a.yaml"), desk.place.path("d/a.yaml")).unwrap();
        let script =
            format!("echo 'a: canary2' > \"$1\"; echo edited >> '{0}/edits'; mv '{0}/d' '{0}/away'", desk.place.path("").display());
        let mut command = Command::new("setsid");
        command.args(["-w", "script"]).current_dir(desk.place.path("")).env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "dumb");
        command.env("HOME", desk.place.path("home")).env("SOPS_AGE_KEY_FILE", desk.place.path("keys.txt"));
        command.env("XDG_RUNTIME_DIR", &desk.runtime).env("EDITOR", desk.editor(&script)).env("XDG_STATE_HOME", "/proc/nowhere");
        let mut terminal = Terminal::start(command, &format!("bash -c '{program}{OURS} edit d/a.yaml'"));
        let question = "/files/a.yaml.";
        // Once more in vain.
        terminal.answer(question, "\n");
        terminal.answer(question, "");
        let (_, text) = terminal.seen.rsplit_once("Press Enter to try again, Ctrl-C to stop; until then what you typed is in ").unwrap();
        let text = text.split_once(".yaml").unwrap().0.to_owned() + ".yaml";
        assert_eq!(std::fs::read_to_string(&text).unwrap(), "a: canary2\n", "{}", terminal.seen);
        if code == 0 {
            std::fs::rename(desk.place.path("away"), desk.place.path("d")).unwrap();
            terminal.answer("", "\n");
        } else {
            terminal.answer("", "\u{4}");
        }
        assert_eq!(terminal.end(), Some(code), "{}", terminal.seen);
        assert_eq!(desk.text("edits"), "edited\n");
        match code {
            0 => assert_eq!(desk.decrypted("d/a.yaml"), "a: canary2\n"),
            _ => {
                assert!(terminal.seen.contains("what you typed is sealed and kept, in memory only"), "{}", terminal.seen);
                std::fs::remove_dir_all(desk.runtime.join(format!("leafcrypt-kept-{}", rustix::process::geteuid().as_raw()))).unwrap();
            }
        }
        desk.is_clean();
    }
    // With nobody there it fails as ever.
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n");
    std::fs::create_dir(desk.place.path("d")).unwrap();
    std::fs::rename(desk.place.path("a.yaml"), desk.place.path("d/a.yaml")).unwrap();
    let script = format!("echo 'a: canary2' > \"$1\"; mv '{0}/d' '{0}/away'", desk.place.path("").display());
    let err = code(&desk.edit("d/a.yaml", &script, "\n"), 3);
    assert!(!err.contains("try again") && err.contains("sealed and kept"), "{err}");
}

/// What an editor may leave instead of the file, and a variable that names none.
#[test]
fn no_file_and_no_editor() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: canary\n");
    for (script, says) in [
        ("rm \"$1\"", "the editor has removed it"),
        ("ln -sf /etc/hostname \"$1\"", "the editor has put a link in its place"),
        ("rm \"$1\"; mkdir \"$1\"", "that is no file of ours"),
        ("rm \"$1\"; mkfifo \"$1\"", "that is no file of ours"),
    ] {
        let err = code(&desk.edit("a.yaml", script, ""), 2);
        // There was nothing to keep.
        assert!(err.contains(says) && !err.contains("could not be kept"), "{script}: {err}");
    }
    // What it saves so would be sealed under names that no program finds.
    desk.seal("b.env", "B=canary\n");
    let err = code(&desk.edit("b.env", "iconv -f UTF-8 -t UTF-16 \"$1\" > \"$1.new\"; mv \"$1.new\" \"$1\"", ""), 2);
    assert!(err.contains("the text is UTF-16") && err.contains("sealed and kept"), "{err}");
    for (editor, says) in
        [(" ", "EDITOR holds no command line: there is nothing in it"), ("vi 'x", "EDITOR holds no command line: a quote is not closed")]
    {
        let call = desk.place.call(Program::Ours, ["edit", "a.yaml"]).env("EDITOR", editor).env("XDG_RUNTIME_DIR", &desk.runtime);
        let err = code(&call.run(), 201);
        assert!(err.contains(says), "{err}");
    }
    assert_eq!(desk.text("a.yaml"), before);
}

/// What is piped in is for the editor, under both names: no question of ours takes a line of it, or waits there.
#[test]
fn questions_leave_standard_input_alone() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n");
    for (number, program) in [Program::Ours, Program::AsSops].into_iter().enumerate() {
        code(&desk.edit("a.yaml", "echo 'a: [canary2' > \"$1\"", ""), 2);
        let text = format!("a: canary{number}\nb: two\nc: three\n");
        let done = desk.run(program, &["edit", "a.yaml"], "cat > \"$1\"", &text);
        assert!(code(&done, 0).contains("is still kept in"), "{program:?}: {done:?}");
        assert!(done.stdout.is_empty(), "{program:?}: {done:?}");
        assert_eq!(desk.decrypted("a.yaml"), text, "{program:?}");
    }
}

/// Two windows take up the same edit, and the first saves it: what the second was made of is kept with it once more.
#[test]
fn an_edit_that_is_taken_up_twice() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\nc: d\n");
    code(&desk.edit("a.yaml", "printf 'a: canary\\nc: d\\n' > \"$1\"; exit 1", ""), 201);
    code(&desk.place.ours(["set", "a.yaml", "[\"c\"]", "\"theirs\""]), 0);
    let ours = env!("CARGO_BIN_EXE_leafcrypt");
    for (script, ended) in
        [("rm \"$HOME\"/.local/state/leafcrypt/resc*/*; echo 'x: y' >> \"$1\"; exit 1", 201), ("grep -q 'x: y' \"$1\"", 0)]
    {
        let mut terminal = desk.asks(ours, "edit a.yaml", script);
        terminal.answer("Take it up? [y/N]", "y\n");
        assert_eq!(terminal.end(), Some(ended), "{}", terminal.seen);
    }
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\nc: theirs\nx: y\n");
}
