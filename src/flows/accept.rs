//! A sealed file that somebody changed by hand, in an editor or by a merge of texts: what differs from what was sealed, values masked; a question; and
//! the file sealed anew as it stands (docs/sealed-file.md, sections 2 and 3).

use std::cell::Cell;
use std::path::PathBuf;

use super::before::{self, Before, covers, needed};
use super::change::InPlace;
use super::consent::{Asks, Change};
use super::rules::{self, Given};
use super::target::{Done, Input, Types};
use super::trust;
use leafcrypt_formats::one_line;

use crate::config::{Config, Rule};
use crate::error::Error;
use crate::files::WriteError;
use crate::seal::selection::Selection;
use crate::sealed_file::{Differences, MacState, OpenFile, OpenHow, OwnTag, Recipients, SealError, WitnessState, tags_without};
use crate::world::World;

/// An acceptance.
pub struct Accept<'a> {
    /// The file.
    pub path: PathBuf,
    /// As what.
    pub types: Types,
    /// Which configuration.
    pub given: Given,
    /// `-y`
    pub yes: bool,
    /// `--write-through`
    pub write_through: bool,
    /// How to open.
    pub how: OpenHow<'a>,
}

impl Accept<'_> {
    /// Does it.
    ///
    /// # Errors
    /// No key opens the file, one of its tokens does not open, or nobody confirms. It is as it was.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let name = self.path.display().to_string();
        let input = Input::File(self.path.clone());
        let format = self.types.input_of(&input, world.manners);
        let config = rules::load(Some(&self.path), &self.given, world)?;
        let rule = trust::rule_of(&self.path, config.as_ref(), world)?;
        let asked = Cell::new(false);
        let apply = |file: &mut OpenFile<'_>| {
            let Some(differences) = file.differences().filter(|differences| !differences.is_empty()) else { return Ok(false) };
            // Only what was shown is accepted: not what somebody made of it meanwhile.
            if asked.replace(true) {
                return Err(Error::Write { path: name.clone(), source: WriteError::Changed });
            }
            let head = before::find(&self.path, file, &self.how, world);
            for line in self.report(&name, file, differences, &head, rule.as_ref(), config.as_ref(), world)? {
                world.dialog.log(&line);
            }
            let refused = |source| Error::Seal { path: name.clone(), source: Box::new(source) };
            // What nobody can name nobody vouches for.
            if let Some(record) = file.settings().groups.records().find(|record| record.key.id().is_empty()) {
                return Err(refused(SealError::NoRecipient { kind: record.key.kind().name() }));
            }
            if differences.strays.count > 0 {
                return Err(refused(SealError::Strays(differences.strays.clone())));
            }
            let confirmed = self.yes || world.dialog.confirm("Seal it anew as it stands?") == Some(true);
            if !confirmed {
                return Err(Error::NotConfirmed { path: name.clone() });
            }
            file.accepted();
            file.settings_mut().indent = rules::indent(file.format(), &self.given, config.as_ref())?;
            Ok(true)
        };
        let how = self.how.accepting();
        let place = InPlace { path: &self.path, format, how: &how, write_through: self.write_through };
        place.change(&apply, &format!("{name}: nothing differs from what was sealed"), world)
    }

    /// All that a person has to know before saying yes, a line each. Paths, lines, types and names; never a value.
    #[allow(clippy::too_many_arguments)]
    fn report(
        &self,
        name: &str,
        file: &OpenFile<'_>,
        differences: &Differences,
        before: &Before,
        rule: Option<&Rule>,
        config: Option<&Config>,
        world: &World<'_>,
    ) -> Result<Vec<String>, Error> {
        let mut lines = vec![format!("{name}: what differs from what was sealed")];
        let known = if let Before::Opened(head) = before { head.tags.clone() } else { Vec::new() };
        lines.extend(told(differences, known).into_iter().map(|line| format!("  {line}")));
        lines.push(format!("{name}: what is covered, and by whom it can be opened"));
        lines.extend(against_rule(file, rule).into_iter().map(|line| format!("  {line}")));
        match before {
            Before::Nothing => {
                lines.push(format!("{name}: git has no version of it in HEAD to compare with, so which paths differ cannot be told"));
            }
            Before::Closed(why) => lines.push(format!("{name}: not compared with the version in HEAD: {why}")),
            Before::Opened(head) => {
                let changes = head.compare(file, name, world.manners)?;
                lines.push(match changes.len() {
                    0 => format!("{name}: names and values are those of the version in HEAD"),
                    _ => format!("{name}: compared with the version in HEAD (+ added, - removed, ~ changed)"),
                });
                lines.extend(changes.into_iter().map(|line| format!("  {line}")));
                let settings = head.settings(file.settings(), file.format() == leafcrypt_formats::Format::Binary);
                if !settings.is_empty() {
                    lines.push(format!("{name}: what the metadata says otherwise than in HEAD"));
                }
                lines.extend(settings.into_iter().map(|line| format!("  {line}")));
            }
        }
        let groups = &file.settings().groups;
        let old = if let Before::Opened(head) = before { &head.groups } else { groups };
        let diff = old.diff(groups);
        let change = Change { file: name, diff: &diff, vouched: false, yes: self.yes, asks: Asks::Always, config, closed: None };
        lines.extend(change.lines());
        Ok(lines)
    }
}

