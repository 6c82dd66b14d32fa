//! `edit` with real editors in a real terminal: vim and nano in tmux, set up by their user to keep copies of everything.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use crate::canary::search;
use crate::files::Runtime;
use crate::tools::{Place, comes, digits};

const OURS: &str = env!("CARGO_BIN_EXE_leafcrypt");

/// What a user may have in `.vimrc`: all that leaves copies.
const VIMRC: &str = "set nocompatible backup writebackup undofile swapfile\nset directory=~/kept backupdir=~/kept undodir=~/kept viminfo='100,n~/kept/viminfo\n";
const NANORC: &str = "set backup\nset backupdir ~/kept\nset historylog\nset locking\nset positionlog\n";

/// A terminal in which a file is being edited.
struct Session {
    place: Place,
    runtime: Runtime,
    /// What each of its values begins with: another run of these tests has the same ones in memory just now.
    canary: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
    }
}

impl Session {
    /// Seals `plain`, with a value of its own for CANARY, and opens it; comes back when the editor shows it.
    fn start(editor: &str, plain: &str) -> Option<Self> {
        let found = |program: &str| std::env::split_paths("/usr/bin:/bin").any(|folder| folder.join(program).exists());
        if !found("tmux") || !found(editor) {
            assert!(std::env::var_os("CI").is_none(), "tmux and {editor} are missing: tests/run installs them");
            return None;
        }
        let place = Place::new();
        let (runtime, canary) = (Runtime::new(&place), format!("canary-{}", digits()));
        let session = Session { place, runtime, canary };
        let place = &session.place;
        for folder in ["home", "home/kept", "tmp"] {
            std::fs::create_dir_all(place.path(folder)).unwrap();
        }
        place.write("home/.vimrc", VIMRC);
        place.write("home/.nanorc", NANORC);
        place.write("a.yaml", session.with_canary(plain));
        let sealed = place.ours(["encrypt", "-i", "--age", &place.recipient, "a.yaml"]);
        assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
        place.write("run.sh", format!("'{OURS}' edit a.yaml\necho $? > code.new\nmv code.new code\nsleep 600\n"));
        let started =
            session.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", &format!("EDITOR={editor} sh run.sh")]);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        session.until(&format!("{editor} shows the text"), || session.shows("CANARY-old"));
        Some(session)
    }

    fn with_canary(&self, text: &str) -> String {
        text.replace("CANARY", &self.canary)
    }

    fn shows(&self, text: &str) -> bool {
        self.screen().contains(&self.with_canary(text))
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
        assert!(comes(holds), "not yet: {what}\n{}", self.screen());
    }

    /// Nothing in memory, and the value nowhere on a disk.
    fn is_clean(&self) {
        self.until("nothing is left in memory", || self.runtime.entries().is_empty());
        let mut found = BTreeSet::new();
        search(&self.place.path(""), &self.canary, &mut found);
        search(Path::new("/dev/shm"), &self.canary, &mut found);
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

#[test]
fn vim() {
    let Some(session) = Session::start("vim", "# kept\na: CANARY-old\nb: 2\n") else { return };
    session.keys(&[":%s/old/new/", "Enter"]);
    session.until("the change is shown", || session.shows("CANARY-new"));
    // A line that was yanked would be in viminfo. Twice it is no YAML that we take: the editor opens again, with the text as it was left.
    session.keys(&["yy", "p", ":wq", "Enter"]);
    session.until("the mistake is told", || session.screen().contains("stands twice") && session.screen().contains("Press Enter"));
    session.keys(&["Enter"]);
    session.until("vim is there again", || session.screen().matches(&session.with_canary("CANARY-new")).count() == 2);
    session.keys(&[":3d", "Enter", ":wq", "Enter"]);
    assert_eq!(session.ended(), "0\n");
    session.is_clean();
    assert_eq!(session.opened(), session.with_canary("# kept\na: CANARY-new\nb: 2\n"));
}

#[test]
fn nano() {
    let Some(session) = Session::start("nano", "# kept\na: CANARY-old\n") else { return };
    session.keys(&[&session.with_canary("c: CANARY-new"), "Enter"]);
    session.until("the line is shown", || session.shows("c: CANARY-new"));
    session.keys(&["C-o"]);
    session.until("it asks for a name", || session.screen().contains("Write"));
    session.keys(&["Enter"]);
    session.until("it has written", || session.screen().contains("Wrote"));
    session.keys(&["C-x"]);
    assert_eq!(session.ended(), "0\n");
    session.is_clean();
    assert_eq!(session.opened(), session.with_canary("c: CANARY-new\n# kept\na: CANARY-old\n"));
}

#[test]
fn a_terminal_that_is_closed_leaves_no_plaintext() {
    let Some(session) = Session::start("vim", "a: CANARY-old\n") else { return };
    session.keys(&[":%s/old/new/", "Enter", ":w", "Enter"]);
    session.until("it has written", || session.screen().contains("written"));
    session.tmux(&["kill-server"]);
    session.is_clean();
    let opened = session.opened();
    assert!(["a: CANARY-old\n", "a: CANARY-new\n"].map(|text| session.with_canary(text)).contains(&opened), "{opened}");
}
