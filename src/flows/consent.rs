//! What is shown, and asked, before a data key is wrapped for other recipients than before (docs/threat-model.md, P11 and P12).

use std::cell::RefCell;
use std::sync::Arc;

use leafcrypt_formats::one_line;
use leafcrypt_kms::{MasterKey, without_private_keys};

use super::recipients::Reader;
use super::target::word;
use crate::config::Config;
use crate::error::Error;
use crate::files::WriteError;
use crate::keys::KeyDiff;
use crate::world::World;

/// How the question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Only where nobody has vouched for the recipients as they are.
    IfUnvouched,
    /// There, and where somebody loses access by a number that names nobody (`groups delete`).
    IfRemoved,
    /// There, and where more groups must open than before: whoever opened it alone cannot any more (`groups add`).
    IfMoreMustOpen,
    /// Always, as `updatekeys` does.
    Always,
}

/// A change of recipients that somebody has to know of.
pub struct Change<'a> {
    /// The file, for people.
    pub file: &'a str,
    /// What changes.
    pub diff: &'a KeyDiff,
    /// The recipients as they are were vouched for, or are those of the creation rule.
    pub vouched: bool,
    /// `-y`
    pub yes: bool,
    /// When to ask.
    pub asks: Asks,
    /// Where recipients have names.
    pub config: Option<&'a Config>,
    /// What to say of who changes it, and does not open it again: `trust::closed_here`.
    pub closed: Option<&'static str>,
}

/// What was shown, and what the answer was.
#[derive(Debug, Default)]
pub struct Answer(RefCell<Option<(String, bool)>>);

impl Change<'_> {
    /// Shows the change, and asks where it must. False: the answer was no.
    ///
    /// # Errors
    /// There is nobody to ask, and no `-y`. As `sops` nobody is asked about vouching.
    pub fn confirm(&self, world: &World<'_>) -> Result<bool, Error> {
        let sops = world.manners.sops_messages;
        let always = self.asks == Asks::Always;
        if !self.vouched && !always {
            let rule = match (self.config, self.diff.needed.0) {
                (None, _) => "no .sops.yaml is there to compare them with",
                (_, 1) => "they are not those of its creation rule",
                _ => "its creation rule has others, or another number of groups that must open",
            };
            world.dialog.warn(&format!("{}: nobody vouches for the recipients of this file, and {rule}", self.file));
        }
        if sops && !always {
            return Ok(true);
        }
        if !self.diff.is_empty() || !self.vouched {
            world.dialog.show(&if sops { as_sops(self.diff) } else { self.listing() });
        }
        if !self.wants_answer() {
            return Ok(true);
        }
        let path = || self.file.to_owned();
        match sops {
            true => world.dialog.confirm_as_sops("Is this okay? (y/n):").map_err(|sops| Error::Unanswered { path: path(), sops }),
            false => world.dialog.confirm("Wrap the data key for them?").ok_or_else(|| Error::NotConfirmed { path: path() }),
        }
    }

    fn more_must_open(&self) -> bool {
        self.diff.needed.1 > self.diff.needed.0
    }

    fn wants_answer(&self) -> bool {
        let asks = match self.asks {
            Asks::IfUnvouched => false,
            Asks::IfRemoved => self.diff.removes(),
            Asks::IfMoreMustOpen => self.more_must_open(),
            Asks::Always => true,
        };
        !self.yes && (asks || !self.vouched)
    }

    /// The same, but that a file which changed meanwhile, and is looked at again under its lock, is not asked about again: nobody else can write it then.
    ///
    /// # Errors
    /// As [`Change::confirm`]; or somebody has changed what was asked about.
    pub fn confirm_once(&self, answer: &Answer, world: &World<'_>) -> Result<bool, Error> {
        let shown = self.listing();
        match &*answer.0.borrow() {
            Some((before, yes)) if *before == shown => return Ok(*yes),
            Some(_) => return Err(Error::Write { path: self.file.to_owned(), source: WriteError::Changed }),
            None => {}
        }
        let yes = self.confirm(world)?;
        if self.wants_answer() {
            answer.0.replace(Some((shown, yes)));
        }
        Ok(yes)
    }

    /// What changes, key by key, with names.
    pub fn listing(&self) -> String {
        self.lines().iter().map(|line| format!("{}\n", one_line(&without_private_keys(line)))).collect()
    }

    /// The same, a line each, as they are not yet to be shown: a file and its ids may hold anything.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: recipients", self.file)];
        let name = |key: &Arc<dyn MasterKey>| self.config.and_then(|c| c.name_of(key.id())).map(|n| format!("  ({n})")).unwrap_or_default();
        for (i, group) in self.diff.groups.iter().enumerate() {
            if self.diff.groups.len() > 1 {
                // The number that `groups delete` takes.
                lines.push(format!("  group {i}"));
            }
            for (mark, keys) in [(' ', &group.kept), ('+', &group.added), ('-', &group.removed)] {
                lines.extend(keys.iter().map(|key| format!("  {mark} {} {}{}", key.kind().name(), key.id(), name(key))));
            }
        }
        if self.asks == Asks::IfRemoved && self.diff.removes() {
            let told = [("loses access", self.diff.lost()), ("does not open the file alone any more", self.diff.not_alone())];
            if told.iter().all(|(_, keys)| keys.is_empty()) {
                lines.push("  nobody loses access: all are in another group".to_owned());
            }
            for (what, keys) in told {
                lines.extend(keys.iter().map(|key| format!("  {what}: {} {}{}", key.kind().name(), key.id(), name(key))));
            }
        }
        let (old, new) = self.diff.needed;
        if old != new {
            lines.push(format!("  groups that must open: {old} before, {new} now"));
        } else if old > 1 && !self.vouched {
            lines.push(format!("  groups that must open: {old}"));
        }
        if self.more_must_open() {
            lines.push(format!("  nobody opens the file alone any more, who has keys of fewer than {new} groups"));
        }
        lines.extend(self.closed.map(|closed| format!("  {closed} any more")));
        if self.more_must_open() && self.asks == Asks::IfMoreMustOpen {
            let file = word(self.file);
            lines.push(format!(
                "  a reader who is to open it alone belongs in a group that is there: leafcrypt rotate -i --add-age RECIPIENT {file}"
            ));
        }
        lines
    }
}

