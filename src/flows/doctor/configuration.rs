//! `.sops.yaml`: which one, whose, what is wrong in it, and whether this machine can wrap for the keys it names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use leafcrypt_kms::Kind;

use super::variables::misspelled;
use super::{Check, State};
use crate::config::{self, Config, Rule, Search};
use crate::error::Error;
use crate::files;
use crate::flows::disk::{OnDisk, who};
use crate::flows::rules::{self, Given};
use crate::flows::target::word;
use crate::world::World;

/// Kinds of key for which this build has a client.
pub(super) const BUILT: [Kind; 2] = [Kind::Age, Kind::Pgp];

/// How a rule fits a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fits {
    /// By a regex that is found in its path.
    ByName,
    /// As one without a regex fits every file.
    AsEveryFile,
    /// None does.
    Nothing,
}

/// The configurations that were met.
pub(super) struct Configurations<'a> {
    pub given: &'a Given,
    pub hint: &'a dyn Fn(&Error) -> Option<String>,
    /// Told already.
    pub seen: HashSet<PathBuf>,
    /// Faults of configurations, which every folder below them meets again.
    pub faults: HashSet<String>,
    /// Those without a fault, by their paths.
    pub loaded: Vec<Config>,
    /// That of the folder that was asked about last: files come folder by folder.
    pub last: Option<(PathBuf, Option<Config>)>,
}

impl Configurations<'_> {
    /// What is to be said of the configuration for a file, or for the current folder, and was not said yet.
    pub fn around(&mut self, file: Option<&Path>, world: &World<'_>) -> Vec<Check> {
        let mut warnings = Vec::new();
        let loaded = rules::load_silently(file, self.given, world, &mut warnings);
        let folder = config::absolute(&rules::current(world), file.and_then(Path::parent).unwrap_or(Path::new("")));
        let config = match loaded {
            Ok(Some(config)) => config,
            Ok(None) if self.seen.insert(folder.clone()) => {
                let none = Check::new(State::Warn, "configuration", format!("no .sops.yaml for {}", folder.display()));
                let wrong = warnings.into_iter().map(|line| Check::new(State::Warn, "configuration", line).fix("mv .sops.yml .sops.yaml"));
                // As for every other command: perhaps git has one.
                let shown = file.map(|file| file.display().to_string());
                let lost = (self.hint)(&Error::NoConfig { path: shown }).filter(|hint| hint.starts_with("git "));
                return wrong.chain([none.fix(lost.unwrap_or_else(|| init(&folder, world)))]).collect();
            }
            Err(error) if self.faults.insert(error.to_string()) => {
                return vec![Check { fix: (self.hint)(&error), ..Check::new(State::Fail, "configuration", error.to_string()) }];
            }
            _ => return Vec::new(),
        };
        if !self.seen.insert(config.path().to_owned()) {
            return Vec::new();
        }
        warnings.extend(config.doubt.clone());
        let mut checks = self.of(&config, &warnings, world);
        checks.extend(other_for_sops(&config, self.given, world));
        self.loaded.push(config);
        checks
    }

    /// Which rule is for this file?
    pub fn rule(&mut self, file: &Path, world: &World<'_>) -> (Fits, Option<Rule>) {
        let file = config::absolute(&rules::current(world), file);
        let folder = file.parent().unwrap_or(Path::new("/"));
        if self.last.as_ref().is_none_or(|(last, _)| last != folder) {
            // What is wrong with it is told where it is looked at for its own sake.
            self.last = Some((folder.to_owned(), rules::load_silently(Some(&file), self.given, world, &mut Vec::new()).ok().flatten()));
        }
        let Some(config) = self.last.as_ref().and_then(|(_, config)| config.as_ref()) else { return (Fits::Nothing, None) };
        let rule = config.rule_for(&file).ok().flatten();
        match (config.names(&file), rule.is_some()) {
            (true, _) => (Fits::ByName, rule),
            (false, true) => (Fits::AsEveryFile, rule),
            (false, false) => (Fits::Nothing, None),
        }
    }

    fn of(&self, config: &Config, warnings: &[String], world: &World<'_>) -> Vec<Check> {
        let path = config.path().display();
        let check = |state, found: String| Check::new(state, "configuration", found);
        let mut checks = vec![match config.rules() {
            0 => check(State::Warn, format!("{path}: no creation rule")).fix("leafcrypt init"),
            1 => check(State::Ok, format!("{path}: 1 creation rule")),
            n => check(State::Ok, format!("{path}: {n} creation rules")),
        }];
        checks.extend(warnings.iter().map(|line| check(State::Warn, line.clone()).fix(format!("correct {path}"))));
        if let Some((all, behind)) = config.unreached() {
            let lines = behind.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            let found = format!("{path}: no file reaches the rules in line {lines}: the one in line {all} fits every file");
            checks.push(check(State::Warn, found).fix(format!("move the rule in line {all} to the end")));
        }
        let mut kinds = HashSet::new();
        for (line, rule) in config.all_rules() {
            let rule = match rule {
                Ok(rule) => rule,
                Err(error) => {
                    let error = Error::Config(error);
                    checks.push(Check { fix: (self.hint)(&error), ..check(State::Fail, format!("{path} (line {line}): {error}")) });
                    continue;
                }
            };
            checks.extend(
                rule.warnings.iter().map(|what| check(State::Warn, format!("{path} (line {line}): {what}")).fix(format!("correct {path}"))),
            );
            if rule.groups.iter().all(Vec::is_empty) {
                checks.push(
                    check(State::Fail, format!("{path} (line {line}): the rule names no key"))
                        .fix(format!("add a key to the rule in {path}")),
                );
            }
            for group in &rule.groups {
                checks.extend(
                    misspelled(group)
                        .map(|what| check(State::Fail, format!("{path} (line {line}): {what}")).fix(format!("correct {path}"))),
                );
            }
            kinds.extend(rule.groups.iter().flatten().map(|key| key.kind()));
        }
        for kind in Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)) {
            let title = leafcrypt_kms::backend(kind).names().title;
            let gpg = world.env("SOPS_GPG_EXEC").unwrap_or_else(|| "gpg".to_owned());
            if !BUILT.contains(&kind) {
                let found = format!("{path}: rules name {title} keys, which this build reads and keeps, but cannot use");
                checks.push(check(State::Warn, found).fix("seal files of those rules with sops"));
            } else if kind == Kind::Pgp && world.session.outside().program(gpg.as_ref()).is_none() {
                checks.push(check(State::Fail, format!("{path}: rules name OpenPGP keys, and there is no {gpg}")).fix("install GnuPG"));
            }
        }
        checks
    }
}

