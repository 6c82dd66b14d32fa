//! Trees as YAML, in the spelling of SOPS's emitter (lossless-documents.md, section 10, "YAML trees").
//!
//! Differs from SOPS where its text does not read back: the table of exceptions there. [`Printing::as_sops`] follows SOPS even so.

mod scalar;

use std::collections::HashSet;

use self::scalar::{Extra, is_complex_key, string, write};
pub(crate) use self::scalar::{Place, Style, scalar};
use crate::error::{Unwritable, Warning};
use crate::limits::Limits;
use crate::path::{Part, display_parts};
use crate::print::{Printed, Printing};
use crate::tree::{Item, Member, Note, Tree};

/// A whole stream.
///
/// # Errors
/// What does not read back, and nesting over the limit.
pub(crate) fn print(documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
    let mut text = Vec::new();
    let mut printer = Printer::new(&mut text, emitter_indent(how.indent), how.as_sops);
    for (i, document) in documents.iter().enumerate() {
        if i > 0 {
            printer.out.extend_from_slice(b"---\n");
        }
        printer.unique_keys = i == 0;
        printer.root(document)?;
    }
    let warnings = printer.warnings;
    Ok(Printed { text, warnings })
}

/// One map entry `key: value` with its line feed, at a column.
///
/// # Errors
/// See [`print`].
pub(crate) fn entry(out: &mut Vec<u8>, key: &[u8], tree: &Tree, column: usize, indent: usize) -> Result<(), Unwritable> {
    let mut printer = Printer::new(out, indent, false);
    printer.start(column);
    printer.entry(key, tree, column, b"")
}

/// go-yaml's: nothing or 0 means 4, what is out of its range means 2.
pub(crate) fn emitter_indent(asked: Option<usize>) -> usize {
    match asked {
        None | Some(0) => 4,
        Some(n @ 2..=9) => n,
        Some(_) => 2,
    }
}

enum At<'t> {
    Key(&'t [u8]),
    Index(usize),
}

struct Printer<'o, 't> {
    out: &'o mut Vec<u8>,
    indent: usize,
    sops: bool,
    /// A doubled key is an error for SOPS in the first document only.
    unique_keys: bool,
    /// The way to where we are; its length is the depth.
    path: Vec<At<'t>>,
    warnings: Vec<Warning>,
}

impl<'o, 't> Printer<'o, 't> {
    fn new(out: &'o mut Vec<u8>, indent: usize, sops: bool) -> Self {
        Printer { out, indent, sops, unique_keys: true, path: Vec::new(), warnings: Vec::new() }
    }

    fn root(&mut self, tree: &'t Tree) -> Result<(), Unwritable> {
        match shape(tree) {
            Shape::Map(members) => self.map(members, 0, true),
            Shape::List(items) => self.list(items, 0, true),
            // SOPS's tree has no null at the root: an empty document is an empty map.
            Shape::Scalar if *tree == Tree::Null => {
                self.out.extend_from_slice(b"{}\n");
                Ok(())
            }
            Shape::Scalar => self.scalar(tree, &place(self.indent, 0, false), b""),
        }
    }

    /// The entries of a map. `started`: the line of the first one has been begun.
    fn map(&mut self, members: &'t [Member], column: usize, mut started: bool) -> Result<(), Unwritable> {
        self.check_depth()?;
        self.check_keys(members)?;
        if !members.iter().any(|m| matches!(m, Member::Entry(..))) {
            return self.only_comments(members.iter().filter_map(member_note), b"{}", column, started);
        }
        let mut members = members.iter().peekable();
        while let Some(member) = members.next() {
            if !std::mem::take(&mut started) {
                self.start(column);
            }
            match member {
                Member::Comment(note) => self.comment(note, column)?,
                Member::Entry(key, tree) => {
                    self.path.push(At::Key(key));
                    let mut behind = Vec::new();
                    if let Some(Member::Comment(note)) = members.peek()
                        && self.fits_behind(note)
                    {
                        self.check_comment(note)?;
                        behind = marked(note);
                        members.next();
                    }
                    self.entry(key, tree, column, &behind)?;
                    self.path.pop();
                }
            }
        }
        Ok(())
    }

