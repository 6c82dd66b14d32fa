//! Open, an editor in an owner-only folder in memory, seal again: unchanged values keep their tokens, comments and layout stay.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use leafcrypt_formats::{Document, Format, Mode};
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
use crate::sealed_file::{OpenFile, OpenHow, SOPS_VERSION, SealError, Wanted, scan_options};
use crate::world::{Event, World};

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
        let mut warnings = Vec::new();
        let text = match input.read() {
            Ok(text) => Some(text),
            Err(Error::Read { source: ReadError::NotFound, .. }) => None,
            Err(error) => return Err(error),
        };
        let is_new = text.is_none();
        let config = rules::load(Some(&self.path), &self.given, world, &mut warnings)?;
        let (sealed, key) = match text {
            Some(text) => (text, None),
            None => {
                let (text, key) = self.example(format, config.as_ref(), world)?;
                (text.into(), Some(key))
            }
        };
        let rule = if is_new { None } else { trust::rule_of(&self.path, config.as_ref(), world)? };
        let mut file = open(&name, format, &sealed, key, &self.how, world)?;
        warnings.extend(file.warnings().iter().cloned());
        if !is_new {
            trust::vouch(&mut file, rule.as_ref());
            raise_version(&mut file);
        }
        self.can_write(is_new, world)?;
        let editor = editor::find(world)?;
        let file = file.must_cover(is_new);
        let mut session = Session { sealed: &sealed, file, is_new, rule };
        self.edit(&mut session, &editor, &mut warnings, world)?;
        Ok(Done { stdout: None, warnings, note: None })
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
    fn edit(&self, session: &mut Session<'_>, editor: &Editor, warnings: &mut Vec<String>, world: &World<'_>) -> Result<(), Error> {
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
        let rescue =
            kept.as_ref().map(|to| Rescue::new(base, session.file.format(), session.file.data_key(), file_name.clone(), to.clone()));
        let keeper = Keeper::start(&folder, rescue.as_ref()).map_err(|e| place("the helper that removes the plaintext if we die", &e))?;
        let edited = folder.write(&file_name, &initial).map_err(|e| place("the plaintext", &e));
        let mut result = edited.and_then(|()| self.until_saved(session, editor, &folder, &file_name, &initial, taken, warnings, world));
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
            let _ = files::remove(&kept);
        }
        Ok(())
    }

    /// What the editor shows at first: the plain text, or an edit that was rescued. True: that one.
    fn initial(&self, session: &Session<'_>, kept: Option<&Path>, world: &World<'_>) -> Result<(Zeroizing<Vec<u8>>, bool), Error> {
        let plain = || (Zeroizing::new(session.file.plain().to_vec()), false);
        let Some(kept) = kept else { return Ok(plain()) };
        let Ok(text) = files::read(kept) else { return Ok(plain()) };
        let name = self.path.display();
        match world.dialog.confirm(&format!("An edit of {name} was not saved and is kept in {}. Take it up?", kept.display())) {
            Some(true) => {
                let rescued = open(&kept.display().to_string(), Format::Binary, &text, None, &OpenHow::default(), world)?;
                Ok((Zeroizing::new(rescued.plain().to_vec()), true))
            }
            _ => {
                world.dialog.warn(&format!("an edit of {name} that was not saved is still kept in {}", kept.display()));
                Ok(plain())
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
        warnings: &mut Vec<String>,
        world: &World<'_>,
    ) -> Result<(), Error> {
        loop {
            run_editor(editor, folder, file_name)?;
            let typed = folder.read(file_name).map(Zeroizing::new).map_err(|error| Error::EditorLost { what: error.kind().to_string() })?;
            if *typed == *initial && !taken {
                return Err(Error::NotModified);
            }
            let error = match self.save(session, typed, warnings, world) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !can_be_mended(&error) || !world.dialog.pause(&pause_text(&error, world)) {
                return Err(error);
            }
        }
    }

    /// Seals and writes, on what the file is by now.
    fn save(
        &self,
        session: &mut Session<'_>,
        typed: Zeroizing<Vec<u8>>,
        warnings: &mut Vec<String>,
        world: &World<'_>,
    ) -> Result<(), Error> {
        let name = self.path.display().to_string();
        self.check(session, &typed, warnings, world)?;
        session.file.replace(typed.to_vec());
        let sealed = session.file.seal(world).map_err(|source| match source {
            SealError::Syntax(source) => Error::PlainSyntax { path: name.clone(), source },
            SealError::AlreadySealed => Error::AlreadySealed { path: name.clone() },
            source => Error::Seal { path: name.clone(), source: Box::new(source) },
        })?;
        world.journal.record(Event::Encrypt, &name).map_err(Error::Audit)?;
        let failed = |source| Error::Write { path: name.clone(), source };
        let state = world.state_folder();
        let base = (!session.is_new).then_some(session.sealed);
        let how =
            files::WriteHow { never_replace: session.is_new, ..target::how(Holds::Sealed, base, self.write_through, state.as_deref()) };
        let claim = Claim::new(&self.path, &how).map_err(failed)?;
        if let Some(base) = base {
            match claim.read() {
                Ok(now) if now == base => {}
                Ok(_) => return Err(failed(WriteError::Changed)),
                Err(source) => return Err(Error::Read { path: name.clone(), source }),
            }
        }
        claim.write(&sealed.text, &how).map_err(failed)?;
        world.dialog.detail(&format!("{name}: written"));
        warnings.extend(sealed.warnings);
        Ok(())
    }

    /// What is wrong with a text that somebody has typed, before it is sealed.
    fn check(&self, session: &Session<'_>, typed: &[u8], warnings: &mut Vec<String>, world: &World<'_>) -> Result<(), Error> {
        let name = self.path.display().to_string();
        let format = session.file.format();
        if format == Format::Binary {
            return Ok(());
        }
        let syntax = |source| Error::PlainSyntax { path: name.clone(), source };
        let document = Document::parse(format, typed, &scan_options(Mode::Plain, world.manners)).map_err(syntax)?;
        if !document.blocks().is_empty() {
            return Err(Error::AlreadySealed { path: name });
        }
        let before = Document::parse(format, session.file.plain(), &scan_options(Mode::Plain, world.manners)).map_err(syntax)?;
        trust::refuse_new_clear(&document, &before, session.file.settings(), session.rule.as_ref(), &name, world.manners, warnings)
    }
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
