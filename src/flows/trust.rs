//! What a file's creation rule says when the file is sealed again: whether we may vouch for its recipients (docs/sealed-file.md, section 3), and whether
//! the file's own rule would leave clear what the creation rule covers (docs/threat-model.md, P10).

use std::collections::HashMap;
use std::path::Path;

use leafcrypt_formats::{Document, Format, LeafId};
use zeroize::Zeroizing;

use super::rules::{self, Given};
use super::target::word;
use crate::config::{Config, ConfigError, Rule};
use crate::error::Error;
use crate::keys::{Group, KeyGroups, Record};
use crate::seal::plain_bytes;
use crate::seal::policy::Policy;
use crate::seal::selection::Selection;
use crate::sealed_file::{OpenFile, SealedFile, Settings, Vouched};
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
    let record = |key: &std::sync::Arc<_>| Record { key: std::sync::Arc::clone(key), wrapped: None, created_at: None, unknown: Vec::new() };
    KeyGroups {
        groups: rule.groups.iter().map(|group| Group::new(group.iter().map(record).collect())).collect(),
        threshold: rule.stored_threshold(),
    }
}

/// Does the creation rule cover other values than the file's own?
pub fn differ(file: &Settings, rule: Option<&Rule>) -> bool {
    let chosen = |selection: &Option<Selection>| selection.clone().unwrap_or_else(Selection::default_rule);
    rule.is_some_and(|rule| chosen(&file.selection) != chosen(&rule.selection))
}

/// A value that is about to be written: refused if it would stand in clear though the creation rule covers it. As `sops` only a warning, for SOPS
/// asks no rule there.
///
/// # Errors
/// It would.
fn refuse_clear(
    document: &Document<'_>,
    leaf: LeafId,
    file: &Settings,
    rule: Option<&Rule>,
    name: &str,
    world: &World<'_>,
) -> Result<(), Error> {
    let Some(rule) = rule.filter(|_| document.format() != Format::Binary) else { return Ok(()) };
    let own = file.selection.clone().unwrap_or_else(Selection::default_rule);
    let wanted = rule.selection.clone().unwrap_or_else(Selection::default_rule);
    if own == wanted {
        return Ok(());
    }
    let covers = |selection: &Selection| {
        // Neither can fail: the file was opened under its own rule, and the configuration has compiled the other.
        Policy::new(selection).is_ok_and(|policy| policy.coverage(document).leaves[leaf.0 as usize])
    };
    if covers(&own) || !covers(&wanted) {
        return Ok(());
    }
    let at = document.paths().display(document.leaf(leaf).path);
    refuse_at(at, &own, &wanted, name, world)
}

/// The same for what stands in a sealed file as it is, whatever its MAC says: no key is needed to see it.
///
/// # Errors
/// A value stands in clear that the creation rule covers although the file's own rule does not.
pub fn refuse_left_clear(sealed: &SealedFile<'_>, rule: Option<&Rule>, name: &str, world: &World<'_>) -> Result<(), Error> {
    let Some(rule) = rule else { return Ok(()) };
    let own = sealed.metadata().selection.clone().unwrap_or_else(Selection::default_rule);
    let wanted = rule.selection.clone().unwrap_or_else(Selection::default_rule);
    let failed = |source| Error::Open { path: name.to_owned(), source: Box::new(source) };
    match sealed.left_clear(&wanted).map_err(failed)? {
        Some(at) => refuse_at(at, &own, &wanted, name, world),
        None => Ok(()),
    }
}

fn refuse_at(at: String, own: &Selection, wanted: &Selection, name: &str, world: &World<'_>) -> Result<(), Error> {
    if world.manners.sops_messages {
        world.warn([format!("{name}: {at} is stored in clear by the file's {own}; the creation rule's {wanted} would seal it")]);
        return Ok(());
    }
    Err(Error::WouldBeClear { path: name.to_owned(), at, own: own.to_string(), wanted: wanted.to_string() })
}

/// The same for every value of a text that did not stand there in clear before, by what the metadata said then (`was`).
///
/// # Errors
/// One would.
pub fn refuse_new_clear(
    document: &Document<'_>,
    before: &Document<'_>,
    was: &Settings,
    file: &Settings,
    rule: Option<&Rule>,
    name: &str,
    world: &World<'_>,
) -> Result<(), Error> {
    let Some(rule) = rule.filter(|rule| differ(file, Some(rule))) else { return Ok(()) };
    let own = file.selection.clone().unwrap_or_else(Selection::default_rule);
    let wanted = rule.selection.clone().unwrap_or_else(Selection::default_rule);
    // Neither can fail: see above.
    let was = was.selection.clone().unwrap_or_else(Selection::default_rule);
    let (Ok(own), Ok(wanted), Ok(was)) = (Policy::new(&own), Policy::new(&wanted), Policy::new(&was)) else { return Ok(()) };
    let at = |document: &Document<'_>, i: usize| document.paths().display(document.leaves()[i].path);
    // Of one value at a time, and wiped (P16, R1).
    let bytes = |document: &Document<'_>, i: usize| Zeroizing::new(plain_bytes::of(&document.value(LeafId(i as u32))).into_owned());
    let sealed = was.coverage(before).leaves;
    let mut old: HashMap<String, Vec<usize>> = HashMap::new();
    for i in (0..sealed.len()).filter(|&i| !sealed[i]) {
        old.entry(at(before, i)).or_default().push(i);
    }
    let (covered, would_be) = (own.coverage(document).leaves, wanted.coverage(document).leaves);
    let is_new = |i: usize| {
        let value = bytes(document, i);
        let stood = || old.get(&at(document, i)).is_some_and(|all| all.iter().any(|&old| bytes(before, old) == value));
        !value.is_empty() && !stood()
    };
    let new = (0..covered.len()).find(|&i| !covered[i] && would_be[i] && is_new(i));
    match new {
        Some(i) => refuse_clear(document, LeafId(i as u32), file, Some(rule), name, world),
        None => Ok(()),
    }
}

/// What to say where somebody was removed and the data key stays (P12).
pub fn keeps_the_key(name: &str, world: &World<'_>) -> String {
    format!(
        "{name}: whoever was removed keeps its data key, and can go on reading it; a new one: {} rotate -i {}",
        world.manners.name,
        word(name)
    )
}
