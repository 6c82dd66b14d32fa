//! `--show-master-keys`: the metadata block under the text, as SOPS shows it, and what somebody has changed in it. SOPS drops every change then; here
//! recipients, groups, threshold, selection rule, version and unknown fields become those that were typed. MAC, date, our own field and wrapped keys
//! are ours to make, whatever stands there.

use std::cell::RefCell;
use std::collections::HashSet;

use leafcrypt_formats::Format;
use zeroize::Zeroizing;

use super::Edit;
use super::save::mistyped;
use super::session::Session;
use crate::config::Config;
use crate::error::Error;
use crate::flows::consent::{Asks, Change};
use crate::flows::trust;
use crate::keys::KeyGroups;
use crate::metadata::rfc3339;
use crate::sealed_file::{OpenFile, SealError, SealedError, Settings, Vouched};
use crate::world::World;

/// What became of the metadata of a file.
#[derive(Clone, Copy, Default)]
pub(super) struct Changed {
    /// Something is another than before.
    pub any: bool,
    /// Somebody who could open the file no longer is among its recipients.
    pub removes: bool,
}

/// What somebody has typed.
pub(super) struct Typed {
    /// The text without the block.
    pub plain: Zeroizing<Vec<u8>>,
    /// What the block says; none where none was shown.
    pub settings: Option<Settings>,
    /// What was asked and told of it: once is enough, also where another change of the file is made one with it.
    pub said: RefCell<HashSet<String>>,
}

impl Typed {
    fn new(plain: Zeroizing<Vec<u8>>, settings: Option<Settings>) -> Self {
        Typed { plain, settings, said: RefCell::default() }
    }
}

impl Edit<'_> {
    /// What the editor shows of a file.
    pub(super) fn shown(&self, file: &OpenFile<'_>, world: &World<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        if !self.show_keys {
            return Ok(file.with_own_line_ends(Zeroizing::new(file.plain().to_vec())));
        }
        let shown = file.shown(world.manners);
        let shown = shown.map_err(|source| Error::Seal { path: self.path.display().to_string(), source: Box::new(source) })?;
        Ok(file.with_own_line_ends(shown))
    }

    /// Reads what was typed. A rescued edit may have been shown otherwise than this one.
    pub(super) fn typed(
        &self,
        session: &Session<'_>,
        file: &OpenFile<'_>,
        text: Zeroizing<Vec<u8>>,
        world: &World<'_>,
    ) -> Result<Typed, Error> {
        let (path, format) = (self.path.display().to_string(), file.format());
        let text = file.with_sealed_line_ends(text);
        if !self.show_keys && session.taken.is_none() {
            return Ok(Typed::new(text, None));
        }
        match file.typed(&text, world.manners) {
            Ok((plain, settings)) => Ok(Typed::new(plain, Some(settings))),
            Err(SealedError::NotSealed(_)) if session.taken.is_some() => Ok(Typed::new(text, None)),
            // A binary file's text need not be the JSON that it is shown in.
            Err(SealedError::Syntax(_)) if session.taken.is_some() && format == Format::Binary => Ok(Typed::new(text, None)),
            Err(SealedError::Syntax(source)) => Err(mistyped(&path, format, &text, source)),
            Err(source) => Err(Error::Sealed { path, format, source }),
        }
    }

    /// Gives a file the recipients and the rules that were typed, shown and confirmed as by `groups`.
    ///
    /// # Errors
    /// A group without keys, a threshold that nobody can meet, a key that is none, or nobody confirms recipients for which nobody vouches.
    pub(super) fn set_keys(
        &self,
        file: &mut OpenFile<'_>,
        typed: Option<&Settings>,
        config: Option<&Config>,
        world: &World<'_>,
    ) -> Result<Changed, Error> {
        let Some(typed) = typed else { return Ok(Changed::default()) };
        let name = self.path.display().to_string();
        let before = file.settings().clone();
        let mut groups = typed.groups.clone();
        refuse_useless(&groups, &name)?;
        for record in groups.records_mut().filter(|record| record.wrapped.is_none()) {
            let resolved = record.key.resolve(&world.session).map_err(|why| Error::Resolve { key: record.key.id().to_owned(), why })?;
            record.key = resolved.unwrap_or_else(|| std::sync::Arc::clone(&record.key));
            let dated = leafcrypt_kms::backend(record.key.kind()).names().created_at;
            record.created_at = dated.then(|| rfc3339(world.now()));
        }
        let diff = before.groups.diff(&groups);
        let mut vouched = before.vouched;
        if !diff.is_empty() {
            let is_vouched = vouched == Vouched::Yes;
            let (asks, closed) = (Asks::IfUnvouched, trust::closed_here(&groups, world));
            let change = Change { file: &name, diff: &diff, vouched: is_vouched, yes: false, asks, config, closed };
            if !change.confirm(world)? {
                return Err(Error::NotConfirmed { path: name });
            }
            if !world.manners.sops_messages {
                vouched = Vouched::Yes;
            }
        }
        let now = Settings { groups, vouched, indent: before.indent, descent: before.descent.clone(), ..typed.clone() };
        let changed = Changed { any: !diff.is_empty() || !same_rules(&before, &now), removes: diff.removes() };
        *file.settings_mut() = now;
        Ok(changed)
    }

    /// Once it is written.
    pub(super) fn tell_of(&self, changed: Changed, world: &World<'_>) {
        if changed.removes && !world.manners.sops_messages {
            world.warn([trust::keeps_the_key(&self.path.display().to_string(), world)]);
        }
    }
}

