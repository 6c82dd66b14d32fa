//! Comments whose place is another one in the sealed text: a text of several lines makes way for a token, and with it the blank lines that parted it from a
//! comment below. SOPS looks for their tokens where the sealed text has them, and so do we.

use std::collections::HashSet;

use leafcrypt_formats::{Bytes, CommentId, Document, Step};

use super::error::SealError;
use super::walk::{bind, opens_there, written_token};
use super::{BaseBody, Body, OpenFile, SealedFile};
use crate::manners::Manners;
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::policy::Coverage;
use crate::seal::reuse::Reuse;
use crate::seal::token::Holds;
use crate::seal::witness;

/// Does every comment have the place in the sealed text that it has in the plain one?
pub(super) fn same(sealed: &Document<'_>, plain: &Document<'_>) -> bool {
    let (mut one, mut other) = ((Vec::new(), None), (Vec::new(), None));
    sealed.comments().len() == plain.comments().len()
        && sealed.comments().iter().zip(plain.comments()).all(|(comment, before)| {
            bind(&mut one.0, &mut one.1, sealed, comment.container);
            bind(&mut other.0, &mut other.1, plain, before.container);
            one.0 == other.0
        })
}

/// Do the comments of a sealed text say what they said? `opened` is what its tokens hold.
pub(super) fn read_alike(sealed: &Document<'_>, opened: &[Option<Bytes>], plain: &Document<'_>) -> bool {
    let held = |id: CommentId| opened[id.0 as usize].as_ref().map(Bytes::as_slice);
    let is_same = |(here, before): (CommentId, CommentId)| {
        held(here).map_or_else(|| sealed.comment_text(here) == plain.comment_text(before), |held| *held == *plain.comment_text(before))
    };
    sealed.comments().len() == plain.comments().len() && in_text_order(sealed).into_iter().zip(in_text_order(plain)).all(is_same)
}

/// A comment behind an anchor or a tag, whose first item or entry is an alias for a list or a map: SOPS has it at the alias. In brackets nothing has it, so
/// that the sealed text, if such a comment decides, would say that other values are covered.
pub(super) fn of_alias(plain: &Document<'_>) -> Option<SealError> {
    let at_container = |rest: &[Step]| {
        let next = rest.iter().find(|step| !matches!(step, Step::Comment(_)));
        matches!(next, Some(Step::MapStart(_) | Step::ListStart(_)))
    };
    let comments = plain.steps().iter().enumerate().filter_map(|(i, step)| match step {
        Step::Comment(id) if at_container(&plain.steps()[i..]) => Some(plain.comment(*id)),
        _ => None,
    });
    let text = plain.text();
    let is_behind = |start: usize| text[..start].iter().rev().take_while(|b| **b != b'\n').any(|b| !b" \t#".contains(b));
    comments.filter(|comment| is_behind(comment.span.start as usize)).find_map(|comment| {
        let mut at = comment.span.end as usize;
        let alias = loop {
            at += text[at..].iter().position(|b| !b" \t\r\n-".contains(b))?;
            match text[at] {
                b'*' => break at,
                b'#' => at += text[at..].iter().position(|b| *b == b'\n')?,
                _ => return None,
            }
        };
        let line = |at: usize| plain.position(at as u32).0;
        Some(SealError::CommentOfAlias { comment: line(comment.span.start as usize), alias: line(alias) })
    })
}

impl OpenFile<'_> {
    /// Gives every covered comment of a sealed text a token for the place that it has there. One token is as long as the other. Returns the digest of all
    /// comments; none where they are others than those of `plain`.
    pub(super) fn place_comments(
        &self,
        text: &mut [u8],
        plain: &Document<'_>,
        coverage: &Coverage,
        cipher: &Cipher,
        nonces: &mut Nonces<'_>,
        manners: &Manners,
    ) -> Result<Option<witness::Sum>, SealError> {
        let Ok(SealedFile { body: Body::Document(sealed), .. }) = SealedFile::parse_own(self.format, text, manners) else {
            return Ok(None);
        };
        if sealed.comments().len() != plain.comments().len() {
            return Ok(None);
        }
        let mut old = self.unused(&sealed);
        let (mut path, mut path_of) = (Vec::new(), None);
        let mut tokens: Vec<Option<Vec<u8>>> = vec![None; sealed.comments().len()];
        for (here, before) in in_text_order(&sealed).into_iter().zip(in_text_order(plain)) {
            if !coverage.comments[before.0 as usize] {
                continue;
            }
            bind(&mut path, &mut path_of, &sealed, sealed.comment(here).container);
            let comment = plain.comment_text(before);
            let token = match written_token(&sealed, here) {
                Some(token) if opens_there(cipher, &path, &token) => token.into_owned(),
                _ => match old.take(&path, Holds::Comment, &comment) {
                    Some(kept) => kept.token.into_owned(),
                    None => {
                        let mut token = Vec::new();
                        cipher.seal(&mut token, &path, &comment, Holds::Comment, nonces)?;
                        token
                    }
                },
            };
            tokens[here.0 as usize] = Some(token);
        }
        let sum = witness::comments(&sealed, |id| tokens[id.0 as usize].as_deref());
        let places: Vec<_> = sealed.comments().iter().map(|comment| comment.span.range()).collect();
        drop(sealed);
        for (place, token) in places.into_iter().zip(tokens) {
            let Some(token) = token else { continue };
            if token.len() != place.len() {
                return Ok(None);
            }
            text[place].copy_from_slice(&token);
        }
        Ok(Some(sum))
    }

    /// The tokens of comments in the file as it was that are not in this one.
    fn unused(&self, sealed: &Document<'_>) -> Reuse<'_> {
        let mut reuse = Reuse::new();
        let Some(BaseBody::Document { document, opened, .. }) = self.base.as_ref().map(|base| &base.body) else { return reuse };
        if self.renews == super::Renews::Key {
            return reuse;
        }
        let all = (0..).map(CommentId);
        let used: HashSet<_> = all.clone().take(sealed.comments().len()).filter_map(|id| written_token(sealed, id)).collect();
        let (mut path, mut path_of) = (Vec::new(), None);
        for (id, held) in all.zip(&opened.comments) {
            let Some((text, token)) = held.as_ref().zip(written_token(document, id)).filter(|(_, token)| !used.contains(token)) else {
                continue;
            };
            bind(&mut path, &mut path_of, document, document.comment(id).container);
            reuse.add(&path, Holds::Comment, text.as_slice().into(), token, false);
        }
        reuse
    }
}

/// The comments as they stand in the text; a walk may go another way.
pub(super) fn in_text_order(document: &Document<'_>) -> Vec<CommentId> {
    let mut all: Vec<_> = (0..document.comments().len() as u32).map(CommentId).collect();
    all.sort_by_key(|id| document.comment(*id).span.start);
    all
}
