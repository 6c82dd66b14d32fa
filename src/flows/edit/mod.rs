//! Open, an editor in an owner-only folder in memory, seal again: unchanged values keep their tokens, comments and layout stay.

mod merged;
mod rule;
mod save;
mod shown;

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::PathBuf;

use leafcrypt_formats::Format;
use zeroize::Zeroizing;

use super::decrypt::open;
use super::editor::{self, Editor};
use super::keeper::{self, Keeper};
use super::rescue::{self, Rescue};
use super::rules::{self, Given};
use super::target::{self, Done, Holds, Input, Types};
use super::{example, trust};
use crate::config::{self, Config, Rule};
use crate::error::Error;
use crate::files::{self, ReadError};
use crate::guard;
use crate::keys::DataKey;
use crate::sealed_file::{OpenFile, OpenHow, SealError, Settings, Wanted};
use crate::world::World;

/// An edit.
pub struct Edit<'a> {
    /// The file; it need not exist.
    pub path: PathBuf,
    /// As what.
    pub types: Types,
    /// Keys and the like for a new file.
    pub given: Given,
    /// How to open.
    pub how: OpenHow<'a>,
    /// Plaintext may go to a disk, below this folder.
    pub on_disk: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`
    pub runtime: Option<PathBuf>,
    /// `--write-through`
    pub write_through: bool,
    /// `--show-master-keys`: the metadata block is shown, too, and what is changed in it counts.
    pub show_keys: bool,
}

/// What is edited: the sealed text as it was, opened.
struct Session<'t> {
    sealed: &'t [u8],
    file: OpenFile<'t>,
    is_new: bool,
    /// The creation rule; of a new file with what the flags say.
    rule: Option<Rule>,
    /// Where recipients have names.
    config: Option<Config>,
    /// What a rescued edit was made of, where that is not what the file is by now.
    older: Option<Older>,
    /// What the editor shows is the rescued edit that is kept here.
    taken: Option<PathBuf>,
    /// There is a place where what cannot be saved is kept.
    is_kept: bool,
}

/// A state of the file.
struct Older {
    plain: Zeroizing<Vec<u8>>,
    settings: Settings,
}

impl Edit<'_> {
    /// Does it.
    ///
    /// # Errors
    /// No key opens the file, there is no editor, nothing was changed (exit 200), or the result cannot be written; then it is sealed and kept, and the
    /// next edit offers it.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let name = self.path.display().to_string();
        let input = Input::File(self.path.clone());
        let format = self.types.input_of(&input, world.manners);
        let text = match input.read(format) {
            Ok(text) => Some(text),
            Err(Error::Read { source: ReadError::NotFound, .. }) => None,
            Err(error) => return Err(error),
        };
        let is_new = text.is_none();
        let config = rules::load(Some(&self.path), &self.given, world)?;
        let (sealed, key, rule) = match text {
            Some(text) => (text, None, trust::rule_of(&self.path, config.as_ref(), world)?),
            None => {
                let (text, key, rule) = self.example(format, config.as_ref(), world)?;
                (text.into(), Some(key), Some(rule))
            }
        };
        let mut file = open(&name, format, &sealed, key, &self.how, world)?;
        if format == Format::Binary && file.format() != format && (!world.manners.knows_sealed || file.format() == Format::Json) {
            // A tree under the name of a binary file: to SOPS there is no text to show.
            return Err(Error::NoData { path: name, sealed_as: file.format() });
        }
        if !is_new {
            trust::vouch(&mut file, rule.as_ref());
            save::raise_version(&mut file);
        }
        self.can_write(is_new, world)?;
        let editor = editor::find(world)?;
        let file = file.must_cover(is_new);
        let mut session = Session { sealed: &sealed, file, is_new, rule, config, older: None, taken: None, is_kept: false };
        self.edit(&mut session, &editor, world)?;
        Ok(Done { stdout: None, note: None })
    }

    /// A new file's example, sealed by its rule, with its data key.
    fn example(&self, format: Format, config: Option<&Config>, world: &World<'_>) -> Result<(Vec<u8>, DataKey, Rule), Error> {
        let rule = rules::for_file(&self.path, &self.given, config, world)?;
        let wanted = Wanted {
            groups: rules::groups(&rule, world)?,
            selection: rule.selection.clone(),
            mac_only_encrypted: rule.mac_only_encrypted,
            indent: rules::indent(format, &self.given, config)?,
        };
        let failed = |source: SealError| match source {
            SealError::Wrap(source) => Error::NewKey { path: self.path.display().to_string(), source },
            source => Error::Seal { path: self.path.display().to_string(), source: Box::new(source) },
        };
        let text = example::text(format, wanted.indent).into_bytes();
        let file = OpenFile::new(format, text, wanted, world).map_err(failed)?;
        // The example has none of the names that a rule may look for, and is never written.
        let file = file.must_cover(false);
        let sealed = file.seal(world).map_err(failed)?;
        Ok((sealed.text, file.into_data_key(), rule))
    }

    /// Before anybody types anything.
    fn can_write(&self, is_new: bool, world: &World<'_>) -> Result<(), Error> {
        let state = world.state_folder();
        let how = files::WriteHow { never_replace: is_new, ..target::how(Holds::Sealed, None, self.write_through, state.as_deref()) };
        files::can_write(&self.path, &how).map_err(|source| Error::Write { path: self.path.display().to_string(), source })
    }

    /// The private folder, its helper, and what happens in between.
    fn edit(&self, session: &mut Session<'_>, editor: &Editor, world: &World<'_>) -> Result<(), Error> {
        let place = |what: &str, error: &std::io::Error| Error::NoPlace { what: format!("{what}: {}", error.kind()) };
        let absolute = config::absolute(&rules::current(world), &self.path);
        let file_name = self.path.file_name().unwrap_or(OsStr::new("file")).to_owned();
        let place_of_rescue = rescue::Place::of(&absolute, world);
        session.is_kept = place_of_rescue.as_ref().is_some_and(rescue::Place::is_usable);
        if !session.is_kept && !world.manners.sops_messages {
            let folder = world.state_folder().map_or("a state folder".to_owned(), |folder| folder.display().to_string());
            world.warn([format!(
                "an edit that cannot be saved will be lost: nothing can be kept in {folder}; XDG_STATE_HOME can name another"
            )]);
        }
        let initial = self.initial(session, place_of_rescue.as_ref(), world)?;

        // From here on there is plaintext with a name.
        let _held = guard::hold_signals();
        let folder = keeper::place(self.runtime.as_deref(), self.on_disk.as_deref(), initial.len() + keeper::BESIDE)?;
        let folder = folder.ok_or(Error::NoMemory { pipe: false })?;
        let base = session.sealed;
        let is_first = session.older.is_none();
        // One that was taken up goes on where it was; beside all others.
        let to = session.taken.clone().map(rescue::To::Over).or_else(|| place_of_rescue.map(rescue::To::Beside));
        let rescue =
            to.map(|to| Rescue::new(base, session.file.format(), session.file.data_key(), file_name.clone(), to, is_first, &initial));
        let keeper = Keeper::start(&folder, rescue.as_ref()).map_err(|e| place("the helper that removes the plaintext if we die", &e))?;
        let shown = folder.write(&file_name, &initial).map_err(|e| match e.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => keeper::no_room(),
            _ => place("the plaintext", &e),
        });
        // What stands there before an editor has opened it is nobody's edit.
        let is_open = shown.is_ok();
        let mut result = shown.and_then(|()| self.until_saved(session, editor, &folder, &file_name, &initial, world));
        if is_open && let Err(error) = result {
            result = Err(self.kept(error, rescue.as_ref(), &folder, world));
        }
        // Sealed borrows end before the folder goes.
        drop(rescue);
        keeper.end(folder, result, world)?;
        if let Some(taken) = &session.taken {
            // It is in the file now.
            rescue::forget(taken);
        }
        Ok(())
    }

    /// An edit that failed: what was typed is kept, if there is anything, and the error says so.
    fn kept(&self, error: Error, rescue: Option<&Rescue<'_>>, folder: &files::PrivateDir, world: &World<'_>) -> Error {
        if matches!(error, Error::NotModified) {
            return error;
        }
        match rescue.map(|rescue| rescue.save(folder.path(), world)) {
            Some(Ok(true)) => {}
            None | Some(Ok(false)) => return error,
            Some(Err(why)) => {
                world.warn([format!("what you typed could not be kept: {}", why.kind())]);
                return error;
            }
        }
        let error = Error::Rescued { path: self.path.display().to_string(), source: Box::new(error) };
        if guard::is_interrupted() {
            // It ends us below, before anybody has told the error.
            world.warn(error.to_string().lines());
        }
        error
    }

    /// What the editor shows at first: the plain text, or the first edit that was rescued and is wanted.
    fn initial(&self, session: &mut Session<'_>, place: Option<&rescue::Place>, world: &World<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let name = self.path.display();
        for kept in place.map(rescue::Place::kept).unwrap_or_default() {
            let Ok(text) = files::read(&kept) else { continue };
            let question = format!("An edit of {name} was not saved and is kept in {}. Take it up?", kept.display());
            let wanted = world.dialog.confirm(&question);
            if wanted == Some(true) {
                return self.take_up(session, kept, &text, world);
            }
            let unwanted =
                wanted == Some(false) && world.dialog.confirm("Then what was typed is of no use any more. Delete it?") == Some(true);
            match unwanted {
                true => rescue::forget(&kept),
                false => world.dialog.warn(&format!(
                    "an edit of {name} that was not saved is still kept in {}; delete that file to be rid of it",
                    kept.display()
                )),
            }
        }
        self.shown(&session.file, world)
    }

    /// A rescued edit is what the editor shows.
    fn take_up(&self, session: &mut Session<'_>, kept: PathBuf, text: &[u8], world: &World<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let rescued = open(&kept.display().to_string(), Format::Binary, text, None, &OpenHow::default(), world)?;
        if let Some(base) = rescue::made_of(&kept).filter(|base| base != session.sealed && !session.is_new) {
            let base = open(&kept.display().to_string(), session.file.format(), &base, None, &self.how, world)?;
            let settings = base.settings().clone();
            session.older = Some(Older { plain: Zeroizing::new(base.into_plain()), settings });
        }
        session.taken = Some(kept);
        Ok(Zeroizing::new(rescued.into_plain()))
    }
}
