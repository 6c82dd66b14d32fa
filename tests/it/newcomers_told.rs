//! What somebody is told who is stuck: one way out and no circle, the name and the line of what is wrong, what a shell completes, and manual pages.

use crate::next_command::{done, fails, machine, paste};
use crate::tools::without_field;

/// What one command says to do, the next one does.
#[test]
fn nobody_is_sent_round_in_a_circle() {
    let place = machine();
    done(&place, "leafcrypt init; mkdir d; printf 'sops: x\\n' > s.yaml; printf 'a: b\\n' > p.yaml");
    assert!(fails(&place, "leafcrypt decrypt s.yaml", 1, "not sealed").starts_with("leafcrypt encrypt -i s.yaml"));
    assert_eq!(fails(&place, "leafcrypt encrypt -i s.yaml", 203, "\"sops\" is a name of the metadata block"), "choose another name");
    done(&place, &fails(&place, "leafcrypt set p.yaml '[\"a\"]' '\"c\"' 2>&1 | grep -v ^warning 1>&2; exit 1", 1, "not sealed"));
    done(&place, "leafcrypt set p.yaml '[\"a\"]' '\"c\"'");
    // A value that was typed over its token.
    done(&place, "sed -i 's/^a: .*/a: new/' p.yaml");
    let first = fails(&place, "leafcrypt decrypt p.yaml", 25, "not a sealed value");
    assert!(first.ends_with("; what was typed over a value: leafcrypt accept p.yaml"), "{first}");
    let second = fails(&place, "leafcrypt encrypt -i p.yaml", 51, "values stand in clear");
    assert!(second.starts_with("leafcrypt accept p.yaml shows what differs"), "{second}");
    done(&place, "leafcrypt accept -y p.yaml");
    assert_eq!(done(&place, "leafcrypt decrypt p.yaml"), "a: new\n");
    place.write("x.yaml", "a: b: c\n");
    assert!(fails(&place, "leafcrypt encrypt -i x.yaml", 2, "line 1").starts_with("mend it at that line; "));
    assert!(fails(&place, "leafcrypt encrypt", 8, "stdin").starts_with("leafcrypt encrypt FILE; "));
    assert_eq!(fails(&place, "leafcrypt decrypt --extract '' p.yaml", 91, "is empty"), "a path looks like '[\"db\"][\"hosts\"][0]'");
    done(&place, "printf 'a: b\\n---\\nc: d\\n' > two.yaml; leafcrypt encrypt -i two.yaml");
    let hint = fails(&place, "leafcrypt decrypt --extract '[\"c\"]' two.yaml", 1, "there is nothing at c in the first of its 2 documents");
    assert_eq!(hint, "leafcrypt decrypt two.yaml shows what is there");
    // What others call it, and `set` would change the file.
    assert_eq!(fails(&place, "leafcrypt get p.yaml", 1, "did you mean decrypt --extract?"), "leafcrypt --help");
    fails(&place, "leafcrypt encrypt -i p.yaml x.yaml", 1, "encrypt takes one file");
    let said = String::from_utf8(paste(&place, "leafcrypt decrypt p.yaml a.b").stderr).unwrap();
    assert!(said.contains("one value of a file: --extract"), "{said}");
    for line in ["updatekeys", "rotate"] {
        assert!(fails(&place, &format!("leafcrypt {line}"), 100, "no file").starts_with("name the file"), "{line}");
    }
}

