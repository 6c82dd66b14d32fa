//! The binaries that tests drive, each in an environment of its own.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The fingerprint of `testdata/keys/pgp.asc`.
pub const PGP: &str = "CCA2BDC72417AF8C8DAD199207FA2CD49EB9F02C";

/// Waits for what another process does in a moment: a minute, for a machine that does other things, too. Does it come?
pub fn comes(mut holds: impl FnMut() -> bool) -> bool {
    let by = Instant::now() + Duration::from_secs(60);
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > by {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The same, where it must.
#[track_caller]
pub fn soon(what: &str, holds: impl FnMut() -> bool) {
    assert!(comes(holds), "not yet: {what}");
}

/// Eight digits that nobody else has: another run of these tests may be killed, and may go on beside this one.
pub fn digits() -> String {
    use std::hash::{BuildHasher as _, Hasher as _};
    format!("{:08x}", std::hash::RandomState::new().build_hasher().finish() as u32)
}

/// A new folder in another one.
pub fn fresh(parent: &Path, start: &str) -> PathBuf {
    loop {
        let folder = parent.join(format!("{start}{}", digits()));
        match std::fs::create_dir(&folder) {
            Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| folder).unwrap(),
        }
    }
}

/// Writes a program that is about to be started. A child does, so that nobody but it has it open: one that another test forks just now would have it from
/// us, and a program that somebody has open for writing does not start (ETXTBSY).
pub fn script(path: &Path, text: impl AsRef<[u8]>) {
    let mut writer = Command::new("/bin/sh");
    writer.args(["-c", "umask 022; cat > \"$0\"; chmod 755 \"$0\""]).arg(path).env_clear().env("PATH", "/usr/bin:/bin");
    let mut writer = writer.stdin(Stdio::piped()).spawn().unwrap();
    writer.stdin.take().unwrap().write_all(text.as_ref()).unwrap();
    assert!(writer.wait().unwrap().success(), "{}", path.display());
}

/// A folder with an age key, removed at the end; commands run in it see nothing else of the machine.
pub struct Place {
    folder: PathBuf,
    /// The public key.
    pub recipient: String,
}

impl Place {
    /// A new one.
    pub fn new() -> Self {
        let folder = fresh(&std::env::temp_dir(), "leafcrypt-it-");
        std::fs::create_dir(folder.join("home")).unwrap();
        let mut place = Place { folder, recipient: String::new() };
        let made = place.ours(["keygen", "-o", "keys.txt"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        place.recipient = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        place
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// With a creation rule for its own key.
    pub fn project() -> Self {
        let place = Place::new();
        place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
        place
    }

    /// Writes a plain text and seals it in place; what then stands there.
    pub fn seal(&self, file: &str, plain: impl AsRef<[u8]>) -> String {
        self.write(file, plain);
        let done = self.ours(["encrypt", "-i", file]);
        assert!(done.status.success(), "{file}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&self.read(file)).into_owned()
    }

    /// Runs leafcrypt.
    pub fn ours<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.call(Program::Ours, args).run()
    }

    /// Runs leafcrypt under the name `sops`.
    pub fn as_sops<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.call(Program::AsSops, args).run()
    }

    /// Runs the real sops. `None`: it is not installed, which is an error in CI.
    pub fn sops<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Option<Output> {
        sops()?;
        Some(self.call(Program::Sops, args).run())
    }

    /// A call about to be made.
    pub fn call<A: AsRef<OsStr>>(&self, program: Program, args: impl IntoIterator<Item = A>) -> Call {
        let path = match program {
            Program::Ours | Program::AsSops => PathBuf::from(env!("CARGO_BIN_EXE_leafcrypt")),
            Program::Sops => sops().unwrap(),
        };
        let mut command = Command::new(path);
        if program == Program::AsSops {
            command.arg0("sops");
        }
        command
            .args(args)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("SOPS_AGE_KEY_FILE", self.path("keys.txt"));
        Call { command, stdin: None, folder: self.folder.clone() }
    }

    /// Puts the two age identities of `testdata/keys` in place of the fresh one and gives their recipients.
    pub fn known_ages(&mut self) -> [String; 2] {
        let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys");
        let texts = ["age-1.txt", "age-2.txt"].map(|name| std::fs::read_to_string(keys.join(name)).unwrap());
        self.write("keys.txt", texts.concat());
        let public = |text: &String| text.lines().find_map(|l| l.strip_prefix("# public key: ")).unwrap().to_owned();
        let ages = [public(&texts[0]), public(&texts[1])];
        self.recipient = ages[0].clone();
        ages
    }

    /// Gives the place a gpg home with the secret key [`PGP`].
    pub fn with_pgp(self) -> Self {
        std::fs::DirBuilder::new().mode(0o700).create(self.path("home/.gnupg")).unwrap();
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys/pgp.asc");
        let done = self.gpg("gpg", &["--quiet", "--batch", "--import", &key.to_string_lossy()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        self
    }

    fn gpg(&self, program: &str, args: &[&str]) -> Output {
        Command::new(program).args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.path("home")).output().unwrap()
    }
}

/// Which program a test starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// leafcrypt under its own name.
    Ours,
    /// leafcrypt under the name `sops`.
    AsSops,
    /// The real sops.
    Sops,
}

/// A call of a program, in a clean environment.
pub struct Call {
    command: Command,
    stdin: Option<Vec<u8>>,
    folder: PathBuf,
}

impl Call {
    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Feeds standard input; otherwise it is empty.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Starts in this folder of the place, with `PWD` as a shell sets it.
    pub fn dir(mut self, name: &str) -> Self {
        let folder = self.folder.join(name);
        self.command.current_dir(&folder).env("PWD", folder);
        self
    }

    /// Makes it.
    pub fn run(mut self) -> Output {
        let Some(bytes) = self.stdin else { return self.command.output().unwrap() };
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let feeding = std::thread::spawn(move || {
            // A program that refuses its arguments closes the pipe unread.
            let _ = pipe.write_all(&bytes);
        });
        let done = child.wait_with_output().unwrap();
        feeding.join().unwrap();
        done
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.path("home/.gnupg").exists() {
            // Its agent would live on.
            self.gpg("gpgconf", &["--kill", "all"]);
        }
        // A folder that stays behind holds test keys only.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Where `tests/run` has put the real sops.
pub fn sops() -> Option<PathBuf> {
    let found = std::env::var_os("LEAFCRYPT_TEST_SOPS").map(PathBuf::from).filter(|p| p.exists());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "LEAFCRYPT_TEST_SOPS names no sops: run tests/run");
    if found.is_none() {
        eprintln!("skipped: no LEAFCRYPT_TEST_SOPS; run tests/run");
    }
    found
}

/// A sealed text without our field, as SOPS leaves it behind.
pub fn without_field(sealed: &str) -> String {
    let Some(at) = sealed.find("\"leafcrypt\"") else {
        let of_field = |line: &&str| ["leafcrypt", "sops_leafcrypt"].iter().any(|name| line.trim_start().starts_with(name));
        return sealed.split_inclusive('\n').filter(|line| !of_field(line)).collect();
    };
    let end = at + sealed[at..].find("]\",").unwrap() + 3;
    format!("{}{}", &sealed[..at], &sealed[end..])
}

/// All files of a corpus, sorted.
pub fn corpus(folder: &str, ending: &str) -> Vec<PathBuf> {
    corpus_in("lossless", folder, ending)
}

/// All files of a corpus in another folder of `testdata`, sorted.
pub fn corpus_in(kind: &str, folder: &str, ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(kind).join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == ending)).collect();
    files.sort();
    files
}

/// What was said on standard error, from behind the warnings.
pub fn error_of(said: &str) -> &str {
    let warnings: usize = said.split_inclusive('\n').take_while(|line| line.starts_with("warning: ")).map(str::len).sum();
    &said[warnings..]
}
