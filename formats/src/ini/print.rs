//! A tree as INI, as SOPS's emitter writes it (docs/lossless-documents.md, section 10).

use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::draft::{joined, room};
use crate::error::Unwritable;
use crate::flat::{Faults, NIL, only_document, scalar_text, unwritable};
use crate::print::{Printed, Printing};
use crate::tree::{Item, Member, Tree, comments_above};
use crate::value::{Value, go_float_exponent_yaml};

use super::value::{as_sops, canonical, trim};
use super::{DEFAULT, METADATA, comment, key, scan};

/// Prints the one document.
pub(super) fn print(documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
    let mut printer = Printer { faults: Faults::new(how), as_sops: how.as_sops, out: room(documents, how) };
    let mut first = true;
    let first_only = only_document(documents, &mut printer.faults)?;
    // SOPS prints the sections of all documents.
    let later = documents.iter().skip(1).flat_map(|document| if let Tree::Map(members) = document { members.as_slice() } else { &[] });
    for member in first_only.iter().chain(later) {
        match member {
            Member::Comment(_) => printer.faults.warn(&[], "comments outside of sections are lost"),
            Member::Entry(name, Tree::Map(members)) => {
                printer.section(name, members, first)?;
                first = false;
            }
            Member::Entry(name, _) => return Err(unwritable(&[name], "INI holds sections, and values only in them")),
        }
    }
    if scan::byte_order_mark(&printer.out) > 0 {
        printer.faults.refuse(&[], "the text would begin with a byte-order mark, which is no part of a name")?;
    }
    Ok(Printed { text: printer.out, warnings: printer.faults.warnings })
}

/// A name as SOPS spells it; none where it does not read back.
pub(super) fn name(name: &[u8]) -> Option<Vec<u8>> {
    let spelled = name_as_sops(name);
    let reads = !matches!(name.first(), Some(b'#' | b';' | b'[')) && !name.contains(&b'\n') && name != b"-";
    let line = [&spelled[..], b" = x\n"].concat();
    (reads && key::read_key(&line).is_ok_and(|(read, behind)| read == name && behind == spelled.len() + 2)).then_some(spelled)
}

fn name_as_sops(name: &[u8]) -> Vec<u8> {
    let has = |set: &[u8]| name.iter().any(|b| set.contains(b));
    let quote: &[u8] = if has(b"\"=:") {
        b"`"
    } else if has(b"`") {
        b"\"\"\""
    } else {
        b""
    };
    [quote, name, quote].concat()
}

struct Printer<'a> {
    faults: Faults<'a>,
    as_sops: bool,
    out: Vec<u8>,
}

/// A key with what is printed above it.
struct Key<'t> {
    name: &'t [u8],
    value: Zeroizing<Vec<u8>>,
    comment: Vec<u8>,
}

