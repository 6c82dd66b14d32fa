//! What deep calls leave on the stack: buffers that were moved, half-filled blocks of a hash (docs/threat-model.md, R1, P16).

use zeroize::Zeroize;

/// More than our calls use: 37 KiB were measured, and somewhat more where a text is nested.
const SHALLOW: usize = 64 << 10;
/// More than they use on what is nested as deeply as the limits allow: printing 500 levels in another format takes some 700 KiB. Far less than a
/// main thread has.
const DEEP: usize = 1 << 20;

/// Wipes the stack below its caller. To be called when the calls that held secrets have returned. `deep`: they may have gone deep. Each page that
/// was never used is made by the wiping itself, and costs a start more than anything else it does (docs/performance.md).
pub fn wipe_stack(deep: bool) {
    if deep { wipe::<{ DEEP / 8 }>() } else { wipe::<{ SHALLOW / 8 }>() }
}

#[inline(never)]
fn wipe<const WORDS: usize>() {
    let mut below = [0_u64; WORDS];
    // Not optimised away, other than a plain assignment.
    below.zeroize();
}
