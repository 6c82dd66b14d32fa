//! What differs from what was sealed, told instead of refused: for the person who changed a sealed file by hand and accepts it as it stands
//! (docs/sealed-file.md, section 2). Tokens must open all the same.

use zeroize::Zeroizing;

use super::clear::Clear;
use super::error::OpenError;
use super::judge::check_mac;
use super::reading::OwnTag;
use super::stray::Strays;
use super::verdict::{Doubts, Seen, Vouched};
use super::{OpenFile, OpenHow, Renews};
use crate::metadata::Metadata;
use crate::seal::cipher::Cipher;
use crate::seal::extension::{self, Found, Payload};
use crate::seal::witness::{self, UNVOUCHED};

/// The MAC in the file, beside the one that its values give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacState {
    /// The same, covered values in clear left out.
    Right,
    /// There is none.
    Missing,
    /// Another.
    Differs,
    /// It does not open: another file's, damaged, or the date is another.
    Unreadable,
}

/// The recipients, beside those that somebody vouched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// The same.
    Right,
    /// Nobody has vouched for any.
    Unvouched,
    /// Others, or wrapped anew.
    Differ,
}

/// The witness, beside the file as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessState {
    /// There is no field: SOPS wrote the file, or somebody took it out.
    Missing,
    /// It belongs to another MAC, or is damaged.
    Broken,
    /// Made by a later version of leafcrypt.
    Later,
    /// It opens.
    Read {
        /// Order, names, types, clear values, the rule, the threshold or the version differ.
        body: bool,
        /// Comments differ.
        comments: bool,
        /// The recipients.
        recipients: Recipients,
    },
}

/// How a file differs from what was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences {
    /// The MAC.
    pub mac: MacState,
    /// The witness.
    pub witness: WitnessState,
    /// Covered, and in clear.
    pub clear: Clear,
    /// Blanks, quotes or line breaks are others than those that were sealed.
    pub layout: bool,
    /// Tags that mean nothing to SOPS, where nobody vouches for the text.
    pub tags: Vec<OwnTag>,
    /// Tokens that would be texts from then on. Nobody accepts those.
    pub strays: Strays,
}

impl Differences {
    /// Are values and names as they were sealed, and the rule too? And the comments?
    pub(super) fn kept(&self) -> (bool, bool) {
        match self.witness {
            WitnessState::Read { body, comments, .. } => (!body && self.mac == MacState::Right, !comments),
            _ => (false, false),
        }
    }

    /// The file is as it was sealed, and somebody vouches for its recipients.
    pub fn is_empty(&self) -> bool {
        let witness = WitnessState::Read { body: false, comments: false, recipients: Recipients::Right };
        self.mac == MacState::Right && self.witness == witness && self.clear.is_empty() && !self.layout && self.tags.is_empty()
    }
}

impl OpenHow<'_> {
    /// The same, for a file that somebody may accept as it stands: neither MAC nor witness is trusted, [`OpenFile::differences`] says how they differ,
    /// and covered values may stand in clear.
    #[must_use]
    pub fn accepting(self) -> Self {
        OpenHow { accepting: true, ..self.completing() }
    }
}

impl OpenFile<'_> {
    /// What differs from what was sealed; none if it was not opened by [`OpenHow::accepting`].
    pub fn differences(&self) -> Option<&Differences> {
        self.differences.as_deref()
    }

    /// A person has seen the differences and takes the file as it stands: it gets a new MAC, date and witness, which vouches for its recipients.
    pub fn accepted(&mut self) {
        if let Some(base) = &mut self.base {
            base.unchecked = false;
        }
        self.settings.vouched = Vouched::Yes;
        self.doubts = Doubts::default();
        self.renews = self.renews.max(Renews::Mac);
    }
}

/// Compares instead of refusing. The field's hints are given back whenever it opens: only a key holder can have written them, and what they make of
/// the text is compared with the values.
pub(super) fn compare(
    metadata: &Metadata,
    mac: &Zeroizing<String>,
    cipher: &Cipher,
    seen: impl FnOnce() -> Seen,
) -> (Option<Box<Payload>>, Vouched, Differences) {
    let mac = match check_mac(metadata, mac, cipher) {
        Ok(()) => MacState::Right,
        Err(OpenError::MacMissing) => MacState::Missing,
        Err(OpenError::MacMismatch) => MacState::Differs,
        Err(_) => MacState::Unreadable,
    };
    let (payload, witness) = match extension::open(cipher, metadata.extension.as_deref(), &metadata.mac) {
        Found::Nothing => (None, WitnessState::Missing),
        Found::Broken => (None, WitnessState::Broken),
        Found::Later => (None, WitnessState::Later),
        Found::Payload(payload) => {
            let seen = seen();
            let recipients = match payload.keys {
                UNVOUCHED => Recipients::Unvouched,
                keys if keys == witness::keys(&metadata.groups) => Recipients::Right,
                _ => Recipients::Differ,
            };
            let (body, comments) = (!seen.bodies.contains(&payload.body), payload.comments != seen.comments);
            (Some(payload), WitnessState::Read { body, comments, recipients })
        }
    };
    let right = matches!(witness, WitnessState::Read { body: false, recipients: Recipients::Right, .. });
    let vouched = if mac == MacState::Right && right { Vouched::Yes } else { Vouched::No };
    (payload, vouched, Differences { mac, witness, clear: Clear::default(), layout: false, tags: Vec::new(), strays: Strays::default() })
}
