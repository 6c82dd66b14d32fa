//! One text there and back: sealed, opened to the same bytes with MAC and witness, sealed again, one value changed. What is refused is refused for a
//! reason of [`REFUSALS`]. Also what the fuzz targets hold each format to (`fuzz/`).

use std::collections::BTreeMap;

use leafcrypt::formats::{Change, Document, Floats, Format, LeafId, ScanOptions, Tree};
use leafcrypt::seal::selection::{RuleKind, Selection};
use leafcrypt::sealed_file::SealError;

use crate::whole::{Known, open, seal, world};

/// Why a text that parses may yet be refused: a piece of the message, and the reason. Texts that do not parse have their own tables (`testdata/broken`).
const REFUSALS: &[(&str, &str)] = &[
    ("covers no value", "P10: a rule that leaves everything in clear"),
    ("sealed already", "there is an entry `sops` at the root"),
    ("a sealed comment would match", "the comment rule would read its own token"),
    ("only be sealed, not left in clear", "ENV: SOPS could not read a value of several lines in clear"),
    ("it is no assignment", "ENV: SOPS could not read such a line in clear"),
    ("three quotes at the very end stay in clear", "INI: they would open a value of several lines"),
    ("a carriage return in a comment that stays in clear", "ENV, INI: other programs end the comment there"),
    ("is part of nothing", "INI: text behind a section or a name in quotes, which SOPS drops, would stay in clear"),
    ("which would join the next line to the token", "INI: a comment in clear that ends in a backslash"),
    (
        "one of which looks like a token",
        "INI: a comment of several lines in clear, of which SOPS makes one and we, in a sealed text, several",
    ),
    ("a tab in the indentation of a text that stays in clear", "YAML: go-yaml could not read it"),
    ("a '?' in unquoted text in brackets that stays in clear", "YAML: go-yaml could not read it"),
    ("a whole number of 2^63 or more that stays in clear", "YAML: SOPS's tree has no unsigned integers"),
];

fn rules() -> [Option<Selection>; 4] {
    let rule = |kind, text: &str| Some(Selection { kind, text: text.to_owned() });
    [None, rule(RuleKind::EncryptedRegex, "[0-4]$"), rule(RuleKind::UnencryptedRegex, "^k1"), rule(RuleKind::EncryptedCommentRegex, "note")]
}

/// What came of many texts.
#[derive(Default)]
pub struct Tally {
    pub opened: usize,
    pub edited: usize,
    pub unread: usize,
    pub refused: BTreeMap<&'static str, usize>,
    pub wrong: Vec<String>,
}

impl Tally {
    /// `variant` says which rule, whose keys, and which value is changed.
    pub fn check(&mut self, format: Format, case: &str, text: &[u8], variant: u64) {
        let rule = rules()[(variant % 4) as usize].clone();
        let random = Known::new(variant);
        let shown = || format!("{case}, rule {rule:?}\n{}\n{:?}", String::from_utf8_lossy(text), String::from_utf8_lossy(text));
        let sealed = match seal(format, text, rule.clone(), variant % 3 == 2, &random) {
            Ok(sealed) => sealed,
            Err(SealError::Syntax(_)) => return self.unread += 1,
            Err(error) => {
                let words = error.to_string();
                match REFUSALS.iter().find(|(known, _)| words.contains(known)) {
                    Some((known, _)) => *self.refused.entry(known).or_default() += 1,
                    None => self.wrong.push(format!("refused: {words}\n{}", shown())),
                }
                return;
            }
        };
        let file = match open(format, &sealed, &random) {
            Ok(file) => file,
            Err(error) => return self.wrong.push(format!("does not open: {error}\n{}", shown())),
        };
        if file.plain() != text || !file.warnings().is_empty() {
            return self.wrong.push(format!("opens otherwise {:?}\n{}", file.warnings(), shown()));
        }
        match file.seal(&world(&random)) {
            Ok(again) if again.text == sealed => self.opened += 1,
            Ok(_) => self.wrong.push(format!("nothing changed, yet the sealed text did\n{}", shown())),
            Err(error) => self.wrong.push(format!("not sealed again: {error}\n{}", shown())),
        }
        self.edit(format, text, &sealed, variant, &random, &shown);
    }

    /// One value changed: one token, the MAC, the date and our field change, and nothing else does.
    fn edit(&mut self, format: Format, text: &[u8], sealed: &[u8], variant: u64, random: &Known, shown: &dyn Fn() -> String) {
        let document = Document::parse(format, text, &ScanOptions::PLAIN).unwrap();
        let leaves = document.leaves().len();
        // An anchor's value stands at its aliases too.
        if leaves == 0 || format == Format::Yaml && text.contains(&b'*') {
            return;
        }
        let id = LeafId((variant % leaves as u64) as u32);
        let new = format!("changed{variant}");
        let at = document.paths().parts(document.leaf(id).path);
        let Ok(changed) = document.edit(&at, Change::Set(&Tree::text(&new)), Floats::Stay, &ScanOptions::PLAIN) else { return };
        let mut file = open(format, sealed, random).unwrap();
        let text = changed.to_vec();
        // As `set` does it: with the scan that the edit has made.
        file.replace(changed);
        let again = match file.seal(&world(&Known::new(variant + 1_000_000))) {
            Ok(again) => again.text,
            Err(error) if REFUSALS.iter().any(|(known, _)| error.to_string().contains(known)) => return,
            Err(error) => return self.wrong.push(format!("changed, not sealed: {error}\n{}", shown())),
        };
        self.edited += 1;
        match open(format, &again, random) {
            Ok(file) if *file.plain() == *text => {}
            Ok(_) => self.wrong.push(format!("changed, opens otherwise\n{}", shown())),
            Err(error) => self.wrong.push(format!("changed, does not open: {error}\n{}", shown())),
        }
        let (old, new) = (tokens(sealed), tokens(&again));
        let fresh = new.iter().filter(|t| !old.contains(t)).count();
        // The value, MAC and field; a value in clear, or one that was sealed before and is not now, has no token.
        if fresh > 3 {
            self.wrong.push(format!("one value changed, {fresh} tokens are new\n{}", shown()));
        }
    }

    pub fn close(self, what: &str, opened: usize) {
        assert!(
            self.wrong.is_empty(),
            "{what}: {} wrong, {} right:\n{}",
            self.wrong.len(),
            self.opened,
            self.wrong[..self.wrong.len().min(3)].join("\n---\n")
        );
        println!("{what}: {} opened, {} edited, {} not read, refused {:?}", self.opened, self.edited, self.unread, self.refused);
        assert!(self.opened >= opened && self.edited > opened / 4, "{what}: only {} of them, {} edited", self.opened, self.edited);
    }
}

/// The tokens of a text; what only looks like one has no nonce.
fn tokens(text: &[u8]) -> Vec<&[u8]> {
    let starts = text.windows(20).enumerate().filter(|(_, w)| *w == b"ENC[AES256_GCM,data:").map(|(i, _)| i);
    let whole = starts.filter_map(|i| Some(&text[i..i + text[i..].iter().position(|&b| b == b']')?]));
    let alphabet = |b: &u8| b.is_ascii_alphanumeric() || b"+/=,:_".contains(b);
    let mut found: Vec<&[u8]> = whole.filter(|token| token.len() > 100 && token[4..].iter().all(alphabet)).collect();
    // Each document of a stream has a copy of the MAC.
    found.sort_unstable();
    found.dedup();
    found
}