/// A change by names, for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// For each group those who stay, who come, and who go.
    groups: Vec<[Vec<Reader>; 3]>,
    /// How many groups must open, before and now, as `recipients` counts it.
    threshold: (usize, usize),
}

impl Changes {
    /// Those of a comparison.
    pub fn of(diff: &KeyDiff, config: Option<&Config>) -> Self {
        let reader = |key: &Arc<dyn MasterKey>| Reader::of(&**key, config);
        let groups =
            diff.groups.iter().map(|group| [&group.kept, &group.added, &group.removed].map(|keys| keys.iter().map(reader).collect()));
        Changes { groups: groups.collect(), threshold: diff.needed }
    }

    /// Recipients as `recipients --json` has them.
    pub fn as_json(&self) -> serde_json::Value {
        let all = |readers: &[Reader]| readers.iter().map(Reader::as_json).collect::<Vec<_>>();
        let group = |[kept, added, removed]: &[Vec<Reader>; 3]| serde_json::json!({ "kept": all(kept), "added": all(added), "removed": all(removed) });
        let groups: Vec<_> = self.groups.iter().map(group).collect();
        serde_json::json!({ "groups": groups, "threshold": { "before": self.threshold.0, "now": self.threshold.1 } })
    }
}

/// SOPS's listing (`docs/sops-config.md`, section 7).
fn as_sops(diff: &KeyDiff) -> String {
    let mut out = String::from("The following changes will be made to the file's groups:\n");
    let (old, new) = diff.threshold;
    if old == new && new > 0 {
        out.push_str(&format!("shamir_threshold: {new}\n"));
    } else {
        if new > 0 {
            out.push_str(&format!("+++ shamir_threshold: {new}\n"));
        }
        if old > 0 {
            out.push_str(&format!("--- shamir_threshold: {old}\n"));
        }
    }
    for (i, group) in diff.groups.iter().enumerate() {
        out.push_str(&format!("Group {}\n", i + 1));
        for (mark, keys) in [("    ", &group.kept), ("+++ ", &group.added), ("--- ", &group.removed)] {
            for key in keys {
                out.push_str(&format!("{mark}{}\n", one_line(&without_private_keys(key.id()))));
            }
        }
    }
    out
}
