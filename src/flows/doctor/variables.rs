//! What is set that makes commands fail, and is no file: they would tell it themselves, each in turn.

use std::sync::Arc;

use leafcrypt_kms::{Beside, MasterKey, backend};

use super::{Check, Doctor, State};
use crate::config;
use crate::error::Error;

impl Doctor<'_> {
    /// What cannot be understood, what stops every command which opens or seals, and variables that name recipients of new files and are none.
    pub(super) fn variables(&self) -> Vec<Check> {
        let stops = self.stops.iter().map(|(name, error)| self.of_error(*name, error));
        let wrong = self.wrong.iter().map(|(name, what)| Check::new(State::Fail, *name, *what).fix(format!("unset {name}")));
        let recipients = self.recipients.iter().flat_map(|(kind, text)| {
            let variable = backend(*kind).names().variable;
            match config::flag_keys(&[(*kind, text)], &Beside::default()) {
                Ok(keys) => {
                    misspelled(&keys).map(|what| Check::new(State::Fail, variable, what).fix(format!("correct {variable}"))).collect()
                }
                Err(error) => vec![self.of_error(variable, &Error::Config(error))],
            }
        });
        wrong.chain(stops).chain(recipients).collect()
    }
}

/// Keys for which nothing can be sealed as they are written, and why.
pub(super) fn misspelled(keys: &[Arc<dyn MasterKey>]) -> impl Iterator<Item = String> {
    keys.iter().filter_map(|key| Some(format!("{}: {}", key.id(), key.misspelled()?)))
}
