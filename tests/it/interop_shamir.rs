//! Key groups and thresholds: the same files open, and fail, in both, with the same number and the same words.

use crate::tools::{Place, Program, script, sops, without_field};

/// Who can open a group of the file: `1` and `2` are the identities of `testdata/keys`, `3` the place's own.
struct Keys {
    place: Place,
    recipients: [String; 3],
}

impl Keys {
    fn new() -> Self {
        let mut place = Place::new();
        let third = place.recipient.clone();
        let own = place.read("keys.txt");
        let [one, two] = place.known_ages();
        let both = String::from_utf8(place.read("keys.txt")).unwrap();
        let lines: Vec<&str> = both.lines().filter(|l| l.starts_with("AGE-SECRET-KEY-")).collect();
        let own = String::from_utf8(own).unwrap();
        let identities = [lines[0], lines[1], own.lines().last().unwrap()];
        for subset in ["", "1", "2", "3", "12", "13", "23", "123"] {
            let chosen = subset.bytes().map(|n| identities[usize::from(n - b'1')]).collect::<Vec<_>>().join("\n");
            place.write(&format!("id-{subset}"), chosen + "\n");
        }
        Keys { place, recipients: [one, two, third] }
    }

    /// Groups as in `1,23`: the first opens with 1, the second with 2 or 3.
    fn rule(&self, groups: &str, more: &str) {
        let group = |g: &str| {
            let ages: Vec<&str> = g.bytes().map(|n| self.recipients[usize::from(n - b'1')].as_str()).collect();
            format!("{{age: [{}]}}", ages.join(", "))
        };
        let groups: Vec<String> = groups.split(',').map(group).collect();
        self.place.write(".sops.yaml", format!("creation_rules: [{{key_groups: [{}]{more}}}]\n", groups.join(", ")));
    }

