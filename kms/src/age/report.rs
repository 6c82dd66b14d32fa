//! What is told to the one who holds no fitting key: where keys were looked for, and what was wrong there. For people, and in SOPS's words.

use crate::error::UnwrapError;
use crate::session::Session;

use super::identities::{Held, Keyring, Source};

/// Every place in the order of SOPS's table, and what it came to; for people.
pub(super) fn looked_in(recipient: &str, session: &Session) -> Vec<String> {
    with_rows(recipient, session, |rows| rows.iter().map(|source| format!("{} ({})", shown(source), state(source))).collect())
}

/// What was wrong with sources, and what failed on the way; for people.
pub(super) fn faults(recipient: &str, session: &Session) -> Vec<String> {
    let mut faults: Vec<String> = with_rows(recipient, session, |rows| {
        rows.iter().filter_map(|source| unusable(source)).chain(rows.iter().flat_map(|source| bad_lines(source))).collect()
    });
    faults.extend(session.memo::<Keyring>().troubles().iter().map(UnwrapError::to_string));
    faults
}

/// A reason in SOPS's words (`docs/sops-keys.md`, 2.1), for one record. There the first hard failure ends the search, so it is the reason.
pub(super) fn in_sops_words(recipient: &str, why: &UnwrapError, session: &Session) -> String {
    let troubles = session.memo::<Keyring>().troubles();
    let why = if matches!(why, UnwrapError::NotHeld { .. }) { troubles.first().unwrap_or(why) } else { why };
    with_rows(recipient, session, |rows| {
        let identities = rows.iter().map(|source| count(source)).sum();
        format!("{}{}{}", headline(why, identities), load_errors(rows), missing(rows))
    })
}

/// Lends the rows of SOPS's table: the SSH key of a variable, of a command, the standard ones; keys of a variable, a file, a command; the default file.
fn with_rows<T>(recipient: &str, session: &Session, tell: impl FnOnce(&[&Source]) -> T) -> T {
    let ring = session.memo::<Keyring>();
    let [ssh_printed, printed] = ring.printed_for(recipient, session);
    let (variable, standard) = ring.ssh_files(session).split_at(1);
    let mut rows: Vec<&Source> = vec![&variable[0], &ssh_printed];
    rows.extend(standard.iter().chain(ring.files(session)));
    rows.extend([&*printed, ring.default(session)]);
    tell(&rows)
}

pub(super) fn shown(source: &Source) -> String {
    source.path.as_ref().map_or_else(|| source.place.clone(), |path| format!("{}={}", source.place, path.display()))
}

fn state(source: &Source) -> String {
    match &source.held {
        Held::Nothing if source.place.contains('/') => "not there".to_owned(),
        Held::Nothing => "not set".to_owned(),
        Held::Unasked => "not asked".to_owned(),
        Held::Folder => "a folder".to_owned(),
        Held::Unreadable(_) | Held::Spoilt(_) => "unusable".to_owned(),
        Held::Locked(file) if file.lines().is_none() => "closed by a passphrase".to_owned(),
        Held::Ssh(_) => "an SSH key".to_owned(),
        Held::Lines(_) | Held::Locked(_) => match source.lines().map_or(0, |lines| lines.len()) {
            0 => "no key in it".to_owned(),
            1 => "1 key".to_owned(),
            keys => format!("{keys} keys"),
        },
    }
}

fn unusable(source: &Source) -> Option<String> {
    match &source.held {
        Held::Unreadable(why) | Held::Spoilt(why) => Some(why.clone()),
        _ => None,
    }
}

/// The first few bad lines of a source, and how many more there are: a file that holds something else has as many as lines.
pub(super) fn bad_lines(source: &Source) -> Vec<String> {
    const TOLD: usize = 3;
    let faults = source.lines().map_or(&[][..], |lines| &lines.faults);
    let failed = format!("failed to parse '{}' age identities", shown(source));
    let mut told: Vec<String> = faults.iter().take(TOLD).map(|(line, why)| format!("{failed}: {why} (line {line})")).collect();
    if faults.len() > TOLD {
        told.push(format!("{failed}: {} more lines are no identities either", faults.len() - TOLD));
    }
    told
}

