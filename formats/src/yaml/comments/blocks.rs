//! Where lists and maps in lines begin and end, and what is a key.

use super::cursor::Mark;
use super::scan::{Kind, Scanner, Token};

/// What may turn out to be a key when a colon comes.
pub(super) struct SimpleKey {
    pub possible: bool,
    pub required: bool,
    pub number: usize,
    pub mark: Mark,
}

/// A key without `?` has at most so many characters.
const LONGEST_KEY: usize = 1024;

impl Scanner<'_> {
    pub(super) fn insert(&mut self, number: usize, token: Token) {
        self.tokens.insert(number.saturating_sub(self.parsed).min(self.tokens.len()), token);
    }

    pub(super) fn roll(&mut self, mark: Mark, number: Option<usize>, kind: Kind) {
        let column = mark.column as i64;
        if self.flow == 0 && self.indent < column {
            self.indents.push(self.indent);
            self.indent = column;
            let number = number.unwrap_or(self.parsed + self.tokens.len());
            self.insert(number, Token { kind, start: mark.index });
        }
    }

    /// Ends what stands further in than a column. Comments that were found just now, in the column of what ends, are behind its end.
    pub(super) fn unroll(&mut self, column: i64, scan: Mark) {
        if self.flow > 0 {
            return;
        }
        let mut end = scan.index.saturating_sub(1);
        while self.indent > column {
            let mut stop = end;
            for group in self.groups.iter().rev() {
                if group.end < stop {
                    break;
                }
                if group.start.column as i64 == self.indent + 1 {
                    end = group.start.index;
                }
                stop = group.scan;
            }
            self.push(Kind::BlockEnd, end);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    pub(super) fn key_holds(&mut self, key: usize) -> Option<bool> {
        let now = self.at.mark;
        let Some(key) = self.keys.get_mut(key).filter(|key| key.possible) else { return Some(false) };
        if key.mark.line < now.line || key.mark.column + LONGEST_KEY < now.column {
            (!key.required).then_some(())?;
            key.possible = false;
        }
        Some(key.possible)
    }

    pub(super) fn save_key(&mut self) -> Option<()> {
        if self.key_allowed {
            let required = self.flow == 0 && self.indent == self.at.mark.column as i64;
            let number = self.parsed + self.tokens.len();
            self.remove_key()?;
            let last = self.keys.len() - 1;
            self.keys[last] = SimpleKey { possible: true, required, number, mark: self.at.mark };
            self.starts.push_back((number, last));
        }
        Some(())
    }

    pub(super) fn remove_key(&mut self) -> Option<()> {
        let key = self.keys.last_mut()?;
        if key.possible {
            (!key.required).then_some(())?;
            key.possible = false;
            let number = key.number;
            self.forget(number);
        }
        Some(())
    }

    pub(super) fn forget(&mut self, number: usize) {
        if let Ok(at) = self.starts.binary_search_by_key(&number, |start| start.0) {
            self.starts.remove(at);
        }
    }
}
