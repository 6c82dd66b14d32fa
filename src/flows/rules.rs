//! What the configuration and the command line say about a file: keys, selector, MAC mode, threshold, indentation.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use leafcrypt_formats::Format;
use leafcrypt_kms::{Beside, Kind, MasterKey};

use super::disk::{OnDisk, who};
use super::target::word;
use crate::config::{self, Config, ConfigError, Rule, Search, Stores};
use crate::error::Error;
use crate::files::{self, ReadError};
use crate::keys::WrapFailed;
use crate::keys::{Group, KeyGroups, Record};
use crate::seal::selection::RuleKind;
use crate::sealed_file::SealError;
use crate::world::World;

/// What the command line and its variables say beside the configuration.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `--config`, `SOPS_CONFIG`.
    pub config: Option<PathBuf>,
    /// Key flags and variables: comma lists.
    pub keys: Vec<(Kind, String)>,
    /// Variables that some of these come from, by name.
    pub variables: Vec<&'static str>,
    /// `--encryption-context`, `--aws-profile`.
    pub beside: Beside,
    /// `--shamir-secret-sharing-threshold`.
    pub threshold: i64,
    /// Selector flags.
    pub selectors: Vec<(RuleKind, String)>,
    /// `--mac-only-encrypted`.
    pub mac_only_encrypted: bool,
    /// `--indent`.
    pub indent: Option<i64>,
}

/// The current folder as `PWD` has it, where that is right.
pub fn current(world: &World<'_>) -> PathBuf {
    files::current_folder(world.session.outside().env("PWD").map(PathBuf::from))
}

/// Finds and loads the configuration for a file; `None` is for a text from standard input without a name.
///
/// # Errors
/// It is not YAML, or somebody else could have written it.
pub fn load(file: Option<&Path>, given: &Given, world: &World<'_>) -> Result<Option<Config>, Error> {
    let mut warnings = Vec::new();
    let loaded = load_silently(file, given, world, &mut warnings);
    world.warn(warnings);
    loaded
}

/// The same, for who wants only blanks and names of it: one that somebody else could have written is passed over with a warning, as it is not needed.
///
/// # Errors
/// It is not YAML.
pub fn load_if_trusted(file: Option<&Path>, given: &Given, world: &World<'_>) -> Result<Option<Config>, Error> {
    match load(file, given, world) {
        Err(Error::Config(why @ ConfigError::Untrusted { .. })) => {
            world.warn([why.to_string()]);
            Ok(None)
        }
        loaded => loaded,
    }
}

/// The same, and what there is to say of it is the caller's to tell.
///
/// # Errors
/// As [`load`].
pub fn load_silently(file: Option<&Path>, given: &Given, world: &World<'_>, warnings: &mut Vec<String>) -> Result<Option<Config>, Error> {
    // How scripts say "none", for git's textconv above all.
    if given.config.as_deref() == Some(Path::new("/dev/null")) {
        world.dialog.detail("configuration: none");
        return Ok(None);
    }
    let current = current(world);
    let home = world.session.outside().env("HOME").map(PathBuf::from);
    let near = file.filter(|file| !files::is_descriptor(file)).and_then(Path::parent);
    let near = current.join(near.unwrap_or(Path::new("")));
    let folder = config::absolute(&current, &near);
    let lenient = !world.manners.strict_config_owner;
    let search = match &given.config {
        Some(path) => Search::Named { path, current: &current, lenient },
        None if world.manners.config_near_file => Search::FromFile { folder: &folder, given: &near, home: home.as_deref() },
        None => Search::FromCurrent { current: &current },
    };
    let outside = world.session.outside();
    let findings = config::find(&OnDisk { outside }, search, &|| who(outside))?;
    warnings.extend(findings.warnings);
    let Some(found) = findings.found else {
        world.dialog.detail("configuration: none");
        return Ok(None);
    };
    world.dialog.detail(&format!("configuration: {}", found.shown.display()));
    let text = match &found.file {
        Some(file) => file.read(config::MOST_BYTES),
        None => files::read_within(&found.path, config::MOST_BYTES),
    };
    let text = text.map_err(|error| {
        let why = match error {
            ReadError::TooLarge { .. } => "the file is larger than 1 MiB".to_owned(),
            error => error.to_string(),
        };
        ConfigError::Unreadable(format!("{}: {why}", found.shown.display()))
    })?;
    let config = Config::load(&found, &text)?;
    if world.manners.names_unknown_fields {
        warnings.extend(config.warnings.iter().map(|warning| format!("{}: {warning}", found.shown.display())));
    }
    Ok(Some(config))
}

/// The rule for a file that is about to be sealed: the configuration's, and what was given in its place.
///
/// # Errors
/// No rule fits, also when keys are given; or there are no keys at all.
pub fn for_file(file: &Path, given: &Given, config: Option<&Config>, world: &World<'_>) -> Result<Rule, Error> {
    let rule = of_sealed(file, given, config, world)?;
    if rule.line != 0 {
        // Of the recipients or the selection that are used now (P22).
        world.warn(config.and_then(|config| config.doubt.as_ref()));
    }
    Ok(rule)
}

