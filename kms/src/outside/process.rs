//! Runs programs (R6): found through absolute entries of `PATH` only, no shell, ended when their time is over.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::secret::Secret;

use super::real::read_all;
use super::{Around, Command, Conversation, Finished};

/// The most that a program may print.
const LIMIT: usize = 16 * 1024 * 1024;
/// How long a program that we have nothing more to say to may take to end.
const FAREWELL: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(2);
/// How often we look for a signal.
const LOOK: Duration = Duration::from_millis(50);
/// What a pipe that is ready takes without making us wait, on every system (`_POSIX_PIPE_BUF`).
pub(super) const MORSEL: usize = 512;

/// Tells whether a signal waits that is to end us: then nobody else is waited for.
pub(super) type Came = fn() -> bool;

/// Runs a program to its end.
///
/// # Errors
/// `NotFound`, `TimedOut`, `FileTooLarge` for what prints too much, whatever starting it says, and where a signal came.
pub(super) fn run(command: Command, limit: Option<Duration>, around: Around, came: Came) -> io::Result<Finished> {
    let deadline = limit.map(|limit| Instant::now() + limit);
    let mut prepared = prepare(&command)?;
    prepared.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = start(prepared.stdout(Stdio::piped()).stderr(Stdio::piped()), around)?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), command.stdin) {
        // Not joined: it ends when the program closes its end. One that reads no more is no failure of ours.
        thread::spawn(move || pipe.write_all(input.expose()));
    }
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let finished = collect(&stdout, deadline, came).and_then(|stdout| {
        let stderr = collect(&stderr, deadline, came)?;
        let status = end(&mut child, deadline, came)?;
        Ok(Finished { status: status.code(), stdout, stderr: stderr.expose().to_vec() })
    });
    if finished.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    finished
}

/// Starts a program to talk with.
///
/// # Errors
/// `NotFound`, and whatever starting it says.
pub(super) fn talk(command: Command, around: Around, came: Came) -> io::Result<Box<dyn Conversation>> {
    let mut prepared = prepare(&command)?;
    // It gets a neutral folder, so that it finds nothing that the repository planted.
    let mut child = start(prepared.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()), around)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    Ok(Box::new(Piped { child, stdin, stdout, patience: None, came }))
}

fn start(prepared: &mut std::process::Command, around: Around) -> io::Result<Child> {
    let mut child = Err(io::ErrorKind::NotFound.into());
    around(&mut || child = prepared.spawn());
    child
}

/// The program of a name, or of a path that the user spelled with a `/`.
pub(super) fn find(program: &OsStr, path: Option<OsString>) -> Option<PathBuf> {
    let named = Path::new(program);
    if program.as_encoded_bytes().contains(&b'/') {
        return std::path::absolute(named).ok().filter(|path| path.exists());
    }
    std::env::split_paths(&path?).filter(|folder| folder.is_absolute()).map(|folder| folder.join(named)).find(|path| executable(path))
}

/// The programs whose names begin so; of equal names the first.
pub(super) fn beginning_with(prefix: &str, path: Option<OsString>) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in std::env::split_paths(&path.unwrap_or_default()).filter(|folder| folder.is_absolute()) {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut here: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| begins(path, prefix) && executable(path)).collect();
        here.sort();
        here.retain(|path| found.iter().all(|known| known.file_name() != path.file_name()));
        found.append(&mut here);
    }
    found
}

fn begins(path: &Path, prefix: &str) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
}

fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn prepare(command: &Command) -> io::Result<std::process::Command> {
    let program = find(&command.program, std::env::var_os("PATH")).ok_or(io::ErrorKind::NotFound)?;
    // The standard library opens everything close-on-exec, so a child gets its three streams and what we were started with.
    let mut prepared = std::process::Command::new(program);
    for name in command.unset {
        prepared.env_remove(name);
    }
    prepared.args(&command.args).envs(command.env.iter().map(|(name, value)| (name, value)));
    Ok(prepared)
}

/// Reads a stream to its end beside us.
fn drain(stream: Option<impl Read + Send + 'static>) -> Receiver<io::Result<Secret>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let read = match stream {
            Some(mut stream) => read_all(&mut stream, LIMIT),
            None => Ok(Secret::new(Vec::new())),
        };
        let _ = sender.send(read);
    });
    receiver
}

fn collect(stream: &Receiver<io::Result<Secret>>, deadline: Option<Instant>, came: Came) -> io::Result<Secret> {
    loop {
        let left = deadline.map_or(LOOK, |deadline| deadline.saturating_duration_since(Instant::now()));
        match stream.recv_timeout(left.min(LOOK)) {
            Ok(read) => return read,
            Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::TimedOut.into()),
            Err(RecvTimeoutError::Timeout) => go_on(deadline, came)?,
        }
    }
}

fn end(child: &mut Child, deadline: Option<Instant>, came: Came) -> io::Result<std::process::ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        go_on(deadline, came)?;
        thread::sleep(PAUSE);
    }
}

