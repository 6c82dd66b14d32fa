//! A call that fails: the command says so, and every file is as it was.

use super::cases::{self, CANARY};
use super::trace::{self, Harm};
use super::{State, every, silent};

/// After these, and no others, a command that failed has written all the same: the last sync, and a result that has nothing to do with the file.
const WRITTEN: [&str; 2] = ["the disk did not confirm it", "error: standard output:"];

fn judge(run: &super::Run<'_>, output: &std::process::Output) -> Result<(), String> {
    silent(output)?;
    let text = String::from_utf8_lossy(&output.stderr);
    // updatekeys lists first what it is about to change.
    let told = text.lines().any(|line| line.starts_with("error: "));
    let state = run.state()?;
    if !run.left().is_empty() {
        return Err(format!("it left {:?}", run.left()));
    }
    match output.status.code() {
        Some(0) if state == State::New => Ok(()),
        Some(0) => Err(format!("exit 0, but {state:?}")),
        // 128: the file with the identities cannot be read.
        Some(1..=3 | 128) if told && (state == State::Old || WRITTEN.iter().any(|why| text.contains(why))) => Ok(()),
        _ => Err(format!("{state:?}")),
    }
}

#[test]
fn an_error_at_every_changing_call() {
    let harms = ["ENOSPC", "EIO", "EACCES", "EINTR"].map(Harm::Error);
    every(&cases::all(), trace::changing, &harms, |run, _, _, output| judge(run, &output));
}

#[test]
fn an_error_at_every_looking_call() {
    every(&cases::all(), trace::looking, &[Harm::Error("EIO")], |run, _, _, output| judge(run, &output));
}

/// A file that may not grow over a limit: part of the new text would fit.
#[test]
fn a_limit_of_the_size_of_files() {
    for case in cases::all() {
        for limit in [0, 1, 100, 150] {
            let run = super::Run::new(&case);
            let mut command = cases::prepare(std::process::Command::new("prlimit"), &case.template, &run.folder);
            command.arg(format!("--fsize={limit}")).arg(crate::files::PROGRAM).args(&case.args);
            let output = command.output().unwrap();
            let fits = run.case.becomes.iter().all(|(_, becomes)| matches!(becomes, cases::Becomes::Plain(text) if text.len() <= limit));
            let done = judge(&run, &output);
            assert!(done.is_ok(), "{} within {limit} bytes: {done:?} {}", case.name, crate::files::said(&output));
            assert_eq!(output.status.success(), fits, "{} within {limit} bytes: {}", case.name, crate::files::said(&output));
            assert!(!String::from_utf8_lossy(&output.stderr).contains(CANARY));
        }
    }
}