/// So many tags are named.
const NAMED: usize = 20;

/// What differs, a line each. `known` are the tags that somebody has vouched for.
fn told(differences: &Differences, known: Vec<OwnTag>) -> Vec<String> {
    let Differences { mac, witness, clear, layout, tags, .. } = differences;
    let mut lines = Vec::new();
    lines.extend(match mac {
        MacState::Right => None,
        MacState::Missing => Some("MAC: there is none".to_owned()),
        MacState::Differs => Some("MAC: differs: values were changed, moved, added or removed".to_owned()),
        MacState::Unreadable => Some("MAC: does not open: it, or the date beside it, was changed".to_owned()),
    });
    let witness = match witness {
        WitnessState::Missing => {
            vec!["witness: there is none: nothing tells whether order, names, types, clear values or comments were changed"]
        }
        WitnessState::Broken => vec!["witness: belongs to other content, so it tells nothing of this one"],
        WitnessState::Later => vec!["witness: made by a later version of leafcrypt; it cannot be compared"],
        WitnessState::Read { body, comments, recipients } => {
            let body =
                body.then_some("witness: order, names, types, clear values, the selection rule, the threshold or the version differ");
            let comments = comments.then_some("witness: comments differ");
            let recipients = match recipients {
                Recipients::Right => None,
                Recipients::Unvouched => Some("recipients: nobody vouches for them"),
                Recipients::Differ => Some("recipients: changed since somebody vouched for them"),
            };
            body.into_iter().chain(comments).chain(recipients).collect()
        }
    };
    lines.extend(witness.into_iter().map(str::to_owned));
    lines.extend(clear.values.iter().map(|(path, line)| format!("in clear, to be sealed: {path} (line {line})")));
    match clear.comments {
        0 => {}
        1 => lines.push("in clear, to be sealed: a comment".to_owned()),
        n => lines.push(format!("in clear, to be sealed: {n} comments")),
    }
    let new = tags_without(tags.clone(), known);
    let named = new.iter().take(NAMED);
    lines.extend(named.map(|OwnTag { tag, line }| {
        format!("tag: {} (line {line}), on which other programs may act", one_line(&String::from_utf8_lossy(tag)))
    }));
    if new.len() > NAMED {
        lines.push(format!("and {} more tags", new.len() - NAMED));
    }
    // Whoever changed more changed the text, too.
    if lines.is_empty() && *layout {
        lines.push("layout: blanks, quotes or line breaks were changed; names and values are right".to_owned());
    }
    lines
}

/// The file's own rule and threshold, beside those of its creation rule.
fn against_rule(file: &OpenFile<'_>, rule: Option<&Rule>) -> Vec<String> {
    let settings = file.settings();
    let binary = file.format() == leafcrypt_formats::Format::Binary;
    let mut lines = Vec::new();
    if !settings.unknown.is_empty() {
        let names: Vec<_> = settings.unknown.iter().map(|(name, _)| one_line(name).into_owned()).collect();
        lines.push(format!("metadata fields that nobody knows: {}", names.join(", ")));
    }
    if settings.mac_only_encrypted && rule.is_none_or(|rule| rule.mac_only_encrypted) {
        lines.push("the MAC covers sealed values only: whoever can write the file can change what stands in clear".to_owned());
    }
    let own = settings.rule();
    let Some(rule) = rule else {
        lines.push("there is no creation rule to compare with".to_owned());
        if !binary {
            lines.push(format!("selection rule: {own}"));
        }
        if settings.groups.groups.len() > 1 {
            lines.push(format!("groups that must open: {}", needed(settings.groups.threshold)));
        }
        return lines;
    };
    if !binary {
        let wanted = Selection::in_force(rule.selection.as_ref());
        lines.push(match own == wanted {
            true => format!("selection rule: {own}, as the creation rule has it"),
            false => format!("selection rule: {own}; the creation rule has {wanted}"),
        });
        if settings.mac_only_encrypted != rule.mac_only_encrypted {
            let (own, its) = (covers(settings.mac_only_encrypted), covers(rule.mac_only_encrypted));
            lines.push(format!("the MAC covers {own}; by the creation rule {its}"));
        }
    }
    let wanted = trust::recipients(rule);
    let (own, its) = (settings.groups.threshold, wanted.threshold);
    if own != its {
        lines.push(format!("groups that must open: {}; by the creation rule {}", needed(own), needed(its)));
    }
    lines.push(match settings.groups.same_recipients(&wanted) {
        true => "recipients: those of the creation rule".to_owned(),
        false => "recipients: not those of the creation rule".to_owned(),
    });
    let diff = wanted.diff(&settings.groups);
    for (said, keys) in diff.groups.iter().flat_map(|group| [("only in the file", &group.added), ("only in the rule", &group.removed)]) {
        lines.extend(keys.iter().map(|key| format!("  {said}: {} {}", key.kind().name(), key.id())));
    }
    lines
}
