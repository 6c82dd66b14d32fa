//! Folders in which most is none of ours: big files, and folders that nobody may read.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use crate::files::{PROGRAM, command, people, said};
use crate::tools::Place;

/// So much memory, and no more: what is none of ours is not read as a whole.
fn within(place: &Place, mib: u32, args: &[&str]) -> Output {
    let limits = format!("ulimit -v {}; exec \"$0\" \"$@\"", mib * 1024);
    // Each thread has an arena otherwise, of 64 MiB of address space: more on a machine with many cores.
    command(place, "sh").args(["-c", &limits, PROGRAM]).args(args).env("MALLOC_ARENA_MAX", "1").output().unwrap()
}

#[test]
fn big_files_that_are_none_of_ours() {
    let place = Place::project();
    std::fs::create_dir(place.path("d")).unwrap();
    place.seal("d/a.yaml", "a: canary\n");
    // Sparse: nothing of it is on the disk.
    for (name, len) in [("disk.img", 2 << 30), ("db.json", 1400 << 20), ("log.yaml", 250 << 20), ("x.env", 1 << 30)] {
        std::fs::File::create(place.path("d").join(name)).unwrap().set_len(len).unwrap();
    }
    place.write("d/big.txt", "line of a log\n".repeat(3 << 20));
    let done = within(&place, 400, &["recipients", "d"]);
    assert!(done.status.success(), "{}", said(&done));
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(out.starts_with("d/a.yaml\n") && out.lines().count() == 2, "{out}");
    let done = within(&place, 400, &["updatekeys", "-y", "d"]);
    assert!(done.status.success() && said(&done).contains("d/a.yaml: already up to date"), "{}", said(&done));
    let done = within(&place, 400, &["doctor", "d"]);
    let err = said(&done) + &String::from_utf8_lossy(&done.stdout);
    assert!(err.contains("d/a.yaml") && !err.contains("over the limit"), "{err}");
    // What looks sealed far behind its beginning is ours, and too big is then an error.
    let far = format!("a: {}\nsops:\n  mac: x\n", "x".repeat(3 << 20));
    place.write("d/far.yaml", far);
    let done = place.ours(["recipients", "d"]);
    assert!(!done.status.success() && said(&done).contains("d/far.yaml"), "{}", said(&done));
    let file = std::fs::File::create(place.path("d/far.yaml")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &b"\n".repeat(1 << 20), 0).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"sops:\n", (1 << 20) - 3).unwrap();
    file.set_len(200 << 20).unwrap();
    let done = within(&place, 400, &["recipients", "d"]);
    assert_eq!(done.status.code(), Some(2), "{}", said(&done));
    assert!(said(&done).contains("d/far.yaml: the file is over the limit of 201326592 bytes"), "{}", said(&done));
    // One that was named is not passed over.
    let done = within(&place, 400, &["recipients", "d/log.yaml"]);
    assert!(!done.status.success() && said(&done).contains("over the limit"), "{}", said(&done));
}

#[test]
fn folders_that_nobody_may_read() {
    let place = people::place();
    people::must(&place, &["encrypt", "-i", "--age", &place.recipient, "a.yaml"], || place.write("a.yaml", "a: canary\n"));
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    for folder in ["d/closed", "d/open"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
    }
    std::fs::copy(place.path("a.yaml"), place.path("d/open/a.yaml")).unwrap();
    std::fs::set_permissions(place.path("d/closed"), PermissionsExt::from_mode(0o000)).unwrap();
    if people::is_root() {
        for name in [".sops.yaml", "d", "d/closed", "d/open", "d/open/a.yaml"] {
            std::os::unix::fs::chown(place.path(name), Some(people::NOBODY), Some(people::NOBODY)).unwrap();
        }
    }
    let run = |args: &[&str]| {
        let mut ours = command(&place, PROGRAM);
        ours.args(args);
        people::ordinary(ours).output().unwrap()
    };
    let done = run(&["recipients", "d"]);
    assert_eq!(done.status.code(), Some(2), "{}", said(&done));
    assert!(String::from_utf8_lossy(&done.stdout).starts_with("d/open/a.yaml\n"), "{}", said(&done));
    assert!(said(&done).contains("d/closed: permission denied"), "{}", said(&done));
    let done = run(&["recipients", "--json", "d"]);
    let listed: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((listed[0]["file"].as_str(), listed[1]["file"].as_str()), (Some("d/open/a.yaml"), Some("d/closed")), "{listed}");
    let done = run(&["updatekeys", "-y", "d"]);
    assert!(!done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains("d/open/a.yaml: already up to date") && said(&done).contains("d/closed: permission denied"),
        "{}",
        said(&done)
    );
    let done = run(&["updatekeys", "-y", "--json", "d"]);
    let listed: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((listed[0]["outcome"].as_str(), listed[1]["outcome"].as_str()), (Some("up-to-date"), Some("failed")), "{listed}");
    std::fs::set_permissions(place.path("d/closed"), PermissionsExt::from_mode(0o700)).unwrap();
}

