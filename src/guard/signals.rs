//! Signals wait while a file is replaced (R10): a handler remembers them, and when the last file is done we die of them as we would have.
//!
//! Blocking them would not do: a mask is one thread's, any other thread could be given the signal, and nobody could ask whether one waits ([`mask`] is for those
//! of which nobody asks).

use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use signal_hook::consts::{SIGABRT, SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::{flag, low_level};

use super::mask;

/// One signal that waits.
struct Waiting {
    signal: i32,
    came: AtomicBool,
}

impl Waiting {
    const fn new(signal: i32) -> Self {
        Self { signal, came: AtomicBool::new(false) }
    }
}

/// A failed assertion of ours aborts all the same: `abort` takes the handler away and tries again.
static WAITING: [Waiting; 5] =
    [Waiting::new(SIGHUP), Waiting::new(SIGINT), Waiting::new(SIGQUIT), Waiting::new(SIGTERM), Waiting::new(SIGABRT)];
/// What Ctrl-C and Ctrl-\\ send, to all of the terminal's foreground.
pub const KEYBOARD: [i32; 2] = [SIGINT, SIGQUIT];
/// No file is being replaced: a signal does what it always does.
static IDLE: AtomicBool = AtomicBool::new(true);
/// The limit of file sizes was met. Nobody asks: the write has failed with an error of its own.
static TOO_LARGE: AtomicBool = AtomicBool::new(false);
/// A child has ended. Nobody asks: who has started it waits for it.
static CHILD_ENDED: AtomicBool = AtomicBool::new(false);
/// So many files are being replaced.
static HOLDERS: Mutex<usize> = Mutex::new(0);

/// Puts our handlers in place. Only the program does so: a library must leave its host's signals alone.
pub(super) fn take_over() {
    let ignored = ignored();
    for waiting in &WAITING {
        // `nohup` and shells without job control ignore some, and so must we.
        if ignored & (1 << (waiting.signal - 1)) == 0 {
            // The order matters: first remember, then perhaps die. Neither can fail for these signals.
            let _ = flag::register(waiting.signal, &waiting.came);
            let _ = match is_first_process() {
                true => flag::register_conditional_shutdown(waiting.signal, 128 + waiting.signal, &IDLE),
                false => flag::register_conditional_default(waiting.signal, &IDLE),
            };
        }
    }
    // Where we are told to ignore that children end, nobody learns how they did. With a handler we do, and children have the default again. Only Linux tells
    // what is ignored.
    if cfg!(not(target_os = "linux")) || ignored & (1 << (SIGCHLD - 1)) != 0 {
        let _ = flag::register(SIGCHLD, &CHILD_ENDED);
    }
    // With a handler, a write over the limit fails with an error instead of killing us with the file half done.
    let _ = flag::register(SIGXFSZ, &TOO_LARGE);
}

/// While this lives, HUP, INT, QUIT, TERM and ABRT wait.
#[derive(Debug)]
#[must_use]
pub struct Held(());

/// Lets signals wait until the result is dropped. Without [`super::harden()`] they come as ever.
pub fn hold_signals() -> Held {
    let mut holders = HOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    *holders += 1;
    IDLE.store(false, Ordering::SeqCst);
    Held(())
}

/// Does something before a signal ends this process: a thread waits for it, does it, and only then lets the signal through. Not for those that we were
/// told to ignore.
///
/// # Errors
/// The system has no pipe or no thread to give; then signals come as ever.
pub fn before_the_end(act: fn()) -> std::io::Result<()> {
    let (wake, mut woken) = UnixStream::pair()?;
    let held = hold_signals();
    let ignored = ignored();
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0) {
        low_level::pipe::register(signal, wake.try_clone()?)?;
    }
    let wait = move || {
        if woken.read_exact(&mut [0]).is_ok() {
            act();
        }
        drop(held);
    };
    mask::blocked(|| std::thread::Builder::new().name("signals".to_owned()).spawn(wait)).map(drop)
}

/// Does a signal wait? Then what is being done should come to its end soon.
pub fn is_interrupted() -> bool {
    WAITING.iter().any(|waiting| waiting.came.load(Ordering::SeqCst))
}

/// Which signal waits.
pub fn interrupted_by() -> Option<i32> {
    first_of(|_| true)
}

/// Which signal waits that no keyboard sends.
pub fn interrupted_but_by_keyboard() -> Option<i32> {
    first_of(|signal| !KEYBOARD.contains(&signal))
}

fn first_of(counts: impl Fn(i32) -> bool) -> Option<i32> {
    WAITING.iter().find(|waiting| counts(waiting.signal) && waiting.came.load(Ordering::SeqCst)).map(|waiting| waiting.signal)
}

/// Forgets signals that were passed on, so that one more of their kind is seen, or that belonged to somebody else.
pub fn forget(signals: &[i32]) {
    set(signals, false);
}

/// It ends us all the same, when nothing holds it back any more.
pub fn remember(signal: i32) {
    set(&[signal], true);
}

fn set(signals: &[i32], came: bool) {
    for waiting in WAITING.iter().filter(|waiting| signals.contains(&waiting.signal)) {
        waiting.came.store(came, Ordering::SeqCst);
    }
}

/// The signals that wait while something is held.
pub(super) fn held() -> impl Iterator<Item = i32> {
    WAITING.iter().map(|waiting| waiting.signal)
}

/// Ends the process as a broken pipe does by default; Rust's runtime ignores that signal, so that a write tells of it by an error.
pub fn end_by_broken_pipe() {
    die_of(SIGPIPE);
}

/// The first process of a container: the kernel lets no signal end it by default.
pub(super) fn is_first_process() -> bool {
    std::process::id() == 1
}

pub(super) fn die_of(signal: i32) {
    if is_first_process() {
        low_level::exit(128 + signal);
    }
    let _ = low_level::emulate_default_handler(signal);
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut holders = HOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        *holders -= 1;
        if *holders > 0 {
            return;
        }
        IDLE.store(true, Ordering::SeqCst);
        for waiting in &WAITING {
            if waiting.came.swap(false, Ordering::SeqCst) {
                die_of(waiting.signal);
            }
        }
    }
}

/// The signals that whoever started us told us to ignore, a bit each.
pub(super) fn ignored() -> u64 {
    // In one piece: without room for it, it is read in eight.
    let mut status = String::with_capacity(4096);
    let _ = fs::File::open("/proc/self/status").and_then(|mut file| file.read_to_string(&mut status));
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
