//! Files that whoever seals them does not open again, and keyrings that are not read: what is told.

use crate::next_command::{done, fails, machine, paste};

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