/// `rotate` and `decrypt` of several files and of folders, in place: each for itself, and one that fails stops no other.
#[test]
fn rotated_and_opened() {
    let place = Place::project();
    std::fs::create_dir_all(place.path("d/e")).unwrap();
    let files = [("a.yaml", "a: canary\n"), ("d/b.json", "{\"b\": \"canary\"}\n"), ("d/e/c.env", "C=canary\n")];
    let before: Vec<String> = files.iter().map(|(name, plain)| place.seal(name, plain)).collect();
    let now = || files.map(|(name, _)| String::from_utf8_lossy(&place.read(name)).into_owned());
    place.write("d/notes.yaml", "sops: we use it\n");
    place.write("d/plain.txt", "nothing\n");

    // Not to one stream, and not to one file.
    for args in [&["rotate", "a.yaml", "d"][..], &["decrypt", "a.yaml", "d/b.json"], &["rotate", "d", "a.yaml", "--output", "x"]] {
        let done = place.ours(args);
        assert_eq!(done.status.code(), Some(1), "{args:?}");
        assert!(
            done.stdout.is_empty() && said(&done).contains(if args.contains(&"--output") { "one file" } else { "-i" }),
            "{args:?}: {}",
            said(&done)
        );
    }
    let done = place.ours(["decrypt", "-i", "--extract", "[\"a\"]", "a.yaml", "d"]);
    assert!(done.status.code() == Some(1) && said(&done).contains("--extract is for one file"), "{}", said(&done));
    assert_eq!(now().to_vec(), before);

    let done = place.ours(["rotate", "-i", "a.yaml", "d"]);
    assert!(done.status.success() && done.stdout.is_empty(), "{}", said(&done));
    let rotated = now();
    assert!(before.iter().zip(&rotated).all(|(old, new)| old != new), "{rotated:?}");

    // One that is named and is not sealed, and one that is damaged, stop none of the others.
    place.write("d/bad.yaml", rotated[0].replace("a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AAAA"));
    let done = place.ours(["decrypt", "-i", "d", "d/plain.txt", "missing.yaml", "a.yaml"]);
    let err = said(&done);
    assert_eq!(done.status.code(), Some(1), "{err}");
    for part in ["d/bad.yaml", "d/plain.txt", "missing.yaml", "failed decrypting 3 of 6 files"] {
        assert!(err.contains(part), "{part}: {err}");
    }
    assert_eq!(now(), files.map(|(_, plain)| plain.to_owned()));
    assert_eq!(place.read("d/notes.yaml"), b"sops: we use it\n");
    // Alone it is told as ever, and nothing to do is no error.
    let done = place.ours(["decrypt", "-i", "d/plain.txt"]);
    assert!(done.status.code() == Some(1) && !said(&done).contains("failed decrypting"), "{}", said(&done));
    // In a folder it is one of many, also if it is the only one.
    let done = place.ours(["decrypt", "-i", "d"]);
    assert!(done.status.code() == Some(1) && said(&done).contains("failed decrypting 1 of 1 files"), "{}", said(&done));
    std::fs::remove_file(place.path("d/bad.yaml")).unwrap();
    let done = place.ours(["rotate", "-i", "d"]);
    assert!(done.status.success() && said(&done).contains("no sealed file is there"), "{}", said(&done));
}

/// What a killed writer has left is nobody's file: no command over folders lists it or writes it anew, and the first write beside it removes it.
#[test]
fn what_a_killed_writer_left_is_passed_over() {
    let place = Place::project();
    std::fs::create_dir(place.path("d")).unwrap();
    place.seal("d/a.yaml", "a: canary\n");
    let left = format!("d/.leafcrypt-{}.tmp", "0123456789abcdef".repeat(2));
    place.write(&left, place.read("d/a.yaml"));
    let other = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {},{other}\n", place.recipient));
    let before = place.read(&left);
    for args in [&["recipients", "d"][..], &["updatekeys", "--dry-run", "d"]] {
        let done = place.ours(args);
        let out = said(&done) + &String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && out.contains("d/a.yaml") && !out.contains(".leafcrypt-"), "{args:?}: {out}");
    }
    assert_eq!(place.read(&left), before);
    for args in [&["updatekeys", "-y", "d"][..], &["rotate", "-i", "-y", "d"], &["decrypt", "-i", "d"]] {
        place.write(&left, &before);
        let done = place.ours(args);
        assert!(done.status.success() && !said(&done).contains(".leafcrypt-"), "{args:?}: {}", said(&done));
        assert!(!place.path(&left).exists(), "{args:?}");
    }
}

/// As `sops` only the first counts, as with SOPS.
#[test]
fn one_of_several_as_sops() {
    let place = Place::project();
    let [a, b] = ["a.yaml", "b.yaml"].map(|name| place.seal(name, "a: canary\n"));
    for call in [&["rotate", "-i", "a.yaml", "b.yaml"][..], &["decrypt", "-i", "a.yaml", "b.yaml"]] {
        let done = place.as_sops(call);
        assert!(done.status.success() && said(&done).contains("More than one positional argument"), "{call:?}: {}", said(&done));
        assert!(place.read("b.yaml") == b.as_bytes() && place.read("a.yaml") != a.as_bytes(), "{call:?}");
    }
}
