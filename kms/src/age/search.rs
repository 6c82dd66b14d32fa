//! Which identity is tried on which record first: what costs nothing on all records, before anything dearer on any.
//!
//! In order: native keys; SSH keys without passphrase; what commands print; plugins; SSH keys with a passphrase that fit; files with a passphrase.
//! A failing one never hides the next. Differs from SOPS: there the order is random among some, and the first hard failure ends the attempt.

use crate::error::UnwrapError;
use crate::master_key::Wrapped;
use crate::secret::Secret;
use crate::session::Session;

use super::envelope::Envelope;
use super::identities::Keyring;
use super::lines::{Lines, PluginIdentity};
use super::passphrase::Locked;
use super::recipient::{HYBRID, HYBRID_PLUGIN};
use super::ssh::SshKey;
use super::{plugin, report};

/// Opens the first record that opens; `records` are recipients' texts and what was wrapped for them.
///
/// # Errors
/// A reason for each record, in order.
pub(super) fn unwrap(records: &[(&str, &Wrapped)], session: &Session) -> Result<(usize, Secret), Vec<UnwrapError>> {
    let ring = session.memo::<Keyring>();
    let records = records.iter().map(|(recipient, wrapped)| Record::new(recipient, wrapped)).collect();
    let mut search = Search { records, ring: &ring, session, cancelled: false };
    match search.silent().or_else(|| search.commands()).or_else(|| search.plugins()).or_else(|| search.prompts()) {
        Some(opened) => Ok(opened),
        None => Err(search.reasons()),
    }
}

type Opened = Option<(usize, Secret)>;

/// A recipient's text, and what was wrapped for it.
pub(super) struct Record<'a> {
    recipient: &'a str,
    pub(super) file: Result<Envelope, UnwrapError>,
    /// What failed hard on the way, though it might have opened this one.
    failed: Option<UnwrapError>,
}

impl<'a> Record<'a> {
    pub(super) fn new(recipient: &'a str, wrapped: &Wrapped) -> Self {
        Record { recipient, file: Envelope::read(&wrapped.0), failed: None }
    }

    pub(super) fn has_stanza(&self, tag: &str) -> bool {
        self.file.as_ref().is_ok_and(|file| {
            file.stanzas.iter().any(|stanza| stanza.tag == tag || stanza.tag.strip_prefix(tag).is_some_and(|_| tag.ends_with('-')))
        })
    }

    fn is_hybrid(&self) -> bool {
        self.has_stanza("mlkem768x25519")
    }

    pub(super) fn fits(&self, key: &SshKey) -> bool {
        self.file.as_ref().is_ok_and(|file| file.stanzas.iter().any(|stanza| key.fits(stanza)))
    }
}

struct Search<'a> {
    records: Vec<Record<'a>>,
    ring: &'a Keyring,
    session: &'a Session,
    /// A person gave up: nobody is asked any more.
    cancelled: bool,
}

