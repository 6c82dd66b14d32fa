//! Rules that go by comments: do those that a rule looks for say to SOPS what they say here?

use std::borrow::Cow;
use std::collections::HashSet;

use leafcrypt_formats::{AtAlias, CommentId, Document, LeafId, Repeated};

use super::error::SealError;
use crate::seal::policy::{Coverage, Policy};
use crate::seal::selection::RuleKind;

/// `known`: the texts of the comments of the file as it stands.
///
/// # Errors
/// One may be another's to SOPS, or covers something else there.
pub(super) fn check_comments(
    document: &Document<'_>,
    policy: &Policy,
    coverage: &Coverage,
    known: &HashSet<Cow<'_, [u8]>>,
) -> Result<(), SealError> {
    let line = |at: u32| document.position(at).0;
    let is_looked_for = |id: CommentId| policy.matches_comment(&document.comment_text(id));
    if let Some(&id) = document.doubtful_comments().iter().find(|id| is_looked_for(**id)) {
        return Err(SealError::DoubtfulComment { line: line(document.comment(id).span.start) });
    }
    // Those that stood so in a file are no news.
    let strays = |at: &&AtAlias| strays_at_alias(document, policy, coverage, at) && !known.contains(&document.comment_text(at.comment));
    if let Some(at) = document.comments_at_aliases().iter().find(strays) {
        return Err(SealError::AtAlias { line: line(document.comment(at.comment).span.start) });
    }
    // Where a match leaves values clear, more is sealed than SOPS would.
    let repeated = document.repeated_comments();
    if policy.kind() != RuleKind::EncryptedCommentRegex || repeated.is_empty() {
        return Ok(());
    }
    let found: Vec<u32> = (0..document.comments().len() as u32).filter(|&number| is_looked_for(CommentId(number))).collect();
    for Repeated { comments, alias, leaves: [target, copy] } in repeated {
        let next = found.get(found.partition_point(|number| *number < comments.start));
        let covers = |leaf: u32| coverage.leaves[leaf as usize];
        let mut both = target.clone().zip(copy.clone());
        let comes_clear = both.any(|(leaf, copy)| covers(leaf) && !covers(copy) && !document.content(LeafId(copy)).is_empty());
        if let Some(&number) = next.filter(|number| comes_clear && comments.contains(number)) {
            let comment = line(document.comment(CommentId(number)).span.start);
            return Err(SealError::RepeatedComment { alias: line(*alias), comment });
        }
    }
    Ok(())
}

/// For SOPS a comment at an alias is of the map around it. Where the alias stays it is so in the sealed text, too; where brackets come to stand in its place,
/// the comment is of what is in them. It is to mean the same both ways.
fn strays_at_alias(document: &Document<'_>, policy: &Policy, coverage: &Coverage, AtAlias { comment: id, leaves }: &AtAlias) -> bool {
    let comment = document.comment(*id);
    if comment.empty {
        return false;
    }
    if policy.kind().is_of_comments() {
        return policy.matches_comment(&document.comment_text(*id));
    }
    let around = document.paths().parent(comment.container);
    let covers_around = policy.covers_in(document, around);
    let is_covered = coverage.comments[id.0 as usize];
    let stays = !leaves.iter().any(|leaves| coverage.leaves[leaves.start as usize..leaves.end as usize].contains(&true));
    covers_around && !is_covered || is_covered && stays
}