/// What is left of a token is no text that somebody has typed: its letters would be sealed, and the value be gone.
#[test]
fn a_damaged_token_is_no_value() {
    let place = machine();
    done(&place, "leafcrypt init; git init -q .");
    let files = [
        ("c.yaml", "a: 1\nb: two\n"),
        ("c.json", "{\n  \"a\": 1,\n  \"b\": \"two\"\n}\n"),
        ("c.env", "a=1\nb=two\n"),
        ("c.ini", "[s]\na = 1\nb = two\n"),
        ("c.toml", "a = 1\nb = \"two\"\n"),
    ];
    for (file, plain) in files {
        place.write(file, plain);
        done(&place, &format!("leafcrypt encrypt -i {file} && git add {file}"));
        let sealed = String::from_utf8(place.read(file)).unwrap();
        let start = sealed.lines().find(|line| line.trim_start_matches([' ', '"']).starts_with('b')).unwrap();
        for (from, to) in [(",type:str]", ""), (",tag:", ", tag:"), ("ENC[AES", "ENC[ AES"), ("ENC[", ""), ("ENC[", "EN")] {
            let damaged = sealed.replacen(start, &start.replacen(from, to, 1), 1);
            assert_ne!(damaged, sealed, "{file} {from}");
            place.write(file, &damaged);
            for line in ["decrypt", "accept -y", "encrypt -i", "set --value-file new"] {
                let at = if line.starts_with("set") { " '[\"s\"][\"b\"]'" } else { "" };
                place.write("new", "\"x\"\n");
                let hint = fails(&place, &format!("leafcrypt {line} {file}{at}"), 25, "b (line ");
                assert_eq!(hint, format!("restore the file: git restore {file}"), "{file} {from} {line}");
                assert_eq!(place.read(file), damaged.as_bytes(), "{file} {from} {line}");
            }
            done(&place, &format!("git restore {file}"));
        }
    }
    // Beside what was added, which a restored file would not have any more.
    let sealed = String::from_utf8(place.read("c.yaml")).unwrap();
    place.write("c.yaml", sealed.replacen("b: ENC[", "new: secret\nb: ENC[ ", 1));
    let hint = fails(&place, "leafcrypt encrypt -i c.yaml", 25, "a damaged token");
    assert_eq!(hint, "mend it at that line; or, without what was changed since: git restore c.yaml");
    // A text that has tokens in it is a value like others.
    let lines = sealed.lines().map(|line| format!("  {line}\n")).collect::<String>();
    place.write("c.yaml", format!("new: |\n{lines}{sealed}"));
    done(&place, "leafcrypt encrypt -i c.yaml");
    assert_eq!(done(&place, "leafcrypt decrypt --extract '[\"new\"]' c.yaml"), sealed);
}

/// The recipients of a file that was merged by hand, with the rule: `updatekeys` has nothing to do there.
#[test]
fn who_vouches_is_told() {
    let place = machine();
    place.write("f.yaml", "a: b\n");
    done(&place, "leafcrypt init; leafcrypt encrypt -i f.yaml; leafcrypt keygen -o other.txt; cp .sops.yaml rule");
    let sealed = String::from_utf8(place.read("f.yaml")).unwrap();
    place.write("f.yaml", without_field(&sealed));
    done(
        &place,
        "sed -i \"s/age1.*/$(grep -o 'age1.*' other.txt)/\" .sops.yaml; leafcrypt set f.yaml '[\"a\"]' '\"c\"'; cp rule .sops.yaml",
    );
    let hint = fails(&place, "leafcrypt decrypt --require-witness f.yaml", 51, "nobody has vouched for its recipients");
    let line = hint.split_once(" lists the recipients").unwrap().0;
    done(&place, &format!("export LEAFCRYPT_REQUIRE_WITNESS=1; {line} -y"));
    assert_eq!(done(&place, "leafcrypt decrypt --require-witness f.yaml"), "a: c\n");
}

/// What is open already has no folder: the rules are those of the current one, as where no file is named.
#[test]
fn what_comes_by_a_descriptor() {
    let place = machine();
    place.write("v.yaml", "a: b\n");
    done(&place, "leafcrypt init; ln -s leafcrypt bin/sops; mkdir d; cp .sops.yaml d; rm .sops.yaml");
    for name in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "/dev/fd/7"] {
        for program in ["leafcrypt", "sops"] {
            let line = format!("cd d; exec 7< ../v.yaml; {program} encrypt --input-type yaml --output-type yaml {name} < ../v.yaml");
            assert!(done(&place, &line).starts_with("a: ENC["), "{line}");
        }
    }
}

/// An unknown flag by its name; what may be a value is not repeated.
#[test]
fn an_unknown_flag_has_a_name() {
    let place = machine();
    for (typed, shown) in
        [("--foo", ": --foo"), ("--foo=secret", ": --foo"), ("--agee", ": --agee; did you mean --age?"), ("--S3cret", ""), ("-S3cret", "")]
    {
        let said = String::from_utf8(paste(&place, &format!("leafcrypt encrypt --output x {typed} a.yaml")).stderr).unwrap();
        assert_eq!(said.lines().next(), Some(&*format!("error: a flag that is not known{shown}")), "{typed}");
    }
}

