//! The recipients of files as their creation rules have them by now: the same data key, wrapped anew; values, MAC and date stay.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::agreed::Agreed;
use super::change::InPlace;
use super::consent::{Asks, Change, Changes};
use super::many::{self, Named};
use super::rules::{self, Given};
use super::target::{Input, Types};
use super::trust;
use super::updated::sum;
pub use super::updated::{Outcome, Updated, Updates, as_json};
use crate::config::{self, ConfigError};
use crate::error::Error;
use crate::files;
use crate::keys::KeyGroups;
use crate::metadata::rfc3339;
use crate::sealed_file::{OpenFile, OpenHow, SealError, SealedFile, Vouched, is_damaged};
use crate::world::World;

/// An update.
pub struct UpdateKeys<'a> {
    /// Files, and folders with sealed files in them.
    pub paths: Vec<PathBuf>,
    /// As what.
    pub types: Types,
    /// Which configuration.
    pub given: Given,
    /// `-y`
    pub yes: bool,
    /// Show it only. Needs no key.
    pub dry_run: bool,
    /// `--write-through`
    pub write_through: bool,
    /// How to open.
    pub how: OpenHow<'a>,
}

impl UpdateKeys<'_> {
    /// Does it, file after file; one that fails does not stop the rest.
    ///
    /// # Errors
    /// There is no file at all.
    pub fn run(&self, world: &World<'_>) -> Result<Updates, Error> {
        let sops = world.manners.sops_messages;
        if sops {
            self.configured(world)?;
        }
        let many::Many { files, unread } = many::files(&self.paths, !sops);
        if self.paths.is_empty() {
            return Err(Error::NoFile);
        }
        let (mut failed, mut all) = (Vec::new(), Vec::new());
        // One alone is asked about once it has opened; what is no file (a pipe) is read once.
        let (agreed, looked) = if sops || files.len() < 2 { (Agreed::default(), Vec::new()) } else { self.look(&files, world) };
        let (mut looked, was_told) = (looked.into_iter(), files.len() > 1 && !sops);
        for file in many::in_turn(&files, world) {
            let shown = config::absolute(&rules::current(world), &file.path).display().to_string();
            // Of what is not there, or a folder, SOPS does not say that it begins.
            let is_none = match sops.then(|| files::facts(&file.path)) {
                Some(Ok(None)) => Some(format!("stat {shown}: no such file or directory")),
                Some(Ok(_)) if many::is_folder(&file.path) => Some("can't operate on a directory".to_owned()),
                _ => None,
            };
            if sops && is_none.is_none() {
                world.dialog.log(&dated(&format!("Syncing keys for file {shown}"), world));
            }
            let (name, mut changes) = (file.path.display(), None);
            let done = match is_none {
                Some(why) => Err(Error::Usage(why)),
                None => match looked.next() {
                    // Others are done with.
                    Some((found, done)) if self.dry_run || !matches!(done, Ok(Some(Outcome::Shown))) => {
                        changes = found;
                        done
                    }
                    _ => self.one(file, &mut changes, How::Does(&agreed), world),
                },
            };
            let (outcome, error) = match done {
                Ok(None) => continue,
                Ok(Some(outcome)) => (outcome, None),
                Err(error) => (Outcome::Failed, Some(error)),
            };
            let said = match outcome {
                Outcome::UpToDate if was_told => None,
                Outcome::UpToDate => Some(UP_TO_DATE),
                Outcome::Synced => Some("synced with new keys"),
                Outcome::Left => Some("left unchanged"),
                Outcome::Shown | Outcome::Failed => None,
            };
            if let Some(said) = said {
                world.dialog.log(&if sops { dated(&format!("File {shown} {said}"), world) } else { format!("{name}: {said}") });
            }
            all.push(Updated { file: name.to_string(), outcome, changes, error: error.as_ref().map(Error::to_string) });
            failed.extend(error);
        }
        let total = files.len() + unread.len();
        for (file, error) in unread {
            all.push(Updated { file, outcome: Outcome::Failed, changes: None, error: Some(error.to_string()) });
            failed.push(error);
        }
        if all.is_empty() && !sops {
            let paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
            world.dialog.log(&format!("no sealed file that a creation rule fits in {}", paths.join(", ")));
        }
        if agreed.is_of_several() {
            world.dialog.log(&sum(&all));
        }
        let error = match (failed.len(), total) {
            (0, _) => None,
            (_, 1) => failed.pop(),
            (n, _) => Some(Error::Several { what: format!("failed updating {n} key(s)"), errors: failed }),
        };
        Ok(Updates { files: all, error })
    }

    /// What is to change in several files, shown and asked about at once; and what becomes of those of which it is known already.
    fn look(&self, files: &[Named], world: &World<'_>) -> (Agreed, Vec<Looked>) {
        let (mut shown, mut looked) = (Vec::new(), Vec::new());
        for file in many::in_turn(files, world) {
            let (mut changes, mut lines) = (None, Vec::new());
            let done = self.one(file, &mut changes, How::Looks(&mut lines), world);
            match done {
                Ok(Some(Outcome::Shown)) => shown.push((file.path.display().to_string(), lines)),
                Ok(Some(Outcome::UpToDate)) => world.dialog.log(&format!("{}: {UP_TO_DATE}", file.path.display())),
                _ => {}
            }
            looked.push((changes, done));
        }
        let agreed = match (self.dry_run, shown.len()) {
            (true, 1..) => Agreed::on(shown, Some(false), world),
            (false, 2..) => Agreed::on(shown, self.yes.then_some(true), world),
            _ => Agreed::default(),
        };
        (agreed, looked)
    }

    /// SOPS looks for a configuration that nobody named before it looks at its arguments, and reads it before it looks at a file.
    fn configured(&self, world: &World<'_>) -> Result<(), Error> {
        let named = self.given.config.is_some();
        if named && self.paths.is_empty() {
            return Ok(());
        }
        match rules::load_silently(None, &self.given, world, &mut Vec::new())? {
            None if !named => Err(Error::NoConfig { path: None }),
            _ => Ok(()),
        }
    }

    /// Of a file that cannot be read: it would be left alone in any case.
    fn has_no_rule(&self, path: &Path, world: &World<'_>) -> bool {
        let config = rules::load_silently(Some(path), &self.given, world, &mut Vec::new());
        let rule = config.and_then(|config| rules::of_sealed(path, &Given::default(), config.as_ref(), world));
        matches!(rule, Err(Error::Config(ConfigError::NoMatchingRule)))
    }

    /// `None`: found in a folder, and not sealed, or without a rule.
    fn one(&self, file: &Named, changes: &mut Option<Changes>, how: How<'_>, world: &World<'_>) -> Result<Option<Outcome>, Error> {
        let Named { path, found } = file;
        let (path, found) = (path.as_path(), *found);
        let input = Input::File(path.to_owned());
        let name = input.name();
        let format = self.types.input_of(&input, world.manners);
        // SOPS's code for a missing file is 1 here.
        let Some(text) = file.read(format).map_err(|error| Error::Status(Box::new(error)))? else { return Ok(None) };
        let sealed = match SealedFile::parse(format, &text, world.manners) {
            Ok(sealed) => sealed,
            Err(source) if found && (!is_damaged(format, &text, &source) || self.has_no_rule(path, world)) => return Ok(None),
            Err(source) => return Err(Error::Sealed { path: name, format, source }),
        };
        let nowhere = || Error::NoConfig { path: (!world.manners.sops_messages).then(|| name.clone()) };
        let config = rules::load(Some(path), &self.given, world)?.ok_or_else(nowhere)?;
        let rule = match rules::for_file(path, &Given::default(), Some(&config), world) {
            // Other files of a folder may have no rule.
            Err(Error::Config(ConfigError::NoMatchingRule)) if found => return Ok(None),
            Err(Error::NoKeys) if world.manners.sops_messages => {
                let path = config.path().display();
                return Err(Error::Usage(format!("The config file {path} does not contain any creation rule")));
            }
            rule => rule?,
        };
        let mut wanted = rules::groups(&rule, world)?;
        wanted.threshold = threshold(&wanted, sealed.metadata().groups.threshold, world);
        let groups = &sealed.metadata().groups;
        let diff = if world.manners.sops_messages { groups.diff(&wanted) } else { groups.diff_by_content(&wanted) };
        *changes = Some(Changes::of(&diff, Some(&config)));
        if diff.is_empty() {
            return Ok(Some(Outcome::UpToDate));
        }
        let (asks, closed) = (Asks::Always, trust::closed_here(&wanted, world));
        let change = Change { file: &name, diff: &diff, vouched: true, yes: self.yes, asks, config: Some(&config), closed };
        let agreed = match how {
            How::Looks(lines) => {
                *lines = change.lines();
                return Ok(Some(Outcome::Shown));
            }
            How::Does(agreed) => agreed.answer(&name, &change.lines()),
        };
        if self.dry_run {
            world.dialog.show(&change.listing());
            return Ok(Some(Outcome::Shown));
        }
        let now = rfc3339(world.now());
        for record in wanted.records_mut() {
            record.created_at = leafcrypt_kms::backend(record.key.kind()).names().created_at.then(|| now.clone());
        }
        let asked: Cell<Option<bool>> = Cell::new(None);
        let apply = |file: &mut OpenFile<'_>| {
            // Only once the file has opened, and once: if it changes meanwhile, its recipients are still those that were shown.
            let answer = match asked.get() {
                Some(answer) => answer,
                None => match agreed {
                    Some(answer) => answer.ok_or_else(|| Error::NotConfirmed { path: name.clone() })?,
                    None => change.confirm(world)?,
                },
            };
            asked.set(Some(answer));
            if answer {
                let mut wanted = wanted.clone();
                wanted.keep_unknown(&file.settings().groups);
                file.settings_mut().groups = wanted;
                file.settings_mut().vouched = Vouched::Yes;
                file.settings_mut().indent = rules::indent(file.format(), &self.given, Some(&config))?;
            }
            Ok(answer)
        };
        let done = InPlace { path, format, how: &self.how, write_through: self.write_through }.change(&apply, "", world);
        done.map_err(|error| not_wrapped(error, world))?;
        if asked.get() != Some(true) {
            return Ok(Some(Outcome::Left));
        }
        if !diff.lost().is_empty() && !world.manners.sops_messages {
            world.warn([trust::keeps_the_key(&name, world)]);
        }
        Ok(Some(Outcome::Synced))
    }
}

