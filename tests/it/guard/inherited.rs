//! What whoever started us has left us with: signals to be ignored, a small stack, streams that make nobody wait, a clock that runs.

use std::io::{PipeReader, Read as _, Write as _};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::edit::Desk;
use crate::files::{PROGRAM, command, said, sealed};
use crate::tools::{Place, Program};

/// Our program by both names, as a shell starts it: `"$0"`.
fn names(place: &Place) -> [String; 2] {
    let link = place.path("sops");
    let _ = std::os::unix::fs::symlink(PROGRAM, &link);
    [PROGRAM.to_owned(), link.to_str().unwrap().to_owned()]
}

/// A supervisor that ignores the ends of its children: we learn how ours end all the same.
#[test]
fn children_that_nobody_waits_for() {
    let desk = Desk::new();
    let place = &desk.place;
    desk.seal("f.yaml", "a: one\n");
    place.write("key", "#!/bin/sh\ncat keys.txt\n");
    for name in names(place) {
        let run = |args: &[&str]| {
            let mut ignoring = command(place, "env");
            ignoring.args(["--ignore-signal=CHLD", &name]).args(args).env("XDG_RUNTIME_DIR", &desk.runtime);
            ignoring
        };
        for exec in ["exec-env", "exec-file"] {
            let output = run(&[exec, "f.yaml", "exit 7"]).output().unwrap();
            assert_eq!(output.status.code(), Some(7), "{name} {exec}: {}", said(&output));
        }
        let output = run(&["exec-file", "f.yaml", "cat {}"]).output().unwrap();
        assert!(output.status.success() && output.stdout == b"a: one\n", "{name}: {}", said(&output));
        let output = run(&["edit", "f.yaml"]).env("EDITOR", "sed -i s/one/two/").output().unwrap();
        assert!(output.status.success(), "{name}: {}", said(&output));
        let output = run(&["edit", "f.yaml"]).env("EDITOR", "sed -i s/two/one/").output().unwrap();
        assert!(output.status.success(), "{name}: {}", said(&output));
        let output = run(&["decrypt", "f.yaml"]).env("SOPS_AGE_KEY_CMD", "sh key").env_remove("SOPS_AGE_KEY_FILE").output().unwrap();
        assert!(output.status.success() && output.stdout == b"a: one\n", "{name}: {}", said(&output));
        // What runs beside us can wait for its own: no CHLD, which is bit 16, among what it ignores.
        let output = run(&["exec-file", "f.yaml", "grep SigIgn /proc/self/status"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let ignored = u64::from_str_radix(told.trim_start_matches("SigIgn:").trim(), 16).unwrap();
        assert_eq!(ignored & 1 << 16, 0, "{name}: {told}");
        // Nor anything else, but for the two that are the C library's own: `posix_spawn` leaves them so, and every program sets them itself.
        assert_eq!(ignored & !(0b11 << 31), 0, "{name}: {told}");
    }
}

/// What cannot have been used is not wiped.
#[test]
fn a_small_stack() {
    let desk = Desk::new();
    let place = &desk.place;
    let plain: String = (0..300).map(|i| format!("key{i}: value {i}\n")).collect();
    desk.seal("f.env", "A=b\n");
    desk.seal("f.yaml", &plain);
    for name in names(place) {
        // Not less: without optimisation our own calls take more.
        for limit in ["4096", "1024", "512"] {
            let run = |line: &str| {
                let mut shell = command(place, "sh");
                shell.args(["-c", &format!("ulimit -s {limit}; exec \"$0\" {line}"), &name]);
                let output = shell.env("XDG_RUNTIME_DIR", &desk.runtime).env("EDITOR", "true").output().unwrap();
                (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), said(&output))
            };
            let (code, out, said) = run("exec-env f.env 'echo $A'");
            assert_eq!((code, &*out), (Some(0), "b\n"), "{name} {limit}: {said}");
            let (code, out, said) = run("exec-file f.env 'cat {}'");
            assert_eq!((code, &*out), (Some(0), "A=b\n"), "{name} {limit}: {said}");
            let (code, out, said) = run("-d f.yaml");
            assert_eq!((code, &*out), (Some(0), &*plain), "{name} {limit}: {said}");
            let (code, _, said) = run("edit f.yaml");
            assert_eq!(code, Some(200), "{name} {limit}: {said}");
        }
    }
}

fn makes_nobody_wait(end: impl AsFd) {
    let flags = fcntl_getfl(&end).unwrap();
    fcntl_setfl(&end, flags | OFlags::NONBLOCK).unwrap();
}

/// Reads what comes, once there was time to fill the pipe.
fn slowly(mut from: PipeReader) -> Vec<u8> {
    std::thread::sleep(Duration::from_millis(300));
    let mut read = Vec::new();
    from.read_to_end(&mut read).unwrap();
    read
}

/// node, ssh and others leave the pipes and terminals that they share with us so.
#[test]
fn streams_that_make_nobody_wait() {
    let place = Place::project();
    let plain = format!("a: {}\n", "x".repeat(300_000));
    sealed(&place, "f.yaml", &plain);
    for name in names(&place) {
        for args in [&["-d", "f.yaml"][..], &["-d", "--output", "/dev/stdout", "f.yaml"]] {
            let (from, to) = std::io::pipe().unwrap();
            makes_nobody_wait(&to);
            let mut child = command(&place, &name).args(args).stdout(to).stderr(Stdio::piped()).spawn().unwrap();
            assert!(slowly(from) == plain.as_bytes(), "{name} {args:?}");
            assert!(child.wait().unwrap().success(), "{name} {args:?}");
        }
        for args in [&["encrypt", "--filename-override", "x.yaml"][..], &["encrypt", "--filename-override", "x.yaml", "/dev/stdin"]] {
            let (from, mut to) = std::io::pipe().unwrap();
            makes_nobody_wait(&from);
            let child = command(&place, &name).args(args).stdin(from).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(300));
            to.write_all(b"a: 1\n").unwrap();
            drop(to);
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{name} {args:?}: {}", said(&output));
        }
    }
}

