//! The folder for plaintext goes, and what was typed in it is read, whatever a program has done to it; and it lies where there is room (P13, P14, R3).

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::edit::code;
use crate::files::{PROGRAM, Runtime, command, people};
use crate::tools::{Place, soon};

/// A user who is not root, and a folder in memory.
struct Room {
    place: Place,
    runtime: Runtime,
}

impl Room {
    fn new(plain: &str) -> Self {
        let place = people::place();
        let runtime = Runtime::new(&place);
        if people::is_root() {
            std::os::unix::fs::chown(&*runtime, Some(people::NOBODY), Some(people::NOBODY)).unwrap();
        }
        let room = Room { place, runtime };
        people::must(&room.place, &["encrypt", "-i", "--age", &room.place.recipient, "a.yaml"], || room.place.write("a.yaml", plain));
        room
    }

    fn command(&self, program: &str) -> Command {
        let mut command = command(&self.place, program);
        command.env("XDG_RUNTIME_DIR", &self.runtime).env("EDITOR", self.place.path("editor.sh"));
        command
    }

    fn editor(&self, script: &str) {
        crate::tools::script(&self.place.path("editor.sh"), format!("#!/bin/sh\n{script}\n"));
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = self.command(PROGRAM);
        command.args(args);
        people::ordinary(command).output().unwrap()
    }

    fn edit(&self, script: &str) -> Output {
        self.editor(script);
        self.run(&["edit", "a.yaml"])
    }

    #[track_caller]
    fn is_clean(&self, case: &str) {
        soon(&format!("{case}: no plaintext is left"), || self.runtime.entries().is_empty());
    }

    fn opened(&self) -> String {
        String::from_utf8(self.run(&["decrypt", "a.yaml"]).stdout).unwrap()
    }
}

/// What takes its owner's rights to the folder, or to what is in it.
const SPOILED: [&str; 6] = [
    "chmod 500 \"$(dirname \"$1\")\"",
    "chmod 000 \"$(dirname \"$1\")\"",
    "chmod 000 \"$1\" \"$(dirname \"$1\")\"",
    "cd /; o=\"$(dirname \"$(dirname \"$1\")\")\"; chmod 000 \"$o\"",
    "cd \"$(dirname \"$1\")\"; mkdir -p x/y; cp \"$1\" x/y; chmod 500 x/y; chmod 000 x; chmod 400 .",
    "chmod -R a-w \"$(dirname \"$(dirname \"$1\")\")\"",
];

#[test]
fn modes_that_a_program_has_changed() {
    let room = Room::new("a: canary\n");
    for (number, spoil) in SPOILED.into_iter().enumerate() {
        code(&room.edit(spoil), 200);
        room.is_clean(spoil);
        // What was typed is read, and what was not saved is kept.
        code(&room.edit(&format!("echo 'a: canary-{number}' > \"$1\"; {spoil}")), 0);
        room.is_clean(spoil);
        assert_eq!(room.opened(), format!("a: canary-{number}\n"), "{spoil}");
        let err = code(&room.edit(&format!("echo 'a: canary' > \"$1\"; {spoil}; exit 3")), 201);
        assert!(err.contains("is sealed and kept"), "{spoil}: {err}");
        room.is_clean(spoil);
        std::fs::remove_dir_all(room.place.path("home/.local")).unwrap();
        // The helper knows how, too.
        assert!(room.edit(&format!("{spoil}; kill -9 $PPID")).status.code().is_none());
        room.is_clean(spoil);
        let line = spoil.replace("$1", "$F");
        code(&room.run(&["exec-file", "--no-fifo", "a.yaml", &format!("F={{}}; {line}")]), 0);
        room.is_clean(spoil);
    }
}

/// What is left all the same goes with the next command.
#[test]
fn a_folder_that_was_left_is_swept_whatever_its_mode() {
    let room = Room::new("a: canary\n");
    for (number, spoil) in SPOILED.iter().enumerate() {
        for name in ["leafcrypt-bcdfghjk".to_owned(), format!("leafcrypt-{}", "1".repeat(32))] {
            let inner = room.runtime.join(&name).join("files");
            let script = format!("mkdir -p '{0}'; echo canary > '{0}/f'; set -- '{0}/f'; {spoil}", inner.display());
            let mut sh = room.command("sh");
            sh.args(["-c", &script]);
            assert!(people::ordinary(sh).status().unwrap().success(), "{number}");
        }
        assert!(room.run(&["decrypt", "a.yaml"]).status.success(), "{spoil}");
        room.is_clean(spoil);
    }
    // Not what somebody calls so by a date or a word.
    let others =
        ["leafcrypt-20261129", "leafcrypt-bcdfghj", "leafcrypt-bcdfghja", "leafcrypt-settings"].map(|name| room.runtime.join(name));
    for folder in others.iter().chain([&room.runtime.join("leafcrypt-bcdfghjk")]) {
        std::fs::create_dir(folder).unwrap();
        if people::is_root() {
            std::os::unix::fs::chown(folder, Some(people::NOBODY), Some(people::NOBODY)).unwrap();
        }
    }
    assert!(room.run(&["decrypt", "a.yaml"]).status.success());
    let mut left = room.runtime.entries();
    left.sort();
    assert_eq!(left, others);
}

