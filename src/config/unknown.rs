//! Fields that nobody knows: SOPS passes over them in silence, we name them.

use super::file::{CreationRule, File, KeyGroup};
use super::scalar::Map;

/// The fields of a file that nobody knows, with their places.
pub(super) fn unknown_fields(file: &Map<File>) -> Vec<String> {
    let mut names = Names::default();
    names.map("", file);
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

#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn map<T>(&mut self, place: &str, map: &Map<T>) {
        for name in &map.unknown {
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
