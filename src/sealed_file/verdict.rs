//! Checking the witness (docs/sealed-file.md, section 2), after the MAC; and who may vouch (section 3).

use leafcrypt_formats::{Document, Format, Step, Tree};

use super::OpenHow;
use super::clear::without;
use super::error::{OpenError, WitnessFault};
use super::walk::{Walked, comment_token};
use crate::metadata::Metadata;
use crate::seal::extension::{FIELD, Found, Payload};
use crate::seal::witness::{self, Frame, Sum, UNVOUCHED};

/// Has somebody vouched for the recipients of a file?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vouched {
    /// Yes: sealed from plaintext, confirmed, or right in the file as it was.
    Yes,
    /// Nobody.
    #[default]
    No,
}

/// What was changed outside and only warned of. Whatever the file is sealed into next says so again, until somebody accepts it: else the next `set`
/// would bless it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Doubts {
    /// The comments.
    pub comments: bool,
    /// The text around names and values.
    pub text: bool,
}

impl Doubts {
    /// The same under a rule that may be another by now. One that goes by comments refuses a file whose comments nobody vouches for; what their places
    /// are is told all the same.
    pub fn under(self, by_comments: bool) -> Self {
        if by_comments { Doubts { comments: false, text: self.comments || self.text } } else { self }
    }

    /// The digests of comments and text for the next witness.
    pub fn digests(self, comments: Sum, text: Sum) -> (Sum, Sum) {
        let digest = |doubtful, sum| if doubtful { UNVOUCHED } else { sum };
        (digest(self.comments, comments), digest(self.text, text))
    }
}

/// What the witness said.
pub(super) struct Verdict {
    pub payload: Option<Box<Payload>>,
    pub vouched: Vouched,
    /// The text is not looked at yet.
    pub doubts: Doubts,
    pub warnings: Vec<String>,
}

/// What of a file the witness is compared with.
pub(super) struct Seen {
    /// One, but where values were added in clear: then all that the file may have been before.
    pub bodies: Vec<Sum>,
    pub comments: Sum,
}

/// The frame of a file's `body` digest.
pub(super) fn frame<'a>(format: Format, metadata: &'a Metadata) -> Frame<'a> {
    Frame {
        format: format.name(),
        mac_only_encrypted: metadata.mac_only_encrypted,
        selection: metadata.selection.as_ref(),
        threshold: metadata.groups.threshold,
        version: &metadata.version,
        unknown: &metadata.unknown,
    }
}

/// The digests of a document as it stands.
pub(super) fn seen(format: Format, metadata: &Metadata, document: &Document<'_>, walked: &Walked) -> Seen {
    let tokens: Vec<_> =
        (0..document.comments().len()).map(|i| comment_token(document, &walked.opened, leafcrypt_formats::CommentId(i as u32))).collect();
    let body = |steps: &[Step]| witness::body(&frame(format, metadata), document, steps, &walked.coverage, |leaf| walked.kind(leaf));
    let bodies = match &walked.added {
        None => vec![body(document.steps())],
        Some(added) => [false, true].map(|was_empty| body(&without(document, added, was_empty))).to_vec(),
    };
    Seen { bodies, comments: witness::comments(document, |id| tokens[id.0 as usize].as_deref()) }
}

/// Blocks of later documents that say something else than the first one, which alone counts. SOPS ends every document with a copy of the
/// block, reads the later ones past, and so they may be missing; our field stands in the first only.
pub(super) fn later_blocks(document: &Document<'_>) -> Option<String> {
    let mut blocks = document.blocks().iter();
    let first = blocks.find(|block| block.document == 0)?.fields.as_ref()?;
    let common = |tree: &Tree| -> Vec<(Vec<u8>, Tree)> {
        let entries = tree.entries().filter(|(name, _)| *name != FIELD.as_bytes());
        entries.map(|(name, tree)| (name.to_vec(), tree.clone())).collect()
    };
    let first = common(first);
    let differs = |tree: &Tree| tree.get(FIELD).is_some() || common(tree) != first;
    let other = document.blocks().iter().find(|b| b.document > 0 && b.fields.as_ref().is_none_or(differs))?;
    Some(format!("the metadata block of document {} differs from that of the first, which counts", other.document + 1))
}

/// Do comments decide what of a file is covered? JSON has none.
pub(super) fn by_comments(format: Format, metadata: &Metadata) -> bool {
    format != Format::Json && metadata.selection.as_ref().is_some_and(|rule| rule.kind.is_of_comments())
}

/// Compares.
pub(super) fn check(
    found: Found,
    metadata: &Metadata,
    by_comments: bool,
    seen: impl FnOnce() -> Seen,
    how: &OpenHow<'_>,
) -> Result<Verdict, OpenError> {
    let fault = |fault| Err(OpenError::Witness(fault));
    // Whoever took the field away may have moved the comments. Where these decide what is covered, what is sealed next does not vouch for them either.
    let unseen = Doubts { comments: false, text: by_comments };
    let payload = match found {
        Found::Broken => return fault(WitnessFault::Field),
        Found::Nothing | Found::Later if how.require_witness => return fault(WitnessFault::Missing),
        Found::Nothing => return Ok(Verdict { payload: None, vouched: Vouched::No, doubts: unseen, warnings: Vec::new() }),
        Found::Later => {
            let line = "the file's witness was made by a later version of leafcrypt; it is not checked".to_owned();
            return Ok(Verdict { payload: None, vouched: Vouched::No, doubts: unseen, warnings: vec![line] });
        }
        Found::Payload(payload) => payload,
    };
    let seen = seen();
    if !seen.bodies.contains(&payload.body) {
        return fault(WitnessFault::Body);
    }
    let mut warnings = Vec::new();
    // No digest is that of nobody.
    let doubts = Doubts { comments: payload.comments != seen.comments, text: false };
    if doubts.comments {
        if by_comments && !how.just_sealed {
            return fault(WitnessFault::Deciding);
        }
        if how.strict {
            return fault(WitnessFault::Comments);
        }
        warnings.push(match payload.comments {
            UNVOUCHED => "comments were changed outside leafcrypt, and nobody has accepted that since".to_owned(),
            _ => "comments were changed outside leafcrypt since the file was sealed".to_owned(),
        });
    }
    let vouched = if payload.keys == UNVOUCHED {
        Vouched::No
    } else if payload.keys == witness::keys(&metadata.groups) {
        Vouched::Yes
    } else {
        warnings.push("the recipients were changed outside leafcrypt since the file was sealed; nobody vouches for them".to_owned());
        Vouched::No
    };
    if how.require_witness && vouched == Vouched::No {
        return fault(WitnessFault::Unvouched);
    }
    Ok(Verdict { payload: Some(payload), vouched, doubts, warnings })
}
