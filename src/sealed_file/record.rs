//! What the metadata of a sealed file records: recipients, MAC and date, and our own field.

use leafcrypt_formats::{Document, Format, Hint, Kind, Value};

use super::cover::Covered;
use super::error::SealError;
use super::verdict::{self, Doubts, Vouched};
use super::{OpenFile, Renews};
use crate::metadata::{self, Metadata};
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::extension::{self, Payload};
use crate::seal::selection::Selection;
use crate::seal::token::Holds;
use crate::seal::witness;
use crate::world::World;

impl OpenFile<'_> {
    /// The metadata, with a new MAC and date only if something sealed changed.
    pub(super) fn metadata(
        &self,
        covered: &Covered,
        cipher: &Cipher,
        nonces: &mut Nonces<'_>,
        world: &World<'_>,
    ) -> Result<Metadata, SealError> {
        let unchanged =
            self.base.as_ref().filter(|base| !covered.renewed && *base.mac == *covered.mac && !base.unchecked && self.renews < Renews::Mac);
        self.metadata_with(unchanged.map(|b| &b.metadata), &covered.mac, cipher, nonces, world)
    }

    /// The same for a known MAC; `kept` is the metadata whose MAC and date stay.
    pub(super) fn metadata_with(
        &self,
        kept: Option<&Metadata>,
        mac: &str,
        cipher: &Cipher,
        nonces: &mut Nonces<'_>,
        world: &World<'_>,
    ) -> Result<Metadata, SealError> {
        // SOPS writes none into the JSON that it makes of a binary file, and its default once that is changed. By it a tree is known from such a file.
        let default = || (self.format == Format::Json).then(Selection::default_rule);
        let mut metadata = Metadata {
            groups: self.settings.groups.clone(),
            selection: self.settings.selection.clone().or_else(default),
            mac_only_encrypted: self.settings.mac_only_encrypted,
            version: self.settings.version.clone(),
            unknown: self.settings.unknown.clone(),
            ..Metadata::default()
        };
        if metadata.groups.records().any(|record| record.wrapped.is_none())
            || metadata.groups.groups.iter().any(|group| group.records.is_empty())
        {
            metadata.groups.wrap(&self.data_key, world.random, &world.session)?;
        }
        if let Some(kept) = kept {
            metadata.mac.clone_from(&kept.mac);
            metadata.last_modified.clone_from(&kept.last_modified);
            return Ok(metadata);
        }
        metadata.last_modified = metadata::rfc3339(world.now());
        let aad = metadata::mac_aad(&metadata.last_modified)?;
        let mut token = Vec::new();
        cipher.seal(&mut token, aad.as_bytes(), mac.as_bytes(), Holds::Value(Kind::Str), nonces)?;
        metadata.mac = String::from_utf8(token).expect("a token is ASCII");
        Ok(metadata)
    }

    /// What the field `leafcrypt` will hold.
    pub(super) fn payload(
        &self,
        document: &Document<'_>,
        covered: &Covered,
        [text, comments]: [witness::Sum; 2],
        metadata: &Metadata,
        hints: Vec<Hint>,
    ) -> Payload {
        let frame = verdict::frame(self.format, metadata);
        let (comments, text) = self.under(metadata).digests(comments, text);
        Payload {
            body: witness::body(&frame, document, document.steps(), &covered.coverage, |leaf| {
                covered.values[leaf].as_ref().map_or(Kind::Str, Value::kind)
            }),
            comments,
            keys: self.keys_digest(metadata),
            text,
            hints,
            descent: self.settings.descent.clone(),
        }
    }

    /// What nobody vouches for under the rule that is in force by now.
    pub(super) fn under(&self, metadata: &Metadata) -> Doubts {
        self.doubts.under(verdict::by_comments(self.format, metadata))
    }

    pub(super) fn keys_digest(&self, metadata: &Metadata) -> witness::Sum {
        match self.settings.vouched {
            Vouched::Yes => witness::keys(&metadata.groups),
            Vouched::No => witness::UNVOUCHED,
        }
    }

    /// The field itself; none for what was opened without checking its MAC.
    pub(super) fn field(
        &self,
        payload: &Payload,
        mac_token: &str,
        cipher: &Cipher,
        nonces: &mut Nonces<'_>,
    ) -> Result<Option<String>, SealError> {
        if self.base.as_ref().is_some_and(|b| b.unchecked) {
            return Ok(None);
        }
        let old = self.base.as_ref().and_then(|b| Some((b.metadata.extension.as_deref()?, b.metadata.mac.as_str())));
        Ok(Some(extension::seal(cipher, payload, mac_token, old, nonces)?))
    }
}
