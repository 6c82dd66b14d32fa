//! What may stand where a file is to be written.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::people::{self, NOBODY};
use super::{PROGRAM, command, leftovers, must, said, sealed, snapshot, value};
use crate::tools::{Place, Program};

const PLAIN: &str = "a: old\n";
const SET: [&str; 4] = ["set", "f.yaml", "[\"a\"]", "\"new\""];

/// Runs a command that must fail so, leave every file as it was, and say this.
fn refused(place: &Place, mut ours: Command, code: i32, says: &str) {
    let before = snapshot(&place.path(""));
    let output = ours.output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{ours:?}: {}", said(&output));
    assert!(said(&output).contains(says), "{ours:?}: {}", said(&output));
    assert_eq!(snapshot(&place.path("")), before, "{ours:?} changed something");
}

fn ours(place: &Place, args: &[&str]) -> Command {
    let mut ours = command(place, PROGRAM);
    ours.args(args);
    ours
}

#[test]
fn a_link_stays_and_its_target_changes() {
    let place = Place::new();
    sealed(&place, "real.yaml", PLAIN);
    std::fs::create_dir(place.path("links")).unwrap();
    symlink("../real.yaml", place.path("links/one.yaml")).unwrap();
    symlink("links/one.yaml", place.path("f.yaml")).unwrap();
    must(&place, &SET);
    assert_eq!(std::fs::read_link(place.path("f.yaml")).unwrap(), PathBuf::from("links/one.yaml"));
    assert_eq!(std::fs::read_link(place.path("links/one.yaml")).unwrap(), PathBuf::from("../real.yaml"));
    assert_eq!(value(&place, "real.yaml", "a"), "new");
    must(&place, &["decrypt", "--output", "f.yaml", "real.yaml"]);
    assert_eq!(place.read("real.yaml"), b"a: new\n");
    assert!(place.path("f.yaml").is_symlink());
}

#[test]
fn a_link_to_nothing_leads_to_a_new_file_but_not_where_nothing_may_be_replaced() {
    let place = Place::new();
    place.write("f.yaml", PLAIN);
    symlink("new.yaml", place.path("link")).unwrap();
    must(&place, &["encrypt", "--age", &place.recipient, "--output", "link", "f.yaml"]);
    assert!(place.path("link").is_symlink());
    assert_eq!(value(&place, "new.yaml", "a"), "old");
    symlink("nothing", place.path("keys")).unwrap();
    refused(&place, ours(&place, &["keygen", "--output", "keys"]), 3, "exists already");
    symlink("circle", place.path("circle")).unwrap();
    refused(&place, ours(&place, &["decrypt", "--output", "circle", "new.yaml"]), 3, "symbolic links");
}

#[test]
fn pipes_and_devices_are_written_through() {
    let place = Place::new();
    sealed(&place, "f.yaml", PLAIN);
    let pipe = place.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read(pipe).unwrap()
    });
    must(&place, &["decrypt", "--output", "pipe", "f.yaml"]);
    assert_eq!(reader.join().unwrap(), PLAIN.as_bytes());
    assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());

    assert_eq!(must(&place, &["decrypt", "--output", "/dev/null", "f.yaml"]), b"");
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    for stdout in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        assert_eq!(must(&place, &["decrypt", "--output", stdout, "f.yaml"]), PLAIN.as_bytes(), "{stdout}");
        // Into a file behind what is in it already, as a shell's redirection does.
        place.write("out", "before\n");
        let file = std::fs::OpenOptions::new().append(true).open(place.path("out")).unwrap();
        assert!(ours(&place, &["decrypt", "--output", stdout, "f.yaml"]).stdout(file).status().unwrap().success());
        assert_eq!(place.read("out"), format!("before\n{PLAIN}").as_bytes(), "{stdout}");
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    refused(&place, ours(&place, &["decrypt", "--output", "/dev/full", "f.yaml"]), 3, "no space is left");
    let mut to_full = ours(&place, &["decrypt", "f.yaml"]);
    to_full.stdout(full);
    refused(&place, to_full, 1, "standard output: No space left");
    refused(&place, ours(&place, &["set", "/dev/null", "[\"a\"]", "1"]), 2, "device");
}

