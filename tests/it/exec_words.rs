//! What `exec-env` and `exec-file` refuse and say of it: names, nested values, a forgotten `--`, programs that cannot be run, no memory for plaintext.

use std::os::unix::fs::PermissionsExt;

use crate::files::{PROGRAM, command, people, said};
use crate::tools::{Place, Program, script};

/// What a call that fails says: error and hint.
fn fails(place: &Place, args: &[&str], code: i32) -> String {
    let done = place.ours(args);
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(code), "{args:?}: {err}");
    assert!(!err.contains("canary"), "{err}");
    err
}

fn gives(place: &Place, args: &[&str], out: &str) -> String {
    let done = place.ours(args);
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!((done.status.code(), String::from_utf8(done.stdout).unwrap().as_str()), (Some(0), out), "{args:?}: {err}");
    assert!(!err.contains("canary"), "{err}");
    err
}

#[test]
fn all_names_that_are_refused_are_told_at_once_with_the_flags() {
    let place = Place::project();
    place.seal("a.env", "STATIC_PATH=canary\nB=b\nJAVA_OPTIONS=canary\n");
    place.seal("b.yaml", "PATH: canary\nGIT_DIR: canary\nSTATIC_PATH: canary\nC: c\n");
    let err = fails(&place, &["exec-env", "a.env", "true"], 1);
    assert_eq!(
        err,
        "error: a.env: STATIC_PATH, JAVA_OPTIONS may change how programs run, as many names that end so do\n\
         hint: if whoever can write the file may choose that, set them all the same: --allow-env JAVA_OPTIONS --allow-env STATIC_PATH\n"
    );
    gives(
        &place,
        &["exec-env", "--allow-env", "JAVA_OPTIONS", "--allow-env", "STATIC_PATH", "a.env", "echo $STATIC_PATH-$B"],
        "canary-b\n",
    );
    let err = fails(&place, &["exec-env", "a.env", "b.yaml", "true"], 1);
    assert!(err.contains("b.yaml: PATH, GIT_DIR change how programs run, and STATIC_PATH may: "), "{err}");
    let all = ["GIT_DIR", "JAVA_OPTIONS", "PATH", "STATIC_PATH"].map(|name| format!("--allow-env {name}")).join(" ");
    assert!(err.contains("error: a.env: STATIC_PATH, ") && err.ends_with(&format!(": {all}\n")), "{err}");
    // One that is allowed is not told; the flags of the hint stand in place of those that were typed.
    let err = fails(&place, &["exec-env", "--allow-env", "STATIC_PATH", "a.env", "true"], 1);
    let (error, hint) = err.split_once('\n').unwrap();
    assert!(!error.contains("STATIC_PATH") && hint.ends_with(": --allow-env JAVA_OPTIONS --allow-env STATIC_PATH\n"), "{err}");
}

/// Builds, shells and tools take programs from more than `PATH`.
#[test]
fn settings_of_programs_are_refused() {
    let place = Place::project();
    for name in ["MAKEFLAGS", "XDG_CONFIG_HOME", "KUBECONFIG", "GOFLAGS", "CARGO_HOME", "MAVEN_OPTS", "NPM_CONFIG_USERCONFIG", "AWS_PAGER"]
    {
        place.seal("a.env", format!("{name}=canary\n"));
        assert!(fails(&place, &["exec-env", "a.env", "true"], 1).contains(name), "{name}");
        gives(&place, &["exec-env", "--allow-env", name, "a.env", &format!("echo ${name}")], "canary\n");
    }
}

#[test]
fn two_places_are_not_one_variable() {
    let place = Place::project();
    place.seal("n.yaml", "a: {b: canary}\na__b: canary\nc: {d__e: 1, d: {e: canary}}\n");
    assert!(
        fails(&place, &["exec-env", "--flatten", "n.yaml", "true"], 1).contains("n.yaml: a.b and a__b would both be the variable a__b")
    );
    place.seal("n.yaml", "c: {d__e: canary, d: {e: canary}}\n");
    assert!(fails(&place, &["exec-env", "--flatten", "n.yaml", "true"], 1).contains("c.d__e and c.d.e would both be the variable c__d__e"));
    // A doubled key is one place, and a later file counts.
    place.seal("d.json", "{\"a\": {\"b\": 1, \"b\": 2}}");
    gives(&place, &["exec-env", "--flatten", "d.json", "echo $a__b"], "2\n");
    place.seal("e.json", "{\"a__b\": 3}");
    gives(&place, &["exec-env", "--flatten", "d.json", "e.json", "echo $a__b"], "3\n");
}

