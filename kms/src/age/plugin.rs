//! Keys held by a program `age-plugin-NAME`: the client's side of age's plugin protocol, version 1.
//!
//! Our own and not the age crate's, because that one looks the program up in `PATH` as it is, empty and relative entries included (R6).

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::time::Duration;

use age::EncryptError;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use crate::error::{UnwrapError, WrapError};
use crate::outside::{Asked, Command};
use crate::secret::Secret;
use crate::session::Session;

use super::envelope::{self, Envelope};
use super::lines::PluginIdentity;
use super::recipient::good_plugin_name;
use super::wire::Wire;

/// How many stanzas a program may send before we end the talk.
const TALK: usize = 10_000;

/// How long a program may be silent; a person may have to touch something.
const PATIENCE: Duration = Duration::from_secs(120);

/// What went wrong between us and a plugin.
#[derive(Debug)]
enum Trouble {
    Missing,
    Cancelled,
    Silent,
    /// It ended, or spoke nonsense.
    Broken,
    /// It said that it cannot.
    Refused,
}

/// Wraps a secret for a plugin's recipient.
///
/// # Errors
/// No such program, or it did not do it.
pub(super) fn wrap(name: &str, recipient: &str, secret: &Secret, session: &Session) -> Result<String, WrapError> {
    let by = Wrapper { name, recipient, session, trouble: RefCell::new(None) };
    envelope::seal(secret, &by).map_err(|_| match by.trouble.take() {
        Some(Trouble::Missing) => WrapError::ProgramMissing { name: program(name) },
        Some(Trouble::Cancelled) => WrapError::Cancelled,
        Some(Trouble::Silent) => WrapError::Unreachable { why: silent(name) },
        Some(Trouble::Refused) => WrapError::Refused { why: format!("{} could not wrap for this recipient", program(name)) },
        _ => WrapError::Refused { why: format!("{} broke off", program(name)) },
    })
}

/// Shows a plugin the headers of several files and its identities, in one talk; what it gives back are file keys by position.
///
/// # Errors
/// No such program, or it opened none and said why.
pub(super) fn unwrap(
    name: &str,
    identities: &[&PluginIdentity],
    files: &[&Envelope],
    session: &Session,
) -> Result<Vec<(usize, FileKey)>, UnwrapError> {
    let mut keys = Vec::new();
    match unwrap_talk(name, identities, files, session, &mut keys) {
        // What it opened before it failed is open.
        _ if !keys.is_empty() => Ok(keys),
        Ok(()) => Ok(keys),
        Err(Trouble::Missing) => Err(UnwrapError::ProgramMissing { name: program(name) }),
        Err(Trouble::Cancelled) => Err(UnwrapError::Cancelled),
        Err(Trouble::Silent) => Err(UnwrapError::Unreachable { why: silent(name) }),
        Err(Trouble::Refused) => Err(UnwrapError::Denied { why: format!("{} could not use its identity", program(name)) }),
        Err(Trouble::Broken) => Err(UnwrapError::Denied { why: format!("{} broke off", program(name)) }),
    }
}

fn program(name: &str) -> String {
    format!("age-plugin-{name}")
}

fn silent(name: &str) -> String {
    format!("{} gave no answer within {} s", program(name), PATIENCE.as_secs())
}

