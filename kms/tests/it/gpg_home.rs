//! A throw-away home of gpg, and a world in which backends see nothing else.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use leafcrypt_kms::{Asked, Command, Finished, Outside, Secret, Session};

/// A folder with its own agent; both are gone when this is dropped.
pub struct Home {
    pub folder: PathBuf,
}

impl Home {
    /// A new home, or nothing if the machine has no gpg (an error in CI).
    pub fn new() -> Option<Home> {
        if process::Command::new("gpg").arg("--version").output().is_err() {
            missing("gpg");
            return None;
        }
        // short: a socket's path has about a hundred bytes
        let folder = fresh(Path::new("/tmp"), "lc");
        let home = Home { folder };
        std::fs::create_dir(home.gpg_home()).expect("the folder is empty");
        #[cfg(unix)]
        std::fs::set_permissions(home.gpg_home(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("it is ours");
        Some(home)
    }

    pub fn gpg_home(&self) -> PathBuf {
        self.folder.join("g")
    }

    /// The whole environment of what runs in this home.
    pub fn env(&self) -> HashMap<String, OsString> {
        let path = std::env::var_os("PATH").expect("tests have a PATH");
        let folder = self.folder.clone().into_os_string();
        [("PATH".to_owned(), path), ("HOME".to_owned(), folder), ("GNUPGHOME".to_owned(), self.gpg_home().into_os_string())].into()
    }

    pub fn command(&self, program: &str) -> process::Command {
        let mut command = process::Command::new(program);
        command.env_clear().envs(self.env()).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs gpg and returns what it printed.
    pub fn gpg(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = self.command("gpg");
        command.args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"]).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gpg starts");
        child.stdin.take().expect("it is piped").write_all(input).expect("gpg reads");
        let output = child.wait_with_output().expect("gpg ends");
        assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A key with a sub-key for encryption; its fingerprint.
    pub fn key(&self, name: &str, passphrase: &str) -> String {
        self.gpg(&["--passphrase", passphrase, "--quick-gen-key", name, "future-default", "default", "never"], b"");
        self.fingerprints(name).remove(0)
    }

    /// The fingerprints of a key: the primary, then those of its sub-keys.
    pub fn fingerprints(&self, name: &str) -> Vec<String> {
        let listing = String::from_utf8(self.gpg(&["--list-keys", "--with-colons", name], b"")).expect("it is ASCII");
        let fingerprint = |line: &str| line.strip_prefix("fpr:").map(|rest| rest.trim_matches(':').to_owned());
        listing.lines().filter_map(fingerprint).collect()
    }

    /// Gives a public key of another home to this one.
    pub fn learn(&self, other: &Home, name: &str) {
        self.gpg(&["--import"], &other.gpg(&["--export", name], b""));
    }

    /// An answering machine in place of pinentry: `right` and the passphrase, `cancel`, or anything else for a wrong one.
    #[cfg(unix)]
    pub fn pinentry(&self, mode: &str) {
        let script = self.script(
            "pinentry",
            &format!(
                "echo OK\nwhile read -r line; do case \"$line\" in\nGETPIN*) case \"{mode}\" in cancel) echo 'ERR 83886179 cancelled';; *) echo 'D {mode}'; echo OK;; esac;;\nBYE*) echo OK; exit;;\n*) echo OK;; esac; done"
            ),
        );
        std::fs::write(self.gpg_home().join("gpg-agent.conf"), format!("pinentry-program {}\n", script.display())).expect("it is ours");
        self.kill();
    }

    #[cfg(unix)]
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.folder.join(name);
        // By a child: one that another test forks just now would have it open for writing from us, and then it does not start (ETXTBSY).
        let mut writer = self.command("sh");
        writer.args(["-c", "cat > \"$0\"; chmod 700 \"$0\""]).arg(&path).stdin(Stdio::piped());
        let mut writer = writer.spawn().expect("sh starts");
        writer.stdin.take().expect("it is piped").write_all(format!("#!/bin/sh\n{body}\n").as_bytes()).expect("sh reads");
        assert!(writer.wait().expect("sh ends").success(), "{}", path.display());
        path
    }

    /// Ends the agent.
    pub fn kill(&self) {
        let _ = self.command("gpgconf").args(["--kill", "all"]).stderr(Stdio::null()).status();
    }

    pub fn world(&self) -> Arc<World> {
        Arc::new(World { env: Mutex::new(self.env()), runs: Mutex::default() })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A new folder in another one: nobody else has one of its name, whether a run of these tests was killed or goes on beside this one.
fn fresh(parent: &Path, start: &str) -> PathBuf {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    loop {
        let digits = RandomState::new().build_hasher().finish() as u32;
        let folder = parent.join(format!("{start}{digits:08x}"));
        match std::fs::create_dir(&folder) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder).expect("a folder can be made"),
        }
    }
}

/// A tool is not there: an error where all tools must be, a word elsewhere.
pub fn missing(tool: &str) {
    assert!(std::env::var_os("CI").is_none(), "{tool} is missing, and CI must test with it");
    eprintln!("skipped: no {tool} here");
}

/// Programs are real, the environment is the home's, nobody answers.
pub struct World {
    env: Mutex<HashMap<String, OsString>>,
    runs: Mutex<Vec<Vec<String>>>,
}

impl World {
    pub fn set(&self, name: &str, value: impl Into<OsString>) {
        self.env.lock().expect("no test panics in here").insert(name.to_owned(), value.into());
    }

    pub fn session(self: &Arc<Self>) -> Session {
        Session::new(Arc::clone(self) as Arc<dyn Outside>)
    }

    /// The arguments of what was run so far.
    pub fn runs(&self) -> Vec<Vec<String>> {
        self.runs.lock().expect("no test panics in here").clone()
    }
}

impl Outside for World {
    fn env(&self, name: &str) -> Option<OsString> {
        self.env.lock().expect("no test panics in here").get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Secret> {
        let there = std::fs::metadata(path)?;
        if there.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if there.len() > limit as u64 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Secret::new(std::fs::read(path)?))
    }

    fn program(&self, name: &OsStr) -> Option<PathBuf> {
        let path = self.env("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.exists())
    }

    fn run(&self, command: Command) -> io::Result<Finished> {
        let args = command.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        self.runs.lock().expect("no test panics in here").push(args);
        let mut child = process::Command::new(&command.program);
        child.args(&command.args).env_clear().envs(&*self.env.lock().expect("no test panics in here")).envs(command.env);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut pipe = child.stdin.take().expect("it is piped");
        // a wrapped key fits into any pipe, so nobody waits for anybody; who does not read it may have ended already
        let _ = pipe.write_all(command.stdin.as_ref().map_or(&[], |secret| secret.expose()));
        drop(pipe);
        let output = child.wait_with_output()?;
        // As the real one, which reads no more than that.
        if output.stdout.len() > 16 << 20 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Finished { status: output.status.code(), stdout: Secret::new(output.stdout), stderr: output.stderr })
    }

    fn ask(&self, _: &str) -> Asked {
        Asked::NoTerminal
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn passwd_home(&self) -> Option<PathBuf> {
        None
    }
}
