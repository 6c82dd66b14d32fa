//! From open to sealed: tokens, MAC, witness, block; then opened again and compared.

use leafcrypt_formats::{CommentId, Document, Format, Hint, Kind, LeafId, Limits, Mode, Sealed, Tokens};
use zeroize::Zeroizing;

use super::error::SealError;
use super::verdict::{self, Vouched};
use super::walk::bind;
use super::{Base, BaseBody, OpenFile, OpenHow, Renews, SOPS_VERSION, SealedFile, Settings, binary, scan_options};
use crate::keys::{DataKey, KeyGroups};
use crate::manners::Manners;
use crate::metadata::{self, Metadata};
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::extension::{self, FIELD, Payload};
use crate::seal::mac::Mac;
use crate::seal::policy::{Coverage, Policy};
use crate::seal::reuse::Reuse;
use crate::seal::selection::{RuleKind, Selection};
use crate::seal::token::{self, Holds};
use crate::seal::{plain_bytes, witness};
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
            warnings: Vec::new(),
            differences: None,
            unwrapped: Vec::new(),
        })
    }
}

impl OpenFile<'_> {
    /// The sealed text. Nothing changed: the same bytes. Tokens of unchanged values stay; MAC and date change only if something sealed changed.
    ///
    /// # Errors
    /// Bad text, a rule that covers nothing, a key that cannot wrap, something the format cannot hold, or a result that does not open to the same bytes.
    pub fn seal(&self, world: &World<'_>) -> Result<Finished, SealError> {
        let mut warnings = Vec::new();
        let text = match &self.base {
            _ if self.format == Format::Binary => binary::seal(self, world)?,
            Some(base) if self.renews == Renews::Block => self.rewrap(base, world)?,
            _ => self.seal_document(world, &mut warnings)?,
        };
        self.finished(text, warnings)
    }

    fn finished(&self, text: Vec<u8>, warnings: Vec<String>) -> Result<Finished, SealError> {
        let limit = if self.format == Format::Binary { Limits::BINARY_SEALED } else { Limits::SEALED.text };
        if text.len() > limit {
            return Err(SealError::TooLarge { bytes: text.len(), limit });
        }
        Ok(Finished { text, warnings })
    }

    fn seal_document(&self, world: &World<'_>, warnings: &mut Vec<String>) -> Result<Vec<u8>, SealError> {
        let manners = world.manners;
        let document = Document::parse(self.format, &self.plain, &scan_options(Mode::Plain, manners))?;
        if !document.blocks().is_empty() {
            return Err(SealError::AlreadySealed);
        }
        warnings.extend(document.warnings().iter().map(|w| w.what.clone()));
        let cipher = Cipher::new(&self.data_key);
        let mut nonces = Nonces::new(world.random);
        let selection = self.settings.selection.clone().unwrap_or_else(Selection::default_rule);
        let policy = Policy::new(&selection)?;
        let mut covered = self.cover(&document, &policy, &selection, &cipher, &mut nonces)?;
        let comments = witness::comments(&document, |id| covered.tokens.of_comment(id));
        let mut sealed = document.seal(std::mem::replace(&mut covered.tokens, Tokens::new(0, 0)))?;

        let mut metadata = self.metadata(&covered, &cipher, &mut nonces, world)?;
        let mut payload = self.payload(&document, &covered, comments, &metadata, std::mem::take(&mut sealed.hints));
        drop(covered);
        let like = self.base.as_ref().and_then(|base| match &base.body {
            BaseBody::Document { document, .. } => Some(&**document),
            BaseBody::Binary(_) => None,
        });
        let mut finish = |sealed: &mut Sealed, payload: &Payload| -> Result<(), SealError> {
            metadata.extension = self.field(payload, &metadata.mac, &cipher, &mut nonces)?;
            let fields = metadata.fields(self.format.shape());
            Ok(sealed.put_block(&document, &fields, FIELD, self.settings.indent, like)?)
        };
        finish(&mut sealed, &payload)?;
        match self.reopen(&sealed.text, manners) {
            Ok(back) if back == self.plain => return Ok(sealed.text),
            Ok(back) => {
                // What cannot be seen at the places of tokens lies at the ends of the file: a missing last newline, a directive, a root that was null.
                payload.hints.extend(mend_ends(&back, &self.plain));
                finish(&mut sealed, &payload)?;
            }
            Err(line) => return Err(SealError::NotFaithful { line }),
        }
        match self.reopen(&sealed.text, manners) {
            Ok(back) if back == self.plain => Ok(sealed.text),
            Ok(back) => Err(SealError::NotFaithful { line: first_difference(&back, &self.plain) }),
            Err(line) => Err(SealError::NotFaithful { line }),
        }
    }

    /// Tokens for all that is covered, and the MAC.
    fn cover(
        &self,
        document: &Document<'_>,
        policy: &Policy,
        selection: &Selection,
        cipher: &Cipher,
        nonces: &mut Nonces<'_>,
    ) -> Result<Covered, SealError> {
        let mut coverage = policy.coverage(document);
        let mut reuse = self.reuse();
        let mut mac = Mac::new(self.settings.mac_only_encrypted);
        // Most of a text is covered, and base64 takes a third more. What stands between tokens grows by quotes at most.
        let (leaves, comments) = (document.leaves().len(), document.comments().len());
        let (around, room) = (self.plain.len() + 2 * (leaves + comments), (leaves + comments) * token::FRAME + self.plain.len() / 3 * 4);
        let mut tokens = Tokens::new(leaves, comments).with_room(around, room);
        let mut kinds = Vec::with_capacity(document.leaves().len());
        let (mut renewed, mut any_covered, mut any_clear) = (false, false, false);
        let mut path = Vec::new();
        let mut path_of = None;
        for (i, leaf) in document.leaves().iter().enumerate() {
            let id = LeafId(i as u32);
            let value = document.value(id);
            let plain = plain_bytes::of(&value);
            kinds.push(value.kind());
            if plain.is_empty() {
                coverage.leaves[i] = false;
                continue;
            }
            let covers = coverage.leaves[i];
            if leaf.in_mac {
                mac.leaf(&plain, covers);
            }
            if !covers {
                any_clear = true;
                continue;
            }
            any_covered = true;
            bind(&mut path, &mut path_of, document, leaf.path);
            let holds = Holds::Value(value.kind());
            match reuse.take(&path, holds, &plain) {
                Some(token) => tokens.leaf(id, |out| out.extend_from_slice(&token)),
                None => {
                    renewed = true;
                    let mut result = Ok(());
                    tokens.leaf(id, |out| result = cipher.seal(out, &path, &plain, holds, nonces));
                    result?;
                }
            }
        }
        if any_clear && !any_covered && self.must_cover {
            return Err(SealError::NothingCovered { rule: selection.to_string() });
        }
        for i in 0..document.comments().len() {
            let id = CommentId(i as u32);
            if !coverage.comments[i] {
                continue;
            }
            let text = document.comment_text(id);
            let container = document.comment(id).container;
            bind(&mut path, &mut path_of, document, container);
            match reuse.take(&path, Holds::Comment, &text) {
                Some(token) => tokens.comment(id, |out| out.extend_from_slice(&token)),
                None => {
                    renewed = true;
                    let mut result = Ok(());
                    tokens.comment(id, |out| result = cipher.seal(out, &path, &text, Holds::Comment, nonces));
                    result?;
                }
            }
            let clashes =
                selection.kind == RuleKind::UnencryptedCommentRegex && tokens.of_comment(id).is_some_and(|t| policy.matches_comment(t));
            if clashes {
                return Err(SealError::CommentMatches { path: document.paths().display(container), rule: selection.to_string() });
            }
        }
        Ok(Covered { coverage, tokens, kinds, mac: mac.finish(), renewed: renewed || !reuse.is_empty() })
    }

    /// The old tokens with what they hold.
    fn reuse(&self) -> Reuse<'_> {
        let mut reuse = Reuse::new();
        let Some(Base { body: BaseBody::Document { document, opened, .. }, .. }) = &self.base else { return reuse };
        if self.renews == Renews::Key {
            return reuse;
        }
        let (mut path, mut path_of) = (Vec::new(), None);
        for (i, leaf) in document.leaves().iter().enumerate() {
            if let Some(value) = &opened.leaves[i] {
                let token = document.content(LeafId(i as u32));
                bind(&mut path, &mut path_of, document, leaf.path);
                reuse.add(&path, Holds::Value(value.kind()), plain_bytes::of(value), token);
            }
        }
        for (i, comment) in document.comments().iter().enumerate() {
            if let Some(text) = &opened.comments[i] {
                let token = document.comment_text(CommentId(i as u32));
                bind(&mut path, &mut path_of, document, comment.container);
                reuse.add(&path, Holds::Comment, text.as_slice().into(), token);
            }
        }
        reuse
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
        let mut metadata = Metadata {
            groups: self.settings.groups.clone(),
            selection: self.settings.selection.clone(),
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
        comments: witness::Sum,
        metadata: &Metadata,
        hints: Vec<Hint>,
    ) -> Payload {
        let frame = verdict::frame(self.format, metadata);
        Payload {
            body: witness::body(&frame, document, document.steps(), &covered.coverage, |leaf| covered.kinds[leaf]),
            comments,
            keys: self.keys_digest(metadata),
            text: witness::text(&self.plain),
            hints,
            descent: self.settings.descent.clone(),
        }
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

    /// Opens finished bytes again. `Err`: the line where it fails, 0 if it has none.
    pub(super) fn reopen(&self, sealed: &[u8], manners: &Manners) -> Result<Zeroizing<Vec<u8>>, usize> {
        let how = OpenHow { ignore_mac: self.base.as_ref().is_some_and(|b| b.unchecked), keep_layout: true, ..OpenHow::default() };
        let file = SealedFile::parse(self.format, sealed, manners).map_err(|e| match e {
            super::SealedError::Syntax(e) => e.line,
            _ => 0,
        })?;
        let data_key = DataKey::from_bytes(self.data_key.expose().to_vec()).expect("a data key has the length of a data key");
        match file.open_with(data_key, manners, &how) {
            Ok(open) => Ok(open.plain),
            Err(super::OpenError::Leaf { line, .. }) => Err(line),
            Err(_) => Err(0),
        }
    }
}

struct Covered {
    coverage: Coverage,
    tokens: Tokens,
    kinds: Vec<Kind>,
    mac: Zeroizing<String>,
    renewed: bool,
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
