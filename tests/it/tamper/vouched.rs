//! Who may vouch for recipients (docs/sealed-file.md, section 3): a stranger, slipped into a file whose field was stripped, is not blessed by the
//! next `set`.

use super::{Sealed, YAML};
use crate::tools::Place;

/// What is known of the recipients after `set`.
#[derive(Debug, PartialEq, Eq)]
enum Keys {
    /// The digest is true.
    Vouched,
    /// It is zero: nobody vouches.
    Zero,
    /// There is no field.
    NoField,
    /// `set` refused with this code; the file is as it was.
    Refused(i32),
}

/// Seals a sample for two, lets `attack` change it, sets a value, and looks.
fn after_set(attack: impl FnOnce(&Place, &Sealed) -> String, flags: &[&str]) -> Keys {
    let place = Place::new();
    let (mine, other) = (place.recipient.clone(), Place::new().recipient.clone());
    place.write("f.yaml", YAML);
    let done = place.ours(["encrypt", "--age", &format!("{mine},{other}"), "-i", "f.yaml"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(place.ours(["decrypt", "--require-witness", "f.yaml"]).status.code(), Some(0), "encrypt vouches");
    let sealed = Sealed { text: String::from_utf8(place.read("f.yaml")).unwrap() };
    let changed = attack(&place, &sealed);
    place.write("f.yaml", &changed);
    let done = place.ours([&["set"], flags, &["f.yaml", "[\"port\"]", "9042"]].concat());
    if !done.status.success() {
        assert_eq!(place.read("f.yaml"), changed.as_bytes(), "a refused set changes nothing");
        return Keys::Refused(done.status.code().expect("an exit code"));
    }
    let now = Sealed { text: String::from_utf8(place.read("f.yaml")).unwrap() };
    assert_ne!(now.text, changed);
    let opened = place.ours(["decrypt", "f.yaml"]);
    assert!(opened.status.success() && String::from_utf8_lossy(&opened.stdout).contains("port: 9042"), "what was set is there");
    if now.line("leafcrypt").is_none() {
        return Keys::NoField;
    }
    let required = place.ours(["decrypt", "--require-witness", "f.yaml"]);
    match required.status.code() {
        Some(0) => Keys::Vouched,
        Some(51) => {
            let says = String::from_utf8_lossy(&required.stderr).into_owned();
            assert!(says.contains("vouched"), "{says}");
            Keys::Zero
        }
        other => panic!("{other:?}"),
    }
}

fn rule(place: &Place, recipients: &str) {
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {recipients}\n"));
}

fn stranger(sealed: &str) -> String {
    let added = sealed.replacen("    age:\n", &format!("    age:\n        - recipient: {}\n          enc: x\n", Place::new().recipient), 1);
    assert_ne!(added, sealed);
    added
}

fn recipients(sealed: &str) -> String {
    let names = sealed.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("recipient: "));
    names.collect::<Vec<_>>().join(",")
}

#[test]
fn a_file_that_proves_its_recipients_goes_on_doing_so() {
    assert_eq!(after_set(|_, s| s.text.clone(), &[]), Keys::Vouched);
}

#[test]
fn a_stripped_field_blesses_nobody() {
    assert_eq!(after_set(|_, s| s.without("leafcrypt").unwrap(), &[]), Keys::Zero);
    assert_eq!(after_set(|_, s| stranger(&s.without("leafcrypt").unwrap()), &[]), Keys::Zero);
}

#[test]
fn a_changed_recipient_is_not_blessed() {
    assert_eq!(after_set(|_, s| stranger(&s.text), &[]), Keys::Zero, "added");
    let renamed = |_: &Place, s: &Sealed| {
        let other = recipients(&s.text).split(',').nth(1).unwrap().to_owned();
        s.replace(&other, &Place::new().recipient).unwrap()
    };
    assert_eq!(after_set(renamed, &[]), Keys::Zero, "renamed");
    let removed = |place: &Place, s: &Sealed| {
        let (list, rest) = s.text.split_once("    age:\n").unwrap();
        let (records, rest) = rest.split_once("    lastmodified").unwrap();
        let mine = records.split_inclusive(&format!("recipient: {}\n", place.recipient)).next().unwrap();
        let mine = &mine[mine.rfind("        - ").unwrap()..];
        format!("{list}    age:\n{mine}    lastmodified{rest}")
    };
    assert_eq!(after_set(removed, &[]), Keys::Zero, "removed");
}

/// Whoever may write the configuration is trusted (docs/threat-model.md, 4.8).
#[test]
fn the_creation_rule_vouches_for_its_own_recipients() {
    let same = |place: &Place, s: &Sealed| {
        rule(place, &recipients(&s.text));
        s.without("leafcrypt").unwrap()
    };
    assert_eq!(after_set(same, &[]), Keys::Vouched);
    let one_more = |place: &Place, s: &Sealed| {
        rule(place, &recipients(&s.text));
        stranger(&s.without("leafcrypt").unwrap())
    };
    assert_eq!(after_set(one_more, &[]), Keys::Zero);
    let one_less = |place: &Place, s: &Sealed| {
        rule(place, &place.recipient);
        s.without("leafcrypt").unwrap()
    };
    assert_eq!(after_set(one_less, &[]), Keys::Zero);
}

#[test]
fn what_was_not_checked_gets_no_field() {
    assert_eq!(after_set(|_, s| s.text.clone(), &["--ignore-mac"]), Keys::NoField);
    assert_eq!(after_set(|_, s| s.without("leafcrypt").unwrap(), &["--ignore-mac"]), Keys::NoField);
}

#[test]
fn damage_is_not_blessed_at_all() {
    assert_eq!(after_set(|_, s| s.replace("empty: ''\n", "").unwrap(), &[]), Keys::Refused(51));
    assert_eq!(after_set(|_, s| s.without("mac").unwrap(), &[]), Keys::Refused(51));
    assert_eq!(after_set(|_, s| s.retoken("leafcrypt", |t| t.replacen("data:", "data:AAAA", 1)).unwrap(), &[]), Keys::Refused(51));
    assert_eq!(after_set(|_, s| s.retoken("name", |t| t.replacen("data:", "data:AAAA", 1)).unwrap(), &[]), Keys::Refused(25));
    assert_eq!(after_set(|_, s| s.without("leafcrypt").unwrap(), &["--require-witness"]), Keys::Refused(51));
}

#[test]
fn a_file_that_sops_rewrote_is_vouched_for_by_nobody() {
    if crate::tools::sops().is_none() {
        return;
    }
    let rewritten = |place: &Place, _: &Sealed| {
        let done = place.sops(["set", "f.yaml", "[\"name\"]", "\"beta\""]).unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(place.read("f.yaml")).unwrap()
    };
    assert_eq!(after_set(rewritten, &[]), Keys::Zero);
}
