//! From open to sealed: tokens, MAC, witness, block; then opened again and compared.

use leafcrypt_formats::{Format, Limits, Sealed, Tokens};

use super::cover::Standing;
use super::ends::{mend_ends, reaches_far};
use super::error::SealError;
use super::reopen::Reopened;
use super::stray::Stray;
use super::verdict::{Doubts, Vouched};
use super::{BaseBody, OpenFile, Renews, SOPS_VERSION, Settings, binary, crew};
use crate::keys::{DataKey, KeyGroups};
use crate::manners::Manners;
use crate::metadata;
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::extension::{FIELD, Payload};
use crate::seal::policy::Policy;
use crate::seal::selection::{RuleKind, Selection};
use crate::seal::witness;
use crate::world::World;

/// What a new sealed file is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Who can open it; not wrapped yet.
    pub groups: KeyGroups,
    /// Which leaves are covered; none: the default.
    pub selection: Option<Selection>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// Blanks a level in the metadata block.
    pub indent: Option<usize>,
}

/// A sealed text.
#[derive(Debug)]
pub struct Finished {
    /// The whole file.
    pub text: Vec<u8>,
    /// What the user should know: doubled keys and the like.
    pub warnings: Vec<String>,
}

impl OpenFile<'static> {
    /// A plain text, about to be sealed for the first time: a new data key, which [`OpenFile::seal`] wraps for everybody.
    ///
    /// # Errors
    /// No randomness.
    pub fn new(format: Format, plain: Vec<u8>, wanted: Wanted, world: &World<'_>) -> Result<Self, SealError> {
        let data_key = DataKey::generate(world.random)?;
        let mut groups = wanted.groups;
        let now = metadata::rfc3339(world.now());
        for record in groups.groups.iter_mut().flat_map(|group| &mut group.records) {
            let dated = leafcrypt_kms::backend(record.key.kind()).names().created_at;
            record.created_at = dated.then(|| now.clone());
        }
        let binary = format == Format::Binary;
        let settings = Settings {
            groups,
            selection: (!binary).then(|| wanted.selection.unwrap_or_else(Selection::default_rule)),
            mac_only_encrypted: wanted.mac_only_encrypted && !binary,
            version: SOPS_VERSION.to_owned(),
            unknown: Vec::new(),
            indent: wanted.indent,
            vouched: Vouched::Yes,
            descent: Vec::new(),
        };
        Ok(OpenFile {
            plain: plain.into(),
            format,
            data_key,
            settings,
            base: None,
            renews: Renews::Key,
            must_cover: true,
            doubts: Doubts::default(),
            warnings: Vec::new(),
            differences: None,
            unwrapped: Vec::new(),
            held: Vec::new(),
            own_dialect: false,
            is_typed: false,
            checkout: None,
        })
    }
}

