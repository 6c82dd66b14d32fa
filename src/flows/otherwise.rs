//! What `set` stores in an ENV file is SOPS's raw spelling. A program that is given the file by `exec-env`, or by python-dotenv, reads it by the rules of a
//! dialect, and may get another value: that is told when it is set, not when the program fails.

use leafcrypt_formats::{Format, Part, Tree, display_parts, scalar_text, wipe};
use zeroize::Zeroizing;

use super::dialect::{Bad, Dialect, is_quoted, read};
use super::exported::{self, exported};
use crate::sealed_file::OpenFile;
use crate::world::World;

/// Of what was set at a path of an opened file: a line for each name that is read otherwise.
pub(super) fn told(file: &OpenFile<'_>, at: &[Part], tree: &Tree, world: &World<'_>) -> Vec<String> {
    // As `sops` programs are given what is stored.
    if file.format() != Format::Dotenv || world.manners.raw_env {
        return Vec::new();
    }
    let text = file.plain();
    let document = file.document(world.manners).ok();
    let below = |name: &[u8]| {
        let bare = exported(name).unwrap_or(name);
        let is_same = |other: &&[u8]| exported(other).unwrap_or(other) == bare;
        let names: Vec<&[u8]> = exported::lines(document.as_ref()?).map(|line| line.name).filter(is_same).collect();
        // Where no line is called just so, the one with `export` was set.
        let last = *names.last().filter(|_| names.contains(&name))?;
        (last != name).then(|| display_parts(&[Part::Key(last.to_vec())]))
    };
    let line = |name: &[u8], tree: &Tree| {
        let Tree::Value(value) = tree else { return None };
        let quotes_help = otherwise(text, name, &Zeroizing::new(scalar_text(value)))?;
        let (below, name) = (below(name), display_parts(&[Part::Key(name.to_vec())]));
        if let Some(below) = below {
            return Some(format!("{name}: {below} stands below it, and programs take the value of that line"));
        }
        let way = if quotes_help {
            "set it again with double quotes as part of it and a backslash before each \" and \\ in it, or run programs"
        } else {
            "run programs"
        };
        Some(format!("{name}: exec-env and python-dotenv read it otherwise than it was set: {way} with exec-env --dialect sops"))
    };
    match at {
        [Part::Key(name)] => line(name, tree).into_iter().collect(),
        _ => tree.entries().filter_map(|(name, tree)| line(name, tree)).collect(),
    }
}

/// None: the usual dialect gives just this value, or it was set in the dialect's own quotes. Would quotes help?
fn otherwise(text: &[u8], name: &[u8], value: &[u8]) -> Option<bool> {
    // A text that exec-env cannot read at all is no better for quotes in one line.
    let Ok(found) = given(text, name) else { return Some(false) };
    let is = |found: &Option<Zeroizing<Vec<u8>>>, value: &[u8]| found.as_ref().is_some_and(|found| found.as_slice() == value);
    if is(&found, value) {
        return None;
    }
    // With another quote behind it, for a quote that is not closed ends there.
    let alone = |value: &[u8]| given(&Zeroizing::new([b"A=", value, b"\nB=\"'\"\nC='\"'\n"].concat()), b"A").ok().flatten();
    if is_quoted(value) && found.is_some() && found == alone(value) {
        return None;
    }
    Some(is(&alone(&quoted(value)), value))
}

/// What a program gets.
fn given(text: &[u8], name: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Bad> {
    let name = exported(name).unwrap_or(name);
    let mut reading = read(text, Dialect::Dotenv, &|_| None)?;
    let found = reading.pairs.iter_mut().rfind(|(key, _)| key == name).map(|(_, value)| Zeroizing::new(std::mem::take(value)));
    reading.pairs.iter_mut().for_each(|(_, value)| wipe(value));
    Ok(found)
}

/// In the dialect's double quotes; a line feed is spelled as SOPS does, and read so by both.
fn quoted(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(2 * value.len() + 2));
    out.push(b'"');
    for &b in value {
        match b {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
            _ => out.push(b),
        }
    }
    out.push(b'"');
    out
}
