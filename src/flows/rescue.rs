//! An edit that could not be saved, sealed and kept (docs/sealed-file.md, section 7): under the file's own data key, for the same recipients, in the user's
//! state folder, or in memory where that takes nothing. The next `edit` of that file offers it. The text is sealed whole, for it need not parse.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use leafcrypt_formats::Format;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::files::{self, WriteHow};
use crate::keys::DataKey;
use crate::sealed_file::{OpenHow, SealedFile};
use crate::world::World;

/// So many bytes of a file's name are shown in that of its kept edit: with what is put around them a name of 255 bytes is still one.
const NAME_LEN: usize = 200;
/// So many kept edits of one file are looked for: gaps are those that somebody has deleted.
const OFFERED: usize = 99;

/// All that is needed to seal what somebody has typed.
pub struct Rescue<'a> {
    /// The sealed file that is being edited.
    pub base: &'a [u8],
    /// Its format.
    pub format: Format,
    /// Its data key, where it is held: the only copy in this process.
    pub data_key: &'a [u8],
    /// The name of the plaintext in its private folder.
    pub name: OsString,
    /// Beside all that is kept there. A free name is looked for only when there is something to keep: two edits may be open at once.
    pub place: Place,
    /// In place of the kept edit that was taken up, if that can be.
    pub over: Option<PathBuf>,
    /// SHA-256 of what the editor showed at first.
    pub initial: [u8; 32],
    /// What the text was made of, where it was rescued before and the file is another by now; else it is the base. Kept beside it.
    pub older: Option<&'a [u8]>,
}

/// What became of a text that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nobody had typed anything.
    Nothing,
    /// It is on the disk.
    OnDisk,
    /// It is in memory, and goes with it.
    InMemory,
}

impl<'a> Rescue<'a> {
    /// As parts of a message.
    pub(super) fn write(&self, put: &mut dyn FnMut(&[u8])) {
        put(self.base);
        put(self.format.name().as_bytes());
        put(self.data_key);
        put(self.name.as_bytes());
        put(&[u8::from(self.over.is_some())]);
        put(self.over.as_deref().unwrap_or(Path::new("")).as_os_str().as_bytes());
        put(&self.initial);
        put(&[u8::from(self.older.is_some())]);
        put(self.older.unwrap_or_default());
        for first in &self.place.firsts {
            put(&[u8::from(first.in_memory)]);
            put(first.path.as_os_str().as_bytes());
        }
    }

    /// From a message's parts, all that are left; none if there are none.
    pub(super) fn read(part: &mut dyn FnMut() -> Option<&'a [u8]>) -> Option<Self> {
        let (base, format, data_key) = (part()?, part()?, part()?);
        let format = Format::of_word(std::str::from_utf8(format).ok()?)?;
        let text = |part: &[u8]| OsString::from_vec(part.to_vec());
        let (name, is_over, over) = (text(part()?), part()? != [0], PathBuf::from(text(part()?)));
        let (initial, is_older, older) = (part()?.try_into().ok()?, part()? != [0], part()?);
        let mut firsts = Vec::new();
        while let Some(in_memory) = part() {
            firsts.push(First { in_memory: in_memory != [0], path: text(part()?).into() });
        }
        Some(Rescue {
            base,
            format,
            data_key,
            name,
            place: Place { firsts },
            over: is_over.then_some(over),
            initial,
            older: is_older.then_some(older),
        })
    }

