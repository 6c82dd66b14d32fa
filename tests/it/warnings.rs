//! What the user should know is told whatever becomes of the command: beside its error, too, once, and by the file's name.

use crate::tools::{Place, Program};

/// What the configuration gives to say, and what the file does.
const CONFIG: &str = "field colour is not known and is ignored";
const FILE: &str = "comments were changed outside leafcrypt since the file was sealed";

fn place() -> Place {
    let place = Place::project();
    place.seal("a.yaml", "# note\na: 1\nm:\n  n: 2\n");
    let sealed = String::from_utf8(place.read("a.yaml")).unwrap();
    place.write("a.yaml", format!("# by somebody\n{sealed}"));
    place.write(".sops.yaml", format!("colour: red\ncreation_rules:\n  - age: {}\n", place.recipient));
    place.write("plain.yaml", "a: [\n");
    place
}

/// Fails, and has told `warnings`, in this order before the error. As `sops` nothing is said of fields that the configuration may not have.
#[track_caller]
fn check(program: Program, args: &[&str], warnings: &[&str], error: &str) {
    let place = place();
    let args = args.iter().map(|arg| arg.replace("RECIPIENT", &place.recipient)).collect::<Vec<_>>();
    let done = place.call(program, &args).env("EDITOR", "/bin/false").run();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success(), "{program:?} {args:?}: {said}");
    let mut from = 0;
    let warnings: Vec<&str> = warnings.iter().copied().filter(|line| program == Program::Ours || *line != CONFIG).collect();
    assert!(program == Program::Ours || !said.contains(CONFIG), "{program:?} {args:?}: {said}");
    for line in &warnings {
        assert_eq!(said.matches(line).count(), 1, "{program:?} {args:?}: {line}: {said}");
        let at = said.find(line).unwrap();
        assert!(at >= from, "{program:?} {args:?}: {line}: {said}");
        from = at;
    }
    assert!(said[from..].contains(error), "{program:?} {args:?}: {error}: {said}");
    let marks = said.lines().filter(|line| line.starts_with("warning: ") || line.contains(" level=warning "));
    assert!(marks.count() >= warnings.len(), "{program:?} {args:?}: {said}");
}

