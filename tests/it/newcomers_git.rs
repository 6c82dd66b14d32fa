//! Where git has something to do with it: the sides of a merge, and what it can restore.

use crate::next_command::{done, fails, machine, paste};
use crate::tools::{Place, Program};

/// The command takes the side that it says: in a rebase git has the names the other way round.
#[test]
fn the_side_of_a_merge_that_is_taken() {
    let place = machine();
    done(&place, "leafcrypt init; printf 'port: 0\\n' > a.yaml; leafcrypt encrypt -i a.yaml; git init -q .; git checkout -q -b main");
    done(
        &place,
        "git add a.yaml; git commit -q -m base; git checkout -q -b mine; leafcrypt set a.yaml '[\"port\"]' 1; git commit -q -am mine",
    );
    done(&place, "git checkout -q main; leafcrypt set a.yaml '[\"port\"]' 5432; git commit -q -am theirs");
    let takes = |start: &str, hint: &str, line: &str, port: &str| {
        done(&place, &format!("{start} >/dev/null 2>&1 || true"));
        let found = fails(&place, "leafcrypt decrypt a.yaml", 1, "a merge has left its marks here");
        assert!(found.starts_with(hint), "{found}");
        done(&place, line);
        assert_eq!(done(&place, "leafcrypt decrypt a.yaml"), format!("port: {port}\n"));
    };
    takes("git checkout -q mine; git rebase main", "git checkout --theirs a.yaml takes your side, ", "git checkout --theirs a.yaml", "1");
    done(&place, "git rebase --abort");
    takes("git merge main", "git checkout --ours a.yaml takes your side; ", "git checkout --ours a.yaml", "1");
    done(&place, "git merge --abort; leafcrypt set a.yaml '[\"port\"]' 7; git stash -q; git checkout -q main");
    takes(
        "git stash pop",
        "git checkout --ours a.yaml takes the side of HEAD, --theirs the other one",
        "git checkout --theirs a.yaml",
        "7",
    );
    // Marks that somebody has added or committed: git has no sides any more.
    done(&place, "git checkout -q -m a.yaml; git add a.yaml");
    let hint = fails(&place, "leafcrypt decrypt a.yaml", 1, "marks");
    assert!(hint.starts_with("take out the marks") && !hint.contains("checkout"), "{hint}");
    done(&place, "cp a.yaml b.yaml");
    assert_eq!(fails(&place, "leafcrypt decrypt b.yaml", 1, "marks"), "take out the marks and the lines of one side");
}

/// `git restore` is named where it does something.
#[test]
fn what_git_can_restore() {
    let place = machine();
    done(
        &place,
        "leafcrypt init; printf 'a: b\\nc: d\\n' > a.yaml; leafcrypt encrypt -i a.yaml; sed '/^c:/d' a.yaml > b.yaml; cp b.yaml c.yaml",
    );
    let hint = fails(&place, "leafcrypt decrypt b.yaml", 51, "MAC");
    assert!(hint.starts_with("restore the file from a copy: git does not have it; "), "{hint}");
    done(&place, "git init -q .; git add a.yaml c.yaml; git commit -q -m x; cp b.yaml a.yaml");
    assert!(fails(&place, "leafcrypt decrypt b.yaml", 51, "MAC").contains("git does not have it"));
    assert!(fails(&place, "leafcrypt decrypt c.yaml", 51, "MAC").starts_with("git has it so, too; git log --oneline -- c.yaml shows"));
    let hint = fails(&place, "leafcrypt decrypt a.yaml", 51, "MAC");
    done(&place, hint.strip_prefix("restore the file: ").unwrap().split(';').next().unwrap());
    assert_eq!(done(&place, "leafcrypt decrypt a.yaml"), "a: b\nc: d\n");
    // The key is right, and what it should open is not.
    done(&place, "sed 's/$/  /' a.yaml > tw.yaml");
    assert!(fails(&place, "leafcrypt decrypt tw.yaml", 128, "the wrapped key is damaged").starts_with("restore the file"));
    // What was only announced to git stands there as an empty file.
    done(&place, "git add -N b.yaml");
    let hint = fails(&place, "leafcrypt decrypt b.yaml", 51, "MAC");
    assert!(hint.starts_with("restore the file from a copy: git does not have it; "), "{hint}");
}

