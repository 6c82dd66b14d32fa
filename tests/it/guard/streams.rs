//! Standard output and error may be closed, full, or read by nobody: that is no panic, and no success either.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use crate::files::{PROGRAM, command, said, sealed};
use crate::tools::Place;

fn full() -> std::fs::File {
    std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn unread() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

fn ours(place: &Place, args: &[&str]) -> Command {
    let mut ours = command(place, PROGRAM);
    ours.args(args);
    ours
}

#[test]
fn an_error_that_cannot_be_told_keeps_its_number() {
    let place = Place::new();
    let number = |stderr: Stdio| ours(&place, &["decrypt", "missing.yaml"]).stderr(stderr).status().unwrap().code();
    assert_eq!(number(full().into()), Some(100));
    assert_eq!(number(unread().into()), Some(100));
    let closed = command(&place, "sh").args(["-c", "exec \"$0\" decrypt missing.yaml 2>&-", PROGRAM]).status().unwrap();
    assert_eq!(closed.code(), Some(100));
}

#[test]
fn a_result_that_nobody_reads_ends_us_as_it_ends_every_program() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: x\n");
    for args in [&["decrypt", "f.yaml"][..], &["tour"], &["--version"], &["completion", "bash"], &["man"]] {
        let output = ours(&place, args).stdout(unread()).output().unwrap();
        assert_eq!(output.status.signal(), Some(13), "{args:?}: {}", said(&output));
        assert!(output.stderr.is_empty(), "{args:?}: {}", said(&output));
        let output = ours(&place, args).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
        assert!(said(&output).contains("standard output: No space left"), "{args:?}: {}", said(&output));
    }
}

#[test]
fn a_result_that_is_cut_by_a_limit_is_an_error() {
    let place = Place::new();
    sealed(&place, "f.yaml", &format!("a: {}\n", "x".repeat(10_000)));
    let mut limited = command(&place, "sh");
    limited.args(["-c", "exec prlimit --fsize=5000 \"$0\" decrypt f.yaml >out", PROGRAM]);
    let output = limited.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("standard output: File too large"), "{}", said(&output));
}
