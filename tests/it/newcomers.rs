//! What somebody meets in the first days, alone or in a team: nothing of theirs is lost by doing what they were told, and what is told can be done.

use crate::files::people::as_root;
use crate::next_command::{done, fails, machine, paste};

/// Sealed over itself, a key would open nothing any more: not itself, and no other file. SOPS does it; under its name it is told.
#[test]
fn the_key_itself_is_not_sealed() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; leafcrypt init; mkdir home/.ssh; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml");
    done(
        &place,
        "ssh-keygen -q -t ed25519 -N '' -f home/.ssh/id_ed25519; ssh-keygen -q -t ed25519 -N x -f locked; ssh-keygen -q -t ed25519 -N '' -f bot",
    );
    done(
        &place,
        "cp home/.config/sops/age/keys.txt copy.txt; printf 'SOPS_AGE_KEY=%s\\n' $(grep SECRET copy.txt) > .env; leafcrypt keygen -o other",
    );
    done(&place, "ln -s home/.config/sops/age/keys.txt linked; printf '{\"k\": \"%s\"}\\n' $(grep SECRET other) > other.json");
    done(&place, "leafcrypt keygen -o third 2>/dev/null > third.pub");
    for (line, says) in [
        ("leafcrypt --config .sops.yaml encrypt -i home/.config/sops/age/keys.txt", "an identity is read from this file"),
        ("leafcrypt encrypt -i linked", "an identity is read from this file"),
        (
            "leafcrypt --config .sops.yaml encrypt --output home/.config/sops/age/keys.txt home/.config/sops/age/keys.txt",
            "an identity is read from this file",
        ),
        ("SOPS_AGE_KEY_FILE=other leafcrypt encrypt -i other", "an identity is read from this file"),
        ("leafcrypt encrypt -i --age \"$(cat home/.ssh/id_ed25519.pub)\" home/.ssh/id_ed25519", "an identity is read from this file"),
        ("leafcrypt encrypt -i copy.txt", "an identity that opens files here stands in it"),
        ("leafcrypt encrypt -i .env", "an identity that opens files here stands in it"),
        ("cp home/.ssh/id_ed25519 ssh.txt; leafcrypt encrypt -i ssh.txt", "an identity that opens files here stands in it"),
        ("leafcrypt encrypt -i --age \"$(cat bot.pub)\" bot", "the identity of everybody who could open it"),
        ("leafcrypt encrypt -i --age \"$(cat locked.pub)\" locked", "the identity of everybody who could open it"),
        ("leafcrypt encrypt -i --age $(grep -o 'age1.*' other) other.json", "the identity of everybody who could open it"),
    ] {
        let hint = fails(&place, line, 1, says);
        assert!(hint.contains(" --output OTHER seals a copy of it"), "{hint}");
    }
    assert_eq!(done(&place, "leafcrypt decrypt s.yaml"), "a: b\n");
    // A key of somebody else's, for others to read, and a copy elsewhere, are files as any other.
    done(&place, "leafcrypt encrypt -i --age $(cat third.pub),$(grep -o 'age1.*' other) other");
    done(&place, "leafcrypt encrypt -i bot; leafcrypt decrypt bot | grep -q OPENSSH; leafcrypt encrypt copy.txt --output copy.sealed");
    let told = paste(&place, "cp copy.txt again.txt; sops --config .sops.yaml -e -i again.txt");
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        told.status.success() && said.contains("an identity that opens files here stands in it: sealed over itself, it is lost"),
        "{said}"
    );
}

/// A checkout under umask 000, as some CI makes it: what needs no rule goes on, and the hint ends it.
#[test]
fn a_configuration_that_anybody_can_write() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\n' > s.yaml; cp s.yaml t.yaml; leafcrypt encrypt -i s.yaml; chmod 666 .sops.yaml");
    for line in ["decrypt s.yaml", "exec-file s.yaml -- true", "recipients s.yaml", "exec-env s.yaml -- true", "filestatus s.yaml"] {
        let said = paste(&place, &format!("leafcrypt {line}"));
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success(), "{line}: {text}");
        let told = line.starts_with("exec-env") || line.starts_with("filestatus");
        assert!(
            told || text.contains("warning: the config file") && text.contains("is not used: anybody can write to it"),
            "{line}: {text}"
        );
    }
    for line in ["encrypt t.yaml", "--config .sops.yaml encrypt t.yaml", "set s.yaml '[\"a\"]' '\"c\"'", "updatekeys -y s.yaml"] {
        assert!(fails(&place, &format!("leafcrypt {line}"), 1, "is not used: anybody can write to it").starts_with("chmod o-w "), "{line}");
    }
    done(&place, &fails(&place, "leafcrypt encrypt t.yaml", 1, "anybody can write"));
    done(&place, "leafcrypt encrypt t.yaml");
    // A group that is not the owner's own: only root may give a file to any.
    if as_root() {
        done(&place, "chown 0:12 .sops.yaml; chmod 664 .sops.yaml");
        let hint = fails(&place, "leafcrypt encrypt t.yaml", 1, "its group can write to it");
        done(&place, hint.split(';').next().unwrap());
        done(&place, "leafcrypt encrypt t.yaml");
    }
}