#[test]
fn a_folder_is_not_written() {
    let place = Place::new();
    sealed(&place, "f.yaml", PLAIN);
    for to in ["home", "home/", "home/.", "/"] {
        refused(&place, ours(&place, &["decrypt", "--output", to, "f.yaml"]), 3, "this is a folder");
    }
    refused(&place, ours(&place, &["decrypt", "--output", "missing/f.yaml", "f.yaml"]), 3, "there is no folder missing");
    refused(&place, ours(&place, &["decrypt", "--output", "f.yaml/x", "f.yaml"]), 3, "there is no folder f.yaml");
}

#[test]
fn a_file_with_two_names_is_changed_only_if_told() {
    let place = Place::new();
    sealed(&place, "f.yaml", PLAIN);
    std::fs::hard_link(place.path("f.yaml"), place.path("second.yaml")).unwrap();
    refused(&place, ours(&place, &SET), 3, "hint: --write-through");
    refused(&place, ours(&place, &["decrypt", "-i", "f.yaml"]), 3, "2 names");
    refused(&place, ours(&place, &["decrypt", "--output", "second.yaml", "f.yaml"]), 3, "2 names");
    must(&place, &["set", "--write-through", "f.yaml", "[\"a\"]", "\"new\""]);
    assert_eq!(value(&place, "second.yaml", "a"), "new");
    assert_eq!(place.path("f.yaml").metadata().unwrap().ino(), place.path("second.yaml").metadata().unwrap().ino());
    must(&place, &["decrypt", "-i", "--write-through", "f.yaml"]);
    assert_eq!(place.read("second.yaml"), b"a: new\n");
    must(&place, &["encrypt", "-i", "--write-through", "--age", &place.recipient, "f.yaml"]);
    assert_eq!(value(&place, "second.yaml", "a"), "new");
}

