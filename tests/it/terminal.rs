//! What a terminal gets and a pipe does not: colours, and a line on how a long command gets on.

use crate::age_world::{Who, World};

const ESCAPE: char = '\u{1b}';
const COLOURED: (&str, &str) = ("TERM", "xterm-256color");

/// What the two answer in a terminal, both streams.
fn shown(world: &World, who: Who, args: &str, variables: &[(&str, &str)]) -> String {
    let mut terminal = world.terminal(&format!("{} {args}", world.program(who).display()), variables);
    terminal.end();
    terminal.seen
}

/// Coloured on a terminal; as plain text with NO_COLOR, on a dumb terminal and in a pipe, whatever is set.
#[track_caller]
fn check(world: &World, args: &str, coloured: &[&str]) {
    let seen = shown(world, Who::Ours, args, &[COLOURED]);
    for part in coloured {
        assert!(seen.contains(part), "{args}: {part:?} in {seen:?}");
    }
    for variables in [&[COLOURED, ("NO_COLOR", "1")][..], &[("TERM", "dumb")]] {
        let plain = shown(world, Who::Ours, args, variables);
        assert!(!plain.is_empty() && !plain.contains(ESCAPE), "{args} {variables:?}: {plain:?}");
    }
    // CI systems set it: what a program reads has none all the same.
    for who in [Who::Ours, Who::AsSops] {
        let piped = world.run(who, &args.split(' ').collect::<Vec<_>>(), &[COLOURED, ("CLICOLOR_FORCE", "1")]);
        let piped = [piped.stdout, piped.stderr].concat();
        assert!(!piped.is_empty() && !piped.contains(&(ESCAPE as u8)), "{args}: {}", String::from_utf8_lossy(&piped));
    }
}

#[test]
fn colours() {
    let Some(world) = World::new() else { return };
    let (error, hint) = ("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m missing.yaml", "\u{1b}[1m\u{1b}[36mhint:\u{1b}[0m ");
    check(&world, "decrypt missing.yaml", &[error, hint]);
    check(&world, "set plain.yaml [0] 5", &["\u{1b}[1m\u{1b}[33mwarning:\u{1b}[0m other users"]);
    check(&world, "decrypt --no-such-flag", &["\u{1b}[1m\u{1b}[31merror:\u{1b}[0m a flag", hint]);
    check(&world, "decrypt --help", &["\u{1b}["]);
    check(&world, "doctor", &["\u{1b}[1m\u{1b}[31mfail\u{1b}[0m  keys: no private key", "\u{1b}[33mwarn\u{1b}[0m"]);
}

/// A file's name may not bring colours of its own.
#[test]
fn names_stay_plain() {
    let Some(world) = World::new() else { return };
    let seen = shown(&world, Who::Ours, "decrypt \"$(printf 'x\\033[31my')\"", &[COLOURED, ("NO_COLOR", "1")]);
    assert!(seen.contains(r"x\u{1b}[31my") && !seen.contains(ESCAPE), "{seen:?}");
}

/// SOPS's logger writes another line to a terminal than to a pipe: the same here, but for NO_COLOR, which is for all colours.
#[test]
fn the_logger_of_sops() {
    let Some(world) = World::new() else { return };
    let key = world.command("age-keygen").args(["-o", "keys.txt"]).output().unwrap();
    assert!(key.status.success(), "{key:?}");
    let text = world.text("keys.txt");
    world.seal(Who::Sops, text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap());
    let variables = [COLOURED, ("SOPS_AGE_KEY_FILE", "keys.txt")];
    // Seconds since the start, on a machine that does other things, too.
    let seconds = regex::Regex::new(r"\[\d{4}\]").unwrap();
    let clock = |seen: String| seconds.replace_all(&seen, "[0000]").into_owned();
    for args in ["-d sealed.yaml --zz", "-d sealed.yaml --zz > opened", "decrypt --zz sealed.yaml > help"] {
        let [ours, theirs] = [Who::AsSops, Who::Sops].map(|who| clock(shown(&world, who, args, &variables)));
        assert!(ours.contains("\u{1b}[3"), "{ours:?}");
        assert_eq!(ours, theirs, "{args}");
        let plain = shown(&world, Who::AsSops, args, &[variables[0], variables[1], ("NO_COLOR", "1")]);
        assert!(plain.contains("[CMD]\t ") && !plain.contains(ESCAPE), "{plain:?}");
    }
}

