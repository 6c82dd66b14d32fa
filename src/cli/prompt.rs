//! Questions to the terminal. A question goes to standard error, so that standard output stays a result.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::world::Dialog;

/// The terminal, if there is one.
pub(super) struct Terminal;

impl Dialog for Terminal {
    fn warn(&self, line: &str) {
        super::report::say(&format!("warning: {line}"));
    }

    fn confirm(&self, question: &str) -> Option<bool> {
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
}
