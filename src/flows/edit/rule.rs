//! What an edit would bring to stand in clear (docs/threat-model.md, P10): by a selection rule that somebody has changed in the metadata (`edit -s`),
//! which SOPS drops, so that both program names are held to it; by comments, where these decide; by another name (`moved.rs`); and by what somebody else has
//! made of the file while the editor was open (`merged.rs`).

use std::cell::RefCell;
use std::collections::HashSet;

use leafcrypt_formats::LeafId;

use super::{Edit, moved};
use crate::error::{ByComment, Error};
use crate::flows::trust;
use crate::flows::uncovered::{Change, Uncovered};
use crate::seal::plain_bytes;
use crate::seal::policy::Policy;
use crate::sealed_file::SealError;
use crate::world::World;

/// Asks and tells, each thing once.
pub(super) struct Asker<'a> {
    pub said: &'a RefCell<HashSet<String>>,
    pub world: &'a World<'a>,
}

impl Asker<'_> {
    /// A yes, now or before.
    fn confirms(&self, question: String) -> bool {
        if self.said.borrow().contains(&question) {
            return true;
        }
        let yes = self.world.dialog.confirm(&question) == Some(true);
        if yes {
            self.said.borrow_mut().insert(question);
        }
        yes
    }

    fn warn(&self, text: String) {
        if !self.said.borrow().contains(&text) {
            self.world.warn([&text]);
            self.said.borrow_mut().insert(text);
        }
    }
}

impl Edit<'_> {
    /// A changed rule is refused if it covers no value at all, as `encrypt` refuses it. What the creation rule seals does not come to stand in clear.
    /// Whatever else would is named, and asked about.
    ///
    /// # Errors
    /// As said, or nobody confirms it; or a rule does not compile.
    pub(super) fn refuse_uncovered(&self, change: &Change<'_>, asker: &Asker<'_>) -> Result<(), Error> {
        let path = self.path.display().to_string();
        let uncovered = change.uncovers().map_err(|why| trust::no_rule(&path, why))?;
        if change.has_other_rule() {
            self.refuse_empty_rule(change)?;
            self.refuse_by_rule(&uncovered, change, asker)?;
            trust::refuse_created(&uncovered, change, &path, asker.world)?;
            self.refuse_moved(None, change, asker)?;
        } else {
            trust::refuse_created(&uncovered, change, &path, asker.world)?;
            match uncovered.was_covered() {
                Some(at) if change.after.rule.kind.is_of_comments() => {
                    self.ask_by_comments(at, ByComment::Covered, change, asker)?;
                    self.refuse_moved(None, change, asker)?;
                }
                also => self.refuse_moved(also, change, asker)?,
            }
        }
        match uncovered.in_doubt() {
            Some(at) if asker.world.manners.strict_clear => self.ask_by_comments(at, ByComment::InDoubt, change, asker),
            Some(at) => {
                asker.warn(self.by_comments(at, ByComment::InDoubt, change).to_string());
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What was sealed, under a name that the rule does not cover, in a comment, or as a piece of another text; and what is known to be uncovered already. As `sops` a
    /// warning, for SOPS writes it so.
    fn refuse_moved(&self, also: Option<String>, change: &Change<'_>, asker: &Asker<'_>) -> Result<(), Error> {
        let path = self.path.display().to_string();
        let moved = moved::find(change).map_err(|why| trust::no_rule(&path, why))?;
        let own = change.after.rule.to_string();
        let at: Vec<String> = also.into_iter().chain(moved.at).collect();
        let error = match at.join(", ") {
            _ if moved.nothing_is_sealed => Error::Seal { path, source: Box::new(SealError::NothingCovered { rule: own }) },
            at if at.is_empty() => return Ok(()),
            at => Error::Moved { path, at, own },
        };
        if !asker.world.manners.strict_clear {
            asker.warn(error.to_string());
            return Ok(());
        }
        if !moved.nothing_is_sealed && asker.confirms(format!("{error}. Write that in clear?")) { Ok(()) } else { Err(error) }
    }

    fn refuse_empty_rule(&self, change: &Change<'_>) -> Result<(), Error> {
        let (path, document, rule) = (self.path.display().to_string(), change.after.document, change.after.rule);
        let covers = Policy::new(rule).map_err(|why| trust::no_rule(&path, why))?.coverage(document).leaves;
        let has_value = |&i: &usize| !plain_bytes::of(&document.value(LeafId(i as u32))).is_empty();
        let mut values = (0..covers.len()).filter(has_value).peekable();
        if values.peek().is_some() && !values.any(|i| covers[i]) {
            return Err(Error::Seal { path, source: Box::new(SealError::NothingCovered { rule: rule.to_string() }) });
        }
        Ok(())
    }

    fn refuse_by_rule(&self, uncovered: &Uncovered, change: &Change<'_>, asker: &Asker<'_>) -> Result<(), Error> {
        let Some(at) = uncovered.was_covered() else { return Ok(()) };
        let (path, own) = (self.path.display().to_string(), change.after.rule.to_string());
        if let Some(wanted) = change.creation.filter(|_| uncovered.by_creation) {
            return Err(Error::Uncovers { path, at, own, why: format!("the creation rule, {wanted}, seals it") });
        }
        let question = format!("{path}: the changed rule, {own}, leaves in clear what is sealed: {at}. Write that in clear?");
        if asker.confirms(question) {
            return Ok(());
        }
        Err(Error::Uncovers { path, at, own, why: "nobody has confirmed that".to_owned() })
    }

    fn ask_by_comments(&self, at: String, why: ByComment, change: &Change<'_>, asker: &Asker<'_>) -> Result<(), Error> {
        let error = self.by_comments(at, why, change);
        if asker.confirms(format!("{error}. Write that in clear?")) { Ok(()) } else { Err(error) }
    }

    fn by_comments(&self, at: String, why: ByComment, change: &Change<'_>) -> Error {
        Error::ClearByComment { path: self.path.display().to_string(), at, own: change.after.rule.to_string(), why }
    }
}
