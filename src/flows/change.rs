//! Every change in place: open, apply, lock, read again, verify, replace (`docs/sealed-file.md`, section 6).
//!
//! The lock is not held while the file is opened the first time: that may ask a network or a person. Under it the file is read again; if it is another
//! by now, the same change is made to that one, with the data key that is known. So of many changes at a time each one that succeeds is in the file.

use std::path::Path;

use leafcrypt_formats::Format;

use super::anew;
use super::decrypt::open;
use super::target::{Done, Holds, Input, Output, deliver, how};
use crate::error::Error;
use crate::files::{Claim, ReadError, WriteError};
use crate::keys::DataKey;
use crate::seal::witness;
use crate::sealed_file::{OpenFile, OpenHow, SealedFile};
use crate::world::{Event, World};

/// So often the recipients may change under us before we give up.
const TRIES: usize = 8;

/// A sealed file that is to be changed where it is.
pub struct InPlace<'a> {
    /// The file.
    pub path: &'a Path,
    /// As what.
    pub format: Format,
    /// How to open it.
    pub how: &'a OpenHow<'a>,
    /// `--write-through`
    pub write_through: bool,
}

/// What is to be done to the opened file. It may be done twice, to two states of the file. False: there is nothing to do.
pub type Apply<'a> = &'a dyn Fn(&mut OpenFile<'_>) -> Result<bool, Error>;

/// One state of the file, changed.
struct Attempt {
    /// None: nothing is to be written.
    sealed: Option<Vec<u8>>,
    /// What opens the file as it was.
    key: DataKey,
    /// Its recipients with their wrapped keys.
    keys: witness::Sum,
}

/// Changes a file where it is, or gives the changed text to where the result goes.
///
/// # Errors
/// As [`InPlace::change`].
pub fn change(
    input: &Input,
    output: &Output,
    format: Format,
    how: &OpenHow<'_>,
    apply: Apply<'_>,
    world: &World<'_>,
) -> Result<Done, Error> {
    if let (Output::InPlace(to), Input::File(path)) = (output, input) {
        return InPlace { path, format, how, write_through: to.write_through }.change(apply, "", world);
    }
    let name = input.name();
    let text = input.read(format)?;
    let mut file = open(&name, format, &text, None, how, world)?;
    anew::lay_out(&mut file, &text, None, world);
    apply(&mut file)?;
    deliver(seal(&name, &file, world)?, output, Holds::Sealed, None, world)
}

/// Seals a changed file.
///
/// # Errors
/// It cannot be sealed so that it opens again as it is.
pub(super) fn seal(name: &str, file: &OpenFile<'_>, world: &World<'_>) -> Result<Vec<u8>, Error> {
    let sealed = file.seal(world).map_err(|source| Error::Seal { path: name.to_owned(), source: Box::new(source) })?;
    world.journal.record(Event::Encrypt, name).map_err(Error::Audit)?;
    world.warn_of(name, sealed.warnings);
    Ok(sealed.text)
}

impl InPlace<'_> {
    /// Changes it. `note` is for a person when there was nothing to do.
    ///
    /// # Errors
    /// It does not open, the change does not apply, or it cannot be written. It is as it was.
    pub fn change(&self, apply: Apply<'_>, note: &str, world: &World<'_>) -> Result<Done, Error> {
        let name = self.path.display().to_string();
        let failed = |source| Error::Write { path: name.clone(), source };
        let unread = |source| Error::Read { path: name.clone(), source };
        let state = world.state_folder();
        for _ in 0..TRIES {
            let text = Input::File(self.path.to_owned()).read(self.format)?;
            let mut attempt = self.attempt(&text, None, apply, world)?;
            let Some(sealed) = attempt.sealed.take() else { return Ok(nothing(note)) };
            let how = |base| how(Holds::Sealed, Some(base), self.write_through, state.as_deref());
            let claim = Claim::new(self.path, &how(&text)).map_err(failed)?;
            let now = match claim.read() {
                Ok(now) => now,
                Err(ReadError::NotFound) => return Err(failed(WriteError::Changed)),
                Err(source) => return Err(unread(source)),
            };
            if now == *text {
                claim.write(&sealed, &how(&text)).map_err(failed)?;
                world.dialog.detail(&format!("{name}: written"));
                return Ok(Done { stdout: None, note: None });
            }
            let Some(again) = self.again(&now, attempt, apply, world)? else { continue };
            match &again.sealed {
                Some(sealed) => claim.write(sealed, &how(&now)).map_err(failed)?,
                None => return Ok(nothing(note)),
            }
            world.dialog.detail(&format!("{name}: written, after another change to it"));
            return Ok(Done { stdout: None, note: None });
        }
        Err(failed(WriteError::Changed))
    }

    /// The change on what the file has become. None: its data key may be another, so it must be opened anew, without the lock.
    fn again(&self, text: &[u8], before: Attempt, apply: Apply<'_>, world: &World<'_>) -> Result<Option<Attempt>, Error> {
        let same =
            SealedFile::parse(self.format, text, world.manners).is_ok_and(|now| witness::keys(&now.metadata().groups) == before.keys);
        if !same {
            return Ok(None);
        }
        self.attempt(text, Some(before.key), apply, world).map(Some)
    }

    fn attempt(&self, text: &[u8], key: Option<DataKey>, apply: Apply<'_>, world: &World<'_>) -> Result<Attempt, Error> {
        let name = self.path.display().to_string();
        let mut file = open(&name, self.format, text, key, self.how, world)?;
        // Before the change, which may be to another data key.
        anew::lay_out(&mut file, text, None, world);
        let (keys, key) = (witness::keys(&file.settings().groups), file.copy_data_key());
        let sealed = if apply(&mut file)? { Some(seal(&name, &file, world)?) } else { None };
        Ok(Attempt { sealed, key, keys })
    }
}

fn nothing(note: &str) -> Done {
    Done { stdout: None, note: Some(note.to_owned()) }
}
