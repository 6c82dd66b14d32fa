//! Open, an editor in an owner-only folder in memory, seal again: unchanged values keep their tokens, comments and layout stay.

mod merged;
mod moved;
mod rule;
mod save;
mod session;
mod shown;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use leafcrypt_formats::Format;
use zeroize::Zeroizing;

use self::session::{Kept, Session, Shown};
use super::decrypt::open;
use super::editor::{self, Editor};
use super::keeper::{self, Keeper};
use super::rescue::{self, Rescue};
use super::rules::{self, Given};
use super::target::{self, Done, Holds, Input, Types, with_last_line_ended};
use super::{example, trust};
use crate::config::{self, Config, Rule};
use crate::error::Error;
use crate::files::{self, ReadError};
use crate::guard;
use crate::keys::DataKey;
use crate::seal::witness;
use crate::sealed_file::{OpenFile, OpenHow, SealError, Wanted};
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

impl Edit<'_> {
    /// Does it.
    ///
    /// # Errors
    /// No key opens the file, there is no editor, nothing was changed (exit 200), or the result cannot be written; then it is sealed and kept, and the
    /// next edit offers it.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let name = self.path.display().to_string();
        let input = Input::File(self.path.clone());
        let format = self.types.of_changed(&input, world.manners);
        let text = match input.read(format) {
            Ok(text) => Some(text),
            Err(Error::Read { source: ReadError::NotFound, .. }) => None,
            Err(error) => return Err(error),
        };
        let is_new = text.is_none();
        let config = rules::load(Some(self.rule_name()), &self.given, world)?;
        let (sealed, key, rule) = match text {
            Some(text) => (text, None, trust::rule_of(self.rule_name(), config.as_ref(), world)?),
            None => {
                let (text, key, rule) = self.example(format, config.as_ref(), world)?;
                (text.into(), Some(key), Some(rule))
            }
        };
        let file = open(&name, format, &sealed, key, &self.how, world)?;
        if format == Format::Binary && file.format() != format && (!world.manners.knows_sealed || file.format() == Format::Json) {
            // A tree under the name of a binary file: to SOPS there is no text to show.
            return Err(Error::NoData { path: name, sealed_as: file.format(), sealing: false });
        }
        let file = self.as_edited(file, &sealed, is_new, rule.as_ref(), config.as_ref(), world)?;
        self.can_write(is_new, world)?;
        let editor = editor::find(world)?;
        let keys = witness::keys(&file.settings().groups);
        let base = Kept { sealed: Cow::Borrowed(&sealed), format: file.format(), data_key: file.copy_data_key() };
        let session = Session { base, keys, is_new, rule, config, older: None, taken: None, is_kept: false };
        self.edit(session, file, &editor, world)?;
        Ok(Done { stdout: None, note: None })
    }

    /// The name that rules go by.
    fn rule_name(&self) -> &Path {
        self.types.name.as_deref().unwrap_or(&self.path)
    }

    /// A new file's example, sealed by its rule, with its data key.
    fn example(&self, format: Format, config: Option<&Config>, world: &World<'_>) -> Result<(Vec<u8>, DataKey, Rule), Error> {
        let rule = rules::for_file(self.rule_name(), &self.given, config, world)?;
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
        let failed = |source| rules::of_threshold(failed(source), &rule, &self.given, config, world);
        world.warn_of(&self.path.display().to_string(), trust::closed_here(&wanted.groups, world));
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
    fn edit(&self, mut session: Session<'_>, file: OpenFile<'_>, editor: &Editor, world: &World<'_>) -> Result<(), Error> {
        let place = |what: &str, error: &std::io::Error| Error::NoPlace { what: format!("{what}: {}", files::in_words(error)) };
        let absolute = config::absolute(&rules::current(world), &self.path);
        let file_name = self.path.file_name().unwrap_or(OsStr::new("file")).to_owned();
        let place_of_rescue = rescue::Place::of(&absolute, self.runtime.as_deref(), world);
        session.is_kept = self.tell_of_keeping(&place_of_rescue, world);
        let mut initial = self.initial(&mut session, &file, &place_of_rescue, world)?;
        if world.manners.ends_last_line && file.format() != Format::Binary {
            initial = Zeroizing::new(with_last_line_ended(std::mem::take(&mut *initial), file.format(), world.manners));
        }

        // From here on there is plaintext with a name.
        let _held = guard::hold_signals();
        let folder = keeper::place(self.runtime.as_deref(), self.on_disk.as_deref(), initial.len() + keeper::BESIDE)?;
        let folder = folder.ok_or(Error::NoMemory { pipe: false })?;
        let shown = Shown::of(&initial);
        let rescue = Rescue {
            base: &session.base.sealed,
            format: file.format(),
            data_key: session.base.data_key.expose(),
            name: file_name.clone(),
            // One that was taken up goes on where it was; beside all others.
            place: place_of_rescue,
            over: session.taken.clone(),
            initial: shown.digest,
            older: session.older.as_ref().map(|older| &*older.sealed),
        };
        let keeper = Keeper::start(&folder, Some(&rescue)).map_err(|e| keeper::not_started(&e))?;
        let written = folder.write(&file_name, &initial).map_err(|e| match e.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => keeper::no_room(),
            _ => place("the plaintext", &e),
        });
        // The one in the folder is the only one while somebody types.
        drop((file, initial));
        // What stands there before an editor has opened it is nobody's edit.
        let is_open = written.is_ok();
        let mut result = written.and_then(|()| self.until_saved(&session, editor, &folder, &file_name, &shown, world));
        if is_open && let Err(error) = result {
            result = Err(self.kept(error, &rescue, &folder, world));
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

    /// Before somebody types: whether what cannot be saved is kept, and whether for long.
    fn tell_of_keeping(&self, place: &rescue::Place, world: &World<'_>) -> bool {
        let takes = place.takes();
        let what = match takes {
            rescue::Kept::OnDisk => return true,
            rescue::Kept::InMemory => "be kept in memory only, so not for long",
            rescue::Kept::Nothing => "be lost",
        };
        if !world.manners.sops_messages {
            let folder = world.state_folder().map_or("a state folder".to_owned(), |folder| folder.display().to_string());
            world.warn([format!(
                "an edit that cannot be saved will {what}: nothing can be kept in {folder}; XDG_STATE_HOME can name another"
            )]);
        }
        takes != rescue::Kept::Nothing
    }

    /// An edit that failed: what was typed is kept, if there is anything, and the error says so.
    fn kept(&self, error: Error, rescue: &Rescue<'_>, folder: &files::PrivateDir, world: &World<'_>) -> Error {
        if matches!(error, Error::NotModified) {
            return error;
        }
        let in_memory = match rescue.save(folder.path(), world) {
            Ok(rescue::Kept::Nothing) => return error,
            Ok(kept) => kept == rescue::Kept::InMemory,
            Err(why) => {
                world.warn([format!("what you typed could not be kept: {why}")]);
                return error;
            }
        };
        let error = Error::Rescued { path: self.path.display().to_string(), in_memory, source: Box::new(error) };
        if guard::is_interrupted() {
            // It ends us below, before anybody has told the error.
            world.warn(error.to_string().lines());
        }
        error
    }

    /// What the editor shows at first: the plain text, or the first edit that was rescued and is wanted.
    fn initial(
        &self,
        session: &mut Session<'_>,
        file: &OpenFile<'_>,
        place: &rescue::Place,
        world: &World<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let name = self.path.display();
        for kept in place.kept() {
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
        self.shown(file, world)
    }

    /// A rescued edit is what the editor shows.
    fn take_up(&self, session: &mut Session<'_>, kept: PathBuf, text: &[u8], world: &World<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let rescued = open(&kept.display().to_string(), Format::Binary, text, None, &OpenHow::default(), world)?;
        if let Some(base) = rescue::made_of(&kept).filter(|base| *base != *session.base.sealed && !session.is_new) {
            let format = session.base.format;
            let data_key = open(&kept.display().to_string(), format, &base, None, &self.how, world)?.into_data_key();
            session.older = Some(Kept { sealed: Cow::Owned(base), format, data_key });
        }
        session.taken = Some(kept);
        Ok(Zeroizing::new(rescued.into_plain()))
    }
}
