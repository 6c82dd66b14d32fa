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

use std::collections::HashMap;

use super::Config;

impl Config {
    /// The name of a recipient, if a comment gives one. `id` is its string form.
    pub fn name_of(&self, id: &str) -> Option<&str> {
        self.names.get_or_init(|| Names::of(&self.text)).name_of(&self.text, id)
    }
}

/// The names that a text gives, by the words that they may stand beside.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<Box<str>>,
    /// Where a word stands in the text, and which name is its line's.
    words: HashMap<Box<str>, Vec<(usize, usize)>>,
}

impl Names {
    fn of(text: &str) -> Self {
        let (mut names, mut words) = (Vec::new(), HashMap::<Box<str>, Vec<_>>::new());
        let mut above: Option<&str> = None;
        let mut begins = 0;
        for line in text.split_inclusive('\n') {
            let (content, comment) = split(line);
            let named = comment.filter(|comment| !comment.is_empty() && !comment.split(inner_not).any(is_recipient));
            if content.trim().is_empty() {
                // A recipient that was commented out, or nothing, stands above what follows.
                above = named;
            } else {
                let name = if comment.is_some() { named } else { above };
                // A comment beside several keys, or above them, names none of them.
                if let Some(name) = name.filter(|_| !content.contains(',')) {
                    names.push(name.into());
                    let mut at = begins;
                    for piece in content.split_inclusive(inner_not) {
                        let word = piece.trim_end_matches(inner_not);
                        if !word.is_empty() {
                            words.entry(word.into()).or_default().push((at, names.len() - 1));
                        }
                        at += piece.len();
                    }
                }
                above = None;
            }
            begins += line.len();
        }
        Names { names, words }
    }

    /// The first one that stands beside the whole id, which is no part of a longer one.
    fn name_of(&self, text: &str, id: &str) -> Option<&str> {
        let stands = |at: usize| text[at..].strip_prefix(id).is_some_and(|rest| !rest.starts_with(inner));
        let places = self.words.get(id.split(inner_not).next()?)?;
        places.iter().find(|(at, _)| stands(*at)).map(|(_, name)| &*self.names[*name])
    }
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
        let names = Names::of(text);
        let check = |id, name| assert_eq!(names.name_of(text, id), name, "{id}");
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
        let names = Names::of(&text);
        let check = |id, name| assert_eq!(names.name_of(&text, id), name, "{id}");
        check(bob, Some("bob#2"));
        check("age1aaa", None);
        check("age1bbb", None);
        check("age1ccc", Some("dave"));
        // Ids of several words, ends of lines of Windows, and letters of other scripts.
        let text = "- ssh-rsa AA+B= # ann\r\n- ssh-rsa AA+BC= # \u{e9}va\r\n- x\u{e9}age1zzz # none\r\n";
        let names = Names::of(text);
        let check = |id, name| assert_eq!(names.name_of(text, id), name, "{id}");
        check("ssh-rsa AA+B=", Some("ann"));
        check("ssh-rsa AA+BC=", Some("\u{e9}va"));
        check("ssh-rsa AA+", None);
        check("", None);
    }
}