#[test]
fn null_is_no_variable() {
    let place = Place::project();
    place.seal("n.yaml", "n: null\ns: x\nm: {k: ~, l: [null, canary]}\n");
    place.seal("s.yaml", "n: before\n");
    let line = "echo ${n-unset} ${m__k-unset} $m__l $s";
    let call = |program, args: &[&str]| place.call(program, args).env("n", "inherited").run();
    for files in [&["n.yaml"][..], &["s.yaml", "n.yaml"]] {
        let done = call(Program::Ours, &[&["exec-env", "--flatten"], files, &[line]].concat());
        assert_eq!(String::from_utf8(done.stdout).unwrap(), "unset unset [null,\"canary\"] x\n");
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(err, "warning: n.yaml: null is no value, so the program gets no variable for n, m.k\n");
    }
    let done = call(Program::Ours, &["exec-env", "--flatten", "n.yaml", "s.yaml", line]);
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "before unset [null,\"canary\"] x\n");
    // As SOPS has it.
    place.seal("n.yaml", "n: null\n");
    assert_eq!(call(Program::AsSops, &["exec-env", "n.yaml", "echo $n"]).stdout, b"<nil>\n");
}

#[test]
fn an_ini_file_has_sections_and_a_variable_none() {
    let place = Place::project();
    place.seal("d.ini", "k = canary\n[s]\na = b\n");
    let err = fails(&place, &["exec-env", "d.ini", "true"], 1);
    assert!(err.contains("d.ini: an INI file keeps its values in sections (DEFAULT above the first header)"), "{err}");
    assert!(
        !err.contains("offending") && err.contains("hint: --flatten names them SECTION__NAME: leafcrypt exec-env --flatten d.ini -- env"),
        "{err}"
    );
    gives(&place, &["exec-env", "--flatten", "d.ini", "echo $DEFAULT__k $s__a"], "canary b\n");
    let theirs = place.as_sops(["exec-env", "d.ini", "true"]);
    assert!(String::from_utf8_lossy(&theirs.stderr).starts_with("cannot use complex value in environment; offending key DEFAULT\n"));
}

#[test]
fn a_forgotten_double_dash() {
    let place = Place::project();
    place.seal("a.env", "A=1\n");
    place.seal("b.env", "A=2\n");
    script(&place.path("run.sh"), "#!/bin/sh\necho $A $1\n");
    for (args, code, program) in [
        (&["exec-env", "a.env", "env", "A=canary"][..], 2, "env"),
        (&["exec-env", "a.env", "b.env", "printenv", "A"], 2, "printenv"),
        (&["exec-env", "a.env", "./run.sh", "canary"], 1, "./run.sh"),
        (&["exec-file", "a.env", "cat", "{}"], 1, "cat"),
    ] {
        let hint = format!("hint: a program and its arguments stand behind --: leafcrypt {} a.env -- {program} ...\n", args[0]);
        assert!(fails(&place, args, code).ends_with(&hint), "{args:?}");
    }
    // What is no program is a file that is missing, as is the first one.
    for args in [&["exec-env", "a.env", "c.env", "true"][..], &["exec-env", "env", "true"], &["exec-env", "c.env", "a.env", "true"]] {
        assert!(fails(&place, args, 2).ends_with("hint: ls shows what is there\n"), "{args:?}");
    }
    place.write("c.env", "A=plain\n");
    assert!(fails(&place, &["exec-env", "a.env", "./c.env", "true"], 1).contains("leafcrypt encrypt -i ./c.env"));
    // Flags of the program.
    let err = fails(&place, &["exec-env", "a.env", "env", "-i"], 1);
    assert!(err.contains("leafcrypt exec-env FILE -- PROGRAM ARGS"), "{err}");
}

