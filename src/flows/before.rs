//! A file as the last commit has it, opened with the same keys, and what was added, removed or changed since: by path, values masked.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use leafcrypt_formats::{Item, Kind, Member, Part, Tree, display_parts};

use super::decrypt::open_silently;
use super::extract;
use super::repository::committed;
use crate::error::Error;
use crate::keys::KeyGroups;
use crate::manners::Manners;
use crate::seal::plain_bytes;
use crate::seal::witness;
use crate::sealed_file::{OpenFile, OpenHow, SealedFile};
use crate::world::World;

/// The version in `HEAD`.
pub enum Before {
    /// No git, no work tree, or no such file in it.
    Nothing,
    /// It is there, and cannot be compared: why.
    Closed(String),
    /// It opens.
    Opened(Head),
}

/// An earlier version, opened.
pub struct Head {
    /// Its recipients.
    pub groups: KeyGroups,
    trees: Vec<Tree>,
}

/// Looks for the version in `HEAD` of a file.
pub fn find(path: &Path, now: &OpenFile<'_>, how: &OpenHow<'_>, world: &World<'_>) -> Before {
    let Some(text) = committed(path, world) else { return Before::Nothing };
    let name = format!("HEAD:{}", path.display());
    let sealed = match SealedFile::parse(now.format(), &text, world.manners) {
        Ok(sealed) => sealed,
        Err(_) => return Before::Closed("it is not sealed, or cannot be read".to_owned()),
    };
    // The same wrapped keys: the same data key.
    let known = witness::keys(&sealed.metadata().groups) == witness::keys(&now.settings().groups);
    let groups = sealed.metadata().groups.clone();
    let how = OpenHow { order: how.order, ..OpenHow::default() };
    let opened = open_silently(&name, now.format(), &text, known.then(|| now.copy_data_key()), &how, world, &mut Vec::new())
        .and_then(|file| extract::trees(&file, &name, world.manners));
    match opened {
        Ok(trees) => Before::Opened(Head { groups, trees }),
        Err(_) => Before::Closed("it does not open".to_owned()),
    }
}

/// What stands at a path: for people, and to be compared.
#[derive(PartialEq, Eq)]
struct Masked {
    what: String,
    bytes: zeroize::Zeroizing<Vec<u8>>,
}

impl Head {
    /// What differs in a later version, a line each.
    ///
    /// # Errors
    /// Its text does not parse, which it did when it was opened.
    pub fn compare(&self, now: &OpenFile<'_>, name: &str, manners: &Manners) -> Result<Vec<String>, Error> {
        Ok(compare(&self.trees, &extract::trees(now, name, manners)?))
    }
}

fn compare(before: &[Tree], now: &[Tree]) -> Vec<String> {
    let (old, new) = (flat(before), flat(now));
    let mut lines = Vec::new();
    let at: HashMap<&str, &Masked> = old.iter().map(|(path, masked)| (path.as_str(), masked)).collect();
    let is: HashMap<&str, &Masked> = new.iter().map(|(path, masked)| (path.as_str(), masked)).collect();
    for (path, masked) in &new {
        match at.get(path.as_str()) {
            None => lines.push(format!("+ {path}: {}", masked.what)),
            Some(old) if *old == masked => {}
            Some(old) if old.what == masked.what => lines.push(format!("~ {path}: {}", masked.what)),
            Some(old) => lines.push(format!("~ {path}: {}, was {}", masked.what, old.what)),
        }
    }
    lines.extend(old.iter().filter(|(path, _)| !is.contains_key(path.as_str())).map(|(path, masked)| format!("- {path}: {}", masked.what)));
    let kept = |list: &[(String, Masked)], other: &HashMap<&str, &Masked>| -> Vec<String> {
        list.iter().map(|(path, _)| path.clone()).filter(|path| other.contains_key(path.as_str())).collect()
    };
    if kept(&old, &is) != kept(&new, &at) {
        lines.push("~ the order of names".to_owned());
    }
    lines.extend(comments(before, now));
    lines
}

/// Every leaf, null, and empty map or list by its path; what stands twice at one path is told apart by number.
fn flat(trees: &[Tree]) -> Vec<(String, Masked)> {
    let mut out = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (i, tree) in trees.iter().enumerate() {
        walk(tree, &mut Vec::new(), &mut |path, masked| {
            let mut shown = display_parts(path);
            if shown.is_empty() {
                shown = "the whole".to_owned();
            }
            if i > 0 {
                shown = format!("document {}: {shown}", i + 1);
            }
            let times = seen.entry(shown.clone()).or_default();
            *times += 1;
            if *times > 1 {
                shown = format!("{shown} (for the {times}. time)");
            }
            out.push((shown, masked));
        });
    }
    out
}

