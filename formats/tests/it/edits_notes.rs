//! What a change does to comments: none vanishes but what is said of the branch that goes, none comes to stand beside another value, none is new.

use std::collections::BTreeMap;

use leafcrypt_formats::{CommentId, Document, Format, LeafId, Part, display_parts};

/// A change, and the texts before and after it.
pub struct Notes<'a> {
    pub format: Format,
    pub at: &'a [Part],
    /// Nothing stood there, and does now.
    pub fresh: bool,
    /// It goes.
    pub gone: bool,
}

struct Note {
    text: Vec<u8>,
    start: usize,
    end: usize,
    container: Vec<Part>,
}

struct Text<'a> {
    bytes: &'a [u8],
    notes: Vec<Note>,
    leaves: Vec<(Vec<Part>, std::ops::Range<usize>)>,
}

impl<'a> Text<'a> {
    fn new(document: &Document<'_>, bytes: &'a [u8]) -> Self {
        let note = |i: usize| {
            let id = CommentId(i as u32);
            let (text, comment) = (document.comment_text(id).trim_ascii_end().to_vec(), document.comment(id));
            let container = document.paths().parts(comment.container);
            Note { text, start: comment.span.start as usize, end: comment.span.end as usize, container }
        };
        let leaf = |i: usize| {
            let leaf = document.leaf(LeafId(i as u32));
            (document.paths().parts(leaf.path), leaf.span.start as usize..leaf.span.end as usize)
        };
        let notes = (0..document.comments().len()).map(note).collect();
        Text { bytes, notes, leaves: (0..document.leaves().len()).map(leaf).collect() }
    }

    fn line_start(&self, at: usize) -> usize {
        self.bytes[..at].iter().rposition(|&b| b == b'\n' || b == b'\r').map_or(0, |i| i + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.bytes[at..].iter().position(|&b| b == b'\n' || b == b'\r').map_or(self.bytes.len(), |n| at + n)
    }

    fn indent(&self, at: usize) -> usize {
        self.bytes[self.line_start(at)..].iter().take_while(|b| b" \t".contains(b)).count()
    }

    /// Of the line above; none at the top.
    fn above(&self, at: usize) -> Option<usize> {
        let start = self.line_start(at);
        (start > 0).then(|| self.line_start(start - 1 - usize::from(self.bytes[..start].ends_with(b"\r\n"))))
    }

    /// The comment behind a leaf, with nothing but a comma between, `whole`: and no other leaf ends on the line.
    fn behind(&self, leaf: &std::ops::Range<usize>, whole: bool) -> Option<&Note> {
        if matches!(self.bytes.get(leaf.end.wrapping_sub(1)), Some(b'\n' | b'\r')) {
            return None;
        }
        let line = self.line_start(leaf.end.max(1) - usize::from(!leaf.is_empty()))..self.line_end(leaf.end);
        let alone = self.leaves.iter().filter(|(_, other)| other.end > line.start && other.end <= line.end).count() == 1;
        let note = self.notes.iter().find(|note| note.start > leaf.end && note.start <= line.end)?;
        let between = &self.bytes[leaf.end..note.start];
        ((alone || !whole) && between.iter().all(|b| b" \t,#".contains(b))).then_some(note)
    }

    /// The comment on the line directly above a leaf's; `whole`: it has that for itself.
    fn directly_above(&self, leaf: &std::ops::Range<usize>, whole: bool) -> Option<&Note> {
        let above = self.above(leaf.start)?;
        let line = self.line_start(leaf.start);
        if whole && self.leaves.iter().any(|(_, other)| other.start < leaf.start && other.end > line) {
            return None;
        }
        let note = self.notes.iter().find(|note| note.start > above && note.end <= self.line_end(above))?;
        (!whole || self.bytes[above..note.start].iter().all(|b| b" \t#".contains(b))).then_some(note)
    }

    fn counts(&self, which: impl Fn(&Note) -> bool) -> BTreeMap<&[u8], usize> {
        let mut counts = BTreeMap::new();
        for note in self.notes.iter().filter(|note| which(note)) {
            *counts.entry(&note.text[..]).or_default() += 1;
        }
        counts
    }
}

impl Notes<'_> {
    /// What is wrong, if something is. Streams of several documents, and INI's comments, which are runs of lines, have checks of their own.
    pub fn wrong(&self, before: (&Document<'_>, &[u8]), after: (&Document<'_>, &[u8])) -> Option<String> {
        if self.format == Format::Ini || before.0.trees().len() != 1 {
            return None;
        }
        let (before, after) = (Text::new(before.0, before.1), Text::new(after.0, after.1));
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let all = before.counts(|_| true);
        if let Some((text, _)) = after.counts(|_| true).iter().find(|(text, n)| all.get(*text).unwrap_or(&0) < *n) {
            return Some(format!("the comment {:?} is new", shown(text)));
        }
        if self.gone {
            let found = after.counts(|_| true);
            let kept = before.counts(|note| !self.may_go(&before, note));
            if let Some((text, _)) = kept.iter().find(|(text, n)| found.get(*text).unwrap_or(&0) < *n) {
                return Some(format!("the comment {:?} went along", shown(text)));
            }
        }
        for (path, leaf) in &before.leaves {
            let Some(now) = self.now(path) else { continue };
            let mut there = after.leaves.iter().filter(|(path, _)| *path == now);
            let (Some((_, found)), None) = (there.next(), there.next()) else { continue };
            let beside = before.behind(leaf, true).map(|note| &note.text);
            if beside.is_some() && beside != after.behind(found, false).map(|note| &note.text) {
                return Some(format!("the comment behind {} is not behind it any more", display_parts(path)));
            }
            let above = before.directly_above(leaf, true).filter(|note| !(self.gone && self.may_go(&before, note))).map(|note| &note.text);
            if above.is_some() && above != after.directly_above(found, false).map(|note| &note.text) {
                return Some(format!("the comment above {} is not above it any more", display_parts(path)));
            }
        }
        let new = after.leaves.iter().find(|(path, leaf)| self.fresh && path.starts_with(self.at) && after.behind(leaf, true).is_some());
        new.map(|(path, _)| format!("a comment came to stand behind {}", display_parts(path)))
    }

