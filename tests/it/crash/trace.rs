//! `strace`: which calls a command makes, and harm at one of them.

use std::fmt;
use std::path::Path;
use std::process::{Command, Output};

use super::cases::{Case, prepare};
use crate::files::{PROGRAM, said};

/// All that changes files, or locks them; strace counts each by its own name.
pub const CHANGING: &str = "open,openat,write,writev,pwrite64,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,\
    rmdir,chmod,fchmod,fchmodat,chown,fchown,fchownat,setxattr,fsetxattr,removexattr,fremovexattr,truncate,ftruncate,fallocate,fsync,fdatasync,\
    sync_file_range,syncfs,flock";
/// What only looks.
const LOOKING: &str = "read,pread64,fstat,newfstatat,faccessat,faccessat2,flistxattr,fgetxattr,getdents64,readlinkat,fstatfs";
/// Our program is itself from this call on: before it stand those of the loader and of the runtime.
pub const START: &str = "prctl";

/// One call of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// The how manieth of its name.
    pub number: usize,
    /// The line of the trace.
    pub line: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.name, self.number, self.line)
    }
}

/// What is done to a command at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// A signal, just before the call.
    Signal(&'static str, i32),
    /// The call is not made, and fails.
    Error(&'static str),
}

impl Harm {
    /// Has it been done, by this trace?
    pub fn is_in(&self, trace: &str) -> bool {
        match self {
            Harm::Signal(signal, _) => trace.contains(&format!("SIG{signal}")),
            Harm::Error(_) => trace.contains("(INJECTED)"),
        }
    }
}

/// `strace`, to be started by this `unshare`, with a /dev/shm of its own: every start of ours looks at the folders there, and those of other tests, which
/// come and go, would move the numbers of the calls.
pub fn alone(mut unshare: Command, memory: Option<&Path>) -> Command {
    let root: &[&str] = if crate::files::people::is_root() { &[] } else { &["--map-root-user"] };
    let (mount, memory) = match memory {
        Some(memory) => ("mount --bind \"$0\" /dev/shm", memory),
        None => ("mount -t tmpfs \"$0\" /dev/shm", Path::new("none")),
    };
    unshare.arg("--mount").args(root).args(["--propagation", "private", "sh", "-euc", &format!("{mount}; exec strace \"$@\"")]).arg(memory);
    unshare
}

/// Runs a case in a folder, with harm at one call, or with all its calls written down.
pub fn run(case: &Case, folder: &Path, harm: Option<(&Call, Harm)>, log: &Path) -> Output {
    traced(case, folder, harm, log).output().expect("strace runs: tests/run installs it")
}

/// What [`run`] runs.
pub fn traced(case: &Case, folder: &Path, harm: Option<(&Call, Harm)>, log: &Path) -> Command {
    let mut strace = alone(prepare(Command::new("unshare"), &case.template, folder), None);
    strace.args(["-f", "-qqq", "-o"]).arg(log);
    // Much faster, but then strace sends no signals.
    if !matches!(harm, Some((_, Harm::Signal(..)))) {
        strace.arg("--seccomp-bpf");
    }
    match harm {
        None => strace.args(["-e", &format!("trace={CHANGING},{LOOKING},{START}")]),
        Some((Call { name, number, .. }, harm)) => {
            let what = match harm {
                Harm::Signal(signal, _) => format!("signal={signal}"),
                Harm::Error(error) => format!("error={error}"),
            };
            strace.args(["-e", &format!("trace={name}"), "-e", &format!("inject={name}:{what}:when={number}")])
        }
    };
    strace.arg(PROGRAM).args(&case.args);
    strace
}

/// All calls of a case, in order, from its own start on.
pub fn calls(case: &Case) -> Vec<Call> {
    let run = super::Run::new(case);
    let output = self::run(case, &run.folder, None, &run.log());
    assert!(output.status.success(), "{} under strace: {}", case.name, said(&output));
    let text = std::fs::read_to_string(run.log()).unwrap();
    let calls = parse(&text);
    assert!(!calls.is_empty(), "strace may not trace here: {}", said(&output));
    calls
}

/// The calls of the first process in a trace, from its own start on.
pub fn parse(text: &str) -> Vec<Call> {
    let process = text.split_whitespace().next().unwrap_or_default().to_owned();
    let (mut calls, mut started) = (Vec::<Call>::new(), false);
    let mut counts = std::collections::HashMap::new();
    for line in text.lines() {
        let Some(line) = line.strip_prefix(&process).map(str::trim_start) else { continue };
        let Some((name, _)) = line.split_once('(').filter(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')) else {
            continue;
        };
        let number = counts.entry(name.to_owned()).and_modify(|n| *n += 1).or_insert(1);
        started |= name == START && line.contains("PR_SET_DUMPABLE");
        if started && name != START {
            calls.push(Call { name: name.to_owned(), number: *number, line: line.to_owned() });
        }
    }
    calls
}

/// Those that change something.
pub fn changing(case: &Case) -> Vec<Call> {
    calls(case).into_iter().filter(is_changing).collect()
}

/// Does it change something?
pub fn is_changing(call: &Call) -> bool {
    match call.name.as_str() {
        "open" | "openat" => ["O_CREAT", "O_TMPFILE", "O_TRUNC", "O_WRONLY", "O_RDWR"].iter().any(|flag| call.line.contains(flag)),
        name => CHANGING.split(',').any(|changing| changing == name),
    }
}

/// Those that only look, at files below the case's folder or through a descriptor.
pub fn looking(case: &Case) -> Vec<Call> {
    let changing = changing(case);
    calls(case).into_iter().filter(|call| !changing.contains(call) && !call.line.contains("/proc/self/status")).collect()
}
