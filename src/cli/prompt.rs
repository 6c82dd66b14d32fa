//! Questions to the terminal. A question goes to standard error, so that standard output stays a result.

use std::collections::HashSet;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use leafcrypt_kms::Outside;

use super::screen::{Mark, Progress};
use crate::world::Dialog;

/// The terminal, if there is one.
pub(super) struct Terminal {
    /// SOPS asks on standard output, whatever standard input is, until the answer is y or n.
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
            super::report::marked(Mark::Warning, line);
        }
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        super::screen::erase();
        if self.sops {
            return as_sops(question);
        }
        if !std::io::stdin().is_terminal() {
            return None;
        }
        loop {
            write!(std::io::stderr(), "{question} [y/N] ").ok()?;
            std::io::stderr().flush().ok()?;
            let mut answer = String::new();
            if std::io::stdin().lock().read_line(&mut answer).ok()? == 0 {
                return None;
            }
            match answer.trim() {
                "y" | "Y" | "yes" => return Some(true),
                "" | "n" | "N" | "no" => return Some(false),
                _ => {}
            }
        }
    }

    fn show(&self, text: &str) {
        if self.sops {
            let mut out = std::io::stdout().lock();
            // Who closed it does not want to read it.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        } else {
            super::report::say(text.trim_end_matches('\n'));
        }
    }

    fn pause(&self, text: &str) -> bool {
        super::report::say(text);
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).is_ok_and(|read| read > 0)
    }

    fn log(&self, line: &str) {
        super::report::say(line);
    }

    fn progress(&self, number: usize, of: usize, file: &Path) {
        // SOPS shows none.
        if !self.sops && of > 1 {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Progress::new(self.outside.env("TERM").and_then(|term| term.into_string().ok()).as_deref());
            progress.get_or_insert_with(new).at(number, of, file);
        }
    }

    fn detail(&self, line: &str) {
        if self.verbose.load(Ordering::Relaxed) {
            let line = format!("verbose: {line}");
            if self.is_new(&line) {
                super::report::say(&line);
            }
        }
    }
}

fn as_sops(question: &str) -> Option<bool> {
    loop {
        let mut out = std::io::stdout().lock();
        out.write_all(question.as_bytes()).and_then(|()| out.flush()).ok()?;
        let mut answer = String::new();
        if std::io::stdin().lock().read_line(&mut answer).ok()? == 0 {
            return None;
        }
        match answer.trim_end_matches(['\r', '\n']) {
            "y" => return Some(true),
            "n" => return Some(false),
            // Go's Scanln refuses an empty line and a second word.
            "" => return None,
            words if words.contains(' ') => return None,
            _ => {}
        }
    }
}