/// Whatever the umask, what `init` writes is used by the next command.
#[test]
fn init_writes_a_configuration_that_is_used() {
    for umask in ["000", "002", "022", "077"] {
        let place = machine();
        done(&place, &format!("umask {umask}; leafcrypt init; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml"));
        let mode = done(&place, "stat -c %a .sops.yaml");
        assert_eq!(mode, if umask == "077" { "600\n" } else { "644\n" }, "{umask}");
    }
}

/// Tokens without their block were sealed once, and are not sealed again as values.
#[test]
fn a_file_that_has_lost_its_block() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; leafcrypt init; git init -q .");
    for (file, plain, cut) in [
        ("s.yaml", "a: b\nn:\n  c: d\n", "awk '/^sops:/{exit}{print}' s.yaml > t; mv t s.yaml"),
        (
            "s.json",
            "{\n  \"a\": \"b\",\n  \"c\": 1\n}\n",
            "python3 -c 'import json; d = json.load(open(\"s.json\")); del d[\"sops\"]; json.dump(d, open(\"s.json\", \"w\"))'",
        ),
        ("s.env", "A=b\n", "sed -i /^sops_/d s.env"),
        ("s.ini", "[s]\na = b\n", "sed -i '/^\\[sops\\]/,$d' s.ini"),
        ("s.toml", "a = \"b\"\n", "sed -i '/^\\[sops\\]/,$d' s.toml"),
    ] {
        place.write(file, plain);
        done(&place, &format!("leafcrypt encrypt -i {file}; git add {file}; git commit -q -m x"));
        done(&place, cut);
        let torn = place.read(file);
        for (line, code) in [("decrypt", 1), ("encrypt -i", 1), ("recipients", 1), ("rotate -i", 1)] {
            let hint = fails(&place, &format!("leafcrypt {line} {file}"), code, "the block `sops` is lost");
            assert_eq!(hint, format!("restore the file: git restore {file}"), "{line}");
        }
        for line in ["recipients --json .", "doctor .", "updatekeys -y ."] {
            let said = paste(&place, &format!("leafcrypt {line}"));
            assert_eq!(said.status.code(), Some(1), "{line}");
            let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
            assert!(text.contains(&format!("./{file}")) && !text.contains(&format!("./{file}: not sealed")), "{line}: {text}");
        }
        assert_eq!(place.read(file), torn);
        if file != "s.toml" {
            let said = paste(&place, &format!("cp {file} x{file}; sops --config .sops.yaml -e -i x{file}; rm x{file}"));
            assert!(String::from_utf8_lossy(&said.stderr).contains("they are sealed a second time"), "{file}");
            assert!(String::from_utf8_lossy(&paste(&place, &format!("sops -d {file}")).stderr).starts_with("sops metadata not found"));
        }
        done(&place, &format!("git restore {file}"));
        assert_eq!(done(&place, &format!("leafcrypt decrypt {file}")), plain);
    }
    // A text about tokens is a text.
    place.write("d.yaml", "# ENC[AES256_GCM,data:\na: see ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\n");
    done(&place, "leafcrypt encrypt -i d.yaml");
}

