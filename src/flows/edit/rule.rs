//! A selection rule that somebody has changed in the metadata (`edit -s`): what was sealed does not come to stand in clear without a word
//! (docs/threat-model.md, P10). SOPS drops every such change, so both program names are held to it. Nor by a rule that somebody else has changed in the
//! file while the editor was open (`merged.rs`).

use std::collections::{HashMap, HashSet};

use leafcrypt_formats::{CommentId, Document, LeafId};
use zeroize::Zeroizing;

use super::Edit;
use crate::config::Rule;
use crate::error::Error;
use crate::seal::plain_bytes;
use crate::seal::policy::{Coverage, Policy};
use crate::seal::selection::Selection;
use crate::sealed_file::{SealError, Settings};
use crate::world::World;

/// So many paths are named.
const MOST_SHOWN: usize = 20;

/// A text before and after an edit, and what the metadata of each says.
pub(super) struct Both<'a> {
    pub before: &'a Document<'a>,
    pub was: &'a Settings,
    pub typed: &'a Document<'a>,
    pub now: &'a Settings,
    /// The file as somebody else has written it meanwhile, and what its metadata says: what stands in clear there does not come to do so.
    pub theirs: Option<(&'a Document<'a>, &'a Settings)>,
}

impl Edit<'_> {
    /// Nothing if the rule is the same. Otherwise refused if it covers no value at all, as `encrypt` refuses it; if the creation rule seals what it
    /// would leave clear; and if nobody confirms that, with the paths before their eyes.
    ///
    /// # Errors
    /// As said; or the regex does not compile.
    pub(super) fn refuse_uncovered(&self, both: &Both<'_>, creation: Option<&Rule>, world: &World<'_>) -> Result<(), Error> {
        let [old, new] = [both.was, both.now].map(|settings| chosen(settings.selection.as_ref()));
        if old == new {
            return Ok(());
        }
        let path = self.path.display().to_string();
        let policy = |selection: &Selection| {
            Policy::new(selection).map_err(|why| Error::Seal { path: path.clone(), source: Box::new(SealError::from(why)) })
        };
        let (old, policy_now) = (policy(&old)?, policy(&new)?);
        let now = policy_now.coverage(both.typed);
        let has_value = |document: &Document<'_>, i: usize| !plain_bytes::of(&document.value(LeafId(i as u32))).is_empty();
        let mut values = (0..both.typed.leaves().len()).filter(|&i| has_value(both.typed, i)).peekable();
        if values.peek().is_some() && !values.any(|i| now.leaves[i]) {
            return Err(Error::Seal { path, source: Box::new(SealError::NothingCovered { rule: new.to_string() }) });
        }
        // By the old rule on what is typed, and by what it covered: a comment that decides may have gone with the rule.
        let (would, did) = (old.coverage(both.typed), old.coverage(both.before));
        let at = |document: &Document<'_>, i: usize| document.paths().display(document.leaves()[i].path);
        let sealed: HashSet<String> =
            (0..did.leaves.len()).filter(|&i| did.leaves[i] && has_value(both.before, i)).map(|i| at(both.before, i)).collect();
        let is_new = |i: &usize| !now.leaves[*i] && has_value(both.typed, *i) && (would.leaves[*i] || sealed.contains(&at(both.typed, *i)));
        let mut leaves: Vec<usize> = (0..now.leaves.len()).filter(is_new).collect();
        let mut comments: Vec<usize> = (0..now.comments.len()).filter(|&i| !now.comments[i] && would.comments[i]).collect();
        if let Some((theirs, settings)) = both.theirs.filter(|_| !leaves.is_empty() || !comments.is_empty()) {
            let sealed = policy(&chosen(settings.selection.as_ref()))?.coverage(theirs);
            let mut clear: HashMap<String, Vec<LeafId>> = HashMap::new();
            for i in (0..sealed.leaves.len()).filter(|&i| !sealed.leaves[i]) {
                clear.entry(at(theirs, i)).or_default().push(LeafId(i as u32));
            }
            leaves.retain(|&i| {
                let value = both.typed.value(LeafId(i as u32));
                !clear.get(&at(both.typed, i)).is_some_and(|ids| ids.iter().any(|id| theirs.value(*id).same(&value)))
            });
            let text = |document: &'_ Document<'_>, i: usize| Zeroizing::new(document.comment_text(CommentId(i as u32)).into_owned());
            let clear: Vec<_> = (0..sealed.comments.len()).filter(|&i| !sealed.comments[i]).map(|i| text(theirs, i)).collect();
            let clear: HashSet<&[u8]> = clear.iter().map(|text| text.as_slice()).collect();
            comments.retain(|&i| !clear.contains(text(both.typed, i).as_slice()));
        }
        if leaves.is_empty() && comments.is_empty() {
            return Ok(());
        }
        let mut named: Vec<String> = leaves.iter().take(MOST_SHOWN).map(|&i| at(both.typed, i)).collect();
        if leaves.len() > MOST_SHOWN {
            named.push(format!("{} more values", leaves.len() - MOST_SHOWN));
        }
        match comments.len() {
            0 => {}
            1 => named.push("a comment".to_owned()),
            n => named.push(format!("{n} comments")),
        }
        let (at, own) = (named.join(", "), new.to_string());
        if let Some(wanted) = creation.map(|rule| chosen(rule.selection.as_ref())) {
            let Coverage { leaves: by_leaf, comments: by_comment } = policy(&wanted)?.coverage(both.typed);
            if leaves.iter().any(|&i| by_leaf[i]) || comments.iter().any(|&i| by_comment[i]) {
                return Err(Error::Uncovers { path, at, own, why: format!("the creation rule, {wanted}, seals it") });
            }
        }
        let ending = if world.manners.sops_messages { " (y/n):" } else { "" };
        let question = format!("{path}: the changed rule, {own}, leaves in clear what is sealed: {at}. Write that in clear?{ending}");
        if world.dialog.confirm(&question) == Some(true) {
            return Ok(());
        }
        Err(Error::Uncovers { path, at, own, why: "nobody has confirmed that".to_owned() })
    }
}

/// What holds: SOPS's default where nothing is said.
fn chosen(selection: Option<&Selection>) -> Selection {
    selection.cloned().unwrap_or_else(Selection::default_rule)
}