/// git looks for a repository around the current folder, and takes a name for a pattern.
#[test]
fn what_git_can_restore_elsewhere() {
    let place = machine();
    done(
        &place,
        "mkdir -p 'my repo' out; cd 'my repo'; leafcrypt init; printf 'a: b\\nc: d\\n' > '[ab].yaml'; leafcrypt encrypt -i '[ab].yaml'",
    );
    done(&place, "cd 'my repo'; cp '[ab].yaml' a.yaml; git init -q .; git add .; git commit -q -m x; sed -i '/^c:/d' *.yaml");
    for (from, file) in [("out", "'../my repo/a.yaml'"), ("out", "\"$PWD/../my repo/a.yaml\""), ("my repo", "'[ab].yaml'")] {
        let hint = fails(&place, &format!("cd '{from}'; leafcrypt decrypt {file}"), 51, "MAC");
        let line = hint.strip_prefix("restore the file: ").unwrap().split(';').next().unwrap();
        done(&place, &format!("cd '{from}'; {line}; leafcrypt decrypt {file}"));
        // Not what the name would fit as a pattern, and nothing else.
        assert_eq!(done(&place, "cd 'my repo'; git status --porcelain").lines().count(), 1, "{line}");
        done(&place, "cd 'my repo'; git restore .; sed -i '/^c:/d' *.yaml");
    }
}

/// `init` would have one reader, and `updatekeys` take the others out.
#[test]
fn a_configuration_that_git_has() {
    let place = machine();
    done(&place, "leafcrypt init; git init -q .; git add .sops.yaml; git commit -q -m x; mkdir d; printf 'a: b\\n' > d/s.yaml");
    for (line, code, says) in [
        ("leafcrypt encrypt -i d/s.yaml", 1, "no keys provided"),
        ("cd d; leafcrypt encrypt -i s.yaml", 1, "no keys provided"),
        ("leafcrypt updatekeys d/t.yaml", 1, "config file not found"),
    ] {
        done(&place, "cp d/s.yaml d/t.yaml; leafcrypt encrypt -i d/t.yaml; rm .sops.yaml");
        let hint = fails(&place, line, code, says);
        let line = hint.strip_prefix("git has a .sops.yaml that is gone here: ").unwrap_or_else(|| panic!("{line}: {hint}"));
        let told = paste(&place, "leafcrypt doctor d");
        assert!(String::from_utf8_lossy(&told.stdout).contains("fix: git has a .sops.yaml"), "{told:?}");
        done(&place, &format!("cd d; {line} || cd .. && {line}"));
        done(&place, "leafcrypt doctor d");
    }
    // Whoever was a reader by that one is none by a new one.
    let said = paste(&place, "rm .sops.yaml; cd d; leafcrypt init");
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success() && text.contains("warning: git has a .sops.yaml that is gone here: git restore "), "{text}");
    assert!(place.path("d/.sops.yaml").exists());
    done(&place, "rm d/.sops.yaml d/.gitignore; git restore .sops.yaml");
    done(&place, "git rm -q .sops.yaml; git commit -q -m y");
    assert!(fails(&place, "leafcrypt encrypt -i d/s.yaml", 1, "no keys provided").starts_with("leafcrypt init writes a .sops.yaml"));
}

/// A submodule's own edge is where the search ends; who is there is told of what stands above it.
#[test]
fn a_configuration_above_the_repository() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("outer/sub/.git")).unwrap();
    std::fs::create_dir_all(place.path("outer/.git")).unwrap();
    place.write("outer/.sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    place.write("outer/sub/a.yaml", "a: b\n");
    let encrypt =
        |args: &[&str]| place.call(Program::Ours, args.iter().copied()).dir("outer/sub").env("PWD", place.path("outer/sub")).run();
    let refused = encrypt(&["encrypt", "a.yaml"]);
    let err = String::from_utf8_lossy(&refused.stderr).into_owned();
    let above = place.path("outer/.sops.yaml").display().to_string();
    assert!(!refused.status.success() && err.contains(&format!("--config {above}")), "{err}");
    assert!(encrypt(&["--config", &above, "encrypt", "a.yaml"]).status.success());
}
