//! Open, an editor in an owner-only folder in memory, seal again: unchanged values keep their tokens, comments and layout stay.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use leafcrypt_formats::{Document, Format, Mode, Prefer, Unmerged, merge};
use zeroize::Zeroizing;

use super::child;
use super::decrypt::open;
use super::editor::{self, Editor};
use super::keeper::Keeper;
use super::rescue::{self, Rescue};
use super::rules::{self, Given};
use super::target::{self, Done, Holds, Input, Types};
use super::{example, trust};
use crate::config::{self, Rule};
use crate::error::{Ended, Error};
use crate::files::{self, Claim, PrivateDir, ReadError, WriteError};
use crate::guard;
use crate::metadata::Version;
use crate::seal::witness;
use crate::sealed_file::{Finished, OpenFile, OpenHow, SOPS_VERSION, SealError, SealedFile, Wanted, scan_options};
use crate::world::{Event, World};

/// So many places of a conflict are named.
const MOST_SHOWN: usize = 20;
/// So often the file may change again while two changes of it are made one.
const TRIES: usize = 8;

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
}

/// What is edited: the sealed text as it was, opened.
struct Session<'t> {
    sealed: &'t [u8],
    file: OpenFile<'t>,
    is_new: bool,
    rule: Option<Rule>,
    /// What a rescued edit was made of, where that is not what the file is by now.
    older: Option<Zeroizing<Vec<u8>>>,
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
        let text = match input.read() {
            Ok(text) => Some(text),
            Err(Error::Read { source: ReadError::NotFound, .. }) => None,
            Err(error) => return Err(error),
        };
        let is_new = text.is_none();
        let config = rules::load(Some(&self.path), &self.given, world)?;
        let (sealed, key) = match text {
            Some(text) => (text, None),
            None => {
                let (text, key) = self.example(format, config.as_ref(), world)?;
                (text.into(), Some(key))
            }
        };
        let rule = if is_new { None } else { trust::rule_of(&self.path, config.as_ref(), world)? };
        let mut file = open(&name, format, &sealed, key, &self.how, world)?;
        if !is_new {
            trust::vouch(&mut file, rule.as_ref());
            raise_version(&mut file);
        }
        self.can_write(is_new, world)?;
        let editor = editor::find(world)?;
        let file = file.must_cover(is_new);
        let mut session = Session { sealed: &sealed, file, is_new, rule, older: None };
        self.edit(&mut session, &editor, world)?;
        Ok(Done { stdout: None, note: None })
    }

    /// A new file's example, sealed by its rule, with its data key.
    fn example(
        &self,
        format: Format,
        config: Option<&config::Config>,
        world: &World<'_>,
    ) -> Result<(Vec<u8>, crate::keys::DataKey), Error> {
        let rule = rules::for_file(&self.path, &self.given, config, world)?;
        let wanted = Wanted {
            groups: rules::groups(&rule, world)?,
            selection: rule.selection.clone(),
            mac_only_encrypted: rule.mac_only_encrypted,
            indent: rules::indent(format, &self.given, config)?,
        };
        let failed = |source: SealError| Error::Seal { path: self.path.display().to_string(), source: Box::new(source) };
        let file = OpenFile::new(format, example::text(format).as_bytes().to_vec(), wanted, world).map_err(failed)?;
        // The example has none of the names that a rule may look for, and is never written.
        let file = file.must_cover(false);
        let sealed = file.seal(world).map_err(failed)?;
        Ok((sealed.text, file.into_data_key()))
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
        let kept = rescue::place(&absolute, world);
        let (initial, taken) = self.initial(session, kept.as_deref(), world)?;

        // From here on there is plaintext with a name.
        let _held = guard::hold_signals();
        let folder = files::make_private_dir(self.runtime.as_deref(), self.on_disk.as_deref());
        let folder = folder
            .map_err(|e| place("the private folder", &e))?
            .ok_or_else(|| Error::NoPlace { what: "there is no folder in memory (tmpfs) for the plaintext".to_owned() })?;
        let base = session.sealed;
        let is_first = session.older.is_none();
        let rescue = kept
            .as_ref()
            .map(|to| Rescue::new(base, session.file.format(), session.file.data_key(), file_name.clone(), to.clone(), is_first));
        let keeper = Keeper::start(&folder, rescue.as_ref()).map_err(|e| place("the helper that removes the plaintext if we die", &e))?;
        let edited = folder.write(&file_name, &initial).map_err(|e| place("the plaintext", &e));
        let mut result = edited.and_then(|()| self.until_saved(session, editor, &folder, &file_name, &initial, taken, world));
        if let Err(error) = &result
            && !matches!(error, Error::NotModified)
            && let Some(rescue) = &rescue
            && rescue.save(folder.path(), world).is_ok_and(|saved| saved)
        {
            let error = result.expect_err("it has just been looked at");
            result = Err(Error::Rescued { path: self.path.display().to_string(), source: Box::new(error) });
        }
        // Sealed borrows end before the folder goes.
        drop(rescue);
        let removed = folder.remove();
        keeper.dismiss();
        result?;
        removed.map_err(|e| place("the plaintext could not be removed", &e))?;
        if taken && let Some(kept) = kept {
            // It is in the file now.
            rescue::forget(&kept);
        }
        Ok(())
    }

    /// What the editor shows at first: the plain text, or an edit that was rescued. True: that one.
    fn initial(&self, session: &mut Session<'_>, kept: Option<&Path>, world: &World<'_>) -> Result<(Zeroizing<Vec<u8>>, bool), Error> {
        let plain = (Zeroizing::new(session.file.plain().to_vec()), false);
        let Some(kept) = kept else { return Ok(plain) };
        let Ok(text) = files::read(kept) else { return Ok(plain) };
        let name = self.path.display();
        match world.dialog.confirm(&format!("An edit of {name} was not saved and is kept in {}. Take it up?", kept.display())) {
            Some(true) => {
                let rescued = open(&kept.display().to_string(), Format::Binary, &text, None, &OpenHow::default(), world)?;
                if let Some(base) = rescue::made_of(kept).filter(|base| base != session.sealed && !session.is_new) {
                    let base = open(&kept.display().to_string(), session.file.format(), &base, None, &self.how, world)?;
                    session.older = Some(Zeroizing::new(base.into_plain()));
                }
                Ok((Zeroizing::new(rescued.into_plain()), true))
            }
            _ => {
                world.dialog.warn(&format!("an edit of {name} that was not saved is still kept in {}", kept.display()));
                Ok(plain)
            }
        }
    }

    /// The editor, again and again, until its text can be sealed and written.
    #[allow(clippy::too_many_arguments)]
    fn until_saved(
        &self,
        session: &mut Session<'_>,
        editor: &Editor,
        folder: &PrivateDir,
        file_name: &OsString,
        initial: &[u8],
        taken: bool,
        world: &World<'_>,
    ) -> Result<(), Error> {
        loop {
            run_editor(editor, folder, file_name)?;
            let typed = folder.read(file_name).map(Zeroizing::new).map_err(|error| Error::EditorLost { what: error.kind().to_string() })?;
            if *typed == *initial && !taken {
                return Err(Error::NotModified);
            }
            let error = match self.save(session, typed, world) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !can_be_mended(&error) || !world.dialog.pause(&pause_text(&error, world)) {
                return Err(error);
            }
        }
    }

    /// Seals and writes; where the file is another by now, both changes of it.
    fn save(&self, session: &mut Session<'_>, typed: Zeroizing<Vec<u8>>, world: &World<'_>) -> Result<(), Error> {
        self.check(&session.file, session.rule.as_ref(), &typed, world)?;
        if let Some(older) = session.older.take() {
            let done = self.save_merged(session, &older, &typed, session.sealed.to_vec(), world);
            session.older = Some(older);
            return done;
        }
        let base = Zeroizing::new(session.file.plain().to_vec());
        session.file.replace(typed.to_vec());
        let written =
            self.seal(&session.file, world).and_then(|sealed| self.write(&sealed, (!session.is_new).then_some(session.sealed), world));
        // What is typed next is compared with the file as it was opened.
        session.file.replace(base.to_vec());
        match written? {
            Written::Done => {}
            Written::Not(now) => self.save_merged(session, &base, &typed, now, world)?,
        }
        Ok(())
    }

    /// Makes one of what was typed and of what the file is by now (P8). The lock is not held meanwhile: other recipients may ask for a passphrase.
    fn save_merged(&self, session: &Session<'_>, base: &[u8], typed: &[u8], mut now: Vec<u8>, world: &World<'_>) -> Result<(), Error> {
        let name = self.path.display().to_string();
        let format = session.file.format();
        for _ in 0..TRIES {
            let same_keys = SealedFile::parse(format, &now, world.manners)
                .is_ok_and(|now| witness::keys(&now.metadata().groups) == witness::keys(&session.file.settings().groups));
            let key = same_keys.then(|| session.file.copy_data_key());
            let mut file = open(&name, format, &now, key, &self.how, world)?;
            trust::vouch(&mut file, session.rule.as_ref());
            raise_version(&mut file);
            let merged = self.merged(format, base, typed, file.plain(), world)?;
            self.check(&file, session.rule.as_ref(), &merged, world)?;
            if *merged == file.plain() {
                world.warn([format!("{name}: somebody else has made the same change meanwhile")]);
                return Ok(());
            }
            file.replace(merged.to_vec());
            let sealed = self.seal(&file, world)?;
            drop(file);
            match self.write(&sealed, Some(&now), world)? {
                Written::Done => {
                    world.warn([format!("{name}: somebody else has changed it meanwhile; it has both changes now")]);
                    return Ok(());
                }
                Written::Not(again) => now = again,
            }
        }
        Err(Error::Write { path: name, source: WriteError::Changed })
    }

    /// One text of two. Where they do not go together somebody is asked.
    fn merged(&self, format: Format, base: &[u8], mine: &[u8], theirs: &[u8], world: &World<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let path = self.path.display().to_string();
        let options = scan_options(Mode::Plain, world.manners);
        let merge = |prefer| merge(format, base, mine, theirs, prefer, &options);
        let conflicts = match merge(Prefer::Neither) {
            Ok(text) => return Ok(text),
            Err(Unmerged::Syntax(source)) => return Err(Error::PlainSyntax { path, source }),
            Err(Unmerged::Conflicts(conflicts)) => conflicts,
        };
        let mut at: Vec<String> = conflicts.iter().take(MOST_SHOWN).map(ToString::to_string).collect();
        if conflicts.len() > MOST_SHOWN {
            at.push(format!("and {} more", conflicts.len() - MOST_SHOWN));
        }
        let at = at.join(", ");
        let question = format!("{path} was changed by somebody else meanwhile where you have changed it, too: {at}. Write yours there?");
        if world.dialog.confirm(&question) == Some(true)
            && let Ok(text) = merge(Prefer::Mine)
        {
            return Ok(text);
        }
        Err(Error::Unmerged { path, at })
    }

    fn seal(&self, file: &OpenFile<'_>, world: &World<'_>) -> Result<Finished, Error> {
        let name = self.path.display().to_string();
        let sealed = file.seal(world).map_err(|source| match source {
            SealError::Syntax(source) => Error::PlainSyntax { path: name.clone(), source },
            SealError::AlreadySealed => Error::AlreadySealed { path: name.clone() },
            source => Error::Seal { path: name.clone(), source: Box::new(source) },
        })?;
        world.journal.record(Event::Encrypt, &name).map_err(Error::Audit)?;
        Ok(sealed)
    }

    /// Writes, if the file is still this base; none: if it is not there.
    fn write(&self, sealed: &Finished, base: Option<&[u8]>, world: &World<'_>) -> Result<Written, Error> {
        let name = self.path.display().to_string();
        let failed = |source| Error::Write { path: name.clone(), source };
        let state = world.state_folder();
        let how =
            files::WriteHow { never_replace: base.is_none(), ..target::how(Holds::Sealed, base, self.write_through, state.as_deref()) };
        let claim = Claim::new(&self.path, &how).map_err(failed)?;
        if let Some(base) = base {
            let now = claim.read().map_err(|source| Error::Read { path: name.clone(), source })?;
            if now != base {
                return Ok(Written::Not(now));
            }
        }
        claim.write(&sealed.text, &how).map_err(failed)?;
        world.dialog.detail(&format!("{name}: written"));
        world.warn_of(&name, &sealed.warnings);
        Ok(Written::Done)
    }

    /// What is wrong with a text that somebody has typed, before it is sealed.
    fn check(&self, file: &OpenFile<'_>, rule: Option<&Rule>, typed: &[u8], world: &World<'_>) -> Result<(), Error> {
        let name = self.path.display().to_string();
        let format = file.format();
        if format == Format::Binary {
            return Ok(());
        }
        let syntax = |source| Error::PlainSyntax { path: name.clone(), source };
        let document = Document::parse(format, typed, &scan_options(Mode::Plain, world.manners)).map_err(syntax)?;
        if !document.blocks().is_empty() {
            return Err(Error::AlreadySealed { path: name });
        }
        let before = Document::parse(format, file.plain(), &scan_options(Mode::Plain, world.manners)).map_err(syntax)?;
        trust::refuse_new_clear(&document, &before, file.settings(), rule, &name, world)
    }
}

