//! What is set that makes commands fail, and is no file: they would tell it themselves, each in turn.

use leafcrypt_kms::{Beside, backend};

use super::{Check, Doctor};
use crate::config;
use crate::error::Error;

impl Doctor<'_> {
    /// What stops every command which opens or seals, and variables that name recipients of new files and are none.
    pub(super) fn variables(&self) -> Vec<Check> {
        let stops = self.stops.iter().map(|(name, error)| self.of_error(*name, error));
        let recipients = self.recipients.iter().filter_map(|(kind, text)| {
            let error = config::flag_keys(&[(*kind, text)], &Beside::default()).err()?;
            Some(self.of_error(backend(*kind).names().variable, &Error::Config(error)))
        });
        stops.chain(recipients).collect()
    }
}
