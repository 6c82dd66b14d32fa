//! A key or section of a plain text set, added or removed, aligned as its neighbours are.

use zeroize::Zeroizing;

use super::scan::{byte_order_mark, read_key};
use super::value::{self, Read, Shape, leading_space, next_line, trim_end};
use super::{DEFAULT, METADATA, print};
use crate::document::Document;
use crate::draft::joined;
use crate::edit::{Graft, Plan, set_apart};
use crate::error::Unwritable;
use crate::flat::scalar_text;
use crate::leaf::Span;
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
            splice.replace(Span::new(entry.value.start, entry.value.end), &editor.spelled(at, tree, Some(&entry.value))?);
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

struct Entry<'t> {
    name: &'t [u8],
    /// Where its line starts, and where its name does.
    line: usize,
    start: usize,
    /// Behind its delimiter.
    behind: usize,
    value: Read,
}

struct Section<'t> {
    name: &'t [u8],
    /// Where the line of its header starts, and the first one below that.
    line: usize,
    body: usize,
    entries: Vec<Entry<'t>>,
}

/// The sections in the order of the text; keys before any header are those of `DEFAULT`. The text has been scanned.
fn sections(text: &[u8]) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    let mut at = byte_order_mark(text);
    while at < text.len() {
        let next = next_line(text, at);
        let start = at + leading_space(&text[at..next]);
        let line = &text[start..next];
        match line.first() {
            None | Some(b'#' | b';') => at = next,
            Some(b'[') => {
                let close = line.iter().rposition(|&b| b == b']').unwrap_or(1);
                found.push(Section { name: &line[1..close], line: at, body: next, entries: Vec::new() });
                at = next;
            }
            Some(_) => {
                let (Ok((name, behind)), true) = (read_key(line), true) else { return found };
                let Some(value) = value::read(text, start + behind) else { return found };
                if found.is_empty() {
                    found.push(Section { name: DEFAULT, line: at, body: at, entries: Vec::new() });
                }
                let line = at;
                at = value.next;
                let entry = Entry { name, line, start, behind: start + behind, value };
                found.last_mut().expect("just made").entries.push(entry);
            }
        }
    }
    found
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

    fn line_break(&self) -> &'static [u8] {
        let first = self.text.iter().position(|&b| b == b'\n');
        if first.is_some_and(|at| at > 0 && self.text[at - 1] == b'\r') { b"\r\n" } else { b"\n" }
    }

    fn spelled(&self, at: &[Part], tree: &Tree, like: Option<&Read>) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
        let Tree::Value(Value::Str(plain)) = tree else { return Err(refuse(at, "a section of INI holds neither maps nor lists")) };
        let plain = plain.as_slice();
        let style = like.and_then(|read| match (read.shape, self.text.get(read.start)) {
            (Shape::Stripped, Some(b'"')) => Some(2),
            (Shape::Stripped, _) => Some(3),
            (Shape::Quoted { quote: 1, .. }, _) => Some(4),
            (Shape::Quoted { .. }, _) => Some(5),
            _ => None,
        });
        let styled = style.and_then(|n| value::styled(n, plain)).filter(|b| value::means(b, plain, false));
        let spelled = styled.or_else(|| value::canonical(plain));
        spelled.ok_or_else(|| refuse(at, "no quoting of INI can hold this value so that it reads back"))
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
        let spelled = print::name(name).ok_or_else(|| refuse(&at, "INI cannot hold this name so that it reads back"))?;
        match like {
            Some(like) => {
                line.extend_from_slice(&self.text[like.line..like.start]);
                line.extend_from_slice(&spelled);
                line.resize(line.len() + width.saturating_sub(spelled.len()), b' ');
                let head = &self.text[like.start..like.behind - 1];
                if head.len() > trim_end(head).len() && width <= spelled.len() {
                    line.push(b' ');
                }
                line.push(self.text[like.behind - 1]);
                let gap = &self.text[like.behind..like.value.start];
                line.extend_from_slice(if like.value.end > like.value.start || !gap.is_empty() { gap } else { b"" });
            }
            None => {
                line.extend_from_slice(&spelled);
                line.resize(line.len() + width.saturating_sub(spelled.len()), b' ');
                line.extend_from_slice(b" = ");
            }
        }
        Ok(joined(&[&line, &self.spelled(&at, tree, like.map(|l| &l.value))?, self.line_break()]))
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

    /// Does this value end in a backslash, which would join a line below it? Not if there is an empty one already.
    fn goes_on(&self, entry: &Entry<'_>) -> bool {
        let lines = &self.text[..entry.value.next];
        let ended =
            lines.strip_suffix(b"\n").is_some_and(|l| l.rsplit(|&b| b == b'\n').next().is_some_and(|last| value::trim(last).is_empty()));
        self.text[..entry.value.end].ends_with(b"\\") && entry.value.shape == Shape::Continued && !ended
    }

    fn blank_before(&self, at: usize) -> bool {
        let before = &self.text[..at];
        before.ends_with(b"\n\n") || before.ends_with(b"\n\r\n") || before == b"\n" || before == b"\r\n"
    }

    /// The start of the comment lines directly above a line.
    fn comments_above(&self, mut line: usize) -> usize {
        // A value of several lines may look like comments. All stand in the order of the text.
        let before = self.sections.partition_point(|section| section.line < line);
        let floor = before.checked_sub(1).map_or(0, |i| {
            let section = &self.sections[i];
            let entries = section.entries.partition_point(|entry| entry.value.next <= line);
            entries.checked_sub(1).map_or(section.body, |i| section.entries[i].value.next)
        });
        while line > floor {
            let above = self.text[..line - 1].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
            let start = above + leading_space(&self.text[above..line]);
            if !matches!(self.text[start..line].first(), Some(b'#' | b';')) {
                break;
            }
            line = above;
        }
        line
    }

    /// The same, if what stands there belongs to this line alone: no other key directly below, and not the top of the file.
    fn own_comments(&self, line: usize, next: usize) -> usize {
        let below = next + leading_space(&self.text[next..next_line(self.text, next)]);
        let alone = matches!(self.text[below..next_line(self.text, next).max(below)].first(), None | Some(b'#' | b';' | b'['));
        let above = self.comments_above(line);
        if alone && above > 0 { above } else { line }
    }

    /// A section with its header and the comments above that; up to what is not its own, and with a blank line of two.
    fn whole(&self, section: &Section<'_>) -> Span {
        let next = self.sections.iter().find(|s| s.line > section.line).map_or(self.text.len(), |s| self.comments_above(s.line));
        let below = section.entries.last().map_or(section.body, |e| e.value.next);
        let next = set_apart(self.text, below, next, |line| value::trim(line).is_empty());
        let above = self.comments_above(section.line);
        let (start, mut end) = (if above > 0 { above } else { section.line }, next);
        while start > byte_order_mark(self.text)
            && end < self.text.len()
            && !self.blank_before(start)
            && self.blank_before(end)
            && end > section.body
        {
            let before = &self.text[..end - 1];
            end = before.len() - usize::from(before.ends_with(b"\r"));
        }
        Span::new(start, end)
    }
}
