//! Comments that outlive what they were said of. A change leaves them where they stand, and there they may belong to another map, whose name leaves them
//! in clear. SOPS takes most of them away with their entry; here each line goes that was covered and would not be.

use std::collections::HashSet;
use std::ops::Range;

use leafcrypt_formats::{CommentId, Document, PlainText, ScanOptions, Unwritable};

use super::{Side, coverage};
use crate::error::Error;
use crate::flows::trust::no_rule;
use crate::seal::go_regex::BadRegex;
use crate::seal::selection::Selection;
use crate::world::World;

/// So often what went may change to what another comment belongs.
const TRIES: usize = 4;

/// A new text without the comments that were covered in one of the texts that it comes from, and would be in clear. Whoever is there is told. `may_go`: what
/// they were said of went, too.
///
/// # Errors
/// The rule does not compile, the text does not read the same without them, or they may not go.
pub fn without_uncovered(
    before: &[Side<'_>],
    new: PlainText,
    rule: &Selection,
    options: &ScanOptions,
    name: &str,
    may_go: impl Fn() -> bool,
    world: &World<'_>,
) -> Result<PlainText, Error> {
    let Some(format) = before.first().map(|side| side.document.format()) else { return Ok(new) };
    let unholdable = |source| Error::Unholdable { path: name.to_owned(), source };
    let (mut new, mut gone) = (new, 0);
    for _ in 0..TRIES {
        let document = new.document(format, options).map_err(|source| Error::PlainSyntax { path: name.to_owned(), source })?;
        let left = uncovered_lines(before, &Side { document: &document, rule }).map_err(|why| no_rule(name, why))?;
        if left.is_empty() {
            drop(document);
            tell(gone, name, world);
            return Ok(new);
        }
        if !may_go() {
            let what = "sealed ones would come to stand in clear, where what is new parts them from what they are said of".to_owned();
            return Err(unholdable(Unwritable { path: "comments".to_owned(), what }));
        }
        gone += left.len();
        let without = document.without_comment_lines(&left, options).map_err(unholdable)?;
        drop(document);
        new = without;
    }
    let what = "sealed ones would come to stand in clear, and others whenever these go".to_owned();
    Err(unholdable(Unwritable { path: "comments".to_owned(), what }))
}

fn tell(gone: usize, name: &str, world: &World<'_>) {
    let told = match gone {
        0 => return,
        1 => "a line of a comment is gone, which was sealed, and would have come to stand in clear".to_owned(),
        n => format!("{n} lines of comments are gone, which were sealed, and would have come to stand in clear"),
    };
    world.warn_of(name, [told]);
}

/// The lines of comments in clear that were covered in one of the texts that it comes from, and in clear in none.
///
/// # Errors
/// A rule does not compile.
pub fn uncovered_lines(before: &[Side<'_>], after: &Side<'_>) -> Result<Vec<Range<usize>>, BadRegex> {
    if after.document.comments().is_empty() || before.iter().all(|side| side.document.comments().is_empty()) {
        return Ok(Vec::new());
    }
    let mut now = lines(after.document, coverage(after.document, after.rule)?.comments, false).peekable();
    if now.peek().is_none() {
        return Ok(Vec::new());
    }
    let (mut covered, mut clear) = (HashSet::new(), HashSet::new());
    for Side { document, rule } in before {
        let covers = coverage(document, rule)?.comments;
        covered.extend(lines(document, covers.clone(), true).map(|line| &document.text()[line]));
        clear.extend(lines(document, covers, false).map(|line| &document.text()[line]));
    }
    let text = after.document.text();
    Ok(now.filter(|line| covered.contains(&text[line.clone()]) && !clear.contains(&text[line.clone()])).collect())
}

/// The lines of the comments that are covered, or are not.
fn lines<'d>(document: &'d Document<'_>, covers: Vec<bool>, covered: bool) -> impl Iterator<Item = Range<usize>> + 'd {
    let wanted = (0..).map(CommentId).zip(covers).filter(move |(_, covers)| *covers == covered);
    wanted.flat_map(|(id, _)| document.comment_lines(id))
}
