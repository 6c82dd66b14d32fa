//! Signals that nobody sends to end us, and that do so all the same: messages, clocks, limits. Where a terminal shows nothing of what is typed they wait until
//! it is as it was (R10); everywhere else they do what they always do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use signal_hook::consts::{SIGALRM, SIGPROF, SIGSYS, SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU};
use signal_hook::flag;

use super::signals::{Held, die_of, hold_signals, ignored, is_first_process, is_interrupted};

/// One of them.
struct Other {
    signal: i32,
    came: AtomicBool,
    /// It does what it always does.
    idle: AtomicBool,
    /// Somebody else takes it, and it ends nobody any more.
    taken: AtomicBool,
}

impl Other {
    const fn new(signal: i32) -> Self {
        Self { signal, came: AtomicBool::new(false), idle: AtomicBool::new(true), taken: AtomicBool::new(false) }
    }

    fn waits(&self) -> bool {
        self.came.load(Ordering::SeqCst) && !self.taken.load(Ordering::SeqCst)
    }
}

/// Not those that tell of a fault of ours, and not those of which signal-hook does not know what they do (IO, PWR, real-time ones).
static OTHERS: [Other; 8] = [
    Other::new(SIGUSR1),
    Other::new(SIGUSR2),
    Other::new(SIGALRM),
    Other::new(SIGVTALRM),
    Other::new(SIGPROF),
    Other::new(SIGXCPU),
    Other::new(SIGSYS),
    Other::new(SIGTRAP),
];
/// So many want them to wait.
static HOLDERS: Mutex<usize> = Mutex::new(0);

/// While this lives, every signal waits that can be made to.
#[derive(Debug)]
#[must_use]
pub struct AllHeld {
    _held: Held,
}

/// Lets all signals wait until the result is dropped. Only the program does so: a library must leave its host's signals alone.
pub fn hold_all_signals() -> AllHeld {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(take_over);
    let mut holders = HOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    *holders += 1;
    for other in &OTHERS {
        other.idle.store(false, Ordering::SeqCst);
    }
    AllHeld { _held: hold_signals() }
}

/// Handlers at the first question, and not before: most commands ask none.
fn take_over() {
    // The kernel lets none of them end the first process of a container.
    if is_first_process() {
        return;
    }
    let ignored = ignored();
    for other in OTHERS.iter().filter(|other| ignored & (1 << (other.signal - 1)) == 0) {
        // The order matters: first remember, then perhaps die. Neither can fail for these signals.
        let _ = flag::register(other.signal, &other.came);
        let _ = flag::register_conditional_default(other.signal, &other.idle);
    }
}

/// Does a signal wait, of whatever kind?
pub fn is_any_waiting() -> bool {
    is_interrupted() || OTHERS.iter().any(Other::waits)
}

/// From now on somebody else takes these ([`super::Watch`]).
pub(super) fn leave(signals: &[i32]) {
    for other in OTHERS.iter().filter(|other| signals.contains(&other.signal)) {
        other.taken.store(true, Ordering::SeqCst);
        other.idle.store(false, Ordering::SeqCst);
    }
}

impl Drop for AllHeld {
    fn drop(&mut self) {
        let mut holders = HOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        *holders -= 1;
        if *holders > 0 {
            return;
        }
        for other in OTHERS.iter().filter(|other| !other.taken.load(Ordering::SeqCst)) {
            other.idle.store(true, Ordering::SeqCst);
            if other.came.swap(false, Ordering::SeqCst) {
                die_of(other.signal);
            }
        }
    }
}
