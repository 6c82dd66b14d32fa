//! From sealed to open: data key, values, MAC, witness, layout.

use leafcrypt_formats::{Document, Envelope, Format, Hint, Kind, LeafId, Mode, Opened, Spelling, Value, Wiped};
use zeroize::Zeroizing;

use super::accept::{self, Differences, WitnessState};
use super::error::OpenError;
use super::line_ends::{self, Again};
use super::reading::{Reading, own_tags};
use super::verdict::{self, Doubts, Vouched};
use super::{Base, BaseBody, Body, OpenFile, OpenHow, Renews, SealedFile, Settings, binary, crew, planted, scan_options, stray, walk};
use crate::keys::{DataKey, Unwrapped};
use crate::manners::Manners;
use crate::metadata::{self, Metadata};
use crate::seal::cipher::Cipher;
use crate::seal::extension::{self, Found, Payload};
use crate::seal::policy::{Coverage, Policy};
use crate::seal::selection::Selection;
use crate::seal::token::Holds;
use crate::seal::witness;
use crate::world::World;

impl<'t> SealedFile<'t> {
    /// Opens the file: finds its data key, opens its values, checks MAC and witness, and brings its text back.
    ///
    /// # Errors
    /// No key opens it, it was changed, or its rule does not compile.
    pub fn open(self, world: &World<'_>, how: &OpenHow<'_>) -> Result<OpenFile<'t>, OpenError> {
        let Unwrapped { data_key, groups } = self.metadata.groups.unwrap(how.order, &world.session)?;
        let mut open = self.open_with(data_key, world.manners, how)?;
        open.unwrapped = groups;
        Ok(open)
    }

    /// Opens the file with a data key that is known already.
    ///
    /// # Errors
    /// As [`SealedFile::open`], less the keys.
    pub fn open_with(mut self, data_key: DataKey, manners: &Manners, how: &OpenHow<'_>) -> Result<OpenFile<'t>, OpenError> {
        let cipher = Cipher::new(&data_key);
        if how.ignore_mac || how.accepting {
            self = self.told_apart(&cipher, manners, how);
        }
        let mut clear = how.accepting.then(|| self.in_clear()).transpose()?.unwrap_or_default();
        if how.ignore_mac && !how.just_sealed && !manners.keeps_json && !self.is_braces_by_choice(&cipher, manners, how) {
            self.metadata.extension = None;
        }
        let mut checkout = None;
        let mut first = self.opening(&cipher, manners, how);
        if let Some(Again { mut opening, metadata, checkout: other }) = line_ends::look_again(&self, &first, &data_key, manners, how) {
            if let Some(differences) = &mut opening.differences {
                clear = std::mem::take(&mut differences.clear);
            }
            (first, self.metadata, checkout) = (Ok(opening), metadata, Some(other));
        }
        let (SealedFile { text, format, body, metadata }, opening) = match first {
            Ok(opening) => (self, opening),
            // What is not UTF-8 in JSON was a binary file: `--input-type binary --output-type json`.
            Err(error @ (OpenError::Witness(_) | OpenError::Unwritable(_))) => {
                let mut others = self.otherwise(manners).into_iter();
                let opened = others.find_map(|file| file.opening(&cipher, manners, how).ok().map(|opening| (file, opening)));
                let (file, opening) = opened.ok_or(error)?;
                match self.format {
                    Format::Yaml if !manners.keeps_json => self.into_yaml(opening.vouched, &cipher, manners, how)?,
                    _ => (file, opening),
                }
            }
            Err(error) => return Err(error),
        };
        let Opening {
            plain,
            otherwise,
            opened,
            coverage,
            hints,
            mac,
            has_older_mac,
            payload,
            vouched,
            doubts,
            closed: _,
            tried_out: _,
            warnings,
            mut differences,
            bare,
            own_dialect,
        } = opening;
        if let Some(differences) = &mut differences {
            differences.clear = clear;
        }
        let body = match body {
            Body::Document(document) => BaseBody::Document { document, opened, otherwise, coverage },
            Body::Binary(envelope) => BaseBody::Binary(envelope),
        };
        let settings = Settings {
            groups: metadata.groups.clone(),
            selection: metadata.selection.clone(),
            mac_only_encrypted: metadata.mac_only_encrypted,
            version: metadata.version.clone(),
            unknown: metadata.unknown.clone(),
            indent: None,
            vouched,
            descent: payload.as_ref().map(|p| p.descent.clone()).unwrap_or_default(),
        };
        let base = Base { text, metadata, body, hints, mac, has_older_mac, unchecked: how.ignore_mac || how.accepting };
        // What is completed has leaves to seal as it stands; what is left out of the text goes from the file, too.
        let renews = if how.completing || bare { Renews::Leaves } else { Renews::Block };
        Ok(OpenFile {
            plain: plain.into(),
            format,
            data_key,
            settings,
            base: Some(base),
            renews,
            must_cover: false,
            doubts,
            warnings,
            differences,
            unwrapped: Vec::new(),
            held: Vec::new(),
            own_dialect,
            checkout,
        })
    }

    /// What was sealed as JSON, or as a binary file, is YAML to SOPS under the name of one. Its witness has been heard.
    fn into_yaml(
        mut self,
        vouched: Vouched,
        cipher: &Cipher,
        manners: &Manners,
        how: &OpenHow<'_>,
    ) -> Result<(SealedFile<'t>, Opening), OpenError> {
        self.metadata.extension = None;
        let opening = self.opening(cipher, manners, &OpenHow { require_witness: false, ..*how })?;
        Ok((self, Opening { vouched, ..opening }))
    }

    /// JSON that a right witness tells from a binary file, or a binary file from JSON, is that also where nobody asks the witness.
    fn told_apart(self, cipher: &Cipher, manners: &Manners, how: &OpenHow<'_>) -> Self {
        let may_be = matches!(self.format, Format::Json | Format::Binary) && self.metadata.extension.is_some();
        let strictly = OpenHow { ignore_mac: false, accepting: false, completing: false, just_sealed: false, ..*how };
        let is_right = |file: &Self| file.opening(cipher, manners, &strictly).is_ok();
        if !may_be || how.just_sealed || is_right(&self) {
            return self;
        }
        self.otherwise(manners).into_iter().find(is_right).unwrap_or(self)
    }

    /// YAML in braces is somebody's layout, or JSON under another name. Where nobody looks at MAC and witness, they still tell which.
    fn is_braces_by_choice(&self, cipher: &Cipher, manners: &Manners, how: &OpenHow<'_>) -> bool {
        let is_told = self.format == Format::Yaml && self.is_in_braces() && self.metadata.extension.is_some();
        !is_told || self.opening(cipher, manners, &OpenHow { ignore_mac: false, ..*how }).is_ok()
    }

    fn is_in_braces(&self) -> bool {
        self.text.trim_ascii_start().starts_with(b"{")
    }

    /// JSON with the one key `data` and a binary file look alike, and both are YAML. Which of them a name says may be wrong; what the file was sealed as, its
    /// witness tells.
    fn otherwise(&self, manners: &Manners) -> Vec<SealedFile<'t>> {
        let tree = || Self::tree(Format::Json, self.text, &scan_options(Mode::Sealed, manners)).ok();
        let envelope = || Self::from_envelope(self.text, Envelope::read(self.text).ok()?).ok();
        match self.format {
            Format::Binary => tree().into_iter().collect(),
            Format::Json => envelope().into_iter().collect(),
            Format::Yaml if self.is_in_braces() => tree().into_iter().chain(envelope()).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn opening(&self, cipher: &Cipher, manners: &Manners, how: &OpenHow<'_>) -> Result<Opening, OpenError> {
        match &self.body {
            Body::Document(document) => open_document(self.format, document, &self.metadata, cipher, manners, how),
            Body::Binary(envelope) => binary::open(self.text, envelope, &self.metadata, cipher, how),
        }
    }
}

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
    let seen = || verdict::seen(format, metadata, document, &walked);
    let by_comments = verdict::by_comments(format, metadata);
    let mut early = None;
    let mut has_older_mac = false;
    let (payload, vouched, mut doubts, mut warnings, mut differences) = if how.accepting {
        let (payload, vouched, mut differences) = accept::compare(metadata, &walked.mac, cipher, seen);
        if let WitnessState::Read { comments, .. } = &mut differences.witness {
            *comments |= walked.moved_comments;
        }
        // Nothing is sealed of it before somebody has accepted what differs.
        (payload, vouched, Doubts::default(), Vec::new(), Some(Box::new(differences)))
    } else if how.ignore_mac {
        (None, Vouched::No, Doubts::default(), Vec::new(), None)
    } else {
        match (check_mac(metadata, &walked.mac, cipher), &walked.older_mac) {
            (Err(OpenError::MacMismatch), Some(older)) => {
                check_mac(metadata, older, cipher)?;
                has_older_mac = true;
            }
            (checked, _) => checked?,
        }
        let found = extension::open(cipher, metadata.extension.as_deref(), &metadata.mac);
        // The text is put together while the digests are taken, and wiped if these are wrong.
        let hints = if let Found::Payload(payload) = &found { payload.hints.clone() } else { Vec::new() };
        let seen = || {
            let open = || document.open_as(&walked.opened, Spelling { hints: &hints, plainly: None });
            let (seen, text) = crew::both(document.leaves().len(), seen, open);
            early = Some(text);
            seen
        };
        let verdict = verdict::check(found, metadata, by_comments, seen, how)?;
        (verdict.payload, verdict.vouched, verdict.doubts, verdict.warnings, None)
    };
    // Where there is a witness it has spoken of comments.
    if walked.clear_comments && payload.is_none() && !how.accepting {
        warnings.push("Found possibly unencrypted comment in file. Whoever can write the file could have put it there.".to_owned());
    }
    let mut hints = payload.as_ref().map(|p| p.hints.clone()).unwrap_or_default();
    let reading = Reading { format, document, opened: &walked.opened, manners };
    let mut text = match early.unwrap_or_else(|| reading.open(&hints)) {
        // Hints of a file that others have changed may fit nowhere.
        Err(_) if !hints.is_empty() && !how.just_sealed => {
            hints.clear();
            reading.open(&[])?
        }
        opened => opened?,
    };
    let is_sealed = |text: &[u8]| payload.as_ref().is_some_and(|payload| witness::text(text) == payload.text);
    let mut vouched_text = is_sealed(&text.text);
    if !how.just_sealed {
        let had_hints = !hints.is_empty();
        let asked = if vouched_text { text.replaced } else { payload.is_some() || document.may_read_otherwise(&walked.opened) };
        if asked && reading.settle(&mut text, &mut hints)? {
            vouched_text = is_sealed(&text.text);
        }
        // With mac_only_encrypted others may add clear values: a text of its own is none of theirs.
        if let Some(differences) =
            differences.as_mut().filter(|_| payload.is_some() && !vouched_text && (by_comments || !metadata.mac_only_encrypted))
        {
            differences.layout = true;
        }
        if let Some(differences) = differences.as_mut().filter(|_| !vouched_text) {
            differences.tags = own_tags(document);
        }
        if let Some(differences) = &mut differences {
            let (values, comments) = differences.kept();
            differences.strays = stray::told(document, &walked.opened, !values, !comments);
        }
        if let Some(payload) = payload.as_ref().filter(|_| !vouched_text) {
            // With mac_only_encrypted others may add clear values, and so does who has the file completed; comments may have been edited, which is
            // told already. The hints still serve as long as the text reads as the values that were opened: SOPS's spelling would lose types.
            // Where comments decide what is covered, nothing but this digest tells where they stand.
            let expected = !by_comments && (metadata.mac_only_encrypted || how.completing || doubts.comments);
            doubts.text = !expected || payload.text == witness::UNVOUCHED;
            if manners.tells_layout && had_hints && hints.is_empty() {
                warnings.push("the layout could not be brought back; names and values are right, their spelling is SOPS's".to_owned());
            } else if by_comments {
                let what =
                    "nobody vouches for where the comments of this file stand, and they decide what is sealed; accept shows what differs";
                warnings.push(what.to_owned());
            } else if manners.tells_layout && !expected {
                warnings.push("the layout was changed outside leafcrypt since the file was sealed; names and values are right".to_owned());
            }
        }
    }
    let own_dialect = !how.just_sealed && !hints.is_empty() && reading.needs_own_dialect(&text.text);
    let mut is_bare = false;
    if !how.just_sealed
        && !how.accepting
        && !how.completing
        && !vouched_text
        && let Some(planted) = planted::left_out(format, document, &text.text, payload.is_some(), own_dialect, manners)?
    {
        text.text = planted.text;
        warnings.extend(planted.warning);
        hints.clear();
        is_bare = true;
    }
    if metadata.extension.is_none() && !how.just_sealed && !how.accepting {
        let otherwise = std::mem::take(&mut text.otherwise);
        hints.extend(end_as_sops(format, &mut text.text, |plain| reading.is_right(plain, &otherwise)));
        text.otherwise = otherwise;
    }
    warnings.extend(verdict::later_blocks(document));
    Ok(Opening {
        plain: std::mem::take(&mut *text.text),
        otherwise: text.otherwise,
        opened: walked.opened,
        coverage: walked.coverage,
        hints,
        mac: walked.older_mac.filter(|_| has_older_mac).unwrap_or(walked.mac),
        has_older_mac,
        payload,
        vouched,
        doubts,
        closed: walked.closed_comments,
        tried_out: walked.tried_out,
        warnings,
        differences,
        bare: is_bare,
        own_dialect,
    })
}

