//! Files that were named: which are sealed and could be opened, by whose key, and which should be sealed and are not.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use leafcrypt_formats::Format;

use super::configuration::{BUILT, Configurations, Fits};
use super::names::says_secret;
use super::{Check, Doctor, NEW, State};
use crate::config::{self, Config};
use crate::error::Error;
use crate::files;
use crate::flows::many::{self, Named};
use crate::flows::repository::{self, Standing};
use crate::flows::target::{Input, word};
use crate::flows::{complete, decrypt, rules};
use crate::keys::{KeyGroups, NoKeyOpens, Record, Unwrapped};
use crate::sealed_file::{Clear, OpenHow, SealedError, SealedFile, Vouched};
use crate::world::World;

const CONFIGURATION: &str = ".sops.yaml";

/// How every token begins.
const TOKEN: &[u8] = b"ENC[AES256_GCM,data:";

/// Who can read a sealed file: kind and key.
type Keys = HashSet<(leafcrypt_kms::Kind, String)>;

/// What was seen of all files.
#[derive(Default)]
struct Readers {
    /// Who can read any of them.
    are: Keys,
    /// Who could, if each had the recipients of its creation rule.
    wanted: Keys,
}

impl Doctor<'_> {
    /// What is to be said of the files; of their configurations it is said in `checks`.
    pub(super) fn files(&self, configurations: &mut Configurations<'_>, checks: &mut Vec<Check>, world: &World<'_>) -> Vec<Check> {
        let (mut found, mut readers) = (Vec::new(), Readers::default());
        let mut files = Vec::new();
        for path in &self.paths {
            // A project's rules are told of before it has a file that they fit.
            if many::is_folder(path) {
                checks.extend(configurations.around(Some(&path.join(CONFIGURATION)), world));
            }
            // What cannot be read is told, and the rest looked at.
            let named = many::files(std::slice::from_ref(path), true);
            files.extend(named.files);
            found.extend(named.unread.iter().map(|(path, error)| self.of_error(path.clone(), error)));
        }
        let (rules, files): (Vec<Named>, Vec<Named>) =
            files.into_iter().partition(|file| file.path.file_name().is_some_and(|name| name == CONFIGURATION));
        for file in &rules {
            checks.extend(configurations.around(Some(&file.path), world));
        }
        for file in many::in_turn(&files, world) {
            let one = self.file(file, &mut readers, configurations, checks, world);
            found.extend(one);
        }
        found.extend(self.unread(&readers, configurations, world));
        if !readers.are.is_empty() {
            // What is sealed already is for keys that are somewhere else.
            for check in checks.iter_mut().filter(|check| check.fix.as_deref() == Some(NEW)) {
                check.fix =
                    Some("export SOPS_AGE_KEY_FILE=FILE, with the file of your identity: a new one opens nothing that is there".to_owned());
            }
        }
        found
    }

    fn file(
        &self,
        file: &Named,
        readers: &mut Readers,
        configurations: &mut Configurations<'_>,
        checks: &mut Vec<Check>,
        world: &World<'_>,
    ) -> Vec<Check> {
        let input = Input::File(file.path.clone());
        let name = input.name();
        let format = self.types.input_of(&input, world.manners);
        if files::is_left_over(&file.path) {
            let found = "left by a write that was killed: perhaps secrets in clear; the next write into its folder removes it";
            return vec![Check { fix: Some(format!("rm {}", word(&name))), ..Check::new(State::Fail, name, found) }];
        }
        let text = match file.read(format) {
            Ok(text) => text,
            Err(error) => return vec![self.of_error(name, &error)],
        };
        let Some(text) = text else { return self.plain(file, &name, configurations, world).into_iter().collect() };
        let sealed = match SealedFile::parse(format, &text, world.manners) {
            Ok(sealed) => sealed,
            // Marks of a merge spoil the syntax of what is sealed all the same.
            Err(SealedError::Syntax(source)) if text.windows(TOKEN.len()).any(|part| part == TOKEN) => {
                return vec![self.of_error(&*name, &Error::Sealed { path: name.clone(), format, source: source.into() })];
            }
            Err(SealedError::NotSealed(why)) if why.stripped => {
                return vec![self.of_error(&*name, &Error::Sealed { path: name.clone(), format, source: why.into() })];
            }
            Err(SealedError::NotSealed(_) | SealedError::Syntax(_)) => {
                if !file.found {
                    checks.extend(configurations.around(Some(&file.path), world));
                }
                return self.plain(file, &name, configurations, world).into_iter().collect();
            }
            Err(source) => return vec![self.of_error(&*name, &Error::Sealed { path: name.clone(), format, source })],
        };
        checks.extend(configurations.around(Some(&file.path), world));
        readers.are.extend(sealed.metadata().groups.records().map(|record| (record.key.kind(), record.key.id().to_owned())));
        if let (_, Some(rule)) = configurations.rule(&file.path, world) {
            readers.wanted.extend(rule.groups.iter().flatten().map(|key| (key.kind(), key.id().to_owned())));
        }
        let clear = match sealed.in_clear() {
            Ok(clear) => clear,
            Err(source) => return vec![self.of_error(&*name, &Error::Open { path: name.clone(), source: Box::new(source) })],
        };
        let mut found = match clear.values.is_empty() {
            true => vec![self.opened(&name, sealed.format(), &sealed.metadata().groups, &text, world)],
            false => self.in_clear(&name, sealed, &clear, world),
        };
        // `init` has git ignore `.env`, for its plaintext.
        let told = !file.found || says_secret(&file.path);
        if told && repository::standing(&file.path, world) == Some(Standing::Ignored) {
            let ignored = Check::new(State::Warn, &*name, "sealed, but git ignores it: git add passes it over");
            found.push(ignored.fix(format!("git add -f {}", word(&name))));
        }
        found
    }

    /// A sealed file to which somebody has added values. Whether `encrypt -i` takes it is tried where a key is at hand.
    fn in_clear(&self, name: &str, sealed: SealedFile<'_>, clear: &Clear, world: &World<'_>) -> Vec<Check> {
        let clear = complete::named(clear);
        let found = format!("sealed, but its rule covers what stands in clear: {clear}");
        let check = Check::new(State::Fail, name, found).fix(format!("leafcrypt encrypt -i {}", word(name)));
        let groups = sealed.metadata().groups.clone();
        let data_key = match groups.unwrap(self.how.order, &self.quiet) {
            Ok(Unwrapped { data_key, .. }) => data_key,
            Err(report) => return vec![check, self.closed(name, &groups, report, world)],
        };
        let how = OpenHow { require_witness: self.how.require_witness, ..OpenHow::default() };
        match sealed.open_with(data_key, world.manners, &how.completing()) {
            Ok(_) => vec![check],
            Err(source) => vec![self.of_error(name, &Error::Complete { path: name.to_owned(), clear, source: Box::new(source) })],
        }
    }

    /// Opens it with what opens without a question, and forgets what is in it.
    fn opened(&self, name: &str, format: Format, groups: &KeyGroups, text: &[u8], world: &World<'_>) -> Check {
        let Unwrapped { data_key, groups: by } = match groups.unwrap(self.how.order, &self.quiet) {
            Ok(unwrapped) => unwrapped,
            Err(report) => return self.closed(name, groups, report, world),
        };
        let mut warnings = Vec::new();
        let file = match decrypt::open_silently(name, format, text, Some(data_key), &self.how, world, &mut warnings) {
            Ok(file) => file,
            Err(error) => return self.of_error(name, &error),
        };
        let by: Vec<String> =
            by.iter().filter_map(|group| group.by.as_ref()).map(|key| format!("{} {}", key.kind().name(), key.id())).collect();
        let mut found = format!("opens, by {}", by.join(" and "));
        if file.settings().vouched == Vouched::No {
            found.push_str("; nobody vouches for its recipients");
        }
        match &warnings[..] {
            [] => Check::new(State::Ok, name, found),
            warnings => {
                Check::new(State::Warn, name, format!("{found}; {}", warnings.join("; "))).fix(format!("leafcrypt accept {}", word(name)))
            }
        }
    }

    /// What would have to be asked or started is named instead.
    fn closed(&self, name: &str, groups: &KeyGroups, report: NoKeyOpens, world: &World<'_>) -> Check {
        let (mut asks, mut open) = (Vec::new(), 0);
        for (group, report) in groups.groups.iter().zip(&report.groups) {
            let ask = |record: &Record| {
                let (key, wrapped) = (&*record.key, record.wrapped.as_ref()?);
                let what = leafcrypt_kms::backend(key.kind()).unasked(key, wrapped, &world.session)?;
                Some(format!("{} {} {what}", key.kind().name(), key.id()))
            };
            let ways: Vec<String> = if report.opened() { Vec::new() } else { group.records.iter().filter_map(ask).collect() };
            open += usize::from(report.opened() || !ways.is_empty());
            asks.extend(ways);
        }
        if report.combining.is_none() && open >= groups.needed() {
            return Check::new(State::Ok, name, format!("not opened here, for it takes more than a look: {}", asks.join("; ")));
        }
        self.of_error(name, &Error::Open { path: name.to_owned(), source: Box::new(report.into()) })
    }

    /// A file that is not sealed: said if a rule names it, or the user did.
    fn plain(&self, file: &Named, name: &str, configurations: &mut Configurations<'_>, world: &World<'_>) -> Option<Check> {
        let (fits, rule) = configurations.rule(&file.path, world);
        let why = match fits {
            Fits::ByName => Some("not sealed, though a creation rule is for it"),
            Fits::AsEveryFile if says_secret(&file.path) => {
                Some("not sealed, though its name says that it holds secrets, and a creation rule fits it")
            }
            Fits::AsEveryFile | Fits::Nothing => None,
        };
        if let Some(why) = why {
            let fix = match rule.as_ref().map(|rule| rule.groups.iter().flatten().map(|key| key.kind()).collect::<Vec<_>>()) {
                Some(kinds) if kinds.iter().any(|kind| !BUILT.contains(kind)) => {
                    "seal it with sops: its rule names keys that this build cannot use".to_owned()
                }
                Some(kinds) if !kinds.is_empty() => format!("leafcrypt encrypt -i {}", word(name)),
                _ => format!("mend its creation rule; then leafcrypt encrypt -i {}", word(name)),
            };
            let (state, git) = match repository::standing(&file.path, world) {
                Some(Standing::Tracked) => (State::Fail, "; git tracks it, so what stands in it may be in the history"),
                Some(Standing::Free) => (State::Fail, "; git does not ignore it"),
                // A copy that stays on this machine.
                Some(Standing::Ignored) => (State::Warn, "; git ignores it"),
                None => (State::Fail, ""),
            };
            return Some(Check::new(state, name, format!("{why}{git}")).fix(fix));
        }
        let said = match rule {
            Some(rule) => format!("not sealed; encrypt would go by the creation rule in line {}, which fits every file", rule.line),
            None => "not sealed, and no creation rule fits it".to_owned(),
        };
        (!file.found).then(|| Check::new(State::Ok, name, said))
    }

    /// Recipients of rules for whom no file is sealed. Only where all files below a configuration were looked at.
    fn unread(&self, readers: &Readers, configurations: &Configurations<'_>, world: &World<'_>) -> Vec<Check> {
        let current = rules::current(world);
        let folders: Vec<PathBuf> = self.paths.iter().map(|path| config::absolute(&current, path)).collect();
        let whole = |config: &&Config| {
            folders.iter().any(|folder| config::absolute(&current, config.path()).parent().is_some_and(|of| of.starts_with(folder)))
        };
        let mut checks = Vec::new();
        // A new project.
        if readers.are.is_empty() {
            return checks;
        }
        for config in configurations.loaded.iter().filter(whole) {
            let mut told = HashSet::new();
            for (line, rule) in config.all_rules() {
                for key in rule.iter().flat_map(|rule| rule.groups.iter().flatten()) {
                    let who = (key.kind(), key.id().to_owned());
                    if readers.are.contains(&who) || !told.insert(who.clone()) {
                        continue;
                    }
                    let name = config.name_of(key.id()).map(|name| format!(" ({name})")).unwrap_or_default();
                    let path = config.path().display();
                    let found = format!("{path} (line {line}): no file is sealed for {} {}{name}", key.kind().name(), key.id());
                    let folder = config.path().parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
                    // Only where a file is sealed under that rule there is something to bring up to date.
                    let fix = match readers.wanted.contains(&who) {
                        true => format!("leafcrypt updatekeys {}", word(&folder.display().to_string())),
                        false => "none, until a file is sealed under that rule; or take the key out of it".to_owned(),
                    };
                    checks.push(Check::new(State::Warn, "configuration", found).fix(fix));
                }
            }
        }
        checks
    }
}
