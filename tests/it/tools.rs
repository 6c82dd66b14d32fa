//! The binaries that tests drive, each in an environment of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A folder with an age key, removed at the end; commands run in it see nothing else of the machine.
pub struct Place {
    folder: PathBuf,
    /// The public key.
    pub recipient: String,
}

impl Place {
    /// A new one.
    pub fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("leafcrypt-it-{}-{number}", std::process::id()));
        std::fs::create_dir_all(folder.join("home")).unwrap();
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

    /// Runs leafcrypt.
    pub fn ours<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.run(Path::new(env!("CARGO_BIN_EXE_leafcrypt")), args)
    }

    /// Runs the real sops. `None`: it is not installed, which is an error in CI.
    pub fn sops<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Option<Output> {
        Some(self.run(&sops()?, args))
    }

    fn run<A: AsRef<OsStr>>(&self, program: &Path, args: impl IntoIterator<Item = A>) -> Output {
        Command::new(program)
            .args(args)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("SOPS_AGE_KEY_FILE", self.path("keys.txt"))
            .output()
            .unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
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

/// All files of a corpus, sorted.
pub fn corpus(folder: &str, ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/lossless").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == ending)).collect();
    files.sort();
    files
}
