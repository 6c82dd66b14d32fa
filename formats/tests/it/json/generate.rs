//! JSON: generated documents, the same for the same seed, and what must hold for all of them.

use leafcrypt_formats::{Document, Format, LeafId, ScanOptions};

use super::{repair_free_blocks, round_trip};

/// A small generator of documents (xorshift).
pub struct Random(u64);

impl Random {
    /// With a seed that is not 0.
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A document in some layout.
    pub fn document(&mut self) -> Vec<u8> {
        let mut out = String::new();
        self.blank(&mut out);
        self.object(&mut out, 4);
        self.blank(&mut out);
        out.into_bytes()
    }

    /// A document with a few bytes changed.
    pub fn damaged(&mut self) -> Vec<u8> {
        const BYTES: &[u8] = b"{}[]\",:\\ntfeE+-.0199 /u\x00\x1f\x7f\x80\xc3\xa9";
        let mut text = self.document();
        for _ in 0..=self.below(2) {
            let at = self.below(text.len());
            let byte = BYTES[self.below(BYTES.len())];
            match self.below(3) {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ if text.len() > 1 => {
                    text.remove(at);
                }
                _ => {}
            }
        }
        text
    }

    fn object(&mut self, out: &mut String, depth: usize) {
        out.push('{');
        self.blank(out);
        for i in 0..self.below(6) {
            if i > 0 {
                out.push(',');
                self.blank(out);
            }
            self.string(out);
            self.blank(out);
            out.push(':');
            self.blank(out);
            self.value(out, depth);
            self.blank(out);
        }
        out.push('}');
    }

    fn value(&mut self, out: &mut String, depth: usize) {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 | 1 => self.string(out),
            2 => out.push_str(&self.number()),
            3 => out.push_str(self.pick(&["true", "false"])),
            4 => out.push_str(self.pick(&["null", "{}", "[]", "\"\"", "[ ]", "{\n}"])),
            5 => out.push_str(&self.below(1000).to_string()),
            6 | 7 => self.object(out, depth - 1),
            _ => {
                out.push('[');
                self.blank(out);
                for i in 0..self.below(5) {
                    if i > 0 {
                        out.push(',');
                        self.blank(out);
                    }
                    self.value(out, depth - 1);
                    self.blank(out);
                }
                out.push(']');
            }
        }
    }

    fn string(&mut self, out: &mut String) {
        const PIECES: [&str; 30] = [
            "a",
            "b",
            "key",
            "value",
            "hunter2",
            " ",
            "é",
            "漢",
            "😀",
            "\u{2028}",
            "\u{2029}",
            "<",
            ">",
            "&",
            "/",
            "\u{7f}",
            "\u{feff}",
            "\\n",
            "\\\"",
            "\\\\",
            "\\/",
            "\\t",
            "\\b",
            "\\u0000",
            "\\u00e9",
            "\\u00C9",
            "\\ud83d\\ude00",
            "\\u2028",
            "\\u003c",
            "ENC[",
        ];
        out.push('"');
        for _ in 0..self.below(5) {
            out.push_str(self.pick(&PIECES));
        }
        out.push('"');
    }

    /// A number in range.
    pub fn number(&mut self) -> String {
        let mut out = String::from(self.pick(&["", "-"]));
        match self.below(4) {
            0 => out.push('0'),
            1 => out.push_str(self.pick(&["9223372036854775807", "9223372036854775808", "9007199254740993", "18446744073709551616"])),
            _ => out.push_str(&(1 + self.below(1_000_000)).to_string()),
        }
        if self.below(3) == 0 {
            out.push('.');
            for _ in 0..=self.below(18) {
                out.push_str(self.pick(&["0", "0", "5", "1", "9"]));
            }
        }
        if self.below(3) == 0 {
            out.push_str(self.pick(&["e", "E"]));
            out.push_str(self.pick(&["", "+", "-"]));
            out.push_str(self.pick(&["0", "00", "1", "07", "21", "280", "400"][..if out.ends_with('-') { 7 } else { 6 }]));
        }
        out
    }

    fn blank(&mut self, out: &mut String) {
        out.push_str(self.pick(&["", "", "", " ", "\n", "\n\t", "\n  ", "\r\n", "\t"]));
    }
}

#[test]
fn all_come_back() {
    let mut random = Random::new(4);
    for _ in 0..3000 {
        let text = random.document();
        let mask = random.below(256) | (random.below(2) * 255);
        round_trip(&text, |i| mask >> (i % 8) & 1 == 1);
    }
}

#[test]
fn no_text_makes_it_panic() {
    let mut random = Random::new(5);
    for _ in 0..20_000 {
        let text = random.damaged();
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
        let mut text = String::from_utf8(random.document()).expect("UTF-8");
        // A generated object becomes the metadata, somewhere among the root's members.
        let mut block = String::new();
        random.object(&mut block, 2);
        let open = text.find('{').expect("an object") + 1;
        let comma = if text[open..].trim_start().starts_with('}') { "" } else { "," };
        text.insert_str(open, &format!("\"sops\":{block}{comma}"));
        seen += usize::from(repair_free_blocks(text.as_bytes()));
    }
    assert!(seen > 1000);
}
