//! Commands that write are killed, sent signals, and given errors at each of their file-changing calls (docs/threat-model.md, P6, P13, P14, R10): whatever
//! happens, every file is the old one or the complete new one, and no plaintext is left where nobody asked for it.
//!
//! `strace` finds the calls and does the harm. Where it is not permitted to trace, these tests fail: they have no other way.

mod canary;
mod cases;
mod errors;
mod order;
mod plaintext;
mod signals;
pub mod trace;

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::files::{leftovers, said, snapshot};
use crate::tools::fresh;
use cases::{Becomes, CANARY, Case};
use trace::{Call, Harm};

/// A folder in which a case was run once.
struct Run<'c> {
    case: &'c Case,
    folder: PathBuf,
    before: std::collections::BTreeMap<PathBuf, (u32, u32, Vec<u8>)>,
}

/// What a run has done to the files of its case.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Old,
    New,
    /// Of several files some are old and some new.
    Between,
}

impl<'c> Run<'c> {
    fn new(case: &'c Case) -> Self {
        let folder = fresh(&std::env::temp_dir(), "leafcrypt-crash-");
        copy(&case.template.path("work"), &folder);
        let before = snapshot(&folder);
        Run { case, folder, before }
    }

    /// Beside the folder, in which nothing is but what the command puts there.
    fn log(&self) -> PathBuf {
        self.folder.with_extension("log")
    }

    /// Harms the command at one call, which it must make.
    fn harmed(&self, call: &Call, harm: Harm) -> Result<Output, String> {
        let output = trace::run(self.case, &self.folder, Some((call, harm)), &self.log());
        let met = std::fs::read_to_string(self.log()).unwrap();
        if harm.is_in(&met) { Ok(output) } else { Err(format!("it made no such call ({})", said(&output))) }
    }

    /// Each file of the case is the old one or a complete new one, and no other file has changed.
    fn state(&self) -> Result<State, String> {
        let now = snapshot(&self.folder);
        let (mut old, mut new) = (0, 0);
        for (name, becomes) in &self.case.becomes {
            let path = self.folder.join(name);
            if now.get(&path) == self.before.get(&path) {
                old += 1;
                continue;
            }
            let Some((mode, _, bytes)) = now.get(&path) else { return Err(format!("{name} is lost")) };
            self.case.verify(&path, bytes, becomes).map_err(|why| format!("{name} is torn: {why}"))?;
            let wanted = self.before.get(&path).map_or(becomes.new_mode(), |(mode, ..)| *mode);
            if *mode != wanted {
                return Err(format!("{name} has mode {mode:o}, not {wanted:o}"));
            }
            new += 1;
        }
        for (path, found) in &self.before {
            if !self.case.becomes.iter().any(|(name, _)| self.folder.join(name) == *path) && now.get(path) != Some(found) {
                return Err(format!("{} has changed", path.display()));
            }
        }
        let left = leftovers(&self.folder);
        let is_expected =
            |path: &Path| self.before.contains_key(path) || self.case.becomes.iter().any(|(name, _)| self.folder.join(name) == path);
        if let Some(other) = now.keys().find(|path| !is_expected(path) && !left.contains(path)) {
            return Err(format!("{} is new", other.display()));
        }
        Ok(match (old, new) {
            (_, 0) => State::Old,
            (0, _) => State::New,
            _ => State::Between,
        })
    }

    /// The names that a killed writer has left.
    fn left(&self) -> Vec<PathBuf> {
        leftovers(&self.folder)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_file(self.log());
    }
}

/// Runs every harm at every call of every case, on all cores; gives what went wrong.
fn every(
    cases: &[Case],
    calls: impl Fn(&Case) -> Vec<Call>,
    harms: &[Harm],
    judge: impl Fn(&Run<'_>, &Call, Harm, Output) -> Result<(), String> + Sync,
) {
    let mut jobs = Vec::new();
    for case in cases {
        let calls = calls(case);
        assert!(calls.len() >= 4, "{}: the trace shows no writing: {calls:?}", case.name);
        for call in calls {
            jobs.extend(harms.iter().map(|harm| (case, call.clone(), *harm)));
        }
    }
    all(&jobs, 1, |(case, call, harm)| {
        let run = Run::new(case);
        let done = run.harmed(call, *harm).and_then(|output| {
            let text = said(&output);
            judge(&run, call, *harm, output).map_err(|why| format!("{why} ({text})"))
        });
        done.map_err(|why| format!("{}, {harm:?} at {call}: {why}", case.name))
    });
}

/// Does all jobs, so many at once on each core; tells what went wrong.
fn all<J: Sync>(jobs: &[J], at_once: usize, run: impl Fn(&J) -> Result<(), String> + Sync) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..at_once * std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(why) = run(job) {
                        wrong.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} runs:\n{}", wrong.len(), jobs.len(), wrong.join("\n"));
    println!("{} runs", jobs.len());
}

/// No plaintext in what a program says.
fn silent(output: &Output) -> Result<(), String> {
    let shown = [&output.stdout, &output.stderr].into_iter().any(|bytes| contains(bytes, CANARY));
    if shown { Err("it shows a value".to_owned()) } else { Ok(()) }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            let to = to.join(entry.file_name());
            std::fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn kill_9_at_every_call() {
    let cases: Vec<Case> = cases::all().into_iter().chain(cases::formats()).collect();
    every(&cases, trace::changing, &[Harm::Signal("KILL", 9)], |run, call, _, output| {
        if output.status.signal() != Some(9) {
            return Err("it was not killed".to_owned());
        }
        silent(&output)?;
        run.state()?;
        let left = run.left();
        if left.len() > 1 {
            return Err(format!("it left {left:?}"));
        }
        let Some(left) = left.first() else { return Ok(()) };
        let mode = left.metadata().unwrap().permissions().mode() & 0o7777;
        if [CANARY, "AGE-SECRET-KEY"].iter().any(|secret| contains(&std::fs::read(left).unwrap(), secret)) {
            // Between getting a name at all and getting the target's, as readable as the target is about to be. Sealed files never.
            let own = run.case.becomes.iter().any(|(name, becomes)| {
                let target = run.folder.join(name);
                let there = run.before.get(&target).map(|(mode, ..)| *mode);
                matches!(becomes, Becomes::Plain(_) | Becomes::Identities(_)) && target.parent() == left.parent() && there == Some(mode)
            });
            if !own || call.name != "renameat" {
                return Err(format!("it left plaintext, mode {mode:o}"));
            }
        }
        // The next writer in that folder takes it away.
        let folder = left.parent().unwrap();
        let swept = run.case.other(folder);
        if !swept.status.success() || !run.left().is_empty() {
            return Err(format!("{} is not swept away: {}", left.display(), said(&swept)));
        }
        Ok(())
    });
}
