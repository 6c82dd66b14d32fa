//! Several writers at a time: each one that says it succeeded is in the file, and a reader sees a valid file always (P8).

use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::{PROGRAM, command, leftovers, must, said, sealed, value};
use crate::tools::Place;

fn set(place: &Place, file: &str, key: &str, value: &str) -> Child {
    let mut set = command(place, PROGRAM);
    set.args(["set", file, &format!("[\"{key}\"]"), &format!("\"{value}\"")]);
    set.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn of_32_writers_each_is_in_the_file_and_readers_see_no_torn_one() {
    const WRITERS: usize = 32;
    let place = Place::new();
    sealed(&place, "f.yaml", &(0..WRITERS).map(|n| format!("k{n}: old\n")).collect::<String>());
    let done = AtomicBool::new(false);
    let ended = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::SeqCst) {
                must(&place, &["decrypt", "f.yaml"]);
                reads += 1;
            }
            reads
        });
        let writers: Vec<Child> = (0..WRITERS).map(|n| set(&place, "f.yaml", &format!("k{n}"), &format!("new{n}"))).collect();
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.wait_with_output().unwrap()).collect();
        done.store(true, Ordering::SeqCst);
        assert!(reader.join().unwrap() > 0);
        ended
    });
    // On a machine that is very busy some may wait for ten seconds in vain: they say so, and have written nothing.
    let succeeded = |output: &Output| {
        let locked = output.status.code() == Some(3) && said(output).contains("has been writing in this folder");
        assert!(output.status.success() || locked, "{}", said(output));
        output.status.success()
    };
    assert!(ended.iter().filter(|output| succeeded(output)).count() >= WRITERS - 8);
    let line = |(n, output): (usize, &Output)| if succeeded(output) { format!("k{n}: new{n}\n") } else { format!("k{n}: old\n") };
    let expected: String = ended.iter().enumerate().map(line).collect();
    assert_eq!(String::from_utf8(must(&place, &["decrypt", "--require-witness", "f.yaml"])).unwrap(), expected);
    assert_eq!(leftovers(&place.path("")), Vec::<std::path::PathBuf>::new());
}

#[test]
fn of_two_writers_of_one_key_the_last_wins() {
    let place = Place::new();
    sealed(&place, "f.json", "{\"a\": \"old\", \"b\": \"kept\"}\n");
    for round in 0..8 {
        let values = [format!("one{round}"), format!("two{round}")];
        let writers: Vec<Child> = values.iter().map(|value| set(&place, "f.json", "a", value)).collect();
        writers.into_iter().for_each(end);
        assert!(values.contains(&value(&place, "f.json", "a")));
    }
    assert_eq!(value(&place, "f.json", "b"), "kept");
}

/// A writer has read the file and waits for its folder; meanwhile the file becomes another.
fn overtaken(place: &Place, by: &[u8]) -> Output {
    overtake(place, || set(place, "f.yaml", "a", "mine"), by)
}

fn overtake(place: &Place, start: impl FnOnce() -> Child, by: &[u8]) -> Output {
    let folder = std::fs::File::open(place.path("")).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    let writer = start();
    // Long enough to read and to wait; were it not, the case would only prove less.
    thread::sleep(Duration::from_millis(700));
    // As a whole: it may read only now.
    place.write("f.new", by);
    std::fs::rename(place.path("f.new"), place.path("f.yaml")).unwrap();
    drop(folder);
    writer.wait_with_output().unwrap()
}

#[test]
fn a_change_is_made_again_on_what_the_file_has_become() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: 'x'\nb: 'x'\n");
    must(&place, &["set", "f.yaml", "[\"b\"]", "\"theirs\""]);
    let same_key = place.read("f.yaml");
    place.write("f.yaml", before);
    assert!(overtaken(&place, &same_key).status.success());
    assert_eq!((value(&place, "f.yaml", "a"), value(&place, "f.yaml", "b")), ("mine".to_owned(), "theirs".to_owned()));
}

#[test]
fn also_under_another_data_key() {
    let place = Place::new();
    let other_key = sealed(&place, "f.yaml", "a: 'x'\nb: 'theirs'\n");
    sealed(&place, "f.yaml", "a: 'x'\nb: 'x'\n");
    assert!(overtaken(&place, &other_key).status.success());
    assert_eq!((value(&place, "f.yaml", "a"), value(&place, "f.yaml", "b")), ("mine".to_owned(), "theirs".to_owned()));
}

#[test]
fn a_rotation_takes_a_change_along() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: 'x'\nb: 'x'\n");
    must(&place, &["set", "f.yaml", "[\"b\"]", "\"theirs\""]);
    let changed = place.read("f.yaml");
    place.write("f.yaml", before);
    let rotate = || command(&place, PROGRAM).args(["rotate", "-y", "-i", "f.yaml"]).stderr(Stdio::piped()).spawn().unwrap();
    let output = overtake(&place, rotate, &changed);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(value(&place, "f.yaml", "b"), "theirs");
    let tokens = |text: &[u8]| String::from_utf8_lossy(text).lines().filter(|line| line.contains("ENC[")).count();
    let kept = String::from_utf8(place.read("f.yaml")).unwrap();
    assert!(
        tokens(&changed) > 2
            && String::from_utf8(changed).unwrap().lines().filter(|line| line.contains("ENC[")).all(|line| !kept.contains(line))
    );
}

#[test]
fn what_is_no_sealed_file_any_more_stays_as_it_is() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: 'x'\n");
    let output = overtaken(&place, b"a: plain now\n");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(place.read("f.yaml"), b"a: plain now\n");
}

#[test]
fn in_place_encryption_does_not_overwrite_a_change() {
    let place = Place::new();
    place.write("f.yaml", "a: 'x'\n");
    let folder = std::fs::File::open(place.path("")).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    let mut encrypt = command(&place, PROGRAM);
    let writer = encrypt.args(["encrypt", "-i", "--age", &place.recipient, "f.yaml"]).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(700));
    place.write("f.new", "a: 'changed'\n");
    std::fs::rename(place.path("f.new"), place.path("f.yaml")).unwrap();
    drop(folder);
    let output = writer.wait_with_output().unwrap();
    // Slow machines may read only now: then there was nothing to overwrite.
    if output.status.success() {
        assert_eq!(value(&place, "f.yaml", "a"), "changed");
    } else {
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert_eq!(place.read("f.yaml"), b"a: 'changed'\n");
    }
}

#[test]
fn a_folder_that_stays_locked_is_an_error_after_ten_seconds() {
    let place = Place::new();
    let before = sealed(&place, "f.yaml", "a: 'x'\n");
    let folder = std::fs::File::open(place.path("")).unwrap();
    flock(&folder, FlockOperation::LockExclusive).unwrap();
    let start = Instant::now();
    let output = set(&place, "f.yaml", "a", "y").wait_with_output().unwrap();
    let took = start.elapsed();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("another program has been writing in this folder for 10 seconds"), "{}", said(&output));
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(60), "{took:?}");
    assert_eq!(place.read("f.yaml"), before);
}