/// How many identities SOPS would have made of a source.
fn count(source: &Source) -> usize {
    match &source.held {
        Held::Ssh(_) | Held::Locked(_) => 1,
        Held::Lines(lines) => lines.len(),
        _ => 0,
    }
}

fn headline(why: &UnwrapError, identities: usize) -> String {
    let why = match (why, identities) {
        (UnwrapError::NotHeld { .. }, 0) => return "failed to load age identities".to_owned(),
        (UnwrapError::NotHeld { .. }, 1) => {
            "identity did not match any of the recipients: incorrect identity for recipient block".to_owned()
        }
        (UnwrapError::NotHeld { .. }, _) => "no identity matched any of the recipients".to_owned(),
        (UnwrapError::ProgramMissing { name }, _) => {
            let plugin = name.strip_prefix("age-plugin-").unwrap_or(name);
            format!(
                r#"{plugin} plugin: couldn't start plugin: "{plugin}" plugin not found: exec: "{name}": executable file not found in $PATH"#
            )
        }
        (UnwrapError::WrongPassphrase { .. }, _) => "incorrect passphrase".to_owned(),
        (UnwrapError::Denied { why }, _) => why.clone(),
        (UnwrapError::NoTerminal { .. }, _) => {
            "could not read passphrase: standard input is not a terminal, and /dev/tty is not available: \
             open /dev/tty: no such device or address"
                .to_owned()
        }
        (other, _) => other.to_string(),
    };
    format!("failed to create reader for decrypting sops data key with age: {why}")
}

/// SOPS first loads all, then reads all, and stops at the first bad line of a source. A default file that could not even be named is no matter
/// if anything else was there.
fn load_errors(rows: &[&Source]) -> String {
    let nameless = |source: &Source| !source.place.contains('/') && rows.last().is_some_and(|default| std::ptr::eq(*default, source));
    let needless = |source: &Source| nameless(source) && rows.iter().any(|source| opened(source));
    let loading = |source: &Source| (matches!(source.held, Held::Unreadable(_)) || is_ssh(source)) && !needless(source);
    let unreadable = rows.iter().filter(|source| loading(source)).filter_map(|source| unusable(source));
    let spoilt = rows.iter().filter(|source| !is_ssh(source)).filter_map(|source| match &source.held {
        Held::Spoilt(why) => Some(why.clone()),
        _ => {
            let (_, why) = source.lines()?.faults.first()?;
            Some(format!("failed to parse '{}' age identities: {why}", source.place))
        }
    });
    let errors: Vec<_> = unreadable.chain(spoilt).collect();
    if errors.is_empty() { String::new() } else { format!(". Errors while loading age identities: {}", errors.join("; ")) }
}

/// Places without keys: first those that were not there, the default one only if nothing else was; then those with none in them.
fn missing(rows: &[&Source]) -> String {
    let Some((default, before)) = rows.split_last() else { return String::new() };
    let nothing = |source: &&&Source| matches!(source.held, Held::Nothing);
    let mut places: Vec<&str> = before.iter().filter(nothing).map(|source| source.place.as_str()).collect();
    if nothing(&default) && !before.iter().any(|source| opened(source)) {
        places.push(&default.place);
    }
    places.extend(rows.iter().filter(|source| is_empty(source)).map(|source| source.place.as_str()));
    match &places[..] {
        [] => String::new(),
        [one] => format!(". Did not find keys in location '{one}'."),
        [one, two] => format!(". Did not find keys in locations '{one}' and '{two}'."),
        [head @ .., last] => format!(". Did not find keys in locations '{}', and '{last}'.", head.join("', '")),
    }
}

fn is_ssh(source: &Source) -> bool {
    source.place.starts_with("SOPS_AGE_SSH_") || source.place.contains("/.ssh/id_")
}

/// Whether SOPS counts it as something it found.
fn opened(source: &Source) -> bool {
    match &source.held {
        Held::Nothing | Held::Unasked | Held::Unreadable(_) => false,
        Held::Folder | Held::Spoilt(_) => !is_ssh(source),
        Held::Lines(_) | Held::Locked(_) | Held::Ssh(_) => true,
    }
}

fn is_empty(source: &Source) -> bool {
    match &source.held {
        Held::Folder => !is_ssh(source),
        Held::Lines(lines) => lines.len() == 0 && lines.faults.is_empty(),
        _ => false,
    }
}
