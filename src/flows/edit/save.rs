//! From typed to written: the editor again and again until its text can be sealed, and the write, if the file is still what was opened.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

use leafcrypt_formats::{Document, Format, SyntaxError, one_line};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::Edit;
use super::rule::Asker;
use super::session::{Older, Session, Shown};
use super::shown::Typed;
use crate::config::Rule;
use crate::error::Error;
use crate::files::{self, Claim, PrivateDir, WriteError};
use crate::flows::child;
use crate::flows::editor::Editor;
use crate::flows::encrypt::refuse_utf16;
use crate::flows::target::{self, Holds};
use crate::flows::uncovered::{self, Side};
use crate::metadata::{MetadataError, Version};
use crate::seal::selection::Selection;
use crate::sealed_file::{Finished, OpenFile, SOPS_VERSION, SealError, SealedError, Settings};
use crate::world::{Event, World};

/// What became of a write.
pub(super) enum Written {
    /// It is on the disk.
    Done,
    /// The file is another text by now, this one.
    Not(Vec<u8>),
}

/// A text that is about to be written.
pub(super) struct Text<'a> {
    pub typed: &'a [u8],
    /// What it comes from, besides the file as it stands, with what the metadata of each said.
    pub seen: &'a [(&'a [u8], &'a Settings)],
    /// The creation rule.
    pub rule: Option<&'a Rule>,
    /// There is no file yet, but an example.
    pub is_new: bool,
    /// What was asked and told already.
    pub said: &'a RefCell<HashSet<String>>,
}

impl Edit<'_> {
    /// The editor, again and again, until its text can be sealed and written.
    pub(super) fn until_saved(
        &self,
        session: &Session<'_>,
        editor: &Editor,
        folder: &PrivateDir,
        file_name: &OsStr,
        shown: &Shown,
        world: &World<'_>,
    ) -> Result<(), Error> {
        let mut opens = true;
        loop {
            if opens {
                child::leave_no_secrets(world);
                editor.run(folder, file_name, world)?;
            }
            let typed = folder.read(file_name).map(Zeroizing::new).map_err(|error| lost(&error))?;
            if session.taken.is_none() && shown.is_unchanged(&typed) {
                world.warn(editor.does_not_wait().filter(|_| !world.manners.sops_messages));
                return Err(Error::NotModified);
            }
            // Nothing is nothing that could be kept.
            let is_kept = session.is_kept && !typed.is_empty();
            let error = match self.save(session, typed, world) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            opens = self.can_be_mended(&error);
            let text = match opens {
                true => pause_text(&error, is_kept, world),
                false if may_pass(&error) && world.dialog.at_terminal() => try_again_text(&error, &folder.path().join(file_name)),
                false => return Err(error),
            };
            child::leave_no_secrets(world);
            if !world.dialog.pause(&text) {
                return Err(error);
            }
        }
    }

    /// Seals and writes; where the file is another by now, both changes of it.
    fn save(&self, session: &Session<'_>, text: Zeroizing<Vec<u8>>, world: &World<'_>) -> Result<(), Error> {
        let mut file = self.open_again(session, world)?;
        let typed = self.typed(session, &file, text, world)?;
        if let Some(older) = &session.older {
            let file = self.open_kept(older, world)?;
            // What was typed is among what a merge comes from, and so none of its news.
            let text = Text { typed: &typed.plain, seen: &[], rule: session.rule.as_ref(), is_new: false, said: &typed.said };
            self.check(&file, file.settings(), &text, world)?;
            let older = Older::of(&file);
            drop(file);
            return self.save_merged(session, &older, &typed, session.base.sealed.to_vec(), world);
        }
        let opened = Older::of(&file);
        match self.save_over(session, &mut file, &typed, world)? {
            Written::Done => Ok(()),
            Written::Not(now) => self.save_merged(session, &opened, &typed, now, world),
        }
    }

    /// The file as it was opened, with what was typed.
    fn save_over(&self, session: &Session<'_>, file: &mut OpenFile<'_>, typed: &Typed, world: &World<'_>) -> Result<Written, Error> {
        let Session { base, rule, config, is_new, .. } = session;
        let was = file.settings().clone();
        let changed = self.set_keys(file, typed.settings.as_ref(), config.as_ref(), world)?;
        self.check(file, &was, &Text { rule: rule.as_ref(), typed: &typed.plain, seen: &[], is_new: *is_new, said: &typed.said }, world)?;
        file.replace_typed(typed.plain.to_vec());
        let sealed = self.seal(file, world)?;
        let written = self.write(&sealed, (!*is_new).then_some(&*base.sealed), world)?;
        if let Written::Done = written {
            self.tell_of(changed, world);
        }
        Ok(written)
    }

    pub(super) fn seal(&self, file: &OpenFile<'_>, world: &World<'_>) -> Result<Finished, Error> {
        let name = self.path.display().to_string();
        let sealed = file.seal(world).map_err(|source| match source {
            SealError::Syntax(source) => Error::PlainSyntax { path: name.clone(), source },
            SealError::AlreadySealed => reserved(&name, file.format()),
            source => Error::Seal { path: name.clone(), source: Box::new(source) },
        })?;
        world.journal.record(Event::Encrypt, &name).map_err(Error::Audit)?;
        Ok(sealed)
    }

    /// Writes, if the file is still this base; none: if it is not there.
    pub(super) fn write(&self, sealed: &Finished, base: Option<&[u8]>, world: &World<'_>) -> Result<Written, Error> {
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

    /// What is wrong with a text that somebody has typed, before it is sealed. `was`: what the metadata said before.
    pub(super) fn check(&self, file: &OpenFile<'_>, was: &Settings, text: &Text<'_>, world: &World<'_>) -> Result<(), Error> {
        let name = self.path.display().to_string();
        let format = file.format();
        if format == Format::Binary {
            return Ok(());
        }
        let options = file.scan_options(world.manners);
        let parse = |text| Document::parse(format, text, &options).map_err(|source| mistyped(&name, format, text, source));
        refuse_utf16(format, text.typed, world.manners).map_err(|source| mistyped(&name, format, text.typed, source))?;
        let document = parse(text.typed)?;
        if !document.blocks().is_empty() {
            return Err(reserved(&name, format));
        }
        let before = parse(file.plain())?;
        let seen = text.seen.iter().map(|(text, settings)| Ok((parse(text)?, settings.rule()))).collect::<Result<Vec<_>, Error>>()?;
        let known: Vec<_> = seen[seen.len().min(1)..].iter().map(|(document, _)| document).chain([&before]).collect();
        if let Some(source) = document.first_of_ours(&known).filter(|_| !world.manners.own_dialect) {
            return Err(mistyped(&name, format, text.typed, source));
        }
        let seen: Vec<Side<'_>> = seen.iter().map(|(document, rule)| Side { document, rule }).collect();
        let creation = text.rule.map(|rule| Selection::in_force(rule.selection.as_ref()));
        let change = uncovered::Change {
            file: Side { document: &before, rule: &was.rule() },
            seen: &seen,
            after: Side { document: &document, rule: &file.settings().rule() },
            creation: creation.as_ref(),
            in_doubt: !text.is_new && file.comments_in_doubt(),
            is_new: text.is_new,
            with_empties: false,
        };
        self.refuse_uncovered(&change, &Asker { said: text.said, world })
    }

    /// Can whoever typed it put it right?
    fn can_be_mended(&self, error: &Error) -> bool {
        match error {
            Error::PlainSyntax { .. } | Error::NoRoot { .. } | Error::Reserved { .. } => true,
            Error::WouldBeClear { .. } | Error::Uncovers { .. } | Error::Moved { .. } | Error::ClearByComment { .. } => true,
            Error::Sealed { .. } | Error::Resolve { .. } | Error::NotConfirmed { .. } | Error::Unanswered { .. } => self.show_keys,
            // A recipient that was typed may be misspelled; those of the file are not at hand to be mended.
            Error::Seal { source, .. } => match **source {
                SealError::Wrap(_) => self.show_keys,
                SealError::Random(_) => false,
                _ => true,
            },
            _ => false,
        }
    }
}

