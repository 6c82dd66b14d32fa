//! What came out of the tokens, judged: MAC and witness first, then the text that it makes.

use leafcrypt_formats::{Document, Format, Hint, Kind, LeafId, Opened, OpenedText, Spelling, Unwritable, Value};
use zeroize::Zeroizing;

use super::accept::{self, Differences, WitnessState};
use super::ends::end_as_sops;
use super::error::OpenError;
use super::reading::{Reading, own_tags};
use super::verdict::{self, Doubts, Vouched};
use super::{OpenHow, crew, planted, stray, walk};
use crate::manners::Manners;
use crate::metadata::{self, Metadata};
use crate::seal::cipher::Cipher;
use crate::seal::extension::{self, Found, Payload};
use crate::seal::policy::{Coverage, Policy};
use crate::seal::selection::Selection;
use crate::seal::token::Holds;
use crate::seal::witness;

/// What opening yields, whatever the body.
pub(super) struct Opening {
    pub plain: Vec<u8>,
    /// Leaves that the text gives another value than their tokens hold.
    pub otherwise: Vec<(LeafId, Value)>,
    pub opened: Opened,
    pub coverage: Coverage,
    /// Those that were used.
    pub hints: Vec<Hint>,
    pub mac: Zeroizing<String>,
    /// See `Base`.
    pub has_older_mac: bool,
    pub payload: Option<Box<Payload>>,
    pub vouched: Vouched,
    pub doubts: Doubts,
    /// So many comments are tokens that do not open.
    pub closed: usize,
    /// No more of their trials were made.
    pub tried_out: bool,
    pub warnings: Vec<String>,
    pub differences: Option<Box<Differences>>,
    /// Something of the file's layout is left out.
    pub bare: bool,
    /// The text reads by our own dialect only.
    pub own_dialect: bool,
}

/// The policy of a file with that rule field; none is read as SOPS's default.
pub(super) fn policy(selection: Option<&Selection>) -> Result<Policy, OpenError> {
    Ok(Policy::new(&Selection::in_force(selection))?)
}

pub(super) fn open_document(
    format: Format,
    document: &Document<'_>,
    metadata: &Metadata,
    cipher: &Cipher,
    manners: &Manners,
    how: &OpenHow<'_>,
) -> Result<Opening, OpenError> {
    let policy = policy(metadata.selection.as_ref())?;
    let walked = walk::open(document, &policy, metadata.mac_only_encrypted, cipher, how)?;
    judge(format, document, metadata, walked, cipher, manners, how)
}

/// MAC and witness of what came out of the tokens, and the text.
pub(super) fn judge(
    format: Format,
    document: &Document<'_>,
    metadata: &Metadata,
    walked: walk::Walked,
    cipher: &Cipher,
    manners: &Manners,
    how: &OpenHow<'_>,
) -> Result<Opening, OpenError> {
    let case = Case { format, document, metadata, cipher, manners, how };
    let mut said = case.mac_and_witness(&walked)?;
    let mut hints = said.payload.as_ref().map(|p| p.hints.clone()).unwrap_or_default();
    let reading = Reading { format, document, opened: &walked.opened, manners };
    let mut text = match said.early.take().unwrap_or_else(|| reading.open(&hints)) {
        // Hints of a file that others have changed may fit nowhere.
        Err(_) if !hints.is_empty() && !how.just_sealed => {
            hints.clear();
            reading.open(&[])?
        }
        opened => opened?,
    };
    let (mut own_dialect, mut bare) = (false, false);
    if !how.just_sealed {
        let had_hints = !hints.is_empty();
        let mut is_vouched = said.vouches_for(&text.text);
        let asked = if is_vouched { text.replaced } else { said.payload.is_some() || document.may_read_otherwise(&walked.opened) };
        if asked && reading.settle(&mut text, &mut hints)? {
            is_vouched = said.vouches_for(&text.text);
        }
        if !is_vouched {
            case.tell_of_layout(&mut said, had_hints && hints.is_empty());
        }
        if let Some(differences) = &mut said.differences {
            let (values, comments) = differences.kept();
            differences.strays = stray::told(document, &walked.opened, !values, !comments);
        }
        own_dialect = !hints.is_empty() && reading.needs_own_dialect(&text.text);
        if !how.accepting
            && !how.completing
            && !is_vouched
            && let Some(planted) = planted::left_out(format, document, &text.text, said.payload.is_some(), own_dialect, manners)?
        {
            text.text = planted.text;
            said.warnings.extend(planted.warning);
            hints.clear();
            bare = true;
        }
        if metadata.extension.is_none() && !how.accepting {
            let otherwise = std::mem::take(&mut text.otherwise);
            hints.extend(end_as_sops(format, &mut text.text, |plain| reading.is_right(plain, &otherwise)));
            text.otherwise = otherwise;
        }
    }
    said.warnings.extend(verdict::later_blocks(document));
    Ok(Opening {
        plain: std::mem::take(&mut *text.text),
        otherwise: text.otherwise,
        opened: walked.opened,
        coverage: walked.coverage,
        hints,
        mac: walked.older_mac.filter(|_| said.has_older_mac).unwrap_or(walked.mac),
        has_older_mac: said.has_older_mac,
        payload: said.payload,
        vouched: said.vouched,
        doubts: said.doubts,
        closed: walked.closed_comments,
        tried_out: walked.tried_out,
        warnings: said.warnings,
        differences: said.differences,
        bare,
        own_dialect,
    })
}

