//! The armoured age file that a record's `enc` is, and the small binary ones inside.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, Encryptor};
use age_core::format::{FileKey, Stanza};

use crate::error::UnwrapError;
use crate::secret::Secret;

/// The longest wrapped key we look at (R8).
const LIMIT: usize = 64 * 1024;
const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// An age file whose header was read.
pub(super) struct Envelope {
    binary: Vec<u8>,
    /// One for each recipient; SOPS's files have one.
    pub(super) stanzas: Vec<Stanza>,
}

impl Envelope {
    /// Reads a record's `enc`; blanks around it and CRLF are taken, as SOPS takes them.
    ///
    /// # Errors
    /// [`UnwrapError::Corrupt`]: too long, or not an armoured age file.
    pub(super) fn read(text: &str) -> Result<Self, UnwrapError> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if text.len() > LIMIT || !text.starts_with(BEGIN) {
            return Err(UnwrapError::Corrupt);
        }
        Envelope::from_binary(unarmoured(text.as_bytes(), LIMIT).ok_or(UnwrapError::Corrupt)?)
    }

    /// Reads a binary age file.
    ///
    /// # Errors
    /// [`UnwrapError::Corrupt`]: not an age file.
    pub(super) fn from_binary(binary: Vec<u8>) -> Result<Self, UnwrapError> {
        let spy = Spy(RefCell::default());
        match Decryptor::new_buffered(&binary[..]).map(|file| file.decrypt(std::iter::once(&spy as &dyn age::Identity)).err()) {
            Ok(Some(DecryptError::NoMatchingKeys)) => {}
            _ => return Err(UnwrapError::Corrupt),
        }
        Ok(Envelope { stanzas: spy.0.into_inner(), binary })
    }

    /// What an identity makes of the header: nothing if none of it is for that identity.
    pub(super) fn try_identity(&self, identity: &dyn age::Identity) -> Option<Result<Secret, UnwrapError>> {
        Some(match identity.unwrap_stanzas(&self.stanzas)? {
            Ok(key) => self.open(key),
            Err(_) => Err(UnwrapError::Corrupt),
        })
    }

    /// The content, by the file key that somebody found.
    ///
    /// # Errors
    /// [`UnwrapError::Corrupt`]: the header or the content was changed.
    pub(super) fn open(&self, key: FileKey) -> Result<Secret, UnwrapError> {
        let holder = Holder(Cell::new(Some(key)));
        let file = Decryptor::new_buffered(&self.binary[..]).map_err(|_| UnwrapError::Corrupt)?;
        let mut content = file.decrypt(std::iter::once(&holder as &dyn age::Identity)).map_err(|_| UnwrapError::Corrupt)?;
        // The content is shorter than the file, so the vector never grows (R1).
        let mut bytes = Vec::with_capacity(self.binary.len());
        let read = content.read_to_end(&mut bytes);
        let secret = Secret::new(bytes);
        read.map(|_| secret).map_err(|_| UnwrapError::Corrupt)
    }
}

/// Makes an armoured age file with one recipient: 64 columns, LF, a final LF.
///
/// # Errors
/// What the recipient said.
pub(super) fn seal(secret: &Secret, recipient: &dyn age::Recipient) -> Result<String, age::EncryptError> {
    let file = Encryptor::with_recipients(std::iter::once(recipient))?;
    let armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = file.wrap_output(armour)?;
    writer.write_all(secret.expose())?;
    let armoured = writer.finish()?.finish()?;
    Ok(String::from_utf8(armoured).expect("armour is ASCII"))
}

/// The binary file in an armour, or none if it is damaged or holds more than `limit` bytes.
pub(super) fn unarmoured(text: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut binary = Vec::new();
    let read = ArmoredReader::new(text).take(limit as u64 + 1).read_to_end(&mut binary).ok()?;
    (read <= limit).then_some(binary)
}

/// Opens nothing, and remembers the stanzas it was shown.
struct Spy(RefCell<Vec<Stanza>>);

impl age::Identity for Spy {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.0.borrow_mut().push(Stanza { tag: stanza.tag.clone(), args: stanza.args.clone(), body: stanza.body.clone() });
        None
    }
}

/// Knows the file key already.
struct Holder(Cell<Option<FileKey>>);

impl age::Identity for Holder {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.0.take().map(Ok)
    }
}