/// A file without our field has no layout of ours to keep, and SOPS ends what it prints in one line feed; older versions ended sealed JSON in none, and INI in
/// two. The hint is for the field that the file gets when its recipients change.
fn end_as_sops(format: Format, plain: &mut Vec<u8>, reads: impl FnOnce(&[u8]) -> bool) -> Option<Hint> {
    let is_blank = |line: &[u8]| line.trim_ascii().is_empty();
    let end = match format {
        Format::Binary | Format::Toml => return None,
        Format::Json => plain.trim_ascii_end().len(),
        // Blanks at the end of a line may be a value's.
        Format::Yaml | Format::Dotenv | Format::Ini => {
            let mut lines = plain.split_inclusive(|b| *b == b'\n').rev().skip_while(|line| is_blank(line)).peekable();
            let last = lines.peek()?;
            let ends = usize::from(last.ends_with(b"\n"));
            lines.map(<[u8]>::len).sum::<usize>() - ends
        }
    };
    if end == 0 || plain[end..] == *b"\n" {
        return None;
    }
    let ended = Wiped::from([&plain[..end], b"\n"].concat());
    // The lines at the end may belong to a value in clear: a YAML block that keeps them.
    if format != Format::Json && !reads(&ended) {
        return None;
    }
    let hint = Hint::End { drop: (plain.len() - end) as u32, bytes: b"\n".to_vec() };
    plain.truncate(end);
    plain.push(b'\n');
    Some(hint)
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