/// Who comes and who goes stands out, and which keys failed, as with SOPS.
#[test]
fn the_lists_of_sops() {
    let Some(world) = World::new() else { return };
    let key = world.command("age-keygen").args(["-o", "keys.txt"]).output().unwrap();
    assert!(key.status.success(), "{key:?}");
    let text = world.text("keys.txt");
    let own = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let [other, new] = [
        "age1t5nrk03ncwquhhpzxarwzdkqtt6vjmv4ekkpc4gxf6d86w4z3dusgn799q",
        "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8",
    ];
    world.seal(Who::Sops, &format!("{own},{other}"));
    world.write(".sops.yaml", format!("creation_rules:\n  - age: {own},{new}\n"));
    let keys = ("SOPS_AGE_KEY_FILE", "keys.txt");
    // Theirs has the end of a line before that of its colour.
    let in_order = |seen: String| seen.replace("\r\n\u{1b}[0m", "\u{1b}[0m\r\n");
    for (args, keys) in [("updatekeys sealed.yaml <yes", keys), ("-d sealed.yaml", ("SOPS_AGE_KEY_FILE", "none.txt"))] {
        world.write("yes", "n\n");
        let coloured = |seen: String| {
            in_order(seen).lines().filter(|line| line.contains(ESCAPE) && !line.contains("hint:")).map(str::to_owned).collect::<Vec<_>>()
        };
        let [ours, theirs] = [Who::AsSops, Who::Sops].map(|who| coloured(shown(&world, who, args, &[COLOURED, keys])));
        assert!(ours.len() >= 3, "{args}: {ours:?}");
        assert_eq!(ours, theirs, "{args}");
        for plain in [&[COLOURED, keys, ("NO_COLOR", "1")][..], &[("TERM", "dumb"), keys]] {
            let seen = shown(&world, Who::AsSops, args, plain);
            assert!(!seen.is_empty() && !seen.contains(ESCAPE), "{args} {plain:?}: {seen:?}");
        }
    }
}

/// The second of three files is a pipe that gives its text more than a second after somebody has opened it.
fn slow(world: &World, command: &str) -> String {
    format!("mkfifo slow.yaml; (exec 4>slow.yaml; sleep 1.3; cat sealed.yaml >&4) & {} {command}", world.program(Who::Ours).display())
}

#[test]
fn progress_of_many_files() {
    let Some(world) = World::new() else { return };
    world.seal(Who::Ours, "age1t5nrk03ncwquhhpzxarwzdkqtt6vjmv4ekkpc4gxf6d86w4z3dusgn799q");
    let long = format!("last-{}.yaml", "x".repeat(200));
    world.write(&long, world.text("sealed.yaml"));
    let line = slow(&world, &format!("recipients sealed.yaml slow.yaml {long}"));
    let run = |variables: &[(&str, &str)], line: &str| {
        let mut terminal = world.terminal(line, variables);
        assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
        let _ = std::fs::remove_file(world.path("slow.yaml"));
        terminal.seen
    };
    let seen = run(&[COLOURED], &line);
    let (before, after) = seen.split_once("3 of 3: last-").unwrap_or_else(|| panic!("{seen:?}"));
    // Nothing in the first second; what is too long is not broken into a second line; gone before the result.
    assert_eq!(before, "\r\u{1b}[2K\u{1b}[?7l", "{seen:?}");
    let rest = after.split_once("\u{1b}[?7h").unwrap().1;
    assert!(rest.starts_with("\r\u{1b}[2Ksealed.yaml\r\n") && !rest.contains(" of 3"), "{seen:?}");

    // A terminal that cannot erase, a pipe, and a command that is soon done see nothing of it.
    assert!(!run(&[("TERM", "dumb")], &line).contains(" of 3"));
    assert!(!run(&[COLOURED], &format!("({line}) 2>&1 | cat")).contains(" of 3"));
    assert!(!run(&[COLOURED], &format!("{} recipients sealed.yaml {long}", world.program(Who::Ours).display())).contains(" of 2"));
}

/// Ctrl-C while the line stands there: it goes, and the signal does what it always does.
#[test]
fn progress_goes_with_ctrl_c() {
    let Some(world) = World::new() else { return };
    world.seal(Who::Ours, "age1t5nrk03ncwquhhpzxarwzdkqtt6vjmv4ekkpc4gxf6d86w4z3dusgn799q");
    // Nobody ever writes into the third.
    let line =
        format!("mkfifo stuck.yaml; exec {}", slow(&world, "recipients sealed.yaml slow.yaml stuck.yaml").replace(") & ", ") & exec "));
    let line = line.replacen("exec mkfifo", "mkfifo", 1);
    for (key, signal) in [("\u{3}", 2), ("\u{1c}", 3)] {
        let mut terminal = world.terminal(&line, &[COLOURED]);
        terminal.answer("3 of 3: stuck.yaml\u{1b}[?7h", key);
        assert_eq!(terminal.end(), Some(128 + signal), "{:?}", terminal.seen);
        let after = terminal.seen.split_once("3 of 3: stuck.yaml\u{1b}[?7h").unwrap().1;
        // What the terminal echoes of the key goes too.
        assert!(after.contains("\r\u{1b}[2K") && !after.contains("of 3"), "{:?}", terminal.seen);
        assert!(after.split("\u{1b}[2K").last().unwrap().chars().all(|c| "\r\n".contains(c)), "{:?}", terminal.seen);
        for file in ["slow.yaml", "stuck.yaml"] {
            let _ = std::fs::remove_file(world.path(file));
        }
    }
}