impl Search<'_> {
    fn silent(&mut self) -> Opened {
        let (ring, session) = (self.ring, self.session);
        let lines: Vec<_> = ring.at_hand(session).filter_map(|source| source.lines()).collect();
        self.natives(&lines).or_else(|| {
            if !self.records.iter().any(|record| record.has_stanza("ssh-")) {
                return None;
            }
            ring.ssh(session).filter(|key| !key.locked()).find_map(|key| self.ssh(key))
        })
    }

    fn commands(&mut self) -> Opened {
        let (ring, session) = (self.ring, self.session);
        if session.outside().env("SOPS_AGE_SSH_PRIVATE_KEY_CMD").is_some() {
            for i in 0..self.records.len() {
                if self.records[i].has_stanza("ssh-") && self.is_first(i) {
                    let source = ring.ssh_command(self.records[i].recipient, session);
                    if let Some(opened) = source.ssh().and_then(|key| self.ssh(key)) {
                        return Some(opened);
                    }
                }
            }
        }
        session.outside().env("SOPS_AGE_KEY_CMD")?;
        // What it printed before may do.
        for source in ring.commands() {
            if let Some(opened) = source.lines().and_then(|lines| self.natives(&[lines])) {
                return Some(opened);
            }
        }
        for i in 0..self.records.len() {
            if self.records[i].file.is_err() || !self.is_first(i) {
                continue;
            }
            let source = ring.command(self.records[i].recipient, session);
            if let Some(opened) = source.lines().and_then(|lines| self.natives(&[lines])) {
                return Some(opened);
            }
        }
        None
    }

    fn plugins(&mut self) -> Opened {
        let (ring, session) = (self.ring, self.session);
        let commands = ring.commands();
        let lines: Vec<_> =
            ring.at_hand(session).chain(commands.iter().map(|source| &**source)).filter_map(|source| source.lines()).collect();
        self.plugins_of(&lines)
    }

    /// Whether no record before it is for the same recipient.
    fn is_first(&self, i: usize) -> bool {
        self.records[..i].iter().all(|earlier| earlier.recipient != self.records[i].recipient)
    }

    fn prompts(&mut self) -> Opened {
        let (ring, session) = (self.ring, self.session);
        if self.records.iter().any(|record| record.has_stanza("ssh-"))
            && let Some(opened) = ring.ssh(session).filter(|key| key.locked()).find_map(|key| self.ssh(key))
        {
            return Some(opened);
        }
        let commands = ring.commands();
        let mut asked: Vec<&Locked> = Vec::new();
        for file in ring.at_hand(session).chain(commands.iter().map(|source| &**source)).filter_map(|source| source.locked()) {
            if self.cancelled || self.records.iter().all(|record| record.file.is_err()) || asked.iter().any(|known| known.same(file)) {
                continue;
            }
            asked.push(file);
            let known = file.lines().is_some();
            match file.open(session) {
                // The plugins of one that was open were tried already.
                Ok(lines) => {
                    if let Some(opened) = self.natives(&[lines]).or_else(|| if known { None } else { self.plugins_of(&[lines]) }) {
                        return Some(opened);
                    }
                }
                Err(why) => self.fail(why, |_| true),
            }
        }
        None
    }

    /// Tries native keys on all records. A record's text may be wrong, so it only says whom to try first.
    fn natives(&mut self, lines: &[&Lines]) -> Opened {
        let all = || lines.iter().flat_map(|lines| &lines.natives);
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        // Each trial is a key exchange: of a thousand records, the one that names us comes before all others. One has no order.
        if order.len() > 1 {
            order.sort_by_cached_key(|&i| all().all(|native| native.recipient() != self.records[i].recipient));
        }
        let one = all().nth(1).is_none();
        for i in order {
            let record = &mut self.records[i];
            let Ok(file) = &record.file else { continue };
            let (fitting, others) = (
                all().filter(|native| one || native.recipient() == record.recipient),
                all().filter(|native| !one && native.recipient() != record.recipient),
            );
            match fitting.chain(others).find_map(|native| file.try_identity(&native.identity)) {
                Some(Ok(secret)) => return Some((i, secret)),
                Some(Err(why)) => record.file = Err(why),
                None => {}
            }
        }
        None
    }

    fn ssh(&mut self, key: &SshKey) -> Opened {
        if self.cancelled && key.locked() {
            return None;
        }
        for i in 0..self.records.len() {
            if !self.records[i].fits(key) {
                continue;
            }
            match key.open(self.session) {
                Ok(identity) => {
                    let record = &mut self.records[i];
                    match record.file.as_ref().ok().and_then(|file| file.try_identity(identity)) {
                        Some(Ok(secret)) => return Some((i, secret)),
                        Some(Err(why)) => record.file = Err(why),
                        None => {}
                    }
                }
                Err(why) => {
                    self.fail(why, |record| record.fits(key));
                    break;
                }
            }
        }
        None
    }

    /// Shows each plugin all its identities and all records at once.
    fn plugins_of(&mut self, lines: &[&Lines]) -> Opened {
        let mut names: Vec<&str> = Vec::new();
        let identities: Vec<&PluginIdentity> = lines.iter().flat_map(|lines| &lines.plugins).collect();
        for identity in &identities {
            if !names.contains(&identity.name.as_str()) {
                names.push(&identity.name);
            }
        }
        for name in names {
            let of_it: Vec<_> = identities.iter().copied().filter(|identity| identity.name == name).collect();
            let (places, files): (Vec<_>, Vec<_>) =
                self.records.iter().enumerate().filter_map(|(i, record)| Some((i, record.file.as_ref().ok()?))).unzip();
            if files.is_empty() {
                return None;
            }
            match plugin::unwrap(name, &of_it, &files, self.session) {
                Ok(keys) => {
                    for (at, key) in keys {
                        match files[at].open(key) {
                            Ok(secret) => return Some((places[at], secret)),
                            Err(_) => {
                                self.ring.trouble(UnwrapError::Denied { why: format!("age-plugin-{name} gave a key that does not fit") })
                            }
                        }
                    }
                }
                // Native and SSH records are hardly a plugin's, so its failure is a note on them and the reason on others.
                Err(why) => self.fail(why, |record| {
                    !["X25519", "ssh-"].iter().any(|tag| record.has_stanza(tag)) && (name == HYBRID_PLUGIN || !record.is_hybrid())
                }),
            }
        }
        None
    }

    /// Remembers a hard failure on the records it may have kept closed; the first one counts, but a person's "no" above all.
    fn fail(&mut self, why: UnwrapError, on: impl Fn(&Record<'_>) -> bool) {
        if why == UnwrapError::Cancelled {
            self.cancelled = true;
        } else {
            self.ring.trouble(why.clone());
        }
        for record in &mut self.records {
            if on(record) && (record.failed.is_none() || why == UnwrapError::Cancelled) {
                record.failed = Some(why.clone());
            }
        }
    }

    fn reasons(self) -> Vec<UnwrapError> {
        let session = self.session;
        let reason = |record: Record<'_>| {
            let hybrid = record.is_hybrid();
            match (record.file, record.failed) {
                (Err(why), _) | (Ok(_), Some(why)) => why,
                (Ok(_), None) if hybrid => UnwrapError::NotBuilt { feature: HYBRID },
                (Ok(_), None) => UnwrapError::NotHeld {
                    looked_in: report::looked_in(record.recipient, session),
                    notes: report::faults(record.recipient, session),
                },
            }
        };
        self.records.into_iter().map(reason).collect()
    }
}
