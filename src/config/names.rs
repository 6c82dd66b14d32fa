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
        let (content, comment) = split(line);
        let named = comment.filter(|comment| !comment.is_empty() && !comment.split(inner_not).any(is_recipient));
        if content.trim().is_empty() {
            // A recipient that was commented out, or nothing, stands above what follows.
            above = named;
            continue;
        }
        if let Some(at) = find(content, id) {
            // A comment beside several keys, or above them, names none of them.
            let name = if comment.is_some() { named } else { above };
            if let Some(name) = name.filter(|_| !content[..at].contains(',') && !content[at + id.len()..].contains(',')) {
                return Some(name);
            }
        }
        above = None;
    }
    None
}

/// A line's content, and its comment: as in YAML it begins the line or stands behind a blank or tab.
fn split(line: &str) -> (&str, Option<&str>) {
    let begins = |at: usize| line[..at].chars().next_back().is_none_or(|before| before == ' ' || before == '\t');
    match line.match_indices('#').map(|(at, _)| at).find(|&at| begins(at)) {
        Some(at) => (&line[..at], Some(line[at + 1..].trim())),
        None => (line, None),
    }
}

/// Does a word of a comment look like somebody's key? Then somebody has taken that one out, and it names nobody.
fn is_recipient(word: &str) -> bool {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    word.starts_with("age1") && word.len() > 20
        || word.starts_with("ssh-ed25519")
        || word.starts_with("ssh-rsa")
        || word.starts_with("arn:")
        || digits.len() >= 16 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

fn inner_not(c: char) -> bool {
    !inner(c)
}

fn inner(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | ':' | '_' | '-' | '.')
}

/// Where a whole word stands: no part of a longer id.
fn find(line: &str, id: &str) -> Option<usize> {
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
        // Taken out, moved and spelled in every way.
        let bob = "age1gde3ncmahlqd9gg50tanl99r960llztrhfapnmx853s4tjum03uqfssgdh";
        let text = format!(
            "- path_regex: x # {bob} is alice # alice\n\
             \x20 age: [{bob}]\n\
             - age:\n\
             \x20 # carol\n\
             \x20 # - {bob} # bob\n\
             \x20 - age1aaa\n\
             \x20 - age1bbb # instead of {bob}\n\
             \x20 - age1ccc\t# dave\n\
             \x20 # key of\n\n\
             \x20 - {bob}   # bob#2\n"
        );
        let check = |id, name| assert_eq!(name_in(&text, id), name, "{id}");
        check(bob, Some("bob#2"));
        check("age1aaa", None);
        check("age1bbb", None);
        check("age1ccc", Some("dave"));
    }
}
