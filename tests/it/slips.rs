//! What a slip of the hand is told: a sentence that names it, and the way out.

use crate::next_command::{command, done, fails, machine, paste};

/// Everything on standard error.
fn told(place: &crate::tools::Place, line: &str) -> String {
    String::from_utf8(paste(place, line).stderr).unwrap()
}

/// Two people join at once, and both sides stay in the configuration.
#[test]
fn merge_marks_in_the_configuration() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; git init -q .; leafcrypt init; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml");
    done(&place, "git add . && git commit -qm one && git checkout -qb other");
    let rules = |name: &str| format!("creation_rules:\n  - age:\n      - {}\n      - {name}\n", place.recipient);
    place.write(".sops.yaml", rules("age1other"));
    done(&place, "git commit -qam other && git checkout -q -");
    place.write(".sops.yaml", rules("age1mine"));
    done(&place, "git commit -qam mine; git merge other > /dev/null || true");
    let text = String::from_utf8(place.read(".sops.yaml")).unwrap();
    let line = text.lines().position(|line| line.starts_with("<<<<<<< ")).unwrap() + 1;
    for command in ["leafcrypt encrypt -i s.yaml", "leafcrypt recipients s.yaml", "sops updatekeys -y s.yaml", "sops decrypt s.yaml"] {
        let hint = fails(&place, command, 1, &format!(".sops.yaml (line {line}): a merge has left its marks here"));
        assert_eq!(
            hint,
            "take out the marks, and keep the recipients of both sides; then leafcrypt updatekeys . brings them into the files"
        );
    }
    // What only looks like a mark is no merge, and the fault is told as it was.
    place.write(".sops.yaml", "<<<<<<< HEAD\ncreation_rules: [\n");
    assert!(!told(&place, "leafcrypt encrypt s.yaml").contains("merge"));
}

/// Recipients are parted by commas, whatever else stands between them.
#[test]
fn recipients_without_a_comma() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; leafcrypt init; printf 'a: b\\n' > s.yaml");
    let one = done(&place, "grep -o 'age1[a-z0-9]*' .sops.yaml").trim().to_owned();
    let two = &place.recipient;
    for list in [format!("{one} {two}"), format!("|\n      {one}\n      {two}"), format!(">-\n      {one},\n      {two}\n      {one}")] {
        place.write(".sops.yaml", format!("creation_rules:\n  - age: {list}\n"));
        for program in ["leafcrypt", "sops"] {
            let hint = fails(&place, &format!("{program} encrypt s.yaml"), 1, "invalid recipient encoding: invalid character");
            assert_eq!(hint, "a comma is missing: recipients are parted by commas, or stand each as an item of a list", "{list}");
        }
    }
    place.write(".sops.yaml", format!("creation_rules:\n  - key_groups:\n      - age: ['{one} {two}']\n"));
    assert!(fails(&place, "leafcrypt encrypt s.yaml", 1, "invalid character").starts_with("a comma is missing"));
    done(&place, "rm .sops.yaml");
    assert!(
        fails(&place, &format!("leafcrypt encrypt --age '{one} {two}' s.yaml"), 1, "invalid character").starts_with("a comma is missing")
    );
    // Another slip is not that one.
    assert!(fails(&place, "leafcrypt encrypt --age 'age1x y' s.yaml", 1, "malformed").starts_with("a recipient is a public key"));
}

/// More groups wanted than there are, or one of several.
#[test]
fn a_threshold_that_does_not_fit() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; leafcrypt init; printf 'a: b\\n' > s.yaml");
    let one = done(&place, "grep -o 'age1[a-z0-9]*' .sops.yaml").trim().to_owned();
    let rules = |threshold: i32| {
        format!(
            "creation_rules:\n  - path_regex: x$\n  - shamir_threshold: {threshold}\n    key_groups:\n      - age: [{one}]\n      - age: [{}]\n",
            place.recipient
        )
    };
    let hint = "shamir_threshold says how many of the key groups must open a file: from 2 to 2; without it, all of them";
    for (threshold, says) in [(3, "parts cannot be less than threshold"), (1, "threshold must be at least 2")] {
        place.write(".sops.yaml", rules(threshold));
        for (line, code) in [("encrypt -i s.yaml", 1), ("edit new.yaml", 128)] {
            let says = format!("{says}: shamir_threshold is {threshold}, key groups are 2; in ");
            assert_eq!(fails(&place, &format!("leafcrypt {line}"), code, &says), hint, "{line}");
            assert!(told(&place, &format!("leafcrypt {line}")).contains(".sops.yaml (line 3)\n"), "{line}");
        }
        // SOPS's own line, and as it is.
        assert!(
            told(&place, "sops encrypt s.yaml")
                .contains(&format!("Could not generate data key: [could not split data key into parts for Shamir: {says}]"))
        );
    }
    place.write(".sops.yaml", rules(2));
    let flag = fails(&place, "leafcrypt encrypt --shamir-secret-sharing-threshold 3 s.yaml", 1, "parts cannot be less than threshold");
    assert!(flag.contains("--shamir-secret-sharing-threshold") && !flag.contains(".sops.yaml"), "{flag}");
    done(&place, "leafcrypt encrypt -i s.yaml");
    for threshold in [3, 1] {
        place.write(".sops.yaml", rules(threshold));
        done(&place, "leafcrypt recipients s.yaml");
    }
}

