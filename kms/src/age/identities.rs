//! Where private keys are looked for, in SOPS's order (`sops-keys.md`, 2.1): all of them are gathered, none hides another,
//! and what is broken is told only to the one who holds no key. Each source is read once a run, and not before it is needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::outside::Command;
use crate::secret::Secret;
use crate::session::Session;

use super::lines::Lines;
use super::passphrase::{self, Locked};
use super::ssh::SshKey;
use super::words;

/// The longest identity file (SOPS's limit for one with a passphrase).
const LIMIT: usize = 16 * 1024 * 1024;
/// How long a command that prints keys may take; a person may have to touch something.
const PATIENCE: Duration = Duration::from_secs(120);

/// What this run has found.
#[derive(Default)]
pub(super) struct Keyring {
    ssh: OnceLock<Vec<Source>>,
    ssh_command: OnceLock<Source>,
    files: OnceLock<Vec<Source>>,
    default: OnceLock<Source>,
    /// What `SOPS_AGE_KEY_CMD` printed, by the recipient it was asked for.
    commands: Mutex<Vec<(String, Arc<Source>)>>,
}

/// A row of SOPS's table, and what was there.
pub(super) struct Source {
    /// SOPS's name of the place.
    place: String,
    pub(super) held: Held,
}

/// What a source held.
pub(super) enum Held {
    /// The variable is not set, or the file is not there.
    Nothing,
    /// It could not be read; why, in SOPS's words.
    Broken(String),
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

    /// The SSH key that a command prints: row 2.
    pub(super) fn ssh_command(&self, session: &Session) -> Option<&SshKey> {
        self.ssh_command
            .get_or_init(|| {
                let name = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";
                let held = match printed(name, None, session) {
                    None => Held::Nothing,
                    Some(Err(why)) => Held::Broken(why),
                    Some(Ok(text)) => match ssh_key(&text, name) {
                        Held::Ssh(key) if key.locked() => Held::Broken(format!("{name} printed a key with a passphrase")),
                        held => held,
                    },
                };
                Source { place: name.to_owned(), held }
            })
            .ssh()
    }

    /// What `SOPS_AGE_KEY_CMD` prints for a recipient: row 6. Started once for each.
    pub(super) fn command(&self, recipient: &str, session: &Session) -> Arc<Source> {
        // Held while the command runs, so that nobody starts it a second time for the same recipient.
        let mut commands = self.commands.lock().expect("no holder panics");
        if let Some((_, source)) = commands.iter().find(|(known, _)| known == recipient) {
            return Arc::clone(source);
        }
        let held = match printed("SOPS_AGE_KEY_CMD", Some(recipient), session) {
            None => Held::Nothing,
            Some(Err(why)) => Held::Broken(why),
            Some(Ok(text)) => keys(&text, "SOPS_AGE_KEY_CMD"),
        };
        let source = Arc::new(Source { place: "SOPS_AGE_KEY_CMD".to_owned(), held });
        commands.push((recipient.to_owned(), Arc::clone(&source)));
        source
    }

    /// All that `SOPS_AGE_KEY_CMD` has printed up to now.
    pub(super) fn commands(&self) -> Vec<Arc<Source>> {
        self.commands.lock().expect("no holder panics").iter().map(|(_, source)| Arc::clone(source)).collect()
    }

    /// Whether any identity was found. Starts nothing and asks nobody.
    pub(super) fn holds_any(&self, session: &Session) -> bool {
        let commands = self.commands();
        let known = self
            .ssh_files(session)
            .iter()
            .chain(self.ssh_command.get())
            .chain(self.at_hand(session))
            .chain(commands.iter().map(|source| &**source));
        known.into_iter().any(Source::holds_key)
    }

    /// For the one who holds no fitting key: places without a key as SOPS lists them, and what was wrong with some.
    pub(super) fn report(&self, session: &Session) -> (Vec<String>, Vec<String>) {
        let commands = self.commands();
        let nothing = Source { place: "SOPS_AGE_KEY_CMD".to_owned(), held: Held::Nothing };
        let command =
            commands.first().map(|source| &**source).or_else(|| session.outside().env("SOPS_AGE_KEY_CMD").is_none().then_some(&nothing));
        let ssh_nothing = Source { place: "SOPS_AGE_SSH_PRIVATE_KEY_CMD".to_owned(), held: Held::Nothing };
        let ssh_command =
            self.ssh_command.get().or_else(|| session.outside().env("SOPS_AGE_SSH_PRIVATE_KEY_CMD").is_none().then_some(&ssh_nothing));
        let ssh = self.ssh_files(session);
        let (variable, standard) = ssh.split_at(ssh.len().min(1));
        let before: Vec<_> = variable.iter().chain(ssh_command).chain(standard).chain(self.files(session)).chain(command).collect();
        let default = self.default(session);

        let mut places: Vec<_> =
            before.iter().filter(|source| matches!(source.held, Held::Nothing)).map(|source| source.place.clone()).collect();
        if matches!(default.held, Held::Nothing) && !before.iter().any(|source| source.holds_key()) {
            places.push(default.place.clone());
        }
        let rows = || before.iter().copied().chain([default]);
        places.extend(
            rows()
                .filter(|source| matches!(&source.held, Held::Lines(lines) if lines.is_empty() && lines.faults.is_empty()))
                .map(|source| source.place.clone()),
        );
        (places, rows().flat_map(Source::faults).collect())
    }

