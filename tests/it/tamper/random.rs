//! Random damage to whole files: what opens is what was sealed (docs/threat-model.md, section 3; P1, P2).
//!
//! With the witness: refused, the identical text, or the same values in another layout or with other comments, and then with a warning.
//! Without it another document is possible, since SOPS's MAC leaves much out; nothing may panic or hang all the same.

use std::time::Duration;

use leafcrypt::formats::Format;
use leafcrypt::keys::KeyGroups;
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::sealed_file::{OpenHow, SealedFile};

use super::lab::{Dice, Lab, same_document, same_values};
use super::{SAMPLES, Sealed};
use crate::cpu::spent;
use crate::tools::corpus;

#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    same: usize,
    told: usize,
    quiet: usize,
    other: usize,
}

/// One damage: a byte flipped, deleted, doubled or blanked; now and then more than one.
fn damage(text: &[u8], dice: &Dice) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..[1, 1, 1, 2][dice.below(4)] {
        hit(&mut text, dice.below(4), dice.below(usize::MAX >> 1), 1 << dice.below(8));
    }
    text
}

fn hit(text: &mut Vec<u8>, how: usize, at: usize, bit: u8) {
    let at = at % text.len();
    match how {
        0 => text[at] ^= bit,
        1 => {
            text.remove(at);
        }
        2 => text.insert(at, text[at]),
        _ => text[at] = b' ',
    }
}

struct Subject {
    lab: Lab,
    format: Format,
    text: Vec<u8>,
    key: Vec<u8>,
    groups: KeyGroups,
    plain: Vec<u8>,
}

impl Subject {
    fn new(format: Format, plain: &str, bare: bool) -> Self {
        Self::of(format, plain.as_bytes(), bare).expect("a sample seals")
    }

    /// `None`: a text that we refuse to seal.
    fn of(format: Format, plain: &[u8], bare: bool) -> Option<Self> {
        let lab = Lab::new();
        let (mut text, key) = lab.try_seal(format, plain, None, false)?;
        if bare {
            let sealed = Sealed { text: String::from_utf8(text).ok()? };
            text = sealed.stripped().expect("a field").into_bytes();
        }
        let groups = SealedFile::parse(format, &text, &LEAFCRYPT).expect("just sealed").metadata().groups.clone();
        let opened = lab.open(format, &text, (&groups, &key), &OpenHow::default()).expect("just sealed").plain().to_vec();
        assert!(bare || opened == plain);
        Some(Subject { lab, format, text, key, groups, plain: opened })
    }

    /// Opens a damaged text, and judges what comes out.
    fn judge(&self, damaged: &[u8], how: &OpenHow<'_>, tally: &mut Tally) -> bool {
        let open = match self.lab.open(self.format, damaged, (&self.groups, &self.key), how) {
            Ok(open) => open,
            Err(why) => {
                tally.refused += 1;
                return !why.text().contains("canary");
            }
        };
        // Where the damage hit the field's name, the file has no witness any more.
        let witnessed = SealedFile::parse(self.format, damaged, &LEAFCRYPT).is_ok_and(|file| file.metadata().extension.is_some());
        let warned = !open.warnings().is_empty();
        if open.plain() == self.plain {
            tally.same += 1;
            return true;
        }
        if same_document(self.format, open.plain(), &self.plain) {
            *(if warned { &mut tally.told } else { &mut tally.quiet }) += 1;
            return warned || !witnessed;
        }
        tally.other += 1;
        !witnessed
    }
}

fn format_of(ending: &str) -> Format {
    Format::of_name(&format!("f.{ending}"), true)
}

/// What is seen of a damaged text, for a report; sealed texts hold no secret.
fn shown(damaged: &[u8], whole: &[u8]) -> String {
    let same = damaged.iter().zip(whole).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(30);
    format!("at {same}: {:?}", String::from_utf8_lossy(&damaged[from..(same + 30).min(damaged.len())]))
}

fn run(ending: &str, plain: &str, bare: bool, rounds: usize) -> Tally {
    attack(ending, &Subject::new(format_of(ending), plain, bare), bare, rounds)
}

