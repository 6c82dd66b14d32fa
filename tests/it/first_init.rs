//! `init` on a machine where something is there already: an identity, rules, a link in the place of a file, a pipe.

use std::os::unix::fs::symlink;

use crate::next_command::{command, done, fails, machine, paste};

#[test]
fn the_next_project_takes_the_identity_that_is_there() {
    let place = machine();
    let own = done(&place, "leafcrypt keygen");
    done(&place, "mkdir p && leafcrypt init p");
    assert!(String::from_utf8(place.read("p/.sops.yaml")).unwrap().contains(own.trim()));
    fails(&place, "leafcrypt init p --age age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8", 1, "exists already");
    let hint = fails(&place, "leafcrypt keygen", 1, "exists already");
    done(&place, &command(&hint));
    let hint = fails(&place, "leafcrypt init", 1, "several identities");
    done(&place, &command(&hint));
    assert!(String::from_utf8(place.read(".sops.yaml")).unwrap().contains(own.trim()));
    fails(&place, "leafcrypt keygen -o keys.txt", 1, "exists already");
}

/// The identity is looked for where SOPS looks for it, in its order, and said.
#[test]
fn init_takes_the_identity_that_a_variable_names() {
    let place = machine();
    let [one, two] = ["one", "two"].map(|name| done(&place, &format!("leafcrypt keygen -o {name}")).trim().to_owned());
    let rules = |folder: &str| String::from_utf8(place.read(&format!("{folder}/.sops.yaml"))).unwrap();
    let standard = place.path("home/.config/sops/age/keys.txt");
    for (number, (variables, key, from)) in [
        ("SOPS_AGE_KEY_FILE=two", &two, "SOPS_AGE_KEY_FILE=two"),
        ("SOPS_AGE_KEY=$(grep SECRET one) SOPS_AGE_KEY_FILE=two", &one, "SOPS_AGE_KEY"),
        ("SOPS_AGE_KEY_CMD='cat one'", &one, "SOPS_AGE_KEY_CMD"),
    ]
    .into_iter()
    .enumerate()
    {
        // A note for a person, so there is a terminal.
        place.write("line", format!("{variables} leafcrypt init p{number}\n"));
        let said = done(&place, "script -q -e -c 'sh line' /dev/null");
        assert!(said.contains(&format!("for {key}, the identity in {from}\r\n")), "{said}");
        assert!(rules(&format!("p{number}")).contains(key) && !standard.exists());
    }
    let hint = fails(&place, "cat one two > both; SOPS_AGE_KEY_FILE=both leafcrypt init -y 'a b'", 1, "several identities");
    assert_eq!(hint, format!("leafcrypt init --age {one} -y 'a b'"));
    done(&place, &hint);
    let hint = fails(&place, &format!("leafcrypt init --age {two} 'a b'"), 1, "exists already");
    done(&place, &command(&hint));
    assert!(rules("a b").contains(&two));
    let hint = fails(&place, "SOPS_AGE_KEY_FILE=three leafcrypt init q", 1, "three");
    done(&place, &command(&hint));
    done(&place, "SOPS_AGE_KEY_FILE=three leafcrypt init q");
    assert!(!standard.exists());
}

/// A comment of an SSH key may hold what YAML reads as its own.
#[test]
fn init_quotes_what_yaml_would_not_keep() {
    let place = machine();
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKvs+FpAYk2baNJCx9fH0H2G4pVeIMPukXG/2p3AYX5W";
    place.write("s.yaml", "a: b\n");
    for (number, comment) in ["me: laptop", "bob #1", "bob's", "me:", "\"x\" \\n", "{a}", "u@h", ""].into_iter().enumerate() {
        let key = format!("{ssh} {comment}").trim_end().to_owned();
        let made = place.ours(["init", "--age", &key, &format!("p{number}")]);
        assert!(made.status.success(), "{comment}: {}", String::from_utf8_lossy(&made.stderr));
        let sealed = place.ours(["encrypt", "--output-type", "json", "--config", &format!("p{number}/.sops.yaml"), "s.yaml"]);
        assert!(sealed.status.success(), "{comment}: {}", String::from_utf8_lossy(&sealed.stderr));
        let sealed: serde_json::Value = serde_json::from_slice(&sealed.stdout).unwrap();
        assert_eq!(sealed["sops"]["age"][0]["recipient"], *key, "{comment}");
    }
    let made = place.ours(["init", "--age", &format!("{ssh} a\nstores: {{}}"), "q"]);
    assert!(made.status.code() == Some(1) && !place.path("q").exists(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// What a link names may be another project's.
#[test]
fn init_does_not_write_through_a_link() {
    let place = machine();
    place.write("elsewhere", "creation_rules: []\n");
    for name in [".sops.yaml", ".gitignore"] {
        symlink(place.path("elsewhere"), place.path(name)).unwrap();
        fails(&place, &format!("leafcrypt init -y --age {}", place.recipient), 3, "no regular file");
        assert_eq!(place.read("elsewhere"), b"creation_rules: []\n");
        std::fs::remove_file(place.path(name)).unwrap();
        assert!(!place.path(".sops.yaml").exists());
    }
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let place = machine();
    done(&place, "mkfifo .sops.yaml .gitignore && mkdir q && mkfifo q/.gitignore");
    let age = &place.recipient;
    fails(&place, &format!("timeout 10 leafcrypt init --age {age}"), 3, "no regular file");
    fails(&place, &format!("timeout 10 leafcrypt init --age {age} q"), 3, "no regular file");
    assert!(!place.path("q/.sops.yaml").exists());
    done(&place, "mkdir -p home/.config/sops/age && mkfifo home/.config/sops/age/keys.txt");
    fails(&place, "timeout 10 leafcrypt keygen -y", 3, "no regular file");
}

/// A key below the current folder, perhaps in a repository, is found from there only. One that is there is read, as by SOPS.
#[test]
fn a_home_that_is_no_whole_path() {
    let place = machine();
    for line in ["HOME=rel leafcrypt keygen", "HOME=rel leafcrypt init"] {
        let said = paste(&place, line);
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.code() == Some(1) && text.contains("HOME is no whole path; use --output FILE"), "{line}: {text}");
    }
    assert!(!place.path("rel").exists() && !place.path(".sops.yaml").exists());
    let own = done(&place, "mkdir -p rel/.config/sops/age; leafcrypt keygen --output rel/.config/sops/age/keys.txt");
    done(&place, "HOME=rel leafcrypt init; printf 'a: b\\n' > s.yaml; leafcrypt encrypt -i s.yaml");
    assert!(String::from_utf8(place.read(".sops.yaml")).unwrap().contains(own.trim()));
    assert_eq!(done(&place, "HOME=rel leafcrypt decrypt s.yaml"), "a: b\n");
}

/// Where standard error is a pipe (a Makefile, a build of an image) it is told, too, what was made and where the key is.
#[test]
fn told_where_there_is_no_terminal() {
    let place = machine();
    let said = done(&place, "leafcrypt init p 2>&1");
    assert!(said.contains("wrote") && said.contains("keys.txt") && said.contains(".sops.yaml"), "{said}");
    let said = done(&place, "leafcrypt keygen -o k.txt 2>&1");
    assert!(said.contains("identity: ") && said.contains("k.txt") && !said.contains("AGE-SECRET-KEY"), "{said}");
}
