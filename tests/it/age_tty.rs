//! Questions on the terminal through our own program: asked, answered without an echo, answered wrongly, and with nobody there.

use crate::age_world::{PLUGINS, Who, World};

const PASSPHRASE: &str = "correct horse battery staple";

/// A world with an identity file that `age -p` made, and a file sealed for what is in it.
pub fn locked() -> Option<World> {
    let world = World::new()?;
    let made = world.command("age-keygen").args(["-o", "keys.txt"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = world.text("keys.txt");
    let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    for (file, armour) in [("locked.age", ""), ("armoured.age", "-a ")] {
        let mut terminal = world.terminal(&format!("age -p {armour}-o {file} keys.txt"), &[]);
        terminal.answer("Enter passphrase", &format!("{PASSPHRASE}\n"));
        terminal.answer("Confirm passphrase", &format!("{PASSPHRASE}\n"));
        assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    }
    std::fs::remove_file(world.path("keys.txt")).unwrap();
    world.seal(Who::Sops, recipient);
    Some(world)
}

/// A value that is left out is asked for: the text itself, without quotes, and nobody sees it.
#[test]
fn a_value_for_set() {
    let Some(world) = locked() else { return };
    let ours = world.program(Who::Ours).display().to_string();
    let line = format!("{ours} set sealed.yaml '[\"new\"][\"key\"]' < /dev/null && {ours} -d sealed.yaml > opened");
    let mut terminal = world.terminal(&line, &[("SOPS_AGE_KEY_FILE", "locked.age")]);
    terminal.answer("New value (not shown): ", "a \"typed\" one\n");
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("{PASSPHRASE}\n"));
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("{PASSPHRASE}\n"));
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert_eq!(world.text("opened"), "password: hunter2\nnew:\n    key: a \"typed\" one\n");
    assert!(!terminal.seen.contains("typed"), "echoed: {:?}", terminal.seen);
}

/// `doctor` names what a key would ask for, and asks nothing itself: no passphrase, no plugin.
#[test]
fn doctor_asks_nobody() {
    let Some(world) = locked() else { return };
    let doctor = |variables: &[(&str, &str)], file: &str| {
        let mut terminal = world.terminal(&format!("{} doctor {file}", world.program(Who::Ours).display()), variables);
        terminal.end();
        assert!(!terminal.seen.contains("Enter passphrase") && !terminal.seen.contains("PIN"), "{}", terminal.seen);
        terminal.seen
    };
    let seen = doctor(&[("SOPS_AGE_KEY_FILE", "locked.age")], "sealed.yaml");
    assert!(seen.contains("sealed.yaml: not opened here, for it takes more than a look: age age1"), "{seen}");
    assert!(seen.contains("asks for the passphrase of SOPS_AGE_KEY_FILE, and may have its key"), "{seen}");
    let Some(world) = World::new().map(World::with_plugins) else { return };
    let (name, recipient, identity) = PLUGINS[1];
    world.seal(Who::Ours, recipient);
    let mut terminal = world.terminal(&format!("{} doctor sealed.yaml", world.program(Who::Ours).display()), &[("SOPS_AGE_KEY", identity)]);
    terminal.end();
    assert!(terminal.seen.contains(&format!("{recipient} starts age-plugin-{name}")), "{}", terminal.seen);
    assert!(!terminal.seen.contains("PIN"), "{}", terminal.seen);
}