/// What is wrong in the configuration is told with its line, also where nobody typed a recipient.
#[test]
fn a_fault_of_the_configuration_has_a_line() {
    let place = machine();
    place.write("x.yaml", "a: b\n");
    for (rule, says) in
        [("age: age1xxx", "malformed recipient"), ("age: age1xxx\n    encrypted_regex: '('", ""), ("pgp: ''", "empty key group")]
    {
        place.write(".sops.yaml", format!("creation_rules:\n  - path_regex: l$\n    {rule}\n"));
        let hint = fails(&place, "leafcrypt encrypt x.yaml", 1, says);
        let said = String::from_utf8(paste(&place, "leafcrypt encrypt x.yaml").stderr).unwrap();
        assert!(rule.starts_with("pgp") || said.contains(".sops.yaml (line 2)"), "{rule}: {said} {hint}");
    }
    // Each key on a line of its own.
    place.write(
        ".sops.yaml",
        "creation_rules:\n  - kms: arn:aws:kms:eu-west-1:1:key/k\n    gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/k\n",
    );
    let hint =
        fails(&place, "leafcrypt encrypt x.yaml", 1, "\n  arn:aws:kms:eu-west-1:1:key/k: this build has no AWS KMS keys\n  projects/p");
    assert!(hint.contains("sops itself"), "{hint}");
}

/// The key is somewhere else: a new one would open nothing.
#[test]
fn doctor_of_a_key_that_was_moved() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\n' > a.yaml; leafcrypt encrypt -i a.yaml; mv home/.config/sops/age/keys.txt moved");
    let said = String::from_utf8(paste(&place, "leafcrypt doctor a.yaml").stdout).unwrap();
    assert!(!said.contains("fix: leafcrypt keygen") && said.contains("SOPS_AGE_KEY_FILE=FILE"), "{said}");
    assert!(String::from_utf8(paste(&place, "leafcrypt doctor").stdout).unwrap().contains("fix: leafcrypt keygen"));
    // What this build only keeps comes last, and where it is not asked for nothing is to be done.
    assert!(said.find("ok    AWS KMS").unwrap() > said.find("a.yaml: ").unwrap(), "{said}");
    done(
        &place,
        "printf 'a: b\\n' > f.yaml; printf 'creation_rules:\\n  - path_regex: f\\n    kms: arn:aws:kms:eu-west-1:1:key/k\\n' > .sops.yaml",
    );
    let said = String::from_utf8(paste(&place, "leafcrypt doctor f.yaml").stdout).unwrap();
    assert!(!said.contains("fix: leafcrypt encrypt") && said.contains("seal it with sops"), "{said}");
}

/// What is typed without echo is asked for once it can be used.
#[test]
fn a_value_is_not_asked_for_in_vain() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\n' > plain.yaml; leafcrypt encrypt --output s.yaml plain.yaml");
    for (line, says) in [
        ("set nosuch.yaml '[\"a\"]'", "no such file"),
        ("set plain.yaml '[\"a\"]'", "not sealed"),
        ("set s.yaml '[\"a\"'", "a path looks like"),
    ] {
        place.write("line", format!("leafcrypt {line}\n"));
        let said = String::from_utf8(paste(&place, "script -e -c 'sh line' /dev/null < /dev/null").stdout).unwrap();
        assert!(said.contains(says) && !said.contains("New value"), "{line}: {said}");
    }
}

/// A name is one line of a message, whatever is in it.
#[test]
fn a_line_break_in_a_name() {
    let place = machine();
    place.write("a.yaml", "a: 1\n");
    let name = "nl\nerror: run this.yaml";
    done(&place, &format!("leafcrypt encrypt --age {} --output \"$(printf 'nl\\nerror: run this.yaml')\" a.yaml", place.recipient));
    assert!(place.path(name).exists());
    let said =
        String::from_utf8(paste(&place, "leafcrypt decrypt nl*; leafcrypt keygen -o nl*; leafcrypt exec-env -- nl*").stderr).unwrap();
    assert!(!said.contains("\nerror: run this"), "{said}");
    // A pipe is looked at, and not waited for.
    let hint = fails(&place, "mkfifo ff; timeout 10 leafcrypt keygen --output ff", 1, "exists already");
    assert!(hint.contains("another name"), "{hint}");
}

