//! A talk by lines, with a plugin or with gpg-agent. What is heard may be a key or a passphrase, so every buffer is wiped (R1).

use std::io;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::outside::Conversation;

/// The longest line: what the other side may make us hold.
pub(super) const LIMIT: usize = 64 * 1024;

/// A talk.
pub(super) struct Talk {
    conversation: Box<dyn Conversation>,
    heard: Zeroizing<Vec<u8>>,
    at: usize,
}

impl Talk {
    pub(super) fn new(conversation: Box<dyn Conversation>) -> Self {
        Talk { conversation, heard: Zeroizing::new(Vec::new()), at: 0 }
    }

    /// As [`Conversation::set_patience`].
    pub(super) fn set_patience(&mut self, limit: Option<Duration>) {
        self.conversation.set_patience(limit);
    }

    /// Says something.
    ///
    /// # Errors
    /// The other side is gone, or does not listen.
    pub(super) fn say(&mut self, text: &[u8]) -> io::Result<()> {
        self.conversation.write_all(text)?;
        self.conversation.flush()
    }

    /// Hears a line, without its end.
    ///
    /// # Errors
    /// The other side is gone or silent, or the line is too long or not UTF-8.
    pub(super) fn line(&mut self) -> io::Result<Zeroizing<String>> {
        let mut line = Zeroizing::new(Vec::with_capacity(256));
        loop {
            let ready = &self.heard[self.at..];
            let end = ready.iter().position(|&b| b == b'\n');
            let part = &ready[..end.unwrap_or(ready.len())];
            if line.len() + part.len() > LIMIT {
                return Err(io::ErrorKind::InvalidData.into());
            }
            append(&mut line, part);
            self.at += part.len();
            if end.is_some() {
                self.at += 1;
                let text = std::str::from_utf8(&line).map_err(|_| io::ErrorKind::InvalidData)?;
                return Ok(Zeroizing::new(text.to_owned()));
            }
            self.hear()?;
        }
    }

    fn hear(&mut self) -> io::Result<()> {
        let mut fresh = Zeroizing::new(vec![0; 4096]);
        let read = loop {
            match self.conversation.read(&mut fresh) {
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        fresh.truncate(read);
        (self.heard, self.at) = (fresh, 0);
        Ok(())
    }
}

/// Adds to a buffer; one that becomes too small is wiped, not moved.
fn append(to: &mut Zeroizing<Vec<u8>>, part: &[u8]) {
    if to.len() + part.len() > to.capacity() {
        let mut bigger = Zeroizing::new(Vec::with_capacity((to.len() + part.len()) * 2));
        bigger.extend_from_slice(to);
        *to = bigger;
    }
    to.extend_from_slice(part);
}
