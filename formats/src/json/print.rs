//! Trees as JSON: in SOPS's layout (docs/lossless-documents.md, section 10), or in a file's own.

use super::{scalar, string};
use crate::draft::room;
use crate::edit::Floats;
use crate::error::{Unwritable, Warning};
use crate::path::{Part, display_parts};
use crate::print::{Printed, Printing};
use crate::tree::{Item, Member, Tree};
use crate::value::Value;

/// How objects and lists are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// The line break; empty: all on one line.
    pub newline: &'static str,
    /// One level of indentation.
    pub unit: Vec<u8>,
    /// What stands between name and value.
    pub colon: &'static str,
    /// What stands between members on one line.
    pub comma: &'static str,
}

impl Style {
    /// SOPS's: a tab a level, or that many blanks.
    pub(super) fn sops(indent: Option<usize>) -> Self {
        Style { newline: "\n", unit: indent.map_or_else(|| b"\t".to_vec(), |n| vec![b' '; n]), colon: ": ", comma: ", " }
    }
}

/// Prints a stream that holds one document.
///
/// # Errors
/// Several documents, text that is not UTF-8 (unless as SOPS does it), infinite floats.
pub(super) fn print(documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
    let mut warnings = Vec::new();
    let tree = match documents {
        [] => &Tree::Map(Vec::new()),
        [one] => one,
        [first, ..] if how.as_sops => {
            warnings.push(Warning { line: 0, what: "JSON holds one document; the later ones are left out".to_owned() });
            first
        }
        _ => return Err(Unwritable { path: "the second document".to_owned(), what: "JSON holds one document".to_owned() }),
    };
    let style = Style::sops(how.indent);
    let mut writer = Writer { style: &style, margin: b"", lossy: how.as_sops, floats: Floats::AsSops, stack: Vec::new(), warnings };
    let mut text = room(documents, how);
    writer.write(&mut text, tree)?;
    text.push(b'\n');
    Ok(Printed { text, warnings: writer.warnings })
}

/// Appends a tree; its first line has the indentation `margin`.
///
/// # Errors
/// Text that is not UTF-8, infinite floats.
pub(super) fn write(out: &mut Vec<u8>, tree: &Tree, style: &Style, margin: &[u8], floats: Floats) -> Result<(), Unwritable> {
    Writer { style, margin, lossy: false, floats, stack: Vec::new(), warnings: Vec::new() }.write(out, tree)
}

/// Appends `"name": `.
///
/// # Errors
/// A name that is not UTF-8.
pub(super) fn write_key(out: &mut Vec<u8>, name: &[u8], style: &Style) -> Result<(), Unwritable> {
    write_name(out, name)?;
    out.extend_from_slice(style.colon.as_bytes());
    Ok(())
}

/// Appends `"name"`.
///
/// # Errors
/// A name that is not UTF-8.
pub(super) fn write_name(out: &mut Vec<u8>, name: &[u8]) -> Result<(), Unwritable> {
    let parts = [Part::Key(name.to_vec())];
    let name =
        std::str::from_utf8(name).map_err(|_| Unwritable { path: display_parts(&parts), what: "a key that is not UTF-8".to_owned() })?;
    string::encode(out, name, 0);
    Ok(())
}

enum Frame<'a> {
    Map { rest: std::slice::Iter<'a, Member>, key: &'a [u8], first: bool },
    List { rest: std::slice::Iter<'a, Item>, index: usize, first: bool },
}

struct Writer<'a> {
    style: &'a Style,
    margin: &'a [u8],
    /// Print what is not UTF-8 as Go does.
    lossy: bool,
    floats: Floats,
    stack: Vec<Frame<'a>>,
    warnings: Vec<Warning>,
}

impl<'a> Writer<'a> {
    fn write(&mut self, out: &mut Vec<u8>, tree: &'a Tree) -> Result<(), Unwritable> {
        self.value(out, tree)?;
        while let Some(frame) = self.stack.last_mut() {
            let next = match frame {
                Frame::Map { rest, key, first } => rest.find_map(|m| match m {
                    Member::Entry(name, value) => {
                        *key = name;
                        Some((Some(name), value, std::mem::take(first)))
                    }
                    Member::Comment(_) => None,
                }),
                Frame::List { rest, index, first } => rest.find_map(|i| match i {
                    Item::Value(value) => {
                        *index += usize::from(!*first);
                        Some((None, value, std::mem::take(first)))
                    }
                    Item::Comment(_) => None,
                }),
            };
            let Some((name, value, first)) = next else {
                let close = if matches!(frame, Frame::Map { .. }) { b'}' } else { b']' };
                self.stack.pop();
                self.line(out);
                out.push(close);
                continue;
            };
            if !first {
                out.extend_from_slice(if self.style.newline.is_empty() { self.style.comma } else { "," }.as_bytes());
            }
            self.line(out);
            if let Some(name) = name {
                self.text(out, name, true)?;
                out.extend_from_slice(self.style.colon.as_bytes());
            }
            self.value(out, value)?;
        }
        Ok(())
    }

    fn value(&mut self, out: &mut Vec<u8>, tree: &'a Tree) -> Result<(), Unwritable> {
        match tree {
            Tree::Null => out.extend_from_slice(b"null"),
            Tree::Value(Value::Str(bytes)) => self.text(out, bytes.as_slice(), false)?,
            Tree::Value(value) => scalar::spell_with(out, value, self.floats).map_err(|what| self.unwritable(what))?,
            Tree::Map(_) if tree.entries().next().is_none() => out.extend_from_slice(b"{}"),
            Tree::List(_) if tree.items().next().is_none() => out.extend_from_slice(b"[]"),
            Tree::Map(members) => {
                out.push(b'{');
                self.stack.push(Frame::Map { rest: members.iter(), key: b"", first: true });
            }
            Tree::List(items) => {
                out.push(b'[');
                self.stack.push(Frame::List { rest: items.iter(), index: 0, first: true });
            }
        }
        Ok(())
    }

    fn text(&mut self, out: &mut Vec<u8>, bytes: &[u8], key: bool) -> Result<(), Unwritable> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            string::encode(out, text, 0);
            return Ok(());
        }
        if !self.lossy {
            return Err(self.unwritable(if key { "a key that is not UTF-8" } else { "not UTF-8, which JSON cannot hold" }));
        }
        let what = format!("{}: not UTF-8; printed with U+FFFD", self.path());
        self.warnings.push(Warning { line: 0, what });
        string::encode_lossy(out, bytes);
        Ok(())
    }

    fn line(&self, out: &mut Vec<u8>) {
        if self.style.newline.is_empty() {
            return;
        }
        out.extend_from_slice(self.style.newline.as_bytes());
        out.extend_from_slice(self.margin);
        for _ in 0..self.stack.len() {
            out.extend_from_slice(&self.style.unit);
        }
    }

    fn unwritable(&self, what: &str) -> Unwritable {
        Unwritable { path: self.path(), what: what.to_owned() }
    }

    fn path(&self) -> String {
        let part = |frame: &Frame<'_>| match frame {
            Frame::Map { key, .. } => Part::Key(key.to_vec()),
            Frame::List { index, .. } => Part::Index(*index),
        };
        display_parts(&self.stack.iter().map(part).collect::<Vec<_>>())
    }
}
