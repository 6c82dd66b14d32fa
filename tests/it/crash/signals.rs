//! A signal at every call: the command finishes or undoes what it was doing, and dies of that signal (R10).

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Output, Stdio};

use super::cases;
use super::trace::{self, Call, Harm};
use super::{Run, State, every, silent};
use crate::files::said;
use crate::tools::comes;

/// These end it.
const ENDING: [Harm; 5] =
    [Harm::Signal("HUP", 1), Harm::Signal("INT", 2), Harm::Signal("QUIT", 3), Harm::Signal("ABRT", 6), Harm::Signal("TERM", 15)];
/// These are errors of the call that meets them, a write to nobody and a file over its limit: where there is no such write, they do nothing.
const OF_WRITES: [Harm; 2] = [Harm::Signal("PIPE", 13), Harm::Signal("XFSZ", 25)];

#[test]
fn a_signal_at_every_call() {
    let harms: Vec<Harm> = ENDING.into_iter().chain(OF_WRITES).collect();
    every(&cases::all(), trace::changing, &harms, ends_so);
    every(&cases::formats(), trace::changing, &[Harm::Signal("TERM", 15)], ends_so);
}

/// Finished or undone, with nothing left, and dead of that signal.
fn ends_so(run: &Run<'_>, _: &Call, harm: Harm, output: Output) -> Result<(), String> {
    silent(&output)?;
    let state = run.state()?;
    if !run.left().is_empty() {
        return Err(format!("it left {:?}", run.left()));
    }
    let Harm::Signal(_, number) = harm else { return Err("no signal".to_owned()) };
    if OF_WRITES.contains(&harm) {
        return if output.status.success() && state == State::New { Ok(()) } else { Err(format!("{state:?}")) };
    }
    match (output.status.signal(), state) {
        (Some(signal), State::Old | State::New) if signal == number => Ok(()),
        (_, state) => Err(format!("{state:?}")),
    }
}

/// What a clock, a limit, a failing supply of power or a message to somebody else sends: no handler of ours, and they end a process all the same. 34 is the
/// first real-time signal that is not the C library's own.
const OTHERS: [Harm; 9] = [
    Harm::Signal("USR1", 10),
    Harm::Signal("USR2", 12),
    Harm::Signal("ALRM", 14),
    Harm::Signal("STKFLT", 16),
    Harm::Signal("XCPU", 24),
    Harm::Signal("IO", 29),
    Harm::Signal("PWR", 30),
    Harm::Signal("SYS", 31),
    Harm::Signal("RT_2", 34),
];

#[test]
fn any_other_signal_waits_for_the_end_of_a_write() {
    let cases: Vec<_> = cases::all().into_iter().filter(|case| ["set", "decrypt -i", "init"].contains(&&*case.name)).collect();
    assert_eq!(cases.len(), 3);
    every(&cases, trace::changing, &OTHERS, |run, _, harm, output| {
        silent(&output)?;
        let state = run.state()?;
        if !run.left().is_empty() {
            return Err(format!("it left {:?}", run.left()));
        }
        match (output.status.signal(), harm) {
            (Some(signal), Harm::Signal(_, number)) if signal == number => Ok(()),
            _ => Err(format!("{state:?}, {:?}", output.status)),
        }
    });
}

/// Ctrl-Z: nobody else may have to wait for a folder because somebody thinks a program over.
#[test]
fn a_stop_waits_for_the_end_of_a_write() {
    let case = cases::all().into_iter().find(|case| case.name == "set").unwrap();
    let calls = trace::changing(&case);
    for call in calls.iter().filter(|call| ["fsync", "renameat"].contains(&call.name.as_str())) {
        let run = Run::new(&case);
        let mut traced = trace::traced(&case, &run.folder, Some((call, Harm::Signal("TSTP", 20))), &run.log());
        // In a group of its own, and with a parent in another: the kernel stops no group that nobody could let go on.
        let mut strace = traced.process_group(0).stderr(Stdio::null()).spawn().unwrap();
        let log = || std::fs::read_to_string(run.log()).unwrap_or_default();
        assert!(comes(|| log().contains("stopped by SIGTSTP")), "{call}: {}", log());
        assert_eq!((run.state(), run.left()), (Ok(State::New), Vec::new()), "{call}");
        let other = case.other(&run.folder);
        assert!(other.status.success(), "{call}: {}", said(&other));
        let process = log().split_whitespace().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-CONT", &process]).status().unwrap().success());
        assert!(strace.wait().unwrap().success(), "{call}");
    }
}