/// `.env.production` and its like, sealed value by value as the warning says: every command knows what it is.
#[test]
fn names_of_the_type_with_an_ending() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; leafcrypt init; printf 'A=b\\nC=d\\n' > .env.local; cp .env.local w.env.local");
    done(&place, "printf 'a: b\\n' > s.yaml; leafcrypt encrypt --output s.json s.yaml");
    done(&place, "leafcrypt encrypt -i --input-type dotenv --output-type dotenv .env.local");
    assert_eq!(done(&place, "leafcrypt decrypt .env.local"), "A=b\nC=d\n");
    assert_eq!(done(&place, "leafcrypt decrypt --extract '[\"A\"]' .env.local"), "b");
    done(&place, "leafcrypt set .env.local '[\"A\"]' '\"x\"'; leafcrypt rotate -i .env.local; leafcrypt updatekeys -y .env.local");
    done(
        &place,
        "leafcrypt encrypt -i .env.local; leafcrypt unset .env.local '[\"C\"]'; test $(leafcrypt exec-env .env.local -- printenv A) = x",
    );
    done(&place, "printf '#!/bin/sh\\necho E=f >> \"$1\"\\n' > ed; chmod +x ed; EDITOR=./ed leafcrypt edit .env.local");
    assert_eq!(done(&place, "leafcrypt decrypt .env.local"), "A=x\nE=f\n");
    done(&place, "leafcrypt recipients .env.local; leafcrypt updatekeys -y .env.local; leafcrypt doctor .env.local");
    assert!(!paste(&place, "sops -d .env.local").status.success());
    // Under a name of another type it is told what it is, and that opens it.
    let hint = fails(&place, "leafcrypt decrypt s.json", 1, "s.json");
    assert!(hint.starts_with("it is sealed as yaml: "), "{hint}");
    assert_eq!(done(&place, hint.strip_prefix("it is sealed as yaml: ").unwrap()), "a: b\n");
}

/// Somebody new makes a key, and the team's rules stay.
#[test]
fn joining_a_team() {
    let place = machine();
    let rules = format!("creation_rules:\n  - age: {}\n", place.recipient);
    place.write(".sops.yaml", &rules);
    done(&place, "git init -q .; mkdir -p sub/deep");
    let own = done(&place, "leafcrypt init");
    assert!(own.starts_with("age1") && own.lines().count() == 1, "{own}");
    assert!(done(&place, "cat home/.config/sops/age/keys.txt").contains(own.trim()));
    for line in ["leafcrypt init", "leafcrypt init sub", "cd sub/deep && leafcrypt init"] {
        let said = paste(&place, line);
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success() && String::from_utf8_lossy(&said.stdout) == own, "{line}: {text}");
        assert!(text.contains("stays as it is") && text.contains("then leafcrypt updatekeys ."), "{line}: {text}");
        assert_eq!(text.contains("for rules of its own in this folder"), line != "leafcrypt init", "{line}: {text}");
    }
    assert_eq!(place.read(".sops.yaml"), rules.as_bytes());
    assert!(!place.path("sub/.sops.yaml").exists() && !place.path("sub/deep/.sops.yaml").exists() && !place.path(".gitignore").exists());
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}, {}\n", place.recipient, own.trim()));
    assert_eq!(done(&place, "leafcrypt init sub"), "");
    // Rules of one's own are asked for by name.
    done(&place, &format!("leafcrypt init --age {} sub", own.trim()));
    assert!(place.path("sub/.sops.yaml").exists());
}

/// A file that cannot be listed stands beside the others.
#[test]
fn recipients_of_the_files_that_can_be_read() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\n' > plain.yaml; leafcrypt encrypt --output good.yaml plain.yaml");
    let said = paste(&place, "leafcrypt recipients --json good.yaml nosuch plain.yaml");
    let json: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(1));
    let seen: Vec<_> = json.as_array().unwrap().iter().map(|file| (file["file"].as_str().unwrap(), file["error"].is_string())).collect();
    assert_eq!(seen, [("good.yaml", false), ("nosuch", true), ("plain.yaml", true)]);
    let said = paste(&place, "leafcrypt recipients nosuch good.yaml");
    assert!(said.status.code() == Some(100) && String::from_utf8_lossy(&said.stdout).contains("age1"));
}

/// Who adds a group shuts out whoever opened the file alone, perhaps himself: shown, and asked.
#[test]
fn a_group_more_that_must_open() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml");
    let add = format!("leafcrypt groups add -i -f s.yaml --age {}", place.recipient);
    assert_eq!(fails(&place, &add, 1, "not confirmed"), "look at the list above, and say yes with -y");
    assert_eq!(done(&place, "leafcrypt decrypt s.yaml"), "a: b\n");
    let said = paste(&place, &format!("{add} -y"));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{text}");
    assert!(text.contains("nobody opens the file alone any more, who has keys of fewer than 2 groups"), "{text}");
    assert!(text.contains("leafcrypt rotate -i --add-age RECIPIENT s.yaml"), "{text}");
    let said = paste(&place, "leafcrypt groups add -i -f t.yaml --shamir-secret-sharing-threshold 5 --age x");
    assert!(!said.status.success());
    done(&place, "printf 'a: b\\n' > t.yaml; leafcrypt encrypt -i t.yaml");
    let text = String::from_utf8(paste(&place, &add.replace("s.yaml", "t.yaml --shamir-secret-sharing-threshold 5")).stderr).unwrap();
    assert!(text.contains("5 groups cannot be asked to open: there are only 2") && !text.contains("removing"), "{text}");
}

