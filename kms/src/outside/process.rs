//! Runs programs (R6): found through absolute entries of `PATH` only, no shell, ended when their time is over.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::secret::Secret;

use super::real::read_all;
use super::{Around, Command, Conversation, Finished};

/// The most that a program may print.
const LIMIT: usize = 16 * 1024 * 1024;
/// How long a program that we have nothing more to say to may take to end.
const FAREWELL: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(2);

/// Runs a program to its end.
///
/// # Errors
/// `NotFound`, `TimedOut`, `FileTooLarge` for what prints too much, and whatever starting it says.
pub(super) fn run(command: Command, limit: Option<Duration>, around: Around) -> io::Result<Finished> {
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
    let finished = collect(&stdout, deadline).and_then(|stdout| {
        let stderr = collect(&stderr, deadline)?;
        let status = end(&mut child, deadline)?;
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
pub(super) fn talk(command: Command, around: Around) -> io::Result<Box<dyn Conversation>> {
    let mut prepared = prepare(&command)?;
    // It gets a neutral folder, so that it finds nothing that the repository planted.
    let mut child = start(prepared.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()), around)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    Ok(Box::new(Piped { child, stdin, stdout }))
}

fn start(prepared: &mut std::process::Command, around: Around) -> io::Result<Child> {
    let mut child = Err(io::ErrorKind::NotFound.into());
    around(&mut || child = prepared.spawn());
    child
}

/// The program of a name, or of a path that the user spelled with a `/`.
fn find(program: &OsStr, path: Option<OsString>) -> Option<PathBuf> {
    let named = Path::new(program);
    if program.as_encoded_bytes().contains(&b'/') {
        return std::path::absolute(named).ok().filter(|path| path.exists());
    }
    std::env::split_paths(&path?).filter(|folder| folder.is_absolute()).map(|folder| folder.join(named)).find(|path| executable(path))
}

fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn prepare(command: &Command) -> io::Result<std::process::Command> {
    let program = find(&command.program, std::env::var_os("PATH")).ok_or(io::ErrorKind::NotFound)?;
    // The standard library opens everything close-on-exec, so a child gets its three streams and what we were started with.
    let mut prepared = std::process::Command::new(program);
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

fn collect(stream: &Receiver<io::Result<Secret>>, deadline: Option<Instant>) -> io::Result<Secret> {
    let read = match deadline {
        None => stream.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(deadline) => stream.recv_timeout(deadline.saturating_duration_since(Instant::now())),
    };
    read.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn end(child: &mut Child, deadline: Option<Instant>) -> io::Result<std::process::ExitStatus> {
    let Some(deadline) = deadline else { return child.wait() };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(PAUSE);
    }
}

/// A program that is talked with.
struct Piped {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
}

impl Read for Piped {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stdout.as_mut().map_or(Ok(0), |stdout| stdout.read(into))
    }
}

impl Write for Piped {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.stdin.as_mut().map_or(Ok(0), |stdin| stdin.write(from))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        self.stdin = None;
        self.stdout = None;
        if end(&mut self.child, Some(Instant::now() + FAREWELL)).is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::find;

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
}
