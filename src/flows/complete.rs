//! `encrypt` of a file that is sealed already: what somebody has added to it in clear is sealed, all else stays (docs/sealed-file.md, section 5).

use super::change::seal;
use super::encrypt::Encrypt;
use super::target::{Done, Holds, deliver};
use super::trust;
use crate::config::Rule;
use crate::error::Error;
use crate::sealed_file::{Clear, OpenError, OpenHow, SealedFile};
use crate::world::{Event, World};

impl Encrypt {
    /// Completes the file. No key is needed where nothing stands in clear; where one opens it, it has to be as it was sealed all the same.
    ///
    /// # Errors
    /// A value stands in clear that only the creation rule covers; no key opens it; or something else was changed as well: no new MAC over a file that
    /// failed its own.
    pub(super) fn complete(&self, sealed: SealedFile<'_>, text: &[u8], rule: Option<&Rule>, world: &World<'_>) -> Result<Done, Error> {
        let path = self.input.name();
        let failed = |source: OpenError| Error::Open { path: path.clone(), source: Box::new(source) };
        let given = !self.given.keys.is_empty();
        if rule.is_some_and(|rule| given && !sealed.metadata().groups.same_recipients(&trust::recipients(rule))) {
            world.warn([format!("{path} is sealed already and keeps its own recipients")]);
        }
        if !self.given.selectors.is_empty() {
            world.warn([format!("{path} is sealed already and keeps its own rule")]);
        }
        if self.given.mac_only_encrypted && !sealed.metadata().mac_only_encrypted {
            world.warn([format!("{path} is sealed already, and its MAC covers what it covered: --mac-only-encrypted has no effect")]);
        }
        if self.given.threshold != 0 && self.given.threshold != sealed.metadata().groups.threshold {
            world.warn([format!("{path} is sealed already and keeps its own groups: --shamir-secret-sharing-threshold has no effect")]);
        }
        // Whoever narrows the file's rule leaves nothing in clear by it: asked first, of the rule that they cannot reach (P10).
        trust::refuse_left_clear(&sealed, rule, &path, world)?;
        let clear = sealed.in_clear().map_err(failed)?;
        if clear.is_empty() {
            self.is_as_sealed(sealed, &path, world)?;
            let done = deliver(text.to_vec(), &self.output, Holds::Sealed, Some(text), world)?;
            world.dialog.log(&format!("{path} is sealed already, and nothing that its rule covers stands in clear"));
            return Ok(done);
        }
        world.warn_of(&path, sealed.warnings());
        let how = OpenHow { require_witness: self.require_witness, ..OpenHow::default() };
        let mut file = sealed.open(world, &how.completing()).map_err(|source| match source {
            OpenError::NoKeyOpens(_) => failed(source),
            source => Error::Complete { path: path.clone(), clear: named(&clear), source: Box::new(source) },
        })?;
        world.warn_of(&path, file.warnings());
        world.journal.record(Event::Decrypt, &path).map_err(Error::Audit)?;
        trust::vouch(&mut file, rule);
        let done = deliver(seal(&path, &file, world)?, &self.output, Holds::Sealed, Some(text), world)?;
        world.dialog.log(&format!("{path} was sealed already; sealed what stood in clear: {}", named(&clear)));
        Ok(done)
    }

    /// Nothing is to be sealed: its MAC and its witness are checked where a key is at hand, and it is said where none is.
    fn is_as_sealed(&self, sealed: SealedFile<'_>, path: &str, world: &World<'_>) -> Result<(), Error> {
        world.warn_of(path, sealed.warnings());
        let how = OpenHow { require_witness: self.require_witness, ..OpenHow::default() };
        match sealed.open(world, &how) {
            Ok(file) => {
                world.warn_of(path, file.warnings());
                world.journal.record(Event::Decrypt, path).map_err(Error::Audit)
            }
            // What has to prove that it is as it was sealed cannot do so without a key.
            Err(OpenError::NoKeyOpens(_)) if !self.require_witness => {
                world.warn([format!("{path} is sealed already; no key here opens it, so whether it is as it was sealed is not checked")]);
                Ok(())
            }
            Err(source) => Err(Error::Open { path: path.to_owned(), source: Box::new(source) }),
        }
    }
}

/// The first few paths.
pub(super) fn named(clear: &Clear) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<String> = clear.values.iter().take(SHOWN).map(|(path, line)| format!("{path} (line {line})")).collect();
    if clear.values.len() > SHOWN {
        names.push(format!("{} more", clear.values.len() - SHOWN));
    }
    match clear.comments {
        0 => {}
        1 => names.push("a comment".to_owned()),
        n => names.push(format!("{n} comments")),
    }
    names.join(", ")
}
