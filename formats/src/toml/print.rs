//! A tree as TOML: scalars before tables, `[a.b]` headers, `[[x]]` for lists of maps only, all other lists inline.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::comment_text;
use super::scalar::{self, Quote};
use crate::draft::reserve_text;
use crate::error::Unwritable;
use crate::tree::{Item, Member, Note, Tree};
use crate::value::Value;

/// Deeper than this is refused; `toml_edit` would not read it back.
const DEPTH: usize = 80;

/// A whole document.
pub(super) fn document(documents: &[Tree]) -> Result<Vec<u8>, Unwritable> {
    let mut printer = Printer::new(Vec::new());
    match documents {
        [] | [Tree::Null] => {}
        [Tree::Map(members)] => printer.table(members)?,
        [_] => return Err(printer.refuse("TOML has a map at its root")),
        _ => return Err(printer.refuse("TOML holds one document only")),
    }
    Ok(std::mem::take(&mut *printer.out).into_bytes())
}

/// Fields below a header, as they stand in the metadata block: lines, then tables. `header`: with `[sops]` itself.
pub(super) fn fields(name: &str, fields: &[(&str, &Tree)], header: bool) -> Result<Zeroizing<String>, Unwritable> {
    let members: Vec<Member> = fields.iter().map(|(k, t)| Member::Entry(k.as_bytes().to_vec(), (*t).clone())).collect();
    let mut printer = Printer::new(vec![name.to_owned()]);
    if header {
        printer.header(&[], false)?;
    }
    printer.table(&members)?;
    Ok(printer.out)
}

/// Is it written as `key = value`, and not below a header of its own?
pub(super) fn is_line(tree: &Tree) -> bool {
    match tree {
        Tree::Null | Tree::Value(_) => true,
        Tree::Map(members) => members.is_empty(),
        Tree::List(_) => tree.items().next().is_none() || !tree.items().all(|t| matches!(t, Tree::Map(_))),
    }
}

/// The value of a line.
pub(super) fn line_value(tree: &Tree) -> Result<Zeroizing<String>, Unwritable> {
    let mut printer = Printer::new(Vec::new());
    printer.line_value(tree)?;
    Ok(printer.out)
}

/// A map or a list of maps below headers of this path, keys spelled; `item`: a map that is one table of a list; `one_line`: texts of several lines too.
pub(super) fn tables(path: Vec<String>, tree: &Tree, item: bool, one_line: bool) -> Result<Zeroizing<String>, Unwritable> {
    let mut printer = Printer { one_line, ..Printer::new(path) };
    match tree {
        Tree::Map(members) if item => {
            printer.header(&[], true)?;
            printer.table(members)?;
        }
        Tree::Map(members) => printer.map(&[], members)?,
        Tree::List(items) => printer.list(Vec::new(), items)?,
        Tree::Null | Tree::Value(_) => {}
    }
    Ok(printer.out)
}

/// A key, bare where that is possible.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare { name.to_owned() } else { (*scalar::spell(&Value::text(name), Quote::Basic).expect("it is UTF-8")).clone() }
}

struct Printer {
    out: Zeroizing<String>,
    /// Keys as they are spelled.
    path: Vec<String>,
    one_line: bool,
}

impl Printer {
    fn new(path: Vec<String>) -> Self {
        Printer { out: Zeroizing::default(), path, one_line: false }
    }

    fn put(&mut self, text: &str) {
        reserve_text(&mut self.out, text.len());
        self.out.push_str(text);
    }

    fn refuse(&self, what: &str) -> Unwritable {
        let path = if self.path.is_empty() { "the root".to_owned() } else { self.path.join(".") };
        Unwritable { path, what: what.to_owned() }
    }

    fn table(&mut self, members: &[Member]) -> Result<(), Unwritable> {
        if self.path.len() >= DEPTH {
            return Err(self.refuse("nested too deep for TOML"));
        }
        let mut seen = HashSet::new();
        let mut notes: Vec<&Note> = Vec::new();
        let mut tables: Vec<(Vec<&Note>, &str, &Tree)> = Vec::new();
        let (mut behind_line, mut behind_table) = (false, false);
        for member in members {
            match member {
                Member::Comment(note) if note.inline && behind_line => {
                    self.out.pop();
                    self.put(" ");
                    self.note(note)?;
                    behind_line = false;
                }
                Member::Comment(note) => {
                    match tables.last_mut() {
                        // Behind the name of what gets a header of its own: above that.
                        Some((above, ..)) if note.inline && behind_table => above.push(note),
                        _ => notes.push(note),
                    }
                    (behind_line, behind_table) = (false, false);
                }
                Member::Entry(name, tree) => {
                    let name = std::str::from_utf8(name).map_err(|_| self.refuse("a key that is not UTF-8"))?;
                    self.path.push(key(name));
                    if !seen.insert(name) {
                        return Err(self.refuse("a key twice"));
                    }
                    (behind_line, behind_table) = (is_line(tree), !is_line(tree));
                    if behind_line {
                        self.notes(&std::mem::take(&mut notes))?;
                        let key = self.path.last().expect("just pushed").clone();
                        self.put(&key);
                        self.put(" = ");
                        self.line_value(tree)?;
                        self.put("\n");
                    } else {
                        tables.push((std::mem::take(&mut notes), name, tree));
                    }
                    self.path.pop();
                }
            }
        }
        self.notes(&notes)?;
        for (notes, name, tree) in tables {
            self.path.push(key(name));
            match tree {
                Tree::Map(members) => self.map(&notes, members)?,
                Tree::List(items) => self.list(notes, items)?,
                Tree::Null | Tree::Value(_) => {}
            }
            self.path.pop();
        }
        Ok(())
    }

