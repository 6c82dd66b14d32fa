//! A key or section of a plain text set, added or removed, aligned as its neighbours are.

mod places;

use zeroize::Zeroizing;

use self::places::{Entry, Section, sections};
use super::scan::byte_order_mark;
use super::value::{self, Shape, trim_end};
use super::{DEFAULT, METADATA, print};
use crate::document::Document;
use crate::draft::joined;
use crate::edit::{Graft, Plan};
use crate::error::Unwritable;
use crate::flat::scalar_text;
use crate::leaf::{LeafId, Span};
use crate::path::{Part, display_parts};
use crate::splice::Splice;
use crate::tree::{Member, Tree};
use crate::value::{Bytes, Value};

/// A branch as INI holds it: sections of text.
pub(super) fn held(tree: &Tree, at: &[Part]) -> Result<Tree, Unwritable> {
    match (at.len(), tree) {
        (0 | 1, Tree::Map(members)) => {
            let mut all = Vec::new();
            for member in members {
                if let Member::Entry(name, tree) = member {
                    let below = [at, &[Part::Key(name.clone())]].concat();
                    all.push((name.clone(), held(tree, &below)?));
                }
            }
            Ok(Tree::map(all))
        }
        (2, Tree::Value(value)) => Ok(Tree::Value(Value::Str(Bytes::new(scalar_text(value))))),
        (2, Tree::Null) => Err(refuse(at, "INI has no null: SOPS writes the text `<nil>`")),
        (0 | 1, _) => Err(refuse(at, "INI holds sections, and values only in them")),
        _ => Err(refuse(at, "a section of INI holds neither maps nor lists")),
    }
}

/// See [`crate::syntax::Detail::graft`].
pub(super) fn graft(document: &Document<'_>, graft: &Graft<'_>) -> Result<Vec<u8>, Unwritable> {
    let editor = Editor { text: document.text, sections: sections(document.text) };
    let mut splice = Splice::default();
    match &graft.plan {
        Plan::Insert { at: [], key, tree } => editor.add_section(&mut splice, key, tree)?,
        Plan::Insert { at: at @ [Part::Key(name)], key, tree } => match editor.section(name) {
            Some(section) => editor.add_keys(&mut splice, section, &[(key, tree)])?,
            None if name == DEFAULT => editor.add_default(&mut splice, &[(key, tree)])?,
            None => return Err(refuse(at, "it cannot be found in the text")),
        },
        Plan::Replace { at: at @ [Part::Key(name)], tree } => {
            let keys: Vec<(&[u8], &Tree)> = tree.entries().collect();
            match editor.section(name) {
                Some(section) => {
                    for entry in &section.entries {
                        splice.cut(Span::new(entry.line, entry.value.next));
                    }
                    editor.add_keys(&mut splice, section, &keys)?;
                }
                None if name == DEFAULT => editor.add_default(&mut splice, &keys)?,
                None => return Err(refuse(at, "it cannot be found in the text")),
            }
        }
        Plan::Replace { at: at @ [Part::Key(section), Part::Key(name)], tree } => {
            let found = editor.section(section).and_then(|s| s.entries.iter().rev().find(|e| e.name == name.as_slice()));
            let entry = found.ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
            let style = style_of(editor.text, entry.value.start, entry.value.shape);
            match editor.before_its_tail(entry, tree, style) {
                Some((end, bytes)) => splice.replace(Span::new(entry.value.start, end), &bytes),
                None => editor.before_its_comment(&mut splice, entry, &spelled(at, tree, style)?, tree),
            }
        }
        Plan::Remove { at: at @ [Part::Key(section), Part::Key(name)], .. } => {
            let section = editor.section(section).ok_or_else(|| refuse(at, "it cannot be found in the text"))?;
            // One that is superseded would come back to life.
            for (i, entry) in section.entries.iter().enumerate().filter(|(_, e)| e.name == name.as_slice()) {
                let start = editor.own_comments(entry.line, entry.value.next);
                let floor = if i > 0 { section.entries[i - 1].value.next } else { section.body };
                splice.cut(Span::new(start.max(floor), entry.value.next));
            }
        }
        Plan::Remove { at: at @ [Part::Key(name)], .. } => match editor.section(name) {
            Some(section) => splice.cut(editor.whole(section)),
            // It is always there for SOPS, but not in the text.
            None if name == DEFAULT => {}
            None => return Err(refuse(at, "it cannot be found in the text")),
        },
        Plan::Replace { at, .. } | Plan::Insert { at, .. } | Plan::Append { at, .. } | Plan::Remove { at, .. } => {
            return Err(refuse(at, "INI holds sections, and values only in them"));
        }
    }
    Ok(splice.finish(document.text))
}

