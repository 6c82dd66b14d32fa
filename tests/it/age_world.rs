//! A folder with a home and programs of its own, in which ours and the real sops meet age identities of every kind; and a terminal to answer on.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::tools::{fresh, script, sops};

/// A plugin of our own in shell, by the specification: it hides nothing, and its name says how it behaves.
const PLUGIN: &str = r#"#!/bin/sh
name=${0##*/age-plugin-}
say() { printf '%s\n' "$@"; }
hear() {
  IFS= read -r head || exit 1
  body=
  while IFS= read -r line; do body=$body$line; [ ${#line} -eq 64 ] || break; done
}
case $1 in
--age-plugin=recipient-v1)
  while hear; do case $head in
    '-> done') break ;;
    '-> wrap-file-key') key=$body ;;
  esac; done
  say "-> recipient-stanza 0 $name" "$key"; hear
  ;;
--age-plugin=identity-v1)
  while hear; do case $head in
    '-> done') break ;;
    "-> recipient-stanza "*" $name") file=${head#-> recipient-stanza } file=${file%% *} key=$body ;;
  esac; done
  case $name in
    # PIN? and 1234
    asks) say '-> request-secret' 'UElOPw'; hear; [ "$head $body" = '-> ok MTIzNA' ] || file= ;;
    # Sure?, Yes and No
    confirms) say '-> confirm WWVz Tm8' 'U3VyZT8'; hear; [ "$head" = '-> ok yes' ] || file= ;;
    # touch it
    fails) say '-> error identity 0' 'dG91Y2ggaXQ'; hear; file= ;;
    hangs) say '-> msg' 'dG91Y2ggaXQ'; hear; exec sleep 600 ;;
  esac
  [ -z "$file" ] || { say "-> file-key $file" "$key"; hear; }
  ;;
esac
say '-> done' ''
"#;

/// Names of that plugin, with a recipient and an identity for each.
pub const PLUGINS: [(&str, &str, &str); 5] = [
    ("open", "age1open1d3jkzenrwfuhqaqhhgc33", "AGE-PLUGIN-OPEN-1D3JKZENRWFUHQAQCJHRZE"),
    ("asks", "age1asks1d3jkzenrwfuhqaqdrzrv7", "AGE-PLUGIN-ASKS-1D3JKZENRWFUHQAQ5GPF46"),
    ("confirms", "age1confirms1d3jkzenrwfuhqaq3n370l", "AGE-PLUGIN-CONFIRMS-1D3JKZENRWFUHQAQAEWMML"),
    ("fails", "age1fails1d3jkzenrwfuhqaqu458v4", "AGE-PLUGIN-FAILS-1D3JKZENRWFUHQAQMMXFHJ"),
    ("hangs", "age1hangs1d3jkzenrwfuhqaqa5j00z", "AGE-PLUGIN-HANGS-1D3JKZENRWFUHQAQ8T6LAQ"),
];

/// The folder; gone at the end.
pub struct World {
    folder: PathBuf,
}