/// What makes a configuration for a folder: one of the current folder is for all below it, but not for what is in a repository of its own there.
fn init(folder: &Path, world: &World<'_>) -> String {
    let current = rules::current(world);
    let is_root = |folder: &&Path| matches!(files::facts(&folder.join(".git")), Ok(Some(_)));
    let place = match folder.ancestors().take_while(|folder| **folder != current).find(is_root) {
        Some(root) => root,
        None if folder.starts_with(&current) => return "leafcrypt init".to_owned(),
        None => folder,
    };
    format!("leafcrypt init {}", word(&place.strip_prefix(&current).unwrap_or(place).display().to_string()))
}

/// SOPS looks from the current folder, we from the file's: they may find two.
fn other_for_sops(config: &Config, given: &Given, world: &World<'_>) -> Option<Check> {
    if given.config.is_some() || !world.manners.config_near_file {
        return None;
    }
    let (current, outside) = (rules::current(world), world.session.outside());
    let found = config::find(&OnDisk { outside }, Search::FromCurrent { current: &current }, &|| who(outside)).ok()?.found?;
    let theirs = config::absolute(&current, &found.path);
    let ours = config::absolute(&current, config.path());
    // A linked folder leads to the same file by another name.
    let real = |path: &Path| Some((files::real_folder(path.parent()?).ok()?.0, path.file_name()?.to_owned()));
    let is_same = theirs == ours || real(&theirs).is_some_and(|theirs| real(&ours) == Some(theirs));
    (!is_same).then(|| {
        let what = format!("{} is ours; sops, called from here, goes by {}", config.path().display(), theirs.display());
        Check::new(State::Warn, "configuration", what).fix(format!("export SOPS_CONFIG={}", word(&config.path().display().to_string())))
    })
}
