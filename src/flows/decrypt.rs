//! Open; the text, or one path of it, or another format.

use std::sync::Arc;

use leafcrypt_formats::{Format, Printing};
use leafcrypt_kms::MasterKey;

use super::anew;
use super::extract::{self, Printer};
use super::target::{Done, Holds, Input, Output, Types, deliver, with_last_line_ended};
use crate::error::Error;
use crate::files::{self, Kind};
use crate::keys::{DataKey, GroupReport};
use crate::sealed_file::{OpenFile, OpenHow, SealedError, SealedFile};
use crate::world::{Event, World};

/// A decryption.
pub struct Decrypt<'a> {
    /// What.
    pub input: Input,
    /// Where to.
    pub output: Output,
    /// As what.
    pub types: Types,
    /// `--extract`, as typed.
    pub extract: Option<String>,
    /// How to open.
    pub how: OpenHow<'a>,
    /// Blanks a level for what is printed anew in a format.
    pub indent: &'a dyn Fn(Format) -> Result<Option<usize>, Error>,
}

impl Decrypt<'_> {
    /// Does it.
    ///
    /// # Errors
    /// The file cannot be read or opened, or has nothing at that path. Every file is as it was.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let path = self.input.name();
        let format = self.types.input_of(&self.input, world.manners);
        let text = self.input.read(format)?;
        let extract = self.extract.as_deref().map(extract::parse).transpose()?;
        // A script whose variable is not set wants one value, not all of them.
        if self.extract.as_deref() == Some("") && !world.manners.sops_messages {
            return Err(Error::BadExtractPath("the path of --extract is empty".to_owned()));
        }
        let open = open(&path, format, &text, None, &self.how, world)?;
        tell_unchecked(&self.how, world);
        let out_format = match self.types.output {
            None if !world.manners.prints_as_opened => self.types.output_of(&self.input, world.manners),
            None if open.format() == Format::Binary => Format::Binary,
            // Its name tells no type, and it was opened as what it is. A tree in JSON is a binary file to SOPS, and to us.
            None if world.manners.knows_sealed
                && open.format() != Format::Json
                && self.types.output_of(&self.input, world.manners) == Format::Binary =>
            {
                open.format()
            }
            None if self.types.input.is_some() && self.types.name_of(&self.input).is_none() => open.format(),
            _ => self.types.output_of(&self.input, world.manners),
        };
        let how = Printing { indent: (self.indent)(out_format)?, as_sops: !world.manners.strict_printing };
        let manners = world.manners;
        let mut printer = Printer { from: open.format(), to: out_format, how, path: &path, extract_alone: manners.extract_alone, world };
        let is_value = extract.as_ref().is_some_and(|at| !at.is_empty());
        let bytes = match extract {
            Some(at) if !at.is_empty() => printer.at(&extract::trees(&open, &path, manners)?, &at)?,
            _ if out_format == open.format() && !anew::is_due(&open, &text, world) => open.into_plain(),
            _ => printer.documents(&extract::trees(&open, &path, manners)?)?,
        };
        // What is no file has no end to keep.
        let is_shown = match &self.output {
            Output::Stdout => true,
            Output::InPlace(to) | Output::File(to) => matches!(files::facts(&to.path), Ok(Some(facts)) if facts.kind != Kind::File),
        };
        let is_text = !is_value && out_format != Format::Binary && is_shown;
        let bytes = if is_text && manners.ends_last_line { with_last_line_ended(bytes, out_format, manners) } else { bytes };
        deliver(bytes, &self.output, Holds::Plain, Some(&text), world)
    }
}

/// That a MAC was not checked (P4).
pub(super) fn tell_unchecked(how: &OpenHow<'_>, world: &World<'_>) {
    if how.ignore_mac {
        world.warn(["the MAC was not checked (--ignore-mac): values may have been changed, removed or added by anybody"]);
    }
}

/// Opens a text, for every flow that does. `key`: its data key, where that is known already.
///
/// # Errors
/// It is not sealed, or does not open.
pub fn open<'t>(
    path: &str,
    format: Format,
    text: &'t [u8],
    key: Option<DataKey>,
    how: &OpenHow<'_>,
    world: &World<'_>,
) -> Result<OpenFile<'t>, Error> {
    let mut warnings = Vec::new();
    let opened = open_silently(path, format, text, key, how, world, &mut warnings);
    world.warn_of(path, warnings);
    // As `sops` only who hands out what was opened says so.
    if opened.is_ok() && !world.manners.sops_messages {
        tell_unchecked(how, world);
    }
    opened
}

/// The same, and what there is to say of the text is the caller's to tell.
///
/// # Errors
/// As [`open`].
pub fn open_silently<'t>(
    path: &str,
    format: Format,
    text: &'t [u8],
    key: Option<DataKey>,
    how: &OpenHow<'_>,
    world: &World<'_>,
    warnings: &mut Vec<String>,
) -> Result<OpenFile<'t>, Error> {
    let sealed =
        SealedFile::parse(format, text, world.manners).map_err(|source| Error::Sealed { path: path.to_owned(), format, source })?;
    warnings.extend(sealed.warnings());
    world.dialog.detail(&format!("{path}: {} file", format.name()));
    let opened = match key {
        Some(key) => sealed.open_with(key, world.manners, how),
        None => sealed.open(world, how),
    };
    let open = opened.map_err(|source| Error::Open { path: path.to_owned(), source: Box::new(source) })?;
    tell(path, open.unwrapped(), world);
    world.journal.record(Event::Decrypt, path).map_err(Error::Audit)?;
    warnings.extend(open.warnings().iter().cloned());
    Ok(open)
}

/// Which keys were tried, and which one opened.
fn tell(path: &str, groups: &[GroupReport], world: &World<'_>) {
    for (i, group) in groups.iter().enumerate() {
        let place = if groups.len() > 1 { format!("{path}, group {i}") } else { path.to_owned() };
        let named = |key: &Arc<dyn MasterKey>| format!("{} {}", key.kind().name(), key.id());
        world
            .dialog
            .detail(&format!("{place}: keys asked, in this order: {}", group.asked.iter().map(named).collect::<Vec<_>>().join(", ")));
        for (key, why) in &group.tried {
            world.dialog.detail(&format!("{place}: {} did not open it: {why}", named(key)));
        }
        world.dialog.detail(&match &group.by {
            Some(key) => format!("{place}: opened by {}", named(key)),
            None => format!("{place}: not opened"),
        });
        if let Some(key) = &group.by {
            world.dialog.logged(&key.kind().name().to_uppercase(), "Decryption succeeded");
        }
    }
    if !groups.is_empty() {
        world.dialog.logged("SOPS", "Data key recovered successfully");
    }
}

/// Is a text not sealed at all?
pub fn is_not_sealed(error: &Error) -> bool {
    matches!(error, Error::Sealed { source: SealedError::NotSealed(_), .. })
}
