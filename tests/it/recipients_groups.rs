//! Key groups: `groups add` and `groups delete`, which number a group has, and how many of them must open.

use crate::recipients::{FILES, fails, groups, ok, opens, project, rule, text, tokens};
use crate::tools::{Place, Program, without_field};

#[test]
fn groups_come_and_go() {
    let (place, one, two) = project();
    for (file, plain) in FILES {
        let before = place.seal(file, plain);
        ok(&place, &["groups", "add", "-f", file, "-i", "-y", "--age", &two]);
        let after = text(&place, file);
        assert_eq!(tokens(&before), tokens(&after), "{file}");
        assert!(after.contains(&two) && after.contains("shamir_threshold"), "{file}");
        opens(&place, file, plain);
        let delete = ["groups", "delete", "-f", file, "-i", "1"];
        fails(&place, &delete, 1, "impossible to satisfy");
        fails(&place, &delete, 1, "hint: --shamir-secret-sharing-threshold N says");
        fails(&place, &["groups", "delete", "-f", file, "-i", "7"], 1, "there is no group 7");
        ok(&place, &["groups", "delete", "-y", "-f", file, "-i", "1", "--shamir-secret-sharing-threshold", "1"]);
        assert!(!text(&place, file).contains(&two), "{file}");
        opens(&place, file, plain);
        fails(&place, &["groups", "delete", "-f", file, "-i", "0"], 1, "the only key group");
        fails(&place, &["groups", "add", "-f", file, "-i"], 1, "at least one key");
        fails(
            &place,
            &["groups", "add", "-f", file, "-i", "--shamir-secret-sharing-threshold", "1", "--age", &one],
            1,
            "threshold must be at least 2",
        );
        // SOPS knows no TOML.
        if file.ends_with(".toml") {
            continue;
        }
        // Nothing is removed, and nobody says so.
        let add = ["groups", "add", "-f", file, "-i", "--shamir-secret-sharing-threshold", "3", "--age", &two];
        let refused = place.as_sops(add);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && told.contains("impossible to satisfy") && !told.contains("removing"), "{file}: {told}");
    }
}

/// The number that is shown is the one that is taken; who loses access is told by name, and only a yes removes somebody.
#[test]
fn the_group_that_is_shown_is_the_one_that_goes() {
    let (place, one, two) = project();
    let three = &Place::new().recipient;
    let rules = format!(
        "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age:\n          - {one}  # alice\n      - age:\n          - {two}  # bob\n      - age:\n          - {three}  # carol\n"
    );
    place.write(".sops.yaml", rules);
    let before = place.seal("a.yaml", "a: b\n");
    let (shown, _) = ok(&place, &["recipients", "a.yaml"]);
    let number = shown.lines().take_while(|line| !line.contains(&two)).filter_map(|line| line.strip_prefix("  group ")).last().unwrap();
    let delete = ["groups", "delete", "-i", "-f", "a.yaml", number];
    let done = place.ours(delete);
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("not confirmed") && said.contains("-y"), "{said}");
    let listed = format!(
        "  group 0\n    age {one}  (alice)\n  group 1\n  - age {two}  (bob)\n  group 2\n    age {three}  (carol)\n  loses access: age {two}  (bob)\n"
    );
    assert!(said.contains(&listed), "{said}\n{listed}");
    assert_eq!(text(&place, "a.yaml"), before);
    let done = place.ours([&delete[..], &["-y"]].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let now = text(&place, "a.yaml");
    assert!(now.contains(&one) && !now.contains(&two) && now.contains(three), "{now}");
    opens_without(&place, "a.yaml");
    // Under the name `sops` nobody is asked, and the number is SOPS's.
    place.write("a.yaml", &before);
    let done = place.as_sops(["groups", "delete", "-i", "-f", "a.yaml", "2"]);
    assert!(done.status.success() && !text(&place, "a.yaml").contains(three), "{}", String::from_utf8_lossy(&done.stderr));
    // A key of another group, too: nobody loses access.
    rule(&place, &one);
    place.seal("b.yaml", "a: b\n");
    ok(&place, &["groups", "add", "-f", "b.yaml", "-i", "-y", "--age", &one]);
    let done = place.ours(["groups", "delete", "-i", "-f", "b.yaml", "1", "--shamir-secret-sharing-threshold", "1"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.code() == Some(1) && said.contains("nobody loses access"), "{said}");
    assert!(!said.contains("any more"), "{said}");
    // In another group as well, and that is not enough: two must open.
    ok(&place, &["groups", "add", "-f", "b.yaml", "-i", "-y", "--age", three]);
    let done = place.ours(["groups", "delete", "-i", "-f", "b.yaml", "1"]);
    let said = String::from_utf8(done.stderr).unwrap();
    let listed = format!("  does not open the file alone any more: age {one}\n  none of the age identities found here opens it any more\n");
    assert!(done.status.code() == Some(1) && said.contains(&listed) && !said.contains("loses access"), "{said}\n{listed}");
}

/// What no key opens: group by group, with the same numbers.
fn opens_without(place: &Place, file: &str) {
    place.write("none.txt", "");
    let done = place.call(Program::Ours, ["decrypt", file]).env("SOPS_AGE_KEY_FILE", place.path("none.txt")).run();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("  group 0: not opened") && said.contains("  group 1: not opened") && !said.contains("  group 2"), "{said}");
}