/// What has no effect, or another one than was meant, is said.
#[test]
fn what_was_perhaps_not_meant() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\nq: [1]\\n' > s.yaml; leafcrypt encrypt -i s.yaml");
    let warns = |line: &str, says: &str| {
        let told = paste(&place, line);
        let text = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.status.success() && (says.is_empty() || text.contains(says)), "{line}: {text}");
        text
    };
    let before = place.read("s.yaml");
    warns("leafcrypt encrypt -i --mac-only-encrypted s.yaml", "--mac-only-encrypted has no effect");
    warns("leafcrypt encrypt -i --shamir-secret-sharing-threshold 2 s.yaml", "--shamir-secret-sharing-threshold has no effect");
    assert_eq!(place.read("s.yaml"), before);
    warns("leafcrypt exec-file s.yaml -- true", "no {} stands in the command");
    warns("leafcrypt exec-file s.yaml 'true'", "no {} stands in the command");
    assert!(!warns("leafcrypt exec-file s.yaml 'cat {}'", "").contains("no {}"));
    assert!(!warns("leafcrypt set s.yaml '[\"q\"][1]' 2", "").contains("item"));
    assert!(!warns("leafcrypt set s.yaml '[\"n\"][\"x\"][0]' 2", "").contains("gone"));
    warns("leafcrypt set s.yaml '[\"q\"][7]' 3", "q has 2 items, so what was set is item 2 of it, not 7");
    let told = warns("leafcrypt set s.yaml '[\"a\"][\"x\"]' 1", "the value that was at a is gone");
    assert!(!told.contains("gone: b"), "{told}");
    assert!(done(&place, "leafcrypt decrypt s.yaml").contains("q: [1, 2, 3]"));
    // Under the name of SOPS as silent as SOPS.
    done(&place, "ln -s leafcrypt bin/sops; cp s.yaml t.yaml");
    assert!(!warns("sops set t.yaml '[\"q\"][0][\"x\"]' 1", "").contains("gone"));
    assert!(!warns("sops exec-file s.yaml 'true'", "").contains("no {}"));
}

/// Whose the keys are that would open a file, and what somebody does who has none.
#[test]
fn who_could_open_it() {
    let place = machine();
    done(&place, "leafcrypt keygen -o alice 2>/dev/null > alice.pub");
    done(
        &place,
        "printf 'creation_rules:\\n  - age: %s # alice\\n' $(cat alice.pub) > .sops.yaml; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml",
    );
    let hint = fails(&place, "leafcrypt decrypt s.yaml", 128, " (alice): no identity of ours fits");
    assert!(hint.contains("SOPS_AGE_KEY_FILE=FILE") && hint.contains("who has none asks"), "{hint}");
    done(&place, "leafcrypt keygen 2>/dev/null");
    let hint = fails(&place, "leafcrypt decrypt s.yaml", 128, " (alice): no identity of ours fits");
    assert!(hint.contains("SOPS_AGE_KEY_FILE=FILE") && !hint.contains("who has none"), "{hint}");
    // Who has just made one is no reader yet.
    assert!(hint.ends_with("; or somebody who can open the file adds your recipient to .sops.yaml and runs updatekeys"), "{hint}");
}