    /// The items of a list. `started`: the line of the first one has been begun.
    fn list(&mut self, items: &'t [Item], column: usize, mut started: bool) -> Result<(), Unwritable> {
        self.check_depth()?;
        if !items.iter().any(|i| matches!(i, Item::Value(_))) {
            return self.only_comments(items.iter().filter_map(item_note), b"[]", column, started);
        }
        let mut index = 0;
        let mut items = items.iter().peekable();
        while let Some(item) = items.next() {
            if !std::mem::take(&mut started) {
                self.start(column);
            }
            match item {
                Item::Comment(note) => self.comment(note, column)?,
                Item::Value(tree) => {
                    self.path.push(At::Index(index));
                    index += 1;
                    let mut behind = Vec::new();
                    if let Some(Item::Comment(note)) = items.peek()
                        && self.fits_behind(note)
                    {
                        self.check_comment(note)?;
                        behind = marked(note);
                        items.next();
                    }
                    self.item(tree, column, &behind)?;
                    self.path.pop();
                }
            }
        }
        Ok(())
    }

    fn item(&mut self, tree: &'t Tree, column: usize, behind: &[u8]) -> Result<(), Unwritable> {
        self.out.push(b'-');
        if !matches!(shape(tree), Shape::Scalar) && !behind.is_empty() {
            self.behind(behind);
            self.start(column + 2);
        } else {
            self.out.push(b' ');
        }
        match shape(tree) {
            Shape::Map(members) => self.map(members, column + 2, true),
            Shape::List(items) => self.list(items, column + 2, true),
            Shape::Scalar => self.scalar(tree, &place(column + 2, column, true), behind),
        }
    }

    fn entry(&mut self, key: &'t [u8], tree: &'t Tree, column: usize, behind: &[u8]) -> Result<(), Unwritable> {
        let next = (column / self.indent + 1) * self.indent;
        let complex = is_complex_key(key);
        if complex {
            self.out.extend_from_slice(b"? ");
        }
        let style = if key == b"<<" && !self.sops && !can_merge(tree) { Style::Double } else { Style::Plain };
        if key == b"<<" && self.sops && !can_merge(tree) {
            self.warn("SOPS prints the key << as a merge of what cannot be merged: it does not read back");
        }
        let at = Place { column: next, parent: column, flow: false, key: !complex, list_item: false };
        let wrong = string(self.out, key, style, &at, self.extra(b""));
        self.warn_if(wrong);
        if complex {
            self.end_line();
            self.start(column);
        }
        self.out.push(b':');
        let content = shape(tree);
        if matches!(content, Shape::Scalar) {
            self.out.push(b' ');
            return self.scalar(tree, &place(next, column, false), behind);
        }
        let started = complex && behind.is_empty();
        if started {
            self.start(next - column - 1);
        } else {
            self.behind(behind);
        }
        match content {
            Shape::Map(members) => self.map(members, next, started),
            Shape::List(items) => self.list(items, next, started),
            Shape::Scalar => Ok(()),
        }
    }

    /// A scalar or an empty container, the comment behind it, and the end of the line.
    fn scalar(&mut self, tree: &Tree, place: &Place, behind: &[u8]) -> Result<(), Unwritable> {
        let word: &[u8] = match tree {
            Tree::Value(value) => {
                let extra = self.extra(behind);
                let wrong = write(self.out, value, Style::Plain, place, extra);
                self.warn_if(wrong);
                self.end_line();
                return Ok(());
            }
            Tree::Null => b"null",
            Tree::Map(_) => b"{}",
            Tree::List(_) => b"[]",
        };
        self.out.extend_from_slice(word);
        if behind.is_empty() {
            self.end_line();
        } else {
            self.behind(behind);
        }
        Ok(())
    }

    /// A container that holds comments only.
    fn only_comments(
        &mut self,
        notes: impl Iterator<Item = &'t Note>,
        empty: &[u8],
        column: usize,
        started: bool,
    ) -> Result<(), Unwritable> {
        if !started {
            self.start(column);
        }
        for note in notes {
            self.comment(note, column)?;
            self.start(column);
        }
        self.out.extend_from_slice(empty);
        self.end_line();
        Ok(())
    }

