//! Go's regexes as the real sops has them: what matches, what is refused, and the very words of the refusal.

use leafcrypt::seal::go_regex::GoRegex;

use crate::tools::{Place, sops};

const PATTERNS: &str = include_str!("interop/regexes.txt");

/// What the real sops says of a pattern and the path of a file.
fn theirs(place: &Place, pattern: &str, text: &str) -> Result<bool, String> {
    let quoted = pattern.replace('\'', "''");
    let first = format!("  - {{path_regex: '{quoted}', age: {}, encrypted_suffix: hit}}\n", place.recipient);
    place.write(".sops.yaml", format!("creation_rules:\n{first}  - {{age: {}}}\n", place.recipient));
    let name = text.trim_start_matches('/');
    let done = place.sops(["encrypt", "--input-type", "yaml", "--output-type", "yaml", "--filename-override", name, "f.yaml"]).unwrap();
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    match said.split_once("can not compile regexp: ") {
        Some((_, why)) => Err(why.to_owned()),
        None => {
            assert!(done.status.success(), "{pattern}: {said}");
            Ok(String::from_utf8_lossy(&done.stdout).contains("encrypted_suffix: hit"))
        }
    }
}

#[test]
fn as_go_has_them() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    place.write("f.yaml", "a: 1\n");
    let mut wrong = Vec::new();
    for line in PATTERNS.lines().filter(|line| !line.starts_with("# ")) {
        let (pattern, text) = line.split_once('\t').unwrap();
        let ours = GoRegex::new(pattern).map(|regex| regex.is_match(text.as_bytes())).map_err(|why| why.to_string());
        let theirs = theirs(&place, pattern, text);
        if ours != theirs {
            wrong.push(format!("{pattern} in {text}: sops {theirs:?}, ours {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} patterns:\n{}", wrong.len(), wrong.join("\n"));
}
