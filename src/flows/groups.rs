//! One key group added to a file, or taken from it: the same data key, split anew over the groups.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use leafcrypt_kms::{Beside, Kind};

use super::branch::must_exist;
use super::change::change;
use super::consent::{Answer, Asks, Change};
use super::rules::{self, Given};
use super::target::{Done, Input, Output, Types};
use super::trust;
use crate::config;
use crate::error::Error;
use crate::keys::{Group, KeyGroups, Record};
use crate::metadata::rfc3339;
use crate::sealed_file::{OpenFile, OpenHow, Vouched};
use crate::world::World;

/// What happens to the groups.
#[derive(Clone, Debug)]
pub enum What {
    /// A group of these keys, as typed, goes behind the others.
    Add {
        /// By kind; each a comma list.
        keys: Vec<(Kind, String)>,
        /// `--encryption-context`, `--aws-profile`
        beside: Beside,
    },
    /// The group with this number, from 0, goes.
    Delete(usize),
}

/// A change of groups.
pub struct Groups<'a> {
    /// The file.
    pub input: Input,
    /// Where the result goes.
    pub output: Output,
    /// As what.
    pub types: Types,
    /// What happens.
    pub what: What,
    /// `--shamir-secret-sharing-threshold`; 0: not given.
    pub threshold: i64,
    /// Which configuration.
    pub given: Given,
    /// `-y`
    pub yes: bool,
    /// How to open.
    pub how: OpenHow<'a>,
}

impl Groups<'_> {
    /// Does it.
    ///
    /// # Errors
    /// The threshold could not be met, a key is misspelled or cannot wrap, a group would be empty. SOPS writes files then that nobody can open; we never do.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let format = self.types.input_of(&self.input, world.manners);
        let (answer, lost) = (Answer::default(), Cell::new(false));
        let apply = |file: &mut OpenFile<'_>| self.apply(file, &answer, &lost, world);
        let done = change(&self.input, &self.output, format, &self.how, &apply, world);
        let done = done.map_err(|error| match must_exist(error, Path::new(&self.input.name())) {
            // SOPS's 1, where everybody else has 128.
            error if error.is_no_key_opens() => Error::Status(Box::new(error)),
            error => error,
        })?;
        if lost.get() && !world.manners.sops_messages {
            world.warn([trust::keeps_the_key(&self.input.name(), world)]);
        }
        Ok(done)
    }

    fn apply(&self, file: &mut OpenFile<'_>, answer: &Answer, lost: &Cell<bool>, world: &World<'_>) -> Result<bool, Error> {
        let name = self.input.name();
        let path = self.types.name_of(&self.input).unwrap_or_default();
        let config = rules::load(Some(&path), &self.given, world)?;
        let rule = trust::rule_of(&path, config.as_ref(), world)?;
        trust::vouch(file, rule.as_ref());
        let before = file.settings().groups.clone();
        let after = self.changed(before.clone(), world)?;
        let (diff, asks) = match self.what {
            What::Delete(index) => (before.diff_without(index, &after), Asks::IfRemoved),
            // A number that was given was thought of.
            What::Add { .. } if self.threshold != 0 => (before.diff(&after), Asks::IfUnvouched),
            What::Add { .. } => (before.diff(&after), Asks::IfMoreMustOpen),
        };
        let vouched = file.settings().vouched == Vouched::Yes;
        let closed = trust::closed_here(&after, world);
        let change = Change { file: &name, diff: &diff, vouched, yes: self.yes, asks, config: config.as_ref(), closed };
        if !change.confirm_once(answer, world)? {
            return Err(Error::NotConfirmed { path: name });
        }
        lost.set(!diff.lost().is_empty());
        let settings = file.settings_mut();
        settings.groups = after;
        if !world.manners.sops_messages {
            settings.vouched = Vouched::Yes;
        }
        Ok(true)
    }

    fn changed(&self, mut groups: KeyGroups, world: &World<'_>) -> Result<KeyGroups, Error> {
        let name = self.input.name();
        match &self.what {
            What::Add { keys, beside } => {
                let lists: Vec<(Kind, &str)> = keys.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
                let now = rfc3339(world.now());
                let mut records = Vec::new();
                for key in config::flag_keys(&lists, beside)? {
                    let resolved = key.resolve(&world.session).map_err(|why| Error::Resolve { key: key.id().to_owned(), why })?;
                    let key = resolved.unwrap_or_else(|| Arc::clone(&key));
                    let dated = leafcrypt_kms::backend(key.kind()).names().created_at;
                    records.push(Record { key, wrapped: None, created_at: dated.then(|| now.clone()), unknown: Vec::new() });
                }
                if records.is_empty() {
                    return Err(Error::Usage(format!("{name}: a group needs at least one key: --age, --pgp and so on")));
                }
                groups.groups.push(Group::new(records));
                if groups.threshold == 0 && groups.groups.len() > 1 {
                    groups.threshold = 2;
                }
            }
            What::Delete(index) => {
                if *index >= groups.groups.len() {
                    return Err(Error::Usage(format!(
                        "{name}: there is no group {index}; the file has {}, counted from 0",
                        groups.groups.len()
                    )));
                }
                groups.groups.remove(*index);
                if groups.groups.is_empty() {
                    return Err(Error::Usage(format!("{name}: the only key group cannot be deleted: nobody could open the file")));
                }
            }
        }
        if self.threshold != 0 {
            groups.threshold = self.threshold;
        }
        let count = groups.groups.len() as i64;
        if groups.threshold > count && (count > 1 || matches!(self.what, What::Delete(_))) {
            if matches!(self.what, What::Add { .. }) && !world.manners.sops_messages {
                return Err(Error::Usage(format!("{name}: {} groups cannot be asked to open: there are only {count}", groups.threshold)));
            }
            let why = match self.what {
                What::Add { .. } => "the Shamir threshold is",
                What::Delete(_) => "removing this key group will make the Shamir threshold",
            };
            return Err(Error::TooFewGroups(format!(
                "{why} impossible to satisfy: Shamir threshold is {}, but we only have {count} key groups",
                groups.threshold
            )));
        }
        // Every key wraps a share, so all are wrapped anew.
        groups.records_mut().for_each(|record| record.wrapped = None);
        Ok(groups)
    }
}
