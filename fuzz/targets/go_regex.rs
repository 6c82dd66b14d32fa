//! A pattern, and behind a tab the text that it meets.
#![no_main]

use leafcrypt::seal::go_regex::GoRegex;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|&b| b == b'\t').unwrap_or(data.len());
    let (pattern, text) = data.split_at(at);
    let Ok(pattern) = std::str::from_utf8(pattern) else { return };
    match GoRegex::new(pattern) {
        Ok(regex) => assert_eq!(regex.is_match(text), GoRegex::new(pattern).expect("it compiled").is_match(text)),
        Err(error) => assert!(error.to_string().len() < 2000, "a message of {} bytes", error.to_string().len()),
    }
});
