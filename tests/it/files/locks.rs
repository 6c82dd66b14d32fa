//! Where the folder itself cannot be locked, as on some network file systems: a lock file in the user's state folder, and nothing left of it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::{PROGRAM, command, leftovers, must, said, sealed, snapshot};
use crate::crash::trace::alone;
use crate::tools::Place;

/// A command for which the kernel cannot lock the folder, which is the first thing it locks where no folders of others lie in memory.
fn without_flock(place: &Place, also: &[&str], args: &[&str]) -> Command {
    let mut strace = alone(command(place, "unshare"), None);
    strace.args(["-f", "-qqq", "-o", "/dev/null", "-e", "inject=flock:error=EOPNOTSUPP:when=1"]).args(also).arg(PROGRAM).args(args);
    strace
}

fn state(place: &Place) -> Vec<PathBuf> {
    let state = place.path("home/.local/state/leafcrypt");
    if state.exists() { snapshot(&state).into_keys().collect() } else { Vec::new() }
}

#[test]
fn writers_wait_for_each_other_all_the_same() {
    const WRITERS: usize = 8;
    let place = Place::new();
    sealed(&place, "f.yaml", &(0..WRITERS).map(|n| format!("k{n}: old\n")).collect::<String>());
    let set = |n: usize| -> Child {
        let mut set = without_flock(&place, &[], &["set", "f.yaml", &format!("[\"k{n}\"]"), "\"new\""]);
        set.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let writers: Vec<Child> = (0..WRITERS).map(set).collect();
    for writer in writers {
        let output = writer.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let expected: String = (0..WRITERS).map(|n| format!("k{n}: new\n")).collect();
    assert_eq!(String::from_utf8(must(&place, &["decrypt", "f.yaml"])).unwrap(), expected);
    assert!(place.path("home/.local/state/leafcrypt").is_dir(), "no lock file was ever made");
    assert_eq!(state(&place), Vec::<PathBuf>::new());
    assert_eq!(leftovers(&place.path("")), Vec::<PathBuf>::new());
}

#[test]
fn a_killed_writer_keeps_nobody_out() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: old\n");
    let args = ["set", "f.yaml", "[\"a\"]", "\"new\""];
    let killed = without_flock(&place, &["-e", "inject=renameat:signal=KILL"], &args).output().unwrap();
    assert!(killed.status.code().is_none(), "{}", said(&killed));
    assert_eq!(place.read("f.yaml"), before);
    assert_eq!(state(&place).len(), 1);
    let output = without_flock(&place, &[], &args).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(state(&place), Vec::<PathBuf>::new());
}

#[test]
fn without_a_state_folder_nothing_is_written() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: old\n");
    place.write("home/.local", "in the way");
    let output = without_flock(&place, &[], &["set", "f.yaml", "[\"a\"]", "\"new\""]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("cannot be locked") && said(&output).contains("XDG_STATE_HOME"), "{}", said(&output));
    assert_eq!(place.read("f.yaml"), before);
    // Another place may be named.
    let output =
        without_flock(&place, &[], &["set", "f.yaml", "[\"a\"]", "\"new\""]).env("XDG_STATE_HOME", place.path("state")).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}
