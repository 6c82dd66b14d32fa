//! Layout that somebody without a key has put into a sealed INI file: what other readers would take for something else does not come out (P2).

use crate::tools::{Place, Program};

const PLAIN: &str = "[db]\nuser = admin\n; a note\npassword = hunter2\nrole_unencrypted = reader\n\n[other]\nx = y\n";

#[test]
fn lines_of_ini() {
    let place = Place::project();
    let sealed = place.seal("a.ini", PLAIN);
    let token = |name: &str| sealed.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let (password, comment) = (token("password"), token(";"));
    let value = password.split_once("= ").unwrap().1;
    let (layout, comments) = ("the layout was changed outside", "comments were changed outside");
    for (from, to, told) in [
        // A line that goes on, to Python's configparser and others.
        ("\npassword", "\n  password".to_owned(), layout),
        ("\npassword", "\n\tpassword".to_owned(), layout),
        ("\n[other]", "\n  [other]".to_owned(), layout),
        // Part of the value, to the same.
        (&format!("\n;{comment}"), format!(" ;{comment}"), layout),
        ("[other]", "[other] ; x".to_owned(), comments),
        ("= reader", "= reader ; x".to_owned(), comments),
        ("= reader", "= \"reader\"".to_owned(), layout),
        ("\npassword", "\n`password`".to_owned(), layout),
        // What stands around a token goes with it: the text is the author's again, and nobody is warned.
        (value, format!("\"{value}\""), ""),
        (value, format!("`{value}`"), ""),
        (value, format!("\\\n{value}"), ""),
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
            if told == comments && args.len() > 1 {
                assert!(done.stdout.is_empty() && err.contains("comments differ"), "{to}: {err}");
                continue;
            }
            assert!(done.status.success(), "{to}: {err}");
            // A comment that was moved stays where it was moved to.
            assert_eq!(sorted(&out), sorted(PLAIN), "{to}: {out}");
            assert!(!out.contains("; a note\n["), "{to}: {out}");
            match told {
                "" => assert_eq!((&*out, &*err), (PLAIN, ""), "{to}"),
                _ => assert!(err.lines().all(|line| line.starts_with("warning: ")) && err.contains(told), "{to}: {err}"),
            }
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
