//! An edit that could not be saved, sealed and kept (docs/sealed-file.md, section 7): under the file's own data key, for the same recipients, in the user's
//! state folder. The next `edit` of that file offers it. The text is sealed whole, for it need not parse.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use leafcrypt_formats::Format;
use leafcrypt_kms::Secret;
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
    base: &'a [u8],
    format: Format,
    data_key: Secret,
    /// The name of the plaintext in its private folder.
    name: OsString,
    /// Where the rescued text goes: beside what is there, or in its place.
    to: To,
    /// SHA-256 of what the editor showed at first.
    initial: [u8; 32],
    /// The text was made of this base, which is kept beside it; not where it was rescued before: then that base is kept already.
    is_first: bool,
}

/// Where a rescued text goes.
pub enum To {
    /// Beside all that is kept. Looked for only when there is something to keep: two edits may be open at once.
    Beside(Place),
    /// In place of the kept edit that was taken up.
    Over(PathBuf),
}

impl<'a> Rescue<'a> {
    /// For an edit of a sealed text that is open.
    pub fn new(base: &'a [u8], format: Format, data_key: &DataKey, name: OsString, to: To, is_first: bool, initial: &[u8]) -> Self {
        Rescue { base, format, data_key: copy(data_key.expose()), name, to, initial: Sha256::digest(initial).into(), is_first }
    }

    /// As parts of a message.
    pub(super) fn write(&self, put: &mut dyn FnMut(&[u8])) {
        put(self.base);
        put(self.format.name().as_bytes());
        put(self.data_key.expose());
        put(self.name.as_bytes());
        let (to, over) = match &self.to {
            To::Beside(place) => (&place.first, false),
            To::Over(path) => (path, true),
        };
        put(to.as_os_str().as_bytes());
        put(&[u8::from(over)]);
        put(&self.initial);
        put(&[u8::from(self.is_first)]);
    }

    /// From a message's parts; none if there are none.
    pub(super) fn read(part: &mut dyn FnMut() -> Option<&'a [u8]>) -> Option<Self> {
        let (base, format, data_key) = (part()?, part()?, part()?);
        let format = Format::of_word(std::str::from_utf8(format).ok()?)?;
        let text = |part: &[u8]| OsString::from_vec(part.to_vec());
        let (name, to, over) = (text(part()?), text(part()?).into(), part()? != [0]);
        let to = if over { To::Over(to) } else { To::Beside(Place { first: to }) };
        let (initial, is_first) = (part()?.try_into().ok()?, part()? != [0]);
        Some(Rescue { base, format, data_key: copy(data_key), name, to, initial, is_first })
    }

    /// Seals what stands in the private folder by now, if it is not what was there at first. True: there was something to save.
    ///
    /// # Errors
    /// It cannot be read, sealed or written.
    pub fn save(&self, folder: &Path, world: &World<'_>) -> io::Result<bool> {
        let other = |_| io::Error::from(io::ErrorKind::InvalidData);
        let typed = files::read_private(folder, &self.name).map(Zeroizing::new)?;
        if typed.is_empty() || <[u8; 32]>::from(Sha256::digest(&typed)) == self.initial {
            return Ok(false);
        }
        let sealed = SealedFile::parse(self.format, self.base, world.manners).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let data_key = DataKey::from_secret(copy(self.data_key.expose())).ok_or(io::ErrorKind::InvalidData)?;
        // The base was checked when it was opened for editing.
        let how = OpenHow { ignore_mac: true, ..OpenHow::default() };
        let file = sealed.open_with(data_key, world.manners, &how).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let sealed = file.whole(typed.to_vec()).seal(world).map_err(|_| other(()))?;
        let write = |to: &Path, text: &[u8]| {
            if let Some(parent) = to.parent() {
                files::make_private_folders(parent).map_err(|_| other(()))?;
            }
            files::write(to, text, &secret()).map_err(|_| other(()))
        };
        let to = match &self.to {
            To::Beside(place) => &place.free(),
            To::Over(path) => path,
        };
        if let Some(of) = of(to).filter(|_| self.is_first) {
            write(&of, self.base)?;
        }
        write(to, &sealed.text)?;
        Ok(true)
    }
}

fn secret() -> WriteHow<'static> {
    WriteHow { secret: true, ..WriteHow::default() }
}

fn copy(key: &[u8]) -> Secret {
    Secret::new(key.to_vec())
}

/// Where rescued texts of a file are kept.
pub struct Place {
    first: PathBuf,
}

impl Place {
    /// By the file's absolute path, of which nothing can be read there but the last name.
    pub fn of(file: &Path, world: &World<'_>) -> Option<Self> {
        let digest: String = Sha256::digest(file.as_os_str().as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mut name = file.file_name()?.to_string_lossy().into_owned();
        name.truncate(name.floor_char_boundary(NAME_LEN));
        Some(Place { first: world.state_folder()?.join("rescue").join(format!("{digest}-{name}")) })
    }

    /// Can anything be kept there? To be known before somebody types.
    pub fn is_usable(&self) -> bool {
        let Some(made) = self.first.parent().and_then(|folder| files::make_private_folders(folder).ok()) else { return false };
        let usable = files::can_write(&self.first, &secret()).is_ok();
        files::remove_folders(&made);
        usable
    }

    /// One more text than is kept goes beside the others: none is written over that somebody may still want.
    fn numbered(&self, n: usize) -> PathBuf {
        if n == 1 {
            return self.first.clone();
        }
        let mut name = self.first.file_name().unwrap_or_default().to_owned();
        name.push(format!("~{n}"));
        self.first.with_file_name(name)
    }

    /// The texts that are kept.
    pub fn kept(&self) -> Vec<PathBuf> {
        (1..=OFFERED).map(|n| self.numbered(n)).filter(|path| is_there(path)).collect()
    }

    /// Where the next one goes.
    pub fn free(&self) -> PathBuf {
        (1..).map(|n| self.numbered(n)).find(|path| !is_there(path)).unwrap_or_else(|| self.first.clone())
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
}