/// A failed removal is said, beside whatever else there is to say, and the folder is named; the helper tries on.
#[test]
fn a_removal_that_fails() {
    let room = Room::new("a: canary\n");
    let failing = |args: &[&str]| {
        let mut strace = room.command("strace");
        strace.args(["-qq", "-o", "/dev/null", "-e", "trace=unlinkat", "-e", "inject=unlinkat:error=EIO", PROGRAM]).args(args);
        people::ordinary(strace).output().unwrap()
    };
    let told = |err: &str| {
        let line = err.lines().find(|line| line.contains("could not be removed")).unwrap_or_else(|| panic!("{err}"));
        assert!(line.contains(&format!("the plaintext in {}/leafcrypt-", room.runtime.display())), "{err}");
        assert!(line.contains("Input/output error"), "{err}");
    };
    told(&code(&failing(&["exec-file", "--no-fifo", "a.yaml", "true"]), 1));
    room.is_clean("exec-file");
    // Nothing changed, and that is not all.
    room.editor("true");
    told(&code(&failing(&["edit", "a.yaml"]), 1));
    room.is_clean("nothing changed");
    room.editor("echo 'a: [canary' > \"$1\"; exit 3");
    let err = code(&failing(&["edit", "a.yaml"]), 201);
    told(&err);
    assert!(err.contains("exit status 3") && err.contains("is sealed and kept"), "{err}");
    room.is_clean("another error");
    // It was kept once: the helper has only to remove.
    assert_eq!(std::fs::read_dir(room.place.path("home/.local/state/leafcrypt/rescue")).unwrap().count(), 1);
}

/// A place that is too small is passed over.
#[test]
fn the_next_place_has_room() {
    let room = Room::new(&format!("a: {}\n", "canary ".repeat(20_000)));
    std::fs::create_dir(room.place.path("disk")).unwrap();
    std::fs::set_permissions(room.place.path("disk"), PermissionsExt::from_mode(0o700)).unwrap();
    room.editor("case \"$1\" in /dev/shm/small/*) exit 4 ;; esac; echo 'a: typed' > \"$1\"");
    let how: &[&str] = if people::is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let run = |script: &str| {
        let mut unshare = room.command("unshare");
        unshare.args(how).args(["--propagation", "private", "sh", "-euc", script, PROGRAM]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        unshare.output().unwrap()
    };
    let small = "mount -t tmpfs -o size=64k,mode=700 tmpfs";
    let big = "mount -t tmpfs -o mode=1777 tmpfs /dev/shm; mkdir -m 700 /dev/shm/small; export XDG_RUNTIME_DIR=/dev/shm/small";
    let file = "exec-file --no-fifo a.yaml";
    // The runtime folder is too small, shared memory is not.
    let done = run(&format!("{big}; {small} /dev/shm/small; exec \"$0\" {file} 'echo {{}}; wc -c < {{}}'"));
    code(&done, 0);
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(out.starts_with("/dev/shm/leafcrypt-") && out.contains("140004"), "{out}");
    // A pipe takes no room.
    let done = run(&format!("{big}; {small} /dev/shm/small; exec \"$0\" {} 'echo {{}}'", file.replace("--no-fifo ", "")));
    assert!(String::from_utf8_lossy(&done.stdout).starts_with("/dev/shm/small/leafcrypt-"), "{done:?}");
    // Neither is big enough, and a folder on a disk is named; or is not.
    let both = format!("{small} /dev/shm");
    let done =
        run(&format!("{both}; exec \"$0\" {file} --on-disk disk 'wc -c < {{}}'").replace("a.yaml --on-disk disk", "--on-disk disk a.yaml"));
    code(&done, 0);
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "140004");
    let err = code(&run(&format!("{both}; exec \"$0\" {file} 'cat {{}}'")), 1);
    assert!(err.contains("no room for it in memory") && err.contains("--on-disk FOLDER") && err.contains("XDG_RUNTIME_DIR"), "{err}");
    code(&run(&format!("{big}; {small} /dev/shm/small; exec \"$0\" edit a.yaml")), 0);
    assert_eq!(room.opened(), "a: typed\n");
    assert_eq!(std::fs::read_dir(room.place.path("disk")).unwrap().count(), 0);
}
