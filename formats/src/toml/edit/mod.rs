//! A branch of a plain text set, added or removed: into the right table, the inline table, the array, or behind the keys with the same dots.
//!
//! `lines` reads a text as lines of assignments and headers, each with the path it stands for; `value` is what stands in brackets, `put` spells and places what is new. New tables
//! come behind all that belongs to their parent, those of the root at the end of the text. A table that becomes a value goes from its place
//! and is written where its parent's values are.

mod lines;
mod put;
mod value;

use zeroize::Zeroizing;

use self::lines::{Body, Lines, Notes, read};
use super::print;
use super::scalar::{self, Quote};
use crate::document::Document;
use crate::draft::joined_text;
use crate::edit::{Graft, Plan};
use crate::error::Unwritable;
use crate::leaf::{LeafId, Span};
use crate::path::{Part, display_parts};
use crate::splice::Splice;
use crate::tree::Tree;
use crate::value::Value;

/// See [`crate::syntax::Detail::graft`].
pub(super) fn graft(document: &Document<'_>, crlf: bool, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
    let text = std::str::from_utf8(document.text).map_err(|_| refuse(&[], "TOML holds UTF-8 only"))?;
    let mut editor = Editor { lines: read(text), crlf, cuts: Vec::new() };
    let mut splice = Splice::default();
    match &graft.plan {
        Plan::Replace { at: [], tree } => editor.fill(&mut splice, tree)?,
        Plan::Replace { at, tree } => editor.replace(&mut splice, at, tree)?,
        Plan::Insert { at, key, tree } => editor.insert(&mut splice, at, key, tree)?,
        Plan::Append { at, tree } => editor.append(&mut splice, at, tree)?,
        Plan::Remove { at, last } => editor.remove(&mut splice, at, *last)?,
    }
    Ok(splice.finish(document.text))
}

/// See [`crate::syntax::Detail::set`].
pub(super) fn set(document: &Document<'_>, crlf: bool, leaf: LeafId, value: &Value, splice: &mut Splice) -> bool {
    let span = document.leaf(leaf).span;
    let Ok(old) = std::str::from_utf8(&document.text()[span.range()]) else { return false };
    in_place(&[], &Tree::Value(value.clone()), old, crlf).map(|bytes| splice.replace(span, bytes.as_bytes())).is_ok()
}

fn refuse(at: &[Part], what: &str) -> Unwritable {
    Unwritable { path: display_parts(at), what: what.to_owned() }
}

struct Editor<'t> {
    lines: Lines<'t>,
    crlf: bool,
    /// What goes, in order.
    cuts: Vec<Span>,
}

/// One value for another, in its quotes.
fn in_place(at: &[Part], tree: &Tree, old: &str, crlf: bool) -> Result<Zeroizing<String>, Unwritable> {
    let quote = Quote::of(old.as_bytes());
    let not_utf8 = || refuse(at, "TOML holds UTF-8 only");
    match tree {
        Tree::Value(Value::Str(bytes)) if quote.is_none() => {
            let bare = scalar::read(old.as_bytes()).is_some_and(|v| v.kind() == crate::Kind::Str);
            let same = |b: &[u8]| Quote::of(b).is_none() && scalar::read(b).is_some_and(|v| v == Value::text(b));
            if bare && same(bytes.as_slice()) {
                let text = std::str::from_utf8(bytes.as_slice()).map_err(|_| refuse(at, "TOML holds UTF-8 only"))?;
                return Ok(joined_text(&[text]));
            }
            put::line_value(tree, crlf)
        }
        // Readers and git make LF of CR LF between lines, as the language allows.
        Tree::Value(value @ Value::Str(bytes)) if bytes.as_slice().contains(&b'\r') => {
            scalar::spell(value, Quote::Basic).ok_or_else(not_utf8)
        }
        Tree::Value(value) => scalar::spell(value, quote.unwrap_or(Quote::Basic)).ok_or_else(not_utf8),
        _ => put::line_value(tree, crlf),
    }
    .map_err(|e| Unwritable { path: display_parts(at), what: e.what })
}

/// What becomes of the comments above what goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    Goes,
    /// Something comes in its place.
    Stays,
    /// Something stands for it at another place.
    Moves,
}