#[test]
fn beside_the_error_of_every_command() {
    for program in [Program::Ours, Program::AsSops] {
        check(program, &["encrypt", "plain.yaml"], &[CONFIG], "plain.yaml");
        check(program, &["decrypt", "--extract", r#"["zz"]"#, "a.yaml"], &[CONFIG, FILE], "zz");
        check(program, &["set", "a.yaml", r#"["sops"]"#, "1"], &[FILE, CONFIG], "sops");
        check(program, &["unset", "a.yaml", r#"["zz"]"#], &[FILE, CONFIG], "zz");
        check(program, &["edit", "a.yaml"], &[CONFIG, FILE], "Could not run editor");
        check(program, &["groups", "delete", "--file", "a.yaml", "7"], &[FILE, CONFIG], "there is no group 7");
        check(program, &["recipients", "a.yaml", "missing.yaml"], &[CONFIG], "missing.yaml");
        check(program, &["accept", "a.yaml"], &[CONFIG], "a.yaml: not confirmed");
        check(program, &["exec-env", "a.yaml", "true"], &[FILE], "complex value");
    }
    check(Program::Ours, &["rotate", "-i", "--add-age", "RECIPIENT", "a.yaml"], &[FILE, CONFIG], "is a recipient already");
    check(Program::Ours, &["exec-file", "a.yaml", "--", "no-such-program"], &[CONFIG, FILE], "no-such-program");
    check(Program::Ours, &["updatekeys", "-y", "a.yaml", "missing.yaml"], &[CONFIG], "missing.yaml");
}

/// The lesson about arguments, of a value that was one.
#[test]
fn a_value_that_was_seen_although_it_was_not_set() {
    check(Program::Ours, &["set", "a.yaml", r#"["a"]"#, "no JSON"], &["other users of this machine can read arguments"], "not valid JSON");
}

/// Two files with the same fault: each is named. Under the name `sops` it is SOPS's line, without a name.
#[test]
fn each_file_by_its_name() {
    let place = place();
    place.write("b.yaml", place.read("a.yaml"));
    let done = place.ours(["exec-env", "--flatten", "a.yaml", "b.yaml", "--", "true"]);
    let expected = format!("warning: a.yaml: {FILE}\nwarning: b.yaml: {FILE}\n");
    assert_eq!((done.status.code(), String::from_utf8(done.stderr).unwrap()), (Some(0), expected));
    let done = place.as_sops(["decrypt", "a.yaml"]);
    assert!(String::from_utf8(done.stderr).unwrap().contains(&format!("msg=\"{FILE}\"\n")));
}

/// A variable that is left over from elsewhere seals for others than the rule does.
#[test]
fn recipients_of_a_variable_in_place_of_the_rule() {
    let place = Place::project();
    place.write("b.yaml", "a: 1\n");
    let other = &Place::new().recipient;
    let said = |program, args: &[&str], value: &str| {
        let done = place.call(program, args).env("SOPS_AGE_RECIPIENTS", value).run();
        assert!(done.status.success(), "{args:?}");
        String::from_utf8(done.stderr).unwrap()
    };
    let told = said(Program::Ours, &["encrypt", "b.yaml"], other);
    assert_eq!(told, "warning: b.yaml: SOPS_AGE_RECIPIENTS is set, and takes the place of the recipients of its creation rule (line 2)\n");
    // What was typed is meant; so is what the rule says too.
    for (args, value) in [
        (&["encrypt", "--age", other, "b.yaml"][..], &**other),
        (&["encrypt", "--age", "", "b.yaml"], other),
        (&["encrypt", "b.yaml"], &place.recipient),
    ] {
        assert_eq!(said(Program::Ours, args, value), "", "{args:?}");
    }
    assert_eq!(said(Program::AsSops, &["encrypt", "b.yaml"], other), "");
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    assert_eq!(said(Program::Ours, &["encrypt", "b.yaml"], other), "");
}

/// JSON: whole numbers in clear that SOPS before 3.13.2 takes for other ones. It does not open such a file; that is told once, where one is new.
#[test]
fn numbers_that_lock_an_older_sops_out() {
    let place = Place::project();
    let numbers = r#""id_unencrypted": 987654321098765433, "even_unencrypted": 9007199254740994, "zero_unencrypted": -0, "covered": 987654321098765433"#;
    place.write("a.json", format!("{{{numbers}}}"));
    for program in [Program::Ours, Program::AsSops] {
        let done = place.call(program, ["encrypt", "a.json"]).run();
        assert!(done.status.success());
        let said = String::from_utf8(done.stderr).unwrap();
        for (name, times) in
            [("id_unencrypted", 1), ("even_unencrypted", 0), ("zero_unencrypted", 1), ("covered", 0), ("put the number in quotes", 2)]
        {
            assert_eq!(said.matches(name).count(), times, "{program:?} {name}: {said}");
        }
        place.write("sealed.json", done.stdout);
        if let Some(done) = place.sops(["decrypt", "sealed.json"]) {
            assert_eq!(done.status.code(), Some(51), "sops opens it: no warning is needed");
        }
        for (value, said) in [("1", 0), ("9007199254740993", 1)] {
            let done = place.call(program, ["set", "sealed.json", "[\"other_unencrypted\"]", value]).run();
            assert!(done.status.success());
            assert_eq!(
                String::from_utf8(done.stderr).unwrap().matches("put the number in quotes").count(),
                if program == Program::Ours { said } else { 0 }
            );
        }
    }
    place.write("b.json", r#"{"even_unencrypted": 9007199254740994, "id_unencrypted": "987654321098765433", "a": 1}"#);
    let done = place.ours(["encrypt", "b.json"]);
    assert_eq!(String::from_utf8(done.stderr).unwrap(), "");
    place.write("sealed.json", done.stdout);
    assert!(place.sops(["decrypt", "sealed.json"]).is_none_or(|done| done.status.success()));
    place.write("c.json", format!("{{{numbers}}}"));
    let done = place.ours(["encrypt", "--mac-only-encrypted", "c.json"]);
    assert_eq!(String::from_utf8(done.stderr).unwrap(), "");
    // A float holds these; whether its digits are the number's is another thing.
    for (number, opens) in [
        ("36028797018963968", false),
        ("1152921504606846976", false),
        ("-9223372036854775808", false),
        ("36028797018963970", true),
        ("1000000000000000000", true),
    ] {
        place.write("d.json", format!("{{\"n_unencrypted\": {number}, \"a\": 1}}"));
        let done = place.ours(["encrypt", "d.json"]);
        let said = String::from_utf8(done.stderr).unwrap();
        place.write("sealed.json", done.stdout);
        let theirs = place.sops(["decrypt", "sealed.json"]).map_or(opens, |done| done.status.success());
        assert_eq!((said.is_empty(), theirs), (opens, opens), "{number}: {said}");
    }
}

/// Formatters run over every file, and there are programs that take any word on standard error for a failure (npm's sops-wrapper, JetBrains' plugin).
#[test]
fn a_layout_that_others_have_changed() {
    let place = Place::project();
    for name in ["a.yaml", "a.json", "a.env", "a.ini"] {
        let (plain, spaced) = match name {
            "a.json" => ("{\"a\": 1, \"b\": \"x\"}\n", "{\n  \"a\":  \""),
            "a.yaml" => ("a: 1\nb: x\n", "a:  "),
            "a.env" => ("a=1\nb=x\n", "\na="),
            _ => ("[s]\na = 1\nb = x\n", "a  = "),
        };
        place.seal(name, plain);
        let sealed = String::from_utf8(place.read(name)).unwrap();
        let (old, _) = sealed.split_once("ENC[").unwrap();
        let old = old.rsplit_once('\n').map_or(old, |(_, line)| line);
        place.write(name, sealed.replacen(old, spaced, 1));
        for (program, told) in [(Program::Ours, 1), (Program::AsSops, 0)] {
            let done = place.call(program, ["decrypt", name]).run();
            let said = String::from_utf8(done.stderr).unwrap();
            assert!(done.status.success(), "{name}: {said}");
            assert_eq!(said.matches("the layout was changed").count(), told, "{program:?} {name}: {said}");
            assert!(told == 1 || said.is_empty(), "{name}: {said}");
        }
    }
}