/// Not the text is in the way of it, but something that may be over soon: a full disk, a lock, a folder that is away.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Write { source, .. } => *source != WriteError::NotSynced,
        Error::Read { .. } | Error::Audit(_) => true,
        _ => false,
    }
}

/// What is wrong, and how to go on: the text is where the editor left it, for it may be that it can be kept nowhere else.
fn try_again_text(error: &Error, text: &Path) -> String {
    let text = one_line(&text.display().to_string()).into_owned();
    format!("{error}\nPress Enter to try again, Ctrl-C to stop; until then what you typed is in {text}.")
}

/// What the editor has left instead of the file.
fn lost(error: &std::io::Error) -> Error {
    let what = match error.kind() {
        _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            "the editor has put a link in its place; what was typed is where that leads".to_owned()
        }
        ErrorKind::NotFound => "the editor has removed it".to_owned(),
        ErrorKind::InvalidData => "the editor has put something in its place that is no file of ours".to_owned(),
        _ => files::in_words(error),
    };
    Error::EditorLost { what }
}

/// A text that does not parse.
pub(super) fn mistyped(path: &str, format: Format, text: &[u8], source: SyntaxError) -> Error {
    let path = path.to_owned();
    if format == Format::Json && text.trim_ascii().is_empty() {
        return Error::NoRoot { path };
    }
    Error::PlainSyntax { path, source }
}

/// Somebody has typed a name of the metadata.
fn reserved(path: &str, format: Format) -> Error {
    let key = if format == Format::Dotenv { "sops_…" } else { "sops" };
    Error::Reserved { path: path.to_owned(), key: key.to_owned() }
}

/// What is wrong, and how to go on or to leave.
fn pause_text(error: &Error, is_kept: bool, world: &World<'_>) -> String {
    if !world.manners.sops_messages {
        let kept = if is_kept { "; what you typed is kept sealed" } else { "" };
        return format!("{error}\nPress Enter to return to the editor, Ctrl-C to stop{kept}.");
    }
    let what = match error {
        Error::Sealed { source: SealedError::Metadata(MetadataError::NoKeys), .. } => {
            "No master keys were provided, so sops can't encrypt the file."
        }
        Error::Reserved { .. } | Error::Sealed { .. } => "SOPS metadata is invalid.",
        Error::PlainSyntax { .. } | Error::NoRoot { .. } => "Could not load tree, probably due to invalid syntax.",
        _ => "Tree not valid for encryption.",
    };
    format!("{error}\n{what} Press enter to return to the editor, or Ctrl+C to exit.")
}

/// SOPS raises the version of a file that an older program wrote; a newer one stays.
pub(super) fn raise_version(file: &mut OpenFile<'_>) {
    let older = match (Version::parse(&file.settings().version), Version::parse(SOPS_VERSION)) {
        (Ok(theirs), Ok(ours)) => theirs < ours,
        (Err(_), _) => true,
        (_, Err(_)) => false,
    };
    if older {
        file.settings_mut().version = SOPS_VERSION.to_owned();
    }
}
