//! Folders for what must have a name for a while: in memory, for the owner only, gone when we are (P13, P14, R3, R4). `tour` is the command that makes
//! one.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use rustix::fs::{FlockOperation, flock};

use crate::crash::trace::{CHANGING, Call, START, alone, is_changing, parse};
use crate::files::{PROGRAM, Runtime, command, said};
use crate::tools::{Place, soon};

/// Its helper gets a signal only as `-f` has it; with this words for it, to be killed before it has removed anything.
const HELPER_TOO: [&str; 3] = ["-f", "-e", "inject=unlinkat:signal=KILL"];

fn tour(place: &Place, memory: &Runtime, harm: Option<(&Call, &str)>, follow: &[&str], log: &Path) -> Output {
    let mut strace = alone(command(place, "unshare"), Some(&memory.0));
    strace.args(["-qqq", "-o"]).arg(log);
    match harm {
        None => strace.args(["-e", &format!("trace={CHANGING},{START}")]),
        Some((Call { name, number, .. }, signal)) => {
            strace.args(["-e", &format!("trace={name},unlinkat"), "-e", &format!("inject={name}:signal={signal}:when={number}")])
        }
    };
    strace.args(follow);
    strace.env("XDG_RUNTIME_DIR", "/dev/shm").env("TMPDIR", place.path("")).args([PROGRAM, "tour"]).output().unwrap()
}

fn calls(place: &Place) -> Vec<Call> {
    let log = place.path("log");
    let output = tour(place, &Runtime::new(place), None, &["-f"], &log);
    assert!(output.status.success(), "{}", said(&output));
    let calls: Vec<Call> = parse(&std::fs::read_to_string(&log).unwrap()).into_iter().filter(is_changing).collect();
    assert!(calls.len() > 20, "{calls:?}");
    calls
}

#[test]
fn the_tour_leaves_nothing_whatever_signal_ends_it() {
    let place = Place::new();
    let calls = calls(&place);
    let all = |signal: &str, number: i32, every: usize| {
        for call in calls.iter().step_by(every) {
            let memory = Runtime::new(&place);
            let output = tour(&place, &memory, Some((call, signal)), &["-f"], Path::new("/dev/null"));
            assert_eq!(output.status.signal(), Some(number), "{signal} at {call}: {}", said(&output));
            assert_eq!(memory.entries(), Vec::<PathBuf>::new(), "{signal} at {call}");
        }
    };
    all("TERM", 15, 1);
    all("INT", 2, 5);
    all("HUP", 1, 5);
    all("QUIT", 3, 5);
    all("ABRT", 6, 5);
}

#[test]
fn what_kill_9_leaves_is_for_the_owner_only_and_swept_by_the_next_start() {
    let place = Place::new();
    let mut left = 0;
    for call in calls(&place).iter().step_by(3).filter(|call| call.name != "unlinkat") {
        let memory = Runtime::new(&place);
        let output = tour(&place, &memory, Some((call, "KILL")), &HELPER_TOO, Path::new("/dev/null"));
        assert_eq!(output.status.signal(), Some(9), "{}", said(&output));
        for folder in memory.entries() {
            left += 1;
            assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
        }
        // Any command is a start.
        command(&place, PROGRAM).args(["decrypt", "missing.yaml"]).env("XDG_RUNTIME_DIR", &memory.0).output().unwrap();
        assert_eq!(memory.entries(), Vec::<PathBuf>::new(), "after KILL at {call}");
    }
    assert!(left > 3, "the tour was never killed while its folder was there");
}

#[test]
fn the_tour_is_cleared_away_by_its_helper() {
    let place = Place::new();
    for call in calls(&place).iter().step_by(3) {
        let memory = Runtime::new(&place);
        let output = tour(&place, &memory, Some((call, "KILL")), &[], Path::new("/dev/null"));
        assert_eq!(output.status.signal(), Some(9), "{}", said(&output));
        // Where it had no helper yet there is nothing in its folder either.
        let has_files = |folder: PathBuf| std::fs::read_dir(folder.join("files")).into_iter().flatten().next().is_some();
        soon(&format!("after KILL at {call} its files go"), || !memory.entries().into_iter().any(has_files));
    }
}

#[test]
fn a_folder_that_is_in_use_stays() {
    let place = Place::new();
    let memory = Runtime::new(&place);
    let folder = |name: &str| {
        let folder = memory.0.join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("f"), "x").unwrap();
        folder
    };
    let used = folder(&format!("leafcrypt-{}", "1".repeat(32)));
    let abandoned = folder(&format!("leafcrypt-{}", "2".repeat(32)));
    let others = [folder("leafcrypt-mine"), folder(&format!("leafcrypt-{}", "x".repeat(32))), folder("other")];
    let link = memory.0.join(format!("leafcrypt-{}", "3".repeat(32)));
    std::os::unix::fs::symlink(&others[2], &link).unwrap();
    let lock = std::fs::File::open(&used).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let start = || command(&place, PROGRAM).args(["decrypt", "missing.yaml"]).env("XDG_RUNTIME_DIR", &memory.0).output().unwrap();
    start();
    assert!(used.join("f").exists() && !abandoned.exists());
    drop(lock);
    start();
    assert!(!used.exists());
    assert!(others.iter().all(|other| other.join("f").exists()) && link.is_symlink());
}

#[test]
fn without_memory_the_tour_says_that_it_uses_a_disk_and_leaves_nothing_there() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).unwrap();
    std::fs::create_dir(place.path("temporary")).unwrap();
    let root: &[&str] = if crate::files::people::is_root() { &[] } else { &["--map-root-user"] };
    let script = "mount --bind disk /dev/shm; exec \"$0\" tour";
    let mut unshare = command(&place, "unshare");
    unshare.arg("--mount").args(root).args(["--propagation", "private", "sh", "-euc", script, PROGRAM]);
    let output = unshare.env("XDG_RUNTIME_DIR", place.path("disk")).env("TMPDIR", place.path("temporary")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "mounting must be permitted here: {}", said(&output));
    assert!(text.contains("so this one is on a disk") && text.contains("/temporary/leafcrypt-"), "{text}");
    assert_eq!(std::fs::read_dir(place.path("disk")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(place.path("temporary")).unwrap().count(), 0);
    let text = String::from_utf8(place.ours(["tour"]).stdout).unwrap();
    assert!(!text.contains("on a disk") && text.starts_with("A tour of leafcrypt, in /"), "{text}");
}

#[test]
fn shredding() {
    let place = Place::new();
    place.write("f", "hunter2-canary");
    std::fs::hard_link(place.path("f"), place.path("second")).unwrap();
    leafcrypt::files::shred(&place.path("f")).unwrap();
    // Somebody else still wants it under the other name.
    assert!(!place.path("f").exists());
    assert_eq!(place.read("second"), b"hunter2-canary");
    let open = std::fs::File::open(place.path("second")).unwrap();
    leafcrypt::files::shred(&place.path("second")).unwrap();
    assert!(!place.path("second").exists());
    let mut left = Vec::new();
    std::io::Read::read_to_end(&mut &open, &mut left).unwrap();
    assert_eq!(left, [0; 14]);
    for other in ["home", "missing", "/dev/null"] {
        assert!(leafcrypt::files::shred(&place.path(other)).is_err(), "{other}");
    }
    std::os::unix::fs::symlink("keys.txt", place.path("link")).unwrap();
    assert!(leafcrypt::files::shred(&place.path("link")).is_err());
    assert!(place.path("link").is_symlink() && place.path("keys.txt").exists());
}
