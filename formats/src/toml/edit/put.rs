//! New lines and tables: how they are spelled, and where they come.

use zeroize::Zeroizing;

use super::lines::{Body, Notes};
use super::{Editor, refuse};
use crate::draft::joined_text;
use crate::edit::broken;
use crate::error::Unwritable;
use crate::path::{Part, display_parts};
use crate::splice::Splice;
use crate::toml::print;
use crate::toml::scalar::{self, Quote};
use crate::tree::Tree;
use crate::value::Value;

impl Editor<'_> {
    pub(super) fn key(&self, at: &[Part], name: &[u8]) -> Result<String, Unwritable> {
        std::str::from_utf8(name).map(print::key).map_err(|_| refuse(at, "a key that is not UTF-8"))
    }

    pub(super) fn names(&self, at: &[Part]) -> Result<Vec<String>, Unwritable> {
        let names = at.iter().filter_map(|part| if let Part::Key(name) = part { Some(self.key(at, name)) } else { None });
        names.collect()
    }

    /// A map or list of maps below a header; without a key one table more of a list.
    pub(super) fn tables(&self, parent: &[Part], key: Option<&[u8]>, tree: &Tree) -> Result<Zeroizing<String>, Unwritable> {
        let mut path = self.names(parent)?;
        if let Some(key) = key {
            path.push(self.key(parent, key)?);
        }
        print::tables(path, tree, key.is_none(), self.crlf)
    }

    /// `key = value` among the values of a table.
    pub(super) fn insert_line(
        &self,
        splice: &mut Splice,
        at: &[Part],
        key: &[u8],
        tree: &Tree,
        notes: &Notes<'_>,
    ) -> Result<(), Unwritable> {
        let like = self.lines.model(at);
        let key = self.key(at, key)?;
        let value = self.like_others(tree, at)?;
        let equals = like.map_or(" = ", |line| self.lines.equals(line));
        let indent = like.map_or("", |line| self.lines.indent(line));
        let own = self.lines.all.iter().rfind(|l| matches!(l.body, Body::Value(_)) && l.base == at && l.path.len() > l.base.len());
        if let Some(line) = own.or_else(|| self.lines.header(at)) {
            self.put_noted(splice, line.end, notes, &[indent, &key, equals, &value, notes.behind, "\n"]);
            return Ok(());
        }
        if at.is_empty() {
            let first = self.lines.all.first().map_or(self.lines.text.len(), |l| self.lines.comments_above(l.start));
            let apart = if self.lines.all.is_empty() || !self.lines.apart() { "" } else { "\n" };
            self.put_noted(splice, first, notes, &[&key, equals, &value, notes.behind, "\n", apart]);
            return Ok(());
        }
        if let Some(line) =
            self.lines.all.iter().rfind(|l| matches!(l.body, Body::Value(_)) && l.path.starts_with(at) && l.base.len() < at.len())
        {
            let last = &line.keys[at.len() - line.base.len() - 1].1;
            let dots = &self.lines.text[line.keys[0].1.start..last.end];
            self.put_noted(splice, line.end, notes, &[self.lines.indent(line), dots, ".", &key, equals, &value, notes.behind, "\n"]);
            return Ok(());
        }
        let first = self.lines.below(at).next().ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
        let header = self.names(at)?.join(".");
        // As far from what comes below as that was from what stands above: nothing tells a blank line of ours from one that was there when both go again.
        let place = self.lines.comments_above(first.start);
        let apart = if self.lines.apart() && self.lines.stands_apart(place) { "\n" } else { "" };
        let lines = ["[", &header, "]\n", &key, equals, &value, notes.behind, "\n", apart];
        self.put_noted(splice, place, notes, &lines);
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
        self.line_value(tree).map_err(|e| Unwritable { path: display_parts(at), what: e.what })
    }

    pub(super) fn line_value(&self, tree: &Tree) -> Result<Zeroizing<String>, Unwritable> {
        line_value(tree, self.crlf)
    }

    /// Tables at a place between lines. `before`: other tables may follow directly.
    pub(super) fn put_tables(&self, splice: &mut Splice, at: usize, tables: &str, before: bool) -> Result<(), Unwritable> {
        let head = &self.lines.text[..at];
        // The comment above what goes is that of what comes in its place.
        let comment = self.lines.comments_above(at) < at;
        let own = comment && !self.cuts.is_empty();
        let blank = own || head.is_empty() || head.ends_with("\n\n") || head.ends_with("\n\r\n");
        // As far from what stands above as what came next was: when this goes again, nothing tells which blank line was there before.
        let below = &self.lines.text[at..];
        let blank_lines = below.lines().take_while(|line| line.trim().is_empty()).count();
        let lines = match self.lines.apart() {
            _ if blank => 0,
            true if self.cuts.is_empty() && !below.trim().is_empty() => blank_lines,
            true => 1,
            false => 0,
        };
        // Any other comment would become theirs, and go with them.
        let apart = "\n".repeat(if blank { 0 } else { lines.max(usize::from(comment)) });
        let tail = if before && self.lines.apart() { "\n" } else { "" };
        self.put(splice, at, joined_text(&[&apart, tables, tail]));
        Ok(())
    }

    /// Lines with comment lines above, which are as they stand in the text.
    fn put_noted(&self, splice: &mut Splice, at: usize, notes: &Notes<'_>, lines: &[&str]) {
        if !notes.above.is_empty() {
            self.put_broken(splice, at, joined_text(&[notes.above]));
        }
        self.put(splice, at, joined_text(lines));
    }

    /// Lines at the start of a line, or at the end of a text, which keeps its lack of a last line break.
    fn put(&self, splice: &mut Splice, at: usize, lines: Zeroizing<String>) {
        let lines = String::from_utf8(std::mem::take(&mut *broken(lines.as_bytes(), self.crlf)));
        self.put_broken(splice, at, Zeroizing::new(lines.expect("a text with other line breaks is a text")));
    }

    fn put_broken(&self, splice: &mut Splice, at: usize, mut lines: Zeroizing<String>) {
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

/// The value of a line. A text of several lines stands on one where lines end in CR LF: that would be read as part of it.
pub(super) fn line_value(tree: &Tree, crlf: bool) -> Result<Zeroizing<String>, Unwritable> {
    match tree {
        Tree::Value(value @ Value::Str(_)) if crlf => {
            scalar::spell(value, Quote::Basic).ok_or_else(|| refuse(&[], "TOML holds UTF-8 only"))
        }
        _ => print::line_value(tree),
    }
}
