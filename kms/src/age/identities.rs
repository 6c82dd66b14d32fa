//! Where private keys are looked for, in SOPS's order (`docs/sops-keys.md`, 2.1): all of them are gathered, none hides another,
//! and what is broken is told only to the one who holds no key. Each source is read once a run, and not before it is needed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::UnwrapError;
use crate::misplaced::holds_private_key;
use crate::secret::Secret;
use crate::session::Session;

use super::command::{self, Answers};
use super::lines::Lines;
use super::passphrase::{self, Locked};
use super::ssh::{self, SshKey};

/// The longest identity file (SOPS's limit for one with a passphrase).
const LIMIT: usize = 16 * 1024 * 1024 - 1;

/// What this run has found.
#[derive(Default)]
pub(super) struct Keyring {
    ssh: OnceLock<Vec<Source>>,
    ssh_commands: Answers<Source>,
    files: OnceLock<Vec<Source>>,
    default: OnceLock<Source>,
    commands: Answers<Source>,
    /// What failed on the way though nobody may have missed it.
    troubles: Mutex<Vec<UnwrapError>>,
}

/// The file that needs no variable, where there is no folder for it.
pub(super) const NOWHERE: &str = "keys.txt";

/// A row of SOPS's table, and what was there.
pub(super) struct Source {
    /// SOPS's name of the place.
    pub(super) place: String,
    /// The file that a variable named.
    pub(super) path: Option<PathBuf>,
    pub(super) held: Held,
}

/// What a source held.
pub(super) enum Held {
    /// The variable is not set, or the standard file is not there.
    Nothing,
    /// A command that nothing called for.
    Unasked,
    /// A folder where a file of keys should be; to SOPS one without keys.
    Folder,
    /// It could not be read; why, in SOPS's words.
    Unreadable(String),
    /// It was read, and not understood; why.
    Spoilt(String),
    Lines(Lines),
    Locked(Box<Locked>),
    Ssh(Box<SshKey>),
}

impl Keyring {
    /// The sources of native keys that are at hand without starting anything: rows 4, 5 and 7.
    pub(super) fn at_hand(&self, session: &Session) -> impl Iterator<Item = &Source> {
        self.files(session).iter().chain([self.default(session)])
    }

    /// SSH keys in files: rows 1 and 3.
    pub(super) fn ssh(&self, session: &Session) -> impl Iterator<Item = &SshKey> {
        self.ssh_files(session).iter().filter_map(Source::ssh)
    }

    /// The SSH key that a command prints for a recipient: row 2. Started once for each.
    pub(super) fn ssh_command(&self, recipient: &str, session: &Session) -> Arc<Source> {
        let name = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";
        self.ssh_commands.of(recipient, || {
            Source::new(
                name,
                match command::printed(name, recipient, session) {
                    None => Held::Nothing,
                    Some(Err(why)) => Held::Unreadable(why),
                    Some(Ok(text)) => match ssh_key(&text, name) {
                        Held::Ssh(key) if key.locked() => {
                            Held::Spoilt(format!("the SSH key returned by running {name} is password protected, which is unsupported"))
                        }
                        held => held,
                    },
                },
            )
        })
    }

    /// What `SOPS_AGE_KEY_CMD` prints for a recipient: row 6. Started once for each.
    pub(super) fn command(&self, recipient: &str, session: &Session) -> Arc<Source> {
        let name = "SOPS_AGE_KEY_CMD";
        self.commands.of(recipient, || {
            Source::new(
                name,
                match command::printed(name, recipient, session) {
                    None => Held::Nothing,
                    Some(Err(why)) => Held::Unreadable(why),
                    Some(Ok(text)) => keys(&text, name),
                },
            )
        })
    }

    /// All that `SOPS_AGE_KEY_CMD` has printed up to now.
    pub(super) fn commands(&self) -> Vec<Arc<Source>> {
        self.commands.all()
    }

    /// What the two commands have printed for a recipient: SSH's first.
    pub(super) fn printed_for(&self, recipient: &str, session: &Session) -> [Arc<Source>; 2] {
        let idle = |name: &str| {
            let held = session.outside().env(name).map_or(Held::Nothing, |_| Held::Unasked);
            Arc::new(Source::new(name, held))
        };
        [
            self.ssh_commands.known(recipient).unwrap_or_else(|| idle("SOPS_AGE_SSH_PRIVATE_KEY_CMD")),
            self.commands.known(recipient).unwrap_or_else(|| idle("SOPS_AGE_KEY_CMD")),
        ]
    }

