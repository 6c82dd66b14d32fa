//! Why a key could not be read, wrap or unwrap. Never a secret, never a child's output that was not looked at (R7).

use thiserror::Error;

/// A key is spelled wrongly. The text is SOPS's where SOPS has one (`docs/sops-keys.md`, "Errors of spelling").
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct BadKey(pub String);

/// Why a secret could not be wrapped.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WrapError {
    #[error("{0}")]
    BadKey(String),
    #[error("the key was refused: {why}")]
    Refused { why: String },
    #[error("not reachable: {why}")]
    Unreachable { why: String },
    #[error("the program {name} was not found")]
    ProgramMissing { name: String },
    #[error("the host {host} was named by a file only, so it gets no credentials")]
    HostNotAllowed { host: String },
    #[error("this build has no {feature} keys")]
    NotBuilt { feature: &'static str },
    #[error("no terminal to ask on")]
    NoTerminal,
    #[error("cancelled")]
    Cancelled,
}

/// Why a key did not open a wrapped secret. The kind decides what the user is told first.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UnwrapError {
    /// We do not hold the private part. `looked_in` names the places, in order, for people; `notes` what was wrong with some of them.
    #[error("no identity of ours fits{}{}", notes_text(notes), places(looked_in))]
    NotHeld { looked_in: Vec<String>, notes: Vec<String> },
    /// We hold it, or the service does, and were refused (wrong passphrase, access denied, expired).
    #[error("refused: {why}")]
    Denied { why: String },
    /// What was typed for an identity, or for a secret key of gpg, does not open it.
    #[error("refused: incorrect passphrase for {what}")]
    WrongPassphrase { what: String },
    #[error("not reachable: {why}")]
    Unreachable { why: String },
    #[error("the wrapped key is damaged")]
    Corrupt,
    #[error("cancelled")]
    Cancelled,
    #[error("no terminal to ask for the passphrase of {what}")]
    NoTerminal { what: String },
    #[error("the program {name} was not found")]
    ProgramMissing { name: String },
    #[error("the host {host} was named by a file only, so it gets no credentials")]
    HostNotAllowed { host: String },
    #[error("this build has no {feature} keys")]
    NotBuilt { feature: &'static str },
}

fn notes_text(notes: &[String]) -> String {
    if notes.is_empty() { String::new() } else { format!(". Errors while loading identities: {}", notes.join("; ")) }
}

fn places(places: &[String]) -> String {
    match places {
        [] => String::new(),
        [one] => format!(". Looked in {one}"),
        [head @ .., last] => format!(". Looked in {} and {last}", head.join(", ")),
    }
}