/// An error that is longer than what a full pipe takes at the moment is told all the same.
#[test]
fn errors_where_nobody_waits() {
    let place = Place::new();
    let (from, mut to) = std::io::pipe().unwrap();
    makes_nobody_wait(&to);
    while to.write(&[b'.'; 4096]).is_ok() {}
    let mut child = command(&place, PROGRAM).args(["decrypt", "missing.yaml"]).stderr(to).spawn().unwrap();
    let told = slowly(from);
    assert_eq!(child.wait().unwrap().code(), Some(100));
    assert!(String::from_utf8_lossy(&told).contains("missing.yaml"));
}

/// A timeout that a script has set before it became us: as SOPS, nobody's; else the program's, which it ends. In no case the program is left alone.
#[test]
fn a_clock_that_runs() {
    let place = Place::project();
    sealed(&place, "f.env", "A=b\n");
    for (program, exec) in [(Program::AsSops, "exec-env"), (Program::AsSops, "exec-file"), (Program::Ours, "exec-file")] {
        let name = &names(&place)[usize::from(program == Program::AsSops)];
        let script = format!(
            "\"$0\" {exec} f.env 'touch up; n=0; while [ $n != 40 ]; do n=$((n+1)); sleep 0.05; done; echo end' & \
             timeout 60 sh -c 'until [ -e up ]; do sleep 0.02; done'; kill -ALRM $!; wait $!"
        );
        let _ = std::fs::remove_file(place.path("up"));
        let output = command(&place, "sh").args(["-c", &script, name]).output().unwrap();
        let expected = if program == Program::AsSops { (Some(0), "end\n") } else { (Some(142), "") };
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!((output.status.code(), &*out), expected, "{program:?} {exec}: {}", said(&output));
    }
}

/// What the system says, in its words and not in those of a library.
#[test]
fn few_descriptors() {
    let place = Place::project();
    sealed(&place, "f.env", "A=b\n");
    for name in names(&place) {
        let mut told = Vec::new();
        for most in 5..16 {
            let mut shell = command(&place, "sh");
            shell.args(["-c", &format!("ulimit -n {most}; exec \"$0\" exec-file f.env 'cat {{}}'"), &name]);
            told.push(said(&shell.output().unwrap()));
        }
        assert!(told.iter().any(|said| said.to_lowercase().contains("too many open files")), "{name}: {told:?}");
        assert!(!told.iter().any(|said| said.contains("uncategorized") || said.contains("panicked")), "{name}: {told:?}");
    }
}
