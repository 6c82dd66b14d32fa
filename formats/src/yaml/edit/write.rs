//! A branch spelled in the manner of the text it goes into. (`yaml/print` writes whole trees as SOPS does.) Comments are not written: branches that
//! are set have none.

use zeroize::Zeroizing;

use crate::draft::draft;
use crate::error::Unwritable;
use crate::limits::Limits;
use crate::path::{Part, display_parts};
use crate::tree::Tree;
use crate::value::{Value, yaml_float};
use crate::yaml::print::{Place, Style, scalar};

/// How a text is written.
pub(super) struct Habit {
    /// By how much a map stands further in than its key.
    pub step: usize,
    /// The same for the dashes of a list.
    pub dash: usize,
    /// The style of strings on one line, and of keys.
    pub strings: Style,
    pub keys: Style,
    /// Text of several lines stands as a literal; else in double quotes.
    pub literals: bool,
    /// A whole float is written with `.0`.
    pub floats_stay: bool,
}

/// A line `key: value` at a column, with the lines that belong to it.
pub(super) fn entry(key: &[u8], tree: &Tree, column: usize, habit: &Habit) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    let mut writer = Writer::new(Some(key), tree, column, habit);
    writer.entry(key, tree, column)?;
    Ok(writer.done())
}

/// What stands behind the `:` of a key at a column, or (`item`) behind a dash there: the rest of its line and the lines below.
pub(super) fn branch(tree: &Tree, column: usize, item: bool, habit: &Habit) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    let mut writer = Writer::new(None, tree, column, habit);
    if item {
        writer.item(tree, column)?
    } else {
        writer.value(tree, column)?
    }
    Ok(writer.done())
}

/// A branch in brackets, on one line; with its key, if it has one.
pub(super) fn flow(key: Option<&[u8]>, tree: &Tree, habit: &Habit) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    let mut writer = Writer::new(key, tree, 0, habit);
    if let Some(key) = key {
        writer.key(key, true)?;
        writer.out.push(b' ');
    }
    writer.flow(tree)?;
    Ok(writer.done())
}

/// A key of more bytes than a reader looks ahead for its colon.
const LONG_KEY: usize = 1000;

struct Writer<'h> {
    habit: &'h Habit,
    out: Zeroizing<Vec<u8>>,
    room: usize,
    path: Vec<Part>,
}

impl<'h> Writer<'h> {
    fn new(key: Option<&[u8]>, tree: &Tree, column: usize, habit: &'h Habit) -> Self {
        let out = draft(key.unwrap_or_default(), tree, column, habit.step.max(habit.dash) + 2);
        Writer { habit, room: out.capacity(), out, path: Vec::new() }
    }

    fn done(self) -> Zeroizing<Vec<u8>> {
        debug_assert_eq!(self.room, self.out.capacity(), "it grew, and a copy is left behind");
        self.out
    }

    fn down(&mut self, part: Part) -> Result<(), Unwritable> {
        self.path.push(part);
        if self.path.len() < Limits::PLAIN.depth {
            return Ok(());
        }
        Err(self.refuse(&format!("nested more than {} levels deep", Limits::PLAIN.depth)))
    }

    fn refuse(&self, what: &str) -> Unwritable {
        Unwritable { path: display_parts(&self.path), what: what.to_owned() }
    }

    fn key(&mut self, key: &[u8], flow: bool) -> Result<(), Unwritable> {
        if key.len() > LONG_KEY || std::str::from_utf8(key).is_err() {
            return Err(self.refuse("a key that is too long, or not UTF-8"));
        }
        let place = Place { column: 0, parent: 0, flow, key: true };
        let style = if key == b"<<" || key.contains(&b'\n') { Style::Double } else { self.habit.keys };
        scalar(&mut self.out, &Value::text(key), style, &place);
        self.out.push(b':');
        Ok(())
    }