impl World {
    /// A new one. `None`: there is no sops, which is an error in CI.
    pub fn new() -> Option<Self> {
        sops()?;
        let folder = fresh(&std::env::temp_dir(), "leafcrypt-age-");
        for part in ["home/.ssh", "home/.config/sops/age", "bin", "as"] {
            std::fs::DirBuilder::new().mode(0o700).recursive(true).create(folder.join(part)).unwrap();
        }
        let world = World { folder };
        symlink(env!("CARGO_BIN_EXE_leafcrypt"), world.path("as/sops")).unwrap();
        world.write("plain.yaml", "password: hunter2\n");
        Some(world)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Puts our plugin into the PATH of this world under all its names.
    pub fn with_plugins(self) -> Self {
        script(&self.path("plugin"), PLUGIN);
        for (name, ..) in PLUGINS {
            symlink("../plugin", self.path(&format!("bin/age-plugin-{name}"))).unwrap();
        }
        self
    }

    /// Makes an SSH key at a path of the world; its public half.
    pub fn ssh_key(&self, path: &str, args: &[&str], passphrase: &str) -> String {
        let made =
            self.command("ssh-keygen").args(["-q", "-a", "1", "-C", "u@h", "-N", passphrase, "-f", path]).args(args).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        self.text(&format!("{path}.pub")).trim().to_owned()
    }

    /// A program of the machine, which sees nothing of it but `/usr/bin` and this folder, and has no terminal.
    pub fn command(&self, program: impl Into<OsString>) -> Command {
        let mut path = OsString::from("/usr/bin:/bin:");
        path.push(self.path("bin"));
        let mut command = Command::new("setsid");
        command.arg("-w").arg(program.into()).current_dir(&self.folder).stdin(Stdio::null());
        // Sops asks the agent of the password file's home, whatever HOME is; this keeps it from the machine's.
        command.env_clear().env("PATH", path).env("HOME", self.path("home")).env("GPG_AGENT_INFO", "/nonexistent").env("TERM", "dumb");
        command
    }

    pub fn program(&self, who: Who) -> PathBuf {
        match who {
            Who::Ours => PathBuf::from(env!("CARGO_BIN_EXE_leafcrypt")),
            Who::AsSops => self.path("as/sops"),
            Who::Sops => sops().unwrap(),
        }
    }

    /// Runs one of the two with these variables.
    pub fn run(&self, who: Who, args: &[&str], variables: &[(&str, &str)]) -> Output {
        self.command(self.program(who)).args(args).envs(variables.iter().copied()).output().unwrap()
    }

    /// Seals `plain.yaml` for recipients.
    pub fn seal(&self, who: Who, recipients: &str) -> String {
        let sealed = self.run(who, &["-e", "--age", recipients, "plain.yaml"], &[]);
        assert!(sealed.status.success(), "{who:?} {recipients}: {}", String::from_utf8_lossy(&sealed.stderr));
        self.write("sealed.yaml", &sealed.stdout);
        String::from_utf8(sealed.stdout).unwrap()
    }

    /// Opens `sealed.yaml`, which must give `plain.yaml`'s value.
    #[track_caller]
    pub fn opens(&self, who: Who, variables: &[(&str, &str)]) {
        let opened = self.run(who, &["-d", "--extract", r#"["password"]"#, "sealed.yaml"], variables);
        let (out, err) = (String::from_utf8_lossy(&opened.stdout), String::from_utf8_lossy(&opened.stderr));
        assert_eq!((out.trim_end(), opened.status.code()), ("hunter2", Some(0)), "{who:?} {variables:?}: {err}");
    }

    /// Runs a shell line where there is a terminal.
    pub fn terminal(&self, line: &str, variables: &[(&str, &str)]) -> Terminal {
        let mut command = self.command("script");
        command.envs(variables.iter().copied());
        Terminal::start(command, line)
    }
}

impl Terminal {
    /// Runs a shell line by a command that ends in `script`.
    pub fn start(mut command: Command, line: &str) -> Self {
        // The kernel's echo is on until the program turns it off: what is typed must not come back.
        command.args(["-q", "-e", "-f", "-c", line, "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let (shown, screen) = channel();
        std::thread::spawn(move || {
            let mut part = [0; 1024];
            while let Ok(read @ 1..) = out.read(&mut part) {
                let _ = shown.send(part[..read].to_vec());
            }
        });
        Terminal { child, screen, seen: String::new() }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Who runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Ours,
    AsSops,
    Sops,
}

/// A terminal with a program in it.
pub struct Terminal {
    child: Child,
    screen: Receiver<Vec<u8>>,
    /// All that was shown.
    pub seen: String,
}

impl Terminal {
    /// Waits for a question, and types an answer.
    #[track_caller]
    pub fn answer(&mut self, question: &str, answer: &str) {
        let from = self.seen.len();
        while !self.seen[from..].contains(question) {
            let part = self.screen.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("no {question:?} in {:?}", self.seen));
            self.seen += &String::from_utf8_lossy(&part);
        }
        self.child.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
    }

    /// Waits for the end; the exit code.
    pub fn end(&mut self) -> Option<i32> {
        loop {
            match self.screen.recv_timeout(Duration::from_secs(60)) {
                Ok(part) => self.seen += &String::from_utf8_lossy(&part),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap().code(),
                Err(RecvTimeoutError::Timeout) => {
                    // The terminal goes with it, and whoever waits there.
                    let _ = self.child.kill();
                    panic!("it does not end: {:?}", self.seen);
                }
            }
        }
    }
}

/// Where `tests/run` has put the plugin that the age crate's authors wrote as an example. `None`: not there, an error in CI.
pub fn real_plugin() -> Option<PathBuf> {
    let tools =
        std::env::var_os("LEAFCRYPT_TOOLS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools"), PathBuf::from);
    let found = Some(tools.join("age-plugin/bin/age-plugin-unencrypted")).filter(|path| path.exists());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "no age-plugin-unencrypted: run tests/run");
    if found.is_none() {
        eprintln!("skipped: no age-plugin-unencrypted; run tests/run");
    }
    found
}
