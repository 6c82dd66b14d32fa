//! The library in this process, with a known data key: thousands of damaged files are opened without a process for each.

use std::cell::Cell;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use leafcrypt::formats::{Document, Format, LeafId, ScanOptions, Step};
use leafcrypt::keys::{DataKey, Group, KeyGroups, Record};
use leafcrypt::kms::{self, Asked, Command, Finished, Outside, Secret, Session};
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::seal::selection::Selection;
use leafcrypt::sealed_file::{OpenError, OpenFile, OpenHow, SealedError, SealedFile, Wanted};
use leafcrypt::world::{Dialog, NoJournal, NoRandomness, Random, World};

const IDENTITY: &str = "AGE-SECRET-KEY-1DHJP24UP6TKZLEQ73ZQMUD5VAHA0JKS4SPMKTRZ2XS5G0PVMQD7S7HHLVS";
/// Its recipient.
pub const RECIPIENT: &str = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";

/// Random enough to damage files, and the same in every run.
pub struct Dice(Cell<u64>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    /// A number below a limit.
    pub fn below(&self, limit: usize) -> usize {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

/// Nonces and data keys that do not repeat, in an order that is known.
#[derive(Default)]
struct Counted(AtomicU64);

impl Random for Counted {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let dice = Dice::new(1 + self.0.fetch_add(1, Ordering::Relaxed));
        buffer.fill_with(|| dice.below(256) as u8);
        Ok(())
    }
}

struct OneIdentity;

impl Outside for OneIdentity {
    fn env(&self, name: &str) -> Option<OsString> {
        (name == "SOPS_AGE_KEY").then(|| IDENTITY.into())
    }

    fn read(&self, _: &Path, _: usize) -> io::Result<Secret> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn run(&self, _: Command) -> io::Result<Finished> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn ask(&self, _: &str) -> Asked {
        Asked::NoTerminal
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn passwd_home(&self) -> Option<std::path::PathBuf> {
        None
    }
}

struct Nobody;

impl Dialog for Nobody {
    fn warn(&self, _: &str) {}

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn show(&self, _: &str) {}

    fn log(&self, _: &str) {}

    fn pause(&self, _: &str) -> bool {
        false
    }
}

/// A world with one age identity, and a data key that is known.
pub struct Lab {
    random: Counted,
}

impl Lab {
    pub fn new() -> Self {
        Lab { random: Counted::default() }
    }

    pub fn world(&self) -> World<'_> {
        World {
            random: &self.random,
            session: Session::new(Arc::new(OneIdentity)),
            manners: &LEAFCRYPT,
            dialog: &Nobody,
            journal: &NoJournal,
        }
    }

    /// The one recipient, in one group.
    pub fn groups() -> KeyGroups {
        let keys = kms::backend(kms::Kind::Age).from_list(RECIPIENT, &kms::Beside::default()).expect("a recipient");
        let records = keys.into_iter().map(|key| Record { key, wrapped: None, created_at: None, unknown: Vec::new() });
        KeyGroups { groups: vec![Group::new(records.collect())], threshold: 0 }
    }

    /// Seals a text; also the data key it was sealed under.
    pub fn seal(&self, format: Format, plain: &str) -> (Vec<u8>, Vec<u8>) {
        self.try_seal(format, plain.as_bytes(), None, false).expect("the sample seals")
    }

    /// The same for a text that may be refused.
    pub fn try_seal(
        &self,
        format: Format,
        plain: &[u8],
        selection: Option<Selection>,
        mac_only_encrypted: bool,
    ) -> Option<(Vec<u8>, Vec<u8>)> {
        let wanted = Wanted { groups: Self::groups(), selection, mac_only_encrypted, indent: Some(4) };
        // What `OpenFile::new` will draw first.
        let next = Counted(AtomicU64::new(self.random.0.load(Ordering::Relaxed)));
        let key = DataKey::generate(&next).expect("there is randomness").expose().to_vec();
        let file = OpenFile::new(format, plain.to_vec(), wanted, &self.world()).expect("a data key");
        Some((file.seal(&self.world()).ok()?.text, key))
    }

    /// Opens a text with a data key that is known, if its recipients are `known`; otherwise as a person would.
    pub fn open<'t>(&self, format: Format, text: &'t [u8], known: (&KeyGroups, &[u8]), how: &OpenHow<'_>) -> Result<OpenFile<'t>, Refused> {
        let sealed = SealedFile::parse(format, text, &LEAFCRYPT).map_err(Refused::Reading)?;
        if wrapped(&sealed.metadata().groups) == wrapped(known.0) {
            return sealed.open_with(data_key(known.1), &LEAFCRYPT, how).map_err(Refused::Opening);
        }
        sealed.open(&self.world(), how).map_err(Refused::Opening)
    }
}

/// Why a file was not opened.
#[derive(Debug)]
pub enum Refused {
    Reading(SealedError),
    Opening(OpenError),
}

impl Refused {
    /// All that it says.
    pub fn text(&self) -> String {
        match self {
            Refused::Reading(why) => format!("{why} {why:?}"),
            Refused::Opening(why) => format!("{why} {why:?}"),
        }
    }
}

pub fn data_key(bytes: &[u8]) -> DataKey {
    DataKey::from_bytes(bytes.to_vec()).expect("32 bytes")
}

fn wrapped(groups: &KeyGroups) -> (i64, Vec<Vec<String>>) {
    let text = |record: &Record| record.wrapped.as_ref().map(|w| w.0.clone()).unwrap_or_default();
    (groups.threshold, groups.groups.iter().map(|group| group.records.iter().map(text).collect()).collect())
}

/// Have two plain texts the same names, nesting, order, types and values? Comments and layout are no part of that.
pub fn same_document(format: Format, one: &[u8], two: &[u8]) -> bool {
    same(format, one, two, true)
}

/// The same but for types: SOPS prints the float 1.0 as `1`, which reads as an integer.
pub fn same_values(format: Format, one: &[u8], two: &[u8]) -> bool {
    same(format, one, two, false)
}

fn same(format: Format, one: &[u8], two: &[u8], types: bool) -> bool {
    if format == Format::Binary {
        return one == two;
    }
    match (walk(format, one, types), walk(format, two, types)) {
        (Some(one), Some(two)) => one == two,
        _ => false,
    }
}

fn walk(format: Format, text: &[u8], types: bool) -> Option<Vec<String>> {
    let document = Document::parse(format, text, &ScanOptions::PLAIN).ok()?;
    let paths = document.paths();
    let leaf = |id: LeafId| {
        let value = document.value(id);
        format!("{} {:?}", if types { value.kind().name() } else { "" }, leafcrypt::seal::plain_bytes::of(&value))
    };
    let told = document.steps().iter().filter_map(|step| {
        Some(match *step {
            Step::Document => "document".to_owned(),
            Step::MapStart(_) => "map".to_owned(),
            Step::ListStart(_) => "list".to_owned(),
            Step::MapEnd | Step::ListEnd => "end".to_owned(),
            Step::EmptyMap(_) => "empty map".to_owned(),
            Step::EmptyList(_) => "empty list".to_owned(),
            Step::Null(_) => "null".to_owned(),
            Step::Key(key) => format!("key {:?}", paths.name(key)),
            Step::Leaf(id) => leaf(id),
            Step::Comment(_) => return None,
        })
    });
    Some(told.collect())
}
