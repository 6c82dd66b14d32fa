//! A signal at a question: within a second it ends the program, which dies of it; no plaintext stays, what somebody has typed is kept, and the terminal is as
//! it was (P14, R10). HUP and TERM come by `kill`, INT and QUIT by Ctrl-C and Ctrl-\.

use std::time::{Duration, Instant};

use crate::age_tty::locked;
use crate::age_world::{PLUGINS, Terminal, Who, World};
use crate::edit::{Desk, code};
use crate::tools::{Program, without_field};

const OURS: &str = env!("CARGO_BIN_EXE_leafcrypt");
const SIGNALS: [(&str, i32); 4] = [("HUP", 1), ("INT", 2), ("QUIT", 3), ("TERM", 15)];
/// So long it may take on a machine that does other things, too.
const SOON: Duration = Duration::from_secs(9);

/// A shell line that runs this one, tells its process id, and afterwards whether the terminal was left without echo or without lines.
fn watched(line: &str) -> String {
    let line = line.replace('\'', "'\\''");
    format!(
        "trap : INT QUIT; sh -c 'echo $$ > pid.new; mv pid.new pid; exec {line}'; code=$?; \
         stty -a | tr ' ;' '\\n\\n' | grep -x -e -echo -e -icanon -e -isig; exit $code"
    )
}

/// Sends a signal at a question, and looks how the program ends.
#[track_caller]
fn ends(terminal: &mut Terminal, pid: &std::path::Path, question: &str, (signal, number): (&str, i32)) {
    let key = match signal {
        "INT" => "\u{3}",
        "QUIT" => "\u{1c}",
        _ => "",
    };
    terminal.answer(question, key);
    let since = Instant::now();
    if key.is_empty() {
        let pid = std::fs::read_to_string(pid).unwrap();
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status().unwrap();
        assert!(sent.success(), "{signal} at {question:?}: {}", terminal.seen);
    }
    let ended = terminal.end();
    assert_eq!(ended, Some(128 + number), "{signal} at {question:?}: {}", terminal.seen);
    assert!(since.elapsed() < SOON, "{signal} at {question:?}: {:?}", since.elapsed());
    let after = terminal.seen.rsplit(question).next().unwrap();
    for left in ["-echo", "-icanon", "-isig"] {
        assert!(!after.contains(left), "{signal} at {question:?}: {after:?}");
    }
}

impl Desk {
    /// A terminal in which one of our commands runs.
    pub fn asks(&self, program: &str, args: &str, script: &str) -> Terminal {
        let mut command = std::process::Command::new("setsid");
        command.args(["-w", "env", "--default-signal=HUP,INT,QUIT,TERM", "script"]).current_dir(self.place.path("")).env_clear();
        let path = format!("/usr/bin:/bin:{}", self.place.path("bin").display());
        command.env("PATH", path).env("HOME", self.place.path("home")).env("TERM", "dumb");
        command.env("SOPS_AGE_KEY_FILE", self.place.path("keys.txt")).env("XDG_RUNTIME_DIR", &self.runtime);
        command.env("EDITOR", self.editor(script));
        let _ = std::fs::remove_file(self.place.path("pid"));
        Terminal::start(command, &watched(&format!("{program} {args}")))
    }

    /// What is kept of edits, opened.
    fn kept(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.place.path("home/.local/state/leafcrypt/rescue")).into_iter().flatten().flatten();
        let open = |entry: std::fs::DirEntry| {
            let done = self.place.ours(["decrypt".as_ref(), "--input-type".as_ref(), "binary".as_ref(), entry.path().as_os_str()]);
            code(&done, 0);
            String::from_utf8(done.stdout).unwrap()
        };
        entries.map(open).collect()
    }

    fn as_sops(&self) -> String {
        std::fs::create_dir(self.place.path("as")).unwrap();
        std::os::unix::fs::symlink(OURS, self.place.path("as/sops")).unwrap();
        "as/sops".to_owned()
    }
}

