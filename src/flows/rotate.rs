//! A new data key, new nonces for every value, and perhaps other recipients.

use std::path::Path;
use std::sync::Arc;

use leafcrypt_kms::{Beside, Kind, MasterKey, same_key};

use super::branch::must_exist;
use super::change::change;
use super::consent::{Answer, Asks, Change};
use super::rules::{self, Given};
use super::target::{Done, Input, Output, Types};
use super::trust;
use crate::config;
use crate::error::Error;
use crate::metadata::rfc3339;
use crate::sealed_file::{OpenFile, OpenHow, Vouched};
use crate::world::{Event, World};

/// A rotation.
pub struct Rotate<'a> {
    /// The file.
    pub input: Input,
    /// Where the result goes.
    pub output: Output,
    /// As what.
    pub types: Types,
    /// `--add-KIND`
    pub add: Vec<(Kind, String)>,
    /// `--rm-KIND`
    pub remove: Vec<(Kind, String)>,
    /// `--encryption-context`, `--aws-profile`
    pub beside: Beside,
    /// Which configuration.
    pub given: Given,
    /// `-y`
    pub yes: bool,
    /// How to open.
    pub how: OpenHow<'a>,
}

impl Rotate<'_> {
    /// Does it.
    ///
    /// # Errors
    /// No key opens the file, one of the new ones cannot wrap, or nobody confirms recipients for which nobody vouches. The file is as it was.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let name = self.input.name();
        let format = self.types.of_changed(&self.input, world.manners);
        let (add, remove) = (self.keys(&self.add)?, self.keys(&self.remove)?);
        world.journal.record(Event::Rotate, &name).map_err(Error::Audit)?;
        let answer = Answer::default();
        let apply = |file: &mut OpenFile<'_>| self.apply(file, &add, &remove, &answer, world);
        change(&self.input, &self.output, format, &self.how, &apply, world).map_err(|error| match must_exist(error, Path::new(&name)) {
            Error::NothingToChange { path } if !self.add.is_empty() || !self.remove.is_empty() => Error::NoKeysToChange { path },
            other => other,
        })
    }

    fn keys(&self, lists: &[(Kind, String)]) -> Result<Vec<Arc<dyn MasterKey>>, Error> {
        let lists: Vec<(Kind, &str)> = lists.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        Ok(config::flag_keys(&lists, &self.beside)?)
    }

    fn apply(
        &self,
        file: &mut OpenFile<'_>,
        add: &[Arc<dyn MasterKey>],
        remove: &[Arc<dyn MasterKey>],
        answer: &Answer,
        world: &World<'_>,
    ) -> Result<bool, Error> {
        let name = self.input.name();
        let path = self.types.name_of(&self.input).unwrap_or_default();
        let config = rules::load(Some(&path), &self.given, world)?;
        let rule = trust::rule_of(&path, config.as_ref(), world)?;
        trust::vouch(file, rule.as_ref());
        let before = file.settings().groups.clone();
        let now = rfc3339(world.now());
        let groups = &mut file.settings_mut().groups;
        for (i, key) in add.iter().enumerate() {
            let key = key
                .resolve(&world.session)
                .map_err(|why| Error::Resolve { key: key.id().to_owned(), why })?
                .unwrap_or_else(|| Arc::clone(key));
            let dated = leafcrypt_kms::backend(key.kind()).names().created_at;
            let (key_kind, id) = (key.kind(), key.id().to_owned());
            // SOPS wraps twice for a key that is added twice.
            if !groups.add(key, dated.then(|| now.clone()), world.manners.sops_messages) {
                let twice = add[..i].iter().any(|other| other.kind() == key_kind && same_key(key_kind, other.id(), &id));
                return Err(Error::Usage(format!("{name}: {id} is {}", if twice { "given twice" } else { "a recipient already" })));
            }
        }
        for key in remove {
            if !groups.remove(key.kind(), key.id(), world.manners.sops_messages) && !world.manners.sops_messages {
                world.warn([format!("{name}: {} is no recipient", key.id())]);
            }
        }
        if let Some(group) = groups.groups.iter().position(|group| group.records.is_empty()).filter(|_| !world.manners.sops_messages) {
            return Err(Error::NobodyLeft { path: name, group: (groups.groups.len() > 1).then_some(group) });
        }
        let diff = before.diff(groups);
        let vouched = file.settings().vouched == Vouched::Yes;
        let (asks, closed) = (Asks::IfUnvouched, trust::closed_here(&file.settings().groups, world));
        let change = Change { file: &name, diff: &diff, vouched, yes: self.yes, asks, config: config.as_ref(), closed };
        if !change.confirm_once(answer, world)? {
            return Err(Error::NotConfirmed { path: name });
        }
        if !world.manners.sops_messages || vouched {
            file.settings_mut().vouched = Vouched::Yes;
        }
        file.renew_key(world).map_err(|source| Error::Seal { path: name, source: Box::new(source) })?;
        Ok(true)
    }
}
