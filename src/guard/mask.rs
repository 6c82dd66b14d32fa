//! Signals that no handler of ours holds back wait in the mask of a thread while it replaces a file (R10): clocks, limits, messages, a failing supply of power,
//! real-time ones, and a stop from the terminal, which would keep the folder locked for others.
//!
//! A mask is one thread's, and another one could be given the signal: so a thread of ours that lives on beside a write has the same ([`blocked`]).

use std::marker::PhantomData;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use super::harden::is_hardened;
use super::signals::{Held, held, hold_signals};

/// They tell of a fault of ours, at once.
const FAULTS: [Signal; 5] = [Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL, Signal::SIGSEGV, Signal::SIGTRAP];

/// While this lives, every signal waits that can be made to, a stop included.
#[derive(Debug)]
#[must_use]
pub struct Undisturbed {
    _masked: Masked,
    _held: Held,
    /// The mask is given back to the thread it was taken from.
    _here: PhantomData<*const ()>,
}

/// Lets everything wait until the result is dropped: for the short time in which a file is replaced. No program is started meanwhile, for it would have the
/// same mask.
pub fn undisturbed() -> Undisturbed {
    let held = hold_signals();
    Undisturbed { _masked: Masked::new(), _held: held, _here: PhantomData }
}

/// Does something, mostly starts a thread, with these signals blocked.
pub(super) fn blocked<T>(act: impl FnOnce() -> T) -> T {
    let _masked = Masked::new();
    act()
}

/// The mask from before, where it was changed: a library leaves its host's alone.
#[derive(Debug)]
struct Masked(Option<SigSet>);

impl Masked {
    fn new() -> Self {
        let mut set = SigSet::all();
        let ours = held().filter_map(|signal| Signal::try_from(signal).ok());
        ours.chain(FAULTS).for_each(|signal| set.remove(signal));
        // It cannot fail; then they would come as ever.
        Masked(is_hardened().then(|| set.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()).flatten())
    }
}

impl Drop for Masked {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = before.thread_set_mask();
        }
    }
}
