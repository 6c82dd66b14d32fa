//! What is in memory while a result waits to be read: one copy of the plaintext, no data key, no identity (P16).

use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::{Child, Stdio};

use crate::files::{PROGRAM, command, people, said, sealed};
use crate::tools::{Place, script, soon};

/// Everything that a process can write to.
fn memory(process: &Child) -> Vec<u8> {
    memory_of(process.id())
}

fn memory_of(process: u32) -> Vec<u8> {
    let path = |name: &str| format!("/proc/{process}/{name}");
    let mut memory = std::fs::File::open(path("mem")).unwrap();
    let mut all = Vec::new();
    for line in std::fs::read_to_string(path("maps")).unwrap().lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if rights.contains('w') {
            let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
            let (from, to) = range.split_once('-').map(|(from, to)| (number(from), number(to))).unwrap();
            memory.seek(SeekFrom::Start(from)).unwrap();
            let mut part = vec![0; (to - from) as usize];
            // The stack of a thread that has ended meanwhile is gone.
            if memory.read_exact(&mut part).is_ok() {
                all.append(&mut part);
            }
        }
    }
    all
}

fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

fn data_key(place: &Place, sealed: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(sealed.to_vec()).unwrap();
    // In all formats the same, but for line breaks that are spelled out, and indentation.
    let (start, end) = ("-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----");
    let block = &text[text.find(start).unwrap()..text.find(end).unwrap() + end.len()];
    let block: String = block.replace("\\n", "\n").lines().map(|line| format!("{}\n", line.trim())).collect();
    place.write("wrapped", block);
    let output =
        command(place, "age").args(["--decrypt", "--identity", "keys.txt", "wrapped"]).output().expect("age: tests/run installs it");
    assert_eq!(output.stdout.len(), 32, "{}", said(&output));
    output.stdout
}

/// Seals a text with the values `hunter2-first` and `hunter2-last`, lets a command open it, and counts what is left while its output is waiting.
fn check(name: &str, text: &str, args: &[&str]) {
    // Nobody else may look, which `hardened.rs` shows.
    if !people::as_root() {
        return;
    }
    let place = Place::new();
    // More than a pipe takes.
    let text = sealed(&place, name, &text.replace("LONG", &"x".repeat(200_000)));
    let mut ours = command(&place, PROGRAM);
    let mut child = ours.args(args).arg(name).stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let status = format!("/proc/{}/status", child.id());
    soon("it waits", || std::fs::read_to_string(&status).unwrap().contains("State:\tS"));
    let memory = memory(&child);
    child.kill().unwrap();
    child.wait().unwrap();
    let identity = place.read("keys.txt").split(|byte| *byte == b'\n').find(|line| line.starts_with(b"AGE-SECRET")).unwrap().to_vec();
    let secrets = [b"hunter2-first".as_slice(), b"hunter2-last", &identity, &data_key(&place, &text)];
    let found = secrets.map(|what| count(&memory, what));
    assert_eq!(found, [1, 1, 0, 0], "{args:?} {name}: first value, last value, identity, data key");
}

