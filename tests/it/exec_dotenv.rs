//! ENV files between SOPS, which stores every byte, and the programs that are given the values: what `set` stores and `exec-env` hands out otherwise is
//! told, and so is a line that `exec-env` cannot read.

use crate::limits::within;
use crate::tools::{Place, Program};

fn set(place: &Place, program: Program, name: &str, value: &str) -> String {
    let json = serde_json::to_string(value).unwrap();
    let done = place.call(program, ["set", "z.env", &format!("[\"{name}\"]"), "--value-stdin"]).stdin(json).run();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{name}: {said}");
    said
}

fn given(place: &Place, args: &[&str], name: &str) -> (String, String) {
    let done = place.ours([&["exec-env"], args, &["z.env", "--", "printenv", name]].concat());
    (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn a_value_that_programs_would_get_otherwise_is_told() {
    let place = Place::project();
    for value in ["canary #1", "canary\nl2", "\"canary", " canary", "canary ", "'canary' x", "\"ca\"nary\"", "a\\\"'canary #\\x"] {
        place.seal("z.env", "A=1\nB='b'\n");
        let said = set(&place, Program::Ours, "PW", value);
        assert!(said.starts_with("warning: z.env: PW: ") && said.lines().count() == 1, "{value:?}: {said}");
        assert!(
            said.contains("exec-env --dialect sops") && said.contains("double quotes") && !said.contains("canary"),
            "{value:?}: {said}"
        );
        // What SOPS reads is what was set, and so is what the first way out gives.
        let extracted = place.ours(["decrypt", "--extract", "[\"PW\"]", "z.env"]);
        assert_eq!(String::from_utf8(extracted.stdout).unwrap(), value);
        assert_eq!(given(&place, &["--dialect", "sops"], "PW").0, format!("{value}\n"));
        // The second one, as it is described.
        let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        assert_eq!(set(&place, Program::Ours, "PW", &quoted), "", "{value:?}");
        assert_eq!(given(&place, &[], "PW"), (format!("{value}\n"), String::new()), "{value:?}");
        assert_eq!(given(&place, &[], "B").0, "b\n", "{value:?}");
        // As SOPS does.
        place.seal("z.env", "A=1\n");
        assert_eq!(set(&place, Program::AsSops, "PW", value), "");
    }
    place.seal("z.env", "A=1\n");
    // What no quotes of that dialect can hold.
    for value in ["a ${canary}", "canary #\\"] {
        let said = set(&place, Program::Ours, "PW", value);
        assert!(said.contains("PW: ") && said.contains("--dialect sops") && !said.contains("double quotes"), "{said}");
    }
}

#[test]
fn a_value_that_programs_get_as_it_was_set_is_not() {
    let place = Place::project();
    place.seal("z.env", "A=1\n");
    for value in ["canary", "a=b#c", "x'y\"z", "a\\tb", "", "two words", "$A", "é", "'a b'", "\"a b\""] {
        assert_eq!(set(&place, Program::Ours, "PW", value), "", "{value:?}");
    }
    for json in ["5", "true", "1.5"] {
        let done = place.ours(["set", "z.env", "[\"N\"]", "--value-file", &{
            place.write("v.json", json);
            "v.json".to_owned()
        }]);
        assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned()), (Some(0), String::new()));
    }
    // Windows line ends are not the value's, and `export` not the name's.
    place.seal("z.env", "export A=1\r\nexport B=2\r\n");
    assert_eq!(set(&place, Program::Ours, "PW", "canary"), "");
    // Other formats have one reading.
    place.seal("z.yaml", "A: 1\n");
    place.write("v.json", "\"a #b\"");
    assert_eq!(String::from_utf8_lossy(&place.ours(["set", "z.yaml", "[\"A\"]", "--value-file", "v.json"]).stderr), "");
}