impl Printer<'_> {
    fn section(&mut self, name: &[u8], members: &[Member], first: bool) -> Result<(), Unwritable> {
        if name.contains(&b'\n') || name.is_empty() {
            self.faults.refuse(&[name], "an empty name, or one with a line break, is no section")?;
        }
        if name == METADATA {
            self.faults.refuse(&[name], "the section `sops` is read as metadata")?;
        }
        let (header, keys) = self.collect(name, members)?;
        let bare = first && name.eq_ignore_ascii_case(DEFAULT);
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
        self.comment(&header, true);
        if !bare {
            self.out.push(b'[');
            self.out.extend_from_slice(name);
            self.out.extend_from_slice(b"]\n");
        }
        let names: Vec<Vec<u8>> = keys.iter().map(|key| name_as_sops(key.name)).collect();
        let width = names.iter().map(Vec::len).max().unwrap_or_default();
        for (key, spelled) in keys.iter().zip(&names) {
            self.comment(&key.comment, false);
            self.out.extend_from_slice(spelled);
            self.out.resize(self.out.len() + width - spelled.len(), b' ');
            self.out.extend_from_slice(b" = ");
            self.value(name, key)?;
            self.out.push(b'\n');
        }
        Ok(())
    }

    /// The keys, each with the comment that follows it in the tree; and the comment before the first.
    fn collect<'t>(&mut self, section: &[u8], members: &'t [Member]) -> Result<(Vec<u8>, Vec<Key<'t>>), Unwritable> {
        let mut header = Vec::new();
        let mut keys: Vec<Key<'t>> = Vec::new();
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        // SOPS has them there, and so gives them to the key before.
        let members: Vec<&Member> = if self.as_sops { comments_above(members).collect() } else { members.iter().collect() };
        for member in members {
            match member {
                Member::Comment(note) => {
                    let of_header = keys.is_empty();
                    let place = keys.last_mut().map_or(&mut header, |key| &mut key.comment);
                    if !place.is_empty() && self.as_sops {
                        self.faults.warn(&[section], "SOPS keeps one comment of a key or section");
                        // Of a section the first one, of a key the last one.
                        if of_header {
                            continue;
                        }
                        place.clear();
                    } else if !place.is_empty() {
                        place.push(b'\n');
                    }
                    place.extend_from_slice(note.text.as_slice());
                }
                Member::Entry(key, tree) => {
                    if key.is_empty() {
                        return Err(unwritable(&[section, key], "an empty name"));
                    }
                    if name(key).is_none() {
                        self.faults.refuse(&[section, key], "INI cannot hold this name so that it reads back")?;
                    }
                    let value = self.scalar(&[section, key], tree)?;
                    match places.get(key.as_slice()) {
                        Some(&place) => {
                            self.faults.refuse(&[section, key], "the name stands twice, the last one counts")?;
                            keys[place].value = value;
                        }
                        None => {
                            places.insert(key, keys.len());
                            keys.push(Key { name: key, value, comment: Vec::new() });
                        }
                    }
                }
            }
        }
        Ok((header, keys))
    }

    fn scalar(&mut self, path: &[&[u8]], tree: &Tree) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        match tree {
            Tree::Null => {
                self.faults.warn(path, "null becomes the text `<nil>`");
                Ok(joined(&[NIL]))
            }
            Tree::Value(value) => Ok(Zeroizing::new(scalar_text(value))),
            Tree::Map(_) | Tree::List(_) => {
                self.faults.refuse(path, "a section of INI holds neither maps nor lists")?;
                Ok(Zeroizing::new(go_value(tree)))
            }
        }
    }

    fn value(&mut self, section: &[u8], key: &Key<'_>) -> Result<(), Unwritable> {
        let sops = as_sops(&key.value);
        let canonical = canonical(&key.value);
        if self.as_sops && canonical.as_ref() != Some(&sops) {
            self.faults.warn(&[section, key.name], "the value reads back as another one");
            self.out.extend_from_slice(&sops);
            return Ok(());
        }
        let refused = || unwritable(&[section, key.name], "no quoting of INI can hold this value so that it reads back");
        self.out.extend_from_slice(&canonical.ok_or_else(refused)?);
        Ok(())
    }

    fn comment(&mut self, text: &[u8], header: bool) {
        if trim(text).is_empty() {
            return;
        }
        self.out.extend_from_slice(&comment::canonical(b"; ", text, header));
        self.out.push(b'\n');
    }
}

/// A tree as Go's `%v` shows SOPS's own.
fn go_value(tree: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    let mut list = |parts: &mut dyn Iterator<Item = Vec<u8>>| {
        out.push(b'[');
        for (i, part) in parts.enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            out.extend(part);
        }
        out.push(b']');
    };
    match tree {
        Tree::Null => out.extend_from_slice(NIL),
        Tree::Value(value) => out = go_scalar(value),
        Tree::List(items) => list(&mut items.iter().map(|item| match item {
            Item::Value(tree) => go_value(tree),
            Item::Comment(note) => [b"{", note.text.as_slice(), b"}"].concat(),
        })),
        Tree::Map(members) => list(&mut members.iter().map(|member| match member {
            Member::Entry(key, tree) => [b"{", &key[..], b" ", &go_value(tree), b"}"].concat(),
            Member::Comment(note) => [b"{{", note.text.as_slice(), b"} ", NIL, b"}"].concat(),
        })),
    }
    out
}

fn go_scalar(value: &Value) -> Vec<u8> {
    match value {
        Value::Float(v) => go_float_exponent_yaml(*v).unwrap_or_else(str::to_owned).into_bytes(),
        Value::Time(time) => go_time_shown(time.as_str()).into_bytes(),
        other => scalar_text(other),
    }
}

/// `2001-12-14 21:59:43.1 -0500 -0500`
fn go_time_shown(time: &str) -> String {
    let (moment, zone) = match time.strip_suffix('Z') {
        Some(moment) => (moment, "+0000 UTC".to_owned()),
        None => {
            let (moment, offset) = time.split_at(time.len().saturating_sub(6));
            let offset = offset.replace(':', "");
            (moment, format!("{offset} {offset}"))
        }
    };
    format!("{} {zone}", moment.replacen('T', " ", 1))
}