#[test]
fn the_passphrase_of_an_identity_file() {
    let Some(world) = locked() else { return };
    let ours = world.program(Who::Ours).display().to_string();

    // Standard input and output are no terminal; the question still finds one.
    for file in ["locked.age", "armoured.age"] {
        let line = format!("{ours} -d sealed.yaml < /dev/null > opened");
        let mut terminal = world.terminal(&line, &[("SOPS_AGE_KEY_FILE", file)]);
        // Backspace, and Ctrl-U for the whole line.
        terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("wrong\u{15}{PASSPHRASE}x\u{7f}\n"));
        assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
        assert_eq!(world.text("opened"), "password: hunter2\n");
        assert!(!terminal.seen.contains("horse") && !terminal.seen.contains("wrong"), "echoed: {:?}", terminal.seen);
        assert_eq!(terminal.seen.matches("Enter passphrase").count(), 1);
    }

    // The standard place; and sops opens with the same file what we sealed.
    std::fs::copy(world.path("locked.age"), world.path("home/.config/sops/age/keys.txt")).unwrap();
    for who in [Who::Ours, Who::Sops] {
        let mut terminal = world.terminal(&format!("{} -d sealed.yaml > opened", world.program(who).display()), &[]);
        terminal.answer("keys.txt': ", &format!("{PASSPHRASE}\n"));
        assert_eq!(terminal.end(), Some(0), "{who:?}: {}", terminal.seen);
        assert_eq!(world.text("opened"), "password: hunter2\n", "{who:?}");
    }
}

/// A line behind what `age -p` made would spoil it for every program: nothing is added, `init` says that it cannot tell whose it is, and the hints go on.
#[test]
fn nothing_is_added_to_a_file_with_a_passphrase() {
    let Some(world) = locked() else { return };
    let ours = world.program(Who::Ours).display().to_string();
    let keys = "home/.config/sops/age/keys.txt";
    for file in ["locked.age", "armoured.age"] {
        std::fs::copy(world.path(file), world.path(keys)).unwrap();
        let before = std::fs::read(world.path(keys)).unwrap();
        for args in [&["keygen", "-y"][..], &["keygen"]] {
            let done = world.run(Who::Ours, args, &[]);
            let said = String::from_utf8(done.stderr).unwrap();
            assert_eq!(done.status.code(), Some(1), "{file}: {said}");
            assert!(said.contains("encrypted by age") && !said.contains("-y"), "{file}: {said}");
            assert_eq!(std::fs::read(world.path(keys)).unwrap(), before, "{file}");
            // The hint, as it is.
            let line = said.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap().replace("leafcrypt ", &format!("{ours} "));
            let script = format!(
                "{line} && {ours} encrypt --age $(sed -n 's/# public key: //p' \"$SOPS_AGE_KEY_FILE\") plain.yaml > new.yaml && {ours} decrypt new.yaml"
            );
            let done = world.command("sh").args(["-c", &script]).output().unwrap();
            assert!(done.status.success() && done.stdout.ends_with(b"password: hunter2\n"), "{line}: {done:?}");
            std::fs::remove_file(world.path("home/.config/sops/age/more-keys.txt")).unwrap();
        }
        let done = world.run(Who::Ours, &["init", "-y", "p q"], &[]);
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.code() == Some(1) && said.contains("passphrase") && said.contains("--age RECIPIENT -y 'p q'"), "{said}");
        // What somebody has spoilt already is not taken for an identity that opens something.
        let mut spoilt = before.clone();
        spoilt.extend_from_slice(b"\nAGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n");
        world.write(keys, &spoilt);
        let done = world.run(Who::Ours, &["init", "p"], &[]);
        assert_eq!(done.status.code(), Some(1), "{file}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(!world.path("p").exists() && !world.path("p q").exists());
    }
    // Neither to anything else that is no identity file.
    world.write(keys, "ssh-ed25519 AAAA me\n");
    let done = world.run(Who::Ours, &["keygen", "-y"], &[]);
    assert!(done.status.code() == Some(1) && String::from_utf8(done.stderr).unwrap().contains("line 1"));
    assert_eq!(world.text(keys), "ssh-ed25519 AAAA me\n");
}

