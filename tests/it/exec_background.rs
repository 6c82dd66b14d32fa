//! `exec-file --background`: a process of its own that holds what was opened once.

use crate::files::{PROGRAM, command};
use crate::tools::{Place, Program, soon};

/// What the program leaves, in a moment.
fn left(place: &Place, name: &str) -> String {
    soon(&format!("the program has run: {name}"), || place.path(name).exists());
    String::from_utf8(place.read(name)).unwrap()
}

const LINE: &str = "cat {} > out.part; mv out.part out";

/// Go's spellings of a flag: the program runs once, whichever it is.
#[test]
fn however_it_is_spelled() {
    for flag in ["--background", "-background", "--background=true", "-background=t", "--background=1"] {
        let place = Place::project();
        place.seal("a.env", "A=canary\n");
        let line = format!("echo run >> runs; {LINE}");
        let done = place.call(Program::AsSops, ["exec-file", flag, "a.env", &line]).run();
        assert_eq!(done.status.code(), Some(0), "{flag}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(left(&place, "out"), "A=canary\n", "{flag}");
        assert_eq!(left(&place, "runs"), "run\n", "{flag}");
    }
}

/// A word of the program that is spelled as the flag is the program's.
#[test]
fn its_words_are_the_programs() {
    let place = Place::project();
    place.seal("a.env", "A=canary\n");
    let script = "printf '%s\\n' \"$@\" > out.part; mv out.part out";
    let done =
        place.ours(["exec-file", "--background", "--no-fifo", "a.env", "--", "/bin/sh", "-c", script, "sh", "--background", "x", "-", ""]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(left(&place, "out"), "--background\nx\n-\n\n");
}

/// What can be read only once: the file from a pipe, the identity from a pipe. It is opened once.
#[test]
fn from_pipes() {
    let place = Place::project();
    place.seal("a.yaml", "a: canary\n");
    let types = ["--input-type", "yaml", "--output-type", "yaml"];
    let args = ["exec-file", "--background"].iter().chain(&types).chain(&["/dev/stdin", LINE]).copied();
    let done = place.call(Program::Ours, args).stdin(place.read("a.yaml")).run();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(left(&place, "out"), "a: canary\n");
    std::fs::remove_file(place.path("out")).unwrap();
    let mut shell = command(&place, "/bin/bash");
    let line = "SOPS_AGE_KEY_FILE=<(cat keys.txt) \"$0\" exec-file --background --memfd a.yaml \"$1\"";
    let done = shell.args(["-c", line, PROGRAM, LINE]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(left(&place, "out"), "a: canary\n");
}

/// A program that is not there is told while somebody listens.
#[test]
fn a_program_that_is_not_there() {
    let place = Place::project();
    place.seal("a.yaml", "a: canary\n");
    let done = place.ours(["exec-file", "--background", "a.yaml", "--", "no-such-program"]);
    assert_eq!(done.status.code(), Some(127), "{}", String::from_utf8_lossy(&done.stderr));
}