/// What became of a write.
enum Written {
    /// It is on the disk.
    Done,
    /// The file is another text by now, this one.
    Not(Vec<u8>),
}

/// Runs the editor on the file in its private folder, which is also where it makes its own temporary files.
fn run_editor(editor: &Editor, folder: &PrivateDir, file_name: &OsString) -> Result<(), Error> {
    #[allow(clippy::disallowed_methods, reason = "the editor has our terminal, which `Outside::run` does not hand on")]
    let mut command = std::process::Command::new(&editor.program);
    command.args(&editor.args).arg(folder.path().join(file_name)).env("TMPDIR", folder.path());
    let what = match child::run(&mut command) {
        Ok(Ended::Code(0)) => return Ok(()),
        Ok(Ended::Code(code)) => format!("exit status {code}"),
        Ok(Ended::Signal(signal)) => format!("killed by signal {signal}"),
        Err(error) => error.kind().to_string(),
    };
    Err(Error::Editor { what: format!("Could not run editor: {}: {what}", editor.program.display()) })
}

/// Can whoever typed it put it right?
fn can_be_mended(error: &Error) -> bool {
    let sealing = |source: &SealError| !matches!(source, SealError::Wrap(_) | SealError::Random(_));
    match error {
        Error::PlainSyntax { .. } | Error::AlreadySealed { .. } | Error::WouldBeClear { .. } => true,
        Error::Seal { source, .. } => sealing(source),
        _ => false,
    }
}

fn pause_text(error: &Error, world: &World<'_>) -> String {
    if !world.manners.sops_messages {
        return format!("{error}\nPress Enter to return to the editor.");
    }
    let what = match error {
        Error::AlreadySealed { .. } => "SOPS metadata is invalid.",
        Error::PlainSyntax { .. } => "Could not load tree, probably due to invalid syntax.",
        _ => "Tree not valid for encryption.",
    };
    format!("{error}\n{what} Press enter to return to the editor, or Ctrl+C to exit.")
}

/// SOPS raises the version of a file that an older program wrote; a newer one stays.
fn raise_version(file: &mut OpenFile<'_>) {
    let older = match (Version::parse(&file.settings().version), Version::parse(SOPS_VERSION)) {
        (Ok(theirs), Ok(ours)) => theirs < ours,
        (Err(_), _) => true,
        (_, Err(_)) => false,
    };
    if older {
        file.settings_mut().version = SOPS_VERSION.to_owned();
    }
}