#[test]
fn a_wrong_answer_none_and_nobody() {
    let Some(world) = locked() else { return };
    let variables = [("SOPS_AGE_KEY_FILE", "locked.age")];
    let question = "Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ";
    for (who, answer, expected) in [
        (Who::Ours, "wrong\n", "refused: incorrect passphrase for SOPS_AGE_KEY_FILE"),
        (Who::AsSops, "wrong\n", "incorrect passphrase"),
        (Who::Ours, "\u{4}", "cancelled"),
    ] {
        // The terminal must be as it was afterwards: `stty` tells.
        let line = format!(
            "{} -d sealed.yaml > opened; code=$?; stty -a | tr ' ;' '\\n\\n' | grep -x -e -echo -e -icanon; exit $code",
            world.program(who).display()
        );
        let mut terminal = world.terminal(&line, &variables);
        terminal.answer(question, answer);
        assert_eq!(terminal.end(), Some(128), "{who:?} {answer:?}: {}", terminal.seen);
        assert!(terminal.seen.contains(expected), "{who:?} {answer:?}: {}", terminal.seen);
        assert!(!terminal.seen.contains("-icanon") && !terminal.seen.contains("-echo"), "{who:?} {answer:?}: {}", terminal.seen);
        assert_eq!(world.text("opened"), "");
    }

    let nobody = world.run(Who::Ours, &["-d", "sealed.yaml"], &variables);
    let told = String::from_utf8_lossy(&nobody.stderr);
    assert_eq!((nobody.status.code(), nobody.stdout.len()), (Some(128), 0), "{told}");
    assert!(told.contains("no terminal to ask for the passphrase of SOPS_AGE_KEY_FILE"), "{told}");
    assert!(told.contains("looked in SOPS_AGE_KEY_FILE=locked.age (closed by a passphrase)"), "{told}");
    assert!(told.contains("hint: run it in a terminal"), "{told}");
}

