//! What a call may say, and what help says: what makes no sense is refused, and no switch that protects is off in silence.

use std::path::Path;

use crate::next_command::{done, fails, machine, paste};
use crate::tools::{Place, Program};

/// SOPS's manual: `source <(sops completion bash)`.
#[test]
fn a_completion_is_for_the_name_that_was_called() {
    let place = Place::new();
    for (program, name, other) in [(Program::Ours, "leafcrypt", "sops"), (Program::AsSops, "sops", "leafcrypt")] {
        for (shell, line) in [("bash", "complete -F _NAME "), ("zsh", "#compdef NAME\n"), ("fish", "complete -c NAME ")] {
            let script = place.call(program, ["completion", shell]).run().stdout;
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains(&line.replace("NAME", name)), "{name} {shell}");
            assert!(!script.contains(&line.replace("NAME", other)), "{name} {shell}");
            // Behind `--` stands a program; elsewhere clap has it right, or the shell's own rule offers files.
            let programs = ["exec-env", "exec-file"].map(|command| format!("({command})\nif (( CURRENT > ${{words[(i)--]}} )); then\n"));
            assert_eq!(programs.map(|start| script.matches(&start).count()), [usize::from(shell == "zsh"); 2], "{name} {shell}");
        }
    }
}

/// What makes no sense is refused under our own name: the configuration sealed, kinds of key that are none, files given by no name.
#[test]
fn what_makes_no_sense_is_refused() {
    let place = machine();
    done(&place, "leafcrypt init && ln -s leafcrypt bin/sops && cp .sops.yaml rules.yaml");
    place.write("s.yaml", "a: b\n");
    for line in ["leafcrypt encrypt -i .sops.yaml", "leafcrypt --config rules.yaml encrypt -i rules.yaml"] {
        let said = paste(&place, line);
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.code() == Some(1) && text.contains("this is the configuration"), "{line}: {text}");
    }
    assert!(done(&place, "sops encrypt .sops.yaml").contains("ENC["));
    let hint = fails(&place, "leafcrypt encrypt -i < s.yaml", 8, "reading from stdin");
    assert!(hint.contains("name the file") && hint.contains("-i"), "{hint}");
    done(&place, "leafcrypt encrypt -i s.yaml");
    for (line, code) in [
        ("leafcrypt decrypt --decryption-order foo s.yaml", 1),
        ("SOPS_DECRYPTION_ORDER=age,foo leafcrypt decrypt s.yaml", 1),
        ("leafcrypt decrypt --decryption-order age,pgp s.yaml", 0),
        ("sops decrypt --decryption-order foo s.yaml", 0),
    ] {
        let said = paste(&place, line);
        assert_eq!(said.status.code(), Some(code), "{line}");
        assert_eq!(String::from_utf8_lossy(&said.stderr).contains("\"foo\" is no kind of key"), code == 1, "{line}");
    }
}

/// A switch that protects is on, off, or an error; never off in silence.
#[test]
fn a_switch_that_protects_does_not_fail_open() {
    let place = machine();
    done(&place, "leafcrypt init");
    place.write("s.yaml", "a: b\n");
    done(
        &place,
        "leafcrypt encrypt -i s.yaml && grep -v leafcrypt: s.yaml > bare.yaml && sed 's/^sops:/n: c\\nsops:/' bare.yaml > more.yaml",
    );
    let run = |value: &str, line: &str| {
        let said = paste(&place, &format!("LEAFCRYPT_REQUIRE_WITNESS={value} leafcrypt {line}"));
        (said.status.code().unwrap(), String::from_utf8_lossy(&said.stderr).into_owned())
    };
    for on in ["1", "true", "yes", "on", "YES", "True"] {
        assert_eq!(run(on, "decrypt bare.yaml").0, 51, "{on}");
        assert_eq!(run(on, "decrypt s.yaml").0, 0, "{on}");
        // To complete a file is to vouch for the rest of it.
        assert_eq!(run(on, "encrypt more.yaml").0, 51, "{on}");
    }
    for off in ["0", "false", "no", "off", "''", "No"] {
        assert_eq!(run(off, "decrypt bare.yaml").0, 0, "{off}");
        assert_eq!(run(off, "encrypt more.yaml").0, 0, "{off}");
    }
    for wrong in ["y", "enabled", "2", "' '", "$(printf '\\377')"] {
        for line in ["decrypt bare.yaml", "decrypt s.yaml", "rotate s.yaml", "exec-env s.yaml true"] {
            let (code, said) = run(wrong, line);
            assert!(code == 1 && said.contains("LEAFCRYPT_REQUIRE_WITNESS is n"), "{wrong} {line}: {said}");
        }
        // What it is for: it tells it with the rest.
        let said = paste(&place, &format!("LEAFCRYPT_REQUIRE_WITNESS={wrong} leafcrypt doctor"));
        let told = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.status.code() == Some(1) && told.contains("\nfail  LEAFCRYPT_REQUIRE_WITNESS: n"), "{wrong}: {told}");
    }
    // What cannot be read is not taken for what is not there.
    let said = paste(&place, "SOPS_KEYSERVICE=$(printf '\\377') leafcrypt decrypt s.yaml");
    assert!(said.status.code() == Some(1) && String::from_utf8_lossy(&said.stderr).contains("SOPS_KEYSERVICE is not UTF-8"));
}

