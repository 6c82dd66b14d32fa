//! ENV files between SOPS, which stores every byte, and the programs that are given the values: what `set` stores and `exec-env` hands out otherwise is
//! told, and so is a line that `exec-env` cannot read.

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
