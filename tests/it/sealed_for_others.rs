//! Files that whoever seals them does not open again, and keyrings that are not read: what is told.

use crate::next_command::{done, fails, machine, paste};

const CLOSED: &str = "none of the age identities found here opens";

#[test]
fn who_seals_for_others_only_is_told() {
    let place = machine();
    done(&place, "ln -s leafcrypt bin/sops; leafcrypt init; leafcrypt keygen -o other; printf 'a: b\\n' > s.yaml; cp s.yaml t.yaml");
    done(&place, "mkdir home/.ssh nobody; ssh-keygen -q -t ed25519 -N x -f home/.ssh/id_ed25519; ssh-keygen -q -t ed25519 -N '' -f bot");
    done(&place, "grep -o 'age1.*' other > other.pub; grep -o 'age1.*' home/.config/sops/age/keys.txt > mine.pub");
    done(
        &place,
        "printf '%s\\n' AGE-PLUGIN-X-1ABC > plugin; cat home/.config/sops/age/keys.txt other > both; mkdir others; printf '#!/bin/sh\necho a: c > \"$1\"\n' > ed; chmod +x ed",
    );
    let told = |line: &str| {
        let done = paste(&place, &format!("cp s.yaml c.yaml; {line}"));
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{line}: {text}");
        text.matches(CLOSED).count()
    };
    for (line, times) in [
        ("leafcrypt encrypt -i --age $(cat other.pub) c.yaml", 1),
        ("leafcrypt encrypt -i --age \"$(cat bot.pub)\" c.yaml", 1),
        ("leafcrypt encrypt -i --age $(cat other.pub) --input-type binary c.yaml", 1),
        // Rules without us, and files that are made by them.
        ("leafcrypt init --age $(cat other.pub) others", 1),
        ("leafcrypt encrypt -i --config others/.sops.yaml c.yaml", 1),
        ("EDITOR=$PWD/ed leafcrypt edit others/new.yaml", 1),
        ("leafcrypt encrypt -i t.yaml; leafcrypt updatekeys --config others/.sops.yaml --dry-run t.yaml", 1),
        // Who was a reader, and takes himself out.
        ("leafcrypt rotate -y --rm-age $(cat mine.pub) --add-age $(cat other.pub) t.yaml", 1),
        ("leafcrypt groups add -y -f t.yaml --age $(cat other.pub)", 1),
        // Its text stays where it was.
        ("leafcrypt encrypt --age $(cat other.pub) c.yaml", 0),
        ("leafcrypt encrypt --age $(cat other.pub) c.yaml --output d.yaml", 0),
        // Ours, or perhaps ours.
        ("leafcrypt encrypt -i c.yaml", 0),
        ("leafcrypt encrypt -i --age $(cat mine.pub),$(cat other.pub) c.yaml", 0),
        ("leafcrypt encrypt -i --age \"$(cat home/.ssh/id_ed25519.pub)\" c.yaml", 0),
        ("SOPS_AGE_KEY_FILE=both leafcrypt encrypt -i --age $(cat other.pub) c.yaml", 0),
        ("SOPS_AGE_KEY_CMD='touch ran' leafcrypt encrypt -i --age $(cat other.pub) c.yaml", 0),
        ("SOPS_AGE_KEY_FILE=plugin leafcrypt encrypt -i --age $(cat other.pub) c.yaml", 0),
        ("SOPS_AGE_KEY_FILE=missing leafcrypt encrypt -i --age $(cat other.pub) c.yaml", 0),
        ("mkfifo pipe; SOPS_AGE_KEY_FILE=pipe timeout 20 leafcrypt encrypt -i --age $(cat other.pub) c.yaml", 0),
        ("leafcrypt groups add -y -f t.yaml --age $(cat other.pub) --shamir-secret-sharing-threshold 2", 1),
        ("leafcrypt rotate -y t.yaml", 0),
        // As in CI, which has no identity; and as sops.
        ("HOME=$PWD/nobody leafcrypt encrypt -i --age $(cat other.pub) c.yaml", 0),
        ("sops encrypt -i --age $(cat other.pub) c.yaml", 0),
        ("sops rotate --rm-age $(cat mine.pub) --add-age $(cat other.pub) t.yaml", 0),
    ] {
        assert_eq!(told(line), times, "{line}");
    }
    assert!(!place.path("ran").exists(), "a command was run");
}

/// A ring of gpg 1, which sops reads itself, and gpg only where it is imported.
#[test]
fn keyrings_of_gpg_1() {
    let place = machine().with_pgp();
    let key = crate::tools::PGP;
    done(
        &place,
        "printf 'a: b\\n' > s.yaml; mkdir -m 700 old; gpg -q --export > old/pubring.gpg; gpg -q --export-secret-keys > old/secring.gpg",
    );
    done(&place, &format!("leafcrypt encrypt -i --pgp {key} s.yaml; touch old/.gpg-v21-migrated; ln -s leafcrypt bin/sops"));
    // SOPS's report is cut into short lines.
    for (line, import) in [("leafcrypt decrypt s.yaml", "gpg --import "), ("sops decrypt s.yaml", "/old/secring.gpg")] {
        let hint = fails(&place, &format!("export GNUPGHOME=$PWD/old; {line}"), 128, import);
        assert!(hint.contains("mend the source of keys") && !hint.contains("SOPS_AGE_KEY_FILE"), "{hint}");
        let hint = fails(&place, &format!("export GNUPGHOME=$PWD/old PATH=$PWD/bin; {line}"), 128, import);
        assert!(hint.contains("install gpg"), "{hint}");
    }
    let doctor = |line: &str| String::from_utf8_lossy(&paste(&place, line).stdout).into_owned();
    assert!(doctor("GNUPGHOME=$PWD/old leafcrypt doctor").contains("the old keyring"));
    assert!(
        doctor("export GNUPGHOME=$PWD/old PATH=$PWD/bin; leafcrypt doctor").contains("there is no gpg to read the keys of the old keyring")
    );
    done(&place, "export GNUPGHOME=$PWD/old; gpg -q --batch --import old/secring.gpg; leafcrypt decrypt s.yaml");
    assert!(!doctor("GNUPGHOME=$PWD/old leafcrypt doctor").contains("the old keyring"));
}