/// The 32 bytes that an identity spells (bech32, BIP 173; its sum is not looked at).
fn raw(identity: &[u8]) -> Vec<u8> {
    let letters = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let text = identity.strip_prefix(b"AGE-SECRET-KEY-1").unwrap();
    let (mut bits, mut held, mut out) = (0_u32, 0, Vec::new());
    for letter in &text[..text.len() - 6] {
        bits = bits << 5 | letters.iter().position(|b| b == letter).unwrap() as u32;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    assert_eq!(out.len(), 32);
    out
}

/// While a program runs beside us, perhaps for weeks: no identity, no data key, and of the plaintext what it is given.
#[test]
fn beside_a_program() {
    if !people::as_root() {
        return;
    }
    let wait = "touch up; exec sleep 600";
    for (name, args) in [
        ("leafcrypt", &["exec-file", "--no-fifo", "f.env", wait][..]),
        ("leafcrypt", &["exec-file", "--memfd", "f.env", wait]),
        ("leafcrypt", &["exec-file", "f.env", "cat {} > /dev/null; touch up; exec sleep 600"]),
        ("sops", &["exec-env", "f.env", wait]),
    ] {
        let place = Place::new();
        let text = sealed(&place, "f.env", "A=hunter2-first\nB=hunter2-last\n");
        let mut ours = command(&place, PROGRAM);
        let mut child = std::os::unix::process::CommandExt::arg0(&mut ours, name).args(args).stdout(Stdio::null()).spawn().unwrap();
        soon(&format!("{args:?}: the program runs"), || place.path("up").exists());
        let identity = place.read("keys.txt").split(|byte| *byte == b'\n').find(|line| line.starts_with(b"AGE-SECRET")).unwrap().to_vec();
        let key = data_key(&place, &text);
        // The environment of a program has been ours to give, and std keeps it.
        let most = if name == "sops" { 2 } else { 0 };
        // What was read from the pipe is wiped by its thread.
        soon(&format!("{name} {args:?}: no identity, none of its bytes, no data key, no value"), || {
            let memory = memory(&child);
            let values = [b"hunter2-first".as_slice(), b"hunter2-last"].map(|what| count(&memory, what));
            [&identity, &raw(&identity), &key].iter().all(|what| count(&memory, what) == 0) && values.iter().all(|n| *n <= most)
        });
        command(&place, "kill").arg("-TERM").arg(child.id().to_string()).output().unwrap();
        child.wait().unwrap();
    }
}

/// While somebody types, perhaps for hours: no identity and no value but in the file; the data key once, in us to seal what was typed, and in our helper to
/// seal it when we are dead.
#[test]
fn beside_an_editor() {
    if !people::as_root() {
        return;
    }
    let wait = "#!/bin/sh\ntouch up; exec sleep 600\n";
    // The second time after a pause: what was typed did not parse.
    let again = "#!/bin/sh\n[ -e once ] && { touch up; exec sleep 600; }; touch once; echo '{' >> \"$1\"\n";
    for (name, file, text, editor) in [
        ("leafcrypt", "f.yaml", YAML, wait),
        ("leafcrypt", "f.json", JSON, wait),
        ("leafcrypt", "f.bin", "hunter2-first LONG hunter2-last", wait),
        ("leafcrypt", "f.env", "A=hunter2-first\nB=LONG\nC=hunter2-last\n", wait),
        ("leafcrypt", "f.yaml", YAML, again),
        ("sops", "f.yaml", YAML, wait),
    ] {
        let place = Place::new();
        let sealed = sealed(&place, file, &text.replace("LONG", &"x".repeat(20_000)));
        script(&place.path("editor"), editor);
        let mut ours = command(&place, PROGRAM);
        ours.env("EDITOR", place.path("editor")).args(["edit", file]).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = std::os::unix::process::CommandExt::arg0(&mut ours, name).stdout(Stdio::null()).spawn().unwrap();
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"\n").unwrap();
        soon(&format!("{name} {file}: the editor runs"), || place.path("up").exists());
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
        let is_helper = |id: &&str| std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap().contains("__keeper");
        let helper = children.split_whitespace().find(is_helper).expect("the helper lives").parse().unwrap();
        let identity = place.read("keys.txt").split(|byte| *byte == b'\n').find(|line| line.starts_with(b"AGE-SECRET")).unwrap().to_vec();
        let secrets = [&identity[..], &raw(&identity), b"hunter2-first", b"hunter2-last", &data_key(&place, &sealed)];
        let found = [child.id(), helper].map(|id| {
            let memory = memory_of(id);
            secrets.map(|what| count(&memory, what))
        });
        command(&place, "kill").arg("-TERM").arg(child.id().to_string()).output().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [[0, 0, 0, 0, 1]; 2], "{name} {file}: identity, its bytes, values, data key; in us, in the helper");
    }
}

const YAML: &str = "a: hunter2-first\nb: LONG\nc: hunter2-last\n";
const JSON: &str = "{\"a\": \"hunter2-first\", \"b\": \"LONG\", \"c\": \"hunter2-last\"}\n";

#[test]
fn a_waiting_result_is_the_only_copy() {
    check("f.yaml", YAML, &["decrypt"]);
    check("f.json", JSON, &["decrypt"]);
    check("f.env", "a=hunter2-first\nb=LONG\nc=hunter2-last\n", &["decrypt"]);
    check("f.ini", "[s]\na = hunter2-first\nb = LONG\nc = hunter2-last\n", &["decrypt"]);
    check("f.toml", "a = \"hunter2-first\"\nb = \"LONG\"\nc = \"hunter2-last\"\n", &["decrypt"]);
    check("f.bin", "hunter2-first LONG hunter2-last", &["decrypt"]);
}

#[test]
fn also_when_it_is_printed_anew() {
    check("f.yaml", YAML, &["decrypt", "--output-type", "json"]);
    check("f.json", JSON, &["decrypt", "--output-type", "yaml"]);
    check("f.yaml", &YAML.replace("\n", "\n  ").replacen("a:", "m:\n  a:", 1), &["decrypt", "--extract", "[\"m\"]"]);
}