    /// The path of a leaf after the change, if it has nothing to do with that.
    fn now(&self, path: &[Part]) -> Option<Vec<Part>> {
        if path.starts_with(self.at) || self.at.starts_with(path) {
            return None;
        }
        let mut path = path.to_vec();
        if let (true, Some((Part::Index(n), above))) = (self.gone, self.at.split_last())
            && path.starts_with(above)
            && let Some(Part::Index(m)) = path.get_mut(above.len())
            && *m > *n
        {
            *m -= 1;
        }
        Some(path)
    }

    /// Does a block of text of YAML end above this? A comment further in would become part of it.
    fn below_block(&self, text: &Text<'_>, start: usize) -> bool {
        let ends = text.leaves.iter().map(|l| &l.1).filter(|other| other.end <= start).max_by_key(|other| other.end);
        ends.is_some_and(|other| text.bytes[..other.end].ends_with(b"\n") || other.end == text.line_start(start))
    }

    /// Is this said of the branch that goes, or may be? It stands in it, on its last line and no other leaf does, or above it.
    fn may_go(&self, text: &Text<'_>, note: &Note) -> bool {
        let mine: Vec<_> = text.leaves.iter().filter(|(path, _)| path.starts_with(self.at)).collect();
        let (Some(start), Some(end)) = (mine.iter().map(|l| l.1.start).min(), mine.iter().map(|l| l.1.end).max()) else { return true };
        let others = || text.leaves.iter().filter(|(path, _)| !path.starts_with(self.at));
        let before = others().map(|l| l.1.end).filter(|&other| other <= start).max();
        let last_line = text.line_start(end.max(1) - usize::from(end > start))..text.line_end(end);
        let home = self.at.split_last().map_or(&[][..], |(_, home)| home);
        let alone = others().filter(|l| l.0.starts_with(home)).all(|(_, other)| other.end <= last_line.start || other.end > last_line.end);
        if note.container.starts_with(self.at)
            || (start..end).contains(&note.start)
            || (alone && last_line.contains(&note.start.saturating_sub(1)))
        {
            return true;
        }
        let branch = mine.len() > 1 || mine[0].0 != self.at;
        if note.start > end {
            // A bracket that closes it stands between.
            if branch
                && text.bytes[end..note.start].iter().any(|b| b"]}".contains(b))
                && others().all(|l| !(end..note.start).contains(&l.1.start))
            {
                return true;
            }
            // Deeper than it, up to the next one: in a block of YAML that is in it.
            let up_to = others().map(|l| l.1.start).filter(|&other| other >= end).min().unwrap_or(text.bytes.len());
            let tab = text.bytes[text.line_start(note.start)..note.start].contains(&b'\t');
            let deep = branch || tab || self.below_block(text, start);
            return deep && self.format == Format::Yaml && note.start < up_to && text.indent(note.start) > text.indent(start);
        }
        let line_of = |end: usize| if text.bytes[..end].ends_with(b"\n") { end } else { text.line_end(end) };
        if note.start < before.map_or(0, line_of) {
            return false;
        }
        // Of a branch its first line is not known.
        let mut line = text.line_start(start);
        let block = text.bytes[..line].trim_ascii_end().ends_with(b":");
        let about = |above: usize| text.bytes[above..].trim_ascii_start().starts_with(b"#");
        while let Some(above) = text.above(line).filter(|&above| about(above)) {
            line = above;
        }
        branch || block || self.format == Format::Yaml || note.start > line
    }
}