/// A shell that writes to the file has emptied it before anybody reads it.
#[test]
fn an_emptied_file() {
    let place = machine();
    done(&place, "leafcrypt init; mkdir d; git init -q .");
    // A binary file may be empty from the start.
    let nowhere = |file: &str| match file {
        "s.bin" => "leafcrypt encrypt -i s.bin",
        _ => "restore the file from a copy: git does not have it",
    };
    for (file, plain) in [("s.yaml", "a: b\n"), ("s.json", "{\"a\": 1}\n"), ("s.env", "A=b\n"), ("s.ini", "[a]\nb = c\n"), ("s.bin", "x")] {
        place.write(file, plain);
        done(&place, &format!("leafcrypt encrypt -i {file}; cp {file} d"));
        for line in [format!("decrypt {file} > {file}"), format!("rotate -i {file}")] {
            let hint = fails(&place, &format!("leafcrypt {line}"), 1, &format!("{file}: "));
            assert_eq!(hint, nowhere(file), "{line}");
            assert!(told(&place, &format!("leafcrypt {line}")).contains("the file is not sealed; it is empty"), "{line}");
        }
        done(&place, &format!("cp d/{file} {file}; git add {file}; : > {file}"));
        assert_eq!(fails(&place, &format!("leafcrypt decrypt {file}"), 1, "empty"), format!("restore the file: git restore {file}"));
    }
    // What is not sealed, and not empty, is sealed.
    place.write("p.yaml", "a: b\n");
    assert_eq!(command(&fails(&place, "leafcrypt decrypt p.yaml", 1, "not sealed")), "leafcrypt encrypt -i p.yaml");
}

#[test]
fn groups_take_the_file_behind_a_flag() {
    let place = machine();
    let add = format!("leafcrypt groups add s.yaml --age {}", place.recipient);
    assert_eq!(fails(&place, &add, 1, "one argument too many: the file is named by -f FILE"), "leafcrypt groups add --help");
    for line in ["delete s.yaml", "delete -f s.yaml 1 x", "delete s.yaml 1"] {
        fails(&place, &format!("leafcrypt groups {line}"), 1, "the file is named by -f FILE");
    }
}

/// The flags of a hint stand in place of those that were given.
#[test]
fn all_names_that_are_allowed() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'PATH=/x\\nLD_PRELOAD=y\\nBASH_ENV=z\\n' > f.env; leafcrypt encrypt -i f.env");
    let hint = fails(&place, "leafcrypt exec-env --allow-env PATH --allow-env LD_PRELOAD f.env true", 1, "BASH_ENV");
    let (_, flags) = hint.split_once("set them all the same: ").unwrap();
    assert_eq!(flags, "--allow-env BASH_ENV --allow-env LD_PRELOAD --allow-env PATH");
}

/// A name that holds the word of a format, and is none of its names.
#[test]
fn a_name_that_tells_no_type() {
    let place = machine();
    done(&place, "leafcrypt init");
    let warns = |name: &str| {
        place.write(name, "A=b\n");
        told(&place, &format!("leafcrypt encrypt {name}"))
    };
    for (name, inner) in [("env.prod", "dotenv"), ("app.env.prod", "dotenv"), ("yaml.bak", "yaml"), ("s.json.enc", "json")] {
        let told = warns(name);
        assert!(told.contains(&format!("sealed whole, since the name tells no type; --input-type {inner} ")), "{name}: {told}");
    }
    for name in ["env", "environment", "key.pem", "prod.env", "a.environment.b", "envrc"] {
        assert_eq!(warns(name), "", "{name}");
    }
}

