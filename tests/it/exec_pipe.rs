//! `exec-file`'s pipe: whatever becomes of its name and its readers, the command ends as the program did, leaves nothing, and listens to signals.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::files::{PROGRAM, Runtime, command};
use crate::tools::{Place, Program, soon};

/// What a pipe does not hold: a writer of it waits for its reader.
const BIG: usize = 1 << 20;

struct Room {
    place: Place,
    runtime: Runtime,
}

impl Room {
    fn new() -> Self {
        let place = Place::project();
        place.seal("small.yaml", "a: canary\n");
        place.write("big.bin", vec![b'x'; BIG]);
        assert!(place.ours(["encrypt", "-i", "big.bin"]).status.success());
        let runtime = Runtime::new(&place);
        Room { place, runtime }
    }

    /// One that is killed after ten seconds: it has hung.
    fn exec(&self, file: &str, line: &str) -> Command {
        let mut timeout = command(&self.place, "timeout");
        timeout.args(["-s", "KILL", "10", PROGRAM, "exec-file", file, line]).env("XDG_RUNTIME_DIR", &self.runtime.0);
        timeout
    }

    fn check(&self, file: &str, line: &str, code: i32, out: &str) {
        let done = self.exec(file, line).output().unwrap();
        let err = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{file} {line}: {err}");
        assert_eq!(String::from_utf8_lossy(&done.stdout), out, "{file} {line}: {err}");
        assert_eq!(err, "", "{file} {line}");
        self.runtime.is_empty_soon();
    }
}

/// The writer may or may not be waiting yet when the name goes: each many times.
#[test]
fn a_program_may_take_away_what_it_has_not_read() {
    let room = Room::new();
    for _ in 0..8 {
        for (line, code, out) in [
            ("rm {}", 0, ""),
            ("rm {}; exit 7", 7, ""),
            ("mv {} {}.y; true", 0, ""),
            ("rm {}; mkfifo {}", 0, ""),
            ("rm {}; echo other > {}", 0, ""),
            ("rm -rf \"$(dirname {})\"", 0, ""),
            ("rm -rf \"$(dirname \"$(dirname {})\")\"; exit 3", 3, ""),
            ("exec 3<{}; rm {}; cat <&3", 0, "a: canary\n"),
            ("mv {} {}.y; cat {}.y", 0, "a: canary\n"),
            ("sleep 0.02; rm {}", 0, ""),
        ] {
            room.check("small.yaml", line, code, out);
        }
        room.check("big.bin", "exec 3<{}; rm {}; wc -c <&3", 0, &format!("{BIG}\n"));
        room.check("big.bin", "exec 3<{}; rm -rf \"$(dirname {})\"; head -c 3 <&3", 0, "xxx");
    }
}

/// What the program leaves running in the background is given the rest as long as it reads, and no longer waited for when it does not.
#[test]
fn a_reader_that_outlives_the_program() {
    let room = Room::new();
    room.check("big.bin", "exec 3<{}; (sleep 0.5; wc -c <&3 > got) > /dev/null 2>&1 & exit 4", 4, "");
    soon("the reader has the rest", || std::fs::read(room.place.path("got")).unwrap_or_default() == format!("{BIG}\n").as_bytes());
    room.check("big.bin", "exec 3<{}; sleep 12 > /dev/null 2>&1 & exit 4", 4, "");
}

/// Signals reach us while we wait for such a reader.
#[test]
fn signals_end_the_wait_for_a_reader() {
    let room = Room::new();
    for signal in [Signal::INT, Signal::TERM] {
        let line = "exec 3<{}; sleep 12 > /dev/null 2>&1 & touch started; exit 0";
        let mut ours = command(&room.place, PROGRAM);
        ours.args(["exec-file", "big.bin", line]).env("XDG_RUNTIME_DIR", &room.runtime.0).stdin(Stdio::null()).stderr(Stdio::piped());
        let child = ours.spawn().unwrap();
        soon("the program is started", || room.place.path("started").exists());
        std::thread::sleep(Duration::from_millis(300));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(signal.as_raw()));
        // Where the wait has ended by itself, this is told.
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!said.contains("not the whole text"), "{signal:?} did not end the wait: {said}");
        room.runtime.is_empty_soon();
        std::fs::remove_file(room.place.path("started")).unwrap();
    }
}

/// A program that ends well, and leaves behind a reader that has stopped: what it got is not the whole text.
#[test]
fn a_reader_that_never_gets_the_whole_text() {
    let room = Room::new();
    let line = "exec 3<{}; sleep 12 > /dev/null 2>&1 & exit 0";
    let done = room.exec("big.bin", line).output().unwrap();
    let err = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{err}");
    assert!(err.contains("not the whole text"), "{err}");
    // As `sops` it is told.
    let done = room.place.call(Program::AsSops, ["exec-file", "big.bin", line]).env("XDG_RUNTIME_DIR", &room.runtime.0).run();
    let err = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{err}");
    assert!(err.contains("not the whole text"), "{err}");
    // What fits into the pipe has been given out.
    room.check("small.yaml", line, 0, "");
    room.runtime.is_empty_soon();
}