impl OpenFile<'_> {
    /// The sealed text. Nothing changed: the same bytes. Tokens of unchanged values stay; MAC and date change only if something sealed changed.
    ///
    /// # Errors
    /// Bad text, a rule that covers nothing, a key that cannot wrap, something the format cannot hold, or a result that does not open to the same bytes.
    pub fn seal(&self, world: &World<'_>) -> Result<Finished, SealError> {
        if let Some(checkout) = &self.checkout {
            return checkout.seal(self, world);
        }
        let mut warnings = Vec::new();
        let text = match &self.base {
            _ if self.format == Format::Binary => binary::seal(self, world)?,
            Some(base) if self.renews == Renews::Block => self.rewrap(base, world)?,
            _ => self.seal_document(world, &mut warnings)?,
        };
        self.finished(text, warnings)
    }

    fn finished(&self, text: Vec<u8>, warnings: Vec<String>) -> Result<Finished, SealError> {
        self.check_length(&text)?;
        Ok(Finished { text, warnings })
    }

    fn check_length(&self, text: &[u8]) -> Result<(), SealError> {
        let limit = if self.format == Format::Binary { Limits::BINARY_SEALED } else { Limits::SEALED.text };
        if text.len() > limit { Err(SealError::TooLarge { bytes: text.len(), limit }) } else { Ok(()) }
    }

    /// Tokens that stay keep the place that SOPS gave them, so that one changed value changes one line. Where that would not be opened as the same text (a
    /// comment that was an item of a list has come to stand elsewhere), all stand as their values do.
    fn seal_document(&self, world: &World<'_>, warnings: &mut Vec<String>) -> Result<Vec<u8>, SealError> {
        let (told, mut stood) = (warnings.len(), false);
        match self.seal_standing(world, warnings, Standing::AsItStood, &mut stood) {
            Err(SealError::Astray | SealError::NotFaithful { .. }) if stood => {
                warnings.truncate(told);
                self.seal_standing(world, warnings, Standing::AsTheTextHasIt, &mut stood)
            }
            sealed => sealed,
        }
    }

    fn seal_standing(
        &self,
        world: &World<'_>,
        warnings: &mut Vec<String>,
        standing: Standing,
        stood: &mut bool,
    ) -> Result<Vec<u8>, SealError> {
        let manners = world.manners;
        let document = self.document(manners)?;
        if !document.blocks().is_empty() {
            return Err(SealError::AlreadySealed);
        }
        // Both sides of a merge would be sealed, and one of them win.
        if let Some(marks) = document.merge_marks().filter(|_| self.base.is_none()) {
            return Err(SealError::Syntax(marks));
        }
        warnings.extend(document.warnings().iter().map(|w| w.what.clone()));
        // SOPS made items of them.
        if let Some(super::Base { body: BaseBody::Document { document: old, .. }, .. }) = &self.base
            && old.leaves_comments_out()
        {
            warnings.push("the comments among the items of lists in brackets are left out: the text has no place for them".to_owned());
        }
        let cipher = Cipher::new(&self.data_key);
        let mut nonces = Nonces::new(world.random);
        let selection = self.settings.rule();
        let policy = Policy::new(&selection)?;
        let (text, covered) = crew::both(
            document.leaves().len(),
            || witness::text(&self.plain),
            || self.cover(&document, &policy, &cipher, &mut nonces, world.random, standing),
        );
        let mut covered = covered?;
        let (strays, texts) = self.strays(&document, &covered.coverage.leaves);
        let lost = |text: &Stray| format!("{text}; it is a text there, and if it was this file's, the data key that opens it is gone");
        warnings.extend(texts.first.iter().map(lost));
        if strays.count > 0 {
            if manners.strict_clear {
                return Err(SealError::Strays(strays));
            }
            let with_key = if self.renews == Renews::Key { ", and the data key that opens it is gone" } else { "" };
            let told = |stray: &Stray| {
                let now = if stray.path.is_some() { "it stands there as a text now" } else { "it stays as it is" };
                format!("{stray}; {now}{with_key}")
            };
            warnings.extend(strays.first.iter().map(told));
        }
        if let Some(line) = self.laid_bare(&document, |id| covered.tokens.of_comment(id).is_none()) {
            let error = SealError::LaidBare { line };
            if manners.strict_clear {
                return Err(error);
            }
            warnings.push(error.to_string());
        }
        let is_clear = |id| covered.tokens.of_comment(id).is_none();
        if let Some(line) = self.foot_in_clear(&document, &policy, is_clear, &self.scan_options(manners)) {
            return Err(SealError::FootInClear { line });
        }
        if covered.all_clear && self.must_cover {
            warnings.extend(may_be_clear(&selection, manners)?);
        }
        warnings.extend(self.warn_of_numbers(&document, &covered.coverage.leaves));
        let comments = witness::comments(&document, |id| covered.tokens.of_comment(id));
        *stood = covered.tokens.has_bare_ones();
        let mut sealed = document.seal(std::mem::replace(&mut covered.tokens, Tokens::new(0, 0)))?;

        let mut metadata = self.metadata(&covered, &cipher, &mut nonces, world)?;
        let doubts = self.under(&metadata);
        let mut payload = self.payload(&document, &covered, [text, comments], &metadata, std::mem::take(&mut sealed.hints));
        let like = self.base.as_ref().and_then(|base| match &base.body {
            BaseBody::Document { document, .. } => Some(&**document),
            BaseBody::Binary(_) => None,
        });
        let mut finish = |sealed: &mut Sealed, payload: &Payload, nonces: &mut Nonces<'_>| -> Result<(), SealError> {
            metadata.extension = self.field(payload, &metadata.mac, &cipher, nonces)?;
            let fields = metadata.fields(self.format.shape());
            Ok(sealed.put_block(&document, &fields, FIELD, self.settings.indent, like)?)
        };
        finish(&mut sealed, &payload, &mut nonces)?;
        // What is too long would not be read again, as if it were wrong.
        self.check_length(&sealed.text)?;
        let mut back = self.reopen_known(&sealed.text, &document, &mut covered, &cipher, manners)?;
        if !(back.placed && back.comments) {
            let placed = self.place_comments(&mut sealed.text, &document, &covered.coverage, &cipher, &mut nonces, manners)?;
            payload.comments = doubts.digests(placed.ok_or(SealError::Astray)?, text).0;
            finish(&mut sealed, &payload, &mut nonces)?;
            back = self.reopen_known(&sealed.text, &document, &mut covered, &cipher, manners)?;
        }
        if back.comments && !back.reads {
            // What cannot be seen at the places of tokens lies at the ends of the file: a missing last newline, a directive, a root that was null.
            let ends = mend_ends(&back.text, &self.plain);
            if *stood && ends.iter().any(reaches_far) {
                return Err(SealError::NotFaithful { line: first_difference(&back.text, &self.plain) });
            }
            payload.hints.extend(ends);
            finish(&mut sealed, &payload, &mut nonces)?;
            back = self.reopen_known(&sealed.text, &document, &mut covered, &cipher, manners)?;
        }
        match back {
            Reopened { comments: false, .. } => Err(SealError::Astray),
            Reopened { reads: false, text, .. } => Err(SealError::NotFaithful { line: first_difference(&text, &self.plain) }),
            _ => Ok(sealed.text),
        }
    }
}

/// P10: a new file of which nothing is covered. Where names end in a suffix that leaves them clear, they say so themselves; a suffix of one's own may be
/// a slip. A regex that does it as `sops` is told. What an `encrypted_*` rule does not find is refused under both names.
fn may_be_clear(selection: &Selection, manners: &Manners) -> Result<Option<String>, SealError> {
    match selection.kind {
        RuleKind::UnencryptedSuffix if !manners.strict_clear || *selection == Selection::default_rule() => Ok(None),
        RuleKind::UnencryptedRegex if !manners.strict_clear => {
            Ok(Some(format!("the rule {selection} leaves every value of this file in clear")))
        }
        _ => Err(SealError::NothingCovered { rule: selection.to_string() }),
    }
}

/// The line, from 1, of the first difference.
fn first_difference(back: &[u8], plain: &[u8]) -> usize {
    let same = back.iter().zip(plain).take_while(|(a, b)| a == b).count();
    plain[..same].iter().filter(|&&b| b == b'\n').count() + 1
}
