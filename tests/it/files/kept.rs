//! What belongs to a file stays (P7), and what a new one is given (P13; `docs/sealed-file.md`, section 6).

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use super::people::{NOBODY, is_root};
use super::{PROGRAM, command, must, said, sealed, value};
use crate::tools::Place;

/// The commands that change `f.yaml`, from sealed to sealed, to plain, to sealed.
fn each_change(place: &Place, check: impl Fn()) {
    let age = place.recipient.as_str();
    for args in [&["set", "f.yaml", "[\"a\"]", "\"new\""][..], &["decrypt", "-i", "f.yaml"], &["encrypt", "-i", "--age", age, "f.yaml"]] {
        must(place, args);
        check();
    }
    assert_eq!(value(place, "f.yaml", "a"), "new");
}

fn tool(place: &Place, program: &str, args: &[&str]) -> String {
    let output = command(place, program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}: tests/run installs it"));
    assert!(output.status.success(), "{program} {args:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn mode_and_owner() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: old\n");
    for mode in [0o600, 0o640, 0o664, 0o755, 0o2640] {
        std::fs::set_permissions(place.path("f.yaml"), std::fs::Permissions::from_mode(mode)).unwrap();
        if is_root() {
            std::os::unix::fs::chown(place.path("f.yaml"), Some(NOBODY), Some(1)).unwrap();
            std::fs::set_permissions(place.path("f.yaml"), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let facts = || {
            let now = place.path("f.yaml").metadata().unwrap();
            (now.permissions().mode() & 0o7777, now.uid(), now.gid())
        };
        let before = facts();
        assert_eq!(before.0, mode);
        each_change(&place, || assert_eq!(facts(), before));
    }
}

#[test]
fn access_list_and_attributes() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: old\n");
    tool(&place, "setfacl", &["-m", "u:1:r,g:2:rw,m::rw", "f.yaml"]);
    tool(&place, "setfattr", &["-n", "user.note", "-v", "kept", "f.yaml"]);
    if is_root() {
        tool(&place, "setfattr", &["-n", "trusted.note", "-v", "kept too", "f.yaml"]);
    }
    let facts = || tool(&place, "getfacl", &["-n", "f.yaml"]) + &tool(&place, "getfattr", &["-d", "-m", "-", "f.yaml"]);
    let before = facts();
    assert!(before.contains("user:1:r--") && before.contains("group:2:rw-") && before.contains("user.note"), "{before}");
    each_change(&place, || assert_eq!(facts(), before));
}

#[test]
fn a_folder_opens_no_file_to_others_that_was_closed_to_them() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: old\n");
    std::fs::set_permissions(place.path("f.yaml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let before = tool(&place, "getfacl", &["-n", "f.yaml"]);
    tool(&place, "setfacl", &["-d", "-m", "u:1:rwx", "."]);
    each_change(&place, || assert_eq!(tool(&place, "getfacl", &["-n", "f.yaml"]), before));
    must(&place, &["decrypt", "--output", "plain.yaml", "f.yaml"]);
    let plain = tool(&place, "getfacl", &["-n", "plain.yaml"]);
    assert!(plain.contains("mask::---") && plain.contains("other::---"), "{plain}");
}

/// A new file under a umask.
fn check(umask: &str, args: &[&str], expected: u32) {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: old\n");
    place.write("plain.yaml", "a: old\n");
    let mut shell = command(&place, "sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", PROGRAM]);
    shell.args(args.iter().map(|arg| arg.replace("RECIPIENT", &place.recipient)));
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let mode = place.path("new").metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(format!("{mode:o}"), format!("{expected:o}"), "{args:?} under {umask}");
}

#[test]
fn new_files() {
    for (umask, sealed) in [("000", 0o666), ("002", 0o664), ("022", 0o644), ("027", 0o640), ("077", 0o600)] {
        check(umask, &["encrypt", "--age", "RECIPIENT", "--output", "new", "plain.yaml"], sealed);
        check(umask, &["decrypt", "--output", "new", "f.yaml"], 0o600);
        check(umask, &["keygen", "--output", "new"], 0o600);
    }
}

#[test]
fn new_folders_are_the_owners_alone() {
    let place = Place::new();
    let output = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" keygen", PROGRAM])
        .env_clear()
        .env("HOME", place.path("home"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    for folder in ["home/.config", "home/.config/sops", "home/.config/sops/age"] {
        assert_eq!(place.path(folder).metadata().unwrap().permissions().mode() & 0o7777, 0o700, "{folder}");
    }
}
