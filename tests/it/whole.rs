//! Files sealed and opened by the library in a world that the test has made: known keys, known randomness, a clock that stands.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use leafcrypt::formats::Format;
use leafcrypt::keys::{DataKey, KeyGroups, Record};
use leafcrypt::kms::{Asked, Beside, Command, Finished, Kind, Outside, Secret, Session, Wrapped, backend};
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::seal::selection::Selection;
use leafcrypt::sealed_file::{OpenFile, OpenHow, SealError, SealedFile, Wanted};
use leafcrypt::world::{Dialog, NoJournal, NoRandomness, Random as Source, World};

use crate::random::Random;

/// The formats by their file ending and the folder of their corpora.
pub const FORMATS: [(Format, &str, &str); 5] = [
    (Format::Yaml, "yaml", "yaml"),
    (Format::Json, "json", "json"),
    (Format::Dotenv, "env", "dotenv"),
    (Format::Ini, "ini", "ini"),
    (Format::Toml, "toml", "toml"),
];

/// Nothing but a clock and one identity.
#[derive(Debug)]
struct Nowhere;

impl Outside for Nowhere {
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

    fn passwd_home(&self) -> Option<PathBuf> {
        None
    }
}

/// Randomness that is known: a data key is what it gives first.
pub struct Known(Mutex<(Random, Vec<u8>)>);

impl Known {
    pub fn new(seed: u64) -> Self {
        Known(Mutex::new((Random::new(seed), Vec::new())))
    }
}

impl Source for Known {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let mut state = self.0.lock().unwrap();
        for byte in buffer.iter_mut() {
            *byte = state.0.below(256) as u8;
        }
        if state.1.is_empty() {
            state.1 = buffer.to_vec();
        }
        Ok(())
    }
}

struct Nobody;

impl Dialog for Nobody {
    fn warn(&self, _: &str) {}

    fn show(&self, _: &str) {}

    fn log(&self, _: &str) {}

    fn pause(&self, _: &str) -> bool {
        false
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }
}

pub fn world(random: &Known) -> World<'_> {
    World { random, session: Session::new(Arc::new(Nowhere)), manners: &LEAFCRYPT, dialog: &Nobody, journal: &NoJournal }
}

/// One age key whose record is there already, so that nothing is wrapped: what wraps has tests of its own.
fn groups(wrapped: Option<Wrapped>, recipient: &str) -> KeyGroups {
    let keys = backend(Kind::Age).from_list(recipient, &Beside::default()).unwrap();
    let records = keys.into_iter().map(|key| Record { key, wrapped: wrapped.clone(), created_at: None, unknown: Vec::new() }).collect();
    KeyGroups { groups: vec![leafcrypt::keys::Group::new(records)], threshold: 0 }
}

/// Its identity and its recipient.
pub const IDENTITY: &str = include_str!("../../testdata/keys/age-1.txt");
pub const RECIPIENT: &str = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";

/// A plain text sealed for the first time.
pub fn seal(
    format: Format,
    plain: &[u8],
    selection: Option<Selection>,
    mac_only_encrypted: bool,
    random: &Known,
) -> Result<Vec<u8>, SealError> {
    let armor = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n";
    let wanted = Wanted { groups: groups(Some(Wrapped(armor.to_owned())), RECIPIENT), selection, mac_only_encrypted, indent: None };
    let world = world(random);
    Ok(OpenFile::new(format, plain.to_vec(), wanted, &world)?.seal(&world)?.text)
}

/// A plain text sealed so that who holds the identity can open it.
pub fn seal_for_real(format: Format, plain: &[u8], random: &Known) -> Result<Vec<u8>, SealError> {
    let wanted = Wanted { groups: groups(None, RECIPIENT), selection: None, mac_only_encrypted: false, indent: None };
    let world = world(random);
    Ok(OpenFile::new(format, plain.to_vec(), wanted, &world)?.seal(&world)?.text)
}

/// Opens it again with the data key that `random` gave, MAC and witness checked.
pub fn open<'t>(format: Format, sealed: &'t [u8], random: &Known) -> Result<OpenFile<'t>, String> {
    let data_key = DataKey::from_bytes(random.0.lock().unwrap().1.clone()).unwrap();
    let mut how = OpenHow::default();
    how.strict = true;
    how.require_witness = true;
    let file = SealedFile::parse(format, sealed, &LEAFCRYPT).map_err(|e| e.to_string())?;
    file.open_with(data_key, &LEAFCRYPT, &how).map_err(|e| e.to_string())
}
