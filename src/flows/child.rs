//! A program that runs while we hold plaintext for it: signals reach it, and we end after it (docs/threat-model.md, R10).

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::error::Ended;
use crate::guard;
use crate::manners::Manners;
use crate::world::World;

/// So long a program may take to end after a signal, where plaintext has a name as long as it runs (R10).
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Before a program runs beside us, perhaps for weeks: identities are forgotten, and what deep calls left on the stack is wiped (P16).
pub fn leave_no_secrets(world: &World<'_>) {
    world.session.forget();
    guard::wipe_stack(true);
}

/// What becomes of USR1, USR2 and signals of a clock, which end nobody but the program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Messages {
    /// They are the program's.
    PassedOn,
    /// Nobody's, as with SOPS.
    Dropped,
}

impl Messages {
    /// Under this name.
    pub fn of(manners: &Manners) -> Self {
        if manners.passes_messages { Messages::PassedOn } else { Messages::Dropped }
    }
}

/// Runs a program to its end. The caller holds signals ([`guard::hold_signals`]): those that come meanwhile are passed on, but for what the keyboard has sent
/// to all of the terminal's foreground. After `patience` the child is killed; without one it has all the time it takes, and every signal once more is passed on.
///
/// # Errors
/// It cannot be started.
pub fn run(command: &mut Command, messages: Messages, patience: Option<Duration>) -> io::Result<Ended> {
    let at_terminal = has_terminal();
    if !at_terminal {
        // A group of its own, so that what it starts is reached as well. Not where there is a terminal: it may ask there whatever its streams are, and a
        // group in the background would be stopped for that.
        command.process_group(0);
    }
    let mut watch = guard::Watch::new()?;
    let wake = watch.waker();
    let (give, given) = mpsc::channel::<Child>();
    let (tell, told) = mpsc::channel();
    // Who waits stands before what it waits for: where there can be no thread, no program runs on alone.
    thread::Builder::new().spawn(move || {
        if let Ok(mut child) = given.recv() {
            let _ = tell.send(child.wait());
            wake();
        }
    })?;
    let child = guard::as_started(|| command.spawn())?;
    watch.count_earlier();
    let pid = Pid::from_child(&child);
    // It is there until it has its child.
    let _ = give.send(child);
    let mut ends_by: Option<Instant> = None;
    // What we die of in the end, where more may come.
    let mut passed = None;
    let ended = loop {
        // Asked first: with what wakes us it takes away that the program has ended, and that is there to be seen by then.
        let came = watch.messages();
        match told.try_recv() {
            Ok(status) => break ended(status?),
            Err(TryRecvError::Disconnected) => return Err(io::ErrorKind::Other.into()),
            Err(TryRecvError::Empty) => {}
        }
        for message in came {
            if let Some(signal) = Signal::from_named_raw(message).filter(|_| messages == Messages::PassedOn) {
                let _ = kill_process(pid, signal);
            }
        }
        let send = |signal| {
            if let Some(signal) = Signal::from_named_raw(signal) {
                // It may have ended meanwhile.
                let _ = if at_terminal { kill_process(pid, signal) } else { kill_process_group(pid, signal) };
            }
        };
        // All that there are: only another one would end the waiting below.
        while ends_by.is_none() {
            let has_reached_it = at_terminal && !watch.was_sent();
            let came = if has_reached_it { guard::interrupted_but_by_keyboard() } else { guard::interrupted_by() };
            let Some(signal) = came else { break };
            match patience {
                Some(patience) => ends_by = Some(Instant::now() + patience),
                None => {
                    passed = Some(signal);
                    // Before it is passed on: one that comes while that is done is one more.
                    guard::forget(&[signal]);
                }
            }
            send(signal);
        }
        if ends_by.is_some_and(|by| Instant::now() >= by) {
            send(Signal::KILL.as_raw());
            // Once more then, if it could not be.
            ends_by = patience.map(|patience| Instant::now() + patience);
        }
        watch.wait(ends_by);
    };
    // What came in the last moment.
    watch.messages();
    // Who took a Ctrl-C as its own business, as editors and shells do, has not been ended by it, and neither are we.
    if at_terminal && !watch.was_sent() && !matches!(ended, Ended::Signal(signal) if guard::KEYBOARD.contains(&signal)) {
        guard::forget(&guard::KEYBOARD);
    }
    if let Some(signal) = passed {
        guard::remember(signal);
    }
    Ok(ended)
}

/// Is there a terminal that can be ours? Then Ctrl-C reaches the child without us.
fn has_terminal() -> bool {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    rustix::fs::open("/dev/tty", flags, Mode::empty()).is_ok()
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Code(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}
