//! The process itself (docs/threat-model.md, R7, R10, R11): hardened at its start, its signals held back while a file is replaced. Nothing here is
//! `unsafe`: what would be is in rustix and signal-hook. Who writes files ([`crate::files`]) or starts children ([`crate::flows::child`]) asks here.

mod descriptors;
mod harden;
mod mask;
mod origin;
mod others;
mod panics;
mod signals;
mod stack;

pub use harden::{Started, as_started, harden, started, started_umask};
pub use mask::{Undisturbed, undisturbed};
pub use origin::Watch;
pub use others::{AllHeld, hold_all_signals, is_any_waiting};
pub use signals::{
    Held, KEYBOARD, before_the_end, end_by_broken_pipe, forget, hold_signals, interrupted_but_by_keyboard, interrupted_by, is_interrupted,
    remember,
};
pub use stack::wipe_stack;
