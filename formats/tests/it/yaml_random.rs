//! Random YAML documents: each that is accepted opens to the same bytes, whatever part of it was sealed.

use crate::random::{Random, document};
use crate::yaml::{check_covering, try_seal};

#[test]
fn random_documents_come_back() {
    use leafcrypt_formats::{Document, Format, ScanOptions};
    let mut accepted = 0;
    let count = std::env::var("LEAFCRYPT_RANDOM").ok().and_then(|n| n.parse().ok()).unwrap_or(1500);
    for seed in 0..count {
        let text = document("yaml", &mut Random::new(seed));
        if Document::parse(Format::Yaml, &text, &ScanOptions::PLAIN).is_err() {
            continue;
        }
        accepted += 1;
        // What stands at the very start or end is the caller's to repair (tests/it/random.rs of the root crate).
        if text.starts_with(b"%YAML 1.2") || text.starts_with("\u{feff}%YAML 1.2".as_bytes()) {
            continue;
        }
        let allowed = 2 * usize::from(!text.ends_with(b"\n"));
        check_covering(&text, |_| true, seed % 3 != 0, allowed);
        // So is the header of a literal in clear that ends without a line break: with a block behind it, it would have one.
        if text.ends_with(b"\n") && try_seal(&text, |i| i % 2 == 0, true).is_some() {
            check_covering(&text, |i| i % 2 == 0, true, allowed);
        }
    }
    assert!(accepted > count / 4, "the documents are too odd: only {accepted} of {count} are read");
}
