//! What deep calls leave on the stack: buffers that were moved, half-filled blocks of a hash (docs/threat-model.md, R1, P16).

use std::hint::black_box;

use rustix::process::{Resource, getrlimit};
use zeroize::Zeroize;

/// More than our calls use: 37 KiB were measured, and somewhat more where a text is nested.
const SHALLOW: usize = 64 << 10;
/// More than they use on what is nested as deeply as the limits allow: printing 500 levels in another format takes some 700 KiB. Far less than a
/// main thread has by default.
const DEEP: usize = 1 << 20;
/// What is wiped by one call; it has one more below it.
const PIECE: usize = 32 << 10;

/// Wipes the stack below its caller. To be called when the calls that held secrets have returned. `deep`: they may have gone deep; on the main thread only.
/// Each page that was never used is made by the wiping itself, and costs a start more than anything else it does (docs/performance.md).
pub fn wipe_stack(deep: bool) {
    wipe(if deep { room(getrlimit(Resource::Stack).current) } else { SHALLOW });
}

/// What deep calls can have used where the stack has this limit. A quarter may be arguments and variables, and something is used by who calls us.
fn room(limit: Option<u64>) -> usize {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    (limit - limit / 4).saturating_sub(2 * SHALLOW).clamp(SHALLOW, DEEP)
}

#[inline(never)]
fn wipe(left: usize) {
    let mut below = [0_u64; PIECE / 8];
    // Not optimised away, other than a plain assignment.
    below.zeroize();
    if left > PIECE {
        wipe(left - PIECE);
    }
    // It stands here while the next one is wiped: that one lies below it, and not in its place.
    black_box(&below);
}

#[cfg(test)]
mod tests {
    use super::{DEEP, SHALLOW, room, wipe};

    #[test]
    fn no_more_than_there_is() {
        assert_eq!((room(None), room(Some(8 << 20)), room(Some(64 << 10))), (DEEP, DEEP, SHALLOW));
        for limit in [256 << 10, 512 << 10, 1 << 20] {
            assert!(room(Some(limit)) as u64 <= limit - limit / 4 - (SHALLOW as u64), "{limit}");
        }
    }

    #[test]
    fn a_stack_that_holds_it_is_enough() {
        // Somewhat more than what is wiped: nothing is taken twice.
        let thread = std::thread::Builder::new().stack_size(DEEP + DEEP / 4);
        thread.spawn(|| wipe(DEEP)).unwrap().join().unwrap();
    }
}
