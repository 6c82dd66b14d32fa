//! Where private keys are looked for, in SOPS's order (`sops-keys.md`, 2.1): all of them are gathered, and none hides another.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::session::Session;

use super::lines::{Lines, Native};

/// The longest identity file (SOPS's limit for an encrypted one).
const LIMIT: usize = 16 * 1024 * 1024;

/// What this command has found, each source once.
#[derive(Default)]
pub(super) struct Keyring {
    files: OnceLock<Vec<Source>>,
}

/// A row of SOPS's table, and what was there.
pub(super) struct Source {
    /// SOPS's name of the place, as its messages quote it.
    place: String,
    state: State,
}

enum State {
    /// The variable is not set, or the file is not there.
    Absent,
    /// It could not be read; why, in SOPS's words.
    Broken(String),
    Held(Lines),
}

impl Keyring {
    /// The native identities that are at hand without starting or asking anything.
    pub(super) fn natives(&self, session: &Session) -> impl Iterator<Item = &Native> {
        self.lines(session).flat_map(|lines| &lines.natives)
    }

    /// Whether any identity was found.
    pub(super) fn holds_any(&self, session: &Session) -> bool {
        self.lines(session).any(|lines| !lines.is_empty())
    }

    /// Places without a key, and what was wrong with some: for the one who holds no fitting key.
    pub(super) fn report(&self, session: &Session) -> (Vec<String>, Vec<String>) {
        let sources = self.files(session);
        let quoted = |source: &Source| format!("'{}'", source.place);
        let absent = sources.iter().filter(|s| matches!(s.state, State::Absent)).map(quoted);
        let empty =
            sources.iter().filter(|s| matches!(&s.state, State::Held(lines) if lines.is_empty() && lines.faults.is_empty())).map(quoted);
        let places = absent.chain(empty).collect();
        let mut notes = Vec::new();
        for source in sources {
            match &source.state {
                State::Broken(why) => notes.push(why.clone()),
                State::Held(lines) => {
                    notes.extend(lines.faults.iter().map(|why| format!("failed to parse '{}' age identities: {why}", source.place)));
                }
                State::Absent => {}
            }
        }
        (places, notes)
    }

    fn lines(&self, session: &Session) -> impl Iterator<Item = &Lines> {
        self.files(session).iter().filter_map(|source| match &source.state {
            State::Held(lines) => Some(lines),
            _ => None,
        })
    }

    fn files(&self, session: &Session) -> &[Source] {
        self.files.get_or_init(|| {
            let world = session.outside();
            let key = match world.env("SOPS_AGE_KEY") {
                None => State::Absent,
                Some(text) => State::Held(Lines::read(crate::Secret::new(text.into_encoded_bytes()).expose())),
            };
            let key_file = match world.env("SOPS_AGE_KEY_FILE") {
                None => State::Absent,
                Some(path) => match read(Path::new(&path), session) {
                    State::Absent => State::Broken(format!(
                        "failed to open SOPS_AGE_KEY_FILE file: open {}: no such file or directory",
                        Path::new(&path).display()
                    )),
                    state => state,
                },
            };
            let mut sources = vec![
                Source { place: "SOPS_AGE_KEY".to_owned(), state: key },
                Source { place: "SOPS_AGE_KEY_FILE".to_owned(), state: key_file },
            ];
            if let Some(path) = default_identity_file(session) {
                sources.push(Source { state: read(&path, session), place: path.display().to_string() });
            }
            sources
        })
    }
}

/// Where the identity file is that needs no variable, whether it exists or not (row 7 of SOPS's table).
pub fn default_identity_file(session: &Session) -> Option<PathBuf> {
    let world = session.outside();
    let folder = |name: &str| world.env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = if cfg!(windows) {
        folder("AppData")?
    } else if let Some(config) = folder("XDG_CONFIG_HOME") {
        config
    } else if cfg!(target_os = "macos") {
        folder("HOME")?.join("Library/Application Support")
    } else {
        folder("HOME")?.join(".config")
    };
    Some(config.join("sops/age/keys.txt"))
}

fn read(path: &Path, session: &Session) -> State {
    match session.outside().read(path, LIMIT) {
        Ok(text) => State::Held(Lines::read(text.expose())),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => State::Absent,
        Err(why) => State::Broken(format!("failed to read {}: {}", path.display(), why.kind())),
    }
}
