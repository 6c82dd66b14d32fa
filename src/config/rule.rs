//! Which rule fits a path, and what it means (`docs/sops-config.md`, sections 1 and 3).

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use leafcrypt_kms::{BACKENDS, Backend, BadKey, Beside, ConfigKey, Kind, MasterKey, holds_private_key};

use super::file::{CreationRule, KeyGroup};
use super::scalar::Keys;
use super::{Config, ConfigError};
use crate::seal::go_regex::GoRegex;
use crate::seal::selection::{RuleKind, Selection};

/// R8 of the threat model.
const MOST_KEYS: usize = 1000;
const MOST_GROUPS: usize = 255;

/// What a creation rule asks for.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// The keys, as groups. A rule without keys has one empty group: SOPS says so only when it wraps.
    pub groups: Vec<Vec<Arc<dyn MasterKey>>>,
    /// As written; 0: not said. See [`Rule::stored_threshold`].
    pub threshold: i64,
    /// None: nothing said, which reads as the default rule but for binary files.
    pub selection: Option<Selection>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// The line where it begins; 0: it is of no configuration.
    pub line: u64,
    /// What SOPS passes over in silence: bad regexes in later rules, flat keys beside `key_groups`.
    pub warnings: Vec<String>,
    /// Others could have written it: it vouches for nobody.
    pub doubtful: bool,
}

impl Config {
    /// The first rule that fits a file. None: the configuration has no `creation_rules` at all.
    ///
    /// `file` is absolute and clean ([`super::absolute`]); it need not exist.
    ///
    /// # Errors
    /// No rule fits, a regex before it is none, its keys or selectors are wrong. A selector must be a regex under every name of the program (P10).
    pub fn rule_for(&self, file: &Path) -> Result<Option<Rule>, ConfigError> {
        let Some(rules) = &self.file.creation_rules else { return Ok(None) };
        let file = self.without_links(file);
        let path = self.relative(&file);
        let mut found: Option<Rule> = None;
        let mut late = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            let Some(rule) = rule else { continue };
            let line = rule.referenced.line();
            let fits = match rule.value.fields.path_regex.as_deref() {
                None | Some("") => Ok(true),
                Some(pattern) => GoRegex::new(pattern).map(|regex| found.is_none() && regex.is_match(path)),
            };
            match fits {
                Err(_) if found.is_some() => {
                    late.push(format!("{}, line {line}: the path_regex of a later rule is no regex", self.path.display()));
                }
                Err(source) => return Err(ConfigError::BadPathRegex { path: self.path.clone(), line, source }),
                Ok(true) if found.is_none() => {
                    let built = build(&rule.value.fields, &format!("creation_rules[{number}]"));
                    found = Some(Rule { line, ..built.map_err(|source| self.in_rule(line, source))? })
                }
                Ok(_) => {}
            }
        }
        let mut rule = found.ok_or(ConfigError::NoMatchingRule)?;
        rule.warnings.append(&mut late);
        Ok(Some(rule))
    }

    fn in_rule(&self, line: u64, source: ConfigError) -> ConfigError {
        ConfigError::InRule { path: self.path.clone(), line, source: Box::new(source) }
    }

    /// How many creation rules there are.
    pub fn rules(&self) -> usize {
        self.written().count()
    }

    /// All creation rules, whatever file they are for: each with its line, and what is wrong with it if anything is.
    pub fn all_rules(&self) -> Vec<(u64, Result<Rule, ConfigError>)> {
        let build = |line: u64, number: usize, rule: &CreationRule| {
            if let Some(pattern) = rule.path_regex.as_deref() {
                GoRegex::new(pattern).map_err(|source| ConfigError::BadPathRegex { path: self.path.clone(), line, source })?;
            }
            Ok(Rule { line, ..build(rule, &format!("creation_rules[{number}]"))? })
        };
        self.written().map(|(number, line, rule)| (line, build(line, number, rule))).collect()
    }

    /// The lines of rules that no file reaches, with the line of the one that fits every file before them.
    pub fn unreached(&self) -> Option<(u64, Vec<u64>)> {
        let mut rules = self.written();
        let (_, line, _) = rules.find(|(_, _, rule)| rule.path_regex.as_deref().is_none_or(str::is_empty))?;
        let behind: Vec<u64> = rules.map(|(_, line, _)| line).collect();
        (!behind.is_empty()).then_some((line, behind))
    }

    /// Is there a rule that names this file by a regex of its own, as one that fits every file does not?
    pub fn names(&self, file: &Path) -> bool {
        let path = self.relative(file);
        let fits = |pattern: &str| GoRegex::new(pattern).is_ok_and(|regex| regex.is_match(path));
        self.written().filter_map(|(_, _, rule)| rule.path_regex.as_deref().filter(|p| !p.is_empty())).any(fits)
    }

    fn written(&self) -> impl Iterator<Item = (usize, u64, &CreationRule)> {
        let rules = self.file.creation_rules.iter().flatten().enumerate();
        rules.filter_map(|(number, rule)| rule.as_ref().map(|rule| (number, rule.referenced.line(), &rule.value.fields)))
    }

    /// The path that a file has below the folder where the configuration was found, if that was not on the way as it is spelled.
    fn without_links<'p>(&self, file: &'p Path) -> Cow<'p, Path> {
        let inner = self.by_links.as_ref().and_then(|(spelled, real)| Some(real.join(file.strip_prefix(spelled).ok()?)));
        inner.map_or(Cow::Borrowed(file), Cow::Owned)
    }

    /// A path as rules see it: without the prefix of the configuration's folder, if it lies in it; whole if not.
    fn relative<'p>(&self, file: &'p Path) -> &'p [u8] {
        let whole = file.as_os_str().as_encoded_bytes();
        let folder = self.folder.as_os_str().as_encoded_bytes();
        let cut = whole.strip_prefix(folder).and_then(|rest| rest.strip_prefix(std::path::MAIN_SEPARATOR_STR.as_bytes()));
        cut.unwrap_or(whole)
    }
}

