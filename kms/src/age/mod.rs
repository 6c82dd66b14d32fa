//! age: native, SSH and plugin keys (`docs/sops-keys.md`, 2.1).
//!
//! `recipient.rs` reads public keys (`ssh_public.rs`), `envelope.rs` the armoured file of a record, `identities.rs` finds private keys (`lines.rs`,
//! `ssh.rs`, `pkcs8.rs`, `command.rs`), `search.rs` decides which of them is tried first (`beforehand.rs`: what is known until then), `passphrase.rs` asks
//! (`agent.rs`), `plugin.rs` talks to programs (`wire.rs`, `talk.rs`), `report.rs` tells the one who holds no key where it looked, `diagnose.rs` whoever
//! asks what there is, `own.rs` whose identity is at hand, `within.rs` which identities stand in a text.

mod agent;
mod beforehand;
mod command;
mod diagnose;
mod envelope;
mod identities;
mod key;
mod lines;
mod own;
mod passphrase;
mod pkcs8;
mod plugin;
mod recipient;
mod report;
mod search;
mod ssh;
mod ssh_public;
mod talk;
mod wire;
mod within;
mod words;

use std::sync::Arc;

use age_core::secrecy::ExposeSecret;

use crate::backend::{Backend, Beside, ConfigKey, Names};
use crate::diagnose::{Diagnose, Diagnosis};
use crate::error::{BadKey, UnwrapError};
use crate::fields::Fields;
use crate::master_key::{Kind, MasterKey, Wrapped};
use crate::secret::Secret;
use crate::session::Session;

pub use identities::default_identity_file;
use key::AgeKey;
pub use own::{Own, no_identity_file, own_in_standard_file, own_in_variables};
pub(crate) use recipient::{bare_recipient, bech32};
pub use within::{Identity, identities_in, identity_files};

/// The kind of key `age`.
pub(crate) struct Age;

static NAMES: Names = Names {
    kind: Kind::Age,
    title: "age",
    flag: "age",
    short: Some('a'),
    variable: "SOPS_AGE_RECIPIENTS",
    rule_field: "age",
    group_field: "age",
    group_map: false,
    rule_error: "age",
    created_at: false,
    rank_flags: 6,
    rank_rule: 0,
    rank_group: 0,
    rank_file: 6,
};

impl Diagnose for Age {
    fn diagnose(&self, session: &Session) -> Diagnosis {
        diagnose::diagnose(session)
    }
}

impl Backend for Age {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, _: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        text.split(',').map(|item| AgeKey::read(item).map(|key| Arc::new(key) as Arc<dyn MasterKey>)).collect()
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        match item {
            ConfigKey::Text(text) => self.from_list(text, &Beside::default()),
            ConfigKey::Map(_) => Err(BadKey("an age key is a string, not a map".to_owned())),
        }
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        Arc::new(AgeKey::of_record(fields))
    }

    fn unwrap_any(&self, records: &[(&dyn MasterKey, &Wrapped)], session: &Session) -> Result<(usize, Secret), Vec<UnwrapError>> {
        let records: Vec<_> = records.iter().map(|(key, wrapped)| (key.id(), *wrapped)).collect();
        search::unwrap(&records, session)
    }

    fn trail(&self, key: &dyn MasterKey, session: &Session) -> Vec<String> {
        let faults = report::faults(key.id(), session).into_iter().map(|fault| format!("failed: {fault}"));
        faults.chain(report::looked_in(key.id(), session).into_iter().map(|place| format!("looked in {place}"))).collect()
    }

    fn unasked(&self, key: &dyn MasterKey, wrapped: &Wrapped, session: &Session) -> Option<String> {
        beforehand::unasked(key.id(), wrapped, session)
    }

    fn opens(&self, key: &dyn MasterKey, session: &Session) -> Option<bool> {
        beforehand::opens(key.id().trim(), session)
    }

    fn in_sops_words(&self, key: &dyn MasterKey, why: &UnwrapError, session: &Session) -> String {
        report::in_sops_words(key.id(), why, session)
    }
}

/// Makes a new native key: the `AGE-SECRET-KEY-1…` line without its line end, and the recipient.
pub fn generate() -> (Secret, String) {
    let identity = age::x25519::Identity::generate();
    let line = identity.to_string();
    (Secret::new(line.expose_secret().as_bytes().to_vec()), identity.to_public().to_string())
}
