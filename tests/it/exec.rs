//! `exec-env` and `exec-file`: what a child gets, how it ends, and that nothing is left.

use std::process::Output;

use crate::files::people::{as_root, ordinary};
use crate::files::{PROGRAM, Runtime, command, sealed};
use crate::tools::{Place, Program, soon};

fn check(done: Output, code: i32, out: &str) -> String {
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{err}");
    assert_eq!(String::from_utf8_lossy(&done.stdout), out, "{err}");
    assert!(!err.contains("canary"), "{err}");
    err
}

#[test]
fn a_program_gets_the_values_and_takes_our_place() {
    let place = Place::project();
    place.seal("a.yaml", "A: can ary\nN: 0x1F\nF: 1.0\nT: true\n");
    place.seal("b.json", "{\"A\": \"second\", \"B\": \"x\\ny\"}");
    check(
        place.ours(["exec-env", "a.yaml", "echo \"$A $N $F $T $HOME\""]),
        0,
        &format!("can ary 31 1.0 true {}\n", place.path("home").display()),
    );
    check(place.ours(["exec-env", "a.yaml", "b.json", "--", "/usr/bin/printenv", "A", "B"]), 0, "second\nx\ny\n");
    check(place.ours(["exec-env", "--pristine", "a.yaml", "--", "/usr/bin/env"]), 0, "A=can ary\nF=1.0\nN=31\nT=true\n");
    check(place.ours(["exec-env", "a.yaml", "exit 7"]), 7, "");
    // In our place: the child's parent is not us.
    let parent = place.ours(["exec-env", "a.yaml", "--", "/bin/sh", "-c", "cat /proc/$PPID/comm"]);
    assert_ne!(String::from_utf8_lossy(&parent.stdout).trim(), "leafcrypt");
    assert!(check(place.ours(["exec-env", "a.yaml", "--", "no-such-program"]), 127, "").contains("no-such-program"));
    check(place.ours(["exec-env", "a.yaml"]), 1, "");
    check(place.ours(["exec-env", "missing.yaml", "true"]), 2, "");
    check(place.ours(["exec-env", "--background", "a.yaml", "echo $A > out"]), 0, "");
    soon("the program has run", || std::fs::read(place.path("out")).unwrap_or_default() == b"can ary\n");
}

#[test]
fn what_is_no_variable() {
    let place = Place::project();
    place.seal("m.yaml", "db:\n  user: u\n  list: [1, 'x', {k: v}]\nA: b\n");
    assert!(check(place.ours(["exec-env", "m.yaml", "true"]), 1, "").contains("cannot use complex value in environment; offending key db"));
    check(
        place.ours(["exec-env", "--flatten", "m.yaml", "--", "/usr/bin/printenv", "db__user", "db__list"]),
        0,
        "u\n[1,\"x\",{\"k\":\"v\"}]\n",
    );
    // A list is the JSON that `decrypt` prints: SOPS seals 1 as a float in JSON.
    place.seal("f.yaml", "db: {list: [1.0, 1.50, 1e3, 1e21, 0x10, 1e-7], one: 1.0}\n");
    check(
        place.ours(["exec-env", "--flatten", "f.yaml", "--", "/usr/bin/printenv", "db__list", "db__one"]),
        0,
        "[1,1.5,1000,1e+21,16,1e-7]\n1.0\n",
    );
    place.seal("p.yaml", "PATH: canary\n");
    assert!(check(place.ours(["exec-env", "p.yaml", "true"]), 1, "").contains("PATH changes how programs run"));
    check(place.ours(["exec-env", "--allow-env", "PATH", "p.yaml", "echo $PATH"]), 0, "canary\n");
    place.seal("l.yaml", "LD_PRELOAD: canary\n");
    check(place.ours(["exec-env", "l.yaml", "true"]), 1, "");
    check(place.call(Program::AsSops, ["exec-env", "l.yaml", "true"]).run(), 1, "");
    let err = check(place.call(Program::AsSops, ["exec-env", "p.yaml", "echo $PATH"]).run(), 0, "canary\n");
    assert!(err.contains("PATH changes how programs run"), "{err}");
    place.seal("n.yaml", "\"a\\nLD_PRELOAD\": canary\n");
    check(place.ours(["exec-env", "n.yaml", "true"]), 1, "");
}

#[test]
fn env_files_reach_a_program_unquoted() {
    let place = Place::project();
    place.seal("a.env", "A=\"x y\"  # c\nC=\"two\nlines\"\nexport B='z'\n");
    check(place.ours(["exec-env", "--pristine", "a.env", "--", "/usr/bin/env"]), 0, "A=x y\nB=z\nC=two\nlines\n");
    check(
        place.ours(["exec-env", "--pristine", "--dialect", "sops", "a.env", "--", "/usr/bin/env"]),
        0,
        "A=\"x y\"  # c\nC=\"two\nlines\"\nexport B='z'\n",
    );
    check(place.ours(["exec-env", "--dialect", "x", "a.env", "true"]), 1, "");
}

