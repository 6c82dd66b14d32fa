//! Names of an ENV file with `export ` before them: for SOPS the word is part of the name, for the programs that are given the file it is not. One answer
//! for all commands that are given a path: a name alone means the one behind `export `, unless it stands there alone, too.

use leafcrypt_formats::{Document, Format, LeafId, Part, Tree};

use crate::manners::Manners;

/// Where a path leads in a file with these names and values, if that is another than was typed. A line of the name alone that is empty does not count where
/// the other stands below it: programs take that one, and whoever can write the file can add an empty line, for no MAC covers it.
pub(super) fn there<'n>(format: Format, lines: impl Iterator<Item = Line<'n>>, at: &[Part], manners: &Manners) -> Option<Vec<Part>> {
    let [Part::Key(typed)] = at else { return None };
    if format != Format::Dotenv || !manners.own_dialect {
        return None;
    }
    let mut found = None;
    for Line { name, is_empty } in lines {
        if name == typed {
            if !is_empty {
                return None;
            }
            found = None;
        } else if exported(name) == Some(typed) {
            found = Some(name);
        }
    }
    found.map(|name| vec![Part::Key(name.to_vec())])
}

/// The same for a name that is perhaps new: in a file whose assignments all begin with `export `, it will, too.
pub(super) fn there_or_new<'n>(
    format: Format,
    lines: impl Iterator<Item = Line<'n>> + Clone,
    at: &[Part],
    manners: &Manners,
) -> Option<Vec<Part>> {
    let [Part::Key(typed)] = at else { return None };
    let all = || lines.clone().next().is_some() && lines.clone().all(|line| exported(line.name).is_some());
    let new = || {
        let is_plain = format == Format::Dotenv && manners.own_dialect && exported(typed).is_none();
        (is_plain && all()).then(|| vec![Part::Key([b"export ", &typed[..]].concat())])
    };
    there(format, lines.clone(), at, manners).or_else(new)
}

/// An assignment.
#[derive(Clone, Copy)]
pub(super) struct Line<'n> {
    /// With `export `, where that stands before it.
    pub name: &'n [u8],
    /// It has no value.
    pub is_empty: bool,
}

/// Those of a text.
pub(super) fn lines<'d>(document: &'d Document<'_>) -> impl Iterator<Item = Line<'d>> + Clone {
    document.leaves().iter().zip(0..).filter_map(|(leaf, i)| {
        let is_empty = document.content(LeafId(i)).is_empty();
        document.paths().name(leaf.path).map(|name| Line { name, is_empty })
    })
}

/// Those of a tree.
pub(super) fn of_tree(tree: &Tree) -> impl Iterator<Item = Line<'_>> {
    tree.entries().map(|(name, tree)| Line { name, is_empty: tree.as_str() == Some("") })
}

/// What stands behind `export `; None: it begins with no such word.
pub fn exported(name: &[u8]) -> Option<&[u8]> {
    let behind = name.strip_prefix(b"export")?;
    let trimmed = behind.trim_ascii_start();
    (trimmed.len() < behind.len()).then_some(trimmed)
}