/// A question while plaintext lies in the private folder: each signal, each time a new file.
fn at_a_question_of_edit(question: &str, args: &str, set_up: impl Fn(&Desk) -> (String, String), typed: &str) {
    for signal in SIGNALS {
        let desk = Desk::new();
        let (program, script) = set_up(&desk);
        let mut terminal = desk.asks(&program, args, &script);
        ends(&mut terminal, &desk.place.path("pid"), question, signal);
        desk.is_clean();
        assert!(!desk.text("a.yaml").contains("canary"), "{signal:?}");
        let kept = desk.kept();
        assert!(kept.len() == 1 && kept[0].contains(typed), "{signal:?}: {kept:?}");
        assert!(!terminal.seen.contains("canary"), "{signal:?}: {}", terminal.seen);
        assert!(terminal.seen.contains("sealed and kept"), "{signal:?}: {}", terminal.seen);
    }
}

#[test]
fn back_to_the_editor() {
    let question = "Press Enter to return to the editor, Ctrl-C to stop; what you typed is kept sealed.";
    let bad = "echo 'a: [canary-new' > \"$1\"";
    at_a_question_of_edit(
        question,
        "edit a.yaml",
        |desk| {
            desk.seal("a.yaml", "a: canary-old\n");
            (OURS.to_owned(), bad.to_owned())
        },
        "a: [canary-new",
    );
    at_a_question_of_edit(
        "Press enter to return to the editor, or Ctrl+C to exit.",
        "a.yaml",
        |desk| {
            desk.seal("a.yaml", "a: canary-old\n");
            (desk.as_sops(), bad.to_owned())
        },
        "a: [canary-new",
    );
}

#[test]
fn which_of_two_changes() {
    let set_up = |desk: &Desk| {
        desk.seal("a.yaml", "a: canary-old\n");
        let theirs = format!("{OURS} set {} '[\"a\"]' '\"x\"' > /dev/null 2>&1", desk.place.path("a.yaml").display());
        (OURS.to_owned(), format!("{theirs}; sed -i s/old/new/ \"$1\""))
    };
    at_a_question_of_edit("Write yours there? [y/N]", "edit a.yaml", set_up, "a: canary-new");
}

#[test]
fn recipients_and_rules_in_the_block() {
    let set_up = |desk: &Desk| {
        let sealed = desk.seal("a.yaml", "a: canary-old\n");
        code(&desk.place.ours(["keygen", "-o", "other.txt"]), 0);
        let other = desk.text("other.txt").lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
        std::fs::remove_file(desk.place.path(".sops.yaml")).unwrap();
        desk.place.write("a.yaml", without_field(&sealed));
        (OURS.to_owned(), format!("sed -i 's/old/new/; s/^    age:$/    age:\\n        - recipient: {other}/' \"$1\""))
    };
    at_a_question_of_edit("Wrap the data key for them? [y/N]", "edit -s a.yaml", set_up, "a: canary-new");
    let set_up = |desk: &Desk| {
        desk.seal("a.yaml", "a: canary-old\npw: canary\n");
        std::fs::remove_file(desk.place.path(".sops.yaml")).unwrap();
        (OURS.to_owned(), "sed -i 's/old/new/; s/^    unencrypted_suffix: .*/    encrypted_regex: ^a$/' \"$1\"".to_owned())
    };
    at_a_question_of_edit("Write that in clear? [y/N]", "edit -s a.yaml", set_up, "a: canary-new");
}

/// A program of somebody else asks for something, and does not end.
#[test]
fn a_plugin_that_waits_for_somebody() {
    const PLUGIN: &str = "#!/bin/sh\nhear() { IFS= read -r head; IFS= read -r body; }\n\
                          while hear; do [ \"$head\" != '-> done' ] || break; done\n\
                          printf '%s\\n' '-> msg' 'dG91Y2ggaXQ'\nhear\nexec sleep 600\n";
    let set_up = |desk: &Desk| {
        desk.seal("a.yaml", "a: canary-old\n");
        std::fs::create_dir(desk.place.path("bin")).unwrap();
        std::fs::copy(desk.editor(PLUGIN.trim_start_matches("#!/bin/sh\n")), desk.place.path("bin/age-plugin-hangs")).unwrap();
        let recipient = PLUGINS[4].1;
        (OURS.to_owned(), format!("sed -i 's/old/new/; s/^    age:$/    age:\\n        - recipient: {recipient}/' \"$1\""))
    };
    at_a_question_of_edit("age-plugin-hangs: touch it", "edit -s a.yaml", set_up, "a: canary-new");
}