fn attack(ending: &str, subject: &Subject, bare: bool, rounds: usize) -> Tally {
    let dice = Dice::new(7);
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    for round in 0..rounds {
        let damaged = damage(&subject.text, &dice);
        let started = spent();
        let mut how = OpenHow::default();
        how.strict = round % 4 == 3;
        let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| subject.judge(&damaged, &how, &mut tally)));
        let Ok(right) = judged else { panic!("{ending} panics {}", shown(&damaged, &subject.text)) };
        if !right && !bare {
            wrong.push(shown(&damaged, &subject.text));
        }
        assert!(spent() - started < Duration::from_secs(5), "{ending} hangs {}", shown(&damaged, &subject.text));
    }
    assert!(wrong.is_empty(), "{ending}: another document in {} of {rounds}: {tally:?}\n{}", wrong.len(), wrong.join("\n"));
    tally
}

#[test]
fn with_the_witness_damage_never_makes_another_document() {
    for (ending, plain) in SAMPLES {
        let tally = run(ending, plain, false, 600);
        assert!(tally.refused > 300, "{ending}: nearly all damage is refused: {tally:?}");
        assert!(tally.same > 0, "{ending}: some damage changes nothing: {tally:?}");
    }
}

/// Anchors, merges, folded text, tags, quotes and comments of all sorts: there hints have something to say.
#[test]
fn awkward_files_too() {
    let mut files = 0;
    let mut wrong = Vec::new();
    for (folder, ending) in [("yaml", "yaml"), ("json", "json"), ("dotenv", "env"), ("ini", "ini"), ("toml", "toml")] {
        for path in corpus(folder, ending) {
            let plain = std::fs::read(&path).unwrap();
            if plain.len() > 2000 {
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            for bare in [false, true] {
                let subject = std::panic::catch_unwind(|| Subject::of(format_of(ending), &plain, bare));
                let Some(subject) = subject.unwrap_or_else(|_| panic!("{name}, bare: {bare}")) else { continue };
                // Without the field the values are the same, whatever their spelling.
                if !same_values(subject.format, &subject.plain, &plain) && !RESPELLED.contains(&name.as_str()) {
                    wrong.push(name.clone());
                }
                attack(&name, &subject, bare, if bare { ROUNDS / 10 } else { ROUNDS });
            }
            files += 1;
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "open to other values without the field");
    assert!(files > 150, "only {files} files were attacked");
}

/// SOPS spells a float that is -0 or has no fraction as an integer, so these do not read back as they were.
const RESPELLED: [&str; 3] = ["plain-floats.yaml", "float-limits.json", "float-spellings.json"];

const ROUNDS: usize = 40;

#[test]
fn without_it_nothing_panics_or_hangs() {
    let mut others = 0;
    for (ending, plain) in SAMPLES {
        let tally = run(ending, plain, true, 300);
        assert!(tally.refused > 150, "{ending}: {tally:?}");
        others += tally.other;
    }
    assert!(others > 0, "SOPS's MAC leaves names out, so some damage makes another document; else this test looks at nothing");
}

/// Not one change of one byte inside a token is ever opened to another value: every position, every damage.
#[test]
fn every_byte_of_a_token() {
    for (ending, plain) in SAMPLES {
        for bare in [false, true] {
            let subject = Subject::new(format_of(ending), plain, bare);
            let sealed = Sealed { text: String::from_utf8(subject.text.clone()).unwrap() };
            let tokens = ["name", "data", "password", "mac"].into_iter().filter_map(|name| sealed.token(name));
            let mut tally = Tally::default();
            for token in tokens.take(3) {
                let start = sealed.text.find(token).expect("it is there");
                for at in start..start + token.len() {
                    for (how, bit) in [(0, 1 << (at % 7)), (0, 0x20), (1, 0), (2, 0), (3, 0)] {
                        let mut damaged = subject.text.clone();
                        hit(&mut damaged, how, at, bit);
                        assert!(subject.judge(&damaged, &OpenHow::default(), &mut tally), "{ending}: {}", shown(&damaged, &subject.text));
                    }
                }
            }
            assert!(tally.refused > 1000, "{ending}: {tally:?}");
            // A digit doubled into its like, a blank behind: what reads the same opens to the same.
            assert_eq!((tally.told, tally.quiet, tally.other), (0, 0, 0), "{ending}: {tally:?}");
        }
    }
}
