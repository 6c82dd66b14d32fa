//! A binary file: one token in an envelope of JSON. Never through a document: one text and one buffer at most.

use std::thread::{self, ScopedJoinHandle};

use leafcrypt_formats::{Envelope, Format, Kind, Limits, Opened, SyntaxClass, SyntaxError, Tree};
use zeroize::Zeroizing;

use super::accept;
use super::crew::{joined, wiped};
use super::error::{OpenError, SealError};
use super::judge::{Opening, check_mac};
use super::verdict::{self, Doubts, Seen, Vouched};
use super::{Base, BaseBody, Body, OpenFile, OpenHow, Renews, SealedFile};
use crate::manners::Manners;
use crate::metadata::Metadata;
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::extension::{self, Payload};
use crate::seal::mac::Mac;
use crate::seal::policy::Coverage;
use crate::seal::token::Holds;
use crate::seal::witness::{self, Sum, Tag};
use crate::world::World;

/// The additional data of the one leaf.
const PATH: &[u8] = b"data:";
/// Bytes below which a thread costs more than it saves.
const BIG: usize = 1 << 20;

/// Is an envelope that of a binary file? Its value is a string, and sealed; JSON with the one key `data` may hold another.
pub(super) fn is_one(envelope: &Envelope, text: &[u8]) -> bool {
    let token = envelope.token(text);
    token.is_empty() || token.ends_with(b",type:str]")
}

pub(super) fn open(
    text: &[u8],
    envelope: &Envelope,
    metadata: &Metadata,
    cipher: &Cipher,
    how: &OpenHow<'_>,
) -> Result<Opening, OpenError> {
    let token = envelope.token(text);
    let plain = if token.is_empty() {
        Vec::new()
    } else {
        let held = cipher.open_text(PATH, &token, Holds::Value(Kind::Str));
        held.map_err(|why| OpenError::Leaf { path: "data".to_owned(), line: 0, why })?
    };
    let mac = mac_of(&plain, metadata.mac_only_encrypted);
    let seen = || Seen { bodies: vec![body(metadata, plain.is_empty())], comments: no_comments() };
    let (payload, vouched, warnings, differences) = if how.accepting {
        let (payload, vouched, differences) = accept::compare(metadata, &mac, cipher, seen);
        (payload, vouched, Vec::new(), Some(Box::new(differences)))
    } else if how.ignore_mac {
        (None, Vouched::No, Vec::new(), None)
    } else {
        check_mac(metadata, &mac, cipher)?;
        let found = extension::open(cipher, metadata.extension.as_deref(), &metadata.mac);
        let verdict = verdict::check(found, metadata, false, seen, how)?;
        (verdict.payload, verdict.vouched, verdict.warnings, None)
    };
    let coverage = Coverage::default();
    Ok(Opening {
        plain,
        otherwise: Vec::new(),
        opened: Opened::default(),
        coverage,
        hints: Vec::new(),
        mac,
        has_older_mac: false,
        payload,
        vouched,
        doubts: Doubts::default(),
        closed: 0,
        tried_out: false,
        warnings,
        differences,
        bare: false,
        own_dialect: false,
    })
}

/// The sealed text, opened again.
pub(super) fn seal(file: &OpenFile<'_>, world: &World<'_>) -> Result<Vec<u8>, SealError> {
    if file.plain.len() > Limits::BINARY_PLAIN {
        let what = format!("the file has {} bytes, more than the limit of {}", file.plain.len(), Limits::BINARY_PLAIN);
        return Err(SyntaxError { line: 0, column: 0, what, class: SyntaxClass::Limit }.into());
    }
    let cipher = Cipher::new(&file.data_key);
    let old = file.base.as_ref().and_then(|base| match &base.body {
        BaseBody::Binary(envelope) => Some((base, envelope)),
        BaseBody::Document { .. } => None,
    });
    let (sealed, mac) = match old {
        Some((base, envelope)) => seal_again(file, base, envelope, &cipher, world)?,
        None => seal_anew(file, &cipher, world)?,
    };
    reopen(file, &sealed, &mac, &cipher, world.manners)?;
    Ok(sealed)
}

/// A new envelope. The digests of what is big are taken while it is encrypted.
fn seal_anew(file: &OpenFile<'_>, cipher: &Cipher, world: &World<'_>) -> Result<(Vec<u8>, Zeroizing<String>), SealError> {
    let mut nonces = Nonces::new(world.random);
    thread::scope(|scope| {
        let digests = Digests::begin(file, scope);
        let mut mac = None;
        let fill = |out: &mut Vec<u8>| -> Result<_, SealError> {
            if !file.plain.is_empty() {
                cipher.seal(out, PATH, &file.plain, Holds::Value(Kind::Str), &mut nonces)?;
            }
            let digests = digests.finish();
            let fields = fields(file, None, &digests, cipher, &mut nonces, world)?;
            mac = Some(digests.mac);
            Ok(fields)
        };
        let sealed = Envelope::write(token_size(file), fill, file.settings.indent)?;
        Ok((sealed, mac.expect("the fields were asked for")))
    })
}