    /// Seals what stands in the private folder by now, if it is not what was there at first. An editor that leaves no file there has left nothing.
    ///
    /// # Errors
    /// It cannot be read or sealed, or written anywhere; in words for a person.
    pub fn save(&self, folder: &Path, world: &World<'_>) -> Result<Kept, String> {
        let typed = match files::read_private(folder, &self.name) {
            Ok(typed) => Zeroizing::new(typed),
            Err(error) if is_no_file(&error) => return Ok(Kept::Nothing),
            Err(error) => return Err(files::in_words(&error)),
        };
        if typed.is_empty() || <[u8; 32]>::from(Sha256::digest(&typed)) == self.initial {
            return Ok(Kept::Nothing);
        }
        let unsealed = || "it cannot be sealed".to_owned();
        let sealed = SealedFile::parse(self.format, self.base, world.manners).map_err(|_| unsealed())?;
        let data_key = DataKey::from_bytes(self.data_key.to_vec()).ok_or_else(unsealed)?;
        // The base was checked when it was opened for editing.
        let how = OpenHow { ignore_mac: true, ..OpenHow::default() };
        let file = sealed.open_with(data_key, world.manners, &how).map_err(|_| unsealed())?;
        let sealed = file.whole(typed.to_vec()).seal(world).map_err(|_| unsealed())?;
        if let Some(over) = self.over.as_deref().filter(|over| self.put(over, &sealed.text).is_ok()) {
            return Ok(kept(self.place.firsts.iter().any(|first| first.in_memory && first.path.parent() == over.parent())));
        }
        let mut failed = "there is no folder for it".to_owned();
        for first in &self.place.firsts {
            match self.put(&first.free(), &sealed.text) {
                Ok(()) => return Ok(kept(first.in_memory)),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Writes the text, and before it what it was made of.
    fn put(&self, to: &Path, text: &[u8]) -> Result<(), String> {
        let write = |to: &Path, text: &[u8]| {
            let made = to.parent().map_or(Ok(Vec::new()), files::make_private_folders).map_err(|error| error.to_string())?;
            files::write(to, text, &secret()).inspect_err(|_| files::remove_folders(&made)).map_err(|error| error.to_string())
        };
        let base = of(to);
        let is_new = base.as_deref().is_some_and(|base| !is_there(base));
        // Also where it was there: somebody else may have taken up the same edit, and have saved it.
        if let Some(base) = &base {
            write(base, self.older.unwrap_or(self.base))?;
        }
        write(to, text).inspect_err(|_| {
            if let Some(base) = base.as_deref().filter(|_| is_new) {
                let _ = files::remove(base);
            }
        })
    }
}

/// It is gone, or a link, a folder or a pipe has taken its place.
fn is_no_file(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData)
}

fn kept(in_memory: bool) -> Kept {
    if in_memory { Kept::InMemory } else { Kept::OnDisk }
}

fn secret() -> WriteHow<'static> {
    WriteHow { secret: true, ..WriteHow::default() }
}

/// Where rescued texts of a file are kept: the first folder that takes one.
#[derive(Clone)]
pub struct Place {
    firsts: Vec<First>,
}

/// The first name in one folder.
#[derive(Clone)]
struct First {
    path: PathBuf,
    in_memory: bool,
}

impl Place {
    /// By the file's absolute path, of which nothing can be read there but the last name. `runtime`: `XDG_RUNTIME_DIR`.
    pub fn of(file: &Path, runtime: Option<&Path>, world: &World<'_>) -> Self {
        let digest: String = Sha256::digest(file.as_os_str().as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mut name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.truncate(name.floor_char_boundary(NAME_LEN));
        let first = |folder: PathBuf, in_memory| First { path: folder.join("rescue").join(format!("{digest}-{name}")), in_memory };
        let disk = world.state_folder().map(|folder| first(folder, false));
        Place { firsts: disk.into_iter().chain(files::lasting_in_memory(runtime).map(|folder| first(folder, true))).collect() }
    }

    /// What can be kept there, as far as it can be known before somebody types.
    pub fn takes(&self) -> Kept {
        self.firsts.iter().find(|first| first.is_usable()).map_or(Kept::Nothing, |first| kept(first.in_memory))
    }

    /// The texts that are kept.
    pub fn kept(&self) -> Vec<PathBuf> {
        self.firsts.iter().flat_map(|first| (1..=OFFERED).map(|n| first.numbered(n))).filter(|path| is_there(path)).collect()
    }
}

impl First {
    fn is_usable(&self) -> bool {
        let Some(made) = self.path.parent().and_then(|folder| files::make_private_folders(folder).ok()) else { return false };
        let usable = files::can_write(&self.path, &secret()).is_ok();
        files::remove_folders(&made);
        usable
    }

    /// One more text than is kept goes beside the others: none is written over that somebody may still want.
    fn numbered(&self, n: usize) -> PathBuf {
        if n == 1 {
            return self.path.clone();
        }
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!("~{n}"));
        self.path.with_file_name(name)
    }

    /// Where the next one goes.
    fn free(&self) -> PathBuf {
        (1..).map(|n| self.numbered(n)).find(|path| !is_there(path)).unwrap_or_else(|| self.path.clone())
    }
}

fn is_there(path: &Path) -> bool {
    matches!(files::facts(path), Ok(Some(_)))
}

/// Beside the rescued texts, what they were made of, sealed as it was: so that the next edit can tell what was changed in the file meanwhile.
fn of(kept: &Path) -> Option<PathBuf> {
    Some(kept.parent()?.with_file_name("rescued-from").join(kept.file_name()?))
}

/// The sealed file of which a rescued edit was made.
pub fn made_of(kept: &Path) -> Option<Vec<u8>> {
    files::read(&of(kept)?).ok()
}

/// A rescued edit is in its file by now.
pub fn forget(kept: &Path) {
    let _ = files::remove(kept);
    if let Some(of) = of(kept) {
        let _ = files::remove(&of);
    }
    files::tidy_memory(kept);
}