/// May we wait any longer?
fn go_on(deadline: Option<Instant>, came: Came) -> io::Result<()> {
    if came() {
        // Not `Interrupted`, after which the standard library tries again.
        return Err(io::Error::other("a signal came"));
    }
    match deadline {
        Some(deadline) if Instant::now() >= deadline => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

/// Waits until a pipe or a socket is ready, and no longer than our patience.
pub(super) fn ready(from: &impl AsFd, what: PollFlags, patience: Option<Duration>, came: Came) -> io::Result<()> {
    let deadline = patience.map(|patience| Instant::now() + patience);
    loop {
        let left = deadline.map_or(LOOK, |deadline| deadline.saturating_duration_since(Instant::now())).min(LOOK);
        let slice = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(from, what)], Some(&slice)) {
            Ok(0) | Err(Errno::INTR) => go_on(deadline, came)?,
            Ok(_) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// A program that is talked with.
struct Piped {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    patience: Option<Duration>,
    came: Came,
}

impl Conversation for Piped {
    fn set_patience(&mut self, limit: Option<Duration>) {
        self.patience = limit;
    }
}

impl Read for Piped {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(stdout) = &self.stdout {
            ready(stdout, PollFlags::IN, self.patience, self.came)?;
        }
        self.stdout.as_mut().map_or(Ok(0), |stdout| stdout.read(into))
    }
}

impl Write for Piped {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        if let Some(stdin) = &self.stdin {
            ready(stdin, PollFlags::OUT, self.patience, self.came)?;
        }
        self.stdin.as_mut().map_or(Ok(0), |stdin| stdin.write(&from[..from.len().min(MORSEL)]))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        self.stdin = None;
        self.stdout = None;
        if end(&mut self.child, Some(Instant::now() + FAREWELL), self.came).is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};
    use std::time::{Duration, Instant};

    use super::{Around, Came, Command, find, run, talk};

    const AS_WE_ARE: Around = |start| start();
    const NONE: Came = || false;

    fn shell(script: &str) -> Command {
        Command { program: "sh".into(), args: vec!["-c".into(), script.into()], ..Command::default() }
    }

    #[test]
    fn empty_and_relative_entries_of_the_path_are_passed_over() {
        let absolute = find("sh".as_ref(), Some("/bin:/usr/bin".into())).expect("there is a shell");
        assert!(absolute.is_absolute());
        // The crate's folder is the current one here, and holds this.
        for path in ["", ":", ".", "./tests", "src:.:"] {
            assert_eq!(find("sh".as_ref(), Some(path.into())), None, "{path}");
        }
        assert_eq!(find("sh".as_ref(), None), None);
        assert_eq!(find("leafcrypt-no-such-program".as_ref(), Some("/bin".into())), None);
    }

    #[test]
    fn what_is_not_executable_is_no_program() {
        let here = std::env::current_dir().expect("there is one");
        assert_eq!(find("Cargo.toml".as_ref(), Some(here.into_os_string())), None);
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let started = Instant::now();
        let why = run(shell("echo early; exec sleep 30"), Some(Duration::from_millis(100)), AS_WE_ARE, NONE).expect_err("it sleeps");
        assert_eq!(why.kind(), io::ErrorKind::TimedOut);
        // What it started in turn holds the pipe open, and is not waited for either.
        let why = run(shell("sleep 30 & exit 0"), Some(Duration::from_millis(100)), AS_WE_ARE, NONE).expect_err("the pipe stays open");
        assert_eq!(why.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    /// A signal that waits is waited for by nobody: neither what runs nor what is talked with holds us up.
    #[test]
    fn a_signal_that_came() {
        let started = Instant::now();
        assert!(run(shell("exec sleep 30"), None, AS_WE_ARE, || true).is_err());
        let mut silent = talk(shell("exec sleep 30"), AS_WE_ARE, || true).expect("there is a shell");
        silent.set_patience(Some(Duration::from_secs(30)));
        assert!(silent.read_exact(&mut [0]).is_err());
        drop(silent);
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_talk_goes_both_ways() {
        let mut talk = talk(shell("read line; echo \"got $line\"; cat"), AS_WE_ARE, NONE).expect("there is a shell");
        talk.set_patience(Some(Duration::from_secs(30)));
        let long = vec![b'x'; 10_000];
        talk.write_all(b"it\n").expect("it listens");
        let mut answer = [0; 7];
        talk.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"got it\n");
        talk.write_all(&long).expect("it listens");
        let mut answer = vec![0; long.len()];
        talk.read_exact(&mut answer).expect("it answers");
        assert_eq!(answer, long);
    }

    #[test]
    fn a_talk_with_one_who_is_silent_or_deaf_ends() {
        let started = Instant::now();
        let mut talk = talk(shell("exec sleep 30"), AS_WE_ARE, NONE).expect("there is a shell");
        talk.set_patience(Some(Duration::from_millis(50)));
        assert_eq!(talk.read(&mut [0]).expect_err("it is silent").kind(), io::ErrorKind::TimedOut);
        assert_eq!(talk.write_all(&vec![0; 1 << 20]).expect_err("it does not listen").kind(), io::ErrorKind::TimedOut);
        drop(talk);
        assert!(started.elapsed() < Duration::from_secs(10), "dropping it ends it");
    }
}
