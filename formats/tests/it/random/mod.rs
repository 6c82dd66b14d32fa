//! Random documents of every format, the same for the same seed; and what damages a text. Also used by the tests of the root crate and by `fuzz/`.

mod dotenv;
mod ini;
mod json;
mod toml;
mod yaml;

/// Small, seeded, good enough.
pub struct Random(u64);

impl Random {
    /// Neighbouring seeds give unlike documents.
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// Up to `most` of them, joined.
    pub fn some(&mut self, from: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| self.pick(from)).collect()
    }
}

/// A document of the format with that file ending. Most are well-formed.
pub fn document(ending: &str, random: &mut Random) -> Vec<u8> {
    match ending {
        "yaml" => yaml::document(random).into_bytes(),
        "json" => json::document(random).into_bytes(),
        "env" => dotenv::document(random),
        "ini" => ini::document(random),
        "toml" => toml::document(random).into_bytes(),
        other => panic!("no generator for {other}"),
    }
}

/// A text with some bytes changed, or lines moved, doubled or lost.
pub fn damaged(text: &[u8], random: &mut Random) -> Vec<u8> {
    const PIECES: &[&str] = &[
        "{", "}", "[", "]", "\"", "'", ",", ":", "=", "\\", "\n", "\r\n", "\r", "t", "e", "-", "- ", "0", "9", " ", "\t", "#", " # ", "|",
        ">", "&a ", "*a", "!!int ", "? ", "---\n", "<<: ", "%", "~", "\0", "\u{1f}", "\u{7f}", "é", "\u{2028}", "\u{feff}", "\"\"\"",
        "'''", "`", "\\n", ";", "[t]\n", ".", "/", "ENC[", "sops",
    ];
    let mut text = text.to_vec();
    for _ in 0..=random.below(2) {
        let at = random.below(text.len() + 1);
        match random.below(6) {
            0 if at < text.len() => text[at] ^= 1 << random.below(8),
            1 if at < text.len() => {
                let end = (at + 1 + random.below(3)).min(text.len());
                text.drain(at..end);
            }
            2 => {
                let mut lines: Vec<&[u8]> = text.split_inclusive(|&b| b == b'\n').collect();
                if lines.is_empty() {
                    continue;
                }
                let (a, b) = (random.below(lines.len()), random.below(lines.len()));
                match random.below(3) {
                    0 => drop(lines.remove(a)),
                    1 => lines.insert(b, lines[a]),
                    _ => lines.swap(a, b),
                }
                text = lines.concat();
            }
            _ => {
                let piece = random.pick(PIECES);
                text.splice(at..at, piece.bytes());
            }
        }
    }
    text
}
