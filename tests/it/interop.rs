//! The real sops and ours on the same files: theirs opens ours to the same values with the MAC verified, ours opens theirs to the same bytes it prints.

use crate::tools::{Place, corpus, sops};

/// Sops refuses or changes these by itself, or prints them otherwise for a reason of `docs/lossless-documents.md`; by name, with the reason.
const KNOWN: &[(&str, &str)] = &[
    ("json/integers.json", "sops before 3.13.2 reads JSON integers as floats and loses digits beyond 2^53; our tokens keep them"),
    (
        "ini/backslashes.ini",
        "a value that ends in a backslash: sops prints what does not read back, ours stands in backticks (docs/lossless-documents.md, 10)",
    ),
    ("ini/quotes_inside.ini", "a value in one pair of quotes: the same"),
    ("ini/triple.ini", "a value that starts with three quotes: the same"),
    ("ini/triple_at_end.ini", "the same, at the end of the file"),
];

fn check(folder: &str, ending: &str) {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let name = format!("f.{ending}");
    let (mut compared, mut wrong) = (0, Vec::new());
    for path in corpus(folder, ending) {
        let case = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
        let plain = std::fs::read(&path).unwrap();
        place.write(&name, &plain);
        let ours = place.ours(["encrypt", "--age", &place.recipient, &name]);
        let known = KNOWN.iter().any(|(name, _)| *name == case);
        if !ours.status.success() && known {
            continue;
        }
        if !ours.status.success() {
            wrong.push(format!("{case}: not sealed: {}", String::from_utf8_lossy(&ours.stderr).trim()));
            continue;
        }
        place.write(&format!("ours.{ending}"), &ours.stdout);
        let back = place.ours(["decrypt", &format!("ours.{ending}")]);
        if back.stdout != plain {
            wrong.push(format!("{case}: not lossless: {}", String::from_utf8_lossy(&back.stderr).trim()));
        }
        let theirs = place.sops(["encrypt", "--age", &place.recipient, &name]).unwrap();
        if !theirs.status.success() {
            continue;
        }
        place.write(&format!("theirs.{ending}"), &theirs.stdout);
        let printed = place.sops(["decrypt", &format!("theirs.{ending}")]).unwrap();
        if !printed.status.success() {
            continue;
        }
        compared += 1;
        let opened = place.ours(["decrypt", &format!("theirs.{ending}")]);
        if opened.stdout != printed.stdout && !known {
            wrong.push(format!("{case}: theirs opens otherwise: {}", String::from_utf8_lossy(&opened.stderr).trim()));
        }
        let values = |file: &str| place.sops(["decrypt", "--output-type", "json", file]).unwrap();
        let (of_ours, of_theirs) = (values(&format!("ours.{ending}")), values(&format!("theirs.{ending}")));
        if !of_ours.status.success() && of_theirs.status.success() || of_ours.stdout != of_theirs.stdout && !known {
            wrong.push(format!("{case}: sops opens ours otherwise: {}", String::from_utf8_lossy(&of_ours.stderr).trim()));
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} compared:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 20, "only {compared} files were compared");
}

#[test]
fn json() {
    check("json", "json");
}

#[test]
fn dotenv() {
    check("dotenv", "env");
}

#[test]
fn ini() {
    check("ini", "ini");
}

#[test]
fn yaml() {
    check("yaml", "yaml");
}

/// A block scalar of a file that was sealed before headers were, too: its token had a line feed behind it, and has it in the quotes of whoever wrote the
/// file anew. What we seal now has a bare token for every reader.
#[test]
fn a_text_of_several_lines_survives_programs_that_write_yaml() {
    let place = Place::new();
    let plain = "meta: x\nliteral: |\n  a\n  b\nfolded: >+ # note\n  c\n  d\n\nlist:\n- |2\n    e\n  f\n";
    place.write("f.yaml", plain);
    let sealed = place.ours(["encrypt", "--age", &place.recipient, "f.yaml"]);
    let sealed = String::from_utf8(sealed.stdout).unwrap();
    for header in ["literal: |-\n", "folded: >- #", "- |2-\n"] {
        assert!(sealed.contains(header), "{header}: {sealed}");
    }
    place.write("sealed.yaml", &sealed);
    assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "sealed.yaml"]).stdout), plain);
    let line = sealed.lines().skip_while(|line| !line.starts_with("literal:")).nth(1).unwrap();
    let token = line.trim();
    for (case, as_written) in [
        ("quoted", format!("literal: '{token}\n\n  '\n")),
        ("in double quotes", format!("literal: \"{token}\\n\"\n")),
        ("as it was sealed before", format!("literal: |\n  {token}\n")),
        ("with all that follows", format!("literal: |+\n  {token}\n\n")),
    ] {
        place.write("again.yaml", sealed.replace(&format!("literal: |-\n{line}\n"), &as_written));
        let values = |done: std::process::Output| {
            assert!(done.status.success(), "{case}: {}", String::from_utf8_lossy(&done.stderr));
            done.stdout
        };
        let ours = values(place.ours(["decrypt", "--extract", "[\"literal\"]", "again.yaml"]));
        assert_eq!(ours, b"a\nb\n", "{case}");
        values(place.ours(["set", "again.yaml", "[\"meta\"]", "\"y\""]));
        if let Some(theirs) = place.sops(["decrypt", "--extract", "[\"literal\"]", "again.yaml"]) {
            assert_eq!(values(theirs), b"a\nb\n", "{case}");
        }
    }
}