/// Said yes to, a rule is taken; said no to, it is back to the editor.
#[test]
fn a_rule_that_is_confirmed() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\npw: open\n");
    std::fs::remove_file(desk.place.path(".sops.yaml")).unwrap();
    let script = "sed -i 's/^    unencrypted_suffix: .*/    encrypted_regex: ^a$/' \"$1\"";
    let mut terminal = desk.asks(OURS, "edit -s a.yaml", script);
    terminal.answer("leaves in clear what is sealed: pw. Write that in clear? [y/N]", "n\n");
    terminal.answer("Press Enter to return to the editor", "\n");
    terminal.answer("leaves in clear what is sealed: pw. Write that in clear? [y/N]", "y\n");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    desk.is_clean();
    assert!(desk.text("a.yaml").contains("\npw: open\n"), "{}", desk.text("a.yaml"));
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\npw: open\n");
}

/// A configuration that has rules would be joined.
fn without_rules(desk: &Desk) {
    desk.place.write("a.yaml", "");
    desk.place.write(".sops.yaml", "# none yet\n");
}

/// Questions of a command that holds nothing yet.
#[test]
fn every_other_question() {
    type SetUp = fn(&Desk);
    let kept: SetUp = |desk| {
        desk.seal("a.yaml", "a: canary-old\n");
        code(&desk.edit("a.yaml", "echo 'a: [canary-new' > \"$1\"", ""), 2);
    };
    let others: SetUp = |desk| {
        desk.seal("a.yaml", "a: canary-old\n");
        code(&desk.place.ours(["keygen", "-o", "other.txt"]), 0);
        let other = desk.text("other.txt").lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
        desk.place.write(".sops.yaml", format!("creation_rules:\n  - age: {other}\n"));
    };
    let changed: SetUp = |desk| {
        let sealed = desk.seal("a.yaml", "a: canary-old\nb_unencrypted: x\n");
        desk.place.write("a.yaml", sealed.replace("b_unencrypted: x", "b_unencrypted: y"));
    };
    let generated: SetUp = |desk| {
        desk.place.write("a.yaml", "");
        code(&desk.place.ours(["keygen"]), 0);
    };
    let cases: [(&str, SetUp, &str); 6] = [
        ("edit a.yaml", kept, "Take it up? [y/N]"),
        ("set a.yaml '[\"a\"]'", |desk| drop(desk.seal("a.yaml", "a: canary-old\n")), "New value (not shown):"),
        ("updatekeys a.yaml", others, "Wrap the data key for them? [y/N]"),
        ("accept a.yaml", changed, "Seal it anew as it stands? [y/N]"),
        ("init", without_rules, "exists. Replace it? [y/N]"),
        ("keygen", generated, "Add one more to it? [y/N]"),
    ];
    for (args, set_up, question) in cases {
        for signal in SIGNALS {
            let desk = Desk::new();
            set_up(&desk);
            let before = (desk.text("a.yaml"), desk.text("keys.txt"), desk.text(".sops.yaml"), desk.kept());
            let mut terminal = desk.asks(OURS, args, "true");
            ends(&mut terminal, &desk.place.path("pid"), question, signal);
            desk.is_clean();
            assert!(before == (desk.text("a.yaml"), desk.text("keys.txt"), desk.text(".sops.yaml"), desk.kept()), "{args} {signal:?}");
        }
    }
}

/// The second question of an edit that is kept.
#[test]
fn what_is_not_taken_up() {
    for signal in SIGNALS {
        let desk = Desk::new();
        desk.seal("a.yaml", "a: canary-old\n");
        code(&desk.edit("a.yaml", "echo 'a: [canary-new' > \"$1\"", ""), 2);
        let mut terminal = desk.asks(OURS, "edit a.yaml", "true");
        terminal.answer("Take it up? [y/N]", "n\n");
        ends(&mut terminal, &desk.place.path("pid"), "Delete it? [y/N]", signal);
        assert_eq!(desk.kept(), ["a: [canary-new\n"]);
    }
}