/// Said of a file.
const UP_TO_DATE: &str = "already up to date";

/// What was seen of a file, and what becomes of it.
type Looked = (Option<Changes>, Result<Option<Outcome>, Error>);

/// What is done with a file.
enum How<'a> {
    /// Only what would change is wanted.
    Looks(&'a mut Vec<String>),
    /// It is changed, without another question if the answer is known.
    Does(&'a Agreed),
}

/// A line as Go's log has it, in UTC.
fn dated(line: &str, world: &World<'_>) -> String {
    let now = rfc3339(world.now()).replace('-', "/").replace('T', " ");
    format!("{} {line}", now.trim_end_matches('Z'))
}

/// A key that cannot wrap, in SOPS's words for this command.
fn not_wrapped(error: Error, world: &World<'_>) -> Error {
    match error {
        Error::Seal { source, path } if world.manners.sops_messages => match *source {
            SealError::Wrap(why) => Error::Usage(format!("error updating one or more master keys: [{why}]")),
            source => Error::Seal { path, source: Box::new(source) },
        },
        error => error,
    }
}

/// The rule's threshold. As `sops` the file's own, capped at the number of groups.
fn threshold(wanted: &KeyGroups, old: i64, world: &World<'_>) -> i64 {
    if world.manners.sops_messages { old.min(wanted.groups.len() as i64) } else { wanted.threshold }
}
