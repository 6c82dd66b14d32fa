//! Limits of the process at its start, and those it was started with, which are the children's.

use std::fs;
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

use super::{descriptors, panics, signals};

/// What the process was started with, and its children are to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The umask.
    pub umask: u32,
    /// The soft limit of the size of a core file; None is no limit.
    pub core: Option<u64>,
}

static STARTED: OnceLock<Started> = OnceLock::new();
/// The umask belongs to the whole process: two changes at a time would each remember the other's.
static CHANGING: Mutex<()> = Mutex::new(());

const OURS: u32 = 0o077;

/// Hardens the process: no core file, umask 077, no descriptors that nobody named, not dumpable nor traceable, panics that tell no values, signals that wait for the end of a write.
/// To be called first of all, before the first secret and the first thread; once more does nothing.
pub fn harden() {
    let mut first = false;
    STARTED.get_or_init(|| {
        first = true;
        Started { umask: umask(Mode::from_raw_mode(OURS as _)).as_raw_mode() as u32, core: getrlimit(Resource::Core).current }
    });
    if !first {
        return;
    }
    tighten();
    descriptors::close_strays();
    // Only the kernel could refuse it, and then everything else still holds.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    panics::tell_where_only();
    signals::take_over();
}

/// Is this our program, or the library within another one?
pub(super) fn is_hardened() -> bool {
    STARTED.get().is_some()
}

/// What the process was started with; as it is now, if nobody called [`harden`].
pub fn started() -> Started {
    STARTED.get().cloned().unwrap_or_else(|| Started { umask: current_umask(), core: getrlimit(Resource::Core).current })
}

/// The umask that the process was started with: new sealed files get 0666 less this.
pub fn started_umask() -> u32 {
    STARTED.get().map_or_else(current_umask, |started| started.umask)
}

/// Runs something with the umask and core limit that the process was started with: to start a child, or to be replaced by one. A child is always
/// dumpable again by its `exec`.
pub fn as_started<T>(run: impl FnOnce() -> T) -> T {
    /// Tightens again whatever way the run ends.
    struct Again;
    impl Drop for Again {
        fn drop(&mut self) {
            tighten();
        }
    }
    let Some(started) = STARTED.get() else { return run() };
    let _alone = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let _again = Again;
    umask(Mode::from_raw_mode(started.umask as _));
    limit_core(started.core);
    run()
}

fn tighten() {
    umask(Mode::from_raw_mode(OURS as _));
    limit_core(Some(0));
}

/// The soft limit only: the hard one could never be given back.
fn limit_core(current: Option<u64>) {
    let maximum = getrlimit(Resource::Core).maximum;
    // Cannot fail: at or below the hard limit.
    let _ = setrlimit(Resource::Core, Rlimit { current, maximum });
}

/// The kernel tells it on Linux; elsewhere it must be changed to be known.
fn current_umask() -> u32 {
    let told = fs::read_to_string("/proc/self/status").ok();
    let told = told.as_deref().and_then(|s| s.lines().find_map(|line| line.strip_prefix("Umask:")));
    told.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or_else(|| {
        let _alone = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let mask = umask(Mode::from_raw_mode(OURS as _));
        umask(mask);
        mask.as_raw_mode() as u32
    })
}
