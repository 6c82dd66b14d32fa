//! Names seen so far, for the warning about doubled ones: where each stands and a piece of its hash, eight bytes a name. A set of slices would have
//! four times as many, and most of its cost is memory that is touched for the first time.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::quality::RandomState;

/// A table with open addressing. Its hash has a seed of its own in every run: whoever writes the file does not know it.
pub(super) struct Names {
    hasher: RandomState,
    /// The upper half of the hash, then the offset plus one; nothing is 0. Never more than half full.
    slots: Vec<u64>,
}

impl Names {
    /// For at most so many.
    pub(super) fn with_room(names: usize) -> Self {
        Names { hasher: RandomState::default(), slots: vec![0; (2 * names + 1).next_power_of_two()] }
    }

    /// Is the name at this place of the text new? Behind it stands a `=`, which no name has.
    pub(super) fn first(&mut self, text: &[u8], name: Range<usize>) -> bool {
        let (start, name) = (name.start as u64, &text[name.start..=name.end]);
        let hash = self.hasher.hash_one(name);
        let entry = (hash & !u64::from(u32::MAX)) | (start + 1);
        let last = self.slots.len() - 1;
        let mut at = hash as usize & last;
        loop {
            let old = self.slots[at];
            if old == 0 {
                self.slots[at] = entry;
                return true;
            }
            if (old ^ entry) >> 32 == 0 && text[(old as u32 - 1) as usize..].starts_with(name) {
                return false;
            }
            at = (at + 1) & last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_doubled_names() {
        let lines: Vec<String> = (0..1000).map(|i| format!("K{}=", i % 700)).collect();
        let text = lines.concat();
        let mut names = Names::with_room(lines.len());
        let mut at = 0;
        for (i, line) in lines.iter().enumerate() {
            assert_eq!(names.first(text.as_bytes(), at..at + line.len() - 1), i < 700, "line {i}: {line}");
            at += line.len();
        }
    }
}
