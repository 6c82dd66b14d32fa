//! An age recipient as a master key.

use std::sync::OnceLock;

use crate::error::{BadKey, UnwrapError, WrapError};
use crate::fields::{Field, Fields};
use crate::master_key::{Cost, Kind, MasterKey, Wrapped};
use crate::record;
use crate::secret::Secret;
use crate::session::Session;

use super::recipient::{HYBRID, HYBRID_PLUGIN, Recipient};
use super::{beforehand, envelope, plugin, search};

/// A recipient as it was given, an SSH key's comment included, and what it means.
pub(super) struct AgeKey {
    text: String,
    /// Read when it is first used, so that a misspelled record is kept.
    meaning: OnceLock<Result<Recipient, BadKey>>,
    /// What else its record holds, kept.
    rest: Vec<(String, Field)>,
}

impl AgeKey {
    /// Reads a recipient from a flag or the configuration.
    ///
    /// # Errors
    /// SOPS's text for the misspelled one.
    pub(super) fn read(text: &str) -> Result<Self, BadKey> {
        let key = AgeKey::kept(text.trim());
        match key.meaning() {
            Ok(_) => Ok(key),
            Err(why) => Err(why.clone()),
        }
    }

    /// A recipient from a file, right or wrong.
    pub(super) fn kept(text: &str) -> Self {
        AgeKey { text: text.to_owned(), meaning: OnceLock::new(), rest: Vec::new() }
    }

    /// A key from a record of the metadata, with all that is in it.
    pub(super) fn of_record(fields: &Fields) -> Self {
        AgeKey { rest: record::rest(fields, &["recipient"]), ..AgeKey::kept(fields.text("recipient")) }
    }

    fn meaning(&self) -> Result<&Recipient, &BadKey> {
        self.meaning.get_or_init(|| Recipient::read(self.text.trim())).as_ref()
    }
}

impl std::fmt::Debug for AgeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgeKey({:?})", self.text)
    }
}

impl MasterKey for AgeKey {
    fn kind(&self) -> Kind {
        Kind::Age
    }

    fn id(&self) -> &str {
        &self.text
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        record::push(&mut fields, &self.rest, "recipient", &self.text);
        fields.0.extend(self.rest.iter().cloned());
        fields
    }

    fn cost(&self, session: &Session) -> Cost {
        beforehand::cost(&self.text, session)
    }

    fn wrap(&self, secret: &Secret, session: &Session) -> Result<Wrapped, WrapError> {
        let refused = |_| WrapError::Refused { why: "age could not wrap for this recipient".to_owned() };
        match self.meaning().map_err(|why| WrapError::BadKey(why.0.clone()))? {
            Recipient::X25519(recipient) => envelope::seal(secret, recipient).map(Wrapped).map_err(refused),
            Recipient::Ssh(recipient) => envelope::seal(secret, &**recipient).map(Wrapped).map_err(refused),
            Recipient::Plugin { name } => plugin::wrap(name, self.text.trim(), secret, session).map(Wrapped),
            Recipient::Hybrid => match plugin::wrap(HYBRID_PLUGIN, self.text.trim(), secret, session) {
                Err(WrapError::ProgramMissing { .. }) => Err(WrapError::NotBuilt { feature: HYBRID }),
                wrapped => wrapped.map(Wrapped),
            },
        }
    }

    fn unwrap(&self, wrapped: &Wrapped, session: &Session) -> Result<Secret, UnwrapError> {
        search::unwrap(&[(&self.text, wrapped)], session)
            .map(|(_, secret)| secret)
            .map_err(|mut reasons| reasons.pop().unwrap_or(UnwrapError::Corrupt))
    }
}