/// Passphrases and what plugins ask for.
#[test]
fn what_keys_ask_for() {
    let at = |world: &World, variables: &[(&str, &str)], question: &str| {
        for signal in SIGNALS {
            let _ = std::fs::remove_file(world.path("pid"));
            let line = watched(&format!("env --default-signal=HUP,INT,QUIT,TERM {} -d sealed.yaml", world.program(Who::Ours).display()));
            let mut terminal = world.terminal(&line, variables);
            ends(&mut terminal, &world.path("pid"), question, signal);
            assert!(!terminal.seen.contains("hunter2"), "{}", terminal.seen);
        }
    };
    let Some(world) = locked() else { return };
    at(&world, &[("SOPS_AGE_KEY_FILE", "locked.age")], "Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ");
    let Some(world) = World::new().map(World::with_plugins) else { return };
    for ((_, recipient, identity), question) in [(PLUGINS[1], "PIN?"), (PLUGINS[2], "Sure?")] {
        world.seal(Who::Ours, recipient);
        at(&world, &[("SOPS_AGE_KEY", identity)], question);
    }
}

/// Signals that nobody sends to end a program end it there, too, with the terminal as it was.
#[test]
fn messages_and_clocks_where_nothing_is_shown() {
    for signal in [("USR1", 10), ("USR2", 12), ("ALRM", 14), ("VTALRM", 26), ("PROF", 27), ("XCPU", 24)] {
        let desk = Desk::new();
        let before = desk.seal("a.yaml", "a: canary-old\n");
        let mut terminal = desk.asks(OURS, "set a.yaml '[\"a\"]'", "true");
        ends(&mut terminal, &desk.place.path("pid"), "New value (not shown):", signal);
        assert_eq!(desk.text("a.yaml"), before);
    }
}

/// Ctrl-Z stops the program with the terminal as it was; afterwards it is asked again, and what was typed before is gone. Where there is no shell that could
/// let it go on, it is only asked again.
#[test]
fn a_stop_where_nothing_is_shown() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n");
    let set = format!("{OURS} set a.yaml '[\"a\"]'");
    let looks = "stty -a | tr ' ;' '\\n\\n' | grep -x -e -echo -e -icanon -e -isig";
    desk.place.write("run.sh", format!("set -m\n{set}\necho \"stopped $?\"\n{looks}\nfg\ncode=$?\n{looks}\nexit $code\n"));
    for line in ["bash run.sh", &set] {
        let mut command = std::process::Command::new("setsid");
        command.args(["-w", "script"]).current_dir(desk.place.path("")).env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "dumb");
        command.env("SOPS_AGE_KEY_FILE", desk.place.path("keys.txt")).env("HOME", desk.place.path("home"));
        let mut terminal = Terminal::start(command, line);
        terminal.answer("New value (not shown):", "gone\u{1a}");
        terminal.answer("New value (not shown):", "typed\n");
        assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
        assert_eq!(terminal.seen.contains("stopped 148"), line != set, "{}", terminal.seen);
        for unseen in ["-echo", "-icanon", "-isig", "gone", "typed", "^Z"] {
            assert!(!terminal.seen.contains(unseen), "{unseen}: {}", terminal.seen);
        }
        assert_eq!(desk.decrypted("a.yaml"), "a: typed\n");
        desk.seal("a.yaml", "a: canary\n");
    }
}

/// A value that is not typed is asked for again, and no empty one is stored.
#[test]
fn no_value_for_set() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: canary\n");
    let mut terminal = desk.asks(OURS, "set a.yaml '[\"a\"]'", "true");
    terminal.answer("New value (not shown):", "\n");
    terminal.answer("as the argument '\"\"'\r\nNew value (not shown):", "\u{4}");
    assert_eq!(terminal.end(), Some(1), "{}", terminal.seen);
    assert!(terminal.seen.contains("no value was typed"), "{}", terminal.seen);
    assert_eq!(desk.text("a.yaml"), before);
    let mut terminal = desk.asks(OURS, "set a.yaml '[\"a\"]'", "true");
    terminal.answer("New value (not shown):", "\n");
    terminal.answer("'\r\nNew value (not shown):", "typed\n");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert_eq!(desk.decrypted("a.yaml"), "a: typed\n");
    code(&desk.place.call(Program::Ours, ["set", "a.yaml", "[\"a\"]", "\"\""]).run(), 0);
    assert_eq!(desk.decrypted("a.yaml"), "a: \"\"\n");
}
