//! `set` of one value among 10,000: what changes in the file is that leaf, `mac`, `lastmodified` and our own field.

use std::collections::HashSet;

use crate::tools::{Place, Program};

const LEAVES: usize = 10_000;

fn text(ending: &str) -> String {
    let lines = |line: &dyn Fn(usize) -> String| (0..LEAVES).map(line).collect::<Vec<_>>();
    match ending {
        "yaml" => lines(&|i| format!("key{i}: value {i}  # {i}\n")).concat(),
        "json" => format!("{{\n{}\n}}\n", lines(&|i| format!("  \"key{i}\" : \"value {i}\"")).join(",\n")),
        "env" => lines(&|i| format!("key{i}=value {i}\n")).concat(),
        _ => format!("[s]\n{}", lines(&|i| format!("key{i} =   value {i}\n")).concat()),
    }
}

/// What a line of the file names.
fn name(line: &str) -> &str {
    line.trim_start().trim_start_matches('"').split([':', '=', '"', ' ']).next().unwrap()
}

fn check(ending: &str, path: &str) {
    let place = Place::new();
    let file = format!("f.{ending}");
    let plain = text(ending);
    place.write(&file, &plain);
    let sealed = place.ours(["encrypt", "--age", &place.recipient, "-i", &file]);
    assert!(sealed.status.success(), "{ending}: {}", String::from_utf8_lossy(&sealed.stderr));
    all_cores_sealed_it(&place, &file, &plain);
    for (program, value) in [(Program::Ours, "first"), (Program::AsSops, "second")] {
        let before = String::from_utf8(place.read(&file)).unwrap();
        // The date counts whole seconds.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let done = place.call(program, ["set", &file, path, &format!("\"{value}\"")]).run();
        assert!(done.status.success(), "{ending}: {}", String::from_utf8_lossy(&done.stderr));
        let after = String::from_utf8(place.read(&file)).unwrap();
        assert_eq!(before.lines().count(), after.lines().count(), "{ending}");
        let mut changed: Vec<&str> = before.lines().zip(after.lines()).filter(|(a, b)| a != b).map(|(_, b)| name(b)).collect();
        changed.iter_mut().for_each(|name| *name = name.trim_start_matches("sops_"));
        changed.sort_unstable();
        assert_eq!(changed, ["key5000", "lastmodified", "leafcrypt", "mac"], "{ending} {program:?}");
        let opened = place.ours(["decrypt", "--require-witness", &file]);
        assert_eq!(String::from_utf8(opened.stdout).unwrap(), plain.replacen("value 5000", value, 1), "{ending} {program:?}");
    }
}

/// Several threads make the tokens of so many, and open them: no nonce comes twice, `sops` opens it, and what is wrong is told of the right value.
fn all_cores_sealed_it(place: &Place, file: &str, plain: &str) {
    let sealed = String::from_utf8(place.read(file)).unwrap();
    let nonces: Vec<&str> = sealed.split("iv:").skip(1).map(|rest| &rest[..44]).collect();
    let different: HashSet<&str> = nonces.iter().copied().collect();
    assert!(nonces.len() > LEAVES && different.len() == nonces.len(), "{file}: {} of {}", different.len(), nonces.len());
    if let Some(by_sops) = place.sops(["decrypt", file]) {
        assert!(by_sops.status.success(), "{file}: {}", String::from_utf8_lossy(&by_sops.stderr));
        let opened = String::from_utf8(by_sops.stdout).unwrap();
        assert_eq!(opened.matches("value ").count(), plain.matches("value ").count(), "{file}");
    }
    for key in ["key7777", "key4444"] {
        let place_of = sealed.find(key).unwrap();
        let data = place_of + sealed[place_of..].find("data:").unwrap() + 5;
        let other = if sealed[data..].starts_with('A') { "B" } else { "A" };
        let damaged = [&sealed[..data], other, &sealed[data + 1..]].concat();
        place.write(&format!("damaged-{file}"), &damaged);
        let refused = place.ours(["decrypt", &format!("damaged-{file}")]);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && refused.stdout.is_empty() && words.contains(key), "{file}: {words}");
    }
}

#[test]
fn yaml() {
    check("yaml", "[\"key5000\"]");
}

#[test]
fn json() {
    check("json", "[\"key5000\"]");
}

#[test]
fn env() {
    check("env", "[\"key5000\"]");
}

#[test]
fn ini() {
    check("ini", "[\"s\"][\"key5000\"]");
}
