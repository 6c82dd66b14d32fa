//! From sealed to open: the data key, then as what it was sealed: JSON, a binary file and YAML in braces look alike.

use leafcrypt_formats::{Envelope, Format, Mode};

use super::error::OpenError;
use super::judge::{Opening, open_document};
use super::line_ends::{self, Again};
use super::verdict::Vouched;
use super::{Base, BaseBody, Body, OpenFile, OpenHow, Renews, SealedFile, Settings, binary, scan_options};
use crate::keys::{DataKey, Unwrapped};
use crate::manners::Manners;
use crate::seal::cipher::Cipher;
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
            is_typed: false,
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
