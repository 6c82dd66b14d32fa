//! A branch of a plain text set, added or removed: into the right table, the inline table, the array, or behind the keys with the same dots.
//!
//! `lines` reads a text as lines of assignments and headers, each with the path it stands for; `value` changes what stands in brackets. New tables
//! come behind all that belongs to their parent, those of the root at the end of the text. A table that becomes a value goes from its place
//! and is written where its parent's values are.

mod lines;
mod value;

use zeroize::Zeroizing;

use self::lines::{Body, Lines, read};
use super::print;
use super::scalar::{self, Quote};
use crate::document::Document;
use crate::draft::joined_text;
use crate::edit::{Graft, Plan};
use crate::error::Unwritable;
use crate::leaf::Span;
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

fn refuse(at: &[Part], what: &str) -> Unwritable {
    Unwritable { path: display_parts(at), what: what.to_owned() }
}

struct Editor<'t> {
    lines: Lines<'t>,
    crlf: bool,
    /// What goes, in order.
    cuts: Vec<Span>,
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
            splice.replace(Span::new(value.span.start, value.span.end), self.in_place(at, tree, old)?.as_bytes());
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
        let (place, rest) = self.cut(splice, at, true);
        match part {
            Part::Key(key) if print::is_line(tree) || !by_header => self.insert_line(splice, parent, key, tree),
            Part::Key(key) => self.put_tables(splice, place, &self.tables(parent, Some(key), tree)?, rest),
            Part::Index(_) => self.put_tables(splice, place, &self.tables(parent, None, tree)?, rest),
        }
    }

    /// One value for another, in its quotes.
    fn in_place(&self, at: &[Part], tree: &Tree, old: &str) -> Result<Zeroizing<String>, Unwritable> {
        let quote = Quote::of(old.as_bytes());
        match tree {
            Tree::Value(Value::Str(bytes)) if quote.is_none() => {
                let bare = scalar::read(old.as_bytes()).is_some_and(|v| v.kind() == crate::Kind::Str);
                let same = |b: &[u8]| Quote::of(b).is_none() && scalar::read(b).is_some_and(|v| v == Value::text(b));
                if bare && same(bytes.as_slice()) {
                    let text = std::str::from_utf8(bytes.as_slice()).map_err(|_| refuse(at, "TOML holds UTF-8 only"))?;
                    return Ok(joined_text(&[text]));
                }
                print::line_value(tree)
            }
            Tree::Value(value) => {
                scalar::spell(value, with_returns(value, quote.unwrap_or(Quote::Basic))).ok_or_else(|| refuse(at, "TOML holds UTF-8 only"))
            }
            _ => print::line_value(tree),
        }
        .map_err(|e| Unwritable { path: display_parts(at), what: e.what })
    }

    fn insert(&self, splice: &mut Splice, at: &[Part], key: &[u8], tree: &Tree) -> Result<(), Unwritable> {
        if let Some((line, rest)) = self.lines.holder(at) {
            let Body::Value(root) = &line.body else { return Err(refuse(at, "it cannot be found in the text")) };
            let table = root.find(rest).ok_or_else(|| refuse(at, "it is written with dots inside of braces"))?;
            let bytes = joined_text(&[&self.key(at, key)?, " = ", &print::line_value(tree)?]);
            value::add(splice, self.lines.text, table, &bytes, self.crlf);
            return Ok(());
        }
        if print::is_line(tree) || self.lines.dotted(at) {
            return self.insert_line(splice, at, key, tree);
        }
        let end = if at.is_empty() { self.lines.text.len() } else { self.lines.end_below(at) };
        self.put_tables(splice, end, &self.tables(at, Some(key), tree)?, false)
    }

    fn append(&self, splice: &mut Splice, at: &[Part], tree: &Tree) -> Result<(), Unwritable> {
        if let Some((line, rest)) = self.lines.holder(at) {
            let Body::Value(root) = &line.body else { return Err(refuse(at, "it cannot be found in the text")) };
            let list = root.find(rest).ok_or_else(|| refuse(at, "it is written with dots inside of braces"))?;
            let bytes = print::line_value(tree).map_err(|e| Unwritable { path: display_parts(at), what: e.what })?;
            value::add(splice, self.lines.text, list, &bytes, self.crlf);
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
                return value::remove(splice, home, inner).ok_or_else(|| refuse(at, "it is written with dots inside of braces"));
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
        let (place, rest) = self.cut(splice, at, false);
        let kept = parent.is_empty() || self.lines.header(parent).is_some();
        match part {
            Part::Index(_) if last => {
                let (name, above) = parent.split_last().expect("a list has a name");
                let Part::Key(name) = name else { return Err(refuse(at, "it cannot be found in the text")) };
                self.insert_line(splice, above, name, &Tree::List(Vec::new()))
            }
            Part::Key(_) if last && by_dots && !kept => {
                let (name, above) = parent.split_last().expect("it is not the root");
                let Part::Key(name) = name else { return Ok(()) };
                self.insert_line(splice, above, name, &Tree::Map(Vec::new()))
            }
            Part::Key(_) if last && !kept => {
                let header = format!("[{}]\n", self.names(parent)?.join("."));
                self.put_tables(splice, place, &header, rest)
            }
            _ => Ok(()),
        }
    }

    /// All lines below a path go, with the comments above headers; not those above the first one if something comes in its place, or if they are the
    /// top of the text, and speak of that. Where the first one stood, and whether something comes behind it.
    fn cut(&mut self, splice: &mut Splice, at: &[Part], replaced: bool) -> (usize, bool) {
        let mut cuts: Vec<Span> = Vec::new();
        let top = if self.lines.text.starts_with('\u{feff}') { 3 } else { 0 };
        for (i, line) in self.lines.all.iter().enumerate().filter(|(_, l)| l.path.starts_with(at)) {
            let span = match line.body {
                Body::Header => {
                    let next = self.lines.all[i + 1..].iter().find(|l| matches!(l.body, Body::Header));
                    let end = next.map_or(self.lines.text.len(), |l| self.lines.comments_above(l.start));
                    let above = self.lines.comments_above(line.start);
                    let kept = above == top || (cuts.is_empty() && replaced);
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
            if span.end as usize == self.lines.text.len() {
                span.start -= super::scan::blank_before(&self.lines.text.as_bytes()[..span.start as usize]) as u32;
            }
            splice.cut(*span);
        }
        self.cuts.clone_from(&cuts);
        cuts.first().map_or((0, false), |first| (first.start as usize, (first.end as usize) < self.lines.text.len()))
    }

    fn key(&self, at: &[Part], name: &[u8]) -> Result<String, Unwritable> {
        std::str::from_utf8(name).map(print::key).map_err(|_| refuse(at, "a key that is not UTF-8"))
    }

    fn names(&self, at: &[Part]) -> Result<Vec<String>, Unwritable> {
        let names = at.iter().filter_map(|part| if let Part::Key(name) = part { Some(self.key(at, name)) } else { None });
        names.collect()
    }

    /// A map or list of maps below a header; without a key one table more of a list.
    fn tables(&self, parent: &[Part], key: Option<&[u8]>, tree: &Tree) -> Result<Zeroizing<String>, Unwritable> {
        let mut path = self.names(parent)?;
        if let Some(key) = key {
            path.push(self.key(parent, key)?);
        }
        print::tables(path, tree, key.is_none())
    }

    /// `key = value` among the values of a table.
    fn insert_line(&self, splice: &mut Splice, at: &[Part], key: &[u8], tree: &Tree) -> Result<(), Unwritable> {
        let like = self.lines.model(at);
        let key = self.key(at, key)?;
        let value = self.like_others(tree, at)?;
        let equals = like.map_or(" = ", |line| self.lines.equals(line));
        let indent = like.map_or("", |line| self.lines.indent(line));
        let own = self.lines.all.iter().rfind(|l| matches!(l.body, Body::Value(_)) && l.base == at && l.path.len() > l.base.len());
        if let Some(line) = own.or_else(|| self.lines.header(at)) {
            self.put(splice, line.end, joined_text(&[indent, &key, equals, &value, "\n"]));
            return Ok(());
        }
        if at.is_empty() {
            let first = self.lines.all.first().map_or(self.lines.text.len(), |l| self.lines.comments_above(l.start));
            let apart = if self.lines.all.is_empty() || !self.lines.apart() { "" } else { "\n" };
            self.put(splice, first, joined_text(&[&key, equals, &value, "\n", apart]));
            return Ok(());
        }
        if let Some(line) =
            self.lines.all.iter().rfind(|l| matches!(l.body, Body::Value(_)) && l.path.starts_with(at) && l.base.len() < at.len())
        {
            let last = &line.keys[at.len() - line.base.len() - 1].1;
            let dots = &self.lines.text[line.keys[0].1.start..last.end];
            self.put(splice, line.end, joined_text(&[self.lines.indent(line), dots, ".", &key, equals, &value, "\n"]));
            return Ok(());
        }
        let first = self.lines.below(at).next().ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
        let header = self.names(at)?.join(".");
        let apart = if self.lines.apart() { "\n" } else { "" };
        let lines = joined_text(&["[", &header, "]\n", &key, equals, &value, "\n", apart]);
        self.put(splice, self.lines.comments_above(first.start), lines);
        Ok(())
    }

    /// A value in literal quotes where all strings of the text stand in them.
    fn like_others(&self, tree: &Tree, at: &[Part]) -> Result<Zeroizing<String>, Unwritable> {
        if let Tree::Value(value @ Value::Str(bytes)) = tree
            && self.lines.all_literal()
            && !bytes.as_slice().contains(&b'\n')
        {
            return scalar::spell(value, Quote::Literal).ok_or_else(|| refuse(at, "TOML holds UTF-8 only"));
        }
        print::line_value(tree).map_err(|e| Unwritable { path: display_parts(at), what: e.what })
    }

    /// Tables at a place between lines. `before`: other tables may follow directly.
    fn put_tables(&self, splice: &mut Splice, at: usize, tables: &str, before: bool) -> Result<(), Unwritable> {
        let head = &self.lines.text[..at];
        // The comment above what goes is that of what comes in its place.
        let own = !self.cuts.is_empty() && head.lines().next_back().is_some_and(|line| line.trim_start().starts_with('#'));
        let blank = own || head.is_empty() || head.ends_with("\n\n") || head.ends_with("\n\r\n");
        let apart = if blank || !self.lines.apart() { "" } else { "\n" };
        let tail = if before && self.lines.apart() { "\n" } else { "" };
        self.put(splice, at, joined_text(&[apart, tables, tail]));
        Ok(())
    }

    /// Lines at the start of a line, or at the end of a text, which keeps its lack of a last line break.
    fn put(&self, splice: &mut Splice, at: usize, lines: Zeroizing<String>) {
        let mut lines = if self.crlf { with_crlf(&lines) } else { lines };
        let line_break = if self.crlf { "\r\n" } else { "\n" };
        // Not inside of what goes.
        let within = self.cuts.iter().find(|c| (c.start as usize) <= at && at < c.end as usize);
        let (at, end) = within.map_or((at, at), |c| (c.start as usize, c.end as usize));
        if end == self.lines.text.len() && lines.ends_with(&line_break.repeat(2)) {
            let length = lines.len() - line_break.len();
            lines.truncate(length);
        }
        let head = &self.lines.text[..at];
        if !head.is_empty() && !head.ends_with('\n') && head != "\u{feff}" {
            lines = joined_text(&[line_break, &lines[..lines.len() - line_break.len()]]);
        }
        splice.insert(at, lines.as_bytes());
    }
}

/// With CR LF between lines. Inside of a text of several lines it would be read, so that goes on one.
fn with_crlf(lines: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(lines.len() * 2));
    for (i, part) in lines.split("\"\"\"").enumerate() {
        if i > 0 {
            out.push_str("\"\"\"");
        }
        let (part, line_break) = if i % 2 == 0 { (part, "\r\n") } else { (part.strip_prefix('\n').unwrap_or(part), "\\n") };
        for (i, line) in part.split('\n').enumerate() {
            if i > 0 {
                out.push_str(line_break);
            }
            out.push_str(line);
        }
    }
    out
}

/// In lines of its own a carriage return would stand as it is, where git and many readers change it; in one line it is escaped.
fn with_returns(value: &Value, quote: Quote) -> Quote {
    match (value, quote) {
        (Value::Str(text), Quote::MlBasic | Quote::MlLiteral) if text.as_slice().contains(&b'\r') => Quote::Basic,
        _ => quote,
    }
}