/// Runs a shell script with mounts of its own; `$0` is our program.
fn with_mounts(place: &Place, script: &str) -> Output {
    let mut unshare = command(place, "unshare");
    // Without root a user namespace gives the right to mount.
    let how: &[&str] = if people::is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let output = unshare.args(how).args(["--propagation", "private", "sh", "-euc", script, PROGRAM]).output().unwrap();
    assert!(output.status.success(), "mounting must be permitted here: {}{}", String::from_utf8_lossy(&output.stdout), said(&output));
    output
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn a_mount_point_is_changed_only_if_told() {
    let place = Place::new();
    sealed(&place, "real.yaml", PLAIN);
    place.write("f.yaml", "");
    let script = "mount --bind real.yaml f.yaml; cp f.yaml before
        \"$0\" set f.yaml '[\"a\"]' '\"new\"' && exit 9; echo code $?
        cmp f.yaml before; ls -A | grep tmp && exit 9
        \"$0\" set --write-through f.yaml '[\"a\"]' '\"new\"'; \"$0\" decrypt f.yaml";
    let output = with_mounts(&place, script);
    assert_eq!(lines(&output), ["code 3", "a: new"]);
    assert!(said(&output).contains("the file is a mount point") && said(&output).contains("hint: --write-through"), "{}", said(&output));
    assert_eq!(value(&place, "real.yaml", "a"), "new");
    assert_eq!(place.read("f.yaml"), b"");
}

#[test]
fn a_full_disk_changes_nothing() {
    let place = Place::new();
    // Too large for what is left, and in pieces: the first ones fit.
    sealed(&place, "f.yaml", &format!("a: old\nb: {}\n", "x".repeat(22_000)));
    std::fs::create_dir(place.path("small")).unwrap();
    place.write("long", format!("\"{}\"", "y".repeat(50_000)));
    let script = "mount -t tmpfs -o size=64k,mode=755 tmpfs small; cp f.yaml small/; head -c 16384 /dev/zero > small/filler
        try() { \"$0\" \"$@\" && exit 9; echo code $?; cmp f.yaml small/f.yaml; ls -A small; }
        try set small/f.yaml '[\"a\"]' '\"new\"'
        try decrypt --output small/plain.yaml small/f.yaml
        ln small/f.yaml small/second.yaml
        try set --write-through small/f.yaml --value-file long '[\"a\"]'
        \"$0\" set --write-through small/f.yaml '[\"a\"]' '\"new\"'; \"$0\" decrypt --extract '[\"a\"]' small/f.yaml; echo
        mount -t tmpfs -o nr_inodes=3,mode=755 tmpfs small; cp f.yaml small/; : > small/filler
        try set small/f.yaml '[\"a\"]' '\"new\"'
        mount -o remount,ro small
        try set small/f.yaml '[\"a\"]' '\"new\"'
        try set --write-through small/f.yaml '[\"a\"]' '\"new\"'";
    let output = with_mounts(&place, script);
    let refused = ["code 3", "f.yaml", "filler"];
    let expected = [&refused[..], &refused, &refused, &["second.yaml", "new"], &refused, &refused, &refused].concat();
    assert_eq!(lines(&output), expected, "{}", said(&output));
    assert_eq!(said(&output).matches("no space is left").count(), 4, "{}", said(&output));
    assert_eq!(said(&output).matches("the file system is read-only").count(), 2, "{}", said(&output));
}

#[test]
fn where_only_others_may_write_nothing_is_written() {
    let place = people::place();
    people::must(&place, &["encrypt", "-i", "--age", &place.recipient, "f.yaml"], || place.write("f.yaml", PLAIN));
    let nobody = |args: &[&str]| people::ordinary(ours(&place, args));
    let mode = |name: &str, mode: u32| std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    mode("f.yaml", 0o444);
    refused(&place, nobody(&SET), 3, "permission denied");
    refused(&place, nobody(&["decrypt", "--output", "f.yaml", "f.yaml"]), 3, "permission denied");
    mode("f.yaml", 0o644);
    mode("", 0o555);
    refused(&place, nobody(&SET), 3, "no file can be made in the folder");
    refused(&place, nobody(&SET), 3, "hint: --write-through");
    refused(&place, nobody(&["decrypt", "--output", "new.yaml", "f.yaml"]), 3, "no file can be made in the folder");
    assert!(nobody(&["set", "--write-through", "f.yaml", "[\"a\"]", "\"new\""]).status().unwrap().success());
    // A folder that may be entered and written, but not listed.
    mode("", 0o333);
    let done = nobody(&["set", "f.yaml", "[\"a\"]", "\"newer\""]).output().unwrap();
    assert!(done.status.success(), "{}", said(&done));
    mode("", 0o755);
    assert_eq!(value(&place, "f.yaml", "a"), "newer");
    assert_eq!(leftovers(&place.path("")), Vec::<PathBuf>::new());
}

#[test]
fn files_of_other_users() {
    // The owner of a file cannot be another without root.
    if !people::as_root() {
        return;
    }
    let place = people::place();
    let own = |name: &str, owner: u32, mode: u32| {
        std::os::unix::fs::chown(place.path(name), Some(owner), Some(owner)).unwrap();
        std::fs::set_permissions(place.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let nobody = |args: &[&str]| people::ordinary(ours(&place, args));
    sealed(&place, "f.yaml", PLAIN);
    own("f.yaml", 0, 0o644);
    refused(&place, nobody(&SET), 3, "permission denied");
    // Anybody may write: so may we, and the mode stays. The owner cannot.
    own("f.yaml", 0, 0o666);
    assert!(nobody(&SET).status().unwrap().success());
    let now = place.path("f.yaml").metadata().unwrap();
    assert_eq!((now.uid(), now.permissions().mode() & 0o7777), (NOBODY, 0o666));
    // What a link leads to was chosen by whoever made it.
    place.write("others.yaml", "keep");
    own("others.yaml", 0, 0o666);
    symlink("others.yaml", place.path("link.yaml")).unwrap();
    refused(&place, nobody(&["decrypt", "--output", "link.yaml", "f.yaml"]), 3, "a link to a file of another user");
    // In a folder for all, somebody has laid out a file or a link for us.
    std::fs::create_dir(place.path("all")).unwrap();
    own("all", 0, 0o1777);
    place.write("all/planted.yaml", "");
    own("all/planted.yaml", 1, 0o666);
    refused(&place, nobody(&["decrypt", "--output", "all/planted.yaml", "f.yaml"]), 3, "permission denied");
    // One that is there for all can only be written into.
    std::fs::copy(place.path("f.yaml"), place.path("all/f.yaml")).unwrap();
    own("all/f.yaml", 1, 0o666);
    let set = ["set", "all/f.yaml", "[\"a\"]", "\"sticky\""];
    refused(&place, nobody(&set), 3, "its folder lets nobody else replace it\nhint: --write-through");
    let done = nobody(&[&set[..], &["--write-through"]].concat()).output().unwrap();
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!((value(&place, "all/f.yaml", "a"), leftovers(&place.path("all"))), ("sticky".to_owned(), Vec::<PathBuf>::new()));
    symlink("../new.yaml", place.path("all/link.yaml")).unwrap();
    std::os::unix::fs::lchown(place.path("all/link.yaml"), Some(1), Some(1)).unwrap();
    refused(&place, nobody(&["decrypt", "--output", "all/link.yaml", "f.yaml"]), 3, "made by another user");
    // Root writes where it is told to, and the file stays its owner's.
    own("f.yaml", NOBODY, 0o640);
    must(&place, &["set", "f.yaml", "[\"a\"]", "\"root\""]);
    let now = place.path("f.yaml").metadata().unwrap();
    assert_eq!((now.uid(), now.gid(), now.permissions().mode() & 0o7777), (NOBODY, NOBODY, 0o640));
}

/// Nothing helps there, but for a file that is mounted by itself.
#[test]
fn a_file_system_that_is_read_only() {
    let place = Place::new();
    std::fs::create_dir(place.path("ro")).unwrap();
    sealed(&place, "f.yaml", PLAIN);
    std::fs::copy(place.path("f.yaml"), place.path("ro/f.yaml")).unwrap();
    std::fs::copy(place.path("f.yaml"), place.path("ro/alone.yaml")).unwrap();
    let root: &[&str] = if people::is_root() { &[] } else { &["--map-root-user"] };
    let run = |args: &str| {
        let mounts = "mount --bind ro ro; mount --bind ro/alone.yaml ro/alone.yaml; mount -o remount,ro,bind ro";
        let mut unshare = command(&place, "unshare");
        unshare.arg("--mount").args(root).args(["--propagation", "private", "sh", "-euc", &format!("{mounts}; \"$0\" {args}"), PROGRAM]);
        let done = unshare.env("EDITOR", "false").output().unwrap();
        (done.status.code(), said(&done))
    };
    for args in [
        "set ro/f.yaml '[\"a\"]' '\"new\"'",
        "set --write-through ro/f.yaml '[\"a\"]' '\"new\"'",
        "decrypt --output ro/new.yaml f.yaml",
        "decrypt --output ro/new/new.yaml f.yaml",
        "keygen --output ro/more/keys.txt",
        "edit ro/f.yaml",
        "edit --write-through ro/f.yaml",
    ] {
        let (code, text) = run(args);
        let is_told =
            text.contains("the file system is read-only") && text.contains("hint: findmnt -T ") && !text.contains("--write-through ");
        assert!(code == Some(3) && is_told || text.contains("there is no folder ro/new"), "{args}: {code:?} {text}");
    }
    let (code, text) = run("set ro/alone.yaml '[\"a\"]' '\"new\"'");
    assert!(code == Some(3) && text.contains("hint: --write-through"), "{text}");
    let (code, text) = run("set --write-through ro/alone.yaml '[\"a\"]' '\"new\"'");
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(value(&place, "ro/alone.yaml", "a"), "new");
}

#[test]
fn a_file_that_may_not_change_stays() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", PLAIN);
    let flag =
        |how: &str| Command::new("chattr").arg(how).arg(place.path("f.yaml")).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    let mut set = if flag("+i") {
        ours(&place, &SET)
    } else {
        // No right to the flag, or a file system without it: the kernel's answer all the same.
        let mut strace = command(&place, "strace");
        strace.args(["-f", "-qqq", "-o", "/dev/null", "-e", "inject=renameat:error=EPERM", PROGRAM]).args(SET);
        strace
    };
    let output = set.output().unwrap();
    flag("-i");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("permission denied"), "{}", said(&output));
    assert_eq!(place.read("f.yaml"), before);
    assert_eq!(leftovers(&place.path("")), Vec::<PathBuf>::new());
}

/// What cannot hold the result is not changed in place: a pipe, standard input by its name.
#[test]
fn no_pipe_is_changed_in_place() {
    let place = Place::project();
    let sealed = sealed(&place, "f.yaml", PLAIN);
    let big = format!("a: \"{}\"\n", "x".repeat(200_000));
    for (command, text) in [("encrypt", big.as_bytes()), ("encrypt", PLAIN.as_bytes()), ("decrypt", &sealed)] {
        for program in [Program::Ours, Program::AsSops] {
            let name = if command == "encrypt" {
                &["--filename-override", "x.yaml"][..]
            } else {
                &["--input-type", "yaml", "--output-type", "yaml"]
            };
            let args = [&[command, "-i"], name, &["/dev/stdin"]].concat();
            let done = place.call(program, &args).stdin(text).run();
            assert_eq!(done.status.code(), Some(3), "{program:?} {args:?}: {}", said(&done));
            assert!(done.stdout.is_empty() && said(&done).contains("no regular file and cannot be changed in place"), "{}", said(&done));
        }
    }
}