/// The passphrase of an identity is asked for at /dev/tty, wherever the other streams go.
#[test]
fn progress_makes_way_for_a_passphrase() {
    let Some(world) = crate::age_tty::locked() else { return };
    world.write("last.yaml", world.text("sealed.yaml"));
    let recipient = world.text("sealed.yaml").lines().find_map(|line| line.split_once("recipient: ")).unwrap().1.to_owned();
    let other = "age1t5nrk03ncwquhhpzxarwzdkqtt6vjmv4ekkpc4gxf6d86w4z3dusgn799q";
    // The first is as its rule wants it, and needs no key.
    world.write(".sops.yaml", format!("creation_rules:\n  - path_regex: slow\n    age: {recipient}\n  - age: {recipient},{other}\n"));
    let line = slow(&world, "updatekeys -y slow.yaml last.yaml < /dev/null");
    let mut terminal = world.terminal(&line, &[COLOURED, ("SOPS_AGE_KEY_FILE", "locked.age")]);
    terminal.answer("Enter passphrase for identity 'SOPS_AGE_KEY_FILE': ", "correct horse battery staple\n");
    assert_eq!(terminal.end(), Some(0), "{:?}", terminal.seen);
    let (line, question) = terminal.seen.split_once("Enter passphrase").unwrap();
    assert!(line.ends_with("\r\u{1b}[2K") && line.contains("2 of 2: last.yaml"), "{:?}", terminal.seen);
    assert!(question.ends_with("last.yaml: synced with new keys\r\n"), "{:?}", terminal.seen);
}

/// A question, on standard error or at the terminal itself, stands on a line of its own.
#[test]
fn progress_makes_way_for_questions() {
    let Some(world) = World::new().map(World::with_plugins) else { return };
    let [(_, first, identity), (_, second, _)] = [crate::age_world::PLUGINS[1], crate::age_world::PLUGINS[0]];
    world.seal(Who::Ours, first);
    world.write("last.yaml", world.text("sealed.yaml"));
    // The first is as its rule wants it, and needs no key.
    world.write(".sops.yaml", format!("creation_rules:\n  - path_regex: slow\n    age: {first}\n  - age: {first},{second}\n"));
    let keys = [COLOURED, ("SOPS_AGE_KEY", identity)];
    let mut terminal = world.terminal(&slow(&world, "updatekeys -y slow.yaml last.yaml"), &keys);
    terminal.answer("PIN?", "1234\n");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    let after = terminal.seen.split_once("2 of 2: last.yaml\u{1b}[?7h").unwrap_or_else(|| panic!("{:?}", terminal.seen)).1;
    assert!(after.starts_with("\r\u{1b}[2K"), "{:?}", terminal.seen);
    world.write("last.yaml", world.text("sealed.yaml"));
    let _ = std::fs::remove_file(world.path("slow.yaml"));

    world.write(".sops.yaml", format!("creation_rules:\n  - age: {first},{second}\n"));
    let pair = "updatekeys --dry-run slow.yaml last.yaml";
    let mut terminal = world.terminal(&slow(&world, pair), &[COLOURED]);
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    let after = terminal.seen.split_once("2 of 2: last.yaml\u{1b}[?7h").unwrap_or_else(|| panic!("{:?}", terminal.seen)).1;
    assert!(after.starts_with("\r\u{1b}[2Kslow.yaml, last.yaml: recipients\r\n"), "{:?}", terminal.seen);
}

/// Who goes with a group is shown, and asked; no and nothing leave the file as it was.
#[test]
fn a_group_is_deleted_after_a_yes() {
    let Some(world) = World::new() else { return };
    let made = world.command("age-keygen").args(["-o", "own.txt"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = world.text("own.txt");
    let own = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let other = "age1t5nrk03ncwquhhpzxarwzdkqtt6vjmv4ekkpc4gxf6d86w4z3dusgn799q";
    world.write(
        ".sops.yaml",
        format!("creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [{own}]\n      - age: [{own}]\n      - age:\n          - {other}  # bob\n"),
    );
    world.seal(Who::Ours, "");
    let before = world.text("sealed.yaml");
    assert!(before.contains(other), "{before}");
    let line = format!("{} groups delete -i -f sealed.yaml 2", world.program(Who::Ours).display());
    // Ctrl-D is no answer; what is said then has a line of its own.
    for (answer, code) in [("n\n", 1), ("\n", 1), ("\u{4}", 1), ("y\n", 0)] {
        assert_eq!(world.text("sealed.yaml"), before);
        let mut terminal = world.terminal(&line, &[("SOPS_AGE_KEY_FILE", "own.txt"), ("TERM", "dumb")]);
        terminal.answer("Wrap the data key for them? [y/N] ", answer);
        assert_eq!(terminal.end(), Some(code), "{}", terminal.seen);
        let listed = terminal.seen.split_once("Wrap the").unwrap().0;
        assert!(listed.contains(&format!("loses access: age {other}  (bob)")), "{}", terminal.seen);
        assert!(answer != "\u{4}" || terminal.seen.contains("\nerror: sealed.yaml: not confirmed"), "{:?}", terminal.seen);
    }
    assert!(!world.text("sealed.yaml").contains(other));
}
