//! From open to sealed: tokens, MAC, witness, block; then opened again and compared.

use leafcrypt_formats::{Document, Format, Hint, Kind, Limits, Sealed, Tokens, Value};

use super::cover::{Covered, Standing};
use super::error::SealError;
use super::reopen::Reopened;
use super::stray::Stray;
use super::verdict::{self, Doubts, Vouched};
use super::{BaseBody, OpenFile, Renews, SOPS_VERSION, Settings, binary, crew};
use crate::keys::{DataKey, KeyGroups};
use crate::manners::Manners;
use crate::metadata::{self, Metadata};
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::extension::{self, FIELD, Payload};
use crate::seal::policy::Policy;
use crate::seal::selection::{RuleKind, Selection};
use crate::seal::token::Holds;
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

    /// The metadata, with a new MAC and date only if something sealed changed.
    fn metadata(&self, covered: &Covered, cipher: &Cipher, nonces: &mut Nonces<'_>, world: &World<'_>) -> Result<Metadata, SealError> {
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
    fn payload(
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

/// Is this more than a line end, a directive or a mark at the end of a text?
fn reaches_far(hint: &Hint) -> bool {
    matches!(hint, Hint::Start { bytes, drop } | Hint::End { bytes, drop } if bytes.len() > 100 || *drop > 100)
}

/// Hints that turn `back` into `plain` at its start and its end.
fn mend_ends(back: &[u8], plain: &[u8]) -> Vec<Hint> {
    let prefix = back.iter().zip(plain).take_while(|(a, b)| a == b).count();
    let suffix = back.iter().rev().zip(plain.iter().rev()).take_while(|(a, b)| a == b).count();
    let end = |at: usize, back: &[u8], plain: &[u8]| Hint::End { drop: (back.len() - at) as u32, bytes: plain[at..].to_vec() };
    let (cost_end, cost_start) = (plain.len() - prefix, plain.len() - suffix.min(plain.len()));
    if cost_end.min(cost_start) <= 4096 || plain.len() <= 4096 && cost_start.min(cost_end) == plain.len() {
        return if cost_end <= cost_start {
            vec![end(prefix, back, plain)]
        } else {
            vec![Hint::Start { drop: (back.len() - suffix) as u32, bytes: plain[..cost_start].to_vec() }]
        };
    }
    // Both ends differ: find how the starts line up, within a few lines.
    for total in 0..512usize {
        for drop in 0..=total.min(64) {
            let skip = total - drop;
            let lined_up = back.len() > drop + 64 && plain.len() > skip + 64 && back[drop..drop + 64] == plain[skip..skip + 64];
            if lined_up {
                let mut started = plain[..skip].to_vec();
                started.extend_from_slice(&back[drop..]);
                let at = started.iter().zip(plain).take_while(|(a, b)| a == b).count();
                return vec![Hint::Start { drop: drop as u32, bytes: plain[..skip].to_vec() }, end(at, &started, plain)];
            }
        }
    }
    Vec::new()
}

/// The line, from 1, of the first difference.
fn first_difference(back: &[u8], plain: &[u8]) -> usize {
    let same = back.iter().zip(plain).take_while(|(a, b)| a == b).count();
    plain[..same].iter().filter(|&&b| b == b'\n').count() + 1
}