#[test]
fn one_passphrase_for_many_files() {
    let Some(world) = locked() else { return };
    let made = world.command("age-keygen").args(["-o", "new.txt"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = world.text("new.txt");
    let new = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let sealed = world.text("sealed.yaml");
    let old = sealed.lines().find_map(|line| line.split_once("recipient: ")).unwrap().1;
    world.write("second.yaml", &sealed);
    world.write(".sops.yaml", format!("creation_rules:\n  - age: {old},{new}\n"));

    let line = format!("{} updatekeys -y sealed.yaml second.yaml", world.program(Who::Ours).display());
    let mut terminal = world.terminal(&line, &[("SOPS_AGE_KEY_FILE", "locked.age")]);
    terminal.answer("Enter passphrase", &format!("{PASSPHRASE}\n"));
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert_eq!(terminal.seen.matches("Enter passphrase").count(), 1, "{}", terminal.seen);
    for file in ["sealed.yaml", "second.yaml"] {
        let opened = world.run(Who::Sops, &["-d", "--extract", r#"["password"]"#, file], &[("SOPS_AGE_KEY_FILE", "new.txt")]);
        assert_eq!(String::from_utf8_lossy(&opened.stdout).trim_end(), "hunter2", "{opened:?}");
    }
}

#[test]
fn a_hanging_plugin_is_ended_by_the_person() {
    let Some(world) = World::new().map(World::with_plugins) else { return };
    let (_, recipient, identity) = PLUGINS[4];
    world.seal(Who::Ours, recipient);
    let mut terminal = world.terminal(&format!("{} -d sealed.yaml", world.program(Who::Ours).display()), &[("SOPS_AGE_KEY", identity)]);
    terminal.answer("age-plugin-hangs: touch it", "\u{3}");
    assert_eq!(terminal.end(), Some(130), "{}", terminal.seen);
}

#[test]
fn edit_asks_once() {
    let Some(world) = locked() else { return };
    crate::tools::script(&world.path("editor"), "#!/bin/sh\nsed -i s/hunter2/swordfish/ \"$1\"\n");
    let editor = world.path("editor").display().to_string();
    let before = world.text("sealed.yaml");
    let line = format!("{} edit sealed.yaml", world.program(Who::Ours).display());
    let mut terminal = world.terminal(&line, &[("SOPS_AGE_KEY_FILE", "locked.age"), ("EDITOR", &editor)]);
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("{PASSPHRASE}\n"));
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert_eq!(terminal.seen.matches("Enter passphrase").count(), 1, "{}", terminal.seen);
    assert_ne!(world.text("sealed.yaml"), before);
    assert!(!terminal.seen.contains("horse"), "echoed: {:?}", terminal.seen);
}

/// Keys that are no characters are in no value: nobody would see them there.
#[test]
fn an_arrow_in_a_value() {
    let Some(world) = locked() else { return };
    let ours = world.program(Who::Ours).display().to_string();
    let line = format!("{ours} set sealed.yaml '[\"key\"]' && {ours} -d --extract '[\"key\"]' sealed.yaml > opened");
    let mut terminal = world.terminal(&line, &[("SOPS_AGE_KEY_FILE", "locked.age")]);
    terminal.answer("New value (not shown): ", "hun\u{1b}[Dter\n");
    terminal.answer("New value (not shown): ", "\u{1b}[200~hunter\u{1b}[201~\n");
    terminal.answer("New value (not shown): ", "hun\tter\n");
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("{PASSPHRASE}\n"));
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("{PASSPHRASE}\n"));
    assert_eq!(terminal.end(), Some(0), "{:?}", terminal.seen);
    assert_eq!(world.text("opened"), "hun\tter");
    assert!(terminal.seen.contains("a key that is no character") && !terminal.seen.contains("hun"), "{:?}", terminal.seen);
}

/// A text of several lines that is pasted where one is asked for is refused, and none of it comes to the screen or the shell; a long line is no such text.
#[test]
fn a_pasted_value() {
    let Some(world) = locked() else { return };
    let ours = world.program(Who::Ours).display().to_string();
    let before = world.text("sealed.yaml");
    // All that is still to be read comes before what is typed once it has ended.
    let rest = "read -r rest; echo \"rest <$rest>\"";
    world.write("run.sh", format!("{ours} set sealed.yaml '[\"key\"]'; echo \"code $?\"; {rest}"));
    let line = "bash run.sh";
    let keys = [("SOPS_AGE_KEY_FILE", "locked.age")];
    // More than a terminal holds.
    let many: String = (0..400).map(|i| format!("pasted line {i}\n")).collect();
    for text in ["-----BEGIN pasted-----\npasted\n-----END pasted-----\n", "pasted\n\npasted\n", &many] {
        let mut terminal = world.terminal(line, &keys);
        terminal.answer("New value (not shown): ", text);
        terminal.answer("code 1", "typed\n");
        terminal.end();
        assert!(terminal.seen.contains("several lines came at once") && terminal.seen.contains("--value-stdin"), "{:?}", terminal.seen);
        assert!(terminal.seen.contains("rest <typed>"), "{:?}", terminal.seen);
        assert!(!terminal.seen.contains("pasted"), "{:?}", terminal.seen);
        assert_eq!(world.text("sealed.yaml"), before);
    }
    let mut terminal = world.terminal(line, &keys);
    terminal.answer("New value (not shown): ", &format!("{}\n", "pasted".repeat(12_000)));
    terminal.answer("code 1", "typed\n");
    terminal.end();
    assert!(
        terminal.seen.contains("too long") && terminal.seen.contains("rest <typed>") && !terminal.seen.contains("pasted"),
        "{:?}",
        terminal.seen
    );
    // A line of 20,000 characters, an Enter too many behind it.
    let long = "pasted".repeat(3_400);
    let line = format!("{ours} set sealed.yaml '[\"key\"]' && {ours} -d --extract '[\"key\"]' sealed.yaml > opened");
    let mut terminal = world.terminal(&line, &keys);
    terminal.answer("New value (not shown): ", &format!("{long}\n\n"));
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("{PASSPHRASE}\n"));
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", &format!("{PASSPHRASE}\n"));
    assert_eq!(terminal.end(), Some(0), "{:?}", terminal.seen);
    assert_eq!(world.text("opened"), long);
    assert!(!terminal.seen.contains("pasted"), "{:?}", terminal.seen);
}