/// A shell offers the words that a flag takes, and no flag without effect.
#[test]
fn what_a_shell_completes() {
    let place = machine();
    let script = done(&place, "leafcrypt completion bash");
    for words in
        ["yaml json dotenv ini toml binary", "sops dotenv posix node compose systemd", "kms gcp_kms hckms azure_kv hc_vault pgp age"]
    {
        assert!(script.contains(&format!("compgen -W \"{words}")), "{words}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = done(&place, &format!("leafcrypt completion {shell}"));
        assert!(!script.contains("check-for-updates") && script.contains("systemd"), "{shell}");
    }
    // As `sops` most people type no command.
    done(&place, "ln -s leafcrypt bin/sops");
    for (shell, flag) in [("bash", "--add-age"), ("zsh", "--add-age="), ("fish", "-l add-age")] {
        let before = |name: &str| done(&place, &format!("{name} completion {shell}")).matches(flag).count();
        assert!(before("sops") > before("leafcrypt"), "{shell}");
    }
    for (typed, expected) in [("--ag", "--age"), ("--dec", "--decrypt --decryption-order"), ("-d --extr", "--extract")] {
        let (count, last) = (typed.split(' ').count(), typed.split(' ').next_back().unwrap());
        let typed = format!("COMP_WORDS=(sops {typed}); COMP_CWORD={count}; _sops sops {last} x; echo ${{COMPREPLY[@]}}");
        assert_eq!(done(&place, &format!("bash -c '. <(sops completion bash); {typed}'")), format!("{expected}\n"));
    }
    let typed = "COMP_WORDS=(leafcrypt exec-env --user roo); COMP_CWORD=3; _leafcrypt leafcrypt roo --user; echo ${COMPREPLY[@]}";
    assert_eq!(done(&place, &format!("bash -c '. <(leafcrypt completion bash); {typed}'")), "root\n");
    let typed = "COMP_WORDS=(leafcrypt decrypt --output-type j); COMP_CWORD=3; _leafcrypt leafcrypt j --output-type; echo ${COMPREPLY[@]}";
    assert_eq!(done(&place, &format!("bash -c '. <(leafcrypt completion bash); {typed}'")), "json\n");
}

/// Where a file stands, a shell offers files: bash by itself, where it gets no words.
#[test]
fn where_a_shell_completes_files() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops");
    let offered = |name: &str, typed: &str, word: &str| {
        let count = typed.split_whitespace().count() + 1;
        let typed =
            format!("COMP_WORDS=({name} {typed} \"{word}\"); COMP_CWORD={count}; _{name} {name} \"{word}\" x; echo \"${{COMPREPLY[@]}}\"");
        let script = format!(". <({name} completion bash); {typed}");
        done(&place, &format!("bash -c '{script}'")).trim_end().to_owned()
    };
    let files = ["encrypt", "decrypt", "edit", "set", "unset", "rotate", "updatekeys", "accept", "exec-env", "exec-file", "doctor", "man"];
    for command in files.iter().chain(&["decrypt -i", "decrypt --ignore-mac a", "edit -s"]) {
        for (name, word) in [("leafcrypt", ""), ("sops", ""), ("sops", "e")] {
            assert_eq!(offered(name, command, word), "", "{name} {command} {word:?}");
        }
        assert!(offered("leafcrypt", command, "--").contains("--verbose"), "{command}");
    }
    for form in ["-d", "-e", "-r", "--config c.yaml -d", "-d -i", "--age k", "--extract p -d"] {
        assert_eq!((offered("sops", form, ""), offered("sops", form, "s")), (String::new(), String::new()), "{form}");
    }
    for form in ["-d", "-e", "--rotate", "--config c.yaml -d", "-d -i", "--extract p --decrypt"] {
        assert_eq!((offered("leafcrypt", form, ""), offered("leafcrypt", form, "f")), (String::new(), String::new()), "{form}");
    }
    for before in ["--verbose", "--config c.yaml", "--indent 2 --verbose"] {
        for name in ["leafcrypt", "sops"] {
            assert_eq!(offered(name, before, "enc"), "encrypt", "{name} {before}");
        }
    }
    assert_eq!(offered("sops", "", "enc"), "encrypt");
    assert_eq!(offered("leafcrypt", "completion", "ba"), "bash");
    assert!(offered("leafcrypt", "keygen", "").contains("--output") && offered("leafcrypt", "groups", "").ends_with("add delete help"));
    // The same for zsh, which need not be there.
    let [ours, sops] = ["leafcrypt", "sops"].map(|name| done(&place, &format!("{name} completion zsh")));
    assert!(sops.contains("\":: :_sops_first\"") && sops.contains("_sops_commands \"$@\" || _files \"$@\""), "{sops}");
    assert_eq!((sops.matches("\n(*)\n").count(), ours.matches("\n(*)\n").count()), (1, 0));
    assert!(sops.split_once("\n(*)\n").unwrap().1.contains("--extract=") && ours.contains(":N[\\:ALPHABET]:_default"));
}

