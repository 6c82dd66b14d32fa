//! Positions in lists of YAML, and of JSON that was YAML, as SOPS counts them: each line of a comment is an item of its own to it. Whoever has a script with a position found it by trying
//! it with SOPS, so as `sops` it means the same item, whatever stands between them; as `leafcrypt` comments are no items.

use std::borrow::Cow;

use leafcrypt_formats::{Format, Item, Note, Part, Tree};

use crate::manners::Manners;

/// Where a path leads, if that is another than was typed. `last`: of a name that stands twice the last one is meant, as in a change; otherwise the first.
///
/// # Errors
/// The part of it, from 0, that is the position of a comment.
pub(super) fn there<'t>(
    format: Format,
    root: impl FnOnce() -> Option<Cow<'t, Tree>>,
    at: &[Part],
    last: bool,
    manners: &Manners,
) -> Result<Option<Vec<Part>>, usize> {
    let counts =
        manners.counts_comments && matches!(format, Format::Yaml | Format::Json) && at.iter().any(|part| matches!(part, Part::Index(_)));
    let Some(root) = counts.then(root).flatten() else { return Ok(None) };
    let (mut there, mut tree) = (at.to_vec(), &*root);
    for (depth, part) in at.iter().enumerate() {
        tree = match (part, tree) {
            (Part::Key(name), Tree::Map(_)) => {
                let mut all = tree.entries().filter(|(key, _)| key == name);
                let Some((_, below)) = (if last { all.last() } else { all.next() }) else { break };
                below
            }
            (Part::Index(position), Tree::List(items)) => match item(items, *position) {
                Place::Item(index, below) => {
                    there[depth] = Part::Index(index);
                    below
                }
                Place::Comment => return Err(depth),
                Place::Behind => break,
            },
            _ => break,
        };
    }
    Ok((there != at).then_some(there))
}

/// What stands at a position.
enum Place<'t> {
    /// An item, and its number among the items.
    Item(usize, &'t Tree),
    Comment,
    /// Nothing, as far as SOPS counts.
    Behind,
}

fn item(items: &[Item], position: usize) -> Place<'_> {
    let (mut counted, mut index, mut own) = (0, 0, 0);
    for (i, item) in items.iter().enumerate() {
        let lines = match item {
            // It was counted before the item that it stands behind.
            Item::Comment(_) if own > 0 => {
                own -= 1;
                continue;
            }
            Item::Comment(note) => lines(note),
            Item::Value(_) => {
                let behind = items[i + 1..].iter().map_while(|item| match item {
                    Item::Comment(note) if note.inline => Some(lines(note)),
                    _ => None,
                });
                own = behind.clone().count();
                behind.sum()
            }
        };
        counted += lines;
        if position < counted {
            return Place::Comment;
        }
        if let Item::Value(tree) = item {
            if position == counted {
                return Place::Item(index, tree);
            }
            (counted, index) = (counted + 1, index + 1);
        }
    }
    Place::Behind
}

fn lines(note: &Note) -> usize {
    note.text.as_slice().split(|b| *b == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manners::{LEAFCRYPT, SOPS};

    #[test]
    fn each_line_of_a_comment_is_an_item() {
        let note = |text: &str, inline| Item::Comment(Note { text: leafcrypt_formats::Bytes::new(text.as_bytes().to_vec()), inline });
        let value = |text: &str| Item::Value(Tree::text(text));
        let list =
            [note("h", false), value("a"), note("behind", true), note("f", false), note("two\nlines", false), value("b"), value("c")];
        let root = || Some(Cow::Owned(Tree::map([("l", Tree::List(list.to_vec()))])));
        let at = |n| [Part::Key(b"l".to_vec()), Part::Index(n)];
        let found: Vec<_> = (0..9).map(|n| there(Format::Yaml, root, &at(n), true, &SOPS)).collect();
        let is = |n| Ok(Some(at(n).to_vec()));
        assert_eq!(found, [Err(1), Err(1), is(0), Err(1), Err(1), Err(1), is(1), is(2), Ok(None)]);
        assert_eq!(there(Format::Yaml, root, &at(0), true, &LEAFCRYPT), Ok(None));
    }
}
