//! Programs that we start get what we were started with (R11), and no descriptor that they were not given (R6).

use std::os::unix::fs::PermissionsExt as _;

use crate::files::{PROGRAM, command, said, sealed};
use crate::tools::{Place, script};

#[test]
fn umask_core_limit_and_streams() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: x\n");
    script(&place.path("key-command"), "#!/bin/sh\n(umask; ulimit -S -c; ls /proc/self/fd | tr '\\n' ' ') >told\ncat keys.txt\n");
    let mut shell = command(&place, "sh");
    shell.args(["-c", "umask 027; ulimit -S -c 8; exec 5<f.yaml; exec \"$0\" decrypt f.yaml", PROGRAM]);
    shell.env("SOPS_AGE_KEY_CMD", place.path("key-command")).env_remove("SOPS_AGE_KEY_FILE");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let told = String::from_utf8(place.read("told")).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    // The last is the list itself.
    assert_eq!(lines, ["0027", "8", "0 1 2 3 "], "{told}");
    assert_eq!(place.path("told").metadata().unwrap().permissions().mode() & 0o777, 0o640);
}