/// Flags as other programs, and SOPS itself, take them.
#[test]
fn flags_with_one_dash() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\n' > f; leafcrypt encrypt -i f");
    let error = |line: &str| told(&place, &format!("leafcrypt {line}")).lines().next().unwrap_or_default().to_owned();
    for (line, says) in [
        ("-extract '[\"a\"]' -d f", ": -extract; did you mean --extract?"),
        ("decrypt -extract='[\"S3cret\"]' f", ": -extract; did you mean --extract?"),
        ("decrypt -output-type json f", ": -output-type; did you mean --output-type?"),
        ("-di f", ": -di; did you mean -d -i?"),
        ("-ei f", ": -ei; did you mean -e -i?"),
        ("decrypt -iv f", ": -iv"),
        ("encrypt -x f", ": -x"),
        ("encrypt -xyzzy f", ""),
        ("encrypt -side f", ""),
        ("exec-env f -d", ": -d"),
        ("encrypt -S3cret f", ""),
        ("decrypt -S f", ""),
    ] {
        assert_eq!(error(line), format!("error: a flag that is not known{says}"), "{line}");
    }
    for (line, says) in [
        ("-e -d f", "-e and -d are two commands, encrypt and decrypt: give one of them"),
        ("-d -e f", "-d and -e are two commands, decrypt and encrypt: give one of them"),
        ("--rotate f --decrypt", "--rotate and --decrypt are two commands, rotate and decrypt: give one of them"),
        ("decrypt -d f", "decrypt and -d are one command: give one of them"),
        ("-d f -d", "-d and -d are one command: give one of them"),
        ("decrypt -r f", "decrypt and -r are two commands, decrypt and rotate: give one of them"),
    ] {
        assert_eq!(error(line), format!("error: {says}"), "{line}");
    }
}

/// SOPS's words where it has some.
#[test]
fn words_of_sops() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; leafcrypt init; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml");
    let help = done(&place, "sops completion --help");
    assert!(!help.contains("leafcrypt") && help.contains("sops completion fish > ~/.config/fish/completions/sops.fish"), "{help}");
    assert!(done(&place, "leafcrypt completion --help").contains("leafcrypt completion fish > "));
    for (line, instead) in [
        ("-r --add-age age1x nofile", "use `--kms` and `--pgp` instead."),
        ("--rotate --rm-age x nofile", "use `--kms` and `--pgp` instead."),
        (&format!("rotate --add-age {} nofile", place.recipient), "use the `edit` subcommand instead."),
    ] {
        let said = paste(&place, &format!("sops {line}"));
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.code() == Some(49) && text.contains(instead), "{line}: {text}");
    }
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    for (typed, says) in [("", "EOF"), ("\n", "unexpected newline"), ("y y\n", "expected newline")] {
        place.write("typed", typed);
        let said = paste(&place, "sops updatekeys s.yaml < typed");
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.code() == Some(1) && text.lines().any(|line| line == says), "{typed:?}: {text}");
    }
    let said = told(&place, "sops updatekeys s.yaml s.yaml");
    assert!(said.contains("level=error msg=\"EOF\"") || said.contains("level=error msg=EOF"), "{said}");
}

/// A program finds a list and a map that are empty alike.
#[test]
fn what_is_empty_is_a_variable() {
    let place = machine();
    done(&place, "leafcrypt init");
    for (file, plain) in [
        ("s.yaml", "db: {empty: {}, el: [], in: {deep: {}}}\ntop: {}\n"),
        ("s.json", "{\"db\": {\"empty\": {}, \"el\": [], \"in\": {\"deep\": {}}}, \"top\": {}}\n"),
    ] {
        place.write(file, plain);
        done(&place, &format!("leafcrypt encrypt -i {file}"));
        let shown = done(&place, &format!("leafcrypt exec-env --pristine --flatten {file} -- /usr/bin/env"));
        assert_eq!(shown, "db__el=[]\ndb__empty={}\ndb__in__deep={}\ntop={}\n", "{file}");
    }
    // A section without a line has nothing that a program could want.
    place.write("s.ini", "[none]\n[a]\nb = c\n");
    done(&place, "leafcrypt encrypt -i s.ini");
    assert_eq!(done(&place, "leafcrypt exec-env --pristine --flatten s.ini -- /usr/bin/env"), "a__b=c\n");
}
