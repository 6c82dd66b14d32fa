//! Names of recipients: the comment beside a key in `.sops.yaml`, or else alone on the line above it.
//!
//! ```yaml
//! - age: >-
//!     age1aaa,   # not here: this is text of the block
//! - age:
//!     - age1aaa  # alice
//!     # bob
//!     - age1bbb
//! ```

use super::Config;

impl Config {
    /// The name of a recipient, if a comment gives one. `id` is its string form.
    pub fn name_of(&self, id: &str) -> Option<&str> {
        name_in(&self.text, id)
    }
}

fn name_in<'t>(text: &'t str, id: &str) -> Option<&'t str> {
    let mut above: Option<&str> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            above = Some(comment.trim());
            continue;
        }
        if let Some(at) = find(line, id) {
            let behind = &line[at + id.len()..];
            let beside = behind.find(" #").map(|i| behind[i + 2..].trim());
            // A comment beside several keys, or above them, names none of them.
            let alone = !line[..at].contains(',') && !behind[..behind.find(" #").unwrap_or(behind.len())].contains(',');
            return beside.or(above).filter(|name| alone && !name.is_empty());
        }
        above = None;
    }
    None
}

/// Where a whole word stands: no part of a longer id.
fn find(line: &str, id: &str) -> Option<usize> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | ':' | '_' | '-' | '.');
    line.match_indices(id).map(|(at, _)| at).find(|&at| {
        let (before, after) = (line[..at].chars().next_back(), line[at + id.len()..].chars().next());
        !before.is_some_and(inner) && !after.is_some_and(inner)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_or_above() {
        let text = "# the team\n\
                    creation_rules:\n\
                    \x20 - age:\n\
                    \x20     - age1aaa  # alice\n\
                    \x20     # bob\n\
                    \x20     - age1bbb\n\
                    \x20     - age1ccc\n\
                    # - age1ddd # gone\n\
                    \x20   pgp: AA,BB # both\n\
                    \x20   kms: arn:aws:kms:eu:1:key/x # prod\n";
        let check = |id, name| assert_eq!(name_in(text, id), name, "{id}");
        check("age1aaa", Some("alice"));
        check("age1bbb", Some("bob"));
        check("age1ccc", None);
        check("age1ddd", None);
        check("age1aa", None);
        check("AA", None);
        check("BB", None);
        check("arn:aws:kms:eu:1:key/x", Some("prod"));
    }
}