fn refuse(at: &[Part], what: &str) -> Unwritable {
    Unwritable { path: display_parts(at), what: what.to_owned() }
}

/// See [`crate::syntax::Detail::set`].
pub(super) fn set(document: &Document<'_>, shape: Shape, leaf: LeafId, value: &Value, splice: &mut Splice) -> bool {
    let span = document.leaf(leaf).span;
    if quoted_end(span.start as usize, shape).is_some_and(|end| end < span.end as usize) {
        return false;
    }
    let style = style_of(document.text, span.start as usize, shape);
    let Ok(bytes) = spelled(&[], &Tree::Value(value.clone()), style) else { return false };
    // Behind some quotes a comment would be none.
    let behind = value::read(document.text, span.start as usize).and_then(|read| Some(&document.text[span.end as usize..read.comment?.1]));
    if let (Some(behind), Value::Str(plain)) = (behind, value)
        && !value::means_before(&bytes, &joined(&[behind, b"\n"]), plain.as_slice())
    {
        return false;
    }
    splice.replace(span, &bytes);
    true
}

/// The quotes that a value stands in.
fn style_of(text: &[u8], start: usize, shape: Shape) -> Option<u8> {
    match (shape, text.get(start)) {
        (Shape::Stripped, Some(b'"')) => Some(2),
        (Shape::Stripped, _) => Some(3),
        (Shape::Quoted { quote: 1, .. }, _) => Some(4),
        (Shape::Quoted { .. }, _) => Some(5),
        _ => None,
    }
}

/// Behind the quote that closes a value on its line; what stands behind it on that is no part of the value.
fn quoted_end(start: usize, shape: Shape) -> Option<usize> {
    match shape {
        Shape::Quoted { quote, len } => Some(start + 2 * usize::from(quote) + len as usize),
        _ => None,
    }
}

fn spelled(at: &[Part], tree: &Tree, style: Option<u8>) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    let Tree::Value(Value::Str(plain)) = tree else { return Err(refuse(at, "a section of INI holds neither maps nor lists")) };
    let plain = plain.as_slice();
    let styled = style.and_then(|n| value::styled(n, plain)).filter(|b| value::means(b, plain, false));
    let spelled = styled.or_else(|| value::canonical(plain));
    spelled.ok_or_else(|| refuse(at, "no quoting of INI can hold this value so that it reads back"))
}

struct Editor<'t> {
    text: &'t [u8],
    sections: Vec<Section<'t>>,
}