    /// Rows 1 and 3.
    pub(super) fn ssh_files(&self, session: &Session) -> &[Source] {
        self.ssh.get_or_init(|| {
            let world = session.outside();
            let mut sources = vec![Source::named("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "failed to open file", session, ssh_key)];
            for file in ["id_ed25519", "id_rsa"] {
                if let Some(home) = world.env("HOME") {
                    let path = Path::new(&home).join(".ssh").join(file);
                    sources.push(Source::new(&path.display().to_string(), read(&path, session, ssh_key)));
                }
            }
            sources
        })
    }

    /// Rows 4 and 5.
    pub(super) fn files(&self, session: &Session) -> &[Source] {
        self.files.get_or_init(|| {
            let (key, file) = ("SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE");
            // Read once, and wiped with the rest.
            let text = session.outside().env(key).map(|text| Secret::new(text.into_encoded_bytes()));
            let lines = |text: &Secret, _: &str| keys(text, file);
            vec![
                Source::new(key, text.map_or(Held::Nothing, |text| keys(&text, key))),
                Source::named(file, "failed to open SOPS_AGE_KEY_FILE file", session, lines),
            ]
        })
    }

    /// Row 7.
    pub(super) fn default(&self, session: &Session) -> &Source {
        self.default.get_or_init(|| match default_place(session) {
            Ok(path) => Source::new(&path.display().to_string(), read(&path, session, keys)),
            Err(why) => Source::new(NOWHERE, Held::Unreadable(format!("user config directory could not be determined: {why}"))),
        })
    }

    /// Notes what failed; a second time is the same.
    pub(super) fn trouble(&self, what: UnwrapError) {
        let mut troubles = self.troubles.lock().expect("no holder panics");
        if !troubles.contains(&what) {
            troubles.push(what);
        }
    }

    /// What failed up to now.
    pub(super) fn troubles(&self) -> Vec<UnwrapError> {
        self.troubles.lock().expect("no holder panics").clone()
    }
}

impl Source {
    fn new(place: &str, held: Held) -> Self {
        Source { place: place.to_owned(), path: None, held }
    }

    /// The file that a variable names; one that is not there is an error.
    fn named(variable: &str, open: &str, session: &Session, meaning: impl FnOnce(&Secret, &str) -> Held) -> Self {
        let path = session.outside().env(variable).map(PathBuf::from);
        // The key itself in place of its file's name. Shown nowhere, so there is no path either (P15).
        if path.as_ref().is_some_and(|path| holds_private_key(&path.to_string_lossy())) {
            let instead = if variable == "SOPS_AGE_KEY_FILE" { "put it into SOPS_AGE_KEY" } else { "write it into a file of mode 0600" };
            let why = format!("{open}: the variable {variable} holds a private key instead of the name of a file; {instead}");
            return Source::new(variable, Held::Unreadable(why));
        }
        let held = path.as_deref().map_or(Held::Nothing, |path| match read(path, session, meaning) {
            Held::Nothing => Held::Unreadable(format!("{open}: open {}: no such file or directory", path.display())),
            held => held,
        });
        Source { path, ..Source::new(variable, held) }
    }

    /// Its lines, also those behind a passphrase that was given already.
    pub(super) fn lines(&self) -> Option<&Lines> {
        match &self.held {
            Held::Lines(lines) => Some(lines),
            Held::Locked(file) => file.lines(),
            _ => None,
        }
    }

    /// The file with a passphrase that it is.
    pub(super) fn locked(&self) -> Option<&Locked> {
        match &self.held {
            Held::Locked(file) => Some(file),
            _ => None,
        }
    }

    /// The SSH key that it is.
    pub(super) fn ssh(&self) -> Option<&SshKey> {
        match &self.held {
            Held::Ssh(key) => Some(key),
            _ => None,
        }
    }
}

/// Where the identity file is that needs no variable, whether it exists or not (row 7 of SOPS's table).
pub fn default_identity_file(session: &Session) -> Option<PathBuf> {
    default_place(session).ok()
}

/// The same, or why there is no such place, in Go's words.
fn default_place(session: &Session) -> Result<PathBuf, &'static str> {
    let world = session.outside();
    let folder = |name: &str| world.env(name).map(PathBuf::from);
    let config = if cfg!(windows) {
        folder("AppData").ok_or("%AppData% is not defined")?
    } else if let Some(config) = folder("XDG_CONFIG_HOME") {
        Some(config).filter(|config| config.is_absolute()).ok_or("path in $XDG_CONFIG_HOME is relative")?
    } else if cfg!(target_os = "macos") {
        folder("HOME").ok_or("$HOME is not defined")?.join("Library/Application Support")
    } else {
        folder("HOME").ok_or("neither $XDG_CONFIG_HOME nor $HOME are defined")?.join(".config")
    };
    Ok(config.join("sops/age/keys.txt"))
}

fn read(path: &Path, session: &Session, meaning: impl FnOnce(&Secret, &str) -> Held) -> Held {
    let shown = path.display();
    // What says "no keys", as everywhere; other devices are not read.
    let text = if path == Path::new("/dev/null") { Ok(Secret::new(Vec::new())) } else { session.outside().read(path, LIMIT) };
    match text {
        Ok(text) => meaning(&text, &shown.to_string()),
        Err(why) => match why.kind() {
            ErrorKind::NotFound => Held::Nothing,
            ErrorKind::IsADirectory => Held::Folder,
            ErrorKind::FileTooLarge => Held::Spoilt(format!("failed to read '{shown}': file too long")),
            ErrorKind::PermissionDenied => Held::Unreadable(format!("failed to open file: open {shown}: permission denied")),
            ErrorKind::InvalidInput => Held::Unreadable(format!("failed to read {shown}: neither a file nor a pipe")),
            kind => Held::Unreadable(format!("failed to read {shown}: {kind}")),
        },
    }
}

fn keys(text: &Secret, place: &str) -> Held {
    if passphrase::is_age_file(text.expose()) {
        return Locked::read(text.expose(), LIMIT, place).map_or_else(Held::Spoilt, |file| Held::Locked(Box::new(file)));
    }
    Held::Lines(Lines::read(text.expose()))
}

fn ssh_key(text: &Secret, place: &str) -> Held {
    match SshKey::read(text, place) {
        Ok(key) => Held::Ssh(Box::new(key)),
        Err(why) if place.starts_with("SOPS_") => Held::Spoilt(ssh::malformed_from(place, &why)),
        Err(why) => Held::Spoilt(ssh::malformed_in(place, &why)),
    }
}