#[test]
fn a_program_that_cannot_be_run_ends_as_shells_say_it() {
    let place = Place::project();
    place.seal("a.yaml", "A: b\n");
    std::fs::create_dir(place.path("bin")).unwrap();
    place.write("plain", "x");
    place.write("bin/found", "x");
    script(&place.path("none"), "#!/no/such/interpreter\n");
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    for (program, code) in [("no-such-program", 127), ("./no-such", 127), ("found", 126), ("./plain", 126), ("./bin", 126), ("./none", 127)]
    {
        for start in [&["exec-env", "a.yaml", "--"][..], &["exec-env", "--background", "a.yaml", "--"], &["exec-file", "a.yaml", "--"]] {
            let done = place.call(Program::Ours, [start, &[program, "{}"]].concat()).env("PATH", &path).run();
            assert_eq!(done.status.code(), Some(code), "{start:?} {program}: {}", said(&done));
            assert!(String::from_utf8_lossy(&done.stderr).starts_with(&format!("error: {program}: ")), "{}", said(&done));
        }
    }
    assert!(fails(&place, &["exec-env", "a.yaml", "--", "./plain"], 126).ends_with("hint: ls -l ./plain shows who may run it\n"));
    // A line for a shell is the shell's affair, under both names.
    for program in [Program::Ours, Program::AsSops, Program::Sops] {
        if program == Program::Sops && crate::tools::sops().is_none() {
            continue;
        }
        for (line, code) in [("no-such-program", 127), ("./plain", 126)] {
            for exec in ["exec-env", "exec-file"] {
                assert_eq!(place.call(program, [exec, "a.yaml", line]).run().status.code(), Some(code), "{program:?} {exec} {line}");
            }
        }
    }
    if people::is_root() {
        let done = place.ours(["exec-file", "--user", "root", "a.yaml", "--", "./none"]);
        assert_eq!(done.status.code(), Some(127), "{}", said(&done));
    }
}