impl Editor<'_> {
    /// Entries for a root that has none.
    fn fill(&self, splice: &mut Splice, tree: &Tree) -> Result<(), Unwritable> {
        for (key, tree) in tree.entries() {
            self.insert(splice, &[], key, tree)?;
        }
        Ok(())
    }

    fn replace(&mut self, splice: &mut Splice, at: &[Part], tree: &Tree) -> Result<(), Unwritable> {
        if let Some((line, rest)) = self.lines.holder(at) {
            let Body::Value(root) = &line.body else { return Err(refuse(at, "it cannot be found in the text")) };
            let value = root.find(rest).ok_or_else(|| refuse(at, "it is written with dots inside of braces"))?;
            let old = &self.lines.text[value.span.clone()];
            if let Some(bytes) = self.first_ones(at, tree, old)? {
                let inside = value::brackets(self.lines.text, value, self.crlf);
                if inside.only_comments() {
                    inside.fill(splice, &bytes.iter().map(|item| item.as_bytes()).collect::<Vec<_>>());
                    return Ok(());
                }
            }
            splice.replace(Span::new(value.span.start, value.span.end), in_place(at, tree, old, self.crlf)?.as_bytes());
            return Ok(());
        }
        let (part, parent) = at.split_last().expect("the root is replaced elsewhere");
        let item = matches!(part, Part::Index(_));
        if item && !matches!(tree, Tree::Map(_)) {
            return Err(refuse(at, "a list of tables holds tables only"));
        }
        let first = self.lines.below(at).next().ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
        let by_header = matches!(first.body, Body::Header);
        if by_header && first.path == at && self.lines.below(at).count() == 1 && matches!(tree, Tree::Map(_)) {
            // An empty table keeps its header, with what is said there.
            let (values, tables): (Vec<_>, Vec<_>) = tree.entries().partition(|(_, tree)| print::is_line(tree));
            return values.into_iter().chain(tables).try_for_each(|(key, tree)| self.insert(splice, at, key, tree));
        }
        let line = print::is_line(tree) || !by_header;
        let is_its_own = first.path[at.len()..].iter().all(|part| matches!(part, Part::Index(_)));
        let notes = match first.body {
            Body::Header if line && !item && is_its_own => self.lines.notes(first),
            // What stands behind the header of a table within it is covered as that is, and would come to stand in clear elsewhere: it goes with it.
            Body::Header if line && !item => Notes { behind: "", ..self.lines.notes(first) },
            // Only what goes with it: else it stays where it is.
            Body::Value(_) => Notes { above: &self.lines.text[self.lines.own_comments(first)..first.start], behind: "" },
            Body::Header => Notes::default(),
        };
        let (place, rest) = self.cut(splice, at, if line && !item { Above::Moves } else { Above::Stays });
        match part {
            Part::Key(key) if line => self.insert_line(splice, parent, key, tree, &notes),
            Part::Key(key) => self.put_tables(splice, place, &self.tables(parent, Some(key), tree)?, rest),
            Part::Index(_) => self.put_tables(splice, place, &self.tables(parent, None, tree)?, rest),
        }
    }

    /// What a tree has, each as it stands in brackets like these; none if it has nothing, or stands in others.
    fn first_ones(&self, at: &[Part], tree: &Tree, old: &str) -> Result<Option<Vec<Zeroizing<String>>>, Unwritable> {
        let ones: Result<Vec<_>, Unwritable> = match tree {
            Tree::Map(_) if old.starts_with('{') => tree.entries().map(|(key, tree)| self.pair(at, key, tree)).collect(),
            Tree::List(_) if old.starts_with('[') => tree.items().map(|tree| self.line_value(tree)).collect(),
            _ => return Ok(None),
        };
        ones.map(|ones| (!ones.is_empty()).then_some(ones)).map_err(|e| Unwritable { path: display_parts(at), what: e.what })
    }

    fn pair(&self, at: &[Part], key: &[u8], tree: &Tree) -> Result<Zeroizing<String>, Unwritable> {
        Ok(joined_text(&[&self.key(at, key)?, " = ", &self.line_value(tree)?]))
    }

    fn insert(&self, splice: &mut Splice, at: &[Part], key: &[u8], tree: &Tree) -> Result<(), Unwritable> {
        if let Some((line, rest)) = self.lines.holder(at) {
            let Body::Value(root) = &line.body else { return Err(refuse(at, "it cannot be found in the text")) };
            let table = root.find(rest).ok_or_else(|| refuse(at, "it is written with dots inside of braces"))?;
            let bytes = self.pair(at, key, tree)?;
            value::brackets(self.lines.text, table, self.crlf).add(splice, bytes.as_bytes(), b",");
            return Ok(());
        }
        if print::is_line(tree) || self.lines.dotted(at) {
            return self.insert_line(splice, at, key, tree, &Notes::default());
        }
        let end = if at.is_empty() { self.lines.text.len() } else { self.lines.end_below(at) };
        self.put_tables(splice, end, &self.tables(at, Some(key), tree)?, false)
    }

    fn append(&self, splice: &mut Splice, at: &[Part], tree: &Tree) -> Result<(), Unwritable> {
        if let Some((line, rest)) = self.lines.holder(at) {
            let Body::Value(root) = &line.body else { return Err(refuse(at, "it cannot be found in the text")) };
            let list = root.find(rest).ok_or_else(|| refuse(at, "it is written with dots inside of braces"))?;
            let bytes = self.line_value(tree).map_err(|e| Unwritable { path: display_parts(at), what: e.what })?;
            value::brackets(self.lines.text, list, self.crlf).add(splice, bytes.as_bytes(), b",");
            return Ok(());
        }
        if !matches!(tree, Tree::Map(_)) {
            return Err(refuse(at, "a list of tables holds tables only"));
        }
        self.put_tables(splice, self.lines.end_below(at), &self.tables(at, None, tree)?, false)
    }

    fn remove(&mut self, splice: &mut Splice, at: &[Part], last: bool) -> Result<(), Unwritable> {
        let (part, parent) = at.split_last().expect("a plan has a path");
        if let Some((line, rest)) = self.lines.holder(at) {
            let Body::Value(root) = &line.body else { return Err(refuse(at, "it cannot be found in the text")) };
            if let Some((inner, above)) = rest.split_last() {
                let home = root.find(above).ok_or_else(|| refuse(at, "it is written with dots inside of braces"))?;
                return value::remove(splice, self.lines.text, home, inner)
                    .ok_or_else(|| refuse(at, "it is written with dots inside of braces"));
            }
            let dotted = parent.len() - line.base.len();
            if last && dotted > 0 {
                // The map that these dots make stays, empty.
                splice.replace(Span::new(line.keys[dotted - 1].1.end, root.span.end), b" = {}");
                return Ok(());
            }
            let start = self.lines.needless_header(line).map_or_else(|| self.lines.own_comments(line), |header| header.start);
            splice.cut(Span::new(start, line.end + self.lines.blank_between(start, line.end)));
            return Ok(());
        }
        let first = self.lines.below(at).next().ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
        let by_dots = matches!(first.body, Body::Value(_));
        let (place, rest) = self.cut(splice, at, Above::Goes);
        let kept = parent.is_empty() || self.lines.header(parent).is_some();
        match part {
            Part::Index(_) if last => {
                let (name, above) = parent.split_last().expect("a list has a name");
                let Part::Key(name) = name else { return Err(refuse(at, "it cannot be found in the text")) };
                self.insert_line(splice, above, name, &Tree::List(Vec::new()), &Notes::default())
            }
            Part::Key(_) if last && by_dots && !kept => {
                let (name, above) = parent.split_last().expect("it is not the root");
                let Part::Key(name) = name else { return Ok(()) };
                self.insert_line(splice, above, name, &Tree::Map(Vec::new()), &Notes::default())
            }
            Part::Key(_) if last && !kept => {
                let header = format!("[{}]\n", self.names(parent)?.join("."));
                self.put_tables(splice, place, &header, rest)
            }
            _ => Ok(()),
        }
    }

    /// All lines below a path go, with the comments above headers; those above the first one as it is said, and not if they are the top of the text, and
    /// speak of that. Where the first one stood, and whether something comes behind it.
    fn cut(&mut self, splice: &mut Splice, at: &[Part], first: Above) -> (usize, bool) {
        let mut cuts: Vec<Span> = Vec::new();
        let top = self.lines.top();
        for (i, line) in self.lines.all.iter().enumerate().filter(|(_, l)| l.path.starts_with(at)) {
            let span = match line.body {
                Body::Header => {
                    let next = self.lines.all[i + 1..].iter().find(|l| matches!(l.body, Body::Header));
                    let end = next.map_or(self.lines.text.len(), |l| self.lines.comments_above(l.start));
                    // Within the branch all goes.
                    let inside = next.is_some_and(|l| l.path.starts_with(at));
                    let end = if inside { end } else { self.lines.set_apart(i, end) };
                    let above = self.lines.comments_above(line.start);
                    let kept = match first {
                        Above::Stays if cuts.is_empty() => true,
                        Above::Moves if cuts.is_empty() => false,
                        _ => above == top,
                    };
                    Span::new(if kept { line.start } else { above }, end)
                }
                Body::Value(_) if cuts.last().is_some_and(|c| c.end as usize >= line.end) => continue,
                Body::Value(_) => Span::new(self.lines.own_comments(line).max(cuts.last().map_or(0, |c| c.end as usize)), line.end),
            };
            match cuts.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => cuts.push(span),
            }
        }
        for span in &mut cuts {
            let bytes = self.lines.text.as_bytes();
            let above = super::scan::blank_before(&bytes[..span.start as usize]);
            if span.end as usize == bytes.len() {
                span.start -= above as u32;
            } else if above == 0
                && self.lines.comments_above(span.start as usize) == span.start as usize
                && span.start as usize > top
                && first != Above::Stays
            {
                // What stood apart from what goes stands apart from what is above it, by as many lines.
                while let blank @ 1.. = super::scan::blank_before(&bytes[span.start as usize..span.end as usize]) {
                    span.end -= blank as u32;
                }
            }
            splice.cut(*span);
        }
        self.cuts.clone_from(&cuts);
        cuts.first().map_or((0, false), |first| (first.start as usize, (first.end as usize) < self.lines.text.len()))
    }
}
