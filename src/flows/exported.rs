//! Names of an ENV file with `export ` before them: for SOPS the word is part of the name, for the programs that are given the file it is not. One answer
//! for all commands that are given a path: a name alone means the one behind `export `, unless it stands there alone, too.

use leafcrypt_formats::{Format, Part};

use crate::manners::Manners;

/// Where a path leads in a file with these names, if that is another than was typed.
pub(super) fn there<'n>(format: Format, names: impl Iterator<Item = &'n [u8]>, at: &[Part], manners: &Manners) -> Option<Vec<Part>> {
    let [Part::Key(typed)] = at else { return None };
    if format != Format::Dotenv || !manners.own_dialect {
        return None;
    }
    let mut found = None;
    for name in names {
        if name == typed {
            return None;
        }
        if exported(name) == Some(typed) {
            found = Some(name);
        }
    }
    found.map(|name| vec![Part::Key(name.to_vec())])
}

/// The same for a name that is perhaps new: in a file whose assignments all begin with `export `, it will, too.
pub(super) fn there_or_new<'n>(
    format: Format,
    names: impl Iterator<Item = &'n [u8]> + Clone,
    at: &[Part],
    manners: &Manners,
) -> Option<Vec<Part>> {
    let [Part::Key(typed)] = at else { return None };
    let all = || names.clone().next().is_some() && names.clone().all(|name| exported(name).is_some());
    let new = || {
        let is_plain = format == Format::Dotenv && manners.own_dialect && exported(typed).is_none();
        (is_plain && all()).then(|| vec![Part::Key([b"export ", &typed[..]].concat())])
    };
    there(format, names.clone(), at, manners).or_else(new)
}

/// What stands behind `export `; None: it begins with no such word.
pub fn exported(name: &[u8]) -> Option<&[u8]> {
    let behind = name.strip_prefix(b"export")?;
    let trimmed = behind.trim_ascii_start();
    (trimmed.len() < behind.len()).then_some(trimmed)
}