#[test]
fn without_memory_the_way_out_is_named() {
    let place = Place::project();
    place.seal("a.yaml", "A: canary\n");
    std::fs::create_dir(place.path("disk")).unwrap();
    let root: &[&str] = if people::is_root() { &[] } else { &["--map-root-user"] };
    std::fs::create_dir(place.path("temporary")).unwrap();
    let ours = |args: &str| {
        let script = format!("mount --bind disk /dev/shm; {args}");
        let mut unshare = command(&place, "unshare");
        unshare.arg("--mount").args(root).args(["--propagation", "private", "sh", "-euc", &script, PROGRAM]);
        let done = unshare
            .env("XDG_RUNTIME_DIR", place.path("disk"))
            .env("EDITOR", "true")
            .env("TMPDIR", place.path("temporary"))
            .output()
            .unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    for (args, said) in [
        ("TMPDIR=/none \"$0\" exec-file a.yaml -- cat {}", ["for the pipe\n", "hint: --on-disk FOLDER makes the pipe "]),
        (
            "\"$0\" exec-file --no-fifo a.yaml -- cat {}",
            ["for the plaintext\n", "hint: --on-disk FOLDER takes a folder of yours instead; the plaintext then reaches a disk"],
        ),
        ("\"$0\" edit a.yaml", ["for the plaintext\n", "hint: --on-disk FOLDER takes "]),
    ] {
        let (code, _, err) = ours(args);
        assert!(code == Some(1) && said.iter().all(|part| err.contains(part)), "{args}: {err}");
    }
    // What goes through a pipe is on no disk, wherever its name is: also where memory may not be written to.
    for (before, flag) in
        [("", ""), ("mount -o remount,ro,bind /dev/shm;", ""), ("", "--on-disk disk"), ("", "--no-fifo --on-disk disk"), ("", "--memfd")]
    {
        let done = ours(&format!("{before} \"$0\" exec-file {flag} a.yaml -- cat {{}}"));
        assert_eq!((done.0, done.1.as_str()), (Some(0), "A: canary\n"), "{flag}: {}", done.2);
    }
    let (code, _, err) = ours("mount -t tmpfs -o ro none /dev/shm; \"$0\" edit a.yaml");
    assert!(code == Some(1) && err.contains("the private folder: ") && err.contains("--on-disk FOLDER one on a disk"), "{err}");
    for folder in ["disk", "temporary"] {
        assert_eq!(std::fs::read_dir(place.path(folder)).unwrap().count(), 0, "{folder}");
    }
    // A container without /proc.
    for command in ["exec-file a.yaml -- cat {}", "edit a.yaml"] {
        let (code, _, err) = ours(&format!("mount -t tmpfs none /dev/shm; mount -t tmpfs none /proc; \"$0\" {command}"));
        assert!(code == Some(1) && err.contains("if we die: /proc is not mounted here"), "{command}: {err}");
    }
    let background = "mount -t tmpfs none /proc; \"$0\" exec-file --background a.yaml -- cat {}";
    let (code, _, err) = ours(background);
    assert!(code == Some(1) && err.contains("holds the plaintext for the program: /proc is not mounted here"), "{err}");
}

/// As `sops` the program of `exec-env --user` is started by way of ourselves, which /proc shows; without it the name by which we were called does.
#[test]
fn another_user_without_proc() {
    let place = Place::project();
    place.seal("a.yaml", "A: canary\n");
    std::os::unix::fs::symlink(PROGRAM, place.path("sops")).unwrap();
    let (root, user): (&[&str], &str) = if people::is_root() { (&[], "nobody") } else { (&["--map-root-user"], "root") };
    for called in ["./sops", "PATH=$PWD:$PATH sops", "exec -a sops \"$0\""] {
        let line = format!("{called} exec-env --user {user} a.yaml 'echo $A; id -un'");
        let mut unshare = command(&place, "unshare");
        unshare.arg("--mount").args(root).args(["--propagation", "private", "bash", "-euc"]);
        unshare.args([&format!("mount -t tmpfs none /proc; {line}"), PROGRAM]);
        let done = unshare.output().unwrap();
        let text = said(&done);
        match called.starts_with("exec") {
            // By a name that leads nowhere: what is missing is told.
            true => assert!(done.status.code() == Some(1) && text.contains("which is not found: /proc is not mounted here"), "{text}"),
            false => {
                assert_eq!(
                    (done.status.code(), &*String::from_utf8_lossy(&done.stdout)),
                    (Some(0), &*format!("canary\n{user}\n")),
                    "{text}"
                );
            }
        }
    }
}

/// Memory is `noexec` in most containers.
#[test]
fn a_script_in_memory() {
    let place = Place::project();
    place.seal("script", "#!/bin/sh\necho ran\n");
    let root: &[&str] = if people::is_root() { &[] } else { &["--map-root-user"] };
    for (line, code, out) in [("sh {}", Some(0), "ran\n"), ("chmod +x {}; {}", Some(126), "")] {
        let script = format!("mount -t tmpfs -o noexec none /dev/shm; \"$0\" exec-file --no-fifo script '{line}'");
        let mut unshare = command(&place, "unshare");
        unshare.arg("--mount").args(root).args(["--propagation", "private", "sh", "-euc", &script, PROGRAM]);
        let done = unshare.output().unwrap();
        assert_eq!((done.status.code(), &*String::from_utf8_lossy(&done.stdout)), (code, out), "{}", said(&done));
    }
}

/// A name that a shell would act on is not put into its line: it may come from a file's own name.
#[test]
fn a_path_that_is_more_than_a_path() {
    let place = Place::project();
    place.seal("a.yaml", "a: canary\n");
    for program in [Program::Ours, Program::AsSops] {
        for name in ["$(touch pwned)", "x;touch pwned", "`touch pwned`", "a\ntouch pwned\n", "a&touch pwned", "*"] {
            let done = place.call(program, ["exec-file", "--filename", name, "a.yaml", "cat {}"]).run();
            assert_eq!(done.status.code(), Some(1), "{name}");
            assert!(String::from_utf8_lossy(&done.stderr).contains("exec-file FILE -- COMMAND"), "{name}");
        }
        // A shell's own words: blanks are the line's business, and without a shell there is no question.
        let done = place.call(program, ["exec-file", "--filename", "a b", "a.yaml", "cat \"{}\""]).run();
        assert_eq!(String::from_utf8_lossy(&done.stdout), "a: canary\n");
    }
    let done = place.ours(["exec-file", "--filename", "$(touch pwned)", "a.yaml", "--", "/bin/cat", "{}"]);
    assert_eq!(String::from_utf8_lossy(&done.stdout), "a: canary\n");
    assert!(!place.path("pwned").exists());
}

/// P4: who ignores the MAC is told so, by every command.
#[test]
fn an_unchecked_mac_is_told() {
    let place = Place::project();
    let told = |done: std::process::Output| {
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(0), "{err}");
        err.matches("the MAC was not checked").count()
    };
    let calls: [&[&str]; 7] = [
        &["exec-env", "--ignore-mac", "a.env", "true"],
        &["exec-file", "--ignore-mac", "a.env", "true"],
        &["decrypt", "--ignore-mac", "a.env"],
        &["set", "--ignore-mac", "a.env", "[\"A\"]", "\"x\""],
        &["unset", "--ignore-mac", "a.env", "[\"B\"]"],
        &["rotate", "-i", "-y", "--ignore-mac", "a.env"],
        &["decrypt", "--ignore-mac", "--extract", "[\"A\"]", "a.env"],
    ];
    for call in calls {
        place.seal("a.env", "A=canary\nB=x\n");
        assert_eq!(told(place.ours(call)), 1, "{call:?}");
    }
    place.seal("a.env", "A=canary\nB=x\n");
    assert_eq!(told(place.call(Program::AsSops, calls[2]).run()), 1);
    assert_eq!(told(place.call(Program::AsSops, calls[3]).run()), 0);
}