/// As `sops`: the same output, status and messages as the real one.
#[test]
fn as_sops_does() {
    let place = Place::project();
    if place.sops(["--version"]).is_none() {
        return;
    }
    place.seal(
        "a.yaml",
        "s: \"a b\"\ni: 0x1F\nf: 1.5\nbig: 12345678901.5\none: 1.0\nt: true\nn: null\nd: 2001-12-14\nm: \"a\\nb\"\ne: \"\"\nfoo-bar: x\n",
    );
    place.seal("a.env", "A=\"x y\"\nexport B=c\n");
    place.seal("m.yaml", "m: {a: b}\n");
    place.seal("a.ini", "[s]\nk = v\n");
    // As sops prints it: with us the file keeps its own layout.
    place.seal("a.json", "{\n\t\"a\": {\n\t\t\"b\": \"c\"\n\t}\n}\n");
    let sorted = |done: &Output| {
        let mut lines: Vec<String> = String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for args in [
        &["exec-env", "--pristine", "a.yaml", "env"][..],
        &["exec-env", "--pristine", "a.env", "env"],
        &["exec-env", "a.yaml", "exit 7"],
        &["exec-env", "a.yaml", "kill -TERM $$"],
        &["exec-env", "--same-process", "a.yaml", "exit 3"],
        &["exec-env", "m.yaml", "true"],
        &["exec-env", "a.ini", "true"],
        &["exec-env", "a.yaml"],
        &["exec-env", "a.yaml", "true", "more"],
        &["exec-env", "--same-process", "--background", "a.yaml", "true"],
        &["exec-file", "a.yaml", "cat {}"],
        &["exec-file", "a.json", "cat {}; exit 4"],
        &["exec-file", "--no-fifo", "a.json", "cat {} {}"],
        &["exec-file", "--output-type", "json", "m.yaml", "cat {}"],
        &["exec-file", "--no-fifo", "--filename", "x.json", "a.json", "basename {}; cat {}"],
        &["exec-file", "a.yaml", "true"],
        &["exec-file", "a.yaml"],
    ] {
        let theirs = place.sops(args).unwrap();
        let ours = place.call(Program::AsSops, args).run();
        // sops prints its own YAML; the file keeps its text with us.
        let yaml = args.contains(&"a.yaml") && args[0] == "exec-file";
        if !yaml {
            assert_eq!(sorted(&ours), sorted(&theirs), "{args:?}: {}", String::from_utf8_lossy(&ours.stderr));
        }
        assert_eq!(ours.status.code(), theirs.status.code(), "{args:?}: {}", String::from_utf8_lossy(&ours.stderr));
        if theirs.status.code() != Some(0) {
            let (ours, theirs) = (String::from_utf8_lossy(&ours.stderr).into_owned(), String::from_utf8_lossy(&theirs.stderr).into_owned());
            assert_eq!(ours.lines().next(), theirs.lines().next(), "{args:?}");
        }
    }
}

#[test]
fn a_program_reads_a_file_and_nothing_is_left() {
    let place = Place::project();
    let plain = "# c\na:  'x'\nb: [1, 0x2]\n";
    place.seal("a.yaml", plain);
    let runtime = Runtime::new(&place);
    let run = |args: &[&str]| place.call(Program::Ours, args).env("XDG_RUNTIME_DIR", &runtime.0).run();
    check(run(&["exec-file", "a.yaml", "cat {}"]), 0, plain);
    check(run(&["exec-file", "a.yaml", "--", "/bin/cat", "{}"]), 0, plain);
    check(run(&["exec-file", "--no-fifo", "a.yaml", "cat {} {}"]), 0, &plain.repeat(2));
    check(run(&["exec-file", "--memfd", "a.yaml", "--", "/bin/cat", "{}", "{}"]), 0, &plain.repeat(2));
    check(run(&["exec-file", "--no-fifo", "--filename", "x.yaml", "a.yaml", "basename {}; stat -c %a {}"]), 0, "x.yaml\n600\n");
    check(run(&["exec-file", "a.yaml", "test -p {}"]), 0, "");
    check(run(&["exec-file", "a.yaml", "exit 9"]), 9, "");
    check(run(&["exec-file", "--output-type", "json", "a.yaml", "cat {}"]), 0, "{\n\t\"a\": \"x\",\n\t\"b\": [\n\t\t1,\n\t\t2\n\t]\n}\n");
    check(run(&["exec-file", "--filename", "../x", "a.yaml", "true"]), 1, "");
    // What has no name gets none.
    check(run(&["exec-file", "--memfd", "--filename", "y", "a.yaml", "--", "/bin/cat", "{}"]), 1, "");
    check(run(&["exec-file", "a.yaml", "kill -9 $$"]), 137, "");
    runtime.is_empty_soon();
    // A big one, more than a pipe holds, and a reader that stops early.
    place.write("big.bin", vec![b'x'; 1 << 20]);
    assert!(place.ours(["encrypt", "-i", "big.bin"]).status.success());
    check(run(&["exec-file", "big.bin", "wc -c < {}"]), 0, "1048576\n");
    check(run(&["exec-file", "big.bin", "head -c 3 {}"]), 0, "xxx");
    runtime.is_empty_soon();
}

#[test]
fn killed_while_the_child_runs() {
    let place = Place::project();
    place.seal("a.yaml", "a: canary\n");
    let runtime = Runtime::new(&place);
    for (signal, code) in [("TERM", None), ("HUP", None), ("KILL", None)] {
        let line = format!("trap 'exit 5' TERM HUP; kill -{signal} $PPID; sleep 3 & wait");
        let done = place.call(Program::Ours, ["exec-file", "--no-fifo", "a.yaml", &line]).env("XDG_RUNTIME_DIR", &runtime.0).run();
        assert_eq!(done.status.code(), code, "{signal}: {}", String::from_utf8_lossy(&done.stderr));
        runtime.is_empty_soon();
    }
}

#[test]
fn as_another_user() {
    let place = Place::project();
    place.seal("a.yaml", "A: b\n");
    if !as_root() {
        check(place.ours(["exec-env", "--user", "nobody", "a.yaml", "true"]), 1, "");
        return;
    }
    let id = "id -un; id -gn; echo $A $USER $LOGNAME";
    check(place.ours(["exec-env", "--user", "nobody", "a.yaml", id]), 0, "nobody\nnogroup\nb nobody nobody\n");
    check(place.call(Program::AsSops, ["exec-env", "--user", "nobody", "a.yaml", id]).run(), 0, "nobody\nnogroup\nb nobody nobody\n");
    for flag in ["--no-fifo", "--filename=x"] {
        check(place.ours(["exec-file", flag, "--user", "nobody", "a.yaml", "id -un; cat {}"]), 0, "nobody\nA: b\n");
    }
    check(place.ours(["exec-env", "--user", "no-such-user", "a.yaml", "true"]), 1, "");
    // Its name is the one it was called by, and in the background it has nobody's streams.
    check(place.ours(["exec-file", "--user", "nobody", "a.yaml", "--", "sh", "-c", "echo $0"]), 0, "sh\n");
    for program in [Program::Ours, Program::AsSops] {
        let call = ["exec-env", "--background", "--user", "nobody", "a.yaml", "sleep 0.5; cat; echo out; echo err >&2"];
        let err = check(place.call(program, call).stdin("in\n").run(), 0, "");
        assert!(!err.lines().any(|line| line == "err"), "{err}");
    }
}

/// In a container that has no other user, and with no right to become anybody.
#[test]
fn as_the_user_that_we_are() {
    let place = crate::files::people::place();
    sealed(&place, "a.yaml", "A: b\n");
    std::os::unix::fs::symlink(PROGRAM, place.path("sops")).unwrap();
    let run = |program: &str, args: &[&str]| {
        let mut command = command(&place, place.path(program));
        command.args(args);
        ordinary(command).output().unwrap()
    };
    std::os::unix::fs::symlink(PROGRAM, place.path("leafcrypt")).unwrap();
    if !as_root() {
        return;
    }
    for program in ["leafcrypt", "sops"] {
        check(run(program, &["exec-env", "--user", "nobody", "a.yaml", "id -un; echo $A $USER"]), 0, "nobody\nb nobody\n");
        for flag in ["--no-fifo", "--filename=x"] {
            check(run(program, &["exec-file", flag, "--user", "nobody", "a.yaml", "id -un; cat {}"]), 0, "nobody\nA: b\n");
        }
        for call in [&["exec-env"][..], &["exec-env", "--background"], &["exec-file"], &["exec-file", "--no-fifo"]] {
            let output = run(program, &[call, &["--user", "daemon", "a.yaml", "touch ran"]].concat());
            if call.last() != Some(&"--background") {
                let err = check(output, 1, "");
                assert!(err.contains("you may not become the user daemon: operation not permitted"), "{program} {call:?}: {err}");
            }
            assert!(!place.path("ran").exists(), "{program} {call:?}");
        }
    }
}