fn same_rules(a: &Settings, b: &Settings) -> bool {
    a.selection == b.selection && a.mac_only_encrypted == b.mac_only_encrypted && a.version == b.version && a.unknown == b.unknown
}

/// What SOPS would write so that nobody can open it.
fn refuse_useless(groups: &KeyGroups, name: &str) -> Result<(), Error> {
    let refused = |why| Error::Seal { path: name.to_owned(), source: Box::new(SealError::Unusable { why }) };
    let count = groups.groups.len() as i64;
    if groups.groups.iter().any(|group| group.records.is_empty()) {
        return Err(refused("a key group has no keys".to_owned()));
    }
    if groups.threshold < 0 || groups.threshold == 1 && count > 1 || groups.threshold > count.max(1) {
        return Err(refused(format!("a Shamir threshold of {} does not fit {count} key groups", groups.threshold)));
    }
    Ok(())
}

/// What was typed into the block of `base`, on a file whose block is another by now.
///
/// # Errors
/// Both have changed one thing: its name.
pub(super) fn merged(base: &Settings, mine: &Settings, theirs: &Settings) -> Result<Settings, String> {
    let mut merged = theirs.clone();
    let same = |a: &KeyGroups, b: &KeyGroups| a.diff(b).is_empty();
    if !same(&mine.groups, &base.groups) && !same(&mine.groups, &theirs.groups) {
        if !same(&theirs.groups, &base.groups) {
            return Err("the recipients".to_owned());
        }
        merged.groups = mine.groups.clone();
        // The data key may be another by now.
        merged.groups.records_mut().for_each(|record| record.wrapped = None);
    }
    one(&mut merged.selection, "the selection rule", &base.selection, &mine.selection)?;
    one(&mut merged.mac_only_encrypted, "mac_only_encrypted", &base.mac_only_encrypted, &mine.mac_only_encrypted)?;
    one(&mut merged.version, "version", &base.version, &mine.version)?;
    one(&mut merged.unknown, "the metadata's unknown fields", &base.unknown, &mine.unknown)?;
    Ok(merged)
}

/// One field of three states; `theirs` becomes the merged one.
fn one<T: Clone + PartialEq>(theirs: &mut T, name: &str, base: &T, mine: &T) -> Result<(), String> {
    if mine == base || mine == theirs {
        return Ok(());
    }
    if theirs != base {
        return Err(name.to_owned());
    }
    mine.clone_into(theirs);
    Ok(())
}
