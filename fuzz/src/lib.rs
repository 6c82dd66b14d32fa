//! What the fuzz targets share: a text held to all that is promised of it, and bytes read as choices.

// Made for tests, which use more of them than we do.
#[allow(dead_code)]
#[path = "../../formats/tests/it/edits_model.rs"]
pub mod edits_model;
#[path = "../../formats/tests/it/edits_notes.rs"]
mod edits_notes;
#[allow(dead_code)]
#[path = "../../formats/tests/it/random/mod.rs"]
pub mod random;
#[allow(dead_code)]
#[path = "../../formats/tests/it/random_tree.rs"]
pub mod random_tree;
#[allow(dead_code)]
#[path = "../../tests/it/trip.rs"]
mod trip;
#[allow(dead_code)]
#[path = "../../tests/it/whole.rs"]
pub mod whole;

use leafcrypt::formats::{Dialect, Document, Format, Mode, Printing, ScanOptions, print};

/// The formats that have a tree.
pub const FORMATS: [Format; 5] = [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini, Format::Toml];

/// Whatever the bytes are: read in either state under either name, printed in every format, and sealed and opened to the same bytes, or refused for a
/// reason that the tests know.
pub fn there_and_back(format: Format, text: &[u8]) {
    for (mode, dialect) in [(Mode::Plain, Dialect::Sops), (Mode::Sealed, Dialect::Leafcrypt), (Mode::Plain, Dialect::Leafcrypt)] {
        let options = ScanOptions { mode, dialect, ..ScanOptions::PLAIN };
        let Ok(document) = Document::parse(format, text, &options) else { continue };
        let trees = document.trees();
        for to in FORMATS {
            let _ = print(to, &trees, &Printing::default());
        }
    }
    let mut tally = trip::Tally::default();
    tally.check(format, "input", text, variant(text));
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
}

/// Which of a few ways to take: told by the text, so that seeds are plain files.
fn variant(text: &[u8]) -> u64 {
    text.iter().fold(text.len() as u64, |sum, &b| sum.wrapping_mul(31).wrapping_add(u64::from(b))) % 12
}

/// The last bytes of an input: what is done to the text before them.
pub struct Choices<'d>(&'d [u8]);

impl<'d> Choices<'d> {
    /// The text, and at most `most` bytes behind it.
    pub fn behind(data: &'d [u8], most: usize) -> (&'d [u8], Self) {
        let (text, choices) = data.split_at(data.len() - most.min(data.len() / 2));
        (text, Choices(choices))
    }

    /// A number below `n`; 0 when nothing is left to choose by.
    pub fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % n.max(1)
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Is everything used up?
    pub fn done(&self) -> bool {
        self.0.is_empty()
    }
}
