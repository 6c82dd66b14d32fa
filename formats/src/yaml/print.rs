//! Trees as YAML, in the spelling of SOPS's emitter (docs/lossless-documents.md, section 10, "YAML trees").
//!
//! Differs from SOPS where its text does not read back: the table of exceptions there. [`Printing::as_sops`] follows SOPS even so.

mod content;
mod emitter;
mod facts;
mod plain;
mod refuse;
mod scalar;

use self::content::{Content, Entry};
use self::emitter::Emitter;
pub(crate) use self::plain::keeps_plain;
use self::scalar::{Extra, is_complex_key, is_lost, string, write};
pub(crate) use self::scalar::{Place, Style, scalar, simply};
use crate::draft::room;
use crate::error::{Unwritable, Warning};
use crate::limits::Limits;
use crate::print::{Printed, Printing};
use crate::tree::{Note, Tree};
use crate::value::Value;

/// A whole stream.
///
/// # Errors
/// What does not read back, and nesting over the limit.
pub(crate) fn print(documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
    let mut text = room(documents, how);
    let mut printer = Printer::new(&mut text, emitter_indent(how.indent), how.as_sops);
    for (i, document) in documents.iter().enumerate() {
        if i > 0 {
            printer.out.indicator(b"---", true, false);
            printer.out.indent(0);
        }
        printer.unique_keys = i == 0;
        printer.document(document)?;
    }
    let warnings = printer.warnings;
    Ok(Printed { text, warnings })
}

/// One map entry `key: value` with its line feed, at a column.
///
/// # Errors
/// See [`print()`].
pub(crate) fn entry(out: &mut Vec<u8>, key: &[u8], tree: &Tree, column: usize, indent: usize) -> Result<(), Unwritable> {
    let mut printer = Printer::new(out, indent, false);
    let entry = Entry { head: Vec::new(), key: Some(key), tree, behind: None };
    printer.entry(key, &entry, column, Vec::new())?;
    printer.out.indent(0);
    Ok(())
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
    out: Emitter<'o>,
    indent: usize,
    sops: bool,
    /// A doubled key is an error for SOPS in the first document only.
    unique_keys: bool,
    /// The way to where we are; its length is the depth.
    path: Vec<At<'t>>,
    warnings: Vec<Warning>,
}

/// The comments of one node: behind it, and below it.
#[derive(Default)]
struct Around {
    line: Vec<u8>,
    foot: Vec<u8>,
}

impl<'o, 't> Printer<'o, 't> {
    fn new(out: &'o mut Vec<u8>, indent: usize, sops: bool) -> Self {
        Printer { out: Emitter::new(out), indent, sops, unique_keys: true, path: Vec::new(), warnings: Vec::new() }
    }

    fn document(&mut self, tree: &'t Tree) -> Result<(), Unwritable> {
        // SOPS's tree has no null at the root: an empty document is an empty map.
        const EMPTY: &Tree = &Tree::Map(Vec::new());
        let tree = if *tree == Tree::Null { EMPTY } else { tree };
        let content = Content::of(tree, self.sops);
        self.out.head = self.comments(&content.leading)?;
        self.out.write_head(0);
        let place = Place { column: self.indent, parent: 0, flow: false, key: false };
        self.node(tree, content, &place, 0, Around::default())?;
        // What SOPS has kept too long is set apart.
        self.out.foot_column = Some(0);
        self.out.write_foot(0);
        self.out.foot_column = None;
        self.out.indent(0);
        Ok(())
    }

    /// A node. `place`: where its scalar or the comment in its braces stands; `inner`: where its entries do.
    fn node(&mut self, tree: &'t Tree, content: Content<'t>, place: &Place, inner: usize, around: Around) -> Result<(), Unwritable> {
        let word = match tree {
            Tree::Value(value) => return self.scalar(Some(value), place, around),
            Tree::Null => return self.scalar(None, place, around),
            Tree::Map(_) => [b"{", b"}"],
            Tree::List(_) => [b"[", b"]"],
        };
        if content.entries.is_empty() {
            self.empty(word, place, around);
            return Ok(());
        }
        self.out.line = around.line;
        self.out.write_line(place.parent);
        self.out.write_foot(place.parent);
        if self.path.len() >= Limits::PLAIN.depth {
            return Err(self.error(format!("nested more than {} levels deep", Limits::PLAIN.depth)));
        }
        if matches!(tree, Tree::Map(_)) {
            self.map(content, inner)?
        } else {
            self.list(content, inner)?
        }
        // SOPS prints it below whatever comes next.
        keep(&mut self.out.foot, around.foot);
        Ok(())
    }

    fn map(&mut self, content: Content<'t>, column: usize) -> Result<(), Unwritable> {
        self.check_keys(&content.entries)?;
        let trailing = self.comments(&content.trailing)?;
        let last = content.entries.len() - 1;
        for (i, entry) in content.entries.iter().enumerate() {
            let key = entry.key.unwrap_or_default();
            self.path.push(At::Key(key));
            let head = self.comments(&entry.head)?;
            if self.sops && is_lost(key) && (!head.is_empty() || i == last && !trailing.is_empty()) {
                return Err(self.error("SOPS cannot print a comment at a key that it loses".to_owned()));
            }
            self.entry(key, entry, column, head)?;
            self.path.pop();
        }
        keep(&mut self.out.tail, trailing);
        self.out.write_head(column);
        Ok(())
    }

