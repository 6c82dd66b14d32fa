//! `edit` with real editors in a real terminal: vim and nano in tmux, set up by their user to keep copies of everything.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::tools::Place;

const OURS: &str = env!("CARGO_BIN_EXE_leafcrypt");

/// What a user may have in `.vimrc`: all that leaves copies.
const VIMRC: &str = "set nocompatible backup writebackup undofile swapfile\nset directory=~/kept backupdir=~/kept undodir=~/kept viminfo='100,n~/kept/viminfo\n";
const NANORC: &str = "set backup\nset backupdir ~/kept\nset historylog\nset locking\nset positionlog\n";

/// A terminal in which a file is being edited.
struct Session {
    place: Place,
    /// In memory.
    runtime: PathBuf,
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
        let _ = std::fs::remove_dir_all(&self.runtime);
    }
}

impl Session {
    /// Seals `plain` and opens it; comes back when the editor shows it.
    fn start(editor: &str, plain: &str, shows: &str) -> Option<Self> {
        let found = |program: &str| std::env::split_paths("/usr/bin:/bin").any(|folder| folder.join(program).exists());
        if !found("tmux") || !found(editor) {
            assert!(std::env::var_os("CI").is_none(), "tmux and {editor} are missing: tests/run installs them");
            return None;
        }
        let place = Place::new();
        let runtime = PathBuf::from("/dev/shm").join(place.path("").file_name().unwrap());
        std::fs::DirBuilder::new().mode(0o700).create(&runtime).unwrap();
        let session = Session { place, runtime };
        let place = &session.place;
        for folder in ["home", "home/kept", "tmp"] {
            std::fs::create_dir_all(place.path(folder)).unwrap();
        }
        place.write("home/.vimrc", VIMRC);
        place.write("home/.nanorc", NANORC);
        place.write("a.yaml", plain);
        let sealed = place.ours(["encrypt", "-i", "--age", &place.recipient, "a.yaml"]);
        assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
        place.write("run.sh", format!("'{OURS}' edit a.yaml\necho $? > code.new\nmv code.new code\nsleep 600\n"));
        let started =
            session.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", &format!("EDITOR={editor} sh run.sh")]);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        session.until(&format!("{editor} shows the text"), || session.screen().contains(shows));
        Some(session)
    }

    fn tmux(&self, args: &[&str]) -> Output {
        let mut tmux = Command::new("/usr/bin/tmux");
        tmux.arg("-S").arg(self.place.path("socket")).args(args).current_dir(self.place.path("")).env_clear();
        tmux.env("PATH", "/usr/bin:/bin").env("HOME", self.place.path("home")).env("SHELL", "/bin/sh").env("LC_ALL", "C.UTF-8");
        tmux.env("SOPS_AGE_KEY_FILE", self.place.path("keys.txt")).env("TMPDIR", self.place.path("tmp"));
        tmux.env("XDG_RUNTIME_DIR", &self.runtime).output().unwrap()
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p"]).stdout).into_owned()
    }

    fn keys(&self, keys: &[&str]) {
        assert!(self.tmux(&[&["send-keys"], keys].concat()).status.success());
    }

    fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let by = Instant::now() + Duration::from_secs(60);
        while !holds() {
            assert!(Instant::now() < by, "not yet: {what}\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Nothing in memory, and the value nowhere on a disk.
    fn is_clean(&self, canary: &str) {
        self.until("nothing is left in memory", || std::fs::read_dir(&self.runtime).unwrap().next().is_none());
        let mut found = Vec::new();
        search(&self.place.path(""), canary.as_bytes(), &mut found);
        search(Path::new("/dev/shm"), canary.as_bytes(), &mut found);
        assert!(found.is_empty(), "{found:?}");
    }

    fn ended(&self) -> String {
        self.until("the command ends", || self.place.path("code").exists());
        String::from_utf8(self.place.read("code")).unwrap()
    }

    fn opened(&self) -> String {
        let done = self.place.ours(["decrypt", "--require-witness", "a.yaml"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }
}

/// All files below a folder that hold a text.
fn search(folder: &Path, text: &[u8], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            search(&path, text, found);
        } else if path.is_file() && std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text)) {
            found.push(path);
        }
    }
}

#[test]
fn vim() {
    let Some(session) = Session::start("vim", "# kept\na: canary-vim-old\nb: 2\n", "canary-vim-old") else { return };
    session.keys(&[":%s/old/new/", "Enter"]);
    session.until("the change is shown", || session.screen().contains("canary-vim-new"));
    // A line that was yanked would be in viminfo. Twice it is no YAML that we take: the editor opens again, with the text as it was left.
    session.keys(&["yy", "p", ":wq", "Enter"]);
    session.until("the mistake is told", || session.screen().contains("stands twice") && session.screen().contains("Press Enter"));
    session.keys(&["Enter"]);
    session.until("vim is there again", || session.screen().matches("canary-vim-new").count() == 2);
    session.keys(&[":3d", "Enter", ":wq", "Enter"]);
    assert_eq!(session.ended(), "0\n");
    session.is_clean("canary-vim");
    assert_eq!(session.opened(), "# kept\na: canary-vim-new\nb: 2\n");
}

#[test]
fn nano() {
    let Some(session) = Session::start("nano", "# kept\na: canary-nano-old\n", "canary-nano-old") else { return };
    session.keys(&["c: canary-nano-new", "Enter"]);
    session.until("the line is shown", || session.screen().contains("c: canary-nano-new"));
    session.keys(&["C-o"]);
    session.until("it asks for a name", || session.screen().contains("Write"));
    session.keys(&["Enter"]);
    session.until("it has written", || session.screen().contains("Wrote"));
    session.keys(&["C-x"]);
    assert_eq!(session.ended(), "0\n");
    session.is_clean("canary-nano");
    assert_eq!(session.opened(), "c: canary-nano-new\n# kept\na: canary-nano-old\n");
}

#[test]
fn a_terminal_that_is_closed_leaves_no_plaintext() {
    let Some(session) = Session::start("vim", "a: canary-hup-old\n", "canary-hup-old") else { return };
    session.keys(&[":%s/old/new/", "Enter", ":w", "Enter"]);
    session.until("it has written", || session.screen().contains("written"));
    session.tmux(&["kill-server"]);
    session.is_clean("canary-hup");
    let opened = session.opened();
    assert!(["a: canary-hup-old\n", "a: canary-hup-new\n"].contains(&&*opened), "{opened}");
}