/// A file that is judged.
struct Case<'a, 'd> {
    format: Format,
    document: &'a Document<'d>,
    metadata: &'a Metadata,
    cipher: &'a Cipher,
    manners: &'a Manners,
    how: &'a OpenHow<'a>,
}

/// What MAC and witness say.
#[derive(Default)]
struct Said {
    payload: Option<Box<Payload>>,
    vouched: Vouched,
    doubts: Doubts,
    warnings: Vec<String>,
    differences: Option<Box<Differences>>,
    has_older_mac: bool,
    /// The text, which was put together meanwhile.
    early: Option<Result<OpenedText, Unwritable>>,
}

impl Said {
    /// Is this the text that was sealed?
    fn vouches_for(&self, text: &[u8]) -> bool {
        self.payload.as_ref().is_some_and(|payload| witness::text(text) == payload.text)
    }
}

impl Case<'_, '_> {
    /// Do they fit what came out of the tokens?
    fn mac_and_witness(&self, walked: &walk::Walked) -> Result<Said, OpenError> {
        let Case { document, metadata, cipher, how, .. } = *self;
        let seen = || verdict::seen(self.format, metadata, document, walked);
        let mut said = Said::default();
        if how.accepting {
            let (payload, vouched, mut differences) = accept::compare(metadata, &walked.mac, cipher, seen);
            if let WitnessState::Read { comments, .. } = &mut differences.witness {
                *comments |= walked.moved_comments;
            }
            // Nothing is sealed of it before somebody has accepted what differs.
            (said.payload, said.vouched, said.differences) = (payload, vouched, Some(Box::new(differences)));
            return Ok(said);
        }
        if !how.ignore_mac {
            match (check_mac(metadata, &walked.mac, cipher), &walked.older_mac) {
                (Err(OpenError::MacMismatch), Some(older)) => {
                    check_mac(metadata, older, cipher)?;
                    said.has_older_mac = true;
                }
                (checked, _) => checked?,
            }
            let found = extension::open(cipher, metadata.extension.as_deref(), &metadata.mac);
            // The text is put together while the digests are taken, and wiped if these are wrong.
            let hints = if let Found::Payload(payload) = &found { payload.hints.clone() } else { Vec::new() };
            let seen = || {
                let open = || document.open_as(&walked.opened, Spelling { hints: &hints, plainly: None });
                let (seen, text) = crew::both(document.leaves().len(), seen, open);
                said.early = Some(text);
                seen
            };
            let verdict = verdict::check(found, metadata, self.by_comments(), seen, how)?;
            (said.payload, said.vouched, said.doubts, said.warnings) = (verdict.payload, verdict.vouched, verdict.doubts, verdict.warnings);
        }
        // Where there is a witness it has spoken of comments.
        if walked.clear_comments && said.payload.is_none() {
            said.warnings
                .push("Found possibly unencrypted comment in file. Whoever can write the file could have put it there.".to_owned());
        }
        Ok(said)
    }

    /// Comments decide what is covered.
    fn by_comments(&self) -> bool {
        verdict::by_comments(self.format, self.metadata)
    }

    /// The text is not the one that was sealed. `lost`: there were hints, and none of them fits.
    fn tell_of_layout(&self, said: &mut Said, lost: bool) {
        let by_comments = self.by_comments();
        // With mac_only_encrypted others may add clear values: a text of its own is none of theirs.
        let is_theirs = by_comments || !self.metadata.mac_only_encrypted;
        if let Some(differences) = &mut said.differences {
            differences.layout |= said.payload.is_some() && is_theirs;
            differences.tags = own_tags(self.document);
        }
        let Some(payload) = &said.payload else { return };
        // Also who has the file completed adds some; comments may have been edited, which is told already. The hints still serve as long as the text reads
        // as the values that were opened: SOPS's spelling would lose types. Where comments decide what is covered, nothing but this digest tells where
        // they stand.
        let expected = !is_theirs || !by_comments && (self.how.completing || said.doubts.comments);
        said.doubts.text = !expected || payload.text == witness::UNVOUCHED;
        let what = if self.manners.tells_layout && lost {
            "the layout could not be brought back; names and values are right, their spelling is SOPS's"
        } else if by_comments {
            "nobody vouches for where the comments of this file stand, and they decide what is sealed; accept shows what differs"
        } else if self.manners.tells_layout && !expected {
            "the layout was changed outside leafcrypt since the file was sealed; names and values are right"
        } else {
            return;
        };
        said.warnings.push(what.to_owned());
    }
}

/// Compares the MAC in the file with the one its values give.
pub(super) fn check_mac(metadata: &Metadata, computed: &Zeroizing<String>, cipher: &Cipher) -> Result<(), OpenError> {
    if metadata.mac.is_empty() {
        return Err(OpenError::MacMissing);
    }
    let aad = metadata::mac_aad(&metadata.last_modified)?;
    let stored = cipher.open_text(aad.as_bytes(), metadata.mac.as_bytes(), Holds::Value(Kind::Str)).map_err(OpenError::MacUnreadable)?;
    let same: bool = subtle::ConstantTimeEq::ct_eq(stored.as_slice(), computed.as_bytes()).into();
    if same { Ok(()) } else { Err(OpenError::MacMismatch) }
}