#[test]
fn a_line_that_cannot_be_read_is_told() {
    let place = Place::project();
    place.seal("z.env", "A=1\nPW=\"ca\"nary\n\nB=2\nQ=\"unclosed-canary\n");
    let (out, said) = given(&place, &[], "B");
    assert_eq!(out, "2\n", "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("warning: z.env: line 2 (PW): "), "{said}");
    assert!(lines[1].starts_with("warning: z.env: line 5 (Q): ") && !said.contains("nary"), "{said}");
    assert!(lines.iter().all(|line| line.contains("--dialect sops")), "{said}");
    assert_eq!(given(&place, &["--dialect", "sops"], "PW"), ("\"ca\"nary\n".to_owned(), String::new()));
    let as_sops = place.as_sops(["exec-env", "z.env", "true"]);
    assert_eq!(String::from_utf8_lossy(&as_sops.stderr), "");
    // A quote that takes lines with it.
    place.seal("z.env", "PW='canary\nC=c\nD='\nE='e'e\nF=f\n");
    let (out, said) = given(&place, &[], "F");
    assert!(out == "f\n" && said.contains("line 4 (E)") && !said.contains("nary"), "{said}");
    // As systemd says of names.
    place.seal("z.env", "A=1\nexport PW=canary\nB=2\n");
    let (out, said) = given(&place, &["--dialect", "systemd"], "B");
    assert!(out == "2\n" && said.contains("line 2 (export PW)") && said.contains("systemd") && !said.contains("canary"), "{said}");
    // Many of them are not told one by one.
    place.seal("z.env", (0..50).map(|i| format!("K{i}=\"a\"canary\n")).collect::<String>() + "B=2\n");
    let (out, said) = given(&place, &[], "B");
    assert!(out == "2\n" && said.lines().count() == 11 && said.contains("40 more"), "{said}");
}

/// A name alone means the one behind `export `, for every command that takes a path; as `sops` the word is part of the name.
#[test]
fn export_is_no_part_of_a_name() {
    let place = Place::project();
    let run = |args: &[&str], code: i32, out: &str| {
        let done = place.ours(args);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stdout).as_ref()), (Some(code), out), "{args:?}: {said}");
        said
    };
    let plain = |expected: &str| assert_eq!(run(&["decrypt", "z.env"], 0, expected), "");
    for (text, changed, removed) in [
        ("export A=original\nexport B=2\n", "export A=new\nexport B=2\n", "export B=2\n"),
        ("C=1\nexport A=original\n", "C=1\nexport A=new\n", "C=1\n"),
        ("export\t A=original\nB=2\n", "export\t A=new\nB=2\n", "B=2\n"),
        ("A=original\nexport A=other\n", "A=new\nexport A=other\n", "export A=other\n"),
        // An empty line, which anybody can add, is none; nor is it the one that programs take.
        ("A=\nexport A=original\n", "A=\nexport A=new\n", "A=\n"),
    ] {
        place.seal("z.env", text);
        run(&["decrypt", "--extract", "[\"A\"]", "z.env"], 0, "original");
        run(&["set", "z.env", "[\"A\"]", "--random", "12", "--idempotent"], 0, "");
        plain(text);
        run(&["set", "z.env", "[\"A\"]", "\"new\""], 0, "");
        plain(changed);
        run(&["unset", "z.env", "[\"A\"]"], 0, "");
        plain(removed);
    }
    // The line that programs do not take is told, and no quotes help.
    place.seal("z.env", "A=1\nexport A=2\n");
    let said = run(&["set", "z.env", "[\"A\"]", "\"3\""], 0, "");
    assert!(said.contains("A: export A stands below it, and programs take the value of that line"), "{said}");
    assert!(!said.contains("quotes"), "{said}");
    place.seal("z.env", "export A=2\nA=\n");
    assert!(!run(&["set", "z.env", "[\"A\"]", "\"3\""], 0, "").contains("z.env"));
    plain("export A=2\nA=3\n");
    // There is no line below where the one with `export` is what was set.
    place.seal("z.env", "export A=2\nexport B=1\n");
    for name in ["A", "B"] {
        let said = run(&["set", "z.env", &format!("[\"{name}\"]"), "\"a # b\""], 0, "");
        assert!(said.contains("read it otherwise") && said.contains("double quotes") && !said.contains("below"), "{said}");
    }
    // A new name is written as the others are.
    place.seal("z.env", "export A=1\n");
    run(&["set", "z.env", "[\"B\"]", "--random", "12:0", "--idempotent"], 1, "");
    run(&["set", "z.env", "[\"B\"]", "\"2\"", "--idempotent"], 0, "");
    plain("export A=1\nexport B=2\n");
    assert!(run(&["unset", "z.env", "[\"C\"]"], 1, "").contains("there is nothing at C\n"));
    let as_sops = place.as_sops(["decrypt", "--extract", "[\"A\"]", "z.env"]);
    assert_eq!(as_sops.status.code(), Some(1), "{}", String::from_utf8_lossy(&as_sops.stderr));
    assert_eq!(place.as_sops(["decrypt", "--extract", "[\"export A\"]", "z.env"]).stdout, b"1");
}