    fn indent(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(b' ', column));
    }

    fn entry(&mut self, key: &[u8], tree: &Tree, column: usize) -> Result<(), Unwritable> {
        self.indent(column);
        self.key(key, false)?;
        self.down(Part::Key(key.to_vec()))?;
        self.value(tree, column)?;
        self.path.pop();
        Ok(())
    }

    fn value(&mut self, tree: &Tree, column: usize) -> Result<(), Unwritable> {
        if is_scalar(tree) {
            self.out.push(b' ');
            let column = (column + self.habit.step, column);
            return self.scalar(tree, column.0, column.1);
        }
        self.out.push(b'\n');
        for (key, tree) in tree.entries() {
            self.entry(key, tree, column + self.habit.step)?;
        }
        let column = column + self.habit.dash;
        for (i, tree) in tree.items().enumerate() {
            self.down(Part::Index(i))?;
            self.indent(column);
            self.out.push(b'-');
            self.item(tree, column)?;
            self.path.pop();
        }
        Ok(())
    }

    /// Behind the dash at a column.
    fn item(&mut self, tree: &Tree, column: usize) -> Result<(), Unwritable> {
        self.out.push(b' ');
        if is_scalar(tree) {
            return self.scalar(tree, column + 2, column);
        }
        for (i, (key, tree)) in tree.entries().enumerate() {
            let start = self.out.len();
            self.entry(key, tree, column + 2)?;
            if i == 0 {
                self.out.drain(start..start + column + 2);
            }
        }
        for (i, tree) in tree.items().enumerate() {
            self.down(Part::Index(i))?;
            if i > 0 {
                self.indent(column + 2);
            }
            self.out.push(b'-');
            self.item(tree, column + 2)?;
            self.path.pop();
        }
        Ok(())
    }

    /// A scalar or an empty container, and the end of its line.
    fn scalar(&mut self, tree: &Tree, column: usize, parent: usize) -> Result<(), Unwritable> {
        match tree {
            Tree::Value(value) => self.spell(value, &Place { column, parent, flow: false, key: false }),
            _ => self.flow(tree)?,
        }
        self.out.push(b'\n');
        Ok(())
    }

    fn spell(&mut self, value: &Value, place: &Place) {
        let style = match value {
            Value::Str(bytes) if bytes.as_slice() == b"<<" => Style::Double,
            Value::Str(bytes) if bytes.as_slice().contains(&b'\n') && !self.habit.literals => Style::Double,
            Value::Str(bytes) if !bytes.as_slice().contains(&b'\n') => self.habit.strings,
            _ => Style::Plain,
        };
        scalar(&mut self.out, value, style, place);
        if let Value::Float(v) = value
            && self.habit.floats_stay
            && !yaml_float(*v).contains(['.', 'e'])
        {
            self.out.extend_from_slice(b".0");
        }
    }

    fn flow(&mut self, tree: &Tree) -> Result<(), Unwritable> {
        match tree {
            Tree::Null => self.out.extend_from_slice(b"null"),
            Tree::Value(value) => self.spell(value, &Place { column: 0, parent: 0, flow: true, key: false }),
            Tree::Map(_) => {
                self.out.push(b'{');
                for (i, (key, tree)) in tree.entries().enumerate() {
                    self.out.extend_from_slice(if i > 0 { b", " } else { b"" });
                    self.key(key, true)?;
                    self.out.push(b' ');
                    self.down(Part::Key(key.to_vec()))?;
                    self.flow(tree)?;
                    self.path.pop();
                }
                self.out.push(b'}');
            }
            Tree::List(_) => {
                self.out.push(b'[');
                for (i, tree) in tree.items().enumerate() {
                    self.out.extend_from_slice(if i > 0 { b", " } else { b"" });
                    self.down(Part::Index(i))?;
                    self.flow(tree)?;
                    self.path.pop();
                }
                self.out.push(b']');
            }
        }
        Ok(())
    }
}

/// The last value in a branch, or the branch itself.
pub(super) fn last_in(tree: &Tree) -> &Tree {
    let mut last = tree;
    while let Some(inner) = last.entries().map(|(_, tree)| tree).chain(last.items()).last() {
        last = inner;
    }
    last
}

/// Does a branch end with a literal to which its last line feed belongs?
pub(super) fn ends_in_literal(tree: &Tree, habit: &Habit) -> bool {
    let Tree::Value(value @ Value::Str(text)) = last_in(tree) else { return false };
    if !habit.literals || !text.as_slice().ends_with(b"\n") {
        return false;
    }
    let mut out = draft(b"", last_in(tree), 0, 2);
    scalar(&mut out, value, Style::Plain, &Place { column: 2, parent: 0, flow: false, key: false });
    out.starts_with(b"|")
}

fn is_scalar(tree: &Tree) -> bool {
    tree.entries().next().is_none() && tree.items().next().is_none()
}
