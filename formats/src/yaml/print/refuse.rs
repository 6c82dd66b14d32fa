//! What YAML cannot hold is refused; printed as SOPS does it, it is told.

use std::collections::HashSet;

use super::content::Entry;
use super::{At, Printer};
use crate::error::{Unwritable, Warning};
use crate::path::{Part, display_parts};
use crate::tree::Note;

impl<'t> Printer<'_, 't> {
    pub(super) fn warn_if(&mut self, wrong: Option<&'static str>) {
        if let Some(what) = wrong {
            self.warn(what);
        }
    }

    pub(super) fn warn(&mut self, what: &str) {
        let what = format!("{}: {what}", self.display());
        self.warnings.push(Warning { line: 0, what });
    }

    /// What is refused, unless it is wanted as SOPS prints it.
    fn refuse(&mut self, what: &str) -> Result<(), Unwritable> {
        if self.sops {
            self.warn(what);
            return Ok(());
        }
        Err(self.error(what.to_owned()))
    }

    pub(super) fn error(&self, what: String) -> Unwritable {
        Unwritable { path: self.display(), what }
    }

    fn display(&self) -> String {
        let part = |at: &At<'_>| match at {
            At::Key(key) => Part::Key(key.to_vec()),
            At::Index(index) => Part::Index(*index),
        };
        display_parts(&self.path.iter().map(part).collect::<Vec<_>>())
    }

    pub(super) fn check_keys(&mut self, entries: &[Entry<'t>]) -> Result<(), Unwritable> {
        if !self.unique_keys {
            return Ok(());
        }
        let mut seen = HashSet::new();
        for key in entries.iter().filter_map(|entry| entry.key) {
            if !seen.insert(key) {
                self.path.push(At::Key(key));
                self.refuse("the key stands there twice, which YAML cannot hold")?;
                self.path.pop();
            }
        }
        Ok(())
    }

    pub(super) fn check_comment(&mut self, note: &Note) -> Result<(), Unwritable> {
        let readable = |c: char| {
            matches!(c, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && !matches!(c, '\u{2028}' | '\u{2029}')
        };
        let text = std::str::from_utf8(note.text.as_slice());
        let text = text.map_err(|_| self.error("a comment that is not UTF-8, which YAML cannot hold".to_owned()))?;
        if text.chars().all(readable) { Ok(()) } else { self.refuse("a comment holds characters that YAML cannot hold in a comment") }
    }
}