/// Goes as deep as the document, whose depth the scan has bounded.
fn walk(tree: &Tree, path: &mut Vec<Part>, found: &mut impl FnMut(&[Part], Masked)) {
    let plain = |what: &str| Masked { what: what.to_owned(), bytes: Vec::new().into() };
    match tree {
        Tree::Null => found(path, plain("null")),
        Tree::Value(value) => {
            let bytes = plain_bytes::of(value).into_owned();
            found(path, Masked { what: masked(value.kind(), bytes.len()), bytes: bytes.into() });
        }
        Tree::Map(_) if tree.entries().next().is_none() => found(path, plain("an empty map")),
        Tree::List(_) if tree.items().next().is_none() => found(path, plain("an empty list")),
        Tree::Map(_) => {
            for (name, tree) in tree.entries() {
                path.push(Part::Key(name.to_vec()));
                walk(tree, path, found);
                path.pop();
            }
        }
        Tree::List(_) => {
            for (i, tree) in tree.items().enumerate() {
                path.push(Part::Index(i));
                walk(tree, path, found);
                path.pop();
            }
        }
    }
}

/// A type and a class of length: all that is told of a value.
fn masked(kind: Kind, len: usize) -> String {
    let kind = match kind {
        Kind::Str => "a string",
        Kind::Int | Kind::Float => return "a number".to_owned(),
        Kind::Bool => return "true or false".to_owned(),
        Kind::Time => return "a date".to_owned(),
    };
    match [0, 16, 64, 256, 1024].into_iter().find(|&most| len <= most) {
        Some(0) => "an empty string".to_owned(),
        Some(most) => format!("{kind} of up to {most} bytes"),
        None => format!("{kind} of more than 1024 bytes"),
    }
}

/// How many comments came and went.
fn comments(before: &[Tree], now: &[Tree]) -> Option<String> {
    let mut count: BTreeMap<&[u8], i64> = BTreeMap::new();
    for (trees, step) in [(before, -1), (now, 1)] {
        trees.iter().for_each(|tree| notes(tree, &mut |text| *count.entry(text).or_default() += step));
    }
    let added: i64 = count.values().filter(|n| **n > 0).sum();
    let removed: i64 = -count.values().filter(|n| **n < 0).sum::<i64>();
    (added + removed > 0).then(|| format!("~ comments: {added} added, {removed} removed"))
}

fn notes<'t>(tree: &'t Tree, found: &mut impl FnMut(&'t [u8])) {
    match tree {
        Tree::Map(members) => members.iter().for_each(|member| match member {
            Member::Entry(_, tree) => notes(tree, found),
            Member::Comment(note) => found(note.text.as_slice()),
        }),
        Tree::List(items) => items.iter().for_each(|item| match item {
            Item::Value(tree) => notes(tree, found),
            Item::Comment(note) => found(note.text.as_slice()),
        }),
        Tree::Null | Tree::Value(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: Tree, now: Tree, expected: &[&str]) {
        assert_eq!(compare(&[before], &[now]), expected);
    }

    #[test]
    fn by_path_and_masked() {
        let text = Tree::text;
        let db = |value: Tree| Tree::map([("db", Tree::map([("password", value)]))]);
        check(db(text("one")), db(text("one")), &[]);
        check(db(text("one")), db(text("two")), &["~ db.password: a string of up to 16 bytes"]);
        check(db(text("one")), db(text("")), &["~ db.password: an empty string, was a string of up to 16 bytes"]);
        check(
            db(text("1")),
            db(Tree::Value(leafcrypt_formats::Value::Int(1))),
            &["~ db.password: a number, was a string of up to 16 bytes"],
        );
        check(
            db(text("one")),
            Tree::map([("db", Tree::map::<&str>([]))]),
            &["+ db: an empty map", "- db.password: a string of up to 16 bytes"],
        );
        let two = |first: &str, second: &str| Tree::map([(first, text("x")), (second, text("x"))]);
        check(two("a", "b"), two("b", "a"), &["~ the order of names"]);
        check(two("a", "b"), two("a", "a"), &["+ a (for the 2. time): a string of up to 16 bytes", "- b: a string of up to 16 bytes"]);
    }
}
