//! What SOPS has and this version does not have yet: known names with one clear answer.

use std::ffi::OsString;

use super::Context;
use super::decrypt::Order;
use crate::error::{Error, Missing};

/// Not in this version yet: hand files over to where a destination rule says
#[derive(Debug, clap::Args)]
pub(super) struct Publish {
    /// Files, and with --recursive folders
    paths: Vec<OsString>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Leave the endings of names out
    #[arg(long)]
    omit_extensions: bool,
    /// All files of a folder
    #[arg(long)]
    recursive: bool,
    #[command(flatten)]
    order: Order,
}

/// Not in this version yet: wrap and unwrap for other machines
#[derive(Debug, clap::Args)]
pub(super) struct KeyService {
    /// Where to listen: tcp or unix
    #[arg(long, alias = "net")]
    network: Option<String>,
    /// The address or socket
    #[arg(long, alias = "addr")]
    address: Option<String>,
    /// Ask before each answer
    #[arg(long)]
    prompt: bool,
}

impl Publish {
    pub(super) fn refuse(&self) -> Error {
        Error::Later(Missing::Publish)
    }
}

impl KeyService {
    pub(super) fn refuse(&self) -> Error {
        Error::Later(Missing::KeyService)
    }
}

/// Key services that a flag or a variable names, for a command that wraps or unwraps. `true` of the local one is what happens anyway.
///
/// # Errors
/// One is named, or the local keys are not to be used; or the variable is no boolean, as in SOPS.
pub(super) fn refuse_key_services(context: &Context<'_>) -> Result<(), Error> {
    let flags = &context.global.key_service;
    let named = if flags.keyservice.is_empty() { context.variables.key_services.iter() } else { flags.keyservice.iter() };
    if named.clone().any(|uri| !uri.is_empty()) {
        return Err(Error::Later(Missing::KeyServices));
    }
    let by_variable = || match context.variables.local_keys.as_deref() {
        None => Ok(true),
        Some(text) => go_bool(text).ok_or_else(|| Error::Usage("SOPS_ENABLE_LOCAL_KEYSERVICE is neither true nor false".to_owned())),
    };
    if flags.enable_local_keyservice.map_or_else(by_variable, Ok)? {
        return Ok(());
    }
    Err(Error::Later(Missing::OnlyKeyServices))
}

/// As Go's `strconv.ParseBool`.
pub(super) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
