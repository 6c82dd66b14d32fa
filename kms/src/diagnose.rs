//! What a kind of key has at hand here, for `doctor`. Looks at the environment, files and local programs only; starts nothing that asks a person or a
//! network. Names, places and public keys; never a secret.

use crate::backend::Names;
use crate::session::Session;

/// How good a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be, or a fact.
    Ok,
    /// Something will not work, or not as wanted.
    Warn,
    /// What somebody has set up is broken.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub name: String,
    /// How good it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What mends it: one command, or one thing to do.
    pub fix: Option<String>,
}

/// What a kind of key came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// In the order in which it was looked.
    pub findings: Vec<Finding>,
    /// How many private keys there are, closed ones too.
    pub keys: usize,
}

/// A kind of key that can say what it has at hand.
pub trait Diagnose {
    /// Says it.
    fn diagnose(&self, session: &Session) -> Diagnosis;
}

impl Diagnosis {
    pub(crate) fn add(&mut self, health: Health, name: impl Into<String>, found: impl Into<String>, fix: Option<&str>) {
        self.findings.push(Finding { name: name.into(), health, found: found.into(), fix: fix.map(str::to_owned) });
    }
}

/// A kind whose records this build reads and keeps, and cannot use. Its variable would choose it for new files.
pub(crate) fn not_built(names: &Names, session: &Session) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let fact = format!("this build reads and keeps records of {} keys, and has no client to use them", names.title);
    match session.outside().env(names.variable) {
        None => diagnosis.add(Health::Ok, names.title, fact, None),
        Some(_) => {
            let fix = format!("unset {}", names.variable);
            diagnosis.add(Health::Fail, names.title, format!("{fact}; {} asks for them in every new file", names.variable), Some(&fix));
        }
    }
    diagnosis
}
