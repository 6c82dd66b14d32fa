//! A project's `.sops.yaml` and `.gitignore`: nothing is overwritten without asking.

use std::path::{Path, PathBuf};

use super::keygen;
use super::rules::{self, Given};
use super::several::{self, Step};
use crate::error::Error;
use crate::files::{self, WriteError};
use crate::world::World;

const NAME: &str = ".sops.yaml";

/// Names of plaintext that should not be committed; one is what a killed `decrypt -i` may leave on a disk that has no files without a name.
const IGNORED: [&str; 5] = ["*.decrypted.*", "*.plain.*", ".env", ".leafcrypt-*.tmp", "keys.txt"];

/// Whose the project's secrets are.
pub enum Reader {
    /// A recipient that was given.
    Recipient(String),
    /// A new identity.
    New(keygen::Plan),
}

/// A configuration with rules that holds for a folder already: a team's, which somebody new joins.
pub struct Joined {
    /// Its path.
    pub path: PathBuf,
    /// The recipients that it names.
    recipients: Vec<String>,
    /// A new identity, where there is none.
    pub identity: Option<Step>,
    /// Who joins.
    pub recipient: String,
}

impl Joined {
    /// Whether the recipient is in it already.
    pub fn is_in(&self) -> bool {
        self.recipients.contains(&self.recipient)
    }
}

/// The configuration that is there for a folder, if it has rules, and what joining it takes. What cannot be read, or is not trusted, is none.
pub fn join(folder: &Path, reader: &Reader, world: &World<'_>) -> Option<Joined> {
    let config = rules::load_silently(Some(&folder.join(NAME)), &Given::default(), world, &mut Vec::new()).ok().flatten()?;
    if config.rules() == 0 {
        return None;
    }
    let (identity, recipient) = match reader {
        Reader::Recipient(recipient) => (None, recipient.clone()),
        Reader::New(plan) => {
            let (step, recipient) = plan.step(world);
            (Some(step), recipient)
        }
    };
    let all = config.all_rules().into_iter().filter_map(|(_, rule)| rule.ok());
    let recipients = all.flat_map(|rule| rule.groups.iter().flatten().map(|key| key.id().to_owned()).collect::<Vec<_>>()).collect();
    Some(Joined { path: config.path().to_owned(), recipients, identity, recipient })
}

/// What `init` would do in a folder: a new identity first, if there is to be one.
///
/// # Errors
/// A file that is there cannot be read, or is a link; or the recipient is no line.
pub fn plan(folder: &Path, reader: &Reader, world: &World<'_>) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let recipient = match reader {
        Reader::Recipient(recipient) => recipient.clone(),
        Reader::New(plan) => {
            let (step, recipient) = plan.step(world);
            steps.push(step);
            recipient
        }
    };
    if recipient.contains(char::is_control) {
        return Err(Error::Usage("a recipient is one line, without control characters in its comment".to_owned()));
    }
    let path = folder.join(NAME);
    let old = what_is_there(&path)?;
    let new = rules(&recipient).into_bytes();
    if old.as_deref() != Some(&new) {
        steps.push(step(path, old, new, true));
    }
    let path = folder.join(".gitignore");
    let old = what_is_there(&path)?;
    let new = ignore(old.as_deref().unwrap_or_default());
    if old.as_deref() != Some(&new) {
        // Lines are only added, so nothing of the user's is lost.
        steps.push(step(path, old, new, false));
    }
    Ok(steps)
}

fn step(path: std::path::PathBuf, old: Option<Vec<u8>>, new: Vec<u8>, asks: bool) -> Step {
    Step { path, asks: asks && old.is_some(), old: old.map(Into::into), new: new.into(), secret: false }
}

/// What is no regular file is not replaced: behind a link stands perhaps what other projects use, too.
fn what_is_there(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match files::is_link(path) {
        true => Err(Error::Write { path: path.display().to_string(), source: WriteError::NotRegular }),
        false => several::what_is_there(path),
    }
}

/// Takes from a new configuration what the umask gave to others: who can write it chooses who reads the project's secrets, so such a one is not used (P22).
///
/// # Errors
/// Its mode cannot be changed.
pub fn for_its_owner(step: &Step) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |mode: u32| std::fs::set_permissions(&step.path, std::fs::Permissions::from_mode(mode & 0o7755));
    let done = match files::facts(&step.path) {
        Ok(Some(facts)) if step.old.is_none() && facts.mode & 0o022 != 0 && step.path.ends_with(NAME) => mode(facts.mode),
        // All is written by now: a mode that cannot be seen is told by the next command.
        _ => Ok(()),
    };
    done.map_err(|why| Error::Usage(format!("{}: {}", step.path.display(), why.kind())))
}

/// A scalar of YAML: in quotes where a comment of an SSH key holds what YAML would take for its own.
fn scalar(text: &str) -> String {
    let plain =
        text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'+' | b'/' | b'=' | b'-' | b'.' | b'_' | b'@' | b','));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

fn rules(recipient: &str) -> String {
    let recipient = scalar(recipient);
    format!(
        "# Who can read this project's secrets. The first rule that fits a file's path is used when it is sealed.\n\
         # After a change here: leafcrypt updatekeys FILE\n\
         creation_rules:\n  \
         - age: {recipient}\n"
    )
}

fn ignore(old: &[u8]) -> Vec<u8> {
    let has = |name: &str| old.split(|&b| b == b'\n').any(|line| line.trim_ascii() == name.as_bytes());
    let missing: Vec<&str> = IGNORED.into_iter().filter(|name| !has(name)).collect();
    let mut new = old.to_vec();
    if missing.is_empty() {
        return new;
    }
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.push(b'\n');
    }
    new.extend_from_slice(b"# plaintext that must not be committed (leafcrypt init)\n");
    for name in missing {
        new.extend_from_slice(name.as_bytes());
        new.push(b'\n');
    }
    new
}
