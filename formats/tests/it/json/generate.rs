//! JSON: generated documents, the same for the same seed, and what must hold for all of them.

use leafcrypt_formats::{Document, Format, LeafId, ScanOptions};

use crate::random::{Random, damaged, document};

use super::{repair_free_blocks, round_trip};

fn generated(random: &mut Random) -> Vec<u8> {
    document("json", random)
}

fn broken(random: &mut Random) -> Vec<u8> {
    let text = generated(random);
    damaged(&text, random)
}

#[test]
fn all_come_back() {
    let mut random = Random::new(4);
    for _ in 0..3000 {
        let text = generated(&mut random);
        let mask = random.below(256) | (random.below(2) * 255);
        round_trip(&text, |i| mask >> (i % 8) & 1 == 1);
    }
}

#[test]
fn no_text_makes_it_panic() {
    let mut random = Random::new(5);
    for _ in 0..20_000 {
        let text = broken(&mut random);
        for options in [ScanOptions::PLAIN, ScanOptions::SEALED] {
            let Ok(document) = Document::parse(Format::Json, &text, &options) else { continue };
            for i in 0..document.leaves().len() {
                document.value(LeafId(i as u32));
                document.content(LeafId(i as u32));
            }
            document.without_blocks();
        }
    }
}

#[test]
fn blocks_of_any_shape_keep_their_bytes() {
    let mut random = Random::new(6);
    let mut seen = 0;
    for _ in 0..3000 {
        let mut text = String::from_utf8(generated(&mut random)).expect("UTF-8");
        // A generated object becomes the metadata, somewhere among the root's members.
        let block = String::from_utf8(generated(&mut random)).expect("UTF-8");
        let block = block.trim();
        let open = text.find('{').expect("an object") + 1;
        let comma = if text[open..].trim_start().starts_with('}') { "" } else { "," };
        text.insert_str(open, &format!("\"sops\":{block}{comma}"));
        seen += usize::from(repair_free_blocks(text.as_bytes()));
    }
    assert!(seen > 1000);
}