/// The same for a file that is sealed already: the rule is only compared with it.
///
/// # Errors
/// As [`for_file`].
pub fn of_sealed(file: &Path, given: &Given, config: Option<&Config>, world: &World<'_>) -> Result<Rule, Error> {
    let shown = file.display().to_string();
    let file = config::absolute(&current(world), file);
    // What a sealed one seems to say is an error that nobody would understand.
    if let Some(config) = config.filter(|config| config.is_sealed() && !world.manners.sops_messages) {
        let path = config.path().display().to_string();
        return Err(
            ConfigError::Unreadable(format!("{path}: it is sealed, but read in clear: leafcrypt decrypt -i {}", word(&path))).into()
        );
    }
    let from_config = config.map(|c| c.rule_for(&file)).transpose()?.flatten();
    if let Some(rule) = &from_config {
        world.dialog.detail(&format!("creation rule of {}: the one in line {}", file.display(), rule.line));
    }
    let lists: Vec<(Kind, &str)> = given.keys.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
    let keys = config::flag_keys(&lists, &given.beside).map_err(|source| match &given.variables[..] {
        [] => Error::Config(source),
        // Perhaps nobody has typed it in this call.
        variables if !world.manners.sops_messages => Error::Config(ConfigError::InVariable {
            set: format!("{} {} set", variables.join(" and "), if variables.len() > 1 { "are" } else { "is" }),
            source: Box::new(source),
        }),
        _ => Error::Config(source),
    })?;
    if from_config.is_none() && keys.is_empty() {
        return Err(Error::NoKeys);
    }
    if let Some(rule) = from_config.as_ref().filter(|rule| !given.variables.is_empty() && !same_keys(rule, &keys)) {
        let (names, is) =
            (given.variables.join(" and "), if given.variables.len() > 1 { "are set, and take" } else { "is set, and takes" });
        // A variable may be left over from elsewhere. SOPS says nothing.
        let warns = !world.manners.sops_messages;
        let told = format!("{names} {is} the place of the recipients of its creation rule (line {})", rule.line);
        world.warn_of(&shown, warns.then_some(told));
    }
    let selectors: Vec<(RuleKind, &str)> = given.selectors.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
    let mut rule = from_config.unwrap_or_default().with_keys(keys).with_threshold(given.threshold).with_selectors(&selectors)?;
    rule.mac_only_encrypted |= given.mac_only_encrypted;
    Ok(rule)
}

/// A rule's keys as groups of a file, not wrapped yet.
///
/// # Errors
/// A key that must be asked its service first, and is not answered.
pub fn groups(rule: &Rule, world: &World<'_>) -> Result<KeyGroups, Error> {
    let mut groups = Vec::with_capacity(rule.groups.len());
    for group in &rule.groups {
        let mut records = Vec::with_capacity(group.len());
        for key in group {
            let resolved = key.resolve(&world.session).map_err(|why| Error::Resolve { key: key.id().to_owned(), why })?;
            records.push(Record { key: resolved.unwrap_or_else(|| key.clone()), wrapped: None, created_at: None, unknown: Vec::new() });
        }
        groups.push(Group::new(records));
    }
    Ok(KeyGroups { groups, threshold: rule.stored_threshold() })
}

/// Where the data key cannot be split as the rule wants it: which rule says so. SOPS tells it without.
pub fn of_threshold(error: Error, rule: &Rule, given: &Given, config: Option<&Config>, world: &World<'_>) -> Error {
    let is_split = matches!(&error, Error::NewKey { source: WrapFailed::Shamir(_), .. })
        || matches!(&error, Error::Seal { source, .. } if matches!(**source, SealError::Wrap(WrapFailed::Shamir(_))));
    match config.filter(|_| is_split && rule.line != 0 && given.threshold == 0 && !world.manners.sops_messages) {
        Some(config) => Error::Threshold {
            source: Box::new(error),
            threshold: rule.threshold,
            groups: rule.groups.len(),
            path: config.path().to_owned(),
            line: rule.line,
        },
        None => error,
    }
}

/// Blanks a level for a format: `--indent`, else `stores`.
///
/// # Errors
/// A number that SOPS refuses.
pub fn indent(format: Format, given: &Given, config: Option<&Config>) -> Result<Option<usize>, Error> {
    let stores = given.indent.map(Stores::all).or(config.map(|c| c.stores)).unwrap_or_default();
    Ok(match format {
        Format::Yaml => Some(stores.yaml_indent()?),
        Format::Json => stores.json_indent()?,
        Format::Binary => stores.binary_indent()?,
        Format::Dotenv | Format::Ini | Format::Toml => None,
    })
}

/// Whether a rule has these keys, in one group.
fn same_keys(rule: &Rule, keys: &[Arc<dyn MasterKey>]) -> bool {
    let [group] = &rule.groups[..] else { return false };
    let has =
        |all: &[Arc<dyn MasterKey>], one: &Arc<dyn MasterKey>| all.iter().any(|other| other.kind() == one.kind() && other.id() == one.id());
    group.iter().all(|key| has(keys, key)) && keys.iter().all(|key| has(group, key))
}
