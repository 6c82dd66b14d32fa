//! What only our own dialect takes, sealed as `leafcrypt` and changed as `sops`: CR LF with blank lines in ENV (every `.env` of Windows), lines without `=`,
//! values over several lines, integers of YAML of 2^63 and more. The sealed file has nothing that SOPS could not read.

use crate::edit::{Desk, code};
use crate::tools::Program;

const ENV: &str = "A=1\r\n\r\nB=2\r\nno assignment\r\nPEM=\"begin\r\nx y\r\nend\"\r\n";
const YAML: &str = "a: 18446744073709551615\nl:\n  - x\n  - 9300000000000000000\nz: 2\n";
/// Nothing is wrong with it but a blank line.
const WINDOWS: &str = "A=1\r\n\r\nB=2\r\n";
const FILES: [(&str, &str, &str); 3] = [("a.env", ENV, "B"), ("w.env", WINDOWS, "B"), ("a.yaml", YAML, "z")];

/// What our own name opens, and that both others open it.
fn opened(desk: &Desk, file: &str) -> String {
    let as_sops = desk.place.as_sops(["decrypt", file]);
    assert_eq!(String::from_utf8_lossy(&as_sops.stdout), desk.decrypted(file), "{file}");
    if let Some(real) = desk.place.sops(["decrypt", file]) {
        assert!(real.status.success(), "{file}: {}", String::from_utf8_lossy(&real.stderr));
    }
    desk.decrypted(file)
}

#[test]
fn it_is_changed_by_our_dialect_as_sops_too() {
    for (file, plain, name) in FILES {
        let at = format!("[\"{name}\"]");
        let (line, gone) = if file == "a.yaml" { ("z: 2\n", "") } else { ("B=2\r\n", "") };
        let set = if file == "a.yaml" { "z: q\n" } else { "B=q\n" };
        let edited = line.replace('2', "canary");
        let changes: [(&[&str], &str); 6] = [
            (&["set", file, &at, "\"q\""], set),
            (&["unset", file, &at], gone),
            (&["rotate", "-i", file], line),
            (&["-r", "-i", file], line),
            (&["edit", file], &edited),
            (&["edit", "-s", file], &edited),
        ];
        for (args, becomes) in changes {
            let desk = Desk::new();
            desk.seal(file, plain);
            let script = "sed -i 's/^B=2/B=canary/; s/^z: 2/z: canary/' \"$1\"";
            code(&desk.run(Program::AsSops, args, script, ""), 0);
            assert_eq!(opened(&desk, file), plain.replacen(line, becomes, 1), "{args:?}");
        }
        // Nothing in it is said to be amiss, and nothing is.
        let desk = Desk::new();
        let before = desk.seal("w.env", WINDOWS);
        assert_eq!(code(&desk.run(Program::AsSops, &["set", "w.env", "[\"B\"]", "\"3\""], "", ""), 0), "");
        assert_eq!(before.lines().next(), desk.text("w.env").lines().next(), "the token of A");
    }
}

/// As SOPS would: what is typed anew is not of its dialect. What was there may stay, become another such value, move in its list, or go.
#[test]
fn what_comes_to_it_as_sops_is_judged_as_sops_does() {
    let no_equals = "the line has no `=` and does not start with `#`";
    for (file, plain, script, says) in [
        ("a.env", ENV, "echo canary >> \"$1\"", Some((2, no_equals, "line 8"))),
        ("a.env", ENV, "sed -i 's/^no assignment/no canary/' \"$1\"", Some((2, no_equals, "line 4"))),
        ("a.env", ENV, "printf 'N=\"u\\ncanary\"\\n' >> \"$1\"", Some((2, no_equals, "line 9"))),
        ("w.env", WINDOWS, "echo canary >> \"$1\"", Some((2, no_equals, "line 4"))),
        ("a.yaml", YAML, "sed -i 's/^z: 2/z: 18446744073709551615/' \"$1\"", Some((23, "an integer of 2^63 or more", "line 5"))),
        ("a.env", ENV, "sed -i 's/^x y/canary/; /^no assign/d' \"$1\"", None),
        ("w.env", WINDOWS, "printf '\\r\\nC=3\\r\\n' >> \"$1\"", None),
        ("a.yaml", YAML, "sed -i 's/551615/551614/; /- x/d' \"$1\"", None),
    ] {
        let desk = Desk::new();
        let before = desk.seal(file, plain);
        let done = desk.run(Program::AsSops, &["edit", file], script, "");
        match says {
            Some((number, what, line)) => {
                let err = code(&done, number);
                assert!(err.contains(what) && err.contains(line) && err.contains("Press enter to return"), "{script}: {err}");
                assert_eq!(desk.text(file), before, "{script}");
            }
            None => {
                code(&done, 0);
                assert_ne!(opened(&desk, file), plain, "{script}");
            }
        }
        // Our own name takes it all.
        desk.place.write(file, &before);
        let _ = std::fs::remove_dir_all(desk.place.path("home/.local"));
        code(&desk.edit(file, script, ""), 0);
    }
    // `set` gives what SOPS gives: a whole number is a float there.
    let desk = Desk::new();
    desk.seal("a.yaml", YAML);
    code(&desk.run(Program::AsSops, &["set", "a.yaml", "[\"z\"]", "18446744073709551615"], "", ""), 0);
    assert_eq!(opened(&desk, "a.yaml"), YAML.replace("z: 2", "z: 1.8446744073709552e+19"));
    // A file that has nothing of our own dialect is of SOPS's.
    desk.seal("b.env", "A=1\r\nB=2\r\n");
    code(&desk.run(Program::AsSops, &["edit", "b.env"], "printf '\\r\\nC=3\\r\\n' >> \"$1\"", ""), 2);
}

/// Somebody takes the last of it out while the file is edited as `sops`; and two edits meet.
#[test]
fn two_changes_meet() {
    for other in ["sed -i '/^\\r$/d' \"$1\"", "sed -i 's/^A=1/A=canary/' \"$1\""] {
        let desk = Desk::new();
        desk.seal("w.env", WINDOWS);
        let second = desk.place.path("second.sh");
        crate::tools::script(&second, format!("#!/bin/sh\n{other}\n"));
        let ours = env!("CARGO_BIN_EXE_leafcrypt");
        let script = format!("sed -i 's/^B=2/B=3/' \"$1\"; EDITOR={} {ours} edit w.env", second.display());
        code(&desk.run(Program::AsSops, &["edit", "w.env"], &script, ""), 0);
        let both = opened(&desk, "w.env");
        assert!(both.contains("B=3\r\n") && (both.contains("A=canary\r\n") || !both.contains("\r\n\r\n")), "{both:?}");
    }
}
