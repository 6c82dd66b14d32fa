//! Every format, every way to give keys, every selector: what sops seals we open to its bytes, what we seal sops opens to the same values
//! with the MAC checked, and both seal the same leaves and comments and say the same in the block.

use crate::interop_pair::check;
use crate::tools::{PGP, Place, sops};

/// A file that shows every selector at work, in a layout that sops prints back.
const FILES: [(&str, &str); 5] = [
    ("yaml", include_str!("interop/selectors.yaml")),
    ("json", include_str!("interop/selectors.json")),
    ("env", include_str!("interop/selectors.env")),
    ("ini", include_str!("interop/selectors.ini")),
    ("bin", "some text\nin lines, without an end"),
];

/// Keys of a rule, tried with every selector. ONE and TWO are age recipients, PGP a fingerprint.
const KEYS: [&str; 6] = [
    "age: ONE",
    "age: [ONE, TWO]",
    "pgp: PGP",
    "age: TWO, pgp: PGP",
    "key_groups: [{age: [ONE]}, {age: [TWO]}]",
    "shamir_threshold: 2, key_groups: [{age: [ONE]}, {pgp: [PGP]}, {age: [TWO], pgp: [PGP]}]",
];

/// More of them, with the default rule only.
const ODD_KEYS: [&str; 4] = [
    "shamir_threshold: 2, age: ONE",
    "key_groups: [{age: [TWO], pgp: [PGP]}]",
    "age: [ONE, ONE]",
    "shamir_threshold: 3, key_groups: [{age: [ONE], merge: [{age: [TWO, ONE]}]}, {age: [ONE]}, {age: [ONE]}, {age: [TWO]}]",
];

const SELECTORS: [&str; 9] = [
    "",
    "encrypted_suffix: _sec",
    "unencrypted_suffix: _sec",
    "encrypted_regex: '^(.*_sec|plain)$'",
    "unencrypted_regex: 'sec$'",
    "encrypted_comment_regex: '^ *sec'",
    "unencrypted_comment_regex: '^ *sec'",
    "mac_only_encrypted: true",
    "mac_only_encrypted: true, encrypted_suffix: _sec",
];

fn every_rule(ending: &str) {
    if sops().is_none() {
        return;
    }
    let mut place = Place::new().with_pgp();
    let [one, two] = place.known_ages();
    let plain = FILES.iter().find(|(e, _)| *e == ending).unwrap().1;
    let name = format!("f.{ending}");
    place.write(&name, plain);
    let mut wrong = Vec::new();
    let all = KEYS.iter().flat_map(|keys| SELECTORS.map(|selector| (keys, selector)));
    for (keys, selector) in all.chain(ODD_KEYS.iter().map(|keys| (keys, ""))) {
        let rule = format!("{{{keys}, {selector}}}").replace("ONE", &one).replace("TWO", &two).replace(": PGP", &format!(": {PGP}"));
        let rule = rule.replace("[PGP]", &format!("[{PGP}]"));
        place.write(".sops.yaml", format!("creation_rules: [{rule}]\n"));
        let case = format!("{ending}, {keys}, {selector}");
        wrong.extend(check(&place, ending, plain, &["encrypt", &name], &case).err());
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn yaml() {
    every_rule("yaml");
}

#[test]
fn json() {
    every_rule("json");
}

#[test]
fn dotenv() {
    every_rule("env");
}

#[test]
fn ini() {
    every_rule("ini");
}

#[test]
fn binary() {
    every_rule("bin");
}
