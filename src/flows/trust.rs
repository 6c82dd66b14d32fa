//! What a file's creation rule says when the file is sealed again: whether we may vouch for its recipients (docs/sealed-file.md, section 3), and whether
//! the file's own rule would leave clear what the creation rule covers (docs/threat-model.md, P10).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use leafcrypt_kms::MasterKey;

use super::rules::{self, Given};
use super::target::word;
use super::uncovered;
use crate::config::{Config, ConfigError, Rule};
use crate::error::{ByComment, Error};
use crate::keys::{Group, KeyGroups, Record};
use crate::seal::go_regex::BadRegex;
use crate::seal::selection::Selection;
use crate::sealed_file::{OpenFile, SealError, SealedFile, Vouched};
use crate::world::World;

/// The creation rule of a file that is sealed already; none is no error. As `sops` a wrong one is only warned of, for SOPS asks no rule there: what a rule
/// is compared with is then not compared.
///
/// # Errors
/// The rule that fits is wrong.
pub fn rule_of(file: &Path, config: Option<&Config>, world: &World<'_>) -> Result<Option<Rule>, Error> {
    match rules::of_sealed(file, &Given::default(), config, world) {
        Ok(mut rule) => {
            rule.doubtful = config.is_some_and(|config| config.doubt.is_some());
            Ok(Some(rule))
        }
        Err(Error::NoKeys | Error::Config(ConfigError::NoMatchingRule)) => Ok(None),
        Err(error) if !world.manners.stops_at_rules => {
            let shown = file.display().to_string();
            world.warn_of(
                &shown,
                [format!("its creation rule cannot be used, so recipients and clear values are not compared with it: {error}")],
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Vouches for recipients that are those of the creation rule, so many groups of which must open. Otherwise it stays as the file's witness has it. A rule that
/// others could have written vouches for nobody.
pub fn vouch(file: &mut OpenFile<'_>, rule: Option<&Rule>) {
    if rule.is_some_and(|rule| !rule.doubtful && file.settings().groups.same_readers(&recipients(rule))) {
        file.settings_mut().vouched = Vouched::Yes;
    }
}

/// A rule's recipients, to be compared.
pub fn recipients(rule: &Rule) -> KeyGroups {
    KeyGroups { groups: rule.groups.iter().map(|keys| group(keys)).collect(), threshold: rule.stored_threshold() }
}

/// A group of keys under which nothing is hidden yet.
pub fn group(keys: &[Arc<dyn MasterKey>]) -> Group {
    let record = |key: &Arc<dyn MasterKey>| Record { key: Arc::clone(key), wrapped: None, created_at: None, unknown: Vec::new() };
    Group::new(keys.iter().map(record).collect())
}

/// What would come to stand in clear by `set` or `unset`: refused. As `sops` only a warning, for SOPS asks no rule there, and looks at no comment.
///
/// # Errors
/// Something would: a new value that the creation rule covers, whatever was covered, or a new value by comments that nobody vouches for.
pub fn refuse_uncovered(change: &uncovered::Change<'_>, name: &str, world: &World<'_>) -> Result<(), Error> {
    let uncovered = change.uncovers().map_err(|why| no_rule(name, why))?;
    refuse_created(&uncovered, change, name, world)?;
    let own = || change.after.rule.to_string();
    for (at, why) in [(uncovered.was_covered(), ByComment::Covered), (uncovered.in_doubt(), ByComment::InDoubt)] {
        if let Some(at) = at {
            refuse(Error::ClearByComment { path: name.to_owned(), at, own: own(), why }, world)?;
        }
    }
    Ok(())
}

/// The first of the new values that the creation rule covers.
///
/// # Errors
/// There is one.
pub fn refuse_created(
    uncovered: &uncovered::Uncovered,
    change: &uncovered::Change<'_>,
    name: &str,
    world: &World<'_>,
) -> Result<(), Error> {
    match (uncovered.created.first(), change.creation) {
        (Some(at), Some(wanted)) => refuse_at(at.to_owned(), change.after.rule, wanted, name, world),
        _ => Ok(()),
    }
}

/// A rule that does not compile.
pub fn no_rule(name: &str, why: BadRegex) -> Error {
    Error::Seal { path: name.to_owned(), source: Box::new(SealError::from(why)) }
}

/// What stands in clear in a sealed file as it is, whatever its MAC says: no key is needed to see it.
///
/// # Errors
/// A value stands in clear that the creation rule covers although the file's own rule does not.
pub fn refuse_left_clear(sealed: &SealedFile<'_>, rule: Option<&Rule>, name: &str, world: &World<'_>) -> Result<(), Error> {
    let Some(rule) = rule else { return Ok(()) };
    let [own, wanted] = [&sealed.metadata().selection, &rule.selection].map(|said| Selection::in_force(said.as_ref()));
    let failed = |source| Error::Open { path: name.to_owned(), source: Box::new(source) };
    match sealed.left_clear(&wanted).map_err(failed)? {
        Some(at) => refuse_at(at, &own, &wanted, name, world),
        None => Ok(()),
    }
}

fn refuse_at(at: String, own: &Selection, wanted: &Selection, name: &str, world: &World<'_>) -> Result<(), Error> {
    if !world.manners.strict_clear {
        world.warn([format!("{name}: {at} is stored in clear by the file's {own}; the creation rule's {wanted} would seal it")]);
        return Ok(());
    }
    Err(Error::WouldBeClear { path: name.to_owned(), at, own: own.to_string(), wanted: wanted.to_string() })
}

/// As `sops` told, otherwise refused.
fn refuse(error: Error, world: &World<'_>) -> Result<(), Error> {
    if world.manners.strict_clear {
        return Err(error);
    }
    world.warn([error.to_string()]);
    Ok(())
}

/// What to say where whoever seals a file will not open it again. Only what is at hand without a question counts; a pipe (`<(...)`) is left for who opens files.
/// SOPS says nothing.
pub fn closed_here(groups: &KeyGroups, world: &World<'_>) -> Option<&'static str> {
    let is_pipe = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|there| !there.is_file());
    let asks = || !world.manners.sops_messages && !leafcrypt_kms::identity_files(&world.session).iter().any(is_pipe);
    (asks() && groups.stays_closed(&world.session)).then_some("none of the age identities found here opens it")
}

/// What to say where somebody was removed and the data key stays (P12).
pub fn keeps_the_key(name: &str, world: &World<'_>) -> String {
    format!(
        "{name}: whoever was removed keeps its data key, and can go on reading it; a new one: {} rotate -i {}",
        world.manners.name,
        word(name)
    )
}
