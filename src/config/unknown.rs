//! Fields that nobody knows: SOPS passes over them in silence, we name them; but for those at the top that only give others their anchors.

use super::file::{CreationRule, File, KeyGroup};
use super::scalar::Map;

/// The fields of a file that nobody knows, with their places.
pub(super) fn unknown_fields(file: &Map<File>, text: &str) -> Vec<String> {
    let mut names = Names::default();
    let unknown = file.unknown.iter().enumerate();
    let named = unknown.filter(|(i, name)| *name != KEYS && (*i >= MOST_LOOKED_AT || !only_anchors(name, text)));
    names.fields("", named.map(|(_, name)| name));
    if let Some(stores) = &file.fields.stores {
        names.map("stores", stores);
        let formats = [("yaml", &stores.fields.yaml), ("json", &stores.fields.json), ("json_binary", &stores.fields.json_binary)];
        for (format, store) in formats {
            store.iter().for_each(|store| names.map(&format!("stores.{format}"), store));
        }
    }
    for (i, rule) in file.fields.creation_rules.iter().flatten().enumerate() {
        rule.iter().for_each(|rule| names.rule(&format!("creation_rules[{i}]"), &rule.value));
    }
    for (i, rule) in file.fields.destination_rules.iter().flatten().enumerate() {
        let Some(rule) = rule else { continue };
        let place = format!("destination_rules[{i}]");
        names.map(&place, &rule.value);
        rule.value.fields.recreation_rule.iter().for_each(|rule| names.rule(&format!("{place}.recreation_rule"), rule));
    }
    names.warnings()
}

/// So many unknown fields are named; a file full of them is some other file.
const MOST_NAMED: usize = 20;

/// So many are looked at for anchors: each costs a walk over the text.
const MOST_LOOKED_AT: usize = 100;

/// Where sops-nix and others keep the keys that the rules name.
const KEYS: &str = "keys";

/// Is every text below this field at the top anchored, itself or with what it is in? Told by lines, as people write that: what is laid out otherwise is named.
fn only_anchors(name: &str, text: &str) -> bool {
    // Those that we know, misspelled.
    if ["creation", "destination", "store"].iter().any(|known| name.to_ascii_lowercase().starts_with(known)) {
        return false;
    }
    let starts = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let mut lines = text.lines().skip_while(|line| !starts(line));
    let Some(first) = lines.next() else { return false };
    let below = lines.take_while(|line| line.starts_with([' ', '-', '#']) && !line.starts_with("---") || line.trim().is_empty());
    let (mut found, mut anchored) = (false, None);
    for line in std::iter::once(first).chain(below) {
        let (mut content, start) = (line.trim_start(), line.len() - line.trim_start().len());
        let mut indent = start;
        let is_item = content.starts_with("- ");
        // What is below an anchor belongs to it: what stands further in, and the items of a list that stand right below its name.
        let within = anchored.is_some_and(|(at, named)| start > at || start == at && named && is_item);
        if content.is_empty() || content.starts_with('#') || within {
            continue;
        }
        while let Some(item) = content.strip_prefix("- ") {
            indent += content.len() - item.trim_start().len();
            content = item.trim_start();
        }
        let (named, value) = match content.split_once(':') {
            Some((_, value)) if !content.starts_with(['&', '*', '"', '\'']) && (value.is_empty() || value.starts_with(' ')) => {
                (true, value.trim())
            }
            _ => (false, content),
        };
        anchored = None;
        match value.chars().next() {
            // The anchor of a key, and its value has none.
            Some('&') if !named && value.contains(": ") => return false,
            Some('&') => (found, anchored) = (true, Some((if named { indent } else { start }, named))),
            Some('*' | '#') | None => {}
            Some(_) => return false,
        }
    }
    found
}

#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn map<T>(&mut self, place: &str, map: &Map<T>) {
        self.fields(place, map.unknown.iter());
    }

    fn fields<'a>(&mut self, place: &str, unknown: impl Iterator<Item = &'a String>) {
        for name in unknown {
            if self.0.len() > MOST_NAMED {
                return;
            }
            self.0.push(if place.is_empty() { name.clone() } else { format!("{place}.{name}") });
        }
    }

    fn rule(&mut self, place: &str, rule: &Map<CreationRule>) {
        self.map(place, rule);
        for (i, group) in rule.fields.key_groups.iter().flatten().enumerate() {
            group.iter().for_each(|group| self.group(&format!("{place}.key_groups[{i}]"), group));
        }
    }

    fn group(&mut self, place: &str, group: &Map<KeyGroup>) {
        self.map(place, group);
        for (i, merged) in group.fields.merge.iter().flatten().enumerate() {
            merged.iter().for_each(|merged| self.group(&format!("{place}.merge[{i}]"), merged));
        }
    }

    fn warnings(mut self) -> Vec<String> {
        let more = self.0.len() > MOST_NAMED;
        self.0.truncate(MOST_NAMED);
        let mut warnings: Vec<String> = self.0.iter().map(|name| format!("field {name} is not known and is ignored")).collect();
        if more {
            warnings.push("more fields are not known and are ignored".to_owned());
        }
        warnings
    }
}