#[test]
fn help_starts_with_what_the_program_is_for() {
    let place = machine();
    for line in ["leafcrypt --help", "leafcrypt help"] {
        assert!(done(&place, line).starts_with("Secrets in Git: "), "{line}");
    }
}

#[test]
fn usage_errors_name_the_help_of_their_command() {
    let place = machine();
    for (line, says, help) in [
        ("leafcrypt groups add", "missing: --file", "leafcrypt groups add --help"),
        ("leafcrypt set", "missing: <FILE>", "leafcrypt set --help"),
        ("leafcrypt encrypt a b", "one argument too many", "leafcrypt encrypt --help"),
        ("leafcrypt encrypt --agee x y", "did you mean --age?", "leafcrypt encrypt --help"),
        ("leafcrypt decript", "did you mean decrypt?", "leafcrypt --help"),
        ("leafcrypt completion tcsh", "must be one of", "leafcrypt --help"),
    ] {
        assert_eq!(fails(&place, line, 1, says), help, "{line}");
        assert!(done(&place, help).contains("Usage: leafcrypt"), "{help}");
    }
    for line in ["leafcrypt exec-env", "leafcrypt exec-file x.yaml"] {
        let text = String::from_utf8(paste(&place, line).stderr).unwrap();
        assert!(text.starts_with("error: name a file and what to run"), "{text}");
    }
}

#[test]
fn help_that_cannot_be_printed_is_an_error() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: there is no /dev/full");
        return;
    }
    let place = machine();
    for line in ["leafcrypt --help", "leafcrypt set --help", "leafcrypt --version", "leafcrypt man", "leafcrypt completion fish"] {
        let text = paste(&place, &format!("{line} > /dev/full"));
        assert_eq!(text.status.code(), Some(1), "{line}");
        assert!(String::from_utf8_lossy(&text.stderr).contains("standard output"), "{line}");
    }
}

#[test]
fn every_command_has_a_page() {
    let place = machine();
    // The folder is made, as everybody's umask wants it.
    done(&place, "umask 022 && leafcrypt man m/n");
    assert_eq!(done(&place, "stat -c %a m m/n m/n/leafcrypt.1"), "755\n755\n644\n");
    let pages = done(&place, "ls m/n");
    for name in ["leafcrypt.1", "leafcrypt-set.1", "leafcrypt-groups.1", "leafcrypt-groups-add.1", "leafcrypt-groups-delete.1"] {
        assert!(pages.lines().any(|page| page == name), "{name}: {pages}");
    }
    assert!(!pages.contains("help"), "{pages}");
}

/// The examples of commands that write where other programs look can be pasted on a machine that is new.
#[test]
fn examples_make_their_folders() {
    let place = machine();
    for (command, files) in [
        ("completion", [".local/share/bash-completion/completions/leafcrypt", ".config/fish/completions/leafcrypt.fish"]),
        ("man", [".local/share/man/man1/leafcrypt.1", ".local/share/man/man1/leafcrypt-set.1"]),
    ] {
        let help = done(&place, &format!("leafcrypt {command} --help"));
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        done(&place, &format!("set -e; man() {{ cat; }}\n{examples}"));
        for file in files {
            assert!(std::fs::metadata(place.path("home").join(file)).is_ok_and(|found| found.len() > 0), "{file}");
        }
    }
}