fn start(name: &str, role: &str, session: &Session) -> Result<Wire, Trouble> {
    if !good_plugin_name(name) {
        return Err(Trouble::Missing);
    }
    let command =
        Command { program: program(name).into(), args: vec![OsString::from(format!("--age-plugin={role}"))], ..Command::default() };
    match session.outside().talk(command) {
        Ok(conversation) => Ok(Wire::new(conversation, PATIENCE)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Err(Trouble::Missing),
        Err(_) => Err(Trouble::Broken),
    }
}

fn unwrap_talk(
    name: &str,
    identities: &[&PluginIdentity],
    files: &[&Envelope],
    session: &Session,
    keys: &mut Vec<(usize, FileKey)>,
) -> Result<(), Trouble> {
    let mut wire = start(name, "identity-v1", session)?;
    for identity in identities {
        let line = std::str::from_utf8(identity.line.expose()).map_err(|_| Trouble::Broken)?;
        wire.send("add-identity", &[line], &[])?;
    }
    for (i, file) in files.iter().enumerate() {
        let index = i.to_string();
        for stanza in &file.stanzas {
            let args: Vec<_> = [index.as_str(), &stanza.tag].into_iter().chain(stanza.args.iter().map(String::as_str)).collect();
            wire.send("recipient-stanza", &args, &stanza.body)?;
        }
    }
    wire.send("done", &[], &[])?;
    answer_until_done(&mut wire, name, session, |stanza| {
        if stanza.tag != "file-key" {
            return false;
        }
        let index = stanza.args.first().and_then(|index| index.parse::<usize>().ok()).filter(|&index| index < files.len());
        if let (Some(index), Ok(body)) = (index, <&[u8; 16]>::try_from(&stanza.body[..]))
            && keys.iter().all(|(known, _)| *known != index)
        {
            keys.push((index, FileKey::init_with_mut(|key| key.copy_from_slice(body))));
        }
        true
    })
}

/// Answers what a plugin asks, until it is done. `take` gets what only this role has, and says whether it knew it.
fn answer_until_done(wire: &mut Wire, name: &str, session: &Session, mut take: impl FnMut(&Stanza) -> bool) -> Result<(), Trouble> {
    let world = session.outside();
    let mut refused = false;
    for _ in 0..TALK {
        let mut stanza = wire.receive()?;
        let asked = match stanza.tag.as_str() {
            "done" => return if refused { Err(Trouble::Refused) } else { Ok(()) },
            "msg" => {
                world.tell(&format!("{}: {}", program(name), String::from_utf8_lossy(&stanza.body)));
                wire.send("ok", &[], &[])?;
                continue;
            }
            "error" => {
                // For the person alone: a child's output has no place in an error that may be logged (R7).
                world.tell(&format!("{}: error: {}", program(name), String::from_utf8_lossy(&stanza.body)));
                refused = true;
                wire.send("ok", &[], &[])?;
                continue;
            }
            "request-secret" => world.ask(&question(name, &stanza.body)),
            "request-public" => world.ask_line(&question(name, &stanza.body)),
            "confirm" => {
                confirm(wire, name, &stanza, session)?;
                continue;
            }
            _ => {
                let known = take(&stanza);
                zeroize::Zeroize::zeroize(&mut stanza.body);
                wire.send(if known { "ok" } else { "unsupported" }, &[], &[])?;
                continue;
            }
        };
        match asked {
            Asked::Answer(answer) | Asked::Lines(answer) => wire.send("ok", &[], answer.expose())?,
            Asked::NoTerminal | Asked::TooLong => wire.send("fail", &[], &[])?,
            Asked::Cancelled => return Err(Trouble::Cancelled),
        }
    }
    Err(Trouble::Broken)
}

fn confirm(wire: &mut Wire, name: &str, stanza: &Stanza, session: &Session) -> Result<(), Trouble> {
    let word = |i: usize| {
        let bytes = stanza.args.get(i).and_then(|arg| BASE64_STANDARD_NO_PAD.decode(arg).ok())?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let (Some(yes), no) = (word(0), word(1)) else { return Ok(wire.send("fail", &[], &[])?) };
    let choices = no.as_ref().map_or_else(|| format!("[1: {yes}]"), |no| format!("[1: {yes}, 2: {no}]"));
    match session.outside().ask_line(&format!("{} {choices}", question(name, &stanza.body))) {
        Asked::Answer(answer) if answer.expose() == b"1" => wire.send("ok", &["yes"], &[])?,
        Asked::Answer(_) if no.is_some() => wire.send("ok", &["no"], &[])?,
        Asked::Answer(_) | Asked::Lines(_) | Asked::TooLong | Asked::NoTerminal => wire.send("fail", &[], &[])?,
        Asked::Cancelled => return Err(Trouble::Cancelled),
    }
    Ok(())
}

fn question(name: &str, text: &[u8]) -> String {
    format!("{}: {}", program(name), String::from_utf8_lossy(text))
}

impl From<io::Error> for Trouble {
    fn from(why: io::Error) -> Self {
        if why.kind() == io::ErrorKind::TimedOut { Trouble::Silent } else { Trouble::Broken }
    }
}

/// A plugin's recipient, as the age crate sees recipients.
struct Wrapper<'a> {
    name: &'a str,
    recipient: &'a str,
    session: &'a Session,
    trouble: RefCell<Option<Trouble>>,
}

impl Wrapper<'_> {
    fn talk(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), Trouble> {
        let mut wire = start(self.name, "recipient-v1", self.session)?;
        wire.send("add-recipient", &[self.recipient], &[])?;
        wire.send("wrap-file-key", &[], key.expose_secret())?;
        wire.send("extension-labels", &[], &[])?;
        wire.send("done", &[], &[])?;
        let (mut stanzas, mut labels) = (Vec::new(), HashSet::new());
        answer_until_done(&mut wire, self.name, self.session, |stanza| match (stanza.tag.as_str(), &stanza.args[..]) {
            ("recipient-stanza", [file, tag, args @ ..]) if file == "0" => {
                stanzas.push(Stanza { tag: tag.clone(), args: args.to_vec(), body: stanza.body.clone() });
                true
            }
            ("labels", args) => {
                labels.extend(args.iter().cloned());
                true
            }
            _ => false,
        })?;
        if stanzas.is_empty() { Err(Trouble::Refused) } else { Ok((stanzas, labels)) }
    }
}

impl age::Recipient for Wrapper<'_> {
    fn wrap_file_key(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        self.talk(key).map_err(|trouble| {
            self.trouble.replace(Some(trouble));
            EncryptError::Io(io::ErrorKind::Other.into())
        })
    }
}