/// The envelope that was opened, with what is another now.
fn seal_again(
    file: &OpenFile<'_>,
    base: &Base<'_>,
    envelope: &Envelope,
    cipher: &Cipher,
    world: &World<'_>,
) -> Result<(Vec<u8>, Zeroizing<String>), SealError> {
    let mut nonces = Nonces::new(world.random);
    let digests = thread::scope(|scope| Digests::begin(file, scope).finish());
    // The MAC is a digest of the one value: equal MACs, equal files.
    let same = *base.mac == *digests.mac && !base.unchecked && file.renews != Renews::Key;
    let kept = (same && file.renews < Renews::Mac).then_some(&base.metadata);
    let fields = fields(file, kept, &digests, cipher, &mut nonces, world)?;
    let token = same.then(|| envelope.token(base.text));
    let mut failed = None;
    let fill = |out: &mut Vec<u8>| match &token {
        Some(token) => out.extend_from_slice(token),
        None if file.plain.is_empty() => {}
        None => failed = cipher.seal(out, PATH, &file.plain, Holds::Value(Kind::Str), &mut nonces).err(),
    };
    let sealed = envelope.with_data(base.text, token_size(file), fill, &fields, file.settings.indent)?;
    failed.map_or(Ok((sealed, digests.mac)), |error| Err(error.into()))
}

/// At most.
fn token_size(file: &OpenFile<'_>) -> usize {
    if file.plain.is_empty() { 0 } else { file.plain.len().div_ceil(3) * 4 + 160 }
}

/// The metadata's fields; `kept` is the metadata whose MAC and date stay.
fn fields(
    file: &OpenFile<'_>,
    kept: Option<&Metadata>,
    digests: &Digested,
    cipher: &Cipher,
    nonces: &mut Nonces<'_>,
    world: &World<'_>,
) -> Result<Vec<(String, Tree)>, SealError> {
    let mut metadata = file.metadata_with(kept, &digests.mac, cipher, nonces, world)?;
    let payload = Payload {
        body: body(&metadata, file.plain.is_empty()),
        comments: no_comments(),
        keys: file.keys_digest(&metadata),
        text: digests.text,
        hints: Vec::new(),
        descent: file.settings.descent.clone(),
    };
    metadata.extension = file.field(&payload, &metadata.mac, cipher, nonces)?;
    Ok(metadata.fields(Format::Binary.shape()))
}

/// What is digested of a whole file.
struct Digested {
    mac: Zeroizing<String>,
    text: Sum,
}

/// The digests of a plain text; of a big one they are taken by threads of their own meanwhile.
enum Digests<'s> {
    Small { plain: &'s [u8], only_covered: bool },
    Big { mac: ScopedJoinHandle<'s, Zeroizing<String>>, text: ScopedJoinHandle<'s, Sum> },
}

impl<'s> Digests<'s> {
    fn begin<'e>(file: &'e OpenFile<'_>, scope: &'s thread::Scope<'s, 'e>) -> Self
    where
        'e: 's,
    {
        let (plain, only_covered) = (file.plain(), file.settings.mac_only_encrypted);
        if plain.len() < BIG {
            return Digests::Small { plain, only_covered };
        }
        let mac = scope.spawn(move || wiped(|| mac_of(plain, only_covered)));
        let text = scope.spawn(move || wiped(|| witness::text(plain)));
        Digests::Big { mac, text }
    }

    fn finish(self) -> Digested {
        match self {
            Digests::Small { plain, only_covered } => Digested { mac: mac_of(plain, only_covered), text: witness::text(plain) },
            Digests::Big { mac, text } => Digested { mac: joined(mac), text: joined(text) },
        }
    }
}

/// Opens finished bytes again, and compares them piece by piece with what went in: then their MAC is that of what went in, `mac`.
fn reopen(file: &OpenFile<'_>, sealed: &[u8], mac: &Zeroizing<String>, cipher: &Cipher, manners: &Manners) -> Result<(), SealError> {
    let unfaithful = || SealError::NotFaithful { line: 0 };
    let SealedFile { body: Body::Binary(envelope), metadata, .. } =
        SealedFile::parse(Format::Binary, sealed, manners).map_err(|_| unfaithful())?
    else {
        return Err(unfaithful());
    };
    let token = envelope.token(sealed);
    if token.is_empty() != file.plain.is_empty() {
        return Err(unfaithful());
    }
    if !token.is_empty() {
        cipher.open_equal(PATH, &token, Holds::Value(Kind::Str), &file.plain).map_err(|_| unfaithful())?;
    }
    if metadata.mac_only_encrypted != file.settings.mac_only_encrypted {
        return Err(unfaithful());
    }
    check_mac(&metadata, mac, cipher).map_err(|_| unfaithful())?;
    let found = extension::open(cipher, metadata.extension.as_deref(), &metadata.mac);
    let seen = || Seen { bodies: vec![body(&metadata, file.plain.is_empty())], comments: no_comments() };
    verdict::check(found, &metadata, false, seen, &OpenHow::default()).map_err(|_| unfaithful())?;
    Ok(())
}

/// SOPS never writes `mac_only_encrypted` into a binary file, but obeys it in one.
fn mac_of(plain: &[u8], only_covered: bool) -> Zeroizing<String> {
    let mut mac = Mac::new(only_covered);
    mac.leaf(plain, true);
    mac.finish()
}

/// The walk of a map with the one key `data`.
fn body(metadata: &Metadata, empty: bool) -> Sum {
    let mut records = witness::body_frame(&verdict::frame(Format::Binary, metadata));
    records.add(Tag::Document, b"");
    records.add(Tag::MapStart, b"");
    records.add(Tag::Key, b"data");
    if empty {
        records.add(Tag::ClearLeaf, Kind::Str.name().as_bytes());
        records.add(Tag::ClearBytes, b"");
    } else {
        records.add(Tag::CoveredLeaf, Kind::Str.name().as_bytes());
    }
    records.add(Tag::MapEnd, b"");
    records.finish()
}

fn no_comments() -> Sum {
    witness::Records::default().finish()
}
