//! A signal at every call: the command finishes or undoes what it was doing, and dies of that signal (R10).

use std::os::unix::process::ExitStatusExt as _;

use super::cases;
use super::trace::{self, Harm};
use super::{State, every, silent};

/// These end it.
const ENDING: [Harm; 5] =
    [Harm::Signal("HUP", 1), Harm::Signal("INT", 2), Harm::Signal("QUIT", 3), Harm::Signal("ABRT", 6), Harm::Signal("TERM", 15)];
/// These are errors of the call that meets them, a write to nobody and a file over its limit: where there is no such write, they do nothing.
const OF_WRITES: [Harm; 2] = [Harm::Signal("PIPE", 13), Harm::Signal("XFSZ", 25)];

#[test]
fn a_signal_at_every_call() {
    let harms: Vec<Harm> = ENDING.into_iter().chain(OF_WRITES).collect();
    every(&cases::all(), trace::changing, &harms, |run, _, harm, output| {
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
    });
}