    fn map(&mut self, notes: &[&Note], members: &[Member]) -> Result<(), Unwritable> {
        let only_tables = members.iter().all(|m| matches!(m, Member::Entry(_, tree) if !is_line(tree)));
        if !only_tables || !notes.is_empty() {
            self.header(notes, false)?;
        }
        self.table(members)
    }

    fn list<'n>(&mut self, mut notes: Vec<&'n Note>, items: &'n [Item]) -> Result<(), Unwritable> {
        for item in items {
            match item {
                Item::Comment(note) => notes.push(note),
                Item::Value(Tree::Map(members)) => {
                    self.header(&std::mem::take(&mut notes), true)?;
                    self.table(members)?;
                }
                Item::Value(_) => {}
            }
        }
        if !notes.is_empty() {
            self.put("\n");
        }
        self.notes(&notes)
    }

    fn header(&mut self, notes: &[&Note], list: bool) -> Result<(), Unwritable> {
        if !self.out.is_empty() {
            self.put("\n");
        }
        self.notes(notes)?;
        let path = self.path.join(".");
        self.put(&if list { format!("[[{path}]]\n") } else { format!("[{path}]\n") });
        Ok(())
    }

    fn notes(&mut self, notes: &[&Note]) -> Result<(), Unwritable> {
        notes.iter().try_for_each(|note| self.note(note))
    }

    fn note(&mut self, note: &Note) -> Result<(), Unwritable> {
        for (i, line) in note.text.as_slice().split(|&b| b == b'\n').enumerate() {
            let bytes = crate::Bytes::from(line);
            let text = comment_text(&bytes).ok_or_else(|| self.refuse("a comment with a control character, or not UTF-8"))?;
            match i {
                0 => self.put("#"),
                _ if text.starts_with('#') => {}
                _ => self.put("# "),
            }
            self.put(text);
            self.put("\n");
        }
        Ok(())
    }

    fn line_value(&mut self, tree: &Tree) -> Result<(), Unwritable> {
        match tree {
            Tree::Value(Value::Str(bytes)) if !self.one_line => {
                let text = std::str::from_utf8(bytes.as_slice()).map_err(|_| self.refuse("a value that is not UTF-8"))?;
                self.put(&scalar::free(text));
                Ok(())
            }
            Tree::List(items) if has_notes(tree) => {
                self.put("[\n");
                for item in items {
                    match item {
                        Item::Comment(note) if note.inline && self.out.ends_with(",\n") => {
                            self.out.pop();
                            self.put(" ");
                            self.note(note)?;
                        }
                        Item::Comment(note) => self.note(note)?,
                        Item::Value(value) => {
                            self.notes(&notes_of(value))?;
                            self.inline(value, 1)?;
                            self.put(",\n");
                        }
                    }
                }
                self.put("]");
                Ok(())
            }
            _ => self.inline(tree, 0),
        }
    }

    fn inline(&mut self, tree: &Tree, depth: usize) -> Result<(), Unwritable> {
        if depth >= DEPTH {
            return Err(self.refuse("nested too deep for TOML"));
        }
        match tree {
            Tree::Null => return Err(self.refuse("TOML has no null")),
            Tree::Value(value) => {
                let text = scalar::spell(value, Quote::Basic).ok_or_else(|| self.refuse("a value that is not UTF-8"))?;
                self.put(&text);
            }
            Tree::List(_) => {
                self.put("[");
                for (i, item) in tree.items().enumerate() {
                    self.put(if i > 0 { ", " } else { "" });
                    self.inline(item, depth + 1)?;
                }
                self.put("]");
            }
            Tree::Map(_) => {
                let mut seen = HashSet::new();
                self.put("{");
                for (i, (name, value)) in tree.entries().enumerate() {
                    let name = std::str::from_utf8(name).map_err(|_| self.refuse("a key that is not UTF-8"))?;
                    if !seen.insert(name) {
                        return Err(self.refuse("a key twice"));
                    }
                    self.put(if i > 0 { ", " } else { " " });
                    self.put(&key(name));
                    self.put(" = ");
                    self.inline(value, depth + 1)?;
                }
                self.put(if seen.is_empty() { "}" } else { " }" });
            }
        }
        Ok(())
    }
}

fn has_notes(tree: &Tree) -> bool {
    !notes_of(tree).is_empty()
}

/// All comments in a tree that stands on one line; they come above it. Iterative: a tree may be deeper than we print.
fn notes_of(tree: &Tree) -> Vec<&Note> {
    enum Next<'t> {
        Tree(&'t Tree),
        Note(&'t Note),
    }
    let mut notes = Vec::new();
    let mut stack = vec![Next::Tree(tree)];
    while let Some(next) = stack.pop() {
        match next {
            Next::Note(note) => notes.push(note),
            Next::Tree(Tree::Map(members)) => stack.extend(members.iter().rev().map(|member| match member {
                Member::Comment(note) => Next::Note(note),
                Member::Entry(_, tree) => Next::Tree(tree),
            })),
            Next::Tree(Tree::List(items)) => stack.extend(items.iter().rev().map(|item| match item {
                Item::Comment(note) => Next::Note(note),
                Item::Value(tree) => Next::Tree(tree),
            })),
            Next::Tree(Tree::Null | Tree::Value(_)) => {}
        }
    }
    notes
}