impl Rule {
    /// Keys given by flags or variables take the place of all groups, as one group in the order of SOPS's command line.
    /// The rule's selectors, MAC mode and threshold stay. Without keys, nothing changes.
    #[must_use]
    pub fn with_keys(mut self, keys: Vec<Arc<dyn MasterKey>>) -> Self {
        if !keys.is_empty() {
            self.groups = vec![keys];
        }
        self
    }

    /// `--shamir-secret-sharing-threshold`; 0 is not given.
    #[must_use]
    pub fn with_threshold(mut self, threshold: i64) -> Self {
        if threshold != 0 {
            self.threshold = threshold;
        }
        self
    }

    /// Selectors given by flags; an empty one is not given. Each takes the place of the rule's of the same name.
    ///
    /// # Errors
    /// Two different ones, flags and rule taken together (exit 8), or one that is no regex.
    pub fn with_selectors(mut self, flags: &[(RuleKind, &str)]) -> Result<Self, ConfigError> {
        for &(kind, text) in flags.iter().filter(|(_, text)| !text.is_empty()) {
            if self.selection.as_ref().is_some_and(|selection| selection.kind != kind) {
                return Err(ConfigError::FlagConflict);
            }
            self.selection = Some(checked(kind, text)?);
        }
        Ok(self)
    }

    /// The threshold that metadata store: as written, even if it makes no sense with one group; the number of groups if nothing is said and there are several.
    pub fn stored_threshold(&self) -> i64 {
        match (self.threshold, self.groups.len()) {
            (0, groups) if groups > 1 => groups as i64,
            (threshold, _) => threshold,
        }
    }
}

