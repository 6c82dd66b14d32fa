//! Layout that somebody without a key has put into a sealed INI or YAML file: what other readers would take for something else does not come out (P2).

use crate::tools::{Place, Program};

const PLAIN: &str = "[db]\nuser = admin\n; a note\npassword = hunter2\nrole_unencrypted = reader\n\n[other]\nx = y\n";

#[test]
fn lines_of_ini() {
    let place = Place::project();
    let sealed = place.seal("a.ini", PLAIN);
    let token = |name: &str| sealed.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let (password, comment) = (token("password"), token(";"));
    let value = password.split_once("= ").unwrap().1;
    for (from, to) in [
        // A line that goes on, to Python's configparser and others.
        ("\npassword", "\n  password".to_owned()),
        ("\npassword", "\n\tpassword".to_owned()),
        ("\n[other]", "\n  [other]".to_owned()),
        // Part of the value, to the same.
        (&format!("\n;{comment}"), format!(" ;{comment}")),
        ("[other]", "[other] ; x".to_owned()),
        ("= reader", "= reader ; x".to_owned()),
        (value, format!("\"{value}\"")),
        (value, format!("`{value}`")),
        (value, format!("\\\n{value}")),
        ("= reader", "= \"reader\"".to_owned()),
        ("\npassword", "\n`password`".to_owned()),
    ] {
        let tampered = sealed.replacen(from, &to, 1);
        assert_ne!(tampered, sealed);
        place.write("a.ini", &tampered);
        // One that was put in comes out, on a line of its own.
        // How names are aligned is nobody's matter.
        let line = |line: &str| {
            line.split_once('=').map_or(line.to_owned(), |(name, value)| format!("{} = {}", name.trim_end(), value.trim_start()))
        };
        let lines = |text: &str| text.lines().filter(|line| *line != "; x").map(line).collect::<Vec<_>>();
        let sorted = |text: &str| {
            let mut lines = lines(text);
            lines.sort();
            lines
        };
        for args in [&["decrypt"][..], &["decrypt", "--strict", "--require-witness"]] {
            let done = place.call(Program::Ours, args.iter().copied().chain(["a.ini"])).run();
            let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            // One that was put in is told, and strictly refused.
            if to.contains("; x") && args.len() > 1 {
                assert!(done.stdout.is_empty() && err.contains("comments differ"), "{to}: {err}");
                continue;
            }
            assert!(done.status.success(), "{to}: {err}");
            // A comment that was moved stays where it was moved to.
            assert_eq!(sorted(&out), sorted(PLAIN), "{to}: {out}");
            // Where the text is the author's again, nobody is warned.
            assert!(!out.contains("; a note\n[") && (err.contains("warning: ") || out == PLAIN), "{to}: {out}{err}");
        }
        if let Some(theirs) = place.sops(["decrypt", "a.ini"]) {
            let ours = place.call(Program::AsSops, ["decrypt", "a.ini"]).run();
            assert_eq!(sorted(&String::from_utf8_lossy(&ours.stdout)), sorted(&String::from_utf8_lossy(&theirs.stdout)), "{to}");
        }
    }
    // What no reader takes otherwise stays.
    for (from, to) in [("\npassword = ", "\n\npassword=".to_owned()), ("\n", "\r\n".to_owned())] {
        place.write("a.ini", sealed.replace(from, &to));
        assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "a.ini"]).stdout), PLAIN.replace(from, &to));
    }
    // What SOPS does not print goes, and is told.
    let sealed_quoted = place.seal("b.ini", "[s]\nk = `b` # c1\nx = v\n");
    place.write("b.ini", sealed_quoted.replacen("\nx = ", "\nx   = ", 1));
    let done = place.call(Program::Ours, ["decrypt", "b.ini"]).run();
    assert!(!String::from_utf8_lossy(&done.stdout).contains("c1"));
    assert!(String::from_utf8_lossy(&done.stderr).contains("what stood behind quotes is gone"));
    // Untouched, it is the author's own.
    place.write("a.ini", &sealed);
    assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "a.ini"]).stdout), PLAIN);
}

/// Words of YAML that are something else to readers of version 1.1, or of 1.2, than to SOPS: it writes none of them.
#[test]
fn words_of_yaml() {
    const PLAIN: &str = "pw: hunter2\nflag_unencrypted: \"yes\"\ntime_unencrypted: \"12:30\"\nport_unencrypted: 8080\nrate_unencrypted: 1000.5\n\
                         whole_unencrypted: 2.0\n\"on\":\n  l_unencrypted: [\"no\", b]\n";
    let place = Place::project();
    let sealed = place.seal("a.yaml", PLAIN);
    for (from, to) in [
        ("\"yes\"", "yes"),
        ("\"yes\"", "! yes"),
        ("\"12:30\"", "12:30"),
        ("8080", "017620"),
        ("8080", "0o17620"),
        ("8080", "8_080"),
        ("8080", "!!int \"017620\""),
        ("1000.5", "10005e-1"),
        ("2.0", "2e0"),
        ("\"on\":", "on:"),
        ("\"no\"", "no"),
    ] {
        let tampered = sealed.replacen(from, to, 1);
        assert_ne!(tampered, sealed);
        let stripped: String = tampered.split_inclusive('\n').filter(|line| !line.contains("leafcrypt:")).collect();
        for text in [tampered, stripped] {
            place.write("a.yaml", &text);
            for program in [Program::Ours, Program::AsSops] {
                let done = place.call(program, ["decrypt", "a.yaml"]).run();
                // A tag that says what is there stays.
                let out = String::from_utf8_lossy(&done.stdout).replace("!!int ", "");
                assert_eq!(out, PLAIN, "{to}: {}", String::from_utf8_lossy(&done.stderr));
            }
        }
    }
    // Of a text that somebody has vouched for they are its author's.
    let own = "on: hunter2\nflag_unencrypted: yes\nport_unencrypted: 017620\nrate_unencrypted: 1e3\n";
    place.seal("b.yaml", own);
    assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "b.yaml"]).stdout), own);
}