impl<'t> Editor<'t> {
    /// The last one of that name, as most readers have it.
    fn section(&self, name: &[u8]) -> Option<&Section<'t>> {
        self.sections.iter().rev().find(|s| s.name == name)
    }

    /// Another value before a comment that stands behind the quote of the old one, and how far it reaches. For ini.v1 that is none, but for people. None:
    /// there is no such thing, or it would come into the value.
    fn before_its_tail(&self, entry: &Entry<'_>, tree: &Tree, style: Option<u8>) -> Option<(usize, Zeroizing<Vec<u8>>)> {
        let end = quoted_end(entry.value.start, entry.value.shape)?;
        let (Tree::Value(Value::Str(plain)), tail) = (tree, self.text.get(end..entry.value.end)?) else { return None };
        let plain = plain.as_slice();
        let before = |bytes: &Zeroizing<Vec<u8>>| {
            let line = joined(&[bytes, tail, b"\n"]);
            value::read(&line, 0).is_some_and(|r| {
                let whole = r.start == 0 && r.next == line.len() && (r.drops || r.comment.is_some()) && r.shape != Shape::Continued;
                whole && *value::decode(&line[..r.end], r.shape) == *plain
            })
        };
        let is_note = matches!(value::trim(tail).first(), Some(b'#' | b';'));
        let spellings = [style.and_then(|n| value::styled(n, plain)), value::canonical(plain)];
        spellings.into_iter().flatten().find(|bytes| is_note && before(bytes)).map(|bytes| (end, bytes))
    }

    /// Another value before what is a comment for ini.v1. Behind a quote that is opened and closed on one line there is none, and its text would be part of
    /// nothing: where the value needs such quotes the comment comes to stand above.
    fn before_its_comment(&self, splice: &mut Splice, entry: &Entry<'_>, spelled: &[u8], tree: &Tree) {
        let whole = Span::new(entry.value.start, entry.value.end);
        let (Some((mark, end)), Tree::Value(Value::Str(plain))) = (entry.value.comment, tree) else {
            return splice.replace(whole, spelled);
        };
        let (plain, behind) = (plain.as_slice(), joined(&[&self.text[entry.value.end..end], b"\n"]));
        let stays = |bytes: &&[u8]| value::means_before(bytes, &behind, plain);
        let others: Vec<_> = [1, 2, 3].into_iter().filter_map(|style| value::styled(style, plain)).collect();
        if let Some(bytes) = [spelled].into_iter().chain(others.iter().map(|bytes| &***bytes)).find(stays) {
            return splice.replace(whole, bytes);
        }
        let indent = &self.text[entry.line..entry.start];
        splice.insert(entry.line, &joined(&[indent, &self.text[mark..end], self.line_break()]));
        splice.replace(Span::new(entry.value.start, end), spelled);
    }

    fn line_break(&self) -> &'static [u8] {
        let first = self.text.iter().position(|&b| b == b'\n');
        if first.is_some_and(|at| at > 0 && self.text[at - 1] == b'\r') { b"\r\n" } else { b"\n" }
    }

    /// A line like this one.
    fn line_like(
        &self,
        like: Option<&Entry<'_>>,
        width: usize,
        section: &[u8],
        name: &[u8],
        tree: &Tree,
    ) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let at = [Part::Key(section.to_vec()), Part::Key(name.to_vec())];
        let mut line = Vec::new();
        let written = print::name(name).ok_or_else(|| refuse(&at, "INI cannot hold this name so that it reads back"))?;
        let style = like.and_then(|like| style_of(self.text, like.value.start, like.value.shape));
        match like {
            Some(like) => {
                line.extend_from_slice(&self.text[like.line..like.start]);
                line.extend_from_slice(&written);
                line.resize(line.len() + width.saturating_sub(written.len()), b' ');
                let head = &self.text[like.start..like.behind - 1];
                if head.len() > trim_end(head).len() && width <= written.len() {
                    line.push(b' ');
                }
                line.push(self.text[like.behind - 1]);
                let gap = &self.text[like.behind..like.value.start];
                line.extend_from_slice(if like.value.end > like.value.start || !gap.is_empty() { gap } else { b"" });
            }
            None => {
                line.extend_from_slice(&written);
                line.resize(line.len() + width.saturating_sub(written.len()), b' ');
                line.extend_from_slice(b" = ");
            }
        }
        Ok(joined(&[&line, &spelled(&at, tree, style)?, self.line_break()]))
    }

    /// The column of the delimiter, if all keys of a section have theirs there though their names differ in length; with one blank before it.
    fn width(&self, section: &Section<'_>) -> usize {
        let delimiter = |e: &Entry<'_>| e.behind - 1 - e.start;
        let length = |e: &Entry<'_>| trim_end(&self.text[e.start..e.behind - 1]).len();
        let Some(first) = section.entries.first() else { return 0 };
        let aligned = section.entries.iter().all(|e| delimiter(e) == delimiter(first));
        let differ = section.entries.iter().any(|e| length(e) != length(first));
        if aligned && differ { delimiter(first) } else { 0 }
    }

    /// Lines for keys; `like` shows the manner of the file, else SOPS's is taken.
    fn lines(
        &self,
        section: &[u8],
        keys: &[(&[u8], &Tree)],
        like: Option<(&Section<'_>, &Entry<'_>)>,
    ) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let width = match like {
            Some((home, _)) if home.name == section => self.width(home),
            Some(_) => 0,
            None => keys.iter().map(|k| k.0.len()).max().unwrap_or(0),
        };
        let lines = keys.iter().map(|(name, tree)| self.line_like(like.map(|l| l.1), width, section, name, tree));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        Ok(joined(&lines.iter().map(|line| &line[..]).collect::<Vec<_>>()))
    }

    /// A key that shows how keys are written: the last of the section, else the last of the file.
    fn model<'s>(&'s self, section: Option<&'s Section<'t>>) -> Option<(&'s Section<'t>, &'s Entry<'t>)> {
        let others = self.sections.iter().rev().filter(|s| s.name != METADATA);
        section.into_iter().chain(others).find_map(|s| s.entries.last().map(|e| (s, e)))
    }

    fn insert_lines(&self, splice: &mut Splice, at: usize, lines: &[u8]) {
        if at > 0 && self.text[at - 1] != b'\n' && at != byte_order_mark(self.text) {
            // The text has no line break at its end, and gets none.
            let end = self.line_break();
            splice.insert(at, &joined(&[end, &lines[..lines.len() - end.len()]]));
        } else {
            splice.insert(at, lines);
        }
    }

    fn add_keys(&self, splice: &mut Splice, section: &Section<'t>, keys: &[(&[u8], &Tree)]) -> Result<(), Unwritable> {
        let at = section.entries.last().map_or(section.body, |e| e.value.next);
        if keys.is_empty() {
            return Ok(());
        }
        let mut lines = self.lines(section.name, keys, self.model(Some(section)))?;
        // A backslash at the end of the last line would join the first of these.
        if section.entries.last().is_some_and(|entry| self.goes_on(entry)) {
            lines = joined(&[self.line_break(), &lines]);
        }
        self.insert_lines(splice, at, &lines);
        Ok(())
    }

    /// Keys before any header, where there are none yet.
    fn add_default(&self, splice: &mut Splice, keys: &[(&[u8], &Tree)]) -> Result<(), Unwritable> {
        let mut lines = self.lines(DEFAULT, keys, self.model(None))?;
        let at = self.sections.first().map_or(self.text.len(), |s| self.comments_above(s.line));
        if !self.sections.is_empty() && !keys.is_empty() {
            lines = joined(&[&lines, self.line_break()]);
        }
        self.insert_lines(splice, at, &lines);
        Ok(())
    }

    fn add_section(&self, splice: &mut Splice, name: &[u8], tree: &Tree) -> Result<(), Unwritable> {
        let at = [Part::Key(name.to_vec())];
        if name.is_empty() || name.contains(&b'\n') || name.contains(&b'\r') {
            return Err(refuse(&at, "an empty name, or one with a line break, is no section"));
        }
        let keys: Vec<(&[u8], &Tree)> = tree.entries().collect();
        let end = self.line_break();
        let headers = self.sections.iter().filter(|s| s.body > s.line).count();
        let apart = self.sections.iter().skip(1).any(|s| self.blank_before(self.comments_above(s.line)));
        let last = self.sections.last().and_then(|section| section.entries.last());
        let joined_to = last.is_some_and(|entry| self.goes_on(entry) && entry.value.next == self.text.len());
        // A comment directly above would become its own, and go with it.
        let comment = self.comments_above(self.text.len()) < self.text.len();
        let blank = (headers < 2 || apart || joined_to || comment) && !self.text.is_empty() && !self.blank_before(self.text.len());
        let lines = self.lines(name, &keys, self.model(None))?;
        self.insert_lines(splice, self.text.len(), &joined(&[if blank { end } else { b"" }, b"[", name, b"]", end, &lines]));
        Ok(())
    }
}
