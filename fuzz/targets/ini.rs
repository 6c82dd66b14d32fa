//! A text of this format, plain or sealed.
#![no_main]

use leafcrypt::formats::Format;
use leafcrypt_fuzz::there_and_back;

libfuzzer_sys::fuzz_target!(|text: &[u8]| there_and_back(Format::Ini, text));
