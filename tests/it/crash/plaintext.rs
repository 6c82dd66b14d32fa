//! The commands that put plaintext into a folder in memory while somebody else's program runs: `edit` and `exec-file`, killed and sent signals at each of
//! their file-changing calls. The program and the helper that removes the folder are not harmed: only who holds both ends dies.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::cases::{CANARY, prepare};
use super::trace::{self, CHANGING, Call, START, is_changing};
use super::{all, contains, silent};
use crate::files::{PROGRAM, Runtime, must, said};
use crate::tools::{Place, comes, fresh, script};

/// What the editor makes of the file.
const EDITED: &str = "# a comment\na: hunter2-canary-edited\nb: 2\n";
const PLAIN: &str = "# a comment\na: hunter2-canary\nb: 2\n";
/// These end a command, and it says by which it was ended.
const ENDING: [(&str, i32); 6] = [("KILL", 9), ("HUP", 1), ("INT", 2), ("QUIT", 3), ("ABRT", 6), ("TERM", 15)];

/// A command with a program of somebody else's.
struct Case {
    name: &'static str,
    args: &'static [&'static str],
    is_edit: bool,
}

const CASES: [Case; 3] = [
    Case { name: "edit", args: &["edit", "f.yaml"], is_edit: true },
    Case { name: "exec-file", args: &["exec-file", "f.yaml", "timeout 2 cat {} > /dev/null"], is_edit: false },
    Case { name: "exec-file --no-fifo", args: &["exec-file", "--no-fifo", "f.yaml", "cat {} > /dev/null"], is_edit: false },
];

/// One run: a folder with a sealed file, and one in memory for the plaintext.
struct Run<'c> {
    case: &'c Case,
    template: &'c Place,
    folder: PathBuf,
    memory: Runtime,
    before: Vec<u8>,
}

impl<'c> Run<'c> {
    fn new(case: &'c Case, template: &'c Place) -> Self {
        let (folder, memory) = (fresh(&std::env::temp_dir(), "leafcrypt-plaintext-"), Runtime::new(template));
        std::fs::create_dir(folder.join("home")).unwrap();
        std::fs::copy(template.path("f.yaml"), folder.join("f.yaml")).unwrap();
        let before = std::fs::read(folder.join("f.yaml")).unwrap();
        Run { case, template, folder, memory, before }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = prepare(Command::new(program), self.template, &self.folder);
        command.env("EDITOR", self.template.path("editor.sh")).env("XDG_RUNTIME_DIR", &self.memory);
        command
    }

    fn strace(&self) -> Command {
        let mut command = trace::alone(self.command("unshare"), Some(&self.memory));
        command.env("XDG_RUNTIME_DIR", "/dev/shm");
        command
    }

    /// The calls of the command itself, from its own start on.
    fn calls(&self) -> Vec<Call> {
        let log = self.folder.join("log");
        let mut strace = self.strace();
        strace.args(["-f", "-qqq", "-o"]).arg(&log).args(["-e", &format!("trace={CHANGING},mknodat,{START}")]);
        let output = strace.arg(PROGRAM).args(self.case.args).output().unwrap();
        assert!(output.status.success(), "{} under strace: {}", self.case.name, said(&output));
        let calls = trace::parse(&std::fs::read_to_string(&log).unwrap());
        let counts = |call: &Call| is_changing(call) || call.name == "mknodat";
        calls.into_iter().filter(counts).collect()
    }

    /// Sends the command a signal at one call. Without `-f`: children are others. `None`: it made no such call.
    fn harmed(&self, call: &Call, signal: &str) -> Option<Output> {
        let Call { name, number, .. } = call;
        let log = self.folder.join("log");
        let mut strace = self.strace();
        strace.args(["-qq", "-o"]).arg(&log);
        strace.args(["-e", &format!("trace={name}"), "-e", &format!("inject={name}:signal={signal}:when={number}")]);
        let output = strace.arg(PROGRAM).args(self.case.args).output().unwrap();
        let said = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        said.contains(&format!("SIG{signal}")).then_some(output)
    }

    fn opened(&self, path: &Path, how: &[&str]) -> Option<String> {
        let mut decrypt = self.command(PROGRAM);
        decrypt.arg("decrypt").args(how).arg(path);
        let output = decrypt.output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn is_empty(&self) -> bool {
        self.memory.entries().is_empty()
    }

    fn judge(&self, signal: (&str, i32), output: &Output) -> Result<(), String> {
        silent(output)?;
        if output.status.signal() != Some(signal.1) {
            return Err(format!("it ended otherwise: {:?}", output.status));
        }
        let file = self.folder.join("f.yaml");
        let text = self.opened(&file, &["--require-witness"]).ok_or("the file is torn")?;
        // The helper goes after the command; where that had no helper yet, the next command takes the folder away.
        let swept = comes(|| {
            if !self.is_empty() {
                self.opened(&file, &[]);
            }
            self.is_empty()
        });
        if !swept {
            return Err(format!("plaintext is left in {}", self.memory.display()));
        }
        let now = std::fs::read(&file).unwrap();
        let is_new = self.case.is_edit && text == EDITED;
        if !is_new && now != self.before {
            return Err("the file is neither the old one nor a complete new one".to_owned());
        }
        for path in crate::files::snapshot(&self.folder).into_keys() {
            if contains(&std::fs::read(&path).unwrap_or_default(), CANARY) {
                return Err(format!("plaintext is in {}", path.display()));
            }
        }
        // What somebody has typed is in the file, or kept.
        let typed = self.folder.join("home/typed").exists();
        if typed && !is_new {
            let kept = std::fs::read_dir(self.folder.join("home/.local/state/leafcrypt/rescue"));
            let kept = kept.into_iter().flatten().next().ok_or("the edit is lost")?.unwrap().path();
            if self.opened(&kept, &["--input-type", "binary"]).as_deref() != Some(EDITED) {
                return Err("another edit is kept".to_owned());
            }
        }
        Ok(())
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn template() -> Place {
    let place = Place::new();
    place.write("f.yaml", PLAIN);
    must(&place, &["encrypt", "-i", "--age", &place.recipient, "f.yaml"]);
    script(&place.path("editor.sh"), format!("#!/bin/sh\nprintf '{}' > \"$1\" && : > \"$HOME/typed\"\n", EDITED.replace('\n', "\\n")));
    place
}

#[test]
fn whatever_ends_an_edit_or_an_exec_file() {
    let template = template();
    let mut jobs = Vec::new();
    for case in &CASES {
        let calls = Run::new(case, &template).calls();
        assert!(calls.len() >= 4, "{}: {calls:?}", case.name);
        jobs.extend(calls.into_iter().flat_map(|call| ENDING.map(|signal| (case, call.clone(), signal))));
    }
    all(&jobs, 2, |(case, call, signal)| {
        let run = Run::new(case, &template);
        let done = match run.harmed(call, signal.0) {
            Some(output) => run.judge(*signal, &output).map_err(|why| format!("{why} ({})", said(&output))),
            None => Err("it made no such call".to_owned()),
        };
        done.map_err(|why| format!("{}, {} at {call}: {why}", case.name, signal.0))
    });
}