    /// A YAML file of that rule, sealed by sops or by us.
    fn seal(&self, by: Program, groups: &str, more: &str) -> String {
        self.rule(groups, more);
        self.place.write("f.yaml", "a: 1\nb: two\n");
        let done = self.place.call(by, ["encrypt", "f.yaml"]).run();
        assert!(done.status.success(), "{by:?} {groups} {more}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Opens a text with some identities; both must exit with `code`, and say the same but for the reasons of single keys.
    fn opens(&self, text: &str, with: &str, code: i32) {
        self.place.write("x.yaml", text);
        let identities = self.place.path(&format!("id-{with}"));
        let run = |program| self.place.call(program, ["decrypt", "x.yaml"]).env("SOPS_AGE_KEY_FILE", &identities).run();
        let theirs = run(Program::Sops);
        for program in [Program::AsSops, Program::Ours] {
            let ours = run(program);
            let case = format!("with {with:?}, {program:?}\nsops: {}\nours: {}", said(&theirs.stderr), said(&ours.stderr));
            assert_eq!((theirs.status.code(), ours.status.code()), (Some(code), Some(code)), "{case}");
            assert_eq!(theirs.stdout, ours.stdout, "{case}");
            if code == 128 && program == Program::AsSops {
                assert_eq!(said(&theirs.stderr), said(&ours.stderr), "{case}");
            }
        }
    }

    /// Tries to seal; both refuse with 1, as `sops` in the same words.
    fn refused(&self, args: &[&str], says: &str) {
        self.place.write("f.yaml", "a: 1\n");
        let args = [&["encrypt"], args, &["f.yaml"]].concat();
        let theirs = self.place.call(Program::Sops, &args).run();
        let ours = self.place.call(Program::AsSops, &args).run();
        assert_eq!((theirs.status.code(), ours.status.code()), (Some(1), Some(1)), "{args:?}: {}", said(&theirs.stderr));
        assert_eq!(said(&theirs.stderr), said(&ours.stderr));
        assert!(said(&ours.stderr).contains(says), "{says}");
        assert_eq!(self.place.ours(&args).status.code(), Some(1));
    }
}

/// Standard error without our hint and without the reasons why single keys failed, which name what each program looked for.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let reason = |line: &str| line.starts_with("    - | ") || line.starts_with("      | ") || line.starts_with("hint: ");
    text.lines().filter(|line| !reason(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn groups_and_the_keys_at_hand() {
    if sops().is_none() {
        return;
    }
    let keys = Keys::new();
    for by in [Program::Sops, Program::Ours] {
        let two = keys.seal(by, "1,2", "");
        assert!(two.contains("\n    shamir_threshold: 2\n"), "stored by both");
        for (with, code) in [("12", 0), ("1", 128), ("2", 128), ("", 128), ("3", 128)] {
            keys.opens(&two, with, code);
        }
        let three = keys.seal(by, "1,2,3", ", shamir_threshold: 2");
        for (with, code) in [("123", 0), ("12", 0), ("13", 0), ("23", 0), ("1", 128), ("3", 128)] {
            keys.opens(&three, with, code);
        }
        let wide = keys.seal(by, "12,23", "");
        for (with, code) in [("13", 0), ("2", 0), ("3", 128)] {
            keys.opens(&wide, with, code);
        }
        let one = keys.seal(by, "12", ", shamir_threshold: 5");
        assert!(one.contains("\n    shamir_threshold: 5\n") && !one.contains("key_groups"));
        keys.opens(&one, "2", 0);
        keys.opens(&one, "3", 128);
    }
}

#[test]
fn a_threshold_that_was_edited() {
    if sops().is_none() {
        return;
    }
    let keys = Keys::new();
    let two = keys.seal(Program::Sops, "1,2", "");
    let edited = |text: &str, to: &str| {
        let new = text.replace("    shamir_threshold: 2\n", to).replace("    shamir_threshold: 3\n", to);
        assert_ne!(new, text);
        new
    };
    for threshold in ["", "    shamir_threshold: 0\n", "    shamir_threshold: 1\n", "    shamir_threshold: -1\n"] {
        keys.opens(&edited(&two, threshold), "12", 0);
        // Two parts are needed to combine, whatever the file says.
        keys.opens(&edited(&two, threshold), "1", 128);
        keys.opens(&edited(&two, threshold), "3", 128);
    }
    keys.opens(&edited(&two, "    shamir_threshold: 3\n"), "12", 128);
    // Too few parts give a wrong key, which shows at the first value.
    let three = keys.seal(Program::Sops, "1,2,3", "");
    keys.opens(&edited(&three, "    shamir_threshold: 2\n"), "12", 25);
    // With every share SOPS opens it; we combine as many as the file says.
    keys.place.write("x.yaml", edited(&three, "    shamir_threshold: 2\n"));
    let every = keys.place.path("id-123");
    let open = |program| keys.place.call(program, ["decrypt", "x.yaml"]).env("SOPS_AGE_KEY_FILE", &every).run().status.code();
    assert_eq!([Program::Sops, Program::AsSops, Program::Ours].map(open), [Some(0), Some(25), Some(25)]);
    // The witness of ours knows the threshold: 51 where sops opens it.
    let ours = keys.seal(Program::Ours, "1,2", "");
    keys.place.write("x.yaml", edited(&ours, "    shamir_threshold: 1\n"));
    let all = keys.place.path("id-12");
    assert!(keys.place.call(Program::Sops, ["decrypt", "x.yaml"]).env("SOPS_AGE_KEY_FILE", &all).run().status.success());
    assert_eq!(keys.place.call(Program::Ours, ["decrypt", "x.yaml"]).env("SOPS_AGE_KEY_FILE", &all).run().status.code(), Some(51));
}

#[test]
fn shares_that_do_not_belong_together() {
    if sops().is_none() {
        return;
    }
    let keys = Keys::new();
    let armour = |text: &str, n: usize| {
        let start = text.match_indices("-----BEGIN AGE").nth(n).unwrap().0;
        text[start..].split("-----END").next().unwrap().to_owned()
    };
    // The first share twice.
    let twice = keys.seal(Program::Sops, "1,1", "");
    keys.opens(&twice.replace(&armour(&twice, 1), &armour(&twice, 0)), "1", 128);
    // A share of another file.
    let other = keys.seal(Program::Sops, "1,1", "");
    keys.opens(&twice.replace(&armour(&twice, 1), &armour(&other, 1)), "1", 25);
}

#[test]
fn refused_at_sealing() {
    if sops().is_none() {
        return;
    }
    let keys = Keys::new();
    let flag = "--shamir-secret-sharing-threshold";
    keys.rule("1,2", "");
    keys.refused(&[flag, "1"], "threshold must be at least 2");
    keys.refused(&[flag, "3"], "parts cannot be less than threshold");
    keys.refused(&[flag, "-1"], "threshold must be at least 2");
    keys.rule("1,2", ", shamir_threshold: 1");
    keys.refused(&[], "threshold must be at least 2");
    keys.rule("1,2,", "");
    keys.refused(&[], "empty key group provided");
    keys.place.write(".sops.yaml", "creation_rules: [{key_groups: []}]\n");
    keys.refused(&[], "Could not generate data key: [empty key group provided]");
    keys.place.write(".sops.yaml", "creation_rules: [{key_groups: [{}]}]\n");
    keys.refused(&[], "Could not generate data key: [empty key group provided]");
    let many = vec!["1"; 256].join(",");
    keys.rule(&many, "");
    let done = keys.place.ours(["encrypt", "f.yaml"]);
    assert_eq!(done.status.code(), Some(1), "{}", said(&done.stderr));
}

#[test]
fn the_flag_beats_the_rule() {
    if sops().is_none() {
        return;
    }
    let keys = Keys::new();
    keys.rule("1,2,3", ", shamir_threshold: 3");
    keys.place.write("f.yaml", "a: 1\nb: two\n");
    for by in [Program::Sops, Program::Ours, Program::AsSops] {
        for args in
            [&["encrypt", "--shamir-secret-sharing-threshold", "2", "f.yaml"][..], &["-e", "--shamir-secret-sharing-threshold=2", "f.yaml"]]
        {
            let text = String::from_utf8(keys.place.call(by, args).run().stdout).unwrap();
            assert!(text.contains("\n    shamir_threshold: 2\n"), "{by:?} {args:?}");
            keys.opens(&text, "23", 0);
        }
        // Key flags make one group and leave the rule's threshold.
        let flags = ["encrypt", "--age", &keys.recipients[0], "f.yaml"];
        let text = String::from_utf8(keys.place.call(by, flags).run().stdout).unwrap();
        assert!(text.contains("\n    shamir_threshold: 3\n") && !text.contains("key_groups"), "{by:?}");
        keys.opens(&text, "1", 0);
    }
}

/// A threshold that was lost: sops asks all groups and puts together what opened.
#[test]
fn without_a_threshold() {
    if sops().is_none() {
        return;
    }
    let keys = Keys::new();
    let text = keys.seal(Program::Sops, "1,2,3", "");
    for said in ["", "    shamir_threshold: 0\n", "    shamir_threshold: 1\n"] {
        let lines = text.lines().map(|line| if line.contains("shamir_threshold") { said.to_owned() } else { format!("{line}\n") });
        let text: String = lines.collect();
        keys.opens(&text, "123", 0);
        keys.place.write("x.yaml", &text);
        let told = keys.place.ours(["recipients", "x.yaml"]);
        assert!(String::from_utf8_lossy(&told.stdout).contains("(any 3 of 3 groups)"));
    }
}

/// Of the groups, too, those are asked first that open in silence: gpg may bring up a dialog. And of keys that run something SOPS's order holds.
#[test]
fn what_is_silent_comes_first() {
    let keys = Keys::new();
    let place = &keys.place;
    for (name, then) in [("gpg", "exit 2"), ("cmd", "cat id-1")] {
        script(&place.path(name), format!("#!/bin/sh\necho {name} >>\"{}\"\n{then}\n", place.path("log").display()));
    }
    let gpg = place.path("gpg");
    let log = || std::fs::read_to_string(place.path("log")).unwrap_or_default();
    let [one, two, _] = &keys.recipients;
    // Somebody's gpg record, which needs no gpg to be made.
    let record = "-----BEGIN PGP MESSAGE-----\n\nhQAMA9GnhatP1c37EgAA\n-----END PGP MESSAGE-----";
    let pgp = |indent: &str| {
        let body: String = record.lines().map(|line| format!("{indent}    {line}\n")).collect();
        format!("{indent}- created_at: \"2026-01-01T00:00:00Z\"\n{indent}  enc: |-\n{body}{indent}  fp: D1A785AB4FD5CDFB\n")
    };
    place.write(".sops.yaml", format!("creation_rules: [{{shamir_threshold: 2, key_groups: [{{age: [{one}]}}, {{age: [{two}]}}]}}]\n"));
    place.write("f.yaml", "a: 1\n");
    let sealed = String::from_utf8(place.ours(["encrypt", "f.yaml"]).stdout).unwrap();
    let group = format!("key_groups:\n        - pgp:\n{}", pgp("            "));
    let grouped = sealed.replacen("key_groups:\n", &group, 1);
    assert_ne!(grouped, sealed);
    // Our field knows of no third group.
    place.write("g.yaml", without_field(&grouped));
    for program in [Program::AsSops, Program::Ours] {
        let done =
            place.call(program, ["decrypt", "g.yaml"]).env("SOPS_AGE_KEY_FILE", place.path("id-12")).env("SOPS_GPG_EXEC", &gpg).run();
        assert_eq!(done.status.code(), Some(0), "{program:?}: {}", said(&done.stderr));
        assert_eq!(log(), "", "{program:?}");
    }
    place.write(".sops.yaml", format!("creation_rules: [{{age: {one}}}]\n"));
    let sealed = String::from_utf8(place.ours(["encrypt", "f.yaml"]).stdout).unwrap();
    place.write("h.yaml", sealed.replacen("    lastmodified:", &format!("    pgp:\n{}    lastmodified:", pgp("        ")), 1));
    for (program, order, runs) in [(Program::AsSops, "", "cmd\n"), (Program::Ours, "", "cmd\n"), (Program::Ours, "pgp,age", "gpg\ncmd\n")] {
        let _ = std::fs::remove_file(place.path("log"));
        let call = place.call(program, ["decrypt", "h.yaml"]).env("SOPS_AGE_KEY_CMD", place.path("cmd")).env("SOPS_AGE_KEY_FILE", "");
        let done = call.env("SOPS_GPG_EXEC", &gpg).env("SOPS_DECRYPTION_ORDER", order).run();
        assert_eq!(done.status.code(), Some(0), "{}", said(&done.stderr));
        assert_eq!(log(), runs, "{program:?} {order}");
    }
}
