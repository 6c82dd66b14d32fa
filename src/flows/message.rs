//! What a process of ours tells another one that it starts, through its standard input: parts of bytes, wiped when they are read.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd as _;

use zeroize::Zeroizing;

/// A message to be sent.
pub(super) struct Message(Zeroizing<Vec<u8>>);

impl Message {
    /// Of the parts that are told, twice: a buffer that grows leaves what it had behind, and so their sizes are asked first.
    pub(super) fn of(tell: impl Fn(&mut dyn FnMut(&[u8]))) -> Self {
        let mut room = 0;
        tell(&mut |part| room += size_of::<u64>() + part.len());
        let mut message = Zeroizing::new(Vec::with_capacity(room));
        tell(&mut |part| {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        });
        Message(message)
    }

    pub(super) fn send(&self, pipe: &mut impl Write) -> io::Result<()> {
        pipe.write_all(&(self.0.len() as u64).to_be_bytes())?;
        pipe.write_all(&self.0)?;
        pipe.flush()
    }
}

/// Our standard input, unbuffered: a buffer would keep a copy of what comes through it.
pub(super) fn input() -> io::Result<File> {
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Reads a message. The pipe may go on after it.
pub(super) fn read(pipe: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut len = [0; 8];
    pipe.read_exact(&mut len)?;
    let len = usize::try_from(u64::from_be_bytes(len)).map_err(|_| io::ErrorKind::InvalidData)?;
    // In one piece, so that nothing is left behind by a buffer that grew.
    let mut message = Zeroizing::new(vec![0; len]);
    pipe.read_exact(&mut message)?;
    Ok(message)
}

/// A message's parts.
pub(super) struct Parts<'m>(pub(super) &'m [u8]);

impl<'m> Parts<'m> {
    pub(super) fn next(&mut self) -> Option<&'m [u8]> {
        let (len, rest) = self.0.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*len)).ok()?)?;
        self.0 = rest;
        Some(part)
    }
}