    fn entry(&mut self, key: &'t [u8], entry: &Entry<'t>, column: usize, head: Vec<u8>) -> Result<(), Unwritable> {
        let tree = entry.tree;
        let place = Place { column: (column / self.indent + 1) * self.indent, parent: column, flow: false, key: false };
        self.keep_head(head);
        self.out.write_head(column);
        self.out.indent(column);
        let complex = is_complex_key(key, self.sops);
        if complex {
            self.out.indicator(b"?", true, true);
        }
        let merges = key != b"<<" || can_merge(tree);
        if !merges && self.sops {
            self.warn("SOPS prints the key << as a merge of what cannot be merged: it does not read back");
        }
        let style = if merges || self.sops { Style::Plain } else { Style::Double };
        let extra = self.extra(b"");
        let wrong = self.out.scalar(|out| string(out, key, style, &Place { key: !complex, ..place }, extra));
        self.warn_if(wrong);
        let content = Content::of(tree, self.sops);
        let leading = self.comments(&content.leading)?;
        self.keep_head(leading);
        if complex {
            self.out.indent(column);
        }
        self.out.indicator(b":", complex, complex);
        let around = Around { line: self.behind(entry)?, foot: Vec::new() };
        self.node(tree, content, &place, place.column, around)
    }

    fn list(&mut self, content: Content<'t>, column: usize) -> Result<(), Unwritable> {
        let mut trailing = self.comments(&content.trailing)?;
        let last = content.entries.len() - 1;
        let place = Place { column: column + 2, parent: column, flow: false, key: false };
        for (i, entry) in content.entries.into_iter().enumerate() {
            self.path.push(At::Index(i));
            let content = Content::of(entry.tree, self.sops);
            let mut notes = entry.head.clone();
            notes.extend(&content.leading);
            let head = self.comments(&notes)?;
            let foot = if self.sops && i == last { std::mem::take(&mut trailing) } else { Vec::new() };
            if self.sops && is_lost_value(entry.tree) && !(head.is_empty() && foot.is_empty()) {
                return Err(self.error("SOPS cannot print a comment at a text that it loses".to_owned()));
            }
            self.keep_head(head);
            self.out.write_head(column);
            self.out.indent(column);
            self.out.indicator(b"-", true, true);
            let around = Around { line: self.behind(&entry)?, foot };
            self.node(entry.tree, content, &place, place.column, around)?;
            self.path.pop();
        }
        if !self.sops {
            self.out.foot = trailing;
            self.out.write_foot(column);
        }
        Ok(())
    }

    fn scalar(&mut self, value: Option<&Value>, place: &Place, around: Around) -> Result<(), Unwritable> {
        keep(&mut self.out.foot, around.foot);
        let extra = self.extra(&around.line);
        let wrong = self.out.scalar(|out| match value {
            Some(value) => write(out, value, Style::Plain, place, extra),
            None => {
                out.extend_from_slice(b"null");
                scalar::behind(out, extra.comment);
                None
            }
        });
        self.warn_if(wrong);
        self.out.write_foot(place.parent);
        Ok(())
    }

    /// An empty container, perhaps with comments in it.
    fn empty(&mut self, [open, close]: [&[u8; 1]; 2], place: &Place, around: Around) {
        let list = open == b"[";
        self.out.write_foot(place.parent);
        self.out.indicator(open, true, false);
        keep(&mut self.out.foot, around.foot);
        // SOPS loses the comments of an empty list.
        if !list || !self.sops {
            self.out.write_head(place.column);
        }
        if self.out.at_line_start() && list {
            self.out.indent(place.parent);
        }
        self.out.indicator(close, false, false);
        self.out.line = around.line;
        self.out.write_line(place.parent);
        self.out.write_foot(place.parent);
    }

    /// Comments as they are kept until they are written: a line each, with their marks.
    fn comments(&mut self, notes: &[&'t Note]) -> Result<Vec<u8>, Unwritable> {
        let mut text = Vec::new();
        for note in notes {
            self.check_comment(note)?;
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.push(b'#');
            text.extend_from_slice(note.text.as_slice());
        }
        Ok(text)
    }

    /// SOPS loses the comment that has not been written yet.
    fn keep_head(&mut self, comment: Vec<u8>) {
        if !self.sops && !comment.is_empty() && !self.out.head.is_empty() {
            self.out.head.push(b'\n');
            self.out.head.extend_from_slice(&comment);
        } else {
            keep(&mut self.out.head, comment);
        }
    }

    fn behind(&mut self, entry: &Entry<'t>) -> Result<Vec<u8>, Unwritable> {
        match entry.behind {
            Some(note) => self.comments(&[note]),
            None => Ok(Vec::new()),
        }
    }

    fn extra<'c>(&self, comment: &'c [u8]) -> Extra<'c> {
        Extra { sops: self.sops.then_some(self.indent), comment }
    }
}

/// A comment takes the place of one that has not been written yet.
fn keep(waiting: &mut Vec<u8>, comment: Vec<u8>) {
    if !comment.is_empty() {
        *waiting = comment;
    }
}

fn can_merge(tree: &Tree) -> bool {
    match tree {
        Tree::Map(_) => true,
        Tree::List(_) => tree.items().all(|item| matches!(item, Tree::Map(_))),
        Tree::Null | Tree::Value(_) => false,
    }
}

fn is_lost_value(tree: &Tree) -> bool {
    matches!(tree, Tree::Value(Value::Str(bytes)) if is_lost(bytes.as_slice()))
}
