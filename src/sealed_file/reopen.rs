//! What was sealed, opened again from the finished bytes: is it what went in?

use leafcrypt_formats::{Document, Wiped};

use super::cover::Covered;
use super::error::{OpenError, SealError, SealedError};
use super::{Body, OpenFile, OpenHow, SealedFile, judge, placed, walk};
use crate::manners::Manners;
use crate::seal::cipher::Cipher;

impl OpenFile<'_> {
    /// How finished bytes are opened again. Where there is no field, no layout is to be kept: the text is one that reads as its values.
    pub(super) fn again(&self) -> OpenHow<'static> {
        let unchecked = self.base.as_ref().is_some_and(|base| base.unchecked);
        OpenHow { ignore_mac: unchecked, just_sealed: !unchecked, ..OpenHow::default() }
    }

    /// Opens finished bytes again: each token holds the value that went in, and what stands in clear is what stood there, so their MAC is that of what
    /// went in.
    pub(super) fn reopen_known(
        &self,
        sealed: &[u8],
        plain: &Document<'_>,
        covered: &mut Covered,
        cipher: &Cipher,
        manners: &Manners,
    ) -> Result<Reopened, SealError> {
        let by_comments = self.settings.rule().kind.is_of_comments();
        let of_alias = || by_comments.then(|| placed::of_alias(plain)).flatten();
        let unfaithful = |line| of_alias().unwrap_or(SealError::NotFaithful { line });
        let how = self.again();
        let file = SealedFile::parse_own(self.format, sealed, manners).map_err(|e| match e {
            SealedError::Syntax(e) => unfaithful(e.line),
            _ => unfaithful(0),
        })?;
        let SealedFile { body: Body::Document(document), metadata, .. } = &file else { return Err(unfaithful(0)) };
        if metadata.mac_only_encrypted != self.settings.mac_only_encrypted {
            return Err(unfaithful(0));
        }
        let mut open = || {
            let policy = judge::policy(metadata.selection.as_ref())?;
            let walked = walk::open_known(document, plain, &policy, std::mem::take(&mut covered.values), covered.mac.clone(), cipher)?;
            judge::judge(self.format, document, metadata, walked, cipher, manners, &how)
        };
        let opening = open().map_err(|e| match e {
            OpenError::Leaf { line, .. } => unfaithful(line),
            _ => unfaithful(0),
        })?;
        covered.values = opening.opened.leaves;
        let vouched = !self.under(metadata).comments;
        let count = |covered: &[bool]| covered.iter().filter(|covered| **covered).count();
        let comments = count(&opening.coverage.comments) == count(&covered.coverage.comments)
            && !(vouched && opening.doubts.comments)
            && (!how.ignore_mac || placed::read_alike(document, &opening.opened.comments, plain));
        let text: Wiped = opening.plain.into();
        // With the layout goes the spelling of what was typed; names, nesting and values do not.
        let reads = if how.ignore_mac { document.reads_like(plain, |_| true) } else { text[..] == *self.plain };
        Ok(Reopened { text, placed: placed::same(document, plain), comments, reads })
    }
}

/// What was sealed, opened again.
pub(super) struct Reopened {
    pub text: Wiped,
    /// Every comment stands in its place.
    pub placed: bool,
    /// All of them open, and the witness speaks of them.
    pub comments: bool,
    /// The text is what went in.
    pub reads: bool,
}