    /// A comment on lines of its own; the first one has been begun.
    fn comment(&mut self, note: &Note, column: usize) -> Result<(), Unwritable> {
        self.check_comment(note)?;
        let text = note.text.as_slice();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        for (i, line) in text.split(|&b| b == b'\n').enumerate() {
            if i > 0 && !line.is_empty() {
                self.start(column);
            }
            match (i, line.first()) {
                (0, _) => self.out.push(b'#'),
                (_, None | Some(b'#')) => {}
                _ => self.out.extend_from_slice(b"# "),
            }
            self.out.extend_from_slice(line);
            self.end_line();
        }
        Ok(())
    }

    /// SOPS prints inline comments above since it knows none: 3.13 keeps them, and so do we.
    fn fits_behind(&self, note: &Note) -> bool {
        note.inline && !note.text.as_slice().contains(&b'\n')
    }

    fn behind(&mut self, comment: &[u8]) {
        if !comment.is_empty() {
            self.out.push(b' ');
            self.out.extend_from_slice(comment);
        }
        self.end_line();
    }

    fn start(&mut self, column: usize) {
        self.out.resize(self.out.len() + column, b' ');
    }

    fn end_line(&mut self) {
        self.out.push(b'\n');
    }

    fn extra<'c>(&self, comment: &'c [u8]) -> Extra<'c> {
        Extra { sops: self.sops.then_some(self.indent), comment }
    }

    fn warn_if(&mut self, wrong: Option<&'static str>) {
        if let Some(what) = wrong {
            self.warn(what);
        }
    }

    fn warn(&mut self, what: &str) {
        let what = format!("{}: {what}", self.display());
        self.warnings.push(Warning { line: 0, what });
    }

    /// What is refused, unless it is wanted as SOPS prints it.
    fn refuse(&mut self, what: &str) -> Result<(), Unwritable> {
        if self.sops {
            self.warn(what);
            return Ok(());
        }
        Err(Unwritable { path: self.display(), what: what.to_owned() })
    }

    fn display(&self) -> String {
        let part = |at: &At<'_>| match at {
            At::Key(key) => Part::Key(key.to_vec()),
            At::Index(index) => Part::Index(*index),
        };
        display_parts(&self.path.iter().map(part).collect::<Vec<_>>())
    }

    fn check_depth(&self) -> Result<(), Unwritable> {
        if self.path.len() < Limits::PLAIN.depth {
            return Ok(());
        }
        Err(Unwritable { path: self.display(), what: format!("nested more than {} levels deep", Limits::PLAIN.depth) })
    }

    fn check_keys(&mut self, members: &'t [Member]) -> Result<(), Unwritable> {
        if !self.unique_keys {
            return Ok(());
        }
        let mut seen = HashSet::new();
        for member in members {
            if let Member::Entry(key, _) = member
                && !seen.insert(key.as_slice())
            {
                self.path.push(At::Key(key));
                self.refuse("the key stands there twice, which YAML cannot hold")?;
                self.path.pop();
            }
        }
        Ok(())
    }

    fn check_comment(&mut self, note: &Note) -> Result<(), Unwritable> {
        let readable = |c: char| {
            matches!(c, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && !matches!(c, '\u{2028}' | '\u{2029}')
        };
        if std::str::from_utf8(note.text.as_slice()).is_ok_and(|text| text.chars().all(readable)) {
            return Ok(());
        }
        self.refuse("a comment holds characters that YAML cannot hold in a comment")
    }
}

enum Shape<'t> {
    Map(&'t [Member]),
    List(&'t [Item]),
    /// Or an empty container.
    Scalar,
}

fn shape(tree: &Tree) -> Shape<'_> {
    match tree {
        Tree::Map(members) if !members.is_empty() => Shape::Map(members),
        Tree::List(items) if !items.is_empty() => Shape::List(items),
        _ => Shape::Scalar,
    }
}

fn place(column: usize, parent: usize, list_item: bool) -> Place {
    Place { column, parent, flow: false, key: false, list_item }
}

fn can_merge(tree: &Tree) -> bool {
    match tree {
        Tree::Map(_) => true,
        Tree::List(_) => tree.items().all(|item| matches!(item, Tree::Map(_))),
        Tree::Null | Tree::Value(_) => false,
    }
}

fn marked(note: &Note) -> Vec<u8> {
    [b"#", note.text.as_slice()].concat()
}

fn member_note(member: &Member) -> Option<&Note> {
    if let Member::Comment(note) = member { Some(note) } else { None }
}

fn item_note(item: &Item) -> Option<&Note> {
    if let Item::Comment(note) = item { Some(note) } else { None }
}
