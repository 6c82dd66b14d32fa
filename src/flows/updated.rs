//! What became of files whose recipients were updated, for people and for programs.

use leafcrypt_formats::json;

use super::consent::Changes;
use crate::error::Error;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its recipients are those of its rule.
    UpToDate,
    /// It has them now.
    Synced,
    /// The answer was no.
    Left,
    /// It would have others: a dry run.
    Shown,
    /// See its error.
    Failed,
}

impl Outcome {
    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::UpToDate => "up-to-date",
            Outcome::Synced => "updated",
            Outcome::Left => "declined",
            Outcome::Shown => "would-change",
            Outcome::Failed => "failed",
        }
    }
}

/// A file that was looked at.
#[derive(Clone, Debug)]
pub struct Updated {
    /// The file.
    pub file: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Who was to come and to go; none where that could not be told.
    pub changes: Option<Changes>,
    /// Why it failed.
    pub error: Option<String>,
}

/// All files that were looked at.
#[derive(Debug)]
pub struct Updates {
    /// In turn.
    pub files: Vec<Updated>,
    /// What failed.
    pub error: Option<Error>,
}

/// Of many files, in one line.
pub(super) fn sum(all: &[Updated]) -> String {
    let count = |outcome: Outcome| all.iter().filter(|updated| updated.outcome == outcome).count();
    let counted = [
        (Outcome::Synced, "updated"),
        (Outcome::UpToDate, "up to date already"),
        (Outcome::Left, "left unchanged"),
        (Outcome::Shown, "would change"),
        (Outcome::Failed, "failed"),
    ];
    let counted = counted.map(|(outcome, word)| (count(outcome), word)).into_iter().filter(|(n, _)| *n > 0);
    format!("{} files: {}", all.len(), counted.map(|(n, word)| format!("{n} {word}")).collect::<Vec<_>>().join(", "))
}

/// For programs.
pub fn as_json(all: &[Updated]) -> String {
    let file = |updated: &Updated| {
        let changes = updated.changes.as_ref().map(Changes::as_json);
        serde_json::json!({ "file": updated.file, "outcome": updated.outcome.name(), "changes": changes, "error": updated.error })
    };
    let all: Vec<_> = all.iter().map(file).collect();
    json(&format!("{:#}\n", serde_json::Value::Array(all))).into_owned()
}
