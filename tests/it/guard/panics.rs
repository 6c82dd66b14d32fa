//! A panic is a bug, and what it says may be a value: it prints where, not what, and aborts (R7, R9).

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

const CHILD: &str = "LEAFCRYPT_TEST_PANICS";

/// Runs itself once more as a process of its own, which panics: the program has no command that does.
#[test]
fn a_panic_tells_where_and_not_what() {
    if std::env::var_os(CHILD).is_some() {
        leafcrypt::start();
        let value = String::from("hunter2-canary");
        panic!("cannot seal {value}");
    }
    let myself = std::env::current_exe().unwrap();
    let test = "guard::panics::a_panic_tells_where_and_not_what";
    let output = Command::new(myself).args(["--exact", test, "--nocapture"]).env(CHILD, "1").env("RUST_BACKTRACE", "1").output().unwrap();
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(output.status.signal(), Some(6), "{said}");
    assert!(said.contains("internal error at tests/it/guard/panics.rs:"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(!said.contains("cannot seal"), "{said}");
}
