//! What deep calls leave on the stack: buffers that were moved, half-filled blocks of a hash (docs/threat-model.md, R1, P16).

use zeroize::Zeroize;

/// So much is wiped: more than our calls use, and far less than any thread has.
const DEPTH: usize = 256 << 10;

/// Wipes the stack below its caller. To be called when the calls that held secrets have returned.
#[inline(never)]
pub fn wipe_stack() {
    let mut below = [0_u8; DEPTH];
    // Not optimised away, other than a plain assignment.
    below.zeroize();
}