    fn ssh_files(&self, session: &Session) -> &[Source] {
        self.ssh.get_or_init(|| {
            let world = session.outside();
            let name = "SOPS_AGE_SSH_PRIVATE_KEY_FILE";
            let held = world.env(name).map_or(Held::Nothing, |path| match read(Path::new(&path), session, ssh_key) {
                Held::Nothing => {
                    Held::Broken(format!("failed to open file: open {}: no such file or directory", Path::new(&path).display()))
                }
                held => held,
            });
            let mut sources = vec![Source { place: name.to_owned(), held }];
            for file in ["id_ed25519", "id_rsa"] {
                if let Some(home) = world.env("HOME") {
                    let path = Path::new(&home).join(".ssh").join(file);
                    sources.push(Source { held: read(&path, session, ssh_key), place: path.display().to_string() });
                }
            }
            sources
        })
    }

    fn files(&self, session: &Session) -> &[Source] {
        self.files.get_or_init(|| {
            let world = session.outside();
            let key = world.env("SOPS_AGE_KEY").map_or(Held::Nothing, |text| keys(&Secret::new(text.into_encoded_bytes()), "SOPS_AGE_KEY"));
            let file = world.env("SOPS_AGE_KEY_FILE").map_or(Held::Nothing, |path| {
                match read(Path::new(&path), session, |text, _| keys(text, "SOPS_AGE_KEY_FILE")) {
                    Held::Nothing => Held::Broken(format!(
                        "failed to open SOPS_AGE_KEY_FILE file: open {}: no such file or directory",
                        Path::new(&path).display()
                    )),
                    held => held,
                }
            });
            vec![Source { place: "SOPS_AGE_KEY".to_owned(), held: key }, Source { place: "SOPS_AGE_KEY_FILE".to_owned(), held: file }]
        })
    }

    fn default(&self, session: &Session) -> &Source {
        self.default.get_or_init(|| match default_identity_file(session) {
            Some(path) => Source { held: read(&path, session, keys), place: path.display().to_string() },
            None => Source { place: "keys.txt".to_owned(), held: Held::Broken("user config directory could not be determined".to_owned()) },
        })
    }
}

impl Source {
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

    fn ssh(&self) -> Option<&SshKey> {
        match &self.held {
            Held::Ssh(key) => Some(key),
            _ => None,
        }
    }

    fn holds_key(&self) -> bool {
        match &self.held {
            Held::Nothing | Held::Broken(_) => false,
            Held::Lines(lines) => !lines.is_empty(),
            Held::Locked(_) | Held::Ssh(_) => true,
        }
    }

    fn faults(&self) -> Vec<String> {
        match &self.held {
            Held::Broken(why) => vec![why.clone()],
            _ => {
                let faults = self.lines().map_or(&[][..], |lines| &lines.faults);
                faults.iter().map(|why| format!("failed to parse '{}' age identities: {why}", self.place)).collect()
            }
        }
    }
}

/// Where the identity file is that needs no variable, whether it exists or not (row 7 of SOPS's table).
pub fn default_identity_file(session: &Session) -> Option<PathBuf> {
    let world = session.outside();
    let folder = |name: &str| world.env(name).map(PathBuf::from);
    let config = if cfg!(windows) {
        folder("AppData")?
    } else if let Some(config) = folder("XDG_CONFIG_HOME") {
        Some(config).filter(|config| config.is_absolute())?
    } else if cfg!(target_os = "macos") {
        folder("HOME")?.join("Library/Application Support")
    } else {
        folder("HOME")?.join(".config")
    };
    Some(config.join("sops/age/keys.txt"))
}

fn read(path: &Path, session: &Session, meaning: impl FnOnce(&Secret, &str) -> Held) -> Held {
    match session.outside().read(path, LIMIT) {
        Ok(text) => meaning(&text, &path.display().to_string()),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Held::Nothing,
        Err(why) => Held::Broken(format!("failed to read {}: {}", path.display(), why.kind())),
    }
}

fn keys(text: &Secret, place: &str) -> Held {
    if passphrase::is_age_file(text.expose()) {
        return Locked::read(text.expose(), LIMIT, place).map_or_else(Held::Broken, |file| Held::Locked(Box::new(file)));
    }
    Held::Lines(Lines::read(text.expose()))
}

fn ssh_key(text: &Secret, place: &str) -> Held {
    SshKey::read(text, place).map_or_else(Held::Broken, |key| Held::Ssh(Box::new(key)))
}

/// What the command in a variable prints; none if the variable is not set.
fn printed(name: &str, recipient: Option<&str>, session: &Session) -> Option<Result<Secret, String>> {
    let text = session.outside().env(name)?;
    // The command's text is not repeated: people put tokens into arguments.
    let failed = |why: &str| format!("failed to execute command from {name}: {why}");
    let Some(text) = text.to_str() else { return Some(Err(failed("it is not UTF-8"))) };
    let mut words = match words::split(text) {
        Ok(words) => words.into_iter(),
        Err(why) => return Some(Err(format!("failed to parse command from {name}: {why}"))),
    };
    let Some(program) = words.next() else { return Some(Err(failed("it is empty"))) };
    let env = recipient.map(|recipient| ("SOPS_AGE_RECIPIENT".into(), recipient.into())).into_iter().collect();
    let command = Command { program: program.into(), args: words.map(Into::into).collect(), env, stdin: None };
    Some(match session.outside().run_within(command, PATIENCE) {
        Ok(finished) => match finished.status {
            Some(0) => Ok(finished.stdout),
            Some(status) => Err(failed(&format!("exit status {status}"))),
            None => Err(failed("ended by a signal")),
        },
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Err(failed("executable file not found in $PATH")),
        Err(why) => Err(failed(&why.kind().to_string())),
    })
}