/// Keys from flags and variables, in the order of SOPS's command line. Texts are comma lists; empty ones are not given.
///
/// # Errors
/// SOPS's text for a misspelled key.
pub fn flag_keys(given: &[(Kind, &str)], beside: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, ConfigError> {
    let mut keys = Vec::new();
    for backend in ranked(|backend| backend.names().rank_flags) {
        for (_, text) in given.iter().filter(|(kind, text)| *kind == backend.names().kind && !text.is_empty()) {
            public(text)?;
            keys.extend(backend.from_list(text, beside).map_err(|error| bad(text, error))?);
        }
    }
    Ok(keys)
}

/// A creation rule, or a recreation rule, as it was written.
pub(super) fn build(rule: &CreationRule, place: &str) -> Result<Rule, ConfigError> {
    // Null items are none, and where there is nothing else there are no groups.
    let written: Vec<_> = rule.key_groups.iter().flatten().flatten().collect();
    let mut warnings = Vec::new();
    let groups = if written.is_empty() {
        vec![flat(rule)?]
    } else {
        if !rule.keys.is_empty() {
            warnings.push(format!("{place}: the keys beside key_groups are ignored"));
        }
        written.iter().map(|item| group(&item.fields)).collect::<Result<Vec<_>, _>>()?
    };
    if groups.len() > MOST_GROUPS {
        return Err(ConfigError::Limit { what: "key groups", most: MOST_GROUPS });
    }
    if groups.iter().map(Vec::len).sum::<usize>() > MOST_KEYS {
        return Err(ConfigError::Limit { what: "keys", most: MOST_KEYS });
    }
    Ok(Rule {
        groups,
        threshold: rule.shamir_threshold.unwrap_or_default().0,
        selection: selection(&rule.selectors)?,
        mac_only_encrypted: rule.mac_only_encrypted.unwrap_or_default().0,
        line: 0,
        warnings,
        doubtful: false,
    })
}

fn selection(selectors: &[(RuleKind, String)]) -> Result<Option<Selection>, ConfigError> {
    match selectors {
        [] => Ok(None),
        [(kind, text)] => checked(*kind, text).map(Some),
        _ => Err(ConfigError::TwoSelectors),
    }
}

fn checked(kind: RuleKind, text: &str) -> Result<Selection, ConfigError> {
    if !matches!(kind, RuleKind::UnencryptedSuffix | RuleKind::EncryptedSuffix) {
        GoRegex::new(text).map_err(|source| ConfigError::BadSelector { field: kind.name(), source })?;
    }
    Ok(Selection { kind, text: text.to_owned() })
}

/// The flat fields form one group, in SOPS's order and with doubles.
fn flat(rule: &CreationRule) -> Result<Vec<Arc<dyn MasterKey>>, ConfigError> {
    let beside = Beside { context: Vec::new(), profile: rule.aws_profile.clone().unwrap_or_default() };
    let mut group = Vec::new();
    for backend in ranked(|backend| backend.names().rank_rule) {
        let names = backend.names();
        let wrong = |expected, got| ConfigError::KeyType { kind: names.rule_error, field: names.rule_field, expected, got };
        let list = match rule.keys.get(&names.kind) {
            None => continue,
            Some(Keys::Line(line)) => line.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
            Some(Keys::List(list)) => list.clone(),
            Some(Keys::Wrong(got)) => return Err(wrong("string, []string, or nil", got)),
            Some(Keys::WrongItem(got)) => return Err(wrong("string in list", got)),
        };
        if !list.is_empty() {
            let list = list.join(",");
            public(&list)?;
            group.extend(backend.from_list(&list, &beside).map_err(|error| bad(&list, error))?);
        }
    }
    Ok(group)
}

/// A key group: what it merges first, then its own; of doubles the first stays.
fn group(written: &KeyGroup) -> Result<Vec<Arc<dyn MasterKey>>, ConfigError> {
    let mut keys = Vec::new();
    collect(written, &mut keys)?;
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert((key.kind(), key.id().to_owned())));
    Ok(keys)
}

/// Goes as deep as `merge` does in the text, which the parser limits.
fn collect(written: &KeyGroup, keys: &mut Vec<Arc<dyn MasterKey>>) -> Result<(), ConfigError> {
    if written.null_in_context {
        return Err(ConfigError::BadKey("the context of a kms item of a key group has a null".to_owned()));
    }
    for merged in written.merge.iter().flatten().flatten() {
        collect(&merged.fields, keys)?;
    }
    for backend in ranked(|backend| backend.names().rank_group) {
        for item in written.keys.get(&backend.names().kind).into_iter().flatten() {
            let text = if let ConfigKey::Text(text) = item { text } else { "" };
            public(text)?;
            keys.extend(backend.from_config(item).map_err(|error| bad(text, error))?);
        }
    }
    Ok(())
}

/// A private key in place of a public one, whatever the kind: its text would be the key's name in every message (P15).
fn public(text: &str) -> Result<(), ConfigError> {
    let private = holds_private_key(text);
    if private {
        Err(ConfigError::BadKey("failed to parse input: this is an identity, a secret; a recipient is its public key".to_owned()))
    } else {
        Ok(())
    }
}

fn ranked(rank: impl Fn(&'static dyn Backend) -> u8) -> Vec<&'static dyn Backend> {
    let mut backends = BACKENDS.to_vec();
    backends.sort_by_key(|backend| rank(*backend));
    backends
}

/// How recipients of several kinds begin: two such words between commas are two recipients.
const STARTS: [&str; 4] = ["age1", "arn:", "projects/", "https://"];

fn bad(list: &str, error: BadKey) -> ConfigError {
    let starts = |word: &&str| STARTS.iter().any(|start| word.starts_with(start));
    match list.split(',').any(|item| item.split_whitespace().filter(starts).count() > 1) {
        true => ConfigError::NoComma(error.0),
        false => ConfigError::BadKey(error.0),
    }
}
