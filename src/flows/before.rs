//! A file as the last commit has it, opened with the same keys, and what was added, removed or changed since: by path, values masked.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use leafcrypt_formats::{Item, Kind, Member, Part, Tree, display_parts, one_line};

use super::decrypt::open_silently;
use super::extract;
use super::repository::committed;
use crate::error::Error;
use crate::keys::KeyGroups;
use crate::manners::Manners;
use crate::seal::plain_bytes;
use crate::seal::witness;
use crate::sealed_file::{OpenFile, OpenHow, OwnTag, SealedFile, Settings};
use crate::world::World;

/// The version in `HEAD`.
pub enum Before {
    /// No git, no work tree, or no such file in it.
    Nothing,
    /// It is there, and cannot be compared: why.
    Closed(String),
    /// It opens.
    Opened(Box<Head>),
}

/// An earlier version, opened.
pub struct Head {
    /// Its recipients.
    pub groups: KeyGroups,
    /// The tags of its author's.
    pub tags: Vec<OwnTag>,
    settings: Settings,
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
    let opened =
        open_silently(&name, now.format(), &text, known.then(|| now.copy_data_key()), &how, world, &mut Vec::new()).and_then(|file| {
            let tags = file.own_tags(world.manners).unwrap_or_default();
            Ok(Head { groups, tags, settings: file.settings().clone(), trees: extract::trees(&file, &name, world.manners)? })
        });
    match opened {
        Ok(head) => Before::Opened(Box::new(head)),
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

    /// What differs in the metadata block besides the recipients, a line each: what is covered, and how well it is watched over.
    pub fn settings(&self, now: &Settings, binary: bool) -> Vec<String> {
        let before = &self.settings;
        let mut lines = Vec::new();
        let (is, was) = (now.rule(), before.rule());
        if !binary && is != was {
            lines.push(format!("~ selection rule: {is}, was {was}"));
        }
        if before.mac_only_encrypted != now.mac_only_encrypted {
            lines.push(format!("~ the MAC covers {}, and covered {}", covers(now.mac_only_encrypted), covers(before.mac_only_encrypted)));
        }
        if before.groups.threshold != now.groups.threshold {
            let (now, before) = (needed(now.groups.threshold), needed(before.groups.threshold));
            lines.push(format!("~ groups that must open: {now}, was {before}"));
        }
        if before.version != now.version {
            lines.push(format!("~ version: {}, was {}", one_line(&now.version), one_line(&before.version)));
        }
        let at = |settings: &Settings, name: &str| settings.unknown.iter().find(|(other, _)| other == name).map(|(_, tree)| tree.clone());
        for (name, tree) in &now.unknown {
            match at(before, name) {
                None => lines.push(format!("+ metadata field {}", one_line(name))),
                Some(old) if old == *tree => {}
                Some(_) => lines.push(format!("~ metadata field {}", one_line(name))),
            }
        }
        let gone = before.unknown.iter().filter(|(name, _)| at(now, name).is_none());
        lines.extend(gone.map(|(name, _)| format!("- metadata field {}", one_line(name))));
        lines
    }
}

/// What a MAC covers.
pub(super) fn covers(only_sealed: bool) -> &'static str {
    if only_sealed { "sealed values only" } else { "all values" }
}

/// How many groups must open.
pub(super) fn needed(threshold: i64) -> String {
    if threshold == 0 { "all".to_owned() } else { threshold.to_string() }
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
                shown = format!("{shown} (the {times}{})", ending(*times));
            }
            out.push((shown, masked));
        });
    }
    out
}

/// That of a number that counts: the 2nd, the 11th.
fn ending(number: usize) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
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
    fn numbers_that_count() {
        let shown = [2, 3, 4, 11, 12, 21, 22, 112, 123].map(|number| format!("{number}{}", ending(number)));
        assert_eq!(shown.join(" "), "2nd 3rd 4th 11th 12th 21st 22nd 112th 123rd");
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
        check(two("a", "b"), two("a", "a"), &["+ a (the 2nd): a string of up to 16 bytes", "- b: a string of up to 16 bytes"]);
    }
}
