//! A buffer that is wiped when it is dropped.

use std::ops::{Deref, DerefMut};

use zeroize::Zeroize;

/// Bytes that are wiped on drop, with all the room behind them, in one sweep: `Zeroizing` goes through a vector byte by byte.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wiped(Vec<u8>);

impl From<Vec<u8>> for Wiped {
    fn from(bytes: Vec<u8>) -> Self {
        Wiped(bytes)
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Wipes a buffer and all its room, and empties it.
pub fn wipe(bytes: &mut Vec<u8>) {
    // Then all of it is room, which is wiped whether it was written or not.
    bytes.clear();
    bytes.spare_capacity_mut().zeroize();
}