/// The first of three groups goes: the others keep their keys.
#[test]
fn the_first_group_goes() {
    let (place, one, two) = project();
    let three = &Place::new().recipient;
    let groups = |keys: &[&str]| {
        let items: String = keys.iter().map(|key| format!("      - age:\n          - {key}\n")).collect();
        place.write(".sops.yaml", format!("creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n{items}"));
    };
    groups(&[&one, &two, three]);
    let before = place.seal("a.yaml", "a: b\n");
    let done = place.ours(["groups", "delete", "-i", "-y", "-f", "a.yaml", "0"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && said.contains(&format!("- age {one}")), "{said}");
    assert!(!said.contains(&format!("- age {two}")) && !said.contains(&format!("- age {three}")), "{said}");
    // By the rule it is the same change.
    place.write("a.yaml", before);
    groups(&[&two, three]);
    let (_, shown) = ok(&place, &["updatekeys", "--dry-run", "a.yaml"]);
    let listed = format!("  group 0\n  - age {one}\n  group 1\n    age {two}\n  group 2\n    age {three}\n");
    assert!(shown.contains(&listed), "{shown}\n{listed}");
    groups(&[three, &one, &two]);
    let (_, shown) = ok(&place, &["updatekeys", "--dry-run", "a.yaml"]);
    assert!(!shown.contains("- age") && !shown.contains("+ age"), "{shown}");
}

/// How many groups must open is part of who can open a file: a creation rule with another number vouches for nobody, and the file is not up to date.
#[test]
fn a_threshold_is_vouched_for_too() {
    let (place, one, two) = project();
    let third = Place::new().recipient.clone();
    groups(&place, 2, &[&one, &two, &third]);
    place.seal("f.yaml", "a: b\n");
    let raised = without_field(&text(&place, "f.yaml")).replace("shamir_threshold: 2", "shamir_threshold: 3");
    place.write("g.yaml", &raised);
    let (listed, _) = ok(&place, &["recipients", "g.yaml"]);
    assert!(listed.contains("(any 3 of 3 groups) (its creation rule has 2 that must open by now: updatekeys)"), "{listed}");
    let (json, _) = ok(&place, &["recipients", "--json", "g.yaml"]);
    assert!(json.contains("\"outdated\": true"), "{json}");
    // Three groups, of which two are ours: what was raised does not open any more.
    groups(&place, 2, &[&one, &two]);
    place.seal("h.yaml", "a: b\n");
    groups(&place, 1, &[&one, &two]);
    let stripped = without_field(&text(&place, "h.yaml"));
    let more = Place::new().recipient.clone();
    groups(&place, 2, &[&one, &two, &more]);
    place.seal("i.yaml", "a: b\n");
    let two_of_three = without_field(&text(&place, "i.yaml"));
    groups(&place, 3, &[&one, &two, &more]);
    place.write("i.yaml", &two_of_three);
    fails(&place, &["rotate", "-i", "i.yaml"], 1, "groups that must open: 2");
    assert_eq!(text(&place, "i.yaml"), two_of_three);
    let warned = place.as_sops(["rotate", "-i", "i.yaml"]);
    let said = String::from_utf8(warned.stderr).unwrap();
    assert!(warned.status.success() && said.contains("another number of groups that must open"), "{said}");
    // One that says the same is silent.
    groups(&place, 2, &[&one, &two]);
    place.write("h.yaml", &stripped);
    assert_eq!(ok(&place, &["rotate", "-i", "h.yaml"]).1, "");
}
