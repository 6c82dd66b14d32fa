//! Stanzas as they go between us and a plugin: `-> TAG ARG…`, then base64 without padding in lines of 64, the last one shorter.

use std::io;
use std::time::Duration;

use age_core::format::{Stanza, is_arbitrary_string};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::outside::Conversation;

use super::talk::{LIMIT, Talk};

const COLUMNS: usize = 64;

/// A talk in stanzas.
pub(super) struct Wire(Talk);

impl Wire {
    /// A talk with one who may be silent for so long.
    pub(super) fn new(conversation: Box<dyn Conversation>, patience: Duration) -> Self {
        let mut talk = Talk::new(conversation);
        talk.set_patience(Some(patience));
        Wire(talk)
    }

    /// Says one.
    ///
    /// # Errors
    /// The other side is gone or deaf; or an argument is no word.
    pub(super) fn send(&mut self, tag: &str, args: &[&str], body: &[u8]) -> io::Result<()> {
        if !args.iter().all(is_arbitrary_string) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let body = Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(body));
        let len = tag.len() + args.iter().map(|arg| arg.len() + 1).sum::<usize>() + body.len() / COLUMNS + body.len() + 8;
        let mut text = Zeroizing::new(String::with_capacity(len));
        text.push_str("-> ");
        text.push_str(tag);
        for arg in args {
            text.push(' ');
            text.push_str(arg);
        }
        text.push('\n');
        let (full, short) = body.split_at(body.len() / COLUMNS * COLUMNS);
        for at in (0..full.len()).step_by(COLUMNS) {
            text.push_str(&full[at..at + COLUMNS]);
            text.push('\n');
        }
        text.push_str(short);
        text.push('\n');
        self.0.say(text.as_bytes())
    }

    /// Hears one.
    ///
    /// # Errors
    /// The other side is gone or silent, or what it said is no stanza.
    pub(super) fn receive(&mut self) -> io::Result<Stanza> {
        let head = self.0.line()?;
        let mut words = head.strip_prefix("-> ").ok_or(io::ErrorKind::InvalidData)?.split(' ').map(str::to_owned);
        let tag = words.next().unwrap_or_default();
        let args: Vec<_> = words.collect();
        if !is_arbitrary_string(&tag) || !args.iter().all(is_arbitrary_string) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut text = Zeroizing::new(String::with_capacity(LIMIT));
        loop {
            let line = self.0.line()?;
            if line.len() > COLUMNS || text.len() + line.len() > LIMIT {
                return Err(io::ErrorKind::InvalidData.into());
            }
            text.push_str(&line);
            if line.len() < COLUMNS {
                break;
            }
        }
        let body = BASE64_STANDARD_NO_PAD.decode(text.as_bytes()).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Stanza { tag, args, body })
    }
}
