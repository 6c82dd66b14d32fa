//! The same leaves under other metadata: new recipients, another threshold. Tokens, MAC and date stay as they stand, and so does every byte outside
//! the metadata block (docs/sealed-file.md, sections 3 and 5).

use leafcrypt_formats::{CommentId, Kind, PlainText, Value};

use super::error::SealError;
use super::verdict;
use super::walk::comment_token;
use super::{Base, BaseBody, OpenFile, SealedFile};
use crate::keys::DataKey;
use crate::manners::Manners;
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::extension::{FIELD, Payload};
use crate::seal::witness;
use crate::world::World;

impl OpenFile<'_> {
    /// The sealed text with what [`OpenFile::settings`] says by now.
    pub(super) fn rewrap(&self, base: &Base<'_>, world: &World<'_>) -> Result<Vec<u8>, SealError> {
        let BaseBody::Document { document, opened, coverage, .. } = &base.body else { unreachable!("binary files have their own way") };
        let cipher = Cipher::new(&self.data_key);
        let mut nonces = Nonces::new(world.random);
        let mut metadata = self.metadata_with(Some(&base.metadata), &base.mac, &cipher, &mut nonces, world)?;
        let kind = |leaf: usize| opened.leaves[leaf].as_ref().map_or(Kind::Str, Value::kind);
        let tokens: Vec<_> = (0..document.comments().len()).map(|i| comment_token(document, opened, CommentId(i as u32))).collect();
        let comments = witness::comments(document, |id| tokens[id.0 as usize].as_deref());
        let (comments, text) = self.doubts.digests(comments, witness::text(&self.plain));
        let payload = Payload {
            body: witness::body(&verdict::frame(self.format, &metadata), document, document.steps(), coverage, kind),
            comments,
            keys: self.keys_digest(&metadata),
            text,
            hints: base.hints.clone(),
            descent: self.settings.descent.clone(),
        };
        metadata.extension = self.field(&payload, &metadata.mac, &cipher, &mut nonces)?;
        let fields = metadata.fields(self.format.shape());
        let result = document.without_blocks().with_block(document, &fields, FIELD, self.settings.indent, Some(document))?;
        match self.reopen(&result, world.manners) {
            Ok(back) if *back == *self.plain => Ok(result),
            Ok(_) => Err(SealError::NotFaithful { line: 0 }),
            Err(line) => Err(SealError::NotFaithful { line }),
        }
    }

    /// Opens finished bytes again. `Err`: the line where it fails, 0 if it has none.
    fn reopen(&self, sealed: &[u8], manners: &Manners) -> Result<PlainText, usize> {
        let file = SealedFile::parse(self.format, sealed, manners).map_err(|e| match e {
            super::SealedError::Syntax(e) => e.line,
            _ => 0,
        })?;
        let data_key = DataKey::from_bytes(self.data_key.expose().to_vec()).expect("a data key has the length of a data key");
        match file.open_with(data_key, manners, &self.again()) {
            Ok(open) => Ok(open.plain),
            Err(super::OpenError::Leaf { line, .. }) => Err(line),
            Err(_) => Err(0),
        }
    }
}