/// Two differences from SOPS: a name that a shell would drop is refused, and no values at all give the program no variables.
#[test]
fn odd_names_and_no_values() {
    let place = Place::project();
    for (file, plain) in [("t.env", "\tA=1\nB=2\n"), ("n.env", "# nothing\n")] {
        place.seal(file, plain);
    }
    let run = |program, args: &[&str]| {
        let done = place.call(program, args).run();
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let odd = ["exec-env", "t.env", "echo $B"];
    let none = ["exec-env", "--pristine", "n.env", "echo ${HOME-none}"];
    // Our own dialect drops the blank before a name.
    for (program, expected) in [(Program::Ours, (Some(0), "2\n")), (Program::AsSops, (Some(1), ""))] {
        assert_eq!(run(program, &odd), (expected.0, expected.1.to_owned()), "{program:?}");
        assert_eq!(run(program, &none), (Some(0), "none\n".to_owned()), "{program:?}");
    }
    if crate::tools::sops().is_some() {
        assert_eq!(run(Program::Sops, &odd), (Some(0), "2\n".to_owned()));
        assert_ne!(run(Program::Sops, &none).1, "none\n");
    }
}

/// Who may not become another user is told so, as is who may not write a folder.
#[test]
fn what_an_ordinary_user_may_not() {
    let place = people::place();
    people::must(&place, &["encrypt", "-i", "--age", &place.recipient, "a.yaml"], || place.write("a.yaml", "a: canary\n"));
    let run = |name: &str, args: &[&str]| {
        let mut ours = command(&place, PROGRAM);
        ours.args(args).env("EDITOR", "true");
        let mut ours = people::ordinary(ours);
        std::os::unix::process::CommandExt::arg0(&mut ours, name);
        let done = ours.output().unwrap();
        assert_eq!(done.stdout, b"", "{args:?}");
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    for name in ["leafcrypt", "sops"] {
        let (code, err) = run(name, &["exec-env", "--user", "root", "a.yaml", "true"]);
        assert!(code == Some(1) && err.contains("you may not become the user root: operation not permitted"), "{name}: {code:?} {err}");
    }
    std::fs::set_permissions(place.path(""), PermissionsExt::from_mode(0o555)).unwrap();
    let (code, err) = run("leafcrypt", &["edit", "a.yaml"]);
    std::fs::set_permissions(place.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    assert!(code == Some(3) && err.contains("no file can be made in the folder") && err.contains("--write-through"), "{code:?} {err}");
}