/// In a file with Windows line ends the CR is part of every value for SOPS, but not of one that is set.
#[test]
fn what_is_set_is_what_was_given() {
    let place = Place::project();
    for program in [Program::Ours, Program::AsSops] {
        place.seal("z.env", "A=1\r\nB=2\r\n");
        for name in ["B", "C"] {
            let done = place.call(program, ["set", "z.env", &format!("[\"{name}\"]"), "\"v\""]).run();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let path = format!("[\"{name}\"]");
            assert_eq!(place.ours(["decrypt", "--extract", &path, "z.env"]).stdout, b"v", "{program:?} {name}");
            if let Some(theirs) = place.sops(["decrypt", "--extract", &path, "z.env"]) {
                assert_eq!(theirs.stdout, b"v", "{program:?} {name}");
            }
            assert_eq!(given(&place, &["--dialect", "sops"], name).0, "v\n");
        }
        assert_eq!(place.ours(["decrypt", "z.env"]).stdout, b"A=1\r\nB=v\nC=v\n");
        assert_eq!(given(&place, &[], "A").0, "1\n");
    }
}

/// Lines that double a value thirty times, in a file that anybody may have written: refused at once, by `exec-env` and by what looks at a changed file.
#[test]
fn expansions_without_end_are_refused() {
    let place = Place::project();
    place.seal("z.env", format!("A=canary\n{}", "A=${A}${A}\n".repeat(40)));
    let run = |args: &[&str]| within(&place, 4, 1024, args);
    for dialect in ["dotenv", "posix", "compose"] {
        let done = run(&["exec-env", "--dialect", dialect, "z.env", "--", "true"]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(1) && said.contains("\nerror: z.env: line 1") && said.contains("expansions"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    place.write("v.json", "\"canary\"");
    let done = run(&["set", "z.env", "[\"PW\"]", "--value-file", "v.json"]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && said.contains("PW: ") && said.contains("--dialect sops"), "{said}");
    assert!(!said.contains("double quotes"), "{said}");
    assert_eq!(run(&["exec-env", "--dialect", "sops", "z.env", "--", "printenv", "PW"]).stdout, b"canary\n");
}

/// Earlier files come before the environment; Docker Compose has it the other way.
#[test]
fn which_of_two_values_an_expansion_takes() {
    let place = Place::project();
    place.seal("y.env", "N=file\n");
    place.seal("z.env", "N=here\nA=${N}\n");
    place.seal("x.env", "A=${N}\n");
    for (dialect, files, expected) in [
        ("dotenv", &["z.env"][..], "here"),
        ("posix", &["z.env"], "here"),
        ("compose", &["z.env"], "outside"),
        ("dotenv", &["y.env", "x.env"], "file"),
        ("posix", &["y.env", "x.env"], "file"),
        ("compose", &["y.env", "x.env"], "outside"),
    ] {
        let args = [&["exec-env", "--dialect", dialect], files, &["--", "printenv", "A"]].concat();
        let done = place.call(Program::Ours, args).env("N", "outside").run();
        assert_eq!(String::from_utf8_lossy(&done.stdout), format!("{expected}\n"), "{dialect} {files:?}");
    }
}

/// A line without `=` is kept, sealed, and told when it is sealed.
#[test]
fn a_line_that_is_no_assignment_is_told() {
    let place = Place::project();
    place.write("z.env", "A=1\nPASSWORD: canary\n\n  # note\n; note\nTOKEN canary\nPEM=\"---\ncanary\n---\"\n");
    let done = place.ours(["encrypt", "-i", "z.env"]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && said.lines().count() == 2 && !said.contains("canary"), "{said}");
    assert!(said.contains("line 2 has no `=`") && said.contains("line 6 has no `=`"), "{said}");
    assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "z.env"]).stderr), "");
    // A log under such a name does not fill the terminal.
    place.write("z.env", format!("A=1\n{}", "canary text\n".repeat(3000)));
    let said = String::from_utf8_lossy(&place.ours(["encrypt", "-i", "z.env"]).stderr).into_owned();
    assert!(said.lines().count() == 21 && said.contains("2980 more lines have no `=`"), "{said}");
}