/// Many files, one change: it is shown once, and asked about once.
#[test]
fn one_question_for_many_files() {
    let place = machine();
    done(&place, "leafcrypt init; mkdir d; for i in 1 2 3 4; do printf 'a: b\\n' > d/$i.yaml; leafcrypt encrypt -i d/$i.yaml; done");
    done(&place, "leafcrypt keygen -o other 2>/dev/null > other.pub; cp -r d e; cp -r d f; cp .sops.yaml first");
    // Three of them get a reader, one has it already.
    done(&place, "sed -i \"s/age: /&$(cat other.pub),/\" .sops.yaml; leafcrypt updatekeys -y d/4.yaml; cp d/4.yaml e; cp d/4.yaml f");
    let told = String::from_utf8(paste(&place, "leafcrypt updatekeys --dry-run d").stderr).unwrap();
    assert!(told.contains("d/1.yaml, d/2.yaml, d/3.yaml: recipients\n") && told.matches("recipients").count() == 1, "{told}");
    assert!(told.contains("4 files: 1 up to date already, 3 would change\n"), "{told}");
    // Nobody is there to ask.
    let told = paste(&place, "leafcrypt updatekeys d");
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        told.status.code() == Some(1) && said.matches(": recipients").count() == 1 && said.contains("d/1.yaml: not confirmed"),
        "{said}"
    );
    place.write("line", "leafcrypt updatekeys d\n");
    let said = String::from_utf8(paste(&place, "echo y | script -q -e -c 'sh line' /dev/null").stdout).unwrap();
    assert!(said.matches("Wrap the data keys of these 3 files for them? [y/N]").count() == 1, "{said}");
    assert!(said.contains("4 files: 3 updated, 1 up to date already"), "{said}");
    place.write("line", "leafcrypt updatekeys e\n");
    let said = String::from_utf8(paste(&place, "echo n | script -q -e -c 'sh line' /dev/null").stdout).unwrap();
    assert!(said.contains("4 files: 1 up to date already, 3 left unchanged"), "{said}");
    let told = String::from_utf8(paste(&place, "leafcrypt updatekeys -y f").stderr).unwrap();
    assert!(told.matches(": recipients").count() == 1 && told.contains("f/3.yaml: synced with new keys"), "{told}");
    for file in ["d/1.yaml", "f/3.yaml"] {
        assert_eq!(done(&place, &format!("SOPS_AGE_KEY_FILE=other leafcrypt decrypt {file}")), "a: b\n");
    }
    // Two changes, two lists.
    done(&place, "cp d/1.yaml e/5.yaml; cp d/1.yaml e/6.yaml; cp first .sops.yaml; sed -i \"s/age: .*/age: $(cat other.pub)/\" .sops.yaml");
    let told = String::from_utf8(paste(&place, "leafcrypt updatekeys --dry-run e").stderr).unwrap();
    assert!(
        told.contains("e/1.yaml, e/2.yaml, e/3.yaml: recipients\n") && told.contains("e/4.yaml, e/5.yaml, e/6.yaml: recipients\n"),
        "{told}"
    );
}

/// What is wrong is somewhere: in a variable, in a configuration, in a file that a shell has emptied.
#[test]
fn where_it_is_wrong() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'a: b\\n' > s.yaml; printf 'colour: red\\n' >> .sops.yaml; git init -q; cp s.yaml t.yaml");
    fails(&place, "SOPS_AGE_RECIPIENTS=foo leafcrypt encrypt s.yaml", 1, "unknown recipient type: \"foo\"; SOPS_AGE_RECIPIENTS is set");
    let told = paste(&place, "leafcrypt encrypt -i s.yaml");
    assert!(String::from_utf8_lossy(&told.stderr).contains("/.sops.yaml: field colour is not known and is ignored"), "{told:?}");
    assert_eq!(fails(&place, "leafcrypt rotate -i", 100, "no file specified"), "name the file; leafcrypt rotate --help");
    assert_eq!(fails(&place, "leafcrypt updatekeys", 100, "no file specified"), "name the file; leafcrypt updatekeys --help");
    done(&place, "git add -A; git commit -q -m x");
    let hint = fails(&place, "leafcrypt decrypt s.yaml > s.yaml", 1, "the file is not sealed");
    done(&place, hint.strip_prefix("restore the file: ").unwrap());
    assert_eq!(done(&place, "leafcrypt decrypt s.yaml"), "a: b\n");
}

/// A file that was sealed whole has no variables: a program would get one, `data`, with all of it.
#[test]
fn variables_of_what_is_sealed_whole() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'A=b\\n' > .env.prod.txt; leafcrypt encrypt -i .env.prod.txt");
    let hint = fails(&place, "leafcrypt exec-env .env.prod.txt -- env", 1, "there are no variables in it");
    done(&place, hint.split_once(": ").unwrap().1.replace(", then", " &&").as_str());
    assert!(done(&place, "leafcrypt exec-env .env.prod.txt -- env").contains("A=b\n"));
}

/// What a killed write has left is told, and git does not take it along.
#[test]
fn what_a_killed_write_leaves() {
    let place = machine();
    done(&place, "git init -q; leafcrypt init; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml");
    let left = format!(".leafcrypt-{}.tmp", "0".repeat(32));
    place.write(&left, "a: canary\n");
    assert!(!done(&place, "git add -A; git status --short").contains(".tmp"));
    let told = paste(&place, "leafcrypt doctor .");
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(!told.status.success() && said.contains("left by a write that was killed") && said.contains(&format!("rm ./{left}")), "{said}");
    assert!(!said.contains("canary"));
    done(&place, &format!("rm ./{left}; leafcrypt doctor ."));
}
