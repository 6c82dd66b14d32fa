//! What is held of a file while somebody edits it: the sealed text and its data key, once; no value, no identity (docs/threat-model.md, P16, and
//! docs/decisions/0009-beside-an-editor.md). It is opened anew when the editor has ended.

use std::path::PathBuf;

use leafcrypt_formats::Format;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Edit;
use super::save::raise_version;
use crate::config::{Config, Rule};
use crate::error::Error;
use crate::flows::{anew, rules, trust};
use crate::keys::DataKey;
use crate::seal::witness;
use crate::sealed_file::{OpenFile, SealedFile, Settings};
use crate::world::World;

/// What is edited.
pub(super) struct Session<'t> {
    pub base: Kept<'t>,
    /// Its recipients, with their wrapped keys.
    pub keys: witness::Sum,
    pub is_new: bool,
    /// The creation rule; of a new file with what the flags say.
    pub rule: Option<Rule>,
    /// Where recipients have names.
    pub config: Option<Config>,
    /// What a rescued edit was made of, where that is not what the file is by now.
    pub older: Option<Kept<'t>>,
    /// What the editor shows is the rescued edit that is kept here.
    pub taken: Option<PathBuf>,
    /// What cannot be saved is kept somewhere.
    pub is_kept: bool,
}

/// A sealed text, and what opens it without asking anybody once more.
pub(super) struct Kept<'t> {
    pub sealed: std::borrow::Cow<'t, [u8]>,
    pub format: Format,
    pub data_key: DataKey,
}

impl Kept<'_> {
    pub(super) fn copy_data_key(&self) -> DataKey {
        DataKey::from_bytes(self.data_key.expose().to_vec()).expect("a data key has the length of a data key")
    }
}

/// A state of the file, opened.
pub(super) struct Older {
    pub plain: Zeroizing<Vec<u8>>,
    pub settings: Settings,
    pub own_dialect: bool,
}

impl Older {
    pub(super) fn of(file: &OpenFile<'_>) -> Self {
        Older { plain: Zeroizing::new(file.plain().to_vec()), settings: file.settings().clone(), own_dialect: file.is_of_own_dialect() }
    }
}

/// What an editor shows, known again by its digest.
pub(super) struct Shown {
    pub digest: [u8; 32],
}

impl Shown {
    pub(super) fn of(text: &[u8]) -> Self {
        Shown { digest: Sha256::digest(text).into() }
    }

    /// Has the editor left it as it was?
    pub(super) fn is_unchanged(&self, typed: &[u8]) -> bool {
        self.digest == <[u8; 32]>::from(Sha256::digest(typed))
    }
}

impl Edit<'_> {
    /// Opens what is kept.
    ///
    /// # Errors
    /// None that it had not the first time.
    pub(super) fn open_kept<'k>(&self, kept: &'k Kept<'_>, world: &World<'_>) -> Result<OpenFile<'k>, Error> {
        let (path, format) = (self.path.display().to_string(), kept.format);
        let file = SealedFile::parse(format, &kept.sealed, world.manners).map_err(|source| Error::Sealed {
            path: path.clone(),
            format,
            source,
        })?;
        file.open_with(kept.copy_data_key(), world.manners, &self.how).map_err(|source| Error::Open { path, source: Box::new(source) })
    }

    /// The file as it was opened.
    ///
    /// # Errors
    /// As [`Edit::open_kept`].
    pub(super) fn open_again<'k>(&self, session: &'k Session<'_>, world: &World<'_>) -> Result<OpenFile<'k>, Error> {
        let file = self.open_kept(&session.base, world)?;
        self.as_edited(file, &session.base.sealed, session.is_new, session.rule.as_ref(), session.config.as_ref(), world)
    }

    /// What an edit takes for granted of a file that it has opened.
    ///
    /// # Errors
    /// A flag that does not fit the configuration.
    pub(super) fn as_edited<'f>(
        &self,
        mut file: OpenFile<'f>,
        sealed: &[u8],
        is_new: bool,
        rule: Option<&Rule>,
        config: Option<&Config>,
        world: &World<'_>,
    ) -> Result<OpenFile<'f>, Error> {
        if !is_new {
            anew::lay_out(&mut file, sealed, rules::indent(Format::Yaml, &self.given, config)?, world);
            trust::vouch(&mut file, rule);
            raise_version(&mut file);
        }
        Ok(file.must_cover(is_new))
    }
}