/// A page says how the command is called, and where the rest stands.
#[test]
fn manual_pages() {
    let place = machine();
    done(&place, "mkdir m; leafcrypt man m");
    let page = |name: &str| String::from_utf8(place.read(&format!("m/{name}.1"))).unwrap();
    let groups = page("leafcrypt-groups-delete");
    assert!(groups.contains(".TH leafcrypt-groups-delete 1 \"\" leafcrypt leafcrypt\n.SH NAME"), "{groups}");
    assert!(groups.contains(".SH SYNOPSIS\nleafcrypt groups delete [OPTIONS] \\-\\-file <FILE> <INDEX>\n"), "{groups}");
    assert!(groups.contains(".SH EXAMPLES\n.nf\n  leafcrypt groups delete \\-i \\-\\-file secrets.yaml 1\n.fi\n.SH SEE ALSO"), "{groups}");
    assert!(groups.contains(".SH SEE ALSO\n\\fBleafcrypt\\fR(1)") && !groups.contains("check\\-for"), "{groups}");
    let whole = page("leafcrypt");
    assert!(whole.contains(".SH EXIT STATUS AND ENVIRONMENT\n") && whole.contains("200 the editor changed nothing"), "{whole}");
    assert!(whole.contains("leafcrypt\\-set(1)") && !whole.contains(".SH EXTRA"), "{whole}");
}

/// What is said of a change is about that change, and no flag of another command.
#[test]
fn a_change_that_cannot_be() {
    let place = machine();
    done(&place, "leafcrypt init; ln -s leafcrypt bin/sops; printf 'A=x\\nB_unencrypted=y\\n' > e.env; leafcrypt encrypt -i e.env");
    let set = "sops set e.env '[\"B_unencrypted\"]' '\"a\\\\nb\"'";
    assert_eq!(fails(&place, set, 4, "read back as a newline"), "sops edit e.env changes the text itself");
    done(&place, "printf 'a: b\\n' > y.yaml; leafcrypt encrypt -i y.yaml");
    for map in ["{\"canary\": 1, \"canary\": 2}", "[1, {\"b\": {\"canary\": 1, \"canary\": 2}}]"] {
        place.write("map", map);
        let set = "leafcrypt set --value-file map y.yaml '[\"m\"]'";
        assert_eq!(fails(&place, set, 4, "m: a name stands twice in what was to be set"), "leafcrypt edit y.yaml changes the text itself");
        assert!(!String::from_utf8(paste(&place, set).stderr).unwrap().contains("canary"));
    }
    // SOPS knows no TOML, and we do under our own name only.
    done(&place, "printf 'a = \"b\"\\n' > t.toml; leafcrypt encrypt -i t.toml");
    for line in ["sops -d t.toml", "sops set t.toml '[\"a\"]' '\"c\"'"] {
        let hint = fails(&place, line, 1, "t.toml");
        assert_eq!(done(&place, hint.strip_prefix("it is sealed as toml, which sops does not know: ").expect(&hint)), "a = \"b\"\n");
    }
}
