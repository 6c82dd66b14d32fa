//! At its start the process closes itself off.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::files::people;
use crate::files::{PROGRAM, command, said, sealed};
use crate::tools::{Place, soon};

/// leafcrypt, waiting for the rest of its standard input.
struct Waiting {
    child: Child,
}

impl Waiting {
    /// Started by a command that runs leafcrypt with `decrypt` and nothing else to do.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // It is hardened when it reads.
        child.stdin.as_mut().unwrap().write_all(b"a: 1\n").unwrap();
        let waiting = Waiting { child };
        // More than once: it may also sleep for a moment while its pages come from the disk.
        let mut asleep = 0;
        soon("it reads its input", || {
            asleep = if waiting.status("Umask") == "0077" && waiting.status("State").starts_with('S') { asleep + 1 } else { 0 };
            asleep == 4
        });
        waiting
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }

    fn proc(&self, name: &str) -> String {
        std::fs::read(self.path(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn status(&self, field: &str) -> String {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {field} in {status}")).trim().to_owned()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn decrypt(place: &Place) -> Command {
    let mut ours = command(place, PROGRAM);
    ours.arg("decrypt").env("CANARY", "in-the-environment");
    ours
}

#[test]
fn nobody_else_may_look_into_it() {
    let place = people::place();
    let waiting = Waiting::start(people::ordinary(decrypt(&place)));
    // Not dumpable: all of it belongs to root.
    assert_eq!(waiting.path("environ").metadata().unwrap().uid(), 0);
    assert_eq!(waiting.path("mem").metadata().unwrap().uid(), 0);
    let as_same_user = |mut other: Command| {
        other.current_dir("/").stdout(Stdio::piped()).stderr(Stdio::piped());
        people::ordinary(other).output().unwrap()
    };
    for secret in ["environ", "mem", "maps", "fd/0"] {
        let mut cat = Command::new("cat");
        cat.arg(waiting.path(secret)).env("PATH", "/usr/bin:/bin");
        let output = as_same_user(cat);
        assert!(!output.status.success() && said(&output).contains("Permission denied"), "{secret}: {}", said(&output));
    }
    let mut strace = Command::new("strace");
    strace.args(["-p", &waiting.child.id().to_string()]).env("PATH", "/usr/bin:/bin");
    let output = as_same_user(strace);
    assert!(!output.status.success() && said(&output).contains("Operation not permitted"), "{}", said(&output));
    // The same on a process that is not hardened: otherwise this test would prove nothing.
    let mut sleep = Command::new("sleep");
    sleep.arg("30").env("PATH", "/usr/bin:/bin");
    let mut sleeping = people::ordinary(sleep).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let mut cat = Command::new("cat");
    cat.arg(format!("/proc/{}/environ", sleeping.id())).env("PATH", "/usr/bin:/bin");
    let output = as_same_user(cat);
    sleeping.kill().unwrap();
    sleeping.wait().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn limits() {
    let place = Place::new();
    let mut shell = command(&place, "sh");
    shell.args(["-c", "ulimit -c unlimited 2>/dev/null || ulimit -c $(ulimit -H -c); umask 022; exec \"$0\" decrypt", PROGRAM]);
    let waiting = Waiting::start(shell);
    assert_eq!(waiting.status("Umask"), "0077");
    let limits = waiting.proc("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

#[test]
fn descriptors_that_nobody_named_are_closed() {
    let place = Place::new();
    place.write("leak", "");
    let open = |waiting: &Waiting| {
        let mut open: Vec<String> =
            std::fs::read_dir(waiting.path("fd")).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        open.sort();
        open
    };
    // Only root may look, who runs these tests in CI; others see it by the end of the pipe below.
    if people::is_root() {
        let mut shell = command(&place, "sh");
        shell.args(["-c", "exec 3<leak 9>>leak; exec \"$0\" decrypt", PROGRAM]);
        assert_eq!(open(&Waiting::start(shell)), ["0", "1", "2"]);
        let mut shell = command(&place, "sh");
        shell.args(["-c", "exec 3<leak 9>>leak; exec \"$0\" decrypt", PROGRAM]).env("SOPS_AGE_KEY_FILE", "/dev/fd/9");
        assert_eq!(open(&Waiting::start(shell)), ["0", "1", "2", "9"]);
    }
    let (reader, writer) = std::io::pipe().unwrap();
    let mut shell = command(&place, "sh");
    shell.args(["-c", "exec 7>&0 0</dev/null; exec \"$0\" \"$@\"", PROGRAM, "decrypt", "pipe"]).stdin(writer);
    let pipe = place.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
    let mut child = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    drop(shell);
    // It waits for somebody to open the other pipe, and this one has no writer any more.
    assert_eq!(std::io::Read::bytes(reader).count(), 0);
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn descriptors_that_are_named_can_be_used() {
    let place = Place::new();
    sealed(&place, "f.yaml", "a: old\n");
    place.write("value", "\"new\"");
    let script = "exec 3<value 4<keys.txt 5<f.yaml; SOPS_AGE_KEY_FILE=/dev/fd/4 \"$0\" set --value-file /dev/fd/3 f.yaml '[\"a\"]'
        exec 4<keys.txt 5<f.yaml; SOPS_AGE_KEY_FILE=/proc/self/fd/4 \"$0\" decrypt --input-type yaml --output-type yaml /dev/fd/5";
    let output = command(&place, "sh").args(["-euc", script, PROGRAM]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    // The file that 5 is has been replaced since it was opened first, and is opened again.
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a: new\n");
}
