//! A text with a change somewhere: the last bytes say where and which (`formats/tests/it/edits_model.rs`).
#![no_main]

use leafcrypt_fuzz::edits_model::{Tally, check};
use leafcrypt_fuzz::{Choices, FORMATS, random, random_tree};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (text, mut choices) = Choices::behind(data, 6);
    let format = choices.pick(&FORMATS);
    let mut seed = || (0..2).fold(0, |seed, _| seed << 8 | choices.below(256) as u64);
    let (mut place, value) = (random::Random::new(seed()), random_tree::Random::new(seed()));
    check(format, "input", text, &mut place, std::iter::once(value), &mut Tally::default());
});
