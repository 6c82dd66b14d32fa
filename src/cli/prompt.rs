//! Questions to the terminal. A question goes to standard error, so that standard output stays a result.

use std::collections::HashSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use leafcrypt_formats::one_line;
use leafcrypt_kms::{Outside, without_private_keys};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::screen::{Mark, Progress};
use crate::files::Stream;
use crate::guard;
use crate::world::Dialog;

/// How often we look for a signal that another thread was given.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// The terminal, if there is one.
pub(super) struct Terminal {
    /// Warnings as SOPS's logger has them.
    pub sops: bool,
    /// The clock of SOPS's logger.
    pub outside: Arc<dyn Outside>,
    /// `--verbose`
    pub verbose: AtomicBool,
    /// What was said already: a command asks the same more than once.
    pub told: Mutex<HashSet<String>>,
    /// Since the first of many files.
    pub progress: Mutex<Option<Progress>>,
}

impl Terminal {
    fn is_new(&self, line: &str) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(line.to_owned())
    }
}

impl Dialog for Terminal {
    fn warn(&self, line: &str) {
        if !self.is_new(line) {
            return;
        }
        if self.sops {
            super::report::log("warning", line, self.outside.now());
        } else {
            super::report::marked(Mark::Warning, &one_line(line));
        }
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        super::screen::erase();
        // What else stands at standard input is an editor's, or a program's that waits for us.
        if !self.at_terminal() {
            return None;
        }
        // A file may be named after a key (P15).
        let question = without_private_keys(question);
        let question = &*one_line(&question);
        loop {
            Stream::errors().write_all(format!("{question} [y/N] ").as_bytes()).ok()?;
            match line()?.trim() {
                "y" | "Y" | "yes" => return Some(true),
                "" | "n" | "N" | "no" => return Some(false),
                _ => {}
            }
        }
    }

    fn confirm_as_sops(&self, question: &str) -> Result<bool, &'static str> {
        super::screen::erase();
        // A file may be named after a key (P15).
        let question = without_private_keys(question);
        let question = &*one_line(&question);
        loop {
            Stream::output().write_all(question.as_bytes()).map_err(|_| "EOF")?;
            match line().ok_or("EOF")?.trim_end_matches('\r') {
                "y" => return Ok(true),
                "n" => return Ok(false),
                // Go's Scanln refuses an empty line and a second word.
                "" => return Err("unexpected newline"),
                words if words.contains(' ') => return Err("expected newline"),
                _ => {}
            }
        }
    }

    fn at_terminal(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    fn show(&self, text: &str) {
        if self.sops {
            let text = super::screen::sops_listing(text);
            // Who closed it does not want to read it.
            let _ = Stream::output().write_all(text.as_bytes());
        } else {
            super::report::say(text.trim_end_matches('\n'));
        }
    }

    fn pause(&self, text: &str) -> bool {
        super::report::say(text);
        line().is_some()
    }

    fn log(&self, line: &str) {
        super::report::say(&one_line(line));
    }

    fn progress(&self, number: usize, of: usize, file: &Path) {
        // SOPS shows none.
        if !self.sops && of > 1 {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Progress::new(self.outside.env("TERM").and_then(|term| term.into_string().ok()).as_deref());
            progress.get_or_insert_with(new).at(number, of, file);
        }
    }

    fn logged(&self, logger: &str, line: &str) {
        if self.sops && self.verbose.load(Ordering::Relaxed) {
            super::report::log_of(logger, "info", line, self.outside.now());
        }
    }

    fn detail(&self, line: &str) {
        if self.verbose.load(Ordering::Relaxed) {
            let line = format!("verbose: {line}");
            if self.is_new(&line) {
                super::report::say(&one_line(&line));
            }
        }
    }
}

/// A line of standard input without its end; none at the end of input. None, too, where a signal is held back and has come: whoever holds it has to clear up,
/// for which nobody may wait here. Read byte by byte, so that what stands behind the line is there for an editor that reads the same input.
fn line() -> Option<String> {
    let input = rustix::stdio::stdin();
    let mut line = Vec::new();
    loop {
        if guard::is_interrupted() {
            super::report::say("");
            return None;
        }
        // What else it says is the next read's to tell.
        if let Ok(0) | Err(Errno::INTR) = poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&PAUSE)) {
            continue;
        }
        let mut byte = [0];
        match rustix::io::read(input, &mut byte) {
            Ok(0) if line.is_empty() => {
                // What is said next does not stand behind the question.
                if std::io::stdin().is_terminal() {
                    super::report::say("");
                }
                return None;
            }
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) => line.push(byte[0]),
            // A terminal that others have made impatient has nothing yet.
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return None,
        }
    }
    String::from_utf8(line).ok()
}
